"""How good a clustering is: by itself, and against classes that are known."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.dataset import FloatArray, IntArray

_FEW = 4096
_BLOCK = 512
"""Rows whose distances to all others are looked at together: 4 MB for 1,000 points."""


def contingency(first: NDArray[Any], second: NDArray[Any]) -> NDArray[np.int64]:
    """How many points have each pair of labels, (labels of `first`, labels of `second`), in ascending order."""
    (rows, n_rows), (columns, n_columns) = _numbered(first), _numbered(second)
    counts = np.bincount(rows * n_columns + columns, minlength=n_rows * n_columns).reshape(n_rows, n_columns)
    return np.asarray(counts[counts.any(axis=1)][:, counts.any(axis=0)], np.int64)


def _numbered(labels: NDArray[Any]) -> tuple[IntArray, int]:
    """Labels as small whole numbers in their order, and how many there may be; few integers need no sorting."""
    if labels.dtype.kind in "iu" and len(labels):
        low, high = int(labels.min()), int(labels.max())
        if high - low < _FEW:
            return labels.astype(np.int64) - low, high - low + 1
    names, numbers = np.unique(labels, return_inverse=True)
    return numbers, len(names)


def adjusted_rand_index(first: NDArray[Any], second: NDArray[Any]) -> float:
    """The share of pairs of points that two labellings (n,) agree on, corrected for chance: 1 is the same grouping, 0
    what chance would give; it can be negative. NaN for no points.

    References
    ----------
    Hubert and Arabie (1985). Comparing partitions. Journal of Classification 2.
    """
    if len(first) == 0:
        return float("nan")
    table = contingency(first, second).astype(np.float64)
    pairs, rows, columns = (_pairs(x) for x in (table, table.sum(axis=1), table.sum(axis=0)))
    expected = rows * columns / max(_pairs(np.array([table.sum()])), 1.0)
    largest = 0.5 * (rows + columns)
    return 1.0 if largest == expected else float((pairs - expected) / (largest - expected))


def _pairs(counts: FloatArray) -> float:
    return float((counts * (counts - 1.0)).sum() / 2.0)


def normalized_mutual_information(first: NDArray[Any], second: NDArray[Any]) -> float:
    """The information that two labellings (n,) share, over the mean of their entropies: in [0, 1]. NaN for no points.

    References
    ----------
    Strehl and Ghosh (2002). Cluster ensembles. JMLR 3; with the arithmetic mean, as in scikit-learn.
    """
    if len(first) == 0:
        return float("nan")
    joint = contingency(first, second) / len(first)
    rows, columns = joint.sum(axis=1), joint.sum(axis=0)
    shared = float(_entropy(rows) + _entropy(columns) - _entropy(joint.ravel()))
    mean = 0.5 * (_entropy(rows) + _entropy(columns))
    if mean == 0.0:
        return 1.0
    return float(np.clip(shared / mean, 0.0, 1.0))


def _entropy(shares: FloatArray) -> float:
    present = shares[shares > 0]
    return float(-(present * np.log(present)).sum())


def silhouettes(Z: FloatArray, labels: IntArray) -> FloatArray:
    """How much nearer each point (n, p) is to its own cluster than to the next, in [-1, 1]: (n,).

    With a the mean distance to the others of its cluster and b the least mean distance to another cluster it is
    (b - a) / max(a, b); 0 for a point that is alone in its cluster. NaN everywhere unless there are two clusters.

    References
    ----------
    Rousseeuw (1987). Silhouettes: a graphical aid to the interpretation and validation of cluster analysis.
    """
    names, own = np.unique(labels, return_inverse=True)
    found = np.full(len(labels), np.nan)
    if len(names) < 2:
        return found
    X = np.asarray(Z, np.float64)
    X = X - X.mean(axis=0)
    sizes = np.bincount(own)
    members = np.zeros((len(labels), len(names)))
    members[np.arange(len(labels)), own] = 1.0
    squares = (X**2).sum(axis=1)
    for first in range(0, len(X), _BLOCK):
        rows = slice(first, first + _BLOCK)
        squared = squares[rows, None] + squares - 2.0 * (X[rows] @ X.T)
        here = np.arange(first, min(first + _BLOCK, len(X)))
        squared[np.arange(len(here)), here] = 0.0
        sums = np.sqrt(np.maximum(squared, 0.0)) @ members
        mine = own[rows]
        each = np.arange(len(here))
        within = sums[each, mine] / np.maximum(1, sizes[mine] - 1)
        means = sums / sizes
        means[each, mine] = np.inf
        other = means.min(axis=1)
        with np.errstate(invalid="ignore"):
            score = (other - within) / np.maximum(within, other)
        found[rows] = np.where((sizes[mine] > 1) & np.isfinite(score), score, 0.0)
    return found


def matched(classes: NDArray[Any], clusters: NDArray[Any]) -> dict[int, int]:
    """For each cluster the class that it stands for: of all pairings the one that the most points agree with.

    Clusters beyond the number of classes stand for none.

    References
    ----------
    Kuhn (1955). The Hungarian method for the assignment problem.
    """
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(-contingency(classes, clusters))
    names, others = np.unique(classes), np.unique(clusters)
    return {int(others[column]): int(names[row]) for row, column in zip(rows, columns, strict=True)}
