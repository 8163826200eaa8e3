"""The course as a project: where its files are, and what `[tool.course]` says about it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path


class AuthoringError(Exception):
    """A source of the course is wrong; the message names the place and what to do."""


@dataclass(frozen=True)
class Language:
    """One translated edition, as `[tool.course.languages.CODE]` describes it."""

    code: str
    name: str
    released: bool
    style: str
    reviewed_by: str
    avoid: str = ""  # a regular expression: forms of address that this edition does not use


@dataclass(frozen=True)
class Project:
    """The repository and its settings."""

    root: Path
    title: str
    repository: str
    branch: str
    listed: tuple[str, ...]
    languages: tuple[Language, ...]

    @property
    def stems(self) -> list[str]:
        """The lessons whose source exists, in the order of the course."""
        return [stem for stem in self.listed if self.lesson_path(stem).exists()]

    def lesson_path(self, stem: str) -> Path:
        return self.root / "lessons" / f"{stem}.py"

    def solution_path(self, stem: str) -> Path:
        return self.root / "solutions" / f"{stem}.ipynb"

    def select(self, numbers: list[str]) -> list[str]:
        """The stems that the numbers (or stems) name; all of them for an empty list."""
        if not numbers:
            return self.stems
        chosen = [s for s in self.stems if s in numbers or s.split("_")[0] in numbers]
        named = {*chosen, *(stem.split("_")[0] for stem in chosen)}
        unknown = [number for number in numbers if number not in named]
        if unknown:
            raise AuthoringError(
                f"There is no lesson {unknown[0]}: [tool.course] in pyproject.toml lists "
                f"{', '.join(self.listed)}, and each needs its lessons/NN_stem.py."
            )
        return chosen


def load_project(root: Path | None = None) -> Project:
    """Read `[tool.course]` of the `pyproject.toml` in `root` (default: this repository).

    Raises:
        AuthoringError: the table or one of its keys is missing.
    """
    root = (root or Path(__file__).parent.parent).resolve()
    course = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    try:
        course = course["tool"]["course"]
        languages = tuple(
            Language(
                code=code,
                name=entry["name"],
                released=entry["released"],
                style=entry.get("style", ""),
                reviewed_by=entry.get("reviewed_by", ""),
                avoid=entry.get("avoid", ""),
            )
            for code, entry in sorted(course.get("languages", {}).items())
        )
        return Project(
            root=root,
            title=course["title"],
            repository=course["repository"],
            branch=course.get("branch", "main"),
            listed=tuple(course["lessons"]),
            languages=languages,
        )
    except KeyError as error:
        raise AuthoringError(
            f"pyproject.toml lacks {error} in [tool.course]: add it, then run make build again."
        ) from error
