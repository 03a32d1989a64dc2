"""Lines on the stage: boundaries, contours, fitted curves, margins, splits, ellipses, merges and the lines of folds."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from engine.overlays import Line, LineRole
from engine.palette import CLASS_COLOURS
from widgets.stage_geometry import Floats
from widgets.stage_items import Frame
from widgets.stage_shapes import draw_segments, is_vector, solid
from widgets.theme import Theme

_UNDER: tuple[LineRole, ...] = ("contour", "split", "ellipse", "fold", "margin", "axis", "merge", "way")
"""What lies under the boundary, the lowest first."""
_LONGEST_PATH = 200
"""Vertices; stroking a path two pixels wide takes 4 ms a thousand, drawing its pieces 0.4 ms but less evenly."""
_TOLERANCE = 0.1


def paint_lines(painter: QPainter, frame: Frame, lines: tuple[Line, ...], boundary: bool, contours: bool) -> None:
    """Paint contours and what else a model draws, then the boundary with a thin halo, then fitted curves."""
    theme = frame.theme
    painter.save()
    painter.setClipRect(frame.plot)
    for role in _UNDER:
        if contours or role != "contour":
            under = [line for line in lines if line.role == role and len(line.xy) > 1]
            for line, pixels in zip(under, _pixels(frame, under), strict=True):
                _paint_polylines(painter, frame, [pixels], _pen(theme, line))
    for role, colour, width, halo in (
        ("boundary", theme.boundary, theme.line_width, 2.5),
        ("curve", theme.accent, theme.line_width + 1.0, 2.5),
    ):
        if boundary or role != "boundary":
            shown = _pixels(frame, [line for line in lines if line.role == role])
            _paint_polylines(painter, frame, shown, QPen(QColor(theme.stage), width + halo))
            _paint_polylines(painter, frame, shown, QPen(QColor(colour), width))
    painter.restore()


def paint_curves(painter: QPainter, frame: Frame, lines: tuple[Line, ...]) -> None:
    """Paint fitted curves once more, over the points: thin, so that the points they go through are still seen."""
    painter.save()
    painter.setClipRect(frame.plot)
    curves = _pixels(frame, [line for line in lines if line.role == "curve"])
    _paint_polylines(painter, frame, curves, QPen(QColor(frame.theme.accent), 0.75 * frame.theme.line_width))
    painter.restore()


def _pen(theme: Theme, line: Line) -> QPen:
    """How a line under the boundary is drawn."""
    if line.role == "contour":
        return QPen(solid(theme.boundary, 0.55), 0.5 * theme.line_width)
    if line.role == "axis":
        pen = QPen(solid(theme.accent, 0.7), 0.6 * theme.line_width)
        pen.setDashPattern([6.0, 4.0])
        return pen
    if line.role == "margin":
        pen = QPen(QColor(theme.boundary), 0.6 * theme.line_width)
        pen.setDashPattern([5.0, 4.0])
        return pen
    if line.role == "way":
        return QPen(QColor(theme.boundary), 1.5 * theme.line_width)
    if line.role == "merge":
        return QPen(QColor(theme.boundary), 1.25 * theme.line_width)
    if line.role == "split":  # the first questions are the boldest
        return QPen(solid(theme.boundary, 0.75), max(0.4, 0.9 - 0.15 * (line.level or 0.0)) * theme.line_width)
    colour = theme.boundary if line.index is None else QColor(*CLASS_COLOURS[line.index % len(CLASS_COLOURS)])
    return QPen(solid(colour, 0.9), 0.8 * theme.line_width)


def _pixels(frame: Frame, lines: list[Line]) -> list[Floats]:
    """The lines of two points or more in pixels, without the vertices that an eye would not miss."""
    plane = [line.xy for line in lines if len(line.xy) > 1]
    if not plane:
        return []
    ends = np.cumsum([len(xy) for xy in plane])
    return simplified(np.split(frame.mapping.to_pixels(np.concatenate(plane)), ends[:-1]))


def _paint_polylines(painter: QPainter, frame: Frame, pixels: list[Floats], pen: QPen) -> None:
    if not pixels:
        return
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    vector = is_vector(painter)
    dashed = pen.style() == Qt.PenStyle.CustomDashLine  # dashes run on over bends only along a path
    if vector or dashed or sum(map(len, pixels)) <= _LONGEST_PATH:
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for xy in pixels:
            for part in _parts_within(xy, frame.plot.adjusted(-2, -2, 2, 2)) if vector else [xy]:
                painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in part.tolist()]))
        return
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    segments = _visible(np.concatenate([np.hstack([xy[:-1], xy[1:]]) for xy in pixels]), frame.plot)
    # A little longer at both ends, which hides the seams at the bends.
    along = segments[:, 2:] - segments[:, :2]
    along *= 0.2 * pen.widthF() / np.maximum(1e-9, np.hypot(along[:, :1], along[:, 1:]))
    draw_segments(painter, segments + np.hstack([-along, along]), pen)


def simplified(lines: list[Floats]) -> list[Floats]:
    """Polylines (n, 2) in pixels without the vertices that an eye would not miss; their ends stay.

    Every other vertex goes if it lies within a tenth of a pixel of the line between its neighbours, four times over.
    All lines at once, as a picture has dozens of short ones.
    """
    xy, lengths = np.concatenate(lines), np.array([len(line) for line in lines])
    for _ in range(4):
        place = np.arange(len(xy)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        odd = np.flatnonzero((place % 2 == 1) & (place < np.repeat(lengths - 1, lengths)))
        before, after = xy[odd - 1], xy[odd + 1]
        chord_x, chord_y = (after - before).T
        offset_x, offset_y = (xy[odd] - before).T
        area = chord_x * offset_y - chord_y * offset_x
        along = chord_x * offset_x + chord_y * offset_y
        length2 = chord_x**2 + chord_y**2
        missed = (area * area > _TOLERANCE**2 * length2) | (along < 0) | (along > length2)
        if missed.all():
            break
        keep = np.ones(len(xy), bool)
        keep[odd] = missed
        lengths = np.add.reduceat(keep, np.cumsum(lengths) - lengths, dtype=np.intp)
        xy = xy[keep]
    return np.split(xy, np.cumsum(lengths)[:-1])


def _visible(segments: Floats, plot: QRectF) -> Floats:
    """The segments (n, 4) that may touch the plot, none longer than a rasterizer can take."""
    low = np.minimum(segments[:, :2], segments[:, 2:])
    high = np.maximum(segments[:, :2], segments[:, 2:])
    touches = (high >= (plot.left() - 8, plot.top() - 8)).all(axis=1)
    touches &= (low <= (plot.right() + 8, plot.bottom() + 8)).all(axis=1)
    return np.clip(segments[touches], -30_000, 30_000)


def _parts_within(xy: Floats, box: QRectF) -> list[Floats]:
    """The pieces of a polyline (n, 2) that lie in `box`, cut at its sides: not every reader of SVG clips."""
    parts: list[list[tuple[float, float]]] = []
    for start, end in pairwise(xy):
        cut = _cut(start, end, box)
        if cut is None:
            continue
        a, b = cut
        if parts and parts[-1][-1] == a:
            parts[-1].append(b)
        else:
            parts.append([a, b])
    return [np.array(part) for part in parts]


def _cut(start: Floats, end: Floats, box: QRectF) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """The part of a segment within `box` (Liang and Barsky 1984), or None."""
    step = end - start
    first, last = 0.0, 1.0
    for along, room in (
        (-step[0], start[0] - box.left()),
        (step[0], box.right() - start[0]),
        (-step[1], start[1] - box.top()),
        (step[1], box.bottom() - start[1]),
    ):
        if along == 0:
            if room < 0:
                return None
            continue
        t = room / along
        first, last = (max(first, t), last) if along < 0 else (first, min(last, t))
    if first > last:
        return None
    ends = (start + first * step if first > 0 else start, start + last * step if last < 1 else end)
    return (float(ends[0][0]), float(ends[0][1])), (float(ends[1][0]), float(ends[1][1]))
