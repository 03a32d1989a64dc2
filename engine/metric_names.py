"""What each metric is called, what it means, and with how many digits it is written."""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.snapshot import Estimate


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
