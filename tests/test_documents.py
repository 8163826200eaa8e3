"""Readers and chunks: what comes in as a file comes out as passages, and bad files say why."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from fpdf import FPDF
from pypdf import PdfReader, PdfWriter

from coursekit.chunks import split_into_chunks
from coursekit.documents import (
    Document,
    DocumentError,
    read_document,
    read_folder,
    slug,
)


def write_pdf(path: Path, pages: list[list[tuple[str, str]]], footer: str = "") -> Path:
    """A PDF of (style, text) blocks a page: style "1" or "2" is a heading, "" a paragraph."""

    class Pdf(FPDF):
        def footer(self) -> None:
            self.set_y(-10)
            self.set_font("helvetica", size=8)
            self.cell(0, 5, footer.format(page=self.page_no()))

    pdf = Pdf(format=(100, 150))
    for blocks in pages:
        pdf.add_page()
        for style, text in blocks:
            pdf.set_font("helvetica", size=12)
            if style:
                pdf.start_section(text, level=int(style) - 1)
            pdf.multi_cell(0, 6, text, align="L", new_x="LMARGIN", new_y="NEXT")
    pdf.output(str(path))
    return path


# Readers


def test_markdown_is_kept_as_it_is(tmp_path):
    text = "# A manual\r\n\r\n## Heat\r\n\r\nWait **44 minutes**.\r\n"
    file = tmp_path / "Deck Oven_3.md"
    file.write_bytes(b"\xef\xbb\xbf" + text.encode())
    document = read_document(file, product="oven-3", family="oven", snapshot="2025-03")
    assert document == Document(
        id="deck-oven-3",
        title="A manual",
        text="# A manual\n\n## Heat\n\nWait **44 minutes**.",
        format="md",
        product="oven-3",
        family="oven",
        snapshot="2025-03",
        path=file.as_posix(),
    )


def test_text_takes_its_first_line_as_title(tmp_path):
    file = tmp_path / "note.txt"
    file.write_text("\nA note on tea\n\nIt is warm.\n", encoding="utf-8")
    document = read_document(file)
    assert (document.title, document.format) == ("A note on tea", "txt")


def test_html_keeps_the_article_and_drops_the_page_around_it(tmp_path):
    file = tmp_path / "page.html"
    file.write_text(
        """<html><head><title>Shop</title><style>p {}</style></head><body>
        <header><h1>Shop of shops</h1></header>
        <nav><ul><li>Home</li></ul></nav>
        <main><h1>Kestrel &amp; co</h1><h2>Heat</h2><p>Wait <b>44
        minutes</b>, then <!-- hidden --> bake.</p><ul><li>one</li><li>two</li></ul>
        <table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>
        <pre>x = 1
