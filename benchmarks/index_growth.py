"""How the cost of four FAISS indexes grows from 1,000 to 1,000,000 vectors.

    python benchmarks/index_growth.py                     # everything; about ten minutes
    python benchmarks/index_growth.py --kinds flat --sizes 1000 2000

The points that are measured replace those of the same kind and size in
`coursekit/data/benchmarks/index_growth.json`; the others stay. Lesson 04 plots that file and runs
one of its points again. See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from datetime import date

import faiss
import numpy as np

from coursekit.docstrings import docstring_passages
from coursekit.indexes import (
    POINTS_PER_CENTROID,
    build,
    distances_per_query,
    index_bytes,
    jittered_copies,
    milliseconds,
    recall_at_k,
    set_effort,
)
from coursekit.models import load_embedder
from coursekit.paths import data_dir, write_atomically
from coursekit.profile import _processor_name, total_memory
from coursekit.rag import embed_cached

SIZES = (1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000)
KINDS = ("flat", "ivf", "pq", "hnsw")
LARGEST = {"hnsw": 200_000}
NPROBE, EF_SEARCH, K = 16, 64, 10
REPEATS, MANY, FEWER_REPEATS = 7, 200_000, 3  # above 200,000 vectors, three rounds
SINGLES, EXACT = 40, 300  # queries timed one at a time, and queries that recall is measured on
SEEDED_SIZE, SEEDS = 20_000, (1, 2, 3, 4, 5, 6, 7, 8, 9)
REAL: np.ndarray | None = None  # the embedded texts, and the index below: made by main
TRAINED: faiss.Index | None = None
PATH = data_dir() / "benchmarks" / "index_growth.json"


def description(kind: str, n: int) -> str:
    """IVF gets as many cells as the square root of n, or fewer where n is too small for that."""
    cells = min(round(n**0.5), n // POINTS_PER_CENTROID)
    return {"flat": "Flat", "ivf": f"IVF{cells},Flat", "pq": "PQ48", "hnsw": "HNSW32"}[kind]


def measure(kind: str, vectors: np.ndarray, queries: np.ndarray, exact: np.ndarray) -> dict:
    """One point: an index of that kind over all `vectors`."""
    n = len(vectors)
    start = time.perf_counter()
    if kind == "pq":  # the codes are learned from the same 10,000 texts at each size
        index = trained_pq()
        start = time.perf_counter()
        index.add(vectors)
    else:
        index = build(description(kind, n), vectors)
    build_s = time.perf_counter() - start
    if kind == "ivf":
        set_effort(index, min(NPROBE, index.nlist))
    if kind == "hnsw":
        set_effort(index, EF_SEARCH)

    def run(rows: np.ndarray) -> object:
        return index.search(rows, K)

    rounds = REPEATS if n <= MANY else FEWER_REPEATS
    _, found = index.search(queries, K)
    point = {
        "index": kind,
        "description": description(kind, n),
        "n": n,
        "build_s": round(build_s, 3),
        "single_ms": [round(t, 5) for t in milliseconds(run, queries[:SINGLES], rounds)],
        "batch_ms": [round(t, 5) for t in milliseconds(run, queries, 3, batch=len(queries))],
        "recall": round(recall_at_k(found, exact), 4),
        "distances": round(distances_per_query(index, queries), 1),
        "bytes_per_vector": round(index_bytes(index) / n, 1),
    }
    if kind == "ivf" and n == SEEDED_SIZE:
        point["by_seed"] = by_seed(description(kind, n), vectors, queries, exact)
    return point


def trained_pq() -> faiss.Index:
    """An empty PQ index whose codebooks were learned from the real texts, once for all sizes."""
    global TRAINED
    if TRAINED is None:
        TRAINED = build("PQ48", REAL)
    TRAINED.reset()
    return TRAINED


def by_seed(
    described: str, vectors: np.ndarray, queries: np.ndarray, exact: np.ndarray
) -> list[dict]:
    """Recall and distances of the same index, learned from several starting points."""
    results = []
    for seed in SEEDS:
        index = build(described, vectors, seed=seed)
        set_effort(index, NPROBE)
        found = index.search(queries, K)[1]
        results.append(
            {
                "seed": seed,
                "recall": round(recall_at_k(found, exact), 4),
                "distances": round(distances_per_query(index, queries), 1),
            }
        )
    return results


def machine() -> dict:
    """What the sweep ran on: processor, cores, memory, versions."""
    return {
        "cpu": _processor_name(),
        "cores": os.cpu_count(),
        "memory_gb": round(total_memory() / 1e9),
        "python": platform.python_version(),
        "faiss": faiss.__version__,
        "numpy": np.__version__,
        "search_threads": 1,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--sizes", nargs="+", type=int, default=SIZES)
    parser.add_argument("--date", default=date.today().isoformat())
    chosen = parser.parse_args()

    global REAL
    embedder = load_embedder()
    passages, questions = docstring_passages()
    REAL = embed_cached(passages, embedder, truncate=True)
    queries = embed_cached(questions, embedder, truncate=True)[:EXACT]
    stored = json.loads(PATH.read_text(encoding="utf-8")) if PATH.exists() else {"points": []}
    points = {(p["index"], p["n"]): p for p in stored["points"]}
    everything = jittered_copies(REAL, max(max(chosen.sizes), len(REAL)))
    for n in chosen.sizes:
        vectors = everything[:n]
        exact = build("Flat", vectors).search(queries, K)[1]
        for kind in chosen.kinds:
            if n > LARGEST.get(kind, n):
                continue
            point = measure(kind, vectors, queries, exact)
            points[kind, n] = point
            middle = statistics.median(point["single_ms"])
            print(f"{kind:5} {n:9,} {middle:8.3f} ms  recall {point['recall']:.3f}", flush=True)
            result = {
                "date": chosen.date,
                "machine": machine(),
                "settings": {"nprobe": NPROBE, "efSearch": EF_SEARCH, "k": K, "rounds": REPEATS},
                "points": [points[key] for key in sorted(points)],
            }
            write_atomically(PATH, json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
