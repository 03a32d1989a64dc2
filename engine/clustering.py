"""The base of learners that group points and are told no targets: labels, an objective, and centres for a hand."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.cluster_metrics import adjusted_rand_index
from engine.dataset import FloatArray, IntArray
from engine.examination import PARTS, Examined
from engine.learner import Prediction, TrainingData
from engine.overlays import Centres, Frame, Marks, Overlay
from engine.stepwise import StepState, StepwiseLearner

UNASSIGNED = -1
"""The label of a point that belongs to no cluster: not yet, or as noise."""

MOST_CLUSTERS = 20
"""So many can be told apart on the stage."""

MOST_DRAWN = 2_000
"""Of more points no lines to their centres are drawn: they would hide all else."""
MOST_RINGS = 300
"""More points that switched are not ringed."""

_NO_LABELS = np.empty(0, np.int64)


@dataclass(frozen=True, eq=False)
class ClusterState(StepState):
    """What every state of a clustering says.

    Parameters
    ----------
    labels : (n,) the cluster of each training row, `UNASSIGNED` where it has none; empty before the first step.
    switched : the rows whose cluster the last assignment changed; of very many none.
    moved : how many these are, where they are not listed; else -1.
    objective : what is made small, as a mean over the points; infinite before there is any.
    """

    labels: IntArray = field(default_factory=lambda: _NO_LABELS)
    switched: IntArray = field(default_factory=lambda: _NO_LABELS)
    moved: int = -1
    objective: float = math.inf

    def __post_init__(self) -> None:
        self.labels.setflags(write=False)
        self.switched.setflags(write=False)


@dataclass(frozen=True, eq=False)
class Touch:
    """What a hand did to a centre while the model stands or runs.

    Parameters
    ----------
    kind : whether a centre was moved, added or removed.
    index : which one; of an added one it means nothing.
    z : (p,) the features where it was put; of a removed one they mean nothing.
    """

    kind: Literal["move", "add", "remove"]
    index: int
    z: FloatArray


S = TypeVar("S", bound=ClusterState)


class ClusterLearner(StepwiseLearner[S]):
    """A learner that finds groups; targets, where there are any, are only compared with them afterwards.

    A subclass says what its first state is, what a step does, what a state says of places (`predict`), and how many
    clusters there are.
    """

    has_centres = False
    """Whether its centres can be moved by hand."""
    compares_k = True
    """Whether its objective says something of one number of clusters beside another."""

    # -- what a subclass says

    @abstractmethod
    def n_clusters(self, state: S) -> int:
        """How many clusters there are now."""

    def memberships(self, state: S, data: TrainingData) -> FloatArray | None:
        """How much each training row belongs to each cluster (n, k), rows summing to 1; None where it is all or
        nothing.
        """
        return None

    def metrics(self, state: S, data: TrainingData) -> dict[str, float]:
        """Numbers of its own, by the names of `engine.metric_names.METRICS`."""
        return {}

    def touched(self, state: S, data: TrainingData, touch: Touch) -> S:
        """The state after a hand moved, added or removed a centre."""
        return state

    def again(self, state: S, data: TrainingData) -> S:
        """The state to go on from when points or settings have changed after it had ended."""
        return replace(state, ended=False)

    # -- what all of them do

    def members(self, state: S, data: TrainingData) -> Prediction:
        """What the state says of the training rows: their labels, and how sure they are."""
        labels = self.labels(state, data)
        shares = self.memberships(state, data)
        scores = labels[:, None].astype(np.float64) if shares is None else shares
        return Prediction(scores, shares, labels)

    def labels(self, state: S, data: TrainingData) -> IntArray:
        """The label of each training row (n,); of rows that came since the last step what the state says of them, and
        none before there are any, as where it begins once more.
        """
        n = len(data.Z)
        if len(state.labels) == n:
            return state.labels
        if state.step == 0 or len(state.labels) == 0:
            return np.full(n, UNASSIGNED, np.int64)
        said = self.predict(state, data.Z).labels
        assert said is not None
        return np.asarray(said, np.int64)

    def examine(self, state: S, data: TrainingData, examined: Examined) -> FloatArray:
        """The objective, and how well the groups agree with known classes or, without these, how many points moved."""
        found = np.full(2 * PARTS, np.nan)
        if state.step == 0 and len(state.labels) == 0:
            return found
        found[0] = state.objective if math.isfinite(state.objective) else math.nan
        labels = self.labels(state, data)
        if data.n_classes > 1:
            found[PARTS] = adjusted_rand_index(data.y, labels)
        else:
            moved = len(state.switched) if state.moved < 0 else state.moved
            found[PARTS] = 1.0 - moved / max(1, len(labels))
        return found

    def losses_of(self, said: Prediction, y: NDArray[Any]) -> FloatArray:
        """How far off each row is for the cluster that is nearest: minus its best score."""
        return np.asarray(-said.scores.max(axis=1), np.float64)

    def say_of_clusters(self, scores: FloatArray) -> Prediction:
        """A prediction from scores (n, k), the larger the nearer: each place belongs to the best alone."""
        labels = np.asarray(scores.argmax(axis=1), np.int64)
        shares = np.zeros(scores.shape)
        shares[np.arange(len(labels)), labels] = 1.0
        return Prediction(np.asarray(scores, np.float64), shares, labels)

    def overlays(self, state: S, data: TrainingData, frame: Frame) -> tuple[Overlay, ...]:
        """The points that have just changed sides."""
        rows = state.switched
        few = len(rows) <= min(len(frame.points) // 2, MOST_RINGS)
        if len(rows) == 0 or len(frame.points) != len(state.labels) or not few:
            return ()
        return (Marks(np.asarray(frame.points[rows], np.float64), "switched"),)

    @staticmethod
    def drawn_centres(
        frame: Frame, centres: FloatArray, trail: tuple[FloatArray, ...], labels: IntArray
    ) -> tuple[Overlay, ...]:
        """Centres (k, p) on the stage with where they have come from, and whose the points are if they are few.

        Nothing where the features are not just the inputs.
        """
        if frame.places is None or len(centres) == 0:
            return ()
        has_members = len(labels) == len(frame.points) <= MOST_DRAWN
        return (
            Centres(
                np.asarray(frame.places(centres), np.float64),
                tuple(np.asarray(frame.places(earlier), np.float64) for earlier in trail),
                np.asarray(frame.points, np.float64) if has_members else np.empty((0, 2)),
                labels if has_members else np.empty(0, np.int64),
            ),
        )
