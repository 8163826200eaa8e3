"""Checks of lesson 07, evaluate_rag."""

from __future__ import annotations

import contextlib
import math
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from coursekit.exercises import Wrong, as_number, call, exercise
from coursekit.language import t
from coursekit.metrics import (
    ndcg_at_k,
    permutation_test,
    recall_at_k,
    reciprocal_rank,
    sign_test,
    token_f1,
)
from coursekit.scoring import normalise


def _near(got: float, right: float, tolerance: float = 1e-6) -> bool:
    return abs(got - right) <= tolerance


def _number(function: Callable[..., Any], *args: Any) -> float:
    """What the learner's function returns, as a number; it gets lists of its own."""
    return as_number(call(function, *(list(a) if isinstance(a, list) else a for a in args)))


def _share(top: float, bottom: float) -> float:
    return top / bottom if bottom else math.nan


def _named(
    function: Callable[..., Any],
    cases: list[tuple[Any, ...]],
    right: Callable[..., float],
    mistakes: list[tuple[Callable[..., float], str]],
) -> str | None:
    """The sentence of the first mistake that gives what the learner's function gives on *every*
    case, so that a chance agreement on one case names nothing. Cases on which it fails do not
    count."""
    results = []
    for case in cases:
        with contextlib.suppress(Wrong):
            results.append((case, _number(function, *case)))
    for mistake, sentence in mistakes:
        if all(_near(got, mistake(*case), 1e-4) for case, got in results):
            return sentence
    if all(_near(got, right(*case), 0.051) for case, got in results):
        return t("that is almost right: return the number itself, not a rounded one")
    return None


