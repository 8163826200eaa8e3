"""Scores: what counts as the same answer, and how sure a mean is."""

from __future__ import annotations

import numpy as np
import pytest
from tiny_models import chunk

from coursekit.corpus import Question
from coursekit.rag import Hit
from coursekit.scoring import (
    bootstrap_interval,
    contains_answer,
    contains_gold,
    exact_match,
    gold_found,
    normalise,
    paired_interval,
    separation,
    separation_interval,
)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("The Kestrel 2.", ["kestrel", "2"]),
        ("6.4 litres", ["6.4", "litres"]),
        ("4,310 euros", ["4310", "euros"]),
        ("1,250,000", ["1250000"]),
        ("2, 3 and 4", ["2", "3", "and", "4"]),
        ("1,25", ["1", "25"]),
        ("at -18 °C", ["at", "-18", "c"]),
        ("at \u221218.5 °C", ["at", "-18.5", "c"]),
        ("10-15 minutes", ["10", "15", "minutes"]),
        ("a deck-oven, an oven", ["deck", "oven", "oven"]),
        ("Don't / don’t", ["dont", "dont"]),
        ("2.1.3", ["2.1.3"]),
        ("Version v2", ["version", "v2"]),
        ("It takes 20.", ["it", "takes", "20"]),
        ("ＫＥＳＴＲＥＬ", ["kestrel"]),
        ("Größe", ["größe"]),
        ("", []),
        (" ?!… the ", []),
    ],
)
def test_normalise(text, tokens):
    assert normalise(text) == tokens


@pytest.mark.parametrize(
    ("text", "answer", "found"),
    [
        ("It holds 6.4 litres.", "6.4 litres", True),
        ("It holds 6.4 litres.", "4 litres", False),
        ("After 120 minutes", "20 minutes", False),
        ("After 20 minutes", "20 minute", False),
        ("A price of 4,310 euros", "4310", True),
        ("A price of 14,310 euros", "4,310", False),
        ("Keep it at -18 °C", "18 °C", False),
        ("minutes 20", "20 minutes", False),
        ("twenty-five", "five twenty", False),
        ("The blue pump, and a red one", "the blue pump", True),
        ("anything", "", False),
        ("anything", "the", False),
        ("", "20 minutes", False),
        ("", "", False),
    ],
)
def test_contains_answer(text, answer, found):
    assert contains_answer(text, answer) is found


@pytest.mark.parametrize(
    ("prediction", "gold", "same"),
    [
        ("The 20 minutes.", "20 Minutes", True),
        ("20 minutes or so", "20 minutes", False),
        ("20", "20 minutes", False),
        ("20.0", "20", False),
        ("1,000", "1000", True),
        ("-5", "5", False),
        ("", "", True),
        ("", "20", False),
    ],
)
def test_exact_match(prediction, gold, same):
    assert exact_match(prediction, gold) is same


def test_an_answer_is_found_in_itself():
    for answer in ("20 minutes", "the Kestrel 2", "-18 °C", "4,310.50 euros", "v2.1"):
        assert exact_match(answer, answer) and contains_answer(f"It is {answer}, sir.", answer)


@pytest.mark.parametrize(("n", "share"), [(400, 0.5), (400, 0.2), (1000, 0.9)])
def test_the_interval_agrees_with_the_normal_approximation(n, share):
    values = [1.0] * round(n * share) + [0.0] * round(n * (1 - share))
    low, high = bootstrap_interval(values)
    half = 1.96 * np.sqrt(share * (1 - share) / n)
    assert low == pytest.approx(share - half, abs=0.15 * half)
    assert high == pytest.approx(share + half, abs=0.15 * half)


def test_the_interval_is_the_same_each_time_and_narrows_with_its_level():
    values = [0.0, 1.0, 1.0, 0.0, 1.0]
    assert bootstrap_interval(values) == bootstrap_interval(np.array(values))
    low, high = bootstrap_interval(values, level=0.5)
    wide_low, wide_high = bootstrap_interval(values, level=0.99)
    assert 0 <= wide_low <= low <= 0.6 <= high <= wide_high <= 1


def test_an_interval_of_equal_values_has_no_width():
    assert bootstrap_interval([1.0, 1.0, 1.0]) == (1.0, 1.0)
    assert bootstrap_interval([True]) == (1.0, 1.0)


def test_no_values_are_refused():
    with pytest.raises(ValueError, match="There are no values"):
        bootstrap_interval([])


def test_the_paired_interval_is_the_one_of_the_differences():
    first, second = [0, 1, 1, 0, 1, 0], [1, 1, 1, 0, 1, 1]
    assert paired_interval(first, second) == bootstrap_interval([1, 0, 0, 0, 0, 1])
    low, high = paired_interval(first, second)
    assert paired_interval(second, first) == pytest.approx((-high, -low), abs=0.02)


def test_pairing_narrows_the_interval_where_the_systems_agree():
    rng = np.random.default_rng(0)
    first = (rng.random(300) < 0.6).astype(float)
    second = first.copy()
    second[np.flatnonzero(first == 0)[:15]] = 1  # five points better, never worse
    low, high = paired_interval(first, second)
    assert 0 < low < 0.05 < high < 0.1
    apart = np.ptp(bootstrap_interval(first)) + np.ptp(bootstrap_interval(second))
    assert high - low < apart / 3


def test_systems_that_answered_other_questions_cannot_be_paired():
    with pytest.raises(ValueError, match="2 values cannot be paired with 3"):
        paired_interval([0, 1], [0, 1, 1])


def asked(answer: str | None, *gold: str) -> Question:
    return Question("q", "How much?", answer, "prose", "test", None, None, gold)


def test_hits_that_are_gold_passages_are_found_in_their_order():
    hits = [[Hit(chunk(name, "text"), 0.5, rank) for rank, name in enumerate("ab", 1)]] * 2
    found = gold_found(hits, [asked("7 litres", "b#0"), asked(None)])
    assert found.tolist() == [[False, True], [False, False]]


def test_an_answer_is_right_if_it_contains_the_gold_answer_and_there_is_one():
    questions = [asked("7 litres"), asked("7 litres"), asked(None)]
    right = contains_gold(["It holds 7 litres.", "It holds 17 litres.", "7 litres"], questions)
    assert right.tolist() == [True, False, False]


def test_separation_is_the_area_under_the_roc_curve():
    assert separation([0.9, 0.4, 0.6], [True, True, False]) == 0.5
    assert separation([1, 2, 3], [False, False, True]) == 1.0
    assert separation([1, 1], [False, True]) == 0.5
    rng = np.random.default_rng(0)
    scores, right = rng.random(50).round(1), rng.random(50) < 0.5
    slow = [1.0 if a > b else 0.5 if a == b else 0.0 for a in scores[right] for b in scores[~right]]
    assert separation(scores, right) == pytest.approx(np.mean(slow))


def test_separation_says_what_is_wrong():
    with pytest.raises(ValueError, match="do not fit"):
        separation([1, 2], [True])
    for right in ([True, True], [False, False]):
        with pytest.raises(ValueError, match="only one kind"):
            separation([1, 2], right)
        with pytest.raises(ValueError, match="only one kind"):
            separation_interval([1, 2], right)


def test_separation_interval_holds_the_value_and_narrows():
    rng = np.random.default_rng(1)
    widths = []
    for n in (40, 400):
        right = rng.random(n) < 0.5
        scores = rng.random(n) + 0.3 * right
        low, high = separation_interval(scores, right, draws=300)
        assert 0 <= low <= separation(scores, right) <= high <= 1
        widths.append(high - low)
    assert widths[1] < widths[0] / 2
