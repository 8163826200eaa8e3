"""FAISS indexes on a few thousand small vectors: what they find, cost and refuse."""

from __future__ import annotations

import faiss
import numpy as np
import pytest

from coursekit import benchmarks, indexes
from coursekit.benchmarks import load_benchmark
from coursekit.indexes import (
    IdError,
    TooFewVectorsError,
    add,
    build,
    build_cached,
    centroids,
    cost,
    distances_per_query,
    effort,
    growth_exponent,
    ids_of,
    index_bytes,
    jittered_copies,
    load_measured,
    milliseconds,
    one_thread,
    recall_at_k,
    remove,
    search,
    set_effort,
)
from coursekit.vectors import nearest, unit

DIM = 16


@pytest.fixture(scope="module")
def vectors() -> np.ndarray:
    return unit(np.random.default_rng(4).normal(size=(3000, DIM))).astype(np.float32)


@pytest.fixture(scope="module")
def queries(vectors) -> np.ndarray:
    return unit(vectors[:30] + 0.05).astype(np.float32)


@pytest.fixture(scope="module")
def exact(vectors, queries) -> np.ndarray:
    return search(build("Flat", vectors), queries, 10)[1]


@pytest.fixture
def named(vectors) -> faiss.IndexIDMap2:
    index = faiss.IndexIDMap2(faiss.IndexFlatIP(DIM))
    add(index, vectors[:4], [10, 20, 30, 40])
    return index


# ---------------------------------------------------------------- building and searching


def test_flat_finds_what_brute_force_finds(vectors, queries, exact):
    assert (exact == nearest(queries, vectors, 10)[1]).all()


@pytest.mark.parametrize("description", ["IVF40,Flat", "HNSW16"])
def test_more_effort_finds_more_and_compares_more(description, vectors, queries, exact):
    index = build(description, vectors)
    found = []
    for value in (1, 40):
        set_effort(index, value)
        assert list(effort(index).values()) == [value]
        recall = recall_at_k(search(index, queries, 10)[1], exact)
        found.append((recall, distances_per_query(index, queries)))
    assert found[0][0] < found[1][0] and found[0][1] < found[1][1]
    assert found[1][0] > 0.9


def test_all_cells_give_the_exact_result(vectors, queries, exact):
    index = build("IVF20,Flat", vectors)
    set_effort(index, 20)
    assert (search(index, queries, 10)[1] == exact).all()
    assert distances_per_query(index, queries) == 3000 + 20


def test_same_seed_same_cells(vectors, queries):
    first, second = (build("IVF20,Flat", vectors, seed=7) for _ in range(2))
    assert (search(first, queries, 5)[1] == search(second, queries, 5)[1]).all()


def test_flat_has_no_effort(vectors):
    with pytest.raises(ValueError, match="no effort to set"):
        set_effort(build("Flat", vectors), 5)
    with pytest.raises(ValueError, match="at least one place"):
        set_effort(build("HNSW16", vectors[:100]), 0)


def test_product_quantiser_needs_a_byte_per_piece():
    many = unit(np.random.default_rng(1).normal(size=(10_000, 8))).astype(np.float32)
    index = build("PQ2", many)
    assert index_bytes(index) == pytest.approx(10_000 * 2 + 256 * 8 * 4, rel=0.02)
    assert effort(index) == {} and distances_per_query(index, many[:3]) == 10_000


def test_centroids_are_read_from_the_description():
    assert [centroids(d) for d in ("Flat", "HNSW32", "IVF100,Flat", "PQ48", "IVF9,PQ8x4")] == [
        0, 0, 100, 256, 16,
    ]  # fmt: skip


def test_too_few_training_vectors_are_refused_before_faiss_warns(vectors, capfd):
    with pytest.raises(TooFewVectorsError, match="9984"):
        build("PQ4", vectors)
    with pytest.raises(TooFewVectorsError, match="at least 3900"):
        build("IVF100,Flat", vectors)
    assert capfd.readouterr().err == ""


