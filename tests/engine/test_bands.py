"""Prediction bands: the textbook's interval, its coverage, and the band of models that have none of their own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from engine.bands import least_squares_reach
from engine.dataset import Part
from engine.experiment import Experiment
from engine.generators import dataset_of
from engine.learner import TrainingData
from engine.overlays import Band
from engine.snapshot import Viewport
from engine.training import Run
from tests.engine.dense_problems import values

VIEW = Viewport((-1.0, 1.0), (-1.0, 1.0), 64, 64)


def sine(**changes: Any) -> Experiment:
    made: dict[str, Any] = {
        "data": {"source": "generated", "generator": "sine", "n_points": 1000, "noise": 0.3},
        "learner": {"kind": "linear_regression", "fit": "least_squares"},
        "training": {"loss": {"kind": "squared"}},
        "preparation": {"polynomial": 5},
        "view": {"band": True},
    }
    return Experiment.model_validate(made | changes)


def band_of(experiment: Experiment, steps: int = 1) -> tuple[Run, list[Band]]:
    run = Run(experiment)
    run.advance(steps)
    return run, [overlay for overlay in run.snapshot(VIEW).overlays if isinstance(overlay, Band)]


def fitted(Z: Any, y: Any) -> Any:
    X = np.column_stack([np.ones(len(Z)), Z])
    return X, np.linalg.lstsq(X, y, rcond=None)[0]


@pytest.mark.parametrize("n_features", [1, 4])
def test_the_interval_is_that_of_the_textbook(n_features: int) -> None:
    data = values(40, n_features)
    X, weights = fitted(data.Z, data.y)
    residuals = data.y - X @ weights
    places = np.random.default_rng(3).normal(size=(30, n_features)) * 3
    found = least_squares_reach(data, residuals, 0.0, places)
    free = 40 - n_features - 1
    rows = np.column_stack([np.ones(30), places])
    leverage = np.einsum("ij,jk,ik->i", rows, np.linalg.inv(X.T @ X), rows)
    expected = stats.t.ppf(0.975, free) * np.sqrt(residuals @ residuals / free * (1.0 + leverage))
    assert found is not None
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_with_a_penalty_it_is_that_of_bayesian_linear_regression() -> None:
    data, l2, n = values(40, 3), 0.7, 40
    centred = data.Z - data.Z.mean(axis=0)
    precision = centred.T @ centred + 0.5 * n * l2 * np.eye(3)
    residuals = data.y - data.y.mean() - centred @ np.linalg.solve(precision, centred.T @ (data.y - data.y.mean()))
    hat = np.trace(np.linalg.solve(precision, centred.T @ centred))
    place = np.array([[1.0, -2.0, 0.5]])
    away = place - data.Z.mean(axis=0)
    variance = residuals @ residuals / (n - 1 - hat) * (1 + 1 / n + (away @ np.linalg.inv(precision) @ away.T)[0, 0])
    found = least_squares_reach(data, residuals, l2, place)
    assert found is not None
    assert found[0] == pytest.approx(stats.t.ppf(0.975, n - 1 - hat) * np.sqrt(variance), rel=1e-9)


def test_where_every_weight_has_its_point_there_is_no_band() -> None:
    data = values(4, 3)
    assert least_squares_reach(data, np.zeros(4), 0.0, data.Z) is None


@pytest.mark.parametrize("experiment", [sine(), sine(learner={"kind": "knn", "k": 9})], ids=["own", "held out"])
def test_about_95_percent_of_new_points_lie_in_it(experiment: Experiment) -> None:
    _, (band,) = band_of(experiment)
    fresh = dataset_of(experiment.data.model_copy(update={"seed": 99, "n_points": 4000}), experiment.preparation)
    x, y = fresh.X[:, 0], fresh.y
    seen = (x > -1.0) & (x < 1.0)
    inside = (y > np.interp(x, band.x, band.low)) & (y < np.interp(x, band.x, band.high))
    assert 0.92 < inside[seen].mean() < 0.98


def test_a_model_without_a_band_of_its_own_has_that_of_what_was_held_out() -> None:
    run, (band,) = band_of(sine(learner={"kind": "decision_tree"}), 3)
    rows = run.dataset.rows(Part.TEST)
    said = run.predict(run.dataset.X[rows]).values
    assert said is not None
    reach = 1.96 * np.sqrt(np.mean((said - run.dataset.y[rows]) ** 2))
    np.testing.assert_allclose(band.high - band.low, 2 * reach, rtol=1e-6)
    assert band.title == "± 1.96 test RMSE"


def test_there_is_none_where_none_is_wanted_and_none_of_classes_or_planes() -> None:
    assert band_of(sine(view={"band": False}))[1] == []
    moons = {"source": "generated", "generator": "moons"}
    assert band_of(sine(data=moons, learner={"kind": "knn"}))[1] == []
    bumps = {"source": "generated", "generator": "bumps"}
    assert band_of(sine(data=bumps))[1] == []


def test_equal_and_constant_features_do_no_harm() -> None:
    data = values(30, 1)
    Z = np.column_stack([data.Z, data.Z, np.full(30, 0.1)])
    doubled = TrainingData(Z, data.y, "regression")
    _, weights = fitted(data.Z, data.y)
    residuals = data.y - weights[0] - data.Z[:, 0] * weights[1]
    found = least_squares_reach(doubled, residuals, 0.0, Z)
    plain = least_squares_reach(data, residuals, 0.0, data.Z)
    assert found is not None
    assert plain is not None
    np.testing.assert_allclose(found, plain, rtol=1e-6)
