"""What a model thinks of a text: held to a direct computation from all its logits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tiny_models import tiny_lm

from coursekit.likelihood import token_log_probabilities, token_log_probabilities_cached
from coursekit.lora import Settings, add_adapter

PROMPTS = ["How long?", "What is the wake time of the oven, please?", "Q", "Who mends it?"]
TEXTS = [" 45 minutes", " 8", "a long answer that goes on and on", "é ü"]


@pytest.fixture(scope="module")
def lm():
    return tiny_lm()


def directly(prompt, text, lm):
    import torch

    given = lm.tokenizer.encode(prompt, add_special_tokens=False)
    wanted = lm.tokenizer.encode(text, add_special_tokens=False)
    with torch.inference_mode():
        logits = lm.model(input_ids=torch.tensor([given + wanted])).logits[0]
    p = logits.double().softmax(dim=-1).log()
    return np.array([p[len(given) - 1 + i, token] for i, token in enumerate(wanted)])


@pytest.mark.parametrize("batch_size", [1, 2, 3, 8])
def test_agrees_with_all_logits_whatever_the_batch(batch_size, lm):
    values = token_log_probabilities(PROMPTS, TEXTS, lm, batch_size=batch_size)
    assert len(values) == len(TEXTS)
    for prompt, text, found in zip(PROMPTS, TEXTS, values, strict=True):
        assert found.dtype == np.float64
        assert len(found) == len(lm.tokenizer.encode(text, add_special_tokens=False))
        assert (found <= 0).all()
        np.testing.assert_allclose(found, directly(prompt, text, lm), atol=1e-4)


def test_results_come_in_the_order_of_the_texts(lm):
    forwards = token_log_probabilities(PROMPTS, TEXTS, lm, batch_size=2)
    backwards = token_log_probabilities(PROMPTS[::-1], TEXTS[::-1], lm, batch_size=2)
    for one, other in zip(forwards, backwards[::-1], strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)


def test_all_next_tokens_together_have_probability_one(lm):
    letters = "abcdefghijklmnopqrstuvwxyz"
    values = token_log_probabilities(["Say: "] * 26, list(letters), lm)
    assert 0 < sum(np.exp(value[0]) for value in values) < 1


def test_nothing_to_read():
    assert token_log_probabilities([], [], tiny_lm()) == []


def test_an_empty_text_has_no_probability(lm):
    with pytest.raises(ValueError, match="Text 1 is empty"):
        token_log_probabilities(["a", "b"], ["x", ""], lm)


def test_as_many_prompts_as_texts(lm):
    with pytest.raises(ValueError):
        token_log_probabilities(["a"], ["x", "y"], lm)


def test_cached_gives_the_same_and_computes_once(lm, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSEKIT_CACHE", str(tmp_path))
    first = token_log_probabilities_cached(PROMPTS, TEXTS, lm)
    for one, other in zip(first, token_log_probabilities(PROMPTS, TEXTS, lm), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)

    def asked_again(*_: object, **__: object) -> None:
        raise AssertionError("the model was asked again")

    monkeypatch.setattr("coursekit.likelihood.token_log_probabilities", asked_again)
    again = token_log_probabilities_cached(PROMPTS, TEXTS, lm)
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, other)


def test_cached_tells_models_and_texts_apart(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSEKIT_CACHE", str(tmp_path))
    one, other = tiny_lm(0), tiny_lm(1)
    first = token_log_probabilities_cached(["a"], ["xyz"], one)[0]
    assert not np.allclose(first, token_log_probabilities_cached(["a"], ["xyz"], other)[0])
    assert not np.allclose(first, token_log_probabilities_cached(["b"], ["xyz"], one)[0])


def test_a_model_with_an_adapter_is_read_through_it(lm):
    import torch

    tuned = tiny_lm()
    model = add_adapter(tuned, Settings(rank=4))
    adapted = replace(tuned, model=model)
    same = token_log_probabilities(PROMPTS, TEXTS, adapted)
    for one, other in zip(same, token_log_probabilities(PROMPTS, TEXTS, lm), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
    with torch.no_grad():
        for name, part in model.named_parameters():
            if "lora_B" in name:
                part.normal_()
    moved = token_log_probabilities(PROMPTS, TEXTS, adapted)
    assert not np.allclose(moved[0], same[0], atol=1e-2)
