"""Multidimensional scaling: places in few dimensions that are as far apart as the points are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from engine.dataset import FloatArray, frozen_array
from engine.double_centring import coordinates
from engine.learner import Path, TrainingData
from engine.medoids import distances
from engine.projecting import EmbeddingLearner, EmbeddingState
from engine.settings import Settings, choice
from engine.stepwise import CannotLearn

if TYPE_CHECKING:
    from engine.training_settings import Training


class MultidimensionalScaling(Settings):
    """Places for the points whose distances are those that the points have among their features."""

    kind: Literal["mds"] = "mds"
    method: Literal["smacof", "classical"] = choice(
        "smacof",
        "Found by",
        "SMACOF moves all places, step by step, so that distances come nearer to those that are wanted; classical"
        " scaling takes them from eigenvectors of the squared distances, at once, and is the same as principal"
        " components where distances are Euclidean.",
        labels={"smacof": "SMACOF, step by step", "classical": "Classical, at once"},
    )
    distance: Literal["euclidean", "manhattan"] = choice(
        "euclidean",
        "Distance",
        "How far apart two points are: along a straight line, or the sum of the differences of their features.",
        labels={"euclidean": "Euclidean", "manhattan": "Manhattan"},
    )
    components: int = choice(2, "Components", "How many numbers the place of a point has.", ge=1, le=10)
    start: Literal["random", "classical"] = choice(
        "random",
        "Start",
        "Where SMACOF begins: at places drawn from the seed, or where classical scaling would put them, which is near"
        " the end.",
        labels={"random": "Random", "classical": "Classical"},
        only_for={"method": ("smacof",)},
    )
    tolerance: float = choice(
        1e-6,
        "Tolerance",
        "It ends with a step that lowers the squared stress by less.",
        ge=1e-12, le=1e-2, log=True, only_for={"method": ("smacof",)}, advanced=True,
    )  # fmt: skip


def make(settings: MultidimensionalScaling, training: Training, data: TrainingData) -> MdsLearner:
    """The learner, whose steps move all places once."""
    return MdsLearner(settings, training, data)


@dataclass(frozen=True, eq=False)
class MdsState(EmbeddingState):
    """The places so far; the objective is their stress."""


class MdsLearner(EmbeddingLearner[MdsState]):
    """Metric multidimensional scaling.

    With δ the distances of the points and d those of their places, the stress is √(Σ (d − δ)² / Σ δ²) over all pairs
    (Kruskal's stress 1). A step of SMACOF is one Guttman transform, which never raises it. Classical scaling makes
    another sum small, that of the squared differences of inner products (strain), so that SMACOF can still lower its
    stress.

    Points that are moved pull their places along; where points have come or gone it begins anew.

    References
    ----------
    Torgerson (1952). Multidimensional scaling: I. Theory and method. Psychometrika 17.
    de Leeuw (1977). Applications of convex analysis to multidimensional scaling.
    Borg and Groenen (2005). Modern Multidimensional Scaling, 2nd ed., sections 8.6 and 12.1.
    Kruskal (1964). Multidimensional scaling by optimizing goodness of fit to a nonmetric hypothesis.
    """

    def __init__(self, settings: MultidimensionalScaling, training: Training, data: TrainingData) -> None:
        super().__init__(training, data)
        self.settings = settings
        self.refits = settings.method == "classical"
        self._wanted: tuple[FloatArray, FloatArray] | None = None
        self._present: tuple[FloatArray, FloatArray] | None = None

    def init(self, data: TrainingData) -> MdsState:
        """No places; those that SMACOF begins with."""
        if self.settings.method == "classical" or len(data.Z) < 2 or not np.isfinite(data.Z).all():
            return MdsState()
        wanted = self._distances(data)
        size = float(np.sqrt(np.square(wanted).mean()))
        if not 0 < size < np.inf:
            return MdsState()
        if self.settings.start == "classical":
            return self._with(MdsState(), coordinates(np.square(wanted), self._components(data)), wanted)
        drawn = np.random.default_rng(self.training.seed).normal(size=(len(wanted), self._components(data)))
        drawn -= drawn.mean(axis=0)
        # As wide as the points: two draws are √(2r) apart on average.
        return self._with(MdsState(), drawn * size / np.sqrt(2 * drawn.shape[1]), wanted)

    def _components(self, data: TrainingData) -> int:
        return min(self.settings.components, len(data.Z) - 1)

    def _distances(self, data: TrainingData) -> FloatArray:
        """Between all points (n, n), computed once for each set of points."""
        if self._wanted is None or self._wanted[0] is not data.Z:
            Z = np.ascontiguousarray(data.Z, np.float64)
            self._wanted = data.Z, distances(Z, Z, self.settings.distance)
        return self._wanted[1]

    def _between(self, places: FloatArray) -> FloatArray:
        """The distances of places (n, r): (n, n)."""
        if self._present is None or self._present[0] is not places:
            self._present = places, distances(places, places, "euclidean")
        return self._present[1]

    # -- the steps

    def next(self, state: MdsState, data: TrainingData) -> MdsState:
        """One Guttman transform of all places, or all at once."""
        wanted = self._distances(data)
        total = float(np.square(wanted).sum())
        if not total > 0:
            raise CannotLearn("All points lie in one place, so there are no distances to keep: move some.")
        if not np.isfinite(total):
            raise CannotLearn("Features are so large that squares of distances overflow: scale them.")
        if self.settings.method == "classical":
            places = coordinates(np.square(wanted), self._components(data))
            return replace(self._with(state, places, wanted), ended=True)
        if len(state.embedding) != len(wanted):
            return replace(self.init(data), step=state.step, epoch=state.epoch)
        before = stress(self._between(state.embedding), wanted)
        following = self._with(state, guttman(state.embedding, self._between(state.embedding), wanted), wanted)
        gained = before**2 - following.objective**2
        return replace(following, ended=gained < self.settings.tolerance)

    def _with(self, state: MdsState, places: FloatArray, wanted: FloatArray) -> MdsState:
        """`state` with other places (n, r)."""
        embedding = frozen_array(places, np.float64)
        return replace(state, embedding=embedding, objective=stress(self._between(embedding), wanted))

    def again(self, state: MdsState, data: TrainingData) -> MdsState:
        """Go on from the places that there are, if there are as many points."""
        if self.settings.method == "classical" or len(state.embedding) != len(data.Z):
            return self.init(data)
        return replace(state, ended=False)

    # -- what it says

    def metrics(self, state: MdsState, data: TrainingData) -> dict[str, float]:
        """The stress."""
        return {"stress": state.objective} if np.isfinite(state.objective) else {}

    def ending(self, state: MdsState) -> str:
        """What stress is left."""
        steps = f"{state.step:,} step{'' if state.step == 1 else 's'}"
        by = "at once" if self.settings.method == "classical" else f"in {steps}"
        return f"Places found {by}; a stress of {state.objective:.3g} is left."

    def path(self, state: MdsState) -> Path:
        return "numpy"


def stress(present: FloatArray, wanted: FloatArray) -> float:
    """√(Σ (d − δ)² / Σ δ²) of distances d and wanted ones δ, (n, n) each.

    >>> stress(np.array([[0.0, 3.0], [3.0, 0.0]]), np.array([[0.0, 4.0], [4.0, 0.0]]))
    0.25
    """
    return float(np.sqrt(np.square(present - wanted).sum() / np.square(wanted).sum()))


def guttman(places: FloatArray, present: FloatArray, wanted: FloatArray) -> FloatArray:
    """Places (n, r) whose stress is no higher: each is the mean of where the others, one by one, would have it.

    Parameters
    ----------
    places : (n, r), and `present` (n, n) their distances.
    wanted : (n, n) the distances that they should have.

    References
    ----------
    Guttman (1968). A general nonmetric technique for finding the smallest coordinate space. Psychometrika 33.
    """
    ratios = np.divide(wanted, present, out=np.zeros_like(wanted), where=present > 0)
    return np.asarray((ratios.sum(axis=1)[:, None] * places - ratios @ places) / len(places))
