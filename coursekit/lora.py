"""Fine-tuning with LoRA, in the order in which lesson 09 needs it:

questions and hits -> examples -> token ids with a label mask -> batches -> loss -> adapter

The recipe is chosen for the quality that it reaches per second on two CPU cores; the lesson
measures what its first steps gain, and `benchmarks/lora_recipe.py` all of them.
"""

from __future__ import annotations

import json
import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit.cache import cached_folder, digest
from coursekit.chunks import Chunk
from coursekit.language import t
from coursekit.models import adapter_state, quiet
from coursekit.rag import REFUSAL, Hit, assemble_prompt, generate, generate_cached

if TYPE_CHECKING:
    import torch
    from peft import PeftModel

    from coursekit.corpus import Question
    from coursekit.models import LanguageModel

IGNORE = -100  # the label that PyTorch's cross entropy leaves out of the loss
# Compiling the layers takes about half a minute once and saves a third of each step: on two CPU
# cores it pays from about this many tokens on (measured by benchmarks/lora_recipe.py).
TOKENS_WORTH_COMPILING = 80_000
LORA_INSTRUCTION = (
    "Answer as briefly as possible and give the number of the passage in square brackets. "
    f"If no passage holds the answer, say: {REFUSAL}"
)
CALMER = "Lower the learning rate."


@dataclass(frozen=True)
class Example:
    """One training or test example: a prompt in chat format and the text that should follow it."""

    prompt: str
    target: str
    question_id: str


@dataclass(frozen=True)
class Settings:
    """What a training run depends on besides its data. Sizes are counted in examples.

    `micro_batch` is how many of a batch's examples are in memory at a time; None leaves that to
    the profile of the machine. `compiled` None compiles the layers where that pays: on a CPU with
    a C++ compiler, in a run long enough to win back the seconds that compiling takes.
    """

    rank: int = 16
    alpha: int = 32
    target_modules: str = "all-linear"
    steps: int = 80
    batch_size: int = 8
    micro_batch: int | None = None
    learning_rate: float = 1e-3
    warmup: int = 4
    seed: int = 7
    compiled: bool | None = None


@dataclass
class History:
    """What a training run recorded at each step."""

    loss: list[float] = field(default_factory=list)
    learning_rate: list[float] = field(default_factory=list)
    looks: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    tokens: int = 0
    peak_memory_gb: float = 0.0


def target_text(question: Question, hits: Sequence[Hit]) -> str:
    """What the model should say: the answer with the number of its passage, or the refusal."""
    for hit in hits:
        if question.answer is not None and hit.chunk.id in question.gold_passages:
            return f"{question.answer} [{hit.rank}]"
    return REFUSAL


def arrange_passages(
    question: Question,
    hits: Sequence[Hit],
    chunks_by_id: dict[str, Chunk],
    rng: random.Random,
    keep_gold: bool = True,
) -> list[Hit]:
    """Shuffle the passages and number them anew, so that a position says nothing about the answer.

    With `keep_gold`, a gold passage takes the place of the last hit if retrieval missed it;
    without, every gold passage is taken out, and the right answer becomes a refusal.
    """
    chosen = [hit.chunk for hit in hits]
    is_gold = [chunk.id in question.gold_passages for chunk in chosen]
    if keep_gold and question.gold_passages and not any(is_gold):
        chosen[-1] = chunks_by_id[rng.choice(question.gold_passages)]
    if not keep_gold:
        chosen = [chunk for chunk, gold in zip(chosen, is_gold, strict=True) if not gold]
    rng.shuffle(chosen)
    return [Hit(chunk, score=0.0, rank=rank) for rank, chunk in enumerate(chosen, start=1)]


def make_example(question: Question, hits: Sequence[Hit], tokenizer: Any) -> Example:
    """The prompt with numbered passages and the target text that belongs to it."""
    prompt = assemble_prompt(
        question.text,
        hits,
        tokenizer,
        numbered=True,
        instruction=LORA_INSTRUCTION,
        answer_start="",
        best_last=False,
    )
    return Example(prompt, target_text(question, hits), question.id)


def make_examples(
    questions: Sequence[Question],
    hits_by_question: Sequence[Sequence[Hit]],
    chunks: Sequence[Chunk],
    tokenizer: Any,
    seed: int,
    share_without_gold: float = 0.0,
) -> list[Example]:
    """One example for each question, its passages shuffled by `seed`.

    In a share of them the gold passages are taken out, so that the target is a refusal; in all
    others a gold passage stands in the prompt, whether or not retrieval found it.
    """
    rng = random.Random(seed)
    chunks_by_id = {chunk.id: chunk for chunk in chunks}
    examples = []
    for question, hits in zip(questions, hits_by_question, strict=True):
        keep_gold = rng.random() >= share_without_gold
        passages = arrange_passages(question, hits, chunks_by_id, rng, keep_gold)
        examples.append(make_example(question, passages, tokenizer))
    return examples


