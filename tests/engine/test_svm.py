"""The support vector machine: it says what scikit-learn says, draws its margin, and knows when it cannot."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.svm import SVC, SVR

from engine.checks import check
from engine.dataset import Points
from engine.experiment import DrawnData, Experiment, GeneratedData, Preparation
from engine.generators import dataset_of
from engine.learner import TrainingData
from engine.learners import make_learner
from engine.learners.svm import SupportVectorMachine
from engine.overlays import Equation, Line, Marks
from engine.snapshot import Viewport
from engine.training import Run
from tests.engine.dense_problems import classes, training, values
from tests.engine.grids import CLASSES, VALUES, grid, learned_from

SETTINGS = [
    SupportVectorMachine(),
    SupportVectorMachine(kernel="linear", C=10.0, epsilon=0.02),
    SupportVectorMachine(kernel="polynomial", C=0.5, gamma_from="by_hand", gamma=0.7, degree=4, coef0=0.5),
    SupportVectorMachine(kernel="sigmoid", gamma_from="by_hand", gamma=0.3, coef0=-0.2, epsilon=0.3),
]
VIEW = Viewport((-1.0, 1.0), (-1.0, 1.0), 64, 64)


def fitted(settings: SupportVectorMachine, data: TrainingData) -> tuple[Any, Any]:
    learner = make_learner(settings, training(), data)
    return learner, learner.advance(learner.init(data), data, 1)


def reference(model: type, settings: SupportVectorMachine, **more: Any) -> Any:
    kernel = "poly" if settings.kernel == "polynomial" else settings.kernel
    gamma = settings.gamma if settings.gamma_from == "by_hand" else "scale"
    return model(C=settings.C, kernel=kernel, gamma=gamma, degree=settings.degree, coef0=settings.coef0, **more)


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda chosen: chosen.kernel)
@pytest.mark.parametrize("name", CLASSES)
def test_classes_agree_with_scikit_learn(name: Any, settings: SupportVectorMachine) -> None:
    data = learned_from(name)
    learner, state = fitted(settings, data)
    places = grid(data)
    theirs = reference(SVC, settings, break_ties=data.n_classes > 2).fit(data.Z, data.y)
    said = learner.predict(state, places)
    decision = theirs.decision_function(places)
    np.testing.assert_allclose(said.scores, decision.reshape(len(places), -1), rtol=1e-6, atol=1e-6)
    assert np.array_equal(said.labels, theirs.predict(places))
    assert said.probabilities is None


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda chosen: chosen.kernel)
@pytest.mark.parametrize("name", VALUES)
def test_values_agree_with_scikit_learn(name: Any, settings: SupportVectorMachine) -> None:
    data = learned_from(name)
    learner, state = fitted(settings, data)
    theirs = reference(SVR, settings, epsilon=settings.epsilon).fit(data.Z, data.y)
    places = grid(data)
    np.testing.assert_allclose(learner.predict(state, places).values, theirs.predict(places), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("n_features", [1, 7, 64])
@pytest.mark.parametrize("n_classes", [2, 3, 10])
def test_any_number_of_features_and_classes_with_doubles_and_a_constant_column(n_features: int, n_classes: int) -> None:
    data = classes(50, n_classes, n_features)
    Z = np.concatenate([data.Z, data.Z[:20]])
    Z[:, -1] = 2.0 if n_features > 1 else Z[:, -1]
    data = TrainingData(Z, np.concatenate([data.y, data.y[:20]]), "classification", n_classes)
    learner, state = fitted(SupportVectorMachine(), data)
    theirs = SVC(gamma="scale", break_ties=n_classes > 2).fit(data.Z, data.y)
    assert np.array_equal(learner.predict(state, data.Z).labels, theirs.predict(data.Z))


def test_a_class_that_is_held_out_is_never_the_answer() -> None:
    found = classes(60, 3)
    rows = found.y != 1
    data = TrainingData(found.Z[rows], found.y[rows], "classification", 3)
    learner, state = fitted(SupportVectorMachine(), data)
    said = learner.predict(state, found.Z)
    assert said.scores.shape == (60, 3)
    assert np.array_equal(said.labels, SVC(gamma="scale").fit(data.Z, data.y).predict(found.Z))


def test_before_the_first_step_it_says_nothing() -> None:
    data = classes()
    learner = make_learner(SupportVectorMachine(), training(), data)
    said = learner.predict(learner.init(data), data.Z)
    assert not said.scores.any()
    assert learner.loss(learner.init(data), data.Z, data.y).tolist() == [1.0] * len(data.y)
    assert learner.margin_levels == (-1.0, 1.0)


def test_the_loss_of_two_classes_is_the_hinge_of_the_margin() -> None:
    data = TrainingData(np.array([[-2.0], [2.0]]), np.array([0, 1]), "classification", 2)
    learner, state = fitted(SupportVectorMachine(kernel="linear", C=1e4), data)
    # The street runs from -2 to 2, so the score at x is x / 2.
    losses = learner.loss(state, np.array([[-3.0], [0.0], [1.0], [4.0]]), np.array([0, 0, 1, 0]))
    np.testing.assert_allclose(losses, [0.0, 1.0, 0.5, 3.0], atol=1e-3)
    np.testing.assert_allclose(learner.coefficients(state)[0], [[0.5]], atol=1e-3)


def test_the_loss_of_more_classes_is_the_hinge_of_the_lead() -> None:
    data = classes(60, 4)
    learner, state = fitted(SupportVectorMachine(), data)
    scores = SVC(gamma="scale").fit(data.Z, data.y).decision_function(data.Z)
    expected = []
    for row, right in zip(scores, data.y, strict=True):
        expected.append(max(0.0, 1.0 - (row[right] - max(np.delete(row, right)))))
    np.testing.assert_allclose(learner.loss(state, data.Z, data.y), expected, atol=1e-6)


def test_residuals_within_the_tube_cost_nothing() -> None:
    data = values(n_features=1)
    learner, state = fitted(SupportVectorMachine(epsilon=0.2), data)
    residuals = np.abs(learner.predict(state, data.Z).values - data.y)
    np.testing.assert_allclose(learner.loss(state, data.Z, data.y), np.maximum(0, residuals - 0.2))
    outside = np.flatnonzero(residuals > 0.201)
    assert len(outside)
    assert set(outside) <= set(state.rows.tolist())


def test_a_tube_around_everything_leaves_no_support_vector() -> None:
    data = values(n_features=1)
    learner, state = fitted(SupportVectorMachine(epsilon=100.0), data)
    assert learner.outcome(state).sentence == "0 of 60 points are support vectors."
    assert np.ptp(learner.predict(state, data.Z).values) == 0


def test_the_margin_and_the_support_vectors_are_drawn() -> None:
    experiment = Experiment.model_validate({"data": {"source": "generated", "generator": "separable"},
                                            "learner": {"kind": "svm", "kernel": "linear", "C": 1e4}})  # fmt: skip
    run = Run(experiment)
    run.advance(1)
    picture = run.snapshot(VIEW).overlays
    edges = [line for line in picture if isinstance(line, Line) and line.role == "margin"]
    assert len(edges) == 2
    for edge in edges:
        lead = run.predict(edge.xy.astype(np.float32)).scores[:, 0]
        np.testing.assert_allclose(np.abs(lead), 1.0, atol=0.02)
    (marks,) = (item for item in picture if isinstance(item, Marks))
    # Those on the edges or inside of the street, and no others.
    scores = np.abs(run.predict(marks.xy).scores[:, 0])
    assert marks.role == "support"
    assert scores.max() < 1.01
    (equation,) = (item for item in picture if isinstance(item, Equation))
    assert equation.text.startswith("s(B) = ")
    assert run.outcome.sentence == f"{len(marks.xy)} of {len(run.model().data.Z)} points are support vectors."


def test_the_tube_of_a_regression_is_drawn_at_its_height() -> None:
    experiment = Experiment.model_validate({"data": {"source": "generated", "generator": "sine"},
                                            "training": {"loss": {"kind": "squared"}},
                                            "learner": {"kind": "svm", "epsilon": 0.25}})  # fmt: skip
    run = Run(experiment)
    run.advance(1)
    lines = [line for line in run.snapshot(VIEW).overlays if isinstance(line, Line) and line.role == "margin"]
    curve = run.predict(lines[0].xy[:, :1]).values
    assert curve is not None
    np.testing.assert_allclose(lines[0].xy[:, 1], curve - 0.25, atol=1e-5)
    np.testing.assert_allclose(lines[1].xy[:, 1], curve + 0.25, atol=1e-5)


def test_a_problem_that_is_too_hard_ends_with_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.learners.svm._MOST_ITERATIONS", 100)
    monkeypatch.setattr("engine.learners.svm._FEWEST_ITERATIONS", 1)
    data = classes(n=200)
    learner, state = fitted(SupportVectorMachine(C=1e4, gamma_from="by_hand", gamma=30.0), data)
    assert learner.outcome(state).status == "converged"
    assert "lower C" in learner.outcome(state).sentence


@pytest.mark.parametrize("size", [1e160, np.inf])
def test_features_beyond_all_bounds_are_refused_in_a_sentence(size: float) -> None:
    data = classes()
    data.Z[0, 0] = size
    learner, state = fitted(SupportVectorMachine(kernel="polynomial", degree=10), data)
    assert learner.outcome(state).status == "stopped"
    assert "scale" in learner.outcome(state).sentence
    data.Z[0, 0] = 1.0
    assert learner.outcome(learner.advance(state, data, 1)).status == "converged"


def test_more_points_than_the_solver_can_take_are_refused() -> None:
    points = Points(np.random.default_rng(0).normal(size=(20_001, 2)), np.arange(20_001) % 2.0)
    experiment = Experiment(
        data=DrawnData(points=points), learner=SupportVectorMachine(), preparation=Preparation(test_share=0.0)
    )
    (complaint,) = check(experiment, dataset_of(experiment.data, experiment.preparation))
    assert (complaint.path, complaint.blocking) == ("learner.kind", True)
    assert "at most 20,000 points" in complaint.sentence
    fewer = experiment.model_copy(update={"data": GeneratedData()})
    assert check(fewer, dataset_of(fewer.data, fewer.preparation)) == ()
