"""Checks of lesson 01, three_ways_to_teach_a_model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from coursekit.exercises import Wrong, as_list, as_number, call, exercise
from coursekit.language import t
from coursekit.scoring import normalise, separation


@exercise(
    "01.1",
    title=lambda: t("One number for an answer"),
    hints=lambda: [
        t("The geometric mean of n numbers is the n-th root of their product."),
        t("With logarithms that is easy: take their mean, then go back from the logarithm."),
        t("`np.exp(np.mean(log_probabilities))`"),
    ],
)
def check_answer_probability(answer_probability: Callable[..., Any]) -> None:
    for probabilities in (
        [0.9, 0.8, 0.1],
        [0.5, 0.125],
        [0.64],
        [0.25, 0.25, 0.25, 0.25],
        [0.98, 0.002, 0.7, 0.31, 0.55],
        [1.0, 1.0],
        [0.01] * 400,  # the product itself is smaller than any float
    ):
        p = np.array(probabilities)
        logs = np.log(p)
        n, mean = len(p), logs.mean()
        got = _probability(answer_probability, logs)
        right = float(np.exp(mean))
        if np.isclose(got, right, rtol=1e-3, atol=1e-6):
            continue
        if np.isclose(got, mean, rtol=1e-3):
            fault = t("that is the mean of the logarithms; go back from it with `np.exp`")
        elif np.isclose(got, logs.sum(), rtol=1e-3):
            fault = t("that is the sum of the logarithms; take their mean, then `np.exp`")
        elif n > 100 and (got == 0 or np.isinf(got)):
            fault = t(
                "the product of {n} small numbers runs into zero; take the mean of the logarithms "
                "before you use `np.exp`",
                n=n,
            )
        elif got == 0:
            fault = t("a product that begins at 0 stays 0; begin at 1, or add the logarithms")
        elif np.isclose(got, p.prod(), rtol=1e-3, atol=1e-9):
            fault = t(
                "that is the product of the probabilities, which falls with every token; take the "
                "mean of the logarithms instead of their sum"
            )
        elif np.isclose(got, p.mean(), rtol=1e-3):
            fault = t(
                "that is the ordinary mean of the probabilities; take the mean of the logarithms "
                "first, and `np.exp` after it"
            )
        elif np.isclose(got, p.sum(), rtol=1e-3):
            fault = t("that is the sum of the probabilities; take the mean of the logarithms")
        elif np.isclose(got, n / (1 / p).sum(), rtol=1e-3):
            fault = t("that is the harmonic mean; the geometric mean is needed")
        elif np.isclose(got, np.exp(-mean), rtol=1e-3):
            fault = t(
                "that is the perplexity, one over the geometric mean; the logarithms are negative, "
                "and must stay so"
            )
        elif np.isclose(got, 10**mean, rtol=1e-3):
            fault = t("these are natural logarithms: go back with `np.exp`, not with powers of 10")
        elif np.isclose(got, 2**mean, rtol=1e-3):
            fault = t("these are natural logarithms: go back with `np.exp`, not with powers of 2")
        elif np.isclose(got, np.exp(np.median(logs)), rtol=1e-3):
            fault = t("that is the median; every token counts in the mean")
        elif np.isclose(p, got, rtol=1e-3).any():
            fault = t("that is the probability of one token; all of them count")
        elif n != 2 and np.isclose(got, np.sqrt(p.prod()), rtol=1e-3):
            fault = t("that is the square root of the product; {n} tokens need root {n}", n=n)
        elif np.isclose(got, p.prod() / n, rtol=1e-3):
            fault = t("the mean has to be taken before `np.exp`, not after it")
        elif any(np.isclose(got, np.exp(logs.sum() / m), rtol=1e-3) for m in (n - 1, n + 1) if m):
            fault = t("divide the sum of the logarithms by {n}, the number of tokens", n=n)
        elif np.isclose(got, np.exp((logs.sum() - logs) / n), rtol=1e-3).any():
            fault = t("one of the tokens is missing from the sum")
        elif np.isclose(got, np.exp(logs / n), rtol=1e-3).any():
            fault = t("one token alone reached the sum; let the loop end before you return")
        elif np.isclose(got, 100 * right, rtol=1e-3):
            fault = t("a probability runs from 0 to 1, not to 100")
        elif abs(got - right) <= 0.0051:
            fault = t("do not round; the right result is {right}", right=f"{right:.4f}")
        elif np.isclose(got, 0.25):
            fault = t("that is the result of the example; work with the values you were given")
        else:
            fault = t("the right result is {right}", right=f"{right:.4f}")
        shown = ", ".join(f"{value:g}" for value in probabilities[:5])
        raise Wrong(
            t(
                "For the logarithms of the {n} probabilities {shown} you returned {got}: {fault}.",
                n=n,
                shown=shown + (", ..." if n > 5 else ""),
                got=f"{got:.4g}",
                fault=fault,
            )
        )


def _probability(answer_probability: Callable[..., Any], logs: np.ndarray) -> float:
    """What the learner's function returns for an array, or for a list if it cannot read arrays."""
    try:
        result = call(answer_probability, logs.copy())
    except Wrong as on_an_array:
        try:
            result = call(answer_probability, logs.tolist())
        except Wrong:
            raise on_an_array from None
    if isinstance(result, float | np.floating) and np.isnan(result):
        raise Wrong(
            t(
                "You returned nan, which is no number. The input holds logarithms already, all of "
                "them negative or 0: they have neither a logarithm nor a root."
            )
        )
    return as_number(result)


