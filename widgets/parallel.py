"""Parallel coordinates: an axis a feature side by side, and a line a row across all of them."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFocusEvent, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from engine.dataset import IntArray
from widgets.axes import number_text
from widgets.curve_chart import chart_font
from widgets.line_bundle import LineBundle
from widgets.linked_picture import CLICK, LinkedPicture, Selecting, selecting_by
from widgets.parallel_layout import ParallelAxes, lay_out, paint_axes
from widgets.row_colours import Rows
from widgets.stage_shapes import is_vector, solid
from widgets.theme import LIGHT, Theme
from widgets.xy_chart import paint_card

_MOST_FEATURES = 20
_MOST_ROWS = 1_000
"""More lines are a solid band. Measured at 900 by 500 pixels: so many are laid out in 25 ms and coloured in 40 ms."""
_OPACITY = (6.0, 0.12, 0.85)
"""Of a line: the first divided by the root of how many there are, but within the other two."""
_CHOSEN_OPACITY = (10.0, 0.3, 1.0)
_NEAR_LINE = 6.0
"""Pixels from a row's line within which it is read."""
_BRUSH_WIDTH = 12.0
_HANDLE = 5.0


@dataclass
class _Drag:
    """What the left button took hold of."""

    what: str
    """"axis" to brush it, "name" to carry it elsewhere, or "lines"."""
    axis: int
    start: QPointF
    how: Selecting
    order: tuple[int, ...]
    is_moved: bool = False


