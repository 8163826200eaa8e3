"""Checks of lesson 13, your_own_data."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from coursekit.exercises import Wrong, as_list, as_number, call, exercise
from coursekit.language import t
from coursekit.scoring import paired_interval


def _pairs(got: Any, text: str, fault: str) -> list[tuple[str, str | None]]:
    """What the learner returned for `text`, as a list of pairs of texts."""
    pairs = []
    for row in as_list(got):
        cells = None if isinstance(row, dict | str) else as_list(row)
        if cells is None or len(cells) != 2:
            raise Wrong(
                t(
                    "For the text {text} one entry of your list is {entry}; each must be a pair "
                    "(question, answer). Mind also: {fault}.",
                    text=repr(text),
                    entry=repr(row)[:80],
                    fault=fault,
                )
            )
        pairs.append((cells[0], cells[1]))
    return pairs


def _call_minding(function: Callable[..., Any], text: str, fault: str) -> Any:
    """Call the learner's function; if that goes wrong, say also what is special about `text`."""
    try:
        return call(function, text)
    except Wrong as wrong:
        raise Wrong(t("{message} Mind also: {fault}.", message=wrong, fault=fault)) from wrong


def _changed(pair: tuple[str, str | None], change: Callable[[str], str]) -> tuple[str, str | None]:
    question, answer = pair
    return change(question), None if answer is None else change(answer)


@exercise(
    "13.1",
    title=lambda: t("Read a table from anywhere"),
    hints=lambda: [
        t(
            'Take the mark away first: `text.removeprefix("\\ufeff")`. Then count both separators '
            "in the first line."
        ),
        t(
            "`csv.reader(io.StringIO(text), delimiter=separator)` knows about quotes; `split` does "
            "not."
        ),
        t(
            "Make the names of the header lower case without spaces, then put each row into a "
            "dict: `dict(zip(names, row))`. Ask it for `question` and `answer`."
        ),
    ],
)
def check_read_rows(read_rows: Callable[..., Any]) -> None:
    one = ("How wide is the door?", "71 centimetres")
    cases = [
        (
            f"question,answer\n{one[0]},{one[1]}\n",
            [one],
            t("it is the plainest case: a header, one row that counts, commas"),
        ),
        (
            f"question;answer\n{one[0]};{one[1]}\n",
            [one],
            t("here the separator is a semicolon: count both in the first line"),
        ),
        (
            "question;answer\nWho, when, and why?;Gasket, on Tuesday\n",
            [("Who, when, and why?", "Gasket, on Tuesday")],
            t("the header decides about the separator; commas in a row are text here"),
        ),
        (
            "question,answer\nOn; off; or idle?,idle; then off; then on\n",
            [("On; off; or idle?", "idle; then off; then on")],
            t("the header decides about the separator; semicolons in a row are text here"),
        ),
        (
            f"question,answer,source;page\n{one[0]},{one[1]},oven.md;3\n",
            [one],
            t(
                "the header holds both signs, and the comma more often, so the comma is the "
                "separator"
            ),
        ),
        (
            f"question;answer;source, page\n{one[0]};{one[1]};oven.md, 3\n",
            [one],
            t(
                "the header holds both signs, and the semicolon more often, so the semicolon is "
                "the separator"
            ),
        ),
        (
            f"answer,question\n{one[1]},{one[0]}\n",
            [one],
            t("the columns stand in the other order: find them by their names"),
        ),
        (
            f"source,question,answer\noven.md,{one[0]},{one[1]}\n",
            [one],
            t("there is a third column: find the two by their names"),
        ),
        (
            f"question type,answer type,question,answer\nplain,size,{one[0]},{one[1]}\n",
            [one],
            t(
                "the columns are those whose whole name is `question` and `answer`; other names "
                "may hold these words too"
            ),
        ),
        (
            f" Question , ANSWER\n{one[0]},{one[1]}\n",
            [one],
            t("the names of the header may be in capitals and have spaces around"),
        ),
        (
            f"\ufeffquestion,answer\n{one[0]},{one[1]}\n",
            [one],
            t('the text begins with the mark "\\ufeff", which is no part of the first name'),
        ),
        (
            'question,answer\n"Oak, or beech?","beech, not oak"\n',
            [("Oak, or beech?", "beech, not oak")],
            t("a cell in quotes may hold the separator, and the quotes are no part of it"),
        ),
        (
            f'"question","answer"\n"{one[0]}","{one[1]}"\n',
            [one],
            t("the cells of the header may stand in quotes too"),
        ),
        (
            f"question,answer\n  {one[0]} ,  {one[1]}  \n",
            [one],
            t("take away the spaces at both ends of a cell"),
        ),
        (
            "question,answer\nWho built it?,\n",
            [("Who built it?", None)],
            t("an empty answer becomes None"),
        ),
        (
            "question,answer\nWho built it?,   \n",
            [("Who built it?", None)],
            t("an answer of spaces only is empty, so it becomes None"),
        ),
        (
            f"question,answer\n,71 centimetres\n\n{one[0]},{one[1]}\n",
            [one],
            t("rows without a question are left out, and so are empty lines"),
        ),
        (
            f"question,answer\n   ,71 centimetres\n{one[0]},{one[1]}\n",
            [one],
            t("a question of spaces only is none: leave the row out"),
        ),
        (
            "question,answer\nWhich oven?,the red one\nWhich mill?,the small one\n",
            [("Which oven?", "the red one"), ("Which mill?", "the small one")],
            t("there are two rows, and both count, in their order"),
        ),
        (
            "question,answer\nWhich oven?,the red one\nWhich oven?,the large one\n",
            [("Which oven?", "the red one"), ("Which oven?", "the large one")],
            t("the same question may stand there twice, and both rows count"),
        ),
        (
            f"question,answer\n{one[0]},{one[1]}",
            [one],
            t("the last row counts too if no line break stands behind it"),
        ),
        ("question,answer\n", [], t("there is a header and no row, so the list is empty")),
    ]
    for text, right, fault in cases:
        got = _pairs(_call_minding(read_rows, text, fault), text, fault)
        if got == right:
            continue
        if (
            got
            and got[0][0] is not None
            and str(got[0][0]).strip().lower()
            in (
                "question",
                "answer",
                "source",
            )
        ):
            fault = t("the header is no question: leave the first line out")
        elif [pair[::-1] for pair in got] == right:
            fault = t("the question comes first in each pair, whatever the order of the columns")
        elif [(q, a or None) for q, a in got] == right:
            fault = t("an empty answer becomes None, not an empty text")
        elif [(q, None if a == "None" else a) for q, a in got] == right:
            fault = t("an empty answer becomes the value None, not the text 'None'")
        elif got == [_changed(pair, str.lower) for pair in right]:
            fault = t("only the names of the header lose their capitals, the other cells keep them")
        elif got == [_changed(pair, lambda cell: cell.replace(" ", "")) for pair in right]:
            fault = t("take the spaces at the ends of a cell away, not those inside")
        raise Wrong(
            t(
                "For the text {text} you returned {got}, not {right}: {fault}.",
                text=repr(text),
                got=repr(got)[:120],
                right=right,
                fault=fault,
            )
        )


