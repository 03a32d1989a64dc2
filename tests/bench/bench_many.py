"""A grid of many small runs on all cores, with results as they come."""

from __future__ import annotations

import time

import numpy as np

from engine.edits import set_values
from engine.evaluation import grid, run_all
from engine.experiment import Experiment
from tests.bench.problems import SMALL, experiment_of
from tests.bench.registry import Figure, Measured, benchmarks_together

_SIDE = 25
_EPOCHS = 200
_NAME = f"{_SIDE} x {_SIDE} runs, {_EPOCHS} epochs, 250 points"
_ENDLESS = 10**9
_CANCELS = 5


def _grid() -> list[Experiment]:
    """Learning rate by units of the one hidden layer."""
    base = set_values(experiment_of(SMALL), {"learner.layers": "8"})
    rates = np.geomspace(1e-3, 1.0, _SIDE).tolist()
    units = list(range(1, _SIDE + 1))
    return grid(base, {"training.optimizer.learning_rate": rates, "learner.layers.0.units": units})


def _seconds(experiments: list[Experiment], workers: int | None) -> tuple[float, float]:
    """Until the first result and until the last."""
    begun = time.perf_counter()
    results = run_all(experiments, _EPOCHS, workers)
    next(results)
    first = time.perf_counter() - begun
    if sum(result.outcome.status == "failed" for result in results):
        raise RuntimeError("a run of the grid has failed")
    return first, time.perf_counter() - begun


def _longest_cancel(experiments: list[Experiment]) -> float:
    """The longest of some waits until nothing runs any more."""
    waits = []
    for turn in range(_CANCELS):
        runs = run_all(experiments, _ENDLESS)
        time.sleep(0.2 + 0.01 * turn)
        begun = time.perf_counter()
        runs.close()
        waits.append(time.perf_counter() - begun)
    return max(waits)


@benchmarks_together(
    Figure(f"{_NAME}: all", "s"),
    Figure(f"{_NAME}: all cores beside one", "runs/s", better="higher"),
    Figure(f"{_NAME}: the first result", "ms", budget=250),
    Figure(f"{_NAME}: cancelled", "ms", budget=100),
)
def many() -> list[float | Measured]:
    experiments = _grid()
    list(run_all(experiments[:2], 1))  # reads the compiled loops from disk
    first, together = _seconds(experiments, None)
    _, one_by_one = _seconds(experiments, 1)
    rates = Measured(len(experiments) / together, len(experiments) / one_by_one)
    return [together, rates, 1e3 * first, 1e3 * _longest_cancel(experiments)]
