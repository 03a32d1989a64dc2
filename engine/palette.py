"""The class colours (Okabe and Ito 2008) and the colours of numbers, shared by fields and views."""

from __future__ import annotations

CLASS_COLOURS: tuple[tuple[int, int, int], ...] = (
    (0, 114, 178),
    (230, 159, 0),
    (0, 158, 115),
    (204, 121, 167),
    (213, 94, 0),
    (86, 180, 233),
    (240, 228, 66),
    (108, 108, 108),
    (51, 34, 136),
    (136, 34, 85),
    (17, 119, 51),
    (153, 119, 0),
    (170, 68, 153),
    (68, 170, 153),
    (204, 102, 119),
    (122, 62, 17),
    (102, 153, 204),
    (178, 205, 70),
    (255, 170, 187),
    (40, 44, 52),
)
"""Blue, orange, bluish green, reddish purple, vermilion, sky blue, yellow: told apart by the colour-blind.

The rest, for tables of many classes, are from the muted scheme of Tol (2021) and between its colours; these are told
apart by their shapes as well, which come in another order with each colour.
"""

_SHAPES = ("circle", "square", "triangle", "diamond", "cross", "star")
CLASS_SHAPES = tuple(_SHAPES[(index + index // len(_SHAPES)) % len(_SHAPES)] for index in range(len(CLASS_COLOURS)))
MOST_CLASSES = len(CLASS_COLOURS)
"""Of a table; so many can be told apart. Six can be drawn."""

LOW_VALUE, HIGH_VALUE = (0, 114, 178), (213, 94, 0)
"""The ends of the colour scale of a target: blue below the middle, vermilion above it."""
