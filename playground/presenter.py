"""Pushes what has changed into the views: the only place where they are told anything."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass

import numpy as np
from PySide6.QtWidgets import QLabel

from engine.experiment import DrawnData
from engine.plane import axes_of
from playground.naming import epoch_name, loss_name, part_names, score_name, score_note
from playground.resolve import Shown
from playground.top_bar import TopBar
from widgets.curves import Curves
from widgets.data_panel import DataPanel
from widgets.metrics_bar import MetricsBar
from widgets.model_panel import ModelPanel
from widgets.stage import Stage, fitted_range
from widgets.transport import SPEEDS

Range = tuple[float, float]
_DRAWING_TOOLS = ("point", "spray", "line")


@dataclass
class StatusLabels:
    """The labels of the status bar."""

    counts: QLabel
    device: QLabel
    pace: QLabel
    frames: QLabel


@dataclass
class Views:
    """Everything on screen that is told what to show."""

    stage: Stage
    curves: Curves
    data: DataPanel
    model: ModelPanel
    metrics: MetricsBar
    top: TopBar
    status: StatusLabels


class Presenter:
    """Compares what is shown with what is to be shown, and applies the difference."""

    def __init__(self, views: Views) -> None:
        self._views = views
        self._old: Shown | None = None
        self._fitted_for: object = None
        self._fitted: tuple[Range, Range] | None = None
        self._stretched = False
        self._pictures: deque[float] = deque(maxlen=240)
        self.ranges: tuple[Range, Range] | None = None
        """The part of the plane that the stage was last told to show."""

    def fit(self) -> None:
        """Fit the data at the next showing, if the view does not say otherwise."""
        self._fitted_for = None

    def fit_again(self) -> None:
        """The stage has another shape: fit what was fitted before."""
        self._stretched = True

    def show(self, new: Shown) -> None:
        """Make the views show `new`."""
        old, self._old = self._old, new
        self._show_hands(old, new)
        self._show_stage(old, new)
        self._show_panels(old, new)
        self._show_run(old, new)

    def _show_hands(self, old: Shown | None, new: Shown) -> None:
        views, hands = self._views, new.workspace
        before = old.workspace if old is not None else None
        if before is None or before.tool != hands.tool:
            views.stage.set_tool(hands.tool)
            views.data.set_tool(hands.tool)
        if before is None or before.active_target != hands.active_target:
            views.stage.set_active_target(hands.active_target)
            views.data.set_target(hands.active_target)
        if before is None or (before.brush_radius, before.brush_density) != (hands.brush_radius, hands.brush_density):
            views.stage.set_brush(hands.brush_radius, hands.brush_density)
            views.data.set_brush(hands.brush_radius, hands.brush_density)
        if before is None or before.speed != hands.speed:
            views.top.transport.set_speed(SPEEDS[hands.speed].id)

    def _show_stage(self, old: Shown | None, new: Shown) -> None:
        stage, curves = self._views.stage, self._views.curves
        other_data = old is None or old.stage_dataset is not new.stage_dataset or old.coloured is not new.coloured
        if other_data:
            stage.set_dataset(new.stage_dataset, new.coloured)
        self._show_range(new)
        if old is None or old.experiment.view != new.experiment.view:
            stage.set_view(new.experiment.view)
            curves.set_log(new.experiment.view.log_loss, new.experiment.view.log_epochs)
        if other_data or old is None or old.workspace.active_class != new.workspace.active_class:
            stage.set_active_class(new.workspace.active_class)
        if old is None or old.workspace.selection is not new.workspace.selection:
            stage.set_selection(new.workspace.selection.astype(np.intp, copy=False))
        if old is None or old.model is not new.model:
            model = new.model
            stage.set_predictor(None if model is None else model.on_stage, None if model is None else model.explain)
        if old is None or old.field is not new.field:
            stage.set_field(new.field)
        if old is None or old.overlays != new.overlays:
            stage.set_overlays(new.overlays)
            self._pictures.append(time.perf_counter())
        if other_data or old is None or old.predictions is not new.predictions:
            stage.set_predictions(new.predictions)
        stage.set_equation(new.equation)
        stage.set_caption(new.caption)
        stage.set_message("" if len(new.dataset.points) else _empty_message(new))
        stage.set_notice(new.outcome.sentence if new.outcome.status in ("diverged", "failed") else "")

    def _show_range(self, new: Shown) -> None:
        view, data = new.experiment.view, new.experiment.data
        if view.x_range is not None and view.y_range is not None:
            self.ranges = (view.x_range, view.y_range)
            self._fitted_for = None
        else:
            # A data set is fitted whenever it changes; drawn points once, so that the plane holds still under the hand.
            key: object = "drawn" if isinstance(data, DrawnData) else (data, view.plane)
            if self._fitted is None or self._fitted_for is None or (key != "drawn" and key != self._fitted_for):
                self._fitted = fitted_range(new.stage_dataset)
                self._stretched = True
            self._fitted_for = key
            if self._stretched:
                self.ranges = self._shaped(self._fitted, new)
        self._stretched = False
        assert self.ranges is not None
        self._views.stage.set_range(*self.ranges)

    def _shaped(self, fitted: tuple[Range, Range], new: Shown) -> tuple[Range, Range]:
        """`fitted`, made wider or higher where both axes are inputs, so that distances look as long as they are."""
        if new.dataset.n_inputs == 1:
            return fitted
        return self._views.stage.set_range_with_equal_units(*fitted)

    def _show_panels(self, old: Shown | None, new: Shown) -> None:
        views = self._views
        if old is None or old.dataset is not new.dataset or old.experiment is not new.experiment:
            dataset = new.dataset
            counts = dataset.counts.sum(axis=0) if dataset.n_classes else ()
            views.data.typed.set_inputs(dataset.input_names, dataset.X)
            views.data.set_experiment(new.experiment, dataset.n_inputs, [int(count) for count in counts], dataset.task)
            if old is None or _model_facts(old) != _model_facts(new):  # not at each puff of a spray: 1 ms
                axes = axes_of(dataset, new.experiment.view.plane) if dataset.n_inputs > 2 else (0, 1)
                views.model.set_experiment(new.experiment, dataset.task, dataset.input_names, axes)
            views.curves.set_score_name(score_name(new.experiment, dataset), score_note(new.experiment))
            views.curves.set_loss_name(loss_name(new.experiment))
            views.curves.set_epoch_name(epoch_name(new.experiment), part_names(dataset))
            views.top.transport.set_epoch_name(epoch_name(new.experiment))
            views.data.set_active_class(new.workspace.active_class)
        elif old.workspace.active_class != new.workspace.active_class:
            views.data.set_active_class(new.workspace.active_class)
        before = old.complaints if old is not None else {}
        for path in before.keys() - new.complaints.keys():
            views.data.mark(path, None)
            views.model.mark(path, None)
        for path, sentence in new.complaints.items():
            if before.get(path) != sentence:
                views.data.mark(path, sentence)
                views.model.mark(path, sentence)

    def _show_run(self, old: Shown | None, new: Shown) -> None:
        views, status = self._views, self._views.status
        if old is None or old.playing != new.playing:
            views.top.transport.set_playing(new.playing)
        views.top.transport.set_epoch(new.epoch)
        if old is None or old.metrics is not new.metrics:
            views.metrics.set_metrics(new.metrics)
        views.metrics.set_note(_note(new), is_bad=new.outcome.status in ("diverged", "failed"))
        status.counts.setText(new.counts)
        status.device.setText(new.device)
        status.pace.setText(new.pace if new.playing else "")
        status.frames.setText(self._frames_per_second() if new.playing else "")

    def _frames_per_second(self) -> str:
        recent = [moment for moment in self._pictures if moment > time.perf_counter() - 1.0]
        return f"{len(recent)} frames/s" if recent else ""


def _model_facts(shown: Shown) -> tuple[object, ...]:
    """All that the model panel shows."""
    experiment, dataset = shown.experiment, shown.dataset
    return (
        experiment.learner, experiment.training, experiment.view, dataset.task, dataset.n_classes, dataset.input_names
    )  # fmt: skip


def _empty_message(shown: Shown) -> str:
    if shown.workspace.tool not in _DRAWING_TOOLS:
        return "There are no points yet\nTake the point or the spray tool on the left, or a data set."
    if shown.dataset.task == "classification":
        return (
            "Click to draw points\n"
            "Left button: the chosen class. Right button: the next one. Or take a data set on the left."
        )
    return "Click to draw points\nOr take a data set on the left."


def _note(shown: Shown) -> str:
    if shown.blocked:
        return "not ready"
    if shown.preparing:
        return "preparing"
    if shown.outcome.final:
        return shown.outcome.status
    return "training" if shown.playing else "paused" if shown.epoch else "ready"
