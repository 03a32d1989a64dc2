"""What the data panel shows of a table, and the buttons of the tables that come along."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from widgets.flow import FlowLayout
from widgets.form import tooltip_html
from widgets.sections import ElidedLabel, Fold, QuietComboBox, Sentence
from widgets.sections import chip as flat_chip


class TableCard(QWidget):
    """The title and size of a table, its target, and the way to its columns."""

    target_chosen = Signal(str)
    columns_requested = Signal()

    def __init__(self, label_width: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = ElidedLabel()
        self._size = ElidedLabel()
        self._size.setProperty("look", "hint")
        self.columns_button = QPushButton("Columns…")
        self.columns_button.setToolTip("Shows what each column holds: features, kinds, target.")
        self.columns_button.setAccessibleName("Columns…")
        self.columns_button.setAccessibleDescription(self.columns_button.toolTip())
        self.columns_button.clicked.connect(self.columns_requested)
        self.target = QuietComboBox()
        self.target.setObjectName("table_target")
        self.target.setToolTip("The column that the model predicts.")
        self.target.setAccessibleName("Target")
        self.target.setAccessibleDescription(self.target.toolTip())
        self.target.activated.connect(self._on_target)
        label = QLabel("Target")
        label.setMinimumWidth(label_width)
        label.setBuddy(self.target)
        self._sentence = Sentence()
        head, line = QHBoxLayout(), QHBoxLayout()
        texts = QVBoxLayout()
        texts.setSpacing(0)
        texts.addWidget(self._title)
        texts.addWidget(self._size)
        head.addLayout(texts, 1)
        head.addWidget(self.columns_button)
        line.setSpacing(8)
        line.addWidget(label)
        line.addWidget(self.target, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(5)
        layout.addLayout(head)
        layout.addLayout(line)
        layout.addWidget(self._sentence)

    def set_table(self, title: str, n_rows: int, n_features: int, targets: Sequence[str], target: str) -> None:
        """Show a table; nothing is emitted."""
        self._title.set_texts((title or "Table",))
        features = "1 feature" if n_features == 1 else f"{n_features:,} features"
        self._size.set_texts(
            (f"{n_rows:,} rows × {features}", f"{n_rows:,} rows × {n_features:,}", f"{n_rows:,} × {n_features:,}")
        )
        if [self.target.itemText(row) for row in range(self.target.count())] != list(targets):
            self.target.clear()
            for name in targets:
                self.target.addItem(name, name)
        self.target.set_key(target)

    def say(self, sentence: str | None) -> None:
        """Show what is wrong with the table, or None."""
        self._sentence.say(sentence)

    def _on_target(self) -> None:
        self.target_chosen.emit(str(self.target.currentData()))


class TableChips(Fold):
    """The tables that come along, a button each, behind "Tables"."""

    chosen = Signal(str)
    """The id of a table."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("tables", "Tables", "Shows the tables that come along.", parent)
        self._buttons: dict[str, QToolButton] = {}
        self._chosen = ""
        grid = QWidget()
        self._flow = FlowLayout(grid, spacing=5)
        self.body.addWidget(grid)
        self.hide()

    def set_entries(self, entries: Sequence[tuple[str, str, str]]) -> None:
        """Show these tables: (id, title, sentence) of each."""
        for key, title, sentence in entries:
            if key in self._buttons:
                continue
            button = flat_chip(title, tooltip_html(f"{title}\n{sentence}"))
            button.setAccessibleDescription(sentence)
            button.setProperty("key", key)
            button.clicked.connect(self._on_clicked)
            self._buttons[key] = button
            self._flow.addWidget(button)
        self.setVisible(bool(self._buttons))

    def chip(self, key: str) -> QToolButton:
        """The button of one table."""
        return self._buttons[key]

    def set_chosen(self, title: str) -> None:
        """Show the table of that title as the one in use; "" shows none."""
        self._chosen = title
        for button in self._buttons.values():
            button.setChecked(button.text() == title)

    def _on_clicked(self) -> None:
        button = self.sender()
        if isinstance(button, QToolButton):
            self.set_chosen(self._chosen)
            self.chosen.emit(button.property("key"))
