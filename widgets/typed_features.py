"""Features that are typed as formulas: the line they are typed in, its preview, and a chip for each in use."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.dataset import FloatArray
from engine.experiment import MOST_FORMULAS, feature_variables
from engine.feature_terms import Typed, input_variables
from engine.formulas import FormulaError, read
from widgets.flow import FlowLayout
from widgets.form import tooltip_html
from widgets.formula import FormulaCard
from widgets.formula_field import FormulaField
from widgets.formula_plot import FormulaPlot, graph_of
from widgets.icons import icon
from widgets.sections import ElidedLabel, Sentence
from widgets.style import active_theme, scaled, set_look

_WIDEST_TEXT = 150
_MOST_MEANINGS = 40
"""Of so many columns it is told at most what they are called."""
_EXAMPLES = {1: ("sin(3*x)", "exp(-x**2)"), 2: ("x1*x2", "exp(-x1**2)")}
_USED, _CHANGED = "Return adds it.", "Return changes it, Escape leaves it as it was."
_UNREAD = "As far as it could be read."


class FeatureChip(QFrame):
    """One feature in use: its formula, which a click takes into the line, and a button that removes it."""

    edit_requested = Signal()
    remove_requested = Signal()

    def __init__(self, formula: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.formula = formula
        self.setProperty("look", "chip")
        row = QHBoxLayout(self)
        row.setContentsMargins(1, 1, 1, 1)
        row.setSpacing(0)
        text = Typed(read(formula, feature_variables(formula))).text()
        self.edit_button = _part("chip-text", f"Feature {formula}", "In use. A click or Return changes it.")
        letters = self.edit_button.fontMetrics()
        self.edit_button.setText(letters.elidedText(text, Qt.TextElideMode.ElideMiddle, scaled(_WIDEST_TEXT)))
        self.edit_button.setToolTip(tooltip_html(f"{text}\nIn use. A click changes it."))
        self.edit_button.clicked.connect(self.edit_requested)
        self.remove_button = _part("chip-remove", f"Remove feature {formula}", "Takes the feature away.")
        self.remove_button.setIconSize(QSize(12, 12))
        self.remove_button.setToolTip(tooltip_html("Takes the feature away."))
        self.remove_button.clicked.connect(self.remove_requested)
        row.addWidget(self.edit_button)
        row.addWidget(self.remove_button)
        self.setFocusProxy(self.edit_button)
        self._restyle()

    @property
    def has_focus(self) -> bool:
        """Whether one of its buttons has the focus."""
        return self.edit_button.hasFocus() or self.remove_button.hasFocus()

    def set_in_hand(self, in_hand: bool) -> None:
        """Show whether it is this feature that is being changed."""
        set_look(self, "inHand", in_hand)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.remove_requested.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            (self.remove_requested if self.remove_button.hasFocus() else self.edit_requested).emit()
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "remove_button"):
            self._restyle()

    def _restyle(self) -> None:
        theme = active_theme()
        self.remove_button.setIcon(icon("close", theme, 12, theme.accent))


def _part(look: str, name: str, description: str) -> QToolButton:
    button = QToolButton()
    button.setProperty("look", look)
    button.setAccessibleName(name)
    button.setAccessibleDescription(description)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return button


class TypedFeatures(QWidget):
    """The features that were typed, and the line for another. It raises wishes and decides nothing."""

    edited = Signal(str, object, bool)
    """The path in the document, all formulas as they should be, in their order, and True."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: tuple[str, ...] = input_variables(2)
        self._X: FloatArray = np.zeros((0, 2))
        self._formulas: tuple[str, ...] = ()
        self._in_hand: str | None = None
        self._wished = ""
        self._chips: list[FeatureChip] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        self._chips_box = QWidget()
        self._flow = FlowLayout(self._chips_box, spacing=5)
        self._chips_box.hide()
        self.field = FormulaField(self._complaint, "")
        self.field.line.setAccessibleName("Add a feature")
        self.field.line.returnPressed.connect(self._on_return)
        self.field.previewed.connect(self._preview)
        self.field.refused.connect(self._on_refused)
        self._add = QAction("Add the feature", self)
        self._add.setToolTip("Adds the feature, as Return does.")
        self._add.triggered.connect(self._on_return)
        self.field.line.addAction(self._add, QLineEdit.ActionPosition.TrailingPosition)
        self._columns = ElidedLabel()
        self._columns.setProperty("look", "hint")
        self._preview_box = QWidget()
        shown = QVBoxLayout(self._preview_box)
        shown.setContentsMargins(0, 0, 0, 0)
        shown.setSpacing(5)
        self.card, self.plot, self._hint = FormulaCard(), FormulaPlot(), QLabel()
        self._hint.setProperty("look", "hint")
        self._hint.setWordWrap(True)
        shown.addWidget(self.card)
        shown.addWidget(self.plot)
        shown.addWidget(self._hint)
        self._sentence = Sentence()
        for widget in (self._chips_box, self._sentence, self.field, self._columns, self._preview_box):
            column.addWidget(widget)
        self._describe()
        self._empty()
        self._restyle()

    @property
    def chips(self) -> tuple[FeatureChip, ...]:
        """The chips of the formulas in use, in their order."""
        return tuple(self._chips)

    # Setters

    def set_inputs(self, names: tuple[str, ...], X: FloatArray) -> None:
        """Tell what the inputs are called, and where the points are: X (n, d)."""
        self._X = X
        if names == self._names:
            return
        self._names = names
        self._describe()
        self.field.check()

    def set_formulas(self, formulas: tuple[str, ...]) -> None:
        """Show the formulas in use; nothing is emitted. One that is being typed stays."""
        if formulas == self._formulas:
            return
        self._formulas = formulas
        self._show_chips()
        if self._wished in formulas and self.field.line.text().strip() == self._wished:
            self._empty()
        else:
            self._take_in_hand(self._in_hand if self._in_hand in formulas else None)
            self.field.check()
        self._wished = ""

    def say(self, sentence: str | None) -> None:
        """Show what is wrong with the formulas in use, or None."""
        self._sentence.say(sentence)

    # What is typed

    def _complaint(self, text: str) -> FormulaError | None:
        """What is wrong with a text, or None; an empty line is no mistake."""
        if not text.strip():
            return None
        variables = input_variables(len(self._names))
        if len(self._names) == 1 and "x1" not in text:
            variables = variables[:1]  # of the two names of one input, the one that is usual
        try:
            formula = read(text, variables)
        except FormulaError as error:
            return self._renamed(error, text)
        others = [each for each in self._formulas if each != self._in_hand]
        sentence = ""
        if not formula.used:
            sentence = f"This is the same for every point: let it depend on an input, such as {variables[0]}."
        elif text.strip() in others:
            sentence = "This feature is in use already."
        elif len(others) >= MOST_FORMULAS:
            sentence = f"There are {MOST_FORMULAS} typed features, and there can be no more: take one away first."
        return FormulaError(sentence, 0, len(text)) if sentence else None

    def _renamed(self, error: FormulaError, text: str) -> FormulaError:
        """Where the name of a column was typed, say what a formula calls it."""
        wrong = text[error.start : error.end].strip().casefold()
        columns = [name.casefold() for name in self._names]
        if not wrong or wrong not in columns:
            return error
        place = columns.index(wrong)
        variable = input_variables(len(columns))[place]
        return FormulaError(f"Write {variable} for {self._names[place]}.", error.start, error.end)

    def _preview(self, text: str) -> None:
        if not text.strip():
            self._preview_box.hide()
            self._add.setEnabled(False)
            return
        term = Typed(read(text, input_variables(len(self._names))))
        self.card.set_latex(term.formula_latex(), f"The feature {term.text().strip()}.")
        self.plot.set_graph(graph_of(term, self._X))
        if self._preview_box.isHidden():
            self._preview_box.show()
            QTimer.singleShot(0, self, self._bring_into_view)  # when it has been given its place
        self.field.note(self._gaps(term))
        self._hint.setText(_USED if self._in_hand is None else _CHANGED)
        self._add.setEnabled(True)

    def _gaps(self, term: Typed) -> str:
        """At how many points a feature has no value; empty where it has one everywhere."""
        values = term.values(self._X.astype(np.float64).T) if len(self._X) else np.zeros(0)
        wrong = np.flatnonzero(~np.isfinite(values))
        if len(wrong) == 0:
            return ""
        at = ", ".join(f"{value:.3g}" for value in self._X[wrong[0]])
        return f"Not a finite number at {len(wrong):,} of {len(self._X):,} points, such as ({at})."

    def _bring_into_view(self) -> None:
        panel = self.parentWidget()
        while panel is not None and not isinstance(panel, QScrollArea):
            panel = panel.parentWidget()
        if panel is not None and self.field.line.hasFocus():
            panel.ensureWidgetVisible(self._preview_box, 0, 12)

    def _on_refused(self) -> None:
        self._hint.setText(_UNREAD)
        self._add.setEnabled(False)

    def _on_return(self) -> None:
        text = self.field.line.text().strip()
        if not text or self._complaint(text) is not None:
            return
        if text == self._in_hand:
            self._empty()
            return
        self._wished = text
        if self._in_hand is None:
            self._wish((*self._formulas, text))
        else:
            self._wish(tuple(text if each == self._in_hand else each for each in self._formulas))

    def _empty(self) -> None:
        """Nothing is being typed."""
        self.field.clear()
        self.field.check()
        self._take_in_hand(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and (self.field.line.text() or self._in_hand is not None):
            self._empty()
        else:
            super().keyPressEvent(event)

    # Chips

    def _show_chips(self) -> None:
        in_focus = next((place for place, chip in enumerate(self._chips) if chip.has_focus), None)
        before = {chip.formula: chip for chip in self._chips}
        for chip in self._chips:
            self._flow.removeWidget(chip)
        self._chips = [before.get(formula) or self._chip(formula) for formula in self._formulas]
        for place, chip in enumerate(self._chips):
            self._flow.insert_widget(place, chip)
        self._chips_box.setVisible(bool(self._chips))
        self._set_tab_order()
        if in_focus is not None and not any(chip.has_focus for chip in self._chips):
            # The next one, so that several can be taken away in a row.
            (self._chips[min(in_focus, len(self._chips) - 1)] if self._chips else self.field).setFocus()
        for formula in before.keys() - set(self._formulas):
            before[formula].hide()
            before[formula].deleteLater()

    def _set_tab_order(self) -> None:
        """The chips before the line, as they stand; Qt would put new ones at the end of the window."""
        line = self.field.line
        before = line.previousInFocusChain()
        while before is not None and before is not line:
            if before.focusPolicy() & Qt.FocusPolicy.TabFocus and not self._chips_box.isAncestorOf(before):
                break
            before = before.previousInFocusChain()
        if before is None or before is line:
            return  # alone in its window
        for chip in self._chips:
            for button in (chip.edit_button, chip.remove_button):
                QWidget.setTabOrder(before, button)
                before = button

    def _chip(self, formula: str) -> FeatureChip:
        chip = FeatureChip(formula)
        chip.edit_requested.connect(self._on_edit_requested)
        chip.remove_requested.connect(self._on_remove_requested)
        return chip

    def _on_edit_requested(self) -> None:
        chip = self.sender()
        assert isinstance(chip, FeatureChip)
        self._take_in_hand(chip.formula)
        self.field.clear()
        self.field.set_text(chip.formula)
        self.field.check()
        self.field.line.setFocus()
        self.field.line.selectAll()

    def _on_remove_requested(self) -> None:
        chip = self.sender()
        assert isinstance(chip, FeatureChip)
        self._wish(tuple(each for each in self._formulas if each != chip.formula))

    def _wish(self, formulas: tuple[str, ...]) -> None:
        self.edited.emit("preparation.formulas", formulas, True)

    def _take_in_hand(self, formula: str | None) -> None:
        self._in_hand = formula
        for chip in self._chips:
            chip.set_in_hand(chip.formula == formula)

    # Look

    def _describe(self) -> None:
        """Say what can be typed."""
        variables = input_variables(len(self._names))[: len(self._names)]
        examples = _EXAMPLES[min(2, len(variables))]
        said = variables if len(variables) < 4 else (variables[0], variables[1], "…", variables[-1])
        self.field.set_hint(f"{', '.join(said)}, as in {' or '.join(examples)}")
        self.field.line.setPlaceholderText(f"Add a feature, e.g. {examples[0]}")
        pairs = zip(variables, self._names, strict=True)
        meanings = [f"{variable} is {name}" for variable, name in pairs if variable != name]
        if len(meanings) > _MOST_MEANINGS:
            meanings = [*meanings[: _MOST_MEANINGS - 1], f"… {meanings[-1]}"]
        self._columns.setVisible(bool(meanings))
        few = (
            tuple(" … ".join(ends) for ends in ((meanings[0], meanings[-1].lstrip("… ")), (meanings[0], "")))
            if meanings
            else ()
        )
        self._columns.set_texts((", ".join(meanings), *few))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "_sentence"):
            self._restyle()

    def _restyle(self) -> None:
        self._add.setIcon(icon("plus", active_theme(), 14))
