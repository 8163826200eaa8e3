"""Checks of lesson 12, break_and_diagnose: the functions that mend patients C, D, F and G."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from coursekit.corpus import Question
from coursekit.exercises import Wrong, as_list, as_number, call, exercise
from coursekit.language import t


def _is_table(got: Any) -> bool:
    """Whether that is a list of lists, in whatever kind of list, array or tensor."""
    try:
        for row in as_list(got):
            as_list(row)
    except Wrong:
        return False
    return True


def _rows(got: Any, what: str) -> list[list[int]]:
    """Lists of whole numbers, from lists, tuples, arrays or tensors."""
    rows = [as_list(row) for row in as_list(got)]
    values = [[as_number(value) for value in row] for row in rows]
    if any(value != round(value) for row in values for value in row):
        raise Wrong(t("{what} must hold whole numbers only.", what=what))
    return [[int(value) for value in row] for row in values]


@exercise(
    "12.1",
    title=lambda: t("Mend patient C"),
    hints=lambda: [
        t("The longest row needs nothing: `longest = max(map(len, rows))`."),
        t("A row needs `longest - len(row)` times `fill`, in front of it."),
        t("The mask of a row is `[0] * gap + [1] * len(row)`. Return the pair of both lists."),
    ],
)
def check_pad_left(pad_left: Callable[..., Any]) -> None:
    # The id of the filling stands inside a row too, as the end mark of a message does in a prompt.
    for rows, fill in (
        ([[5, 6, 7], [8]], 0),
        ([[11, 2, 12], [13], [14, 15, 16, 17], [2, 18]], 2),
        ([[3, 4], [5, 6]], 9),
        ([[21]], 1),
        ([[0, 1, 0, 4, 8], [7, 0]], 0),
    ):
        longest = max(map(len, rows))
        gaps = [longest - len(row) for row in rows]
        ids = [[fill] * gap + row for gap, row in zip(gaps, rows, strict=True)]
        mask = [[0] * gap + [1] * len(row) for gap, row in zip(gaps, rows, strict=True)]
        result = call(pad_left, [list(row) for row in rows], fill)
        if isinstance(result, Mapping):
            raise Wrong(t("You returned a dictionary; the pair (ids, mask) is needed."))
        parts = as_list(result)
        if len(parts) == 2 and not all(map(_is_table, parts)):
            raise Wrong(
                t(
                    "You returned something else than the pair (ids, mask): both are lists that "
                    "hold a list for each row."
                )
            )
        if len(parts) != 2:
            raise Wrong(
                t("You returned {count} things; the pair (ids, mask) is needed.", count=len(parts))
            )
        got_ids, got_mask = _rows(parts[0], "ids"), _rows(parts[1], "mask")
        if got_ids == ids and got_mask == mask:
            continue
        right_ids = [row + [fill] * gap for gap, row in zip(gaps, rows, strict=True)]
        if got_ids == mask and got_mask == ids:
            fault = t("the two are in the wrong order: first the ids, then the mask")
        elif [got_ids, got_mask] == [[i, m] for i, m in zip(ids, mask, strict=True)]:
            fault = t("you made a pair for each row; one pair is needed, all ids, then all masks")
        elif len(got_ids) != len(rows):
            fault = t("{count} rows went in, so {count} rows must come out", count=len(rows))
        elif len({len(row) for row in got_ids}) > 1:
            fault = t("the rows still have different lengths; each needs the longest one's")
        elif got_ids == right_ids:
            fault = t("the filling stands behind the rows; it belongs in front of them")
        elif any(len(row) > longest for row in got_ids):
            fault = t("the rows are longer than the longest one, so there is too much filling")
        elif any(len(row) < longest for row in got_ids):
            fault = t("rows were cut: no token of a prompt may be lost")
        elif got_ids == [row[::-1] for row in right_ids]:
            fault = t("the tokens of the rows have changed their order")
        elif any(g[gap:] != row for g, gap, row in zip(got_ids, gaps, rows, strict=True)):
            fault = t("each row must end in its own tokens, unchanged and in their order")
        elif got_ids != ids:
            fault = t("the filling must be `fill`, here {fill}", fill=fill)
        elif got_mask == [[int(value != fill) for value in row] for row in ids]:
            fault = t(
                "`fill` may stand inside a prompt too, and there it counts: make the mask "
                "from the lengths, not from the ids"
            )
        elif got_mask == [[1 - value for value in row] for row in mask]:
            fault = t("the mask is upside down: 1 stands for a token, 0 for filling")
        elif got_mask == [row[::-1] for row in mask]:
            fault = t("the zeros of the mask stand behind; they belong where the filling is")
        elif all(value == 1 for row in got_mask for value in row):
            fault = t("the mask is 1 everywhere, so the model would read the filling")
        else:
            fault = t("the mask should be {mask}", mask=mask)
        raise Wrong(
            t(
                "For rows {rows} and fill {fill}: {fault}.",
                rows=rows,
                fill=fill,
                fault=fault,
            )
        )


_SENTENCES = (
    "The wake time of the oven is 44 minutes. Do not open the door! Is the lamp green? Then load "
    "the first tray.",
    "Set the deck to 2.5 bar before use. Wait.",
    "Only one sentence stands here.",
    "Short. A much longer sentence follows here, and nobody could ever make it fit into the limit.",
    "One. Two. Three. Four. Five.",
    "Press the key.\nWait for the tone! Save the log as notes.txt first.\nThen let go",
)


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def _packed(sentences: list[str], limit: int) -> list[str]:
    """As many of the sentences in each piece as fit into `limit` characters."""
    pieces: list[str] = []
    for sentence in sentences:
        if pieces and len(pieces[-1]) + 1 + len(sentence) <= limit:
            pieces[-1] += " " + sentence
        else:
            pieces.append(sentence)
    return pieces


def _wrong_end(text: str, whole_sentences: Callable[..., Any]) -> str | None:
    """Which ends of sentences are taken wrongly. With a limit of 1, each sentence comes alone."""
    alone = [str(piece).split() for piece in as_list(call(whole_sentences, text, 1))]
    if alone == [s.split() for s in re.split(r"(?<=[.!?])\s+", text)]:
        return None
    for seen, missed in ((".", "`!` `?`"), (".!", "`?`"), (".?", "`!`")):
        if alone == [s.split() for s in re.split(rf"(?<=[{seen}])\s+", text)]:
            return t("a sentence may end in {missed} too, and you do not cut there", missed=missed)
    if alone == [s.split() for s in re.split(r"(?<=[.!?]) +", text)]:
        return t("behind a sentence a line may end: the white space there need not be a space")
    if alone == [s.split() for s in re.split(r"(?<=[.!?])", text) if s.strip()]:
        return t("a mark without white space behind it, as in 2.5, ends no sentence")
    return None


@exercise(
    "12.2",
    title=lambda: t("Mend patient D"),
    hints=lambda: [
        t(
            r'`re.split(r"(?<=[.!?])\s+", text)` cuts behind each mark, and leaves "2.5" alone. Of '
            "an empty text it makes one empty sentence: leave that out."
        ),
        t(
            "Go through the sentences: put one onto the last piece if it still fits, else begin a "
            "new piece."
        ),
        t("It fits if `len(pieces[-1]) + 1 + len(sentence) <= limit`; the 1 is the space."),
    ],
)
def check_whole_sentences(whole_sentences: Callable[..., Any]) -> None:
    for text in _SENTENCES:
        sentences = re.split(r"(?<=[.!?])\s+", text)
        for limit in (60, 41, 20, 10, 400):
            right = _packed(sentences, limit)
            got = as_list(call(whole_sentences, text, limit))
            if not all(isinstance(piece, str) for piece in got):
                raise Wrong(t("You returned {got}; a list of texts is needed.", got=repr(got)[:80]))
            pieces = [" ".join(piece.split()) for piece in got]
            wide = any(re.search(r"[.!?](?:\s{2,}|[^\S ])", piece.strip()) for piece in got)
            if pieces == right and not wide:
                continue
            words = re.sub(r"\W+", "", "".join(pieces))
            lost = [s for s in sentences if re.sub(r"\W+", "", s) not in words]
            too_long = [sentence for sentence in sentences if len(sentence) > limit]
            ends, at = set(), 0
            for sentence in sentences:
                at += len(_squeezed(sentence))
                ends.add(at)
            borders, at = [], 0
            for piece in pieces:
                at += len(_squeezed(piece))
                borders.append(at)
            if pieces == right:
                fault = t("between two sentences of a piece stands one space, and no line break")
            elif any(not piece for piece in pieces):
                fault = t("one piece is empty: leave it out")
            elif lost and lost == too_long and len(lost) < len(sentences):
                fault = t("a sentence longer than `limit` was left out; it stays, whole")
            elif lost and all(piece in " ".join(text.split()) for piece in pieces):
                fault = t("the sentence {lost!r} was lost", lost=lost[0][-40:])
            elif _squeezed("".join(pieces)) != _squeezed(text):
                fault = t(
                    "text was lost, added or moved: put together, the pieces must hold every "
                    "sentence with its mark, once and in order"
                )
            elif any(sentence not in " ".join(pieces) for sentence in too_long) and not any(
                sentence not in " ".join(pieces) for sentence in sentences if len(sentence) <= limit
            ):
                fault = t("a sentence longer than `limit` was cut; it stays whole")
            elif (wrong_end := _wrong_end(text, whole_sentences)) is not None:
                fault = wrong_end
            elif any(border not in ends for border in borders):
                bad = next(
                    p for p, border in zip(pieces, borders, strict=True) if border not in ends
                )
                fault = t("the piece {piece!r} ends inside a sentence", piece=bad[-40:])
            elif any(piece not in " ".join(text.split()) for piece in pieces):
                fault = t("the white space is not that of the text: one space between sentences")
            elif any(len(p) > limit and p not in sentences for p in pieces):
                fault = t("a piece of several sentences is longer than `limit`; a space counts too")
            elif len(pieces) > len(right):
                fault = t(
                    "two pieces would fit together: fill each one as far as `limit` allows, "
                    "also to the last character"
                )
            else:
                fault = t(
                    "each piece, from the first on, takes as many sentences as fit; the pieces "
                    "should be {right}",
                    right=right,
                )
            raise Wrong(
                t(
                    "For the text {text!r} and limit {limit}: {fault}.",
                    text=text[:40] + "...",
                    limit=limit,
                    fault=fault,
                )
            )
    of_nothing = as_list(call(whole_sentences, "", 60))
    if of_nothing:
        raise Wrong(
            t(
                "For an empty text you returned {got}. No sentence stands in it, so no piece does: "
                "return [].",
                got=repr(of_nothing)[:80],
            )
        )


@exercise(
    "12.3",
    title=lambda: t("Mend patient F"),
    hints=lambda: [
        t("The length of each row: `np.linalg.norm(values, axis=1)`, of shape (n,)."),
        t(
            "Divide each row by its own length. The lengths need the shape (n, 1): pass "
            "`keepdims=True`."
        ),
        t("A length of 0 becomes 1 before you divide: `np.where(lengths == 0, 1, lengths)`."),
    ],
)
def check_to_unit(to_unit: Callable[..., Any]) -> None:
    rng = np.random.default_rng(12)
    cases = [rng.normal(size=(6, 4)) * 3, rng.normal(size=(5, 5)), rng.normal(size=(1, 3)) * 0.01]
    with_zeros = rng.normal(size=(4, 3)).astype(np.float32)
    with_zeros[2] = 0.0
    whole_numbers = np.array([[3, 4, 0], [0, 0, 0], [-5, 0, 12]])
    for vectors in [*cases, with_zeros, whole_numbers]:
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        right = vectors / np.where(lengths == 0, 1, lengths)
        given = vectors.copy()
        got = call(to_unit, given)
        try:
            values = np.array(as_list(got), dtype=float)
        except (TypeError, ValueError):
            raise Wrong(
                t("You returned something that is no table of numbers; rows of vectors are needed.")
            ) from None
        if values.shape != vectors.shape:
            raise Wrong(
                t(
                    "Vectors of shape {shape} went in and an array of shape {got} came out; the "
                    "shape must stay.",
                    shape=vectors.shape,
                    got=values.shape,
                )
            )
        if np.allclose(values, right, atol=1e-4):
            if not np.array_equal(given, vectors):
                raise Wrong(
                    t(
                        "The numbers are right, and the array that went in has changed too. Work "
                        "on a new array: `values / lengths` makes one, `values /= lengths` does "
                        "not."
                    )
                )
            continue
        if vectors is whole_numbers and np.array_equal(values, np.trunc(right)):
            raise Wrong(
                t(
                    "With whole numbers in, your results are whole numbers too, so their fractions "
                    "are lost. Put them into an array of floats."
                )
            )
        got_lengths = np.linalg.norm(values, axis=1)
        worst = int(np.argmax(np.where(lengths[:, 0] == 0, 0, abs(got_lengths - 1))))
        along = np.einsum("ij,ij->i", values, right) / np.where(got_lengths == 0, 1, got_lengths)
        zero = lengths[:, 0] == 0
        if zero.any() and not np.isfinite(values[zero]).all():
            fault = t("the row of zeros became nan: it has no direction, so leave it at zero")
        elif not np.isfinite(values).all():
            fault = t("some of your numbers are nan or infinite")
        elif np.allclose(values, vectors):
            fault = t("the vectors came back unchanged")
        elif zero.any() and not np.allclose(values[zero], 0, atol=1e-4):
            fault = t("the row of zeros was changed: it has no direction, so leave it at zero")
        elif (
            np.allclose(
                np.linalg.norm(values, axis=0)[~np.isclose(vectors, 0).all(axis=0)], 1, atol=1e-4
            )
            and len(vectors) != 1
        ):
            fault = t("the columns have length 1 now; each *row* is a vector: use `axis=1`")
        elif np.allclose(values * np.abs(vectors).sum(axis=1, keepdims=True), vectors, atol=1e-4):
            fault = t(
                "you divided by the sum of the absolute values; the length is the root of "
                "the sum of squares"
            )
        elif np.allclose(values * vectors.sum(axis=1, keepdims=True), vectors, atol=1e-4):
            fault = t(
                "you divided by the sum of the numbers; the length is the root of the sum of "
                "squares"
            )
        elif np.allclose(values * np.abs(vectors).max(axis=1, keepdims=True), vectors, atol=1e-4):
            fault = t(
                "you divided by the largest number; the length is the root of the sum of squares"
            )
        elif np.allclose(values, vectors * lengths, atol=1e-4):
            fault = t("you multiplied by the lengths; divide by them")
        elif np.allclose(values * lengths**2, vectors, atol=1e-4):
            fault = t("you divided by the sum of squares; take its root first")
        elif np.allclose(np.linalg.norm(values), 1, atol=1e-4) and len(vectors) > 1:
            fault = t("the whole table has length 1 now; each row needs a length of its own")
        elif np.allclose(got_lengths[~zero], 1, atol=1e-3):
            fault = t("the lengths are right, and the directions have changed")
        elif not np.allclose(along[~zero], 1, atol=0.02):
            fault = t(
                "the directions have changed: divide each row by one number, its own length, and "
                "do nothing else to it"
            )
        else:
            fault = t(
                "row {row} has length {length}, not 1",
                row=worst,
                length=f"{got_lengths[worst]:.3f}",
            )
        raise Wrong(t("For vectors of shape {shape}: {fault}.", shape=vectors.shape, fault=fault))


def _question(number: int, text: str, product: str | None, fact: str | None) -> Question:
    return Question(
        id=f"q{number}",
        text=text,
        answer="x",
        kind="prose",
        split="train",
        product=product,
        family=None,
        gold_passages=(),
        fact=fact,
    )


@exercise(
    "12.4",
    title=lambda: t("Mend patient G"),
    hints=lambda: [
        t("Two questions ask for the same if `product` *and* `fact` agree; the texts differ."),
        t(
            "Collect the pairs of the training questions in a set: "
            "`{(q.product, q.fact) for q in first}`."
        ),
        t("Keep the test questions whose pair is not in that set, in their order."),
    ],
)
def check_unseen(unseen: Callable[..., Any]) -> None:
    train = [
        _question(1, "How long is the wake time of the Teal 4?", "teal-4", "wake"),
        _question(2, "What does the Teal 4 weigh?", "teal-4", "weight"),
        _question(3, "How hot does the Teal 6 get?", "teal-6", "heat"),
        _question(4, "Where is the net loft?", None, "company.loft"),
        _question(4, "Who signs the card of a machine?", None, "company.card"),
    ]
    test = [
        _question(9, "How heavy is the Teal 6?", "teal-6", "weight"),  # product and fact are known,
        _question(8, "When is the Teal 4 warm?", "teal-4", "wake"),  # but only here as a pair
        _question(12, "How heavy is the Teal 4?", "teal-4", "weight"),
        _question(7, "In which house is the net loft?", None, "company.loft"),
        _question(6, "How long is the wake time of the Teal 6?", "teal-6", "wake"),
        _question(5, "When was the company founded?", None, "company.founded"),
        _question(1, "What is the price of the Teal 4?", "teal-4", "price"),  # an id of training
    ]
    test.append(replace(test[0], id="q10", text="What is the mass of the Teal 6?"))
    test.append(_question(13, "Who built the Teal 9?", "teal-9", "builder"))
    test.append(_question(11, "What does the Teal 9 weigh?", "teal-9", "weight"))
    pairs = {(q.product, q.fact) for q in train}
    twice = [test[5], test[1], test[5]]
    for known, asked in (
        (train, test),
        (train[:1], test),
        ([], test),
        (train, test[1:4]),
        (train, twice),
    ):
        pairs = {(q.product, q.fact) for q in known}
        right = [q for q in asked if (q.product, q.fact) not in pairs]
        got = _call_for_list(unseen, known, asked)
        if not all(isinstance(question, Question) for question in got):
            raise Wrong(
                t(
                    "You returned {got}; return the questions themselves, not a part of them.",
                    got=repr(got)[:80],
                )
            )
        if got == right:
            continue
        products, facts = {q.product for q in known}, {q.fact for q in known}
        if sorted(map(id, got)) == sorted(map(id, right)):
            fault = t("those are the right ones, but their order has changed")
        elif not known:
            fault = t("where `first` is empty, nothing is known yet: all of `second` stays")
        elif got == [q for q in asked if (q.product, q.fact) in pairs]:
            fault = t("those are the ones to leave out")
        elif not got:
            fault = t("no question is left, and {count} should stay", count=len(right))
        elif any(q not in asked for q in got):
            fault = t("there are questions among them that do not stand in the test")
        elif got == [q for q in asked if q.fact not in facts]:
            fault = t(
                "the fact alone does not make a pair: wake times of two machines are two "
                "facts. Compare product and fact together"
            )
        elif got == [q for q in asked if q.product not in products]:
            fault = t(
                "the product alone does not make a pair: other facts of the same machine are "
                "not known yet. Compare product and fact together"
            )
        elif got == [q for q in asked if q.product not in products and q.fact not in facts] or (
            got == [q for q in asked if q.product not in products or q.fact not in facts]
        ):
            fault = t(
                "a pair is known only if one training question has both; you compared "
                "product and fact apart"
            )
        elif got == [q for q in asked if q.id not in {k.id for k in known}]:
            fault = t("the ids say nothing: a reworded question has an id of its own")
        elif got == list(asked):
            fault = t("nothing was left out: the texts differ, and the facts are the same")
        elif len(got) < len(right) and (
            {(q.product, q.fact) for q in got} == {(q.product, q.fact) for q in right}
        ):
            fault = t("two questions of the test that ask for the same may both stay")
        elif got == [q for q in right if q.product is not None]:
            fault = t("questions about the company have the product None, and may stay too")
        elif got == [q for q in asked if q in right or q.product is None]:
            fault = t("a question about the company, with the product None, can be known too")
        elif len(got) > len(set(map(id, got))):
            fault = t("a question stands there more than once")
        elif any(q not in got for q in right):
            one = next(q for q in right if q not in got)
            fault = t("{text!r} should stay: no question of `first` asks for it", text=one.text)
        else:
            one = next((q for q in got if q not in right), got[0])
            fault = t("{text!r} should go: a question of `first` asks for it", text=one.text)
        raise Wrong(
            t(
                "With {train} training and {test} test questions you kept {got}: {fault}.",
                train=len(known),
                test=len(asked),
                got=len(got),
                fault=fault,
            )
        )


def _call_for_list(function: Callable[..., Any], *args: list[Any]) -> list[Any]:
    """Call with copies. An empty list is an answer, so only None is refused."""
    return as_list(call(function, *(list(arg) for arg in args)))
