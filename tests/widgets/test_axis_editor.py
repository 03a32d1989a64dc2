"""The editor of one axis of a search: what it offers, shows and wishes, by mouse and keyboard."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit
from pytestqt.qtbot import QtBot

from widgets.axis_editor import MOST_VALUES, AxisEditor
from widgets.sections import Sentence
from widgets.validation_values import AxisWish, ParameterEntry

Show = Callable[[AxisEditor, int, int], AxisEditor]
Key = Qt.Key

RATE = ParameterEntry("training.rate", "Learning rate", True, low=0.001, high=1.0, log=True)
UNITS = ParameterEntry("learner.units", "Units", True, is_whole=True, low=1, high=32)
KERNEL = ParameterEntry("learner.kernel", "Kernel", False)
ENTRIES = (RATE, UNITS, KERNEL)


@pytest.fixture
def editor(show: Show) -> AxisEditor:
    made = AxisEditor("Across", optional=True)
    made.set_parameters(ENTRIES)
    made.set_wish(AxisWish(RATE.path, RATE.low, RATE.high, 12))
    return show(made, 320, 90)


def typed(box: QLineEdit, text: str) -> None:
    box.setFocus()
    box.selectAll()
    QTest.keyClicks(box, text)
    QTest.keyClick(box, Key.Key_Return)


def sentence(editor: AxisEditor) -> str:
    found = editor.findChild(Sentence)
    assert isinstance(found, Sentence)
    return found.text() if found.isVisible() else ""


def test_it_shows_what_is_chosen(editor: AxisEditor) -> None:
    assert editor.combo.currentText() == "Learning rate"
    assert (editor.low.text(), editor.high.text(), editor.count.text()) == ("0.001", "1", "12")


def test_another_hyper_parameter_comes_with_its_own_range(editor: AxisEditor, qtbot: QtBot) -> None:
    editor.combo.setFocus()
    with qtbot.waitSignal(editor.edited) as heard:
        QTest.keyClick(editor.combo, Key.Key_Down)
    assert heard.args == [AxisWish(UNITS.path, 1, 32, 12)]


def test_an_optional_axis_can_be_none(editor: AxisEditor, qtbot: QtBot) -> None:
    editor.combo.setFocus()
    with qtbot.waitSignal(editor.edited) as heard:
        QTest.keyClick(editor.combo, Key.Key_Up)
    assert heard.args[0].path == ""
    editor.set_wish(heard.args[0])
    assert not editor.low.isVisible()


def test_a_range_is_typed(editor: AxisEditor, qtbot: QtBot) -> None:
    for box, text, expected in (
        (editor.low, "0.01", AxisWish(RATE.path, 0.01, 1.0, 12)),
        (editor.high, "0.5", AxisWish(RATE.path, 0.01, 0.5, 12)),
        (editor.count, "25", AxisWish(RATE.path, 0.01, 0.5, 25)),
    ):
        with qtbot.waitSignal(editor.edited) as heard:
            typed(box, text)
        assert heard.args == [expected]
        editor.set_wish(expected)
    assert editor.count.text() == "25"


@pytest.mark.parametrize("text", ["1", str(MOST_VALUES + 1), "many"])
def test_a_count_that_cannot_be_is_refused_in_a_sentence_until_it_is_mended(
    editor: AxisEditor, qtbot: QtBot, text: str
) -> None:
    with qtbot.assertNotEmitted(editor.edited):
        typed(editor.count, text)
    assert "values" in sentence(editor).lower() or "number" in sentence(editor).lower()
    with qtbot.waitSignal(editor.edited):
        typed(editor.count, "3")
    assert sentence(editor) == ""


def test_names_have_no_range(editor: AxisEditor) -> None:
    assert editor.low.isVisible()
    editor.set_wish(AxisWish(KERNEL.path))
    assert not editor.low.isVisible()
    assert editor.combo.currentText() == "Kernel"


def test_what_is_chosen_stays_when_other_hyper_parameters_are_offered(editor: AxisEditor, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(editor.edited):
        editor.set_parameters((UNITS, RATE))
    assert editor.combo.currentText() == "Learning rate"
    assert [editor.combo.itemText(row) for row in range(editor.combo.count())] == ["(none)", "Units", "Learning rate"]


def test_every_box_has_a_name_to_be_read(editor: AxisEditor) -> None:
    names = [box.accessibleName() for box in (editor.combo, editor.low, editor.high, editor.count)]
    assert names == ["Across hyper-parameter", "Across: from", "Across: to", "Across: values"]


def test_where_there_is_little_room_signs_stand_for_words(editor: AxisEditor) -> None:
    said = []
    for narrow in (False, True, False):
        editor.set_narrow(narrow)
        said.append([each.text() for each in editor.findChildren(QLabel) if each.isVisible() and each.text()])
    assert said == [["Across", "from", "to", "values"], ["Across", "–", "×"], ["Across", "from", "to", "values"]]
