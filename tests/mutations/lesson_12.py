"""Right and wrong answers to the exercises of lesson 12."""

from __future__ import annotations

import re
from itertools import compress

import numpy as np
import torch

from mutations import right, wrong

# 12.1 Mend patient C


@right("12.1", "verbose loops")
def pad_loops(rows, fill):
    longest = 0
    for row in rows:
        if len(row) > longest:
            longest = len(row)
    ids = []
    mask = []
    for row in rows:
        new_row = []
        new_mask = []
        for _ in range(longest - len(row)):
            new_row.append(fill)
            new_mask.append(0)
        for token in row:
            new_row.append(token)
            new_mask.append(1)
        ids.append(new_row)
        mask.append(new_mask)
    return ids, mask


@right("12.1", "NumPy arrays, filled from the end")
def pad_numpy(rows, fill):
    longest = max(len(row) for row in rows)
    ids = np.full((len(rows), longest), fill)
    mask = np.zeros_like(ids)
    for i, row in enumerate(rows):
        if row:
            ids[i, -len(row) :] = row
            mask[i, -len(row) :] = 1
    return ids, mask


@right("12.1", "torch tensors")
def pad_torch(rows, fill):
    ids, mask = pad_numpy(rows, fill)
    return torch.tensor(ids), torch.tensor(mask)


@right("12.1", "reversed, padded, reversed back")
def pad_reversed(rows, fill):
    longest = len(max(rows, key=len))
    turned = [row[::-1] + [fill] * (longest - len(row)) for row in rows]
    mask = [[1] * len(row) + [0] * (longest - len(row)) for row in rows]
    return [row[::-1] for row in turned], [row[::-1] for row in mask]


@right("12.1", "one row after the other, in front of a copy")
def pad_insert(rows, fill):
    longest = max(map(len, rows))
    ids = [list(row) for row in rows]
    mask = [[1 for _ in row] for row in rows]
    for new, marks in zip(ids, mask, strict=True):
        while len(new) < longest:
            new.insert(0, fill)
            marks.insert(0, 0)
    return [ids, mask]


@right("12.1", "tuples and a Boolean mask")
def pad_bool(rows, fill):
    longest = max(len(row) for row in rows)
    ids = tuple((*[fill] * (longest - len(row)), *row) for row in rows)
    return ids, tuple(
        tuple(place >= longest - len(row) for place in range(longest)) for row in rows
    )


@right("12.1", "torch's pad_sequence on the left")
def pad_sequence(rows, fill):
    pad = torch.nn.utils.rnn.pad_sequence
    rows = [torch.tensor(row, dtype=torch.long) for row in rows]
    ids = pad(rows, batch_first=True, padding_value=fill, padding_side="left")
    ones = [torch.ones_like(row) for row in rows]
    return ids, pad(ones, batch_first=True, padding_value=0, padding_side="left")


@wrong("12.1", "padding on the right", "behind")
def pad_right(rows, fill):
    longest = max(map(len, rows))
    ids = [row + [fill] * (longest - len(row)) for row in rows]
    return ids, [[1] * len(row) + [0] * (longest - len(row)) for row in rows]


@wrong("12.1", "ids left, mask right", "mask")
def pad_mask_right(rows, fill):
    return pad_loops(rows, fill)[0], pad_right(rows, fill)[1]


@wrong("12.1", "ids right, mask left", "behind")
def pad_ids_right(rows, fill):
    return pad_right(rows, fill)[0], pad_loops(rows, fill)[1]


@wrong("12.1", "mask by comparing with fill", "inside a prompt")
def pad_mask_by_id(rows, fill):
    ids, _ = pad_loops(rows, fill)
    return ids, [[0 if token == fill else 1 for token in row] for row in ids]


@wrong("12.1", "mask upside down", "mask")
def pad_mask_inverted(rows, fill):
    ids, mask = pad_loops(rows, fill)
    return ids, [[1 - m for m in row] for row in mask]


@wrong("12.1", "mask of ones", "mask")
def pad_mask_ones(rows, fill):
    ids, _ = pad_loops(rows, fill)
    return ids, [[1] * len(row) for row in ids]


@wrong("12.1", "mask only as long as the prompt", "mask")
def pad_mask_short(rows, fill):
    return pad_loops(rows, fill)[0], [[1] * len(row) for row in rows]


@wrong("12.1", "0 for fill", "`fill`")
def pad_zero(rows, fill):
    return pad_loops(rows, 0)


