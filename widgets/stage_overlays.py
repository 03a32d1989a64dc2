"""What a model draws beside its lines: bands about a curve, the points it singles out, and whom it asked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from engine.overlays import Band, Explanation, Marks, Overlay
from widgets.stage_geometry import Floats
from widgets.stage_items import Frame
from widgets.stage_shapes import solid
from widgets.theme import Theme

_GREATEST_PIXEL = 20_000.0
"""Farther out Qt's rasterizer loses count."""
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
            if abs(x) < _GREATEST_PIXEL and abs(y) < _GREATEST_PIXEL:
                _draw_mark(painter, frame.theme, mark, QPointF(x, y), size)
    painter.restore()


def _draw_mark(painter: QPainter, theme: Theme, mark: Marks, at: QPointF, size: float) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if mark.role == "centre":
        reach = 0.7 * size
        for colour, width in ((theme.stage, 4.5), (theme.boundary, 2.0)):
            painter.setPen(QPen(QColor(colour), width))
            painter.drawLine(at - QPointF(reach, 0), at + QPointF(reach, 0))
            painter.drawLine(at - QPointF(0, reach), at + QPointF(0, reach))
        return
    radius = 0.5 * size + (5.0 if mark.role in ("focus", "mistake") else 2.5)
    colour = theme.danger if mark.role == "mistake" else theme.boundary
    for ink, width in ((theme.stage, 3.5), (colour, 1.5 if mark.role == "support" else 2.5)):
        painter.setPen(QPen(QColor(ink), width))
        painter.drawEllipse(at, radius, radius)


def paint_explanation(painter: QPainter, frame: Frame, explanation: Explanation, at: Floats) -> None:
    """Draw a line from the pixel `at` (2,) to each of the training points that decide there, as wide as it counts."""
    ends = frame.mapping.to_pixels(explanation.xy) if len(explanation.xy) else np.empty((0, 2))
    here = QPointF(*at)
    for (x, y), weight in zip(ends.tolist(), explanation.weights.tolist(), strict=True):
        if abs(x) > _GREATEST_PIXEL or abs(y) > _GREATEST_PIXEL:
            continue
        strength = max(_FEWEST_STRONG, float(weight))
        for colour, extra in ((frame.theme.stage, 2.0), (frame.theme.text, 0.0)):
            painter.setPen(QPen(solid(colour, 0.25 + 0.6 * strength), 0.6 + 1.6 * strength + extra))
            painter.drawLine(here, QPointF(x, y))


def _polygon(pixels: Floats) -> QPolygonF:
    finite = pixels[np.isfinite(pixels).all(axis=1)]
    return QPolygonF([QPointF(x, y) for x, y in np.clip(finite, -_GREATEST_PIXEL, _GREATEST_PIXEL).tolist()])
