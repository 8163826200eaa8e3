"""`python -m authoring test`: the steps, their counts, and what makes each of them fail."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from fake_course import ROOT, edit, make_course, write

from authoring import runner
from authoring.build import build
from authoring.project import Project, load_project
from authoring.runner import Counts, Step, run_tests, steps, translated_sample

RESULTS = """\
import pytest

def test_well():
    pass

def test_also_well():
    pass

@pytest.mark.skip
def test_later():
    pass
"""


@pytest.fixture
def course(tmp_path) -> Project:
    return make_course(tmp_path / "course")


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """A small course with its notebooks made."""
    root = tmp_path_factory.mktemp("built") / "course"
    project = make_course(root)
    (root / "tests").mkdir()
    shutil.copy(ROOT / "tests" / "nbval_sanitize.cfg", root / "tests")
    build(project, print_line=lambda _: None)
    return root


def named(project: Project, folder: Path) -> dict[str, Step]:
    return {step.name.split(",")[0]: step for step in steps(project, folder)}


def counts_of(root: Path, text: str) -> Counts:
    write(root, "tests/test_few.py", text)
    return runner._pytest(root, ["tests"], dict(os.environ))


# ---------------------------------------------------------------- the whole


def run_with(monkeypatch, course: Project, counts: list[Counts]) -> tuple[int, list[str]]:
    begun = []

    def stub(number: int, result: Counts) -> Step:
        return Step(f"step {number}", lambda: begun.append(f"step {number}") or result)

    made = [stub(i, result) for i, result in enumerate(counts, start=1)]
    monkeypatch.setattr(runner, "steps", lambda *_: iter(made))
    return run_tests(course), begun


def test_all_steps_pass_and_the_last_line_adds_up(course, monkeypatch, capsys):
    code, begun = run_with(monkeypatch, course, [Counts(2, 0), Counts(40, 0)])
    lines = capsys.readouterr().out.splitlines()
    assert code == 0 and begun == ["step 1", "step 2"]
    assert lines[-1] == "42 passed, 0 failed"
    assert lines[1].startswith("== step 1: passed in ") and lines[1].endswith(" s")


def test_the_first_failure_stops_the_run(course, monkeypatch, capsys):
    code, begun = run_with(monkeypatch, course, [Counts(2, 0), Counts(3, 1), Counts(9, 0)])
    lines = capsys.readouterr().out.splitlines()
    assert code == 1 and begun == ["step 1", "step 2"]
    assert lines[-2].startswith("== step 2: failed in ")
    assert lines[-1] == "5 passed, 1 failed"


def test_the_steps_and_their_order(course, tmp_path):
    assert list(named(course, tmp_path)) == [
        "format and lint",
        "unit tests",
        "solutions",
        "recorded numbers",
        "learner's edition",
    ]


# ---------------------------------------------------------------- counts


def test_counts_come_from_the_report_of_pytest(tmp_path):
    assert counts_of(tmp_path, RESULTS) == Counts(2, 0)
    assert counts_of(tmp_path, RESULTS + "\ndef test_bad():\n    assert False\n") == Counts(2, 1)


@pytest.mark.parametrize("text", ["def broken(:\n", "x = 1\n", "import os\nos._exit(3)\n"])
def test_a_run_without_results_is_a_failure(tmp_path, text):
    counts = counts_of(tmp_path, text)
    assert counts.passed == 0 and counts.failed >= 1


def test_lint_names_what_is_badly_written(course):
    for folder in runner.CODE:
        write(course.root, f"{folder}/__init__.py", "")
    for path in (course.root / "coursekit").glob("*.py"):
        path.write_text("", encoding="utf-8")
    assert runner._lint(course.root) == Counts(2, 0)
    write(course.root, "tests/test_x.py", "x   = 1\n")
    assert runner._lint(course.root) == Counts(1, 1)


# ---------------------------------------------------------------- notebooks


def test_notebooks_that_were_never_made_are_a_failure(course, tmp_path, capsys):
    assert named(course, tmp_path)["solutions"].run() == Counts(0, 1)
    assert "solutions holds no notebook: run make build first." in capsys.readouterr().out


@pytest.mark.slow
def test_a_built_course_passes_each_notebook_step(built, tmp_path):
    project = load_project(built)
    made = named(project, tmp_path)
    solutions = made["solutions"].run()
    assert solutions.failed == 0 and solutions.passed >= 6
    assert made["recorded numbers"].run() == Counts(1, 0)
    assert made["learner's edition"].run().failed == 0
    assert made["translations"].run().failed == 0


@pytest.mark.slow
def test_an_output_that_differs_fails_the_solutions_and_not_the_learners_edition(built, tmp_path):
    root = tmp_path / "course"
    shutil.copytree(built, root)
    for folder in ("solutions", "notebooks"):
        edit(root, f"{folder}/02_the_end.ipynb", '"the end\\n"', '"another end\\n"')
    made = named(load_project(root), tmp_path)
    assert made["solutions"].run().failed == 1
    assert made["learner's edition"].run().failed == 0


def test_numbers_that_differ_or_are_missing_fail(built, tmp_path, capsys):
    project = load_project(built)
    records = tmp_path / "strict" / "records"
    records.mkdir(parents=True)
    step = named(project, tmp_path)["recorded numbers"]
    assert step.run() == Counts(0, 1)
    assert "01_count_words: the fresh run recorded nothing" in capsys.readouterr().out
    other = '{"share": {"value": 0.9, "tolerance": 0.01}, "words": {"value": 1600, "tolerance": 0}}'
    write(records, "01_count_words.json", other)
    assert step.run() == Counts(0, 1)
    assert "01_count_words: share is stored as" in capsys.readouterr().out


# ---------------------------------------------------------------- the sample


def test_the_sample_of_translations_follows_from_the_lessons(course):
    assert translated_sample(course) == []
    for stem in ("01_count_words", "02_the_end"):
        write(course.root, f"translations/nl/notebooks/{stem}.ipynb", "{}")
    seen = set()
    for turn in range(12):
        (chosen,) = translated_sample(course)
        assert translated_sample(course) == [chosen]
        assert (course.root / chosen).is_file()
        seen.add(chosen)
        edit(course.root, "lessons/02_the_end.py", 'print("', f'print("{turn}')
    assert len(seen) == 2
