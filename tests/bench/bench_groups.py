"""How fast a million points are grouped, beside scikit-learn on the same cores, and how live the window stays."""

from __future__ import annotations

import statistics
import time
import warnings

from engine.experiment import Experiment, GeneratedData
from engine.learners.k_means import KMeans
from engine.training import Run
from tests.bench.registry import Figure, Measured, benchmarks_together, percentile
from tests.bench.windows import TimedApplication, open_window, run_for, wait_until

_POINTS, _CLUSTERS = 1_000_000, 10
_ITERATIONS, _TURNS = 20, 5
_SECONDS = 6.0
_WHAT = "1,000,000 points x 10 clusters"


def _experiment() -> Experiment:
    """Points without clusters: an iteration is like the other, and none is the last."""
    learner = KMeans(k=_CLUSTERS, initialization="random_points")
    return Experiment(data=GeneratedData(generator="uniform", n_points=_POINTS), learner=learner)


@benchmarks_together(
    Figure(f"{_WHAT}: an iteration beside scikit-learn's", "ms"),
    Figure(f"{_WHAT}: an iteration, times scikit-learn's", "x", budget=1.0),
)
def iteration() -> list[float | Measured]:
    """Both from the same start, in turns; scikit-learn's without what it does once: many iterations less one."""
    from sklearn.cluster import KMeans as Reference

    run = Run(_experiment())
    Z, start = run.model().data.Z, run.state.centres

    def reference(iterations: int) -> float:
        begun = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            Reference(_CLUSTERS, init=start, n_init=1, max_iter=iterations, tol=0, algorithm="lloyd").fit(Z)
        return time.perf_counter() - begun

    def own() -> float:
        begun = time.perf_counter()
        for _ in range(2 * _ITERATIONS):
            run.advance(1)
        return (time.perf_counter() - begun) / _ITERATIONS

    reference(1), own()
    mine, theirs = [], []
    for _ in range(_TURNS):
        mine.append(own())
        theirs.append((reference(1 + _ITERATIONS) - reference(1)) / _ITERATIONS)
    value, other = statistics.median(mine), statistics.median(theirs)
    return [Measured(1000 * value, 1000 * other), value / other]


@benchmarks_together(
    Figure(f"{_WHAT}, running in the window: window's thread kept by one event, p99", "ms", budget=33),
    Figure(f"{_WHAT}, running in the window: half-steps", "1/s", better="higher"),
)
def in_the_window() -> list[float]:
    """What events keep the window's thread while it runs flat out."""
    application = TimedApplication()
    with open_window(_experiment()) as window:
        window.training.play()
        wait_until(lambda: window.training.snapshot is not None and window.training.snapshot.step > 2)
        application.handled.clear()
        first, begun = window.training.snapshot, time.perf_counter()
        run_for(_SECONDS)
        last, seconds = window.training.snapshot, time.perf_counter() - begun
        kept = [duration for duration in application.handled if duration > 0.1]
        assert first is not None
        assert last is not None
        return [percentile(kept, 99), (last.step - first.step) / seconds]
