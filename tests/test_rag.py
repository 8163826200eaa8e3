"""Retrieval-augmented generation, step by step, on models of a few thousand numbers."""

from __future__ import annotations

import json

import numpy as np
import pytest
from tiny_models import WordEmbedder, chunk, tiny_lm, tiny_tokenizer

from coursekit import rag
from coursekit.rag import (
    ANSWER_START,
    INSTRUCTION,
    REFUSAL,
    Answer,
    Hit,
    IndexMismatchError,
    QuestionError,
    TextTooLongError,
    answer_question,
    assemble_prompt,
    build_index,
    cited_numbers,
    embed,
    embed_cached,
    embedding_dimension,
    fit_to_budget,
    generate,
    generate_cached,
    generate_stream,
    load_index,
    retrieve,
    retrieve_all,
    save_index,
)

CHUNKS = [
    chunk("oven", "The oven is hot after twenty minutes"),
    chunk("mixer", "The mixer has a bowl of six litres"),
    chunk("grinder", "Clean the grinder each evening"),
    chunk("returns", "Send it back within thirty days"),
]


@pytest.fixture(scope="module")
def embedder() -> WordEmbedder:
    return WordEmbedder()


@pytest.fixture(scope="module")
def index(embedder):
    return build_index(embed([c.text for c in CHUNKS], embedder))


@pytest.fixture(scope="module")
def tokenizer():
    return tiny_tokenizer()


@pytest.fixture(scope="module")
def lm():
    return tiny_lm()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSEKIT_CACHE", str(tmp_path / "cache"))


def hits_of(*texts: str) -> list[Hit]:
    return [Hit(chunk(str(i), text), 1 / i, i) for i, text in enumerate(texts, start=1)]


# ---------------------------------------------------------------- embeddings and index


def test_embeddings_are_unit_rows_of_float32(embedder):
    vectors = embed(["one text", "and another"], embedder)
    assert vectors.shape == (2, 64) and vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1])


def test_no_texts_give_no_rows(embedder):
    assert embed([], embedder).shape == (0, 64)


def test_embeddings_are_cached_by_texts_and_model(cache, embedder, monkeypatch):
    first = embed_cached(["one", "two"], embedder)
    asked = []
    monkeypatch.setattr(rag, "embed", lambda texts, *_: asked.append(texts) or np.zeros((1, 2)))
    again = embed_cached(["one", "two"], embedder)
    assert (again == first).all() and again.flags.writeable and not asked
    embed_cached(["one two"], embedder)
    assert asked == [["one two"]]
    other = WordEmbedder()
    other.fingerprint = "f" * 16
    embed_cached(["one", "two"], other)
    assert len(asked) == 2


@pytest.mark.parametrize("factor", [2.0, 0.5, 0.0])
def test_vectors_without_length_one_are_refused(factor):
    vectors = np.eye(3, dtype=np.float32)
    vectors[1] *= factor
    with pytest.raises(ValueError, match="not 1. Divide each row by its length"):
        build_index(vectors)


def test_vectors_with_nan_are_refused_by_their_row():
    vectors = np.eye(3, dtype=np.float32)
    vectors[1, 2] = np.nan
    with pytest.raises(ValueError, match="1 of 3 vectors hold nan or infinity, the first in row 1"):
        build_index(vectors)


@pytest.mark.parametrize("words", [256, 257])
def test_a_text_that_the_model_would_cut_is_refused(embedder, words):
    text = "oven " * words
    if words <= embedder.max_seq_length:
        assert embed([text], embedder).shape == (1, 64)
        return
    with pytest.raises(TextTooLongError, match="Text 1 has 257 tokens, and the .* reads 256"):
        embed(["short", text], embedder)
    assert embed(["short", text], embedder, truncate=True).shape == (2, 64)


def test_a_model_without_a_window_takes_every_text(embedder, monkeypatch):
    monkeypatch.setattr(embedder, "max_seq_length", None)
    assert embed(["oven " * 500], embedder).shape == (1, 64)


