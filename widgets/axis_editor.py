"""Which hyper-parameter is tried, from where to where, and at how many values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from widgets.fields import FieldSpec
from widgets.sections import QuietComboBox, Sentence
from widgets.sliders import NumberBox
from widgets.style import scaled
from widgets.validation_values import AxisWish, ParameterEntry

MOST_VALUES = 100
_END = 1e12
_NONE = "(none)"
_WORDS, _SIGNS = ("from", "to", "values"), ("", "–", "×")
"""Before the boxes of a range, and where there is little room."""


class AxisEditor(QWidget):
    """One axis of a search.

    Parameters
    ----------
    title : e.g. "Horizontal".
    optional : whether there may be none.
    """

    edited = Signal(object)
    """An `AxisWish`."""

    def __init__(self, title: str, *, optional: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title, self._optional = title, optional
        self._entries: dict[str, ParameterEntry] = {}
        self._wish = AxisWish()
        self.combo = QuietComboBox()
        self.combo.setAccessibleName(f"{title} hyper-parameter")
        self.combo.setToolTip("The hyper-parameter whose values are tried.")
        self.combo.activated.connect(self._on_chosen)
        self._label = QLabel(title)
        self._label.setBuddy(self.combo)
        self.low = self._box("From", "The first value that is tried.", "float", -_END, _END)
        self.high = self._box("To", "The last value that is tried.", "float", -_END, _END)
        self.count = self._box(
            "Values", "How many values are tried, from the first to the last.", "int", 2, MOST_VALUES
        )
        self._sentence = Sentence()
        first = QHBoxLayout()
        first.setSpacing(8)
        first.addWidget(self._label)
        first.addWidget(self.combo, 1)
        self._range = QWidget()
        second = QHBoxLayout(self._range)
        second.setContentsMargins(0, 0, 0, 0)
        second.setSpacing(5)
        self._words = tuple(QLabel() for _ in _WORDS)
        for label, box in zip(self._words, (self.low, self.high, self.count), strict=True):
            label.setProperty("look", "hint")
            second.addWidget(label)
            second.addWidget(box, 1 if box is not self.count else 0)
        self.set_narrow(False)
        self.count.setFixedWidth(scaled(38))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addLayout(first)
        column.addWidget(self._range)
        column.addWidget(self._sentence)

    def _box(self, title: str, help: str, kind: str, low: float, high: float) -> NumberBox:
        spec = FieldSpec(
            title.lower(), title.lower(), title, help, "int" if kind == "int" else "float", 2 if kind == "int" else 0.0,
            low, high,
        )  # fmt: skip
        box = NumberBox(spec, "boxed")
        box.setAccessibleName(f"{self._title}: {title.lower()}")
        box.setToolTip(help)
        box.setMinimumWidth(scaled(44))
        box.submitted.connect(self._on_submitted)
        box.refused.connect(self._on_refused)
        return box

    def set_label_width(self, width: int) -> None:
        self._label.setMinimumWidth(width)

    def set_narrow(self, narrow: bool) -> None:
        """Signs in place of words, where there is little room."""
        for label, text in zip(self._words, _SIGNS if narrow else _WORDS, strict=True):
            label.setText(text)
            label.setVisible(bool(text))

    def set_parameters(self, entries: Sequence[ParameterEntry]) -> None:
        """Offer these hyper-parameters."""
        if tuple(entries) == tuple(self._entries.values()):
            return
        self._entries = {entry.path: entry for entry in entries}
        with QSignalBlocker(self.combo):
            self.combo.clear()
            if self._optional:
                self.combo.addItem(_NONE, "")
            for entry in entries:
                self.combo.addItem(entry.title, entry.path)
        self.set_wish(self._wish)

    def set_wish(self, wish: AxisWish) -> None:
        """Show what is chosen; nothing is emitted."""
        self._wish = wish
        self.combo.set_key(wish.path)
        entry = self._entries.get(wish.path)
        self._range.setVisible(entry is not None and entry.is_number)
        self.low.set_value(wish.low)
        self.high.set_value(wish.high)
        self.count.set_value(wish.count)

    def _on_chosen(self, index: int) -> None:
        path = str(self.combo.itemData(index))
        entry = self._entries.get(path)
        low, high = (entry.low, entry.high) if entry is not None else (0.0, 1.0)
        self.edited.emit(AxisWish(path, low, high, self._wish.count))

    def _on_submitted(self, value: float) -> None:
        self._sentence.say("")
        box, wish = self.sender(), self._wish
        if box is self.count:
            self.edited.emit(replace(wish, count=int(value)))
        elif box is self.low:
            self.edited.emit(replace(wish, low=float(value)))
        else:
            self.edited.emit(replace(wish, high=float(value)))

    def _on_refused(self, sentence: str) -> None:
        self._sentence.say(sentence)
