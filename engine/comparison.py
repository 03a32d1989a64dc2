"""Comparing learners on the same folds: differences fold by fold, and intervals for their mean.

References
----------
Dietterich (1998). Approximate statistical tests for comparing supervised classification learning algorithms.
Nadeau, Bengio (2003). Inference for the generalization error. Machine Learning 52.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.dataset import FloatArray
from engine.validation import Scores, higher_is_better

EXPLANATION = (
    "Differences are taken fold by fold. The paired t interval treats the folds as independent, which they are not,"
    " as they train on points that they share: it is too narrow. The corrected one (Nadeau and Bengio 2003) widens it"
    " by the share of points held out."
)


@dataclass(frozen=True)
class Difference:
    """The mean difference between two learners over the same folds, with 95 % intervals.

    Parameters
    ----------
    mean : how much worse it is than the best; below 0 means worse where higher is better.
    half_width : of the paired t interval.
    p : of the paired t test, two-sided.
    corrected_half_width, corrected_p : of the corrected resampled t.
    """

    mean: float
    half_width: float
    p: float
    corrected_half_width: float
    corrected_p: float


def paired_difference(scores: FloatArray, others: FloatArray, held_out_share: float) -> Difference | None:
    """The mean of `scores` - `others` (k,) each, fold by fold; None of a single fold.

    Parameters
    ----------
    held_out_share : held-out points for each that is trained on, n₂/n₁ of the paper.
    """
    from scipy import stats

    differences = np.asarray(scores, np.float64) - np.asarray(others, np.float64)
    k = len(differences)
    if k < 2:
        return None
    mean, deviation = float(differences.mean()), float(differences.std(ddof=1))
    quantile = float(stats.t.ppf(0.975, k - 1))
    errors = [deviation * math.sqrt(1 / k), deviation * math.sqrt(1 / k + held_out_share)]
    # Folds that all differ by the same leave nothing to doubt; if by nothing, nothing to say.
    p, corrected_p = (
        2 * float(stats.t.sf(abs(mean) / error, k - 1)) if error > 0 else float(mean == 0) for error in errors
    )
    return Difference(mean, quantile * errors[0], p, quantile * errors[1], corrected_p)


@dataclass(frozen=True)
class Standing:
    """One learner among those that are compared.

    Parameters
    ----------
    candidate : its number in the study.
    rank : 1 for the best; 0 while it has no score.
    difference : to the best; None for the best itself and where there is no score.
    """

    candidate: int
    rank: int
    difference: Difference | None


def standings(scores: Scores) -> list[Standing]:
    """The candidates of a study, the best first; those without a score last, in their order."""
    study = scores.study
    means = {index: spread.mean for index in range(len(study.candidates)) if (spread := scores.spread(index))}
    sign = -1.0 if higher_is_better(study.measure) else 1.0
    order = sorted(means, key=lambda index: (sign * means[index], index))
    sizes = [(len(division.judged["held out"]), len(division.judged["train"])) for division in study.divisions[0]]
    share = sum(held for held, _ in sizes) / max(1, sum(trained for _, trained in sizes))
    found = [
        Standing(
            index,
            rank,
            None if rank == 1 else paired_difference(scores.held_out[index], scores.held_out[order[0]], share),
        )
        for rank, index in enumerate(order, 1)
    ]
    return found + [Standing(index, 0, None) for index in range(len(study.candidates)) if index not in means]
