"""The thread that trains: commands, the mailbox, the pace, the one ending."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from engine.edits import replaced, set_values
from engine.experiment import Experiment, GeneratedData
from engine.snapshot import CurvePoint, Snapshot, Viewport
from engine.training import Run
from engine.worker import FLAT_OUT, Speed, Worker

pytestmark = pytest.mark.usefixtures("compiled_loops")

EXPERIMENT = Experiment(data=GeneratedData(n_points=60))
VIEW = Viewport((-1, 1), (-1, 1), 16, 16)


class Listener:
    """Takes what a worker puts into its mailbox, as a window would."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.snapshots: list[Snapshot] = []
        self.series: list[CurvePoint] = []

    def until(self, holds: Callable[[Snapshot], bool], seconds: float = 30.0) -> Snapshot:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.series += self.worker.mailbox.take_series()
            snapshot = self.worker.mailbox.take()
            if snapshot is not None:
                self.snapshots.append(snapshot)
                if holds(snapshot):
                    return snapshot
            time.sleep(0.002)
        raise AssertionError(f"not seen within {seconds} s; the last was {self.snapshots[-1:]}")


@pytest.fixture
def started() -> Iterator[Callable[..., Listener]]:
    workers: list[Worker] = []

    def start(experiment: Experiment = EXPERIMENT, **options: object) -> Listener:
        worker = Worker(experiment, len(workers) + 1, viewport=VIEW, **options)  # type: ignore[arg-type]
        workers.append(worker)
        worker.start()
        return Listener(worker)

    yield start
    for worker in workers:
        worker.stop()
        assert worker.join(10)


def test_it_begins_paused_with_a_picture_of_the_first_weights(started: Callable[..., Listener]) -> None:
    first = started().until(lambda snapshot: True)
    assert (first.step, first.playing) == (0, False)
    assert first.field is not None


def test_play_advances_and_pause_holds(started: Callable[..., Listener]) -> None:
    listener = started()
    listener.worker.play()
    listener.until(lambda snapshot: snapshot.epoch > 3)
    listener.worker.pause()
    held = listener.until(lambda snapshot: not snapshot.playing and snapshot.epoch > 3)
    time.sleep(0.05)
    assert listener.worker.mailbox.take() is None
    listener.series += listener.worker.mailbox.take_series()
    assert [point.epoch for point in listener.series] == list(range(held.epoch + 1))


def test_a_step_is_one_minibatch_and_an_epoch_all_of_them(started: Callable[..., Listener]) -> None:
    listener = started()
    listener.worker.step("step", 1)
    assert listener.until(lambda snapshot: snapshot.step > 0).step == 1
    listener.worker.step("epoch", 1)
    assert listener.until(lambda snapshot: snapshot.epoch == 1).step == 5  # 42 of 60 points train, 10 at a time
    listener.worker.step("epoch", 10)
    assert listener.until(lambda snapshot: snapshot.epoch == 11).step == 55


def test_slow_motion_keeps_its_pace_and_still_listens(started: Callable[..., Listener]) -> None:
    listener = started(speed=Speed(20, "step"), playing=True)
    begun = time.perf_counter()
    listener.until(lambda snapshot: snapshot.step >= 6)
    steps = listener.snapshots[-1].step
    assert steps <= 20 * (time.perf_counter() - begun) + 3
    listener.worker.set_speed(Speed(0.01, "step"))
    listener.worker.pause()
    listener.until(lambda snapshot: not snapshot.playing)


def test_the_worker_and_the_bare_run_give_the_same_numbers(started: Callable[..., Listener]) -> None:
    experiment = set_values(EXPERIMENT, {"training.stop.max_epochs": "40"})
    last = started(experiment, playing=True).until(lambda snapshot: snapshot.outcome.final)
    run = Run(experiment)
    run.advance_epochs(40)
    assert last.epoch == 40
    assert last.model is not None
    assert np.array_equal(last.model(run.dataset.X).scores, run.predict(run.dataset.X).scores)


def test_a_changed_value_acts_without_a_restart(started: Callable[..., Listener]) -> None:
    listener = started(playing=True)
    seen = listener.until(lambda snapshot: snapshot.epoch > 2)
    listener.worker.change(replaced(EXPERIMENT, "training.optimizer.learning_rate", 0.001))
    assert listener.until(lambda snapshot: snapshot.epoch > seen.epoch + 2).run_id == seen.run_id


def rate_of(snapshot: Snapshot) -> float:
    """The learning rate of the learner that a snapshot is of."""
    return snapshot.model.learner.training.optimizer.learning_rate  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "speed",
    [Speed(0.01, "step"), Speed(0.01, "epoch"), Speed(10, "step"), Speed(10, "epoch"), Speed(60), FLAT_OUT],
    ids=str,
)
def test_every_command_is_answered_at_every_speed(started: Callable[..., Listener], speed: Speed) -> None:
    """At the slowest the next step is 100 seconds away: no answer may wait for it."""
    listener = started(speed=speed)
    listener.until(lambda snapshot: True)
    for rate, size in ((0.002, 20), (0.003, 21), (0.004, 22)):
        _command_everything(listener, rate, size)


