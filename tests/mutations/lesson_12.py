"""Right and wrong answers to the exercises of lesson 12."""

from __future__ import annotations

import re
from itertools import compress

import numpy as np
import torch

from mutations import right, wrong

# 12.1 Mend patient C


@right("12.1", "verbose loops")
def pad_loops(rows, pad_id):
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
            new_row.append(pad_id)
            new_mask.append(0)
        for token in row:
            new_row.append(token)
            new_mask.append(1)
        ids.append(new_row)
        mask.append(new_mask)
    return ids, mask


@right("12.1", "NumPy arrays, filled from the end")
def pad_numpy(rows, pad_id):
    longest = max(len(row) for row in rows)
    ids = np.full((len(rows), longest), pad_id)
    mask = np.zeros_like(ids)
    for i, row in enumerate(rows):
        if row:
            ids[i, -len(row) :] = row
            mask[i, -len(row) :] = 1
    return ids, mask


@right("12.1", "torch tensors")
def pad_torch(rows, pad_id):
    ids, mask = pad_numpy(rows, pad_id)
    return torch.tensor(ids), torch.tensor(mask)


@right("12.1", "reversed, padded, reversed back")
def pad_reversed(rows, pad_id):
    longest = len(max(rows, key=len))
    turned = [row[::-1] + [pad_id] * (longest - len(row)) for row in rows]
    mask = [[1] * len(row) + [0] * (longest - len(row)) for row in rows]
    return [row[::-1] for row in turned], [row[::-1] for row in mask]


@right("12.1", "one row after the other, in front of a copy")
def pad_insert(rows, pad_id):
    longest = max(map(len, rows))
    ids = [list(row) for row in rows]
    mask = [[1 for _ in row] for row in rows]
    for new, marks in zip(ids, mask, strict=True):
        while len(new) < longest:
            new.insert(0, pad_id)
            marks.insert(0, 0)
    return [ids, mask]


@right("12.1", "tuples and a Boolean mask")
def pad_bool(rows, pad_id):
    longest = max(len(row) for row in rows)
    ids = tuple((*[pad_id] * (longest - len(row)), *row) for row in rows)
    return ids, tuple(
        tuple(place >= longest - len(row) for place in range(longest)) for row in rows
    )


@right("12.1", "torch's pad_sequence on the left")
def pad_sequence(rows, pad_id):
    pad = torch.nn.utils.rnn.pad_sequence
    rows = [torch.tensor(row, dtype=torch.long) for row in rows]
    ids = pad(rows, batch_first=True, padding_value=pad_id, padding_side="left")
    ones = [torch.ones_like(row) for row in rows]
    return ids, pad(ones, batch_first=True, padding_value=0, padding_side="left")


@wrong("12.1", "padding on the right", "behind")
def pad_right(rows, pad_id):
    longest = max(map(len, rows))
    ids = [row + [pad_id] * (longest - len(row)) for row in rows]
    return ids, [[1] * len(row) + [0] * (longest - len(row)) for row in rows]


@wrong("12.1", "ids left, mask right", "mask")
def pad_mask_right(rows, pad_id):
    return pad_loops(rows, pad_id)[0], pad_right(rows, pad_id)[1]


@wrong("12.1", "ids right, mask left", "behind")
def pad_ids_right(rows, pad_id):
    return pad_right(rows, pad_id)[0], pad_loops(rows, pad_id)[1]


@wrong("12.1", "mask by comparing with pad_id", "inside a prompt")
def pad_mask_by_id(rows, pad_id):
    ids, _ = pad_loops(rows, pad_id)
    return ids, [[0 if token == pad_id else 1 for token in row] for row in ids]


@wrong("12.1", "mask upside down", "mask")
def pad_mask_inverted(rows, pad_id):
    ids, mask = pad_loops(rows, pad_id)
    return ids, [[1 - m for m in row] for row in mask]


@wrong("12.1", "mask of ones", "mask")
def pad_mask_ones(rows, pad_id):
    ids, _ = pad_loops(rows, pad_id)
    return ids, [[1] * len(row) for row in ids]


@wrong("12.1", "mask only as long as the prompt", "mask")
def pad_mask_short(rows, pad_id):
    return pad_loops(rows, pad_id)[0], [[1] * len(row) for row in rows]


