"""What each step of the course's LoRA recipe gains, against the recipe of most tutorials.

    python benchmarks/lora_recipe.py                        # everything; about three hours
    python benchmarks/lora_recipe.py --only speed           # tokens/s and memory; half an hour
    python benchmarks/lora_recipe.py --recipes textbook course --seeds 1
    python benchmarks/lora_recipe.py --model 1.7b           # on a GPU: random weights, speed only

Each run is a process of its own, one after another, on the same examples. A run that is done is
kept in `coursekit/data/benchmarks/lora_recipe.json` and made again only with `--again`. See
benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from coursekit.benchmarks import seconds_to
from coursekit.paths import data_dir, write_atomically

PATH = data_dir() / "benchmarks" / "lora_recipe.json"
SEEDS = (1, 2, 3)
STEPS, LOOKS = 60, (10, 20, 30, 40, 50, 60)
TIMED, WARM_UP = 6, 2  # steps of a speed run, and steps before them that are not counted
QUALITY = 0.80  # the exact match that a recipe must reach
RULER = "textbook"


@dataclass(frozen=True)
class Variant:
    """One recipe. `layers` counts the adapted layers from the top; None adapts all of them."""

    dtype: str = "bfloat16"
    logits: str = "answer"
    adapters: str = "master"
    attention: str = "sdpa"
    micro_batch: int = 2
    compiled: bool = True
    layers: int | None = None
    rank: int = 16
    batch_size: int = 4
    steps: int = STEPS
    learning_rate: float = 1e-3


OLD = Variant("float32", "all", "float32", micro_batch=8, compiled=False, batch_size=8)
RECIPES: dict[str, Variant] = {
    "textbook": OLD,  # Hugging Face Trainer
    "+ bfloat16": replace(OLD, dtype="bfloat16"),
    "+ answer logits": replace(OLD, dtype="bfloat16", logits="answer"),
    "+ adapters in bfloat16": Variant(micro_batch=8, compiled=False, batch_size=8),
    "+ micro-batches of 2": Variant(compiled=False, batch_size=8),
    "+ compiled layers": Variant(batch_size=8),
    "course": Variant(),
    "micro-batches of 4": Variant(micro_batch=4),
    "attention in single steps": Variant(attention="eager"),
    "last 10 layers": Variant(layers=10),
    "last 20 layers": Variant(layers=20),
    "rank 8": Variant(rank=8),
    "twice the learning rate": Variant(learning_rate=2e-3),
    "twice the steps": Variant(steps=2 * STEPS),
}
# These compute the same as the recipe above them but for rounding. So their speed is measured, and
# the quality of the textbook's, the course's and those that change what is learned.
EXACT = {
    **dict.fromkeys(tuple(RECIPES)[1:6], RULER),
    "micro-batches of 4": "course",
    "attention in single steps": "course",
}


def prepare() -> dict[str, list[dict[str, str]]]:
    """The examples of lesson 09 to train on, and examples of the dev questions to answer."""
    from coursekit.corpus import company_chunks, company_questions, training_questions
    from coursekit.lora import make_examples
    from coursekit.models import load_embedder, load_lm
    from coursekit.rag import build_index, embed_cached, retrieve_all

    chunks, embedder, tokenizer = company_chunks(), load_embedder(), load_lm().tokenizer
    index = build_index(embed_cached([chunk.text for chunk in chunks], embedder))

    def examples(questions: list, seed: int, without: float = 0.0) -> list[dict[str, str]]:
        hits = retrieve_all([q.text for q in questions], index, chunks, embedder, k=2)
        made = make_examples(questions, hits, chunks, tokenizer, seed, without)
        return [asdict(example) for example in made]

    kinds = ("prose", "table", "company", "unanswerable")
    train = [q for q in training_questions() if q.kind in kinds]
    dev = [q for q in company_questions(split="dev") if q.kind in ("prose", "table")]
    return {"train": examples(train, 3, 0.16), "dev": examples(dev, 5)}


def load_model(variant: Variant, model: str) -> Any:
    """The language model in the precision of the variant, in a fresh process."""
    import torch

    from coursekit.models import load_lm
    from coursekit.profile import detect_profile

    profile = replace(detect_profile(), dtype=getattr(torch, variant.dtype))
    lm = load_lm(profile=profile, attention=variant.attention)
    if model == "1.7b":  # the shape of SmolLM2-1.7B; the speed does not depend on the weights
        from transformers import LlamaConfig, LlamaForCausalLM

        config = LlamaConfig(
            hidden_size=2048,
            intermediate_size=8192,
            num_hidden_layers=24,
            num_attention_heads=32,
            num_key_value_heads=32,
            vocab_size=49152,
            tie_word_embeddings=True,
            attn_implementation=variant.attention,
        )
        with torch.device(lm.device):
            large = LlamaForCausalLM(config).to(profile.dtype)
        lm = replace(lm, model=large, fingerprint="random-1.7b")
    return lm


def add_path(lm: Any, variant: Variant, seed: int) -> Any:
    """The model with the adapter of the variant, in float32 or in the model's own precision."""
    import torch
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(seed)
    blocks = lm.model.config.num_hidden_layers
    chosen = None if variant.layers is None else list(range(blocks - variant.layers, blocks))
    linear = {
        name.rpartition(".")[2]
        for name, module in lm.model.model.named_modules()
        if isinstance(module, torch.nn.Linear)
    }
    config = LoraConfig(
        r=variant.rank,
        lora_alpha=2 * variant.rank,
        target_modules=linear,  # peft takes "all-linear" for all blocks only
        layers_to_transform=chosen,
        lora_dropout=0.0,
        task_type="CAUSAL_LM",
    )
    return get_peft_model(lm.model, config, autocast_adapter_dtype=variant.adapters == "float32")


