"""A small plot of a loss against the margin or the residual."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QFrame, QSizePolicy, QWidget

from engine.losses import LossCurve
from widgets.style import active_theme

_HEIGHT = 88
_TALLEST = 4.0
"""Losses above this are cut off, so that the bend near zero, which is what differs, is seen."""


class LossPlot(QFrame):
    """The curve, its two axes through zero, and what the horizontal one is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._curve: LossCurve | None = None
        self.setProperty("look", "card")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(_HEIGHT)

    def sizeHint(self) -> QSize:
        return QSize(200, _HEIGHT)

    def set_curve(self, curve: LossCurve, title: str) -> None:
        """Show `curve`; `title` names the loss."""
        self._curve = curve
        text = f"The {title} loss of one point against the {curve.x_label}."
        self.setToolTip(text)
        self.setAccessibleName(f"Plot of the {title} loss")
        self.setAccessibleDescription(text)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._curve is None:
            return
        theme = active_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = painter.font()
        font.setPixelSize(theme.font_size - 3)
        painter.setFont(font)
        label_height = painter.fontMetrics().height()
        room = QRectF(12, 9, self.width() - 24, self.height() - 2 * label_height - 17)
        x, y = self._curve.x, self._curve.y
        x_low, x_high, top = float(x[0]), float(x[-1]), min(float(y.max()), _TALLEST) or 1.0

        def place(px: float, py: float) -> QPointF:
            return QPointF(
                room.left() + (px - x_low) / (x_high - x_low) * room.width(), room.bottom() - py / top * room.height()
            )

        painter.setPen(QPen(QColor(theme.border), 1))
        painter.drawLine(place(x_low, 0), place(x_high, 0))
        painter.drawLine(place(0, 0), place(0, top))
        painter.setPen(QColor(theme.muted))
        centre, middle = Qt.AlignmentFlag.AlignCenter, room.bottom() + 2
        for tick in np.arange(np.ceil(x_low), x_high + 0.5):
            box = QRectF(place(float(tick), 0).x() - 14, middle, 28, label_height)
            painter.drawText(box, centre, f"{tick:.0f}".replace("-", "−"))
        painter.drawText(QRectF(0, middle + label_height + 1, self.width(), label_height), centre, self._curve.x_label)
        painter.setClipRect(room.adjusted(-2, -2, 2, 2))
        painter.setPen(QPen(QColor(theme.accent), 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        for piece in _pieces(y):
            painter.drawPolyline(QPolygonF([place(float(x[i]), float(y[i])) for i in piece]))
        painter.end()


def _pieces(y: np.ndarray) -> list[np.ndarray]:
    """The indices of the curve's stretches between jumps, such as that of the zero-one loss."""
    jumps = np.flatnonzero(np.abs(np.diff(y)) > 0.5) + 1
    return np.split(np.arange(len(y)), jumps)