@wrong("12.1", "0 for pad_id", "`pad_id`")
def pad_zero(rows, pad_id):
    return pad_loops(rows, 0)


@wrong("12.1", "mask holds pad_id", "mask")
def pad_mask_pad(rows, pad_id):
    ids, mask = pad_loops(rows, pad_id)
    return ids, [[m or pad_id for m in row] for row in mask]


@wrong("12.1", "cuts to the shortest", "cut")
def pad_cut(rows, pad_id):
    shortest = min(map(len, rows))
    return [row[-shortest:] for row in rows], [[1] * shortest for row in rows]


@wrong("12.1", "as long as the first row", "longest")
def pad_first(rows, pad_id):
    n = len(rows[0])
    ids = [[pad_id] * (n - len(row)) + row for row in rows]
    return ids, [[0] * (n - len(row)) + [1] * len(row) for row in rows]


@wrong("12.1", "one too long", "long")
def pad_one_more(rows, pad_id):
    n = max(map(len, rows)) + 1
    ids = [[pad_id] * (n - len(row)) + row for row in rows]
    return ids, [[0] * (n - len(row)) + [1] * len(row) for row in rows]


@wrong("12.1", "a fixed length of 8", "long")
def pad_fixed(rows, pad_id):
    n = max(8, *map(len, rows))
    ids = [[pad_id] * (n - len(row)) + row for row in rows]
    return ids, [[0] * (n - len(row)) + [1] * len(row) for row in rows]


@wrong("12.1", "one pad in front of each shorter row", "long")
def pad_only_one(rows, pad_id):
    longest = max(map(len, rows))
    ids = [[pad_id] + row if len(row) < longest else row for row in rows]
    return ids, [[0] + [1] * len(row) if len(row) < longest else [1] * len(row) for row in rows]


@wrong("12.1", "turns the prompts round", "order")
def pad_turned(rows, pad_id):
    ids, mask = pad_loops([row[::-1] for row in rows], pad_id)
    return ids, mask


@wrong("12.1", "sorts the rows by length", "order")
def pad_sorted(rows, pad_id):
    return pad_loops(sorted(rows, key=len, reverse=True), pad_id)


@wrong("12.1", "the rows in another order", "order")
def pad_reversed_rows(rows, pad_id):
    return pad_loops(rows[::-1], pad_id)


@wrong("12.1", "removes pad_id from prompts", "unchanged")
def pad_removes(rows, pad_id):
    longest = max(map(len, rows))
    rows = [[token for token in row if token != pad_id] for row in rows]
    return (
        [[pad_id] * (longest - len(row)) + row for row in rows],
        [[0] * (longest - len(row)) + [1] * len(row) for row in rows],
    )


@wrong("12.1", "half left, half right", "end in its own tokens")
def pad_middle(rows, pad_id):
    longest = max(map(len, rows))
    ids, mask = [], []
    for row in rows:
        left = (longest - len(row)) // 2
        end = longest - len(row) - left
        ids.append([pad_id] * left + row + [pad_id] * end)
        mask.append([0] * left + [1] * len(row) + [0] * end)
    return ids, mask


@wrong("12.1", "forgets the last row", "rows")
def pad_forgets(rows, pad_id):
    ids, mask = pad_loops(rows, pad_id)
    return ids[:-1], mask[:-1]


@wrong("12.1", "returns within the loop", "rows")
def pad_early(rows, pad_id):
    longest = max(map(len, rows))
    for row in rows:
        gap = longest - len(row)
        return [[pad_id] * gap + row], [[0] * gap + [1] * len(row)]


@wrong("12.1", "grows the rows it was given, no return", "return")
def pad_in_place(rows, pad_id):
    longest = max(map(len, rows))
    for row in rows:
        while len(row) < longest:
            row.insert(0, pad_id)


@wrong("12.1", "mask after the rows were filled", "mask")
def pad_late_mask(rows, pad_id):
    longest = max(map(len, rows))
    for row in rows:
        while len(row) < longest:
            row.insert(0, pad_id)
    return rows, [[1] * len(row) for row in rows]