@exercise(
    "07.1",
    title=lambda: t("Recall at k"),
    hints=lambda: [
        t("`ids[:k]` are the hits that count. Which of the gold ids stand among them?"),
        t("Divide by the number of gold passages, not by k."),
        t("`sum(g in ids[:k] for g in gold) / len(gold)`"),
    ],
)
def check_recall_at_k(recall: Callable[..., Any]) -> None:
    ids = ["oven#3", "mixer#1", "oven#1", "churn#2", "mixer#4", "oven#24"]
    cases = [
        (ids, ["oven#3", "churn#2", "proofer#9"], 4),
        (ids, ["mixer#1"], 3),
        (ids, ["oven#1"], 1),
        (ids, ["mixer#1", "churn#2"], 2),
        (ids, ["oven#1", "oven#24", "oven#3"], 3),
        (ids, ["oven#3", "mixer#1", "oven#1", "churn#2"], 1),
        (ids, ["mixer#1", "proofer#9", "oven#3"], 2),
        (ids, ["oven#24", "proofer#9"], 6),
        (ids, ["oven#2", "mixer#4"], 6),  # "oven#2" is only a part of "oven#24"
        (ids, ["oven#24", "oven#3"], 50),
        (ids, ["proofer#9"], 4),
    ]

    def inside(ids: list[str], gold: list[str], k: int) -> int:
        return sum(g in ids[:k] for g in gold)

    mistakes: list[tuple[Callable[..., float], str]] = [
        (
            lambda ids, gold, k: inside(ids, gold, k) / min(k, len(gold)),
            t("divide by all gold passages, also when there are more of them than k"),
        ),
        (inside, t("that is how many were found; divide by the number of gold passages")),
        (
            lambda ids, gold, k: (
                inside(ids, gold, k) / (len(gold) - inside(ids, gold, k))
                if len(gold) > inside(ids, gold, k)
                else 1.0
            ),
            t("divide by all gold passages, those that you have found included"),
        ),
        (
            lambda ids, gold, k: 100 * recall_at_k(ids, gold, k),
            t("that is in per cent; a share runs from 0 to 1"),
        ),
        (
            lambda ids, gold, k: 1 - recall_at_k(ids, gold, k),
            t("that is the share that is missing; count the gold passages that are found"),
        ),
        (
            lambda ids, gold, k: inside(ids, gold, k) / k,
            t(
                "you divided by k, which gives the precision; recall divides by the number of "
                "gold passages"
            ),
        ),
        *(
            (
                divided,
                t("you divided by the number of hits; recall divides by the gold passages"),
            )
            for divided in (
                lambda ids, gold, k: inside(ids, gold, k) / min(k, len(ids)),
                lambda ids, gold, k: inside(ids, gold, k) / len(ids),
            )
        ),
        *(
            (
                one,
                t(
                    "with several gold passages each counts for its part, and one of them is not "
                    "enough for the full score"
                ),
            )
            for one in (
                lambda ids, gold, k: float(inside(ids, gold, k) > 0),
                lambda ids, gold, k: float(gold[0] in ids[:k]),
            )
        ),
        (
            lambda ids, gold, k: float(inside(ids, gold, k) == len(gold)),
            t("passages that were found count, also if not all"),
        ),
        (
            lambda ids, gold, k: (gold[0] in ids[:k]) / len(gold),
            t("your loop ends after one gold passage; return behind the loop"),
        ),
        (
            lambda ids, gold, k: inside(ids, gold[:k], k) / len(gold),
            t("k cuts the hits, not the gold passages: look for all of them"),
        ),
        (
            lambda ids, gold, k: recall_at_k(ids, gold, len(ids)),
            t("look at the first k hits only"),
        ),
        (
            lambda ids, gold, k: recall_at_k(ids, gold, k + 1),
            t("you looked at one hit more than k"),
        ),
        *(
            (less, t("you looked at one hit less than k: `ids[:k]` holds k of them"))
            for less in (
                lambda ids, gold, k: inside(ids[: k - 1], gold, k) / len(gold),
                lambda ids, gold, k: inside(ids[1:k], gold, k) / len(gold),
            )
        ),
        *(
            (other, t("the first k hits count, in the order given: `ids[:k]`"))
            for other in (
                lambda ids, gold, k: inside(ids[-k:], gold, k) / len(gold),
                lambda ids, gold, k: inside(ids[k:], gold, len(ids)) / len(gold),
                lambda ids, gold, k: inside(sorted(ids), gold, k) / len(gold),
            )
        ),
        (
            lambda ids, gold, k: sum(map(str.__eq__, ids[:k], gold)) / len(gold),
            t("a gold passage may stand anywhere among the first k hits, not at one place only"),
        ),
        (
            lambda ids, gold, k: sum(g in " ".join(ids[:k]) for g in gold) / len(gold),
            t("an id counts as a whole; part of a longer id is another passage"),
        ),
    ]
    for case in cases:
        _, gold, k = case
        right, got = recall_at_k(*case), _number(recall, *case)
        if _near(got, right):
            continue
        fault = _named(recall, cases, recall_at_k, mistakes) or t(
            "{inside} of the {count} gold passages stand there",
            inside=inside(*case),
            count=len(gold),
        )
        raise Wrong(
            t(
                "With {count} gold passages and k = {k} you returned {got}, not {right}: {fault}.",
                count=len(gold),
                k=k,
                got=f"{got:.3f}",
                right=f"{right:.3f}",
                fault=fault,
            )
        )


