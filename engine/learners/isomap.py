"""Isomap: distances measured along the points, from neighbour to neighbour, and laid out flat."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from engine.dataset import FloatArray, IntArray, frozen_array
from engine.double_centring import coordinates
from engine.learner import Path, TrainingData
from engine.neighbour_graph import NeighbourGraph, geodesics, neighbour_graph, shortest_way
from engine.overlays import Frame, Line, Overlay, Segments
from engine.projecting import EmbeddingLearner, EmbeddingState
from engine.settings import Settings, choice
from engine.stepwise import CannotLearn

if TYPE_CHECKING:
    from engine.training_settings import Training

_GRAPH, _WAYS, _PLACES = 1, 2, 3


class Isomap(Settings):
    """Places whose distances are those along a sheet that the points lie on."""

    kind: Literal["isomap"] = "isomap"
    neighbours: int = choice(
        5,
        "Neighbours",
        "How many nearest others each point is joined to: too few leave the graph in pieces, too many take short cuts"
        " from one layer of a sheet to the next.",
        ge=1,
        le=100,
    )
    components: int = choice(2, "Components", "How many numbers the place of a point has.", ge=1, le=10)


def make(settings: Isomap, training: Training, data: TrainingData) -> IsomapLearner:
    """The learner, whose three steps are the graph, the ways along it, and the places."""
    return IsomapLearner(settings, training, data)


@dataclass(frozen=True, eq=False)
class IsomapState(EmbeddingState):
    """How far it is; the objective is the residual variance.

    Parameters
    ----------
    reached : 0 before the first step, then 1 with the graph, 2 with the ways, 3 with the places.
    graph : of the neighbours; None before the first step.
    way : the rows on the shortest way between the two points that are farthest apart; empty before the second step.
    """

    reached: int = 0
    graph: NeighbourGraph | None = None
    way: IntArray = field(default_factory=lambda: frozen_array(np.empty(0), np.int64))


class IsomapLearner(EmbeddingLearner[IsomapState]):
    """Isometric feature mapping, in three steps.

    First each point is joined to its nearest neighbours; then the shortest ways along these edges are measured between
    all pairs of points (Dijkstra); last these distances are laid out by classical scaling. A graph in pieces is joined
    where two pieces come nearest, as in scikit-learn, and it is said so. Another number of neighbours and other points
    act on what is reached, and at once when it has ended.

    References
    ----------
    Tenenbaum, de Silva and Langford (2000). A global geometric framework for nonlinear dimensionality reduction.
    Science 290.
    """

    refits = True  # only so far as that other settings and points are followed at once when it has ended

    def __init__(self, settings: Isomap, training: Training, data: TrainingData) -> None:
        super().__init__(training, data)
        self.settings = settings
        self._graph: tuple[FloatArray, NeighbourGraph] | None = None
        self._ways: tuple[NeighbourGraph, FloatArray] | None = None

    def init(self, data: TrainingData) -> IsomapState:
        """Nothing is known."""
        return IsomapState()

    # -- the steps

    def next(self, state: IsomapState, data: TrainingData) -> IsomapState:
        """The graph, the ways, or the places; what comes before them is found anew where points have changed."""
        graph = self._graph_of(data)
        reached = min(state.reached + 1, _PLACES)
        state = replace(IsomapState(step=state.step, epoch=state.epoch), reached=reached, graph=graph)
        if reached == _GRAPH:
            return state
        ways = self._ways_along(graph)
        ends = np.unravel_index(int(ways.argmax()), ways.shape)
        state = replace(state, way=frozen_array(shortest_way(graph, int(ends[0]), int(ends[1])), np.int64))
        if reached == _WAYS:
            return state
        places = coordinates(np.square(ways), min(self.settings.components, graph.n - 1))
        objective = residual_variance(places, ways)
        return replace(state, embedding=frozen_array(places, np.float64), objective=objective, ended=True)

    def _graph_of(self, data: TrainingData) -> NeighbourGraph:
        if self._graph is None or self._graph[0] is not data.Z:
            Z = np.ascontiguousarray(data.Z, np.float64)
            if not np.ptp(Z, axis=0).any():
                raise CannotLearn("All points lie in one place, so there are no distances to lay out: move some.")
            with np.errstate(over="ignore"):
                if not np.isfinite(np.square(Z).sum()):
                    raise CannotLearn("Features are so large that squares of distances overflow: scale them.")
            self._graph = data.Z, neighbour_graph(Z, self.settings.neighbours)
        return self._graph[1]

    def _ways_along(self, graph: NeighbourGraph) -> FloatArray:
        """How long the shortest way is between all points (n, n), computed once for each graph."""
        if self._ways is None or self._ways[0] is not graph:
            self._ways = graph, geodesics(graph)
        return self._ways[1]

    def again(self, state: IsomapState, data: TrainingData) -> IsomapState:
        """Before the last step, which follows what has changed."""
        return replace(state, ended=False, step=state.step - 1, epoch=state.epoch - 1)

    # -- what it says

    def metrics(self, state: IsomapState, data: TrainingData) -> dict[str, float]:
        """What the places leave unexplained of the ways."""
        return {"residual_variance": state.objective} if np.isfinite(state.objective) else {}

    def ending(self, state: IsomapState) -> str:
        """How many neighbours were asked, and whether the graph was in pieces."""
        assert state.graph is not None
        said = f"Laid out by {len(state.graph.edges):,} edges between neighbours."
        if state.graph.pieces > 1:
            said += (
                f" They were in {state.graph.pieces:,} pieces, which were joined where they come nearest: for distances"
                " that mean more, take more neighbours."
            )
        return said

    def path(self, state: IsomapState) -> Path:
        return "numpy"

    def overlays(self, state: IsomapState, data: TrainingData, frame: Frame) -> tuple[Overlay, ...]:
        """The edges of the graph, and the longest of the shortest ways."""
        if state.graph is None or state.graph.n != len(frame.points):
            return ()
        points = np.asarray(frame.points, np.float64)
        edges = Segments(np.hstack([points[state.graph.edges[:, 0]], points[state.graph.edges[:, 1]]]), "edge")
        return (edges, Line(points[state.way], "way")) if len(state.way) > 1 else (edges,)


def residual_variance(places: FloatArray, ways: FloatArray) -> float:
    """1 − R² of the distances of places (n, r) and the ways between points (n, n); 0 of two points."""
    from scipy.spatial.distance import pdist

    present, wanted = pdist(places), ways[np.triu_indices(len(ways), 1)]
    if np.ptp(present) == 0 or np.ptp(wanted) == 0:
        return 0.0
    return float(1.0 - np.corrcoef(present, wanted)[0, 1] ** 2)
