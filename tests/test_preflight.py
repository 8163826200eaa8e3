"""The preflight names whatever is missing in one sentence; the profile fits the machine."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from coursekit import models, profile
from coursekit.preflight import PreflightReport, look_around
from coursekit.profile import DEFAULT_LM, LARGE_LM, detect_profile
from coursekit.setup import setup

preflight = importlib.import_module("coursekit.preflight")  # the package exports the function


@pytest.fixture(autouse=True)
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A cold cache of its own, no overrides, and no profile remembered."""
    monkeypatch.setenv("COURSEKIT_CACHE", str(tmp_path / "cache"))
    for variable in ("COURSEKIT_DEVICE", "COURSEKIT_DTYPE", "COURSEKIT_GPU_MODEL"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(profile, "measure_bf16_speedup", lambda: 1.0)
    detect_profile.cache_clear()
    yield
    detect_profile.cache_clear()


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(preflight, "data_dir", lambda: tmp_path)
    return tmp_path


def row(report: PreflightReport, label: str) -> str:
    return dict(report.rows)[label]


def only_advice_with(report: PreflightReport, word: str) -> str:
    (sentence,) = (one for one in report.advice if word in one)
    assert "\n" not in sentence and sentence.endswith(".")
    return sentence


# ---------------------------------------------------------------- preflight


def test_a_machine_that_can_run_the_course_is_ok():
    report = look_around("05")
    assert report.ok
    assert row(report, "Python").startswith("3.")
    assert row(report, "Device")
    assert row(report, "Precision") in ("float32", "bfloat16", "float16")
    assert "GB free" in row(report, "Memory") and "GB free" in row(report, "Disk")


def test_it_prints_the_table_once_and_stays_short(capsys):
    report = preflight.preflight()
    shown = capsys.readouterr().out
    assert shown.strip() == str(report).strip()
    assert len(report.rows) <= 16 and "\n" not in repr(report)
    lines = shown.split("\n")[: len(report.rows)]
    starts = {line.index(found) for line, (_, found) in zip(lines, report.rows, strict=True)}
    assert len(starts) == 1


def test_a_missing_package_gives_the_pip_line(monkeypatch):
    real = preflight._version
    monkeypatch.setattr(
        preflight, "_version", lambda one: None if one == "faiss-cpu" else real(one)
    )
    report = look_around()
    assert not report.ok and row(report, "faiss-cpu") == "missing"
    assert 'pip install "faiss-cpu' in only_advice_with(report, "faiss-cpu")


def test_torch_may_be_missing_too(monkeypatch):
    monkeypatch.setattr(preflight, "_version", lambda one: None)
    report = look_around()
    assert not report.ok and row(report, "torch") == "missing"
    assert "Device" not in dict(report.rows)


def test_a_torch_that_does_not_load_is_named_and_stops_nothing(monkeypatch, capsys):
    def broken():
        raise OSError("[WinError 126] The specified module could not be found: c10.dll")

    monkeypatch.setattr(profile, "detect_profile", broken)
    report = look_around()
    assert not report.ok
    assert any("c10.dll" in one and "README.md" in one for one in report.advice)
    setup()
    assert "PyTorch does not load here ([WinError 126]" in capsys.readouterr().out


def test_a_version_outside_the_range_is_named(monkeypatch):
    real = preflight._version
    monkeypatch.setattr(preflight, "_version", lambda one: "0.3.1" if one == "peft" else real(one))
    report = look_around()
    sentence = only_advice_with(report, "peft")
    assert not report.ok and "0.3.1" in sentence and "restart the kernel" in sentence


def test_the_requirements_come_from_pyproject_too(monkeypatch):
    def absent(name: str) -> None:
        raise preflight.importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(preflight.importlib.metadata, "requires", absent)
    assert {"torch", "faiss-cpu", "numpy"} <= {one.name for one in preflight._requirements()}
    assert preflight._requirements_beside(Path("/no/such/pyproject.toml")) == []


def test_an_old_python_is_named(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9, 1))
    monkeypatch.setattr(preflight.platform, "python_version", lambda: "3.9.1")
    report = look_around()
    assert not report.ok and "3.11 to 3.13" in only_advice_with(report, "3.9.1")


