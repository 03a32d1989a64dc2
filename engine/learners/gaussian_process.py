"""Gaussian process regression: a value from all the training points, and how sure it is; its mean is kernel ridge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from engine.dataset import FloatArray
from engine.learner import Path, Prediction, TrainingData
from engine.overlays import Band, Frame, Overlay, Reasons
from engine.settings import Settings, choice
from engine.stepwise import CannotLearn, StepState, StepwiseLearner

if TYPE_CHECKING:
    from engine.training_settings import Training

Kernel = Literal["rbf", "matern32", "matern52"]

_TUNED_ROWS = 300
"""Points that tuning looks at: an evaluation costs the cube of them, and three numbers need no more."""
_STARTS = (0.1, 0.3, 1.0)
"""Length scales that tuning begins at, in parts of the usual distance between two points: the likelihood has hills."""
_JITTERS = (0.0, 1e-10, 1e-8, 1e-6, 1e-4)
"""Shares of the signal's variance added to the diagonal, one after the other, until the matrix can be factorized."""
_LEAST, _MOST = 1e-3, 1e3
_REASONS = 12
"""Points shown as the reasons of a value."""
_HIDDEN_WHEN_TUNED: dict[str, tuple[str, ...]] = {"found": ("by_hand",)}


class GaussianProcess(Settings):
    """Nearby points have nearby values; how near is the length scale."""

    kind: Literal["gaussian_process"] = "gaussian_process"
    kernel: Kernel = choice(
        "rbf",
        "Kernel",
        "How smooth the curves are that it believes in: RBF endlessly, Matérn 5/2 twice, Matérn 3/2 once.",
        labels={"rbf": "RBF (Gaussian)", "matern52": "Matérn 5/2", "matern32": "Matérn 3/2"},
    )
    found: Literal["tuned", "by_hand"] = choice(
        "tuned",
        "Scales",
        "The length scale and both SDs: those that make the training points likeliest (of more than"
        f" {_TUNED_ROWS} points, {_TUNED_ROWS} are looked at), or set by hand.",
        labels={"tuned": "By likelihood", "by_hand": "By hand"},
    )
    length_scale: float = choice(
        0.5,
        "Length scale (ℓ)",
        "How far apart points still know of each other, in the units of the features after scaling.",
        ge=_LEAST,
        le=_MOST,
        log=True,
        only_for=_HIDDEN_WHEN_TUNED,
    )
    signal: float = choice(
        1.0,
        "Signal SD (σ_f)",
        "How far the curve strays from the mean of the targets.",
        ge=_LEAST,
        le=_MOST,
        log=True,
        only_for=_HIDDEN_WHEN_TUNED,
    )
    noise: float = choice(
        0.2,
        "Noise SD (σ_n)",
        "How far points stray from the curve. The mean is kernel ridge regression with λ = σ_n²/σ_f².",
        ge=1e-4,
        le=_MOST,
        log=True,
        only_for=_HIDDEN_WHEN_TUNED,
    )


def make(settings: GaussianProcess, training: Training, data: TrainingData) -> GaussianProcessLearner:
    """The learner, which has learned all it can after one step."""
    return GaussianProcessLearner(settings, training, data)


@dataclass(frozen=True, eq=False)
class GaussianProcessState(StepState):
    """The training points and what they weigh.

    Parameters
    ----------
    rows : (n, p) training features; None before the first step.
    factor : (n, n) lower Cholesky factor of the targets' covariance.
    weights : (n, 1) the inverse of the covariance times the centred targets.
    mean : of the training targets, which is added back.
    length_scale, signal, noise : as used, found or set.
    jitter : the share of the signal's variance on the diagonal.
    log_likelihood : the log marginal likelihood of the training targets.
    """

    rows: FloatArray | None = None
    factor: FloatArray | None = None
    weights: FloatArray | None = None
    mean: float = 0.0
    length_scale: float = 1.0
    signal: float = 1.0
    noise: float = 1.0
    jitter: float = 0.0
    log_likelihood: float = 0.0


