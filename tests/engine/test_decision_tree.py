"""The decision tree: scikit-learn's splits, one a step, drawn where they part the plane, and read off as a path."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from engine.dataset import Part
from engine.experiment import Experiment
from engine.learner import TrainingData
from engine.learners import make_learner
from engine.learners.decision_tree import DecisionTree
from engine.overlays import Line
from engine.snapshot import Viewport
from engine.training import Run
from tests.engine.dense_problems import classes, training, values
from tests.engine.grids import CLASSES, VALUES, grid, learned_from

SETTINGS = [
    DecisionTree(max_depth=3, min_samples_leaf=4),
    DecisionTree(criterion="entropy", error="absolute_error", max_depth=4, min_samples_leaf=9),
    DecisionTree(max_depth=30, min_samples_leaf=12, min_samples_split=40),
]
VIEW = Viewport((-1.5, 1.5), (-1.5, 1.5), 64, 64)


def fitted(settings: DecisionTree, data: TrainingData) -> tuple[Any, Any]:
    learner = make_learner(settings, training(), data)
    return learner, learner.advance(learner.init(data), data, 100_000)


def references(settings: DecisionTree, data: TrainingData) -> list[Any]:
    """The trees of scikit-learn, which asks the features in a random order and keeps the first of equals."""
    model: Any = DecisionTreeClassifier if data.task == "classification" else DecisionTreeRegressor
    criterion = settings.criterion if data.task == "classification" else settings.error
    shared = settings.model_dump(include={"max_depth", "min_samples_leaf", "min_samples_split"})
    return [model(criterion=criterion, random_state=seed, **shared).fit(data.Z, data.y) for seed in range(8)]


def assert_agrees_with_scikit_learn(settings: DecisionTree, data: TrainingData) -> None:
    learner, state = fitted(settings, data)
    theirs, *others = references(settings, data)
    places = grid(data).astype(np.float32).astype(np.float64)
    # Sets without ties: whatever the order of the features, there is one tree.
    assert all(np.array_equal(theirs.predict(places), other.predict(places)) for other in others)
    said = learner.predict(state, places)
    if data.task == "regression":
        np.testing.assert_allclose(said.values, theirs.predict(places), atol=1e-12)
    else:
        np.testing.assert_allclose(said.probabilities, theirs.predict_proba(places), atol=1e-12)
        assert np.array_equal(said.labels, theirs.predict(places))
    leaves, depth = theirs.get_n_leaves(), theirs.get_depth()
    assert learner.outcome(state).sentence == f"Grown: {leaves} leaves, depth {depth}."
    assert learner.steps_done(state) == leaves - 1


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda chosen: str(chosen.min_samples_leaf))
@pytest.mark.parametrize("name", [*CLASSES, *VALUES])
def test_it_agrees_with_scikit_learn(name: Any, settings: DecisionTree) -> None:
    assert_agrees_with_scikit_learn(settings, learned_from(name))


@pytest.mark.parametrize("error", ["squared_error", "absolute_error"])
def test_to_the_last_leaf_of_one_input_it_agrees_with_scikit_learn(error: Any) -> None:
    assert_agrees_with_scikit_learn(DecisionTree(error=error, max_depth=30), learned_from("sine", n_points=57))


@pytest.mark.parametrize("criterion", ["gini", "entropy"])
def test_to_the_last_leaf_of_one_feature_of_classes_it_agrees_with_scikit_learn(criterion: Any) -> None:
    data = classes(80, 4, 1, seed=5)
    data = TrainingData(data.Z.astype(np.float32).astype(np.float64), data.y, "classification", 4)
    assert_agrees_with_scikit_learn(DecisionTree(criterion=criterion, max_depth=30), data)


def test_of_equal_splits_the_first_feature_and_the_lowest_threshold_win() -> None:
    xor = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    data = TrainingData(
        np.concatenate([xor, xor + np.array([2.0, 0.0])]), np.array([0, 1, 1, 0] * 2), "classification", 2
    )
    learner, state = fitted(DecisionTree(), data)
    assert (state.feature[0], state.threshold[0]) == (0, 0.5)
    assert np.array_equal(learner.predict(state, data.Z).labels, data.y)


def test_each_step_makes_one_split_level_by_level_from_the_left() -> None:
    data = classes(150, 3)
    learner = make_learner(DecisionTree(max_depth=5), training(), data)
    state = learner.advance(learner.init(data), data, 1)
    leaves = [2]
    while not learner.outcome(state).final:
        state = learner.advance(state, data, 1)
        leaves.append(int((state.feature < 0).sum()))
    assert leaves == list(range(2, len(leaves) + 2))
    assert (np.diff(state.depth) >= 0).all()
    asked = state.left[state.feature >= 0]
    assert (np.diff(asked) == 2).all()
    inner = state.feature >= 0
    assert np.array_equal(state.n[inner], state.n[state.left[inner]] + state.n[state.right[inner]])


def test_one_question_is_worked_out_by_hand() -> None:
    # Medians 1 and 10: distances 1 + 0 + 2 and 0 + 0; means would rather set the 3 apart from 0 and 1.
    data = TrainingData(np.array([[0.0], [1.0], [2.0], [3.0], [4.0]]), np.array([0.0, 1, 3, 10, 10]), "regression")
    learner, state = fitted(DecisionTree(error="absolute_error", max_depth=1), data)
    assert state.threshold[0] == 2.5
    assert learner.predict(state, data.Z).values.tolist() == [1, 1, 1, 10, 10]
    why = learner.reasons(state, data, np.array([0.7]))
    assert why.rows.tolist() == [0, 1, 2]
    assert why.lines == ("feature 1 ≤ 2.5", "Median of the 3 here: 1")


def test_a_node_of_equal_rows_is_left_as_it_is() -> None:
    data = TrainingData(np.zeros((5, 3)), np.array([0, 1, 1, 2, 1]), "classification", 3)
    learner, state = fitted(DecisionTree(), data)
    assert learner.outcome(state).sentence == "Grown: 1 leaf, depth 0."
    np.testing.assert_allclose(learner.predict(state, np.ones((1, 3))).probabilities, [[0.2, 0.6, 0.2]])


def test_neighbouring_numbers_are_parted_all_the_same() -> None:
    x = np.array([[1.0], [np.nextafter(1.0, 2.0)]])
    data = TrainingData(x, np.array([0, 1]), "classification", 2)
    learner, state = fitted(DecisionTree(), data)
    assert learner.predict(state, x).labels.tolist() == [0, 1]


def test_the_splits_are_drawn_where_the_answer_may_change_and_nowhere_else() -> None:
    experiment = Experiment.model_validate(
        {
            "data": {"source": "generated", "generator": "checkerboard"},
            "learner": {"kind": "decision_tree", "max_depth": 6},
            "preparation": {"scaling": "standardize"},
        }
    )
    run = Run(experiment)
    run.advance_epochs(3)
    lines = [line for line in run.snapshot(VIEW).overlays if isinstance(line, Line) and line.role == "split"]
    assert [line.level for line in lines] == [0.0, 1.0, 1.0]
    run.advance_epochs(1000)
    lines = [line for line in run.snapshot(VIEW).overlays if isinstance(line, Line) and line.role == "split"]
    learner, state = run.learner, run.state
    assert learner is not None
    assert 3 < len(lines) <= len(state.feature) // 2
    for line in lines:
        assert (np.abs(line.xy) <= 1.5 + 1e-6).all()
        (across,) = np.flatnonzero(np.ptp(line.xy, axis=0) < 1e-9)
        side = np.eye(2)[across] * 1e-4
        # Between its ends a split parts two sides that agree on all questions asked before.
        middle = line.xy.mean(axis=0)
        either = run.features.transform(np.array([middle - side, middle + side], np.float32))
        paths = [learner.reasons(state, run.model().data, z) for z in either]
        assert paths[0] is not None
        assert paths[1] is not None
        before, after = paths[0].lines[int(line.level or 0)], paths[1].lines[int(line.level or 0)]
        assert paths[0].lines[: int(line.level or 0)] == paths[1].lines[: int(line.level or 0)]
        assert before == after.replace(">", "≤")


def test_the_card_tells_the_way_in_the_units_of_the_plot() -> None:
    experiment = Experiment.model_validate(
        {
            "data": {"source": "generated", "generator": "gaussians3"},
            "learner": {"kind": "decision_tree", "max_depth": 2},
            "preparation": {"scaling": "standardize"},
        }
    )
    run = Run(experiment)
    run.advance_epochs(100)
    dataset = run.dataset
    rows = dataset.rows(Part.TRAIN)
    X, y = dataset.X[rows], dataset.y[rows]
    theirs = DecisionTreeClassifier(max_depth=2, random_state=0).fit(X, y)
    place = X[0]
    why = run.model().explain(place)
    assert why is not None
    same_leaf = theirs.apply(X) == theirs.apply(place[None])[0]
    assert len(why.xy) == same_leaf.sum()
    root = theirs.tree_
    name, sign, number = why.lines[0].split()
    assert name == ("x₁", "x₂")[root.feature[0]]
    assert float(number) == pytest.approx(root.threshold[0], rel=0.01)
    assert sign == ("≤" if place[root.feature[0]] <= root.threshold[0] else ">")
    counts = np.bincount(y[same_leaf].astype(int), minlength=3)
    assert why.lines[-1] == f"{counts.max()} of {same_leaf.sum()} here: {'ABC'[int(counts.argmax())]}"


def test_points_that_come_while_it_grows_make_it_begin_anew() -> None:
    data, more = values(60), values(75)
    learner: Any = make_learner(DecisionTree(), training(), data)
    state = learner.advance(learner.init(data), data, 5)
    later = learner.advance(state, more, 1)
    assert learner.steps_done(later) == 6
    first = learner.advance(learner.init(more), more, 1)
    assert np.array_equal(learner.predict(later, more.Z).values, learner.predict(first, more.Z).values)


@pytest.mark.parametrize("n_features", [1, 2, 64])
@pytest.mark.parametrize("n_classes", [2, 10])
def test_any_number_of_features_and_classes_with_doubles(n_features: int, n_classes: int) -> None:
    data = classes(60, n_classes, n_features)
    doubled = TrainingData(np.repeat(data.Z, 2, axis=0), np.repeat(data.y, 2), "classification", n_classes)
    learner, state = fitted(DecisionTree(max_depth=30), doubled)
    assert np.array_equal(learner.predict(state, doubled.Z).labels, doubled.y)
    one_each = TrainingData(data.Z[:n_classes], data.y[:n_classes], "classification", n_classes)
    learner, state = fitted(DecisionTree(max_depth=30), one_each)
    assert np.array_equal(learner.predict(state, one_each.Z).labels, one_each.y)
