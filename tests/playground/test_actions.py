"""Every action of the table: named, explained, reachable by a key of its own, and harmless to choose."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from PySide6.QtWidgets import QApplication, QDialog, QMenu, QMessageBox, QWidget

from engine.experiment import DrawnData, Experiment
from playground.actions import ACTIONS, MENUS, ActionEntry, ActionSet
from tests.playground.conftest import Hands

ASKING = {"file.open", "file.save", "file.save_as", "file.export", "file.export_points", "file.export_predictions",
         "file.export_curves", "data.open_points", "view.range"}  # fmt: skip
"""These ask something first; Escape leaves everything as it was."""
IDS = [entry.id for entry in ACTIONS]


@pytest.mark.parametrize("entry", ACTIONS, ids=IDS)
def test_an_action_says_what_it_does(entry: ActionEntry) -> None:
    assert entry.id.split(".")[0] in MENUS
    assert entry.text.replace("&", "").strip()
    assert entry.tooltip.endswith(".")
    assert entry.text.count("&") <= 1


def test_each_action_has_an_id_and_a_text_of_its_own() -> None:
    assert len(set(IDS)) == len(IDS)
    texts = Counter(entry.text.replace("&", "") for entry in ACTIONS)
    assert [text for text, count in texts.items() if count > 1] == []


@pytest.mark.parametrize("menu", MENUS)
def test_each_letter_opens_one_entry_of_its_menu(menu: str) -> None:
    texts = [entry.text for entry in ACTIONS if entry.id.startswith(f"{menu}.")]
    letters = Counter(text[text.index("&") + 1].lower() for text in texts if "&" in text)
    assert [letter for letter, count in letters.items() if count > 1] == []


def test_no_two_actions_share_a_key(hands: Hands) -> None:
    keys = Counter(
        key.toString() for action in hands.window.actions_.actions.values() for key in action.shortcuts() if key
    )
    assert [key for key, count in keys.items() if count > 1] == []
    assert keys["Ctrl+S"] == keys["Ctrl+Z"] == keys["F5"] == 1


def test_every_action_is_in_a_menu_and_says_its_key(hands: Hands) -> None:
    listed = {action for menu in hands.window.menuBar().findChildren(QMenu) for action in menu.actions()}
    for action in hands.window.actions_.actions.values():
        assert action in listed
        assert action.toolTip()
        if action.shortcut():
            assert action.shortcut().toString() in action.toolTip()


def test_a_table_without_all_callbacks_is_refused(qapp: QApplication) -> None:
    window = QWidget()
    with pytest.raises(ValueError, match=r"file\.new"):
        ActionSet(window, {name: lambda: None for name in IDS if name != "file.new"})
    window.deleteLater()


def choose_everything(hands: Hands, answer: Callable[..., None]) -> set[str]:
    """Choose what is enabled, action after action, answering no question; which were chosen."""
    chosen = set()
    document = hands.window.document
    for name, action in hands.window.actions_.actions.items():
        hands.window.shown  # noqa: B018  what is enabled is up to date once everything is shown
        if name == "file.quit" or not action.isEnabled():
            continue
        if document.dirty:  # else a new experiment would ask whether to save this one
            document.replace(document.experiment, None)
        if name in ASKING:
            answer(lambda dialog: dialog.close())
        action.trigger()
        QApplication.processEvents()
        assert hands.window.findChild(QMessageBox, "complaint") is None, name
        for dialog in hands.window.findChildren(QDialog):
            dialog.close()
        popup = QApplication.activePopupWidget()
        if popup is not None:
            popup.close()
        chosen.add(name)
    return chosen


def test_every_action_can_be_chosen(open_window: Callable[..., Hands], answer: Callable[..., None]) -> None:
    hands = open_window()
    chosen = choose_everything(hands, answer)
    assert hands.window.isVisible()
    assert {"run.toggle", "view.fit", "help.shortcuts", "file.export", "edit.select_all", "edit.delete"} <= chosen


def test_on_an_empty_canvas_what_needs_points_is_disabled(open_window: Callable[..., Hands]) -> None:
    hands = open_window(Experiment(data=DrawnData()))
    disabled = {name for name, action in hands.window.actions_.actions.items() if not action.isEnabled()}
    assert disabled >= {"edit.undo", "edit.redo", "edit.select_all", "edit.delete", "data.clear", "data.resample",
                        "file.export_predictions", "file.export_curves"}  # fmt: skip
    hands.click(0.1, 0.1)
    hands.window.shown  # noqa: B018
    for name in ("edit.undo", "edit.select_all", "data.clear"):
        assert hands.window.actions_.actions[name].isEnabled()


def test_every_action_can_be_chosen_on_an_empty_canvas(
    open_window: Callable[..., Hands], answer: Callable[..., None]
) -> None:
    hands = open_window(Experiment(data=DrawnData()))
    assert {"file.export", "run.toggle", "run.step", "view.fit", "file.copy_figure"} <= choose_everything(hands, answer)
