"""Checks of lesson 08, lora_from_scratch."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from coursekit.exercises import Wrong, as_number, call, exercise
from coursekit.language import t


def _matrix(value: Any, shape: tuple[int, ...]) -> np.ndarray:
    """What the learner returned as an array of this shape; anything else is `Wrong`."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise Wrong(
            t(
                "You returned a value of type {kind}; an array of shape {shape} is needed.",
                kind=type(value).__name__,
                shape=shape,
            )
        ) from None
    if array.shape != shape:
        raise Wrong(
            t(
                "You returned an array of shape {got}; the shape {shape} is needed.",
                got=array.shape,
                shape=shape,
            )
        )
    if not np.isfinite(array).all():
        raise Wrong(t("Your array holds nan or infinity; look for a division by zero."))
    return array


def _same(got: np.ndarray, right: np.ndarray) -> bool:
    return np.allclose(got, right, rtol=1e-4, atol=1e-4)  # single precision is enough


def _factors(got: np.ndarray, *parts: np.ndarray) -> list[float] | None:
    """The factors with which `got` is a sum of `parts`; None if it is no such sum."""
    columns = np.stack([part.ravel() for part in parts], axis=1)
    factors = np.linalg.lstsq(columns, got.ravel(), rcond=None)[0]
    return factors.tolist() if _same(columns @ factors, got.ravel()) else None


def _call(function: Callable[..., Any], *args: Any, shapes: str) -> Any:
    """`call`, with the sentence `shapes` added where shapes do not fit.

    Code that cannot take NumPy arrays is called once more with torch tensors of the same memory.
    """
    try:
        return call(function, *args)
    except Wrong as error:
        if isinstance(error.__cause__, ValueError):
            raise Wrong(f"{error} {shapes}") from error
        if not isinstance(error.__cause__, TypeError | AttributeError):
            raise
        try:
            return call(function, *_tensors(args))
        except Wrong:
            raise error from None


def _tensors(value: Any) -> Any:
    """The arrays of `value`, which may be a nested tuple, as torch tensors."""
    import torch

    if isinstance(value, tuple):
        return tuple(_tensors(part) for part in value)
    return torch.from_numpy(value) if isinstance(value, np.ndarray) else value


def _leave_alone(names: list[str], given: list[np.ndarray], before: list[np.ndarray]) -> None:
    """Raise `Wrong` if the learner's function changed an array that it was given."""
    for name, now, then in zip(names, given, before, strict=True):
        if not np.array_equal(now, then):
            raise Wrong(
                t(
                    "The numbers are right, but your function also changed {name}, which it was "
                    "given; make a new array.",
                    name=name,
                )
            )


@exercise(
    "08.1",
    title=lambda: t("How many directions are enough?"),
    hints=lambda: [
        t("The energy of a direction is the square of its singular value."),
        t("`np.cumsum(squares) / squares.sum()` is the share that the first 1, 2, 3, ... hold."),
        t("Count the shares below `share` and add 1: `int((shares < share).sum()) + 1`."),
    ],
)
def check_rank_for(rank_for: Callable[..., Any]) -> None:
    rng = np.random.default_rng(81)
    spread = np.sort(rng.exponential(size=40))[::-1]
    cases = [
        (np.array([3.0, 2.5, 2.5, 2.0, 2.0, 1.0, 1.0, 0.5]), 0.5),
        (np.array([5.0, 1.0, 0.5, 0.25]), 0.9),
        (np.array([5.0, 1.0, 0.5, 0.25]), 0.97),
        (np.array([4.0, 4.0, 4.0, 4.0]), 0.75),  # reached exactly
        (np.array([2.0, 2.0, 2.0, 2.0]), 1.0),  # all are needed
        (np.array([2.0, 0.0, 0.0]), 0.9),
        (np.array([3.0]), 0.9),
        (spread, 0.5),
        (spread, 0.9),
        (1.2 * spread / np.linalg.norm(spread), 0.99),
    ]
    results = [as_number(call(rank_for, values.copy(), share)) for values, share in cases]
    wanted = [_needed(values**2, share) for values, share in cases]
    known = [
        text
        for text, mistake in _rank_mistakes()
        if all(got == mistake(*case) for got, case in zip(results, cases, strict=True))
    ]
    for (values, share), got, right in zip(cases, results, wanted, strict=True):
        if got == right:
            continue
        if known:
            fault = known[0]
        elif got % 1:
            fault = t("how many directions is a whole number")
        elif got < right:
            fault = t("that many together hold less than the share")
        elif math.isclose((values[:right] ** 2).sum(), share * (values**2).sum()):
            fault = t("{right} hold exactly the share, which is enough", right=right)
        elif got == len(values):
            fault = t("that is all of them; fewer are enough")
        else:
            fault = t("fewer already hold the share")
        raise Wrong(
            t(
                "For the singular values {values} and the share {share} you returned {got}: "
                "{fault}.",
                values=np.array2string(values[:8], precision=2, separator=", "),
                share=share,
                got=f"{got:g}",
                fault=fault,
            )
        )


