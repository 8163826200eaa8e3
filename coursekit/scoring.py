"""Compare an answer with the gold answer: one normalisation for every score of the course."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from coursekit.corpus import Question
    from coursekit.rag import Hit

_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_APOSTROPHES = re.compile(r"(?<=\w)['’](?=\w)")
_TOKEN = re.compile(r"(?:(?<!\w)-)?\d+(?:\.\d+)+|(?<!\w)-\d\w*|\w+")
_ARTICLES = frozenset({"a", "an", "the"})


def normalise(text: str) -> list[str]:
    """Return the tokens of `text` that a comparison of answers looks at.

    Lower case, no punctuation, no articles. A number stays one token: "6.4" is kept, "-18"
    keeps its sign, and "4,310" becomes "4310". Singular and plural stay different. The idea is
    the answer normalisation of SQuAD (Rajpurkar et al., 2016), with care for numbers added.
    """
    plain = unicodedata.normalize("NFKC", text).lower().replace("\u2212", "-")
    plain = _APOSTROPHES.sub("", _THOUSANDS.sub("", plain))
    return [token for token in _TOKEN.findall(plain) if token not in _ARTICLES]


def contains_answer(text: str, answer: str) -> bool:
    """Say whether the tokens of `answer` stand in `text`, whole and in order.

    "4 litres" is not found in "6.4 litres", nor "20 minutes" in "120 minutes". An answer
    without any token (empty, or punctuation only) is never found.
    """
    wanted = normalise(answer)
    # Tokens hold no spaces, so a padded join compares whole tokens at the speed of `in`.
    return bool(wanted) and f" {' '.join(wanted)} " in f" {' '.join(normalise(text))} "


def exact_match(prediction: str, gold: str) -> bool:
    """Whether two answers are the same after `normalise`: nothing missing and nothing added."""
    return normalise(prediction) == normalise(gold)


def bootstrap_interval(
    values: Sequence[float], draws: int = 2000, seed: int = 0, level: float = 0.95
) -> tuple[float, float]:
    """Percentile bootstrap interval of the mean (Efron, 1979).

    Args:
        values: one number per question, for example 1.0 for right and 0.0 for wrong; shape (n,).
        draws: how many times n values are drawn with repetition.
        level: the share of draws whose mean lies inside the interval.

    Raises:
        ValueError: there are no values.
    """
    observed = np.asarray(values, dtype=float)
    if observed.size == 0:
        raise ValueError("There are no values, so there is no mean and no interval.")
    rng = np.random.default_rng(seed)
    means = rng.choice(observed, size=(draws, observed.size)).mean(axis=1)
    tail = (1 - level) / 2 * 100
    low, high = np.percentile(means, [tail, 100 - tail])
    return float(low), float(high)


def paired_interval(
    first: Sequence[float],
    second: Sequence[float],
    draws: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> tuple[float, float]:
    """Percentile bootstrap interval of the mean of `second - first`, question by question.

    Both systems answered the same questions, so a question that is hard for both cancels out, and
    the interval is narrower than those of the two shares. If it excludes 0, the systems differ.

    Args:
        first, second: one number per question, in the same order; shape (n,) each.

    Raises:
        ValueError: the two have different lengths, or there are no values.
    """
    if len(first) != len(second):
        raise ValueError(
            f"{len(first)} values cannot be paired with {len(second)}: both systems must have "
            "answered the same questions, in the same order."
        )
    difference = np.asarray(second, dtype=float) - np.asarray(first, dtype=float)
    return bootstrap_interval(difference, draws, seed, level)


def separation(scores: Sequence[float], right: Sequence[bool]) -> float:
    """The chance that a right answer, drawn at random, scores higher than a wrong one.

    A tie counts half. 0.5 is no better than a coin, 1.0 is a perfect order. The number is the
    area under the ROC curve (AUC), computed as the statistic of Mann and Whitney (1947).

    Raises:
        ValueError: the lengths differ, or all answers are right, or none is.
    """
    values, truth = np.asarray(scores, dtype=float), np.asarray(right, dtype=bool)
    if values.shape != truth.shape:
        raise ValueError(
            f"{values.size} scores do not fit {truth.size} answers: give one for each."
        )
    if truth.all() or not truth.any():
        raise ValueError("Right and wrong answers are both needed, and only one kind is here.")
    higher, lower = values[truth][:, None], values[~truth][None, :]
    return float(np.mean((higher > lower) + 0.5 * (higher == lower)))


def separation_interval(
    scores: Sequence[float], right: Sequence[bool], draws: int = 2000, seed: int = 0
) -> tuple[float, float]:
    """95 % percentile bootstrap interval of `separation`.

    Right and wrong answers are drawn apart, each with repetition. Raises ValueError as
    `separation` does.
    """
    separation(scores, right)
    values, truth = np.asarray(scores, dtype=float), np.asarray(right, dtype=bool)
    rng = np.random.default_rng(seed)
    kinds = [values[truth], values[~truth]]
    drawn = [
        separation(
            np.concatenate([rng.choice(kind, kind.size) for kind in kinds]),
            np.arange(truth.size) < truth.sum(),
        )
        for _ in range(draws)
    ]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(low), float(high)


def gold_found(
    hits_by_question: Sequence[Sequence[Hit]], questions: Sequence[Question]
) -> np.ndarray:
    """Whether each hit is a gold passage: bool array of shape (questions, hits), best hit first."""
    return np.array(
        [
            [hit.chunk.id in question.gold_passages for hit in hits]
            for hits, question in zip(hits_by_question, questions, strict=True)
        ]
    )


def contains_gold(answers: Sequence[str], questions: Sequence[Question]) -> np.ndarray:
    """Whether each answer contains its gold answer: bool array of shape (questions,).

    No answer is right for a question without a gold answer.
    """
    return np.array(
        [
            question.answer is not None and contains_answer(answer, question.answer)
            for answer, question in zip(answers, questions, strict=True)
        ]
    )
