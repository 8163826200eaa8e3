"""Right and wrong answers to the exercises of lesson 08."""

from __future__ import annotations

import itertools
import math

import numpy as np
import scipy.linalg
import torch

from mutations import right, wrong

# 08.1 How many directions are enough?


@right("08.1", "verbose loops")
def rank_loops(singular_values, share):
    energies = []
    for value in singular_values:
        energies.append(value * value)
    total = 0
    for e in energies:
        total = total + e
    held = 0
    count = 0
    for e in energies:
        if held / total >= share:
            break
        held = held + e
        count = count + 1
    return count


@right("08.1", "returns in the loop")
def rank_early(singular_values, share):
    total = sum(s**2 for s in singular_values)
    held = 0.0
    for count, s in enumerate(singular_values, start=1):
        held += s**2
        if held >= share * total:
            return count
    return len(singular_values)


@right("08.1", "slices, longer and longer")
def rank_slices(singular_values, share):
    n = 1
    while np.sum(singular_values[:n] ** 2) < share * np.sum(singular_values**2):
        n += 1
    return n


@right("08.1", "searchsorted")
def rank_searchsorted(singular_values, share):
    running = np.cumsum(singular_values**2)
    return np.searchsorted(running / running[-1], share) + 1


@right("08.1", "searchsorted, divided by a separate sum")
def rank_searchsorted_sum(singular_values, share):
    squares = np.square(singular_values)
    return np.searchsorted(squares.cumsum() / squares.sum(), share) + 1


@right("08.1", "scaled to norm 1 first")
def rank_norm(singular_values, share):
    unit = singular_values / np.linalg.norm(singular_values)
    return int(np.argmax(np.cumsum(unit**2) >= share)) + 1


@right("08.1", "squares in place")
def rank_in_place(singular_values, share):
    singular_values **= 2
    return np.where(singular_values.cumsum() >= share * singular_values.sum())[0][0] + 1


@right("08.1", "recursion")
def rank_recursive(singular_values, share):
    def further(i, held):
        if held >= share * (singular_values @ singular_values):
            return i
        return further(i + 1, held + singular_values[i] ** 2)

    return further(0, 0.0)


@right("08.1", "torch")
def rank_torch(singular_values, share):
    squares = torch.as_tensor(singular_values) ** 2
    reached = torch.cumsum(squares, 0) >= share * squares.sum()
    return reached.int().argmax() + 1


@right("08.1", "from the weakest up, as a float")
def rank_backwards(singular_values, share):
    squares = singular_values**2
    lost = 0.0
    keep = float(len(squares))
    for square in squares[::-1]:
        lost += square
        if lost > (1 - share) * squares.sum():
            break
        keep -= 1
    return keep


right("08.1", "accumulate and next")(
    lambda singular_values, share: next(
        n
        for n, held in enumerate(itertools.accumulate(s * s for s in singular_values), 1)
        if held >= share * sum(s * s for s in singular_values)
    )
)
right("08.1", "min of those that are enough")(
    lambda singular_values, share: min(
        n
        for n in range(1, len(singular_values) + 1)
        if (singular_values[:n] ** 2).sum() / (singular_values**2).sum() >= share
    )
)
right("08.1", "with isclose")(
    lambda singular_values, share: (
        1
        + [
            bool(held > share or math.isclose(held, share))
            for held in np.cumsum(singular_values**2) / np.sum(singular_values**2)
        ].index(True)
    )
)


def _energy(singular_values):
    return np.cumsum(singular_values**2) / np.sum(singular_values**2)


@wrong("08.1", "more than share", "exactly")
def rank_more(singular_values, share):
    held = _energy(singular_values)
    for n in range(len(held)):
        if held[n] > share:
            return n + 1
    return len(held)


@wrong("08.1", "nothing returned if all are needed", "None")
def rank_no_return(singular_values, share):
    held = 0
    for n, s in enumerate(singular_values[:-1], start=1):
        held += s**2
        if held >= share * np.sum(singular_values**2):
            return n


@wrong("08.1", "crashes if all are needed", "IndexError")
def rank_crash(singular_values, share):
    n = 0
    while _energy(singular_values)[n] <= share:
        n += 1
    return n + 1


@wrong("08.1", "from the weakest up, without turning round", "smallest")
def rank_weakest(singular_values, share):
    return int(np.argmax(_energy(singular_values[::-1]) >= share)) + 1


@wrong("08.1", "returns in the loop, too early", "less than the share")
def rank_else(singular_values, share):
    held = 0
    for n, s in enumerate(singular_values, start=1):
        held += s**2
        if held >= share * np.sum(singular_values**2):
            return n
        else:
            return n + 1


@wrong("08.1", "each direction alone", "together")
def rank_alone(singular_values, share):
    squares = singular_values**2 / np.sum(singular_values**2)
    return int((squares < share).sum()) + 1


