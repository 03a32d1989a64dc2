"""The chart of scores: folds, learning curves and validation curves, by mouse, keys and pixels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.widgets.test_evaluation_views import click, colours
from widgets.curve_chart import curve_colour
from widgets.score_chart import ScoreChart
from widgets.theme import DARK, LIGHT, Theme
from widgets.validation_values import ScorePicture, ScoreSeries

Show = Callable[[ScoreChart, int, int], ScoreChart]
Picture = Callable[[QWidget], QImage]
Key = Qt.Key

SIZES = np.array([5.0, 10.0, 20.0, 40.0, 80.0])


def curve(training: float = 0.1, held_out: float = 0.4, known: int = 5) -> ScorePicture:
    """Errors that go down to `training` and `held_out`; the first `known` places are there."""
    down = np.geomspace(2.0, 1.0, 5)
    series = []
    for part, (name, least) in enumerate((("training", training), ("held out", held_out))):
        mean = least * down
        mean[known:] = np.nan
        series.append(ScoreSeries(name, part, mean, mean * 0.9, mean * 1.1))
    tips = tuple(f"{size:.0f} points" for size in SIZES)
    return ScorePicture(SIZES, "training points", "RMSE", tuple(series), tips, log=True, note="Bands: ± 1.96 SE.")


def folds() -> ScorePicture:
    nothing = np.full(3, np.nan)
    series = tuple(
        ScoreSeries(name, part, np.array([0.8, 0.9, 0.7]) + 0.05 * (1 - part), nothing, nothing)
        for part, name in enumerate(("training", "held out"))
    )
    return ScorePicture(
        np.arange(3.0), "fold", "accuracy", series, ("Fold 1", "Fold 2", "Fold 3"), ("1", "2", "3"), joined=False,
        average=(0.8, 0.1),
    )  # fmt: skip


def chart(content: ScorePicture | None, theme: Theme = LIGHT) -> ScoreChart:
    view = ScoreChart(theme)
    view.set_content(content)
    return view


def strip(view: ScoreChart, image: QImage, place: int, theme: Theme = LIGHT) -> set[str]:
    """The colours along the vertical line through a place, but for that of the ground."""
    x = round(view.pixel_of(place).x())
    return {image.pixelColor(x, y).name() for y in range(image.height())} - {theme.window}


def channels(colour: QColor) -> tuple[int, int, int]:
    return colour.red(), colour.green(), colour.blue()


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_both_parts_are_drawn_in_their_colours_where_there_are_scores(
    show: Show, picture: Picture, theme: Theme
) -> None:
    view = show(chart(curve(known=3), theme), 600, 260)
    image = picture(view.canvas)
    parts = {curve_colour(part, theme).name() for part in (0, 1)}
    assert parts <= strip(view, image, 1, theme)
    assert not parts & strip(view, image, 4, theme)


def test_curves_fill_as_results_come(show: Show, picture: Picture) -> None:
    view = show(chart(curve(known=0)), 600, 260)
    held_out = curve_colour(1, LIGHT).name()
    counts = []
    for known in (0, 2, 5):
        view.set_content(curve(known=known))
        QApplication.processEvents()
        image = picture(view.canvas)
        counts.append(sum(held_out in strip(view, image, place) for place in range(5)))
    assert counts == [0, 2, 5]


def test_sizes_that_grow_by_ratios_are_equally_far_apart(show: Show) -> None:
    view = show(chart(curve()), 600, 260)
    places = [view.pixel_of(place).x() for place in range(5)]
    assert np.ptp(np.diff(places)) == pytest.approx(0.0, abs=1e-6)
    assert places[1] - places[0] > 80


def test_the_mean_of_the_folds_is_a_line_with_a_band(show: Show, picture: Picture) -> None:
    view = show(chart(folds()), 600, 260)
    with_mean = colours(picture(view.canvas))
    view.set_content(replace(folds(), average=None))
    QApplication.processEvents()
    ground, full = channels(QColor(LIGHT.window)), channels(curve_colour(1, LIGHT))
    soft = [0.84 * below + 0.16 * above for below, above in zip(ground, full, strict=True)]

    def near(found: set[str]) -> bool:
        return any(np.allclose(channels(QColor(name)), soft, atol=2) for name in found)

    assert near(with_mean)
    assert not near(colours(picture(view.canvas)))


def test_a_click_wishes_for_the_nearest_place(show: Show, qtbot: QtBot) -> None:
    view = show(chart(curve()), 600, 260)
    for place in (0, 3):
        with qtbot.waitSignal(view.place_chosen) as heard:
            click(view, view.pixel_of(place) + QPointF(8, 20))
        assert heard.args == [place]
    with qtbot.assertNotEmitted(view.place_chosen):
        click(view, (view.pixel_of(0) + view.pixel_of(1)) / 2)


def test_arrows_move_between_places_stop_at_the_ends_and_enter_takes(show: Show, qtbot: QtBot) -> None:
    view = show(chart(curve()), 600, 260)
    view.canvas.setFocus()
    for key, said in (
        (Key.Key_Left, "5 points"), (Key.Key_Right, "10 points"), (Key.Key_Right, "20 points"),
    ):  # fmt: skip
        QTest.keyClick(view.canvas, key)
        assert f"RMSE. {said} " in view.canvas.accessibleDescription()
    for key in (Key.Key_Return, Key.Key_Space):
        with qtbot.waitSignal(view.place_chosen) as heard:
            QTest.keyClick(view.canvas, key)
        assert heard.args == [2]
    for _ in range(9):
        QTest.keyClick(view.canvas, Key.Key_Right)
    assert "80 points" in view.canvas.accessibleDescription()


def test_the_place_in_hand_is_marked_while_the_chart_has_the_focus(show: Show, picture: Picture) -> None:
    view = show(chart(curve()), 600, 260)
    view.canvas.clearFocus()
    assert LIGHT.accent not in strip(view, picture(view.canvas), 0)
    view.canvas.setFocus()
    assert LIGHT.accent in strip(view, picture(view.canvas), 0)


def test_the_place_that_would_be_taken_is_marked(show: Show, picture: Picture) -> None:
    view = show(chart(curve()), 600, 260)
    view.canvas.clearFocus()
    assert LIGHT.text not in strip(view, picture(view.canvas), 3)
    view.set_content(replace(curve(), marked=3))
    QApplication.processEvents()
    assert LIGHT.text in strip(view, picture(view.canvas), 3)


def test_the_pointer_reads_a_place_on_a_card(show: Show, picture: Picture) -> None:
    view = show(chart(curve()), 600, 260)
    assert LIGHT.tooltip not in colours(picture(view.canvas))
    QTest.mouseMove(view.canvas, view.pixel_of(2).toPoint())
    QApplication.processEvents()
    assert LIGHT.tooltip in colours(picture(view.canvas))


def test_scores_that_differ_by_ratios_get_a_logarithmic_axis_which_can_be_taken_back(
    show: Show, picture: Picture
) -> None:
    view = show(chart(curve(training=0.001)), 600, 260)
    (button,) = [each for each in view.findChildren(QAbstractButton) if each.text() == "log y"]
    assert button.isVisible()
    assert button.isChecked()
    button.setFocus()
    logarithmic = picture(view.canvas)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert not button.isChecked()
    assert picture(view.canvas) != logarithmic
    view.set_content(curve(training=0.3))
    assert not button.isVisible()


def test_an_empty_chart_says_so_and_takes_nothing(show: Show, qtbot: QtBot) -> None:
    view = show(chart(None), 400, 200)
    assert "appear here" in view.summary()
    with qtbot.assertNotEmitted(view.place_chosen):
        click(view, QPointF(200, 100))
        QTest.keyClick(view.canvas, Key.Key_Return)


def test_a_share_ends_at_one_with_its_axis_and_the_last_number_is_whole(show: Show, picture: Picture) -> None:
    series = ScoreSeries("held out", 1, np.array([0.8, 0.95, 1.0]), np.array([0.7, 0.9, 1.0]), np.ones(3))
    places = np.array([1.0, 100.0, 10_000.0])
    content = ScorePicture(places, "C", "accuracy", (series,), ("", "", ""), log=True, limits=(0.0, 1.0))
    view = show(chart(content), 420, 190)
    frame = view._frame(view.canvas.rect().toRectF(), LIGHT)
    assert frame.y.high == 1.0
    half = view.fontMetrics().horizontalAdvance("10,000") / 2
    assert frame.x.place(10_000.0) + 0.8 * half < view.canvas.width()
    image = picture(view.canvas)
    edge = {image.pixelColor(image.width() - 1, y).name() for y in range(image.height())}
    assert edge == {LIGHT.window}
