"""Many runs at once, trained on all cores, with results as they come."""

from __future__ import annotations

import itertools
import os
import threading
import time
import traceback
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self

import numpy as np

from engine.cores import limited_to
from engine.dataset import IntArray
from engine.dense import compilation
from engine.edits import set_values
from engine.examination import rows_of
from engine.experiment import Experiment
from engine.farms import Farm, FarmError, Processes, Threads
from engine.folds import Division
from engine.learner import Outcome
from engine.metrics import split_metrics
from engine.model import Model
from engine.registry import own_loss
from engine.snapshot import SplitMetrics
from engine.training import Run

_SLICE = 0.02
"""Seconds of learning between two looks at whether it is still wanted."""
_FIRST_STEPS = 256
"""At most, before it is known how long one takes."""
_WORTH_PROCESSES = 16
"""From so many runs on it pays to wait a second or two for processes to begin."""
_NO_EXPERIMENT = Experiment()
"""Stands in results that come from afar."""
_compiling = threading.Lock()


@dataclass(frozen=True, eq=False)
class Job:
    """One run of many.

    Parameters
    ----------
    experiment : what to train; it must end by itself, or goes on until it is cancelled.
    division : who trains and who is judged; None leaves both to the shares.
    keeps_model : whether the result carries the model, to be asked and drawn.
    """

    experiment: Experiment
    division: Division | None = None
    keeps_model: bool = False


@dataclass(frozen=True)
class Result:
    """How one of many runs ended.

    Parameters
    ----------
    index : the place of its job among those that were given.
    experiment : as it was trained, with the number of epochs that was asked for.
    outcome : "failed" with a sentence where it could not be trained; the other runs go on.
    metrics : by part of the data, as of `Run.metrics`, or of what its division judges; empty where it could not be
        trained.
    epochs : how many it has learned for.
    seconds : how long it took, by the clock.
    report : the traceback of an error, else empty.
    model : where it was to be kept.
    """

    index: int
    experiment: Experiment
    outcome: Outcome
    metrics: Mapping[str, SplitMetrics] = field(default_factory=dict)
    epochs: int = 0
    seconds: float = 0.0
    report: str = ""
    model: Model | None = None


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


def run_all(
    jobs: Sequence[Experiment | Job],
    epochs: int | None = None,
    workers: int | None = None,
    *,
    where: Farm | None = None,
) -> Runs:
    """Train all of them, and give each result as soon as it is there.

    Each run computes on one core, so its numbers depend neither on the others, nor on how many there are, nor on where
    they are computed.

    Parameters
    ----------
    jobs : what to train.
    epochs : how long each, at the latest, 1 or more; None leaves it to their own stop conditions.
    workers : how many at once; all cores by default.
    where : threads, processes or a cluster; by default threads where loops are compiled, see `suited_farm`.

    Examples
    --------
    >>> results = run_all(grid(Experiment(), {"training.seed": [1, 2, 3]}), epochs=20)
    >>> sorted(result.index for result in results)
    [0, 1, 2]
    """
    wanted = [job if isinstance(job, Job) else Job(job) for job in jobs]
    if epochs is not None:
        if epochs < 1:
            raise ValueError(f"{epochs} epochs are none to train for")
        wanted = [replace(job, experiment=ending_after(job.experiment, epochs)) for job in wanted]
    count = min(workers or os.cpu_count() or 1, max(1, len(wanted)))
    return Runs(wanted, where or suited_farm(wanted, count))


def suited_farm(jobs: Sequence[Job], workers: int) -> Farm:
    """Where to compute `jobs`: in threads where they are few or compiled, else in processes.

    Compiled loops hold no interpreter lock, and for threads nothing has to be imported, compiled or copied: what Python
    does of a run of 200 epochs on 250 points is about a twentieth of it. Other learners are mostly Python, of which
    one thread at a time runs: they would use one core of all, and beside two threads of scikit-learn's forests the
    slowest frames of a window take 25 rather than 16 ms. Models that are kept are not copied from elsewhere.
    """
    can_be_apart = not any(job.keeps_model for job in jobs)
    if can_be_apart and len(jobs) >= _WORTH_PROCESSES and any(_is_python(job.experiment) for job in jobs):
        return Processes(workers)
    return Threads(workers)


def farm_beside_a_window(jobs: Sequence[Job], workers: int | None = None) -> Farm:
    """Where to compute `jobs` while a window is drawn: in processes where they are many, compiled or not.

    The Python of compiled runs, a tenth of them, takes turns with the window's for the interpreter lock: beside a grid
    search of networks on two threads, the slowest frames of a stage on which points fall took 31 ms, beside one in
    processes 18, and 19 with no search at all. Until the processes are there, threads begin.
    """
    count = min(workers or os.cpu_count() or 1, max(1, len(jobs)))
    farm = suited_farm(jobs, count)
    if isinstance(farm, Processes) or len(jobs) < _WORTH_PROCESSES or any(job.keeps_model for job in jobs):
        return farm
    if any(compilation.takes_long(precision) for precision in {job.experiment.training.precision for job in jobs}):
        return farm  # each of the processes would compile the same loops
    return Processes(count, meanwhile=True)


def _is_python(experiment: Experiment) -> bool:
    from engine.generators import task_of

    return own_loss(experiment.learner, task_of(experiment.data)) is not None


