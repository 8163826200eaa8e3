"""Checks of lesson 06, better_retrieval."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from coursekit.exercises import Wrong, as_list, as_number, call, exercise
from coursekit.language import t


def _close(got: float, wanted: float) -> bool:
    return math.isclose(got, wanted, rel_tol=1e-3, abs_tol=1e-4)


@exercise(
    "06.1",
    title=lambda: t("A BM25 score"),
    hints=lambda: [
        t("Go over the words of the question, work out what each adds, and take the sum."),
        t("`n = sum(word in other for other in documents)` counts documents, not occurrences."),
        t(
            "`idf * tf / (tf + k1 * (1 - b + b * len(document) / average))`, with "
            "`tf = document.count(word)` and `average` the mean length of all documents."
        ),
    ],
)
def check_bm25_score(bm25_score: Callable[..., Any]) -> None:
    lines = (
        "kestrel deck 273 degrees deck oven decks",
        "wren 64 rinse water ovens",
        "kestrel oven price 4100 euros and a long tail of words that make it long",
        "heron duo tank water",
        "oven oven",
    )
    documents = [line.split() for line in lines]

    def score(
        question: list[str], document: list[str], k1: float, b: float, **change: Any
    ) -> float:
        average = sum(map(len, documents)) / len(documents)
        total = 0.0
        for word in question:
            n = sum(word in other for other in documents)
            if change.get("occurrences"):
                n = sum(other.count(word) for other in documents)
            odds = (len(documents) - n + 0.5) / (n + 0.5)
            idf = math.log(1 + odds) if change.get("one", True) else math.log(odds)
            if change.get("base"):
                idf = math.log(1 + odds, change["base"])
            tf = document.count(word)
            if change.get("parts_n"):
                n = sum(word in " ".join(other) for other in documents)
                idf = math.log(1 + (len(documents) - n + 0.5) / (n + 0.5))
            if change.get("parts_tf"):
                tf = " ".join(document).count(word)
            if change.get("ratio") and n:
                idf = math.log(change["ratio"] - 1 + len(documents) / n)
            if change.get("binary"):
                tf = min(tf, 1)
            length = len(document) / average
            if change.get("letters"):
                letters = [len("".join(other)) for other in documents]
                length = len("".join(document)) / (sum(letters) / len(letters))
            if change.get("different"):
                length = len(set(document)) / average
            if change.get("without_itself"):
                length = len(document) * (len(documents) - 1) / sum(map(len, documents))
            if change.get("no_length"):
                length = 1.0
            if change.get("raw_length"):
                length = len(document)
            if change.get("swapped"):
                length = average / len(document)
            if change.get("factor"):
                idf *= k1 + 1
            if change.get("no_idf"):
                idf = 1.0
            norm = k1 * (1 - b + b * length)
            if change.get("no_brackets"):
                total += idf * tf / tf + norm if tf else 0.0
            elif change.get("no_brackets_after"):
                total += idf * (tf / tf + norm) if tf else 0.0
            else:
                total += idf * tf / (tf + norm) if tf else 0.0
        return total

    cases = [
        (["deck"], 0, 1.5, 0.75),
        (["kestrel", "deck", "273"], 0, 1.5, 0.75),
        (["oven", "price"], 2, 1.5, 0.75),
        (["water"], 1, 1.2, 0.5),
        (["oven"], 4, 2.0, 1.0),
        (["oven", "deck"], 0, 0.9, 0.0),
        (["badger"], 0, 1.5, 0.75),
        (["badger", "oven"], 2, 1.5, 0.75),
        (["wren", "oven"], 3, 1.5, 0.75),
        ([], 0, 1.5, 0.75),
        (["water", "water"], 3, 1.5, 0.75),
    ]
    for question, row, k1, b in cases:
        document = documents[row]
        wanted = score(question, document, k1, b)
        copies = [list(other) for other in documents]
        asked = list(question)
        got = as_number(call(bm25_score, asked, copies[row], copies, k1, b))
        if _close(got, wanted):
            if asked != question or copies != documents:
                raise Wrong(
                    t(
                        "The score is right, but your function changes the lists that it is "
                        "given, and the next score needs them as they were. Work on copies."
                    )
                )
            continue
        if _close(got, score(question, document, 1.5, 0.75)):
            fault = t("you used k1 = 1.5 and b = 0.75; take the values that you are given")
        elif _close(got, score(question, document, 1.5, b)):
            fault = t("you used k1 = 1.5; take the k1 that you are given")
        elif _close(got, score(question, document, k1, 0.75)):
            fault = t("you used b = 0.75; take the b that you are given")
        elif not question:
            fault = t("a question without words scores 0")
        elif question == ["badger"]:
            fault = t("a word that stands in no document adds nothing, so the score is 0")
        elif _close(got, score(question, document, k1, b, no_idf=True)):
            fault = t("the idf is missing: a rare word counts more")
        elif _close(got, score(question, document, k1, b, factor=True)):
            fault = t("this variant has no factor (k1 + 1) above the line")
        elif any(
            _close(got, score(question, document, k1, b, **{parts: True}))
            for parts in ("parts_n", "parts_tf")
        ):
            fault = t("compare whole words: ovens is another word than oven")
        elif _close(got, score(question, document, k1, b, occurrences=True)):
            fault = t("n counts the documents that hold the word, each once")
        elif _close(got, score(question, document, k1, b, one=False)):
            fault = t("the 1 inside the logarithm is missing: log(1 + ...)")
        elif any(_close(got, score(question, document, k1, b, base=x)) for x in (2, 10)):
            fault = t("take the natural logarithm, `math.log`")
        elif _close(got, score(question, document, k1, b, binary=True)):
            fault = t("tf counts how often the word stands in the document, not whether it does")
        elif _close(got, score(question, document, k1, b, no_length=True)):
            fault = t("the length of the document does not change anything in your score")
        elif _close(got, score(question, document, k1, b, raw_length=True)):
            fault = t("divide the length of the document by the average length")
        elif _close(got, score(question, document, k1, b, swapped=True)):
            fault = t("the document's length belongs above the average, not below it")
        elif len(set(question)) < len(question) and _close(
            got, score(list(set(question)), document, k1, b)
        ):
            fault = t("a word that the question says twice adds its share twice")
        elif any(_close(got, score(question, document, k1, b, ratio=x)) for x in (1, 2)):
            fault = t("the idf is log(1 + (N - n + 0.5) / (n + 0.5))")
        elif any(
            _close(got, score(question, document, k1, b, **{slip: True}))
            for slip in ("no_brackets", "no_brackets_after")
        ):
            fault = t("everything below the line needs brackets around it")
        elif any(
            _close(got, score(question, document, k1, b, **{slip: True}))
            for slip in ("letters", "different")
        ):
            fault = t("the length is the number of words, each repetition counted")
        elif _close(got, score(question, document, k1, b, without_itself=True)):
            fault = t("the mean length is that of all documents; divide by their number")
        elif _close(got * len(question), wanted):
            fault = t("take the sum of what the words add, not the mean")
        elif question == ["badger", "oven"] and got == 0:
            fault = t("a word that is not there adds 0; the words behind it still count")
        elif abs(got - wanted) < 0.006:
            fault = t("that is close; do not round the score")
        elif len(question) > 1 and any(_close(got, score([w], document, k1, b)) for w in question):
            fault = t("add up what all the words of the question give, not only one")
        else:
            fault = t("go through idf, tf and the length one by one")
        raise Wrong(
            t(
                "For the question {question} and the document {document} you returned {got}, and "
                "the score is {wanted}: {fault}.",
                question=question,
                document=" ".join(document)[:60],
                got=f"{got:.3f}",
                wanted=f"{wanted:.3f}",
                fault=fault,
            )
        )


def _fused(rankings: Sequence[Sequence[int]], c: float, first: int = 1) -> dict[int, float]:
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, row in enumerate(ranking, start=first):
            scores[row] = scores.get(row, 0.0) + 1 / (c + rank)
    return scores


def _ordered(scores: dict[int, float]) -> list[int]:
    return sorted(scores, key=lambda row: -scores[row])


def _fused_wrongly(
    rankings: Sequence[Sequence[int]],
    value: Callable[[int], float],
    join: Callable[[tuple[float, float]], float],
) -> list[int]:
    """The rows as a fusion with another value for a rank, or another join, would order them."""
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, row in enumerate(ranking, start=1):
            scores[row] = join((scores[row], value(rank))) if row in scores else value(rank)
    return _ordered(scores)


def _rows(got: Any) -> list[int]:
    """What should be a flat list of row numbers, as whole numbers."""
    values = as_list(got)
    if any(isinstance(v, str) or np.ndim(v) for v in values):
        raise Wrong(
            t("You returned {got}; a flat list of row numbers is needed.", got=repr(got)[:80])
        )
    numbers = [as_number(v) for v in values]
    if not all(number.is_integer() for number in numbers):
        raise Wrong(
            t("You returned {got}: these look like scores. Return the rows.", got=repr(got)[:80])
        )
    return [int(number) for number in numbers]


@exercise(
    "06.2",
    title=lambda: t("Fuse two rankings"),
    hints=lambda: [
        t("Keep a dictionary from row to score, and let each ranking add to it."),
        t("`enumerate(ranking, start=1)` gives the ranks, counted from 1."),
        t("`sorted(scores, key=scores.get, reverse=True)` gives the rows, best first."),
    ],
)
def check_fuse(fuse: Callable[..., Any]) -> None:
    cases: list[tuple[list[list[int]], int]] = [
        ([[7, 3, 9], [3, 5, 7]], 60),
        ([[4, 2, 0]], 60),
        ([[1, 2, 3, 4], [4, 9, 8], [9, 4]], 60),
        ([[10, 11, 12, 13, 14, 15], [16, 15, 17]], 1),  # two far places beat one first at c = 60
        ([[10, 11, 12, 13, 14, 15], [16, 15, 17]], 60),
        ([[5, 6], []], 60),
        ([[], []], 60),
        ([], 60),
        ([[0, 8, 2], [8, 2, 0], [2, 1, 6]], 10),
    ]
    given = [[list(r) for r in rankings] for rankings, _ in cases]
    answers = [_rows(call(fuse, g, c)) for g, (_, c) in zip(given, cases, strict=True)]

    def follows(rule: Callable[[list[list[int]], int], list[int]]) -> bool:
        """Whether every answer is what this mistake gives."""
        return answers == [rule(rankings, c) for rankings, c in cases]

    for (rankings, c), copies, got in zip(cases, given, answers, strict=True):
        scores = _fused(rankings, c)
        right = _ordered(scores)
        values = [scores.get(row, -1.0) for row in got]
        if sorted(got) == sorted(right) and all(
            a >= b - 1e-12 for a, b in zip(values, values[1:], strict=False)
        ):
            if copies != rankings:
                raise Wrong(
                    t(
                        "The rows are right, but your function changes the rankings that it is "
                        "given, and others may need them. Work on copies."
                    )
                )
            continue
        others = _fused(rankings, 60)
        from_zero = _fused(rankings, c, first=0) if c > 0 else {}
        if not scores:
            fault = t("there is nothing to fuse, so the list must be empty")
        elif len(set(got)) < len(got):
            fault = t("a row stands there twice; each comes once, with the sum of its scores")
        elif set(scores) - set(got) and set(got) <= set(scores):
            fault = t("a row that only one ranking holds belongs in the result too")
        elif set(got) - set(scores):
            fault = t("you returned rows that stand in no ranking")
        elif got == right[::-1] and len(got) > 1:
            fault = t("the highest sum must come first")
        elif c != 60 and got == _ordered(others):
            fault = t("you used c = 60; take the c that you are given")
        elif from_zero and got == _ordered(from_zero):
            fault = t("ranks count from 1")
        elif follows(lambda r, _: list(dict.fromkeys(row for ranking in r for row in ranking))):
            fault = t("you set one ranking behind the other; sort the rows by their sums")
        elif any(
            follows(lambda r, c, join=join: _fused_wrongly(r, lambda rank: 1 / (c + rank), join))
            for join in (max, min, lambda pair: pair[0], lambda pair: pair[1])
        ):
            fault = t("a row in several rankings gets the sum of all its scores, not one of them")
        elif follows(lambda r, c: _fused_wrongly(r, lambda rank: 1 / c + rank, sum)):
            fault = t("c + rank needs brackets: 1 / (c + rank)")
        elif follows(lambda r, _: _fused_wrongly(r, lambda rank: 1 / rank, sum)):
            fault = t("c is missing below the line: 1 / (c + rank)")
        elif follows(lambda r, _: _fused_wrongly(r, lambda rank: 1, sum)):
            fault = t("you counted the rankings; the rank of a row counts too")
        elif len(rankings) > 2 and got == _ordered(_fused(rankings[:2], c)):
            fault = t("all rankings count, not only the first two")
        else:
            fault = t("each ranking adds 1 / (c + rank) to a row, and the sums decide")
        raise Wrong(
            t(
                "For the rankings {rankings} and c = {c} you returned {got}; right is {right}: "
                "{fault}.",
                rankings=rankings,
                c=c,
                got=got,
                right=right,
                fault=fault,
            )
        )
    # The ranks must count from 1: with c = 0 the first place is worth 1, the second a half.
    rankings = [[1, 2, 3], [2, 3, 1], [4, 3, 2]]
    scores = _fused(rankings, 0)
    try:
        got = _rows(call(fuse, [list(r) for r in rankings], 0))
    except Wrong as error:
        if "ZeroDivision" in str(error):
            raise Wrong(
                t("With c = 0 your code divides by zero: ranks count from 1, not from 0.")
            ) from error
        raise
    values = [scores.get(row, -1.0) for row in got]
    if sorted(got) != sorted(scores) or any(
        a < b - 1e-12 for a, b in zip(values, values[1:], strict=False)
    ):
        raise Wrong(
            t(
                "For the rankings {rankings} and c = 0 you returned {got}: ranks count from 1, and "
                "1 / (c + rank) is added up.",
                rankings=rankings,
                got=got,
            )
        )


def _row(got: Any) -> int:
    """What should be one row number, as a whole number."""
    number = as_number(got)
    if not number.is_integer():
        raise Wrong(
            t("You returned {got}: this looks like a value. Return the row.", got=repr(got)[:80])
        )
    return int(number)


def _next_row(
    function: Callable[..., Any],
    near: np.ndarray,
    alike: np.ndarray,
    taken: list[int],
    weight: float,
) -> int:
    """The learner's choice. Lists or arrays: the contract leaves both open, so both count."""
    given = list(taken)
    try:
        row = _row(call(function, near.tolist(), alike.tolist(), given, weight))
    except Wrong as error:
        given = list(taken)
        try:
            row = _row(call(function, near.copy(), alike.copy(), given, weight))
        except Wrong:
            raise error from None
    if given != taken:
        raise Wrong(
            t(
                "Your function changes `taken`. Return the row only; who calls your function adds "
                "it to the list."
            )
        )
    return row


