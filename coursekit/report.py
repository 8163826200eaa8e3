"""A report on your own documents and questions: prompt, RAG, LoRA and RAG + LoRA, measured.

    documents -> index -> questions with their passages -> folds -> training -> answers -> report

Each step is a function that lesson 13 calls, and `run_report` walks them all. What a step made is
kept in the course's cache under a hash of everything it depends on, and only when it is whole: a
run that was interrupted goes on where it stopped.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import NormalDist, fmean
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit.bars import progress_bar
from coursekit.cache import cached, cached_json, digest
from coursekit.chunks import Chunk, split_into_chunks
from coursekit.corpus import Question
from coursekit.documents import Document
from coursekit.intake import ReportError, load_questions, read_documents
from coursekit.language import format_number, t
from coursekit.report_page import interval_in_words, write_report
from coursekit.scoring import normalise, paired_interval

if TYPE_CHECKING:
    import faiss
    from sentence_transformers import SentenceTransformer

    from coursekit.lora import Example, Settings
    from coursekit.models import LanguageModel
    from coursekit.rag import Hit

FEWEST_QUESTIONS = 20  # below this, no recommendation is given
HITS = 10  # how many hits are looked at for the answer
PASSAGES = 2  # how many stand in the prompt of RAG+LoRA
WORST_LEVEL = 0.05  # the chance of a false alarm, over all comparisons of a report

# ---------------------------------------------------------------- index


@dataclass(frozen=True)
class Indexed:
    """Documents made searchable. `cut` counts the chunks that the embedding model read in part."""

    documents: list[Document]
    chunks: list[Chunk]
    index: faiss.Index
    seconds: float
    cut: int


def index_documents(
    documents: Sequence[Document], embedder: SentenceTransformer, block: int = 256
) -> Indexed:
    """Split, embed and index documents. Each block of chunks is kept as soon as it is embedded.

    `seconds` is what the embedding took when it was made, however often it is read after that.
    """
    from coursekit.rag import build_index, embedder_name

    chunks = split_into_chunks(documents)
    if not chunks:
        raise ReportError(
            t(
                "The documents hold headings and no text, so there is nothing to search. Look at "
                "them."
            )
        )
    parts, seconds, cut = [], 0.0, 0
    starts = range(0, len(chunks), block)
    for start in progress_bar(starts, t("embedding")):
        texts = [chunk.text for chunk in chunks[start : start + block]]
        settings = {"texts": digest(*texts), "model": embedder_name(embedder)}
        made = cached(
            "report-embeddings",
            settings,
            lambda texts=texts: _embed_block(texts, embedder),
            lambda file, value: np.savez(file, **value),
            lambda path: dict(np.load(path, allow_pickle=False)),
            suffix=".npz",
        )
        parts.append(made["vectors"])
        seconds += float(made["seconds"])
        cut += int(made["cut"])
    return Indexed(list(documents), chunks, build_index(np.concatenate(parts)), seconds, cut)


def _embed_block(texts: list[str], embedder: SentenceTransformer) -> dict[str, np.ndarray]:
    from coursekit.rag import embed

    window = embedder.max_seq_length
    long = [text for text in texts if window is not None and len(text) + 2 > window]
    cut = sum(len(embedder.tokenizer(text, verbose=False)["input_ids"]) > window for text in long)
    started = time.perf_counter()
    vectors = embed(texts, embedder, truncate=True)
    seconds = time.perf_counter() - started
    return {"vectors": vectors, "seconds": np.array(seconds), "cut": np.array(cut)}


def find_hits(
    questions: Sequence[Question], indexed: Indexed, embedder: SentenceTransformer
) -> dict[str, list[Hit]]:
    """The ten best hits of each question, by the question's id."""
    from coursekit.rag import retrieve_all

    texts = [question.text for question in questions]
    found = retrieve_all(texts, indexed.index, indexed.chunks, embedder, k=HITS)
    return {question.id: hits for question, hits in zip(questions, found, strict=True)}


