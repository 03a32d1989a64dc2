"""The half of Lloyd's step that takes long: which centre is nearest to each point, and what the clusters add up to."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.compiling import compiled as compiled_loop
from engine.cores import cores_of_one_run
from engine.dataset import FloatArray, IntArray

_CHUNK = 32_768
"""Rows that are added up together: the sums do not depend on how many cores there are."""


@dataclass(frozen=True, eq=False)
class Assigned:
    """Points and their nearest centres.

    Parameters
    ----------
    labels : (n,) int64; of centres equally near the first.
    squared : (n,) the squared distance to it.
    counts, sums : (k,) and (k, p), how many points each centre has, and their sum.
    """

    labels: IntArray
    squared: FloatArray
    counts: IntArray
    sums: FloatArray

    def __post_init__(self) -> None:
        for array in (self.labels, self.squared, self.counts, self.sums):
            array.setflags(write=False)

    @property
    def mean_squared(self) -> float:
        """The mean squared distance; NaN for no points."""
        return float(self.squared.mean()) if len(self.squared) else float("nan")


def assign(Z: FloatArray, centres: FloatArray, *, compiled: bool = True) -> Assigned:
    """Each row of `Z` (n, p) to the nearest of `centres` (k, p).

    Parameters
    ----------
    compiled : whether by compiled loops, on all cores; else by numpy, which agrees to rounding.
    """
    n, (k, p) = len(Z), centres.shape
    middle: NDArray[np.float64] = np.ascontiguousarray(centres, np.float64)
    labels, squared = np.empty(n, np.int64), np.empty(n)
    starts = range(0, max(n, 1), _CHUNK)
    counts, sums = np.zeros((len(starts), k), np.int64), np.zeros((len(starts), k, p))
    Z = np.ascontiguousarray(Z)

    def work(index: int) -> None:
        rows = slice(starts[index], starts[index] + _CHUNK)
        loop = nearest if compiled else _nearest
        loop(Z[rows], middle, labels[rows], squared[rows], counts[index], sums[index])

    cores = min(cores_of_one_run(), len(starts))
    if cores > 1:
        with ThreadPoolExecutor(cores, "playground-lloyd") as pool:
            list(pool.map(work, range(len(starts))))
    else:
        for index in range(len(starts)):
            work(index)
    return Assigned(labels, squared, counts.sum(axis=0), sums.sum(axis=0))


@compiled_loop
def nearest(
    Z: NDArray[Any],
    centres: NDArray[np.float64],
    labels: NDArray[np.int64],
    squared: NDArray[np.float64],
    counts: NDArray[np.int64],
    sums: NDArray[np.float64],
) -> None:
    """Write the nearest centre of each row of `Z` (n, p), and add the row to what its cluster has.

    Centres are compared in the precision of the rows, many rows at a time with vector instructions; the distance to
    the nearest and the sums are in double precision.
    """
    n, (k, p) = len(Z), centres.shape
    lanes = 512
    rows = np.empty((p, lanes), Z.dtype)
    least, best = np.empty(lanes, Z.dtype), np.empty(lanes, np.int32)
    middle = centres.astype(Z.dtype)
    distance = np.empty(lanes, Z.dtype)
    for first in range(0, n, lanes):
        m = min(lanes, n - first)
        for j in range(p):
            for i in range(m):
                rows[j, i] = Z[first + i, j]
        least[:m] = np.inf
        best[:m] = 0
        for c in range(k):
            distance[:m] = 0
            for j in range(p):
                at = middle[c, j]
                for i in range(m):
                    step = rows[j, i] - at
                    distance[i] += step * step
            for i in range(m):
                nearer = distance[i] < least[i]
                best[i] = np.int32(c) if nearer else best[i]
                least[i] = distance[i] if nearer else least[i]
        for i in range(m):
            mine, total = best[i], 0.0
            for j in range(p):
                step64 = Z[first + i, j] - centres[mine, j]
                total += step64 * step64
                sums[mine, j] += Z[first + i, j]
            labels[first + i], squared[first + i] = mine, total
            counts[mine] += 1


def _nearest(
    Z: NDArray[Any],
    centres: NDArray[np.float64],
    labels: NDArray[np.int64],
    squared: NDArray[np.float64],
    counts: NDArray[np.int64],
    sums: NDArray[np.float64],
) -> None:
    X = Z.astype(np.float64)
    distances = np.stack([((Z - centre) ** 2).sum(axis=1) for centre in centres.astype(Z.dtype)])
    labels[:] = distances.argmin(axis=0)
    squared[:] = ((X - centres[labels]) ** 2).sum(axis=1)
    counts[:] = np.bincount(labels, minlength=len(centres))
    for j in range(X.shape[1]):
        sums[:, j] = np.bincount(labels, X[:, j], len(centres))