@exercise(
    "07.2",
    title=lambda: t("The rank of the first"),
    hints=lambda: [
        t("Walk through the hits with their ranks: `for rank, id_ in enumerate(ids, start=1)`."),
        t("Return `1 / rank` at the first hit that is gold."),
        t("Behind the loop nothing was found: `return 0.0`."),
    ],
)
def check_reciprocal_rank(rr: Callable[..., Any]) -> None:
    ids = ["oven#3", "mixer#1", "oven#1", "churn#2", "mixer#4", "oven#24"]
    cases = [
        (ids, ["oven#1"]),
        (ids, ["oven#3"]),
        (ids, ["oven#24"]),
        (ids, ["churn#2", "mixer#1", "oven#24"]),
        (ids, ["proofer#9", "oven#24"]),
        (ids, ["mixer#4", "mixer#1", "oven#24"]),
        (ids, ["mixer#12", "churn#2"]),  # "mixer#1" is only a part of "mixer#12"
        (ids, ["oven#2"]),  # and "oven#2" of "oven#24"
        (ids, ["proofer#9"]),
    ]

    def ranks_of(ids: list[str], gold: list[str]) -> list[int]:
        return [rank for rank, id_ in enumerate(ids, start=1) if id_ in gold]

    def of_first(score: Callable[[int], float]) -> Callable[..., float]:
        return lambda ids, gold: next(map(score, ranks_of(ids, gold)), 0.0)

    def total(ids: list[str], gold: list[str]) -> float:
        return sum(1 / rank for rank in ranks_of(ids, gold))

    mean = t("only the first gold passage counts, not a mean")
    whole_id = t("an id counts as a whole; part of a longer id is another passage")
    one_many = t("the best hit has rank 1, and you counted one too many")
    from_0 = t("you counted ranks from 0; the best hit has rank 1")
    in_gold_order = t(
        "take the first hit that is any of the gold passages, not the hit that is the first gold "
        "passage"
    )
    mistakes: list[tuple[Callable[..., float], str]] = [
        (of_first(lambda r: 1 / (r + 1)), one_many),
        (of_first(lambda r: 1 / (r - 1) if r > 1 else 1.0), from_0),
        (of_first(lambda r: 1 / (r - 1) if r > 1 else 0.0), from_0),
        (of_first(lambda r: 1 / (r - 1) if r > 1 else math.inf), from_0),
        (of_first(lambda r: r), t("that is the rank; return 1 divided by it")),
        (
            of_first(lambda r: r - 1),
            t("that is a place counted from 0; return 1 / rank, from 1"),
        ),
        (
            of_first(lambda r: float(r == 1)),
            t(
                "only rank 1 got a score: go on to the next hit before you return 0, and divide "
                "with `/`, not `//`"
            ),
        ),
        (
            of_first(lambda r: 1.0),
            t("a passage further down counts less: 1 / rank, not 1"),
        ),
        (
            lambda ids, gold: 1 / (ranks_of(ids, gold) or [math.inf])[-1],
            t("the first gold passage among the hits counts, not the last"),
        ),
        (
            lambda ids, gold: next((1 / (ids.index(g) + 1) for g in gold if g in ids), 0.0),
            in_gold_order,
        ),
        (
            lambda ids, gold: 1 / (ids.index(gold[0]) + 1) if gold[0] in ids else 0.0,
            in_gold_order,
        ),
        (
            lambda ids, gold: next((1 / r for r, g in enumerate(gold, 1) if g in ids), 0.0),
            t("the rank is the place among the hits, not in the gold list"),
        ),
        (
            lambda ids, gold: 1 / (ranks_of(ids[::-1], gold) or [math.inf])[0],
            t("the hits come best first; count from the front"),
        ),
        (total, t("only the first gold passage counts; you added up several")),
        (lambda ids, gold: total(ids, gold) / max(1, len(ranks_of(ids, gold))), mean),
        (lambda ids, gold: total(ids, gold) / len(gold), mean),
        (
            lambda ids, gold: next(
                (1 / r for r, id_ in enumerate(ids, 1) if id_ in " ".join(gold)), 0.0
            ),
            whole_id,
        ),
        (
            lambda ids, gold: next(
                (1 / r for r, id_ in enumerate(ids, 1) if any(g in id_ for g in gold)), 0.0
            ),
            whole_id,
        ),
        (
            lambda ids, gold: 0.0,
            t("gold passages are among the hits; compare each hit with all of them"),
        ),
    ]
    for case in cases:
        right, got = reciprocal_rank(*case), _number(rr, *case)
        if _near(got, right):
            continue
        ranks = ranks_of(*case)
        fault = _named(rr, cases, reciprocal_rank, mistakes) or (
            t("the first gold passage stands at rank {rank}", rank=ranks[0])
            if ranks
            else t("no gold passage was found, so the score is 0")
        )
        raise Wrong(
            t(
                "With gold passages at the ranks {ranks} you returned {got}, not {right}: {fault}.",
                ranks=ranks,
                got=f"{got:.3f}",
                right=f"{right:.3f}",
                fault=fault,
            )
        )


