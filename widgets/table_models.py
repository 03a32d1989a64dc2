"""What the dialog about a table shows, as values and as models of its two views."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import (
    QAbstractItemModel,
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QWidget

from widgets.sections import QuietComboBox

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()
NAME, KIND, MISSING, REMARK = range(4)
_TITLES = ("Feature", "Kind", "Missing", "Found")
_TIPS = (
    "Checked columns are what the model sees.",
    "What the column holds: choose another kind where the guess is wrong.",
    "How many cells are missing.",
    "What is odd about the column.",
)


@dataclass(frozen=True)
class PreviewChoice:
    """One thing about the file that was guessed and can be corrected.

    Parameters
    ----------
    id, title, tooltip : the key, the label, and what it means.
    options : (key, label) of each; the guessed one says so.
    value : the key in force.
    """

    id: str
    title: str
    tooltip: str
    options: tuple[tuple[str, str], ...]
    value: str


@dataclass(frozen=True)
class PreviewColumn:
    """One column: its kind, whether it is a feature (None where it cannot be one), and what is odd about it."""

    name: str
    kind: str
    chosen: bool | None
    missing: int
    remark: str


@dataclass(frozen=True, eq=False)
class PreviewContent:
    """All that the dialog shows.

    Parameters
    ----------
    title : which table, and how large it is.
    rows : the first rows, as they are written.
    columns : in the order of the rows' cells.
    kinds : (key, label) of what a column can hold.
    choices : about the file; none for a table that is open already.
    targets : the columns that can be predicted.
    target : the one that is; its values are classes or numbers by `target_as`.
    remarks : sentences about the table as a whole.
    problem : why it cannot be opened like this; empty where it can.
    """

    title: str
    rows: tuple[tuple[str, ...], ...]
    columns: tuple[PreviewColumn, ...]
    kinds: tuple[tuple[str, str], ...]
    choices: tuple[PreviewChoice, ...]
    targets: tuple[str, ...]
    target: str
    target_as: PreviewChoice
    remarks: tuple[str, ...]
    problem: str


class RowsModel(QAbstractTableModel):
    """The first rows, as they are written."""

    def __init__(self, content: PreviewContent) -> None:
        super().__init__()
        self._content = content

    def set_content(self, content: PreviewContent) -> None:
        old, self._content = self._content, content
        if old.rows is not content.rows:
            self.beginResetModel()
            self.endResetModel()

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._content.rows)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._content.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return " ".join(self._content.rows[index.row()][index.column()].split())
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return self._content.columns[section].name if orientation == Qt.Orientation.Horizontal else str(section + 1)


class ColumnsModel(QAbstractTableModel):
    """What each column holds; checks and kinds become wishes."""

    kind_changed = Signal(str, str)
    feature_toggled = Signal(str, bool)

    def __init__(self, content: PreviewContent) -> None:
        super().__init__()
        self._content = content

    @property
    def kinds(self) -> tuple[tuple[str, str], ...]:
        return self._content.kinds

    def set_content(self, content: PreviewContent) -> None:
        """Keep the current row and an open editor where it is the same table."""
        old, self._content = self._content, content
        if [each.name for each in old.columns] == [each.name for each in content.columns]:
            self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, REMARK))
            return
        self.beginResetModel()
        self.endResetModel()

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._content.columns)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(_TITLES)

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if index.column() == KIND:
            flags |= Qt.ItemFlag.ItemIsEditable
        if index.column() == NAME and self._content.columns[index.row()].chosen is not None:
            flags |= Qt.ItemFlag.ItemIsUserCheckable
        return flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        column = self._content.columns[index.row()]
        place = index.column()
        if role == Qt.ItemDataRole.CheckStateRole and place == NAME and column.chosen is not None:
            return Qt.CheckState.Checked if column.chosen else Qt.CheckState.Unchecked
        if role == Qt.ItemDataRole.EditRole and place == KIND:
            return column.kind
        if role == Qt.ItemDataRole.TextAlignmentRole and place == MISSING:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        if place == NAME:
            return f"{column.name}  (target)" if column.name == self._content.target else column.name
        if place == KIND:
            return f"{dict(self.kinds)[column.kind]} ▾"
        return column.remark if place == REMARK else f"{column.missing:,}" if column.missing else ""

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        column = self._content.columns[index.row()]
        if role == Qt.ItemDataRole.CheckStateRole and column.chosen is not None:
            self.feature_toggled.emit(column.name, Qt.CheckState(value) == Qt.CheckState.Checked)
            return True
        if role == Qt.ItemDataRole.EditRole and index.column() == KIND and value != column.kind:
            self.kind_changed.emit(column.name, str(value))
            return True
        return False

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return _TITLES[section]
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.ToolTipRole:
            return _TIPS[section]
        return None


class KindDelegate(QStyledItemDelegate):
    """A combo box where the kind of a column is chosen."""

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        box = QuietComboBox(parent)
        box.setAccessibleName("Kind")
        model = index.model()
        assert isinstance(model, ColumnsModel)
        for key, label in model.kinds:
            box.addItem(label, key)
        box.activated.connect(self._on_activated)
        QTimer.singleShot(0, box, box.showPopup)  # who clicked there wants to see what there is
        return box

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        assert isinstance(editor, QuietComboBox)
        editor.set_key(str(index.data(Qt.ItemDataRole.EditRole)))

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        assert isinstance(editor, QuietComboBox)
        model.setData(index, editor.currentData())

    def _on_activated(self) -> None:
        editor = self.sender()
        if isinstance(editor, QWidget):
            self.commitData.emit(editor)
            self.closeEditor.emit(editor)
