"""LoRA by hand, and what a training run leaves in the weights."""

from __future__ import annotations

import time

import numpy as np
import pytest
import torch
from tiny_models import tiny_lm

from coursekit.corpus import Question
from coursekit.lora import Example, Settings, add_adapter
from coursekit.lowrank import (
    Recipe,
    Update,
    adapter_cosine,
    add_lora,
    added,
    answer_traces,
    ask_facts,
    energy,
    fact_batches,
    fact_example,
    gap_to_peft,
    learn_facts_cached,
    linear_layers,
    nearest_words,
    one_step,
    rank_curve_cached,
    read_adapter,
    read_update,
    remove_lora,
    sizes_by_layer,
    start_alike,
    tune,
)
from coursekit.measure import MemoryMeter
from coursekit.profile import detect_profile
from coursekit.rag import generate

FACTS = [
    Example("Q: colour?\nA:", " red", "q1"),
    Example("Q: litres?\nA:", " 8", "q2"),
    Example("Q: who?\nA:", " Jo", "q3"),
    Example("Q: when?\nA:", " at nine", "q4"),
]
QUICK = Recipe(rank=4, alpha=8, steps=4, batch_size=2, learning_rate=1e-2)
FULL = Recipe(rank=None, steps=3, batch_size=2, learning_rate=1e-3)


@pytest.fixture
def lm():
    return tiny_lm()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSEKIT_CACHE", str(tmp_path / "cache"))


def logits_of(lm):
    import torch

    with torch.no_grad():
        return lm.model(**lm.tokenizer("Q: who?", return_tensors="pt")).logits


def weights_of(lm):
    return {name: p.detach().clone() for name, p in lm.model.named_parameters()}


# ---------------------------------------------------------------- the layer


def test_an_adapter_changes_nothing_at_first(lm):
    import torch

    before = logits_of(lm)
    add_lora(lm.model, rank=4, alpha=8)
    assert torch.equal(logits_of(lm), before)


def test_an_adapter_has_rank_times_both_sizes_and_the_rest_is_frozen(lm):
    layers = linear_layers(lm.model)
    wanted = sum(4 * (layer.in_features + layer.out_features) for layer in layers.values())
    add_lora(lm.model, rank=4, alpha=8)
    trained = [n for n, p in lm.model.named_parameters() if p.requires_grad]
    assert all(name.endswith((".A", ".B")) for name in trained)
    assert sum(p.numel() for p in lm.model.parameters() if p.requires_grad) == wanted


def test_merged_equals_unmerged_and_removing_without_merging_undoes_it(lm):
    import torch

    untouched = logits_of(lm)
    for wrapped in add_lora(lm.model, rank=4, alpha=8).values():
        torch.nn.init.normal_(wrapped.B, std=0.1)
    changed = logits_of(lm)
    assert not torch.allclose(changed, untouched, atol=1e-3)
    remove_lora(lm.model)
    assert torch.equal(logits_of(lm), untouched)
    for wrapped in add_lora(lm.model, rank=4, alpha=8).values():
        torch.nn.init.normal_(wrapped.B, std=0.1)
    changed = logits_of(lm)
    remove_lora(lm.model, merge=True)
    assert torch.allclose(logits_of(lm), changed, atol=1e-3)
    assert all(type(layer) is torch.nn.Linear for layer in linear_layers(lm.model).values())


def test_layers_are_chosen_by_name_and_block(lm):
    chosen = add_lora(lm.model, 2, 4, modules=("q_proj", "v_proj"), layers=(1,))
    assert sorted(chosen) == ["model.layers.1.self_attn.q_proj", "model.layers.1.self_attn.v_proj"]
    with pytest.raises(ValueError, match="count blocks from 0"):
        linear_layers(lm.model, layers=(2,))


