"""The exercise checks under attack: no right answer is refused, no wrong one passes, no answer
stops the notebook. The tables of answers stand in `tests/mutations/`."""

from __future__ import annotations

import ast
import json
import pkgutil
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import mutations
import pytest

from authoring.lesson import Lesson, learner_source, load_lesson, tags_of
from authoring.project import load_project
from coursekit import checks, language
from coursekit.exercises import (
    Exercise,
    check,
    evaluate,
    exercises,
    find_exercise,
    hint,
    progress,
)

PROJECT = load_project(Path(__file__).parents[1])
ROWS = mutations.rows()
RIGHT = [row for row in ROWS if row.fragment is None]
WRONG = [row for row in ROWS if row.fragment is not None]
MARKS = ("✓", "✗", "…")


def all_exercises() -> list[Exercise]:
    names = sorted(module.name for module in pkgutil.iter_modules(checks.__path__))
    return [e for name in names for e in exercises(name.removeprefix("lesson_"))]


EXERCISES = all_exercises()


def answers(lesson: Lesson, *, solved: bool) -> dict[str, Any]:
    """The objects that a lesson's check cells hand over, by exercise number."""
    namespace: dict[str, Any] = {}
    names: dict[str, str] = {}
    for cell in lesson.code_cells():
        if "exercise" in tags_of(cell):
            exec(cell.source if solved else learner_source(cell), namespace)
        elif "check" in tags_of(cell):
            for node in ast.walk(ast.parse(cell.source)):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "check":
                    number, answer = node.args
                    names[number.value] = answer.id
        elif "setup" not in tags_of(cell):
            run_light_imports(cell.source, namespace)
    return {number: namespace[name] for number, name in names.items()}


def run_light_imports(source: str, namespace: dict[str, Any]) -> None:
    """Import what a learner's answer finds in the notebook by then: NumPy and standard modules."""
    light = {"numpy", *sys.stdlib_module_names}
    for node in ast.parse(source).body:
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules = [node.module or ""]
        else:
            continue
        if all(module.split(".")[0] in light for module in modules):
            exec(ast.unparse(node), namespace)


