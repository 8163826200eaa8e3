"""The verdicts on the ten claims: words that follow from measured numbers by one rule.

A claim has parts. A part names a measured value, its interval, and a bound that was fixed before:
it holds if the whole interval lies on the claim's side of the bound, it fails if the whole interval
lies on the other side, and it is open if the bound lies inside. A claim is supported if all its
parts hold, refuted if all fail, and depends on the case otherwise.

The numbers come from the lesson that measured them. Those of other lessons stand in
`coursekit/data/recorded.json`, which the build copies from their records.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from coursekit.claims import CLAIMS, guesses
from coursekit.language import format_number, t
from coursekit.paths import data_dir
from coursekit.records import record
from coursekit.scoring import bootstrap_interval
from coursekit.systems import unpaired_interval

HERE = "11"  # the lesson whose own run gives the rest of the numbers


@dataclass(frozen=True)
class Part:
    """A testable part of a claim.

    Args:
        claim: "C1" to "C10".
        lesson: the number of the lesson that measures it.
        names: the records that hold the value and the two ends of its interval; "a - b" is the
            difference of two records.
        text: what is measured, in a few words.
        bound: what the value is compared with.
        below: the claim says that the value is below the bound, instead of above it.
        spec: how the numbers are shown.
    """

    claim: str
    lesson: str
    names: tuple[str, str, str]
    text: Callable[[], str]
    bound: float
    below: bool = False
    spec: str = ".0%"


@dataclass(frozen=True)
class Finding:
    """A part with its numbers; `state` is "holds", "fails", "open" or "missing"."""

    part: Part
    value: float | None
    low: float | None
    high: float | None
    state: str


def ends(name: str) -> tuple[str, str, str]:
    """The usual names of a value and its interval: name, name_low, name_high."""
    return name, f"{name}_low", f"{name}_high"


PARTS: tuple[Part, ...] = (
    Part(
        "C1",
        "05",
        ("right_one - right_none", "right_one_low - right_none", "right_one_high - right_none"),
        lambda: t("right answers with one passage in the prompt, minus without any"),
        0.0,
        spec="+.0%",
    ),
    Part(
        "C1",
        HERE,
        ends("follow_rag"),
        lambda: t("RAG answers that follow an edited passage"),
        0.5,
    ),
    Part(
        "C2",
        HERE,
        ends("tables_gap"),
        lambda: t("RAG on table rows, minus RAG on prose; 10 points less would still count"),
        -0.1,
        spec="+.0%",
    ),
    Part(
        "C3",
        "09",
        ("em_after - em_before", "em_low - em_before", "em_high - em_before"),
        lambda: t("exact answers about unseen products, after fine-tuning minus before"),
        0.0,
        spec="+.0%",
    ),
    Part(
        "C3",
        HERE,
        ends("reader_wrong"),
        lambda: t("changed facts that RAG+LoRA gets wrong, not trained again"),
        0.5,
    ),
    Part(
        "C4",
        "10",
        ends("c4_terms"),
        lambda: t("house terms used in new sentences, fine-tuned minus the best prompt"),
        0.0,
        spec="+.0%",
    ),
    Part(
        "C5",
        HERE,
        ends("stale_gap"),
        lambda: t("old values still given after the update, LoRA minus RAG"),
        0.0,
        spec="+.0%",
    ),
    Part(
        "C5",
        HERE,
        ends("damage"),
        lambda: t("unchanged facts broken by the update, LoRA minus RAG"),
        0.0,
        spec="+.0%",
    ),
    Part(
        "C6",
        HERE,
        ends("unseen_gain"),
        lambda: t("right answers about unseen products, RAG minus LoRA"),
        0.0,
        spec="+.0%",
    ),
    Part(
        "C6",
        HERE,
        ends("follow_gain"),
        lambda: t("answers that follow an edited passage, RAG minus LoRA"),
        0.0,
        spec="+.0%",
    ),
    Part(
        "C7",
        HERE,
        ends("taught_gain"),
        lambda: t("right answers about facts seen in training, LoRA minus RAG"),
        0.0,
        spec="+.0%",
    ),
    Part(
        "C7",
        HERE,
        ends("nuance"),
        lambda: t("RAG on questions in house terms, minus the same facts in ordinary words"),
        0.0,
        below=True,
        spec="+.0%",
    ),
    Part(
        "C8",
        "10",
        ends("c8_quality"),
        lambda: t("exact answers lost to sloppy or wrong examples, at the same size"),
        0.0,
        spec="+.0%",
    ),
    Part(
        "C8",
        "10",
        ends("c8_size"),
        lambda: t("exact answers gained from the most examples over the fewest"),
        0.0,
        spec="+.0%",
    ),
    Part(
        "C9",
        "08",
        ("weights_high", "weights_low", "weights_high"),
        lambda: t("facts told apart by looking at the matrices"),
        0.9,
        below=True,
    ),
    Part(
        "C9",
        "08",
        ("asking_low", "asking_low", "asking_low"),
        lambda: t("facts told apart by asking the tuned model"),
        0.9,
        below=True,
    ),
    Part(
        "C10",
        "07",
        ends("named"),
        lambda: t("wrong answers whose source names the cause"),
        0.5,
    ),
    Part(
        "C10",
        "07",
        ("rule_test_after - rule_test_before", "rule_test_low", "rule_test_high"),
        lambda: t("gain of one correction that was read off the sources"),
        0.0,
        spec="+.0%",
    ),
)


def recorded() -> dict[str, dict[str, float]]:
    """The numbers of other lessons, by lesson and record; empty where the build wrote none yet."""
    try:
        return json.loads((data_dir() / "recorded.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def wanted_records() -> dict[str, list[str]]:
    """Which records the build must copy for the verdicts, by the number of their lesson."""
    wanted: dict[str, set[str]] = {}
    for part in PARTS:
        if part.lesson != HERE:
            names = {record for name in part.names for record in name.split(" - ")}
            wanted.setdefault(part.lesson, set()).update(names)
    return {lesson: sorted(names) for lesson, names in sorted(wanted.items())}


def state_of(low: float, high: float, bound: float, below: bool = False) -> str:
    """Whether a part "holds", "fails" or is "open": where its interval lies beside the bound."""
    if below:
        low, high, bound = -high, -low, -bound
    if low > bound:
        return "holds"
    return "fails" if high < bound else "open"


def verdict_of(states: list[str]) -> str:
    """The verdict that follows from the states of a claim's parts.

    Returns: "supported" if all hold, "refuted" if all fail, "not measured" if there is none or a
    number is missing, else "it depends".
    """
    if not states or "missing" in states:
        return "not measured"
    if set(states) == {"holds"}:
        return "supported"
    return "refuted" if set(states) == {"fails"} else "it depends"


def measure(
    numbers: dict[str, float],
    name: str,
    values: Sequence[float],
    tolerance: float,
    minus: Sequence[float] | None = None,
) -> None:
    """Record a mean and its 95 % interval, and put all three into `numbers` for the verdicts.

    Args:
        name: the record's name; the ends of the interval become name_low and name_high.
        values: one number for each question; for the same questions give differences.
        tolerance: as for `record`.
        minus: the values of *other* questions; their mean is taken off, and the interval is that
            of `unpaired_interval`.
    """
    value = float(np.mean(np.asarray(values, dtype=float)))
    if minus is None:
        low, high = bootstrap_interval(values)
    else:
        value -= float(np.mean(np.asarray(minus, dtype=float)))
        low, high = unpaired_interval(minus, values)
    for key, number in zip(ends(name), (value, low, high), strict=True):
        numbers[key] = record(key, number, tolerance=tolerance)


def findings(measured: Mapping[str, float]) -> dict[str, list[Finding]]:
    """The parts of each claim with their numbers.

    Args:
        measured: the numbers of this lesson's own run, by the names of their records.
    """
    numbers = recorded() | {HERE: dict(measured)}
    found: dict[str, list[Finding]] = {claim: [] for claim in CLAIMS}
    for part in PARTS:
        known = numbers.get(part.lesson, {})
        if all(record in known for name in part.names for record in name.split(" - ")):
            value, low, high = (_number(known, name) for name in part.names)
            state = state_of(low, high, part.bound, part.below)
            found[part.claim].append(Finding(part, value, low, high, state))
        else:
            found[part.claim].append(Finding(part, None, None, None, "missing"))
    return found


def verdicts(measured: Mapping[str, float]) -> dict[str, str]:
    """The verdict on each claim; `measured` as for `findings`."""
    return {
        claim: verdict_of([finding.state for finding in parts])
        for claim, parts in findings(measured).items()
    }


def verdict_table(measured: Mapping[str, float]) -> None:
    """Show claim, your guess from lesson 01, verdict and the numbers behind it, as a table."""
    from IPython.display import display

    kept, rows = guesses(), []
    for claim, parts in findings(measured).items():
        guess = kept.get(claim, {}).get("verdict")
        verdict = _word(verdict_of([finding.state for finding in parts]))
        lines = [_line(finding) for finding in parts] or [t("no number yet")]
        rows.append((claim, CLAIMS[claim].text(), _word(guess) if guess else "–", verdict, lines))
    display({"text/html": _html(rows), "text/plain": _plain(rows)}, raw=True)


def _number(known: Mapping[str, float], name: str) -> float:
    first, *others = (float(known[record]) for record in name.split(" - "))
    return first - sum(others)


def _line(finding: Finding) -> str:
    part, lesson = finding.part, t("lesson {number}", number=finding.part.lesson)
    if finding.value is None:
        return f"{part.text()}: {_word('missing')} ({lesson})"
    value, low, high = (
        format_number(number, part.spec) for number in (finding.value, finding.low, finding.high)
    )
    shown = (
        value
        if low == high == value
        else t("{value} ({low} to {high})", value=value, low=low, high=high)
    )
    return f"{part.text()}: {shown}, {_word(finding.state)} ({lesson})"


def _word(word: str) -> str:
    words: dict[str, Any] = {
        "supported": t("supported"),
        "refuted": t("refuted"),
        "it depends": t("it depends"),
        "not measured": t("not measured"),
        "holds": t("holds"),
        "fails": t("fails"),
        "open": t("open"),
        "missing": t("missing"),
    }
    return words[word]


def _html(rows: list[tuple[str, str, str, str, list[str]]]) -> str:
    style = ' style="text-align: left; vertical-align: top"'
    header = (t("claim"), t("what it says"), t("your guess"), t("verdict"), t("what was measured"))
    lines = ["".join(f"<th{style}>{html.escape(name)}</th>" for name in header)]
    for *cells, parts in rows:
        evidence = "<br>".join(html.escape(part) for part in parts)
        made = [html.escape(cell) for cell in cells] + [evidence]
        lines.append("".join(f"<td{style}>{cell}</td>" for cell in made))
    table = "\n".join(f"<tr>{line}</tr>" for line in lines)
    return f"<table>\n{table}\n</table>"


def _plain(rows: list[tuple[str, str, str, str, list[str]]]) -> str:
    return "\n".join(
        "\n".join([f"{claim:4} {verdict:12} ({guess})", *(f"       {part}" for part in parts)])
        for claim, _, guess, verdict, parts in rows
    )
