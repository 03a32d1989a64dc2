"""What a model says of its data: of every point, or of a fixed sample while it learns from very many."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.dataset import Dataset, FloatArray, IntArray, Part, mixed
from engine.deciding import HALF, decided
from engine.examination import Examined, rows_of
from engine.learner import Learner, Prediction
from engine.metrics import LOOKED_AT, split_metrics
from engine.snapshot import Judged, SplitMetrics, Viewport
from engine.stepwise import StepwiseLearner

if TYPE_CHECKING:
    from engine.model import Model

_PIECE = 32_768
"""So many points are measured at once, in 1 to 20 ms: then a command may be waiting."""
_SEED = 20_000
_SAFELY = 0.95
"""A sample is aimed to be so much smaller than it may be: its size is that of a throw of dice for each point."""


class Judging:
    """The losses and predictions of one data set, computed once a state.

    Parameters
    ----------
    dataset : the points.
    Z : (n, p) their features.
    targets : (n,) as the learner wants them.
    looked_at : how many points of a part are looked at while the model learns.
    """

    def __init__(
        self, dataset: Dataset, Z: FloatArray, targets: np.ndarray[Any, Any], looked_at: int = LOOKED_AT
    ) -> None:
        self._dataset, self._Z, self._targets, self._looked_at = dataset, Z, targets, looked_at
        self._sampled = any(len(dataset.rows(part)) > looked_at for part in Part)
        self._examined_rows: IntArray = np.arange(len(targets))
        self.examined = self._sample() if self._sampled else self._everything()
        """What the curves look at: every point, or of a large part a fixed sample."""
        self._judged: tuple[Any, Learner[Any], tuple[FloatArray, Prediction]] | None = None
        self._measured: _Measured | None = None

    def _everything(self) -> Examined:
        return Examined(self._Z, self._targets, tuple(self._dataset.rows(part) for part in Part))

    def _sample(self) -> Examined:
        """Of each large part every second point, every fourth, …, until there are no more than are looked at.

        By their identities alone, so that another stroke leaves the sample as it was but for points that it drew or
        erased, and the curves do not jump. A hundred thousand points take 0.5 ms, and are sampled with every stroke.
        """
        chosen = []
        for part in Part:
            rows = self._dataset.rows(part)
            if len(rows) > self._looked_at:
                halvings = math.ceil(math.log2(len(rows) / (_SAFELY * self._looked_at)))
                keys = mixed(self._dataset.points.ids[rows].astype(np.uint64), _SEED)
                rows = rows[keys < np.uint64(2 ** (64 - halvings))]
            chosen.append(rows)
        starts = np.cumsum([0, *map(len, chosen)])
        every = self._examined_rows = np.concatenate(chosen)
        rows_now = tuple(np.arange(start, end) for start, end in pairwise(starts))
        return Examined(np.ascontiguousarray(self._Z[every]), self._targets[every], rows_now)

    def metrics(self, learner: Learner[Any], state: Any, threshold: float = HALF) -> dict[str, SplitMetrics]:
        """The metrics of the parts that have points: of every point where all are measured, else of the sample."""
        if self._measured is not None and self._measured.is_of(learner, state, threshold) and self._measured.complete:
            return self._by_part(self._everything().rows, self._targets, *self._measured.result())
        losses, said = self._judge(learner, state)
        said = decided(said, threshold)
        losses = _losses_at(threshold, learner, losses, said, self.examined.y)
        return self._by_part(self.examined.rows, self.examined.y, losses, said)

    def judged(self, model: Model, threshold: float = HALF) -> Judged:
        """What is said of the examined points, for metrics that are made only when they are looked at."""
        said = decided(self._judge(model.learner, model.state)[1], threshold)
        return Judged(self._dataset, self._examined_rows, said, threshold, model)

    def complete(self, learner: Learner[Any], state: Any, threshold: float = HALF) -> bool:
        """Whether the metrics look at every point."""
        measured = self._measured
        if not self._sampled:
            return True
        return measured is not None and measured.is_of(learner, state, threshold) and measured.complete

    def measure(self, learner: Learner[Any], state: Any, threshold: float = HALF) -> None:
        """Measure the next piece of the points that the metrics do not look at yet."""
        if self.complete(learner, state, threshold):
            return
        if self._measured is None or not self._measured.is_of(learner, state, threshold):
            self._measured = _Measured(learner, state, threshold, len(self._targets))
        self._measured.go_on(self._Z, self._targets)

    def predictions(
        self,
        learner: Learner[Any],
        state: Any,
        viewport: Viewport | None,
        places: FloatArray,
        threshold: float = HALF,
    ) -> tuple[Prediction | None, IntArray]:
        """What the model says of the points that can be told apart, and their identities.

        Those are all points, or, of more than are looked at, the ones in view if there are not too many of them.

        Parameters
        ----------
        places : (n, 1) or (n, 2), where the points lie on the stage.
        threshold : from which probability on the second of two classes is predicted.
        """
        points = self._dataset.points
        if len(points) <= self._looked_at:
            return decided(self._judge(learner, state)[1], threshold), points.ids
        rows = rows_in_view(viewport, places)
        if viewport is None or len(rows) > self._looked_at:
            return None, points.ids
        said = learner.predict(state, np.ascontiguousarray(self._Z[rows]))
        return decided(said, threshold), points.ids[rows]

    def _judge(self, learner: Learner[Any], state: Any) -> tuple[FloatArray, Prediction]:
        """The loss of every examined point and the model's word on it."""
        if self._judged is None or self._judged[0] is not state or self._judged[1] is not learner:
            self._judged = (state, learner, learner.judge(state, self.examined.Z, self.examined.y))
        return self._judged[2]

    def _by_part(
        self, rows_by_part: tuple[IntArray, ...], targets: np.ndarray[Any, Any], losses: FloatArray, said: Prediction
    ) -> dict[str, SplitMetrics]:
        return {
            part.name.lower(): split_metrics(self._dataset.task, losses[rows], rows_of(said, rows), targets[rows])
            for part, rows in zip(Part, rows_by_part, strict=True)
            if len(rows)
        }


