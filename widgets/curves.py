"""The learning curves: training, validation and test, as the model learns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from engine.dataset import PART_NAMES
from engine.snapshot import CurvePoint
from widgets.axes import number_text, within
from widgets.curve_chart import Chart, ChartView, ScoreName, chart_font, lay_out, paint, paint_fast
from widgets.curve_hover import paint_hover
from widgets.curve_series import PARTS, CurveSeries, Measure
from widgets.theme import LIGHT, Theme

_WHEEL_NOTCH = 1.25
"""How much one notch of the wheel zooms."""
_CONTROLS_PADDING = (11, 6)
"""Pixels around a button's text and around the buttons, above and below together."""
_SMALLEST_DRAG = 6
"""Pixels; what is shorter is a click."""
_REPAINTED_MS = 30
"""How long new entries may wait: curves need not move sixty times a second, and the stage beside them must."""
_SCORES: dict[ScoreName, tuple[str, str]] = {
    "accuracy": ("Accuracy", "Draw the share of the points that the model gets right."),
    "R²": ("R²", "Draw the share of the targets' variance that the model explains."),
    "adjusted Rand index": (
        "Rand index",
        "Draw how well the clusters agree with the known classes: 1 is fully.",
    ),
    "explained variance": ("Explained", "Draw the share of the variance that lies along the directions."),
    "separation": ("Separation", "Draw the share of the ratios of between- to within-class variance."),
    "trustworthiness": ("Trust", "Draw how far neighbours stay neighbours: 1 is fully."),
    "share that stays": ("Stays", "Draw the share of the points that did not change their cluster."),
}
_EMPTY = "The curves appear here as the model learns."


