"""Triples that test what nearness can tell: a text, a right one and a wrong one.

Lesson 02 measures how often the right one is nearer.
"""

from __future__ import annotations

import json
import re
from itertools import pairwise
from typing import NamedTuple

from coursekit.corpus import company_chunks, company_facts, company_questions
from coursekit.paths import data_dir

_NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n")


class Triple(NamedTuple):
    """A text, one that should be near to it, and one that should be further away."""

    text: str
    right: str
    wrong: str


class AmountStep(NamedTuple):
    """The same fact of two machines of a family: the lower and the higher value, in `unit`."""

    label: str
    low: float
    high: float
    unit: str


def negation_triples() -> list[Triple]:
    """Statements, each with one that says the same in other words and one that says the opposite.

    The opposite keeps the words of the statement and adds or drops a negation.
    """
    path = data_dir() / "negations.json"
    return [Triple(*row) for row in json.loads(path.read_text(encoding="utf-8"))]


def number_triples(split: str = "dev", cut: bool = False) -> list[Triple]:
    """Questions with their answer, the gold passage, and a forged passage with a twin's number.

    With `cut`, both passages are reduced to the first sentence that differs.
    Only questions about one machine whose answer begins with a number, and whose machine has a
    twin with another value of the same fact.
    """
    text_of = {chunk.id: chunk.text for chunk in company_chunks()}
    questions = [q for q in company_questions(split=split) if q.product and q.answer]
    triples = []
    for question in questions:
        number = _NUMBER.match(question.answer)
        twins = [
            _NUMBER.match(other.answer)
            for other in questions
            if (other.family, other.fact) == (question.family, question.fact)
            and other.answer != question.answer
        ]
        if number and twins and twins[0]:
            passage = text_of[question.gold_passages[0]]
            whole = re.compile(rf"(?<![\d.,]){re.escape(number.group())}(?!\d|[.,]\d)")
            forged = whole.sub(twins[0].group(), passage)
            if cut:
                pairs = zip(_SENTENCE.split(passage), _SENTENCE.split(forged), strict=True)
                passage, forged = next(pair for pair in pairs if pair[0] != pair[1])
            triples.append(Triple(f"{question.text} {question.answer}", passage, forged))
    return triples


def amount_steps() -> list[AmountStep]:
    """Neighbouring values of each fact within a family, of the machines outside the test split."""
    values: dict[tuple[str | None, str, str], list[float]] = {}
    for fact in company_facts():
        value = fact.values["2025-03"]
        number = _NUMBER.match(value)
        if fact.split != "test" and fact.product and number:
            amount = float(number.group().replace(",", ""))
            key = (fact.family, fact.label, value[number.end() :].strip())
            values.setdefault(key, []).append(amount)
    return [
        AmountStep(label, low, high, unit)
        for (_, label, unit), found in values.items()
        for low, high in pairwise(sorted(set(found)))
    ]
