"""The panes beside the stage, kept up to date: scores, reconstruction, pairs of features, parallel coordinates."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, QSignalBlocker, QTimer, Signal

from engine.dataset import Dataset, IntArray, rows_in_common
from engine.registry import LEARNERS
from playground.pane_contents import PaneFacts, Ranges, fill_pane, make_pane
from playground.resolve import Shown
from widgets.pane import LinkedStage, Pane, ReconstructionPane, ScorePane
from widgets.theme import Theme
from widgets.tiles import Tiles

_LEAST_SECONDS = 0.1
_SECONDS_A_ROW = 5e-5
"""Between two pictures of all rows of a table, which take up to a tenth of a second to paint."""


def wanted_panes(shown: Shown) -> tuple[str, ...]:
    """The panes that are to be seen, of those that mean something."""
    view, task = shown.experiment.view, shown.dataset.task
    has_way_back = LEARNERS[shown.experiment.learner.kind].has_way_back
    of_projection = [name for name in ("projection", "reconstruction")[: 1 + has_way_back] if getattr(view, name)]
    of_data = [name for name in ("pairs", "parallel") if getattr(view, name)]
    return (*(of_projection if task == "projection" else ()), *(of_data if shown.dataset.n_inputs > 1 else ()))


class Panes(QObject):
    """Owns the panes beside the stage, made when they are first wanted.

    Parameters
    ----------
    tiles : where they stand.
    theme : colours and sizes.
    """

    edited = Signal(str, object, bool)
    """A wish: the value at a path of the document, True."""
    selection_changed = Signal(object)
    """rows of the data set."""
    points_erased = Signal(object)
    """A wish: rows of the data set."""
    points_relabelled = Signal(object, int)
    """A wish: rows of the data set, the class."""
    pair_chosen = Signal(str, str)
    """A wish: the two features to look at on the stage."""
    stage_made = Signal(object)
    """A stage whose strokes are to be heard."""

    def __init__(self, tiles: Tiles, theme: Theme) -> None:
        super().__init__(tiles)
        self._tiles, self._theme = tiles, theme
        self._made: dict[str, Pane] = {}
        self._given: dict[str, tuple[object, ...]] = {}
        self._ids: dict[str, IntArray] = {}
        self._dataset: Dataset | None = None
        self._filled: dict[str, float] = {}
        self._shown: tuple[Shown, Ranges] | None = None
        self._late = QTimer(self)
        self._late.setSingleShot(True)
        self._late.timeout.connect(self._show_again)

    def pane(self, key: str) -> Pane:
        """The pane of that name; made now if it was never wanted."""
        if key not in self._made:
            pane = self._make(key)
            self._made[key] = pane
            pane.hide()
            pane.closed.connect(lambda key: self.edited.emit(f"view.{key}", False, True))
            self._tiles.add(pane)
        return self._made[key]

    def _make(self, key: str) -> Pane:
        pane = make_pane(key, self._theme)
        if isinstance(pane, ScorePane):
            pane.edited.connect(self.edited)
        if isinstance(pane, ScorePane | ReconstructionPane):
            pane.stage.selection_changed.connect(lambda rows: self.selection_changed.emit(self._rows(key, rows)))
            pane.stage.points_erased.connect(lambda rows: self.points_erased.emit(self._rows(key, rows)))
            pane.stage.points_relabelled.connect(
                lambda rows, label: self.points_relabelled.emit(self._rows(key, rows), label)
            )
            self.stage_made.emit(pane.stage)
        else:
            body: Any = pane.body
            body.selection_changed.connect(self.selection_changed)
            if key == "pairs":
                body.pair_chosen.connect(self._on_pair_chosen)
        return pane

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for pane in self._made.values():
            pane.set_theme(theme)

    def figures(self) -> tuple[tuple[str, Callable[..., None]], ...]:
        """The panes that are seen: what each is called as a figure, and what paints it."""
        return tuple((pane.title, pane.render_figure) for pane in self._made.values() if not pane.isHidden())

    def show(self, shown: Shown, ranges: Ranges) -> None:
        """Show those that are wanted what is to be shown.

        Parameters
        ----------
        ranges : the part of the plane that the stage shows.
        """
        wanted = wanted_panes(shown)
        self._shown = shown, ranges
        for key in wanted:
            self.pane(key)
        self._dataset = shown.dataset
        changed = False
        for key, pane in self._made.items():
            if pane.isHidden() == (key in wanted):
                pane.setVisible(key in wanted)
                changed = True
        if changed:
            self._tiles.lay_out()
        for key in wanted:
            self._fill(key, self._made[key], shown, ranges)

    def _show_again(self) -> None:
        if self._shown is not None:
            self.show(*self._shown)

    def _must_wait(self, key: str, shown: Shown) -> bool:
        """Whether a pane that takes long to paint was filled so recently that it is filled a little later."""
        wait = _LEAST_SECONDS + len(shown.dataset.points) * _SECONDS_A_ROW
        wait += self._filled.get(key, 0.0) - time.monotonic()
        if wait <= 0 or shown.outcome.final or not shown.playing:
            self._filled[key] = time.monotonic()
            return False
        if not self._late.isActive():
            self._late.start(round(1000 * wait) + 1)
        return True

    def _fill(self, key: str, pane: Pane, shown: Shown, ranges: Ranges) -> None:
        judged = shown.judged if shown.has_model else None
        given: tuple[object, ...] = (
            judged if key in ("projection", "reconstruction") else None, shown.dataset, shown.coloured,
            shown.predictions, shown.experiment.view, shown.experiment.learner, shown.blocked,
            ranges if key == "reconstruction" else None,
        )  # fmt: skip
        before = self._given.get(key)
        is_new = before is None or any(a is not b for a, b in zip(before, given, strict=True))
        if is_new and not (key in ("pairs", "parallel") and self._must_wait(key, shown)):
            self._given[key] = given
            facts = PaneFacts(
                shown.experiment.view, shown.dataset, shown.coloured, shown.predictions, judged, ranges, shown.blocked
            )  # fmt: skip
            self._ids[key] = fill_pane(pane, facts)
        self._show_selection(key, pane, shown)

    def _show_selection(self, key: str, pane: Pane, shown: Shown) -> None:
        selection = np.asarray(shown.workspace.selection, np.intp)
        body: Any = pane.body
        if isinstance(body, LinkedStage):
            ids = shown.dataset.points.ids
            if len(selection) and self._ids[key] is not ids:
                here, there = rows_in_common(self._ids[key], ids)
                selection = np.asarray(here[np.isin(there, selection)], np.intp)
        with QSignalBlocker(body):
            body.set_selection(selection)

    def _rows(self, key: str, rows: IntArray) -> IntArray:
        """Rows of a pane, which may be of an earlier data set, as rows of the present one."""
        if self._dataset is None:
            return np.empty(0, np.intp)
        return np.asarray(rows_in_common(self._ids[key][rows], self._dataset.points.ids)[1], np.intp)

    def _on_pair_chosen(self, horizontal: int, vertical: int) -> None:
        if self._dataset is not None:
            names = self._dataset.input_names
            self.pair_chosen.emit(names[horizontal], names[vertical])
