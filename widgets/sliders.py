"""A slider with the number right of it: coarse by hand, exact by keys."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QFocusEvent, QKeyEvent, QKeySequence, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSizePolicy, QSlider, QWidget

from widgets.fields import FieldSpec, Number, number_text, slider_stops
from widgets.style import set_look, tabular


class JumpSlider(QSlider):
    """A horizontal slider whose knob comes to where it is pressed; the wheel passes over it unless it has the focus."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(84, 22)

    def minimumSizeHint(self) -> QSize:
        return QSize(40, 22)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)
            return
        self.setSliderDown(True)
        self._follow(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.isSliderDown():
            self._follow(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.isSliderDown() and event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(False)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def _follow(self, event: QMouseEvent) -> None:
        knob = 16.0
        share = (event.position().x() - knob / 2) / max(self.width() - knob, 1.0)
        span = self.maximum() - self.minimum()
        self.setSliderPosition(self.minimum() + round(min(max(share, 0.0), 1.0) * span))
        event.accept()


class NumberBox(QLineEdit):
    """A number that is typed. What is refused stays, marked, until it is corrected or Escape brings the old back.

    Parameters
    ----------
    look : "number" (without a frame, right of a slider), "boxed" (on its own) or "cell" (narrow, centred).
    """

    submitted = Signal(object)
    """A number in the field's range (int or float)."""
    refused = Signal(str)
    """The sentence that says what may be typed; empty once the old number is back."""
    stepped = Signal(int)
    """By how many stops an arrow key asks to move."""
    menu_requested = Signal(object)
    """A context menu (QMenu) about to open, to which entries may be added."""

    def __init__(self, spec: FieldSpec, look: str = "number", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._spec = spec
        self._value: Number = spec.default
        self._is_refused = False
        self.setProperty("look", look)
        align = {"number": Qt.AlignmentFlag.AlignRight, "cell": Qt.AlignmentFlag.AlignHCenter}
        self.setAlignment(align.get(look, Qt.AlignmentFlag.AlignLeft))
        self.setFont(tabular(self.font()))
        self.editingFinished.connect(self._on_editing_finished)
        self._write()

    @property
    def value(self) -> Number:
        return self._value

    def set_value(self, value: Number) -> None:
        """Show `value`. What a person is typing, or typed wrongly, is left alone unless the value changed."""
        if value == self._value:
            return
        self._value = value
        self._write()
        self._set_refused(None)

    def event(self, event: QEvent) -> bool:
        """Leave undo and redo to the window while there is no typing to take back."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            keys = QKeySequence.StandardKey
            if (event.matches(keys.Undo) and not self.isUndoAvailable()) or (
                event.matches(keys.Redo) and not self.isRedoAvailable()
            ):
                event.ignore()
                return True
        return super().event(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if not self._is_refused:
            self._write()
        self.selectAll()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if not self._is_refused and not self.isModified():
            self._write()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        stops = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1, Qt.Key.Key_PageUp: 10, Qt.Key.Key_PageDown: -10}
        if event.key() in stops:
            self.stepped.emit(stops[Qt.Key(event.key())])
        elif event.key() == Qt.Key.Key_Escape and (self._is_refused or self.isModified()):
            self._write()
            self._set_refused(None)
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = self.createStandardContextMenu()
        self.menu_requested.emit(menu)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(event.globalPos())

    def _on_editing_finished(self) -> None:
        if not self.isModified():
            return
        self.setModified(False)
        try:
            value = self._spec.read(self.text())
        except ValueError as error:
            self._set_refused(str(error))
            return
        changed = value != self._value
        self._value = value
        self._write()
        self._set_refused(None)
        if changed:
            self.submitted.emit(value)

    def _write(self) -> None:
        """All digits while it has the focus, else those it deserves."""
        text = repr(self._value) if self.hasFocus() else number_text(self._value, self._spec.step)
        self.setText(self._spec.with_unit(text))
        self.setCursorPosition(0)
        self.setModified(False)

    def _set_refused(self, sentence: str | None) -> None:
        if not sentence and not self._is_refused:
            return
        self._is_refused = bool(sentence)
        set_look(self, "wrong", self._is_refused)
        self.refused.emit(sentence or "")


class NumberControl(QWidget):
    """A slider and a number box for one number; the box alone where a slider could not be aimed."""

    edited = Signal(object, bool)
    """The number, and False while the slider is still held."""
    refused = Signal(str)

    def __init__(self, spec: FieldSpec, parent: QWidget | None = None) -> None:
        self.slider: JumpSlider | None = None
        super().__init__(parent)
        self._stops = slider_stops(spec)
        self._log = spec.log
        self._value: Number = spec.default
        self.box = NumberBox(spec, "number" if self._stops else "boxed")
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(6)
        if self._stops:
            self.slider = JumpSlider()
            self.slider.setRange(0, len(self._stops) - 1)
            self.slider.setPageStep(max(1, len(self._stops) // 10))
            self.slider.valueChanged.connect(self._on_slid)
            self.slider.sliderReleased.connect(self._on_released)
            self.row.addWidget(self.slider, 1)
            self.box.setFixedWidth(box_width(self.box))
            self.row.addWidget(self.box)
        else:
            self.box.setMinimumWidth(40)
            self.row.addWidget(self.box, 1)
        self.box.submitted.connect(self._on_submitted)
        self.box.refused.connect(self.refused)
        self.box.stepped.connect(self._on_stepped)
        self.setFocusProxy(self.slider or self.box)
        self.set_value(spec.default)

    @property
    def value(self) -> Number:
        return self._value

    def set_value(self, value: Number) -> None:
        """Show `value`; nothing is emitted."""
        self._value = value
        self.box.set_value(value)
        if self.slider is not None and not self.slider.isSliderDown():
            with QSignalBlocker(self.slider):
                self.slider.setValue(nearest_stop(self._stops, value, log=self._log))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and self.slider is not None:
            self.box.setFixedWidth(box_width(self.box))

    def set_wrong(self, wrong: bool) -> None:
        set_look(self.box, "wrong", wrong)

    def _on_slid(self, index: int) -> None:
        assert self.slider is not None
        self._value = self._stops[index]
        self.box.set_value(self._value)
        self.edited.emit(self._value, not self.slider.isSliderDown())

    def _on_released(self) -> None:
        self.edited.emit(self._value, True)

    def _on_submitted(self, value: Number) -> None:
        self.set_value(value)
        self.edited.emit(value, True)

    def _on_stepped(self, stops: int) -> None:
        if not self._stops:
            return
        index = nearest_stop(self._stops, self._value, log=self._log) + stops
        value = self._stops[min(max(index, 0), len(self._stops) - 1)]
        if value != self._value:
            self._on_submitted(value)


def box_width(box: QLineEdit) -> int:
    """The width, in pixels, of a number box that holds seven digits."""
    return box.fontMetrics().horizontalAdvance("0000000") + 10


def nearest_stop(stops: Sequence[Number], value: Number, *, log: bool) -> int:
    """The index of the stop nearest to `value`, by ratio where `log` (0 is near to 0 alone)."""
    right = bisect_left(stops, value)
    if right == 0:
        return 0
    if right == len(stops):
        return right - 1
    below, above = stops[right - 1], stops[right]
    if log and below > 0:
        return right if value * value >= below * above else right - 1
    return right if value - below >= above - value else right - 1
