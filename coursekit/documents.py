"""Read files (Markdown, HTML, PDF, CSV, plain text) into documents of light Markdown.

Whatever the format was, the text of a `Document` has headings as `#` and `##` lines, one
paragraph a line block, and list items that start with `- `. Later steps need no other format.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

MEGABYTE = 1_000_000


class DocumentError(ValueError):
    """A file can't become a document: the message says what, why and what to do now."""


@dataclass(frozen=True)
class Document:
    """One text and where it comes from."""

    id: str
    title: str
    text: str
    format: str
    kind: str = "document"
    product: str | None = None
    family: str | None = None
    snapshot: str | None = None
    path: str = ""


def read_document(
    path: str | Path,
    *,
    id: str | None = None,
    kind: str = "document",
    product: str | None = None,
    family: str | None = None,
    snapshot: str | None = None,
    limit: int = 5 * MEGABYTE,
) -> Document:
    """Read one .md, .html, .pdf, .csv or .txt file.

    The id is made from the file name unless you give one. `limit` is the largest file size
    in bytes. Raises `DocumentError` (a `ValueError`) for a missing, empty, too large, damaged
    or non-UTF-8 file, a PDF without text, and a suffix that no reader knows.
    """
    path = Path(path)
    reader = _reader_for(path)
    if not path.is_file():
        raise DocumentError(
            f"{path} is not there: no file has this name. Check the folder and the spelling."
        )
    size = path.stat().st_size
    if size > limit:
        raise DocumentError(
            f"{path.name} has {size / MEGABYTE:.1f} MB and the limit is "
            f"{limit / MEGABYTE:.1f} MB: it would take long to read. Split the file, or pass a "
            f"larger limit, for example read_document(path, limit={2 * size})."
        )
    if size == 0:
        raise DocumentError(_empty(path.name))
    title, text = reader(path.read_bytes(), path.name)
    if not text.strip():
        raise DocumentError(_empty(path.name))
    return Document(
        id=id or slug(path.stem),
        title=title or path.stem,
        text=text,
        format=path.suffix.lower().lstrip("."),
        kind=kind,
        product=product,
        family=family,
        snapshot=snapshot,
        path=path.as_posix(),
    )


