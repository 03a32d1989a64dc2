"""How smooth it is: frames and answers to the hand while the model learns as fast as it can."""

from __future__ import annotations

import time

from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtTest import QTest

from engine.experiment import Experiment
from tests.bench.registry import Figure, benchmark, benchmarks_together, percentile
from tests.bench.windows import XVFB, TimedApplication, open_window, run_for, sprayed, virtual_screen

_EVENTS_PER_SECOND = 120
_SECONDS = 6.0
_PEER_CHANGE_MS = 50
"""What a web page with six fixed data sets takes from a click on another one to its picture (measured: 48-52 ms)."""
_LONGEST_CHANGE_MS = 5000
_DATA_SETS = ("circles", "xor", "moons", "spirals", "checkerboard") * 3


def _figures(where: str) -> tuple[Figure, ...]:
    return (
        Figure(f"frame interval, learning flat out and spraying, median{where}", "ms"),
        Figure(f"frame interval, learning flat out and spraying, p95{where}", "ms"),
        Figure(f"frame interval, learning flat out and spraying, p99{where}", "ms", budget=20),
        Figure(f"pointer event to changed picture, median{where}", "ms"),
        Figure(f"pointer event to changed picture, p99{where}", "ms", budget=33),
        Figure(f"sprayed points to their picture, p99{where}", "ms", budget=33),
    )


def _smoothness() -> list[float]:
    with open_window(Experiment()) as window:
        window.training.play()
        run_for(1.0)
        seen = sprayed(window, _SECONDS, _EVENTS_PER_SECOND)
    return [
        *(percentile(seen.frames, percent) for percent in (50, 95, 99)),
        *(percentile(seen.answers, percent) for percent in (50, 99)),
        percentile(seen.points, 99),
    ]


@benchmarks_together(*_figures(""))
def smoothness() -> list[float]:
    return _smoothness()


if XVFB is not None:

    @benchmarks_together(*_figures(", Xvfb"))
    def smoothness_on_x() -> list[float]:
        with virtual_screen():
            return _smoothness()


@benchmarks_together(
    Figure("window's thread kept by one event, learning flat out and spraying, p99", "ms", budget=8),
    Figure("window's thread kept by one event, learning flat out and spraying, longest", "ms"),
)
def work_at_a_time() -> list[float]:
    """Of events that take longer than 0.1 ms, waiting for the interpreter lock included."""
    application = TimedApplication()
    with open_window(Experiment()) as window:
        window.training.play()
        run_for(1.0)
        application.handled.clear()
        sprayed(window, _SECONDS, _EVENTS_PER_SECOND)
        handled = [duration for duration in application.handled if duration > 0.1]
    return [percentile(handled, 99), max(handled)]


@benchmark("click on a data set to its first picture, median", "ms", baseline=_PEER_CHANGE_MS)
def data_set_change() -> float:
    """From the press of the button to the end of the painting that has the new points and the new model's field."""
    found: list[float] = []
    with open_window(Experiment()) as window:
        stage, loop, patience = window.stage, QEventLoop(), QTimer()
        patience.setSingleShot(True)
        patience.timeout.connect(loop.quit)
        paint = stage.paintEvent
        run_before = begun = 0.0

        def painted(event: object) -> None:
            paint(event)  # type: ignore[arg-type]
            snapshot = window.training.snapshot
            if not loop.isRunning() or snapshot is None or snapshot.run_id == run_before:
                return
            if snapshot.run_id == window.bridge.run_id and stage.figure.field is snapshot.field is not None:
                found.append(1000 * (time.perf_counter() - begun))
                loop.quit()

        stage.paintEvent = painted  # type: ignore[method-assign]
        for name in _DATA_SETS:
            run_for(0.2)
            run_before = window.bridge.run_id
            patience.start(_LONGEST_CHANGE_MS)
            begun = time.perf_counter()
            QTest.mouseClick(window.data_panel.gallery.thumbnail(name), Qt.MouseButton.LeftButton)
            loop.exec()
        del stage.paintEvent
    if len(found) != len(_DATA_SETS):
        raise TimeoutError("a data set did not come")
    return percentile(found, 50)