def locate_answers(
    questions: Sequence[Question], hits: dict[str, list[Hit]], indexed: Indexed
) -> tuple[list[Question], list[str]]:
    """Find the passages that hold each answer, and the document that a question is about.

    Gold passages are the chunks with the words of the answer: in the source where one is named,
    else among the ten best hits, else wherever they stand. `family` becomes the document that the
    question is about; for a question without an answer, that of its best hit.

    Returns: the questions that can be scored, and a note for each that cannot, since its answer
    stands in no document.
    """
    padded = [f" {' '.join(normalise(chunk.text))} " for chunk in indexed.chunks]
    names = _document_names(indexed.documents)
    kept, notes = [], []
    for question in questions:
        values = {"row": _row_name(question), "question": question.text[:70]}
        sources = names.get(_name_key(question.fact or ""), set())
        if question.fact and not sources:
            notes.append(
                t(
                    "{row} names the source {source}, and no document has that name. ({question})",
                    source=question.fact,
                    **values,
                )
            )
        if question.answer is None:
            family = min(sources) if sources else hits[question.id][0].chunk.document_id
            kept.append(replace(question, family=family))
            continue
        wanted = " ".join(normalise(question.answer))
        holding = [
            chunk
            for chunk, text in zip(indexed.chunks, padded, strict=True)
            if wanted and f" {wanted} " in text
        ]
        if not holding:
            notes.append(
                t(
                    "{row} is left out: its answer {answer!r} stands in no document. Write the "
                    "answer as a document words it, or add the document that tells it. "
                    "({question})",
                    answer=question.answer[:60],
                    **values,
                )
            )
            continue
        gold = [chunk for chunk in holding if chunk.document_id in sources]
        if sources and not gold:
            notes.append(
                t(
                    "{row}: the answer {answer!r} does not stand in its source, but elsewhere. "
                    "({question})",
                    answer=question.answer[:60],
                    **values,
                )
            )
        near = {hit.chunk.id: hit.rank for hit in hits[question.id]}
        gold = gold or [chunk for chunk in holding if chunk.id in near] or holding
        gold = sorted(gold, key=lambda chunk: near.get(chunk.id, HITS + 1))
        kept.append(
            replace(
                question,
                gold_passages=tuple(chunk.id for chunk in gold),
                family=gold[0].document_id,
            )
        )
    if not kept:
        raise ReportError(
            t(
                "None of the answers stands in the documents, so nothing can be measured. The "
                "first: {note}",
                note=notes[0],
            )
        )
    return kept, notes


def _row_name(question: Question) -> str:
    """ "Row 12" for the question of row 12, in the language of the moment; else its id."""
    kind, _, number = question.id.partition("-")
    return t("Row {number}", number=number) if kind == "row" else question.id


def _name_key(name: str) -> str:
    return name.strip().replace("\\", "/").lower()


def _document_names(documents: Sequence[Document]) -> dict[str, set[str]]:
    """What a person may call a document: its path, file name, stem, id or title."""
    names: dict[str, set[str]] = {}
    for document in documents:
        path = Path(document.path)
        for name in (document.path, path.name, path.stem, document.id, document.title):
            if name:
                names.setdefault(_name_key(name), set()).add(document.id)
    return names


def found_among(questions: Sequence[Question], hits: dict[str, list[Hit]], k: int) -> np.ndarray:
    """Whether a gold passage is among the first k hits: bool array, one for each question that
    has an answer."""
    return np.array(
        [
            any(hit.chunk.id in question.gold_passages for hit in hits[question.id][:k])
            for question in questions
            if question.answer is not None
        ],
        dtype=bool,
    )


# ---------------------------------------------------------------- folds


def split_by_source(questions: Sequence[Question], seed: int = 0, folds: int = 2) -> np.ndarray:
    """The fold of each question: int array of shape (questions,).

    Questions about the same document (`family`) share a fold, so that no system is tested on a
    document that it was trained on. The largest groups are dealt out first, each into the fold
    that is smallest so far; `seed` decides among groups of equal size.

    Raises:
        ReportError: fewer documents than folds are asked about.
    """
    groups: dict[str | None, list[int]] = {}
    for number, question in enumerate(questions):
        groups.setdefault(question.family, []).append(number)
    if len(groups) < folds:
        raise ReportError(
            t(
                "The questions are about too few documents: {count}, and {folds} are needed to "
                "test on what was not trained on. Ask about other documents too.",
                count=len(groups),
                folds=folds,
            )
        )
    order = list(groups.values())
    random.Random(seed).shuffle(order)
    order.sort(key=len, reverse=True)
    fold_of = np.zeros(len(questions), dtype=int)
    sizes = [0] * folds
    for group in order:
        smallest = sizes.index(min(sizes))
        fold_of[group] = smallest
        sizes[smallest] += len(group)
    return fold_of