def _needed(parts: np.ndarray, share: float) -> int:
    """How many of the first `parts` hold `share` of their sum."""
    return int((np.cumsum(parts) < share * parts.sum() - 1e-9 * parts.sum()).sum()) + 1


def _rank_mistakes() -> list[tuple[str, Callable[[np.ndarray, float], int]]]:
    """Known mistakes: what to say, and what such an answer returns."""
    return [
        (
            t("return how many, not the place in the list, which counts from 0"),
            lambda s, share: _needed(s**2, share) - 1,
        ),
        (
            t("that is one too many, here and in all other cases"),
            lambda s, share: _needed(s**2, share) + 1,
        ),
        (
            t("to reach the share exactly is enough: compare with `>=`"),
            lambda s, share: min(_needed(s**2, share + 1e-6), len(s)),
        ),
        (
            t("the energy is the sum of the squares; you summed the values themselves"),
            _needed,
        ),
        (
            t("square each value before you sum, not the sum"),
            lambda s, share: _needed(s, math.sqrt(share)),
        ),
        (
            t("the energy is the sum of the squares, without its root"),
            lambda s, share: _needed(s**2, share**2),
        ),
        (
            t("divide by the energy of the whole, the sum of all squares"),
            lambda s, share: _needed(s**2, share / np.sum(s**2)),
        ),
        (
            t("divide by the sum of the squares, not of the values"),
            lambda s, share: _needed(s**2, share * np.sum(s) / np.sum(s**2)),
        ),
        (
            t("you began with the smallest; the largest come first"),
            lambda s, share: _needed(s[::-1] ** 2, share),
        ),
        (
            t("you looked at each direction alone; look at what they hold together"),
            lambda s, share: int((s**2 >= share * np.sum(s**2)).sum()),
        ),
        (
            t("you looked at each direction alone; look at what they hold together"),
            lambda s, share: int((s**2 < share * np.sum(s**2)).sum()) + 1,
        ),
        (
            t("you counted all numbers of directions that are enough; return the smallest"),
            lambda s, share: len(s) - _needed(s**2, share) + 1,
        ),
        (
            t("you compared each with the strongest; look at what they hold together"),
            lambda s, share: int((s**2 >= (1 - share) * s[0] ** 2).sum()),
        ),
        (
            t("compare sums of squares with `share`, not single values"),
            lambda s, share: int((s >= share).sum()),
        ),
        (
            t("that is the share of the directions; take the share of their energy"),
            lambda s, share: math.ceil(share * len(s)),
        ),
        (
            t("you always returned all of them; return the smallest number that is enough"),
            lambda s, share: len(s),
        ),
        (
            t("you always returned 1; use both inputs, with `share` as a fraction, not percent"),
            lambda s, share: 1,
        ),
    ]


