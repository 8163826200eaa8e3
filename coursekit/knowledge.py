"""What a language model knows by itself: questions, short answers, samples, next tokens.

Lesson 01 asks these questions to see what the model knows, half-knows and invents; lesson 10 asks
them again, to see what a model forgets while it is tuned.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from coursekit.cache import cached_json, digest
from coursekit.language import format_number, t
from coursekit.likelihood import token_log_probabilities
from coursekit.paths import data_dir
from coursekit.plots import PALETTE
from coursekit.rag import assemble_prompt, generate_cached
from coursekit.scoring import contains_answer, normalise

if TYPE_CHECKING:
    import torch

    from coursekit.models import LanguageModel

LEVELS = (1, 2, 3, 4)
EXAMPLES = (
    ("What is the capital of Spain?", "Madrid"),
    ("Who wrote the novel Frankenstein?", "Mary Shelley"),
    ("In which year did the First World War begin?", "1914"),
    ("How many wheels does a bicycle have?", "two"),
)


@dataclass(frozen=True)
class GeneralQuestion:
    """A question of general knowledge. An answer is right if it contains one of `answers`.

    `level` runs from 1, what nearly everybody knows, to 4, what few people know.
    """

    id: str
    text: str
    answers: tuple[str, ...]
    level: int


def general_questions(level: int | None = None) -> list[GeneralQuestion]:
    """The forty questions of general knowledge, ten of each level, in a fixed order.

    Raises:
        ValueError: there is no such level.
    """
    if level is not None and level not in LEVELS:
        raise ValueError(f"There is no level {level!r}. Choose one of 1, 2, 3 and 4, or None.")
    rows = json.loads((data_dir() / "general_questions.json").read_text(encoding="utf-8"))
    questions = [
        GeneralQuestion(row["id"], row["question"], tuple(row["answers"]), row["level"])
        for row in rows
    ]
    return [question for question in questions if level in (None, question.level)]


def knows(answers: Sequence[str], questions: Sequence[GeneralQuestion]) -> np.ndarray:
    """Whether each answer contains an accepted one: bool array of shape (questions,)."""
    return np.array(
        [
            any(contains_answer(answer, accepted) for accepted in question.answers)
            for answer, question in zip(answers, questions, strict=True)
        ],
        dtype=bool,
    )


def quiz_prompt(question: str) -> str:
    """Four questions with short answers, then `question`: the model goes on in the same form.

    The examples show the form of an answer; none of them is among the questions.
    """
    shown = "".join(f"Question: {asked}\nAnswer: {answer}\n\n" for asked, answer in EXAMPLES)
    return f"{shown}Question: {question}\nAnswer:"


def quiz_answers(questions: Sequence[str], lm: LanguageModel) -> list[str]:
    """The model's short answer to each question, by `quiz_prompt`: one line, with a space first.

    The space belongs to the answer's first token, so `quiz_prompt(question) + answer` is the text
    that the model has written.
    """
    written = generate_cached([quiz_prompt(q) for q in questions], lm, max_new_tokens=10)
    return [" " + text.split("\n")[0].strip() for text in written]


def chat_answers(questions: Sequence[str], lm: LanguageModel, before: str = "") -> list[str]:
    """The model's answers to chat messages: `before`, then the question; at most 20 tokens."""
    prompts = [
        assemble_prompt(before + text, [], lm.tokenizer, answer_start="") for text in questions
    ]
    return generate_cached(prompts, lm, max_new_tokens=20)


def labelled_tokens(
    prompt: str, answer: str, lm: LanguageModel
) -> tuple[torch.Tensor, torch.Tensor]:
    """One training example: the tokens of prompt and answer, and the labels to learn.

    Returns: ids and labels, both of shape (1, tokens). The label of a token of the prompt is
    -100, which means that there is nothing to learn from it.

    Raises:
        ValueError: the answer is empty.
    """
    import torch

    given = lm.tokenizer.encode(prompt, add_special_tokens=False)
    wanted = lm.tokenizer.encode(answer, add_special_tokens=False)
    if not wanted:
        raise ValueError("The answer is empty, so there is nothing to learn. Write one.")
    ids = torch.tensor([given + wanted], device=lm.device)
    return ids, torch.tensor([[-100] * len(given) + wanted], device=lm.device)


