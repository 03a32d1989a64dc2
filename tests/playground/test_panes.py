"""Data, projection and reconstruction side by side: what is selected, coloured or erased in one is so in all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QDialogButtonBox, QToolButton, QWidget

from engine.edits import set_values
from engine.experiment import Experiment, GeneratedData
from engine.files import save_experiment
from engine.table_sets import bundled_table
from playground import arguments, choices, export
from tests.playground.command_line import Say
from tests.playground.conftest import Hands
from tests.playground.controls import choose
from tests.playground.test_whole_path import type_file_name
from widgets.pairs import Pairs
from widgets.parallel import ParallelCoordinates
from widgets.stage import Stage
from widgets.theme import DARK, LIGHT

Open = Callable[..., Hands]


def table_experiment(**values: Any) -> Experiment:
    """Principal components of iris, found at once."""
    experiment = choices.with_task(choices.with_data(Experiment(), bundled_table("iris")), "projection")
    return set_values(experiment, {"learner.found": "svd", **values})


def converged(hands: Hands) -> None:
    hands.press(hands.window.top_bar.transport.play_button)
    hands.wait(lambda: hands.window.shown.outcome.status == "converged")
    hands.window.shown  # noqa: B018


def stage_in(hands: Hands, name: str) -> Stage:
    """The stage of a pane that is seen."""
    hands.wait(lambda: hands.window.findChild(QWidget, f"pane_{name}") is not None)
    pane = hands.find(QWidget, f"pane_{name}")
    hands.wait(lambda: pane.isVisible())
    stage = pane.findChild(Stage)
    assert isinstance(stage, Stage)
    return stage


def chip(hands: Hands, name: str) -> QToolButton:
    return next(
        each for each in hands.window.model_panel.findChildren(QToolButton) if each.accessibleName() == name
    )  # fmt: skip


def drag_over(stage: Stage, rows: np.ndarray) -> None:
    """Draw a rectangle about points by mouse."""
    pixels = stage.frame.mapping.to_pixels(np.asarray(stage.figure.dataset.X[rows], np.float64))
    low, high = QPointF(*(pixels.min(axis=0) - 3)).toPoint(), QPointF(*(pixels.max(axis=0) + 3)).toPoint()
    QTest.mousePress(stage, Qt.MouseButton.LeftButton, pos=low)
    QTest.mouseMove(stage, high)
    QTest.mouseRelease(stage, Qt.MouseButton.LeftButton, pos=high)
    QApplication.processEvents()


def shades(stage: Stage) -> set[tuple[int, int, int]]:
    """The colours painted where points are more than three times, as at their edges they are mixed."""
    picture = stage.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    found: Counter[tuple[int, int, int]] = Counter()
    for x, y in stage.frame.mapping.to_pixels(np.asarray(stage.figure.dataset.X, np.float64)):
        colour = QColor(picture.pixel(round(float(x)), round(float(y))))
        found[colour.red(), colour.green(), colour.blue()] += 1
    return {colour for colour, count in found.items() if count > 3}


def test_a_selection_in_one_pane_is_a_selection_in_all(open_window: Open) -> None:
    hands = open_window(table_experiment())
    hands.press(chip(hands, "Reconstruction"))
    converged(hands)
    scores, back = stage_in(hands, "projection"), stage_in(hands, "reconstruction")
    assert hands.window.shown.judged is not None
    np.testing.assert_allclose(
        scores.figure.dataset.X, hands.window.shown.judged.prediction.scores[:, :2], rtol=1e-5, atol=1e-6
    )
    left = np.flatnonzero(scores.figure.dataset.X[:, 0] < -1.0)  # one class of iris lies apart
    drag_over(scores, left)
    hands.wait(lambda: len(hands.window.workspace.selection) >= len(left))
    chosen = hands.window.shown.workspace.selection
    assert set(left) <= set(chosen.tolist())
    for stage in (hands.window.stage, back):
        assert np.array_equal(stage.figure.selection, chosen)
    few = np.asarray(chosen[:5])
    drag_over(back, few)
    hands.wait(lambda: not np.array_equal(hands.window.workspace.selection, chosen))
    hands.window.shown  # noqa: B018
    assert set(few.tolist()) <= set(scores.figure.selection.tolist())
    assert np.array_equal(scores.figure.selection, hands.window.stage.figure.selection)


def test_what_is_selected_beside_the_stage_can_be_erased_there(open_window: Open) -> None:
    hands = open_window(table_experiment())
    converged(hands)
    stage, n = stage_in(hands, "projection"), hands.n_points
    rows = np.flatnonzero(stage.figure.dataset.X[:, 0] < -1.0)
    ids = stage.figure.dataset.points.ids[rows]
    drag_over(stage, rows)
    hands.wait(lambda: len(hands.window.workspace.selection) > 0)
    hands.window.shown  # noqa: B018
    QTest.keyClick(stage, Qt.Key.Key_Delete)
    hands.wait(lambda: hands.n_points < n)
    assert not np.isin(hands.window.shown.dataset.points.ids, ids).any()
    hands.do("edit.undo")
    hands.wait(lambda: hands.n_points == n)


def test_points_are_coloured_alike_by_a_feature_or_by_what_is_left_over(open_window: Open) -> None:
    hands = open_window(table_experiment(**{"view.projection": "true", "view.loadings": "false"}))
    converged(hands)
    stage = stage_in(hands, "projection")
    assert len(shades(stage)) <= 8  # three classes
    box = next(each for each in hands.window.findChildren(QComboBox) if each.accessibleName() == "Colour by")
    choose(box, "petal length (cm)" if box.findData("petal length (cm)") >= 0 else box.itemData(3))
    name = hands.window.document.experiment.view.colour_by
    hands.wait(lambda: len(shades(stage)) > 8)
    coloured = hands.window.shown.coloured
    assert coloured is not None
    column = hands.window.shown.dataset.input_names.index(name)
    np.testing.assert_array_equal(coloured.y, hands.window.shown.dataset.X[:, column])
    assert stage.figure.points.coloured.target_name == hands.window.stage.figure.points.coloured.target_name == name
    choose(box, "(error)")
    hands.wait(lambda: stage.figure.points.coloured.target_name == "reconstruction error")
    model = hands.window.shown.model
    assert model is not None
    Z, V = np.asarray(model.data.Z, np.float64), model.state.directions
    centred = Z - Z.mean(axis=0)
    errors = (centred**2).sum(axis=1) - ((centred @ V.T) ** 2).sum(axis=1)
    np.testing.assert_allclose(stage.figure.points.coloured.y, errors, atol=1e-4)
    hands.do("edit.undo")
    assert hands.window.document.experiment.view.colour_by == name


def test_the_reconstruction_of_one_component_lies_on_its_axis(open_window: Open) -> None:
    experiment = choices.with_task(Experiment(data=GeneratedData(generator="correlated")), "projection")
    hands = open_window(set_values(experiment, {"learner.found": "svd", "view.reconstruction": "true"}))
    converged(hands)
    stage = stage_in(hands, "reconstruction")
    hands.wait(lambda: len(stage.figure.dataset.points) == hands.n_points)
    X = np.asarray(stage.figure.dataset.X, np.float64)
    singular = np.linalg.svd(X - X.mean(axis=0), compute_uv=False)
    assert singular[1] < 1e-5 * singular[0]
    assert stage.figure.x_range == pytest.approx(hands.window.stage.figure.x_range, rel=0.5)


def test_other_scores_are_chosen_and_a_pane_is_closed_where_it_stands(open_window: Open) -> None:
    hands = open_window(table_experiment(**{"learner.components": "3"}))
    converged(hands)
    stage = stage_in(hands, "projection")
    hands.wait(lambda: stage.figure.dataset.input_names == ("PC 1", "PC 2"))
    box = next(each for each in hands.window.findChildren(QComboBox) if each.accessibleName() == "Vertical score")
    assert [box.itemText(row) for row in range(box.count())] == ["PC 1", "PC 2", "PC 3"]
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Down)
    hands.wait(lambda: stage.figure.dataset.input_names == ("PC 1", "PC 3"))
    stage_then = hands.window.stage.width() * hands.window.stage.height()
    close = next(each for each in hands.window.findChildren(QToolButton) if each.accessibleName() == "Close projection")
    hands.press(close)
    hands.wait(lambda: not stage.isVisible())
    assert not hands.window.document.experiment.view.projection
    assert hands.window.stage.width() * hands.window.stage.height() > 1.8 * stage_then
    hands.do("edit.undo")
    hands.wait(lambda: stage.isVisible())


def test_loadings_point_where_their_features_grow_and_can_be_hidden(open_window: Open) -> None:
    hands = open_window(table_experiment())
    converged(hands)
    stage = stage_in(hands, "projection")
    loadings = stage.figure.overlays[0]
    names = hands.window.shown.dataset.input_names
    for name, tip in zip(loadings.names, loadings.tips, strict=True):  # type: ignore[union-attr]
        values = hands.window.shown.dataset.X[:, names.index(name)]
        for axis in range(2):
            agreement = float(np.corrcoef(values, stage.figure.dataset.X[:, axis])[0, 1])
            assert agreement * float(tip[axis]) > -1e-6
    hands.press(next(each for each in hands.window.findChildren(QToolButton) if each.accessibleName() == "Loadings"))
    hands.wait(lambda: not stage.figure.overlays)


def test_a_pane_is_exported_as_a_figure(
    open_window: Open, tmp_path: Path, answer: Callable[[Callable[[QWidget], None]], None]
) -> None:
    hands = open_window(table_experiment())
    converged(hands)
    stage_in(hands, "projection")
    path = tmp_path / "scores.svg"

    def choose_projection(dialog: QWidget) -> None:
        what, kind = dialog.findChild(QComboBox, "what"), dialog.findChild(QComboBox, "format")
        assert what is not None
        assert kind is not None
        what.setCurrentIndex(what.findText("Projection"))
        kind.setCurrentIndex(kind.findData(".svg"))
        answer(type_file_name(path))
        buttons = dialog.findChild(QDialogButtonBox)
        assert buttons is not None
        QTest.mouseClick(buttons.button(QDialogButtonBox.StandardButton.Save), Qt.MouseButton.LeftButton)

    answer(choose_projection)
    hands.do("file.export")
    hands.wait(path.exists)
    text = path.read_text(encoding="utf-8")
    assert "PC 1" in text
    assert "PC 2" in text


def test_pairs_and_parallel_coordinates_are_linked_and_a_pair_goes_on_the_stage(open_window: Open) -> None:
    hands = open_window(choices.with_data(Experiment(), bundled_table("iris")))
    for name in ("Pairs", "Parallel"):
        hands.press(chip(hands, name))
    hands.wait(lambda: len(hands.window.findChildren(Pairs)) == 1)
    pairs, parallel = hands.find(Pairs), hands.find(ParallelCoordinates)
    hands.wait(lambda: pairs.isVisible() and parallel.isVisible())
    hands.window.stage.select(np.arange(20))
    hands.wait(lambda: len(pairs.selection) == 20)
    assert np.array_equal(parallel.selection, np.arange(20))
    pairs.setFocus()
    QTest.keyClick(pairs, Qt.Key.Key_Right)
    QTest.keyClick(pairs, Qt.Key.Key_Return)
    hands.wait(lambda: hands.window.document.experiment.view.plane.kind == "pair")
    plane = hands.window.document.experiment.view.plane
    assert plane.horizontal != plane.vertical
    hands.wait(lambda: hands.window.shown.stage_dataset.input_names == (plane.horizontal, plane.vertical))


def test_a_figure_of_pairs_is_light_though_the_window_is_dark(open_window: Open) -> None:
    hands = open_window(set_values(choices.with_data(Experiment(), bundled_table("iris")), {"view.pairs": "true"}))
    hands.wait(lambda: len(hands.window.findChildren(Pairs)) == 1)
    if hands.window.workspace.theme is LIGHT:
        hands.do("view.theme")
    (name, paint), *_ = hands.window.panes.figures()
    assert name == "Pairs"
    picture = QImage(500, 400, QImage.Format.Format_RGB32)
    painter = QPainter(picture)
    paint(painter, QRectF(0, 0, 500, 400), LIGHT)
    painter.end()
    assert QColor(picture.pixel(1, 1)) == QColor(LIGHT.window)
    assert hands.find(Pairs).theme is hands.window.workspace.theme is DARK


def test_scores_are_fitted_where_they_are_others_or_the_pane_has_another_shape(open_window: Open) -> None:
    experiment = choices.with_task(Experiment(data=GeneratedData(generator="correlated")), "projection")
    hands = open_window(set_values(experiment, {"learner.found": "svd", "view.projection": "true"}))
    converged(hands)
    stage = stage_in(hands, "projection")
    hands.wait(lambda: stage.figure.axis_names() == ("PC 1", "count"))
    hands.window.model.on_edited("learner.components", 2, True)
    hands.wait(lambda: stage.figure.axis_names() == ("PC 1", "PC 2"))

    def is_round() -> bool:
        scale = np.abs(stage.frame.mapping.scale)
        return bool(abs(scale[0] - scale[1]) < 0.01 * scale[0])

    hands.wait(is_round)
    before = stage.size()
    hands.press(chip(hands, "Reconstruction"))
    hands.wait(lambda: stage.size() != before)
    hands.wait(is_round)
    assert len(stage.figure.points.in_view(stage.frame.mapping)) == hands.n_points  # type: ignore[arg-type]


def test_the_pointer_reads_scores_by_their_names_and_what_colours_a_point(open_window: Open) -> None:
    hands = open_window(table_experiment(**{"view.colour_by": "(error)", "view.loadings": "false"}))
    converged(hands)
    stage = stage_in(hands, "projection")
    hands.wait(lambda: stage.figure.points.coloured.target_name == "reconstruction error")
    at = stage.frame.mapping.to_pixels(np.asarray(stage.figure.dataset.X[:1], np.float64))[0]
    QTest.mouseMove(stage, QPointF(*at).toPoint())
    hands.wait(lambda: any("reconstruction error" in line for line in stage.hand.reading))
    assert stage.hand.reading[0].startswith("PC 1 = ")
    assert "PC 2 = " in stage.hand.reading[0]


def test_the_command_line_draws_every_pane_with_a_legend_of_its_classes(tmp_path: Path, say: Say) -> None:
    assert set(arguments.FIGURES) == set(export.FIGURES) - {"view"}
    for what, words in {
        "projection": ("PC 1", "PC 2", "setosa"), "reconstruction": ("PC 1", "setosa"),
        "pairs": ("petal width", "setosa"), "parallel": ("petal width", "setosa"),
    }.items():  # fmt: skip
        path, out = tmp_path / "iris.playground", tmp_path / f"{what}.svg"
        save_experiment(path, table_experiment(**{"view.loadings": "false"}))
        assert say("render", path, "-o", out, "--what", what)[0] == 0
        text = out.read_text(encoding="utf-8")
        for word in words:
            assert word in text, (what, word)


def test_a_figure_of_the_stage_has_the_colours_that_the_stage_has(tmp_path: Path, say: Say) -> None:
    experiment = table_experiment(**{"view.colour_by": "(error)"})
    save_experiment(tmp_path / "iris.playground", experiment)
    say("render", tmp_path / "iris.playground", "-o", tmp_path / "stage.svg")
    assert "reconstruction error" in (tmp_path / "stage.svg").read_text(encoding="utf-8")


def test_the_status_bar_says_what_a_slider_has_fitted_anew_and_counts_steps_by_their_name(open_window: Open) -> None:
    hands = open_window(table_experiment(**{"learner.components": "2"}))
    converged(hands)
    hands.wait(lambda: hands.status == "2 directions found at once.")
    hands.window.model.on_edited("learner.components", 3, True)
    hands.wait(lambda: hands.status == "3 directions found at once.")
    hands.window.model.on_edited("learner.found", "power_iteration", True)
    hands.do("run.reset")
    hands.wait(lambda: hands.window.shown.has_model and hands.window.shown.outcome.status == "running")
    hands.window.training.step("step", 2)
    hands.wait(lambda: hands.status == "Step 2.")


def test_a_pane_without_scores_says_what_there_is_to_do_and_not_to_press_play_in_vain(open_window: Open) -> None:
    drawn = choices.erasing_points(Experiment(data=GeneratedData(generator="moons")), np.arange(1, 400))
    experiment = choices.with_learner(choices.with_task(drawn, "projection"), "pca")
    hands = open_window(set_values(experiment, {"view.projection": "true", "view.reconstruction": "true"}))
    stages = [stage_in(hands, name) for name in ("projection", "reconstruction")]
    hands.wait(lambda: all("Only one point" in stage.hand.message for stage in stages))
    assert not any("Press play" in stage.hand.message for stage in stages)
