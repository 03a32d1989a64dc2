"""Metrics of one part of the data, each with what its ± means."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine.dataset import FloatArray, Task
from engine.learner import Prediction
from engine.snapshot import Estimate

Z95 = 1.96
"""Half the width of the middle 95 % of a normal distribution, in standard deviations."""
LOOKED_AT = 20_000
"""Of a part with more points so many at most are looked at while a model learns, and marked as wrong; half at least.

An accuracy of that many is known to 1 % or better (1.96 standard errors). To look at all of a million takes longer
than to learn from them.
"""
OF_MANY = f"Of more than {LOOKED_AT:,} a fixed sample is looked at while the model learns, and all of them at rest."
"""What is to be known of the numbers under the stage."""


def mean_with_interval(values: FloatArray) -> Estimate:
    """The mean of `values` (n,), n at least 1, ± 1.96 standard errors (none with one value or a mean not finite)."""
    values = np.asarray(values, np.float64)
    n = len(values)
    with np.errstate(over="ignore", invalid="ignore"):
        mean = float(values.mean())
        if n < 2 or not math.isfinite(mean):
            return Estimate(mean)
        half_width = Z95 * float(values.std(ddof=1)) / math.sqrt(n)
    return Estimate(mean, half_width if math.isfinite(half_width) else None)


def accuracy(labels: np.ndarray[Any, Any], y: np.ndarray[Any, Any]) -> Estimate:
    """The share p of right labels, ± 1.96 sqrt(p (1 - p) / n).

    Without a half-width where all labels are right or all are wrong: the normal interval would have no width there, as
    if nothing were left to doubt.
    """
    share = float(np.mean(np.asarray(labels) == np.asarray(y)))
    spread = share * (1.0 - share)
    return Estimate(share, Z95 * math.sqrt(spread / len(y)) if spread > 0 else None)


def mse(values: FloatArray, y: FloatArray) -> Estimate:
    """The mean squared residual, ± 1.96 standard errors."""
    with np.errstate(over="ignore", invalid="ignore"):
        return mean_with_interval(_residuals(values, y) ** 2)


def rmse(values: FloatArray, y: FloatArray) -> Estimate:
    """The root of the mean squared residual; its ± follows from that of the MSE by the delta method.

    d sqrt(m) = dm / (2 sqrt(m)), so the half-width is that of the MSE over twice the RMSE.
    """
    squared = mse(values, y)
    root = math.sqrt(squared.value) if squared.value >= 0 else math.nan
    if squared.half_width is None:
        return Estimate(root)
    return Estimate(root, squared.half_width / (2 * root) if root > 0 else 0.0)


def mae(values: FloatArray, y: FloatArray) -> Estimate:
    """The mean absolute residual, ± 1.96 standard errors."""
    return mean_with_interval(np.abs(_residuals(values, y)))


def r2(values: FloatArray, y: FloatArray) -> Estimate | None:
    """The share of the targets' variance that is explained; None where the targets do not vary.

    The ± is 1.96 standard errors by the delta method: with A the MSE and B the variance, R² = 1 - A/B moves with
    point i by -e_i²/B + A (y_i - mean)²/B².
    """
    y = np.asarray(y, np.float64)
    if len(y) < 2 or np.ptp(y) == 0:
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        squared = _residuals(values, y) ** 2
        deviations = (y - y.mean()) ** 2
        unexplained, variance = float(squared.mean()), float(deviations.mean())
        value = 1.0 - unexplained / variance
        if not math.isfinite(value):
            return Estimate(value)
        influence = -squared / variance + unexplained * deviations / variance**2
        half_width = Z95 * float(influence.std(ddof=1)) / math.sqrt(len(y))
    return Estimate(value, half_width if math.isfinite(half_width) else None)


def _residuals(values: FloatArray, y: FloatArray) -> FloatArray:
    return np.asarray(values, np.float64) - np.asarray(y, np.float64)


def split_metrics(
    task: Task, losses: FloatArray, prediction: Prediction, y: np.ndarray[Any, Any]
) -> dict[str, Estimate]:
    """The metrics of one part of the data.

    Parameters
    ----------
    task : what the targets are.
    losses : (n,) the loss of each point, without penalties.
    prediction : what the model says of the same points.
    y : (n,) the targets.

    Returns
    -------
    "loss" and "accuracy" in classification; "loss", "rmse", "mae" and, where it is defined, "r2" in regression.
    Nothing for a part without points.
    """
    if len(y) == 0:
        return {}
    metrics = {"loss": mean_with_interval(losses)}
    if task == "classification":
        if prediction.labels is not None:
            metrics["accuracy"] = accuracy(prediction.labels, y)
        return metrics
    if prediction.values is not None:
        metrics["rmse"] = rmse(prediction.values, y)
        metrics["mae"] = mae(prediction.values, y)
        explained = r2(prediction.values, y)
        if explained is not None:
            metrics["r2"] = explained
    return metrics


def score_of(task: Task, prediction: Prediction, y: np.ndarray[Any, Any]) -> float:
    """One number that is larger the better: the accuracy in classification, R² in regression; NaN where undefined."""
    if len(y) == 0:
        return math.nan
    if task == "classification":
        return math.nan if prediction.labels is None else accuracy(prediction.labels, y).value
    explained = None if prediction.values is None else r2(prediction.values, y)
    return math.nan if explained is None else explained.value