@wrong("12.1", "all rows share one mask", "mask")
def pad_shared(rows, pad_id):
    ids, mask = pad_loops(rows, pad_id)
    return ids, [mask[0]] * len(rows)


@wrong("12.1", "crashes on a row that is long enough", "ZeroDivisionError")
def pad_crash(rows, pad_id):
    ids, mask = pad_loops(rows, pad_id)
    _ = [1 / (len(ids[0]) - len(row)) for row in rows]
    return ids, mask


wrong("12.1", "the ids alone", "pair")(lambda rows, pad_id: pad_loops(rows, pad_id)[0])
wrong("12.1", "mask first", "order")(lambda rows, pad_id: pad_loops(rows, pad_id)[::-1])
wrong("12.1", "the example's answer", "cut")(
    lambda rows, pad_id: ([[5, 6], [0, 7]], [[1, 1], [0, 1]])
)
wrong("12.1", "the rows as they were", "long")(
    lambda rows, pad_id: (rows, [[1] * len(row) for row in rows])
)
wrong("12.1", "a dictionary, as a tokenizer gives", "pair")(
    lambda rows, pad_id: dict(
        zip(["input_ids", "attention_mask"], pad_loops(rows, pad_id), strict=True)
    )
)
wrong("12.1", "a pair for each row", "pair")(
    lambda rows, pad_id: list(zip(*pad_loops(rows, pad_id), strict=True))
)
wrong("12.1", "a text", "text")(lambda rows, pad_id: str(pad_loops(rows, pad_id)))
wrong("12.1", "one long list of each", "row")(
    lambda rows, pad_id: tuple(sum(part, []) for part in pad_loops(rows, pad_id))
)

# 12.2 Mend patient D


def sentences_of(text):
    return re.split(r"(?<=[.!?])\s+", text.strip())


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
def cut_characters(text, size):
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
        elif len(piece) + 1 + len(sentence) <= size:
            piece = piece + " " + sentence
        else:
            pieces.append(piece)
            piece = sentence
    if piece != "":
        pieces.append(piece)
    return pieces


@right("12.2", "lists of sentences, joined at the end")
def cut_groups(text, size):
    groups, length = [[]], -1
    for sentence in sentences_of(text):
        if groups[-1] and length + 1 + len(sentence) > size:
            groups.append([])
            length = -1
        groups[-1].append(sentence)
        length += 1 + len(sentence)
    return [" ".join(group) for group in groups if group]


@right("12.2", "findall and a generator")
def cut_findall(text, size):
    piece = ""
    for sentence in re.findall(r"\S.*?(?:[.!?](?=\s|$)|$)", text, flags=re.DOTALL):
        if piece and len(piece + " " + sentence) > size:
            yield piece
            piece = ""
        piece = f"{piece} {sentence}".strip()
    if piece:
        yield piece


@right("12.2", "recursion over the sentences")
def cut_recursive(text, size):
    def pack(sentences):
        if not sentences:
            return []
        taken = 1
        while taken < len(sentences) and len(" ".join(sentences[: taken + 1])) <= size:
            taken += 1
        return [" ".join(sentences[:taken]), *pack(sentences[taken:])]

    return tuple(pack([s for s in sentences_of(text) if s]))


@right("12.2", "slices of the text, its own white space kept")
def cut_slices(text, size):
    text = text.strip()
    ends = [m.end() for m in re.finditer(r"[.!?](?=\s|$)", text)]
    if not ends or ends[-1] < len(text):
        ends.append(len(text))
    pieces, start, last = [], 0, None
    for end in ends:
        if last is not None and end - start > size:
            pieces.append(text[start:last])
            start = last + len(text[last:]) - len(text[last:].lstrip())
        last = end
    pieces.append(text[start:last])
    return [piece for piece in pieces if piece]


@right("12.2", "a NumPy array of texts")
def cut_array(text, size):
    return np.array(cut_groups(text, size), dtype=object)


right("12.2", "the white space made single first")(
    lambda text, size: packed(
        sentences_of(" ".join(text.split())), lambda p, s: len(p) + len(s) < size
    )
)


@wrong("12.2", "cuts every so many characters", "sentence")
def cut_fixed(text, size):
    return [text[i : i + size] for i in range(0, len(text), size)]


