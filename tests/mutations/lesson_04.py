"""Right and wrong answers to the exercises of lesson 04."""

from __future__ import annotations

import math
import statistics

import faiss
import numpy as np
import torch

from mutations import right, wrong

# 04.1 Recall against the exact search


@right("04.1", "verbose loops")
def recall_loops(found, exact):
    hits = 0
    total = 0
    for row in range(len(exact)):
        for neighbour in exact[row]:
            total = total + 1
            if neighbour == -1:
                continue
            for candidate in found[row]:
                if candidate == neighbour:
                    hits = hits + 1
                    break
    return hits / total


@right("04.1", "np.isin row by row")
def recall_isin(found, exact):
    shares = [
        np.isin(np.array(e)[np.array(e) >= 0], f).sum() for f, e in zip(found, exact, strict=True)
    ]
    return np.sum(shares) / np.size(exact)


@right("04.1", "one comparison of all with all")
def recall_broadcast(found, exact):
    found, exact = np.asarray(found), np.asarray(exact)
    same = exact[:, :, None] == found[:, None, :]
    return (same.any(axis=2) & (exact != -1)).mean()


@right("04.1", "the mean of the rows")
def recall_mean_of_rows(found, exact):
    rows = []
    for f, e in zip(found, exact, strict=True):
        rows.append(sum(1 for i in e if i in f and i != -1) / len(e))
    return statistics.fmean(rows)


@right("04.1", "torch")
def recall_torch(found, exact):
    found, exact = torch.as_tensor(np.array(found)), torch.as_tensor(np.array(exact))
    hits = torch.isin(exact[0], found[0])[:0].sum()
    for f, e in zip(found, exact, strict=True):
        hits = hits + (torch.isin(e, f) & (e >= 0)).sum()
    return hits / exact.numel()


@right("04.1", "takes what was found out of the list")
def recall_remaining(found, exact):
    hits = total = 0
    for f, e in zip(found, exact, strict=True):
        left = list(e)
        for i in f:
            if i >= 0 and i in left:
                left.remove(i)
                hits += 1
        total += len(e)
    return np.float32(hits / total)


@right("04.1", "leaves -1 out of the exact ids")
def recall_drop(found, exact):
    hits = total = 0
    for f, e in zip(found, exact, strict=True):
        wanted = {int(i) for i in e if i != -1}
        hits += len(wanted.intersection(int(i) for i in f))
        total += len(wanted)
    return hits / total


@wrong("04.1", "the same place", "order")
def recall_places(found, exact):
    pairs = [(a, b) for f, e in zip(found, exact, strict=True) for a, b in zip(f, e, strict=False)]
    return sum(a == b != -1 for a, b in pairs) / sum(len(e) for e in exact)


@wrong("04.1", "divides by the ids found", "not of found ones")
def recall_precision(found, exact):
    hits = sum(len(set(f) & set(e) - {-1}) for f, e in zip(found, exact, strict=True))
    return hits / sum(len(f) for f in found)


@wrong("04.1", "ids of any row", "same query")
def recall_any_row(found, exact):
    seen = {i for f in found for i in f if i != -1}
    return sum(i in seen for e in exact for i in e) / sum(len(e) for e in exact)


@wrong("04.1", "one set for all queries", "same query")
def recall_flat_sets(found, exact):
    seen = set(np.ravel(np.concatenate([np.ravel(f) for f in found])).tolist()) - {-1}
    wanted = set(np.concatenate([np.ravel(e) for e in exact]).tolist())
    return len(seen & wanted) / len(wanted)


@wrong("04.1", "-1 counts", "-1 in both rows")
def recall_minus_one(found, exact):
    hits = sum(len(set(f) & set(e)) for f, e in zip(found, exact, strict=True))
    return hits / sum(len(e) for e in exact)


@wrong("04.1", "counts a repeated id twice", "stands twice")
def recall_repeated(found, exact):
    hits = sum(i in e and i != -1 for f, e in zip(found, exact, strict=True) for i in f)
    return hits / sum(len(e) for e in exact)


@wrong("04.1", "returns after the first row", "not of one row")
def recall_first_row(found, exact):
    for f, e in zip(found, exact, strict=True):
        return len(set(f) & set(e) - {-1}) / len(e)


@wrong("04.1", "the last row", "not of one row")
def recall_last_row(found, exact):
    for f, e in zip(found, exact, strict=True):
        share = len(set(f) & set(e) - {-1}) / len(e)
    return share


@wrong("04.1", "only as far as the shorter row", "longer row")
def recall_shorter(found, exact):
    hits = total = 0
    for f, e in zip(found, exact, strict=True):
        n = min(len(f), len(e))
        hits += len(set(f[:n]) & set(e[:n]) - {-1})
        total += len(e)
    return hits / total