def test_bad_vectors_are_refused(vectors):
    broken = vectors[:5].copy()
    broken[2, 0] = np.nan
    with pytest.raises(ValueError, match="row 2"):
        build("Flat", broken)
    with pytest.raises(ValueError, match="row 2"):
        search(build("Flat", vectors), broken, 3)
    with pytest.raises(ValueError, match="at least one vector"):
        build("Flat", vectors[:0])
    with pytest.raises(ValueError, match="into a list"):
        search(build("Flat", vectors), vectors[0], 3)


def test_other_dimensions_and_k_are_refused(vectors):
    index = build("Flat", vectors)
    with pytest.raises(ValueError, match="16 dimensions and the queries have 5"):
        search(index, vectors[:1, :5], 3)
    with pytest.raises(ValueError, match="k is 0"):
        search(index, vectors[:1], 0)


def test_faiss_pads_with_minus_one(vectors):
    found = search(build("Flat", vectors[:3]), vectors[:1], 5)[1][0]
    assert found[0] == 0 and found.tolist()[3:] == [-1, -1]


def test_duplicates_are_both_found(vectors):
    rows = vectors[[0, 0, 1]]
    assert set(search(build("Flat", rows), rows[:1], 2)[1][0]) == {0, 1}


@pytest.mark.parametrize("description", ["Flat", "IVF20,Flat", "HNSW16"])
def test_hidden_ids_are_not_found_and_the_effort_stays(description, vectors, queries, exact):
    index = build(description, vectors)
    if description != "Flat":
        set_effort(index, 20 if "IVF" in description else 200)
    best = int(exact[0, 0])
    found = search(index, queries, 9, hidden=[best])[1]
    assert best not in found
    assert found[0].tolist() == exact[0, 1:].tolist()


# ---------------------------------------------------------------- recall and cost


def test_recall_ignores_order_and_empty_places():
    assert recall_at_k(np.array([[3, 9]]), np.array([[9, 4]])) == 0.5
    assert recall_at_k(np.array([[2, -1]]), np.array([[2, -1]])) == 0.5
    with pytest.raises(ValueError, match="same queries"):
        recall_at_k(np.zeros((2, 3)), np.zeros((3, 3)))


def test_cost_of_flat(vectors, queries, exact):
    measured = cost("Flat", build("Flat", vectors), queries, exact, singles=5)
    assert measured.recall == 1 and measured.bytes_per_vector == pytest.approx(4 * DIM, rel=0.01)
    assert measured.single_ms > 0 and measured.batch_ms > 0


def test_milliseconds_runs_all_queries_each_time():
    sizes = []
    times = milliseconds(lambda rows: sizes.append(len(rows)), np.zeros((5, 2)), 2, batch=2)
    assert sizes == [2, 2, 2, 1, 2, 2, 1] and len(times) == 2


def test_one_thread_gives_the_threads_back():
    before = faiss.omp_get_max_threads()
    with one_thread():
        assert faiss.omp_get_max_threads() == 1
    assert faiss.omp_get_max_threads() == before


def test_growth_exponent():
    sizes = [10, 100, 1000]
    assert growth_exponent(sizes, [5 * n**1.5 for n in sizes]) == pytest.approx(1.5)
    with pytest.raises(ValueError, match="at least two"):
        growth_exponent([10], [3])
    with pytest.raises(ValueError, match="logarithm"):
        growth_exponent(sizes, [1, 0, 2])


def test_jittered_copies_begin_with_the_originals(vectors):
    copies = jittered_copies(vectors[:100], 12_345)
    assert copies.shape == (12_345, DIM) and copies.dtype == np.float32
    assert (copies[:100] == vectors[:100]).all()
    assert np.linalg.norm(copies, axis=1) == pytest.approx(1, abs=1e-5)
    # A shorter request gives the beginning of a longer one, at whole parts.
    assert (jittered_copies(vectors[:100], 10_100) == copies[:10_100]).all()
    assert jittered_copies(vectors, 50).shape == (50, DIM)


