"""Hierarchical clustering: every point alone at first, then the two nearest clusters joined, again and again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from engine.clustering import MOST_CLUSTERS, UNASSIGNED, ClusterLearner, ClusterState
from engine.dataset import FloatArray, IntArray, frozen_array
from engine.learner import Prediction, TrainingData
from engine.merge_tree import MergeTree
from engine.overlays import Frame, Line, Overlay
from engine.settings import Settings, choice
from engine.stepwise import CannotLearn

if TYPE_CHECKING:
    from engine.training_settings import Training

Linkage = Literal["single", "complete", "average", "ward"]

_NEIGHBOURS = 8
"""Of a place so many training points are looked at: where two clusters are equally near, two of them would do."""
_MOST_RINGED = 24
"""Of larger clusters the line alone says that they were joined."""
_LARGEST = 1e150
"""A feature beyond that has no square."""
_NONE = np.empty(0, np.int64)


class Hierarchical(Settings):
    """Clusters are joined two by two until there is one; a cut through the tree of merges says which are meant."""

    kind: Literal["hierarchical"] = "hierarchical"
    linkage: Linkage = choice(
        "ward",
        "Linkage",
        "How far apart two clusters are: their nearest points (single), their farthest points (complete), the mean over"
        " all pairs (average), or by how much joining them spreads points about their mean (Ward).",
        labels={"single": "Single", "complete": "Complete", "average": "Average", "ward": "Ward"},
    )
    cut_by: Literal["clusters", "height"] = choice(
        "clusters",
        "Cut",
        "Whether the tree is cut so that there are k clusters, or at a height: all that was joined up to it stays"
        " together. The line in the dendrogram can be dragged.",
        labels={"clusters": "Into k clusters", "height": "At a height"},
    )
    k: int = choice(
        3, "Clusters k", "How many clusters the cut leaves.", ge=1, le=MOST_CLUSTERS, only_for={"cut_by": ("clusters",)}
    )
    height: float = choice(
        1.0, "Height", "How far apart clusters may be and still be joined, in the units of the features.",
        ge=0.0, only_for={"cut_by": ("height",)},
    )  # fmt: skip


def make(settings: Hierarchical, training: Training, data: TrainingData) -> HierarchicalLearner:
    """The learner, whose steps are merges."""
    return HierarchicalLearner(settings, training, data)


@dataclass(frozen=True, eq=False)
class HierarchicalState(ClusterState):
    """The tree, and how much of it has been gone through.

    Parameters
    ----------
    rows : (n, p) the points that the tree is of; None before the first step.
    tree : all merges.
    merged : how many of them have been made.
    clusters : how many clusters the labels tell apart: of the forest while it grows, of the cut at the end.
    places : `scipy.spatial.cKDTree` of the rows.
    """

    rows: FloatArray | None = None
    tree: MergeTree | None = None
    merged: int = 0
    clusters: int = 0
    places: Any = None


class HierarchicalLearner(ClusterLearner[HierarchicalState]):
    """Agglomerative clustering, a merge a step; after the last one the tree is cut.

    The labels are those of the present forest while it grows. As long as there are more clusters than can be told
    apart, a point that is alone has none. A cluster keeps its number through merges and cuts (see
    `engine.merge_tree.MergeTree.labels`). The objective is the height of the last merge, which rises. Another cut acts
    at once, and so do other points where the tree was finished.

    References
    ----------
    Ward (1963). Hierarchical grouping to optimize an objective function. JASA 58.
    Müllner (2011). Modern hierarchical, agglomerative clustering algorithms. arXiv:1109.2378.
    Hastie, Tibshirani, Friedman (2009). The Elements of Statistical Learning, 2nd ed., section 14.3.12.
    """

    refits = True  # only so far as that another cut, or other points, are followed at once when it has ended

    def __init__(self, settings: Hierarchical, training: Training, data: TrainingData) -> None:
        super().__init__(training, data)
        self.settings = settings

    def init(self, data: TrainingData) -> HierarchicalState:
        """Every point is alone, and nothing is known of their distances."""
        return HierarchicalState()

    # -- the steps

    def next(self, state: HierarchicalState, data: TrainingData) -> HierarchicalState:
        """One merge; with the last one comes the cut.

        Where points have changed it goes on with as many merges of the new ones, or with all if all had been made.
        """
        was_whole = state.tree is not None and state.merged == state.tree.n - 1
        state = self._of(data, state)
        assert state.tree is not None
        merged = min(state.merged + 1, state.tree.n - 1)
        if was_whole or merged == state.tree.n - 1:
            return self._cut(state)
        labels = _labels(state.tree, merged)
        before = state.labels if len(state.labels) == len(labels) else _labels(state.tree, merged - 1)
        return replace(
            state,
            merged=merged, clusters=state.tree.n - merged, labels=labels, switched=np.flatnonzero(labels != before),
            objective=float(state.tree.heights[merged - 1]),
        )  # fmt: skip

    def _of(self, data: TrainingData, state: HierarchicalState) -> HierarchicalState:
        """`state` with the tree of the points of `data`: its own, or a new one where they have changed."""
        if state.rows is not None and np.array_equal(state.rows, data.Z):
            return state
        from scipy.cluster.hierarchy import linkage
        from scipy.spatial import cKDTree
        from scipy.spatial.distance import pdist

        Z = np.array(data.Z, np.float64, order="C")
        if np.abs(Z).max() > _LARGEST:
            raise CannotLearn("A feature of a point is too large to measure distances with: scale it.")
        found = linkage(pdist(Z), self.settings.linkage) if len(Z) > 1 else np.empty((0, 4))
        tree = MergeTree(frozen_array(found[:, :2], np.int64), frozen_array(found[:, 2], np.float64))
        # Quick to build also where many coordinates are equal; what is found is the same.
        places = cKDTree(Z, balanced_tree=False)
        merged = min(state.merged, max(0, len(Z) - 2))
        return replace(state, rows=frozen_array(Z, np.float64), tree=tree, places=places, merged=merged, labels=_NONE)

    def _cut(self, state: HierarchicalState) -> HierarchicalState:
        """The end: the whole tree, and the clusters that the cut makes of it."""
        tree = state.tree
        assert tree is not None
        made = tree.merges_up_to(self.settings.height) if self.settings.cut_by == "height" else tree.n - self.settings.k
        merged = max(0, made)
        return replace(
            state,
            merged=tree.n - 1, clusters=tree.n - merged, labels=_labels(tree, merged), switched=_NONE, ended=True,
            objective=float(tree.heights[-1]) if tree.n > 1 else 0.0,
        )  # fmt: skip

    def again(self, state: HierarchicalState, data: TrainingData) -> HierarchicalState:
        """Before the end, of which the next step makes another cut or, of other points, another tree."""
        return replace(state, ended=False, step=state.step - 1, epoch=state.epoch - 1)

    def ending(self, state: HierarchicalState) -> str:
        """That the tree is whole, and why the plane has no colours where it is cut into very many clusters."""
        if state.clusters > MOST_CLUSTERS:
            return (
                f"{state.clusters:,} clusters, more than can be told apart: points that are alone and the plane have no"
                " colour. Raise the cut."
            )
        return f"All points are joined in one tree, after {state.merged:,} merges: cut it where you like."

    # -- what it says

    def n_clusters(self, state: HierarchicalState) -> int:
        """Those of the forest, or of the cut; points that are alone count."""
        return state.clusters

    def predict(self, state: HierarchicalState, Z: FloatArray) -> Prediction:
        """The label of the nearest training point; the scores are minus the distances to the clusters.

        Of clusters that are not among the nearest few training points it is only known that they are no nearer. Where
        there are more clusters than can be told apart, no place is said to belong to any.
        """
        where = np.clip(np.nan_to_num(np.asarray(Z, np.float64), nan=0.0), -_LARGEST, _LARGEST)
        if state.places is None or len(state.labels) == 0:
            return _undecided(np.sqrt((where**2).sum(axis=1)))
        distances, rows = state.places.query(where, k=np.arange(1, 1 + min(_NEIGHBOURS, len(state.labels))))
        if state.clusters > MOST_CLUSTERS:
            return _undecided(distances[:, 0])
        labels = state.labels[rows]
        scores = np.repeat(-distances[:, -1:], state.clusters, axis=1)
        each = np.arange(len(where))
        for column in range(labels.shape[1] - 1, -1, -1):  # the nearest of a cluster has the last word
            scores[each, labels[:, column]] = -distances[:, column]
        shares = np.zeros(scores.shape)
        shares[each, labels[:, 0]] = 1.0
        return Prediction(scores, shares, np.asarray(labels[:, 0], np.int64))

    def metrics(self, state: HierarchicalState, data: TrainingData) -> dict[str, float]:
        """The inertia: the sum of squared distances to the means of the clusters, as of k-means."""
        labels = state.labels
        if len(labels) != len(data.Z) or len(labels) == 0 or (labels == UNASSIGNED).any():
            return {}
        sums = np.zeros((state.clusters, self.n_features))
        np.add.at(sums, labels, data.Z)
        means = sums / np.bincount(labels, minlength=state.clusters)[:, None]
        return {"inertia": float(((data.Z - means[labels]) ** 2).sum())}

    def overlays(self, state: HierarchicalState, data: TrainingData, frame: Frame) -> tuple[Overlay, ...]:
        """What the last merge joined: a line between the two, and the points that have another cluster since."""
        tree = state.tree
        marks = super().overlays(state, data, frame) if len(state.switched) <= _MOST_RINGED else ()
        if tree is None or state.ended or state.merged == 0 or len(frame.points) != tree.n:
            return marks
        left, right = (tree.rows(int(node)) for node in tree.children[state.merged - 1])
        return (*marks, Line(self._between(state, left, right, frame.points), "merge"))

    def _between(self, state: HierarchicalState, left: IntArray, right: IntArray, points: FloatArray) -> FloatArray:
        """Two ends (2, 2) of what the linkage measured: the nearest or farthest points, or the means of the points."""
        assert state.rows is not None
        if self.settings.linkage in ("average", "ward"):
            return np.array([points[left].mean(axis=0), points[right].mean(axis=0)], np.float64)
        from scipy.spatial.distance import cdist

        apart = cdist(state.rows[left], state.rows[right])
        pair = apart.argmin() if self.settings.linkage == "single" else apart.argmax()
        first, second = np.unravel_index(int(pair), apart.shape)
        return np.asarray(points[[left[first], right[second]]], np.float64)


def _labels(tree: MergeTree, merged: int) -> IntArray:
    """The clusters after so many merges (n,); none for a point alone while there are more than can be told apart."""
    found = tree.labels(merged)
    if tree.n - merged > MOST_CLUSTERS:
        found[np.bincount(found)[found] == 1] = UNASSIGNED
    return found


def _undecided(distances: FloatArray) -> Prediction:
    """Places of no cluster, at `distances` (n,) from the points: two columns alike, and neither is ahead."""
    n = len(distances)
    return Prediction(np.stack([-distances, -distances], axis=1), np.full((n, 2), 0.5), np.full(n, UNASSIGNED))