def _folds(got: Any) -> list[float]:
    """What the learner returned as folds, one number each."""
    if isinstance(got, dict):
        raise Wrong(
            t(
                "You returned a dict. Look each source up in it, and return a list with one fold "
                "for each question."
            )
        )
    values = as_list(got)
    if any(isinstance(value, list | tuple) or getattr(value, "ndim", 0) for value in values):
        raise Wrong(
            t(
                "Your list holds lists or pairs, such as {entry}. Return a flat list with one fold "
                "for each question, 0 or 1.",
                entry=repr(values[0])[:60],
            )
        )
    return [as_number(value) for value in values]


def _answers_sorted(two_folds: Callable[..., Any], sources: list[str]) -> bool:
    """Whether what is returned for `sources` leaks nothing if it belongs to the sorted list."""
    folds = _folds(call(two_folds, list(sources)))
    return len(folds) == len(sources) and not _torn(folds, sorted(sources))


def _torn(folds: list[float], sources: list[str]) -> list[str]:
    """The sources whose questions stand in more than one fold."""
    found: dict[str, set[float]] = {}
    for fold, source in zip(folds, sources, strict=True):
        found.setdefault(source, set()).add(fold)
    return sorted(source for source, sides in found.items() if len(sides) > 1)


@exercise(
    "13.2",
    title=lambda: t("Two folds without a leak"),
    hints=lambda: [
        t("First decide for each *source* which fold it gets; the questions follow their source."),
        t("Deal out the largest source first, each into the fold that is smaller so far."),
        t(
            "`Counter(sources).most_common()` gives (source, count), largest first. Keep "
            "`sizes = [0, 0]` and a dict `fold_of`."
        ),
    ],
)
def check_two_folds(two_folds: Callable[..., Any]) -> None:
    rng = np.random.default_rng(132)
    cases = [
        ["oven", "mill", "oven"],
        ["oven"] * 3 + ["mill"] * 3,
        ["oven", "mill", "oven", "mill", "oven", "mill"],
        ["a"] * 6 + ["b", "c", "d", "e", "f", "g"],
        ["b", "c", "d", "e", "f", "g"] + ["a"] * 6,
        ["a"] * 4 + ["b"] * 3 + ["c"] * 3 + ["d"] * 2,
        ["one"] * 5,
        # Large and small sources take turns, in the alphabet and in the order of appearance.
        [name for name in "abcdef" for _ in range(5 if name in "ace" else 1)],
        # All large sources come before all small ones.
        [name for name in "abcdef" for _ in range(5 if name in "abc" else 1)],
        # One fold, filled up to half of the questions, ends far above or far below it.
        ["a"] * 5 + ["b"] * 5 + ["c"] * 2,
        ["a"] + ["b"] * 6 + ["c"] * 6,
    ]
    cases += [
        [f"doc-{int(number)}" for number in rng.integers(0, documents, size=questions)]
        for questions, documents in ((40, 9), (61, 25), (30, 30), (24, 4))
    ]
    for sources in cases:
        shown = sources if len(sources) <= 12 else [*sources[:10], "..."]
        folds = _folds(call(two_folds, list(sources)))
        if len(folds) != len(sources):
            raise Wrong(
                t(
                    "For {count} questions you returned {got} folds: one is needed for each "
                    "question, not for each source.",
                    count=len(sources),
                    got=len(folds),
                )
            )
        if not set(folds) <= {0, 1}:
            raise Wrong(
                t(
                    "You returned the folds {got}; a fold is 0 or 1.",
                    got="[" + ", ".join(f"{fold:g}" for fold in sorted(set(folds))[:8]) + "]",
                )
            )
        torn = _torn(folds, sources)
        if torn and all(_answers_sorted(two_folds, case) for case in cases):
            raise Wrong(
                t(
                    "For {sources} you returned the folds of the sorted list. Return them in the "
                    "order in which the list came, and leave the list as it is.",
                    sources=shown,
                )
            )
        if torn:
            raise Wrong(
                t(
                    "For {sources} the questions about {name} stand in both folds. That is the "
                    "leak: choose a fold for each source, not for each question.",
                    sources=shown,
                    name=repr(torn[0]),
                )
            )
        largest = max(Counter(sources).values())
        sizes = [folds.count(0), folds.count(1)]
        if abs(sizes[0] - sizes[1]) > largest:
            raise Wrong(
                t(
                    "For {sources} your folds have {first} and {second} questions. They may differ "
                    "by {largest}, the size of the largest group, at most: put each source into "
                    "the fold that has fewer questions so far, not fewer sources.",
                    sources=shown,
                    first=sizes[0],
                    second=sizes[1],
                    largest=largest,
                )
            )


