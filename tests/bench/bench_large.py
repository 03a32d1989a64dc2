"""Large data: a million points opened, moved about and learned from; strokes on a hundred thousand."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEventLoop, Qt, QTimer

from engine.edits import replaced
from engine.experiment import Experiment, GeneratedData
from tests.bench.registry import Figure, benchmarks_together, percentile
from tests.bench.windows import open_window, run_for, sprayed, wait_until

if TYPE_CHECKING:
    from playground.window import MainWindow

MILLION = 1_000_000
_EVENTS_PER_SECOND = 120
_STROKE_SECONDS = 4.0
_MOVING_SECONDS = 3.0
_MEMORY = 1536
"""MB: the 1.5 GB that a million points may take."""


def _laid_out(window: MainWindow) -> None:
    """As large as on a usual screen: the one in memory is smaller, and there a new window fills it."""
    window.setWindowState(Qt.WindowState.WindowNoState)
    window.resize(1440, 900)
    run_for(0.2)


def _peak_memory() -> float:
    """The most memory this process has had, in MB."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def _until_painted(window: MainWindow, count: int, begin: Callable[[], object]) -> float:
    """Seconds from `begin` to the end of the first painting of the stage with so many points."""
    stage, loop = window.stage, QEventLoop()
    paint = stage.paintEvent

    def painted(event: object) -> None:
        paint(event)  # type: ignore[arg-type]
        if len(stage.figure.dataset.points) == count:
            loop.quit()

    stage.paintEvent = painted  # type: ignore[method-assign]
    begun = time.perf_counter()
    QTimer.singleShot(0, begin)
    loop.exec()
    del stage.paintEvent
    return time.perf_counter() - begun


def _frames_per_second(window: MainWindow, move: Callable[[int], None]) -> float:
    """Paintings of the stage a second while each is followed by the next movement."""
    stage, loop, frames = window.stage, QEventLoop(), [0]
    paint = stage.paintEvent

    def painted(event: object) -> None:
        paint(event)  # type: ignore[arg-type]
        frames[0] += 1
        QTimer.singleShot(0, lambda: move(frames[0]))

    stage.paintEvent = painted  # type: ignore[method-assign]
    QTimer.singleShot(round(1000 * _MOVING_SECONDS), loop.quit)
    begun = time.perf_counter()
    move(0)
    loop.exec()
    del stage.paintEvent
    return frames[0] / (time.perf_counter() - begun)


@benchmarks_together(
    Figure("1,000,000 generated points: from the wish to their picture", "s", budget=1),
    Figure("1,000,000 points: from play to the first epoch seen", "s"),
    Figure("1,000,000 points: frames a second while panning and learning", "1/s", budget=30, better="higher"),
    Figure("1,000,000 points: frames a second while zooming and learning", "1/s", budget=30, better="higher"),
    Figure("1,000,000 generated points: peak memory, learning", "MB", budget=_MEMORY),
)
def a_million_points() -> list[float]:
    """Spirals, the default network, batches of 10: 70,000 steps an epoch."""
    with open_window(Experiment()) as window:
        _laid_out(window)
        document = window.document
        large = replaced(document.experiment, "data.n_points", MILLION)
        opened = _until_painted(window, MILLION, lambda: document.edit(large, "Points"))
        wait_until(lambda: window.training.snapshot is not None)
        begun = time.perf_counter()
        window.training.play()
        wait_until(lambda: window.shown.epoch >= 1)
        first_epoch = time.perf_counter() - begun
        panned = _frames_per_second(window, lambda i: window.stage.pan_by(*((6, 4) if i % 60 < 30 else (-6, -4))))
        window.look.fit()
        zoomed = _frames_per_second(window, lambda i: window.stage.zoom_by(0.98 if i % 60 < 30 else 1 / 0.98, None))
    return [opened, first_epoch, panned, zoomed, _peak_memory()]


@benchmarks_together(
    Figure("CSV of 1,000,000 points: from the file to their picture", "s", budget=5),
    Figure("CSV of 1,000,000 points: longest time without a turn of the event loop", "ms"),
    Figure("CSV of 1,000,000 points: peak memory, learning", "MB", budget=_MEMORY),
)
def a_csv_of_a_million_points() -> list[float]:
    with tempfile.TemporaryDirectory() as folder, open_window(Experiment()) as window:
        _laid_out(window)
        path = Path(folder) / "million.csv"
        _write_csv(path)
        turns: list[float] = []
        heart = QTimer()
        heart.timeout.connect(lambda: turns.append(time.perf_counter()))
        heart.start(5)
        opened = _until_painted(window, MILLION, lambda: window.files.open_path(path))
        heart.stop()
        window.training.play()
        run_for(3.0)
    pauses = [later - earlier for earlier, later in pairwise(turns)]
    return [opened, 1000 * max(pauses), _peak_memory()]


def _write_csv(path: Path) -> None:
    """Written by another process: what it takes to write is not what it takes to read."""
    import subprocess

    program = (
        "from engine.experiment import *; from engine.generators import dataset_of; from engine.tables import *;"
        f"write_points({str(path)!r}, dataset_of(GeneratedData(n_points={MILLION}), Preparation()))"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@benchmarks_together(
    *(
        Figure(f"{what} 100,000 points, learning: {figure}", "ms", budget=budget)
        for what in ("spraying on", "erasing from")
        for figure, budget in (
            ("frame interval, p99", 20),
            ("frame interval, median", None),
            ("pointer event to changed picture, p99", 33),
        )
    )
)
def strokes_on_many_points() -> list[float]:
    figures: list[float] = []
    with open_window(Experiment(data=GeneratedData(n_points=100_000))) as window:
        _laid_out(window)
        window.training.play()
        run_for(1.0)
        for tool in ("spray", "erase"):
            seen = sprayed(window, _STROKE_SECONDS, _EVENTS_PER_SECOND, tool)
            figures += [percentile(seen.frames, 99), percentile(seen.frames, 50), percentile(seen.answers, 99)]
            run_for(0.3)
    return figures
