"""Every metric of one part of the data, overall and class by class, each with its standard error where one is sound."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.confusion import confusion_matrix
from engine.dataset import PART_NAMES, FloatArray, IntArray, Part, Task
from engine.learner import Prediction
from engine.metrics import Z95, accuracy, mae, mean_with_interval, mse, r2, rmse
from engine.ranking import auc, class_scores, mean_auc
from engine.snapshot import Estimate, Judged

_SMALLEST = float(np.finfo(np.float64).eps)
"""The least probability that a log loss reckons with, as in scikit-learn."""


@dataclass(frozen=True)
class Row:
    """One number.

    Parameters
    ----------
    name : of `engine.metric_names.METRICS`.
    class_index : the class that it is about; None for all of them.
    estimate : it, ± 1.96 standard errors; NaN where it is undefined.
    """

    name: str
    class_index: int | None
    estimate: Estimate


@dataclass(frozen=True)
class PartReport:
    """The metrics of one part.

    Parameters
    ----------
    rows : overall first, then class by class.
    looked_at, total : how many points they are made of, and how many the part has.
    """

    rows: tuple[Row, ...]
    looked_at: int
    total: int

    def estimate(self, name: str, class_index: int | None = None) -> Estimate | None:
        """One of them."""
        wanted = (name, class_index)
        return next((row.estimate for row in self.rows if (row.name, row.class_index) == wanted), None)


def report(task: Task, said: Prediction, y: NDArray[Any], n_classes: int = 0) -> tuple[Row, ...]:
    """The metrics of `said` for points with targets `y` (n,).

    In classification accuracy, balanced accuracy, log loss (with probabilities), AUC, precision, recall and F1, the
    last four as means over the classes and then class by class; in regression MSE, RMSE, MAE and, where it is defined,
    R². Nothing without points. Means over the classes count those that have points or are predicted; an undefined
    precision counts as 0 there, as in scikit-learn.

    References
    ----------
    The delta method: Bishop, Fienberg, Holland (1975), Discrete Multivariate Analysis, chapter 14.
    """
    if len(y) == 0:
        return ()
    if task == "regression":
        return () if said.values is None else _of_values(said.values, y)
    return () if said.labels is None else _of_classes(said, said.labels, np.asarray(y, np.intp), n_classes)


def reports(judged: Judged) -> dict[str, PartReport]:
    """The metrics of each part that has points, by its name."""
    dataset = judged.dataset
    return {
        PART_NAMES[part]: PartReport(
            report(dataset.task, judged.said_of(rows), judged.y[rows], dataset.n_classes),
            len(rows),
            len(dataset.rows(part)),
        )
        for part, rows in zip(Part, judged.rows_by_part, strict=True)
        if len(rows)
    }


def _of_values(values: FloatArray, y: FloatArray) -> tuple[Row, ...]:
    found = [Row("mse", None, mse(values, y)), Row("rmse", None, rmse(values, y)), Row("mae", None, mae(values, y))]
    explained = r2(values, y)
    if explained is not None:
        found.append(Row("r2", None, explained))
    return tuple(found)


def _of_classes(said: Prediction, labels: NDArray[Any], y: IntArray, n_classes: int) -> tuple[Row, ...]:
    cells = Cells(confusion_matrix(labels, y, n_classes))
    scores = class_scores(said)
    overall = [Row("accuracy", None, accuracy(labels, y)), Row("balanced_accuracy", None, cells.balanced_accuracy())]
    if said.probabilities is not None:
        right = np.asarray(said.probabilities, np.float64)[np.arange(len(y)), y]
        overall.append(Row("log_loss", None, mean_with_interval(-np.log(np.clip(right, _SMALLEST, 1.0)))))
    overall.append(Row("auc", None, mean_auc(scores, y) if n_classes > 2 else auc(scores[:, 1], y == 1)))
    overall += [Row(name, None, cells.mean(name)) for name in ("precision", "recall", "f1")]
    by_class: list[Row] = []
    for index in cells.seen:
        by_class += [Row(name, index, cells.of_class(name, index)) for name in ("precision", "recall", "f1")]
        if n_classes > 2:  # of two classes both have the same
            by_class.append(Row("auc", index, auc(scores[:, index], y == index)))
    return (*overall, *by_class)


class Cells:
    """Metrics that the confusion matrix alone decides, with standard errors by the delta method.

    The n points are a sample of the K x K cells with probabilities P. A metric f(P) then has the variance
    (Σ P g² - (Σ P g)²) / n with g its gradient. For a precision or a recall that is the normal interval p(1 - p) / m of
    the m points that it is about.

    Parameters
    ----------
    counts : (K, K), true classes in rows.
    """

    def __init__(self, counts: IntArray) -> None:
        self._n = int(counts.sum())
        self._share = counts / self._n
        self._true, self._said = self._share.sum(axis=1), self._share.sum(axis=0)
        self.seen: tuple[int, ...] = tuple(np.flatnonzero(self._true + self._said).tolist())
        """The classes that have points or are predicted."""

    def of_class(self, name: str, index: int) -> Estimate:
        """The precision, the recall or the F1 of one class; NaN where it is undefined."""
        return self._estimate(*self._value_and_gradient(name, index))

    def mean(self, name: str) -> Estimate:
        """The mean over the classes; what is undefined counts as 0."""
        return self._mean(name, self.seen)

    def balanced_accuracy(self) -> Estimate:
        """The mean recall of the classes that have points."""
        return self._mean("recall", tuple(np.flatnonzero(self._true).tolist()))

    def _mean(self, name: str, classes: tuple[int, ...]) -> Estimate:
        found = [self._value_and_gradient(name, index) for index in classes]
        value = float(np.mean([0.0 if math.isnan(each) else each for each, _ in found]))
        return self._estimate(value, np.mean([gradient for _, gradient in found], axis=0))

    def _value_and_gradient(self, name: str, k: int) -> tuple[float, FloatArray]:
        gradient = np.zeros_like(self._share)
        right = self._share[k, k]
        if name == "precision":
            whole, hit = self._said[k], 1.0
        elif name == "recall":
            whole, hit = self._true[k], 1.0
        else:
            whole, hit = self._said[k] + self._true[k], 2.0
        if whole == 0:
            return math.nan, gradient
        value = float(hit * right / whole)
        if name != "recall":
            gradient[:, k] -= value / whole
        if name != "precision":
            gradient[k, :] -= value / whole
        gradient[k, k] += hit / whole
        return value, gradient

    def _estimate(self, value: float, gradient: FloatArray) -> Estimate:
        if math.isnan(value):
            return Estimate(value)
        share = self._share
        variance = float((share * gradient**2).sum() - (share * gradient).sum() ** 2) / self._n
        # None where all are right or all are wrong: no width would say that nothing is left to doubt.
        return Estimate(value, Z95 * math.sqrt(variance) if variance > 1e-18 else None)
