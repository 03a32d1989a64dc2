"""Metrics of one part of the data, each with what its ± means."""

from __future__ import annotations

import math
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Metric:
    """One metric as a bar or a table shows it.

    Parameters
    ----------
    title : its name.
    short : its name where there is little room.
    explanation : what it is, with "{part}" for the points that it is about.
    interval : what its ± means; where it is a mean over classes as well.
    in_percent : whether it is written as a percentage.
    """

    title: str
    short: str
    explanation: str
    interval: str
    in_percent: bool = False


METRICS: dict[str, Metric] = {
    "loss": Metric(
        "loss",
        "loss",
        "The mean loss of the {part} points, without penalties.",
        "The ± is 1.96 standard errors of that mean: if the points are a random sample, 95 % of such intervals contain"
        " the mean over all points there could be.",
    ),
    "accuracy": Metric(
        "accuracy",
        "acc.",
        "The share of the {part} points whose class is predicted right.",
        "The ± is 1.96 √(p(1−p)/n), a 95 % interval for the accuracy on new points if these were not trained on.",
        in_percent=True,
    ),
    "balanced_accuracy": Metric(
        "balanced accuracy",
        "bal. acc.",
        "The mean of the classes' recalls: each class counts alike, however many {part} points it has.",
        "The ± is 1.96 standard errors, from those of the recalls (delta method).",
        in_percent=True,
    ),
    "log_loss": Metric(
        "log loss",
        "log loss",
        "The mean of −ln of the probability that the {part} points' right class was given.",
        "The ± is 1.96 standard errors of that mean.",
    ),
    "auc": Metric(
        "AUC",
        "AUC",
        "The probability that a {part} point of the class scores higher than one of another class: 1 is a perfect"
        " ranking, 0.5 a guess.",
        "The ± is 1.96 standard errors (DeLong).",
    ),
    "precision": Metric(
        "precision",
        "prec.",
        "Of the {part} points that are predicted as the class, the share that belongs to it; – where none is.",
        "The ± is 1.96 standard errors (normal interval; for the mean over classes by the delta method).",
    ),
    "recall": Metric(
        "recall",
        "recall",
        "Of the {part} points that belong to the class, the share that is predicted so.",
        "The ± is 1.96 standard errors (normal interval; for the mean over classes by the delta method).",
    ),
    "f1": Metric(
        "F1",
        "F1",
        "The harmonic mean of precision and recall, 2 TP/(2 TP + FP + FN), of the {part} points.",
        "The ± is 1.96 standard errors (delta method).",
    ),
    "inertia": Metric(
        "inertia",
        "inertia",
        "The sum of the squared distances of all points to the centre of their cluster, in the units of the features.",
        "",
    ),
    "total_distance": Metric(
        "total distance",
        "distance",
        "The sum of the distances of all points to the medoid of their cluster, in the units of the features.",
        "",
    ),
    "eigenvalue": Metric(
        "eigenvalue number k",
        "λk",
        "Eigenvalue number k of the graph's normalized Laplacian, from the least on: 0 where it falls into k parts.",
        "",
    ),
    "eigengap": Metric(
        "eigengap",
        "eigengap",
        "How much larger the next eigenvalue of the graph's normalized Laplacian is than the one number k: a large gap"
        " says that the graph nearly falls into k parts.",
        "",
    ),
    "normalized_cut": Metric(
        "normalized cut",
        "Ncut",
        "The share of its weight that leads out of a cluster, summed over the clusters: 0 where no edge joins two.",
        "",
    ),
    "noise": Metric(
        "noise",
        "noise",
        "The share of points that belong to no cluster: while it grows those that are not reached yet, then the noise.",
        "",
        in_percent=True,
    ),
    "log_likelihood": Metric(
        "log-likelihood",
        "ln L",
        "Ln of the density that the model gives to all points together: the larger, the better they are explained. At"
        " its best a model of more components always has a larger one.",
        "",
    ),
    "bic": Metric(
        "BIC",
        "BIC",
        "The Bayesian information criterion, m ln n − 2 ln L for m parameters and n points: of models with different"
        " numbers of components the one with the smallest is preferred.",
        "",
    ),
    "aic": Metric(
        "AIC",
        "AIC",
        "Akaike's information criterion, 2 m − 2 ln L for m parameters: as BIC, with less of a price on parameters.",
        "",
    ),
    "silhouette": Metric(
        "silhouette",
        "silhouette",
        "How much nearer points are to their own cluster than to the next one, as a mean over all: 1 is well apart, 0"
        " in between, below 0 on the wrong side.",
        "",
    ),
    "ari": Metric(
        "adjusted Rand index",
        "ARI",
        "How well the clusters agree with the classes that are known, over all pairs of points: 1 is the same"
        " grouping, 0 what chance would give.",
        "",
    ),
    "nmi": Metric(
        "normalized mutual information",
        "NMI",
        "How much clusters and known classes say about each other: 1 is everything, 0 nothing.",
        "",
    ),
    "variance": Metric(
        "variance",
        "variance",
        "The variance of all points along the direction in hand, in squared units of the features.",
        "",
    ),
    "explained": Metric(
        "explained variance",
        "explained",
        "The share of the variance of all points that their scores account for.",
        "",
        in_percent=True,
    ),
    "reconstruction": Metric(
        "reconstruction error",
        "left over",
        "The mean squared distance of all points from what their scores say of them, in squared units of the features.",
        "",
    ),
    "fisher_ratio": Metric(
        "between / within",
        "between/within",
        "The variance of the class means along the direction in hand, over the variance of the points about the mean of"
        " their class: the larger, the better the direction parts the classes.",
        "",
    ),
    "separation": Metric(
        "explained separation",
        "separation",
        "The share that the directions have of the ratios of between- to within-class variance in all directions.",
        "",
        in_percent=True,
    ),
    "kl": Metric(
        "KL divergence",
        "KL",
        "How much less the places say of who belongs together than the features do, in nats: 0 is nothing less. It is"
        " comparable only at the same perplexity.",
        "",
    ),
    "negentropy": Metric(
        "negentropy",
        "negentropy",
        "How far from Gaussian the score in hand is, by the contrast that is chosen: 0 is Gaussian.",
        "",
    ),
    "kurtosis": Metric(
        "excess kurtosis",
        "kurtosis",
        "The fourth power of the score in hand as a mean, less 3: 0 of a Gaussian, below 0 of what is flatter (−1.2 of"
        " an even spread), above 0 of what has heavy tails.",
        "",
    ),
    "residual_variance": Metric(
        "residual variance",
        "residual",
        "What the distances of places leave unexplained of the ways along the graph: 1 minus their squared correlation,"
        " over all pairs of points. 0 is nothing.",
        "",
    ),
    "neighbour_error": Metric(
        "reconstruction error",
        "left over",
        "The mean squared distance of all points from the weighted mean of their neighbours, in squared units of the"
        " features.",
        "",
    ),
    "embedding_error": Metric(
        "embedding error",
        "error",
        "The mean squared distance of all places, whose scores have variance 1, from the means of their neighbours with"
        " the same weights.",
        "",
    ),
    "stress": Metric(
        "stress",
        "stress",
        "How far the distances of places are from those of the points: the root of the sum of squared differences over"
        " that of squared distances (Kruskal's stress 1). 0 is none, 0.2 a poor picture.",
        "",
    ),
    "trustworthiness": Metric(
        "trustworthiness",
        "trust",
        "Whether neighbours stay neighbours: 1 minus a penalty for each of the 5 nearest by the scores that is none of"
        " the nearest by the features (of more than 400 points in a fixed sample). Chance gives about 0.5.",
        "",
    ),
    "mse": Metric(
        "MSE",
        "MSE",
        "The mean squared residual of the {part} points.",
        "The ± is 1.96 standard errors of that mean.",
    ),
    "rmse": Metric(
        "RMSE",
        "RMSE",
        "The root of the mean squared residual of the {part} points, in the units of the target.",
        "The ± is 1.96 standard errors, carried over from the mean squared residual (delta method).",
    ),
    "r2": Metric(
        "R²",
        "R²",
        "The share of the {part} targets' variance that the model explains: 1 is perfect, 0 no better than the mean.",
        "The ± is 1.96 standard errors (delta method).",
    ),
    "mae": Metric(
        "MAE",
        "MAE",
        "The mean absolute residual of the {part} points, in the units of the target.",
        "The ± is 1.96 standard errors of that mean.",
    ),
}
"""Every metric, the most telling first."""


