"""The line above a picture of rows: what their colours mean, and how many of them are drawn."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QFontMetricsF, QLinearGradient, QPainter, QPen

from widgets.axes import number_text
from widgets.row_colours import KeyEntry, RowColours
from widgets.stage_shapes import value_colour
from widgets.theme import Theme
from widgets.xy_chart import write

_BAR_WIDTH = 60.0
_GAPS = (12.0, 7.0)
"""Between two classes in pixels, and where there is not room for all."""
_LONGEST_NOTE = 0.5
"""Of the line; where it would be longer it is told in fewer words."""


def paint_header(painter: QPainter, line: QRectF, colours: RowColours, theme: Theme, n_drawn: int) -> None:
    """Paint the key from the left and, at the right, how many rows are drawn if not all are."""
    font, right, total = QFontMetricsF(painter.font()), line.right(), len(colours.dataset.points)
    if n_drawn < total:
        note = f"{n_drawn:,} of {total:,} drawn"
        if font.horizontalAdvance(note) > _LONGEST_NOTE * line.width():
            note = f"{n_drawn:,} drawn"
        right -= font.horizontalAdvance(note)
        painter.setPen(QColor(theme.muted))
        write(painter, right, line.center().y(), note)
        right -= 14
    rest = QRectF(line.topLeft(), QPointF(right, line.bottom()))
    if colours.value_range is None:
        _paint_key(painter, rest, colours.key, theme)
    else:
        _paint_scale(painter, rest, colours.value_range, colours.dataset.target_name, theme)


def _paint_key(painter: QPainter, line: QRectF, entries: tuple[KeyEntry, ...], theme: Theme) -> None:
    """Paint a swatch and a name a class, as many as there is room for, and then how many more there are."""
    font, size, middle = QFontMetricsF(painter.font()), 0.7 * theme.font_size, line.center().y()
    widths = [size + 5 + font.horizontalAdvance(entry.name) for entry in entries]
    gap = _GAPS[0] if sum(widths) + _GAPS[0] * (len(widths) - 1) <= line.width() else _GAPS[1]
    left = line.left()
    for index, (entry, width) in enumerate(zip(entries, widths, strict=True)):
        rest = f"+{len(entries) - index}"
        needed = width if index == len(entries) - 1 else width + gap + font.horizontalAdvance(rest)
        if left + needed > line.right() + 0.5:
            painter.setPen(QColor(theme.muted))
            if left + font.horizontalAdvance(rest) <= line.right() + 0.5:
                write(painter, left, middle, rest)
            return
        painter.save()
        painter.translate(left + size / 2, middle)
        entry.look.draw(painter, size)
        painter.restore()
        painter.setPen(QColor(theme.text))
        write(painter, left + size + 5, middle, entry.name)
        left += width + gap


def _paint_scale(painter: QPainter, line: QRectF, ends: tuple[float, float], name: str, theme: Theme) -> None:
    """Paint the scale of targets with its ends and, where there is room, the target's name."""
    font, middle, left = QFontMetricsF(painter.font()), line.center().y(), line.left()
    low, high = (number_text(end) for end in ends)
    wide = _BAR_WIDTH + sum(font.horizontalAdvance(text) for text in (low, high)) + 12
    if wide > line.width():
        return
    if font.horizontalAdvance(name) + 10 + wide <= line.width():
        painter.setPen(QColor(theme.text))
        write(painter, left, middle, name)
        left += font.horizontalAdvance(name) + 10
    painter.setPen(QColor(theme.muted))
    write(painter, left, middle, low)
    bar = QRectF(left + font.horizontalAdvance(low) + 6, middle - 4, _BAR_WIDTH, 8)
    write(painter, bar.right() + 6, middle, high)
    gradient = QLinearGradient(bar.topLeft(), bar.topRight())
    for stop in (0.0, 0.25, 0.5, 0.75, 1.0):
        gradient.setColorAt(stop, value_colour(stop))
    painter.setPen(QPen(QColor(theme.border), 1.0))
    painter.setBrush(gradient)
    painter.drawRoundedRect(bar, 2.0, 2.0)