def read_folder(path: str | Path, *, limit: int = 5 * MEGABYTE) -> list[Document]:
    """Read every file of a folder and its subfolders whose suffix has a reader.

    Hidden files and folders are left out. Documents come in the order of their paths; the kind
    of a document is the name of its subfolder. Files with the same stem get their whole path
    as id. Raises `DocumentError` when the folder is missing or holds no readable file.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise DocumentError(
            f"{folder} is not a folder. Give the folder that holds your files, "
            "or read one file with read_document()."
        )
    files = [
        (file, file.relative_to(folder))
        for file in folder.rglob("*")
        if file.is_file() and file.suffix.lower() in READERS
    ]
    files = sorted(
        (pair for pair in files if not any(part.startswith(".") for part in pair[1].parts)),
        key=lambda pair: pair[1].as_posix(),
    )
    if not files:
        raise DocumentError(
            f"{folder} holds no file to read: the readers know {_known_suffixes()}. "
            "Put such files in the folder, or convert yours first."
        )
    names = document_ids([relative for _, relative in files])
    documents = []
    for (file, relative), name in zip(files, names, strict=True):
        kind = relative.parts[-2] if len(relative.parts) > 1 else "document"
        documents.append(read_document(file, id=name, kind=kind, limit=limit))
    return documents


def document_ids(paths: Sequence[Path]) -> list[str]:
    """An id for each file: its stem, else its path, else its path with a number; no two alike."""
    stems = Counter(slug(path.stem) for path in paths)
    ids: list[str] = []
    for path in paths:
        stem = slug(path.stem)
        name = stem if stems[stem] == 1 else slug(path.as_posix())
        numbered = (f"{name}-{number}" for number in itertools.count(2))
        ids.append(next(one for one in itertools.chain([name], numbered) if one not in ids))
    return ids


def slug(text: str) -> str:
    """Make an id: lower-case words joined by hyphens ("Lapwing 1.5" becomes "lapwing-1-5")."""
    plain = unicodedata.normalize("NFKC", text).lower()
    return "-".join(re.findall(r"[^\W_]+", plain)) or "document"


# One reader a format: bytes and the file's name in, (title, light Markdown) out.


def _read_markdown(data: bytes, name: str) -> tuple[str, str]:
    text = _decode(data, name).strip()
    heading = re.search(r"^#\s+(.+?)\s*#*$", text, re.MULTILINE)
    return (heading.group(1) if heading else _first_line(text)), text


def _read_text(data: bytes, name: str) -> tuple[str, str]:
    text = _decode(data, name).strip()
    return _first_line(text), text


def _read_html(data: bytes, name: str) -> tuple[str, str]:
    from bs4 import BeautifulSoup, Comment, NavigableString

    page = BeautifulSoup(_decode(data, name), "html.parser")
    page_title = page.title.get_text(" ", strip=True) if page.title else ""
    for clutter in page(_HTML_CLUTTER):
        if clutter.name != "header" or not clutter.find_parent(["main", "article"]):
            clutter.decompose()
    article = page.find("main") or page.find("article") or page.body or page
    for string in list(article.find_all(string=True)):
        if isinstance(string, Comment):
            string.extract()
        elif not string.find_parent("pre"):
            string.replace_with(NavigableString(re.sub(r"\s+", " ", string)))
    for tag in article.find_all(_HTML_BLOCKS):
        if re.fullmatch("h[1-6]", tag.name):
            tag.insert(0, NavigableString("#" * int(tag.name[1]) + " "))
        elif tag.name == "li":
            tag.insert(0, NavigableString("- "))
        around = "\n" if tag.name in {"li", "tr", "br"} else "\n\n"
        tag.insert_before(NavigableString(around))
        tag.insert_after(NavigableString(around))
    for cell in article.find_all(["td", "th"]):
        if cell.find_next_sibling(["td", "th"]):
            cell.insert_after(NavigableString(" | "))
    text = _tidy(article.get_text())
    heading = re.search(r"^# (.+)$", text, re.MULTILINE)
    return (heading.group(1) if heading else page_title or _first_line(text)), text


def _read_pdf(data: bytes, name: str) -> tuple[str, str]:
    from pypdf import PdfReader

    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise DocumentError(
                f"{name} asks for a password, so its text can't be read. "
                "Save a copy without a password and read that."
            )
        pages = [page.extract_text().splitlines() for page in reader.pages]
        headings = list(_outline(reader.outline))
        title = (reader.metadata.title or "") if reader.metadata else ""
    except DocumentError:
        raise
    except Exception as error:  # a damaged PDF makes the parser raise almost anything
        raise DocumentError(
            f"{name} can't be read as a PDF ({error}): it is damaged or made in an unusual way. "
            "Open it in a PDF viewer: if it shows there, print it to a new PDF and read that; "
            "if not, fetch the file again."
        ) from error
    pages = [[" ".join(line.split()) for line in page if line.strip()] for page in pages]
    if not any(pages):
        raise DocumentError(
            f"{name} is a PDF without text: its pages are probably scanned pictures. "
            "Run text recognition (OCR) on it first, for example with ocrmypdf, "
            "and read the result."
        )
    text = _join_lines(_without_running_lines(pages), headings)
    if not title:
        title = headings[0][1] if headings else _first_line(text)
    return title, text


def _read_csv(data: bytes, name: str) -> tuple[str, str]:
    text = _decode(data, name)
    header_line = _first_line(text)
    delimiter = max(",;\t", key=header_line.count)
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    except csv.Error as error:
        raise DocumentError(
            f"{name} is no clean table ({error}). Save it again from your spreadsheet "
            'as "CSV UTF-8".'
        ) from error
    rows = [[" ".join(cell.split()) for cell in row] for row in rows]
    rows = [row for row in rows if any(row)]
    if not rows:
        raise DocumentError(_empty(name))
    header, body = rows[0], rows[1:]
    if not body:
        raise DocumentError(
            f"{name} has a header line and no rows, so there is nothing to find in it. "
            "Add rows below the header."
        )
    for number, row in enumerate(body, start=2):
        if len(row) != len(header):
            raise DocumentError(
                f"{name}, row {number}, has {len(row)} cells and the header has {len(header)}: "
                "the columns can't be told apart. Put quotes around cells that hold a comma."
            )
    title = _sentence_case(Path(name).stem.replace("-", " ").replace("_", " "))
    lines = [f"- {row_sentence(header, row)}" for row in body]
    return title, "\n".join([f"# {title}", "", *lines])


READERS: dict[str, Callable[[bytes, str], tuple[str, str]]] = {
    ".md": _read_markdown,
    ".html": _read_html,
    ".htm": _read_html,
    ".pdf": _read_pdf,
    ".csv": _read_csv,
    ".txt": _read_text,
}


def row_sentence(header: list[str], row: list[str]) -> str:
    """Write a table row as text: "Product: Kestrel 3. Harbour price: 4,310 euros."."""
    cells = [
        f"{_sentence_case(name)}: {cell}" if name else cell
        for name, cell in zip(header, row, strict=True)
        if cell
    ]
    return " ".join(cell if cell[-1] in ".!?" else f"{cell}." for cell in cells)


_HTML_CLUTTER = ["nav", "header", "footer", "aside", "script", "style", "noscript", "template"]
_HTML_CLUTTER += ["form", "button", "svg", "head", "title"]
_HTML_BLOCKS = ["h1", "h2", "h3", "h4", "h5", "h6", "p", "li", "ul", "ol", "div", "section"]
_HTML_BLOCKS += ["article", "table", "tr", "pre", "blockquote", "dl", "dt", "dd", "figure", "br"]


def _reader_for(path: Path) -> Callable[[bytes, str], tuple[str, str]]:
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        suffix = f'the suffix "{path.suffix}"' if path.suffix else "no suffix"
        raise DocumentError(
            f"{path.name} has {suffix}, and no reader knows it: the readers know "
            f"{_known_suffixes()}. Save the file in one of these formats."
        )
    return reader


def _known_suffixes() -> str:
    return ", ".join(READERS)


def _empty(name: str) -> str:
    return f"{name} is empty: there is no text to read. Check the file, or leave it out."


def _decode(data: bytes, name: str) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DocumentError(
            f"{name} is not UTF-8 text (byte {error.start} is {data[error.start]:#04x}). "
            'Open it in an editor and save it with the encoding "UTF-8".'
        ) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _first_line(text: str) -> str:
    return next((line.strip(" #\t") for line in text.splitlines() if line.strip(" #\t")), "")


def _sentence_case(text: str) -> str:
    return text[:1].upper() + text[1:]


def _tidy(text: str) -> str:
    lines = [re.sub(r"[ \t\xa0]+", " ", line).strip() for line in text.splitlines()]
    text = "\n".join(line for line in lines if line != "-")
    text = re.sub(r"\n{3,}", "\n\n", text)
    return re.sub(r"(?m)^(- .*)\n\n(?=- )", r"\1\n", text).strip()


def _outline(entries: list, level: int = 1) -> Iterator[tuple[int, str]]:
    """Walk the bookmarks of a PDF: (heading level, heading text), in reading order."""
    for entry in entries:
        if isinstance(entry, list):
            yield from _outline(entry, level + 1)
        else:
            yield level, " ".join(str(entry.title).split())


def _without_running_lines(pages: list[list[str]]) -> list[str]:
    """Drop page numbers and the headers and footers that come back on every page."""

    def shape(line: str) -> str:
        return re.sub(r"\d+", "0", line)

    pages = [page for page in pages if page]
    edges = [shape(line) for page in pages for line in {page[0], page[-1]}]

    def runs(line: str) -> bool:
        repeated = len(pages) > 1 and edges.count(shape(line)) == len(pages)
        numbered = re.search(r"(?i)(^|\W)page \d+( of \d+)?$", line) or line.isdecimal()
        return repeated or bool(numbered)

    kept: list[str] = []
    for page in pages:
        first = 1 if runs(page[0]) else 0
        last = len(page) - 1 if len(page) > first and runs(page[-1]) else len(page)
        kept += page[first:last]
    return kept


def _join_lines(lines: list[str], headings: list[tuple[int, str]]) -> str:
    """Join wrapped lines into paragraphs, and mark the lines that the outline names."""
    blocks: list[str] = []
    waiting = list(headings)
    start_new = True
    position = 0
    while position < len(lines):
        used = _lines_of_heading(lines, position, waiting[0][1]) if waiting else 0
        if used:
            level, heading = waiting.pop(0)
            blocks.append(f"{'#' * level} {heading}")
            start_new = True
            position += used
            continue
        line = lines[position].replace("\xad", "")
        item = re.match(r"(?:[-•·▪*]|(\d+)[.)])\s+", line)
        if item:
            mark = f"{item.group(1)}. " if item.group(1) else "- "
            blocks.append(mark + line[item.end() :])
        elif start_new:
            blocks.append(line)
        else:
            blocks[-1] += line if re.search(r"\w-$", blocks[-1]) else f" {line}"
        start_new = False
        position += 1
    return _tidy("\n\n".join(blocks))


def _lines_of_heading(lines: list[str], position: int, heading: str) -> int:
    """Count the lines from `position` on that together spell `heading` (0: they don't)."""
    joined = ""
    for count, line in enumerate(lines[position : position + 4], start=1):
        joined = f"{joined} {line}".strip()
        if joined == heading:
            return count
    return 0
