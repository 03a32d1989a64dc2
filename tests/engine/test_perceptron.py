"""The perceptron: the rule written out, scikit-learn's weights, an end where there is one, and the point in hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import Perceptron as Theirs

from engine.dataset import FloatArray, IntArray
from engine.experiment import Experiment
from engine.learner import TrainingData
from engine.learners import make_learner
from engine.learners.perceptron import Perceptron
from engine.overlays import Equation, Marks
from engine.snapshot import Viewport
from engine.training import Run
from tests.engine.dense_problems import classes, training
from tests.engine.grids import grid, learned_from

VIEW = Viewport((-1.0, 1.0), (-1.0, 1.0), 64, 64)
RATES = (1.0, 0.25, 0.01)


def made(data: TrainingData, rate: float = 1.0, seed: int = 1) -> Any:
    return make_learner(Perceptron(learning_rate=rate), training(seed=seed), data)


def by_hand(data: TrainingData, orders: list[IntArray], rate: float) -> tuple[FloatArray, FloatArray, int]:
    """Weights (p, K), intercepts (K,) and the number of mistakes, point by point, with a row of weights a class."""
    W, b, mistakes = np.zeros((data.n_classes, data.Z.shape[1])), np.zeros(data.n_classes), 0
    for order in orders:
        for row in order:
            scores = [float((weights * data.Z[row]).sum()) + bias for weights, bias in zip(W, b, strict=True)]
            right = int(data.y[row])
            rival = max((k for k in range(data.n_classes) if k != right), key=lambda k: (scores[k], -k))
            if scores[right] <= scores[rival]:
                mistakes += 1
                W[right] += rate * data.Z[row]
                W[rival] -= rate * data.Z[row]
                b[right] += rate
                b[rival] -= rate
    return W.T, b, mistakes


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("name", ["moons", "gaussians2", "circles"])
def test_two_classes_agree_with_scikit_learn_pass_by_pass(name: Any, rate: float) -> None:
    data = learned_from(name)
    learner = made(data, rate)
    state = learner.init(data)
    theirs = Theirs(eta0=rate, shuffle=False, max_iter=1, tol=None, warm_start=True)
    for epoch in range(6):
        state = learner.advance(state, data, len(data.y))
        order = learner.order(len(data.y), epoch)
        theirs.partial_fit(data.Z[order], data.y[order], classes=[0, 1])
        np.testing.assert_allclose(state.weights[:, 0], theirs.coef_[0], atol=1e-9)
        np.testing.assert_allclose(state.intercepts, theirs.intercept_, atol=1e-9)
        assert np.array_equal(learner.predict(state, grid(data)).labels, theirs.predict(grid(data)))


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize(("n_classes", "n_features"), [(3, 1), (4, 2), (10, 64)])
def test_more_classes_follow_the_rule_written_out(n_classes: int, n_features: int, rate: float) -> None:
    found = classes(80, n_classes, n_features)
    data = TrainingData(
        np.concatenate([found.Z, found.Z[:9]]), np.concatenate([found.y, found.y[:9]]), "classification", n_classes
    )
    learner = made(data, rate)
    state = learner.advance(learner.init(data), data, 4 * len(data.y))
    W, b, mistakes = by_hand(data, [learner.order(len(data.y), epoch) for epoch in range(4)], rate)
    if state.ended:
        W, b, mistakes = by_hand(data, [learner.order(len(data.y), epoch) for epoch in range(state.epoch)], rate)
    np.testing.assert_allclose(state.weights, W, atol=1e-9)
    np.testing.assert_allclose(state.intercepts, b, atol=1e-9)
    assert state.mistakes == mistakes
    said = learner.predict(state, data.Z)
    assert np.array_equal(said.labels, (data.Z @ W + b).argmax(axis=1))


def test_on_separable_data_it_ends_after_a_pass_without_a_mistake() -> None:
    data = learned_from("separable", noise=0.0)
    learner = made(data)
    state = learner.advance(learner.init(data), data, 10**6)
    assert learner.outcome(state).status == "converged"
    assert learner.outcome(state).sentence == f"A pass without a mistake, after {state.mistakes} mistakes in all."
    assert np.array_equal(learner.predict(state, data.Z).labels, data.y)
    assert state.step == state.epoch * len(data.y)
    # Novikoff: no more mistakes than (R / margin)², here with the margin of the line that the points were made with.
    rows = np.column_stack([data.Z, np.ones(len(data.Z))])
    assert state.mistakes <= (np.linalg.norm(rows, axis=1).max() / 0.12) ** 2
    assert not learner.loss(state, data.Z, data.y).any()


def test_on_data_that_no_line_parts_it_never_ends() -> None:
    data = learned_from("circles")
    learner = made(data)
    state = learner.advance(learner.init(data), data, 200 * len(data.y))
    assert learner.outcome(state).status == "running"
    assert state.epoch == 200


def test_the_loss_is_how_far_a_point_is_on_the_wrong_side() -> None:
    data = TrainingData(np.array([[2.0], [-2.0]]), np.array([1, 0]), "classification", 2)
    learner = made(data)
    state = learner.advance(learner.init(data), data, 1)
    first = learner.order(2, 0)[0]
    # One mistake: the score at x is 2x + 1 after the first point, 2x - 1 after the second.
    bias = 1.0 if first == 0 else -1.0
    x, y = np.array([[3.0], [-1.0], [1.0], [-3.0]]), np.array([1, 1, 0, 0])
    signs = np.array([1, 1, -1, -1])
    np.testing.assert_allclose(learner.loss(state, x, y), np.maximum(0, -signs * (2 * x[:, 0] + bias)))


def test_points_may_come_and_go_while_it_runs() -> None:
    data, fewer = learned_from("circles"), learned_from("circles", n_points=20)
    learner = made(data)
    state = learner.advance(learner.init(data), data, 70)
    state = learner.advance(state, fewer, 1)
    assert (state.epoch, state.position) == (1, 0)
    state = learner.advance(state, fewer, 7)
    assert learner.steps_left(state, fewer) == 13
    assert learner.steps_left(learner.advance(state, data, 3), data) == 110
    # A pass in whose course the points were exchanged for others that are mistaken is no clean pass.
    parted = TrainingData(np.linspace(-1, 1, 40)[:, None], (np.arange(40) >= 20).astype(int), "classification", 2)
    turned = TrainingData(-parted.Z, parted.y, "classification", 2)
    learner = made(parted)
    state = learner.advance(learner.init(parted), parted, 10**5)
    again = learner.advance(type(state)(weights=state.weights, intercepts=state.intercepts), parted, 39)
    assert again.mistakes == 0
    last = learner.order(40, 0)[39]
    turned.Z[last] = parted.Z[last]
    assert not learner.advance(again, turned, 1).ended
    assert learner.advance(again, parted, 1).ended


def test_the_point_in_hand_is_marked_and_a_mistake_as_one() -> None:
    experiment = Experiment.model_validate(
        {"data": {"source": "generated", "generator": "circles"}, "learner": {"kind": "perceptron"}}
    )
    run = Run(experiment)
    roles = []
    for _ in range(12):
        before = run.state.mistakes
        run.advance(1)
        picture = run.snapshot(VIEW).overlays
        (mark,) = (item for item in picture if isinstance(item, Marks))
        assert mark.xy.tolist() == [run.dataset.X[run.dataset.parts == 0][run.state.focus].tolist()]
        assert mark.role == ("mistake" if run.state.mistakes > before else "focus")
        roles.append(mark.role)
        assert any(isinstance(item, Equation) and item.text.startswith("s(B)") for item in picture)
    assert set(roles) == {"mistake", "focus"}


def test_before_the_first_step_every_class_is_alike() -> None:
    data = classes(n_classes=4)
    learner = made(data)
    np.testing.assert_array_equal(learner.predict(learner.init(data), data.Z).scores, np.full((60, 4), 0.25))
    assert learner.coefficients(learner.init(data)) is None


def test_weights_beyond_all_bounds_end_it_in_a_sentence() -> None:
    data = classes()
    learner = made(TrainingData(data.Z * 1e307, data.y, "classification", 2), rate=1000.0)
    outcome = learner.outcome(
        learner.advance(learner.init(data), TrainingData(data.Z * 1e307, data.y, "classification", 2), 9)
    )
    assert outcome.status == "stopped"
    assert "scale" in outcome.sentence