def _command_everything(listener: Listener, rate: float, size: int) -> None:
    worker = listener.worker
    worker.play()
    before = listener.until(lambda snapshot: snapshot.playing and snapshot.step > 0)
    worker.change(replaced(EXPERIMENT, "training.optimizer.learning_rate", rate))
    assert listener.until(lambda snapshot: rate_of(snapshot) == rate).playing
    worker.set_viewport(Viewport((-2, 2), (-2, 2), size, size))
    listener.until(lambda snapshot: snapshot.field is not None and snapshot.field.rgba.shape[0] == size)
    worker.pause()
    held = listener.until(lambda snapshot: not snapshot.playing)
    worker.step("step")
    stepped = listener.until(lambda snapshot: snapshot.step > held.step)
    assert stepped.step == held.step + 1
    worker.step("epoch")  # that step may have ended an epoch
    assert listener.until(lambda snapshot: snapshot.epoch > stepped.epoch).epoch == stepped.epoch + 1
    assert rate_of(listener.snapshots[-1]) == rate
    assert held.step >= before.step


def test_a_command_acts_between_two_slices_and_every_slice_is_as_long_as_a_frame_allows(
    started: Callable[..., Listener], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a clock of its own: each step of a fake model takes a millisecond."""
    asked: list[int] = []
    clock = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])
    advance = Run.advance

    def slow(self: Run, steps: int) -> int:
        asked.append(steps)
        before = self.step
        advance(self, steps)
        clock[0] += 0.001 * (self.step - before)
        return self.step - before

    monkeypatch.setattr(Run, "advance", slow)
    listener = started(playing=True)
    while len(asked) < 60:
        time.sleep(0.001)
    listener.worker.pause()
    listener.until(lambda snapshot: not snapshot.playing)
    assert asked[0] == 1
    assert 5 < max(asked) <= 10


def test_a_retired_worker_is_silent(started: Callable[..., Listener]) -> None:
    listener = started(playing=True)
    listener.until(lambda snapshot: snapshot.epoch > 1)
    listener.worker.stop()
    for _ in range(20):
        assert listener.worker.mailbox.take() is None
        assert listener.worker.mailbox.take_series() == []
        time.sleep(0.001)
    assert listener.worker.join(10)
    assert listener.worker.ending is not None


def test_an_error_in_a_learner_ends_the_run_with_a_report(
    started: Callable[..., Listener], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: Run, steps: int) -> int:
        raise ArithmeticError("the matrix is on fire")

    monkeypatch.setattr(Run, "advance", broken)
    listener = started(playing=True)
    last = listener.until(lambda snapshot: snapshot.outcome.status == "failed")
    failure = listener.worker.mailbox.take_failure()
    assert failure is not None
    assert "matrix is on fire" in failure.sentence
    assert "Traceback" in failure.report
    assert last.outcome.final
    assert listener.worker.join(10)


def test_two_hundred_starts_and_stops_leave_no_thread() -> None:
    before = threading.active_count()
    workers = []
    for run_id in range(200):
        worker = Worker(EXPERIMENT, run_id, playing=True, viewport=VIEW)
        worker.start()
        if run_id % 3 == 0:
            worker.step("epoch", 2)
        if run_id % 7 == 0:
            time.sleep(0.005)
        worker.stop()
        workers.append(worker)
        assert worker.mailbox.take() is None
    assert all(worker.join(10) for worker in workers)
    assert threading.active_count() == before
    assert all(worker.ending is not None for worker in workers)


@pytest.mark.skipif(sys.platform != "linux", reason="a thread has no niceness of its own")
def test_the_thread_that_asks_goes_before_the_thread_that_learns() -> None:
    worker = Worker(EXPERIMENT, 71)
    worker.start()
    Listener(worker).until(lambda snapshot: not snapshot.preparing)
    (thread,) = (each for each in threading.enumerate() if each.name == "playground-run-71")
    assert thread.native_id is not None
    learning = os.getpriority(os.PRIO_PROCESS, thread.native_id)
    asking = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    worker.stop()
    assert worker.join(10)
    assert learning > asking


def test_a_change_that_waits_for_its_share_of_the_time_is_not_lost(
    started: Callable[..., Listener], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.worker._CHANGE_SHARE", 1e-9)  # the second change would wait for days
    listener = started(playing=True)
    listener.until(lambda snapshot: snapshot.epoch > 2)
    for rate in (0.002, 0.003, 0.004):
        listener.worker.change(replaced(EXPERIMENT, "training.optimizer.learning_rate", rate))
    listener.until(lambda snapshot: rate_of(snapshot) == 0.002)
    listener.worker.pause()
    assert rate_of(listener.until(lambda snapshot: not snapshot.playing)) == 0.004