@wrong("12.2", "cuts between words", "sentence")
def cut_words(text, size):
    return packed(text.split(), lambda p, s: len(p) + 1 + len(s) <= size)


@wrong("12.2", "each sentence alone", "as far as size")
def cut_alone(text, size):
    return sentences_of(text)


@wrong("12.2", "all in one piece", "longer than size")
def cut_none(text, size):
    return [" ".join(sentences_of(text))]


@wrong("12.2", "cuts at each point, 2.5 too", "2.5")
def cut_points(text, size):
    sentences = [s.strip() for s in re.split(r"(?<=[.!?])", text) if s.strip()]
    return packed(sentences, lambda p, s: len(p) + 1 + len(s) <= size)


@wrong("12.2", "only full stops end a sentence", "?")
def cut_stops(text, size):
    sentences = re.split(r"(?<=\.)\s+", text.strip())
    return packed(sentences, lambda p, s: len(p) + 1 + len(s) <= size)


@wrong("12.2", "a question mark ends no sentence", "?")
def cut_no_question(text, size):
    sentences = re.split(r"(?<=[.!])\s+", text.strip())
    return packed(sentences, lambda p, s: len(p) + 1 + len(s) <= size)


@wrong("12.2", "only a space counts as white space", "line")
def cut_spaces(text, size):
    sentences = re.split(r"(?<=[.!?]) +", text.strip())
    return packed(sentences, lambda p, s: len(p) + 1 + len(s) <= size)


@wrong("12.2", 'split(". ") loses the full stop', "lost")
def cut_lost(text, size):
    return packed(text.split(". "), lambda p, s: len(p) + 2 + len(s) <= size)


@wrong("12.2", "the marks are lost", "lost")
def cut_marks(text, size):
    sentences = [s for s in re.split(r"[.!?]\s+", text.strip()) if s]
    return packed(sentences, lambda p, s: len(p) + 1 + len(s) <= size)


@wrong("12.2", "the space is not counted", "space")
def cut_no_space(text, size):
    return packed(sentences_of(text), lambda p, s: len(p) + len(s) <= size)


@wrong("12.2", "shorter than size, not equal", "the last character")
def cut_strict(text, size):
    return packed(sentences_of(text), lambda p, s: len(p) + 1 + len(s) < size)


@wrong("12.2", "stops when it is too long already", "longer than size")
def cut_late(text, size):
    return packed(sentences_of(text), lambda p, s: len(p) <= size)


@wrong("12.2", "counts words", "longer than size")
def cut_count_words(text, size):
    return packed(sentences_of(text), lambda p, s: len((p + s).split()) <= size)


@wrong("12.2", "the last piece is forgotten", "lost")
def cut_no_last(text, size):
    pieces = []
    piece = ""
    for sentence in sentences_of(text):
        if piece and len(piece) + 1 + len(sentence) > size:
            pieces.append(piece)
            piece = ""
        piece = (piece + " " + sentence).strip()
    return pieces


@wrong("12.2", "the sentence that does not fit is lost", "lost")
def cut_drops(text, size):
    pieces = []
    piece = ""
    for sentence in sentences_of(text):
        if len((piece + " " + sentence).strip()) <= size:
            piece = (piece + " " + sentence).strip()
        else:
            if piece:
                pieces.append(piece)
            piece = ""
    return [*pieces, piece] if piece else pieces


@wrong("12.2", "a long sentence is left out", "long")
def cut_skips_long(text, size):
    sentences = [s for s in sentences_of(text) if len(s) <= size]
    return packed(sentences, lambda p, s: len(p) + 1 + len(s) <= size)


@wrong("12.2", "a long sentence is cut", "long")
def cut_cuts_long(text, size):
    return [
        piece[i : i + size] for piece in cut_groups(text, size) for i in range(0, len(piece), size)
    ]


@wrong("12.2", "an empty piece before a long sentence", "empty")
def cut_empty(text, size):
    pieces = [""]
    for sentence in sentences_of(text):
        if len(pieces[-1]) + 1 + len(sentence) <= size:
            pieces[-1] = (pieces[-1] + " " + sentence).strip()
        else:
            pieces.append(sentence)
    return pieces


