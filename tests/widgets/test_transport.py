"""The buttons that move the training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.widgets.clipping import cut_off
from widgets.style import apply_theme
from widgets.theme import LIGHT
from widgets.transport import SPEEDS, Transport, epoch_text

Wishes = list[tuple[Any, ...]]


@pytest.fixture
def bar(qapp: QApplication, show: Callable[..., Any]) -> Transport:
    apply_theme(qapp, LIGHT)
    made: Transport = show(Transport(), 700, 50)
    return made


@pytest.fixture
def wishes(bar: Transport) -> Wishes:
    heard: Wishes = []
    for name in ("play_requested", "pause_requested", "step_requested", "reset_requested", "speed_chosen"):
        getattr(bar, name).connect(lambda *values, name=name: heard.append((name, *values)))
    return heard


def test_play_and_pause_take_turns_as_they_are_told(qtbot: QtBot, bar: Transport, wishes: Wishes) -> None:
    qtbot.mouseClick(bar.play_button, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(bar.play_button, Qt.MouseButton.LeftButton)
    assert wishes == [("play_requested",), ("play_requested",)], "only being told changes the button"
    assert bar.play_button.accessibleName() == "Play"
    bar.set_playing(True)
    assert bar.play_button.accessibleName() == "Pause"
    qtbot.keyClick(bar.play_button, Qt.Key.Key_Space)
    assert wishes[-1] == ("pause_requested",)


def test_a_press_on_step_is_one_minibatch(qtbot: QtBot, bar: Transport, wishes: Wishes) -> None:
    qtbot.mouseClick(bar.step_button, Qt.MouseButton.LeftButton)
    assert wishes == [("step_requested", "step", 1)]


def test_the_step_menu_takes_epochs(bar: Transport, wishes: Wishes) -> None:
    actions = {action.text(): action for action in bar.step_menu.actions()}
    actions["One minibatch"].trigger()
    actions["One epoch"].trigger()
    bar.many_epochs.setValue(2500)
    assert bar.many_action.text() == "2,500 epochs"
    bar.many_action.trigger()
    assert wishes == [("step_requested", "step", 1), ("step_requested", "epoch", 1), ("step_requested", "epoch", 2500)]


def test_enter_in_the_number_of_epochs_takes_them(qtbot: QtBot, bar: Transport, wishes: Wishes) -> None:
    bar.step_menu.popup(bar.mapToGlobal(bar.rect().bottomLeft()))
    bar.many_epochs.setFocus()
    bar.many_epochs.selectAll()
    qtbot.keyClicks(bar.many_epochs, "30")
    qtbot.keyClick(bar.many_epochs, Qt.Key.Key_Return)
    assert wishes == [("step_requested", "epoch", 30)]
    assert not bar.step_menu.isVisible()


def test_reset_keeps_the_seed_unless_asked(qtbot: QtBot, bar: Transport, wishes: Wishes) -> None:
    qtbot.mouseClick(bar.reset_button, Qt.MouseButton.LeftButton)
    for action in bar.reset_menu.actions():
        action.trigger()
    assert wishes == [("reset_requested", False), ("reset_requested", False), ("reset_requested", True)]


def test_a_speed_is_chosen(qtbot: QtBot, bar: Transport, wishes: Wishes) -> None:
    bar.speed.setFocus()
    qtbot.keyClick(bar.speed, Qt.Key.Key_Home)
    assert wishes == [("speed_chosen", SPEEDS[0])]
    assert (SPEEDS[0].per_second, SPEEDS[0].unit) == (1.0, "step")
    bar.set_speed("epoch-60")
    assert bar.speed.currentText() == "60 epochs/s"
    assert len(wishes) == 1


@pytest.mark.parametrize(
    ("epoch", "text"), [(0, "000,000"), (1284, "001,284"), (999_999, "999,999"), (1_000_000, "1,000,000")]
)
def test_the_epoch_is_grouped(bar: Transport, epoch: int, text: str) -> None:
    bar.set_epoch(epoch)
    assert bar.epoch_label.text() == text == epoch_text(epoch)
    assert bar.epoch_label.accessibleName() == f"Epoch {epoch}"


def test_the_epochs_digits_stand_still(bar: Transport) -> None:
    widths = set()
    for digit in range(10):
        bar.set_epoch(111_111 * digit)
        widths.add(bar.epoch_label.sizeHint().width())
    assert len(widths) == 1


def test_without_a_model_there_is_nothing_to_play(bar: Transport) -> None:
    bar.set_enabled_steps(False)
    assert not bar.play_button.isEnabled()
    assert not bar.step_button.isEnabled()
    assert bar.reset_button.isEnabled()


@pytest.mark.parametrize("epoch", [0, 1_234_567_890])
def test_words_give_way_in_a_narrow_bar_and_come_back(qapp: QApplication, bar: Transport, epoch: int) -> None:
    bar.set_epoch(epoch)
    words = Qt.ToolButtonStyle.ToolButtonTextBesideIcon
    for width, has_words, has_caption in (
        (bar.sizeHint().width(), True, True),
        (bar.minimumSizeHint().width(), False, False),
        (bar.sizeHint().width(), True, True),
    ):
        bar.resize(width, 50)
        qapp.processEvents()
        assert (bar.reset_button.toolButtonStyle() == words) == has_words
        assert bar.epoch_caption.isVisible() == has_caption
        assert cut_off(bar) == []


def test_every_control_has_a_name_and_a_tooltip(bar: Transport) -> None:
    for part in bar.findChildren(QWidget):
        if part.focusPolicy() & Qt.FocusPolicy.TabFocus and part.isVisible():
            assert part.accessibleName(), part
            assert part.toolTip(), part
