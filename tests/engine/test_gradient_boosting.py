"""Gradient boosting: scikit-learn's stages, one a step, and what they add up to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor
from sklearn.metrics import log_loss

from engine.experiment import Experiment
from engine.learner import TrainingData
from engine.learners import make_learner
from engine.learners.gradient_boosting import GradientBoosting
from engine.training import Run
from tests.engine.dense_problems import classes, training, values
from tests.engine.grids import CLASSES, VALUES, grid, learned_from

SETTINGS = [
    GradientBoosting(trees=60),
    GradientBoosting(trees=25, learning_rate=0.5, max_depth=4),
    GradientBoosting(trees=40, learning_rate=1.0, max_depth=1, min_samples_leaf=8),
]


def fitted(settings: GradientBoosting, data: TrainingData, steps: int = 1000, seed: int = 1) -> tuple[Any, Any]:
    learner = make_learner(settings, training(seed=seed), data)
    return learner, learner.advance(learner.init(data), data, steps)


def reference(settings: GradientBoosting, data: TrainingData, stages: int, seed: int = 1) -> Any:
    model: Any = GradientBoostingClassifier if data.task == "classification" else GradientBoostingRegressor
    shared = settings.model_dump(include={"learning_rate", "max_depth", "min_samples_leaf"})
    return model(n_estimators=stages, random_state=seed, **shared).fit(data.Z, data.y)


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda chosen: str(chosen.max_depth))
@pytest.mark.parametrize("name", CLASSES)
def test_classes_agree_with_scikit_learn(name: Any, settings: GradientBoosting) -> None:
    data = learned_from(name)
    learner, state = fitted(settings, data)
    theirs = reference(settings, data, settings.trees)
    said = learner.predict(state, grid(data))
    np.testing.assert_allclose(said.probabilities, theirs.predict_proba(grid(data)), atol=1e-6)
    assert np.array_equal(said.labels, theirs.predict(grid(data)))
    assert learner.outcome(state).sentence == f"All {settings.trees} stages are done."


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda chosen: str(chosen.max_depth))
@pytest.mark.parametrize("name", VALUES)
def test_values_agree_with_scikit_learn(name: Any, settings: GradientBoosting) -> None:
    data = learned_from(name)
    learner, state = fitted(settings, data)
    theirs = reference(settings, data, settings.trees)
    np.testing.assert_allclose(learner.predict(state, grid(data)).values, theirs.predict(grid(data)), atol=1e-6)


@pytest.mark.parametrize("name", ["moons", "gaussians3"])
def test_after_each_step_it_stands_where_scikit_learn_stood(name: Any) -> None:
    data = learned_from(name)
    settings = GradientBoosting(trees=12, max_depth=3)
    learner: Any = make_learner(settings, training(seed=7), data)
    state = learner.init(data)
    for theirs in reference(settings, data, 12, seed=7).staged_predict_proba(data.Z):
        state = learner.advance(state, data, 1)
        np.testing.assert_allclose(learner.predict(state, data.Z).probabilities, theirs, atol=1e-6)
        expected = log_loss(data.y, theirs)
        assert learner.loss(state, data.Z, data.y).mean() == pytest.approx(expected, abs=1e-6)


def test_the_scores_that_it_keeps_are_those_that_it_predicts() -> None:
    data = classes(70, 3)
    learner, state = fitted(GradientBoosting(), data, 30)
    scores = np.exp(state.scores)
    np.testing.assert_allclose(
        learner.predict(state, data.Z).probabilities, scores / scores.sum(axis=1, keepdims=True), atol=1e-12
    )


def test_one_stage_by_hand() -> None:
    data = TrainingData(np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([0.0, 0.0, 4.0, 8.0]), "regression")
    learner, state = fitted(GradientBoosting(trees=1, learning_rate=0.5, max_depth=1), data)
    # The mean is 3; what is left over is -3, -3, 1, 5, of which the left two and the right two have -3 and 3.
    assert learner.predict(state, data.Z).values.tolist() == [1.5, 1.5, 4.5, 4.5]
    assert learner.reasons(state, data, np.array([2.6])).lines == ("Value: 4.5", "3 to start with, +1.5 by 1 tree")
    assert learner.outcome(state).sentence == "The one stage is done."


def test_points_that_come_while_it_runs_make_it_begin_anew() -> None:
    data, more = values(60), values(75)
    learner: Any = make_learner(GradientBoosting(), training(), data)
    later = learner.advance(learner.advance(learner.init(data), data, 5), more, 2)
    expected = reference(GradientBoosting(), more, 2).predict(more.Z)
    np.testing.assert_allclose(learner.predict(later, more.Z).values, expected, atol=1e-9)


def test_a_class_that_is_held_out_has_no_probability() -> None:
    found = classes(60, 3)
    rows = found.y != 1
    data = TrainingData(found.Z[rows], found.y[rows], "classification", 3)
    learner, state = fitted(GradientBoosting(trees=5), data)
    expected = reference(GradientBoosting(), data, 5).predict_proba(found.Z)
    said = learner.predict(state, found.Z).probabilities
    np.testing.assert_allclose(said[:, [0, 2]], expected, atol=1e-9)
    assert not said[:, 1].any()
    alone = TrainingData(found.Z[:4], np.full(4, 2), "classification", 3)
    learner, state = fitted(GradientBoosting(trees=3), alone)
    assert learner.predict(state, found.Z).probabilities[:, 2].tolist() == [1.0] * 60


@pytest.mark.parametrize("n_features", [1, 64])
@pytest.mark.parametrize("n_classes", [2, 10])
def test_any_number_of_features_and_classes_with_doubles(n_features: int, n_classes: int) -> None:
    data = classes(60, n_classes, n_features)
    doubled = TrainingData(np.repeat(data.Z, 2, axis=0), np.repeat(data.y, 2), "classification", n_classes)
    one_each = TrainingData(data.Z[:n_classes], data.y[:n_classes], "classification", n_classes)
    for each in (doubled, one_each):
        learner, state = fitted(GradientBoosting(trees=4), each)
        expected = reference(GradientBoosting(), each, 4).predict_proba(each.Z)
        np.testing.assert_allclose(learner.predict(state, each.Z).probabilities, expected, atol=1e-6)


def test_before_the_first_step_every_class_is_alike() -> None:
    data = classes(n_classes=4)
    learner: Any = make_learner(GradientBoosting(), training(), data)
    np.testing.assert_array_equal(learner.predict(learner.init(data), data.Z).scores, np.full((60, 4), 0.25))
    assert learner.reasons(learner.init(data), data, data.Z[0]) is None


@pytest.mark.parametrize(("generator", "name"), [("moons", "Log-odds of B"), ("gaussians3", "Score of ")])
def test_the_card_tells_where_the_score_comes_from(generator: str, name: str) -> None:
    run = Run(
        Experiment.model_validate(
            {
                "data": {"source": "generated", "generator": generator},
                "learner": {"kind": "gradient_boosting", "trees": 20},
            }
        )
    )
    run.advance_epochs(20)
    model = run.model()
    seed = run.experiment.training.seed
    data = TrainingData(model.data.Z, model.data.y, "classification", run.dataset.n_classes)
    place = model.data.Z[3]
    theirs = reference(GradientBoosting(), data, 20, seed).decision_function(place[None]).max()
    why = model.explain(place)
    assert why is not None
    assert why.lines[0].startswith(name)
    assert float(why.lines[0].split(": ")[1]) == pytest.approx(theirs, rel=0.01)
    assert why.lines[1].endswith(" by 20 trees")
