"""What a model learns from few or many, good or bad examples: the sweep of lesson 10.

    python benchmarks/data_size.py                     # everything that is not there yet
    python benchmarks/data_size.py --only clean-10     # the runs of that name; the others stay

Each run trains an adapter from scratch and answers a fixed sample of test questions. A run that
is in the cache is not repeated, so the sweep can be stopped and started again. The result is
`coursekit/data/benchmarks/data_size.json`. See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import time
from dataclasses import asdict
from datetime import date

from coursekit.cache import cached_json, digest
from coursekit.corpus import company_chunks, company_questions, training_questions
from coursekit.data_quality import SWEEP_SETTINGS, Run, run_examples, score_run, sweep_sample
from coursekit.lora import (
    Example,
    MasterAdamW,
    add_adapter,
    answer_loss,
    encode,
    fast_layers,
    make_examples,
    pad_batch,
    train,
)
from coursekit.models import LanguageModel, load_embedder, load_lm
from coursekit.paths import data_dir, write_atomically
from coursekit.profile import _processor_name, total_memory
from coursekit.rag import build_index, embed_cached, generate, retrieve_all

SIZES = (1, 5, 10, 20, 80)
SPOILT = (("swapped", 0.5), ("sloppy", 0.5), ("sloppy", 1.0), ("swapped", 1.0))
SEEDS = (1, 2, 3)
KINDS = ("prose", "table", "company", "unanswerable")
PATH = data_dir() / "benchmarks" / "data_size.json"


def all_runs() -> list[Run]:
    """Every run: the ends of the curve first, so that a sweep cut short still shows something."""
    sizes = [("clean", size, 0.0) for size in (5, 80, 1, 20)]
    spoilt = [(kind, max(SIZES), share) for kind, share in SPOILT]
    kinds = [*sizes, *spoilt[:2], ("clean", 10, 0.0), *spoilt[2:]]
    runs = [Run(kind, size, seed, share) for kind, size, share in kinds for seed in SEEDS]
    return [*runs, Run("clean", 0, 0)]


def measure(
    run: Run, lm: LanguageModel, examples: list[Example], test: list[Example]
) -> dict[str, list[str]]:
    """Train on `examples` and answer `test`, once; after that, read the answers."""
    from dataclasses import replace

    settings = replace(SWEEP_SETTINGS, seed=run.seed)
    key = {
        "settings": asdict(settings),
        "examples": digest(list(examples)),
        "test": digest(list(test)),
        "model": lm.fingerprint,
        "dtype": str(lm.dtype),
        "device": str(lm.device),
        "code": digest(
            train, answer_loss, add_adapter, MasterAdamW, encode, pad_batch, fast_layers
        ),
    }

    def make() -> dict[str, list[str]]:
        if not examples:  # size 0: the model as it comes
            return {"answers": generate([e.prompt for e in test], lm, max_new_tokens=16)}
        model = add_adapter(lm, settings)
        try:
            train(model, examples, lm.tokenizer, settings)
            return {"answers": generate([e.prompt for e in test], lm, max_new_tokens=16)}
        finally:
            model.unload()

    return cached_json("sweep", key, make)


def machine() -> dict:
    """What the sweep ran on: processor, cores, memory, versions."""
    import torch

    return {
        "cpu": _processor_name(),
        "cores": os.cpu_count(),
        "memory_gb": round(total_memory() / 1e9),
        "python": platform.python_version(),
        "threads": torch.get_num_threads(),
        **{name: importlib.metadata.version(name) for name in ("torch", "transformers", "peft")},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=sorted({run.name for run in all_runs()}))
    parser.add_argument("--date", default=date.today().isoformat())
    chosen = parser.parse_args()

    chunks, embedder, lm = company_chunks(), load_embedder(), load_lm()
    index = build_index(embed_cached([chunk.text for chunk in chunks], embedder))
    questions = [q for q in training_questions() if q.kind in KINDS]
    asked = [q for q in company_questions(split="test") if q.kind in KINDS]
    hits = retrieve_all([q.text for q in questions], index, chunks, embedder, k=2)
    test_hits = retrieve_all([q.text for q in asked], index, chunks, embedder, k=2)
    test = make_examples(asked, test_hits, chunks, lm.tokenizer, seed=4)
    sample = sweep_sample(asked)
    asked, test = [asked[i] for i in sample], [test[i] for i in sample]

    stored = json.loads(PATH.read_text(encoding="utf-8")) if PATH.exists() else {"points": []}
    points = {(p["kind"], p["size"], p["share"], p["seed"]): p for p in stored["points"]}
    runs = [run for run in all_runs() if not chosen.only or run.name in chosen.only]
    started = time.perf_counter()
    for number, run in enumerate(runs, start=1):
        examples = run_examples(run, questions, hits, chunks, lm.tokenizer)
        answers = measure(run, lm, examples, test)["answers"]
        point = {**asdict(run), **score_run(answers, test, asked), "answers": answers}
        points[run.kind, run.size, run.share, run.seed] = point
        result = {
            "date": chosen.date,
            "machine": machine(),
            "settings": asdict(SWEEP_SETTINGS),
            "questions": [q.id for q in asked],
            "points": [points[key] for key in sorted(points)],
        }
        write_atomically(PATH, json.dumps(result, ensure_ascii=False) + "\n")
        facts = [i for i, q in enumerate(asked) if q.answer is not None]
        exact = sum(point["exact"][i] for i in facts) / len(facts)
        left = (time.perf_counter() - started) / number * (len(runs) - number) / 60
        print(f"{run.name:14} seed {run.seed}: {exact:.0%} exact; {left:.0f} min left", flush=True)


if __name__ == "__main__":
    main()
