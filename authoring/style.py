"""The style targets of a lesson: sizes, outputs, code habits, figures and links."""

from __future__ import annotations

import ast
import json
import re
import statistics
from pathlib import Path

from nbformat import NotebookNode

from authoring.execute import Run, figures_of
from authoring.generated import COLAB
from authoring.lesson import SLOT, Lesson, learner_source, place, tags_of
from authoring.project import Project
from authoring.segments import MARKDOWN
from authoring.translate import anchor

CELLS = (30, 60)
MEDIAN_LINES, USUAL_LINES, MOST_LINES = 5, 15, 25
WORDS_PER_LINE = (10, 20)
MOST_WORDS = 120
MOST_BYTES = 300_000
IGNORED_SHARE = 0.15
SHOWING = {"print", "display", "figure", "check", "hint", "show", "progress", "preflight", "pprint"}
ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]{6,}")
USER_METADATA = re.compile(r'"(executionInfo|outputId|user_tz|userId|photoUrl|colab)":')


def style_problems(lesson: Lesson, stored_bytes: int | None = None) -> list[str]:
    """Where a lesson misses a target of size or rhythm.

    Args:
        stored_bytes: size of the stored solutions, None when there are none yet.
    """
    name = f"lessons/{lesson.stem}.py"
    problems = []
    count = len(lesson.cells)
    if not CELLS[0] <= count <= CELLS[1]:
        problems.append(f"{name} has {count} cells: aim at {CELLS[0]} to {CELLS[1]}")
    sizes = []
    words = 0
    in_a_row = 0
    for cell in lesson.cells:
        if cell.cell_type == "code":
            in_a_row += 1
            if in_a_row == 3:
                problems.append(
                    f"{place(lesson.stem, cell)} is the third code cell in a row: say between "
                    "them what the reader sees"
                )
            if "setup" not in tags_of(cell):
                # A learner reads the stub of an exercise, not its solution.
                lines = code_lines(learner_source(cell))
                sizes.append(lines)
                if lines > MOST_LINES:
                    problems.append(
                        f"{place(lesson.stem, cell)} has {lines} lines of code: at most "
                        f"{MOST_LINES}, so split it"
                    )
            continue
        in_a_row = 0
        size = word_count(cell.source)
        words += size
        if size > MOST_WORDS:
            problems.append(
                f"{place(lesson.stem, cell)} has {size} words: at most {MOST_WORDS}, so cut or "
                "split it"
            )
    if sizes:
        median = statistics.median(sizes)
        if median > MEDIAN_LINES:
            problems.append(f"{name}: the median code cell has {median:g} lines: aim at 5")
        usual = sum(size <= USUAL_LINES for size in sizes) / len(sizes)
        if usual < 0.9:
            problems.append(
                f"{name}: {usual:.0%} of code cells have at most {USUAL_LINES} lines: aim at 90 %"
            )
        ratio = words / sum(sizes)
        if not WORDS_PER_LINE[0] <= ratio <= WORDS_PER_LINE[1]:
            problems.append(
                f"{name} has {ratio:.1f} words per line of code ({words} to {sum(sizes)}): aim at "
                f"{WORDS_PER_LINE[0]} to {WORDS_PER_LINE[1]}"
            )
    if stored_bytes is not None and stored_bytes > MOST_BYTES:
        problems.append(
            f"solutions/{lesson.stem}.ipynb has {stored_bytes:,} bytes: at most {MOST_BYTES:,}, so "
            "show less or draw smaller plots"
        )
    return problems


def code_lines(source: str) -> int:
    """Lines of code, without blank ones."""
    return sum(bool(line.strip()) for line in source.splitlines())


def word_count(source: str) -> int:
    """Words of a Markdown cell, without fenced code, tags and comments."""
    text = re.sub(r"```.*?```|<!--.*?-->|<[^>]+>", " ", source, flags=re.DOTALL)
    return sum(any(c.isalnum() for c in word) for word in text.split())


def output_problems(lesson: Lesson, run: Run) -> list[str]:
    """Code cells without the outputs they should have, and comparisons that are switched off."""
    problems = []
    cells = list(lesson.cells)
    outputs = dict(zip((c.id for c in lesson.code_cells()), run.outputs, strict=True))
    ignored = 0
    code = [cell for cell in cells if cell.cell_type == "code" and "setup" not in tags_of(cell)]
    for position, cell in enumerate(cells):
        if cell.cell_type != "code" or "setup" in tags_of(cell):
            continue
        where = place(lesson.stem, cell)
        stored = outputs[cell.id]
        if not stored and must_show(cell.source):
            problems.append(f"{where} shows nothing though it should: build the lesson again")
        if ADDRESS.search(json.dumps([dict(output) for output in stored])):
            problems.append(f"{where} shows an address in memory: print what the object holds")
        data = [output.get("data", {}) for output in stored]
        if any("image/png" in kinds for kinds in data):
            problems.append(
                f"{where} shows a picture without an alt text: call use_course_style() before it"
            )
        drawn = any("data:image/png" in kinds.get("text/html", "") for kinds in data)
        if drawn and "plt." in cell.source and "plt.show()" not in cell.source:
            problems.append(f"{where} draws a plot: end it with plt.show()")
        if "nbval-ignore-output" in tags_of(cell):
            ignored += 1
            beside = [c.source for c in cells[position : position + 3] if c.cell_type == "code"]
            if not any(re.search(r"(?m)^\s*assert\b", source) for source in beside):
                problems.append(
                    f"{where} is tagged nbval-ignore-output: assert in it, or in the next two "
                    "cells, a property that must hold on every machine"
                )
    if code and ignored / len(code) > IGNORED_SHARE:
        problems.append(
            f"lessons/{lesson.stem}.py: {ignored} of {len(code)} code cells are tagged "
            f"nbval-ignore-output: at most {IGNORED_SHARE:.0%}"
        )
    return problems


