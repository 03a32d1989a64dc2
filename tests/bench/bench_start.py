"""How long it takes from the command to the window and to the first step of learning."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time

from tests.bench.registry import Figure, benchmarks_together
from tests.bench.windows import XVFB, virtual_screen

_STARTS = 5

_SCRIPT = """
import sys, time
from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from playground import app, window

class Window(window.MainWindow):
    is_painted = False

    def paintEvent(self, event):
        super().paintEvent(event)
        if not self.is_painted:
            self.is_painted = True
            # Heard once all children are painted and on screen, before anything else that waits.
            QCoreApplication.postEvent(self, QEvent(QEvent.Type.User), Qt.EventPriority.HighEventPriority.value)

    def event(self, event):
        if event.type() == QEvent.Type.User:
            print("visible", time.time(), flush=True)
            if self.bridge.run_id:
                self.press_play()
            else:
                self.bridge.run_started.connect(self.press_play)
        return super().event(event)

    def press_play(self, *_):
        self.bridge.snapshot_arrived.connect(self.look_at)
        QTest.mouseClick(self.top_bar.transport.play_button, Qt.MouseButton.LeftButton)

    def look_at(self, snapshot):
        if snapshot.step:
            print("stepped", time.time(), flush=True)
            self.bridge.close()
            QApplication.exit(0)

window.MainWindow = Window
sys.exit(app.run_application(None))
"""


def _moments() -> tuple[float, float]:
    """Seconds from the start of the process to the window and to the first step that it is told of."""
    with tempfile.TemporaryDirectory() as home:
        begun = time.time()
        done = subprocess.run(
            [sys.executable, "-c", _SCRIPT], capture_output=True, text=True, check=True, timeout=120,
            env={**os.environ, "PLAYGROUND_HOME": home},
        )  # fmt: skip
    moments = dict(line.split() for line in done.stdout.splitlines())
    return float(moments["visible"]) - begun, float(moments["stepped"]) - begun


def _medians() -> list[float]:
    """Of several starts after one that does not count: files and compiled loops are warm."""
    subprocess.run([sys.executable, "-c", "from engine.dense.kernels import warm_up; warm_up('float32')"], check=True)
    _moments()
    visible, stepped = zip(*(_moments() for _ in range(_STARTS)), strict=True)
    return [statistics.median(visible), statistics.median(stepped)]


def _figures(where: str) -> tuple[Figure, ...]:
    return (
        Figure(f"window visible after start{where}", "s", budget=1.0),
        Figure(f"first training step after start, play pressed at once{where}", "s", budget=2.5),
    )


@benchmarks_together(*_figures(""))
def start() -> list[float]:
    return _medians()


if XVFB is not None:

    @benchmarks_together(*_figures(", Xvfb"))
    def start_on_x() -> list[float]:
        with virtual_screen():
            return _medians()