@exercise(
    "07.3",
    title=lambda: t("nDCG"),
    hints=lambda: [
        t("A gold passage at rank r counts `1 / log2(r + 1)`, r from 1 to k. Add them up."),
        t(
            "The best ranking has gold passages at all first ranks: as many as there are, but not "
            "more than k."
        ),
        t(
            "`best = sum(1 / np.log2(r + 1) for r in range(1, min(k, len(gold)) + 1))`, and the "
            "answer is your sum divided by `best`."
        ),
    ],
)
def check_ndcg(ndcg: Callable[..., Any]) -> None:
    ids = ["oven#3", "mixer#1", "oven#1", "churn#2", "mixer#4", "oven#2"]
    cases = [
        (ids, ["mixer#1", "churn#2", "proofer#9"], 5),
        (ids, ["mixer#1"], 3),
        (ids, ["oven#3"], 5),
        (ids, ["oven#1", "mixer#4"], 5),
        (ids, ["oven#2", "oven#3"], 4),
        (ids, ["oven#3", "mixer#1", "oven#1"], 2),
        (ids, ["oven#3", "mixer#1"], 6),
        (ids, ["proofer#9"], 4),
        (ids, ["oven#2", "proofer#9", "churn#2"], 20),
    ]

    def log(r: int) -> float:
        return 1 / math.log2(r + 1)

    def found(ids: list[str], gold: list[str], k: int) -> list[int]:
        return [r for r, id_ in enumerate(ids[:k], start=1) if id_ in gold]

    def best(gold: list[str], k: int) -> range:
        return range(1, min(k, len(gold)) + 1)

    def total(ranks: Iterable[int], discount: Callable[[int], float] = log) -> float:
        return sum(map(discount, ranks))

    def with_discount(discount: Callable[[int], float]) -> Callable[..., float]:
        return lambda ids, gold, k: _share(
            total(found(ids, gold, k), discount), total(best(gold, k), discount)
        )

    def divided_by(bottom: Callable[..., float]) -> Callable[..., float]:
        def mistake(ids: list[str], gold: list[str], k: int) -> float:
            top = total(found(ids, gold, k))
            return _share(top, bottom(ids, gold, k)) if top else 0.0

        return mistake

    def up_to(n_hits: Callable[..., int]) -> Callable[..., float]:
        return lambda ids, gold, k: (
            total(found(ids, gold, n_hits(ids, gold, k))) / total(best(gold, k))
        )

    found_only = t("the best ranking holds all gold passages, also those that were not found")
    too_many = t("the best ranking holds no more gold passages than there are, not k")
    not_a_count = t("divide by the sum of the best possible ranking, not by a number of passages")
    first_only = t("each gold passage among the first k counts, not the first one alone")
    rank_in_hits = t("the rank is the place among all hits, not among the gold passages")
    k_hits = t("look at the first k hits only")
    mistakes: list[tuple[Callable[..., float], str]] = [
        (
            lambda ids, gold, k: total(found(ids, gold, k)),
            t("divide your sum by that of the best possible ranking"),
        ),
        (
            divided_by(lambda ids, gold, k: total(range(1, len(gold) + 1))),
            t("the best ranking has k places only: it holds min(k, number of gold)"),
        ),
        (divided_by(lambda ids, gold, k: total(range(1, k + 1))), too_many),
        (divided_by(lambda ids, gold, k: total(range(1, min(k, len(ids)) + 1))), too_many),
        (
            divided_by(lambda ids, gold, k: total(range(1, len(found(ids, gold, k)) + 1))),
            found_only,
        ),
        (
            divided_by(lambda ids, gold, k: total(best(found(ids, gold, len(ids)), k))),
            found_only,
        ),
        (divided_by(lambda ids, gold, k: len(gold)), not_a_count),
        (divided_by(lambda ids, gold, k: min(k, len(gold))), not_a_count),
        (divided_by(lambda ids, gold, k: k), not_a_count),
        (
            divided_by(lambda ids, gold, k: total(best(gold, k)[:-1])),
            t("the sum of the best ranking ends one rank early: `range` stops before its end"),
        ),
        (
            divided_by(lambda ids, gold, k: total(range(1, len(best(gold, k)) + 2))),
            t("the sum of the best ranking goes one rank too far"),
        ),
        (up_to(lambda ids, gold, k: len(ids)), k_hits),
        (
            lambda ids, gold, k: total(found(ids, gold, len(ids))) / total(range(1, len(gold) + 1)),
            k_hits,
        ),
        (up_to(lambda ids, gold, k: k - 1), t("you looked at one hit less than k")),
        (up_to(lambda ids, gold, k: k + 1), t("you looked at one hit more than k")),
        (
            up_to(lambda ids, gold, k: min(k, len(gold))),
            t("k hits count, also when there are fewer gold passages"),
        ),
        (
            lambda ids, gold, k: total(found(ids, gold, k)[:1]) / total(best(gold, k)),
            first_only,
        ),
        (lambda ids, gold, k: total(found(ids, gold, k)[:1]), first_only),
        (
            lambda ids, gold, k: (
                total(range(1, len(found(ids, gold, k)) + 1)) / total(best(gold, k))
            ),
            rank_in_hits,
        ),
        (
            lambda ids, gold, k: (
                total(r for r, g in enumerate(gold, 1) if g in ids[:k]) / total(best(gold, k))
            ),
            rank_in_hits,
        ),
        (
            with_discount(lambda r: 1 / r),
            t("a gold passage counts 1 / log2(rank + 1), not 1 / rank"),
        ),
        (
            with_discount(lambda r: 1 / (math.log2(r) + 1)),
            t("the 1 is added to the rank, inside the brackets of the logarithm: log2(rank + 1)"),
        ),
        (
            with_discount(lambda r: 1 / math.log2(r + 2)),
            t("rank 1 counts 1 / log2(2) = 1; you are one too far"),
        ),
        *(
            (flat, t("a gold passage further down counts less: 1/log2(rank+1)"))
            for flat in (
                with_discount(lambda r: 1.0),
                lambda ids, gold, k: recall_at_k(ids, gold, k),
            )
        ),
        (with_discount(lambda r: math.log2(r + 1)), t("divide 1 by the logarithm")),
        *(
            (
                lambda ids, gold, k, factor=factor: factor * ndcg_at_k(ids, gold, k),
                t("take log2 in both sums; with two different logarithms they do not compare"),
            )
            for factor in (1 / math.log(2), math.log(2))
        ),
        (
            lambda ids, gold, k: 100 * ndcg_at_k(ids, gold, k),
            t("that is in per cent; nDCG runs from 0 to 1"),
        ),
    ]
    for case in cases:
        _, gold, k = case
        right, got = ndcg_at_k(*case), _number(ndcg, *case)
        if _near(got, right):
            continue
        ranks = found(*case)
        fault = _named(ndcg, cases, ndcg_at_k, mistakes) or t(
            "the sum over the hits is {top}, and the best possible one {best}",
            top=f"{total(ranks):.3f}",
            best=f"{total(best(gold, k)):.3f}",
        )
        raise Wrong(
            t(
                "With {count} gold passages, some of them at the ranks {ranks}, and k = {k} you "
                "returned {got}, not {right}: {fault}.",
                count=len(gold),
                ranks=ranks,
                k=k,
                got=f"{got:.3f}",
                right=f"{right:.3f}",
                fault=fault,
            )
        )