class Watch:
    """Counts seconds of training, and stops the clock while the model answers dev questions."""

    def __init__(self, lm: Any, model: Any, dev: list, looks: tuple[int, ...]) -> None:
        self.lm, self.model, self.dev, self.looks = lm, model, dev, looks
        self.seconds: list[float] = []
        self.exact: dict[int, float] = {}
        self.started = time.perf_counter()

    def __call__(self, step: int) -> None:
        """Called at the end of a step, counted from 1."""
        from coursekit.rag import generate

        if self.lm.device == "cuda":
            import torch

            torch.cuda.synchronize()
        self.seconds.append(time.perf_counter() - self.started)
        if step in self.looks:
            self.model.eval()
            answers = generate([e.prompt for e in self.dev], self.lm, max_new_tokens=24)
            right = [a == e.target for a, e in zip(answers, self.dev, strict=True)]
            self.exact[step] = sum(right) / len(right)
            print(f"   step {step}: exact match {self.exact[step]:.2f}", file=sys.stderr)
            self.model.train()
        self.started = time.perf_counter()


def train_textbook(
    lm: Any, model: Any, examples: list, variant: Variant, seed: int, watch: Watch
) -> None:
    """Hugging Face's Trainer, as most tutorials call it: the batch padded to its longest example,
    all logits, the loss averaged over the answer tokens."""
    from torch.utils.data import Dataset
    from transformers import (
        DataCollatorForSeq2Seq,
        Trainer,
        TrainerCallback,
        TrainingArguments,
    )

    from coursekit.lora import encode

    class Rows(Dataset):
        def __len__(self) -> int:
            return len(examples)

        def __getitem__(self, i: int) -> dict[str, list[int]]:
            ids, labels = encode(examples[i], lm.tokenizer)
            return {"input_ids": ids, "attention_mask": [1] * len(ids), "labels": labels}

    class Look(TrainerCallback):
        def on_train_begin(self, *_: Any, **__: Any) -> None:
            watch.started = time.perf_counter()

        def on_step_end(self, _: Any, state: Any, *__: Any, **___: Any) -> None:
            watch(state.global_step)

    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        settings = TrainingArguments(
            output_dir=folder,
            per_device_train_batch_size=variant.batch_size,
            max_steps=variant.steps,
            learning_rate=variant.learning_rate,
            warmup_steps=4,
            lr_scheduler_type="linear",
            optim="adamw_torch",
            weight_decay=0.0,
            save_strategy="no",
            logging_strategy="no",
            report_to="none",
            disable_tqdm=True,
            use_cpu=lm.device == "cpu",
            seed=seed,
        )
        collator = DataCollatorForSeq2Seq(lm.tokenizer, padding=True, label_pad_token_id=-100)
        lm.tokenizer.padding_side = "right"
        trainer = Trainer(
            model, settings, train_dataset=Rows(), data_collator=collator, callbacks=[Look()]
        )
        trainer.train()