@wrong("12.1", "mask holds fill", "mask")
def pad_mask_pad(rows, fill):
    ids, mask = pad_loops(rows, fill)
    return ids, [[m or fill for m in row] for row in mask]


@wrong("12.1", "cuts to the shortest", "cut")
def pad_cut(rows, fill):
    shortest = min(map(len, rows))
    return [row[-shortest:] for row in rows], [[1] * shortest for row in rows]


@wrong("12.1", "as long as the first row", "longest")
def pad_first(rows, fill):
    n = len(rows[0])
    ids = [[fill] * (n - len(row)) + row for row in rows]
    return ids, [[0] * (n - len(row)) + [1] * len(row) for row in rows]


@wrong("12.1", "one too long", "long")
def pad_one_more(rows, fill):
    n = max(map(len, rows)) + 1
    ids = [[fill] * (n - len(row)) + row for row in rows]
    return ids, [[0] * (n - len(row)) + [1] * len(row) for row in rows]


@wrong("12.1", "a fixed length of 8", "long")
def pad_fixed(rows, fill):
    n = max(8, *map(len, rows))
    ids = [[fill] * (n - len(row)) + row for row in rows]
    return ids, [[0] * (n - len(row)) + [1] * len(row) for row in rows]


@wrong("12.1", "one pad in front of each shorter row", "long")
def pad_only_one(rows, fill):
    longest = max(map(len, rows))
    ids = [[fill] + row if len(row) < longest else row for row in rows]
    return ids, [[0] + [1] * len(row) if len(row) < longest else [1] * len(row) for row in rows]


@wrong("12.1", "turns the prompts round", "order")
def pad_turned(rows, fill):
    ids, mask = pad_loops([row[::-1] for row in rows], fill)
    return ids, mask


@wrong("12.1", "sorts the rows by length", "order")
def pad_sorted(rows, fill):
    return pad_loops(sorted(rows, key=len, reverse=True), fill)


@wrong("12.1", "the rows in another order", "order")
def pad_reversed_rows(rows, fill):
    return pad_loops(rows[::-1], fill)


@wrong("12.1", "removes fill from prompts", "unchanged")
def pad_removes(rows, fill):
    longest = max(map(len, rows))
    rows = [[token for token in row if token != fill] for row in rows]
    return (
        [[fill] * (longest - len(row)) + row for row in rows],
        [[0] * (longest - len(row)) + [1] * len(row) for row in rows],
    )


@wrong("12.1", "half left, half right", "end in its own tokens")
def pad_middle(rows, fill):
    longest = max(map(len, rows))
    ids, mask = [], []
    for row in rows:
        left = (longest - len(row)) // 2
        end = longest - len(row) - left
        ids.append([fill] * left + row + [fill] * end)
        mask.append([0] * left + [1] * len(row) + [0] * end)
    return ids, mask


@wrong("12.1", "forgets the last row", "rows")
def pad_forgets(rows, fill):
    ids, mask = pad_loops(rows, fill)
    return ids[:-1], mask[:-1]


@wrong("12.1", "returns within the loop", "rows")
def pad_early(rows, fill):
    longest = max(map(len, rows))
    for row in rows:
        gap = longest - len(row)
        return [[fill] * gap + row], [[0] * gap + [1] * len(row)]


@wrong("12.1", "grows the rows it was given, no return", "return")
def pad_in_place(rows, fill):
    longest = max(map(len, rows))
    for row in rows:
        while len(row) < longest:
            row.insert(0, fill)


@wrong("12.1", "mask after the rows were filled", "mask")
def pad_late_mask(rows, fill):
    longest = max(map(len, rows))
    for row in rows:
        while len(row) < longest:
            row.insert(0, fill)
    return rows, [[1] * len(row) for row in rows]


@wrong("12.1", "all rows share one mask", "mask")
def pad_shared(rows, fill):
    ids, mask = pad_loops(rows, fill)
    return ids, [mask[0]] * len(rows)


@wrong("12.1", "crashes on a row that is long enough", "ZeroDivisionError")
def pad_crash(rows, fill):
    ids, mask = pad_loops(rows, fill)
    _ = [1 / (len(ids[0]) - len(row)) for row in rows]
    return ids, mask


