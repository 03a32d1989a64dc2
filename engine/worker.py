"""The thread that trains: commands come in by a queue, pictures go out by a mailbox."""

from __future__ import annotations

import math
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Literal

from engine.cores import let_others_go_first
from engine.dataset import FloatArray
from engine.experiment import Experiment
from engine.learner import Outcome
from engine.mailbox import Failure, Mailbox
from engine.snapshot import Snapshot, Viewport

if TYPE_CHECKING:
    from engine.training import Run

Unit = Literal["step", "epoch"]

_SLICE = 0.01
"""Seconds of learning between two looks at the commands: a pressed button acts within one frame."""
_PICTURE_SHARE = 0.12
"""The share of the time that may go into pictures while it learns flat out."""
_CHANGE_SHARE = 0.25
"""The share of the time that may go into changes while it learns: strokes on many points leave the rest to the rest."""
_COARSE_CELLS = 96
"""Cells along the longer side of a field that moves; at rest the window's own wish is granted."""
_LEISURELY = 10.0
"""Up to so many units a second there is time for a fine picture of each."""
_LOOK_FOR_LOOPS = 0.05
"""Seconds between two looks whether the loops have been compiled, while nothing else is to be done."""
_PACE_WINDOW = 1.0
"""Seconds over which the pace is averaged."""
_NICENESS = 5
"""Of the thread, where threads have one of their own. Measured on two cores with one of them busy with another program:
frames under a spray took 18-26 rather than 27-34 ms (p99), and the learning fell to half its speed or less meanwhile.
Without a spray no difference was seen, on free cores or busy ones."""


@dataclass(frozen=True)
class Speed:
    """How fast a run is shown: so many steps or epochs a second, or flat out."""

    per_second: float = math.inf
    unit: Unit = "epoch"


FLAT_OUT = Speed()


