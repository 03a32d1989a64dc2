"""What a person sees when something is wrong: said where it is wrong, nothing lost, and mending it is enough."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QPlainTextEdit

from engine.dataset import Points
from engine.edits import set_values
from engine.experiment import DrawnData, Experiment, Preparation
from tests.playground.conftest import Hands, found
from tests.playground.controls import button_named, choose, choose_in, marks, type_into

Right = Qt.MouseButton.RightButton
SMALL = {"data.n_points": 60, "training.optimizer.batch_size": 20}


def made(**values: Any) -> Experiment:
    """A small experiment with `values`, in which `__` stands for a dot."""
    changes = {name.replace("__", "."): value for name, value in values.items()}
    network = changes.get("learner.kind", "mlp") == "mlp"
    return set_values(Experiment(), {**SMALL, **({"learner.layers": "4"} if network else {}), **changes})


def assert_it_does_not_start(hands: Hands, words: str) -> None:
    """Play is pressed: nothing trains, and both the control and the status bar say why."""
    hands.press(hands.window.top_bar.transport.play_button)
    QTest.qWait(50)
    assert not hands.playing
    assert hands.epoch == 0
    assert words in hands.status
    assert hands.status in marks(hands)


def assert_it_starts(hands: Hands) -> None:
    assert not hands.window.shown.blocked
    hands.press(hands.window.top_bar.transport.play_button)
    hands.wait(lambda: hands.epoch > 0 or hands.window.shown.outcome.final)
    hands.do("run.reset")
    hands.wait(lambda: hands.epoch == 0)


# -- what is wrong before it runs --------------------------------------------------------------------------------------


def test_without_points_it_does_not_start(open_window: Callable[..., Hands]) -> None:
    hands = open_window(Experiment(data=DrawnData()))
    hands.press(hands.window.top_bar.transport.play_button)
    assert not hands.playing
    assert hands.status == "There are no points yet: draw some on the stage, or choose a data set."
    hands.click(-0.5, 0.0)
    hands.window.shown  # noqa: B018
    assert_it_does_not_start(hands, "All points are of class A")
    for x in (-0.6, -0.4, -0.2):
        hands.click(x, 0.1)
        hands.click(-x, 0.1, Right)
    assert marks(hands) == []
    assert_it_starts(hands)


def test_points_in_one_place_are_marked(open_window: Callable[..., Hands]) -> None:
    hands = open_window(set_values(Experiment(data=DrawnData()), {"preparation.test_share": 0.0}))
    hands.click(0.2, 0.3)
    hands.click(0.2, 0.3, Right)
    assert hands.n_points == 2
    assert_it_does_not_start(hands, "All training points have the same inputs")
    hands.do("edit.undo")
    hands.click(-0.2, 0.3, Right)
    assert_it_starts(hands)


def test_holding_out_one_class_altogether_is_marked(open_window: Callable[..., Hands]) -> None:
    points = Points(np.array([[0.1, 0.2], [0.3, 0.1], [0.5, 0.9], [0.2, 0.8], [0.7, 0.4]]), np.array([0, 0, 0, 0, 1.0]))
    everyone = Preparation(test_share=0.0)
    hands = open_window(Experiment(data=DrawnData(points=points), preparation=everyone))
    type_into(hands.window.data_panel.shares.row("test_share"), "0.75")
    assert_it_does_not_start(hands, "held out")
    type_into(hands.window.data_panel.shares.row("test_share"), "0")
    assert_it_starts(hands)


def test_wrong_losses_are_marked_and_mended(open_window: Callable[..., Hands]) -> None:
    hands = open_window(made(data__generator="gaussians3"))
    loss = hands.window.model_panel.loss.row("kind")
    for kind, words in (
        ("binary_cross_entropy", "for two classes, but there are 3: choose cross-entropy"),
        ("zero_one", "flat almost everywhere, so its gradient is zero"),
    ):
        choose_in(loss, kind)
        assert loss.is_wrong
        assert_it_does_not_start(hands, words)
        choose_in(loss, "cross_entropy")
        assert marks(hands) == []
        assert_it_starts(hands)
    choose_in(loss, "zero_one")
    choose_in(hands.window.model_panel.optimizer.row("kind"), "random_search")
    assert_it_starts(hands)


def test_class_losses_of_numbers_are_explained(open_window: Callable[..., Hands]) -> None:
    hands = open_window(made(data__generator="sine", training__loss__kind="squared"))
    loss = hands.window.model_panel.loss.row("kind")
    for kind in ("cross_entropy", "binary_cross_entropy", "hinge", "zero_one"):
        choose_in(loss, kind)
        assert_it_does_not_start(hands, "compares classes, but the targets of these data are numbers")
    choose_in(loss, "huber")
    assert_it_starts(hands)


def test_least_squares_takes_no_other_loss(open_window: Callable[..., Hands]) -> None:
    hands = open_window(
        made(data__generator="linear", learner__kind="linear_regression", learner__fit="least_squares",
             training__loss__kind="squared")
    )  # fmt: skip
    panel = hands.window.model_panel
    for kind in ("absolute", "huber"):
        choose_in(panel.loss.row("kind"), kind)
        assert_it_does_not_start(hands, "Least squares makes the squared loss small")
    choose_in(panel.loss.row("kind"), "squared")
    type_into(panel.regularization.row("l1"), "0.1")
    assert_it_does_not_start(hands, "With an L1 penalty least squares has no exact solution")
    type_into(panel.regularization.row("l1"), "0")
    assert_it_starts(hands)


def test_a_degree_too_high_for_the_points_is_marked(open_window: Callable[..., Hands]) -> None:
    hands = open_window(
        made(data__generator="sine", data__n_points=10, learner__kind="linear_regression",
             training__loss__kind="squared")
    )  # fmt: skip
    degree = hands.window.data_panel.maps.row("polynomial")
    type_into(degree, "12")
    assert any("Degree 12 makes 13 weights but only 8 points" in mark for mark in marks(hands))
    type_into(degree, "2")
    assert marks(hands) == []


def test_no_feature_at_all_is_marked(open_window: Callable[..., Hands]) -> None:
    hands = open_window(made(preparation__chips=["x1"]))
    hands.press(hands.window.data_panel._chip_buttons["x1"])
    assert_it_does_not_start(hands, "No feature is chosen")
    hands.press(hands.window.data_panel._chip_buttons["x2"])
    assert_it_starts(hands)


def test_a_layer_that_cannot_learn_is_marked(open_window: Callable[..., Hands]) -> None:
    hands = open_window(made())
    choose(hands.window.model_panel.layers.activation, "threshold")
    assert any("no gradient passes through hidden layer 1" in mark for mark in marks(hands))
    choose(hands.window.model_panel.layers.activation, "tanh")
    assert marks(hands) == []


def test_a_mark_opens_the_fold_that_it_is_in(open_window: Callable[..., Hands]) -> None:
    hands = open_window(made())
    assert marks(hands) == []
    row = hands.window.model_panel.stop.row("patience")
    assert not row.isVisible()
    hands.window.document.edit(set_values(hands.window.document.experiment, {"training.stop.patience": 5}), "Patience")
    assert any("Nothing is held out for validation" in mark for mark in marks(hands))
    assert row.isVisible()


def test_a_number_out_of_range_is_refused_where_it_is_typed(open_window: Callable[..., Hands]) -> None:
    hands = open_window(made())
    row = hands.window.model_panel.optimizer.row("learning_rate")
    before = hands.window.document.experiment
    for wrong in ("1000", "fast", "-1"):
        type_into(row, wrong)
        (mark,) = marks(hands)
        assert "100" in mark
        assert hands.window.document.experiment is before
    type_into(row, "0.1")
    assert marks(hands) == []
    assert hands.window.document.experiment.training.optimizer.learning_rate == 0.1


def test_a_running_model_that_is_made_impossible_says_so_and_goes_on_once_mended(
    open_window: Callable[..., Hands],
) -> None:
    hands = open_window(made(data__generator="gaussians3"))
    loss = hands.window.model_panel.loss.row("kind")
    hands.press(hands.window.top_bar.transport.play_button)
    hands.wait(lambda: hands.epoch > 5)
    choose_in(loss, "binary_cross_entropy")
    hands.wait(lambda: not hands.playing)
    assert "choose cross-entropy" in hands.status
    choose_in(loss, "cross_entropy")
    hands.wait(lambda: hands.playing and hands.epoch > 5)


# -- while it runs -----------------------------------------------------------------------------------------------------


def test_a_run_that_diverges_keeps_its_last_finite_state(open_window: Callable[..., Hands]) -> None:
    hands = open_window(
        made(data__generator="moons", training__loss__kind="squared", training__optimizer__kind="gradient_descent",
             learner__layers='[{"units": 8, "activation": "relu"}, {"units": 8, "activation": "relu"}]')
    )  # fmt: skip
    rate = hands.window.model_panel.optimizer.row("learning_rate")
    type_into(rate, "100")
    hands.press(hands.window.top_bar.transport.play_button)
    hands.wait(lambda: hands.window.shown.outcome.status == "diverged")
    QTest.qWait(50)
    shown, snapshot = hands.window.shown, hands.window.training.snapshot
    assert snapshot is not None
    assert hands.status.startswith(f"Diverged at step {snapshot.step:,}")
    assert "Lower the learning rate (now 100)." in hands.status
    assert not hands.playing
    assert hands.window.metrics_bar.note.text() == "diverged"
    assert hands.window.stage.hand.notice == hands.status
    assert shown.field is not None
    assert shown.model is not None
    assert np.isfinite(shown.model(shown.dataset.X).scores).all()
    assert all(np.isfinite(estimate.value) for values in shown.metrics.values() for estimate in values.values())
    type_into(rate, "0.01")
    hands.press(hands.window.top_bar.transport.play_button)
    hands.wait(lambda: hands.epoch > 20)
    assert hands.playing


def test_a_missing_gpu_is_said_and_the_cpu_used(
    open_window: Callable[..., Hands], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    hands = open_window(made())
    panel = hands.window.model_panel
    panel.set_folds({"computation": True})
    choose_in(panel.computation.row("device"), "cuda")
    sentence = "No CUDA GPU was found, so the CPU is used."
    hands.wait(lambda: hands.status == sentence)
    assert marks(hands) == [sentence]
    assert any(label.text().startswith("CPU · ") for label in hands.window.statusBar().findChildren(QLabel))
    assert_it_starts(hands)
    choose_in(panel.computation.row("device"), "cpu")
    hands.wait(lambda: marks(hands) == [])


def test_an_error_in_a_learner_is_reported_and_the_next_run_works(
    open_window: Callable[..., Hands], monkeypatch: pytest.MonkeyPatch
) -> None:
    hands = open_window(made())
    with monkeypatch.context() as broken:

        def fail(*_: object) -> None:
            raise ZeroDivisionError("the weights are on strike")

        broken.setattr("engine.dense.learner.DenseLearner.trace", fail)
        hands.press(hands.window.top_bar.transport.play_button)
        hands.wait(lambda: hands.window.findChild(QDialog, "report") is not None)
    dialog = hands.find(QDialog, "report")
    assert any("The model failed: the weights are on strike" in label.text() for label in dialog.findChildren(QLabel))
    report = found(dialog, QPlainTextEdit).toPlainText()
    assert "ZeroDivisionError: the weights are on strike" in report
    assert "Python" in report
    QTest.mouseClick(button_named(dialog, "Copy report"), Qt.MouseButton.LeftButton)
    assert QApplication.clipboard().text() == report
    dialog.close()
    hands.wait(lambda: not hands.playing)
    hands.press(hands.window.top_bar.transport.play_button)
    hands.wait(lambda: hands.epoch > 5)


def test_why_play_is_refused_stays_while_other_things_are_changed(hands: Hands) -> None:
    edit, document = hands.window.document.edit, hands.window.document
    edit(set_values(document.experiment, {"training.loss.kind": "zero_one"}), "Loss")
    hands.press(hands.window.top_bar.transport.play_button)
    why = hands.status
    assert "Zero-one loss is flat" in why
    edit(set_values(document.experiment, {"preparation.polynomial": "3"}), "Features")
    assert hands.status == why
    hands.do("edit.undo")
    assert hands.status == why


def test_nothing_is_said_to_change_while_it_runs_once_it_has_converged(open_window: Callable[..., Hands]) -> None:
    hands = open_window(set_values(Experiment(), {"data.generator": "separable", "learner.kind": "perceptron"}))
    hands.press(hands.window.top_bar.transport.play_button)
    hands.wait(lambda: hands.window.shown.outcome.status == "converged")
    said = hands.status
    experiment = hands.window.document.experiment
    hands.window.document.edit(set_values(experiment, {"training.regularization.l2": "0.3"}), "L2")
    assert hands.status == said