@wrong("12.2", "a rest without a mark is lost", "lost")
def cut_needs_mark(text, size):
    sentences = re.findall(r"\S.*?[.!?](?=\s|$)", text, flags=re.DOTALL)
    return packed(sentences, lambda p, s: len(p) + 1 + len(s) <= size)


@wrong("12.2", "glued without a space", "space")
def cut_glued(text, size):
    return packed(sentences_of(text), lambda p, s: len(p) + len(s) <= size, glue="")


@wrong("12.2", "sentences overlap", "once and in order")
def cut_overlap(text, size):
    sentences = sentences_of(text)
    return [" ".join(sentences[i : i + 2]) for i in range(len(sentences))]


@wrong("12.2", "fills gaps with later sentences", "order")
def cut_best_fit(text, size):
    pieces = []
    for sentence in sentences_of(text):
        for i, piece in enumerate(pieces):
            if len(piece) + 1 + len(sentence) <= size:
                pieces[i] += " " + sentence
                break
        else:
            pieces.append(sentence)
    return pieces


@wrong("12.2", "sorted by length", "order")
def cut_sorted(text, size):
    sentences = sorted(sentences_of(text), key=len)
    return packed(sentences, lambda p, s: len(p) + 1 + len(s) <= size)


@wrong("12.2", "fills from the end", "as fit")
def cut_backwards(text, size):
    pieces = []
    for sentence in reversed(sentences_of(text)):
        if pieces and len(pieces[0]) + 1 + len(sentence) <= size:
            pieces[0] = sentence + " " + pieces[0]
        else:
            pieces.insert(0, sentence)
    return pieces


@wrong("12.2", "two sentences each", "longer than size")
def cut_pairs(text, size):
    sentences = sentences_of(text)
    return [" ".join(sentences[i : i + 2]) for i in range(0, len(sentences), 2)]


@wrong("12.2", "crashes on a short text", "IndexError")
def cut_crash(text, size):
    sentences = sentences_of(text)
    _ = sentences[2]
    return cut_groups(text, size)


wrong("12.2", "the example's answer", "hold")(lambda text, size: ["One.", "Two."])
wrong("12.2", "lists of sentences", "text")(
    lambda text, size: [[piece] for piece in cut_groups(text, size)]
)
wrong("12.2", "one text with line breaks", "text")(
    lambda text, size: "\n".join(cut_groups(text, size))
)
wrong("12.2", "lengths", "text")(lambda text, size: [len(p) for p in cut_groups(text, size)])
wrong("12.2", "a set", "order")(lambda text, size: set(cut_groups(text, size)))
wrong("12.2", "lower case", "text was")(lambda text, size: cut_groups(text.lower(), size))
wrong("12.2", "the first piece alone", "lost")(lambda text, size: cut_groups(text, size)[:1])
wrong("12.2", "only 2 decimals guarded", "empty")(
    lambda text, size: packed(
        re.split(r"(?<=[.!?])(?!\d)\s*", text.strip()), lambda p, s: len(p) + 1 + len(s) <= size
    )
)

# 12.3 Mend patient F


@right("12.3", "verbose loops")
def unit_loops(vectors):
    result = []
    for row in vectors:
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
def unit_where(vectors):
    lengths = np.sqrt((vectors**2).sum(axis=1))[:, None]
    return np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)


@right("12.3", "nan made zero")
def unit_nan(vectors):
    with np.errstate(invalid="ignore"):
        return np.nan_to_num(vectors / np.linalg.norm(vectors, axis=1)[:, np.newaxis])


@right("12.3", "torch's normalize")
def unit_torch(vectors):
    return torch.nn.functional.normalize(torch.tensor(vectors), dim=1)


@right("12.3", "a copy, row by row")
def unit_copy(vectors):
    vectors = vectors.astype(np.float32)
    for i in range(len(vectors)):
        if np.any(vectors[i]):
            vectors[i] /= np.linalg.norm(vectors[i])
    return vectors


