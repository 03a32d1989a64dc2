"""Compiled passes of a dense network over a tile of rows: forward, loss, backward.

A tile is an array (values, lanes): one line a value, one column a row of the data. So every inner loop runs along
rows, whatever the widths of the layers, and uses vector instructions even for layers of 2 units. Columns beyond the
last row hold zeros at the input and have no part in the loss.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.compiling import compiled, compiled_sum
from engine.dense.activations import activate
from engine.dense.plan import Network, Target
from engine.losses import LOSS_CODES
from engine.randomness import fill_kept

Array = NDArray[Any]

_SQUARED = LOSS_CODES["squared"]
_ABSOLUTE = LOSS_CODES["absolute"]
_HUBER = LOSS_CODES["huber"]
_CROSS_ENTROPY = LOSS_CODES["cross_entropy"]
_BINARY_CROSS_ENTROPY = LOSS_CODES["binary_cross_entropy"]
_HINGE = LOSS_CODES["hinge"]
_ZERO_ONE = LOSS_CODES["zero_one"]

Tiles = tuple[int, Array, Array, Array, Array]
"""What `tiles_for` makes."""

MOST_LANES = 64
"""Rows in a tile at most: the values of two layers of 64 units then lie in the first-level cache."""


@compiled
def lanes_for(n_rows: int) -> int:
    """A multiple of 8 lanes, so that `n_rows` fill equal tiles with little left over."""
    tiles = (n_rows + MOST_LANES - 1) // MOST_LANES
    rows = (n_rows + tiles - 1) // tiles
    return (rows + 7) // 8 * 8


@compiled
def tiles_for(network: Network, parameters: Array, n_rows: int) -> Tiles:
    """Lanes, and room for one tile: values, slopes, dropout factors, derivatives."""
    lanes = lanes_for(max(n_rows, 1))
    size = network.n_outputs_all
    a = np.zeros((network.widths[0] + size, lanes), parameters.dtype)
    slopes = np.zeros((size, lanes), parameters.dtype)
    kept = np.zeros((size if network.dropout > 0.0 else 0, lanes), parameters.dtype)
    d = np.zeros((size, lanes), parameters.dtype)
    return lanes, a, slopes, kept, d


@compiled
def load_rows(a: Array, X: Array, order: NDArray[np.int64], start: int, rows: int) -> None:
    """Put `rows` rows of X (n, p), those at `order[start:]`, into the first p lines of the tile."""
    nothing = a.dtype.type(0.0)
    for i in range(X.shape[1]):
        for r in range(rows):
            a[i, r] = X[order[start + r], i]
        for r in range(rows, a.shape[1]):
            a[i, r] = nothing


@compiled
def affine(z: Array, z0: int, a: Array, a0: int, parameters: Array, at: int, inputs: int, outputs: int) -> None:
    """Write z = W a + b of one layer, whose weights begin at `at`."""
    biases = at + inputs * outputs
    lanes = z.shape[1]
    for j in range(outputs):
        bias = parameters[biases + j]
        for r in range(lanes):
            z[z0 + j, r] = bias
        for i in range(inputs):
            weight = parameters[at + i * outputs + j]
            for r in range(lanes):
                z[z0 + j, r] += weight * a[a0 + i, r]


@compiled
def forward(network: Network, parameters: Array, a: Array, slopes: Array, kept: Array, drop: bool) -> None:
    """From the inputs in `a` compute all layers' outputs into `a` and their slopes.

    Parameters
    ----------
    a : (n_features + all outputs, lanes) values: inputs, then layer by layer the outputs.
    slopes : (all outputs, lanes) the activations' derivatives.
    kept : (all outputs, lanes) dropout factors, looked at where `drop`.
    """
    hidden = len(network.activations) - 1
    entry = 0
    for layer in range(hidden + 1):
        inputs, outputs = network.widths[layer], network.widths[layer + 1]
        out = network.outputs_at[layer]
        exit_ = network.widths[0] + out
        affine(slopes, out, a, entry, parameters, network.weights_at[layer], inputs, outputs)
        values = a[exit_ : exit_ + outputs].reshape(-1)
        activate(network.activations[layer], values, slopes[out : out + outputs].reshape(-1))
        if layer < hidden and drop:
            _multiply(values, kept[out : out + outputs].reshape(-1))
        if network.skips[layer]:
            add(values, a[entry : entry + inputs].reshape(-1))
        entry = exit_


@compiled
def fill(values: Array, number: float) -> None:
    """Set every entry of a vector. (A slice assignment would compile an error message each time: seconds in all.)"""
    real = values.dtype.type(number)
    for r in range(len(values)):
        values[r] = real


@compiled
def copy(values: Array, others: Array) -> None:
    """Set every entry of a vector to that of another."""
    for r in range(len(values)):
        values[r] = others[r]


@compiled
def _multiply(values: Array, factors: Array) -> None:
    for r in range(len(values)):
        values[r] *= factors[r]


@compiled
def add(values: Array, others: Array) -> None:
    """Add a vector to another, in place."""
    for r in range(len(values)):
        values[r] += others[r]


@compiled
def drop_units(network: Network, kept: Array, rows: int, first_row: int, seed: int, step: int) -> None:
    """Decide which hidden units the rows of this tile keep in this step; `first_row` counts within the minibatch."""
    for layer in range(len(network.activations) - 1):
        first = network.outputs_at[layer]
        part = kept[first : first + network.widths[layer + 1]]
        fill_kept(part, rows, first_row, network.dropout, seed, step, layer)


@compiled
def _elementwise_loss(code: int, delta: float, z: float, t: float) -> tuple[float, float]:
    """The loss of one output and its derivative by the score `z`; `t` is the target."""
    if code == _SQUARED:
        return (z - t) * (z - t), 2.0 * (z - t)
    if code == _ABSOLUTE:
        slope = 0.0 if z == t else math.copysign(1.0, z - t)
        return abs(z - t), slope
    if code == _HUBER:
        size = abs(z - t)
        if size < delta:
            return 0.5 * size * size, z - t
        return delta * (size - 0.5 * delta), math.copysign(delta, z - t)
    if code == _HINGE:
        slack = 1.0 - t * z
        # Not `slack > 0`: a NaN must show in the loss.
        if slack <= 0.0:
            return 0.0, 0.0
        return slack, -t
    if code == _BINARY_CROSS_ENTROPY:
        margin = t * z
        small = math.exp(-abs(margin))
        share = small / (1.0 + small) if margin >= 0.0 else 1.0 / (1.0 + small)
        return max(-margin, 0.0) + math.log1p(small), -t * share
    # A score of 0 is answered by the first class, as in the predicted labels.
    return (0.0 if (z > 0.0) == (t > 0.0) else 1.0), 0.0


@compiled
def _softmax_loss(z: Array, z0: int, r: int, t: Array, row: int, d: Array, d0: int, scale: float) -> float:
    outputs = t.shape[1]
    top = z[z0, r]
    for j in range(1, outputs):
        top = max(top, z[z0 + j, r])
    total = 0.0
    for j in range(outputs):
        total += math.exp(np.float64(z[z0 + j, r]) - top)
    loss = 0.0
    for j in range(outputs):
        score = np.float64(z[z0 + j, r]) - top
        d[d0 + j, r] = (math.exp(score) / total - t[row, j]) * scale
        if t[row, j] > 0.0:
            loss = math.log(total) - score
    return loss


@compiled
def wrong_class(z: Array, z0: int, r: int, t: Array, row: int) -> float:
    """1 where the highest score in lane `r` is not that of the class of `row`, else 0."""
    predicted = actual = 0
    for j in range(1, t.shape[1]):
        if z[z0 + j, r] > z[z0 + predicted, r]:
            predicted = j
        if t[row, j] > t[row, actual]:
            actual = j
    return 0.0 if predicted == actual else 1.0


@compiled
def tile_loss(
    target: Target,
    z: Array,
    z0: int,
    t: Array,
    order: NDArray[np.int64],
    start: int,
    rows: int,
    d: Array,
    d0: int,
    scale: float,
) -> float:
    """The sum of the rows' losses; writes `scale` times their derivatives by the scores into `d`.

    Parameters
    ----------
    z, z0 : the tile and its line where the scores begin.
    t : (n, m) all targets, of which `order[start : start + rows]` belong to the tile.
    d, d0 : where the derivatives go, laid out as the scores; those of idle lanes are set to 0.
    """
    outputs = t.shape[1]
    total = 0.0
    fill(d[d0 : d0 + outputs].reshape(-1), 0.0)
    for r in range(rows):
        row = order[start + r]
        if target.loss == _CROSS_ENTROPY:
            total += _softmax_loss(z, z0, r, t, row, d, d0, scale)
        elif target.loss == _ZERO_ONE and outputs > 1:
            total += wrong_class(z, z0, r, t, row)
        else:
            for j in range(outputs):
                score, aim = np.float64(z[z0 + j, r]), np.float64(t[row, j])
                loss, slope = _elementwise_loss(target.loss, target.delta, score, aim)
                total += loss
                d[d0 + j, r] = slope * scale
    return total


@compiled_sum
def _add_weight_gradient(
    gradient: Array, at: int, a: Array, a0: int, d: Array, d0: int, inputs: int, outputs: int
) -> None:
    lanes = a.shape[1]
    for i in range(inputs):
        for j in range(outputs):
            total = gradient[at + i * outputs + j]
            for r in range(lanes):
                total += a[a0 + i, r] * d[d0 + j, r]
            gradient[at + i * outputs + j] = total
    biases = at + inputs * outputs
    for j in range(outputs):
        total = gradient[biases + j]
        for r in range(lanes):
            total += d[d0 + j, r]
        gradient[biases + j] = total


@compiled
def _pull_back(
    d: Array, below: int, out: int, parameters: Array, at: int, inputs: int, outputs: int, skip: bool
) -> None:
    """The derivatives by a layer's inputs, from those by its pre-activations: W^T d, added where there is a skip."""
    lanes, nothing = d.shape[1], d.dtype.type(0.0)
    for i in range(inputs):
        if not skip:
            for r in range(lanes):
                d[below + i, r] = nothing
        for j in range(outputs):
            weight = parameters[at + i * outputs + j]
            for r in range(lanes):
                d[below + i, r] += weight * d[out + j, r]


