"""Coordinate descent: it ends where scikit-learn ends, one weight at a time, and zeros are exactly zero."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import ElasticNet
from sklearn.linear_model import LinearRegression as Reference

from engine.checks import blocking
from engine.dataset import Part
from engine.experiment import Experiment
from engine.generators import dataset_of
from engine.learner import TrainingData
from engine.learners import make_learner
from engine.learners.linear_regression import LinearRegression
from engine.losses import LossMismatch
from engine.table_sets import bundled_table
from engine.training import Run
from tests.engine.dense_problems import training, values
from tests.engine.grids import VALUES, grid, learned_from

FIT = LinearRegression(fit="coordinate_descent")
PENALTIES = [(0.0, 0.0), (0.3, 0.0), (0.2, 0.4), (50.0, 0.0)]


def ended(data: TrainingData, sweeps: int = 20_000, *, l1: float = 0.0, l2: float = 0.0) -> tuple[Any, Any]:
    learner = make_learner(FIT, training(l1=l1, l2=l2), data)
    state = learner.advance(learner.init(data), data, sweeps * data.Z.shape[1])
    assert learner.outcome(state).status == "converged"
    return learner, state


def reference(data: TrainingData, l1: float, l2: float) -> Any:
    """scikit-learn minimises half the mean squared error + α (r Σ|w| + (1 - r)/2 Σw²), we twice that."""
    if l1 == l2 == 0.0:
        return Reference().fit(data.Z, data.y)
    alpha = 0.5 * (l1 + l2)
    model = ElasticNet(alpha=alpha, l1_ratio=0.5 * l1 / alpha, tol=1e-13, max_iter=200_000)
    return model.fit(np.asarray(data.Z, np.float64), data.y)


@pytest.mark.parametrize(("l1", "l2"), PENALTIES)
@pytest.mark.parametrize("name", VALUES)
def test_values_agree_with_scikit_learn(name: Any, l1: float, l2: float) -> None:
    data = learned_from(name)
    learner, state = ended(data, l1=l1, l2=l2)
    places = grid(data)
    expected = reference(data, l1, l2).predict(places)
    np.testing.assert_allclose(learner.predict(state, places).values, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(("l1", "l2"), PENALTIES)
def test_weights_agree_with_scikit_learn_and_the_same_ones_are_zero(l1: float, l2: float) -> None:
    data = values(n=80, n_features=7)
    learner, state = ended(data, l1=l1, l2=l2)
    theirs = reference(data, l1, l2)
    weights, intercepts = learner.coefficients(state)
    np.testing.assert_allclose(weights[:, 0], theirs.coef_, rtol=1e-6, atol=1e-7)
    assert intercepts[0] == pytest.approx(theirs.intercept_, rel=1e-6)
    assert np.array_equal(weights[:, 0] == 0.0, theirs.coef_ == 0.0)


def test_a_step_sets_one_weight_to_its_best_and_an_epoch_is_a_sweep() -> None:
    data = values(n_features=4)
    learner = make_learner(FIT, training(l1=0.01), data)
    state = learner.init(data)

    def objective(weights: Any) -> float:
        residuals = data.Z @ weights - data.y
        return float(np.var(residuals) + 0.01 * np.abs(weights).sum())  # The intercept takes the mean away.

    for count in range(1, 9):
        before, state = state.parameters[:-1], learner.advance(state, data, 1)
        now = state.parameters[:-1]
        at = (count - 1) % 4
        assert np.flatnonzero(before != now).tolist() in ([at], [])
        assert learner.epochs_done(state) == count // 4
        for nudge in (-1e-4, 1e-4):
            moved = now.copy()
            moved[at] += nudge
            assert objective(now) <= objective(moved)


def test_the_ending_counts_sweeps_and_zeros() -> None:
    data = values(n=80, n_features=5)
    learner, state = ended(data, l1=1.0)
    zeros = int((learner.coefficients(state)[0] == 0).sum())
    assert 0 < zeros < 5
    assert learner.outcome(state).sentence == (
        f"No weight moves any more after {state.epoch} sweeps; {zeros} of 5 weights are zero."
    )


def test_nearly_equal_and_constant_columns_converge() -> None:
    data = values(n=60, n_features=1)
    noise = np.random.default_rng(0).normal(size=data.Z.shape)
    twins = TrainingData(np.column_stack([data.Z, data.Z + 0.05 * noise, np.full(60, 7.1)]), data.y, "regression")
    learner, state = ended(twins, l1=0.05)
    assert learner.coefficients(state)[0][2] == 0.0
    theirs = reference(twins, 0.05, 0.0)
    np.testing.assert_allclose(learner.predict(state, twins.Z).values, theirs.predict(twins.Z), atol=1e-6)


def diabetes(**changes: Any) -> Experiment:
    made = {
        "data": bundled_table("diabetes").model_dump(),
        "learner": {"kind": "linear_regression", "fit": "coordinate_descent"},
        "training": {"loss": {"kind": "squared"}, "regularization": {"l1": 20.0}},
        "preparation": {"scaling": "standardize"},
    }
    return Experiment.model_validate(made | changes)


def test_another_loss_is_refused_with_a_way_out() -> None:
    allowed, refused = diabetes(), diabetes(training={"loss": {"kind": "huber"}})
    dataset = dataset_of(allowed.data, allowed.preparation)
    assert blocking(allowed, dataset) is None
    found = blocking(refused, dataset)
    assert found is not None
    assert found.path == "training.loss.kind"
    assert found.sentence.startswith("Coordinate descent makes the squared loss small")
    assert "fit by gradient descent" in found.sentence


def test_the_learner_itself_takes_the_squared_loss_alone() -> None:
    with pytest.raises(LossMismatch, match="choose it, or fit by gradient descent"):
        make_learner(FIT, training("absolute"), values())


def test_the_columns_of_a_table_that_say_least_go_first() -> None:
    run = Run(diabetes())
    run.advance_epochs(5000)
    assert run.outcome.status == "converged"
    dataset = run.dataset
    rows = dataset.rows(Part.TRAIN)
    X, y = dataset.X[rows], dataset.y[rows]
    spread = X.std(axis=0)
    theirs = ElasticNet(alpha=10.0, l1_ratio=1.0, tol=1e-13, max_iter=200_000).fit((X - X.mean(axis=0)) / spread, y)
    found = run.coefficients()
    assert found is not None
    np.testing.assert_allclose(found[0][:, 0] * spread, theirs.coef_, rtol=1e-6, atol=1e-6)
    assert 0 < np.count_nonzero(theirs.coef_ == 0) < 10