right("12.3", "a tiny number against zero")(
    lambda vectors: vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
)
right("12.3", "a tiny number added")(
    lambda vectors: vectors / (np.linalg.norm(vectors, axis=-1, keepdims=True) + 1e-9)
)
right("12.3", "transposed twice")(
    lambda vectors: (vectors.T / np.array([np.linalg.norm(v) or 1 for v in vectors])).T
)
right("12.3", "einsum")(
    lambda vectors: (
        vectors / np.sqrt(np.maximum(np.einsum("ij,ij->i", vectors, vectors), 1e-24))[:, None]
    )
)
right("12.3", "a list of lists")(lambda vectors: unit_loops(vectors).tolist())


@right("12.3", "in place")
def unit_in_place(vectors):
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    lengths[lengths == 0] = 1
    vectors /= lengths
    return vectors


@wrong("12.3", "divides zeros by zero", "zeros")
def unit_zero(vectors):
    with np.errstate(invalid="ignore"):
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@wrong("12.3", "a row of zeros left out", "shape")
def unit_leaves_out(vectors):
    vectors = vectors[np.any(vectors != 0, axis=1)]
    return unit_where(vectors)


@wrong("12.3", "a zero row becomes a unit vector", "zeros")
def unit_filled(vectors):
    result = unit_where(vectors)
    result[~result.any(axis=1), 0] = 1
    return result


wrong("12.3", "one length for all", "row")(lambda vectors: vectors / np.linalg.norm(vectors))
wrong("12.3", "length of the columns", "row")(
    lambda vectors: vectors / np.maximum(np.linalg.norm(vectors, axis=0), 1e-12)
)
wrong("12.3", "the longest length for all", "row")(
    lambda vectors: vectors / np.linalg.norm(vectors, axis=1).max()
)
wrong("12.3", "the mean length for all", "row")(
    lambda vectors: vectors / np.linalg.norm(vectors, axis=1).mean()
)
wrong("12.3", "the sum of the numbers", "root")(
    lambda vectors: vectors / np.where(vectors.sum(1) == 0, 1, vectors.sum(1))[:, None]
)
wrong("12.3", "the sum of the sizes", "root")(
    lambda vectors: vectors / np.maximum(np.abs(vectors).sum(axis=1, keepdims=True), 1e-12)
)
wrong("12.3", "the largest number", "root")(
    lambda vectors: vectors / np.maximum(np.abs(vectors).max(axis=1, keepdims=True), 1e-12)
)
wrong("12.3", "without the root", "root")(
    lambda vectors: vectors / np.maximum((vectors**2).sum(axis=1, keepdims=True), 1e-12)
)
wrong("12.3", "times the length", "divid")(
    lambda vectors: vectors * np.linalg.norm(vectors, axis=1, keepdims=True)
)
wrong("12.3", "softmax", "direction")(
    lambda vectors: np.exp(vectors) / np.exp(vectors).sum(axis=1, keepdims=True)
)
wrong("12.3", "to the range 0 to 1", "direction")(
    lambda vectors: (vectors - vectors.min()) / (vectors.max() - vectors.min() or 1)
)
wrong("12.3", "mean 0 and deviation 1", "direction")(
    lambda vectors: (vectors - vectors.mean(0)) / np.maximum(vectors.std(0), 1e-9)
)
wrong("12.3", "centred first", "direction")(lambda vectors: unit_where(vectors - vectors.mean(0)))
wrong("12.3", "signs lost", "direction")(lambda vectors: np.abs(unit_where(vectors)))
wrong("12.3", "turned round", "direction")(lambda vectors: -unit_where(vectors))
wrong("12.3", "rounded", "length")(lambda vectors: np.round(unit_where(vectors), 1))
wrong("12.3", "whole numbers", "direction")(lambda vectors: unit_where(vectors).astype(int))
wrong("12.3", "divided by the number of dimensions", "row")(
    lambda vectors: vectors / vectors.shape[1]
)
wrong("12.3", "too large a number added", "length")(
    lambda vectors: vectors / (np.linalg.norm(vectors, axis=1, keepdims=True) + 0.01)
)
wrong("12.3", "one added", "length")(
    lambda vectors: vectors / (np.linalg.norm(vectors, axis=1, keepdims=True) + 1)
)
wrong("12.3", "short rows are left", "length")(
    lambda vectors: vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1)
)
wrong("12.3", "the lengths", "shape")(lambda vectors: np.linalg.norm(vectors, axis=1))
wrong("12.3", "as they were", "unchanged")(lambda vectors: vectors)
wrong("12.3", "the first row alone", "shape")(lambda vectors: unit_where(vectors)[0])
wrong("12.3", "the example's answer", "shape")(lambda vectors: np.array([[0.6, 0.8]]))
wrong("12.3", "flat", "shape")(lambda vectors: unit_where(vectors).ravel())
wrong("12.3", "transposed", "shape")(lambda vectors: unit_where(vectors).T)
wrong("12.3", "a text", "text")(lambda vectors: str(unit_where(vectors)))
wrong("12.3", "no keepdims", "ValueError")(
    lambda vectors: vectors / np.linalg.norm(vectors, axis=1)
)
wrong("12.3", "asks whether an array is zero", "ValueError")(
    lambda vectors: vectors if np.linalg.norm(vectors, axis=1) == 0 else unit_where(vectors)
)

