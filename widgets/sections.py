"""The parts that panels are built from: headings, sections, folds, segmented choices, chips."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QFont, QHelpEvent, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QToolButton,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from widgets.icons import icon
from widgets.style import active_theme


class Heading(QLabel):
    """The small capitals over a section."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setProperty("look", "heading")
        font = QFont(self.font())
        font.setCapitalization(QFont.Capitalization.AllUppercase)
        font.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, 0.8)
        self.setFont(font)


class ElidedLabel(QLabel):
    """A line that takes the room it is given: the longest of several wordings that fits, or the last one cut short."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._texts: tuple[str, ...] = ("",)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def set_texts(self, texts: tuple[str, ...]) -> None:
        """Show one of these wordings, the longest first; that one is the tooltip, and what is read aloud."""
        if texts != self._texts:
            self._texts = texts
            self.setToolTip(texts[0])
            self.setAccessibleName(texts[0])
            self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        letters, room = self.fontMetrics(), self.contentsRect().width()
        fitting = next((text for text in self._texts if letters.horizontalAdvance(text) <= room), None)
        self.setText(fitting or letters.elidedText(self._texts[-1], Qt.TextElideMode.ElideMiddle, room))


class Sentence(QLabel):
    """The sentence beneath a control that is wrong; hidden while nothing is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("look", "sentence")
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.hide()

    def say(self, sentence: str | None) -> None:
        """Show `sentence`, or nothing where it is None or empty."""
        self.setText(sentence or "")
        self.setVisible(bool(sentence))


