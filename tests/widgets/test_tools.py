"""With the mouse on the stage: what each tool wishes for, told to a document that grants the wishes."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.dataset import CLASS_NAMES, Dataset, Points
from engine.experiment import View
from tests.widgets.stage_document import Document, Show, place
from widgets.icons import icon_names
from widgets.stage import Stage
from widgets.stage_tool import ToolName
from widgets.tools import LINE_SPACING, TOOLS

LEFT, RIGHT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton
NO_KEYS = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def document(show: Show) -> Document:
    stage = Stage(seed=1)
    document = Document(stage)
    show(stage, 500, 400)
    stage.set_range((-1.0, 1.0), (-1.0, 1.0))
    document.show()
    document.heard.clear()
    return document


def drag(
    stage: Stage, path: list[tuple[float, float]], button: Any = LEFT, keys: Any = NO_KEYS, steps: int = 8
) -> None:
    """Press at the first place, go through the others, release at the last."""
    QTest.mousePress(stage, button, keys, place(stage, *path[0]))
    corners = np.array(path)
    for start, end in pairwise(corners):
        for share in np.linspace(0, 1, steps + 1)[1:]:
            QTest.mouseMove(stage, place(stage, *(start + share * (end - start))))
    QTest.mouseRelease(stage, button, keys, place(stage, *path[-1]))


def take(document: Document, tool: ToolName) -> Stage:
    document.stage.set_tool(tool)
    return document.stage


def test_the_left_button_draws_the_chosen_class_and_the_right_button_the_next(document: Document) -> None:
    stage = take(document, "point")
    stage.set_active_class(2)
    QTest.mouseClick(stage, LEFT, NO_KEYS, place(stage, 0.5, -0.25))
    QTest.mouseClick(stage, RIGHT, NO_KEYS, place(stage, -0.5, 0.25))
    assert pytest.approx(np.array([[0.5, -0.25], [-0.5, 0.25]]), abs=0.01) == document.points.X
    assert document.points.y.tolist() == [2, 0]
    assert document.names() == ["start", "draw", "end"] * 2


def test_a_double_click_with_the_point_tool_draws_two_points(document: Document) -> None:
    stage = take(document, "point")
    at = place(stage, 0, 0)
    QTest.mouseClick(stage, LEFT, NO_KEYS, at)
    QTest.mouseDClick(stage, LEFT, NO_KEYS, at)  # the second press alone, as Qt sends it
    QTest.mouseRelease(stage, LEFT, NO_KEYS, at)
    assert len(document.points) == 2
    assert "fit" not in document.names()


def test_nothing_is_drawn_beside_the_plot(document: Document) -> None:
    stage = take(document, "point")
    QTest.mouseClick(stage, LEFT, NO_KEYS, QPoint(3, 100))
    assert document.heard == []


def test_in_regression_in_one_input_the_height_is_the_target(document: Document) -> None:
    document.hold([[0.0]], [0.0], "regression")
    stage = take(document, "point")
    QTest.mouseClick(stage, LEFT, NO_KEYS, place(stage, 0.5, -0.75))
    assert document.points.X.shape == (2, 1)
    assert (document.points.X[1, 0], document.points.y[1]) == pytest.approx((0.5, -0.75), abs=0.01)


def test_in_regression_in_two_inputs_the_active_target_is_drawn(document: Document) -> None:
    document.hold([[0.0, 0.0]], [0.0], "regression")
    stage = take(document, "point")
    stage.set_active_target(2.5)
    QTest.mouseClick(stage, RIGHT, NO_KEYS, place(stage, 0.5, 0.5))
    assert document.points.y.tolist() == [0, 2.5]


def test_spray_falls_within_its_circle_while_the_button_is_down(document: Document, qtbot: QtBot) -> None:
    stage = take(document, "spray")
    stage.set_brush(40, 400)
    QTest.mousePress(stage, LEFT, NO_KEYS, place(stage, 0.2, 0.1))
    assert len(document.points) == 1
    qtbot.waitUntil(lambda: len(document.points) > 60)
    QTest.mouseRelease(stage, LEFT, NO_KEYS, place(stage, 0.2, 0.1))
    count = len(document.points)
    qtbot.wait(60)
    assert len(document.points) == count
    mapping = stage.frame.mapping
    offsets = mapping.to_pixels(document.points.X) - mapping.to_pixels(np.array([0.2, 0.1]))
    distances = np.hypot(*offsets.T)
    assert distances.max() <= 41
    assert (distances > 20).mean() > 0.5  # uniform in the disc: three quarters lie beyond half the radius
    assert document.names()[0] == "start"
    assert document.names()[-1] == "end"
    assert document.names().count("start") == 1


def test_a_seed_sprays_the_same_points(show: Show) -> None:
    drawn = []
    for _ in range(2):
        stage = Stage(seed=5)
        document = Document(stage)
        show(stage, 500, 400)
        document.show()
        take(document, "spray")
        QTest.mouseClick(stage, LEFT, NO_KEYS, place(stage, 0, 0))
        drawn.append(document.points.X[0].tolist())
    assert drawn[0] == drawn[1]


def test_a_line_falls_evenly_spaced_however_fast_the_pointer_goes(document: Document) -> None:
    stage = take(document, "line")
    drag(stage, [(-0.8, 0.0), (0.8, 0.0)], steps=3)
    slowly = document.points
    mapping = stage.frame.mapping
    gaps = np.diff(mapping.to_pixels(slowly.X)[:, 0])
    assert gaps == pytest.approx(np.full(len(gaps), LINE_SPACING), abs=0.01)
    document.points = Points.empty(2)
    document.show()
    drag(stage, [(-0.8, 0.0), (0.8, 0.0)], steps=90)
    assert len(document.points) == len(slowly)


def test_points_of_a_line_fall_during_the_stroke_not_at_its_end(document: Document) -> None:
    stage = take(document, "line")
    QTest.mousePress(stage, LEFT, NO_KEYS, place(stage, -0.5, 0))
    QTest.mouseMove(stage, place(stage, 0.5, 0))
    assert len(document.points) > 5
    assert "end" not in document.names()
    QTest.mouseRelease(stage, LEFT, NO_KEYS, place(stage, 0.5, 0))
    assert document.names()[-1] == "end"


def test_move_takes_the_nearest_point_and_leaves_the_others(document: Document) -> None:
    document.hold([[0, 0], [0.5, 0.5]], [0, 1])
    drag(take(document, "move"), [(0.5, 0.5), (-0.5, 0.25)])
    assert pytest.approx(np.array([[0, 0], [-0.5, 0.25]]), abs=0.01) == document.points.X
    assert document.names()[0] == "start"
    assert document.names()[-1] == "end"


def test_move_takes_the_selection_with_the_point(document: Document) -> None:
    document.hold([[0, 0], [0.2, 0.2], [0.5, 0.5]], [0, 1, 2])
    document.stage.set_selection(np.array([0, 1]))
    drag(take(document, "move"), [(0.2, 0.2), (-0.3, 0.2)])
    assert pytest.approx(np.array([[-0.5, 0], [-0.3, 0.2], [0.5, 0.5]]), abs=0.01) == document.points.X
    assert document.stage.figure.selection.tolist() == [0, 1]


def test_move_of_nothing_is_no_stroke(document: Document) -> None:
    document.hold([[0.9, 0.9]], [0])
    drag(take(document, "move"), [(0, 0), (0.5, 0.5)])
    assert document.heard == []


def test_in_regression_in_one_input_moving_up_changes_the_target(document: Document) -> None:
    document.hold([[0.0]], [0.0], "regression")
    drag(take(document, "move"), [(0, 0), (0.5, 0.5)])
    assert (document.points.X[0, 0], document.points.y[0]) == pytest.approx((0.5, 0.5), abs=0.01)


def test_moved_points_are_the_same_points_though_others_come_and_go(document: Document) -> None:
    document.hold([[0, 0.9], [0.5, 0.5]], [0, 1])
    stage = take(document, "move")
    QTest.mousePress(stage, LEFT, NO_KEYS, place(stage, 0.5, 0.5))
    document.points = document.points.erasing(np.array([0]))
    document.show()
    QTest.mouseMove(stage, place(stage, -0.5, -0.5))
    QTest.mouseRelease(stage, LEFT, NO_KEYS, place(stage, -0.5, -0.5))
    assert pytest.approx(np.array([[-0.5, -0.5]]), abs=0.01) == document.points.X


def test_a_rectangle_selects_what_it_holds_and_shift_adds_and_ctrl_takes_away(document: Document) -> None:
    document.hold([[-0.5, -0.5], [0, 0], [0.5, 0.5], [0.5, -0.5]], [0, 1, 2, 0])
    stage = take(document, "select")
    drag(stage, [(-0.8, -0.8), (0.2, 0.2)])
    assert stage.figure.selection.tolist() == [0, 1]
    drag(stage, [(0.3, 0.3), (0.8, 0.8)], keys=Qt.KeyboardModifier.ShiftModifier)
    assert stage.figure.selection.tolist() == [0, 1, 2]
    QTest.mouseClick(stage, LEFT, Qt.KeyboardModifier.ControlModifier, place(stage, 0, 0))
    assert stage.figure.selection.tolist() == [0, 2]
    QTest.mouseClick(stage, LEFT, NO_KEYS, place(stage, -0.8, 0.8))
    assert stage.figure.selection.tolist() == []
    assert "start" not in document.names()  # a selection is no edit


def test_a_lasso_leaves_out_what_its_notch_leaves_out(document: Document) -> None:
    document.hold([[-0.5, 0], [0.5, 0], [0, 0.5], [0, -0.3]], [0, 0, 0, 0])
    stage = take(document, "lasso")
    drag(stage, [(-0.8, 0.8), (-0.8, -0.8), (0.8, -0.8), (0.8, 0.8), (0, 0), (-0.8, 0.8)])
    assert stage.figure.selection.tolist() == [0, 1, 3]


def test_hidden_points_are_neither_selected_nor_erased(document: Document) -> None:
    document.held_out_rows = [1]
    document.hold([[0, 0], [0.02, 0], [0.5, 0.5]], [0, 1, 2])
    stage = take(document, "select")
    stage.set_view(View(held_out=False))
    drag(stage, [(-0.8, -0.8), (0.8, 0.8)])
    assert stage.figure.selection.tolist() == [0, 2]
    take(document, "erase")
    document.held_out_rows = []
    stage.set_dataset(Dataset(document.points, "classification", np.array([0, 2, 0], np.int8), CLASS_NAMES[:3]))
    QTest.mouseClick(stage, LEFT, NO_KEYS, place(stage, 0, 0))
    assert ("erase", [0]) in document.heard


def test_the_selection_stays_with_its_points_when_others_go(document: Document) -> None:
    document.hold([[-0.5, 0], [0, 0], [0.5, 0]], [0, 1, 2])
    stage = document.stage
    stage.set_selection(np.array([2]))
    document.points = document.points.erasing(np.array([0]))
    document.show()
    assert stage.figure.selection.tolist() == [1]
    assert document.heard[-1] == ("select", [1])


def test_the_selection_does_not_pass_to_other_points_that_take_the_same_rows(document: Document) -> None:
    document.hold([[-0.5, 0], [0, 0]], [0, 1])
    document.stage.set_selection(np.array([0, 1]))
    document.hold([[0.9, 0.1], [0.0, 0.0]], [0, 1])
    assert document.stage.figure.selection.tolist() == [1]


def test_erase_takes_each_point_once_and_by_its_row_at_that_moment(document: Document) -> None:
    document.hold([[x, 0.0] for x in np.linspace(-0.8, 0.8, 9)], [0] * 9)
    stage = take(document, "erase")
    stage.set_brush(10, 10)
    drag(stage, [(-0.9, 0.0), (0.1, 0.0)], steps=20)
    assert document.points.X[:, 0] == pytest.approx(np.array([0.2, 0.4, 0.6, 0.8]), abs=1e-6)
    assert [entry for entry in document.heard if entry[0] == "erase"] == [("erase", [0])] * 5


def test_erase_waits_for_the_dataset_before_it_names_more_rows(document: Document) -> None:
    document.hold([[x, 0.0] for x in np.linspace(-0.8, 0.8, 9)], [0] * 9)
    document.waits = True
    stage = take(document, "erase")
    stage.set_brush(10, 10)
    QTest.mousePress(stage, LEFT, NO_KEYS, place(stage, -0.8, 0))
    QTest.mouseMove(stage, place(stage, -0.6, 0))
    QTest.mouseMove(stage, place(stage, -0.2, 0))
    assert [entry for entry in document.heard if entry[0] == "erase"] == [("erase", [0])]
    document.waits = False
    document.show()
    assert document.points.X[:, 0].min() == pytest.approx(0.0, abs=1e-6)
    QTest.mouseRelease(stage, LEFT, NO_KEYS, place(stage, -0.2, 0))
    assert len(document.points) == 5


def test_points_that_arrive_under_a_resting_eraser_are_judged_anew(document: Document) -> None:
    document.hold([[0, 0]], [0])
    stage = take(document, "erase")
    QTest.mousePress(stage, LEFT, NO_KEYS, place(stage, 0.5, 0.5))
    document.points = document.points.adding(np.array([[0.5, 0.5]]), np.array([1.0]))
    document.show()
    assert document.points.X.tolist() == [[0, 0]]
    QTest.mouseRelease(stage, LEFT, NO_KEYS, place(stage, 0.5, 0.5))


def test_relabel_gives_only_other_points_the_class_of_the_button(document: Document) -> None:
    document.hold([[0, 0], [0.02, 0], [0.5, 0.5]], [0, 1, 1])
    stage = take(document, "relabel")
    stage.set_active_class(1)
    QTest.mouseClick(stage, LEFT, NO_KEYS, place(stage, 0, 0))
    assert ("relabel", [0], 1) in document.heard
    QTest.mouseClick(stage, RIGHT, NO_KEYS, place(stage, 0, 0))
    assert document.points.y.tolist() == [2, 2, 1]


def test_relabel_in_regression_says_why_not(document: Document) -> None:
    document.hold([[0.0, 0.0]], [0.0], "regression")
    stage = take(document, "relabel")
    QTest.mouseClick(stage, LEFT, NO_KEYS, place(stage, 0, 0))
    assert document.names() == ["refuse"]
    assert "no classes" in document.heard[0][1]


def test_what_may_not_be_edited_says_so_and_can_still_be_zoomed(document: Document) -> None:
    stage = take(document, "point")
    stage.set_interactive(False)
    QTest.mouseClick(stage, LEFT, NO_KEYS, place(stage, 0, 0))
    assert document.names() == ["refuse"]
    QTest.keyClick(stage, Qt.Key.Key_Plus)
    assert document.names() == ["refuse", "range"]


def test_taking_another_tool_ends_the_stroke(document: Document) -> None:
    stage = take(document, "spray")
    QTest.mousePress(stage, LEFT, NO_KEYS, place(stage, 0, 0))
    stage.set_tool("erase")
    assert document.names()[-1] == "end"
    QTest.mouseRelease(stage, LEFT, NO_KEYS, place(stage, 0, 0))
    assert document.names().count("end") == 1


def test_hiding_the_stage_ends_the_stroke(document: Document) -> None:
    stage = take(document, "spray")
    QTest.mousePress(stage, LEFT, NO_KEYS, place(stage, 0, 0))
    stage.hide()
    assert document.names()[-1] == "end"


def test_the_middle_button_drags_the_plane(document: Document) -> None:
    stage = take(document, "point")
    start = place(stage, 0, 0)
    QTest.mousePress(stage, MIDDLE, NO_KEYS, start)
    QTest.mouseMove(stage, start + QPoint(50, 20))
    QTest.mouseRelease(stage, MIDDLE, NO_KEYS, start + QPoint(50, 20))
    assert place(stage, 0, 0) == start + QPoint(50, 20)
    assert set(document.names()) == {"range"}
    assert document.heard[-1][1:] == (stage.figure.x_range, stage.figure.y_range)


def test_the_space_bar_lets_the_left_button_drag_the_plane(document: Document) -> None:
    stage = take(document, "point")
    start = place(stage, 0, 0)
    QTest.keyPress(stage, Qt.Key.Key_Space)
    QTest.mousePress(stage, LEFT, NO_KEYS, start)
    QTest.mouseMove(stage, start + QPoint(30, 0))
    QTest.mouseRelease(stage, LEFT, NO_KEYS, start + QPoint(30, 0))
    QTest.keyRelease(stage, Qt.Key.Key_Space)
    assert place(stage, 0, 0) == start + QPoint(30, 0)
    QTest.mouseClick(stage, LEFT, NO_KEYS, start)
    assert len(document.points) == 1


@pytest.mark.parametrize(("tool", "button"), [("point", MIDDLE), ("select", LEFT), ("lasso", LEFT)])
def test_a_double_click_fits(document: Document, tool: ToolName, button: Any) -> None:
    stage = take(document, tool)
    QTest.mouseDClick(stage, button, NO_KEYS, place(stage, 0, 0))
    assert "fit" in document.names()


def test_every_tool_has_an_icon_a_letter_of_its_own_and_a_sentence() -> None:
    letters = [entry.shortcut for entry in TOOLS.values()]
    assert len(set(letters)) == len(letters)
    for name, entry in TOOLS.items():
        assert entry.id == name
        assert entry.icon in icon_names()
        assert entry.tooltip.endswith(".")


def test_an_unknown_tool_is_an_error(document: Document) -> None:
    with pytest.raises(ValueError, match="no tool 'hammer'"):
        document.stage.set_tool("hammer")  # type: ignore[arg-type]
