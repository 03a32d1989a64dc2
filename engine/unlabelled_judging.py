"""What a clustering says of its points, and how good it is: the counterpart of `engine.judging` without targets."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.cluster_metrics import adjusted_rand_index, normalized_mutual_information, silhouettes
from engine.clustering import UNASSIGNED, ClusterLearner, ClusterState
from engine.dataset import Dataset, FloatArray, IntArray, Part, mixed
from engine.deciding import HALF
from engine.examination import Examined
from engine.judging import rows_in_view
from engine.learner import Learner, Prediction, TrainingData
from engine.metrics import LOOKED_AT
from engine.model import Model
from engine.snapshot import Estimate, Judged, SplitMetrics, Viewport

ALL = "all"
"""The part that a clustering's metrics are of."""

_SILHOUETTES = 1_000
"""Points whose mean silhouette is shown while it learns: 10 ms."""
_SEED = 20_001


class ClusterJudging:
    """The labels and the metrics of one data set, computed once a state.

    Parameters
    ----------
    dataset : the points, all of them for training.
    data : what the learner is given.
    """

    def __init__(self, dataset: Dataset, data: TrainingData) -> None:
        self._dataset, self._data = dataset, data
        none = np.empty(0, np.intp)
        self.examined = Examined(data.Z[:0], data.y[:0], (none, none, none))
        """Nothing: a clustering looks at itself."""
        self._known: tuple[ClusterState, dict[str, Estimate]] | None = None
        keys = mixed(dataset.points.ids.astype(np.uint64), _SEED)
        self._sample: IntArray = np.sort(np.argsort(keys, kind="stable")[:_SILHOUETTES])

    def metrics(self, learner: Learner[Any], state: ClusterState, threshold: float = HALF) -> dict[str, SplitMetrics]:
        """The learner's own numbers, the silhouette and, where classes are known, how the groups agree with them."""
        if self._known is None or self._known[0] is not state:
            self._known = state, self._measured(_grouping(learner), state)
        return {ALL: self._known[1]} if self._known[1] else {}

    def _measured(self, learner: ClusterLearner[Any], state: ClusterState) -> dict[str, Estimate]:
        labels = learner.labels(state, self._data)
        if len(labels) == 0 or (labels == UNASSIGNED).all():
            return {}
        found = {name: Estimate(value) for name, value in learner.metrics(state, self._data).items()}
        sample = self._sample[labels[self._sample] != UNASSIGNED]
        silhouette = silhouettes(self._data.Z[sample], labels[sample])
        if np.isfinite(silhouette).any():
            found["silhouette"] = Estimate(float(np.mean(silhouette)))
        if len(np.unique(self._data.y)) > 1 and self._dataset.class_names:
            found["ari"] = Estimate(adjusted_rand_index(self._data.y, labels))
            found["nmi"] = Estimate(normalized_mutual_information(self._data.y, labels))
        return found

    def judged(self, model: Model, threshold: float = HALF) -> Judged:
        """The label of every point."""
        said = _grouping(model.learner).members(model.state, self._data)
        return Judged(self._dataset, self._dataset.rows(Part.TRAIN), said, threshold, model)

    def complete(self, learner: Learner[Any], state: ClusterState, threshold: float = HALF) -> bool:
        """Whether every point is looked at: always."""
        return True

    def measure(self, learner: Learner[Any], state: ClusterState, threshold: float = HALF) -> None:
        """Nothing is left to look at."""

    def predictions(
        self,
        learner: Learner[Any],
        state: ClusterState,
        viewport: Viewport | None,
        places: FloatArray,
        threshold: float = HALF,
    ) -> tuple[Prediction | None, IntArray]:
        """The labels of the points that can be told apart, as in `engine.judging.Judging.predictions`."""
        points, said = self._dataset.points, _grouping(learner).members(state, self._data)
        if len(points) <= LOOKED_AT:
            return said, points.ids
        rows = rows_in_view(viewport, places)
        if viewport is None or len(rows) > LOOKED_AT:
            return None, points.ids
        taken = None if said.probabilities is None else said.probabilities[rows]
        assert said.labels is not None
        return Prediction(said.scores[rows], taken, said.labels[rows]), points.ids[rows]


def _grouping(learner: Learner[Any]) -> ClusterLearner[Any]:
    assert isinstance(learner, ClusterLearner)
    return learner
