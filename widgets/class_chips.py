"""The classes as chips: colour, shape and name; one is being drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFont,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QAbstractButton, QLineEdit, QMenu, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from engine.dataset import MAX_CLASSES
from engine.palette import CLASS_COLOURS, CLASS_SHAPES
from widgets.flow import FlowLayout
from widgets.icons import icon
from widgets.style import active_theme

_HEIGHT, _GLYPH, _PADDING, _GAP = 28, 10, 11, 6
_WIDEST = 150
_INK, _PAPER = "#0b0e14", "#ffffff"


def luminance(colour: QColor) -> float:
    """The relative luminance, 0 to 1 (WCAG 2.2)."""
    linear = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
              for c in (colour.redF(), colour.greenF(), colour.blueF()))  # fmt: skip
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(a: QColor, b: QColor) -> float:
    """The contrast ratio of two colours, 1 to 21 (WCAG 2.2)."""
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def text_on(colour: QColor) -> QColor:
    """Black or white, whichever is read better on `colour`."""
    return max(QColor(_INK), QColor(_PAPER), key=lambda text: contrast(text, colour))


def shape_path(shape: str, size: float) -> QPainterPath:
    """One of `CLASS_SHAPES` around the origin, `size` wide."""
    path, r = QPainterPath(), size / 2
    if shape == "circle":
        path.addEllipse(QPointF(0, 0), r, r)
    elif shape == "square":
        path.addRect(QRectF(-0.9 * r, -0.9 * r, 1.8 * r, 1.8 * r))
    elif shape == "cross":
        arm = 0.32 * r
        path.setFillRule(Qt.FillRule.WindingFill)
        path.addRect(QRectF(-r, -arm, 2 * r, 2 * arm))
        path.addRect(QRectF(-arm, -r, 2 * arm, 2 * r))
        path = path.simplified()
    else:
        path.addPolygon(QPolygonF(_corners(shape, r)))
        path.closeSubpath()
    return path


def _corners(shape: str, r: float) -> list[QPointF]:
    if shape == "triangle":
        return [QPointF(0, -r), QPointF(r, 0.8 * r), QPointF(-r, 0.8 * r)]
    if shape == "diamond":
        return [QPointF(0, -1.1 * r), QPointF(1.1 * r, 0), QPointF(0, 1.1 * r), QPointF(-1.1 * r, 0)]
    if shape != "star":
        raise ValueError(f"there is no shape called {shape!r}")
    turns = [(1.15 * r if i % 2 == 0 else 0.5 * r, math.pi * i / 5 - math.pi / 2) for i in range(10)]
    return [QPointF(radius * math.cos(angle), radius * math.sin(angle)) for radius, angle in turns]


def _bold(font: QFont) -> QFont:
    bold = QFont(font)
    bold.setBold(True)
    return bold


class ClassChip(QAbstractButton):
    """One class. A click chooses it; a double-click or F2 renames it in place."""

    rename_requested = Signal(str)
    remove_requested = Signal()

    def __init__(self, index: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._index = index
        self._removable = True
        self._editor: QLineEdit | None = None
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_class(self, name: str, count: int, *, removable: bool) -> None:
        """Show the class's name and how many points it has."""
        self._removable = removable
        if self.text() != name:
            self.setText(name)
            self.updateGeometry()
        points = "1 point" if count == 1 else f"{count:,} points"
        self.setToolTip(f"Draw points of class {name} ({points}). Double-click or F2 to rename.")
        self.setAccessibleName(f"Class {name}")
        self.setAccessibleDescription(f"{CLASS_SHAPES[self._index]}, {points}")

    def sizeHint(self) -> QSize:
        name = QFontMetrics(_bold(self.font())).horizontalAdvance(self.text())  # of the chosen one, the widest
        return QSize(min(2 * _PADDING + _GLYPH + _GAP + name, _WIDEST), _HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def start_renaming(self) -> None:
        """Open an editor in the chip's place; Enter takes the name, Escape the old one."""
        if self._editor is not None:
            return
        editor = QLineEdit(self.text(), self.parentWidget())
        editor.setMaxLength(40)
        editor.setAccessibleName(f"New name of class {self.text()}")
        editor.setGeometry(self.geometry().adjusted(0, 0, 46, 0))
        editor.editingFinished.connect(self._finish_renaming)
        editor.installEventFilter(self)
        self._editor = editor
        editor.show()
        editor.selectAll()
        editor.setFocus()

    def eventFilter(self, watched: object, event: object) -> bool:
        if watched is self._editor and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            self._close_editor()
            return True
        return False

    def _finish_renaming(self) -> None:
        if self._editor is None:
            return
        name = self._editor.text().strip()
        self._close_editor()
        if name and name != self.text():
            self.rename_requested.emit(name)

    def _close_editor(self) -> None:
        editor, self._editor = self._editor, None
        if editor is not None:
            editor.hide()
            editor.deleteLater()
            self.setFocus()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.start_renaming()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_F2:
            self.start_renaming()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Rename…").triggered.connect(self.start_renaming)
        remove = menu.addAction("Remove the class and its points")
        remove.setEnabled(self._removable)
        remove.triggered.connect(self.remove_requested)
        menu.popup(event.globalPos())

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = active_theme()
        colour = QColor(*CLASS_COLOURS[self._index])
        text = text_on(colour) if self.isChecked() else QColor(theme.text)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pill = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        painter.setPen(QPen(QColor(theme.text) if self.hasFocus() else colour, 2))
        ground = colour if self.isChecked() else QColor(theme.accent_soft if self.underMouse() else theme.raised)
        painter.setBrush(ground)
        painter.drawRoundedRect(pill, pill.height() / 2, pill.height() / 2)
        painter.translate(_PADDING + _GLYPH / 2, self.height() / 2)
        painter.fillPath(shape_path(CLASS_SHAPES[self._index], _GLYPH), text if self.isChecked() else colour)
        painter.resetTransform()
        painter.setPen(text)
        font = _bold(self.font()) if self.isChecked() else self.font()
        room = QRectF(_PADDING + _GLYPH + _GAP, 0, self.width() - 2 * _PADDING - _GLYPH - _GAP + 4, self.height())
        name = QFontMetrics(font).elidedText(self.text(), Qt.TextElideMode.ElideRight, round(room.width()))
        painter.setFont(font)
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, name)