def rows_in_view(viewport: Viewport | None, places: FloatArray) -> IntArray:
    """Which of `places` (n, 1) or (n, 2) are in view; none where nothing is."""
    inside = np.full(len(places), viewport is not None)
    if viewport is not None:
        for column, (low, high) in zip(places.T, (viewport.x_range, viewport.y_range), strict=False):
            inside &= (column >= low) & (column <= high)
    return np.flatnonzero(inside)


def _losses_at(
    threshold: float, learner: Learner[Any], losses: FloatArray, said: Prediction, y: np.ndarray[Any, Any]
) -> FloatArray:
    """The losses as the threshold decides: where a model judges itself by its mistakes, those of the labels `said`."""
    if threshold == HALF or not isinstance(learner, StepwiseLearner):
        return losses
    return learner.losses_of(said, y)


class _Measured:
    """The losses of all points and what is said of them, piece by piece."""

    def __init__(self, learner: Learner[Any], state: Any, threshold: float, count: int) -> None:
        self._learner, self._state, self._threshold = learner, state, threshold
        self._count, self._done = count, 0
        self._losses: list[FloatArray] = []
        self._labels: list[np.ndarray[Any, Any]] = []
        self._values: list[FloatArray] = []

    def is_of(self, learner: Learner[Any], state: Any, threshold: float) -> bool:
        return self._learner is learner and self._state is state and self._threshold == threshold

    @property
    def complete(self) -> bool:
        return self._done >= self._count

    def go_on(self, Z: FloatArray, targets: np.ndarray[Any, Any]) -> None:
        piece = slice(self._done, self._done + _PIECE)
        losses, said = self._learner.judge(self._state, Z[piece], targets[piece])
        said = decided(said, self._threshold)
        self._losses.append(_losses_at(self._threshold, self._learner, losses, said, targets[piece]))
        for store, array in ((self._labels, said.labels), (self._values, said.values)):
            if array is not None:
                store.append(array)
        self._done += _PIECE

    def result(self) -> tuple[FloatArray, Prediction]:
        """The losses and the labels or values of all points; scores and probabilities are not kept."""
        labels = np.concatenate(self._labels) if self._labels else None
        values = np.concatenate(self._values) if self._values else None
        return np.concatenate(self._losses), Prediction(np.empty((self._count, 0)), None, labels, values)
