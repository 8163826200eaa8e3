"""Measured numbers on their way from the code of a lesson into its prose.

A lesson calls `record("em_rag", value, tolerance=0.05)`; its prose holds the slot `{{em_rag:.0%}}`.
The build collects the records and fills the slots; a test compares a fresh run with them. In a
notebook, a line below the cell shows what it recorded, so that you see the numbers of your own run
beside those in the prose.
"""

from __future__ import annotations

import json
import os
import sys
import textwrap
from pathlib import Path
from typing import Any, TypeVar

from coursekit.language import t
from coursekit.paths import locked, write_atomically

Value = TypeVar("Value")
_of_this_cell: dict[str, Any] = {}


def record(name: str, value: Value, tolerance: float = 0.0) -> Value:
    """Keep a measured value under `name` for the prose, and return it unchanged.

    A notebook prints all records of a cell when the cell is done. Nothing is written, unless
    `COURSEKIT_RECORDS` names a folder.

    Args:
        name: a Python identifier, unique in the lesson; the slot in the prose carries it.
        value: a number or a short text; NumPy and torch scalars count as numbers.
        tolerance: how far, in the unit of `value`, a fresh run may be from the stored value.

    Raises:
        ValueError: the name is no identifier, the value is no number or text, or the
            tolerance is negative.
    """
    if not name.isidentifier():
        raise ValueError(f"A record needs a name like em_rag, and {name!r} is not one: rename it.")
    if tolerance < 0:
        raise ValueError(f"The tolerance of record {name!r} is {tolerance}: give 0 or more.")
    plain = value.item() if hasattr(value, "item") else value
    if not isinstance(plain, (bool, int, float, str)):
        raise ValueError(
            f"Record {name!r} holds a {type(plain).__name__}, and prose can show a number or a "
            "text only: record one number at a time."
        )
    _show_after_the_cell(name, plain)
    folder = os.environ.get("COURSEKIT_RECORDS")
    if folder:
        path = Path(folder) / f"{lesson_in_progress()}.json"
        with locked(path):
            records = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
            records[name] = {"value": plain, "tolerance": tolerance}
            write_atomically(path, json.dumps(records, indent=1, sort_keys=True))
    return value


def _show_after_the_cell(name: str, value: Any) -> None:
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is None:
        return
    if _print_records not in shell.events.callbacks["post_run_cell"]:
        shell.events.register("post_run_cell", _print_records)
    _of_this_cell[name] = value


def _print_records(*_: object) -> None:
    if _of_this_cell:
        print(shown(_of_this_cell))
        _of_this_cell.clear()


def shown(records: dict[str, Any]) -> str:
    """Records as lines of at most 96 characters: "measured: recall_1 0.897 · n 145"."""
    parts = []
    for name, value in records.items():
        number = f"{value:.3g}" if isinstance(value, float) else str(value)
        parts.append(f"{name}\u00a0{number}")
    text = t("measured: {records}", records=" · ".join(parts))
    return textwrap.fill(text, 96, subsequent_indent="  ", break_long_words=False)


def lesson_in_progress() -> str:
    """The lesson that runs here: `COURSEKIT_LESSON`, or the notebook that pytest runs, or "lesson".

    A notebook that nbval runs is named in `PYTEST_CURRENT_TEST`, which its kernel inherits.
    """
    named = os.environ.get("COURSEKIT_LESSON")
    if named:
        return named
    running = os.environ.get("PYTEST_CURRENT_TEST", "").split("::")[0]
    return Path(running).stem if running.endswith(".ipynb") else "lesson"
