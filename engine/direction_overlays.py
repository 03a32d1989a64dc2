"""What directions through the mean of the points draw on the stage: arrows, and the feet of the points on an axis."""

from __future__ import annotations

import numpy as np

from engine.dataset import FloatArray
from engine.overlays import Arrows, Frame, Line, Marks, Overlay, Segments

_MOST_SEGMENTS = 2_000
"""Of more points no feet are drawn: they would hide all else."""
_REACH = 2.0
"""An arrow is so many standard deviations long."""


def arrows(
    frame: Frame, mean: FloatArray, steps: FloatArray, settled: int, *, turns_by_hand: bool
) -> tuple[Overlay, ...]:
    """The mean, and an arrow along each direction; nothing where features are not just inputs.

    Parameters
    ----------
    mean : (p,) of the points.
    steps : (r, p), one standard deviation along each direction.
    settled : how many of them, from the first on, stand still.
    turns_by_hand : whether the first can be taken by its tip.
    """
    if frame.places is None or len(steps) == 0:
        return ()
    origin = np.asarray(frame.places(mean[None]), np.float64)[0]
    tips = np.asarray(frame.places(mean + _REACH * steps), np.float64)
    return Marks(origin[None], "centre"), Arrows(origin, tips, settled, turns_by_hand)


def axis_and_feet(frame: Frame, Z: FloatArray, mean: FloatArray, direction: FloatArray) -> tuple[Overlay, ...]:
    """A line through the mean, and from each point the perpendicular to it; of two inputs only.

    Parameters
    ----------
    Z : (n, 2) the training rows.
    mean, direction : (2,), the direction a unit vector.
    """
    if frame.inputs is None or Z.shape[1] != 2 or len(Z) != len(frame.points):
        return ()
    centred = np.asarray(Z, np.float64) - mean
    reach = 1e3 * max(1e-9, float(np.sqrt((centred**2).mean())))
    ends = frame.inputs(np.stack([mean - reach * direction, mean + reach * direction]))
    axis = Line(np.asarray(ends, np.float64), "axis")
    if len(Z) > _MOST_SEGMENTS:
        return (axis,)
    feet = np.asarray(frame.inputs(mean + (centred @ direction)[:, None] * direction), np.float64)
    return axis, Segments(np.hstack([np.asarray(frame.points, np.float64), feet]))
