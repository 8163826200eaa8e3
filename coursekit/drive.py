"""On Colab, keep what a session would forget in the learner's own Google Drive."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from coursekit.language import t
from coursekit.paths import cache_dir, locked, state_dir, write_atomically

MOUNT = "/content/drive"
# A Drive is small and slow: what is larger than this, such as lesson 04's indexes, is made anew.
LARGEST_KEPT = 150_000_000
_copied: dict[Path, int] = {}  # what went to Drive already, with its time of change in ns


def keep_on_drive(folder: str = "coursekit") -> None:
    """Keep progress and results in a folder of your Google Drive, and take up what is there.

    Colab asks for your permission. From then on, each cell that ends brings what is new to Drive:
    your progress, and what lessons computed, such as a trained adapter, but nothing above
    `LARGEST_KEPT` bytes. A later session takes up the progress at this call, and reads the
    results from Drive. The session itself works on its own disk, since Drive is slow and its file
    locks cannot be relied on. Elsewhere than on Colab nothing is done, since nothing gets lost.
    Safe to run twice.

    Args:
        folder: its name in "My Drive".
    """
    if "COLAB_RELEASE_TAG" not in os.environ and "google.colab" not in sys.modules:
        print(t("Nothing to do: this machine keeps your progress and results by itself."))
        return
    try:
        from google.colab import drive

        drive.mount(MOUNT)
        home = Path(MOUNT) / "MyDrive" / folder
        _copied.clear()
        # What is there can be read, even if Drive is full and nothing more can be brought.
        os.environ["COURSEKIT_SHARED"] = str(home / "cache")
        _bring(home)
    except Exception as error:  # Colab raises various things, when a learner says no for one
        _say_it_failed(error)
        return
    if shell := _shell():
        shell.events.register("post_run_cell", _after_cell)
    print(t("Kept in the folder {folder} of your Google Drive.", folder=folder))


def _shell() -> Any:
    from IPython import get_ipython

    return get_ipython()


def _after_cell(*_: object) -> None:
    """Bring to Drive what the cell made; where that fails, say so once and try no more."""
    try:
        _bring(Path(os.environ["COURSEKIT_SHARED"]).parent)
    except Exception as error:  # Drive is full, or away: no reason to stop a lesson
        _shell().events.unregister("post_run_cell", _after_cell)
        _say_it_failed(error)


def _say_it_failed(error: Exception) -> None:
    print(
        t(
            "Google Drive could not be used ({error}). The lesson goes on without it: "
            "download your notebook before you leave.",
            error=str(error) or type(error).__name__,
        )
    )


def _bring(home: Path) -> None:
    """Bring to `home` what changed since the last time, never half of anything."""
    states = (state_dir(), home / "state")
    for name in {file.name for folder in states for file in folder.glob("*.json")}:
        _once(_merge, *(folder / name for folder in states))
    for entry in (cache_dir() / "made").glob("*"):
        if not entry.name.startswith("."):  # a lock, or an entry in the making
            _once(_copy, entry, home / "cache" / "made" / entry.name)


def _once(bring: Callable[[Path, Path], None], own: Path, kept: Path) -> None:
    if not own.exists() or _copied.get(own) != own.stat().st_mtime_ns:
        bring(own, kept)
        _copied[own] = own.stat().st_mtime_ns


def _copy(own: Path, kept: Path) -> None:
    files = [own, *own.rglob("*")]
    if kept.exists() or sum(file.stat().st_size for file in files) > LARGEST_KEPT:
        return
    kept.parent.mkdir(parents=True, exist_ok=True)
    part = kept.with_name(f".{kept.name}.part")
    if own.is_dir():
        shutil.rmtree(part, ignore_errors=True)
        shutil.copytree(own, part)
    else:
        shutil.copyfile(own, part)
    part.replace(kept)


def _merge(own: Path, kept: Path) -> None:
    """Give both files the entries of both: this session's count, but what is solved stays so."""
    with locked(own, timeout=5):
        mine, theirs = _entries(own), _entries(kept)
        solved = {key: entry for key, entry in theirs.items() if _is_right(entry)}
        both = json.dumps({**theirs, **mine, **solved}, indent=1, sort_keys=True)
        for file in (own, kept):
            if not file.exists() or file.read_text(encoding="utf-8") != both:
                write_atomically(file, both)


def _is_right(entry: Any) -> bool:
    return isinstance(entry, dict) and entry.get("status") == "right"


def _entries(file: Path) -> dict[str, Any]:
    try:
        entries = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):  # none yet, or damaged: nothing to take from it
        return {}
    return entries if isinstance(entries, dict) else {}