def test_little_memory_and_little_disk_are_advice_and_no_verdict(monkeypatch):
    monkeypatch.setattr(profile, "free_memory", lambda: 1_500_000_000)
    monkeypatch.setattr(preflight, "_free_disk", lambda folder: 900_000_000)
    report = look_around()
    assert report.ok
    assert "1.5 GB" in only_advice_with(report, "of memory is free")
    assert "0.9 GB" in only_advice_with(report, "COURSEKIT_CACHE")


def test_a_folder_that_cannot_be_written_is_named_before_anything_is_lost(monkeypatch, tmp_path):
    place = tmp_path / "a-file"
    place.write_text("", encoding="utf-8")
    monkeypatch.setenv("COURSEKIT_CACHE", str(place / "cache"))
    monkeypatch.setenv("COURSEKIT_STATE", str(tmp_path / "state"))
    report = look_around()
    assert report.ok and "set COURSEKIT_CACHE to a folder" in only_advice_with(report, "a-file")
    monkeypatch.setenv("COURSEKIT_STATE", str(place))
    assert "your progress" in only_advice_with(look_around(), "COURSEKIT_STATE")
    assert not (tmp_path / "state").exists()


def test_a_cold_cache_says_what_will_be_fetched_and_how_much(monkeypatch):
    report = look_around()
    sentence = only_advice_with(report, "SmolLM2-135M-Instruct")
    assert "all-MiniLM-L6-v2" in sentence and "176 MB" in sentence
    assert row(report, "Models").startswith("to be fetched")
    monkeypatch.setattr(models, "is_fetched", lambda name: True)
    assert "no network" in row(look_around(), "Models")


def test_minutes_are_read_or_said_to_be_unmeasured(data):
    assert "not measured yet" in row(look_around("05"), "Minutes")
    measured = {"05": {"cpu": 3.14, "gpu": 1.0}, "09": {"cpu": 6.0}}
    (data / "minutes.json").write_text(json.dumps(measured), encoding="utf-8")
    kind = "gpu" if detect_profile().device != "cpu" else "cpu"
    shown = "3.1" if kind == "cpu" else "1.0"
    for lesson in ("05", 5, "05_rag_end_to_end"):
        assert shown in row(look_around(lesson), "Minutes")
    assert "not measured yet" in row(look_around("02"), "Minutes")
    assert ("9.1" if kind == "cpu" else "1.0") in row(look_around(), "Minutes")
    (data / "minutes.json").write_text("{", encoding="utf-8")
    assert "not measured yet" in row(look_around("05"), "Minutes")


def test_a_wrong_override_is_passed_on(monkeypatch):
    monkeypatch.setenv("COURSEKIT_DEVICE", "tpu")
    report = look_around()
    assert not report.ok and "COURSEKIT_DEVICE" in only_advice_with(report, "tpu")


def test_free_memory_heeds_every_limit(monkeypatch):
    limits = [(8_000_000_000, 1_000_000_000), (4_000_000_000, 3_000_000_000)]
    monkeypatch.setattr(profile, "memory_limits", lambda: limits)
    assert profile.total_memory() <= 4_000_000_000
    assert 0 < profile.free_memory() <= 1_000_000_000
    limits.append((1_000, 2_000))
    assert profile.free_memory() == 0


@pytest.mark.parametrize(
    ("own", "folder", "most", "used"),
    [
        ("0::/user/app\n", "sys/fs/cgroup/user", "memory.max", "memory.current"),
        ("0::/\n", "sys/fs/cgroup", "memory.max", "memory.current"),
        ("0::/on/the/host\n", "sys/fs/cgroup", "memory.max", "memory.current"),
        (
            "9:cpu:/\n4:name=systemd:/a\n3:memory:/docker/abc\n0::/\n",
            "sys/fs/cgroup/memory/docker/abc",
            "memory.limit_in_bytes",
            "memory.usage_in_bytes",
        ),
    ],
)
def test_limits_are_read_from_control_groups_of_both_kinds(
    tmp_path, monkeypatch, own, folder, most, used
):
    monkeypatch.delenv("MEM_LIMIT", raising=False)
    group = tmp_path / folder
    group.mkdir(parents=True)
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text(own, encoding="utf-8")
    (group / most).write_text("4000000000\n", encoding="utf-8")
    (group / used).write_text("3000000000\n", encoding="utf-8")
    assert profile.memory_limits(tmp_path) == [(4_000_000_000, 3_000_000_000)]
    stat = "anon 5\ninactive_file 500000000\ntotal_inactive_file 500000000\n"
    (group / "memory.stat").write_text(stat, encoding="utf-8")
    assert profile.memory_limits(tmp_path) == [(4_000_000_000, 2_500_000_000)]
    (group / most).write_text("max\n", encoding="utf-8")
    assert profile.memory_limits(tmp_path) == []


