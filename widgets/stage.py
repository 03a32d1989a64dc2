"""The stage: points, and what the model makes of the plane, drawn and edited by hand."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QHideEvent, QKeyEvent, QMouseEvent, QNativeGestureEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from engine.dataset import Dataset
from widgets.stage_geometry import Floats, fitted_range
from widgets.stage_input import StageInput
from widgets.stage_keys import StageKeys
from widgets.stage_surface import StageSurface
from widgets.stage_tool import ToolName
from widgets.theme import LIGHT, Theme

__all__ = ["Stage", "fitted_range"]

_NOTCH = 120.0
_ZOOM_A_NOTCH = 1.2
_FITTING_TOOLS = ("select", "lasso")


class Stage(StageSurface):
    """Shows a dataset and a model, and lets a hand draw. It edits nothing: it wishes, and shows what it is given.

    Rows in wishes are those of the dataset that was set last. Coordinates are in the units of the plot; in
    regression in one input the height of a point is its target.

    Parameters
    ----------
    theme : colours and sizes.
    seed : of the spray; None sprays differently each time.
    parent : the widget that it is in.
    """

    stroke_started = Signal(str)
    """The tool's id, when a stroke that edits begins; `stroke_ended` follows, and what is between is one undo step."""
    stroke_ended = Signal()
    points_drawn = Signal(object, object)
    """X (m, d) float32, y (m,) float32."""
    points_erased = Signal(object)
    """rows (m,)."""
    points_moved = Signal(object, object, object)
    """rows (m,), X (m, d) float32, and y (m,) float32 or None where targets stay."""
    points_relabelled = Signal(object, int)
    """rows (m,), the class index."""
    centre_touched = Signal(str, int, object)
    """ "move", "add" or "remove"; which centre; and where (2,), in the units of the plot."""
    centre_dropped = Signal()
    """A hand has put down what it moved."""
    fit_requested = Signal()
    tool_refused = Signal(str)
    """A sentence that says why a tool did nothing."""
    class_chosen = Signal(int)
    tool_chosen = Signal(str)

    def __init__(self, theme: Theme = LIGHT, seed: int | None = None, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._input = StageInput(self, seed)
        self._keys = StageKeys(self, self._input)
        self._pointer: Floats | None = None
        self._panned_from: QPointF | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.setCursor(Qt.CursorShape.CrossCursor)

    def set_dataset(self, dataset: Dataset, coloured: Dataset | None = None) -> None:
        super().set_dataset(dataset, coloured)
        self._input.on_dataset()

    # How a hand draws.

    def set_tool(self, tool: ToolName) -> None:
        """Take a tool; a stroke under way ends."""
        self._input.set_tool(tool)
        self._show_brush()

    def set_active_class(self, index: int) -> None:
        """Which class the left button draws."""
        self._input.active_class = index

    def set_active_target(self, target: float) -> None:
        """Which target is drawn in regression in two inputs."""
        self._input.active_target = target

    def set_brush(self, radius: float, density: float) -> None:
        """How far the brush reaches, in pixels, and how many points a second the spray lets fall."""
        self._input.brush_radius = self.hand.brush_radius = float(radius)
        self._input.density = float(density)
        self.update()

    def set_interactive(self, interactive: bool) -> None:
        """Whether points can be edited; reading, zoom and pan always can."""
        if not interactive:
            self._input.cancel()
        self._input.interactive = interactive
        self._show_brush()

    def show_crosshair(self, pixel: Floats | None) -> None:
        """Show the keyboard's cursor at a pixel (2,), brush and all, or hide it."""
        super().show_crosshair(pixel)
        self._show_brush()

    def _show_brush(self) -> None:
        has_brush = self._input.tool.has_brush and self._input.interactive
        at = self._pointer if self.hand.crosshair is None else self.hand.crosshair
        inside = at is not None and self.frame.mapping.contains(at)
        self.hand.brush = at if has_brush and inside else None
        self.update()

    def _fade_legend(self) -> None:
        at = self._pointer
        under = at is not None and self.figure.legend_card(self.frame).contains(QPointF(*at))
        if under != self.figure.legend_faded:
            self.figure.legend_faded = under
            self._repaint()

    def _show_what_can_be_taken(self) -> None:
        """A hand over a centre; a cross elsewhere."""
        if self._panned_from is not None or self._input.is_down or len(self.figure.handles()) == 0:
            return
        at = self._pointer
        taken = at is not None and self._input.centre_at(self.frame.mapping.to_plot(at)) is not None
        shape = Qt.CursorShape.OpenHandCursor if taken else Qt.CursorShape.CrossCursor
        if self.cursor().shape() != shape:
            self.setCursor(shape)

    # Mouse.

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Press the tool, or take hold of the plane with the middle button or the space bar."""
        button = event.button()
        space = self._keys.space_is_down
        self._keys.forget_cursor()
        pixel = _pixel(event.position())
        if button == Qt.MouseButton.MiddleButton or (button == Qt.MouseButton.LeftButton and space):
            self._keys.space_is_down = space
            self._panned_from = event.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif button in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton) and self.frame.mapping.contains(pixel):
            self._reader.point_at(None)
            self._input.press(pixel, button, event.modifiers())
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Fit with the middle button or a selecting tool; with any other tool it is one more press."""
        button = event.button()
        selecting = button == Qt.MouseButton.LeftButton and self._input.tool_name in _FITTING_TOOLS
        if button == Qt.MouseButton.MiddleButton or selecting:
            self.fit_requested.emit()
            event.accept()
        else:
            self.mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the plane or the tool, and read what is under the pointer."""
        pixel = _pixel(event.position())
        if self._panned_from is not None:
            step = event.position() - self._panned_from
            self._panned_from = event.position()
            self.pan_by(step.x(), step.y())
        elif event.buttons() == Qt.MouseButton.NoButton:
            self._keys.forget_cursor()
        self._pointer = pixel if self.frame.mapping.contains(pixel) else None
        self._input.drag(pixel)
        self._show_brush()
        self._fade_legend()
        self._show_what_can_be_taken()
        # A drag that edits is not disturbed by a card beside the pointer.
        self._reader.point_at(None if self._input.is_down else self._pointer)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        if self._panned_from is not None and event.button() != Qt.MouseButton.RightButton:
            self._panned_from = None
            self.setCursor(Qt.CursorShape.CrossCursor)
        elif self._input.holds(event.button()):
            self._input.release(_pixel(event.position()))
            self._reader.point_at(self._pointer)
        event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom about the pointer; over the numbers of one axis, that axis alone."""
        pixel, plot = _pixel(event.position()), self.frame.plot
        turn = event.angleDelta().y()
        if turn:
            self.zoom_by(
                _ZOOM_A_NOTCH ** (-turn / _NOTCH), pixel, x=pixel[0] >= plot.left(), y=pixel[1] <= plot.bottom()
            )
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing is under the pointer any more."""
        self._pointer = None
        self._reader.point_at(self.hand.crosshair)
        self._show_brush()
        self._fade_legend()

    def event(self, event: QEvent) -> bool:
        """Hear pinches, and the keys that belong to the cursor before the window's shortcuts."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._keys.wants(event):
            event.accept()
            return True
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.zoom_by(1.0 / max(0.2, 1.0 + event.value()), _pixel(event.position()))
            return True
        return super().event(event)

    # Keyboard.

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Do what the key means here, or leave it to others."""
        if self._keys.press(event):
            event.accept()
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """End what lasts while a key is down."""
        if self._keys.release(event):
            event.accept()
        else:
            super().keyReleaseEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show that the keyboard acts here, if it was the keyboard that came here."""
        by_key = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason, Qt.FocusReason.ShortcutFocusReason)
        self._focus_by_key = event.reason() in by_key
        self._repaint()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """The cursor goes with the focus."""
        self._keys.forget_cursor()
        self._repaint()

    def hideEvent(self, event: QHideEvent) -> None:
        """A stroke does not go on out of sight."""
        self._input.cancel()
        self._reader.point_at(None)


def _pixel(position: QPointF) -> Floats:
    return np.array([position.x(), position.y()])
