"""The left panel with a table: what stands in it, what it wishes, and that it fits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox
from pytestqt.qtbot import QtBot

from engine.experiment import Experiment, Preparation
from engine.table_columns import Columns
from engine.table_data import TableData
from tests.widgets.clipping import cut_off
from widgets.data_panel import WIDTH, DataPanel
from widgets.style import apply_theme
from widgets.theme import DARK, LIGHT
from widgets.tools import TOOLS

Show = Callable[..., Any]
NAMES = ("mean fractal dimension", "b", "c", "sold")
DATA = TableData(
    title="A table with rather a long title",
    columns=Columns(NAMES, ("numerical",) * 3 + ("nominal",), np.zeros((4, 1797)), ((), (), (), ("yes", "no"))),
    target="sold",
)


@pytest.fixture
def panel(show: Show, qapp: QApplication) -> DataPanel:
    apply_theme(qapp, LIGHT)
    made = DataPanel(TOOLS.values())
    made.tables.set_entries([("iris", "Iris", "Flowers."), ("cancer", "Breast cancer", "Cells.")])
    made.set_experiment(Experiment(), 2, (150, 150))
    shown: DataPanel = show(made, WIDTH, 900)
    return shown


def test_a_table_takes_the_place_of_the_sample(panel: DataPanel) -> None:
    panel.set_experiment(Experiment(data=DATA), 3, (1000, 797))
    assert panel.table.isVisible()
    assert panel.filling.isVisible()
    assert not panel.sample.isVisible()
    assert not panel.classes.isVisible()
    panel.set_experiment(Experiment(), 2, (150, 150))
    assert not panel.table.isVisible()
    assert not panel.filling.isVisible()
    assert panel.sample.isVisible()


def test_steps_of_the_preparation_are_wishes(panel: DataPanel, qtbot: QtBot) -> None:
    panel.set_experiment(Experiment(data=DATA, preparation=Preparation(missing="mean")), 3, (1000, 797))
    box = panel.filling.row("missing").findChild(QComboBox)
    assert isinstance(box, QComboBox)
    assert box.currentText() == "Mean"
    box.setFocus()
    with qtbot.waitSignal(panel.edited) as heard:
        QTest.keyClick(box, Qt.Key.Key_Down)
    assert heard.args == ["preparation.missing", "median", True]
    with qtbot.waitSignal(panel.columns_requested):
        panel.table.columns_button.click()


def test_the_scaling_is_in_sight_and_stands_once(panel: DataPanel) -> None:
    panel.set_folds(dict.fromkeys(panel.folds(), True))
    panel.set_experiment(Experiment(data=DATA, preparation=Preparation(scaling="robust")), 3, (1000, 797))
    assert panel.filling.row("scaling").isVisible()
    assert not panel.maps.row("scaling").isVisible()
    box = panel.filling.row("scaling").findChild(QComboBox)
    assert isinstance(box, QComboBox)
    assert box.currentText() == "Robust (median 0, IQR 1)"
    panel.set_experiment(Experiment(preparation=Preparation(scaling="robust")), 2, (1, 1))
    assert panel.maps.row("scaling").isVisible()
    panel.mark("preparation.scaling", "Scale them.")
    assert panel.maps.row("scaling").is_wrong


def test_what_is_wrong_with_a_table_is_said_under_it(panel: DataPanel) -> None:
    panel.set_experiment(Experiment(data=DATA), 3, (1000, 797))
    for path in ("data.target", "data.features", "data.columns", "preparation.missing"):
        assert panel.mark(path, "Choose another.")
        assert panel.mark(path, None)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_a_table_fits_the_panel(panel: DataPanel, qapp: QApplication, theme: Any) -> None:
    apply_theme(qapp, theme)
    panel.set_experiment(Experiment(data=DATA), 3, (1000, 797))
    panel.set_folds(dict.fromkeys(panel.folds(), True))
    panel.resize(panel.minimumSizeHint().width(), 600)
    qapp.processEvents()
    content = panel.widget()
    assert content is not None
    assert content.width() <= panel.viewport().width()
    assert panel.width() <= WIDTH
    assert cut_off(content) == []
