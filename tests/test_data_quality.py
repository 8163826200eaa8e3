"""Noise on purpose, duplicates and leaks, and the score of house wording."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tiny_models import WordEmbedder, chunk, tiny_lm, tiny_tokenizer

from coursekit.corpus import Question
from coursekit.data_quality import (
    SLOPPY_FORMS,
    Run,
    StylePair,
    contains_word,
    content_kept,
    exact_leaks,
    format_faults,
    house_terms,
    in_form,
    make_sloppy,
    near_duplicates,
    nearest_cosine,
    nearest_overlap,
    nearest_pairs,
    ngram_overlap,
    plant_leaks,
    plot_learning_curve,
    run_examples,
    score_run,
    score_style,
    search_and_replace,
    style_pairs,
    style_prompt,
    style_rules,
    swap_answers,
    sweep_sample,
    sweep_scores,
    terms_due,
    terms_used,
    text_losses,
    two_way_interval,
    word_ngrams,
)
from coursekit.lora import Example, Settings, add_adapter
from coursekit.rag import REFUSAL, Hit

TERMS = {term.term: term for term in house_terms()}
PAIRS = style_pairs()


def question(product: str | None, answer: str | None, fact: str = "wake", name: str = "q"):
    family = product.split("-")[0] if product else None
    return Question(
        name, f"{fact} of {product}?", answer, "prose", "train", product, family, ("a#0",), fact
    )


QUESTIONS = [
    question("heron-solo", "36 minutes"),
    question("heron-duo", "42 minutes"),
    question("heron-trio", "36 minutes"),
    question("plover-8", "50 minutes"),
    question("heron-solo", "9 bar", fact="pressure"),
    question(None, "oak", fact="bench"),
    question("heron-solo", None, fact="colour"),
]


def test_a_swapped_answer_is_that_of_a_twin_and_all_else_stays() -> None:
    swapped = swap_answers(QUESTIONS, QUESTIONS, 1.0, seed=1)
    assert [q.answer for q in swapped] == [
        "42 minutes",
        "36 minutes",
        "42 minutes",
        "50 minutes",
        "9 bar",
        "oak",
        None,
    ]
    assert [replace(q, answer=None) for q in swapped] == [
        replace(q, answer=None) for q in QUESTIONS
    ]


def test_the_share_counts_among_questions_with_a_twin() -> None:
    pool = [question(f"heron-{n}", f"{n} minutes") for n in range(20)]
    swapped = swap_answers(pool, pool, 0.25, seed=4)
    assert sum(a.answer != b.answer for a, b in zip(pool, swapped, strict=True)) == 5
    assert swapped == swap_answers(pool, pool, 0.25, seed=4)
    assert swapped != swap_answers(pool, pool, 0.25, seed=5)
    assert swap_answers(pool, pool, 0, seed=4) == pool


def test_sloppy_targets_keep_the_fact_and_lose_the_form() -> None:
    examples = [Example(f"p{n}", f"{n} litres [2]", "q") for n in range(40)]
    examples.append(Example("p", REFUSAL, "q"))
    sloppy = make_sloppy(examples, 1.0, seed=2)
    assert sloppy[-1] == examples[-1]
    assert all(f"{n} litres" in e.target for n, e in enumerate(sloppy[:-1]))
    assert not any(in_form(e.target) for e in sloppy[:-1])
    assert len({e.target.replace(str(n), "") for n, e in enumerate(sloppy[:-1])}) >= 4
    half = make_sloppy(examples, 0.5, seed=2)
    assert sum(a != b for a, b in zip(examples, half, strict=True)) == 20


@pytest.mark.parametrize("spoil", [make_sloppy, lambda e, s, seed: swap_answers([], [], s, seed)])
@pytest.mark.parametrize("share", [-0.1, 1.5])
def test_a_share_outside_0_and_1_is_refused(spoil, share: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        spoil([], share, seed=1)


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("45 minutes [2]", True),
        ("6.5 litres [1]", True),
        ("walnut ink [12]", True),
        ("45 minutes", False),
        ("45 minutes (passage 2)", False),
        ("The answer is 45 minutes. [2]", False),
        ("Sure! It says 45 minutes [2]", False),
        ("one two three four five six seven eight nine [1]", False),
        ("45 minutes [1] [2]", False),
        ("[2]", False),
        (REFUSAL, False),
        ("", False),
    ],
)
def test_the_form_of_an_answer(answer: str, right: bool) -> None:
    assert in_form(answer) is right


def test_no_sloppy_form_has_the_form_of_the_house() -> None:
    assert not any(in_form(form.format(answer="8 litres", number=1)) for form in SLOPPY_FORMS)


# ---------------------------------------------------------------- the sweep

CHUNKS = [chunk(name, f"text of {name}") for name in "ab"]
HITS = [[Hit(c, 0.5, rank) for rank, c in enumerate(CHUNKS, start=1)] for _ in QUESTIONS]


@pytest.mark.parametrize("run", [Run("clean", 4, 1), Run("swapped", 4, 1, 1.0)])
def test_a_run_draws_the_same_questions_whatever_is_wrong_with_them(run: Run) -> None:
    examples = run_examples(run, QUESTIONS, HITS, CHUNKS, tiny_tokenizer())
    clean = run_examples(Run("clean", 4, 1), QUESTIONS, HITS, CHUNKS, tiny_tokenizer())
    assert [e.prompt for e in examples] == [e.prompt for e in clean]
    assert len(examples) == 4
    other = run_examples(Run("clean", 4, 2), QUESTIONS, HITS, CHUNKS, tiny_tokenizer())
    assert [e.prompt for e in examples] != [e.prompt for e in other]


def test_sloppy_runs_spoil_the_targets_only() -> None:
    clean = run_examples(Run("clean", 7, 3), QUESTIONS, HITS, CHUNKS, tiny_tokenizer())
    sloppy = run_examples(Run("sloppy", 7, 3, 1.0), QUESTIONS, HITS, CHUNKS, tiny_tokenizer())
    assert [e.prompt for e in clean] == [e.prompt for e in sloppy]
    assert all(not in_form(e.target) for e in sloppy)


def test_a_run_that_cannot_be_made_says_why() -> None:
    with pytest.raises(ValueError, match="choose clean, swapped or sloppy"):
        run_examples(Run("dirty", 2, 1), QUESTIONS, HITS, CHUNKS, tiny_tokenizer())
    with pytest.raises(ValueError, match="choose a smaller size"):
        run_examples(Run("clean", 8, 1), QUESTIONS, HITS, CHUNKS, tiny_tokenizer())


def test_the_name_of_a_run_leaves_out_its_seed() -> None:
    assert Run("clean", 20, 2).name == "clean-20"
    assert Run("swapped", 80, 1, 0.5).name == "swapped-80-50"


def test_the_sample_holds_facts_first_then_questions_without_an_answer() -> None:
    asked = [*QUESTIONS, *QUESTIONS]
    sample = sweep_sample(asked, facts=5, without=2)
    assert len(set(sample)) == 7
    assert {asked[i].answer is None for i in sample[5:]} == {True}
    assert sample == sweep_sample(asked, facts=5, without=2)


def test_three_scores_of_an_answer() -> None:
    asked = [QUESTIONS[0]] * 4 + [QUESTIONS[6]] * 2
    examples = [Example("p", "36 minutes [1]", "q")] * 4 + [Example("p", REFUSAL, "q")] * 2
    answers = [
        "36 minutes [1]",
        "36 minutes [2]",
        "It is 36 minutes.",
        "42 minutes [1]",
        REFUSAL,
        "blue [1]",
    ]
    scores = score_run(answers, examples, asked)
    assert scores["exact"] == [1, 0, 0, 0, 1, 0]
    assert scores["fact"] == [1, 1, 1, 0, 1, 0]
    assert scores["form"] == [1, 1, 0, 1, 1, 1]


# ---------------------------------------------------------------- duplicates and leaks


def test_ngrams_are_runs_of_normalised_words() -> None:
    assert word_ngrams("The oven IS hot, now!", 3) == {("oven", "is", "hot"), ("is", "hot", "now")}
    assert word_ngrams("hot oven", 3) == {("hot", "oven")}
    assert word_ngrams("", 3) == set()
    with pytest.raises(ValueError, match="at least one word"):
        word_ngrams("hot", 0)


def test_overlap_is_the_jaccard_index_of_ngrams() -> None:
    assert ngram_overlap("how loud is it", "How loud is it?") == 1
    assert ngram_overlap("how loud is it", "how tall was she") == 0
    assert ngram_overlap("a1 b c d", "a1 b c e") == pytest.approx(1 / 3)
    assert ngram_overlap("", "") == 0


def test_near_duplicates_are_pairs_in_order() -> None:
    angles = np.radians([0, 90, 5, 92])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    assert near_duplicates(vectors, 0.99) == [(0, 2), (1, 3)]
    assert near_duplicates(vectors, 1.01) == []
    with pytest.raises(ValueError, match="Divide each row by its length"):
        near_duplicates(2 * vectors, 0.9)


def test_exact_leaks_ignore_case_points_and_articles() -> None:
    train = ["How loud is the mill?", "Who mends it?"]
    test = ["how loud is mill", "How loud is the mill 2?", "WHO MENDS IT"]
    assert exact_leaks(train, test).tolist() == [True, False, True]


def test_the_nearest_training_text() -> None:
    assert nearest_overlap(["a1 b c", "x y z"], ["x y z", "q r s"]).tolist() == [1, 0]
    with pytest.raises(ValueError, match="no training texts"):
        nearest_overlap([], ["x"])
    units = np.eye(3)
    assert nearest_cosine(units[:2], units[1:]).tolist() == [1, 0]
    with pytest.raises(ValueError, match="length 1"):
        nearest_cosine(3 * units, units)


# ---------------------------------------------------------------- house wording


@pytest.mark.parametrize(
    ("text", "term", "found"),
    [
        ("Ask the KEEPER.", "keeper", True),
        ("Keepers wait.", "keeper", True),
        ("A bookkeeper waits.", "keeper", False),
        ("Our co-keeper waits.", "keeper", False),
        ("The long\npromise lasts.", "Long Promise", True),
        ("A long, promising day.", "Long Promise", False),
        ("We mended it.", "mending", True),
        ("We recommend it.", "mending", False),
    ],
)
def test_house_terms_count_as_whole_words(text: str, term: str, found: bool) -> None:
    assert contains_word(text, TERMS[term].forms) is found


def test_a_term_is_used_if_it_stands_alone() -> None:
    due = [TERMS["keeper"], TERMS["shelf part"]]
    assert terms_used("Keepers order shelf parts.", due) == [True, True]
    assert terms_used("Keepers (owners) order spare parts.", due) == [False, False]
    assert terms_used("The ownership of a shelf part.", due) == [False, True]


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("Clean it on Mondays.", []),
        ("Clean it!", ["exclamation mark"]),
        ("NEVER clean it.", ["capitals"]),
        ("Parts with a K fit an 8 V socket.", []),
        (" ".join(["word"] * 23), ["long"]),
        (" ".join(["word"] * 20) + ". " + " ".join(["word"] * 20) + ".", []),
        ("Here it is:\nClean it.", ["several lines"]),
        ("  ", ["empty"]),
    ],
)
def test_faults_of_form(text: str, faults: list[str]) -> None:
    assert format_faults(text) == faults


def test_content_counts_words_that_both_wordings_share() -> None:
    pair = next(p for p in PAIRS if p.id == "train-04")  # the grill wakes in 9 minutes
    assert content_kept(pair.house, pair) == 1
    assert content_kept("The wake time is 9 minutes.", pair) == pytest.approx(0.75)
    assert content_kept("", pair) == 0


def test_all_four_scores() -> None:
    pair = next(p for p in PAIRS if p.id == "train-04")
    texts = [pair.house, pair.plain, "The wake time!"]
    scores = score_style(texts, [pair] * 3)
    assert scores["terms"].tolist() == [1, 0, 1]
    assert scores["form"].tolist() == [1, 1, 0]
    assert scores["all"].tolist() == [1, 0, 0]


def test_search_and_replace_keeps_the_number_of_a_word() -> None:
    text = "Owners call a service technician about spare parts and descaling."
    wanted = "keepers call a mender about shelf parts and clearwater run."
    assert search_and_replace(text, house_terms()) == wanted


def test_the_data_set_is_whole() -> None:
    """Every pair has its terms on both sides, keeps the rules, and stands once."""
    terms = house_terms()
    for pair in PAIRS:
        due = terms_due(pair, terms)
        assert due, pair
        assert due == [t for t in terms if contains_word(pair.plain, t.instead_of)], pair
        assert all(terms_used(pair.house, due)) and not format_faults(pair.house), pair
    assert len({pair.plain for pair in PAIRS}) == len({pair.id for pair in PAIRS}) == len(PAIRS)
    assert len(style_pairs("train")) >= 80 and len(style_pairs("test")) == 40


def test_no_template_stands_on_both_sides() -> None:
    """Beside the terms themselves, no run of five words is shared."""
    terms = house_terms()

    def runs(pair):
        return word_ngrams(search_and_replace(pair.plain, terms), 5)

    shared = {gram for pair in style_pairs("train") for gram in runs(pair)}
    assert not [pair for pair in PAIRS if pair.split != "train" and runs(pair) & shared]


def test_new_terms_stand_in_no_training_pair() -> None:
    terms = house_terms()
    taught = {t.term for pair in style_pairs("train") for t in terms_due(pair, terms)}
    new = {t.term for pair in style_pairs("new_terms") for t in terms_due(pair, terms)}
    assert len(taught) == 8 and len(new) == 2 and not taught & new


def test_an_unknown_split_is_named() -> None:
    with pytest.raises(ValueError, match="Choose one of dev, new_terms, test, train"):
        style_pairs("exam")


def test_the_rules_name_every_term_and_the_prompt_shows_the_pairs() -> None:
    rules = style_rules()
    assert all(term in rules for term in TERMS)
    shown = style_pairs("train")[:2]
    prompt = style_prompt("Owners wait!", tiny_tokenizer(), rules, shown)
    assert prompt.count(rules) == 1
    assert prompt.index(rules) < prompt.index(shown[1].plain) < prompt.index("Owners wait!")
    assert "Owners wait!" in style_prompt("Owners wait!", tiny_tokenizer())


def test_other_words_are_planted_for_the_same_fact_of_the_same_product() -> None:
    own = replace(QUESTIONS[0], text="How long does it take?")
    other = [QUESTIONS[1], replace(QUESTIONS[0], text="How soon is it hot?"), QUESTIONS[0]]
    leaky = plant_leaks(QUESTIONS[3:4], [own], [own], other)
    assert [q.text for q in leaky] == [
        QUESTIONS[3].text,
        "how long does it take ?",
        "How soon is it hot?",
    ]
    with pytest.raises(ValueError, match="no other words"):
        plant_leaks([], [], [QUESTIONS[4]], other)


def test_the_nearest_pair_stands_last() -> None:
    pairs = [
        StylePair("a", "train", "the oven is hot", "x"),
        StylePair("b", "train", "the oven is hot today", "y"),
        StylePair("c", "train", "quite another thing", "z"),
    ]
    found = nearest_pairs("the oven is hot", pairs, WordEmbedder(), k=2)
    assert [pair.id for pair in found] == ["b", "a"]


SWEEP = {
    "points": [
        {"kind": "clean", "size": 5, "share": 0.0, "exact": [1] * 24 + [0] * 24 + [seed] * 12}
        for seed in (0, 1, 1)
    ]
}


def test_scores_of_a_sweep_tell_facts_from_the_rest() -> None:
    assert sweep_scores(SWEEP, "exact", size=5).shape == (3, 48)
    assert sweep_scores(SWEEP, "exact", size=5).mean() == 0.5
    assert sweep_scores(SWEEP, "exact", size=5, facts=False).mean() == pytest.approx(2 / 3)
    with pytest.raises(ValueError, match="choose one of .*clean.*5"):
        sweep_scores(SWEEP, "exact", size=6)


def test_the_two_way_interval_is_wider_if_the_runs_differ() -> None:
    rng = np.random.default_rng(1)
    alike = np.tile(rng.random(48) < 0.5, (3, 1))
    apart = np.array([np.ones(48), np.zeros(48), np.ones(48)])
    low, high = two_way_interval(alike)
    assert low < alike.mean() < high and 0.2 < high - low < 0.35
    assert two_way_interval(apart) == (0, 1)
    assert two_way_interval(alike) == two_way_interval(alike)
    for wrong in (np.ones(3), np.ones((0, 3))):
        with pytest.raises(ValueError, match="one row for each run"):
            two_way_interval(wrong)


def test_a_text_surprises_a_model_with_another_adapter_otherwise(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("COURSEKIT_CACHE", str(tmp_path))
    texts = ["how hot is it", "a cup"]
    lm = tiny_lm()
    plain = text_losses(texts, lm)
    assert plain.shape == (2,) and (plain > 0).all()
    wrapped = replace(lm, model=add_adapter(lm, Settings(rank=4)), fingerprint="with adapter")
    assert text_losses(texts, wrapped) == pytest.approx(plain, rel=1e-4)  # B starts at zero
    torch = pytest.importorskip("torch")
    with torch.no_grad():
        for name, weight in wrapped.model.named_parameters():
            if "lora_B" in name:
                weight.fill_(0.5)
    changed = text_losses(texts, replace(wrapped, fingerprint="with a changed adapter"))
    assert not np.allclose(changed, plain)


def test_the_learning_curve_names_its_sizes(monkeypatch) -> None:
    plt = pytest.importorskip("matplotlib.pyplot")
    monkeypatch.setattr(plt, "show", lambda: None)
    plot_learning_curve({1: (0.4, 0.3, 0.5), 80: (0.7, 0.6, 0.8)}, np.array([[0.4], [0.7]]))
    assert [label.get_text() for label in plt.gca().get_xticklabels()] == ["1", "80"]
    plt.close("all")
