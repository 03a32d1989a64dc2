"""The learning curves show what was recorded, wherever it is looked at."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QWheelEvent
from PySide6.QtWidgets import QApplication, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from engine.snapshot import CurvePoint
from widgets.curve_series import CAPACITY, CurveSeries
from widgets.curves import Curves
from widgets.theme import DARK, LIGHT, Theme

Show = Callable[[Curves, int, int], Curves]
Picture = Callable[[QWidget], QImage]
NONE = (math.nan, math.nan, math.nan)


def entry(epoch: int, train: float, validation: float = math.nan, test: float = math.nan) -> CurvePoint:
    return CurvePoint(epoch, (train, validation, test), (1 - train, math.nan, math.nan))


def falling(count: int) -> list[CurvePoint]:
    return [entry(k, 1.0 * 0.99**k, 1.2 * 0.99**k, 1.5 * 0.99**k) for k in range(count)]


def pixels_like(image: QImage, colour: str, tolerance: int = 40) -> np.ndarray:
    """(n, 2) the x and y of the pixels that nearly have a colour."""
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)
    wanted = QColor(colour)
    distance = np.abs(rows[:, :, :3].astype(int) - [wanted.blue(), wanted.green(), wanted.red()]).max(axis=2)
    y, x = np.nonzero(distance < tolerance)
    return np.stack([x, y], axis=1)


def button(curves: Curves, text: str) -> QToolButton:
    return next(found for found in curves.findChildren(QToolButton) if found.text() == text)


def wheel(curves: Curves, x: int, y: int, notches: int, keys: Qt.KeyboardModifier | None = None) -> None:
    event = QWheelEvent(
        QPointF(x, y), curves.mapToGlobal(QPointF(x, y)), QPoint(), QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton, keys or Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(curves, event)


@pytest.fixture
def curves(show: Show) -> Curves:
    return show(Curves(), 800, 200)


def test_every_part_is_drawn_in_its_colour(curves: Curves, picture: Picture) -> None:
    curves.append(falling(300))
    image = picture(curves)
    for colour in (LIGHT.train_curve, LIGHT.validation_curve, LIGHT.test_curve):
        assert len(pixels_like(image, colour)) > 200


def test_a_part_without_points_has_neither_curve_nor_name(curves: Curves, picture: Picture) -> None:
    curves.append([entry(k, 0.5) for k in range(50)])
    assert len(pixels_like(picture(curves), LIGHT.validation_curve)) == 0
    assert "validation" not in curves.accessibleDescription()


def test_training_is_solid_and_held_out_parts_are_dashed(curves: Curves, picture: Picture) -> None:
    curves.append([entry(k, 0.2, math.nan, 0.8) for k in range(200)])
    image = picture(curves)
    train = {x for x, _ in pixels_like(image, LIGHT.train_curve)}
    test = {x for x, _ in pixels_like(image, LIGHT.test_curve)}
    assert len(test) < 0.8 * len(train)


def test_on_a_logarithmic_axis_an_exponential_decay_is_straight(curves: Curves, picture: Picture) -> None:
    curves.append([entry(k, math.exp(-k / 50)) for k in range(301)])
    found = pixels_like(picture(curves), LIGHT.train_curve, 20)
    found = found[(found[:, 0] > 80) & (found[:, 0] < 700) & (found[:, 1] > 45)]
    slope, start = np.polyfit(found[:, 0], found[:, 1], 1)
    assert np.abs(found[:, 1] - (slope * found[:, 0] + start)).max() < 2.5


def test_on_a_linear_axis_it_is_not(curves: Curves, picture: Picture) -> None:
    curves.set_log(False, False)
    curves.append([entry(k, math.exp(-k / 50)) for k in range(301)])
    found = pixels_like(picture(curves), LIGHT.train_curve, 20)
    found = found[(found[:, 0] > 80) & (found[:, 0] < 700) & (found[:, 1] > 45)]
    slope, start = np.polyfit(found[:, 0], found[:, 1], 1)
    assert np.abs(found[:, 1] - (slope * found[:, 0] + start)).max() > 15


def test_losses_below_zero_make_the_logarithmic_axis_a_linear_one(curves: Curves, picture: Picture) -> None:
    curves.append([entry(k, 1.0 - k / 100) for k in range(301)])  # as minus a log-likelihood may run
    found = pixels_like(picture(curves), LIGHT.train_curve, 20)
    found = found[(found[:, 0] > 80) & (found[:, 0] < 700) & (found[:, 1] > 45)]
    slope, start = np.polyfit(found[:, 0], found[:, 1], 1)
    assert np.abs(found[:, 1] - (slope * found[:, 0] + start)).max() < 2.5
    assert np.ptp(found[:, 1]) > 60


def test_a_spike_of_one_epoch_in_fifty_thousand_is_seen(curves: Curves, picture: Picture) -> None:
    curves.set_log(False, False)
    curves.append([entry(k, 0.1 if k != 25_000 else 5.0) for k in range(50_000)])
    found = pixels_like(picture(curves), LIGHT.train_curve, 90)
    high = found[(found[:, 1] > 40) & (found[:, 1] < 100) & (found[:, 0] < 740)]
    assert len(high) >= 40
    assert np.ptp(high[:, 0]) <= 4


def test_new_epochs_are_followed(curves: Curves, picture: Picture) -> None:
    curves.append(falling(50))
    before = pixels_like(picture(curves), LIGHT.train_curve)[:, 0].max()
    curves.append([entry(k, 0.5) for k in range(50, 5000)])
    assert pixels_like(picture(curves), LIGHT.train_curve)[:, 0].max() == pytest.approx(before, abs=4)
    assert not curves.zoomed


def test_the_wheel_zooms_and_a_double_click_fits(curves: Curves, picture: Picture, qtbot: QtBot) -> None:
    curves.append(falling(300))
    before = picture(curves)
    wheel(curves, 300, 100, 4)
    assert curves.zoomed
    zoomed = picture(curves)
    assert zoomed != before
    curves.append([entry(300, 0.01)])
    assert curves.zoomed, "new epochs do not undo a zoom"
    qtbot.mouseDClick(curves, Qt.MouseButton.LeftButton, pos=QPoint(300, 100))
    assert not curves.zoomed


def test_zooming_all_the_way_out_follows_again(curves: Curves) -> None:
    curves.append(falling(300))
    wheel(curves, 300, 100, 4)
    wheel(curves, 300, 100, -10)
    assert not curves.zoomed


def test_shift_and_the_wheel_zoom_the_values(curves: Curves, picture: Picture) -> None:
    curves.append(falling(300))
    before = pixels_like(picture(curves), LIGHT.train_curve)
    wheel(curves, 300, 110, 5, Qt.KeyboardModifier.ShiftModifier)
    after = pixels_like(picture(curves), LIGHT.train_curve)
    assert curves.zoomed
    assert np.ptp(after[after[:, 0] < 700, 0]) < np.ptp(before[before[:, 0] < 700, 0])


def test_a_drag_zooms_into_what_it_frames(curves: Curves, qtbot: QtBot, picture: Picture) -> None:
    curves.append([entry(k, 0.1) for k in range(1000)] + [entry(1000, 0.9)])
    qtbot.mousePress(curves, Qt.MouseButton.LeftButton, pos=QPoint(100, 60))
    qtbot.mouseMove(curves, QPoint(300, 160))
    assert len(pixels_like(picture(curves), LIGHT.accent, 10)) > 100, "the frame is shown while it is dragged"
    qtbot.mouseRelease(curves, Qt.MouseButton.LeftButton, pos=QPoint(300, 160))
    assert curves.zoomed
    qtbot.mouseClick(button(curves, "Fit"), Qt.MouseButton.LeftButton)
    assert not curves.zoomed


def test_a_click_is_no_zoom(curves: Curves, qtbot: QtBot) -> None:
    curves.append(falling(100))
    qtbot.mouseClick(curves, Qt.MouseButton.LeftButton, pos=QPoint(200, 100))
    assert not curves.zoomed


def test_the_keyboard_zooms_moves_and_fits(curves: Curves, qtbot: QtBot, picture: Picture) -> None:
    curves.append(falling(300))
    qtbot.keyClick(curves, Qt.Key.Key_Plus)
    assert curves.zoomed
    before = picture(curves)
    qtbot.keyClick(curves, Qt.Key.Key_Right)
    assert picture(curves) != before
    qtbot.keyClick(curves, Qt.Key.Key_0)
    assert not curves.zoomed


def test_hovering_shows_the_values_of_the_nearest_epoch(curves: Curves, qtbot: QtBot, picture: Picture) -> None:
    curves.append(falling(300))
    assert len(pixels_like(picture(curves), LIGHT.tooltip, 2)) == 0
    qtbot.mouseMove(curves, QPoint(300, 100))
    card = pixels_like(picture(curves), LIGHT.tooltip, 2)
    assert len(card) > 2000
    qtbot.mouseMove(curves, QPoint(5, 195))
    assert len(pixels_like(picture(curves), LIGHT.tooltip, 2)) == 0


def test_the_log_buttons_wish_and_change_nothing_by_themselves(curves: Curves, qtbot: QtBot) -> None:
    log_y, log_x = button(curves, "log y"), button(curves, "log x")
    assert log_y.isChecked()
    with qtbot.waitSignal(curves.log_changed) as wish:
        qtbot.mouseClick(log_y, Qt.MouseButton.LeftButton)
    assert wish.args == ["loss", False]
    assert log_y.isChecked()
    with qtbot.waitSignal(curves.log_changed) as wish:
        qtbot.mouseClick(log_x, Qt.MouseButton.LeftButton)
    assert wish.args == ["epochs", True]
    curves.set_log(False, True)
    assert not log_y.isChecked()
    assert log_x.isChecked()


def test_the_scores_are_one_click_away(curves: Curves, qtbot: QtBot, picture: Picture) -> None:
    curves.append(falling(300))
    assert len(pixels_like(picture(curves), LIGHT.test_curve)) > 0
    qtbot.mouseClick(button(curves, "Accuracy"), Qt.MouseButton.LeftButton)
    assert curves.measure == "score"
    assert len(pixels_like(picture(curves), LIGHT.test_curve)) == 0, "only training has a score here"
    assert not button(curves, "log y").isVisible()
    curves.set_score_name("R²")
    assert button(curves, "R²").isChecked()


def test_a_loss_of_zero_runs_along_the_lower_edge_of_a_logarithmic_axis(curves: Curves, picture: Picture) -> None:
    curves.append([entry(k, 0.0 if 40 <= k < 80 else 0.5) for k in range(120)])
    found = pixels_like(picture(curves), LIGHT.train_curve)
    found = found[(found[:, 0] > 60) & (found[:, 0] < 730)]
    bottom = found[:, 1].max()
    assert len(set(found[found[:, 1] >= bottom - 1][:, 0])) > 150


def test_an_infinite_loss_goes_to_the_upper_edge_and_does_not_flatten_the_rest(
    curves: Curves, picture: Picture
) -> None:
    curves.append([*falling(100), entry(100, math.inf, math.inf, math.inf)])
    found = pixels_like(picture(curves), LIGHT.train_curve)
    found = found[found[:, 1] > 32]
    assert np.ptp(found[found[:, 0] < 600][:, 1]) > 60
    assert found[found[:, 0] > 700][:, 1].min() < 60
    assert "train loss ∞" in curves.accessibleDescription()


def test_nothing_but_unknown_numbers_is_drawn_without_an_error(curves: Curves, picture: Picture) -> None:
    curves.append([CurvePoint(k, NONE, NONE) for k in range(5)])
    found = pixels_like(picture(curves), LIGHT.train_curve, 10)
    assert (found[:, 1] < 32).all(), "nothing is drawn below the controls"
    for log in (True, False):
        curves.set_log(log, log)
        picture(curves)


def test_an_entry_at_a_recorded_epoch_replaces_it_and_what_came_after(curves: Curves) -> None:
    curves.append(falling(10))
    curves.append([entry(4, 0.25)])
    assert [point.epoch for point in curves.points()] == [0, 1, 2, 3, 4]
    assert curves.points()[-1].loss[0] == 0.25


def test_what_was_recorded_is_given_back_exactly(curves: Curves) -> None:
    points = [CurvePoint(k, (0.1 * k, 0.2 * k, 0.3 * k), (1 / (k + 1), 0.5, 0.25)) for k in range(3000)]
    for start in range(0, 3000, 7):
        curves.append(points[start : start + 7])
    assert curves.points() == points


def test_clearing_forgets_everything_and_the_zoom(curves: Curves, picture: Picture) -> None:
    empty = picture(curves)
    curves.append(falling(200))
    wheel(curves, 300, 100, 3)
    curves.clear()
    assert curves.points() == []
    assert not curves.zoomed
    assert picture(curves) == empty


def test_the_series_stays_bounded_and_keeps_its_beginning_and_its_end() -> None:
    series = CurveSeries()
    total = 3 * CAPACITY
    for start in range(0, total, 5000):
        series.extend([entry(k, 1 / (k + 1)) for k in range(start, min(start + 5000, total))])
    assert len(series) <= CAPACITY
    assert series.epochs[:4096].tolist() == list(range(4096))
    assert series.epochs[-1] == total - 1
    assert (np.diff(series.epochs) > 0).all()
    assert np.array_equal(series.values("loss", 0), 1 / (series.epochs + 1))


@pytest.mark.parametrize("log", [False, True])
def test_thinning_keeps_extremes_and_draws_a_bounded_number_of_points(log: bool) -> None:
    series = CurveSeries()
    random = np.random.default_rng(3)
    values = random.normal(size=40_000)
    series.extend([entry(k, float(value)) for k, value in enumerate(values, start=1)])
    edges = np.geomspace(1, 40_000, 401) if log else np.linspace(1, 40_000, 401)
    epochs, thinned = series.thinned("loss", 0, edges)
    assert len(thinned) <= 2 * 402
    assert thinned.max() == values.max()
    assert thinned.min() == values.min()
    assert (np.diff(epochs) >= 0).all()


def test_the_summary_says_the_newest_numbers_of_every_part(curves: Curves) -> None:
    assert curves.accessibleName() == "Learning curves"
    assert "appear here" in curves.accessibleDescription()
    curves.append([entry(1284, 0.03124, math.nan, 0.0871)])
    assert curves.accessibleDescription() == "Epoch 1,284: train loss 0.0312, test loss 0.0871, train accuracy 0.969."


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_the_theme_colours_ground_and_curves(curves: Curves, theme: Theme, picture: Picture) -> None:
    curves.set_theme(theme)
    curves.append(falling(300))
    image = picture(curves)
    assert image.pixelColor(2, 198) == QColor(theme.window)
    assert len(pixels_like(image, theme.train_curve, 20)) > 200


def test_a_figure_has_the_curves_where_the_screen_has_them_but_no_controls(curves: Curves) -> None:
    curves.append(falling(300))
    image = QImage(1600, 400, QImage.Format.Format_RGB32)
    image.fill(0)
    painter = QPainter(image)
    painter.scale(2, 2)
    curves.render_figure(painter, QRectF(0, 0, 800, 200))
    painter.end()
    assert image.pixelColor(1, 1) == QColor(LIGHT.window)
    assert image.pixelColor(1598, 398) == QColor(LIGHT.window)
    found = pixels_like(image, LIGHT.train_curve, 20)
    assert np.ptp(found[:, 0]) > 1200
    assert np.ptp(found[:, 1]) > 150
    assert len(pixels_like(image, LIGHT.accent_soft, 4)) < 500, "a checked button alone has 5,000"


@pytest.mark.parametrize(("width", "height"), [(320, 120), (480, 140), (2000, 900)])
def test_it_is_drawn_at_every_size(show: Show, picture: Picture, width: int, height: int) -> None:
    curves = show(Curves(), width, height)
    curves.append(falling(100))
    assert len(pixels_like(picture(curves), LIGHT.train_curve)) > 40
