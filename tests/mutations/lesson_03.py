"""Right and wrong answers to the exercises of lesson 03."""

from __future__ import annotations

import itertools
import math
import re
from collections import deque
from functools import reduce

import numpy as np
import torch

from mutations import right, wrong

SOFT = "\u00ad"

# 03.1 Repair the lines of a PDF


def joined(lines, glue):
    """Paragraphs of stripped lines, each joined by the learner's `glue(text, next_line)`."""
    groups = itertools.groupby((line.strip() for line in lines), key=bool)
    return [reduce(glue, group) for filled, group in groups if filled]


@right("03.1", "verbose loops")
def join_lines_loops(lines):
    paragraphs = []
    paragraph = ""
    glued = True
    for line in lines:
        line = line.strip()
        if line == "":
            if paragraph != "":
                paragraphs.append(paragraph)
            paragraph = ""
            glued = True
        else:
            if not glued:
                paragraph = paragraph + " "
            if line[-1] == SOFT:
                paragraph = paragraph + line[:-1]
                glued = True
            elif line[-1] == "-" and len(line) > 1 and line[-2].isalpha():
                paragraph = paragraph + line
                glued = True
            else:
                paragraph = paragraph + line
                glued = False
    if paragraph != "":
        paragraphs.append(paragraph)
    return paragraphs


@right("03.1", "regular expressions")
def join_lines_regex(lines):
    text = "\n".join(line.strip() for line in lines)
    result = []
    for paragraph in re.split(r"\n\n+", text.strip("\n")):
        paragraph = re.sub(SOFT + r"(\n|$)", "", paragraph)
        paragraph = re.sub(r"([^\W\d_]-)\n", r"\1", paragraph)
        paragraph = paragraph.replace("\n", " ")
        if paragraph:
            result.append(paragraph)
    return result


@right("03.1", "marks the lines first, then splits")
def join_lines_marks(lines):
    marked = []
    for line in map(str.strip, lines):
        if not line:
            marked.append("\0")
        elif line.endswith(SOFT):
            marked.append(line[:-1])
        elif re.search(r"[^\W\d_]-$", line):
            marked.append(line)
        else:
            marked.append(line + " ")
    return tuple(p.strip() for p in "".join(marked).split("\0") if p.strip())


@right("03.1", "a generator")
def join_lines_generator(lines):
    text = ""
    for line in [*lines, ""]:
        line = line.strip()
        if line:
            text += line
            if text.endswith(SOFT):
                text = text[:-1]
            elif not (text[-1:] == "-" and text[-2:-1].isalpha()):
                text += " "
        elif text.strip():
            yield text.strip()
            text = ""


@right("03.1", "recursion, and an array")
def join_lines_recursion(lines):
    def paragraph(rest):
        if not rest:
            return ""
        head = rest[0]
        if head.endswith(SOFT):
            return head[:-1] + paragraph(rest[1:])
        glued = len(rest) == 1 or re.search(r"[^\W\d_]-\Z", head)
        return head + ("" if glued else " ") + paragraph(rest[1:])

    groups = itertools.groupby([line.strip() for line in lines], key=lambda line: line == "")
    return np.array([paragraph(list(group)) for blank, group in groups if not blank], dtype=object)


@right("03.1", "works in its input")
def join_lines_in_place(lines):
    for i in range(len(lines)):
        lines[i] = lines[i].strip()
    lines.append("")
    found = []
    current = []
    while lines:
        line = lines.pop(0)
        if line:
            current.append(line)
            continue
        text = ""
        for i, part in enumerate(current):
            glue = "" if i == len(current) - 1 else " "
            if part.endswith(SOFT):
                part, glue = part.rstrip(SOFT), ""
            if part.endswith("-") and part[:-1] and part[-2].isalpha():
                glue = ""
            text += part + glue
        if text:
            found.append(text)
        current = []
    return found


@wrong("03.1", "forgets the last paragraph", "last")
def join_lines_forgets_last(lines):
    paragraphs, text = [], ""
    for line in lines:
        line = line.strip()
        if not line:
            if text:
                paragraphs.append(text.strip())
            text = ""
        elif line.endswith(SOFT):
            text += line[:-1]
        elif line.endswith("-") and line[-2:-1].isalpha():
            text += line
        else:
            text += line + " "
    return paragraphs


@wrong("03.1", "a blank line is an empty text only", "spaces")
def join_lines_only_empty(lines):
    groups = itertools.groupby(lines, key=lambda line: line != "")
    found = []
    for filled, group in groups:
        if filled:
            found.append(reduce(good_glue, [line.strip() for line in group]).removesuffix(SOFT))
    return found


def good_glue(text, line):
    if text.endswith(SOFT):
        return text[:-1] + line
    if text.endswith("-") and text[-2:-1].isalpha():
        return text + line
    return text + " " + line


@wrong("03.1", "keeps empty paragraphs", "empty")
def join_lines_keeps_empty(lines):
    found = [""]
    for line in map(str.strip, lines):
        if not line:
            found.append("")
        else:
            found[-1] = good_glue(found[-1], line) if found[-1] else line
    return [text.removesuffix(SOFT) for text in found]


@wrong("03.1", "does not strip", "trip")
def join_lines_no_strip(lines):
    groups = itertools.groupby(lines, key=lambda line: bool(line.strip()))
    return [reduce(good_glue, group).removesuffix(SOFT) for filled, group in groups if filled]


@wrong("03.1", "strips the paragraph only", "trip")
def join_lines_strips_late(lines):
    groups = itertools.groupby(lines, key=lambda line: bool(line.strip()))
    found = [reduce(good_glue, group).strip() for filled, group in groups if filled]
    return [text.removesuffix(SOFT) for text in found]


@wrong("03.1", "drops the ordinary hyphen too", "hyphen")
def join_lines_drops_hyphen(lines):
    def glue(text, line):
        return text[:-1] + line if text[-1] in (SOFT, "-") else text + " " + line

    return [text.removesuffix(SOFT) for text in joined(lines, glue)]