@exercise(
    "08.2",
    title=lambda: t("The best matrix of low rank"),
    hints=lambda: [
        t("`u, s, vt = np.linalg.svd(matrix, full_matrices=False)`"),
        t("Keep the first `rank` columns of `u`, values of `s` and rows of `vt`."),
        t("`(u[:, :rank] * s[:rank]) @ vt[:rank]`"),
    ],
)
def check_best_of_rank(best_of_rank: Callable[..., Any]) -> None:
    rng = np.random.default_rng(82)
    for shape, rank in (((6, 6), 2), ((8, 5), 1), ((4, 9), 3), ((5, 5), 5)):
        matrix = rng.normal(size=shape)
        u, s, vt = np.linalg.svd(matrix, full_matrices=False)
        right = (u[:, :rank] * s[:rank]) @ vt[:rank]
        got = _matrix(call(best_of_rank, matrix.copy(), rank), shape)
        if _same(got, right):
            continue
        if _same(got, matrix):
            fault = t("that is the whole matrix; leave out all but the first `rank` directions")
        elif _same(got, u[:, :rank] @ vt[:rank]):
            fault = t("the singular values are missing: each direction has its strength")
        elif _same(got, (u[:, -rank:] * s[-rank:]) @ vt[-rank:]):
            fault = t("you kept the weakest directions; the strongest come first")
        elif _same(got, matrix - right):
            fault = t("that is what is left over; return the part that is kept")
        elif _same(got, (u[:, rank - 1 : rank] * s[rank - 1]) @ vt[rank - 1 : rank]):
            fault = t("that is direction number `rank` alone; keep all up to it")
        elif shape[0] == shape[1] and _same(got.T, right):
            fault = t("that is the transpose of the right matrix")
        elif np.abs(got - right).max() < 0.06:
            fault = t("the numbers are nearly right; keep all digits, without rounding")
        elif _same(got, (u[:, 1 : rank + 1] * s[1 : rank + 1]) @ vt[1 : rank + 1]):
            fault = t("you left out the strongest direction, which has the index 0")
        elif np.linalg.matrix_rank(got, tol=1e-4) < rank:
            fault = t("its rank is smaller than {rank}; keep more directions", rank=rank)
        elif np.linalg.matrix_rank(got, tol=1e-4) > rank:
            fault = t("its rank is larger than {rank}; keep fewer directions", rank=rank)
        elif shape[0] == shape[1] and _same(got, (u[:, :rank] * s[:rank]) @ vt.T[:rank]):
            fault = t("NumPy gives the third part transposed already: use its first rows")
        elif _factors(got, *(np.outer(u[:, i], vt[i]) for i in range(rank))):
            fault = t(
                "the directions are right, but their strengths are not the singular values, each "
                "taken once"
            )
        else:
            fault = t(
                "another matrix of rank {rank} is nearer; mind that `svd` gives `vt` transposed "
                "already, with one direction in each row",
                rank=rank,
            )
        raise Wrong(
            t(
                "For a matrix of shape {shape} and rank {rank}: {fault}.",
                shape=shape,
                rank=rank,
                fault=fault,
            )
        )


@exercise(
    "08.3",
    title=lambda: t("The forward pass of LoRA"),
    hints=lambda: [
        t("The frozen layer gives `x @ W.T`: one row in, one row out."),
        t("The path makes a row narrow with `x @ A.T`, then wide again with `@ B.T`."),
        t("`x @ W.T + alpha / rank * (x @ A.T @ B.T)`, where `rank = A.shape[0]`."),
    ],
)
def check_lora_forward(lora_forward: Callable[..., Any]) -> None:
    rng = np.random.default_rng(83)
    for n, n_in, n_out, rank, alpha in ((3, 6, 6, 2, 5), (1, 4, 7, 3, 6), (5, 7, 4, 1, 2)):
        x, weight = rng.normal(size=(n, n_in)), rng.normal(size=(n_out, n_in))
        a, b = rng.normal(size=(rank, n_in)), rng.normal(size=(n_out, rank))
        given = [matrix.copy() for matrix in (x, weight, a, b)]
        shapes = t("x has one row for each token: multiply it by `W.T`, `A.T` and `B.T`.")
        got = _matrix(_call(lora_forward, *given, alpha, shapes=shapes), (n, n_out))
        frozen, side = x @ weight.T, x @ a.T @ b.T
        if _same(got, frozen + alpha / rank * side):
            _leave_alone(["x", "W", "A", "B"], given, [x, weight, a, b])
            continue
        scale = alpha / rank
        factors = _factors(got, frozen, side)
        if _same(got, frozen):
            fault = t("that is the frozen layer alone; add the path")
        elif _same(got, scale * side):
            fault = t("that is the path alone; add the output of the frozen layer")
        elif _same(got, frozen + side):
            fault = t("the scale alpha / rank is missing")
        elif _same(got, frozen + alpha * side):
            fault = t("the scale is alpha / rank, not alpha")
        elif _same(got, scale * (frozen + side)):
            fault = t("only the path is scaled, not the frozen layer")
        elif _same(got, frozen - scale * side):
            fault = t("the path is added, not taken away")
        elif factors and _same(got, frozen + factors[1] * side):
            fault = t(
                "you scaled the path by {factor}, but alpha / rank is {scale}; the rank is the "
                "number of rows of A, and `/` divides, not `//`",
                factor=f"{factors[1]:.4g}",
                scale=f"{scale:.4g}",
            )
        elif factors:
            fault = t(
                "you took the frozen layer {frozen} times and the path {path} times; it should be "
                "1 and {scale}",
                frozen=f"{factors[0]:.4g}",
                path=f"{factors[1]:.4g}",
                scale=f"{scale:.4g}",
            )
        elif _factors(got, frozen * side, frozen):
            fault = t("the path is added to the frozen layer, not multiplied with it")
        elif n_in == n_out and _same(got, x @ weight + scale * side):
            fault = t("the frozen layer multiplies by `W.T`, the weight transposed")
        elif n_in == n_out and _factors(got, frozen, frozen @ a.T @ b.T):
            fault = t("A must read x, not the output of the frozen layer")
        elif any(
            _factors(got, base, x @ a_turned @ b_turned)
            for base in (frozen, x @ weight.reshape(n_in, n_out))
            for a_turned in (a.T, a.reshape(n_in, rank))
            for b_turned in (b.T, b.reshape(rank, n_out))
        ):
            fault = t("`reshape` does not transpose; `.T` does")
        elif _in_reach(got - frozen, b):
            fault = t("what reaches B must be x @ A.T itself; no other function stands between")
        else:
            fault = t("it should be x @ W.T + alpha / rank * (x @ A.T @ B.T)")
        raise Wrong(
            t(
                "With x {x}, W {weight}, A {a}, B {b} and alpha {alpha}: {fault}.",
                x=x.shape,
                weight=weight.shape,
                a=a.shape,
                b=b.shape,
                alpha=alpha,
                fault=fault,
            )
        )


