"""The open experiment: its history, its file, whether it is saved."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Signal

from engine.experiment import DrawnData, Experiment
from engine.table_data import TableData

HISTORY_DEPTH = 500
HISTORY_BYTES = 256 * 2**20
"""What the steps may hold in points. A stroke on a million points holds 20 MB, on as many as a hand draws next to
nothing; steps share the arrays that they do not change."""

Range = tuple[float, float]


@dataclass(frozen=True)
class Edit:
    """One step of the history: the experiment before it, and what the step is called."""

    before: Experiment
    text: str
    merge_key: str = ""
    moved_view: bool = False
    """Whether the step itself chose another part of the plane; else taking it back leaves the view where it is."""


class Document(QObject):
    """The one experiment that is open.

    Every change goes through `edit`. Edits with the same merge key that follow one another are one step of the
    history, so that a dragged slider is undone at once; a stroke is bracketed by `begin_stroke` and `end_stroke`.
    """

    changed = Signal(object, object)
    """(old experiment, new experiment)"""
    replaced = Signal()
    """Another experiment has been opened: nothing goes on from the one before."""
    status_changed = Signal()
    """The title, the dirty mark, or what can be undone has changed."""

    def __init__(self, experiment: Experiment, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._experiment = experiment
        self._saved: Experiment | None = experiment
        self._path: Path | None = None
        self._undo: list[Edit] = []
        self._redo: list[Edit] = []
        self._stroke: Edit | None = None

    @property
    def experiment(self) -> Experiment:
        return self._experiment

    @property
    def path(self) -> Path | None:
        return self._path

    @property
    def dirty(self) -> bool:
        """Whether there is something that the file does not hold."""
        return self._saved is not self._experiment and self._saved != self._experiment

    @property
    def title(self) -> str:
        return self._path.stem if self._path is not None else "Untitled"

    # -- editing ---------------------------------------------------------------------------------------------------

    def edit(self, experiment: Experiment, text: str, merge_key: str = "") -> None:
        """Make `experiment` the current one; `text` says in the Undo menu what was done."""
        before = self._experiment
        if experiment is before or experiment == before:
            return
        if self._stroke is None:
            self._remember(Edit(before, text, merge_key, not _same_ranges(before, experiment)))
        self._set(experiment)

    def look_at(self, x_range: Range | None, y_range: Range | None) -> None:
        """Show another part of the plane, or, with None, all of it: saved with the document, but no step to undo."""
        self._set(_with_ranges(self._experiment, x_range, y_range))

    def end_merge(self) -> None:
        """The next edit is a step of its own, whatever its merge key."""
        if self._undo and self._undo[-1].merge_key:
            last = self._undo[-1]
            self._undo[-1] = replace(last, merge_key="")

    def begin_stroke(self, text: str) -> None:
        """All edits until `end_stroke` are one step of the history."""
        self.end_stroke()
        self._stroke = Edit(self._experiment, text)

    def end_stroke(self) -> None:
        stroke, self._stroke = self._stroke, None
        if stroke is not None and stroke.before != self._experiment:
            self._remember(stroke)
            self.status_changed.emit()

    def _remember(self, edit: Edit) -> None:
        self._redo.clear()
        if self._undo and edit.merge_key and self._undo[-1].merge_key == edit.merge_key:
            return
        self._undo.append(edit)
        del self._undo[:-HISTORY_DEPTH]
        self._forget_large_steps()

    def _forget_large_steps(self) -> None:
        """Drop the oldest steps while all of them hold more points than there is room for; the last one stays."""
        seen: set[int] = set()
        held = 0
        for index in range(len(self._undo) - 1, -1, -1):
            data = self._undo[index].before.data
            arrays: tuple[np.ndarray[Any, Any], ...] = ()
            if isinstance(data, DrawnData):
                arrays = (data.points.X, data.points.y, data.points.ids)
            elif isinstance(data, TableData):
                arrays = (data.columns.values,)
            new = [each for each in arrays if id(each) not in seen]
            seen.update(map(id, new))
            held += sum(each.nbytes for each in new)
            if held > HISTORY_BYTES and index < len(self._undo) - 1:
                del self._undo[: index + 1]
                return

    def _set(self, experiment: Experiment) -> None:
        before, self._experiment = self._experiment, experiment
        self.changed.emit(before, experiment)
        self.status_changed.emit()

    # -- history ---------------------------------------------------------------------------------------------------

    @property
    def undo_text(self) -> str:
        """What Undo would take back; empty if nothing."""
        if self._stroke is not None:
            return self._stroke.text
        return self._undo[-1].text if self._undo else ""

    @property
    def redo_text(self) -> str:
        return self._redo[-1].text if self._redo else ""

    def undo(self) -> None:
        self.end_stroke()
        self._move(self._undo, self._redo)

    def redo(self) -> None:
        self.end_stroke()
        self._move(self._redo, self._undo)

    def _move(self, source: list[Edit], target: list[Edit]) -> None:
        if not source:
            return
        step = source.pop()
        target.append(Edit(self._experiment, step.text, moved_view=step.moved_view))
        view = self._experiment.view
        self._set(step.before if step.moved_view else _with_ranges(step.before, view.x_range, view.y_range))

    # -- files -----------------------------------------------------------------------------------------------------

    def replace(self, experiment: Experiment, path: Path | None, *, saved: bool = True) -> None:
        """Open another experiment; the history begins anew."""
        self._undo.clear()
        self._redo.clear()
        self._stroke = None
        self._path = path
        self._saved = experiment if saved else None
        self._set(experiment)
        self.replaced.emit()

    def mark_saved(self, path: Path, experiment: Experiment) -> None:
        """`path` now holds `experiment`."""
        self._path = path
        self._saved = experiment
        self.status_changed.emit()


def _same_ranges(first: Experiment, second: Experiment) -> bool:
    return (first.view.x_range, first.view.y_range) == (second.view.x_range, second.view.y_range)


def _with_ranges(experiment: Experiment, x_range: Range | None, y_range: Range | None) -> Experiment:
    if (experiment.view.x_range, experiment.view.y_range) == (x_range, y_range):
        return experiment
    view = experiment.view.model_copy(update={"x_range": x_range, "y_range": y_range})
    return experiment.model_copy(update={"view": view})
