"""Exercises that check themselves: `check`, `hint` and `progress`.

A lesson calls `check("05.2", fit_passages)`. The matching function in
`coursekit/checks/lesson_05.py` tries the learner's object on inputs that the learner has not seen
and raises `Wrong` with a sentence that names the fault. `check` never raises: whatever the
learner's code does, the notebook goes on.
"""

from __future__ import annotations

import contextlib
import ctypes
import dis
import importlib
import inspect
import json
import math
import os
import threading
import types
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coursekit.language import t
from coursekit.paths import locked, state_dir, write_atomically

TIME_LIMIT_S = 10.0
_hinted: dict[str, int] = {}  # in this session, for a home folder that cannot be written


class Wrong(Exception):
    """The answer is wrong. The message names the fault and the next step."""


class NotYet(Exception):
    """The answer has not been written yet."""


class _Stopped(BaseException):
    """Raised inside the learner's code when its time is up."""


@dataclass(frozen=True)
class Exercise:
    """One exercise: its number, title, check and hints (in the order they are given)."""

    id: str
    title: Callable[[], str]
    check: Callable[[Any], None]
    hints: Callable[[], list[str]]


@dataclass(frozen=True)
class Verdict:
    """What a check found: "not yet", "right" or "wrong", and a message for the learner."""

    status: str
    message: str


_EXERCISES: dict[str, Exercise] = {}


def exercise(
    exercise_id: str, *, title: Callable[[], str], hints: Callable[[], list[str]]
) -> Callable[[Callable[[Any], None]], Callable[[Any], None]]:
    """Register a check function for `exercise_id`. Titles and hints are functions so that they
    follow the language of the moment."""

    def register(function: Callable[[Any], None]) -> Callable[[Any], None]:
        _EXERCISES[exercise_id] = Exercise(exercise_id, title, function, hints)
        return function

    return register


def exercises(lesson: str) -> list[Exercise]:
    """All exercises of a lesson ("05"), in order; an empty list if the lesson has none."""
    with contextlib.suppress(ModuleNotFoundError):
        importlib.import_module(f"coursekit.checks.lesson_{lesson}")
    return [_EXERCISES[key] for key in sorted(_EXERCISES) if key.split(".")[0] == lesson]


def find_exercise(exercise_id: str) -> Exercise | None:
    """The exercise with that number, or None."""
    lesson = str(exercise_id).split(".")[0]
    return next((e for e in exercises(lesson) if e.id == exercise_id), None)


def is_stub(answer: Any) -> bool:
    """Whether `answer` is still what the notebook came with: None, `...`, or a function whose body
    is empty."""
    if answer is None or answer is Ellipsis:
        return True
    if not isinstance(answer, types.FunctionType):
        return False
    steps = [i for i in dis.get_instructions(answer) if i.opname not in {"RESUME", "NOP", "CACHE"}]
    names = {i.opname for i in steps}
    if not names <= {"LOAD_CONST", "RETURN_VALUE", "RETURN_CONST", "COPY_FREE_VARS"}:
        return False
    return all(i.argval is None for i in steps if "CONST" in i.opname)


