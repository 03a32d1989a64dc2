"""Gaussian naive Bayes: each class is a Gaussian whose features know nothing of each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from engine.dataset import FloatArray, frozen_array
from engine.gaussians import GaussianClassifier, GaussianState, members_of
from engine.learner import TrainingData
from engine.settings import Settings, choice

if TYPE_CHECKING:
    from engine.training_settings import Training

_SMALLEST_VARIANCE = 1e-300
"""Of features that are the same everywhere: they tell nothing, and must not be divided by zero."""
_ALL_AT_ONE_PLACE = 1e-6
"""The variance then: no smaller, or far from that place rounding would hide how often each class is."""


class NaiveBayes(Settings):
    """Within a class every feature is normal and independent of the others."""

    kind: Literal["naive_bayes"] = "naive_bayes"
    priors: Literal["data", "equal"] = choice(
        "data",
        "Priors",
        "How likely each class is before a point is seen: its share of the training points, or all alike.",
        labels={"data": "From the data", "equal": "Equal"},
    )
    var_smoothing: float = choice(
        1e-9,
        "Variance smoothing",
        "This share of the largest variance of a feature is added to all variances.",
        ge=1e-12,
        le=1.0,
        log=True,
        advanced=True,
    )


class NaiveBayesLearner(GaussianClassifier[GaussianState]):
    """Gaussian naive Bayes, fitted in one step.

    References
    ----------
    Hastie, Tibshirani, Friedman (2009). The Elements of Statistical Learning, 2nd ed., section 6.6.3.
    """

    def __init__(self, settings: NaiveBayes, training: Training, data: TrainingData) -> None:
        super().__init__(training, data)
        self.settings = settings

    def init(self, data: TrainingData) -> GaussianState:
        """No Gaussians yet."""
        return GaussianState()

    def next(self, state: GaussianState, data: TrainingData) -> GaussianState:
        """The Gaussians of the classes that have points."""
        classes, members = members_of(data)
        shares = np.array([len(rows) / len(data.Z) for rows in members])
        if self.settings.priors == "equal":
            shares = np.full(len(members), 1.0 / len(members))
        spread = float(np.asarray(data.Z, np.float64).var(axis=0).max())
        added = max(self.settings.var_smoothing * spread, _SMALLEST_VARIANCE) if spread > 0 else _ALL_AT_ONE_PLACE
        return GaussianState(
            ended=True,
            classes=classes,
            log_priors=frozen_array(np.log(shares), np.float64),
            means=frozen_array(np.stack([rows.mean(axis=0) for rows in members]), np.float64),
            covariances=frozen_array(np.stack([rows.var(axis=0) + added for rows in members]), np.float64),
        )

    def log_joint(self, state: GaussianState, Z: FloatArray) -> FloatArray:
        columns = []
        for log_prior, mean, variances in zip(state.log_priors, state.means, state.covariances, strict=True):
            exponents = ((Z - mean) ** 2) @ (1.0 / variances)
            columns.append(log_prior - 0.5 * (np.log(2.0 * np.pi * variances).sum() + exponents))
        return np.stack(columns, axis=1)


def make(settings: NaiveBayes, training: Training, data: TrainingData) -> NaiveBayesLearner:
    """The learner, which has learned all it can after one step."""
    return NaiveBayesLearner(settings, training, data)
