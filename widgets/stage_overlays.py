"""What a model draws beside its lines: bands about a curve, the points it singles out, and whom it asked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from engine.overlays import Band, Centres, Explanation, Marks, Overlay, Segments
from engine.palette import CLASS_COLOURS
from widgets.stage_geometry import Floats
from widgets.stage_items import Frame
from widgets.stage_shapes import draw_segments, solid
from widgets.theme import Theme

GREATEST_PIXEL = 20_000.0
"""Farther out Qt's rasterizer loses count."""
CENTRE_RADIUS = 10.0
"""Of the disc of a centre, in pixels: large enough to be taken in hand."""
_EDGE_INK = 600.0
"""So many edges are drawn at full strength together."""
_LIGHT = 0.55
"""Colours lighter than that carry dark figures."""
_FEWEST_STRONG = 0.15
"""The weight that a line to a neighbour is drawn with at least: one that counts for next to nothing is still seen."""


def paint_bands(painter: QPainter, frame: Frame, overlays: Sequence[Overlay]) -> None:
    """Paint the regions about fitted curves."""
    bands = [overlay for overlay in overlays if isinstance(overlay, Band)]
    if not bands:
        return
    painter.save()
    painter.setClipRect(frame.plot)
    painter.setPen(Qt.PenStyle.NoPen)
    for band in bands:
        low, high = (
            frame.mapping.to_pixels(np.column_stack([band.x, side])) for side in (band.low, band.high)
        )  # fmt: skip
        painter.setBrush(solid(frame.theme.accent, 0.16))
        painter.drawPolygon(_polygon(np.concatenate([low, high[::-1]])))
    painter.restore()


def paint_marked(painter: QPainter, frame: Frame, overlays: Sequence[Overlay], size: float) -> None:
    """Ring the points that the model singles out, around points `size` pixels across."""
    marks = [overlay for overlay in overlays if isinstance(overlay, Marks)]
    if not marks:
        return
    painter.save()
    painter.setClipRect(frame.plot)
    for mark in marks:
        for x, y in frame.mapping.to_pixels(mark.xy).tolist():
            if abs(x) < GREATEST_PIXEL and abs(y) < GREATEST_PIXEL:
                _draw_mark(painter, frame.theme, mark, QPointF(x, y), size)
    painter.restore()


def _draw_mark(painter: QPainter, theme: Theme, mark: Marks, at: QPointF, size: float) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if mark.role in ("centre", "mode"):
        reach = 0.7 * size
        for colour, width in ((theme.stage, 4.5), (theme.boundary, 2.0)):
            painter.setPen(QPen(QColor(colour), width))
            painter.drawLine(at - QPointF(reach, 0), at + QPointF(reach, 0))
            painter.drawLine(at - QPointF(0, reach), at + QPointF(0, reach))
        return
    if mark.role == "core":  # a dot within the point, whose colour still tells the cluster
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor("#11151c"))
        painter.drawEllipse(at, 0.15 * size, 0.15 * size)
        return
    radius = 0.5 * size + (5.0 if mark.role in ("focus", "mistake", "switched") else 2.5)
    colour = theme.danger if mark.role == "mistake" else theme.boundary
    for ink, width in ((theme.stage, 3.5), (colour, 1.5 if mark.role in ("support", "switched") else 2.5)):
        painter.setPen(QPen(QColor(ink), width))
        painter.drawEllipse(at, radius, radius)


def paint_members(painter: QPainter, frame: Frame, centres: Centres) -> None:
    """Draw a thin line from each point to the centre of its cluster."""
    if len(centres.points) == 0:
        return
    points, ends = frame.mapping.to_pixels(centres.points), frame.mapping.to_pixels(centres.xy)
    painter.save()
    painter.setClipRect(frame.plot)
    for index, end in enumerate(ends):
        rows = centres.owners == index
        if rows.any():
            lines = np.hstack([points[rows], np.broadcast_to(end, (int(rows.sum()), 2))])
            draw_segments(painter, np.clip(lines, -GREATEST_PIXEL, GREATEST_PIXEL), QPen(_ink(index, 0.45), 1.0))
    painter.restore()