def exact_matches(
    lm: LanguageModel, examples: Sequence[Example], max_new_tokens: int = 24
) -> tuple[np.ndarray, list[str]]:
    """Let the model answer, and say which answers are their target to the letter.

    Returns: bool array of shape (examples,), and the answers.
    """
    answers = generate_cached([example.prompt for example in examples], lm, max_new_tokens)
    pairs = zip(answers, examples, strict=True)
    return np.array([answer == example.target for answer, example in pairs]), answers


def encode(example: Example, tokenizer: Any) -> tuple[list[int], list[int]]:
    """Token ids of prompt, target and end mark, and the labels: IGNORE for every prompt token."""
    prompt_ids = tokenizer.encode(example.prompt, add_special_tokens=False)
    target_ids = tokenizer.encode(example.target, add_special_tokens=False)
    target_ids = [*target_ids, tokenizer.eos_token_id]
    return prompt_ids + target_ids, [IGNORE] * len(prompt_ids) + target_ids


def pad_batch(
    encoded: Sequence[tuple[list[int], list[int]]], pad_id: int
) -> dict[str, torch.Tensor]:
    """Stack sequences of different lengths, padded on the right.

    Returns: input_ids, attention_mask and labels, each of shape (batch, longest).
    """
    import torch

    longest = max(len(ids) for ids, _ in encoded)
    rows = {"input_ids": [], "attention_mask": [], "labels": []}
    for ids, labels in encoded:
        gap = longest - len(ids)
        rows["input_ids"].append(ids + [pad_id] * gap)
        rows["attention_mask"].append([1] * len(ids) + [0] * gap)
        rows["labels"].append(labels + [IGNORE] * gap)
    return {name: torch.tensor(values) for name, values in rows.items()}


def answer_loss(model: Any, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """Summed cross entropy of the labelled tokens, computing logits for those positions only.

    The output layer multiplies by a 49,152 x 576 matrix. Choosing the hidden states that predict a
    labelled token first spares that product for every prompt token, forward and backward.
    """
    import torch

    causal_lm = model.get_base_model() if hasattr(model, "get_base_model") else model
    hidden = causal_lm.model(
        input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], use_cache=False
    ).last_hidden_state
    next_labels = batch["labels"][:, 1:]
    chosen = next_labels != IGNORE
    logits = causal_lm.lm_head(hidden[:, :-1][chosen])  # (labelled tokens, vocabulary)
    return torch.nn.functional.cross_entropy(logits.float(), next_labels[chosen], reduction="sum")


@lru_cache(maxsize=1)
def can_compile() -> bool:
    """Whether `torch.compile` works here. On a CPU it needs a C++ compiler."""
    import torch

    try:
        torch.compile(lambda x: torch.relu(x) + 1)(torch.ones(2))
    except Exception:  # no compiler, or one that fails: torch names many kinds of error
        return False
    return True


def compiled_forwards(model: Any) -> list[Callable[..., Any]]:
    """The forward functions of the decoder layers, compiled: one compilation serves all layers.

    Nothing is compiled before the first call; `fast_layers` puts the functions to use.
    """
    import torch

    causal_lm = model.get_base_model() if hasattr(model, "get_base_model") else model
    return [torch.compile(layer.forward, dynamic=True) for layer in causal_lm.model.layers]


@contextmanager
def fast_layers(model: Any, forwards: Sequence[Callable[..., Any]]) -> Iterator[None]:
    """Within the block, the decoder layers of `model` use these forward functions, if any."""
    causal_lm = model.get_base_model() if hasattr(model, "get_base_model") else model
    layers = causal_lm.model.layers if forwards else ()
    try:
        for layer, forward in zip(layers, forwards, strict=True):
            layer.forward = forward
        yield
    finally:
        for layer in layers:
            layer.__dict__.pop("forward", None)


def learning_rate_at(step: int, settings: Settings) -> float:
    """Linear warm-up, then linear decay to zero. `step` counts from 0."""
    if step < settings.warmup:
        return settings.learning_rate * (step + 1) / settings.warmup
    left = (settings.steps - step) / max(1, settings.steps - settings.warmup)
    return settings.learning_rate * left


def length_grouped_batches(
    lengths: Sequence[int], batch_size: int, steps: int, seed: int
) -> list[list[int]]:
    """`steps` batches of example numbers.

    Each epoch is shuffled; inside a batch the examples are in order of length, so that
    micro-batches hold sequences of similar length and little padding.
    """
    rng = random.Random(seed)
    batches: list[list[int]] = []
    pool: list[int] = []
    while len(batches) < steps:
        if len(pool) < batch_size:
            fresh = list(range(len(lengths)))
            rng.shuffle(fresh)
            pool += fresh
        batch, pool = pool[:batch_size], pool[batch_size:]
        batches.append(sorted(batch, key=lambda i: lengths[i]))
    return batches


