"""Tables in the window: opened through the preview, looked at, corrected, learned from and saved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from engine.dataset import Part
from engine.files import load_experiment, save_experiment
from engine.table_data import TableData
from engine.table_sets import bundled_table
from playground import choices
from playground.table_draft import TableDraft
from tests.engine.tables import quirky, with_gaps
from tests.playground.conftest import Hands
from tests.playground.controls import choose, choose_in, drop, marks
from widgets.table_preview import TablePreview


def table_of(hands: Hands) -> TableData:
    data = hands.window.document.experiment.data
    assert isinstance(data, TableData)
    return data


def with_preview(hands: Hands, begin: Callable[[], None], use: Callable[[TablePreview], None]) -> None:
    """Begin something that opens the preview, use it there, and wait until it is closed."""
    seen: list[TablePreview] = []
    timer = QTimer()

    def look() -> None:
        dialog = hands.window.findChild(TablePreview)
        if dialog is not None and dialog.isVisible() and not seen:
            timer.stop()
            seen.append(dialog)
            use(dialog)

    timer.timeout.connect(look)
    timer.start(20)
    begin()
    hands.wait(lambda: bool(seen) and hands.window.findChild(TablePreview) is None)


def press(dialog: TablePreview, text: str) -> None:
    button = next(each for each in dialog.findChildren(QPushButton) if each.text() == text)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_a_dropped_table_is_looked_at_and_then_opened_as_one_step(hands: Hands, tmp_path: Path) -> None:
    path = tmp_path / "quirky.csv"
    path.write_bytes(quirky())
    before = hands.window.document.experiment

    def use(dialog: TablePreview) -> None:
        assert dialog.choice("separator").currentData() == ";"
        assert dialog.choice("encoding").currentData() == "cp1252"
        choose(dialog.target, "Stufe")
        press(dialog, "Open table")

    with_preview(hands, lambda: drop(hands, path), use)
    data = table_of(hands)
    assert data.target == "Stufe"
    assert data.feature_names == ("Größe", "Gewicht", "Stadt", "Datum", "Note", "Ziel")
    assert hands.window.document.experiment.preparation.scaling == "standardize"
    assert hands.window.shown.dataset.class_names == ("low", "medium", "high")
    hands.do("edit.undo")
    assert hands.window.document.experiment == before


def test_a_table_that_is_not_opened_changes_nothing(hands: Hands, tmp_path: Path) -> None:
    path = tmp_path / "quirky.csv"
    path.write_bytes(quirky())
    before = hands.window.document.experiment
    with_preview(hands, lambda: drop(hands, path), lambda dialog: press(dialog, "Cancel"))
    assert hands.window.document.experiment is before
    assert "not opened" in hands.status


def test_a_wrong_guess_about_the_file_is_corrected_in_the_preview(hands: Hands, tmp_path: Path) -> None:
    path = tmp_path / "numbers.csv"
    path.write_text("".join(f"{i},{i * i % 7},{i % 5},{'xy'[i % 2]}\n" for i in range(40)))
    titles: list[object] = []

    def use(dialog: TablePreview) -> None:
        assert dialog.choice("header").currentData() == "no"
        choose(dialog.choice("header"), "yes")
        model = dialog.rows_view.model()
        titles.extend(model.headerData(column, Qt.Orientation.Horizontal) for column in range(4))
        choose(dialog.choice("separator"), ";")  # one column: nothing can be learned from it
        assert not dialog.open_button.isEnabled()
        choose(dialog.choice("separator"), ",")
        assert dialog.open_button.isEnabled()
        press(dialog, "Open table")

    with_preview(hands, lambda: drop(hands, path), use)
    assert titles == ["0", "0 (2)", "0 (3)", "x"]
    assert len(table_of(hands).columns) == 39


def test_iris_is_learned_in_four_clicks(hands: Hands) -> None:
    panel = hands.window.data_panel
    hands.press(panel.tables.button)
    hands.press(panel.tables.chip("iris"))
    hands.wait(lambda: isinstance(hands.window.document.experiment.data, TableData))
    assert hands.n_points == 150
    hands.settle()
    hands.press(hands.window.top_bar.transport.play_button)
    hands.wait(lambda: hands.epoch >= 60)
    hands.press(hands.window.top_bar.transport.play_button)
    hands.wait(lambda: not hands.playing)
    assert hands.window.shown.metrics["test"]["accuracy"].value >= 0.93
    assert marks(hands) == []


def test_the_panel_shows_the_table_and_every_step_goes_back(hands: Hands) -> None:
    window = hands.window
    window.document.edit(choices.with_data(window.document.experiment, with_gaps()), "Table")
    panel = window.data_panel
    hands.wait(lambda: panel.table.isVisible())
    assert not panel.sample.isVisible()
    choose_in(panel.filling.row("missing"), "drop_rows")
    dropped = len(window.shown.dataset.points)
    assert dropped < 120
    hands.do("edit.undo")
    assert len(window.shown.dataset.points) == 120
    choose(panel.table.target, "c")
    assert window.shown.dataset.task == "regression"
    assert window.document.experiment.training.loss.kind == "squared"
    assert "bought" in table_of(hands).feature_names
    hands.do("edit.undo")
    assert table_of(hands).target == "bought"


def test_columns_are_chosen_again_from_the_panel(hands: Hands) -> None:
    window = hands.window
    window.document.edit(choices.with_data(window.document.experiment, with_gaps()), "Table")
    hands.wait(lambda: window.data_panel.table.isVisible())

    def use(dialog: TablePreview) -> None:
        assert dialog.rows_view.model().rowCount() == 100
        dialog.kind_changed.emit("c", "nominal")
        dialog.kind_changed.emit("c", "numerical")
        dialog.kind_changed.emit("level", "nominal")
        dialog.feature_toggled.emit("a", False)
        press(dialog, "Apply")

    with_preview(hands, lambda: QTimer.singleShot(0, window.data_panel.table.columns_button.click), use)
    data = table_of(hands)
    assert data.feature_names == ("b", "c", "colour", "level")
    assert data.kinds == (("level", "nominal"),)


def test_rows_are_erased_and_points_are_not_drawn_on_a_table(hands: Hands) -> None:
    window = hands.window
    window.document.edit(choices.with_data(window.document.experiment, bundled_table("iris")), "Table")
    before = window.document.experiment
    window.data.on_points_erased(np.array([0, 5]))
    assert table_of(hands).excluded == (0, 5)
    assert 5 not in window.shown.dataset.points.ids
    hands.do("edit.undo")
    assert window.document.experiment == before
    window.data.on_points_drawn(np.zeros((1, 2), np.float32), np.zeros(1, np.float32))
    window.data.on_points_relabelled(np.array([1]), 1)
    window.data.on_class_added()
    assert window.document.experiment == before
    assert "rows of a table" in hands.status


@pytest.mark.parametrize("action", ["data.clear", "data.empty_classes", "data.empty_surface"])
def test_a_table_makes_room_for_drawn_points(hands: Hands, action: str) -> None:
    window = hands.window
    window.document.edit(choices.with_data(window.document.experiment, bundled_table("digits")), "Table")
    hands.do(action)
    assert window.document.experiment.data.source == "drawn"
    assert window.document.experiment.preparation.scaling == "none"
    QApplication.clipboard().setText("0.5, 0.5, A\n-0.5, 0.2, B\n")
    hands.do("edit.undo")
    hands.do("edit.paste")
    assert len(window.shown.dataset.points) == 2


def test_a_table_is_saved_and_opened_as_it_was(hands: Hands, tmp_path: Path) -> None:
    experiment = choices.with_data(hands.window.document.experiment, bundled_table("digits"))
    save_experiment(tmp_path / "digits.playground", experiment)
    assert load_experiment(tmp_path / "digits.playground") == experiment
    assert hands.window.files.open_path(tmp_path / "digits.playground")
    assert hands.window.shown.dataset.n_classes == 10
    assert hands.window.shown.dataset.n_inputs == 64
    assert len(hands.window.shown.dataset.rows(Part.TRAIN)) > 1000


def test_a_draft_follows_what_is_chosen() -> None:
    draft = TableDraft.of_data(with_gaps())
    assert draft.result()[0] == with_gaps()
    left_out = draft.with_kind("a", "text")
    assert "a" not in left_out.features
    assert "a" in left_out.with_kind("a", "numerical").features
    assert draft.with_target("c").features == {"a", "b", "colour", "level", "bought"}
    nothing = draft.with_all_features(False)
    assert "No feature is chosen" in nothing.content().problem
    assert nothing.with_all_features(True).features == draft.features
    assert draft.with_kind("bought", "text").target == "level"


def test_a_table_has_nothing_of_a_sample_but_a_die_for_its_split(hands: Hands) -> None:
    window, panel = hands.window, hands.window.data_panel
    assert panel.sample.fold is not None
    hands.press(panel.sample.fold.button)
    assert panel.sample.row("balance").isVisible()
    window.document.edit(choices.with_data(window.document.experiment, bundled_table("iris")), "Table")
    hands.wait(lambda: panel.table.isVisible())
    assert not panel.sample.row("balance").isVisible()
    assert panel.shares.row("split_seed").isVisible()
    before, parts = window.document.experiment, np.array(window.shown.dataset.parts)
    hands.press(panel.split_dice)
    assert window.document.experiment.preparation.split_seed != before.preparation.split_seed
    hands.wait(lambda: not np.array_equal(window.shown.dataset.parts, parts))
    hands.do("edit.undo")
    assert window.document.experiment == before
    window.document.edit(choices.with_generator(window.document.experiment, "moons"), "Data")
    hands.wait(lambda: panel.sample.row("balance").isVisible())