def test_a_text_that_was_cut_is_not_served_from_the_cache_to_who_did_not_ask(
    embedder, monkeypatch, tmp_path
):
    monkeypatch.setenv("COURSEKIT_CACHE", str(tmp_path))
    text = "oven " * 257
    embed_cached([text], embedder, truncate=True)
    with pytest.raises(TextTooLongError):
        embed_cached([text], embedder)


def test_the_dimension_is_found_under_its_old_name_too():
    class Old:
        def get_sentence_embedding_dimension(self) -> int:
            return 7

    assert embedding_dimension(Old()) == 7


def test_any_float_array_of_unit_rows_is_taken():
    vectors = np.asfortranarray(np.eye(4)[:, ::-1])
    index = build_index(vectors)
    assert index.ntotal == 4 and index.d == 4
    assert index.search(vectors[2:3].astype(np.float32), 1)[1][0, 0] == 2


# ---------------------------------------------------------------- retrieval


def test_hits_come_best_first_with_rank_and_cosine(index, embedder):
    question = "Has the mixer a bowl"
    hits = retrieve(question, index, CHUNKS, embedder, k=3)
    assert hits[0].chunk.id == "mixer#0"
    assert [hit.rank for hit in hits] == [1, 2, 3]
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    vectors = embed([question, hits[1].chunk.text], embedder)
    assert hits[1].score == pytest.approx(float(vectors[0] @ vectors[1]), abs=1e-5)


def test_many_questions_give_what_each_gives_alone(index, embedder):
    questions = ["Is the oven hot", "Send it back"]
    together = retrieve_all(questions, index, CHUNKS, embedder, k=2)
    for question, hits in zip(questions, together, strict=True):
        alone = retrieve(question, index, CHUNKS, embedder, k=2)
        assert [h.chunk.id for h in hits] == [h.chunk.id for h in alone]


def test_more_hits_than_chunks_give_each_chunk_once(index, embedder):
    hits = retrieve("the oven", index, CHUNKS, embedder, k=99)
    assert sorted(hit.chunk.id for hit in hits) == sorted(c.id for c in CHUNKS)


@pytest.mark.parametrize("question", ["", "   ", "\n\t"])
def test_an_empty_question_is_refused(index, embedder, tokenizer, question):
    with pytest.raises(QuestionError, match="The question is empty"):
        retrieve(question, index, CHUNKS, embedder)
    with pytest.raises(QuestionError, match="The question is empty"):
        assemble_prompt(question, [], tokenizer)


def test_an_index_that_finds_fewer_gives_fewer_hits(embedder):
    """FAISS fills up with the id -1 where an inverted list is too short."""
    import faiss

    vectors = embed([c.text for c in CHUNKS], embedder)
    index = faiss.IndexIVFFlat(faiss.IndexFlatIP(64), 64, 4, faiss.METRIC_INNER_PRODUCT)
    index.train(np.repeat(vectors, 40, axis=0))
    index.add(vectors)
    hits = retrieve(CHUNKS[1].text, index, CHUNKS, embedder, k=4)
    assert 1 <= len(hits) < 4 and hits[0].chunk.id == "mixer#0"
    assert all(-1.001 <= hit.score <= 1.001 for hit in hits)


def test_a_question_longer_than_the_window_is_refused(index, embedder):
    with pytest.raises(QuestionError, match="too long to be searched with.*257 tokens"):
        retrieve("oven " * 257, index, CHUNKS, embedder)


@pytest.mark.parametrize("k", [0, -1])
def test_no_hits_cannot_be_asked_for(index, embedder, k):
    with pytest.raises(ValueError, match=f"k is {k}; ask for at least one"):
        retrieve("the oven", index, CHUNKS, embedder, k=k)