@wrong("03.1", "a space after the ordinary hyphen", "hyphen")
def join_lines_hyphen_space(lines):
    def glue(text, line):
        return text[:-1] + line if text.endswith(SOFT) else text + " " + line

    return [text.removesuffix(SOFT) for text in joined(lines, glue)]


@wrong("03.1", "no space after any hyphen", "a dash after a space")
def join_lines_any_hyphen(lines):
    def glue(text, line):
        if text.endswith("-"):
            return text + line
        return text[:-1] + line if text.endswith(SOFT) else text + " " + line

    return [text.removesuffix(SOFT) for text in joined(lines, glue)]


@wrong("03.1", "no space after a hyphen behind a digit", "after a letter")
def join_lines_alnum(lines):
    def glue(text, line):
        if text.endswith("-") and text[-2:-1].isalnum():
            return text + line
        return text[:-1] + line if text.endswith(SOFT) else text + " " + line

    return [text.removesuffix(SOFT) for text in joined(lines, glue)]


@wrong("03.1", "no space after a hyphen unless a space stands before it", "after a letter")
def join_lines_not_space(lines):
    def glue(text, line):
        if text.endswith("-") and not text.endswith(" -"):
            return text + line
        return text[:-1] + line if text.endswith(SOFT) else text + " " + line

    return [text.removesuffix(SOFT) for text in joined(lines, glue)]


@wrong("03.1", "keeps the soft hyphen", "soft hyphen")
def join_lines_keeps_soft(lines):
    def glue(text, line):
        return (
            text + line if text[-1] in (SOFT, "-") and text[-2:-1].isalpha() else f"{text} {line}"
        )

    return joined(lines, glue)


@wrong("03.1", "drops the soft hyphen and leaves a space", "soft hyphen")
def join_lines_soft_space(lines):
    def glue(text, line):
        glued = text.endswith("-") and text[-2:-1].isalpha()
        return text + line if glued else text.removesuffix(SOFT) + " " + line

    return [text.removesuffix(SOFT) for text in joined(lines, glue)]


@wrong("03.1", "drops every soft hyphen", "end of a line")
def join_lines_all_soft(lines):
    return [text.replace(SOFT, "") for text in joined(lines, good_glue)]


@wrong("03.1", "repairs the hyphens after joining", "inside a line")
def join_lines_after(lines):
    texts = joined(lines, lambda text, line: text + " " + line)
    return [re.sub(r"([^\W\d_]-) ", r"\1", re.sub(SOFT + "( |$)", "", text)) for text in texts]


@wrong("03.1", "leaves the soft hyphen at the end of a paragraph", "soft hyphen")
def join_lines_soft_at_end(lines):
    return joined(lines, good_glue)


@wrong("03.1", "no space between lines", "space")
def join_lines_no_space(lines):
    return [
        text.removesuffix(SOFT)
        for text in joined(lines, lambda text, line: text.removesuffix(SOFT) + line)
    ]


@wrong("03.1", "line breaks stay", "joined by one space")
def join_lines_breaks(lines):
    def glue(text, line):
        if text.endswith(SOFT):
            return text[:-1] + line
        if text.endswith("-") and text[-2:-1].isalpha():
            return text + line
        return text + "\n" + line

    return [text.removesuffix(SOFT) for text in joined(lines, glue)]


@wrong("03.1", "crashes on a line of one hyphen", "IndexError")
def join_lines_crashes(lines):
    def glue(text, line):
        if text[-1] == SOFT:
            return text[:-1] + line
        return text + line if text[-1] == "-" and text[-2].isalpha() else text + " " + line

    return [text.removesuffix(SOFT) for text in joined(lines, glue)]


@wrong("03.1", "returns one text", "list")
def join_lines_text(lines):
    return "\n\n".join(text.removesuffix(SOFT) for text in joined(lines, good_glue))


@wrong("03.1", "returns in the loop", "only the first")
def join_lines_returns_early(lines):
    for text in joined(lines, good_glue):
        return [text.removesuffix(SOFT)]
    return []


@wrong("03.1", "one paragraph of everything", "blank")
def join_lines_one(lines):
    filled = [line.strip() for line in lines if line.strip()]
    return [reduce(good_glue, filled).removesuffix(SOFT)] if filled else []


@wrong("03.1", "crashes without lines", "TypeError")
def join_lines_no_lines(lines):
    text = reduce(lambda a, b: a + "\n" + b, [line.strip() for line in lines])
    return join_lines_regex(text.split("\n"))


@wrong("03.1", "letters from a to z only", "accent")
def join_lines_ascii(lines):
    def glue(text, line):
        if re.search(r"[a-zA-Z]-$", text):
            return text + line
        return text[:-1] + line if text.endswith(SOFT) else text + " " + line

    return [text.removesuffix(SOFT) for text in joined(lines, glue)]


@wrong("03.1", "lists of lines", "text")
def join_lines_lists(lines):
    groups = itertools.groupby([line.strip() for line in lines], key=bool)
    return [list(group) for filled, group in groups if filled]


wrong("03.1", "the example by heart", "")(lambda lines: ["The two-deck oven", "is heavy."])

# 03.2 Cut with overlap


@right("03.2", "verbose loops")
def cut_loops(text, size, overlap):
    pieces = []
    if len(text) == 0:
        return pieces
    start = 0
    end = size
    while end < len(text):
        piece = ""
        for i in range(start, end):
            piece = piece + text[i]
        pieces.append(piece)
        start = end - overlap
        end = start + size
    pieces.append(text[start:])
    return pieces


@right("03.2", "recursion")
def cut_recursion(text, size, overlap):
    if not text:
        return []
    if len(text) <= size:
        return [text]
    return [text[:size], *cut_recursion(text[size - overlap :], size, overlap)]


@right("03.2", "a generator")
def cut_generator(text, size, overlap):
    for start in range(0, len(text), size - overlap):
        yield text[start : start + size]
        if start + size >= len(text):
            return


