"""Spectral clustering: a graph of who is near whom, its softest vibrations, and k-means on these."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.affinity_graph import Affinity, Graph, Spectrum, graph_of, spectrum_of
from engine.cluster_starts import plus_plus
from engine.clustering import MOST_CLUSTERS, MOST_RINGS, UNASSIGNED, ClusterLearner, ClusterState
from engine.dataset import FloatArray, IntArray
from engine.learner import Prediction, TrainingData
from engine.nearest_group import Groups, groups_of, nearest_group
from engine.overlays import Frame, Overlay, Segments
from engine.settings import Settings, choice

if TYPE_CHECKING:
    from engine.training_settings import Training

Rows = Literal["unit", "random_walk"]

_EIGENVALUES = 11
"""So many at least are looked at: another k is another cut through them."""
_BEGINNINGS = 10
"""Of so many draws of first centres in the eigenspace the best is taken."""


class Spectral(Settings):
    """Clusters are what hangs together in a graph, whatever its shape."""

    kind: Literal["spectral"] = "spectral"
    k: int = choice(3, "Clusters k", "How many clusters are looked for.", ge=1, le=MOST_CLUSTERS)
    affinity: Affinity = choice(
        "nearest_neighbours",
        "Graph",
        "Who is joined to whom: each point to its nearest neighbours, or all to all with a weight that falls with the"
        " distance.",
        labels={"nearest_neighbours": "Neighbours", "rbf": "All pairs (RBF)"},
    )
    neighbours: int = choice(
        10, "Neighbours", "To how many others each point is joined.", ge=1, le=100, log=True,
        only_for={"affinity": ("nearest_neighbours",)},
    )  # fmt: skip
    gamma: float = choice(
        50.0, "γ", "How fast the weight exp(−γ d²) falls with the distance d, in the units of the features.",
        ge=1e-4, le=1e5, log=True, only_for={"affinity": ("rbf",)},
    )  # fmt: skip
    rows: Rows = choice(
        "unit",
        "Rows",
        "What becomes of a point's place among the eigenvectors: it is brought to unit length, or divided by the root"
        " of its degree, as of a random walk on the graph.",
        labels={"unit": "Unit length", "random_walk": "Random walk"},
        advanced=True,
    )


def make(settings: Spectral, training: Training, data: TrainingData) -> SpectralLearner:
    """The learner, whose steps are the graph, the eigenvectors, and half-steps of k-means."""
    return SpectralLearner(settings, training, data)


@dataclass(frozen=True, eq=False)
class SpectralState(ClusterState):
    """How far it has come.

    Parameters
    ----------
    graph : None before the first step.
    spectrum : None before the second.
    embedding : (m, k) the places in the eigenspace of the points that have one.
    placed : (m,) which rows these are: all, unless the graph has more parts than there are clusters.
    centres_there : (k, k) the centres in the eigenspace; none before the third step.
    updates : whether the centres are moved next, rather than the points assigned.
    k, rows : what it was embedded with.
    at_once : whether one step is to go all the way.
    """

    graph: Graph | None = None
    spectrum: Spectrum | None = None
    embedding: FloatArray = field(default_factory=lambda: np.empty((0, 0)))
    placed: IntArray = field(default_factory=lambda: np.empty(0, np.int64))
    centres_there: FloatArray = field(default_factory=lambda: np.empty((0, 0)))
    updates: bool = False
    k: int = 0
    rows: Rows = "unit"
    at_once: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        for array in (self.embedding, self.placed, self.centres_there):
            array.setflags(write=False)


class SpectralLearner(ClusterLearner[SpectralState]):
    """Spectral clustering: first the graph, then eigenvectors of its normalized Laplacian, then k-means on their rows.

    k-means goes by half-steps; the objective is its inertia per point in the eigenspace, which never rises and says
    nothing of another k, for which the space is another. What speaks for a k is the eigengap. Where the graph falls
    into more connected parts than there are clusters, the largest of them are the clusters, and the points of the
    others belong to none. It says something of points only: a place of the plane belongs to the cluster of the nearest
    point that has one.

    References
    ----------
    Ng, Jordan and Weiss (2002). On spectral clustering: analysis and an algorithm. NIPS 14 (rows of unit length).
    Shi and Malik (2000). Normalized cuts and image segmentation. IEEE TPAMI 22 (random walk).
    von Luxburg (2007). A tutorial on spectral clustering. Statistics and Computing 17.
    """

    refits = True  # only so far as that other settings and points are followed at once when it has ended
    compares_k = False

    def __init__(self, settings: Spectral, training: Training, data: TrainingData) -> None:
        super().__init__(training, data)
        self.settings = settings
        self._groups: tuple[SpectralState, Groups] | None = None

    def init(self, data: TrainingData) -> SpectralState:
        """No graph yet."""
        return SpectralState()

    # -- the steps

    def next(self, state: SpectralState, data: TrainingData) -> SpectralState:
        """The graph, the eigenvectors, or a half-step of k-means."""
        Z = np.asarray(data.Z, np.float64)
        state = self._one(state, Z)
        while state.at_once and not state.ended:
            state = self._one(state, Z)
        return replace(state, at_once=False)

    def _one(self, state: SpectralState, Z: FloatArray) -> SpectralState:
        wanted = self.settings.affinity, self.settings.gamma, self.settings.neighbours
        if state.graph is None or not state.graph.is_of(Z, *wanted):
            return replace(self._without_labels(state, len(Z)), graph=graph_of(Z, *wanted), spectrum=None)
        if state.spectrum is None or (state.k, state.rows) != (self.settings.k, self.settings.rows):
            return self._embedded(self._without_labels(state, len(Z)), state.graph)
        return self._updated(state) if state.updates else self._assigned(state)

    @staticmethod
    def _without_labels(state: SpectralState, n: int) -> SpectralState:
        none = np.empty(0, np.int64)
        labels = np.full(n, UNASSIGNED, np.int64)
        return replace(state, labels=labels, switched=none, moved=0, objective=math.inf, updates=False)

    def _embedded(self, state: SpectralState, graph: Graph) -> SpectralState:
        """The points by their coordinates in the first k eigenvectors."""
        k = self.settings.k
        spectrum = state.spectrum
        if spectrum is None or len(spectrum.values) < min(k + 1, len(graph.points)):
            spectrum = spectrum_of(graph, max(k + 1, _EIGENVALUES))
        U = spectrum.vectors[:, :k]
        lengths = np.sqrt((U**2).sum(axis=1))
        placed = np.flatnonzero(lengths > 0)
        by = lengths if self.settings.rows == "unit" else np.sqrt(graph.degrees)
        embedding = U[placed] / np.where(by > 0, by, 1.0)[placed, None]
        return replace(
            state,
            spectrum=spectrum, embedding=embedding, placed=placed, centres_there=np.empty((0, U.shape[1])),
            k=k, rows=self.settings.rows,
        )  # fmt: skip

    def _first_centres(self, embedding: FloatArray) -> FloatArray:
        """Of several draws by k-means++ the centres with the least inertia."""
        from engine.lloyd import assign  # it brings the compiler

        rng = np.random.default_rng(self.training.seed)
        k = min(self.settings.k, len(embedding))
        draws = [embedding[plus_plus(embedding, k, rng)] for _ in range(_BEGINNINGS)]
        return min(draws, key=lambda centres: assign(embedding, centres, compiled=False).total)

    def _assigned(self, state: SpectralState) -> SpectralState:
        """Each point to the nearest centre in the eigenspace; the end where nothing changes."""
        from engine.lloyd import assign

        begins = len(state.centres_there) == 0
        centres = self._first_centres(state.embedding) if begins else state.centres_there
        found = assign(state.embedding, centres, compiled=False)
        labels = np.full(len(state.labels), UNASSIGNED, np.int64)
        labels[state.placed] = found.labels
        switched = np.flatnonzero(labels != state.labels)
        few = not begins and len(switched) <= MOST_RINGS
        return replace(
            state,
            labels=labels, moved=len(switched), switched=switched if few else np.empty(0, np.int64),
            objective=found.mean_squared, centres_there=np.array(centres), updates=True,
            ended=not begins and len(switched) == 0,
        )  # fmt: skip

    def _updated(self, state: SpectralState) -> SpectralState:
        """Each centre to the mean of its points in the eigenspace; one without any to the farthest point."""
        from engine.lloyd import squared_distances

        centres, labels = state.centres_there.copy(), state.labels[state.placed]
        for cluster in range(len(centres)):
            mine = labels == cluster
            if mine.any():
                centres[cluster] = state.embedding[mine].mean(axis=0)
        squared = squared_distances(state.embedding, centres, labels)
        objective = float(squared.mean())
        for cluster in np.setdiff1d(np.arange(len(centres)), labels):
            centres[cluster] = state.embedding[squared.argmax()]
            squared[squared.argmax()] = 0.0
        none = np.empty(0, np.int64)
        return replace(state, centres_there=centres, objective=objective, updates=False, switched=none, moved=0)

    def again(self, state: SpectralState, data: TrainingData) -> SpectralState:
        """What other points or settings ask for, in one step."""
        return replace(state, ended=False, updates=False, at_once=True)

    def ending(self, state: SpectralState) -> str:
        """What the eigenvalues say of k, or which points belong to no cluster."""
        if state.graph is None or state.spectrum is None:
            return super().ending(state)
        apart = len(state.labels) - len(state.placed)
        if apart:
            who = "1 point of a smaller one belongs" if apart == 1 else f"{apart:,} points of the smaller ones belong"
            more = "a smaller γ" if state.graph.affinity == "rbf" else "more neighbours"
            return (
                f"The graph has {state.graph.n_parts:,} parts, more than there are clusters: {who} to none."
                f" Take {more}, or a larger k."
            )
        if not math.isfinite(state.spectrum.gap(state.k)):
            return super().ending(state)
        last, after = state.spectrum.values[state.k - 1 : state.k + 1]
        return f"Eigenvalue number k = {state.k} is {last:.3g}, the next {after:.3g}: where they jump, k is right."

    # -- what it says

    def n_clusters(self, state: SpectralState) -> int:
        """As many as there are centres in the eigenspace."""
        return len(state.centres_there)

    def predict(self, state: SpectralState, Z: FloatArray) -> Prediction:
        """The cluster of the nearest point that has one, `UNASSIGNED` before there are any.

        The scores are minus the distances to the nearest point of each cluster.
        """
        inside = np.flatnonzero(state.labels >= 0)
        if len(inside) == 0 or state.graph is None:
            return Prediction(np.zeros((len(Z), 1)), np.zeros((len(Z), 1)), np.full(len(Z), UNASSIGNED, np.int64))
        if self._groups is None or self._groups[0] is not state:
            self._groups = state, groups_of(state.graph.points[inside], state.labels[inside])
        return nearest_group(self._groups[1], Z)

    def losses_of(self, said: Prediction, y: NDArray[Any]) -> FloatArray:
        """1 for each place that belongs to no cluster, else 0."""
        assert said.labels is not None
        return np.asarray(said.labels < 0, np.float64)

    def metrics(self, state: SpectralState, data: TrainingData) -> dict[str, float]:
        """Eigenvalue number k, the eigengap after it, and the normalized cut."""
        found: dict[str, float] = {}
        if state.spectrum is not None:
            found["eigenvalue"] = float(state.spectrum.values[state.embedding.shape[1] - 1])
            found["eigengap"] = state.spectrum.gap(state.k)
        if state.graph is not None and (state.labels >= 0).any():
            found["normalized_cut"] = state.graph.normalized_cut(state.labels)
        return {name: value for name, value in found.items() if math.isfinite(value)}

    def overlays(self, state: SpectralState, data: TrainingData, frame: Frame) -> tuple[Overlay, ...]:
        """The graph, as far as it is sparse, and the points that switched."""
        marks = super().overlays(state, data, frame)
        if state.graph is None or len(frame.points) != len(state.graph.points) or len(state.graph.edges) == 0:
            return marks
        points, (first, second) = np.asarray(frame.points, np.float64), state.graph.edges.T
        return (Segments(np.hstack([points[first], points[second]]), "edge"), *marks)
