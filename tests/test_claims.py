"""The ten claims, and the reader's guesses about them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from coursekit import claims, language
from coursekit.claims import CLAIMS, VERDICTS, claim_cards, guess, guesses
from coursekit.exercises import check, progress

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSEKIT_STATE", str(tmp_path))
    return tmp_path


def test_the_claims_are_those_of_the_readme():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (C\d+) \| (.+?) \| ([\d, ]+) \|$", readme, re.MULTILINE)
    assert rows == [(c.id, c.text(), ", ".join(c.lessons)) for c in CLAIMS.values()]
    assert list(CLAIMS) == [f"C{n}" for n in range(1, 11)]


def test_cards_are_a_table(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: shown.append(data))
    claim_cards()
    assert shown[0]["text/html"].count("<tr>") == 11
    for claim in CLAIMS.values():
        assert claim.text() in shown[0]["text/html"]
        assert claim.text() in shown[0]["text/plain"]


def test_a_guess_is_kept(state, capsys):
    guess("C1", "supported", because="the answer followed the passage")
    guess("C10", "It  Depends")
    assert capsys.readouterr().out.splitlines() == ["✓ C1 supported", "✓ C10 it depends"]
    assert guesses() == {
        "C1": {"verdict": "supported", "because": "the answer followed the passage"},
        "C10": {"verdict": "it depends", "because": ""},
    }
    guess("c1", "refuted", "I changed my mind")
    assert guesses()["C1"] == {"verdict": "refuted", "because": "I changed my mind"}
    assert list(guesses()) == ["C1", "C10"]


@pytest.mark.parametrize("empty", [None, ..., "", "...", "  "])
def test_not_yet_leaves_an_earlier_guess(empty, capsys):
    guess("C2", empty)
    assert capsys.readouterr().out == "… C2 not yet\n"
    assert guesses() == {}
    guess("C2", "refuted")
    guess("C2", empty)
    assert "as before" in capsys.readouterr().out
    assert guesses()["C2"]["verdict"] == "refuted"


@pytest.mark.parametrize("wrong", ["C11", "C0", "", None, 7, ["C1"], "x" * 500])
def test_an_unknown_claim_is_a_sentence(wrong, capsys):
    guess(wrong, "supported")
    printed = capsys.readouterr().out
    assert "There is no claim" in printed and "C10" in printed and len(printed) < 250
    assert guesses() == {}


@pytest.mark.parametrize("wrong", ["true", "yes", True, 1, 0.5, ["supported"], {}, object])
def test_an_unknown_verdict_is_a_sentence(wrong, capsys):
    guess("C3", wrong)
    printed = capsys.readouterr().out
    assert "is no verdict" in printed
    for verdict in VERDICTS:
        assert f'"{verdict}"' in printed
    assert guesses() == {}


@pytest.mark.parametrize("reason", [None, 3, "ü\ud800", ["a", "b"]])
def test_any_reason_will_do(reason, capsys):
    guess("C4", "supported", because=reason)
    assert "could not be saved" not in capsys.readouterr().out
    assert isinstance(guesses()["C4"]["because"], str)


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"{",
        b"\xff\xfe\x00",
        b"[]",
        b"null",
        b'{"C1": 3}',
        b'{"C1": {"verdict": "maybe", "because": ""}}',
        b'{"C1": {"verdict": ["refuted"], "because": ""}}',
        b'{"C1": {"verdict": "refuted"}}',
        b'{"C99": {"verdict": "refuted", "because": ""}}',
    ],
)
def test_a_damaged_file_stops_nothing(damaged, state, capsys):
    (state / "guesses.json").write_bytes(damaged)
    assert guesses() == {}
    progress()
    guess("C1", "supported")
    assert "could not" not in capsys.readouterr().out
    assert list(guesses()) == ["C1"]
    assert list(json.loads((state / "guesses.json").read_text(encoding="utf-8"))) == ["C1"]


def test_a_folder_that_cannot_be_written_stops_nothing(state, monkeypatch, capsys):
    (state / "file").write_text("in the way", encoding="utf-8")
    monkeypatch.setenv("COURSEKIT_STATE", str(state / "file" / "folder"))
    guess("C1", "supported")
    printed = capsys.readouterr().out
    assert "✓ C1 supported" in printed and "could not be saved" in printed
    assert guesses() == {}


def test_progress_shows_guesses_below_its_table(capsys):
    check("00.1", None)
    capsys.readouterr()
    progress()
    assert "guesses" not in capsys.readouterr().out
    guess("C5", "supported", because="training takes time")
    capsys.readouterr()
    progress()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("exercise")
    assert lines[-2] == "Your guesses about the claims:"
    assert lines[-1].split(maxsplit=2) == ["C5", "supported", "training takes time"]


def test_progress_shows_guesses_without_any_exercise(capsys):
    guess("C5", "refuted")
    progress()
    printed = capsys.readouterr().out
    assert "No exercise tried yet" in printed and "C5" in printed.splitlines()[-1]


@pytest.mark.parametrize("code", [code for code in language.languages() if code != "en"])
def test_verdicts_may_be_written_in_the_reader_s_language(code, monkeypatch):
    monkeypatch.setattr(language, "_current", code)
    for claim, verdict in zip(CLAIMS, VERDICTS, strict=False):
        guess(claim, claims._word(verdict))
        assert guesses()[claim]["verdict"] == verdict
