"""The window: what its parts wish, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QLabel, QLineEdit, QMessageBox, QWidget

from engine.edits import set_values
from engine.experiment import DrawnData, Experiment
from engine.files import save_experiment
from playground.export import figure_image
from tests.playground.conftest import Hands, found, press_button
from tests.playground.controls import type_into
from widgets.stage import Stage

Answer = Callable[[Callable[[QWidget], None]], None]


def test_points_are_copied_and_pasted_with_their_classes(hands: Hands) -> None:
    before = hands.window.shown.dataset
    hands.do("edit.copy")
    assert QApplication.clipboard().text().splitlines()[0] == "x1,x2,label"
    hands.do("data.clear")
    assert hands.n_points == 0
    hands.do("edit.paste")
    after = hands.window.shown.dataset
    assert np.array_equal(after.X, before.X)
    assert np.array_equal(after.y, before.y)


def test_only_the_selected_points_are_copied(hands: Hands) -> None:
    hands.key(Qt.Key.Key_R)
    hands.drag((-0.2, -0.2), (0.1, 0.1), (0.25, 0.25))
    selected = len(hands.window.workspace.selection)
    assert 0 < selected < hands.n_points
    hands.do("edit.copy")
    assert len(QApplication.clipboard().text().split()) == selected + 1


def test_pasted_points_are_selected_and_move_away_from_their_originals(hands: Hands) -> None:
    hands.key(Qt.Key.Key_R)
    hands.drag((-0.2, -0.2), (0.1, 0.1), (0.25, 0.25))
    before = hands.window.shown.dataset.X
    chosen = before[hands.window.workspace.selection]
    hands.do("edit.copy")
    hands.do("edit.paste")
    assert hands.n_points == 400 + len(chosen)
    assert hands.window.shown.workspace.selection.tolist() == list(range(400, 400 + len(chosen)))
    hands.key(Qt.Key.Key_M)
    first = chosen[0]
    hands.drag((first[0], first[1]), (first[0] + 0.3, first[1]), (first[0] + 0.6, first[1]))
    after = hands.window.shown.dataset
    assert np.allclose(after.X[400:] - chosen, (0.6, 0.0), atol=0.02)
    assert np.array_equal(after.X[:400], before)


def test_a_tool_s_letter_takes_the_tool_wherever_the_focus_is(hands: Hands) -> None:
    window = hands.window
    optimizer = window.document.experiment.training.optimizer
    for holder in (window.top_bar.transport.speed, window.model_panel.learner, window.top_bar.transport.play_button):
        for letter, tool in (("S", "spray"), ("R", "select")):
            holder.setFocus()
            QTest.keyClicks(holder, letter)
            assert window.workspace.tool == tool
    assert window.document.experiment.training.optimizer == optimizer


def test_the_first_stroke_and_its_undo_do_not_restart_the_model(hands: Hands) -> None:
    run = hands.window.bridge.run_id
    hands.click(0.9, 0.9)
    hands.do("edit.undo")
    hands.do("edit.redo")
    assert hands.window.bridge.run_id == run


def test_a_figure_of_two_inputs_keeps_circles_round(hands: Hands) -> None:
    content = hands.window.files._figure()
    assert content.x_range is not None
    assert content.y_range is not None
    image = figure_image(content, "stage", 1)
    stage = Stage()
    stage.resize(image.width(), image.height())
    stage.set_dataset(content.dataset)
    stage.set_range(content.x_range, content.y_range)
    scale = np.abs(stage.frame.mapping.scale)
    stage.deleteLater()
    assert scale[0] == pytest.approx(scale[1], rel=0.005)


@pytest.mark.parametrize("text", ["", "hello", "1,2\n3", "1,2,A\n3,x,B"])
def test_what_cannot_be_pasted_is_explained_and_changes_nothing(hands: Hands, text: str) -> None:
    before = hands.window.document.experiment
    QApplication.clipboard().setText(text)
    hands.do("edit.paste")
    boxes = hands.window.findChildren(QMessageBox, "complaint")
    assert boxes or "clipboard" in hands.status
    for box in boxes:
        assert box.informativeText()
        press_button(box, QMessageBox.StandardButton.Ok)
    assert hands.window.document.experiment is before


def test_the_wheel_zooms_which_is_no_step_to_undo(hands: Hands) -> None:
    hands.click(0.3, 0.3)
    at = hands.pixel(0, 0)
    for _ in range(3):
        event = QWheelEvent(
            QPointF(at), QPointF(hands.window.stage.mapToGlobal(at)), QPoint(), QPoint(0, 120),
            Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(hands.window.stage, event)
    zoomed = hands.window.document.experiment.view
    assert zoomed.x_range is not None
    assert hands.n_points == 401
    hands.do("edit.undo")
    assert hands.n_points == 400
    assert hands.window.document.experiment.view == zoomed
    hands.do("edit.redo")
    assert hands.n_points == 401
    assert hands.window.document.experiment.view == zoomed
    hands.do("view.fit")
    assert hands.window.document.experiment.view.x_range is None


def test_units_are_equally_long_along_both_inputs_at_every_size(hands: Hands) -> None:
    for width, height in ((1440, 900), (1100, 900), (1600, 700)):
        hands.window.resize(width, height)
        QTest.qWait(30)
        scale = np.abs(hands.window.stage.frame.mapping.scale)
        assert scale[0] == pytest.approx(scale[1], rel=0.01)
    assert not hands.window.document.dirty


def test_axis_ranges_are_typed(hands: Hands, answer: Answer) -> None:
    def reply(dialog: QWidget) -> None:
        boxes = dialog.findChildren(QLineEdit)
        for box, text in zip(boxes, ("-5", "-6", "-2", "2"), strict=True):
            box.setText(text)
        buttons = found(dialog, QDialogButtonBox)
        ok = buttons.button(QDialogButtonBox.StandardButton.Ok)
        QTest.mouseClick(ok, Qt.MouseButton.LeftButton)
        assert dialog.isVisible()  # the left end is not left of the right one
        boxes[1].setText("7")
        QTest.mouseClick(ok, Qt.MouseButton.LeftButton)

    answer(reply)
    hands.do("view.range")
    assert hands.window.document.experiment.view.x_range == (-5, 7)
    assert hands.window.stage.figure.x_range == (-5, 7)


def test_an_empty_stage_says_what_the_tool_in_hand_can_do(open_window: Callable[..., Hands]) -> None:
    hands = open_window(Experiment(data=DrawnData()))
    assert hands.window.stage.hand.message.startswith("Click to draw points")
    hands.key(Qt.Key.Key_E)
    hands.wait(lambda: "Take the point or the spray tool" in hands.window.stage.hand.message)


def test_the_title_is_cut_short_where_there_is_no_room_and_never_clipped(hands: Hands, tmp_path: Path) -> None:
    title = hands.find(QLabel, "document_title")
    hands.window.document.mark_saved(tmp_path / "a lesson on boundaries that bend.playground", Experiment())
    hands.click(0.9, 0.9)
    hands.wait(lambda: hands.window.isWindowModified())
    for width in (1000, 1400, 2400):
        hands.window.resize(width, 700)
        hands.wait(lambda: title.window().width() >= 900)
        QTest.qWait(20)
        assert title.fontMetrics().horizontalAdvance(title.text()) <= title.width()
        assert "boundaries that bend — edited" in title.toolTip()
    assert title.text() == title.toolTip()


def test_the_title_tells_what_is_open_and_whether_it_is_saved(hands: Hands, tmp_path: Path) -> None:
    assert not hands.window.isWindowModified()
    hands.click(0.9, 0.9)
    assert hands.window.shown
    assert hands.window.isWindowModified()
    assert hands.window.windowTitle().startswith("Untitled")


@pytest.mark.parametrize(
    ("button", "closes"),
    [(QMessageBox.StandardButton.Discard, True), (QMessageBox.StandardButton.Cancel, False)],
)
def test_closing_with_unsaved_work_asks(
    hands: Hands, answer: Answer, button: QMessageBox.StandardButton, closes: bool
) -> None:
    hands.click(0.9, 0.9)
    answer(lambda dialog: press_button(dialog, button))
    assert hands.window.close() == closes
    assert hands.window.isVisible() != closes


def test_a_sixth_class_is_the_last(open_window: Callable[..., Hands]) -> None:
    hands = open_window(Experiment(data=DrawnData()))
    for _ in range(6):
        if hands.window.data_panel.classes.isVisible():
            hands.window.data_panel.class_added.emit()
    assert hands.window.shown.dataset.class_names == ("A", "B", "C", "D", "E", "F")
    assert hands.window.workspace.active_class == 5


def test_a_regression_is_drawn_by_its_height(open_window: Callable[..., Hands]) -> None:
    hands = open_window()
    hands.do("data.empty_curve")
    for x in (-0.8, -0.4, 0.0, 0.4, 0.8):
        hands.click(x, 0.5 * x)
    dataset = hands.window.shown.dataset
    assert dataset.task == "regression"
    assert dataset.y == pytest.approx(0.5 * dataset.X[:, 0], abs=0.02)
    hands.window.model.on_learner_chosen("linear_regression")
    hands.window.model.on_edited("learner.fit", "least_squares", True)
    hands.press(hands.window.top_bar.transport.play_button)
    hands.wait(lambda: hands.window.shown.outcome.status == "converged")
    equation = hands.window.shown.equation
    assert equation is not None
    assert equation.text.startswith("y = ")
    # Points added to an exact fit are fitted at once (some of them are held out).
    for x in (0.5, 0.6, 0.7, 0.9):
        hands.click(x, -0.9)
    hands.wait(lambda: hands.window.shown.equation not in (None, equation))


def test_after_a_converged_run_another_model_waits_for_play_unless_it_takes_one_step(
    open_window: Callable[..., Hands],
) -> None:
    hands = open_window(set_values(Experiment(), {"learner.kind": "knn"}))
    learner, status = hands.window.model.on_learner_chosen, lambda: hands.window.shown.outcome.status
    hands.press(hands.window.top_bar.transport.play_button)
    hands.wait(lambda: status() == "converged")
    learner("discriminant")
    hands.wait(lambda: status() == "converged")
    hands.window.data_panel.data_set_chosen.emit("moons")
    hands.wait(lambda: status() == "converged")
    learner("svm")  # and at once, before it is fitted
    learner("mlp")
    hands.settle()
    QTest.qWait(200)
    assert not hands.playing
    assert hands.epoch == 0
    hands.press(hands.window.top_bar.transport.play_button)
    hands.wait(lambda: hands.epoch > 0)
    learner("logistic_regression")  # one that was learning goes on
    hands.wait(lambda: hands.playing and hands.epoch > 0)
    hands.window.training.pause()


def test_after_a_converged_tree_other_settings_are_shown_and_another_data_set_waits(
    open_window: Callable[..., Hands],
) -> None:
    hands = open_window(set_values(Experiment(), {"learner.kind": "decision_tree"}))
    hands.press(hands.window.top_bar.transport.play_button)
    hands.wait(lambda: hands.window.shown.outcome.status == "converged")
    hands.window.model.on_edited("learner.max_depth", 2, True)
    hands.wait(lambda: hands.window.shown.outcome.status == "converged")
    hands.window.data_panel.data_set_chosen.emit("moons")
    hands.settle()
    QTest.qWait(200)
    assert not hands.playing
    assert hands.epoch == 0


def test_the_theme_is_toggled_and_everything_is_repainted(hands: Hands) -> None:
    light = hands.colour(0.0, 1.15)
    hands.do("view.theme")
    hands.settle()
    dark = hands.colour(0.0, 1.15)
    assert sum(dark) < sum(light) / 2
    hands.do("view.theme")
    assert hands.window.settings.theme == "light"


def test_letters_keep_their_size_when_a_row_is_marked_or_the_theme_changes(hands: Hands) -> None:
    row = hands.window.data_panel.shares.row("test_share")

    def size() -> int:
        return row.label.fontInfo().pixelSize()

    before = size()
    row.mark("wrong")
    row.mark(None)
    assert size() == before
    hands.do("view.theme")
    hands.do("view.theme")
    assert size() == before == hands.window.workspace.theme.font_size


def test_the_palette_finds_a_command_by_its_name(hands: Hands) -> None:
    hands.do("help.palette")
    palette = hands.window.look._palette
    QTest.keyClicks(palette.query, "empty surf")
    QTest.keyClick(palette.query, Qt.Key.Key_Return)
    assert hands.window.shown.dataset.task == "regression"
    assert hands.window.shown.dataset.n_inputs == 2


def learned(hands: Hands) -> None:
    hands.press(hands.window.top_bar.transport.play_button)
    hands.wait(lambda: hands.epoch > 20 and len(hands.window.curves.points()) > 20)


@pytest.mark.parametrize("way", ["new", "open"])
def test_what_is_opened_begins_untrained_and_waits(open_window: Callable[..., Hands], tmp_path: Path, way: str) -> None:
    hands = open_window()
    file = tmp_path / "mine.playground"
    save_experiment(file, Experiment())
    learned(hands)
    if way == "open":
        assert hands.window.files.open_path(file)
    else:
        hands.do("file.new")
    hands.wait(lambda: hands.window.shown.has_model and hands.epoch == 0)
    QTest.qWait(100)
    assert not hands.playing
    assert hands.epoch == 0
    assert len(hands.window.curves.points()) <= 1


def test_an_emptied_canvas_forgets_what_was_learned_and_waits(hands: Hands) -> None:
    learned(hands)
    hands.do("data.clear")
    hands.wait(lambda: not hands.playing and len(hands.window.curves.points()) <= 1)
    hands.click(-0.5, 0.5)
    hands.click(0.5, 0.5, Qt.MouseButton.RightButton)
    QTest.qWait(100)
    assert hands.n_points == 2
    assert (hands.playing, hands.epoch) == (False, 0)
    hands.do("edit.undo")
    hands.do("edit.undo")
    hands.do("edit.undo")
    assert hands.n_points == 400
    learned(hands)


def test_undo_after_a_typed_number_undoes_it_in_the_document(hands: Hands) -> None:
    row = hands.window.data_panel.sample.row("noise")
    before = hands.window.document.experiment
    type_into(row, "0.3")
    box = found(row, QLineEdit)
    box.setFocus()
    assert hands.window.document.experiment != before
    QTest.keyClick(box, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert hands.window.document.experiment == before
    assert hands.window.shown
    QTest.keyClick(box, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    assert hands.window.shown
    assert box.text() == "0.3"


def test_undo_while_a_number_is_typed_takes_back_the_typing(hands: Hands) -> None:
    hands.click(0.9, 0.9)
    box = found(hands.window.data_panel.shares.row("test_share"), QLineEdit)
    box.setFocus()
    QTest.keyClicks(box, "0.5")
    QTest.keyClick(box, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert "0.5" not in box.text()
    assert hands.n_points == 401
