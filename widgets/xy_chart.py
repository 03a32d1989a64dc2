"""Two axes with names, ticks and a grid, for pictures of one number against another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from widgets.axes import Axis
from widgets.curve_chart import chart_font, value_ticks
from widgets.theme import Theme

_TICK_ROOM = 5.0
"""Between two ticks of the horizontal axis, in lines of text."""
_CARD_GAP = 12.0
_CARD_PADDING = 8.0

Range = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Frame:
    """Axes laid out, and the area between them."""

    x: Axis
    y: Axis
    x_name: str
    y_name: str

    @property
    def area(self) -> QRectF:
        return QRectF(QPointF(self.x.start, self.y.end), QPointF(self.x.end, self.y.start))


def lay_out(
    target: QRectF,
    theme: Theme,
    x_range: Range,
    y_range: Range,
    names: tuple[str, str],
    *,
    widest: float = 0.0,
    log: tuple[bool, bool] = (False, False),
) -> Frame:
    """Axes that fill `target`, at most `widest` times as wide as high where that is given; logarithmic where `log`."""
    font = QFontMetricsF(chart_font(theme))
    line = font.height()
    bottom = max(target.bottom() - 2 * line - 6, target.top() + line + 16)
    y = Axis(*y_range, bottom, target.top() + line + 6, log=log[1])
    ticks = max((font.horizontalAdvance(tick.text) for tick in value_ticks(y, line)), default=10.0)
    left = target.left() + ticks + 14
    right = max(target.right() - 8, left + 8)
    if widest:
        right = min(right, left + widest * (y.start - y.end))
    return Frame(Axis(*x_range, left, right, log=log[0]), y, *names)


def paint_axes(painter: QPainter, frame: Frame, theme: Theme) -> None:
    """Paint the grid, the ticks and the names: that of the vertical axis above it."""
    area, font = frame.area, QFontMetricsF(chart_font(theme))
    line = font.height()
    painter.setFont(chart_font(theme))
    grid = QColor(theme.grid)
    grid.setAlphaF(0.2)
    dotted = QPen(grid, 1.0)
    dotted.setDashPattern((2.0, 2.0))
    muted = QColor(theme.muted)
    for tick in value_ticks(frame.y, line):
        height = frame.y.place(tick.value)
        painter.setPen(dotted)
        painter.drawLine(QPointF(area.left(), height), QPointF(area.right(), height))
        painter.setPen(muted)
        write(painter, area.left() - 6 - font.horizontalAdvance(tick.text), height, tick.text)
    for tick in frame.x.ticks(max(2, int(area.width() / (_TICK_ROOM * line)) + 1)):
        place, width = frame.x.place(tick.value), font.horizontalAdvance(tick.text)
        painter.setPen(dotted)
        painter.drawLine(QPointF(place, area.top()), QPointF(place, area.bottom()))
        painter.setPen(muted)
        left = min(max(place - width / 2, area.left() - width), area.right() - width / 2)
        write(painter, left, area.bottom() + 3 + line / 2, tick.text)
    name = font.elidedText(frame.x_name, Qt.TextElideMode.ElideRight, area.width())
    write(painter, area.right() - font.horizontalAdvance(name), area.bottom() + 3 + 1.5 * line, name)
    write(painter, area.left(), area.top() - line / 2 - 3, frame.y_name)


def write(painter: QPainter, left: float, middle: float, text: str) -> None:
    """Write a line of text whose height has its middle there."""
    font = QFontMetricsF(painter.font())
    painter.drawText(QPointF(left, middle + (font.ascent() - font.descent()) / 2), text)


def paint_card(painter: QPainter, inside: QRectF, at: QPointF, lines: Sequence[str], theme: Theme) -> None:
    """Write `lines` on a card beside `at`, wherever there is room for it `inside`."""
    painter.setFont(chart_font(theme))
    font = QFontMetricsF(painter.font())
    width = max(font.horizontalAdvance(line) for line in lines) + 2 * _CARD_PADDING
    height = font.height() * len(lines) + 1.5 * _CARD_PADDING
    left = at.x() + _CARD_GAP
    if left + width > inside.right():
        left = max(inside.left(), at.x() - _CARD_GAP - width)
    top = min(max(inside.top(), at.y() - height / 2), max(inside.top(), inside.bottom() - height))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme.tooltip))
    painter.drawRoundedRect(QRectF(left, top, width, height), 5, 5)
    painter.setPen(QColor(theme.on_tooltip))
    for index, line in enumerate(lines):
        painter.drawText(QPointF(left + _CARD_PADDING, top + 6 + font.ascent() + index * font.height()), line)