wrong("08.1", "each direction alone, counted", "together")(
    lambda singular_values, share: int(
        (singular_values**2 / np.sum(singular_values**2) >= share).sum()
    )
)
wrong("08.1", "no squares", "the values themselves")(
    lambda singular_values, share: int(
        np.argmax(np.cumsum(singular_values) / singular_values.sum() >= share) + 1
    )
)
wrong("08.1", "squares the running share", "before you sum")(
    lambda singular_values, share: int(
        np.argmax((np.cumsum(singular_values) / singular_values.sum()) ** 2 >= share) + 1
    )
)
wrong("08.1", "the root of the energy", "without its root")(
    lambda singular_values, share: int(np.argmax(np.sqrt(_energy(singular_values)) >= share) + 1)
)
wrong("08.1", "position instead of number", "from 0")(
    lambda singular_values, share: int(np.argmax(_energy(singular_values) >= share))
)
wrong("08.1", "one too many", "one too many")(
    lambda singular_values, share: int(np.argmax(_energy(singular_values) >= share)) + 2
)
wrong("08.1", "searchsorted from the right", "exactly")(
    lambda singular_values, share: min(
        int(np.searchsorted(_energy(singular_values), share, side="right")) + 1,
        len(singular_values),
    )
)
wrong("08.1", "all that are enough", "return the smallest")(
    lambda singular_values, share: int((_energy(singular_values) >= share).sum())
)
wrong("08.1", "not divided by the whole", "energy of the whole")(
    lambda singular_values, share: int(np.argmax(np.cumsum(singular_values**2) >= share) + 1)
)
wrong("08.1", "divided by the sum without squares", "not of the values")(
    lambda singular_values, share: int(
        (np.cumsum(singular_values**2) < share * singular_values.sum()).sum() + 1
    )
)
wrong("08.1", "compared with the strongest", "strongest")(
    lambda singular_values, share: int(
        (singular_values**2 >= (1 - share) * singular_values[0] ** 2).sum()
    )
)
wrong("08.1", "share of the directions", "share of the directions")(
    lambda singular_values, share: math.ceil(share * len(singular_values))
)
wrong("08.1", "all directions", "always returned all")(
    lambda singular_values, share: len(singular_values)
)
wrong("08.1", "the example", "always returned 1")(lambda singular_values, share: 1)
wrong("08.1", "percent", "percent")(
    lambda singular_values, share: int(np.argmax(100 * _energy(singular_values) >= share) + 1)
)
wrong("08.1", "the share they hold", "whole number")(
    lambda singular_values, share: float(
        _energy(singular_values)[np.argmax(_energy(singular_values) >= share)]
    )
)
wrong("08.1", "the directions themselves", "one number")(
    lambda singular_values, share: singular_values[
        : np.argmax(_energy(singular_values) >= share) + 1
    ]
)
wrong("08.1", "yes and no for each", "one number")(
    lambda singular_values, share: _energy(singular_values) >= share
)
wrong("08.1", "text", "a text")(
    lambda singular_values, share: str(np.argmax(_energy(singular_values) >= share) + 1)
)

# 08.2 The best matrix of low rank


def _svd(matrix):
    return np.linalg.svd(matrix, full_matrices=False)


@right("08.2", "verbose loops")
def best_loops(matrix, rank):
    u, s, vt = _svd(matrix)
    rows, columns = matrix.shape
    result = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            for d in range(rank):
                result[i][j] = result[i][j] + u[i][d] * s[d] * vt[d][j]
    return result


@right("08.2", "sum of outer products")
def best_outer(matrix, rank):
    u, s, vt = _svd(matrix)
    return sum(s[i] * np.outer(u[:, i], vt[i]) for i in range(rank))


@right("08.2", "the other values set to zero")
def best_zeros(matrix, rank):
    u, s, vt = _svd(matrix)
    s[rank:] = 0
    return (u * s) @ vt


@right("08.2", "a diagonal matrix")
def best_diag(matrix, rank):
    u, s, vt = np.linalg.svd(matrix)
    return u[:, :rank] @ np.diag(s[:rank]) @ vt[:rank, :]


@right("08.2", "torch")
def best_torch(matrix, rank):
    u, s, vt = torch.linalg.svd(torch.tensor(matrix), full_matrices=False)
    return u[:, :rank] @ torch.diag(s[:rank]) @ vt[:rank]


@right("08.2", "SciPy, as nested lists")
def best_scipy(matrix, rank):
    u, s, vt = scipy.linalg.svd(matrix, full_matrices=False)
    return ((u[:, :rank] * s[:rank]) @ vt[:rank]).tolist()


@right("08.2", "projected on the directions of the input")
def best_project(matrix, rank):
    vt = np.linalg.svd(matrix, full_matrices=False)[2][:rank]
    return matrix @ vt.T @ vt


@right("08.2", "eigenvectors")
def best_eigh(matrix, rank):
    _, vectors = np.linalg.eigh(matrix @ matrix.T)
    u = vectors[:, ::-1][:, :rank]
    return u @ (u.T @ matrix)


@right("08.2", "recursion, one direction at a time")
def best_recursive(matrix, rank):
    if rank == 0:
        return np.zeros_like(matrix)
    u, s, vt = _svd(matrix)
    first = s[0] * np.outer(u[:, 0], vt[0])
    return first + best_recursive(matrix - first, rank - 1)


@right("08.2", "takes the weakest away, in place")
def best_in_place(matrix, rank):
    u, s, vt = _svd(matrix)
    for i in range(rank, len(s)):
        matrix -= s[i] * u[:, i : i + 1] @ vt[i : i + 1]
    return matrix


@right("08.2", "float32")
def best_float32(matrix, rank):
    u, s, vt = _svd(matrix.astype(np.float32))
    return np.einsum("id,d,dj->ij", u[:, :rank], s[:rank], vt[:rank])


