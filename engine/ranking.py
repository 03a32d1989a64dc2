"""How well a score ranks points of a class before the others: ROC, precision and recall, AUC, and calibration."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.dataset import PART_NAMES, FloatArray, IntArray
from engine.learner import Prediction
from engine.metrics import Z95
from engine.snapshot import Estimate, Judged

MOST_VERTICES = 1000
"""Of a curve that is drawn: more than there are pixels along it."""
_FIRST_VERTICES = 64
"""Kept whatever is thinned: few points have been counted there, and the precision jumps."""
BINS = 10
"""Of a reliability curve, of one width each."""


@dataclass(frozen=True, eq=False)
class RankCurve:
    """What becomes of the counts when the threshold falls: the ROC curve and the precision-recall curve in one.

    Parameters
    ----------
    thresholds : (m,) falling, one for each distinct score; the first is infinite, where nothing is predicted.
    true_positives, false_positives : (m,) how many points of the class, and of the others, score that much or more.
    positives, negatives : how many there are of either.
    auc : the area under the ROC curve, ± 1.96 standard errors.
    average_precision : the mean of the precision over the steps in recall.
    """

    thresholds: FloatArray
    true_positives: FloatArray
    false_positives: FloatArray
    positives: int
    negatives: int
    auc: Estimate
    average_precision: float

    @cached_property
    def tpr(self) -> FloatArray:
        """The true positive rate (m,), which is the recall."""
        return self.true_positives / self.positives

    @cached_property
    def fpr(self) -> FloatArray:
        """The false positive rate (m,)."""
        return self.false_positives / self.negatives

    @cached_property
    def precision(self) -> FloatArray:
        """The precision (m,); 1 where nothing is predicted, as is the custom."""
        predicted = self.true_positives + self.false_positives
        return np.divide(self.true_positives, predicted, out=np.ones(len(predicted)), where=predicted > 0)

    def thinned(self, most: int = MOST_VERTICES) -> RankCurve:
        """The same curve with at most so many vertices (64 more at its beginning), evenly along it."""
        if len(self.thresholds) <= most:
            return self
        along = np.cumsum(np.abs(np.diff(self.fpr, prepend=0)) + np.abs(np.diff(self.tpr, prepend=0)))
        kept = np.searchsorted(along, np.linspace(0, along[-1], most - 1))
        kept = np.unique(np.concatenate([np.arange(min(_FIRST_VERTICES, most // 4)), kept, [len(along) - 1]]))
        return RankCurve(
            self.thresholds[kept], self.true_positives[kept], self.false_positives[kept],
            self.positives, self.negatives, self.auc, self.average_precision,
        )  # fmt: skip


def rank_curve(scores: FloatArray, is_class: NDArray[np.bool_]) -> RankCurve | None:
    """The curve of `scores` (n,) for the points that `is_class` (n,) marks.

    None where all points are of the class or none is, or where a score is not a number.
    """
    scores = np.asarray(scores, np.float64)
    positives = int(np.count_nonzero(is_class))
    negatives = len(scores) - positives
    if positives == 0 or negatives == 0 or not np.isfinite(scores).all():
        return None
    order = np.argsort(-scores, kind="stable")
    falling, hits = scores[order], is_class[order]
    ends = np.append(np.flatnonzero(np.diff(falling)), len(falling) - 1)
    true_positives = np.concatenate([[0.0], np.cumsum(hits)[ends]])
    false_positives = np.concatenate([[0.0], ends + 1.0 - true_positives[1:]])
    steps = np.diff(true_positives) / positives
    precision = true_positives[1:] / (ends + 1.0)
    return RankCurve(
        np.concatenate([[math.inf], falling[ends]]),
        true_positives,
        false_positives,
        positives,
        negatives,
        auc(scores, is_class),
        float(steps @ precision),
    )


def auc(scores: FloatArray, is_class: NDArray[np.bool_]) -> Estimate:
    """The probability that a point of the class scores higher than another one (ties count half), ± 1.96 SE.

    The standard error is DeLong's; there is none with fewer than two points of either kind or where one side has no
    spread at all. NaN where only one kind is there or a score is not a number.

    References
    ----------
    DeLong, DeLong, Clarke-Pearson (1988). Comparing the areas under two or more correlated receiver operating
    characteristic curves. Biometrics 44. In the fast form of Sun and Xu (2014), IEEE Signal Processing Letters 21.
    """
    placed = _placements(np.asarray(scores, np.float64), is_class)
    if placed is None:
        return Estimate(math.nan)
    above, below = placed[is_class], placed[~is_class]
    value = float(above.mean())
    if len(above) < 2 or len(below) < 2:
        return Estimate(value)
    return _with_interval(value, float(above.var(ddof=1) / len(above) + below.var(ddof=1) / len(below)))


def mean_auc(scores: FloatArray, y: NDArray[Any]) -> Estimate:
    """The mean over the classes of the AUC of one against the rest, ± 1.96 standard errors.

    Over the classes that have points, if there are others, too. The ± is DeLong's for all classes together: each point
    moves the areas of all of them, and the spread of what it moves is taken within its class.

    Parameters
    ----------
    scores : (n, K), class by class.
    y : (n,) class indices.
    """
    truth = np.asarray(y, np.intp)
    counts = np.bincount(truth, minlength=scores.shape[1])
    classes = [index for index in range(scores.shape[1]) if 0 < counts[index] < len(truth)]
    moved, areas = np.zeros(len(truth)), []
    for index in classes:
        is_class = truth == index
        placed = _placements(np.asarray(scores[:, index], np.float64), is_class)
        if placed is None:
            return Estimate(math.nan)
        areas.append(float(placed[is_class].mean()))
        moved += placed / np.where(is_class, counts[index], len(truth) - counts[index])
    if not areas:
        return Estimate(math.nan)
    present = np.flatnonzero(counts)
    value = float(np.mean(areas))
    if counts[present].min() < 2:
        return Estimate(value)
    variance = sum(float(counts[c] * moved[truth == c].var(ddof=1)) for c in present) / len(areas) ** 2
    return _with_interval(value, variance)


def _placements(scores: FloatArray, is_class: NDArray[np.bool_]) -> FloatArray | None:
    """For each point the share of the points of the other kind that it is on the right side of, ties half: (n,)."""
    positives = int(np.count_nonzero(is_class))
    if positives in (0, len(scores)) or not np.isfinite(scores).all():
        return None
    among_all = _mid_ranks(scores)
    placed = np.empty(len(scores))
    placed[is_class] = (among_all[is_class] - _mid_ranks(scores[is_class])) / (len(scores) - positives)
    placed[~is_class] = 1.0 - (among_all[~is_class] - _mid_ranks(scores[~is_class])) / positives
    return placed


def _mid_ranks(values: FloatArray) -> FloatArray:
    """Ranks from 1; those of equal values are their mean."""
    _, index, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2.0)[index])


def _with_interval(value: float, variance: float) -> Estimate:
    return Estimate(value, Z95 * math.sqrt(variance) if variance > 1e-18 else None)


@dataclass(frozen=True, eq=False)
class Calibration:
    """A reliability curve: how often what is said with a probability comes true.

    Parameters
    ----------
    said : (b,) the mean probability in each bin that has points, rising.
    happened : (b,) the share of its points that are of the class.
    counts : (b,) its points.
    """

    said: FloatArray
    happened: FloatArray
    counts: IntArray


def calibration(probabilities: FloatArray, is_class: NDArray[np.bool_], bins: int = BINS) -> Calibration:
    """The reliability curve of `probabilities` (n,), in `bins` of one width from 0 to 1.

    References
    ----------
    DeGroot, Fienberg (1983). The comparison and evaluation of forecasters. The Statistician 32.
    """
    p = np.asarray(probabilities, np.float64)
    known = np.isfinite(p)
    p, hits = p[known], is_class[known]
    # A probability on the border of two bins belongs to the lower one, as in scikit-learn.
    index = np.searchsorted(np.linspace(0.0, 1.0, bins + 1)[1:-1], p)
    counts = np.bincount(index, minlength=bins)
    filled = counts > 0
    said = np.bincount(index, p, minlength=bins)[filled] / counts[filled]
    happened = np.bincount(index, hits, minlength=bins)[filled] / counts[filled]
    return Calibration(said, happened, counts[filled])


@dataclass(frozen=True, eq=False)
class Ranking:
    """The curves of one class in one part of the data.

    Parameters
    ----------
    curve : thinned to be drawn; None where the part has points of one kind only.
    calibration : None where there are scores rather than probabilities.
    operating : (true positives, false positives) of the labels as they are; None for more than two classes, where
        labels do not come from one class's score alone.
    """

    curve: RankCurve | None
    calibration: Calibration | None
    operating: tuple[int, int] | None


def rankings(judged: Judged) -> dict[str, tuple[Ranking, ...]]:
    """Of each part that has points: one ranking a class, that of the second class alone where there are two."""
    n_classes = judged.dataset.n_classes
    found: dict[str, tuple[Ranking, ...]] = {}
    for part, rows in enumerate(judged.rows_by_part):
        if len(rows) and n_classes:
            said, y = judged.said_of(rows), judged.y[rows].astype(np.intp)
            classes = range(n_classes) if n_classes > 2 else (1,)
            found[PART_NAMES[part]] = tuple(_ranking(said, y, index) for index in classes)
    return found


def _ranking(said: Prediction, y: IntArray, index: int) -> Ranking:
    is_class = y == index
    curve = rank_curve(class_scores(said)[:, index], is_class)
    reliability = None if said.probabilities is None else calibration(said.probabilities[:, index], is_class)
    operating = None
    if said.labels is not None and class_scores(said).shape[1] == 2:
        positive = said.labels == index
        operating = int(np.count_nonzero(positive & is_class)), int(np.count_nonzero(positive & ~is_class))
    return Ranking(None if curve is None else curve.thinned(), reliability, operating)


def class_scores(said: Prediction) -> FloatArray:
    """One score a class (n, K), the higher the likelier: probabilities where there are any."""
    if said.probabilities is not None:
        return said.probabilities
    if said.scores.shape[1] == 1:
        return np.concatenate([-said.scores, said.scores], axis=1)
    if said.scores.shape[1] == 2:
        lead = said.scores[:, 1] - said.scores[:, 0]
        return np.stack([-lead, lead], axis=1)
    return said.scores


def threshold_between(higher: float, lower: float) -> float:
    """A probability with few digits that tells two scores apart: at most `higher`, and more than `lower`.

    >>> threshold_between(0.7312, 0.6127), threshold_between(0.99991, 0.9999)
    (0.7, 0.99991)
    """
    higher, lower = min(higher, 1.0), max(lower, 0.0)
    middle = (higher + lower) / 2
    for decimals in range(1, 12):
        rounded = round(middle, decimals)
        if lower < rounded <= higher:
            return rounded
    return higher
