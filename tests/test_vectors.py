"""Vectors: unit length, nearest neighbours, token vectors and the flat map, against plain loops."""

from __future__ import annotations

import numpy as np
import pytest

from coursekit.corpus import company_questions, translated_questions
from coursekit.vectors import flat_map, nearest, require_finite, token_embeddings, token_sums, unit


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(2)


# ---------------------------------------------------------------- unit


def test_unit_divides_each_row_by_its_length(rng):
    vectors = rng.normal(size=(5, 7))
    wanted = [[x / sum(y * y for y in row) ** 0.5 for x in row] for row in vectors]
    assert np.allclose(unit(vectors), wanted)


def test_unit_agrees_with_scikit_learn(rng):
    preprocessing = pytest.importorskip("sklearn.preprocessing")
    vectors = rng.normal(size=(9, 4))
    assert np.allclose(unit(vectors), preprocessing.normalize(vectors))


@pytest.mark.parametrize("size", [1e-30, 1.0, 1e30])
def test_unit_keeps_float32_and_its_range(size):
    got = unit(np.full((2, 4), size, dtype=np.float32))
    assert got.dtype == np.float32
    assert np.allclose(got, 0.5)


def test_unit_takes_whole_numbers_and_a_single_vector():
    assert np.allclose(unit(np.array([[3, 4]])), [[0.6, 0.8]])
    assert np.allclose(unit(np.array([3.0, 4.0])), [0.6, 0.8])


def test_unit_leaves_its_input_alone():
    vectors = np.array([[3.0, 4.0]])
    unit(vectors)
    assert vectors.tolist() == [[3.0, 4.0]]


def test_unit_refuses_a_row_of_zeros():
    with pytest.raises(ValueError, match="Row 1 holds only zeros"):
        unit(np.array([[1.0, 0.0], [0.0, 0.0]]))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_unit_refuses_what_is_not_finite(bad):
    with pytest.raises(ValueError, match="1 of 3 vectors hold nan or infinity, the first in row 2"):
        unit(np.array([[1.0, 0.0], [0.0, 1.0], [bad, 1.0]]))


def test_require_finite_counts_a_single_vector_as_one():
    require_finite(np.ones(3))
    with pytest.raises(ValueError, match="1 of 1 vectors"):
        require_finite(np.array([1.0, np.nan, 2.0]))


# ---------------------------------------------------------------- nearest


@pytest.mark.parametrize("k", [1, 3, 20])
def test_nearest_agrees_with_a_plain_loop(rng, k):
    queries, vectors = rng.normal(size=(4, 6)), rng.normal(size=(20, 6))
    scores, rows = nearest(queries, vectors, k)
    for query, got_scores, got_rows in zip(queries, scores, rows, strict=True):
        products = [sum(a * b for a, b in zip(query, v, strict=True)) for v in vectors]
        ranking = sorted(range(20), key=lambda row: -products[row])[:k]
        assert got_rows.tolist() == ranking
        assert np.allclose(got_scores, [products[row] for row in ranking])


def test_nearest_agrees_with_scikit_learn_on_unit_vectors(rng):
    neighbors = pytest.importorskip("sklearn.neighbors")
    queries, vectors = unit(rng.normal(size=(5, 8))), unit(rng.normal(size=(30, 8)))
    search = neighbors.NearestNeighbors(n_neighbors=7, metric="cosine").fit(vectors)
    assert np.array_equal(nearest(queries, vectors, 7)[1], search.kneighbors(queries)[1])


def test_nearest_returns_all_rows_if_k_is_larger_than_their_number(rng):
    scores, rows = nearest(rng.normal(size=(2, 4)), rng.normal(size=(3, 4)), 10)
    assert scores.shape == rows.shape == (2, 3)
    assert sorted(rows[0].tolist()) == [0, 1, 2]


def test_nearest_puts_the_lower_row_first_among_equal_ones():
    vectors = np.array([[0.0, 1.0], [1.0, 0.0], [0.5, 0.0], [1.0, 0.0]])
    assert nearest(np.array([[1.0, 0.0]]), vectors, 4)[1].tolist() == [[1, 3, 2, 0]]


def test_nearest_prefers_long_vectors_if_they_are_not_of_length_1():
    vectors = np.array([[1.0, 0.0], [3.0, 3.0]])
    query = np.array([[1.0, 0.0]])
    assert nearest(query, vectors, 1)[1][0, 0] == 1
    assert nearest(query, unit(vectors), 1)[1][0, 0] == 0


def test_nearest_of_no_queries_is_empty():
    scores, rows = nearest(np.zeros((0, 4)), np.ones((3, 4)), 2)
    assert scores.shape == rows.shape == (0, 2)


@pytest.mark.parametrize(
    ("queries", "vectors", "k", "message"),
    [
        (np.ones((1, 3)), np.ones((2, 4)), 1, "3 dimensions and the vectors 4"),
        (np.ones((1, 4)), np.ones((2, 4)), 0, "k is 0"),
        (np.ones(4), np.ones((2, 4)), 1, r"query\[None, :\]"),
        (np.ones((1, 4)), np.ones((0, 4)), 1, "There are no vectors"),
        (np.full((1, 4), np.nan), np.ones((2, 4)), 1, "1 of 1 vectors hold nan"),
        (np.ones((1, 4)), np.full((2, 4), np.nan), 1, "2 of 2 vectors hold nan"),
    ],
)
def test_nearest_refuses_what_cannot_be_searched(queries, vectors, k, message):
    with pytest.raises(ValueError, match=message):
        nearest(queries, vectors, k)