@wrong("04.1", "comparison of whole arrays", "order")
def recall_array_equal(found, exact):
    return np.mean([sorted(f) == sorted(e) for f, e in zip(found, exact, strict=True)])


@wrong("04.1", "takes arrays only", "AttributeError")
def recall_arrays(found, exact):
    return recall_loops(found, exact) * exact.size / exact.size


@wrong("04.1", "compares sorted rows", "whole row")
def recall_sorted_rows(found, exact):
    return float((np.sort(found) == np.sort(exact)).sum() / np.asarray(exact).size)


wrong("04.1", "how many hits", "those are hits")(
    lambda found, exact: sum(len(set(f) & set(e) - {-1}) for f, e in zip(found, exact, strict=True))
)
wrong("04.1", "divides by the queries", "those are hits")(
    lambda found, exact: (
        sum(len(set(f) & set(e) - {-1}) for f, e in zip(found, exact, strict=True)) / len(exact)
    )
)
wrong("04.1", "percent", "percentage")(lambda found, exact: 100 * recall_loops(found, exact))
wrong("04.1", "the share missed", "missed")(lambda found, exact: 1 - recall_loops(found, exact))
wrong("04.1", "the example's answer", "not 0.750")(lambda found, exact: 0.5)
wrong("04.1", "text", "text")(lambda found, exact: f"{recall_loops(found, exact):.2f}")
wrong("04.1", "one number for each query", "one number")(
    lambda found, exact: [recall_loops([f], [e]) for f, e in zip(found, exact, strict=True)]
)
wrong("04.1", "always 10 a row", "exact")(
    lambda found, exact: (
        sum(len(set(f) & set(e) - {-1}) for f, e in zip(found, exact, strict=True))
        / (10 * len(exact))
    )
)
wrong("04.1", "rounded to a whole", "in both rows")(
    lambda found, exact: (
        sum(len(set(f) & set(e) - {-1}) for f, e in zip(found, exact, strict=True))
        // sum(len(e) for e in exact)
    )
)
wrong("04.1", "found and exact swapped", "not of found ones")(
    lambda found, exact: recall_loops(exact, found)
)

# 04.2 The smallest nprobe that is good enough


@right("04.2", "verbose loops")
def nprobe_loops(probes, recalls, target):
    smallest = None
    for i in range(len(probes)):
        if recalls[i] >= target and (smallest is None or probes[i] < smallest):
            smallest = probes[i]
    if smallest is not None:
        return smallest
    best = 0
    for i in range(len(probes)):
        if recalls[i] > recalls[best] or recalls[i] == recalls[best] and probes[i] < probes[best]:
            best = i
    return probes[best]


@right("04.2", "min and max")
def nprobe_min(probes, recalls, target):
    good = [p for p, r in zip(probes, recalls, strict=True) if r >= target]
    if good:
        return min(good)
    return min(p for p, r in zip(probes, recalls, strict=True) if r == max(recalls))


@right("04.2", "NumPy masks")
def nprobe_numpy(probes, recalls, target):
    probes, recalls = np.asarray(probes), np.asarray(recalls)
    good = recalls >= min(target, recalls.max())
    return probes[good].min()


@right("04.2", "one sort key")
def nprobe_key(probes, recalls, target):
    ranked = sorted(
        zip(probes, recalls, strict=True), key=lambda pair: (-min(pair[1], target), pair[0])
    )
    return ranked[0][0]


@right("04.2", "a dictionary")
def nprobe_dictionary(probes, recalls, target):
    table = dict(zip(probes, recalls, strict=True))
    for nprobe in sorted(table):
        if table[nprobe] >= target:
            return nprobe
    return max(sorted(table), key=table.get)


@right("04.2", "torch")
def nprobe_torch(probes, recalls, target):
    values = torch.tensor(list(recalls), dtype=torch.float64)
    knobs = torch.tensor(list(probes))
    if (values >= target).any():
        return knobs[values >= target].min()
    return knobs[values == values.max()].min()


@wrong("04.2", "the first that is listed", "the smallest is asked for")
def nprobe_first(probes, recalls, target):
    for p, r in zip(probes, recalls, strict=True):
        if r >= target:
            return p
    return nprobe_min(probes, recalls, target)


@wrong("04.2", "greater than the target", "equal to the target")
def nprobe_strict(probes, recalls, target):
    good = [p for p, r in zip(probes, recalls, strict=True) if r > target]
    return min(good) if good else nprobe_min(probes, recalls, 2)


@wrong("04.2", "the lowest recall that reaches it", "nprobe 8 reaches the target too")
def nprobe_lowest_recall(probes, recalls, target):
    good = [(r, p) for p, r in zip(probes, recalls, strict=True) if r >= target]
    return min(good)[1] if good else nprobe_min(probes, recalls, target)


