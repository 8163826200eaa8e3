"""Checks of lesson 00, start_here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from coursekit.exercises import Wrong, call, exercise
from coursekit.language import t


@exercise(
    "00.1",
    title=lambda: t("The nearest passage"),
    hints=lambda: [
        t("You need the place of the highest score, not the score itself."),
        t("Python counts places from 0. `max(range(len(scores)), key=...)` finds a place."),
        t("NumPy has it ready: `np.argmax(scores)`."),
    ],
)
def check_nearest(nearest: Callable[..., Any]) -> None:
    for scores, place in (
        ([0.12, 0.71, 0.33], 1),
        ([0.9, 0.2], 0),
        ([-0.4, -0.9, -0.1, -0.3], 2),
        (np.array([0.1, 0.2, 0.3, 0.25, 0.8]), 4),
    ):
        got = call(nearest, scores)
        shown = [float(s) for s in scores]
        try:
            number = float(got)
        except (TypeError, ValueError):
            raise Wrong(
                t("For {scores} you returned {got}; one whole number is needed.", scores=shown, got=got)
            ) from None
        if number == place:
            continue
        if any(np.isclose(number, s) for s in shown):
            fault = t("that is a score; the exercise asks for its place in the list")
        elif number == int(np.argmin(shown)):
            fault = t("that is the place of the lowest score")
        elif number == place + 1:
            fault = t("places are counted from 0, not from 1")
        else:
            fault = t("the highest score stands at place {place}", place=place)
        raise Wrong(t("For {scores} you returned {got}: {fault}.", scores=shown, got=got, fault=fault))


@exercise(
    "00.2",
    title=lambda: t("A prompt with a passage"),
    hints=lambda: [
        t("An f-string puts values into a text: `f\"... {passage} ...\"`."),
        t("Put the passage first and the question last: the model continues from the end."),
        t("For example: `return f\"Context: {passage}\\n\\nQuestion: {question}\"`."),
    ],
)
def check_build_prompt(build_prompt: Callable[..., Any]) -> None:
    for question, passage in (
        ("How long is the cable?", "The Wren has a cable of two metres."),
        ("Who feeds the cat?", "Gasket is fed by whoever opens the net loft."),
    ):
        got = call(build_prompt, question, passage)
        if not isinstance(got, str):
            raise Wrong(
                t("You returned a {kind}; the prompt is one string.", kind=type(got).__name__)
            )
        if "{passage}" in got or "{question}" in got:
            raise Wrong(t("The braces were not filled in. Put an `f` before the opening quote."))
        if passage not in got and question not in got:
            raise Wrong(t("Neither the question nor the passage stands in your prompt."))
        if passage not in got:
            raise Wrong(t("The passage is missing: without it the model has to guess."))
        if question not in got:
            raise Wrong(t("The question is missing: the model would not know what to answer."))
        if got.index(passage) > got.rindex(question):
            raise Wrong(
                t("The question stands before the passage. Put the passage first, the question last.")
            )


@exercise(
    "00.3",
    title=lambda: t("Does it name its source?"),
    hints=lambda: [
        t("A source is a whole number between square brackets at the end of the answer."),
        t("The module `re` finds patterns: `\\[` is a bracket, `\\d+` one digit or more, `$` the end."),
        t("`re.search(r\"\\[\\d+\\]\\s*$\", answer)` gives a match or None; `bool(...)` makes it True or False."),
    ],
)
def check_has_source(has_source: Callable[..., Any]) -> None:
    for answer, right, why in (
        ("38 minutes [2]", True, t("it ends with a passage number")),
        ("beech [11]", True, t("a number may have two digits")),
        ("38 minutes", False, t("there is no passage number in it")),
        ("38 minutes (2)", False, t("round brackets are no citation")),
        ("beech [see manual]", False, t("there is no number between the brackets")),
        ("[1] says 38 minutes, I think", False, t("the number does not stand at the end")),
        ("", False, t("it is empty")),
    ):
        # A search that finds nothing gives None, which counts as False: so None is no fault here.
        try:
            got = bool(has_source(answer))
        except Exception:
            got = bool(call(has_source, answer))
        if got != right:
            raise Wrong(
                t(
                    "For the answer {answer!r} you said {got}, but it is {right}: {why}.",
                    answer=answer,
                    got=got,
                    right=right,
                    why=why,
                )
            )
