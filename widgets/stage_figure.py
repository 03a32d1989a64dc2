"""The picture of the stage: all that is shown, layer on layer, on a screen or into a file."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF

from engine.dataset import Dataset, Points
from engine.experiment import View
from engine.learner import Prediction
from engine.overlays import Arrows, Centres, Equation, Explanation, Line, Overlay
from engine.snapshot import Field
from widgets.hover import paint_hover
from widgets.stage_arrows import paint_arrows, paint_loadings
from widgets.stage_cards import (
    CARD_GAP,
    EQUATION_CORNERS,
    LEGEND_CORNERS,
    card_at,
    equation_size,
    paint_caption,
    paint_equation,
    paint_message,
    paint_notice,
    quietest_card,
)
from widgets.stage_geometry import DEFAULT_RANGE, Floats, Range
from widgets.stage_items import (
    Frame,
    field_image,
    laid_out,
    paint_axes,
    paint_field,
    paint_frame,
    paint_grid,
)
from widgets.stage_legend import Legend, key_of
from widgets.stage_lines import paint_curves, paint_lines
from widgets.stage_overlays import (
    paint_bands,
    paint_centres,
    paint_edges,
    paint_explanation,
    paint_marked,
    paint_members,
    paint_segments,
)
from widgets.stage_points import PointPainter, Rows, ShownPoints, paint_residuals
from widgets.stage_shapes import solid
from widgets.theme import LIGHT, Theme

_FADED = 0.12
_LOOKED_AT = 4096
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def empty_dataset() -> Dataset:
    """Two classes and no points."""
    return Dataset(Points.empty(2), "classification", np.empty(0, np.int8), ("A", "B"))


class Figure:
    """What is on the stage, and how it is painted: the same for the screen, an image, SVG and PDF."""

    def __init__(self, theme: Theme = LIGHT, family: str = "") -> None:
        self.theme = theme
        self.family = family
        self.view = View()
        self.x_range: Range = DEFAULT_RANGE
        self.y_range: Range = DEFAULT_RANGE
        self.overlays: tuple[Overlay, ...] = ()
        self.equation: Equation | None = None
        self.caption = ""
        self.field: Field | None = None
        self.points = ShownPoints(empty_dataset(), True)
        self.selection: Rows = np.empty(0, np.intp)
        self.legend_faded = False
        self.moved_centres: Floats | None = None
        """Where the centres (k, 2) are while they are on their way, or in a hand; None at rest."""
        self._legend: Legend | None = None
        self._placed: tuple[Legend, ShownPoints, Frame, QRectF] | None = None
        self._image: QImage | None = None
        self._painter = PointPainter()

    @property
    def dataset(self) -> Dataset:
        """The points as they were last set."""
        return self.points.dataset

    def set_dataset(self, dataset: Dataset, coloured: Dataset | None = None) -> None:
        """Show these points. What the model said of a point that is still where it was is kept.

        Parameters
        ----------
        coloured : the same points with the targets that colour them; None for their own.
        """
        old, self.points = self.points, ShownPoints(dataset, self.view.held_out, coloured)
        self.points.recall(old)
        self._legend = None

    def set_view(self, view: View) -> None:
        """Show and hide as `view` says; its ranges are not looked at."""
        before, self.view = self.view, view
        if view.held_out != before.held_out:
            self.set_dataset(self.dataset, self.points.coloured)
        elif view.errors != before.errors:
            self._legend = None

    def set_field(self, field: Field | None) -> None:
        """Colour the plane."""
        self.field = field
        self._image = None if field is None else field_image(field)

    def set_predictions(self, predictions: Prediction | None) -> None:
        """Mark what the model gets wrong."""
        had_errors = len(self.points.misclassified) > 0
        self.points.hear(predictions)
        if self.dataset.task == "clustering":
            self._legend = None
        if had_errors != (len(self.points.misclassified) > 0):
            self._legend = None

    def frame(self, width: float, height: float) -> Frame:
        """How a picture of this size is laid out."""
        return laid_out(width, height, self.x_range, self.y_range, self.theme, self.family)

    def legend(self) -> Legend | None:
        """The legend as things stand, or None where none is shown."""
        if not self.view.legend or len(self.dataset.y) == 0:
            return None
        drawn = key_of(self.overlays)
        if self._legend is None or self._legend.drawn != drawn:
            has_errors = self.view.errors and len(self.points.misclassified) > 0
            coloured = self.points.coloured
            sizes = self.points.cluster_sizes if coloured.task == "clustering" else None
            self._legend = Legend(coloured, self.view.held_out, has_errors, self.points.value_range, drawn, sizes)
        return self._legend

    def paint(self, painter: QPainter, frame: Frame, *, selection: bool, focused: bool) -> None:
        """Paint everything but what follows the pointer.

        Parameters
        ----------
        painter : its unit is the device-independent pixel of `frame`.
        selection : whether selected points are ringed.
        focused : whether the frame shows that the keyboard acts here.
        """
        view = self.view
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        painter.fillRect(QRectF(0, 0, frame.width, frame.height), QColor(self.theme.window))
        painter.fillRect(frame.plot, QColor(self.theme.stage))
        if view.colours_plane(self.dataset.task) and self._image is not None and self.field is not None:
            paint_field(painter, frame, self._image, self.field.x_range, self.field.y_range)
        if view.grid:
            paint_grid(painter, frame)
        is_crowded = self.points.in_view(frame.mapping) is None
        if is_crowded:  # A density would bury the boundary, where single points stand beside it.
            self._painter.paint_points(painter, frame, self.points)
        paint_bands(painter, frame, self.overlays)
        lines = self.lines
        paint_lines(painter, frame, lines, view.boundary, view.contours)
        if view.members:
            paint_edges(painter, frame, self.overlays)
        centres = self.centres()
        if view.members and centres is not None:
            paint_members(painter, frame, centres)
        if view.residuals:
            paint_residuals(painter, frame, self.points)
        if not is_crowded:
            self._painter.paint_points(painter, frame, self.points)
        paint_curves(painter, frame, lines)
        if view.members if self.dataset.task == "clustering" else view.residuals:
            paint_segments(painter, frame, self.overlays)
        for arrows in (overlay for overlay in self.overlays if isinstance(overlay, Arrows)):
            paint_arrows(painter, frame, arrows)
        paint_loadings(painter, frame, self.overlays)
        paint_marked(painter, frame, self.overlays, self.points.size(frame.theme, frame.mapping))
        if centres is not None:
            paint_centres(painter, frame, centres, trails=view.trails)
        if view.errors:
            self._painter.paint_marks(painter, frame, self.points)
        if selection and len(self.selection):
            self._painter.paint_rings(painter, frame, self.points, self.selection)
        paint_frame(painter, frame, focused)
        paint_axes(painter, frame, *self.axis_names())
        self._paint_cards(painter, frame)

    def centres(self) -> Centres | None:
        """The centres that are drawn, where they are at this moment of their way."""
        found = next((overlay for overlay in self.overlays if isinstance(overlay, Centres)), None)
        return found if found is None or self.moved_centres is None else replace(found, xy=self.moved_centres)

    def handles(self) -> Floats:
        """Where something on the stage can be taken in hand (k, 2): centres, or the tip of a direction."""
        centres = self.centres()
        if centres is not None:
            return np.asarray(centres.xy, np.float64)
        arrows = next((overlay for overlay in self.overlays if isinstance(overlay, Arrows)), None)
        if arrows is None or not arrows.turns_by_hand:
            return np.empty((0, 2))
        return np.asarray(arrows.tips[:1], np.float64)

    @property
    def lines(self) -> tuple[Line, ...]:
        """Those of the overlays that are lines."""
        return tuple(overlay for overlay in self.overlays if isinstance(overlay, Line))

    def axis_names(self) -> tuple[str, str]:
        """What the horizontal and the vertical axis are called."""
        names = self.dataset.input_names
        if self.dataset.n_inputs == 1:
            first = names[0] if names and names[0] != "x1" else "x"
            return first, self.dataset.target_name
        first, second = (name.translate(_SUBSCRIPTS) if name in ("x1", "x2", "x3") else name for name in names[:2])
        return first, second

    def summary(self) -> str:
        """What is on the stage, in words, for those who cannot see it."""
        dataset = self.dataset
        count = len(self.points.rows)
        parts = ["no points" if count == 0 else "1 point" if count == 1 else f"{count:,} points"]
        if dataset.task == "clustering":
            found = sum(index >= 0 for index in self.points.cluster_sizes)
            parts.append(f"{found} cluster{'' if found == 1 else 's'}")
        elif dataset.task == "classification":
            parts.append(f"{dataset.n_classes} classes")
        else:
            parts.append(f"regression in {dataset.n_inputs} input{'s' if dataset.n_inputs > 1 else ''}")
        if self.view.boundary and any(line.role == "boundary" for line in self.lines):
            parts.append("boundary shown")
        if any(line.role == "curve" for line in self.lines):
            parts.append("fitted curve shown")
        if self.view.errors and len(self.points.misclassified):
            parts.append(f"{len(self.points.misclassified):,} misclassified")
        return ", ".join(parts)

    def legend_card(self, frame: Frame) -> QRectF:
        """Where the legend is, in pixels; empty where none is shown."""
        legend = self.legend()
        if legend is None:
            return QRectF()
        if self._placed is None or self._placed[:3] != (legend, self.points, frame):
            card = quietest_card(frame, legend.size(frame), LEGEND_CORNERS, self._pixels_on_stage(frame))
            self._placed = legend, self.points, frame, card
        return self._placed[3]

    def equation_card(self, frame: Frame, legend: QRectF) -> QRectF:
        """Where the equation is, in pixels, beside the card of the legend; empty where none is shown."""
        if not self.view.equation or self.equation is None or not self.equation.text:
            return QRectF()
        size = equation_size(frame, self.equation, frame.plot.width() - legend.width() - 3 * CARD_GAP)
        if size is None:
            return QRectF()
        corners = [corner for corner in EQUATION_CORNERS if not card_at(frame, corner, size).intersects(legend)]
        return quietest_card(frame, size, corners, self._pixels_on_stage(frame))

    def _pixels_on_stage(self, frame: Frame) -> Floats:
        """Where the points are, or enough of them, evenly chosen, to say where many are."""
        rows = self.points.rows
        return self.points.pixels(frame.mapping, rows[:: 1 + len(rows) // _LOOKED_AT])

    def _paint_cards(self, painter: QPainter, frame: Frame) -> None:
        if self.caption:
            paint_caption(painter, frame, self.caption)
        legend, card = self.legend(), self.legend_card(frame)
        if legend is not None:
            painter.save()
            # Someone is drawing underneath.
            painter.setOpacity(_FADED if self.legend_faded else 1.0)
            legend.paint(painter, frame, card)
            painter.restore()
        place = self.equation_card(frame, card)
        if self.equation is not None and not place.isEmpty():
            paint_equation(painter, frame, self.equation, place)


class Hand:
    """What follows the pointer or the keyboard: the brush, a selection being drawn, a crosshair, the reading."""

    def __init__(self) -> None:
        self.brush: Floats | None = None
        """The centre (2,) of the brush in pixels."""
        self.brush_radius = 28.0
        self.rubber: Floats = np.empty((0, 2))
        """An outline (m, 2) in the units of the plot."""
        self.rubber_closed = False
        self.crosshair: Floats | None = None
        """The keyboard's cursor (2,) in pixels."""
        self.reading: tuple[str, ...] = ()
        self.reading_at: Floats = np.zeros(2)
        self.explanation: Explanation | None = None
        """Why the model says what is read."""
        self.message = ""
        self.notice = ""

    def paint(self, painter: QPainter, frame: Frame) -> None:
        """Paint it over a finished picture."""
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        if self.message:
            paint_message(painter, frame, self.message)
        if self.notice:
            paint_notice(painter, frame, self.notice)
        painter.save()
        painter.setClipRect(frame.plot)
        if self.explanation is not None and self.reading:
            paint_explanation(painter, frame, self.explanation, self.reading_at)
        if len(self.rubber):
            self._paint_rubber(painter, frame)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self.brush is not None:
            for colour, width in ((frame.theme.stage, 3.0), (frame.theme.text, 1.25)):
                painter.setPen(QPen(solid(colour, 0.85), width))
                painter.drawEllipse(QPointF(*self.brush), self.brush_radius, self.brush_radius)
        if self.crosshair is not None:
            self._paint_crosshair(painter, frame, *self.crosshair)
        painter.restore()
        if self.reading:
            explained = self.explanation
            shown = np.empty((0, 2))
            if explained is not None and len(explained.xy):
                shown = frame.mapping.to_pixels(explained.xy)
            paint_hover(painter, frame, self.reading, self.reading_at, shown)

    def _paint_rubber(self, painter: QPainter, frame: Frame) -> None:
        outline = QPolygonF([QPointF(x, y) for x, y in frame.mapping.to_pixels(self.rubber)])
        painter.setBrush(solid(frame.theme.accent, 0.12))
        painter.setPen(QPen(solid(frame.theme.stage, 0.9), 3.0))
        draw = painter.drawPolygon if self.rubber_closed else painter.drawPolyline
        draw(outline)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        pen = QPen(QColor(frame.theme.accent), 1.5)
        pen.setDashPattern([4.0, 3.0])
        painter.setPen(pen)
        draw(outline)

    @staticmethod
    def _paint_crosshair(painter: QPainter, frame: Frame, x: float, y: float) -> None:
        for colour, width in ((frame.theme.stage, 4.0), (frame.theme.accent, 1.75)):
            painter.setPen(QPen(QColor(colour), width))
            for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                painter.drawLine(QPointF(x + 4 * dx, y + 4 * dy), QPointF(x + 14 * dx, y + 14 * dy))
