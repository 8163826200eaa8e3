"""Where the course keeps its files, and how it writes them without ever leaving half a file.

Three folders matter. The *cache* holds what can be made again (models, embeddings, training
runs). The *state* holds what cannot (a learner's progress). The *data* comes with the package.
"""

from __future__ import annotations

import errno
import os
import shutil
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import platformdirs
from filelock import FileLock, Timeout

APP = "coursekit"
DISK_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
FULL_WORDS = ("No space left", "StorageFull", "QuotaExceeded", "os error 112")


class CacheError(RuntimeError):
    """A file of the course could not be written or read; the message says what to do."""


def cache_dir() -> Path:
    """Folder for everything that can be made again: `COURSEKIT_CACHE`, else the user's cache."""
    return _folder("COURSEKIT_CACHE", platformdirs.user_cache_path(APP, appauthor=False))


def cache_path(*parts: str, shared: bool = True) -> Path:
    """Where the cache keeps an entry: its path below `cache_dir()`.

    A folder named by `COURSEKIT_SHARED` is a cache that somebody filled beforehand, such as for a
    class on one server, and that is only read. What is there, and not in one's own cache, is
    taken from there, unless `shared` is False: then the path is where to write.
    """
    own = cache_dir().joinpath(*parts)
    folder = os.environ.get("COURSEKIT_SHARED", "").strip()
    if shared and folder and not own.exists():
        there = Path(folder).expanduser().absolute().joinpath(*parts)
        if there.exists():
            return there
    return own


def state_dir() -> Path:
    """Folder for a learner's progress: `COURSEKIT_STATE`, else the user's state folder."""
    return _folder("COURSEKIT_STATE", platformdirs.user_state_path(APP, appauthor=False))


def data_dir() -> Path:
    """Folder with the data that comes with the package."""
    return Path(__file__).resolve().parent / "data"


def _folder(variable: str, default: Path) -> Path:
    chosen = os.environ.get(variable, "").strip()
    return Path(chosen).expanduser().absolute() if chosen else default


def make_folder(path: Path) -> Path:
    """Create `path` and its parents, and return it.

    Raises:
        CacheError: the folder cannot be made or the disk is full.
    """
    with explain_os_errors(path):
        path.mkdir(parents=True, exist_ok=True)
    return path


def nearest_folder(path: Path) -> Path:
    """`path`, or the nearest folder above it that exists and may be looked at."""
    for one in (path, *path.parents):
        with suppress(OSError):
            if one.exists():
                return one
    return path


def can_write(path: Path) -> bool:
    """Whether files can be written to the folder `path`, or to where it will be made."""
    try:
        with tempfile.TemporaryFile(dir=nearest_folder(path)):
            return True
    except OSError:
        return False


@contextmanager
def explain_os_errors(path: Path) -> Iterator[None]:
    """Turn a full disk, or a refusal by the file system at `path`, into a `CacheError`."""
    try:
        yield
    except OSError as error:
        sentence = _sentence(error, path)
        if sentence is None:
            raise
        raise CacheError(sentence) from error
    except Exception as error:  # safetensors raises an error of its own, with the system's words
        said = str(error)
        if type(error).__name__ != "SafetensorError" or not any(w in said for w in FULL_WORDS):
            raise
        raise CacheError(disk_full_sentence(path)) from error


def _sentence(error: OSError, path: Path) -> str | None:
    if error.errno in DISK_FULL or getattr(error, "winerror", None) == 112:
        return disk_full_sentence(path)
    if error.filename is not None:
        touched = Path(os.fsdecode(error.filename)).absolute()
        if not (touched.is_relative_to(path) or path.is_relative_to(touched)):
            return None
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return (
            f"The course may not write to {path}: set COURSEKIT_CACHE (or COURSEKIT_STATE for "
            "your progress) to a folder that you may write to, and run this again."
        )
    if error.errno not in (errno.ENOTDIR, errno.EEXIST, errno.EIO, errno.ENAMETOOLONG):
        return None
    return (
        f"The course could not use {path} ({error.strerror or error}): check that folder, or set "
        "COURSEKIT_CACHE to another one, and run this again."
    )


def disk_full_sentence(path: Path) -> str:
    """What to tell a person when the disk that holds `path` is full."""
    return (
        f"The disk that holds {path} is full, so nothing was kept: free some space, or set "
        "COURSEKIT_CACHE to a folder on another disk, and run this again."
    )


def write_atomically(path: Path, content: bytes | str | Callable[[BinaryIO], object]) -> Path:
    """Write a whole file or nothing, and return its path.

    Args:
        path: the file to make or to replace; missing folders are made.
        content: bytes, text (stored as UTF-8 with `\\n` line ends), or a function that is
            given the open binary file and writes to it.

    Raises:
        CacheError: the disk is full, or the folder may not be written to.
    """
    path = Path(path)
    make_folder(path.parent)
    with explain_os_errors(path.parent):
        part = _part_of(path)
        try:
            with part.open("xb") as file:
                if callable(content):
                    content(file)
                else:
                    file.write(content.encode("utf-8") if isinstance(content, str) else content)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    return path


def _part_of(path: Path) -> Path:
    return path.with_name(f".{path.name}-{uuid.uuid4().hex[:12]}.part")


SILENT_S = 5.0


@contextmanager
def locked(path: Path, timeout: float = 3600) -> Iterator[None]:
    """Hold the lock of `path`, so that of two notebooks only one makes it.

    The other one says what it waits for, once it has waited for `SILENT_S` seconds. The lock of a
    process that ended, or was killed, is free.

    Args:
        path: what is protected; the lock is the file `.NAME.lock` beside it.
        timeout: seconds to wait for another process.

    Raises:
        CacheError: another process holds the lock for longer, or the folder is read-only.
    """
    path = Path(path)
    make_folder(path.parent)
    lock = FileLock(path.parent / f".{path.name}.lock")
    try:
        with explain_os_errors(path.parent):
            try:
                lock.acquire(timeout=min(SILENT_S, timeout))
            except Timeout:
                if timeout <= SILENT_S:
                    raise
                print(f"Another notebook is making {path.name}: waiting for it.", file=sys.stderr)
                lock.acquire(timeout=timeout - SILENT_S)
    except Timeout as error:
        raise CacheError(
            f"Another notebook has been making {path.name} for {timeout:.0f} seconds: wait until "
            "it is done, or restart its kernel, and run this again."
        ) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def folder_in_progress(final: Path) -> Iterator[Path]:
    """Give an empty folder beside `final`; when the block ends well, it becomes `final`.

    Call it while you hold `locked(final)`. What a killed run left behind is removed first,
    and so is an older `final`. When the block raises, `final` stays as it was.

    Raises:
        CacheError: the disk is full, or the folder may not be written to.
    """
    make_folder(final.parent)
    for leftover in final.parent.glob(f".{final.name}-*.part"):
        shutil.rmtree(leftover, ignore_errors=True)
    with explain_os_errors(final.parent):
        part = _part_of(final)
        part.mkdir()
        try:
            yield part
            for file in part.rglob("*"):
                if file.is_file():  # some libraries write files that only their owner may read
                    file.chmod(part.stat().st_mode & 0o666)
            if final.exists():
                final.replace(_part_of(final))
            part.replace(final)
        finally:
            for leftover in final.parent.glob(f".{final.name}-*.part"):
                shutil.rmtree(leftover, ignore_errors=True)
