"""Kernel functions: how alike two points are, and sums over many of them, block by block."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.dataset import FloatArray

_BLOCK_NUMBERS = 1 << 17
"""Numbers in a block: 1 MiB, which stays in the cache; twice as quick on a fine grid as all at once."""

KernelName = Literal["linear", "rbf", "polynomial", "sigmoid", "cosine"]
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


def cosine(A: FloatArray, B: FloatArray) -> FloatArray:
    """a·b / (|a| |b|): (n, m); 0 for a row of zeros."""
    return np.asarray(_of_length_1(A) @ _of_length_1(B).T)


def _of_length_1(A: FloatArray) -> FloatArray:
    lengths = np.linalg.norm(A, axis=1, keepdims=True)
    return np.asarray(A / np.where(lengths > 0, lengths, 1.0))


def gamma_of(Z: FloatArray) -> float:
    """1 / (number of features × their variance), which suits any number and scale: scikit-learn's ``gamma="scale"``."""
    # One order in memory, so that equal numbers are added in the same order and give the same bits.
    with np.errstate(over="ignore"):
        variance = float(np.ascontiguousarray(Z, np.float64).var())
    return 1.0 / (Z.shape[1] * variance) if variance > 0 else 1.0


@dataclass(frozen=True)
class Kernel:
    """A kernel with its numbers fixed.

    Parameters
    ----------
    name : a·b (linear), exp(−γ |a − b|²) (rbf), (γ a·b + c)^degree (polynomial), tanh(γ a·b + c) (sigmoid), or the
        cosine of the angle between the two.
    gamma, degree, coef0 : γ, the power and c.
    """

    name: KernelName
    gamma: float = 1.0
    degree: int = 3
    coef0: float = 1.0

    def __call__(self, A: FloatArray, B: FloatArray) -> FloatArray:
        """How alike rows `A` (n, p) and rows `B` (m, p) are, both float64: (n, m)."""
        if self.name == "rbf":
            return rbf(A, B, self.gamma)
        if self.name == "cosine":
            return cosine(A, B)
        products = np.asarray(A @ B.T)
        if self.name == "linear":
            return products
        products *= self.gamma
        products += self.coef0
        if self.name == "sigmoid":
            return np.asarray(np.tanh(products, out=products))
        power = products.copy()
        for _ in range(self.degree - 1):  # `**` takes a logarithm of each number, which is ten times slower.
            power *= products
        return power


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