class Worker:
    """A thread that owns one run.

    Every method may be called from any thread. A worker that has been told to stop is silent: its mailbox stays empty
    from then on, whatever the thread is still finishing.

    Parameters
    ----------
    experiment : what to learn.
    run_id : carried by every snapshot.
    speed : how fast.
    playing : whether to begin by itself.
    viewport : what the window shows.
    """

    def __init__(
        self,
        experiment: Experiment,
        run_id: int,
        *,
        speed: Speed = FLAT_OUT,
        playing: bool = False,
        viewport: Viewport | None = None,
    ) -> None:
        self.run_id = run_id
        self._commands: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._stopping = threading.Event()
        self.mailbox = Mailbox()
        self.ending: Outcome | None = None
        """How the thread ended: set exactly once, just before it does."""
        self._experiment = experiment
        self._speed = speed
        self._playing = playing
        self._viewport = viewport
        self._owed = 0.0
        self._stale = True
        self._unanswered = False
        """Whether something was commanded that should be seen before the next step of slow motion."""
        self._preparing = True
        self._wanted: Experiment | None = None
        """A change that waits, as the one before it took long."""
        self._next_change = 0.0
        self._pace: deque[tuple[float, int, int]] = deque()
        self._steps_per_second_alone = 0.0
        self._due = 0.0
        self._next_picture = 0.0
        self._thread = threading.Thread(target=self._work, name=f"playground-run-{run_id}", daemon=True)

    # -- commands --------------------------------------------------------------------------------------------------

    def start(self) -> None:
        self._thread.start()

    def play(self) -> None:
        self._command(lambda: self._set_playing(True))

    def pause(self) -> None:
        self._command(lambda: self._set_playing(False))

    def set_speed(self, speed: Speed) -> None:
        self._command(lambda: self._set_speed(speed))

    def step(self, unit: Unit, count: int = 1) -> None:
        """Go on by `count` steps or epochs, then pause."""
        self._command(lambda: self._step(unit, count))

    def change(self, experiment: Experiment) -> None:
        """Go on with other values (see `engine.changes`)."""
        self._command(lambda: self._change(experiment))

    def touch(self, kind: Literal["move", "add", "remove"], index: int, place: FloatArray) -> None:
        """Have a centre moved, added or removed by hand (see `engine.training.Run.touch`)."""
        self._command(lambda: self._touch(kind, index, place))

    def set_viewport(self, viewport: Viewport) -> None:
        self._command(lambda: self._set_viewport(viewport))

    def stop(self) -> None:
        """Fall silent at once; the thread ends after the slice that it is in."""
        self._stopping.set()
        self.mailbox.close()
        self._commands.put(lambda: None)

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the thread to end; whether it has."""
        if self._thread.ident is not None:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    # -- the thread ------------------------------------------------------------------------------------------------

    def _command(self, command: Callable[[], None]) -> None:
        if not self._stopping.is_set():
            self._commands.put(command)

    def _work(self) -> None:
        ending = Outcome("stopped", "The run was ended.")
        try:
            from engine.training import Run

            self._run: Run = Run(self._experiment, self.run_id, waits=False)
            self._preparing = self._run.needs_preparation
            self._publish(self._viewport)
            let_others_go_first(_NICENESS)  # only now: a person waits for the first picture
            while not self._stopping.is_set():
                self._prepare()
                self._obey()
                if not self._stopping.is_set():
                    self._go_on()
            if self._run.outcome.final:
                ending = self._run.outcome
        except Exception as error:
            ending = Outcome("failed", f"The model failed: {error}")
            self._fail(ending, traceback.format_exc())
        finally:
            self.ending = ending

    def _prepare(self) -> None:
        """Get the loops as soon as that is a matter of reading them from disk; until then torch stands in for them."""
        self._preparing = self._run.needs_preparation
        if self._preparing and self._run.can_prepare:
            self._run.prepare()
            self._preparing, self._stale = False, True
            self._steps_per_second_alone = 0.0

    def _fail(self, outcome: Outcome, report: str) -> None:
        self.mailbox.put_failure(Failure(outcome.sentence, report), Snapshot(self.run_id, outcome=outcome))
        self._stopping.set()

    @property
    def _advancing(self) -> bool:
        return (self._playing or self._owed > 0) and self._run.started and not self._run.outcome.final

    def _obey(self) -> None:
        """Do what has been commanded; wait for a command when there is nothing else to do."""
        while not self._stopping.is_set():
            try:
                self._commands.get(timeout=self._patience())()
            except Empty:
                return
            if not self._commands.empty():
                continue
            return

    def _patience(self) -> float | None:
        """How long to wait for a command: not at all, until something is due, or for ever."""
        now = time.perf_counter()
        if not self._advancing:
            return 0.0 if self._stale or not self._run.measured else _LOOK_FOR_LOOPS if self._preparing else None
        if self._owed > 0 or math.isinf(self._speed.per_second):
            return 0.0
        return max(0.0, (self._due if self._wanted is None else min(self._due, self._next_change)) - now)

    def _go_on(self) -> None:
        if not self._advancing or time.perf_counter() >= self._next_change:
            self._apply_change()
        if not self._advancing:
            if self._stale:
                self._publish(self._viewport)
            elif not self._run.measured:
                self._run.measure()
                self._stale = self._run.measured
            return
        if self._owed > 0:
            self._pay()
        elif math.isinf(self._speed.per_second):
            self._advance(self._slice_steps())
        elif time.perf_counter() >= self._due:
            self._advance_on_time()
        else:
            if self._unanswered:
                self._publish(self._viewport)
            return
        self.mailbox.put(None, self._run.take_series())
        self._stale = True
        if not self._advancing or self._speed.per_second <= _LEISURELY:
            self._publish(self._viewport)
        elif self._picture_is_due():
            self._publish(_coarse(self._viewport))

    def _advance(self, steps: int) -> None:
        started = time.perf_counter()
        done = self._run.advance(steps)
        now = time.perf_counter()
        if done and now > started:
            rate = done / (now - started)
            old = self._steps_per_second_alone
            self._steps_per_second_alone = rate if old == 0 else 0.7 * old + 0.3 * rate
        self._pace.append((now, self._run.step, self._run.epoch))
        while len(self._pace) > 2 and self._pace[0][0] < now - _PACE_WINDOW:
            self._pace.popleft()

    def _slice_steps(self) -> int:
        return max(1, int(self._steps_per_second_alone * _SLICE))

    def _advance_on_time(self) -> None:
        """One unit, and the next one when it is due; several at once where a unit is shorter than a frame."""
        period = 1.0 / self._speed.per_second
        now = time.perf_counter()
        behind = max(1, int((now - self._due) / period) + 1) if self._due else 1
        units = min(behind, max(1, int(_SLICE * 4 / period)))
        self._owed_units(units)
        self._due = max(self._due + units * period, now - period) if self._due else now + period

    def _owed_units(self, units: int) -> None:
        if self._speed.unit == "step":
            self._advance(units)
            return
        target = self._run.epoch + units
        while self._advancing and self._run.epoch < target and self._commands.empty():
            self._advance(min(self._run.steps_until(target), self._slice_steps()))

    def _pay(self) -> None:
        """Do a slice of the steps that were asked for one by one."""
        before = self._run.step
        self._advance(min(int(self._owed), self._slice_steps()))
        self._owed -= self._run.step - before
        if self._run.outcome.final:
            self._owed = 0

    def _picture_is_due(self) -> bool:
        """Whether the window has taken the last picture, and another would not slow the learning down."""
        return not self.mailbox.is_waiting and time.perf_counter() >= self._next_picture

    def _publish(self, viewport: Viewport | None) -> None:
        started = time.perf_counter()
        steps_per_second, epochs_per_second = self._paces()
        snapshot = replace(
            self._run.snapshot(viewport),
            playing=self._playing and self._advancing,
            preparing=self._preparing,
            steps_per_second=steps_per_second,
            epochs_per_second=epochs_per_second,
        )
        cost = time.perf_counter() - started
        self._next_picture = time.perf_counter() + cost * (1 / _PICTURE_SHARE - 1)
        self._stale, self._unanswered = self._advancing, False
        self.mailbox.put(snapshot, self._run.take_series())

    def _paces(self) -> tuple[float, float]:
        """Steps and epochs a second of late; 0 when it does not advance."""
        if len(self._pace) < 2 or not self._advancing:
            return 0.0, 0.0
        (t0, step0, epoch0), (t1, step1, epoch1) = self._pace[0], self._pace[-1]
        seconds = max(t1 - t0, 1e-6)
        return (step1 - step0) / seconds, (epoch1 - epoch0) / seconds

    # -- what the commands do --------------------------------------------------------------------------------------

    def _set_playing(self, playing: bool) -> None:
        self._apply_change()
        self._playing = playing
        self._owed = 0
        self._due = 0.0
        self._pace.clear()
        self._stale = True

    def _set_speed(self, speed: Speed) -> None:
        self._apply_change()
        self._speed = speed
        self._due = 0.0
        self._pace.clear()

    def _step(self, unit: Unit, count: int) -> None:
        self._set_playing(False)
        if self._run.started:
            self._owed = count if unit == "step" else self._run.steps_until(self._run.epoch + count)

    def _change(self, experiment: Experiment) -> None:
        self._wanted = experiment
        if not self._advancing or time.perf_counter() >= self._next_change:
            self._apply_change()

    def _apply_change(self) -> None:
        wanted, self._wanted = self._wanted, None
        if wanted is None:
            return
        started = time.perf_counter()
        self._run.change(wanted)
        now = time.perf_counter()
        self._next_change = now + (now - started) * (1 / _CHANGE_SHARE - 1)
        self._stale = self._unanswered = True
        self._next_picture = 0.0

    def _touch(self, kind: Literal["move", "add", "remove"], index: int, place: FloatArray) -> None:
        self._apply_change()
        self._run.touch(kind, index, place)
        self._stale = self._unanswered = True
        self._next_picture = 0.0

    def _set_viewport(self, viewport: Viewport) -> None:
        self._viewport = viewport
        self._stale = self._unanswered = True


def _coarse(viewport: Viewport | None) -> Viewport | None:
    if viewport is None:
        return None
    shrink = min(1.0, _COARSE_CELLS / max(viewport.width, viewport.height))
    return replace(
        viewport, width=max(8, round(viewport.width * shrink)), height=max(8, round(viewport.height * shrink))
    )