@right("08.2", "the matrix itself at full rank")
def best_full(matrix, rank):
    if rank >= min(matrix.shape):
        return matrix
    u, s, vt = _svd(matrix)
    return np.linalg.multi_dot([u[:, :rank], np.diag(s[:rank]), vt[:rank]])


@wrong("08.2", "rows of u", "ValueError")
def best_rows_of_u(matrix, rank):
    u, s, vt = _svd(matrix)
    return (u[:rank] * s[:rank]) @ vt[:rank]


@wrong("08.2", "columns of vt", "ValueError")
def best_columns_of_vt(matrix, rank):
    u, s, vt = _svd(matrix)
    return (u[:, :rank] * s[:rank]) @ vt[:, :rank]


@wrong("08.2", "vt taken for v", "first rows")
def best_v(matrix, rank):
    u, s, v = _svd(matrix)
    return (u[:, :rank] * s[:rank]) @ v[:, :rank].T


@wrong("08.2", "without the strengths", "singular values are missing")
def best_no_s(matrix, rank):
    u, _, vt = _svd(matrix)
    return u[:, :rank] @ vt[:rank]


@wrong("08.2", "strengths squared", "each taken once")
def best_s_squared(matrix, rank):
    u, s, vt = _svd(matrix)
    return (u[:, :rank] * s[:rank] ** 2) @ vt[:rank]


@wrong("08.2", "one direction too many", "rank is larger")
def best_one_more(matrix, rank):
    u, s, vt = _svd(matrix)
    s[rank + 1 :] = 0
    return (u * s) @ vt


@wrong("08.2", "one direction too few", "rank is smaller")
def best_one_less(matrix, rank):
    u, s, vt = _svd(matrix)
    return sum(
        (s[i] * np.outer(u[:, i], vt[i]) for i in range(rank - 1)), start=np.zeros(matrix.shape)
    )


@wrong("08.2", "starts at the second direction", "left out the strongest")
def best_skips_first(matrix, rank):
    u, s, vt = _svd(matrix)
    return (u[:, 1 : rank + 1] * s[1 : rank + 1]) @ vt[1 : rank + 1]


@wrong("08.2", "the weakest directions", "weakest")
def best_last(matrix, rank):
    u, s, vt = _svd(matrix)
    return (u[:, -rank:] * s[-rank:]) @ vt[-rank:]


@wrong("08.2", "the first directions taken away", "left over")
def best_remainder(matrix, rank):
    u, s, vt = _svd(matrix)
    s[:rank] = 0
    return (u * s) @ vt


@wrong("08.2", "only the direction with that number", "keep all up to it")
def best_single(matrix, rank):
    u, s, vt = _svd(matrix)
    return s[rank - 1] * np.outer(u[:, rank - 1], vt[rank - 1])


@wrong("08.2", "overwrites in the loop", "keep all up to it")
def best_overwrites(matrix, rank):
    u, s, vt = _svd(matrix)
    for i in range(rank):
        result = s[i] * np.outer(u[:, i], vt[i])
    return result


@wrong("08.2", "returns in the loop", "rank is smaller")
def best_returns_early(matrix, rank):
    u, s, vt = _svd(matrix)
    result = np.zeros(matrix.shape)
    for i in range(rank):
        result += s[i] * np.outer(u[:, i], vt[i])
        return result


@wrong("08.2", "always rank 1", "rank is smaller")
def best_rank_one(matrix, rank):
    u, s, vt = _svd(matrix)
    return s[0] * np.outer(u[:, 0], vt[0])


@wrong("08.2", "the whole u", "ValueError")
def best_full_matrices(matrix, rank):
    u, s, vt = np.linalg.svd(matrix)
    s[rank:] = 0
    return (u * s) @ vt


@wrong("08.2", "strengths at the wrong end", "ValueError")
def best_s_last(matrix, rank):
    u, s, vt = _svd(matrix)
    return u[:, :rank] @ vt[:rank] * s[:rank]


@wrong("08.2", "the three parts", "type tuple")
def best_parts(matrix, rank):
    u, s, vt = _svd(matrix)
    return u[:, :rank], s[:rank], vt[:rank]


@wrong("08.2", "the strengths", "shape")
def best_strengths(matrix, rank):
    return _svd(matrix)[1][:rank]


@wrong("08.2", "the first columns", "nearer")
def best_columns(matrix, rank):
    result = matrix.copy()
    result[:, rank:] = 0
    return result


@wrong("08.2", "QR in place of SVD", "nearer")
def best_qr(matrix, rank):
    q, r = np.linalg.qr(matrix)
    return q[:, :rank] @ r[:rank]


@wrong("08.2", "the largest numbers", "rank is larger")
def best_largest_numbers(matrix, rank):
    least = np.sort(np.abs(matrix).ravel())[-rank * matrix.shape[0]]
    return np.where(np.abs(matrix) >= least, matrix, 0)


@wrong("08.2", "rounded", "rounding")
def best_rounded(matrix, rank):
    u, s, vt = _svd(matrix)
    return ((u[:, :rank] * s[:rank]) @ vt[:rank]).round(1)


@wrong("08.2", "prints", "return")
def best_prints(matrix, rank):
    u, s, vt = _svd(matrix)
    print((u[:, :rank] * s[:rank]) @ vt[:rank])


