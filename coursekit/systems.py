"""Four systems that answer the same questions, and what happens to them when facts change.

questions and hits -> prompts -> answers -> right or wrong

"prompt" asks the model alone, "RAG" puts the best passage into the prompt (lesson 05), "LoRA" is
trained on questions and answers without any passage, and "RAG+LoRA" is trained to read two numbered
passages (lesson 09). Lesson 11 compares them on the company, lesson 13 on your own documents.
"""

from __future__ import annotations

import json
import math
import random
import re
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit.cache import cached_folder, digest
from coursekit.corpus import SNAPSHOTS, company_facts, company_questions, training_questions
from coursekit.language import format_number, t
from coursekit.lora import (
    TRAINING,
    Example,
    History,
    Settings,
    make_example,
    make_examples,
    train,
    train_cached,
)
from coursekit.models import quiet
from coursekit.plots import PALETTE, bars_with_intervals
from coursekit.rag import (
    ANSWER_START,
    REFUSAL,
    Hit,
    assemble_prompt,
    build_index,
    embed,
    generate,
    generate_cached,
    retrieve_all,
)
from coursekit.scoring import bootstrap_interval, contains_answer, contains_gold, paired_interval

if TYPE_CHECKING:
    import faiss
    from sentence_transformers import SentenceTransformer

    from coursekit.chunks import Chunk
    from coursekit.corpus import Question
    from coursekit.models import LanguageModel

SYSTEMS = ("prompt", "RAG", "LoRA", "RAG+LoRA")
PASSAGES = {"prompt": 0, "RAG": 1, "LoRA": 0, "RAG+LoRA": 2}  # how many hits each system reads
CLOSED_BOOK_INSTRUCTION = f"Answer in a few words, or say: {REFUSAL}"


@dataclass(frozen=True)
class Answers:
    """What a system answered, and what it took.

    `seconds_per_question` is measured on a few questions, one at a time, without the cache;
    `prompt_tokens` is the mean length of its prompts, `answer_tokens` that of what the model wrote
    (for "RAG" also where the threshold then made it a refusal).
    """

    system: str
    texts: list[str]
    seconds_per_question: float
    prompt_tokens: float
    answer_tokens: float = float("nan")


def closed_book_example(question: Question, tokenizer: Any) -> Example:
    """The question without any passage, and the answer itself, or the refusal, as the target."""
    prompt = assemble_prompt(
        f"{question.text}\n{CLOSED_BOOK_INSTRUCTION}", [], tokenizer, answer_start=""
    )
    return Example(prompt, question.answer or REFUSAL, question.id)


def closed_book_examples(questions: Sequence[Question], tokenizer: Any) -> list[Example]:
    """`closed_book_example` for each question, in their order."""
    return [closed_book_example(question, tokenizer) for question in questions]


def prompts_for(
    system: str,
    questions: Sequence[Question],
    hits_by_question: Sequence[Sequence[Hit]],
    tokenizer: Any,
) -> list[str]:
    """The prompt that a system gives the model for each question.

    "prompt" and "LoRA" leave the hits unused, "RAG" takes the first one (what lesson 05 found
    best), "RAG+LoRA" the first two, numbered.

    Raises:
        ValueError: there is no such system, or the hits do not fit the questions in number.
    """
    if system not in SYSTEMS:
        raise ValueError(
            f"There is no system {system!r}, so there is no prompt for it. Choose one of "
            f"{', '.join(SYSTEMS)}."
        )
    if len(hits_by_question) != len(questions):
        raise ValueError(
            f"{len(questions)} questions came with hits for {len(hits_by_question)}: retrieve for "
            "these very questions, in this order."
        )
    prompts = []
    for question, hits in zip(questions, hits_by_question, strict=True):
        used = list(hits)[: PASSAGES[system]]
        if system == "prompt":
            prompts.append(assemble_prompt(question.text, [], tokenizer, answer_start=""))
        elif system == "RAG":
            start = ANSWER_START if used else ""
            prompts.append(assemble_prompt(question.text, used, tokenizer, answer_start=start))
        elif system == "LoRA":
            prompts.append(closed_book_example(question, tokenizer).prompt)
        else:
            prompts.append(make_example(question, used, tokenizer).prompt)
    return prompts