class Curves(QWidget):
    """Loss or score of each part over the epochs.

    The wheel zooms the epochs about the pointer (with Shift the values), a drag zooms into what it frames, the middle
    button moves, a double click fits everything again. The newest epochs are followed unless zoomed.
    """

    log_changed = Signal(str, bool)
    """A wish: the axis "loss" or "epochs" is to be logarithmic or not."""

    def __init__(self, parent: QWidget | None = None, *, theme: Theme = LIGHT) -> None:
        super().__init__(parent)
        self._theme = theme
        self._series = CurveSeries()
        self._view = ChartView()
        self._score_note = ""
        self._chart: Chart | None = None
        self._picture: QPixmap | None = None
        self._pointer: QPointF | None = None
        self._framed_from: QPointF | None = None
        self._dragged_from: QPointF | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(320, 120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Learning curves")
        self._repainting = QTimer(self)
        self._repainting.setSingleShot(True)
        self._repainting.setInterval(_REPAINTED_MS)
        self._repainting.timeout.connect(self.update)
        self._make_controls()
        self._summarize()

    def sizeHint(self) -> QSize:
        return QSize(720, 190)

    # -- what is shown ---------------------------------------------------------------------------------------------

    def append(self, points: Sequence[CurvePoint]) -> None:
        """Add entries; one at an epoch that is already there replaces what was recorded from there on."""
        if not points:
            return
        self._series.extend(points)
        self._summarize()
        self._picture = self._chart = None
        if not self._repainting.isActive():
            self._repainting.start()

    def clear(self) -> None:
        """Forget everything, zoom included: a new run begins."""
        self._series.clear()
        self._view = replace(self._view, epochs=None, values=None)
        self._summarize()
        self._changed()

    def points(self) -> list[CurvePoint]:
        """Everything recorded, for a file or a figure."""
        return self._series.points()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._changed()

    def set_log(self, loss: bool, epochs: bool) -> None:
        """Make the loss axis and the epoch axis logarithmic, or linear."""
        if loss != self._view.log_loss:
            self._view = replace(self._view, log_loss=loss, values=None)
        if epochs != self._view.log_epochs:
            self._view = replace(self._view, log_epochs=epochs, epochs=None)
        self._changed()

    def set_loss_name(self, name: str) -> None:
        """Name the loss on its axis, e.g. "cross-entropy"."""
        self._view = replace(self._view, loss_name=name)
        self._changed()

    def set_score_name(self, name: ScoreName, note: str = "") -> None:
        """Say what the score is: the accuracy of a classification, R² of a regression; `note` is in the tool tip."""
        self._score_note = note
        self._view = replace(self._view, score_name=name)
        self._changed()

    def set_epoch_name(self, name: str, part_names: tuple[str, ...] = PART_NAMES) -> None:
        """Say what the horizontal axis counts, and what the curves are of."""
        self._view = replace(self._view, epoch_name=name, part_names=part_names)
        self._changed()

    def set_measure(self, measure: Measure) -> None:
        """Show the losses or the scores."""
        if measure != self._view.measure:
            self._view = replace(self._view, measure=measure, values=None)
        self._changed()

    @property
    def measure(self) -> Measure:
        return self._view.measure

    @property
    def zoomed(self) -> bool:
        """Whether a part is shown that was chosen by hand; new epochs are not followed then."""
        return self._view.epochs is not None or self._view.values is not None

    def fit(self) -> None:
        """Show everything and follow what comes."""
        self._view = replace(self._view, epochs=None, values=None)
        self._changed()

    def render_figure(self, painter: QPainter, target: QRectF) -> None:
        """Paint all of the curves, without controls, into `target` in device-independent pixels."""
        painter.fillRect(target, QColor(self._theme.window))
        view = replace(self._view, epochs=None, values=None)
        inner = target.adjusted(12, 4, -8, -6)
        paint(painter, lay_out(self._series, view, inner, self._theme, clipped=False), self._theme)

    def summary(self) -> str:
        """The newest losses and scores in one sentence, for those who hear rather than see them."""
        if len(self._series) == 0:
            return _EMPTY
        said = [
            f"{self._view.part_names[part]} {name} {number_text(float(values[-1]))}".strip()
            for measure, name in (("loss", "loss"), ("score", self._view.score_name))
            for part in range(PARTS)
            if not np.isnan((values := self._series.values("loss" if measure == "loss" else "score", part))[-1])
        ]
        return f"{self._view.epoch_name.capitalize()} {self._series.epochs[-1]:,}: {', '.join(said)}."

    # -- controls --------------------------------------------------------------------------------------------------

    def _make_controls(self) -> None:
        self._loss_button = self._button("Loss", "Draw what the model is punished for.")
        self._score_button = self._button("Accuracy", "")
        self._log_loss_button = self._button("log y", "Equal distances are equal ratios: small losses stay visible.")
        self._log_epochs_button = self._button("log x", "Equal distances are equal ratios: shows how it began.")
        self._fit_button = self._button("Fit", "Show all epochs and follow new ones (double click, or 0).")
        self._fit_button.setCheckable(False)
        self._loss_button.clicked.connect(self._on_loss_clicked)
        self._score_button.clicked.connect(self._on_score_clicked)
        self._log_loss_button.clicked.connect(self._on_log_loss_clicked)
        self._log_epochs_button.clicked.connect(self._on_log_epochs_clicked)
        self._fit_button.clicked.connect(self.fit)
        row = self._controls = QHBoxLayout()
        row.setContentsMargins(0, 4, 8, 0)
        row.setSpacing(4)
        row.addStretch(1)
        row.addWidget(self._fit_button)
        row.addSpacing(8)
        row.addWidget(self._loss_button)
        row.addWidget(self._score_button)
        row.addSpacing(8)
        row.addWidget(self._log_loss_button)
        row.addWidget(self._log_epochs_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addStretch(1)
        self._show_controls()

    def _button(self, text: str, tip: str) -> QToolButton:
        button = QToolButton(self)
        button.setText(text)
        button.setToolTip(tip)
        button.setCheckable(True)
        button.setProperty("look", "chip")
        button.setAccessibleName(f"{text} of the learning curves")
        return button

    def _show_controls(self) -> None:
        view = self._view
        self._loss_button.setChecked(view.measure == "loss")
        self._score_button.setChecked(view.measure == "score")
        self._log_loss_button.setChecked(view.log_loss)
        self._log_loss_button.setVisible(view.measure == "loss")
        self._log_epochs_button.setChecked(view.log_epochs)
        self._fit_button.setVisible(self.zoomed)
        font = QFont(self.font())
        font.setPixelSize(self._theme.font_size - 1)
        for button in self.findChildren(QToolButton):
            button.setFont(font)
            button.setFixedHeight(self._theme.font_size + _CONTROLS_PADDING[0])
        title, sentence = _SCORES[view.score_name]
        self._score_button.setText(title)
        self._score_button.setToolTip(sentence + self._score_note)

    def _on_loss_clicked(self) -> None:
        self.set_measure("loss")

    def _on_score_clicked(self) -> None:
        self.set_measure("score")

    def _on_log_loss_clicked(self) -> None:
        self._wish("loss", not self._view.log_loss)

    def _on_log_epochs_clicked(self) -> None:
        self._wish("epochs", not self._view.log_epochs)

    def _wish(self, axis: str, log: bool) -> None:
        self._show_controls()  # the button shows what is, until `set_log` grants the wish
        self.log_changed.emit(axis, log)

    def _summarize(self) -> None:
        self.setAccessibleDescription(self.summary())

    # -- painting --------------------------------------------------------------------------------------------------

    def _changed(self) -> None:
        self._picture = None
        self._chart = None
        self._show_controls()
        self.update()

    def _laid_out(self) -> Chart:
        if self._chart is None:
            target = QRectF(self.rect()).adjusted(8, 0, 0, -2)
            taken = self._controls.sizeHint()
            self._chart = lay_out(
                self._series,
                self._view,
                target,
                self._theme,
                controls=(taken.width(), self._theme.font_size + sum(_CONTROLS_PADDING)),
                clipped=True,
            )
        return self._chart

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._picture = None
        self._chart = None
        super().resizeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        # The pointer moves far more often than the curves change; they are painted once and kept.
        ratio = self.devicePixelRatioF()
        if self._picture is None or self._picture.devicePixelRatio() != ratio:
            self._picture = self._painted(ratio)
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._picture)
        if self._framed_from is not None and self._pointer is not None:
            self._paint_frame(painter, QRectF(self._framed_from, self._pointer).normalized())
        elif self._pointer is not None and len(self._series) > 1:
            paint_hover(painter, self._laid_out(), self._series, self._view.measure, self._pointer, self._theme)
        painter.end()

    def _painted(self, ratio: float) -> QPixmap:
        picture = QPixmap(self.size() * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(QColor(self._theme.window))
        painter = QPainter(picture)
        if len(self._series) > 1:
            paint_fast(painter, self._laid_out(), self._theme)
        else:
            painter.setFont(chart_font(self._theme))
            painter.setPen(QColor(self._theme.muted))
            painter.drawText(QRectF(self.rect()), Qt.AlignmentFlag.AlignCenter, _EMPTY)
        painter.end()
        return picture

    def _paint_frame(self, painter: QPainter, frame: QRectF) -> None:
        colour = QColor(self._theme.accent)
        painter.setPen(QPen(colour, 1))
        colour.setAlphaF(0.12)
        painter.setBrush(colour)
        painter.drawRect(frame.intersected(self._laid_out().area))

    # -- mouse and keys --------------------------------------------------------------------------------------------

    def _zoom_to(self, epochs: tuple[float, float] | None, values: tuple[float, float] | None) -> None:
        """Show a range; one too short for numbers to differ in is refused, one that holds everything is a fit."""
        view = self._view
        if epochs is not None and self._sensible(epochs, 1.0):
            everything = self._everything()
            inside = epochs[0] > everything[0] or epochs[1] < everything[1]
            view = replace(view, epochs=within(epochs, everything, log=view.log_epochs) if inside else None)
        if values is not None and self._sensible(values, 0.0):
            view = replace(view, values=values)
        self._view = view
        self._changed()

    def _everything(self) -> tuple[float, float]:
        fitted = lay_out(self._series, replace(self._view, epochs=None), QRectF(self.rect()), self._theme, clipped=True)
        return fitted.x.low, fitted.x.high

    @staticmethod
    def _sensible(span: tuple[float, float], shortest: float) -> bool:
        length = span[1] - span[0]
        return length > max(shortest, 1e-9 * max(abs(span[0]), abs(span[1]))) and abs(span[1]) < 1e290

    def wheelEvent(self, event: QWheelEvent) -> None:
        chart = self._laid_out()
        turned = event.angleDelta().y() or event.angleDelta().x()  # Shift turns the wheel sideways on some platforms
        factor = _WHEEL_NOTCH ** (-turned / 120)
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._zoom_to(None, chart.y.zoomed(factor, event.position().y()))
        else:
            self._zoom_to(chart.x.zoomed(factor, event.position().x()), None)
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._framed_from = event.position()
        elif event.button() == Qt.MouseButton.MiddleButton:
            self._dragged_from = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._pointer = event.position()
        if self._dragged_from is not None:
            moved = event.position() - self._dragged_from
            self._dragged_from = event.position()
            chart = self._laid_out()
            # Only what is zoomed can move; the rest shows all that there is.
            self._zoom_to(
                chart.x.panned(moved.x()) if self._view.epochs is not None else None,
                chart.y.panned(moved.y()) if self._view.values is not None else None,
            )
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._dragged_from = None
        start, self._framed_from = self._framed_from, None
        self.update()
        if start is None or (event.position() - start).manhattanLength() < _SMALLEST_DRAG:
            return
        chart = self._laid_out()
        frame = QRectF(start, event.position()).normalized().intersected(chart.area)
        if frame.width() < _SMALLEST_DRAG and frame.height() < _SMALLEST_DRAG:
            return
        epochs = (chart.x.value_at(frame.left()), chart.x.value_at(frame.right()))
        values = (chart.y.value_at(frame.bottom()), chart.y.value_at(frame.top()))
        # A drag along one axis zooms that axis alone.
        self._zoom_to(
            epochs if frame.width() >= _SMALLEST_DRAG else None,
            values if frame.height() >= _SMALLEST_DRAG else None,
        )

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._framed_from = None
        self.fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        chart = self._laid_out()
        middle, quarter = chart.area.center(), chart.area.width() / 4
        match event.key():
            case Qt.Key.Key_Plus | Qt.Key.Key_Equal:
                self._zoom_to(chart.x.zoomed(1 / _WHEEL_NOTCH, middle.x()), None)
            case Qt.Key.Key_Minus:
                self._zoom_to(chart.x.zoomed(_WHEEL_NOTCH, middle.x()), None)
            case Qt.Key.Key_Left if self._view.epochs is not None:
                self._zoom_to(chart.x.panned(quarter), None)
            case Qt.Key.Key_Right if self._view.epochs is not None:
                self._zoom_to(chart.x.panned(-quarter), None)
            case Qt.Key.Key_0:
                self.fit()
            case _:
                super().keyPressEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._pointer = None
        self.update()
        super().leaveEvent(event)
