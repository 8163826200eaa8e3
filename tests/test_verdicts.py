"""The verdicts: words that follow from numbers by one rule, and where the numbers come from."""

from __future__ import annotations

import json

import pytest

from coursekit import verdicts
from coursekit.claims import CLAIMS
from coursekit.verdicts import (
    HERE,
    PARTS,
    findings,
    interval_of,
    measure,
    print_parts,
    state_of,
    verdict_of,
    verdict_table,
    wanted_records,
)


@pytest.mark.parametrize(
    ("low", "high", "bound", "below", "state"),
    [
        (0.1, 0.3, 0.0, False, "holds"),
        (-0.3, -0.1, 0.0, False, "fails"),
        (-0.1, 0.3, 0.0, False, "open"),
        (0.0, 0.0, 0.0, False, "open"),
        (0.1, 0.3, 0.5, True, "holds"),
        (0.6, 0.8, 0.5, True, "fails"),
        (0.4, 0.8, 0.5, True, "open"),
    ],
)
def test_the_state_of_a_part_follows_from_its_interval_and_bound(low, high, bound, below, state):
    assert state_of(low, high, bound, below) == state


@pytest.mark.parametrize(
    ("states", "verdict"),
    [
        (["holds"], "supported"),
        (["holds", "holds"], "supported"),
        (["fails", "fails"], "refuted"),
        (["holds", "fails"], "it depends"),
        (["holds", "fails", "open"], "it depends"),
        (["holds", "open"], "cannot tell yet"),
        (["fails", "open"], "cannot tell yet"),
        (["open"], "cannot tell yet"),
        (["holds", "missing"], "not measured"),
        ([], "not measured"),
    ],
)
def test_the_verdict_follows_from_the_states(states, verdict):
    assert verdict_of(states) == verdict


def test_every_part_belongs_to_a_claim_and_has_text():
    assert {part.claim for part in PARTS} == set(CLAIMS)
    assert all(part.text() and len(part.names) == 3 for part in PARTS)


def numbers_for(sign: float) -> tuple[dict, dict]:
    """Records in which each part lies far on one side of its bound."""
    here: dict[str, float] = {}
    others: dict[str, dict[str, float]] = {}
    for part in PARTS:
        far = part.bound + (10 * sign if not part.below else -10 * sign)
        home = here if part.lesson == HERE else others.setdefault(part.lesson, {})
        for name in part.names:
            first, *rest = name.split(" - ")
            home[first] = far
            home.update(dict.fromkeys(rest, 0.0))
    return here, others


@pytest.fixture
def package(tmp_path, monkeypatch):
    monkeypatch.setattr(verdicts, "data_dir", lambda: tmp_path)
    monkeypatch.setattr(verdicts, "guesses", lambda: {"C1": {"verdict": "refuted", "because": ""}})
    return tmp_path


@pytest.mark.parametrize(("sign", "word"), [(1, "supported"), (-1, "refuted")])
def test_all_parts_on_one_side_give_a_clear_verdict(package, sign, word):
    here, others = numbers_for(sign)
    (package / "recorded.json").write_text(json.dumps(others), encoding="utf-8")
    made = verdicts.verdicts(here)
    with_parts = {part.claim for part in PARTS}
    assert {claim: made[claim] for claim in with_parts} == dict.fromkeys(with_parts, word)
    assert set(made) == set(CLAIMS)


def test_a_missing_number_is_shown_as_missing(package, capsys):
    found = findings({})
    assert all(part.state == "missing" for parts in found.values() for part in parts)
    assert set(verdicts.verdicts({}).values()) == {"not measured"}
    verdict_table({})


def test_a_difference_of_records_is_computed(package):
    (package / "recorded.json").write_text(
        json.dumps(
            {
                "05": {
                    "right_one": 0.7,
                    "right_one_low": 0.6,
                    "right_one_high": 0.8,
                    "right_none": 0.1,
                }
            }
        ),
        encoding="utf-8",
    )
    first = findings({})["C1"][0]
    assert (first.value, first.low, first.high) == pytest.approx((0.6, 0.5, 0.7))
    assert first.state == "holds"