def test_an_index_of_other_dimensions_is_refused(embedder):
    with pytest.raises(ValueError, match="of 3 dimensions and word counts .* of 64"):
        retrieve("the oven", build_index(np.eye(3)), CHUNKS, embedder)


def test_two_chunks_with_the_same_text_are_two_hits(embedder):
    twins = [CHUNKS[0], CHUNKS[0]]
    index = build_index(embed([c.text for c in twins], embedder))
    hits = retrieve(CHUNKS[0].text, index, twins, embedder, k=2)
    assert [hit.score for hit in hits] == pytest.approx([1.0, 1.0], abs=1e-5)


def test_an_empty_index_is_named(embedder):
    index = build_index(embed([], embedder))
    with pytest.raises(ValueError, match="The index is empty"):
        retrieve("the oven", index, [], embedder)


# ---------------------------------------------------------------- budget and prompt


def test_the_budget_is_used_to_the_last_token(tokenizer):
    hits = hits_of("a" * 10, "b" * 5, "c" * 3)
    kept = {n: len(fit_to_budget(hits, tokenizer, n)) for n in (9, 10, 14, 15, 17, 18, 100)}
    assert kept == {9: 0, 10: 1, 14: 1, 15: 2, 17: 2, 18: 3, 100: 3}


def test_no_worse_hit_slips_in_behind_one_that_does_not_fit(tokenizer):
    hits = hits_of("a" * 5, "b" * 50, "c" * 5)
    assert fit_to_budget(hits, tokenizer, 20) == hits[:1]


def test_the_best_passage_stands_next_to_the_question(tokenizer):
    hits = hits_of("best", "second", "third")
    prompt = assemble_prompt("How hot?", hits, tokenizer)
    order = ["<u>Context:", "third", "second", "best", INSTRUCTION, "Question: How hot?", "<a>"]
    places = [prompt.index(part) for part in order]
    assert places == sorted(places) and prompt.endswith("<a>" + ANSWER_START)
    first = assemble_prompt("How hot?", hits, tokenizer, best_last=False)
    assert first.index("best") < first.index("second") < first.index("third")


@pytest.mark.parametrize("best_last", [True, False])
def test_numbers_are_ranks(tokenizer, best_last):
    hits = hits_of("best", "second")
    prompt = assemble_prompt("How?", hits, tokenizer, numbered=True, best_last=best_last)
    assert "[1] best" in prompt and "[2] second" in prompt
    assert "[1]" not in assemble_prompt("How?", hits, tokenizer)


def test_without_hits_the_question_stands_alone(tokenizer):
    prompt = assemble_prompt("How hot?", [], tokenizer, answer_start="")
    assert prompt == "<u>How hot?</u><a>"
    assert assemble_prompt("How?", hits_of("x" * 99), tokenizer, budget=50).startswith("<u>How?<")


def test_a_question_as_long_as_the_budget_fits_and_a_longer_one_does_not(tokenizer):
    assert "q" * 30 in assemble_prompt("q" * 30, hits_of("a"), tokenizer, budget=30)
    with pytest.raises(QuestionError, match="has 31 tokens and only 30 fit. Ask something shorter"):
        assemble_prompt("q" * 31, hits_of("a"), tokenizer, budget=30)


def test_question_and_passages_share_the_budget(tokenizer):
    hits = hits_of("a" * 10, "b" * 10)
    assert "bbb" in assemble_prompt("q" * 5, hits, tokenizer, budget=25)
    assert "bbb" not in assemble_prompt("q" * 5, hits, tokenizer, budget=24)


# ---------------------------------------------------------------- generation


def test_answers_come_in_the_order_of_the_prompts_whatever_the_batch_size(lm):
    prompts = [("abc def " * n) + str(n) for n in (9, 1, 5, 1, 14, 3, 2)]
    alone = [generate([prompt], lm, max_new_tokens=8)[0] for prompt in prompts]
    assert len(set(alone)) > 2, "the prompts must lead to different answers"
    for batch_size in (1, 2, 3, 16):
        assert generate(prompts, lm, max_new_tokens=8, batch_size=batch_size) == alone


