"""Split documents into chunks: the passages that are embedded, found and put in a prompt."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from coursekit.documents import Document, slug

_HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*#*$")
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"'”’)\]*]*\s+(?=[\"'“‘(\[*`]*[A-Z0-9])")
_FENCE = re.compile(r"^(```|~~~)")


@dataclass(frozen=True)
class Chunk:
    """A passage with its source. `text` starts with the document's title and the section."""

    id: str
    text: str
    document_id: str
    title: str
    section: str
    kind: str
    product: str | None
    family: str | None
    position: int


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
        for section, body, product, family in passages:
            for piece in _cut(body, max_words):
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
                    )
                )
                position += 1
    return chunks


_Passage = tuple[str, str, str | None, str | None]  # section, body, product, family


def _with_title(document: Document, section: str, body: str) -> str:
    if document.format == "csv":
        return f"{document.title}. {body}"
    return f"{document.title} · {section}\n{body}" if section else f"{document.title}\n{body}"


def _table_rows(document: Document) -> Iterator[_Passage]:
    """One passage a row. A column "product" or "fits" names the product."""
    for line in document.text.splitlines():
        if not line.startswith("- "):
            continue
        row = line[2:]
        first_cell = re.match(r"[^:]+: (.+?)\.(?: [^:.]+:|$)", row)
        named = re.search(r"(?:^|\. )(?:Product|Fits): (.+?)\.(?: [^:.]+:|$)", row)
        product = slug(named.group(1)) if named else document.product
        # A family carries the first word of its products' names.
        family = product.split("-")[0] if named and product else document.family
        yield first_cell.group(1) if first_cell else "", row, product, family


def _sections(document: Document) -> Iterator[_Passage]:
    """One passage a section; a heading without text of its own gives none."""
    section, lines, fenced = "", [], False
    for line in [*document.text.splitlines(), "# "]:
        heading = None if fenced else _HEADING.match(line)
        if _FENCE.match(line):
            fenced = not fenced
        if heading is None and line != "# ":
            lines.append(line)
            continue
        body = "\n".join(lines).strip()
        if body:
            yield section, body, document.product, document.family
        if heading:
            section = "" if heading.group(2) == document.title else heading.group(2)
        lines = []


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
