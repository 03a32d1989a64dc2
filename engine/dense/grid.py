"""Compiled pictures of a dense network: its scores on a grid, and their colours, in single precision.

For what is only looked at. Slopes are not computed, the features of a cell are products of what its column and its row
know, and tanh is a quotient of polynomials: 2 rather than 5 ms for 65,536 cells of a network [8, 8, 8] with 7 features.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.activations import ACTIVATION_CODES
from engine.compiling import compiled
from engine.dense.activations import activate
from engine.dense.passes import add, affine, tiles_for
from engine.dense.plan import Network

Array = NDArray[Any]

_TANH = ACTIVATION_CODES["tanh"]
_SIGMOID = ACTIVATION_CODES["sigmoid"]
_SILU = ACTIVATION_CODES["silu"]

_HALF, _ONE = np.float32(0.5), np.float32(1.0)
_FLAT = np.float32(7.9)
"""From here on tanh is 1 to the last bit of single precision."""


@compiled
def quick_tanh(x: Any) -> Any:
    """Tanh of a float32 to 5e-7: the quotient of polynomials of degree 13 and 6 of the Eigen library (MPL2)."""
    x = _FLAT if x > _FLAT else (-_FLAT if x < -_FLAT else x)
    y = x * x
    p = np.float32(-2.76076847742355e-16)
    p = p * y + np.float32(2.00018790482477e-13)
    p = p * y + np.float32(-8.60467152213735e-11)
    p = p * y + np.float32(5.12229709037114e-08)
    p = p * y + np.float32(1.48572235717979e-05)
    p = p * y + np.float32(6.37261928875436e-04)
    p = p * y + np.float32(4.89352455891786e-03)
    q = np.float32(1.19825839466702e-06)
    q = q * y + np.float32(1.18534705686654e-04)
    q = q * y + np.float32(2.26843463243900e-03)
    q = q * y + np.float32(4.89352518554385e-03)
    return x * p / q


@compiled
def _activated(code: int, a: Array, z: Array) -> None:
    """Write the values of activation `code` into `a`; what is left in `z` has no meaning."""
    if code == _TANH:
        for r in range(len(z)):
            a[r] = quick_tanh(z[r])
    elif code == _SIGMOID:
        for r in range(len(z)):
            a[r] = _HALF + _HALF * quick_tanh(_HALF * z[r])
    elif code == _SILU:
        for r in range(len(z)):
            a[r] = z[r] * (_HALF + _HALF * quick_tanh(_HALF * z[r]))
    else:
        activate(code, a, z)


@compiled
def scores_on_grid(
    network: Network, parameters: Array, columns: Array, rows: Array, offset: Array, scale: Array
) -> NDArray[np.float32]:
    """The outputs (m, height x width) for cells whose features are ``(columns[i, c] rows[i, r] - offset[i]) scale[i]``.

    Parameters
    ----------
    parameters : (n_parameters,) float32.
    columns, rows : (p, width) and (p, height) float32.
    offset, scale : (p,) float32.
    """
    features, width, height = len(columns), columns.shape[1], rows.shape[1]
    outputs, layers = network.widths[-1], len(network.activations)
    lanes, a, z, _, _ = tiles_for(network, parameters, width)
    scores = np.empty((outputs, height * width), np.float32)
    last = network.widths[0] + network.n_outputs_all - outputs
    for row in range(height):
        for first in range(0, width, lanes):
            cells = min(lanes, width - first)
            for i in range(features):
                for r in range(cells):
                    a[i, r] = (columns[i, first + r] * rows[i, row] - offset[i]) * scale[i]
            entry = 0
            for layer in range(layers):
                inputs, units, out = network.widths[layer], network.widths[layer + 1], network.outputs_at[layer]
                exit_ = network.widths[0] + out
                affine(z, out, a, entry, parameters, network.weights_at[layer], inputs, units)
                values = a[exit_ : exit_ + units].reshape(-1)
                _activated(network.activations[layer], values, z[out : out + units].reshape(-1))
                if network.skips[layer]:
                    add(values, a[entry : entry + inputs].reshape(-1))
                entry = exit_
            for j in range(outputs):
                for r in range(cells):
                    scores[j, row * width + first + r] = a[last + j, r]
    return scores


@compiled
def _table_row(position: Any, entries: int) -> int:
    """The entry of a table for a position from -1 to 1; the middle for what is not a number."""
    half = np.float32(0.5) * np.float32(entries - 1)
    place = half + half * position
    if not place >= np.float32(0.0):
        return 0 if position < np.float32(0.0) else entries // 2
    return min(entries - 1, int(place + _HALF)) if place < np.float32(entries) else entries - 1


@compiled
def colours_of_two(scores: Array, gain: float, table: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """The colours (n,) of two classes, whose shares are σ of `gain` times the lead of the second's score.

    Parameters
    ----------
    scores : (1, n) that lead, or (2, n) the two scores.
    table : the colours for shares of the second class from 0 to 1.
    """
    n, entries = scores.shape[1], len(table)
    half_gain = np.float32(0.5 * gain)
    lead = np.empty(n, np.float32)
    for k in range(n):
        lead[k] = quick_tanh(half_gain * (scores[0, k] if len(scores) == 1 else scores[1, k] - scores[0, k]))
    colours = np.empty(n, np.uint32)
    for k in range(n):
        colours[k] = table[_table_row(lead[k], entries)]
    return colours
