"""The contract with Colab: nothing is replaced, badges lead to files, Drive keeps results."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import IPython
import pytest
from IPython.core.events import EventManager

from authoring.build import load_lessons
from authoring.generated import COLAB, badge_row
from authoring.project import load_project
from coursekit import drive
from proving import colab

TABLE = colab.versions()


@pytest.mark.parametrize("name", sorted(TABLE["runtimes"]))
def test_the_setup_cell_adds_a_few_packages_and_replaces_none(name):
    runtime = TABLE["runtimes"][name]
    try:
        made = colab.changes(runtime["python"], runtime["packages"], colab.wanted())
    except colab.ColabError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"THE COLAB CONTRACT WAS NOT TESTED. {error}")
    assert made["removed"] == []
    assert set(made["added"]) == set(TABLE["additions"])


def test_a_package_that_would_be_replaced_is_seen():
    try:
        made = colab.changes("3.12.13", {"numpy": "1.26.4"}, ["numpy>=2.0,<3"])
    except colab.ColabError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"THE COLAB CONTRACT WAS NOT TESTED. {error}")
    assert made["added"] == ["numpy"]


@pytest.mark.parametrize("name", sorted(TABLE["runtimes"]))
def test_every_dependency_is_in_the_runtime_or_among_the_additions(name):
    names = {re.split(r"[<>=]", text)[0].replace("_", "-") for text in colab.wanted()}
    known = {*TABLE["runtimes"][name]["packages"], *TABLE["additions"]}
    assert names <= known


@pytest.mark.skipif(sys.platform == "win32", reason="pyenv does not run on Windows")
def test_an_interpreter_of_pyenv_is_found_and_a_missing_one_is_told(tmp_path, monkeypatch):
    own = "{}.{}".format(*sys.version_info)
    kept = tmp_path / "versions" / f"{own}.99" / "bin" / "python"
    kept.parent.mkdir(parents=True)
    kept.symlink_to(sys.executable)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    assert colab.find_python(own) == (str(kept), own)
    with pytest.raises(colab.ColabError, match="no Python 3.2"):
        colab.find_python("3.2")


def test_badges_of_every_lesson_and_language_lead_to_a_file():
    project = replace(load_project(), repository="owner/name")
    lessons = load_lessons(project)
    titles = dict.fromkeys(project.stems, "title")
    folders = ["notebooks", "solutions"]
    folders += [f"translations/{one.code}/notebooks" for one in project.languages]
    seen = 0
    for folder in folders:
        for lesson in lessons.values():
            row = badge_row(project, lesson, titles, lambda text: text, folder)
            (path,) = re.findall(rf"{re.escape(COLAB)}/github/owner/name/blob/main/([^)]+)\)", row)
            assert (project.root / path).is_file(), path
            seen += 1
    assert seen == len(folders) * len(project.stems)


# ---------------------------------------------------------------- a session that is cut off


@pytest.fixture
def session(tmp_path, monkeypatch):
    """A fresh Colab session: nothing on its disk, a Drive that outlives it."""
    monkeypatch.setattr(drive, "MOUNT", str(tmp_path / "content" / "drive"))
    monkeypatch.syspath_prepend(str(colab.STAND_INS))
    monkeypatch.setenv("COLAB_RELEASE_TAG", "sim")
    monkeypatch.setenv("STAND_IN_DRIVE", str(tmp_path / "drive"))
    for name in [n for n in sys.modules if n == "google" or n.startswith("google.")]:
        monkeypatch.delitem(sys.modules, name)

    def begin(number: int) -> Path:
        notebook = SimpleNamespace(events=EventManager(None, {"post_run_cell": lambda: None}))
        monkeypatch.setattr("IPython.get_ipython", lambda: notebook)
        monkeypatch.setattr(drive, "_copied", {})
        disk = tmp_path / f"session {number}"
        monkeypatch.setenv("COURSEKIT_STATE", str(disk / "state"))
        monkeypatch.setenv("COURSEKIT_CACHE", str(disk / "cache"))
        monkeypatch.delenv("COURSEKIT_SHARED", raising=False)
        return disk

    yield begin
    for name in [n for n in sys.modules if n == "google" or n.startswith("google.")]:
        sys.modules.pop(name)


def end_cell():
    """What IPython does after each cell of a notebook."""
    IPython.get_ipython().events.trigger("post_run_cell")


def test_progress_and_results_survive_a_disconnect(session, capsys):
    from coursekit.cache import cached_json
    from coursekit.exercises import check, progress

    session(1)
    cached_json("a result", {"of": 1}, lambda: "from session 1")
    check("00.1", lambda scores: scores.index(max(scores)))
    drive.keep_on_drive()
    drive.keep_on_drive()  # safe to run twice
    check("00.2", lambda question, passage: f"{passage} {question}")

    cached_json("a result", {"of": 2}, lambda: "from a later cell")
    end_cell()

    session(2)
    drive.keep_on_drive()
    capsys.readouterr()
    progress()
    shown = capsys.readouterr().out
    assert re.search(r"00\.1 +right", shown) and re.search(r"00\.2 +right", shown)
    assert cached_json("a result", {"of": 1}, lambda: "made again") == "from session 1"
    assert cached_json("a result", {"of": 2}, lambda: "made again") == "from a later cell"


def test_two_sessions_add_up(session, tmp_path):
    """What was solved or guessed before Drive was asked for is added to what lies there."""
    kept = tmp_path / "drive" / "MyDrive" / "coursekit" / "state" / "progress.json"
    for number, entries in {
        1: {"00.1": {"status": "right", "tries": 2}, "00.2": {"status": "wrong", "tries": 1}},
        2: {"00.1": {"status": "wrong", "tries": 1}, "00.2": {"status": "right", "tries": 4}},
    }.items():
        own = session(number) / "state" / "progress.json"
        own.parent.mkdir(parents=True)
        own.write_text(json.dumps(entries), encoding="utf-8")
        drive.keep_on_drive()
    added = {"00.1": {"status": "right", "tries": 2}, "00.2": {"status": "right", "tries": 4}}
    assert json.loads(kept.read_text(encoding="utf-8")) == added
    assert json.loads(own.read_text(encoding="utf-8")) == added


def test_a_drive_that_goes_away_is_told_once(session, monkeypatch, capsys):
    disk = session(1)
    drive.keep_on_drive()
    (disk / "cache" / "made").mkdir(parents=True)
    (disk / "cache" / "made" / "result-1.json").write_text("1", encoding="utf-8")

    def fail(*_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("shutil.copyfile", fail)
    capsys.readouterr()
    end_cell()
    assert "Input/output error" in capsys.readouterr().out
    end_cell()
    assert capsys.readouterr().out == ""


def test_a_full_drive_still_gives_what_it_has(session, monkeypatch, capsys):
    from coursekit.cache import cached_json

    session(1)
    cached_json("a result", {"of": 1}, lambda: "from session 1")
    drive.keep_on_drive()
    disk = session(2)
    (disk / "cache" / "made").mkdir(parents=True)
    (disk / "cache" / "made" / "result-2.json").write_text("2", encoding="utf-8")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfile", fail)
    drive.keep_on_drive()
    assert "No space left" in capsys.readouterr().out
    assert cached_json("a result", {"of": 1}, lambda: "made again") == "from session 1"


def test_what_is_large_is_made_anew_rather_than_kept(session, tmp_path, monkeypatch):
    made = session(1) / "cache" / "made"
    (made / "faiss-index-1").mkdir(parents=True)
    (made / "faiss-index-1" / "index.faiss").write_bytes(bytes(2000))
    (made / "adapter-1").mkdir()
    (made / "adapter-1" / "weights").write_bytes(bytes(500))
    # A folder has a size of its own, which differs between file systems.
    monkeypatch.setattr(drive, "LARGEST_KEPT", 500 + 2 * (made / "adapter-1").stat().st_size)
    (made / "faiss-index-1" / "index.faiss").write_bytes(bytes(drive.LARGEST_KEPT + 1))
    drive.keep_on_drive()
    kept = tmp_path / "drive" / "MyDrive" / "coursekit" / "cache" / "made"
    assert [path.name for path in kept.iterdir()] == ["adapter-1"]


def test_half_an_entry_and_locks_are_not_kept(session, tmp_path):
    disk = session(1)
    made = disk / "cache" / "made"
    (made / "adapter-1").mkdir(parents=True)
    (made / "adapter-1" / "weights").write_text("w", encoding="utf-8")
    (made / ".adapter-2-x.part").mkdir()
    (made / ".adapter-1.lock").touch()
    drive.keep_on_drive()
    kept = tmp_path / "drive" / "MyDrive" / "coursekit" / "cache" / "made"
    assert [path.name for path in kept.iterdir()] == ["adapter-1"]


def test_without_permission_the_lesson_goes_on(session, monkeypatch, capsys):
    disk = session(1)
    monkeypatch.delenv("STAND_IN_DRIVE")
    drive.keep_on_drive()
    assert "could not be used (mount failed)" in capsys.readouterr().out
    assert os.environ["COURSEKIT_STATE"] == str(disk / "state")


def test_elsewhere_nothing_is_done(monkeypatch, capsys):
    monkeypatch.delenv("COLAB_RELEASE_TAG", raising=False)
    drive.keep_on_drive()
    assert "Nothing to do" in capsys.readouterr().out


def test_the_stand_in_has_no_secrets():
    code = "from google.colab import userdata; userdata.get('HF_TOKEN')"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(colab.STAND_INS), "PATH": ""},
        capture_output=True,
        text=True,
    )
    assert "TimeoutException" in done.stderr
