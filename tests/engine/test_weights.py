"""Weights and their paths: those of scikit-learn at every strength, zero where lasso says so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import Lasso, Ridge

from engine.experiment import Experiment, Preparation
from engine.learner import TrainingData
from engine.table_sets import bundled_table
from engine.training import Run
from engine.weights import Weights, lasso_path, ridge_path, weights_of, why_no_weights
from tests.engine.dense_problems import values
from tests.engine.grids import VALUES, learned_from


def diabetes(**training: Any) -> Experiment:
    return Experiment.model_validate(
        {
            "data": bundled_table("diabetes").model_dump(),
            "learner": {"kind": "linear_regression", "fit": "least_squares"},
            "training": {"loss": {"kind": "squared"}, **training},
            "preparation": {"scaling": "standardize"},
        }
    )


def shown(experiment: Experiment, steps: int = 1) -> Weights | None:
    run = Run(experiment)
    run.advance(steps)
    return weights_of(run.model())


SETS = [*(learned_from(name) for name in VALUES), values(60, 7), values(12, 30)]


@pytest.mark.parametrize("data", SETS, ids=[*VALUES, "seven features", "more features than points"])
def test_the_ridge_path_is_that_of_scikit_learn(data: TrainingData) -> None:
    path = ridge_path(data)
    for index in range(0, len(path.strengths), 17):
        # scikit-learn minimises the sum of squares + α Σw².
        theirs = Ridge(alpha=0.5 * len(data.y) * path.strengths[index], solver="svd").fit(data.Z, data.y)
        np.testing.assert_allclose(path.weights[index], theirs.coef_, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("data", SETS[:4], ids=[*VALUES, "seven features"])
def test_the_lasso_path_is_that_of_scikit_learn(data: TrainingData) -> None:
    path = lasso_path(data)
    for index in range(0, len(path.strengths), 17):
        theirs = Lasso(alpha=0.5 * path.strengths[index], tol=1e-14, max_iter=1_000_000).fit(data.Z, data.y)
        np.testing.assert_allclose(path.weights[index], theirs.coef_, rtol=1e-5, atol=1e-7)
        assert np.array_equal(path.weights[index] == 0.0, np.abs(theirs.coef_) < 1e-12)
    assert not path.weights[-1].any()
    assert path.weights[0].any()


def test_the_weights_lie_on_the_path_at_the_strength_that_is_set() -> None:
    found = shown(diabetes(regularization={"l2": 0.5}))
    assert found is not None
    path = found.paths["l2"]
    on_path = [np.interp(np.log(0.5), np.log(path.strengths), column) for column in path.weights.T]
    np.testing.assert_allclose(found.values[:, 0], on_path, rtol=1e-3, atol=1e-2)
    assert found.strengths == {"l1": 0.0, "l2": 0.5}
    assert found.features == Run(diabetes()).dataset.input_names
    assert found.outputs == ("",)
    assert found.scaled
    as_they_are = shown(diabetes().model_copy(update={"preparation": Preparation()}))
    assert as_they_are is not None
    assert not as_they_are.scaled


def test_of_classes_there_is_a_column_each_and_no_path() -> None:
    experiment = Experiment.model_validate(
        {"data": bundled_table("iris").model_dump(), "learner": {"kind": "logistic_regression"}}
    )
    found = shown(experiment, 50)
    assert found is not None
    assert found.values.shape == (4, 3)
    assert found.outputs == ("setosa", "versicolor", "virginica")
    assert found.paths == {}


def test_what_is_no_weighted_sum_has_no_weights() -> None:
    assert weights_of(None) is None
    assert shown(Experiment()) is None


@pytest.mark.parametrize(
    ("learner", "task", "why"),
    [
        ({"kind": "perceptron"}, "classification", "come with the first step"),
        ({"kind": "discriminant"}, "classification", "come with the first step"),
        ({"kind": "svm", "kernel": "linear"}, "classification", "come with the first step"),
        ({"kind": "svm"}, "classification", "choose a linear one"),
        ({"kind": "knn"}, "classification", "choose a linear one"),
        ({"kind": "linear_regression", "fit": "coordinate_descent"}, "regression", ""),
    ],
)
def test_weights_that_are_to_come_are_told_from_those_that_are_not(learner: Any, task: str, why: str) -> None:
    of = {"learner": learner, "data": {"source": "generated", "generator": "sine" if task == "regression" else "xor"}}
    if task == "regression":
        of["training"] = {"loss": {"kind": "squared"}}
    run = Run(Experiment.model_validate(of))
    said = why_no_weights(run.model())
    assert why in said
    assert (weights_of(run.model()) is None) == bool(said)
    run.advance(1)
    assert bool(why_no_weights(run.model())) == ("linear one" in why)
    assert (weights_of(run.model()) is None) == ("linear one" in why)


def test_the_same_data_are_solved_once() -> None:
    data = values(40, 3)
    assert ridge_path(data) is ridge_path(data)
    assert lasso_path(data) is lasso_path(data)
    assert ridge_path(values(40, 3)) is not ridge_path(data)


def test_constant_columns_and_equal_targets_have_weights_of_zero() -> None:
    data = values(30, 3)
    Z = data.Z.copy()
    Z[:, 1] = 0.1
    for y in (data.y, np.ones(30)):
        for path in (ridge_path(TrainingData(Z, y, "regression")), lasso_path(TrainingData(Z, y, "regression"))):
            assert np.isfinite(path.weights).all()
            assert not path.weights[:, 1].any()
