"""The notebooks of one lesson: solutions, learner's edition, translations."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field

import nbformat
from nbformat import NotebookNode

from authoring.execute import Run, kernel_metadata
from authoring.generated import (
    Translate,
    badge_row,
    disclaimer,
    next_link,
    setup_source,
)
from authoring.lesson import BADGES, NEXT, SLOT, Lesson, learner_source, place, tags_of
from authoring.project import AuthoringError, Language, Project
from coursekit.language import format_number_with

LANGUAGE_CELL = 'from coursekit import set_language\n\nset_language("{code}")'


def unchanged(text: str) -> str:
    """The translator of the English editions."""
    return text


@dataclass(frozen=True)
class Edition:
    """What makes one edition differ: its folder, language, texts and number signs.

    `prose` translates a Markdown cell that still holds its slots; `tr` a text of `common.po`.
    """

    folder: str
    titles: dict[str, str]
    language: Language | None = None
    prose: Callable[[str], str] = unchanged
    tr: Translate = unchanged
    symbols: dict[str, str] | None = field(default=None)

    @property
    def is_solutions(self) -> bool:
        return self.folder == "solutions"


def make_notebook(project: Project, lesson: Lesson, run: Run, edition: Edition) -> NotebookNode:
    """One notebook, made from the lesson's text and from what its run left.

    Raises:
        AuthoringError: a slot in the prose has no record; the message names lesson and cell.
    """
    cells = []
    code_cells = 0
    for position, cell in enumerate(lesson.cells):
        tags = tags_of(cell)
        if cell.cell_type == "markdown":
            source = _markdown(project, lesson, cell, run, edition)
            if position == 0 and edition.language:
                source += f"\n\n*{disclaimer(edition.language, edition.tr)}*"
            cells.append(nbformat.v4.new_markdown_cell(source, id=cell.id))
            continue
        made = nbformat.v4.new_code_cell(_code(project, cell, edition), id=cell.id)
        if tags:
            made.metadata["tags"] = list(tags)
        if "setup" in tags:
            made.metadata["tags"] = ["setup", "nbval-ignore-output"]
        own = {"exercise", "check"} & set(tags) and not edition.is_solutions
        if not own and not edition.language:
            made.outputs = copy.deepcopy(run.outputs[code_cells])
            made.execution_count = run.counts[code_cells]
        code_cells += 1
        cells.append(made)
        if "setup" in tags and edition.language:
            chosen = LANGUAGE_CELL.format(code=edition.language.code)
            language_cell = nbformat.v4.new_code_cell(chosen, id="language")
            language_cell.metadata["tags"] = ["language"]
            cells.append(language_cell)
    course = {"lesson": lesson.stem}
    if edition.is_solutions:
        course |= {"fingerprint": run.fingerprint, "minutes": run.minutes, "records": run.records}
    if edition.language:
        course |= {"language": edition.language.code}
    metadata = kernel_metadata() | {"course": course}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=metadata)
    notebook.nbformat_minor = 5
    return notebook


def notebook_bytes(notebook: NotebookNode) -> bytes:
    """The file of a notebook, valid and with one line end at its end."""
    nbformat.validate(notebook)
    return (nbformat.writes(notebook).rstrip("\n") + "\n").encode("utf-8")


def _code(project: Project, cell: NotebookNode, edition: Edition) -> str:
    if "setup" in tags_of(cell):
        return setup_source(project)
    return cell.source if edition.is_solutions else learner_source(cell)


def _markdown(
    project: Project, lesson: Lesson, cell: NotebookNode, run: Run, edition: Edition
) -> str:
    source = edition.prose(cell.source)
    if BADGES in source:
        row = badge_row(project, lesson, edition.titles, edition.tr, edition.folder)
        source = source.replace(BADGES, row)
    if NEXT in source:
        source = source.replace(NEXT, next_link(project, lesson, edition.titles, edition.tr))
    return fill_slots(source, run, place(lesson.stem, cell), edition.symbols)


def fill_slots(source: str, run: Run, where: str, symbols: dict[str, str] | None = None) -> str:
    """Prose with its measured numbers.

    Two slots need no record. `{{minutes_cpu}}` is the measured time of the lesson itself, and
    `{{minutes_first}}` that of its proven first run on two cores.

    Raises:
        AuthoringError: no record has the slot's name, or its value does not fit the format.
    """
    values = {name: entry["value"] for name, entry in run.records.items()}
    values |= {f"minutes_{device}": value for device, value in run.minutes.items()}

    def filled(match) -> str:
        name, spec = match.group(1), (match.group(2) or "").strip()
        if name not in values:
            if name == "minutes_first":
                raise AuthoringError(
                    f"{where} has the slot {match.group(0)}, and no first run of this lesson is "
                    "proven: run python -m proving prove --cold --lessons with its number."
                )
            known = ", ".join(sorted(values)) or "none"
            raise AuthoringError(
                f"{where} has the slot {match.group(0)}, but no code records {name!r} (recorded: "
                f"{known}): call record({name!r}, value) or mend the name."
            )
        try:
            return format_number_with(values[name], spec, symbols)
        except ValueError as error:
            raise AuthoringError(
                f"{where} has the slot {match.group(0)}, and its format does not fit the value "
                f"{values[name]!r} ({error}): mend the part after the colon."
            ) from error

    return SLOT.sub(filled, source)
