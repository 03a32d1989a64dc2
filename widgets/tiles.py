"""A main view, and others beside it, each as large as can be."""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

_GAP = 8.0
_SHAPE = 1.15
"""How much wider than high a tile likes to be."""


_LEAST = 150.0
"""Pixels; where a tile beside the main one would be less wide or high, all become alike if that makes it larger."""


def tiled(count: int, area: QRectF) -> list[QRectF]:
    """Where `count` tiles lie in an area: the first takes half of it once there are others, which share the rest.

    Where these would be too small to be read, all are alike.
    """
    if count < 2:
        return [area] * count
    places = _with_a_main_one(count, area)
    if _smallest(places) >= _LEAST:
        return places
    alike = _grid(count, area)
    return alike if _smallest(alike) > _smallest(places) else places


def _smallest(places: list[QRectF]) -> float:
    return min(min(place.width(), place.height()) for place in places)


def _with_a_main_one(count: int, area: QRectF) -> list[QRectF]:
    wide, tall = (area.width() - _GAP) / 2, (area.height() - _GAP) / 2
    if area.width() >= _SHAPE * area.height():
        main = QRectF(area.left(), area.top(), wide, area.height())
        rest = QRectF(main.right() + _GAP, area.top(), wide, area.height())
    else:
        main = QRectF(area.left(), area.top(), area.width(), tall)
        rest = QRectF(area.left(), main.bottom() + _GAP, area.width(), tall)
    return [main, *_grid(count - 1, rest)]


def _grid(count: int, area: QRectF) -> list[QRectF]:
    """Rows that fill an area, with the number of columns that makes the smallest tile largest, by the lesser of its
    height and of its width over 1.15.
    """

    def rows_of(columns: int) -> list[int]:
        rows = math.ceil(count / columns)
        return [count // rows + (row < count % rows) for row in range(rows)]

    def size(columns: int) -> tuple[float, float]:
        rows = rows_of(columns)
        return (area.width() - _GAP * (rows[0] - 1)) / rows[0], (area.height() - _GAP * (len(rows) - 1)) / len(rows)

    columns = max(range(1, count + 1), key=lambda each: min(size(each)[0] / _SHAPE, size(each)[1]))
    height, places = size(columns)[1], []
    for row, in_row in enumerate(rows_of(columns)):
        width = (area.width() - _GAP * (in_row - 1)) / in_row
        top = area.top() + row * (height + _GAP)
        places += [QRectF(area.left() + column * (width + _GAP), top, width, height) for column in range(in_row)]
    return places


class Tiles(QWidget):
    """Shows those of its widgets that are not hidden, in the order in which they were added; the first is the main
    one.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._widgets: list[QWidget] = []

    def add(self, widget: QWidget) -> None:
        """Give a widget a tile, the last."""
        widget.setParent(self)
        self._widgets.append(widget)
        self.lay_out()

    def lay_out(self) -> None:
        """Find places for those that are to be seen."""
        seen = [widget for widget in self._widgets if not widget.isHidden()]
        for widget, place in zip(seen, tiled(len(seen), QRectF(self.rect())), strict=True):
            widget.setGeometry(place.toAlignedRect())

    def minimumSizeHint(self) -> QSize:
        return QSize(240, 180)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay out anew."""
        self.lay_out()
