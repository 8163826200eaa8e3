"""FAISS indexes, and what they cost: recall, time per query, bytes per vector, time to build.

An index is named by FAISS's own description, so that what you read here is what you can look up:

- "Flat": every vector is compared with the query, so the result is exact.
- "IVF100,Flat": vectors lie in 100 cells, and only the nearest cells are searched.
- "HNSW32": a graph with 32 links for each vector is walked towards the query.
- "PQ48": each vector is kept as 48 codes of one byte.
- "IVF100,PQ48": cells of codes.

Lesson 04 uses these functions; the benchmark `benchmarks/index_growth.py` as well.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from coursekit.cache import cached_folder, digest
from coursekit.vectors import require_finite

if TYPE_CHECKING:
    import faiss

POINTS_PER_CENTROID = 39  # what FAISS asks for at least; with fewer it warns


class TooFewVectorsError(ValueError):
    """There are too few vectors to learn the cells or the codes of an index from."""


class IdError(ValueError):
    """An id is not in the index, or is there already, or the index cannot do what was asked."""


def jittered_copies(vectors: np.ndarray, n: int, amount: float = 0.5, seed: int = 0) -> np.ndarray:
    """`n` unit vectors: the given ones first, then copies of them, each moved a little.

    A copy of row i becomes row i + amount * (row j - row k), for j and k drawn at random, and then
    gets length 1. Noise of this form varies in the directions in which the data vary. Even noise
    in all directions would not: most of it would lead away from anything that a text could mean.

    Returns: float32 array of shape (n, dim); the first `n` rows of `vectors` if they suffice.
    """
    rng = np.random.default_rng(seed)
    result = np.empty((n, vectors.shape[1]), dtype=np.float32)
    result[: len(vectors)] = vectors[:n]
    for start in range(len(vectors), n, 10_000):  # in parts, to keep the memory low
        rows = result[start : start + 10_000]
        i, j, k = rng.integers(len(vectors), size=(3, len(rows)))
        rows[:] = vectors[i] + amount * (vectors[j] - vectors[k])
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return result


def build(description: str, vectors: np.ndarray, seed: int = 1234) -> faiss.Index:
    """Train and fill the FAISS index of that description; it scores by dot product.

    Args:
        description: as `faiss.index_factory` reads it, such as "IVF100,Flat".
        vectors: shape (n, dim); row i gets the id i.
        seed: decides where the learning of cells and codes begins.

    Raises:
        TooFewVectorsError: fewer than 39 vectors for each cell or code that must be learned.
        ValueError: no vectors, or one of them holds nan or infinity.
    """
    import faiss

    require_vectors(vectors)
    needed = POINTS_PER_CENTROID * centroids(description)
    if len(vectors) < needed:
        raise TooFewVectorsError(
            f"{description} learns {centroids(description)} centroids and needs at least {needed} "
            f'vectors for that; here are {len(vectors)}. Use fewer cells, or "Flat", which '
            "learns nothing."
        )
    index = faiss.index_factory(vectors.shape[1], description, faiss.METRIC_INNER_PRODUCT)
    _set_training(index, seed)
    rows = np.ascontiguousarray(vectors, dtype=np.float32)
    index.train(rows)
    index.add(rows)
    return index


def require_vectors(vectors: np.ndarray) -> None:
    """Raise ValueError unless `vectors` is an array of shape (n, dim) of finite numbers, n > 0."""
    if vectors.ndim != 2 or len(vectors) == 0:
        raise ValueError(
            f"The vectors have the shape {vectors.shape}; (number of vectors, dimensions) is "
            "needed, with at least one vector. Put a single vector into a list first."
        )
    require_finite(vectors)


def centroids(description: str) -> int:
    """How many centroids of one kind an index of that description learns: cells, or codes."""
    cells = [int(number) for number in re.findall(r"IVF(\d+)", description)]
    bits = [int(number or 8) for number in re.findall(r"PQ\d+(?:x(\d+))?", description)]
    return max([*cells, *(2**number for number in bits)], default=0)


def _set_training(index: faiss.Index, seed: int) -> None:
    """Where k-means begins, and for codes: ten rounds on some ten thousand vectors.

    By default FAISS also sorts the codes of "PQ48" so that similar codes differ in few bits
    (polysemous codes; Douze, Jégou and Perronnin, 2016). That takes most of the time of the
    training, and nothing in this course makes use of it.
    """
    inner = _inner(index)
    if hasattr(inner, "cp"):
        inner.cp.seed = seed
    if hasattr(inner, "pq"):
        inner.pq.cp.seed = seed
        inner.pq.cp.niter = 10
        inner.pq.cp.max_points_per_centroid = POINTS_PER_CENTROID + 1
        inner.do_polysemous_training = False


def build_cached(description: str, vectors: np.ndarray) -> tuple[faiss.Index, float]:
    """`build`, done once for these vectors and read from the cache after that.

    "Flat" is not kept: it learns nothing, and reading it takes as long as building it.

    Returns: the index, and the seconds that building it took when it was built.
    """
    import faiss

    if description == "Flat":
        start = time.perf_counter()
        return build(description, vectors), time.perf_counter() - start
    settings = {
        "vectors": digest(vectors),
        "description": description,
        "code": digest(build, _set_training),
        "faiss": faiss.__version__,
    }

    def make(folder: Path) -> None:
        start = time.perf_counter()
        index = build(description, vectors)
        seconds = time.perf_counter() - start
        with (folder / "index.faiss").open("wb") as file:  # FAISS cannot open every path on Windows
            faiss.write_index(index, faiss.PyCallbackIOWriter(file.write))
        (folder / "build.json").write_text(json.dumps({"seconds": seconds}), encoding="utf-8")

    folder = cached_folder("faiss-index", settings, make)
    seconds = json.loads((folder / "build.json").read_text(encoding="utf-8"))["seconds"]
    with (folder / "index.faiss").open("rb") as file:
        return faiss.read_index(faiss.PyCallbackIOReader(file.read)), seconds


def search(
    index: faiss.Index, queries: np.ndarray, k: int, hidden: Collection[int] = ()
) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest vectors of each query; scores and ids, each of shape (queries, k).

    Where the index finds fewer than k, FAISS fills up with the id -1.

    Args:
        hidden: ids that must not be found, such as deleted ones that the index still holds.

    Raises:
        ValueError: other dimensions than the index has, nan in a query, or k below 1.
    """
    import faiss

    require_vectors(queries)
    if queries.shape[1] != index.d:
        raise ValueError(
            f"The index holds vectors of {index.d} dimensions and the queries have "
            f"{queries.shape[1]}. Embed the queries with the model that embedded the texts."
        )
    if k < 1:
        raise ValueError(f"k is {k}; ask for at least one neighbour.")
    rows = np.ascontiguousarray(queries, dtype=np.float32)
    if not len(hidden):
        return index.search(rows, k)
    allowed = faiss.IDSelectorNot(faiss.IDSelectorBatch(np.array(sorted(hidden), dtype=np.int64)))
    inner = _inner(index)
    kinds = {
        faiss.IndexHNSW: faiss.SearchParametersHNSW,
        faiss.IndexIVFPQ: faiss.IVFPQSearchParameters,
        faiss.IndexIVF: faiss.SearchParametersIVF,
        faiss.IndexPQ: faiss.SearchParametersPQ,
    }
    kind = next((p for i, p in kinds.items() if isinstance(inner, i)), faiss.SearchParameters)
    settings = kind(sel=allowed)
    for name, value in effort(inner).items():  # parameters of a search replace those of the index
        setattr(settings, name, value)
    return index.search(rows, k, params=settings)