def call(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call the learner's function and turn what goes wrong into a `Wrong` that says so.

    Raises:
        Wrong: `function` is no function, raises, or returns None.
    """
    if not callable(function):
        raise Wrong(
            t(
                "You gave `check` a value of type {kind}, not a function. Give it the name of your "
                "function, without round brackets behind it.",
                kind=type(function).__name__,
            )
        )
    given = ", ".join(_shown(value) for value in [*args, *kwargs.values()])
    try:
        result = function(*args, **kwargs)
    except Exception as error:
        raise Wrong(
            t(
                "With the input ({given}) your code raised {error}. Call your function on that "
                "input yourself, and look at the values that reach the line.",
                given=given,
                error=_described(error, function),
            )
        ) from error
    if result is None or result is Ellipsis:
        raise Wrong(
            t(
                "With the input ({given}) your function returned None. Every path through it needs "
                "a `return` with a value; `print` returns nothing.",
                given=given,
            )
        )
    return result


def as_number(value: Any) -> float:
    """What the learner's function returned, as a float; NumPy and torch scalars count.

    Raises:
        Wrong: `value` is a text, a list, an array with dimensions, nan or something else.
    """
    if isinstance(value, str):
        raise Wrong(t("You returned {got}, a text; a number is needed.", got=_shown(value)))
    try:
        number = math.nan if getattr(value, "ndim", 0) else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if math.isnan(number):
        raise Wrong(t("You returned {got}; one number is needed.", got=_shown(value)))
    return number


def as_list(value: Any) -> list[Any]:
    """What the learner's function returned, as a list: a tuple, an array, an iterator all count.

    Raises:
        Wrong: `value` is a text, a set (which has no order) or one single thing.
    """
    if isinstance(value, str):
        raise Wrong(
            t("You returned {got}, one text; a list or tuple is needed.", got=_shown(value))
        )
    if isinstance(value, set | frozenset):
        raise Wrong(t("You returned a set, which has no order; a list or tuple is needed."))
    try:
        return value.tolist() if getattr(value, "ndim", 0) else list(value)
    except TypeError:
        raise Wrong(
            t("You returned {got}; a list or tuple is needed.", got=_shown(value))
        ) from None


def _shown(value: Any) -> str:
    """A value in a few words, to be put into a sentence."""
    if inspect.isroutine(value):
        return getattr(value, "__name__", "function")
    if getattr(value, "ndim", 0):
        return t("an array of shape {shape}", shape=tuple(value.shape))
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _described(error: BaseException, function: Any = None) -> str:
    """Kind, message and line of an exception, where the line is one of the learner's function."""
    try:
        message = str(error)
    except Exception:  # an exception class of the learner's own may be broken itself
        message = ""
    message = message if len(message) <= 200 else f"{message[:197]}..."
    text = f"{type(error).__name__}: {message or t('no message')}"
    code, line = getattr(function, "__code__", None), None
    trace = error.__traceback__
    while trace is not None and code is not None:
        if trace.tb_frame.f_code.co_filename == code.co_filename:
            line = trace.tb_lineno
        trace = trace.tb_next
    return text if line is None else t("{error} (line {line} of your cell)", error=text, line=line)


def evaluate(exercise_id: str, answer: Any, time_limit_s: float = TIME_LIMIT_S) -> Verdict:
    """Judge an answer without printing or recording anything. Never raises."""
    found = find_exercise(exercise_id)
    if found is None:
        return Verdict(
            "wrong",
            t(
                "There is no exercise {id}. Take the number from the heading above the cell.",
                id=exercise_id,
            ),
        )
    if is_stub(answer):
        return Verdict("not yet", t("Write your answer in the cell above, run it, then run this."))
    outcome = _outcome(found.check, (answer,), time_limit_s)
    if outcome is None:
        return Verdict("wrong", _too_slow(time_limit_s))
    error = outcome[1]
    if error is None:
        return Verdict("right", t("Right."))
    if isinstance(error, NotYet):
        return Verdict("not yet", t("Write your answer in the cell above, run it, then run this."))
    if isinstance(error, Wrong):
        return Verdict("wrong", str(error))
    if isinstance(error, Exception):  # not from `call`, so the check itself stumbled
        return Verdict(
            "wrong",
            t(
                "The check could not read what your function returned ({error}). Compare it with "
                "the contract above the cell.",
                error=_described(error),
            ),
        )
    return Verdict(
        "wrong",
        t(
            "Your code raised {error}, which ends a program. Return a value instead.",
            error=_described(error, answer),
        ),
    )


def call_in_time(
    function: Callable[..., Any], *args: Any, time_limit_s: float = TIME_LIMIT_S
) -> Any:
    """Call the learner's function, without what it prints, and return what it returns.

    Raises:
        TimeoutError: `function` was still running after `time_limit_s` seconds, and was stopped.
        BaseException: whatever `function` raises.
    """
    outcome = _outcome(function, args, time_limit_s)
    if outcome is None:
        raise TimeoutError(_too_slow(time_limit_s))
    result, error = outcome
    if error is not None:
        raise error
    return result


def _outcome(
    function: Callable[..., Any], args: tuple[Any, ...], time_limit_s: float
) -> tuple[Any, BaseException | None] | None:
    """Result and exception of a call; None if it was stopped because its time was up."""
    outcome: list[tuple[Any, BaseException | None]] = []

    def run() -> None:
        try:
            outcome.append((function(*args), None))
        except BaseException as error:  # the learner's code may raise anything, SystemExit too
            outcome.append((None, error))

    worker = threading.Thread(target=run, daemon=True)
    # What the learner's function prints while it is being tried stays out of the way. This thread
    # sets the output back, so that even a function that cannot be stopped does not keep it.
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.redirect_stdout(nowhere))
        stack.callback(_stop, worker)
        worker.start()
        worker.join(time_limit_s)
        in_time = not worker.is_alive()
    return outcome[0] if in_time else None


