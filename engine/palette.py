"""The class colours (Okabe and Ito 2008) and the colours of numbers, shared by fields and views."""

from __future__ import annotations

CLASS_COLOURS: tuple[tuple[int, int, int], ...] = (
    (0, 114, 178),
    (230, 159, 0),
    (0, 158, 115),
    (204, 121, 167),
    (213, 94, 0),
    (86, 180, 233),
)
"""Blue, orange, bluish green, reddish purple, vermilion, sky blue: told apart by the colour-blind."""

CLASS_SHAPES = ("circle", "square", "triangle", "diamond", "cross", "star")

LOW_VALUE, HIGH_VALUE = (0, 114, 178), (213, 94, 0)
"""The ends of the colour scale of a target: blue below the middle, vermilion above it."""