def _in_reach(rows: np.ndarray, b: np.ndarray) -> bool:
    """Whether `b`, which is (n_out, rank), can make these rows of n_out numbers."""
    return b.shape[1] < b.shape[0] and _same(b @ np.linalg.pinv(b) @ rows.T, rows.T)


@exercise(
    "08.4",
    title=lambda: t("Change the adapter of a merged model"),
    hints=lambda: [
        t("What merging added can be taken away again: it is `alpha / rank * (B @ A)`."),
        t("Each adapter has its own rank, the number of rows of its A."),
        t("`merged - alpha / len(A_old) * (B_old @ A_old) + alpha / len(A_new) * (B_new @ A_new)`"),
    ],
)
def check_swap_adapter(swap_adapter: Callable[..., Any]) -> None:
    rng = np.random.default_rng(85)
    for n_out, n_in, ranks, alpha in ((6, 6, (2, 2), 4), (8, 5, (1, 3), 6), (4, 7, (4, 2), 5)):
        weight = rng.normal(size=(n_out, n_in))
        pairs = [(rng.normal(size=(r, n_in)), rng.normal(size=(n_out, r))) for r in ranks]
        old, new = (alpha / len(a) * (b @ a) for a, b in pairs)
        merged = weight + old
        given = merged.copy()
        flat = [matrix.copy() for pair in pairs for matrix in pair]
        shapes = t("Each adapter is a pair (A, B), and the update is `B @ A`.")
        got = _matrix(
            _call(swap_adapter, given, tuple(flat[:2]), tuple(flat[2:]), alpha, shapes=shapes),
            (n_out, n_in),
        )
        (a_old, b_old), (a_new, b_new) = pairs
        if _same(got, weight + new):
            _leave_alone(
                ["merged", "A of old", "B of old", "A of new", "B of new"],
                [given, *flat],
                [merged, a_old, b_old, a_new, b_new],
            )
            continue
        factors = _factors(got, merged, b_old @ a_old, b_new @ a_new)
        if _same(got, weight):
            fault = t("the old adapter is out, but the new one is not in")
        elif _same(got, merged + new):
            fault = t("the new adapter is in, but the old one is still there as well")
        elif _same(got, merged):
            fault = t("nothing has changed")
        elif _same(got, merged + old - new):
            fault = t("the signs are swapped: take the old update away, and add the new one")
        elif _same(got, merged - b_old @ a_old + b_new @ a_new):
            fault = t("the scale alpha / rank is missing")
        elif ranks[0] != ranks[1] and any(
            _same(got, merged - alpha / r * (b_old @ a_old) + alpha / r * (b_new @ a_new))
            for r in ranks
        ):
            fault = t("each adapter has its own rank, the number of rows of its A")
        elif _same(got, merged - alpha * (b_old @ a_old) + alpha * (b_new @ a_new)):
            fault = t("the scale is alpha / rank, not alpha")
        elif factors and abs(factors[0]) < 1e-3:
            fault = t("that is the update alone; begin with `merged`")
        elif factors:
            fault = t(
                "you added B @ A {old} times for old and {new} times for new; it should be "
                "{right_old} and {right_new}, by alpha / rank with `/`",
                old=f"{factors[1]:.4g}",
                new=f"{factors[2]:.4g}",
                right_old=f"{-alpha / ranks[0]:.4g}",
                right_new=f"{alpha / ranks[1]:.4g}",
            )
        elif ranks[0] == ranks[1] and _factors(got, merged, (b_new - b_old) @ (a_new - a_old)):
            fault = t("multiply B and A of each adapter first; then take the difference")
        elif n_out == n_in and _same(got.T, weight + new):
            fault = t("that is the transpose of the right weight; its shape is that of B @ A")
        else:
            fault = t("it should be merged, minus the old update, plus the new update")
        raise Wrong(
            t(
                "With a weight of shape {shape}, ranks {ranks} and alpha {alpha}: {fault}.",
                shape=(n_out, n_in),
                ranks=ranks,
                alpha=alpha,
                fault=fault,
            )
        )


