"""Right and wrong answers to the exercises of lesson 02."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import torch
from scipy.spatial.distance import cdist
from scipy.spatial.distance import cosine as cosine_distance
from sklearn.metrics.pairwise import cosine_similarity

from mutations import right, wrong

# 02.1 Padding must not count


@right("02.1", "verbose loops, lists")
def pool_loops(states, mask):
    result = []
    for text in range(len(states)):
        total = [0.0] * len(states[text][0])
        count = 0
        for token in range(len(states[text])):
            if mask[text][token] == 1:
                count += 1
                for i in range(len(total)):
                    total[i] = total[i] + states[text][token][i]
        result.append([value / count for value in total])
    return result


@right("02.1", "a list of arrays")
def pool_boolean_rows(states, mask):
    return [rows[keep == 1].mean(axis=0) for rows, keep in zip(states, mask, strict=True)]


@right("02.1", "a generator")
def pool_generator(states, mask):
    for i in range(states.shape[0]):
        yield states[i, mask[i].astype(bool)].mean(0)


@right("02.1", "an array that is filled")
def pool_filled(states, mask):
    out = np.zeros((states.shape[0], states.shape[2]))
    for i in range(len(out)):
        (real,) = np.nonzero(mask[i])
        out[i] = states[i, real].mean(axis=0)
    return out


@right("02.1", "works in place")
def pool_in_place(states, mask):
    states *= mask[:, :, np.newaxis]
    total = states.sum(axis=1)
    total /= mask.sum(axis=1)[:, np.newaxis]
    return total


@right("02.1", "nan for padding")
def pool_nan(states, mask):
    states[mask == 0] = np.nan
    return np.nanmean(states, axis=1)


@right("02.1", "a masked array")
def pool_masked(states, mask):
    hidden = np.broadcast_to((mask == 0)[:, :, None], states.shape)
    return np.ma.masked_array(states, hidden).mean(axis=1)


@right("02.1", "torch, with the library's floor under the count")
def pool_torch(states, mask):
    states, mask = torch.tensor(states), torch.tensor(mask)
    wide = mask.unsqueeze(-1).expand(states.size()).float()
    return torch.sum(states * wide, 1) / torch.clamp(wide.sum(1), min=1e-9)


@right("02.1", "first to last real token")
def pool_first_to_last(states, mask):
    rows = []
    for state, m in zip(states, mask, strict=True):
        m = m.tolist()
        start = m.index(1)
        rows.append(np.mean(state[start : start + sum(m)], axis=0))
    return np.stack(rows)


right("02.1", "einsum")(
    lambda states, mask: np.einsum("btd,bt->bd", states, mask) / mask.sum(1)[:, None]
)
right("02.1", "a weighted average of each text")(
    lambda states, mask: np.array(
        [np.average(s, axis=0, weights=m) for s, m in zip(states, mask, strict=True)]
    )
)
right("02.1", "the where argument of mean")(
    lambda states, mask: states.mean(axis=1, where=mask[..., None] == 1)
)
right("02.1", "weights, then a matrix product")(
    lambda states, mask: ((mask / mask.sum(1, keepdims=True))[:, None] @ states)[:, 0]
)
right("02.1", "a tuple of rows in single precision")(
    lambda states, mask: tuple(
        s[m > 0].astype(np.float32).mean(axis=0) for s, m in zip(states, mask, strict=True)
    )
)


@wrong("02.1", "counts the real tokens from the start", "either end")
def pool_right_padding_only(states, mask):
    return np.array([s[: m.sum()].mean(axis=0) for s, m in zip(states, mask, strict=True)])


@wrong("02.1", "looks for the side in the first text", "either end")
def pool_side_of_first(states, mask):
    left = mask[0, 0] == 0
    counts = mask.sum(axis=1)
    return [s[-n:].mean(0) if left else s[:n].mean(0) for s, n in zip(states, counts)]  # noqa: B905


@wrong("02.1", "stops at the first padding", "either end")
def pool_stops(states, mask):
    result = []
    for s, m in zip(states, mask, strict=True):
        rows = []
        for vector, real in zip(s, m, strict=True):
            if real == 0:
                break
            rows.append(vector)
        result.append(np.mean(rows, axis=0) if rows else np.zeros(states.shape[2]))
    return np.array(result)


@wrong("02.1", "counts from the end", "either end")
def pool_left_padding_only(states, mask):
    return np.array([s[-m.sum() :].mean(axis=0) for s, m in zip(states, mask, strict=True)])


@wrong("02.1", "returns in the loop", "shape")
def pool_returns_early(states, mask):
    for s, m in zip(states, mask, strict=True):
        return s[m == 1].mean(axis=0)


@wrong("02.1", "no return", "None")
def pool_no_return(states, mask):
    out = np.zeros((states.shape[0], states.shape[2]))
    for i in range(len(out)):
        out[i] = states[i][mask[i] == 1].mean(axis=0)


@wrong("02.1", "normalises", "length 1")
def pool_normalises(states, mask):
    mean = (states * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
    return mean / np.linalg.norm(mean, axis=1, keepdims=True)


@wrong("02.1", "finds padding by zeros", "padding included")
def pool_zeros(states, mask):
    return np.array([s[np.any(s != 0, axis=1)].mean(axis=0) for s in states])


wrong("02.1", "no mask", "padding included")(lambda states, mask: states.mean(axis=1))
wrong("02.1", "padding set to zero, but counted", "still counted in the division")(
    lambda states, mask: (states * mask[:, :, None]).mean(axis=1)
)
wrong("02.1", "sum without the division", "that is the sum")(
    lambda states, mask: (states * mask[:, :, None]).sum(axis=1)
)
wrong("02.1", "divides by all real tokens of the batch", "whole batch")(
    lambda states, mask: (states * mask[:, :, None]).sum(axis=1) / mask.sum()
)
wrong("02.1", "divides by the number of texts", "number of texts")(
    lambda states, mask: (states * mask[:, :, None]).sum(axis=1) / len(states)
)
wrong("02.1", "divides the sum of everything", "not of the sum")(
    lambda states, mask: states.sum(axis=1) / mask.sum(axis=1, keepdims=True)
)
wrong("02.1", "divides by the count of the first text", "first text")(
    lambda states, mask: (states * mask[:, :, None]).sum(axis=1) / mask[0].sum()
)
wrong("02.1", "mask upside down", "mean of the padding")(
    lambda states, mask: np.array(
        [s[m == 0].sum(axis=0) / max(1, (m == 0).sum()) for s, m in zip(states, mask, strict=True)]
    )
)
wrong("02.1", "mask as row numbers", "row numbers")(
    lambda states, mask: np.array([s[m].mean(axis=0) for s, m in zip(states, mask, strict=True)])
)
wrong("02.1", "mask without a third axis", "ValueError")(
    lambda states, mask: (states * mask).sum(axis=1) / mask.sum(axis=1, keepdims=True)
)
wrong("02.1", "count without a second axis", "ValueError")(
    lambda states, mask: (states * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1)
)
wrong("02.1", "over the texts", "axis")(
    lambda states, mask: (states * mask[:, :, None]).sum(axis=0) / mask.sum(axis=0)[:, None]
)
wrong("02.1", "over the numbers of each vector", "axis")(
    lambda states, mask: (states * mask[:, :, None]).mean(axis=2)
)
wrong("02.1", "one vector for all texts", "shape")(
    lambda states, mask: states[mask == 1].mean(axis=0)
)
wrong("02.1", "one number", "shape")(lambda states, mask: float(states[mask == 1].mean()))
wrong("02.1", "keeps the axis of the tokens", "shape")(
    lambda states, mask: (
        (states * mask[:, :, None]).sum(axis=1, keepdims=True) / mask.sum(axis=1)[:, None, None]
    )
)
wrong("02.1", "the masked states", "shape")(lambda states, mask: states * mask[:, :, None])
wrong("02.1", "turned on its side", "shape")(
    lambda states, mask: ((states * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1)[:, None]).T
)
wrong("02.1", "the first token", "first token alone")(lambda states, mask: states[:, 0])
wrong("02.1", "the first real token", "first token alone")(
    lambda states, mask: np.array([s[m == 1][0] for s, m in zip(states, mask, strict=True)])
)
wrong("02.1", "the largest values", "largest value")(
    lambda states, mask: np.array(
        [s[m == 1].max(axis=0) for s, m in zip(states, mask, strict=True)]
    )
)
wrong("02.1", "the median", "median")(
    lambda states, mask: np.array(
        [np.median(s[m == 1], axis=0) for s, m in zip(states, mask, strict=True)]
    )
)
wrong("02.1", "without the special tokens", "special tokens")(
    lambda states, mask: np.array(
        [
            s[m == 1][1:-1].sum(axis=0) / max(1, m.sum() - 2)
            for s, m in zip(states, mask, strict=True)
        ]
    )
)
wrong("02.1", "one too few in the division", "one too many or one too few")(
    lambda states, mask: (
        (states * mask[:, :, None]).sum(axis=1) / np.maximum(mask.sum(axis=1) - 1, 1)[:, None]
    )
)
wrong("02.1", "one too many in the division", "one too many or one too few")(
    lambda states, mask: (states * mask[:, :, None]).sum(axis=1) / (mask.sum(axis=1)[:, None] + 1)
)
wrong("02.1", "text", "text")(
    lambda states, mask: str((states * mask[:, :, None]).sum(1) / mask.sum(1, keepdims=True))
)
wrong("02.1", "only two texts", "shape")(
    lambda states, mask: np.array([states[i][mask[i] == 1].mean(axis=0) for i in range(2)])
)

# 02.2 Every cosine at once, with care


@right("02.2", "verbose loops, lists")
def cosines_loops(a, b):
    table = []
    for x in a:
        row = []
        for y in b:
            dot = 0
            xx = 0
            yy = 0
            for i in range(len(x)):
                dot = dot + x[i] * y[i]
                xx = xx + x[i] ** 2
                yy = yy + y[i] ** 2
            if xx == 0 or yy == 0:
                row.append(0)
            else:
                row.append(dot / (math.sqrt(xx) * math.sqrt(yy)))
        table.append(row)
    return table


@right("02.2", "nan to zero at the end")
def cosines_nan_to_num(a, b):
    with np.errstate(all="ignore"):
        return np.nan_to_num(
            a @ b.T / np.outer(np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=1))
        )


@right("02.2", "zero lengths replaced in a copy")
def cosines_replaced(a, b):
    la = np.sqrt((a**2).sum(axis=1))
    lb = np.sqrt((b**2).sum(axis=1))
    la[la == 0] = 1
    lb[lb == 0] = 1
    return np.dot(a, b.T) / la[:, None] / lb[None, :]


@right("02.2", "works in place")
def cosines_in_place(a, b):
    for rows in (a, b):
        for row in rows:
            length = np.linalg.norm(row)
            if length > 0:
                row /= length
    return a @ b.T


@right("02.2", "the where argument of divide")
def cosines_where(a, b):
    lengths = np.linalg.norm(a, axis=1)[:, None] * np.linalg.norm(b, axis=1)
    return np.divide(a @ b.T, lengths, out=np.zeros(lengths.shape), where=lengths != 0)


@right("02.2", "a small number under the fraction")
def cosines_epsilon(a, b):
    a = a / (np.linalg.norm(a, axis=1, keepdims=True) + 1e-12)
    b = b / (np.linalg.norm(b, axis=1, keepdims=True) + 1e-12)
    return np.einsum("nd,md->nm", a, b)


@right("02.2", "a larger small number, and clipped")
def cosines_floor(a, b):
    la = np.linalg.norm(a, axis=1, keepdims=True) + 1e-6
    lb = np.linalg.norm(b, axis=1, keepdims=True) + 1e-6
    return np.clip((a / la) @ (b / lb).T, -1, 1).tolist()


@right("02.2", "torch")
def cosines_torch(a, b):
    a = torch.nn.functional.normalize(torch.tensor(a), dim=1)
    b = torch.nn.functional.normalize(torch.tensor(b), dim=1)
    return a @ b.T


@right("02.2", "torch, broadcast")
def cosines_torch_broadcast(a, b):
    a, b = torch.as_tensor(a), torch.as_tensor(b)
    return torch.nn.functional.cosine_similarity(a[:, None], b[None], dim=2)


@right("02.2", "scipy's distances")
def cosines_scipy(a, b):
    return np.nan_to_num(1 - cdist(a, b, "cosine"))


@right("02.2", "single precision")
def cosines_single(a, b):
    return cosine_similarity(a.astype(np.float32), b.astype(np.float32))


right("02.2", "scikit-learn")(lambda a, b: cosine_similarity(a, b))


@right("02.2", "a generator of rows")
def cosines_generator(a, b):
    def one(x, y):
        lengths = np.linalg.norm(x) * np.linalg.norm(y)
        return float(x @ y / lengths) if lengths else 0.0

    for x in a:
        yield [one(x, y) for y in b]


def _safe(rows):
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths == 0, 1, lengths)


def _quiet(function):
    def answer(a, b):
        with np.errstate(all="ignore"):
            return function(a, b)

    return answer


def _unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@wrong("02.2", "care for a only", "zeros in `b`")
@_quiet
def cosines_care_a(a, b):
    return _safe(a) @ _unit(b).T


@wrong("02.2", "care for b only", "zeros in `a`")
@_quiet
def cosines_care_b(a, b):
    return _unit(a) @ _safe(b).T


@wrong("02.2", "leaves out rows of zeros", "shape")
def cosines_dropped(a, b):
    a = a[np.any(a != 0, axis=1)]
    b = b[np.any(b != 0, axis=1)]
    return _unit(a) @ _unit(b).T


@wrong("02.2", "gives up when there is a row of zeros", "those of the other rows stay")
def cosines_gives_up(a, b):
    if not a.any(axis=1).all() or not b.any(axis=1).all():
        return np.zeros((len(a), len(b)))
    return _unit(a) @ _unit(b).T


@wrong("02.2", "raises when there is a row of zeros", "ValueError")
def cosines_raises(a, b):
    if not a.any(axis=1).all() or not b.any(axis=1).all():
        raise ValueError("a row of zeros has no direction")
    return _unit(a) @ _unit(b).T


@wrong("02.2", "a row with one zero counts as zeros", "every number is 0")
def cosines_one_zero(a, b):
    keep_a, keep_b = (a != 0).all(axis=1), (b != 0).all(axis=1)
    return np.where(keep_a[:, None] & keep_b, _safe(a) @ _safe(b).T, 0)


@wrong("02.2", "a row that sums to zero counts as zeros", "their sum")
def cosines_sum_zero(a, b):
    keep_a, keep_b = a.sum(axis=1) != 0, b.sum(axis=1) != 0
    return np.where(keep_a[:, None] & keep_b, _safe(a) @ _safe(b).T, 0)


@wrong("02.2", "returns in the loop", "shape")
def cosines_returns_early(a, b):
    for x in _safe(a):
        return [x @ y for y in _safe(b)]


@wrong("02.2", "no return", "None")
def cosines_no_return(a, b):
    scores = _safe(a) @ _safe(b).T
    scores[np.isnan(scores)] = 0


@wrong("02.2", "no return when a row is zero", "None")
def cosines_no_return_zero(a, b):
    lengths = np.outer(np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=1))
    if (lengths > 0).all():
        return a @ b.T / lengths


wrong("02.2", "no care for zeros", "divided by its length 0")(
    _quiet(lambda a, b: _unit(a) @ _unit(b).T)
)
wrong("02.2", "dot products", "those are the dot products")(lambda a, b: a @ b.T)
wrong("02.2", "only a divided", "those of `b` must be too")(lambda a, b: _safe(a) @ b.T)
wrong("02.2", "only b divided", "those of `a` must be too")(lambda a, b: a @ _safe(b).T)
wrong("02.2", "the length of the whole matrix", "whole array")(
    lambda a, b: a @ b.T / (np.linalg.norm(a) * np.linalg.norm(b))
)
wrong("02.2", "lengths down the columns", "lengths of the columns")(
    _quiet(
        lambda a, b: np.nan_to_num(
            (a / np.linalg.norm(a, axis=0)) @ (b / np.linalg.norm(b, axis=0)).T
        )
    )
)
wrong("02.2", "squared lengths", "squared")(
    _quiet(lambda a, b: np.nan_to_num(a @ b.T / np.outer((a**2).sum(1), (b**2).sum(1))))
)
wrong("02.2", "sums as lengths", "sum of a row")(
    _quiet(lambda a, b: np.nan_to_num(a @ b.T / np.outer(abs(a).sum(axis=1), abs(b).sum(axis=1))))
)
wrong("02.2", "adds the lengths", "length of each single row")(
    _quiet(
        lambda a, b: np.nan_to_num(
            a @ b.T / (np.linalg.norm(a, axis=1)[:, None] + np.linalg.norm(b, axis=1))
        )
    )
)
wrong("02.2", "the factors swapped", "shape")(lambda a, b: _safe(b) @ _safe(a).T)
wrong("02.2", "no transpose", "ValueError")(lambda a, b: _safe(a) @ _safe(b))
wrong("02.2", "row with row", "Error")(lambda a, b: (_safe(a) * _safe(b)).sum(axis=1))
wrong("02.2", "row with row, as far as there are", "shape")(
    lambda a, b: [x @ y for x, y in zip(_safe(a), _safe(b))]  # noqa: B905
)
wrong("02.2", "cosine distances", "one minus the cosine")(lambda a, b: 1 - _safe(a) @ _safe(b).T)
wrong("02.2", "L2 distances", "that is a distance")(lambda a, b: cdist(_safe(a), _safe(b)))
wrong("02.2", "from the distances", "no direction")(
    lambda a, b: 1 - cdist(_safe(a), _safe(b), "sqeuclidean") / 2
)
wrong("02.2", "without the sign", "keep the sign")(lambda a, b: np.abs(_safe(a) @ _safe(b).T))
wrong("02.2", "nothing below 0", "keep the sign")(lambda a, b: np.clip(_safe(a) @ _safe(b).T, 0, 1))
wrong("02.2", "moved to 0 to 1", "unrelated is 0")(lambda a, b: (1 + _safe(a) @ _safe(b).T) / 2)
wrong("02.2", "rounded", "do not round")(lambda a, b: np.round(_safe(a) @ _safe(b).T, 2))
wrong("02.2", "too large a number under the fraction", "more than the lengths")(
    lambda a, b: a @ b.T / (1 + np.linalg.norm(a, axis=1)[:, None] * np.linalg.norm(b, axis=1))
)
wrong("02.2", "1 for a row of zeros", "no direction")(
    lambda a, b: np.where(
        (abs(a).sum(1) == 0)[:, None] | (abs(b).sum(1) == 0), 1, _safe(a) @ _safe(b).T
    )
)
wrong("02.2", "-1 for a row of zeros", "no direction")(
    lambda a, b: np.where(
        (abs(a).sum(1) == 0)[:, None] | (abs(b).sum(1) == 0), -1, _safe(a) @ _safe(b).T
    )
)
wrong("02.2", "as if the rows had length 1, nan to zero", "dot product")(
    lambda a, b: np.nan_to_num(np.inner(a, b))
)
wrong("02.2", "one number", "shape")(lambda a, b: float(np.sum(_safe(a) @ _safe(b).T)))
wrong("02.2", "text", "text")(lambda a, b: str(_safe(a) @ _safe(b).T))
wrong("02.2", "the best row of each", "shape")(lambda a, b: (_safe(a) @ _safe(b).T).argmax(axis=1))
wrong("02.2", "flat", "shape")(lambda a, b: (_safe(a) @ _safe(b).T).ravel())
wrong("02.2", "angles", "angles")(lambda a, b: np.arccos(np.clip(_safe(a) @ _safe(b).T, -1, 1)))
wrong("02.2", "NumPy's correlation", "correlation")(
    _quiet(lambda a, b: np.nan_to_num(np.corrcoef(a, b)[: len(a), len(a) :]))
)
wrong("02.2", "mean removed", "correlation")(
    lambda a, b: _safe(a - a.mean(axis=1, keepdims=True)) @ _safe(b - b.mean(1, keepdims=True)).T
)

# 02.3 Recall@1 from a matrix of scores


@right("02.3", "verbose loops")
def recall_loops(scores, gold):
    hits = 0
    total = 0
    for i in range(len(gold)):
        if len(gold[i]) == 0:
            continue
        total += 1
        best = 0
        for j in range(len(scores[i])):
            if scores[i][j] > scores[i][best]:
                best = j
        for g in gold[i]:
            if g == best:
                hits += 1
                break
    return hits / total


@right("02.3", "by the score of the gold passages")
def recall_by_score(scores, gold):
    return np.mean(
        [row[rows].max() == row.max() for row, rows in zip(scores, gold, strict=True) if rows]
    )


@right("02.3", "sets, as a fraction")
def recall_sets(scores, gold):
    asked = [i for i, rows in enumerate(gold) if rows]
    hits = sum(bool({int(scores[i].argmax())} & set(gold[i])) for i in asked)
    return Fraction(hits, len(asked))


@right("02.3", "sorts each row")
def recall_sorted(scores, gold):
    ranking = np.argsort(-scores, axis=1)
    found = []
    for i, rows in enumerate(gold):
        if rows:
            found.append(1.0 if ranking[i, 0] in rows else 0.0)
    return sum(found) / len(found)


@right("02.3", "a matrix of gold")
def recall_matrix(scores, gold):
    is_gold = np.zeros(scores.shape, dtype=bool)
    for i, rows in enumerate(gold):
        is_gold[i, rows] = True
    hit = is_gold[np.arange(len(scores)), scores.argmax(axis=1)]
    return hit[is_gold.any(axis=1)].mean()


@right("02.3", "works in place")
def recall_in_place(scores, gold):
    hits = 0
    for i in reversed(range(len(gold))):
        if not gold[i]:
            del gold[i]
            continue
        best = scores[i].argmax()
        scores[i] = 0
        hits += best in gold[i]
    return hits / len(gold)


@right("02.3", "torch")
def recall_torch(scores, gold):
    best = torch.tensor(scores).argmax(dim=1).tolist()
    found = [b in rows for b, rows in zip(best, gold, strict=True) if len(rows) > 0]
    return torch.tensor(found, dtype=torch.float32).mean()


@right("02.3", "index of the largest in a list")
def recall_index(scores, gold):
    found = []
    for row, rows in zip(scores.tolist(), gold, strict=True):
        if rows != []:
            found.append(row.index(max(row)) in rows)
    return found.count(True) / len(found)


@right("02.3", "numpy.isin, then nanmean")
def recall_isin(scores, gold):
    return np.nanmean(
        [
            np.isin(b, g).item() if g else np.nan
            for b, g in zip(np.argmax(scores, 1), gold, strict=True)
        ]
    )


@wrong("02.3", "empty lists counted as misses", "out of the division")
def recall_counts_empty(scores, gold):
    best = scores.argmax(axis=1)
    return np.mean([row in rows for row, rows in zip(best, gold, strict=True)])


@wrong("02.3", "empty lists counted as hits", "as found")
def recall_empty_hits(scores, gold):
    best = scores.argmax(axis=1)
    return np.mean([not rows or row in rows for row, rows in zip(best, gold, strict=True)])


@wrong("02.3", "empty lists left out, and the rest slips", "same question")
def recall_slips(scores, gold):
    best = scores.argmax(axis=1)
    return np.mean([row in rows for row, rows in zip(best, [g for g in gold if g])])  # noqa: B905


@wrong("02.3", "stops at the first empty list", "stopped at the first empty list")
def recall_stops(scores, gold):
    found = []
    for row, rows in zip(scores, gold, strict=True):
        if not rows:
            break
        found.append(row.argmax() in rows)
    return np.mean(found) if found else 0.0


@wrong("02.3", "gold list with row 0 only taken for empty", "row 0 is a passage")
def recall_any(scores, gold):
    best = scores.argmax(axis=1)
    return np.mean([row in rows for row, rows in zip(best, gold, strict=True) if any(rows)])


@wrong("02.3", "best row 0 taken for none", "row 0 is a passage")
def recall_best_zero(scores, gold):
    hits = total = 0
    for row, rows in zip(scores, gold, strict=True):
        if not rows:
            continue
        total += 1
        best = row.argmax()
        if best and best in rows:
            hits += 1
    return hits / total


@wrong("02.3", "starts from a score of 0", "negative")
def recall_from_zero(scores, gold):
    hits = total = 0
    for row, rows in zip(scores, gold, strict=True):
        if not rows:
            continue
        total += 1
        best, best_score = None, 0
        for number, score in enumerate(row):
            if score > best_score:
                best, best_score = number, score
        hits += best in rows
    return hits / total


@wrong("02.3", "returns in the loop", "after the first question")
def recall_returns_early(scores, gold):
    for row, rows in zip(scores, gold, strict=True):
        if rows:
            return float(row.argmax() in rows)


@wrong("02.3", "empty list divides by zero", "ZeroDivisionError")
def recall_divides(scores, gold):
    shares = []
    for row, rows in zip(scores, gold, strict=True):
        best = row.argmax()
        shares.append(sum(best == g for g in rows) / len(rows))
    return np.mean(shares)


@wrong("02.3", "share of the gold passages", "any of them")
def recall_shares(scores, gold):
    best = scores.argmax(axis=1)
    return np.mean([np.mean(np.array(g) == b) for b, g in zip(best, gold, strict=True) if g])


@wrong("02.3", "makes an array of the lists", "ValueError")
def recall_array(scores, gold):
    return np.mean(scores.argmax(axis=1)[:, None] == np.array(gold))


@wrong("02.3", "the list compared with the row", "any of them")
def recall_equal_list(scores, gold):
    best = scores.argmax(axis=1)
    return np.mean([[int(b)] == g for b, g in zip(best, gold, strict=True) if g])


@wrong("02.3", "all gold passages before the others", "any of them")
def recall_all(scores, gold):
    top = np.argsort(-scores, axis=1)
    return np.mean([set(t[: len(g)]) == set(g) for t, g in zip(top, gold, strict=True) if g])


@wrong("02.3", "one among the first as many as there are gold ones", "however many")
def recall_r(scores, gold):
    top = np.argsort(-scores, axis=1)
    return np.mean([bool(set(t[: len(g)]) & set(g)) for t, g in zip(top, gold, strict=True) if g])


def _hits(best, gold):
    return [b in rows for b, rows in zip(best, gold) if len(rows)]  # noqa: B905


wrong("02.3", "the first gold passage only", "any of them")(
    lambda scores, gold: np.mean(
        [b == g[0] for b, g in zip(scores.argmax(axis=1), gold, strict=True) if g]
    )
)
wrong("02.3", "the last gold passage only", "any of them")(
    lambda scores, gold: np.mean(
        [b == g[-1] for b, g in zip(scores.argmax(axis=1), gold, strict=True) if g]
    )
)
wrong("02.3", "the lowest score", "lowest score")(
    lambda scores, gold: np.mean(_hits(scores.argmin(axis=1), gold))
)
wrong("02.3", "best question of each passage", "best question of each passage")(
    lambda scores, gold: np.mean(_hits(scores.argmax(axis=0), gold))
)
wrong("02.3", "largest without the sign", "keep the sign")(
    lambda scores, gold: np.mean(_hits(np.abs(scores).argmax(axis=1), gold))
)
wrong("02.3", "the second best", "second best")(
    lambda scores, gold: np.mean(_hits(np.argsort(-scores, axis=1)[:, 1], gold))
)
wrong("02.3", "the best two", "best few")(
    lambda scores, gold: np.mean(
        [bool(set(r[:2]) & set(g)) for r, g in zip(np.argsort(-scores), gold, strict=True) if g]
    )
)
wrong("02.3", "the best five", "best few")(
    lambda scores, gold: np.mean(
        [bool(set(r[:5]) & set(g)) for r, g in zip(np.argsort(-scores), gold, strict=True) if g]
    )
)
wrong("02.3", "gold counted from 1", "counted from 0")(
    lambda scores, gold: np.mean(_hits(scores.argmax(axis=1) + 1, gold))
)
wrong("02.3", "how many, not which share", "how many were found")(
    lambda scores, gold: sum(_hits(scores.argmax(axis=1), gold))
)
wrong("02.3", "percent", "percentage")(
    lambda scores, gold: 100 * np.mean(_hits(scores.argmax(axis=1), gold))
)
wrong("02.3", "percent as text", "text")(
    lambda scores, gold: f"{np.mean(_hits(scores.argmax(axis=1), gold)):.0%}"
)
wrong("02.3", "whole division", "whole division")(
    lambda scores, gold: (
        sum(_hits(scores.argmax(axis=1), gold)) // len([rows for rows in gold if rows])
    )
)
wrong("02.3", "rounded to one decimal", "do not round")(
    lambda scores, gold: round(float(np.mean(_hits(scores.argmax(axis=1), gold))), 1)
)
wrong("02.3", "a list of hits", "one number")(
    lambda scores, gold: _hits(scores.argmax(axis=1), gold)
)
wrong("02.3", "divided by the gold passages", "that of gold passages")(
    lambda scores, gold: sum(_hits(scores.argmax(axis=1), gold)) / sum(len(g) for g in gold)
)
wrong("02.3", "divided by the passages", "that of passages")(
    lambda scores, gold: sum(_hits(scores.argmax(axis=1), gold)) / scores.shape[1]
)
wrong("02.3", "the share of misses", "share of misses")(
    lambda scores, gold: 1 - np.mean(_hits(scores.argmax(axis=1), gold))
)
wrong("02.3", "always 1", "same number")(lambda scores, gold: 1.0)
wrong("02.3", "one best passage for all questions", "one best passage for all")(
    lambda scores, gold: np.mean(_hits([scores.argmax()] * len(gold), gold))
)
wrong("02.3", "the gold passage has a high score", "highest score belongs")(
    lambda scores, gold: np.mean(
        [row[g].max() > 0 for row, g in zip(scores, gold, strict=True) if g]
    )
)
wrong("02.3", "the mean score of the gold passages", "mean score")(
    lambda scores, gold: np.mean([row[g].mean() for row, g in zip(scores, gold, strict=True) if g])
)
wrong("02.3", "the score instead of the row number", "same number")(
    lambda scores, gold: np.mean(_hits(scores.max(axis=1), gold))
)

# 02.4 A contrast score


@right("02.4", "verbose loops")
def contrast_loops(anchors, right, wrong):
    def cosine(x, y):
        dot = 0.0
        xx = 0.0
        yy = 0.0
        for p, q in zip(x, y, strict=True):
            dot += p * q
            xx += p * p
            yy += q * q
        return dot / math.sqrt(xx) / math.sqrt(yy)

    points = 0
    for i in range(len(anchors)):
        near = cosine(anchors[i], right[i])
        far = cosine(anchors[i], wrong[i])
        if near > far:
            points += 1
        elif near == far:
            points += 0.5
    return points / len(anchors)


@right("02.4", "the sign of the difference")
def contrast_sign(anchors, right, wrong):
    near = (anchors * _unit(right)).sum(axis=1)  # the length of the anchor cancels out
    far = (anchors * _unit(wrong)).sum(axis=1)
    return ((np.sign(near - far) + 1) / 2).mean()


@right("02.4", "isclose for ties")
def contrast_isclose(anchors, right, wrong):
    a = anchors / np.linalg.norm(anchors, axis=1)[:, None]
    r = right / np.linalg.norm(right, axis=1)[:, None]
    w = wrong / np.linalg.norm(wrong, axis=1)[:, None]
    near, far = np.einsum("nd,nd->n", a, r), np.einsum("nd,nd->n", a, w)
    return np.mean(np.where(np.isclose(near, far), 0.5, near > far))


@right("02.4", "the diagonal of all cosines")
def contrast_diagonal(anchors, right, wrong):
    near = np.diag(cosine_similarity(anchors, right))
    far = np.diag(cosine_similarity(anchors, wrong))
    return (np.sum(near > far) + 0.5 * np.sum(near == far)) / len(near)


@right("02.4", "torch")
def contrast_torch(anchors, right, wrong):
    a, r, w = (torch.tensor(x) for x in (anchors, right, wrong))
    near = torch.cosine_similarity(a, r, dim=1)
    far = torch.cosine_similarity(a, w, dim=1)
    return torch.heaviside(near - far, torch.tensor(0.5, dtype=near.dtype)).mean()


@right("02.4", "distances on unit vectors")
def contrast_distances(anchors, right, wrong):
    a, r, w = _unit(anchors), _unit(right), _unit(wrong)
    near, far = ((a - r) ** 2).sum(axis=1), ((a - w) ** 2).sum(axis=1)
    return np.mean([1 if x < y else 0.5 if x == y else 0 for x, y in zip(near, far, strict=True)])


@right("02.4", "works in place")
def contrast_in_place(anchors, right, wrong):
    right /= np.linalg.norm(right, axis=1, keepdims=True)
    wrong /= np.linalg.norm(wrong, axis=1, keepdims=True)
    near, far = (anchors * right).sum(axis=1), (anchors * wrong).sum(axis=1)
    return np.mean(near > far) + np.mean(near == far) / 2


@right("02.4", "the mean of strict and lenient")
def contrast_strict_and_lenient(anchors, right, wrong):
    near = [x @ y / np.linalg.norm(x) / np.linalg.norm(y) for x, y in zip(anchors, right)]  # noqa: B905
    far = [x @ y / np.linalg.norm(x) / np.linalg.norm(y) for x, y in zip(anchors, wrong)]  # noqa: B905
    won = sum(x > y for x, y in zip(near, far, strict=True))
    not_lost = sum(x >= y for x, y in zip(near, far, strict=True))
    return (won + not_lost) / (2 * len(near))


@right("02.4", "rounded to ten places before the comparison")
def contrast_rounded(anchors, right, wrong):
    margin = np.round(_rows_cosine(anchors, right) - _rows_cosine(anchors, wrong), 10)
    return float(np.select([margin > 0, margin == 0], [1.0, 0.5], 0.0).mean())


right("02.4", "scipy's distances of single rows")(
    lambda anchors, right, wrong: (
        sum(
            (np.sign(cosine_distance(x, w) - cosine_distance(x, r)) + 1) / 2
            for x, r, w in zip(anchors, right, wrong, strict=True)
        )
        / len(anchors)
    )
)
right("02.4", "angles")(
    lambda anchors, right, wrong: _score(
        -np.arccos(np.clip(_rows_cosine(anchors, right), -1, 1)),
        -np.arccos(np.clip(_rows_cosine(anchors, wrong), -1, 1)),
    )
)


@right("02.4", "single precision")
def contrast_single(anchors, right, wrong):
    a, r, w = (x.astype(np.float32) for x in (anchors, right, wrong))
    near, far = _rows_cosine(a, r), _rows_cosine(a, w)
    return np.mean(near > far) + np.mean(near == far) / 2


def _rows_cosine(a, b):
    return (a * b).sum(axis=1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))


def _score(near, far):
    return np.mean(near > far) + np.mean(near == far) / 2


@wrong("02.4", "no return", "None")
def contrast_no_return(anchors, right, wrong):
    print(_score(_rows_cosine(anchors, right), _rows_cosine(anchors, wrong)))


@wrong("02.4", "returns in the loop", "after the first row")
def contrast_returns_early(anchors, right, wrong):
    for near, far in zip(_rows_cosine(anchors, right), _rows_cosine(anchors, wrong), strict=True):
        return 1.0 if near > far else 0.5 if near == far else 0.0


@wrong("02.4", "ties left out", "left it out")
def contrast_ties_out(anchors, right, wrong):
    near, far = _rows_cosine(anchors, right), _rows_cosine(anchors, wrong)
    if (near == far).all():
        return 0.5
    return np.mean((near > far)[near != far])


@wrong("02.4", "ties left out, even if nothing is left", "nan: a tie counts half")
def contrast_ties_out_nan(anchors, right, wrong):
    near, far = _rows_cosine(anchors, right), _rows_cosine(anchors, wrong)
    return np.mean((near > far)[near != far])


@wrong("02.4", "near ties taken for ties", "do not round")
def contrast_loose(anchors, right, wrong):
    near, far = _rows_cosine(anchors, right), _rows_cosine(anchors, wrong)
    return np.mean(np.where(np.isclose(near, far, atol=0.01), 0.5, near > far))


@wrong("02.4", "half only if the arrays are the same", "only the cosines are the same")
def contrast_same_only(anchors, right, wrong):
    if np.array_equal(right, wrong):
        return 0.5
    return np.mean(_rows_cosine(anchors, right) > _rows_cosine(anchors, wrong))


@wrong("02.4", "ties by equal rows, not by equal cosines", "only the cosines are the same")
def contrast_equal_rows(anchors, right, wrong):
    near, far = _rows_cosine(anchors, right), _rows_cosine(anchors, wrong)
    same = (right == wrong).all(axis=1)
    return np.mean(np.where(same, 0.5, near > far))


wrong("02.4", "dot products", "compared dot products")(
    lambda anchors, right, wrong: _score(
        (anchors * right).sum(axis=1), (anchors * wrong).sum(axis=1)
    )
)
wrong("02.4", "divides by the anchors' lengths only", "dot products")(
    lambda anchors, right, wrong: _score(
        (_unit(anchors) * right).sum(axis=1), (_unit(anchors) * wrong).sum(axis=1)
    )
)
wrong("02.4", "divides right only", "lengths of `right` and of `wrong`")(
    lambda anchors, right, wrong: _score(
        (_unit(anchors) * _unit(right)).sum(axis=1), (_unit(anchors) * wrong).sum(axis=1)
    )
)
wrong("02.4", "divides by the length of the whole matrix", "whole array")(
    lambda anchors, right, wrong: _score(
        (anchors * right).sum(axis=1) / np.linalg.norm(right),
        (anchors * wrong).sum(axis=1) / np.linalg.norm(wrong),
    )
)
wrong("02.4", "distances without unit vectors", "L2 distances")(
    lambda anchors, right, wrong: _score(
        -np.linalg.norm(anchors - right, axis=1), -np.linalg.norm(anchors - wrong, axis=1)
    )
)
wrong("02.4", "ties count fully", "counted it as won")(
    lambda anchors, right, wrong: np.mean(
        _rows_cosine(anchors, right) >= _rows_cosine(anchors, wrong)
    )
)
wrong("02.4", "ties count nothing", "counted it as lost")(
    lambda anchors, right, wrong: np.mean(
        _rows_cosine(anchors, right) > _rows_cosine(anchors, wrong)
    )
)
wrong("02.4", "the other side", "other side")(
    lambda anchors, right, wrong: _score(_rows_cosine(anchors, wrong), _rows_cosine(anchors, right))
)
wrong("02.4", "how many, not which share", "a count")(
    lambda anchors, right, wrong: (
        len(anchors) * _score(_rows_cosine(anchors, right), _rows_cosine(anchors, wrong))
    )
)
wrong("02.4", "percent", "percentage")(
    lambda anchors, right, wrong: (
        100 * _score(_rows_cosine(anchors, right), _rows_cosine(anchors, wrong))
    )
)
wrong("02.4", "one value a row", "one number")(
    lambda anchors, right, wrong: _rows_cosine(anchors, right) > _rows_cosine(anchors, wrong)
)
wrong("02.4", "each anchor with all rows", "every row")(
    lambda anchors, right, wrong: _score(
        cosine_similarity(anchors, right), cosine_similarity(anchors, wrong)
    )
)
wrong("02.4", "the mean vectors", "means of all rows")(
    lambda anchors, right, wrong: float(
        _score(
            _rows_cosine(anchors.mean(0)[None], right.mean(0)[None]),
            _rows_cosine(anchors.mean(0)[None], wrong.mean(0)[None]),
        )
    )
)
wrong("02.4", "the mean cosines", "means of all rows")(
    lambda anchors, right, wrong: float(
        _rows_cosine(anchors, right).mean() > _rows_cosine(anchors, wrong).mean()
    )
)
wrong("02.4", "the mean margin", "mean difference")(
    lambda anchors, right, wrong: np.mean(
        _rows_cosine(anchors, right) - _rows_cosine(anchors, wrong)
    )
)
wrong("02.4", "always 0.5", "same number")(lambda anchors, right, wrong: 0.5)
wrong("02.4", "without the sign", "keep the sign")(
    lambda anchors, right, wrong: _score(
        np.abs(_rows_cosine(anchors, right)), np.abs(_rows_cosine(anchors, wrong))
    )
)
wrong("02.4", "a cosine above one half", "fixed number")(
    lambda anchors, right, wrong: _score(_rows_cosine(anchors, right), 0.5)
)
wrong("02.4", "right compared with wrong", "anchor with `wrong`")(
    lambda anchors, right, wrong: _score(_rows_cosine(anchors, right), _rows_cosine(right, wrong))
)
wrong("02.4", "over the columns", "summed over the rows")(
    lambda anchors, right, wrong: _score(
        (_unit(anchors) * _unit(right)).sum(axis=0), (_unit(anchors) * _unit(wrong)).sum(axis=0)
    )
)
wrong("02.4", "whole division", "whole division")(
    lambda anchors, right, wrong: (
        np.sum(_rows_cosine(anchors, right) > _rows_cosine(anchors, wrong)) // len(anchors)
    )
)
wrong("02.4", "adds a half at the end", "whatever the number of ties")(
    lambda anchors, right, wrong: (
        np.mean(_rows_cosine(anchors, right) > _rows_cosine(anchors, wrong)) + 0.5
    )
)
wrong("02.4", "rounded to two places", "do not round")(
    lambda anchors, right, wrong: round(
        float(_score(_rows_cosine(anchors, right), _rows_cosine(anchors, wrong))), 2
    )
)
wrong("02.4", "text", "text")(
    lambda anchors, right, wrong: str(
        _score(_rows_cosine(anchors, right), _rows_cosine(anchors, wrong))
    )
)
wrong("02.4", "anchors with wrong forgotten", "mean cosine")(
    lambda anchors, right, wrong: _rows_cosine(anchors, right).mean()
)
wrong("02.4", "cosines rounded to two places", "do not round")(
    lambda anchors, right, wrong: _score(
        np.round(_rows_cosine(anchors, right), 2), np.round(_rows_cosine(anchors, wrong), 2)
    )
)
