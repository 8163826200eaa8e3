"""Fine-tuning with LoRA: the data, the loss, the optimizer, and what is kept of a run."""

from __future__ import annotations

import copy
import random
import warnings
from dataclasses import replace

import pytest
from tiny_models import chunk, tiny_lm, tiny_tokenizer

from coursekit import lora
from coursekit.corpus import Question
from coursekit.lora import (
    IGNORE,
    LORA_INSTRUCTION,
    Example,
    MasterAdamW,
    Settings,
    add_adapter,
    answer_loss,
    arrange_passages,
    encode,
    learning_rate_at,
    length_grouped_batches,
    load_adapter,
    load_lm_4bit,
    make_example,
    pad_batch,
    target_text,
    train,
    train_cached,
)
from coursekit.rag import REFUSAL, Hit, generate, generate_cached

CHUNKS = {c.id: c for c in (chunk(name, f"text of {name}") for name in "abcde")}
EXAMPLES = [
    Example("<u>colour?</u><a>", "red [1]", "q1"),
    Example("<u>how many litres?</u><a>", "8 [2]", "q2"),
    Example("<u>who?</u><a>", REFUSAL, "q3"),
    Example("<u>when does it open?</u><a>", "at nine [1]", "q4"),
]
QUICK = Settings(rank=8, alpha=16, steps=3, batch_size=4, warmup=1, learning_rate=1e-2)


def question(*gold: str, answer: str | None = "7 litres") -> Question:
    return Question("q", "How much?", answer, "prose", "train", None, None, gold)


def hits(names: str) -> list[Hit]:
    return [Hit(CHUNKS[f"{name}#0"], 0.5, rank) for rank, name in enumerate(names, start=1)]


@pytest.fixture(scope="module")
def tokenizer():
    return tiny_tokenizer()


@pytest.fixture
def lm():
    return tiny_lm()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSEKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TQDM_DISABLE", "1")


def logits_of(lm, text: str = "<u>how many litres?</u><a>"):
    import torch

    with torch.no_grad():
        return lm.model(**lm.tokenizer(text, return_tensors="pt")).logits


# ---------------------------------------------------------------- examples


def test_the_target_names_the_passage_by_its_rank():
    assert target_text(question("b#0"), hits("abc")) == "7 litres [2]"
    assert target_text(question("c#0", "b#0"), hits("abc")) == "7 litres [2]"


def test_without_the_passage_or_an_answer_the_target_is_the_refusal():
    assert target_text(question("e#0"), hits("abc")) == REFUSAL
    assert target_text(question("e#0"), []) == REFUSAL
    assert target_text(question(answer=None), hits("abc")) == REFUSAL


@pytest.mark.parametrize("seed", range(20))
def test_passages_are_shuffled_and_numbered_anew(seed):
    arranged = arrange_passages(question("b#0"), hits("abc"), CHUNKS, random.Random(seed))
    assert sorted(hit.chunk.id for hit in arranged) == ["a#0", "b#0", "c#0"]
    assert [hit.rank for hit in arranged] == [1, 2, 3]


def test_the_gold_passage_may_stand_anywhere():
    rng = random.Random(0)
    places = {
        hit.rank
        for _ in range(60)
        for hit in arrange_passages(question("b#0"), hits("abc"), CHUNKS, rng)
        if hit.chunk.id == "b#0"
    }
    assert places == {1, 2, 3}


def test_a_missed_gold_passage_takes_the_place_of_the_last_hit():
    arranged = arrange_passages(question("e#0"), hits("abc"), CHUNKS, random.Random(1))
    assert {hit.chunk.id for hit in arranged} == {"a#0", "b#0", "e#0"}
    assert target_text(question("e#0"), arranged) != REFUSAL


def test_the_gold_passages_can_be_taken_out():
    arranged = arrange_passages(
        question("b#0", "c#0"), hits("abc"), CHUNKS, random.Random(1), keep_gold=False
    )
    assert [(hit.chunk.id, hit.rank) for hit in arranged] == [("a#0", 1)]
    assert target_text(question("b#0", "c#0"), arranged) == REFUSAL


@pytest.mark.parametrize("keep_gold", [True, False])
def test_a_question_without_an_answer_keeps_its_hits(keep_gold):
    unanswerable = question(answer=None)
    arranged = arrange_passages(unanswerable, hits("abc"), CHUNKS, random.Random(1), keep_gold)
    assert {hit.chunk.id for hit in arranged} == {"a#0", "b#0", "c#0"}