@wrong("04.2", "always the highest recall", "smallest")
def nprobe_best(probes, recalls, target):
    return nprobe_min(probes, recalls, 2)


@wrong("04.2", "the largest if none reaches", "highest recall")
def nprobe_largest(probes, recalls, target):
    good = [p for p, r in zip(probes, recalls, strict=True) if r >= target]
    return min(good) if good else max(probes)


@wrong("04.2", "the smallest if none reaches", "highest recall")
def nprobe_smallest(probes, recalls, target):
    good = [p for p, r in zip(probes, recalls, strict=True) if r >= target]
    return min(good) if good else min(probes)


@wrong("04.2", "nothing if none reaches", "None")
def nprobe_none(probes, recalls, target):
    for p, r in sorted(zip(probes, recalls, strict=True)):
        if r >= target:
            return p


@wrong("04.2", "crashes if none reaches", "ValueError")
def nprobe_crash(probes, recalls, target):
    return min(p for p, r in zip(probes, recalls, strict=True) if r >= target)


@wrong("04.2", "the larger of equally good ones", "equally good")
def nprobe_tie_large(probes, recalls, target):
    good = [p for p, r in zip(probes, recalls, strict=True) if r >= target]
    return min(good) if good else max(zip(recalls, probes, strict=True))[1]


@wrong("04.2", "the first of equally good ones", "equally good")
def nprobe_tie_first(probes, recalls, target):
    good = [p for p, r in zip(probes, recalls, strict=True) if r >= target]
    return min(good) if good else probes[int(np.argmax(recalls))]


@wrong("04.2", "sorts each list by itself", "as pairs")
def nprobe_sorted_apart(probes, recalls, target):
    return nprobe_min(sorted(probes), sorted(recalls), target)


@wrong("04.2", "sorts its input", "as pairs")
def nprobe_sorts_input(probes, recalls, target):
    probes.sort()
    return nprobe_min(probes, recalls, target)


@wrong("04.2", "binary search", "the smallest is asked for")
def nprobe_bisect(probes, recalls, target):
    pairs = sorted(zip(probes, recalls, strict=True))
    low, high = 0, len(pairs) - 1
    while low < high:
        middle = (low + high) // 2
        if pairs[middle][1] >= target:
            high = middle
        else:
            low = middle + 1
    if pairs[low][1] >= target:
        return pairs[low][0]
    return nprobe_min(probes, recalls, 2)


@wrong("04.2", "stops at the first that is too low", "nprobe 2 reaches the target too")
def nprobe_from_above(probes, recalls, target):
    answer = None
    for p, r in sorted(zip(probes, recalls, strict=True), reverse=True):
        if r < target:
            break
        answer = p
    return nprobe_min(probes, recalls, 2) if answer is None else answer


@wrong("04.2", "the nearest to the target", "below the target")
def nprobe_nearest(probes, recalls, target):
    return min(zip(probes, recalls, strict=True), key=lambda pair: abs(pair[1] - target))[0]


@wrong("04.2", "the place", "a place in the list")
def nprobe_place(probes, recalls, target):
    return list(probes).index(nprobe_min(probes, recalls, target))


wrong("04.2", "the recall", "that is a recall")(
    lambda probes, recalls, target: recalls[list(probes).index(nprobe_min(probes, recalls, target))]
)
wrong("04.2", "the example's answer", "one of the numbers in")(lambda probes, recalls, target: 4)
wrong("04.2", "all that are good enough", "one number")(
    lambda probes, recalls, target: [p for p, r in zip(probes, recalls, strict=True) if r >= target]
)
wrong("04.2", "the largest good one", "smallest")(
    lambda probes, recalls, target: max(
        [p for p, r in zip(probes, recalls, strict=True) if r >= target]
        or [nprobe_min(probes, recalls, 2)]
    )
)
wrong("04.2", "text", "text")(
    lambda probes, recalls, target: str(nprobe_min(probes, recalls, target))
)
wrong("04.2", "a fixed target", "reaches the target too")(
    lambda probes, recalls, target: nprobe_min(probes, recalls, 0.9)
)
wrong("04.2", "a pair", "one number")(
    lambda probes, recalls, target: (nprobe_min(probes, recalls, target), target)
)

# 04.3 From a vector to its codes


@right("04.3", "verbose loops")
def encode_loops(vector, codebooks):
    pieces = len(codebooks)
    length = len(vector) // pieces
    codes = []
    for p in range(pieces):
        piece = vector[p * length : (p + 1) * length]
        best = 0
        best_distance = None
        for c in range(len(codebooks[p])):
            distance = 0
            for i in range(length):
                distance = distance + (piece[i] - codebooks[p][c][i]) ** 2
            if best_distance is None or distance < best_distance:
                best = c
                best_distance = distance
        codes.append(best)
    return codes


