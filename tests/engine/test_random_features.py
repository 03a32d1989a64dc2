"""Random features: least squares written down anew, the shortest weights, and double descent."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from engine.learner import TrainingData
from engine.learners import make_learner
from engine.learners.random_features import RandomFeatures
from tests.engine.dense_problems import classes, training, values
from tests.engine.grids import CLASSES, VALUES, grid, learned_from

SETTINGS = [
    RandomFeatures(units=10, ridge=0.5),
    RandomFeatures(units=300, ridge=2.0),
    RandomFeatures(units=90, activation="cosine", ridge=0.01),
]


def fitted(settings: RandomFeatures, data: TrainingData, seed: int = 1) -> tuple[Any, Any]:
    learner = make_learner(settings, training(seed=seed), data)
    return learner, learner.advance(learner.init(data), data, 1)


def features(settings: RandomFeatures, state: Any, Z: Any) -> Any:
    """The features (n, units), from the directions that were drawn."""
    sums = np.column_stack([Z, np.ones(len(Z))]) @ state.directions
    bent = np.cos(sums) if settings.activation == "cosine" else np.clip(sums, 0.0, None)
    return bent * np.sqrt(2.0 / settings.units)


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda settings: f"{settings.units} {settings.activation}")
@pytest.mark.parametrize("name", [*VALUES, *CLASSES])
def test_what_is_said_agrees_with_ridge_regression_on_the_features(name: Any, settings: RandomFeatures) -> None:
    data = learned_from(name)
    learner, state = fitted(settings, data)
    places = grid(data)
    targets = data.y[:, None] if data.task == "regression" else np.eye(data.n_classes)[data.y]
    means = targets.mean(axis=0)
    theirs = Ridge(alpha=settings.ridge, fit_intercept=False, solver="svd")
    theirs.fit(features(settings, state, data.Z), targets - means)
    expected = theirs.predict(features(settings, state, places)).reshape(len(places), -1) + means
    said = learner.predict(state, places)
    np.testing.assert_allclose(said.scores, expected, rtol=1e-6, atol=1e-6)
    if data.task == "classification":
        assert np.array_equal(said.labels, expected.argmax(axis=1))
        assert said.probabilities is None


def test_without_ridge_the_weights_are_the_shortest_of_those_that_fit() -> None:
    data, settings = values(n=20), RandomFeatures(units=200)
    learner, state = fitted(settings, data)
    np.testing.assert_allclose(learner.predict(state, data.Z).values, data.y, atol=1e-9)
    shortest = np.linalg.pinv(features(settings, state, data.Z)) @ (data.y - data.y.mean())
    np.testing.assert_allclose(state.weights[:, 0], shortest, rtol=1e-6)
    assert "200 random features of rank 20" in learner.outcome(state).sentence


def test_more_features_begin_with_the_same_and_another_seed_draws_others() -> None:
    data = values()
    few, many = (fitted(RandomFeatures(units=units), data)[1].directions for units in (7, 90))
    assert np.array_equal(few, many[:, :7])
    assert not np.isclose(few, fitted(RandomFeatures(units=7), data, seed=2)[1].directions).any()


def test_the_test_error_peaks_at_as_many_features_as_points_and_falls_again() -> None:
    def error(units: int, ridge: float = 0.0) -> float:
        errors = []
        for seed in range(15):
            random = np.random.default_rng(seed)
            Z, fresh = random.normal(0, 1, (40, 5)), random.normal(0, 1, (300, 5))
            y = Z[:, 0] - 0.5 * np.abs(Z[:, 1]) + random.normal(0, 0.5, 40)
            learner, state = fitted(RandomFeatures(units=units, ridge=ridge), TrainingData(Z, y, "regression"), seed)
            wanted = fresh[:, 0] - 0.5 * np.abs(fresh[:, 1])
            errors.append(np.mean((learner.predict(state, fresh).values - wanted) ** 2))
        return float(np.median(errors))

    few, peak, many = error(8), error(40), error(1500)
    assert peak > 5 * few
    assert peak > 5 * many
    assert error(40, ridge=0.1) < 0.2 * peak


@pytest.mark.parametrize("n_features", [1, 3, 64])
def test_doubled_points_constant_columns_and_an_absent_class_do_no_harm(n_features: int) -> None:
    found = classes(40, 4, n_features)
    rows = found.y != 2
    Z = np.vstack([found.Z[rows]] * 2).astype(np.float32)
    Z[:, -1] = 7.0 if n_features > 1 else Z[:, -1]
    data = TrainingData(Z, np.concatenate([found.y[rows]] * 2), "classification", 4)
    learner, state = fitted(RandomFeatures(units=200), data)
    said = learner.predict(state, Z)
    assert np.isfinite(said.scores).all()
    assert said.scores.shape == (len(Z), 4)
    assert not (said.labels == 2).any()