wrong("12.1", "the ids alone", "pair")(lambda rows, fill: pad_loops(rows, fill)[0])
wrong("12.1", "mask first", "order")(lambda rows, fill: pad_loops(rows, fill)[::-1])
wrong("12.1", "the example's answer", "cut")(
    lambda rows, fill: ([[5, 6], [0, 7]], [[1, 1], [0, 1]])
)
wrong("12.1", "the rows as they were", "long")(
    lambda rows, fill: (rows, [[1] * len(row) for row in rows])
)
wrong("12.1", "a dictionary, as a tokenizer gives", "pair")(
    lambda rows, fill: dict(
        zip(["input_ids", "attention_mask"], pad_loops(rows, fill), strict=True)
    )
)
wrong("12.1", "a pair for each row", "pair")(
    lambda rows, fill: list(zip(*pad_loops(rows, fill), strict=True))
)
wrong("12.1", "a text", "text")(lambda rows, fill: str(pad_loops(rows, fill)))
wrong("12.1", "one long list of each", "row")(
    lambda rows, fill: tuple(sum(part, []) for part in pad_loops(rows, fill))
)

# 12.2 Mend patient D


def sentences_of(text):
    return [sentence for sentence in re.split(r"(?<=[.!?])\s+", text.strip()) if sentence]


def packed(sentences, fits, glue=" "):
    """Pieces of sentences, where `fits(piece, sentence)` says whether one more goes in."""
    pieces = []
    for sentence in sentences:
        if pieces and fits(pieces[-1], sentence):
            pieces[-1] += glue + sentence
        else:
            pieces.append(sentence)
    return pieces


@right("12.2", "verbose, character by character")
def cut_characters(text, limit):
    sentences = []
    current = ""
    for i in range(len(text)):
        current += text[i]
        at_end = i + 1 == len(text) or text[i + 1].isspace()
        if text[i] in ".!?" and at_end:
            sentences.append(current.strip())
            current = ""
    if current.strip() != "":
        sentences.append(current.strip())
    pieces = []
    piece = ""
    for sentence in sentences:
        if piece == "":
            piece = sentence
        elif len(piece) + 1 + len(sentence) <= limit:
            piece = piece + " " + sentence
        else:
            pieces.append(piece)
            piece = sentence
    if piece != "":
        pieces.append(piece)
    return pieces


@right("12.2", "lists of sentences, joined at the end")
def cut_groups(text, limit):
    groups, length = [[]], -1
    for sentence in sentences_of(text):
        if groups[-1] and length + 1 + len(sentence) > limit:
            groups.append([])
            length = -1
        groups[-1].append(sentence)
        length += 1 + len(sentence)
    return [" ".join(group) for group in groups if group]


@right("12.2", "findall and a generator")
def cut_findall(text, limit):
    piece = ""
    for sentence in re.findall(r"\S.*?(?:[.!?](?=\s|$)|$)", text, flags=re.DOTALL):
        if piece and len(piece + " " + sentence) > limit:
            yield piece
            piece = ""
        piece = f"{piece} {sentence}".strip()
    if piece:
        yield piece


@right("12.2", "recursion over the sentences")
def cut_recursive(text, limit):
    def pack(sentences):
        if not sentences:
            return []
        taken = 1
        while taken < len(sentences) and len(" ".join(sentences[: taken + 1])) <= limit:
            taken += 1
        return [" ".join(sentences[:taken]), *pack(sentences[taken:])]

    return tuple(pack([s for s in sentences_of(text) if s]))


@right("12.2", "slices of the text, made single-spaced")
def cut_slices(text, limit):
    text = text.strip()
    ends = [m.end() for m in re.finditer(r"[.!?](?=\s|$)", text)]
    if not ends or ends[-1] < len(text):
        ends.append(len(text))
    pieces, start, last = [], 0, None
    for end in ends:
        if last is not None and end - start > limit:
            pieces.append(text[start:last])
            start = last + len(text[last:]) - len(text[last:].lstrip())
        last = end
    pieces.append(text[start:last])
    return [" ".join(piece.split()) for piece in pieces if piece]


@right("12.2", "a NumPy array of texts")
def cut_array(text, limit):
    return np.array(cut_groups(text, limit), dtype=object)


right("12.2", "the white space made single first")(
    lambda text, limit: packed(
        sentences_of(" ".join(text.split())), lambda p, s: len(p) + len(s) < limit
    )
)


@wrong("12.2", "cuts every so many characters", "sentence")
def cut_fixed(text, limit):
    return [text[i : i + limit] for i in range(0, len(text), limit)]


@wrong("12.2", "cuts between words", "sentence")
def cut_words(text, limit):
    return packed(text.split(), lambda p, s: len(p) + 1 + len(s) <= limit)


