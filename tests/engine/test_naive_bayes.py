"""Gaussian naive Bayes: it says what scikit-learn says, and its bells are where they are drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.naive_bayes import GaussianNB

from engine.dataset import Part
from engine.experiment import Experiment
from engine.learner import TrainingData
from engine.learners import make_learner
from engine.learners.naive_bayes import NaiveBayes
from engine.overlays import Line, Marks
from engine.snapshot import Viewport
from engine.training import Run
from tests.engine.dense_problems import classes, training
from tests.engine.grids import CLASSES, grid, learned_from

SETTINGS = [NaiveBayes(), NaiveBayes(priors="equal"), NaiveBayes(var_smoothing=0.3)]
VIEW = Viewport((-1.0, 1.0), (-1.0, 1.0), 32, 32)


def fitted(settings: NaiveBayes, data: TrainingData) -> tuple[Any, Any]:
    learner = make_learner(settings, training(), data)
    return learner, learner.advance(learner.init(data), data, 1)


def reference(settings: NaiveBayes, data: TrainingData) -> Any:
    k = len(np.unique(data.y))
    priors = np.full(k, 1.0 / k) if settings.priors == "equal" else None
    return GaussianNB(priors=priors, var_smoothing=settings.var_smoothing).fit(data.Z, data.y)


@pytest.mark.parametrize("settings", SETTINGS, ids=["default", "equal priors", "smoothed"])
@pytest.mark.parametrize("name", [*CLASSES, "unbalanced"])
def test_it_agrees_with_scikit_learn(name: Any, settings: NaiveBayes) -> None:
    data = learned_from("moons" if name == "unbalanced" else name)
    if name == "unbalanced":
        data = TrainingData(data.Z[:70], np.sort(data.y)[:70], "classification", 2)
    learner, state = fitted(settings, data)
    theirs, places = reference(settings, data), grid(data)
    said = learner.predict(state, places)
    np.testing.assert_allclose(said.probabilities, theirs.predict_proba(places), atol=1e-6)
    np.testing.assert_allclose(said.scores, theirs.predict_joint_log_proba(places), rtol=1e-6)
    assert np.array_equal(said.labels, theirs.predict(places))


@pytest.mark.parametrize("n_features", [1, 7, 64])
@pytest.mark.parametrize("n_classes", [2, 10])
def test_any_number_of_features_and_classes_with_doubles_and_a_constant_column(n_features: int, n_classes: int) -> None:
    data = classes(40, n_classes, n_features)
    Z = np.concatenate([data.Z, data.Z[:9]])
    Z[:, -1] = 2.0 if n_features > 1 else Z[:, -1]
    data = TrainingData(Z, np.concatenate([data.y, data.y[:9]]), "classification", n_classes)
    learner, state = fitted(NaiveBayes(), data)
    expected = reference(NaiveBayes(), data).predict_proba(data.Z)
    np.testing.assert_allclose(learner.predict(state, data.Z).probabilities, expected, atol=1e-6)


def test_one_point_a_class_at_one_place_says_how_often_each_is() -> None:
    data = TrainingData(np.zeros((4, 2)), np.array([0, 1, 1, 1]), "classification", 2)
    learner, state = fitted(NaiveBayes(), data)
    np.testing.assert_allclose(learner.predict(state, np.ones((1, 2))).probabilities, [[0.25, 0.75]])


def test_a_class_without_points_is_impossible() -> None:
    found = classes(60, 3)
    rows = found.y != 1
    learner, state = fitted(NaiveBayes(), TrainingData(found.Z[rows], found.y[rows], "classification", 3))
    said = learner.predict(state, found.Z)
    assert not said.probabilities[:, 1].any()
    assert np.isfinite(said.scores).all()
    assert not (said.labels == 1).any()


def test_before_the_first_step_every_class_is_alike_and_then_the_loss_is_the_log_loss() -> None:
    data = classes(n_classes=3)
    learner = make_learner(NaiveBayes(), training(), data)
    np.testing.assert_allclose(learner.loss(learner.init(data), data.Z, data.y), np.log(3))
    _, state = fitted(NaiveBayes(), data)
    right = reference(NaiveBayes(), data).predict_proba(data.Z)[np.arange(len(data.y)), data.y]
    np.testing.assert_allclose(learner.loss(state, data.Z, data.y), -np.log(right), rtol=1e-6)


@pytest.mark.parametrize("scaling", ["none", "standardize"])
def test_ellipses_lie_at_one_and_two_deviations_in_the_units_of_the_plot(scaling: str) -> None:
    run = Run(Experiment.model_validate({"data": {"source": "generated", "generator": "gaussians3"},
                                         "preparation": {"scaling": scaling},
                                         "learner": {"kind": "naive_bayes"}}))  # fmt: skip
    run.advance(1)
    picture = run.snapshot(VIEW).overlays
    lines = [line for line in picture if isinstance(line, Line) and line.role == "ellipse"]
    assert [line.index for line in lines] == [0, 0, 1, 1, 2, 2]
    (centres,) = (item for item in picture if isinstance(item, Marks))
    rows = run.dataset.rows(Part.TRAIN)
    for index in range(3):
        points = run.dataset.X[rows][run.dataset.y[rows] == index].astype(np.float64)
        np.testing.assert_allclose(centres.xy[index], points.mean(axis=0), atol=1e-5)
        for line, deviations in zip(lines[2 * index : 2 * index + 2], (1, 2), strict=True):
            reach = (line.xy.max(axis=0) - line.xy.min(axis=0)) / 2
            np.testing.assert_allclose(reach, deviations * points.std(axis=0), rtol=2e-3)


def test_features_that_are_no_places_draw_no_ellipses() -> None:
    run = Run(Experiment.model_validate({"preparation": {"polynomial": 2}, "learner": {"kind": "naive_bayes"}}))
    run.advance(1)
    assert not any(isinstance(item, Line) and item.role == "ellipse" for item in run.snapshot(VIEW).overlays)