@right("03.2", "all starts, then the superfluous ones go")
def cut_filters(text, size, overlap):
    starts = np.arange(0, len(text), size - overlap)
    return tuple(text[s : s + size] for s in starts if s == 0 or s + overlap < len(text))


@right("03.2", "counts the pieces first")
def cut_counts(text, size, overlap):
    if not text:
        return np.array([])
    step = size - overlap
    n = max(1, math.ceil((len(text) - overlap) / step))
    return np.array([text[i * step : i * step + size] for i in range(n)])


@right("03.2", "drops superfluous pieces at the end")
def cut_drops(text, size, overlap):
    pieces = [text[i : i + size] for i in range(0, len(text), size - overlap)]
    while len(pieces) > 1 and len(pieces[-1]) <= overlap:
        pieces.pop()
    return pieces


@right("03.2", "a deque")
def cut_deque(text, size, overlap):
    pieces, window, fresh = [], deque(maxlen=size), 0
    for letter in text:
        if len(window) == size and fresh == 0:
            for _ in range(size - overlap):
                window.popleft()
        window.append(letter)
        fresh += 1
        if len(window) == size:
            pieces.append("".join(window))
            fresh = 0
    if fresh:
        pieces.append("".join(window))
    return pieces


right("03.2", "one comprehension")(
    lambda text, size, overlap: [
        text[i : i + size]
        for i in range(0, max(len(text) - overlap, min(len(text), 1)), size - overlap)
    ]
)


@wrong("03.2", "a piece that holds nothing new", "inside the one before")
def cut_no_stop(text, size, overlap):
    return [text[i : i + size] for i in range(0, len(text), size - overlap)]


@wrong("03.2", "a piece too many when the text fits exactly", "inside the one before")
def cut_strict(text, size, overlap):
    pieces, start = [], 0
    while start < len(text):
        pieces.append(text[start : start + size])
        if start + size > len(text):
            break
        start += size - overlap
    return pieces


@wrong("03.2", "leaves out a short last piece", "last")
def cut_no_rest(text, size, overlap):
    return [text[i : i + size] for i in range(0, len(text) - size + 1, size - overlap)]


@wrong("03.2", "short texts have no pieces", "shorter")
def cut_short(text, size, overlap):
    return [text[i : i + size] for i in range(0, len(text) - overlap, size - overlap)]


@wrong("03.2", "no overlap", "overlap")
def cut_no_overlap(text, size, overlap):
    return [text[i : i + size] for i in range(0, len(text), size)]


@wrong("03.2", "moves by the overlap", "begins 4 after")
def cut_by_overlap(text, size, overlap):
    return [text[i : i + size] for i in range(0, len(text), max(1, overlap))]


@wrong("03.2", "never moves without overlap", "ValueError")
def cut_by_overlap_bare(text, size, overlap):
    return [text[i : i + size] for i in range(0, len(text) - overlap, overlap)]


@wrong("03.2", "adds the overlap to the size", "characters")
def cut_longer(text, size, overlap):
    return [text[i : i + size + overlap] for i in range(0, len(text), size)]


@wrong("03.2", "repeats before and behind", "characters")
def cut_both(text, size, overlap):
    return [text[max(0, i - overlap) : i + size] for i in range(0, len(text), size)]


@wrong("03.2", "starts one too late", "begins")
def cut_late(text, size, overlap):
    pieces, start = [], 0
    while start < len(text):
        pieces.append(text[start : start + size])
        if start + size >= len(text):
            break
        start += size - overlap + 1
    return pieces


@wrong("03.2", "starts one too early", "begins")
def cut_early(text, size, overlap):
    pieces, start = [], 0
    while start < len(text):
        pieces.append(text[start : start + size])
        if start + size >= len(text):
            break
        start += max(1, size - overlap - 1)
    return pieces


@wrong("03.2", "slices up to size", "empty piece")
def cut_slice(text, size, overlap):
    return [text[i:size] for i in range(0, max(1, len(text) - overlap), size - overlap)]


@wrong("03.2", "pads the last piece", "last")
def cut_pads(text, size, overlap):
    return [piece.ljust(size) for piece in cut_loops(text, size, overlap)]


@wrong("03.2", "a full last piece", "last")
def cut_full_last(text, size, overlap):
    pieces = cut_loops(text, size, overlap)
    return pieces[:-1] + [text[-size:]] if pieces else []


@wrong("03.2", "strips the pieces", "space")
def cut_strips(text, size, overlap):
    return [piece.strip() for piece in cut_loops(text, size, overlap)]


@wrong("03.2", "an empty text has one piece", "empty")
def cut_empty(text, size, overlap):
    return cut_loops(text, size, overlap) or [""]


@wrong("03.2", "counts words", "characters")
def cut_words(text, size, overlap):
    return [" ".join(piece) for piece in cut_loops_of(text.split(), size, overlap)]


def cut_loops_of(items, size, overlap):
    return [items[i : i + size] for i in range(0, max(1, len(items) - overlap), size - overlap)]


@wrong("03.2", "lists of letters", "text")
def cut_lists(text, size, overlap):
    return [list(piece) for piece in cut_loops(text, size, overlap)]


@wrong("03.2", "one text", "list")
def cut_text(text, size, overlap):
    return " ".join(cut_loops(text, size, overlap)) or "-"


@wrong("03.2", "the starts", "text")
def cut_starts(text, size, overlap):
    return list(range(0, max(len(text) - overlap, min(len(text), 1)), size - overlap))


@wrong("03.2", "only the first piece", "only the first")
def cut_returns_early(text, size, overlap):
    for start in range(0, len(text), size - overlap):
        return [text[start : start + size]]
    return []


@wrong("03.2", "backwards", "order")
def cut_backwards(text, size, overlap):
    return cut_loops(text, size, overlap)[::-1]


wrong("03.2", "the example by heart", "")(lambda text, size, overlap: ["abcd", "defg", "ghij"])

