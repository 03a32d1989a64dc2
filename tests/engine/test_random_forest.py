"""The random forest: scikit-learn's bit for bit, one tree a step, and how they vote."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from engine.dataset import FloatArray
from engine.experiment import Experiment
from engine.learner import TrainingData
from engine.learners import make_learner
from engine.learners.random_forest import RandomForest
from engine.training import Run
from tests.engine.dense_problems import classes, training, values
from tests.engine.grids import CLASSES, VALUES, grid, learned_from

SETTINGS = [
    RandomForest(trees=20),
    RandomForest(trees=7, max_depth=3, max_features="all"),
    RandomForest(trees=12, min_samples_leaf=5, bootstrap=False),
]


def fitted(settings: RandomForest, data: TrainingData, steps: int = 1000, seed: int = 1) -> tuple[Any, Any]:
    learner = make_learner(settings, training(seed=seed), data)
    return learner, learner.advance(learner.init(data), data, steps)


def reference(settings: RandomForest, data: TrainingData, trees: int, seed: int = 1) -> Any:
    model: Any = RandomForestClassifier if data.task == "classification" else RandomForestRegressor
    shared = settings.model_dump(include={"max_depth", "min_samples_leaf", "bootstrap"})
    features = "sqrt" if settings.max_features == "sqrt" else None
    return model(trees, max_features=features, random_state=seed, **shared).fit(data.Z, data.y)


def said_by(theirs: Any, data: TrainingData, places: FloatArray) -> Any:
    return theirs.predict_proba(places) if data.task == "classification" else theirs.predict(places)[:, None]


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda chosen: str(chosen.trees))
@pytest.mark.parametrize("name", [*CLASSES, *VALUES])
def test_it_is_scikit_learns_forest_bit_for_bit(name: Any, settings: RandomForest) -> None:
    data = learned_from(name)
    learner, state = fitted(settings, data)
    expected = said_by(reference(settings, data, settings.trees), data, grid(data))
    assert np.array_equal(learner.predict(state, grid(data)).scores, expected)
    assert learner.outcome(state).sentence == f"All {settings.trees} trees have grown."


@pytest.mark.parametrize("steps", [1, 2, 9])
@pytest.mark.parametrize("seed", [0, 12345])
def test_after_each_step_it_is_the_forest_of_so_many_trees(steps: int, seed: int) -> None:
    data = learned_from("moons")
    learner, state = fitted(RandomForest(), data, steps, seed)
    assert learner.outcome(state).status == "running"
    expected = said_by(reference(RandomForest(), data, steps, seed), data, data.Z)
    assert np.array_equal(learner.predict(state, data.Z).scores, expected)


def test_points_that_come_while_it_grows_make_it_begin_anew() -> None:
    data, more = values(60), values(75)
    learner: Any = make_learner(RandomForest(), training(), data)
    later = learner.advance(learner.advance(learner.init(data), data, 5), more, 2)
    assert np.array_equal(learner.predict(later, more.Z).values, reference(RandomForest(), more, 2).predict(more.Z))
    assert learner.steps_done(later) == 7


def test_a_class_that_is_held_out_gets_no_votes() -> None:
    found = classes(60, 3)
    rows = found.y != 1
    data = TrainingData(found.Z[rows], found.y[rows], "classification", 3)
    learner, state = fitted(RandomForest(trees=5), data)
    expected = reference(RandomForest(), data, 5).predict_proba(found.Z)
    assert np.array_equal(learner.predict(state, found.Z).probabilities[:, [0, 2]], expected)
    assert not learner.predict(state, found.Z).probabilities[:, 1].any()


def test_the_card_counts_the_trees() -> None:
    experiment = Experiment.model_validate({"learner": {"kind": "random_forest", "trees": 30}})
    run = Run(experiment)
    run.advance_epochs(30)
    model = run.model()
    X, y = model.data.Z, model.data.y
    theirs = reference(RandomForest(), TrainingData(X, y, "classification", 2), 30, experiment.training.seed)
    place = X[4]
    votes = np.array([tree.predict(place[None])[0] for tree in theirs.estimators_])
    count, most = max(((votes == k).sum(), k) for k in (0, 1))
    why = model.explain(place)
    assert why is not None
    assert why.lines[0].startswith(f"{count} of 30 trees say {'AB'[most]}")


def test_the_card_of_a_regression_tells_how_far_the_trees_are_apart() -> None:
    data = values(n_features=1)
    learner, state = fitted(RandomForest(trees=9), data)
    theirs = [tree.predict(data.Z[:1])[0] for tree in reference(RandomForest(), data, 9).estimators_]
    expected = f"9 trees: mean {np.mean(theirs):.4g}, from {min(theirs):.4g} to {max(theirs):.4g}"
    assert learner.reasons(state, data, data.Z[0]).lines == (expected,)


@pytest.mark.parametrize("n_features", [1, 64])
@pytest.mark.parametrize("n_classes", [2, 10])
def test_any_number_of_features_and_classes_with_doubles(n_features: int, n_classes: int) -> None:
    data = classes(60, n_classes, n_features)
    doubled = TrainingData(np.repeat(data.Z, 2, axis=0), np.repeat(data.y, 2), "classification", n_classes)
    one_each = TrainingData(data.Z[:n_classes], data.y[:n_classes], "classification", n_classes)
    for each in (doubled, one_each):
        learner, state = fitted(RandomForest(trees=3), each)
        expected = reference(RandomForest(), each, 3).predict_proba(each.Z)
        assert np.array_equal(learner.predict(state, each.Z).probabilities, expected)


def test_before_the_first_step_every_class_is_alike() -> None:
    data = classes(n_classes=4)
    learner: Any = make_learner(RandomForest(), training(), data)
    np.testing.assert_array_equal(learner.predict(learner.init(data), data.Z).scores, np.full((60, 4), 0.25))
    assert learner.reasons(learner.init(data), data, data.Z[0]) is None