# 12.4 Mend patient G


@right("12.4", "two loops")
def split_loops(train, test):
    kept = []
    for question in test:
        found = False
        for other in train:
            if other.product == question.product and other.fact == question.fact:
                found = True
        if not found:
            kept.append(question)
    return kept


@right("12.4", "any in a comprehension, as a tuple")
def split_any(train, test):
    return tuple(
        q for q in test if not any(q.fact == p.fact and q.product == p.product for p in train)
    )


@right("12.4", "facts by product")
def split_by_product(train, test):
    facts = {}
    for question in train:
        facts.setdefault(question.product, set()).add(question.fact)
    return [q for q in test if q.fact not in facts.get(q.product, set())]


@right("12.4", "a generator with an early return")
def split_generator(train, test):
    if not train:
        return test
    pairs = [(q.product, q.fact) for q in train]
    return (q for q in test if (q.product, q.fact) not in pairs)


@right("12.4", "texts as keys")
def split_texts(train, test):
    keys = {f"{q.product} / {q.fact}" for q in train}
    return list(filter(lambda q: f"{q.product} / {q.fact}" not in keys, test))


@right("12.4", "a NumPy array")
def split_array(train, test):
    kept = split_loops(train, test)
    array = np.empty(len(kept), dtype=object)
    array[:] = kept
    return array


@right("12.4", "compress")
def split_compress(train, test):
    pairs = {(q.product, q.fact) for q in train}
    return list(compress(test, [(q.product, q.fact) not in pairs for q in test]))


@right("12.4", "removes from a copy")
def split_copy(train, test):
    kept = list(test)
    for question in train:
        kept = [q for q in kept if (q.product, q.fact) != (question.product, question.fact)]
    return kept


@wrong("12.4", "compares the texts", "texts differ")
def split_by_text(train, test):
    texts = {q.text for q in train}
    return [q for q in test if q.text not in texts]


@wrong("12.4", "compares the questions whole", "texts differ")
def split_by_equality(train, test):
    return [q for q in test if q not in train]


@wrong("12.4", "compares the ids", "ids")
def split_by_id(train, test):
    return [q for q in test if q.id not in {p.id for p in train}]


@wrong("12.4", "the fact alone", "product")
def split_by_fact(train, test):
    return [q for q in test if q.fact not in {p.fact for p in train}]


@wrong("12.4", "the product alone", "fact")
def split_product_alone(train, test):
    return [q for q in test if q.product not in {p.product for p in train}]


@wrong("12.4", "either agrees", "apart")
def split_either(train, test):
    facts, products = {p.fact for p in train}, {p.product for p in train}
    return [q for q in test if q.fact not in facts and q.product not in products]


@wrong("12.4", "both occur, not together", "apart")
def split_apart(train, test):
    facts, products = {p.fact for p in train}, {p.product for p in train}
    return [q for q in test if not (q.fact in facts and q.product in products)]


@wrong("12.4", "keeps the leaked ones", "leave out")
def split_inverted(train, test):
    kept = split_loops(train, test)
    return [q for q in test if q not in kept]


@wrong("12.4", "the questions of train", "train")
def split_train(train, test):
    pairs = {(q.product, q.fact) for q in test}
    return [q for q in train if (q.product, q.fact) not in pairs]


