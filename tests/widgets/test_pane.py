"""A pane beside the stage, in rooms of every size: nothing of it is cut off."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from engine.dataset import Dataset
from engine.experiment import GeneratedData, Preparation
from engine.generators import dataset_of
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
    for width in (230, 640):
        shown(qtbot, pane, width, 240)
        for box in (pane.horizontal, pane.vertical):
            assert box.fitting_text == box.currentText()
        for widget in (pane.horizontal, pane.vertical, pane.loadings, pane.close_button):
            assert pane.rect().contains(widget.geometry())
        assert (pane.horizontal.y() > pane.close_button.geometry().bottom()) == (width == 230)
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