# ---------------------------------------------------------------- training and answers


@dataclass(frozen=True)
class Plan:
    """How many steps are trained: `closed_book` for LoRA, `with_passages` for RAG+LoRA."""

    closed_book: Settings
    with_passages: Settings
    tokens_per_second: float | None = None


def plan_training(
    questions: Sequence[Question],
    hits: dict[str, list[Hit]],
    fold_of: np.ndarray,
    lm: LanguageModel,
    minutes: float = 10.0,
    steps: int | None = None,
    seed: int = 7,
) -> Plan:
    """Fit the two trainings of every fold into `minutes`.

    Three fifths of the time go to training, four fifths of that to RAG+LoRA, whose prompts are
    longer. A short probe measures how many tokens a second this machine trains on; its result is
    kept. Nothing is trained for more than 6 (RAG+LoRA) or 12 (LoRA) passes over its questions.
    `steps` sets the number of steps of RAG+LoRA by hand, and skips the probe; LoRA, whose prompts
    are short, then gets twice as many.
    """
    from coursekit.lora import Settings, encode
    from coursekit.systems import closed_book_examples

    folds = int(fold_of.max()) + 1
    first = [q for q, fold in zip(questions, fold_of, strict=True) if fold != 0]
    closed = closed_book_examples(first, lm.tokenizer)
    reading = _reading_examples(first, hits, lm, seed)
    batch = 8
    most_reading = max(4, math.ceil(6 * len(reading) / batch))
    most_closed = max(4, math.ceil(12 * len(closed) / batch))
    speed = None
    if steps is None:
        speed = training_speed(lm, reading)
        seconds = 60 * minutes * 0.6 / folds
        per_step = [
            batch * fmean(len(encode(e, lm.tokenizer)[0]) for e in examples) / speed
            for examples in (reading, closed)
        ]
        steps = max(4, min(most_reading, int(0.8 * seconds / per_step[0])))
        closed_steps = max(4, min(most_closed, int(0.2 * seconds / per_step[1])))
    else:
        closed_steps = min(most_closed, 2 * steps)
    common = {"rank": 16, "alpha": 32, "batch_size": batch, "learning_rate": 1e-3, "seed": seed}
    return Plan(
        Settings(steps=closed_steps, micro_batch=batch, **common),
        Settings(steps=steps, **common),
        tokens_per_second=speed,
    )


def training_speed(lm: LanguageModel, examples: Sequence[Example]) -> float:
    """Tokens a second in training, from three steps of two examples, measured once and kept."""
    from coursekit.lora import Settings, add_adapter, encode, train

    sample = list(examples[:2])
    tokens = sum(len(encode(example, lm.tokenizer)[0]) for example in sample)

    def make() -> float:
        model = add_adapter(lm, Settings())
        times = [time.perf_counter()]
        try:
            train(
                model,
                sample,
                lm.tokenizer,
                Settings(steps=3, batch_size=len(sample), warmup=1),
                on_step=lambda *_: times.append(time.perf_counter()),
            )
        finally:
            model.unload()
        return tokens / max(1e-6, min(np.diff(times)))

    settings = {"lm": lm.fingerprint, "device": str(lm.device), "dtype": str(lm.dtype)}
    settings |= {"examples": digest(*(e.prompt for e in sample)), "threads": _threads()}
    return float(cached_json("report-speed", settings, make))


def _threads() -> int:
    import torch

    return torch.get_num_threads()


def _reading_examples(
    questions: Sequence[Question], hits: dict[str, list[Hit]], lm: LanguageModel, seed: int
) -> list[Example]:
    """Training examples for RAG+LoRA; in a tenth of them the answer is taken out."""
    from coursekit.lora import make_examples

    chunks = {hit.chunk.id: hit.chunk for q in questions for hit in hits[q.id]}
    # A gold passage that retrieval missed is not among the hits and cannot be put in: without.
    questions = [
        replace(q, gold_passages=tuple(g for g in q.gold_passages if g in chunks))
        for q in questions
    ]
    passages = [hits[question.id][:PASSAGES] for question in questions]
    return make_examples(questions, passages, list(chunks.values()), lm.tokenizer, seed, 0.1)