@wrong("12.2", "each sentence alone", "as far as `limit`")
def cut_alone(text, limit):
    return sentences_of(text)


@wrong("12.2", "all in one piece", "longer than `limit`")
def cut_none(text, limit):
    return [" ".join(sentences_of(text))]


@wrong("12.2", "cuts at each point, 2.5 too", "2.5")
def cut_points(text, limit):
    sentences = [s.strip() for s in re.split(r"(?<=[.!?])", text) if s.strip()]
    return packed(sentences, lambda p, s: len(p) + 1 + len(s) <= limit)


@wrong("12.2", "only full stops end a sentence", "?")
def cut_stops(text, limit):
    sentences = re.split(r"(?<=\.)\s+", text.strip())
    return packed(sentences, lambda p, s: len(p) + 1 + len(s) <= limit)


@wrong("12.2", "a question mark ends no sentence", "?")
def cut_no_question(text, limit):
    sentences = re.split(r"(?<=[.!])\s+", text.strip())
    return packed(sentences, lambda p, s: len(p) + 1 + len(s) <= limit)


@wrong("12.2", "only a space counts as white space", "line")
def cut_spaces(text, limit):
    sentences = re.split(r"(?<=[.!?]) +", text.strip())
    return packed(sentences, lambda p, s: len(p) + 1 + len(s) <= limit)


@wrong("12.2", 'split(". ") loses the full stop', "lost")
def cut_lost(text, limit):
    return packed(text.split(". "), lambda p, s: len(p) + 2 + len(s) <= limit)


@wrong("12.2", "the marks are lost", "lost")
def cut_marks(text, limit):
    sentences = [s for s in re.split(r"[.!?]\s+", text.strip()) if s]
    return packed(sentences, lambda p, s: len(p) + 1 + len(s) <= limit)


@wrong("12.2", "the space is not counted", "space")
def cut_no_space(text, limit):
    return packed(sentences_of(text), lambda p, s: len(p) + len(s) <= limit)


@wrong("12.2", "shorter than limit, not equal", "the last character")
def cut_strict(text, limit):
    return packed(sentences_of(text), lambda p, s: len(p) + 1 + len(s) < limit)


@wrong("12.2", "stops when it is too long already", "longer than `limit`")
def cut_late(text, limit):
    return packed(sentences_of(text), lambda p, s: len(p) <= limit)


@wrong("12.2", "counts words", "longer than `limit`")
def cut_count_words(text, limit):
    return packed(sentences_of(text), lambda p, s: len((p + s).split()) <= limit)


@wrong("12.2", "the last piece is forgotten", "lost")
def cut_no_last(text, limit):
    pieces = []
    piece = ""
    for sentence in sentences_of(text):
        if piece and len(piece) + 1 + len(sentence) > limit:
            pieces.append(piece)
            piece = ""
        piece = (piece + " " + sentence).strip()
    return pieces


@wrong("12.2", "the sentence that does not fit is lost", "lost")
def cut_drops(text, limit):
    pieces = []
    piece = ""
    for sentence in sentences_of(text):
        if len((piece + " " + sentence).strip()) <= limit:
            piece = (piece + " " + sentence).strip()
        else:
            if piece:
                pieces.append(piece)
            piece = ""
    return [*pieces, piece] if piece else pieces


@wrong("12.2", "a long sentence is left out", "long")
def cut_skips_long(text, limit):
    sentences = [s for s in sentences_of(text) if len(s) <= limit]
    return packed(sentences, lambda p, s: len(p) + 1 + len(s) <= limit)


@wrong("12.2", "a long sentence is cut", "long")
def cut_cuts_long(text, limit):
    return [
        piece[i : i + limit]
        for piece in cut_groups(text, limit)
        for i in range(0, len(piece), limit)
    ]


@wrong("12.2", "an empty piece before a long sentence", "empty")
def cut_empty(text, limit):
    pieces = [""]
    for sentence in sentences_of(text):
        if len(pieces[-1]) + 1 + len(sentence) <= limit:
            pieces[-1] = (pieces[-1] + " " + sentence).strip()
        else:
            pieces.append(sentence)
    return pieces


@wrong("12.2", "a rest without a mark is lost", "lost")
def cut_needs_mark(text, limit):
    sentences = re.findall(r"\S.*?[.!?](?=\s|$)", text, flags=re.DOTALL)
    return packed(sentences, lambda p, s: len(p) + 1 + len(s) <= limit)


