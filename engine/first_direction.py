"""Where the first direction of a projection begins, as a hand has turned it."""

from __future__ import annotations

import math

import numpy as np

from engine.dataset import FloatArray
from engine.settings import choice

MOST_FEATURES = 500

ANGLE: float = choice(
    100.0,
    "First direction",
    "Where the first direction of two features begins, in degrees from the horizontal axis; drag the arrow on the"
    " stage to turn it.",
    ge=-180.0, le=180.0, step=1.0, unit="°", only_for={"found": ("power_iteration",)},
)  # fmt: skip
BY_HAND: tuple[float, ...] = choice(
    (),
    "By hand",
    "The first direction of more than two features, as the arrow on the stage was turned, in the units of the model's"
    " features; empty is drawn by chance.",
    max_length=MOST_FEATURES, only_for={"found": ("power_iteration",)}, advanced=True,
)  # fmt: skip


def first_direction(angle: float, by_hand: tuple[float, ...], n_features: int) -> FloatArray | None:
    """A unit vector (p,); None where chance is to choose one.

    Parameters
    ----------
    angle : of two features, in degrees.
    by_hand : of more; as many numbers as there are features, or it is not looked at.
    """
    if n_features == 2:
        turn = math.radians(angle)
        return np.array([math.cos(turn), math.sin(turn)])
    direction = np.asarray(by_hand, np.float64)
    length = float(np.linalg.norm(direction)) if len(direction) == n_features else 0.0
    return direction / length if length > 0 else None