@exercise(
    "13.3",
    title=lambda: t("How many questions do you need?"),
    hints=lambda: [
        t("Make the differences first: `np.array(second) - np.array(first)`."),
        t("`difference.var()` and `difference.mean()` are the two numbers of the formula."),
        t(
            "If the mean is 0, return `math.inf`; else "
            "`math.ceil(7.85 * difference.var() / difference.mean() ** 2)`."
        ),
    ],
)
def check_questions_for(questions_for: Callable[..., Any]) -> None:
    cases = [
        ([0, 1], [1, 1]),
        ([0] * 10 + [1] * 10, [1] * 20),
        ([1] * 30 + [0] * 30, [0] * 6 + [1] * 39 + [0] * 15),
        ([1, 1, 0, 0, 1, 0, 1, 1, 0, 1], [1, 0, 1, 1, 1, 1, 1, 1, 0, 1]),
        ([1] * 20 + [0] * 5, [0] * 14 + [1] * 6 + [0] * 5),
        ([0] * 11 + [1] * 25 + [0] * 14, [1] * 11 + [0] * 10 + [1] * 15 + [0] * 14),
        ([0, 0, 0], [1, 1, 1]),
        ([0, 1, 1, 0], [1, 0, 1, 0]),
        ([1, 1, 0, 0], [1, 1, 0, 0]),
    ]
    for first, second in cases:
        exact = _needed(first, second)
        got = _call_needed(questions_for, first, second)
        right = exact if math.isinf(exact) else math.ceil(exact - 1e-9)
        if got == right or (math.isfinite(got) and abs(got - right) <= 1e-6):
            continue
        raise Wrong(
            t(
                "For {first} and {second} you returned {got}, not {right}: {fault}.",
                first=_short(first),
                second=_short(second),
                got=f"{got:g}",
                right=f"{right:g}",
                fault=_needed_fault(questions_for, got, first, second, cases),
            )
        )


