"""Everything that a machine can hold the course to, told as sentences that name the file.

Nothing is run and nothing is written: all made files are derived again in memory from the
sources and the stored runs, and compared. Each function below is a gate of its own for tests.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from authoring import style
from authoring.build import (
    company_module,
    derive,
    load_lessons,
    load_translations,
    orphans,
    usable_runs,
)
from authoring.catalogs import string_problems
from authoring.execute import Run
from authoring.figures import overflows, svg_problems
from authoring.lesson import Lesson
from authoring.project import AuthoringError, Project
from authoring.translate import Translation, read_glossary, translation_problems


@dataclass(frozen=True)
class Course:
    """The whole course in memory: sources, stored runs that hold, and every made file."""

    project: Project
    lessons: dict[str, Lesson]
    runs: dict[str, Run]
    stale: list[str]
    translations: list[Translation]
    files: dict[Path, bytes]


def load_course(project: Project) -> Course:
    """Derive the course in memory.

    Raises:
        AuthoringError: a source is wrong; the message names the place.
    """
    lessons = load_lessons(project)
    runs, stale = usable_runs(project, lessons)
    translations = load_translations(project, lessons)
    files = derive(project, lessons, runs, translations)
    return Course(project, lessons, runs, stale, translations, files)


def check_project(
    project: Project, print_line: Callable[[str], object] = print
) -> tuple[list[str], list[str]]:
    """All problems of the course, and notes that do not fail it."""
    try:
        course = load_course(project)
        problems = sync_problems(course)
        problems += data_problems(project)
        problems += style_problems(course)
        problems += figure_problems(course)
        problems += style.link_problems(project, course.files)
        for translation in course.translations:
            problems += translation_problems(project, translation, print_line)
        notes = style.term_notes(course.lessons, read_glossary(project.root))
    except AuthoringError as error:
        return [str(error)], []
    return problems, notes


def sync_problems(course: Course) -> list[str]:
    """Made files that are not what their sources make, and which source to edit for each."""
    project = course.project
    problems = [
        f"pyproject.toml lists the lesson {stem}, but lessons/{stem}.py does not exist"
        for stem in project.listed
        if not project.lesson_path(stem).exists()
    ]
    unlisted = {path.stem for path in (project.root / "lessons").glob("[0-9]*.py")}
    problems += [
        f"lessons/{stem}.py is not listed in [tool.course] of pyproject.toml: add {stem!r} there"
        for stem in sorted(unlisted - set(project.listed))
    ]
    for stem in course.stale:
        number = course.lessons[stem].number
        problems.append(
            f"solutions/{stem}.ipynb is stale: the code of lessons/{stem}.py, a module it imports, "
            f"its data or requirements.txt changed since it ran: run python -m authoring build "
            f"{number}"
        )
    for path, wanted in course.files.items():
        if course.stale and path.name in ("minutes.json", "recorded.json"):
            continue
        stored = project.root / path
        if not stored.exists():
            problems.append(f"{path.as_posix()} is missing: run make build")
        elif stored.read_bytes() != wanted:
            problems.append(_drift(path, stored.read_bytes(), wanted))
    problems += [
        f"{path.as_posix()} has no source any more: run make build, which removes it"
        for path in orphans(project, course.files, course.stale)
    ]
    return problems + style.user_metadata_problems(project)


def _drift(path: Path, stored: bytes, wanted: bytes) -> str:
    name = path.as_posix()
    if path.suffix == ".ipynb":
        place, source = _first_difference(stored, wanted), f"lessons/{path.stem}.py"
        if path.parts[0] == "translations":
            source = f"translations/{path.parts[1]}/{path.stem}.po (its text) or {source}"
        return f"{name}, {place} differs: edit {source} and run make build"
    if path.suffix == ".po":
        return f"{name} is behind its English source: run make build, then translate what it marks"
    if name == "README.md":
        return "README.md shows other minutes than the lessons: run make build"
    if path.name == "recorded.json":
        return f"{name} differs from the records in the solutions: run make build"
    if path.name == "minutes.json":
        return f"{name} differs from the measured minutes: run make build"
    sources = {
        "locales": f"translations/{path.stem}/strings.po",
        "images": f"images/{path.name} or translations/*/diagrams.po",
        "README.md": "README.md or translations/*/readme.po",
    }
    source = next((text for part, text in sources.items() if part in path.parts), "its source")
    return f"{name} differs: edit {source} and run make build"


def _first_difference(stored: bytes, wanted: bytes) -> str:
    try:
        ours, theirs = json.loads(wanted)["cells"], json.loads(stored)["cells"]
    except (ValueError, KeyError, TypeError):
        return "which is no valid notebook,"
    for cell, other in zip(ours, theirs, strict=False):
        if cell != other:
            return f"cell {cell['id']} ({''.join(cell['source']).splitlines()[0][:50]!r})"
    return "its number of cells" if len(ours) != len(theirs) else "its metadata"


def data_problems(project: Project) -> list[str]:
    """What is wrong with the company's documents or behind their sources."""
    company = company_module(project)
    return company.problems() if company else []


def style_problems(course: Course) -> list[str]:
    """Where lessons miss the targets of style, outputs, code habits and records."""
    problems = string_problems(course.project, course.lessons)
    for stem, lesson in course.lessons.items():
        solutions = course.files.get(Path("solutions") / f"{stem}.ipynb")
        problems += style.style_problems(lesson, len(solutions) if solutions else None)
        problems += style.code_problems(lesson)
        if stem in course.runs:
            problems += style.output_problems(lesson, course.runs[stem])
            problems += style.record_problems(lesson, course.runs[stem])
    return problems


def figure_problems(course: Course) -> list[str]:
    """Figures without alt text or real text, with text that leaves its box, or out of use."""
    problems = []
    for path in sorted((course.project.root / "images").glob("*.svg")):
        svg = path.read_text(encoding="utf-8")
        faults = svg_problems(svg)
        if not any("valid XML" in fault for fault in faults):
            faults += [f"{fault}: widen the box" for fault in overflows(svg)]
        problems += [f"images/{path.name} {fault}" for fault in faults]
    return problems + style.figure_use_problems(course.project, course.lessons)
