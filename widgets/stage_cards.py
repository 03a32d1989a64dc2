"""The cards on the stage: where they go, the equation, and the message of an empty stage."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Literal

import numpy as np
from PySide6.QtCore import QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontMetricsF, QPainter, QPen

from engine.overlays import Equation
from widgets.stage_geometry import Floats
from widgets.stage_items import Frame
from widgets.stage_shapes import solid

CARD_GAP = 10.0
"""From a card to the edge of the plot."""
_PADDING = 10.0
_RADIUS = 6.0
_SERIFS = ("STIX Two Text", "Cambria", "Georgia", "Times New Roman", "Times", "DejaVu Serif", "Liberation Serif")

Corner = Literal["top right", "top left", "bottom right", "bottom left"]
LEGEND_CORNERS: tuple[Corner, ...] = ("top right", "top left", "bottom right", "bottom left")
"""Where the legend goes, the usual place first."""
EQUATION_CORNERS: tuple[Corner, ...] = ("top left", "bottom left", "bottom right", "top right")
_TOLERATED = 2
"""A card stays in its usual place while it covers no more points than this."""
_MOST_CAPTION = 0.3
"""Of the height of the plot."""
_LOOKED_AT = 4096
"""Of many points, about so many, evenly chosen, say where they are."""


def card_at(frame: Frame, corner: Corner, size: QSizeF) -> QRectF:
    """The rectangle, in pixels, of a card in a corner of the plot."""
    plot = frame.plot
    left = plot.left() + CARD_GAP if corner.endswith("left") else plot.right() - CARD_GAP - size.width()
    top = plot.top() + CARD_GAP if corner.startswith("top") else plot.bottom() - CARD_GAP - size.height()
    return QRectF(left, top, size.width(), size.height())


def quietest_card(frame: Frame, size: QSizeF, corners: Sequence[Corner], points: Floats) -> QRectF:
    """Where a card covers the fewest points: the first of `corners` if it is quiet there, else the quietest.

    Parameters
    ----------
    points : (n, 2) in pixels.
    """
    some = points[:: 1 + len(points) // _LOOKED_AT]
    cards = [card_at(frame, corner, size) for corner in corners]
    covered = [_points_under(card, some) for card in cards]
    return cards[0] if covered[0] <= _TOLERATED else cards[int(np.argmin(covered))]


def _points_under(card: QRectF, points: Floats) -> int:
    x, y = points[:, 0], points[:, 1]
    return int(((x > card.left()) & (x < card.right()) & (y > card.top()) & (y < card.bottom())).sum())


def paint_card(painter: QPainter, frame: Frame, card: QRectF) -> None:
    """Paint the ground of a card: rounded, nearly opaque, with a hairline around it."""
    painter.setPen(QPen(solid(frame.theme.border, 0.9), 1.0))
    painter.setBrush(solid(frame.theme.raised, 0.9))
    painter.drawRoundedRect(card, _RADIUS, _RADIUS)


@cache
def _serif() -> str:
    """A family for formulas that is there: an SVG names one family only."""
    there = set(QFontDatabase.families())
    return next((family for family in _SERIFS if family in there), "serif")


def equation_size(frame: Frame, equation: Equation, widest: float) -> QSizeF | None:
    """How large a card the equation needs, at most `widest` pixels wide; None if that is too narrow for any."""
    room = widest - 2 * _PADDING - 2
    if room < 80:
        return None
    metrics = QFontMetricsF(_equation_font(frame))
    text = metrics.boundingRect(QRectF(0, 0, room, frame.plot.height() / 2), _EQUATION_FLAGS, equation.text)
    height = min(text.height(), 6 * metrics.lineSpacing())
    return QSizeF(text.width() + 2 * _PADDING + 2, height + _PADDING)


def paint_equation(painter: QPainter, frame: Frame, equation: Equation, card: QRectF) -> None:
    """Write the model's equation on a card; its size is that of `equation_size`."""
    paint_card(painter, frame, card)
    painter.setPen(QColor(frame.theme.text))
    painter.setFont(_equation_font(frame))
    inner = card.adjusted(_PADDING, _PADDING / 2, -_PADDING, -_PADDING / 2)
    painter.drawText(inner, _EQUATION_FLAGS, equation.text)


