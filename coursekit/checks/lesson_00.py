"""Checks of lesson 00, start_here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from coursekit.exercises import Wrong, as_number, call, exercise
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
        ([0.3, 0.5, 0.12, 0.71, 0.45, 0.33], 3),
        ([0.1, 0.2, 0.8, 0.25, 0.4], 2),
        ([0.9, 0.2], 0),
        ([0.2, 0.3, 0.1, 0.6], 3),
        ([-0.4, -0.9, -0.1, -0.3], 2),
        ([-7.0, -3.5, -9.25], 1),
        ([0.25], 0),
    ):
        number = as_number(call(nearest, list(scores)))
        if number == place:
            continue
        if number in scores:
            fault = t("that is a score; the exercise asks for its place in the list")
        elif max(scores) < 0:
            fault = t(
                "all scores are negative here, and the highest stands at place {place}: start from "
                "the first score, not from a fixed number, and keep the sign",
                place=place,
            )
        elif number == place - len(scores):
            fault = t("that counts from the end; count from the start, from 0")
        elif number == place + 1 != len(scores) - 1:
            fault = t("places are counted from 0, not from 1")
        elif number == scores.index(min(scores)):
            fault = t("that is the place of the lowest score")
        elif number == 0:
            fault = t("that is the first place; let the loop reach its end before you return")
        elif number == len(scores) - 1:
            fault = t(
                "that is the last place; compare each score with the best one so far (not with its "
                "neighbour), and do not sort the list, for that moves the places"
            )
        elif place == len(scores) - 1:
            fault = t("the highest score is the last one, so your loop must reach it")
        else:
            fault = t("the highest score stands at place {place}", place=place)
        raise Wrong(
            t(
                "For {scores} you returned {got}: {fault}.",
                scores=scores,
                got=f"{number:g}",
                fault=fault,
            )
        )


@exercise(
    "00.2",
    title=lambda: t("A prompt with a passage"),
    hints=lambda: [
        t('An f-string puts values into a text: `f"... {passage} ..."`.'),
        t("Put the passage first and the question last: the model continues from the end."),
        t('For example: `return f"Context: {passage}\\n\\nQuestion: {question}"`.'),
    ],
)
def check_build_prompt(build_prompt: Callable[..., Any]) -> None:
    long = "The Wren has a cable of two metres. " * 40 + "Its plug is red."
    for question, passage in (
        ("How long is the cable?", "The Wren has a cable of two metres."),
        ("Who feeds the cat?", "Gasket is fed by whoever opens the net loft."),
        ("Which plug?", long),
        ("Is it on?", '  The "Wren" hums:\n\n- once a minute\n-  twice at night\n'),
        ("What is {x} at 5 %?", "Write {x} for 100 % and {0} for less; 7 % s is a typing error."),
    ):
        try:
            got = call(build_prompt, question, passage)
        except Wrong as error:
            if "{" not in passage:
                raise
            fault = t(
                "A passage may hold braces or a percent sign, so put it in last, or use an "
                "f-string: what an f-string puts in is not read again."
            )
            raise Wrong(f"{error} {fault}") from error
        if not isinstance(got, str):
            raise Wrong(
                t(
                    "You returned a value of type {kind}; the prompt is one string.",
                    kind=type(got).__name__,
                )
            )
        if "{passage}" in got or "{question}" in got:
            raise Wrong(t("The braces were not filled in. Put an `f` before the opening quote."))
        if passage not in got:
            raise Wrong(_missing_passage(got, passage, question))
        if question not in got:
            if _plain(question).rstrip("?") in _plain(got):
                raise Wrong(
                    t("Part of the question {question!r} was changed.", question=question)
                    + " "
                    + t("It must stand in the prompt complete and unchanged.")
                )
            raise Wrong(t("The question is missing: the model would not know what to answer."))
        if got.index(passage) > got.rindex(question):
            raise Wrong(
                t(
                    "The question stands before the passage. Put the passage first, the question "
                    "last."
                )
            )


def _plain(text: str) -> str:
    return " ".join(text.lower().split())


def _missing_passage(got: str, passage: str, question: str) -> str:
    if _plain(passage) in _plain(got):
        return t(
            "The passage stands in your prompt, but its capital letters, spaces or line breaks are "
            "not the same. It must stay unchanged."
        )
    if _plain(passage)[:12] in _plain(got):
        return t("The passage was cut or changed on its way. It must stay complete and unchanged.")
    if question not in got:
        return t(
            "Neither the question nor the passage stands in your prompt. Use the two values that "
            "your function is given, not those of the example."
        )
    return t("The passage is missing: without it the model has to guess.")


@exercise(
    "00.3",
    title=lambda: t("Does it name its source?"),
    hints=lambda: [
        t("A source is a whole number between square brackets at the end of the answer."),
        t(
            "The module `re` finds patterns: `\\[` is a bracket, `\\d+` one digit or more, `$` the "
            "end."
        ),
        t(
            '`re.search(r"\\[\\d+\\]\\s*$", answer)` gives a match or None; `bool(...)` makes it '
            "True or False."
        ),
    ],
)
def check_has_source(has_source: Callable[..., Any]) -> None:
    for answer, right, why in (
        ("38 minutes [2]", True, t("it ends with a passage number")),
        ("beech [11]", True, t("a number may have two digits")),
        ("38 minutes [3]  ", True, t("spaces at the very end do not count")),
        ("[1] says beech [4]", True, t("it ends with a passage number")),
        ("38 minutes", False, t("there is no passage number in it")),
        ("38 minutes (2)", False, t("round brackets are no citation")),
        ("beech [see manual]", False, t("there is no number between the brackets")),
        ("beech [B]", False, t("there is no number between the brackets")),
        ("beech []", False, t("the brackets are empty")),
        ("[1] says 38 minutes, I think", False, t("the number does not stand at the end")),
        ("38 minutes [2].", False, t("the full stop stands at the end, not the number")),
        ("the Kestrel 2", False, t("the number has no brackets")),
        ("the Kestrel 2]", False, t("the opening bracket is missing")),
        ("the Kestrel [2", False, t("the closing bracket is missing")),
        ("45 minutes [2.5]", False, t("2.5 is not a whole number")),
        ("", False, t("it is empty")),
    ):
        got = call(has_source, answer)
        if getattr(got, "ndim", 0) or got not in (True, False):
            raise Wrong(
                t(
                    "For the answer {answer!r} you returned a value of type {kind}; return True or "
                    "False, which `bool(...)` makes of a search result.",
                    answer=answer,
                    kind=type(got).__name__,
                )
            )
        if bool(got) == right:
            continue
        raise Wrong(
            t(
                "For the answer {answer!r} you said {got}, but it is {right}: {why}.",
                answer=answer,
                got=not right,
                right=right,
                why=why,
            )
        )
