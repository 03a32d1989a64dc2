"""Classes as Gaussians: what learners share that describe each class by a mean and a covariance."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.dataset import FloatArray
from engine.learner import Path, Prediction, TrainingData
from engine.overlays import Frame, Line, Marks, Overlay
from engine.stepwise import StepState, StepwiseLearner, log_losses

_FARTHEST = 36.0
"""By so much a class without training rows is behind the last other, in log-likelihood: e⁻³⁶ is no longer seen."""


@dataclass(frozen=True, eq=False)
class GaussianState(StepState):
    """A Gaussian a class.

    Parameters
    ----------
    log_priors : (K,) how likely each class is beforehand; -inf for a class without training rows.
    means : (K, p); zero for a class without training rows.
    covariances : (1, p, p) where all share one, (K, p, p), or (K, p), the variances, where features are independent.
    trouble : what had to be done to the covariances; else empty.
    """

    log_priors: FloatArray | None = None
    means: FloatArray | None = None
    covariances: FloatArray | None = None
    trouble: str = ""

    @property
    def present(self) -> NDArray[np.intp]:
        """The classes with training rows."""
        assert self.log_priors is not None
        return np.flatnonzero(np.isfinite(self.log_priors))


class GaussianClassifier(StepwiseLearner[GaussianState]):
    """A classifier that weighs how likely each class makes a point; a subclass says how, from its state.

    Scores are log joint likelihoods up to a number common to all classes, and probabilities come from them by Bayes'
    rule. It judges itself by log loss.
    """

    refits = True

    def init(self, data: TrainingData) -> GaussianState:
        return GaussianState()

    @abstractmethod
    def log_joint(self, state: GaussianState, Z: FloatArray) -> FloatArray:
        """Ln p(class) p(z | class) of the rows `Z` (n, p) for the classes present (n, k)."""

    def ending(self, state: GaussianState) -> str:
        return f"Fitted in one step. {state.trouble}".strip()

    def predict(self, state: GaussianState, Z: FloatArray) -> Prediction:
        if state.log_priors is None:
            return self.say_nothing(len(Z))
        found = self.log_joint(state, np.ascontiguousarray(Z, np.float64))
        return prediction_of(found, state.present, self.n_classes)

    def losses_of(self, said: Prediction, y: NDArray[Any]) -> FloatArray:
        return log_losses(said, y)

    def overlays(self, state: GaussianState, data: TrainingData, frame: Frame) -> tuple[Overlay, ...]:
        """The mean of each class and, about it, where its Gaussian is one and two standard deviations away."""
        if state.log_priors is None or state.means is None or state.covariances is None:
            return ()
        shapes = np.broadcast_to(state.covariances, (self.n_classes, *state.covariances.shape[1:]))
        return ellipses(frame, state.means[state.present], shapes[state.present], state.present)

    def path(self, state: GaussianState) -> Path:
        return "closed form"


def prediction_of(log_joint: FloatArray, classes: Sequence[int] | NDArray[np.intp], n_classes: int) -> Prediction:
    """What follows from ln p(class) p(z | class) (n, k) of the `classes` (k,) that are present, by Bayes' rule."""
    present = np.asarray(classes, np.intp)
    scores = np.empty((len(log_joint), n_classes))
    scores[:] = log_joint.min(axis=1, keepdims=True) - _FARTHEST
    scores[:, present] = log_joint
    odds = np.zeros_like(scores)
    odds[:, present] = np.exp(log_joint - log_joint.max(axis=1, keepdims=True))
    return Prediction(scores, odds / odds.sum(axis=1, keepdims=True), scores.argmax(axis=1))


def ellipses(
    frame: Frame, means: FloatArray, covariances: FloatArray, classes: Sequence[int] | NDArray[np.intp]
) -> tuple[Overlay, ...]:
    """About each mean (k, 2) where its Gaussian is one and two standard deviations away, and the means themselves.

    Parameters
    ----------
    covariances : (k, 2, 2), or (k, 2), the variances of independent features.
    classes : (k,), which colour the lines.
    """
    if frame.inputs is None or frame.n_inputs != 2 or means.shape[1] != 2:
        return ()
    lines = tuple(
        Line(frame.inputs(ellipse(mean, covariance, deviations)), "ellipse", index=int(k))
        for mean, covariance, k in zip(means, covariances, classes, strict=True)
        for deviations in (1.0, 2.0)
    )
    return (*lines, Marks(frame.inputs(means), "centre"))


def ellipse(mean: FloatArray, covariance: FloatArray, deviations: float, n: int = 96) -> FloatArray:
    """A closed line (n, 2) at a Mahalanobis distance of `deviations` from `mean` (2,).

    Parameters
    ----------
    covariance : (2, 2), or (2,), the variances of independent features.
    """
    matrix = np.diag(covariance) if covariance.ndim == 1 else covariance
    sizes, axes = np.linalg.eigh(matrix)
    angles = np.linspace(0.0, 2.0 * np.pi, n)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return np.asarray(mean + deviations * (circle * np.sqrt(np.maximum(sizes, 0.0))) @ axes.T)


def class_counts(data: TrainingData) -> NDArray[np.int64]:
    """How many training rows each class has (K,)."""
    return np.asarray(np.bincount(np.asarray(data.y, np.int64), minlength=data.n_classes))


def class_means(rows: FloatArray, data: TrainingData) -> FloatArray:
    """The mean of each class (K, p); zero for one without rows."""
    means = np.zeros((data.n_classes, rows.shape[1]))
    for k in np.flatnonzero(class_counts(data)):
        means[k] = rows[data.y == k].mean(axis=0)
    return means


def log_priors_of(counts: NDArray[np.int64], *, equal: bool) -> FloatArray:
    """How likely each class is beforehand (K,): by its share of the rows, or all that have rows alike; -inf without."""
    shares = (counts > 0).astype(np.float64) if equal else counts.astype(np.float64)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(shares / shares.sum()))


def sealed(*arrays: FloatArray) -> None:
    """Make the arrays of a state read-only."""
    for array in arrays:
        array.setflags(write=False)
