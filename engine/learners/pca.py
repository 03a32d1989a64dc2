"""Principal components: the directions of most variance, one at a time or all at once."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from engine.dataset import FloatArray, frozen_array
from engine.direction_overlays import arrows, axis_and_feet
from engine.first_direction import ANGLE, BY_HAND, first_direction
from engine.gaussians import ellipse
from engine.learner import Path, TrainingData
from engine.overlays import Frame, Line, Overlay
from engine.power_iteration import at_right_angles, signed, standing, turned
from engine.projecting import ProjectionLearner, ProjectionState
from engine.settings import Settings, choice
from engine.stepwise import CannotLearn

if TYPE_CHECKING:
    from engine.training_settings import Training

_FLAT = 1e-7
"""Deviations this small, as a share of the largest, are rounding: nothing is divided by them."""
_ROUNDING = 1e-12
"""As much of the variance, as a share of all."""
_NEARBY = 256
"""About so many rows say where the mean is, more or less."""
_PIECE = 8192
"""Rows that are multiplied in their own precision, in the cache; what they add up to is in double precision."""


class PrincipalComponents(Settings):
    """Directions along which the points vary most."""

    kind: Literal["pca"] = "pca"
    found: Literal["power_iteration", "svd"] = choice(
        "power_iteration",
        "Found by",
        "Power iteration turns one direction after the other to where the variance is largest, and takes the variance"
        " along it away (deflation); the singular value decomposition finds all of them at once.",
        labels={"power_iteration": "Power iteration", "svd": "SVD, all at once"},
    )
    components: int = choice(1, "Components", "How many directions are looked for, at most one a feature.", ge=1, le=64)
    angle: float = ANGLE
    direction: tuple[float, ...] = BY_HAND
    whiten: bool = choice(
        False,
        "Whiten",
        "Divides each score by its standard deviation, so that all of them vary alike and none with another.",
    )


def make(settings: PrincipalComponents, training: Training, data: TrainingData) -> PcaLearner:
    """The learner, whose steps turn one direction."""
    return PcaLearner(settings, training, data)


@dataclass(frozen=True, eq=False)
class PcaState(ProjectionState):
    """The directions so far.

    Parameters
    ----------
    mean : (p,) of the points; empty before the first step.
    directions : (r, p) unit vectors, those that have been found and last the one that is being turned.
    deviations : (r,) the standard deviation of the points along each.
    found : how many of them have been found.
    """

    mean: FloatArray = field(default_factory=lambda: np.empty(0))
    directions: FloatArray = field(default_factory=lambda: np.empty((0, 0)))
    deviations: FloatArray = field(default_factory=lambda: np.empty(0))
    found: int = 0


class PcaLearner(ProjectionLearner[PcaState]):
    """Principal component analysis.

    The covariance is that of the population, divided by n. A step of the power iteration multiplies the direction by
    the deflated covariance, and takes the largest loading as positive once it stands still; the first step of the next
    component begins with a direction drawn from the seed, at right angles to those found. It ends with as many
    components as are wanted, or as there is variance in.

    Whitened scores have a variance of 1 over the training rows; scikit-learn's divisor is n - 1, which makes its own
    smaller by the root of (n - 1) / n. What is reconstructed from them is the same, and the loadings stay unit vectors.

    References
    ----------
    Jolliffe (2002). Principal Component Analysis, 2nd ed., sections 1.1 and 3.5.
    Golub and Van Loan (2013). Matrix Computations, 4th ed., section 8.2.1 (power iteration).
    Hotelling (1933). Analysis of a complex of statistical variables into principal components (deflation).
    """

    def __init__(self, settings: PrincipalComponents, training: Training, data: TrainingData) -> None:
        super().__init__(training, data)
        self.settings = settings
        self._moments: tuple[FloatArray, FloatArray, FloatArray] | None = None

    def init(self, data: TrainingData) -> PcaState:
        """No direction is known, but the first is shown where it begins."""
        if len(data.Z) == 0:
            return PcaState()
        first = self._start(0, np.empty((0, self.n_features)))
        return self._with(PcaState(), data, first[None], 0)

    @property
    def wanted(self) -> int:
        """How many components are looked for."""
        return min(self.settings.components, self.n_features)

    # -- the steps

    def next(self, state: PcaState, data: TrainingData) -> PcaState:
        """One turn of the direction in hand, or everything at once."""
        mean, covariance = self._mean_and_covariance(data)
        if not covariance.trace() > 0:
            raise CannotLearn("All points lie in one place, so there is no direction of variance: move some.")
        if self.settings.found == "svd":
            directions = signed(_singular_directions(data.Z, mean, covariance)[: self.wanted])
            return replace(self._with(state, data, directions, len(directions)), ended=True)
        found = state.found
        if not np.array_equal(mean, state.mean):  # the points are others than they were
            found = standing(covariance, state.directions[:found])
        known, turning = state.directions[:found], state.directions[found:]
        turn = turned(covariance, known, turning[0] if len(turning) else self._start(found, known))
        if turn is None:  # nothing varies any more at right angles to what was found
            return replace(self._with(state, data, known, found), ended=True)
        after = signed(turn.direction[None]) if turn.stands else turn.direction[None]
        found += int(turn.stands)
        return replace(self._with(state, data, np.concatenate([known, after]), found), ended=found >= self.wanted)

    def _with(self, state: PcaState, data: TrainingData, directions: FloatArray, found: int) -> PcaState:
        """`state` with these directions (r, p), the first `found` of which have been found."""
        mean, covariance = self._mean_and_covariance(data)
        variances = np.maximum(0.0, np.einsum("ri,ij,rj->r", directions, covariance, directions))
        return replace(
            state,
            mean=mean, directions=frozen_array(directions, np.float64), found=found,
            deviations=frozen_array(np.sqrt(variances), np.float64),
            objective=_left_over(covariance, variances),
        )  # fmt: skip

    def _start(self, index: int, known: FloatArray) -> FloatArray:
        """Where the direction number `index` begins (p,)."""
        settings = self.settings
        first = first_direction(settings.angle, settings.direction, self.n_features) if index == 0 else None
        if first is not None:
            return first
        return at_right_angles(np.random.default_rng([self.training.seed, index]).normal(size=self.n_features), known)

    def _mean_and_covariance(self, data: TrainingData) -> tuple[FloatArray, FloatArray]:
        """(p,) and (p, p), computed once for each set of points."""
        if self._moments is None or self._moments[0] is not data.Z:
            mean, covariance = _moments_of(np.ascontiguousarray(data.Z))
            self._moments = data.Z, np.asarray(frozen_array(mean, np.float64)), covariance
        return self._moments[1], self._moments[2]

    def covariance(self, data: TrainingData) -> FloatArray:
        """The covariance (p, p) of the points, divided by n."""
        return self._mean_and_covariance(data)[1]

    def spectrum(self, data: TrainingData) -> tuple[FloatArray, FloatArray]:
        """The variance along every component (p,), the largest first, and the components (p, p) in rows."""
        _, covariance = self._mean_and_covariance(data)
        variances, axes = np.linalg.eigh(covariance)
        return np.maximum(0.0, variances[::-1]), signed(np.asarray(axes.T[::-1]))

    def again(self, state: PcaState, data: TrainingData) -> PcaState:
        """Go on with the directions that are there: more are looked for, or some given up."""
        if not len(state.directions):
            return self.init(data)
        _, covariance = self._mean_and_covariance(data)
        kept = min(standing(covariance, state.directions[: state.found]), self.wanted)
        if self.settings.found == "svd" and kept < self.wanted:
            return self.init(data)
        begun = kept if kept >= self.wanted else kept + 1  # the next is turned from where it is
        return replace(self._with(state, data, state.directions[:begun], kept), ended=kept >= self.wanted)

    # -- what it says

    def variances(self, state: PcaState, data: TrainingData) -> FloatArray:
        """The variance of the points along each direction (r,)."""
        _, covariance = self._mean_and_covariance(data)
        return np.asarray(np.einsum("ri,ij,rj->r", state.directions, covariance, state.directions))

    def scores(self, state: PcaState, Z: FloatArray) -> FloatArray:
        """How far along each direction from the mean (n, r); of whitened ones in standard deviations."""
        if len(state.directions) == 0:
            return np.zeros((len(Z), 1))
        along = (np.asarray(Z, np.float64) - state.mean) @ state.directions.T
        if self.settings.whiten:
            along /= np.where(state.deviations > _FLAT * state.deviations.max(), state.deviations, 1.0)
        return np.asarray(along)

    def reconstructed(self, state: PcaState, Z: FloatArray, components: int) -> FloatArray:
        """The rows of features (n, p) that the first `components` scores stand for."""
        directions = state.directions[:components]
        return np.asarray(state.mean + ((np.asarray(Z, np.float64) - state.mean) @ directions.T) @ directions)

    def loadings(self, state: PcaState) -> FloatArray | None:
        """The directions themselves (r, p)."""
        return state.directions if len(state.directions) else None

    def left_over(self, state: PcaState, Z: FloatArray) -> FloatArray:
        """The squared distance of each row to the subspace of the directions (n,)."""
        return np.zeros(len(Z)) if len(state.mean) == 0 else super().left_over(state, Z)

    def metrics(self, state: PcaState, data: TrainingData) -> dict[str, float]:
        """The variance along the last direction, and what all of them explain and leave over."""
        variances = self.variances(state, data)
        if len(variances) == 0:
            return {}
        return {
            "variance": float(variances[-1]),
            "explained": self.quality(state, data),
            "reconstruction": _left_over(self._mean_and_covariance(data)[1], variances),
        }

    def quality(self, state: PcaState, data: TrainingData) -> float:
        """The share of the variance that the directions explain."""
        _, covariance = self._mean_and_covariance(data)
        total = float(covariance.trace())
        return float(self.variances(state, data).sum()) / total if total > 0 else math.nan

    def ending(self, state: PcaState) -> str:
        """How many directions there are."""
        found = f"{state.found} direction{'' if state.found == 1 else 's'} found"
        by = "at once" if self.settings.found == "svd" else f"in {state.step:,} step{'' if state.step == 1 else 's'}"
        rest = "" if state.found >= self.wanted else "; the points do not vary in any other"
        return f"{found} {by}{rest}."

    def path(self, state: PcaState) -> Path:
        return "numpy"

    def overlays(self, state: PcaState, data: TrainingData, frame: Frame) -> tuple[Overlay, ...]:
        """The mean, an arrow along each direction, and, of two inputs, the ellipse and the feet of the points."""
        steps = state.deviations[:, None] * state.directions
        drawn = arrows(frame, state.mean, steps, state.found, turns_by_hand=True)
        if not drawn or frame.inputs is None or self.n_features != 2:
            return drawn
        _, covariance = self._mean_and_covariance(data)
        if np.linalg.det(covariance) > 0:
            drawn += tuple(
                Line(np.asarray(frame.inputs(ellipse(state.mean, covariance, size))), "ellipse") for size in (1.0, 2.0)
            )
        direction = state.directions[-1 if state.found < len(state.directions) else 0]
        return drawn + axis_and_feet(frame, data.Z, state.mean, direction)


def _moments_of(Z: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The mean (p,) and the covariance (p, p) of rows (n, p), in one pass over them.

    They are measured from a place near their mean, so that little cancels: from the mean of some 256 of them, or from
    zero if that is no farther away from it than they are themselves.

    References
    ----------
    Chan, Golub and LeVeque (1983). Algorithms for computing the sample variance. The American Statistician 37(3).
    """
    n, p = Z.shape
    if n == 0:
        return np.zeros(p), np.zeros((p, p))
    some = Z[:: 1 + n // _NEARBY]
    near, is_far = some.mean(axis=0), bool((np.abs(some.mean(axis=0)) > some.std(axis=0)).any())
    products, sums, ones = np.zeros((p, p)), np.zeros(p), np.ones(min(n, _PIECE), Z.dtype)
    shifted = np.empty((len(ones) if is_far else 0, p), Z.dtype)
    for first in range(0, n, _PIECE):
        piece = Z[first : first + _PIECE]
        if is_far:
            piece = np.subtract(piece, near, out=shifted[: len(piece)])
        products += piece.T @ piece
        sums += ones[: len(piece)] @ piece
    away = sums / n
    return np.asarray(near + away if is_far else away), products / n - np.outer(away, away)


def _left_over(covariance: FloatArray, variances: FloatArray) -> float:
    """The variance that directions of these variances (r,) do not explain; 0 where that is rounding."""
    total = float(covariance.trace())
    left = total - float(variances.sum())
    return left if left > _ROUNDING * total else 0.0


def _singular_directions(Z: FloatArray, mean: FloatArray, covariance: FloatArray) -> FloatArray:
    """The right singular vectors of the centred points, of the largest singular values first.

    Of more points than features by the covariance, whose eigenvectors they are: that is quicker by far.
    """
    if len(Z) <= 2 * len(mean):
        return np.asarray(np.linalg.svd(np.asarray(Z, np.float64) - mean, full_matrices=False)[2])
    return np.asarray(np.linalg.eigh(covariance)[1].T[::-1])
