"""Split documents into chunks: the passages that are embedded, found and put in a prompt.

Lesson 03 compares three ways: by characters, by tokens, by structure. The course splits by
structure; the stored gold passages are ids of those chunks.
"""

from __future__ import annotations

import csv
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit.documents import Document, slug
from coursekit.scoring import contains_answer, exact_match

if TYPE_CHECKING:
    from coursekit.corpus import Question
    from coursekit.rag import Hit

_HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*#*$")
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"'”’)\]*]*\s+(?=[\"'“‘(\[*`]*[A-Z0-9])")
_FENCE = re.compile(r"^(```|~~~)")


@dataclass(frozen=True)
class Chunk:
    """A passage with its source.

    `text` is what is embedded and put in a prompt; `split_into_chunks` and `with_titles` begin it
    with the document's title and the section. `document.text[start:end]` is what it was made from.
    """

    id: str
    text: str
    document_id: str
    title: str
    section: str
    kind: str
    product: str | None
    family: str | None
    position: int
    start: int | None = None
    end: int | None = None


def split_into_chunks(documents: Iterable[Document], max_words: int = 90) -> list[Chunk]:
    """Split documents by their structure into chunks of at most `max_words` words.

    Each section under a heading becomes one chunk; a longer section is cut at the ends of
    sentences. The text of a chunk is "<document title> · <section>" and, on the next lines,
    the body, so that the product's name is in every chunk; `max_words` counts the body. Each
    row of a table becomes a chunk of its own: "Price list. Product: Kestrel 3. ...".
    The id is the document's id, "#" and the position in the document, counted from 0.
    Raises `ValueError` if `max_words` is below 1.
    """
    if max_words < 1:
        raise ValueError(f"max_words is {max_words}: a chunk needs room for at least one word.")
    chunks: list[Chunk] = []
    for document in documents:
        passages = _table_rows(document) if document.format == "csv" else _sections(document)
        position = 0
        for section, body, product, family, offset in passages:
            end = offset
            for piece in _cut(body, max_words):
                start, end = _locate(piece, document.text, end)
                chunks.append(
                    Chunk(
                        id=f"{document.id}#{position}",
                        text=_with_title(document, section, piece),
                        document_id=document.id,
                        title=document.title,
                        section=section,
                        kind=document.kind,
                        product=product,
                        family=family,
                        position=position,
                        start=start,
                        end=end,
                    )
                )
                position += 1
    return chunks


def split_by_characters(documents: Iterable[Document], size: int, overlap: int = 0) -> list[Chunk]:
    """Cut each document's text every `size` characters, wherever that falls.

    Each chunk repeats the last `overlap` characters of the one before it; the last chunk of a
    document may be shorter. The text is the bare piece: `with_titles` puts the title in front.
    Raises `ValueError` if `size` is below 1, or `overlap` is negative or not below `size`.
    """
    check_sizes(size, overlap, "characters")
    return [
        chunk
        for document in documents
        for chunk in _pieces(document, _windows(len(document.text), size, overlap))
    ]


def split_by_tokens(
    documents: Iterable[Document], tokenizer: Any, size: int, overlap: int = 0
) -> list[Chunk]:
    """Cut each document's text every `size` tokens of `tokenizer`, a Hugging Face fast tokenizer.

    As `split_by_characters`, with tokens as the unit. The text is taken from the document by the
    tokens' character spans, so nothing in it changes; a word that is cut in two may count a token
    more in its chunk. Raises `ValueError` also if `size` and the model's special tokens together
    are longer than the window of the tokenizer's model.
    """
    window = tokenizer.model_max_length
    check_sizes(size, overlap, "tokens", window, tokenizer.num_special_tokens_to_add())
    chunks: list[Chunk] = []
    for document in documents:
        tokens = tokenizer(
            document.text, add_special_tokens=False, return_offsets_mapping=True, verbose=False
        )
        spans = tokens["offset_mapping"]
        windows = _windows(len(spans), size, overlap)
        chunks += _pieces(
            document, ((spans[first][0], spans[last - 1][1]) for first, last in windows)
        )
    return chunks


