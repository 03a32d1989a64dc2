"""Windows to measure: opened, run as an application runs them, drawn in by a hand of another process."""

from __future__ import annotations

import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QEventLoop, QObject, QPointF, QSocketNotifier, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from engine.experiment import DrawnData, Experiment

if TYPE_CHECKING:
    from playground.window import MainWindow

XVFB = shutil.which("Xvfb")
"""The program of a virtual X screen, where there is one."""

_ANSWER_SECONDS = 60.0
_TICKER = """
import sys, time
period, due = 1 / float(sys.argv[1]), time.perf_counter()
while True:
    due += period
    time.sleep(max(0.0, due - time.perf_counter()))
    sys.stdout.write(f"{due:.6f}\\n")
    sys.stdout.flush()
"""


@contextmanager
def virtual_screen() -> Iterator[None]:
    """An X screen in memory; windows opened meanwhile, also by child processes, are on it."""
    assert XVFB is not None
    command = [XVFB, "-displayfd", "1", "-screen", "0", "1600x1000x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        try:
            os.environ.update(DISPLAY=f":{server.stdout.readline().strip()}", QT_QPA_PLATFORM="xcb")
            yield
        finally:
            server.terminate()


class TimedApplication(QApplication):
    """Notes how long each event keeps the window's thread, in milliseconds; an event within another is part of it."""

    def __init__(self) -> None:
        super().__init__(["playground"])
        self.handled: list[float] = []
        self._depth = 0

    def notify(self, receiver: QObject, event: QEvent) -> bool:
        self._depth += 1
        begun = time.perf_counter()
        try:
            return super().notify(receiver, event)
        finally:
            self._depth -= 1
            if self._depth == 0:
                self.handled.append(1000 * (time.perf_counter() - begun))


@contextmanager
def open_window(experiment: Experiment) -> Iterator[MainWindow]:
    """A window whose model is ready to learn."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["PLAYGROUND_HOME"] = home
        from playground.app import let_the_window_go_first
        from playground.settings import AppSettings
        from playground.window import MainWindow

        application = QApplication.instance() or QApplication(["playground"])
        window = MainWindow(experiment, AppSettings(theme="light"))
        window.resize(1440, 900)
        let_the_window_go_first(window)
        window.show()
        wait_until(lambda: window.training.snapshot is not None and not window.training.snapshot.preparing)
        yield window
        window.document.mark_saved(Path(home) / "unused.playground", window.document.experiment)
        window.close()
        application.processEvents()


def run_for(seconds: float) -> None:
    """Run the event loop as an application does, for so long."""
    loop = QEventLoop()
    QTimer.singleShot(round(seconds * 1000), loop.quit)
    loop.exec()


def wait_until(holds: Callable[[], bool]) -> None:
    """Run the event loop until something holds."""
    end = time.perf_counter() + _ANSWER_SECONDS
    while not holds():
        run_for(0.01)
        if time.perf_counter() > end:
            raise TimeoutError("the window did not get there")


@contextmanager
def ticking(rate: float, hear: Callable[[list[float]], object]) -> Iterator[None]:
    """Have moments heard, `rate` a second, at which a hand moves.

    They come from another process, as the events of a mouse do: a window that stands still does not hold them up, and
    those that have waited are delivered together, as Qt does with movements.
    """
    with subprocess.Popen([sys.executable, "-c", _TICKER, str(rate)], stdout=subprocess.PIPE, bufsize=0) as ticker:
        assert ticker.stdout is not None
        pipe = ticker.stdout.fileno()
        notifier = QSocketNotifier(pipe, QSocketNotifier.Type.Read)
        notifier.activated.connect(lambda: hear([float(line) for line in os.read(pipe, 65536).split()]))
        try:
            yield
        finally:
            notifier.setEnabled(False)
            ticker.terminate()


@dataclass
class Strokes:
    """What was seen while a hand drew; times in milliseconds."""

    frames: list[float] = field(default_factory=list)
    """Between two paintings of the stage."""
    answers: list[float] = field(default_factory=list)
    """From each pointer event, when it was due, to the end of the first painting after it was heard."""
    points: list[float] = field(default_factory=list)
    """From each puff of the spray to the end of the first painting that has its points."""


def sprayed(window: MainWindow, seconds: float, rate: float, tool: str = "spray") -> Strokes:
    """Draw with a brush in circles for so long, `rate` pointer events a second, while the window does what it does.

    What events have waited in `ticking` counts.
    """
    stage, seen = window.stage, Strokes()
    heard: list[float] = []
    puffs: list[tuple[float, int]] = []
    last = [0.0]
    paint = stage.paintEvent

    def painted(event: object) -> None:
        paint(event)  # type: ignore[arg-type]
        now = time.perf_counter()
        if last[0]:
            seen.frames.append(1000 * (now - last[0]))
        last[0] = now
        seen.answers.extend(1000 * (now - due) for due in heard)
        heard.clear()
        on_stage = len(stage.figure.dataset.points)
        seen.points.extend(1000 * (now - moment) for moment, count in puffs if count <= on_stage)
        puffs[:] = [puff for puff in puffs if puff[1] > on_stage]

    def on_points_drawn(*_: object) -> None:
        data = window.document.experiment.data
        assert isinstance(data, DrawnData)  # by the first point
        puffs.append((time.perf_counter(), len(data.points)))

    begun = time.perf_counter()
    plot = stage.frame.plot

    def send(kind: QEvent.Type) -> None:
        angle = 2.1 * (time.perf_counter() - begun)
        turn = QPointF(0.35 * plot.width() * math.cos(angle), 0.35 * plot.height() * math.sin(1.3 * angle))
        at = plot.center() + turn
        left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
        button = none if kind == QEvent.Type.MouseMove else left
        held = none if kind == QEvent.Type.MouseButtonRelease else left
        QApplication.sendEvent(
            stage,
            QMouseEvent(kind, at, QPointF(stage.mapToGlobal(at)), button, held, Qt.KeyboardModifier.NoModifier),
        )

    def on_ticks(due: list[float]) -> None:
        send(QEvent.Type.MouseMove)
        heard.extend(due)

    window.data_panel.tool_chosen.emit(tool)
    run_for(0.1)
    stage.points_drawn.connect(on_points_drawn)
    send(QEvent.Type.MouseButtonPress)
    stage.paintEvent = painted  # type: ignore[method-assign]
    with ticking(rate, on_ticks):
        run_for(seconds)
    send(QEvent.Type.MouseButtonRelease)
    stage.points_drawn.disconnect(on_points_drawn)
    stage.paintEvent = paint  # type: ignore[method-assign]
    return seen