def test_no_prompts_give_no_answers(lm):
    assert generate([], lm) == []


def test_a_stream_gives_the_same_text(lm):
    for prompt in ("abc def", "Is it hot? <a>"):
        pieces = list(generate_stream(prompt, lm, max_new_tokens=10))
        assert "".join(pieces).strip() == generate([prompt], lm, max_new_tokens=10)[0]


@pytest.mark.timeout(60)
def test_a_stream_that_fails_raises_instead_of_waiting(lm, monkeypatch):
    def fails(**_: object) -> None:
        raise MemoryError("no memory left")

    monkeypatch.setattr(lm.model, "generate", fails)
    with pytest.raises(MemoryError, match="no memory left"):
        list(generate_stream("abc", lm))


def test_answers_are_cached_by_prompts_and_length(cache, lm, monkeypatch):
    first = generate_cached(["abc", "def"], lm, 4)
    asked = []
    monkeypatch.setattr(rag, "generate", lambda prompts, *_: asked.append(prompts) or ["x"])
    assert generate_cached(["abc", "def"], lm, 4) == first and not asked
    assert generate_cached(["abc", "def"], lm, 5) == ["x"]
    assert generate_cached(["def", "abc"], lm, 4) == ["x"] and len(asked) == 2


# ---------------------------------------------------------------- the whole way


def test_an_answer_comes_with_its_sources(index, embedder, lm):
    answer = answer_question("Is the oven hot", index, CHUNKS, embedder, lm, k=2)
    assert not answer.refused and answer.sources[0] == "oven#0" and len(answer.sources) == 2
    assert CHUNKS[0].text in answer.prompt
    assert answer.text == generate([answer.prompt], lm)[0]


def test_sources_are_the_passages_that_stood_in_the_prompt(embedder, lm):
    chunks = [chunk("short", "hot oven"), chunk("long", "hot " + "and more " * 120)]
    index = build_index(embed([c.text for c in chunks], embedder))
    answer = answer_question("hot oven", index, chunks, embedder, lm, k=2)
    assert chunks[1].text not in answer.prompt, "it is longer than the budget"
    assert answer.sources == ["short#0"]


def test_a_far_hit_is_a_refusal_and_the_model_is_not_asked(index, embedder, lm, monkeypatch):
    monkeypatch.setattr(rag, "generate", lambda *_: pytest.fail("the model was asked"))
    question = "Who won the football game"
    answer = answer_question(question, index, CHUNKS, embedder, lm, k=2, threshold=0.9)
    assert answer.refused and answer.text == REFUSAL and answer.prompt == ""
    assert answer.sources == [] and len(answer.hits) == 2


def test_a_hit_on_the_threshold_is_answered(index, embedder, lm):
    score = retrieve("Is the oven hot", index, CHUNKS, embedder)[0].score
    answer = answer_question("Is the oven hot", index, CHUNKS, embedder, lm, threshold=score)
    assert not answer.refused


def test_a_refusal_has_no_sources():
    hits = hits_of("a")
    assert Answer("text", hits, "prompt").sources == ["1#0"]
    assert Answer(REFUSAL, hits, "", refused=True).sources == []


@pytest.mark.parametrize(
    ("answer", "numbers"),
    [
        ("8 litres [2]", [2]),
        ("[3] says 8, and [1][3] agree", [3, 1, 3]),
        ("8 litres", []),
        ("[a] [] [1.5] (2) [ 3 ]", []),
        ("list[10]", [10]),
    ],
)
def test_cited_numbers(answer, numbers):
    assert cited_numbers(answer) == numbers


# ---------------------------------------------------------------- saved indexes


