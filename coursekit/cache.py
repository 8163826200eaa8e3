"""Make it once, then read it: arrays, JSON values and folders, named by a hash of what made them.

The name of an entry says what it is; its settings say everything that the result depends on:
numbers, names, and `digest(...)` of texts, arrays and functions. Change one, and a new entry is
made. Two notebooks that ask for the same entry at once make it once.
"""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import numpy as np

from coursekit.paths import (
    cache_path,
    folder_in_progress,
    locked,
    write_atomically,
)

T = TypeVar("T")
_DONE = ".complete.json"


def digest(*parts: object) -> str:
    """SHA-256, as 64 hexadecimal digits, of any mix of parts, in their order.

    A part may be text, bytes, a number, a NumPy array (shape and dtype count), a path (the
    bytes of that file), a function, class or module (its source code), a dataclass (its fields),
    or a list, tuple or dict of such.

    Raises:
        TypeError: a part is of another kind, whose bytes say nothing stable about it.
    """
    hasher = hashlib.sha256()
    for part in parts:
        _feed(hasher, part)
    return hasher.hexdigest()


def _feed(hasher: Any, part: object) -> None:
    def block(kind: str, content: bytes) -> None:
        hasher.update(f"{kind}:{len(content)}:".encode())
        hasher.update(content)

    if isinstance(part, np.generic):
        part = part.item()
    if part is None or isinstance(part, bool | int | float):
        block("value", repr(part).encode())
    elif isinstance(part, str):
        block("text", part.encode("utf-8", "surrogatepass"))
    elif isinstance(part, bytes):
        block("bytes", part)
    elif isinstance(part, np.ndarray):
        block("array", f"{part.dtype.str}{part.shape}".encode())
        if part.dtype.hasobject:
            raise TypeError("digest() takes arrays of numbers or fixed-length text, not objects.")
        hasher.update(np.ascontiguousarray(part).tobytes())
    elif isinstance(part, Path):
        with part.open("rb") as file:
            block("file", hashlib.file_digest(file, "sha256").digest())
    elif isinstance(part, list | tuple):
        block("list", str(len(part)).encode())
        for item in part:
            _feed(hasher, item)
    elif isinstance(part, Mapping):
        block("dict", str(len(part)).encode())
        for key in sorted(part, key=str):
            _feed(hasher, key)
            _feed(hasher, part[key])
    elif is_dataclass(part) and not isinstance(part, type):
        block("dataclass", type(part).__qualname__.encode())
        _feed(hasher, {field.name: getattr(part, field.name) for field in fields(part)})
    elif inspect.isfunction(part) or inspect.isclass(part) or inspect.ismodule(part):
        block("code", inspect.getsource(part).encode("utf-8"))
    else:
        raise TypeError(
            f"digest() cannot take a {type(part).__name__}: give it text, numbers, arrays, paths, "
            "functions, or lists and dicts of these."
        )


def entry_path(
    name: str, settings: Mapping[str, object], suffix: str = "", shared: bool = True
) -> Path:
    """Where the cache keeps the entry `name` made with `settings`; `shared` as in `cache_path`."""
    return cache_path("made", f"{name}-{digest(name, settings)[:24]}{suffix}", shared=shared)


def cached(
    name: str,
    settings: Mapping[str, object],
    make: Callable[[], T],
    save: Callable[[BinaryIO, T], object],
    load: Callable[[Path], T],
    suffix: str = "",
) -> T:
    """Return `load` of the stored entry; where there is none, `make` it first and `save` it.

    Args:
        name: what the entry is, such as "embeddings"; a part of its file name.
        settings: everything that the result depends on, as `digest` takes it.
        make: gives the value; called once, under a lock.
        save: writes the value to the open binary file.
        load: reads the value from the path; any error means a damaged entry, made again.
        suffix: ending of the file name, such as ".npy".

    Raises:
        CacheError: the cache cannot be written (full disk, read-only folder).
    """
    found, value = _try_load(entry_path(name, settings, suffix), load)
    if found:
        return value
    path = entry_path(name, settings, suffix, shared=False)
    with locked(path):
        found, value = _try_load(path, load)
        if not found:
            made = make()
            write_atomically(path, lambda file: save(file, made))
            value = load(path)
    return value


def _try_load(path: Path, load: Callable[[Path], T]) -> tuple[bool, Any]:
    if not path.exists():
        return False, None
    try:
        return True, load(path)
    except (OSError, ValueError, KeyError, EOFError):
        return False, None


def cached_array(
    name: str, settings: Mapping[str, object], make: Callable[[], np.ndarray]
) -> np.ndarray:
    """An array that `make` gives once; after that it is memory-mapped, read-only, from disk.

    See `cached` for the arguments. Copy the result (`np.array(...)`) to change it.

    Raises:
        CacheError: the cache cannot be written.
        TypeError: `make` gives an array of objects, which cannot be stored safely.
    """

    def save(file: BinaryIO, array: np.ndarray) -> None:
        array = np.asarray(array)
        if array.dtype.hasobject:
            raise TypeError("cached_array() stores numbers or fixed-length text, not objects.")
        np.save(file, array, allow_pickle=False)

    def load(path: Path) -> np.ndarray:
        try:
            return np.load(path, mmap_mode="r", allow_pickle=False)
        except ValueError:
            array = np.load(path, allow_pickle=False)  # an array of size 0 cannot be mapped
            array.setflags(write=False)
            return array

    return cached(name, settings, make, save, load, suffix=".npy")


def cached_json(name: str, settings: Mapping[str, object], make: Callable[[], Any]) -> Any:
    """A value of lists, dicts, text and numbers that `make` gives once, kept as JSON.

    The value comes back as JSON gives it, on the first call as on later ones: tuples are
    lists, keys are text. See `cached` for the arguments.

    Raises:
        CacheError: the cache cannot be written.
        TypeError: `make` gives something that JSON has no form for.
    """

    def save(file: BinaryIO, value: Any) -> None:
        file.write(json.dumps(value, ensure_ascii=False, indent=1).encode("utf-8"))

    def load(path: Path) -> Any:
        return json.loads(path.read_text(encoding="utf-8"))

    return cached(name, settings, make, save, load, suffix=".json")


def cached_folder(
    name: str, settings: Mapping[str, object], make: Callable[[Path], object]
) -> Path:
    """A folder that `make(path)` fills once, such as a trained adapter; returns its path.

    The folder counts as made only when `make` returned, and is made again when one of its files
    is missing or has another size. See `cached` for the other arguments.

    Raises:
        CacheError: the cache cannot be written.
    """
    path = entry_path(name, settings)
    if is_complete_folder(path):
        return path
    path = entry_path(name, settings, shared=False)
    with locked(path):
        if not is_complete_folder(path):
            with folder_in_progress(path) as part:
                make(part)
                mark_complete(part)
    return path


def mark_complete(folder: Path) -> None:
    """Write down the size of each file of `folder`, so that damage is seen later."""
    sizes = {
        file.relative_to(folder).as_posix(): file.stat().st_size
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }
    write_atomically(folder / _DONE, json.dumps(sizes, indent=1))


def is_complete_folder(folder: Path) -> bool:
    """Whether `folder` was marked complete, and every file still has the size written down."""
    try:
        sizes = json.loads((folder / _DONE).read_text(encoding="utf-8"))
        return all((folder / name).stat().st_size == size for name, size in sizes.items())
    except (OSError, ValueError, AttributeError):
        return False