@dataclass(frozen=True)
class Cost:
    """What a system takes: seconds of training, seconds a question, tokens of its prompts."""

    training_seconds: float
    seconds_per_question: float
    prompt_tokens: float
    memory_gb: float


@dataclass(frozen=True)
class Results:
    """Everything that was measured. The arrays and lists are in the order of `questions`.

    `gold_rank` is the rank of the first hit that holds the answer, from 1 to 10; None where no hit
    does, or where there is no answer.
    """

    questions: list[Question]
    fold_of: np.ndarray
    right: dict[str, np.ndarray]
    answers: dict[str, list[str]]
    costs: dict[str, Cost]
    recall: dict[int, float]
    notes: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    gold_rank: list[int | None] = field(default_factory=list)


def run_systems(
    questions: Sequence[Question],
    hits: dict[str, list[Hit]],
    fold_of: np.ndarray,
    lm: LanguageModel,
    plan: Plan,
) -> Results:
    """Let the four systems answer every question.

    The two systems with an adapter get one for each fold, trained on the questions of the others.
    Each adapter, and each block of answers, is kept as soon as it is made.
    """
    from coursekit.measure import give_back_memory
    from coursekit.systems import SYSTEMS, Answers, closed_book_examples, correct, prompts_for

    answers = {system: [""] * len(questions) for system in SYSTEMS}
    spent = {
        system: {"training": 0.0, "seconds": 0.0, "tokens": 0, "peak": 0.0} for system in SYSTEMS
    }
    for fold in range(int(fold_of.max()) + 1):
        test = np.flatnonzero(fold_of == fold)
        train = [q for q, its in zip(questions, fold_of, strict=True) if its != fold]
        examples = {
            "LoRA": closed_book_examples(train, lm.tokenizer),
            "RAG+LoRA": _reading_examples(train, hits, lm, plan.with_passages.seed + fold),
        }
        settings = {"LoRA": plan.closed_book, "RAG+LoRA": plan.with_passages}
        for system in SYSTEMS:
            asked = [questions[i] for i in test]
            prompts = prompts_for(system, asked, [hits[q.id] for q in asked], lm.tokenizer)
            label = f"{system} ({fold + 1}/{int(fold_of.max()) + 1})"
            ask = _Asking(prompts, _answer_tokens(questions, lm.tokenizer), label)
            if system in examples:
                made = _with_adapter(lm, examples[system], settings[system], ask)
            else:
                made = ask(lm)
            give_back_memory()
            for i, text in zip(test, made["texts"], strict=True):
                answers[system][i] = text
            for name in ("training", "seconds", "tokens"):
                spent[system][name] += made.get(name, 0)
            spent[system]["peak"] = max(spent[system]["peak"], made["peak"])
    right, costs = {}, {}
    for system in SYSTEMS:
        used = spent[system]
        count = len(questions)
        given = Answers(system, answers[system], used["seconds"] / count, used["tokens"] / count)
        right[system] = np.asarray(correct(given, questions), dtype=bool)
        costs[system] = Cost(
            used["training"], used["seconds"] / count, used["tokens"] / count, used["peak"]
        )
    recall = {
        k: float(found.mean()) for k in (1, 5) if (found := found_among(questions, hits, k)).size
    }
    ranks = [_gold_rank(question, hits[question.id]) for question in questions]
    return Results(list(questions), fold_of, right, answers, costs, recall, gold_rank=ranks)


def _gold_rank(question: Question, hits: Sequence[Hit]) -> int | None:
    ranks = (n for n, hit in enumerate(hits, start=1) if hit.chunk.id in question.gold_passages)
    return next(ranks, None)


def _with_adapter(
    lm: LanguageModel, examples: Sequence[Example], settings: Settings, ask: _Asking
) -> dict[str, Any]:
    from coursekit.lora import load_adapter, train_cached

    folder, history = train_cached(lm, examples, settings)
    tuned = load_adapter(lm, folder)
    try:
        made = ask(tuned)
    finally:
        tuned.model.unload()  # `lm` is used again, without the adapter
    made["training"] = history.seconds
    made["peak"] = max(made["peak"], history.peak_memory_gb)
    return made


