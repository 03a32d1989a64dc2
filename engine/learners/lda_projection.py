"""Linear discriminants: the directions along which known classes lie farthest apart for how wide they are."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from engine.dataset import FloatArray, IntArray, frozen_array
from engine.direction_overlays import arrows, axis_and_feet
from engine.first_direction import ANGLE, BY_HAND, first_direction
from engine.gaussians import ellipse_lines, members_of
from engine.learner import Path, TrainingData
from engine.overlays import Frame, Marks, Overlay
from engine.power_iteration import at_right_angles, signed, standing, turned
from engine.projecting import ProjectionLearner, ProjectionState
from engine.settings import Settings, choice
from engine.stepwise import CannotLearn

if TYPE_CHECKING:
    from engine.training_settings import Training

_FLAT = 1e-12
"""A within-class variance this small, as a share of the largest, counts as none."""
_BETWEEN = 1e-9
"""As much of the between-class variance, as a share of it, counts as none."""


class LinearDiscriminants(Settings):
    """Directions that part known classes: far between their means, narrow within."""

    kind: Literal["lda_projection"] = "lda_projection"
    found: Literal["power_iteration", "eigen"] = choice(
        "power_iteration",
        "Found by",
        "Power iteration turns one direction after the other to where the ratio of the variances between and within"
        " classes is largest, and takes away what it has found (deflation); the generalized eigenvectors are all of"
        " them at once, again with every change.",
        labels={"power_iteration": "Power iteration", "eigen": "Eigenvectors, all at once"},
    )
    components: int = choice(
        2, "Components", "How many directions are looked for, at most one less than there are classes.", ge=1, le=64
    )
    shrinkage: float = choice(
        0.0,
        "Shrinkage",
        "Draws the covariance within classes towards a sphere of the same mean variance: 0 takes it as it is, 1 leaves"
        " the sphere, and with it the directions between the means.",
        ge=0.0,
        le=1.0,
        step=0.05,
    )
    angle: float = ANGLE
    direction: tuple[float, ...] = BY_HAND


def make(settings: LinearDiscriminants, training: Training, data: TrainingData) -> LdaLearner:
    """The learner, whose steps turn one direction or find all."""
    return LdaLearner(settings, training, data)


class _Scatter(NamedTuple):
    """How the points vary between and within their classes.

    Parameters
    ----------
    mean, classes, means : (p,) of all points; the labels (k,) that there are; (k, p) the mean of each class.
    between, within : (p, p) covariances of the population, which sum to that of all points.
    shrunk : (p, p) the covariance within, as it is used.
    whitening : (p, q), which makes the shrunk covariance within the identity.
    """

    mean: FloatArray
    classes: tuple[int, ...]
    means: FloatArray
    between: FloatArray
    within: FloatArray
    shrunk: FloatArray
    whitening: FloatArray

    @property
    def ratio(self) -> FloatArray:
        """The covariance between the classes after whitening (q, q)."""
        return np.asarray(self.whitening.T @ self.between @ self.whitening)


@dataclass(frozen=True, eq=False)
class LdaState(ProjectionState):
    """The directions so far.

    Parameters
    ----------
    mean : (p,) of all points; empty before the first step where there is nothing to be learned.
    directions : (r, p) discriminants, those that have been found and last the one that is being turned; each as long
        as makes the (shrunk) variance within classes along it 1.
    patterns : (r, p), what one unit of each score adds to the features.
    ratios : (r,), the variance between the classes along each.
    found : how many of them have been found.
    """

    mean: FloatArray = field(default_factory=lambda: np.empty(0))
    directions: FloatArray = field(default_factory=lambda: np.empty((0, 0)))
    patterns: FloatArray = field(default_factory=lambda: np.empty((0, 0)))
    ratios: FloatArray = field(default_factory=lambda: np.empty(0))
    found: int = 0


class LdaLearner(ProjectionLearner[LdaState]):
    """Fisher's linear discriminant analysis as a projection.

    With the covariances between and within classes S_B and S_W (of the population), the ratio wᵀ S_B w / wᵀ S_W w is
    largest along the first direction, then along the next that is uncorrelated with it within the classes, and so on;
    there are at most one less than classes, or as many as features. Once S_W is whitened these are the eigenvectors of
    what becomes of S_B, so a step of the power iteration multiplies by it as in `engine.learners.pca`. Scores are
    counted from the mean of all points in standard deviations within classes, as by scikit-learn. Shrinkage acts on
    S_W alone (scikit-learn shrinks S_B, too); features without any variance are left alone. Of each direction the
    largest weight is positive. The objective is the sum of the ratios that are left over.

    References
    ----------
    Fisher (1936). The use of multiple measurements in taxonomic problems. Annals of Eugenics 7.
    Hastie, Tibshirani, Friedman (2009). The Elements of Statistical Learning, 2nd ed., section 4.3.3.
    Friedman (1989). Regularized discriminant analysis. JASA 84 (shrinkage).
    """

    def __init__(self, settings: LinearDiscriminants, training: Training, data: TrainingData) -> None:
        super().__init__(training, data)
        self.settings = settings
        self.refits = settings.found == "eigen"
        self._known: tuple[FloatArray, IntArray, _Scatter] | None = None

    def init(self, data: TrainingData) -> LdaState:
        """No direction is known, but the first is shown where it begins; none where there is nothing to be learned."""
        if len(data.Z) == 0 or not np.isfinite(data.Z).all():
            return LdaState()
        try:
            scatter = self._scatter(data)
        except CannotLearn:
            return LdaState()
        first = self._start(0, np.empty((0, scatter.whitening.shape[1])), scatter)
        return self._with(LdaState(), data, first[None], 0)

    # -- the scatter

    def _scatter(self, data: TrainingData) -> _Scatter:
        """Computed once for each set of points; `CannotLearn` where the ratio means nothing."""
        if self._known is None or self._known[0] is not data.Z or self._known[1] is not data.y:
            self._known = data.Z, data.y, self._computed(data)
        return self._known[2]

    def _computed(self, data: TrainingData) -> _Scatter:
        if data.n_classes == 0:
            raise CannotLearn(
                "Linear discriminants part known classes, but the targets of these points are numbers: choose data with"
                " classes, or principal components."
            )
        classes, members = members_of(data)
        if len(classes) < 2:
            raise CannotLearn(
                "Linear discriminants part known classes, but these points are all of one: choose data with two classes"
                " or more, or principal components."
            )
        shares = np.array([len(rows) for rows in members]) / len(data.Z)
        means = np.stack([rows.mean(axis=0) for rows in members])
        mean = shares @ means
        away = np.sqrt(shares)[:, None] * (means - mean)
        between = away.T @ away
        within = sum(
            ((rows - centre).T @ (rows - centre) for rows, centre in zip(members, means, strict=True)),
            start=np.zeros_like(between),
        ) / len(data.Z)  # fmt: skip
        shrunk = self._shrunk(within)
        return _Scatter(
            np.asarray(frozen_array(mean, np.float64)), classes, means, between, within, shrunk,
            _whitening(shrunk, between),
        )  # fmt: skip

    def _shrunk(self, within: FloatArray) -> FloatArray:
        share, p = self.settings.shrinkage, len(within)
        return np.asarray((1.0 - share) * within + share * (np.trace(within) / p) * np.eye(p))

    # -- the steps

    def next(self, state: LdaState, data: TrainingData) -> LdaState:
        """One turn of the direction in hand, or everything at once."""
        scatter = self._scatter(data)
        matrix = scatter.ratio
        if not matrix.trace() > 0:
            raise CannotLearn(
                "The means of all classes lie in one place, so no direction parts them: move some points."
            )
        wanted = self._wanted(scatter)
        if self.settings.found == "eigen":
            values, vectors = np.linalg.eigh(matrix)
            directions = vectors.T[values > _FLAT * float(matrix.trace())][::-1][:wanted]
            return replace(self._with(state, data, directions, len(directions)), ended=True)
        known, turning = self._carried(state, scatter)
        found = len(known)
        turn = turned(matrix, known, turning[0] if len(turning) else self._start(found, known, scatter))
        if turn is None:  # the means differ in no other direction
            return replace(self._with(state, data, known, found), ended=True)
        found += int(turn.stands)
        directions = np.concatenate([known, turn.direction[None]])
        return replace(self._with(state, data, directions, found), ended=found >= wanted)

    def _wanted(self, scatter: _Scatter) -> int:
        return min(self.settings.components, len(scatter.classes) - 1, int(scatter.whitening.shape[1]))

    def _start(self, index: int, known: FloatArray, scatter: _Scatter) -> FloatArray:
        """Where the direction number `index` begins, after whitening (q,)."""
        q = scatter.whitening.shape[1]
        settings = self.settings
        first = first_direction(settings.angle, settings.direction, self.n_features) if index == 0 else None
        if first is not None and q == self.n_features:
            begun = np.linalg.solve(scatter.whitening, first)
            return np.asarray(begun / np.linalg.norm(begun))
        drawn = np.asarray(np.random.default_rng([self.training.seed, index]).normal(size=q))
        return at_right_angles(drawn, known)

    def _carried(self, state: LdaState, scatter: _Scatter) -> tuple[FloatArray, FloatArray]:
        """The directions (r, q) that are found among the points as they are now, and the one that is being turned.

        Each as it is after whitening.
        """
        q = scatter.whitening.shape[1]
        if len(state.directions) == 0:
            return np.empty((0, q)), np.empty((0, q))
        directions = state.directions @ scatter.shrunk @ scatter.whitening
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        found = standing(scatter.ratio, directions[: state.found])
        return directions[:found], directions[found : found + 1]

    def _with(self, state: LdaState, data: TrainingData, whitened: FloatArray, found: int) -> LdaState:
        """`state` with the directions that `whitened` (r, q) are after whitening, the first `found` of which have been
        found, and these with their signs settled.
        """
        scatter = self._scatter(data)
        directions = whitened @ scatter.whitening.T
        directions[:found] = signed(directions[:found])
        ratios = np.einsum("ri,ij,rj->r", directions, scatter.between, directions)
        total = float(scatter.ratio.trace())
        left = total - float(ratios.sum())
        return replace(
            state,
            mean=scatter.mean, found=found, ratios=frozen_array(ratios, np.float64),
            directions=frozen_array(directions, np.float64),
            patterns=frozen_array(directions @ scatter.shrunk, np.float64),
            objective=left if left > _FLAT * total else 0.0,
        )  # fmt: skip

    def again(self, state: LdaState, data: TrainingData) -> LdaState:
        """Go on with the directions that are there: more are looked for, or some given up."""
        if len(state.directions) == 0:
            return self.init(data)
        try:
            scatter = self._scatter(data)
        except CannotLearn:
            return self.init(data)
        known, turning = self._carried(state, scatter)
        wanted = self._wanted(scatter)
        if self.settings.found == "eigen" and len(known) < wanted:
            return replace(state, step=0, epoch=0, ended=False)
        directions = known[:wanted] if len(known) >= wanted else np.concatenate([known, turning])
        found = min(len(known), wanted)
        return replace(self._with(state, data, directions, found), ended=found >= wanted)

    # -- what it says

    def scores(self, state: LdaState, Z: FloatArray) -> FloatArray:
        """How far along each direction from the mean, in standard deviations within classes (n, r)."""
        if len(state.directions) == 0:
            return np.zeros((len(Z), 1))
        return np.asarray((np.asarray(Z, np.float64) - state.mean) @ state.directions.T)

    def reconstructed(self, state: LdaState, Z: FloatArray, components: int) -> FloatArray:
        """The rows of features (n, p) that the first `components` scores stand for: what is uncorrelated with these
        within the classes is as at the mean.
        """
        if len(state.mean) == 0:
            return np.full(np.shape(Z), np.nan)
        scores = self.scores(state, Z)[:, : min(components, len(state.directions))]
        return np.asarray(state.mean + scores @ state.patterns[:components])

    def loadings(self, state: LdaState) -> FloatArray | None:
        """The directions themselves (r, p)."""
        return state.directions if len(state.directions) else None

    def metrics(self, state: LdaState, data: TrainingData) -> dict[str, float]:
        """The ratio along the direction in hand, whatever the shrinkage, and the share of all ratios."""
        if len(state.directions) == 0:
            return {}
        scatter, direction = self._scatter(data), state.directions[-1]
        within = float(direction @ scatter.within @ direction)
        ratio = float(direction @ scatter.between @ direction) / within if within > 0 else math.inf
        return {"fisher_ratio": ratio, "separation": self.quality(state, data)}

    def quality(self, state: LdaState, data: TrainingData) -> float:
        """The share of the sum of all ratios, between to within classes, that the directions have."""
        explained = float(state.ratios.sum())
        total = explained + state.objective
        return explained / total if total > 0 else math.nan

    def ending(self, state: LdaState) -> str:
        """How many directions there are."""
        found = f"{state.found} direction{'' if state.found == 1 else 's'} found"
        by = "at once" if self.settings.found == "eigen" else f"in {state.step:,} step{'' if state.step == 1 else 's'}"
        rest = "" if state.found >= self.settings.components else "; the means of the classes differ in no other"
        return f"{found} {by}{rest}."

    def path(self, state: LdaState) -> Path:
        return "numpy"

    def overlays(self, state: LdaState, data: TrainingData, frame: Frame) -> tuple[Overlay, ...]:
        """An arrow along each direction, the means of the classes and, of two inputs, the feet of the points and the
        ellipses that all classes are taken to have.
        """
        if frame.places is None or len(state.directions) == 0:
            return ()
        scatter = self._scatter(data)
        units = state.directions / np.linalg.norm(state.directions, axis=1, keepdims=True)
        variances = np.einsum("ri,ij,rj->r", units, scatter.between + scatter.within, units)
        steps = np.sqrt(np.maximum(0.0, variances))[:, None] * units
        drawn: tuple[Overlay, ...] = (
            *ellipse_lines(frame, scatter.means, np.stack([scatter.shrunk] * len(scatter.means)), scatter.classes),
            Marks(np.asarray(frame.places(scatter.means), np.float64), "centre"),
            *arrows(frame, state.mean, steps, state.found, turns_by_hand=True),
        )
        direction = units[-1 if state.found < len(units) else 0]
        return drawn + axis_and_feet(frame, data.Z, state.mean, direction)


def _whitening(within: FloatArray, between: FloatArray) -> FloatArray:
    """What makes the covariance `within` (p, p) the identity, in the directions that it has variance in (p, q).

    Raises
    ------
    CannotLearn : where classes differ in a direction in which they have none.
    """
    variances, axes = np.linalg.eigh(within)
    kept = variances > _FLAT * max(0.0, float(variances[-1]))
    flat = axes[:, ~kept]
    if float(np.einsum("ij,ik,kj->", flat, between, flat)) > _BETWEEN * float(between.trace()):
        raise CannotLearn(
            "Within the classes the points do not vary at all in some direction along which the classes differ, so the"
            " ratio has no bound: raise the shrinkage, or add points."
        )
    return np.asarray(axes[:, kept] / np.sqrt(variances[kept]))