def next_tokens(prompt: str, lm: LanguageModel, k: int = 6) -> list[tuple[str, float]]:
    """The k most probable next tokens after `prompt`, best first, with their probabilities.

    Raises:
        ValueError: k is below 1, or the prompt is empty.
    """
    import torch

    if k < 1:
        raise ValueError(f"k is {k}; ask for at least one token.")
    if not prompt:
        raise ValueError("The prompt is empty, so there is nothing to go on from. Write one.")
    ids = lm.tokenizer.encode(prompt, add_special_tokens=False, return_tensors="pt").to(lm.device)
    with torch.inference_mode():
        logits = lm.model(input_ids=ids).logits[0, -1].float()
    best = logits.softmax(dim=-1).topk(min(k, logits.shape[-1]))
    return [
        (lm.tokenizer.decode([token]), float(p))
        for token, p in zip(best.indices.tolist(), best.values.tolist(), strict=True)
    ]


def sample(
    prompts: Sequence[str],
    lm: LanguageModel,
    n: int = 8,
    temperature: float = 1.0,
    max_new_tokens: int = 8,
    seed: int = 0,
) -> list[list[str]]:
    """Draw n continuations of each prompt, each token by its probability; first lines only.

    `temperature` divides the logits: below 1 probable tokens gain, above 1 improbable ones do.
    Each prompt is read once, and its n continuations share what the model kept of it. The random
    state of torch is left as it was.

    Returns: for each prompt a list of n texts.

    Raises:
        ValueError: n is below 1 or the temperature is not above 0.
    """
    import torch

    if n < 1 or temperature <= 0:
        raise ValueError(
            f"n is {n} and the temperature {temperature}: draw at least one answer, at a "
            "temperature above 0. For the most probable answer use `generate`."
        )
    inputs = lm.tokenizer(
        list(prompts),
        return_tensors="pt",
        padding=True,
        padding_side="left",
        add_special_tokens=False,
    ).to(lm.device)
    mask = inputs["attention_mask"]
    places = (mask.cumsum(dim=1) - 1).clamp(min=0)
    drawn = []
    random = torch.Generator().manual_seed(seed)
    with torch.inference_mode():
        step = lm.model(
            input_ids=inputs["input_ids"],
            attention_mask=mask,
            position_ids=places,
            use_cache=True,
            logits_to_keep=1,
        )
        cache = step.past_key_values
        cache.batch_repeat_interleave(n)
        logits = step.logits[:, -1].repeat_interleave(n, dim=0)  # (prompts * n, words)
        mask = mask.repeat_interleave(n, dim=0)
        places = places[:, -1:].repeat_interleave(n, dim=0)
        while True:
            p = (logits.float() / temperature).softmax(dim=-1).cpu()
            drawn.append(torch.multinomial(p, 1, generator=random))
            if len(drawn) == max_new_tokens:
                break
            mask = torch.cat([mask, mask.new_ones(len(mask), 1)], dim=1)
            places = places + 1
            step = lm.model(
                input_ids=drawn[-1].to(lm.device),
                attention_mask=mask,
                position_ids=places,
                past_key_values=cache,
            )
            logits = step.logits[:, -1]
    texts = [_first_line(row, lm) for row in torch.cat(drawn, dim=1).tolist()]
    return [texts[start : start + n] for start in range(0, len(texts), n)]


def _first_line(ids: list[int], lm: LanguageModel) -> str:
    end = lm.tokenizer.eos_token_id
    kept = ids[: ids.index(end)] if end in ids else ids
    lines = lm.tokenizer.decode(kept, skip_special_tokens=True).strip().split("\n")
    return lines[0].strip()


