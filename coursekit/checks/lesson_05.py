"""Checks of lesson 05, rag_end_to_end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from coursekit.exercises import Wrong, as_list, as_number, call, exercise
from coursekit.language import t


def _whole_numbers(got: Any) -> list[int]:
    """A list, array, tensor or iterator of whole numbers as a list; anything else is `Wrong`."""
    values = as_list(got)
    if len(values) == 1 and isinstance(values[0], list):  # one row of a result for many queries
        values = values[0]
    if any(isinstance(v, str) or np.ndim(v) for v in values):
        raise Wrong(
            t("You returned {got}; a flat list of whole numbers is needed.", got=repr(got)[:80])
        )
    numbers = [as_number(v) for v in values]
    if any(number != round(number) for number in numbers):
        raise Wrong(t("You returned numbers that are not whole. Are these scores instead of rows?"))
    return [int(number) for number in numbers]


@exercise(
    "05.1",
    title=lambda: t("Search by hand"),
    hints=lambda: [
        t("All scores at once: `embeddings @ query` gives one dot product for each row."),
        t("`np.argsort` sorts from small to large. You need the other end, best first."),
        t("`np.argsort(-(embeddings @ query))[:k]`"),
    ],
)
def check_top_k(top_k: Callable[..., Any]) -> None:
    rng = np.random.default_rng(74)
    for n, k in ((12, 3), (40, 5), (9, 4), (6, 1), (4, 4)):
        embeddings = rng.normal(size=(n, 8)).astype(np.float32)
        embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
        query = embeddings[rng.integers(n)] + 0.3 * rng.normal(size=8).astype(np.float32)
        query /= np.linalg.norm(query)
        if n == 40:  # one vector points away from the query: a large product with a minus
            embeddings[7] = -query
        if n == 9:  # the same passage twice
            embeddings[2] = embeddings[6] = query
        scores = embeddings @ query
        ranking = [int(i) for i in np.argsort(-scores, kind="stable")]
        right = ranking[:k]
        got = _whole_numbers(call(top_k, query.copy(), embeddings.copy(), k))
        inside = all(0 <= i < n for i in got)
        # Rows with equal scores may come in either order.
        if (
            len(got) == k == len(set(got))
            and inside
            and np.allclose(scores[got], scores[right], atol=1e-5)
        ):
            continue
        if len(got) != k:
            fault = t("k is {k}, so {k} rows are needed", k=k)
        elif got == [i + 1 for i in right] or not inside:
            fault = t("rows are counted from 0, so the best ones are {right}", right=right)
        elif len(set(got)) < k:
            fault = t("a row stands there twice: two rows with equal scores are still two rows")
        elif got == right[::-1]:
            fault = t("the rows are the right ones, but the best must come first")
        elif sorted(got) == sorted(right):
            fault = t(
                "the rows are the right ones, but not in the order of their scores, best first"
            )
        elif got == ranking[::-1][:k]:
            fault = t("those are the rows with the lowest scores")
        elif n == 40 and 7 in got:
            fault = t("row 7 has a negative dot product, so it is far away: keep the sign")
        else:
            fault = t("the highest dot products are in rows {right}", right=right)
        raise Wrong(
            t(
                "With {n} vectors and k = {k} you returned {got}: {fault}.",
                n=n,
                k=k,
                got=got,
                fault=fault,
            )
        )


@exercise(
    "05.2",
    title=lambda: t("A token budget"),
    hints=lambda: [
        t("Keep a running sum of `count_tokens(passage)` and a list of what you kept."),
        t("Leave the loop with `break` at the first passage that would pass the budget."),
        t("A passage that fills the budget exactly still fits: compare with `>`, not with `>=`."),
    ],
)
def check_fit_passages(fit_passages: Callable[..., Any]) -> None:
    def count_tokens(text: str) -> int:
        return (
            len(text) + 3
        ) // 4  # four characters a token, rounded up: not words, not characters

    passages = [
        "The wake time of the Kestrel is long.",
        "Gasket sleeps on the warm deck.",
        "A mender calls on Tuesday.",
        "Oak.",
        "Every machine leaves the net loft with a signed card.",
    ]
    sizes = [count_tokens(p) for p in passages]

    def fitting(budget: int, count: Callable[[str], int]) -> list[str]:
        kept, used = [], 0
        for passage in passages:
            used += count(passage)
            if used > budget:
                break
            kept.append(passage)
        return kept

    exact = sizes[0] + sizes[1]
    for budget in (1000, 12, exact, exact - 1, exact + 1, 0, sum(sizes)):
        right = fitting(budget, count_tokens)
        got = as_list(call(fit_passages, list(passages), budget, count_tokens))
        if not all(isinstance(g, str) for g in got):
            raise Wrong(
                t(
                    "You returned {got}; return a list that holds the passages, and nothing else.",
                    got=repr(got)[:80],
                )
            )
        if got == right:
            continue
        if sorted(got) == sorted(right):
            fault = t("those are the right ones, but their order has changed; the best comes first")
        elif any(g not in passages for g in got):
            fault = t("one of your passages was cut or changed; keep whole passages only")
        elif got == fitting(budget, len):
            fault = t("you counted characters; `count_tokens(passage)` counts tokens")
        elif got == fitting(budget, lambda p: len(p.split())):
            fault = t("you counted words; `count_tokens(passage)` counts tokens")
        elif got == passages[:1] and sizes[0] > budget:
            fault = t("the first passage alone needs more tokens than the budget allows")
        elif sum(count_tokens(g) for g in got) > budget:
            fault = t("together they need more tokens than the budget allows")
        elif got == right[:-1] and sum(count_tokens(g) for g in right) == budget:
            fault = t("a passage that fills the budget exactly still fits")
        elif len(got) > len(right):
            fault = t(
                "you went on after a passage that did not fit; stop there, or a worse passage "
                "takes the place of a better one"
            )
        else:
            fault = t("{count} passages fit, from the best down", count=len(right))
        raise Wrong(
            t(
                "With a budget of {budget} tokens, passages of {sizes} tokens: you kept {got} of "
                "them; {fault}.",
                budget=budget,
                sizes=", ".join(map(str, sizes)),
                got=len(got),
                fault=fault,
            )
        )
    got = as_list(call(fit_passages, [], 100, count_tokens))
    if got:
        raise Wrong(t("Without any passages you returned {got}; the list must be empty.", got=got))


@exercise(
    "05.3",
    title=lambda: t("From [2] to the document"),
    hints=lambda: [
        t(
            '`re.findall(r"\\[(\\d+)\\]", answer)` gives the numbers as texts; `int` makes them '
            "numbers."
        ),
        t("Passage [1] is the first id, at place 0 of the list."),
        t("Skip numbers outside the list, and ids that you already have."),
    ],
)
def check_resolve_citations(resolve_citations: Callable[..., Any]) -> None:
    ids = [f"doc-{letter}#{n}" for n, letter in enumerate("abcdefghijkl")]
    for answer, right, fault in (
        ("38 minutes [2]", [ids[1]], t("[2] is the second passage")),
        ("38 minutes [1][3]", [ids[0], ids[2]], t("both numbers count, in their order")),
        ("Beech [3], as said before [3].", [ids[2]], t("a source is named once")),
        ("Both say so [3] and [1].", [ids[2], ids[0]], t("keep the order of the answer")),
        (
            "First [3], then [1], then [3].",
            [ids[2], ids[0]],
            t("a source is named once, also if others stand between"),
        ),
        ("It is beech [11]", [ids[10]], t("a number may have two digits")),
        ("It is beech [12]", [ids[11]], t("the last passage has the number 12")),
        ("It takes 3 minutes [2].", [ids[1]], t("only numbers in square brackets are citations")),
        ("It is beech [40]", [], t("there is no passage 40: a made-up number names no source")),
        ("It is beech [40] [2]", [ids[1]], t("leave out [40], but go on to what follows after it")),
        ("It is beech [0]", [], t("there is no passage [0]: numbers start at 1")),
        ("I don't know.", [], t("nothing is cited")),
    ):
        got = as_list(call(resolve_citations, answer, list(ids)))
        if got == right:
            continue
        if any(isinstance(g, int) and not isinstance(g, bool) for g in got):
            fault = t("those are numbers; look up the ids that belong to them")
        elif len(got) == len(ids):
            fault = t("those are all passages; return only those that the answer cites")
        raise Wrong(
            t(
                "For {answer!r} you returned {got}, not {right}: {fault}.",
                answer=answer,
                got=repr(got)[:80],
                right=right,
                fault=fault,
            )
        )


@exercise(
    "05.5",
    title=lambda: t("When to refuse"),
    hints=lambda: [
        t("Only a few thresholds can matter: try each score that occurs as the threshold."),
        t("A decision is right if `(score >= threshold) == answerable`. Count the right ones."),
        t(
            "`max(candidates, key=count_right)` returns the candidate with the most right "
            "decisions."
        ),
    ],
)
def check_choose_threshold(choose_threshold: Callable[..., Any]) -> None:
    rng = np.random.default_rng(54)
    cases = [([0.785, 0.705, 0.325, 0.295], [True, True, False, False])]
    for n, gap in ((60, 0.25), (80, 0.12), (50, 0.3)):
        truth = rng.random(n) < 0.7
        scores = np.where(truth, 0.4 + gap, 0.4) + 0.08 * rng.normal(size=n)
        # Scores between the hundredths, so that trying thresholds in steps of 0.01 is enough.
        scores = np.floor(np.clip(scores, 0.25, 0.84) * 100) / 100 + 0.005
        cases.append((scores.round(3).tolist(), truth.tolist()))
    cases.append(([0.545, 0.375, 0.615], [False, False, False]))
    cases.append(([0.545, 0.375, 0.615], [True, True, True]))
    for scores, answerable in cases:
        values, truth = np.array(scores), np.array(answerable)
        threshold = as_number(call(choose_threshold, list(scores), list(answerable)))
        best = max(int(np.sum((values >= c) == truth)) for c in [*values, values.max() + 1])
        reached = int(np.sum((values >= threshold) == truth))
        if reached >= best:
            continue
        if not truth.any():
            fault = t(
                "no question has an answer here, so all should be refused: the threshold must lie "
                "above every score"
            )
        elif np.sum((values > threshold) == truth) >= best:
            fault = t(
                "a score equal to the threshold is not below it, so that question is answered; "
                "count with `score >= threshold`"
            )
        elif threshold > values.max():
            fault = t("it lies above every score, so every question is refused")
        elif threshold <= values.min():
            fault = t("it lies below every other score, so no question is refused")
        elif reached < len(scores) / 2:
            fault = t("most decisions are wrong: a score at or above the threshold means answer")
        else:
            fault = t("another threshold does better; try every score as a candidate")
        raise Wrong(
            t(
                "Your threshold {got} decides {reached} of {n} questions right, the best one "
                "{best}: {fault}.",
                got=f"{threshold:.3f}",
                reached=reached,
                n=len(scores),
                best=best,
                fault=fault,
            )
        )


@exercise(
    "05.4",
    title=lambda: t("How sure is that share?"),
    hints=lambda: [
        t(
            "Draw as many questions as there are, *with* repetition: "
            "`rng.choice(right, size=len(right))`."
        ),
        t("Take the mean of each draw. You get as many means as draws."),
        t(
            "The interval runs from the 2.5th to the 97.5th percentile: "
            "`np.percentile(means, [2.5, 97.5])`."
        ),
    ],
)
def check_bootstrap(bootstrap: Callable[..., Any]) -> None:
    rng = np.random.default_rng(55)
    for n, share in ((100, 0.5), (60, 0.8), (240, 0.3), (10, 0.9)):
        right = (np.arange(n) < round(share * n)).astype(int)
        rng.shuffle(right)
        got = as_list(call(bootstrap, right.tolist()))
        if len(got) != 2:
            raise Wrong(
                t(
                    "You returned {count} values; the pair (low, high) is needed.",
                    count=len(got),
                )
            )
        low, high = (as_number(value) for value in got)
        fault = _interval_fault(low, high, n, share)
        if fault is None:
            continue
        raise Wrong(
            t(
                "For {right} right of {n} you returned {low} to {high}: {fault}.",
                right=int(right.sum()),
                n=n,
                low=f"{low:.3f}",
                high=f"{high:.3f}",
                fault=fault,
            )
        )


def _interval_fault(low: float, high: float, n: int, share: float) -> str | None:
    """What is wrong with a 95 % bootstrap interval of `share` right answers of `n`, or None."""
    width, normal = high - low, 2 * 1.96 * np.sqrt(share * (1 - share) / n)
    if low > high:
        return t("the low end lies above the high end; the low one comes first")
    if high > 2:
        return t("a share runs from 0 to 1: take the mean of each sample, not its sum or percent")
    if high > 1 + 1e-6 or low < -1e-6:
        return t(
            "a share runs from 0 to 1, and so do all means of samples: take percentiles of those "
            "means instead of a formula with a mean and a width"
        )
    if width < 1e-6:
        return t("every sample was the same: draw with repetition")
    if not low <= share <= high:
        if high < share and width < 0.6 * normal:
            return t("both ends are low: percentiles run from 0 to 100, so ask for 2.5 and 97.5")
        return t("the observed share {share} is not inside", share=share)
    if n < 50:  # too few for the width of a normal curve, and each end can take few values only
        return None if 0.55 < low < 0.85 and high > 0.95 else t("it should be about 0.7 to 1.0")
    if width < 0.9 * normal:
        return t(
            "that is too narrow: each sample is as long as `right`, and the ends are the 2.5th and "
            "97.5th percentile of the means"
        )
    if width > 1.15 * normal:
        return t(
            "that is too wide: each sample is as long as `right`, and the ends are the 2.5th and "
            "97.5th percentile of the means, not of single answers"
        )
    return None