@wrong("12.2", "glued without a space", "space")
def cut_glued(text, limit):
    return packed(sentences_of(text), lambda p, s: len(p) + len(s) <= limit, glue="")


@wrong("12.2", "sentences overlap", "once and in order")
def cut_overlap(text, limit):
    sentences = sentences_of(text)
    return [" ".join(sentences[i : i + 2]) for i in range(len(sentences))]


@wrong("12.2", "fills gaps with later sentences", "order")
def cut_best_fit(text, limit):
    pieces = []
    for sentence in sentences_of(text):
        for i, piece in enumerate(pieces):
            if len(piece) + 1 + len(sentence) <= limit:
                pieces[i] += " " + sentence
                break
        else:
            pieces.append(sentence)
    return pieces


@wrong("12.2", "sorted by length", "order")
def cut_sorted(text, limit):
    sentences = sorted(sentences_of(text), key=len)
    return packed(sentences, lambda p, s: len(p) + 1 + len(s) <= limit)


@wrong("12.2", "fills from the end", "as fit")
def cut_backwards(text, limit):
    pieces = []
    for sentence in reversed(sentences_of(text)):
        if pieces and len(pieces[0]) + 1 + len(sentence) <= limit:
            pieces[0] = sentence + " " + pieces[0]
        else:
            pieces.insert(0, sentence)
    return pieces


@wrong("12.2", "two sentences each", "longer than `limit`")
def cut_pairs(text, limit):
    sentences = sentences_of(text)
    return [" ".join(sentences[i : i + 2]) for i in range(0, len(sentences), 2)]


@wrong("12.2", "crashes on a short text", "IndexError")
def cut_crash(text, limit):
    sentences = sentences_of(text)
    _ = sentences[2]
    return cut_groups(text, limit)


@wrong("12.2", "an empty text gives one empty piece", "For an empty text")
def cut_empty_text(text, limit):
    return packed(
        re.split(r"(?<=[.!?])\s+", text.strip()), lambda p, s: len(p) + 1 + len(s) <= limit
    )


@wrong("12.2", "an empty text crashes", "IndexError")
def cut_first(text, limit):
    _ = text[0]
    return cut_groups(text, limit)


@wrong("12.2", "an empty text gives None", "None")
def cut_none_for_empty(text, limit):
    if text:
        return cut_groups(text, limit)


@wrong("12.2", "line breaks kept between sentences", "no line break")
def cut_own_space(text, limit):
    parts = re.split(r"(?<=[.!?])(\s+)", text)
    pieces = parts[:1]
    for space, sentence in zip(parts[1::2], parts[2::2], strict=True):
        if len(pieces[-1]) + len(space) + len(sentence) <= limit:
            pieces[-1] += space + sentence
        else:
            pieces.append(sentence)
    return [piece for piece in pieces if piece]


wrong("12.2", "the example's answer", "hold")(lambda text, limit: ["One.", "Two."])
wrong("12.2", "lists of sentences", "text")(
    lambda text, limit: [[piece] for piece in cut_groups(text, limit)]
)
wrong("12.2", "one text with line breaks", "text")(
    lambda text, limit: "\n".join(cut_groups(text, limit))
)
wrong("12.2", "lengths", "text")(lambda text, limit: [len(p) for p in cut_groups(text, limit)])
wrong("12.2", "a set", "order")(lambda text, limit: set(cut_groups(text, limit)))
wrong("12.2", "lower case", "text was")(lambda text, limit: cut_groups(text.lower(), limit))
wrong("12.2", "the first piece alone", "lost")(lambda text, limit: cut_groups(text, limit)[:1])
wrong("12.2", "only 2 decimals guarded", "empty")(
    lambda text, limit: packed(
        re.split(r"(?<=[.!?])(?!\d)\s*", text.strip()), lambda p, s: len(p) + 1 + len(s) <= limit
    )
)

# 12.3 Mend patient F


@right("12.3", "verbose loops")
def unit_loops(values):
    result = []
    for row in values:
        total = 0
        for number in row:
            total = total + number**2
        length = total**0.5
        if length == 0:
            result.append(list(row))
        else:
            result.append([number / length for number in row])
    return np.array(result)


@right("12.3", "division only where it is allowed")
def unit_where(values):
    lengths = np.sqrt((values**2).sum(axis=1))[:, None]
    return np.divide(values, lengths, out=np.zeros(values.shape), where=lengths > 0)


@right("12.3", "nan made zero")
def unit_nan(values):
    with np.errstate(invalid="ignore"):
        return np.nan_to_num(values / np.linalg.norm(values, axis=1)[:, np.newaxis])