def test_a_learners_share_on_a_hub_is_a_limit(tmp_path, monkeypatch):
    monkeypatch.setenv("MEM_LIMIT", "2000000000")
    ((most, used),) = profile.memory_limits(tmp_path)
    assert most == 2_000_000_000 and 10_000_000 < used < 20_000_000_000
    monkeypatch.setenv("MEM_LIMIT", "2G")
    assert profile.memory_limits(tmp_path) == []


# ---------------------------------------------------------------- profile


@pytest.fixture
def cpu_only(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


@pytest.mark.parametrize(("speedup", "name"), [(1.4, "float32"), (1.6, "bfloat16")])
def test_a_cpu_takes_bf16_only_where_it_pays(cpu_only, monkeypatch, speedup, name):
    import torch

    monkeypatch.setattr(profile, "measure_bf16_speedup", lambda: speedup)
    found = detect_profile()
    assert found.device == "cpu" and found.lm == DEFAULT_LM
    assert found.dtype == getattr(torch, name)
    assert found is detect_profile()


def test_the_probe_runs_once_for_each_machine(cpu_only, monkeypatch):
    calls = []
    monkeypatch.setattr(profile, "measure_bf16_speedup", lambda: calls.append(1) or 2.0)
    first = detect_profile()
    detect_profile.cache_clear()
    monkeypatch.setattr(profile, "measure_bf16_speedup", lambda: calls.append(1) or 0.5)
    assert detect_profile() == first and len(calls) == 1


def test_the_probe_runs_where_the_cache_cannot_be_written(cpu_only, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("COURSEKIT_CACHE", str(tmp_path / "file"))
    assert detect_profile().bf16_speedup == 1.0


def test_the_probe_is_short(monkeypatch):
    import time

    monkeypatch.undo()
    start = time.perf_counter()
    assert profile.measure_bf16_speedup(repeats=3) > 0
    assert time.perf_counter() - start < 10


def test_overrides(monkeypatch):
    import torch

    monkeypatch.setenv("COURSEKIT_DEVICE", "cpu")
    monkeypatch.setenv("COURSEKIT_DTYPE", "bfloat16")
    assert detect_profile().dtype == torch.bfloat16
    detect_profile.cache_clear()
    monkeypatch.setenv("COURSEKIT_DTYPE", "int3")
    with pytest.raises(ValueError, match="int3.*float32, bfloat16, float16"):
        detect_profile()


def test_a_device_that_is_not_there_is_named(cpu_only, monkeypatch):
    monkeypatch.setenv("COURSEKIT_DEVICE", "cuda")
    with pytest.raises(ValueError, match="cuda.*does not find"):
        detect_profile()


@pytest.mark.parametrize(
    ("has_bf16", "memory_gb", "asked", "dtype", "lm"),
    [
        (True, 80, "", "bfloat16", DEFAULT_LM),
        (True, 80, "large", "bfloat16", LARGE_LM),
        (False, 15.8, "large", "float16", LARGE_LM),
        (False, 8, "large", "float16", DEFAULT_LM),
    ],
)
def test_a_gpu_asks_the_hardware(monkeypatch, has_bf16, memory_gb, asked, dtype, lm):
    import torch

    def is_bf16_supported(including_emulation: bool = True) -> bool:
        return has_bf16 or including_emulation

    properties = SimpleNamespace(name="A GPU", total_memory=int(memory_gb * 1e9))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda index: properties)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", is_bf16_supported)
    monkeypatch.setenv("COURSEKIT_GPU_MODEL", asked)
    found = detect_profile()
    assert found.device == "cuda" and found.device_name == "A GPU"
    assert found.dtype == getattr(torch, dtype) and found.lm == lm
