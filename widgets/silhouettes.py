"""How well each point sits in its cluster: a bar a point, cluster by cluster, the longest first."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from engine.cluster_report import SilhouetteReport
from engine.dataset import FloatArray
from engine.palette import CLASS_COLOURS
from widgets.axes import Axis, Tick
from widgets.curve_chart import chart_font
from widgets.picture_view import PictureView
from widgets.theme import LIGHT, Theme
from widgets.xy_chart import Frame, lay_out, paint_axes, paint_card

_EMPTY = "The silhouettes appear here once there are two clusters."
_GAP_SHARE = 0.02
"""Of the width, between two clusters."""


class Silhouettes(PictureView):
    """Bars to the right of zero are well placed, to the left of it nearer to another cluster. A click selects."""

    def __init__(self, theme: Theme = LIGHT) -> None:
        self._content: SilhouetteReport | None = None
        self._frame: Frame | None = None
        self._places: FloatArray = np.empty(0)
        super().__init__("Silhouettes", _EMPTY, theme)

    def set_content(self, content: SilhouetteReport | None) -> None:
        """Show these; None shows that there are none."""
        self._content = content if content is not None and len(content.values) else None
        self.redraw()

    def summary(self) -> str:
        """The mean, and that of each cluster."""
        content = self._content
        if content is None:
            return self.empty
        means = ", ".join(
            f"cluster {cluster + 1} {content.values[content.clusters == cluster].mean():.2f}"
            for cluster in np.unique(content.clusters)
        )
        return f"Mean silhouette {content.values.mean():.3f}: {means}."

    def paint_picture(self, painter: QPainter, target: QRectF, theme: Theme) -> None:
        """Axes, a bar a point, the mean as a dashed line, and the name and mean of each cluster."""
        content = self._content
        if content is None:
            self.write_empty(painter, target, theme)
            return
        values = content.values
        low = min(-0.05, float(values.min()) - 0.05)
        count, groups = len(values), np.unique(content.clusters)
        gap = _GAP_SHARE * count
        self._places = np.arange(count) + gap * np.searchsorted(groups, content.clusters)
        end = float(self._places[-1]) + 1.0
        sampled = f" · {count:,} of {content.of:,}" if count < content.of else ""
        frame = self._frame = lay_out(target, theme, (0.0, end), (low, 1.05), (f"points{sampled}", "silhouette"))
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, count < 200)
        paint_axes(painter, _without_ticks(frame), theme)
        zero, width = frame.y.place(0.0), max(1.0, frame.area.width() / end)
        painter.setPen(Qt.PenStyle.NoPen)
        for cluster in groups.tolist():
            painter.setBrush(QColor(*CLASS_COLOURS[cluster % len(CLASS_COLOURS)]))
            mine = content.clusters == cluster
            for place, value in zip(self._places[mine].tolist(), values[mine].tolist(), strict=True):
                left, height = frame.x.place(place), frame.y.place(value)
                painter.drawRect(QRectF(left, min(zero, height), width, abs(zero - height)))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        dashed = QPen(QColor(theme.text), 1.4)
        dashed.setDashPattern([4.0, 3.0])
        painter.setPen(dashed)
        mean = frame.y.place(float(values.mean()))
        painter.drawLine(QPointF(frame.area.left(), mean), QPointF(frame.area.right(), mean))
        painter.setFont(chart_font(theme))
        font = QFontMetricsF(painter.font())
        painter.setPen(QColor(theme.text))
        for cluster in groups.tolist():
            mine = content.clusters == cluster
            first, last = frame.x.place(float(self._places[mine][0])), frame.x.place(float(self._places[mine][-1] + 1))
            for text in (f"cluster {cluster + 1}: {values[mine].mean():.2f}", f"{cluster + 1}"):
                if font.horizontalAdvance(text) <= last - first - 4:
                    line = font.height()
                    painter.drawText(
                        QRectF(first, frame.area.bottom() + 2, last - first, line), Qt.AlignmentFlag.AlignCenter, text
                    )
                    break
        painter.restore()

    def _at(self, at: QPointF) -> int | None:
        """The bar under the pointer."""
        content, frame = self._content, self._frame
        if content is None or frame is None or not frame.area.adjusted(0, -4, 0, 4).contains(at):
            return None
        index = int(np.searchsorted(self._places, frame.x.value_at(at.x()), side="right")) - 1
        return index if 0 <= index < len(content.values) else None

    def paint_hover(self, painter: QPainter, pointer: QPointF) -> None:
        """Which point, and how it sits."""
        index, content, frame = self._at(pointer), self._content, self._frame
        if index is None or content is None or frame is None:
            return
        lines = (
            f"row {int(content.rows[index]) + 1:,}, cluster {int(content.clusters[index]) + 1}",
            f"silhouette {float(content.values[index]):.3f}",
        )
        paint_card(painter, frame.area, pointer, lines, self.theme)

    def press(self, at: QPointF) -> None:
        """Select the points of the cluster that sit no better than the one that was clicked."""
        index, content = self._at(at), self._content
        if index is None or content is None:
            return
        cluster = int(content.clusters[index])
        rows = content.rows[(content.clusters == cluster) & (content.values <= content.values[index])]
        self.rows_chosen.emit(
            np.sort(rows),
            f"{len(rows):,} point{'' if len(rows) == 1 else 's'} of cluster {cluster + 1} with a silhouette of at most"
            f" {float(content.values[index]):.2f} {'is' if len(rows) == 1 else 'are'} selected.",
        )


class _Plain(Axis):
    """An axis without numbers."""

    def ticks(self, count: int, *, whole: bool = False) -> tuple[Tick, ...]:
        return ()


def _without_ticks(frame: Frame) -> Frame:
    """The same axes without numbers along the points, where the clusters' names stand."""
    return Frame(_Plain(frame.x.low, frame.x.high, frame.x.start, frame.x.end), frame.y, frame.x_name, frame.y_name)
