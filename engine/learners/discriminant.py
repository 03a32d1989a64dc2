"""Discriminant analysis: a Gaussian for each class, of one shape for all (linear) or each of its own (quadratic)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from engine.dataset import FloatArray, frozen_array
from engine.gaussians import GaussianClassifier, GaussianState, members_of
from engine.learner import TrainingData
from engine.settings import Settings, choice
from engine.stepwise import CannotLearn

if TYPE_CHECKING:
    from engine.training_settings import Training

_FLATTEST = 1e-12
"""A covariance with less than this share of its variance in some direction counts as flat."""


class DiscriminantAnalysis(Settings):
    """Gaussian classes: a line between two of the same shape, a curve of second degree between any others."""

    kind: Literal["discriminant"] = "discriminant"
    covariance: Literal["shared", "per_class"] = choice(
        "shared",
        "Covariance",
        "Shared by all classes, the boundary is a line (LDA); each class its own, a curve of second degree (QDA).",
        labels={"shared": "Shared (linear)", "per_class": "Per class (quadratic)"},
    )
    shrinkage: float = choice(
        0.0,
        "Shrinkage",
        "Draws a covariance towards a sphere of the same mean variance: 0 takes it as it is, 1 leaves the sphere.",
        ge=0.0,
        le=1.0,
        step=0.05,
    )


def make(settings: DiscriminantAnalysis, training: Training, data: TrainingData) -> DiscriminantLearner:
    """The learner."""
    return DiscriminantLearner(settings, training, data)


@dataclass(frozen=True, eq=False)
class DiscriminantState(GaussianState):
    """The Gaussians, of which the covariances are all the same where shared, and what is computed with them.

    Parameters
    ----------
    weights, intercepts : (p, k) and (k,) of the linear scores; empty where each class has its own covariance.
    whitening : (k, p, p), which makes each class a unit sphere; empty where the covariance is shared.
    """

    weights: FloatArray = field(default_factory=lambda: frozen_array(np.empty((0, 0)), np.float64))
    intercepts: FloatArray = field(default_factory=lambda: frozen_array(np.empty(0), np.float64))
    whitening: FloatArray = field(default_factory=lambda: frozen_array(np.empty((0, 0, 0)), np.float64))


class DiscriminantLearner(GaussianClassifier[DiscriminantState]):
    """Means and covariances (with the number of points as divisor), in one step; its loss is the log loss.

    A shared covariance that is flat in some direction, as with a constant feature, is inverted in the others. Where
    each class has its own, a flat one has no density, and the run stops with a sentence.

    References
    ----------
    Hastie, Tibshirani, Friedman (2009). The Elements of Statistical Learning, 2nd ed., section 4.3.
    """

    def __init__(self, settings: DiscriminantAnalysis, training: Training, data: TrainingData) -> None:
        super().__init__(training, data)
        self.settings = settings

    def init(self, data: TrainingData) -> DiscriminantState:
        """No Gaussians yet."""
        return DiscriminantState()

    def next(self, state: DiscriminantState, data: TrainingData) -> DiscriminantState:
        """The Gaussians of the classes that have points."""
        classes, members = members_of(data)
        means = np.stack([rows.mean(axis=0) for rows in members])
        shapes = [self._covariance(rows - mean) for rows, mean in zip(members, means, strict=True)]
        log_priors = np.log([len(rows) / len(data.Z) for rows in members])
        if self.settings.covariance == "shared":
            found = _linear(means, shapes, log_priors)
        else:
            found = _quadratic(shapes, [len(rows) for rows in members])
        fitted = DiscriminantState(
            ended=True,
            classes=classes,
            log_priors=frozen_array(log_priors, np.float64),
            means=frozen_array(means, np.float64),
        )
        arrays: dict[str, Any] = {name: frozen_array(values, np.float64) for name, values in found.items()}
        return replace(fitted, **arrays)

    def _covariance(self, centred: FloatArray) -> FloatArray:
        covariance = centred.T @ centred / len(centred)
        sphere = np.eye(len(covariance)) * (np.trace(covariance) / len(covariance))
        return np.asarray((1.0 - self.settings.shrinkage) * covariance + self.settings.shrinkage * sphere)

    def log_joint(self, state: DiscriminantState, Z: FloatArray) -> FloatArray:
        if len(state.intercepts):
            return np.asarray(Z @ state.weights + state.intercepts)
        found = np.empty((len(Z), len(state.classes)))
        for place, whitening in enumerate(state.whitening):
            distances = (((Z - state.means[place]) @ whitening) ** 2).sum(axis=1)
            found[:, place] = np.linalg.slogdet(whitening)[1] - 0.5 * distances
        return np.asarray(found + state.log_priors)

    @property
    def weighs_features(self) -> bool:
        """With one covariance for all classes."""
        return self.settings.covariance == "shared"

    def coefficients(self, state: DiscriminantState) -> tuple[FloatArray, FloatArray] | None:
        """Of the linear scores, whose differences are log-odds; None if curved, or for a class without points."""
        if len(state.intercepts) != self.n_classes:
            return None
        return state.weights, state.intercepts


def _linear(means: FloatArray, shapes: list[FloatArray], log_priors: FloatArray) -> dict[str, FloatArray]:
    """The scores x·Σ⁻¹μ − μ·Σ⁻¹μ/2 + ln π with the mean covariance, weighted by the priors."""
    shared = np.einsum("k,kij->ij", np.exp(log_priors), np.stack(shapes))
    if not np.trace(shared) > 0:
        raise CannotLearn("All points of a class lie at one place, so there is no covariance: add points.")
    weights = np.linalg.lstsq(shared, means.T, rcond=None)[0]
    intercepts = log_priors - 0.5 * np.einsum("kp,pk->k", means, weights)
    return {"covariances": np.stack([shared] * len(means)), "weights": weights, "intercepts": intercepts}


def _quadratic(shapes: list[FloatArray], counts: list[int]) -> dict[str, FloatArray]:
    """What turns each class into a unit sphere; `CannotLearn` where one is flat."""
    whitening = []
    for shape, count in zip(shapes, counts, strict=True):
        variances, axes = np.linalg.eigh(shape)
        if not variances[0] > _FLATTEST * variances[-1]:
            points = "1 point" if count == 1 else f"{count:,} points"
            raise CannotLearn(
                f"A class of {points} has no spread in some direction, so it has no covariance of its own"
                f" ({len(shape)} features need {len(shape) + 1} points or more): share the covariance, raise the"
                " shrinkage, or add points."
            )
        whitening.append(axes / np.sqrt(variances))
    return {"covariances": np.stack(shapes), "whitening": np.stack(whitening)}