@right("12.3", "torch's normalize")
def unit_torch(values):
    return torch.nn.functional.normalize(torch.tensor(values, dtype=torch.float32), dim=1)


@right("12.3", "a copy, row by row")
def unit_copy(values):
    values = values.astype(np.float32)
    for i in range(len(values)):
        if np.any(values[i]):
            values[i] /= np.linalg.norm(values[i])
    return values


right("12.3", "a tiny number against zero")(
    lambda values: values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-12)
)
right("12.3", "a tiny number added")(
    lambda values: values / (np.linalg.norm(values, axis=-1, keepdims=True) + 1e-9)
)
right("12.3", "transposed twice")(
    lambda values: (values.T / np.array([np.linalg.norm(v) or 1 for v in values])).T
)
right("12.3", "einsum")(
    lambda values: (
        values / np.sqrt(np.maximum(np.einsum("ij,ij->i", values, values), 1e-24))[:, None]
    )
)
right("12.3", "a list of lists")(lambda values: unit_loops(values).tolist())


@wrong("12.3", "in place", "went in has changed")
def unit_in_place(values):
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    lengths[lengths == 0] = 1
    values /= lengths
    return values


@wrong("12.3", "row by row, in place", "went in has changed")
def unit_rows_in_place(values):
    for i, row in enumerate(values):
        values[i] = row / (np.linalg.norm(row) or 1)
    return values


@wrong("12.3", "a copy that holds whole numbers", "fractions")
def unit_whole_copy(values):
    result = values.copy()
    for i, row in enumerate(values):
        result[i] = row / (np.linalg.norm(row) or 1)
    return result


@wrong("12.3", "fills an array of the same kind", "UFuncTypeError")
def unit_zeros_like(values):
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    return np.divide(values, lengths, out=np.zeros_like(values), where=lengths > 0)


@wrong("12.3", "divides zeros by zero", "zeros")
def unit_zero(values):
    with np.errstate(invalid="ignore"):
        return values / np.linalg.norm(values, axis=1, keepdims=True)


@wrong("12.3", "a row of zeros left out", "shape")
def unit_leaves_out(values):
    values = values[np.any(values != 0, axis=1)]
    return unit_where(values)


@wrong("12.3", "a zero row becomes a unit vector", "zeros")
def unit_filled(values):
    result = unit_where(values)
    result[~result.any(axis=1), 0] = 1
    return result


wrong("12.3", "one length for all", "row")(lambda values: values / np.linalg.norm(values))
wrong("12.3", "length of the columns", "row")(
    lambda values: values / np.maximum(np.linalg.norm(values, axis=0), 1e-12)
)
wrong("12.3", "the longest length for all", "row")(
    lambda values: values / np.linalg.norm(values, axis=1).max()
)
wrong("12.3", "the mean length for all", "row")(
    lambda values: values / np.linalg.norm(values, axis=1).mean()
)
wrong("12.3", "the sum of the numbers", "root")(
    lambda values: values / np.where(values.sum(1) == 0, 1, values.sum(1))[:, None]
)
wrong("12.3", "the sum of the sizes", "root")(
    lambda values: values / np.maximum(np.abs(values).sum(axis=1, keepdims=True), 1e-12)
)
wrong("12.3", "the largest number", "root")(
    lambda values: values / np.maximum(np.abs(values).max(axis=1, keepdims=True), 1e-12)
)
wrong("12.3", "without the root", "root")(
    lambda values: values / np.maximum((values**2).sum(axis=1, keepdims=True), 1e-12)
)
wrong("12.3", "times the length", "divid")(
    lambda values: values * np.linalg.norm(values, axis=1, keepdims=True)
)
wrong("12.3", "softmax", "direction")(
    lambda values: np.exp(values) / np.exp(values).sum(axis=1, keepdims=True)
)
wrong("12.3", "to the range 0 to 1", "direction")(
    lambda values: (values - values.min()) / (values.max() - values.min() or 1)
)
wrong("12.3", "mean 0 and deviation 1", "direction")(
    lambda values: (values - values.mean(0)) / np.maximum(values.std(0), 1e-9)
)
wrong("12.3", "centred first", "direction")(lambda values: unit_where(values - values.mean(0)))
wrong("12.3", "signs lost", "direction")(lambda values: np.abs(unit_where(values)))
wrong("12.3", "turned round", "direction")(lambda values: -unit_where(values))
wrong("12.3", "rounded", "length")(lambda values: np.round(unit_where(values), 1))
wrong("12.3", "whole numbers", "direction")(lambda values: unit_where(values).astype(int))
wrong("12.3", "divided by the number of dimensions", "row")(lambda values: values / values.shape[1])
wrong("12.3", "too large a number added", "length")(
    lambda values: values / (np.linalg.norm(values, axis=1, keepdims=True) + 0.01)
)
wrong("12.3", "one added", "length")(
    lambda values: values / (np.linalg.norm(values, axis=1, keepdims=True) + 1)
)
wrong("12.3", "short rows are left", "length")(
    lambda values: values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1)
)
wrong("12.3", "the lengths", "shape")(lambda values: np.linalg.norm(values, axis=1))
wrong("12.3", "as they were", "unchanged")(lambda values: values)
wrong("12.3", "the first row alone", "shape")(lambda values: unit_where(values)[0])
wrong("12.3", "the example's answer", "shape")(lambda values: np.array([[0.6, 0.8]]))
wrong("12.3", "flat", "shape")(lambda values: unit_where(values).ravel())
wrong("12.3", "transposed", "shape")(lambda values: unit_where(values).T)
wrong("12.3", "a text", "text")(lambda values: str(unit_where(values)))
wrong("12.3", "no keepdims", "ValueError")(lambda values: values / np.linalg.norm(values, axis=1))
wrong("12.3", "asks whether an array is zero", "ValueError")(
    lambda values: values if np.linalg.norm(values, axis=1) == 0 else unit_where(values)
)

