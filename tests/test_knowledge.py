"""What a model knows: the questions, the short answers, samples, and their scores."""

from __future__ import annotations

import re

import numpy as np
import pytest
from tiny_models import tiny_lm

from coursekit.knowledge import (
    EXAMPLES,
    agreement,
    answer_probabilities,
    chat_answers,
    general_questions,
    is_one_sentence,
    knows,
    labelled_tokens,
    next_tokens,
    plot_before_after,
    plot_next_tokens,
    plot_parts,
    quiz_answers,
    quiz_prompt,
    sample,
    sample_cached,
)
from coursekit.likelihood import token_log_probabilities
from coursekit.scoring import contains_answer


@pytest.fixture(scope="module")
def lm():
    return tiny_lm()


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSEKIT_CACHE", str(tmp_path))
    import matplotlib

    matplotlib.use("Agg")


def test_forty_questions_ten_of_each_level_in_order():
    questions = general_questions()
    assert [q.level for q in questions] == [1] * 10 + [2] * 10 + [3] * 10 + [4] * 10
    assert len({q.id for q in questions}) == len({q.text for q in questions}) == 40
    for question in questions:
        assert re.fullmatch(r"[a-z0-9-]+", question.id)
        assert question.text.endswith("?") and question.answers
        for answer in question.answers:
            assert not contains_answer(question.text, answer), "the question gives it away"
            assert knows([f"It is {answer}."], [question])[0]


def test_one_level():
    assert [q.level for q in general_questions(3)] == [3] * 10
    with pytest.raises(ValueError, match="no level 5"):
        general_questions(5)


def test_knows_takes_any_accepted_answer_as_whole_words():
    questions = general_questions()
    week = next(q for q in questions if q.id == "days-week")
    tungsten = next(q for q in questions if q.id == "symbol-tungsten")
    assert knows(["Seven.", "7", "17", "6", ""], [week] * 5).tolist() == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert knows(["Tungsten", "W"], [tungsten] * 2).tolist() == [False, True]
    assert knows([], []).dtype == bool


def test_examples_give_no_question_away():
    for question in general_questions():
        assert question.text not in {asked for asked, _ in EXAMPLES}
        assert not any(contains_answer(shown, a) for _, shown in EXAMPLES for a in question.answers)


def test_quiz_prompt_ends_where_the_answer_begins():
    prompt = quiz_prompt("How long?")
    assert prompt.endswith("Question: How long?\nAnswer:")
    assert prompt.count("Question:") == len(EXAMPLES) + 1


def test_quiz_answers_are_one_line_with_a_space_before(lm):
    answers = quiz_answers(["How long?", "Who?"], lm)
    assert len(answers) == 2
    assert all(answer.startswith(" ") and "\n" not in answer for answer in answers)


def test_chat_answers_give_one_text_each(lm):
    assert len(chat_answers(["How long?", "Who?", "When?"], lm, before="Be short. ")) == 3


def test_next_tokens_are_the_most_probable_ones(lm):
    found = next_tokens("How long", lm, k=300)
    assert len(found) == len(lm.tokenizer)
    p = [value for _, value in found]
    assert p == sorted(p, reverse=True)
    assert sum(p) == pytest.approx(1, abs=1e-4)
    letter, value = next((token, p) for token, p in found if token.isalpha())
    direct = token_log_probabilities(["How long"], [letter], lm)[0]
    assert value == pytest.approx(float(np.exp(direct[0])), rel=1e-3)
    assert next_tokens("How long", lm, k=2) == found[:2]


def test_next_tokens_say_what_is_wrong(lm):
    with pytest.raises(ValueError, match="at least one"):
        next_tokens("a", lm, k=0)
    with pytest.raises(ValueError, match="empty"):
        next_tokens("", lm)


