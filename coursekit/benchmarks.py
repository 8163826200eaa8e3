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
