"""The cache makes each entry once, never takes half an entry for whole, and says what is wrong."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from coursekit import paths
from coursekit.cache import cached_array, cached_folder, cached_json, digest, entry_path
from coursekit.paths import CacheError, cache_dir, state_dir, write_atomically


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COURSEKIT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


class Maker:
    """Gives a value, and counts how often it was asked to."""

    def __init__(self, value: object) -> None:
        self.value = value
        self.calls = 0

    def __call__(self) -> object:
        self.calls += 1
        return self.value


def leftovers(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.name.endswith(".part")]


# ---------------------------------------------------------------- paths


def test_folders_follow_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSEKIT_STATE", str(tmp_path / "state"))
    assert cache_dir() == tmp_path / "cache"
    assert state_dir() == tmp_path / "state"
    monkeypatch.delenv("COURSEKIT_CACHE")
    monkeypatch.delenv("COURSEKIT_STATE")
    assert cache_dir().is_absolute() and "coursekit" in str(cache_dir())
    assert state_dir().is_absolute() and "coursekit" in str(state_dir())


def test_write_atomically_takes_text_bytes_and_a_writer(tmp_path):
    path = tmp_path / "new" / "file.txt"
    assert write_atomically(path, "één\n").read_bytes() == "één\n".encode()
    assert write_atomically(path, b"two").read_bytes() == b"two"
    assert write_atomically(path, lambda file: file.write(b"three")).read_bytes() == b"three"
    assert leftovers(tmp_path) == []


def test_a_write_that_breaks_off_leaves_the_old_file(tmp_path):
    path = write_atomically(tmp_path / "file.txt", "old")

    def break_off(file):
        file.write(b"ne")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, break_off)
    assert path.read_text(encoding="utf-8") == "old"
    assert leftovers(tmp_path) == []


def test_a_full_disk_is_one_sentence(tmp_path):
    def full(file):
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(CacheError, match=r"disk .* is full.*free some space") as caught:
        write_atomically(tmp_path / "file.txt", full)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_while_safetensors_writes_is_one_sentence(tmp_path):
    from safetensors import SafetensorError

    def full(folder):
        raise SafetensorError("I/O error: No space left on device (os error 28)")

    with pytest.raises(CacheError, match=r"disk .* is full.*free some space"):
        cached_folder("adapter", {}, full)

    def broken(folder):
        raise SafetensorError("HeaderTooSmall")

    with pytest.raises(SafetensorError, match="HeaderTooSmall"):
        cached_folder("adapter", {}, broken)


def test_a_read_only_folder_is_one_sentence(tmp_path, monkeypatch):
    def refuse(self, *args, **kwargs):
        raise PermissionError(errno.EACCES, "Permission denied", str(self))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(CacheError, match="may not write to .*COURSEKIT_CACHE"):
        cached_json("thing", {}, lambda: 1)


def test_a_file_in_the_place_of_the_cache_is_one_sentence(own_cache):
    own_cache.write_text("not a folder", encoding="utf-8")
    with pytest.raises(CacheError, match="could not use .*COURSEKIT_CACHE"):
        cached_json("thing", {}, lambda: 1)


def test_another_notebook_at_work_is_named(tmp_path):
    with (
        paths.locked(tmp_path / "thing"),
        pytest.raises(CacheError, match="Another notebook .* thing"),
        paths.locked(tmp_path / "thing", timeout=0.1),
    ):
        pass


# ---------------------------------------------------------------- entries


def test_an_array_is_made_once_and_mapped_from_disk():
    make = Maker(np.arange(6, dtype=np.float32).reshape(2, 3))
    for _ in range(2):
        array = cached_array("array", {"seed": 1}, make)
        np.testing.assert_array_equal(array, make.value)
        assert isinstance(array, np.memmap) and not array.flags.writeable
    assert make.calls == 1


def test_an_empty_array_and_a_scalar_survive():
    assert cached_array("empty", {}, lambda: np.zeros((0, 3))).shape == (0, 3)
    assert cached_array("scalar", {}, lambda: np.float32(2.5)) == 2.5


def test_an_array_of_objects_is_refused():
    with pytest.raises(TypeError, match="not objects"):
        cached_array("objects", {}, lambda: np.array([{}, None], dtype=object))


def test_json_is_the_same_on_the_first_call_and_later():
    make = Maker({"a": (1, 2.5, None), "é": ["x"]})
    first, second = (cached_json("json", {"k": 3}, make) for _ in range(2))
    assert first == second == {"a": [1, 2.5, None], "é": ["x"]}
    assert make.calls == 1


def test_other_settings_are_another_entry():
    assert cached_json("json", {"rank": 8}, lambda: "eight") == "eight"
    assert cached_json("json", {"rank": 16}, lambda: "sixteen") == "sixteen"
    assert cached_json("other", {"rank": 8}, lambda: "other") == "other"


@pytest.mark.parametrize("damage", [b"", b"{", b"\xff\xfe\x00"])
def test_a_damaged_json_entry_is_made_again(damage):
    make = Maker([1, 2])
    cached_json("json", {}, make)
    entry_path("json", {}, ".json").write_bytes(damage)
    assert cached_json("json", {}, make) == [1, 2]
    assert make.calls == 2


@pytest.mark.parametrize("keep", [0, 40, 140])
def test_a_damaged_array_is_made_again(keep):
    make = Maker(np.arange(10))
    cached_array("array", {}, make)
    path = entry_path("array", {}, ".npy")
    path.write_bytes(path.read_bytes()[:keep])
    np.testing.assert_array_equal(cached_array("array", {}, make), np.arange(10))
    assert make.calls == 2


def test_a_folder_is_made_once_and_again_when_a_file_is_missing():
    calls = []

    def make(folder: Path) -> None:
        calls.append(folder)
        (folder / "sub").mkdir()
        (folder / "sub" / "weights.bin").write_bytes(b"12345")

    path = cached_folder("adapter", {"rank": 8}, make)
    assert (path / "sub" / "weights.bin").read_bytes() == b"12345"
    assert cached_folder("adapter", {"rank": 8}, make) == path and len(calls) == 1
    (path / "sub" / "weights.bin").write_bytes(b"123")
    cached_folder("adapter", {"rank": 8}, make)
    assert (path / "sub" / "weights.bin").read_bytes() == b"12345" and len(calls) == 2
    (path / "sub" / "weights.bin").unlink()
    cached_folder("adapter", {"rank": 8}, make)
    assert len(calls) == 3 and leftovers(path.parent) == []


def test_a_folder_whose_maker_fails_does_not_exist():
    def fail(folder: Path) -> None:
        (folder / "half").write_bytes(b"half")
        raise FileNotFoundError("my own file is missing")

    with pytest.raises(FileNotFoundError, match="my own file"):
        cached_folder("adapter", {}, fail)
    assert not entry_path("adapter", {}).exists()
    assert leftovers(cache_dir()) == []


def test_what_a_killed_run_left_is_ignored_and_removed():
    path = entry_path("adapter", {})
    dead = path.with_name(f".{path.name}-0123456789ab.part")
    dead.mkdir(parents=True)
    (dead / "weights.bin").write_bytes(b"half")
    made = cached_folder("adapter", {}, lambda folder: (folder / "ok").write_bytes(b"ok"))
    assert (made / "ok").exists() and not (made / "weights.bin").exists()
    assert not dead.exists()


def test_an_error_of_the_maker_is_not_blamed_on_the_cache():
    def fail() -> None:
        raise PermissionError(errno.EACCES, "Permission denied", "/somewhere/else.csv")

    with pytest.raises(PermissionError):
        cached_json("json", {}, fail)
    assert cached_json("json", {}, lambda: "now it works") == "now it works"


def test_two_processes_make_an_entry_once(tmp_path, own_cache):
    script = textwrap.dedent(
        """
        import os, sys, time
        from pathlib import Path
        from coursekit.cache import cached_json

        def make():
            (Path(sys.argv[1]) / f"made-by-{os.getpid()}").touch()
            time.sleep(0.5)
            return list(range(1000))

        assert cached_json("shared", {"n": 1000}, make) == list(range(1000))
        """
    )
    log = tmp_path / "log"
    log.mkdir()
    source = str(Path(paths.__file__).resolve().parent.parent)
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(log)],
            env={**os.environ, "PYTHONPATH": source},
        )
        for _ in range(3)
    ]
    assert [run.wait(120) for run in runs] == [0, 0, 0]
    assert len(list(log.iterdir())) == 1


# ---------------------------------------------------------------- digest


@dataclass(frozen=True)
class Point:
    x: int
    name: str


def function_one():
    return 1


def function_two():
    return 2


def test_digest_is_stable_and_blind_to_the_order_of_keys():
    parts = ["text", 1, 2.5, None, True, b"bytes", {"b": [1], "a": (2,)}, np.arange(3)]
    assert digest(*parts) == digest(*parts)
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    assert len(digest()) == 64


def test_digest_tells_apart_what_differs(tmp_path):
    (tmp_path / "one").write_bytes(b"1")
    (tmp_path / "two").write_bytes(b"2")
    parts = [
        ("ab", "c"),
        ("a", "bc"),
        ("abc",),
        (["a", "b"], "c"),
        (["a"], ["b", "c"]),
        (1,),
        (1.0,),
        ("1",),
        (True,),
        (b"1",),
        (None,),
        (np.arange(4),),
        (np.arange(4).reshape(2, 2),),
        (np.arange(4, dtype=np.float32),),
        ({"a": 1},),
        ({"a": 2},),
        (Point(1, "a"),),
        (Point(2, "a"),),
        (function_one,),
        (function_two,),
        (tmp_path / "one",),
        (tmp_path / "two",),
    ]
    assert len({digest(*part) for part in parts}) == len(parts)


def test_digest_refuses_what_has_no_stable_bytes():
    with pytest.raises(TypeError, match="cannot take a object"):
        digest(object())
    with pytest.raises(TypeError, match="not objects"):
        digest(np.array([object()]))


def test_what_a_shared_cache_holds_is_read_from_there_and_not_made_again(tmp_path, monkeypatch):
    shared, own = tmp_path / "shared", tmp_path / "own"
    monkeypatch.delenv("COURSEKIT_SHARED", raising=False)
    monkeypatch.setenv("COURSEKIT_CACHE", str(shared))
    cached_json("a number", {"of": 1}, lambda: 1)
    monkeypatch.setenv("COURSEKIT_CACHE", str(own))
    monkeypatch.setenv("COURSEKIT_SHARED", str(shared))
    assert cached_json("a number", {"of": 1}, lambda: 2) == 1
    assert not own.exists()
    assert cached_json("a number", {"of": 2}, lambda: 2) == 2
    assert [path.suffix for path in (own / "made").glob("*.json")] == [".json"]
    assert len(list((shared / "made").glob("*.json"))) == 1


def test_a_damaged_entry_of_a_shared_cache_is_made_again_in_ones_own(tmp_path, monkeypatch):
    shared, own = tmp_path / "shared", tmp_path / "own"
    monkeypatch.delenv("COURSEKIT_SHARED", raising=False)
    monkeypatch.setenv("COURSEKIT_CACHE", str(shared))
    cached_json("a number", {}, lambda: 1)
    folder = cached_folder("a folder", {}, lambda path: (path / "text").write_text("whole"))
    (damaged,) = (shared / "made").glob("*.json")
    damaged.write_text("{")
    (folder / "text").write_text("cut")
    before = {path: path.read_bytes() for path in shared.rglob("*") if path.is_file()}

    monkeypatch.setenv("COURSEKIT_CACHE", str(own))
    monkeypatch.setenv("COURSEKIT_SHARED", str(shared))
    assert cached_json("a number", {}, lambda: 2) == 2
    again = cached_folder("a folder", {}, lambda path: (path / "text").write_text("whole"))
    assert again.is_relative_to(own) and (again / "text").read_text() == "whole"
    assert cached_json("a number", {}, lambda: 3) == 2
    assert {path: path.read_bytes() for path in shared.rglob("*") if path.is_file()} == before
