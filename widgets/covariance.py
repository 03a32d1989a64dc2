"""The covariance of features as a coloured matrix, and beside it what deflation leaves of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen

from engine.components_report import ComponentsReport
from engine.dataset import FloatArray
from engine.palette import HIGH_VALUE, LOW_VALUE
from widgets.axes import number_text
from widgets.curve_chart import chart_font
from widgets.theme import Theme

_MOST_NUMBERS = 6
"""The cells of so many features have room for their numbers."""
_WIDEST_NAME = 110.0
_GAP = 28.0


@dataclass(frozen=True, eq=False)
class Matrix:
    """Where a matrix is painted, and what it holds."""

    area: QRectF
    values: FloatArray
    features: tuple[str, ...]

    def reading(self, at: QPointF) -> Sequence[str]:
        """What a card beside the pointer says; nothing elsewhere."""
        count = len(self.values)
        column = int((at.x() - self.area.left()) / self.area.width() * count)
        row = int((at.y() - self.area.top()) / self.area.height() * count)
        if not self.area.contains(at) or not (0 <= row < count and 0 <= column < count):
            return ()
        value = float(self.values[row, column])
        if row == column:
            return (self.features[row], f"variance {number_text(value)}")
        deviations = float(np.sqrt(max(0.0, self.values[row, row]) * max(0.0, self.values[column, column])))
        correlated = (f"correlation {number_text(value / deviations)}",) if deviations > 1e-12 else ()
        return (f"{self.features[row]} and {self.features[column]}", f"covariance {number_text(value)}", *correlated)


def paint_matrices(painter: QPainter, target: QRectF, theme: Theme, content: ComponentsReport) -> list[Matrix]:
    """Paint the covariance, and what is left of it without the components that have been found, in the same colours.

    Returns
    -------
    Where they are.
    """
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setFont(chart_font(theme))
    font = QFontMetricsF(painter.font())
    line = font.height()
    count = len(content.covariance)
    found = f"without the first {content.found}" if content.found > 1 else "without the first component"
    matrices = [("covariance", content.covariance)]
    if content.found:
        matrices.append((found, content.left_by(content.found)))
    inner = target.adjusted(12, 4, -12, -4)
    side = max(20.0, inner.height() - line - 4)
    are_named = side / count >= line - 1
    names = min(_WIDEST_NAME, max(map(font.horizontalAdvance, content.features)) + 8) if are_named else 0.0
    side = min(side, (inner.width() - names - _GAP * (len(matrices) - 1)) / len(matrices))
    largest = float(np.abs(content.covariance).max())
    painted, left = [], inner.left() + names
    for index, (title, values) in enumerate(matrices):
        area = QRectF(left, inner.top() + line + 4, side, side)
        painter.setPen(QColor(theme.muted))
        painter.drawText(QPointF(left, inner.top() + font.ascent()), title)
        _paint_matrix(painter, area, values, largest, theme)
        if are_named and index == 0:
            painter.setPen(QColor(theme.muted))
            for row, name in enumerate(content.features):
                cell = QRectF(inner.left(), area.top() + row * side / count, names - 6, side / count)
                text = font.elidedText(name, Qt.TextElideMode.ElideRight, cell.width())
                painter.drawText(cell, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
        painted.append(Matrix(area, values, content.features))
        left += side + _GAP
    painter.restore()
    return painted


def _paint_matrix(painter: QPainter, area: QRectF, values: FloatArray, largest: float, theme: Theme) -> None:
    count = len(values)
    ground = QColor(theme.stage)
    middle = np.array([ground.red(), ground.green(), ground.blue()], np.float64)
    share = np.clip(np.abs(values) / largest if largest > 0 else values, 0.0, 1.0)[..., None]
    ends = np.where(values[..., None] < 0, np.array(LOW_VALUE, np.float64), np.array(HIGH_VALUE, np.float64))
    rgb = np.ascontiguousarray(np.rint(middle + share * (ends - middle)).astype(np.uint8))
    image = QImage(rgb.tobytes(), count, count, 3 * count, QImage.Format.Format_RGB888)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
    painter.drawImage(area, image)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(theme.border), 1.0))
    painter.drawRect(area)
    if count > _MOST_NUMBERS:
        return
    font = QFontMetricsF(painter.font())
    for row in range(count):
        for column in range(count):
            red, green, blue = (int(level) for level in rgb[row, column])
            is_light = 0.299 * red + 0.587 * green + 0.114 * blue > 140
            painter.setPen(QColor("#14181f" if is_light else "#ffffff"))
            step = area.width() / count
            cell = QRectF(area.left() + column * step, area.top() + row * step, step, step)
            value = float(values[row, column])
            text = f"{value:.2f}".replace("-", "−") if abs(value) < 100 else number_text(value)
            if font.horizontalAdvance(text) < step - 2:
                painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, text)