@exercise(
    "07.4",
    title=lambda: t("Token F1"),
    hints=lambda: [
        t(
            "With `from collections import Counter`, `Counter(normalise(text))` counts the "
            "tokens, and `a & b` of two Counters is what both have."
        ),
        t(
            "Precision divides what both have by the tokens of the prediction, recall by those "
            "of the gold answer."
        ),
        t("Nothing shared: return 0.0. Otherwise `2 * p * r / (p + r)`."),
    ],
)
def check_token_f1(f1: Callable[..., Any]) -> None:
    cases = [
        ("38 minutes", "38 minutes"),
        ("The wake time is 38 minutes.", "38 minutes after waking"),
        ("The wake time is 38 minutes.", "38 minutes"),
        ("50 minutes", "38 minutes"),
        ("38", "38 minutes after a cold start"),
        ("Smoked ASH, of course!", "smoked ash"),
        ("minutes, minutes and minutes", "38 minutes"),
        ("minutes by minutes", "minutes by minutes by minutes"),
        ("4,311 euros", "4311 euros"),
        ("bog oak", "hornbeam"),
    ]

    def parts(said: list[str], wanted: list[str]) -> tuple[float, float]:
        shared = (Counter(said) & Counter(wanted)).total()
        return shared / len(said), shared / len(wanted)

    def of_parts(make: Callable[[float, float], float]) -> Callable[..., float]:
        return lambda said, wanted: make(*parts(normalise(said), normalise(wanted)))

    def of_tokens(make: Callable[[list[str], list[str]], float]) -> Callable[..., float]:
        return lambda said, wanted: make(normalise(said), normalise(wanted))

    def of_shared(count: Callable[[list[str], list[str]], float]) -> Callable[..., float]:
        return of_tokens(lambda a, b: 2 * count(a, b) / (len(a) + len(b)))

    def inside(a: list[str], b: list[str]) -> int:
        return sum(token in b for token in a)

    raw = t("the texts differ in case, articles and punctuation: compare `normalise(text)`")
    twice = t("a token that stands twice counts twice: use a Counter instead of a set")
    once = t("a token of the gold answer can be matched once only, however often it is said")
    once_said = t("a token of the prediction can be matched once only, however often it is wanted")
    harmonic = t("F1 is the harmonic mean of precision and recall: 2 * p * r / (p + r)")
    all_or_nothing = t("an answer that shares a part of the tokens gets a part of the score")
    mistakes: list[tuple[Callable[..., float], str]] = [
        (of_parts(lambda p, r: 100 * _f1(p, r)), t("that is in per cent; F1 runs from 0 to 1")),
        (of_tokens(lambda a, b: _f1(*parts(list(set(a)), list(set(b))))), twice),
        (of_shared(lambda a, b: len(set(a) & set(b))), twice),
        (of_shared(inside), once),
        (of_shared(lambda a, b: inside(b, a)), once_said),
        (of_tokens(lambda a, b: _f1(inside(a, b) / len(a), inside(b, a) / len(b))), once),
        (of_shared(lambda a, b: sum(map(str.__eq__, a, b))), t("the order does not matter")),
        (of_parts(lambda p, r: p), t("that is the precision; F1 needs the recall as well")),
        (of_parts(lambda p, r: r), t("that is the recall; F1 needs the precision as well")),
        (of_parts(lambda p, r: (p + r) / 2), harmonic),
        (of_parts(lambda p, r: math.sqrt(p * r)), harmonic),
        (of_parts(lambda p, r: p * r), harmonic),
        (of_parts(min), harmonic),
        (of_parts(max), harmonic),
        (
            of_parts(lambda p, r: _f1(p, r) / 2),
            t("the factor 2 is missing in 2 * p * r / (p + r)"),
        ),
        (
            of_parts(lambda p, r: 2 * p * r / p + r if p else 0.0),
            t("`p + r` needs round brackets in 2 * p * r / (p + r)"),
        ),
        *(
            (jaccard, t("that is intersection over union; F1 is 2 * p * r / (p + r)"))
            for jaccard in (
                of_tokens(lambda a, b: len(set(a) & set(b)) / len(set(a) | set(b))),
                of_parts(lambda p, r: _f1(p, r) / (2 - _f1(p, r))),
            )
        ),
        (
            of_tokens(lambda a, b: (Counter(a) & Counter(b)).total()),
            t("that is how many tokens both have; make precision and recall of it"),
        ),
        (of_tokens(lambda a, b: float(a == b)), all_or_nothing),
        (of_tokens(lambda a, b: float(set(b) <= set(a))), all_or_nothing),
        *(
            (lambda a, b, s=s, w=w: _f1(*parts(s(a), w(b))), raw)
            for s, w in (
                (str.split, str.split),
                (_lower, _lower),
                (normalise, str.split),
                (str.split, normalise),
                (normalise, _lower),
                (_lower, normalise),
            )
        ),
        (
            lambda a, b: _f1(*parts(list(a), list(b))),
            t("you compared letters; compare the tokens that `normalise(text)` gives"),
        ),
        (
            lambda a, b: (
                2
                * sum(token in a.lower() for token in normalise(b))
                / (len(normalise(a)) + len(normalise(b)))
            ),
            t("look for a token among the tokens, and match each once, not inside the text"),
        ),
    ]
    for prediction, gold in cases:
        right, got = token_f1(prediction, gold), _number(f1, prediction, gold)
        if _near(got, right):
            continue
        said, wanted = normalise(prediction), normalise(gold)
        fault = _named(f1, cases, token_f1, mistakes) or t(
            "both have {shared} tokens in common, of {said} and {wanted}",
            shared=(Counter(said) & Counter(wanted)).total(),
            said=len(said),
            wanted=len(wanted),
        )
        raise Wrong(
            t(
                "For the answer {prediction!r} and the gold answer {gold!r} you returned {got}, "
                "not {right}: {fault}.",
                prediction=prediction,
                gold=gold,
                got=f"{got:.3f}",
                right=f"{right:.3f}",
                fault=fault,
            )
        )


