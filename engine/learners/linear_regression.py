"""Linear regression: a weighted sum of the features, by least squares or by gradient descent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from engine.settings import Settings, choice

if TYPE_CHECKING:
    from engine.dense.learner import DenseLearner
    from engine.learner import TrainingData
    from engine.training_settings import Training


class LinearRegression(Settings):
    """The value is a weighted sum of the features plus an intercept."""

    kind: Literal["linear_regression"] = "linear_regression"
    fit: Literal["least_squares", "gradient"] = choice(
        "gradient",
        "Fit",
        "Least squares solves for the best weights in one step; gradient descent walks towards them.",
        labels={"least_squares": "Least squares", "gradient": "Gradient descent"},
    )


def make(settings: LinearRegression, training: Training, data: TrainingData) -> DenseLearner:
    """The learner; gradient descent starts from weights of zero."""
    # Imported here because the window reads this file's settings before anything is learned.
    from engine.dense.learner import DenseLearner
    from engine.dense.least_squares import LeastSquaresLearner

    if settings.fit == "least_squares":
        return LeastSquaresLearner(training, data)
    return DenseLearner((), training, data)