def train_between(
    lm: Any, model: Any, examples: list, variant: Variant, seed: int, watch: Watch
) -> None:
    """The steps between the two recipes: a plain loop with what the variant says."""
    from coursekit import lora

    settings = lora.Settings(
        steps=variant.steps, learning_rate=variant.learning_rate, batch_size=variant.batch_size
    )
    encoded = [lora.encode(example, lm.tokenizer) for example in examples]
    lengths = [len(ids) for ids, _ in encoded]
    batches = lora.length_grouped_batches(lengths, variant.batch_size, variant.steps, seed)
    optimizer = lora.MasterAdamW([p for p in model.parameters() if p.requires_grad])
    model.train()
    watch.started = time.perf_counter()
    for step, batch in enumerate(batches):
        total = 0
        for start in range(0, len(batch), variant.micro_batch):
            rows = [encoded[i] for i in batch[start : start + variant.micro_batch]]
            tensors = lora.pad_batch(rows, lm.tokenizer.pad_token_id)
            tensors = {name: values.to(lm.device) for name, values in tensors.items()}
            labelled = int((tensors["labels"][:, 1:] != lora.IGNORE).sum())
            if variant.logits == "all":
                loss = model(**tensors, use_cache=False).loss * labelled
            else:
                loss = lora.answer_loss(model, tensors)
            loss.backward()
            optimizer.add_gradients()
            total += labelled
        optimizer.step(lora.learning_rate_at(step, settings), scale=total)
        watch(step + 1)


def train_course(
    lm: Any, model: Any, examples: list, variant: Variant, seed: int, watch: Watch
) -> None:
    """The course's own `train`, with the settings of the variant."""
    from coursekit import lora

    settings = lora.Settings(
        steps=variant.steps,
        learning_rate=variant.learning_rate,
        batch_size=variant.batch_size,
        micro_batch=variant.micro_batch,
        seed=seed,
        compiled=variant.compiled,
    )
    watch.started = time.perf_counter()
    lora.train(model, examples, lm.tokenizer, settings, on_step=lambda step, _: watch(step + 1))


