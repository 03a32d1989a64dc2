"""The heat map of a search: it fills, says what a cell is, and is moved in and taken from by mouse and keyboard."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QHelpEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip, QWidget
from pytestqt.qtbot import QtBot

from tests.widgets.test_evaluation_views import click, colours
from widgets.confusion import contrast
from widgets.heat_map import HeatMap, colour_range, shares_of
from widgets.theme import DARK, LIGHT, Theme
from widgets.validation_values import HeatPicture

Show = Callable[[HeatMap, int, int], HeatMap]
Picture = Callable[[QWidget], QImage]
Key = Qt.Key

ROWS, COLUMNS = ("1", "2", "4"), ("0.001", "0.01", "0.1", "1")


def content(
    known: int = 12, marked: tuple[int, int] | None = None, failed: tuple[int, int] | None = None
) -> HeatPicture:
    """Means that grow from left to right and from below; the first `known` cells are there."""
    means = np.arange(12, dtype=float).reshape(3, 4) / 10
    means.flat[known:] = np.nan
    is_failed = np.zeros((3, 4), bool)
    if failed is not None:
        is_failed[failed], means[failed] = True, np.nan
    return HeatPicture(
        COLUMNS, ROWS, "Learning rate", "Units", means, is_failed,
        lambda row, column: f"Learning rate {COLUMNS[column]}, Units {ROWS[row]}", marked, True, "accuracy",
    )  # fmt: skip


def heat_map(picture: HeatPicture | None, theme: Theme = LIGHT) -> HeatMap:
    view = HeatMap(theme)
    view.set_content(picture)
    return view


def colour_of(view: HeatMap, image: QImage, row: int, column: int) -> QColor:
    """Of the ground of a cell, near its corner, where no number stands."""
    return image.pixelColor((view.cell_area(row, column).topLeft() + QPointF(4, 4)).toPoint())


def lightness(view: HeatMap, image: QImage) -> list[list[float]]:
    black = QColor("#000000")
    return [[contrast(colour_of(view, image, row, column), black) for column in range(4)] for row in range(3)]


# -- painting


def test_better_cells_are_lighter_and_the_first_row_is_the_lowest(show: Show, picture: Picture) -> None:
    view = show(heat_map(content()), 500, 300)
    rows = lightness(view, picture(view.canvas))
    flat = [value for row in rows for value in row]
    assert flat == sorted(flat)
    assert flat[-1] > 8 * flat[0]
    assert view.cell_area(0, 0).center().y() > view.cell_area(2, 0).center().y()


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_cells_fill_as_results_come(show: Show, picture: Picture, theme: Theme) -> None:
    view = show(heat_map(content(0), theme), 500, 300)
    ground = colour_of(view, picture(view.canvas), 0, 0).name()
    filled = []
    for known in (0, 5, 12):
        view.set_content(content(known))
        QApplication.processEvents()
        image = picture(view.canvas)
        filled.append(sum(colour_of(view, image, *divmod(index, 4)).name() != ground for index in range(12)))
        assert f"accuracy: {known} of 12 cells" in view.canvas.accessibleDescription()
    assert filled == [0, 5, 12]


def test_a_cell_that_failed_has_a_cross_and_counts_as_done(show: Show, picture: Picture) -> None:
    view = show(heat_map(content(failed=(1, 2))), 500, 300)
    image = picture(view.canvas)
    assert image.pixelColor(view.cell_area(1, 2).center().toPoint()).name() == LIGHT.danger
    assert "12 of 12 cells" in view.summary()


def test_the_cell_that_would_be_taken_is_outlined_and_said(show: Show, picture: Picture) -> None:
    view = show(heat_map(content()), 500, 300)
    plain = picture(view.canvas)
    view.set_content(content(marked=(2, 3)))
    corner = view.cell_area(2, 3).topLeft().toPoint()
    assert picture(view.canvas).pixelColor(corner) != plain.pixelColor(corner)
    assert "Taken would be: Learning rate 1, Units 4" in view.summary()


def alike(side: int) -> HeatPicture:
    """A square of cells that all have the same mean."""
    many = tuple(str(value) for value in range(side))
    means = np.full((side, side), 0.25)
    return HeatPicture(many, many, "a", "b", means, means > 1, "{} {}".format, None, True, "accuracy")


def test_numbers_stand_in_cells_that_have_room_for_all_of_them(show: Show, picture: Picture) -> None:
    view = show(heat_map(alike(25)), 560, 126)
    view.canvas.clearFocus()

    def inside() -> set[str]:
        area = view.cell_area(0, 0).united(view.cell_area(24, 24)).adjusted(3, 3, -3, -3)
        return colours(picture(view.canvas).copy(area.toRect()))

    assert len(inside()) == 1
    view.resize(1500, 700)
    QApplication.processEvents()
    assert len(inside()) > 4


def test_every_value_of_a_wide_grid_is_seen_in_a_low_dock(show: Show) -> None:
    view = show(heat_map(alike(25)), 560, 126)
    assert view.canvas.height() <= 126
    assert view.canvas.rect().contains(view.cell_area(0, 0).toRect())


def test_an_empty_map_says_so_and_takes_no_keys(show: Show, qtbot: QtBot) -> None:
    view = show(heat_map(None), 400, 200)
    assert "each cell is filled" in view.summary()
    with qtbot.assertNotEmitted(view.cell_chosen):
        QTest.keyClick(view.canvas, Key.Key_Return)
        click(view, QPointF(200, 100))


# -- hands


def test_a_click_wishes_for_the_cell_under_it(show: Show, qtbot: QtBot) -> None:
    view = show(heat_map(content()), 500, 300)
    for cell in ((0, 0), (2, 1), (1, 3)):
        with qtbot.waitSignal(view.cell_chosen) as heard:
            click(view, view.cell_area(*cell).center())
        assert tuple(heard.args) == cell
    with qtbot.assertNotEmitted(view.cell_chosen):
        click(view, QPointF(view.canvas.width() - 3, 5))


def test_arrows_move_between_cells_stop_at_the_edge_and_enter_takes(show: Show, qtbot: QtBot) -> None:
    view = show(heat_map(content()), 500, 300)
    view.canvas.setFocus()
    seen = []
    for key in (Key.Key_Down, Key.Key_Left, Key.Key_Up, Key.Key_Right, Key.Key_Right):
        QTest.keyClick(view.canvas, key)
        seen.append(view.canvas.accessibleDescription().partition("In hand: ")[2])
    assert seen == [
        "Learning rate 0.001, Units 1", "Learning rate 0.001, Units 1", "Learning rate 0.001, Units 2",
        "Learning rate 0.01, Units 2", "Learning rate 0.1, Units 2",
    ]  # fmt: skip
    for key in (Key.Key_Return, Key.Key_Space):
        with qtbot.waitSignal(view.cell_chosen) as heard:
            QTest.keyClick(view.canvas, key)
        assert heard.args == [1, 2]


def test_the_cell_in_hand_is_outlined_while_the_map_has_the_focus(show: Show, picture: Picture) -> None:
    view = show(heat_map(content()), 500, 300)
    view.canvas.clearFocus()
    assert LIGHT.accent not in colours(picture(view.canvas))
    view.canvas.setFocus()
    assert LIGHT.accent in colours(picture(view.canvas))


def test_the_cell_in_hand_stays_within_a_smaller_grid(show: Show, qtbot: QtBot) -> None:
    view = show(heat_map(content()), 500, 300)
    click(view, view.cell_area(2, 3).center())
    view.set_content(alike(1))
    with qtbot.waitSignal(view.cell_chosen) as heard:
        QTest.keyClick(view.canvas, Key.Key_Return)
    assert heard.args == [0, 0]


def tool_tip_says(text: str) -> Callable[[], bool]:
    return lambda: text in QToolTip.text()


def test_the_tool_tip_says_which_values_are_under_the_pointer(show: Show, qtbot: QtBot) -> None:
    view = show(heat_map(content()), 500, 300)
    for cell, text in (((0, 0), "Learning rate 0.001, Units 1"), ((2, 3), "Learning rate 1, Units 4")):
        at = view.cell_area(*cell).center().toPoint()
        QApplication.sendEvent(view.canvas, QHelpEvent(QHelpEvent.Type.ToolTip, at, view.canvas.mapToGlobal(at)))
        qtbot.waitUntil(tool_tip_says(text))
    nowhere = QPoint(1, 1)
    QApplication.sendEvent(view.canvas, QHelpEvent(QHelpEvent.Type.ToolTip, nowhere, view.canvas.mapToGlobal(nowhere)))
    qtbot.waitUntil(lambda: not QToolTip.isVisible())


def test_the_cell_under_the_pointer_is_outlined(show: Show, picture: Picture) -> None:
    view = show(heat_map(content()), 500, 300)
    view.canvas.clearFocus()
    before = picture(view.canvas)
    QTest.mouseMove(view.canvas, view.cell_area(1, 1).center().toPoint())
    QApplication.processEvents()
    after, corner = picture(view.canvas), view.cell_area(1, 1).topLeft().toPoint()
    assert after.pixelColor(corner) != before.pixelColor(corner)


# -- colours


def test_where_low_is_good_the_lowest_is_the_lightest() -> None:
    means = np.array([[0.1, 0.2, 0.3]])
    low, high = colour_range(means, higher_is_better=False)
    assert shares_of(means, low, high, higher_is_better=False).tolist() == [[1.0, pytest.approx(0.5), 0.0]]


def test_a_few_that_diverged_do_not_take_the_colours_of_the_others() -> None:
    means = np.concatenate([np.linspace(0.1, 0.5, 40), [1e9, 1e12]])
    low, high = colour_range(means, higher_is_better=False)
    assert low == 0.1
    assert 0.5 < high < 5
    shares = shares_of(means, low, high, higher_is_better=False)
    assert shares[0] == 1.0
    assert shares[39] > 0.3
    assert shares[-1] == 0.0
