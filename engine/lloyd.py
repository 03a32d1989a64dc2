"""The half of Lloyd's step that takes long: which centre is nearest to each point, and what the clusters add up to."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.compiling import compiled_sum
from engine.cores import cores_of_one_run
from engine.dataset import FloatArray, IntArray

_CHUNK = 32_768
"""Rows that are added up together: the sums do not depend on how many cores there are."""


@dataclass(frozen=True, eq=False)
class Assigned:
    """Points and their nearest centres.

    Parameters
    ----------
    labels : (n,) int32; of centres equally near the first.
    total : the sum of the squared distances to them, each in the precision of the rows.
    changed : how many labels are others than before.
    counts, sums : (k,) and (k, p), how many points each centre has, and their sum.
    """

    labels: IntArray
    total: float
    changed: int
    counts: IntArray
    sums: FloatArray

    def __post_init__(self) -> None:
        for array in (self.labels, self.counts, self.sums):
            array.setflags(write=False)

    @property
    def mean_squared(self) -> float:
        """The mean squared distance; NaN for no points."""
        return self.total / len(self.labels) if len(self.labels) else float("nan")


def squared_distances(Z: FloatArray, centres: FloatArray, labels: IntArray) -> FloatArray:
    """How far each row (n, p) is from the centre that its label names, squared: (n,)."""
    return np.asarray(((np.asarray(Z, np.float64) - centres[labels]) ** 2).sum(axis=1))


def assign(Z: FloatArray, centres: FloatArray, before: IntArray | None = None, *, compiled: bool = True) -> Assigned:
    """Each row of `Z` (n, p) to the nearest of `centres` (k, p).

    Parameters
    ----------
    before : (n,) the labels until now; None where there are none, and every label is another.
    compiled : whether by compiled loops, on all cores; else by numpy, which agrees to rounding.
    """
    n, (k, p) = len(Z), centres.shape
    middle: NDArray[np.float64] = np.ascontiguousarray(centres, np.float64)
    labels = np.empty(n, np.int32)
    old = np.full(n, -2, np.int32) if before is None else np.ascontiguousarray(before, np.int32)
    starts = range(0, max(n, 1), _CHUNK)
    counts, sums = np.zeros((len(starts), k), np.int64), np.zeros((len(starts), k, p))
    totals = np.zeros((len(starts), 2))
    Z = np.ascontiguousarray(Z)

    def work(index: int) -> None:
        rows = slice(starts[index], starts[index] + _CHUNK)
        loop = nearest if compiled else _nearest
        loop(Z[rows], middle, old[rows], labels[rows], counts[index], sums[index], totals[index])

    cores = min(cores_of_one_run(), len(starts))
    if cores > 1:
        with ThreadPoolExecutor(cores, "playground-lloyd") as pool:
            list(pool.map(work, range(len(starts))))
    else:
        for index in range(len(starts)):
            work(index)
    total, changed = totals.sum(axis=0)
    return Assigned(labels, float(total), int(changed), counts.sum(axis=0), sums.sum(axis=0))


@compiled_sum
def nearest(
    Z: NDArray[Any],
    centres: NDArray[np.float64],
    before: NDArray[np.int32],
    labels: NDArray[np.int32],
    counts: NDArray[np.int64],
    sums: NDArray[np.float64],
    totals: NDArray[np.float64],
) -> None:
    """Write the nearest centre of each row of `Z` (n, p), and add the row to what its cluster has.

    Centres are compared in the precision of the rows, many rows at a time with vector instructions, the first two
    features in one go: of two features there is no more to it. Sums are in double precision. `totals` (2,) gets the
    squared distances and the number of labels that differ from `before`.
    """
    n, (k, p) = len(Z), centres.shape
    lanes, wide = 512, max(2, p)
    rows = np.zeros((wide, lanes), Z.dtype)
    middle = np.zeros((k, wide), Z.dtype)
    middle[:, :p] = centres
    least, best, distance = np.empty(lanes, Z.dtype), np.empty(lanes, np.int32), np.empty(lanes, Z.dtype)
    for first in range(0, n, lanes):
        m = min(lanes, n - first)
        for j in range(p):
            for i in range(m):
                rows[j, i] = Z[first + i, j]
        x, y = rows[0], rows[1]
        for i in range(m):
            least[i], best[i] = np.inf, 0
        for c in range(k):
            a, b = middle[c, 0], middle[c, 1]
            if p <= 2:
                for i in range(m):
                    across, up = x[i] - a, y[i] - b
                    d = across * across + up * up
                    nearer = d < least[i]
                    best[i] = np.int32(c) if nearer else best[i]
                    least[i] = d if nearer else least[i]
                continue
            for i in range(m):
                across, up = x[i] - a, y[i] - b
                distance[i] = across * across + up * up
            for j in range(2, p):
                at = middle[c, j]
                for i in range(m):
                    step = rows[j, i] - at
                    distance[i] += step * step
            for i in range(m):
                nearer = distance[i] < least[i]
                best[i] = np.int32(c) if nearer else best[i]
                least[i] = distance[i] if nearer else least[i]
        total, changed = 0.0, 0
        for i in range(m):
            total += least[i]
        for i in range(m):
            changed += best[i] != before[first + i]
            labels[first + i] = best[i]
        for i in range(m):
            mine = best[i]
            counts[mine] += 1
            for j in range(p):
                sums[mine, j] += rows[j, i]
        totals[0] += total
        totals[1] += changed


def _nearest(
    Z: NDArray[Any],
    centres: NDArray[np.float64],
    before: NDArray[np.int32],
    labels: NDArray[np.int32],
    counts: NDArray[np.int64],
    sums: NDArray[np.float64],
    totals: NDArray[np.float64],
) -> None:
    distances = np.stack([((Z - centre) ** 2).sum(axis=1) for centre in centres.astype(Z.dtype)])
    labels[:] = distances.argmin(axis=0)
    totals[:] = distances.min(axis=0).sum(dtype=np.float64), np.count_nonzero(labels != before)
    counts[:] = np.bincount(labels, minlength=len(centres))
    for j in range(Z.shape[1]):
        sums[:, j] = np.bincount(labels, Z[:, j], len(centres))
