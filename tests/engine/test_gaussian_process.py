"""Gaussian processes: scikit-learn's numbers, kernel ridge as the mean, and a band that holds what it promises."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, Matern, WhiteKernel
from sklearn.kernel_ridge import KernelRidge

from engine.checks import blocking
from engine.experiment import Experiment, GeneratedData, View
from engine.generators import dataset_of
from engine.kernel_functions import squared_distances
from engine.learner import TrainingData
from engine.learners import make_learner
from engine.learners.gaussian_process import GaussianProcess, negative_log_likelihood
from engine.overlays import Band
from engine.snapshot import Viewport
from engine.training import Run
from tests.engine.dense_problems import training, values
from tests.engine.grids import VALUES, grid, learned_from

BY_HAND: Any = {"found": "by_hand"}
SETTINGS = [
    (GaussianProcess(length_scale=0.8, noise=0.3, **BY_HAND), RBF(0.8)),
    (GaussianProcess(kernel="matern32", length_scale=1.5, signal=2.0, noise=0.2, **BY_HAND), Matern(1.5, nu=1.5)),
    (GaussianProcess(kernel="matern52", length_scale=0.5, signal=0.7, noise=0.1, **BY_HAND), Matern(0.5, nu=2.5)),
]


def fitted(settings: GaussianProcess, data: TrainingData) -> tuple[Any, Any]:
    learner = make_learner(settings, training(), data)
    return learner, learner.advance(learner.init(data), data, 1)


@pytest.mark.parametrize(("settings", "kernel"), SETTINGS, ids=lambda given: getattr(given, "kernel", ""))
@pytest.mark.parametrize("name", VALUES)
def test_values_and_deviations_agree_with_scikit_learn(name: Any, settings: GaussianProcess, kernel: Any) -> None:
    data = learned_from(name)
    learner, state = fitted(settings, data)
    whole = ConstantKernel(settings.signal**2) * kernel + WhiteKernel(settings.noise**2)
    theirs = GaussianProcessRegressor(whole, optimizer=None, alpha=0.0).fit(data.Z, data.y - data.y.mean())
    places = grid(data)
    expected, deviations = theirs.predict(places, return_std=True)
    np.testing.assert_allclose(learner.predict(state, places).values, expected + data.y.mean(), rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(learner.deviations(state, places), deviations, rtol=1e-6, atol=1e-6)
    assert state.log_likelihood == pytest.approx(theirs.log_marginal_likelihood_value_, rel=1e-9)


def test_its_mean_is_kernel_ridge() -> None:
    data = values()
    learner, state = fitted(GaussianProcess(length_scale=0.7, signal=2.0, noise=0.5, **BY_HAND), data)
    theirs = KernelRidge(alpha=(0.5 / 2.0) ** 2, kernel="rbf", gamma=0.5 / 0.7**2).fit(data.Z, data.y - data.y.mean())
    places = grid(data)
    expected = theirs.predict(places) + data.y.mean()
    np.testing.assert_allclose(learner.predict(state, places).values, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("kernel", ["rbf", "matern32", "matern52"])
def test_the_gradient_of_the_likelihood_is_that_of_differences(kernel: Any) -> None:
    data = values(n=25)
    D, y, logs = squared_distances(data.Z, data.Z), data.y - data.y.mean(), np.log([0.8, 1.3, 0.2])
    _, gradient = negative_log_likelihood(kernel, D, y, logs)
    for place in range(3):
        by = np.eye(3)[place] * 1e-5
        up, down = (negative_log_likelihood(kernel, D, y, logs + side)[0] for side in (by, -by))
        np.testing.assert_allclose(gradient[place], (up - down) / 2e-5, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("scale", [1.0, 1e3])
@pytest.mark.parametrize("name", VALUES)
def test_the_scales_found_are_at_least_as_likely_as_those_of_scikit_learn(name: Any, scale: float) -> None:
    data = learned_from(name)
    data = TrainingData(data.Z * scale, data.y * scale, "regression")
    y = data.y - data.y.mean()
    kernel = ConstantKernel(y.var(), (1e-6, 1e12)) * RBF(scale, (1e-3, 1e6)) + WhiteKernel(0.1 * y.var(), (1e-6, 1e12))
    theirs = GaussianProcessRegressor(kernel, alpha=0.0).fit(data.Z, y)
    learner, state = fitted(GaussianProcess(), data)
    assert state.log_likelihood >= theirs.log_marginal_likelihood_value_ - 1e-3
    assert f"ℓ = {state.length_scale:.3g}" in learner.outcome(state).sentence


def test_ninety_five_percent_of_new_points_lie_in_the_band() -> None:
    experiment = Experiment(
        data=GeneratedData(generator="sine", n_points=300, noise=0.3),
        learner=GaussianProcess(),
        training=training("squared"),
        view=View(band=True),
    )
    run = Run(experiment)
    run.advance(1)
    snapshot = run.snapshot(Viewport((-1.0, 1.0), (-1.0, 1.0), 256, 64))
    (band,) = (overlay for overlay in snapshot.overlays if isinstance(overlay, Band))
    fresh = dataset_of(GeneratedData(generator="sine", n_points=3000, noise=0.3, seed=99), experiment.preparation)
    x, y = fresh.X[:, 0], fresh.y
    seen = (x > -1.0) & (x < 1.0)
    inside = (y > np.interp(x, band.x, band.low)) & (y < np.interp(x, band.x, band.high))
    assert 0.92 < inside[seen].mean() < 0.98
    assert band.title == "95 % of new points"


def test_the_reasons_are_the_nearest_points_and_the_band_at_that_place() -> None:
    data = values(n=60, n_features=1)
    learner, state = fitted(GaussianProcess(**BY_HAND), data)
    z = np.array([0.25])
    reasons = learner.reasons(state, data, z)
    nearest = np.argsort(np.abs(data.Z[:, 0] - 0.25), kind="stable")[:12]
    assert np.array_equal(reasons.rows, nearest)
    np.testing.assert_allclose(reasons.weights, np.exp(-0.5 * ((data.Z[nearest, 0] - 0.25) / 0.5) ** 2))
    said, deviation = learner.predict(state, z[None]).values[0], learner.deviations(state, z[None])[0]
    assert reasons.lines == (f"95 % of new points: {said:.4g} ± {1.96 * deviation:.3g}",)


def test_points_on_top_of_one_another_and_hardly_any_noise_are_solved_with_a_jitter_that_is_said() -> None:
    data = values(n=40, n_features=1)
    doubled = TrainingData(np.concatenate([data.Z] * 9), np.concatenate([data.y] * 9), "regression")
    learner, state = fitted(GaussianProcess(length_scale=30.0, noise=1e-4, signal=1e3, **BY_HAND), doubled)
    assert state.jitter > 0
    assert "was added to the diagonal" in learner.outcome(state).sentence
    assert np.isfinite(learner.predict(state, data.Z).values).all()


@pytest.mark.parametrize("n_features", [1, 3, 64])
def test_constant_columns_and_equal_targets_do_no_harm(n_features: int) -> None:
    data = values(24, n_features)
    Z = np.vstack([data.Z, data.Z]).astype(np.float32)
    Z[:, -1] = 7.0 if n_features > 1 else Z[:, -1]
    for y in (np.concatenate([data.y, data.y]), np.full(48, 3.0)):
        learner, state = fitted(GaussianProcess(), TrainingData(Z, y, "regression"))
        assert np.isfinite(learner.predict(state, Z).values).all()
    np.testing.assert_allclose(learner.predict(state, Z).values, 3.0)


def test_too_many_points_are_refused_with_a_way_out() -> None:
    experiment = Experiment(data=GeneratedData(generator="sine", n_points=20_000), learner=GaussianProcess())
    found = blocking(experiment, dataset_of(experiment.data, experiment.preparation))
    assert found is not None
    assert found.path == "learner.kind"
    assert "at most 4,000 points" in found.sentence
    assert "hold more of them out" in found.sentence