@compiled
def backward(
    network: Network,
    parameters: Array,
    a: Array,
    slopes: Array,
    kept: Array,
    d: Array,
    gradient: Array,
    drop: bool,
) -> None:
    """Add the tile's gradient to `gradient`.

    `d` (all outputs, lanes) holds the loss's derivatives by the scores in its last lines; the others are overwritten,
    layer by layer, with the derivatives by each layer's outputs and then by its pre-activations.
    """
    hidden = len(network.activations) - 1
    for layer in range(hidden, -1, -1):
        inputs, outputs = network.widths[layer], network.widths[layer + 1]
        out, at = network.outputs_at[layer], network.weights_at[layer]
        below = out - inputs
        skip = layer > 0 and network.skips[layer] != 0
        if skip:
            # The skip connection hands the derivative down as it is, before dropout and activation.
            copy(d[below:out].reshape(-1), d[out : out + outputs].reshape(-1))
        if layer < hidden:
            part = d[out : out + outputs].reshape(-1)
            if drop:
                _multiply(part, kept[out : out + outputs].reshape(-1))
            _multiply(part, slopes[out : out + outputs].reshape(-1))
        entry = 0
        if layer > 0:
            entry = network.widths[0] + below
            _pull_back(d, below, out, parameters, at, inputs, outputs, skip)
        _add_weight_gradient(gradient, at, a, entry, d, out, inputs, outputs)
