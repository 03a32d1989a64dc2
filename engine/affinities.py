"""How much points belong together: Gaussians about each point, as wide as it takes to have so many neighbours."""

from __future__ import annotations

import math
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from engine.dataset import FloatArray
from engine.learner import TrainingData

_BLOCK = 256
"""Rows whose distances to all others are looked at together."""
_MOST_ROUNDS = 60
_CLOSE = 1e-6
"""An entropy that is so near to the wanted one will do; in scikit-learn it is 10⁻⁵."""
_WIDEST = 60.0
"""Powers of e about the mean squared distance between which the width of a Gaussian is looked for."""


@dataclass(frozen=True, eq=False)
class Affinities:
    """What t-SNE knows of the points.

    Parameters
    ----------
    perplexity : how many neighbours each of them has, in effect.
    P : (n, n) float32, symmetric, adding up to 1; 0 on the diagonal.
    entropy : −Σ p ln p over all pairs.
    """

    perplexity: float
    P: NDArray[np.float32]
    entropy: float


_known: WeakKeyDictionary[TrainingData, Affinities] = WeakKeyDictionary()


def affinities_of(data: TrainingData, perplexity: float) -> Affinities:
    """The affinities of the training rows: computed once a data set and perplexity (0.2 s for 1,797 points)."""
    found = _known.get(data)
    if found is None or found.perplexity != perplexity:
        found = _known[data] = affinities(data.Z, perplexity)
    return found


def affinities(Z: FloatArray, perplexity: float) -> Affinities:
    """p_ij = (p_j|i + p_i|j) / 2n, where p_j|i falls with the squared distance as a Gaussian about i.

    Parameters
    ----------
    Z : (n, p) features.
    perplexity : at least 1, below n. The width of each Gaussian is such that 2 to the power of the entropy of p_·|i, in
        bits, is so much.

    References
    ----------
    van der Maaten and Hinton (2008). Visualizing data using t-SNE. JMLR 9, equations 1 and 12.
    """
    X = np.ascontiguousarray(Z, np.float64)
    X = X - X.mean(axis=0)
    n, squares = len(X), (X**2).sum(axis=1)
    P: NDArray[np.float32] = np.empty((n, n), np.float32)
    for first in range(0, n, _BLOCK):
        rows = slice(first, min(n, first + _BLOCK))
        squared = np.maximum(0.0, squares[rows, None] + squares - 2.0 * (X[rows] @ X.T))
        P[rows] = conditional(squared.astype(np.float32), first, perplexity)
    for first in range(0, n, _BLOCK):  # in place, as of 5,000 points it takes 100 MB
        rows, rest = slice(first, min(n, first + _BLOCK)), slice(first, n)
        both = P[rows, rest] + P[rest, rows].T
        P[rows, rest], P[rest, rows] = both, both.T
    P /= np.float32(P.sum(dtype=np.float64))
    P.setflags(write=False)
    return Affinities(perplexity, P, _entropy(P))


def _entropy(P: NDArray[np.float32]) -> float:
    total = 0.0
    for first in range(0, len(P), _BLOCK):
        p = P[first : first + _BLOCK]
        total -= float((p * np.log(np.where(p > 0, p, np.float32(1.0)))).sum(dtype=np.float64))
    return total


def conditional(squared: NDArray[np.float32], first: int, perplexity: float) -> NDArray[np.float32]:
    """p_j|i (m, n), rows adding up to 1, for some of the points: those from number `first` on.

    Of each the precision β of its Gaussian is looked for on the scale of its logarithm, by Newton's method within
    bounds that are halved where it would leave them: the entropy H falls in β, dH / d ln β = −β² Var(d²).

    Parameters
    ----------
    squared : (m, n) squared distances; overwritten.
    """
    m = len(squared)
    own = np.arange(m), first + np.arange(m)
    squared[own] = np.inf
    squared -= squared.min(axis=1, keepdims=True)  # leaves p as it is, and keeps exp from vanishing
    squared[own] = 0.0
    mean = squared.mean(axis=1, keepdims=True)
    squared /= np.where(mean > 0, mean, np.float32(1.0))  # β is about 1 then, in whatever units the features are
    low, high = np.full(m, -_WIDEST), np.full(m, _WIDEST)
    log_beta, left, wanted = np.ones(m), np.arange(m), math.log(perplexity)
    p: NDArray[np.float32] = np.empty_like(squared)
    for _ in range(_MOST_ROUNDS):
        d, beta = squared[left], np.exp(log_beta[left])
        weights = np.exp(d * -beta[:, None].astype(np.float32))
        weights[np.arange(len(left)), own[1][left]] = 0.0
        total = weights.sum(axis=1, dtype=np.float64)
        weights /= total[:, None].astype(np.float32)
        p[left] = weights
        expected = np.einsum("ij,ij->i", weights, d, dtype=np.float64)
        spread = np.einsum("ij,ij,ij->i", weights, d, d, dtype=np.float64) - expected**2
        excess = np.log(total) + beta * expected - wanted
        off = np.abs(excess) > _CLOSE
        low[left] = np.where(excess > 0, log_beta[left], low[left])
        high[left] = np.where(excess > 0, high[left], log_beta[left])
        with np.errstate(divide="ignore", invalid="ignore"):
            newton = log_beta[left] + excess / (beta**2 * spread)
        inside = (newton > low[left]) & (newton < high[left])
        log_beta[left] = np.where(inside, newton, (low[left] + high[left]) / 2)
        left = left[off]
        if len(left) == 0:
            break
    return p
