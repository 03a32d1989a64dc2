"""k-nearest neighbours: scikit-learn's votes, ties by a rule, kernel weights that never vanish, and who was asked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from engine.checks import check
from engine.dataset import FloatArray, Part, Points
from engine.experiment import DrawnData, Experiment
from engine.generators import dataset_of
from engine.learner import TrainingData
from engine.learners import make_learner
from engine.learners.knn import KNearestNeighbours
from engine.training import Run
from tests.engine.dense_problems import classes, training, values
from tests.engine.grids import CLASSES, VALUES, grid, learned_from

SETTINGS = [
    KNearestNeighbours(),
    KNearestNeighbours(k=15, weights="gaussian", sigma=0.15, metric="manhattan"),
    KNearestNeighbours(k=1, metric="chebyshev"),
]


def fitted(settings: KNearestNeighbours, data: TrainingData) -> tuple[Any, Any]:
    learner = make_learner(settings, training(), data)
    return learner, learner.advance(learner.init(data), data, 1)


def reference(model: Any, settings: KNearestNeighbours) -> Any:
    def kernel(distances: FloatArray) -> FloatArray:
        return np.exp(-(distances**2) / (2 * settings.sigma**2))

    weights = kernel if settings.weights == "gaussian" else "uniform"
    return model(settings.k, weights=weights, metric=settings.metric)


def by_hand(settings: KNearestNeighbours, data: TrainingData, z: FloatArray) -> list[int]:
    """The neighbours by comparing with every row, equals in order of where they lie, then of their rows."""
    differences = np.abs(data.Z - z)
    distances = differences.max(axis=1) if settings.metric == "chebyshev" else differences.sum(axis=1)
    first_there = [int(np.flatnonzero(np.equal(data.Z, row).all(axis=1))[0]) for row in data.Z]
    order = sorted(range(len(data.Z)), key=lambda row: (distances[row], first_there[row], row))
    return order[: settings.k]


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda chosen: chosen.metric)
@pytest.mark.parametrize("name", CLASSES)
def test_classes_agree_with_scikit_learn(name: Any, settings: KNearestNeighbours) -> None:
    data = learned_from(name)
    learner, state = fitted(settings, data)
    theirs = reference(KNeighborsClassifier, settings).fit(data.Z, data.y)
    said = learner.predict(state, grid(data))
    np.testing.assert_allclose(said.probabilities, theirs.predict_proba(grid(data)), atol=1e-12)
    assert np.array_equal(said.labels, theirs.predict(grid(data)))


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda chosen: chosen.metric)
@pytest.mark.parametrize("name", VALUES)
def test_values_agree_with_scikit_learn(name: Any, settings: KNearestNeighbours) -> None:
    data = learned_from(name)
    learner, state = fitted(settings, data)
    theirs = reference(KNeighborsRegressor, settings).fit(data.Z, data.y)
    np.testing.assert_allclose(learner.predict(state, grid(data)).values, theirs.predict(grid(data)), atol=1e-12)


@pytest.mark.parametrize("metric", ["manhattan", "chebyshev"])
@pytest.mark.parametrize("k", [1, 4, 9, 30])
def test_on_a_lattice_full_of_ties_and_doubles_the_rule_decides(k: int, metric: Any) -> None:
    random = np.random.default_rng(3)
    Z = random.integers(-3, 4, (200, 2)).astype(float)
    data = TrainingData(Z, random.integers(0, 4, 200), "classification", 4)
    settings = KNearestNeighbours(k=k, metric=metric)
    learner, state = fitted(settings, data)
    for place in random.integers(-8, 9, (60, 2)) / 2.0:
        assert learner.reasons(state, data, place).rows.tolist() == by_hand(settings, data, place)


def test_the_answer_does_not_depend_on_what_else_is_asked() -> None:
    random = np.random.default_rng(0)
    data = TrainingData(random.integers(-3, 4, (300, 2)) * 0.1, random.integers(0, 2, 300), "classification", 2)
    learner, state = fitted(KNearestNeighbours(k=7, weights="gaussian"), data)
    places = grid(data, 60)
    together = learner.predict(state, places).probabilities
    apart = np.concatenate([learner.predict(state, part).probabilities for part in np.array_split(places, 17)])
    assert np.array_equal(together, apart)


def test_more_neighbours_than_points_are_all_of_them_and_a_warning_says_so() -> None:
    points = Points(np.random.default_rng(0).normal(size=(12, 2)), np.arange(12) % 3.0)
    experiment = Experiment.model_validate(
        {
            "data": DrawnData(points=points, class_names=("A", "B", "C")),
            "learner": {"kind": "knn", "k": 20},
            "preparation": {"test_share": 0.0, "validation_share": 0.0},
        }
    )
    (complaint,) = check(experiment, dataset_of(experiment.data, experiment.preparation))
    assert (complaint.path, complaint.blocking) == ("learner.k", False)
    assert "12 points" in complaint.sentence
    run = Run(experiment)
    run.advance(1)
    probabilities = run.predict(points.X).probabilities
    assert probabilities is not None
    np.testing.assert_allclose(probabilities, np.full((12, 3), 1 / 3))


def test_far_from_all_points_the_nearest_decides_and_nothing_underflows() -> None:
    data = TrainingData(np.array([[0.0], [1.0], [2.0]]), np.array([0, 1, 1]), "classification", 2)
    learner, state = fitted(KNearestNeighbours(k=3, weights="gaussian", sigma=0.001), data)
    # So far out that double precision cannot tell the three distances apart, all of them are the nearest.
    said = learner.predict(state, np.array([[-50.0], [90.0], [1e200], [np.inf]]))
    np.testing.assert_allclose(said.probabilities, np.array([[3, 0], [0, 3], [1, 2], [1, 2]]) / 3)


def test_kernel_weights_are_the_gaussian_of_the_distance() -> None:
    data = TrainingData(np.array([[0.0], [1.0], [3.0]]), np.array([1.0, 2.0, 5.0]), "regression")
    learner, state = fitted(KNearestNeighbours(k=3, weights="gaussian", sigma=2.0), data)
    weights = np.exp(-(np.array([0.5, 0.5, 2.5]) ** 2) / 8.0)
    expected = (weights * data.y).sum() / weights.sum()
    np.testing.assert_allclose(learner.predict(state, np.array([[0.5]])).values, [expected])
    why = learner.reasons(state, data, np.array([0.5]))
    np.testing.assert_allclose(why.weights, weights / weights[0])
    assert why.lines == (f"Weighted mean of the 3 nearest: {expected:.4g}",)


def test_the_card_counts_the_votes_by_name() -> None:
    experiment = Experiment.model_validate({"learner": {"kind": "knn", "k": 5}})
    run = Run(experiment)
    run.advance(1)
    assert run.outcome.status == "converged"
    model = run.model()
    place = model.dataset.X[model.dataset.rows(Part.TRAIN)[3]]
    why = model.explain(place)
    assert why is not None
    assert len(why.xy) == 5
    assert (why.xy[0] == place).all()
    said = model(place[None]).probabilities
    assert said is not None
    votes = {name: round(5 * share) for name, share in zip(("A", "B"), said[0], strict=True)}
    winners = sorted((name for name in votes if votes[name]), key=lambda name: -votes[name])
    assert why.lines == ("5 nearest: " + ", ".join(f"{votes[name]} × {name}" for name in winners),)


@pytest.mark.parametrize("n_features", [1, 2, 64])
@pytest.mark.parametrize("n_classes", [2, 10])
def test_any_number_of_features_and_classes_with_doubles(n_features: int, n_classes: int) -> None:
    data = classes(60, n_classes, n_features)
    data = TrainingData(
        np.concatenate([data.Z, data.Z[:20]]), np.concatenate([data.y, data.y[:20]]), "classification", n_classes
    )
    learner, state = fitted(KNearestNeighbours(k=1), data)
    assert np.array_equal(learner.predict(state, data.Z).labels, data.y)
    one_each = TrainingData(data.Z[:n_classes], data.y[:n_classes], "classification", n_classes)
    learner, state = fitted(KNearestNeighbours(k=1), one_each)
    assert np.array_equal(learner.predict(state, one_each.Z).labels, one_each.y)


def test_before_the_first_step_every_class_is_alike() -> None:
    data = classes(n_classes=4)
    learner = make_learner(KNearestNeighbours(), training(), data)
    assert learner.reasons(learner.init(data), data, data.Z[0]) is None
    np.testing.assert_array_equal(learner.predict(learner.init(data), data.Z).scores, np.full((60, 4), 0.25))


def test_features_too_large_to_square_are_refused() -> None:
    data = values()
    data.Z[0, 0] = 1e160
    learner, state = fitted(KNearestNeighbours(), data)
    assert learner.outcome(state).status == "stopped"
    assert "scale it" in learner.outcome(state).sentence
