"""Independent components: the rotation of whitened points whose scores are as far from Gaussian as can be."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from engine.dataset import FloatArray, frozen_array
from engine.direction_overlays import arrows
from engine.learner import Path, TrainingData
from engine.overlays import Frame, Overlay
from engine.power_iteration import signed
from engine.projecting import ProjectionLearner, ProjectionState
from engine.settings import Settings, choice
from engine.stepwise import CannotLearn

if TYPE_CHECKING:
    from engine.training_settings import Training

Contrast = Literal["logcosh", "exp", "cube"]

_STILL = 1e-12
"""A direction has been found once one minus its cosine with the one before is below this."""
_MOST_TURNS = 500
"""Iterations of one direction; where there is something to be found, some ten do."""
_NO_REST = (
    f"The directions do not come to rest in {_MOST_TURNS} iterations, as where the scores are all but Gaussian and no"
    " rotation of them is more independent than others: choose another contrast, another seed, or fewer components."
)
_FLAT = 1e-12
"""Variances this small, as a share of the largest, count as none."""


class IndependentComponents(Settings):
    """The sources of which the features are mixtures, if these are independent and not Gaussian."""

    kind: Literal["ica"] = "ica"
    components: int = choice(
        2,
        "Components",
        "How many sources are looked for, at most one a feature; of fewer than features the whitened points are first"
        " projected onto so many principal components.",
        ge=1,
        le=64,
    )
    found: Literal["deflation", "symmetric"] = choice(
        "deflation",
        "Found",
        "One direction after the other, each at right angles to those before (deflation), or all of them together, none"
        " before another (symmetric).",
        labels={"deflation": "One by one", "symmetric": "Together"},
    )
    contrast: Contrast = choice(
        "logcosh",
        "Contrast",
        "How far from Gaussian scores are is measured by ln cosh, which is good for most; by a Gaussian hill (exp), if"
        " sources have heavy tails or outliers; or by the fourth power (kurtosis), which outliers lead astray.",
        labels={"logcosh": "ln cosh", "exp": "Gaussian (exp)", "cube": "Kurtosis (fourth power)"},
    )


def make(settings: IndependentComponents, training: Training, data: TrainingData) -> IcaLearner:
    """The learner, whose steps are fixed-point iterations."""
    return IcaLearner(settings, training, data)


class _Whitened(NamedTuple):
    """The points as a rotation is looked for.

    Parameters
    ----------
    mean : (p,) of the points.
    whitening : (m, p), from centred features to scores that do not go together and have a variance of 1.
    dewhitening : (p, m), the way back.
    X : (n, m) those scores.
    """

    mean: FloatArray
    whitening: FloatArray
    dewhitening: FloatArray
    X: FloatArray


@dataclass(frozen=True, eq=False)
class IcaState(ProjectionState):
    """The directions so far.

    Parameters
    ----------
    mean : (p,) of the points; empty before there are any.
    rotation : (r, m) unit vectors among the whitened points, those that have been found and, one by one, last the one
        that is being turned.
    directions : (r, p) the same among the features: the weights of the scores, which have a variance of 1.
    mixing : (r, p), what one unit of each score adds to the features.
    found : how many of them have been found.
    turns : how many iterations the directions in hand have had.
    """

    mean: FloatArray = field(default_factory=lambda: np.empty(0))
    rotation: FloatArray = field(default_factory=lambda: np.empty((0, 0)))
    directions: FloatArray = field(default_factory=lambda: np.empty((0, 0)))
    mixing: FloatArray = field(default_factory=lambda: np.empty((0, 0)))
    found: int = 0
    turns: int = 0


class IcaLearner(ProjectionLearner[IcaState]):
    """FastICA.

    The points are centred and whitened (population covariance). A step is one iteration for the direction in hand,
    w ← E[x g(wᵀx)] − E[g′(wᵀx)] w, then at right angles to those found and of length 1; or for all of them together,
    which are then made orthogonal without preferring any. Directions begin with normal numbers from the seed, as in
    scikit-learn, and come in the order in which they are found. A direction keeps its sense while it is turned; once
    found, the feature that its source adds most to is added to positively.

    The objective is minus the sum of the scores' negentropies, approximated by (E[G(s)] − E[G(ν)])² with ν standard
    normal; an iteration aims at it and may miss.

    References
    ----------
    Hyvärinen and Oja (2000). Independent component analysis: algorithms and applications. Neural Networks 13.
    Hyvärinen (1999). Fast and robust fixed-point algorithms for independent component analysis. IEEE TNN 10(3).
    """

    def __init__(self, settings: IndependentComponents, training: Training, data: TrainingData) -> None:
        super().__init__(training, data)
        self.settings = settings
        self._known: tuple[FloatArray, _Whitened] | None = None

    def init(self, data: TrainingData) -> IcaState:
        """Nothing has been found, but where it begins is shown."""
        if len(data.Z) == 0 or not np.isfinite(data.Z).all():
            return IcaState()
        m = len(self._whitened(data).whitening)
        if m == 0:
            return IcaState()
        return self._with(IcaState(), data, self._begun(np.empty((0, m))), 0)

    def _begun(self, known: FloatArray) -> FloatArray:
        """`known` (r, m) and the next direction where it begins; or all of them where they are found together."""
        m = known.shape[1]
        drawn = np.asarray(np.random.default_rng(self.training.seed).normal(size=(m, m)))
        if self.settings.found == "symmetric":
            return orthogonal(drawn)
        following = drawn[len(known)]
        return np.concatenate([known, [following / np.linalg.norm(following)]])

    def _whitened(self, data: TrainingData) -> _Whitened:
        """Computed once for each set of points."""
        if self._known is None or self._known[0] is not data.Z:
            Z = np.ascontiguousarray(data.Z, np.float64)
            mean = np.asarray(frozen_array(Z.mean(axis=0), np.float64))
            centred = Z - mean
            variances, axes = np.linalg.eigh(centred.T @ centred / len(Z))
            kept = np.flatnonzero(variances > _FLAT * max(0.0, float(variances[-1])))[::-1][: self.settings.components]
            sizes, kept_axes = np.sqrt(variances[kept])[:, None], signed(np.asarray(axes.T[kept]))
            whitening = kept_axes / sizes
            found = _Whitened(mean, whitening, (kept_axes * sizes).T, np.asarray(centred @ whitening.T))
            self._known = data.Z, found
        return self._known[1]

    # -- the steps

    def next(self, state: IcaState, data: TrainingData) -> IcaState:
        """One iteration."""
        whitened = self._whitened(data)
        m = len(whitened.whitening)
        if m == 0:
            raise CannotLearn("All points lie in one place, so there are no directions: move some.")
        if not self._is_of(state, whitened):
            state = self._carried(state, data)
        following = self._together if self.settings.found == "symmetric" else self._one_by_one
        state = following(state, data)
        if state.turns >= _MOST_TURNS:
            return replace(state, ended=True, fault=_NO_REST, turns=0)
        return state

    @staticmethod
    def _is_of(state: IcaState, whitened: _Whitened) -> bool:
        """Whether the state is about the points as they are now."""
        if state.rotation.shape[1:] != (len(whitened.whitening),) or not np.array_equal(state.mean, whitened.mean):
            return False
        return bool(np.allclose(state.rotation @ whitened.whitening, state.directions, rtol=1e-9))

    def _carried(self, state: IcaState, data: TrainingData) -> IcaState:
        """The state among points that are others than they were: directions are turned on from where they are."""
        m = len(self._whitened(data).whitening)
        if state.rotation.shape[1:] != (m,):
            return self._with(replace(state, turns=0), data, self._begun(np.empty((0, m))), 0)
        rotation = state.rotation if self.settings.found == "symmetric" else state.rotation[:1]
        return self._with(replace(state, turns=0), data, rotation, 0)

    def _one_by_one(self, state: IcaState, data: TrainingData) -> IcaState:
        X, known = self._whitened(data).X, state.rotation[: state.found]
        m = X.shape[1]
        if len(state.rotation) <= state.found:
            state = replace(state, rotation=self._begun(known), turns=0)
        before = state.rotation[state.found]
        after = fixed_point(X, before[None], self.settings.contrast)[0]
        after -= known.T @ (known @ after)
        size = float(np.linalg.norm(after))
        if not size > 0:
            raise CannotLearn("The iteration has led nowhere: choose another contrast or another seed.")
        after /= size
        cosine = float(after @ before)
        rotation = np.concatenate([known, np.copysign(1.0, cosine) * after[None]])
        stands = 1.0 - abs(cosine) < _STILL
        found = state.found + int(stands)
        state = replace(state, turns=0 if stands else state.turns + 1)
        return replace(self._with(state, data, rotation, found), ended=found >= m)

    def _together(self, state: IcaState, data: TrainingData) -> IcaState:
        before = state.rotation
        after = orthogonal(fixed_point(self._whitened(data).X, before, self.settings.contrast))
        cosines = np.einsum("ri,ri->r", after, before)
        stands = float((1.0 - np.abs(cosines)).max()) < _STILL
        state = replace(state, turns=0 if stands else state.turns + 1)
        rotation = np.copysign(1.0, cosines)[:, None] * after
        return replace(self._with(state, data, rotation, len(after) if stands else 0), ended=stands)

    def _with(self, state: IcaState, data: TrainingData, rotation: FloatArray, found: int) -> IcaState:
        """`state` with these directions (r, m), of which the first `found` are found and have their signs settled."""
        whitened = self._whitened(data)
        rotation = np.array(rotation)
        mixing = rotation @ whitened.dewhitening.T
        settled = signed(mixing[:found])
        rotation[:found] *= np.where((settled * mixing[:found]).sum(axis=1) < 0, -1.0, 1.0)[:, None]
        mixing[:found] = settled
        scores = whitened.X @ rotation.T
        return replace(
            state,
            mean=whitened.mean, found=found, rotation=frozen_array(rotation, np.float64),
            directions=frozen_array(rotation @ whitened.whitening, np.float64),
            mixing=frozen_array(mixing, np.float64),
            objective=-float(negentropies(scores, self.settings.contrast).sum()),
        )  # fmt: skip

    def again(self, state: IcaState, data: TrainingData) -> IcaState:
        """Go on with the directions that are there."""
        if len(data.Z) == 0 or len(state.rotation) == 0 or len(self._whitened(data).whitening) == 0:
            return self.init(data)
        if self._is_of(state, self._whitened(data)):
            return state
        return replace(self._carried(state, data), ended=False)

    # -- what it says

    def scores(self, state: IcaState, Z: FloatArray) -> FloatArray:
        """The sources (n, r), each with a variance of 1 over the training rows."""
        if len(state.directions) == 0:
            return np.zeros((len(Z), 1))
        return np.asarray((np.asarray(Z, np.float64) - state.mean) @ state.directions.T)

    def reconstructed(self, state: IcaState, Z: FloatArray, components: int) -> FloatArray:
        """The rows of features (n, p) that the first `components` sources mix to."""
        if len(state.directions) == 0:
            return np.full(np.shape(Z), np.nan)
        return np.asarray(state.mean + self.scores(state, Z)[:, :components] @ state.mixing[:components])

    def loadings(self, state: IcaState) -> FloatArray | None:
        """The weight of each feature in each source (r, p)."""
        return state.directions if len(state.directions) else None

    def metrics(self, state: IcaState, data: TrainingData) -> dict[str, float]:
        """How far from Gaussian the score in hand is, and what all of them leave over."""
        if len(state.directions) == 0:
            return {}
        score = self.scores(state, data.Z)[:, -1:]
        score -= score.mean()
        variance = float((score**2).mean())
        kurtosis = float((score**4).mean()) / variance**2 - 3.0 if variance > 0 else 0.0
        left = float(self.left_over(state, data.Z).mean())
        return {
            "negentropy": float(negentropies(score, self.settings.contrast)[0]),
            "kurtosis": kurtosis,
            "reconstruction": left if left > _FLAT * float(data.Z.var(axis=0).sum()) else 0.0,
        }

    def ending(self, state: IcaState) -> str:
        """How many directions there are."""
        found = f"{state.found} independent direction{'' if state.found == 1 else 's'} found"
        rest = "" if state.found >= self.settings.components else "; the points do not vary in any other"
        return f"{found} in {state.step:,} iteration{'' if state.step == 1 else 's'}{rest}."

    def path(self, state: IcaState) -> Path:
        return "numpy"

    def overlays(self, state: IcaState, data: TrainingData, frame: Frame) -> tuple[Overlay, ...]:
        """The mean and, for each source, an arrow of what it adds to the features."""
        return arrows(frame, state.mean, state.mixing, state.found, turns_by_hand=False)


def fixed_point(X: FloatArray, W: FloatArray, contrast: Contrast) -> FloatArray:
    """E[x g(wᵀx)] − E[g′(wᵀx)] w for each row w of `W` (r, m), over the rows x of `X` (n, m): (r, m)."""
    s = X @ W.T
    if contrast == "cube":
        g, slope = s**3, 3.0 * (s**2)
    elif contrast == "exp":
        hill = np.exp(-0.5 * s**2)
        g, slope = s * hill, (1.0 - s**2) * hill
    else:
        g = np.tanh(s)
        slope = 1.0 - g**2
    return np.asarray(g.T @ X / len(X) - slope.mean(axis=0)[:, None] * W)


def orthogonal(W: FloatArray) -> FloatArray:
    """(W Wᵀ)^(−1/2) W, the orthonormal rows (r, m) that are nearest to those of `W`."""
    left, _, right = np.linalg.svd(W, full_matrices=False)
    return np.asarray(left @ right)


_OF_NORMAL: dict[Contrast, float] = {"logcosh": 0.374567207491438, "exp": -(0.5**0.5), "cube": 0.75}
"""E[G(ν)] of a standard normal ν."""


def negentropies(scores: FloatArray, contrast: Contrast) -> FloatArray:
    """(E[G(s)] − E[G(ν)])² of each column of scores (n, r): 0 of Gaussian ones, the larger the farther from these.

    Parameters
    ----------
    scores : (n, r), each of mean 0 and variance 1.

    References
    ----------
    Hyvärinen (1998). New approximations of differential entropy. NIPS 10.
    """
    if contrast == "cube":
        G = scores**4 / 4.0
    elif contrast == "exp":
        G = -np.exp(-0.5 * scores**2)
    else:
        G = np.logaddexp(scores, -scores) - np.log(2.0)
    return np.asarray((G.mean(axis=0) - _OF_NORMAL[contrast]) ** 2)
