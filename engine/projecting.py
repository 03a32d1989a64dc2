"""The base of learners that look for directions or maps, and are told no targets: scores, variance, reconstruction."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.dataset import FloatArray
from engine.examination import PARTS, Examined
from engine.learner import Prediction, TrainingData
from engine.stepwise import StepState, StepwiseLearner


@dataclass(frozen=True, eq=False)
class ProjectionState(StepState):
    """What every state of a projection says.

    Parameters
    ----------
    objective : what is made small, as a mean over the points; infinite before there is any.
    """

    objective: float = math.inf


S = TypeVar("S", bound=ProjectionState)


class ProjectionLearner(StepwiseLearner[S]):
    """A learner that gives each row a few numbers in place of its features.

    A subclass says what its first state is, what a step does, and the scores of rows.
    """

    @abstractmethod
    def scores(self, state: S, Z: FloatArray) -> FloatArray:
        """The numbers (n, r) that stand for rows of features `Z` (n, p)."""

    def metrics(self, state: S, data: TrainingData) -> dict[str, float]:
        """Numbers of its own, by the names of `engine.metrics.METRICS`."""
        return {}

    def quality(self, state: S, data: TrainingData) -> float:
        """One number from 0 to 1 for the curves: the share of the variance that is kept."""
        return math.nan

    def predict(self, state: S, Z: FloatArray) -> Prediction:
        """Scores alone: there is nothing to be right or wrong about."""
        return Prediction(np.asarray(self.scores(state, Z), np.float64))

    @abstractmethod
    def left_over(self, state: S, Z: FloatArray) -> FloatArray:
        """How far each row of features (n, p) is from what its scores say of it, squared: (n,)."""

    def judge(self, state: S, Z: FloatArray, y: NDArray[Any]) -> tuple[FloatArray, Prediction]:
        """What is left over of each row, and its scores."""
        return self.left_over(state, Z), self.predict(state, Z)

    def examine(self, state: S, data: TrainingData, examined: Examined) -> FloatArray:
        """The objective, and the share of the variance that is kept."""
        found = np.full(2 * PARTS, np.nan)
        if math.isfinite(state.objective):
            found[0], found[PARTS] = state.objective, self.quality(state, data)
        return found
