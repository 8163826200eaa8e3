"""Checks of lesson 10, data_decides."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from coursekit.exercises import Wrong, as_list, as_number, call, exercise
from coursekit.language import t


def _rows(got: Any, what: str) -> list[int]:
    """A list, array, tensor or iterator of row numbers as a list; anything else is `Wrong`."""
    values = as_list(got)
    if any(isinstance(v, str) for v in values):
        raise Wrong(t("{what} holds texts; give row numbers, counted from 0.", what=what))
    if any(isinstance(v, list | tuple) or np.ndim(v) for v in values):
        raise Wrong(t("{what} holds lists; one flat list of row numbers is needed.", what=what))
    if values and all(isinstance(v, bool | np.bool_) for v in values):
        raise Wrong(
            t("{what} holds True and False; give the numbers of the rows instead.", what=what)
        )
    numbers = [as_number(v) for v in values]
    if any(number != round(number) for number in numbers):
        raise Wrong(t("{what} holds numbers that are not whole: give row numbers.", what=what))
    return [int(number) for number in numbers]


@exercise(
    "10.1",
    title=lambda: t("How many examples are enough?"),
    hints=lambda: [
        t("Find the size with the highest share first; you need the lower end of its interval."),
        t("An interval reaches the best one if its upper end is at least that lower end."),
        t(
            "`low = max(curve.values())[1]`, then "
            "`min(size for size, point in curve.items() if point[2] >= low)`"
        ),
    ],
)
def check_smallest_good_size(smallest_good_size: Callable[..., Any]) -> None:
    curves = (
        {7: (0.31, 0.20, 0.42), 30: (0.66, 0.55, 0.77), 90: (0.74, 0.64, 0.83)},
        {90: (0.74, 0.64, 0.83), 7: (0.31, 0.20, 0.42), 30: (0.66, 0.55, 0.77)},
        {4: (0.10, 0.02, 0.20), 16: (0.40, 0.31, 0.52), 64: (0.60, 0.50, 0.70)},
        {10: (0.20, 0.10, 0.30), 20: (0.50, 0.40, 0.60), 40: (0.80, 0.70, 0.90)},
        {5: (0.62, 0.50, 0.79), 50: (0.90, 0.80, 0.95), 500: (0.85, 0.78, 0.92)},
        {20: (0.20, 0.10, 0.30), 60: (0.50, 0.40, 0.50), 80: (0.60, 0.50, 0.70)},
        {1000: (0.71, 0.60, 0.80), 200: (0.69, 0.59, 0.79)},
        {6: (0.72, 0.64, 0.80), 12: (0.50, 0.44, 0.58), 24: (0.78, 0.70, 0.85)},
        {
            8: (0.50, 0.42, 0.58),
            16: (0.66, 0.50, 0.82),
            32: (0.64, 0.60, 0.68),
            64: (0.55, 0.49, 0.61),
        },
        {
            8: (0.40, 0.30, 0.48),
            16: (0.66, 0.56, 0.75),
            32: (0.60, 0.41, 0.79),
            64: (0.65, 0.57, 0.73),
        },
        {15: (0.90, 0.82, 0.96), 45: (0.86, 0.77, 0.93)},
        {25: (0.40, 0.31, 0.49)},
        {
            3: (0.30, 0.22, 0.38),
            9: (0.45, 0.36, 0.52),
            27: (0.58, 0.50, 0.66),
            81: (0.70, 0.62, 0.78),
        },
    )
    for curve in curves:
        best = max(curve, key=lambda size: curve[size][0])
        low = curve[best][1]
        right = min(size for size, point in curve.items() if point[2] >= low)
        got = as_number(call(smallest_good_size, dict(curve)))
        if got == right:
            continue
        inside = [size for size, point in curve.items() if point[0] >= low]
        unsorted = t("it reaches the best one, but so does a smaller size: sizes may be unsorted")
        first = next(size for size, point in curve.items() if point[2] >= low)
        last = max(curve)
        strictly = [size for size, point in curve.items() if point[2] > low]
        lasts = [size for size, point in curve.items() if point[2] >= curve[last][1]]
        low_of_highest = max(curve.values(), key=lambda point: point[2])[1]
        by_high = [size for size, point in curve.items() if point[2] >= low_of_highest]
        highest_low = max(point[1] for point in curve.values())
        by_low = [size for size, point in curve.items() if point[2] >= highest_low]
        if got not in curve:
            fault = t("that is none of the sizes; return a key of `curve`")
        elif list(curve) != sorted(curve) and got == first:
            fault = unsorted
        elif got == min(lasts):
            fault = t("the best size is the one with the highest share, not the largest one")
        elif low_of_highest != low and got == min(by_high):
            fault = t("the best size has the highest share, not the highest upper end")
        elif highest_low != low and got == min(by_low):
            fault = t("the best size has the highest share, not the highest lower end")
        elif got == min(strictly):
            fault = t("two intervals that touch at one end overlap: compare with `>=`")
        elif got == min(inside):
            fault = t("compare the upper end of each interval with the best one's lower end")
        elif got == min(curve):
            fault = t(
                "its interval ends at {high}, below the lower end of the best one",
                high=curve[got][2],
            )
        elif got == best:
            fault = t("that is the best size; a smaller one has an interval that reaches it")
        elif curve[int(got)][2] >= low:
            fault = unsorted
        else:
            fault = t("its interval does not reach the interval of {best}", best=best)
        raise Wrong(
            t(
                "For {curve} you returned {got:g}: {fault}.",
                curve=curve,
                got=got,
                fault=fault,
            )
        )


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9]+", text.lower()))


@exercise(
    "10.2",
    title=lambda: t("Catch the copies"),
    hints=lambda: [
        t("Write a small function that brings one text into a plain form, and use it on all."),
        t('`" ".join(re.findall(r"[a-z0-9]+", text.lower()))` is such a form.'),
        t(
            "Put the plain training texts into a set, and return "
            "`[i for i, text in enumerate(test) if plain(text) in seen]`."
        ),
    ],
)
def check_leaked(leaked: Callable[..., Any]) -> None:
    cases = (
        (
            ["how loud is the mill", "who mends the mill"],
            ["how tall is the mill", "how old is it", "how loud is the mill"],
            None,
        ),
        (["How LOUD is the Mill"], ["how tall", "how loud IS the mill"], "case"),
        (["how loud is the mill"], ["how loud is the mill?"], "ends"),
        (["How loud is the mill"], ["How loud -- is the mill?!", "What?"], "points"),
        (["How  loud is\tthe mill?"], ["How loud is\nthe mill? "], "space"),
        (["How loud is the mill in the morning?"], ["How loud is the mill?"], "part"),
        (["How loud is the mill?"], ["How loud is the mill in the morning?"], "part"),
        (["Is the mill of the Heron 2 loud?"], ["Is the mill of the Heron 3 loud?"], "digits"),
        (["Can any one mend it?"], ["Can anyone mend it?"], "joined"),
        (["Is it energy-saving?"], ["Is it energy saving?"], "hyphen"),
        (["Who mends it?", "Why?"], ["Why?", "When?", "Who mends it?", "why"], None),
        (["the mill is loud"], ["is the mill loud?"], "order"),
        (["Is it very very loud?"], ["Is it very loud?"], "repeated"),
        (["Is the mill_stone loud?"], ["Is the mill stone loud?"], "underscore"),
        (["Where is the caf\u00e9?"], ["Where is the caf?"], "accent"),
        (["Is it at 90\u00b0C?"], ["Is it at 90 C?"], "accent"),
        (["Why?", "why", "When?"], ["Who?", "WHY"], None),
        (["Why?"], ["Why?", "When?", "Why?"], None),
        ([], ["Why?"], "nothing"),
    )
    faults = {
        "case": t("upper and lower case do not count, on either side"),
        "ends": t("a question mark at the end does not count, and leaves no space behind"),
        "points": t("every run of characters other than a to z and 0 to 9 becomes one space"),
        "space": t("any run of white space counts as one space"),
        "part": t("the whole text must be the same, not a part of it"),
        "digits": t("digits count: they are what tells twins apart"),
        "joined": t("words must stay apart: put one space where other characters stood"),
        "hyphen": t("a hyphen is neither letter nor digit, so it becomes a space"),
        "order": t("the same words in another order are another text"),
        "repeated": t("a word counts as often as it stands there"),
        "underscore": t("an underscore is neither letter nor digit, so it becomes a space"),
        "accent": t("only the letters a to z and digits stay; all else becomes a space"),
        "nothing": t("without training texts nothing has leaked"),
    }
    for train, test, name in cases:
        seen = {_plain(text) for text in train}
        right = [i for i, text in enumerate(test) if _plain(text) in seen]
        plain_test = {_plain(text) for text in test}
        of_training = [i for i, text in enumerate(train) if _plain(text) in plain_test]
        got = _rows(call(leaked, list(train), list(test)), t("The list"))
        if sorted(got) == right:
            continue
        if right and sorted(got) == [i + 1 for i in right]:
            fault = t("rows are counted from 0")
        elif len(set(got)) < len(got):
            fault = t("a row stands there twice")
        elif right and got and set(got) == set(range(len(test))) - set(right):
            fault = t("these are the texts that have not leaked")
        elif right and sorted(got) == of_training:
            fault = t("those are rows of the training texts; give rows of the test texts")
        elif name is not None:
            fault = faults[name]
        else:
            fault = t("the leaked ones are {right}", right=right)
        raise Wrong(
            t(
                "With the training texts {train} and the test texts {test} you returned {got}: "
                "{fault}.",
                train=train,
                test=test,
                got=got,
                fault=fault,
            )
        )


@exercise(
    "10.3",
    title=lambda: t("Split by family"),
    hints=lambda: [
        t("Choose whole groups for the test, not rows: collect the rows of each group first."),
        t("Add one group after the other, and stop as soon as the test holds enough rows."),
        t(
            "`for g in dict.fromkeys(groups):` add g to a set while fewer than "
            "`share * len(groups)` rows belong to it; then one list for each side."
        ),
    ],
)
def check_split_by_group(split_by_group: Callable[..., Any]) -> None:
    rng = np.random.default_rng(10)
    mixed = [f"family-{i}" for i in rng.integers(0, 9, size=60)]
    cases = (
        (["heron"] * 4 + ["plover"] * 4 + ["marten"] * 4 + ["siskin"] * 4, 0.25),
        (["heron", "plover", "marten", "heron", "plover", "siskin", "heron", "wren"], 0.3),
        (mixed, 0.2),
        (mixed, 0.5),
        (["a", "b"] * 5, 0.5),
        (["b", "a", "c", "d"], 0.25),
        (["f", "c", "a", "e", "g", "d", "b"], 0.3),
        (["a", "b", "c"] * 3 + ["d", "e", "f"], 0.5),
        (["d", "e", "f"] + ["a", "b", "c"] * 3, 0.5),
    )
    for groups, share in cases:
        n, need, shown = len(groups), share * len(groups) - 1e-9, repr(groups)
        returned = call(split_by_group, list(groups), share)
        if isinstance(returned, dict):
            raise Wrong(
                t("You returned a dictionary; return the pair (train_rows, test_rows) instead.")
            )
        result = as_list(returned)
        if len(result) != 2:
            raise Wrong(
                t(
                    "You returned {k} things; return the pair (train_rows, test_rows).",
                    k=len(result),
                )
            )
        train = _rows(result[0], t("The training part"))
        test = _rows(result[1], t("The test part"))
        inside = all(0 <= i < n for i in train + test)
        shared = {groups[i] for i in train if inside} & {groups[i] for i in test if inside}

        def fits(rows: list[int], need: float = need, groups: list[str] = groups) -> bool:
            largest = max(Counter(groups[i] for i in rows).values(), default=0)
            return len(rows) >= need > len(rows) - largest

        if not inside:
            fault = t("rows are counted from 0 to {last}", last=n - 1)
        elif set(train) & set(test):
            fault = t("row {row} stands on both sides", row=min(set(train) & set(test)))
        elif len(set(train)) < len(train) or len(set(test)) < len(test):
            fault = t("a row stands there twice")
        elif len(train) + len(test) < n:
            fault = t("{k} rows are on neither side", k=n - len(train) - len(test))
        elif shared:
            fault = t("the group {group} stands on both sides", group=repr(min(shared)))
        elif share < 0.5 and not fits(test) and fits(train):
            fault = t("the two are the wrong way round: return the training rows first")
        elif len(test) < need:
            fault = t(
                "the test holds {k} rows and needs at least share * len(groups) = {need:g}",
                k=len(test),
                need=share * n,
            )
        elif not fits(test):
            fault = t(
                "the test holds {k} rows where {need:g} would do; stop as soon as it has enough",
                k=len(test),
                need=share * n,
            )
        else:
            continue
        raise Wrong(
            t(
                "With the groups {groups} and the share {share}: {fault}.",
                groups=shown if len(shown) <= 80 else f"{shown[:77]}...",
                share=share,
                fault=fault,
            )
        )


def _count(text: str, word: str) -> int:
    return len(re.findall(rf"\b{re.escape(word)}s?\b", text, re.IGNORECASE))


@exercise(
    "10.4",
    title=lambda: t("The share of house terms"),
    hints=lambda: [
        t(r"In a regular expression, `\b` is the edge of a word, and `s?` an optional s."),
        t(r"`re.findall(rf'\b{word}s?\b', text, re.IGNORECASE)` finds every whole occurrence."),
        t(
            "Count with `len(...)` over all house terms and over all ordinary words; if both "
            "counts are 0, return 1.0, else `house / (house + ordinary)`."
        ),
    ],
)
def check_house_share(house_share: Callable[..., Any]) -> None:
    terms = {
        "keeper": "owner",
        "mender": "technician",
        "shelf part": "spare part",
        "wake time": "warm-up time",
        "Long Promise": "warranty",
        "harbour price": "list price",
    }
    cases = (
        ("a keeper and a mender met an owner and a technician without the warranty", None),
        ("an owner and an owner and an owner met a keeper", "each"),
        ("'keeper' (keeper), \"keeper\"; a keeper or an owner.", "points"),
        ("A KEEPER, a Keeper, a keeper or an OWNER?", "case"),
        ("Two keepers meet the keeper and an owner.", "plural"),
        ("A shelf part and shelf parts for a spare part.", "several"),
        ("The wake time is the warm-up time, and wake times are short.", "hyphen"),
        ("The long promise, the LONG PROMISE and the warranty.", "capital"),
        ("Keepers order shelf parts; owners order spare parts and wait.", "all"),
        ("A bookkeeper and a shopkeeper meet the keeper: the owner speaks of ownership.", "whole"),
        ("Nobody is in the kitchen.", "none"),
        ("The owner waits.", "zero"),
        ("A shelf parting and a spare partner.", "whole"),
        ("", "none"),
    )
    faults = {
        "case": t("upper and lower case count alike"),
        "capital": t("a term may have capitals: upper and lower case count alike in both"),
        "plural": t('an s at the end is optional, for a plural: "keepers" counts like "keeper"'),
        "several": t("a term may be several words: look for all of it"),
        "hyphen": t('a term may hold a hyphen: look for all of "warm-up time"'),
        "all": t("all terms count, together"),
        "whole": t('only whole words count: "ownership" is not "owner", nor "bookkeeper" "keeper"'),
        "each": t("each occurrence counts, also of the same word"),
        "none": t("where neither a house term nor an ordinary word stands, return 1.0"),
        "zero": t("no house term stands there, so the share is 0"),
        "points": t("a word may stand next to a quotation mark, a bracket or a point"),
    }
    for text, name in cases:
        house = sum(_count(text, word) for word in terms)
        ordinary = sum(_count(text, word) for word in terms.values())
        right = house / (house + ordinary) if house + ordinary else 1.0
        got = as_number(call(house_share, text, dict(terms)))
        if abs(got - right) < 1e-6:
            continue
        if right not in (0, 0.5) and abs(got - (1 - right)) < 1e-6 and name != "none":
            fault = t("that is the share of the ordinary words; the keys are the house terms")
        elif right and abs(got - 100 * right) < 1e-6:
            fault = t("give a share between 0 and 1, not per cent")
        elif name is None and abs(got - house) < 1e-6:
            fault = t("that is a count; divide it by all occurrences, house and ordinary")
        elif name is None and abs(got - house / ordinary) < 1e-6:
            fault = t("that is house terms / ordinary words; divide by both together")
        elif name is None and abs(got - house / len(text.split())) < 1e-6:
            fault = t("divide by the house terms and ordinary words, not all words of the text")
        elif name is None and got == house // (house + ordinary):
            fault = t("`//` gives a whole number; divide with `/`")
        elif abs(got - right) < 0.006:
            fault = t("do not round it")
        elif name is not None:
            fault = faults[name]
        else:
            fault = t(
                "there are {house} house terms and {ordinary} ordinary words",
                house=house,
                ordinary=ordinary,
            )
        raise Wrong(
            t(
                "For {text} you returned {got:.2f}, and {right:.2f} is right: {fault}.",
                text=repr(text),
                got=got,
                right=right,
                fault=fault,
            )
        )
