"""The confusion matrix: how often each class is predicted as each."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.dataset import PART_NAMES, IntArray
from engine.snapshot import Judged

ALL_PARTS = "all"
"""The name of the matrix over every point, whatever its part."""


def confusion_matrix(labels: NDArray[Any], y: NDArray[Any], n_classes: int) -> IntArray:
    """Counts (K, K): the row is the true class, the column the predicted one.

    Parameters
    ----------
    labels, y : (n,) class indices below `n_classes`, of any dtype that holds whole numbers.

    >>> confusion_matrix(np.array([0, 1, 1]), np.array([0, 0, 1]), 2).tolist()
    [[1, 1], [0, 1]]
    """
    cells = y.astype(np.intp) * n_classes + labels.astype(np.intp)
    counts: IntArray = np.bincount(cells, minlength=n_classes**2)
    return counts.reshape(n_classes, n_classes)


def confusion_by_part(judged: Judged) -> dict[str, IntArray]:
    """The matrix of each part that has points, and of all; empty in regression."""
    labels = judged.prediction.labels
    if labels is None:
        return {}
    n_classes = judged.dataset.n_classes
    found = {
        PART_NAMES[part]: confusion_matrix(labels[rows], judged.y[rows], n_classes)
        for part, rows in enumerate(judged.rows_by_part)
        if len(rows)
    }
    return {**found, ALL_PARTS: confusion_matrix(labels, judged.y, n_classes)}


def rows_of_cell(judged: Judged, part: str, true: int, predicted: int) -> IntArray:
    """The rows of the data set in one cell of the matrix of `part` ("train", …, or "all")."""
    labels = judged.prediction.labels
    if labels is None:
        return np.empty(0, np.intp)
    inside = (judged.y.astype(np.intp) == true) & (labels.astype(np.intp) == predicted)
    if part != ALL_PARTS:
        inside &= judged.parts == PART_NAMES.index(part)
    return np.asarray(judged.rows[inside])
