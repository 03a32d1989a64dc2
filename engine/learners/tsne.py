"""t-SNE: places for the points such that neighbours stay neighbours, found by letting pairs pull and push."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from engine.dataset import FloatArray, IntArray, frozen_array
from engine.learner import Path, TrainingData
from engine.projecting import EmbeddingLearner, EmbeddingState
from engine.settings import Settings, choice
from engine.stepwise import CannotLearn

if TYPE_CHECKING:
    from engine.affinities import Affinities
    from engine.training_settings import Training
    from engine.tsne_forces import Forces

_EARLY = 250
"""Steps with early exaggeration and little momentum, as in scikit-learn."""
_SETTLING = 250
"""Steps more where something has changed after the last one."""
_WIDTH = 1e-4
"""The standard deviation of the first places: so near to each other that all pairs push alike."""
_LEAST_RATE = 10.0
"""Where few points would move too slowly. In scikit-learn it is 50, by which 60 points are thrown about."""
_MOMENTA = (0.5, 0.8)
"""While it is early, and later."""


class TSNE(Settings):
    """Places whose neighbours are those that the points have among their features."""

    kind: Literal["tsne"] = "tsne"
    perplexity: float = choice(
        30.0,
        "Perplexity",
        "About how many neighbours each point is kept together with: few show fine detail and may tear groups apart,"
        " many show the whole. It is at most a third of the number of points.",
        ge=2.0, le=500.0, log=True,
    )  # fmt: skip
    components: int = choice(2, "Components", "How many numbers the place of a point has.", ge=1, le=3)
    start: Literal["pca", "random"] = choice(
        "pca",
        "Start",
        "Where places begin: along the principal components, which keeps the whole in order, or drawn by chance; both"
        " ten thousand times smaller than they become.",
        labels={"pca": "Principal components", "random": "Random"},
    )
    rate: Literal["auto", "fixed"] = choice(
        "auto",
        "Learning rate",
        "Automatic is the number of points over four times the early exaggeration, 10 at least.",
        labels={"auto": "Automatic", "fixed": "By hand"},
    )
    learning_rate: float = choice(
        200.0,
        "By hand",
        "How far places move against the gradient: too little leaves them in a ball, too much scatters them.",
        ge=0.1, le=1e5, log=True, only_for={"rate": ("fixed",)},
    )  # fmt: skip
    exaggeration: float = choice(
        12.0,
        "Early exaggeration",
        f"For the first {_EARLY} steps pairs that belong together pull so many times as much, so that groups form while"
        " there is still room to pass.",
        ge=1.0, le=100.0, log=True, advanced=True,
    )  # fmt: skip
    steps: int = choice(1_000, "Steps", "How many steps it takes.", ge=_EARLY, le=100_000, log=True, advanced=True)


def most_perplexity(n: int) -> float:
    """The largest perplexity for n points: each has three times as many neighbours, as in the authors' programs."""
    return max(1.0, (n - 1) / 3)


def make(settings: TSNE, training: Training, data: TrainingData) -> TsneLearner:
    """The learner, whose step is one of gradient descent with momentum."""
    return TsneLearner(settings, training, data)


@dataclass(frozen=True, eq=False)
class TsneState(EmbeddingState):
    """Where the places are and how they move.

    Parameters
    ----------
    velocity : (n, r) the last step of each place.
    gains : (n, r) what the learning rate is multiplied by: more where a coordinate goes on in one direction.
    rows : (n, p) the features of the points that the places are of.
    begun : the step at which it began with these points.
    until : the step at which it ends, if that is later than the settings say.
    """

    velocity: FloatArray = field(default_factory=lambda: frozen_array(np.empty((0, 0)), np.float64))
    gains: FloatArray = field(default_factory=lambda: frozen_array(np.empty((0, 0)), np.float64))
    rows: FloatArray = field(default_factory=lambda: frozen_array(np.empty((0, 0)), np.float64))
    begun: int = 0
    until: int = 0

    def __post_init__(self) -> None:
        for array in (self.embedding, self.velocity, self.gains, self.rows):
            array.setflags(write=False)