def must_show(source: str) -> bool:
    """Whether a cell that runs to its end leaves an output for certain, as far as one can read.

    A bare call may return None, so it does not count unless its name says that it shows something.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return False
    for statement in tree.body:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            function = statement.value.func
            name = function.attr if isinstance(function, ast.Attribute) else None
            name = function.id if isinstance(function, ast.Name) else name
            if name in SHOWING:
                return True
    last = tree.body[-1] if tree.body else None
    return isinstance(last, ast.Expr) and not isinstance(last.value, ast.Call | ast.Constant)


def code_problems(lesson: Lesson) -> list[str]:
    """Habits that break on Colab, on another device or in a comparison of outputs."""
    problems = []
    for cell in lesson.code_cells():
        where = place(lesson.stem, cell)
        lines = cell.source.splitlines()
        if any(re.match(r"\s*[!%].*\bpip\b", line) for line in lines):
            problems.append(f"{where} calls pip: only the setup cell installs anything")
        if any(re.search(r"\bpip\b.*(\s-U\b|--upgrade)", line) for line in lines):
            problems.append(f"{where} upgrades a package, which breaks Colab: leave that out")
        if any(line.rstrip().endswith(";") for line in lines):
            problems.append(f"{where} ends a line with a semicolon: write plt.show() instead")
        try:
            tree = ast.parse("\n".join(li for li in lines if li.lstrip()[:1] not in ("%", "!")))
        except SyntaxError as error:
            problems.append(f"{where} is not valid Python ({error.msg}, line {error.lineno})")
            continue
        texts = [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant)]
        calls = [n.func for n in ast.walk(tree) if isinstance(n, ast.Call)]
        moved = any(isinstance(func, ast.Attribute) and func.attr == "cuda" for func in calls)
        named = any(isinstance(text, str) and re.fullmatch(r"cuda(:\d+)?", text) for text in texts)
        if moved or named:
            problems.append(f'{where} names the device "cuda": take the device of the profile')
    return problems


def record_problems(lesson: Lesson, run: Run) -> list[str]:
    """Records that no prose shows and no code asserts, and names recorded twice."""
    slots = {
        match.group(1)
        for cell in lesson.cells
        if cell.cell_type == "markdown"
        for match in SLOT.finditer(cell.source)
    }
    homes: dict[str, list[NotebookNode]] = {}
    asserted = " ".join(
        line
        for cell in lesson.code_cells()
        for line in cell.source.splitlines()
        if line.strip().startswith("assert ")
    )
    for cell in lesson.code_cells():
        for name in re.findall(r"""\brecord\(\s*["'](\w+)["']""", cell.source):
            homes.setdefault(name, []).append(cell)
    problems = []
    for name in run.records:
        cells = homes.get(name, [])
        where = place(lesson.stem, cells[0]) if cells else f"lessons/{lesson.stem}.py"
        if name not in slots and not re.search(rf"\b{re.escape(name)}\b", asserted):
            problems.append(
                f"{where} records {name!r}, but no prose shows it and no code asserts it: write "
                f"{{{{{name}}}}} into the prose, or remove the record"
            )
        if len(cells) > 1:
            problems.append(f"{place(lesson.stem, cells[1])} records {name!r} a second time")
    return problems


def figure_use_problems(project: Project, lessons: dict[str, Lesson]) -> list[str]:
    """Figures that a lesson names and nobody drew, or that nobody shows; images in Markdown."""
    problems = []
    drawn = {path.stem for path in (project.root / "images").glob("*.svg")}
    shown: set[str] = set()
    for lesson in lessons.values():
        names = figures_of(lesson)
        shown.update(names)
        problems += [
            f'lessons/{lesson.stem}.py shows figure("{name}"), but images/{name}.svg does not exist'
            for name in names
            if name not in drawn
        ]
        for cell in lesson.cells:
            if cell.cell_type == "markdown" and re.search(r"!\[|<img\b", cell.source):
                problems.append(
                    f"{place(lesson.stem, cell)} holds an image, which Colab can't show: put the "
                    'SVG into images/ and show it with figure("NAME")'
                )
    readmes = [project.root / "README.md", *project.root.glob("*.md")]
    text = "".join(path.read_text(encoding="utf-8") for path in readmes if path.exists())
    problems += [
        f"images/{name}.svg is shown nowhere: show it in a lesson, or remove it"
        for name in sorted(drawn - shown)
        if f"{name}.svg" not in text
    ]
    return problems


def user_metadata_problems(project: Project) -> list[str]:
    """Stored notebooks with marks of a Colab user."""
    problems = []
    for pattern in ("solutions/*.ipynb", "notebooks/*.ipynb", "translations/*/notebooks/*.ipynb"):
        for path in sorted(project.root.glob(pattern)):
            found = USER_METADATA.search(path.read_text(encoding="utf-8"))
            if found:
                problems.append(
                    f"{path.relative_to(project.root).as_posix()} holds metadata of a Colab user "
                    f"({found.group(1)}): run make build"
                )
    return problems


def link_problems(project: Project, files: dict[Path, bytes]) -> list[str]:
    """Links, badges among them, that lead to no file of the repository.

    Args:
        files: the made files in memory, which count as existing.
    """
    problems = []
    texts: dict[Path, list[str]] = {}
    for path, content in files.items():
        if path.suffix == ".ipynb":
            cells = json.loads(content)["cells"]
            texts[path] = ["".join(c["source"]) for c in cells if c["cell_type"] == "markdown"]
        elif path.suffix == ".md":
            texts[path] = [content.decode("utf-8")]
    for path in sorted(project.root.glob("*.md")):
        texts[path.relative_to(project.root)] = [path.read_text(encoding="utf-8")]
    for path, parts in texts.items():
        anchors = _anchors("\n\n".join(parts)) if path.suffix == ".md" else None
        for target in dict.fromkeys(target for part in parts for target in link_targets(part)):
            if not _leads_somewhere(project, path, target, files, anchors):
                source = _source_of(path)
                problems.append(
                    f"{path.as_posix()} links to {target}, which does not exist: mend {source}"
                )
    return problems


def link_targets(markdown: str) -> list[str]:
    """All link and image targets of a Markdown text, those of HTML tags included."""
    targets = []
    for token in MARKDOWN.parse(markdown):
        for inner in [token, *(token.children or ())]:
            if inner.type == "link_open":
                targets.append(str(inner.attrGet("href")))
            elif inner.type == "image":
                targets.append(str(inner.attrGet("src")))
            elif inner.type in ("html_block", "html_inline"):
                targets += re.findall(r'\b(?:href|src|srcset)="([^"]+)"', inner.content)
    return targets


def _leads_somewhere(
    project: Project,
    path: Path,
    target: str,
    files: dict[Path, bytes],
    anchors: set[str] | None,
) -> bool:
    if target.startswith("#"):
        return anchors is None or target[1:] in anchors
    for base in (f"{COLAB}/github/", "https://github.com/"):
        if project.repository and target.startswith(f"{base}{project.repository}/blob/"):
            rest = target.split("/blob/", 1)[1].split("/", 1)
            return _exists(project, Path(rest[-1].split("#")[0]), files)
    if re.match(r"[a-z][a-z0-9+.-]*:", target, re.IGNORECASE):
        return True
    parts: list[str] = []
    for part in (*path.parent.parts, *target.split("#")[0].split("?")[0].split("/")):
        if part == ".." and parts:
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return _exists(project, Path(*parts), files)


def _exists(project: Project, path: Path, files: dict[Path, bytes]) -> bool:
    return path in files or (project.root / path).exists()


def _anchors(text: str) -> set[str]:
    tokens = MARKDOWN.parse(text)
    titles = [tokens[i + 1].content for i, t in enumerate(tokens) if t.type == "heading_open"]
    named = re.findall(r'\b(?:id|name)="([^"]+)"', text)
    return {anchor(title) for title in titles} | set(named)


def _source_of(path: Path) -> str:
    if path.parts[0] == "translations":
        name = "readme" if path.suffix == ".md" else path.stem
        return f"translations/{path.parts[1]}/{name}.po"
    return path.as_posix() if path.suffix == ".md" else f"lessons/{path.stem}.py"


def term_notes(lessons: dict[str, Lesson], glossary: list[dict[str, str]]) -> list[str]:
    """Terms that a lesson sets in bold and the glossary does not have: at most three words."""
    known = {row["term"].lower() for row in glossary}
    notes = []
    for lesson in lessons.values():
        for cell in lesson.cells:
            if cell.cell_type != "markdown":
                continue
            for term in re.findall(r"\*\*([a-z][\w @-]{2,40})\*\*", cell.source):
                plain = {term.lower(), term.lower().rstrip("s")}
                if len(term.split()) <= 3 and not plain & known:
                    notes.append(
                        f"{place(lesson.stem, cell)}: {term!r} is bold like a new term, and "
                        "translations/glossary.csv lacks it"
                    )
    return notes
