"""Linear regression: a weighted sum of the features, by least squares or by gradient descent."""

from __future__ import annotations

from typing import Literal

from engine.settings import Settings, choice


class LinearRegression(Settings):
    """The value is a weighted sum of the features plus an intercept."""

    kind: Literal["linear_regression"] = "linear_regression"
    fit: Literal["least_squares", "gradient"] = choice(
        "gradient",
        "Fit",
        "Least squares solves for the best weights in one step; gradient descent walks towards them.",
        labels={"least_squares": "Least squares (exact)", "gradient": "Gradient descent"},
    )
