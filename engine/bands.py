"""Where new points are expected about a regression curve: by the theory of least squares, or by what was held out."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from engine.dataset import Dataset, FloatArray, Part
from engine.learner import TrainingData

NORMAL_95 = 1.96
_LOOKED_AT = 2000
"""So many held-out points say how far new ones stray."""
_NEGLIGIBLE = 1e-13
"""A direction in which the features spread by less than this share of the greatest spread is none."""


class _Spread(NamedTuple):
    """How the features of the training rows spread about their mean (p,): sizes (k,) along directions (k, p)."""

    centre: FloatArray
    sizes: FloatArray
    directions: FloatArray


@lru_cache(maxsize=2)  # Asked again with every picture of the same data.
def _spread_of(data: TrainingData) -> _Spread:
    rows = np.array(data.Z, np.float64, order="C")
    centre = rows.mean(axis=0)
    _, sizes, directions = np.linalg.svd(rows - centre, full_matrices=False)
    kept = sizes > _NEGLIGIBLE * sizes[0]
    return _Spread(centre, sizes[kept], directions[kept])


def least_squares_reach(data: TrainingData, residuals: FloatArray, l2: float, Z: FloatArray) -> FloatArray | None:
    """Half the width of the 95 % prediction interval of least squares, with or without L2.

    s t √(1 + 1/n + zᵀ(ZᵀZ + n λ/2)⁻¹z) with centred features; with a penalty the interval of Bayesian linear
    regression, whose weights have the prior that the penalty stands for.

    Parameters
    ----------
    residuals : (n,) of the training rows.
    l2 : λ, where mean squared error + λ/2 Σw² was minimised.
    Z : (m, p) features of the places.

    Returns
    -------
    (m,) float64; None where the weights leave no residuals to judge by.

    References
    ----------
    Montgomery, Peck, Vining (2012). Introduction to Linear Regression Analysis, 5th ed., section 3.5.
    Bishop (2006). Pattern Recognition and Machine Learning, equation 3.58.
    """
    from scipy.special import stdtrit

    n = len(residuals)
    spread = _spread_of(data)
    squares = spread.sizes**2
    damped = squares + 0.5 * n * l2
    free = n - 1.0 - float((squares / damped).sum())
    if free < 0.5:
        return None
    along = (np.asarray(Z, np.float64) - spread.centre) @ spread.directions.T
    deviation = np.sqrt(float(residuals @ residuals) / free)
    return np.asarray(stdtrit(free, 0.975) * deviation * np.sqrt(1.0 + 1.0 / n + along**2 @ (1.0 / damped)))


def held_out_rows(dataset: Dataset) -> tuple[np.ndarray, str]:
    """The points that say how far new ones stray from a model, and their part: training where nothing is held out."""
    for part, name in ((Part.VALIDATION, "validation"), (Part.TEST, "test"), (Part.TRAIN, "training")):
        rows = dataset.rows(part)
        if len(rows) > 1:
            return rows[:: 1 + len(rows) // _LOOKED_AT], name
    return np.empty(0, np.intp), ""
