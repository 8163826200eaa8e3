"""Results of the long sweeps under `benchmarks/`, which come with the package as dated files."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from coursekit.paths import data_dir


def load_benchmark(name: str) -> dict[str, Any]:
    """The stored result of a benchmark, such as "index_growth".

    Returns: a dict with at least "date", "machine" (a dict of texts and numbers) and "points"
    (a list of dicts); `benchmarks/README.md` says what each holds.

    Raises:
        FileNotFoundError: there is no result of that name; the message lists those there are.
    """
    folder = data_dir() / "benchmarks"
    path = folder / f"{name}.json"
    if not path.is_file():
        known = sorted(file.stem for file in folder.glob("*.json"))
        raise FileNotFoundError(
            f"The course has no benchmark {name!r}: choose one of {', '.join(known) or 'none yet'}."
        )
    return json.loads(path.read_text(encoding="utf-8"))


def load_runs(name: str, device: str = "cpu") -> list[dict[str, Any]]:
    """The stored runs of a benchmark on one kind of device, such as "cpu" or "cuda"."""
    return [point for point in load_benchmark(name)["points"] if point["device"] == device]


def medians(
    points: Sequence[Mapping[str, Any]],
    key: str,
    of: Callable[[list[float]], float] = statistics.median,
) -> dict[str, float]:
    """The median of `key` over the speed runs of each recipe, by its name.

    Args:
        points: runs of `benchmarks/lora_recipe.py`.
        of: what to take instead of the median, such as `min`.
    """
    values: dict[str, list[float]] = {}
    for point in points:
        if point["kind"] == "speed":
            values.setdefault(point["recipe"], []).append(point[key])
    return {recipe: of(found) for recipe, found in values.items()}


def steps_to(quality: float, exact: Mapping[str, float]) -> float | None:
    """Steps until the exact match reaches `quality`, on straight lines between the looks.

    None if it stays below to the end.
    """
    before, share_before = 0, 0.0
    for step, share in sorted((int(step), share) for step, share in exact.items()):
        if share >= quality:
            return before + (step - before) * (quality - share_before) / (share - share_before)
        before, share_before = step, share
    return None


def final_exact(points: Sequence[Mapping[str, Any]], recipe: str) -> list[float]:
    """Exact match after the last step of a recipe's quality runs, one number for each seed."""
    judged = [p for p in points if p["recipe"] == recipe and p["kind"] == "quality"]
    return [p["exact"][str(p["steps"])] for p in judged]


def seconds_to(
    quality: float, points: Sequence[Mapping[str, Any]], recipe: str, judged_as: str | None = None
) -> list[float | None]:
    """Seconds of training until the exact match reaches `quality`, one number for each seed.

    These are the steps that it took in a run of the kind "quality", times the median seconds of a
    step in the runs of the kind "speed", plus what the first step took longer there: compiling.
    None stands for a run that stayed below.

    Args:
        points: runs of `benchmarks/lora_recipe.py`.
        judged_as: the recipe whose quality runs count, where it is not `recipe` itself.
    """
    speed = [p for p in points if p["recipe"] == recipe and p["kind"] == "speed"]
    judged = [p for p in points if p["recipe"] == (judged_as or recipe) and p["kind"] == "quality"]
    step_s = statistics.median(p["step_s"] for p in speed)
    extra = max(0.0, statistics.median(p["first_step_s"] for p in speed) - step_s)
    reached = [steps_to(quality, p["exact"]) for p in judged]
    return [None if steps is None else extra + steps * step_s for steps in reached]