def with_titles(chunks: Iterable[Chunk]) -> list[Chunk]:
    """The same chunks, each beginning with a line "<document title> · <section>"."""
    return [
        replace(
            c, text=f"{c.title} · {c.section}\n{c.text}" if c.section else f"{c.title}\n{c.text}"
        )
        for c in chunks
    ]


def check_sizes(
    size: int, overlap: int, unit: str, window: int | None = None, special: int = 0
) -> None:
    """Raise `ValueError` if chunks of `size` with `overlap` cannot be made or do not fit `window`.

    `special` is the number of tokens that the model adds to each text.
    """
    if size < 1:
        raise ValueError(f"size is {size}: a chunk needs room for at least one. Give 1 or more.")
    if not 0 <= overlap < size:
        raise ValueError(
            f"overlap is {overlap} and size is {size} {unit}: a chunk must begin after the one "
            f"before it, so overlap must be from 0 to {size - 1}."
        )
    if window is not None and size + special > window:
        raise ValueError(
            f"size is {size} tokens, and the model reads {window}, of which it needs {special} for "
            f"itself: the end of each chunk would be ignored. Give at most {window - special}, and "
            "less if a title comes in front."
        )


def holds_answer(chunk: Chunk, question: Question) -> bool:
    """Whether a chunk of any splitting is worth finding for a question with a gold answer.

    It is if it comes from the document of a gold passage and contains the gold answer. In a table
    the same value may stand in many rows, so there one line must hold answer and product together.
    False for a question without an answer.
    """
    documents = {passage.rpartition("#")[0] for passage in question.gold_passages}
    if question.answer is None or chunk.document_id not in documents:
        return False
    if question.kind != "table":
        return contains_answer(chunk.text, question.answer)
    return any(
        f"-{question.product}-" in f"-{slug(line)}-" and _tells(line, question.answer)
        for line in chunk.text.splitlines()
    )


def answer_found(
    hits_by_question: Sequence[Sequence[Hit]], questions: Sequence[Question]
) -> np.ndarray:
    """`holds_answer` for each hit: bool array of shape (questions, hits), best hit first."""
    return np.array(
        [
            [holds_answer(hit.chunk, question) for hit in hits]
            for hits, question in zip(hits_by_question, questions, strict=True)
        ]
    )


def _tells(line: str, answer: str) -> bool:
    """Whether a line of a table holds the answer, as text or as a cell of raw CSV.

    Cells are looked at one by one, since "Kestrel 2,183 kilograms" reads like 2,183 kilograms.
    """
    cells = next(csv.reader([line]), [])
    return contains_answer(line, answer) or any(exact_match(cell, answer) for cell in cells)


def _windows(length: int, size: int, overlap: int) -> Iterator[tuple[int, int]]:
    """Spans (start, end) that cover `length` units; the last one ends with the text."""
    for start in range(0, max(length - overlap, 1) if length else 0, size - overlap):
        yield start, min(start + size, length)


def _pieces(document: Document, spans: Iterable[tuple[int, int]]) -> Iterator[Chunk]:
    """One chunk for each span of characters, with the section that it begins in."""
    passages = _table_rows(document) if document.format == "csv" else _sections(document)
    sections = [(offset, section) for section, _, _, _, offset in passages]
    offsets = [offset for offset, _ in sections]
    for position, (start, end) in enumerate(spans):
        text = document.text[start:end]
        # A piece that begins in the line of a heading belongs to the section below it.
        first = start + len(text) - len(text.lstrip())
        line_start = document.text.rfind("\n", 0, first) + 1
        line_end = document.text.find("\n", first)
        if _HEADING.match(document.text[line_start:line_end]):
            first = line_end + 1
        number = bisect_right(offsets, first)
        yield Chunk(
            id=f"{document.id}#{position}",
            text=text,
            document_id=document.id,
            title=document.title,
            section=sections[number - 1][1] if number else "",
            kind=document.kind,
            product=document.product,
            family=document.family,
            position=position,
            start=start,
            end=end,
        )