def test_the_table_shows_guess_verdict_and_numbers(package, monkeypatch):
    here, others = numbers_for(1)
    (package / "recorded.json").write_text(json.dumps(others), encoding="utf-8")
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: shown.append(data))
    verdict_table(here)
    assert "refuted" in shown[0]["text/html"] and "supported" in shown[0]["text/plain"]
    assert shown[0]["text/html"].count("<tr>") == len(PARTS) + 1


def test_a_damaged_file_counts_as_no_numbers(package):
    (package / "recorded.json").write_text("{", encoding="utf-8")
    assert verdicts.recorded() == {}


def test_wanted_records_name_no_difference_and_not_this_lesson():
    wanted = wanted_records()
    assert HERE not in wanted and "right_none" in wanted["05"]
    assert all(name.isidentifier() for names in wanted.values() for name in names)


def test_the_file_in_the_package_is_in_step_with_the_solutions():
    from authoring.build import load_lessons, recorded_file, stored_run
    from authoring.project import load_project
    from coursekit.paths import data_dir

    project = load_project()
    lessons = load_lessons(project)
    runs = {stem: run for stem in lessons if (run := stored_run(project, lessons[stem]))}
    made = recorded_file(lessons, runs)
    assert made
    for path, content in made.items():
        assert (data_dir() / path.name).read_bytes() == content, "run make build"


def test_measure_records_a_mean_with_its_interval():
    numbers: dict[str, float] = {}
    measure(numbers, "gain", [1.0, 0.0, 1.0, 1.0], 0.1)
    assert numbers["gain"] == 0.75 and numbers["gain_low"] <= 0.75 <= numbers["gain_high"]
    measure(numbers, "gap", [1.0, 1.0], 0.1, minus=[0.0, 0.0, 0.0])
    assert (numbers["gap"], numbers["gap_low"], numbers["gap_high"]) == (1.0, 1.0, 1.0)
    measure(numbers, "none", [0.0] * 27, 0.1, lowest=-1.0)
    assert numbers["none_low"] < numbers["none"] == 0.0 < numbers["none_high"]


def test_equal_values_get_the_interval_of_wilson_and_others_the_bootstrap():
    width = 1.96**2 / (27 + 1.96**2)
    assert width == pytest.approx(0.1246, abs=1e-4)
    assert interval_of([0.0] * 27) == pytest.approx((0.0, width))
    assert interval_of([1.0] * 27) == pytest.approx((1.0 - width, 1.0))
    assert interval_of([0.0] * 27, lowest=-1.0) == pytest.approx((-width, width))
    mixed = [0.0, 1.0, 1.0, 0.0]
    assert interval_of(mixed) == verdicts.bootstrap_interval(mixed)
    with pytest.raises(ValueError, match="There are no values"):
        interval_of([])


def test_the_parts_are_printed_with_side_and_bound_and_without_numbers(capsys):
    print_parts()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(PARTS) and lines[0].startswith("C1.1 ") and lines[0].endswith(" > 0%")
    below = next(line for line in lines if line.startswith("C9.1 "))
    assert below.endswith(" < 90%")


def test_the_table_names_the_open_part_the_bound_and_the_limit_of_a_verdict(package, monkeypatch):
    here, others = numbers_for(1)
    here |= {"stale_gap": 0.0, "stale_gap_low": -0.1, "stale_gap_high": 0.1}
    others["08"]["asking_low"] = 0.99
    (package / "recorded.json").write_text(json.dumps(others), encoding="utf-8")
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: shown.append(data))
    verdict_table(here)
    plain = shown[0]["text/plain"]
    assert "cannot tell yet; open: C5.1" in plain and "does not decide between RAG" in plain
    assert "C5.1 old values" in plain and ", > 50%," in plain and "at least 99%" in plain


def test_the_build_copies_the_wanted_records_and_no_others():
    from authoring.build import recorded_file
    from authoring.execute import Run

    class Lesson:
        number = "07"

    records = {"named": {"value": 0.71234, "tolerance": 0.1}, "other": {"value": 1, "tolerance": 0}}
    run = Run("", (), (), records, {})
    (path, content), *rest = recorded_file({"07_x": Lesson()}, {"07_x": run}).items()
    assert not rest and path.name == "recorded.json"
    assert json.loads(content) == {"07": {"named": 0.7123}}
    assert recorded_file({"07_x": Lesson()}, {}) == {}
