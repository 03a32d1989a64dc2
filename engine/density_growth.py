"""Clusters as DBSCAN grows them: who is a core point, which point is visited when, and when each is reached."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.cores import cores_of_one_run
from engine.dataset import FloatArray, IntArray

NEVER = np.iinfo(np.int64).max
"""When noise is reached."""


@dataclass(frozen=True, eq=False)
class Growth:
    """The whole course of a run, so that any moment of it can be shown at once.

    Parameters
    ----------
    rows : (n, p) the points.
    eps, min_samples : what it was grown with.
    counts : (n,) how many points are within `eps` of each, itself counted.
    order : (n,) the points as they are visited.
    visited_at : (n,) the step, counted from 1, that visits each.
    reached_at : (n,) the step that gives it to its cluster; `NEVER` for noise.
    labels : (n,) the cluster of each in the end, below 0 for noise.
    tree : `scipy.spatial.cKDTree` of the points.
    """

    rows: FloatArray
    eps: float
    min_samples: int
    counts: IntArray
    order: IntArray
    visited_at: IntArray
    reached_at: IntArray
    labels: IntArray
    tree: Any

    def __post_init__(self) -> None:
        for array in (self.rows, self.counts, self.order, self.visited_at, self.reached_at, self.labels):
            array.setflags(write=False)

    @property
    def is_core(self) -> Any:
        """(n,) whether each has enough neighbours."""
        return self.counts >= self.min_samples

    def labels_after(self, step: int) -> IntArray:
        """The cluster of each point (n,) when `step` points have been visited."""
        return np.where(self.reached_at <= step, self.labels, -1)

    def is_of(self, rows: FloatArray, eps: float, min_samples: int) -> bool:
        """Whether it is the growth of these points with these settings."""
        same = (self.eps, self.min_samples) == (eps, min_samples)
        return same and (self.rows is rows or np.array_equal(self.rows, rows))


def grown(rows: FloatArray, eps: float, min_samples: int) -> Growth:
    """The growth of clusters of `rows` (n, p) float64, every point visited once.

    The next point is the one that has waited longest among those that a core point of the present cluster has reached;
    if there is none, the first in order that has not been visited. A core point that belongs to no cluster yet begins
    one; a core point of a cluster gives it all its neighbours that have none, and these wait to be visited. A point
    that was visited in vain is noise until it is reached, too, and it is not visited again. What could belong to two
    clusters belongs to the earlier one, as in scikit-learn.

    20,000 points take 0.2 to 0.6 s, whatever the radius.

    References
    ----------
    Ester, Kriegel, Sander and Xu (1996). A density-based algorithm for discovering clusters in large spatial databases
    with noise. KDD.
    """
    from scipy.spatial import cKDTree

    n = len(rows)
    tree = cKDTree(rows)
    counts = np.asarray(tree.query_ball_point(rows, eps, return_length=True, workers=cores_of_one_run()), np.int64)
    is_core = (counts >= min_samples).tolist()
    visited_at, reached_at = np.zeros(n, np.int64), np.full(n, NEVER, np.int64)
    labels, order = np.full(n, -1, np.int64), np.empty(n, np.int64)
    free, free_tree, in_vain = np.arange(n), tree, 0
    n_free, clusters, seed = n, 0, 0
    waiting: deque[int] = deque()
    for step in range(1, n + 1):
        if waiting:
            row = waiting.popleft()
        else:
            while visited_at[seed]:
                seed += 1
            row = seed
        visited_at[row], order[step - 1] = step, row
        if not is_core[row]:
            continue
        if labels[row] < 0:
            labels[row], reached_at[row] = clusters, step
            clusters, n_free = clusters + 1, n_free - 1
        if n_free == 0:
            continue
        found = free[np.asarray(free_tree.query_ball_point(rows[row], eps), np.int64)]
        near = np.sort(found[labels[found] < 0])
        labels[near], reached_at[near] = labels[row], step
        n_free, in_vain = n_free - len(near), in_vain + len(found) - len(near)
        if in_vain > n and n_free:  # in a crowd nearly all neighbours have a cluster: search among the others
            free = np.flatnonzero(labels < 0)
            free_tree, in_vain = cKDTree(rows[free]), 0
        waiting.extend(near[visited_at[near] == 0].tolist())
    return Growth(np.array(rows), eps, min_samples, counts, order, visited_at, reached_at, labels, tree)