@exercise(
    "06.3",
    title=lambda: t("One step of MMR"),
    hints=lambda: [
        t("Go over the rows that are not in `taken`, and work out a value for each."),
        t("`max(alike[row][other] for other in taken)` is how near the closest taken one is."),
        t(
            "`max(left, key=lambda row: weight * near[row] - (1 - weight) * closest(row))`, where "
            "`closest(row)` is 0 while nothing is taken."
        ),
    ],
)
def check_next_passage(next_passage: Callable[..., Any]) -> None:
    rng = np.random.default_rng(63)
    cases: list[tuple[np.ndarray, np.ndarray, list[int], float]] = []
    # The first two decide between the usual mistakes: a copy of the best one, and a mean.
    alike = np.array(
        [
            [1.0, 0.98, 0.2, 0.3],
            [0.98, 1.0, 0.2, 0.3],
            [0.2, 0.2, 1.0, 0.1],
            [0.3, 0.3, 0.1, 1.0],
        ]
    )
    cases.append((np.array([0.9, 0.88, 0.6, 0.3]), alike, [0], 0.5))
    cases.append((np.array([0.9, 0.88, 0.6, 0.3]), alike, [0], 1.0))
    cases.append((np.array([0.3, 0.88, 0.6, 0.9]), alike, [], 0.5))
    near = np.array([0.9, 0.5, 0.8, 0.78])
    copies = np.array(
        [
            [1.0, 0.0, 0.95, 0.5],
            [0.0, 1.0, 0.0, 0.5],
            [0.95, 0.0, 1.0, 0.4],
            [0.5, 0.5, 0.4, 1.0],
        ]
    )
    cases.append((near, copies, [0, 1], 0.5))
    for taken_count in (0, 1, 2, 3, 4, 3, 2):
        vectors = rng.normal(size=(8, 4))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        query = vectors[0] + vectors[1]
        taken = rng.permutation(8)[:taken_count].tolist()
        cases.append((vectors @ query / 2, vectors @ vectors.T, taken, 0.7))

    def best(
        near: np.ndarray,
        alike: np.ndarray,
        taken: list[int],
        weight: float,
        over: Callable[..., Any] = np.max,
    ) -> tuple[int, dict[int, float]]:
        values = {}
        for row in range(len(near)):
            if row not in taken:
                closest = float(over(alike[row][taken])) if taken else 0.0
                values[row] = weight * float(near[row]) - (1 - weight) * closest
        return max(values, key=values.__getitem__), values

    answers = [_next_row(next_passage, *case) for case in cases]

    def follows(rule: Callable[..., int]) -> bool:
        """Whether every answer is what this mistake gives."""
        return answers == [rule(*case) for case in cases]

    for (near, alike, taken, weight), got in zip(cases, answers, strict=True):
        right, values = best(near, alike, taken, weight)
        if got in values and values[got] >= values[right] - 1e-9:
            continue
        if got in taken:
            fault = t("that one is taken already; choose among the others")
        elif got not in values:
            fault = t("there is no such row")
        elif follows(lambda n, a, t_, w: best(n, a, t_, 1.0)[0]):
            fault = t(
                "you looked at the nearness only; likeness to a taken one must lower the value"
            )
        elif any(
            follows(lambda n, a, t_, w, o=o: best(n, a, t_, w, o)[0]) for o in (np.mean, np.sum)
        ):
            fault = t("of the taken ones only the closest counts, not the mean or the sum")
        elif follows(lambda n, a, t_, w: best(n, a, t_, w, np.min)[0]):
            fault = t("of the taken ones the closest counts, so take the largest `alike`")
        elif follows(lambda n, a, t_, w: best(n, a, t_, w, lambda x: x[-1])[0]):
            fault = t("look at all taken ones, not only at the last")
        elif follows(lambda n, a, t_, w: best(n, a, t_, w, lambda x: x[0])[0]):
            fault = t("look at all taken ones, not only at the first")
        elif follows(lambda n, a, t_, w: best(n, a, t_, w, lambda x: max(0.0, *x))[0]):
            fault = t("a likeness may lie below 0, so do not begin at 0 in search of the largest")
        elif follows(lambda n, a, t_, w: _place_left(best(n, a, t_, w)[0], t_)):
            fault = t("you returned the place among the rows left, not the row itself")
        elif follows(lambda n, a, t_, w: best(n, -a, t_, w, np.min)[0]):
            fault = t("likeness to a taken one must lower the value, so subtract it")
        elif follows(lambda n, a, t_, w: best(n, a, t_, 1 - w)[0]):
            fault = t("the weight belongs to the nearness, and 1 - weight to the likeness")
        elif any(follows(lambda n, a, t_, w, c=c: best(n, a, t_, c)[0]) for c in (0.5, 0.7)):
            fault = t("take the weight that you are given")
        elif follows(lambda n, a, t_, w: _lowest(best(n, a, t_, w)[1])):
            fault = t("that row has the lowest value; take the highest")
        elif not taken:
            fault = t("nothing is taken yet, so the nearest to the query comes first")
        else:
            fault = t("the value is weight * near - (1 - weight) * the largest likeness")
        raise Wrong(
            t(
                "With {taken} taken and weight {weight} you chose row {got}, and row {right} has "
                "the highest value: {fault}.",
                taken=taken,
                weight=weight,
                got=got,
                right=right,
                fault=fault,
            )
        )