_CAPTION_FLAGS = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_EQUATION_FLAGS = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop


def _equation_font(frame: Frame) -> QFont:
    font = QFont(frame.font(1))
    font.setFamily(_serif())
    font.setItalic(True)
    return font


def paint_message(painter: QPainter, frame: Frame, message: str) -> None:
    """Write a message in the middle of the plot: its first line large, the others small."""
    lines = message.split("\n")
    plot = frame.plot
    fonts = [frame.font(5, bold=True)] + [frame.font(1)] * (len(lines) - 1)
    flags = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
    width = min(plot.width() - 48, 520.0)
    rooms = [
        QFontMetricsF(font).boundingRect(QRectF(0, 0, width, plot.height()), flags, line)
        for font, line in zip(fonts, lines, strict=True)
    ]
    top = plot.center().y() - (sum(room.height() for room in rooms) + 8 * (len(rooms) - 1)) / 2
    widest = max(room.width() for room in rooms)
    whole = QRectF(plot.center().x() - widest / 2 - 24, top - 16, widest + 48, 2 * (plot.center().y() - top) + 32)
    paint_card(painter, frame, whole)
    for index, (font, room, line) in enumerate(zip(fonts, rooms, lines, strict=True)):
        painter.setFont(font)
        painter.setPen(QColor(frame.theme.text if index == 0 else frame.theme.muted))
        painter.drawText(QRectF(plot.center().x() - width / 2, top, width, room.height()), flags, line)
        top += room.height() + 8


def paint_caption(painter: QPainter, frame: Frame, caption: str) -> None:
    """Write a sentence in small letters along the lower edge of the plot, unless that would hide much of it."""
    plot, font = frame.plot, frame.font(-2)
    room = QRectF(0, 0, plot.width() - 2 * CARD_GAP - _PADDING, plot.height())
    text = QFontMetricsF(font).boundingRect(room, _EQUATION_FLAGS, caption)
    size = QSizeF(text.width() + _PADDING + 2, text.height() + 0.5 * _PADDING)
    if size.height() > _MOST_CAPTION * plot.height():
        return
    card = QRectF(plot.left() + 6, plot.bottom() - 6 - size.height(), *size.toTuple())
    paint_card(painter, frame, card)
    painter.setPen(QColor(frame.theme.muted))
    painter.setFont(font)
    painter.drawText(card.adjusted(_PADDING / 2, 0, -_PADDING / 2, 0), _CAPTION_FLAGS, caption)


def paint_notice(painter: QPainter, frame: Frame, notice: str) -> None:
    """Write a sentence on a card along the lower edge of the plot, in the colour of what has gone wrong."""
    plot, font = frame.plot, frame.font(0, bold=True)
    flags = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
    room = QRectF(0, 0, min(plot.width() - 2 * CARD_GAP - 2 * _PADDING, 620.0), plot.height())
    text = QFontMetricsF(font).boundingRect(room, flags, notice)
    size = QSizeF(text.width() + 2 * _PADDING + 2, text.height() + 1.4 * _PADDING)
    card = QRectF(plot.center().x() - size.width() / 2, plot.bottom() - CARD_GAP - size.height(), *size.toTuple())
    painter.setPen(QPen(QColor(frame.theme.danger), 1.0))
    painter.setBrush(QColor(frame.theme.danger_soft))
    painter.drawRoundedRect(card, _RADIUS, _RADIUS)
    painter.setPen(QColor(frame.theme.danger))
    painter.setFont(font)
    painter.drawText(card.adjusted(_PADDING, 0, -_PADDING, 0), flags, notice)