def _needed(first: list[int], second: list[int]) -> float:
    """The formula of the exercise, not rounded."""
    difference = np.array(second) - np.array(first)
    mean, variance = float(difference.mean()), float(difference.var())
    return math.inf if mean == 0 else 7.85 * variance / mean**2


def _call_needed(questions_for: Callable[..., Any], first: list[int], second: list[int]) -> float:
    try:
        return as_number(call(questions_for, list(first), list(second)))
    except Wrong as wrong:
        if sum(first) != sum(second):
            raise
        raise Wrong(
            t(
                "{message} Mind also: the two have equal shares here, so the mean is 0, and "
                "`math.inf` is needed.",
                message=wrong,
            )
        ) from wrong


def _short(values: list[int]) -> str:
    return str(values) if len(values) <= 10 else t("{n} answers", n=len(values))


def _needed_fault(
    questions_for: Callable[..., Any],
    got: float,
    first: list[int],
    second: list[int],
    cases: list[tuple[list[int], list[int]]],
) -> str:
    """What is wrong with the number of questions `got` for `first` and `second`.

    One number fits many faults, so a formula is named only if it explains the answers to all
    cases.
    """
    difference = np.array(second) - np.array(first)
    mean, variance = float(difference.mean()), float(difference.var())
    if mean == 0:
        return t(
            "the two have equal shares, so no number of questions shows a difference: the mean is "
            "0, and `math.inf` is needed"
        )
    if variance == 0 and math.isfinite(got):
        return t(
            "all differences are {mean}, so the variance is 0, and 0 is already whole: round up "
            "with `math.ceil`, which leaves a whole number as it is",
            mean=f"{mean:g}",
        )
    if math.isinf(got):
        return t("the mean of the differences is {mean}, not 0", mean=f"{mean:.2f}")
    pairs = [(a, b) for a, b in cases if 0 < _needed(a, b) < math.inf]
    answers = []
    for a, b in pairs:
        try:
            answers.append(_call_needed(questions_for, a, b))
        except Wrong:
            answers.append(math.nan)
    for formula, fault in _wrong_formulas():
        if all(
            _is_near(answer, formula(np.array(a), np.array(b)))
            for answer, (a, b) in zip(answers, pairs, strict=True)
        ):
            return fault
    if got < 0:
        return t("a number of questions is not negative: square the mean")
    return t(
        "the differences have the mean {mean} and the variance {variance}",
        mean=f"{mean:.3f}",
        variance=f"{variance:.3f}",
    )


def _is_near(answer: float, value: float) -> bool:
    """Whether `answer` is `value`, as it stands or rounded up, with either sign."""
    return any(
        abs(abs(answer) - abs(candidate)) < 1e-6 * max(1.0, abs(candidate))
        for candidate in (value, math.ceil(value - 1e-9), math.ceil(abs(value) - 1e-9))
    )


