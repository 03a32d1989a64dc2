"""Controls made from a `Settings` declaration: label, tooltip, range, default and unit come from there."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from typing import Any

from PySide6.QtCore import QEvent, QPoint, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QMenu, QVBoxLayout, QWidget

from engine.settings import Settings
from widgets.fields import FieldSpec, field_specs
from widgets.sections import Fold, QuietComboBox, Segmented, Sentence
from widgets.sliders import NumberControl
from widgets.style import scaled, set_look

_SEGMENTED_OPTIONS, _SEGMENTED_LETTERS = 3, 22
"""A choice among at most so many names, of so many letters together, is shown side by side."""


class ChoiceControl(QWidget):
    """One name among several: side by side if they are few and short, else in a combo box."""

    edited = Signal(object, bool)

    def __init__(self, spec: FieldSpec, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self.segments: Segmented | None = None
        self.combo: QuietComboBox | None = None
        letters = sum(len(label) for _, label in spec.options)
        if len(spec.options) <= _SEGMENTED_OPTIONS and letters <= _SEGMENTED_LETTERS:
            self.segments = Segmented([(key, label, "") for key, label in spec.options])
            self.segments.chosen.connect(self._on_chosen)
            layout.addWidget(self.segments)
            self.setFocusProxy(self.segments.button(spec.options[0][0]))
        else:
            self.combo = QuietComboBox()
            for key, label in spec.options:
                self.combo.addItem(label, key)
            self.combo.activated.connect(self._on_activated)
            layout.addWidget(self.combo)
            self.setFocusProxy(self.combo)

    def set_value(self, value: str) -> None:
        if self.segments is not None:
            self.segments.set_chosen(value)
        elif self.combo is not None:
            with QSignalBlocker(self.combo):
                self.combo.set_key(value)

    def set_wrong(self, wrong: bool) -> None:
        part = self.segments or self.combo
        assert part is not None
        set_look(part, "wrong", wrong)

    def _on_chosen(self, key: str) -> None:
        self.edited.emit(key, True)

    def _on_activated(self, index: int) -> None:
        assert self.combo is not None
        self.edited.emit(self.combo.itemData(index), True)


class FlagControl(QCheckBox):
    """On or off."""

    edited = Signal(object, bool)

    def __init__(self, spec: FieldSpec, parent: QWidget | None = None) -> None:
        super().__init__(spec.title, parent)
        self.clicked.connect(self._on_clicked)

    def set_value(self, value: bool) -> None:
        self.setChecked(value)

    def set_wrong(self, wrong: bool) -> None:
        set_look(self, "wrong", wrong)

    def _on_clicked(self, checked: bool) -> None:
        self.edited.emit(checked, True)


Control = NumberControl | ChoiceControl | FlagControl


def control_for(spec: FieldSpec) -> Control:
    """The control that fits a field."""
    if spec.kind == "choice":
        return ChoiceControl(spec)
    if spec.kind == "flag":
        return FlagControl(spec)
    return NumberControl(spec)


class FieldRow(QWidget):
    """A label, a control, and a sentence beneath where the value is wrong."""

    edited = Signal(str, object, bool)
    """The path, the value, and False while a slider is held."""

    def __init__(self, spec: FieldSpec, label: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.spec = spec
        self.control = control_for(spec)
        self.label = QLabel(label or spec.title, self)
        self._mark = ""
        self._refusal = ""
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(3)
        self.line = QHBoxLayout()
        self.line.setSpacing(8)
        self._sentence = Sentence()
        outer.addLayout(self.line)
        outer.addWidget(self._sentence)
        if isinstance(self.control, FlagControl):
            self.control.setText(label or spec.title)
            self.label.hide()
        else:
            self.label.setBuddy(self.control)
            self.line.addWidget(self.label)
        self.line.addWidget(self.control, 1)
        self._describe()
        if isinstance(self.control, NumberControl):
            self.control.refused.connect(self._on_refused)
            self.control.box.menu_requested.connect(self._add_reset)
        self.control.edited.connect(self._on_edited)

    @property
    def is_wrong(self) -> bool:
        return bool(self._refusal or self._mark)

    def set_value(self, value: Any) -> None:
        """Show `value`; nothing is emitted."""
        self.control.set_value(value)

    def mark(self, sentence: str | None) -> None:
        """Show the control as wrong, with `sentence` beneath; None takes the mark away."""
        if (sentence or "") != self._mark:
            self._mark = sentence or ""
            self._show_what_is_wrong()

    def reset(self) -> None:
        """Wish for the default."""
        self.edited.emit(self.spec.path, self.spec.default, True)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self._open_menu(event.globalPos())

    def _open_menu(self, position: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._add_reset(menu)
        menu.popup(position)

    def _add_reset(self, menu: QMenu) -> None:
        if menu.actions():
            menu.addSeparator()
        action = menu.addAction(f"Reset to default ({self.spec.value_text(self.spec.default)})")
        action.triggered.connect(self.reset)

    def _on_edited(self, value: Any, final: bool) -> None:
        self.edited.emit(self.spec.path, value, final)

    def _on_refused(self, sentence: str) -> None:
        self._refusal = sentence
        self._show_what_is_wrong()

    def _show_what_is_wrong(self) -> None:
        sentence = self._refusal or self._mark
        self._sentence.say(sentence)
        self.control.set_wrong(bool(sentence))
        set_look(self.label, "wrong", bool(sentence))

    def _describe(self) -> None:
        """Give every part the tooltip, and a name that says which field it is."""
        rich = tooltip_html(self.spec.tooltip())
        self.setToolTip(rich)
        for part in (self.label, self.control, *self.control.findChildren(QWidget)):
            if not part.toolTip():
                part.setToolTip(rich)
            if not part.accessibleName() and part is not self.label:
                part.setAccessibleName(self.spec.title)
                part.setAccessibleDescription(self.spec.help)


class Form(QWidget):
    """A row for each field of a `Settings`; fields that mean nothing now are hidden, advanced ones folded.

    Parameters
    ----------
    settings_type : whose fields.
    prefix : their path in the document, e.g. ``"training.optimizer"``.
    names : which fields, in order; None is all that a control can show.
    titles : shorter labels by field name, where the standard one is too wide.
    fold : where advanced fields go; None shows them among the others. Whoever made the fold places it.
    label_width : the width of the labels' column in pixels at the usual font size; 0 is that of the widest.
    """

    edited = Signal(str, object, bool)
    """The path, the value, and False while a slider is held."""

    def __init__(
        self,
        settings_type: type[Settings],
        prefix: str = "",
        names: Iterable[str] | None = None,
        *,
        titles: Mapping[str, str] | None = None,
        fold: Fold | None = None,
        label_width: int = 0,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._settings: Settings | None = None
        self._rows: dict[str, FieldRow] = {}
        self.fold = fold
        self._label_width = label_width
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(4)
        for spec in field_specs(settings_type, prefix, names):
            row = FieldRow(spec, (titles or {}).get(spec.name, ""))
            row.edited.connect(self.edited)
            self._rows[spec.name] = row
            (fold.body if fold is not None and spec.advanced else self.column).addWidget(row)
        self._align_labels()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._align_labels()

    def _align_labels(self) -> None:
        """Give the labels one width, larger where the theme's letters are."""
        labels = [row.label for row in self._rows.values()]
        common = scaled(self._label_width) or max((label.sizeHint().width() for label in labels), default=0)
        for label in labels:
            label.setMinimumWidth(common)

    def row(self, name: str) -> FieldRow:
        """The row of one field."""
        return self._rows[name]

    def rows(self) -> tuple[FieldRow, ...]:
        return tuple(self._rows.values())

    def set_value(self, settings: Settings, task: str = "") -> None:
        """Show `settings`, of them what matters in `task`; nothing is emitted."""
        before, self._settings = self._settings, settings
        for name, row in self._rows.items():
            value = getattr(settings, name)
            # A refused value stays on screen, with its sentence, until the document holds another.
            if not (row.is_wrong and before is not None and getattr(before, name, None) == value):
                row.set_value(value)
            row.setVisible(row.spec.means_something(settings, task))
        if self.fold is not None:
            folded = [row.spec for row in self._rows.values() if row.spec.advanced and not row.isHidden()]
            changed = sum(getattr(settings, spec.name) != spec.default for spec in folded)
            self.fold.set_contents(self, len(folded), changed)

    def withdraw(self) -> None:
        """Hide the form, and those of its fields that are in the fold; `set_value` brings these back."""
        self.hide()
        for row in self._rows.values():
            row.hide()
        if self.fold is not None:
            self.fold.set_contents(self, 0, 0)

    def mark(self, path: str, sentence: str | None) -> bool:
        """Show the field at `path` as wrong with `sentence` beneath, or, with None, as right.

        Returns
        -------
        Whether the form has that field.
        """
        for row in self._rows.values():
            if row.spec.path == path:
                row.mark(sentence)
                if sentence and row.spec.advanced and self.fold is not None:
                    self.fold.set_open(True)
                return True
        return False


def tooltip_html(text: str) -> str:
    """Plain lines as rich text, so that Qt wraps a long sentence."""
    return "<p>" + html.escape(text, quote=False).replace("\n", "<br>") + "</p>"
