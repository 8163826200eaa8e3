"""Checks of lesson 05, rag_end_to_end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from coursekit.exercises import Wrong, call, exercise
from coursekit.language import t


def _whole_numbers(got: Any) -> list[int]:
    """A list, tuple, array or tensor of whole numbers as a list; anything else is `Wrong`."""
    try:
        values = np.asarray(got).astype(float)
    except (TypeError, ValueError):
        values = np.array([np.nan])
    if values.ndim == 2 and 1 in values.shape:
        values = values.ravel()
    if values.ndim != 1:
        raise Wrong(
            t("You returned {got}; a flat list of whole numbers is needed.", got=repr(got)[:80])
        )
    if values.size and not np.all(values == np.round(values)):
        raise Wrong(t("You returned numbers that are not whole. Are these scores instead of rows?"))
    return [int(v) for v in values]


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
    rng = np.random.default_rng(5)
    for n, k in ((12, 3), (40, 5), (6, 1), (4, 4)):
        embeddings = rng.normal(size=(n, 8)).astype(np.float32)
        embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
        query = embeddings[rng.integers(n)] + 0.3 * rng.normal(size=8).astype(np.float32)
        query /= np.linalg.norm(query)
        right = [int(i) for i in np.argsort(-(embeddings @ query))[:k]]
        got = _whole_numbers(call(top_k, query.copy(), embeddings.copy(), k))
        if got == right:
            continue
        if len(got) != k:
            fault = t("that are {count} rows, not k = {k}", count=len(got), k=k)
        elif got == right[::-1]:
            fault = t("the rows are the right ones, but the best must come first")
        elif sorted(got) == sorted(right):
            fault = t("the rows are the right ones, but they are not in order of their scores")
        elif got == [int(i) for i in np.argsort(embeddings @ query)[:k]]:
            fault = t("those are the rows with the lowest scores")
        elif got == [i + 1 for i in right]:
            fault = t("rows are counted from 0")
        else:
            fault = t("the highest dot products are in rows {right}", right=right)
        raise Wrong(t("With {n} vectors you returned {got}: {fault}.", n=n, got=got, fault=fault))


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
        return (len(text) + 3) // 4  # four characters a token, rounded up: not words, not characters

    passages = [
        "The wake time of the Kestrel is long.",
        "Gasket sleeps on the warm deck.",
        "A mender calls on Tuesday.",
        "Oak.",
        "Every machine leaves the net loft with a signed card.",
    ]
    sizes = [count_tokens(p) for p in passages]

    def right_for(budget: int) -> list[str]:
        kept, used = [], 0
        for passage, size in zip(passages, sizes, strict=True):
            if used + size > budget:
                break
            kept.append(passage)
            used += size
        return kept

    exact = sizes[0] + sizes[1]
    for budget in (1000, exact, exact - 1, sizes[0] + sizes[1] + 1, 0, 12, sum(sizes)):
        right = right_for(budget)
        got = call(fit_passages, list(passages), budget, count_tokens)
        if isinstance(got, str):
            raise Wrong(t("You returned one string; return the list of passages that you keep."))
        got = list(got)
        if got == right:
            continue
        if any(g not in passages for g in got):
            fault = t("one of your passages was cut or changed; keep whole passages only")
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
            fault = t("{count} passages fit", count=len(right))
        raise Wrong(
            t(
                "With a budget of {budget} tokens you kept {got} passages: {fault}.",
                budget=budget,
                got=len(got),
                fault=fault,
            )
        )


@exercise(
    "05.3",
    title=lambda: t("From [2] to the document"),
    hints=lambda: [
        t("`re.findall(r\"\\[(\\d+)\\]\", answer)` gives the numbers as texts; `int` makes them numbers."),
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
        ("It is beech [11]", [ids[10]], t("a number may have two digits")),
        ("It is beech [40]", [], t("there is no passage 40: a made-up number names no source")),
        ("It is beech [0]", [], t("there is no passage 0: numbers start at 1")),
        ("I don't know.", [], t("nothing is cited")),
    ):
        got = call(resolve_citations, answer, list(ids))
        if isinstance(got, str) or list(got) != right:
            raise Wrong(
                t(
                    "For {answer!r} you returned {got}, not {right}: {fault}.",
                    answer=answer,
                    got=got if isinstance(got, str) else list(got),
                    right=right,
                    fault=fault,
                )
            )


@exercise(
    "05.4",
    title=lambda: t("When to refuse"),
    hints=lambda: [
        t("Only a few thresholds can matter: try each score that occurs as the threshold."),
        t("A decision is right if `(score >= threshold) == answerable`. Count the right ones."),
        t("`max(candidates, key=count_right)` returns the candidate with the most right decisions."),
    ],
)
def check_choose_threshold(choose_threshold: Callable[..., Any]) -> None:
    rng = np.random.default_rng(54)
    cases = [([0.9, 0.8, 0.3, 0.2], [True, True, False, False])]
    for n, gap in ((60, 0.25), (80, 0.12), (50, 0.4)):
        answerable = rng.random(n) < 0.7
        scores = np.where(answerable, 0.5 + gap, 0.5) + 0.1 * rng.normal(size=n)
        cases.append((scores.tolist(), answerable.tolist()))
    for scores, answerable in cases:
        values, truth = np.array(scores), np.array(answerable)

        def right_decisions(threshold: float, values=values, truth=truth) -> int:
            return int(np.sum((values >= threshold) == truth))

        got = call(choose_threshold, list(scores), list(answerable))
        try:
            threshold = float(got)
        except (TypeError, ValueError):
            raise Wrong(t("You returned {got}; one number is needed.", got=repr(got)[:80])) from None
        best = max(right_decisions(c) for c in [*values, values.max() + 1])
        reached = right_decisions(threshold)
        if reached >= best:
            continue
        if threshold > values.max():
            fault = t("it lies above every score, so every question is refused")
        elif threshold <= values.min():
            fault = t("it lies below every score, so no question is refused")
        elif reached < len(scores) / 2:
            fault = t("most decisions are wrong: a score at or above the threshold means answer")
        else:
            fault = t("another threshold does better; try every score as a candidate")
        raise Wrong(
            t(
                "Your threshold {got} decides {reached} of {n} questions right, the best one {best}: {fault}.",
                got=f"{threshold:.3f}",
                reached=reached,
                n=len(scores),
                best=best,
                fault=fault,
            )
        )


@exercise(
    "05.5",
    title=lambda: t("How sure is that share?"),
    hints=lambda: [
        t("Draw as many questions as there are, *with* repetition: `rng.choice(right, size=len(right))`."),
        t("Take the mean of each draw. You get as many means as draws."),
        t("The interval runs from the 2.5th to the 97.5th percentile: `np.percentile(means, [2.5, 97.5])`."),
    ],
)
def check_bootstrap(bootstrap: Callable[..., Any]) -> None:
    rng = np.random.default_rng(55)
    for n, share in ((100, 0.5), (60, 0.8), (240, 0.3)):
        right = (np.arange(n) < share * n).astype(float)
        rng.shuffle(right)
        got = call(bootstrap, right.tolist())
        try:
            low, high = (float(value) for value in got)
        except (TypeError, ValueError):
            raise Wrong(t("You returned {got}; two numbers are needed, low and high.", got=got)) from None
        if low > high:
            raise Wrong(t("Your low end {low} lies above your high end {high}.", low=low, high=high))
        if high > 1.0:
            raise Wrong(t("Your high end is {high}; shares run from 0 to 1.", high=high))
        spread = np.sqrt(share * (1 - share) / n)
        width, normal = high - low, 2 * 1.96 * spread
        if width < 1e-9:
            fault = t("every draw was the same: did you draw without repetition?")
        elif not low <= share <= high:
            fault = t("the observed share {share} is not inside", share=share)
        elif width < 0.9 * normal:
            fault = t("that is too narrow for 95 %: take the 2.5th and the 97.5th percentile of means")
        elif width > 1.15 * normal:
            fault = t("that is too wide for 95 %: take percentiles of the means of whole draws")
        else:
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
