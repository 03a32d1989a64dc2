"""Points that stand for others: which is nearest to each point, which stands best, and which swap of two wins most."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.dataset import FloatArray, IntArray

Metric = Literal["euclidean", "manhattan"]

_BLOCK = 2_000_000
"""Distances that are looked at together: 16 MB."""
_LEAST_GAIN = 1e-12
"""A gain that is less, as a share of the whole, is rounding."""


@dataclass(frozen=True, eq=False)
class Nearest:
    """Points and the medoids nearest to them.

    Parameters
    ----------
    labels : (n,) int64, which medoid; of medoids equally near the first.
    first, second : (n,) how far the nearest and the next medoid are; infinite where there is no other.
    """

    labels: IntArray
    first: FloatArray
    second: FloatArray


def distances(A: FloatArray, B: FloatArray, metric: Metric) -> FloatArray:
    """How far each row of `A` (m, p) is from each of `B` (n, p): (m, n)."""
    from scipy.spatial.distance import cdist

    return np.asarray(cdist(A, B, "cityblock" if metric == "manhattan" else "euclidean"))


def nearest(Z: FloatArray, medoids: FloatArray, metric: Metric) -> Nearest:
    """The nearest of `medoids` (k, p) of each row of `Z` (n, p)."""
    found = distances(Z, medoids, metric)
    rows, labels = np.arange(len(Z)), found.argmin(axis=1)
    first = found[rows, labels]
    found[rows, labels] = np.inf
    return Nearest(labels.astype(np.int64), first, found.min(axis=1))


def medoid(Z: FloatArray, present: int, metric: Metric) -> int:
    """The row of `Z` (n, p) with the least sum of distances to all of them; `present` unless another is better."""
    totals = np.concatenate([block.sum(axis=1) for _, block in _blocks(Z, metric)])
    best = int(totals.argmin())
    return best if totals[best] < totals[present] * (1.0 - _LEAST_GAIN) else present


def built(Z: FloatArray, k: int, metric: Metric) -> IntArray:
    """The rows of k first medoids (k,): each next one makes the sum of distances to the nearest as small as one can.

    References
    ----------
    Kaufman and Rousseeuw (1990). Finding groups in data, chapter 2: the BUILD phase of PAM.
    """
    first = np.full(len(Z), np.inf)
    chosen: list[int] = []
    for _ in range(k):
        totals = np.concatenate([np.minimum(block, first).sum(axis=1) for _, block in _blocks(Z, metric)])
        totals[chosen] = np.inf
        chosen.append(int(totals.argmin()))
        first = np.minimum(first, distances(Z[chosen[-1:]], Z, metric)[0])
    return np.array(chosen)


def best_swap(Z: FloatArray, k: int, now: Nearest, metric: Metric) -> tuple[int, int] | None:
    """Which of k medoids to give up, and for which row of `Z` (n, p), so that the sum of distances falls most.

    For all pairs of a medoid and a point at once: what a point wins as one more medoid, and what the members of each
    medoid lose without theirs, is added up in one pass over the distances.

    Parameters
    ----------
    now : the points with the present medoids.

    Returns
    -------
    The number of the medoid and the row; None where no swap lowers the sum.

    References
    ----------
    Schubert and Rousseeuw (2019). Faster k-medoids clustering: improving the PAM, CLARA, and CLARANS algorithms. SISAP.
    """
    owners = np.zeros((len(Z), k))
    owners[np.arange(len(Z)), now.labels] = 1.0
    best = -_LEAST_GAIN * float(now.first.sum())
    found: tuple[int, int] | None = None
    for start, block in _blocks(Z, metric):
        nearer = np.minimum(block, now.first)
        lost = np.minimum(block, now.second) - nearer
        changes = (nearer - now.first).sum(axis=1)[:, None] + lost @ owners
        row, index = np.unravel_index(int(changes.argmin()), changes.shape)
        if changes[row, index] < best:
            best, found = float(changes[row, index]), (int(index), start + int(row))
    return found


def _blocks(Z: FloatArray, metric: Metric) -> Iterator[tuple[int, FloatArray]]:
    """The distances between all rows of `Z`, some rows at a time, with the number of the first of these."""
    height = max(1, _BLOCK // max(1, len(Z)))
    for start in range(0, len(Z), height):
        yield start, distances(Z[start : start + height], Z, metric)
