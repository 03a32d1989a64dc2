"""A table before it is opened: its first rows, what each column holds, and what can be corrected about that."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractTableModel, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSplitter,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from widgets.sections import Heading, QuietComboBox, Sentence
from widgets.style import scaled
from widgets.table_models import (
    KIND,
    MISSING,
    NAME,
    REMARK,
    ColumnsModel,
    KindDelegate,
    PreviewChoice,
    PreviewContent,
    RowsModel,
)

_WIDEST = 220
"""Pixels that a column of the preview has at first, at most."""


class TablePreview(QDialog):
    """Shows what was found in a table, and raises wishes for what is to be otherwise."""

    choice_changed = Signal(str, str)
    """The id of a choice about the file, and its key."""
    kind_changed = Signal(str, str)
    feature_toggled = Signal(str, bool)
    all_features_requested = Signal(bool)
    target_chosen = Signal(str)

    def __init__(self, content: PreviewContent, accept_text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("table_preview")
        self.setWindowTitle("Table")
        self.resize(scaled(860), scaled(640))
        self._rows, self._columns = RowsModel(content), ColumnsModel(content)
        self._columns.kind_changed.connect(self.kind_changed)
        self._columns.feature_toggled.connect(self.feature_toggled)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 14)
        layout.setSpacing(10)
        self._title = QLabel()
        self._title.setProperty("look", "title")
        self._title.setWordWrap(True)
        layout.addWidget(self._title)
        self._choices: dict[str, QuietComboBox] = {}
        line = QHBoxLayout()
        line.setSpacing(8)
        for choice in content.choices:
            self._add_choice(line, choice)
        if content.choices:
            layout.addLayout(line)
        layout.addWidget(self._tables(), 1)
        layout.addLayout(self._target_line(content))
        self._remarks = QLabel()
        self._remarks.setProperty("look", "hint")
        self._remarks.setWordWrap(True)
        self._remarks.setTextFormat(Qt.TextFormat.PlainText)
        self._problem = Sentence()
        self._problem.setObjectName("table_problem")
        layout.addWidget(self._remarks)
        layout.addWidget(self._problem)
        self.buttons = QDialogButtonBox()
        cancel = QPushButton("Cancel")
        cancel.setAutoDefault(False)
        self.buttons.addButton(cancel, QDialogButtonBox.ButtonRole.RejectRole)
        self.open_button = QPushButton(accept_text)
        self.open_button.setDefault(True)
        self.buttons.addButton(self.open_button, QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        layout.addWidget(self.buttons)
        self.set_content(content)
        self.columns_view.setFocus()

    def set_content(self, content: PreviewContent) -> None:
        """Show `content`; nothing is emitted."""
        self._title.setText(content.title)
        self._rows.set_content(content)
        self._columns.set_content(content)
        for choice in (*content.choices, content.target_as):
            _fill(self._choices[choice.id], choice.options, choice.value)
        _fill(self.target, tuple((name, name) for name in content.targets), content.target)
        self._remarks.setText("\n".join(content.remarks))
        self._remarks.setVisible(bool(content.remarks))
        self._problem.say(content.problem)
        self.open_button.setEnabled(not content.problem)

    def choice(self, choice_id: str) -> QuietComboBox:
        """The box of one choice about the file, or of "target_as"."""
        return self._choices[choice_id]

    def _add_choice(self, line: QHBoxLayout, choice: PreviewChoice) -> None:
        box = QuietComboBox()
        box.setObjectName(choice.id)
        box.setAccessibleName(choice.title)
        box.setAccessibleDescription(choice.tooltip)
        box.setToolTip(choice.tooltip)
        longest = max(len(text) for _, text in choice.options)
        box.setMinimumContentsLength(min(longest, 14))
        box.activated.connect(self._on_choice)
        label = QLabel(choice.title)
        label.setBuddy(box)
        self._choices[choice.id] = box
        line.addWidget(label)
        line.addWidget(box, longest)

    def _target_line(self, content: PreviewContent) -> QHBoxLayout:
        line = QHBoxLayout()
        line.setSpacing(8)
        self.target = QuietComboBox()
        self.target.setObjectName("target")
        self.target.setAccessibleName("Target")
        self.target.setToolTip("The column that the model predicts.")
        self.target.setMinimumContentsLength(12)
        self.target.activated.connect(self._on_target)
        label = QLabel("Target")
        label.setBuddy(self.target)
        line.addWidget(label)
        line.addWidget(self.target)
        self._add_choice(line, content.target_as)
        line.addStretch(1)
        for text, chosen in (("All features", True), ("None", False)):
            button = QPushButton(text)
            button.setAutoDefault(False)
            button.setToolTip("Checks every column that can be learned from." if chosen else "Checks no column.")
            button.setAccessibleName("All features" if chosen else "No features")
            button.clicked.connect(self._on_all if chosen else self._on_none)
            line.addWidget(button)
        return line

    def _tables(self) -> QSplitter:
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.setChildrenCollapsible(False)
        splitter.setHandleWidth(3)
        self.rows_view = _table(self._rows, "First rows")
        header = self.rows_view.horizontalHeader()
        header.setMaximumSectionSize(scaled(_WIDEST))
        header.setResizeContentsPrecision(30)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.rows_view.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self._rows.modelReset.connect(self._widen)
        self.columns_view = _table(self._columns, "Columns")
        self.columns_view.setEditTriggers(QAbstractItemView.EditTrigger.AllEditTriggers)
        self.columns_view.setItemDelegateForColumn(KIND, KindDelegate(self.columns_view))
        header = self.columns_view.horizontalHeader()
        for column, width in ((NAME, 220), (KIND, 110), (MISSING, 76)):
            header.resizeSection(column, scaled(width))
        header.setSectionResizeMode(REMARK, QHeaderView.ResizeMode.Stretch)
        for title, view, share in (("First rows", self.rows_view, 2), ("Columns", self.columns_view, 3)):
            part = QWidget()
            column_layout = QVBoxLayout(part)
            column_layout.setContentsMargins(0, 0, 0, 0)
            column_layout.setSpacing(4)
            column_layout.addWidget(Heading(title))
            column_layout.addWidget(view)
            splitter.addWidget(part)
            splitter.setStretchFactor(splitter.count() - 1, share)
        self._widen()
        return splitter

    def _widen(self) -> None:
        """Give the first columns of the preview the width that their cells need."""
        for column in range(min(50, self._rows.columnCount())):
            self.rows_view.resizeColumnToContents(column)

    def _on_choice(self) -> None:
        box = self.sender()
        if isinstance(box, QComboBox):
            self.choice_changed.emit(box.objectName(), str(box.currentData()))

    def _on_target(self) -> None:
        self.target_chosen.emit(str(self.target.currentData()))

    def _on_all(self) -> None:
        self.all_features_requested.emit(True)

    def _on_none(self) -> None:
        self.all_features_requested.emit(False)


def _table(model: QAbstractTableModel, name: str) -> QTableView:
    view = QTableView()
    view.setModel(model)
    view.setAccessibleName(name)
    view.setAlternatingRowColors(True)
    view.setShowGrid(False)
    view.setWordWrap(False)
    view.setTabKeyNavigation(False)
    view.horizontalHeader().setHighlightSections(False)
    view.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    view.verticalHeader().setDefaultSectionSize(scaled(26))
    view.verticalHeader().hide()
    return view


def _fill(box: QuietComboBox, options: Sequence[tuple[str, str]], value: str) -> None:
    """Offer these options and show `value`."""
    offered = [(str(box.itemData(row)), box.itemText(row)) for row in range(box.count())]
    if offered != list(options):
        box.clear()
        for key, label in options:
            box.addItem(label, key)
    box.set_key(value)