def test_our_adapter_learns_what_that_of_peft_learns(lm):
    import torch

    theirs = tiny_lm()
    add_adapter(theirs, Settings(rank=4, alpha=8))
    ours = add_lora(lm.model, rank=4, alpha=8)
    assert gap_to_peft(ours, theirs.model) > 0
    start_alike(ours, theirs.model)
    assert gap_to_peft(ours, theirs.model) == 0
    batches = fact_batches(FACTS, lm, batch_size=2, steps=3)
    for model in (lm.model, theirs.model):
        tune(model, batches, 1e-2)
    assert any(layer.B.abs().max() > 0 for layer in ours.values())
    assert gap_to_peft(ours, theirs.model) < 1e-4
    assert torch.allclose(logits_of(lm), logits_of(theirs), atol=1e-3)


# ---------------------------------------------------------------- the task


def test_a_fact_is_a_question_and_its_answer():
    question = Question("q", "How much?", "7 litres", "prose", "train", None, None, ())
    example = fact_example(question)
    assert example.prompt + example.target == "Question: How much?\nAnswer: 7 litres"


def test_batches_are_the_same_for_the_same_seed(lm):
    first, again, other = (fact_batches(FACTS, lm, 2, 6, seed) for seed in (0, 0, 1))
    assert len(first) == 6

    def same(one, two):
        return [a["input_ids"].tolist() for a in one] == [b["input_ids"].tolist() for b in two]

    assert same(first, again) and not same(first, other)


def test_asking_agrees_with_what_the_model_writes(lm):
    add_lora(lm.model, rank=8, alpha=32)
    tune(lm.model, fact_batches(FACTS, lm, 4, 40), 2e-2)
    losses, right = ask_facts(lm.model, FACTS, lm)
    assert losses.shape == right.shape == (4,) and (losses > 0).all()
    assert right.any()
    written = generate([fact.prompt for fact in FACTS], lm, max_new_tokens=12)
    agree = [text == fact.target.strip() for text, fact in zip(written, FACTS, strict=True)]
    assert agree == right.tolist()


@pytest.mark.parametrize("recipe", [QUICK, FULL])
def test_a_run_is_made_once_and_leaves_the_model_as_it_was(lm, cache, monkeypatch, recipe):
    import torch

    before = weights_of(lm)
    run = learn_facts_cached(lm, FACTS[:2], recipe, asked=FACTS)
    after = weights_of(lm)
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert all(p.requires_grad and p.grad is None for p in lm.model.parameters())
    assert len(run.loss) == len(run.seconds) == recipe.steps
    assert run.taught == [True, True, False, False]
    assert run.taught_loss == pytest.approx(np.mean(run.fact_loss[:2]))
    assert run.training_seconds > 0 and 0 <= run.taught_right <= 1
    # Training ends by taking the adapter off. (What trains is part of the key: leave it alone.)
    monkeypatch.setattr("coursekit.lowrank.remove_lora", lambda *_: pytest.fail("trained twice"))
    assert learn_facts_cached(lm, FACTS[:2], recipe, asked=FACTS) == run


# ---------------------------------------------------------------- the update


def test_a_whole_update_put_back_gives_the_tuned_model(lm, cache):
    run = learn_facts_cached(lm, FACTS, FULL)
    updates = read_update(run)
    whole = min(len(u.s) for u in updates.values())
    before = weights_of(lm)
    with added(lm.model, updates, rank=whole) as model:
        losses, _ = ask_facts(model, FACTS, lm)
    assert losses == pytest.approx(run.fact_loss, abs=2e-2)
    assert all((before[n] == p).all() for n, p in weights_of(lm).items())
    curve = rank_curve_cached(lm, run, FACTS, [1, whole])
    assert curve.shape == (2, 2)
    assert curve[1, 0] == pytest.approx(losses.mean(), abs=1e-5)


