"""Where the cells of a scatter-plot matrix are, their axes, and the bars of its histograms."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QFontMetricsF

from engine.dataset import Dataset, FloatArray
from widgets.axes import Axis, Tick, padded_range
from widgets.row_colours import Rows

_LEAST_CELL = (44.0, 30.0)
"""Pixels; where fewer are left for a cell, the last features are left out."""
_LEAST_FOR_NUMBERS = (40.0, 34.0)
_GAP = 5.0
_INK = 0.3
"""The share of a cell that its points cover, if none lies on another."""
_POINT_SIZES = (2.0, 7.0)
_A_TICK = (46.0, 30.0)
"""Pixels from one number to the next, across and up."""
_MOST_TICKS = 5
_BIN = 6.0
"""Pixels at least."""
_BINS = (6, 24)

Cell = tuple[int, int]
"""Row and column of the matrix, from the top left."""


@dataclass(frozen=True, eq=False)
class Matrix:
    """The cells laid out.

    Parameters
    ----------
    features : the inputs shown, from left to right and from top to bottom.
    across, up : the axis of each, along its column and along its row.
    point_size : pixels.
    has_numbers : whether there is room for numbers below and at the left.
    """

    features: tuple[int, ...]
    across: tuple[Axis, ...]
    up: tuple[Axis, ...]
    point_size: float
    has_numbers: bool

    @property
    def cells(self) -> list[Cell]:
        """All cells, row by row."""
        size = range(len(self.features))
        return [(row, column) for row in size for column in size]

    def rect(self, cell: Cell) -> QRectF:
        """The place of a cell."""
        x, y = self.across[cell[1]], self.up[cell[0]]
        return QRectF(QPointF(x.start, y.end), QPointF(x.end, y.start))

    def cell_at(self, at: QPointF) -> Cell | None:
        """The cell that a place is in."""
        return next((cell for cell in self.cells if self.rect(cell).contains(at)), None)

    def pixels(self, X: FloatArray) -> NDArray[np.float64]:
        """Where rows `X` (n, d) stand in every cell but those of the diagonal, cell by cell, (cells · n, 2)."""
        xs = [axis.places(X[:, feature]) for axis, feature in zip(self.across, self.features, strict=True)]
        ys = [axis.places(X[:, feature]) for axis, feature in zip(self.up, self.features, strict=True)]
        cells = [(row, column) for row, column in self.cells if row != column]
        return np.concatenate([np.column_stack([xs[column], ys[row]]) for row, column in cells])

    def inside(self, cell: Cell, box: QRectF, X: FloatArray) -> Rows:
        """The rows of `X` (n, d) within a box in a cell, in order; of the diagonal those whose value it spans."""
        row, column = cell
        x, y = X[:, self.features[column]], X[:, self.features[row]]
        across, up = self.across[column], self.up[row]
        found = (x >= across.value_at(box.left())) & (x <= across.value_at(box.right()))
        if row != column:
            found &= (y >= up.value_at(box.bottom())) & (y <= up.value_at(box.top()))
        return np.flatnonzero(found)

    def ticks_across(self, column: int) -> tuple[Tick, ...]:
        return _ticks(self.across[column], _A_TICK[0])

    def ticks_up(self, row: int) -> tuple[Tick, ...]:
        return _ticks(self.up[row], _A_TICK[1])

    def edges(self, index: int, values: FloatArray) -> FloatArray:
        """Between which places on its axis the bars of a feature's histogram stand, (bins + 1,); `values` are its own.

        Whole numbers are never cut apart: every bar holds as many of them as the next.
        """
        axis = self.across[index]
        most = int(np.clip((axis.end - axis.start) / _BIN, *_BINS))
        low, high = float(values.min(initial=np.inf)), float(values.max(initial=-np.inf))
        if low < high <= low + 1e6 and bool((values == np.rint(values)).all()):
            step = ceil((high - low + 1) / most)
            return low - 0.5 + step * np.arange(ceil((high - low + 1) / step) + 1)
        return np.linspace(axis.low, axis.high, most + 1)


def lay_out(body: QRectF, font: QFontMetricsF, dataset: Dataset, chosen: tuple[int, ...], n_drawn: int) -> Matrix:
    """The cells of as many of the `chosen` features as there is room for, two at least."""
    fits = min(int(body.width() / _LEAST_CELL[0]), int(body.height() / _LEAST_CELL[1]))
    features = chosen[: max(2, fits)]
    ranges = [padded_range(np.asarray(dataset.X[:, feature], np.float64), log=False) for feature in features]
    k = len(features)
    has_numbers = body.width() / k >= _LEAST_FOR_NUMBERS[0] and body.height() / k >= _LEAST_FOR_NUMBERS[1]
    left, bottom = 0.0, 0.0
    if has_numbers:
        bottom = font.height() + 3
        rough = [Axis(*ends, (body.height() - bottom) / k - _GAP, 0.0) for ends in ranges]
        texts = [tick.text for axis in rough for tick in _ticks(axis, _A_TICK[1])]
        left = max((font.horizontalAdvance(text) for text in texts), default=0.0) + 5
    width = (body.width() - left + _GAP) / k - _GAP
    height = (body.height() - bottom + _GAP) / k - _GAP
    lefts = [body.left() + left + index * (width + _GAP) for index in range(k)]
    tops = [body.top() + index * (height + _GAP) for index in range(k)]
    size = float(np.clip(sqrt(_INK * width * height / max(1, n_drawn)), *_POINT_SIZES))
    return Matrix(
        features,
        tuple(Axis(*ends, at, at + width) for ends, at in zip(ranges, lefts, strict=True)),
        tuple(Axis(*ends, at + height, at) for ends, at in zip(ranges, tops, strict=True)),
        round(2 * size) / 2,
        has_numbers,
    )


def _ticks(axis: Axis, distance: float) -> tuple[Tick, ...]:
    """About one a `distance`; of a range about zero two are found only where more are asked for."""
    wanted = int(np.clip(abs(axis.end - axis.start) / distance, 2, _MOST_TICKS))
    tries = (axis.ticks(count) for count in range(wanted, wanted + _MOST_TICKS))
    return next((ticks for ticks in tries if len(ticks) >= 2), ())


def counted(values: FloatArray, groups: Rows, n_groups: int, edges: FloatArray) -> Rows:
    """How many of `values` (n,) of each group lie between each two `edges`, evenly spaced, (bins, n_groups)."""
    bins = len(edges) - 1
    at = (values.astype(np.float64) - edges[0]) / (edges[-1] - edges[0]) * bins
    at = np.clip(at.astype(np.intp), 0, bins - 1)
    return np.bincount(at * n_groups + groups, minlength=bins * n_groups).reshape(bins, n_groups)
