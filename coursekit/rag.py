"""Retrieval-augmented generation, in the order in which the data flows:

documents -> chunks -> embeddings -> index -> hits -> prompt -> answer

Lesson 05 shows the source of these functions and builds each of them up step by step; later lessons
import them from here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit.cache import cached_array, cached_json, digest
from coursekit.chunks import Chunk
from coursekit.paths import write_atomically
from coursekit.vectors import require_finite

if TYPE_CHECKING:
    import faiss
    from sentence_transformers import SentenceTransformer

    from coursekit.models import LanguageModel

REFUSAL = "I don't know."
INSTRUCTION = "Answer the question in one full sentence, with the words of the context."
ANSWER_START = "According to the context, "


class IndexMismatchError(ValueError):
    """A saved index does not belong to the embedding model or the chunks it is used with."""


class QuestionError(ValueError):
    """The question cannot be answered as it stands: it is empty or does not fit the model."""


@dataclass(frozen=True)
class Hit:
    """A chunk that retrieval found. `score` is the cosine similarity, `rank` counts from 1."""

    chunk: Chunk
    score: float
    rank: int


@dataclass(frozen=True)
class Answer:
    """What a RAG system returns: the text, the hits that stood in the prompt, and the prompt."""

    text: str
    hits: list[Hit]
    prompt: str
    refused: bool = False

    @property
    def sources(self) -> list[str]:
        """The ids of the chunks that stood in the prompt, best first; none for a refusal."""
        return [] if self.refused else [hit.chunk.id for hit in self.hits]


class TextTooLongError(ValueError):
    """A text has more tokens than the embedding model reads, so its end would be ignored."""


def embed(
    texts: Sequence[str], embedder: SentenceTransformer, truncate: bool = False
) -> np.ndarray:
    """Turn texts into unit vectors.

    The model reads `embedder.max_seq_length` tokens and ignores what comes after them. With
    `truncate`, that is allowed.

    Returns: float32 array of shape (len(texts), dim); each row has length 1, so that a dot
    product of two rows is their cosine similarity.

    Raises:
        TextTooLongError: a text does not fit, and `truncate` is False.
    """
    if not truncate:
        _require_window(texts, embedder)
    embeddings = embedder.encode(
        list(texts), batch_size=64, normalize_embeddings=True, show_progress_bar=False
    )
    return np.asarray(embeddings, dtype=np.float32).reshape(
        len(texts), embedding_dimension(embedder)
    )


def _require_window(texts: Sequence[str], embedder: SentenceTransformer) -> None:
    window = embedder.max_seq_length
    if window is None:  # a model without a limit
        return
    # A token is at least one character, so only long texts need to be counted.
    suspects = [number for number, text in enumerate(texts) if len(text) + 2 > window]
    for number in suspects:
        length = len(embedder.tokenizer(texts[number], verbose=False)["input_ids"])
        if length > window:
            raise TextTooLongError(
                f"Text {number} has {length} tokens, and the embedding model reads {window}: what "
                "comes after them would not be found. Split it into shorter chunks, or pass "
                "truncate=True if its beginning is enough."
            )


def embed_cached(
    texts: Sequence[str], embedder: SentenceTransformer, truncate: bool = False
) -> np.ndarray:
    """`embed`, computed once for these texts and this model and read from the cache after that."""
    settings = {"texts": digest(*texts), "model": embedder_name(embedder)}
    if truncate:  # the two must not share an entry: a text that was cut is refused elsewhere
        settings["truncate"] = "True"
    return np.array(cached_array("embeddings", settings, lambda: embed(texts, embedder, truncate)))


def embedding_dimension(embedder: SentenceTransformer) -> int:
    """The length of the model's vectors; sentence-transformers 6 gave its method a new name."""
    if hasattr(embedder, "get_embedding_dimension"):
        return embedder.get_embedding_dimension()
    return embedder.get_sentence_embedding_dimension()


def embedder_name(embedder: SentenceTransformer) -> str:
    """What an index remembers its embedding model by: name, dimension and a mark of its weights."""
    dim = embedding_dimension(embedder)
    mark = embedder.fingerprint.rpartition("@")[2][:8]  # of a model from a hub: of its commit
    return f"{embedder.course_name} ({dim} dimensions, weights {mark})"


def build_index(embeddings: np.ndarray) -> faiss.IndexFlatIP:
    """Put unit vectors of shape (n, dim) into an exact FAISS index that scores by dot product.

    Row i of `embeddings` gets the id i. Raises ValueError if the rows are not unit vectors: their
    dot product would not be the cosine; and if one of them holds nan.
    """
    import faiss

    require_finite(embeddings)
    lengths = np.linalg.norm(embeddings, axis=1)
    if not np.allclose(lengths, 1.0, atol=1e-3):
        raise ValueError(
            f"The vectors have lengths from {lengths.min():.2f} to {lengths.max():.2f}, not 1. "
            "Divide each row by its length before you build the index."
        )
    index = faiss.IndexFlatIP(embeddings.shape[1])
    index.add(np.ascontiguousarray(embeddings, dtype=np.float32))
    return index