@dataclass(frozen=True)
class _Asking:
    """Answer prompts block by block, with what that took; a block is kept when it is whole."""

    prompts: list[str]
    max_new_tokens: int
    label: str
    block: int = 32

    def __call__(self, lm: LanguageModel) -> dict[str, Any]:
        total = {"texts": [], "seconds": 0.0, "tokens": 0, "peak": 0.0}
        starts = range(0, len(self.prompts), self.block)
        for start in progress_bar(starts, t("answering, {label}", label=self.label)):
            prompts = self.prompts[start : start + self.block]
            settings = {
                "prompts": digest(*prompts),
                **lm.cache_key,
                "max_new_tokens": self.max_new_tokens,
            }
            made = cached_json(
                "report-answers", settings, lambda prompts=prompts: self._answer(prompts, lm)
            )
            total["texts"] += made["texts"]
            total["seconds"] += made["seconds"]
            total["tokens"] += made["tokens"]
            total["peak"] = max(total["peak"], made["peak"])
        return total

    def _answer(self, prompts: list[str], lm: LanguageModel) -> dict[str, Any]:
        from coursekit.measure import MemoryMeter
        from coursekit.rag import generate

        started = time.perf_counter()
        with MemoryMeter() as memory:
            texts = generate(prompts, lm, self.max_new_tokens)
        return {
            "texts": texts,
            "seconds": time.perf_counter() - started,
            "tokens": sum(len(lm.tokenizer.encode(p, add_special_tokens=False)) for p in prompts),
            "peak": memory.peak_gb,
        }


def _answer_tokens(questions: Sequence[Question], tokenizer: Any) -> int:
    """Room for the longest gold answer and some words around it, between 32 and 96 tokens."""
    longest = max(
        len(tokenizer.encode(q.answer or "", add_special_tokens=False)) for q in questions
    )
    return min(96, max(32, longest + 16))


# ---------------------------------------------------------------- recommendation


@dataclass(frozen=True)
class Recommendation:
    """`system` is None where the numbers carry no choice. `numbers` holds what the text quotes.

    `points` is the text in parts of a sentence or two, the verdict first.
    """

    system: str | None
    text: str
    numbers: dict[str, float]
    points: tuple[str, ...] = ()


def _advice(system: str | None, points: Sequence[str], numbers: dict[str, float]) -> Recommendation:
    points = tuple(filter(None, points))
    return Recommendation(system, " ".join(points), numbers, points)


def share_interval(values: Sequence[float]) -> tuple[float, float]:
    """95 % interval of a share: the bootstrap's, or Wilson's where all values are the same.

    Where none of n answers is right, drawing again gives none each time, and an interval without
    width. Wilson's (1927) then reaches from 0 to z² / (n + z²), with z = 1.96.
    """
    from coursekit.verdicts import interval_of

    return interval_of(values)


def questions_needed(
    first: Sequence[float], second: Sequence[float], power: float = 0.8, level: float = 0.95
) -> float:
    """About how many questions would show the difference that these answers have.

    Args:
        first, second: 1.0 for right and 0.0 for wrong, for the same questions; shape (n,) each.
        power: the chance that the difference is then told.
        level: the level of the interval that must exclude 0.

    Returns: (z_level + z_power)^2 times variance / squared mean of the paired differences, the
    usual normal approximation; infinity where the two have equal shares.
    """
    difference = np.asarray(second, dtype=float) - np.asarray(first, dtype=float)
    mean = float(difference.mean())
    if mean == 0:
        return math.inf
    normal = NormalDist()
    z = normal.inv_cdf(0.5 + level / 2) + normal.inv_cdf(power)
    return math.ceil(z**2 * float(difference.var()) / mean**2)


def comparison_level(systems: int) -> float:
    """The level of each interval when the best of so many systems is compared with the others.

    The best is picked from the same answers, so any pair of systems may raise a false alarm: all
    pairs share `WORST_LEVEL` (Bonferroni's correction).
    """
    return 1 - WORST_LEVEL / max(1, math.comb(systems, 2))


