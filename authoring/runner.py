"""What `make test` runs: one step after the other, stopping at the first that fails.

The solutions run first and strictly, with outputs and records compared. They fill the cache, so
that the learner's editions and the translations, which follow, run warm.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from authoring.build import compare_records, load_lessons, stored_run
from authoring.execute import TIMEOUT, kernel_environment
from authoring.project import Project

CODE = ("coursekit", "authoring", "proving", "workshop", "tests", "benchmarks")
OFFLINE = {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}


@dataclass(frozen=True)
class Counts:
    """How many checks of a step passed and failed. A step fails with one failed check."""

    passed: int
    failed: int


@dataclass(frozen=True)
class Step:
    """One step of the tests: its name, and what runs it."""

    name: str
    run: Callable[[], Counts]


def run_tests(project: Project) -> int:
    """Run every step; return 0 when all passed, else 1 after the first step that failed.

    Each step prints a line with its name, its seconds and its counts, and the last line is
    "N passed, M failed" over all steps that ran.
    """
    passed = failed = 0
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        for step in steps(project, Path(temporary)):
            print(f"== {step.name}", flush=True)
            started = time.monotonic()
            counts = step.run()
            passed, failed = passed + counts.passed, failed + counts.failed
            word = "failed" if counts.failed else "passed"
            print(f"== {step.name}: {word} in {time.monotonic() - started:.1f} s", flush=True)
            if counts.failed:
                break
    print(f"{passed} passed, {failed} failed", flush=True)
    return 1 if failed else 0


def steps(project: Project, folder: Path) -> Iterator[Step]:
    """The steps in their order; `folder` is an empty place for what they write."""
    root = project.root
    plain = os.environ | OFFLINE
    yield Step("format and lint", lambda: _lint(root))
    yield Step("unit tests, with sync and style", lambda: _pytest(root, ["tests"], plain))
    yield Step(
        "solutions, outputs compared",
        lambda: _notebooks(project, ["solutions"], folder / "strict", strict=True),
    )
    yield Step("recorded numbers", lambda: _records(project, folder / "strict" / "records"))
    yield Step("learner's edition", lambda: _notebooks(project, ["notebooks"], folder / "learner"))
    sample = translated_sample(project)
    if sample:
        yield Step(
            "translations, one lesson of each language",
            lambda: _notebooks(project, sample, folder / "translations"),
        )


def translated_sample(project: Project) -> list[str]:
    """One notebook of each language that has any, relative to the repository.

    The hash of all lesson sources chooses: the same commit gives the same sample, and the sample
    moves on as the course changes.
    """
    hasher = hashlib.sha256()
    for stem in project.stems:
        hasher.update(project.lesson_path(stem).read_bytes())
    number = int.from_bytes(hasher.digest()[:4], "big")
    sample = []
    for language in project.languages:
        made = sorted((project.root / "translations" / language.code).glob("notebooks/*.ipynb"))
        if made:
            chosen = made[number % len(made)]
            sample.append(chosen.relative_to(project.root).as_posix())
    return sample


def _lint(root: Path) -> Counts:
    failed = 0
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run([sys.executable, "-m", "ruff", *command, *CODE], cwd=root)
        failed += done.returncode != 0
    return Counts(2 - failed, failed)


def _pytest(root: Path, arguments: list[str], environment: dict[str, str]) -> Counts:
    """Run pytest in a process of its own and read its counts from its XML report."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        report = Path(temporary) / "report.xml"
        command = [sys.executable, "-m", "pytest", *arguments, f"--junitxml={report}"]
        code = subprocess.run(command, cwd=root, env=environment).returncode
        passed = failed = 0
        if report.exists():
            for suite in ElementTree.parse(report).getroot().iter("testsuite"):
                bad = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
                failed += bad
                passed += int(suite.get("tests", 0)) - bad - int(suite.get("skipped", 0))
    # A run that ended without a failed test, yet not well: nothing collected, or a crash.
    return Counts(passed, max(failed, 1) if code else failed)


def _notebooks(project: Project, places: list[str], folder: Path, strict: bool = False) -> Counts:
    """Run notebooks with nbval: every cell, with outputs compared only if `strict`."""
    for place in places:
        path = project.root / place
        if not path.exists() or (path.is_dir() and not any(path.glob("*.ipynb"))):
            print(f"{place} holds no notebook: run make build first.")
            return Counts(0, 1)
    environment = kernel_environment(project, folder) | OFFLINE | {"PYTHONWARNINGS": "ignore"}
    arguments = [
        "--nbval" if strict else "--nbval-lax",
        *places,
        "--nbval-current-env",
        f"--nbval-cell-timeout={TIMEOUT}",
        f"--timeout={TIMEOUT + 60}",
        "-p",
        "no:cacheprovider",
    ]
    if strict:
        arguments.append("--nbval-sanitize-with=tests/nbval_sanitize.cfg")
    return _pytest(project.root, arguments, environment)


def _records(project: Project, folder: Path) -> Counts:
    """Hold the numbers that the strict run recorded against the stored ones, lesson by lesson."""
    recording = []
    for stem, lesson in load_lessons(project).items():
        run = stored_run(project, lesson)
        if run is not None and run.records:
            recording.append(stem)
    silent = [stem for stem in recording if not (folder / f"{stem}.json").exists()]
    problems = [f"{stem}: the fresh run recorded nothing" for stem in silent]
    if any(folder.glob("*.json")):
        problems += compare_records(project, folder)
    for problem in problems:
        print(problem)
    lessons_with_problems = {problem.split(":")[0] for problem in problems}
    return Counts(len(recording) - len(lessons_with_problems & {*recording}), len(problems))