def _lower(text: str) -> list[str]:
    return text.lower().split()


def _f1(precision: float, recall: float) -> float:
    total = precision + recall
    return 2 * precision * recall / total if total else 0.0


@exercise(
    "07.5",
    title=lambda: t("Could it be chance?"),
    hints=lambda: [
        t("Work with `difference = second - first` as an array, and its sum."),
        t(
            "One draw: `signs = rng.choice([-1, 1], size=len(difference))`, then "
            "`(signs * difference).sum()`. A changed sign is a pair that changed places."
        ),
        t(
            "Count the draws with `abs(sum) >= abs(observed sum)`, and divide by the number of "
            "draws. Equal counts as well."
        ),
    ],
)
def check_p_value(p_value: Callable[..., Any]) -> None:
    rng = np.random.default_rng(76)
    cases = []
    for n, wins, losses, both in (
        (60, 4, 14, 30),  # clear when paired, unclear when the pairs are torn apart
        (145, 23, 9, 91),
        (40, 6, 5, 20),
        (30, 0, 4, 24),
        (50, 0, 0, 35),
        (80, 12, 2, 0),
    ):
        rows = [(0, 1)] * wins + [(1, 0)] * losses + [(1, 1)] * both
        rows += [(0, 0)] * (n - len(rows))
        first, second = np.array(rows)[rng.permutation(n)].T
        cases.append((first, second, sign_test(first, second)))
    first = rng.random(50).round(2)
    second = np.clip(first + 0.06 * rng.normal(size=50) + 0.02, 0, 1).round(2)
    cases.append((first, second, permutation_test(first, second, draws=20_000)))
    for first, second, right in cases:
        value = call(p_value, first.tolist(), second.tolist())
        if isinstance(value, bool | np.bool_):
            raise Wrong(t("You returned yes or no; return the share of draws itself."))
        got = as_number(value)
        if abs(got - right) > _noise(right):
            raise Wrong(_p_value_message(first, second, got, right, _p_value_fault(p_value, cases)))
    first, second = [1] * 6 + [0] * 11 + [1] * 20, [0] * 6 + [1] * 11 + [1] * 20  # p is 0.33
    few = _number(p_value, first, second, 8)
    # Some libraries count the observed difference as one more draw.
    if not any(_near(few * n, round(few * n), 1e-4) for n in (8, 9)):
        raise Wrong(
            t(
                "With draws = 8 you returned {got}, which is no share of 8 draws: make as many "
                "draws as `draws` says.",
                got=f"{few:.3f}",
            )
        )


