"""The minutes in the README's table of lessons, which nobody types."""

from __future__ import annotations

import re

from authoring.execute import Run
from authoring.lesson import Lesson
from authoring.project import AuthoringError, Project

ROW = re.compile(r"^\| (\d\d) \|((?:[^|\n]*\|){2})(?:[^|\n]*\|){3}([^|\n]*\|)$", re.MULTILINE)
TIME = re.compile(r"\*\*Time:\*\* (\d+) minutes with the exercises")


def readme_text(project: Project, lessons: dict[str, Lesson], runs: dict[str, Run]) -> str:
    """README.md, with three numbers in the row of each lesson that has a run.

    A row has seven cells: number, lesson, question, minutes with the exercises (as the head of the
    lesson says), measured minutes of running all cells for the first time and again, answers. Rows
    of other lessons stay.

    Raises:
        AuthoringError: the row of a lesson has another number of cells.
    """
    text = (project.root / "README.md").read_text(encoding="utf-8")
    by_number = {lesson.number: lesson for lesson in lessons.values()}
    for line in re.findall(r"^\| \d\d \|.*$", text, re.MULTILINE):
        if line[2:4] in by_number and not ROW.fullmatch(line):
            raise AuthoringError(
                f"README.md: the row of lesson {line[2:4]} needs seven cells: number, lesson, "
                "question, three for minutes, answers."
            )

    def filled(match: re.Match) -> str:
        lesson = by_number.get(match[1])
        run = runs.get(lesson.stem) if lesson else None
        if run is None:
            return match[0]
        prose = "\n".join(c.source for c in lesson.cells if c.cell_type == "markdown")
        told = TIME.search(prose)
        numbers = [told and told[1], run.minutes.get("first"), run.minutes["cpu"]]
        cells = "|".join(f" {n} " if n is not None else " " for n in numbers)
        return f"| {match[1]} |{match[2]}{cells}|{match[3]}"

    return ROW.sub(filled, text)
