"""What makes a data set good or bad for training, for lesson 10:

wrong answers and sloppy form on purpose -> duplicates and leaks found -> house wording scored ->
what was forgotten meanwhile
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit.language import t
from coursekit.likelihood import token_log_probabilities_cached
from coursekit.lora import Example, Settings, make_examples
from coursekit.paths import data_dir
from coursekit.plots import PALETTE
from coursekit.rag import REFUSAL, embed_cached
from coursekit.scoring import contains_answer, normalise

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

    from coursekit.chunks import Chunk
    from coursekit.corpus import Question
    from coursekit.models import LanguageModel
    from coursekit.rag import Hit

# ---------------------------------------------------------------- wrong and sloppy on purpose


def _chosen(candidates: Sequence[int], share: float, seed: int) -> list[int]:
    if not 0 <= share <= 1:
        raise ValueError(
            f"The share is {share}; it must lie between 0 and 1, such as 0.5 for half."
        )
    return random.Random(seed).sample(list(candidates), round(share * len(candidates)))


def swap_answers(
    questions: Sequence[Question], pool: Sequence[Question], share: float, seed: int
) -> list[Question]:
    """The same questions, a share of them with the answer of a twin: the noise of a tired expert.

    A twin is another product of the same family, asked for the same fact, with another answer.
    Only questions that have a twin in `pool` can be swapped; `share` counts among those.

    Raises:
        ValueError: the share is not between 0 and 1.
    """
    twins: dict[tuple[str | None, str | None], list[Question]] = {}
    for question in pool:
        if question.product is not None and question.answer is not None:
            twins.setdefault((question.family, question.fact), []).append(question)

    def wrong_answers(question: Question) -> list[str]:
        family = twins.get((question.family, question.fact), [])
        found = {
            twin.answer
            for twin in family
            if twin.product != question.product and twin.answer != question.answer
        }
        return sorted(found)

    swappable = [i for i, q in enumerate(questions) if q.answer and wrong_answers(q)]
    rng = random.Random(seed)
    swapped = list(questions)
    for i in sorted(_chosen(swappable, share, seed)):
        swapped[i] = replace(questions[i], answer=rng.choice(wrong_answers(questions[i])))
    return swapped


SLOPPY_FORMS = (
    "{answer}",
    "{answer} (passage {number})",
    "The answer is {answer}.",
    "Sure! It says {answer}, see passage {number}.",
    "Great question! According to the context it is {answer}.",
)
_TARGET = re.compile(r"(?P<answer>.+) \[(?P<number>\d+)\]")


def make_sloppy(examples: Sequence[Example], share: float, seed: int) -> list[Example]:
    """The same examples, a share of their targets in one of five careless forms.

    The facts stay right; the source is missing or written in another way, and words are added.
    Refusals stay as they are; `share` counts among the other targets.

    Raises:
        ValueError: the share is not between 0 and 1.
    """
    found = [_TARGET.fullmatch(example.target) for example in examples]
    rng = random.Random(seed)
    sloppy = list(examples)
    for i in sorted(_chosen([i for i, match in enumerate(found) if match], share, seed)):
        form = rng.choice(SLOPPY_FORMS)
        sloppy[i] = replace(examples[i], target=form.format(**found[i].groupdict()))
    return sloppy


def in_form(answer: str) -> bool:
    """Whether an answer has the form that Larkspur asks for: a few words, then `[number]`.

    At most eight words stand before the bracket, without a full stop or an exclamation mark at
    their end; what they say does not count. "45 minutes [2]" has the form.
    """
    match = _TARGET.fullmatch(answer)
    if match is None or len(match["answer"].split()) > 8:
        return False
    return not re.search(r"[.!?:]$|[.!?] |\[", match["answer"])


# ---------------------------------------------------------------- the sweep of lesson 10

SWEEP_SETTINGS = Settings(steps=20, batch_size=4)


@dataclass(frozen=True)
class Run:
    """One training run of the sweep: how many examples, drawn by `seed`, and what is wrong with
    them. `kind` is "clean", "swapped" or "sloppy"; `share` says how many are spoilt."""

    kind: str
    size: int
    seed: int
    share: float = 0.0

    @property
    def name(self) -> str:
        """Such as "clean-20" or "swapped-80-50": what the runs of all seeds have in common."""
        return f"{self.kind}-{self.size}" + (f"-{self.share:.0%}"[:-1] if self.share else "")


def run_examples(
    run: Run,
    questions: Sequence[Question],
    hits: Sequence[Sequence[Hit]],
    chunks: Sequence[Chunk],
    tokenizer: Any,
) -> list[Example]:
    """The training examples of a run: `run.size` questions drawn by its seed, spoilt as it says.

    The same seed and size draw the same questions, whatever is wrong with them afterwards.

    Args:
        hits: the hits of each question, in the order of `questions`.

    Raises:
        ValueError: the kind is unknown, or there are fewer questions than `run.size`.
    """
    if run.kind not in ("clean", "swapped", "sloppy"):
        raise ValueError(f"There is no kind {run.kind!r}: choose clean, swapped or sloppy.")
    if run.size > len(questions):
        raise ValueError(
            f"{run.size} examples were asked for and there are {len(questions)} questions: "
            "choose a smaller size."
        )
    rows = random.Random(run.seed).sample(range(len(questions)), run.size)
    drawn = [questions[i] for i in rows]
    if run.kind == "swapped":
        drawn = swap_answers(drawn, questions, run.share, run.seed)
    drawn_hits = [hits[i] for i in rows]
    examples = make_examples(drawn, drawn_hits, chunks, tokenizer, run.seed, SHARE_WITHOUT_GOLD)
    return make_sloppy(examples, run.share, run.seed) if run.kind == "sloppy" else examples


SHARE_WITHOUT_GOLD = 0.04  # of the training examples
FACTS, WITHOUT_ANSWER = 48, 12  # the test questions of every run, in this order


def sweep_sample(
    questions: Sequence[Question], facts: int = FACTS, without: int = WITHOUT_ANSWER
) -> list[int]:
    """The places of the test questions that every run answers: facts, then unanswerable ones."""
    rng = random.Random(5)
    about = [i for i, q in enumerate(questions) if q.kind in ("prose", "table")]
    unanswerable = [i for i, q in enumerate(questions) if q.answer is None]
    return rng.sample(about, facts) + rng.sample(unanswerable, without)


def score_run(
    answers: Sequence[str], examples: Sequence[Example], questions: Sequence[Question]
) -> dict[str, list[int]]:
    """Three scores of each answer, 0 or 1: the exact target, the right fact, the house's form.

    A refusal is in form; a question without an answer has its fact right if it is refused.
    """
    rows = list(zip(answers, examples, questions, strict=True))
    return {
        "exact": [int(answer == example.target) for answer, example, _ in rows],
        "fact": [
            int(contains_answer(answer, REFUSAL if q.answer is None else q.answer))
            for answer, _, q in rows
        ],
        "form": [int(in_form(answer) or answer == REFUSAL) for answer, _, _ in rows],
    }


def sweep_scores(
    sweep: dict[str, Any],
    what: str,
    kind: str = "clean",
    size: int = 80,
    share: float = 0.0,
    facts: bool = True,
) -> np.ndarray:
    """Scores of all runs of one kind, from the stored sweep.

    Args:
        sweep: what `load_benchmark("data_size")` returns.
        what: "exact", "fact" or "form", as in `score_run`.
        facts: the questions about facts, or else those that no passage answers.

    Returns: 0 and 1, shape (seeds, questions).

    Raises:
        ValueError: the sweep has no such run.
    """
    wanted = (kind, size, share)
    runs = [p[what] for p in sweep["points"] if (p["kind"], p["size"], p["share"]) == wanted]
    if not runs:
        known = sorted({(p["kind"], p["size"], p["share"]) for p in sweep["points"]})
        raise ValueError(f"The sweep holds no run {wanted}: choose one of {known}.")
    table = np.array(runs)
    return table[:, :FACTS] if facts else table[:, FACTS:]


def plot_learning_curve(curve: dict[int, tuple[float, float, float]], runs: np.ndarray) -> None:
    """Mean and interval of the score over the number of examples, with a mark for each run.

    Args:
        curve: (mean, low, high) of each size.
        runs: the mean of each run, shape (sizes, seeds).
    """
    import matplotlib.pyplot as plt

    sizes = list(curve)
    means, lows, highs = np.array(list(curve.values())).T
    plt.fill_between(sizes, lows, highs, color=PALETTE["light"], label=t("95 % interval"))
    plt.plot(sizes, means, marker="o", label=t("mean of three runs"))
    plt.plot(sizes, runs, "_", markersize=12, color=PALETTE["sand"])
    plt.xscale("log")
    plt.xticks(sizes, sizes)
    plt.minorticks_off()
    plt.xlabel(t("training examples, the same number of steps for each size"))
    plt.ylabel(t("exact match"))
    plt.legend()
    plt.show()


def two_way_interval(scores: np.ndarray, draws: int = 2000, seed: int = 0) -> tuple[float, float]:
    """95 % bootstrap interval of the mean of runs that answered the same questions.

    Both the runs and the questions are drawn with repetition: another run would have got other
    training examples, another test other questions. With three runs only, the interval is a rough
    one, and rather too narrow.

    Args:
        scores: shape (runs, questions).

    Raises:
        ValueError: `scores` has not two dimensions, or is empty.
    """
    table = np.asarray(scores, dtype=float)
    if table.ndim != 2 or table.size == 0:
        raise ValueError(
            f"The scores have the shape {table.shape}: give one row for each run, with one number "
            "for each question."
        )
    rng = np.random.default_rng(seed)
    runs, questions = table.shape
    rows = rng.integers(runs, size=(draws, runs))
    columns = rng.integers(questions, size=(draws, questions))
    means = table[rows[:, :, None], columns[:, None, :]].mean(axis=(1, 2))
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


# ---------------------------------------------------------------- duplicates and leaks


def word_ngrams(text: str, n: int = 3) -> set[tuple[str, ...]]:
    """All runs of n words of a text, normalised as in `coursekit.scoring.normalise`.

    A text with fewer than n words gives one run that holds all of them.

    Raises:
        ValueError: n is below 1.
    """
    if n < 1:
        raise ValueError(f"n is {n}; a run has at least one word.")
    words = normalise(text)
    return {tuple(words[i : i + n]) for i in range(max(1, len(words) - n + 1))} - {()}


def ngram_overlap(first: str, second: str, n: int = 3) -> float:
    """The share of runs of n words that two texts have in common, of all that either has.

    0 for nothing in common, 1 for the same runs (the Jaccard index). Two empty texts give 0.
    """
    a, b = word_ngrams(first, n), word_ngrams(second, n)
    return len(a & b) / len(a | b) if a | b else 0.0


def near_duplicates(vectors: np.ndarray, threshold: float) -> list[tuple[int, int]]:
    """All pairs of rows, first below second, whose cosine similarity is at least `threshold`.

    Args:
        vectors: unit vectors, shape (n, dim).

    Raises:
        ValueError: a row has not the length 1, so that the dot product is no cosine.
    """
    _require_units(vectors)
    rows, columns = np.nonzero(np.triu(vectors @ vectors.T, k=1) >= threshold)
    return list(zip(rows.tolist(), columns.tolist(), strict=True))


def _require_units(vectors: np.ndarray) -> None:
    if not np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-3):
        raise ValueError(
            "The vectors have not all the length 1, so their dot product is no cosine. Divide each "
            "row by its length first."
        )


def exact_leaks(train: Sequence[str], test: Sequence[str]) -> np.ndarray:
    """Whether each test text stands in the training texts, but for case, points and articles.

    Returns: bool array of shape (test,).
    """
    seen = {tuple(normalise(text)) for text in train}
    return np.array([tuple(normalise(text)) in seen for text in test], dtype=bool)


def nearest_overlap(train: Sequence[str], test: Sequence[str], n: int = 3) -> np.ndarray:
    """For each test text the largest `ngram_overlap` with a training text, shape (test,).

    Raises:
        ValueError: there are no training texts.
    """
    if not train:
        raise ValueError("There are no training texts, so nothing can overlap with them.")
    grams = [word_ngrams(text, n) for text in train]
    best = []
    for text in test:
        own = word_ngrams(text, n)
        best.append(max(len(own & other) / max(1, len(own | other)) for other in grams))
    return np.array(best)


def nearest_cosine(train: np.ndarray, test: np.ndarray) -> np.ndarray:
    """For each test vector the largest cosine with a training vector, shape (test,).

    Raises:
        ValueError: a row has not the length 1.
    """
    _require_units(train)
    _require_units(test)
    return (test @ train.T).max(axis=1)


def plant_leaks(
    questions: Sequence[Question],
    copied: Sequence[Question],
    reworded: Sequence[Question],
    other_words: Sequence[Question],
) -> list[Question]:
    """A leaky training set: `questions`, then a copy of each of `copied`, then each of `reworded`
    in other words.

    A copy has small letters and other points. The other words are the first question in
    `other_words` that asks for the same fact of the same product.

    Raises:
        ValueError: a question has no other wording.
    """
    wordings: dict[tuple[str | None, str | None], Question] = {}
    for question in other_words:
        wordings.setdefault((question.product, question.fact), question)
    copies = [replace(q, text=q.text.lower().replace("?", " ?")) for q in copied]
    for question in reworded:
        if (question.product, question.fact) not in wordings:
            raise ValueError(f"There are no other words for {question.text!r}: leave it out.")
    return [*questions, *copies, *(wordings[q.product, q.fact] for q in reworded)]


# ---------------------------------------------------------------- house wording


@dataclass(frozen=True)
class HouseTerm:
    """A term of the style guide and the ordinary words it replaces, with all their forms."""

    term: str
    forms: tuple[str, ...]
    instead_of: tuple[str, ...]


@dataclass(frozen=True)
class StylePair:
    """An ordinary sentence and the same in house wording. `split` is "train", "dev", "test" or
    "new_terms", whose terms stand in no training pair."""

    id: str
    split: str
    plain: str
    house: str


def _house_style() -> dict[str, Any]:
    return json.loads((data_dir() / "house_style.json").read_text(encoding="utf-8"))


def house_terms() -> list[HouseTerm]:
    """The ten house terms of Larkspur's style guide, with plural and verb forms."""
    return [
        HouseTerm(
            row["term"],
            (row["term"], *row["forms"]),
            (*row["instead_of"], *row["instead_of_forms"]),
        )
        for row in _house_style()["terms"]
    ]