class ClassChips(QWidget):
    """All classes, and a "+" for one more, up to six."""

    chosen = Signal(int)
    renamed = Signal(int, str)
    added = Signal()
    removed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        self._flow = FlowLayout(spacing=5)
        outer.addLayout(self._flow)
        self._chips: list[ClassChip] = []
        self.add_button = QToolButton()
        self.add_button.setProperty("look", "small")
        self.add_button.setAccessibleName("Add a class")
        self.add_button.setToolTip(f"Adds a class, up to {MAX_CLASSES}.")
        self.add_button.clicked.connect(self.added)
        self._flow.addWidget(self.add_button)
        self.restyle()

    def chip(self, index: int) -> ClassChip:
        return self._chips[index]

    def __len__(self) -> int:
        return len(self._chips)

    def restyle(self) -> None:
        """Draw the icons in the active theme's colours."""
        self.add_button.setIcon(icon("plus", active_theme(), 14))

    def set_classes(self, names: Sequence[str], counts: Sequence[int]) -> None:
        """Show the classes; nothing is emitted."""
        while len(self._chips) > len(names):
            chip = self._chips.pop()
            self._flow.removeWidget(chip)
            chip.hide()
            chip.deleteLater()
        while len(self._chips) < len(names):
            self._add_chip(len(self._chips))
        for index, chip in enumerate(self._chips):
            count = counts[index] if index < len(counts) else 0
            chip.set_class(names[index], count, removable=len(names) > 2)
        self.add_button.setVisible(len(names) < MAX_CLASSES)

    def set_active(self, index: int) -> None:
        """Show the class at `index` as the one being drawn."""
        if 0 <= index < len(self._chips):
            self._chips[index].setChecked(True)

    def _add_chip(self, index: int) -> None:
        chip = ClassChip(index)
        chip.clicked.connect(self._on_clicked)
        chip.rename_requested.connect(self._on_rename_requested)
        chip.remove_requested.connect(self._on_remove_requested)
        self._chips.append(chip)
        self._flow.insert_widget(index, chip)

    def _index_of_sender(self) -> int:
        sender = self.sender()
        return next(index for index, chip in enumerate(self._chips) if chip is sender)

    def _on_clicked(self) -> None:
        self.chosen.emit(self._index_of_sender())

    def _on_rename_requested(self, name: str) -> None:
        self.renamed.emit(self._index_of_sender(), name)

    def _on_remove_requested(self) -> None:
        self.removed.emit(self._index_of_sender())