def test_an_update_is_cut_to_its_strongest_directions():
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(6, 4))
    u, s, v = np.linalg.svd(matrix, full_matrices=False)
    update = Update(u[:, :3], s, v[:3], 1.0)
    assert update.size == 24
    assert np.linalg.matrix_rank(update.at_rank(2)) == 2
    assert np.linalg.norm(matrix - update.at_rank(3)) == pytest.approx(s[3])
    with pytest.raises(ValueError, match="only 3 directions were kept"):
        update.at_rank(4)


def test_energy_grows_to_one():
    assert energy(np.array([2.0, 1.0, 0.0])).tolist() == [0.8, 1.0, 1.0]


def test_sizes_have_a_row_for_each_kind_and_a_column_for_each_block(lm, cache):
    relative, per_number = sizes_by_layer(read_update(learn_facts_cached(lm, FACTS, FULL)))
    assert relative.shape == per_number.shape == (7, 2)
    assert (relative > 0).all() and (per_number > 0).all()


# ---------------------------------------------------------------- reading adapters


def test_the_cosine_of_adapters_is_that_of_their_updates():
    rng = np.random.default_rng(1)

    def adapter():
        return {p: (rng.normal(size=(2, 5)), rng.normal(size=(4, 2))) for p in ("x", "y")}

    one, two = adapter(), adapter()
    flat = [np.concatenate([(b @ a).ravel() for a, b in each.values()]) for each in (one, two)]
    wanted = flat[0] @ flat[1] / np.linalg.norm(flat[0]) / np.linalg.norm(flat[1])
    assert adapter_cosine(one, two) == pytest.approx(wanted)
    assert adapter_cosine(one, one) == pytest.approx(1)


def test_an_adapter_is_read_back_with_its_scale(lm, cache):
    adapter = read_adapter(learn_facts_cached(lm, FACTS, QUICK))
    assert adapter.keys() == linear_layers(lm.model).keys()
    a, b = adapter["model.layers.0.mlp.down_proj"]
    assert a.shape == (4, 64) and b.shape == (32, 4) and np.abs(b).max() > 0
    assert answer_traces(adapter, FACTS, lm).shape == (4,)


def test_a_direction_is_read_as_the_tokens_it_makes_likely(lm):
    rows = lm.model.lm_head.weight.detach().numpy()
    number = lm.tokenizer.encode("z")[0]
    away = rows[number] - rows.mean(axis=0)
    assert len(nearest_words(away, lm, 3)) == 3
    assert "z" in nearest_words(away, lm, 3)


# ---------------------------------------------------------------- memory


def test_memory_is_four_copies_of_what_is_trained_and_one_of_the_rest(lm):
    batch = fact_batches(FACTS, lm, 2, 1)[0]
    total = sum(p.numel() for p in lm.model.parameters())
    held, activations, grown = one_step(lm.model, batch)
    assert held == {"weights": 4 * total, "gradients": 4 * total, "optimizer": 8 * total}
    assert activations > 0 and grown >= 0
    lm.model.zero_grad()
    add_lora(lm.model, rank=2, alpha=4)
    adapter = sum(p.numel() for p in lm.model.parameters() if p.requires_grad)
    held, _, _ = one_step(lm.model, batch)
    assert sum(held.values()) == 4 * (total + adapter + 3 * adapter)


def test_memory_of_a_machine_whose_gpu_is_not_used_is_that_of_the_process(lm, monkeypatch):
    monkeypatch.setenv("COURSEKIT_DEVICE", "cpu")
    detect_profile.cache_clear()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    with MemoryMeter() as memory:
        block = bytearray(80_000_000)
        time.sleep(0.1)
    assert memory.peak_gb - memory.start_gb > 0.05 and len(block) == 80_000_000
    assert one_step(lm.model, fact_batches(FACTS, lm, 2, 1)[0])[2] >= 0
    detect_profile.cache_clear()


def test_activations_grow_with_the_tokens(lm):
    short, long = (fact_batches(FACTS, lm, size, 1)[0] for size in (1, 4))
    assert one_step(lm.model, long)[1] > 2 * one_step(lm.model, short)[1]
