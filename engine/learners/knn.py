"""k-nearest neighbours: what a place is, the training points around it say."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.cores import cores_of_one_run
from engine.dataset import FloatArray, IntArray, frozen_array
from engine.learner import Prediction, TrainingData
from engine.overlays import Reasons
from engine.settings import Settings, choice
from engine.stepwise import CannotLearn, StepState, StepwiseLearner

if TYPE_CHECKING:
    from engine.training_settings import Training

_NORMS = {"manhattan": 1.0, "euclidean": 2.0, "chebyshev": np.inf}
"""The p of the p-norm that measures a distance."""

_LARGEST = 1e150
"""The square of a feature beyond this may be infinite."""

_BLOCK = 1_000_000
"""Neighbours looked up at a time: some ten megabytes."""

_WORTH_THREADS = 20_000
"""Fewer neighbours are found before a second thread has started."""


class KNearestNeighbours(Settings):
    """A vote among the k nearest training points, or their mean."""

    kind: Literal["knn"] = "knn"
    k: int = choice(
        5,
        "Neighbours (k)",
        "How many of the nearest training points are asked: few follow every point, many smooth them over.",
        ge=1,
        le=200,
    )
    weights: Literal["uniform", "gaussian"] = choice(
        "uniform",
        "Weights",
        "Whether every neighbour counts the same, or a near one more than a far one.",
        labels={"uniform": "All alike", "gaussian": "Gaussian kernel"},
    )
    sigma: float = choice(
        0.2,
        "Width (σ)",
        "A neighbour at distance d counts exp(-d²/2σ²): small listens to the nearest only, large to all k alike.",
        ge=1e-3,
        le=100.0,
        log=True,
        only_for={"weights": ("gaussian",)},
    )
    metric: Literal["euclidean", "manhattan", "chebyshev"] = choice(
        "euclidean",
        "Distance",
        "What near means: as the crow flies, along the streets, or along the one feature that differs most.",
        labels={"euclidean": "Euclidean", "manhattan": "Manhattan", "chebyshev": "Chebyshev"},
    )


def make(settings: KNearestNeighbours, training: Training, data: TrainingData) -> KnnLearner:
    """The learner, which has learned all it can after one step."""
    return KnnLearner(settings, training, data)


@dataclass(frozen=True, eq=False)
class KnnState(StepState):
    """The training points, ready to be found.

    Parameters
    ----------
    tree : `scipy.spatial.cKDTree` of the m places where training points lie, in the order of their first rows.
    rows : (n,) the training rows, place by place and ascending within one.
    starts, counts : (m,) where in `rows` a place begins, and how many rows lie there.
    targets : (n,) the targets of `rows`.
    """

    tree: Any = None
    rows: IntArray | None = None
    starts: IntArray | None = None
    counts: IntArray | None = None
    targets: NDArray[Any] | None = None


class KnnLearner(StepwiseLearner[KnnState]):
    """k-nearest neighbours, uniform or weighted by a Gaussian kernel.

    Probabilities are shares of the (weighted) votes, and a regression is their (weighted) mean. Of classes with equal
    shares the first wins. Of places equally far away, the one whose first training row comes first is nearer; of
    points at one place, the one that comes first. With k above the number of points all of them are asked. Kernel
    weights are taken relative to the nearest neighbour, which changes no share, so that they never all vanish. A
    feature that is not a number counts as 0.

    References
    ----------
    Hastie, Tibshirani, Friedman (2009). The Elements of Statistical Learning, 2nd ed., sections 2.3.2 and 6.1.
    """

    refits = True

    def __init__(self, settings: KNearestNeighbours, training: Training, data: TrainingData) -> None:
        super().__init__(training, data)
        self.settings = settings

    def init(self, data: TrainingData) -> KnnState:
        """Nobody to ask yet."""
        return KnnState()

    def next(self, state: KnnState, data: TrainingData) -> KnnState:
        """All training points, sorted into a tree."""
        from scipy.spatial import cKDTree

        Z = np.ascontiguousarray(data.Z, np.float64)
        if np.abs(Z).max() > _LARGEST:
            raise CannotLearn("A feature of a point is too large to measure distances with: scale it.")
        places, first, of_row = np.unique(Z, axis=0, return_index=True, return_inverse=True)
        order = np.argsort(first)
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order))
        place_of_row = rank[of_row.reshape(-1)]
        rows = np.argsort(place_of_row, kind="stable")
        counts = np.bincount(place_of_row)
        return KnnState(
            ended=True,
            # Quick to build also where many coordinates are equal; what is found is the same.
            tree=cKDTree(places[order], balanced_tree=False),
            rows=frozen_array(rows, np.int64),
            starts=frozen_array(np.cumsum(counts) - counts, np.int64),
            counts=frozen_array(counts, np.int64),
            targets=frozen_array(data.y[rows], data.y.dtype),
        )

    def ending(self, state: KnnState) -> str:
        """How many points are remembered."""
        assert state.rows is not None
        return f"All {len(state.rows):,} training points are remembered; that is all there is to learn."

    def predict(self, state: KnnState, Z: FloatArray) -> Prediction:
        """Shares of votes or means; every class alike, or zero, before the first step."""
        if state.rows is None or state.targets is None:
            return self.say_nothing(len(Z))
        k = min(self.settings.k, len(state.rows))
        found = np.empty((len(Z), max(1, self.n_classes)))
        block = max(1, _BLOCK // k)
        for first in range(0, len(Z), block):
            places, distances = self._neighbours(state, Z[first : first + block], k)
            targets, weights = state.targets[places], self._weights(distances)
            found[first : first + block] = self._shares(targets, weights)
        return self.say_of_values(found[:, 0]) if self.task == "regression" else self.say_of_classes(found)

    def _shares(self, targets: NDArray[Any], weights: FloatArray) -> FloatArray:
        """Shares of the classes (b, K), or means (b, 1), from targets and weights (b, k)."""
        total = weights.sum(axis=1)[:, None]
        if self.task == "regression":
            return np.asarray((targets * weights).sum(axis=1)[:, None] / total)
        b, K = len(targets), self.n_classes
        votes = np.bincount((targets + K * np.arange(b)[:, None]).ravel(), weights.ravel(), b * K)
        return np.asarray(votes.reshape(b, K) / total)

    def _weights(self, distances: FloatArray) -> FloatArray:
        """What each neighbour counts (b, k), from distances in ascending order; the nearest counts 1."""
        if self.settings.weights == "uniform":
            return np.ones_like(distances)
        nearest = distances[:, :1]
        scale = 1.0 / (np.sqrt(2.0) * self.settings.sigma)
        with np.errstate(over="ignore"):
            return np.asarray(np.exp(-((distances - nearest) * scale) * ((distances + nearest) * scale)))

    def _neighbours(self, state: KnnState, Z: FloatArray, k: int) -> tuple[IntArray, FloatArray]:
        """The k nearest of each row of `Z` (b, p): where they are in `rows` (b, k), and their distances (b, k)."""
        assert state.starts is not None
        assert state.counts is not None
        where = np.clip(np.nan_to_num(np.asarray(Z, np.float64), nan=0.0), -_LARGEST, _LARGEST)
        places, distances = self._nearest_places(state, where, min(k, len(state.counts)))
        before = np.cumsum(state.counts[places], axis=1) - state.counts[places]
        taken = np.clip(k - before, 0, state.counts[places]).ravel()
        flat = np.repeat(state.starts[places].ravel() - np.cumsum(taken) + taken, taken) + np.arange(taken.sum())
        return flat.reshape(-1, k), np.repeat(distances.ravel(), taken).reshape(-1, k)

    def _nearest_places(self, state: KnnState, where: FloatArray, k: int) -> tuple[IntArray, FloatArray]:
        """The k nearest places of each row (b, k) and their distances, both in ascending order, ties by place."""
        p, n_places = _NORMS[self.settings.metric], state.tree.n
        places, distances = np.empty((len(where), k), np.int64), np.empty((len(where), k))
        left, asked = np.arange(len(where)), min(k + 1, n_places)
        while len(left):
            workers = cores_of_one_run() if len(left) * asked > _WORTH_THREADS else 1
            # One more than wanted shows whether the last of them has equals that the tree left out by chance.
            d, found = state.tree.query(where[left], k=np.arange(1, asked + 1), p=p, workers=workers)
            tied = np.flatnonzero((d[:, 1:] == d[:, :-1]).any(axis=1))
            order = np.lexsort((found[tied], d[tied]))
            found[tied] = np.take_along_axis(found[tied], order, axis=1)
            settled = (d[:, -1] > d[:, k - 1]) | (asked == n_places)
            places[left[settled]], distances[left[settled]] = found[settled, :k], d[settled, :k]
            left, asked = left[~settled], min(2 * asked, n_places)
        return places, distances

    def reasons(self, state: KnnState, data: TrainingData, z: FloatArray) -> Reasons | None:
        """The neighbours, and how they vote."""
        if state.rows is None or state.targets is None:
            return None
        k = min(self.settings.k, len(state.rows))
        places, distances = self._neighbours(state, z[None], k)
        weights = self._weights(distances)
        targets = state.targets[places[0]]
        return Reasons(state.rows[places[0]], weights[0], self._lines(data, targets, weights))

    def _lines(self, data: TrainingData, targets: NDArray[Any], weights: FloatArray) -> tuple[str, ...]:
        k, weighted = len(targets), self.settings.weights == "gaussian"
        shares = self._shares(targets[None], weights)[0]
        if self.task == "regression":
            nearest = "the nearest point" if k == 1 else f"the {k} nearest"
            return (f"{'Weighted mean' if weighted else 'Mean'} of {nearest}: {shares[0]:.4g}",)
        votes = ", ".join(f"{n} × {data.class_name(label)}" for label, n in Counter(targets.tolist()).most_common())
        if not weighted:
            return (f"{k} nearest: {votes}",)
        order = [label for label in np.argsort(-shares, kind="stable").tolist() if shares[label] > 0]
        by_weight = ", ".join(f"{100 * shares[label]:.0f} % {data.class_name(label)}" for label in order)
        return f"{k} nearest: {votes}", f"By weight: {by_weight}"
