"""Where points lie so thick that none can be told from the next: a picture of how many there are, and of what kind."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSizeF
from PySide6.QtGui import QImage, QPainter

from widgets.stage_geometry import Columns, Floats, Mapping
from widgets.stage_items import Frame

CELL = 2.0
"""The side of a cell of the picture, in pixels; it is painted smoothly."""
_FAINTEST, _FULLEST = 0.5, 0.94
"""How opaque a cell of one point is, and one of as many as nearly any: what lies beneath shines through a little."""
_FULL_AT = 0.98
"""The share of the cells that are not fuller than one of full strength: a single heap does not pale all others."""
_PIECE = 32_768
"""So many points are placed at once: their coordinates stay in the cache of the processor."""


@dataclass(frozen=True, eq=False)
class Density:
    """A picture of a density, and where it goes.

    Parameters
    ----------
    image : premultiplied, one pixel a cell.
    corner : the pixel at which its top left corner lies.
    """

    image: QImage
    corner: QPointF

    def paint(self, painter: QPainter, frame: Frame) -> None:
        """Paint it into the plot."""
        painter.save()
        painter.setClipRect(frame.plot)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setRenderHint(QPainter.RenderHint.LosslessImageRendering)
        painter.drawImage(QRectF(self.corner, QSizeF(self.image.size()) * CELL), self.image)
        painter.restore()


@dataclass(frozen=True)
class Grid:
    """The cells over a plot: they are fixed to the plane, so that a density moves with it and does not shimmer.

    Parameters
    ----------
    left, top : the pixel at which the first cell begins; up to one cell outside the plot.
    columns, rows : how many cells there are.
    """

    left: float
    top: float
    columns: int
    rows: int

    @classmethod
    def over(cls, mapping: Mapping) -> Grid:
        """The cells that cover the plot of `mapping`; one of them has a corner where the axes cross."""
        origin = mapping.to_pixels(np.zeros(2))
        left = mapping.left - (mapping.left - float(origin[0])) % CELL
        top = mapping.top - (mapping.top - float(origin[1])) % CELL
        return cls(
            left,
            top,
            math.ceil((mapping.left + mapping.width - left) / CELL),
            math.ceil((mapping.top + mapping.height - top) / CELL),
        )

    def cells(self, mapping: Mapping, columns: Columns) -> NDArray[np.int32]:
        """The cell of each point (n,), counted row by row from the top left; one beyond the last for those outside.

        In pieces that stay in the cache of the processor: 3 ms a million points.
        """
        x, y = columns
        scale = mapping.scale / CELL
        at = (np.array([mapping.left, mapping.top + mapping.height]) - (self.left, self.top)) / CELL
        # From the middle of the view, whose distance to a point in view is small: float32 then has digits to spare.
        middle = np.array([sum(mapping.x_range) / 2, sum(mapping.y_range) / 2])
        shift = at + (middle - (mapping.x_range[0], mapping.y_range[0])) * scale
        cell = np.empty(len(x), np.int32)
        for start in range(0, len(x), _PIECE):
            piece = slice(start, start + _PIECE)
            column = (x[piece] - np.float32(middle[0])) * np.float32(scale[0]) + np.float32(shift[0])
            row = (y[piece] - np.float32(middle[1])) * np.float32(scale[1]) + np.float32(shift[1])
            outside = (column < 0) | (column >= self.columns) | (row < 0) | (row >= self.rows)
            column[outside] = row[outside] = 0  # what is far outside does not fit into an integer
            cell[piece] = row.astype(np.int32) * self.columns + column.astype(np.int32)
            cell[piece][outside] = self.columns * self.rows
        return cell


class ClassDensity:
    """How many points of which class lie where; after a stroke only the cells that it touched are counted anew.

    The colours of a cell are weighed by the square roots of their counts: of one point in ten a quarter is seen.

    Parameters
    ----------
    columns : the coordinates (n,) and (n,) of the points, in the units of the plot.
    kinds : (n,) uint8, which of the colours each point has.
    colours : (k, 3) from 0 to 255.
    """

    def __init__(self, mapping: Mapping, columns: Columns, kinds: NDArray[np.uint8], colours: Floats) -> None:
        self._mapping, self._grid = mapping, Grid.over(mapping)
        self._colours = colours.astype(np.float32)
        cells = self._grid.columns * self._grid.rows
        counts = np.bincount(self._places(columns, kinds), minlength=len(colours) * (cells + 1))
        self._counts = counts.reshape(len(colours), -1)
        self._pixels = np.zeros((cells, 4), np.uint8)
        total = self._counts[:, :cells].sum(axis=0)
        filled = np.flatnonzero(total)
        self._full = _full_strength(total[filled])
        self._paint(filled)

    def change(self, gone: Columns, gone_kinds: NDArray[np.uint8], new: Columns, new_kinds: NDArray[np.uint8]) -> None:
        """Take some points away and add others; how opaque a full cell is stays as it was."""
        flat = self._counts.reshape(-1)
        places = self._places(gone, gone_kinds), self._places(new, new_kinds)
        np.subtract.at(flat, places[0], 1)
        np.add.at(flat, places[1], 1)
        touched = np.unique(np.concatenate(places) % self._counts.shape[1])
        self._paint(touched[touched < len(self._pixels)])

    def density(self) -> Density:
        """The picture as it is now."""
        return _picture(self._grid, self._pixels)

    def _places(self, columns: Columns, kinds: NDArray[np.uint8]) -> NDArray[np.int32]:
        """Where each point is counted: a plane a class, with one cell more in each for what is outside."""
        places = kinds * np.int32(self._grid.columns * self._grid.rows + 1)
        places += self._grid.cells(self._mapping, columns)
        return places

    def _paint(self, cells: NDArray[np.integer]) -> None:
        counts = self._counts[:, cells]
        weights = np.sqrt(counts, dtype=np.float32)
        weights /= np.maximum(weights.sum(axis=0), 1.0)
        self._pixels[cells] = _shaded(counts.sum(axis=0), weights.T @ self._colours, self._full)


def density_of_values(mapping: Mapping, columns: Columns, levels: NDArray[np.float32], scale: Floats) -> Density:
    """How many points lie where, in the colour of their mean target.

    Parameters
    ----------
    columns : the coordinates (n,) and (n,) of the points, in the units of the plot.
    levels : (n,) float32, each point's place on the scale, from 0 to 1.
    scale : (m, 3) the colours of the scale, from the lowest to the highest target.
    """
    grid = Grid.over(mapping)
    cell = grid.cells(mapping, columns)
    cells = grid.columns * grid.rows
    counts = np.bincount(cell, minlength=cells + 1)[:cells]
    filled = np.flatnonzero(counts)
    means = np.bincount(cell, weights=levels, minlength=cells + 1)[filled] / counts[filled]
    pixels = np.zeros((cells, 4), np.uint8)
    colours = scale[np.rint(means * (len(scale) - 1)).astype(np.intp)]
    pixels[filled] = _shaded(counts[filled], colours, _full_strength(counts[filled]))
    return _picture(grid, pixels)


def _full_strength(counts: NDArray[np.intp]) -> float:
    """How many points make a cell of full strength, by the counts (m,) of the cells that have any."""
    some = counts[:: 1 + len(counts) // 8192]
    return max(2.0, float(np.quantile(some, _FULL_AT))) if len(some) else 2.0


def _shaded(counts: NDArray[np.intp], colours: NDArray, full: float) -> NDArray[np.uint8]:
    """Premultiplied colours (m, 4) of cells with `counts` (m,) points each in `colours` (m, 3); none where none are."""
    # By the logarithm: a lone point stays visible beside cells of thousands.
    fullness = np.minimum(1.0, np.log1p(counts, dtype=np.float32) / np.float32(math.log1p(full)))
    opacity = (_FAINTEST + (_FULLEST - _FAINTEST) * fullness) * (counts > 0)
    shaded = np.empty((len(counts), 4), np.float32)
    shaded[:, :3] = colours * opacity[:, None]
    shaded[:, 3] = 255 * opacity
    return (shaded + 0.5).astype(np.uint8)


def _picture(grid: Grid, pixels: NDArray[np.uint8]) -> Density:
    image = QImage(
        pixels.data, grid.columns, grid.rows, 4 * grid.columns, QImage.Format.Format_RGBA8888_Premultiplied
    ).convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)  # a copy, so that the array may change
    return Density(image, QPointF(grid.left, grid.top))
