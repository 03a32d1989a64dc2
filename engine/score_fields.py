"""What a projection says of a plane: one of its scores, coloured and in lines of equal value."""

from __future__ import annotations

import numpy as np

from engine.dataset import Dataset, FloatArray
from engine.experiment import View
from engine.fields import Grid, Predict, contour_lines, field_of
from engine.learner import Prediction
from engine.overlays import Line
from engine.snapshot import Field, Viewport

_RANGED = 1_000
"""About so many points say what range the colours have."""


def score_picture(
    predict: Predict, viewport: Viewport, dataset: Dataset, view: View
) -> tuple[Field | None, tuple[Line, ...]]:
    """One score of a projection over the plane, in the colours of its range among the points; nothing of one that knows
    no scores but those of its points.

    Parameters
    ----------
    predict : its scores at places of the stage.
    viewport : the part of the plane in view.
    dataset : the points as the stage shows them.
    view : what is shown, and which score.
    """
    points = dataset.X[:: 1 + len(dataset.X) // _RANGED]
    if not (view.scores or view.contours) or len(points) == 0:
        return None, ()

    def score(places: FloatArray) -> Prediction:
        scores = predict(places).scores
        found = scores[:, min(view.component, scores.shape[1]) - 1]
        return Prediction(found[:, None], values=found)

    among = score(points).values
    if among is None or not np.isfinite(among).all():
        return None, ()
    low, high = float(among.min()), float(among.max())
    values = (low, high) if high > low else (low - 1.0, high + 1.0)
    grid = Grid.evaluated(score, viewport)
    field = field_of(grid, "regression", 0, values) if view.scores else None
    return field, contour_lines(grid, "regression", 0, values) if view.contours else ()
