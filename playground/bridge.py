"""Between the window and the thread that trains: the window pulls, sixty times a second."""

from __future__ import annotations

import time
from typing import Literal

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from engine.dataset import FloatArray
from engine.experiment import Experiment
from engine.snapshot import Viewport
from engine.worker import FLAT_OUT, Speed, Unit, Worker

FRAME_MS = 16
_JOIN_SECONDS = 5.0


class Bridge(QObject):
    """Owns the current worker, retires the old ones, and tells what is new in each frame.

    A retired worker is never listened to again; its thread ends by itself, and `close` waits for all of them.
    """

    snapshot_arrived = Signal(object)
    """The newest `Snapshot` of the current run."""
    series_arrived = Signal(object)
    """A list of new `CurvePoint` of the current run."""
    run_failed = Signal(object)
    """A `Failure`."""
    run_started = Signal(int)
    """A new run, by its id: what was shown of the old one is out of date."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker: Worker | None = None
        self._retired: list[Worker] = []
        self._next_run_id = 1
        self._speed = FLAT_OUT
        self._viewport: Viewport | None = None
        self._playing = False
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(FRAME_MS)
        self._timer.timeout.connect(self._pull)

    @property
    def playing(self) -> bool:
        """Whether the person wants it to play (a run that has ended may be waiting for new points)."""
        return self._playing

    @property
    def run_id(self) -> int:
        """The id of the current run; 0 before the first."""
        return self._worker.run_id if self._worker is not None else 0

    def start(self, experiment: Experiment, *, playing: bool) -> None:
        """Retire the run that there is and begin another."""
        self._retire()
        self._playing = playing
        self._worker = Worker(
            experiment, self._next_run_id, speed=self._speed, playing=playing, viewport=self._viewport
        )
        self._next_run_id += 1
        self._worker.start()
        self._timer.start()
        self.run_started.emit(self._worker.run_id)

    def play(self) -> None:
        self._playing = True
        if self._worker is not None:
            self._worker.play()

    def pause(self) -> None:
        self._playing = False
        if self._worker is not None:
            self._worker.pause()

    def step(self, unit: Unit, count: int) -> None:
        self._playing = False
        if self._worker is not None:
            self._worker.step(unit, count)

    def set_speed(self, speed: Speed) -> None:
        self._speed = speed
        if self._worker is not None:
            self._worker.set_speed(speed)

    def set_viewport(self, viewport: Viewport) -> None:
        if viewport == self._viewport:
            return
        self._viewport = viewport
        if self._worker is not None:
            self._worker.set_viewport(viewport)

    def touch(self, kind: Literal["move", "add", "remove"], index: int, place: FloatArray) -> None:
        """A centre was moved, added or removed by hand, at a place (2,) of the stage."""
        if self._worker is not None:
            self._worker.touch(kind, index, place)

    def change(self, experiment: Experiment) -> None:
        if self._worker is not None:
            self._worker.change(experiment)

    def close(self) -> bool:
        """Stop everything and wait for the threads; whether all of them ended."""
        self._timer.stop()
        self._retire()
        deadline = time.monotonic() + _JOIN_SECONDS
        ended = [worker.join(max(0.0, deadline - time.monotonic())) for worker in self._retired]
        self._retired.clear()
        return all(ended)

    def _retire(self) -> None:
        if self._worker is not None:
            self._worker.stop()
            self._retired.append(self._worker)
            self._worker = None
        self._retired = [worker for worker in self._retired if worker.alive]

    def _pull(self) -> None:
        worker = self._worker
        if worker is None:
            return
        series = worker.mailbox.take_series()
        if series:
            self.series_arrived.emit(series)
        snapshot = worker.mailbox.take()
        if snapshot is not None and worker is self._worker:
            self.snapshot_arrived.emit(snapshot)
        failure = worker.mailbox.take_failure()
        if failure is not None and worker is self._worker:
            self._playing = False
            self.run_failed.emit(failure)
