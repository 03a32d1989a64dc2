"""Compiled training of dense networks: whole epochs of minibatches in one call that holds no interpreter lock.

Measured on two cores: 450,000 steps/s for a network [4, 2] with minibatches of 10; eager torch with autograd 2,800.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.compiling import compiled, set_kept
from engine.dataset import FloatArray
from engine.dense.examination import examine
from engine.dense.grid import colours_of_two, scores_on_grid
from engine.dense.passes import Tiles, backward, copy, drop_units, fill, forward, load_rows, tile_loss, tiles_for
from engine.dense.plan import (
    EPOCH,
    POSITION,
    SLOT_STEPS,
    STATUS,
    STATUS_CONVERGED,
    STATUS_DIVERGED,
    STATUS_RUNNING,
    STEP,
    Network,
    Rule,
    Target,
)
from engine.dense.updates import add_penalty_gradient, all_finite, all_zero, clip_gradient, penalty, rate_at, update
from engine.optimizers import OPTIMIZER_CODES
from engine.randomness import fill_normal, shuffle

Array = NDArray[Any]

_GRADIENT_DESCENT = OPTIMIZER_CODES["gradient_descent"]
_RANDOM_SEARCH = OPTIMIZER_CODES["random_search"]


@compiled
def batch_loss(
    network: Network,
    target: Target,
    parameters: Array,
    X: Array,
    t: Array,
    order: NDArray[np.int64],
    start: int,
    count: int,
    tiles: Tiles,
    gradient: Array,
    with_gradient: bool,
    seed: int,
    step: int,
) -> float:
    """The mean loss of `count` rows, those at `order[start:]`, without penalties.

    With `with_gradient` also writes its gradient, and switches units off as dropout has it in step `step`.
    """
    lanes, a, slopes, kept, d = tiles
    drop = with_gradient and network.dropout > 0.0
    scores = network.n_outputs_all - network.widths[-1]
    if with_gradient:
        fill(gradient, 0.0)
    total = 0.0
    for first in range(0, count, lanes):
        rows = min(lanes, count - first)
        load_rows(a, X, order, start + first, rows)
        if drop:
            drop_units(network, kept, rows, first, seed, step)
        forward(network, parameters, a, slopes, kept, drop)
        z0 = network.widths[0] + scores
        total += tile_loss(target, a, z0, t, order, start + first, rows, d, scores, 1.0 / count)
        if with_gradient:
            backward(network, parameters, a, slopes, kept, d, gradient, drop)
    return total / count


@compiled
def _propose(candidate: Array, parameters: Array, rate: float, seed: int, step: int) -> None:
    """Random search's proposal in step `step`: the parameters plus `rate` times standard normal noise."""
    length = parameters.dtype.type(rate)
    fill_normal(candidate, seed, step)
    for k in range(len(candidate)):
        candidate[k] = parameters[k] + length * candidate[k]


@compiled
def train(
    network: Network,
    target: Target,
    rule: Rule,
    parameters: Array,
    previous: Array,
    slots: Array,
    is_weight: Array,
    counts: NDArray[np.int64],
    X: Array,
    t: Array,
    steps: int,
) -> None:
    """Take `steps` steps, or fewer if the gradient vanishes or the numbers overflow. Changes its arrays in place.

    Parameters
    ----------
    parameters : (n_parameters,) where it stands.
    previous : (n_parameters,) the last parameters whose loss was seen to be finite.
    slots : (k, n_parameters) what the optimizer remembers.
    is_weight : (n_parameters,) 1 for weights, 0 for biases.
    counts : int64, by `STEP`, `EPOCH`, `POSITION` (rows seen in this epoch), `SLOT_STEPS`, `STATUS`.
    X : (n, p) features.  t : (n, m) targets.
    """
    n = len(X)
    size = n if rule.full_batch else min(rule.batch_size, n)
    order = np.arange(n)
    if size < n:
        shuffle(order, rule.seed, counts[EPOCH])
    tiles = tiles_for(network, parameters, size)
    gradient = np.zeros_like(parameters)
    counts[STATUS] = STATUS_RUNNING
    best = 0.0
    if rule.optimizer == _RANDOM_SEARCH:
        best = batch_loss(network, target, parameters, X, t, order, 0, n, tiles, gradient, False, 0, 0)
        best += penalty(target, parameters, is_weight)
    for _ in range(steps):
        if counts[POSITION] >= n:
            # The epoch began with more points than there are now.
            counts[EPOCH] += 1
            counts[POSITION] = 0
            if size < n:
                shuffle(order, rule.seed, counts[EPOCH])
        start = counts[POSITION]
        if size == n:
            start = 0
        taken = min(size, n - start)
        rate = rate_at(rule, counts[EPOCH])
        step = counts[STEP]
        counts[STEP] += 1
        if rule.optimizer == _RANDOM_SEARCH:
            if not np.isfinite(best):
                counts[STATUS] = STATUS_DIVERGED
                return
            _propose(gradient, parameters, rate, rule.seed, step)
            loss = batch_loss(network, target, gradient, X, t, order, 0, n, tiles, gradient, False, 0, 0)
            loss += penalty(target, gradient, is_weight)
            if loss < best:
                copy(parameters, gradient)
                best = loss
        else:
            loss = batch_loss(
                network, target, parameters, X, t, order, start, taken, tiles, gradient, True, rule.seed, step
            )
            add_penalty_gradient(target, rule, parameters, is_weight, gradient)
            if rule.optimizer == _GRADIENT_DESCENT and np.isfinite(loss) and all_zero(gradient):
                counts[STEP] = step
                counts[STATUS] = STATUS_CONVERGED
                return
            if not np.isfinite(loss):
                copy(parameters, previous)
                counts[STATUS] = STATUS_DIVERGED
                return
            copy(previous, parameters)
            clip_gradient(gradient, rule.clip)
            update(rule, target, parameters, gradient, slots, is_weight, rate, counts[SLOT_STEPS] + 1)
            if not all_finite(parameters):
                copy(parameters, previous)
                counts[STATUS] = STATUS_DIVERGED
                return
        counts[SLOT_STEPS] += 1
        counts[POSITION] = start + taken
        if counts[POSITION] >= n:
            counts[EPOCH] += 1
            counts[POSITION] = 0
            if size < n:
                shuffle(order, rule.seed, counts[EPOCH])