class Section(QWidget):
    """A heading and, under it, controls; a sentence at the end where something about the whole is wrong."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(5)
        self.setAccessibleName(title)
        self.heading = Heading(title)
        self.body.addWidget(self.heading)
        self._sentence = Sentence(self)

    def add(self, widget: QWidget) -> QWidget:
        """Append `widget` and return it."""
        self.body.addWidget(widget)
        return widget

    def say(self, sentence: str | None) -> None:
        """Show what is wrong with the section as a whole, or None."""
        self.body.addWidget(self._sentence)  # the last, whatever was added since
        self._sentence.say(sentence)


class Fold(QWidget):
    """A "More" button that shows and hides what is below it; it says how many settings there are not at their default.

    Parameters
    ----------
    name : what it is remembered by.
    """

    toggled = Signal(bool)

    def __init__(
        self,
        name: str,
        title: str = "More",
        tooltip: str = "Shows the settings that are seldom needed.",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._title = title
        self._contents: dict[QWidget, tuple[int, int]] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        self.button = QToolButton()
        self.button.setProperty("look", "ghost")
        self.button.setCheckable(True)
        self.button.setText(title)
        self.button.setToolTip(tooltip)
        self.button.setAccessibleName(title)
        self.button.setAccessibleDescription(tooltip)
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.button.setIconSize(QSize(12, 12))
        layout.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)
        self.content = QWidget()
        self.body = QVBoxLayout(self.content)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(4)
        self.content.hide()
        layout.addWidget(self.content)
        self.button.toggled.connect(self._show)
        self._draw_arrow()

    @property
    def is_open(self) -> bool:
        return self.button.isChecked()

    def set_open(self, opened: bool) -> None:
        self.button.setChecked(opened)

    def set_contents(self, source: QWidget, shown: int, changed: int) -> None:
        """Tell how many settings `source` shows inside, and how many of them are not at their default.

        A fold in which nothing is shown hides itself.
        """
        self._contents[source] = shown, changed
        changes = sum(count for _, count in self._contents.values())
        self.button.setText(f"{self._title} ({changes} changed)" if changes else self._title)
        self.setVisible(any(count for count, _ in self._contents.values()))

    def _show(self, opened: bool) -> None:
        self.content.setVisible(opened)
        self._draw_arrow()
        self.toggled.emit(opened)

    def _draw_arrow(self) -> None:
        theme = active_theme()
        name = "chevron-down" if self.is_open else "chevron-right"
        self.button.setIcon(icon(name, theme, 12, theme.muted))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._draw_arrow()


class Panel(QScrollArea):
    """A column of sections that scrolls where the window is too low for it.

    Parameters
    ----------
    width : the width it asks for, in pixels. It can be made wider, and narrower as far as nothing is cut off.
    """

    fold_toggled = Signal(str, bool)
    """The name of a fold and whether it is open now."""

    def __init__(self, title: str, width: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._width = width
        self._remembered: dict[str, bool] = {}
        self.setAccessibleName(title)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        content = QWidget()
        content.setProperty("look", "panel")
        self.column = QVBoxLayout(content)
        self.column.setContentsMargins(12, 12, 12, 12)
        self.column.setSpacing(12)
        self.setWidget(content)

    def sizeHint(self) -> QSize:
        return QSize(max(self._width, self.minimumSizeHint().width()), 600)

    def minimumSizeHint(self) -> QSize:
        content = self.widget()
        width = content.minimumSizeHint().width() if content is not None else 0
        return QSize(width + self.verticalScrollBar().sizeHint().width(), 120)

    def add_section(self, title: str) -> Section:
        """Append an empty section."""
        section = Section(title)
        self.column.addWidget(section)
        return section

    def finish(self) -> None:
        """Close the column after its last section."""
        self.column.addStretch(1)
        for fold in self.findChildren(Fold):
            fold.toggled.connect(self._on_fold_toggled)

    def folds(self) -> dict[str, bool]:
        """Which folds are open, by name: to be remembered."""
        return {fold.objectName(): fold.is_open for fold in self.findChildren(Fold)}

    def set_folds(self, opened: Mapping[str, bool]) -> None:
        """Open and close folds by name; of those that are made later, it is remembered."""
        self._remembered = dict(opened)
        for fold in self.findChildren(Fold):
            fold.set_open(bool(opened.get(fold.objectName(), fold.is_open)))

    def _on_fold_toggled(self, opened: bool) -> None:
        fold = self.sender()
        if fold is not None:
            self.fold_toggled.emit(fold.objectName(), opened)


class Segmented(QWidget):
    """One choice among a few, side by side.

    Parameters
    ----------
    options : (id, label, tooltip) of each.
    """

    chosen = Signal(str)
    """The id a person chose."""

    def __init__(self, options: Sequence[tuple[str, str, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QPushButton] = {}
        for index, (key, label, tooltip) in enumerate(options):
            button = QPushButton(label)
            button.setCheckable(True)
            button.setToolTip(tooltip)
            button.setAccessibleName(label)
            button.setAccessibleDescription(tooltip)
            button.setProperty("key", key)
            place = "first" if index == 0 else "last" if index == len(options) - 1 else "middle"
            button.setProperty("segment", place)
            self._group.addButton(button)
            self._buttons[key] = button
            layout.addWidget(button, 1)
        self._group.buttonClicked.connect(self._on_clicked)

    def set_chosen(self, key: str) -> None:
        """Show `key` as the choice."""
        self._buttons[key].setChecked(True)

    def button(self, key: str) -> QPushButton:
        """The button of one option."""
        return self._buttons[key]

    def _on_clicked(self, button: QPushButton) -> None:
        self.chosen.emit(button.property("key"))


class QuietComboBox(QComboBox):
    """A combo box that elides instead of widening, and that the wheel passes over unless it has the focus."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(5)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def set_key(self, key: str) -> None:
        """Show the item whose data is `key`; nothing is chosen where there is none."""
        self.setCurrentIndex(self.findData(key))

    @property
    def fitting_text(self) -> str:
        """The chosen item's text, with an ellipsis in it where the box is too narrow for all of it."""
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        part = QStyle.SubControl.SC_ComboBoxEditField
        room = self.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, part, self).width() - 2
        return self.fontMetrics().elidedText(self.currentText(), Qt.TextElideMode.ElideRight, room)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.fitting_text == self.currentText():
            super().paintEvent(event)
            return
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        option.currentText = self.fitting_text
        painter = QStylePainter(self)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
        painter.end()

    def event(self, event: QEvent) -> bool:
        is_cut = self.fitting_text != self.currentText()
        if is_cut and isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            told = self.toolTip()
            idea = told if told.startswith("<") else html.escape(told)
            QToolTip.showText(event.globalPos(), f"<p><b>{html.escape(self.currentText())}</b></p>{idea}", self)
            return True
        return super().event(event)

    def showPopup(self) -> None:
        view = self.view()
        view.setMinimumWidth(view.sizeHintForColumn(0) + 2 * view.frameWidth() + 12)
        super().showPopup()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class Dice(QToolButton):
    """A button that draws a seed."""

    def __init__(self, name: str, tooltip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("look", "small")
        self.setToolTip(tooltip)
        self.setAccessibleName(name)
        self.setAccessibleDescription(tooltip)
        self._restyle()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._restyle()

    def _restyle(self) -> None:
        self.setIcon(icon("dice", active_theme(), 16))


def chip(text: str, tooltip: str, accessible_name: str = "") -> QToolButton:
    """A small button that is on or off."""
    button = QToolButton()
    button.setProperty("look", "chip")
    button.setCheckable(True)
    button.setText(text)
    button.setToolTip(tooltip)
    button.setAccessibleName(accessible_name or text)
    button.setAccessibleDescription(tooltip)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return button
