"""Many runs at once: grids of experiments, trained on all cores, with results as they come.

Threads, not processes: compiled loops hold no interpreter lock, and nothing has to be imported, compiled or copied
for each. What Python does of a run of 200 epochs on 250 points is about a twentieth of it.
"""

from __future__ import annotations

import itertools
import os
import threading
import time
import traceback
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Self

from engine.cores import limited_to
from engine.edits import set_values
from engine.experiment import Experiment
from engine.learner import Outcome
from engine.snapshot import SplitMetrics
from engine.training import Run

_SLICE = 0.02
"""Seconds of learning between two looks at whether it is still wanted."""
_FIRST_STEPS = 256
"""At most, before it is known how long one takes."""


@dataclass(frozen=True)
class Result:
    """How one of many runs ended.

    Parameters
    ----------
    index : the place of its experiment among those that were given.
    experiment : as it was trained, with the number of epochs that was asked for.
    outcome : "failed" with a sentence where it could not be trained; the other runs go on.
    metrics : by part of the data, as of `Run.metrics`; empty where it could not be trained.
    epochs : how many it has learned for.
    seconds : how long it took, by the clock.
    report : the traceback of an error, else empty.
    """

    index: int
    experiment: Experiment
    outcome: Outcome
    metrics: Mapping[str, SplitMetrics] = field(default_factory=dict)
    epochs: int = 0
    seconds: float = 0.0
    report: str = ""


def grid(experiment: Experiment, values: Mapping[str, Sequence[Any]]) -> list[Experiment]:
    """`experiment` with every combination of `values`.

    Parameters
    ----------
    values : by dotted path, as of `engine.edits.set_values`; those of the last path change first.

    Raises
    ------
    SettingError
        If there is no such path or it cannot have one of the values.

    Examples
    --------
    >>> made = grid(Experiment(), {"training.seed": [1, 2], "training.optimizer.learning_rate": [0.1, 0.2, 0.3]})
    >>> [(one.training.seed, one.training.optimizer.learning_rate) for one in made[:3]]
    [(1, 0.1), (1, 0.2), (1, 0.3)]
    """
    return [
        set_values(experiment, dict(zip(values, chosen, strict=True))) for chosen in itertools.product(*values.values())
    ]


def ending_after(experiment: Experiment, epochs: int) -> Experiment:
    """`experiment`, to stop after `epochs` at the latest (0 for never)."""
    stop = experiment.training.stop.model_copy(update={"max_epochs": epochs})
    return experiment.model_copy(update={"training": experiment.training.model_copy(update={"stop": stop})})


def run_all(experiments: Sequence[Experiment], epochs: int | None = None, workers: int | None = None) -> Runs:
    """Train all of them, and give each result as soon as it is there.

    Each run computes on one core, so its numbers depend neither on the others nor on how many there are.

    Parameters
    ----------
    experiments : what to train.
    epochs : how long each, at the latest, 1 or more; None leaves it to their own stop conditions.
    workers : how many at once; all cores by default.

    Examples
    --------
    >>> results = run_all(grid(Experiment(), {"training.seed": [1, 2, 3]}), epochs=20)
    >>> sorted(result.index for result in results)
    [0, 1, 2]
    """
    if epochs is not None:
        if epochs < 1:
            raise ValueError(f"{epochs} epochs are none to train for")
        experiments = [ending_after(experiment, epochs) for experiment in experiments]
    return Runs(experiments, min(workers or os.cpu_count() or 1, max(1, len(experiments))))


class Runs(Iterator[Result]):
    """Runs under way; iterate for their results, in the order in which they end.

    A context: leaving it ends what still runs. So does forgetting it. Iterate on one thread; `cancel` and `progress`
    may be used on any.

    Parameters
    ----------
    experiments : what to train; each must end by itself, or goes on until it is cancelled.
    workers : how many at once, 1 or more.
    """

    def __init__(self, experiments: Sequence[Experiment], workers: int) -> None:
        self.total = len(experiments)
        self._work = _Work(experiments)
        self._threads = [
            threading.Thread(target=self._work.serve, name=f"playground-runs-{number}", daemon=True)
            for number in range(workers)
        ]
        self._serving = workers
        weakref.finalize(self, self._work.cancelled.set)
        for thread in self._threads:
            thread.start()

    def __next__(self) -> Result:
        while self._serving:
            result = self._work.results.get()
            if result is None:
                self._serving -= 1
            elif not self._work.cancelled.is_set():
                return result
        raise StopIteration

    @property
    def progress(self) -> float:
        """The share of all epochs that is done, from 0 to 1; runs without a last epoch count when they have ended."""
        return sum(self._work.shares) / self.total if self.total else 1.0

    def cancel(self) -> None:
        """End what still runs; no result comes any more. Returns at once; the iteration ends within a step or 20 ms."""
        self._work.cancelled.set()

    def close(self) -> None:
        """Cancel, and wait until nothing runs any more."""
        self.cancel()
        for thread in self._threads:
            thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Work:
    """What is to be done, for the threads that do it. Knows nothing of who wants it, who may so be forgotten."""

    def __init__(self, experiments: Sequence[Experiment]) -> None:
        self.results: SimpleQueue[Result | None] = SimpleQueue()
        self.cancelled = threading.Event()
        self.shares = [0.0] * len(experiments)
        self._to_do: SimpleQueue[tuple[int, Experiment]] = SimpleQueue()
        self._compiling = threading.Lock()
        for numbered in enumerate(experiments):
            self._to_do.put(numbered)

    def serve(self) -> None:
        """Train one after another until none is left; then leave None among the results."""
        # One core each: torch would start threads for each run that slow down the others.
        with limited_to(1), suppress(Empty):
            while not self.cancelled.is_set():
                index, experiment = self._to_do.get_nowait()
                result = self._result_of(index, experiment)
                self.shares[index] = 1.0
                self.results.put(result)
        self.results.put(None)

    def _result_of(self, index: int, experiment: Experiment) -> Result:
        started = time.perf_counter()
        try:
            run = Run(experiment, has_curves=False)
            if not run.started:
                return Result(index, experiment, Outcome("failed", run.outcome.sentence))
            with self._compiling:
                if run.needs_preparation:
                    run.prepare()
            started = time.perf_counter()
            self._train(run, index)
            metrics = {} if self.cancelled.is_set() else run.metrics()
            seconds = time.perf_counter() - started
            return Result(index, experiment, run.outcome, metrics, run.epoch, seconds)
        except Exception as error:
            sentence, seconds = f"The model failed: {error}", time.perf_counter() - started
            return Result(
                index, experiment, Outcome("failed", sentence), seconds=seconds, report=traceback.format_exc()
            )

    def _train(self, run: Run, index: int) -> None:
        """Until it ends or is no longer wanted, in slices."""
        last = run.experiment.training.stop.max_epochs
        steps, rate = min(_FIRST_STEPS, run.steps_per_epoch), 0.0
        while not run.outcome.final and not self.cancelled.is_set():
            begun = time.perf_counter()
            done = run.advance(steps)
            rate = max(rate, done / max(time.perf_counter() - begun, 1e-6))
            steps = max(1, int(rate * _SLICE))
            self.shares[index] = min(1.0, run.epoch / last) if last else 0.0