# 03.3 Whole sentences within a budget


@right("03.3", "verbose loops")
def pack_loops(sentences, max_words):
    chunks = []
    text = ""
    count = 0
    for sentence in sentences:
        n = len(sentence.split())
        if text == "":
            text = sentence
            count = n
        elif count + n <= max_words:
            text = text + " " + sentence
            count = count + n
        else:
            chunks.append(text)
            text = sentence
            count = n
    if text != "":
        chunks.append(text)
    return chunks


@right("03.3", "puts each sentence into the last chunk, if it fits")
def pack_last(sentences, max_words):
    chunks = []
    for sentence in sentences:
        if chunks and len(f"{chunks[-1]} {sentence}".split()) <= max_words:
            chunks[-1] += " " + sentence
        else:
            chunks.append(sentence)
    return tuple(chunks)


@right("03.3", "joins words, not sentences")
def pack_words(sentences, max_words):
    chunks = []
    for words in map(str.split, sentences):
        if chunks and len(chunks[-1]) + len(words) <= max_words:
            chunks[-1] += words
        else:
            chunks.append(words)
    return [" ".join(words) for words in chunks]


@right("03.3", "recursion")
def pack_recursion(sentences, max_words):
    if not sentences:
        return []
    n = 1
    while n < len(sentences) and len(" ".join(sentences[: n + 1]).split()) <= max_words:
        n += 1
    return [" ".join(sentences[:n]), *pack_recursion(sentences[n:], max_words)]


@right("03.3", "a generator over a deque")
def pack_generator(sentences, max_words):
    waiting = deque(sentences)
    while waiting:
        chunk = [waiting.popleft()]
        while waiting and sum(len(s.split()) for s in [*chunk, waiting[0]]) <= max_words:
            chunk.append(waiting.popleft())
        yield " ".join(chunk)


@right("03.3", "NumPy counts and an array")
def pack_numpy(sentences, max_words):
    counts = np.array([len(s.split()) for s in sentences])
    starts, room = [], np.int64(0)
    for i, n in enumerate(counts):
        if i == 0 or n > room:
            starts.append(i)
            room = np.int64(max_words)
        room = room - n
    groups = np.split(np.array(sentences, dtype=object), starts[1:])
    return np.array([" ".join(group) for group in groups if len(group)], dtype=object)


@right("03.3", "long sentences apart, and pops from its input")
def pack_long(sentences, max_words):
    chunks, current, used = [], [], 0
    while len(sentences) > 0:
        sentence = sentences.pop(0)
        words = len(re.findall(r"\S+", sentence))
        if words > max_words:
            if current:
                chunks.append(" ".join(current))
            chunks.append(sentence)
            current, used = [], 0
            continue
        if used + words > max_words:
            chunks.append(" ".join(current))
            current, used = [], 0
        current.append(sentence)
        used += words
    if current:
        chunks.append(" ".join(current))
    return chunks


@right("03.3", "numbers the chunks, then groups")
def pack_groupby(sentences, max_words):
    number, used, numbers = 0, 0, []
    for sentence in sentences:
        words = len(sentence.split())
        if used and used + words > max_words:
            number, used = number + 1, 0
        used += words
        numbers.append(number)
    pairs = itertools.groupby(zip(numbers, sentences, strict=True), key=lambda pair: pair[0])
    return [" ".join(sentence for _, sentence in group) for _, group in pairs]


def packed(sentences, max_words, *, count=lambda s: len(s.split()), fits=lambda n, m: n <= m):
    """Greedy packing with the learner's way to count, and to compare."""
    chunks, used = [], 0
    for sentence in sentences:
        words = count(sentence)
        if chunks and fits(used + words, max_words):
            chunks[-1] += " " + sentence
            used += words
        else:
            chunks.append(sentence)
            used = words
    return chunks


wrong("03.3", "smaller than, not at most", "still fitted")(
    lambda sentences, max_words: packed(sentences, max_words, fits=lambda n, m: n < m)
)
wrong("03.3", "one word too many", "one word too many")(
    lambda sentences, max_words: packed(sentences, max_words, fits=lambda n, m: n <= m + 1)
)
wrong("03.3", "counts characters", "counted by `split()`")(
    lambda sentences, max_words: packed(sentences, max_words, count=len)
)
wrong("03.3", "counts sentences", "more than 4 words")(
    lambda sentences, max_words: packed(sentences, max_words, count=lambda s: 1)
)
wrong("03.3", "counts spaces", "more than 4 words")(
    lambda sentences, max_words: packed(sentences, max_words, count=lambda s: s.count(" "))
)
wrong("03.3", "splits at each single space", "counted by `split()`")(
    lambda sentences, max_words: packed(sentences, max_words, count=lambda s: len(s.split(" ")))
)
wrong("03.3", "each sentence alone", "still fitted")(lambda sentences, max_words: list(sentences))
wrong("03.3", "everything in one chunk", "more than 4 words")(
    lambda sentences, max_words: [" ".join(sentences)] if sentences else []
)
wrong("03.3", "without the space", "space")(
    lambda sentences, max_words: [
        re.sub(r"\. (?=[A-Z])", ".", chunk) for chunk in packed(sentences, max_words)
    ]
)
wrong("03.3", "joined by line breaks", "space")(
    lambda sentences, max_words: [
        re.sub(r"(?<=[.!?]) ", "\n", chunk) for chunk in packed(sentences, max_words)
    ]
)
wrong("03.3", "one text", "list")(
    lambda sentences, max_words: "\n".join(packed(sentences, max_words))
)
wrong("03.3", "a space at the end", "space")(
    lambda sentences, max_words: [chunk + " " for chunk in packed(sentences, max_words)]
)
wrong("03.3", "a space at the beginning", "space")(
    lambda sentences, max_words: [" " + chunk for chunk in packed(sentences, max_words)]
)
wrong("03.3", "backwards", "order")(lambda sentences, max_words: packed(sentences, max_words)[::-1])
wrong("03.3", "packs the long ones first", "order")(
    lambda sentences, max_words: packed(sorted(sentences, key=lambda s: -len(s.split())), max_words)
)
wrong("03.3", "the numbers of words", "text")(
    lambda sentences, max_words: [len(chunk.split()) for chunk in packed(sentences, max_words)]
)
wrong("03.3", "the example by heart", "")(
    lambda sentences, max_words: ["One two. Three.", "Four five six."]
)


