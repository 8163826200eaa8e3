"""Eight broken systems for lesson 12. Do not read on before you have named their faults.

Each is built from the functions of the earlier lessons with one thing done wrong, and runs: what
it shows was measured, not made up. `mended` builds the same system with that one thing put right.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit.cache import cached_json, digest
from coursekit.chunks import Chunk, answer_found, split_into_chunks
from coursekit.corpus import (
    Question,
    company_chunks,
    company_documents,
    company_questions,
    training_questions,
)
from coursekit.diagnosis import LETTERS, letter_of
from coursekit.language import t
from coursekit.lora import (
    Example,
    Settings,
    encode,
    exact_matches,
    load_adapter,
    make_example,
    train_cached,
)
from coursekit.models import load_embedder, load_lm, quiet
from coursekit.rag import Hit, assemble_prompt, embed_cached, generate_cached
from coursekit.scoring import contains_gold, exact_match, gold_found
from coursekit.vectors import nearest, token_sums, unit

if TYPE_CHECKING:
    from coursekit.models import LanguageModel

SETTINGS = Settings(steps=6, batch_size=6, learning_rate=1e-3, warmup=2)
CLOSED_BOOK = Settings(steps=60, batch_size=12, learning_rate=2e-3, warmup=3)
BATCH = 8
PIECE = 100

Mend = Callable[..., Any]


@dataclass(frozen=True)
class Patient:
    """A system and what it did. What a system does not have is empty.

    `right` is the metric: for each question 1.0 if the system was right, as `metric` says.
    `embeddings` and `queries` have shape (n, dim), `loss` one value for each training step.
    `labelled` counts the tokens with a label in each training example. `answers_off` are answers
    to the same prompts with the adapter switched off.
    """

    letter: str
    metric: str
    questions: list[Question]
    right: np.ndarray
    chunks: list[Chunk] = field(default_factory=list)
    embeddings: np.ndarray | None = None
    queries: np.ndarray | None = None
    hits: list[list[Hit]] = field(default_factory=list)
    prompts: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    answers_off: list[str] = field(default_factory=list)
    train_questions: list[Question] = field(default_factory=list)
    train_prompts: list[str] = field(default_factory=list)
    labelled: list[int] = field(default_factory=list)
    loss: list[float] = field(default_factory=list)

    def __repr__(self) -> str:
        return f"Patient {self.letter}: {self.right.mean():.0%} of {len(self.right)} {self.metric}"


@lru_cache(maxsize=len(LETTERS))
def patient(name: str) -> Patient:
    """The broken system with that letter, with what it did.

    The first call computes; later ones read the cache. Raises ValueError for an unknown letter.
    """
    return _ward(name)(True, None)


def mended(name: str, mend: Mend | None = None) -> Patient:
    """The same system with its fault put right, by `mend` where the patient takes a function.

    Raises ValueError for an unknown letter.
    """
    return _ward(name)(False, mend)


def _ward(name: object) -> Callable[[bool, Mend | None], Patient]:
    letter = letter_of(name)
    if letter is None:
        raise ValueError(f"There is no patient {name!r}. The patients are {', '.join(LETTERS)}.")
    return _WARD[letter]


# The parts that several patients share


def _answerable() -> list[Question]:
    return [q for q in company_questions(split="test") if q.kind in ("prose", "table", "company")]


@lru_cache(maxsize=1)
def _embedder() -> Any:
    return load_embedder()


@lru_cache(maxsize=1)
def _lm() -> LanguageModel:
    return load_lm()


def _search(
    queries: np.ndarray, embeddings: np.ndarray, chunks: Sequence[Chunk], k: int = 5
) -> list[list[Hit]]:
    """The chunks with the highest dot products; unlike `build_index`, nothing is checked."""
    scores, rows = nearest(queries, embeddings, k)
    return [
        [
            Hit(chunks[row], float(s), rank)
            for rank, (s, row) in enumerate(zip(*pair, strict=True), 1)
        ]
        for pair in zip(scores, rows, strict=True)
    ]


def _retrieval(letter: str, queries: np.ndarray, embeddings: np.ndarray) -> Patient:
    questions, chunks = _answerable(), company_chunks()
    hits = _search(queries, embeddings, chunks)
    return Patient(
        letter,
        t("questions with a gold passage first"),
        questions,
        gold_found(hits, questions)[:, 0].astype(float),
        chunks,
        embeddings,
        queries,
        hits,
    )


def _vectors() -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors of the questions and of the chunks."""
    queries = embed_cached([q.text for q in _answerable()], _embedder())
    return queries, embed_cached([chunk.text for chunk in company_chunks()], _embedder())


