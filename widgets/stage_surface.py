"""The surface of the stage: what is shown on it, its range, and its picture."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QFontInfo, QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.dataset import Dataset, FloatArray, rows_in_common
from engine.experiment import View
from engine.learner import Prediction
from engine.overlays import Equation, Explanation, Overlay
from engine.snapshot import Field, Viewport
from widgets.hover import HoverReader
from widgets.stage_figure import Figure, Hand
from widgets.stage_geometry import Floats, Range, with_aspect, zoomed
from widgets.stage_items import Frame
from widgets.stage_motion import Motion
from widgets.stage_points import Rows
from widgets.theme import Theme

_FINEST_CELL = 2.0
"""Pixels; a field's cells need not be smaller, because they are painted smoothly."""


class StageSurface(QWidget):
    """Shows what it is given: points, field, lines, marks, cards.

    Parameters
    ----------
    theme : colours and sizes.
    parent : the widget that it is in.
    """

    selection_changed = Signal(object)
    """rows (m,)."""
    range_changed = Signal(object, object)
    """x_range, y_range; by a person's zoom or pan, and when the stage gets another size."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.figure = Figure(theme, QFontInfo(self.font()).family())
        self.hand = Hand()
        self.motion = Motion(self)
        self._reader = HoverReader(self)
        self._title = "Stage"
        self._picture: QPixmap | None = None
        self._frame: Frame | None = None
        self._expects_move = False
        self._focus_by_key = False
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(120, 90)
        self._say_summary()

    # What is shown.

    @property
    def frame(self) -> Frame:
        """How the stage is laid out at its present size and range."""
        if self._frame is None:
            self._frame = self.figure.frame(max(1, self.width()), max(1, self.height()))
        return self._frame

    def set_dataset(self, dataset: Dataset, coloured: Dataset | None = None) -> None:
        """Show these points. A selected point stays selected while it is the same one in the same place.

        Parameters
        ----------
        coloured : the same points with the targets that colour them; None for their own.
        """
        figure = self.figure
        before, moved = figure.dataset, self._expects_move
        self._expects_move = False
        figure.set_dataset(dataset, coloured)
        if len(figure.selection):
            self.select(self._still_selected(before, dataset, moved))
        self._repaint()

    def _still_selected(self, before: Dataset, dataset: Dataset, moved: bool) -> Rows:
        old_rows, new_rows = rows_in_common(before.points.ids, dataset.points.ids)
        stays = np.isin(old_rows, self.figure.selection)
        if not moved:
            same_kind = before.n_inputs == dataset.n_inputs
            stays &= (before.X[old_rows] == dataset.X[new_rows]).all(axis=1) if same_kind else False
        return np.intersect1d(new_rows[stays], self.figure.points.rows)

    def set_field(self, field: Field | None) -> None:
        """Colour the plane, or none of it."""
        self.figure.set_field(field)
        self._repaint()

    def set_overlays(self, overlays: tuple[Overlay, ...]) -> None:
        """Draw these lines, bands and marks; an equation has a setter of its own."""
        before, self.figure.overlays = self.figure.overlays, overlays
        self.motion.follow(before, overlays)
        self._repaint()

    def set_predictions(self, predictions: Prediction | None) -> None:
        """Mark errors and residuals; predictions for another number of points are ignored."""
        if predictions is not None:
            said = predictions.values if self.figure.dataset.task == "regression" else predictions.labels
            if said is None or len(said) != len(self.figure.dataset.y):
                return
        self.figure.set_predictions(predictions)
        self._repaint()

    def set_equation(self, equation: Equation | None) -> None:
        """Write the model's equation, or none."""
        if equation != self.figure.equation:
            self.figure.equation = equation
            self._repaint()

    def set_view(self, view: View) -> None:
        """Show and hide the layers; the ranges of `view` are set by `set_range`."""
        before = self.figure.view
        if view != before:
            self.figure.set_view(view)
            if view.held_out != before.held_out:
                self.select(np.intersect1d(self.figure.selection, self.figure.points.rows))
            if view.model_copy(update={"x_range": before.x_range, "y_range": before.y_range}) != before:
                self._repaint()

    def set_range(self, x_range: Range, y_range: Range) -> None:
        """Show this part of the plane.

        Raises
        ------
        ValueError : unless both run from a smaller to a larger finite number.
        """
        for low, high in (x_range, y_range):
            if not (math.isfinite(low) and math.isfinite(high) and low < high):
                raise ValueError(f"a range runs from a smaller to a larger number, not {low:g} to {high:g}")
        if (x_range, y_range) != (self.figure.x_range, self.figure.y_range):
            self.figure.x_range, self.figure.y_range = x_range, y_range
            self._lay_out()

    def set_range_with_equal_units(self, x_range: Range, y_range: Range) -> tuple[Range, Range]:
        """Show the smallest ranges around both in which a unit is equally long along both axes.

        The room that the axes' numbers take depends on the ranges in turn, so the plot is laid out more than once.

        Returns
        -------
        The ranges that are shown.
        """
        wanted = x_range, y_range
        for _ in range(3):
            self.set_range(*wanted)
            plot = self.frame.plot
            wanted = with_aspect(x_range, y_range, plot.width() / max(1.0, plot.height()))
        self.set_range(*wanted)
        return wanted

    def set_theme(self, theme: Theme) -> None:
        """Paint in other colours and sizes."""
        if theme != self.figure.theme:
            self.figure.theme = theme
            self._lay_out()

    def set_title(self, title: str) -> None:
        """Name the stage for those who hear it: "Stage", or which one of several."""
        self._title = title
        self._say_summary()

    def set_message(self, message: str) -> None:
        """Write in the middle of the stage; the first line is the larger. Empty writes nothing."""
        if message != self.hand.message:
            self.hand.message = message
            self.update()

    def set_caption(self, caption: str) -> None:
        """Write in small letters which plane is shown. Empty writes nothing."""
        if caption != self.figure.caption:
            self.figure.caption = caption
            self._repaint()

    def set_notice(self, notice: str) -> None:
        """Write a sentence along the lower edge of the plot: what has gone wrong. Empty writes nothing."""
        if notice != self.hand.notice:
            self.hand.notice = notice
            self.update()

    def set_selection(self, rows: Rows) -> None:
        """Select these rows, those of them that are shown."""
        if len(rows):
            rows = np.intersect1d(np.asarray(rows, np.intp), self.figure.points.rows)
        if not np.array_equal(rows, self.figure.selection):
            self.figure.selection = rows
            self._repaint()

    def set_predictor(
        self,
        predictor: Callable[[FloatArray], Prediction] | None,
        explain: Callable[[FloatArray], Explanation | None] | None = None,
    ) -> None:
        """What the pointer asks about the place (1, 1) or (1, 2) under it, and why; the reading is kept up to date."""
        self._reader.set_predictor(predictor, explain)

    # What others ask.

    def viewport(self, max_cells: int) -> Viewport:
        """What a field should cover: the ranges in view and at most `max_cells` cells in the shape of the plot."""
        mapping = self.frame.mapping
        columns, rows = mapping.width / _FINEST_CELL, mapping.height / _FINEST_CELL
        shrink = min(1.0, math.sqrt(max_cells / max(1.0, columns * rows)))
        return Viewport(mapping.x_range, mapping.y_range, max(2, int(columns * shrink)), max(2, int(rows * shrink)))

    def summary(self) -> str:
        """What is on the stage, in words."""
        return f"{self._title}: {self.figure.summary()}"

    def render_figure(self, painter: QPainter, target: QRectF) -> None:
        """Paint the stage, without what follows the hand, into `target`: as large as fits, in the middle.

        Lengths and text scale with the figure. On SVG, PDF and printers text stays text and shapes stay shapes.
        """
        frame = self.figure.frame(max(1, self.width()), max(1, self.height()))
        scale = min(target.width() / frame.width, target.height() / frame.height)
        painter.save()
        painter.translate(target.center().x() - scale * frame.width / 2, target.center().y() - scale * frame.height / 2)
        painter.scale(scale, scale)
        faded, self.figure.legend_faded = self.figure.legend_faded, False
        self.figure.paint(painter, frame, selection=False, focused=False)
        self.figure.legend_faded = faded
        painter.restore()

    # For the hand and the keys.

    def select(self, rows: Rows) -> None:
        """Select rows by hand, and say so."""
        if not np.array_equal(rows, self.figure.selection):
            self.figure.selection = np.asarray(rows, np.intp)
            self._repaint()
            self.selection_changed.emit(self.figure.selection)

    def expect_move(self) -> None:
        """The next dataset may have selected points elsewhere, because a hand moved them."""
        self._expects_move = True

    def show_crosshair(self, pixel: Floats | None) -> None:
        """Show the keyboard's cursor at a pixel (2,), or hide it."""
        self.hand.crosshair = pixel
        self._reader.point_at(pixel)
        self.update()

    def zoom_by(self, factor: float, pixel: Floats | None, x: bool = True, y: bool = True) -> None:
        """Make the ranges `factor` times as wide about a pixel (2,), or about the middle."""
        mapping, center = self.frame.mapping, self.frame.plot.center()
        about = mapping.to_plot(np.array([center.x(), center.y()]) if pixel is None else mapping.clamped(pixel))
        self._go_to(
            zoomed(mapping.x_range, float(about[0]), factor) if x else mapping.x_range,
            zoomed(mapping.y_range, float(about[1]), factor) if y else mapping.y_range,
        )

    def pan_by(self, dx: float, dy: float) -> None:
        """Drag the plane by so many pixels."""
        mapping = self.frame.mapping
        shift = -np.array([dx, dy]) / mapping.scale
        self._go_to(
            (mapping.x_range[0] + float(shift[0]), mapping.x_range[1] + float(shift[0])),
            (mapping.y_range[0] + float(shift[1]), mapping.y_range[1] + float(shift[1])),
        )

    def _go_to(self, x_range: Range, y_range: Range) -> None:
        if (x_range, y_range) != (self.figure.x_range, self.figure.y_range):
            self.set_range(x_range, y_range)
            self.range_changed.emit(x_range, y_range)

    # Painting.

    def _repaint(self) -> None:
        self._picture = None
        self._reader.ask()
        self._say_summary()
        self.update()

    def repaint_picture(self) -> None:
        """Paint the picture anew: something on it has moved by itself."""
        self._picture = None
        self.update()

    def _lay_out(self) -> None:
        self._frame = None
        self._repaint()

    def _say_summary(self) -> None:
        summary = self.summary()
        if summary != self.accessibleName():
            self.setAccessibleName(summary)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the picture, made anew only if what it shows has changed, and over it what follows the hand."""
        ratio = self.devicePixelRatioF()
        size = self.size() * ratio
        if self._picture is None or self._picture.size() != size:
            picture = QPixmap(size)
            picture.setDevicePixelRatio(ratio)
            picture.fill(Qt.GlobalColor.white)  # opaque, which makes it faster to copy
            painter = QPainter(picture)
            self.figure.paint(painter, self.frame, selection=True, focused=self._focus_by_key and self.hasFocus())
            painter.end()
            self._picture = picture
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._picture)
        self.hand.paint(painter, self.frame)
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay out anew; the same ranges now want a field of another shape."""
        self._lay_out()
        self.range_changed.emit(self.figure.x_range, self.figure.y_range)
