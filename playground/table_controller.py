"""The dialog about a table: before it is opened, and again when its columns are asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QDialog, QWidget

from engine.table_columns import Kind
from engine.table_data import TableData
from engine.table_reading import read_any_table
from engine.table_sets import TABLE_SETS, bundled_table
from playground import choices
from playground.table_draft import TableDraft
from playground.waiting import NotWaitedForError, wait_for
from widgets.table_preview import TablePreview

if TYPE_CHECKING:
    from engine.experiment import Experiment
    from engine.table_reading import Reading
    from playground.document import Document
    from playground.window import MainWindow

T = TypeVar("T")

_QUICKLY = 300_000
"""Cells that are read and made ready within a blink."""


class TableController(QObject):
    """Asks about tables for one window, and hears what the data panel wishes of the open one."""

    def __init__(self, window: MainWindow, document: Document) -> None:
        super().__init__(window)
        self._window, self._document = window, document
        panel = window.data_panel
        panel.tables.set_entries([(entry.name, entry.title, entry.sentence) for entry in TABLE_SETS.values()])
        panel.table_set_chosen.connect(self.open_bundled)
        panel.columns_requested.connect(self.show_columns)
        panel.table_target_chosen.connect(self.on_target_chosen)

    def open_bundled(self, name: str) -> None:
        """Put a bundled table on the stage; the first one waits for the library that holds it."""
        title = TABLE_SETS[name].title
        try:
            data = wait_for(self._window, f"Loading {title}…", lambda: bundled_table(name))
        except NotWaitedForError:
            return
        self._edit(choices.with_data(self._document.experiment, data), f"Table: {title}")

    def show_columns(self) -> None:
        """The dialog about the table that is open."""
        data = self._document.experiment.data
        if not isinstance(data, TableData):
            return
        answer = self._ask(TableDraft.of_data(data), "Apply", None)
        if answer is not None and answer != data:
            self._edit(choices.with_data(self._document.experiment, answer), "Columns")

    def ask_about(self, reading: Reading, path: Path) -> TableData | None:
        """The table that a person makes of what was read from a file; None if it is not to be opened."""
        return self._ask(TableDraft.of_reading(reading), "Open table", path)

    def on_target_chosen(self, name: str) -> None:
        self._edit(choices.with_target(self._document.experiment, name), "Target")

    def _edit(self, experiment: Experiment, text: str) -> None:
        self._document.edit(experiment, text)
        self._window.look.fit_at_once()

    def _ask(self, draft: TableDraft, accept_text: str, path: Path | None) -> TableData | None:
        dialog = TablePreview(draft.content(), accept_text, self._window)
        asking = _Asking(dialog, draft, path, self._window)
        try:
            return asking.answer()
        finally:
            dialog.deleteLater()


class _Asking(QObject):
    """One use of the dialog: each wish makes another draft, which is shown."""

    def __init__(self, dialog: TablePreview, draft: TableDraft, path: Path | None, window: MainWindow) -> None:
        super().__init__(dialog)
        self._dialog, self._draft, self._path, self._window = dialog, draft, path, window
        dialog.choice_changed.connect(self._on_choice)
        dialog.kind_changed.connect(self._on_kind)
        dialog.feature_toggled.connect(self._on_feature)
        dialog.all_features_requested.connect(self._on_all)
        dialog.target_chosen.connect(self._on_target)

    def answer(self) -> TableData | None:
        """The table once it is accepted and can be learned from."""
        while self._dialog.exec() == QDialog.DialogCode.Accepted:
            try:
                data, problem = self._done(self._window, "Making the table ready…", self._draft.result)
            except NotWaitedForError:
                return None
            if data is not None:
                return data
            self._dialog.set_content(replace(self._draft.content(), problem=problem))
        return None

    def _done(self, parent: QWidget, sentence: str, work: Callable[[], T]) -> T:
        """What `work` gives: at once for a small table, while the window lives for a large one."""
        reading = self._draft.reading
        if reading.n_rows * len(reading.columns) <= _QUICKLY:
            return work()
        return wait_for(parent, sentence, work)

    def _show(self, draft: TableDraft) -> None:
        self._draft = draft
        self._dialog.set_content(draft.content())

    def _on_choice(self, choice_id: str, key: str) -> None:
        if choice_id == "target_as":
            self._show(replace(self._draft, target_as=key))
            return
        said, path = self._draft.corrections(choice_id, key), self._path
        if path is None:
            return
        try:
            reading = self._done(self._dialog, f"Reading {path.name}…", lambda: read_any_table(path, said))
        except NotWaitedForError:
            self._show(self._draft)
        except (OSError, ValueError) as error:  # The choice goes back to what it was.
            self._dialog.set_content(replace(self._draft.content(), problem=str(error)))
            self._dialog.open_button.setEnabled(True)
        else:
            self._show(self._draft.reread(reading, said))

    def _on_kind(self, name: str, kind: Kind) -> None:
        self._show(self._draft.with_kind(name, kind))

    def _on_feature(self, name: str, chosen: bool) -> None:
        self._show(self._draft.with_feature(name, chosen))

    def _on_all(self, chosen: bool) -> None:
        self._show(self._draft.with_all_features(chosen))

    def _on_target(self, name: str) -> None:
        self._show(self._draft.with_target(name))
