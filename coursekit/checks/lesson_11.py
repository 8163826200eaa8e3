"""Checks of lesson 11, head_to_head."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from coursekit.exercises import Wrong, as_number, call, exercise
from coursekit.language import t
from coursekit.scoring import contains_answer


def _word(got: Any, known: tuple[str, ...]) -> str:
    """What was returned, if it is one of the known words; spaces and capitals do not count."""
    words = {" ".join(word.lower().split()): word for word in known}
    got = got.item() if getattr(got, "ndim", None) == 0 else got  # `np.where` gives such an array
    key = " ".join(str(got).lower().split()) if isinstance(got, str) else None
    if key not in words:
        raise Wrong(
            t(
                "You returned {got}; one of these words is needed: {known}.",
                got=repr(got)[:80],
                known=", ".join(f'"{word}"' for word in known),
            )
        )
    return words[key]


@exercise(
    "11.1",
    title=lambda: t("First, second, or cannot tell"),
    hints=lambda: [
        t("Subtract first: `differences = np.array(second) - np.array(first)`, one a question."),
        t(
            "`rng.choice(differences, size=(draws, len(differences))).mean(axis=1)` gives the mean "
            "of each draw."
        ),
        t("`low, high = np.percentile(means, [2.5, 97.5])`, then compare `low` and `high` with 0."),
    ],
)
def check_better(better: Callable[..., Any]) -> None:
    known = ("first", "second", "cannot tell")
    rng = np.random.default_rng(3)

    def pair(both: int, only_first: int, only_second: int, neither: int) -> tuple[Any, Any]:
        first = np.repeat([1, 1, 0, 0], [both, only_first, only_second, neither])
        second = np.repeat([1, 0, 1, 0], [both, only_first, only_second, neither])
        order = rng.permutation(len(first))
        return first[order], second[order]

    cases = [
        (pair(0, 0, 60, 0), "second", t("the second is right everywhere, the first nowhere")),
        (
            pair(20, 40, 2, 20),
            "first",
            t(
                "the first alone is right 40 times, the second alone twice, so the whole interval "
                "lies below 0"
            ),
        ),
        (
            pair(40, 40, 6, 40),
            "first",
            t(
                "the first alone is right 40 times, the second alone 6 times: draw as many "
                "questions as there are, and take the interval of the means of the draws"
            ),
        ),
        (
            pair(90, 0, 12, 90),
            "second",
            t(
                "the two differ in 12 questions, always for the second: drawn as pairs, from all "
                "questions, the interval lies above 0; do not draw the two systems apart"
            ),
        ),
        (
            pair(90, 14, 1, 90),
            "first",
            t(
                "nearly all differences speak for the first: draw the questions once for both, and "
                "keep the sign of the difference"
            ),
        ),
        (
            pair(30, 8, 11, 11),
            "cannot tell",
            t(
                "8 differences speak for the first and 11 for the second, so 0 lies in the "
                "interval; draw with repetition, as many as there are, and look at both ends"
            ),
        ),
        (
            pair(25, 0, 0, 25),
            "cannot tell",
            t("the two never differ, so both ends are 0, and 0 lies neither above nor below 0"),
        ),
        (
            pair(3, 1, 3, 3),
            "cannot tell",
            t("with 10 questions, 3 against 1 may be luck; take 2.5 % off at each end"),
        ),
        (
            pair(40, 20, 33, 7),
            "cannot tell",
            t("20 against 33 is close: with 2.5 % off at each end, 0 lies inside the interval"),
        ),
        (
            pair(22, 8, 20, 12),
            "second",
            t("8 against 20 is enough: take 2.5 % off at each end, and not less"),
        ),
    ]
    for number, ((first, second), right, fault) in enumerate(cases):
        draws = 4000 if number >= len(cases) - 2 else 1000  # these are close: luck must not decide
        got = _word(call(better, first.tolist(), second.tolist(), draws), known)
        if got != right:
            if number == 0 and got == "first":
                fault = t("you have the two the wrong way round: take `second - first`")
            elif right == "cannot tell" and got == "first" and first.sum() < second.sum():
                fault = t(
                    "the second is ahead, so the upper end is not below 0; `np.percentile` takes "
                    "2.5 and 97.5, `np.quantile` takes 0.025 and 0.975"
                )
            raise Wrong(
                t(
                    "For {n} questions your function says {got}, and {right} is needed: {fault}.",
                    n=len(first),
                    got=f'"{got}"',
                    right=f'"{right}"',
                    fault=fault,
                )
            )
    # Two draws mostly agree about 22 against 33 and decide; a thousand never do.
    for _ in range(15):
        first, second = pair(40, 22, 33, 15)
        try:
            got = call(better, first.tolist(), second.tolist(), 2)
        except Wrong:  # two draws are too few for some ways to cut the ends off
            return
        if _word(got, known) != "cannot tell":
            return
    raise Wrong(t("With draws=2 your function behaves as with many draws: draw `draws` times."))


@exercise(
    "11.2",
    title=lambda: t("Choose by rule"),
    hints=lambda: [
        t("Make a new dict of the systems that meet both limits; exactly at a limit is allowed."),
        t("Look for the best among *these*, not among all."),
        t(
            "`min(good, key=lambda name: table[name]['seconds'])`, where `good` holds the names at "
            "most `margin` behind the best."
        ),
    ],
)
def check_choose(choose: Callable[..., Any]) -> None:
    table = {
        "elm": {"right": 0.80, "refuses": 0.10, "seconds": 0.2},
        "fir": {"right": 0.78, "refuses": 0.70, "seconds": 0.9},
        "oak": {"right": 0.75, "refuses": 0.60, "seconds": 0.5},
        "yew": {"right": 0.40, "refuses": 0.90, "seconds": 0.1},
        "ash": {"right": 0.95, "refuses": 0.80, "seconds": 3.0},
    }
    names = (*table, "none")
    all_at = {"min_refuses": 0.0, "max_seconds": 10.0}
    without = t("all meet these limits, and without a margin the best wins: it is 0 behind itself")
    cases = [
        ({**all_at, "margin": 0.0}, "ash", without),
        (
            {"min_refuses": 0.5, "max_seconds": 1.0, "margin": 0.05},
            "oak",
            t(
                "elm refuses too little and ash is too slow; fir is the best of the rest, oak is "
                "close to it and faster, yew is too far behind"
            ),
        ),
        (
            {"min_refuses": 0.5, "max_seconds": 1.0, "margin": 0.01},
            "fir",
            t("fir is the best of those within the limits, and oak is more than 0.01 behind"),
        ),
        (
            {"min_refuses": 0.6, "max_seconds": 0.5, "margin": 0.05},
            "oak",
            t("oak meets both limits exactly, and that counts as meeting them"),
        ),
        (
            {"min_refuses": 0.5, "max_seconds": 1.0, "margin": 0.4},
            "yew",
            t("fir is at 0.78, and 0.78 - 0.4 is 0.38, so yew is close enough, and the fastest"),
        ),
        (
            {"min_refuses": 0.0, "max_seconds": 1.0, "margin": 0.05},
            "elm",
            t("the margin is taken from the best of those that meet the limits, which is elm here"),
        ),
        (
            {"min_refuses": 0.75, "max_seconds": 0.05, "margin": 0.05},
            "none",
            t("no system meets both limits"),
        ),
    ]
    for limits, right, fault in cases:
        copy = {name: dict(row) for name, row in table.items()}
        got = _word(call(choose, copy, *limits.values()), names)
        if got != right:
            raise Wrong(
                t(
                    "With {limits} you chose {got}, and {right} is needed: {fault}. The table: "
                    "{table}.",
                    limits=", ".join(f"{key}={value}" for key, value in limits.items()),
                    got=f'"{got}"',
                    right=f'"{right}"',
                    fault=fault,
                    table="; ".join(
                        f"{name} {row['right']}/{row['refuses']}/{row['seconds']}"
                        for name, row in table.items()
                    ),
                )
            )
    edge = {
        "pin": {"right": 1.0, "refuses": 1.0, "seconds": 2.0},
        "bay": {"right": 0.75, "refuses": 1.0, "seconds": 1.0},  # 1 - 0.25 without any rounding
    }
    got = _word(call(choose, edge, 0.5, 5.0, 0.25), ("pin", "bay", "none"))
    if got != "bay":
        raise Wrong(
            t(
                "pin is right in 1.0 and bay in 0.75 of the answers, and the margin is 0.25. You "
                "chose {got}; bay is *at most* the margin behind, and faster, so it wins.",
                got=f'"{got}"',
            )
        )


@exercise(
    "11.3",
    title=lambda: t("What became of an answer"),
    hints=lambda: [
        t("Decide first whether the fact changed at all: `if old != new:`."),
        t("In each half, ask `holds(answer, new)` first."),
        t(
            'An unchanged fact: `"kept" if was_right else "mended"` where the answer holds it, '
            '`"broken" if was_right else "still wrong"` where it does not.'
        ),
    ],
)
def check_what_became(what_became: Callable[..., Any]) -> None:
    known = ("updated", "stale", "other", "kept", "mended", "broken", "still wrong")
    new_wins = t("the answer holds the new value")
    cases = [
        ("45 euros", "40 euros", "45 euros", True, "updated", new_wins),
        ("45 euros", "40 euros", "45 euros", False, "updated", new_wins),
        (
            "It costs 40 euros.",
            "40 euros",
            "45 euros",
            True,
            "stale",
            t("the old value stands in it, the new one does not; ask `holds(answer, old)`"),
        ),
        (
            "40 euros",
            "40 euros",
            "45 euros",
            False,
            "stale",
            t("it holds the old value; whether the system was right before does not matter here"),
        ),
        (
            "62 euros",
            "40 euros",
            "45 euros",
            True,
            "other",
            t("it holds neither value of a changed fact, so it is not broken but other"),
        ),
        (
            "62 euros",
            "40 euros",
            "45 euros",
            False,
            "other",
            t("for a changed fact it does not matter whether the system was right before"),
        ),
        (
            "140 euros",
            "40 euros",
            "45 euros",
            True,
            "other",
            t("140 euros is not 40 euros: ask `holds(answer, old)` and do not search in the text"),
        ),
        (
            "Not 40 euros any more, but 45 euros.",
            "40 euros",
            "45 euros",
            True,
            "updated",
            t("the answer holds both values, and the new one is asked for first"),
        ),
        (
            "bog oak [2]",
            "bog oak",
            "bog oak",
            True,
            "kept",
            t("the two values are equal (`==`), and the answer is right"),
        ),
        (
            "bog oak",
            "bog oak",
            "bog oak",
            False,
            "mended",
            t("an unchanged fact, wrong before and right now"),
        ),
        (
            "damson",
            "bog oak",
            "bog oak",
            True,
            "broken",
            t("an unchanged fact, right before and wrong now"),
        ),
        (
            "damson",
            "bog oak",
            "bog oak",
            False,
            "still wrong",
            t("an unchanged fact, wrong before and wrong now: nothing was broken"),
        ),
    ]
    for answer, old, new, was_right, right, fault in cases:
        new_text = "".join([new[:1], new[1:]])  # equal to `old`, but not the same object
        got = _word(call(what_became, answer, old, new_text, was_right, contains_answer), known)
        if got != right:
            raise Wrong(
                t(
                    'Answer "{answer}", old value "{old}", new value "{new}", right before: '
                    "{before}. You returned {got}, and {right} is needed: {fault}.",
                    answer=answer,
                    old=old,
                    new=new,
                    before=was_right,
                    got=f'"{got}"',
                    right=f'"{right}"',
                    fault=fault,
                )
            )


@exercise(
    "11.4",
    title=lambda: t("Break-even"),
    hints=lambda: [
        t("In a month, LoRA saves `questions * (rag_each - lora_each)` seconds."),
        t("Each update costs it `retrain - reindex` seconds more than RAG."),
        t(
            "The smallest whole number *above* saved / extra is `math.floor(saved / extra) + 1`. "
            "Before that, deal with `saved < 0` and with `retrain <= reindex`."
        ),
    ],
)
def check_break_even(break_even: Callable[..., Any]) -> None:
    cases = [
        (
            (1000, 0.5, 0.2, 1, 101),
            4,
            t(
                "LoRA saves 300 seconds at the questions and needs 100 more for each update, so 3 "
                "updates make it even and 4 cost more"
            ),
        ),
        (
            (1000, 0.5, 0.25, 0, 100),
            3,
            t("2 updates cost 200 of the 250 seconds saved, 3 cost 300"),
        ),
        (
            (1000, 0.5, 0.225, 0, 100),
            3,
            t("2 updates cost 200 of the 275 seconds saved, 3 cost 300; do not round to the next"),
        ),
        (
            (100, 1.0, 0.5, 10, 15),
            11,
            t("at 10 updates both need the same; take what re-indexing costs off each update"),
        ),
        ((0, 1.0, 0.5, 2, 200), 1, t("without questions nothing is saved, so one update decides")),
        (
            (100, 0.2, 0.6, 1, 50),
            0,
            t("LoRA is slower at each question here, so it costs more without any update"),
        ),
        (
            (100, 0.2, 0.6, 50, 1),
            0,
            t("LoRA costs more without any update, whatever an update costs"),
        ),
        (
            (100, 0.6, 0.2, 50, 20),
            math.inf,
            t("both the question and the update cost less with LoRA, so it never costs more"),
        ),
        (
            (100, 0.6, 0.2, 30, 30),
            math.inf,
            t("an update costs both the same, and LoRA saves at each question"),
        ),
        (
            (100, 0.5, 0.5, 20, 20),
            math.inf,
            t("both always need the same, so LoRA never needs more"),
        ),
        (
            (30000, 0.9, 0.3, 4, 34.5),
            591,
            t(
                "18,000 seconds saved, 30.5 extra for each update; do not stop at a fixed number "
                "of updates"
            ),
        ),
    ]
    for values, right, fault in cases:
        got = as_number(call(break_even, *values))
        if got == right or (math.isfinite(right) and abs(got - right) < 1e-6):
            continue
        if math.isfinite(got) and got != round(got):
            fault = t("a whole number of updates is needed")
        elif math.isfinite(right) and got == right - 1 and right > 0:
            fault = t(
                "with {got} updates LoRA does not cost more yet; {fault}",
                got=f"{got:g}",
                fault=fault,
            )
        raise Wrong(
            t(
                "For {questions} questions, {rag} and {lora} seconds each, {reindex} and {retrain} "
                "seconds for an update, you returned {got}, and {right} is needed: {fault}.",
                questions=values[0],
                rag=values[1],
                lora=values[2],
                reindex=values[3],
                retrain=values[4],
                got=f"{got:g}",
                right=f"{right:g}",
                fault=fault,
            )
        )