def _locate(piece: str, text: str, start: int) -> tuple[int, int]:
    """Where a piece stands in the text it was cut from; white space may have changed."""
    found = text.find(piece, start)
    if found >= 0:
        return found, found + len(piece)
    match = re.compile(r"\s+".join(map(re.escape, piece.split()))).search(text, start)
    return match.span() if match else (start, start)


# section, body, product, family, where its lines begin in the document's text
_Passage = tuple[str, str, str | None, str | None, int]


def _with_title(document: Document, section: str, body: str) -> str:
    if document.format == "csv":
        return f"{document.title}. {body}"
    return f"{document.title} · {section}\n{body}" if section else f"{document.title}\n{body}"


def _table_rows(document: Document) -> Iterator[_Passage]:
    """One passage a row. A column "product" or "fits" names the product."""
    offset = 0
    for full_line in document.text.splitlines(keepends=True):
        line, begin = full_line.splitlines()[0], offset
        offset += len(full_line)
        if not line.startswith("- "):
            continue
        row = line[2:]
        first_cell = re.match(r"[^:]+: (.+?)\.(?: [^:.]+:|$)", row)
        named = re.search(r"(?:^|\. )(?:Product|Fits): (.+?)\.(?: [^:.]+:|$)", row)
        product = slug(named.group(1)) if named else document.product
        # A family carries the first word of its products' names.
        family = product.split("-")[0] if named and product else document.family
        yield first_cell.group(1) if first_cell else "", row, product, family, begin + 2


def _sections(document: Document) -> Iterator[_Passage]:
    """One passage a section; a heading without text of its own gives none."""
    section, lines, fenced, offset, begin = "", [], False, 0, 0
    for full_line in [*document.text.splitlines(keepends=True), "# "]:
        line = full_line.splitlines()[0]
        offset += len(full_line)
        heading = None if fenced else _HEADING.match(line)
        if _FENCE.match(line):
            fenced = not fenced
        if heading is None and line != "# ":
            lines.append(line)
            continue
        body = "\n".join(lines).strip()
        if body:
            yield section, body, document.product, document.family, begin
        if heading:
            section = "" if heading.group(2) == document.title else heading.group(2)
        lines, begin = [], offset


def _cut(body: str, max_words: int) -> list[str]:
    """Cut a section at the ends of sentences; a longer sentence at line ends, then at words."""
    if len(body.split()) <= max_words:
        return [body]
    pieces: list[str] = []
    current, words = "", 0
    for separator, sentence in _sentences(body, max_words):
        length = len(sentence.split())
        if current and words + length > max_words:
            pieces.append(current)
            current, words = "", 0
        current = f"{current}{separator}{sentence}" if current else sentence
        words += length
    return [*pieces, current]


def _sentences(body: str, max_words: int) -> Iterator[tuple[str, str]]:
    """The sentences of a section, each with what stood before it (space or line break)."""
    for block_separator, block in _split_keeping(body, re.compile(r"\n\s*\n|\n(?=\s*[-*] )")):
        for separator, sentence in _split_keeping(block, _SENTENCE_END):
            before = separator or block_separator
            if len(sentence.split()) <= max_words:
                yield before, sentence
                continue
            for line_separator, line in _split_keeping(sentence, re.compile(r"\n")):
                parts = line.split()
                if len(parts) <= max_words:
                    yield line_separator or before, line
                    continue
                for start in range(0, len(parts), max_words):
                    between = " " if start else line_separator or before
                    yield between, " ".join(parts[start : start + max_words])


def _split_keeping(text: str, pattern: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """Split like `pattern.split`, each part with the separator that came before it."""
    start, separator = 0, ""
    for match in pattern.finditer(text):
        # Closing quotes belong to the sentence, the white space after them to the separator.
        space = re.search(r"\s", match.group())
        end = match.start() + (space.start() if space else 0)
        if text[start:end].strip():
            yield separator, text[start:end]
            separator = text[end : match.end()]
        start = match.end()
    if text[start:].strip():
        yield separator, text[start:]