def _inner(index: faiss.Index) -> faiss.Index:
    """The index as its own class, taken out of an `IndexIDMap2` around it."""
    import faiss

    index = faiss.downcast_index(index)
    return faiss.downcast_index(index.index) if isinstance(index, faiss.IndexIDMap) else index


def effort(index: faiss.Index) -> dict[str, int]:
    """How hard an index looks: {"nprobe": ...} for IVF, {"efSearch": ...} for HNSW, else {}."""
    inner = _inner(index)
    if hasattr(inner, "nprobe"):
        return {"nprobe": inner.nprobe}
    return {"efSearch": inner.hnsw.efSearch} if hasattr(inner, "hnsw") else {}


def distances_per_query(index: faiss.Index, queries: np.ndarray, k: int = 10) -> float:
    """With how many stored vectors an index compares a query, on average; centroids count too.

    FAISS counts this while it searches. Unlike seconds, it is the same on a busy machine.
    """
    import faiss

    inner = _inner(index)
    if hasattr(inner, "nprobe"):
        faiss.cvar.indexIVF_stats.reset()
        index.search(queries, k)
        return inner.nlist + faiss.cvar.indexIVF_stats.ndis / len(queries)
    if hasattr(inner, "hnsw"):
        faiss.cvar.hnsw_stats.reset()
        index.search(queries, k)
        return faiss.cvar.hnsw_stats.ndis / len(queries)
    return float(index.ntotal)