def estimate_text(name: str, estimate: Estimate) -> str:
    """A number with the digits it deserves: an accuracy in percent, the rest to three significant digits.

    Where there is a ±, the two have the decimals that give the ± two significant digits.

    >>> estimate_text("accuracy", Estimate(0.975, 0.0281)), estimate_text("loss", Estimate(0.03124))
    ('97.5 ± 2.8 %', '0.0312')
    >>> estimate_text("loss", Estimate(0.08713, 0.0204))
    '0.087 ± 0.020'
    """
    value, half_width = estimate.value, estimate.half_width
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if name in METRICS and METRICS[name].in_percent:
        interval = "" if half_width is None or not math.isfinite(half_width) else f" ± {100 * half_width:.1f}"
        return f"{100 * value:.1f}{interval} %"
    if half_width is not None and 1e-6 < half_width < 1e3:
        decimals = min(max(0, 1 - math.floor(math.log10(half_width))), 6)
        text = f"{value:.{decimals}f} ± {half_width:.{decimals}f}"
    elif name == "r2" and -10 < value <= 1:
        text = f"{value:.3f}"
    else:
        text = number_of_digits(value)
    return text.replace("-", "−")


def number_of_digits(value: float, digits: int = 3) -> str:
    """`value` to so many significant digits, trailing zeros kept, with an exponent where it is very large or small."""
    if value == 0:
        return "0"
    if not 1e-4 <= abs(value) < 1e5:
        mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
        return f"{mantissa}e{int(exponent)}"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{value:.{decimals}f}"
