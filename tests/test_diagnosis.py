"""Naming faults in free words: what is accepted, what is refused and why, and what is kept."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from coursekit import diagnosis, faults
from coursekit.diagnosis import CASES, FAULTS, diagnose, fault_names, judge, treat
from coursekit.exercises import call_in_time, progress


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COURSEKIT_STATE", str(tmp_path))
    monkeypatch.setattr(diagnosis, "_named", set())
    return tmp_path


ACCEPTED = {
    "A": [
        "the context never reaches the prompt",
        "The prompt does not contain the passage.",
        "context missing",
        "no context in the prompt",
        "token budget too small",
        "The passages are dropped before the model sees them",
        "retrieved text never arrives at the model",
        "retrieved documents are not in the prompt",
        "CONTEXT   LOST!!",
        "The budget is so small that the passage is cut out",
        "the contxt never reaches the promt",
        "max tokens of the prompt is too low, so the passages fall out",
        "The prompt only holds the question",
        "nothing retrieved is put in the prompt",
        "passages get discarded because of the token limit",
        "not the retrieval: the passage never gets into the prompt",
        "the chat template is fine, but the context is missing",
    ],
    "B": [
        "query and index come from different models",
        "different embedding models",
        "The index was built with another model",
        "two embedders",
        "wrong encoder for the index",
        "mismatched embedding model between questions and chunks",
        "questions and chunks live in different spaces",
        "the embedder of the index is not the one of the queries",
        "query and index come from diferent models",
        "query and chunk vectors do not come from the same model",
        "the index and the questions don't share an embedding model",
        "the vectors are normalised, but they come from two models",
        "embedding models don't match",
        "chunks were embedded with an older model",
    ],
    "C": [
        "prompts are padded on the right at generation",
        "right padding",
        "padding side",
        "wrong padding side (right instead of left)",
        "pads on the wrong side",
        "filling behind the prompt",
        "the filler tokens stand behind the text",
        "padding should be left, not right",
        "not padded on the left",
        "pading on the right",
        "the padding is at the end instead of in front",
    ],
    "D": [
        "the chunks are cut in mid-sentence",
        "chunks cut in the middle of sentences",
        "sentences are split across chunks",
        "bad chunking",
        "chunk boundaries break sentences",
        "text chopped at fixed lengths",
        "answers are split between two chunks",
        "split in the middle of a word",
        "cuts words in half",
        "the chunks do not end at the end of a sentence",
        "chunks should be cut at sentence ends",
        "chunks are not whole sentences",
        "incomplete sentences in the chunks",
        "sentences are not kept whole",
    ],
    "E": [
        "the loss is computed on the prompt too",
        "prompt tokens are not masked in the loss",
        "label mask missing",
        "trained on the prompt as well",
        "labels on all tokens",
        "no masking of the prompt",
        "loss over the whole sequence",
        "loss is computd on the promt",
        "it trains on the manuals too",
        "loss not masked on the prompt",
        "no -100 for the prompt tokens",
        "the loss isn't restricted to the answer",
        "loss is not only computed on the answer but on the prompt",
    ],
    "F": [
        "the vectors are not normalised",
        "vectors not normalized",
        "embeddings are not unit vectors",
        "not unit length embeddings",
        "missing normalization",
        "dot product instead of cosine",
        "vectors have different lengths",
        "embeddings have different norms",
        "not normed vectors",
        "normalise the vectors",
        "the vectors are not of length 1",
        "vectors are not normalisd",
        "un-normalised vectors",
    ],
    "G": [
        "test questions leaked into training",
        "data leakage",
        "train/test contamination",
        "the training set has the test questions in other words",
        "paraphrases of the test are in the train set",
        "it memorised the test",
        "training on the test set",
        "leeked test questions",
        "the model learned the test questions by heart",
        "it has already seen the answers in training",
        "test questions not new to the model: they are in the training",
    ],
    "H": [
        "the chat template is missing",
        "no chat template",
        "template not applied",
        "the <|im_start|> marks are missing",
        "missing special tokens",
        "prompt lacks the chat format",
        "the prompt was not put into the chat template",
        "test prompts have no roles",
        "the prompt format differs between training and test",
        "chat templete missing",
        "raw prompt instead of chat prompt",
        "training prompts have the template, test prompts don't have the template",
        "training used the chat template and the test did not",
    ],
}


@pytest.mark.parametrize(("letter", "text"), [(k, v) for k, vs in ACCEPTED.items() for v in vs])
def test_right_words_are_accepted(letter, text):
    verdict = judge(letter, text)
    assert verdict.status == "right", (text, verdict.message)
    assert judge(f"12.{letter.lower()}", lambda: text).status == "right"


@pytest.mark.parametrize(("letter", "text"), [(k, v) for k, vs in ACCEPTED.items() for v in vs])
def test_words_for_another_patient_are_refused(letter, text):
    for other in CASES:
        if other != letter:
            assert judge(other, text).status == "wrong"


# Words that deny the fault, say how it should be, or speak of something near it.
REFUSED = {
    "A": [
        "it is not the context",
        "it can't be the context",
        "the prompt is not missing the context",
        "the budget is not the problem",
        "the context is fine",
        "the passage is in the prompt",
    ],
    "B": [
        "different models are not the problem",
        "query and index do not come from different models",
        "no different models",
        "the training used a different model",
        "the same model was used for both",
    ],
    "C": [
        "it is not the padding",
        "padding on the left",
        "left padding",
        "the padding is fine",
        "not padding",
        "the padding is not wrong",
        "the prompts are not padded on the right",
        "no padding on the right",
        "the loss is computed on the padding",
    ],
    "D": [
        "the chunks are too small",
        "sentences",
        "the sentences are not cut",
        "no sentence is cut",
        "the chunks are not cut in the middle of sentences",
        "it is not the chunking",
        "the answers are cut off",
        "the chunks are cut at sentence ends",
        "every chunk is a whole sentence",
        "the chunks are cut well",
        "the questions are cut in mid-sentence",
    ],
    "E": [
        "the prompt is masked",
        "the loss is not computed on the prompt",
        "the loss does not include the prompt",
        "the loss ignores the prompt",
        "the labels are wrong",
        "the prompt has no labels",
        "the mask is right",
    ],
    "F": [
        "the vectors are normalised",
        "all vectors have length 1",
        "vectors have unit length",
        "it is not the normalisation",
        "normalisation is not the problem",
        "the vectors have the same length",
        "the answers are not normalised",
        "not unnormalised",
    ],
    "G": [
        "no leak",
        "it is not a leak",
        "memory leak",
        "the context leaks into the prompt",
        "train and test do not overlap",
        "train and test are separate",
        "the test questions are not in the training",
        "no test question stands in the training data",
        "the model has never seen the test questions",
        "the training questions are different from the test questions",
    ],
    "H": [
        "chat",
        "it is not the template",
        "the chat template is there",
        "the chat template is not missing",
        "the chat template is correct",
        "the chat template was applied",
        "the prompts have the chat template",
        "the training prompts have no template",
        "the template is used twice",
    ],
}


@pytest.mark.parametrize(("letter", "text"), [(k, v) for k, vs in REFUSED.items() for v in vs])
def test_words_that_do_not_name_the_fault_are_refused(letter, text):
    verdict = judge(letter, text)
    assert verdict.status == "wrong", (text, verdict.message)
    assert 60 < len(verdict.message) < 700


def test_a_denial_is_told_apart_from_words_that_mean_nothing():
    assert "says what is sound" in judge("C", "it is not the padding").message
    assert "says what is sound" in judge("A", "it is not the padding").message
    assert "No fault of the list" in judge("C", "bananas").message


@pytest.mark.parametrize(
    "text",
    [
        "it is the padding or the context never reaches the prompt",
        "the context never reaches the prompt and the template is missing",
        "the context never reaches the prompt, no, the template is missing",
        "right padding; no context in the prompt",
    ],
)
def test_two_faults_in_one_sentence_are_refused(text):
    verdict = judge("A", text)
    assert verdict.status == "wrong"
    assert "Name one" in verdict.message


@pytest.mark.parametrize("text", ["7", 7, "fault 7", "number 7", "No. 7", "#7", "7.", np.int64(7)])
def test_a_number_may_be_dressed(text):
    assert judge("A", text).status == "right"


@pytest.mark.parametrize(
    "text", ["-7", -7, "7.5", 7.5, "not 7", "7 or 5", "77", "0", "9" * 5000, True]
)
def test_other_numbers_are_refused(text):
    assert judge("A", text).status == "wrong"


def leaves():
    raise SystemExit(3)


def recurses():
    return recurses()


@pytest.mark.parametrize(
    "answer",
    [leaves, recurses, lambda: 10**5000, "[", "(.*", "{letter}", "%s", "\x00", "a " * 9999],
)
def test_more_nuisances(answer, capsys):
    diagnose("C", answer)
    assert capsys.readouterr().out.startswith("✗ C")


def test_a_letter_without_a_text_is_said(capsys):
    diagnose(Odd(), "padding")
    assert "A to H" in capsys.readouterr().out


@pytest.mark.parametrize("letter", CASES)
def test_every_wrong_name_gets_a_reason_and_a_next_step(letter):
    messages = set()
    for key, fault in FAULTS.items():
        verdict = judge(letter, fault.name())
        assert verdict.status == ("right" if key == CASES[letter].fault else "wrong")
        assert 60 < len(verdict.message) < 700
        assert verdict.message.endswith((".", "?"))
        messages.add(verdict.message)
    assert len(messages) == len(FAULTS)


def test_numbers_of_the_list_count():
    names = fault_names()
    for letter, case in CASES.items():
        number = names.index(FAULTS[case.fault].name()) + 1
        assert judge(letter, number).status == "right"
        assert judge(letter, str(number)).status == "right"
    assert judge("A", 0).status == judge("A", 99).status == "wrong"


@pytest.mark.parametrize("text", ["bananas", "something is broken", "the model", "!!!"])
def test_words_that_mean_nothing_lead_to_the_list(text):
    verdict = judge("B", text)
    assert verdict.status == "wrong"
    assert 'diagnose("B")' in verdict.message


def test_two_names_at_once_are_refused():
    text = " / ".join(FAULTS[key].name() for key in ("padding", "template", "leak"))
    verdict = judge("C", text)
    assert verdict.status == "wrong"
    assert "Name one" in verdict.message


class Odd:
    def __str__(self):
        raise ValueError("no text")


def raises():
    raise RuntimeError("the cat sat on it")


@pytest.mark.parametrize("answer", [raises, Odd(), lambda x: x, [1, 2], {}, 3.5, object(), b"x"])
def test_nuisances_are_wrong_and_nothing_is_raised(answer, capsys):
    diagnose("A", answer)
    assert capsys.readouterr().out.startswith("✗ A")


def stub():
    """Return the name of the fault."""
    ...


@pytest.mark.parametrize("answer", [None, stub, "", "  ", lambda: None, lambda: ""])
def test_nothing_written_is_not_yet(answer, capsys):
    diagnose("A", answer)
    assert capsys.readouterr().out.startswith("… A not yet")


@pytest.mark.parametrize("name", ["c", "C", " 12.C ", "patient c"])
def test_letters(name):
    assert diagnosis.letter_of(name) == "C"


@pytest.mark.parametrize("name", ["Z", "", None, 7, "12.9", "AB"])
def test_unknown_patients_are_said(name, state, capsys):
    diagnose(name, "padding")
    assert "A to H" in capsys.readouterr().out
    treat(name)
    assert "A to H" in capsys.readouterr().out
    assert not (state / "progress.json").exists()


def test_without_an_answer_all_names_are_listed(state, capsys):
    diagnose("d")
    printed = capsys.readouterr().out
    assert all(name in printed for name in fault_names())
    assert len(fault_names()) > len(CASES)  # the last patient is not found by elimination
    assert not (state / "progress.json").exists()


def test_a_diagnosis_is_kept_beside_the_exercises(state, capsys):
    diagnose("A", "padding")
    diagnose("A", "budget")
    entry = json.loads((state / "progress.json").read_text(encoding="utf-8"))["12.A"]
    assert entry["status"] == "right" and entry["tries"] == 2
    capsys.readouterr()
    progress()
    printed = capsys.readouterr().out
    assert "12.A" in printed and "Patient A" in printed


def made_up(letter: str, right: list[float]) -> faults.Patient:
    return faults.Patient(letter, "answers", [], np.array(right))


def test_treat_waits_for_the_name_and_for_the_function(monkeypatch, capsys):
    drawn = []
    monkeypatch.setattr(faults, "mended", lambda letter, mend: made_up(letter, [1.0, 1.0]))
    monkeypatch.setattr(faults, "patient", lambda letter: made_up(letter, [0.0, 1.0]))
    monkeypatch.setattr(diagnosis, "before_and_after", lambda *both: drawn.append(both))
    treat("C", len)
    assert "name the fault first" in capsys.readouterr().out
    diagnose("C", "right padding")
    capsys.readouterr()
    treat("C", stub)
    assert "write the function" in capsys.readouterr().out
    assert not drawn
    treat("C", len)
    assert len(drawn) == 1


def test_treat_says_what_a_broken_function_did(monkeypatch, capsys):
    def fails(letter, mend):
        return mend()

    monkeypatch.setattr(faults, "mended", fails)
    diagnose("F", "not normalised")
    capsys.readouterr()
    treat("F", raises)
    assert "RuntimeError: the cat sat on it" in capsys.readouterr().out
    treat("F", leaves)
    assert "SystemExit" in capsys.readouterr().out


def test_treat_stops_a_function_that_never_ends(monkeypatch, capsys):
    def never_ends(rows, fill):
        while True:
            pass

    monkeypatch.setattr(faults, "mended", lambda letter, mend: mend([[1, 2], [3]], 0))
    monkeypatch.setattr(diagnosis, "call_in_time", partial(call_in_time, time_limit_s=0.2))
    diagnose("C", "right padding")
    capsys.readouterr()
    treat("C", never_ends)
    printed = capsys.readouterr().out
    assert printed.startswith("✗ C") and "still running after 0.2 seconds" in printed
    diagnose("C", lambda: never_ends([], 0))
    assert capsys.readouterr().out.startswith("✗ C")


@pytest.mark.parametrize("values", [[0.0, 1.0, 1.0], []])
def test_the_bars_are_drawn_even_without_questions(values, monkeypatch):
    import matplotlib.pyplot as plt

    monkeypatch.setattr(plt, "show", lambda: None)
    diagnosis.before_and_after(made_up("G", [0.0, 1.0]), made_up("G", values))
    assert plt.gcf().axes[0].get_xlabel() == "answers"
    plt.close("all")
