"""Parallel axes: where they stand, which way each runs, how they are labelled, and where rows cross them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from engine.dataset import Dataset, FloatArray
from widgets.axes import number_text
from widgets.linked_picture import wrapped
from widgets.row_colours import Rows
from widgets.stage_shapes import solid
from widgets.theme import Theme
from widgets.xy_chart import write

_LEAST_SLOT = 46.0
"""Pixels for an axis; with fewer, names and numbers stand upright beside each other."""
_GREATEST_NAME_SHARE = 0.26
"""Of the height, for names that stand upright."""
_LEAST_FOR_NUMBERS = 180.0
"""Pixels of height; in less, the ends of upright axes are not written, as nothing would be left for the lines."""
_REACH = 9.0
"""Pixels from an axis, and no more than a third of the way to the next, within which a hand takes hold of it."""
_ROOM = 4.0


@dataclass(frozen=True, eq=False)
class ParallelAxes:
    """The axes laid out, from left to right.

    Parameters
    ----------
    features : the input that each axis shows.
    low, high : (k,) the smallest and the largest value of each.
    flipped : (k,) whether the largest is at the bottom.
    x : (k,) where the axes stand.
    top, bottom : where they end.
    names : the lines of each name.
    is_upright : whether names and numbers run upwards, as there is little room.
    has_numbers : whether there is room for the ends.
    every : how many axes share the room for one name.
    box : everything, labels and all.
    """

    features: tuple[int, ...]
    low: FloatArray
    high: FloatArray
    flipped: NDArray[np.bool_]
    x: FloatArray
    top: float
    bottom: float
    names: tuple[tuple[str, ...], ...]
    is_upright: bool
    has_numbers: bool
    every: int
    box: QRectF

    @property
    def reach(self) -> float:
        """How near to an axis a hand takes hold of it, in pixels."""
        return min(_REACH, self.slot / 3)

    @property
    def slot(self) -> float:
        return self.box.width() / len(self.features)

    def places(self, X: FloatArray, first: int = 0, last: int | None = None) -> FloatArray:
        """Where rows `X` (n, d) cross the axes from `first` to before `last`, or all of them, (n, axes) in pixels.

        Rows cross an axis of one value in its middle.
        """
        which = slice(first, last)
        values = X[:, list(self.features[which])].astype(np.float64)
        span = (self.high - self.low)[which]
        share = np.where(span > 0, (values - self.low[which]) / np.where(span > 0, span, 1.0), 0.5)
        share = np.where(self.flipped[which], 1 - share, share)
        return np.asarray(self.bottom + share * (self.top - self.bottom))

    def value_at(self, axis: int, place: float) -> float:
        """The value of an axis at a place, which may lie beyond its ends."""
        share = (place - self.bottom) / (self.top - self.bottom)
        share = 1 - share if self.flipped[axis] else share
        return float(self.low[axis] + share * (self.high[axis] - self.low[axis]))

    def nearest_axis(self, x: float) -> int:
        return int(np.abs(self.x - x).argmin())

    def axis_at(self, at: QPointF) -> int | None:
        """The axis whose line is there."""
        axis = self.nearest_axis(at.x())
        near = abs(self.x[axis] - at.x()) <= self.reach
        return axis if near and self.top - _ROOM <= at.y() <= self.bottom + _ROOM else None

    def name_at(self, at: QPointF) -> int | None:
        """The axis whose name or numbers are there."""
        beyond = at.y() < self.top - _ROOM or at.y() > self.bottom + _ROOM
        return self.nearest_axis(at.x()) if beyond and self.box.contains(at) else None

    def between(self, axis: int, span: tuple[float, float], X: FloatArray) -> Rows:
        """The rows of `X` (n, d) that cross an axis between two places, in order."""
        places = self.places(X, axis, axis + 1)[:, 0]
        return np.flatnonzero((places >= min(span) - 1e-6) & (places <= max(span) + 1e-6))

    def nearest_row(self, at: QPointF, X: FloatArray, reach: float) -> int | None:
        """The row of `X` (n, d) whose line passes nearest, none if it is further than `reach` pixels."""
        if len(X) == 0 or not self.x[0] - reach <= at.x() <= self.x[-1] + reach:
            return None
        left = int(np.clip(np.searchsorted(self.x, at.x(), side="right") - 1, 0, len(self.x) - 2))
        run = float(self.x[left + 1] - self.x[left])
        places = self.places(X, left, left + 2)
        rise = places[:, 1] - places[:, 0]
        across, down = at.x() - float(self.x[left]), at.y() - places[:, 0]
        along = np.clip((across * run + down * rise) / (run**2 + rise**2), 0.0, 1.0)
        distance = np.hypot(across - along * run, down - along * rise)
        row = int(distance.argmin())
        return row if distance[row] <= reach else None

    def numbers(self, axis: int) -> tuple[str, str]:
        """What is written at the top and at the bottom of an axis."""
        low, high = end_text(float(self.low[axis])), end_text(float(self.high[axis]))
        return (low, high) if self.flipped[axis] else (high, low)


def end_text(value: float) -> str:
    """The end of an axis as it is written: three digits, without zeros that say nothing.

    >>> end_text(0.1), end_text(7.9), end_text(1680.0), end_text(16.0)
    ('0.1', '7.9', '1,680', '16')
    """
    text = number_text(value)
    return text.rstrip("0").rstrip(".") if "." in text and "·" not in text else text


def lay_out(
    body: QRectF, font: QFontMetricsF, dataset: Dataset, features: tuple[int, ...], flipped: frozenset[int]
) -> ParallelAxes:
    """An axis for each of `features` from left to right, those of `flipped` upside down."""
    X = dataset.X[:, list(features)].astype(np.float64)
    low, high = X.min(axis=0), X.max(axis=0)
    k, line = len(features), font.height()
    slot = body.width() / k
    texts = [end_text(float(value)) for value in (*low, *high)]
    widest = max(font.horizontalAdvance(text) for text in texts)
    has_numbers = True
    is_upright = slot < max(_LEAST_SLOT, widest + 6)
    all_names = [dataset.input_names[feature] for feature in features]
    if is_upright:
        room = min(max(font.horizontalAdvance(name) for name in all_names), _GREATEST_NAME_SHARE * body.height())
        names = [wrapped(name, font, room, 1) for name in all_names]
        has_numbers = body.height() >= _LEAST_FOR_NUMBERS
        above, below = (room + widest + 14, widest + 6) if has_numbers else (room + 6, 4.0)
    else:
        names = [wrapped(name, font, slot - 6, 2) for name in all_names]
        above, below = (max(len(name) for name in names) + 1) * line + 5, line + 3
    return ParallelAxes(
        features,
        low,
        high,
        np.array([feature in flipped for feature in features]),
        body.left() + (np.arange(k) + 0.5) * slot,
        body.top() + above,
        max(body.bottom() - below, body.top() + above + 10),
        tuple(names),
        is_upright,
        has_numbers,
        max(1, int(np.ceil((line - 1) / slot))),
        body,
    )


def paint_axes(painter: QPainter, axes: ParallelAxes, theme: Theme) -> None:
    """Paint the axes with their names and ends."""
    painter.setPen(QPen(solid(theme.text, 0.55), 1.0))
    for x in axes.x.tolist():
        painter.drawLine(QPointF(x, axes.top), QPointF(x, axes.bottom))
    paint = _paint_upright if axes.is_upright else _paint_level
    for axis in range(0, len(axes.features), axes.every):
        paint(painter, axes, axis, theme)


def _paint_level(painter: QPainter, axes: ParallelAxes, axis: int, theme: Theme) -> None:
    """Write a name and one end below each other over the axis, and the other end under it."""
    font = QFontMetricsF(painter.font())
    line, x = font.height(), float(axes.x[axis])
    above, below = axes.numbers(axis)
    painter.setPen(QColor(theme.text))
    for index, text in enumerate(reversed(axes.names[axis])):
        write(painter, x - font.horizontalAdvance(text) / 2, axes.top - 4 - (index + 1.5) * line, text)
    painter.setPen(QColor(theme.muted))
    write(painter, x - font.horizontalAdvance(above) / 2, axes.top - 4 - line / 2, above)
    write(painter, x - font.horizontalAdvance(below) / 2, axes.bottom + 3 + line / 2, below)


def _paint_upright(painter: QPainter, axes: ParallelAxes, axis: int, theme: Theme) -> None:
    """Write the same upwards, each beginning or ending at the axis, the names all at one height."""
    font = QFontMetricsF(painter.font())
    above, below = axes.numbers(axis)
    (name,) = axes.names[axis]
    painter.save()
    painter.translate(float(axes.x[axis]), axes.top)
    painter.rotate(-90)
    painter.setPen(QColor(theme.muted))
    start = 4.0
    if axes.has_numbers:
        write(painter, start, 0, above)
        write(painter, axes.top - axes.bottom - 4 - font.horizontalAdvance(below), 0, below)
        start += 6 + max(font.horizontalAdvance(axes.numbers(index)[0]) for index in range(len(axes.features)))
    painter.setPen(QColor(theme.text))
    write(painter, start, 0, name)
    painter.restore()