def _noise(p: float) -> float:
    """Five standard deviations of a share of 2000 draws, and a little more."""
    return 5 * math.sqrt(max(p * (1 - p), 1e-4) / 2000) + 0.002


def _p_value_fault(
    p_value: Callable[..., Any], cases: list[tuple[np.ndarray, np.ndarray, float]]
) -> str:
    """The sentence of the mistake that explains what the learner's function gives on all cases."""
    results = []
    for first, second, right in cases:
        with contextlib.suppress(Wrong):
            got = _number(p_value, first.tolist(), second.tolist())
            results.append((first, second, right, got))
    different = [(right, got) for first, second, right, got in results if np.any(first != second)]
    if all(_near(abs(got), abs((b - a).mean())) for a, b, _, got in results):
        return t("that is the difference itself; count how often chance reaches it")
    if any(got < -1e-9 or got > 1.0011 for *_, got in results):
        return (
            t(
                "a draw that lies as far on both sides, at 0, counts once; compare absolute "
                "values instead of adding two shares"
            )
            if all(abs(got - right) <= _noise(right) for right, got in different)
            else t("a p-value is a share of draws, between 0 and 1")
        )
    if all(_near(got, 1.0) for _, got in different):
        return t(
            "every draw counted. In each draw, toss a coin for each pair, so that the difference "
            "changes"
        )
    if all(min(got, 1 - got) < 1 / 1999 for _, got in different):
        return t(
            "all draws or none of them counted. Take the absolute value of both differences, new "
            "coins for each draw, and the share over all draws"
        )
    distances = []
    for mistake, sentence in _p_value_mistakes():
        off = [
            abs(got - expected) / _noise(expected)
            for first, second, _, got in results
            for expected in [mistake(first, second)]
        ]
        distances.append((max(off), sentence))
    distance, sentence = min(distances)
    if distance <= 1:  # both the mistake and the learner's result are drawn
        return sentence
    return t(
        "in each draw, each pair changes places or not, like a coin; count the draws whose "
        "difference is at least as far from 0 as the observed one"
    )