def style_pairs(split: str | None = None) -> list[StylePair]:
    """Pairs of an ordinary sentence and its house wording, written for this lesson.

    Raises:
        ValueError: there is no such split.
    """
    pairs = [StylePair(**row) for row in _house_style()["pairs"]]
    splits = {pair.split for pair in pairs}
    if split is not None and split not in splits:
        raise ValueError(f"There is no split {split!r}. Choose one of {', '.join(sorted(splits))}.")
    return [pair for pair in pairs if split in (None, pair.split)]


STYLE_REQUEST = "Rewrite this sentence in Larkspur's house style: "


def style_rules() -> str:
    """The rules of the style guide as a prompt can state them, with all ten terms."""
    lines = [f'Say "{x.term}" instead of "{x.instead_of[0]}".' for x in house_terms()]
    return (
        "You write in the house style of Larkspur Kitchen Works. "
        + " ".join(lines)
        + " Write at most 22 words, in the active voice. No exclamation marks, no capitals for "
        "emphasis. Keep every number."
    )


def style_prompt(
    plain: str, tokenizer: Any, rules: str = "", shown: Sequence[StylePair] = ()
) -> str:
    """The chat prompt that asks for `plain` in house style.

    `rules` stand before each request; the pairs in `shown` come first, as earlier turns of the
    same conversation.
    """
    request = f"{rules}\n\n{STYLE_REQUEST}" if rules else STYLE_REQUEST
    messages: list[dict[str, str]] = []
    for number, pair in enumerate(shown):
        asked = (request if number == 0 else STYLE_REQUEST) + pair.plain
        messages.append({"role": "user", "content": asked})
        messages.append({"role": "assistant", "content": pair.house})
    last = (STYLE_REQUEST if shown else request) + plain
    messages.append({"role": "user", "content": last})
    return tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)