@right("04.3", "norms, one codebook at a time")
def encode_norms(vector, codebooks):
    length = codebooks.shape[2]
    return [
        np.linalg.norm(book - vector[i * length : (i + 1) * length], axis=1).argmin()
        for i, book in enumerate(codebooks)
    ]


@right("04.3", "split and an array of bytes")
def encode_split(vector, codebooks):
    codes = np.zeros(len(codebooks), dtype=np.uint8)
    for i, piece in enumerate(np.split(np.asarray(vector), len(codebooks))):
        codes[i] = ((codebooks[i] - piece) ** 2).sum(1).argmin()
    return codes


@right("04.3", "math.dist and min")
def encode_dist(vector, codebooks):
    length = len(vector) // len(codebooks)
    return tuple(
        min(
            range(len(book)),
            key=lambda c: math.dist(book[c], vector[i * length : (i + 1) * length]),
        )
        for i, book in enumerate(codebooks)
    )


@right("04.3", "torch")
def encode_torch(vector, codebooks):
    books = torch.as_tensor(np.array(codebooks), dtype=torch.float64)
    pieces = torch.as_tensor(np.array(vector), dtype=torch.float64).reshape(len(books), 1, -1)
    return torch.cdist(pieces, books).squeeze(1).argmin(dim=1)


@right("04.3", "FAISS finds the nearest entry")
def encode_faiss(vector, codebooks):
    codes = []
    for piece, book in zip(np.split(np.asarray(vector), len(codebooks)), codebooks, strict=True):
        index = faiss.IndexFlatL2(book.shape[1])
        index.add(np.ascontiguousarray(book, dtype=np.float32))
        codes.append(index.search(piece[None].astype(np.float32), 1)[1][0][0])
    return codes


@right("04.3", "a generator")
def encode_generator(vector, codebooks):
    for piece, book in zip(np.reshape(vector, (len(codebooks), -1)), codebooks, strict=True):
        yield int(np.argmin([((entry - piece) ** 2).sum() for entry in book]))


@right("04.3", "recursion")
def encode_recursion(vector, codebooks):
    if len(codebooks) == 0:
        return []
    length = len(codebooks[0][0])
    distances = [math.dist(vector[:length], entry) for entry in codebooks[0]]
    return [distances.index(min(distances)), *encode_recursion(vector[length:], codebooks[1:])]


def _pieces(vector, codebooks):
    return np.reshape(vector, (len(codebooks), 1, -1))


@wrong("04.3", "the dot product", "dot product")
def encode_dot(vector, codebooks):
    return (codebooks * _pieces(vector, codebooks)).sum(2).argmax(1).tolist()


@wrong("04.3", "cosine", "length of pieces")
def encode_cosine(vector, codebooks):
    scores = (codebooks * _pieces(vector, codebooks)).sum(2)
    return (scores / (np.linalg.norm(codebooks, axis=2) + 1e-12)).argmax(1).tolist()


@wrong("04.3", "the sum of the sizes", "another distance")
def encode_manhattan(vector, codebooks):
    return np.abs(codebooks - _pieces(vector, codebooks)).sum(2).argmin(1).tolist()


@wrong("04.3", "the largest difference", "another distance")
def encode_chebyshev(vector, codebooks):
    return np.abs(codebooks - _pieces(vector, codebooks)).max(2).argmin(1).tolist()


@wrong("04.3", "forgets the square", "square the differences")
def encode_no_square(vector, codebooks):
    return (codebooks - _pieces(vector, codebooks)).sum(2).argmin(1).tolist()


@wrong("04.3", "the farthest", "farthest")
def encode_farthest(vector, codebooks):
    return ((codebooks - _pieces(vector, codebooks)) ** 2).sum(2).argmax(1).tolist()


@wrong("04.3", "the first codebook for all pieces", "first codebook")
def encode_first_book(vector, codebooks):
    return ((codebooks[:1] - _pieces(vector, codebooks)) ** 2).sum(2).argmin(1).tolist()


@wrong("04.3", "the first piece for all codebooks", "first piece")
def encode_first_piece(vector, codebooks):
    piece = np.asarray(vector)[: codebooks.shape[2]]
    return ((codebooks - piece) ** 2).sum(2).argmin(1).tolist()


@wrong("04.3", "takes every n-th number", "neighbouring")
def encode_interleaved(vector, codebooks):
    pieces = np.reshape(vector, (-1, len(codebooks))).T[:, None, :]
    return ((codebooks - pieces) ** 2).sum(2).argmin(1).tolist()