LESSONS = [load_lesson(PROJECT, stem) for stem in PROJECT.stems]
SOLUTIONS = [pair for lesson in LESSONS for pair in answers(lesson, solved=True).items()]
STUBS = [pair for lesson in LESSONS for pair in answers(lesson, solved=False).items()]


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder and a session of its own for each test."""
    monkeypatch.setenv("COURSEKIT_STATE", str(tmp_path))
    monkeypatch.setattr("coursekit.exercises._hinted", {})
    return tmp_path


def name_of(value: Any) -> str:
    if isinstance(value, mutations.Row):
        return f"{value.exercise_id} {value.name}"
    return value if isinstance(value, str) else getattr(value, "id", "")


def verdicts(printed: str) -> list[str]:
    return [line for line in printed.splitlines() if line.startswith(MARKS)]


# The tables


@pytest.mark.parametrize("row", RIGHT, ids=name_of)
def test_right_answer_is_accepted(row):
    verdict = evaluate(row.exercise_id, row.answer)
    assert verdict.status == "right", verdict.message


@pytest.mark.parametrize("row", WRONG, ids=name_of)
def test_wrong_answer_is_refused_and_told_why(row):
    verdict = evaluate(row.exercise_id, row.answer)
    assert verdict.status == "wrong"
    assert row.fragment in verdict.message
    assert len(verdict.message) < 700


@pytest.mark.parametrize("exercise", EXERCISES, ids=name_of)
def test_tables_hold_enough_answers(exercise):
    right = {row.name for row in RIGHT if row.exercise_id == exercise.id}
    wrong = {row.name for row in WRONG if row.exercise_id == exercise.id}
    assert len(right) >= 2
    assert len(wrong) >= 4


@pytest.mark.parametrize("exercise", EXERCISES, ids=name_of)
def test_wrong_answers_are_told_apart(exercise):
    """A check that says the same to everyone names no fault."""
    messages = Counter(
        evaluate(row.exercise_id, row.answer).message
        for row in WRONG
        if row.exercise_id == exercise.id
    )
    assert len(messages) >= 4


def test_rows_have_names_of_their_own_and_known_exercises():
    names = Counter((row.exercise_id, row.name) for row in ROWS)
    assert [name for name, count in names.items() if count > 1] == []
    assert {row.exercise_id for row in ROWS} == {exercise.id for exercise in EXERCISES}


# The lessons


@pytest.mark.parametrize(("number", "answer"), SOLUTIONS, ids=name_of)
def test_solution_in_the_lesson_is_accepted(number, answer):
    verdict = evaluate(number, answer)
    assert verdict.status == "right", verdict.message


@pytest.mark.parametrize(("number", "answer"), STUBS, ids=name_of)
def test_stub_in_the_lesson_is_not_yet(number, answer):
    assert evaluate(number, answer).status == "not yet"


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.stem)
def test_lesson_and_checks_have_the_same_exercises(lesson):
    in_lesson = {number for number, _ in SOLUTIONS if number.split(".")[0] == lesson.number}
    assert in_lesson == {exercise.id for exercise in exercises(lesson.number)}


# Answers that misbehave


def raises(*args):
    raise RuntimeError("the cat sat on it")


def leaves(*args):
    raise SystemExit(3)


def interrupts(*args):
    raise KeyboardInterrupt


def broken_error(*args):
    class Broken(Exception):
        def __str__(self):
            raise ValueError("no text")

    raise Broken


def empties_its_input(*args):
    for value in args:
        if isinstance(value, list):
            value.clear()
    return 0


def prints_a_lot(*args):
    for number in range(20_000):
        print("line", number)


def recurses(*args):
    return recurses(*args)


class Odd:
    """An answer that can be asked nothing."""

    def __repr__(self):
        raise ValueError("no text")

    def __eq__(self, other):
        raise ValueError("not comparable")

    __hash__ = None

    def __float__(self):
        raise ValueError("no number")


NUISANCES = {
    "raises": (raises, "the cat sat on it"),
    "leaves the program": (leaves, "SystemExit"),
    "interrupts": (interrupts, "KeyboardInterrupt"),
    "raises an error without text": (broken_error, "Broken"),
    "returns None": (lambda *args: print(args), "returned None"),
    "prints a lot": (prints_a_lot, "returned None"),
    "recurses for ever": (recurses, "RecursionError"),
    "empties its input": (empties_its_input, ""),
    "takes no values": (lambda: 1, "TypeError"),
    "a shape of three dimensions": (lambda *args: [[[0.5, 0.5]], [[0.5, 0.5]]], ""),
    "lists of different lengths": (lambda *args: [[1], [1, 2]], ""),
    "an empty list": (lambda *args: [], ""),
    "an object": (lambda *args: object(), ""),
    "an object that refuses everything": (lambda *args: Odd(), ""),
    "a number far too large": (lambda *args: 10**400, ""),
    "infinity": (lambda *args: float("inf"), ""),
    "a list of infinities": (lambda *args: [float("inf")] * 2, ""),
    "a complex number": (lambda *args: 1j, ""),
    "a class": (lambda *args: int, ""),
    "a value instead of a function": (1, "not a function"),
    "the result instead of the function": ([2, 0, 1], "not a function"),
}


@pytest.mark.parametrize("exercise", EXERCISES, ids=name_of)
@pytest.mark.parametrize("nuisance", NUISANCES)
def test_nuisance_gets_one_verdict(exercise, nuisance, capsys):
    answer, fragment = NUISANCES[nuisance]
    check(exercise.id, answer)
    printed = capsys.readouterr().out
    assert len(verdicts(printed)) == 1
    assert printed.startswith(f"✗ {exercise.id}")
    assert fragment in printed
    assert len(printed) < 900


@pytest.mark.parametrize("answer", [None, ..., lambda *args: None], ids=["None", "...", "empty"])
def test_nothing_written_yet(answer, capsys):
    check("00.1", answer)
    assert verdicts(capsys.readouterr().out)[0].startswith("… 00.1 not yet")


@pytest.mark.parametrize("number", ["00.9", "77.1", "", ".", "../00.1", "00", None, 0.1, "a b\n"])
def test_unknown_exercise_is_said(number, state, capsys):
    check(number, min)
    printed = capsys.readouterr().out
    assert len(verdicts(printed)) == 1
    assert "There is no exercise" in printed
    hint(number)
    assert "There is no exercise" in capsys.readouterr().out
    assert not (state / "progress.json").exists()


# Answers without an end


def loops(*args):
    while True:
        pass


def loops_and_prints(*args):
    while True:
        print("again")


def loops_and_catches(*args):
    while True:
        try:
            time.sleep(0.001)
        except Exception:
            continue


@pytest.mark.parametrize("answer", [loops, loops_and_prints, loops_and_catches])
@pytest.mark.parametrize("number", ["00.1", "05.4"])
def test_endless_answer_is_stopped(answer, number):
    before = threading.active_count()
    start = time.monotonic()
    verdict = evaluate(number, answer, time_limit_s=0.5)
    assert time.monotonic() - start < 10  # a busy machine takes its time to switch threads
    assert verdict.status == "wrong"
    assert "still running after 0.5 seconds" in verdict.message
    assert threading.active_count() <= before


def test_answer_that_cannot_be_stopped_does_not_keep_the_output(capsys):
    woken = threading.Event()
    try:
        start = time.monotonic()
        verdict = evaluate("00.1", lambda scores: woken.wait(8), time_limit_s=0.2)
        assert time.monotonic() - start < 10  # a busy machine takes its time to switch threads
        assert "still running" in verdict.message
        print("seen")
        assert capsys.readouterr().out == "seen\n"
    finally:
        woken.set()


def test_interrupt_while_waiting_stops_the_answer(monkeypatch):
    before = threading.active_count()
    join = threading.Thread.join
    calls = []

    def interrupted(self, timeout=None):
        calls.append(timeout)
        if len(calls) == 1:
            raise KeyboardInterrupt
        join(self, timeout)

    monkeypatch.setattr(threading.Thread, "join", interrupted)
    with pytest.raises(KeyboardInterrupt):
        evaluate("00.1", loops)
    assert threading.active_count() <= before


def test_line_is_one_of_the_learner_even_if_a_library_raises():
    def answer(scores):
        return json.loads("{")

    message = evaluate("00.1", answer).message
    assert f"line {answer.__code__.co_firstlineno + 1} of your cell" in message


# Progress and hints


def best(scores):
    return scores.index(max(scores))


def entries(state: Path) -> dict[str, Any]:
    return json.loads((state / "progress.json").read_text(encoding="utf-8"))


def test_progress_is_recorded(state, capsys):
    check("00.1", None)
    assert entries(state) == {"00.1": {"status": "not yet"}}
    check("00.1", min)
    check("00.1", best)
    assert entries(state) == {"00.1": {"status": "right", "tries": 2}}
    check("00.1", min)  # what was right once stays right
    hint("00.3")
    capsys.readouterr()
    progress()
    printed = capsys.readouterr().out
    assert printed.splitlines()[1].split()[:3] == ["00.1", "right", "3"]
    assert find_exercise("00.3").title() in printed


def test_progress_without_any(capsys):
    progress()
    assert "No exercise tried yet" in capsys.readouterr().out


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"{",
        b"\xff\xfe\x00",
        b"[]",
        b"null",
        b'{"00.1": 3}',
        b'{"00.1": {"tries": "two", "hints": null, "status": 1}}',
        b'{"44.1": {"status": "right"}}',
    ],
)
def test_damaged_progress_stops_nothing(damaged, state, capsys):
    (state / "progress.json").write_bytes(damaged)
    progress()
    hint("00.1")
    assert "Hint 1 of" in capsys.readouterr().out
    check("00.1", best)
    printed = capsys.readouterr().out
    assert printed.splitlines() == ["✓ 00.1 right: Right."]
    assert entries(state)["00.1"] == {"status": "right", "tries": 1, "hints": 1}


def test_state_folder_that_cannot_be_written_stops_nothing(state, monkeypatch, capsys):
    (state / "file").write_text("in the way", encoding="utf-8")
    monkeypatch.setenv("COURSEKIT_STATE", str(state / "file" / "folder"))
    check("00.1", best)
    hint("00.1")
    hint("00.1")
    progress()
    printed = capsys.readouterr().out
    assert verdicts(printed) == ["✓ 00.1 right: Right."]
    assert "could not be saved" in printed
    assert "Hint 1 of" in printed and "Hint 2 of" in printed


@pytest.mark.parametrize("exercise", EXERCISES, ids=name_of)
def test_hints_come_one_by_one(exercise, capsys):
    hints = exercise.hints()
    assert len(hints) >= 2
    assert len(set(hints)) == len(hints)
    for number, text in enumerate(hints, start=1):
        hint(exercise.id)
        assert capsys.readouterr().out == f"Hint {number} of {len(hints)}: {text}\n"
    for _ in range(2):
        hint(exercise.id)
        assert capsys.readouterr().out.startswith("No more hints")


@pytest.mark.parametrize("code", [code for code in language.languages() if code != "en"] or [""])
def test_other_languages_break_no_check(code, monkeypatch, capsys):
    if not code:
        pytest.skip("the course has no other language yet")
    monkeypatch.setattr(language, "_current", language.language())
    language.set_language(code)
    for row in ROWS:
        expected = "right" if row.fragment is None else "wrong"
        verdict = evaluate(row.exercise_id, row.answer)
        assert (row.exercise_id, row.name, verdict.status) == (row.exercise_id, row.name, expected)
    check("00.1", best)
    assert len(verdicts(capsys.readouterr().out)) == 1
