"""Linear regression: a weighted sum of the features, by least squares, coordinate descent or gradient descent."""

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
    fit: Literal["least_squares", "coordinate_descent", "gradient"] = choice(
        "gradient",
        "Fit",
        "Least squares solves for the best weights in one step; coordinate descent sets one weight after the other to"
        " its best value, some to exactly zero under an L1 penalty (lasso); gradient descent walks towards them.",
        labels={
            "least_squares": "Least squares",
            "coordinate_descent": "Coord. descent",
            "gradient": "Gradient descent",
        },
    )

    @property
    def by_gradient(self) -> bool:
        """Whether a loss is walked down; else the squared loss is made small without an optimizer."""
        return self.fit == "gradient"


def make(settings: LinearRegression, training: Training, data: TrainingData) -> DenseLearner:
    """The learner; gradient descent starts from weights of zero."""
    # Imported here because the window reads this file's settings before anything is learned.
    from engine.dense.coordinate_descent import CoordinateDescentLearner
    from engine.dense.learner import DenseLearner
    from engine.dense.least_squares import LeastSquaresLearner

    if settings.fit == "least_squares":
        return LeastSquaresLearner(training, data)
    if settings.fit == "coordinate_descent":
        return CoordinateDescentLearner(training, data)
    return DenseLearner((), training, data)
