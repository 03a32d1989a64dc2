"""What the pointer reads: the input, the model, the point; and how it is said."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.dataset import Dataset, FloatArray, Part, Points, Task
from engine.learner import Prediction
from tests.widgets.stage_document import Document, Show, place
from widgets.hover import card_area, hover_lines
from widgets.stage import Stage


def dataset_of(X: list[list[float]], y: list[float], task: Task = "classification", n_classes: int = 2) -> Dataset:
    parts = np.array([Part.TEST] + [Part.TRAIN] * (len(X) - 1), np.int8)
    names = tuple("ABCDEFGHIJ"[:n_classes]) if task == "classification" else ()
    return Dataset(Points(np.array(X, np.float32), np.array(y, np.float32)), task, parts, names)


def lines(
    dataset: Dataset, at: tuple[float, float], prediction: Prediction | None, row: int | None = None
) -> list[str]:
    return list(hover_lines(dataset, np.array(at), (2, 2), prediction, row))


def test_probabilities_of_two_classes_as_on_the_drawing_board() -> None:
    said = Prediction(np.array([[2.4]]), np.array([[0.08, 0.92]]), np.array([1]))
    assert lines(dataset_of([[0, 0]], [0]), (0.62, -0.31), said) == ["x = (0.62, −0.31)", "p(A) = 0.08   p(B) = 0.92"]


def test_no_probability_is_said_to_be_certain() -> None:
    said = Prediction(np.zeros((1, 2)), np.array([[0.00002, 0.99998]]))
    assert lines(dataset_of([[0, 0]], [0]), (0, 0), said)[1] == "p(A) < 0.001   p(B) > 0.999"


def test_of_many_classes_the_three_likeliest_are_said() -> None:
    said = Prediction(np.zeros((1, 10)), np.array([[0.0, 0.1, 0.0, 0.5, 0.0, 0.0, 0.05, 0.0, 0.0, 0.35]]))
    dataset = dataset_of([[0, 0]], [0], n_classes=10)
    assert lines(dataset, (0, 0), said)[1:] == ["p(D) = 0.50   p(J) = 0.35   p(B) = 0.10"]


def test_scores_are_said_where_there_are_no_probabilities() -> None:
    assert lines(dataset_of([[0, 0]], [0]), (0, 0), Prediction(np.array([[-1.25]])))[1] == "score = −1.250"
    three = Prediction(np.array([[1.0, 0.0, -2.5]]))
    said = lines(dataset_of([[0, 0]], [0], n_classes=3), (0, 0), three)
    assert said[1] == "s(A) = 1.000   s(B) = 0.000   s(C) = −2.500"


def test_a_regression_says_its_value_and_the_point_its_target() -> None:
    dataset = dataset_of([[0.5]], [0.7], "regression")
    said = Prediction(np.array([[0.25]]), None, None, np.array([0.25]))
    assert lines(dataset, (0.5, 0.7), said, 0) == ["x = 0.50", "h(x) = 0.2500", "y = 0.7000 · test · row 1"]
    assert lines(dataset, (0.5, 0.7), None) == ["x = 0.50   y = 0.70"]


def test_a_model_that_has_not_heard_of_the_newest_class_speaks_of_the_others() -> None:
    said = Prediction(np.zeros((1, 1)), np.array([[0.25, 0.75]]))
    assert lines(dataset_of([[0, 0]], [0], n_classes=3), (0, 0), said)[1] == "p(A) = 0.25   p(B) = 0.75"


def test_what_is_no_number_is_said_to_be_undefined() -> None:
    said = Prediction(np.array([[np.nan]]), None, None, np.array([np.nan]))
    assert lines(dataset_of([[0.0, 0.0]], [0], "regression"), (0, 0), said)[1] == "h(x) = undefined"


def test_where_a_map_knows_no_scores_nothing_is_said_of_them() -> None:
    dataset = replace(dataset_of([[0.0, 0.0]], [0]), task="projection")
    assert lines(dataset, (0, 0), Prediction(np.array([[0.5, -2.0]])))[1] == "t₁ = 0.5000   t₂ = −2.000"
    assert len(lines(dataset, (0, 0), Prediction(np.array([[np.nan, np.nan]])))) == 1


@pytest.fixture
def document(show: Show) -> Document:
    stage = Stage()
    document = Document(stage)
    show(stage, 500, 400)
    stage.set_range((-1.0, 1.0), (-1.0, 1.0))
    document.hold([[-0.5, 0], [0.5, 0]], [0, 1])
    return document


def model(X: FloatArray) -> Prediction:
    second = 1 / (1 + np.exp(-4 * X[:, 0].astype(float)))
    return Prediction(4 * X[:, :1], np.column_stack([1 - second, second]), (second > 0.5).astype(int))


def test_the_reading_follows_the_pointer_and_goes_with_it(document: Document, qtbot: QtBot) -> None:
    stage = document.stage
    stage.set_predictor(model)
    QTest.mouseMove(stage, place(stage, 0.5, 0))
    qtbot.waitUntil(lambda: len(stage.hand.reading) == 3)
    assert stage.hand.reading[1:] == ("p(A) = 0.12   p(B) = 0.88", "B · train · row 2")
    before = stage.grab().toImage()
    QTest.mouseMove(stage, QPoint(2, 2))
    qtbot.waitUntil(lambda: stage.hand.reading == ())
    assert stage.grab().toImage() != before


def test_the_reading_of_a_resting_pointer_follows_the_model(document: Document, qtbot: QtBot) -> None:
    stage = document.stage
    stage.set_predictor(model)
    QTest.mouseMove(stage, place(stage, 0.0, 0.5))
    qtbot.waitUntil(lambda: "p(A) = 0.50" in "".join(stage.hand.reading))
    stage.set_predictor(lambda X: Prediction(np.zeros((1, 1)), np.array([[0.25, 0.75]])))
    qtbot.waitUntil(lambda: "p(A) = 0.25" in "".join(stage.hand.reading))


def test_a_slow_model_is_asked_rarely(document: Document, qtbot: QtBot) -> None:
    asked: list[tuple[float, float]] = []

    def slow(X: FloatArray) -> Prediction:
        started = time.monotonic()
        time.sleep(0.03)
        asked.append((started, time.monotonic()))
        return model(X)

    stage = document.stage
    stage.set_predictor(slow)
    step = 0
    while len(asked) < 3:
        step += 1
        QTest.mouseMove(stage, place(stage, -0.5 + (step % 40) / 40, 0.3))
        qtbot.wait(10)
    for (started, ended), (next_started, _) in pairwise(asked):
        assert next_started - ended > 3 * (ended - started)


def test_the_reading_is_off_while_a_stroke_is_drawn(document: Document, qtbot: QtBot) -> None:
    stage = document.stage
    stage.set_predictor(model)
    stage.set_tool("line")
    QTest.mouseMove(stage, place(stage, 0.0, 0.5))
    qtbot.waitUntil(lambda: stage.hand.reading != ())
    QTest.mousePress(stage, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place(stage, 0, 0.5))
    assert stage.hand.reading == ()
    QTest.mouseMove(stage, place(stage, 0.1, 0.5))
    qtbot.wait(50)
    assert stage.hand.reading == ()
    QTest.mouseRelease(stage, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place(stage, 0.1, 0.5))


PLOT = QRectF(0, 0, 400, 300)


def test_the_card_leaves_the_points_that_it_speaks_of_to_be_seen() -> None:
    at = np.array([200.0, 150.0])
    around = {(x, y): at + np.array([x * 40.0, y * 40.0]) for x in (-1, 1) for y in (-1, 1)}
    for free, corner in around.items():
        others = np.array([place for side, place in around.items() if side != free])
        card = card_area(120, 80, at, PLOT, others)
        assert card.contains(*corner)
        assert not any(card.contains(*place) for place in others)
    assert card_area(120, 80, at, PLOT, np.empty((0, 2))).topLeft() == QPoint(216, 168)


def test_the_card_stays_in_the_plot() -> None:
    crowd = np.array([[250.0, 250.0]])
    for at in ([5.0, 5.0], [395.0, 5.0], [5.0, 295.0], [395.0, 295.0], [200.0, 150.0]):
        assert PLOT.contains(card_area(150, 110, np.array(at), PLOT, crowd))
    assert PLOT.left() <= card_area(390, 290, np.array([200.0, 150.0]), PLOT, crowd).left()
