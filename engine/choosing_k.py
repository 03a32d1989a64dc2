"""How many clusters there are: a clustering repeated for one k after the other, and what speaks for each."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np

from engine.cluster_metrics import silhouettes
from engine.cluster_report import MOST_POINTS, ChoiceOfK
from engine.clustering import UNASSIGNED, ClusterLearner
from engine.dataset import FloatArray, IntArray
from engine.learner import TrainingData
from engine.learners import make_learner
from engine.registry import unsupervised_task
from engine.settings import Settings
from engine.training_settings import Training

MOST_K = 10
_BEGINNINGS = 5
"""Each k begins so often, so that a bad beginning does not look like a bad k."""
_REFERENCES = 10
"""Uniform data sets that the gap statistic compares with."""
_MOST_STEPS = 500
_SILHOUETTES = 1_000


class ChoosingK:
    """Computes a `ChoiceOfK`, a slice of time at a time.

    Parameters
    ----------
    settings : of a clustering that has a `k`.
    training : the seed is taken from it.
    data : the points.

    References
    ----------
    Thorndike (1953). Who belongs in the family? (the elbow). Psychometrika 18.
    Tibshirani, Walther, Hastie (2001). Estimating the number of clusters via the gap statistic. JRSS B 63.
    """

    def __init__(self, settings: Settings, training: Training, data: TrainingData) -> None:
        rng = np.random.default_rng([training.seed, 77])
        Z = np.asarray(data.Z, np.float64)
        self._sampled = len(Z) > MOST_POINTS
        if self._sampled:
            Z = Z[np.sort(rng.choice(len(Z), MOST_POINTS, replace=False))]
        self._settings, self._training, self._Z = settings, training, Z
        self.ks = np.arange(1, min(MOST_K, max(1, len(np.unique(Z, axis=0)))) + 1)
        self._references = [_uniform_like(Z, rng) for _ in range(_REFERENCES)] if len(Z) else []
        self._objective: list[float] = []
        self._silhouette: list[float] = []
        self._criteria: dict[str, list[float]] = {}
        self._inertia: list[float] = []
        self._logs: list[list[float]] = []
        """The logarithms of the inertia of the references, by k."""

    @property
    def complete(self) -> bool:
        """Whether everything is known."""
        found = len(self._objective)
        has_gap = found > 0 and math.isfinite(self._inertia[0])
        gaps = len(self._logs) == found and (not self._logs or len(self._logs[-1]) == _REFERENCES)
        return found == len(self.ks) and (gaps or not has_gap)

    def go_on(self, seconds: float) -> None:
        """Compute for about so long, one piece at least: first every k, then the references of the gap statistic."""
        end = time.perf_counter() + seconds
        while not self.complete:
            self._next()
            if time.perf_counter() >= end:
                break

    def _next(self) -> None:
        if len(self._objective) < len(self.ks):
            self._group(int(self.ks[len(self._objective)]))
            return
        if not self._logs or len(self._logs[-1]) == _REFERENCES:
            self._logs.append([])
        found = self._found(self._references[len(self._logs[-1])], int(self.ks[len(self._logs) - 1]), 1)
        self._logs[-1].append(_log(found[1].get("inertia", math.nan)))

    def result(self, present: int) -> ChoiceOfK:
        """What is known so far; `present` is the k of the model on the stage."""
        done = [logs for logs in self._logs if len(logs) == _REFERENCES]
        gap, error = np.full(len(self._objective), np.nan), np.full(len(self._objective), np.nan)
        for index, logs in enumerate(done):
            if not np.isfinite([*logs, _log(self._inertia[index])]).all():
                continue  # every point is its own centre, so there is no spread to compare
            gap[index] = np.mean(logs) - _log(self._inertia[index])
            error[index] = np.std(logs) * math.sqrt(1.0 + 1.0 / _REFERENCES)
        return ChoiceOfK(
            self.ks,
            np.array(self._objective),
            np.array(self._silhouette),
            {name: np.array(values) for name, values in self._criteria.items()},
            gap,
            error,
            present,
            self._sampled,
            self.complete,
        )

    def _group(self, k: int) -> None:
        objective, metrics, labels = self._found(self._Z, k, _BEGINNINGS)
        self._objective.append(objective)
        self._inertia.append(metrics.get("inertia", math.nan))
        for name in ("bic", "aic", "eigenvalue"):
            if name in metrics:
                self._criteria.setdefault(name, []).append(metrics[name])
        sample = np.arange(min(len(labels), _SILHOUETTES))
        rows = sample[labels[sample] != UNASSIGNED]  # the others sit nowhere, and count as 0
        found = silhouettes(self._Z[rows], labels[rows]) if k > 1 else np.array([np.nan])
        self._silhouette.append(float(found.sum() / len(sample)))

    def _found(self, Z: FloatArray, k: int, beginnings: int) -> tuple[float, dict[str, float], IntArray]:
        """The objective, the metrics and the labels of `k` clusters of `Z`: of the best of several beginnings."""
        data = TrainingData(Z, np.zeros(len(Z), np.int64), "clustering")
        changed: dict[str, Any] = {"k": k}
        fields = type(self._settings).model_fields
        if getattr(self._settings, "initialization", "") == "by_hand":
            changed["initialization"] = fields["initialization"].default
        if "cut_by" in fields:  # a tree is cut into k clusters here, wherever it is cut on the stage
            changed["cut_by"] = "clusters"
        if "restarts" in fields:
            changed["restarts"] = max(beginnings, getattr(self._settings, "restarts", 1))
        learner = make_learner(self._settings.model_copy(update=changed), self._training, data)
        assert isinstance(learner, ClusterLearner)
        state = learner.init(data)
        while not learner.outcome(state).final and learner.steps_done(state) < max(_MOST_STEPS, len(Z)):
            state = learner.advance(state, data, 50)
        objective = state.objective if learner.compares_k else math.nan
        return objective, learner.metrics(state, data), learner.labels(state, data)


def has_k(settings: Settings) -> bool:
    """Whether they are of a clustering whose number of clusters is chosen."""
    return unsupervised_task(settings) == "clustering" and "k" in type(settings).model_fields


def _uniform_like(Z: FloatArray, rng: np.random.Generator) -> FloatArray:
    """As many points as `Z` (n, p) has, uniform in the box about it along its principal axes."""
    centred = Z - Z.mean(axis=0)
    axes = np.linalg.eigh(centred.T @ centred)[1]
    along = centred @ axes
    return np.asarray(rng.uniform(along.min(axis=0), along.max(axis=0), Z.shape) @ axes.T)


def _log(value: float) -> float:
    return math.log(value) if value > 0 else -math.inf if value == 0 else math.nan
