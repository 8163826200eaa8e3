"""What each lesson did on each kind of machine: a JSON file a run, and the tables of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from datetime import date
from pathlib import Path

from coursekit.paths import write_atomically

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "proving" / "results"

# Each kind of machine that the course is proven on, in the order of the tables: its name, and what
# that name means. README.md has a row for each.
FIRST_RUN = "two cores, first run"
PROFILES = {
    FIRST_RUN: ("the lessons in their order; the models are there, nothing else is kept yet"),
    "two cores, second run": "what earlier runs made is kept: adapters, embeddings, answers",
    "one core, 4 GB": "as a first run, with one core and 4 GB of memory",
    "Colab 2026.07 on CPU": "with the package versions of Colab's runtime 2026.07",
    "Colab 2026.08 on CPU": "with the package versions of Colab's runtime 2026.08",
    "GPU": "one NVIDIA GPU, which the lesson finds and uses",
    "offline bundle": "installed from the archive of `make bundle`, with the network cut off",
}
README_PART = re.compile(r"(<!-- proven -->\n)(.*?)(<!-- end -->)", re.DOTALL)


@dataclass(frozen=True)
class Result:
    """One notebook, run once from its first cell to its last in a fresh kernel.

    Attributes:
        lesson: number of the lesson, "05".
        edition: "en", or the code of a translated edition.
        profile: the kind of machine, one of `PROFILES` or another plain name.
        date: the day of the run, YYYY-MM-DD.
        minutes: from the start of the kernel to the end of the last cell.
        peak_gb: most memory of the kernel and its child processes at once, in 10^9 bytes.
        passed: whether every cell ran to its end within the limits of the profile.
        detail: one line on the machine and how it was limited, or what went wrong.
    """

    lesson: str
    edition: str
    profile: str
    date: str
    minutes: float
    peak_gb: float
    passed: bool
    detail: str = ""


def result_path(result: Result, folder: Path = FOLDER) -> Path:
    """Where `folder` keeps the latest run of this profile, edition and lesson."""
    words = f"{result.profile}-{result.edition}-{result.lesson}".lower()
    return Path(folder) / f"{re.sub(r'[^a-z0-9.]+', '-', words)}.json"


def save(result: Result, folder: Path = FOLDER) -> Path:
    """Write one result in the place of an older one, whole or not at all; return its path.

    Raises:
        ValueError: a field has a value that the tables could not show.
        CacheError: the folder cannot be written to.
    """
    _verify(result)
    text = json.dumps(asdict(result), ensure_ascii=False, indent=1) + "\n"
    return write_atomically(result_path(result, folder), text)


def load_all(folder: Path = FOLDER) -> list[Result]:
    """Every stored result, in the order of the table.

    Raises:
        ValueError: a file is not a result; the message names it.
    """
    results = []
    for path in sorted(Path(folder).glob("*.json")):
        try:
            result = Result(**json.loads(path.read_text(encoding="utf-8")))
            _verify(result)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"{path} is not a result of a run ({error}): run that lesson again with "
                "`python -m proving prove`, or remove the file."
            ) from error
        results.append(result)
    return sorted(results, key=_order)


def first_run_minutes(folder: Path = FOLDER) -> dict[str, float]:
    """Minutes of the first run on two cores, by the number of the lesson: what a learner waits.

    Only runs of the English edition that passed count.

    Raises:
        ValueError: a file is not a result; the message names it.
    """
    return {
        one.lesson: one.minutes
        for one in load_all(folder)
        if one.profile == FIRST_RUN and one.edition == "en" and one.passed
    }


def _verify(result: Result) -> None:
    kinds = {"str": str, "float": float | int, "bool": bool}
    for field in fields(result):
        value = getattr(result, field.name)
        wanted = kinds[field.type]
        if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
            raise ValueError(f"{field.name} is {value!r} and should be {field.type}")
    if not re.fullmatch(r"\d\d", result.lesson):
        raise ValueError(f"lesson is {result.lesson!r} and should be two digits")
    date.fromisoformat(result.date)
    if result.minutes < 0 or result.peak_gb < 0:
        raise ValueError("minutes and peak_gb cannot be below zero")


def _order(result: Result) -> tuple[int, str, bool, str, str]:
    names = list(PROFILES)
    place = names.index(result.profile) if result.profile in names else len(names)
    return place, result.profile, result.edition != "en", result.edition, result.lesson


def by_profile(results: Iterable[Result]) -> dict[str, list[Result]]:
    """The results of each profile, in the order of the table."""
    groups: dict[str, list[Result]] = {}
    for result in sorted(results, key=_order):
        groups.setdefault(result.profile, []).append(result)
    return groups


def table(results: Iterable[Result]) -> str:
    """Markdown for PROVEN.md: for each profile a heading, what it is, and a row a run."""
    parts = []
    for profile, group in by_profile(results).items():
        lines = [f"## {profile}", ""]
        if profile in PROFILES:
            lines += [f"{PROFILES[profile][0].upper()}{PROFILES[profile][1:]}.", ""]
        lines += [
            "| Lesson | Edition | Date | Minutes | Peak memory, GB | Passed | Remarks |",
            "|---|---|---|---|---|---|---|",
        ]
        for one in group:
            passed = "yes" if one.passed else "**no**"
            lines.append(
                f"| {one.lesson} | {one.edition} | {one.date} | {one.minutes:.1f} | "
                f"{one.peak_gb:.1f} | {passed} | {_cell(one.detail)} |"
            )
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n" if parts else "No run is stored yet.\n"


def fill_readme(text: str, results: Iterable[Result]) -> str:
    """A README, in any language, with its table of the proven machines filled from the results.

    The table stands between `<!-- proven -->` and `<!-- end -->`. It has one row for each of
    `PROFILES`, in their order; the first cell is text and stays. The others hold numbers, dates and
    codes only, so that no translation gets stale: lessons run, how many passed, editions, most
    memory in GB, day of the last run. A text without the two marks is returned as it is.

    Raises:
        ValueError: the table does not have one row for each profile.
    """
    groups = by_profile(results)

    def filled(match: re.Match) -> str:
        lines = match[2].splitlines()
        rows = [number for number, line in enumerate(lines) if line.startswith("|")][2:]
        if len(rows) != len(PROFILES):
            raise ValueError(
                f"The table between <!-- proven --> and <!-- end --> in README.md has {len(rows)} "
                f"rows and needs {len(PROFILES)}, one for each of: {'; '.join(PROFILES)}."
            )
        for number, profile in zip(rows, PROFILES, strict=True):
            label = lines[number].split("|")[1].strip()
            cells = [label, *_summary(groups.get(profile, []))]
            lines[number] = f"| {' | '.join(cells)} |"
        return match[1] + "\n".join(lines) + "\n" + match[3]

    return README_PART.sub(filled, text)


def _summary(group: list[Result]) -> list[str]:
    """Five cells without a word: lessons, passed of run, editions, most memory, last day."""
    if not group:
        return ["-"] * 5
    ran = sorted({one.lesson for one in group})
    editions = dict.fromkeys(f"`{one.edition}`" for one in group)
    return [
        _ranges(ran),
        f"{sum(one.passed for one in group)}/{len(group)}",
        " ".join(editions),
        f"{max(one.peak_gb for one in group):.1f}",
        max(one.date for one in group),
    ]


def _ranges(numbers: list[str]) -> str:
    """Sorted lesson numbers in short: 00, 01, 02 and 05 are "00-02, 05"."""
    runs: list[list[str]] = []
    for number in numbers:
        if runs and int(number) == int(runs[-1][-1]) + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(run[0] if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def _cell(text: str) -> str:
    """Text that stays inside one cell of a Markdown table."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