def pairs_with_best(
    right: dict[str, np.ndarray], systems: Sequence[str]
) -> tuple[str, dict[str, tuple[float, float]]]:
    """The system with the highest share, and how far it is ahead of each other one.

    `systems` stand from the simplest to the most complex: of equal shares, the simplest is best.
    The intervals are paired, at the level of `comparison_level`.
    """
    best = max(systems, key=lambda name: right[name].mean())
    others = [name for name in systems if name != best]
    level = comparison_level(len(systems))
    leads = {name: paired_interval(right[name], right[best], level=level) for name in others}
    return best, leads


def recommend(results: Results, changes: bool | None = None) -> Recommendation:
    """Say which system these numbers speak for, or that they speak for none.

    The rule: the simplest system that cannot be told from the best one. Fewer than 20 questions
    carry no choice. `changes` says whether the documents change; None means that nobody said.
    """
    systems = list(results.right)  # from the simplest to the most complex
    count = len(results.questions)
    shares = {name: float(results.right[name].mean()) for name in systems}
    best, leads = pairs_with_best(results.right, systems)
    numbers = {"questions": count} | {f"share {name}": share for name, share in shares.items()}
    if count < FEWEST_QUESTIONS:
        points = [
            t("No recommendation: {count} questions are too few to base advice on.", count=count),
            t(
                "One answer more or less moves a share by {points} points. Write at least "
                "{fewest} questions, better 100.",
                points=f"{100 / count:.0f}",
                fewest=FEWEST_QUESTIONS,
            ),
        ]
        return _advice(None, points, numbers)
    low, high = share_interval(results.right[best])
    numbers |= {"best low": low, "best high": high}
    if high < 0.5:
        points = [
            t(
                "No recommendation: none of the four is good enough. The best, {best}, is right "
                "in {share} of {count} questions (95% interval {low} to {high}).",
                best=best,
                share=format_number(shares[best], ".0%"),
                count=count,
                **interval_in_words(results.right[best]),
            ),
            _what_to_mend(results, best, numbers),
        ]
        return _advice(None, points, numbers)
    tied = [name for name, (lead_low, _) in leads.items() if lead_low <= 0]
    chosen = next(name for name in systems if name == best or name in tied)
    points = [
        t(
            "Use {chosen}. It is right in {share} of {count} questions (95% interval {low} to "
            "{high}).",
            chosen=chosen,
            share=format_number(shares[chosen], ".0%"),
            count=count,
            **interval_in_words(results.right[chosen]),
        ),
        _refusals(results, chosen, numbers),
    ]
    for name in systems:
        if name != chosen:
            points.append(_comparison(results, chosen, name, numbers))
    if "LoRA" in systems and chosen != "LoRA":
        points.append(
            t(
                "LoRA could hardly win here: it was trained on questions about other documents, so "
                "of the facts that it was asked for it saw few or none."
            )
        )
    points += _costs_and_staleness(results, chosen, changes, numbers)
    points.append(_what_to_mend(results, chosen, numbers))
    return _advice(chosen, points, numbers)


def _without_answer(results: Results) -> np.ndarray:
    return np.array([question.answer is None for question in results.questions], dtype=bool)


def _refusals(results: Results, chosen: str, numbers: dict[str, float]) -> str:
    """What the chosen system does where the documents have no answer."""
    without = _without_answer(results)
    if not without.any():
        return t("Whether it refuses where the documents have no answer was not asked.")
    count, refused = int(without.sum()), int(results.right[chosen][without].sum())
    numbers |= {"without answer": count, "refused": refused}
    if refused == count:
        return t("It refuses all {count} questions that have no answer.", count=count)
    return t(
        "Beware: of the {count} questions that have no answer it refuses {refused}, and makes up "
        "an answer to {invented}.",
        count=count,
        refused=refused,
        invented=count - refused,
    )


