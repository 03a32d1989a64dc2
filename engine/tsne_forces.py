"""The half of a t-SNE step that takes long: how every pair of places pulls and pushes, and how far P is from Q."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.compiling import compiled_sum
from engine.cores import cores_of_one_run
from engine.dataset import FloatArray

_ROWS = 256
"""Rows that are worked on together."""
_LANES = 512
"""Pairs that are added up in single precision before they are added in double: what lies in the first-level cache."""
_MANY = 500
"""Rows from which a second thread pays for its start."""


@dataclass(frozen=True, eq=False)
class Forces:
    """What the pairs of places come to.

    Parameters
    ----------
    pull : (n, r), Σ_j p_ij w_ij (y_i − y_j) for w_ij = 1 / (1 + |y_i − y_j|²).
    push : (n, r), Σ_j q_ij w_ij (y_i − y_j) for q_ij = w_ij / Σ w.
    divergence : Σ_ij p_ij ln(p_ij / q_ij).
    """

    pull: FloatArray
    push: FloatArray
    divergence: float

    def gradient(self, exaggeration: float = 1.0) -> FloatArray:
        """Of the divergence by the places (n, r), with every p_ij multiplied by `exaggeration`."""
        return 4.0 * (exaggeration * self.pull - self.push)


def forces_between(P: NDArray[np.float32], entropy: float, places: FloatArray, *, compiled: bool = True) -> Forces:
    """The forces between `places` (n, r), all pairs of them: no tree, no grid.

    Parameters
    ----------
    P : (n, n) how much points belong together; its entries add up to 1, its diagonal is 0.
    entropy : −Σ p_ij ln p_ij.
    compiled : whether by compiled loops, on all cores; else by numpy, which agrees to rounding.
    """
    n, r = places.shape
    Y = np.ascontiguousarray(places.T, np.float32)
    pull, push, sums = np.empty((n, r)), np.empty((n, r)), np.empty((n, 2))
    loop = pull_and_push if compiled else _pull_and_push
    P = P.view()
    P.setflags(write=False)  # compiled loops have one form for such arrays and another for others

    def work(first: int) -> None:
        rows = slice(first, min(n, first + _ROWS))
        loop(P[rows], Y, first, pull[rows], push[rows], sums[rows])

    cores = min(cores_of_one_run(), -(-n // _ROWS))
    if cores > 1 and n >= _MANY:
        with ThreadPoolExecutor(cores, "playground-tsne") as pool:
            list(pool.map(work, range(0, n, _ROWS)))
    else:
        for first in range(0, n, _ROWS):
            work(first)
    total, distance = sums.sum(axis=0)
    return Forces(pull, push / total, max(0.0, float(distance + np.log(total) - entropy)))


@compiled_sum
def pull_and_push(
    P: NDArray[np.float32],
    Y: NDArray[np.float32],
    first: int,
    pull: NDArray[np.float64],
    push: NDArray[np.float64],
    sums: NDArray[np.float64],
) -> None:
    """Write what all places do to some of them, those from number `first` on.

    Pairs are computed in single precision, many at a time with vector instructions, and never stored. The logarithm is
    written out, as that of a library would be computed pair by pair: ln(2^e m) = e ln 2 + 2 artanh((m − 1) / (m + 1)),
    the series to the eleventh power, off by 2·10⁻⁷ at most.

    Parameters
    ----------
    P : (m, n) the rows of the affinities.
    Y : (r, n) the places, coordinate by coordinate.
    pull, push : (m, r), the second not yet divided by Σ w.
    sums : (m, 2), Σ_j w_ij without the point itself, and Σ_j p_ij ln(1 + |y_i − y_j|²).
    """
    r, n = Y.shape
    one, two = np.float32(1.0), np.float32(2.0)
    distance, weight, near = np.empty(_LANES, np.float32), np.empty(_LANES, np.float32), np.empty(_LANES, np.float32)
    mantissa, exponent = np.empty(_LANES, np.float32), np.empty(_LANES, np.float32)
    bits, rest = distance.view(np.int32), mantissa.view(np.int32)
    for row in range(len(P)):
        i = first + row
        for k in range(r):
            pull[row, k] = push[row, k] = 0.0
        all_weights, apart = np.float64(0.0), np.float64(0.0)
        for start in range(0, n, _LANES):
            m = min(_LANES, n - start)
            p = P[row, start : start + m]
            for j in range(m):
                distance[j] = one
            for k in range(r):
                mine, others = Y[k, i], Y[k, start : start + m]
                for j in range(m):
                    step = mine - others[j]
                    distance[j] += step * step
            if start <= i < start + m:
                distance[i - start] = np.inf  # from itself, which it neither pulls nor pushes
            some_weights, far = np.float32(0.0), np.float32(0.0)
            for j in range(m):
                w = one / distance[j]
                some_weights += w
                near[j] = p[j] * w
                weight[j] = w * w
            for k in range(r):
                mine, others = Y[k, i], Y[k, start : start + m]
                pulled, pushed = np.float32(0.0), np.float32(0.0)
                for j in range(m):
                    step = mine - others[j]
                    pulled += near[j] * step
                    pushed += weight[j] * step
                pull[row, k] += pulled
                push[row, k] += pushed
            for j in range(m):
                exponent[j] = np.float32(np.int32((bits[j] >> np.int32(23)) - np.int32(127)))
                rest[j] = (bits[j] & np.int32(0x007FFFFF)) | np.int32(0x3F800000)
            for j in range(m):
                t = (mantissa[j] - one) / (mantissa[j] + one)
                s = t * t
                series = np.float32(1 / 9) + s * np.float32(1 / 11)
                series = np.float32(1 / 5) + s * (np.float32(1 / 7) + s * series)
                series = one + s * (np.float32(1 / 3) + s * series)
                far += p[j] * (exponent[j] * np.float32(0.6931471805599453) + two * t * series)
            all_weights += some_weights
            apart += far
        sums[row, 0], sums[row, 1] = all_weights, apart


def _pull_and_push(
    P: NDArray[np.float32],
    Y: NDArray[np.float32],
    first: int,
    pull: NDArray[np.float64],
    push: NDArray[np.float64],
    sums: NDArray[np.float64],
) -> None:
    steps: NDArray[Any] = Y[:, first : first + len(P), None] - Y[:, None, :]
    squared = (steps**2).sum(axis=0)
    w = 1.0 / (1.0 + squared)
    w[np.arange(len(P)), first + np.arange(len(P))] = 0.0
    pull[:] = np.einsum("ij,kij->ik", P * w, steps)
    push[:] = np.einsum("ij,kij->ik", w * w, steps)
    sums[:, 0] = w.sum(axis=1, dtype=np.float64)
    sums[:, 1] = (P * np.log1p(squared)).sum(axis=1, dtype=np.float64)
