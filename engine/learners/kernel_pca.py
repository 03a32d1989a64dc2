"""Kernel principal components: directions of most variance among features that only a kernel knows of."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from engine.dataset import FloatArray, frozen_array
from engine.eigenvectors import largest
from engine.learner import Path, TrainingData
from engine.power_iteration import at_right_angles, signed, standing, turned
from engine.projecting import ProjectionLearner, ProjectionState
from engine.settings import Settings, choice
from engine.stepwise import CannotLearn

if TYPE_CHECKING:
    from engine.kernel_functions import Kernel
    from engine.training_settings import Training

_FLAT = 1e-12
"""Variances this small, as a share of all, are rounding."""


class KernelPrincipalComponents(Settings):
    """Curved coordinates of the points: principal components in the space of a kernel's features."""

    kind: Literal["kernel_pca"] = "kernel_pca"
    kernel: Literal["rbf", "polynomial", "linear", "cosine"] = choice(
        "rbf",
        "Kernel",
        "How alike two points are: hills about the points (RBF), products of features (polynomial), the inner product"
        " (linear), which gives the plain components, or the cosine of the angle between the two.",
        labels={"rbf": "RBF (Gaussian)", "polynomial": "Polynomial", "linear": "Linear", "cosine": "Cosine"},
    )
    gamma_from: Literal["data", "by_hand"] = choice(
        "data",
        "γ",
        "From the data: 1 / (number of features × their variance), which suits any number and scale; or set by hand.",
        labels={"data": "From the data", "by_hand": "By hand"},
        only_for={"kernel": ("rbf", "polynomial")},
    )
    gamma: float = choice(
        3.0,
        "γ by hand",
        "How quickly likeness falls with distance, exp(−γ d²), or the factor of the product: large bends the"
        " coordinates more.",
        ge=1e-4,
        le=1e3,
        log=True,
        only_for={"kernel": ("rbf", "polynomial"), "gamma_from": ("by_hand",)},
    )
    degree: int = choice(
        3, "Degree", "The power of a polynomial kernel.", ge=1, le=10, only_for={"kernel": ("polynomial",)}
    )
    coef0: float = choice(
        1.0,
        "Constant",
        "Added to the product: (γ a·b + constant) to the degree; without it only the highest power is left.",
        ge=0.0,
        le=10.0,
        step=0.1,
        only_for={"kernel": ("polynomial",)},
        advanced=True,
    )
    components: int = choice(
        2, "Components", "How many directions are looked for, at most one less than there are points.", ge=1, le=64
    )
    found: Literal["power_iteration", "eigen"] = choice(
        "power_iteration",
        "Found by",
        "Power iteration turns one direction after the other to where the variance is largest, and takes the variance"
        " along it away (deflation); the eigenvectors of the kernel matrix are all of them at once, again with every"
        " change.",
        labels={"power_iteration": "Power iteration", "eigen": "Eigenvectors, all at once"},
    )
    ridge: float = choice(
        0.01,
        "Ridge (way back)",
        "The penalty of the regression that leads from scores back to features: small follows the points closely,"
        " large draws what is reconstructed to their mean.",
        ge=1e-6,
        le=1e3,
        log=True,
        advanced=True,
    )


def make(settings: KernelPrincipalComponents, training: Training, data: TrainingData) -> KernelPcaLearner:
    """The learner, whose steps turn one direction or find all."""
    return KernelPcaLearner(settings, training, data)


@dataclass(frozen=True, eq=False)
class KernelPcaState(ProjectionState):
    """The directions so far, as sums over the points.

    Parameters
    ----------
    rows : (n, p) the points that they are sums over.
    kernel : how alike points are, with its numbers; None before there are points.
    directions : (r, n) unit vectors in the space of the points, those that have been found and last the one that is
        being turned.
    weights : (n, r), the directions of the kernel's features, of length 1 there, in terms of the points.
    offsets : (r,), where the mean of the points lies along each of them.
    variances : (r,), of the points along each of them.
    found : how many of them have been found.
    """

    rows: FloatArray = field(default_factory=lambda: np.empty((0, 0)))
    kernel: Kernel | None = None
    directions: FloatArray = field(default_factory=lambda: np.empty((0, 0)))
    weights: FloatArray = field(default_factory=lambda: np.empty((0, 0)))
    offsets: FloatArray = field(default_factory=lambda: np.empty(0))
    variances: FloatArray = field(default_factory=lambda: np.empty(0))
    found: int = 0


