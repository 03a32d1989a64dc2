"""What the curves record: the loss and the score of each part of the data, at the ends of epochs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.dataset import FloatArray, IntArray
from engine.learner import Learner, Prediction, TrainingData
from engine.metrics import score_of

PARTS = 3
"""Training, validation, test."""


@dataclass(frozen=True, eq=False)
class Examined:
    """The points that are looked at for the curves.

    Parameters
    ----------
    Z : (n, p) features of all points.
    y : (n,) their targets.
    rows : for each of the three parts the indices of its points; a part may be empty.
    """

    Z: FloatArray
    y: NDArray[Any]
    rows: tuple[IntArray, ...]

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """The points one part after the other."""
        return np.concatenate(self.rows).astype(np.int64)

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """Where in `order` each part begins, and where the last one ends (k + 1,)."""
        return np.cumsum([0, *(len(rows) for rows in self.rows)]).astype(np.int64)


def rows_of(prediction: Prediction, rows: NDArray[Any]) -> Prediction:
    """What is predicted of some of the points."""

    def taken(array: NDArray[Any] | None) -> Any:
        return None if array is None else array[rows]

    return Prediction(
        prediction.scores[rows], taken(prediction.probabilities), taken(prediction.labels), taken(prediction.values)
    )


def examine(learner: Learner[Any], state: Any, data: TrainingData, examined: Examined) -> FloatArray:
    """The mean losses of the three parts, then their scores (6,); NaN for a part without points.

    The score is the accuracy in classification and R² in regression.
    """
    losses, prediction = learner.judge(state, examined.Z, examined.y)
    found = np.full(2 * PARTS, math.nan)
    for part, rows in enumerate(examined.rows):
        if len(rows):
            found[part] = losses[rows].mean()
            found[PARTS + part] = score_of(data.task, rows_of(prediction, rows), examined.y[rows])
    return found


def trace(
    learner: Learner[Any], state: Any, data: TrainingData, steps: int, due: NDArray[np.int64], examined: Examined
) -> tuple[Any, FloatArray]:
    """As `Learner.trace`, up to the first epoch that is due: for learners that have no loops of their own for it."""
    limit = steps_until(learner, state, data, int(due[0]))
    state = learner.advance(state, data, min(steps, limit))
    epoch = learner.epochs_done(state)
    if epoch < due[0] and not learner.outcome(state).final:
        return state, np.empty((0, 1 + 2 * PARTS))
    return state, np.concatenate([[epoch], learner.examine(state, data, examined)])[None]


def steps_until(learner: Learner[Any], state: Any, data: TrainingData, epoch: int) -> int:
    """How many steps are left until the end of `epoch` (counted from 1)."""
    whole = (epoch - learner.epochs_done(state) - 1) * learner.steps_per_epoch(data)
    return whole + learner.steps_left(state, data)