# 12.4 Mend patient G


@right("12.4", "two loops")
def split_loops(first, second):
    kept = []
    for question in second:
        found = False
        for other in first:
            if other.product == question.product and other.fact == question.fact:
                found = True
        if not found:
            kept.append(question)
    return kept


@right("12.4", "any in a comprehension, as a tuple")
def split_any(first, second):
    return tuple(
        q for q in second if not any(q.fact == p.fact and q.product == p.product for p in first)
    )


@right("12.4", "facts by product")
def split_by_product(first, second):
    facts = {}
    for question in first:
        facts.setdefault(question.product, set()).add(question.fact)
    return [q for q in second if q.fact not in facts.get(q.product, set())]


@right("12.4", "a generator with an early return")
def split_generator(first, second):
    if not first:
        return second
    pairs = [(q.product, q.fact) for q in first]
    return (q for q in second if (q.product, q.fact) not in pairs)


@right("12.4", "texts as keys")
def split_texts(first, second):
    keys = {f"{q.product} / {q.fact}" for q in first}
    return list(filter(lambda q: f"{q.product} / {q.fact}" not in keys, second))


@right("12.4", "a NumPy array")
def split_array(first, second):
    kept = split_loops(first, second)
    array = np.empty(len(kept), dtype=object)
    array[:] = kept
    return array


@right("12.4", "compress")
def split_compress(first, second):
    pairs = {(q.product, q.fact) for q in first}
    return list(compress(second, [(q.product, q.fact) not in pairs for q in second]))


@right("12.4", "removes from a copy")
def split_copy(first, second):
    kept = list(second)
    for question in first:
        kept = [q for q in kept if (q.product, q.fact) != (question.product, question.fact)]
    return kept


@wrong("12.4", "compares the texts", "texts differ")
def split_by_text(first, second):
    texts = {q.text for q in first}
    return [q for q in second if q.text not in texts]


@wrong("12.4", "compares the questions whole", "texts differ")
def split_by_equality(first, second):
    return [q for q in second if q not in first]


@wrong("12.4", "compares the ids", "ids")
def split_by_id(first, second):
    return [q for q in second if q.id not in {p.id for p in first}]


@wrong("12.4", "the fact alone", "product")
def split_by_fact(first, second):
    return [q for q in second if q.fact not in {p.fact for p in first}]


@wrong("12.4", "the product alone", "fact")
def split_product_alone(first, second):
    return [q for q in second if q.product not in {p.product for p in first}]


@wrong("12.4", "either agrees", "apart")
def split_either(first, second):
    facts, products = {p.fact for p in first}, {p.product for p in first}
    return [q for q in second if q.fact not in facts and q.product not in products]


@wrong("12.4", "both occur, not together", "apart")
def split_apart(first, second):
    facts, products = {p.fact for p in first}, {p.product for p in first}
    return [q for q in second if not (q.fact in facts and q.product in products)]