class GaussianProcessLearner(StepwiseLearner[GaussianProcessState]):
    """A Gaussian process with a constant mean, that of the training targets.

    References
    ----------
    Rasmussen and Williams (2006). Gaussian Processes for Machine Learning, algorithm 2.1 and section 5.4.1.
    """

    refits = True

    def __init__(self, settings: GaussianProcess, training: Training, data: TrainingData) -> None:
        super().__init__(training, data)
        self.settings = settings

    def init(self, data: TrainingData) -> GaussianProcessState:
        return GaussianProcessState()

    def next(self, state: GaussianProcessState, data: TrainingData) -> GaussianProcessState:
        from scipy.linalg import cho_solve

        from engine.kernel_functions import squared_distances

        rows, y = np.ascontiguousarray(data.Z, np.float64), np.asarray(data.y, np.float64)
        mean = float(y.mean())
        length, signal, noise = self._scales(rows, y - mean)
        covariance = signal**2 * likeness(self.settings.kernel, squared_distances(rows, rows) / length**2)
        factored = factorized(covariance, noise**2, signal**2)
        if factored is None:
            raise CannotLearn("The kernel matrix cannot be factorized: raise the noise SD.")
        factor, jitter = factored
        weights = cho_solve((factor, True), y - mean)
        log_likelihood = -0.5 * (y - mean) @ weights - np.log(np.diag(factor)).sum() - 0.5 * len(y) * np.log(2 * np.pi)
        weights = weights[:, None]
        for array in (rows, factor, weights):
            array.setflags(write=False)
        return GaussianProcessState(
            ended=True, rows=rows, factor=factor, weights=weights, mean=mean, length_scale=length, signal=signal,
            noise=noise, jitter=jitter, log_likelihood=float(log_likelihood),
        )  # fmt: skip

    def _scales(self, rows: FloatArray, y: FloatArray) -> tuple[float, float, float]:
        """Length scale, signal SD and noise SD: set, or those of the greatest log marginal likelihood."""
        from scipy.optimize import minimize

        from engine.kernel_functions import squared_distances

        settings = self.settings
        if settings.found == "by_hand":
            return settings.length_scale, settings.signal, settings.noise
        if len(rows) > _TUNED_ROWS:
            taken = np.random.default_rng(self.training.seed).permutation(len(rows))[:_TUNED_ROWS]
            rows, y = rows[taken], y[taken]
        D = squared_distances(rows, rows)
        apart = float(np.sqrt(np.median(D[D > 0]))) if (D > 0).any() else 1.0
        spread = float(y.std()) or 1.0
        # In the usual distance between two points and the SD of the targets, so that no unit of either matters.
        D, y = D / apart**2, y / spread
        best = min(
            (
                minimize(
                    lambda logs: negative_log_likelihood(settings.kernel, D, y, logs),
                    np.log([start, 1.0, 0.3]),
                    jac=True,
                    method="L-BFGS-B",
                    bounds=np.log([(_LEAST, _MOST), (_LEAST, _MOST), (1e-4, _MOST)]).tolist(),
                )
                for start in _STARTS
            ),
            key=lambda end: float(end.fun),
        )
        length, signal, noise = np.exp(best.x).tolist()
        return length * apart, signal * spread, noise * spread

    def ending(self, state: GaussianProcessState) -> str:
        """The likelihood, what was found, and what it took."""
        said = f"Log marginal likelihood {state.log_likelihood:.4g}".replace("-", "−")
        if self.settings.found == "tuned":
            said += f" at ℓ = {state.length_scale:.3g}, σ_f = {state.signal:.3g}, σ_n = {state.noise:.3g}"
        if state.jitter:
            said += f"; {state.jitter:.0e} of the signal's variance was added to the diagonal to solve it"
        return f"{said}."

    def predict(self, state: GaussianProcessState, Z: FloatArray) -> Prediction:
        """The mean of the curves that go with the training points."""
        from engine.kernel_functions import weighted_sums

        if state.rows is None or state.weights is None:
            return self.say_nothing(len(Z))
        rows = state.rows
        values = weighted_sums(lambda block: self._covariances(state, block, rows), Z, state.weights)
        return self.say_of_values(values[:, 0] + state.mean)

    def _covariances(self, state: GaussianProcessState, A: FloatArray, B: FloatArray) -> FloatArray:
        from engine.kernel_functions import squared_distances

        distances = squared_distances(A, B)
        distances /= state.length_scale**2
        return np.asarray(state.signal**2 * likeness(self.settings.kernel, distances))

    def deviations(self, state: GaussianProcessState, Z: FloatArray) -> FloatArray:
        """The standard deviation (n,) of a new point, noise included, at features `Z` (n, p)."""
        from scipy.linalg import solve_triangular

        assert state.rows is not None
        covariances = self._covariances(state, np.asarray(Z, np.float64), state.rows)
        explained = solve_triangular(state.factor, covariances.T, lower=True)
        variances = state.signal**2 - np.einsum("ij,ij->j", explained, explained)
        return np.asarray(np.sqrt(np.maximum(variances, 0.0) + state.noise**2))

    def overlays(self, state: GaussianProcessState, data: TrainingData, frame: Frame) -> tuple[Overlay, ...]:
        """About a curve, the band in which it expects 95 % of new points."""
        if frame.n_inputs != 1 or state.rows is None:
            return ()
        x = frame.columns()
        Z = frame.features(x)
        values = self.predict(state, Z).values
        assert values is not None
        reach = 1.96 * self.deviations(state, Z)
        return (Band(x[:, 0], values - reach, values + reach, "95 % of new points"),)

    def reasons(self, state: GaussianProcessState, data: TrainingData, z: FloatArray) -> Reasons | None:
        """The points that it believes to be most alike, and how sure it is."""
        if state.rows is None:
            return None
        alike = self._covariances(state, np.asarray(z, np.float64)[None], state.rows)[0] / state.signal**2
        nearest = np.argsort(-alike, kind="stable")[:_REASONS]
        said = self.predict(state, z[None]).values
        assert said is not None
        reach = 1.96 * float(self.deviations(state, z[None])[0])
        return Reasons(nearest, alike[nearest], (f"95 % of new points: {said[0]:.4g} ± {reach:.3g}",))

    def path(self, state: GaussianProcessState) -> Path:
        """Always the closed form."""
        return "closed form"