wrong("08.2", "the matrix unchanged", "whole matrix")(lambda matrix, rank: matrix)
wrong("08.2", "cut off", "shape")(lambda matrix, rank: matrix[:rank, :rank])
wrong("08.2", "transposed", "that is the transpose")(
    lambda matrix, rank: best_outer(matrix, rank).T
)
wrong("08.2", "text", "type str")(lambda matrix, rank: str(best_outer(matrix, rank)))
wrong("08.2", "the norm", "shape")(lambda matrix, rank: np.linalg.norm(best_outer(matrix, rank)))
wrong("08.2", "zeros", "rank is smaller")(lambda matrix, rank: np.zeros(matrix.shape))

# 08.3 The forward pass of LoRA


@right("08.3", "verbose, token by token")
def forward_tokens(x, W, A, B, alpha):
    rank = len(A)
    rows = []
    for token in x:
        frozen = W @ token
        narrow = A @ token
        wide = B @ narrow
        rows.append(frozen + wide * alpha / rank)
    return np.stack(rows)


@right("08.3", "adds in place")
def forward_in_place(x, W, A, B, alpha):
    out = x @ W.T
    out += (alpha / A.shape[0]) * ((x @ A.T) @ B.T)
    return out


@right("08.3", "nested lists by plain Python")
def forward_plain(x, W, A, B, alpha):
    def times(rows, matrix):
        return [[sum(a * b for a, b in zip(r, m, strict=True)) for m in matrix] for r in rows]

    frozen, path = times(x, W), times(times(x, A), B)
    scale = alpha / len(A)
    return [
        [f + scale * p for f, p in zip(fs, ps, strict=True)]
        for fs, ps in zip(frozen, path, strict=True)
    ]


@right("08.3", "merged after all")
def forward_merged(x, W, A, B, alpha):
    return x @ (W + alpha / B.shape[1] * B @ A).T


@right("08.3", "all transposed")
def forward_transposed(x, W, A, B, alpha):
    return (W @ x.T + B @ (A @ x.T) * alpha / A.shape[0]).T


@right("08.3", "torch's linear")
def forward_linear(x, W, A, B, alpha):
    linear = torch.nn.functional.linear
    x, W, A, B = (torch.as_tensor(m) for m in (x, W, A, B))
    return linear(x, W) + linear(linear(x, A), B) * (alpha / A.shape[0])


@right("08.3", "one wide product")
def forward_stacked(x, W, A, B, alpha):
    r = A.shape[0]
    both = np.concatenate([x, x @ A.T * (alpha / r)], axis=1)
    return both @ np.concatenate([W, B], axis=1).T


@right("08.3", "a torch module")
def forward_module(x, W, A, B, alpha):
    rank, n_in = A.shape
    layer = torch.nn.Linear(n_in, W.shape[0], bias=False)
    layer.weight.data = torch.as_tensor(W).float()
    x, A, B = (torch.as_tensor(m).float() for m in (x, A, B))
    return layer(x) + x @ A.T @ B.T * alpha / rank


@right("08.3", "methods that only tensors have")
def forward_tensors(x, W, A, B, alpha):
    return x.mm(W.t()) + alpha / A.size(0) * x.mm(A.t()).mm(B.t())


@right("08.3", "torch's linear, without conversion")
def forward_functional(x, W, A, B, alpha):
    linear = torch.nn.functional.linear
    return linear(x, W) + linear(linear(x, A), B) * alpha / len(A)


@wrong("08.3", "methods of tensors, no scale", "scale alpha / rank is missing")
def forward_tensors_no_scale(x, W, A, B, alpha):
    return x.mm(W.t()) + x.mm(A.t()).mm(B.t())


@wrong("08.3", "methods of tensors, in place", "changed W")
def forward_tensors_in_place(x, W, A, B, alpha):
    W.add_(B.mm(A), alpha=alpha / len(A))
    return x.mm(W.t())


@wrong("08.3", "alpha as a function", "TypeError")
def forward_calls_alpha(x, W, A, B, alpha):
    return x @ W.T + alpha(A.shape[0]) * (x @ A.T @ B.T)


@wrong("08.3", "nan", "nan")
def forward_nan(x, W, A, B, alpha):
    return x @ W.T * math.nan


right("08.3", "einsum")(
    lambda x, W, A, B, alpha: (
        np.einsum("ti,oi->to", x, W) + alpha / len(A) * np.einsum("ti,ri,or->to", x, A, B)
    )
)
right("08.3", "dot")(
    lambda x, W, A, B, alpha: (
        np.dot(x, W.T) + np.dot(np.dot(x, A.T), B.T) * alpha / np.linalg.matrix_rank(A)
    )
)


def _path(x, A, B):
    return x @ A.T @ B.T


@wrong("08.3", "divides by the length of the input", "number of rows of A")
def forward_n_in(x, W, A, B, alpha):
    rank = A.shape[1]
    return x @ W.T + alpha / rank * _path(x, A, B)


@wrong("08.3", "divides by the length of the output", "number of rows of A")
def forward_n_out(x, W, A, B, alpha):
    rank = B.shape[0]
    return x @ W.T + alpha / rank * _path(x, A, B)


