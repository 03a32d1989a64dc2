"""Mouse and keyboard on the stage: which tool acts, where, and what it wishes for."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Qt, QTimer

from engine.dataset import Dataset, rows_in_common
from widgets.stage_geometry import Floats, Mapping, nearest_row
from widgets.stage_overlays import CENTRE_RADIUS
from widgets.stage_points import Rows, ShownPoints
from widgets.stage_tool import Selecting, Tool, ToolName
from widgets.tools import TOOLS

if TYPE_CHECKING:
    from widgets.stage import Stage

_TICK = 16
"""Milliseconds between two puffs of the spray: a frame at 60 Hz."""
_GRABBING: tuple[ToolName, ...] = ("point", "move", "select")
"""The tools that drag a centre which they are pressed on; brushes go over it."""
_CLICK = 4.0
"""Pixels; a hand that moves less has clicked."""
_LONGEST_TICK = 0.1
"""Seconds; after a longer hold-up the spray does not catch up in one burst."""


class StageInput(QObject):
    """The hand of the stage: it holds the tool and turns what the tool asks for into the stage's wishes."""

    def __init__(self, stage: Stage, seed: int | None = None) -> None:
        super().__init__(stage)
        self._stage = stage
        self.tool_name: ToolName = "point"
        self.tool: Tool = TOOLS["point"].make()
        self._acting = self.tool
        """What a press began: the tool, or the hand that has taken a centre."""
        self._pressed_at: Floats | None = None
        """Where a centre was taken, until it is moved; None where none was."""
        self._selecting: Selecting = "replace"
        self.active_class = 0
        self.active_target = 0.0
        self.brush_radius = 28.0
        self.density = 60.0
        self.rng = np.random.default_rng(seed)
        self.awaiting = False
        self.interactive = True
        self._button = Qt.MouseButton.NoButton
        self._is_down = False
        self._stroke_is_open = False
        self._ticked = 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK)
        self._timer.timeout.connect(self._on_tick)

    # What a tool sees of the stage.

    @property
    def mapping(self) -> Mapping:
        """Plot to pixels."""
        return self._stage.frame.mapping

    @property
    def dataset(self) -> Dataset:
        """The points as they were last set."""
        return self._stage.figure.dataset

    @property
    def points(self) -> ShownPoints:
        """The points on stage."""
        return self._stage.figure.points

    @property
    def selection(self) -> Rows:
        """The selected rows."""
        return self._stage.figure.selection

    @property
    def target(self) -> float:
        """The class of the button that is down, or the target that is drawn."""
        if self.dataset.task == "regression":
            return self.active_target
        next_class = 1 if self._button == Qt.MouseButton.RightButton else 0
        return float((self.active_class + next_class) % max(1, self.dataset.n_classes))

    # What a tool asks for.

    def begin(self, what: ToolName) -> None:
        """A stroke starts."""
        if not self._stroke_is_open:
            self._stroke_is_open = True
            self._stage.stroke_started.emit(what)

    def draw(self, xy: Floats) -> None:
        """Wish for points."""
        if self.dataset.n_inputs == 1:
            X, y = xy[:, :1], xy[:, 1]
        else:
            X, y = xy, np.full(len(xy), self.target)
        self._stage.points_drawn.emit(X.astype(np.float32), y.astype(np.float32))

    def erase(self, rows: Rows) -> None:
        """Wish points away."""
        self.awaiting = True
        self._stage.points_erased.emit(rows)

    def move(self, ids: NDArray[np.int64], xy: Floats) -> None:
        """Wish points elsewhere; those that are gone by now are left out."""
        at, rows = rows_in_common(ids, self.dataset.points.ids)
        if len(rows) == 0:
            return
        xy = xy[at].astype(np.float32)
        self._stage.expect_move()
        if self.dataset.n_inputs == 1:
            self._stage.points_moved.emit(rows, xy[:, :1].copy(), xy[:, 1].copy())
        else:
            self._stage.points_moved.emit(rows, xy, None)

    def relabel(self, rows: Rows) -> None:
        """Wish for the class of the button that is down."""
        self.awaiting = True
        self._stage.points_relabelled.emit(rows, int(self.target))

    def select(self, rows: Rows) -> None:
        """Select these rows."""
        self._stage.select(rows)

    def show_rubber(self, xy: Floats, closed: bool) -> None:
        """Show an outline."""
        self._stage.hand.rubber, self._stage.hand.rubber_closed = xy, closed
        self._stage.update()

    @property
    def has_centres(self) -> bool:
        """Whether there is anything that can be taken in hand."""
        return len(self._stage.figure.handles()) > 0

    @property
    def is_second_button(self) -> bool:
        """Whether it is the right button that is down."""
        return self._button == Qt.MouseButton.RightButton

    def centre_at(self, at: Floats) -> int | None:
        """The centre, or the tip of a direction, that is there."""
        handles = self._stage.figure.handles()
        if len(handles) == 0:
            return None
        return nearest_row(self.mapping.to_pixels(handles), self.mapping.to_pixels(at), CENTRE_RADIUS + 2.0)

    def touch_centre(self, kind: Literal["move", "add", "remove"], index: int, at: Floats) -> None:
        """Wish for what a hand does to a centre; one that is dragged follows at once."""
        if kind == "move":
            self._stage.motion.hold(index, at)
            self._stage.repaint_picture()
        self._stage.centre_touched.emit(kind, index, at)

    def refuse(self, sentence: str) -> None:
        """Say why nothing happens."""
        self._stage.tool_refused.emit(sentence)

    # What the stage tells.

    def set_tool(self, name: ToolName) -> None:
        """Take another tool; a stroke under way ends."""
        if name not in TOOLS:
            raise ValueError(f"there is no tool {name!r}; the tools are {', '.join(TOOLS)}")
        if name == self.tool_name:
            return
        self.cancel()
        self.tool_name, self.tool = name, TOOLS[name].make()

    def on_dataset(self) -> None:
        """The dataset was set: rows are known again."""
        self.awaiting = False
        if self._is_down:
            self._acting.resume(self)

    @property
    def is_down(self) -> bool:
        """Whether the tool is pressed."""
        return self._is_down

    def press(self, pixel: Floats, button: Qt.MouseButton, modifiers: Qt.KeyboardModifier) -> None:
        """Press the tool at a pixel (2,)."""
        if self._is_down:
            return
        if not self.interactive:
            self.refuse("The points cannot be edited at the moment.")
            return
        selecting: Selecting = "replace"
        if modifiers & Qt.KeyboardModifier.ShiftModifier:
            selecting = "add"
        elif modifiers & Qt.KeyboardModifier.ControlModifier:
            selecting = "remove"
        # A change that was wished for and has not come by now was refused.
        self.awaiting = False
        self._button, self._is_down = button, True
        self._ticked = time.monotonic()
        at = self.mapping.to_plot(pixel)
        # What lies on top is what is taken in hand; a mere click there is the tool's.
        grabs = button == Qt.MouseButton.LeftButton and self.tool_name in _GRABBING and self.centre_at(at) is not None
        self._acting = TOOLS["centre"].make() if grabs else self.tool
        self._pressed_at, self._selecting = (pixel, selecting) if grabs else (None, selecting)
        self._acting.press(self, at, selecting)
        if self._stroke_is_open and self.tool_name == "spray":
            self._timer.start()

    def drag(self, pixel: Floats) -> None:
        """Move the pressed tool to a pixel (2,)."""
        if self._is_down and not self._is_click(pixel):
            self._pressed_at = None
            self._acting.drag(self, self.mapping.to_plot(self.mapping.clamped(pixel)))

    def release(self, pixel: Floats) -> None:
        """Let go of the tool."""
        if self._is_down:
            at = self.mapping.to_plot(self.mapping.clamped(pixel))
            if self._is_click(pixel):
                self._acting = self.tool
                self._acting.press(self, at, self._selecting)
            self._acting.release(self, at)
            self._lift()

    def _is_click(self, pixel: Floats) -> bool:
        """Whether a centre that is in hand has not been moved yet."""
        return self._pressed_at is not None and float(np.hypot(*(pixel - self._pressed_at))) < _CLICK

    def cancel(self) -> None:
        """End a stroke where it is."""
        if self._is_down:
            self._acting.cancel(self)
            self._lift()

    def holds(self, button: Qt.MouseButton) -> bool:
        """Whether the tool was pressed with this button."""
        return self._is_down and self._button == button

    def erase_selection(self) -> None:
        """Wish the selected points away, as a stroke of its own."""
        rows = self.selection
        if self._may_edit(rows):
            self.begin("erase")
            self.select(np.empty(0, np.intp))
            self.erase(rows)
            self._end_stroke()

    def relabel_selection(self, index: int) -> None:
        """Wish for another class of the selected points, as a stroke of its own."""
        rows = self.selection
        if self._may_edit(rows):
            self.begin("relabel")
            self.awaiting = True
            self._stage.points_relabelled.emit(rows, index)
            self._end_stroke()

    def _may_edit(self, rows: Rows) -> bool:
        if len(rows) == 0 or self._is_down:
            return False
        if not self.interactive:
            self.refuse("The points cannot be edited at the moment.")
            return False
        return True

    def _lift(self) -> None:
        self._timer.stop()
        if self._stage.motion.let_go():
            self._stage.centre_dropped.emit()
        self._is_down = False
        self._button = Qt.MouseButton.NoButton
        self._end_stroke()

    def _end_stroke(self) -> None:
        if self._stroke_is_open:
            self._stroke_is_open = False
            self._stage.stroke_ended.emit()

    def _on_tick(self) -> None:
        now = time.monotonic()
        elapsed, self._ticked = min(_LONGEST_TICK, now - self._ticked), now
        self._acting.tick(self, elapsed)
