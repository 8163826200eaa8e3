"""From the sources to everything that is made of them.

`derive` computes every made file in memory from the lessons and their stored runs; `build` runs
what is stale and writes the result; `authoring.check` compares the result with the files there.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import nbformat

from authoring import catalogs
from authoring.editions import Edition, make_notebook, notebook_bytes
from authoring.execute import Run, coarse_minutes, fingerprint, run_lesson
from authoring.lesson import Lesson, load_lesson
from authoring.project import AuthoringError, Project
from authoring.readme import readme_text
from authoring.translate import Translation, load_translation, translated_files
from coursekit.paths import write_atomically
from coursekit.verdicts import wanted_records
from proving.results import first_run_minutes

MADE = (
    "solutions/*.ipynb",
    "notebooks/*.ipynb",
    "translations/*/notebooks/*.ipynb",
    "translations/*/images/*.svg",
    "coursekit/data/images/*/*.svg",
    "coursekit/data/locales/*.json",
)


def load_lessons(project: Project) -> dict[str, Lesson]:
    """All lessons of the course, by stem, in order."""
    return {stem: load_lesson(project, stem) for stem in project.stems}


def stored_run(project: Project, lesson: Lesson) -> Run | None:
    """What the last run of a lesson left in its stored solutions, None without a usable file."""
    path = project.solution_path(lesson.stem)
    if not path.exists():
        return None
    try:
        notebook = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
        course = notebook.metadata["course"]
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        if len(code) != len(lesson.code_cells()):
            return None
        return Run(
            fingerprint=course["fingerprint"],
            outputs=tuple(cell.outputs for cell in code),
            counts=tuple(cell.execution_count for cell in code),
            records={name: dict(entry) for name, entry in course["records"].items()},
            minutes=dict(course["minutes"]),
        )
    except (KeyError, ValueError, AttributeError, nbformat.reader.NotJSONError):
        return None


def usable_runs(project: Project, lessons: dict[str, Lesson]) -> tuple[dict[str, Run], list[str]]:
    """The stored runs that still hold, and the stems of the lessons that must run again."""
    runs, stale = {}, []
    for stem, lesson in lessons.items():
        run = stored_run(project, lesson)
        if run is not None and run.fingerprint == fingerprint(project, lesson):
            runs[stem] = with_first_run(project, lesson, run)
        else:
            stale.append(stem)
    return runs, stale


def with_first_run(project: Project, lesson: Lesson, run: Run) -> Run:
    """The run with the minutes of a proven first run beside its own, where there is one."""
    proven = first_run_minutes(project.root / "proving" / "results").get(lesson.number)
    minutes = {"cpu": run.minutes["cpu"]}
    if proven is not None:
        minutes["first"] = coarse_minutes(proven)
    return replace(run, minutes=minutes)


def load_translations(project: Project, lessons: dict[str, Lesson]) -> list[Translation]:
    """All languages with their catalogs, brought to the texts of today in memory."""
    templates = catalogs.templates(project, lessons)
    return [load_translation(project, language, templates) for language in project.languages]


def derive(
    project: Project,
    lessons: dict[str, Lesson],
    runs: dict[str, Run],
    translations: list[Translation],
) -> dict[Path, bytes]:
    """Every made file, by path relative to the repository. Lessons without a run are left out."""
    files = english_editions(project, lessons, runs) | _figures(project)
    if (project.root / "README.md").exists():
        files[Path("README.md")] = readme_text(project, lessons, runs).encode("utf-8")
    if runs:
        minutes = {lessons[stem].number: run.minutes for stem, run in runs.items()}
        text = json.dumps(minutes, indent=1, sort_keys=True) + "\n"
        files[Path("coursekit/data/minutes.json")] = text.encode("utf-8")
    files |= recorded_file(lessons, runs)
    for translation in translations:
        files |= translated_files(project, translation, lessons, runs)
    return files


def recorded_file(lessons: dict[str, Lesson], runs: dict[str, Run]) -> dict[Path, bytes]:
    """The recorded numbers of other lessons that the verdicts need, as a file of the package.

    A notebook has the package only, not the solutions. Lessons without a run, and records that a
    run does not hold, are left out: the verdict then says that the number is missing.
    """
    numbers: dict[str, dict[str, float]] = {}
    by_number = {lessons[stem].number: run for stem, run in runs.items()}
    for number, names in wanted_records().items():
        held = by_number[number].records if number in by_number else {}
        found = {name: round(held[name]["value"], 4) for name in names if name in held}
        if found:
            numbers[number] = found
    if not numbers:
        return {}
    text = json.dumps(numbers, indent=1, sort_keys=True) + "\n"
    return {Path("coursekit/data/recorded.json"): text.encode("utf-8")}


def english_editions(
    project: Project, lessons: dict[str, Lesson], runs: dict[str, Run]
) -> dict[Path, bytes]:
    """Solutions and learner's edition of each lesson that has a run."""
    titles = {stem: f"{lesson.number} · {lesson.title}" for stem, lesson in lessons.items()}
    files = {}
    for stem, run in runs.items():
        for folder in ("solutions", "notebooks"):
            notebook = make_notebook(project, lessons[stem], run, Edition(folder, titles))
            files[Path(folder) / f"{stem}.ipynb"] = notebook_bytes(notebook)
    return files


