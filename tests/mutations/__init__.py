"""Mutation tables of the exercise checks: answers that a check must accept, and ones it must not.

One module a lesson. A row is an answer with a name; a wrong one also has a fragment of the message
that names its fault. The answers look like what learners write, clumsy ones included.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """One answer. `fragment` is a part of the message that is expected, None if it is right."""

    exercise_id: str
    name: str
    answer: Callable[..., Any]
    fragment: str | None = None


_ROWS: list[Row] = []


def right(exercise_id: str, name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Put the decorated function into the table of right answers."""

    def add(answer: Callable[..., Any]) -> Callable[..., Any]:
        _ROWS.append(Row(exercise_id, name, answer))
        return answer

    return add


def wrong(
    exercise_id: str, name: str, fragment: str
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Put the decorated function into the table of wrong answers."""

    def add(answer: Callable[..., Any]) -> Callable[..., Any]:
        _ROWS.append(Row(exercise_id, name, answer, fragment))
        return answer

    return add


def rows() -> list[Row]:
    """The rows of all lessons, in the order of the lessons."""
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda m: m.name):
        importlib.import_module(f"{__name__}.{module.name}")
    return list(_ROWS)
