"""Parallel coordinates: a drag along an axis selects rows, axes are carried and flipped, lines have their colours."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtTest import QTest

from engine.dataset import Dataset, Points, unlabelled
from engine.experiment import Preparation
from engine.generators import dataset_of
from engine.learner import Prediction
from engine.palette import CLASS_COLOURS
from engine.table_sets import bundled_table
from widgets.curve_chart import chart_font
from widgets.line_bundle import LineBundle
from widgets.parallel import ParallelCoordinates
from widgets.theme import DARK, LIGHT, Theme

Left, NoKeys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
Shift, Ctrl = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
Show = Callable[[ParallelCoordinates, int, int], ParallelCoordinates]


def table(name: str) -> Dataset:
    return dataset_of(bundled_table(name), Preparation())


def six_rows() -> Dataset:
    """Three rows that rise and three that fall, far enough apart to be told from each other."""
    X = np.array([[0, 0, 9], [1, 10, 6], [2, 20, 8], [8, 80, 1], [9, 90, 3], [10, 100, 0]], np.float32)
    parts = np.zeros(6, np.int8)
    y = np.array([0, 0, 0, 1, 1, 1], np.float32)
    return Dataset(Points(X, y), "classification", parts, ("low", "high"), ("a", "b", "c"))


@pytest.fixture
def view(show: Show) -> ParallelCoordinates:
    view = show(ParallelCoordinates(LIGHT), 640, 420)
    view.set_content(six_rows())
    return view


@pytest.fixture
def selected(view: ParallelCoordinates) -> list[list[int]]:
    heard: list[list[int]] = []
    view.selection_changed.connect(lambda rows: heard.append(rows.tolist()))
    return heard


def place(view: ParallelCoordinates, axis: int, value: float) -> QPoint:
    """Where a value stands on the axis that is so many from the left."""
    axes = view.axes
    share = (value - axes.low[axis]) / (axes.high[axis] - axes.low[axis])
    share = 1 - share if axes.features[axis] in view.flipped else share
    return QPointF(axes.x[axis], axes.bottom + share * (axes.top - axes.bottom)).toPoint()


def name_place(view: ParallelCoordinates, axis: int) -> QPoint:
    return QPointF(view.axes.x[axis], view.axes.top - 12).toPoint()


def drag(view: ParallelCoordinates, start: QPoint, end: QPoint, keys: Qt.KeyboardModifier = NoKeys) -> None:
    QTest.mousePress(view, Left, keys, start)
    QTest.mouseMove(view, (start + end) / 2)
    QTest.mouseMove(view, end)
    QTest.mouseRelease(view, Left, keys, end)


def picture(view: ParallelCoordinates) -> QImage:
    image = QImage(640, 420, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    view.render_figure(painter, QRectF(image.rect()))
    painter.end()
    return image


def pixels_of(image: QImage) -> np.ndarray:
    shown = image.convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(shown.constBits(), np.uint8).reshape(shown.height(), shown.width(), 4)[..., 2::-1]
    return pixels.astype(int)


def count(image: QImage, colour: QColor | tuple[int, int, int], within: int = 6) -> int:
    wanted = QColor(*colour) if isinstance(colour, tuple) else colour
    difference = pixels_of(image) - [wanted.red(), wanted.green(), wanted.blue()]
    return int((np.abs(difference).max(axis=-1) < within).sum())


def rgb(image: QImage, x: int, y: int) -> tuple[int, int, int]:
    colour = image.pixelColor(x, y)
    return colour.red(), colour.green(), colour.blue()


def strength(view: ParallelCoordinates, index: int, where: QRect | None = None) -> int:
    """How many pixels below the key are between the ground and the colour of a class, and well on the way to it."""
    window = QColor(view.theme.window)
    ground = np.array([window.red(), window.green(), window.blue()])
    shown = pixels_of(view.grab().toImage().copy(where or view.body.toAlignedRect())) - ground
    wanted = CLASS_COLOURS[index] - ground
    length, whole = np.linalg.norm(shown, axis=-1), np.linalg.norm(wanted)
    alike = shown @ wanted > 0.985 * length * whole
    return int((alike & (length > 0.35 * whole)).sum())


def test_a_drag_along_an_axis_selects_the_rows_that_cross_it_there(
    view: ParallelCoordinates, selected: list[list[int]]
) -> None:
    drag(view, place(view, 1, 55), place(view, 1, 95))
    assert selected[-1] == [3, 4]
    drag(view, place(view, 0, 2.5), place(view, 0, 0.5))
    assert selected[-1] == [1, 2]
    drag(view, place(view, 2, 7), place(view, 2, 9) - QPoint(0, 300))  # past the end
    assert selected[-1] == [0, 2]


def test_shift_adds_and_control_removes(view: ParallelCoordinates, selected: list[list[int]]) -> None:
    drag(view, place(view, 0, 0.5), place(view, 0, 2.5))
    drag(view, place(view, 2, 2), place(view, 2, 4), Shift)
    assert selected[-1] == [1, 2, 4]
    drag(view, place(view, 1, 15), place(view, 1, 100), Ctrl)
    assert selected[-1] == [1]


def test_a_click_on_a_line_selects_its_row_and_one_beside_all_none(
    view: ParallelCoordinates, selected: list[list[int]]
) -> None:
    between = (place(view, 0, 8) + place(view, 1, 80)) / 2
    QTest.mouseClick(view, Left, NoKeys, between)
    QTest.mouseClick(view, Left, Shift, (place(view, 0, 1) + place(view, 1, 10)) / 2)
    assert selected == [[3], [1, 3]]
    QTest.mouseClick(view, Left, NoKeys, (place(view, 0, 5) + place(view, 1, 50)) / 2)
    assert selected[-1] == []


def test_escape_selects_nothing(view: ParallelCoordinates, selected: list[list[int]]) -> None:
    view.set_selection(np.array([1, 2]))
    assert selected == []
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert selected == [[]]


def test_rows_are_selected_while_the_interval_grows_until_escape(
    view: ParallelCoordinates, selected: list[list[int]]
) -> None:
    view.set_selection(np.array([0]))
    view.setFocus()
    QTest.mousePress(view, Left, NoKeys, place(view, 1, 5))
    QTest.mouseMove(view, place(view, 1, 15))
    QTest.mouseMove(view, place(view, 1, 25))
    assert selected == [[1], [1, 2]]
    QTest.keyClick(view, Qt.Key.Key_Escape)
    QTest.mouseRelease(view, Left, NoKeys, place(view, 1, 25))
    assert selected[-1] == [0]
    assert view.selection.tolist() == [0]


def test_an_axis_is_carried_by_its_name_and_escape_puts_it_back(view: ParallelCoordinates) -> None:
    drag(view, name_place(view, 0), name_place(view, 2))
    assert view.order == (1, 2, 0)
    view.setFocus()
    QTest.mousePress(view, Left, NoKeys, name_place(view, 2))
    QTest.mouseMove(view, name_place(view, 0))
    assert view.order == (0, 1, 2)
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert view.order == (1, 2, 0)
    QTest.mouseRelease(view, Left, NoKeys, name_place(view, 0))
    assert "features: b, c, a." in view.accessibleName()


def test_an_axis_is_brushed_where_it_was_carried(view: ParallelCoordinates, selected: list[list[int]]) -> None:
    drag(view, name_place(view, 2), name_place(view, 0))
    drag(view, place(view, 0, 7), place(view, 0, 9))
    assert selected[-1] == [0, 2]


def test_a_double_click_flips_an_axis_and_selects_nothing(view: ParallelCoordinates, selected: list[list[int]]) -> None:
    high = place(view, 1, 100)
    QTest.mouseDClick(view, Left, NoKeys, name_place(view, 1))
    assert view.flipped == {1}
    assert place(view, 1, 0) == high
    drag(view, high - QPoint(0, 2), high + QPoint(0, 20))
    assert selected[-1] == [0]
    QTest.mouseDClick(view, Left, NoKeys, place(view, 1, 40))
    assert view.flipped == frozenset()
    assert "upside down" not in view.accessibleName()
    assert selected[-1] == [0]


def test_keys_carry_and_flip_axes(view: ParallelCoordinates) -> None:
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_Right)  # shows where the focus is
    QTest.keyClick(view, Qt.Key.Key_Right)
    QTest.keyClick(view, Qt.Key.Key_Right, Ctrl)
    assert view.order == (0, 2, 1)
    QTest.keyClick(view, Qt.Key.Key_F)
    assert view.flipped == {1}
    assert view.accessibleName().endswith("a, c, b upside down.")


def test_keys_read_and_select_rows(view: ParallelCoordinates, selected: list[list[int]]) -> None:
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_Down)
    before = view.accessibleDescription()
    assert before == "row 4: 8.00, a, high"
    QTest.keyClick(view, Qt.Key.Key_Up)
    assert view.accessibleDescription() == "row 5: 9.00, a, high"
    QTest.keyClick(view, Qt.Key.Key_Down)
    assert view.accessibleDescription() == before
    assert selected == []
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert selected == [[3]]
    QTest.keyClick(view, Qt.Key.Key_Up, Shift)
    QTest.keyClick(view, Qt.Key.Key_Up, Shift)
    assert selected[-1] == [3, 4, 5]
    QTest.keyClick(view, Qt.Key.Key_Down, Shift)
    assert selected[-1] == [3, 4]


def test_pointing_at_a_line_reads_its_row(view: ParallelCoordinates) -> None:
    at = place(view, 1, 80) + QPoint(12, 0)
    row = view.axes.nearest_row(QPointF(at), view.dataset.X, 40.0)
    assert row == 3
    before = view.grab().toImage()
    QTest.mouseMove(view, (place(view, 0, 8) + place(view, 1, 80)) / 2)
    after = view.grab().toImage()
    assert count(after, QColor(LIGHT.tooltip)) > 1000 > count(before, QColor(LIGHT.tooltip))
    QTest.mouseMove(view, (place(view, 0, 5) + place(view, 1, 50)) / 2)
    assert count(view.grab().toImage(), QColor(LIGHT.tooltip)) < 100


def test_the_nearest_row_is_that_of_the_shortest_distance(view: ParallelCoordinates) -> None:
    view.set_content(table("iris"))
    X, axes = view.dataset.X, view.axes
    rng = np.random.default_rng(4)
    places = axes.places(X)
    for _ in range(20):
        x, y = rng.uniform(axes.x[0], axes.x[-1]), rng.uniform(axes.top - 30, axes.bottom + 30)
        left = int(np.searchsorted(axes.x, x)) - 1
        start, end = (np.column_stack([np.full(150, axes.x[side]), places[:, side]]) for side in (left, left + 1))
        steps = np.linspace(0, 1, 2001)[:, None, None]
        distance = np.linalg.norm(start + steps * (end - start) - [x, y], axis=2).min(axis=0)
        row = axes.nearest_row(QPointF(x, y), X, 1e9)
        assert row is not None
        assert distance[row] == pytest.approx(distance.min(), abs=0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_lines_have_the_colours_of_their_classes(view: ParallelCoordinates, theme: Theme) -> None:
    view.set_theme(theme)
    assert [strength(view, index) > 200 for index in range(3)] == [True, True, False]
    image = view.grab().toImage()
    low, high = ((place(view, 0, a) + place(view, 1, 10 * a)) / 2 for a in (1, 9))
    for at, index in ((low, 0), (high, 1)):
        near = QRect(at - QPoint(5, 5), at + QPoint(5, 5))
        assert [strength(view, other, near) > 5 for other in range(3)] == [other == index for other in range(3)]
    assert count(image, QColor(theme.window)) > 0.5 * 640 * 420


def test_clusters_colour_the_lines_as_they_change(view: ParallelCoordinates) -> None:
    data = unlabelled(six_rows(), "clustering")
    for found in (2, 3):
        labels = np.array([0, 0, 0, found, found, found])
        view.set_content(data, Prediction(np.zeros((6, 1)), labels=labels))
        assert [strength(view, index) > 200 for index in range(4)] == [index in (0, found) for index in range(4)]


def test_what_is_not_selected_stands_back(view: ParallelCoordinates, selected: list[object]) -> None:
    before = strength(view, 1)
    view.set_selection(np.array([0, 1, 2]))
    assert strength(view, 0) > 200
    assert strength(view, 1) < 0.1 * before
    assert selected == []


def test_the_same_content_again_paints_nothing(view: ParallelCoordinates) -> None:
    view.grab()
    kept = view._picture
    view.set_content(six_rows())
    assert view._picture is kept


def test_other_features_come_in_their_own_order(view: ParallelCoordinates) -> None:
    drag(view, name_place(view, 0), name_place(view, 2))
    QTest.mouseDClick(view, Left, NoKeys, name_place(view, 1))
    view.set_content(table("iris"))
    assert view.order == (0, 1, 2, 3)
    assert view.flipped == frozenset()


def test_a_feature_that_is_ticked_stands_at_the_right_of_those_that_stay(view: ParallelCoordinates) -> None:
    view.set_content(table("digits"))
    assert len(view.order) == 20
    assert view.chooser.text() == "20 of 64 features ▾"
    first = view.order[0]
    other = next(index for index in range(64) if index not in view.features)
    view.chooser.list.item(other).setCheckState(Qt.CheckState.Checked)
    assert view.order[-1] == other
    assert first not in view.order
    assert len(view.order) == 20


def test_of_twenty_thousand_rows_a_thousand_is_drawn_and_all_are_selected(show: Show) -> None:
    rng = np.random.default_rng(1)
    X = rng.normal(size=(20_000, 5)).astype(np.float32)
    names = ("a", "b", "c", "d", "e")
    data = Dataset(Points(X, X[:, 0]), "regression", np.zeros(20_000, np.int8), (), names)
    view = show(ParallelCoordinates(LIGHT), 500, 400)
    view.set_content(data)
    assert len(view.drawn_rows) == 1_000
    heard: list[np.ndarray] = []
    view.selection_changed.connect(heard.append)
    start, end = place(view, 2, 1.0), place(view, 2, 9.0)
    drag(view, start, QPoint(end.x(), max(end.y(), 0)))
    low = view.axes.value_at(2, start.y())
    assert heard[-1].tolist() == np.flatnonzero(X[:, 2] >= low - 1e-9).tolist()
    view.set_selection(np.array([17]))
    assert view.drawn_selection.tolist() == [17]
    assert not view.grab().isNull()


def test_an_axis_of_one_value_and_a_single_row_are_drawn(view: ParallelCoordinates) -> None:
    X = np.array([[3.0, 1.0, 2.0]], np.float32)
    view.set_content(Dataset(Points(X, X[:, 0]), "regression", np.zeros(1, np.int8), (), ("a", "b", "c")))
    middle = (view.axes.top + view.axes.bottom) / 2
    assert view.axes.places(view.dataset.X)[0].tolist() == [middle] * 3
    assert not picture(view).isNull()


@pytest.mark.parametrize("inputs", [0, 1])
def test_without_rows_or_a_second_input_it_says_so(view: ParallelCoordinates, inputs: int) -> None:
    X = np.arange(6.0)[:, None] if inputs else np.empty((0, 2))
    view.set_content(Dataset(Points(X, np.zeros(len(X))), "regression", np.zeros(len(X), np.int8), (), ("x",)))
    assert ("one input only" if inputs else "once there is data") in view.accessibleName()
    assert count(picture(view), QColor(LIGHT.muted)) > 15
    QTest.mouseClick(view, Left, NoKeys, QPoint(300, 300))
    QTest.mouseMove(view, QPoint(310, 310))
    QTest.keyClick(view, Qt.Key.Key_Up)


def test_a_figure_is_drawn_as_a_line_a_row(view: ParallelCoordinates, tmp_path: Path) -> None:
    view.set_content(table("iris"))
    generator = QSvgGenerator()
    generator.setFileName(str(tmp_path / "parallel.svg"))
    generator.setViewBox(QRectF(0, 0, 600, 500))
    painter = QPainter(generator)
    view.render_figure(painter, QRectF(0, 0, 600, 500))
    painter.end()
    drawn = (tmp_path / "parallel.svg").read_text(encoding="utf-8")
    assert "<image" not in drawn
    assert "sepal width" in drawn
    assert drawn.count("<polyline") >= 150


@pytest.mark.parametrize(("theme", "rows"), [(LIGHT, 5), (DARK, 300)], ids=["few", "many"])
def test_counted_lines_look_like_those_of_a_painter(theme: Theme, rows: int) -> None:
    rng = np.random.default_rng(2)
    axes, places = np.array([10.5, 90.5, 189.5]), rng.uniform(10, 140, (rows, 3))
    fills = np.array(CLASS_COLOURS, np.float64)
    bundle = LineBundle(axes, places, (200, 150), 1.5).image(fills, np.zeros(rows, np.intp), 1.0)
    mine, theirs = (QImage(200, 150, QImage.Format.Format_RGB32) for _ in range(2))
    for image in (mine, theirs):
        image.fill(QColor(theme.window))
    painter = QPainter(mine)
    painter.drawImage(0, 0, bundle)
    painter.end()
    painter = QPainter(theirs)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen = painter.pen()
    pen.setColor(QColor(*CLASS_COLOURS[0]))
    pen.setWidthF(1.5)
    painter.setPen(pen)
    for row in places:
        painter.drawPolyline([QPointF(x, y) for x, y in zip(axes, row, strict=True)])
    painter.end()
    inside = np.s_[:, 12:188]
    difference = np.abs(pixels_of(mine)[inside] - pixels_of(theirs)[inside]).mean()
    blank = np.abs(pixels_of(theirs)[inside] - [QColor(theme.window).red()] * 3).mean()
    assert difference < 0.2 * blank


def test_lines_that_cross_mix_their_colours() -> None:
    axes, places = np.array([0.0, 100.0]), np.full((4, 2), 20.5)
    fills = np.array([[200.0, 0.0, 0.0], [0.0, 200.0, 0.0]])
    image = LineBundle(axes, places, (100, 40), 1.0).image(fills, np.array([0, 1, 0, 1]), 0.999)
    assert rgb(image, 50, 20) == pytest.approx((100, 100, 0), abs=2)
    assert image.pixelColor(50, 22).alpha() == 0
    many = np.column_stack([np.linspace(0, 200, 6)] * 3)
    image = LineBundle(axes, np.full((6, 2), 20.5), (100, 40), 1.0).image(many, np.arange(6), 0.999)
    assert rgb(image, 50, 20) == pytest.approx((100, 100, 100), abs=2)


@pytest.mark.parametrize("size", [(240, 180), (360, 360), (900, 500)])
@pytest.mark.parametrize("name", ["iris", "wine", "digits"])
def test_axes_stand_within_and_have_room(show: Show, size: tuple[int, int], name: str) -> None:
    view = show(ParallelCoordinates(LIGHT), *size)
    view.set_content(table(name))
    axes = view.axes
    assert axes.bottom - axes.top > 0.45 * size[1]
    assert 0 < axes.x[0] < axes.x[-1] < size[0]
    assert (np.diff(axes.x) > 10).all()
    font = QFontMetricsF(chart_font(LIGHT))
    numbers = [text for axis in range(len(axes.features)) for text in axes.numbers(axis)]
    widest = max(font.horizontalAdvance(text) for name in axes.names for text in (*name, *numbers))
    assert axes.slot * axes.every >= (font.height() - 1 if axes.is_upright else widest)
