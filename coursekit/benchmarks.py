"""Results of the long sweeps under `benchmarks/`, which come with the package as dated files."""

from __future__ import annotations

import json
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