def retrieve(
    question: str,
    index: faiss.Index,
    chunks: Sequence[Chunk],
    embedder: SentenceTransformer,
    k: int = 3,
) -> list[Hit]:
    """The k chunks nearest to the question, best first.

    Raises QuestionError if the question is empty.
    """
    return retrieve_all([question], index, chunks, embedder, k)[0]


def retrieve_all(
    questions: Sequence[str],
    index: faiss.Index,
    chunks: Sequence[Chunk],
    embedder: SentenceTransformer,
    k: int = 3,
) -> list[list[Hit]]:
    """`retrieve` for many questions at once: one list of hits for each.

    With fewer vectors than k in the index, all of them are returned.
    Raises ValueError if the index is empty, k is below 1, or the index has other dimensions than
    the embedding model; QuestionError if a question is empty or too long for the model.
    """
    if k < 1:
        raise ValueError(f"k is {k}; ask for at least one hit.")
    if index.ntotal == 0:
        raise ValueError("The index is empty, so nothing can be found. Add your documents first.")
    if not all(question.strip() for question in questions):
        raise QuestionError("The question is empty, so there is nothing to look for. Type one.")
    try:
        queries = embed(questions, embedder)
    except TextTooLongError as error:
        raise QuestionError(
            f"A question is too long to be searched with. {error} For a question, the first of "
            "the two means: ask something shorter."
        ) from error
    if queries.shape[1] != index.d:
        raise ValueError(
            f"The index holds vectors of {index.d} dimensions and {embedder_name(embedder)} makes "
            f"vectors of {queries.shape[1]}. Search with the model that built the index, or build "
            "the index again."
        )
    scores, ids = index.search(queries, min(k, index.ntotal))
    return [
        [
            Hit(chunks[chunk_id], float(score), rank)
            for rank, (score, chunk_id) in enumerate(zip(row_scores, row_ids, strict=True), start=1)
            if chunk_id >= 0  # FAISS writes -1 where it found fewer than k
        ]
        for row_scores, row_ids in zip(scores, ids, strict=True)
    ]


def fit_to_budget(hits: Sequence[Hit], tokenizer: Any, budget: int) -> list[Hit]:
    """The longest run of hits, from the best down, whose texts need at most `budget` tokens."""
    kept, used = [], 0
    for hit in hits:
        used += len(tokenizer.encode(hit.chunk.text, add_special_tokens=False))
        if used > budget:
            break
        kept.append(hit)
    return kept


def assemble_prompt(
    question: str,
    hits: Sequence[Hit],
    tokenizer: Any,
    budget: int = 1024,
    numbered: bool = False,
    instruction: str = INSTRUCTION,
    answer_start: str = ANSWER_START,
    best_last: bool = True,
) -> str:
    """The prompt that the language model gets: context, instruction, question, in its chat format.

    `budget` is the number of tokens that the passages may take together; whole passages that do not
    fit are left out, worst first. With `numbered`, each passage begins with its number: "[1] ...".
    The best passage stands last, next to the question, unless `best_last` is False.
    Without hits, the prompt is the question alone. The model continues after `answer_start`: given
    the first words of an answer, a small model keeps to the point.
    Raises QuestionError if the question is empty or longer than the budget.
    """
    if not question.strip():
        raise QuestionError("The question is empty. Type one.")
    length = len(tokenizer.encode(question, add_special_tokens=False))
    if length > budget:
        raise QuestionError(
            f"The question has {length} tokens and only {budget} fit. Ask something shorter, or "
            "put the long text into a document and retrieve from it."
        )
    kept = fit_to_budget(hits, tokenizer, budget - length)
    if kept:
        passages = [f"[{h.rank}] {h.chunk.text}" if numbered else h.chunk.text for h in kept]
        if best_last:
            passages.reverse()
        context = "\n\n".join(passages)
        content = f"Context:\n{context}\n\n{instruction}\nQuestion: {question}"
    else:
        content = question
    message = {"role": "user", "content": content}
    chat = tokenizer.apply_chat_template([message], tokenize=False, add_generation_prompt=True)
    return chat + answer_start


def generate(
    prompts: Sequence[str], lm: LanguageModel, max_new_tokens: int = 32, batch_size: int = 16
) -> list[str]:
    """Continue each prompt greedily and return the new text, one string for each prompt.

    Prompts of similar length share a batch; the answers come back in the order of `prompts`.
    """
    import torch

    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    answers = [""] * len(prompts)
    for start in range(0, len(order), batch_size):
        batch = order[start : start + batch_size]
        inputs = lm.tokenizer(
            [prompts[i] for i in batch],
            return_tensors="pt",
            padding=True,
            padding_side="left",
            add_special_tokens=False,
        ).to(lm.device)
        with torch.inference_mode():
            outputs = lm.model.generate(
                **inputs,
                max_new_tokens=max_new_tokens,
                do_sample=False,
                pad_token_id=lm.tokenizer.pad_token_id,
            )
        new_tokens = outputs[:, inputs["input_ids"].shape[1] :]
        for i, text in zip(
            batch, lm.tokenizer.batch_decode(new_tokens, skip_special_tokens=True), strict=True
        ):
            answers[i] = text.strip()
    return answers