@wrong("04.3", "numbers from 1", "counted from 0")
def encode_from_one(vector, codebooks):
    return [c + 1 for c in encode_loops(vector, codebooks)]


@wrong("04.3", "pieces that overlap", "piece 1 begins")
def encode_overlap(vector, codebooks):
    length = codebooks.shape[2]
    return [
        int(((book - vector[i : i + length]) ** 2).sum(1).argmin())
        for i, book in enumerate(codebooks)
    ]


@wrong("04.3", "the wrong axis", "one code for each")
def encode_axis(vector, codebooks):
    return ((codebooks - _pieces(vector, codebooks)) ** 2).sum(2).argmin(0).tolist()


@wrong("04.3", "one number over all codebooks", "in each codebook")
def encode_running(vector, codebooks):
    return [c + i * len(codebooks[0]) for i, c in enumerate(encode_loops(vector, codebooks))]


@wrong("04.3", "returns in the loop", "one code for each")
def encode_early(vector, codebooks):
    length = codebooks.shape[2]
    codes = []
    for i, book in enumerate(codebooks):
        piece = vector[i * length : (i + 1) * length]
        codes.append(int(((book - piece) ** 2).sum(1).argmin()))
        return codes


@wrong("04.3", "forgets the last piece", "one code for each")
def encode_short(vector, codebooks):
    return encode_loops(vector, codebooks)[:-1]


@wrong("04.3", "never the last entry", "last entry")
def encode_range(vector, codebooks):
    return encode_loops(vector, codebooks[:, :-1])


@wrong("04.3", "never the first entry", "first entry")
def encode_range_from_one(vector, codebooks):
    return [c + 1 for c in encode_loops(vector, codebooks[:, 1:])]


@wrong("04.3", "the typical pieces", "not the entry")
def encode_decoded(vector, codebooks):
    return [b[c] for b, c in zip(codebooks, encode_loops(vector, codebooks), strict=True)]


@wrong("04.3", "the distances", "or its distance")
def encode_distances(vector, codebooks):
    return ((codebooks - _pieces(vector, codebooks)) ** 2).sum(2).min(1).tolist()


@wrong("04.3", "as many pieces as numbers in a piece", "Error")
def encode_swapped_shape(vector, codebooks):
    length, _, pieces = codebooks.shape
    cut = np.reshape(vector, (pieces, 1, length))
    return [int(((b - p) ** 2).sum(1).argmin()) for b, p in zip(codebooks, cut, strict=True)]


@wrong("04.3", "changes the codebooks", "changes")
def encode_in_place(vector, codebooks):
    codebooks -= _pieces(vector, codebooks)
    return (codebooks**2).sum(2).argmin(1).tolist()


@wrong("04.3", "normalises the pieces", "length of pieces")
def encode_normalised(vector, codebooks):
    pieces = _pieces(vector, codebooks)
    pieces = pieces / np.linalg.norm(pieces, axis=2, keepdims=True)
    return ((codebooks - pieces) ** 2).sum(2).argmin(1).tolist()


wrong("04.3", "all zero", "nearest")(lambda vector, codebooks: [0] * len(codebooks))
wrong("04.3", "reversed", "order of the pieces")(
    lambda vector, codebooks: encode_loops(vector, codebooks)[::-1]
)
wrong("04.3", "sorted", "order of the pieces")(
    lambda vector, codebooks: sorted(encode_loops(vector, codebooks))
)
wrong("04.3", "bytes as text", "text")(
    lambda vector, codebooks: " ".join(map(str, encode_loops(vector, codebooks)))
)
wrong("04.3", "texts", "not a text")(
    lambda vector, codebooks: [str(c) for c in encode_loops(vector, codebooks)]
)
wrong("04.3", "one code for the whole vector", "one code for each")(
    lambda vector, codebooks: [
        int(((np.concatenate(codebooks, axis=1) - vector) ** 2).sum(1).argmin())
    ]
)
wrong("04.3", "a column", "number of an entry")(
    lambda vector, codebooks: np.array(encode_loops(vector, codebooks))[:, None]
)

# 04.4 How many bytes?


@right("04.4", "verbose branches")
def size_branches(n, dim, pieces=None, cells=0):
    if pieces is None:
        total = n * dim * 4
    else:
        total = n * pieces
        total = total + 256 * dim * 4
    if cells > 0:
        total = total + cells * dim * 4
        total = total + n * 8
    return total


@right("04.4", "codebooks piece by piece")
def size_books(n, dim, pieces=None, cells=0):
    per_vector = 4 * dim if pieces is None else pieces
    if cells:
        per_vector += 8
    size = n * per_vector + 4 * dim * cells
    if pieces is not None:
        for _ in range(pieces):
            size += 256 * (dim / pieces) * 4
    return size