# ---------------------------------------------------------------- token_embeddings


@pytest.mark.models
def test_token_embeddings_are_what_embed_is_made_of():
    from coursekit.models import load_embedder
    from coursekit.rag import embed

    embedder = load_embedder()
    texts = ["The oven is hot.", "Clean the grinder each evening with the brush in the box."]
    rows = token_embeddings(texts, embedder)
    assert [len(r) for r in rows] == [len(embedder.tokenizer(x)["input_ids"]) for x in texts]
    assert all(np.allclose(np.linalg.norm(r, axis=1), 1, atol=1e-5) for r in rows)
    states = embedder.encode(texts, output_value="token_embeddings")
    means = np.array([state.cpu().numpy().mean(axis=0) for state in states])
    assert np.allclose(unit(means), embed(texts, embedder), atol=1e-5)


class TensorEmbedder:
    """Gives one row of growing numbers for each word."""

    def encode(self, texts, **settings):
        import torch

        assert settings["output_value"] == "token_embeddings"
        return [torch.arange(1.0, 3 * len(x.split()) + 1).reshape(-1, 3).half() for x in texts]


def test_token_embeddings_have_length_1_and_float32():
    short, long = token_embeddings(["one", "one two"], TensorEmbedder())
    assert short.shape == (1, 3)
    assert long.shape == (2, 3)
    assert long.dtype == np.float32
    assert np.allclose(long[1], np.array([4, 5, 6]) / 77**0.5)


@pytest.mark.models
def test_token_sums_point_where_embed_points():
    from coursekit.models import load_embedder
    from coursekit.rag import embed

    embedder = load_embedder()
    texts = ["The oven is hot.", "Clean the grinder each evening with the brush in the box."]
    sums, counts = token_sums(texts, embedder)
    assert counts.tolist() == [len(embedder.tokenizer(x)["input_ids"]) for x in texts]
    assert np.allclose(unit(sums), embed(texts, embedder), atol=1e-5)


def test_token_embeddings_of_nothing_are_nothing():
    assert token_embeddings([], TensorEmbedder()) == []


# ---------------------------------------------------------------- flat_map


def test_flat_map_agrees_with_scikit_learn(rng):
    decomposition = pytest.importorskip("sklearn.decomposition")
    vectors = rng.normal(size=(40, 6)) * [9, 5, 1, 1, 1, 1]
    wanted = decomposition.PCA(2).fit_transform(vectors)
    assert np.allclose(np.abs(flat_map(vectors)), np.abs(wanted))


def test_flat_map_has_the_same_signs_whatever_the_decomposition_returns(rng, monkeypatch):
    vectors = rng.normal(size=(12, 4))
    vectors -= vectors.mean(axis=0)
    vectors = np.vstack([vectors, -vectors])  # each largest coordinate occurs with both signs
    wanted = flat_map(vectors)
    original = np.linalg.svd

    def turned(matrix, full_matrices):
        u, s, directions = original(matrix, full_matrices=full_matrices)
        return -u, s, -directions * (1 + 1e-9 * rng.normal(size=directions.shape))

    monkeypatch.setattr(np.linalg, "svd", turned)
    assert np.allclose(flat_map(vectors), wanted, atol=1e-6)


def test_flat_map_turns_the_largest_coordinate_to_plus(rng):
    points = flat_map(rng.normal(size=(15, 5)))
    assert (points[np.abs(points).argmax(axis=0), [0, 1]] > 0).all()


def test_flat_map_of_equal_rows_is_one_point():
    assert np.allclose(flat_map(np.ones((4, 3))), 0)


@pytest.mark.parametrize("shape", [(1, 5), (5, 1), (0, 4), (4,)])
def test_flat_map_refuses_too_few(shape):
    with pytest.raises(ValueError, match="at least two rows"):
        flat_map(np.ones(shape))


def test_flat_map_refuses_nan():
    with pytest.raises(ValueError, match="hold nan"):
        flat_map(np.array([[1.0, np.nan], [0.0, 1.0]]))


# ---------------------------------------------------------------- the data of lesson 02


@pytest.mark.parametrize("language", ["de", "es", "nl", "zh"])
def test_translated_questions_keep_all_but_the_text(language):
    english = {question.id: question for question in company_questions()}
    questions = translated_questions(language)
    assert len(questions) >= 60
    assert {question.split for question in questions} == {"dev", "test"}
    assert [q.id for q in questions] == [q.id for q in translated_questions("en")]
    for question in questions:
        original = english[question.id]
        assert question.text != original.text
        assert question.gold_passages == original.gold_passages != ()
        assert (question.answer, question.split) == (original.answer, original.split)
        # Product names are not translated.
        name = (question.product or "").split("-")[0].capitalize()
        assert name in question.text


def test_every_translated_id_is_an_official_question_in_four_languages():
    import json

    from coursekit.paths import data_dir

    path = data_dir() / "questions_in_other_languages.json"
    texts = json.loads(path.read_text(encoding="utf-8"))
    known = {question.id for question in company_questions()}
    assert set(texts) <= known
    assert len(translated_questions("en")) == len(texts) >= 60
    assert all(set(four) == {"de", "es", "nl", "zh"} for four in texts.values())
    assert all(text.strip() for four in texts.values() for text in four.values())


def test_translated_into_english_are_the_originals():
    originals = {question.id: question for question in company_questions()}
    assert all(originals[question.id] == question for question in translated_questions("en"))


def test_an_unknown_language_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="'fr'. Choose one of de, en, es, nl, zh"):
        translated_questions("fr")