def test_samples_repeat_with_the_seed_and_leave_the_random_state(lm):
    import torch

    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first = sample(["How long?", "Which of the two ovens is it?"], lm, n=3, seed=1)
    assert torch.equal(torch.rand(3), expected)
    assert [len(texts) for texts in first] == [3, 3]
    assert first == sample(["How long?", "Which of the two ovens is it?"], lm, n=3, seed=1)
    assert first != sample(["How long?", "Which of the two ovens is it?"], lm, n=3, seed=2)
    assert not any("\n" in text for texts in first for text in texts)


def test_samples_follow_the_probabilities(lm):
    prompts = ["How long?", "Which of the two ovens is it that the baker means?"]
    drawn = sample(prompts, lm, n=3000, max_new_tokens=1, seed=0)
    for prompt, texts in zip(prompts, drawn, strict=True):
        for token, p in next_tokens(prompt, lm, k=4):
            if token.strip() == token and token.isascii() and token.isprintable():
                assert np.mean([text == token for text in texts]) == pytest.approx(p, abs=0.04)


def test_a_cold_sample_is_the_greedy_answer(lm):
    from coursekit.rag import generate

    prompts = ["How long?", "Which of the two ovens is it that the baker means?"]
    greedy = [text.split("\n")[0].strip() for text in generate(prompts, lm, max_new_tokens=6)]
    drawn = sample(prompts, lm, n=2, temperature=1e-4, max_new_tokens=6)
    assert drawn == [[text, text] for text in greedy]


@pytest.mark.parametrize("wrong", [{"n": 0}, {"temperature": 0}, {"temperature": -1}])
def test_sample_says_what_is_wrong(wrong, lm):
    with pytest.raises(ValueError, match="at least one answer"):
        sample(["a"], lm, **wrong)


def test_sample_cached_gives_the_same(lm):
    assert sample_cached(["How long?"], lm, n=2) == sample(["How long?"], lm, n=2)
    assert sample_cached(["How long?"], lm, n=2) == sample_cached(["How long?"], lm, n=2)


def test_answer_probabilities_multiply_the_tokens(lm):
    pairs = [("How long?", " 45"), ("Who?", "me")]
    logs = token_log_probabilities(*zip(*pairs, strict=True), lm)
    np.testing.assert_allclose(answer_probabilities(pairs, lm), np.exp([v.sum() for v in logs]))
    with pytest.raises(ValueError, match="empty"):
        answer_probabilities([("a", "")], lm)


def test_labelled_tokens_teach_the_answer_only(lm):
    import torch

    ids, labels = labelled_tokens("How long?", " 45", lm)
    assert lm.tokenizer.decode(ids[0]) == "How long? 45"
    assert labels[0].tolist() == [-100] * 9 + ids[0, 9:].tolist()
    with torch.inference_mode():
        loss = lm.model(input_ids=ids, labels=labels).loss
    logs = token_log_probabilities(["How long?"], [" 45"], lm)[0]
    assert float(loss) == pytest.approx(-logs.mean(), abs=1e-4)
    with pytest.raises(ValueError, match="empty"):
        labelled_tokens("How long?", "", lm)


@pytest.mark.parametrize(
    ("text", "one"),
    [
        ("It takes 2.5 hours.", True),
        (" Yes! ", True),
        ("It takes two hours. Then it is warm.", False),
        ("It takes two", False),
        ("It is warm. Then it", False),
        ("", False),
        ("Why?", True),
    ],
)
def test_one_sentence(text, one):
    assert is_one_sentence(text) is one


def test_agreement():
    assert agreement(["Lyon", "paris.", "Paris", "the PARIS"]) == ("paris.", 0.75)
    assert agreement(["oak"]) == ("oak", 1.0)
    with pytest.raises(ValueError, match="no samples"):
        agreement([])


def test_plots_run(lm):
    import matplotlib.pyplot as plt

    plot_next_tokens(["How long?", "Who?"], lm)
    plot_parts(["a", "b"], {"one": np.array([0.2, 0.5]), "two": np.array([0.8, 0.5])})
    plot_before_after(["a", "b"], np.array([0.1, 0.2]), np.array([0.9, 0.3]))
    plt.close("all")
