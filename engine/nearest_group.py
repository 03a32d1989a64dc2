"""Which of several groups of places is nearest: it colours the plane for clusterings that say it only of points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.dataset import FloatArray, IntArray
from engine.learner import Prediction
from engine.palette import CLASS_COLOURS

_LARGEST = 1e150
"""A feature beyond that has no square."""


@dataclass(frozen=True, eq=False)
class Groups:
    """Places to be searched, a tree a colour: clusters beyond the number of colours share the one of what looks alike.

    Parameters
    ----------
    columns : for each colour a `scipy.spatial.cKDTree` of its places and whose these are (m,); None for no place.
    """

    columns: tuple[tuple[Any, IntArray] | None, ...]


def groups_of(places: FloatArray, clusters: IntArray) -> Groups:
    """The groups of `places` (m, p), m at least 1, that belong to `clusters` (m,), each at least 0."""
    from scipy.spatial import cKDTree

    columns: list[tuple[Any, IntArray] | None] = []
    for colour in range(min(len(CLASS_COLOURS), int(clusters.max()) + 1)):
        mine = clusters % len(CLASS_COLOURS) == colour
        columns.append((cKDTree(np.clip(places[mine], -_LARGEST, _LARGEST)), clusters[mine]) if mine.any() else None)
    return Groups(tuple(columns))


def nearest_group(groups: Groups, Z: FloatArray) -> Prediction:
    """The cluster of the nearest place of each row of `Z` (n, p).

    The scores are minus the distances to the nearest place of each column; of a column without places, less than all
    others. The probabilities are 0 or 1.
    """
    Z = np.clip(np.asarray(Z, np.float64), -_LARGEST, _LARGEST)
    found = np.full((len(Z), len(groups.columns)), np.inf)
    owners = np.zeros(found.shape, np.int64)
    for index, column in enumerate(groups.columns):
        if column is not None:
            tree, clusters = column
            found[:, index], nearest = tree.query(Z)
            owners[:, index] = clusters[nearest]
    rows, best = np.arange(len(Z)), found.argmin(axis=1)
    empty = [index for index, column in enumerate(groups.columns) if column is None]
    if empty:
        found[:, empty] = np.where(np.isfinite(found), found, 0.0).max(axis=1, keepdims=True) + 1.0
    shares = np.zeros(found.shape)
    shares[rows, best] = 1.0
    return Prediction(-found, shares, owners[rows, best])
