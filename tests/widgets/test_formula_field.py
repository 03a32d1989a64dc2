"""The line in which formulas are typed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QWidget

from engine.experiment import Experiment
from engine.training_settings import Loss, Training
from widgets.formula_field import FormulaField
from widgets.model_panel import WIDTH, ModelPanel


@pytest.fixture
def panel(show: Callable[[QWidget, int, int], QWidget]) -> ModelPanel:
    panel = ModelPanel()
    show(panel, WIDTH, 900)
    panel.set_experiment(
        Experiment(training=Training(loss=Loss(kind="custom", formula="(y - p)**2"))), "regression", ("x",)
    )
    return panel


def typed(field: FormulaField, text: str) -> None:
    field.line.setFocus()
    field.line.selectAll()
    QTest.keyClicks(field.line, text)


def test_a_loss_of_ones_own_is_plotted_while_typed_and_used_on_return(panel: ModelPanel) -> None:
    wishes: list[tuple[str, object, bool]] = []
    panel.edited.connect(lambda *wish: wishes.append(wish))
    assert panel.own_loss.isVisible()
    typed(panel.own_loss, "abs(y-p)")
    assert "left|y - h(x)" in panel.loss_formula.accessibleName()
    assert wishes == []
    QTest.keyClick(panel.own_loss.line, Qt.Key.Key_Return)
    assert wishes == [("training.loss.formula", "abs(y-p)", True)]


def test_a_mistake_is_underlined_explained_and_not_used(
    panel: ModelPanel, picture: Callable[[QWidget], QImage]
) -> None:
    wishes: list[object] = []
    panel.edited.connect(lambda *wish: wishes.append(wish))
    typed(panel.own_loss, "y - q")
    assert "“q” is not known: use y and p." in [label.text() for label in panel.own_loss.findChildren(QLabel)]
    QTest.keyClick(panel.own_loss.line, Qt.Key.Key_Return)
    assert wishes == []
    image = picture(panel.own_loss.line)
    reds = [
        x
        for x in range(image.width())
        for y in range(image.height())
        if image.pixelColor(x, y).red() > 180 and image.pixelColor(x, y).green() < 110
    ]
    left = panel.own_loss.line.fontMetrics().horizontalAdvance("y - ")
    assert reds, "nothing is underlined"
    assert any(left < x < left + 40 for x in reds)


def test_a_formula_that_leaves_out_the_prediction_is_explained(panel: ModelPanel) -> None:
    typed(panel.own_loss, "y**2")
    assert any("depend on p" in label.text() for label in panel.own_loss.findChildren(QLabel))


def test_a_loss_that_falls_without_end_is_said_while_it_is_typed(panel: ModelPanel) -> None:
    def said() -> list[str]:
        return [label.text() for label in panel.own_loss.findChildren(QLabel) if label.isVisible()]

    typed(panel.own_loss, "p")
    assert any("without end" in text for text in said())
    assert not panel.own_loss.line.wrong
    typed(panel.own_loss, "p**2")
    assert said() == []
    assert panel.mark("training.loss.formula", "Something.")
    assert said() == ["Something."]