def _place_left(row: int, taken: list[int]) -> int:
    return row - sum(other < row for other in taken)


def _lowest(values: dict[int, float]) -> int:
    return min(values, key=values.__getitem__)


@exercise(
    "06.4",
    title=lambda: t("Which machine is meant?"),
    hints=lambda: [
        t("Bring both sides into one form first: lower case, words with one space between."),
        t(
            "Put a space at both ends of the words of the question and of the name, and `in` finds "
            "whole words only."
        ),
        t("Several names may fit. `max(found, key=len)` takes the longest."),
    ],
)
def check_which_product(which_product: Callable[..., Any]) -> None:
    names = ["Kestrel 3", "Kestrel 3 Steam", "Kestrel 2", "Wren 50", "Otter 50", "Otter 50 Quiet"]
    cases = [
        ("How hot does the Kestrel 2 get?", "Kestrel 2", t("that name stands there")),
        (
            "How loud is the Otter 50 Quiet?",
            "Otter 50 Quiet",
            t("the longest name that fits is meant, and a question mark belongs to no word"),
        ),
        (
            "What does a Kestrel 3 Steam weigh?",
            "Kestrel 3 Steam",
            t("Kestrel 3 fits too, but the longest name that fits is meant"),
        ),
        (
            "What does a Kestrel 3 weigh?",
            "Kestrel 3",
            t("the whole name must stand there, not only its beginning"),
        ),
        ("Is the otter 50 quiet?", "Otter 50 Quiet", t("capitals do not count")),
        ("HOW LOUD IS THE WREN 50?", "Wren 50", t("capitals do not count")),
        (
            "How heavy is the Kestrel 25?",
            None,
            t("Kestrel 25 is no Kestrel 2: compare whole words"),
        ),
        (
            "How heavy is the Bluewren 50?",
            None,
            t("Bluewren is not Wren: compare whole words, in front too"),
        ),
        (
            "Which is louder, the Wren 50 or the Kestrel 3 Steam?",
            "Kestrel 3 Steam",
            t("two names stand there, and the one with the most characters is meant"),
        ),
        ("When does the shop open?", None, t("no machine is named, so return an empty text")),
        (
            "Is there a steam kit for the Kestrel 3?",
            "Kestrel 3",
            t("the words of a name must stand together"),
        ),
        ("Kestrel 3 Steam", "Kestrel 3 Steam", t("a name may stand alone")),
        ("", None, t("an empty question names nothing")),
    ]
    for order in (names, names[::-1], sorted(names, key=lambda n: (len(n), n))):
        for question, right, fault in cases:
            got = call(which_product, question, list(order))
            if not isinstance(got, str):
                raise Wrong(
                    t(
                        "For {question!r} you returned {got}; one text is needed, empty if no "
                        "name stands there.",
                        question=question,
                        got=repr(got)[:60],
                    )
                )
            if got == (right or ""):
                continue
            if got and got not in names and got.lower() in [n.lower() for n in names]:
                fault = t("return the name as it stands in the list")
            elif not got:
                fault = t("a name of the list stands there; compare both in lower case")
            raise Wrong(
                t(
                    "For {question!r} you returned {got!r}, not {right!r}: {fault}.",
                    question=question,
                    got=got,
                    right=right or "",
                    fault=fault,
                )
            )
    if re.sub(r"\W", "", call(which_product, "Wren 50 or Otter 50?", ["Wren 50"])) != "Wren50":
        raise Wrong(
            t("With ['Wren 50'] as the only name, only that can be returned. Use the given list.")
        )