@exercise(
    "01.2",
    title=lambda: t("Right against wrong"),
    hints=lambda: [
        t("Split `confidence` into two lists first: those of right and those of wrong answers."),
        t("Two nested loops give every pair. Add 1 if the right one is higher, 0.5 at a tie."),
        t("Divide the points by the number of pairs, `len(good) * len(bad)`."),
    ],
)
def check_chance(chance: Callable[..., Any]) -> None:
    rng = np.random.default_rng(12)
    cases = [
        (
            [0.3, 0.8, 0.6, 0.4, 0.5, 0.2, 0.9],
            [True, True, True, False, False, False, True],
        ),
        ([0.7, 0.5, 0.5, 0.6, 0.4], [True, False, True, False, False]),
        ([0.9, 0.4, 0.6], [True, True, False]),
        ([0.8, 0.7, 0.2], [True, False, False]),
        ([0.3, 0.9, 0.4, 0.8], [True, False, True, False]),
        ([0.5, 0.5, 0.7, 0.5], [True, False, True, False]),
        ([0.5, 0.5, 0.5], [False, True, False]),
        ([0.412, 0.409, 0.411, 0.41], [True, False, False, True]),
    ]
    for n in (9, 25):
        truth = rng.permutation(np.arange(n) < round(0.6 * n))
        cases.append(((rng.random(n) * 0.6 + 0.25 * truth).round(1).tolist(), truth.tolist()))
    for confidence, right in cases:
        values, truth = np.array(confidence), np.array(right)
        got = as_number(call(chance, list(confidence), list(right)))
        expected = separation(values, truth)
        if np.isclose(got, expected, atol=1e-6):
            continue
        good, bad = values[truth][:, None], values[~truth][None, :]
        over, ties = int((good > bad).sum()), int((good == bad).sum())
        pairs = good.size * bad.size
        n, points = len(right), over + ties / 2
        wins = (good > bad) + 0.5 * (good == bad)
        few = (values * 10).round()
        if np.isclose(got, 100 * expected):
            fault = t("a share runs from 0 to 1, not to 100")
        elif got > 1 and np.isclose(got, points):
            fault = t("that is the number of points; divide it by the {pairs} pairs", pairs=pairs)
        elif ties and np.isclose(got, over / pairs):
            fault = t("equal pairs: {ties}; each of them counts half", ties=ties)
        elif ties and np.isclose(got, (over + ties) / pairs):
            fault = t("equal pairs: {ties}; each of them counts half, not whole", ties=ties)
        elif ties and np.isclose(got, over / max(1, pairs - ties)):
            fault = t("you left equal pairs out; each of them is a pair and counts half")
        elif np.isclose(got, 1 - expected):
            fault = t("the other way round: count the pairs in which the *right* one is higher")
        elif not ties and len(set(few)) < n and np.isclose(got, separation(few, truth)):
            fault = t("only equal numbers count half, not nearly equal ones")
        elif any(np.isclose(got, points / m) for m in (n, n**2, n * (n - 1) / 2)):
            fault = t(
                "only pairs of a right and a wrong answer count, so divide by {pairs}", pairs=pairs
            )
        elif got == 0 and points:
            fault = t(
                "{points:g} points over {pairs} pairs are more than 0; `//` would cut that off",
                points=points,
                pairs=pairs,
            )
        elif np.isclose(got, good.mean() - bad.mean()):
            fault = t("that is the difference of the two means; count pairs instead")
        elif np.isclose(got, truth.mean()):
            fault = t("that is the share of right answers; the confidence must be compared")
        elif np.isclose(got, np.diag(wins).mean()):
            fault = t(
                "`zip` takes one partner for each answer; compare every right answer with every "
                "wrong one, in two loops"
            )
        elif np.isclose(got, wins[0].mean()):
            fault = t("only the first right answer was compared; return after all loops")
        elif np.isclose(got, float(good.mean() > bad.mean())):
            fault = t("comparing the two means gives one answer only; compare every pair")
        elif np.isclose(got, (good > bad.max()).mean()):
            fault = t("a right answer need not beat all the wrong ones; count each pair alone")
        elif np.isclose(got, ((values > 0.5) == truth).mean()):
            fault = t("no limit such as 0.5 is needed; compare the two answers of each pair")
        elif np.isclose(got, separation(np.sort(values), truth)):
            fault = t("sorted on its own, `confidence` no longer belongs to `right`")
        elif np.isclose(got, wins[np.ix_(*(_firsts(v) for v in (good, bad)))].mean()):
            fault = t("equal numbers fall together in a set; keep lists")
        elif abs(got - expected) <= 0.051 and np.isclose(got, round(got, 2), atol=1e-9):
            fault = t("do not round; the share is {right}", right=f"{expected:.4f}")
        elif np.isclose(got, 0.5):
            fault = t(
                "0.5 is the result of the example, and of all pairs of any kind; take the pairs "
                "of a right and a wrong answer from the values you were given"
            )
        else:
            fault = t(
                "of {pairs} pairs, {over} are higher and {ties} equal, which gives {right}",
                pairs=pairs,
                over=over,
                ties=ties,
                right=f"{expected:.3f}",
            )
        raise Wrong(
            t(
                "For {confidence} and {right} you returned {got}: {fault}.",
                confidence=confidence if len(confidence) < 8 else t("{n} answers", n=len(right)),
                right=right if len(right) < 8 else t("their marks"),
                got=f"{got:.4g}",
                fault=fault,
            )
        )