class KernelPcaLearner(ProjectionLearner[KernelPcaState]):
    """Kernel principal component analysis.

    With K the kernel matrix after centring (n, n) and v one of its unit eigenvectors of eigenvalue λ, the points have a
    variance of λ/n along the direction Σ vᵢ φ(xᵢ) / √λ, and the scores √λ v. A step of the power iteration multiplies v
    by the deflated K, which is the same as to turn the direction by the covariance of the features φ; the first step of
    the next component begins with a vector drawn from the seed. Of each v the largest entry is taken as positive. The
    objective is the mean squared distance of the points to the directions in the space of φ, and the way back is ridge
    regression about the mean with the same kernel on the scores.

    Where points have come or gone the direction in hand is turned on from what it says of those that there are.

    References
    ----------
    Schölkopf, Smola, Müller (1998). Nonlinear component analysis as a kernel eigenvalue problem. Neural Computation 10.
    Bakır, Weston, Schölkopf (2004). Learning to find pre-images. NIPS 16 (the way back).
    """

    def __init__(self, settings: KernelPrincipalComponents, training: Training, data: TrainingData) -> None:
        super().__init__(training, data)
        self.settings = settings
        self.refits = settings.found == "eigen"
        self._known: tuple[FloatArray, FloatArray, Kernel, FloatArray, FloatArray] | None = None
        self._back: tuple[FloatArray, int, float, FloatArray, FloatArray] | None = None

    def init(self, data: TrainingData) -> KernelPcaState:
        """No direction is known, but the first is shown where it begins."""
        state = KernelPcaState()
        if len(data.Z) < 2 or not np.isfinite(data.Z).all():
            return state
        _, centred, _ = self._centred(data)
        if not 0 < centred.trace() < math.inf:
            return state
        return self._with(state, data, self._start(0, np.empty((0, len(centred))))[None], 0)

    def wanted(self, data: TrainingData) -> int:
        """How many components are looked for."""
        return min(self.settings.components, len(data.Z) - 1)

    # -- the kernel

    def _centred(self, data: TrainingData) -> tuple[FloatArray, FloatArray, FloatArray]:
        """The points (n, p), their kernel matrix after centring (n, n), and its column means before (n,)."""
        if self._known is None or self._known[0] is not data.Z:
            rows, kernel = frozen_array(data.Z, np.float64), self._kernel(data)
            with np.errstate(over="ignore", invalid="ignore"):
                matrix = kernel(np.asarray(rows), np.asarray(rows))
                means = matrix.mean(axis=0)
                matrix -= means
                matrix -= means[:, None] - means.mean()
            self._known = data.Z, np.asarray(rows), kernel, matrix, means
        return self._known[1], self._known[3], self._known[4]

    def _kernel(self, data: TrainingData) -> Kernel:
        from engine.kernel_functions import Kernel, gamma_of

        settings = self.settings
        gamma = settings.gamma if settings.gamma_from == "by_hand" else gamma_of(data.Z)
        return Kernel(settings.kernel, gamma, settings.degree, settings.coef0)

    # -- the steps

    def next(self, state: KernelPcaState, data: TrainingData) -> KernelPcaState:
        """One turn of the direction in hand, or everything at once."""
        _, centred, _ = self._centred(data)
        if not np.isfinite(centred).all():
            raise CannotLearn("Features are so large that products of them overflow: scale them, or lower the degree.")
        if not centred.trace() > 0:
            raise CannotLearn("All points are alike to the kernel, so there is no direction of variance: move some.")
        wanted = self.wanted(data)
        if self.settings.found == "eigen":
            directions = _eigenvectors(centred, wanted)
            return replace(self._with(state, data, directions, len(directions)), ended=True)
        known, turning = self._carried(state, data)
        found = len(known)
        turn = turned(centred, known, turning[0] if len(turning) else self._start(found, known))
        if turn is None:  # nothing varies any more at right angles to what was found
            return replace(self._with(state, data, known, found), ended=True)
        after = signed(turn.direction[None]) if turn.stands else turn.direction[None]
        found += int(turn.stands)
        return replace(self._with(state, data, np.concatenate([known, after]), found), ended=found >= wanted)

    def _start(self, index: int, known: FloatArray) -> FloatArray:
        """Where the direction number `index` begins (n,)."""
        n = known.shape[1]
        drawn = np.random.default_rng([self.training.seed, index]).normal(size=n)
        return at_right_angles(np.asarray(drawn - np.mean(drawn)), known)

    def _carried(self, state: KernelPcaState, data: TrainingData) -> tuple[FloatArray, FloatArray]:
        """The directions (r, n) that are found among the points as they are now, and the one that is being turned."""
        rows, centred, _ = self._centred(data)
        if len(state.directions) == 0:
            return np.empty((0, len(rows))), np.empty((0, len(rows)))
        if state.kernel == self._kernel(data) and np.array_equal(state.rows, rows):
            return state.directions[: state.found], state.directions[state.found :]
        along = self.scores(state, rows)
        directions = np.linalg.qr(along - along.mean(axis=0))[0].T
        found = standing(centred, directions[: state.found])
        return directions[:found], directions[found : found + 1]

    def _with(self, state: KernelPcaState, data: TrainingData, directions: FloatArray, found: int) -> KernelPcaState:
        """`state` with these directions (r, n), the first `found` of which have been found."""
        rows, centred, means = self._centred(data)
        along = centred @ directions.T
        sizes = np.maximum(np.einsum("rn,nr->r", directions, along), np.finfo(np.float64).tiny)
        weights = directions.T / np.sqrt(sizes)  # they sum to 0, so a row of the kernel matrix need not be centred
        variances = (along**2).mean(axis=0) / sizes
        return replace(
            state,
            rows=frozen_array(rows, np.float64), kernel=self._kernel(data), found=found,
            directions=frozen_array(directions, np.float64), weights=frozen_array(weights, np.float64),
            offsets=frozen_array(means @ weights, np.float64), variances=frozen_array(variances, np.float64),
            objective=max(0.0, float(centred.trace() / len(rows) - variances.sum())),
        )  # fmt: skip

    def again(self, state: KernelPcaState, data: TrainingData) -> KernelPcaState:
        """Go on with the directions that are there: more are looked for, or some given up."""
        if len(state.directions) == 0 or len(data.Z) < 2:
            return self.init(data)
        known, turning = self._carried(state, data)
        kept, wanted = min(len(known), self.wanted(data)), self.wanted(data)
        if self.settings.found == "eigen" and kept < wanted:
            return replace(state, step=0, epoch=0, ended=False)
        directions = known[:kept] if kept >= wanted else np.concatenate([known, turning[:1]])
        return replace(self._with(state, data, directions, kept), ended=kept >= wanted)

    # -- what it says

    def scores(self, state: KernelPcaState, Z: FloatArray) -> FloatArray:
        """How far along each direction from the mean, in the space of the kernel's features (n, r)."""
        from engine.kernel_functions import weighted_sums

        kernel = state.kernel
        if kernel is None or len(state.directions) == 0:
            return np.zeros((len(Z), 1))
        with np.errstate(over="ignore", invalid="ignore"):
            sums = weighted_sums(lambda block: kernel(block, state.rows), np.asarray(Z), state.weights)
            return np.asarray(sums - state.offsets)

    def reconstructed(self, state: KernelPcaState, Z: FloatArray, components: int) -> FloatArray:
        """The rows of features (n, p) that the first `components` scores stand for, by ridge regression."""
        from engine.kernel_functions import weighted_sums

        kernel = state.kernel
        if kernel is None or len(state.directions) == 0:
            return np.full(np.shape(Z), np.nan)
        known, weights = self._way_back(state, kernel, components)
        scores = self.scores(state, Z)[:, :components]
        return np.asarray(state.rows.mean(axis=0) + weighted_sums(lambda block: kernel(block, known), scores, weights))

    def _way_back(self, state: KernelPcaState, kernel: Kernel, components: int) -> tuple[FloatArray, FloatArray]:
        """The scores of the points (n, k), and how much each counts for each feature (n, p)."""
        from scipy.linalg import solve

        ridge = self.settings.ridge
        if self._back is None or self._back[0] is not state.weights or self._back[1:3] != (components, ridge):
            known = self.scores(state, state.rows)[:, :components]
            matrix = kernel(known, known)
            matrix.flat[:: len(matrix) + 1] += ridge
            weights = solve(matrix, state.rows - state.rows.mean(axis=0), assume_a="pos", overwrite_a=True)
            self._back = state.weights, components, ridge, known, weights
        return self._back[3], self._back[4]

    def left_over(self, state: KernelPcaState, Z: FloatArray) -> FloatArray:
        """The squared distance of each row to what its scores lead back to (n,)."""
        if len(state.directions) == 0:
            return np.zeros(len(Z))
        back = self.reconstructed(state, Z, len(state.directions))
        return np.asarray(((np.asarray(Z, np.float64) - back) ** 2).sum(axis=1))

    def metrics(self, state: KernelPcaState, data: TrainingData) -> dict[str, float]:
        """What the directions explain."""
        return {"explained": self.quality(state, data)} if len(state.directions) else {}

    def quality(self, state: KernelPcaState, data: TrainingData) -> float:
        """The share of the variance in the space of the kernel's features that the directions explain."""
        explained = float(state.variances.sum())
        total = explained + state.objective
        return explained / total if total > 0 else math.nan

    def ending(self, state: KernelPcaState) -> str:
        """How many directions there are."""
        found = f"{state.found} direction{'' if state.found == 1 else 's'} found"
        by = "at once" if self.settings.found == "eigen" else f"in {state.step:,} step{'' if state.step == 1 else 's'}"
        wanted = min(self.settings.components, len(state.rows) - 1)
        rest = "" if state.found >= wanted else "; the points do not vary in any other"
        return f"{found} {by}{rest}."

    def path(self, state: KernelPcaState) -> Path:
        return "numpy"


def _eigenvectors(matrix: FloatArray, count: int) -> FloatArray:
    """The eigenvectors (r, n) of the largest eigenvalues, at most `count`; of those above rounding alone."""
    values, vectors = largest(matrix, count)
    return signed(np.asarray(vectors.T[values > _FLAT * float(matrix.trace())]))
