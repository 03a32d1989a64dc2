"""The keyboard on the stage: a cursor to draw with, selection, tools, classes, zoom and pan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

from widgets.stage_geometry import Floats
from widgets.stage_input import StageInput
from widgets.tools import NO_CLASSES, TOOLS

if TYPE_CHECKING:
    from widgets.stage import Stage

Key = Qt.Key
_STEP, _FINE_STEP = 10.0, 1.0
"""Pixels that an arrow key moves the cursor, and with Shift."""
_PAN_SHARE = 0.1
_ZOOM = 1.25
_ARROWS: dict[int, tuple[int, int]] = {
    Key.Key_Left: (-1, 0),
    Key.Key_Right: (1, 0),
    Key.Key_Up: (0, -1),
    Key.Key_Down: (0, 1),
}
_PRESSING = (Key.Key_Return, Key.Key_Enter, Key.Key_Space)
_ONE_STROKE_TOOLS = ("point", "spray", "relabel", "erase")
"""Tools that act while the key is down; the others start at one press, follow the arrows and end at the next."""


class StageKeys:
    """What keys do on the stage. `press` and `release` tell whether they knew the key."""

    def __init__(self, stage: Stage, hand: StageInput) -> None:
        self._stage = stage
        self._input = hand
        self._pressed_by_key = False
        self.space_is_down = False

    def wants(self, event: QKeyEvent) -> bool:
        """Whether a key is to come here although a shortcut of the window has it too."""
        return self._stage.hand.crosshair is not None and event.key() in (*_PRESSING, *_ARROWS, Key.Key_Escape)

    def press(self, event: QKeyEvent) -> bool:
        """A key went down."""
        key, modifiers = event.key(), event.modifiers()
        control = bool(modifiers & Qt.KeyboardModifier.ControlModifier)
        if key in _ARROWS:
            if control:
                dx, dy = _ARROWS[key]
                mapping = self._stage.frame.mapping
                self._stage.pan_by(-dx * _PAN_SHARE * mapping.width, -dy * _PAN_SHARE * mapping.height)
            else:
                fine = bool(modifiers & Qt.KeyboardModifier.ShiftModifier)
                self._move_cursor(np.array(_ARROWS[key]) * (_FINE_STEP if fine else _STEP))
        elif key in _PRESSING:
            return self._press_tool(event)
        elif control:
            if key != Key.Key_A:
                return False
            self._input.select(self._input.points.rows)
        elif key in (Key.Key_Delete, Key.Key_Backspace):
            self._input.erase_selection()
        elif key == Key.Key_Escape:
            self._escape()
        elif key in (Key.Key_F, Key.Key_0):
            self._stage.fit_requested.emit()
        elif Key.Key_1 <= key <= Key.Key_6:
            self._digit(key - Key.Key_1)
        elif key in (Key.Key_Plus, Key.Key_Equal, Key.Key_Minus):
            self._stage.zoom_by(_ZOOM if key == Key.Key_Minus else 1 / _ZOOM, self._stage.hand.crosshair)
        else:
            return self._choose_tool(event.text().upper())
        return True

    def release(self, event: QKeyEvent) -> bool:
        """A key came up."""
        if event.isAutoRepeat() or event.key() not in _PRESSING:
            return False
        if event.key() == Key.Key_Space:
            self.space_is_down = False
        if self._pressed_by_key and self._input.tool_name in _ONE_STROKE_TOOLS:
            self._let_go()
        return True

    def forget_cursor(self) -> None:
        """The mouse takes over, or the focus goes: the cursor goes, and a stroke of its own ends."""
        if self._pressed_by_key:
            self._pressed_by_key = False
            self._input.cancel()
        self.space_is_down = False
        if self._stage.hand.crosshair is not None:
            self._stage.show_crosshair(None)

    def _cursor(self) -> Floats:
        frame = self._stage.frame
        if self._stage.hand.crosshair is not None:
            return frame.mapping.clamped(self._stage.hand.crosshair)
        center = frame.plot.center()
        return np.array([center.x(), center.y()])

    def _move_cursor(self, step: Floats) -> None:
        at = self._cursor()
        if self._stage.hand.crosshair is not None:
            at = self._stage.frame.mapping.clamped(at + step)
        self._stage.show_crosshair(at)
        if self._pressed_by_key:
            self._input.drag(at)

    def _press_tool(self, event: QKeyEvent) -> bool:
        if self._stage.hand.crosshair is None:
            if event.key() != Key.Key_Space:
                return False
            self.space_is_down = True
            return True
        if event.isAutoRepeat():
            return True
        if self._pressed_by_key:
            self._let_go()
            return True
        self._input.press(self._cursor(), Qt.MouseButton.LeftButton, event.modifiers())
        self._pressed_by_key = self._input.is_down
        return True

    def _let_go(self) -> None:
        self._pressed_by_key = False
        self._input.release(self._cursor())

    def _escape(self) -> None:
        if self._input.is_down:
            self._pressed_by_key = False
            self._input.cancel()
        elif len(self._input.selection):
            self._input.select(np.empty(0, np.intp))
        else:
            self._stage.show_crosshair(None)

    def _digit(self, index: int) -> None:
        dataset = self._input.dataset
        if dataset.task != "classification":
            self._input.refuse(NO_CLASSES)
        elif index >= dataset.n_classes:
            self._input.refuse(f"There are {dataset.n_classes} classes; add one to use the key {index + 1}.")
        elif len(self._input.selection):
            self._input.relabel_selection(index)
        else:
            self._stage.class_chosen.emit(index)

    def _choose_tool(self, letter: str) -> bool:
        for entry in TOOLS.values():
            if entry.shortcut == letter:
                self._stage.tool_chosen.emit(entry.id)
                return True
        return False