def run(name: str, kind: str, seed: int, model_name: str, data: dict) -> dict[str, Any]:
    """One run in this process. `kind` is "speed" (a few steps) or "quality" (a whole training)."""
    import torch

    from coursekit import lora
    from coursekit.measure import MemoryMeter

    variant = RECIPES[name]
    if kind == "speed":
        variant = replace(variant, steps=WARM_UP + TIMED)
    examples = [lora.Example(**row) for row in data["train"]]
    random.Random(seed).shuffle(examples)
    dev = [lora.Example(**row) for row in data["dev"]]
    lm = load_model(variant, model_name)
    if lm.device == "cuda" and variant.compiled:
        variant = replace(variant, compiled=False)
    model = add_path(lm, variant, seed)
    looks = LOOKS if kind == "quality" else ()
    if variant.steps > STEPS:
        looks = tuple(2 * step for step in looks)
    watch = Watch(lm, model, dev, looks)
    if name == RULER:
        train = train_textbook
    elif variant.adapters == "float32":
        train = train_between
    else:
        train = train_course
    with MemoryMeter() as memory:
        train(lm, model, examples, variant, seed, watch)
    steady = watch.seconds[WARM_UP:]
    mean_tokens = statistics.fmean(len(lora.encode(e, lm.tokenizer)[0]) for e in examples)
    point: dict[str, Any] = {
        "recipe": name,
        "kind": kind,
        "seed": seed,
        "model": model_name,
        "device": lm.device,
        "threads": torch.get_num_threads(),
        "first_step_s": round(watch.seconds[0], 2),
        "step_s": round(statistics.fmean(steady), 3),
        "tokens_per_s": round(variant.batch_size * mean_tokens / statistics.fmean(steady), 1),
        "peak_gb": round(memory.peak_gb, 2),
        "steps": variant.steps,
        "exact": {str(step): round(share, 4) for step, share in watch.exact.items()},
    }
    if lm.device == "cuda":
        rate = flops_per_token(lm.model, mean_tokens) * point["tokens_per_s"]
        point["share_of_matrix_rate"] = round(rate / matrix_rate(lm), 4)
    return point


def flops_per_token(model: Any, length: float) -> float:
    """Floating-point operations that a LoRA step needs for each token of a sequence.

    Two operations for each frozen weight of the layers forward, and two backward (the gradient
    of the input; frozen weights need none of their own); attention adds 4 * length * width a
    layer forward, of which a causal mask leaves half, and twice that backward. The adapter and
    the output layer for the few answer tokens are left out.
    """
    config = model.config
    head = config.hidden_size // config.num_attention_heads
    attention = config.hidden_size * (
        2 * config.hidden_size + 2 * head * config.num_key_value_heads
    )
    weights = config.num_hidden_layers * (
        attention + 3 * config.hidden_size * config.intermediate_size
    )
    scores = config.num_hidden_layers * 4 * length * config.hidden_size / 2
    return 4.0 * weights + 3.0 * scores


def matrix_rate(lm: Any, size: int = 8192, repeats: int = 10) -> float:
    """Floating-point operations per second of a large matrix product on the device."""
    import torch

    a = torch.randn(size, size, device=lm.device, dtype=lm.dtype)
    for _ in range(3):
        a @ a
    torch.cuda.synchronize()
    started = time.perf_counter()
    for _ in range(repeats):
        a @ a
    torch.cuda.synchronize()
    return 2 * size**3 * repeats / (time.perf_counter() - started)


def summarise(points: list[dict], device: str = "cpu", model: str = "135m") -> list[dict]:
    """One row for each recipe that was timed: its runs' values, by the kind of value."""
    chosen = [p for p in points if p["device"] == device and p["model"] == model]
    rows = []
    for name in RECIPES:
        speed = [p for p in chosen if p["recipe"] == name and p["kind"] == "speed"]
        if not speed:
            continue
        judged = EXACT.get(name, name)
        quality = [p for p in chosen if p["recipe"] == judged and p["kind"] == "quality"]
        rows.append(
            {
                "recipe": name,
                "tokens_per_s": [p["tokens_per_s"] for p in speed],
                "peak_gb": [p["peak_gb"] for p in speed],
                "seconds_to_quality": seconds_to(QUALITY, chosen, name, judged),
                "final": [p["exact"][max(p["exact"], key=int)] for p in quality],
            }
        )
    return rows


