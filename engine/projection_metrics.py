"""How good a projection is, whatever it was made by: do neighbours stay neighbours?"""

from __future__ import annotations

import math

import numpy as np

from engine.dataset import FloatArray, IntArray

_LOOKED_AT = 400
"""Rows that are looked at: all pairs of them are compared, a millisecond each time the scores change."""
_SEED = 20_002
NEIGHBOURS = 5
"""How many neighbours of each row are asked about, as in scikit-learn."""


class Trust:
    """The trustworthiness of scores of the same rows, again and again.

    Of more than 400 rows it is about a fixed sample.

    Parameters
    ----------
    Z : (n, p) features.
    """

    def __init__(self, Z: FloatArray) -> None:
        self.Z = Z
        self._rows: IntArray = np.arange(len(Z))
        if len(Z) > _LOOKED_AT:
            self._rows = np.sort(np.random.default_rng(_SEED).choice(len(Z), _LOOKED_AT, replace=False))
        self._ranks: IntArray | None = None

    def __call__(self, scores: FloatArray) -> float:
        """How trustworthy scores (n, r) are; NaN of fewer than 12 rows, and where scores are not finite."""
        T = np.asarray(scores, np.float64)[self._rows]
        if len(T) < 2 * NEIGHBOURS + 2 or not np.isfinite(T).all():
            return math.nan
        if self._ranks is None:
            self._ranks = ranks_of(np.asarray(self.Z[self._rows], np.float64))
        return trustworthiness(self._ranks, T)


def squared_distances(X: FloatArray) -> FloatArray:
    """Between all pairs of rows (n, p): (n, n), infinite from a row to itself."""
    X = X - X.mean(axis=0)
    squares = (X**2).sum(axis=1)
    squared = np.maximum(0.0, squares[:, None] + squares - 2.0 * (X @ X.T))
    np.fill_diagonal(squared, np.inf)
    return np.asarray(squared)


def ranks_of(X: FloatArray) -> IntArray:
    """How near each row (n, p) is to each: (n, n), 1 for the nearest other, n for itself."""
    order = squared_distances(X).argsort(axis=1, kind="stable")
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(1, len(X) + 1)[None], axis=1)
    return np.asarray(ranks)


def trustworthiness(ranks: IntArray, scores: FloatArray, neighbours: int = NEIGHBOURS) -> float:
    """One minus a penalty for each neighbour among the scores that is none among the features, by how far it is down
    there: 1 is no such neighbour, and about 0.5 is what chance would give.

    Parameters
    ----------
    ranks : (n, n), see `ranks_of`.
    scores : (n, r).
    neighbours : fewer than half of n.

    References
    ----------
    Venna and Kaski (2001). Neighborhood preservation in nonlinear projection methods.
    """
    n, k = len(scores), neighbours
    near = np.argpartition(squared_distances(scores), k, axis=1)[:, :k]
    down = np.take_along_axis(ranks, near, axis=1) - k
    return 1.0 - 2.0 / (n * k * (2 * n - 3 * k - 1)) * float(down[down > 0].sum())
