"""Progress bars with the time left, for everything that takes long."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any


def progress_bar(
    items: Iterable[Any] | None, what: str, total: int | None = None, unit: str = "it"
) -> Any:
    """A tqdm bar over `items`, or over `total` steps counted by its `update`; it is a context too.

    There is no bar where the variable `TQDM_DISABLE` is set. tqdm's own bar for notebooks does not
    look at that variable, and would be stored in a built lesson.
    """
    from tqdm.auto import tqdm

    silent = os.environ.get("TQDM_DISABLE", "") not in ("", "0")
    return tqdm(items, desc=what, total=total, unit=unit, leave=False, disable=silent)