def _comparison(results: Results, chosen: str, name: str, numbers: dict[str, float]) -> str:
    """How far the chosen system is from another; where that cannot be told, what would help."""
    right = results.right
    lead = float(right[chosen].mean() - right[name].mean())
    level = comparison_level(len(right))
    low, high = paired_interval(right[name], right[chosen], level=level)
    numbers |= {f"lead over {name}": lead, f"lead over {name} low": low}
    numbers[f"lead over {name} high"] = high
    values = {"name": name, "level": format_number(level, ".1%")}
    if low > 0:
        return t(
            "It is {points} points ahead of {name} ({level} interval {low} to {high}).",
            points=f"{100 * lead:.0f}",
            low=f"{100 * low:.0f}",
            high=f"{100 * high:.0f}",
            **values,
        )
    values |= {"low": f"{100 * low:+.0f}", "high": f"{100 * high:+.0f}"}
    needed = questions_needed(right[name], right[chosen], level=level)
    if math.isinf(needed):
        told = t("It is level with {name} ({level} interval {low} to {high} points).", **values)
    else:
        numbers[f"questions needed for {name}"] = needed
        told = t(
            "Against {name} it is {points} points ({level} interval {low} to {high}): with {count} "
            "questions the two cannot be told apart; about {needed} would be needed.",
            count=len(results.questions),
            needed=_round_up(needed),
            points=f"{100 * lead:+.0f}",
            **values,
        )
    parts = [told]
    systems = list(right)
    if systems.index(name) > systems.index(chosen):
        parts.append(t("So the simpler of the two is preferred."))
    without = _without_answer(results)
    if without.any() and not without.all():
        parts.append(
            t(
                "That share mixes two things: of the {facts} questions that have an answer "
                "{chosen} has {mine} right and {name} {theirs}; of the {others} that have none, "
                "{chosen} refuses {mine_refused} and {name} {theirs_refused}.",
                chosen=chosen,
                name=name,
                facts=int((~without).sum()),
                mine=int(right[chosen][~without].sum()),
                theirs=int(right[name][~without].sum()),
                others=int(without.sum()),
                mine_refused=int(right[chosen][without].sum()),
                theirs_refused=int(right[name][without].sum()),
            )
        )
    return " ".join(parts)


def _round_up(number: float) -> int:
    """Two leading digits are enough for an estimate: 1234 becomes 1300."""
    digits = max(0, len(str(int(number))) - 2)
    return math.ceil(number / 10**digits) * 10**digits


def _costs_and_staleness(
    results: Results, chosen: str, changes: bool | None, numbers: dict[str, float]
) -> list[str]:
    cost = results.costs[chosen]
    indexing = float(results.facts.get("index_seconds", 0.0))
    numbers |= {
        "seconds per question": cost.seconds_per_question,
        "training seconds": cost.training_seconds,
        "indexing seconds": indexing,
    }
    sentences = [
        t("It takes {seconds} s a question here.", seconds=f"{cost.seconds_per_question:.2f}")
    ]
    if chosen.startswith("RAG"):
        sentences.append(
            t(
                "When a document changes, index it again: all of them took {seconds} s.",
                seconds=f"{indexing:.1f}",
            )
        )
    if chosen == "RAG+LoRA":
        sentences.append(
            t(
                "Its adapter (trained for {seconds} s in all) learned to read passages, so it "
                "stays when facts change.",
                seconds=f"{cost.training_seconds:.0f}",
            )
        )
    if chosen == "LoRA":
        sentences.append(
            t(
                "Its facts are those of the day of training: each change means training again "
                "({seconds} s in all).",
                seconds=f"{cost.training_seconds:.0f}",
            )
        )
    if changes and chosen in ("prompt", "LoRA"):
        sentences.append(
            t("You said that your documents change: {name} does not see that.", name=chosen)
        )
    if changes is None:
        sentences.append(t("Whether your documents change was not said, and it matters."))
    return sentences


def count_faults(results: Results, system: str) -> dict[str, int]:
    """The wrong answers of a system, by what went wrong.

    Returns: how many were "invented", where the documents have no answer and a refusal is right;
    "not_found", where no passage with the answer stood in the prompt; and "misread", where one did.
    A system that reads no passage misreads none.

    Raises:
        ValueError: the results hold no ranks of gold passages; `run_systems` puts them in.
    """
    from coursekit.systems import PASSAGES as READ

    if len(results.gold_rank) != len(results.questions):
        raise ValueError(
            f"There are {len(results.questions)} questions and the ranks of "
            f"{len(results.gold_rank)} gold passages: take the results of run_systems."
        )
    wrong, without = ~results.right[system], _without_answer(results)
    had = np.array([rank is not None and rank <= READ[system] for rank in results.gold_rank])
    return {
        "invented": int((wrong & without).sum()),
        "not_found": int((wrong & ~without & ~had).sum()),
        "misread": int((wrong & ~without & had).sum()),
    }


