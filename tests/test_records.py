"""Records: what a cell shows of them, and what the comparison of outputs makes of that."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

import pytest

from coursekit.records import record, shown

CONFIG = Path(__file__).parent / "nbval_sanitize.cfg"


def test_numbers_are_short_and_the_line_is_wrapped():
    line = shown(
        {"share": 0.123456, "n": 145, "text": "a few", **{f"r_{i}": i / 7 for i in range(12)}}
    )
    assert line.startswith("measured: share\u00a00.123 · n\u00a0145 · text\u00a0a few · ")
    assert all(len(part) <= 96 for part in line.splitlines())
    assert line.count("\u00a0") == 15


def test_a_cell_shows_its_records_once_and_the_next_cell_does_not(capsys, monkeypatch):
    shell_class = pytest.importorskip("IPython.core.interactiveshell").InteractiveShell

    monkeypatch.delenv("COURSEKIT_RECORDS", raising=False)
    shell = shell_class.instance()
    try:
        shell.run_cell(
            "from coursekit.records import record\nx = record('one', 0.5); print('seen')"
        )
        assert capsys.readouterr().out == "seen\nmeasured: one\u00a00.5\n"
        shell.run_cell("print('later')")
        assert capsys.readouterr().out == "later\n"
    finally:
        shell_class.clear_instance()


def test_outside_a_notebook_nothing_is_printed(capsys, monkeypatch):
    monkeypatch.delenv("COURSEKIT_RECORDS", raising=False)
    assert record("share", 0.5) == 0.5
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("first", ["", "an output\n"])
def test_runs_are_compared_without_their_records(first):
    config = configparser.ConfigParser()
    config.read(CONFIG, encoding="utf-8")
    regex, replacement = config["measured"]["regex"], config["measured"]["replace"]
    runs = [first + shown({"a": value, "b": value * 3}) + "\n" for value in (0.1, 123456.0)]
    assert {re.sub(regex, replacement, run) for run in runs} == {f"{first}{replacement}"}
    assert re.sub(regex, replacement, "it was measured: twice\n") == "it was measured: twice\n"