def _facts(split: str) -> list[Question]:
    return [q for q in company_questions(split=split) if q.kind in ("prose", "table")]


def _tuning_examples() -> tuple[list[Question], list[Example], list[Question], list[Example]]:
    """Training and test questions, each with its gold passage in the prompt."""
    by_id = {chunk.id: chunk for chunk in company_chunks()}

    def with_gold(question: Question) -> Example:
        hit = Hit(by_id[question.gold_passages[0]], score=1.0, rank=1)
        return make_example(question, [hit], _lm().tokenizer)

    train = [q for q in training_questions() if q.kind in ("prose", "table")]
    random.Random(0).shuffle(train)
    train = train[: SETTINGS.steps * SETTINGS.batch_size]
    test = _facts("test")[::3]
    return train, [with_gold(q) for q in train], test, [with_gold(q) for q in test]


def _tuned(
    examples: Sequence[Example], settings: Settings = SETTINGS
) -> tuple[LanguageModel, list[float]]:
    folder, history = train_cached(_lm(), examples, settings)
    return load_adapter(load_lm(), folder), history.loss


@lru_cache(maxsize=1)
def _well_tuned() -> tuple[LanguageModel, list[float]]:
    return _tuned(_tuning_examples()[1])


def _after_training(
    letter: str,
    lm: LanguageModel,
    loss: list[float],
    trained_on: Sequence[Example],
    asked: Sequence[Example],
    answers: list[str] | None = None,
) -> Patient:
    train, _, test, _ = _tuning_examples()
    if answers is None:
        answers = exact_matches(lm, asked)[1]
    right = [answer == example.target for answer, example in zip(answers, asked, strict=True)]
    return Patient(
        letter,
        t("answers that are exactly the target"),
        test,
        np.array(right, dtype=float),
        prompts=[example.prompt for example in asked],
        answers=answers,
        train_questions=train,
        train_prompts=[example.prompt for example in trained_on],
        labelled=[
            sum(label >= 0 for label in encode(example, lm.tokenizer)[1]) for example in trained_on
        ],
        loss=loss,
    )


# The eight patients


def _a(broken: bool, mend: Mend | None) -> Patient:
    queries, embeddings = _vectors()
    every_third = slice(None, None, 3)
    questions, chunks = _answerable()[every_third], company_chunks()
    hits = _search(queries[every_third], embeddings, chunks, k=1)
    budget = 64 if broken else 1024
    prompts = [
        assemble_prompt(q.text, h, _lm().tokenizer, budget=budget)
        for q, h in zip(questions, hits, strict=True)
    ]
    answers = generate_cached(prompts, _lm())
    right = contains_gold(answers, questions).astype(float)
    return Patient(
        "A",
        t("answers that contain the gold answer"),
        questions,
        right,
        chunks,
        embeddings,
        queries[every_third],
        hits,
        prompts,
        answers,
    )


def static_embeddings(texts: Sequence[str], embedder: Any) -> np.ndarray:
    """Unit vectors of another model with the same number of dimensions.

    It is the mean of the token vectors in the embedding model's first layer: quick, and blind to
    the order of the words. Shape (len(texts), dim).
    """
    table = embedder[0].auto_model.embeddings.word_embeddings.weight.detach().float().cpu().numpy()
    tokens = [embedder.tokenizer(text, add_special_tokens=False, verbose=False) for text in texts]
    return unit(np.array([table[row["input_ids"]].mean(axis=0) for row in tokens]))


def _b(broken: bool, mend: Mend | None) -> Patient:
    queries, embeddings = _vectors()
    if broken:
        texts = [chunk.text for chunk in company_chunks()]
        embeddings = static_embeddings(texts, _embedder())
    return _retrieval("B", queries, embeddings)


