"""Checks of lesson 04, faiss_indexes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from coursekit.exercises import Wrong, as_list, as_number, call, exercise
from coursekit.language import t


@exercise(
    "04.1",
    title=lambda: t("Recall against the exact search"),
    hints=lambda: [
        t("Go through `zip(found, exact)`: one row of each belongs to one query."),
        t("`set(f) & set(e)` holds the ids that stand in both rows. Take -1 out of it."),
        t("Divide all hits by the number of ids in `exact`: `sum(len(e) for e in exact)`."),
    ],
)
def check_recall(recall: Callable[..., Any]) -> None:
    rng = np.random.default_rng(41)
    order = t("the place within a row does not matter: look for each id in the whole row")
    divide = t("divide by the number of exact ids, not of found ones")
    together = t("take the share over all rows together, not of one row")
    cases: list[tuple[list[list[int]], list[list[int]], str]] = [
        ([[3, 9]], [[9, 4]], t("id 9 is in both rows, in whatever order; id 4 is missing")),
        ([[5, 6, 7, 8]], [[7, 5, 6, 3]], order),
        ([[1, 2], [3, 4]], [[3, 4], [1, 2]], t("compare each row with the row of the same query")),
        ([[1, 2, 0], [3, 9, 0], [5, 6, 0]], [[1, 2, 7], [3, 4, 7], [7, 8, 9]], together),
        ([[2, -1, -1, -1]], [[2, 8, 5, 6]], t("-1 stands for nothing found")),
        ([[4, -1]], [[4, 9, -1]], t("a -1 in both rows is no neighbour that was found")),
        ([[8]], [[8, 1, 2, 3]], divide),
        ([[8, 1, 2, 3]], [[8, 4]], divide),
        ([[1, 2, 3, 8]], [[8, 4]], t("look at all ids of a longer row of `found`")),
        ([[0, 4]], [[0, 6]], t("0 is an id like any other")),
        ([[5, 5, 7]], [[5, 6, 8]], t("an id that stands twice in `found` is one neighbour")),
    ]
    exact = [rng.permutation(50)[:10].tolist() for _ in range(20)]
    found = [[i if rng.random() < 0.7 else 100 + i for i in row][::-1] for row in exact]
    cases.append((found, exact, together))
    for number, (given, truth, fault) in enumerate(cases):
        hits = sum(len(set(f) & set(e) - {-1}) for f, e in zip(given, truth, strict=True))
        right = hits / sum(len(e) for e in truth)
        # Whether a -1 in `exact` is one of the ids to divide by is left to the learner.
        neighbours = sum(i != -1 for e in truth for i in e)
        # The lists of the contract's example first, then arrays as FAISS gives them.
        arguments = (given, truth) if number == 0 else (np.array(given), np.array(truth))
        got = as_number(call(recall, *arguments))
        if min(abs(got - right), abs(got - hits / neighbours)) < 1e-6:
            continue
        if abs(got - 100 * right) < 1e-4 and hits:
            fault = t("a share runs from 0 to 1; that is a percentage")
        elif hits and abs(1 - got - right) < 1e-6 and number == 1:
            fault = t("that is the share that was missed")
        elif fault != divide and (got == hits or abs(got - hits / len(truth)) < 1e-6):
            fault = t("those are hits; divide them by the number of all ids in `exact`")
        elif got > 1 + 1e-6:
            fault = t("a share runs from 0 to 1")
        raise Wrong(
            t(
                "For found {given} and exact {truth} you returned {got}, not {right}: {fault}.",
                given=_short(given),
                truth=_short(truth),
                got=f"{got:.3f}",
                right=f"{right:.3f}",
                fault=fault,
            )
        )


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


@exercise(
    "04.2",
    title=lambda: t("The smallest nprobe that is good enough"),
    hints=lambda: [
        t("Pair the two lists with `zip`, and keep the pairs that reach the target."),
        t("`min` of their nprobe values is the answer, if there is any such pair."),
        t(
            "If there is none: `max(zip(recalls, ...))` needs care, as of two equal recalls the "
            "smaller nprobe is wanted. Sort the pairs by nprobe first; `max` keeps the first best."
        ),
    ],
)
def check_choose_nprobe(choose_nprobe: Callable[..., Any]) -> None:
    for probes, recalls, target in (
        ([2, 4, 8], [0.84, 0.9, 0.95], 0.85),
        ([16, 2, 8, 32], [0.91, 0.4, 0.95, 0.99], 0.9),
        ([8, 1, 4], [0.95, 0.5, 0.9], 0.9),
        ([1, 2, 4, 8, 16], [0.4, 0.72, 0.69, 0.71, 0.9], 0.7),
        ([16, 2, 8, 4, 1], [0.97, 0.88, 0.93, 0.79, 0.6], 0.8),
        ([1, 2, 4], [0.3, 0.5, 0.7], 0.9),
        ([1, 2, 8, 4], [0.3, 0.7, 0.6, 0.65], 0.9),
        ([8, 4, 2], [0.7, 0.7, 0.6], 0.9),
        ([4, 8, 2], [0.7, 0.7, 0.6], 0.9),
        ([3], [0.2], 0.0),
    ):
        right = _nprobe(probes, recalls, target)
        got = as_number(call(choose_nprobe, list(probes), list(recalls), target))
        if got == right:
            continue
        raise Wrong(
            t(
                "For probes {probes}, recalls {recalls} and target {target} you returned {got}, "
                "not {right}: {fault}.",
                probes=probes,
                recalls=recalls,
                target=target,
                got=f"{got:g}",
                right=right,
                fault=_nprobe_fault(got, probes, recalls, target),
            )
        )


def _nprobe(probes: list[int], recalls: list[float], target: float) -> int:
    enough = min(target, max(recalls))
    return min(p for p, r in zip(probes, recalls, strict=True) if r >= enough)


def _nprobe_fault(got: float, probes: list[int], recalls: list[float], target: float) -> str:
    right = _nprobe(probes, recalls, target)
    pairs = dict(zip(probes, recalls, strict=True))
    mixed = {_nprobe(sorted(probes), mixed, target) for mixed in (recalls, sorted(recalls))}
    if got not in probes:
        if got in recalls:
            return t("that is a recall; return the nprobe that belongs to it")
        if got == probes.index(right):
            return t("that is a place in the list; return the nprobe that stands there")
        return t("return one of the numbers in `probes`")
    recall = pairs[int(got)]
    if max(recalls) >= target:
        if pairs[right] == target and recall > target:
            return t("a recall equal to the target reaches it, as at nprobe {n}", n=right)
        if recall >= target:
            return t("nprobe {n} reaches the target too, and the smallest is asked for", n=right)
        if got in mixed:
            return t("each recall belongs to the nprobe at the same place; sort them as pairs")
        return t("the recall of nprobe {n} is below the target", n=int(got))
    if recall == max(recalls):
        return t("none reaches the target, and of two equally good ones the smaller counts")
    return t("none reaches the target, so the one with the highest recall counts")


@exercise(
    "04.3",
    title=lambda: t("From a vector to its codes"),
    hints=lambda: [
        t("`np.split(vector, len(codebooks))` cuts the vector into its pieces, in order."),
        t("For one piece: `((codebook - piece) ** 2).sum(axis=1)` gives a distance per entry."),
        t(
            "`[int(((book - piece) ** 2).sum(axis=1).argmin()) for piece, book in "
            "zip(np.split(vector, len(codebooks)), codebooks)]`"
        ),
    ],
)
def check_encode(encode: Callable[..., Any]) -> None:
    rng = np.random.default_rng(43)
    for pieces, codes, length in ((6, 16, 4), (2, 4, 3), (5, 9, 1), (1, 8, 5), (4, 256, 8)):
        # Entries of very different length: the largest dot product is not the nearest entry.
        scale = rng.uniform(0.2, 2.5, size=(pieces, codes, 1))
        codebooks = (rng.normal(size=(pieces, codes, length)) * scale).astype(np.float32)
        _try_encoding(encode, rng.normal(size=pieces * length).astype(np.float32), codebooks)
    # Pieces that lie on the last, the first and a middle entry.
    codebooks = rng.normal(size=(3, 5, 4)).astype(np.float32)
    _try_encoding(encode, codebooks[[0, 1, 2], [4, 0, 2]].ravel(), codebooks)


def _try_encoding(encode: Callable[..., Any], vector: np.ndarray, codebooks: np.ndarray) -> None:
    pieces, codes, length = codebooks.shape
    lent = codebooks.copy()
    got = as_list(call(encode, vector.copy(), lent))
    distances = ((codebooks - vector.reshape(pieces, 1, length)) ** 2).sum(axis=2)
    right = distances.argmin(axis=1).tolist()
    if len(got) != pieces:
        fault = t("one code for each of the {pieces} pieces is needed", pieces=pieces)
    elif any(isinstance(g, str) for g in got):
        fault = t("a code is a whole number, not a text")
    elif any(np.ndim(g) or not as_number(g).is_integer() for g in got):
        fault = t("a code is the number of an entry, not the entry or its distance")
    elif [int(g) - 1 for g in got] == right or not all(0 <= int(g) < codes for g in got):
        fault = t("entries are counted from 0 to {last} in each codebook", last=codes - 1)
    elif not all(
        np.isclose(distances[i, int(g)], distances[i].min(), atol=1e-6) for i, g in enumerate(got)
    ):
        fault = _encoding_fault([int(g) for g in got], vector, codebooks, distances)
    elif not np.array_equal(lent, codebooks):
        raise Wrong(
            t(
                "Your function changes `codebooks`, and the next vector needs them as they were. "
                "Put the differences into a new array, without `-=` or `[...] =` on `codebooks`."
            )
        )
    else:
        return
    raise Wrong(
        t(
            "With {pieces} pieces and {codes} entries in each codebook you returned {got}; "
            "right is {right}: {fault}.",
            pieces=pieces,
            codes=codes,
            got=_short(got),
            right=right,
            fault=fault,
        )
    )


def _encoding_fault(
    got: list[int], vector: np.ndarray, codebooks: np.ndarray, distances: np.ndarray
) -> str:
    pieces, codes, length = codebooks.shape
    cut = vector.reshape(pieces, 1, length)
    strided = vector.reshape(length, pieces).T[:, None]
    sliding = np.stack([vector[i : i + length] for i in range(pieces)])[:, None]
    products, differences = (codebooks * cut).sum(axis=2), codebooks - cut
    norms = np.linalg.norm(codebooks, axis=2)
    unit = cut / np.linalg.norm(cut, axis=2, keepdims=True)
    right = distances.argmin(axis=1)
    direction = t("the length of pieces and entries counts too: compare them as they are")
    other = t("that is another distance; square the differences, then add them up")
    for codes_found, fault in (
        (
            products.argmax(axis=1),
            t("those have the largest dot product; the nearest by distance are asked for"),
        ),
        (distances.argmax(axis=1), t("those are the farthest entries")),
        (right[::-1], t("the codes stand in the order of the pieces")),
        (np.sort(right), t("the codes stand in the order of the pieces")),
        (
            ((codebooks - strided) ** 2).sum(axis=2).argmin(axis=1),
            t("a piece is a run of neighbouring numbers: the first {n} are piece 0", n=length),
        ),
        (
            ((codebooks - sliding) ** 2).sum(axis=2).argmin(axis=1),
            t("piece 1 begins where piece 0 ends, at number {n}", n=length),
        ),
        (
            ((codebooks - cut[:1]) ** 2).sum(axis=2).argmin(axis=1),
            t("you used the first piece for all codebooks; each piece has its own"),
        ),
        (
            ((codebooks[:1] - cut) ** 2).sum(axis=2).argmin(axis=1),
            t("you used the first codebook for all pieces; each piece has its own"),
        ),
        (
            differences.sum(axis=2).argmin(axis=1),
            t("square the differences: otherwise those below and above zero cancel"),
        ),
        ((products / norms).argmax(axis=1), direction),
        (((codebooks - unit) ** 2).sum(axis=2).argmin(axis=1), direction),
        (np.abs(differences).sum(axis=2).argmin(axis=1), other),
        (np.abs(differences).max(axis=2).argmin(axis=1), other),
        (
            distances[:, :-1].argmin(axis=1),
            t("the last entry of a codebook, {n}, is one of them", n=codes - 1),
        ),
        (
            distances[:, 1:].argmin(axis=1) + 1,
            t("the first entry of a codebook, 0, is one of them"),
        ),
    ):
        if got == codes_found.tolist():
            return fault
    return t("compare each piece with every entry of its codebook, and take the nearest")


@exercise(
    "04.4",
    title=lambda: t("How many bytes?"),
    hints=lambda: [
        t("Whole vectors: 4 bytes for each of the `n * dim` numbers."),
        t("Codes: `n * pieces` bytes, and the codebooks, which hold `256 * dim` numbers together."),
        t("With cells, add `8 * n + 4 * cells * dim`, for whole vectors as for codes."),
    ],
)
def check_index_size(index_size: Callable[..., Any]) -> None:
    for n, dim, pieces, cells in (
        (1000, 384, None, 0),
        (3, 100, None, 0),
        (5000, 80, 16, 0),
        (200_000, 384, 48, 0),
        (7000, 128, None, 50),
        (9000, 96, 12, 30),
    ):
        kept = 4 * n * dim if pieces is None else n * pieces
        books = 0 if pieces is None else 256 * 4 * dim
        ids, middles = (8 * n, 4 * cells * dim) if cells else (0, 0)
        right = kept + books + ids + middles
        # A flat index is asked for as in the contract's example, with two values.
        given = (n, dim, pieces, cells) if pieces or cells else (n, dim)
        got = as_number(call(index_size, *given))
        if abs(got - right) < 0.5:
            continue
        # What each slip would have given; of two that give the same, the first counts.
        slips = (
            (right - books, t("the codebooks are missing: 256 vectors of `dim` numbers")),
            (
                right - books + books * (pieces or 1),
                t("all codebooks together are 256 vectors: each holds pieces, not whole vectors"),
            ),
            (right - books + 256 * dim, t("a number of a codebook takes 4 bytes")),
            (
                right - books + 1024 * (pieces or 0),
                t("an entry of a codebook is a piece of `dim / pieces` numbers, not one number"),
            ),
            (right - books + n * books, t("the codebooks are kept once, not for each vector")),
            (right - 4 * dim, t("a byte has 256 values, from 0 to 255")),
            (right - ids, t("each vector in a cell has its id beside it, 8 bytes")),
            (right - ids // 2, t("an id takes 8 bytes")),
            (right - ids + 8 * cells, t("each vector has an id, not each cell")),
            (
                right - middles,
                t("the middles of the cells are whole vectors too: 4 bytes a number"),
            ),
            (right - middles + cells * dim, t("a number of a cell's middle takes 4 bytes")),
            (
                right - middles + cells * (pieces or 0),
                t("the middles of the cells are whole vectors, not codes"),
            ),
            (kept + books, t("cells need memory too: ids and middles")),
            (right + 8 * n, t("without cells, no ids are kept")),
            (n * dim, t("a number takes 4 bytes")),
            (2 * right, t("a number takes 4 bytes, not 8")),
            (right - kept + 4 * n * (pieces or 0), t("a code takes one byte")),
            *(
                (size, t("with codes, the whole vectors are gone"))
                for whole in [4 * n * dim]
                for size in (whole, whole + books + ids + middles, whole + ids + middles)
            ),
            (right + 4 * n * dim, t("with codes, the whole vectors are gone")),
            (8 * right, t("bytes are asked for, not bits")),
            *(
                (right / unit, t("bytes are asked for, not kilobytes or megabytes"))
                for unit in (1e3, 1024, 1e6, 2**20, 1e9, 2**30)
            ),
        )
        fault = next(
            (text for size, text in slips if size != right and np.isclose(got, size, rtol=1e-9)),
            t("add up the parts of the contract one by one"),
        )
        raise Wrong(
            t(
                "For n = {n}, dim = {dim}, pieces = {pieces}, cells = {cells} you returned {got}, "
                "not {right}: {fault}.",
                n=n,
                dim=dim,
                pieces=pieces,
                cells=cells,
                got=f"{got:.12g}",
                right=right,
                fault=fault,
            )
        )


@exercise(
    "04.5",
    title=lambda: t("The exponent"),
    hints=lambda: [
        t("Take the logarithm of both lists: `np.log(sizes)`, `np.log(costs)`."),
        t("Fit a straight line with `np.polyfit(x, y, 1)`; it returns slope and height."),
        t("`np.polyfit(np.log(sizes), np.log(costs), 1)[0]`"),
    ],
)
def check_exponent(exponent: Callable[..., Any]) -> None:
    rng = np.random.default_rng(45)
    for power, factor, noise in (
        (1.5, 7.0, 0.3),  # a noisy one first: here every slip gives a number of its own
        (1.0, 3.0, 0.0),
        (0.5, 0.2, 0.0),
        (0.0, 4.0, 0.2),
    ):
        sizes = [100, 200, 1000, 30_000, 50_000, 1_000_000]
        costs = [factor * n**power * float(np.exp(noise * rng.normal())) for n in sizes]
        x, y = np.log(sizes), np.log(costs)
        slope, height = np.polyfit(x, y, 1)
        got = as_number(call(exponent, list(sizes), list(costs)))
        if abs(got - slope) < 1e-4:
            continue
        ends = (y[-1] - y[0]) / (x[-1] - x[0])
        steps = np.diff(y) / np.diff(x)
        base = t("take both logarithms to the same base")
        two = t("the line goes through two points only; use all of them")
        rounded = t("do not round the slope")
        wrong = (
            (np.polyfit(sizes, costs, 1)[0], t("take the logarithm of both lists first")),
            (np.polyfit(x, costs, 1)[0], t("take the logarithm of the costs too")),
            (np.polyfit(sizes, y, 1)[0], t("take the logarithm of the sizes too")),
            (np.polyfit(y, x, 1)[0], t("sizes and costs have changed places")),
            (-slope, t("the sign is wrong: costs that grow have a slope above 0")),
            (height, t("that is the height of the line; its slope is asked for")),
            (np.exp(height), t("that is the factor a of `a * n**p`; p is asked for")),
            (ends, two),
            (steps[0], two),
            (np.mean(steps), t("the mean of the steps is not the best line by least squares")),
            (
                (x @ y) / (x @ x),
                t("that line is forced through zero; subtract the means first, or use np.polyfit"),
            ),
            *((slope * ratio, base) for ratio in (np.log(10), np.log(2), np.log2(10))),
            *((slope / ratio, base) for ratio in (np.log(10), np.log(2), np.log2(10))),
            (np.corrcoef(x, y)[0, 1], t("that is the correlation, not the slope")),
            (
                np.std(y) / np.std(x),
                t("that is a ratio of two spreads; use the products x * y too"),
            ),
            (np.mean(y / x), t("that is a ratio of logarithms; a slope is a ratio of differences")),
            (
                slope * len(x) / (len(x) - 1),
                t("divide both sums by the same number: np.cov by n - 1, np.var by n"),
            ),
            *((round(slope, places), rounded) for places in (0, 1, 2, 3)),
        )
        fault = next(
            (text for value, text in wrong if np.isclose(got, value, rtol=1e-5, atol=1e-9)),
            t("fit a straight line to the logarithms of both lists and return its slope"),
        )
        raise Wrong(
            t(
                "For costs that grow about like n to the power {power} you returned {got}; the "
                "best line has the slope {right}: {fault}.",
                power=power,
                got=f"{got:.4f}",
                right=f"{slope:.4f}",
                fault=fault,
            )
        )