def generate_cached(
    prompts: Sequence[str], lm: LanguageModel, max_new_tokens: int = 32
) -> list[str]:
    """`generate`, computed once for these prompts and this model, then read from the cache."""
    settings = {
        "prompts": digest(*prompts),
        **lm.cache_key,
        "max_new_tokens": max_new_tokens,
    }
    return cached_json("answers", settings, lambda: generate(prompts, lm, max_new_tokens))


def generate_stream(prompt: str, lm: LanguageModel, max_new_tokens: int = 60) -> Iterator[str]:
    """Continue one prompt greedily and yield the text piece by piece, as the model writes it."""
    from threading import Thread

    from transformers import TextIteratorStreamer

    streamer = TextIteratorStreamer(lm.tokenizer, skip_prompt=True, skip_special_tokens=True)
    inputs = lm.tokenizer(prompt, return_tensors="pt", add_special_tokens=False).to(lm.device)
    settings = {"max_new_tokens": max_new_tokens, "do_sample": False, "streamer": streamer}
    settings["pad_token_id"] = lm.tokenizer.pad_token_id
    errors: list[Exception] = []

    def work() -> None:
        try:
            lm.model.generate(**inputs, **settings)
        except Exception as error:  # without an end, the loop below would wait for ever
            errors.append(error)
            streamer.end()

    worker = Thread(target=work, daemon=True)
    worker.start()
    yield from streamer
    worker.join()
    if errors:
        raise errors[0]


def answer_question(
    question: str,
    index: faiss.Index,
    chunks: Sequence[Chunk],
    embedder: SentenceTransformer,
    lm: LanguageModel,
    k: int = 1,
    threshold: float = 0.0,
) -> Answer:
    """The whole way from a question to an answer with its sources.

    If the best hit scores below `threshold`, no text is generated and the answer is a refusal.
    """
    hits = retrieve(question, index, chunks, embedder, k)
    if hits[0].score < threshold:
        return Answer(REFUSAL, hits, prompt="", refused=True)
    prompt = assemble_prompt(question, hits, lm.tokenizer)
    used = [hit for hit in hits if hit.chunk.text in prompt]  # the budget may leave some out
    return Answer(generate([prompt], lm)[0], used, prompt)


_CITATION = re.compile(r"\[(\d+)\]")


def cited_numbers(answer: str) -> list[int]:
    """The passage numbers that an answer cites, in order of appearance: "8 litres [2]" -> [2]."""
    return [int(number) for number in _CITATION.findall(answer)]


def save_index(
    index: faiss.Index, chunks: Sequence[Chunk], embedder: SentenceTransformer, folder: Path
) -> None:
    """Save an index with what it belongs to: the embedding model's name, a hash of the chunks."""
    import faiss

    folder.mkdir(parents=True, exist_ok=True)
    content = faiss.serialize_index(index).tobytes()
    write_atomically(folder / "index.faiss", content)
    label = {
        "embedder": embedder_name(embedder),
        "chunks": digest(*(c.text for c in chunks)),
        "index": digest(content),
    }
    write_atomically(folder / "index.json", json.dumps(label).encode("utf-8"))


def load_index(folder: Path, chunks: Sequence[Chunk], embedder: SentenceTransformer) -> faiss.Index:
    """Load a saved index, if it belongs to this embedding model and these chunks.

    Raises IndexMismatchError, naming both sides, if it does not, or if the folder is not whole.
    """
    import faiss

    try:
        label = json.loads((folder / "index.json").read_text(encoding="utf-8"))
        content = (folder / "index.faiss").read_bytes()
        whole = label["index"] == digest(content)
    except (OSError, ValueError, KeyError, TypeError):
        whole = False
    if not whole:
        raise IndexMismatchError(
            f"The folder {folder} holds no whole index: a file is missing, or saving it was cut "
            "short. Build the index again and save it."
        )
    if label["embedder"] != embedder_name(embedder):
        raise IndexMismatchError(
            f"This index was built with {label['embedder']} and you search it with "
            f"{embedder_name(embedder)}. Vectors of two models cannot be compared: load the "
            "first model, or build the index again with the second."
        )
    if label["chunks"] != digest(*(c.text for c in chunks)):
        raise IndexMismatchError(
            "The chunks have changed since this index was saved, so its ids point to the wrong "
            "texts. Build the index again from the present chunks."
        )
    return faiss.deserialize_index(np.frombuffer(content, dtype=np.uint8))