def padded_answers(
    lm: LanguageModel,
    prompts: Sequence[str],
    pad: Callable[[list[list[int]], int], tuple[Any, Any]],
    batch_size: int = BATCH,
    max_new_tokens: int = 24,
) -> list[str]:
    """Continue prompts in batches, in the order given; `pad(rows, pad_id)` makes ids and mask.

    Raises ValueError if `pad` does not give two arrays of the same shape, one row a prompt.
    """
    import torch

    rows = [lm.tokenizer.encode(prompt, add_special_tokens=False) for prompt in prompts]
    answers: list[str] = []
    for start in range(0, len(rows), batch_size):
        batch = [list(row) for row in rows[start : start + batch_size]]
        ids, mask = (np.asarray(part) for part in pad(batch, lm.tokenizer.pad_token_id))
        if ids.ndim != 2 or ids.shape != mask.shape or len(ids) != len(batch):
            raise ValueError(
                f"The padded ids have shape {ids.shape} and the mask {mask.shape}; both need one "
                "row for each prompt, all of the same length."
            )

        def make(ids: np.ndarray = ids, mask: np.ndarray = mask) -> list[str]:
            with torch.inference_mode(), quiet():  # the library warns of padding on the right
                outputs = lm.model.generate(
                    input_ids=torch.tensor(ids).to(lm.device),
                    attention_mask=torch.tensor(mask).to(lm.device),
                    max_new_tokens=max_new_tokens,
                    do_sample=False,
                    pad_token_id=lm.tokenizer.pad_token_id,
                )
            new = outputs[:, ids.shape[1] :]
            return [
                text.strip() for text in lm.tokenizer.batch_decode(new, skip_special_tokens=True)
            ]

        key = {"ids": digest(ids.astype(np.int64), mask.astype(np.int64)), "new": max_new_tokens}
        answers += cached_json("padded_answers", key | lm.cache_key, make)
    return answers


def _pad(rows: list[list[int]], pad_id: int, side: str) -> tuple[list[list[int]], list[list[int]]]:
    longest = max(map(len, rows))
    ids, mask = [], []
    for row in rows:
        gap = longest - len(row)
        ids.append([pad_id] * gap + row if side == "left" else row + [pad_id] * gap)
        ones = [1] * len(row)
        mask.append([0] * gap + ones if side == "left" else ones + [0] * gap)
    return ids, mask


def _c(broken: bool, mend: Mend | None) -> Patient:
    _, examples, _, asked = _tuning_examples()
    lm, loss = _well_tuned()
    side = "right" if broken else "left"
    pad = mend or (lambda rows, pad_id: _pad(rows, pad_id, side))
    answers = padded_answers(lm, [example.prompt for example in asked], pad)
    return _after_training("C", lm, loss, examples, asked, answers)


def one_at_a_time(sick: Patient, count: int = 16) -> np.ndarray:
    """Ask patient C its first questions again, each alone: which answers are right then?"""
    lm, _ = _well_tuned()
    asked = _tuning_examples()[3][:count]
    answers = padded_answers(
        lm, sick.prompts[:count], lambda rows, pad_id: _pad(rows, pad_id, "right"), batch_size=1
    )
    return np.array([a == example.target for a, example in zip(answers, asked, strict=True)])


def _d(broken: bool, mend: Mend | None) -> Patient:
    questions = [q for q in _answerable() if q.kind != "table"]
    families = {q.family for q in questions}
    documents = [d for d in company_documents() if d.format != "csv" and d.family in families]
    cut = character_pieces if broken else mend or sentence_pieces
    chunks = [
        replace(chunk, id=f"{chunk.id}.{number}", text=f"{head}\n{piece}")
        for chunk in split_into_chunks(documents, max_words=10_000)
        for head, _, body in [chunk.text.partition("\n")]
        for number, piece in enumerate(cut(body, PIECE))
    ]
    embeddings = embed_cached([chunk.text for chunk in chunks], _embedder(), truncate=not broken)
    queries = embed_cached([q.text for q in _answerable()], _embedder())
    queries = queries[[q.kind != "table" for q in _answerable()]]
    hits = _search(queries, embeddings, chunks)
    return Patient(
        "D",
        t("questions whose first hit holds the answer"),
        questions,
        answer_found(hits, questions)[:, 0].astype(float),
        chunks,
        embeddings,
        queries,
        hits,
    )


def character_pieces(text: str, size: int) -> list[str]:
    """The text cut every `size` characters, wherever that falls; an empty text gives []."""
    return [text[start : start + size] for start in range(0, len(text), size)]


