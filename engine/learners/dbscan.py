"""DBSCAN: clusters are what hangs together where points lie close, and what lies alone is noise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.clustering import UNASSIGNED, ClusterLearner, ClusterState
from engine.dataset import FloatArray, IntArray
from engine.density_growth import Growth, grown
from engine.learner import Prediction, TrainingData
from engine.overlays import Frame, Marks, Overlay, Reasons
from engine.palette import CLASS_COLOURS
from engine.settings import Settings, choice
from engine.stepwise import CannotLearn

if TYPE_CHECKING:
    from engine.training_settings import Training

_MOST_MARKED = 2_000
"""Of more points each is too small for a mark in it."""
_MOST_POINTED_AT = 100
"""So many neighbours are pointed at, the nearest of them."""
_LARGEST = 1e150
"""A feature beyond that has no square."""


class DBSCAN(Settings):
    """Points with many neighbours make clusters, points near these belong to them, and the rest is noise."""

    kind: Literal["dbscan"] = "dbscan"
    eps: float = choice(
        0.1, "Radius ε", "How near points are neighbours, in the units of the features.",
        ge=0.001, le=100.0, log=True,
    )  # fmt: skip
    min_samples: int = choice(
        5,
        "Minimum points",
        "A point with so many within the radius, itself counted, is a core point: it makes its neighbours members of"
        " its cluster.",
        ge=1,
        le=100,
    )


def make(settings: DBSCAN, training: Training, data: TrainingData) -> DBSCANLearner:
    """The learner, whose steps are visits to a point."""
    return DBSCANLearner(settings, training, data)


@dataclass(frozen=True, eq=False)
class DBSCANState(ClusterState):
    """How far the clusters have grown.

    Parameters
    ----------
    growth : the whole course of it; None before the first step.
    visited : how many points have been visited.
    """

    growth: Growth | None = None
    visited: int = 0

    @property
    def cores(self) -> IntArray:
        """The rows of the core points that have been visited, in order."""
        if self.growth is None:
            return np.empty(0, np.int64)
        return np.flatnonzero(self.growth.is_core & (self.growth.visited_at <= self.visited))


class DBSCANLearner(ClusterLearner[DBSCANState]):
    """DBSCAN, a point a step: clusters are grown breadth-first, the first point first (see `engine.density_growth`).

    The objective is the share of points that belong to no cluster: those not reached yet, and in the end the noise; it
    never rises. A place belongs to the cluster of the nearest core point, if that is within the radius. Another radius,
    another minimum and other points act on what has been visited so far, and at once when it has ended.

    References
    ----------
    Ester, Kriegel, Sander and Xu (1996). A density-based algorithm for discovering clusters in large spatial databases
    with noise. KDD.
    Schubert, Sander, Ester, Kriegel and Xu (2017). DBSCAN revisited, revisited. ACM TODS 42.
    """

    refits = True  # only so far as that other settings and points are followed at once when it has ended

    def __init__(self, settings: DBSCAN, training: Training, data: TrainingData) -> None:
        super().__init__(training, data)
        self.settings = settings
        self._found: tuple[DBSCANState, list[Any]] | None = None

    def init(self, data: TrainingData) -> DBSCANState:
        """No point has been visited."""
        return DBSCANState()

    # -- the steps

    def _advanced(self, state: DBSCANState, data: TrainingData, steps: int) -> DBSCANState:
        """As many visits at once as are asked for: the course of them is known."""
        if steps <= 0 or (state.ended and not state.fault):
            return state
        was_whole = state.growth is not None and state.visited == len(state.growth.order)
        growth = self._growth(state, data)
        n = len(growth.order)
        # Where all had been visited, one step is enough to go through what has changed.
        done = 1 if was_whole else max(1, min(steps, n - state.visited))
        visited = n if was_whole else min(n, state.visited + done)
        labels = growth.labels_after(visited)
        return replace(
            state,
            growth=growth, visited=visited, labels=labels, switched=np.flatnonzero(growth.reached_at == visited),
            objective=float((labels < 0).mean()), step=state.step + done, epoch=state.step + done,
            ended=visited == n, fault="",
        )  # fmt: skip

    def next(self, state: DBSCANState, data: TrainingData) -> DBSCANState:
        """One visit."""
        return replace(self._advanced(state, data, 1), step=state.step)

    def _growth(self, state: DBSCANState, data: TrainingData) -> Growth:
        rows = np.ascontiguousarray(data.Z, np.float64)
        eps, least = self.settings.eps, self.settings.min_samples
        if state.growth is not None and state.growth.is_of(rows, eps, least):
            return state.growth
        if not np.isfinite(rows).all() or np.abs(rows).max() > _LARGEST:
            raise CannotLearn("A feature of a point is too large to compute with: scale it, or lower the degree.")
        return grown(rows, eps, least)

    def again(self, state: DBSCANState, data: TrainingData) -> DBSCANState:
        """The present clusters, to be grown anew in one step."""
        return replace(state, ended=False)

    def ending(self, state: DBSCANState) -> str:
        """How many clusters there are, and of what."""
        if state.growth is None:
            return super().ending(state)
        core, noise = int(state.growth.is_core.sum()), int((state.labels < 0).sum())
        k, border = self.n_clusters(state), len(state.labels) - core - noise
        if k == 0:
            return "All points are noise: none has enough neighbours. Raise the radius, or ask for fewer points."
        clusters = "1 cluster" if k == 1 else f"{k:,} clusters"
        return f"{clusters} of {core:,} core and {border:,} border points; {noise:,} are noise."

    # -- what it says

    def n_clusters(self, state: DBSCANState) -> int:
        """As many as have begun."""
        return int(state.labels.max()) + 1 if len(state.labels) else 0

    def predict(self, state: DBSCANState, Z: FloatArray) -> Prediction:
        """The cluster of the nearest visited core point within the radius, else `UNASSIGNED`.

        The scores (n, k + 1) are by how much a core point of each cluster is nearer than the radius, down to minus the
        radius, and 0 for noise. The probabilities are 0 or 1; where a place belongs to no cluster all are 0. Clusters
        beyond the number of colours share the column of the cluster that looks alike.
        """
        Z = np.asarray(Z, np.float64)
        trees = self._trees(state)
        if not trees or state.growth is None:
            return Prediction(np.zeros((len(Z), 1)), np.zeros((len(Z), 1)), np.full(len(Z), UNASSIGNED, np.int64))
        eps = state.growth.eps
        scores = np.zeros((len(Z), len(trees) + 1))
        labels = np.full(len(Z), UNASSIGNED, np.int64)
        best = np.full(len(Z), np.inf)
        column = np.zeros(len(Z), np.int64)
        for index, (tree, clusters) in enumerate(trees):
            distances, nearest = tree.query(np.clip(Z, -_LARGEST, _LARGEST), distance_upper_bound=2.0 * eps)
            scores[:, index] = np.maximum(eps - distances, -eps)
            nearer = (distances <= eps) & (distances < best)
            best[nearer], column[nearer], labels[nearer] = distances[nearer], index, clusters[nearest[nearer]]
        shares = np.zeros(scores.shape)
        mine = np.flatnonzero(labels >= 0)
        shares[mine, column[mine]] = 1.0
        return Prediction(scores, shares, labels)

    def _trees(self, state: DBSCANState) -> list[Any]:
        """For each colour the visited core points of its clusters, to be searched, and the clusters of these."""
        if self._found is None or self._found[0] is not state:
            from scipy.spatial import cKDTree

            cores, found = state.cores, []
            if state.growth is not None and len(cores):
                clusters = state.growth.labels[cores]
                for colour in range(min(len(CLASS_COLOURS), int(clusters.max()) + 1)):
                    mine = clusters % len(CLASS_COLOURS) == colour
                    found.append((cKDTree(state.growth.rows[cores[mine]]), clusters[mine]))
            self._found = state, found
        return self._found[1]

    def losses_of(self, said: Prediction, y: NDArray[Any]) -> FloatArray:
        """1 for each place that belongs to no cluster, else 0."""
        assert said.labels is not None
        return np.asarray(said.labels < 0, np.float64)

    def metrics(self, state: DBSCANState, data: TrainingData) -> dict[str, float]:
        """The share of points that belong to no cluster."""
        return {"noise": state.objective}

    def reasons(self, state: DBSCANState, data: TrainingData, z: FloatArray) -> Reasons | None:
        """The points within the radius of a place, and whether they are enough for a core point."""
        if state.growth is None or len(state.growth.rows) != len(data.Z):
            return None
        growth = state.growth
        near = np.asarray(growth.tree.query_ball_point(np.asarray(z, np.float64), growth.eps), np.int64)
        few = f"too few for a core point ({growth.min_samples})"
        enough = "enough for a core point" if len(near) >= growth.min_samples else few
        line = f"{len(near):,} {'point' if len(near) == 1 else 'points'} within ε: {enough}"
        distances = ((growth.rows[near] - z) ** 2).sum(axis=1)
        near = near[np.argsort(distances, kind="stable")[:_MOST_POINTED_AT]]
        return Reasons(near, np.full(len(near), 0.3), (line,), growth.eps)

    def overlays(self, state: DBSCANState, data: TrainingData, frame: Frame) -> tuple[Overlay, ...]:
        """The core points that have been found, the point in hand, and those that it has just reached."""
        growth = state.growth
        if growth is None or len(frame.points) != len(growth.rows):
            return ()
        marks = list(super().overlays(state, data, frame))
        if len(frame.points) <= _MOST_MARKED and len(state.cores):
            marks.append(Marks(np.asarray(frame.points[state.cores], np.float64), "core"))
        if not state.ended and state.visited:
            row = growth.order[state.visited - 1]
            marks.append(Marks(np.asarray(frame.points[row : row + 1], np.float64), "focus"))
        return tuple(marks)