def _firsts(values: np.ndarray) -> np.ndarray:
    """Where each different value stands first."""
    return np.unique(values.ravel(), return_index=True)[1]


@exercise(
    "01.3",
    title=lambda: t("The majority"),
    hints=lambda: [
        t("`normalise(text)` returns a list; join it, or make it a tuple, so that it is counted."),
        t("`keys = [' '.join(normalise(s)) for s in samples]`, then count the keys."),
        t("`winner = max(keys, key=keys.count)`; `keys.index(winner)` leads back to the sample."),
    ],
)
def check_majority(majority: Callable[..., Any]) -> None:
    for samples in (
        ["Lyon", "Paris", "paris", "PARIS!", "paris."],
        ["Paris", "paris.", "Lyon"],
        ["4,310 euros", "4310 euros", "4130 euros", "4130"],
        ["the Danube", "Danube", "Rhine", "Rhine", "The Danube."],
        ["45 minutes"],
        ["oak", "ash", "elm"],
        ["The Rhine", "Rhine", "a Rhine", "Danube", "Danube"],
        ["Bern", "Zurich", "Bern", "Zurich"],
        ["New York", "New Delhi", "New York."],
        ["1 of 2", "2 of 1", "1 of 2."],
        ["Pago", "Pago Pago", "pago pago"],
        ["1 12", "11 2", "1 12."],
        ["Paris", "...", "paris", "Lyon"],
    ):
        keys = [" ".join(normalise(sample)) for sample in samples]
        most = max(keys.count(key) for key in keys)
        result = call(majority, list(samples))
        if isinstance(result, dict):
            raise Wrong(t("You returned a dict; the pair (answer, share) is needed."))
        got = as_list(result)
        if len(got) != 2:
            raise Wrong(
                t(
                    "The pair (answer, share) has two parts; what you returned has {n}.",
                    n=len(got),
                )
            )
        if not isinstance(got[0], str) and isinstance(got[1], str):
            raise Wrong(t("The answer comes first and the share second: swap the two."))
        answer = got[0]
        if isinstance(answer, list | tuple) and all(isinstance(word, str) for word in answer):
            raise Wrong(
                t(
                    "For {samples} the answer you returned is a list of tokens; return a text.",
                    samples=samples,
                )
            )
        if not isinstance(answer, str):
            raise Wrong(
                t("The answer you returned is {got}; a text is needed.", got=repr(answer)[:60])
            )
        share = as_number(got[1])
        key = " ".join(normalise(answer))
        count = keys.count(key)
        if count == most and np.isclose(share, most / len(keys), atol=1e-6):
            continue
        raw = max(samples.count(sample) for sample in samples)
        lowered = [sample.lower() for sample in samples]
        if count == 0:
            fault = t("no sample says {answer!r}; return one of the samples", answer=answer)
        elif count < most:
            fault = t(
                "after `normalise`, the most common answer has {most} of the samples, and "
                "{answer!r} has only {count}",
                most=most,
                count=count,
                answer=answer,
            )
        elif np.isclose(share, most):
            fault = t("that is a number of samples; divide it by {n}", n=len(samples))
        elif np.isclose(share, 100 * most / len(keys), atol=0.5):
            fault = t("a share runs from 0 to 1, not to 100")
        elif abs(share - most / len(keys)) < 0.006:
            fault = t("the share must not be rounded")
        elif share > 1 and np.isclose(share, most / len(set(keys))):
            fault = t("divide by all {n} samples, not by the different ones", n=len(samples))
        elif np.isclose(share, raw / len(keys)) or np.isclose(
            share, max(map(lowered.count, lowered)) / len(keys)
        ):
            fault = t("spellings that `normalise` makes the same must be counted together")
        elif len(keys) > 1 and np.isclose(share, (most - 1) / (len(keys) - 1)):
            fault = t("the answer itself is a sample too: {most} of {n}", most=most, n=len(keys))
        elif np.isclose(share, (most - 1) / len(keys)):
            fault = t("count from 1: {most} of {n} samples say so", most=most, n=len(keys))
        elif np.isclose(share, 1 / len(set(keys))):
            fault = t("that is one over the number of different answers; count the samples")
        elif np.isclose(share, most / max(1, len(keys) - keys.count(""))):
            fault = t("a sample without a word counts too: divide by {n}", n=len(keys))
        elif most / len(keys) < share <= 1:
            fault = t(
                "samples with different tokens were counted together; {most} of {n} say so",
                most=most,
                n=len(keys),
            )
        else:
            fault = t("{most} of {n} samples say so", most=most, n=len(samples))
        raise Wrong(
            t(
                "For {samples} you returned ({answer!r}, {share}): {fault}.",
                samples=samples,
                answer=answer,
                share=f"{share:.4g}",
                fault=fault,
            )
        )