def test_arranging_leaves_the_hits_as_they_are():
    given = hits("abc")
    arrange_passages(question("e#0"), given, CHUNKS, random.Random(1))
    assert given == hits("abc")


def test_an_example_holds_numbered_passages_in_order_and_the_target(tokenizer):
    example = make_example(question("b#0"), hits("abc"), tokenizer)
    parts = ["[1] text of a", "[2] text of b", "[3] text of c", LORA_INSTRUCTION, "How much?"]
    places = [example.prompt.index(part) for part in parts]
    assert places == sorted(places) and example.prompt.endswith("<a>")
    assert example.target == "7 litres [2]" and example.question_id == "q"


# ---------------------------------------------------------------- tokens and batches


def test_only_target_and_end_mark_are_labelled(tokenizer):
    ids, labels = encode(EXAMPLES[0], tokenizer)
    prompt, target = len(EXAMPLES[0].prompt), len(EXAMPLES[0].target)
    assert len(ids) == len(labels) == prompt + target + 1
    assert labels[:prompt] == [IGNORE] * prompt and labels[prompt:] == ids[prompt:]
    assert ids[-1] == tokenizer.eos_token_id
    assert tokenizer.decode(ids[prompt:-1]) == EXAMPLES[0].target


def test_a_batch_is_padded_on_the_right_and_padding_is_never_learnt():
    batch = pad_batch([([5, 6, 7], [IGNORE, 6, 7]), ([8], [8])], pad_id=0)
    assert batch["input_ids"].tolist() == [[5, 6, 7], [8, 0, 0]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1], [1, 0, 0]]
    assert batch["labels"].tolist() == [[IGNORE, 6, 7], [8, IGNORE, IGNORE]]


