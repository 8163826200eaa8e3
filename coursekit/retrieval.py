"""Better retrieval: BM25, fusion, variety, filters and rerankers.

Lesson 06 builds these functions up and measures what each adds; later lessons import them from
here. A *ranking* is a list of row numbers of the chunks, best first: every step takes rankings and
gives one, so that they can be put together in any order.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit.cache import cached_array, cached_folder, cached_json, digest
from coursekit.chunks import Chunk
from coursekit.rag import Hit, QuestionError, embed_cached, embedder_name
from coursekit.scoring import paired_interval
from coursekit.vectors import token_embeddings

if TYPE_CHECKING:
    from pathlib import Path

    import bm25s
    import torch
    from sentence_transformers import SentenceTransformer

    from coursekit.corpus import Question

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_TERM = re.compile(r"\d+(?:[.,]\d+)*|\w+")
_STOP = """a an and are as at be but by can do does for from have how i if in into is it its many
may much my no not of on or should such than that the their then there these they this to was what
when where which who will with you your"""
STOP_WORDS = frozenset(_STOP.split())


def terms(text: str) -> list[str]:
    """The words of a text that BM25 counts: lower case, no stop words, numbers whole.

    "The Lapwing 1.5 costs 813 euros." gives ["lapwing", "1.5", "costs", "813", "euros"].
    """
    return [word for word in _TERM.findall(text.lower()) if word not in STOP_WORDS]


@dataclass(frozen=True)
class BM25Index:
    """An index over words: the counts that BM25 needs, the number of texts, and what a word is."""

    scorer: bm25s.BM25
    size: int
    words: Callable[[str], list[str]]


def bm25_index(
    texts: Sequence[str],
    words: Callable[[str], list[str]] = terms,
    k1: float = 1.5,
    b: float = 0.75,
) -> BM25Index:
    """Index texts for `bm25_search` (Robertson et al., 1994, in the variant of Lucene).

    `words` gives the words of a text, `k1` says how fast repetitions of a word stop counting, `b`
    how much long texts are held back.
    Raises ValueError if there are no texts, or no text has a word that counts.
    """
    import bm25s

    counted = [words(text) for text in texts]
    if not any(counted):
        raise ValueError(
            "There is nothing to index: no text, or no text with a word. Read the documents first."
        )
    scorer = bm25s.BM25(k1=k1, b=b)
    scorer.index(counted, show_progress=False)
    return BM25Index(scorer, len(counted), words)


def bm25_scores(question: str, index: BM25Index) -> np.ndarray:
    """The BM25 score of every text for the question: float32, shape (texts,).

    A question without any known word scores 0 everywhere. Raises QuestionError if it is empty.
    """
    if not question.strip():
        raise QuestionError("The question is empty, so there is nothing to look for. Type one.")
    known = [word for word in index.words(question) if word in index.scorer.vocab_dict]
    if not known:
        return np.zeros(index.size, dtype=np.float32)
    return index.scorer.get_scores(known)


def bm25_search(question: str, index: BM25Index, k: int = 10) -> list[int]:
    """The ranking of the k texts with the highest BM25 score, texts with score 0 left out.

    Raises QuestionError for an empty question, ValueError if k is below 1.
    """
    _require_k(k)
    scores = bm25_scores(question, index)
    order = np.argsort(-scores, kind="stable")[:k]
    return [int(row) for row in order if scores[row] > 0]


def dense_search(queries: np.ndarray, embeddings: np.ndarray, k: int = 10) -> list[list[int]]:
    """For each query, the ranking of the k rows of `embeddings` with the highest dot product.

    `queries` has shape (q, dim), `embeddings` (n, dim), both unit rows. Raises ValueError if k is
    below 1 or there are no rows.
    """
    _require_k(k)
    if len(embeddings) == 0:
        raise ValueError("There are no passages to search in. Embed your chunks first.")
    order = np.argsort(-(queries @ embeddings.T), axis=1, kind="stable")[:, :k]
    return order.tolist()


def reciprocal_rank_fusion(rankings: Iterable[Sequence[int]], c: int = 60) -> list[int]:
    """Fuse rankings into one: a row scores the sum of 1 / (c + rank) (Cormack et al., 2009).

    Ranks count from 1. A row that a ranking leaves out gets nothing from it; equal sums keep the
    order in which the rows were met. Without rankings, or with empty ones, the result is empty.
    """
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, row in enumerate(ranking, start=1):
            scores[row] = scores.get(row, 0.0) + 1 / (c + rank)
    return sorted(scores, key=scores.__getitem__, reverse=True)


def mmr(
    query: np.ndarray,
    embeddings: np.ndarray,
    ranking: Sequence[int],
    k: int = 3,
    weight: float = 0.7,
) -> list[int]:
    """Choose k rows that are near the query and unlike each other (Carbonell & Goldstein, 1998).

    Maximal marginal relevance takes, again and again, the row with the highest
    weight * (nearness to the query) - (1 - weight) * (nearness to the closest row taken so far).

    Args:
        query: unit vector, shape (dim,).
        embeddings: unit rows, shape (n, dim).
        ranking: the rows to choose from.
        weight: 1 for nearness alone, 0 for variety alone.
    """
    _require_k(k)
    left, taken = list(ranking), []
    while left and len(taken) < k:
        near = embeddings[left] @ query
        alike = (embeddings[left] @ embeddings[taken].T).max(axis=1) if taken else 0.0
        taken.append(left.pop(int(np.argmax(weight * near - (1 - weight) * alike))))
    return taken


def find_product(text: str, products: Iterable[str]) -> str | None:
    """The product that a text names, or None: the longest name wins.

    `products` are the ids that chunks carry, such as "kestrel-3-steam"; the text may write them
    with any spaces, points and capitals: "Kestrel 3 Steam".
    """
    words = " ".join(["", *re.findall(r"[^\W_]+", text.lower()), ""])
    named = [p for p in products if p and f" {p.replace('-', ' ')} " in words]
    return max(named, key=len, default=None)


def product_filter(
    ranking: Sequence[int], product: str | None, chunks: Sequence[Chunk]
) -> list[int]:
    """Keep the rows whose chunk belongs to the product, in their order.

    Without a product, or if no row belongs to it, nothing is filtered: the whole ranking comes
    back. Hits from elsewhere are better than none, and their chunks say whose they are.
    """
    kept = [row for row in ranking if product and chunks[row].product == product]
    return kept or list(ranking)


def late_interaction(query_tokens: np.ndarray, passage_tokens: np.ndarray) -> float:
    """MaxSim: for each token of the query its best match in the passage; the mean of these.

    Args:
        query_tokens: unit rows, shape (q, dim).
        passage_tokens: unit rows, shape (p, dim).

    Khattab & Zaharia (2020) take the sum; for one query, the order is the same.
    Raises ValueError if one of the two has no tokens or the dimensions differ.
    """
    if 0 in (*query_tokens.shape, *passage_tokens.shape):
        raise ValueError("A text without tokens cannot be compared. Leave empty texts out.")
    if query_tokens.shape[1] != passage_tokens.shape[1]:
        raise ValueError(
            f"The tokens have {query_tokens.shape[1]} and {passage_tokens.shape[1]} dimensions, so "
            "they come from two models. Embed both texts with the same model."
        )
    return float((query_tokens @ passage_tokens.T).max(axis=1).mean())


def token_embeddings_cached(
    texts: Sequence[str], embedder: SentenceTransformer
) -> list[np.ndarray]:
    """`token_embeddings` in half precision, computed once for these texts and this model.

    Returns: for each text a float16 array of shape (tokens, dim), read from disk when it is used.
    """
    settings = {"texts": digest(*texts), "model": embedder_name(embedder)}

    def make() -> np.ndarray:
        parts = []
        for start in range(0, len(texts), 128):  # in slices, so that little memory is needed
            part = token_embeddings(texts[start : start + 128], embedder)
            parts.append(np.concatenate(part).astype(np.float16))
        return np.concatenate(parts)

    rows = cached_array("token_embeddings", settings, make)
    ids = embedder.tokenizer(list(texts), truncation=True, max_length=embedder.max_seq_length)
    ends = np.cumsum([len(row) for row in ids["input_ids"]])
    if ends[-1] != len(rows):
        raise ValueError(f"{ends[-1]} tokens were counted and {len(rows)} have a vector.")
    return np.split(rows, ends[:-1])


def rerank(ranking: Sequence[int], scores: Sequence[float]) -> list[int]:
    """The rows of a ranking in the order of new scores, highest first; ties keep their order.

    Raises ValueError if there is not one score for each row.
    """
    if len(ranking) != len(scores):
        raise ValueError(
            f"There are {len(ranking)} rows and {len(scores)} scores. Each row needs one: score "
            "the very passages that you rerank."
        )
    return [ranking[i] for i in np.argsort(-np.asarray(scores, dtype=float), kind="stable")]


def maxsim_rerank(
    query_tokens: np.ndarray,
    ranking: Sequence[int],
    chunk_tokens: Sequence[np.ndarray],
    chunks: Sequence[Chunk],
) -> list[int]:
    """Rerank by `late_interaction`; `chunk_tokens` holds one array for each chunk.

    Raises ValueError if the two lists have different lengths: rows would point to other texts.
    """
    if len(chunk_tokens) != len(chunks):
        raise ValueError(
            f"There are {len(chunks)} chunks and token vectors of {len(chunk_tokens)}. They do not "
            "belong together: compute the token vectors of these chunks."
        )
    return rerank(ranking, [late_interaction(query_tokens, chunk_tokens[row]) for row in ranking])


def _require_k(k: int) -> None:
    if k < 1:
        raise ValueError(f"k is {k}; ask for at least one passage.")


def as_hits(ranking: Sequence[int], chunks: Sequence[Chunk], k: int = 10) -> list[Hit]:
    """The first k rows of a ranking as hits, for `assemble_prompt`. The score is 1 / rank."""
    _require_k(k)
    return [Hit(chunks[row], 1 / rank, rank) for rank, row in enumerate(ranking[:k], start=1)]


def best_sentences(
    passages: Sequence[Chunk], queries: np.ndarray, embedder: SentenceTransformer, n: int = 2
) -> list[Chunk]:
    """Shorten the passage of each question to its heading and the n sentences nearest to it.

    Args:
        passages: one chunk for each question.
        queries: unit vectors of the questions, shape (questions, dim).
        n: sentences to keep, in the order of the text; a row of a table stays whole.

    Raises ValueError if n is below 1 or there is not one passage for each query.
    """
    if n < 1:
        raise ValueError(f"n is {n}; keep at least one sentence.")
    if len(passages) != len(queries):
        raise ValueError(
            f"There are {len(passages)} passages and {len(queries)} questions; give one passage "
            "for each question."
        )
    parts = [passage.text.partition("\n") for passage in passages]
    sentences = [_SENTENCE_END.split(body.strip()) for _, _, body in parts]
    texts = [f"{part[0]}\n{s}" for part, own in zip(parts, sentences, strict=True) for s in own]
    vectors = iter(embed_cached(texts, embedder, truncate=True))
    shortened = []
    for passage, (head, _, _), own, query in zip(passages, parts, sentences, queries, strict=True):
        scores = np.array([next(vectors) @ query for _ in own])
        kept = sorted(np.argsort(-scores, kind="stable")[:n])
        text = "\n".join([head, " ".join(own[i] for i in kept)])
        shortened.append(replace(passage, text=text) if len(own) > n else passage)
    return shortened


# ---------------------------------------------------------------- cross-encoder


@dataclass(frozen=True)
class CrossEncoder:
    """A model that reads question and passage together and gives one score for the pair."""

    model: torch.nn.Module
    tokenizer: Any
    max_length: int
    fingerprint: str

    def tokenise(self, pairs: Sequence[tuple[str, str]]) -> Any:
        """Question and passage as one sequence; only the passage is cut if it is too long."""
        return self.tokenizer(
            [question for question, _ in pairs],
            [passage for _, passage in pairs],
            truncation="only_second",
            max_length=self.max_length,
            padding=True,
            return_tensors="pt",
        ).to(self.model.device)

    def scores(self, question: str, passages: Sequence[str]) -> np.ndarray:
        """One score for each passage, higher for a better match: float32, shape (passages,)."""
        import torch

        if not passages:
            return np.zeros(0, dtype=np.float32)
        with torch.inference_mode(), _precision(self.model.device):
            logits = self.model(**self.tokenise([(question, p) for p in passages])).logits
        return logits.float().view(-1).cpu().numpy()


def _dtype() -> torch.dtype:
    from coursekit.profile import detect_profile

    return detect_profile().dtype


def _precision(device: Any) -> Any:
    """Compute in bf16 where this machine does that faster; the weights stay in fp32.

    Not in fp16: its gradients would need a scale, and the model is small.
    """
    import torch

    wanted = _dtype()
    return torch.autocast(torch.device(device).type, wanted, enabled=wanted == torch.bfloat16)


# ---------------------------------------------------------------- many questions at once


@dataclass(frozen=True)
class SearchTask:
    """Questions and the passages to search in, with the unit vectors of both.

    `queries` has shape (questions, dim), `embeddings` (chunks, dim); `embedder` made both.
    """

    chunks: Sequence[Chunk]
    questions: Sequence[Question]
    embeddings: np.ndarray
    queries: np.ndarray
    embedder: SentenceTransformer

    @property
    def texts(self) -> list[str]:
        """The text of each chunk."""
        return [chunk.text for chunk in self.chunks]


def search_task(
    chunks: Sequence[Chunk],
    questions: Sequence[Question],
    embedder: SentenceTransformer,
    truncate: bool = False,
) -> SearchTask:
    """Embed chunks and questions, or read their vectors from the cache; `truncate` as in `embed`.

    Raises ValueError if there are no chunks or no questions.
    """
    if not chunks or not questions:
        raise ValueError(
            f"There are {len(chunks)} chunks and {len(questions)} questions; both are needed."
        )
    embeddings = embed_cached([chunk.text for chunk in chunks], embedder, truncate)
    queries = embed_cached([question.text for question in questions], embedder)
    return SearchTask(chunks, questions, embeddings, queries, embedder)


def gold_among(task: SearchTask, rankings: Sequence[Sequence[int]], k: int = 1) -> np.ndarray:
    """Whether a gold passage is among the first k rows: bool array of shape (questions,).

    Its mean is recall@k. Raises ValueError if there is not one ranking for each question.
    """
    _require_k(k)
    if len(rankings) != len(task.questions):
        raise ValueError(
            f"There are {len(task.questions)} questions and {len(rankings)} rankings. Rank the "
            "passages for each question of this task."
        )
    return np.array(
        [
            any(task.chunks[row].id in question.gold_passages for row in ranking[:k])
            for question, ranking in zip(task.questions, rankings, strict=True)
        ]
    )


def recall_gain(
    task: SearchTask,
    before: Sequence[Sequence[int]],
    after: Sequence[Sequence[int]],
    k: int = 1,
) -> tuple[float, float, float]:
    """By how much recall@k of `after` is higher, and the ends of its paired 95 % interval."""
    first, second = gold_among(task, before, k), gold_among(task, after, k)
    return float(second.mean() - first.mean()), *paired_interval(first, second)


def milliseconds(run: Callable[[Any], object], inputs: Sequence[Any]) -> float:
    """The mean time of `run(item)` over the inputs, after one call to warm up."""
    run(inputs[0])
    started = time.perf_counter()
    for item in inputs:
        run(item)
    return 1000 * (time.perf_counter() - started) / len(inputs)


def rank_dense(task: SearchTask) -> list[list[int]]:
    """All chunks for each question, nearest first."""
    return dense_search(task.queries, task.embeddings, len(task.chunks))


def rank_bm25(
    task: SearchTask, words: Callable[[str], list[str]] = terms, depth: int = 50
) -> list[list[int]]:
    """The first chunks for each question by BM25, with words as `words` gives them."""
    index = bm25_index(task.texts, words)
    return [bm25_search(question.text, index, depth) for question in task.questions]


def rank_fused(*rankings: Sequence[Sequence[int]], depth: int = 50) -> list[list[int]]:
    """Fuse several searches, question by question; of each, the first `depth` rows count."""
    return [
        reciprocal_rank_fusion(ranking[:depth] for ranking in own)
        for own in zip(*rankings, strict=True)
    ]


def rank_mmr(
    task: SearchTask, rankings: Sequence[Sequence[int]], k: int = 3, weight: float = 0.7
) -> list[list[int]]:
    """Choose k of the first 30 rows of each ranking by `mmr`."""
    return [
        mmr(query, task.embeddings, ranking[:30], k, weight)
        for query, ranking in zip(task.queries, rankings, strict=True)
    ]


def rank_filtered(task: SearchTask, rankings: Sequence[Sequence[int]]) -> list[list[int]]:
    """Filter each ranking by the product that its question names, if it names one."""
    products = {chunk.product for chunk in task.chunks if chunk.product}
    return [
        product_filter(ranking, find_product(question.text, products), task.chunks)
        for question, ranking in zip(task.questions, rankings, strict=True)
    ]


def rank_maxsim(
    task: SearchTask, rankings: Sequence[Sequence[int]], depth: int = 20
) -> list[list[int]]:
    """Rerank the first rows of each ranking by MaxSim."""
    chunk_tokens = token_embeddings_cached(task.texts, task.embedder)
    query_tokens = token_embeddings([q.text for q in task.questions], task.embedder)
    return [
        maxsim_rerank(query, ranking[:depth], chunk_tokens, task.chunks)
        for query, ranking in zip(query_tokens, rankings, strict=True)
    ]


def rank_cross_encoder(
    task: SearchTask,
    rankings: Sequence[Sequence[int]],
    encoder: CrossEncoder,
    depth: int = 10,
) -> list[list[int]]:
    """Rerank the first rows of each ranking by a cross-encoder, its scores read from the cache."""
    firsts = [ranking[:depth] for ranking in rankings]
    passages = [[task.chunks[row].text for row in ranking] for ranking in firsts]
    questions = [question.text for question in task.questions]
    scores = cross_encoder_scores_cached(questions, passages, encoder)
    return [rerank(ranking, own) for ranking, own in zip(firsts, scores, strict=True)]


# ---------------------------------------------------------------- training a cross-encoder


def hard_negatives(
    question: Question, ranking: Sequence[int], chunks: Sequence[Chunk], depth: int = 12
) -> list[int]:
    """The rows among the first `depth` of a ranking that are not gold: near, and wrong."""
    return [row for row in ranking[:depth] if chunks[row].id not in question.gold_passages]


def training_groups(
    questions: Sequence[Question],
    rankings: Sequence[Sequence[int]],
    chunks: Sequence[Chunk],
    negatives: int = 4,
    seed: int = 0,
) -> list[list[tuple[str, str]]]:
    """For each question its group of pairs: (question, gold passage) first, then wrong passages.

    Questions with fewer than `negatives` wrong passages near them are left out.
    """
    rng = np.random.default_rng(seed)
    by_id = {chunk.id: chunk for chunk in chunks}
    groups = []
    for question, ranking in zip(questions, rankings, strict=True):
        wrong = hard_negatives(question, ranking, chunks)
        if question.gold_passages and len(wrong) >= negatives:
            passages = [by_id[question.gold_passages[0]].text]
            passages += [chunks[row].text for row in rng.permutation(wrong)[:negatives]]
            groups.append([(question.text, passage) for passage in passages])
    return groups


def new_cross_encoder(
    embedder: SentenceTransformer, max_length: int = 128, seed: int = 0
) -> CrossEncoder:
    """A cross-encoder with the weights of an embedder and a fresh, untrained scoring layer.

    The vectors of the words are frozen, so only the layers above them learn.
    """
    import torch
    from transformers import AutoConfig, AutoModelForSequenceClassification

    base = embedder[0].auto_model
    torch.manual_seed(seed)
    settings = base.config.to_dict() | {"num_labels": 1}
    settings = {key: settings[key] for key in settings if key not in ("id2label", "label2id")}
    config = AutoConfig.for_model(**settings)
    model = AutoModelForSequenceClassification.from_config(config)
    model.base_model.load_state_dict(base.state_dict(), strict=False)
    model.base_model.embeddings.requires_grad_(False)  # half of all weights, and words stay known
    return CrossEncoder(
        model.to(embedder.device).eval(), embedder.tokenizer, max_length, embedder.fingerprint
    )


def train_cross_encoder(
    encoder: CrossEncoder,
    groups: Sequence[Sequence[tuple[str, str]]],
    epochs: int = 1,
    batch_size: int = 8,
    learning_rate: float = 1e-4,
    seed: int = 0,
) -> list[float]:
    """Teach the encoder to score the first pair of each group above the others; return the losses.

    The loss of a group is the cross-entropy of the first pair among all its pairs, in nats: with
    five pairs, guessing costs log(5) = 1.61. One value comes back for each step.
    Raises ValueError if there are no groups.
    """
    import torch
    from torch.nn.functional import cross_entropy

    if not groups:
        raise ValueError("There is nothing to train on: no group of a right and wrong passages.")
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    model, losses = encoder.model.train(), []
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=learning_rate, weight_decay=0.01)
    batches = -(-len(groups) // batch_size)
    total = epochs * batches
    for _ in range(epochs):
        for batch in np.array_split(rng.permutation(len(groups)), batches):
            step = len(losses)
            for settings in optimizer.param_groups:  # up for a tenth of the steps, then down to 0
                warm = min(1.0, (step + 1) / (0.1 * total))
                settings["lr"] = learning_rate * warm * (1 - step / total)
            inputs = encoder.tokenise([pair for i in batch for pair in groups[i]])
            with _precision(model.device):
                logits = model(**inputs).logits
            scores = logits.float().view(len(batch), -1)  # (questions, passages)
            first = torch.zeros(len(batch), dtype=torch.long, device=scores.device)
            loss = cross_entropy(scores, first)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            optimizer.step()
            optimizer.zero_grad()
            losses.append(loss.item())
    model.eval()
    return losses


def cross_encoder_cached(
    groups: Sequence[Sequence[tuple[str, str]]], embedder: SentenceTransformer, **training: Any
) -> tuple[CrossEncoder, list[float]]:
    """`new_cross_encoder`, trained on the groups, and its losses; made once, then read from disk.

    `training` goes to `train_cross_encoder`. The data, the settings and the code of the training
    name the entry: change one of them, and it is trained again.
    """
    from safetensors.torch import load_model, save_model

    encoder = new_cross_encoder(embedder)
    settings = {
        "groups": digest(groups),
        "training": training,
        "model": embedder_name(embedder),
        "code": digest(new_cross_encoder, train_cross_encoder),
        "dtype": str(_dtype()),
        "device": str(encoder.model.device),
        "format": "safetensors",
    }

    def make(folder: Path) -> None:
        losses = train_cross_encoder(encoder, groups, **training)
        np.save(folder / "losses.npy", np.array(losses), allow_pickle=False)
        save_model(encoder.model, str(folder / "weights.safetensors"))

    folder = cached_folder("cross_encoder", settings, make)
    load_model(encoder.model, folder / "weights.safetensors", device=str(encoder.model.device))
    losses = np.load(folder / "losses.npy", allow_pickle=False).tolist()
    return replace(encoder, fingerprint=digest(folder.name)), losses


def cross_encoder_scores_cached(
    questions: Sequence[str],
    passages: Sequence[Sequence[str]],
    encoder: CrossEncoder,
) -> list[list[float]]:
    """The scores of each question's passages, computed once for these texts and this model."""
    settings = {
        "questions": digest(*questions),
        "passages": digest([list(own) for own in passages]),
        "model": encoder.fingerprint,
        "dtype": str(_dtype()),
    }
    return cached_json(
        "cross_encoder_scores",
        settings,
        lambda: [
            encoder.scores(question, own).tolist()
            for question, own in zip(questions, passages, strict=True)
        ],
    )
