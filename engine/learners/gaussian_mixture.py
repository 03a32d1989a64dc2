"""A mixture of Gaussians by EM: each point's share in each component, then each component from its shares."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.cluster_starts import centres_by_hand, made_by_hand, plus_plus, random_points
from engine.clustering import MOST_CLUSTERS, UNASSIGNED, ClusterLearner, ClusterState, Touch
from engine.dataset import FloatArray
from engine.gaussians import ellipse_lines, prediction_of
from engine.learner import Prediction, TrainingData
from engine.mixtures import CovarianceKind, Mixture, fitted, log_sums, n_parameters, pooled
from engine.overlays import Frame, Overlay, Reasons
from engine.settings import Settings, choice

if TYPE_CHECKING:
    from engine.training_settings import Training

_TRAIL = 60
"""So many earlier places of the means are kept."""
_ROUNDS = 20
"""Of k-means at most, which is only where this begins."""
_SEEN = 0.005
"""A share that is said beside the pointer."""


class GaussianMixture(Settings):
    """Each point comes from one of a few Gaussians, and it is only known how likely from which."""

    kind: Literal["gaussian_mixture"] = "gaussian_mixture"
    k: int = choice(3, "Components k", "How many Gaussians are mixed.", ge=1, le=MOST_CLUSTERS)
    covariance: CovarianceKind = choice(
        "full",
        "Covariance",
        "What shapes components may have: each any ellipse, all the same ellipse, each an ellipse along the axes, or"
        " each a circle.",
        labels={"full": "Full", "tied": "Tied", "diagonal": "Diagonal", "spherical": "Spherical"},
    )
    initialization: Literal["k_means", "random_points", "by_hand"] = choice(
        "k_means",
        "Start",
        "Where the components begin: as the clusters of a short k-means, or as wide as all the data at random points;"
        " by hand, at places that are put on the stage with the centre tool.",
        labels={"k_means": "k-means", "random_points": "Random points", "by_hand": "By hand"},
    )
    tolerance: float = choice(
        1e-5, "Tolerance", "It ends when the mean log-likelihood grows by less than this in a step.",
        ge=1e-12, le=0.1, log=True, advanced=True,
    )  # fmt: skip
    variance_floor: float = choice(
        1e-6,
        "Variance floor",
        "No component gets a smaller variance in any direction, in squared units of the features. Without a floor one"
        " that collapses onto a single point would make the likelihood infinite.",
        ge=1e-9, le=1.0, log=True, advanced=True,
    )  # fmt: skip
    centres: tuple[tuple[float, ...], ...] = choice(
        (), "Means", "The first means by hand, in the units of the features.",
        max_length=MOST_CLUSTERS, only_for={"initialization": ("by_hand",)}, advanced=True,
    )  # fmt: skip


def make(settings: GaussianMixture, training: Training, data: TrainingData) -> GaussianMixtureLearner:
    """The learner, whose steps are half-steps."""
    return GaussianMixtureLearner(settings, training, data)


@dataclass(frozen=True, eq=False)
class MixtureState(ClusterState):
    """The components, what share each has in each point, and which half of EM's step comes next.

    Parameters
    ----------
    mixture : the components.
    shares : (n, k) the responsibilities of the last expectation, rows summing to 1; empty before the first.
    updates : whether the components are fitted next, rather than the shares computed.
    gain : by how much the last maximization raised the mean log-likelihood; infinite before the first.
    trail : earlier places of the means, the oldest first, each (k, p).
    asked : how many components the settings wanted when they were last followed.
    ahead : by how many components a hand is ahead of the settings, which follow it.
    """

    mixture: Mixture = field(default_factory=Mixture)
    shares: FloatArray = field(default_factory=lambda: np.empty((0, 0)))
    updates: bool = False
    gain: float = math.inf
    trail: tuple[FloatArray, ...] = ()
    asked: int = 0
    ahead: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.shares.setflags(write=False)

    @property
    def centres(self) -> FloatArray:
        """The means (k, p)."""
        return self.mixture.means


class GaussianMixtureLearner(ClusterLearner[MixtureState]):
    """EM by half-steps: the expectation gives responsibilities, the maximization weights, means and covariances.

    The objective is minus the mean log-likelihood of the points under the components as they are. It never rises: a
    variance below the floor is raised to it, which is the best there is under that condition (see
    `engine.mixtures.fitted`). Components therefore cannot become singular; one that shrinks onto a few points stays as
    wide as the floor, and the last sentence says so. It ends with an expectation after a maximization that gained less
    than the tolerance.

    References
    ----------
    Dempster, Laird and Rubin (1977). Maximum likelihood from incomplete data via the EM algorithm. JRSS B 39.
    Bishop (2006). Pattern Recognition and Machine Learning, 9.2.
    Hastie, Tibshirani and Friedman (2009). The Elements of Statistical Learning, 8.5.1 (begin at random points with
    the variance of all data).
    """

    has_centres = True

    def __init__(self, settings: GaussianMixture, training: Training, data: TrainingData) -> None:
        super().__init__(training, data)
        self.settings = settings

    # -- the start

    def init(self, data: TrainingData) -> MixtureState:
        """The first components; no responsibilities yet."""
        Z, k = np.ascontiguousarray(data.Z, np.float64), min(self.settings.k, len(data.Z))
        if k == 0:
            return MixtureState(mixture=Mixture(means=np.empty((0, self.n_features))), asked=self.settings.k)
        rng = np.random.default_rng([self.training.seed, 0])
        if self.settings.initialization == "by_hand":
            placed = centres_by_hand(self.settings.centres, data)
            if placed is not None:
                return MixtureState(mixture=self._pooled(Z, placed), asked=len(placed))
        if self.settings.initialization == "random_points":
            return MixtureState(mixture=self._pooled(Z, Z[random_points(Z, k, rng)]), asked=self.settings.k)
        return MixtureState(mixture=self._from_k_means(Z, Z[plus_plus(Z, k, rng)]), asked=self.settings.k)

    def _pooled(self, Z: FloatArray, means: FloatArray) -> Mixture:
        return pooled(Z, means, self.settings.covariance, self.settings.variance_floor)

    def _fitted(self, Z: FloatArray, shares: FloatArray, before: Mixture) -> Mixture:
        return fitted(Z, shares, self.settings.covariance, self.settings.variance_floor, before)

    def _from_k_means(self, Z: FloatArray, centres: FloatArray) -> Mixture:
        """A Gaussian for each cluster of a short k-means."""
        from engine.lloyd import assign  # it brings the compiler

        found = assign(Z, centres, compiled=False)
        for _ in range(_ROUNDS):
            counts = found.counts[:, None]
            centres = np.where(counts > 0, found.sums / np.maximum(counts, 1), centres)
            before, found = found.labels, assign(Z, centres, compiled=False)
            if np.array_equal(before, found.labels):
                break
        return self._fitted(Z, np.eye(len(centres))[found.labels], self._pooled(Z, centres))

    # -- the steps

    def next(self, state: MixtureState, data: TrainingData) -> MixtureState:
        """One half-step."""
        Z = np.ascontiguousarray(data.Z, np.float64)
        state = self._following_settings(state, data, Z)
        if state.updates and state.shares.shape == (len(Z), len(state.mixture)):
            return self._maximized(state, Z)
        return self._expected(state, Z)

    def _expected(self, state: MixtureState, Z: FloatArray) -> MixtureState:
        joint = state.mixture.log_joint(Z)
        each = log_sums(joint)
        shares = np.exp(joint - each[:, None])
        labels = np.asarray(shares.argmax(axis=1), np.int64)
        same_points = len(state.labels) == len(labels)
        switched = np.flatnonzero(labels != state.labels) if same_points else np.arange(len(labels))
        return replace(
            state,
            shares=shares, labels=labels, switched=switched, objective=-float(each.mean()), updates=True,
            ended=same_points and state.gain < self.settings.tolerance,
        )  # fmt: skip

    def _maximized(self, state: MixtureState, Z: FloatArray) -> MixtureState:
        mixture = self._fitted(Z, state.shares, state.mixture)
        objective = -float(log_sums(mixture.log_joint(Z)).mean())
        return replace(
            state,
            mixture=mixture, objective=objective, gain=state.objective - objective, updates=False,
            switched=np.empty(0, np.int64), trail=(*state.trail, state.mixture.means)[-_TRAIL:],
        )  # fmt: skip

    def _following_settings(self, state: MixtureState, data: TrainingData, Z: FloatArray) -> MixtureState:
        """As many components as the settings want: more of them at the least likely points, or the last gone."""
        if len(state.mixture) == 0:
            return replace(self.init(data), step=state.step)
        change = self.settings.k - state.asked
        if change == 0:
            return state
        made = made_by_hand(change, state.ahead)
        state = replace(state, asked=self.settings.k, ahead=state.ahead - made)
        for _ in range(change - made):
            if len(state.mixture) < len(Z):
                state = self._with(state, Z[int(log_sums(state.mixture.log_joint(Z)).argmin())])
        for _ in range(made - change):
            if len(state.mixture) > 1:
                state = self._without(state, len(state.mixture) - 1)
        return state

    # -- the hand

    def touched(self, state: MixtureState, data: TrainingData, touch: Touch) -> MixtureState:
        """A mean moved, a component added or removed; whose the points are comes with the next half-step."""
        if touch.kind == "add":
            if not 0 < len(state.mixture) < MOST_CLUSTERS:
                return state
            state = self._with(state, touch.z)
            return self._measured(replace(state, ahead=state.ahead + 1), data)
        if not 0 <= touch.index < len(state.mixture):
            return state
        if touch.kind == "remove":
            if len(state.mixture) == 1:
                return state
            state = self._without(state, touch.index)
            return self._measured(replace(state, ahead=state.ahead - 1), data)
        means = state.mixture.means.copy()
        means[touch.index] = touch.z
        return self._measured(self._changed(state, replace(state.mixture, means=means)), data)

    def _measured(self, state: MixtureState, data: TrainingData) -> MixtureState:
        """`state` with the likelihood of its components as a hand has left them."""
        if state.step == 0 or len(data.Z) == 0:
            return state
        likelihoods = log_sums(state.mixture.log_joint(np.asarray(data.Z, np.float64)))
        return replace(state, objective=-float(likelihoods.mean()))

    def _changed(self, state: MixtureState, mixture: Mixture) -> MixtureState:
        """`state` with other components, about which nothing is known yet."""
        return replace(self.again(state, None), mixture=replace(mixture, held=(), lost=()), trail=())

    def _with(self, state: MixtureState, z: FloatArray) -> MixtureState:
        """One component more, of the mean weight and the mean shape of the others."""
        old = state.mixture
        k = len(old)
        shape = np.tensordot(old.weights / old.weights.sum(), old.covariances, axes=1)
        mixture = Mixture(
            np.append(old.weights * k / (k + 1), 1 / (k + 1)),
            np.concatenate([old.means, np.asarray(z, np.float64)[None]]),
            np.concatenate([old.covariances, shape[None]]),
        )
        return self._changed(state, mixture)

    def _without(self, state: MixtureState, index: int) -> MixtureState:
        """One component less; its points belong to none until shares are computed."""
        old, labels = state.mixture, state.labels
        kept = np.delete(old.weights, index)
        mixture = Mixture(
            kept / kept.sum(), np.delete(old.means, index, axis=0), np.delete(old.covariances, index, axis=0)
        )
        if len(labels):
            labels = np.where(labels == index, UNASSIGNED, labels - (labels > index))
        return self._changed(replace(state, labels=labels), mixture)

    def again(self, state: MixtureState, data: TrainingData | None) -> MixtureState:
        """Go on from the present components."""
        return replace(state, ended=False, updates=False, gain=math.inf)

    def ending(self, state: MixtureState) -> str:
        """How it ended, and what has become of components that are too small."""
        least = f"{self.settings.tolerance:.12f}".rstrip("0")
        said = f"The mean log-likelihood grows by less than {least} a step, after {state.step:,} half-steps."
        if state.mixture.lost:
            said += f" {_these(state.mixture.lost)} lost all points: ask for fewer."
        if state.mixture.held:
            said += (
                f" {_these(state.mixture.held)} shrunk to the variance floor: the likelihood would grow without bound."
                " Raise the floor, ask for fewer, or let all share one covariance."
            )
        return said

    # -- what it says

    def n_clusters(self, state: MixtureState) -> int:
        """As many as there are components."""
        return len(state.mixture)

    def memberships(self, state: MixtureState, data: TrainingData) -> FloatArray | None:
        """The responsibilities; None before there are any."""
        if state.shares.shape == (len(data.Z), len(state.mixture)):
            return state.shares
        return self.predict(state, data.Z).probabilities if state.step and len(state.mixture) else None

    def predict(self, state: MixtureState, Z: FloatArray) -> Prediction:
        """Responsibilities by Bayes' rule; the scores are ln of weight times density."""
        Z = np.asarray(Z, np.float64)
        if len(state.mixture) == 0:
            return Prediction(np.zeros((len(Z), 1)), np.ones((len(Z), 1)), np.full(len(Z), UNASSIGNED, np.int64))
        k = len(state.mixture)
        return prediction_of(state.mixture.log_joint(Z), range(k), k)

    def losses_of(self, said: Prediction, y: NDArray[Any]) -> FloatArray:
        """Minus the log-likelihood of each row."""
        return -log_sums(said.scores)

    def metrics(self, state: MixtureState, data: TrainingData) -> dict[str, float]:
        """The log-likelihood of all points, and what two criteria make of it (both: the smaller, the better)."""
        n, p = data.Z.shape
        if len(state.labels) != n:  # points have come or gone since the last half-step
            state = self._measured(state, data)
        likelihood = -state.objective * n
        count = n_parameters(len(state.mixture), p, self.settings.covariance)
        return {
            "log_likelihood": likelihood,
            "bic": count * math.log(n) - 2.0 * likelihood,
            "aic": 2.0 * count - 2.0 * likelihood,
        }

    def reasons(self, state: MixtureState, data: TrainingData, z: FloatArray) -> Reasons | None:
        """How likely a point there would come from each component, where that is not plain."""
        found = self.predict(state, z[None]).probabilities
        if len(state.mixture) < 2 or found is None:
            return None
        shares = found[0]
        order = [index for index in np.argsort(-shares, kind="stable")[:3].tolist() if shares[index] >= _SEEN]
        said = "   ".join(f"p({index + 1}) = {shares[index]:.2f}" for index in order)
        return Reasons(np.empty(0, np.int64), np.empty(0), (said,))

    def overlays(self, state: MixtureState, data: TrainingData, frame: Frame) -> tuple[Overlay, ...]:
        """The means with their trails, about each where its Gaussian is 1 and 2 SD away, and lines to the points."""
        mixture, marks = state.mixture, super().overlays(state, data, frame)
        if frame.places is None or len(mixture) == 0:
            return marks
        known = state.shares.shape == (len(frame.points), len(mixture))
        labels = state.labels if known else np.empty(0, np.int64)
        centres = self.drawn_centres(frame, mixture.means, state.trail, labels)
        lines = ellipse_lines(frame, mixture.means, mixture.covariances, range(len(mixture)))
        return (*marks, *lines, *centres)


def _these(components: tuple[int, ...]) -> str:
    """Components by the numbers they bear on the stage, and a verb's beginning."""
    numbers = [str(index + 1) for index in components]
    if len(numbers) == 1:
        return f"Component {numbers[0]} has"
    return f"Components {', '.join(numbers[:-1])} and {numbers[-1]} have"