def add_adapter(lm: LanguageModel, settings: Settings) -> PeftModel:
    """Wrap the language model with a LoRA adapter on the layers that `settings` names."""
    import torch
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(settings.seed)
    config = LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        target_modules=settings.target_modules,
        lora_dropout=0.0,
        task_type="CAUSAL_LM",
    )
    # On a CPU the adapter computes in the model's precision: the optimizer keeps a float32 copy.
    on_cpu = str(lm.device) == "cpu"
    with quiet():
        return get_peft_model(lm.model, config, autocast_adapter_dtype=not on_cpu)


class MasterAdamW:
    """AdamW on float32 copies of low-precision weights.

    A bfloat16 number keeps 8 significant bits: a step smaller than 1/256 of a weight would be
    rounded away. The copies remember it.
    """

    def __init__(self, parameters: Sequence[torch.nn.Parameter]) -> None:
        import torch

        self.parameters = list(parameters)
        self.masters = [p.detach().float().clone().requires_grad_() for p in self.parameters]
        self.optimizer = torch.optim.AdamW(self.masters, weight_decay=0.0)

    def add_gradients(self) -> None:
        """Move the gradients of one micro-batch from the weights to their copies, in float32."""
        for parameter, master in zip(self.parameters, self.masters, strict=True):
            if parameter.grad is None:
                continue
            gradient = parameter.grad.float()
            master.grad = gradient if master.grad is None else master.grad.add_(gradient)
            parameter.grad = None

    def step(self, learning_rate: float, scale: float, max_norm: float = 1.0) -> bool:
        """One optimizer step on the gradients divided by `scale`, then copy the weights back.

        Returns: False where a gradient is infinite or no number, as after an overflow in float16;
        the gradients are dropped then, and the weights stay as they were.
        """
        import torch

        for master in self.masters:
            if master.grad is not None:
                master.grad.div_(scale)
        norm = torch.nn.utils.clip_grad_norm_(self.masters, max_norm)
        if not math.isfinite(norm):
            self.optimizer.zero_grad(set_to_none=True)
            return False
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        with torch.no_grad():
            for parameter, master in zip(self.parameters, self.masters, strict=True):
                parameter.copy_(master)
        return True


def train(
    model: PeftModel,
    examples: Sequence[Example],
    tokenizer: Any,
    settings: Settings,
    on_step: Callable[[int, float], None] | None = None,
    look: Callable[[int], dict[str, Any] | None] | None = None,
) -> History:
    """Tune the adapter of `model` on `examples` and return what happened at each step.

    The model is trained in place and left in evaluation mode. `on_step(step, loss)` is called after
    each step, for a progress bar. `look(step)` may return something to keep in `History.looks`,
    such as answers of the half-trained model; its time is not counted.

    Raises:
        FloatingPointError: the loss or its gradient is no longer a number; the weights are those
            before that step.
        ValueError: there are no examples.
    """
    import torch

    from coursekit.measure import MemoryMeter, give_back_memory
    from coursekit.profile import detect_profile

    if not examples:
        raise ValueError("There are no examples, so there is nothing to learn from.")
    encoded = [encode(example, tokenizer) for example in examples]
    lengths = [len(ids) for ids, _ in encoded]
    batches = length_grouped_batches(lengths, settings.batch_size, settings.steps, settings.seed)
    optimizer = MasterAdamW([p for p in model.parameters() if p.requires_grad])
    parameter = next(model.parameters())
    # float16 loses gradients below 6e-8: they are multiplied before and divided after. Those above
    # 65,504 overflow: then the step is tried again with half the scale.
    loss_scale = 1024.0 if parameter.dtype == torch.float16 else 1.0
    micro_batch = settings.micro_batch or detect_profile().micro_batch
    compiled = settings.compiled
    if compiled is None:
        tokens = sum(lengths[i] for batch in batches for i in batch)
        on_cpu = parameter.device.type == "cpu"
        compiled = on_cpu and tokens >= TOKENS_WORTH_COMPILING and can_compile()
    forwards = compiled_forwards(model) if compiled else []
    history = History()
    torch.manual_seed(settings.seed)
    give_back_memory()
    with MemoryMeter() as memory:
        for step, batch in enumerate(batches):
            started = time.perf_counter()
            model.train()
            labelled = sum(sum(label != IGNORE for label in encoded[i][1]) for i in batch)
            rate = learning_rate_at(step, settings)
            stepped = False
            while not stepped:
                total = 0.0
                for start in range(0, len(batch), micro_batch):
                    rows = [encoded[i] for i in batch[start : start + micro_batch]]
                    tensors = pad_batch(rows, tokenizer.pad_token_id)
                    with fast_layers(model, forwards):
                        loss = answer_loss(
                            model, {k: v.to(parameter.device) for k, v in tensors.items()}
                        )
                        (loss * loss_scale).backward()
                    optimizer.add_gradients()
                    total += loss.item()
                if not math.isfinite(total):
                    raise FloatingPointError(f"The loss became {total} at step {step}. {CALMER}")
                stepped = optimizer.step(rate, scale=labelled * loss_scale)
                if not stepped and loss_scale <= 1:
                    raise FloatingPointError(f"The gradient is no number at step {step}. {CALMER}")
                loss_scale = loss_scale if stepped else loss_scale / 2
            history.loss.append(total / labelled)
            history.learning_rate.append(rate)
            history.tokens += sum(lengths[i] for i in batch)
            history.seconds += time.perf_counter() - started
            if on_step is not None:
                on_step(step, history.loss[-1])
            model.eval()
            seen = look(step) if look is not None else None
            if seen is not None:
                history.looks.append(seen)
    history.peak_memory_gb = memory.peak_gb
    return history


