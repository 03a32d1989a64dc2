"""Classes as Gaussians: what learners share that describe each class by a mean and a covariance."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.dataset import FloatArray, frozen_array
from engine.learner import Path, Prediction, TrainingData
from engine.overlays import Frame, Line, Marks, Overlay
from engine.stepwise import StepState, StepwiseLearner, log_losses

_FARTHEST = 36.0
"""By so much a class without training rows is behind the last other, in log-likelihood: e⁻³⁶ is no longer seen."""


def _none() -> FloatArray:
    return frozen_array(np.empty(0), np.float64)


@dataclass(frozen=True, eq=False)
class GaussianState(StepState):
    """A Gaussian for each of the k classes that have training points.

    Parameters
    ----------
    classes : which they are, ascending; none before the first step.
    log_priors : (k,) how likely each is beforehand.
    means : (k, p).
    covariances : (k, p, p), or (k, p), the variances, where features are independent.
    """

    classes: tuple[int, ...] = ()
    log_priors: FloatArray = field(default_factory=_none)
    means: FloatArray = field(default_factory=_none)
    covariances: FloatArray = field(default_factory=_none)


S = TypeVar("S", bound=GaussianState)


class GaussianClassifier(StepwiseLearner[S]):
    """A classifier that weighs how likely each class makes a point; a subclass says how, from its state.

    Scores are log joint likelihoods up to a number common to all classes, and probabilities come from them by Bayes'
    rule. It judges itself by log loss.
    """

    refits = True

    @abstractmethod
    def log_joint(self, state: S, Z: FloatArray) -> FloatArray:
        """Ln p(class) p(z | class) of the rows `Z` (n, p) for the classes of the state (n, k)."""

    def predict(self, state: S, Z: FloatArray) -> Prediction:
        """Probabilities by Bayes' rule; every class alike before the first step."""
        if not state.classes:
            return self.say_nothing(len(Z))
        found = self.log_joint(state, np.ascontiguousarray(Z, np.float64))
        return prediction_of(found, state.classes, self.n_classes)

    def losses_of(self, said: Prediction, y: NDArray[Any]) -> FloatArray:
        """The log loss of each row."""
        return log_losses(said, y)

    def overlays(self, state: S, data: TrainingData, frame: Frame) -> tuple[Overlay, ...]:
        """The mean of each class and, about it, where its Gaussian is one and two standard deviations away."""
        return ellipses(frame, state.means, state.covariances, state.classes) if state.classes else ()

    def path(self, state: S) -> Path:
        """Always the formula."""
        return "closed form"


def prediction_of(log_joint: FloatArray, classes: Sequence[int], n_classes: int) -> Prediction:
    """What follows from ln p(class) p(z | class) (n, k) of the `classes` (k,) that are present, by Bayes' rule."""
    present = np.asarray(classes, np.intp)
    scores = np.empty((len(log_joint), n_classes))
    scores[:] = log_joint.min(axis=1, keepdims=True) - _FARTHEST
    scores[:, present] = log_joint
    odds = np.zeros_like(scores)
    odds[:, present] = np.exp(log_joint - log_joint.max(axis=1, keepdims=True))
    return Prediction(scores, odds / odds.sum(axis=1, keepdims=True), scores.argmax(axis=1))


def ellipses(frame: Frame, means: FloatArray, covariances: FloatArray, classes: Sequence[int]) -> tuple[Overlay, ...]:
    """The lines of `ellipse_lines`, and the means themselves."""
    lines = ellipse_lines(frame, means, covariances, classes)
    return (*lines, Marks(frame.inputs(means), "centre")) if lines and frame.inputs is not None else ()


def ellipse_lines(
    frame: Frame, means: FloatArray, covariances: FloatArray, classes: Sequence[int]
) -> tuple[Overlay, ...]:
    """About each mean (k, 2) where its Gaussian is one and two standard deviations away.

    Parameters
    ----------
    covariances : (k, 2, 2), or (k, 2), the variances of independent features.
    classes : (k,), which colour the lines.

    Returns
    -------
    Nothing where the features are not the two inputs of the stage.
    """
    inputs = frame.inputs
    if inputs is None or frame.n_inputs != 2 or means.shape[1] != 2:
        return ()
    return tuple(
        Line(inputs(ellipse(mean, covariance, deviations)), "ellipse", index=int(k))
        for mean, covariance, k in zip(means, covariances, classes, strict=True)
        for deviations in (1.0, 2.0)
    )


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


def members_of(data: TrainingData) -> tuple[tuple[int, ...], list[FloatArray]]:
    """The classes that have training rows, ascending, and the rows of each (m, p) in double precision."""
    rows, labels = np.ascontiguousarray(data.Z, np.float64), np.unique(data.y)
    return tuple(labels.tolist()), [rows[data.y == label] for label in labels]