def nearest_pairs(
    plain: str, pairs: Sequence[StylePair], embedder: SentenceTransformer, k: int = 4
) -> list[StylePair]:
    """The k pairs whose ordinary sentence is nearest to `plain`, the nearest one last."""
    vectors = embed_cached([pair.plain for pair in pairs], embedder)
    best = np.argsort(-(vectors @ embed_cached([plain], embedder)[0]))[:k]
    return [pairs[row] for row in best[::-1]]


def contains_word(text: str, forms: Sequence[str]) -> bool:
    """Whether one of the forms stands in the text as whole words, in upper or lower case.

    "owner" is not found in "ownership", "spare part" not in "spare partner". Any run of white
    space, and a line break, count as one space.
    """
    return any(
        re.search(rf"(?<![\w-]){_spaced(form)}(?![\w-])", text, re.IGNORECASE) for form in forms
    )


def _spaced(form: str) -> str:
    return r"\s+".join(re.escape(word) for word in form.split())


def terms_due(pair: StylePair, terms: Sequence[HouseTerm]) -> list[HouseTerm]:
    """The house terms that stand in the house wording of a pair."""
    return [term for term in terms if contains_word(pair.house, term.forms)]


def terms_used(text: str, due: Sequence[HouseTerm]) -> list[bool]:
    """For each term that is due: whether the text uses it, and not also the ordinary word."""
    return [
        contains_word(text, term.forms) and not contains_word(text, term.instead_of) for term in due
    ]