@right("04.4", "nbytes of empty arrays")
def size_nbytes(n, dim, pieces=None, cells=0):
    kept = [(n, dim, 4)] if pieces is None else [(n, pieces, 1), (256, dim, 4)]
    if cells:
        kept += [(cells, dim, 4), (n, 1, 8)]
    return np.array(kept, dtype=np.int64).prod(axis=1).sum()


@right("04.4", "early returns")
def size_returns(n, dim, pieces=None, cells=0):
    if not pieces and not cells:
        return n * dim * 4
    if not cells:
        return n * pieces + 1024 * dim
    if not pieces:
        return n * (dim * 4 + 8) + cells * dim * 4
    return n * (pieces + 8) + 1024 * dim + cells * dim * 4


@right("04.4", "a float")
def size_float(n, dim, pieces=None, cells=0):
    return float(size_branches(n, dim, pieces, cells))


@right("04.4", "a torch number")
def size_torch(n, dim, pieces=None, cells=0):
    return torch.tensor(size_branches(n, dim, pieces, cells))


@wrong("04.4", "ignores the pieces", "are gone")
def size_no_pieces(n, dim, pieces=None, cells=0):
    return 4 * n * dim + (8 * n + 4 * cells * dim if cells else 0)


@wrong("04.4", "forgets the codebooks", "codebooks are missing")
def size_no_books(n, dim, pieces=None, cells=0):
    vectors = 4 * n * dim if pieces is None else n * pieces
    return vectors + (8 * n + 4 * cells * dim if cells else 0)


@wrong("04.4", "codebooks of one byte a number", "number of a codebook takes 4")
def size_books_byte(n, dim, pieces=None, cells=0):
    vectors = 4 * n * dim if pieces is None else n * pieces + 256 * dim
    return vectors + (8 * n + 4 * cells * dim if cells else 0)


@wrong("04.4", "256 whole vectors for each piece", "together")
def size_books_each(n, dim, pieces=None, cells=0):
    vectors = 4 * n * dim if pieces is None else n * pieces + 256 * 4 * dim * pieces
    return vectors + (8 * n + 4 * cells * dim if cells else 0)


@wrong("04.4", "256 numbers for each piece", "dim / pieces")
def size_books_numbers(n, dim, pieces=None, cells=0):
    vectors = 4 * n * dim if pieces is None else n * pieces + 256 * 4 * pieces
    return vectors + (8 * n + 4 * cells * dim if cells else 0)


@wrong("04.4", "codebooks for each vector", "kept once")
def size_books_vector(n, dim, pieces=None, cells=0):
    vectors = 4 * n * dim if pieces is None else n * (pieces + 256 * 4 * dim)
    return vectors + (8 * n + 4 * cells * dim if cells else 0)


@wrong("04.4", "4 bytes for each piece", "a code takes one byte")
def size_piece_floats(n, dim, pieces=None, cells=0):
    vectors = 4 * n * dim if pieces is None else 4 * n * pieces + 256 * 4 * dim
    return vectors + (8 * n + 4 * cells * dim if cells else 0)


@wrong("04.4", "codes beside the whole vectors", "are gone")
def size_both(n, dim, pieces=None, cells=0):
    size = 4 * n * dim
    if pieces is not None:
        size += n * pieces + 256 * 4 * dim
    return size + (8 * n + 4 * cells * dim if cells else 0)


@wrong("04.4", "forgets the ids", "id beside it")
def size_no_ids(n, dim, pieces=None, cells=0):
    return size_branches(n, dim, pieces) + 4 * cells * dim


@wrong("04.4", "ids without cells too", "no ids")
def size_ids_always(n, dim, pieces=None, cells=0):
    return size_branches(n, dim, pieces) + 4 * cells * dim + 8 * n


@wrong("04.4", "ids of 4 bytes", "an id takes 8 bytes")
def size_ids_4(n, dim, pieces=None, cells=0):
    return size_branches(n, dim, pieces) + (4 * cells * dim + 4 * n if cells else 0)


@wrong("04.4", "an id for each cell", "not each cell")
def size_ids_cells(n, dim, pieces=None, cells=0):
    return size_branches(n, dim, pieces) + 4 * cells * dim + 8 * cells


@wrong("04.4", "forgets the middles", "middles")
def size_no_middles(n, dim, pieces=None, cells=0):
    return size_branches(n, dim, pieces) + (8 * n if cells else 0)


@wrong("04.4", "middles of one byte a number", "cell's middle takes")
def size_middles_byte(n, dim, pieces=None, cells=0):
    return size_branches(n, dim, pieces) + (8 * n + cells * dim if cells else 0)


