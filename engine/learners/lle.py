"""Locally linear embedding: places that are the same weighted means of their neighbours as the points are."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from engine.dataset import FloatArray, IntArray, frozen_array
from engine.eigenvectors import smallest
from engine.learner import Path, TrainingData
from engine.neighbour_graph import nearest
from engine.overlays import Frame, Overlay, Segments
from engine.power_iteration import signed
from engine.projecting import EmbeddingLearner, EmbeddingState
from engine.settings import Settings, choice
from engine.stepwise import CannotLearn

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from engine.training_settings import Training

_NEIGHBOURS, _WEIGHTS, _PLACES = 1, 2, 3


class LocallyLinearEmbedding(Settings):
    """Places for the points that lie among their neighbours as the points do."""

    kind: Literal["lle"] = "lle"
    neighbours: int = choice(
        6,
        "Neighbours",
        "Of how many nearest others each point is a weighted mean: too few leave groups that know nothing of each"
        " other, too many are not in one flat piece any more.",
        ge=1,
        le=100,
    )
    components: int = choice(2, "Components", "How many numbers the place of a point has.", ge=1, le=10)
    regularization: float = choice(
        1e-3,
        "Regularization",
        "Evens the weights out where there are more neighbours than features, so that they are told apart at all: a"
        " share of the neighbours' variance.",
        ge=1e-9, le=1.0, log=True,
    )  # fmt: skip


def make(settings: LocallyLinearEmbedding, training: Training, data: TrainingData) -> LleLearner:
    """The learner, whose three steps are the neighbours, the weights, and the places."""
    return LleLearner(settings, training, data)


@dataclass(frozen=True, eq=False)
class LleState(EmbeddingState):
    """How far it is; the objective is how far places are from the means of their neighbours.

    Parameters
    ----------
    reached : 0 before the first step, then 1 with the neighbours, 2 with the weights, 3 with the places.
    neighbours : (n, k) the rows of the neighbours of each point.
    weights : (n, k) how much each of them counts; the weights of a point sum to 1.
    """

    reached: int = 0
    neighbours: IntArray = field(default_factory=lambda: frozen_array(np.empty((0, 0)), np.int64))
    weights: FloatArray = field(default_factory=lambda: frozen_array(np.empty((0, 0)), np.float64))


class LleLearner(EmbeddingLearner[LleState]):
    """Locally linear embedding, in three steps.

    First the nearest neighbours of each point are found; then the weights W with which they make the point up as a
    mean, as nearly as can be; last the places of variance 1 that the same weights make up as nearly as can be: the
    eigenvectors of (I − W)ᵀ(I − W) with the smallest eigenvalues but the very smallest, whose eigenvector is the same
    for all points. Another number of neighbours and other points act on what is reached, and at once when it has ended.

    References
    ----------
    Roweis and Saul (2000). Nonlinear dimensionality reduction by locally linear embedding. Science 290.
    Saul and Roweis (2003). Think globally, fit locally. JMLR 4, section 2.
    """

    refits = True  # only so far as that other settings and points are followed at once when it has ended

    def __init__(self, settings: LocallyLinearEmbedding, training: Training, data: TrainingData) -> None:
        super().__init__(training, data)
        self.settings = settings

    def init(self, data: TrainingData) -> LleState:
        """Nothing is known."""
        return LleState()

    # -- the steps

    def next(self, state: LleState, data: TrainingData) -> LleState:
        """The neighbours, the weights, or the places; what comes before them is found anew."""
        Z = np.ascontiguousarray(data.Z, np.float64)
        if not np.ptp(Z, axis=0).any():
            raise CannotLearn("All points lie in one place, so none lies between others: move some.")
        with np.errstate(over="ignore"):
            if not np.isfinite(np.square(Z).sum()):
                raise CannotLearn("Features are so large that squares of distances overflow: scale them.")
        reached = min(state.reached + 1, _PLACES)
        rows, _ = nearest(Z, self.settings.neighbours)
        begun = LleState(step=state.step, epoch=state.epoch, reached=reached, neighbours=frozen_array(rows, np.int64))
        if reached == _NEIGHBOURS:
            return begun
        weights = weights_of(Z, rows, self.settings.regularization)
        begun = replace(begun, weights=frozen_array(weights, np.float64))
        if reached == _WEIGHTS:
            return begun
        groups = closed_groups(rows)
        if groups > 1:
            raise CannotLearn(
                f"The neighbours make {groups:,} groups that know nothing of each other, and could lie anywhere: ask"
                " for more neighbours."
            )
        values, vectors = smallest(_alignment(rows, weights), min(self.settings.components, len(Z) - 1) + 1)
        # Without the first eigenvector, which is constant; of variance 1, as in the paper.
        places = signed(vectors[:, 1:].T).T * np.sqrt(len(Z))
        objective = float(np.maximum(0.0, values[1:]).sum())
        return replace(begun, embedding=frozen_array(places, np.float64), objective=objective, ended=True)

    def again(self, state: LleState, data: TrainingData) -> LleState:
        """Before the last step, which follows what has changed."""
        return replace(state, ended=False, step=state.step - 1, epoch=state.epoch - 1)

    # -- what it says

    def metrics(self, state: LleState, data: TrainingData) -> dict[str, float]:
        """How far points are from the means of their neighbours, and how far places are."""
        found: dict[str, float] = {}
        if len(state.weights) == len(data.Z):
            Z = np.ascontiguousarray(data.Z, np.float64)
            found["neighbour_error"] = float(np.square(Z - self._means(state, Z)).sum(axis=1).mean())
        if np.isfinite(state.objective):
            found["embedding_error"] = state.objective
        return found

    def _means(self, state: LleState, rows: FloatArray) -> FloatArray:
        """The weighted means (n, q) of the neighbours of each row (n, q)."""
        return np.asarray(np.einsum("nk,nkq->nq", state.weights, rows[state.neighbours]))

    def ending(self, state: LleState) -> str:
        """How many neighbours were asked."""
        k = state.neighbours.shape[1]
        return f"Laid out by {k} neighbour{'' if k == 1 else 's'} of each point."

    def path(self, state: LleState) -> Path:
        return "numpy"

    def overlays(self, state: LleState, data: TrainingData, frame: Frame) -> tuple[Overlay, ...]:
        """A line to each neighbour, and from the second step on to where their mean lies."""
        n, k = state.neighbours.shape
        if n == 0 or n != len(frame.points):
            return ()
        points = np.asarray(frame.points, np.float64)
        pairs = np.unique(np.sort(np.stack([np.repeat(np.arange(n), k), state.neighbours.ravel()], axis=1)), axis=0)
        edges = Segments(np.hstack([points[pairs[:, 0]], points[pairs[:, 1]]]), "edge")
        if len(state.weights) != n or len(data.Z) != n or frame.places is None:
            return (edges,)
        means = frame.places(self._means(state, np.asarray(data.Z, np.float64)))
        return edges, Segments(np.hstack([points, np.asarray(means, np.float64)]))


def weights_of(Z: FloatArray, neighbours: IntArray, regularization: float) -> FloatArray:
    """The weights (n, k), each row summing to 1, with which the neighbours (n, k) make up rows `Z` (n, p) best.

    With C the inner products of the neighbours' differences from the point, they solve C w = 1 up to a factor; to the
    diagonal of C `regularization` times its trace is added.

    References
    ----------
    Saul and Roweis (2003). Think globally, fit locally. JMLR 4, appendix A.
    """
    differences = Z[neighbours] - Z[:, None]
    products = differences @ differences.transpose(0, 2, 1)
    k = products.shape[1]
    traces = np.einsum("nkk->n", products)
    products[:, np.arange(k), np.arange(k)] += regularization * np.where(traces > 0, traces, 1.0)[:, None]
    weights = np.linalg.solve(products, np.ones((len(Z), k, 1)))[:, :, 0]
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def closed_groups(neighbours: IntArray) -> int:
    """How many groups there are whose points have neighbours (n, k) among themselves alone: places of one group say
    nothing of those of another, where there is more than one.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    n, k = neighbours.shape
    rows, columns = np.repeat(np.arange(n), k), neighbours.ravel()
    count, labels = connected_components(
        coo_matrix((np.ones(n * k), (rows, columns)), shape=(n, n)), connection="strong"
    )
    is_left = np.zeros(count, bool)
    is_left[labels[rows][labels[rows] != labels[columns]]] = True
    return int((~is_left).sum())


def _alignment(neighbours: IntArray, weights: FloatArray) -> csr_matrix:
    """(I − W)ᵀ(I − W), sparse (n, n)."""
    from scipy.sparse import coo_matrix, identity

    n, k = neighbours.shape
    W = coo_matrix((weights.ravel(), (np.repeat(np.arange(n), k), neighbours.ravel())), shape=(n, n)).tocsr()
    rest = identity(n, format="csr") - W
    return (rest.T @ rest).tocsr()