def _wrong_formulas() -> list[tuple[Callable[[np.ndarray, np.ndarray], float], str]]:
    """Formulas that learners write, with the fault of each."""

    def needed(a: np.ndarray, b: np.ndarray) -> float:
        return 7.85 * np.var(b - a) / np.mean(b - a) ** 2

    factor = t("the factor is 7.85, as in the contract")
    variance = t(
        "take the variance of the differences, question by question, since both answered the "
        "same questions; you took that of the lists"
    )
    return [
        (
            lambda a, b: math.floor(needed(a, b)),
            t("round up, not down: a part of a question is one more question"),
        ),
        (
            lambda a, b: round(needed(a, b)),
            t("round up, not to the nearest: a part of a question is one more"),
        ),
        # The formula itself rounded up is right, so what is left here was not rounded.
        (needed, t("round up to a whole number of questions, with `math.ceil`")),
        (
            lambda a, b: math.ceil(needed(a, b)) + 1,
            t("that is one too many: `math.ceil` rounds up, and nothing is added"),
        ),
        (
            lambda a, b: 7.85 * np.var(b - a, ddof=1) / np.mean(b - a) ** 2,
            t("the variance is that of `np.var` as it stands, without `ddof=1`"),
        ),
        (
            lambda a, b: 7.85 * np.std(b - a) / np.mean(b - a) ** 2,
            t("that holds the standard deviation; the formula has the variance, its square"),
        ),
        (
            lambda a, b: 7.85 * np.mean((b - a) ** 2) / np.mean(b - a) ** 2,
            t("that holds the mean of the squares; the variance is that less the squared mean"),
        ),
        (lambda a, b: 7.85 * np.var(b - a) / np.mean(b - a), t("the mean must be squared")),
        (
            lambda a, b: 7.85 * np.var(b - a),
            t("`/ mean * mean` divides and multiplies again: square the mean, or set brackets"),
        ),
        (
            lambda a, b: (7.85 * np.var(b - a) / np.mean(b - a)) ** 2,
            t("you squared all of it, and only the mean is squared"),
        ),
        (
            lambda a, b: 7.85 * np.var(b - a) / np.sum(b - a) ** 2,
            t("that divides by the squared sum of the differences; their mean is needed"),
        ),
        (
            lambda a, b: 7.85 * np.var(abs(b - a)) / np.mean(abs(b - a)) ** 2,
            t("the differences keep their sign: -1 where only the first is right"),
        ),
        (
            lambda a, b: 7.85 * np.var((b - a)[a != b]) / np.mean((b - a)[a != b]) ** 2,
            t("all questions count, those too where the two agree and the difference is 0"),
        ),
        (lambda a, b: 7.85 * (np.var(a) + np.var(b)) / np.mean(b - a) ** 2, variance),
        (lambda a, b: 7.85 * (np.var(b) - np.var(a)) / np.mean(b - a) ** 2, variance),
        (lambda a, b: 7.85 * np.var(b) / np.mean(b - a) ** 2, variance),
        (lambda a, b: 7.85 * np.var(a) / np.mean(b - a) ** 2, variance),
        (lambda a, b: 7.85 * np.var([*a, *b]) / np.mean(b - a) ** 2, variance),
        (lambda a, b: np.var(b - a) / np.mean(b - a) ** 2, t("the factor 7.85 is missing")),
        (lambda a, b: 2.8**2 * np.var(b - a) / np.mean(b - a) ** 2, factor),
        (lambda a, b: 2.8 * np.var(b - a) / np.mean(b - a) ** 2, factor),
        (lambda a, b: 1.96**2 * np.var(b - a) / np.mean(b - a) ** 2, factor),
        (
            lambda a, b: 7.85 * np.var(b - a) * np.mean(b - a) ** 2,
            t("divide by the squared mean: a smaller difference needs more questions"),
        ),
        (
            lambda a, b: 7.85 * np.mean(b - a) ** 2 / np.var(b - a),
            t("the fraction is upside down: the variance is above, the squared mean below"),
        ),
    ]


