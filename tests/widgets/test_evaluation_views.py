"""Metrics table, confusion matrix, ROC and residuals: what they paint, say and wish, by mouse and keyboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from engine.confusion import confusion_by_part
from engine.dataset import Dataset, Points, Task
from engine.learner import Prediction
from engine.ranking import rankings
from engine.report import reports
from engine.snapshot import Judged
from tests.engine.sayings import said_of_classes
from widgets.confusion import Clusters, Confusion, contrast, readable_on
from widgets.metrics_table import MetricsTable
from widgets.picture_view import PictureView
from widgets.residuals import Residuals
from widgets.roc import Roc
from widgets.sections import ElidedLabel
from widgets.theme import DARK, LIGHT, Theme

Show = Callable[[Any, int, int], Any]
Picture = Callable[[QWidget], QImage]
NAMES = ("cats", "dogs", "owls", "D", "E", "F", "G", "H", "I", "J", *(f"class {index}" for index in range(10, 20)))


def judged_classes(n: int = 120, n_classes: int = 2, *, probabilities: bool = True) -> Judged:
    said, y = said_of_classes(n, n_classes)
    if not probabilities:
        said = Prediction(said.scores, None, said.labels)
    return _judged(said, y, "classification", NAMES[:n_classes])


def judged_values(n: int = 90, n_inputs: int = 1) -> Judged:
    rng = np.random.default_rng(8)
    y = rng.normal(size=n)
    values = y + rng.normal(scale=0.3, size=n)
    return _judged(Prediction(values[:, None], values=values), y, "regression", (), n_inputs)


def _judged(said: Prediction, y: Any, task: Task, names: tuple[str, ...], n_inputs: int = 2) -> Judged:
    X = np.linspace(-1, 1, len(y) * n_inputs).reshape(-1, n_inputs)
    inputs = ("x1", "x2")[:n_inputs] if n_inputs == 2 else ("x",)
    return Judged(Dataset(Points(X, y), task, np.arange(len(y)) % 3, names, inputs), np.arange(len(y)), said)


def table(judged: Judged, theme: Theme = LIGHT) -> MetricsTable:
    view = MetricsTable(theme)
    view.set_content(reports(judged), judged.dataset.class_names)
    return view


def confusion(judged: Judged, theme: Theme = LIGHT) -> Confusion:
    view = Confusion(theme)
    view.set_content(confusion_by_part(judged), judged.dataset.class_names)
    return view


def roc(judged: Judged, theme: Theme = LIGHT, why_fixed: str = "") -> Roc:
    view = Roc(theme)
    view.set_content(rankings(judged), judged.dataset.class_names, judged.threshold, why_fixed)
    return view


def residuals(judged: Judged, theme: Theme = LIGHT) -> Residuals:
    view = Residuals(theme)
    view.set_content(judged)
    return view


def press(view: QWidget, text: str) -> None:
    (button,) = [each for each in view.findChildren(QPushButton) if each.text() == text]
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def click(view: PictureView, at: QPointF) -> None:
    QTest.mouseClick(view.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at.toPoint())


def colours(image: QImage) -> set[str]:
    return {image.pixelColor(x, y).name() for x in range(0, image.width(), 2) for y in range(0, image.height(), 2)}


# -- all of them


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
@pytest.mark.parametrize("size", [(300, 110), (470, 150), (1200, 480)])
@pytest.mark.parametrize(
    "make",
    [
        lambda theme: table(judged_classes(120, 3), theme),
        lambda theme: confusion(judged_classes(400, 20), theme),
        lambda theme: roc(judged_classes(), theme),
        lambda theme: residuals(judged_values(), theme),
    ],
    ids=["table", "confusion", "roc", "residuals"],
)
def test_a_view_paints_something_at_every_size_in_both_themes(
    show: Show, picture: Picture, make: Callable[[Theme], PictureView], size: tuple[int, int], theme: Theme
) -> None:
    view = show(make(theme), *size)
    image = picture(view.canvas)
    assert image.pixelColor(1, image.height() - 2).name() == theme.window
    assert len(colours(image)) > 8
    assert len(view.canvas.accessibleDescription()) > 40


@pytest.mark.parametrize("make", [MetricsTable, Confusion, Roc, Residuals])
def test_an_empty_view_says_when_there_will_be_something(show: Show, make: Callable[[], PictureView]) -> None:
    view = show(make(), 500, 160)
    assert "once there is a model" in view.summary()
    QTest.mouseClick(view.canvas, Qt.MouseButton.LeftButton)
    QTest.keyClick(view.canvas, Qt.Key.Key_Return)
    QTest.mouseMove(view.canvas)
    view.grab()


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: table(judged_classes()), "Balanced accuracy"),
        (lambda: confusion(judged_classes()), "predicted"),
        (lambda: roc(judged_classes()), "false positive rate"),
        (lambda: residuals(judged_values()), "residual"),
    ],
)
def test_a_figure_holds_the_words_of_the_view_as_text(qtbot: QtBot, make: Callable[[], PictureView], text: str) -> None:
    view = make()
    qtbot.addWidget(view)
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setResolution(96)
    painter = QPainter(generator)
    view.render_figure(painter, QRectF(0, 0, 800, 400), DARK)
    painter.end()
    written = bytes(data.data()).decode()
    assert text in written
    assert DARK.window in written


# -- the table


def test_the_table_shows_the_numbers_of_the_reports_and_copies_them(show: Show) -> None:
    judged = judged_classes(150, 3)
    view = show(table(judged), 900, 400)
    QTest.keySequence(view.canvas, "Ctrl+C")
    text = QApplication.clipboard().text()
    head, *lines = text.splitlines()
    assert head.split("\t") == ["", "train", "validation", "test"]
    rows = {line.split("\t")[0]: line.split("\t")[1:] for line in lines}
    labels, y = judged.prediction.labels, judged.y
    assert labels is not None
    test = judged.parts == 2
    assert rows["Accuracy"][2].startswith(f"{100 * np.mean(labels[test] == y[test]):.1f} ±")
    assert {"owls Precision", "owls Recall", "owls F1", "owls AUC", "F1, mean", "AUC, mean", "Log loss"} <= set(rows)


def test_one_standard_error_is_the_interval_over_1_96(show: Show) -> None:
    view = show(table(judged_values()), 700, 300)

    def half_width() -> float:
        line = next(line for line in view.text().splitlines() if line.startswith("MAE"))
        return float(line.split("\t")[1].split("±")[1])

    interval = half_width()
    press(view, "± SE")
    assert half_width() == pytest.approx(interval / 1.96, rel=0.1)


def test_a_cell_of_the_table_explains_its_metric(show: Show) -> None:
    view = show(table(judged_classes()), 700, 300)
    tips = {view.tip_at(QPointF(x, y)) for x in range(20, 600, 10) for y in range(20, 200, 8)}
    assert any("validation points whose class is predicted right" in tip for tip in tips)
    assert any("DeLong" in tip for tip in tips)


def test_a_sample_is_said_to_be_one(show: Show) -> None:
    judged = judged_classes(300)
    some = np.arange(0, 300, 2)
    sampled = Judged(judged.dataset, some, judged.said_of(some))
    view = show(table(sampled), 1400, 300)
    assert any("a fixed sample of 50 of 100 points" in each.toolTip() for each in view.findChildren(ElidedLabel))


# -- the confusion matrix


def test_a_click_on_a_cell_wishes_for_its_points(show: Show, qtbot: QtBot) -> None:
    view = show(confusion(judged_classes(120, 3)), 600, 300)
    with qtbot.waitSignal(view.cell_chosen) as heard:
        click(view, view.cell_area(2, 1).center())
    assert heard.args == ["test", 2, 1]


def test_arrows_move_between_cells_and_enter_chooses(show: Show, qtbot: QtBot) -> None:
    view = show(confusion(judged_classes(120, 3)), 600, 300)
    view.canvas.setFocus()
    before = view.canvas.accessibleDescription()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Right):
        QTest.keyClick(view.canvas, key)
    assert view.canvas.accessibleDescription() != before
    assert view.cell_text(2, 1) in view.canvas.accessibleDescription()
    with qtbot.waitSignal(view.cell_chosen) as heard:
        QTest.keyClick(view.canvas, Qt.Key.Key_Space)
    assert heard.args == ["test", 2, 1]


def test_another_part_is_counted_when_it_is_chosen(show: Show, qtbot: QtBot) -> None:
    view = show(confusion(judged_classes(120, 2)), 600, 300)
    box = view.findChild(QComboBox)
    assert [box.itemText(row) for row in range(box.count())] == ["Test", "Validation", "Training", "All points"]
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_End)
    assert view.part == "all"
    assert "all points" in view.summary()
    with qtbot.waitSignal(view.cell_chosen) as heard:
        click(view, view.cell_area(0, 0).center())
    assert heard.args == ["all", 0, 0]


def test_clusters_stand_in_the_columns_where_points_were_grouped(show: Show, qtbot: QtBot) -> None:
    matrix = np.array([[9, 0, 1], [2, 8, 0]])
    view = Confusion()
    clusters = Clusters(("3", "1", "none"), ("cluster 3", "cluster 1", "no cluster"), (0, 1, -1))
    view.set_content({"all": matrix}, ("A", "B"), clusters)
    show(view, 600, 300)
    assert view.summary().startswith("17 of 20 points are in the cluster that stands for their class.")
    assert view.cell_text(1, 0) == "2 of the 10 points of B are in cluster 3 (20 % of B, 18 % of cluster 3)."
    with qtbot.waitSignal(view.cell_chosen) as heard:
        click(view, view.cell_area(0, 2).center())
    assert heard.args == ["all", 0, 2]
    for _ in range(3):
        QTest.keyClick(view.canvas, Qt.Key.Key_Left)
    assert view.cell_text(0, 0) in view.summary()


def test_shares_by_row_are_recalls_and_by_column_precisions(show: Show, picture: Picture) -> None:
    matrix = np.array([[1, 9], [0, 30]])
    view = Confusion()
    view.set_content({"test": matrix, "all": matrix}, ("A", "B"))
    show(view, 600, 300)
    assert "10 % of A" in view.cell_text(0, 0)
    assert "100 % of what is predicted as A" in view.cell_text(0, 0)

    def strength(row: int, column: int) -> float:
        at = view.cell_area(row, column)
        colour = picture(view.canvas).pixelColor(round(at.left()) + 4, round(at.top()) + 4)
        return contrast(colour, QColor(LIGHT.window))

    press(view, "By row")
    by_row = strength(0, 0)
    press(view, "By column")
    assert strength(0, 0) > by_row


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_text_on_every_strength_of_a_cell_can_be_read(theme: Theme) -> None:
    from widgets.style import blend

    for full in (theme.accent, theme.danger):
        for share in np.linspace(0, 0.85, 30):
            ground = blend(theme.window, full, float(share))
            assert contrast(readable_on(ground), ground) >= 4.5


# -- ROC


def test_dragging_along_the_curve_wishes_for_thresholds_that_lead_there(show: Show, qtbot: QtBot) -> None:
    judged = judged_classes(600)
    view = show(roc(judged), 900, 420)
    ranking = rankings(judged)["train"][0]
    assert ranking.curve is not None
    wishes: list[tuple[float, bool]] = []
    view.threshold_changed.connect(lambda value, final: wishes.append((value, final)))
    view.threshold_changed.connect(lambda value, _: view.set_threshold(value))  # as the window does
    first, last = (int(np.searchsorted(ranking.curve.tpr, value)) for value in (0.4, 0.9))
    start = view.place_of(ranking.curve.fpr[first], ranking.curve.tpr[first]).toPoint()
    end = view.place_of(ranking.curve.fpr[last], ranking.curve.tpr[last]).toPoint()
    QTest.mousePress(view.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
    QTest.mouseMove(view.canvas, end)
    from PySide6.QtGui import QMouseEvent

    moved = QMouseEvent(
        QMouseEvent.Type.MouseMove, QPointF(end), view.canvas.mapToGlobal(QPointF(end)), Qt.MouseButton.NoButton,
        Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    QApplication.sendEvent(view.canvas, moved)
    QTest.mouseRelease(view.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, end)
    assert [final for _, final in wishes] == [*([False] * (len(wishes) - 1)), True]
    assert wishes[-1][0] < wishes[0][0]
    train = judged.parts == 0
    assert judged.prediction.probabilities is not None
    p, y = judged.prediction.probabilities[train, 1], judged.y[train]
    assert np.mean(p[y == 1] >= wishes[-1][0]) == pytest.approx(0.9, abs=0.05)
    assert float(view.findChild(QLineEdit).text()) == pytest.approx(wishes[-1][0], abs=0.005)


def test_the_slider_and_the_arrows_move_the_threshold(show: Show, qtbot: QtBot) -> None:
    view = show(roc(judged_classes()), 900, 300)
    with qtbot.waitSignal(view.threshold_changed) as heard:
        QTest.keyClick(view.canvas, Qt.Key.Key_Left)
    assert heard.args == [pytest.approx(0.51), True]
    box = view.findChild(QLineEdit)
    box.setFocus()
    box.selectAll()
    QTest.keyClicks(box, "0.2")
    with qtbot.waitSignal(view.threshold_changed) as heard:
        QTest.keyClick(box, Qt.Key.Key_Return)
    assert heard.args == [pytest.approx(0.2), True]


def test_scores_have_no_threshold_to_move_and_it_is_said_why(show: Show, qtbot: QtBot) -> None:
    view = show(roc(judged_classes(probabilities=False), why_fixed="There are scores alone."), 900, 300)
    assert not view.findChild(QLineEdit).isVisible()
    with qtbot.assertNotEmitted(view.threshold_changed):
        QTest.keyClick(view.canvas, Qt.Key.Key_Left)
        click(view, view.place_of(0.0, 0.1))
    assert "AUC" in view.summary()
    press(view, "Calibration")
    view.canvas.grab()


def test_more_classes_are_chosen_one_against_the_rest(show: Show) -> None:
    view = show(roc(judged_classes(300, 4)), 900, 300)
    box = view.findChild(QComboBox)
    assert box.isVisible()
    first = view.summary()
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Down)
    assert first.startswith("cats against the rest")
    assert view.summary().startswith("dogs against the rest")


def test_the_curve_is_painted_in_the_colours_of_its_parts(show: Show, picture: Picture) -> None:
    view = show(roc(judged_classes(300)), 900, 400)
    for kind in ("ROC", "Precision–recall", "Calibration"):
        press(view, kind)
        found = colours(picture(view.canvas))
        assert {LIGHT.train_curve, LIGHT.test_curve} <= found, kind


def test_the_pointer_reads_a_vertex(show: Show, picture: Picture) -> None:
    judged = judged_classes(300)
    view = show(roc(judged), 900, 400)
    bins = rankings(judged)["test"][0].calibration
    assert bins is not None
    where = {"ROC": (1.0, 1.0), "Precision–recall": (0.0, 1.0), "Calibration": (bins.said[2], bins.happened[2])}
    for kind, place in where.items():
        press(view, kind)
        assert LIGHT.tooltip not in colours(picture(view.canvas))
        view.canvas.pointer = view.place_of(*place)
        assert LIGHT.tooltip in colours(picture(view.canvas)), kind
        view.canvas.pointer = None


# -- residuals


def test_a_click_on_a_point_wishes_for_its_row(show: Show, qtbot: QtBot) -> None:
    judged = judged_values()
    view = show(residuals(judged), 900, 400)
    assert judged.prediction.values is not None
    for kind, x, y in (
        ("Residuals", judged.prediction.values, judged.y - judged.prediction.values),
        ("Residuals over x", judged.dataset.X[:, 0], judged.y - judged.prediction.values),
        ("Against true", judged.y, judged.prediction.values),
    ):
        press(view, kind)
        row = int(np.argmax(np.abs(judged.y)))
        with qtbot.waitSignal(view.rows_chosen) as heard:
            click(view, view.place_of(float(x[row]), float(y[row])))
        assert heard.args is not None
        assert heard.args[0].tolist() == [row]
        assert f"row {row + 1}" in heard.args[1]


def test_two_inputs_have_no_single_x(show: Show) -> None:
    view = show(residuals(judged_values(n_inputs=2)), 900, 300)
    (button,) = [each for each in view.findChildren(QPushButton) if each.text() == "Residuals over x"]
    assert not button.isEnabled()
    assert button.toolTip() == "There is more than one input."


def test_values_that_are_no_numbers_are_left_out_and_counted(show: Show) -> None:
    judged = judged_values()
    assert judged.prediction.values is not None
    values = judged.prediction.values.copy()
    values[:3] = [np.nan, np.inf, -np.inf]
    view = show(residuals(Judged(judged.dataset, judged.rows, Prediction(values[:, None], values=values))), 900, 300)
    assert any("3 predictions are no finite numbers" in each.toolTip() for each in view.findChildren(ElidedLabel))
    view.set_content(Judged(judged.dataset, judged.rows, Prediction(values[:, None], values=values * np.nan)))
    view.grab()


def test_held_out_points_are_outlined(show: Show, picture: Picture) -> None:
    judged = judged_values()
    everyone_trains = Dataset(judged.dataset.points, "regression", np.zeros(90, int), (), ("x",))

    def dark_pixels(view: Residuals) -> int:
        image = picture(show(view, 900, 400).canvas)
        places = ((x, y) for x in range(60, image.width()) for y in range(30, image.height() - 40))
        return sum(image.pixelColor(*place).lightness() < 60 for place in places)

    without = dark_pixels(residuals(Judged(everyone_trains, judged.rows, judged.prediction)))
    assert dark_pixels(residuals(judged)) > without + 200
