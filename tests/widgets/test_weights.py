"""The weights: bars that are as long as the weights are large, and paths along which the penalty is dragged."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.palette import CLASS_COLOURS
from engine.weights import WeightPath, Weights
from widgets.theme import DARK, LIGHT
from widgets.weights import WeightsView

STRENGTHS = np.geomspace(1e-3, 10.0, 40)
PATH = np.stack([4.0 / (1 + STRENGTHS), -2.0 / (1 + STRENGTHS), np.where(STRENGTHS < 1, 1.0 - STRENGTHS, 0.0)], axis=1)


def content(values: Any = ((4.0,), (-2.0,), (0.0,)), **changes: Any) -> Weights:
    values = np.array(values, np.float64)
    made: dict[str, Any] = {
        "features": ("height", "width", "depth"),
        "outputs": ("",) if values.shape[1] == 1 else ("cats", "dogs"),
        "values": values,
        "intercepts": np.zeros(values.shape[1]),
        "scaled": True,
        "strengths": {"l1": 0.0, "l2": 0.1},
        "paths": {name: WeightPath(name, STRENGTHS, PATH) for name in ("l1", "l2")},
    }
    return Weights(**{**made, **changes})


@pytest.fixture
def view(qtbot: QtBot) -> WeightsView:
    view = WeightsView(LIGHT)
    qtbot.addWidget(view)
    view.resize(700, 320)
    view.set_content(content())
    view.show()
    qtbot.waitExposed(view)
    return view


@pytest.fixture
def wishes(view: WeightsView) -> list[tuple[str, float, bool]]:
    heard: list[tuple[str, float, bool]] = []
    view.edited.connect(lambda path, value, final: heard.append((path, value, final)))
    return heard


def choose(view: WeightsView, kind: str) -> None:
    QTest.mouseClick(view._kinds.button(kind), Qt.MouseButton.LeftButton)


def picture(view: WeightsView) -> QImage:
    image = QImage(view.canvas.size(), QImage.Format.Format_RGB32)
    painter = QPainter(image)
    view.render_figure(painter, QRectF(image.rect()), view.theme)
    painter.end()
    return image


def count(image: QImage, colour: QColor) -> int:
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)[..., 2::-1]
    return int((np.abs(pixels.astype(int) - [colour.red(), colour.green(), colour.blue()]).max(axis=-1) < 8).sum())


def test_bars_are_as_long_as_the_weights_are_large(view: WeightsView) -> None:
    image = picture(view)
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)[..., 2::-1]
    accent = QColor(LIGHT.accent)
    bars = np.abs(pixels.astype(int) - [accent.red(), accent.green(), accent.blue()]).max(axis=-1) < 8
    lengths = bars.sum(axis=1)
    rows = [run for run in np.split(lengths, np.flatnonzero(np.diff(lengths)) + 1) if run[0] > 20]
    assert len(rows) == 2
    assert rows[0][0] == pytest.approx(2 * rows[1][0], rel=0.03)


def test_each_class_has_its_colour(view: WeightsView) -> None:
    view.set_content(content([[1.0, -1.0], [2.0, 0.5], [0.0, 3.0]], paths={}))
    image = picture(view)
    assert count(image, QColor(*CLASS_COLOURS[0])) > 300
    assert count(image, QColor(*CLASS_COLOURS[1])) > 300
    assert not view._kinds.button("l2").isEnabled()


def test_dragging_along_the_path_sets_the_penalty(view: WeightsView, wishes: list[tuple[str, float, bool]]) -> None:
    choose(view, "l2")
    start, end = (view.place_of_strength(strength).toPoint() for strength in (0.1, 1.0))
    QTest.mousePress(view.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
    QTest.mouseMove(view.canvas, end)
    QTest.mouseRelease(view.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, end)
    assert [(path, final) for path, _, final in wishes] == [
        ("training.regularization.l2", False), ("training.regularization.l2", False),
        ("training.regularization.l2", True),
    ]  # fmt: skip
    assert wishes[0][1] == pytest.approx(0.1, rel=0.03)
    assert wishes[-1][1] == pytest.approx(1.0, rel=0.03)


def test_beyond_the_left_edge_there_is_no_penalty(view: WeightsView, wishes: list[tuple[str, float, bool]]) -> None:
    choose(view, "l1")
    start = view.place_of_strength(0.1).toPoint()
    QTest.mousePress(view.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
    QTest.mouseMove(view.canvas, QPoint(2, start.y()))
    QTest.mouseRelease(view.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(2, start.y()))
    assert wishes[-1] == ("training.regularization.l1", 0.0, True)


def test_the_arrow_keys_set_the_penalty_too(view: WeightsView, wishes: list[tuple[str, float, bool]]) -> None:
    choose(view, "l2")
    QTest.keyClick(view.canvas, Qt.Key.Key_Right)
    view.set_content(content(strengths={"l1": 0.0, "l2": 1e-3}))
    QTest.keyClick(view.canvas, Qt.Key.Key_Left)
    assert wishes == [
        ("training.regularization.l2", pytest.approx(0.112, rel=0.01), True), ("training.regularization.l2", 0.0, True)
    ]  # fmt: skip


def test_bars_take_no_wishes(view: WeightsView, wishes: list[tuple[str, float, bool]]) -> None:
    QTest.mouseClick(view.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(300, 40))
    QTest.keyClick(view.canvas, Qt.Key.Key_Right)
    assert wishes == []


def test_it_says_what_it_shows_and_what_it_cannot(view: WeightsView) -> None:
    assert view.summary() == "The largest weights: height 4.00, width −2.00, depth 0."
    choose(view, "l2")
    assert view.summary().endswith("L2 penalty λ₂ is 0.100.")
    view.set_content(None, "The weights come with the first step.")
    assert view.summary() == "The weights come with the first step."
    assert not picture(view).isNull()


def test_what_is_pressed_is_what_is_seen(view: WeightsView) -> None:
    choose(view, "l2")
    path = view.summary()
    view.set_content(content(paths={}))
    assert view._kinds.button("bars").isChecked()
    bars = view.summary()
    assert not view._kinds.button("l2").isEnabled()
    assert "linear regression" in view._kinds.button("l2").toolTip()
    view.set_content(content())
    assert view._kinds.button("l2").isChecked()
    assert view.summary() == path != bars


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_a_line_for_each_feature_and_a_ring_for_each_weight(view: WeightsView, theme: Any) -> None:
    view.set_theme(theme)
    choose(view, "l1")
    image = picture(view)
    for index in range(3):
        assert count(image, QColor(*CLASS_COLOURS[index])) > 150
