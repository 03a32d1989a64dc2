"""What a projection makes of its points: where their scores put them, what these stand for, and what is left over."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from engine.dataset import Dataset, FloatArray, IntArray, Points
from engine.experiment import ERROR
from engine.overlays import Loadings
from engine.plane import plane_of
from engine.projecting import ProjectionLearner
from engine.registry import LEARNERS
from engine.snapshot import Judged

_BINS = 48
"""A single score is stacked in so many columns."""
_BIPLOT = 0.8
"""The longest loading reaches so far towards the farthest score."""
_LARGEST = 1e30
"""Larger numbers have no place in single precision."""
_MOST = 4_000_000
"""So many numbers are reconstructed at most, which takes some 20 ms; of more rows the first ones."""


@dataclass(frozen=True, eq=False)
class ScoreReport:
    """Points where two of their scores put them.

    Parameters
    ----------
    dataset : the points (n, 2), with the targets, identities and classes that they have; a single score lies along the
        first axis, and along the second points are stacked that have nearly the same.
    names : what all scores are called (r,).
    axes : which two of them are shown, from 0.
    loadings : how much each feature counts in the two; None where scores are no weighted sums of features.
    """

    dataset: Dataset
    names: tuple[str, ...]
    axes: tuple[int, int]
    loadings: Loadings | None

    @property
    def is_plane(self) -> bool:
        """Whether both axes are scores."""
        return len(self.names) > 1


def score_report(judged: Judged | None, horizontal: int = 1, vertical: int = 2) -> ScoreReport | None:
    """The points by two of their scores, counted from 1; None before there are any, and of a model that has none."""
    learner = _projection(judged)
    if judged is None or judged.model is None or learner is None:
        return None
    scores = judged.prediction.scores
    if len(scores) == 0 or not (np.abs(scores) < _LARGEST).all():
        return None
    r = scores.shape[1]
    names = tuple(f"{LEARNERS[judged.model.experiment.learner.kind].axis} {index + 1}" for index in range(r))
    dataset = judged.dataset
    if r == 1:
        heights = _stacked(scores[:, 0], dataset.y)
        stacked = Points(np.column_stack([scores[:, 0], heights]), dataset.y, dataset.points.ids)
        return ScoreReport(replace(dataset, points=stacked, input_names=(names[0], "count")), names, (0, 0), None)
    first = min(horizontal, r) - 1
    second = min(vertical, r) - 1
    if second == first:
        second = 1 - first if first < 2 else 0
    placed = Points(scores[:, [first, second]], dataset.y, dataset.points.ids)
    shown = replace(dataset, points=placed, input_names=(names[first], names[second]))
    weights = learner.loadings(judged.model.state)
    loadings = None
    if weights is not None and len(weights) == r:
        tips = np.asarray(weights, np.float64)[[first, second]].T
        longest, farthest = float(np.hypot(*tips.T).max()), float(np.abs(placed.X).max())
        if longest > 0:
            loadings = Loadings(_BIPLOT * farthest / longest * tips, judged.model.features.names)
    return ScoreReport(shown, names, (first, second), loadings)


def _stacked(scores: FloatArray, y: FloatArray) -> FloatArray:
    """How high each point stands (n,) if those of one of 48 columns are stacked, class upon class: a dot plot.

    References
    ----------
    Wilkinson (1999). Dot plots. The American Statistician 53(3).
    """
    low, high = float(scores.min()), float(scores.max())
    width = (high - low) / _BINS if high > low else 1.0
    columns = np.minimum(((scores - low) / width).astype(np.intp), _BINS - 1)
    order = np.lexsort((scores, y, columns))
    first = np.searchsorted(columns[order], np.arange(_BINS))
    heights = np.empty(len(scores))
    heights[order] = np.arange(len(scores)) - first[columns[order]] + 1
    return heights


@dataclass(frozen=True, eq=False)
class ReconstructionReport:
    """Points where they would lie if their scores were all that is known.

    Parameters
    ----------
    dataset : the first points (m, 2) on the plane of the stage.
    errors : how far each is from where it lies, squared, in the units of the features (m,).
    """

    dataset: Dataset
    errors: FloatArray


def reconstruction_report(judged: Judged | None) -> ReconstructionReport | None:
    """What the scores of the points stand for; None of a projection that knows no way back to the inputs."""
    back = reconstruction(judged)
    if judged is None or judged.model is None or back is None or not (np.abs(back) < _LARGEST).all():
        return None
    model, dataset, m = judged.model, judged.dataset, len(back)
    inverse = model.features.inverse
    if inverse is None:
        return None
    inputs = inverse(back)
    plane = plane_of(dataset, model.experiment.view.plane)
    places = inputs if plane is None else plane.project(inputs)
    points = Points(places, dataset.y[:m], dataset.points.ids[:m])
    names = dataset.input_names if plane is None else plane.names
    return ReconstructionReport(
        replace(dataset, points=points, parts=dataset.parts[:m], input_names=names),
        ((np.asarray(model.data.Z[:m], np.float64) - back) ** 2).sum(axis=1),
    )


def reconstruction(
    judged: Judged | None, components: int | None = None, rows: IntArray | None = None
) -> FloatArray | None:
    """The features (m, p) that the scores of the first rows, or of `rows`, stand for; None where there is no way back.

    Parameters
    ----------
    components : of how many scores; None for all.
    """
    learner = _projection(judged)
    if judged is None or judged.model is None or learner is None or not math.isfinite(judged.model.state.objective):
        return None
    Z = judged.model.data.Z
    taken = Z[: max(1, _MOST // max(1, Z.shape[1]))] if rows is None else Z[rows]
    return learner.reconstructed(judged.model.state, taken, learner.n_features if components is None else components)


@lru_cache(maxsize=2)
def coloured_by(name: str, dataset: Dataset, stage: Dataset, judged: Judged | None) -> Dataset | None:
    """The points of the stage with what colours them as their target; None where that is what they are.

    Parameters
    ----------
    name : of a feature, or `engine.experiment.ERROR`.
    dataset : the points with all of their inputs.
    stage : the same as the stage shows them.
    judged : what a projection says of them.
    """
    if len(dataset.points) == 0 or dataset.n_inputs < 2:
        return None
    if name in dataset.input_names:
        values, title = dataset.X[:, dataset.input_names.index(name)], name
    else:
        learner = _projection(judged)
        if name != ERROR or learner is None or judged is None or judged.model is None:
            return None
        values, title = learner.left_over(judged.model.state, judged.model.data.Z), "reconstruction error"
        if len(values) != len(dataset.points) or not (np.abs(values) < _LARGEST).all():
            return None
    points = Points(stage.X, np.asarray(values, np.float32), stage.points.ids)
    return replace(stage, points=points, task="regression", class_names=(), target_name=title)


def _projection(judged: Judged | None) -> ProjectionLearner[Any] | None:
    model = None if judged is None else judged.model
    return model.learner if model is not None and isinstance(model.learner, ProjectionLearner) else None