y = 2</pre></main>
        <footer>Cookies</footer><script>run()</script></body></html>""",
        encoding="utf-8",
    )
    document = read_document(file)
    assert document.title == "Kestrel & co"
    assert document.text == (
        "# Kestrel & co\n\n## Heat\n\nWait 44 minutes, then bake.\n\n- one\n- two\n\n"
        "a | b\n\n1 | 2\n\nx = 1\ny = 2"
    )


def test_html_without_main_or_headings(tmp_path):
    file = tmp_path / "plain.htm"
    file.write_text("<title>Notes</title><nav>x</nav><div>One<div>Two</div></div>", "utf-8")
    document = read_document(file)
    assert (document.title, document.text) == ("Notes", "One\n\nTwo")


def test_pdf_finds_headings_and_joins_wrapped_lines(tmp_path):
    prose = "The oven wants quite some time, in fact 44 minutes, before it is ready to bake. " * 3
    pages = [
        [("1", "A heading that is so long that it needs two lines"), ("2", "Heat"), ("", prose)],
        [("", "This goes on, page after page."), ("2", "Doors"), ("", prose), ("", "- a list")],
    ]
    file = write_pdf(tmp_path / "oven.pdf", pages, footer="Larkspur, page {page}")
    document = read_document(file)
    assert document.title == "A heading that is so long that it needs two lines"
    assert re.findall(r"(?m)^#+ .*$", document.text) == [
        "# A heading that is so long that it needs two lines",
        "## Heat",
        "## Doors",
    ]
    assert document.text.count("44 minutes") == 6
    assert "ready to bake. This goes on" in document.text
    assert "Larkspur" not in document.text
    assert document.text.endswith("\n\n- a list")


def test_pdf_keeps_a_hyphen_at_a_line_end(tmp_path):
    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("helvetica", size=12)
    for line in ("A two-", "deck oven"):
        pdf.cell(0, 6, line, new_x="LMARGIN", new_y="NEXT")
    pdf.output(str(tmp_path / "a.pdf"))
    assert read_document(tmp_path / "a.pdf").text == "A two-deck oven"


def test_csv_rows_become_sentences(tmp_path):
    file = tmp_path / "price-list.csv"
    file.write_text(
        'product,harbour price,finish\nKestrel 3,"4,310 euros",\nLapwing 1.5,"990 euros",red\n',
        encoding="utf-8",
    )
    document = read_document(file)
    assert document.text == (
        "# Price list\n\n- Product: Kestrel 3. Harbour price: 4,310 euros.\n"
        "- Product: Lapwing 1.5. Harbour price: 990 euros. Finish: red."
    )


def test_csv_cells_with_line_breaks_full_stops_and_no_column_name(tmp_path):
    file = tmp_path / "faq.csv"
    long = "It bakes. " * 60
    file.write_text(f'question,answer,\nWhy?,"No\nidea.",yes\nHow?,{long},\n', "utf-8")
    document = read_document(file)
    assert document.text.startswith("# Faq\n\n- Question: Why? Answer: No idea. yes.\n- ")
    chunks = split_into_chunks([document], max_words=50)
    assert [len(chunk.text.split()) <= 51 for chunk in chunks] == [True] * 4
    assert all(chunk.text.startswith("Faq. ") for chunk in chunks)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_delimiters(tmp_path, delimiter):
    file = tmp_path / "t.csv"
    file.write_text(f"a{delimiter}b\n1{delimiter}2\n", encoding="utf-8")
    assert read_document(file).text == "# T\n\n- A: 1. B: 2."


def test_folder_is_read_in_order_with_unique_ids(tmp_path):
    for name in ("b/note.md", "a/note.md", "a/list.txt", ".hidden/x.md", "a/picture.png"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("# Hello\n", encoding="utf-8")
    documents = read_folder(tmp_path)
    assert [document.id for document in documents] == ["list", "a-note-md", "b-note-md"]
    assert [document.kind for document in documents] == ["a", "a", "b"]


def test_slug():
    assert slug("Lapwing 1.5") == "lapwing-1-5"
    assert slug("Été à_Port") == "été-à-port"
    assert slug("!") == "document"


# Files that can't be read: each message says what, why, and what to do


def fault(action) -> str:
    with pytest.raises(DocumentError) as caught:
        action()
    assert isinstance(caught.value, ValueError)
    return str(caught.value)


@pytest.mark.parametrize("suffix", [".md", ".html", ".csv", ".txt", ".pdf"])
@pytest.mark.parametrize("content", [b"", b" \n\n"])
def test_empty_file(tmp_path, suffix, content):
    file = tmp_path / f"nothing{suffix}"
    file.write_bytes(content)
    message = fault(lambda: read_document(file))
    assert "nothing" in message
    assert "is empty" in message or suffix == ".pdf"


@pytest.mark.parametrize("suffix", [".md", ".html", ".csv", ".txt"])
def test_file_that_is_not_utf8(tmp_path, suffix):
    file = tmp_path / f"old{suffix}"
    file.write_bytes("Ein Ofen für Bäcker".encode("latin-1"))
    message = fault(lambda: read_document(file))
    assert "not UTF-8" in message and "byte 10" in message and "save it" in message


def test_file_over_the_limit(tmp_path):
    file = tmp_path / "huge.txt"
    file.write_text("word " * 100, encoding="utf-8")
    message = fault(lambda: read_document(file, limit=100))
    assert "limit" in message and "huge.txt" in message
    assert read_document(file, limit=1000).title.startswith("word")
    assert "limit" in fault(lambda: read_folder(tmp_path, limit=100))


def test_pdf_without_text(tmp_path):
    pdf = FPDF()
    pdf.add_page()
    pdf.output(str(tmp_path / "scan.pdf"))
    message = fault(lambda: read_document(tmp_path / "scan.pdf"))
    assert "without text" in message and "OCR" in message


@pytest.mark.parametrize("keep", [5, 300])
def test_damaged_pdf(tmp_path, keep):
    whole = write_pdf(tmp_path / "whole.pdf", [[("", "Some text")]]).read_bytes()
    (tmp_path / "cut.pdf").write_bytes(whole[:keep])
    message = fault(lambda: read_document(tmp_path / "cut.pdf"))
    assert "cut.pdf" in message and "PDF" in message


def test_pdf_with_a_password(tmp_path):
    source = write_pdf(tmp_path / "open.pdf", [[("", "Some text")]])
    writer = PdfWriter(clone_from=PdfReader(source))
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(tmp_path / "locked.pdf")
    assert "password" in fault(lambda: read_document(tmp_path / "locked.pdf"))


@pytest.mark.parametrize("name", ["sheet.xlsx", "README"])
def test_unknown_suffix(tmp_path, name):
    (tmp_path / name).write_text("x", encoding="utf-8")
    message = fault(lambda: read_document(tmp_path / name))
    assert name in message and ".md, .html" in message


def test_missing_file_and_folder(tmp_path):
    assert "not there" in fault(lambda: read_document(tmp_path / "gone.md"))
    assert "not a folder" in fault(lambda: read_folder(tmp_path / "gone"))
    assert "no file to read" in fault(lambda: read_folder(tmp_path))


@pytest.mark.parametrize(
    ("content", "says"),
    [("a,b\n", "no rows"), ("a,b\n1,2\n1,2,3\n", "row 3"), ('a,b\n"1,2\n', "row 2")],
)
def test_csv_that_is_no_table(tmp_path, content, says):
    file = tmp_path / "t.csv"
    file.write_text(content, encoding="utf-8")
    assert says in fault(lambda: read_document(file))


# Chunks


def document(text: str, **changes: str) -> Document:
    fields = {"id": "d", "title": "Kestrel 3: manual", "text": text, "format": "md"} | changes
    return Document(**fields)


def test_a_section_is_a_chunk():
    text = "# Kestrel 3: manual\n\nHello.\n\n## Empty\n\n## Heat\n\nWait.\n\nBake.\n"
    chunks = split_into_chunks([document(text, product="kestrel-3", family="kestrel")])
    assert [chunk.id for chunk in chunks] == ["d#0", "d#1"]
    assert chunks[0].text == "Kestrel 3: manual\nHello."
    assert chunks[1].text == "Kestrel 3: manual · Heat\nWait.\n\nBake."
    assert chunks[1].section == "Heat"
    assert (chunks[1].product, chunks[1].family, chunks[1].position) == ("kestrel-3", "kestrel", 1)


def test_a_long_section_is_cut_at_sentence_ends():
    sentence = 'It takes 6.4 litres, says the card: "Fill it."'
    chunks = split_into_chunks([document("# T\n\n## S\n\n" + f"{sentence} " * 9)], max_words=20)
    bodies = [chunk.text.partition("\n")[2] for chunk in chunks]
    assert bodies == [f"{sentence} {sentence}"] * 4 + [sentence]


def test_no_word_is_lost_and_no_chunk_is_too_long():
    words = [f"w{number}" for number in range(500)]
    text = "\n".join(" ".join(words[start : start + 50]) for start in range(0, 500, 50))
    chunks = split_into_chunks([document(text)], max_words=30)
    bodies = [chunk.text.partition("\n")[2].split() for chunk in chunks]
    assert sum(bodies, []) == words
    assert max(map(len, bodies)) <= 30


def test_headings_in_code_are_no_headings():
    text = "# T\n\n## Code\n\n```\n# a comment\n```\n\nDone."
    (chunk,) = split_into_chunks([document(text)])
    assert "# a comment" in chunk.text and chunk.section == "Code"


def test_a_table_row_is_a_chunk(tmp_path):
    file = tmp_path / "price-list.csv"
    file.write_text(
        'product,harbour price\nLapwing 1.5 Duo,"4,310 euros"\nKestrel 3,990 euros\n', "utf-8"
    )
    chunks = split_into_chunks([read_document(file, kind="table")])
    assert chunks[0].text == "Price list. Product: Lapwing 1.5 Duo. Harbour price: 4,310 euros."
    assert [chunk.product for chunk in chunks] == ["lapwing-1-5-duo", "kestrel-3"]
    assert [chunk.family for chunk in chunks] == ["lapwing", "kestrel"]
    assert [chunk.section for chunk in chunks] == ["Lapwing 1.5 Duo", "Kestrel 3"]


def test_max_words_must_leave_room():
    with pytest.raises(ValueError, match="at least one word"):
        split_into_chunks([document("x")], max_words=0)


def test_reading_imports_no_torch():
    code = "import sys, coursekit.corpus; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
