"""Checks of lesson 02, embeddings_and_similarity."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from coursekit.exercises import Wrong, as_list, as_number, call, exercise
from coursekit.language import t


def _array(got: Any, shape: tuple[int, ...], axes: str) -> np.ndarray:
    """A list, array or tensor of numbers as float64 of the wanted shape; else `Wrong`, which says
    what the axes stand for."""
    if np.isscalar(got) and not isinstance(got, str):
        raise Wrong(
            t(
                "You returned {got}, one number; an array of shape {shape} is needed: {axes}.",
                got=repr(got)[:80],
                shape=shape,
                axes=axes,
            )
        )
    try:
        array = np.asarray(as_list(got), dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise Wrong(
            t("You returned {got}; an array of numbers is needed.", got=repr(got)[:80])
        ) from None
    if array.shape != shape:
        raise Wrong(
            t(
                "You returned an array of shape {got}; shape {shape} is needed: {axes}.",
                got=array.shape,
                shape=shape,
                axes=axes,
            )
        )
    return array


def _close(got: Any, expected: Any) -> bool:
    return np.allclose(got, expected, rtol=0, atol=1e-5)


def _fault(got: list[float], guesses: list[list[tuple[str, float]]]) -> str:
    """The first fault that explains every number the learner returned, or an empty text.

    `guesses` holds for each case the same faults in the same order, each with the number that it
    leads to. One case may agree with a fault by accident; all of them together hardly do.
    """
    for column in zip(*guesses, strict=True):
        if _close(got, [value for _, value in column]):
            return column[0][0]
    return ""


def _is_rounded(got: list[float], rights: list[float]) -> bool:
    return any(_close(got, np.round(rights, places)) for places in range(4))


def _unit(rows: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths == 0, 1, lengths)


@exercise(
    "02.1",
    title=lambda: t("Padding must not count"),
    hints=lambda: [
        t("Multiply by the mask first, so that the rows of padding become zero."),
        t("The mask needs a third axis to fit: `mask[:, :, None]`."),
        t("Divide the sum by the number of real tokens, `mask.sum(axis=1, keepdims=True)`."),
        t("`(states * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)`"),
    ],
)
def check_mean_pool(mean_pool: Callable[..., Any]) -> None:
    rng = np.random.default_rng(21)
    for lengths, tokens, dim, left in (
        ((4, 5, 1), 5, 4, False),
        ((2, 6), 6, 3, True),  # padding on the left, as language models have it
        ((4, 4), 4, 5, False),
        ((7,), 9, 2, False),
        ((5, 2, 3), 5, 4, True),
    ):
        states = rng.normal(size=(len(lengths), tokens, dim)) + 1.0
        mask = (np.arange(tokens) < np.array(lengths)[:, None]).astype(np.int64)
        if left:
            mask = mask[:, ::-1].copy()
        counts = mask.sum(axis=1, keepdims=True)
        total = (states * mask[:, :, None]).sum(axis=1)
        right = total / counts
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = call(mean_pool, states.copy(), mask.copy())
        axes = t("one row for each text, so sum up over the tokens, `axis=1`")
        got = _array(result, right.shape, axes)
        if _close(got, right):
            continue
        guesses = _pooling_guesses(states, mask)
        faults = [fault for fault, rows in guesses if _close(got[: len(rows)], rows)]
        if faults:
            fault = faults[0]
        elif left:  # padding at the end was left out as it should be
            fault = t("the padding may stand at either end: go by the mask, not by place")
        elif not np.isfinite(got).all():
            fault = t("nan came out; divide by the number of ones in the mask, which is never 0")
        elif _close(np.linalg.norm(got, axis=1), 1):
            fault = t("your rows have length 1; return the mean as it is, and normalise later")
        else:
            fault = t("it is not the mean of the rows whose mask is 1")
        raise Wrong(
            t(
                "With {n} texts of {lengths} tokens, padded to {tokens}: {fault}.",
                n=len(lengths),
                lengths=", ".join(map(str, lengths)),
                tokens=tokens,
                fault=fault,
            )
        )


def _pooling_guesses(states: np.ndarray, mask: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """Faults, each with the rows it leads to (as many texts as it can be told from)."""
    counts = mask.sum(axis=1, keepdims=True)
    total = (states * mask[:, :, None]).sum(axis=1)
    real = [s[m == 1] for s, m in zip(states, mask, strict=True)]
    one_off = t("you divided by one too many or one too few; divide by the number of ones")
    place = t("the padding may stand at either end: go by the mask, not by place")
    guesses = [
        (t("that is the mean over all rows, padding included: use the mask"), states.mean(axis=1)),
        (
            t(
                "the padding is left out of the sum, but still counted in the division: divide by "
                "the number of ones in the mask"
            ),
            total / states.shape[1],
        ),
        (
            t("the padding is left out of the division, but not of the sum: use the mask there"),
            states.sum(axis=1) / counts,
        ),
        (t("that is the sum; divide it by the number of ones in the mask"), total),
        (
            t("you divided by the tokens of the whole batch; each text has its own number"),
            total / mask.sum(),
        ),
        (
            t("you divided by the tokens of the first text; each text has its own number"),
            total / counts[0],
        ),
        (
            t("you divided by the number of texts; divide by the tokens of each text"),
            total / len(states),
        ),
        (one_off, total / (counts + 1)),
        (one_off, total / np.maximum(counts - 1, 1)),
        (
            t("that is the first token alone; all tokens with a 1 in the mask count"),
            states[:, 0],
        ),
        (
            t("that is the first token alone; all tokens with a 1 in the mask count"),
            np.array([rows[0] for rows in real]),
        ),
        (
            t(
                "the mask was taken for row numbers 0 and 1; compare it first, as in "
                "`states[i][mask[i] == 1]`"
            ),
            np.array([s[m].mean(axis=0) for s, m in zip(states, mask, strict=True)]),
        ),
        (
            t("that is the largest value of each column; the mean is asked for"),
            np.array([rows.max(axis=0) for rows in real]),
        ),
        (
            t("that is the median of each column; the mean is asked for"),
            np.array([np.median(rows, axis=0) for rows in real]),
        ),
        (place, np.array([s[: len(r)].mean(axis=0) for s, r in zip(states, real, strict=True)])),
        (place, np.array([s[-len(r) :].mean(axis=0) for s, r in zip(states, real, strict=True)])),
    ]
    if counts[0] > 2:
        special = t("the special tokens at both ends have a 1 in the mask: they count as well")
        guesses.append((special, real[0][None, 1:-1].mean(axis=1)))
    if counts[0] < states.shape[1]:
        padding = t("that is the mean of the padding; 1 stands for a token, 0 for padding")
        guesses.append((padding, states[0][None, mask[0] == 0].mean(axis=1)))
    return guesses


@exercise(
    "02.2",
    title=lambda: t("Every cosine at once, with care"),
    hints=lambda: [
        t("`a @ b.T` holds every dot product. What must each be divided by?"),
        t("By both lengths: `np.linalg.norm(a, axis=1)[:, None]` and the same of `b`, as a row."),
        t("A length of 0 may be replaced by 1 before dividing: the product above it is 0 anyway."),
        t(
            "`lengths = np.linalg.norm(a, axis=1, keepdims=True)`, then "
            "`a / np.where(lengths == 0, 1, lengths)`; the same for `b`; then one product."
        ),
    ],
)
def check_cosine_matrix(cosine_matrix: Callable[..., Any]) -> None:
    rng = np.random.default_rng(22)
    cases = []
    for n, m, dim in ((3, 5, 4), (4, 4, 6), (1, 2, 3)):
        scale = rng.uniform(0.2, 9, size=(n, 1))
        cases.append((rng.normal(size=(n, dim)) * scale, rng.normal(size=(m, dim)) * 3))
    empty = rng.normal(size=(3, 4))
    empty[1] = 0
    cases.append((empty, rng.normal(size=(2, 4))))
    cases.append((rng.normal(size=(2, 4)), empty))
    cases.append((empty[1:], empty[::-1]))
    # Some zeros, and rows whose numbers add up to 0: these have a direction.
    cases.append((np.array([[3.0, 0, 0, 4], [2, -2, 5, -5]]), np.array([[1.0, 0, 2, 0]] * 3)))
    cases.append((rng.normal(size=(2, 4)) * 0.05, rng.normal(size=(3, 4)) * 0.05))
    for a, b in cases:
        right = _unit(a) @ _unit(b).T
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = call(cosine_matrix, a.copy(), b.copy())
        axes = t("one row for each row of `a`, one column for each row of `b`")
        got = _array(result, right.shape, axes)
        if np.allclose(got, right, rtol=0, atol=5e-5):
            continue
        empty_a, empty_b = ~a.any(axis=1), ~b.any(axis=1)
        undirected = empty_a[:, None] | empty_b
        faults = [fault for fault, table in _cosine_guesses(a, b) if _close(got, table)]
        if undirected.any() and not np.isfinite(got).all():
            fault = t(
                "a row of zeros in {which} has no direction, and you divided by its length 0; its "
                "cosines must be 0",
                which="`a`" if empty_a.any() and not np.isfinite(got[empty_a]).all() else "`b`",
            )
        elif undirected.any() and _close(got[~undirected], right[~undirected]):
            fault = t("a row of zeros has no direction: its cosines must be 0")
        elif undirected.any() and _close(got, 0):
            fault = t("a row of zeros makes its own cosines 0; those of the other rows stay")
        elif faults:
            fault = faults[0]
        elif (got[right != 0] == 0).any() and _close(got[got != 0], right[got != 0]):
            fault = t(
                "some cosines are 0 that should not be: a row of zeros is one in which every "
                "number is 0, not one of them, or their sum"
            )
        elif np.abs(got - right).max() < 0.006:
            fault = t(
                "that is near, but not near enough: do not round, and if you add something to the "
                "lengths, let it be as small as 1e-9"
            )
        elif (np.sign(got) == np.sign(right)).all() and (np.abs(got) <= np.abs(right)).all():
            fault = t("the signs are right, but you divided by more than the lengths of both rows")
        elif np.abs(got).max() > 1 + 1e-4:
            fault = t("a cosine lies between -1 and 1; divide by the length of each single row")
        else:
            fault = t("each entry is a dot product divided by the lengths of its two rows")
        raise Wrong(
            t("With arrays of shape {a} and {b}: {fault}.", a=a.shape, b=b.shape, fault=fault)
        )


def _cosine_guesses(a: np.ndarray, b: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """Faults, each with the table it leads to."""
    dots, right = a @ b.T, _unit(a) @ _unit(b).T
    squares = np.outer((a**2).sum(axis=1), (b**2).sum(axis=1))
    absolute = np.outer(np.abs(a).sum(axis=1), np.abs(b).sum(axis=1))
    distances = np.linalg.norm(_unit(a)[:, None] - _unit(b)[None], axis=2)
    far = np.linalg.norm(a[:, None] - b[None], axis=2)
    similarity = t("that is a distance; the cosine similarity is asked for")
    guesses = [
        (t("those are the dot products; divide each by the lengths of both rows"), dots),
        (
            t("you divided by the length of the whole array; take that of each row, `axis=1`"),
            dots / np.linalg.norm(a) / np.linalg.norm(b),
        ),
        (
            t("you took the lengths of the columns; take those of the rows, `axis=1`"),
            _unit(a.T).T @ _unit(b.T),
        ),
        (t("only the lengths of `a` were divided away; those of `b` must be too"), _unit(a) @ b.T),
        (t("only the lengths of `b` were divided away; those of `a` must be too"), a @ _unit(b).T),
        (
            t("you divided by the squared lengths; take the root of the sum of squares"),
            dots / np.where(squares == 0, 1, squares),
        ),
        (
            t("you took the sum of a row for its length; it is the root of the sum of squares"),
            dots / np.where(absolute == 0, 1, absolute),
        ),
        (t("that is one minus the cosine, a distance; the similarity is asked for"), 1 - right),
        (similarity, distances),
        (similarity, distances**2),
        (similarity, far),
        (similarity, far**2),
        (t("keep the sign: opposite directions have the cosine -1"), np.abs(right)),
        (t("keep the sign: opposite directions have the cosine -1"), np.maximum(right, 0)),
        (t("do not move the cosines to 0 and 1: unrelated is 0, not 0.5"), (1 + right) / 2),
        (
            t("those are the angles; the cosines of the angles are asked for"),
            np.arccos(np.clip(right, -1, 1)),
        ),
        (
            t("the mean of each row was taken away, which gives a correlation; leave it in"),
            _unit(a - a.mean(axis=1, keepdims=True)) @ _unit(b - b.mean(axis=1, keepdims=True)).T,
        ),
    ]
    if a.shape[0] == b.shape[0]:
        swapped = t("rows and columns are swapped: row i belongs to row i of `a`")
        guesses.append((swapped, right.T))
    return guesses


@exercise(
    "02.3",
    title=lambda: t("Recall@1 from a matrix of scores"),
    hints=lambda: [
        t("`scores.argmax(axis=1)` gives the best passage of each question."),
        t("A question may have several gold passages: ask with `in` whether the best is one."),
        t("Leave questions with an empty list out of both the count and the division."),
        t("`np.mean([best in g for best, g in zip(scores.argmax(axis=1), gold) if len(g)])`"),
    ],
)
def check_recall_at_1(recall_at_1: Callable[..., Any]) -> None:
    rng = np.random.default_rng(24)
    cases, rights, got = [], [], []
    for n, m, empties in ((6, 9, 0), (20, 30, 0), (12, 8, 3), (15, 40, 5), (7, 9, 0)):
        scores = rng.normal(size=(n, m)) - (5.0 if n == 7 else 0.0)
        if n == 20:  # row 0 is a passage like any other
            scores[:3, 0] = 7, 6, -6
        if n == 7:
            scores[:, 0] -= 3
        gold: list[list[int]] = []
        for row in range(n):
            ranking = np.argsort(-scores[row])
            place = int(rng.choice([0, 0, 1, 2, 4])) if n != 7 else 0
            more = rng.choice(ranking[5:], size=row % 2, replace=False)
            members = [int(ranking[place]), *map(int, more)]
            gold.append(members[::-1] if row % 4 == 1 else members)
        if n == 20:
            gold[:3] = [[0], [5, 0], [0]]
        for row in range(empties):
            gold[3 * row + 2] = []
        best = scores.argmax(axis=1)
        rights.append(np.mean([b in g for b, g in zip(best, gold, strict=True) if g]))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            got.append(as_number(call(recall_at_1, scores.copy(), [list(g) for g in gold])))
        cases.append((scores, gold))
    failed = [i for i in range(len(cases)) if abs(got[i] - rights[i]) > 1e-6]
    if not failed:
        return
    scores, gold = cases[failed[0]]
    fault = _fault(got, [_recall_guesses(*case) for case in cases])
    if not fault and _is_rounded(got, rights):
        fault = t("do not round")
    if not fault and all(not all(cases[i][1]) for i in failed):
        fault = t("leave questions with an empty list out, and keep each list with its question")
    if not fault and failed == [4]:
        fault = t("all scores may be negative, so do not compare them with 0")
    if not fault and len(set(got)) == 1:
        fault = t("you return the same number for every input; count")
    raise Wrong(
        t(
            "With {n} questions, {empties} of them without a gold passage, you returned {got}, "
            "not {right}: {fault}.",
            n=len(gold),
            empties=sum(not g for g in gold),
            got=f"{got[failed[0]]:.3f}",
            right=f"{rights[failed[0]]:.3f}",
            fault=fault or t("count the questions whose highest score belongs to a gold passage"),
        )
    )


def _recall_guesses(scores: np.ndarray, gold: list[list[int]]) -> list[tuple[str, float]]:
    """Faults, each with the share it leads to."""

    def share(best: Any, lists: list[list[int]] = gold) -> float:
        return float(np.mean([b in g for b, g in zip(best, lists) if g]))  # noqa: B905

    ranking = np.argsort(-scores, axis=1)
    best = ranking[:, 0]
    right, pairs = share(best), list(zip(best.tolist(), gold, strict=True))
    asked = [(b, g) for b, g in pairs if g]
    hits = sum(b in g for b, g in asked)
    empties = len(pairs) - len(asked)
    first_empty = next((i for i, g in enumerate(gold) if not g), len(gold))
    positive = np.where(scores.max(axis=1) > 0, best, -1)
    zero = t("row 0 is a passage like any other, not an empty value")
    several = t("a question may have several gold passages; any of them counts")
    negative = t("all scores may be negative, so do not begin with a best score of 0")
    guesses = [
        (
            t(
                "questions without a gold passage cannot be found; leave them out of the division "
                "too"
            ),
            hits / len(pairs),
        ),
        (
            t("you counted questions without a gold passage as found; leave them out"),
            (hits + empties) / len(pairs),
        ),
        (
            t(
                "you left the empty lists out, but not their scores, so that the others no longer "
                "belong to the same question"
            ),
            share(best, [g for g in gold if g]),
        ),
        (
            t("you stopped at the first empty list; go on with the next question"),
            share(best[:first_empty], gold[:first_empty]),
        ),
        (
            t("you returned after the first question; go through all questions"),
            float(asked[0][0] in asked[0][1]),
        ),
        (zero, float(np.mean([b in g for b, g in pairs if any(g)]))),
        (zero, float(np.mean([b > 0 and b in g for b, g in asked]))),
        (several, float(np.mean([b == g[0] for b, g in asked]))),
        (several, float(np.mean([b == g[-1] for b, g in asked]))),
        (several, float(np.mean([[b] == g for b, g in asked]))),
        (several, float(np.mean([(b in g) / len(g) for b, g in asked]))),
        (
            several,
            float(
                np.mean(
                    [set(r[: len(g)]) == set(g) for r, g in zip(ranking, gold, strict=True) if g]
                )
            ),
        ),
        (
            t("you took the lowest score of each question; the highest is the nearest"),
            share(ranking[:, -1]),
        ),
        (
            t("you took the best question of each passage; take the best passage, `axis=1`"),
            share(scores.argmax(axis=0)),
        ),
        (
            t("you took one best passage for all questions; each question has its own, `axis=1`"),
            share([scores.argmax()] * len(gold)),
        ),
        (
            t("a large negative score is far away: keep the sign"),
            share(np.abs(scores).argmax(axis=1)),
        ),
        (negative, share(positive)),
        (negative, share(np.maximum(positive, 0))),
        (t("you took the second best passage; the best has index 0"), share(ranking[:, 1])),
        (t("passages are counted from 0, in `gold` as well"), share(best + 1)),
        (t("passages are counted from 0, in `gold` as well"), share(best - 1)),
        (t("that is how many were found; a share is asked for"), hits),
        (t("that is a percentage; return a share between 0 and 1"), 100 * right),
        (t("that is the share of misses; count the questions that were found"), 1 - right),
        (t("a whole division cuts the fraction off; divide with `/`"), right // 1),
        (
            t("divide by the number of questions, not by that of gold passages"),
            hits / sum(map(len, gold)),
        ),
        (t("divide by the number of questions, not by that of passages"), hits / scores.shape[1]),
        (
            t("that is the mean score of gold passages; the share of questions is asked for"),
            float(np.mean([s[g].mean() for s, g in zip(scores, gold, strict=True) if g])),
        ),
    ]
    for k in (2, 3, 5, 10):
        among = [bool({*r[:k]} & {*g}) for r, g in zip(ranking, gold, strict=True) if g]
        several_best = t("you looked among the best few passages; only the best one counts")
        guesses.append((several_best, float(np.mean(among))))
    among = [bool({*r[: len(g)]} & {*g}) for r, g in zip(ranking, gold, strict=True) if g]
    guesses.append(
        (
            t("only the best passage counts, however many gold passages there are"),
            float(np.mean(among)),
        )
    )
    return guesses


@exercise(
    "02.4",
    title=lambda: t("A contrast score"),
    hints=lambda: [
        t("The vectors may have any length, so compare cosines, row by row."),
        t("With unit rows, `(anchors * right).sum(axis=1)` is the cosine of each pair of rows."),
        t("A tie counts half: add half of `np.mean(near == far)` to `np.mean(near > far)`."),
        t(
            "`near = (unit(anchors) * unit(right)).sum(axis=1)`, `far` in the same way, then "
            "`np.mean(near > far) + np.mean(near == far) / 2`."
        ),
    ],
)
def check_contrast(contrast_score: Callable[..., Any]) -> None:
    rng = np.random.default_rng(25)
    cases, rights, got = [], [], []
    for n, ties in ((12, 0), (9, 0), (16, 4), (5, 5), (1, 0), (3, 3), (11, 0), (7, 2)):
        anchors, good, bad = (rng.normal(size=(n, 6)) for _ in range(3))
        good += 0.5 * anchors
        bad += 0.4 * anchors
        if n == 9:  # some point away from their anchor
            bad[::3] -= 3 * anchors[::3]
        if n == 11:  # nearly the same direction: cosines that differ in the third decimal place
            bad = good + 0.004 * bad
        good *= rng.uniform(0.1, 8, size=(n, 1))
        bad *= rng.uniform(0.1, 8, size=(n, 1))
        axis = np.eye(6)
        for i in range(ties):  # exact in any arithmetic: same row, same direction, another one
            anchors[i], good[i] = axis[i], 3 * axis[i] + 4 * axis[i - 1]
            bad[i] = (good[i], 4 * good[i], 3 * axis[i] + 4 * axis[i - 2])[i % 3]
        if ties == n == 5:  # the same array twice
            bad = good.copy()
        wins = _contrast_cosine(anchors, good) > _contrast_cosine(anchors, bad)
        wins[:ties] = False
        rights.append(float(wins.mean() + ties / n / 2))
        cases.append((anchors, good, bad, ties))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = call(contrast_score, anchors.copy(), good.copy(), bad.copy())
        if ties == n and isinstance(result, float) and np.isnan(result):
            raise Wrong(
                t("With {n} triples, all of them ties, you returned nan: a tie counts half.", n=n)
            )
        got.append(as_number(result))
    failed = [i for i in range(len(cases)) if abs(got[i] - rights[i]) > 1e-6]
    if not failed:
        return
    fault = _fault(got, [_contrast_guesses(*case) for case in cases])
    if not fault and _is_rounded(got, rights):
        fault = t("do not round")
    if not fault and all(cases[i][3] for i in failed):
        fault = t(
            "a tie counts half, also if `right` and `wrong` differ and only the cosines are the "
            "same"
        )
    if not fault and failed == [6]:
        fault = t("the cosines differ by 0.001 and less here, which is no tie: do not round them")
    if not fault and len({round(g, 6) for g in got}) == 1:
        fault = t("you return the same number for every input; count")
    anchors, _, _, ties = cases[failed[0]]
    raise Wrong(
        t(
            "With {n} triples, {ties} of them ties, you returned {got}, not {right}: {fault}.",
            n=len(anchors),
            ties=ties,
            got=f"{got[failed[0]]:.3f}",
            right=f"{rights[failed[0]]:.3f}",
            fault=fault or t("compare each anchor with its own row in `right` and in `wrong`"),
        )
    )


def _contrast_cosine(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return (_unit(x) * _unit(y)).sum(axis=1)


def _contrast_guesses(
    anchors: np.ndarray, good: np.ndarray, bad: np.ndarray, ties: int
) -> list[tuple[str, float]]:
    """Faults, each with the share it leads to."""

    def share(near: Any, far: Any) -> float:
        return float(np.mean(near > far) + np.mean(near == far) / 2)

    near, far = _contrast_cosine(anchors, good), _contrast_cosine(anchors, bad)
    dots, dots_bad = (anchors * good).sum(axis=1), (anchors * bad).sum(axis=1)
    steps, steps_bad = (np.linalg.norm(anchors - x, axis=1) for x in (good, bad))
    wins = float(np.mean(near > far))
    right = share(near, far)
    tied = ties / len(anchors)
    both = t(
        "the lengths of `right` and of `wrong` decide along; divide each row by its own length"
    )
    rows = t("compare row by row; you compared the means of all rows")
    guesses = [
        (t("a tie counts half, and you counted it as lost"), wins),
        (t("a tie counts half, and you counted it as won"), wins + tied),
        (
            t("a tie counts half, and you left it out of the division"),
            wins / (1 - tied) if tied < 1 else 0.5,
        ),
        (t("a tie counts half; you added one half whatever the number of ties"), wins + 0.5),
        (
            t("you compared dot products; these vectors have many lengths, so use cosines"),
            share(dots, dots_bad),
        ),
        (both, share(near, dots_bad)),
        (both, share(dots, far)),
        (both, share(near, (_unit(anchors) * bad).sum(axis=1))),
        (both, share((_unit(anchors) * good).sum(axis=1), far)),
        (
            t("you divided by the length of the whole array; take that of each row, `axis=1`"),
            share(dots / np.linalg.norm(good), dots_bad / np.linalg.norm(bad)),
        ),
        (
            t("you compared L2 distances; these vectors have many lengths, so use cosines"),
            share(-steps, -steps_bad),
        ),
        (t("that is the share of the other side; count where `right` is nearer"), 1 - right),
        (t("that is a count; a share between 0 and 1 is asked for"), len(anchors) * right),
        (t("that is a percentage; return a share between 0 and 1"), 100 * right),
        (t("a whole division cuts the fraction off; divide with `/`"), wins // 1),
        (
            t("that is the mean difference; count how often it is above 0"),
            float((near - far).mean()),
        ),
        (t("that is the mean cosine; count how often `right` is nearer"), float(near.mean())),
        (t("you returned after the first row; go through all rows"), share(near[:1], far[:1])),
        (rows, share(near.mean(), far.mean())),
        (rows, float(near.mean() > far.mean())),
        (
            rows,
            share(*(_contrast_cosine(anchors.mean(0)[None], x.mean(0)[None]) for x in (good, bad))),
        ),
        (
            t("keep the sign of the cosine: the opposite direction is not near"),
            share(np.abs(near), np.abs(far)),
        ),
        (
            t("you compared each anchor with every row; row i of `anchors` belongs to row i"),
            share(_unit(anchors) @ _unit(good).T, _unit(anchors) @ _unit(bad).T),
        ),
        (
            t("you summed over the rows; a cosine sums over the numbers of one row, `axis=1`"),
            share(
                (_unit(anchors) * _unit(good)).sum(axis=0),
                (_unit(anchors) * _unit(bad)).sum(axis=0),
            ),
        ),
        (
            t("compare the anchor with `right` and the anchor with `wrong`"),
            share(near, _contrast_cosine(good, bad)),
        ),
        (
            t("compare the two cosines with each other, not with a fixed number"),
            share(near, 0.5),
        ),
    ]
    rounded = t("the cosines differ by 0.001 and less here, which is no tie: do not round them")
    guesses += [(rounded, share(near.round(places), far.round(places))) for places in (1, 2, 3)]
    return guesses
