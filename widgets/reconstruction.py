"""Points and what their scores say of them, as pictures or profiles, beside the error against the number of scores."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QLabel

from engine.dataset import FloatArray, IntArray
from engine.reconstruction_report import MOST_SHOWN, ReconstructionStudy
from widgets.axes import number_text
from widgets.curve_chart import chart_font
from widgets.picture_view import PictureView
from widgets.sections import ElidedLabel
from widgets.sliders import JumpSlider
from widgets.stage_shapes import solid
from widgets.style import scaled
from widgets.theme import LIGHT, Theme
from widgets.xy_chart import Frame, lay_out, paint_axes, paint_card

_EMPTY = "The reconstruction appears here once there are scores."
_HINT = "Select points on the stage to look at them here."
_LINES = ("original", "rebuilt", "difference")
_GAP = 6.0
_LEAST_CELL = 36.0
_FEWEST_SEEN = 6
"""So many pictures stand side by side before they are made as large as the height allows."""
_CHART = 0.34
"""Of the width; the chart of errors has it."""
_MOST_ROWS_READ = 3


class Reconstruction(PictureView):
    """The first points that are selected, or some examples, and below each what its scores say of it.

    The slider and a click in the chart choose how many scores are kept.
    """

    edited = Signal(str, object, bool)
    """A wish: the path "learner.components", how many to keep, and False while the slider is held."""

    def __init__(self, theme: Theme = LIGHT) -> None:
        self._content: ReconstructionStudy | None = None
        self._selected: IntArray = np.empty(0, np.intp)
        self._pictures: tuple[IntArray, FloatArray, FloatArray] | None = None
        self._frame: Frame | None = None
        self._cells: list[tuple[QRectF, int]] = []
        super().__init__("Reconstruction", _EMPTY, theme)
        self._caption = QLabel("Scores kept")
        self.slider = JumpSlider()
        self.slider.setRange(1, 1)
        self.slider.setMinimumWidth(scaled(90))
        self.slider.setMaximumWidth(scaled(260))
        self.slider.setAccessibleName("Scores kept")
        self.slider.setToolTip("How many scores of each point are kept; the rest of what it was is left out.")
        self._caption.setBuddy(self.slider)
        self.slider.valueChanged.connect(self._on_slid)
        self.slider.sliderReleased.connect(lambda: self.edited.emit("learner.components", self.slider.value(), True))
        self._hint = ElidedLabel()
        self._hint.setProperty("look", "hint")
        self.controls.addWidget(self._caption)
        self.controls.addWidget(self.slider, 2)
        self.controls.addWidget(self._hint, 3)
        self.set_theme(theme)
        self._say()

    # -- setters

    def set_content(self, content: ReconstructionStudy | None) -> None:
        """Show this reconstruction; None shows that there is none."""
        self._content = content
        self._pictures = None
        with QSignalBlocker(self.slider):
            self.slider.setRange(1, 1 if content is None else max(1, len(content.errors) - 1))
            if content is not None and not self.slider.isSliderDown():
                self.slider.setValue(content.kept)
        self._say()
        self.redraw()

    def set_selected(self, rows: IntArray) -> None:
        """Look at these rows (m,) of the points, the first ten of them; of none at examples."""
        if not np.array_equal(rows[:MOST_SHOWN], self._selected):
            self._selected = np.asarray(rows[:MOST_SHOWN], np.intp)
            self._pictures = None
            self.redraw()

    def _on_slid(self, value: int) -> None:
        self.edited.emit("learner.components", value, not self.slider.isSliderDown())

    def _say(self) -> None:
        content = self._content
        for widget in (self._caption, self.slider):
            widget.setVisible(content is not None and len(content.errors) > 2)
        if content is None:
            self._hint.set_texts(("",))
            return
        error, whole = float(content.errors[content.kept]), float(content.errors[0])
        share = f", {100 * error / whole:.1f} % of the variance" if whole > 0 else ""
        kept = f"{content.kept} of {len(content.errors) - 1}"
        said = f"{kept} leave {number_text(error)}{share}."
        self._hint.set_texts((f"{said} {_HINT}", said, f"{kept}: {number_text(error)}"))

    # -- the picture

    def summary(self) -> str:
        """The picture in words."""
        content = self._content
        if content is None:
            return self.empty
        errors = ", ".join(number_text(float(error)) for error in content.errors[1:])
        rows = self._shown()[0]
        shown = ", ".join(content.title(int(row)) for row in rows[:_MOST_ROWS_READ])
        return f"{self._hint.accessibleName()} Error by scores kept: {errors}. Shown: {shown}."

    def least_size(self) -> QSize:
        """Three lines of pictures, or one of profiles."""
        return QSize(360, 150 if self._content is not None and self._content.shape is not None else 90)

    def _shown(self) -> tuple[IntArray, FloatArray, FloatArray]:
        """The rows that are looked at, as they are and rebuilt."""
        content = self._content
        assert content is not None
        if self._pictures is None:
            n = len(content.model.data.Z)
            rows = self._selected[self._selected < n]
            rows = rows if len(rows) else content.examples
            self._pictures = rows, *content.looked_at(rows)
        return self._pictures

    def paint_picture(self, painter: QPainter, target: QRectF, theme: Theme) -> None:
        """Points on the left, errors on the right."""
        content = self._content
        self._frame, self._cells = None, []
        if content is None:
            self.write_empty(painter, target, theme)
            return
        inner = target.adjusted(12, 4, -8, -2)
        chart = _CHART if len(content.errors) > 2 else 0.0
        left = QRectF(inner.left(), inner.top(), inner.width() * (1 - chart) - 16, inner.height())
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if content.shape is not None:
            self._paint_pictures(painter, left, theme, content.shape)
        else:
            self._paint_profiles(painter, left, theme, content)
        if chart:
            right = QRectF(left.right() + 16, inner.top(), inner.width() * chart, inner.height())
            self._paint_errors(painter, right, theme, content)
        painter.restore()

    def _paint_pictures(self, painter: QPainter, area: QRectF, theme: Theme, shape: tuple[int, int]) -> None:
        rows, originals, rebuilt = self._shown()
        painter.setFont(chart_font(theme))
        font = QFontMetricsF(painter.font())
        label = max(font.horizontalAdvance(line) for line in _LINES) + 8
        height = (area.height() - 2 * _GAP) / len(_LINES)
        room = area.width() - label + _GAP
        wanted = min(height, max(_LEAST_CELL, room / min(len(rows), _FEWEST_SEEN) - _GAP))
        count = min(len(rows), max(1, int(room / (wanted + _GAP))))
        side = min(height, room / count - _GAP)
        low, high = float(originals.min()), float(originals.max())
        span = max(high - low, 1e-12)
        for line, name in enumerate(_LINES):
            top = area.top() + line * (side + _GAP)
            painter.setPen(QColor(theme.muted))
            painter.drawText(
                QRectF(area.left(), top, label, side), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, name
            )
            for index in range(count):
                cell = QRectF(area.left() + label + index * (side + _GAP), top, side, side)
                if line == 0:
                    picture = _grey((originals[index] - low) / span, shape)
                elif line == 1:
                    picture = _grey((rebuilt[index] - low) / span, shape)
                else:
                    picture = _signed((rebuilt[index] - originals[index]) / span, shape, theme)
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
                painter.drawImage(cell, picture)
                painter.setPen(QPen(QColor(theme.border), 1.0))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(cell)
                self._cells.append((cell, index))

    def _paint_profiles(self, painter: QPainter, area: QRectF, theme: Theme, content: ReconstructionStudy) -> None:
        """Of each point a line over its features, and over it the line that is rebuilt."""
        rows, originals, rebuilt = self._shown()
        painter.setFont(chart_font(theme))
        font = QFontMetricsF(painter.font())
        line = font.height()
        columns = int(np.clip(area.width() // 120, 1, len(rows)))
        lines = max(1, min(int(area.height() // 70), -(-len(rows) // columns)))
        count = min(len(rows), columns * lines)
        width = (area.width() - 12 * (columns - 1)) / columns
        height = (area.height() - line - 6 * (lines - 1)) / lines
        largest = max(1e-12, float(np.abs(originals[:count]).max()), float(np.abs(rebuilt[:count]).max()))
        self._paint_key(painter, QPointF(area.left(), area.bottom() - line), theme)
        for index in range(count):
            cell = QRectF(
                area.left() + (index % columns) * (width + 12), area.top() + (index // columns) * (height + 6), width,
                height,
            )  # fmt: skip
            plot = cell.adjusted(0, line, 0, 0)
            painter.setPen(QColor(theme.muted))
            title = font.elidedText(content.title(int(rows[index])), Qt.TextElideMode.ElideRight, cell.width())
            painter.drawText(QPointF(cell.left(), cell.top() + font.ascent()), title)
            painter.setPen(QPen(QColor(theme.grid), 1.0))
            painter.drawLine(QPointF(plot.left(), plot.center().y()), QPointF(plot.right(), plot.center().y()))
            for values, ink, thick in (
                (originals[index], solid(theme.muted, 0.9), 3.0), (rebuilt[index], QColor(theme.accent), 1.6)
            ):  # fmt: skip
                steps = np.linspace(plot.left() + 2, plot.right() - 2, len(values))
                heights = plot.center().y() - values / largest * plot.height() / 2 * 0.94
                painter.setPen(QPen(ink, thick))
                painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in zip(steps, heights, strict=True)]))
            self._cells.append((cell, index))

    @staticmethod
    def _paint_key(painter: QPainter, at: QPointF, theme: Theme) -> None:
        font = QFontMetricsF(painter.font())
        left, middle = at.x(), at.y() + font.height() / 2 + 1
        for name, ink, thick in (
            ("original", solid(theme.muted, 0.9), 3.0), ("rebuilt", QColor(theme.accent), 1.6)
        ):  # fmt: skip
            painter.setPen(QPen(ink, thick))
            painter.drawLine(QPointF(left, middle), QPointF(left + 16, middle))
            painter.setPen(QColor(theme.muted))
            painter.drawText(QPointF(left + 21, middle + (font.ascent() - font.descent()) / 2), name)
            left += 21 + font.horizontalAdvance(name) + 16

    def _paint_errors(self, painter: QPainter, area: QRectF, theme: Theme, content: ReconstructionStudy) -> None:
        last, top = len(content.errors) - 1, float(content.errors.max())
        frame = lay_out(
            area, theme, (-0.03 * last, 1.03 * last), (0.0, 1.05 * max(top, 1e-12)), ("scores kept", "error")
        )
        self._frame = frame
        paint_axes(painter, frame, theme)
        places = [QPointF(frame.x.place(r), frame.y.place(float(error))) for r, error in enumerate(content.errors)]
        painter.setPen(QPen(QColor(theme.accent), 1.8))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF(places))
        at = places[content.kept]
        painter.setPen(QPen(solid(theme.text, 0.5), 1.0, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(at.x(), frame.area.top()), QPointF(at.x(), frame.area.bottom()))
        painter.setPen(QPen(QColor(theme.stage), 1.5))
        painter.setBrush(QColor(theme.accent))
        painter.drawEllipse(at, 5.0, 5.0)

    # -- the pointer

    def _kept_at(self, at: QPointF) -> int | None:
        """How many scores a place in the chart means."""
        if self._content is None or self._frame is None or not self._frame.area.adjusted(-6, -6, 6, 24).contains(at):
            return None
        return int(np.clip(round(self._frame.x.value_at(at.x())), 1, len(self._content.errors) - 1))

    def paint_hover(self, painter: QPainter, pointer: QPointF) -> None:
        """The numbers at a place in the chart, or of a point."""
        content, kept = self._content, self._kept_at(pointer)
        if content is None:
            return
        if kept is not None and self._frame is not None:
            error, whole = float(content.errors[kept]), float(content.errors[0])
            share = [f"{100 * error / whole:.1f} % of the variance"] if whole > 0 else []
            lines = [f"{kept} score{'' if kept == 1 else 's'}", f"error {number_text(error)}", *share]
            paint_card(painter, self._frame.area, pointer, lines, self.theme)
            return
        index = next((index for cell, index in self._cells if cell.contains(pointer)), None)
        if index is not None:
            rows, originals, rebuilt = self._shown()
            error = float(((rebuilt[index] - originals[index]) ** 2).sum())
            lines = [content.title(int(rows[index])), f"squared error {number_text(error)}"]
            paint_card(painter, QRectF(self.canvas.rect()), pointer, lines, self.theme)

    def press(self, at: QPointF) -> None:
        """Keep as many scores as the chart says there, or select the point."""
        kept = self._kept_at(at)
        if kept is not None:
            self.edited.emit("learner.components", kept, True)
            return
        index = next((index for cell, index in self._cells if cell.contains(at)), None)
        if index is not None and self._content is not None:
            row = int(self._shown()[0][index])
            self.rows_chosen.emit(np.array([row], np.intp), f"{self._content.title(row)} is selected.")

    def press_key(self, key: int) -> bool:
        """The arrow keys keep one score more or fewer."""
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(key), 0)
        if self._content is None or step == 0:
            return False
        kept = self._content.kept + step
        if 1 <= kept < len(self._content.errors):
            self.edited.emit("learner.components", kept, True)
        return True


def _grey(values: FloatArray, shape: tuple[int, int]) -> QImage:
    """A picture of numbers from 0, white, to 1, black."""
    levels = np.rint(255 * (1.0 - np.clip(values, 0.0, 1.0))).astype(np.uint8)
    return _image(np.repeat(levels.reshape(*shape, 1), 3, axis=2))


def _signed(values: FloatArray, shape: tuple[int, int], theme: Theme) -> QImage:
    """A picture of differences: blue where there is too little, orange where there is too much."""
    ground = QColor(theme.stage)
    middle = np.array([ground.red(), ground.green(), ground.blue()], np.float64)
    ends = np.where(values[:, None] < 0, np.array([[0.0, 114.0, 178.0]]), np.array([[213.0, 94.0, 0.0]]))
    share = np.clip(np.abs(values), 0.0, 1.0)[:, None]
    return _image(np.rint(middle + share * (ends - middle)).astype(np.uint8).reshape(*shape, 3))


def _image(rgb: NDArray[np.uint8]) -> QImage:
    rgb = np.ascontiguousarray(rgb)
    height, width = rgb.shape[:2]
    return QImage(rgb.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888).copy()
