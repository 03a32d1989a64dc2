"""The validation tab in the window: runs, cancels, takes what is clicked, shows folds on the stage."""

from __future__ import annotations

import threading
from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from engine.edits import set_values
from engine.experiment import Experiment
from tests.playground.conftest import Hands
from widgets.validation import ValidationView

SMALL = set_values(Experiment(), {"data.generator": "moons", "data.n_points": "80", "learner.layers": "4"})


def opened(hands: Hands, mode: str) -> ValidationView:
    hands.window.evaluation.open("validation")
    view: ValidationView = hands.window.evaluation.view("validation")
    hands.press(view.modes.button(mode))
    return view


def run(hands: Hands, view: ValidationView) -> None:
    hands.press(view.run_button)
    hands.wait(lambda: not hands.window.validation.running)


def click(view: QWidget, at: object) -> None:
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=at)  # type: ignore[call-overload]


def test_folds_are_scored_drawn_on_the_stage_and_selected_by_their_chips(open_window: Callable[..., Hands]) -> None:
    hands = open_window(SMALL)
    view = opened(hands, "folds")
    run(hands, view)
    assert "5-fold cross-validation" in hands.status
    hands.wait(lambda: {line.index for line in hands.window.validation.lines} == set(range(5)))
    assert set(hands.window.validation.lines) <= set(hands.window.shown.overlays)
    hands.press(view.fold_chip(2))
    assert 10 <= len(hands.window.shown.workspace.selection) <= 12
    hands.window.document.edit(set_values(SMALL, {"data.n_points": "50"}), "Points")
    assert hands.window.validation.lines == ()


def test_a_click_on_a_cell_takes_it_as_one_step_to_undo(open_window: Callable[..., Hands]) -> None:
    hands = open_window(SMALL)
    view = opened(hands, "search")
    wish = hands.window.validation.wish
    first, _, third = wish.axes
    across, up = (
        type(first)("training.optimizer.learning_rate", 0.01, 0.1, 2), type(first)("learner.layers.0.units", 1, 3, 3)
    )  # fmt: skip
    settings = wish.settings.model_copy(update={"epochs": 3})
    view.wish_changed.emit(type(wish)("search", wish.scheme, settings, "accuracy", (across, up, third), ()))
    run(hands, view)
    assert "looked at once" in hands.status
    click(view.heat.canvas, view.heat.cell_area(2, 1).center().toPoint())
    taken = hands.window.document.experiment
    assert (taken.training.optimizer.learning_rate, taken.learner.layers[0].units) == (0.1, 3)  # type: ignore[union-attr]
    hands.do("edit.undo")
    assert hands.window.document.experiment == SMALL


def test_what_cannot_be_done_is_a_sentence(open_window: Callable[..., Hands]) -> None:
    hands = open_window(set_values(SMALL, {"data.n_points": "4"}))
    view = opened(hands, "folds")
    run(hands, view)
    assert "fewer folds" in hands.status


def test_a_long_validation_is_cancelled_and_closing_ends_everything(open_window: Callable[..., Hands]) -> None:
    hands = open_window(set_values(SMALL, {"training.stop.max_epochs": str(10**9)}))
    view = opened(hands, "folds")
    hands.press(view.run_button)
    assert hands.window.validation.running
    hands.press(view.run_button)
    assert not hands.window.validation.running
    assert "cancelled" in hands.status
    hands.press(view.run_button)
    assert hands.window.validation.close()
    assert not [each for each in threading.enumerate() if each.name.startswith(("playground-runs", "playground-val"))]