@wrong("08.3", "adds to the weight in place", "changed W")
def forward_changes_w(x, W, A, B, alpha):
    W += alpha / A.shape[0] * B @ A
    return x @ W.T


@wrong("08.3", "scales A in place", "changed A")
def forward_changes_a(x, W, A, B, alpha):
    A *= alpha / A.shape[0]
    return x @ W.T + x @ A.T @ B.T


@wrong("08.3", "the path reads the output", "must read x")
def forward_reads_output(x, W, A, B, alpha):
    h = x @ W.T
    return h + alpha / A.shape[0] * (h @ A.T @ B.T)


@wrong("08.3", "only the first token", "shape (3, 6)")
def forward_first_token(x, W, A, B, alpha):
    rank = A.shape[0]
    for token in x:
        return W @ token + alpha / rank * (B @ (A @ token))


@wrong("08.3", "only the last token", "shape (3, 6)")
def forward_last_token(x, W, A, B, alpha):
    for token in x:
        result = W @ token + alpha / A.shape[0] * (B @ (A @ token))
    return result


@wrong("08.3", "prints", "return")
def forward_prints(x, W, A, B, alpha):
    print(x @ W.T + alpha / A.shape[0] * _path(x, A, B))


wrong("08.3", "no scale", "alpha / rank")(lambda x, W, A, B, alpha: x @ W.T + _path(x, A, B))
wrong("08.3", "alpha alone", "not alpha")(
    lambda x, W, A, B, alpha: x @ W.T + alpha * _path(x, A, B)
)
wrong("08.3", "divided by the rank alone", "scaled the path by 0.5")(
    lambda x, W, A, B, alpha: x @ W.T + _path(x, A, B) / A.shape[0]
)
wrong("08.3", "rank / alpha", "alpha / rank")(
    lambda x, W, A, B, alpha: x @ W.T + A.shape[0] / alpha * _path(x, A, B)
)
wrong("08.3", "whole division", "//")(
    lambda x, W, A, B, alpha: x @ W.T + alpha // A.shape[0] * _path(x, A, B)
)
wrong("08.3", "root of the rank", "scaled the path by 3.536")(
    lambda x, W, A, B, alpha: x @ W.T + alpha / math.sqrt(A.shape[0]) * _path(x, A, B)
)
wrong("08.3", "rank 16", "number of rows of A")(
    lambda x, W, A, B, alpha: x @ W.T + alpha / 16 * _path(x, A, B)
)
wrong("08.3", "scaled twice", "scaled the path by 6.25")(
    lambda x, W, A, B, alpha: x @ W.T + (alpha / A.shape[0]) ** 2 * _path(x, A, B)
)
wrong("08.3", "both parts scaled", "not the frozen layer")(
    lambda x, W, A, B, alpha: alpha / A.shape[0] * (x @ W.T + _path(x, A, B))
)
wrong("08.3", "the frozen part scaled", "frozen layer 2.5 times")(
    lambda x, W, A, B, alpha: alpha / A.shape[0] * (x @ W.T) + _path(x, A, B)
)
wrong("08.3", "only the path", "that is the path alone")(
    lambda x, W, A, B, alpha: alpha / A.shape[0] * _path(x, A, B)
)
wrong("08.3", "only the frozen layer", "add the path")(lambda x, W, A, B, alpha: x @ W.T)
wrong("08.3", "taken away", "not taken away")(
    lambda x, W, A, B, alpha: x @ W.T - alpha / A.shape[0] * _path(x, A, B)
)
wrong("08.3", "multiplied", "not multiplied")(
    lambda x, W, A, B, alpha: x @ W.T * (alpha / A.shape[0] * _path(x, A, B))
)
wrong("08.3", "1 + the path as a factor", "not multiplied")(
    lambda x, W, A, B, alpha: x @ W.T * (1 + alpha / A.shape[0] * _path(x, A, B))
)
wrong("08.3", "B before A", "one row for each token")(
    lambda x, W, A, B, alpha: x @ W.T + alpha / A.shape[0] * (x @ B.T @ A.T)
)
wrong("08.3", "nothing transposed", "one row for each token")(
    lambda x, W, A, B, alpha: x @ W + alpha / A.shape[0] * (x @ A @ B)
)
wrong("08.3", "transposed by reshape", "reshape")(
    lambda x, W, A, B, alpha: (
        x @ W.reshape(-1, W.shape[0])
        + alpha / A.shape[0] * (x @ A.reshape(-1, A.shape[0]) @ B.reshape(-1, B.shape[0]))
    )
)
wrong("08.3", "ReLU between A and B", "stands between")(
    lambda x, W, A, B, alpha: x @ W.T + alpha / A.shape[0] * (np.maximum(x @ A.T, 0) @ B.T)
)
wrong("08.3", "tanh between A and B", "stands between")(
    lambda x, W, A, B, alpha: x @ W.T + alpha / A.shape[0] * (np.tanh(x @ A.T) @ B.T)
)
wrong("08.3", "A forgotten", "one row for each token")(
    lambda x, W, A, B, alpha: x @ W.T + alpha / A.shape[0] * (x @ B.T)
)
wrong("08.3", "transposed result", "shape (3, 6)")(
    lambda x, W, A, B, alpha: (x @ W.T + alpha / A.shape[0] * _path(x, A, B)).T
)
wrong("08.3", "both parts apart", "shape (2, 3, 6)")(
    lambda x, W, A, B, alpha: (x @ W.T, alpha / A.shape[0] * _path(x, A, B))
)
wrong("08.3", "the merged weight", "shape (6, 6)")(
    lambda x, W, A, B, alpha: W + alpha / A.shape[0] * (B @ A)
)
wrong("08.3", "mean over the tokens", "shape (3, 6)")(
    lambda x, W, A, B, alpha: (x @ W.T + alpha / A.shape[0] * _path(x, A, B)).mean(axis=0)
)
wrong("08.3", "one sum", "shape ()")(
    lambda x, W, A, B, alpha: np.sum(x @ W.T + alpha / A.shape[0] * _path(x, A, B))
)
wrong("08.3", "text", "type str")(
    lambda x, W, A, B, alpha: str(x @ W.T + alpha / A.shape[0] * _path(x, A, B))
)

