"""Lessons as authors write them: py:percent in, checked cells with stable ids out."""

from __future__ import annotations

import ast
import hashlib
import re
from collections import Counter
from dataclasses import dataclass

import jupytext
from nbformat import NotebookNode

from authoring.project import AuthoringError, Project

BEGIN = "### BEGIN SOLUTION"
END = "### END SOLUTION"
BADGES = "<!-- badges -->"
NEXT = "<!-- next -->"
TAGS = {
    "setup",
    "parameters",
    "exercise",
    "check",
    "nbval-ignore-output",
    "nbval-skip",
    "raises-exception",
}
SLOT = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*(?::([^{}]*))?\}\}")
TITLE = re.compile(r"# (\d\d) · (\S.*)")


@dataclass(frozen=True)
class Lesson:
    """One lesson: `number` and `title` come from its first heading, `cells` from its text."""

    stem: str
    number: str
    title: str
    cells: tuple[NotebookNode, ...]

    def code_cells(self) -> list[NotebookNode]:
        return [cell for cell in self.cells if cell.cell_type == "code"]


def load_lesson(project: Project, stem: str) -> Lesson:
    """Read and check `lessons/STEM.py`.

    Raises:
        AuthoringError: the grammar of lessons is broken; the message names lesson and cell.
    """
    text = project.lesson_path(stem).read_text(encoding="utf-8")
    notebook = jupytext.reads(text, fmt="py:percent")
    seen: Counter[str] = Counter()
    cells = []
    for cell in notebook.cells:
        if not cell.source.strip():
            raise AuthoringError(f"lessons/{stem}.py has an empty cell: fill it or remove it.")
        key = f"{cell.cell_type}\n{cell.source}"
        seen[key] += 1
        cell_id = hashlib.sha256(f"{key}\n{seen[key]}".encode()).hexdigest()[:8]
        tags = {"tags": list(tags_of(cell))} if tags_of(cell) else {}
        cells.append(
            NotebookNode(
                cell_type=cell.cell_type,
                id=cell_id,
                source=cell.source,
                metadata=NotebookNode(tags),
            )
        )
    return Lesson(stem, *_title(stem, cells), tuple(_checked(stem, cells)))


def tags_of(cell: NotebookNode) -> tuple[str, ...]:
    return tuple(cell.metadata.get("tags", ()))


def place(stem: str, cell: NotebookNode) -> str:
    """How messages name a cell: the file to edit, the cell's id, and its first words."""
    first = cell.source.strip().splitlines()[0][:50]
    return f"lessons/{stem}.py, cell {cell.id} ({first!r})"


def _title(stem: str, cells: list[NotebookNode]) -> tuple[str, str]:
    first = cells[0].source.splitlines() if cells and cells[0].cell_type == "markdown" else [""]
    found = TITLE.fullmatch(first[0])
    promise = " ".join(first[1:]).strip()
    if not found or not promise or not stem.startswith(f"{found.group(1)}_"):
        raise AuthoringError(
            f"lessons/{stem}.py must begin with a Markdown cell that holds "
            f"'# {stem.split('_')[0]} · Title' and, below it, the promise of the lesson."
        )
    return found.group(1), found.group(2)


def _checked(stem: str, cells: list[NotebookNode]) -> list[NotebookNode]:
    for cell in cells:
        unknown = [tag for tag in tags_of(cell) if tag not in TAGS]
        if unknown:
            raise AuthoringError(
                f"{place(stem, cell)} has the tag {unknown[0]!r}, which the build does not know: "
                f"use one of {', '.join(sorted(TAGS))}."
            )
        if cell.cell_type == "code":
            _check_markers(stem, cell)
        if "setup" in tags_of(cell) and any(
            line.strip() and not line.startswith("#") for line in cell.source.splitlines()
        ):
            raise AuthoringError(
                f"{place(stem, cell)} is tagged setup and holds code, but the build writes that "
                "cell: leave one comment line in it."
            )
    markdown = [cell.source for cell in cells if cell.cell_type == "markdown"]
    counts = {
        "a code cell tagged setup": sum("setup" in tags_of(cell) for cell in cells),
        f"a Markdown cell with {BADGES}": sum(BADGES in source for source in markdown),
        f"a Markdown cell with {NEXT}": sum(NEXT in source for source in markdown),
    }
    for what, count in counts.items():
        if count != 1:
            raise AuthoringError(f"lessons/{stem}.py has {count} times {what}: it needs one.")
    return cells


def _check_markers(stem: str, cell: NotebookNode) -> None:
    where = place(stem, cell)
    lines = cell.source.splitlines()
    marks = [(number, line.strip()) for number, line in enumerate(lines, 1) if "### " in line]
    begins = [number for number, text in marks if text == BEGIN]
    ends = [number for number, text in marks if text == END]
    for number, text in marks:
        if "SOLUTION" in text.upper() and text not in (BEGIN, END):
            raise AuthoringError(
                f"{where}, line {number}: {text!r} is no marker; write {BEGIN!r} or {END!r}."
            )
    if "exercise" not in tags_of(cell):
        if begins or ends:
            raise AuthoringError(
                f'{where} holds a solution but lacks the tag: write # %% tags=["exercise"].'
            )
        return
    if not begins or len(begins) != len(ends):
        raise AuthoringError(
            f"{where} has {len(begins)} times {BEGIN!r} and {len(ends)} times {END!r}: an "
            "exercise needs them in pairs."
        )
    tree = _parsed(cell.source, where)
    functions = [
        node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    for index, (begin, end) in enumerate(zip(begins, ends, strict=True)):
        if begin > end or (index and ends[index - 1] > begin):
            raise AuthoringError(
                f"{where}, line {begin}: the markers are out of order or nested; close each "
                f"{BEGIN!r} with {END!r} before the next."
            )
        body = [f for f in functions if f.lineno < begin and (f.end_lineno or 0) >= end - 1]
        if not body:
            raise AuthoringError(
                f"{where}, line {begin}: the solution must stand inside a function, below its "
                "signature and docstring."
            )
    _parsed(learner_source(cell), f"{where}, once its solution is cut out,")


def _parsed(source: str, where: str) -> ast.Module:
    try:
        return ast.parse(source)
    except SyntaxError as error:
        raise AuthoringError(
            f"{where} is not valid Python ({error.msg}, line {error.lineno}): mend that line."
        ) from error


def learner_source(cell: NotebookNode) -> str:
    """The source of a cell in the learner's edition: a stub in place of each solution."""
    kept: list[str] = []
    inside = False
    for line in cell.source.splitlines():
        if line.strip() == BEGIN:
            inside = True
            indent = line[: len(line) - len(line.lstrip())]
            kept += [f"{indent}# Your code here", f"{indent}..."]
        elif line.strip() == END:
            inside = False
        elif not inside:
            kept.append(line)
    return "\n".join(kept)
