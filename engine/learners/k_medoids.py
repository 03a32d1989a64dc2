"""k-medoids: as k-means, but each centre is one of the points, the one that is nearest to the others of its cluster."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from engine import medoids
from engine.cluster_starts import best_of, centres_by_hand, farthest_first, made_by_hand, plus_plus, random_points
from engine.clustering import MOST_CLUSTERS, MOST_RINGS, UNASSIGNED, ClusterLearner, ClusterState, Touch
from engine.dataset import FloatArray, IntArray, frozen_array
from engine.learner import Prediction, TrainingData
from engine.overlays import Centres, Frame, Overlay
from engine.settings import Settings, choice

if TYPE_CHECKING:
    from engine.training_settings import Training

Initialization = Literal["k_means_plus_plus", "random_points", "farthest_first", "build", "by_hand"]

_TRAIL = 60
"""So many earlier places of the medoids are kept."""


class KMedoids(Settings):
    """As many points as are asked for, each standing for those that are nearest to it."""

    kind: Literal["k_medoids"] = "k_medoids"
    k: int = choice(3, "Clusters k", "How many clusters are looked for.", ge=1, le=MOST_CLUSTERS)
    method: Literal["alternate", "pam"] = choice(
        "alternate",
        "Method",
        "Points go to the nearest medoid and each cluster takes the best medoid, in turn; or PAM: a medoid is swapped"
        " for another point, the pair that wins most of all, until no swap wins anything.",
        labels={"alternate": "Alternating", "pam": "Swaps (PAM)"},
    )
    metric: medoids.Metric = choice(
        "euclidean",
        "Distance",
        "How far two points are apart: along a straight line, or the sum over the features, as one walks in a city.",
        labels={"euclidean": "Euclidean", "manhattan": "Manhattan"},
    )
    initialization: Initialization = choice(
        "k_means_plus_plus",
        "First medoids",
        "Where the medoids begin. k-means++ draws points far from those drawn already, farthest first takes the"
        " farthest point each time, BUILD takes the point that lowers the sum of distances most; by hand, they are put"
        " on the stage with the centre tool.",
        labels={
            "k_means_plus_plus": "k-means++",
            "random_points": "Random points",
            "farthest_first": "Farthest first",
            "build": "Greedy (BUILD)",
            "by_hand": "By hand",
        },
    )
    restarts: int = choice(
        1, "Restarts", "How often it begins anew with other first medoids; the best result is kept.", ge=1, le=50,
        log=True, only_for={"initialization": ("k_means_plus_plus", "random_points", "farthest_first")},
    )  # fmt: skip
    centres: tuple[tuple[float, ...], ...] = choice(
        (), "Medoids", "The first medoids by hand, in the units of the features; the nearest points stand in for them.",
        max_length=MOST_CLUSTERS, only_for={"initialization": ("by_hand",)}, advanced=True,
    )  # fmt: skip


def make(settings: KMedoids, training: Training, data: TrainingData) -> KMedoidsLearner:
    """The learner, whose steps are half-steps, or swaps."""
    return KMedoidsLearner(settings, training, data)


@dataclass(frozen=True, eq=False)
class KMedoidsState(ClusterState):
    """Medoids, and what comes next.

    Parameters
    ----------
    centres : (k, p) the features of the medoids.
    rows : (k,) int64, which training rows these are; as of the last step.
    updates : whether medoids are changed next, rather than the points assigned.
    trail : earlier places of the medoids, the oldest first, each (k, p).
    restart : which beginning it is, counted from 0.
    results : the mean distance that each finished beginning came to, in order.
    best : the medoids of the best of them (k, p).
    asked : how many clusters the settings wanted when they were last followed.
    ahead : by how many medoids a hand is ahead of the settings, which follow it.
    """

    centres: FloatArray = field(default_factory=lambda: np.empty((0, 0)))
    rows: IntArray = field(default_factory=lambda: np.empty(0, np.int64))
    updates: bool = False
    trail: tuple[FloatArray, ...] = ()
    restart: int = 0
    results: tuple[float, ...] = ()
    best: FloatArray | None = None
    asked: int = 0
    ahead: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.rows.setflags(write=False)


class KMedoidsLearner(ClusterLearner[KMedoidsState]):
    """k-medoids by half-steps, as Lloyd's k-means, or by the best swap (PAM).

    What is made small is the mean distance of points to their medoid, not squared; it never rises. By turns it ends
    when no cluster has a better medoid than its own; by swaps when no exchange of a medoid for any other point lowers
    it, which is never the worse for having gone on from there.

    References
    ----------
    Kaufman and Rousseeuw (1990). Finding groups in data, chapter 2 (PAM).
    Park and Jun (2009). A simple and fast algorithm for k-medoids clustering. Expert Systems with Applications 36 (by
    turns).
    Schubert and Rousseeuw (2019). Faster k-medoids clustering. SISAP (how the best swap is found).
    """

    has_centres = True

    def __init__(self, settings: KMedoids, training: Training, data: TrainingData) -> None:
        super().__init__(training, data)
        self.settings = settings

    def init(self, data: TrainingData) -> KMedoidsState:
        """The first medoids, and no labels yet."""
        return self._begun(KMedoidsState(), data)

    def _begun(self, state: KMedoidsState, data: TrainingData) -> KMedoidsState:
        """`state` with the first medoids of its restart."""
        Z, k = np.asarray(data.Z, np.float64), min(self.settings.k, len(data.Z))
        state = replace(
            state, updates=False, trail=(), labels=np.empty(0, np.int64), switched=np.empty(0, np.int64),
            objective=math.inf, asked=self.settings.k, ahead=0,
        )  # fmt: skip
        if k == 0:
            return replace(state, centres=np.empty((0, self.n_features)), rows=np.empty(0, np.int64))
        kind: Initialization = self.settings.initialization
        if kind == "by_hand":
            placed = centres_by_hand(self.settings.centres, data)
            if placed is not None:
                return replace(self._standing(state, Z, self._snapped(placed, Z)), asked=len(placed))
            kind = "k_means_plus_plus"
        if kind == "build":
            return self._standing(state, Z, medoids.built(Z, k, self.settings.metric))
        rng = np.random.default_rng([self.training.seed, state.restart])
        chosen = {"random_points": random_points, "farthest_first": farthest_first}.get(kind, plus_plus)(Z, k, rng)
        return self._standing(state, Z, chosen)

    @staticmethod
    def _standing(state: KMedoidsState, Z: FloatArray, rows: IntArray) -> KMedoidsState:
        """`state` with the rows (k,) of `Z` as its medoids."""
        return replace(state, centres=frozen_array(Z[rows], np.float64), rows=np.array(rows, np.int64))

    @staticmethod
    def _snapped(centres: FloatArray, Z: FloatArray, taken: IntArray | None = None) -> IntArray:
        """The row of `Z` nearest to each of `centres` (k, p), each another and none of `taken`: (k,) or fewer."""
        free = np.ones(len(Z), bool)
        free[np.empty(0, np.intp) if taken is None else taken] = False
        rows: list[int] = []
        for centre in centres[: int(free.sum())]:
            squared = np.where(free, ((Z - centre) ** 2).sum(axis=1), np.inf)
            rows.append(int(squared.argmin()))
            free[rows[-1]] = False
        return np.array(rows, np.int64)

    # -- the steps

    def next(self, state: KMedoidsState, data: TrainingData) -> KMedoidsState:
        """One half-step, or one swap."""
        Z = np.asarray(data.Z, np.float64)
        state = self._following_settings(state, Z, data)
        if not self._stands_on(state, Z):  # points have come, gone or moved
            state = replace(self._standing(state, Z, self._snapped(state.centres, Z)), trail=(), updates=False)
        if not state.updates or len(state.labels) != len(Z):
            return self._assigned(state, Z)
        return self._swapped(state, Z, data) if self.settings.method == "pam" else self._updated(state, Z, data)

    @staticmethod
    def _stands_on(state: KMedoidsState, Z: FloatArray) -> bool:
        """Whether its medoids are the rows of `Z` that it takes them for."""
        known = len(state.rows) == len(state.centres) and bool((state.rows < len(Z)).all())
        return known and np.array_equal(Z[state.rows], state.centres)

    def _following_settings(self, state: KMedoidsState, Z: FloatArray, data: TrainingData) -> KMedoidsState:
        """As many medoids as the settings want: more of them at the points farthest from theirs, or the last gone."""
        if len(state.centres) == 0:
            return self._begun(state, data)
        change = self.settings.k - state.asked
        if change == 0:
            return state
        made = made_by_hand(change, state.ahead)
        state = replace(state, asked=self.settings.k, ahead=state.ahead - made)
        for _ in range(change - made):
            if len(state.centres) < len(Z):
                farthest = medoids.nearest(Z, state.centres, self.settings.metric).first.argmax()
                state = self._with(state, Z, Z[farthest])
        for _ in range(made - change):
            if len(state.centres) > 1:
                state = self._without(state, len(state.centres) - 1)
        return state

    def _assigned(self, state: KMedoidsState, Z: FloatArray) -> KMedoidsState:
        return replace(self._labelled(state, medoids.nearest(Z, state.centres, self.settings.metric)), updates=True)

    @staticmethod
    def _labelled(state: KMedoidsState, found: medoids.Nearest) -> KMedoidsState:
        """`state` with each point at its nearest medoid, and which points that changes."""
        same_points = len(state.labels) == len(found.labels)
        switched = np.flatnonzero(found.labels != state.labels) if same_points else np.empty(0, np.int64)
        moved = len(switched) if same_points else len(found.labels)
        if len(switched) > MOST_RINGS:
            switched = np.empty(0, np.int64)
        objective = float(found.first.mean())
        return replace(state, labels=found.labels, switched=switched, moved=moved, objective=objective)

    def _updated(self, state: KMedoidsState, Z: FloatArray, data: TrainingData) -> KMedoidsState:
        """Each cluster takes the best of its points as its medoid; the end if that is what all of them have."""
        rows = state.rows.copy()
        for cluster, row in enumerate(state.rows):
            members = np.flatnonzero(state.labels == cluster)
            mine = np.flatnonzero(members == row)
            if len(mine):  # else an equal point is another's medoid, and it stands for none
                rows[cluster] = members[medoids.medoid(Z[members], int(mine[0]), self.settings.metric)]
        if np.array_equal(rows, state.rows):
            return self._finished(replace(state, switched=np.empty(0, np.int64), moved=0), data)
        trail = (*state.trail, state.centres)[-_TRAIL:]
        state = replace(self._standing(state, Z, rows), trail=trail, updates=False)
        objective = self._total_distance(state, Z) / len(Z)
        return replace(state, objective=objective, switched=np.empty(0, np.int64), moved=0)

    def _swapped(self, state: KMedoidsState, Z: FloatArray, data: TrainingData) -> KMedoidsState:
        """The best swap of a medoid for a point; the end if none wins anything."""
        now = medoids.nearest(Z, state.centres, self.settings.metric)
        swap = medoids.best_swap(Z, len(state.centres), now, self.settings.metric)
        if swap is None:
            return self._finished(self._labelled(state, now), data)
        rows = state.rows.copy()
        rows[swap[0]] = swap[1]
        trail = (*state.trail, state.centres)[-_TRAIL:]
        state = replace(self._standing(state, Z, rows), trail=trail)
        return self._assigned(state, Z)

    def _finished(self, state: KMedoidsState, data: TrainingData) -> KMedoidsState:
        """The end of one beginning: on to the next, or back to the best."""
        results = (*state.results, state.objective)
        is_best = state.best is None or state.objective <= min(state.results)
        state = replace(state, results=results, best=state.centres if is_best else state.best)
        by_chance = self.settings.initialization not in ("by_hand", "build")
        if by_chance and state.restart + 1 < self.settings.restarts:
            return self._begun(replace(state, restart=state.restart + 1), data)
        if not is_best and state.best is not None:
            Z = np.asarray(data.Z, np.float64)
            state = replace(self._standing(state, Z, self._snapped(state.best, Z)), trail=())
            state = self._labelled(state, medoids.nearest(Z, state.centres, self.settings.metric))
        return replace(state, ended=True)

    # -- the hand

    def touched(self, state: KMedoidsState, data: TrainingData, touch: Touch) -> KMedoidsState:
        """A medoid moved, added or removed; it stands on the nearest point that is none yet."""
        Z = np.asarray(data.Z, np.float64)
        if len(state.centres) > len(Z):
            return state
        if touch.kind == "add":
            if len(state.centres) == min(MOST_CLUSTERS, len(Z)):
                return state
            return replace(self._with(state, Z, touch.z), ended=False, ahead=state.ahead + 1)
        if not 0 <= touch.index < len(state.centres):
            return state
        if touch.kind == "remove":
            if len(state.centres) == 1:
                return state
            state = replace(self._without(state, touch.index), ended=False, ahead=state.ahead - 1)
            return replace(state, objective=self._mean_distance(state, Z))
        rows = self._snapped(state.centres, Z)
        rows[touch.index] = self._snapped(touch.z[None], Z, np.delete(rows, touch.index))[0]
        state = replace(self._anew(state), centres=frozen_array(Z[rows], np.float64), rows=rows)
        return replace(state, objective=self._mean_distance(state, Z))

    def _mean_distance(self, state: KMedoidsState, Z: FloatArray) -> float:
        """The objective of medoids and labels as they are: points that came since belong to the nearest medoid."""
        if state.step == 0:
            return state.objective
        if len(state.labels) != len(Z):
            return float(medoids.nearest(Z, state.centres, self.settings.metric).first.mean())
        return self._total_distance(state, Z) / len(Z)

    def _total_distance(self, state: KMedoidsState, Z: FloatArray) -> float:
        """The sum of the distances of points to the medoid of their cluster."""
        total = 0.0
        for cluster, centre in enumerate(state.centres):
            total += float(medoids.distances(centre[None], Z[state.labels == cluster], self.settings.metric).sum())
        return total

    def _with(self, state: KMedoidsState, Z: FloatArray, z: FloatArray) -> KMedoidsState:
        """One medoid more, the free point nearest to `z`; no point belongs to it yet."""
        rows = self._snapped(state.centres, Z)
        return self._standing(self._anew(state), Z, np.concatenate([rows, self._snapped(z[None], Z, rows)]))

    def _without(self, state: KMedoidsState, index: int) -> KMedoidsState:
        """One medoid less; its points belong to none until they are assigned."""
        labels = state.labels
        if len(labels):
            labels = np.where(labels == index, UNASSIGNED, labels - (labels > index))
        centres = frozen_array(np.delete(state.centres, index, axis=0), np.float64)
        return replace(self._anew(state), centres=centres, rows=np.delete(state.rows, index), labels=labels)

    def _anew(self, state: KMedoidsState) -> KMedoidsState:
        """`state` going on with an assignment, as the first of its beginnings."""
        return replace(state, updates=False, ended=False, trail=(), restart=0, results=(), best=None)

    def again(self, state: KMedoidsState, data: TrainingData) -> KMedoidsState:
        """Go on from the present medoids."""
        return replace(state, ended=False, updates=False, restart=0, results=(), best=None)

    def ending(self, state: KMedoidsState) -> str:
        """How it ended, and of several beginnings which was best."""
        if len(state.results) > 1:
            return best_of(state.results, "mean distance")
        if self.settings.method == "pam":
            return f"No swap of a medoid for another point lowers the mean distance, after {state.step:,} steps."
        return f"Every medoid is the best of its cluster, after {state.step:,} half-steps."

    # -- what it says

    def n_clusters(self, state: KMedoidsState) -> int:
        """As many as there are medoids."""
        return len(state.centres)

    def predict(self, state: KMedoidsState, Z: FloatArray) -> Prediction:
        """The nearest medoid; the scores are minus the distances."""
        Z = np.asarray(Z, np.float64)
        if len(state.centres) == 0:
            return Prediction(np.zeros((len(Z), 1)), np.ones((len(Z), 1)), np.full(len(Z), UNASSIGNED, np.int64))
        return self.say_of_clusters(-medoids.distances(Z, state.centres, self.settings.metric))

    def metrics(self, state: KMedoidsState, data: TrainingData) -> dict[str, float]:
        """The sum of distances to the medoids."""
        same_points = len(state.labels) == len(data.Z)
        mean = state.objective if same_points else self._mean_distance(state, np.asarray(data.Z, np.float64))
        return {"total_distance": mean * len(data.Z)}

    def overlays(self, state: KMedoidsState, data: TrainingData, frame: Frame) -> tuple[Overlay, ...]:
        """The medoids with their trails, lines to their points, and the points that switched."""
        drawn = self.drawn_centres(frame, state.centres, state.trail, state.labels)
        centres = (replace(overlay, on_points=True) for overlay in drawn if isinstance(overlay, Centres))
        return (*super().overlays(state, data, frame), *centres)