def test_a_saved_index_finds_the_same(index, embedder, tmp_path):
    save_index(index, CHUNKS, embedder, tmp_path / "new" / "index")
    loaded = load_index(tmp_path / "new" / "index", CHUNKS, embedder)
    for question in ("Is the oven hot", "thirty days"):
        before = retrieve(question, index, CHUNKS, embedder)
        assert retrieve(question, loaded, CHUNKS, embedder) == before


def test_another_embedding_model_is_refused_by_name(index, embedder, tmp_path):
    save_index(index, CHUNKS, embedder, tmp_path)
    other = WordEmbedder(dim=32)
    other.course_name = "other counts"
    with pytest.raises(IndexMismatchError) as refusal:
        load_index(tmp_path, CHUNKS, other)
    message = str(refusal.value)
    assert "word counts (64 dimensions" in message and "other counts (32 dimensions" in message
    same_name = WordEmbedder()
    same_name.fingerprint = "f" * 16
    with pytest.raises(IndexMismatchError, match="weights ffffffff"):
        load_index(tmp_path, CHUNKS, same_name)


def test_changed_chunks_are_refused(index, embedder, tmp_path):
    save_index(index, CHUNKS, embedder, tmp_path)
    changed = [*CHUNKS[:3], chunk("returns", "Send it back within sixty days")]
    for chunks in (changed, CHUNKS[:3], CHUNKS[::-1]):
        with pytest.raises(IndexMismatchError, match="The chunks have changed"):
            load_index(tmp_path, chunks, embedder)


@pytest.mark.parametrize("missing", ["index.json", "index.faiss"])
def test_a_half_written_folder_is_named(index, embedder, tmp_path, missing):
    save_index(index, CHUNKS, embedder, tmp_path)
    (tmp_path / missing).unlink()
    with pytest.raises(IndexMismatchError, match="holds no whole index"):
        load_index(tmp_path, CHUNKS, embedder)


def test_an_index_that_was_cut_or_belongs_to_another_label_is_refused(index, embedder, tmp_path):
    save_index(index, CHUNKS, embedder, tmp_path)
    whole = (tmp_path / "index.faiss").read_bytes()
    (tmp_path / "index.faiss").write_bytes(whole[:-9])
    with pytest.raises(IndexMismatchError, match="holds no whole index"):
        load_index(tmp_path, CHUNKS, embedder)
    other = build_index(embed([c.text for c in reversed(CHUNKS)], embedder))
    save_index(other, CHUNKS[::-1], embedder, tmp_path / "other")
    (tmp_path / "index.faiss").write_bytes((tmp_path / "other" / "index.faiss").read_bytes())
    with pytest.raises(IndexMismatchError, match="holds no whole index"):
        load_index(tmp_path, CHUNKS, embedder)


@pytest.mark.parametrize("text", ["", "{", "[]", json.dumps({"embedder": "x"})])
def test_a_damaged_label_is_named(index, embedder, tmp_path, text):
    save_index(index, CHUNKS, embedder, tmp_path)
    (tmp_path / "index.json").write_text(text, encoding="utf-8")
    with pytest.raises(IndexMismatchError, match="holds no whole index"):
        load_index(tmp_path, CHUNKS, embedder)


# ---------------------------------------------------------------- the real models


@pytest.mark.models
def test_the_real_models_answer_from_the_passage():
    from coursekit.models import load_embedder, load_lm

    embedder, lm = load_embedder(), load_lm()
    chunks = [
        chunk("oven", "Kestrel 2 · Use\nThe Kestrel 2 needs 34 minutes to warm up."),
        chunk("mixer", "Heron 5 · Use\nThe bowl of the Heron 5 holds 8 litres."),
    ]
    index = build_index(embed([c.text for c in chunks], embedder))
    question = "How long does the Kestrel 2 take to get hot?"
    answer = answer_question(question, index, chunks, embedder, lm)
    assert answer.sources == ["oven#0"] and "34 minutes" in answer.text
    assert "".join(generate_stream(answer.prompt, lm, 40)).strip() == answer.text