@wrong("03.3", "cuts every max_words words", "whole")
def pack_cuts(sentences, max_words):
    words = " ".join(sentences).split()
    return [" ".join(words[i : i + max_words]) for i in range(0, len(words), max_words)]


@wrong("03.3", "forgets the last chunk", "last")
def pack_forgets_last(sentences, max_words):
    chunks, current = [], []
    for sentence in sentences:
        if current and len(" ".join([*current, sentence]).split()) > max_words:
            chunks.append(" ".join(current))
            current = []
        current.append(sentence)
    return chunks


@wrong("03.3", "loses the sentence that did not fit", "missing")
def pack_loses(sentences, max_words):
    chunks, current = [], []
    for sentence in sentences:
        if current and len(" ".join([*current, sentence]).split()) > max_words:
            chunks.append(" ".join(current))
            current = []
        else:
            current.append(sentence)
    return [*chunks, " ".join(current)] if current else chunks


@wrong("03.3", "an empty chunk before a long sentence", "empty")
def pack_empty_first(sentences, max_words):
    chunks, current = [], []
    for sentence in sentences:
        if len(" ".join([*current, sentence]).split()) > max_words:
            chunks.append(" ".join(current))
            current = []
        current.append(sentence)
    return [*chunks, " ".join(current)] if current else chunks


@wrong("03.3", "an empty chunk without sentences", "empty")
def pack_empty(sentences, max_words):
    return packed(sentences, max_words) or [""]


@wrong("03.3", "starts the count at nothing", "one word too many")
def pack_count(sentences, max_words):
    chunks, current, used = [], [], 0
    for sentence in sentences:
        words = len(sentence.split())
        if current and used + words > max_words:
            chunks.append(" ".join(current))
            current, used = [sentence], 0
        else:
            current.append(sentence)
            used += words
    return [*chunks, " ".join(current)] if current else chunks


@wrong("03.3", "never resets the count", "still fitted")
def pack_no_reset(sentences, max_words):
    chunks, current, used = [], [], 0
    for sentence in sentences:
        used += len(sentence.split())
        if current and used > max_words:
            chunks.append(" ".join(current))
            current = []
        current.append(sentence)
    return [*chunks, " ".join(current)] if current else chunks


@wrong("03.3", "closes the chunk after it is too long", "more than 4 words")
def pack_late(sentences, max_words):
    chunks, current = [], []
    for sentence in sentences:
        current.append(sentence)
        if len(" ".join(current).split()) >= max_words:
            chunks.append(" ".join(current))
            current = []
    return [*chunks, " ".join(current)] if current else chunks


@wrong("03.3", "drops a long sentence", "missing")
def pack_drops_long(sentences, max_words):
    return packed([s for s in sentences if len(s.split()) <= max_words], max_words)


@wrong("03.3", "cuts a long sentence", "whole")
def pack_cuts_long(sentences, max_words):
    parts = []
    for sentence in sentences:
        words = sentence.split()
        parts += [" ".join(words[i : i + max_words]) for i in range(0, len(words), max_words)]
    return packed(parts, max_words)


@wrong("03.3", "a long sentence joins the chunk before", "alone")
def pack_long_joins(sentences, max_words):
    chunks, used = [], 0
    for sentence in sentences:
        words = len(sentence.split())
        if chunks and (used + words <= max_words or words > max_words):
            chunks[-1] += " " + sentence
            used += words
        else:
            chunks.append(sentence)
            used = words
    return chunks


@wrong("03.3", "a long sentence first, what waits after it", "order")
def pack_long_first(sentences, max_words):
    chunks, current = [], []
    for sentence in sentences:
        if len(sentence.split()) > max_words:
            chunks.append(sentence)
            continue
        if current and len(" ".join([*current, sentence]).split()) > max_words:
            chunks.append(" ".join(current))
            current = []
        current.append(sentence)
    return [*chunks, " ".join(current)] if current else chunks


@wrong("03.3", "a long sentence does not end the chunk before", "order")
def pack_over_long(sentences, max_words):
    chunks, open_chunk, used = [], None, 0
    for sentence in sentences:
        words = len(sentence.split())
        if words > max_words:
            chunks.append(sentence)
        elif open_chunk is not None and used + words <= max_words:
            chunks[open_chunk] += " " + sentence
            used += words
        else:
            open_chunk, used = len(chunks), words
            chunks.append(sentence)
    return chunks


@wrong("03.3", "fills any chunk that has room", "order")
def pack_first_fit(sentences, max_words):
    chunks = []
    for sentence in sentences:
        for i, chunk in enumerate(chunks):
            if len(f"{chunk} {sentence}".split()) <= max_words:
                chunks[i] = f"{chunk} {sentence}"
                break
        else:
            chunks.append(sentence)
    return chunks


@wrong("03.3", "chunks as lists", "text")
def pack_lists(sentences, max_words):
    return [chunk.split() for chunk in packed(sentences, max_words)]


@wrong("03.3", "pairs of sentences", "one word too many")
def pack_pairs(sentences, max_words):
    return [" ".join(sentences[i : i + 2]) for i in range(0, len(sentences), 2)]


@wrong("03.3", "returns in the loop", "only the first")
def pack_returns_early(sentences, max_words):
    chunks, current = [], []
    for sentence in sentences:
        if current and len(" ".join([*current, sentence]).split()) > max_words:
            chunks.append(" ".join(current))
            return chunks
        current.append(sentence)
    return [" ".join(current)] if current else []


