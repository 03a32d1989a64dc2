"""Features typed into the window: what is typed is what the model learns from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine.dataset import Part
from engine.edits import set_values
from engine.experiment import Experiment
from engine.files import load_experiment, save_experiment
from engine.table_sets import bundled_table
from playground import choices
from tests.playground.conftest import Hands
from tests.playground.controls import marks
from widgets.data_panel import DataPanel
from widgets.typed_features import TypedFeatures

LOGISTIC = {"data.generator": "circles", "data.n_points": 200, "learner.kind": "logistic_regression"}


def typed_features(hands: Hands) -> TypedFeatures:
    return hands.find(DataPanel).typed


def add(hands: Hands, text: str) -> None:
    """Type a feature and press Return."""
    typed = typed_features(hands)
    typed.field.line.setFocus()
    QTest.keyClicks(typed.field.line, text)
    QTest.keyClick(typed.field.line, Qt.Key.Key_Return)
    QApplication.processEvents()


def in_use(hands: Hands) -> list[str]:
    hands.window.shown  # noqa: B018  everything is shown before it is read
    return [chip.formula for chip in typed_features(hands).chips]


def accuracy(hands: Hands) -> float:
    """Of the training points, the share whose class the model on stage says."""
    shown = hands.window.shown
    if shown.predictions is None or shown.predictions.labels is None:
        return 0.0
    rows = shown.dataset.rows(Part.TRAIN)
    return float((shown.predictions.labels[rows] == shown.dataset.y[rows]).mean())


def test_squares_that_are_typed_let_a_linear_model_tell_rings_apart(open_window: Callable[..., Hands]) -> None:
    hands = open_window(set_values(Experiment(), LOGISTIC))
    hands.press(hands.window.top_bar.transport.play_button)
    hands.wait(lambda: hands.epoch > 50)
    assert accuracy(hands) < 0.75
    add(hands, "x1**2")
    add(hands, "x2**2")
    assert in_use(hands) == ["x1**2", "x2**2"]
    hands.wait(lambda: accuracy(hands) > 0.97)
    centre, outside = hands.colour(0.05, 0.05), hands.colour(0.95, 0.95)
    assert (centre[2] > centre[0]) != (outside[2] > outside[0])
    hands.do("edit.undo")
    assert in_use(hands) == ["x1**2"]
    hands.do("edit.undo")
    assert in_use(hands) == []
    hands.wait(lambda: hands.epoch > 50 and accuracy(hands) < 0.75)
    hands.do("edit.redo")
    assert in_use(hands) == ["x1**2"]


def test_typed_features_are_in_the_file_and_come_back_from_it(
    open_window: Callable[..., Hands], tmp_path: Path
) -> None:
    hands = open_window(set_values(Experiment(), LOGISTIC))
    add(hands, "exp(-x1**2)")
    path = tmp_path / "typed.playground"
    save_experiment(path, hands.window.document.experiment)
    again = open_window(load_experiment(path))
    assert in_use(again) == ["exp(-x1**2)"]


def test_a_formula_without_a_value_at_some_points_is_kept_and_explained(hands: Hands) -> None:
    add(hands, "log(x1)")
    hands.wait(lambda: any("is not a finite number" in mark for mark in marks(hands)), 10)
    assert in_use(hands) == ["log(x1)"]
    QTest.mouseClick(typed_features(hands).chips[0].remove_button, Qt.MouseButton.LeftButton)
    hands.wait(lambda: marks(hands) == [], 10)


def test_a_column_of_a_table_goes_by_its_number_and_the_line_says_which(
    open_window: Callable[..., Hands],
) -> None:
    hands = open_window(choices.with_data(Experiment(), bundled_table("wine")))
    add(hands, "alcohol**2")
    assert "Write x1 for alcohol." in marks(hands)
    typed_features(hands).field.line.clear()
    add(hands, "x1*x13")
    assert in_use(hands) == ["x1*x13"]
    hands.wait(lambda: hands.window.training.snapshot is not None)
    assert marks(hands) == []