# 08.4 Change the adapter of a merged model


@right("08.4", "verbose steps")
def swap_steps(merged, old, new, alpha):
    old_A, old_B = old
    new_A, new_B = new
    old_rank = old_A.shape[0]
    new_rank = new_A.shape[0]
    old_update = (alpha / old_rank) * (old_B @ old_A)
    new_update = (alpha / new_rank) * (new_B @ new_A)
    base = merged - old_update
    return base + new_update


@right("08.4", "a copy, changed in place")
def swap_copy(merged, old, new, alpha):
    weight = merged.copy()
    weight -= alpha / len(old[0]) * old[1] @ old[0]
    weight += alpha / len(new[0]) * new[1] @ new[0]
    return weight


@right("08.4", "a loop over signs")
def swap_signs(merged, old, new, alpha):
    result = merged
    for sign, (A, B) in [(-1, old), (1, new)]:
        result = result + sign * alpha / B.shape[1] * np.dot(B, A)
    return result


@right("08.4", "one stacked product")
def swap_stacked(merged, old, new, alpha):
    (A1, B1), (A2, B2) = old, new
    B = np.hstack([B2 / B2.shape[1], -B1 / B1.shape[1]])
    return merged + alpha * B @ np.vstack([A2, A1])


@right("08.4", "outer products, direction by direction")
def swap_outer(merged, old, new, alpha):
    def update(A, B):
        return sum(np.outer(B[:, i], A[i]) for i in range(len(A))) * alpha / len(A)

    return np.add(np.subtract(merged, update(*old)), update(*new))


@right("08.4", "torch")
def swap_torch(merged, old, new, alpha):
    merged = torch.tensor(merged)
    A, B = (torch.tensor(m) for m in old)
    C, D = (torch.tensor(m) for m in new)
    return merged - alpha / A.shape[0] * (B @ A) + alpha / C.shape[0] * (D @ C)


@right("08.4", "nested lists")
def swap_lists(merged, old, new, alpha):
    def entry(pair, i, j):
        A, B = pair
        return alpha / len(A) * sum(B[i][r] * A[r][j] for r in range(len(A)))

    return [
        [merged[i][j] - entry(old, i, j) + entry(new, i, j) for j in range(len(merged[0]))]
        for i in range(len(merged))
    ]


@right("08.4", "the same adapter again, a copy")
def swap_same(merged, old, new, alpha):
    if all(np.array_equal(a, b) for a, b in zip(old, new, strict=True)):
        return merged.copy()
    return swap_steps(merged, old, new, alpha)


@right("08.4", "a clone")
def swap_clone(merged, old, new, alpha):
    weight = merged.clone()
    weight -= alpha / old[0].size(0) * old[1] @ old[0]
    weight += alpha / new[0].size(0) * new[1] @ new[0]
    return weight


right("08.4", "einsum")(
    lambda merged, old, new, alpha: (
        merged
        - np.einsum("ri,or->oi", *old) * alpha / len(old[0])
        + np.einsum("ri,or->oi", *new) * alpha / len(new[0])
    )
)


def _update(pair, alpha):
    A, B = pair
    return alpha / A.shape[0] * (B @ A)


@wrong("08.4", "changes merged", "changed merged")
def swap_in_place(merged, old, new, alpha):
    merged -= _update(old, alpha)
    merged += _update(new, alpha)
    return merged


@wrong("08.4", "an alias is no copy", "new array")
def swap_alias(merged, old, new, alpha):
    weight = merged
    weight -= _update(old, alpha)
    weight += _update(new, alpha)
    return weight


@wrong("08.4", "changes merged, and returns a copy", "changed merged")
def swap_in_place_copy(merged, old, new, alpha):
    merged -= _update(old, alpha)
    return merged + _update(new, alpha)


@wrong("08.4", "scales an adapter in place", "changed B of old")
def swap_scales_in_place(merged, old, new, alpha):
    for A, B in (old, new):
        B *= alpha / A.shape[0]
    return merged - old[1] @ old[0] + new[1] @ new[0]


@wrong("08.4", "the rank of old for both", "its own rank")
def swap_rank_old(merged, old, new, alpha):
    scale = alpha / old[0].shape[0]
    return merged - scale * (old[1] @ old[0]) + scale * (new[1] @ new[0])


@wrong("08.4", "the rank of new for both", "its own rank")
def swap_rank_new(merged, old, new, alpha):
    scale = alpha / new[0].shape[0]
    return merged + scale * (new[1] @ new[0] - old[1] @ old[0])


