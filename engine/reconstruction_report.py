"""What views show of a reconstruction: points as pictures or profiles, and the error against the number of scores."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np

from engine.dataset import FloatArray, IntArray
from engine.model import Model
from engine.projecting import ProjectionLearner
from engine.snapshot import Judged

MOST_SHOWN = 10
"""So many points are looked at side by side."""
_MOST_COMPONENTS = 64
_MEASURED = 2_000
"""Of a model whose error has to be measured so many points at most are asked, evenly chosen."""
_LEAST_SIDE = 4
_PIXEL = re.compile(r"^(\D*)\d+(\D*\d+)?$")


@dataclass(frozen=True, eq=False)
class ReconstructionStudy:
    """How well points are known by their first few scores.

    Parameters
    ----------
    model : the projection.
    errors : (m + 1,) the mean squared distance of the points from what their first r scores say, in squared units of
        the features, for r from 0 (the mean alone) to m; NaN where it is not known.
    kept : how many scores the model has, or looks for.
    shape : the height and the width of the picture that a point is; None where it is none.
    examples : rows to look at: one a class, or some evenly chosen.
    """

    model: Model
    errors: FloatArray
    kept: int
    shape: tuple[int, int] | None
    examples: IntArray

    @property
    def names(self) -> tuple[str, ...]:
        """What the features are called."""
        return self.model.features.names

    def looked_at(self, rows: IntArray) -> tuple[FloatArray, FloatArray]:
        """Points at `rows` (k,) as they are and as their scores have them, each (k, p): in the units of the inputs
        where they are pictures, else of the features.
        """
        Z = np.asarray(self.model.data.Z[rows], np.float64)
        back = _rebuilt(self.model, Z, self.kept)
        inverse = self.model.features.inverse
        return (inverse(Z), inverse(back)) if self.shape is not None and inverse is not None else (Z, back)

    def title(self, row: int) -> str:
        """What a point is called: its class or target, and its row from 1."""
        dataset = self.model.dataset
        y = float(dataset.y[row])
        known = dataset.class_names[int(y)] if dataset.class_names else f"{y:g}"
        return f"{known} · row {row + 1:,}"


def reconstruction_study(judged: Judged | None) -> ReconstructionStudy | None:
    """The study of a projection that knows a way back; None of another model, and before there is anything to say."""
    model = None if judged is None else judged.model
    if model is None or not isinstance(model.learner, ProjectionLearner) or len(model.data.Z) == 0:
        return None
    if not math.isfinite(model.state.objective):
        return None
    errors = _errors(model)
    if errors is None:
        return None
    found = min(len(errors) - 1, int(getattr(model.learner, "wanted", len(errors) - 1)))
    return ReconstructionStudy(model, errors, found, _shape_of(model), _examples(model))


def _errors(model: Model) -> FloatArray | None:
    from engine.learners.pca import PcaLearner

    learner = model.learner
    assert isinstance(learner, ProjectionLearner)
    if isinstance(learner, PcaLearner):
        variances, _ = learner.spectrum(model.data)
        kept = variances[:_MOST_COMPONENTS]
        return np.asarray(np.maximum(0.0, float(variances.sum()) - np.concatenate([[0.0], np.cumsum(kept)])))
    Z = np.asarray(model.data.Z[:: 1 + len(model.data.Z) // _MEASURED], np.float64)
    r = learner.embedded(model.state, model.data).shape[1]
    errors = [float(((Z - Z.mean(axis=0)) ** 2).sum(axis=1).mean())]
    for components in range(1, r + 1):
        back = learner.reconstructed(model.state, Z, components)
        if back is None:
            return None
        errors.append(float(((Z - back) ** 2).sum(axis=1).mean()))
    return np.array(errors) if np.isfinite(errors).all() else None


def _rebuilt(model: Model, Z: FloatArray, components: int) -> FloatArray:
    """What the first `components` scores of rows of features (k, p) stand for; of principal components the best,
    whether they have been found yet or not.
    """
    from engine.learners.pca import PcaLearner

    learner = model.learner
    assert isinstance(learner, ProjectionLearner)
    if isinstance(learner, PcaLearner):
        _, axes = learner.spectrum(model.data)
        mean, axes = np.asarray(model.data.Z, np.float64).mean(axis=0), axes[:components]
        return np.asarray(mean + (Z - mean) @ axes.T @ axes)
    back = learner.reconstructed(model.state, Z, components)
    assert back is not None
    return back


def _shape_of(model: Model) -> tuple[int, int] | None:
    """The sides of a square picture, if the inputs are its pixels: named alike and numbered, 16 or more."""
    names = model.dataset.input_names
    side = math.isqrt(len(names))
    if side < _LEAST_SIDE or side * side != len(names) or model.features.inverse is None:
        return None
    matches = [_PIXEL.match(name) for name in names]
    prefixes = {match.group(1) for match in matches if match is not None}
    return (side, side) if all(matches) and len(prefixes) == 1 else None


def _examples(model: Model) -> IntArray:
    dataset = model.dataset
    if 1 < dataset.n_classes <= MOST_SHOWN:
        rows = np.unique(np.asarray(dataset.y, np.intp), return_index=True)[1]
    else:
        rows = np.linspace(0, len(dataset.points) - 1, min(MOST_SHOWN, len(dataset.points))).astype(np.intp)
    return np.asarray(np.unique(rows), np.intp)
