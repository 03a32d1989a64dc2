"""k-means: each point to the nearest centre, then each centre to the mean of its points, and so on."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from engine.cluster_starts import best_of, centres_by_hand, farthest_first, made_by_hand, plus_plus, random_points
from engine.clustering import MOST_CLUSTERS, MOST_RINGS, UNASSIGNED, ClusterLearner, ClusterState, Touch
from engine.dataset import FloatArray, IntArray, frozen_array
from engine.learner import Path, Prediction, TrainingData
from engine.overlays import Frame, Overlay
from engine.settings import Settings, choice

if TYPE_CHECKING:
    from engine.lloyd import Assigned
    from engine.training_settings import Training

Initialization = Literal["k_means_plus_plus", "random_points", "random_partition", "farthest_first", "by_hand"]

_TRAIL = 60
"""So many earlier places of the centres are kept."""


class KMeans(Settings):
    """As many centres as are asked for, each in the middle of the points that are nearest to it."""

    kind: Literal["k_means"] = "k_means"
    k: int = choice(3, "Clusters k", "How many clusters are looked for.", ge=1, le=MOST_CLUSTERS)
    initialization: Initialization = choice(
        "k_means_plus_plus",
        "First centres",
        "Where the centres begin. k-means++ draws points far from those drawn already, a random partition gives every"
        " point a cluster by chance, farthest first takes the farthest point each time; by hand, they are put on the"
        " stage with the centre tool.",
        labels={
            "k_means_plus_plus": "k-means++",
            "random_points": "Random points",
            "random_partition": "Random partition",
            "farthest_first": "Farthest first",
            "by_hand": "By hand",
        },
    )
    restarts: int = choice(
        1, "Restarts", "How often it begins anew with other first centres; the best result is kept.", ge=1, le=50,
        log=True,
    )  # fmt: skip
    empty: Literal["farthest", "keep", "drop"] = choice(
        "farthest",
        "Empty clusters",
        "What becomes of a centre that no point is nearest to: it goes to the point that is farthest from its own, it"
        " stays where it is, or it is given up.",
        labels={"farthest": "To the farthest point", "keep": "Stay", "drop": "Are given up"},
        advanced=True,
    )
    centres: tuple[tuple[float, ...], ...] = choice(
        (), "Centres", "The first centres by hand, in the units of the features.",
        max_length=MOST_CLUSTERS, only_for={"initialization": ("by_hand",)}, advanced=True,
    )  # fmt: skip


def make(settings: KMeans, training: Training, data: TrainingData) -> KMeansLearner:
    """The learner, whose steps are half-steps."""
    return KMeansLearner(settings, training, data)


@dataclass(frozen=True, eq=False)
class KMeansState(ClusterState):
    """Centres, and which half of Lloyd's step comes next.

    Parameters
    ----------
    centres : (k, p).
    assigned : what the last assignment found; None before the first, and when points have changed.
    updates : whether the centres are moved next, rather than the points assigned.
    trail : earlier places of the centres, the oldest first, each (k, p).
    restart : which beginning it is, counted from 0.
    results : the mean squared distance that each finished beginning came to, in order.
    best : the centres of the best of them.
    asked : how many clusters the settings wanted when they were last followed.
    ahead : by how many centres a hand is ahead of the settings, which follow it.
    """

    centres: FloatArray = field(default_factory=lambda: np.empty((0, 0)))
    assigned: Assigned | None = None
    updates: bool = False
    trail: tuple[FloatArray, ...] = ()
    restart: int = 0
    results: tuple[float, ...] = ()
    best: FloatArray | None = None
    asked: int = 0
    ahead: int = 0


class KMeansLearner(ClusterLearner[KMeansState]):
    """Lloyd's algorithm by half-steps: points to their nearest centre, then centres to the mean of their points.

    The mean squared distance of points to their centre never rises in either half. It ends when an assignment changes
    nothing. An empty cluster is treated as scikit-learn does if it goes to the farthest point: that point leaves its
    cluster.

    References
    ----------
    Lloyd (1982). Least squares quantization in PCM. IEEE Transactions on Information Theory 28.
    Arthur and Vassilvitskii (2007). k-means++: the advantages of careful seeding. SODA.
    Gonzalez (1985). Clustering to minimize the maximum intercluster distance (farthest first).
    """

    has_centres = True

    def __init__(self, settings: KMeans, training: Training, data: TrainingData) -> None:
        super().__init__(training, data)
        self.settings = settings

    def init(self, data: TrainingData) -> KMeansState:
        """The first centres, and no labels yet; of a random partition its labels, and their means."""
        return self._begun(KMeansState(), data)

    def _begun(self, state: KMeansState, data: TrainingData) -> KMeansState:
        """`state` with the first centres of its restart."""
        Z, k = np.asarray(data.Z, np.float64), min(self.settings.k, len(data.Z))
        state = replace(state, assigned=None, updates=False, trail=(), labels=np.empty(0, np.int64))
        state = replace(state, switched=np.empty(0, np.int64), objective=math.inf, asked=self.settings.k, ahead=0)
        if k == 0:
            return replace(state, centres=np.empty((0, self.n_features)))
        rng = np.random.default_rng([self.training.seed, state.restart])
        kind: Initialization = self.settings.initialization
        if kind == "by_hand":
            placed = centres_by_hand(self.settings.centres, data)
            if placed is not None:
                return replace(state, centres=placed, asked=len(placed))
            kind = "k_means_plus_plus"
        if kind == "random_partition":
            labels = rng.permutation(np.arange(len(Z)) % k)
            means = np.array([Z[labels == cluster].mean(axis=0) for cluster in range(k)])
            return replace(state, centres=frozen_array(means, np.float64))
        chosen = {"random_points": random_points, "farthest_first": farthest_first}.get(kind, plus_plus)(Z, k, rng)
        return replace(state, centres=frozen_array(Z[chosen], np.float64))

    # -- the steps

    @property
    def uses_loops(self) -> bool:
        return True

    def next(self, state: KMeansState, data: TrainingData) -> KMeansState:
        """One half-step."""
        state = self._following_settings(state, data)
        if state.assigned is None or len(state.labels) != len(data.Z) or not state.updates:
            return self._assigned(state, data)
        return self._updated(state, data)

    def _following_settings(self, state: KMeansState, data: TrainingData) -> KMeansState:
        """As many centres as the settings want: more of them at the points farthest from theirs, or the last gone."""
        if len(state.centres) == 0:
            return self._begun(state, data)
        change = self.settings.k - state.asked
        if change == 0:
            return state
        made = made_by_hand(change, state.ahead)
        state = replace(state, asked=self.settings.k, ahead=state.ahead - made)
        for _ in range(change - made):
            if len(state.centres) < len(data.Z):
                state = self._with(state, data.Z[self._farthest(state, data)])
        for _ in range(made - change):
            if len(state.centres) > 1:
                state = self._without(state, len(state.centres) - 1)
        return state

    def _assign(self, Z: FloatArray, centres: FloatArray, before: IntArray | None = None) -> Assigned:
        from engine.lloyd import assign  # it brings the compiler

        return assign(Z, centres, before, compiled=not self.standing_in)

    def _farthest(self, state: KMeansState, data: TrainingData) -> int:
        """The row that is farthest from its centre."""
        from engine.lloyd import squared_distances

        return int(squared_distances(data.Z, state.centres, self._assign(data.Z, state.centres).labels).argmax())

    def _assigned(self, state: KMeansState, data: TrainingData) -> KMeansState:
        same_points = len(state.labels) == len(data.Z)
        found = self._assign(data.Z, state.centres, state.labels if same_points else None)
        few = same_points and found.changed <= MOST_RINGS
        state = replace(
            state,
            assigned=found, labels=found.labels, updates=True, objective=found.mean_squared,
            switched=np.flatnonzero(found.labels != state.labels) if few else np.empty(0, np.int64),
            moved=found.changed,
        )  # fmt: skip
        if same_points and found.changed == 0 and self._are_means(state.centres, found):
            return self._finished(state, data)
        return state

    @staticmethod
    def _are_means(centres: FloatArray, found: Assigned) -> bool:
        """Whether each centre is the mean of its points: not so where a hand has moved a centre or a point a little."""
        taken = found.counts > 0
        means = found.sums[taken] / found.counts[taken, None]
        return bool(np.allclose(means, centres[taken], rtol=1e-9, atol=1e-9))

    def _finished(self, state: KMeansState, data: TrainingData) -> KMeansState:
        """The end of one beginning: on to the next, or back to the best."""
        results = (*state.results, state.objective)
        is_best = state.best is None or state.objective <= min(state.results)
        state = replace(state, results=results, best=state.centres if is_best else state.best)
        if state.restart + 1 < self.settings.restarts and self.settings.initialization != "by_hand":
            return self._begun(replace(state, restart=state.restart + 1), data)
        if not is_best and state.best is not None:
            found = self._assign(data.Z, state.best)
            state = replace(
                state, centres=state.best, assigned=found, labels=found.labels, objective=found.mean_squared, trail=()
            )
        return replace(state, ended=True)

    def _updated(self, state: KMeansState, data: TrainingData) -> KMeansState:
        assert state.assigned is not None
        counts, sums = state.assigned.counts.copy(), state.assigned.sums.copy()
        labels, total = state.labels, state.objective * len(state.labels)
        empty = np.flatnonzero(counts == 0)
        if len(empty) and self.settings.empty == "farthest":
            from engine.lloyd import squared_distances

            labels, squared = labels.copy(), squared_distances(data.Z, state.centres, state.assigned.labels)
            for cluster, row in zip(empty, np.argsort(-squared, kind="stable"), strict=False):
                if squared[row] <= 0:  # every point lies on its centre: there is nothing to be won
                    break
                counts[labels[row]] -= 1
                sums[labels[row]] -= data.Z[row]
                labels[row], counts[cluster], sums[cluster] = cluster, 1, data.Z[row]
                total -= float(squared[row])
        with np.errstate(invalid="ignore"):
            means = sums / counts[:, None]
        centres = np.where(counts[:, None] > 0, means, state.centres)
        # The squares about a mean are less than those about another place by n times the distance squared.
        shift = ((centres - state.centres) ** 2).sum(axis=1)
        relocated = np.isin(np.arange(len(counts)), empty) & (counts > 0)
        total -= float((np.where(relocated, 0, counts) * shift).sum())
        state = replace(
            state,
            centres=frozen_array(centres, np.float64), labels=labels, updates=False, switched=np.empty(0, np.int64),
            moved=0, objective=max(0.0, total / max(1, len(labels))), trail=(*state.trail, state.centres)[-_TRAIL:],
        )  # fmt: skip
        if len(empty) and self.settings.empty == "drop":
            for cluster in empty[::-1].tolist():
                state = self._without(state, cluster)
            state = replace(state, updates=False)
        return state

    # -- the hand

    def touched(self, state: KMeansState, data: TrainingData, touch: Touch) -> KMeansState:
        """A centre moved, added or removed; what it has to say about the points comes with the next half-step."""
        if touch.kind == "add":
            if len(state.centres) >= MOST_CLUSTERS:
                return state
            return replace(self._with(state, touch.z), ended=False, ahead=state.ahead + 1)
        if not 0 <= touch.index < len(state.centres):
            return state
        if touch.kind == "remove":
            if len(state.centres) == 1:
                return state
            state = replace(self._without(state, touch.index), ended=False, ahead=state.ahead - 1)
            return replace(state, objective=self._mean_squared(state, data))
        centres = state.centres.copy()
        centres[touch.index] = touch.z
        state = replace(
            state, centres=frozen_array(centres, np.float64), updates=False, ended=False, trail=(), restart=0,
            results=(), best=None,
        )  # fmt: skip
        return replace(state, objective=self._mean_squared(state, data))

    def _mean_squared(self, state: KMeansState, data: TrainingData) -> float:
        """The objective of centres and labels as they are: points that came since belong to the nearest centre."""
        if state.step == 0:
            return state.objective
        if len(state.labels) != len(data.Z):
            return self._assign(data.Z, state.centres).mean_squared
        from engine.lloyd import squared_distances

        inside = state.labels != UNASSIGNED
        return float(squared_distances(data.Z[inside], state.centres, state.labels[inside]).sum()) / len(data.Z)

    def _with(self, state: KMeansState, z: FloatArray) -> KMeansState:
        """One centre more; no point belongs to it yet."""
        row = np.asarray(z, np.float64)[None]
        return replace(
            state,
            centres=frozen_array(np.concatenate([state.centres.reshape(-1, self.n_features), row]), np.float64),
            updates=False, trail=(), restart=0, results=(), best=None,
        )  # fmt: skip

    def _without(self, state: KMeansState, index: int) -> KMeansState:
        """One centre less; its points belong to none until they are assigned."""
        labels = state.labels
        if len(labels):
            labels = np.where(labels == index, UNASSIGNED, labels - (labels > index))
        return replace(
            state,
            centres=frozen_array(np.delete(state.centres, index, axis=0), np.float64), labels=labels, updates=False,
            trail=(), restart=0, results=(), best=None,
        )  # fmt: skip

    def again(self, state: KMeansState, data: TrainingData) -> KMeansState:
        """Go on from the present centres."""
        return replace(state, ended=False, updates=False, restart=0, results=(), best=None)

    def ending(self, state: KMeansState) -> str:
        """How it ended, and of several beginnings which was best."""
        if len(state.results) > 1:
            return best_of(state.results, "inertia")
        return f"No point changes its cluster any more, after {state.step:,} half-steps."

    # -- what it says

    def n_clusters(self, state: KMeansState) -> int:
        """As many as there are centres."""
        return len(state.centres)

    def predict(self, state: KMeansState, Z: FloatArray) -> Prediction:
        """The nearest centre; the scores are minus the squared distances."""
        Z = np.asarray(Z, np.float64)
        if len(state.centres) == 0:
            return Prediction(np.zeros((len(Z), 1)), np.ones((len(Z), 1)), np.full(len(Z), UNASSIGNED, np.int64))
        squared = np.stack([((Z - centre) ** 2).sum(axis=1) for centre in state.centres], axis=1)
        return self.say_of_clusters(-squared)

    def metrics(self, state: KMeansState, data: TrainingData) -> dict[str, float]:
        """The inertia: the sum of squared distances to the centres."""
        same_points = len(state.labels) == len(data.Z)
        return {"inertia": (state.objective if same_points else self._mean_squared(state, data)) * len(data.Z)}

    def path(self, state: KMeansState) -> Path:
        return "numpy" if self.standing_in else "compiled"

    def overlays(self, state: KMeansState, data: TrainingData, frame: Frame) -> tuple[Overlay, ...]:
        """The centres with their trails, lines to their points, and the points that switched."""
        centres = self.drawn_centres(frame, state.centres, state.trail, state.labels)
        return (*super().overlays(state, data, frame), *centres)
