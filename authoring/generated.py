"""The parts of a notebook that no author types: setup cell, badge row, links, disclaimer."""

from __future__ import annotations

from collections.abc import Callable

from authoring.lesson import Lesson
from authoring.project import Language, Project

Translate = Callable[[str], str]

COLAB = "https://colab.research.google.com"
UPLOAD = (
    f"To open this lesson on Colab: save this notebook, go to [colab.research.google.com]({COLAB}) "
    "and choose *File*, then *Upload notebook*."
)
SOLUTIONS = "Solutions"
EXERCISES = "Back to the exercises"
OPEN_IN_COLAB = "Open in Colab"
PREVIOUS = "Previous: {lesson}"
NEXT_LESSON = "Next: {lesson}"
LAST = "This is the last lesson of the course."
MACHINE_TRANSLATED = (
    "This edition was translated from English with a language model. "
    "No native speaker has reviewed it yet; where the two differ, the English edition counts."
)
REVIEWED = (
    "This edition was translated from English with a language model and reviewed by {person}. "
    "Where the two differ, the English edition counts."
)
UNTRANSLATED = "Not yet translated"

COMMON = (
    UPLOAD,
    SOLUTIONS,
    EXERCISES,
    OPEN_IN_COLAB,
    PREVIOUS,
    NEXT_LESSON,
    LAST,
    MACHINE_TRANSLATED,
    REVIEWED,
    UNTRANSLATED,
)

SETUP = """\
# Colab: install what is missing. Everywhere: say what runs here. Safe to run twice.
import os, subprocess, sys
from importlib import invalidate_caches, metadata
from pathlib import Path

def pip(*words):
    subprocess.run([sys.executable, "-m", "pip", *words, "--quiet"], check=True)

if "COLAB_RELEASE_TAG" in os.environ or "google.colab" in sys.modules:
    present = {f"{d.name}".lower().replace("_", "-"): d.version for d in metadata.distributions()}
    if "faiss-cpu" not in present:
        pip("install", "faiss-cpu>=1.12,<2")
    if "coursekit" not in present:
@COURSE@
    if tuple(map(int, present.get("torchao", "9.9").split(".")[:2])) < (0, 16):
        pip("uninstall", "--yes", "torchao")
    invalidate_caches()

import numpy
assert numpy.__version__ == metadata.version("numpy"), "numpy changed: restart the session."
from coursekit import setup

setup()"""
FROM_REPOSITORY = '        pip("install", "coursekit @ git+https://github.com/@REPOSITORY@")'
FROM_WHEEL = """\
        wheels = sorted(str(path) for path in Path().glob("coursekit-*.whl"))
        assert wheels, "Upload coursekit-*.whl (folder sign, left), then run this again."
        pip("install", wheels[-1])"""


def setup_source(project: Project) -> str:
    """The setup cell: the same bytes in every notebook and every language."""
    course = FROM_WHEEL
    source = SETUP
    if project.repository:
        course = FROM_REPOSITORY.replace("@REPOSITORY@", project.repository)
        source = source.replace("from pathlib import Path\n", "")
    return source.replace("@COURSE@", course)


def badge_row(
    project: Project,
    lesson: Lesson,
    titles: dict[str, str],
    tr: Translate,
    folder: str,
) -> str:
    """The row below the title: Colab, the other edition, the lessons before and after.

    Args:
        titles: title of each lesson of the course, by stem, in the language of the edition.
        tr: translates a text of `common.po`.
        folder: where the notebook stands, such as "notebooks" or "translations/nl/notebooks".
    """
    name = f"{lesson.stem}.ipynb"
    parts = []
    if project.repository:
        address = f"{COLAB}/github/{project.repository}/blob/{project.branch}/{folder}/{name}"
        parts.append(f"[![{tr(OPEN_IN_COLAB)}]({COLAB}/assets/colab-badge.svg)]({address})")
    up = "../" * (folder.count("/") + 1)
    if folder == "solutions":
        parts.append(f"[{tr(EXERCISES)}]({up}notebooks/{name})")
    else:
        parts.append(f"[{tr(SOLUTIONS)}]({up}solutions/{name})")
    before, after = neighbours(project, lesson.stem)
    if before:
        parts.append(f"[{tr(PREVIOUS).format(lesson=titles[before])}]({before}.ipynb)")
    if after:
        parts.append(f"[{tr(NEXT_LESSON).format(lesson=titles[after])}]({after}.ipynb)")
    row = " | ".join(parts)
    return row if project.repository else f"{row}\n\n{tr(UPLOAD)}"


def next_link(project: Project, lesson: Lesson, titles: dict[str, str], tr: Translate) -> str:
    """The link to the lesson after this one, or a sentence that there is none."""
    after = neighbours(project, lesson.stem)[1]
    if not after:
        return tr(LAST)
    return f"[{tr(NEXT_LESSON).format(lesson=titles[after])}]({after}.ipynb)"


def neighbours(project: Project, stem: str) -> tuple[str | None, str | None]:
    """The stems before and after a lesson, None at the ends."""
    stems = project.stems
    at = stems.index(stem)
    return (stems[at - 1] if at else None, stems[at + 1] if at + 1 < len(stems) else None)


def disclaimer(language: Language, tr: Translate) -> str:
    """Who translated the edition, and whether a person has read it."""
    if language.reviewed_by:
        return tr(REVIEWED).format(person=language.reviewed_by)
    return tr(MACHINE_TRANSLATED)
