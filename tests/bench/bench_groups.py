"""How fast very many points are grouped and projected, beside scikit-learn, and how live the window stays."""

from __future__ import annotations

import statistics
import time
import warnings

import numpy as np
from numpy.typing import NDArray

from engine.dataset import FloatArray, frozen_array
from engine.experiment import Experiment, GeneratedData, View
from engine.learner import TrainingData
from engine.learners.k_means import KMeans
from engine.learners.pca import PrincipalComponents, make
from engine.table_columns import Columns, Kind
from engine.table_data import TableData
from engine.training import Run
from engine.training_settings import Training
from tests.bench.registry import Figure, Measured, benchmarks_together, percentile
from tests.bench.windows import TimedApplication, open_window, run_for, wait_until

_POINTS, _CLUSTERS = 1_000_000, 10
_ITERATIONS, _TURNS = 20, 5
_SECONDS = 6.0
_RESTARTS = 20
"""So that it does not end while it is looked at."""
_TURNS_OF_PCA = 15
_WHAT = "1,000,000 points x 10 clusters"


def _experiment(restarts: int = 1) -> Experiment:
    """Points without clusters: an iteration is like the other, and it takes hundreds of them."""
    learner = KMeans(k=_CLUSTERS, initialization="random_points", restarts=restarts)
    return Experiment(data=GeneratedData(generator="uniform", n_points=_POINTS), learner=learner)


def _watched(experiment: Experiment) -> list[float]:
    """What an event keeps the window's thread while a run goes on flat out, in ms (p99), and its steps a second."""
    application = TimedApplication()
    with open_window(experiment) as window:
        window.training.play()
        wait_until(lambda: window.training.snapshot is not None and window.training.snapshot.step > 2)
        application.handled.clear()
        first, begun = window.training.snapshot, time.perf_counter()
        run_for(_SECONDS)
        last, seconds = window.training.snapshot, time.perf_counter() - begun
        kept = [duration for duration in application.handled if duration > 0.1]
        assert first is not None
        assert last is not None
        assert not last.outcome.final
        return [percentile(kept, 99), (last.step - first.step) / seconds]


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
    return _watched(_experiment(_RESTARTS))


_ROWS, _FEATURES, _COMPONENTS = 100_000, 100, 10
_TABLE = "PCA of 100,000 x 100"


def _numbers() -> NDArray[np.float64]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(_ROWS, _FEATURES)) @ rng.normal(size=(_FEATURES, _FEATURES))


@benchmarks_together(
    Figure(f"{_TABLE}, float32: all at once, beside scikit-learn's", "ms"),
    Figure(f"{_TABLE}, float32: all at once, times scikit-learn's", "x", budget=1.0),
    Figure(f"{_TABLE}, float64: all at once, beside scikit-learn's", "ms"),
    Figure(f"{_TABLE}, float64: all at once, times scikit-learn's", "x", budget=1.0),
)
def projection() -> list[float | Measured]:
    """Ten components of the same numbers, in turns."""
    from sklearn.decomposition import PCA

    numbers, found = _numbers(), list[float | Measured]()
    for precision in (np.float32, np.float64):
        Z = frozen_array(numbers, precision)
        data = TrainingData(Z, np.zeros(_ROWS, np.int64), "projection")

        def own(data: TrainingData = data) -> float:
            begun = time.perf_counter()
            learner = make(PrincipalComponents(found="svd", components=_COMPONENTS), Training(), data)
            learner.advance(learner.init(data), data, 1)
            return time.perf_counter() - begun

        def reference(Z: FloatArray = Z) -> float:
            begun = time.perf_counter()
            PCA(_COMPONENTS).fit(Z)
            return time.perf_counter() - begun

        own(), reference()
        pairs = [(own(), reference()) for _ in range(_TURNS_OF_PCA)]
        mine, theirs = (statistics.median(each) for each in zip(*pairs, strict=True))
        found += [Measured(1000 * mine, 1000 * theirs), mine / theirs]
    return found


@benchmarks_together(
    Figure(f"{_TABLE}, one component after the other: window's thread kept by one event, p99", "ms", budget=33),
    Figure(f"{_TABLE}, one component after the other: steps", "1/s", better="higher"),
)
def projection_in_the_window() -> list[float]:
    """What events keep the window's thread while a table of ten million numbers is projected flat out, and its scores
    are shown beside the stage.
    """
    names = tuple(f"feature {index + 1}" for index in range(_FEATURES))
    classes = np.arange(_ROWS) % 3
    numerical: Kind = "numerical"
    kinds: tuple[Kind, ...] = (*(numerical for _ in names), "nominal")
    values, categories = np.vstack([_numbers().T, classes]), (*[() for _ in names], ("A", "B", "C"))
    columns = Columns((*names, "class"), kinds, values, categories)
    data = TableData(title="Many numbers", columns=columns, target="class")
    learner = PrincipalComponents(components=_FEATURES // 2)
    experiment = Experiment(data=data, learner=learner, view=View(projection=True))
    return _watched(experiment)