def set_effort(index: faiss.Index, value: int) -> None:
    """Set `nprobe` of an IVF index or `efSearch` of an HNSW index.

    Raises ValueError for a value below 1, and for an index that has neither.
    """
    if value < 1:
        raise ValueError(f"The effort is {value}; an index must look in at least one place.")
    inner = _inner(index)
    if hasattr(inner, "nprobe"):
        inner.nprobe = value
    elif hasattr(inner, "hnsw"):
        inner.hnsw.efSearch = value
    else:
        raise ValueError(
            f"{type(inner).__name__} has no effort to set: it always looks at every vector. Only "
            "IVF (nprobe) and HNSW (efSearch) have one."
        )


def recall_at_k(found: np.ndarray, exact: np.ndarray) -> float:
    """The share of the exact neighbours that an index found.

    Args:
        found: ids of shape (queries, k), as an index gave them; -1 stands for nothing.
        exact: ids of shape (queries, k) from an exact search.

    Raises:
        ValueError: the two have results for different numbers of queries.
    """
    if len(found) != len(exact):
        raise ValueError(
            f"{len(found)} rows of results cannot be compared with {len(exact)}: search with the "
            "same queries both times."
        )
    both = [
        len(set(f) & set(e) - {-1}) for f, e in zip(found.tolist(), exact.tolist(), strict=True)
    ]
    return sum(both) / exact.size


@contextmanager
def one_thread() -> Iterator[None]:
    """Let FAISS and NumPy use one thread each, so that their times can be compared."""
    import faiss
    from threadpoolctl import threadpool_limits

    before = faiss.omp_get_max_threads()
    with threadpool_limits(limits=1):
        faiss.omp_set_num_threads(1)
        try:
            yield
        finally:
            faiss.omp_set_num_threads(before)


def milliseconds(
    run: Callable[[np.ndarray], object], queries: np.ndarray, repeats: int = 5, batch: int = 1
) -> list[float]:
    """Milliseconds per query of `run(rows)`, once for each repeat, in one thread.

    Args:
        run: searches with an array of shape (batch, dim).
        queries: shape (n, dim); each repeat goes through all of them.
        batch: how many queries `run` gets at a time.

    One run before the first repeat warms up. The minimum tells best what the work costs, as other
    programs on the machine can only add to it.
    """
    parts = [queries[start : start + batch] for start in range(0, len(queries), batch)]
    times = []
    with one_thread():
        run(parts[0])
        for _ in range(repeats):
            start = time.perf_counter()
            for part in parts:
                run(part)
            times.append(1000 * (time.perf_counter() - start) / len(queries))
    return times


def index_bytes(index: faiss.Index) -> int:
    """The size of an index when it is saved, which is close to what it takes in memory."""
    import faiss

    total = 0

    def count(block: bytes) -> int:
        nonlocal total
        total += len(block)
        return len(block)

    faiss.write_index(index, faiss.PyCallbackIOWriter(count))
    return total


@dataclass(frozen=True)
class Cost:
    """What one index costs, and what it finds.

    Attributes:
        name: how a plot calls it.
        recall: recall@10 against the exact result.
        single_ms: milliseconds per query, one query at a time.
        batch_ms: milliseconds per query, all queries at once and twice over.
        bytes_per_vector: its saved size divided by the number of vectors.
        build_s: seconds to train and fill it.
    """

    name: str
    recall: float
    single_ms: float
    batch_ms: float
    bytes_per_vector: float
    build_s: float


def cost(
    name: str,
    index: faiss.Index,
    queries: np.ndarray,
    exact: np.ndarray,
    build_s: float = 0.0,
    singles: int = 100,
) -> Cost:
    """Measure an index: recall@k against `exact`, times in one thread (the best of 3), size.

    `exact` has the shape (queries, k). Single queries are timed with the first `singles` queries.
    """
    k = exact.shape[1]
    many = np.concatenate([queries, queries])  # FAISS takes a matrix product for large batches only
    found = index.search(many, k)[1][: len(queries)]

    def run(rows: np.ndarray) -> object:
        return index.search(rows, k)

    return Cost(
        name,
        recall_at_k(found, exact),
        min(milliseconds(run, queries[:singles], repeats=3)),
        min(milliseconds(run, many, repeats=3, batch=len(many))),
        index_bytes(index) / index.ntotal,
        build_s,
    )


def growth_exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """The p of cost = a * size**p that fits best: the slope of a straight line on log-log axes.

    Raises ValueError for fewer than two sizes, and for sizes or costs that are not positive.
    """
    if len(sizes) != len(costs) or len(sizes) < 2:
        raise ValueError(
            f"{len(sizes)} sizes and {len(costs)} costs give no line: give as many costs as sizes, "
            "and at least two."
        )
    if min(*sizes, *costs) <= 0:
        raise ValueError("A size or a cost is zero or negative, and that has no logarithm.")
    return float(np.polyfit(np.log(sizes), np.log(costs), 1)[0])


def ids_of(index: faiss.IndexIDMap2) -> set[int]:
    """The ids that an index with ids of its own holds."""
    import faiss

    return set(faiss.vector_to_array(index.id_map).tolist())


