"""Metrics: each against a library that people use, and against cases done by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from tiny_models import chunk

from coursekit.corpus import Question
from coursekit.metrics import (
    FAILURES,
    balanced_accuracy,
    citation_precision,
    f_beta,
    failure_kind,
    grounded_share,
    likely_source,
    ndcg_at_k,
    paired_power,
    permutation_test,
    recall_at_k,
    reciprocal_rank,
    refusal_precision_recall,
    sign_test,
    source_names_cause,
    token_f1,
)
from coursekit.rag import Hit
from coursekit.scoring import separation


def rankings(seed: int = 7, count: int = 60) -> list[tuple[list[str], set[str]]]:
    """Random rankings of ten ids with one to four gold ids, some of which were not found."""
    rng = np.random.default_rng(seed)
    names = [f"c{number}" for number in range(14)]
    return [
        (list(rng.permutation(names)[:10]), set(rng.choice(names, rng.integers(1, 5), False)))
        for _ in range(count)
    ]


@pytest.mark.parametrize("k", [1, 3, 5, 10])
def test_retrieval_metrics_agree_with_ir_measures(k):
    import ir_measures
    from ir_measures import RR, R, nDCG

    cases = rankings()
    qrels = [
        ir_measures.Qrel(str(number), id_, 1)
        for number, (_, gold) in enumerate(cases)
        for id_ in gold
    ]
    run = [
        ir_measures.ScoredDoc(str(number), id_, -float(place))
        for number, (ids, _) in enumerate(cases)
        for place, id_ in enumerate(ids)
    ]
    ours = {
        R @ k: [recall_at_k(ids, gold, k) for ids, gold in cases],
        nDCG @ k: [ndcg_at_k(ids, gold, k) for ids, gold in cases],
        RR: [reciprocal_rank(ids, gold) for ids, gold in cases],
    }
    seen = 0
    for value in ir_measures.iter_calc(list(ours), qrels, run):
        assert value.value == pytest.approx(ours[value.measure][int(value.query_id)], abs=1e-6)
        seen += 1
    assert seen == 3 * len(cases)


def test_retrieval_metrics_by_hand():
    ids = ["a", "b", "c", "d"]
    assert recall_at_k(ids, ["b", "d"], 2) == 0.5
    assert recall_at_k(ids, ["b"], 99) == 1.0
    assert recall_at_k([], ["b"], 3) == 0.0
    assert recall_at_k(["b", "b"], ["b", "d"], 2) == 0.5
    assert reciprocal_rank(ids, {"d", "c"}) == pytest.approx(1 / 3)
    assert reciprocal_rank(ids, ["z"]) == 0.0
    assert ndcg_at_k(ids, ["a"], 1) == 1.0
    assert ndcg_at_k(ids, ["b"], 3) == pytest.approx(1 / math.log2(3))
    assert ndcg_at_k(ids, ["a", "b"], 1) == 1.0  # one place only, so one gold passage fills it
    assert ndcg_at_k(ids, ["z"], 4) == 0.0


@pytest.mark.parametrize("metric", [recall_at_k, ndcg_at_k])
def test_retrieval_metrics_refuse_what_has_no_value(metric):
    with pytest.raises(ValueError, match="no gold passages.*measure refusal"):
        metric(["a"], [], 3)
    with pytest.raises(ValueError, match="k is 0: look at one hit"):
        metric(["a"], ["a"], 0)
    with pytest.raises(ValueError, match="one text, 'plover-8-manual#1'.*list or set"):
        metric(["a"], "plover-8-manual#1", 3)


def test_a_reciprocal_rank_needs_gold_passages():
    with pytest.raises(ValueError, match="no gold passages"):
        reciprocal_rank(["a"], ())


@pytest.mark.parametrize(
    ("prediction", "gold", "value"),
    [
        ("38 minutes", "38 minutes", 1.0),
        ("It takes 38 minutes.", "38 minutes", 2 / 3),
        ("50 minutes", "38 minutes", 0.5),
        ("45mm", "45 millimetres", 0.0),
        ("minutes minutes", "38 minutes", 0.5),
        ("The ash", "ash", 1.0),
        ("", "38 minutes", 0.0),
        ("38 minutes", "", 0.0),
        ("", " the ", 1.0),
    ],
)
def test_token_f1(prediction, gold, value):
    assert token_f1(prediction, gold) == pytest.approx(value)
    assert token_f1(gold, prediction) == pytest.approx(value)


def test_token_f1_is_the_f1_of_scikit_learn_where_no_token_stands_twice():
    f1_score = pytest.importorskip("sklearn.metrics").f1_score

    words = [f"w{number}" for number in range(12)]
    rng = np.random.default_rng(3)
    for _ in range(40):
        said, gold = rng.random((2, 12)) < 0.5
        said[0] = gold[1] = True
        texts = [
            " ".join(w for w, inside in zip(words, row, strict=True) if inside)
            for row in (said, gold)
        ]
        assert token_f1(*texts) == pytest.approx(f1_score(gold, said), abs=1e-9)


def test_grounded_share():
    assert grounded_share("The wake time is 50 minutes.", "Wake time: 38 minutes.") == 3 / 5
    assert grounded_share("", "anything") == 0.0
    assert grounded_share("anything", "") == 0.0


def test_citation_precision():
    assert citation_precision([["a"], ["b", "c"], []], [{"a"}, {"c"}, {"d"}]) == 2 / 3
    assert math.isnan(citation_precision([[], []], [{"a"}, {"c"}]))
    with pytest.raises(ValueError, match="1 values cannot be paired with 2"):
        citation_precision([["a"]], [{"a"}, {"b"}])


def test_separation_and_balanced_accuracy_agree_with_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")

    rng = np.random.default_rng(5)
    for n in (10, 57, 200):
        truth = rng.random(n) < 0.6
        truth[:2] = True, False
        scores = np.round(rng.normal(size=n) + truth, 1)  # rounded, so that there are ties
        assert separation(scores, truth) == pytest.approx(
            metrics.roc_auc_score(truth, scores), abs=1e-9
        )
        judged = scores > 0.5
        expected = metrics.balanced_accuracy_score(truth, judged)
        assert balanced_accuracy(judged, truth) == pytest.approx(expected, abs=1e-9)


def test_a_judge_that_always_says_yes_is_a_coin():
    right = [True] * 79 + [False] * 21
    assert balanced_accuracy([True] * 100, right) == 0.5
    assert balanced_accuracy([False] * 100, right) == 0.5
    assert balanced_accuracy(right, right) == 1.0


def test_a_judge_of_one_kind_of_answer_cannot_be_judged():
    with pytest.raises(ValueError, match="Right and wrong answers are both needed"):
        balanced_accuracy([True, False], [True, True])
    with pytest.raises(ValueError, match="2 scores do not fit 3 answers"):
        balanced_accuracy([True, False], [True, True, False])


def test_refusal_agrees_with_scikit_learn_at_each_threshold():
    metrics = pytest.importorskip("sklearn.metrics")

    rng = np.random.default_rng(11)
    answerable = rng.random(80) < 0.8
    scores = np.round(0.5 + 0.2 * answerable + 0.1 * rng.normal(size=80), 2)
    for threshold in np.unique(scores)[1:]:
        refused = scores < threshold
        precision, recall = refusal_precision_recall(scores, answerable, threshold)
        assert precision == pytest.approx(metrics.precision_score(~answerable, refused), abs=1e-9)
        assert recall == pytest.approx(metrics.recall_score(~answerable, refused), abs=1e-9)
        for beta in (0.5, 1.0, 2.0):
            expected = metrics.fbeta_score(~answerable, refused, beta=beta)
            assert f_beta(precision, recall, beta) == pytest.approx(expected, abs=1e-9)


def test_refusal_at_its_ends():
    scores, answerable = [0.9, 0.3], [True, False]
    assert refusal_precision_recall(scores, answerable, 0.3) == (1.0, 0.0)  # equal is not below
    assert refusal_precision_recall(scores, answerable, 0.5) == (1.0, 1.0)
    assert refusal_precision_recall(scores, answerable, 2.0) == (0.5, 1.0)
    assert f_beta(0.0, 0.0) == 0.0
    with pytest.raises(ValueError, match="Every question here has an answer"):
        refusal_precision_recall(scores, [True, True], 0.5)
    with pytest.raises(ValueError, match="2 values cannot be paired with 1"):
        refusal_precision_recall(scores, [True], 0.5)


def pairs_of_systems() -> list[tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(17)
    return [
        ((rng.random(n) < 0.7).astype(float), (rng.random(n) < share).astype(float))
        for n, share in ((30, 0.7), (60, 0.5), (145, 0.8), (200, 0.3))
    ]


def test_the_sign_test_agrees_with_scipy():
    binomtest = pytest.importorskip("scipy.stats").binomtest

    for first, second in pairs_of_systems():
        wins, losses = int((second > first).sum()), int((second < first).sum())
        expected = binomtest(wins, wins + losses).pvalue
        assert sign_test(first, second) == pytest.approx(expected, abs=1e-9)
        assert sign_test(second, first) == pytest.approx(expected, abs=1e-9)
    assert sign_test([1, 0, 1], [1, 0, 1]) == 1.0


def test_the_permutation_test_agrees_with_scipy():
    scipy_test = pytest.importorskip("scipy.stats").permutation_test

    for first, second in pairs_of_systems():
        expected = scipy_test(
            (first, second),
            lambda a, b, axis: np.mean(a, axis=axis) - np.mean(b, axis=axis),
            permutation_type="samples",
            vectorized=True,
            n_resamples=9999,
            rng=np.random.default_rng(0),
        ).pvalue
        # Two shares of 10 000 draws each: they differ by chance by less than this.
        assert permutation_test(first, second) == pytest.approx(expected, abs=0.025)


def test_the_permutation_test_agrees_with_the_sign_test_on_right_and_wrong():
    for first, second in pairs_of_systems():
        assert permutation_test(first, second) == pytest.approx(sign_test(first, second), abs=0.025)


def test_a_permutation_test_takes_scores_and_is_never_zero():
    first = np.linspace(0, 1, 40)
    assert 0 < permutation_test(first, first + 0.2, draws=500) < 0.01
    assert permutation_test(first, first) == 1.0
    assert permutation_test([0.3], [0.9]) == 1.0  # one question: both signs are as far


@pytest.mark.parametrize("test", [sign_test, permutation_test])
def test_pairs_are_needed(test):
    with pytest.raises(ValueError, match="3 values cannot be paired with 2.*same order"):
        test([1, 0, 1], [1, 0])
    with pytest.raises(ValueError, match="There are no values"):
        test([], [])


def test_power_grows_with_questions_and_with_correlation():
    few, many = (paired_power(0.8, -0.1, 0.45, n) for n in (50, 400))
    assert few < 0.5 < 0.9 < many
    assert paired_power(0.8, -0.1, 0.0, 145) < paired_power(0.8, -0.1, 0.6, 145)


def test_without_a_difference_a_test_finds_one_in_at_most_a_twentieth():
    assert paired_power(0.8, 0.0, 0.3, 200, draws=4000) < 0.06


def test_power_agrees_with_the_normal_approximation():
    # Sample size for McNemar's test (Connor, 1987): 80 % power for discordant shares 0.2 and 0.1.
    both = 0.2 + 0.1
    needed = ((1.96 * both**0.5 + 0.842 * (both - 0.1**2) ** 0.5) / 0.1) ** 2
    correlation = (0.5 - 0.6 * 0.7) / (0.6 * 0.4 * 0.7 * 0.3) ** 0.5
    power = paired_power(0.6, 0.1, correlation, round(needed), draws=4000)
    assert power == pytest.approx(0.8, abs=0.04)


def test_impossible_pairs_of_systems_are_refused():
    with pytest.raises(ValueError, match="shares 0.80 and 0.90 cannot have a correlation of 0.99"):
        paired_power(0.8, 0.1, 0.99, 100)
    with pytest.raises(ValueError, match="0.95 and 1.05"):
        paired_power(0.95, 0.1, 0.0, 100)


def hit_on(id_: str, text: str, product: str | None = "oven-2", family: str | None = "oven") -> Hit:
    return Hit(replace(chunk("x", text), id=id_, product=product, family=family), 0.7, 1)


def asked(answer: str | None, product: str | None = "oven-2") -> Question:
    family = None if product is None else "oven"
    gold = () if answer is None else ("manual#1",)
    return Question("q", "How long?", answer, "prose", "test", product, family, gold)


GOLD, TWIN = hit_on("manual#1", "It takes 45 minutes."), hit_on("twin#1", "50 minutes", "oven-3")
OWN, ELSEWHERE = hit_on("manual#2", "It is red."), hit_on("news#0", "54 minutes", "mixer", "mixer")
COMPANY = hit_on("hours#2", "We open at 8.", None, None)


@pytest.mark.parametrize(
    ("answer", "hit", "said", "kind"),
    [
        ("45 minutes", GOLD, "It takes 45 minutes.", "right"),
        ("45 minutes", TWIN, "It takes 45 minutes.", "right"),
        ("45 minutes", GOLD, "It takes 45min.", "wording"),
        ("45 minutes", GOLD, "It takes 4 minutes.", "misread"),
        ("45 minutes", GOLD, "It takes long.", "misread"),
        ("smoked ash", GOLD, "It is ash.", "misread"),
        ("4,500 euros", GOLD, "4,500 in all", "wording"),
        ("45 minutes", TWIN, "50 minutes", "twin"),
        ("45 minutes", OWN, "red", "other"),
        ("45 minutes", ELSEWHERE, "54 minutes", "other"),
        (None, GOLD, "45 minutes", "invented"),
    ],
)
def test_failures_have_kinds(answer, hit, said, kind):
    assert failure_kind(asked(answer), hit, said) == kind
    assert kind in (*FAILURES, "right")


def test_a_question_about_the_company_has_no_twin():
    assert failure_kind(asked("45 minutes", None), COMPANY, "8") == "other"
    assert not source_names_cause(asked("45 minutes", None), COMPANY)


def test_a_source_names_the_cause_or_not():
    question = asked("45 minutes")
    assert source_names_cause(question, TWIN)
    assert source_names_cause(question, GOLD)
    assert not source_names_cause(question, OWN)
    assert not source_names_cause(asked(None), TWIN)


def test_the_likely_source_shares_most_words():
    assert likely_source("50 minutes", [GOLD, TWIN, ELSEWHERE]) == "twin#1"
    assert likely_source("nothing else", [TWIN, GOLD]) == "twin#1"
    with pytest.raises(ValueError, match="There are no hits"):
        likely_source("50 minutes", [])
