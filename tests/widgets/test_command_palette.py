"""Commands by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from widgets.command_palette import Command, CommandPalette, match_score, matching
from widgets.style import apply_theme
from widgets.theme import LIGHT

COMMANDS = (
    Command("play", "Play", "Space"),
    Command("step", "Step one minibatch", "", enabled=False),
    Command("export", "Export figure…", "Ctrl+E"),
    Command("theme", "Dark theme"),
    Command("epoch", "Step one epoch"),
)


@pytest.fixture
def palette(qapp: QApplication, show: Callable[..., Any]) -> Iterator[CommandPalette]:
    apply_theme(qapp, LIGHT)
    window = show(QWidget(), 900, 600)
    made = CommandPalette(window)
    made.set_commands(COMMANDS)
    made.open_over(window)
    yield made
    made.hide()


@pytest.fixture
def chosen(palette: CommandPalette) -> list[str]:
    heard: list[str] = []
    palette.chosen.connect(heard.append)
    return heard


def test_typing_a_few_letters_and_enter_chooses(qtbot: QtBot, palette: CommandPalette, chosen: list[str]) -> None:
    qtbot.keyClicks(palette.query, "exfi")
    assert [command.id for command in palette.shown_commands()] == ["export"]
    qtbot.keyClick(palette.query, Qt.Key.Key_Return)
    assert chosen == ["export"]
    assert not palette.isVisible()


def test_arrows_pass_over_what_cannot_be_chosen(qtbot: QtBot, palette: CommandPalette, chosen: list[str]) -> None:
    assert palette.list.currentIndex().row() == 0
    qtbot.keyClick(palette.query, Qt.Key.Key_Down)
    assert palette.list.currentIndex().row() == 2
    qtbot.keyClick(palette.query, Qt.Key.Key_PageDown)
    assert palette.list.currentIndex().row() == 4
    qtbot.keyClick(palette.query, Qt.Key.Key_Up)
    qtbot.keyClick(palette.query, Qt.Key.Key_Enter)
    assert chosen == ["theme"]


def test_escape_closes_and_chooses_nothing(qtbot: QtBot, palette: CommandPalette, chosen: list[str]) -> None:
    qtbot.keyClick(palette.query, Qt.Key.Key_Escape)
    assert not palette.isVisible()
    assert chosen == []


def test_a_click_chooses_and_a_disabled_row_does_not(qtbot: QtBot, palette: CommandPalette, chosen: list[str]) -> None:
    for row in (1, 3):
        place = palette.list.visualRect(palette.list.model().index(row, 0)).center()
        qtbot.mouseClick(palette.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert chosen == ["theme"]


def test_nothing_fits_and_enter_does_nothing(qtbot: QtBot, palette: CommandPalette, chosen: list[str]) -> None:
    qtbot.keyClicks(palette.query, "qqq")
    qtbot.keyClick(palette.query, Qt.Key.Key_Return)
    assert palette.shown_commands() == ()
    assert palette.isVisible()
    assert chosen == []


def test_it_opens_empty_each_time(qtbot: QtBot, palette: CommandPalette) -> None:
    qtbot.keyClicks(palette.query, "dark")
    palette.hide()
    window = palette.parentWidget()
    assert window is not None
    palette.open_over(window)
    assert palette.query.text() == ""
    assert len(palette.shown_commands()) == len(COMMANDS)
    assert window.frameGeometry().contains(palette.geometry().center())


@pytest.mark.parametrize(
    ("query", "first"), [("dt", "theme"), ("mini", "step"), ("s e", "epoch"), ("PLAY", "play"), ("fig", "export")]
)
def test_the_best_fit_comes_first(query: str, first: str) -> None:
    assert matching(query, COMMANDS)[0].id == first


def test_letters_must_occur_in_order() -> None:
    assert match_score("abc", "a big cat") is not None
    assert match_score("cba", "a big cat") is None
    assert match_score("", "anything") is not None
    assert len(matching("  ", COMMANDS)) == len(COMMANDS)


def test_beginnings_of_words_count_more_than_middles() -> None:
    begins, middle = match_score("st", "Step training"), match_score("st", "Fastest")
    assert begins is not None
    assert middle is not None
    assert begins > middle
