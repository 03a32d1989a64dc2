"""Uphill on an estimated density: where the mean of what lies around a place is, and which ends are one mode."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.dataset import FloatArray, IntArray

Kernel = Literal["flat", "gaussian"]

_BLOCK = 2_000_000
"""Distances that are looked at together: 16 MB."""


@dataclass(frozen=True, eq=False)
class Surroundings:
    """What lies around some places.

    Parameters
    ----------
    means : (m, p) the weighted mean of the points, which is where mean shift goes next.
    weights : (m,) the sum of the weights; of a flat kernel, how many points are within the bandwidth.
    density : (m,) the estimated density, as the mean over the points of a profile that is 1 where the place is.
    """

    means: FloatArray
    weights: FloatArray
    density: FloatArray


def surroundings(places: FloatArray, points: FloatArray, bandwidth: float, kernel: Kernel) -> Surroundings:
    """What `places` (m, p) see of `points` (n, p).

    A flat kernel weighs points within the bandwidth h alike, and climbs the density of Epanechnikov's profile
    max(0, 1 - d²/h²); the Gaussian exp(-d²/2h²) climbs its own density. A place that sees nothing stays.

    References
    ----------
    Comaniciu and Meer (2002). Mean shift: a robust approach toward feature space analysis. IEEE TPAMI 24, theorem 1.
    """
    means, weights, density = places.copy(), np.zeros(len(places)), np.zeros(len(places))
    for rows, weight, profile in _kernel_values(places, points, bandwidth, kernel):
        total = weight.sum(axis=1)
        seen = total > 0
        means[rows][seen] = (weight @ points)[seen] / total[seen, None]
        weights[rows], density[rows] = total, profile.mean(axis=1)
    return Surroundings(means, weights, density)


def _kernel_values(
    places: FloatArray, points: FloatArray, bandwidth: float, kernel: Kernel
) -> Iterator[tuple[slice, FloatArray, FloatArray]]:
    """Some places at a time: which they are, and for each point its weight and its part of the density."""
    from scipy.spatial.distance import cdist

    height = max(1, _BLOCK // max(1, len(points)))
    for start in range(0, len(places), height):
        rows = slice(start, start + height)
        distances = cdist(places[rows], points)
        if kernel == "flat":
            profile = np.maximum(0.0, 1.0 - (distances / bandwidth) ** 2)
            yield rows, (distances <= bandwidth).astype(np.float64), profile
        else:
            with np.errstate(under="ignore"):
                weight = np.exp(-0.5 * (distances / bandwidth) ** 2)
            yield rows, weight, weight


def merged(ends: FloatArray, weights: FloatArray, bandwidth: float) -> tuple[IntArray, IntArray]:
    """Which of `ends` (m, p) stand for a mode: the heaviest first, each taking those within the bandwidth with it.

    Of equal weights the one that comes later by its coordinates is first, as in `sklearn.cluster.MeanShift`.

    Returns
    -------
    The ends that are modes (k,), and for each end the number of the mode that took it (m,).
    """
    from scipy.spatial import cKDTree

    order = np.lexsort([*ends.T[::-1], weights])[::-1]
    tree, free = cKDTree(ends), np.ones(len(ends), bool)
    modes: list[int] = []
    owners = np.zeros(len(ends), np.int64)
    for row in order.tolist():
        if free[row]:
            near = np.array(tree.query_ball_point(ends[row], bandwidth))
            owners[near[free[near]]] = len(modes)
            free[near] = False
            modes.append(row)
    return np.array(modes), owners