@wrong("08.4", "the input's length as rank", "alpha / rank")
def swap_n_in(merged, old, new, alpha):
    return (
        merged
        - alpha / old[0].shape[1] * (old[1] @ old[0])
        + alpha / new[0].shape[1] * (new[1] @ new[0])
    )


@wrong("08.4", "the output's length as rank", "alpha / rank")
def swap_n_out(merged, old, new, alpha):
    scale = alpha / merged.shape[0]
    return merged - scale * (old[1] @ old[0]) + scale * (new[1] @ new[0])


@wrong("08.4", "B and A unpacked the wrong way round", "a pair (A, B)")
def swap_unpacked(merged, old, new, alpha):
    old_B, old_A = old
    new_B, new_A = new
    return merged - alpha / 4 * (old_B @ old_A) + alpha / 4 * (new_B @ new_A)


@wrong("08.4", "A @ B", "B @ A")
def swap_a_b(merged, old, new, alpha):
    return (
        merged - alpha / len(old[0]) * (old[0] @ old[1]) + alpha / len(new[0]) * (new[0] @ new[1])
    )


@wrong("08.4", "differences of A and B", "first")
def swap_differences(merged, old, new, alpha):
    A = new[0] - old[0]
    B = new[1] - old[1]
    return merged + alpha / A.shape[0] * (B @ A)


@wrong("08.4", "scales new only", "-1 times for old")
def swap_scales_new(merged, old, new, alpha):
    return merged - old[1] @ old[0] + _update(new, alpha)


@wrong("08.4", "scales old only", "1 times for new")
def swap_scales_old(merged, old, new, alpha):
    return merged - _update(old, alpha) + new[1] @ new[0]


@wrong("08.4", "unchanged if the ranks differ", "nothing has changed")
def swap_equal_ranks(merged, old, new, alpha):
    if old[0].shape != new[0].shape:
        return merged.copy()
    return merged - _update(old, alpha) + _update(new, alpha)


@wrong("08.4", "nothing returned if the ranks differ", "None")
def swap_no_return(merged, old, new, alpha):
    if old[0].shape == new[0].shape:
        return merged - _update(old, alpha) + _update(new, alpha)


@wrong("08.4", "only changes merged", "None")
def swap_returns_nothing(merged, old, new, alpha):
    merged += _update(new, alpha) - _update(old, alpha)


wrong("08.4", "old stays", "still there")(
    lambda merged, old, new, alpha: merged + _update(new, alpha)
)
wrong("08.4", "new is missing", "is not in")(
    lambda merged, old, new, alpha: merged - _update(old, alpha)
)
wrong("08.4", "signs swapped", "signs are swapped")(
    lambda merged, old, new, alpha: merged + _update(old, alpha) - _update(new, alpha)
)
wrong("08.4", "both added", "2 times for old")(
    lambda merged, old, new, alpha: merged + _update(old, alpha) + _update(new, alpha)
)
wrong("08.4", "both taken away", "-2 times for new")(
    lambda merged, old, new, alpha: merged - _update(old, alpha) - _update(new, alpha)
)
wrong("08.4", "no scale", "is missing")(
    lambda merged, old, new, alpha: merged - old[1] @ old[0] + new[1] @ new[0]
)
wrong("08.4", "alpha alone", "not alpha")(
    lambda merged, old, new, alpha: merged + alpha * (new[1] @ new[0] - old[1] @ old[0])
)
wrong("08.4", "divided by the ranks alone", "-0.5 times for old")(
    lambda merged, old, new, alpha: merged - _update(old, 1) + _update(new, 1)
)
wrong("08.4", "whole division", "with `/`")(
    lambda merged, old, new, alpha: (
        merged - alpha // len(old[0]) * (old[1] @ old[0]) + alpha // len(new[0]) * (new[1] @ new[0])
    )
)
wrong("08.4", "rank / alpha", "alpha / rank")(
    lambda merged, old, new, alpha: (
        merged - len(old[0]) / alpha * (old[1] @ old[0]) + len(new[0]) / alpha * (new[1] @ new[0])
    )
)
wrong("08.4", "only the change", "begin with `merged`")(
    lambda merged, old, new, alpha: _update(new, alpha) - _update(old, alpha)
)
wrong("08.4", "only the new update", "begin with `merged`")(
    lambda merged, old, new, alpha: _update(new, alpha)
)
wrong("08.4", "merged as it is", "nothing has changed")(
    lambda merged, old, new, alpha: merged.copy()
)
wrong("08.4", "transposed", "transpose")(
    lambda merged, old, new, alpha: (merged - _update(old, alpha) + _update(new, alpha)).T
)
wrong("08.4", "weight and update apart", "shape (2, 6, 6)")(
    lambda merged, old, new, alpha: (merged - _update(old, alpha), _update(new, alpha))
)
wrong("08.4", "text", "type str")(
    lambda merged, old, new, alpha: str(merged - _update(old, alpha) + _update(new, alpha))
)

# 08.5 The bytes of a training run


@right("08.5", "verbose steps")
def bytes_steps(total, trainable, bytes_each):
    weights = total * bytes_each
    gradients = trainable * bytes_each
    first_average = trainable * bytes_each
    second_average = trainable * bytes_each
    return weights + gradients + first_average + second_average


