"""Discriminant analysis: it says what scikit-learn says, linear and quadratic, and stops where a class is flat."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis

from engine.dataset import Part
from engine.experiment import Experiment
from engine.learner import TrainingData
from engine.learners import make_learner
from engine.learners.discriminant import DiscriminantAnalysis
from engine.overlays import Equation, Line
from engine.snapshot import Viewport
from engine.training import Run
from tests.engine.dense_problems import classes, training
from tests.engine.grids import CLASSES, grid, learned_from

VIEW = Viewport((-1.0, 1.0), (-1.0, 1.0), 32, 32)
QUADRATIC = DiscriminantAnalysis(covariance="per_class")
SETTINGS = [
    DiscriminantAnalysis(),
    DiscriminantAnalysis(shrinkage=0.4),
    QUADRATIC,
    DiscriminantAnalysis(covariance="per_class", shrinkage=0.4),
]


def fitted(settings: DiscriminantAnalysis, data: TrainingData) -> tuple[Any, Any]:
    learner = make_learner(settings, training(), data)
    return learner, learner.advance(learner.init(data), data, 1)


def reference(settings: DiscriminantAnalysis, data: TrainingData) -> Any:
    if settings.covariance == "shared":
        return LinearDiscriminantAnalysis(solver="lsqr", shrinkage=settings.shrinkage or None).fit(data.Z, data.y)
    if settings.shrinkage:
        return QuadraticDiscriminantAnalysis(solver="eigen", shrinkage=settings.shrinkage).fit(data.Z, data.y)
    return QuadraticDiscriminantAnalysis().fit(data.Z, data.y)


@pytest.mark.parametrize("settings", SETTINGS, ids=["linear", "linear, shrunk", "quadratic", "quadratic, shrunk"])
@pytest.mark.parametrize("name", CLASSES)
def test_it_agrees_with_scikit_learn(name: Any, settings: DiscriminantAnalysis) -> None:
    data = learned_from(name)
    learner, state = fitted(settings, data)
    theirs, places = reference(settings, data), grid(data)
    said = learner.predict(state, places)
    np.testing.assert_allclose(said.probabilities, theirs.predict_proba(places), atol=1e-6)
    assert np.array_equal(said.labels, theirs.predict(places))


@pytest.mark.parametrize("settings", [DiscriminantAnalysis(shrinkage=0.1), SETTINGS[3]], ids=["linear", "quadratic"])
@pytest.mark.parametrize("n_features", [1, 7, 64])
@pytest.mark.parametrize("n_classes", [2, 10])
def test_any_number_of_features_and_classes_with_doubles_and_a_constant_column(
    n_features: int, n_classes: int, settings: DiscriminantAnalysis
) -> None:
    data = classes(60, n_classes, n_features)
    Z = np.concatenate([data.Z, data.Z])
    Z[:, -1] = 2.0 if n_features > 1 else Z[:, -1]
    data = TrainingData(Z, np.concatenate([data.y, data.y]), "classification", n_classes)
    learner, state = fitted(settings, data)
    expected = reference(settings, data).predict_proba(data.Z)
    np.testing.assert_allclose(learner.predict(state, data.Z).probabilities, expected, atol=1e-6)


def test_a_shared_covariance_may_be_flat_in_a_constant_column() -> None:
    found = classes(60, 3, 2)
    data = TrainingData(np.column_stack([found.Z, np.full(60, 5.0)]), found.y, "classification", 3)
    flat, whole = fitted(DiscriminantAnalysis(), data), fitted(DiscriminantAnalysis(), found)
    np.testing.assert_allclose(
        flat[0].predict(flat[1], data.Z).probabilities, whole[0].predict(whole[1], found.Z).probabilities, atol=1e-6
    )


@pytest.mark.parametrize(
    ("settings", "Z", "y", "hint"),
    [
        (QUADRATIC, [[0, 0], [1, 0], [0, 1], [1, 1], [2, 2]], [0, 0, 0, 1, 1], "class of 2 points"),
        (QUADRATIC, [[0, 0], [1, 0], [0, 1], [5, 5]], [0, 0, 0, 1], "class of 1 point "),
        (QUADRATIC, [[0, 3], [1, 3], [2, 3], [5, 3], [6, 3], [7, 3]], [0, 0, 0, 1, 1, 1], "share the covariance"),
        (DiscriminantAnalysis(), [[0, 0], [1, 1]], [0, 1], "add points"),
    ],
    ids=["on a line", "one point", "constant column", "no covariance at all"],
)
def test_a_class_without_a_covariance_stops_with_advice(
    settings: DiscriminantAnalysis, Z: list[list[float]], y: list[int], hint: str
) -> None:
    data = TrainingData(np.array(Z, float), np.array(y), "classification", 2)
    learner, state = fitted(settings, data)
    assert learner.outcome(state).status == "stopped"
    assert hint in learner.outcome(state).sentence
    np.testing.assert_allclose(learner.predict(state, data.Z).probabilities, 0.5)


def test_a_class_without_points_is_impossible() -> None:
    found = classes(60, 3)
    rows = found.y != 1
    for settings in SETTINGS:
        learner, state = fitted(settings, TrainingData(found.Z[rows], found.y[rows], "classification", 3))
        assert not learner.predict(state, found.Z).probabilities[:, 1].any()
        assert learner.coefficients(state) is None


@pytest.mark.parametrize("scaling", ["none", "standardize"])
def test_the_equation_is_the_log_odds(scaling: str) -> None:
    run = Run(Experiment.model_validate({"preparation": {"scaling": scaling}, "learner": {"kind": "discriminant"},
                                         "data": {"source": "generated", "generator": "gaussians2"}}))  # fmt: skip
    run.advance(1)
    found = run.coefficients()
    assert found is not None
    weights, intercepts = found
    places = run.dataset.X.astype(np.float64)
    shares = run.predict(places).probabilities
    assert shares is not None
    log_odds = places @ (weights[:, 1] - weights[:, 0]) + intercepts[1] - intercepts[0]
    np.testing.assert_allclose(log_odds, np.log(shares[:, 1] / shares[:, 0]), atol=1e-4)
    (equation,) = (item for item in run.snapshot(VIEW).overlays if isinstance(item, Equation))
    assert equation.text.startswith("ln p(B)/p(A) = ")


@pytest.mark.parametrize("covariance", ["shared", "per_class"])
def test_points_of_the_ellipses_are_one_and_two_deviations_away(covariance: str) -> None:
    run = Run(Experiment.model_validate({"data": {"source": "generated", "generator": "gaussians3"},
                                         "preparation": {"scaling": "standardize"},
                                         "learner": {"kind": "discriminant", "covariance": covariance}}))  # fmt: skip
    run.advance(1)
    lines = [item for item in run.snapshot(VIEW).overlays if isinstance(item, Line) and item.role == "ellipse"]
    assert [line.index for line in lines] == [0, 0, 1, 1, 2, 2]
    rows = run.dataset.rows(Part.TRAIN)
    X, y = run.dataset.X[rows].astype(np.float64), run.dataset.y[rows]
    shapes = [np.cov(X[y == index].T, bias=True) for index in range(3)]
    if covariance == "shared":
        shapes = [np.average(shapes, axis=0, weights=[np.mean(y == index) for index in range(3)])] * 3
    for place, line in enumerate(lines):
        offset = line.xy - X[y == place // 2].mean(axis=0)
        distances = np.sqrt((offset @ np.linalg.inv(shapes[place // 2]) * offset).sum(axis=1))
        np.testing.assert_allclose(distances, 1 + place % 2, rtol=1e-3)