class TsneLearner(EmbeddingLearner[TsneState]):
    """t-distributed stochastic neighbour embedding, exact: every pair of points counts in every step.

    It makes the Kullback-Leibler divergence small between how much points belong together by their features (see
    `engine.affinities`) and by their places, there with the heavy tails of Student's t. The divergence that is shown is
    that without exaggeration; with momentum it may rise a little. Places of rows that stay are kept when points come or
    go, and new ones begin at the place of their nearest neighbour.

    References
    ----------
    van der Maaten and Hinton (2008). Visualizing data using t-SNE. JMLR 9, algorithm 1.
    Jacobs (1988). Increased rates of convergence through learning rate adaptation (gains).
    Belkina et al. (2019). Automated optimized parameters for t-distributed stochastic neighbor embedding (learning
    rate). Kobak and Berens (2019). The art of using t-SNE for single-cell transcriptomics (start at components).
    """

    def __init__(self, settings: TSNE, training: Training, data: TrainingData) -> None:
        super().__init__(training, data)
        self.settings = settings
        self._same: FloatArray | None = None
        self._exerted: tuple[FloatArray, Affinities, Forces] | None = None

    def init(self, data: TrainingData) -> TsneState:
        """Places close together, which are in no order yet or in that of the principal components."""
        n, r = len(data.Z), self.settings.components
        rng = np.random.default_rng(self.training.seed)
        places = rng.normal(0.0, _WIDTH, (n, r))
        if self.settings.start == "pca" and n > 1:
            found = _components(np.ascontiguousarray(data.Z, np.float64), r)
            width = float(found[:, 0].std()) if found.shape[1] else 0.0
            if width > 0:
                places[:, : found.shape[1]] = _WIDTH / width * found
        return TsneState(
            embedding=frozen_array(places, np.float64), velocity=np.zeros((n, r)), gains=np.ones((n, r)),
            rows=frozen_array(data.Z, data.Z.dtype),
        )  # fmt: skip

    @property
    def uses_loops(self) -> bool:
        return True

    # -- the steps

    def next(self, state: TsneState, data: TrainingData) -> TsneState:
        """One step of gradient descent; the objective is that of the places it comes to."""
        if self._same is not data.Z:
            if not (data.Z[1:] != data.Z[:1]).any():
                raise CannotLearn("All points lie in one place, so none is nearer than another: move some.")
            state = self._following_points(state, data)
            self._same = data.Z
        n, known = len(data.Z), self._affinities(data)
        early = state.step - state.begun < _EARLY
        if state.step - state.begun == _EARLY:  # other forces: what was moving stops, as in scikit-learn
            state = replace(state, velocity=np.zeros_like(state.velocity), gains=np.ones_like(state.gains))
        gradient = self._forces(state.embedding, known).gradient(self.settings.exaggeration if early else 1.0)
        onwards = state.velocity * gradient < 0  # the last step went the way that this one wants to go
        gains = np.maximum(0.01, np.where(onwards, state.gains + 0.2, 0.8 * state.gains))
        momentum = _MOMENTA[0] if early else _MOMENTA[1]
        velocity = momentum * state.velocity - self._learning_rate(n) * gains * gradient
        places = state.embedding + velocity
        places = frozen_array(places - places.mean(axis=0), np.float64)
        return replace(
            state, embedding=places, velocity=velocity, gains=gains,
            objective=self._forces(places, known).divergence,
            ended=state.step + 1 >= max(self.settings.steps, state.until),
        )  # fmt: skip

    def perplexity_of(self, n: int) -> float:
        """The perplexity that is taken for n points."""
        return min(self.settings.perplexity, most_perplexity(n))

    def _affinities(self, data: TrainingData) -> Affinities:
        from engine.affinities import affinities_of

        return affinities_of(data, self.perplexity_of(len(data.Z)))

    def _learning_rate(self, n: int) -> float:
        if self.settings.rate == "fixed":
            return self.settings.learning_rate
        return max(_LEAST_RATE, n / (4.0 * self.settings.exaggeration))

    def _forces(self, places: FloatArray, known: Affinities) -> Forces:
        """The forces between places; those of the last places asked about are remembered."""
        if self._exerted is None or self._exerted[0] is not places or self._exerted[1] is not known:
            from engine.tsne_forces import forces_between  # it brings the compiler

            found = forces_between(known.P, known.entropy, places, compiled=not self.standing_in)
            self._exerted = places, known, found
        return self._exerted[2]

    def _following_points(self, state: TsneState, data: TrainingData) -> TsneState:
        """`state` with a place for every row of `data`; begun anew where most of them are others than before."""
        if np.array_equal(state.rows, data.Z):
            return state
        new, old = _rows_in_common(state.rows, data.Z)
        if 2 * len(new) < len(data.Z) or len(new) == 0:
            begun = self.init(data)
            return replace(begun, step=state.step, begun=state.step, until=state.step + self.settings.steps)
        from scipy.spatial.distance import cdist

        source = np.empty(len(data.Z), np.intp)
        source[new] = old
        others = np.setdiff1d(np.arange(len(data.Z)), new)
        if len(others):
            source[others] = old[cdist(data.Z[others], data.Z[new]).argmin(axis=1)]
        return replace(
            state, embedding=frozen_array(state.embedding[source], np.float64), velocity=state.velocity[source],
            gains=state.gains[source], rows=frozen_array(data.Z, data.Z.dtype),
            until=max(state.until, state.step + _SETTLING),
        )  # fmt: skip

    def again(self, state: TsneState, data: TrainingData) -> TsneState:
        """Go on from the places that there are, for some steps at least."""
        return replace(state, ended=False, until=max(state.until, state.step + _SETTLING))

    # -- what it says

    def metrics(self, state: TsneState, data: TrainingData) -> dict[str, float]:
        """The divergence in nats."""
        return {"kl": state.objective} if math.isfinite(state.objective) else {}

    def ending(self, state: TsneState) -> str:
        """How many steps it took and what is left of the divergence."""
        n = len(state.embedding)
        used = self.perplexity_of(n)
        said = f"{state.step:,} steps; a divergence of {state.objective:.3g} is left."
        if used < self.settings.perplexity:
            said += f" Its perplexity was {used:.3g}: {n:,} points allow no more."
        return said

    def path(self, state: TsneState) -> Path:
        return "numpy" if self.standing_in else "compiled"


def _components(X: FloatArray, r: int) -> FloatArray:
    """The first r principal scores (n, r) or fewer, each with its largest loading positive."""
    X = X - X.mean(axis=0)
    if X.shape[1] <= len(X):
        axes = np.linalg.eigh(X.T @ X)[1][:, ::-1].T[:r]
    else:
        axes = np.linalg.svd(X, full_matrices=False)[2][:r]
    largest = np.abs(axes).argmax(axis=1)
    signs = np.where(axes[np.arange(len(axes)), largest] < 0, -1.0, 1.0)
    return np.asarray(X @ (signs[:, None] * axes).T)


def _rows_in_common(before: FloatArray, after: FloatArray) -> tuple[IntArray, IntArray]:
    """The rows of `after` that are among those of `before`, and which they are there; each is found once."""
    places: dict[bytes, list[int]] = {}
    for row in range(len(before) - 1, -1, -1):
        places.setdefault(np.ascontiguousarray(before[row]).tobytes(), []).append(row)
    found = [
        (row, known.pop())
        for row, features in enumerate(after)
        if (known := places.get(np.ascontiguousarray(features).tobytes()))
    ]
    pairs = np.array(found, np.intp).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]