def _too_slow(time_limit_s: float) -> str:
    return t(
        "Your function was still running after {seconds} seconds, so it was stopped. Look "
        "for a loop that never ends, or work that is repeated for every item.",
        seconds=f"{time_limit_s:g}",
    )


def _stop(worker: threading.Thread) -> None:
    """End a thread. It cannot be killed from outside, but it can be made to raise."""
    for _ in range(5):
        if not worker.is_alive():
            return
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(worker.ident), ctypes.py_object(_Stopped)
        )
        worker.join(0.2)


def check(exercise_id: str, answer: Any) -> None:
    """Try the answer to an exercise, print not yet / right / wrong and why, and remember it."""
    verdict = evaluate(exercise_id, answer)
    marks = {"right": "✓", "wrong": "✗", "not yet": "…"}
    words = {"right": t("right"), "wrong": t("wrong"), "not yet": t("not yet")}
    print(f"{marks[verdict.status]} {exercise_id} {words[verdict.status]}: {verdict.message}")
    if verdict.status == "wrong":
        print(t('  One more hint: hint("{id}")', id=exercise_id))
    if find_exercise(exercise_id) is not None:
        _remember(exercise_id, verdict.status)


def hint(exercise_id: str) -> None:
    """Print one more hint at each call; after the last one, say where the solution is."""
    found = find_exercise(exercise_id)
    if found is None:
        print(evaluate(exercise_id, None).message)
        return
    hints = found.hints()
    kept = _load().get(exercise_id, {}).get("hints", 0)
    given = max(kept, _hinted.get(exercise_id, 0))
    if given < len(hints):
        print(
            t(
                "Hint {number} of {count}: {hint}",
                number=given + 1,
                count=len(hints),
                hint=hints[given],
            )
        )
        _hinted[exercise_id] = given + 1
        _update(exercise_id, lambda entry: entry.update(hints=given + 1))
    else:
        print(t("No more hints. The worked answer stands in the solutions folder."))


def progress() -> None:
    """Print every exercise you have met and how it stands, then your guesses about the claims."""
    from coursekit.claims import print_guesses

    _print_exercises()
    print_guesses()


def _print_exercises() -> None:
    entries = _load()
    if not entries:
        print(t("No exercise tried yet. Run a cell that begins with `check`."))
        return
    words = {"right": t("right"), "wrong": t("wrong"), "not yet": t("not yet")}
    header = (t("exercise"), t("status"), t("tries"), t("hints"), t("title"))
    rows = [header]
    for exercise_id in sorted(entries):
        found = find_exercise(exercise_id)
        entry = entries[exercise_id]
        rows.append(
            (
                exercise_id,
                words.get(entry.get("status", "not yet"), ""),
                str(entry.get("tries", 0)),
                str(entry.get("hints", 0)),
                found.title() if found else str(entry.get("title", "")),
            )
        )
    widths = [max(len(row[i]) for row in rows) for i in range(len(header))]
    for row in rows:
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        )


def _remember(exercise_id: str, status: str) -> None:
    def update(entry: dict[str, Any]) -> None:
        if status != "not yet":
            entry["tries"] = entry.get("tries", 0) + 1
        if entry.get("status") != "right":
            entry["status"] = status

    _update(exercise_id, update)


def _progress_file() -> Path:
    return state_dir() / "progress.json"


def _load() -> dict[str, dict[str, Any]]:
    try:
        entries = json.loads(_progress_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):  # none yet, or damaged: start again rather than stop the lesson
        return {}
    return {k: v for k, v in entries.items() if _is_whole(v)} if isinstance(entries, dict) else {}


def _is_whole(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and isinstance(entry.get("status", ""), str)
        and all(isinstance(entry.get(key, 0), int) for key in ("tries", "hints"))
    )


def _update(exercise_id: str, change: Callable[[dict[str, Any]], None]) -> None:
    # Progress is a convenience: a home folder that cannot be written must not stop a lesson.
    try:
        with locked(_progress_file(), timeout=5):
            entries = _load()
            change(entries.setdefault(exercise_id, {}))
            text = json.dumps(entries, indent=1, sort_keys=True)
            write_atomically(_progress_file(), text.encode("utf-8"))
    except Exception as error:
        print(t("(Your progress could not be saved: {error})", error=error))


def show_source(function: Callable[..., Any]) -> None:
    """Show the source of a function of the course: the very code that later lessons import."""
    from IPython.display import Markdown, display

    display(Markdown(f"```python\n{inspect.getsource(function).rstrip()}\n```"))
