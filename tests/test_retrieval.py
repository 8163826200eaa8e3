"""Better retrieval: BM25, fusion, variety, filters and rerankers."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from tiny_models import WordEmbedder, chunk, tiny_tokenizer

from coursekit import retrieval
from coursekit.corpus import Question
from coursekit.rag import QuestionError

TEXTS = [
    "The Kestrel 2 bakes at 273 degrees.",
    "The Kestrel 3 bakes at 281 degrees.",
    "The Lapwing 1.5 holds 1.5 litres of coffee.",
    "",
]


def machine(name: str, product: str | None):
    return replace(chunk(name, name), product=product)


def test_terms_keep_numbers_whole_and_leave_out_stop_words():
    assert retrieval.terms("What does the Lapwing 1.5 cost? 1,305 euros.") == [
        "lapwing",
        "1.5",
        "cost",
        "1,305",
        "euros",
    ]


def test_bm25_tells_numbers_apart():
    index = retrieval.bm25_index(TEXTS)
    assert retrieval.bm25_search("Kestrel 2", index)[0] == 0
    assert retrieval.bm25_search("Kestrel 3", index)[0] == 1
    assert retrieval.bm25_search("coffee", index) == [2]


def test_a_bm25_score_by_hand():
    index = retrieval.bm25_index(TEXTS)
    words = [retrieval.terms(text) for text in TEXTS]
    average = sum(map(len, words)) / len(words)
    idf = math.log(1 + (4 - 1 + 0.5) / (1 + 0.5))
    tf = words[2].count("1.5")
    score = idf * tf / (tf + 1.5 * (0.25 + 0.75 * len(words[2]) / average))
    assert retrieval.bm25_scores("1.5", index)[2] == pytest.approx(score, rel=1e-5)


def test_bm25_of_unknown_words_finds_nothing():
    index = retrieval.bm25_index(TEXTS)
    assert retrieval.bm25_search("the zebra", index) == []
    assert retrieval.bm25_search("the", index) == []


def test_bm25_refuses_bad_input():
    index = retrieval.bm25_index(TEXTS)
    with pytest.raises(QuestionError, match="question is empty"):
        retrieval.bm25_search("  ", index)
    with pytest.raises(ValueError, match="k is 0"):
        retrieval.bm25_search("Kestrel", index, k=0)
    for texts in ([], ["", "the of"]):
        with pytest.raises(ValueError, match="nothing to index"):
            retrieval.bm25_index(texts)


def test_dense_search():
    vectors = np.eye(3, dtype=np.float32)
    assert retrieval.dense_search(vectors[[2]], vectors, k=2)[0][0] == 2
    assert len(retrieval.dense_search(vectors[[2]], vectors, k=9)[0]) == 3
    with pytest.raises(ValueError, match="k is -1"):
        retrieval.dense_search(vectors, vectors, k=-1)
    with pytest.raises(ValueError, match="no passages"):
        retrieval.dense_search(vectors, vectors[:0])


def test_fusion_prefers_what_both_found():
    assert retrieval.reciprocal_rank_fusion([[7, 3, 9], [3, 5]])[0] == 3
    assert retrieval.reciprocal_rank_fusion([[7, 3], []]) == [7, 3]
    assert retrieval.reciprocal_rank_fusion([]) == []
    assert retrieval.reciprocal_rank_fusion([[], []]) == []


def test_mmr_leaves_out_a_copy():
    query = np.array([1.0, 0.0])
    vectors = np.array([[0.96, 0.28], [0.96, 0.28], [0.8, -0.6]])
    assert retrieval.mmr(query, vectors, [0, 1, 2], k=2, weight=0.5) == [0, 2]
    assert retrieval.mmr(query, vectors, [0, 1, 2], k=2, weight=1) == [0, 1]
    assert sorted(retrieval.mmr(query, vectors, [0, 1, 2], k=9)) == [0, 1, 2]
    assert retrieval.mmr(query, vectors, []) == []
    with pytest.raises(ValueError, match="k is 0"):
        retrieval.mmr(query, vectors, [0], k=0)


@pytest.mark.parametrize(
    ("text", "product"),
    [
        ("What does the Kestrel 3 weigh?", "kestrel-3"),
        ("What does the KESTREL 3  STEAM weigh?", "kestrel-3-steam"),
        ("The Kestrel 3's steam", "kestrel-3"),
        ("The Kestrel-3", "kestrel-3"),
        ("Of the Kestrel 35", None),
        ("The Lapwing 1.5", "lapwing-1-5"),
        ("When does the shop open?", None),
        ("", None),
    ],
)
def test_find_product(text, product):
    products = ["kestrel-3", "kestrel-3-steam", "lapwing-1-5", None]
    assert retrieval.find_product(text, products) == product


def test_filter_falls_back_to_no_filter():
    chunks = [machine("a", "kestrel-2"), machine("b", None), machine("c", "kestrel-3")]
    assert retrieval.product_filter([2, 1, 0], "kestrel-2", chunks) == [0]
    assert retrieval.product_filter([2, 1, 0], None, chunks) == [2, 1, 0]
    assert retrieval.product_filter([2, 1, 0], "wren-50", chunks) == [2, 1, 0]
    assert retrieval.product_filter([], "kestrel-2", chunks) == []


def test_late_interaction_is_the_mean_of_best_matches():
    query = np.array([[1.0, 0.0], [0.0, 1.0]])
    passage = np.array([[1.0, 0.0], [0.6, 0.8]])
    assert retrieval.late_interaction(query, passage) == pytest.approx(0.9)
    assert retrieval.late_interaction(query, passage[::-1]) == pytest.approx(0.9)
    with pytest.raises(ValueError, match="without tokens"):
        retrieval.late_interaction(query, passage[:0])
    with pytest.raises(ValueError, match="2 and 3 dimensions"):
        retrieval.late_interaction(query, np.ones((2, 3)))


def test_rerank():
    assert retrieval.rerank([5, 6, 7], [0.1, 0.3, 0.1]) == [6, 5, 7]
    assert retrieval.rerank([], []) == []
    with pytest.raises(ValueError, match="3 rows and 1 scores"):
        retrieval.rerank([5, 6, 7], [0.1])


def test_maxsim_rerank_needs_token_vectors_of_these_chunks():
    tokens = [np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])]
    chunks = [chunk("a", "a"), chunk("b", "b")]
    query = np.array([[0.0, 1.0]])
    assert retrieval.maxsim_rerank(query, [0, 1], tokens, chunks) == [1, 0]
    with pytest.raises(ValueError, match="2 chunks and token vectors of 1"):
        retrieval.maxsim_rerank(query, [0, 1], tokens[:1], chunks)


def test_as_hits():
    chunks = [chunk("a", "a"), chunk("b", "b")]
    hits = retrieval.as_hits([1, 0], chunks, k=1)
    assert [(hit.chunk.id, hit.rank) for hit in hits] == [("b#0", 1)]
    with pytest.raises(ValueError, match="k is 0"):
        retrieval.as_hits([1], chunks, k=0)


def test_best_sentences_keep_heading_and_order(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSEKIT_CACHE", str(tmp_path))
    embedder = WordEmbedder(dim=512)
    embedder.max_seq_length, embedder.tokenizer = 1000, None
    body = "Water is cold. The deck is hot. Wood floats well. The deck is at 273 degrees."
    passage = chunk("a", f"Manual · Baking\n{body}")
    row = chunk("b", "Price list. Product: Kestrel 2. Price: 900 euros.")
    queries = embedder.encode(["how hot is the deck", "price"])
    kept, same = retrieval.best_sentences([passage, row], queries, embedder, n=2)
    assert kept.text == "Manual · Baking\nThe deck is hot. The deck is at 273 degrees."
    assert kept.id == passage.id and same is row
    with pytest.raises(ValueError, match="n is 0"):
        retrieval.best_sentences([passage], queries[:1], embedder, n=0)
    with pytest.raises(ValueError, match="1 passages and 2 questions"):
        retrieval.best_sentences([passage], queries, embedder)


def question(text: str, gold: tuple[str, ...]) -> Question:
    return Question(text, text, "x", "prose", "train", None, None, gold)


def test_training_groups_put_the_gold_passage_first():
    chunks = [chunk(name, f"text {name}") for name in "abcde"]
    asked = [question("one", ("c#0",)), question("two", ()), question("three", ("a#0",))]
    rankings = [[0, 1, 2, 3], [0, 1, 2, 3], [0, 1]]
    groups = retrieval.training_groups(asked, rankings, chunks, negatives=2)
    assert len(groups) == 1  # the second has no gold passage, the third too few wrong ones
    texts = [passage for _, passage in groups[0]]
    assert texts[0] == "text c" and len(texts) == 3 and "text c" not in texts[1:]
    assert groups == retrieval.training_groups(asked, rankings, chunks, negatives=2)


class TinyEmbedder(list):
    """Shaped like a SentenceTransformer: its first module holds the transformer."""

    course_name, fingerprint, device, max_seq_length = "tiny", "0123456789abcdef", "cpu", 64

    def __init__(self) -> None:
        import torch
        from transformers import BertConfig, BertModel

        self.tokenizer = tiny_tokenizer()
        torch.manual_seed(0)
        config = BertConfig(
            vocab_size=len(self.tokenizer),
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=32,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
        )
        module = type("Module", (), {"auto_model": BertModel(config)})
        super().__init__([module])

    def get_embedding_dimension(self) -> int:
        return 16


GROUPS = [
    [(letter, letter * 6), (letter, other * 6)]
    for letter, other in ("ab", "ba", "ac", "ca", "bc", "cb")
]


def test_a_cross_encoder_learns_its_groups_and_is_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSEKIT_CACHE", str(tmp_path))
    monkeypatch.setenv("COURSEKIT_DTYPE", "float32")
    embedder = TinyEmbedder()
    training = {"epochs": 40, "batch_size": 6, "learning_rate": 1e-2}
    encoder, losses = retrieval.cross_encoder_cached(GROUPS, embedder, **training)
    assert len(losses) == 40 and losses[-1] < 0.5 * losses[0]
    scores = encoder.scores("a", ["aaaaaa", "bbbbbb"])
    assert scores[0] > scores[1]
    monkeypatch.setattr(retrieval, "train_cross_encoder", lambda *a, **k: pytest.fail("trained"))
    monkeypatch.setattr(retrieval, "digest", lambda *parts: real(*map(same, parts)))
    again, kept = retrieval.cross_encoder_cached(GROUPS, embedder, **training)
    assert kept == losses
    assert again.scores("a", ["aaaaaa", "bbbbbb"]) == pytest.approx(scores, abs=1e-5)


real, trained = retrieval.digest, retrieval.train_cross_encoder


def same(part: object) -> object:
    """The training function stands for itself in the name of the entry, also when replaced."""
    return trained if part is retrieval.train_cross_encoder else part


@pytest.mark.parametrize(("dtype", "is_on"), [("bfloat16", True), ("float16", False)])
def test_half_precision_without_a_scale_is_bfloat16_only(monkeypatch, dtype, is_on):
    import torch

    monkeypatch.setattr(retrieval, "_dtype", lambda: getattr(torch, dtype))
    with retrieval._precision("cpu"):
        assert torch.is_autocast_enabled("cpu") == is_on


def test_a_cross_encoder_scores_nothing_as_nothing():
    encoder = retrieval.new_cross_encoder(TinyEmbedder())
    assert encoder.scores("a", []).shape == (0,)
    with pytest.raises(ValueError, match="nothing to train on"):
        retrieval.train_cross_encoder(encoder, [])


@pytest.mark.models
def test_token_vectors_in_half_precision_are_those_of_the_model(tmp_path):
    from coursekit.models import load_embedder
    from coursekit.vectors import token_embeddings

    embedder = load_embedder()
    texts = ["The Kestrel 2 bakes.", "Oak.", "a longer text with some more words"]
    rows = retrieval.token_embeddings_cached(texts, embedder)
    for kept, made in zip(rows, token_embeddings(texts, embedder), strict=True):
        assert kept.shape == made.shape
        assert np.allclose(kept, made, atol=2e-3)
