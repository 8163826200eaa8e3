"""The minutes in the README's table of lessons, which nobody types."""

from __future__ import annotations

import re

from authoring.execute import Run
from authoring.lesson import Lesson
from authoring.project import Project

ROW = re.compile(r"^\| (\d\d) \|((?:[^|\n]*\|){2})([^|\n]*)\|([^|\n]*)\|([^|\n]*\|)$", re.MULTILINE)
TIME = re.compile(r"\*\*Time:\*\* (\d+) minutes with the exercises")


def readme_text(project: Project, lessons: dict[str, Lesson], runs: dict[str, Run]) -> str:
    """README.md, with two numbers in the row of each lesson that has a run.

    A row has six cells: number, lesson, question, minutes with the exercises (as the head of the
    lesson says), measured minutes of running all cells, answers. Rows of other lessons stay.
    """
    text = (project.root / "README.md").read_text(encoding="utf-8")
    by_number = {lesson.number: lesson for lesson in lessons.values()}

    def filled(match: re.Match) -> str:
        lesson = by_number.get(match[1])
        run = runs.get(lesson.stem) if lesson else None
        if run is None:
            return match[0]
        prose = "\n".join(c.source for c in lesson.cells if c.cell_type == "markdown")
        told = TIME.search(prose)
        work = f" {told[1]} " if told else " "
        return f"| {match[1]} |{match[2]}{work}| {run.minutes['cpu']:g} |{match[5]}"

    return ROW.sub(filled, text)