@wrong("03.3", "crashes without sentences", "IndexError")
def pack_crashes(sentences, max_words):
    chunks = [sentences[0]]
    for sentence in sentences[1:]:
        if len(f"{chunks[-1]} {sentence}".split()) <= max_words:
            chunks[-1] += " " + sentence
        else:
            chunks.append(sentence)
    return chunks


# 03.4 A row as a sentence


@right("03.4", "verbose loops")
def sentence_loops(title, header, row):
    text = title + "."
    for i in range(len(row)):
        if row[i] != "":
            name = header[i]
            text = text + " " + name[0].upper() + name[1:] + ": " + row[i]
            last = text[len(text) - 1]
            if last != "." and last != "!" and last != "?":
                text = text + "."
    return text


@right("03.4", "a comprehension")
def sentence_comprehension(title, header, row):
    cells = [
        f"{name[0].upper()}{name[1:]}: {cell}" + ("" if cell.endswith((".", "!", "?")) else ".")
        for name, cell in zip(header, row, strict=True)
        if cell
    ]
    return " ".join([f"{title}.", *cells])


@right("03.4", "regular expressions")
def sentence_regex(title, header, row):
    text = f"{title}."
    for name, cell in zip(header, row):  # noqa: B905
        if not cell:
            continue
        name = re.sub(r"^\w", lambda m: m.group().upper(), name)
        text += re.sub(r"([^.!?])$", r"\1.", f" {name}: {cell}")
    return text


@right("03.4", "pops from its input")
def sentence_pops(title, header, row):
    text = title + "."
    while row:
        cell, name = row.pop(0), header.pop(0)
        if len(cell) == 0:
            continue
        text += " " + name[:1].upper() + name[1:] + ": " + cell
        text += "" if cell[-1] in {".", "!", "?"} else "."
    return text


@right("03.4", "recursion, and a NumPy text")
def sentence_recursion(title, header, row):
    if not row:
        return np.str_(title + ".")
    text = sentence_recursion(title, header[:-1], row[:-1])
    if row[-1] == "":
        return text
    end = "" if re.search("[.!?]$", row[-1]) else "."
    return np.str_(f"{text} {header[-1][0].title()}{header[-1][1:]}: {row[-1]}{end}")


def sentence(title, header, row, *, name=None, filled=bool, end=None, gap=" "):
    """The row with the learner's way to write a name, to pass over a cell, and to end one."""
    name = name or (lambda n: n[0].upper() + n[1:])
    end = end or (lambda c: c if c[-1] in ".!?" else c + ".")
    parts = [f"{name(n)}: {end(c)}" for n, c in zip(header, row, strict=True) if filled(c)]
    return gap.join([title + ".", *parts])


wrong("03.4", "capitalize", "all other letters")(
    lambda title, header, row: sentence(title, header, row, name=str.capitalize)
)
wrong("03.4", "title", "first letter")(
    lambda title, header, row: sentence(title, header, row, name=str.title)
)
wrong("03.4", "upper", "first letter")(
    lambda title, header, row: sentence(title, header, row, name=str.upper)
)
wrong("03.4", "no capital", "capital")(
    lambda title, header, row: sentence(title, header, row, name=str)
)
wrong("03.4", "writes empty cells", "empty")(
    lambda title, header, row: sentence(
        title, header, row, filled=lambda c: True, end=lambda c: c if c[-1:] in ".!?" else c + "."
    )
)
wrong("03.4", "writes empty cells with a stop", "empty")(
    lambda title, header, row: sentence(
        title,
        header,
        row,
        filled=lambda c: True,
        end=lambda c: c if c.endswith((".", "!", "?")) else c + ".",
    )
)
wrong("03.4", "leaves out a zero", "0")(
    lambda title, header, row: sentence(title, header, row, filled=lambda c: c not in ("", "0"))
)
wrong("03.4", "always a full stop", "no second one")(
    lambda title, header, row: sentence(title, header, row, end=lambda c: c + ".")
)
wrong("03.4", "never a full stop", "full stop")(
    lambda title, header, row: sentence(title, header, row, end=lambda c: c)
)
wrong("03.4", "only the full stop counts as an end", "!")(
    lambda title, header, row: sentence(
        title, header, row, end=lambda c: c if c.endswith(".") else c + "."
    )
)
wrong("03.4", "replaces the mark", "no full stop follows")(
    lambda title, header, row: sentence(title, header, row, end=lambda c: c.rstrip(".!?") + ".")
)
wrong("03.4", "any punctuation counts as an end", "after `)` too")(
    lambda title, header, row: sentence(
        title, header, row, end=lambda c: c if not c[-1].isalnum() else c + "."
    )
)
wrong("03.4", "a mark anywhere counts as an end", "only its last character")(
    lambda title, header, row: sentence(
        title, header, row, end=lambda c: c if set(c) & set(".!?") else c + "."
    )
)
wrong("03.4", "joined by commas", "space")(
    lambda title, header, row: sentence(title, header, row, gap=", ")
)
wrong("03.4", "joined by line breaks", "space")(
    lambda title, header, row: sentence(title, header, row, gap="\n")
)
wrong("03.4", "joined by nothing", "one space")(
    lambda title, header, row: sentence(title, header, row, gap="")
)
wrong("03.4", "a space at the end", "space")(
    lambda title, header, row: sentence(title, header, row) + " "
)
wrong("03.4", "without the title", "title")(
    lambda title, header, row: sentence(title, header, row).removeprefix(f"{title}. ")
)
wrong("03.4", "no full stop behind the title", "title")(
    lambda title, header, row: title + sentence("", header, row)[1:]
)
wrong("03.4", "a colon behind the title", "title")(
    lambda title, header, row: title + ":" + sentence("", header, row)[1:]
)
wrong("03.4", "a colon without a space", "colon")(
    lambda title, header, row: sentence(title, header, row).replace(": ", ":")
)
wrong("03.4", "an equals sign", ":")(
    lambda title, header, row: sentence(title, header, row).replace(": ", " = ")
)
wrong("03.4", "a list of sentences", "text")(
    lambda title, header, row: sentence(title, header, row, gap="\0").split("\0")
)
wrong("03.4", "capital letters in the cells too", "cell")(
    lambda title, header, row: sentence(
        title, header, [cell[:1].upper() + cell[1:] for cell in row]
    )
)
wrong("03.4", "lower case for the cells", "cell")(
    lambda title, header, row: sentence(title, header, [cell.lower() for cell in row])
)
wrong("03.4", "the names and cells the wrong way round", "column")(
    lambda title, header, row: " ".join(
        [f"{title}."] + [f"{c}: {n}." for n, c in zip(header, row, strict=True) if c]
    )
)
wrong("03.4", "the example by heart", "title of the table")(
    lambda title, header, row: "Price list. Product: Heron Duo. Price: 5,292 euros."
)
wrong("03.4", "columns of the example", "title and cells")(
    lambda title, header, row: f"{title}. Product: {row[0]}. Price: {row[1]}."
)