class ParallelCoordinates(LinkedPicture):
    """Every row as a line across the axes of up to twenty features, each from its smallest to its largest value.

    A drag along an axis selects the rows that cross it there, a click on a line its row, a click beside all of them
    none. An axis is carried elsewhere by its name and flipped by a double click.

    Parameters
    ----------
    theme : colours and sizes.
    parent : the widget that it is in.

    References
    ----------
    Inselberg (1985). The plane with parallel coordinates. The Visual Computer 1, 69-91.
    """

    keys = (*LinkedPicture.keys, Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F)

    def __init__(self, theme: Theme = LIGHT, parent: QWidget | None = None) -> None:
        self._laid: tuple[QRectF, ParallelAxes] | None = None
        self._axis_order: tuple[int, ...] = ()
        self._flipped: frozenset[int] = frozenset()
        self._bundle: tuple[object, LineBundle] | None = None
        self._drag: _Drag | None = None
        self._brush: tuple[int, float, float] | None = None
        self._axis = 0
        self._row: int | None = None
        self._anchor: int | None = None
        self._by_key = False
        super().__init__("Parallel coordinates", _MOST_FEATURES, _MOST_ROWS, theme, parent)

    # -- what is where

    @property
    def order(self) -> tuple[int, ...]:
        """The inputs whose axes stand from left to right."""
        return self._axis_order

    @property
    def flipped(self) -> frozenset[int]:
        """The inputs whose largest value is at the bottom."""
        return self._flipped

    def axes_in(self, body: QRectF) -> ParallelAxes:
        """The axes laid out in `body`."""
        if self._laid is None or self._laid[0] != body:
            font = QFontMetricsF(chart_font(self.theme))
            self._laid = body, lay_out(body, font, self.dataset, self._axis_order, self._flipped)
        return self._laid[1]

    @property
    def axes(self) -> ParallelAxes:
        """The axes on the screen."""
        return self.axes_in(self.body)

    def data_changed(self) -> None:
        """Keep the order of the axes that stay; those that are new stand at the right."""
        self._laid = self._bundle = self._drag = self._brush = None
        kept = tuple(feature for feature in self._axis_order if feature in self.features)
        order = kept + tuple(feature for feature in self.features if feature not in kept)
        self._axis_order = order
        self._axis = min(self._axis, max(0, len(order) - 1))
        if self._row is not None and (self.is_empty or self._row >= len(self.dataset.points)):
            self._row = self._anchor = None

    def forget_arrangement(self) -> None:
        self._axis_order, self._flipped = (), frozenset()
        self._axis, self._row, self._anchor = 0, None, None

    @property
    def is_dragging(self) -> bool:
        return self._drag is not None

    def set_order(self, order: tuple[int, ...]) -> None:
        """Put the axes in another order."""
        if order != self._axis_order:
            self._axis_order = order
            self._brush = None
            self._lay_out_anew()

    def flip(self, axis: int) -> None:
        """Turn an axis upside down."""
        self._flipped ^= {self._axis_order[axis]}
        self._brush = None
        self._lay_out_anew()

    def _lay_out_anew(self) -> None:
        self._laid = self._bundle = None
        self._repaint()

    def set_selection(self, rows: IntArray) -> None:
        """Select these rows; an interval that others were selected by is no longer shown."""
        before = self.selection
        super().set_selection(rows)
        if not np.array_equal(before, self.selection):
            self._brush = None

    def described(self) -> str:
        """Which axes there are, in order."""
        names = self.dataset.input_names
        listed = ", ".join(
            names[feature] + (" upside down" if feature in self._flipped else "") for feature in self._axis_order
        )
        return f"{len(self._axis_order)} of {len(names)} features: {listed}."

    # -- painting

    def paint_ground(self, painter: QPainter, body: QRectF) -> None:
        axes = self.axes_in(body)
        painter.setPen(QPen(QColor(self.theme.border), 1.0))
        for x in axes.x.tolist():
            painter.drawLine(QPointF(x, axes.top), QPointF(x, axes.bottom))

    def paint_rows(self, painter: QPainter, body: QRectF, rows: Rows, chosen: bool) -> None:
        axes = self.axes_in(body)
        factor, least, most = _CHOSEN_OPACITY if chosen else _OPACITY
        opacity = min(most, max(least, factor / sqrt(max(1, len(rows)))))
        if is_vector(painter):
            self._paint_polylines(painter, axes, rows, opacity)
            return
        scale = painter.deviceTransform().m11()
        size = round(axes.box.width() * scale), round((axes.bottom - axes.top + 4) * scale)
        bundle = self._bundle_of(axes, rows, size, scale, chosen)
        image = bundle.image(self.colours.fills, self.colours.fill_of[rows], opacity)
        painter.drawImage(QRectF(axes.box.left(), axes.top - 2, size[0] / scale, size[1] / scale), image)

    def _bundle_of(
        self, axes: ParallelAxes, rows: Rows, size: tuple[int, int], scale: float, chosen: bool
    ) -> LineBundle:
        """The lines laid out; those of all rows are kept, as their colours change far more often than their places."""
        if not chosen and self._bundle is not None and self._bundle[0] == (size, scale):
            return self._bundle[1]
        places = (axes.places(self.dataset.X[rows]) - axes.top + 2) * scale
        width = (1.3 if chosen else 1.1) * scale
        bundle = LineBundle((axes.x - axes.box.left()) * scale, places, size, width)
        if not chosen:
            self._bundle = (size, scale), bundle
        return bundle

    def _paint_polylines(self, painter: QPainter, axes: ParallelAxes, rows: Rows, opacity: float) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        pens = [QPen(solid(QColor(*map(round, fill)), opacity), 1.1) for fill in self.colours.fills.tolist()]
        x = axes.x.tolist()
        for places, fill in zip(axes.places(self.dataset.X[rows]).tolist(), self.colours.fill_of[rows], strict=True):
            painter.setPen(pens[fill])
            painter.drawPolyline(QPolygonF([QPointF(*at) for at in zip(x, places, strict=True)]))

    def paint_labels(self, painter: QPainter, body: QRectF) -> None:
        paint_axes(painter, self.axes_in(body), self.theme)

    def paint_hand(self, painter: QPainter, body: QRectF) -> None:
        """Show the interval, the axis in hand or with the focus, and the row that is read."""
        axes = self.axes_in(body)
        drag, accent = self._drag, QColor(self.theme.accent)
        if self._brush is not None:
            axis, start, end = self._brush
            box = QRectF(axes.x[axis] - _BRUSH_WIDTH / 2, min(start, end), _BRUSH_WIDTH, abs(end - start))
            painter.setPen(QPen(accent, 1.2))
            painter.setBrush(solid(self.theme.accent, 0.25))
            painter.drawRoundedRect(box, 2, 2)
        held = drag.axis if drag is not None and drag.what == "name" else None
        if held is None and self.hasFocus() and self._by_key:
            held = self._axis
        elif held is None and self.pointer is not None and drag is None:
            held = axes.axis_at(self.pointer)
            held = axes.name_at(self.pointer) if held is None else held
        if held is not None:
            painter.setPen(QPen(accent, 2.0))
            painter.drawLine(QPointF(axes.x[held], axes.top), QPointF(axes.x[held], axes.bottom))
        if drag is None or not drag.is_moved:
            self._paint_reading(painter, axes)

    def _paint_reading(self, painter: QPainter, axes: ParallelAxes) -> None:
        """Draw the row that is read on top of all, and say its value on the axis that is nearest."""
        row, at = self._row if self._by_key else None, self.pointer
        if at is not None:
            row = axes.nearest_row(at, self.dataset.X, _NEAR_LINE)
            said = self._said_of_name(axes.name_at(at)) if row is None else ()
            if said:
                paint_card(painter, QRectF(self.rect()), at, said, self.theme)
        if row is None:
            return
        places = axes.places(self.dataset.X[[row]])[0].tolist()
        line = QPolygonF([QPointF(*point) for point in zip(axes.x.tolist(), places, strict=True)])
        painter.setBrush(Qt.BrushStyle.NoBrush)
        colour = QColor(*map(round, self.colours.fills[self.colours.fill_of[row]].tolist()))
        for ink, width in ((QColor(self.theme.text), 4.0), (colour, 2.0)):
            painter.setPen(QPen(ink, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
            painter.drawPolyline(line)
        axis = self._axis if at is None else axes.nearest_axis(at.x())
        place = QPointF(float(axes.x[axis]), places[axis])
        painter.setBrush(QColor(self.theme.text))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawEllipse(place, _HANDLE - 1.5, _HANDLE - 1.5)
        paint_card(painter, QRectF(self.rect()), place if at is None else at, self._said_of(row, axis), self.theme)

    def _said_of(self, row: int, axis: int) -> tuple[str, ...]:
        """What a card says of a row: which it is, its value on an axis, and its class, cluster or target."""
        feature = self._axis_order[axis]
        value = number_text(float(self.dataset.X[row, feature]))
        return f"row {row + 1:,}: {value}", self.dataset.input_names[feature], self.colours.name_of(row)

    def _said_of_name(self, axis: int | None) -> tuple[str, ...]:
        if axis is None:
            return ()
        return self.dataset.input_names[self._axis_order[axis]], "drag: move · double click: flip"

    # -- the hand

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of an axis, of its name, or of a line."""
        if event.button() != Qt.MouseButton.LeftButton or self.is_empty:
            return
        at, axes = event.position(), self.axes
        on_axis, on_name = axes.axis_at(at), axes.name_at(at)
        what, axis = "lines", axes.nearest_axis(at.x())
        if on_axis is not None:
            what = "axis"
        elif on_name is not None:
            what = "name"
        self._drag = _Drag(what, axis, at, selecting_by(event), self._axis_order)
        self._by_key = False
        if what != "lines":
            self._axis = axis
        self.begin_selecting()
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Brush an axis or carry it, or read the row under the pointer."""
        at, drag = event.position(), self._drag
        self.pointer = at
        if drag is not None and event.buttons() & Qt.MouseButton.LeftButton:
            distance = at - drag.start
            drag.is_moved |= max(abs(distance.x()), abs(distance.y())) >= CLICK
            if drag.is_moved and drag.what == "axis":
                self._stretch(drag, at)
                if self.selects_live:
                    self._select_brushed(drag)
            elif drag.is_moved and drag.what == "name":
                self._carry(drag, at.x())
        elif not self.is_empty:
            self._show_cursor(at)
        self.update()

    def _show_cursor(self, at: QPointF) -> None:
        axes = self.axes
        if axes.axis_at(at) is not None:
            self.setCursor(Qt.CursorShape.SizeVerCursor)
        elif axes.name_at(at) is not None:
            self.setCursor(Qt.CursorShape.SizeHorCursor)
        else:
            self.unsetCursor()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a brush or a carry; without a drag, select the row that was clicked, or none beside all lines."""
        drag, self._drag = self._drag, None
        if event.button() != Qt.MouseButton.LeftButton or drag is None:
            return
        if drag.is_moved and drag.what == "axis":
            self._stretch(drag, event.position())
            self._select_brushed(drag)
        elif not drag.is_moved and drag.what == "lines":
            row = self.axes.nearest_row(drag.start, self.dataset.X, _NEAR_LINE)
            self._brush = None
            self.select(np.array([] if row is None else [row], np.intp), drag.how)
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Flip the axis."""
        if event.button() != Qt.MouseButton.LeftButton or self.is_empty:
            return
        axes, at = self.axes, event.position()
        axis = axes.axis_at(at)
        axis = axes.name_at(at) if axis is None else axis
        if axis is not None:
            self.flip(axis)

    def _stretch(self, drag: _Drag, to: QPointF) -> None:
        start, end = (min(max(place, self.axes.top), self.axes.bottom) for place in (drag.start.y(), to.y()))
        self._brush = drag.axis, start, end

    def _select_brushed(self, drag: _Drag) -> None:
        assert self._brush is not None
        axis, start, end = self._brush
        self.select(self.axes.between(axis, (start, end), self.dataset.X), drag.how)

    def _carry(self, drag: _Drag, x: float) -> None:
        """Put the axis in hand where the pointer is; the others make room."""
        to = self.axes.nearest_axis(x)
        if to != drag.axis:
            self._move_axis(drag.axis, to)
            drag.axis = self._axis = to

    def _move_axis(self, axis: int, to: int) -> None:
        order = list(self._axis_order)
        order.insert(to, order.pop(axis))
        self.set_order(tuple(order))

    # -- the keys

    def focusInEvent(self, event: QFocusEvent | QEvent) -> None:
        if isinstance(event, QFocusEvent) and event.reason() in (
            Qt.FocusReason.TabFocusReason,
            Qt.FocusReason.BacktabFocusReason,
        ):
            self._by_key = True
        super().focusInEvent(event)

    def press_key(self, event: QKeyEvent) -> bool:
        """Left and right go from axis to axis, with Ctrl they carry it; up and down go from row to row along it.

        With Shift, up and down select the rows gone over. Enter selects the row, F flips the axis, Escape selects none.
        """
        key = Qt.Key(event.key())
        sideways = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(key, 0)
        upwards = {Qt.Key.Key_Down: -1, Qt.Key.Key_Up: 1}.get(key, 0)
        if sideways:
            self._step_sideways(sideways, carries=bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier))
        elif upwards:
            self._step_along(upwards, selects=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        elif key == Qt.Key.Key_F:
            self.flip(self._axis)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._row is not None:
            self.begin_selecting()
            self.select(np.array([self._row], np.intp), selecting_by(event))
        elif key == Qt.Key.Key_Escape and self._drag is not None:
            self._undo_drag(self._drag)
        elif key == Qt.Key.Key_Escape and len(self.selection):
            self._brush = None
            self.select(np.empty(0, np.intp))
        else:
            return False
        if key != Qt.Key.Key_Escape:
            self._by_key, self.pointer = True, None
        said = self._said_of(self._row, self._axis) if self._row is not None else self._said_of_name(self._axis)[:1]
        self.setAccessibleDescription(", ".join(said))
        self.update()
        return True

    def _undo_drag(self, drag: _Drag) -> None:
        self._drag = self._brush = None
        self.cancel_selecting()
        self.set_order(drag.order)

    def _step_sideways(self, step: int, *, carries: bool) -> None:
        to = min(max(self._axis + step, 0), len(self._axis_order) - 1)
        if carries and to != self._axis:
            self._move_axis(self._axis, to)
        if self._by_key or carries:  # the first one shows where the focus is
            self._axis = to

    def _step_along(self, step: int, *, selects: bool) -> None:
        """Read the next row up or down the axis; if `selects`, select the rows between it and where this began."""
        axes = self.axes
        places = axes.places(self.dataset.X, self._axis, self._axis + 1)[:, 0]
        ranked = np.argsort(-places, kind="stable")
        before = self._row
        if before is None:
            self._row = int(ranked[len(ranked) // 2])
        else:
            at = int(np.flatnonzero(ranked == before)[0])
            self._row = int(ranked[min(max(at + step, 0), len(ranked) - 1)])
        if not selects:
            self._anchor = None
            return
        self._anchor = before if self._anchor is None and before is not None else self._anchor
        start = self._row if self._anchor is None else self._anchor
        self._brush = (self._axis, float(places[start]), float(places[self._row]))
        self.select(axes.between(self._axis, self._brush[1:], self.dataset.X))
