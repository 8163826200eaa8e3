"""The patients of lesson 12: their names, their small functions, and that each fault shows."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from coursekit import faults
from coursekit.corpus import company_questions
from coursekit.diagnosis import CASES
from coursekit.exercises import evaluate


def test_patients_and_cases_are_the_same():
    assert set(faults.LETTERS) == set(CASES) == set(faults._WARD)


@pytest.mark.parametrize("name", ["Z", "", "AB", 3])
def test_unknown_patient_is_said(name):
    with pytest.raises(ValueError, match="The patients are A, B"):
        faults.patient(name)
    with pytest.raises(ValueError, match="There is no patient"):
        faults.mended(name)


def test_the_mends_of_the_library_pass_the_checks():
    assert evaluate("12.1", lambda rows, pad: faults._pad(rows, pad, "left")).status == "right"
    assert evaluate("12.2", faults.sentence_pieces).status == "right"
    assert evaluate("12.4", faults.unseen_questions).status == "right"


def test_the_faults_do_not_pass_the_checks():
    wrong = evaluate("12.1", lambda rows, pad: faults._pad(rows, pad, "right"))
    assert "behind" in wrong.message
    cut = evaluate("12.2", lambda text, n: [text[i : i + n] for i in range(0, len(text), n)])
    assert "inside a sentence" in cut.message
    assert "not 1" in evaluate("12.3", lambda vectors: vectors * 2).message
    assert "nothing was left out" in evaluate("12.4", lambda train, test: test).message


def test_pieces_are_whole_sentences_joined_by_one_space():
    assert faults.sentence_pieces("One. Two.  Six.", 9) == ["One. Two.", "Six."]
    assert faults.sentence_pieces("One. Two.", 8) == ["One.", "Two."]
    assert faults.sentence_pieces("A longer one! Set 2.5 bar.", 5) == [
        "A longer one!",
        "Set 2.5 bar.",
    ]


@pytest.mark.parametrize("text", ["", " \n "])
def test_an_empty_text_has_no_pieces(text):
    assert faults.sentence_pieces(text, 100) == []


def test_a_question_stays_as_often_as_it_stands_in_the_test():
    first, second = company_questions(split="test")[:2]
    assert faults.unseen_questions([second], [first, second, first]) == [first, first]


def test_padding_of_another_shape_is_refused():
    tokenizer = SimpleNamespace(pad_token_id=0, encode=lambda text, **_: [1] * len(text))
    lm = SimpleNamespace(tokenizer=tokenizer)
    with pytest.raises(ValueError, match="both need one row for each prompt"):
        faults.padded_answers(lm, ["ab", "c"], lambda rows, pad: ([[1, 1]], [[1, 1]]))


def test_no_test_question_is_a_training_question_word_for_word():
    """Patient G's colleague says so, and it is true."""
    train = {q.text for q in faults.training_questions(split="test", official=False)}
    assert not train & {q.text for q in company_questions(split="test")}


@pytest.mark.models
@pytest.mark.parametrize("letter", "BF")
def test_the_retrieval_faults_show_and_are_mended(letter):
    sick, well = faults.patient(letter), faults.mended(letter)
    assert sick.questions == well.questions
    assert sick.right.mean() + 0.15 < well.right.mean()
    lengths = np.linalg.norm(sick.embeddings, axis=1)
    assert np.allclose(lengths, 1, atol=1e-3) == (letter == "B")


@pytest.mark.models
def test_the_fields_that_patients_e_and_h_are_diagnosed_by():
    slow, chatty = faults.patient("E"), faults.patient("H")
    assert all(slow.train_prompts) and len(slow.train_prompts) == len(slow.labelled)
    assert len(chatty.answers_off) == len(chatty.answers)
    assert chatty.answers_off != chatty.answers  # so its adapter is loaded
