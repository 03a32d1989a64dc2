"""The dock under the stage: keeps the view in front up to date, with numbers made on another thread."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QDockWidget, QMainWindow

from engine.cluster_report import classes_by_cluster
from engine.clustering import UNASSIGNED
from engine.confusion import rows_of_cell
from engine.dataset import IntArray, rows_in_common
from engine.learners.hierarchical import Hierarchical
from engine.snapshot import Judged
from playground.bottom_views import BOTTOM_VIEWS, BottomView
from playground.resolve import Shown
from widgets.curves import Curves
from widgets.picture_view import PictureView
from widgets.theme import Theme
from widgets.validation import ValidationView
from widgets.view_tabs import TabTitle, ViewTabs

_LEAST_SECONDS = 0.1
"""Between two updates of the view in front: numbers that change faster cannot be read."""
_POLLED_MS = 8
_DEFAULT = "curves"
_EDITING = ("weights", "k", "dendrogram", "components", "reconstruction")
"""The views in which a setting can be chosen."""


class EvaluationViews(QObject):
    """Owns the dock with its tabs; hears what its views wish.

    Parameters
    ----------
    window : the dock is its child.
    front : the id of the tab that was in front when the application was last used.
    """

    edited = Signal(str, object, bool)
    """A wish: the value at a path of the document, and False while it is still being dragged."""
    selection_requested = Signal(object, str)
    """A wish: these rows of the data set on the stage, and the sentence that says which they are."""

    def __init__(self, window: QMainWindow, theme: Theme, front: str = _DEFAULT) -> None:
        super().__init__(window)
        self._theme = theme
        self._entries = {entry.id: entry for entry in BOTTOM_VIEWS}
        self._made: dict[str, Any] = {}
        self._awaited: dict[str, Callable[[Any], None]] = {}
        self._wanted = front if front in self._entries else _DEFAULT
        self._front = _DEFAULT
        self._shown: Shown | None = None
        self._reasons: list[str] = []
        self._given: dict[str, Judged | None] = {}
        self._judged: dict[str, Judged | None] = {}
        self._at_work: tuple[BottomView, Judged | None, Future[Any]] | None = None
        self._begun_at = 0.0
        self._executor: ThreadPoolExecutor | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._go_on)
        self._tabs = ViewTabs([(entry.id, entry.title, entry.tooltip) for entry in BOTTOM_VIEWS])
        self._tabs.chosen.connect(self.choose)
        self.dock = QDockWidget("Curves and Evaluation", window)
        self.dock.setObjectName("curves_dock")
        self.dock.setWidget(self._tabs)
        self.dock.setTitleBarWidget(TabTitle(self._tabs.bar, self.dock))
        self.dock.visibilityChanged.connect(self._on_visibility)
        window.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, self.dock)
        self._bring_to_front()

    # -- the views

    @property
    def wanted(self) -> str:
        """The tab that was chosen, though it may mean nothing for this task."""
        return self._wanted

    @property
    def front(self) -> str:
        """The tab that is in front."""
        return self._front

    def view(self, key: str) -> Any:
        """The view behind a tab; made now if it has never been in front."""
        if key not in self._made:
            view = self._entries[key].make(self._theme)
            self._made[key] = view
            self._tabs.add_view(key, view)
            if key in self._awaited:
                self._awaited.pop(key)(view)
            hears = {
                "rows_chosen": self._on_rows_chosen, "cell_chosen": self._on_cell_chosen,
                "threshold_changed": self._on_threshold_changed, "log_changed": self._on_log_changed,
                **({"edited": self.edited} if key in _EDITING else {}),
            }  # fmt: skip
            for name, heard in hears.items():
                if hasattr(view, name):
                    getattr(view, name).connect(heard)
        return self._made[key]

    def when_made(self, key: str, hear: Callable[[Any], None]) -> None:
        """Have the view behind a tab handed over once it is made, or now."""
        if key in self._made:
            hear(self._made[key])
        else:
            self._awaited[key] = hear

    @property
    def curves(self) -> Curves:
        """The learning curves, which are told by the presenter what to show."""
        view = self.view(_DEFAULT)
        assert isinstance(view, Curves)
        return view

    def choose(self, key: str) -> None:
        """Bring a tab to the front, now and whenever it means something."""
        self._wanted = key
        self._bring_to_front()

    def open(self, key: str) -> None:
        """Bring a tab to the front of a dock that is seen."""
        self.dock.show()
        self.dock.raise_()
        self.choose(key)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for view in self._made.values():
            view.set_theme(theme)

    def figure(self) -> tuple[str, Callable[[QPainter, QRectF, Theme], None]] | None:
        """What the view in front is called as a figure, and what paints one; None for curves, which have their own."""
        entry, view = self._entries[self._front], self.view(self._front)
        if isinstance(view, ValidationView):
            view = view.picture
        if not (entry.figure and isinstance(view, PictureView) and self.dock.isVisible()):
            return None
        return entry.figure, view.render_figure

    def _bring_to_front(self) -> None:
        shown = self._shown
        entry = self._entries[self._wanted]
        is_there = shown is None or (shown.dataset.task in entry.tasks and not entry.why_not(shown))
        self._front = self._wanted if is_there else _DEFAULT
        self.view(self._front)
        self._tabs.set_front(self._front)
        self._refresh()

    # -- what they show

    def show(self, new: Shown) -> None:
        """Show the newest that is known: of the view in front, ten times a second at most."""
        old, self._shown = self._shown, new
        if old is None or old.dataset.task != new.dataset.task:
            for entry in BOTTOM_VIEWS:
                self._tabs.set_offered(entry.id, new.dataset.task in entry.tasks)
        facts = [entry.why_not(new) for entry in BOTTOM_VIEWS]
        if facts != self._reasons or old is None or old.dataset.task != new.dataset.task:
            self._reasons = facts
            for entry, why_not in zip(BOTTOM_VIEWS, facts, strict=True):
                self._tabs.set_reason(entry.id, why_not)
            self._bring_to_front()
        roc = self._made.get("roc")
        if roc is not None:  # the slider does not wait for the curves
            roc.set_threshold(new.experiment.view.threshold)
        tree, learner = self._made.get("dendrogram"), new.experiment.learner
        if tree is not None:  # nor does the cut for its clusters
            tree.set_cut(learner if isinstance(learner, Hierarchical) else None)
        rebuilt, judged = self._made.get("reconstruction"), self._judged.get("reconstruction")
        if rebuilt is not None and judged is not None:
            chosen = new.dataset.points.ids[new.workspace.selection.astype(np.intp)]
            rebuilt.set_selected(rows_in_common(judged.dataset.points.ids, chosen)[0])
        self._refresh()

    def _on_visibility(self, visible: bool) -> None:
        if visible:
            self._refresh()

    def _refresh(self) -> None:
        if self._is_behind() and not self._timer.isActive():
            wait = self._begun_at + _LEAST_SECONDS - time.monotonic()
            self._timer.start(_POLLED_MS if self._at_work is not None else max(0, round(1000 * wait)))

    def _is_behind(self) -> bool:
        """Whether the view in front is seen, and shows something else than the newest."""
        entry, shown = self._entries[self._front], self._shown
        if entry.compute is None or shown is None or not self._tabs.isVisible():
            return False
        return entry.id not in self._given or self._given[entry.id] is not shown.judged

    def _go_on(self) -> None:
        """Show what has been computed, or have the newest computed."""
        if self._at_work is not None:
            entry, judged, work = self._at_work
            if not work.done():
                self._timer.start(_POLLED_MS)
                return
            self._at_work = None
            assert entry.show is not None
            self._judged[entry.id] = judged
            found = work.result()
            entry.show(self.view(entry.id), found, judged)
            if entry.goes_on(found):
                self._given.pop(entry.id, None)
            self._refresh()
            return
        if not self._is_behind() or self._shown is None:
            return
        entry, judged = self._entries[self._front], self._shown.judged
        assert entry.compute is not None
        if self._executor is None:
            self._executor = ThreadPoolExecutor(1, "playground-evaluation")
        self._given[entry.id] = judged
        self._at_work = entry, judged, self._executor.submit(entry.compute, judged)
        self._begun_at = time.monotonic()
        self._timer.start(_POLLED_MS)

    def close(self) -> None:
        """Wait for what is being computed, and compute nothing any more."""
        self._timer.stop()
        self._shown = None
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)

    # -- what they wish

    def _on_threshold_changed(self, value: float, final: bool) -> None:
        self.edited.emit("view.threshold", value, final)

    def _on_log_changed(self, axis: str, logarithmic: bool) -> None:
        self.edited.emit(f"view.log_{axis}", logarithmic, True)

    def _on_cell_chosen(self, part: str, true: int, predicted: int) -> None:
        judged = self._judged.get("confusion")
        if judged is None:
            return
        rows, said = _in_cell(judged, part, true, predicted)
        kind = "" if part == "all" else f"{'training' if part == 'train' else part} "
        of = f"{len(rows):,} {kind}point{'' if len(rows) == 1 else 's'} of {judged.dataset.class_names[true]} {said}"
        verb = "is" if len(rows) == 1 else "are"
        self._select(judged, rows, f"{of} {verb} selected." if len(rows) else f"There are no {of[2:]}.")

    def _on_rows_chosen(self, rows: IntArray, sentence: str) -> None:
        judged = self._judged.get(self._front)
        if judged is not None:
            self._select(judged, rows, sentence)

    def _select(self, judged: Judged, rows: IntArray, sentence: str) -> None:
        """Wish for the rows of `judged` as they are numbered on the stage, where points may have come and gone."""
        if self._shown is not None:
            ids = judged.dataset.points.ids[np.sort(rows)]
            now = rows_in_common(ids, self._shown.dataset.points.ids)[1]
            self.selection_requested.emit(now.astype(np.int64), sentence)


def _in_cell(judged: Judged, part: str, true: int, column: int) -> tuple[IntArray, str]:
    """The rows of the data set in a cell of the confusion matrix, and what a sentence says that they are."""
    if judged.dataset.task != "clustering":
        return rows_of_cell(judged, part, true, column), f"predicted as {judged.dataset.class_names[column]}"
    beside = classes_by_cluster(judged)
    if beside is None or column >= len(beside.clusters):
        return np.empty(0, np.intp), "in that cluster"
    cluster = int(beside.clusters[column])
    return beside.rows(judged, true, column), "in no cluster" if cluster == UNASSIGNED else f"in cluster {cluster + 1}"