def format_faults(text: str) -> list[str]:
    """What the style guide objects to in the form of a text; an empty list if nothing.

    "empty", "long" (above 22 words in a sentence), "exclamation mark", "capitals" (a word of three
    letters or more in capitals) and "several lines" (a heading or a list around the sentence).
    """
    faults = []
    if not text.strip():
        faults.append("empty")
    if any(len(sentence.split()) > 22 for sentence in re.split(r"(?<=[.!?])\s+", text)):
        faults.append("long")
    if "!" in text:
        faults.append("exclamation mark")
    if re.search(r"\b[A-Z]{3,}\b", text):
        faults.append("capitals")
    if "\n" in text.strip():
        faults.append("several lines")
    return faults


_LITTLE = frozenset(
    ("and", "are", "as", "at", "be", "by", "for", "from", "has", "have", "in", "is", "it", "its")
    + ("no", "not", "of", "on", "or", "our", "that", "this", "to", "was", "we", "will", "with")
    + ("you", "your")
)


def content_kept(text: str, pair: StylePair) -> float:
    """The share of a pair's content words that a rewriting keeps, between 0 and 1.

    Content words are those that stand in both wordings of the pair: numbers, things, verbs. Little
    words such as "of" do not count.
    """
    words = (set(normalise(pair.plain)) & set(normalise(pair.house))) - _LITTLE
    return len(words & set(normalise(text))) / len(words) if words else 1.0


