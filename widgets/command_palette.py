"""Every command by name: type a few letters, choose, Enter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QObject, QPersistentModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from widgets.style import active_theme

_WIDTH, _ROWS = 520, 10
_AnyIndex = QModelIndex | QPersistentModelIndex
SHORTCUT_ROLE = Qt.ItemDataRole.UserRole + 1


@dataclass(frozen=True)
class Command:
    """One row: what is emitted, what is read, the keys that do the same, and whether it can be chosen now."""

    id: str
    text: str
    shortcut: str = ""
    enabled: bool = True


def match_score(query: str, text: str) -> float | None:
    """How well `query` fits `text`; larger is better, None where a letter is missing.

    The letters must occur in order. Those that begin a word, or follow one another, count more; so do short texts.

    >>> match_score("exf", "Export figure…") > match_score("exf", "Next file")
    True
    >>> match_score("xyz", "Export figure…") is None
    True
    """
    letters, haystack = query.casefold().replace(" ", ""), text.casefold()
    best = {-1: 0.0}  # by the place of the letter matched last
    for letter in letters:
        reached: dict[int, float] = {}
        for place in (i for i, other in enumerate(haystack) if other == letter):
            begins = place == 0 or not haystack[place - 1].isalnum()
            gains = [
                score + 1.0 + 2.0 * begins + 2.0 * (last == place - 1 and last >= 0)
                for last, score in best.items()
                if last < place
            ]
            if gains:
                reached[place] = max(gains)
        best = reached
    return max(best.values()) - 0.01 * len(haystack) if best else None


def matching(query: str, commands: Sequence[Command]) -> list[Command]:
    """The commands that fit, the best first; all in their order where nothing is typed."""
    if not query.strip():
        return list(commands)
    scored = ((match_score(query, command.text), command) for command in commands)
    found = [(score, command) for score, command in scored if score is not None]
    return [command for _, command in sorted(found, key=lambda pair: -pair[0])]


class _CommandModel(QAbstractListModel):
    """The rows shown."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._rows: list[Command] = []

    def set_rows(self, rows: list[Command]) -> None:
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def command(self, row: int) -> Command:
        return self._rows[row]

    def rowCount(self, parent: _AnyIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def data(self, index: _AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        command = self._rows[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return command.text
        if role == SHORTCUT_ROLE:
            return command.shortcut
        return None

    def flags(self, index: _AnyIndex) -> Qt.ItemFlag:
        if not self._rows[index.row()].enabled:
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable


class _CommandDelegate(QStyledItemDelegate):
    """The text at the left, the keys at the right."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _AnyIndex) -> None:
        super().paint(painter, option, index)
        theme = active_theme()
        is_chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setPen(QColor(theme.text if is_chosen else theme.muted))
        place = option.rect.adjusted(0, 0, -10, 0)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(place, right, index.data(SHORTCUT_ROLE))
        painter.restore()


class CommandPalette(QFrame):
    """A pop-up over a window. Arrows move, Enter chooses, Escape closes."""

    chosen = Signal(str)
    """The id of a command."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self._commands: tuple[Command, ...] = ()
        self.setAccessibleName("Commands")
        self.setProperty("look", "palette")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(6)
        self.query = QLineEdit()
        self.query.setPlaceholderText("Type a command")
        self.query.setAccessibleName("Command")
        self.query.setClearButtonEnabled(False)
        self.query.textChanged.connect(self._on_text)
        self.query.installEventFilter(self)
        self.list = QListView()
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setUniformItemSizes(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setAccessibleName("Commands that fit")
        self._model = _CommandModel(self)
        self.list.setModel(self._model)
        self.list.setItemDelegate(_CommandDelegate(self.list))
        self.list.clicked.connect(self._on_clicked)
        layout.addWidget(self.query)
        layout.addWidget(self.list)

    def set_commands(self, commands: Sequence[Command]) -> None:
        """What can be found."""
        self._commands = tuple(commands)
        self._on_text(self.query.text())

    def shown_commands(self) -> tuple[Command, ...]:
        """The commands that fit what is typed, the best first."""
        return tuple(self._model.command(row) for row in range(self._model.rowCount()))

    def open_over(self, window: QWidget) -> None:
        """Show it at the top of `window`, empty, ready to be typed into."""
        self.query.clear()
        self._on_text("")
        width = min(_WIDTH, window.width() - 40)
        row = max(self.list.sizeHintForRow(0), 24)
        rows = min(max(len(self._commands), 1), _ROWS)
        self.resize(width, self.query.sizeHint().height() + rows * row + 32)
        self.move(window.mapToGlobal(QPoint((window.width() - width) // 2, min(72, window.height() // 10))))
        self.show()
        self.query.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.query and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            return self._on_key(Qt.Key(event.key()))
        return super().eventFilter(watched, event)

    def _on_key(self, key: Qt.Key) -> bool:
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: _ROWS, Qt.Key.Key_PageUp: -_ROWS}
        if key in steps:
            self._move_by(steps[key])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._choose(self.list.currentIndex())
        elif key == Qt.Key.Key_Escape:
            self.hide()
        else:
            return False
        return True

    def _move_by(self, steps: int) -> None:
        rows = [row for row in range(self._model.rowCount()) if self._model.command(row).enabled]
        if not rows:
            return
        current = self.list.currentIndex().row()
        place = rows.index(current) if current in rows else -1
        self.list.setCurrentIndex(self._model.index(rows[min(max(place + steps, 0), len(rows) - 1)], 0))

    def _on_text(self, query: str) -> None:
        self._model.set_rows(matching(query, self._commands))
        self._move_by(1)

    def _on_clicked(self, index: QModelIndex) -> None:
        self._choose(index)

    def _choose(self, index: QModelIndex) -> None:
        if not index.isValid() or not self._model.command(index.row()).enabled:
            return
        command = self._model.command(index.row())
        self.hide()
        self.chosen.emit(command.id)