class Runs(Iterator[Result]):
    """Runs under way; iterate for their results, in the order in which they end.

    A context: leaving it ends what still runs. So does forgetting it. Iterate on one thread; `cancel` and `progress`
    may be used on any.

    Parameters
    ----------
    jobs : what to train.
    farm : where.
    """

    def __init__(self, jobs: Sequence[Job], farm: Farm) -> None:
        self.total = len(jobs)
        self._jobs = tuple(jobs)
        self._shares = [0.0] * len(jobs)
        self._results: SimpleQueue[Result | FarmError | None] = SimpleQueue()
        self._farm = farm
        self._cancelled = cancelled = threading.Event()
        self._ended = False

        def cancel() -> None:
            cancelled.set()
            farm.cancel()

        self._cancel = cancel
        weakref.finalize(self, cancel)
        # What the farm holds knows nothing of who wants the results, who may so be forgotten.
        farm.start(list(enumerate(jobs)), _Training(self._shares, cancelled), self._results.put, cancelled)

    def __next__(self) -> Result:
        while not self._ended:
            result = self._results.get()
            if result is None:
                self._ended = True
            elif isinstance(result, FarmError):
                raise result
            elif not self._cancelled.is_set():
                self._shares[result.index] = 1.0
                return replace(result, experiment=self._jobs[result.index].experiment)
        raise StopIteration

    @property
    def progress(self) -> float:
        """The share of all epochs that is done, from 0 to 1; runs without a last epoch count when they have ended."""
        return sum(self._shares) / self.total if self.total else 1.0

    def cancel(self) -> None:
        """End what still runs; no result comes any more. Returns at once; the iteration ends within a step or 20 ms."""
        self._cancel()

    def close(self) -> None:
        """Cancel, and wait until nothing runs any more."""
        self.cancel()
        self._farm.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Training:
    """Trains jobs on threads of this process, says how far each is, and ends where it is no longer wanted."""

    def __init__(self, shares: list[float], cancelled: threading.Event) -> None:
        self._shares, self._cancelled = shares, cancelled

    def __call__(self, index: int, job: Job) -> Result:
        def on_progress(share: float) -> bool:
            self._shares[index] = share
            return not self._cancelled.is_set()

        return trained(index, job, on_progress)

    def __reduce__(self) -> tuple[Any, ...]:
        """In another process there is nobody to tell; who does not want it any more ends the process."""
        return (_trained_elsewhere, ())


def _trained_elsewhere() -> Callable[[int, Job], Result]:
    return _trained_without_experiment


def _trained_without_experiment(index: int, job: Job) -> Result:
    """As `trained`, but for what is known where the job came from, and may hold a whole table."""
    return replace(trained(index, job), experiment=_NO_EXPERIMENT)


def trained(index: int, job: Job, on_progress: Callable[[float], bool] | None = None) -> Result:
    """The result of one job, on one core.

    Parameters
    ----------
    index : given back with the result.
    on_progress : told the share of the epochs that is done; whether to go on.
    """
    started = time.perf_counter()
    experiment = job.experiment
    try:
        # One core: torch would start threads for each run that slow down the others.
        with limited_to(1):
            run = Run(experiment, has_curves=False, parts=None if job.division is None else job.division.parts)
            if not run.started:
                return Result(index, experiment, Outcome("failed", run.outcome.sentence))
            with _compiling:
                if run.needs_preparation:
                    run.prepare()
            started = time.perf_counter()
            if not _train(run, on_progress):
                return Result(index, experiment, run.outcome)
            model = run.model()
            metrics = run.metrics() if job.division is None else metrics_of(model, job.division.judged)
            seconds = time.perf_counter() - started
        kept = model if job.keeps_model else None
        return Result(index, experiment, run.outcome, metrics, run.epoch, seconds, model=kept)
    except Exception as error:
        sentence, seconds = f"The model failed: {error}", time.perf_counter() - started
        return Result(index, experiment, Outcome("failed", sentence), seconds=seconds, report=traceback.format_exc())


def _train(run: Run, on_progress: Callable[[float], bool] | None) -> bool:
    """Until it ends, in slices; False if it is no longer wanted."""
    last = run.experiment.training.stop.max_epochs
    steps, rate = min(_FIRST_STEPS, run.steps_per_epoch), 0.0
    while not run.outcome.final:
        begun = time.perf_counter()
        done = run.advance(steps)
        rate = max(rate, done / max(time.perf_counter() - begun, 1e-6))
        steps = max(1, int(rate * _SLICE))
        if on_progress is not None and not on_progress(min(1.0, run.epoch / last) if last else 0.0):
            return False
    return True


def metrics_of(model: Model, judged: Mapping[str, IntArray]) -> dict[str, SplitMetrics]:
    """The metrics of some rows of the model's data set, by the name that each choice of rows has."""
    dataset = model.dataset
    targets = dataset.y.astype(
        np.int64 if dataset.task == "classification" else np.dtype(model.experiment.training.precision)
    )
    together = np.unique(np.concatenate([*judged.values(), np.empty(0, np.intp)])).astype(np.intp)
    if len(together) == 0:
        return {name: {} for name in judged}
    losses, said = model.learner.judge(model.state, model.features.transform(dataset.X[together]), targets[together])
    found: dict[str, SplitMetrics] = {}
    for name, rows in judged.items():
        at = np.searchsorted(together, rows)
        found[name] = split_metrics(dataset.task, losses[at], rows_of(said, at), targets[rows])
    return found