def orphans(project: Project, files: dict[Path, bytes], kept: list[str]) -> list[Path]:
    """Made files that no source stands behind; those of the lessons in `kept` are spared."""
    found = []
    for pattern in MADE:
        for path in sorted(project.root.glob(pattern)):
            relative = path.relative_to(project.root)
            if relative not in files and relative.stem not in kept:
                found.append(relative)
    return found


def build(
    project: Project,
    numbers: list[str] | None = None,
    force: bool = False,
    print_line: Callable[[str], object] = print,
) -> list[Path]:
    """Run what is stale, write every made file that differs, and return those paths.

    Args:
        numbers: the lessons to run when stale, by number or stem; all of them by default.
        force: run the named lessons even where nothing changed.

    Raises:
        AuthoringError: a source is wrong or a cell fails; files of lessons that ran are kept.
    """
    refresh_data(project, print_line)
    lessons = load_lessons(project)
    chosen = project.select(numbers or [])
    written = _write(project, _figures(project))
    runs, stale = usable_runs(project, lessons)
    for stem in chosen:
        stored = {name: run for name in lessons if (run := stored_run(project, lessons[name]))}
        written += _write(project, recorded_file(lessons, stored | runs))
        if stem in stale or force or runs[stem].fingerprint != fingerprint(project, lessons[stem]):
            run = run_lesson(project, lessons[stem], print_line)
            runs[stem] = with_first_run(project, lessons[stem], run)
            written += _write(project, english_editions(project, lessons, {stem: runs[stem]}))
    waiting = [stem for stem in lessons if stem not in runs]
    for stem in waiting:
        print_line(f"{stem}: stale and not run now; make build runs it")
    runs = {stem: runs[stem] for stem in lessons if stem in runs}
    files = derive(project, lessons, runs, load_translations(project, lessons))
    if waiting:
        for name in ("minutes.json", "recorded.json"):
            files.pop(Path("coursekit/data") / name, None)
    written += _write(project, files)
    for path in orphans(project, files, waiting):
        (project.root / path).unlink()
        written.append(path)
        print_line(f"{path.as_posix()}: removed, it has no source any more")
    return list(dict.fromkeys(written))


def _figures(project: Project) -> dict[Path, bytes]:
    """The English figures, which lessons show while they run."""
    return {
        Path("coursekit/data/images/en") / path.name: path.read_bytes()
        for path in sorted((project.root / "images").glob("*.svg"))
    }


def refresh_data(project: Project, print_line: Callable[[str], object] = print) -> None:
    """Render the company's documents into the package, where this project has their sources.

    Raises:
        AuthoringError: a source of the company is wrong; the message names file and place.
    """
    company = company_module(project)
    if company is None:
        return
    try:
        written = company.write()
    except company.SourceError as error:
        raise AuthoringError(str(error)) from error
    if written:
        print_line(f"the company's documents: {written} files written or removed")


def company_module(project: Project):
    """`authoring.company` where the project is the repository that holds it, else None."""
    if Path(__file__).resolve().parent.parent != project.root:
        return None
    from authoring import company

    return company


def _write(project: Project, files: dict[Path, bytes]) -> list[Path]:
    written = []
    for path, content in files.items():
        target = project.root / path
        if not target.exists() or target.read_bytes() != content:
            write_atomically(target, content)
            written.append(path)
    return written


def compare_records(project: Project, folder: Path) -> list[str]:
    """How the records of a fresh run differ from the stored ones, beyond their tolerance.

    Args:
        folder: holds one `NN_stem.json` a lesson, as `COURSEKIT_RECORDS` had them written.

    Raises:
        AuthoringError: the folder holds no records at all.
    """
    fresh_files = {path.stem: path for path in sorted(folder.glob("*.json"))}
    if not fresh_files:
        raise AuthoringError(
            f"{folder} holds no records: run the lessons with COURSEKIT_RECORDS={folder} first."
        )
    problems = []
    for stem, lesson in load_lessons(project).items():
        run = stored_run(project, lesson)
        if stem not in fresh_files or run is None:
            continue
        fresh = json.loads(fresh_files[stem].read_text(encoding="utf-8"))
        for name, entry in run.records.items():
            stored, tolerance = entry["value"], entry["tolerance"]
            if name not in fresh:
                problems.append(f"{stem}: {name} was not recorded by the fresh run")
                continue
            value = fresh[name]["value"]
            numbers = all(isinstance(v, int | float) for v in (stored, value))
            same = abs(value - stored) <= tolerance + 1e-12 if numbers else value == stored
            if not same:
                problems.append(
                    f"{stem}: {name} is stored as {stored}, the fresh run has {value}, and the "
                    f"tolerance is {tolerance}: build the lesson again, or find out what changed"
                )
        problems += [
            f"{stem}: {name} is new: run make build"
            for name in sorted(fresh.keys() - run.records.keys())
        ]
    return problems
