"""A pane beside the stage, in rooms of every size: nothing of it is cut off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from engine.dataset import Dataset, Points
from engine.experiment import GeneratedData, Preparation
from engine.generators import dataset_of
from engine.overlays import Arrows
from widgets.pairs import Pairs
from widgets.pane import Pane, ReconstructionPane, ScorePane
from widgets.parallel import ParallelCoordinates
from widgets.stage import Stage
from widgets.theme import LIGHT


def blobs() -> Dataset:
    return dataset_of(GeneratedData(generator="blobs", n_points=60), Preparation())


def shown(qtbot: QtBot, pane: QWidget, width: int, height: int) -> None:
    qtbot.addWidget(pane)
    pane.resize(width, height)
    pane.show()
    QApplication.processEvents()


@pytest.mark.parametrize("name", ["Isomap", "t-SNE", "PC"])
def test_a_pane_of_scores_names_them_in_full_in_a_narrow_room(qtbot: QtBot, name: str) -> None:
    pane = ScorePane(LIGHT)
    pane.set_scores(tuple(f"{name} {index + 1}" for index in range(5)), 0, 1, True)
    for width in (230, 430):
        shown(qtbot, pane, width, 240)
        for box in (pane.horizontal, pane.vertical):
            assert box.fitting_text == box.currentText()
        for widget in (pane.horizontal, pane.vertical, pane.loadings, pane.close_button):
            assert pane.rect().contains(widget.geometry())
        assert (pane.horizontal.y() > pane.close_button.geometry().bottom()) == (width == 230)
        assert pane.vertical.x() - pane.horizontal.geometry().right() < 30  # the two stand together
    assert pane.loadings.width() >= pane.loadings.sizeHint().width()


@pytest.mark.parametrize("key", ["projection", "reconstruction", "pairs", "parallel"])
def test_no_pane_is_larger_than_its_room(qtbot: QtBot, key: str) -> None:
    makes: dict[str, Callable[[], Pane]] = {
        "projection": lambda: ScorePane(LIGHT),
        "reconstruction": lambda: ReconstructionPane(LIGHT),
        "pairs": lambda: Pane("pairs", "Pairs", Pairs(LIGHT)),
        "parallel": lambda: Pane("parallel", "Parallel coordinates", ParallelCoordinates(LIGHT)),
    }
    room, pane = QWidget(), makes[key]()
    pane.setParent(room)
    pane.setGeometry(0, 0, 150, 160)
    shown(qtbot, room, 300, 300)
    assert pane.rect().contains(pane.body.geometry())


def test_points_that_are_stacked_stand_on_the_ground(qtbot: QtBot) -> None:
    pane = ScorePane(LIGHT)
    shown(qtbot, pane, 400, 300)
    for heights in (np.ones(5), np.array([1.0, 1.0, 2.0, 2.0, 3.0]), np.arange(1.0, 41.0)):
        places = np.column_stack([np.linspace(-0.5, 0.5, len(heights)), heights])
        points = Points.empty(2).adding(places.astype(np.float32), np.zeros(len(heights), np.float32))
        stacked = replace(blobs(), points=points, parts=np.zeros(len(heights), np.int8), input_names=("PC 1", "count"))
        pane.set_content(stacked, None, None, (), equal_units=False)
        low, high = pane.stage.figure.y_range
        assert -0.1 * high < low < 0
        assert high >= 6
        assert 1.05 * heights.max() < high < max(7, 1.2 * heights.max())


def test_of_directions_that_are_hardly_seen_no_numbers_lie_in_a_heap(qtbot: QtBot) -> None:
    stage = Stage(LIGHT)
    shown(qtbot, stage, 500, 400)
    stage.set_dataset(blobs())
    stage.set_range((-1.0, 1.0), (-1.0, 1.0))

    def painted(tips: list[list[float]]) -> np.ndarray:
        stage.set_overlays((Arrows(np.zeros(2), np.array(tips), len(tips), False),))
        image = QImage(500, 400, QImage.Format.Format_RGB32)
        painter = QPainter(image)
        stage.render_figure(painter, image.rect().toRectF())
        painter.end()
        return np.array(image.constBits()).copy()

    two = [[0.6, 0.0], [0.0, 0.6]]
    heap = [[0.004 * np.cos(angle), 0.004 * np.sin(angle)] for angle in range(10)]
    np.testing.assert_array_equal(painted(two + heap), painted(two))
    assert (painted([*two, [-0.4, 0.3]]) != painted(two)).any()


@pytest.mark.parametrize(("size", "is_seen"), [((150, 140), False), ((600, 420), True)])
def test_a_caption_that_would_hide_the_points_is_left_out(qtbot: QtBot, size: tuple[int, int], is_seen: bool) -> None:
    stage = Stage(LIGHT)
    shown(qtbot, stage, *size)
    stage.set_dataset(blobs())

    def painted() -> np.ndarray:
        image = QImage(*size, QImage.Format.Format_RGB32)
        painter = QPainter(image)
        stage.render_figure(painter, image.rect().toRectF())
        painter.end()
        return np.array(image.constBits()).copy()

    without = painted()
    stage.set_caption("First two principal components of the standardized features: 55 % of their variance.")
    assert (painted() != without).any() == is_seen
