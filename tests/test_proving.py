"""Runs of notebooks are measured and kept, and the tables say what the stored results say."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import nbformat
import psutil
import pytest

from authoring.project import load_project
from proving import prove, results
from proving.prove import (
    COMMAND,
    ProvingError,
    Watch,
    cores,
    memory_group,
    memory_of_tree,
    proven_files,
    run_notebook,
    write_tables,
)
from proving.results import (
    FOLDER,
    PROFILES,
    ROOT,
    Result,
    fill_readme,
    load_all,
    result_path,
    save,
    table,
)

RESULT = Result("05", "en", "one core, 4 GB", "2026-11-23", 2.345, 1.234, True, "1 core, Linux")
README = "\n".join(
    [
        "Above | stays.",
        "",
        "<!-- proven -->",
        "",
        "| Machine | Lessons | Passed | Editions | GB | Day |",
        "|---|---|---|---|---|---|",
        *(f"| Een machine {number} | - | - | - | - | - |" for number in range(len(PROFILES))),
        "",
        "<!-- end -->",
        "",
        "| not | this |",
    ]
)


# ---------------------------------------------------------------- results and tables


def test_a_result_is_kept_whole_and_comes_back(tmp_path):
    path = save(RESULT, tmp_path)
    assert path.name == "one-core-4-gb-en-05.json" and path == result_path(RESULT, tmp_path)
    save(replace(RESULT, lesson="00"), tmp_path)
    save(replace(RESULT, passed=False), tmp_path)  # a later run takes the place of an older one
    assert load_all(tmp_path) == [replace(RESULT, lesson="00"), replace(RESULT, passed=False)]
    assert [file.suffix for file in tmp_path.iterdir()] == [".json", ".json"]


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("lesson", "5", "two digits"),
        ("minutes", -1.0, "below zero"),
        ("minutes", "2", "should be float"),
        ("minutes", True, "should be float"),
        ("passed", 1, "should be bool"),
        ("date", "23-11-2026", "isoformat"),
    ],
)
def test_what_no_table_can_show_is_refused(tmp_path, field, value, said):
    with pytest.raises(ValueError, match=said):
        save(replace(RESULT, **{field: value}), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", ["", "{", "[]", '{"lesson": "05"}', '{"other": 1}'])
def test_a_file_that_is_no_result_is_named(tmp_path, content):
    (tmp_path / "half.json").write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match="half.json is not a result .* run that lesson again"):
        load_all(tmp_path)


def test_the_page_has_a_row_for_each_run_in_the_order_of_the_profiles():
    english, dutch = RESULT, replace(RESULT, edition="nl")
    first = replace(RESULT, profile="two cores, first run", passed=False, detail="cell a: x | <b>")
    other = replace(RESULT, profile="a browser")
    lines = table([other, dutch, english, first]).splitlines()
    headings = [line for line in lines if line.startswith("#")]
    assert headings == ["## two cores, first run", "## one core, 4 GB", "## a browser"]
    rows = [line for line in lines if line.startswith("| 05")]
    assert rows[0].split(" | ")[5:] == ["**no**", "cell a: x \\| &lt;b> |"]
    assert rows[1] == "| 05 | en | 2026-11-23 | 2.3 | 1.2 | yes | 1 core, Linux |"
    assert [row.split(" | ")[1] for row in rows] == ["en", "en", "nl", "en"]


def test_a_readme_in_any_language_gets_the_numbers_and_keeps_its_words():
    runs = [replace(RESULT, lesson=number) for number in ("00", "01", "02", "04", "05")]
    runs += [replace(RESULT, edition="nl", passed=False, date="2026-12-01", peak_gb=3.0)]
    filled = fill_readme(README, runs)
    row = f"| Een machine {list(PROFILES).index('one core, 4 GB')} "
    assert f"{row}| 00-02, 04-05 | 5/6 | `en` `nl` | 3.0 | 2026-12-01 |" in filled
    assert filled.count("| - | - | - | - | - |") == len(PROFILES) - 1
    assert fill_readme(filled, runs) == filled
    assert fill_readme(filled, []) == README
    assert fill_readme("No marks.", runs) == "No marks."


def test_made_cells_hold_no_word_that_a_translator_would_have_to_see():
    from authoring.segments import units

    runs = [replace(RESULT, profile=profile) for profile in PROFILES]
    before = [unit.text for unit in units(README)]
    assert [unit.text for unit in units(fill_readme(README, runs))] == before


def test_a_readme_with_too_few_rows_is_told():
    with pytest.raises(ValueError, match="needs .* one for each of: two cores"):
        fill_readme(README.replace("| Een machine 0 | - | - | - | - | - |\n", ""), [])


def test_the_tables_are_written_from_the_results_and_drift_is_seen(tmp_path):
    for place in ("README.md", "translations/nl/README.md"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(README, encoding="utf-8")
    save(RESULT, tmp_path / "results")
    names = ["PROVEN.md", "README.md", "translations/nl/README.md"]
    assert [path.as_posix() for path in write_tables(tmp_path, tmp_path / "results")] == names
    assert write_tables(tmp_path, tmp_path / "results") == []
    assert "| 05 | en | 2026-11-23 | 2.3 |" in (tmp_path / "PROVEN.md").read_text("utf-8")
    save(replace(RESULT, peak_gb=2.0), tmp_path / "results")
    assert len(write_tables(tmp_path, tmp_path / "results")) == 3


@pytest.mark.parametrize("place", sorted(path.as_posix() for path in proven_files()))
def test_the_stored_tables_show_the_stored_results(place):
    stored = ROOT / place
    wanted = proven_files()[Path(place)]
    assert stored.exists(), f"{place} is missing: run {COMMAND}"
    assert stored.read_text(encoding="utf-8") == wanted, f"{place} drifted: run {COMMAND}"
    if place != "PROVEN.md":
        assert results.README_PART.search(wanted), f"{place} lacks <!-- proven --> and <!-- end -->"


def test_the_stored_results_are_of_lessons_and_editions_that_exist():
    project = load_project()
    numbers = {stem.split("_")[0] for stem in project.stems}
    editions = {"en"} | {language.code for language in project.languages}
    for result in load_all(FOLDER):
        path = result_path(result).relative_to(ROOT)
        assert (ROOT / path).is_file(), f"{path} should be the name of {result}: rename the file"
        assert result.lesson in numbers and result.edition in editions, path


# ---------------------------------------------------------------- a run


def make_notebook(folder: Path, *sources: str) -> Path:
    cells = [nbformat.v4.new_code_cell(text, id=f"c{n}") for n, text in enumerate(sources)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "lesson.ipynb")
    return folder / "lesson.ipynb"


def environment(tmp_path: Path) -> dict[str, str]:
    return os.environ | {"IPYTHONDIR": str(tmp_path / "ipython"), "SAID": "ja"}


def test_a_notebook_runs_in_an_empty_folder_and_is_not_changed(tmp_path):
    path = make_notebook(
        tmp_path,
        "import os, pathlib; assert not list(pathlib.Path().iterdir())",
        "assert os.environ['SAID'] == 'ja'; block = bytearray(300_000_000)",
        "import time; time.sleep(0.6)",
    )
    before = path.read_bytes()
    minutes, peak, fault = run_notebook(path, environment(tmp_path), None, None)
    assert fault == "" and 0 < minutes < 2
    assert 300_000_000 < peak < 900_000_000
    assert path.read_bytes() == before


def test_a_cell_that_fails_is_named_with_its_last_line(tmp_path):
    path = make_notebook(tmp_path, "1 + 1", "raise ValueError('no such passage')")
    _, _, fault = run_notebook(path, environment(tmp_path), None, None)
    assert fault == "cell c1: ValueError: no such passage (at: raise ValueError('no such passage'))"


def test_a_kernel_above_the_limit_is_ended_and_the_cell_is_named(tmp_path):
    grow = (
        "import time\nblocks = []\nwhile True: blocks.append(bytearray(20_000_000)); time.sleep(.1)"
    )
    path = make_notebook(tmp_path, "1 + 1", grow)
    _, peak, fault = run_notebook(path, environment(tmp_path), None, 200_000_000)
    assert fault == "passed 0.2 GB of memory in cell c1"
    assert 200_000_000 < peak < 600_000_000


def test_the_memory_of_child_processes_counts_too():
    child = "import time; block = bytearray(200_000_000); time.sleep(60)"
    script = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    process = psutil.Popen([sys.executable, "-c", script])
    try:
        watch = Watch(process.pid)
        until = time.monotonic() + 30
        while watch.peak < 200_000_000 and time.monotonic() < until:
            time.sleep(0.05)
        watch.stop()
        assert watch.peak > 200_000_000 and not watch.stopped
    finally:
        for one in [*process.children(recursive=True), process]:
            one.kill()
        process.wait(30)
    assert memory_of_tree(process.pid) == 0


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system cannot limit cores")
def test_cores_are_limited_within_the_block_only():
    before = os.sched_getaffinity(0)
    with cores(1) as said:
        assert said == "1 core" and len(os.sched_getaffinity(0)) == 1
    assert os.sched_getaffinity(0) == before
    with cores(None) as said:
        assert said.endswith("cores") and os.sched_getaffinity(0) == before
    with pytest.raises(ProvingError, match="may be used here: choose"), cores(10_000):
        pass


def fake_system(folder: Path, own: str, *shared: str) -> Path:
    (folder / "proc/self").mkdir(parents=True)
    (folder / "proc/self/cgroup").write_text(own, encoding="utf-8")
    for place in ("app", "app/terminal"):
        (folder / "sys/fs/cgroup" / place).mkdir(parents=True, exist_ok=True)
        control = folder / "sys/fs/cgroup" / place / "cgroup.subtree_control"
        control.write_text("cpu memory" if place in shared else "", encoding="utf-8")
    return folder


def test_a_control_group_stands_where_the_system_shares_memory_out(tmp_path):
    system = fake_system(tmp_path, "0::/app/terminal\n", "app")
    with memory_group(4_000_000_000, system) as group:
        assert group.parent == system / "sys/fs/cgroup/app"
        assert (group / "memory.max").read_text(encoding="utf-8") == "4000000000"
        (group / "memory.max").unlink()  # a real group is removed with its files
    assert not group.exists()


@pytest.mark.parametrize("own", ["0::/app/terminal\n", "4:memory:/x\n0::/\n", "0::/no/such/place"])
def test_without_a_control_group_there_is_none(tmp_path, own):
    with memory_group(4_000_000_000, fake_system(tmp_path, own)) as group:
        assert group is None


# ---------------------------------------------------------------- the command


@pytest.fixture
def small_project(tmp_path, monkeypatch) -> Path:
    """A repository with one learner's notebook, in the place of the real one."""
    for folder in ("lessons", "notebooks"):
        (tmp_path / folder).mkdir()
    (tmp_path / "lessons/00_start.py").write_text("", encoding="utf-8")
    make_notebook(tmp_path, "import os", "print(os.environ['COURSEKIT_DEVICE'])")
    (tmp_path / "lesson.ipynb").rename(tmp_path / "notebooks/00_start.ipynb")
    (tmp_path / "README.md").write_text(README, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(
        '[tool.course]\ntitle = "T"\nrepository = ""\nlessons = ["00_start"]\n', encoding="utf-8"
    )
    kept = tmp_path / "results"
    monkeypatch.setattr(prove, "load_project", lambda: load_project(tmp_path))
    monkeypatch.setattr(prove, "FOLDER", kept)
    monkeypatch.setattr(prove, "write_tables", lambda: write_tables(tmp_path, kept))
    return tmp_path


def test_the_command_runs_a_lesson_and_writes_the_tables(small_project, capsys, monkeypatch):
    monkeypatch.setattr(prove, "CORES", {"cpu2": 1})
    assert prove.main(["--lessons", "00"]) == 0
    assert "00_start (en): passed in 0." in capsys.readouterr().out
    (stored,) = (small_project / "results").iterdir()
    result = Result(**json.loads(stored.read_text(encoding="utf-8")))
    assert (result.lesson, result.profile) == ("00", "two cores, second run") and result.passed
    assert "1 core, " in result.detail and "torch " in result.detail
    page = (small_project / "PROVEN.md").read_text(encoding="utf-8")
    assert f"| 00 | en | {result.date} |" in page
    assert "| 00 | 1/1 | `en` |" in (small_project / "README.md").read_text(encoding="utf-8")


def test_results_of_a_trial_leave_the_tables_alone(small_project, tmp_path, monkeypatch):
    monkeypatch.setattr(prove, "CORES", {"cpu2": 1})
    readme = (small_project / "README.md").read_text(encoding="utf-8")
    assert prove.main(["--lessons", "00", "--out", str(tmp_path / "trial")]) == 0
    assert len(list((tmp_path / "trial").iterdir())) == 1
    assert not (small_project / "PROVEN.md").exists()
    assert (small_project / "README.md").read_text(encoding="utf-8") == readme


def test_a_lesson_that_fails_is_kept_as_failed(small_project, monkeypatch):
    monkeypatch.setattr(prove, "CORES", {"cpu2": 1})
    monkeypatch.setattr(prove, "run_notebook", lambda *_: (0.5, 1_000_000_000, "cell c1: no"))
    assert prove.main([]) == 1
    assert "| **no** | cell c1: no; 1 core, " in (small_project / "PROVEN.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--lessons", "77"], "There is no lesson 77"),
        (["--edition", "xx"], "translations/xx/notebooks/00_start.ipynb does not exist: run make"),
        (["--profile", "gpu"], "needs an NVIDIA GPU, and torch finds none"),
    ],
)
def test_what_cannot_be_run_is_one_sentence(small_project, capsys, monkeypatch, arguments, said):
    monkeypatch.setattr(prove, "GPU_NAME", "print()")
    assert prove.main(arguments) == 1
    shown = capsys.readouterr()
    assert said in shown.err and shown.err.count("\n") == 1 and shown.out == ""


def test_a_first_run_has_the_models_and_nothing_else(tmp_path, monkeypatch):
    place = tmp_path / "cache/models/a-model"
    place.mkdir(parents=True)
    (place / "weights").write_text("1", encoding="utf-8")
    monkeypatch.setattr(prove, "fetch_models", dict)
    monkeypatch.setattr(prove, "MODELS", {"a-model": None})
    monkeypatch.setattr(prove, "model_folder", lambda name: place)
    with prove.first_run_cache() as cache:
        assert [path.name for path in cache.rglob("*")] == ["models", "a-model"]
        assert (cache / "models/a-model/weights").read_text(encoding="utf-8") == "1"
    assert not cache.exists() and (place / "weights").exists()
