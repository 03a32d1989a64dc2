"""Between the validation view, the document and what is computed: runs, cancels, takes what is clicked."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from engine.comparison import standings
from engine.dataset import rows_in_common
from engine.edits import SettingError, set_values
from engine.experiment import Experiment
from engine.generators import dataset_of, task_of
from engine.metric_names import METRICS
from engine.model import Model
from engine.overlays import Line
from engine.registry import learners_for
from engine.search import parameters
from engine.snapshot import Viewport
from engine.validation import Scores, final_sentence, measures_for
from playground import choices
from playground.document import Document
from playground.validation_choices import entries_of, still_possible
from playground.validation_pictures import picture_of, result_sentence, short_sentences
from playground.validation_task import ValidationTask
from widgets.validation import ValidationView
from widgets.validation_values import ValidationWish

FOLD_CELLS = 128 * 128
"""Of the grid on which the boundary of each fold is found."""
_POLLED_MS = 30
_PICTURE_SECONDS = 0.15
"""Between two pictures while results come: cells that fill faster cannot be followed."""
_MOST_RESULTS = 200
"""Entered at once, in about a millisecond."""
_JOIN_SECONDS = 5.0


class ValidationController(QObject):
    """Owns what is being computed. An edit meanwhile does not reach it: the result says what it is of."""

    said = Signal(str)
    lines_changed = Signal()
    """The boundaries of the folds are others, or there are none any more."""
    selection_requested = Signal(object, str)
    """A wish: these rows, and the sentence that says which they are."""

    def __init__(self, document: Document, parent: QObject) -> None:
        super().__init__(parent)
        self._document = document
        self._view: ValidationView | None = None
        self._wish = ValidationWish()
        self._cluster = ""
        self._task: ValidationTask | None = None
        self._scores: Scores | None = None
        self._drawn_at = 0.0
        self._is_behind = False
        self._suggested = ""
        self._is_stale = False
        self._fold = -1
        self._models: dict[int, Model] = {}
        self._retired: list[ValidationTask] = []
        self._lines: tuple[Line, ...] = ()
        self._viewport: Viewport | None = None
        self._lines_of: tuple[Viewport, int] | None = None
        self._at_work: tuple[tuple[Viewport, int], Future[tuple[Line, ...]]] | None = None
        self._executor: ThreadPoolExecutor | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_POLLED_MS)
        self._timer.timeout.connect(self._pull)
        document.changed.connect(self._on_document_changed)
        document.replaced.connect(self._on_document_replaced)

    def attach(self, view: ValidationView) -> None:
        """Serve `view`, which has just been made."""
        self._view = view
        view.wish_changed.connect(self._on_wish_changed)
        view.run_requested.connect(self.run)
        view.cancel_requested.connect(self.cancel)
        view.item_chosen.connect(self._on_item_chosen)
        view.fold_chosen.connect(self._on_fold_chosen)
        self._offer()
        view.set_picture(None)
        view.set_folds(0, -1)

    def set_cluster(self, address: str) -> None:
        """Have what is run from now on computed by the Dask scheduler at `address`; here where it is empty."""
        self._cluster = address

    @property
    def wish(self) -> ValidationWish:
        """What is chosen."""
        return self._wish

    @property
    def running(self) -> bool:
        """Whether something is being computed."""
        return self._task is not None and self._timer.isActive() and not self._task.cancelled

    @property
    def lines(self) -> tuple[Line, ...]:
        """The boundaries or curves of all folds, to be drawn on the stage; none beside another experiment."""
        return () if self._is_stale else self._lines

    # -- what can be chosen ----------------------------------------------------------------------------------------

    def _offer(self) -> None:
        """Tell the view what there is to choose for the document as it is, and keep what is still possible."""
        if self._view is None:
            return
        experiment = self._document.experiment
        task = task_of(experiment.data)
        before, self._wish = self._wish, still_possible(self._wish, experiment, self._suggested)
        if self._wish.axes[2] != before.axes[2]:
            self._suggested = self._wish.axes[2].path
        self._view.set_choices(
            entries_of(parameters(experiment)),
            [(name, METRICS[name].title) for name in measures_for(task)],
            [(entry.kind, entry.title) for entry in learners_for(task)],
        )
        self._view.set_wish(self._wish)

    def _on_wish_changed(self, wish: ValidationWish) -> None:
        other_mode = wish.mode != self._wish.mode
        self._wish = wish
        if self._view is None:
            return
        self._view.set_wish(wish)
        if other_mode and not self.running:
            self._forget()

    # -- running ---------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Begin what is wished for, of the document as it is now."""
        if self._view is None or self.running:
            return
        self._forget()
        self._task = ValidationTask(self._document.experiment, self._wish, self._cluster)
        self._task.start()
        self._timer.start()
        self._view.set_running(True)
        where = f"On the cluster at {self._cluster}. " if self._task.is_far else ""
        self._view.set_sentence(f"{where}Test points take no part.")

    def cancel(self) -> None:
        """End what is being computed; what is there stays."""
        task = self._task
        if task is None or not self.running:
            return
        self._retire(task)
        if self._view is not None:
            self._view.set_running(False)
            self._view.set_sentence("Cancelled: what was scored until then stays.")
        self.said.emit("The validation was cancelled.")
        self._draw()

    def _retire(self, task: ValidationTask) -> None:
        task.cancel()
        self._timer.stop()
        self._retired = [each for each in (*self._retired, task) if not each.ended]

    def _forget(self) -> None:
        """Nothing is shown of what was computed before."""
        if self._task is not None:
            self._retire(self._task)
        self._task, self._scores, self._fold = None, None, -1
        self._drop_lines()
        self._is_stale = False
        if self._view is not None:
            self._view.set_stale(False)
            self._view.set_running(False)
            self._view.set_picture(None)
            self._view.set_sentence("")
            self._view.set_folds(0, -1)

    def _pull(self) -> None:
        """Enter what has come; draw it now and then, and at the end."""
        task, view = self._task, self._view
        if task is None or view is None:
            self._timer.stop()
            return
        ended = task.ended  # asked before what is left is taken
        if self._scores is None and task.study is not None:
            self._scores = Scores(task.study)
        if self._scores is not None:
            results = task.take(_MOST_RESULTS)
            for result in results:
                self._scores.add(result)
                if result.model is not None:
                    self._models[self._scores.study.place_of(result)[1]] = result.model
            self._is_behind |= bool(results)
            ended = ended and len(results) < _MOST_RESULTS
        view.set_running(not ended, task.progress)
        if self._is_behind and (ended or time.monotonic() - self._drawn_at > _PICTURE_SECONDS):
            self._draw()
            self._draw_lines()
        if ended:
            self._timer.stop()
            self._end(task, view)

    def _end(self, task: ValidationTask, view: ValidationView) -> None:
        self._draw()
        if task.complaint:
            view.set_sentence(task.complaint, is_bad=True)
            self.said.emit(task.complaint)
            return
        assert self._scores is not None
        sentence = result_sentence(task, self._scores)
        if task.final is not None:
            sentence = f"{sentence} {final_sentence(task.final, task.wish.measure)}"
        view.set_sentence(sentence, short_sentences(task, self._scores))
        self.said.emit(sentence)

    def _draw(self) -> None:
        self._is_behind = False
        if self._view is None or self._task is None or self._scores is None:
            return
        self._drawn_at = time.monotonic()
        self._view.set_picture(picture_of(self._task, self._scores))
        if self._task.wish.mode == "folds" and not self._is_stale:
            self._view.set_folds(self._scores.study.n_folds, self._fold)

    # -- edits -----------------------------------------------------------------------------------------------------

    def _on_document_changed(self, old: Experiment, new: Experiment) -> None:
        if (old.learner, old.training, old.preparation) != (new.learner, new.training, new.preparation) or (
            task_of(old.data) != task_of(new.data)
        ):
            self._offer()
        task = self._task
        if task is None:
            return
        if choices.learned_task(new) != choices.learned_task(task.experiment):
            self._forget()
            return
        is_stale = not task.is_about(new)
        if is_stale != self._is_stale:
            self._set_stale(is_stale)

    def _set_stale(self, is_stale: bool) -> None:
        """Mark what is shown as of an earlier experiment; or no longer, as after an undo."""
        self._is_stale, self._fold = is_stale, -1
        if self._lines:
            self.lines_changed.emit()
        if self._view is None:
            return
        self._view.set_stale(is_stale)
        self._view.set_folds(0, -1)
        self._draw()

    def _on_document_replaced(self) -> None:
        self._forget()
        self._offer()

    def _on_item_chosen(self, row: int, column: int) -> None:
        """Take what was clicked: a fold's points, or a candidate's values as one step of the history."""
        task, scores = self._task, self._scores
        if task is None or scores is None:
            return
        mode = task.wish.mode
        if mode == "folds":
            self._on_fold_chosen(column)
            return
        if mode == "learning":
            return
        index: int | None = column
        if mode == "compare":
            index = standings(scores)[column].candidate
        elif len(task.axes) == 2:
            index = task.places.get((row, column))
        if index is None:
            self.said.emit("That combination was not drawn.")
            return
        self._take(dict(scores.study.candidates[index].values), scores.study.candidates[index].title)

    def _take(self, values: dict[str, Any], title: str) -> None:
        experiment = self._document.experiment
        try:
            if "learner.kind" in values:
                changed = choices.with_learner(experiment, str(values["learner.kind"]))
            else:
                changed = set_values(experiment, values)
        except SettingError as error:
            self.said.emit(f"It does not fit the model that is chosen now. {error}")
            return
        if changed == experiment:
            self.said.emit(f"{title}: that is what is set already.")
            return
        self._document.end_merge()
        self._document.edit(changed, f"Take {title}")
        self.said.emit(f"{title}: taken. Undo brings back what was set.")

    # -- folds on the stage ----------------------------------------------------------------------------------------

    def _on_fold_chosen(self, fold: int) -> None:
        task, scores, view = self._task, self._scores, self._view
        if task is None or scores is None or view is None or task.wish.mode != "folds":
            return
        self._fold = fold
        if not self._is_stale:
            view.set_folds(scores.study.n_folds, fold)
        if fold < 0:
            self.selection_requested.emit(np.empty(0, np.int64), "Nothing is selected.")
            return
        before = dataset_of(task.experiment.data, task.experiment.preparation)
        now = dataset_of(self._document.experiment.data, self._document.experiment.preparation)
        ids = before.points.ids[scores.study.folds.held_out(fold)]
        rows = rows_in_common(ids, now.points.ids)[1]
        count = f"{len(rows):,} point{'' if len(rows) == 1 else 's'}"
        self.selection_requested.emit(rows.astype(np.int64), f"Fold {fold + 1} holds out the {count} selected.")

    def show(self, viewport: Viewport) -> None:
        """The stage shows another part of the plane, perhaps: the folds' lines are drawn for what is in view."""
        self._viewport = viewport
        self._draw_lines()

    def _draw_lines(self) -> None:
        """Have the lines of all folds computed for what is in view, if they are not yet."""
        if not self._models or self._viewport is None or self._at_work is not None:
            return
        wanted = (self._viewport, len(self._models))
        if wanted == self._lines_of:
            return
        if self._executor is None:
            self._executor = ThreadPoolExecutor(1, "playground-validation-lines")
        self._at_work = wanted, self._executor.submit(fold_lines, dict(self._models), self._viewport)
        QTimer.singleShot(_POLLED_MS, self, self._take_lines)

    def _take_lines(self) -> None:
        if self._at_work is None:
            return
        wanted, work = self._at_work
        if not work.done():
            QTimer.singleShot(_POLLED_MS, self, self._take_lines)
            return
        self._at_work = None
        if self._models:
            self._lines, self._lines_of = work.result(), wanted
            self.lines_changed.emit()
            self._draw_lines()

    def _drop_lines(self) -> None:
        self._models.clear()
        self._lines_of = None
        if self._lines:
            self._lines = ()
            self.lines_changed.emit()

    # -- the end ---------------------------------------------------------------------------------------------------

    def close(self) -> bool:
        """End everything and wait for it; whether all of it ended."""
        if self._task is not None:
            self._retire(self._task)
        self._timer.stop()
        self._models.clear()
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)
        deadline = time.monotonic() + _JOIN_SECONDS
        ended = [task.join(max(0.0, deadline - time.monotonic())) for task in self._retired]
        return all(ended)


def fold_lines(models: dict[int, Model], viewport: Viewport) -> tuple[Line, ...]:
    """The boundaries of the models of folds, or their curves, each with the number of its fold."""
    found = []
    for fold, model in sorted(models.items()):
        _, overlays = model.picture(viewport)
        found += [
            Line(overlay.xy, "fold", index=fold)
            for overlay in overlays
            if isinstance(overlay, Line) and overlay.role in ("boundary", "curve")
        ]
    return tuple(found)
