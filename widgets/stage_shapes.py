"""What a point looks like: shape, fill and outline; and many of them drawn at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import cast

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, Qt
from PySide6.QtGui import QColor, QPaintEngine, QPainter, QPainterPath, QPen, QPixmap, QPolygonF
from shiboken6 import Shiboken

from engine.dataset import Dataset
from engine.palette import CLASS_COLOURS, CLASS_SHAPES, HIGH_VALUE, LOW_VALUE
from widgets.stage_geometry import Floats
from widgets.theme import Theme

_NEUTRAL = QColor(127, 138, 158)
"""Of points without a class: light and dark outlines both show around it."""
VALUE_LEVELS = 65
"""How many colours tell targets apart: an odd number, so that the middle has one of its own."""
_A_ROW = 128
"""Stamps side by side on a sheet: no picture can be more than 32,767 pixels wide."""
_MIXTURES = 10
"""Between the colours of two clusters there are so many steps; more are not told apart."""
_MIDDLE_VALUE = (178, 178, 178)
"""Grey rather than white: a point of the middle value is to be seen on the pale middle of a field."""
_OUTLINE = 0.14
"""Of the size."""


@dataclass(frozen=True)
class Look:
    """How one kind of point is drawn, whatever its size."""

    shape: str
    fill: QColor
    outline: QColor

    def draw(self, painter: QPainter, size: float) -> None:
        """Draw it around the origin, `size` pixels across."""
        pen = QPen(self.outline, _OUTLINE)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin if self.shape == "star" else Qt.PenJoinStyle.MiterJoin)
        painter.save()
        painter.scale(size, size)
        painter.setPen(pen)
        painter.setBrush(self.fill)
        painter.drawPath(shape_path(self.shape))
        painter.restore()


@cache
def shape_path(shape: str) -> QPainterPath:
    """A closed shape about the origin of nearly the area of a circle of diameter 1."""
    path = QPainterPath()
    if shape == "circle":
        path.addEllipse(QPointF(0, 0), 0.5, 0.5)
    elif shape == "square":
        path.addRect(-0.45, -0.45, 0.9, 0.9)
    else:
        path.addPolygon(QPolygonF([QPointF(x, y) for x, y in _CORNERS[shape]]))
        path.closeSubpath()
    return path


def _regular(corners: int, radius: float, inner: float | None = None) -> list[tuple[float, float]]:
    """Corners of a regular polygon that stands on its base, or of a star with a tip up."""
    radii = (radius,) if inner is None else (radius, inner)
    count = corners * len(radii)
    return [
        (
            radii[index % len(radii)] * math.sin(2 * math.pi * index / count),
            -radii[index % len(radii)] * math.cos(2 * math.pi * index / count),
        )
        for index in range(count)
    ]


def _plus(reach: float, arm: float) -> list[tuple[float, float]]:
    quarter = [(-arm, -reach), (arm, -reach), (arm, -arm)]
    corners = []
    for turn in range(4):
        cos, sin = (1, 0, -1, 0)[turn], (0, 1, 0, -1)[turn]
        corners += [(cos * x - sin * y, sin * x + cos * y) for x, y in quarter]
    return corners


_CORNERS = {
    "triangle": [(x, y + 0.08) for x, y in _regular(3, 0.68)],
    "diamond": _regular(4, 0.62),
    "cross": _plus(0.56, 0.21),
    "star": _regular(5, 0.7, 0.31),
}


def class_look(index: int, held_out: bool, theme: Theme) -> Look:
    """The look of a point of a class."""
    colour = QColor(*CLASS_COLOURS[index])
    return Look(CLASS_SHAPES[index], colour, QColor(theme.held_out if held_out else theme.outline))


def value_colour(position: float) -> QColor:
    """The colour of a target at `position` of its scale, from 0 (lowest) over grey to 1 (highest)."""
    end = LOW_VALUE if position < 0.5 else HIGH_VALUE
    share = min(1.0, abs(2.0 * position - 1.0))
    return QColor(*(round(middle + (c - middle) * share) for middle, c in zip(_MIDDLE_VALUE, end, strict=True)))


def neutral_look(theme: Theme) -> Look:
    """A point of no class."""
    return Look("circle", _NEUTRAL, QColor(theme.outline))


def cluster_look(index: int, theme: Theme, shape: str = "circle") -> Look:
    """The look of a point of a cluster; below 0 of none."""
    colour = QColor(*CLASS_COLOURS[index % len(CLASS_COLOURS)]) if index >= 0 else _NEUTRAL
    return Look(shape, colour, QColor(theme.outline))


def looks_of(dataset: Dataset, theme: Theme) -> tuple[Look, ...]:
    """Every look that points of `dataset` may have: in turn for training and held out, by class or by target.

    Where points are grouped, their colour is their cluster, from none on, and their shape the class that is known.
    """
    outlines = (QColor(theme.outline), QColor(theme.held_out))
    if dataset.task == "clustering":
        return tuple(
            cluster_look(index, theme, CLASS_SHAPES[shape])
            for shape in range(_n_shapes(dataset))
            for index in range(-1, len(CLASS_COLOURS))
        )
    if dataset.class_names:
        return tuple(
            class_look(index, held_out, theme)
            for index in range(min(len(CLASS_COLOURS), max(1, dataset.n_classes)))
            for held_out in (False, True)
        )
    if dataset.n_inputs == 1:
        return tuple(Look("circle", _NEUTRAL, outline) for outline in outlines)
    return tuple(
        Look("circle", value_colour(level / (VALUE_LEVELS - 1)), outline)
        for level in range(VALUE_LEVELS)
        for outline in outlines
    )


def _n_shapes(dataset: Dataset) -> int:
    """How many shapes points that are grouped have: one a class that is known."""
    return int(np.clip(dataset.n_classes, 1, len(CLASS_SHAPES)))


def look_numbers(
    dataset: Dataset, value_range: tuple[float, float], rows: NDArray[np.intp], said: Floats | None = None
) -> NDArray[np.intp]:
    """Which of `looks_of` each point of `rows` (m,) has.

    Parameters
    ----------
    value_range : what the scale of targets runs over.
    said : (n,) the cluster of every point, NaN or less than 0 where it has none.
    """
    if dataset.task == "clustering":
        shapes = np.clip(dataset.y[rows].astype(np.intp), 0, _n_shapes(dataset) - 1)
        if dataset.n_classes == 0:
            shapes[:] = 0
        clusters = np.full(len(rows), -1.0) if said is None else np.nan_to_num(said[rows], nan=-1.0)
        colours = np.where(clusters < 0, 0, 1 + clusters % len(CLASS_COLOURS)).astype(np.intp)
        return shapes * (1 + len(CLASS_COLOURS)) + colours
    held_out, y = (np.asarray(dataset.parts)[rows] != 0).astype(np.intp), dataset.y[rows]
    if dataset.class_names:
        return np.clip(y.astype(np.intp), 0, len(CLASS_COLOURS) - 1) * 2 + held_out
    if dataset.n_inputs == 1:
        return held_out
    low, high = value_range
    position = (y.astype(np.float64) - low) / (high - low) if high > low else np.full(len(y), 0.5)
    return np.rint(np.clip(position, 0, 1) * (VALUE_LEVELS - 1)).astype(np.intp) * 2 + held_out


def mixed_looks(
    dataset: Dataset, theme: Theme, rows: NDArray[np.intp], shares: Floats
) -> tuple[tuple[Look, ...], NDArray[np.intp]]:
    """The looks of the points of `rows` (m,), each in a colour between those of the two clusters it mostly belongs to.

    Parameters
    ----------
    shares : (n, k) how much every point belongs to each cluster; NaN where that is not known.

    Returns
    -------
    The looks that occur, and which of them each point has (m,).
    """
    k, shapes = shares.shape[1], look_numbers(dataset, (0.0, 0.0), rows) // (1 + len(CLASS_COLOURS))
    known: NDArray[np.bool_] = np.isfinite(shares[rows].sum(axis=1))
    mine = np.where(known.reshape(-1, 1), shares[rows], 0.0)
    each = np.arange(len(rows))
    first = mine.argmax(axis=1)
    largest = mine[each, first].copy()
    mine[each, first] = -1.0
    second = mine.argmax(axis=1)
    rest = np.maximum(mine[each, second], 0.0)
    level = np.rint(_MIXTURES * rest / np.maximum(largest + rest, 1e-300)).astype(np.intp)
    colours = np.where(level > 0, (first * k + second) * _MIXTURES + level, first * k * _MIXTURES)
    codes = np.where(known, shapes * k * k * _MIXTURES + colours, -1 - shapes)
    used, kinds = np.unique(codes, return_inverse=True)
    return tuple(_mixed_look(code, k, theme) for code in used.tolist()), kinds.astype(np.intp)


def _mixed_look(code: int, k: int, theme: Theme) -> Look:
    """The look that `mixed_looks` writes as one number: a shape, two of k clusters, and how far it is between them."""
    if code < 0:
        return cluster_look(-1, theme, CLASS_SHAPES[-1 - code])
    shape, colour = divmod(code, k * k * _MIXTURES)
    pair, part = divmod(colour, _MIXTURES)
    one, other = (np.array(CLASS_COLOURS[index % len(CLASS_COLOURS)]) for index in divmod(pair, k))
    between = np.rint(one + (other - one) * (part / _MIXTURES)).astype(int).tolist()
    return Look(CLASS_SHAPES[shape], QColor(*between), QColor(theme.outline))


def is_vector(painter: QPainter) -> bool:
    """Whether what is drawn is kept as shapes (SVG, PDF, printer) rather than as pixels."""
    return painter.paintEngine().type() != QPaintEngine.Type.Raster


class Sprites:
    """Small pictures drawn ready, to be stamped thousands of times.

    Parameters
    ----------
    draw : draws each kind of stamp around the origin.
    extent : pixels that the largest one reaches from its centre, outline and all.
    """

    def __init__(self, draw: Sequence[Callable[[QPainter], None]], extent: float) -> None:
        self._draw = tuple(draw)
        self._extent = extent
        self._sheets: dict[float, QPixmap] = {}
        self._fragments = np.empty((0, 10))

    def stamp(self, painter: QPainter, at: Floats, kinds: NDArray[np.integer]) -> None:
        """Draw one stamp at each of the pixels `at` (n, 2), of the kind that `kinds` (n,) says, the last on top."""
        if len(at) == 0:
            return
        if is_vector(painter):
            self._draw_shapes(painter, at, kinds)
            return
        scale = math.hypot(painter.deviceTransform().m11(), painter.deviceTransform().m12())
        sheet, cell = self._sheet(scale), self._cell(scale)
        fragments = np.zeros((len(at), 10))  # x, y, source left, top, width, height, scale x, y, rotation, opacity
        fragments[:, 0:2] = at
        fragments[:, 2], fragments[:, 3] = kinds % _A_ROW * cell, kinds // _A_ROW * cell
        fragments[:, 4:6] = cell
        fragments[:, 6:8] = 1.0 / scale
        fragments[:, 9] = 1.0
        wrapped = Shiboken.wrapInstance(fragments.ctypes.data, QPainter.PixmapFragment)
        first = cast(QPainter.PixmapFragment, wrapped)
        painter.drawPixmapFragments(first, len(fragments), sheet)

    def _cell(self, scale: float) -> int:
        return 2 * math.ceil((self._extent + 1) * scale) + 1

    def _sheet(self, scale: float) -> QPixmap:
        if scale in self._sheets:
            return self._sheets[scale]
        cell = self._cell(scale)
        sheet = QPixmap(cell * min(_A_ROW, len(self._draw)), cell * math.ceil(len(self._draw) / _A_ROW))
        sheet.fill(Qt.GlobalColor.transparent)
        painter = QPainter(sheet)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for kind, draw in enumerate(self._draw):
            painter.save()
            painter.translate(kind % _A_ROW * cell + cell / 2, kind // _A_ROW * cell + cell / 2)
            painter.scale(scale, scale)
            draw(painter)
            painter.restore()
        painter.end()
        if len(self._sheets) > 3:  # a screen, another screen, an export or two
            self._sheets.clear()
        self._sheets[scale] = sheet
        return sheet

    def _draw_shapes(self, painter: QPainter, at: Floats, kinds: NDArray[np.integer]) -> None:
        for (x, y), kind in zip(at.tolist(), kinds.tolist(), strict=True):
            painter.save()
            painter.translate(x, y)
            self._draw[kind](painter)
            painter.restore()


def draw_segments(painter: QPainter, segments: Floats, pen: QPen) -> None:
    """Draw separate lines, `segments` (n, 4) of x1, y1, x2, y2 in pixels, in one call.

    Measured on the raster engine: 1,000 pieces of a line two pixels wide take 0.4 ms this way and 4 ms as one
    stroked path.
    """
    if len(segments) == 0:
        return
    segments = np.ascontiguousarray(segments, np.float64)
    painter.setPen(pen)
    painter.drawLines(Shiboken.wrapInstance(segments.ctypes.data, QLineF), len(segments))  # type: ignore[call-overload]


def solid(colour: str | QColor, alpha: float = 1.0) -> QColor:
    """A colour with an opacity from 0 to 1."""
    result = QColor(colour)
    result.setAlphaF(alpha)
    return result