def answer_probabilities(pairs: Sequence[tuple[str, str]], lm: LanguageModel) -> np.ndarray:
    """The probability that the model goes on from each prompt with exactly this answer.

    Args:
        pairs: (prompt, answer); the product of the probabilities of the answer's tokens counts.

    Returns: float64 array of shape (pairs,).

    Raises:
        ValueError: an answer is empty.
    """
    prompts, answers = zip(*pairs, strict=True)
    return np.exp([values.sum() for values in token_log_probabilities(prompts, answers, lm)])


def is_one_sentence(answer: str) -> bool:
    """Whether a text is one finished sentence: one mark `.`, `!` or `?`, at its end.

    A point inside a number ("2.5") is no end. "Dr. No." counts as two: good enough for a share.
    """
    text = answer.strip()
    return len(re.findall(r"[.!?](?=\s|$)", text)) == 1 and text[-1] in ".!?"


def plot_next_tokens(questions: Sequence[str], lm: LanguageModel, k: int = 6) -> None:
    """One small plot for each question: the k most probable first tokens of a quiz answer."""
    import matplotlib.pyplot as plt

    _, axes = plt.subplots(1, len(questions), sharex=True, squeeze=False, figsize=(7.2, 2.6))
    for ax, question in zip(axes[0], questions, strict=True):
        tokens, probabilities = zip(*next_tokens(quiz_prompt(question), lm, k), strict=True)
        ax.barh(range(len(tokens)), probabilities, color=PALETTE["sea"])
        ax.set_yticks(range(len(tokens)), [repr(token) for token in tokens])
        ax.invert_yaxis()
        ax.set_title(textwrap.fill(question, 22), fontsize=9)
        ax.set_xlabel(t("probability"))
    plt.show()


def plot_parts(names: Sequence[str], parts: dict[str, np.ndarray]) -> None:
    """Stacked horizontal bars of shares: `parts` holds for each part one share for each name."""
    import matplotlib.pyplot as plt

    start = np.zeros(len(names))
    colours = [PALETTE["deep"], PALETTE["sand"], PALETTE["light"]]
    for (part, shares), colour in zip(parts.items(), colours, strict=False):
        plt.barh(names, shares, left=start, label=part, color=colour)
        start = start + shares
    plt.gca().invert_yaxis()
    plt.gca().xaxis.set_major_formatter(lambda value, _: format_number(value, ".0%"))
    plt.xlabel(t("share of questions"))
    plt.figlegend(loc="outside upper center", ncols=len(parts), frameon=False)
    plt.show()


def plot_before_after(names: Sequence[str], before: np.ndarray, after: np.ndarray) -> None:
    """Pairs of horizontal bars, first name at the top: probabilities before and after training."""
    import matplotlib.pyplot as plt

    places = np.arange(len(names))[::-1]
    plt.barh(places + 0.2, before, height=0.38, color=PALETTE["light"], label=t("before"))
    plt.barh(places - 0.2, after, height=0.38, color=PALETTE["deep"], label=t("after"))
    plt.yticks(places, names)
    plt.xlabel(t("probability of the answer"))
    plt.figlegend(loc="outside upper center", ncols=2, frameon=False)
    plt.show()


def sample_cached(
    prompts: Sequence[str], lm: LanguageModel, n: int = 8, temperature: float = 1.0, seed: int = 0
) -> list[list[str]]:
    """`sample`, computed once for these prompts and settings, then read from the cache."""
    settings = {
        "prompts": digest(*prompts),
        **lm.cache_key,
        "n": n,
        "temperature": temperature,
        "seed": seed,
    }
    return cached_json("samples", settings, lambda: sample(prompts, lm, n, temperature, seed=seed))


def agreement(samples: Sequence[str]) -> tuple[str, float]:
    """The most common of several answers, and the share of the answers that say the same.

    Answers are the same if `normalise` gives the same tokens; the first spelling is returned.

    Raises:
        ValueError: there are no samples.
    """
    if not samples:
        raise ValueError("There are no samples, so none of them is the most common. Draw some.")
    keys = [tuple(normalise(text)) for text in samples]
    winner, count = Counter(keys).most_common(1)[0]
    return samples[keys.index(winner)], count / len(samples)
