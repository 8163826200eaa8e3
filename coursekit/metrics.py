"""Numbers for every station between documents and answer, and tests for two systems.

Lesson 07 builds them up; later lessons import them from here. What counts as the same answer, and
the bootstrap intervals, stand in `coursekit.scoring`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from functools import lru_cache
from math import comb
from typing import TYPE_CHECKING

import numpy as np

from coursekit.scoring import contains_answer, normalise, separation

if TYPE_CHECKING:
    from coursekit.corpus import Question
    from coursekit.rag import Hit

FAILURES = ("twin", "other", "misread", "wording", "invented")
_NUMBER = re.compile(r"\d[\d.,]*\d|\d")


def recall_at_k(ids: Sequence[str], gold: Collection[str], k: int) -> float:
    """The share of the gold passages that stand among the first k hits.

    Args:
        ids: ids of the hits, best first.
        gold: ids of the gold passages.
        k: number of hits to look at.

    Raises:
        ValueError: there are no gold passages, or k is below 1.
    """
    _require_gold(gold)
    _require_k(k)
    return len(set(ids[:k]) & set(gold)) / len(set(gold))


def reciprocal_rank(ids: Sequence[str], gold: Collection[str]) -> float:
    """1 / rank of the first gold passage among the hits, best first; 0 if there is none.

    The mean over many questions is called MRR. Raises ValueError without gold passages.
    """
    _require_gold(gold)
    return next((1 / rank for rank, id_ in enumerate(ids, start=1) if id_ in gold), 0.0)


def ndcg_at_k(ids: Sequence[str], gold: Collection[str], k: int) -> float:
    """Normalised discounted cumulative gain of the first k hits, with gain 1 for a gold passage.

    A gold passage at rank r counts 1 / log2(r + 1); the sum is divided by that of the best
    possible ranking (Järvelin and Kekäläinen, 2002). Between 0 and 1.

    Raises:
        ValueError: there are no gold passages, or k is below 1.
    """
    _require_gold(gold)
    _require_k(k)
    discounts = 1 / np.log2(np.arange(2, k + 2))  # rank 1 counts 1.0, rank 2 counts 0.63
    gains = [discounts[place] for place, id_ in enumerate(ids[:k]) if id_ in gold]
    return float(sum(gains) / sum(discounts[: len(set(gold))]))


def token_f1(prediction: str, gold: str) -> float:
    """Harmonic mean of precision and recall of the tokens that two answers share.

    Tokens are those of `normalise`, and a token that stands twice must be matched twice (SQuAD,
    Rajpurkar et al., 2016). Two empty answers agree (1.0); one empty answer does not (0.0).
    """
    predicted, wanted = Counter(normalise(prediction)), Counter(normalise(gold))
    if not predicted or not wanted:
        return float(predicted == wanted)
    return 2 * (predicted & wanted).total() / (predicted.total() + wanted.total())


def grounded_share(answer: str, passage: str) -> float:
    """The share of the answer's tokens that stand in the passage; 0.0 for an empty answer."""
    tokens, known = normalise(answer), set(normalise(passage))
    return sum(token in known for token in tokens) / len(tokens) if tokens else 0.0


def citation_precision(cited: Sequence[Collection[str]], gold: Sequence[Collection[str]]) -> float:
    """The share of all cited passages that are gold passages of their question.

    Args:
        cited: for each answer the ids of the passages that it names; may be empty.
        gold: for each question the ids of its gold passages.

    Returns: nan if nothing is cited, since a share of nothing has no value.

    Raises:
        ValueError: the two have different lengths.
    """
    _require_pairs(cited, gold)
    right = [id_ in wanted for ids, wanted in zip(cited, gold, strict=True) for id_ in ids]
    return sum(right) / len(right) if right else float("nan")


def likely_source(answer: str, hits: Sequence[Hit]) -> str:
    """The id of the hit whose passage holds the largest share of the answer's tokens.

    The better hit wins a tie. Raises ValueError without hits.
    """
    if not hits:
        raise ValueError("There are no hits, so none of them can be the source. Retrieve first.")
    return max(hits, key=lambda hit: grounded_share(answer, hit.chunk.text)).chunk.id


def failure_kind(question: Question, hit: Hit, answer: str) -> str:
    """Say what went wrong with an answer that was read from one hit, or "right".

    "invented": no document answers the question. "twin" and "other": the hit is no gold passage,
    and belongs to another product of the same family or not. "wording" and "misread": the hit is
    a gold passage, and the answer's first number is that of the gold answer or not.
    """
    if question.answer is None:
        return "invented"
    if contains_answer(answer, question.answer):
        return "right"
    if hit.chunk.id not in question.gold_passages:
        same = question.family is not None and hit.chunk.family == question.family
        return "twin" if same and hit.chunk.product != question.product else "other"
    wanted, said = _NUMBER.search(question.answer), _NUMBER.search(answer)
    return "wording" if wanted and said and wanted[0] == said[0] else "misread"


def source_names_cause(question: Question, hit: Hit) -> bool:
    """Whether the source of a wrong answer tells a reader which step failed.

    It does if it is about another product than the question (the search failed), or if it holds
    the gold answer (the reading failed). Otherwise the answer may stand elsewhere or nowhere.
    """
    if question.answer is None:
        return False
    other_product = question.product != hit.chunk.product
    return other_product or contains_answer(hit.chunk.text, question.answer)


