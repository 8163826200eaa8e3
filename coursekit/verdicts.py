"""The verdicts on the ten claims: words that follow from measured numbers by one rule.

A claim has parts. A part names a measured value, its interval, and a bound that was fixed before:
it holds if the whole interval lies on the claim's side of the bound, it fails if the whole interval
lies on the other side, and it is open if the bound lies inside. A claim is supported if all its
parts hold, refuted if all fail, and depends on the case if some hold and some fail; otherwise a
part is open, and the measurements cannot tell yet.

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
        remark: another record of the same lesson and what it is, shown beside and never judged.
    """

    claim: str
    lesson: str
    names: tuple[str, str, str]
    text: Callable[[], str]
    bound: float
    below: bool = False
    spec: str = ".0%"
    remark: tuple[str, Callable[[], str]] | None = None


@dataclass(frozen=True)
class Finding:
    """A part with its numbers; `state` is "holds", "fails", "open" or "missing"."""

    part: Part
    value: float | None
    low: float | None
    high: float | None
    state: str
    remark: float | None = None


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
        ends("closed_wrong"),
        lambda: t("changed facts that LoRA gets wrong, not trained again"),
        0.5,
    ),
    Part(
        "C3",
        HERE,
        ends("reader_worse"),
        lambda: t("changed facts wrong: RAG+LoRA, not trained again, after minus before"),
        0.0,
        spec="+.0%",
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
        lambda: t("old values given after three updates, LoRA minus RAG"),
        0.0,
        spec="+.0%",
    ),
    Part(
        "C5",
        HERE,
        ends("damage"),
        lambda: t("unchanged facts broken by three updates, LoRA minus RAG"),
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
        ends("trained_gain"),
        lambda: t("right about taught facts in a trained wording, LoRA minus RAG"),
        0.0,
        spec="+.0%",
    ),
    Part(
        "C7",
        HERE,
        ends("reworded_gain"),
        lambda: t("right about taught facts in a wording learned for a twin, LoRA minus RAG"),
        0.0,
        spec="+.0%",
    ),
    Part(
        "C7",
        HERE,
        ends("house_gain"),
        lambda: t("right in house terms: RAG+LoRA with 2 passages, minus RAG with 1"),
        0.0,
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
        "C8",
        "10",
        ends("c8_little"),
        lambda: t("exact answers gained from one example over none; 10 points would be little"),
        0.1,
        below=True,
        spec="+.0%",
    ),
    Part(
        "C9",
        "08",
        ("weights_high", "weights_best_low", "weights_best_high"),
        lambda: t("facts told apart by the matrices, best of six adapters"),
        0.9,
        below=True,
        remark=("asking_low", lambda: t("by asking the tuned model, at least")),
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


# What a verdict does not decide, said beside it.
LIMITS: dict[str, Callable[[], str]] = {
    "C4": lambda: t(
        "for the words alone, search and replace did as well; the tuned model lost some negations "
        "and used no term that its training lacked"
    ),
    "C6": lambda: t(
        "passages in the prompt beat facts in the weights; this does not decide between RAG and "
        "RAG+LoRA"
    ),
}


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
            names |= {part.remark[0]} if part.remark else set()
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

    Returns: "supported" if all hold, "refuted" if all fail, "it depends" if some hold and some
    fail, else "cannot tell yet", as one is open; "not measured" if a number is missing.
    """
    if not states or "missing" in states:
        return "not measured"
    if set(states) == {"holds"}:
        return "supported"
    if set(states) == {"fails"}:
        return "refuted"
    return "it depends" if {"holds", "fails"} <= set(states) else "cannot tell yet"


def interval_of(values: Sequence[float], lowest: float = 0.0) -> tuple[float, float]:
    """95 % interval of a mean; the bootstrap's, or Wilson's where all values are the same.

    Drawing again from equal values gives equal means, an interval without width, as if 27 answers
    were all answers. Wilson's score interval (1927) for an event seen in none of n reaches up to
    z² / (n + z²), with z = 1.96: so large may the share of other values still be. Each side of the
    interval lies where this share of the answers had the smallest or the largest possible value.

    Args:
        values: one number for each question, shape (n,), at most 1.
        lowest: the smallest possible value: 0 for right and wrong, -1 for differences of two such.

    Raises:
        ValueError: there are no values.
    """
    low, high = bootstrap_interval(values)
    if np.ptp(np.asarray(values, dtype=float)) > 0:
        return low, high
    unseen = 1.96**2 / (len(values) + 1.96**2)
    return low - unseen * (low - lowest), high + unseen * (1.0 - high)


def measure(
    numbers: dict[str, float],
    name: str,
    values: Sequence[float],
    tolerance: float,
    minus: Sequence[float] | None = None,
    lowest: float = 0.0,
) -> None:
    """Record a mean and its 95 % interval, and put all three into `numbers` for the verdicts.

    Args:
        name: the record's name; the ends of the interval become name_low and name_high.
        values: one number for each question; for the same questions give differences.
        tolerance: as for `record`.
        minus: the values of *other* questions; their mean is taken off, and the interval is that
            of `unpaired_interval`.
        lowest: as for `interval_of`; -1 for differences.
    """
    value = float(np.mean(np.asarray(values, dtype=float)))
    if minus is None:
        low, high = interval_of(values, lowest)
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
            remark = known.get(part.remark[0]) if part.remark else None
            found[part.claim].append(Finding(part, value, low, high, state, remark))
        else:
            found[part.claim].append(Finding(part, None, None, None, "missing"))
    return found


def verdicts(measured: Mapping[str, float]) -> dict[str, str]:
    """The verdict on each claim; `measured` as for `findings`."""
    return {
        claim: verdict_of([finding.state for finding in parts])
        for claim, parts in findings(measured).items()
    }


def print_parts() -> None:
    """Print what each claim is tested by: the parts with side and bound, before any number."""
    for number, part in _numbered():
        print(f"{number:6} {part.text()} {_aim(part)}")


def verdict_table(measured: Mapping[str, float]) -> None:
    """Show claim, your guess from lesson 01, verdict, and each part with its bound and numbers."""
    from IPython.display import display

    kept, names = guesses(), {part: number for number, part in _numbered()}
    rows = []
    for claim, parts in findings(measured).items():
        guess = kept.get(claim, {}).get("verdict")
        verdict = _word(verdict_of([finding.state for finding in parts]))
        open_parts = [names[finding.part] for finding in parts if finding.state == "open"]
        if open_parts:
            verdict += t("; open: {parts}", parts=", ".join(open_parts))
        if claim in LIMITS:
            verdict += f"; {LIMITS[claim]()}"
        lines = [(f"{names[f.part]} {f.part.text()}", _aim(f.part), _line(f)) for f in parts]
        rows.append((claim, CLAIMS[claim].text(), _word(guess) if guess else "–", verdict, lines))
    display({"text/html": _html(rows), "text/plain": _plain(rows)}, raw=True)


def _numbered() -> list[tuple[str, Part]]:
    """The parts, each with a number such as "C5.2", in the order of the claims."""
    return [
        (f"{claim}.{number}", part)
        for claim in CLAIMS
        for number, part in enumerate((p for p in PARTS if p.claim == claim), start=1)
    ]


def _aim(part: Part) -> str:
    """What the claim says about the value: "> 50%"."""
    return f"{'<' if part.below else '>'} {format_number(part.bound, part.spec.lstrip('+'))}"


def _number(known: Mapping[str, float], name: str) -> float:
    first, *others = (float(known[record]) for record in name.split(" - "))
    return first - sum(others)


def _line(finding: Finding) -> str:
    part, lesson = finding.part, t("lesson {number}", number=finding.part.lesson)
    if finding.value is None:
        return f"{_word('missing')} ({lesson})"
    value, low, high = (
        format_number(number, part.spec) for number in (finding.value, finding.low, finding.high)
    )
    shown = (
        value
        if low == high == value
        else t("{value} ({low} to {high})", value=value, low=low, high=high)
    )
    line = f"{shown}: {_word(finding.state)} ({lesson})"
    if finding.remark is not None and part.remark is not None:
        line += f"; {part.remark[1]()} {format_number(finding.remark, part.spec)}"
    return line


def _word(word: str) -> str:
    words: dict[str, Any] = {
        "supported": t("supported"),
        "refuted": t("refuted"),
        "it depends": t("it depends"),
        "cannot tell yet": t("cannot tell yet"),
        "not measured": t("not measured"),
        "holds": t("holds"),
        "fails": t("fails"),
        "open": t("open"),
        "missing": t("missing"),
    }
    return words[word]


_Row = tuple[str, str, str, str, list[tuple[str, str, str]]]


def _html(rows: list[_Row]) -> str:
    style = ' style="text-align:left"'
    header = (
        t("claim"),
        t("what it says"),
        t("your guess"),
        t("verdict"),
        t("what was measured"),
        t("the claim says"),
        t("found"),
    )
    lines = ["".join(f"<th{style}>{html.escape(name)}</th>" for name in header)]
    for *cells, parts in rows:
        span = f' rowspan="{len(parts)}"' if len(parts) > 1 else ""
        start = "".join(f"<td{style}{span}>{html.escape(cell)}</td>" for cell in cells)
        for part in parts:
            lines.append(start + "".join(f"<td{style}>{html.escape(cell)}</td>" for cell in part))
            start = ""
    table = "\n".join(f"<tr>{line}</tr>" for line in lines)
    return f"<table>\n{table}\n</table>"


def _plain(rows: list[_Row]) -> str:
    return "\n".join(
        "\n".join([f"{claim:4} {verdict} ({guess})", *("     " + ", ".join(p) for p in parts)])
        for claim, _, guess, verdict, parts in rows
    )