@pytest.mark.parametrize(("count", "batch_size"), [(10, 3), (8, 8), (12, 4), (7, 5)])
def test_each_epoch_takes_every_example_once(count, batch_size):
    lengths = [random.Random(i).randrange(100) for i in range(count)]
    epochs = 3
    steps = -(-count * epochs // batch_size)
    batches = length_grouped_batches(lengths, batch_size, steps, seed=3)
    assert [len(batch) for batch in batches] == [batch_size] * steps
    for batch in batches:
        assert [lengths[i] for i in batch] == sorted(lengths[i] for i in batch)
    taken = [i for batch in batches for i in batch]
    assert min(taken.count(i) for i in range(count)) >= epochs
    assert max(taken.count(i) for i in range(count)) <= epochs + 1


def test_batches_follow_from_the_seed_and_fewer_examples_make_smaller_batches():
    first = length_grouped_batches(list(range(20)), 4, 5, seed=1)
    assert first == length_grouped_batches(list(range(20)), 4, 5, seed=1)
    assert first != length_grouped_batches(list(range(20)), 4, 5, seed=2)
    assert length_grouped_batches([3, 1, 2], 8, 2, seed=1) == [[1, 2, 0]] * 2


# ---------------------------------------------------------------- loss, gradients, steps


def batch_of(lm, examples=EXAMPLES):
    return pad_batch([encode(e, lm.tokenizer) for e in examples], lm.tokenizer.pad_token_id)


@pytest.mark.parametrize("adapter", [False, True])
def test_the_loss_is_that_of_the_full_logits(lm, adapter):
    model = add_adapter(lm, QUICK) if adapter else lm.model
    batch = batch_of(lm)
    count = int((batch["labels"][:, 1:] != IGNORE).sum())
    assert answer_loss(model, batch).item() / count == pytest.approx(
        model(**batch).loss.item(), abs=1e-4
    )


def test_the_gradient_is_that_of_the_full_logits(lm):
    import torch

    batch = batch_of(lm)
    count = int((batch["labels"][:, 1:] != IGNORE).sum())
    answer_loss(lm.model, batch).div(count).backward()
    ours = [p.grad.clone() for p in lm.model.parameters()]
    lm.model.zero_grad()
    lm.model(**batch).loss.backward()
    for mine, theirs in zip(ours, (p.grad for p in lm.model.parameters()), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-3, atol=1e-5)


def test_micro_batches_add_up_to_the_gradient_of_the_whole_batch(lm):
    import torch

    model = add_adapter(lm, QUICK)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(std=0.1)
    gradients = []
    for size in (4, 2, 1):
        optimizer = MasterAdamW([p for p in model.parameters() if p.requires_grad])
        for start in range(0, 4, size):
            answer_loss(model, batch_of(lm, EXAMPLES[start : start + size])).backward()
            optimizer.add_gradients()
        gradients.append([master.grad for master in optimizer.masters])
    for other in gradients[1:]:
        for whole, added in zip(gradients[0], other, strict=True):
            torch.testing.assert_close(whole, added, rtol=1e-3, atol=1e-5)


def test_the_size_of_the_micro_batches_does_not_change_the_training():
    losses = [
        train(
            add_adapter(lm := tiny_lm(), QUICK),
            EXAMPLES,
            lm.tokenizer,
            replace(QUICK, micro_batch=n),
        ).loss
        for n in (1, 2, 3, 4)
    ]
    for other in losses[1:]:
        assert other == pytest.approx(losses[0], abs=1e-3)


@pytest.mark.skipif(not lora.can_compile(), reason="no C++ compiler here")
def test_compiled_layers_train_to_the_same_weights():
    runs = {}
    for compiled in (False, True):
        small = tiny_lm()
        model = add_adapter(small, QUICK)
        history = train(
            model, EXAMPLES, small.tokenizer, replace(QUICK, compiled=compiled, micro_batch=2)
        )
        weights = [p.detach().clone() for p in model.parameters() if p.requires_grad]
        runs[compiled] = (history.loss, weights)
    assert runs[True][0] == pytest.approx(runs[False][0], rel=1e-3)
    for ours, theirs in zip(runs[True][1], runs[False][1], strict=True):
        assert (ours - theirs).abs().max() < 1e-3


def test_after_fast_layers_the_model_is_as_before(lm):
    model = add_adapter(lm, QUICK)
    layers = lm.model.model.layers
    calls = []

    def forward(*args, **kwargs):
        calls.append(1)
        raise RuntimeError("stop")

    batch = pad_batch([encode(EXAMPLES[0], lm.tokenizer)], 0)
    with (
        pytest.raises(RuntimeError, match="stop"),
        lora.fast_layers(model, [forward] * len(layers)),
    ):
        answer_loss(model, batch)
    assert calls == [1]
    assert not any("forward" in vars(layer) for layer in layers)
    assert answer_loss(model, batch).isfinite()
    model.unload()


def test_a_short_run_is_not_compiled_and_a_machine_without_a_compiler_trains_too(monkeypatch):
    def refuse(*_):
        raise AssertionError("compiled")

    monkeypatch.setattr(lora, "compiled_forwards", refuse)
    small = tiny_lm()
    train(add_adapter(small, QUICK), EXAMPLES, small.tokenizer, QUICK)
    monkeypatch.setattr(lora, "TOKENS_WORTH_COMPILING", 0)
    monkeypatch.setattr(lora, "can_compile", lambda: False)
    small = tiny_lm()
    train(add_adapter(small, QUICK), EXAMPLES, small.tokenizer, QUICK)
    monkeypatch.setattr(lora, "can_compile", lambda: True)
    with pytest.raises(AssertionError, match="compiled"):
        train(add_adapter(tiny_lm(), QUICK), EXAMPLES, small.tokenizer, QUICK)


def test_the_learning_rate_rises_to_its_peak_and_falls_to_nearly_zero():
    settings = Settings(steps=10, warmup=4, learning_rate=1.0)
    rates = [learning_rate_at(step, settings) for step in range(10)]
    assert rates[:4] == pytest.approx([0.25, 0.5, 0.75, 1.0])
    assert rates[4:] == pytest.approx([1, 5 / 6, 4 / 6, 3 / 6, 2 / 6, 1 / 6])
    assert learning_rate_at(10, settings) == 0
    assert learning_rate_at(0, replace(settings, warmup=0)) == 1.0


def test_steps_too_small_for_bfloat16_are_not_lost():
    import torch

    def weight():
        return torch.nn.Parameter(torch.ones(1, dtype=torch.bfloat16))

    plain, ours = weight(), weight()
    adamw = torch.optim.AdamW([plain], lr=1e-3, weight_decay=0.0)
    master = MasterAdamW([ours])
    for _ in range(20):
        plain.grad, ours.grad = torch.ones_like(plain), torch.ones_like(ours)
        adamw.step()
        master.add_gradients()
        master.step(learning_rate=1e-3, scale=1.0)
    assert plain.item() == 1.0, "each step alone is rounded away"
    assert ours.item() == pytest.approx(0.98, abs=0.004)
    assert ours.dtype == torch.bfloat16 and ours.grad is None


def test_gradients_are_divided_by_the_scale_before_they_are_clipped():
    import torch

    def moved(gradient: float, scale: float) -> float:
        weight = torch.nn.Parameter(torch.zeros(1))
        optimizer = MasterAdamW([weight])
        optimizer.optimizer = torch.optim.SGD(optimizer.masters, lr=1.0)
        weight.grad = torch.full((1,), gradient)
        optimizer.add_gradients()
        optimizer.step(learning_rate=1.0, scale=scale)
        return -weight.item()

    assert moved(4.0, 8.0) == pytest.approx(0.5)
    assert moved(80.0, 8.0) == pytest.approx(1.0, abs=1e-4), "clipped to norm 1"


# ---------------------------------------------------------------- training


def test_a_tiny_model_learns_four_examples_by_heart(lm):
    settings = replace(QUICK, rank=16, alpha=32, steps=40, learning_rate=2e-2)
    model = add_adapter(lm, settings)
    history = train(model, EXAMPLES, lm.tokenizer, settings)
    assert history.loss[0] > 2 and history.loss[-1] < 0.05
    assert generate([e.prompt for e in EXAMPLES], lm, 20) == [e.target for e in EXAMPLES]


def test_the_history_and_what_training_leaves(lm):
    seen = []
    frozen = {n: p.clone() for n, p in lm.model.named_parameters()}
    model = add_adapter(lm, QUICK)
    history = train(
        model,
        EXAMPLES,
        lm.tokenizer,
        QUICK,
        on_step=lambda step, loss: seen.append((step, loss)),
        look=lambda step: {"step": step, "training": model.training} if step != 1 else None,
    )
    assert seen == list(enumerate(history.loss)) and len(seen) == 3
    assert history.looks == [{"step": 0, "training": False}, {"step": 2, "training": False}]
    assert history.learning_rate == [learning_rate_at(step, QUICK) for step in range(3)]
    assert history.tokens == 3 * sum(len(encode(e, lm.tokenizer)[0]) for e in EXAMPLES)
    assert history.seconds > 0 and history.peak_memory_gb > 0 and not model.training
    base = model.unload()
    for name, parameter in base.named_parameters():
        assert (parameter == frozen[name]).all(), f"the frozen weight {name} moved"


def test_the_same_seed_gives_the_same_training():
    first, second = (
        train(add_adapter(lm := tiny_lm(), QUICK), EXAMPLES, lm.tokenizer, QUICK) for _ in range(2)
    )
    assert first.loss == second.loss


def test_a_loss_that_is_no_number_stops_the_training_before_the_weights_are_lost(lm, monkeypatch):
    import torch

    model = add_adapter(lm, QUICK)
    real = answer_loss
    monkeypatch.setattr(lora, "answer_loss", lambda m, batch: real(m, batch) * float("nan"))
    with pytest.raises(FloatingPointError, match="nan at step 0. Lower the learning rate"):
        train(model, EXAMPLES, lm.tokenizer, QUICK)
    assert all(torch.isfinite(p).all() for p in model.parameters())


def test_a_gradient_that_is_no_number_stops_the_training_before_the_weights_are_lost(lm):
    import torch

    model = add_adapter(lm, QUICK)
    before = {n: p.detach().clone() for n, p in model.named_parameters()}
    first = next(p for p in model.parameters() if p.requires_grad)
    first.register_hook(lambda gradient: gradient * float("nan"))
    with pytest.raises(FloatingPointError, match="gradient is no number at step 0. Lower the lear"):
        train(model, EXAMPLES, lm.tokenizer, QUICK)
    assert all(torch.equal(p, before[n]) for n, p in model.named_parameters())


def test_an_overflow_in_float16_is_tried_again_with_half_the_scale(lm, monkeypatch):
    import torch

    half = replace(lm, model=lm.model.to(torch.float16), dtype=torch.float16)
    model = add_adapter(half, QUICK)
    steps, kept = [], MasterAdamW.step

    def counted(self, learning_rate, scale):
        steps.append((scale, kept(self, learning_rate, scale)))
        return steps[-1][1]

    monkeypatch.setattr(MasterAdamW, "step", counted)
    first = next(p for p in model.parameters() if p.requires_grad)
    overflows = iter([True, True])
    first.register_hook(lambda g: g * float("inf") if next(overflows, False) else g)
    history = train(model, EXAMPLES, lm.tokenizer, replace(QUICK, micro_batch=4))
    assert [stepped for _, stepped in steps] == [False, False, True, True, True]
    scales = [scale / steps[0][0] for scale, _ in steps]
    assert scales[:3] == [1, 1 / 2, 1 / 4] and len(history.loss) == 3
    assert all(torch.isfinite(p).all() for p in model.parameters())


def test_no_examples_are_refused(lm):
    with pytest.raises(ValueError, match="There are no examples"):
        train(add_adapter(lm, QUICK), [], lm.tokenizer, QUICK)


def test_a_run_is_made_once_and_leaves_the_model_without_an_adapter(cache, lm, monkeypatch):
    import torch

    runs = []
    real = train

    def counted(*arguments):
        runs.append(1)
        return real(*arguments)

    monkeypatch.setattr(lora, "train", counted)
    before = logits_of(lm)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        folder, history = train_cached(lm, EXAMPLES, QUICK, EXAMPLES[:2], watch_at=[1, 3])
        again = train_cached(lm, EXAMPLES, QUICK, EXAMPLES[:2], watch_at=[1, 3])
        assert again == (folder, history) and len(runs) == 1
        train_cached(lm, EXAMPLES, replace(QUICK, seed=8))
        train_cached(lm, EXAMPLES[:3], QUICK)
        train_cached(replace(lm, fingerprint="another"), EXAMPLES, QUICK)
    assert len(runs) == 4
    assert [look["step"] for look in history.looks] == [1, 3]
    assert all(len(look["answers"]) == 2 for look in history.looks)
    torch.testing.assert_close(logits_of(lm), before, rtol=0, atol=0)
    assert not any("lora" in name for name, _ in lm.model.named_parameters())


def test_a_failed_run_keeps_nothing_and_leaves_the_model_as_it_was(cache, lm, monkeypatch):
    import torch

    before = logits_of(lm)
    real = answer_loss
    with monkeypatch.context() as patch:
        patch.setattr(lora, "answer_loss", lambda m, batch: real(m, batch) * float("inf"))
        with pytest.raises(FloatingPointError):
            train_cached(lm, EXAMPLES, QUICK)
    torch.testing.assert_close(logits_of(lm), before, rtol=0, atol=0)
    _, history = train_cached(lm, EXAMPLES, QUICK)
    assert len(history.loss) == 3


# ---------------------------------------------------------------- saved adapters


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A trained adapter: its folder, and the logits right after training."""
    folder = tmp_path_factory.mktemp("adapter")
    lm = tiny_lm()
    model = add_adapter(lm, QUICK)
    train(model, EXAMPLES, lm.tokenizer, QUICK)
    model.save_pretrained(folder)
    return folder, logits_of(replace(lm, model=model))


def test_a_loaded_adapter_gives_the_outputs_of_the_trained_model(trained, lm):
    import torch

    folder, expected = trained
    base = logits_of(lm)
    loaded = load_adapter(lm, folder)
    torch.testing.assert_close(logits_of(loaded), expected, rtol=0, atol=1e-6)
    assert not loaded.model.training and loaded.tokenizer is lm.tokenizer
    assert (base - expected).abs().max() > 0.01, "training must have changed the outputs"
    with loaded.model.disable_adapter():
        torch.testing.assert_close(logits_of(loaded), base, rtol=0, atol=1e-6)


def test_a_cached_answer_belongs_to_the_state_of_the_adapter(trained, lm, cache):
    prompts = [example.prompt for example in EXAMPLES]
    plain = generate_cached(prompts, lm, 8)
    fresh = tiny_lm()
    tuned = load_adapter(fresh, trained[0])
    answers = generate_cached(prompts, tuned, 8)
    assert answers != plain and "adapter" not in tuned.cache_key
    with tuned.model.disable_adapter():
        assert tuned.cache_key["adapter"] == "off"
        assert generate_cached(prompts, tuned, 8) == plain
    assert generate_cached(prompts, tuned, 8) == answers
    assert generate_cached(prompts, fresh, 8) == answers, "its weights carry the adapter now"


def test_the_cache_tells_a_trained_adapter_from_a_fresh_one(lm):
    plain = lm.cache_key
    model = add_adapter(lm, QUICK)
    fresh = lm.cache_key
    train(model, EXAMPLES, lm.tokenizer, QUICK)
    assert len({str(key) for key in (plain, fresh, lm.cache_key)}) == 3
    model.unload()
    assert lm.cache_key == plain


def test_the_fingerprint_names_the_adapter(trained, lm, tmp_path):
    folder, _ = trained
    loaded = load_adapter(lm, folder)
    assert loaded.fingerprint.startswith(f"{lm.fingerprint}+")
    other = tiny_lm()
    add_adapter(other, replace(QUICK, seed=99)).save_pretrained(tmp_path)
    assert load_adapter(tiny_lm(), tmp_path).fingerprint != loaded.fingerprint


def test_a_merged_model_gives_the_outputs_of_the_adapter(trained, lm):
    import torch

    folder, expected = trained
    merged = load_adapter(lm, folder).model.merge_and_unload()
    torch.testing.assert_close(logits_of(replace(lm, model=merged)), expected, rtol=0, atol=1e-4)
    assert not any("lora" in name for name, _ in merged.named_parameters())


def test_a_new_adapter_changes_nothing_and_is_the_only_thing_to_train(lm):
    import torch

    before = logits_of(lm)
    plain = copy.deepcopy(lm.model)
    model = add_adapter(lm, QUICK)
    torch.testing.assert_close(logits_of(replace(lm, model=model)), before, rtol=0, atol=1e-6)
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    layers = [
        module
        for name, module in plain.named_modules()
        if isinstance(module, torch.nn.Linear) and "lm_head" not in name
    ]
    assert trained == sum(QUICK.rank * (m.in_features + m.out_features) for m in layers)


def test_an_adapter_on_a_cpu_keeps_the_precision_of_the_model(lm):
    import torch

    half = replace(lm, model=lm.model.to(torch.bfloat16), dtype=torch.bfloat16)
    model = add_adapter(half, QUICK)
    assert {p.dtype for p in model.parameters()} == {torch.bfloat16}
    history = train(model, EXAMPLES, lm.tokenizer, replace(QUICK, steps=5))
    assert history.loss[-1] < history.loss[0]


def test_four_bits_without_a_gpu_are_refused_in_a_sentence(monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(RuntimeError, match="QLoRA needs an NVIDIA GPU, and none was found"):
        load_lm_4bit()


def test_four_bits_without_bitsandbytes_are_refused_in_a_sentence(monkeypatch):
    import importlib.util

    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(RuntimeError, match="pip install bitsandbytes"):
        load_lm_4bit()


# ---------------------------------------------------------------- the real model


@pytest.mark.models
def test_the_real_model_has_the_loss_of_its_full_logits(monkeypatch):
    import torch

    from coursekit.models import load_lm
    from coursekit.profile import detect_profile

    lm = load_lm(profile=replace(detect_profile(), device="cpu", dtype=torch.float32))
    batch = batch_of(lm, EXAMPLES[:2])
    count = int((batch["labels"][:, 1:] != IGNORE).sum())
    with torch.no_grad():
        ours = answer_loss(lm.model, batch).item() / count
        assert ours == pytest.approx(lm.model(**batch).loss.item(), abs=1e-3)


def test_one_example_for_each_question_with_the_gold_passage_or_a_refusal(tokenizer):
    questions = [question("a#0"), question("b#0"), question(answer=None)]
    found = [hits("ab"), hits("ac"), hits("bc")]
    chunks = list(CHUNKS.values())
    kept = lora.make_examples(questions, found, chunks, tokenizer, seed=1)
    assert [example.target == REFUSAL for example in kept] == [False, False, True]
    assert kept == lora.make_examples(questions, found, chunks, tokenizer, seed=1)
    taken = lora.make_examples(questions, found, chunks, tokenizer, 1, share_without_gold=1.0)
    assert [example.target for example in taken] == [REFUSAL] * 3


def test_exact_matches_count_answers_that_are_their_target_to_the_letter(cache, lm, monkeypatch):
    monkeypatch.setattr(
        lora, "generate_cached", lambda prompts, lm, n: ["7 litres [1]", "7 litres"]
    )
    examples = [lora.Example("p", "7 litres [1]", "q1"), lora.Example("p", "7 litres [1]", "q2")]
    right, answers = lora.exact_matches(lm, examples)
    assert right.tolist() == [True, False]
    assert answers == ["7 litres [1]", "7 litres"]
