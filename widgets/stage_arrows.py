"""Arrows on the stage: the directions of a projection, and how much each feature counts in its scores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from engine.overlays import Arrows, Loadings, Overlay
from widgets.stage_geometry import Floats
from widgets.stage_items import Frame
from widgets.stage_legend import shortened
from widgets.stage_overlays import CENTRE_RADIUS, GREATEST_PIXEL
from widgets.stage_shapes import solid

_LEAST_ARROW = 6.0
"""Pixels; a shorter one has no direction that could be seen."""
_LEAST_NUMBERED = 16.0
"""Pixels; of shorter arrows the numbers would lie in a heap."""
_MOST_ARROWS = 24
"""Of more features those that count for most have arrows: more would hide the points."""
_MOST_NAMES = 16
"""So many features are named at most: those that count for most."""


def paint_arrows(painter: QPainter, frame: Frame, arrows: Arrows) -> None:
    """Draw an arrow along each direction, numbered at its tip; one that can be turned has a knob to take it by."""
    origin = frame.mapping.to_pixels(arrows.origin[None])[0]
    tips = np.clip(frame.mapping.to_pixels(arrows.tips), -GREATEST_PIXEL, GREATEST_PIXEL)
    painter.save()
    painter.setClipRect(frame.plot)
    painter.setFont(frame.font(-1, bold=True))
    numbered: list[QRectF] = []
    for index, tip in enumerate(tips):
        colour = QColor(frame.theme.accent if index >= arrows.settled else frame.theme.boundary)
        length = float(np.hypot(*(tip - origin)))
        is_held = index >= arrows.settled and arrows.turns_by_hand
        if length < _LEAST_ARROW and not is_held:
            continue
        along = (tip - origin) / max(length, 1e-9)
        across = np.array([-along[1], along[0]])
        corners = (tip, tip - 11 * along + 6 * across, tip - 11 * along - 6 * across)
        head = QPolygonF([QPointF(*corner) for corner in corners])
        for ink, width in ((QColor(frame.theme.stage), 6.0), (colour, 2.6)):
            painter.setPen(QPen(ink, width))
            painter.drawLine(QPointF(*origin), QPointF(*(tip - 8 * along)))
        painter.setPen(QPen(QColor(frame.theme.stage), 1.5))
        painter.setBrush(colour)
        painter.drawPolygon(head)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if is_held:
            painter.setPen(QPen(colour, 2.0))
            painter.drawEllipse(QPointF(*tip), CENTRE_RADIUS, CENTRE_RADIUS)
        if len(tips) > 1:
            number = QRectF(QPointF(*(tip + 16 * along - 7)), QSizeF(14, 14))
            if length < _LEAST_NUMBERED or any(number.intersects(other) for other in numbered):
                continue
            numbered.append(number)
            painter.setPen(colour)
            painter.drawText(number.adjusted(-13, -13, 13, 13), Qt.AlignmentFlag.AlignCenter, str(index + 1))
    painter.restore()


def paint_loadings(painter: QPainter, frame: Frame, overlays: Sequence[Overlay]) -> None:
    """Draw an arrow a feature, the longest with their names, where these do not lie on others."""
    for loadings in (overlay for overlay in overlays if isinstance(overlay, Loadings)):
        origin = frame.mapping.to_pixels(np.zeros((1, 2)))[0]
        tips = np.clip(frame.mapping.to_pixels(loadings.tips), -GREATEST_PIXEL, GREATEST_PIXEL)
        lengths = np.hypot(*(tips - origin).T)
        longest = np.argsort(-lengths, kind="stable")[:_MOST_ARROWS]
        painter.save()
        painter.setClipRect(frame.plot)
        for ink, width in ((solid(frame.theme.stage, 0.85), 4.0), (QColor(frame.theme.text), 1.4)):
            pen = QPen(ink, width)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            painter.setPen(pen)
            for tip, length in zip(tips[longest], lengths[longest], strict=True):
                if length < _LEAST_ARROW:
                    continue
                along = (tip - origin) / length
                across = np.array([-along[1], along[0]])
                painter.drawLine(QPointF(*origin), QPointF(*tip))
                for side in (1, -1):
                    painter.drawLine(QPointF(*tip), QPointF(*(tip - 7 * along + side * 4 * across)))
        _name_arrows(painter, frame, loadings.names, origin, tips, lengths)
        painter.restore()


def _name_arrows(
    painter: QPainter, frame: Frame, names: Sequence[str], origin: Floats, tips: Floats, lengths: Floats
) -> None:
    """Write names beyond the tips, the longest arrows first."""
    painter.setFont(frame.font(-1))
    metrics = QFontMetricsF(painter.font())
    taken: list[QRectF] = []
    for index in np.argsort(-lengths, kind="stable")[:_MOST_NAMES]:
        length, text = float(lengths[index]), shortened(names[index])
        if length < _LEAST_ARROW:
            continue
        width, height = metrics.horizontalAdvance(text) + 6, metrics.height()
        along = (tips[index] - origin) / length
        middle = tips[index] + along * (5 + 0.5 * (abs(along[0]) * width + abs(along[1]) * height))
        card = QRectF(middle[0] - width / 2, middle[1] - height / 2, width, height)
        card.moveLeft(float(np.clip(card.left(), frame.plot.left() + 2, frame.plot.right() - width - 2)))
        card.moveTop(float(np.clip(card.top(), frame.plot.top() + 2, frame.plot.bottom() - height - 2)))
        if any(card.intersects(other) for other in taken):
            continue
        taken.append(card)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(solid(frame.theme.stage, 0.8))
        painter.drawRoundedRect(card, 3, 3)
        painter.setPen(QColor(frame.theme.text))
        painter.drawText(card, Qt.AlignmentFlag.AlignCenter, text)
