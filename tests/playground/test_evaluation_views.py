"""The tabs under the stage: in step with the run, the threshold, the selection and the task, as a person uses them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QDialogButtonBox, QPushButton, QTabBar, QToolButton, QWidget
from sklearn import metrics as reference

from engine import weights
from engine.dataset import Part
from engine.edits import set_values
from engine.experiment import Experiment, GeneratedData
from engine.learner import TrainingData
from engine.learners.k_means import KMeans
from engine.overlays import Line
from engine.training import Run
from playground.settings import AppSettings
from tests.playground.command_line import Say
from tests.playground.conftest import Hands
from tests.playground.test_whole_path import type_file_name
from widgets.confusion import Confusion
from widgets.metrics_table import MetricsTable
from widgets.residuals import Residuals
from widgets.roc import Roc
from widgets.weights import WeightsView

MOONS = set_values(Experiment(), {"data.generator": "moons", "data.noise": 0.4, "learner.layers": "6"})
SINE = set_values(Experiment(), {"data.generator": "sine", "training.loss.kind": "squared", "learner.layers": "6"})

Open = Callable[..., Hands]


def bar(hands: Hands) -> QTabBar:
    return next(each for each in hands.window.findChildren(QTabBar) if each.accessibleName() == "Views")


def choose(hands: Hands, title: str) -> None:
    """Click a tab."""
    tabs = bar(hands)
    index = next(row for row in range(tabs.count()) if tabs.tabText(row) == title)
    QTest.mouseClick(tabs, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, tabs.tabRect(index).center())


def train(hands: Hands, epochs: int = 40) -> None:
    hands.window.training.step("epoch", epochs)
    hands.wait(lambda: hands.window.training.snapshot is not None and hands.window.training.snapshot.epoch >= epochs)


def rates(hands: Hands) -> tuple[float, float]:
    """Test accuracy as the bar under the stage says it, and as the marks on the stage have it."""
    shown = hands.window.shown
    metrics, said = shown.metrics["test"]["accuracy"].value, shown.predictions
    assert said is not None
    assert said.labels is not None
    rows = shown.dataset.rows(Part.TEST)
    return metrics, float(np.mean(said.labels[rows] == shown.dataset.y[rows]))


def boundaries(hands: Hands) -> list[list[list[float]]]:
    lines = (overlay for overlay in hands.window.shown.overlays if isinstance(overlay, Line))
    return [line.xy.tolist() for line in lines if line.role == "boundary"]


def test_each_tab_shows_the_model_that_is_on_the_stage(open_window: Open) -> None:
    hands = open_window(MOONS)
    train(hands)
    choose(hands, "Metrics")
    view = hands.find(MetricsTable)
    accuracy = hands.window.shown.metrics["test"]["accuracy"].value
    hands.wait(lambda: f"{100 * accuracy:.1f} ±" in view.text())
    choose(hands, "Confusion")
    matrix = hands.find(Confusion)
    wanted = f"{round(accuracy * 120)} of 120 are right"
    hands.wait(lambda: wanted in matrix.summary())
    choose(hands, "ROC")
    hands.wait(lambda: "AUC" in hands.find(Roc).summary())


def test_views_follow_while_it_learns(open_window: Open) -> None:
    hands = open_window(MOONS, AppSettings(bottom_view="metrics"))
    view = hands.find(MetricsTable)
    hands.wait(lambda: "Accuracy" in view.text())
    before = view.text()
    hands.window.training.play()
    hands.wait(lambda: view.text() != before)
    now = view.text()
    hands.wait(lambda: view.text() != now)
    hands.window.training.pause()


def test_what_means_nothing_for_the_task_is_disabled_and_says_why(open_window: Open) -> None:
    hands = open_window(MOONS, AppSettings(bottom_view="roc"))
    tabs = bar(hands)
    enabled = {tabs.tabText(row): tabs.isTabEnabled(row) for row in range(tabs.count())}
    assert enabled["ROC"]
    assert not enabled["Residuals"]
    assert "classification" in tabs.tabToolTip(list(enabled).index("Residuals"))
    hands.window.document.edit(SINE, "Regress")
    hands.wait(lambda: hands.window.shown.dataset.task == "regression")
    assert tabs.tabText(tabs.currentIndex()) == "Curves"
    choose(hands, "ROC")
    assert tabs.tabText(tabs.currentIndex()) == "Curves"
    hands.do("edit.undo")
    hands.wait(lambda: hands.window.shown.dataset.task == "classification")
    assert tabs.tabText(tabs.currentIndex()) == "ROC"


def test_the_tab_in_front_is_remembered(open_window: Open) -> None:
    hands = open_window(MOONS)
    choose(hands, "Confusion")
    hands.window.remember_layout()
    assert hands.window.settings.bottom_view == "confusion"
    again = open_window(MOONS, hands.window.settings)
    assert bar(again).tabText(bar(again).currentIndex()) == "Confusion"


def test_an_unknown_tab_in_the_settings_is_the_first(open_window: Open) -> None:
    hands = open_window(MOONS, AppSettings(bottom_view="gone"))
    assert bar(hands).currentIndex() == 0


def test_a_click_on_a_cell_selects_its_points_on_the_stage(open_window: Open) -> None:
    hands = open_window(MOONS)
    train(hands)
    choose(hands, "Confusion")
    view = hands.find(Confusion)
    hands.wait(lambda: "are right" in view.summary())
    at = view.cell_area(0, 1).center().toPoint()
    QTest.mouseClick(view.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
    shown = hands.window.shown
    said, test = shown.predictions, shown.dataset.rows(Part.TEST)
    assert said is not None
    assert said.labels is not None
    wanted = test[(shown.dataset.y[test] == 0) & (said.labels[test] == 1)]
    assert len(wanted)
    assert shown.workspace.selection.tolist() == wanted.tolist()
    assert hands.status == f"{len(wanted)} test points of A predicted as B are selected."


def test_a_click_on_a_class_in_a_cluster_selects_its_points(open_window: Open) -> None:
    blobs = Experiment(data=GeneratedData(generator="blobs"), learner=KMeans(k=6))
    hands = open_window(blobs)
    hands.press(hands.window.top_bar.transport.step_button)
    hands.wait(lambda: hands.epoch == 1)
    choose(hands, "Confusion")
    view = hands.find(Confusion)
    hands.wait(lambda: "stands for their class" in view.summary())
    at = view.cell_area(2, 2).center().toPoint()
    QTest.mouseClick(view.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
    shown = hands.window.shown
    selection, said = shown.workspace.selection, shown.predictions
    assert len(selection)
    assert said is not None
    assert said.labels is not None
    assert set(shown.dataset.y[selection].tolist()) == {2}
    (cluster,) = set(said.labels[selection].tolist())
    assert hands.status == f"{len(selection)} points of C in cluster {cluster + 1} are selected."
    assert len(selection) == np.count_nonzero((shown.dataset.y == 2) & (said.labels == cluster))


def test_a_click_on_a_residual_selects_its_point(open_window: Open) -> None:
    hands = open_window(SINE)
    train(hands)
    choose(hands, "Residuals")
    view = hands.find(Residuals)
    hands.wait(lambda: "residuals from" in view.summary())
    shown = hands.window.shown
    assert shown.predictions is not None
    assert shown.predictions.values is not None
    left = shown.dataset.y - shown.predictions.values
    row = int(np.argmax(np.abs(left)))
    at = view.place_of(float(shown.predictions.values[row]), float(left[row])).toPoint()
    QTest.mouseClick(view.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
    assert hands.window.shown.workspace.selection.tolist() == [row]
    assert f"row {row + 1}" in hands.status


def test_a_cell_selects_the_same_points_after_others_were_erased(open_window: Open) -> None:
    """What a view shows may be a moment older than the stage: rows are found again by their identity."""
    hands = open_window(MOONS)
    train(hands)
    choose(hands, "Confusion")
    view = hands.find(Confusion)
    hands.wait(lambda: "are right" in view.summary())
    before = hands.window.shown.dataset
    from playground.choices import erasing_points

    hands.window.document.edit(erasing_points(hands.window.document.experiment, np.arange(50)), "Erase")
    view.cell_chosen.emit("all", 0, 0)
    after = hands.window.shown
    chosen = after.workspace.selection
    assert len(chosen)
    assert set(after.dataset.points.ids[chosen]) <= set(before.points.ids[50:])
    assert (after.dataset.y[chosen] == 0).all()


# -- the threshold


def test_the_threshold_moves_boundary_errors_accuracy_and_matrix_together(open_window: Open) -> None:
    hands = open_window(MOONS)
    train(hands)
    choose(hands, "ROC")
    roc = hands.find(Roc)
    hands.wait(lambda: "Threshold 0.5" in roc.summary())
    boundary = boundaries(hands)
    for _ in range(40):
        QTest.keyClick(roc.canvas, Qt.Key.Key_Left)
        QApplication.processEvents()
    assert hands.window.document.experiment.view.threshold == pytest.approx(0.9)
    hands.wait(lambda: "Threshold 0.9" in roc.summary())
    assert boundaries(hands) != boundary
    shown = hands.window.shown
    said, rows = shown.predictions, shown.dataset.rows(Part.TEST)
    assert said is not None
    assert said.probabilities is not None
    by_hand = float(np.mean((said.probabilities[rows, 1] >= 0.9) == (shown.dataset.y[rows] == 1)))
    assert rates(hands) == pytest.approx((by_hand, by_hand))
    choose(hands, "Confusion")
    hands.wait(lambda: f"{round(by_hand * len(rows))} of {len(rows)} are right" in hands.find(Confusion).summary())
    assert "curves are at a threshold of 0.5" in "".join(
        button.toolTip() for button in hands.window.curves.findChildren(QToolButton)
    )


def test_a_dragged_threshold_is_one_step_to_undo(open_window: Open) -> None:
    hands = open_window(MOONS)
    train(hands)
    choose(hands, "ROC")
    roc = hands.find(Roc)
    hands.wait(lambda: "AUC" in roc.summary())
    for value in (0.4, 0.3, 0.2):
        roc.threshold_changed.emit(value, False)
    roc.threshold_changed.emit(0.2, True)
    assert hands.window.document.undo_text == "Threshold"
    hands.do("edit.undo")
    assert hands.window.document.experiment.view.threshold == 0.5
    assert hands.window.document.undo_text == ""


def test_a_threshold_keeps_the_model_that_was_learned(open_window: Open) -> None:
    hands = open_window(MOONS)
    train(hands)
    roc = hands.window.evaluation.view("roc")
    roc.threshold_changed.emit(0.7, True)
    hands.wait(lambda: hands.window.shown.judged is not None and hands.window.shown.judged.threshold == 0.7)
    assert hands.epoch == 40


def test_scores_without_probabilities_say_why_there_is_no_threshold(open_window: Open) -> None:
    hands = open_window(set_values(MOONS, {"training.loss.kind": "hinge"}), AppSettings(bottom_view="roc"))
    train(hands)
    roc = hands.find(Roc)
    hands.wait(lambda: "AUC" in roc.summary())
    assert "Threshold" not in roc.summary()


# -- docks, figures, command line


def test_the_dock_floats_and_closes_and_comes_back(open_window: Open) -> None:
    hands = open_window(MOONS, AppSettings(bottom_view="metrics"))
    dock = hands.window.evaluation.dock
    floats, closes = (
        next(each for each in dock.findChildren(QToolButton) if each.accessibleName() == name)
        for name in ("Float", "Close")
    )
    hands.press(floats)
    assert dock.isFloating()
    hands.press(floats)
    assert not dock.isFloating()
    hands.press(closes)
    assert not dock.isVisible()
    train(hands)
    assert hands.window.evaluation.figure() is None
    dock.toggleViewAction().trigger()
    view = hands.find(MetricsTable)
    accuracy = hands.window.shown.metrics["test"]["accuracy"].value
    hands.wait(lambda: f"{100 * accuracy:.1f} ±" in view.text())


def test_the_view_in_front_is_exported_as_a_figure(
    open_window: Open, tmp_path: Path, answer: Callable[[Callable[[QWidget], None]], None]
) -> None:
    hands = open_window(MOONS, AppSettings(bottom_view="confusion", folder=str(tmp_path)))
    train(hands)
    hands.wait(lambda: "are right" in hands.find(Confusion).summary())

    def choose_view(dialog: QWidget) -> None:
        box = dialog.findChild(QComboBox, "what")
        assert isinstance(box, QComboBox)
        box.setCurrentIndex(box.findText("Confusion matrix"))
        answer(type_file_name(tmp_path / "matrix.png"))
        buttons = dialog.findChild(QDialogButtonBox)
        assert isinstance(buttons, QDialogButtonBox)
        QTest.mouseClick(buttons.button(QDialogButtonBox.StandardButton.Save), Qt.MouseButton.LeftButton)

    answer(choose_view)
    hands.do("file.export")
    image = QImage(str(tmp_path / "matrix.png"))
    assert image.width() == 1920
    assert len({image.pixelColor(x, y).name() for x in range(0, 1900, 20) for y in range(0, 900, 20)}) > 3


def test_run_prints_every_metric_matrix_curve_and_bin(say: Say, moons: Path) -> None:
    code, out, _ = say("run", moons, "--epochs", 30, "--json", "--set", "view.threshold=0.3")
    assert code == 0
    found = json.loads(out)["evaluation"]["test"]
    run = Run(set_values(_opened(moons), {"view.threshold": 0.3}))
    run.advance_epochs(30)
    rows = run.dataset.rows(Part.TEST)
    said, y = run.predict(run.dataset.X[rows]), run.dataset.y[rows].astype(int)
    assert said.probabilities is not None
    p = said.probabilities[:, 1]
    labels = p >= 0.3
    metrics = {name: each["value"] for name, each in found["metrics"].items()}
    assert metrics["accuracy"] == pytest.approx(reference.accuracy_score(y, labels), abs=1e-6)
    assert metrics["f1"] == pytest.approx(reference.f1_score(y, labels, average="macro"), abs=1e-6)
    assert metrics["auc"] == pytest.approx(reference.roc_auc_score(y, p), abs=1e-6)
    assert metrics["log_loss"] == pytest.approx(reference.log_loss(y, said.probabilities.astype(float)), abs=1e-6)
    assert found["classes"]["B"]["recall"]["value"] == pytest.approx(reference.recall_score(y, labels), abs=1e-6)
    assert found["confusion"]["counts"] == reference.confusion_matrix(y, labels).tolist()
    fpr, tpr, _ = reference.roc_curve(y, p, drop_intermediate=False)
    assert found["roc"]["B"]["false_positive_rate"] == pytest.approx(fpr.tolist())
    assert found["roc"]["B"]["true_positive_rate"] == pytest.approx(tpr.tolist())
    assert found["threshold"] == 0.3
    assert sum(found["calibration"]["B"]["counts"]) == found["points"] == len(rows)


def test_run_prints_the_errors_of_a_regression(say: Say, moons: Path) -> None:
    code, out, _ = say("run", moons, "--epochs", 5, "--json", "--set", "data.generator=sine",
                       "--set", "training.loss.kind=squared")  # fmt: skip
    assert code == 0
    test = json.loads(out)["evaluation"]["test"]
    assert set(test["metrics"]) == {"mse", "rmse", "mae", "r2"}
    assert "confusion" not in test


def _opened(path: Path) -> Experiment:
    from engine.files import load_experiment

    return load_experiment(path)


def test_segments_fit_their_words(open_window: Open) -> None:
    """In the narrowest window the choices above a picture are still whole."""
    hands = open_window(MOONS)
    hands.window.resize(1024, 700)
    for title, kind in (("Metrics", MetricsTable), ("Confusion", Confusion), ("ROC", Roc)):
        choose(hands, title)
        for button in hands.find(kind).findChildren(QPushButton):
            assert button.width() >= button.fontMetrics().horizontalAdvance(button.text()), button.text()


def test_weights_are_there_before_their_paths(open_window: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    may_solve = threading.Event()
    solved = weights.lasso_path

    def slow(data: TrainingData) -> weights.WeightPath:
        may_solve.wait(20)
        return solved(data)

    monkeypatch.setattr(weights, "lasso_path", slow)
    linear = {"learner.kind": "linear_regression", "learner.fit": "coordinate_descent", "preparation.polynomial": "5"}
    hands = open_window(set_values(SINE, linear))
    choose(hands, "Weights")
    view = hands.find(WeightsView)
    hands.wait(lambda: "largest weights" in view.summary())
    assert not view._kinds.button("l1").isEnabled()
    may_solve.set()
    hands.wait(lambda: view._kinds.button("l1").isEnabled())
