"""What the pointer reads from the learning curves: a crosshair at the nearest epoch and its values on a card."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from widgets.axes import number_text
from widgets.curve_chart import Chart, chart_font, curve_colour
from widgets.curve_series import PARTS, CurveSeries, Measure
from widgets.theme import Theme

_NEAR = 6.0
"""How many pixels outside the area the pointer still reads."""
_GAP = 12.0
"""Between the crosshair and the card."""
_PADDING = 9.0
_KEY = 14.0
"""The width of the coloured dash before a name."""


def paint_hover(
    painter: QPainter, chart: Chart, series: CurveSeries, measure: Measure, pointer: QPointF, theme: Theme
) -> None:
    """Paint the crosshair and the card for the recorded epoch nearest to `pointer`, if that is near the area."""
    if not chart.area.adjusted(-_NEAR, -_NEAR, _NEAR, _NEAR).contains(pointer):
        return
    row = nearest_row(series, chart, pointer.x())
    epoch = int(series.epochs[row])
    place = chart.x.place(epoch)
    if not chart.area.left() - 1 <= place <= chart.area.right() + 1:
        return
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(theme.muted), 1))
    painter.drawLine(QPointF(place, chart.area.top()), QPointF(place, chart.area.bottom()))
    values = [float(series.values(measure, part)[row]) for part in range(PARTS)]
    for part, value in enumerate(values):
        height = chart.y.place(value)
        if chart.area.top() - 1 <= height <= chart.area.bottom() + 1:
            painter.setPen(QPen(QColor(theme.window), 1.5))
            painter.setBrush(curve_colour(part, theme))
            painter.drawEllipse(QPointF(place, height), 4, 4)
    rows = [(part, number_text(value)) for part, value in enumerate(values) if not math.isnan(value)]
    _paint_card(painter, chart, place, f"{chart.epoch_name} {epoch:,}", rows, theme)


def nearest_row(series: CurveSeries, chart: Chart, place: float) -> int:
    """The entry that is drawn nearest to `place`."""
    epochs = series.epochs
    after = min(int(np.searchsorted(epochs, chart.x.value_at(place))), len(epochs) - 1)
    before = max(0, after - 1)
    left, right = chart.x.places(epochs[[before, after]])
    return before if abs(left - place) <= abs(right - place) else after


def _paint_card(
    painter: QPainter, chart: Chart, place: float, head: str, rows: list[tuple[int, str]], theme: Theme
) -> None:
    painter.setFont(chart_font(theme))
    font = QFontMetricsF(painter.font())
    names = max((font.horizontalAdvance(chart.part_names[part]) for part, _ in rows), default=0.0)
    numbers = max((font.horizontalAdvance(text) for _, text in rows), default=0.0)
    width = max(font.horizontalAdvance(head), _KEY + names + 12 + numbers) + 2 * _PADDING
    height = font.height() * (1 + len(rows)) + 12
    left = place + _GAP if place + _GAP + width < chart.right else place - _GAP - width
    top = max(4.0, min(chart.area.top() + 2, chart.area.bottom() - height))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme.tooltip))
    painter.drawRoundedRect(QRectF(left, top, width, height), 5, 5)
    inner, right = left + _PADDING, left + width - _PADDING
    base = top + 6 + font.ascent()
    painter.setPen(QColor(theme.on_tooltip))
    painter.drawText(QPointF(inner, base), head)
    for part, text in rows:
        base += font.height()
        painter.setPen(QPen(curve_colour(part, theme), 3))
        painter.drawLine(QPointF(inner, base - 4), QPointF(inner + _KEY - 5, base - 4))
        painter.setPen(QColor(theme.on_tooltip))
        painter.drawText(QPointF(inner + _KEY, base), chart.part_names[part])
        painter.drawText(QPointF(right - font.horizontalAdvance(text), base), text)