def sentence_pieces(text: str, size: int) -> list[str]:
    """Whole sentences, as many together as `size` characters take; a longer one stays whole.

    The sentences of a piece are joined by one space, which counts. An empty text gives [].
    """
    import re

    pieces: list[str] = []
    for sentence in filter(None, re.split(r"(?<=[.!?])\s+", text.strip())):
        if pieces and len(pieces[-1]) + 1 + len(sentence) <= size:
            pieces[-1] += " " + sentence
        else:
            pieces.append(sentence)
    return pieces


def _e(broken: bool, mend: Mend | None) -> Patient:
    _, examples, _, asked = _tuning_examples()
    if not broken:
        return _after_training("E", *_well_tuned(), examples, asked)
    whole = [Example("", e.prompt + e.target, e.question_id) for e in examples]
    lm, loss = _tuned(whole)
    sick = _after_training("E", lm, loss, whole, asked)
    return replace(sick, train_prompts=[example.prompt for example in examples])


def _f(broken: bool, mend: Mend | None) -> Patient:
    queries, embeddings = _vectors()
    if broken or mend is not None:
        texts = [chunk.text for chunk in company_chunks()]
        embeddings = token_sums(texts, _embedder())[0].astype(np.float32)
        queries = token_sums([q.text for q in _answerable()], _embedder())[0].astype(np.float32)
    if not broken and mend is not None:
        embeddings, queries = (np.asarray(mend(v.copy())) for v in (embeddings, queries))
    return _retrieval("F", queries, embeddings)


def _closed_book(question: Question) -> Example:
    prompt = assemble_prompt(question.text, [], _lm().tokenizer, answer_start="")
    return Example(prompt, question.answer or "", question.id)


def _g(broken: bool, mend: Mend | None) -> Patient:
    test = _facts("test")[::3]
    random.Random(1).shuffle(test)
    test = test[:30]
    asked_for = {(q.product, q.fact) for q in test[:14]}
    others = [q for q in training_questions() if q.kind in ("prose", "table")]
    random.Random(2).shuffle(others)
    reworded = training_questions(split="test", official=False)
    train = [q for q in reworded if (q.product, q.fact) in asked_for] + others[:8]
    examples = [_closed_book(q) for q in train]
    folder, history = train_cached(_lm(), examples, CLOSED_BOOK)
    lm = load_adapter(load_lm(), folder)
    prompts = [_closed_book(q).prompt for q in test]
    answers = generate_cached(prompts, lm, max_new_tokens=24)
    right = np.array([exact_match(a, q.answer or "") for a, q in zip(answers, test, strict=True)])
    kept = list(range(len(test)))
    if not broken:
        clean = {q.id for q in (mend or unseen_questions)(list(train), list(test))}
        kept = [i for i, q in enumerate(test) if q.id in clean]
    return Patient(
        "G",
        t("answers that match the gold answer"),
        [test[i] for i in kept],
        right[kept].astype(float),
        prompts=[prompts[i] for i in kept],
        answers=[answers[i] for i in kept],
        train_questions=train,
        train_prompts=[example.prompt for example in examples],
        labelled=[
            sum(label >= 0 for label in encode(example, lm.tokenizer)[1]) for example in examples
        ],
        loss=history.loss,
    )


def unseen_questions(train: Sequence[Question], test: Sequence[Question]) -> list[Question]:
    """The test questions whose fact no training question asks for."""
    learned = {(question.product, question.fact) for question in train}
    return [question for question in test if (question.product, question.fact) not in learned]


def _h(broken: bool, mend: Mend | None) -> Patient:
    _, examples, _, asked = _tuning_examples()
    lm, loss = _well_tuned()
    if not broken:
        return _after_training("H", lm, loss, examples, asked)
    asked = [replace(e, prompt=_without_marks(e.prompt)) for e in asked]
    sick = _after_training("H", lm, loss, examples, asked)
    return replace(sick, answers_off=exact_matches(_lm(), asked)[1])


def _without_marks(prompt: str) -> str:
    """The user's words alone."""
    return prompt.partition("<|im_start|>user\n")[2].partition("<|im_end|>")[0] + "\n"


_WARD: dict[str, Callable[[bool, Mend | None], Patient]] = {
    "A": _a,
    "B": _b,
    "C": _c,
    "D": _d,
    "E": _e,
    "F": _f,
    "G": _g,
    "H": _h,
}