@wrong("03.4", "empty cells shift the names", "with its name")
def sentence_shifts(title, header, row):
    cells = [cell for cell in row if cell]
    return sentence(title, header[: len(cells)], cells)


@wrong("03.4", "looks the name up by the cell", "may be equal")
def sentence_index(title, header, row):
    names = [header[row.index(cell)] for cell in row]
    return sentence(title, names, row)


@wrong("03.4", "stops at the first empty cell", "is missing")
def sentence_stops(title, header, row):
    n = row.index("") if "" in row else len(row)
    return sentence(title, header[:n], row[:n])


@wrong("03.4", "leaves out the last column", "is missing")
def sentence_last(title, header, row):
    return sentence(title, header[:-1], row[:-1])


@wrong("03.4", "returns in the loop", "is missing")
def sentence_returns_early(title, header, row):
    for name, cell in zip(header, row, strict=True):
        if cell:
            return sentence(title, [name], [cell])
    return title + "."


@wrong("03.4", "no return for an empty row", "None")
def sentence_no_return(title, header, row):
    if any(row):
        return sentence(title, header, row)


@wrong("03.4", "crashes on an empty cell", "IndexError")
def sentence_crashes(title, header, row):
    text = title + "."
    for name, cell in zip(header, row, strict=True):
        stop = "" if cell[-1] in ".!?" else "."
        if cell:
            text += f" {name[0].upper()}{name[1:]}: {cell}{stop}"
    return text


# 03.5 From an id to the line


@right("03.5", "verbose loops")
def trace_loops(chunk_id, chunks, documents):
    for chunk in chunks:
        if chunk.id == chunk_id:
            for document in documents:
                if document.id == chunk.document_id:
                    line = 1
                    for i in range(chunk.start):
                        if document.text[i] == "\n":
                            line = line + 1
                    return chunk.title, chunk.section, line


@right("03.5", "dictionaries")
def trace_dictionaries(chunk_id, chunks, documents):
    chunk = {c.id: c for c in chunks}[chunk_id]
    text = {d.id: d.text for d in documents}[chunk.document_id]
    return chunk.title, chunk.section, len(text[: chunk.start].split("\n"))


@right("03.5", "NumPy positions of the line breaks, and a list")
def trace_numpy(chunk_id, chunks, documents):
    [chunk] = [c for c in chunks if c.id == chunk_id]
    [document] = filter(lambda d: d.id == chunk.document_id, documents)
    breaks = np.array([i for i, letter in enumerate(document.text) if letter == "\n"], dtype=int)
    return [chunk.title, chunk.section, np.searchsorted(breaks, chunk.start) + 1]


@right("03.5", "regular expression, and a tensor")
def trace_regex(chunk_id, chunks, documents):
    chunk = chunks[[c.id for c in chunks].index(chunk_id)]
    text = documents[[d.id for d in documents].index(chunk.document_id)].text
    breaks = [m.start() for m in re.finditer("\n", text)]
    return chunk.title, chunk.section, torch.tensor([b < chunk.start for b in breaks]).sum() + 1


@right("03.5", "walks over the lines")
def trace_walks(chunk_id, chunks, documents):
    chunk = next(filter(lambda c: c.id == chunk_id, chunks))
    document = next(filter(lambda d: d.id == chunk.document_id, documents))
    position = 0
    for number, line in enumerate(document.text.split("\n"), start=1):
        position += len(line) + 1
        if chunk.start < position:
            return (chunk.title, chunk.section, number)
    raise ValueError("the chunk begins behind the text")


@right("03.5", "recursion from break to break")
def trace_recursion(chunk_id, chunks, documents):
    def line(text, start, position=0):
        found = text.find("\n", position, start)
        return 1 if found == -1 else 1 + line(text, start, found + 1)

    chunk = next(c for c in chunks if c.id == chunk_id)
    text = next(d for d in documents if d.id == chunk.document_id).text
    return chunk.title, chunk.section, line(text, chunk.start)


right("03.5", "splitlines up to the first letter of the chunk")(
    lambda chunk_id, chunks, documents: next(
        (c.title, c.section, len(d.text[: c.start + 1].splitlines()))
        for c in chunks
        for d in documents
        if c.id == chunk_id and d.id == c.document_id
    )
)


def traced(chunk_id, chunks, documents, line):
    """Title and section, and the line by the learner's `line(chunk, text)`."""
    chunk = next(c for c in chunks if c.id == chunk_id)
    text = next(d.text for d in documents if d.id == chunk.document_id)
    return chunk.title, chunk.section, line(chunk, text)