def paint_centres(painter: QPainter, frame: Frame, centres: Centres, *, trails: bool) -> None:
    """Draw each centre as a numbered disc and, if `trails`, the way that it has come."""
    theme, radius = frame.theme, CENTRE_RADIUS
    places = np.clip(frame.mapping.to_pixels(centres.xy), -GREATEST_PIXEL, GREATEST_PIXEL)
    painter.save()
    painter.setClipRect(frame.plot)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if trails and centres.trail:
        ways = np.stack([frame.mapping.to_pixels(earlier) for earlier in centres.trail])
        for index, place in enumerate(places):
            way = _polygon(np.concatenate([ways[:, index], place[None]]))
            for pen in (QPen(QColor(theme.stage), 4.5), QPen(_ink(index, 1.0).darker(130), 2.0)):
                painter.setPen(pen)
                painter.drawPolyline(way)
            dots = QPen(_ink(index, 1.0).darker(130), 5.5)
            dots.setCapStyle(Qt.PenCapStyle.RoundCap)
            painter.setPen(dots)
            painter.drawPoints(way)
    painter.setFont(frame.font(-1, bold=True))
    for index, (x, y) in enumerate(places.tolist()):
        colour = _ink(index, 1.0)
        painter.setPen(QPen(QColor(theme.stage), 5.0))
        painter.drawEllipse(QPointF(x, y), radius, radius)
        painter.setPen(QPen(QColor(theme.text), 2.0))
        painter.setBrush(colour)
        painter.drawEllipse(QPointF(x, y), radius, radius)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QColor("#11151c" if colour.lightnessF() > _LIGHT else "#ffffff"))
        painter.drawText(QRectF(x - 20, y - 20, 40, 40), Qt.AlignmentFlag.AlignCenter, str(index + 1))
    painter.restore()


def _ink(index: int, alpha: float) -> QColor:
    return solid(QColor(*CLASS_COLOURS[index % len(CLASS_COLOURS)]), alpha)


def paint_segments(painter: QPainter, frame: Frame, overlays: Sequence[Overlay]) -> None:
    """Draw thin lines from points to what stands for them, or to where they have walked, and a dot where each ends."""
    for segments in (overlay for overlay in overlays if isinstance(overlay, Segments) and overlay.role != "edge"):
        lines = _segments_in_pixels(frame, segments)
        painter.save()
        painter.setClipRect(frame.plot)
        draw_segments(painter, lines, QPen(solid(frame.theme.text, 0.4), 1.0))
        dots = QPen(QColor(frame.theme.accent), 4.0)
        dots.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(dots)
        painter.drawPoints(_polygon(lines[:, 2:]))
        painter.restore()


def paint_edges(painter: QPainter, frame: Frame, overlays: Sequence[Overlay]) -> None:
    """Draw the edges of a graph of the points, the fainter the more there are."""
    for segments in (overlay for overlay in overlays if isinstance(overlay, Segments) and overlay.role == "edge"):
        painter.save()
        painter.setClipRect(frame.plot)
        alpha = float(np.clip(_EDGE_INK / max(1, len(segments.ends)), 0.15, 0.6))
        draw_segments(painter, _segments_in_pixels(frame, segments), QPen(solid(frame.theme.text, alpha), 1.0))
        painter.restore()


def _segments_in_pixels(frame: Frame, segments: Segments) -> Floats:
    starts, ends = (frame.mapping.to_pixels(segments.ends[:, part]) for part in (slice(0, 2), slice(2, 4)))
    return np.clip(np.hstack([starts, ends]), -GREATEST_PIXEL, GREATEST_PIXEL)


def paint_explanation(painter: QPainter, frame: Frame, explanation: Explanation, at: Floats) -> None:
    """Draw a line from the pixel `at` (2,) to each of the training points that decide there, as wide as it counts."""
    ends = frame.mapping.to_pixels(explanation.xy) if len(explanation.xy) else np.empty((0, 2))
    here = QPointF(*at)
    if explanation.reach is not None:
        _paint_reach(painter, frame, explanation.reach, at)
    for (x, y), weight in zip(ends.tolist(), explanation.weights.tolist(), strict=True):
        if abs(x) > GREATEST_PIXEL or abs(y) > GREATEST_PIXEL:
            continue
        strength = max(_FEWEST_STRONG, float(weight))
        for colour, extra in ((frame.theme.stage, 2.0), (frame.theme.text, 0.0)):
            painter.setPen(QPen(solid(colour, 0.25 + 0.6 * strength), 0.6 + 1.6 * strength + extra))
            painter.drawLine(here, QPointF(x, y))


def _paint_reach(painter: QPainter, frame: Frame, reach: tuple[float, float], at: Floats) -> None:
    """Draw how far around the pixel `at` (2,) a model looks; a circle where both axes have one scale."""
    corner = frame.mapping.to_pixels(frame.mapping.to_plot(at) + reach)
    across, up = np.minimum(np.abs(corner - at), GREATEST_PIXEL).tolist()
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, width in ((frame.theme.stage, 4.0), (frame.theme.text, 1.5)):
        painter.setPen(QPen(solid(colour, 0.85), width))
        painter.drawEllipse(QPointF(*at), across, up)


def _polygon(pixels: Floats) -> QPolygonF:
    finite = pixels[np.isfinite(pixels).all(axis=1)]
    return QPolygonF([QPointF(x, y) for x, y in np.clip(finite, -GREATEST_PIXEL, GREATEST_PIXEL).tolist()])
