"""Compiled examination of a dense network: the loss and the score of each part of the data, for the curves."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.compiling import compiled
from engine.dense.passes import forward, load_rows, tile_loss, tiles_for, wrong_class
from engine.dense.plan import Network, Target

Array = NDArray[Any]


@compiled
def _right_rows(z: Array, z0: int, t: Array, order: NDArray[np.int64], start: int, rows: int) -> float:
    """How many rows of the tile are put into their class."""
    right = 0
    for r in range(rows):
        row = order[start + r]
        if t.shape[1] > 1:
            right += int(wrong_class(z, z0, r, t, row) == 0.0)
        else:
            right += int((z[z0, r] > 0.0) == (t[row, 0] > 0.0))
    return float(right)


@compiled
def _squared_residuals(z: Array, z0: int, t: Array, order: NDArray[np.int64], start: int, rows: int) -> float:
    total = 0.0
    for r in range(rows):
        residual = np.float64(z[z0, r]) - np.float64(t[order[start + r], 0])
        total += residual * residual
    return total


@compiled
def _squared_deviations(t: Array, order: NDArray[np.int64], first: int, count: int) -> float:
    """The sum of the targets' squared deviations from their mean; 0 only where all are equal."""
    mean = 0.0
    for k in range(first, first + count):
        mean += np.float64(t[order[k], 0])
    mean /= count
    total, varies = 0.0, False
    for k in range(first, first + count):
        deviation = np.float64(t[order[k], 0]) - mean
        total += deviation * deviation
        varies = varies or t[order[k], 0] != t[order[first], 0]
    return total if varies else 0.0


@compiled
def examine(
    network: Network,
    target: Target,
    parameters: Array,
    X: Array,
    t: Array,
    order: NDArray[np.int64],
    starts: NDArray[np.int64],
    classes: bool,
    found: NDArray[np.float64],
) -> None:
    """Write the mean losses of the parts and then their scores into `found` (2 k,); NaN for a part without points.

    Parameters
    ----------
    X : (n, p) features and t : (n, m) targets of all points.
    order : the parts' points, one part after the other; `starts` (k + 1,) says where each begins.
    classes : whether the score is the share of right labels, rather than R².
    """
    parts = len(starts) - 1
    z0 = network.widths[0] + network.n_outputs_all - network.widths[-1]
    lanes, a, slopes, kept, d = tiles_for(network, parameters, len(order))
    for part in range(parts):
        begin, end = starts[part], starts[part + 1]
        count = end - begin
        loss = score = 0.0
        for first in range(begin, end, lanes):
            rows = min(lanes, end - first)
            load_rows(a, X, order, first, rows)
            forward(network, parameters, a, slopes, kept, False)
            loss += tile_loss(target, a, z0, t, order, first, rows, d, z0 - network.widths[0], 1.0)
            if classes:
                score += _right_rows(a, z0, t, order, first, rows)
            else:
                score += _squared_residuals(a, z0, t, order, first, rows)
        found[part] = loss / count if count > 0 else np.nan
        if classes:
            found[parts + part] = score / count if count > 0 else np.nan
        else:
            spread = _squared_deviations(t, order, begin, count) if count > 1 else 0.0
            found[parts + part] = 1.0 - score / spread if spread > 0.0 else np.nan