def add(index: faiss.IndexIDMap2, vectors: np.ndarray, ids: Sequence[int]) -> None:
    """Add vectors under ids of your own.

    Raises:
        IdError: an id is in the index already, or stands twice in `ids`. FAISS would keep both.
        ValueError: the vectors hold nan, or have other dimensions than the index.
    """
    require_vectors(vectors)
    if vectors.shape != (len(ids), index.d):
        raise ValueError(
            f"The vectors have the shape {vectors.shape}; with {len(ids)} ids and an index of "
            f"{index.d} dimensions it must be {(len(ids), index.d)}."
        )
    known = sorted(ids_of(index).intersection(ids))
    if known or len(set(ids)) < len(ids):
        twice = known or [number for number in ids if list(ids).count(number) > 1]
        raise IdError(
            f"The id {twice[0]} would stand twice in the index, and a search would return both "
            "vectors. Remove the old one first, or choose a new id."
        )
    index.add_with_ids(
        np.ascontiguousarray(vectors, dtype=np.float32), np.array(ids, dtype=np.int64)
    )


def remove(index: faiss.IndexIDMap2, ids: Sequence[int]) -> None:
    """Remove vectors by their ids.

    Raises:
        IdError: an id is not in the index (nothing is removed then), or the index inside is an
            HNSW graph, which cannot give up a vector.
    """
    import faiss

    missing = sorted(set(ids) - ids_of(index))
    if missing:
        raise IdError(
            f"The index holds no vector with the id {missing[0]}, so nothing was removed. Look at "
            "ids_of(index): was it removed before, or is it a row number?"
        )
    if isinstance(_inner(index), faiss.IndexHNSW):
        raise IdError(
            "An HNSW graph cannot remove a vector, as others are reached through it. Hide the id "
            "with search(..., hidden=ids), and build the graph again when many are hidden."
        )
    index.remove_ids(np.array(list(ids), dtype=np.int64))


def trade_off(
    index: faiss.Index, efforts: Sequence[int], queries: np.ndarray, exact: np.ndarray
) -> tuple[list[float], list[float]]:
    """Recall@k, and the share of the vectors that is compared, for each effort.

    `exact` has the shape (queries, k). The last effort stays set.
    """
    recalls, shares = [], []
    for value in efforts:
        set_effort(index, value)
        recalls.append(recall_at_k(search(index, queries, exact.shape[1])[1], exact))
        shares.append(distances_per_query(index, queries, exact.shape[1]) / index.ntotal)
    return recalls, shares


def load_measured(path: str | Path, mapped: bool = False) -> tuple[faiss.Index, float]:
    """Load a saved index; return it with the megabytes that the memory of this process grew by.

    With `mapped`, the cells of an IVF index stay on disk until a search looks into them. FAISS
    cannot do that on Windows, where the index is read whole all the same.

    Raises FileNotFoundError if there is no such file.
    """
    import faiss
    import psutil

    from coursekit.measure import give_back_memory

    if not Path(path).is_file():
        raise FileNotFoundError(
            f"There is no saved index {Path(path).name}: write it with faiss.write_index first."
        )
    give_back_memory()  # else the index may fill what was freed before, and nothing grows
    before = psutil.Process().memory_info().rss
    with chdir(Path(path).parent):  # FAISS cannot open every path on Windows
        flags = faiss.IO_FLAG_MMAP if mapped and sys.platform != "win32" else 0
        index = faiss.read_index(Path(path).name, flags)
    return index, (psutil.Process().memory_info().rss - before) / 1e6


def plot_costs(costs: Sequence[Cost]) -> None:
    """Recall over time per query, one colour for each name; the area of a dot is its memory."""
    import matplotlib.pyplot as plt

    from coursekit.language import t
    from coursekit.plots import PALETTE

    names = list(dict.fromkeys(c.name for c in costs))
    for name, colour in zip(names, ("ink", "sea", "sand", "alarm", "deep", "light"), strict=False):
        points = [c for c in costs if c.name == name]
        times, recalls = [c.single_ms for c in points], [c.recall for c in points]
        areas = [c.bytes_per_vector / 5 for c in points]
        plt.plot(times, recalls, color=PALETTE[colour], linewidth=1)
        plt.scatter(times, recalls, s=areas, color=PALETTE[colour], alpha=0.8, label=name)
        plt.annotate(name, (times[0], recalls[0]), xytext=(-12, -24), textcoords="offset points")
    plt.xscale("log")
    plt.ylim(0, 1.1)
    plt.xlabel(t("milliseconds per query, one at a time (area of a dot: bytes per vector)"))
    plt.ylabel(t("recall@10"))
