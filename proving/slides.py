"""`python -m proving slides 05 --out dist/slides`: a lesson as slides, in one file of its own.

Each section of the notebook becomes a column of slides: its text, its code with what it prints, its
pictures, its exercises without their answers. Setup, check and hint cells are left out, and long
code is cut. reveal.js, its style sheet and all pictures stand inside the file, so that a room needs
no network. reveal.js is under the MIT licence, which each file quotes; `npm pack` fetches it once,
and its SHA-256 is compared.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import html
import io
import math
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import nbformat
from jinja2 import DictLoader
from nbconvert import SlidesExporter
from nbformat import NotebookNode

from authoring.generated import COLAB
from authoring.lesson import tags_of
from authoring.project import AuthoringError, Project, load_project
from coursekit.figures import alt_text, figure_width
from coursekit.paths import cache_dir, write_atomically
from proving.handouts import CJK, LINK, SHOWN, blocks_of, read_cells

COMMAND = "python -m proving slides"
VERSION = "5.2.1"
ARCHIVE = f"reveal.js-{VERSION}.tgz"
ARCHIVE_SHA256 = "359b575dd51bbda32f89b2fd4c7dc46ad7389a805572158916c29252f7a27333"
SCRIPT, STYLE, THEME = "dist/reveal.js", "dist/reveal.css", "dist/theme/white.css"
PARTS = (SCRIPT, STYLE, THEME, "LICENSE")

HIDDEN = {"setup", "check", "language"}
HINT = re.compile(r'^\s*#?\s*hint\("', re.MULTILINE)
NOTEBOOK_LINK = re.compile(r"\[([^\]]+)\]\([^)\s]+\.ipynb\)")
SIZE = (1280, 720)  # pixels of a slide
ROOM, TEXT_LINE, CODE_LINE, HEADING, PICTURE, GAP = 620, 38, 23, 75, 400, 24  # heights in pixels
TEXT_SIGNS, CODE_SIGNS = 84, 112  # that fit beside each other
MOST_CODE, MOST_LINES = 16, 22  # lines of code, and of code with its output, on one slide

TEMPLATE = """\
{%- extends 'reveal/index.html.j2' -%}
{%- block html_head_js -%}{%- endblock -%}
{%- block html_head_js_mathjax -%}{%- endblock -%}
{%- block jupyter_widgets -%}{%- endblock -%}
{%- block footer_js %}
<!-- reveal.js, under this licence:
{{ resources.deck.licence }}
-->
<script>{{ resources.deck.script }}</script>
<script>
Reveal.initialize({
  width: {{ resources.deck.width }}, height: {{ resources.deck.height }}, margin: 0.03,
  center: false, controls: true, progress: true, slideNumber: "c/t", hash: true,
  transition: "none"
});
</script>
{% endblock footer_js -%}
"""
COURSE_STYLE = """\
.reveal { font-size: 27px; }
.reveal h1, .reveal h2, .reveal h3 { text-transform: none; color: #1d3b4d; }
.reveal h1 { font-size: 1.9em; } .reveal h2 { font-size: 1.5em; } .reveal h3 { font-size: 1.2em; }
.reveal .slides { text-align: left; }
.reveal .slides > section > section {
  height: 100%; overflow-y: auto; box-sizing: border-box; padding: 24px 40px;
}
.reveal .jp-InputPrompt, .reveal .jp-OutputPrompt, .reveal .jp-Collapser { display: none; }
.reveal .jp-RenderedMarkdown, .reveal .jp-RenderedHTMLCommon { font-size: 1em; line-height: 1.4; }
.reveal ul { display: block; }
.reveal table { font-size: 0.75em; }
.reveal pre, .reveal .highlight pre {
  font-size: 17px; line-height: 1.3; white-space: pre-wrap; box-shadow: none; width: 100%;
}
.reveal .jp-InputArea-editor { background: #f4f6f7; border-left: 5px solid #2f7f93; }
.reveal img { max-height: 390px; max-width: 100%; display: block; margin: 8px auto; }
.reveal details { margin: 0.6em 0; } .reveal summary { cursor: pointer; font-weight: 600; }
"""


# ---------------------------------------------------------------- reveal.js


def reveal_parts(archive: Path | None = None) -> dict[str, str]:
    """The texts of reveal.js that a deck holds inside, by their names in its package.

    Args:
        archive: `reveal.js-5.2.1.tgz` on this machine; None for the copy in the cache, which npm
            fetches the first time.

    Raises:
        AuthoringError: the archive is missing, is another one, or cannot be fetched.
    """
    path = archive or cache_dir() / "slides" / ARCHIVE
    if archive is None and not path.exists():
        _fetch(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise AuthoringError(
            f"{path} cannot be read ({error.strerror}): give --reveal the path of {ARCHIVE}."
        ) from error
    if hashlib.sha256(content).hexdigest() != ARCHIVE_SHA256:
        raise AuthoringError(
            f"{path} is not the {ARCHIVE} that the course knows (its SHA-256 differs): delete it, "
            f"and fetch it again with npm pack reveal.js@{VERSION}."
        )
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as package:
        return {
            name: package.extractfile(f"package/{name}").read().decode("utf-8") for name in PARTS
        }


def _fetch(path: Path) -> None:
    npm = shutil.which("npm")
    told = f"Or fetch {ARCHIVE} on another machine and run {COMMAND} 05 --reveal {ARCHIVE}."
    if npm is None:
        raise AuthoringError(
            f"Slides need reveal.js {VERSION}, which npm fetches, and npm was not found: install "
            f"Node.js. {told}"
        )
    with tempfile.TemporaryDirectory() as folder:
        words = [npm, "pack", f"reveal.js@{VERSION}", "--silent", "--pack-destination", folder]
        done = subprocess.run(words, capture_output=True, text=True, encoding="utf-8", cwd=folder)
        if done.returncode or not (Path(folder) / ARCHIVE).exists():
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise AuthoringError(
                f"npm could not fetch reveal.js {VERSION} ({last}): check the network. {told}"
            )
        write_atomically(path, (Path(folder) / ARCHIVE).read_bytes())


# ---------------------------------------------------------------- from a notebook to a deck


def deck_cells(cells: list[NotebookNode]) -> list[NotebookNode]:
    """The cells of a deck, each marked as a slide, a slide below it, or a part of one.

    A heading of the first or second level begins a column. What follows goes onto the same slide
    as long as it fits by the estimate of its height, and onto the next one below if not.

    Args:
        cells: of a learner's notebook with its outputs, as `proving.handouts.read_cells` gives
            them.
    """
    deck: list[NotebookNode] = []
    used = 0

    def place(cell: NotebookNode, height: int, kind: str = "") -> None:
        nonlocal used
        kind = kind or ("subslide" if used + height > ROOM else "-")
        used = height if kind != "-" else used + height
        cell.metadata["slideshow"] = {"slide_type": kind}
        deck.append(cell)

    for cell in cells:
        if cell.cell_type == "markdown":
            for block in blocks_of(cell.source):
                if _is_navigation(block):
                    continue
                kind = "slide" if block.startswith(("# ", "## ")) else ""
                if block.startswith("### ") and used > HEADING + GAP:
                    kind = "subslide"
                text = NOTEBOOK_LINK.sub(r"\1", block)
                place(nbformat.v4.new_markdown_cell(text), _height(block), kind)
        elif not HIDDEN & set(tags_of(cell)) and not HINT.search(cell.source):
            for made, height in _code_cells(cell):
                place(made, height)
    return deck


def _is_navigation(block: str) -> bool:
    """Whether a block is the row of links, or the way to Colab."""
    return COLAB in block or not re.sub(r"[|\s]", "", LINK.sub("", block))


def _height(block: str) -> int:
    """About how many pixels a block of text needs; a closed `<details>` shows one line."""
    if block.startswith("#"):
        return HEADING
    lines = block.splitlines()[:1] if block.startswith("<details") else block.splitlines()
    rows = sum(max(1, math.ceil((len(x) + len(CJK.findall(x))) / TEXT_SIGNS)) for x in lines)
    return TEXT_LINE * rows + GAP


def _code_cells(cell: NotebookNode) -> list[tuple[NotebookNode, int]]:
    """The cells that a code cell becomes, each with its height: code with prints, then pictures.

    The code of a mere plot is left out.
    """
    outputs = cell.get("outputs", [])
    pictures = [output for output in outputs if _is_picture(output)]
    texts = [output for output in outputs if not _is_picture(output)]
    talk = [output for output in texts if not _told(output).startswith("measured:")]
    made = []
    if not pictures or talk or "exercise" in tags_of(cell):
        source, used = _cut(cell.source, MOST_CODE, "# ")
        code = nbformat.v4.new_code_cell(source)
        for output in texts:
            short, lines = _short(output, max(3, MOST_LINES - used))
            code.outputs.append(short)
            used += lines
        made.append((code, CODE_LINE * used + GAP * (1 + len(texts))))
    for output in pictures:
        picture = nbformat.v4.new_code_cell("", outputs=[output])
        picture.metadata["transient"] = {"remove_source": True}
        made.append((picture, PICTURE))
    return made


def _is_picture(output: NotebookNode) -> bool:
    return output.get("data", {}).get("text/html", "").startswith("<img ")


def _told(output: NotebookNode) -> str:
    return output.get("text", "") or output.get("data", {}).get("text/plain", "")


def _cut(text: str, most: int, mark: str = "") -> tuple[str, int]:
    """A text of at most `most` lines as shown, and how many lines it takes."""
    kept, used = [], 0
    lines = text.rstrip().splitlines()
    for number, line in enumerate(lines):
        rows = max(1, math.ceil((len(line) + len(CJK.findall(line))) / CODE_SIGNS))
        if used + rows > most:
            return "\n".join([*kept, f"{mark}… +{len(lines) - number}"]), used + 1
        kept.append(line)
        used += rows
    return "\n".join(kept), used


def _short(output: NotebookNode, most: int) -> tuple[NotebookNode, int]:
    """An output whose texts are cut, and how many lines it takes."""
    lines = 0
    if "text" in output:
        output.text, lines = _cut(output.text, most)
    for kind in ("text/plain", "text/markdown"):
        if kind in output.get("data", {}):
            cut, lines = _cut(output.data[kind], most)
            output.data[kind] = f"{cut}\n```" if cut.count("```") % 2 else cut
    if "text/html" in output.get("data", {}):  # a table: its rows are higher than printed lines
        lines = math.ceil(1.7 * lines)
    return output, lines


def lesson_cells(project: Project, stem: str, code: str = "en") -> list[NotebookNode]:
    """The cells of a learner's notebook in a language, with the outputs of the English one.

    A translated notebook stores no outputs: its diagrams are those of the language, its plots and
    prints are English.

    Raises:
        AuthoringError: the language is not released, or a notebook cannot be read.
    """
    english = read_cells(project.root / "notebooks" / f"{stem}.ipynb")
    if code == "en":
        return english
    released = [language.code for language in project.languages if language.released]
    if code not in released:
        raise AuthoringError(
            f"There is no released edition in {code!r}: choose en, {', '.join(released)}."
        )
    folder = project.root / "translations" / code
    outputs = {cell.id: cell.get("outputs", []) for cell in english}
    cells = read_cells(folder / "notebooks" / f"{stem}.ipynb")
    for cell in cells:
        if cell.cell_type == "code":
            names = SHOWN.findall(cell.source)
            cell.outputs = [
                _in_language(output, names, folder / "images")
                for output in outputs.get(cell.id, [])
            ]
    return cells


def _in_language(output: NotebookNode, names: list[str], images: Path) -> NotebookNode:
    if not names or not output.get("data", {}).get("text/html", "").startswith("<img "):
        return output
    svg = (images / f"{names.pop(0)}.svg").read_text(encoding="utf-8")
    image = base64.b64encode(svg.encode("utf-8")).decode("ascii")
    tag = (
        f'<img alt="{html.escape(alt_text(svg))}" width="{figure_width(svg)}" '
        f'src="data:image/svg+xml;base64,{image}">'
    )
    return NotebookNode({**output, "data": {"text/html": tag}})


def deck_html(
    cells: list[NotebookNode], title: str, parts: dict[str, str], code: str = "en"
) -> str:
    """The slides of a lesson as one HTML page that asks the network for nothing.

    Args:
        cells: of the notebook, outputs included.
        title: of the page.
        parts: what `reveal_parts` gives.
        code: the language of the page.
    """
    notebook = nbformat.v4.new_notebook(cells=deck_cells(cells))
    notebook.metadata["title"] = title
    notebook.metadata["language_info"] = {"name": "python", "pygments_lexer": "ipython3"}
    exporter = SlidesExporter(
        extra_loaders=[DictLoader({"deck.html.j2": TEMPLATE})],
        template_file="deck.html.j2",
        reveal_url_prefix="reveal",
        reveal_theme="white",
        language_code=code,
    )
    width, height = SIZE
    deck = {"script": parts[SCRIPT], "licence": parts["LICENSE"], "width": width, "height": height}
    text, _ = exporter.from_notebook_node(notebook, {"deck": deck})
    theme = re.sub(r"@import[^;]+;", "", parts[THEME]) + COURSE_STYLE
    styles = {STYLE: parts[STYLE], THEME: theme}
    return re.sub(
        r'<link\b[^>]*href="reveal/([^"]+)"[^>]*>',
        lambda match: f"<style>{styles[match[1]]}</style>",
        text,
    )


def main(arguments: list[str]) -> int:
    """Write the decks of the named lessons; 0 when all is well, 1 with what is wrong printed."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__.splitlines()[0])
    parser.add_argument("lessons", nargs="*", help="numbers of the lessons (default: all)")
    parser.add_argument("--out", type=Path, default=Path("dist/slides"), help="the folder")
    parser.add_argument("--language", default="en", help="such as nl (default: en)")
    parser.add_argument("--reveal", type=Path, help=f"{ARCHIVE} on this machine")
    options = parser.parse_args(arguments)
    try:
        project = load_project()
        lessons = {
            stem: lesson_cells(project, stem, options.language)
            for stem in project.select(options.lessons)
        }
        parts = reveal_parts(options.reveal)
        folder = options.out if options.language == "en" else options.out / options.language
        for stem, cells in lessons.items():
            title = cells[0].source.splitlines()[0].removeprefix("# ")
            text = deck_html(cells, title, parts, options.language)
            path = write_atomically(folder / f"{stem}.html", text)
            kinds = [cell.metadata.slideshow.slide_type for cell in deck_cells(cells)]
            slides = sum(kind != "-" for kind in kinds)
            print(f"{path}: {kinds.count('slide')} columns, {slides} slides")
        print("Open a file in a browser: F fills the screen, Esc shows all, ?print-pdf prints.")
        return 0
    except AuthoringError as error:
        print(error, file=sys.stderr)
        return 1