# ---------------------------------------------------------------- ids, files


def test_remove_and_add_again(named, vectors):
    remove(named, [20])
    assert ids_of(named) == {10, 30, 40}
    add(named, vectors[5:6], [20])
    assert search(named, vectors[5:6], 1)[1][0, 0] == 20
    assert np.allclose(named.reconstruct(20), vectors[5])


def test_removing_an_unknown_id_removes_nothing(named):
    with pytest.raises(IdError, match="id 99"):
        remove(named, [10, 99])
    assert ids_of(named) == {10, 20, 30, 40}


@pytest.mark.parametrize("ids", [[10], [50, 50]])
def test_an_id_stands_once(named, vectors, ids):
    with pytest.raises(IdError, match="would stand twice"):
        add(named, vectors[: len(ids)], ids)
    assert named.ntotal == 4


def test_vectors_of_another_shape_are_not_added(named, vectors):
    with pytest.raises(ValueError, match="must be"):
        add(named, vectors[:2], [50])


def test_a_graph_cannot_remove(vectors):
    graph = faiss.IndexIDMap2(faiss.IndexHNSWFlat(DIM, 16, faiss.METRIC_INNER_PRODUCT))
    add(graph, vectors[:50], list(range(100, 150)))
    with pytest.raises(IdError, match="hidden=ids"):
        remove(graph, [100])
    assert 100 not in search(graph, vectors[:1], 3, hidden=[100])[1]


def test_an_index_is_built_once(vectors, queries, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSEKIT_CACHE", str(tmp_path))
    first, seconds = build_cached("IVF20,Flat", vectors)
    again, stored = build_cached("IVF20,Flat", vectors)
    assert stored == seconds
    assert (search(first, queries, 5)[1] == search(again, queries, 5)[1]).all()
    build_cached("IVF20,Flat", vectors[:2000])
    assert len(list(tmp_path.rglob("index.faiss"))) == 2


# ---------------------------------------------------------------- benchmark


def test_the_growth_benchmark_is_whole():
    growth = load_benchmark("index_growth")
    assert {"date", "machine", "settings", "points"} <= set(growth)
    largest = {}
    for point in growth["points"]:
        largest[point["index"]] = max(point["n"], largest.get(point["index"], 0))
        assert 0 < point["recall"] <= 1 and min(point["single_ms"]) > 0
    assert largest["flat"] == largest["ivf"] == 1_000_000 and largest["hnsw"] == 200_000


def test_an_unknown_benchmark_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(benchmarks, "data_dir", lambda: tmp_path)
    with pytest.raises(FileNotFoundError, match="none yet"):
        load_benchmark("growth")


def test_memory_that_was_freed_before_does_not_hide_what_an_index_takes(tmp_path):
    """A small index would fit into pages that Python has freed and the system not yet got back."""
    vectors = np.random.default_rng(0).normal(size=(20_000, 64)).astype("float32")
    path = tmp_path / "ivf.faiss"
    faiss.write_index(build("IVF64,Flat", vectors), str(path))
    pieces = [bytes(100_000) for _ in range(200)]
    keep = [bytes(10) for _ in range(200)]
    del pieces
    _, whole = load_measured(path)
    assert whole > 0.8 * vectors.nbytes / 1e6
    del keep


def test_on_windows_an_index_is_read_whole(tmp_path, monkeypatch):
    flags, real = [], faiss.read_index
    monkeypatch.setattr(
        faiss, "read_index", lambda path, flag=0: flags.append(flag) or real(path, flag)
    )
    rows = np.random.default_rng(0).random((200, 8), np.float32)
    faiss.write_index(indexes.build("IVF4,Flat", rows), str(tmp_path / "ivf.faiss"))
    monkeypatch.setattr(indexes.sys, "platform", "win32")
    loaded, _ = indexes.load_measured(tmp_path / "ivf.faiss", mapped=True)
    assert loaded.ntotal == 200 and flags == [0]
