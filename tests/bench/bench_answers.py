"""How soon the window answers its controls, in slow motion, at ten epochs a second and flat out."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QWidget

from tests.bench import problems
from tests.bench.registry import Figure, benchmarks_together, percentile
from tests.bench.windows import open_window, run_for

if TYPE_CHECKING:
    from engine.snapshot import Snapshot
    from playground.window import MainWindow

_TURNS = 12
_LONGEST_MS = 5000
_SPEEDS = {"step-1": "in slow motion", "epoch-10": "at 10 epochs/s", "flat-out": "flat out"}


class _Hand:
    """Clicks, and measures how long it takes until a snapshot reaches the window that shows what was asked for."""

    def __init__(self, window: MainWindow) -> None:
        self.window = window
        self.answers: list[float] = []
        self._loop = QEventLoop()

    def measure(self, click: Callable[[], object], is_shown_by: Callable[[Snapshot], bool]) -> None:
        arrived = [0.0]

        def look(snapshot: Snapshot) -> None:
            if is_shown_by(snapshot) and not arrived[0]:
                arrived[0] = time.perf_counter()
                self._loop.quit()

        self.window.bridge.snapshot_arrived.connect(look)
        patience = QTimer()
        patience.setSingleShot(True)
        patience.timeout.connect(self._loop.quit)
        patience.start(_LONGEST_MS)
        begun = time.perf_counter()
        click()
        if not arrived[0]:
            self._loop.exec()
        self.window.bridge.snapshot_arrived.disconnect(look)
        if not arrived[0]:
            raise TimeoutError(f"answer {len(self.answers) + 1} did not come within {_LONGEST_MS} ms")
        self.answers.append(1000 * (arrived[0] - begun))


def _rate_of(snapshot: Snapshot) -> float:
    """The learning rate of the learner that a snapshot is of."""
    return snapshot.model.learner.training.optimizer.learning_rate  # type: ignore[union-attr]


def _ask_everything(hand: _Hand, rate: float) -> None:
    """Play, type a learning rate, pause and take a step."""
    window = hand.window
    transport = window.top_bar.transport
    box = window.model_panel.optimizer.row("learning_rate").findChild(QLineEdit)
    assert isinstance(box, QLineEdit)

    def press(button: QWidget) -> Callable[[], None]:
        return lambda: QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    hand.measure(press(transport.play_button), lambda snapshot: snapshot.playing)
    run_for(0.15)
    box.setFocus()
    box.selectAll()
    QTest.keyClicks(box, f"{rate:.3f}")
    hand.measure(lambda: QTest.keyClick(box, Qt.Key.Key_Return), lambda snapshot: abs(_rate_of(snapshot) - rate) < 1e-9)
    hand.measure(press(transport.play_button), lambda snapshot: not snapshot.playing)
    step = window.training.snapshot.step if window.training.snapshot is not None else 0
    hand.measure(press(transport.step_button), lambda snapshot: snapshot.step == step + 1)
    run_for(0.05)


def _answers(speed: str) -> float:
    """The p99 of all that is asked in some turns."""
    with open_window(problems.experiment_of(problems.SMALL)) as window:
        hand, box = _Hand(window), window.top_bar.transport.speed
        box.setCurrentIndex(box.findData(speed))
        box.activated.emit(box.currentIndex())
        for turn in range(_TURNS):
            _ask_everything(hand, 0.01 + 0.001 * turn)
    return percentile(hand.answers, 99)


@benchmarks_together(
    *(Figure(f"play, pause, step, learning rate to their snapshot, p99, {how}", "ms", budget=100)
      for how in _SPEEDS.values())
)  # fmt: skip
def answers() -> list[float]:
    return [_answers(speed) for speed in _SPEEDS]