@exercise(
    "08.5",
    title=lambda: t("The bytes of a training run"),
    hints=lambda: [
        t("Every number of the model is held once, trained or not."),
        t("A trained number also has a gradient, and two averages in AdamW."),
        t("`bytes_each * (total + 3 * trainable)`"),
    ],
)
def check_training_bytes(training_bytes: Callable[..., Any]) -> None:
    for total, trainable, each in (
        (1000, 400, 4),
        (1000, 0, 4),
        (10, 10, 4),
        (1_020_000, 20_000, 4),
        (135_000_000, 5_000_000, 2),
    ):
        got = as_number(call(training_bytes, total, trainable, each))
        right = each * (total + 3 * trainable)
        if math.isclose(got, right, rel_tol=1e-6):
            continue
        if got == 64:
            fault = t("that is the result of the example, whatever the input")
        elif math.isclose(got * each, right):
            fault = t("those are numbers; each takes {each} bytes", each=each)
        elif got in (total * each + 3 * trainable, total + 3 * trainable * each):
            fault = t("not only some of the numbers take {each} bytes: all do", each=each)
        elif each != 4 and got == 4 * (total + 3 * trainable):
            fault = t("a number takes {each} bytes here, not 4", each=each)
        elif got == each * right:
            fault = t("multiply by `bytes_each` once")
        elif got == 8 * right:
            fault = t("those are bits; return bytes")
        elif got in (each * (total * n + trainable * (4 - n)) for n in (2, 3, 4)):
            fault = t("only trained numbers have a gradient and two averages, not all of them")
        elif got == each * 4 * trainable:
            fault = t("the frozen numbers take memory too")
        elif got == each * (total + trainable):
            fault = t("AdamW also keeps two averages for each trained number")
        elif got == each * 3 * trainable:
            fault = t("the weights themselves are missing")
        elif got == each * (total + 2 * trainable):
            fault = t("a trained number takes four: its weight, its gradient and two averages")
        elif got == each * (total + 4 * trainable):
            fault = t("the trained numbers are part of `total` already")
        elif got == each * total:
            fault = t("that is the model alone; training needs gradients and averages too")
        elif abs(got * 1e6 - right) < 1 or abs(got * 1e9 - right) < 1:
            fault = t("return bytes, not megabytes or gigabytes")
        else:
            fault = t("{right} are needed", right=f"{right:,}")
        raise Wrong(
            t(
                "For {total} numbers, of which {trainable} are trained, at {each} bytes each you "
                "returned {got}: {fault}.",
                total=f"{total:,}",
                trainable=f"{trainable:,}",
                each=each,
                got=f"{got:,.10g}",
                fault=fault,
            )
        )