@wrong("12.4", "the company's questions always stay", "None")
def split_keeps_company(train, test):
    pairs = {(q.product, q.fact) for q in train if q.product is not None}
    return [q for q in test if (q.product, q.fact) not in pairs]


@wrong("12.4", "the company's questions are dropped", "None")
def split_drops_company(train, test):
    return [q for q in split_loops(train, test) if q.product]


@wrong("12.4", "each fact once", "may both stay")
def split_once(train, test):
    return list({(q.product, q.fact): q for q in split_loops(train, test)}.values())


@wrong("12.4", "removes duplicates within the test", "may both stay")
def split_seen(train, test):
    seen = {(q.product, q.fact) for q in train}
    kept = []
    for question in test:
        if (question.product, question.fact) not in seen:
            kept.append(question)
            seen.add((question.product, question.fact))
    return kept


@wrong("12.4", "sorted", "order")
def split_sorted(train, test):
    return sorted(split_loops(train, test), key=lambda q: q.text)


@wrong("12.4", "turned round", "order")
def split_reversed(train, test):
    return split_loops(train, test)[::-1]


@wrong("12.4", "only the first question of train", "should go")
def split_first(train, test):
    return split_loops(train[:1], test)


@wrong("12.4", "only the last question of train", "nothing was left out")
def split_last(train, test):
    return split_loops(train[-1:], test)


@wrong("12.4", "pairs by place", "should")
def split_zip(train, test):
    return [
        q for p, q in zip(train, test, strict=False) if (p.product, p.fact) != (q.product, q.fact)
    ]


@wrong("12.4", "kept once for each other question", "more than once")
def split_append_each(train, test):
    return [q for q in test for p in train if (p.product, p.fact) != (q.product, q.fact)]


@wrong("12.4", "else within the loop", "should go")
def split_else(train, test):
    kept = []
    for question in test:
        for other in train:
            if (other.product, other.fact) == (question.product, question.fact):
                break
            if question not in kept:
                kept.append(question)
    return kept


@wrong("12.4", "removes from test while it goes through it", "should go")
def split_removing(train, test):
    pairs = {(q.product, q.fact) for q in train}
    for question in test:
        if (question.product, question.fact) in pairs:
            test.remove(question)
    return test


@wrong("12.4", "an empty train gives nothing", "empty")
def split_empty(train, test):
    if not train:
        return []
    return split_loops(train, test)


@wrong("12.4", "crashes on an empty train", "IndexError")
def split_crash(train, test):
    _ = train[0]
    return split_loops(train, test)


@wrong("12.4", "crashes on None", "AttributeError")
def split_lower(train, test):
    pairs = {(q.product.lower(), q.fact) for q in train}
    return [q for q in test if (q.product.lower(), q.fact) not in pairs]


wrong("12.4", "texts", "question")(lambda train, test: [q.text for q in split_loops(train, test)])
wrong("12.4", "pairs", "question")(
    lambda train, test: [(q.product, q.fact) for q in split_loops(train, test)]
)
wrong("12.4", "places", "question")(
    lambda train, test: [i for i, q in enumerate(test) if q in split_loops(train, test)]
)
wrong("12.4", "Booleans", "question")(
    lambda train, test: [q in split_loops(train, test) for q in test]
)
wrong("12.4", "how many", "list")(lambda train, test: len(split_loops(train, test)))
wrong("12.4", "a share", "list")(lambda train, test: len(split_loops(train, test)) / len(test))
wrong("12.4", "a set", "order")(lambda train, test: set(split_loops(train, test)))
wrong("12.4", "train and test", "themselves")(lambda train, test: (train, split_loops(train, test)))
wrong("12.4", "all of test", "nothing was left out")(lambda train, test: list(test))
wrong("12.4", "nothing", "no question is left")(lambda train, test: [])
wrong("12.4", "the family for the product", "product")(
    lambda train, test: [
        q for q in test if (q.family, q.fact) not in {(p.family, p.fact) for p in train}
    ]
)
wrong("12.4", "the answer for the fact", "fact")(
    lambda train, test: [
        q for q in test if (q.product, q.answer) not in {(p.product, p.answer) for p in train}
    ]
)