@wrong("12.4", "keeps the leaked ones", "leave out")
def split_inverted(first, second):
    kept = split_loops(first, second)
    return [q for q in second if q not in kept]


@wrong("12.4", "the questions of train", "train")
def split_train(first, second):
    pairs = {(q.product, q.fact) for q in second}
    return [q for q in first if (q.product, q.fact) not in pairs]


@wrong("12.4", "the company's questions always stay", "None")
def split_keeps_company(first, second):
    pairs = {(q.product, q.fact) for q in first if q.product is not None}
    return [q for q in second if (q.product, q.fact) not in pairs]


@wrong("12.4", "the company's questions are dropped", "None")
def split_drops_company(first, second):
    return [q for q in split_loops(first, second) if q.product]


@wrong("12.4", "each fact once", "may both stay")
def split_once(first, second):
    return list({(q.product, q.fact): q for q in split_loops(first, second)}.values())


@wrong("12.4", "removes duplicates within the test", "may both stay")
def split_seen(first, second):
    seen = {(q.product, q.fact) for q in first}
    kept = []
    for question in second:
        if (question.product, question.fact) not in seen:
            kept.append(question)
            seen.add((question.product, question.fact))
    return kept


@wrong("12.4", "sorted", "order")
def split_sorted(first, second):
    return sorted(split_loops(first, second), key=lambda q: q.text)


@wrong("12.4", "turned round", "order")
def split_reversed(first, second):
    return split_loops(first, second)[::-1]


@wrong("12.4", "only the first question of train", "should go")
def split_first(first, second):
    return split_loops(first[:1], second)


@wrong("12.4", "only the last question of train", "nothing was left out")
def split_last(first, second):
    return split_loops(first[-1:], second)


@wrong("12.4", "pairs by place", "should")
def split_zip(first, second):
    return [
        q for p, q in zip(first, second, strict=False) if (p.product, p.fact) != (q.product, q.fact)
    ]


@wrong("12.4", "kept once for each other question", "more than once")
def split_append_each(first, second):
    return [q for q in second for p in first if (p.product, p.fact) != (q.product, q.fact)]


@wrong("12.4", "else within the loop", "should go")
def split_else(first, second):
    kept = []
    for question in second:
        for other in first:
            if (other.product, other.fact) == (question.product, question.fact):
                break
            if question not in kept:
                kept.append(question)
    return kept


@wrong("12.4", "removes from test while it goes through it", "should go")
def split_removing(first, second):
    pairs = {(q.product, q.fact) for q in first}
    for question in second:
        if (question.product, question.fact) in pairs:
            second.remove(question)
    return second


@wrong("12.4", "an empty train gives nothing", "empty")
def split_empty(first, second):
    if not first:
        return []
    return split_loops(first, second)


@wrong("12.4", "crashes on an empty train", "IndexError")
def split_crash(first, second):
    _ = first[0]
    return split_loops(first, second)


@wrong("12.4", "crashes on None", "AttributeError")
def split_lower(first, second):
    pairs = {(q.product.lower(), q.fact) for q in first}
    return [q for q in second if (q.product.lower(), q.fact) not in pairs]


wrong("12.4", "texts", "question")(
    lambda first, second: [q.text for q in split_loops(first, second)]
)
wrong("12.4", "pairs", "question")(
    lambda first, second: [(q.product, q.fact) for q in split_loops(first, second)]
)
wrong("12.4", "places", "question")(
    lambda first, second: [i for i, q in enumerate(second) if q in split_loops(first, second)]
)
wrong("12.4", "Booleans", "question")(
    lambda first, second: [q in split_loops(first, second) for q in second]
)
wrong("12.4", "how many", "list")(lambda first, second: len(split_loops(first, second)))
wrong("12.4", "a share", "list")(
    lambda first, second: len(split_loops(first, second)) / len(second)
)
wrong("12.4", "a set", "order")(lambda first, second: set(split_loops(first, second)))
wrong("12.4", "train and test", "themselves")(
    lambda first, second: (first, split_loops(first, second))
)
wrong("12.4", "all of test", "nothing was left out")(lambda first, second: list(second))
wrong("12.4", "nothing", "no question is left")(lambda first, second: [])
wrong("12.4", "the family for the product", "product")(
    lambda first, second: [
        q for q in second if (q.family, q.fact) not in {(p.family, p.fact) for p in first}
    ]
)
wrong("12.4", "the answer for the fact", "fact")(
    lambda first, second: [
        q for q in second if (q.product, q.answer) not in {(p.product, p.answer) for p in first}
    ]
)