def score_style(texts: Sequence[str], pairs: Sequence[StylePair]) -> dict[str, np.ndarray]:
    """Four scores of each rewriting, each an array of shape (texts,).

    "terms": the share of the due house terms that are used; "form": no fault of format; "content":
    the share of content words kept; "all": every term, no fault, and at least three quarters of
    the content.
    """
    terms = house_terms()
    rows = list(zip(texts, pairs, strict=True))
    used = np.array([np.mean(terms_used(text, terms_due(pair, terms))) for text, pair in rows])
    form = np.array([not format_faults(text) for text in texts], dtype=float)
    content = np.array([content_kept(text, pair) for text, pair in rows])
    everything = (used == 1) & (form == 1) & (content >= 0.75)
    return {"terms": used, "form": form, "content": content, "all": everything.astype(float)}


def search_and_replace(text: str, terms: Sequence[HouseTerm]) -> str:
    """Put the house term for each ordinary word, singular for singular and plural for plural.

    The rival that needs no model: it knows words, and nothing of sentences.
    """
    for term in terms:
        for ordinary in sorted(term.instead_of, key=len, reverse=True):
            many = ordinary.endswith("s") and not ordinary.endswith("ss")
            house = next((f for f in term.forms if f.endswith("s")), term.term) if many else None
            text = re.sub(
                rf"(?<![\w-]){_spaced(ordinary)}(?![\w-])",
                house or term.term,
                text,
                flags=re.IGNORECASE,
            )
    return text


# ---------------------------------------------------------------- what is forgotten


def text_losses(texts: Sequence[str], lm: LanguageModel) -> np.ndarray:
    """The loss per token of each text, -log p on average: how much a text surprises the model.

    Read once for these texts and this model, then from the cache. A model with an adapter is read
    with its adapter switched on.

    Returns: float64 array of shape (texts,).
    """
    rows = token_log_probabilities_cached(["Text:\n"] * len(texts), list(texts), lm)
    return np.array([-row.mean() for row in rows])
