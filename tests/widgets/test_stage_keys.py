"""By keyboard alone: a cursor draws, selects, erases; digits, letters and arrows do what they say."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from tests.widgets.stage_document import Document, Show
from widgets.stage import Stage

Key = Qt.Key
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def document(show: Show) -> Document:
    stage = Stage(seed=1)
    document = Document(stage)
    show(stage, 500, 400)
    stage.set_range((-1.0, 1.0), (-1.0, 1.0))
    document.hold([[-0.5, 0], [0, 0], [0.5, 0]], [0, 1, 2])
    stage.setFocus()
    document.heard.clear()
    return document


def press(document: Document, *keys: Qt.Key, times: int = 1) -> None:
    for key in keys:
        for _ in range(times):
            QTest.keyClick(document.stage, key)


def test_arrows_move_a_cursor_and_enter_draws_there(document: Document) -> None:
    press(document, Key.Key_Right)  # the cursor appears in the middle
    press(document, Key.Key_Right, Key.Key_Up, times=5)
    QTest.keyClick(document.stage, Key.Key_Right, SHIFT)
    press(document, Key.Key_Return)
    mapping = document.stage.frame.mapping
    center = document.stage.frame.plot.center()
    drawn = mapping.to_pixels(document.points.X[-1])
    assert drawn == pytest.approx([center.x() + 51, center.y() - 50], abs=0.01)
    assert document.names() == ["start", "draw", "end"]


def test_a_selection_is_drawn_with_enter_arrows_enter(document: Document) -> None:
    document.stage.set_tool("select")
    press(document, Key.Key_Down)
    press(document, Key.Key_Down, times=3)
    press(document, Key.Key_Left, times=3)
    press(document, Key.Key_Enter)
    press(document, Key.Key_Up, times=6)
    press(document, Key.Key_Right, times=25)
    press(document, Key.Key_Enter)
    assert document.stage.figure.selection.tolist() == [1, 2]


def test_escape_ends_the_stroke_then_clears_the_selection_then_hides_the_cursor(document: Document) -> None:
    stage = document.stage
    stage.set_selection(np.array([0]))
    stage.set_tool("line")
    press(document, Key.Key_Right, Key.Key_Enter)
    assert document.names()[0] == "start"
    press(document, Key.Key_Escape)
    assert document.names()[-1] == "end"
    press(document, Key.Key_Escape)
    assert document.heard[-1] == ("select", [])
    press(document, Key.Key_Escape)
    heard = len(document.heard)
    press(document, Key.Key_Enter)
    assert len(document.heard) == heard


def test_the_mouse_takes_over_from_the_cursor(document: Document) -> None:
    press(document, Key.Key_Right)
    QTest.mouseMove(document.stage, QPoint(200, 200))
    press(document, Key.Key_Enter)
    assert document.heard == []


def test_control_a_and_delete_erase_all_that_is_shown_in_one_stroke(document: Document) -> None:
    QTest.keyClick(document.stage, Key.Key_A, CONTROL)
    assert document.heard == [("select", [0, 1, 2])]
    press(document, Key.Key_Delete)
    assert len(document.points) == 0
    assert document.names()[1:] == ["start", "select", "erase", "end"]
    press(document, Key.Key_Delete)
    assert document.names().count("erase") == 1


def test_a_digit_relabels_the_selection_and_otherwise_chooses_the_class(document: Document) -> None:
    chosen: list[int] = []
    document.stage.class_chosen.connect(chosen.append)
    press(document, Key.Key_2)
    assert chosen == [1]
    document.stage.set_selection(np.array([0, 1]))
    press(document, Key.Key_3)
    assert document.points.y.tolist() == [2, 2, 2]
    assert document.names() == ["start", "relabel", "end"]
    assert document.stage.figure.selection.tolist() == [0, 1]
    press(document, Key.Key_6)
    assert document.heard[-1] == ("refuse", "There are 3 classes; add one to use the key 6.")


def test_a_letter_chooses_a_tool_and_f_fits(document: Document) -> None:
    tools: list[str] = []
    document.stage.tool_chosen.connect(tools.append)
    press(document, *map(Key, (ord(letter) for letter in "PSLMROBE")))
    assert tools == ["point", "spray", "line", "move", "select", "lasso", "relabel", "erase"]
    press(document, Key.Key_F, Key.Key_0)
    assert document.names() == ["fit", "fit"]


def test_plus_minus_and_control_arrows_zoom_and_pan(document: Document) -> None:
    stage = document.stage
    press(document, Key.Key_Plus)
    assert stage.figure.x_range == pytest.approx((-0.8, 0.8))
    press(document, Key.Key_Minus)
    assert stage.figure.x_range == pytest.approx((-1, 1))
    QTest.keyClick(stage, Key.Key_Right, CONTROL)
    QTest.keyClick(stage, Key.Key_Up, CONTROL)
    assert stage.figure.x_range == pytest.approx((-0.8, 1.2))
    assert stage.figure.y_range == pytest.approx((-0.8, 1.2))


def test_keys_it_does_not_know_are_left_to_others(document: Document) -> None:
    event = QKeyEvent(QEvent.Type.KeyPress, Key.Key_F5, Qt.KeyboardModifier.NoModifier)
    event.accept()
    QApplication.sendEvent(document.stage, event)
    assert not event.isAccepted()


def test_losing_the_focus_ends_what_the_keyboard_began(document: Document) -> None:
    document.stage.set_tool("line")
    press(document, Key.Key_Right, Key.Key_Enter)
    document.stage.clearFocus()
    assert document.names()[-1] == "end"


def test_the_cursor_has_space_before_a_shortcut_of_the_window(show: Show) -> None:
    window = QWidget()
    layout = QVBoxLayout(window)
    stage = Stage()
    layout.addWidget(stage)
    action = QAction("Play", window)
    action.setShortcut(Key.Key_Space)
    played: list[str] = []
    action.triggered.connect(lambda: played.append("play"))
    window.addAction(action)
    document = Document(stage)
    show(window, 500, 400)
    window.activateWindow()
    stage.setFocus()
    QTest.keyClick(stage, Key.Key_Space)
    assert len(played) == 1
    QTest.keyClick(stage, Key.Key_Right)
    QTest.keyClick(stage, Key.Key_Space)
    assert len(played) == 1
    assert document.names()[-3:] == ["start", "draw", "end"]


def test_the_frame_shows_that_the_keyboard_acts_here(document: Document) -> None:
    stage = document.stage
    corner = stage.frame.plot.topLeft().toPoint() + QPoint(200, 0)
    stage.clearFocus()
    resting = stage.grab().toImage().pixelColor(corner)
    stage.setFocus(Qt.FocusReason.TabFocusReason)
    assert stage.grab().toImage().pixelColor(corner) != resting
    stage.setFocus(Qt.FocusReason.MouseFocusReason)
    stage.clearFocus()
    stage.setFocus(Qt.FocusReason.MouseFocusReason)
    assert stage.grab().toImage().pixelColor(corner) == resting


def test_the_brush_goes_with_the_cursor(document: Document) -> None:
    stage = document.stage
    stage.set_tool("erase")
    QTest.mouseMove(stage, QPoint(100, 100))
    assert stage.hand.brush is not None
    assert stage.hand.brush.tolist() == [100, 100]
    press(document, Key.Key_Right)
    center = stage.frame.plot.center()
    assert stage.hand.brush.tolist() == [center.x(), center.y()]
    press(document, Key.Key_Enter)
    assert document.points.X.tolist() == [[-0.5, 0], [0.5, 0]]