@compiled
def _steps_until(rule: Rule, counts: NDArray[np.int64], n: int, epoch: int) -> int:
    """How many steps are left until the end of `epoch` (counted from 1), at least 1."""
    size = n if rule.full_batch else min(rule.batch_size, n)
    left = n - counts[POSITION]
    if left <= 0:
        left = n
    whole = (epoch - counts[EPOCH] - 1) * ((n + size - 1) // size)
    steps: int = max(1, whole + (left + size - 1) // size)
    return steps


@compiled
def train_and_examine(
    network: Network,
    target: Target,
    rule: Rule,
    parameters: Array,
    previous: Array,
    slots: Array,
    is_weight: Array,
    counts: NDArray[np.int64],
    X: Array,
    t: Array,
    steps: int,
    due: NDArray[np.int64],
    all_X: Array,
    all_t: Array,
    order: NDArray[np.int64],
    starts: NDArray[np.int64],
    classes: bool,
    records: NDArray[np.float64],
) -> int:
    """As `train`, and enter into `records` (k, 1 + 6) how the model stands at the end of each epoch in `due` (k,).

    Measured: while a window draws, each return to the interpreter costs half a millisecond of waiting for its lock.

    Returns
    -------
    How many records were made. A training that ends by itself makes its last one there.
    """
    made = 0
    for k in range(len(due)):
        epoch = due[k]
        taken = min(steps, _steps_until(rule, counts, len(X), epoch))
        train(network, target, rule, parameters, previous, slots, is_weight, counts, X, t, taken)
        steps -= taken
        ended = counts[STATUS] != STATUS_RUNNING
        if ended or counts[EPOCH] >= epoch:
            records[made, 0] = counts[EPOCH]
            examine(network, target, parameters, all_X, all_t, order, starts, classes, records[made, 1:])
            made += 1
        if ended or steps <= 0:
            break
    return made


@compiled
def scores_of(network: Network, parameters: Array, X: Array) -> NDArray[np.float64]:
    """The outputs (n, m) float64 for features X (n, p), computed in the parameters' precision."""
    n, outputs = len(X), network.widths[-1]
    order = np.arange(n)
    lanes, a, slopes, kept, _ = tiles_for(network, parameters, n)
    z0 = network.widths[0] + network.n_outputs_all - outputs
    scores = np.empty((n, outputs))
    for first in range(0, n, lanes):
        rows = min(lanes, n - first)
        load_rows(a, X, order, first, rows)
        forward(network, parameters, a, slopes, kept, False)
        for r in range(rows):
            for j in range(outputs):
                scores[first + r, j] = a[z0 + j, r]
    return scores


def loss_and_gradient(
    network: Network, target: Target, parameters: FloatArray, X: FloatArray, t: FloatArray
) -> tuple[float, FloatArray]:
    """The mean loss of all rows, without penalties, and its gradient (n_parameters,), without dropout."""
    network = network._replace(dropout=0.0)
    gradient = np.zeros_like(parameters)
    tiles = tiles_for(network, parameters, len(X))
    loss = batch_loss(network, target, parameters, X, t, np.arange(len(X)), 0, len(X), tiles, gradient, True, 0, 0)
    return float(loss), gradient


_ready: set[str] = set()


def ready(precision: str) -> bool:
    """Whether `warm_up` has been done for this precision in this process, so that no call waits for the compiler."""
    return precision in _ready


def warm_up(precision: str) -> None:
    """Compile the loops for one precision, or read them from disk (measured: 15 s, then 0.3 s). Safe on any thread."""
    network = Network(
        np.array([1, 1]), np.zeros(1, np.int64), np.zeros(1, np.int64), np.zeros(1, np.int64), np.zeros(1, np.int64),
        1, 0.0,
    )  # fmt: skip
    target = Target(0, 1.0, 0.0, 0.0)
    rule = Rule(0, True, 1, 0.1, 0.0, 0.0, 0.0, 0.0, 0.0, 0, 1, 1.0, 0)
    parameters = np.zeros(2, precision)
    X = np.zeros((1, 1), precision)
    one = np.zeros(1, np.int64)
    train(
        network, target, rule, parameters, parameters.copy(), np.zeros((0, 2), precision), np.ones(2, precision),
        np.zeros(5, np.int64), X, X, 1,
    )  # fmt: skip
    train_and_examine(
        network, target, rule, parameters, parameters.copy(), np.zeros((0, 2), precision), np.ones(2, precision),
        np.zeros(5, np.int64), X, X, 1, one + 1, X, X, one, np.array([0, 1, 1, 1]), True, np.zeros((1, 7)),
    )  # fmt: skip
    scores_of(network, parameters, X)
    if precision == "float32":
        scores = scores_on_grid(network, parameters, X, X, X[0], X[0])
        colours_of_two(scores, 1.0, np.zeros(1, np.uint32))
    from engine.lloyd import assign
    from engine.tsne_forces import forces_between

    assign(X, np.zeros((1, 1)))
    forces_between(np.zeros((2, 2), np.float32), 0.0, np.zeros((2, 2)))
    _ready.add(precision)
    set_kept(precision)