@wrong("04.4", "middles as codes", "not codes")
def size_middles_codes(n, dim, pieces=None, cells=0):
    middle = 4 * dim if pieces is None else pieces
    return size_branches(n, dim, pieces) + (8 * n + cells * middle if cells else 0)


@wrong("04.4", "cells only without pieces", "ids and middles")
def size_either(n, dim, pieces=None, cells=0):
    if pieces is not None:
        return n * pieces + 256 * 4 * dim
    return size_branches(n, dim, None, cells)


@wrong("04.4", "pieces only without cells", "are gone")
def size_either_way(n, dim, pieces=None, cells=0):
    if cells:
        return size_branches(n, dim, None, cells)
    return size_branches(n, dim, pieces)


@wrong("04.4", "crashes without pieces", "TypeError")
def size_crash(n, dim, pieces=None, cells=0):
    return n * pieces + 256 * 4 * dim + (8 * n + 4 * cells * dim if cells else 0)


@wrong("04.4", "no return without cells", "None")
def size_no_return(n, dim, pieces=None, cells=0):
    if cells:
        return size_branches(n, dim, pieces, cells)


@wrong("04.4", "takes no pieces", "TypeError")
def size_two_values(n, dim):
    return 4 * n * dim


wrong("04.4", "8 bytes a number", "4 bytes, not 8")(
    lambda n, dim, pieces=None, cells=0: 2 * size_branches(n, dim, pieces, cells)
)
wrong("04.4", "how many numbers", "4 bytes")(lambda n, dim, pieces=None, cells=0: n * dim)
wrong("04.4", "megabytes", "not kilobytes")(
    lambda n, dim, pieces=None, cells=0: size_branches(n, dim, pieces, cells) / 1e6
)
wrong("04.4", "always 384 numbers", "dim")(
    lambda n, dim, pieces=None, cells=0: size_branches(n, 384, pieces, cells)
)
wrong("04.4", "the example's answer", "1536000")(lambda n, dim, pieces=None, cells=0: 1536000)
wrong("04.4", "text", "text")(
    lambda n, dim, pieces=None, cells=0: f"{size_branches(n, dim, pieces, cells)} bytes"
)
wrong("04.4", "bits", "not bits")(
    lambda n, dim, pieces=None, cells=0: 8 * size_branches(n, dim, pieces, cells)
)
wrong("04.4", "255 entries", "256 values")(
    lambda n, dim, pieces=None, cells=0: (
        size_branches(n, dim, pieces, cells) - (4 * dim if pieces else 0)
    )
)

# 04.5 The exponent


@right("04.5", "verbose sums")
def exponent_sums(sizes, costs):
    xs = []
    ys = []
    for i in range(len(sizes)):
        xs.append(math.log(sizes[i]))
        ys.append(math.log(costs[i]))
    mean_x = sum(xs) / len(xs)
    mean_y = sum(ys) / len(ys)
    above = 0
    below = 0
    for x, y in zip(xs, ys, strict=True):
        above = above + (x - mean_x) * (y - mean_y)
        below = below + (x - mean_x) ** 2
    return above / below


@right("04.5", "polyfit")
def exponent_polyfit(sizes, costs):
    return np.polyfit(np.log(sizes), np.log(costs), 1)[0]


@right("04.5", "logarithms to base 10")
def exponent_log10(sizes, costs):
    slope, _ = np.polyfit(np.log10(sizes), np.log10(costs), 1)
    return slope


@right("04.5", "lstsq")
def exponent_lstsq(sizes, costs):
    table = np.column_stack([np.ones(len(sizes)), np.log2(sizes)])
    return np.linalg.lstsq(table, np.log2(costs), rcond=None)[0][1]


@right("04.5", "statistics.linear_regression")
def exponent_statistics(sizes, costs):
    line = statistics.linear_regression([math.log(s) for s in sizes], [math.log(c) for c in costs])
    return line.slope


@right("04.5", "covariance over variance")
def exponent_covariance(sizes, costs):
    x, y = np.log(np.asarray(sizes, dtype=float)), np.log(np.asarray(costs, dtype=float))
    return np.cov(x, y)[0, 1] / np.var(x, ddof=1)


@right("04.5", "torch in single precision")
def exponent_torch(sizes, costs):
    x, y = torch.tensor(list(sizes)).float().log(), torch.tensor(list(costs)).float().log()
    x, y = x - x.mean(), y - y.mean()
    return (x * y).sum() / (x * x).sum()


@right("04.5", "the pseudo-inverse, an array of one number")
def exponent_scalar_array(sizes, costs):
    x = np.stack([np.log(sizes), np.ones(len(sizes))], axis=1)
    return np.array((np.linalg.pinv(x) @ np.log(costs))[0])


