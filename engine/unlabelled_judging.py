"""What a clustering or a projection says of its points, and how good it is: `engine.judging` without targets."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import Any

import numpy as np

from engine.cluster_metrics import adjusted_rand_index, normalized_mutual_information, silhouettes
from engine.clustering import UNASSIGNED, ClusterLearner
from engine.dataset import Dataset, FloatArray, IntArray, Part, mixed
from engine.deciding import HALF
from engine.examination import Examined
from engine.judging import rows_in_view
from engine.learner import Learner, Prediction, TrainingData
from engine.metrics import LOOKED_AT
from engine.model import Model
from engine.projecting import ProjectionLearner
from engine.snapshot import Estimate, Judged, SplitMetrics, Viewport

ALL = "all"
"""The part that a clustering's metrics are of."""

_SILHOUETTES = 1_000
"""Points whose mean silhouette is shown while it learns: 10 ms."""
_SEED = 20_001


class UnlabelledJudging(ABC):
    """What is said of one data set, and the metrics, computed once a state: the interface of `engine.judging.Judging`.

    Parameters
    ----------
    dataset : the points, all of them for training.
    data : what the learner is given.
    """

    def __init__(self, dataset: Dataset, data: TrainingData) -> None:
        self._dataset, self._data = dataset, data
        none = np.empty(0, np.intp)
        self.examined = Examined(data.Z[:0], data.y[:0], (none, none, none))
        """Nothing: such a learner looks at itself."""
        self._known: tuple[Any, Learner[Any], dict[str, Estimate]] | None = None

    @abstractmethod
    def _measured(self, learner: Learner[Any], state: Any) -> dict[str, Estimate]:
        """The metrics of a state, by their names."""

    @abstractmethod
    def _said(self, learner: Learner[Any], state: Any) -> Prediction:
        """What the state says of every point."""

    def metrics(self, learner: Learner[Any], state: Any, threshold: float = HALF) -> dict[str, SplitMetrics]:
        """The numbers of all points; none before there is anything to say."""
        if self._known is None or self._known[0] is not state or self._known[1] is not learner:
            self._known = state, learner, self._measured(learner, state)
        return {ALL: self._known[2]} if self._known[2] else {}

    def judged(self, model: Model, threshold: float = HALF) -> Judged:
        """What is said of every point."""
        said = self._said(model.learner, model.state)
        return Judged(self._dataset, self._dataset.rows(Part.TRAIN), said, threshold, model)

    def complete(self, learner: Learner[Any], state: Any, threshold: float = HALF) -> bool:
        """Whether every point is looked at: always."""
        return True

    def measure(self, learner: Learner[Any], state: Any, threshold: float = HALF) -> None:  # noqa: B027
        """Nothing is left to look at."""

    def predictions(
        self,
        learner: Learner[Any],
        state: Any,
        viewport: Viewport | None,
        places: FloatArray,
        threshold: float = HALF,
    ) -> tuple[Prediction | None, IntArray]:
        """What is said of the points that can be told apart, as in `engine.judging.Judging.predictions`."""
        points, said = self._dataset.points, self._said(learner, state)
        if said.labels is None:
            return None, points.ids
        if len(points) <= LOOKED_AT:
            return said, points.ids
        rows = rows_in_view(viewport, places)
        if viewport is None or len(rows) > LOOKED_AT:
            return None, points.ids
        taken = None if said.probabilities is None else said.probabilities[rows]
        return Prediction(said.scores[rows], taken, said.labels[rows]), points.ids[rows]


class ClusterJudging(UnlabelledJudging):
    """Labels, the learner's numbers, the silhouette and, where classes are known, how the groups agree with them."""

    def __init__(self, dataset: Dataset, data: TrainingData) -> None:
        super().__init__(dataset, data)
        self._sample: IntArray = np.arange(len(dataset.points))
        if len(self._sample) > _SILHOUETTES:
            keys = mixed(dataset.points.ids.astype(np.uint64), _SEED)
            self._sample = np.sort(np.argpartition(keys, _SILHOUETTES)[:_SILHOUETTES])

    @cached_property
    def _has_classes(self) -> bool:
        """Whether two classes are known that groups could agree with."""
        y = self._data.y
        return bool(self._dataset.class_names) and len(y) > 0 and bool((y != y[0]).any())

    def _measured(self, learner: Learner[Any], state: Any) -> dict[str, Estimate]:
        assert isinstance(learner, ClusterLearner)
        labels = learner.labels(state, self._data)
        if len(labels) == 0 or (state.step == 0 and (labels == UNASSIGNED).all()):
            return {}
        found = {name: Estimate(value) for name, value in learner.metrics(state, self._data).items()}
        sample = self._sample[labels[self._sample] != UNASSIGNED]
        silhouette = silhouettes(self._data.Z[sample], labels[sample])
        if np.isfinite(silhouette).any():
            found["silhouette"] = Estimate(float(np.mean(silhouette)))
        if self._has_classes and bool((labels != UNASSIGNED).any()):
            found["ari"] = Estimate(adjusted_rand_index(self._data.y, labels))
            found["nmi"] = Estimate(normalized_mutual_information(self._data.y, labels))
        return found

    def _said(self, learner: Learner[Any], state: Any) -> Prediction:
        assert isinstance(learner, ClusterLearner)
        return learner.members(state, self._data)


class ProjectionJudging(UnlabelledJudging):
    """Scores, the learner's own numbers, and whether neighbours stay neighbours."""

    def _measured(self, learner: Learner[Any], state: Any) -> dict[str, Estimate]:
        assert isinstance(learner, ProjectionLearner)
        found = {name: Estimate(value) for name, value in learner.metrics(state, self._data).items()}
        trust = learner.trustworthiness(state, self._data)
        if np.isfinite(trust):
            found["trustworthiness"] = Estimate(trust)
        return found

    def _said(self, learner: Learner[Any], state: Any) -> Prediction:
        assert isinstance(learner, ProjectionLearner)
        said: Prediction = learner.of_points(state, self._data)
        return said