@exercise(
    "13.4",
    title=lambda: t("The rule of the report"),
    hints=lambda: [
        t(
            "Count the questions first: `len` of any of the lists. Then find the best: "
            "`max(right, key=lambda name: np.mean(right[name]))`."
        ),
        t("A dict keeps its order, so `for name in right` walks from simple to complex."),
        t(
            "Return the first `name` that is the best or has "
            "`paired_interval(right[name], right[best])[0] <= 0`."
        ),
    ],
)
def check_simplest_good(simplest_good: Callable[..., Any]) -> None:
    rng = np.random.default_rng(134)

    def answers(count: int, share: float) -> list[int]:
        values = (np.arange(count) < round(share * count)).astype(int)
        return rng.permutation(values).tolist()

    base = answers(60, 0.5)
    far = [1] * 54 + [0] * 6
    large = answers(200, 0.5)
    noisy = [1] * 8 + [0] * 5 + [1] * 6 + [0] * 6, [0] * 8 + [1] * 5 + [1] * 6 + [0] * 6
    cases = [
        ({"bare": answers(60, 0.05), "search": far, "tuned": answers(60, 0.3)}, "search", ""),
        (
            {"bare": answers(60, 0.05), "search": base, "tuned": _better(base, 1)},
            "search",
            t(
                "`tuned` is one answer ahead of `search`, which cannot be told, so the simpler is "
                "named: the low end of the interval is 0, and at most 0 includes 0"
            ),
        ),
        (
            {"zebra": answers(60, 0.05), "yak": base, "ape": _better(base, 1)},
            "yak",
            t("simple is what stands first in the dict, not what comes first in the alphabet"),
        ),
        (
            {"first": _better(base, 1), "second": base, "third": _better(base, 2)},
            "first",
            t("simple is what stands first in the dict, not what has the smallest share"),
        ),
        (
            {"bare": base, "search": answers(60, 0.1), "tuned": _better(base, 1)},
            "bare",
            t(
                "`bare` cannot be told from the best, so the simpler is named, whatever stands "
                "between the two"
            ),
        ),
        (
            {"first": base, "second": _better(base, 8)},
            "second",
            t(
                "the two disagree on few questions, and always in favour of `second`: the paired "
                "interval shows it, two separate intervals do not"
            ),
        ),
        (
            {"first": large, "second": _better(large, 8)},
            "second",
            t(
                "a lag of 4 points can be told here, as `second` is never worse: the interval "
                "decides, not the size of the lag"
            ),
        ),
        (
            {"first": noisy[1], "second": noisy[0]},
            "first",
            t(
                "a lag of 12 points cannot be told here, as the two disagree on half of the "
                "questions: the interval decides, not the size of the lag"
            ),
        ),
        (
            {"first": base, "second": _better(base, 4)},
            "second",
            t(
                "the low end of the interval is above 0: call `paired_interval` as it stands, at "
                "its own level of 95 %"
            ),
        ),
        (
            {"first": base, "second": _better(base, 3)},
            "first",
            t(
                "the low end of the interval is 0: call `paired_interval` as it stands, at its own "
                "level of 95 %"
            ),
        ),
        (
            {"a": base, "b": _better(base, 6), "c": rng.permutation(_better(base, 6)).tolist()},
            "b",
            t("of equal shares, the simplest counts as best: that is `b`, and `a` lags behind it"),
        ),
        (
            {"a": base, "b": _better(base, 3), "c": _better(base, 6)},
            "b",
            t(
                "`a` can be told from `c`, if not from `b`: compare with the best, not with the "
                "next"
            ),
        ),
        (
            {"bare": answers(60, 0.1), "search": answers(60, 0.2), "tuned": far},
            "tuned",
            t("`tuned` is far ahead of all others, and complex or not, it is named"),
        ),
        (
            {"search": list(base), "tuned": list(base)},
            "search",
            t("the two have the same answers, and the first is simpler"),
        ),
        (
            {"small": [0] * 15, "large": [1] * 15},
            "none",
            t('15 questions carry no advice: return "none"'),
        ),
        (
            {"small": [0] * 19, "large": [1] * 19},
            "none",
            t('19 questions are fewer than 20: return "none"'),
        ),
        (
            {"small": [0] * 20, "large": [1] * 20},
            "large",
            t("20 questions are enough, and `large` is right in all of them"),
        ),
        (
            {"a": list(far), "b": answers(60, 0.1), "c": answers(60, 0.1)},
            "a",
            t("the simplest is the best too"),
        ),
    ]
    for right, wanted, fault in cases:
        got = call(simplest_good, {name: list(values) for name, values in right.items()})
        if str(got) == wanted:
            continue
        best = max(right, key=lambda name: np.mean(right[name]))
        if not isinstance(got, str):
            fault = t("the name of a system is needed")
        elif got not in (*right, "none"):
            fault = t('the name of a system, or "none", is needed')
        elif got == "none":
            fault = t("there are {count} questions, and 20 are enough", count=len(right[best]))
        elif not fault:
            low, _ = paired_interval(right[got], right[best])
            fault = t(
                "{best} is ahead of {got} by at least {low} points",
                best=best,
                got=got,
                low=f"{100 * low:.0f}",
            )
        shares = ", ".join(f"{name} {np.mean(values):.0%}" for name, values in right.items())
        raise Wrong(
            t(
                "With {count} questions and the shares {shares} you returned {got}, not "
                "{wanted}: {fault}.",
                count=len(right[best]),
                shares=shares,
                got=repr(got)[:60],
                wanted=repr(wanted),
                fault=fault,
            )
        )


def _better(answers: list[int], count: int) -> list[int]:
    """The same answers, with the first `count` wrong ones made right."""
    wrong = [place for place, value in enumerate(answers) if not value][:count]
    return [1 if place in wrong else value for place, value in enumerate(answers)]
