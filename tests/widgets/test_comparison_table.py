"""The table of a comparison: what stands in it, and how a learner is taken from it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QHelpEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip, QWidget
from pytestqt.qtbot import QtBot

from tests.widgets.test_evaluation_views import click, colours
from widgets.comparison_table import ComparisonTable
from widgets.theme import DARK, LIGHT, Theme
from widgets.validation_values import ComparisonPicture, ComparisonRow

Show = Callable[[ComparisonTable, int, int], ComparisonTable]
Picture = Callable[[QWidget], QImage]
Key = Qt.Key

ROWS = (
    ComparisonRow("Random forest", "94.0 ± 2.0 %", "100 %", is_best=True),
    ComparisonRow("Decision tree", "92.0 ± 2.5 %", "99.0 %", "−2.0 %", "± 1.5 % (p = 0.02)", "± 3.1 % (p = 0.2)"),
    ComparisonRow("Perceptron", sentence="The model failed: no."),
)


def table(rows: tuple[ComparisonRow, ...] = ROWS, theme: Theme = LIGHT) -> ComparisonTable:
    view = ComparisonTable(theme)
    view.set_content(ComparisonPicture(rows, "accuracy", "± is 1.96 standard errors."))
    return view


def line_colours(view: ComparisonTable, image: QImage, line: int) -> set[str]:
    area = view.line_area(line).adjusted(2, 2, -2, -2).toRect()
    return {
        image.pixelColor(x, y).name()
        for x in range(area.left(), area.right())
        for y in range(area.top(), area.bottom())
    }


def test_it_says_every_learner_with_its_score_or_why_it_has_none(qtbot: QtBot) -> None:
    view = table()
    qtbot.addWidget(view)
    said = view.summary()
    assert said.startswith("accuracy. Random forest: 94.0 ± 2.0 %. Decision tree: 92.0 ± 2.5 %, −2.0 % from the best.")
    assert "Perceptron: The model failed: no." in said
    assert said.endswith("± is 1.96 standard errors.")


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_a_learner_without_a_score_is_told_in_the_colour_of_errors(show: Show, picture: Picture, theme: Theme) -> None:
    view = show(table(theme=theme), 900, 200)
    image = picture(view.canvas)
    assert theme.danger in line_colours(view, image, 2)
    assert theme.danger not in line_colours(view, image, 1)
    assert theme.text in line_colours(view, image, 1)


def test_lines_come_and_go_with_the_results(show: Show, picture: Picture) -> None:
    view = show(table(ROWS[:1]), 900, 260)
    view.canvas.clearFocus()

    def written() -> list[bool]:
        image = picture(view.canvas)
        return [LIGHT.text in line_colours(view, image, line) for line in range(2)]

    assert written() == [True, False]
    view.set_content(ComparisonPicture(ROWS[:2], "accuracy", ""))
    QApplication.processEvents()
    assert written() == [True, True]


def test_the_table_fits_the_dock_of_a_usual_window(show: Show) -> None:
    worst = ("89.6 ± 11.3 %", "100.0 %", "−10.4 %", "± 11.9 %, p < 0.001", "± 11.9 %, p 0.001")
    rows = (*ROWS, ComparisonRow("Gaussian process, kernel ridge", *worst))
    view = show(table(rows), 600, 260)
    assert view.canvas.width() <= 600
    assert not view._scroll.horizontalScrollBar().isVisible()


def test_no_column_is_cut_off_in_a_narrow_dock(show: Show) -> None:
    view = show(table(), 300, 110)
    assert view.canvas.width() > 400


def test_a_click_wishes_for_the_learner_of_the_line(show: Show, qtbot: QtBot) -> None:
    view = show(table(), 900, 200)
    for line in (0, 2):
        with qtbot.waitSignal(view.learner_chosen) as heard:
            click(view, view.line_area(line).center())
        assert heard.args == [line]
    with qtbot.assertNotEmitted(view.learner_chosen):
        click(view, QPointF(20, 6))


def test_arrows_move_between_lines_stop_at_the_ends_and_enter_takes(show: Show, qtbot: QtBot) -> None:
    view = show(table(), 900, 200)
    view.canvas.setFocus()
    taken: list[int] = []
    view.learner_chosen.connect(taken.append)
    for key in (Key.Key_Up, Key.Key_Return, Key.Key_Down, Key.Key_Space, Key.Key_Down, Key.Key_Down, Key.Key_Enter):
        QTest.keyClick(view.canvas, key)
    assert taken == [0, 1, 2]


def test_the_line_in_hand_has_a_frame_while_the_table_has_the_focus(show: Show, picture: Picture) -> None:
    view = show(table(), 900, 200)
    view.canvas.clearFocus()
    assert LIGHT.accent not in colours(picture(view.canvas))
    view.canvas.setFocus()
    corner = view.line_area(0).topLeft().toPoint()
    assert picture(view.canvas).pixelColor(corner).name() == LIGHT.accent


def test_the_line_under_the_pointer_is_tinted_and_says_what_a_click_does(
    show: Show, picture: Picture, qtbot: QtBot
) -> None:
    view = show(table(), 900, 200)
    view.canvas.clearFocus()
    at = view.line_area(1).center().toPoint()
    before = picture(view.canvas)
    QTest.mouseMove(view.canvas, at)
    QApplication.processEvents()
    ground = QPoint(at.x(), round(view.line_area(1).top()) + 2)
    assert picture(view.canvas).pixelColor(ground) != before.pixelColor(ground)
    QApplication.sendEvent(view.canvas, QHelpEvent(QHelpEvent.Type.ToolTip, at, view.canvas.mapToGlobal(at)))
    qtbot.waitUntil(lambda: "Decision tree" in QToolTip.text() and "Click: take it." in QToolTip.text())


def test_an_empty_table_says_so_and_takes_nothing(show: Show, qtbot: QtBot) -> None:
    view = show(ComparisonTable(), 400, 200)
    assert "Tick learners" in view.summary()
    with qtbot.assertNotEmitted(view.learner_chosen):
        click(view, QPointF(200, 60))
        QTest.keyClick(view.canvas, Key.Key_Return)