def answer_all(
    system: str,
    questions: Sequence[Question],
    hits_by_question: Sequence[Sequence[Hit]],
    lm: LanguageModel,
    threshold: float = 0.0,
    timed: int = 4,
) -> Answers:
    """Let one system answer all questions.

    Args:
        system: one of `SYSTEMS`; for those with LoRA in their name, `lm` carries the adapter.
        hits_by_question: the hits of each question, best first.
        threshold: "RAG" refuses where its best hit scores below this (lesson 05).
        timed: on how many questions the seconds are measured, one at a time; 0 leaves nan.

    Raises:
        ValueError: as `prompts_for` does.
    """
    prompts = prompts_for(system, questions, hits_by_question, lm.tokenizer)
    texts = generate_cached(prompts, lm)
    written = _mean_tokens(texts, lm.tokenizer)
    if system == "RAG":
        texts = [
            REFUSAL if hits and hits[0].score < threshold else text
            for hits, text in zip(hits_by_question, texts, strict=True)
        ]
    spread = prompts[:: max(1, len(prompts) // timed)][:timed] if timed else []
    read = _mean_tokens(prompts, lm.tokenizer)
    return Answers(system, texts, _seconds_each(spread, lm), read, written)


def _mean_tokens(texts: Sequence[str], tokenizer: Any) -> float:
    lengths = [len(tokenizer.encode(text, add_special_tokens=False)) for text in texts]
    return float(np.mean(lengths or [np.nan]))


def _seconds_each(prompts: Sequence[str], lm: LanguageModel) -> float:
    """Median seconds for one prompt on its own."""
    seconds = []
    for prompt in prompts:
        started = time.perf_counter()
        generate([prompt], lm)
        seconds.append(time.perf_counter() - started)
    return float(np.median(seconds)) if seconds else float("nan")


def correct(answers: Answers | Sequence[str], questions: Sequence[Question]) -> np.ndarray:
    """Whether each answer is right: bool array of shape (questions,).

    An answerable question: the answer contains the gold answer and is no refusal. A question
    without an answer: the answer is a refusal.
    """
    texts = answers.texts if isinstance(answers, Answers) else list(answers)
    refused = np.array([is_refusal(text) for text in texts], dtype=bool)
    answerable = np.array([question.answer is not None for question in questions], dtype=bool)
    return np.where(answerable, contains_gold(texts, questions) & ~refused, refused)


def is_refusal(text: str) -> bool:
    """Whether an answer begins with the refusal; the kind of apostrophe does not count."""
    return text.strip().replace("\u2019", "'").startswith(REFUSAL.rstrip("."))


def continue_training(
    lm: LanguageModel, folder: Path, examples: Sequence[Example], settings: Settings
) -> tuple[Path, History]:
    """Go on training the adapter in `folder` on new examples, once; after that, read the result.

    The rank and the layers are those of the adapter; `settings` gives steps, batch size and
    learning rate. Returns the folder of the new adapter, and what happened at each step. The old
    folder stays as it is, and `lm` is left without an adapter.
    """
    from peft import PeftModel

    key = {
        "from": digest(folder / "adapter_model.safetensors"),
        "settings": asdict(settings),
        "examples": digest(list(examples)),
        **lm.cache_key,
        "code": digest(*TRAINING),
    }

    def make(new_folder: Path) -> None:
        on_cpu = str(lm.device) == "cpu"
        with quiet():
            model = PeftModel.from_pretrained(
                lm.model, folder, is_trainable=True, autocast_adapter_dtype=not on_cpu
            )
        try:
            history = train(model, examples, lm.tokenizer, settings)
            model.save_pretrained(new_folder)
        finally:
            model.unload()
        (new_folder / "history.json").write_text(json.dumps(asdict(history)), encoding="utf-8")

    new_folder = cached_folder("continued", key, make)
    history = History(**json.loads((new_folder / "history.json").read_text(encoding="utf-8")))
    return new_folder, history


def teach_again(
    lm: LanguageModel,
    folder: Path,
    questions: Sequence[Question],
    facts: Sequence[tuple[str | None, str | None]],
    settings: Settings,
) -> tuple[Path, History]:
    """Train a closed-book adapter further on the questions about these facts (product, key).

    Raises:
        ValueError: none of the questions asks for one of the facts.
    """
    chosen = [q for q in questions if (q.product, q.fact) in set(facts)]
    if not chosen:
        raise ValueError("None of the questions asks for one of these facts: nothing to teach.")
    return continue_training(lm, folder, closed_book_examples(chosen, lm.tokenizer), settings)


def fate(answer: str, old: str, new: str) -> str:
    """What became of a changed fact: "updated", "stale" (the old value is given) or "other"."""
    if contains_answer(answer, new):
        return "updated"
    return "stale" if contains_answer(answer, old) else "other"


_FIRST_DIGIT = re.compile(r"\d")


def another_value(value: str) -> str:
    """The value with its first digit raised by one, 9 becoming 1: "45 minutes" -> "55 minutes".

    Raises:
        ValueError: there is no digit in it.
    """
    if not _FIRST_DIGIT.search(value):
        raise ValueError(f"{value!r} has no digit to change. Choose a value with a number.")
    return _FIRST_DIGIT.sub(lambda m: str(int(m.group()) % 9 + 1), value, count=1)


def edit_passages(
    chunks: Sequence[Chunk], questions: Sequence[Question]
) -> tuple[list[Chunk], list[Question]]:
    """Give the fact behind each question another number, in every passage that tells it.

    Returns: all chunks, the edited ones among them, and the questions with the new gold answers.

    Raises:
        ValueError: an answer has no number, or a gold passage does not spell it as the answer does.
    """
    edited = {chunk.id: chunk for chunk in chunks}
    asked = []
    for question in questions:
        old, new = question.answer or "", another_value(question.answer or "")
        pattern = re.compile(rf"(?<![\d.,]){re.escape(old)}(?!\w)")
        for chunk_id in question.gold_passages:
            text, count = pattern.subn(new, edited[chunk_id].text)
            if not count:
                raise ValueError(
                    f"Passage {chunk_id} does not hold {old!r} in this spelling, so it cannot be "
                    "edited. Leave this question out."
                )
            edited[chunk_id] = replace(edited[chunk_id], text=text)
        asked.append(replace(question, answer=new))
    return list(edited.values()), asked


READER = Settings(rank=16, alpha=32, steps=90, batch_size=4, learning_rate=1e-3)
READER_KINDS = ("prose", "table", "company", "unanswerable")


def train_reader(
    lm: LanguageModel, index: faiss.Index, chunks: Sequence[Chunk], embedder: SentenceTransformer
) -> tuple[Path, History]:
    """The adapter of "RAG+LoRA": lesson 09's run, example for example, read from its cache."""

    def examples_for(questions: Sequence[Question], seed: int, share: float = 0.0) -> list[Example]:
        hits = retrieve_all([q.text for q in questions], index, chunks, embedder, k=2)
        return make_examples(questions, hits, chunks, lm.tokenizer, seed, share)

    train_questions = [q for q in training_questions() if q.kind in READER_KINDS]
    dev_questions = [q for q in company_questions(split="dev") if q.kind in READER_KINDS]
    examples = examples_for(train_questions, seed=3, share=0.16)
    watched = examples_for(dev_questions[::16], seed=5)
    return train_cached(lm, examples, READER, watched, watch_at=(10, 30, 90))


def refusal_threshold(
    index: faiss.Index, chunks: Sequence[Chunk], embedder: SentenceTransformer
) -> float:
    """The score below which "RAG" refuses: the best one on the dev questions, as in lesson 05."""
    asked = [q for q in company_questions(split="dev") if q.kind != "multi"]
    hits_by_question = retrieve_all([q.text for q in asked], index, chunks, embedder, k=1)
    scores = np.array([hits[0].score for hits in hits_by_question])
    answerable = np.array([q.answer is not None for q in asked])
    decisions = [np.mean((scores >= score) == answerable) for score in scores]
    return float(scores[int(np.argmax(decisions))])


HOUSE_TERMS = ("wake time", "long promise", "harbour price")


def changed_facts() -> set[tuple[str | None, str]]:
    """Product and key of each fact whose value differs between the snapshots."""
    return {(fact.product, fact.key) for fact in company_facts() if fact.changes}


def question_groups(snapshot: str = SNAPSHOTS[0]) -> dict[str, list[Question]]:
    """The questions of the comparison, in seven groups.

    "trained" and "reworded" ask for the same facts of the training products: all that change
    between the snapshots, and every fourth of the others. "trained" uses a wording that
    closed-book training saw, "reworded" the official one, which it saw for the twins only. The
    other groups are about products that no training saw: "prose", "tables", "house" (a fact behind
    a house term, asked for by that term), "ordinary" (the same facts in everyday words), and "no
    answer".
    """
    changing = changed_facts()
    official = [
        q for q in company_questions(snapshot, split="train") if q.kind in ("prose", "table")
    ]
    chosen = [q for q in official if (q.product, q.fact) in changing]
    chosen += [q for q in official if (q.product, q.fact) not in changing][::4]
    wordings: dict[tuple[str | None, str | None], Question] = {}
    for question in training_questions(snapshot, official=False):
        wordings.setdefault((question.product, question.fact), question)
    behind_terms = {
        (fact.product, fact.key)
        for fact in company_facts()
        if fact.product and any(term in fact.label.lower() for term in HOUSE_TERMS)
    }
    house: list[Question] = []
    ordinary: dict[tuple[str | None, str | None], Question] = {}
    for question in training_questions(snapshot, split="test"):
        key = (question.product, question.fact)
        if key not in behind_terms:
            continue
        if any(term in question.text.lower() for term in HOUSE_TERMS):
            house.append(question)
        else:
            ordinary.setdefault(key, question)
    return {
        "trained": [wordings[(q.product, q.fact)] for q in chosen],
        "reworded": chosen,
        "prose": company_questions(snapshot, split="test", kind="prose"),
        "tables": company_questions(snapshot, split="test", kind="table"),
        "house": house,
        "ordinary": [ordinary[(q.product, q.fact)] for q in house],
        "no answer": company_questions(snapshot, split="test", kind="unanswerable"),
    }


def fates(texts: Sequence[str], old: Sequence[Question], new: Sequence[Question]) -> np.ndarray:
    """`fate` for each answer to questions with an old and a new gold answer: array of words."""
    return np.array(
        [fate(text, o.answer, n.answer) for text, o, n in zip(texts, old, new, strict=True)]
    )


def fate_shares(fate_by_name: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """For each fate, in the reader's language, its share in each of the named arrays."""
    words = {"updated": t("new value"), "stale": t("old value"), "other": t("neither")}
    return {
        shown: np.array([(values == word).mean() for values in fate_by_name.values()])
        for word, shown in words.items()
    }


def plot_fates(fate_by_name: dict[str, np.ndarray], label: str) -> None:
    """Stacked bars: the share of each fate in each of the named arrays.

    Args:
        fate_by_name: arrays of words as `fates` returns them.
        label: what the shares are shares of, in the reader's language.
    """
    import matplotlib.pyplot as plt

    names, start = list(fate_by_name), np.zeros(len(fate_by_name))
    plt.figure(figsize=(6.2, 0.8 + 0.28 * len(names)))
    colours = [PALETTE["deep"], PALETTE["sand"], PALETTE["light"]]
    for (shown, shares), colour in zip(fate_shares(fate_by_name).items(), colours, strict=True):
        plt.barh(names, shares, left=start, label=shown, color=colour)
        start = start + shares
    plt.gca().invert_yaxis()
    plt.gca().xaxis.set_major_formatter(lambda value, _: format_number(value, ".0%"))
    plt.xlabel(label)
    plt.figlegend(loc="outside upper center", ncols=3, frameon=False)
    plt.show()


def twin_values(question: Question, snapshot: str = SNAPSHOTS[0]) -> list[str]:
    """The values of the fact asked for at the other machines of the same family."""
    return [
        fact.values[snapshot]
        for fact in company_facts()
        if (fact.family, fact.key) == (question.family, question.fact)
        and fact.product != question.product
    ]


def sample_with_number(questions: Sequence[Question], n: int, seed: int = 0) -> list[Question]:
    """n of the questions whose answer holds a digit, drawn at random.

    Raises:
        ValueError: there are fewer than n of them.
    """
    chosen = [q for q in questions if q.answer and _FIRST_DIGIT.search(q.answer)]
    if len(chosen) < n:
        raise ValueError(f"Only {len(chosen)} answers hold a number, and {n} are wanted: ask less.")
    return random.Random(seed).sample(chosen, n)


def update_index(
    embeddings: np.ndarray,
    chunks: Sequence[Chunk],
    new_chunks: Sequence[Chunk],
    embedder: SentenceTransformer,
) -> tuple[faiss.IndexFlatIP, list[int]]:
    """A new index, for which only the passages with another text are embedded again.

    Args:
        embeddings: the vectors of `chunks`, shape (chunks, dim); left as they are.

    Returns: the index and the numbers of the passages that were embedded.

    Raises:
        ValueError: the two lists of passages differ in length.
    """
    pairs = zip(chunks, new_chunks, strict=True)
    touched = [i for i, (old, new) in enumerate(pairs) if old.text != new.text]
    vectors = embeddings.copy()
    if touched:
        vectors[touched] = embed([new_chunks[i].text for i in touched], embedder)
    return build_index(vectors), touched


def print_costs(answers: dict[str, Answers], seconds_once: dict[str, float]) -> None:
    """A table: seconds and tokens for each question, and seconds that are paid once."""
    names = [
        t("system"),
        t("seconds each"),
        t("prompt tokens"),
        t("answer tokens"),
        t("seconds once"),
    ]
    print(f"{names[0]:10}" + "".join(f"{name:>16}" for name in names[1:]))
    for system, made in answers.items():
        seconds, tokens = made.seconds_per_question, (made.prompt_tokens, made.answer_tokens)
        cells = [format_number(seconds, ".2f")]
        cells += [format_number(number, ".0f") for number in (*tokens, seconds_once[system])]
        print(f"{system:10}" + "".join(f"{cell:>16}" for cell in cells))


def plot_broken(broken: dict[str, np.ndarray]) -> None:
    """Bars with intervals: for each name the share of answers that an update broke."""
    import matplotlib.pyplot as plt

    plt.figure(figsize=(4.8, 2.0))
    intervals = [bootstrap_interval(values) for values in broken.values()]
    means = [values.mean() for values in broken.values()]
    bars_with_intervals(plt.gca(), list(broken), means, intervals)
    n = len(next(iter(broken.values())))
    plt.xlabel(t("share of the {n} unchanged facts that the update broke", n=n))
    plt.show()


def plot_path(right: Sequence[np.ndarray], rows: dict[str, np.ndarray]) -> None:
    """A line for each kind of question: its share of right answers after each update.

    Args:
        right: one bool array of shape (questions,) before any update, and one after each.
        rows: for each kind, which questions belong to it, shape (questions,).
    """
    import matplotlib.pyplot as plt

    plt.figure(figsize=(4.8, 2.0))
    for (name, chosen), marker in zip(rows.items(), "os^v", strict=False):
        plt.plot([values[chosen].mean() for values in right], marker=marker, label=name)
    plt.xticks(range(len(right)))
    plt.ylim(-0.05, 1.05)
    plt.gca().yaxis.set_major_formatter(lambda value, _: format_number(value, ".0%"))
    plt.xlabel(t("parts trained, one after the other"))
    plt.ylabel(t("share of right answers"))
    plt.legend()
    plt.show()


def tied_with_best(right_by_system: Sequence[np.ndarray]) -> list[bool]:
    """Which systems cannot be told from the best: the 95 % interval of the difference holds 0.

    Args:
        right_by_system: for each system a bool array of shape (questions,), in the same order.
    """
    best = max(right_by_system, key=lambda right: right.mean())
    return [bool(paired_interval(right, best)[0] <= 0) for right in right_by_system]


def print_winners(
    right: dict[str, np.ndarray], group_of: np.ndarray, titles: dict[str, str] | None = None
) -> dict[str, list[str]]:
    """Print the best system of each group, and those that cannot be told from it.

    Args:
        right, group_of, titles: as for `plot_groups`.

    Returns: for each group the best system first, then the others (`tied_with_best`).
    """
    winners = {}
    for group, title in (titles or group_titles()).items():
        parts = {system: values[group_of == group] for system, values in right.items()}
        tied = dict(zip(parts, tied_with_best(list(parts.values())), strict=True))
        best = max(parts, key=lambda system: parts[system].mean())
        others = [system for system in parts if tied[system] and system != best]
        told = t("cannot be told from it: {names}", names=", ".join(others) or t("none"))
        print(f"{title:40} {best:9} {told}")
        winners[group] = [best, *others]
    return winners


def break_even(
    questions: float, rag_each: float, lora_each: float, reindex: float, retrain: float
) -> float:
    """The smallest number of updates a month at which LoRA needs more seconds than RAG.

    Args:
        questions: how many are asked in a month.
        rag_each, lora_each: seconds for one question.
        reindex, retrain: seconds for one update of RAG, and of LoRA.

    Returns: 0 if LoRA needs more without any update, and infinity if it never does.
    """
    saved = questions * (rag_each - lora_each)
    if saved < 0:
        return 0
    if retrain <= reindex:
        return math.inf
    return math.floor(saved / (retrain - reindex) + 1e-9) + 1


def unpaired_interval(
    first: Sequence[float], second: Sequence[float], draws: int = 2000, seed: int = 0
) -> tuple[float, float]:
    """95 % bootstrap interval of mean(second) - mean(first), for answers to different questions.

    Each list is drawn with repetition by itself; for the same questions use `paired_interval`.

    Raises:
        ValueError: one of the lists is empty.
    """
    if not len(first) or not len(second):
        raise ValueError("One of the two groups has no answers, so there is no difference.")
    rng = np.random.default_rng(seed)
    means = [
        rng.choice(np.asarray(values, dtype=float), (draws, len(values))).mean(axis=1)
        for values in (first, second)
    ]
    low, high = np.percentile(means[1] - means[0], [2.5, 97.5])
    return float(low), float(high)


def group_titles() -> dict[str, str]:
    """The groups of `question_groups`, each with a title in the reader's language."""
    return {
        "trained": t("taught facts, wording from the training"),
        "reworded": t("taught facts, in a twin's wording"),
        "prose": t("unseen machines, prose"),
        "tables": t("unseen machines, tables"),
        "house": t("unseen machines, in house terms"),
        "ordinary": t("the same facts, in everyday words"),
        "no answer": t("no answer in the documents"),
    }


def plot_groups(
    right: dict[str, np.ndarray], group_of: np.ndarray, titles: dict[str, str] | None = None
) -> None:
    """One small plot for each group of questions: the share of right answers of each system.

    Dark bars are the best system, and those that cannot be told from it (`tied_with_best`).

    Args:
        right: for each system a bool array of shape (questions,).
        group_of: the group of each question, shape (questions,).
        titles: the groups to show, each with its title; all of `group_titles` by default.
    """
    import matplotlib.pyplot as plt

    titles = titles or group_titles()
    rows = -(-len(titles) // 2)
    size = (6.2, 1.08 * rows)
    _, axes = plt.subplots(rows, 2, figsize=size, dpi=80, sharex=True, squeeze=False)
    for ax, (group, title) in zip(axes.flat, titles.items(), strict=False):
        parts = [values[group_of == group] for values in right.values()]
        intervals = [bootstrap_interval(values) for values in parts]
        colours = [PALETTE["deep" if tied else "light"] for tied in tied_with_best(parts)]
        bars_with_intervals(ax, list(right), [p.mean() for p in parts], intervals, colours)
        ax.set_xlim(0, 1.18)
        ax.set_title(title, fontsize=9)
        ax.tick_params(labelsize=8)
    for ax in list(axes.flat)[len(titles) :]:
        ax.set_visible(False)
        if rows > 1:  # the panel above is now the last of the right column
            axes[-2, -1].tick_params(labelbottom=True)
    plt.show()