def _what_to_mend(results: Results, system: str, numbers: dict[str, float]) -> str:
    """Where the next gain lies: refusals, retrieval or reading, whichever has most wrong answers.

    A system without passages has nothing of these to mend; then it is said of the best that reads.
    """
    readers = [name for name in results.right if name.startswith("RAG")]
    if system not in readers and readers:
        system = max(readers, key=lambda name: results.right[name].mean())
    if system not in readers or len(results.gold_rank) != len(results.questions):
        return ""
    faults = count_faults(results, system)
    numbers |= {f"{system} {fault}": count for fault, count in faults.items()}
    numbers |= {f"recall at {k}": found for k, found in results.recall.items()}
    if not any(faults.values()):
        return ""
    counted = t(
        "Of the {wrong} wrong answers of {name}, {invented} are made up where a refusal is right, "
        "{not_found} had no passage with the answer in the prompt, and {misread} had one.",
        wrong=sum(faults.values()),
        name=system,
        **faults,
    )
    most = max(faults, key=lambda fault: faults[fault])
    return f"{counted} {_remedy(most, results.recall)}"


def _remedy(fault: str, recall: dict[int, float]) -> str:
    if fault == "invented":
        return t(
            "So mend refusals first: refuse below a threshold of similarity, or train on more "
            "questions that have no answer."
        )
    if fault == "misread":
        return t("So mend reading first: try a larger model.")
    values = {
        "first": format_number(recall.get(1, 0), ".0%"),
        "five": format_number(recall.get(5, 0), ".0%"),
    }
    if recall.get(5, 0) >= 0.7:
        return t(
            "So mend retrieval first, with a reranker: a passage with the answer is the first hit "
            "for {first} of the questions and among five hits for {five}.",
            **values,
        )
    return t(
        "So mend retrieval first, its chunks and its embedding model: a passage with the answer is "
        "the first hit for {first} of the questions and among five hits for {five}.",
        **values,
    )


def run_report(
    folder: str | Path,
    questions: str | Path,
    out: str | Path,
    *,
    lm: LanguageModel,
    embedder: SentenceTransformer,
    minutes: float = 10.0,
    steps: int | None = None,
    changes: bool | None = None,
    seed: int = 7,
) -> tuple[Results, Recommendation, Path]:
    """From a folder and a file of questions to `out/report.html` and `out/report.json`.

    After an interruption, call it again: what was made is read, the rest is made. A training or a
    block of 32 answers that was cut short begins anew; nothing else does.

    Raises:
        ReportError: no report can be made; the message says what to do.
    """
    documents, notes = read_documents(folder)
    asked, more = load_questions(questions)
    notes = notes + more
    indexed = index_documents(documents, embedder)
    hits = find_hits(asked, indexed, embedder)
    asked, more = locate_answers(asked, hits, indexed)
    notes = notes + more
    fold_of = split_by_source(asked, seed)
    plan = plan_training(asked, hits, fold_of, lm, minutes, steps, seed)
    results = run_systems(asked, hits, fold_of, lm, plan)
    results = with_facts(results, notes, indexed, plan, lm, embedder, folder, questions)
    recommendation = recommend(results, changes)
    return results, recommendation, write_report(results, recommendation, out)[0]


def with_facts(
    results: Results,
    notes: Sequence[str],
    indexed: Indexed,
    plan: Plan,
    lm: LanguageModel,
    embedder: SentenceTransformer,
    folder: str | Path | None = None,
    questions: str | Path | None = None,
) -> Results:
    """The results with what a reader of the report must know about the run.

    Of `folder` and the file `questions` the report shows the names, without the path to them.
    """
    names = {"folder": folder, "questions_file": questions}
    facts = {key: Path(path).expanduser().resolve().name for key, path in names.items() if path}
    facts |= {
        "date": time.strftime("%Y-%m-%d"),
        "documents": len(indexed.documents),
        "chunks": len(indexed.chunks),
        "cut": indexed.cut,
        "index_seconds": round(indexed.seconds, 2),
        "lm": lm.name,
        "embedder": embedder.course_name,
        "device": str(lm.device),
        "closed": plan.closed_book.steps,
        "reading": plan.with_passages.steps,
    }
    return replace(results, notes=list(notes), facts=facts)