def balanced_accuracy(judged: Sequence[bool], right: Sequence[bool]) -> float:
    """The mean of two shares: right answers judged right, and wrong answers judged wrong.

    A judge that always says the same gets 0.5, however often it happens to agree.

    Raises:
        ValueError: different lengths, or all answers are of one kind.
    """
    return separation(np.asarray(judged, dtype=float), right)


def refusal_precision_recall(
    scores: Sequence[float], answerable: Sequence[bool], threshold: float
) -> tuple[float, float]:
    """Precision and recall of the rule "refuse if the score is below the threshold".

    Precision: of the refused questions, the share that has no answer (1.0 if none is refused).
    Recall: of the questions without an answer, the share that is refused.

    Raises:
        ValueError: different lengths, or every question has an answer.
    """
    _require_pairs(scores, answerable)
    refused = np.asarray(scores, dtype=float) < threshold
    hopeless = ~np.asarray(answerable, dtype=bool)
    if not hopeless.any():
        raise ValueError(
            "Every question here has an answer, so the recall of a refusal has no value. Add "
            "questions that the documents do not answer."
        )
    caught = (refused & hopeless).sum()
    return float(caught / refused.sum()) if refused.any() else 1.0, float(caught / hopeless.sum())


def f_beta(precision: float, recall: float, beta: float = 1.0) -> float:
    """Weighted harmonic mean of precision and recall; recall weighs beta times as much.

    From van Rijsbergen (1979). 0.0 if both are 0.
    """
    weight = beta**2
    bottom = weight * precision + recall
    return (1 + weight) * precision * recall / bottom if bottom else 0.0


def sign_test(first: Sequence[float], second: Sequence[float]) -> float:
    """Two-sided p-value of the exact sign test on the questions where two systems differ.

    If both were equally good, each such question would be a fair coin. For right and wrong
    answers, this is McNemar's exact test (1947). 1.0 if they never differ.

    Raises:
        ValueError: the two have different lengths, or there are no values.
    """
    difference = _differences(first, second)
    return _coin_p_value(int((difference > 0).sum()), int((difference < 0).sum()))


@lru_cache(maxsize=100_000)
def _coin_p_value(wins: int, losses: int) -> float:
    """How often a fair coin falls at least as unevenly as that, on either side."""
    tosses = wins + losses
    tail = sum(comb(tosses, heads) for heads in range(min(wins, losses) + 1))
    return min(1.0, 2 * tail / 2**tosses)


def permutation_test(
    first: Sequence[float], second: Sequence[float], draws: int = 10_000, seed: int = 0
) -> float:
    """Two-sided p-value of the paired permutation test on the mean difference (Fisher, 1935).

    For each question, a coin decides whether the two systems change places. The p-value is the
    share of draws whose mean difference is at least as far from 0 as the observed one; the
    observed one counts as a draw, so that it is never 0.

    Raises:
        ValueError: the two have different lengths, or there are no values.
    """
    difference = _differences(first, second)
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], size=(draws, difference.size))
    sums = np.abs(signs @ difference)
    as_far = (sums >= abs(difference.sum()) - 1e-9).sum()
    return float((as_far + 1) / (draws + 1))


def paired_power(
    share: float,
    difference: float,
    correlation: float,
    questions: int,
    draws: int = 1000,
    seed: int = 0,
) -> float:
    """How often a sign test finds a true difference, at p < 0.05, in simulated experiments.

    Args:
        share: of right answers of the first system.
        difference: the second system's share minus the first one's.
        correlation: of the two systems' right answers over the same questions.
        questions: number of questions in each experiment.

    Raises:
        ValueError: no such pair of systems exists, such as a share above 1, or a correlation
            that the two shares do not allow.
    """
    other = share + difference
    spread = np.sqrt(max(share * (1 - share), 0) * max(other * (1 - other), 0))
    both = share * other + correlation * spread
    shares = np.array([other - both, share - both])  # only the second is right, only the first
    if not (0 <= share <= 1 and 0 <= other <= 1 and shares.min() >= -1e-12):
        raise ValueError(
            f"Two systems with shares {share:.2f} and {other:.2f} cannot have a correlation of "
            f"{correlation:.2f}. Take a smaller difference or correlation."
        )
    shares = np.clip([*shares, 1 - shares.sum()], 0, 1)
    counts = np.random.default_rng(seed).multinomial(questions, shares, size=draws)
    found = [_coin_p_value(int(wins), int(losses)) < 0.05 for wins, losses, _ in counts]
    return float(np.mean(found))


def _differences(first: Sequence[float], second: Sequence[float]) -> np.ndarray:
    _require_pairs(first, second)
    if len(first) == 0:
        raise ValueError("There are no values, so there is nothing to compare.")
    return np.asarray(second, dtype=float) - np.asarray(first, dtype=float)


def _require_pairs(first: Sequence[object], second: Sequence[object]) -> None:
    if len(first) != len(second):
        raise ValueError(
            f"{len(first)} values cannot be paired with {len(second)}: both lists need one entry "
            "for each question, in the same order."
        )


def _require_gold(gold: Collection[str]) -> None:
    if isinstance(gold, str):
        raise ValueError(
            f"The gold passages are one text, {gold!r}. Give a list or set of ids, even for one."
        )
    if not gold:
        raise ValueError(
            "This question has no gold passages, so no ranking of it can be right or wrong. Leave "
            "unanswerable questions out of retrieval scores, and measure refusal on them."
        )


def _require_k(k: int) -> None:
    if k < 1:
        raise ValueError(f"k is {k}: look at one hit at least.")
