"""The weights of a linear model, and what a penalty would make of them: the paths of ridge and lasso."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import numpy as np

from engine.dataset import FloatArray
from engine.learner import TrainingData
from engine.learners.linear_regression import LinearRegression

if TYPE_CHECKING:
    from engine.model import Model

Penalty = Literal["l1", "l2"]

_STEPS = 120
"""Strengths at which a path is computed, evenly spaced by ratio."""
_LEAST_SHARE = 1e-4
"""The least strength of a lasso path, in parts of the one from which on every weight is zero."""
_MOST_ITERATIONS = 5000
"""Of a lasso path: 0.1 s for ten features, a second for a hundred."""
_TOLERANCE = 1e-9
"""A lasso path is done where no step changes a weight by more than this share of the longest first step."""
_MOST_FEATURES = 200
"""Of so many a path can be read, and solved while one waits."""
_RIDGE_RANGE = (1e-6, 100.0)
_MOST_STRENGTH = 100.0
"""As strong as the settings allow."""


@dataclass(frozen=True, eq=False)
class WeightPath:
    """The best weights for the squared loss under one penalty, by its strength; the other penalty is 0.

    Parameters
    ----------
    penalty : which one.
    strengths : (s,) λ, ascending.
    weights : (s, p).
    """

    penalty: Penalty
    strengths: FloatArray
    weights: FloatArray


@dataclass(frozen=True, eq=False)
class Weights:
    """What each feature counts, in the units in which the learner sees the features.

    Parameters
    ----------
    features : (p,) their names.
    outputs : what each column is about: the classes; one empty name for a value or for two classes.
    values : (p, m).
    intercepts : (m,).
    scaled : whether the features were scaled, so that their weights can be compared.
    strengths : the penalties as they are set.
    paths : by penalty; empty unless it is a linear regression by squared loss of not too many features.
    """

    features: tuple[str, ...]
    outputs: tuple[str, ...]
    values: FloatArray
    intercepts: FloatArray
    scaled: bool
    strengths: Mapping[Penalty, float]
    paths: Mapping[Penalty, WeightPath]


def weights_of(model: Model | None, *, with_paths: bool = True) -> Weights | None:
    """The weights of `model`; None if it is not a weighted sum of its features.

    Parameters
    ----------
    with_paths : whether to solve for the paths, which takes up to a second, and more beside a model that learns.
    """
    found = None if model is None else model.learner.coefficients(model.state)
    if model is None or found is None:
        return None
    values, intercepts = (np.asarray(array, np.float64) for array in found)
    experiment, data = model.experiment, model.data
    classes = tuple(data.class_name(index) for index in range(values.shape[1])) if values.shape[1] > 1 else ("",)
    penalties = experiment.training.regularization
    return Weights(
        features=data.feature_names,
        outputs=classes,
        values=values,
        intercepts=intercepts,
        scaled=experiment.preparation.scaling != "none",
        strengths={"l1": penalties.l1, "l2": penalties.l2},
        paths={"l2": ridge_path(data), "l1": lasso_path(data)} if with_paths and has_paths(model) else {},
    )


def has_paths(model: Model | None) -> bool:
    """Whether there are paths of the weights of `model`."""
    if model is None or not isinstance(model.experiment.learner, LinearRegression):
        return False
    is_squared = model.experiment.training.loss.kind == "squared"
    return is_squared and len(model.data.Z) > 1 and model.data.Z.shape[1] <= _MOST_FEATURES


def why_no_weights(model: Model | None) -> str:
    """Why there are no weights of `model`; empty where there are."""
    if model is None:
        return "There is no model yet."
    if model.learner.coefficients(model.state) is not None:
        return ""
    if getattr(model.learner, "weighs_features", False) and model.learner.steps_done(model.state) == 0:
        return "The weights come with the first step."
    return "This model is not a weighted sum of its features: choose a linear one to see its weights."


@lru_cache(maxsize=2)  # Asked again with every picture of the same data.
def ridge_path(data: TrainingData) -> WeightPath:
    """The weights that minimise mean((Z w + b - y)²) + λ/2 Σw², from singular values.

    References
    ----------
    Hastie, Tibshirani, Friedman (2009). The Elements of Statistical Learning, 2nd ed., equation 3.47.
    """
    rows, target = _centred(data)
    left, sizes, right = np.linalg.svd(rows, full_matrices=False)
    strengths = np.geomspace(*_RIDGE_RANGE, _STEPS)
    shrunk = sizes * (left.T @ target) / (sizes**2 + 0.5 * len(rows) * strengths[:, None])
    return WeightPath("l2", strengths, shrunk @ right)


@lru_cache(maxsize=2)
def lasso_path(data: TrainingData) -> WeightPath:
    """The weights that minimise mean((Z w + b - y)²) + λ Σ|w|: proximal gradient steps at all strengths at once.

    References
    ----------
    Beck, Teboulle (2009). A fast iterative shrinkage-thresholding algorithm for linear inverse problems. SIAM Journal
    on Imaging Sciences 2(1).
    O'Donoghue, Candès (2015). Adaptive restart for accelerated gradient schemes. Foundations of Computational
    Mathematics 15.
    """
    rows, target = _centred(data)
    G, c = 2.0 * rows.T @ rows / len(rows), 2.0 * rows.T @ target / len(rows)
    # From where on every weight is zero: the slope of the squared loss there.
    greatest = min(float(np.abs(c).max(initial=0.0)), _MOST_STRENGTH) or 1.0
    strengths = np.geomspace(_LEAST_SHARE * greatest, min(1.5 * greatest, _MOST_STRENGTH), _STEPS)
    step = 1.0 / (float(np.linalg.eigvalsh(G)[-1]) or 1.0)
    thresholds = step * strengths[:, None]
    least = _TOLERANCE * step * greatest
    W = ahead = np.zeros((_STEPS, len(c)))
    momentum = np.ones((_STEPS, 1))
    for _ in range(_MOST_ITERATIONS):
        moved = ahead - step * (ahead @ G - c)
        following = np.sign(moved) * np.maximum(np.abs(moved) - thresholds, 0.0)
        change = following - W
        turned = ((ahead - following) * change).sum(axis=1, keepdims=True) > 0
        momentum[turned] = 1.0
        grown = 0.5 * (1.0 + np.sqrt(1.0 + 4.0 * momentum**2))
        W, ahead, momentum = following, following + (momentum - 1.0) / grown * change, grown
        if np.abs(change).max() <= least:
            break
    return WeightPath("l1", strengths, W)


def _centred(data: TrainingData) -> tuple[FloatArray, FloatArray]:
    """Features and targets less their means: then the intercept need not be solved for."""
    rows, y = np.array(data.Z, np.float64, order="C"), np.asarray(data.y, np.float64)
    constant = (rows[:1] == rows).all(axis=0)
    rows -= rows.mean(axis=0)
    # What rounding leaves of a constant column is not a spread.
    rows[:, constant] = 0.0
    return rows, y - y.mean()