def show(points: list[dict], device: str, model: str) -> None:
    """Print the table: tokens/s and memory with their spread, each as a ratio to the textbook."""
    rows = summarise(points, device, model)
    ruler = next((row for row in rows if row["recipe"] == RULER), None)
    if ruler is None:
        print("There is no run of the textbook recipe yet, so there is nothing to compare with.")
        return
    tokens = statistics.median(ruler["tokens_per_s"])
    memory = statistics.median(ruler["peak_gb"])
    base = [s for s in ruler["seconds_to_quality"] if s is not None]
    print(f"{'recipe':30} {'tokens/s':>16} {'faster':>12} {'GB':>6} {'memory':>7} ", end="")
    print(f"{'s to 80 %':>14} {'faster':>7}  exact match at the end")
    for row in rows:
        rates, peaks = row["tokens_per_s"], row["peak_gb"]
        middle = statistics.median(rates)
        spread = f"{middle:.0f} ({min(rates):.0f}-{max(rates):.0f})"
        reached = [s for s in row["seconds_to_quality"] if s is not None]
        seconds = f"{statistics.median(reached):.0f}" if reached else "-"
        seconds += f" ({len(reached)}/{len(row['final'])})" if row["final"] else ""
        ratio = statistics.median(base) / statistics.median(reached) if base and reached else None
        final = ", ".join(f"{share:.2f}" for share in row["final"])
        print(
            f"{row['recipe']:30} {spread:>16} {middle / tokens:>11.2f}x "
            f"{statistics.median(peaks):6.2f} {statistics.median(peaks) / memory:6.0%} "
            f"{seconds:>14} {'' if ratio is None else f'{ratio:6.2f}x':>7}  {final}"
        )


def machine() -> dict[str, Any]:
    """What the runs were made on: processor or card, cores, memory, versions."""
    import torch
    import transformers

    from coursekit.profile import detect_profile, total_memory

    profile = detect_profile()
    return {
        "processor": profile.device_name,
        "cores": os.cpu_count(),
        "memory_gb": round(total_memory() / 1e9),
        "bf16_speedup": profile.bf16_speedup,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=("speed", "quality"))
    parser.add_argument("--recipes", nargs="+", choices=list(RECIPES), default=list(RECIPES))
    parser.add_argument("--seeds", nargs="+", type=int, default=list(SEEDS))
    parser.add_argument("--model", choices=("135m", "1.7b"), default="135m")
    parser.add_argument("--again", action="store_true", help="make runs anew that are stored")
    parser.add_argument("--date", default=date.today().isoformat())
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    chosen = parser.parse_args()

    from coursekit.cache import cached_json
    from coursekit.profile import detect_profile

    data = cached_json("lora-recipe-examples", {"version": 1}, prepare)
    if chosen.child:
        kind, place = chosen.child
        point = run(chosen.recipes[0], kind, chosen.seeds[0], chosen.model, data)
        write_atomically(place, json.dumps(point))
        return

    device = detect_profile().device
    stored = json.loads(PATH.read_text(encoding="utf-8")) if PATH.exists() else {"points": []}
    points = {
        (p["device"], p["model"], p["recipe"], p["kind"], p["seed"]): p for p in stored["points"]
    }
    machines = stored.get("machines", {})
    kinds = (chosen.only,) if chosen.only else ("speed", "quality")
    if chosen.model == "1.7b":
        kinds = ("speed",)
    jobs = [
        (kind, seed, name)
        for kind in kinds
        for seed in chosen.seeds
        for name in chosen.recipes
        if kind == "speed" or name not in EXACT
    ]
    import tempfile
    from pathlib import Path

    for kind, seed, name in jobs:
        key = (device, chosen.model, name, kind, seed)
        if key in points and not chosen.again:
            continue
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder) / "point.json"
            command = [sys.executable, __file__, "--child", kind, str(place), "--recipes", name]
            command += ["--seeds", str(seed), "--model", chosen.model]
            subprocess.run(command, check=True)
            points[key] = json.loads(place.read_text(encoding="utf-8"))
        print(json.dumps(points[key]), flush=True)
        machines[device] = machine()
        result = {
            "date": chosen.date,
            "machine": machines.get("cpu", machines[device]),
            "machines": machines,
            "settings": {"steps": STEPS, "looks": LOOKS, "quality": QUALITY, "timed": TIMED},
            "points": [points[key] for key in sorted(points)],
        }
        write_atomically(PATH, json.dumps(result, indent=1) + "\n")
    show(list(points.values()), device, chosen.model)


if __name__ == "__main__":
    main()