LINES = {
    "counts lines from 0": ("from 1", lambda c, text: text.count("\n", 0, c.start)),
    "one line too far": ("count the line breaks", lambda c, text: text.count("\n", 0, c.start) + 2),
    "the start as the line": ("character", lambda c, text: c.start),
    "the start counted from 1": ("character", lambda c, text: c.start + 1),
    "all lines of the document": ("whole document", lambda c, text: text.count("\n") + 1),
    "always line 1": ("count the line breaks", lambda c, text: 1),
    "splitlines before the start": ("line", lambda c, text: len(text[: c.start].splitlines())),
    "splitlines, plus one": ("line", lambda c, text: len(text[: c.start].splitlines()) + 1),
    "splits at white space": ("line", lambda c, text: len(text[: c.start].split()) + 1),
    "counts paragraphs": ("blank", lambda c, text: text.count("\n\n", 0, c.start) + 1),
    "leaves out blank lines": (
        "blank",
        lambda c, text: sum(bool(s.strip()) for s in text[: c.start].split("\n")[:-1]) + 1,
    ),
    "counts full stops": ("line", lambda c, text: text.count(".", 0, c.start) + 1),
    "the line of its last letter": (
        "not before `end`",
        lambda c, text: text.count("\n", 0, c.end) + 1,
    ),
    "a text": ("number", lambda c, text: str(text.count("\n", 0, c.start) + 1)),
    "a text with a word": ("number", lambda c, text: f"line {text.count(chr(10), 0, c.start) + 1}"),
    "the line itself": (
        "number",
        lambda c, text: text.split("\n")[text.count("\n", 0, c.start)],
    ),
    "breaks after the start": (
        "not those behind",
        lambda c, text: text[c.start :].count("\n") + 1,
    ),
    "breaks up to one after the start": ("line", lambda c, text: text.count("\n", 0, c.start + 1)),
    "where the section is named first": (
        "start",
        lambda c, text: text.count("\n", 0, max(0, text.find(c.section))) + 1,
    ),
}
for _name, (_fragment, _line) in LINES.items():
    wrong("03.5", _name, _fragment)(
        lambda chunk_id, chunks, documents, line=_line: traced(chunk_id, chunks, documents, line)
    )


@wrong("03.5", "the first document", "another document")
def trace_first_document(chunk_id, chunks, documents):
    chunk = next(c for c in chunks if c.id == chunk_id)
    return chunk.title, chunk.section, documents[0].text.count("\n", 0, chunk.start) + 1


@wrong("03.5", "the first chunk", "equal to the whole")
def trace_first_chunk(chunk_id, chunks, documents):
    return trace_loops(chunks[0].id, chunks, documents)


@wrong("03.5", "the last chunk of the document", "another chunk")
def trace_last_chunk(chunk_id, chunks, documents):
    document_id = next(c.document_id for c in chunks if c.id == chunk_id)
    last = [c for c in chunks if c.document_id == document_id][-1]
    return trace_loops(last.id, chunks, documents)


@wrong("03.5", "an id that begins with it", "equal to the whole")
def trace_startswith(chunk_id, chunks, documents):
    return trace_loops(next(c.id for c in chunks if c.id.startswith(chunk_id)), chunks, documents)


@wrong("03.5", "an id that is contained", "another document")
def trace_contains(chunk_id, chunks, documents):
    chunk = next(c for c in chunks if c.id == chunk_id)
    text = next(d.text for d in documents if chunk.document_id in d.id)
    return chunk.title, chunk.section, text.count("\n", 0, chunk.start) + 1


@wrong("03.5", "chunk and document at the same place", "another document")
def trace_zip(chunk_id, chunks, documents):
    pairs = itertools.zip_longest(chunks, documents, fillvalue=documents[-1])
    for chunk, document in pairs:
        if chunk.id == chunk_id:
            return chunk.title, chunk.section, document.text.count("\n", 0, chunk.start) + 1


@wrong("03.5", "section before title", "title comes first")
def trace_swapped(chunk_id, chunks, documents):
    title, section, line = trace_loops(chunk_id, chunks, documents)
    return section, title, line


@wrong("03.5", "line first", "title comes first")
def trace_line_first(chunk_id, chunks, documents):
    title, section, line = trace_loops(chunk_id, chunks, documents)
    return line, title, section


@wrong("03.5", "only the line", "three")
def trace_line(chunk_id, chunks, documents):
    return trace_loops(chunk_id, chunks, documents)[2]


@wrong("03.5", "without the section", "three")
def trace_two(chunk_id, chunks, documents):
    title, _, line = trace_loops(chunk_id, chunks, documents)
    return title, line


@wrong("03.5", "the id for the title", "title")
def trace_id(chunk_id, chunks, documents):
    chunk = next(c for c in chunks if c.id == chunk_id)
    return (chunk.document_id, *trace_loops(chunk_id, chunks, documents)[1:])


@wrong("03.5", "one text", "three")
def trace_text(chunk_id, chunks, documents):
    return " · ".join(str(value) for value in trace_loops(chunk_id, chunks, documents))


@wrong("03.5", "a dictionary", "three")
def trace_dictionary(chunk_id, chunks, documents):
    title, section, line = trace_loops(chunk_id, chunks, documents)
    return {"title": title, "section": section, "line": line}


@wrong("03.5", "gives up after the first chunk", "None")
def trace_gives_up(chunk_id, chunks, documents):
    for chunk in chunks:
        if chunk.id == chunk_id:
            return trace_loops(chunk_id, chunks, documents)
        else:
            return None


@wrong("03.5", "as if chunks were dictionaries", "TypeError")
def trace_subscripts(chunk_id, chunks, documents):
    chunk = next(c for c in chunks if c["id"] == chunk_id)
    text = next(d["text"] for d in documents if d["id"] == chunk["document_id"])
    return chunk["title"], chunk["section"], text.count("\n", 0, chunk["start"]) + 1


@wrong("03.5", "the chunk's number in its id", "another chunk")
def trace_number(chunk_id, chunks, documents):
    return trace_loops(
        chunks[int(re.findall(r"\d+", chunk_id)[-1]) % len(chunks)].id, chunks, documents
    )


@wrong("03.5", "a list of one tuple", "three")
def trace_nested(chunk_id, chunks, documents):
    return [trace_loops(chunk_id, chunks, documents)]