@wrong("04.5", "no logarithm", "of both lists first")
def exponent_plain(sizes, costs):
    return np.polyfit(sizes, costs, 1)[0]


@wrong("04.5", "the logarithm of the costs only", "of the sizes too")
def exponent_log_costs(sizes, costs):
    return np.polyfit(sizes, np.log(costs), 1)[0]


@wrong("04.5", "the logarithm of the sizes only", "of the costs too")
def exponent_log_sizes(sizes, costs):
    return np.polyfit(np.log(sizes), costs, 1)[0]


@wrong("04.5", "two bases", "same base")
def exponent_bases(sizes, costs):
    return np.polyfit(np.log10(sizes), np.log(costs), 1)[0]


@wrong("04.5", "two bases, the other way", "same base")
def exponent_bases_two(sizes, costs):
    return np.polyfit(np.log2(sizes), np.log(costs), 1)[0]


@wrong("04.5", "first and last only", "two points only")
def exponent_ends(sizes, costs):
    return math.log(costs[-1] / costs[0]) / math.log(sizes[-1] / sizes[0])


@wrong("04.5", "the first two only", "two points only")
def exponent_first_two(sizes, costs):
    return math.log(costs[1] / costs[0]) / math.log(sizes[1] / sizes[0])


@wrong("04.5", "smallest and largest only", "two points only")
def exponent_extremes(sizes, costs):
    points = sorted(zip(sizes, costs, strict=True))
    return math.log(points[-1][1] / points[0][1]) / math.log(points[-1][0] / points[0][0])


@wrong("04.5", "the mean of the steps", "mean of the steps")
def exponent_steps(sizes, costs):
    x, y = np.log(sizes), np.log(costs)
    return np.mean(np.diff(y) / np.diff(x))


@wrong("04.5", "a line through zero", "through zero")
def exponent_through_zero(sizes, costs):
    x, y = np.log(sizes), np.log(costs)
    return (x @ y) / (x @ x)


@wrong("04.5", "sizes over costs", "changed places")
def exponent_swapped(sizes, costs):
    return np.polyfit(np.log(costs), np.log(sizes), 1)[0]


@wrong("04.5", "the intercept", "height of the line")
def exponent_intercept(sizes, costs):
    return np.polyfit(np.log(sizes), np.log(costs), 1)[1]


@wrong("04.5", "the factor", "the factor a")
def exponent_factor(sizes, costs):
    return np.exp(np.polyfit(np.log(sizes), np.log(costs), 1)[1])


@wrong("04.5", "slope and intercept", "one number")
def exponent_pair(sizes, costs):
    return np.polyfit(np.log(sizes), np.log(costs), 1)


@wrong("04.5", "the correlation", "correlation")
def exponent_correlation(sizes, costs):
    return np.corrcoef(np.log(sizes), np.log(costs))[0, 1]


@wrong("04.5", "deviations of y over deviations of x", "two spreads")
def exponent_spreads(sizes, costs):
    return np.std(np.log(costs)) / np.std(np.log(sizes))


@wrong("04.5", "ratio of logarithms", "ratio of logarithms")
def exponent_ratio(sizes, costs):
    return np.mean(np.log(costs) / np.log(sizes))


@wrong("04.5", "two freedoms mixed", "same number")
def exponent_ddof(sizes, costs):
    x, y = np.log(sizes), np.log(costs)
    return np.cov(x, y)[0, 1] / np.var(x)


@wrong("04.5", "rounded to a whole", "do not round")
def exponent_rounded(sizes, costs):
    return round(exponent_sums(sizes, costs))


@wrong("04.5", "rounded to one place", "do not round")
def exponent_one_place(sizes, costs):
    return round(exponent_sums(sizes, costs), 1)


@wrong("04.5", "crashes on a list", "AttributeError")
def exponent_crash(sizes, costs):
    return np.polyfit(sizes.log(), costs.log(), 1)[0]


@wrong("04.5", "whole numbers of logarithms", "log")
def exponent_digits(sizes, costs):
    return np.polyfit([int(math.log10(s)) for s in sizes], np.log10(costs), 1)[0]


wrong("04.5", "the example's answer", "1")(lambda sizes, costs: 1.0)
wrong("04.5", "text", "text")(lambda sizes, costs: f"{exponent_sums(sizes, costs):.2f}")
wrong("04.5", "minus the slope", "the sign is wrong")(
    lambda sizes, costs: -exponent_sums(sizes, costs)
)
wrong("04.5", "log of one more", "log")(
    lambda sizes, costs: np.polyfit(np.log1p(sizes), np.log1p(costs), 1)[0]
)
