"""A line for a formula: read as it is typed, underlined and explained where it is wrong."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QSignalBlocker, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from engine.formulas import FormulaError
from widgets.form import tooltip_html
from widgets.sections import Sentence
from widgets.style import set_look

_WRONG = QColor("#d64545")
"""Of the underline: seen on light and on dark."""


class _Line(QLineEdit):
    """A line that underlines some of its characters."""

    wrong: tuple[int, int] | None = None

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.wrong is None:
            return
        # Where the first character stands follows from the cursor, wherever the line is scrolled to.
        metrics, cursor = self.fontMetrics(), self.cursorRect()
        left = cursor.center().x() - metrics.horizontalAdvance(self.text()[: self.cursorPosition()])
        start, end = (left + metrics.horizontalAdvance(self.text()[:at]) for at in self.wrong)
        painter = QPainter(self)
        painter.setPen(QPen(_WRONG, 2.0))
        bottom = cursor.bottom()
        painter.drawLine(QPointF(start, bottom), QPointF(max(end, start + 6), bottom))
        painter.end()


class FormulaField(QWidget):
    """Where a formula is typed. What can be read is previewed at once, and entered with Return or on leaving.

    Parameters
    ----------
    complaint : says what is wrong with a text, or None.
    hint : what may be written.
    """

    previewed = Signal(str)
    """A text that can be read, as it is typed."""
    entered = Signal(str)
    """A text that can be read, to be used."""
    refused = Signal(str)
    """A text that cannot be read, as it is typed."""

    def __init__(
        self, complaint: Callable[[str], FormulaError | None], hint: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._complaint = complaint
        self._entered = ""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        self.line = _Line()
        self.line.setAccessibleName("Formula")
        self.set_hint(hint)
        self.line.textEdited.connect(self._on_edited)
        self.line.editingFinished.connect(self._on_finished)
        self._sentence = Sentence()
        column.addWidget(self.line)
        column.addWidget(self._sentence)
        self.setFocusProxy(self.line)

    def set_hint(self, hint: str) -> None:
        """Tell what may be written."""
        self.line.setPlaceholderText(hint)
        self.line.setAccessibleDescription(hint)
        self.line.setToolTip(tooltip_html(f"A formula of {hint}. Return uses it."))

    def clear(self) -> None:
        """Empty the line; nothing is emitted."""
        self._entered = ""
        with QSignalBlocker(self.line):
            self.line.clear()
        self._say(None)

    def check(self) -> None:
        """Read the text again, after something has changed that it depends on."""
        self._on_edited(self.line.text())

    def note(self, sentence: str | None) -> None:
        """Say something about a text that can be read, or nothing."""
        if self.line.wrong is None:
            self._sentence.say(sentence)

    def set_text(self, text: str) -> None:
        """Show a formula that is in use; nothing is emitted. One that is being mended stays."""
        if text == self._entered:
            return
        self._entered = text
        with QSignalBlocker(self.line):
            self.line.setText(text)
        self._say(None)

    def _say(self, error: FormulaError | None) -> None:
        self.line.wrong = None if error is None else (error.start, error.end)
        self._sentence.say(None if error is None else error.sentence)
        set_look(self.line, "wrong", error is not None)
        self.line.update()

    def _on_edited(self, text: str) -> None:
        error = self._complaint(text)
        self._say(error)
        (self.refused if error else self.previewed).emit(text)

    def _on_finished(self) -> None:
        text = self.line.text()
        if text != self._entered and self._complaint(text) is None:
            self._entered = text
            self.entered.emit(text)
