"""Kernel functions: how alike two points are, and sums over many of them, block by block."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engine.dataset import FloatArray

_BLOCK_NUMBERS = 1 << 17
"""Numbers in a block: 1 MiB, which stays in the cache; twice as quick on a fine grid as all at once."""

Columns = Callable[[FloatArray], FloatArray]
"""From rows (n, p) float64 to (n, m) float64: how alike each is to m centres, or m features of it."""


def squared_distances(A: FloatArray, B: FloatArray) -> FloatArray:
    """Squared Euclidean distances (n, m) between rows `A` (n, p) and rows `B` (m, p), both float64.

    By |a|² + |b|² − 2ab about the mean of `B`, so that points far from the origin keep their digits.
    """
    centre = B.mean(axis=0) if len(B) else 0.0
    a, b = A - centre, B - centre
    distances = a @ (-2.0 * b.T)
    distances += (a**2).sum(axis=1)[:, None]
    distances += (b**2).sum(axis=1)
    return np.asarray(np.maximum(distances, 0.0, out=distances))


def rbf(A: FloatArray, B: FloatArray, gamma: float) -> FloatArray:
    """exp(−γ |a − b|²): (n, m)."""
    K = squared_distances(A, B)
    K *= -gamma
    return np.asarray(np.exp(K, out=K))


def weighted_sums(columns: Columns, Z: FloatArray, weights: FloatArray) -> FloatArray:
    """Σ weights[j] · columns(z)[j] for each row of `Z`.

    Parameters
    ----------
    Z : (n, p), of any type.
    weights : (m, k) float64.

    Returns
    -------
    (n, k) float64; all zero if there are no columns.
    """
    sums = np.zeros((len(Z), weights.shape[1]))
    rows = max(1, _BLOCK_NUMBERS // max(1, len(weights)))
    for first in range(0, len(Z) if len(weights) else 0, rows):
        block = np.asarray(Z[first : first + rows], np.float64)
        sums[first : first + rows] = columns(block) @ weights
    return sums
