"""A grid search in the window: how smooth the window stays while the heat map fills, and how soon it is cancelled."""

from __future__ import annotations

import math
import multiprocessing
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine.edits import set_values
from engine.experiment import Experiment
from tests.bench.problems import SMALL, experiment_of
from tests.bench.registry import Figure, benchmarks_together, percentile
from tests.bench.windows import TimedApplication, open_window, run_for, sprayed, ticking, wait_until

if TYPE_CHECKING:
    from playground.window import MainWindow
    from widgets.validation import ValidationView

_SIDE = 25
_EVENTS_PER_SECOND = 120
_SECONDS = 6.0
_CANCELS = 5
_NOTICEABLE_MS = 0.1
_NETWORK = ("training.optimizer.learning_rate", 1e-3, 1.0), ("training.regularization.l2", 1e-4, 1.0)
_MACHINE = ("learner.C", 1e-2, 1e3), ("learner.gamma", 1e-2, 1e2)


def _network() -> Experiment:
    return experiment_of(SMALL)


def _machine() -> Experiment:
    """Of support vectors: not compiled, so it is searched in processes."""
    from playground.choices import with_learner

    values = {"data.noise": "0.3", "data.n_points": "2500", "learner.gamma_from": "by_hand"}
    return set_values(with_learner(experiment_of({}), "svm"), values)


@dataclass
class _Seen:
    """What was seen while the heat map filled; times in milliseconds."""

    frames: list[float] = field(default_factory=list)
    """Between two paintings of the heat map."""
    stage_frames: list[float] = field(default_factory=list)
    """Between two paintings of the stage, while points fell on it."""
    kept: list[float] = field(default_factory=list)
    """How long each event kept the window's thread while a pointer was over the heat map."""
    filled: float = 0.0
    """Cells a second."""
    said: list[float] = field(default_factory=list)
    """From the click on Cancel to the button that says that nothing runs."""
    idle: list[float] = field(default_factory=list)
    """From the click on Cancel until nothing is computed any more."""


def _opened(window: MainWindow, axes: tuple[tuple[str, float, float], ...], epochs: int) -> ValidationView:
    """The tab, with a search over two hyper-parameters chosen."""
    from widgets.validation_values import AxisWish

    window.evaluation.open("validation")
    view: ValidationView = window.evaluation.view("validation")
    QTest.mouseClick(view.modes.button("search"), Qt.MouseButton.LeftButton)
    wish = window.validation.wish
    across, up = (AxisWish(path, low, high, _SIDE) for path, low, high in axes)
    settings = wish.settings.model_copy(update={"epochs": epochs})
    view.wish_changed.emit(replace(wish, axes=(across, up, wish.axes[2]), settings=settings))
    return view


def _press_run(view: ValidationView) -> None:
    QTest.mouseClick(view.run_button, Qt.MouseButton.LeftButton)


def _is_computing() -> bool:
    """Whether any thread or process of a search is left."""
    return bool(multiprocessing.active_children()) or any(
        thread.name.startswith(("playground-runs", "playground-validation")) for thread in threading.enumerate()
    )


def _done(view: ValidationView) -> int:
    """How many cells are there."""
    return int(view.heat.summary().partition(": ")[2].partition(" of ")[0].replace(",", ""))


def _painted(view: ValidationView, seconds: float) -> list[float]:
    """Milliseconds between paintings of the heat map while a pointer circles over it."""
    canvas, frames, last = view.heat.canvas, [], [0.0]
    paint, begun = canvas.paintEvent, time.perf_counter()

    def painted(event: object) -> None:
        paint(event)  # type: ignore[arg-type]
        now = time.perf_counter()
        if last[0]:
            frames.append(1000 * (now - last[0]))
        last[0] = now

    def on_ticks(due: list[float]) -> None:
        angle = 2.1 * (time.perf_counter() - begun)
        turn = QPointF(0.4 * canvas.width() * math.cos(angle), 0.4 * canvas.height() * math.sin(1.3 * angle))
        at, none = QPointF(canvas.rect().center()) + turn, Qt.MouseButton.NoButton
        moved = QMouseEvent(
            QEvent.Type.MouseMove, at, QPointF(canvas.mapToGlobal(at)), none, none, Qt.KeyboardModifier.NoModifier
        )
        QApplication.sendEvent(canvas, moved)

    canvas.paintEvent = painted  # type: ignore[method-assign]
    with ticking(_EVENTS_PER_SECOND, on_ticks):
        run_for(seconds)
    canvas.paintEvent = paint  # type: ignore[method-assign]
    return frames


def _search(experiment: Experiment, axes: tuple[tuple[str, float, float], ...], epochs: int) -> _Seen:
    """Search for some seconds with a pointer over the heat map and for some with a brush on the stage; then cancel."""
    seen, application = _Seen(), TimedApplication()
    with open_window(experiment) as window:
        view = _opened(window, axes, epochs)
        _press_run(view)
        wait_until(lambda: view.heat.summary() != view.heat.empty and _done(view) > 0)
        application.handled.clear()
        begun, first = time.perf_counter(), _done(view)
        seen.frames = _painted(view, _SECONDS)
        seen.kept = [duration for duration in application.handled if duration > _NOTICEABLE_MS]
        seen.stage_frames = sprayed(window, _SECONDS, _EVENTS_PER_SECOND).frames
        seen.filled = (_done(view) - first) / (time.perf_counter() - begun)
        if not window.validation.running:
            raise RuntimeError("the search has ended before it was cancelled")
        for turn in range(_CANCELS):
            begun = time.perf_counter()
            _press_run(view)
            wait_until(lambda: view.run_button.text().startswith("Run"))
            seen.said.append(1000 * (time.perf_counter() - begun))
            wait_until(lambda: not _is_computing())
            seen.idle.append(1000 * (time.perf_counter() - begun))
            if turn + 1 < _CANCELS:
                _press_run(view)
                wait_until(lambda: view.heat.summary() != view.heat.empty and _done(view) > 0)
    return seen


def _figures(what: str) -> tuple[Figure, ...]:
    return (
        Figure(f"{what}: frame interval of the heat map, p99", "ms", budget=20),
        Figure(f"{what}: frame interval of the stage, points falling, p99", "ms", budget=20),
        Figure(f"{what}: window's thread kept by one event, p99", "ms", budget=8),
        Figure(f"{what}: window's thread kept by one event, longest", "ms"),
        Figure(f"{what}: cells filled", "cells/s", better="higher"),
        Figure(f"{what}: Cancel to the button that says Run, longest", "ms", budget=100),
        Figure(f"{what}: Cancel until nothing is computed, longest", "ms", budget=100),
    )


def _measure(
    experiment: Callable[[], Experiment], axes: tuple[tuple[str, float, float], ...], epochs: int
) -> list[float]:
    seen = _search(experiment(), axes, epochs)
    return [
        percentile(seen.frames, 99), percentile(seen.stage_frames, 99), percentile(seen.kept, 99), max(seen.kept),
        seen.filled, max(seen.said), max(seen.idle),
    ]  # fmt: skip


benchmarks_together(*_figures(f"{_SIDE} x {_SIDE} grid search of a network, 5 folds"))(
    partial(_measure, _network, _NETWORK, 500)
)
benchmarks_together(*_figures(f"{_SIDE} x {_SIDE} grid search of support vector machines, 5 folds"))(
    partial(_measure, _machine, _MACHINE, 1)
)