def likeness(kernel: Kernel, squared: FloatArray) -> FloatArray:
    """The kernel, 1 at distance zero, from squared distances in length scales.

    References
    ----------
    Rasmussen and Williams (2006), equations 4.9 and 4.17.

    >>> float(likeness("matern32", np.array(0.0)))
    1.0
    """
    if kernel == "rbf":
        return np.asarray(np.exp(-0.5 * squared))
    a = np.sqrt((3.0 if kernel == "matern32" else 5.0) * squared)
    return np.asarray((1.0 + a + (a**2 / 3.0 if kernel == "matern52" else 0.0)) * np.exp(-a))


def _slope(kernel: Kernel, squared: FloatArray) -> FloatArray:
    """The derivative of `likeness` by the logarithm of the length scale."""
    if kernel == "rbf":
        return np.asarray(squared * np.exp(-0.5 * squared))
    a = np.sqrt((3.0 if kernel == "matern32" else 5.0) * squared)
    return np.asarray(a**2 * np.exp(-a) * (1.0 if kernel == "matern32" else (1.0 + a) / 3.0))


def factorized(covariance: FloatArray, noise: float, signal: float) -> tuple[FloatArray, float] | None:
    """The lower Cholesky factor with `noise` on the diagonal, and the jitter that it took.

    Parameters
    ----------
    covariance : (n, n) of the curve.
    noise, signal : variances.

    Returns
    -------
    None where the largest jitter, a share of `signal`, was too little.
    """
    diagonal = np.diag_indices_from(covariance)
    for jitter in _JITTERS:
        lifted = covariance.copy()
        lifted[diagonal] += noise + jitter * signal
        try:
            return np.linalg.cholesky(lifted), jitter
        except np.linalg.LinAlgError:
            continue
    return None


def negative_log_likelihood(kernel: Kernel, D: FloatArray, y: FloatArray, logs: Any) -> tuple[float, FloatArray]:
    """Minus the log marginal likelihood of centred targets `y` (n,), and its gradient (3,).

    Parameters
    ----------
    D : (n, n) squared distances.
    logs : (3,) logarithms of length scale, signal SD and noise SD.

    References
    ----------
    Rasmussen and Williams (2006), equation 5.9.
    """
    from scipy.linalg.lapack import dpotri

    length, signal, noise = np.exp(logs)
    squared = D / length**2
    K = signal**2 * likeness(kernel, squared)
    factored = factorized(K, noise**2, signal**2)
    if factored is None:
        return 1e25, np.zeros(3)
    factor, _ = factored
    lower, _ = dpotri(factor, lower=1)
    inverse = np.tril(lower) + np.tril(lower, -1).T
    weights = inverse @ y
    value = 0.5 * y @ weights + np.log(np.diag(factor)).sum() + 0.5 * len(y) * np.log(2 * np.pi)
    outer = np.outer(weights, weights) - inverse
    by_length = signal**2 * np.einsum("ij,ij->", outer, _slope(kernel, squared))
    by_signal = 2.0 * np.einsum("ij,ij->", outer, K)
    by_noise = 2.0 * noise**2 * np.trace(outer)
    return float(value), -0.5 * np.array([by_length, by_signal, by_noise])
