"""Vectors of texts: unit length, nearest neighbours by brute force, token vectors, a flat map.

Lesson 02 takes these functions apart; later lessons import them from here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from coursekit.cache import cached_array, digest

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


def unit(vectors: np.ndarray) -> np.ndarray:
    """Divide each row of `vectors`, shape (n, dim), by its length.

    A single vector of shape (dim,) is taken as one row and comes back in its shape. Floating
    types are kept.
    Raises ValueError for a row of zeros, which has no direction, and for nan or infinity.
    """
    vectors = np.asarray(vectors)
    require_finite(vectors)
    # In float64, so that squares of large or tiny float32 numbers stay within range.
    lengths = np.linalg.norm(vectors.astype(np.float64), axis=-1, keepdims=True)
    if np.any(lengths == 0):
        row = int(np.flatnonzero(lengths.ravel() == 0)[0])
        raise ValueError(
            f"Row {row} holds only zeros, so it has no direction and cannot get length 1. "
            "Look at the text it was made from: is it empty?"
        )
    result = vectors / lengths
    return result.astype(vectors.dtype) if vectors.dtype.kind == "f" else result


def require_finite(vectors: np.ndarray) -> None:
    """Raise ValueError, naming the first bad row, if `vectors` holds nan or infinity.

    `vectors` has shape (n, dim), or (dim,) for a single one.
    """
    bad = np.atleast_1d(~np.isfinite(vectors).all(axis=-1))
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise ValueError(
            f"{int(bad.sum())} of {bad.size} vectors hold nan or infinity, the first in row "
            f"{row}. No search can rank them. Embed these texts again, and look for a division by "
            "zero before this line."
        )


def nearest(queries: np.ndarray, vectors: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The k rows of `vectors` with the highest dot product with each query, by brute force.

    Args:
        queries: shape (q, dim).
        vectors: shape (n, dim).
        k: number of neighbours; with fewer rows than k, all rows are returned.

    Returns: scores and row numbers, both of shape (q, min(k, n)), best first; of rows with equal
    scores, the lower number first.

    Raises:
        ValueError: an array has not two axes, the dimensions differ, there are no vectors, k is
            below 1, or a vector holds nan or infinity.
    """
    if queries.ndim != 2 or vectors.ndim != 2:
        raise ValueError(
            f"The queries have shape {queries.shape} and the vectors {vectors.shape}; both need "
            "one vector in each row. Turn a single query into a row with query[None, :]."
        )
    if queries.shape[-1] != vectors.shape[-1]:
        raise ValueError(
            f"The queries have {queries.shape[-1]} dimensions and the vectors "
            f"{vectors.shape[-1]}, so they come from two models. Embed both with the same model."
        )
    if k < 1:
        raise ValueError(f"k is {k}; ask for at least one neighbour.")
    if len(vectors) == 0:
        raise ValueError("There are no vectors, so nothing is near. Embed your texts first.")
    require_finite(queries)
    require_finite(vectors)
    k = min(k, len(vectors))
    scores = queries @ vectors.T  # (q, n)
    rows = np.argpartition(-scores, k - 1, axis=1)[:, :k]  # the k best, in no order yet
    rows.sort(axis=1)
    best = np.take_along_axis(scores, rows, axis=1)
    order = np.argsort(-best, axis=1, kind="stable")
    return np.take_along_axis(best, order, axis=1), np.take_along_axis(rows, order, axis=1)


def token_embeddings(texts: Sequence[str], embedder: SentenceTransformer) -> list[np.ndarray]:
    """One vector for each token of each text, before pooling, each of length 1.

    Returns: for each text a float32 array of shape (tokens, dim), the special tokens at both ends
    included. The mean of the rows before they got length 1 is what `embed` is made of. Of a text
    longer than `embedder.max_seq_length`, only the beginning is read.
    """
    rows = embedder.encode(
        list(texts), output_value="token_embeddings", batch_size=64, show_progress_bar=False
    )
    return [unit(row.float().cpu().numpy()) for row in rows]


def token_sums(
    texts: Sequence[str], embedder: SentenceTransformer
) -> tuple[np.ndarray, np.ndarray]:
    """The sum of the token vectors of each text, and its number of tokens; kept in the cache.

    Returns: arrays of shape (n, dim) and (n,). The sums point where `embed` points; their lengths
    grow with the number of tokens. Of a text longer than the window, only the beginning is read.
    """

    def make() -> np.ndarray:
        rows = embedder.encode(
            list(texts), output_value="token_embeddings", batch_size=64, show_progress_bar=False
        )
        return np.array([[*row.float().sum(dim=0).tolist(), len(row)] for row in rows])

    settings = {"texts": digest(*texts), "model": embedder.fingerprint}
    table = np.array(cached_array("token_sums", settings, make))
    return table[:, :-1], table[:, -1].astype(int)


def flat_map(vectors: np.ndarray) -> np.ndarray:
    """Shape (n, dim) to shape (n, 2): the two directions in which the rows differ most.

    Principal component analysis (Pearson, 1901) by a singular value decomposition. The sign of
    each axis is fixed so that its largest coordinate is positive, on every machine; of several
    equally large ones, the first decides.

    Raises ValueError for fewer than two rows or two dimensions, and for nan or infinity.
    """
    if vectors.ndim != 2 or min(vectors.shape) < 2:
        raise ValueError(
            f"The vectors have shape {vectors.shape}, and a map needs at least two rows of at "
            "least two dimensions. Pass more vectors."
        )
    require_finite(vectors)
    centred = vectors - vectors.mean(axis=0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    points = centred @ directions[:2].T
    sizes = np.abs(points)
    first = (sizes >= sizes.max(axis=0) * (1 - 1e-5)).argmax(axis=0)  # rounding must not decide
    signs = np.where(points[first, [0, 1]] < 0, -1, 1).astype(points.dtype)
    return points * signs
