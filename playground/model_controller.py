"""What the model panel wishes becomes edits of the document."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import QObject

from engine.dataset import Task
from engine.registry import LEARNERS
from playground import choices
from playground.data_controller import edit_by_path
from playground.document import Document
from widgets.model_panel import ModelPanel


class ModelController(QObject):
    """Hears the model panel; edits the document."""

    def __init__(self, document: Document, panel: ModelPanel, parent: QObject) -> None:
        super().__init__(parent)
        self._document = document
        panel.edited.connect(self.on_edited)
        panel.task_chosen.connect(self.on_task_chosen)
        panel.learner_chosen.connect(self.on_learner_chosen)

    def on_edited(self, path: str, value: object, final: bool) -> None:
        if path.startswith("view.plane."):
            self._document.edit(choices.with_plane(self._document.experiment, path, value), "Plane", merge_key=path)
            return
        edit_by_path(self._document, path, value, final)

    def on_task_chosen(self, task: str) -> None:
        chosen = cast(Task, task)
        title = "Classify" if chosen == "classification" else "Regress"
        self._document.edit(choices.with_task(self._document.experiment, chosen), title)

    def on_learner_chosen(self, kind: str) -> None:
        self._document.edit(choices.with_learner(self._document.experiment, kind), f"Model: {LEARNERS[kind].title}")