# What decides the result of a training, beside its examples and settings: a part of cache keys.
TRAINING = (train, answer_loss, add_adapter, MasterAdamW, encode, pad_batch, fast_layers)
TRAINING += (learning_rate_at, length_grouped_batches)


def train_cached(
    lm: LanguageModel,
    examples: Sequence[Example],
    settings: Settings,
    watch: Sequence[Example] = (),
    watch_at: Sequence[int] = (),
) -> tuple[Path, History]:
    """Train once for these examples, settings, model and code; after that, read the result.

    After the steps in `watch_at`, the half-trained model answers the examples in `watch`; the
    answers stand in `History.looks`. Returns the folder with the saved adapter and the history of
    the run. `lm` itself is left without an adapter.
    """
    from coursekit.bars import progress_bar

    key = {
        "settings": asdict(settings),
        "examples": digest(list(examples)),
        "watch": digest(list(watch), list(watch_at)),
        **lm.cache_key,
        "code": digest(*TRAINING),
    }

    def look(step: int) -> dict[str, Any] | None:
        if step + 1 not in watch_at:
            return None
        answers = generate([example.prompt for example in watch], lm, max_new_tokens=24)
        return {"step": step + 1, "answers": answers}

    def make(folder: Path) -> None:
        model = add_adapter(lm, settings)
        bar = progress_bar(None, t("training"), total=settings.steps, unit="step")

        def on_step(step: int, loss: float) -> None:
            bar.set_postfix(loss=f"{loss:.3f}")
            bar.update()

        try:
            history = train(model, examples, lm.tokenizer, settings, on_step, look)
            model.save_pretrained(folder)
        finally:
            bar.close()
            model.unload()
        (folder / "history.json").write_text(json.dumps(asdict(history)), encoding="utf-8")

    folder = cached_folder("adapter", key, make)
    history = History(**json.loads((folder / "history.json").read_text(encoding="utf-8")))
    return folder, history


def load_adapter(lm: LanguageModel, folder: Path) -> LanguageModel:
    """Put a saved adapter onto the language model it was trained with, ready to generate.

    The adapter is added to `lm.model` in place; `model.disable_adapter()` switches it off for a
    `with` block. The fingerprint of the result names the adapter too.
    """
    from peft import PeftModel

    on_cpu = str(lm.device) == "cpu"
    with quiet():
        model = PeftModel.from_pretrained(lm.model, folder, autocast_adapter_dtype=not on_cpu)
    weights = digest(folder / "adapter_model.safetensors")
    model.described = adapter_state(model)  # the fingerprint names this state; see `cache_key`
    return replace(lm, model=model.eval(), fingerprint=f"{lm.fingerprint}+{weights[:16]}")


def load_lm_4bit(source: str | Path | None = None) -> LanguageModel:
    """Load a language model with its frozen weights in 4 bits, for QLoRA (Dettmers et al., 2023).

    Needs a GPU and the package bitsandbytes; the adapter that is added later stays in float32.
    Raises RuntimeError, saying what is missing, where one of them is absent.
    """
    import importlib.util

    import torch

    from coursekit.models import load_lm
    from coursekit.profile import detect_profile

    if not torch.cuda.is_available():
        raise RuntimeError(
            "QLoRA needs an NVIDIA GPU, and none was found: here, LoRA does the same job."
        )
    if importlib.util.find_spec("bitsandbytes") is None:
        raise RuntimeError("QLoRA needs bitsandbytes. Install it: pip install bitsandbytes")
    from transformers import BitsAndBytesConfig

    quantization = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=detect_profile().dtype,
    )
    return load_lm(source, quantization=quantization)