@right("08.5", "a loop")
def bytes_loop(total, trainable, bytes_each):
    numbers = total
    for _ in range(3):
        numbers += trainable
    return numbers * bytes_each


@right("08.5", "frozen and trained apart")
def bytes_apart(total, trainable, bytes_each):
    frozen = total - trainable
    return frozen * bytes_each + 4 * trainable * bytes_each


@right("08.5", "values of a dictionary")
def bytes_dictionary(total, trainable, bytes_each):
    counts = {"weights": total, "gradients": trainable, "averages": 2 * trainable}
    return sum(n * bytes_each for n in counts.values())


@right("08.5", "an early return")
def bytes_early(total, trainable, bytes_each):
    if trainable == 0:
        return total * bytes_each
    if trainable == total:
        return 4 * total * bytes_each
    return (total + 3 * trainable) * bytes_each


right("08.5", "NumPy")(
    lambda total, trainable, bytes_each: np.dot([total, trainable], [1, 3]) * bytes_each
)
right("08.5", "single precision")(
    lambda total, trainable, bytes_each: (
        torch.tensor([float(total), 3.0 * trainable]).sum() * bytes_each
    )
)
right("08.5", "a float")(
    lambda total, trainable, bytes_each: float(total + 3 * trainable) * bytes_each
)
right("08.5", "torch")(
    lambda total, trainable, bytes_each: (
        torch.tensor([total, trainable, trainable, trainable]).sum() * bytes_each
    )
)
right("08.5", "by way of the share")(
    lambda total, trainable, bytes_each: bytes_each * total * (1 + 3 * (trainable / total))
)


@wrong("08.5", "prints", "return")
def bytes_prints(total, trainable, bytes_each):
    print(bytes_each * (total + 3 * trainable))


@wrong("08.5", "nothing returned with frozen numbers", "None")
def bytes_no_return(total, trainable, bytes_each):
    if total == trainable:
        return 4 * total * bytes_each


@wrong("08.5", "no weights if all are trained", "weights themselves")
def bytes_all_trained(total, trainable, bytes_each):
    if trainable == total:
        return 3 * trainable * bytes_each
    return bytes_each * (total + 3 * trainable)


@wrong("08.5", "crashes if nothing is trained", "ZeroDivisionError")
def bytes_divides(total, trainable, bytes_each):
    per_trained = total / trainable
    return trainable * bytes_each * (per_trained + 3)


wrong("08.5", "everything trained", "only trained numbers")(
    lambda total, trainable, bytes_each: 4 * total * bytes_each
)
wrong("08.5", "only the trained numbers", "frozen")(
    lambda total, trainable, bytes_each: 4 * trainable * bytes_each
)
wrong("08.5", "the weights forgotten", "weights themselves")(
    lambda total, trainable, bytes_each: 3 * trainable * bytes_each
)
wrong("08.5", "one average", "two averages")(
    lambda total, trainable, bytes_each: (total + 2 * trainable) * bytes_each
)
wrong("08.5", "no averages", "also keeps two averages")(
    lambda total, trainable, bytes_each: (total + trainable) * bytes_each
)
wrong("08.5", "averages of all numbers", "only trained numbers")(
    lambda total, trainable, bytes_each: (3 * total + trainable) * bytes_each
)
wrong("08.5", "gradients of all numbers", "only trained numbers")(
    lambda total, trainable, bytes_each: (2 * total + 2 * trainable) * bytes_each
)
wrong("08.5", "the weights alone", "the model alone")(
    lambda total, trainable, bytes_each: total * bytes_each
)
wrong("08.5", "trained ones counted beside the total", "part of `total` already")(
    lambda total, trainable, bytes_each: (total + 4 * trainable) * bytes_each
)
wrong("08.5", "only the frozen weights", "its weight")(
    lambda total, trainable, bytes_each: (total - trainable + 3 * trainable) * bytes_each
)
wrong("08.5", "numbers in place of bytes", "each takes 4 bytes")(
    lambda total, trainable, bytes_each: total + 3 * trainable
)
wrong("08.5", "bytes for the weights only", "all do")(
    lambda total, trainable, bytes_each: total * bytes_each + 3 * trainable
)
wrong("08.5", "bytes for the trained ones only", "all do")(
    lambda total, trainable, bytes_each: total + 3 * trainable * bytes_each
)
wrong("08.5", "always 4 bytes", "not 4")(
    lambda total, trainable, bytes_each: 4 * (total + 3 * trainable)
)
wrong("08.5", "bits", "those are bits")(
    lambda total, trainable, bytes_each: 8 * bytes_each * (total + 3 * trainable)
)
wrong("08.5", "megabytes", "not megabytes")(
    lambda total, trainable, bytes_each: bytes_each * (total + 3 * trainable) / 1e6
)
wrong("08.5", "the square of the number of bytes", "once")(
    lambda total, trainable, bytes_each: bytes_each**2 * (total + 3 * trainable)
)
wrong("08.5", "the example", "the example")(lambda total, trainable, bytes_each: 64)
wrong("08.5", "the four parts", "one number")(
    lambda total, trainable, bytes_each: [bytes_each * n for n in (total, *[trainable] * 3)]
)
wrong("08.5", "text with a unit", "text")(
    lambda total, trainable, bytes_each: f"{bytes_each * (total + 3 * trainable)} bytes"
)
