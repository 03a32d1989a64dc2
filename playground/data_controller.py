"""What hands do to the data: strokes on the stage and choices in the data panel become edits of the document."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication

from engine.dataset import FloatArray, IntArray, Target
from engine.edits import replaced
from engine.experiment import Experiment, GeneratedData, GeneratorName, Preparation
from engine.generators import GENERATORS, dataset_of
from engine.paths import title_of
from engine.plane import on_stage
from playground import choices
from playground.document import Document
from playground.panes import Panes
from playground.workspace import NO_ROWS, Workspace
from widgets.data_panel import DataPanel
from widgets.gallery import GalleryEntry
from widgets.stage import Stage
from widgets.stage_tool import ToolName
from widgets.tools import TOOLS

_GALLERY_POINTS = 120


class DataController(QObject):
    """Hears the stage and the data panel; edits the document and the workspace."""

    said = Signal(str)
    """A sentence for the status bar."""
    complained = Signal(str, str)
    """(title, sentence) for something that could not be done."""
    workspace_changed = Signal(object)

    def __init__(
        self, document: Document, workspace: Callable[[], Workspace], stage: Stage, panel: DataPanel, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._document, self._workspace, self._stage, self._panel = document, workspace, stage, panel
        self._hear_strokes(stage)
        stage.points_drawn.connect(self.on_points_drawn)
        stage.points_erased.connect(self.on_points_erased)
        stage.points_moved.connect(self.on_points_moved)
        stage.points_relabelled.connect(self.on_points_relabelled)
        stage.selection_changed.connect(self.on_selection_changed)
        stage.class_chosen.connect(self.on_class_chosen)
        stage.tool_refused.connect(self.said)
        panel.tool_chosen.connect(self.on_tool_chosen)
        panel.class_chosen.connect(self.on_class_chosen)
        panel.class_renamed.connect(self.on_class_renamed)
        panel.class_added.connect(self.on_class_added)
        panel.class_removed.connect(self.on_class_removed)
        panel.target_chosen.connect(self.on_target_chosen)
        panel.brush_changed.connect(self.on_brush_changed)
        panel.data_set_chosen.connect(self.on_data_set_chosen)
        panel.edited.connect(self.on_edited)
        panel.reseed_requested.connect(self.resample)
        panel.resplit_requested.connect(self.resplit)
        panel.clear_requested.connect(self.clear)
        panel.paste_points_requested.connect(self.paste)

    def _hear_strokes(self, stage: Stage) -> None:
        stage.stroke_started.connect(self.on_stroke_started)
        stage.stroke_ended.connect(self._document.end_stroke)

    def hear_panes(self, panes: Panes) -> None:
        """Let points that are selected beside the stage be erased there, or given another class."""
        panes.selection_changed.connect(self.on_selection_changed)
        panes.points_erased.connect(self.on_points_erased)
        panes.points_relabelled.connect(self.on_points_relabelled)
        panes.stage_made.connect(self._hear_strokes)

    # -- strokes ---------------------------------------------------------------------------------------------------

    def _refused(self, refusal: Callable[[Experiment], str] = choices.refusal) -> bool:
        """Whether points cannot be drawn or changed one by one; it is said why."""
        sentence = refusal(self._document.experiment)
        if sentence:
            self.said.emit(sentence)
        return bool(sentence)

    def _edit(self, experiment: Experiment, text: str, merge_key: str = "") -> None:
        self._document.edit(experiment, text, merge_key)

    def on_stroke_started(self, tool: ToolName) -> None:
        self._document.begin_stroke(TOOLS[tool].title)

    def on_points_drawn(self, X: FloatArray, y: FloatArray) -> None:
        if not self._refused():
            self._edit(choices.adding_points(self._document.experiment, X, y), "Draw")

    def on_points_erased(self, rows: IntArray) -> None:
        if self._refused(choices.refusal_to_erase):
            return
        self._edit(choices.erasing_points(self._document.experiment, rows), "Erase")
        self._set_workspace(selection=NO_ROWS)

    def on_points_moved(self, rows: IntArray, X: FloatArray, y: FloatArray | None) -> None:
        if not self._refused():
            self._edit(choices.moving_points(self._document.experiment, rows, X, y), "Move")

    def on_points_relabelled(self, rows: IntArray, label: int) -> None:
        if self._refused():
            return
        data = choices.drawn(self._document.experiment)
        if data.task != "classification":
            self.said.emit("Points of a regression have no class: drag them to change their target.")
        elif label < len(data.class_names):
            self._edit(choices.relabelling_points(self._document.experiment, rows, label), "Relabel")

    def on_selection_changed(self, rows: IntArray) -> None:
        self._set_workspace(selection=rows)

    def select_all(self) -> None:
        experiment = self._document.experiment
        self._stage.select(np.arange(len(dataset_of(experiment.data, experiment.preparation).points)))

    def delete_selected(self) -> None:
        rows = self._workspace().selection
        if len(rows):
            self.on_points_erased(rows)

    def clear(self) -> None:
        self._empty("Clear", None, None)

    def empty_classes(self) -> None:
        self._empty("Empty canvas", "classification", 2)

    def empty_curve(self) -> None:
        self._empty("Empty canvas", "regression", 1)

    def empty_surface(self) -> None:
        self._empty("Empty canvas", "regression", 2)

    def _empty(self, text: str, task: Target | None, n_inputs: int | None) -> None:
        self._edit(choices.with_empty_canvas(self._document.experiment, task, n_inputs), text)
        self._set_workspace(selection=NO_ROWS)

    def copy(self) -> None:
        """Put the selected points on the clipboard as text, or all of them if none is selected."""
        from engine.tables import points_text

        experiment, rows = self._document.experiment, self._workspace().selection
        dataset = dataset_of(experiment.data, experiment.preparation)
        QApplication.clipboard().setText(points_text(dataset, rows if len(rows) else None))
        self.said.emit(f"Copied {len(rows) or len(dataset.points):,} points.")

    def paste(self) -> None:
        """Add the points on the clipboard to those on stage, or put them there if they are of another kind."""
        from engine.tables import parse_points

        text = QApplication.clipboard().text()
        if not text.strip():
            self.said.emit("There is no text on the clipboard: copy lines such as  0.5, -0.2, A  first.")
            return
        try:
            pasted = parse_points(text)
            experiment, added = choices.pasting(self._document.experiment, pasted)
        except ValueError as error:
            self.complained.emit("The points could not be pasted", str(error))
            return
        self._edit(experiment, "Paste points")
        n = len(dataset_of(experiment.data, experiment.preparation).points)
        # Copies lie on their originals: selected, they can be moved away at once.
        self._set_workspace(selection=np.arange(n - added, n))
        self.said.emit(f"Pasted {added:,} points; they are selected.")

    # -- the panel -------------------------------------------------------------------------------------------------

    def on_edited(self, path: str, value: object, final: bool) -> None:
        """A control has another value; while it is dragged, all of it is one step of the history."""
        edit_by_path(self._document, path, value, final)

    def on_data_set_chosen(self, name: GeneratorName) -> None:
        self._edit(choices.with_generator(self._document.experiment, name), f"Data set: {GENERATORS[name].title}")
        self._set_workspace(selection=NO_ROWS)

    def resample(self) -> None:
        if isinstance(self._document.experiment.data, GeneratedData):
            self._edit(choices.with_new_sample(self._document.experiment), "New sample")

    def resplit(self) -> None:
        """Hold out other points."""
        self._edit(choices.with_new_split(self._document.experiment), "New split")

    def on_class_added(self) -> None:
        if self._refused():
            return
        before = self._document.experiment
        self._edit(choices.adding_class(before), "Add a class")
        self._set_workspace(active_class=len(choices.drawn(self._document.experiment).class_names) - 1)

    def on_class_removed(self, index: int) -> None:
        if self._refused():
            return
        experiment = choices.removing_class(self._document.experiment, index)
        if experiment is self._document.experiment:
            self.said.emit("Two classes must stay: with one there is nothing to tell apart.")
            return
        self._set_workspace(active_class=0, selection=NO_ROWS)
        self._edit(experiment, "Remove a class")

    def on_class_renamed(self, index: int, name: str) -> None:
        try:
            self._edit(choices.renaming_class(self._document.experiment, index, name), "Rename a class")
        except ValueError as error:
            self.complained.emit("The class keeps its name", str(error))

    # -- the hands -------------------------------------------------------------------------------------------------

    def on_tool_chosen(self, tool: str) -> None:
        self._set_workspace(tool=tool)

    def on_class_chosen(self, index: int) -> None:
        if index < max(1, len(choices.class_names(self._document.experiment))):
            self._set_workspace(active_class=index)

    def on_target_chosen(self, value: float) -> None:
        self._set_workspace(active_target=value)

    def on_brush_changed(self, radius: float, density: float) -> None:
        self._set_workspace(brush_radius=round(radius), brush_density=round(density))

    def fill_gallery(self) -> None:
        """Draw the thumbnails of the generated sets."""
        entries = []
        for name, entry in GENERATORS.items():
            dataset = dataset_of(GeneratedData(generator=name, n_points=_GALLERY_POINTS), Preparation())
            points = on_stage(dataset, entry.plane).points
            entries.append(
                GalleryEntry(name, entry.title, entry.sentence, entry.task, entry.offered_for, points.X, points.y)
            )
        self._panel.set_gallery(entries)

    def on_selection_requested(self, rows: IntArray, sentence: str) -> None:
        """A view of the evaluation has picked points out."""
        self._set_workspace(selection=rows)
        self.said.emit(sentence)

    def _set_workspace(self, **changes: object) -> None:
        self.workspace_changed.emit(replace(self._workspace(), **changes))  # type: ignore[arg-type]


def edit_by_path(document: Document, path: str, value: object, final: bool) -> None:
    """Set one value of the document; edits of one path that follow one another until the final one are one step."""
    text = title_of(document.experiment, path)
    document.edit(replaced(document.experiment, path, value), text, merge_key=path)
    if final:
        document.end_merge()