def _p_value_mistakes() -> list[tuple[Callable[[np.ndarray, np.ndarray], float], str]]:
    """Usual mistakes: what each one gives for two lists of values, and its sentence."""

    def drawn(
        far: Callable[[np.ndarray, float], np.ndarray], signs: tuple[int, ...] = (-1, 1)
    ) -> Callable[[np.ndarray, np.ndarray], float]:
        def mistake(first: np.ndarray, second: np.ndarray) -> float:
            difference = (second - first).astype(float)
            coins = np.random.default_rng(1).choice(signs, size=(4000, len(difference)))
            return float(np.mean(far(coins @ difference, difference.sum())))

        return mistake

    def two_sided(sums: np.ndarray, seen: float) -> np.ndarray:
        return np.abs(sums) >= abs(seen) - 1e-9

    def scaled(factor: float, offset: float = 0.0) -> Callable[[np.ndarray, np.ndarray], float]:
        whole = drawn(two_sided)
        return lambda first, second: offset + factor * whole(first, second)

    one_side = t("that is one side only: compare the absolute values, since either may be better")
    swap = t("a pair changes places or stays: a sign of -1 or 1, never 0, for each difference")
    not_p = t("that is 1 - p: count the draws at least as far from 0, not the others")
    return [
        (
            drawn(lambda sums, seen: np.abs(sums) > abs(seen) + 1e-9),
            t("draws exactly as far from 0 as the observed difference count too: use >="),
        ),
        (drawn(lambda sums, seen: sums >= seen - 1e-9), one_side),
        (drawn(lambda sums, seen: sums <= seen + 1e-9), one_side),
        (drawn(lambda sums, seen: sums >= abs(seen) - 1e-9), one_side),
        (drawn(lambda sums, seen: np.abs(sums) >= seen - 1e-9), one_side),
        (
            lambda first, second: drawn(
                lambda sums, seen: np.abs(sums) >= abs(seen) / len(first) - 1e-9
            )(first, second),
            t("compare a mean with a mean, or a sum with a sum, not one with the other"),
        ),
        (scaled(0.5), t("that is half of the share: both sides count, and nothing is halved")),
        (drawn(two_sided, (0, 1)), swap),
        (drawn(two_sided, (-1, 0, 1)), swap),
        (scaled(-1.0, 1.0), not_p),
        (drawn(lambda sums, seen: np.abs(sums) < abs(seen) - 1e-9), not_p),
        (
            _torn_apart,
            t(
                "you shuffled all values together; only the two answers to the *same* question "
                "may change places"
            ),
        ),
        (
            _resampled,
            t("you drew questions at random; keep every question, and toss a coin for each"),
        ),
    ]


def _p_value_message(
    first: np.ndarray, second: np.ndarray, got: float, right: float, fault: str
) -> str:
    difference = second - first
    if not set(np.unique([first, second])) <= {0, 1}:
        return t(
            "For the scores of two systems on {n} questions you returned {got}; it should be about "
            "{right}: {fault}.",
            n=len(first),
            got=f"{got:.3f}",
            right=f"{right:.3f}",
            fault=fault,
        )
    return t(
        "For {n} questions, where the second system is right {wins} times alone and the first "
        "{losses} times alone, you returned {got}; it should be about {right}: {fault}.",
        n=len(first),
        wins=int((difference > 0).sum()),
        losses=int((difference < 0).sum()),
        got=f"{got:.3f}",
        right=f"{right:.3f}",
        fault=fault,
    )


def _torn_apart(first: np.ndarray, second: np.ndarray, draws: int = 2000) -> float:
    """The p-value of a test that forgets which two values belong to the same question."""
    rng, everything = np.random.default_rng(2), np.concatenate([first, second]).astype(float)
    mixed = rng.permuted(np.tile(everything, (draws, 1)), axis=1)
    sums = mixed[:, len(first) :].sum(axis=1) - mixed[:, : len(first)].sum(axis=1)
    return float(np.mean(np.abs(sums) >= abs(second.sum() - first.sum()) - 1e-9))


def _resampled(first: np.ndarray, second: np.ndarray, draws: int = 2000) -> float:
    """The share of bootstrap samples that lie at least as far from 0 as the difference."""
    difference = (second - first).astype(float)
    sums = np.random.default_rng(3).choice(difference, (draws, len(difference))).sum(axis=1)
    return float(np.mean(np.abs(sums) >= abs(difference.sum()) - 1e-9))
