"""The base of learners that look for directions or maps, and are told no targets: scores, variance, reconstruction."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.dataset import FloatArray, frozen_array
from engine.examination import PARTS, Examined
from engine.learner import Prediction, TrainingData
from engine.projection_metrics import Trust
from engine.stepwise import StepState, StepwiseLearner
from engine.training_settings import Training


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

    has_map = True
    """Whether rows that it has not learned from have scores, too."""

    def __init__(self, training: Training, data: TrainingData) -> None:
        super().__init__(training, data)
        self._trust: Trust | None = None

    # -- what a subclass says

    @abstractmethod
    def scores(self, state: S, Z: FloatArray) -> FloatArray:
        """The numbers (n, r) that stand for rows of features `Z` (n, p); NaN where there is no map."""

    def embedded(self, state: S, data: TrainingData) -> FloatArray:
        """The numbers (n, r) that stand for the training rows."""
        return self.scores(state, data.Z)

    def reconstructed(self, state: S, Z: FloatArray, components: int) -> FloatArray | None:
        """The rows of features (n, p) that the first `components` scores of `Z` stand for; None where there is no way
        back.
        """
        return None

    def loadings(self, state: S) -> FloatArray | None:
        """How much each feature counts in each score (r, p); None where scores are no weighted sums of features."""
        return None

    def metrics(self, state: S, data: TrainingData) -> dict[str, float]:
        """Numbers of its own, by the names of `engine.metric_names.METRICS`."""
        return {}

    def quality(self, state: S, data: TrainingData) -> float:
        """One number that is the larger the better, for the curves: see `engine.registry.LearnerEntry.score`."""
        return self.trustworthiness(state, data)

    # -- what all of them do

    @property
    def has_way_back(self) -> bool:
        """Whether rows of features can be made of scores."""
        return type(self).reconstructed is not ProjectionLearner.reconstructed

    def trustworthiness(self, state: S, data: TrainingData) -> float:
        """How far neighbours among the scores are neighbours among the features: see `engine.projection_metrics`."""
        if self._trust is None or self._trust.Z is not data.Z:
            self._trust = Trust(data.Z)
        return self._trust(self.embedded(state, data))

    def predict(self, state: S, Z: FloatArray) -> Prediction:
        """Scores alone: there is nothing to be right or wrong about."""
        return Prediction(np.asarray(self.scores(state, Z), np.float64))

    def of_points(self, state: S, data: TrainingData) -> Prediction:
        """The scores of the training rows."""
        return Prediction(np.asarray(self.embedded(state, data), np.float64))

    def left_over(self, state: S, Z: FloatArray) -> FloatArray:
        """How far each row of features (n, p) is from what its scores say of it, squared: (n,); NaN where there is no
        way back.
        """
        back = self.reconstructed(state, Z, self.n_features)
        if back is None:
            return np.full(len(Z), np.nan)
        return np.asarray(((np.asarray(Z, np.float64) - back) ** 2).sum(axis=1))

    def judge(self, state: S, Z: FloatArray, y: NDArray[Any]) -> tuple[FloatArray, Prediction]:
        """What is left over of each row, and its scores."""
        return self.left_over(state, Z), self.predict(state, Z)

    def examine(self, state: S, data: TrainingData, examined: Examined) -> FloatArray:
        """The objective, and the quality."""
        found = np.full(2 * PARTS, np.nan)
        if math.isfinite(state.objective):
            found[0], found[PARTS] = state.objective, self.quality(state, data)
        return found


@dataclass(frozen=True, eq=False)
class EmbeddingState(ProjectionState):
    """What a state says that has places for the training rows and for no others.

    Parameters
    ----------
    embedding : (n, r) the place of each training row; empty before there is any.
    """

    embedding: FloatArray = field(default_factory=lambda: frozen_array(np.empty((0, 0)), np.float64))

    def __post_init__(self) -> None:
        self.embedding.setflags(write=False)


E = TypeVar("E", bound=EmbeddingState)


class EmbeddingLearner(ProjectionLearner[E]):
    """A learner that finds a place for each training row, and knows no rule that would place another.

    Rows that came or went since the last step have no place: NaN.
    """

    has_map = False

    def scores(self, state: E, Z: FloatArray) -> FloatArray:
        """NaN: there is no rule for rows that were not learned from."""
        return np.full((len(Z), max(1, state.embedding.shape[1])), np.nan)

    def embedded(self, state: E, data: TrainingData) -> FloatArray:
        """The places (n, r) of the training rows."""
        return state.embedding if len(state.embedding) == len(data.Z) else self.scores(state, data.Z)
