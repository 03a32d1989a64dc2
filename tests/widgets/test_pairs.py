"""The scatter-plot matrix: a click chooses a pair, a drag selects rows, and colours are those of the stage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtTest import QTest

from engine.dataset import Dataset, Points, unlabelled
from engine.experiment import Preparation
from engine.generators import dataset_of
from engine.learner import Prediction
from engine.palette import CLASS_COLOURS, HIGH_VALUE, LOW_VALUE
from engine.table_sets import bundled_table
from widgets.feature_chooser import most_spread
from widgets.pairs import Pairs
from widgets.pairs_layout import counted
from widgets.theme import DARK, LIGHT, Theme

Left, NoKeys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
Shift, Ctrl = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
Show = Callable[[Pairs, int, int], Pairs]


def table(name: str) -> Dataset:
    return dataset_of(bundled_table(name), Preparation())


@pytest.fixture
def view(show: Show) -> Pairs:
    view = show(Pairs(LIGHT), 640, 520)
    view.set_content(table("iris"))
    return view


@pytest.fixture
def selected(view: Pairs) -> list[list[int]]:
    heard: list[list[int]] = []
    view.selection_changed.connect(lambda rows: heard.append(rows.tolist()))
    return heard


@pytest.fixture
def chosen(view: Pairs) -> list[tuple[int, int]]:
    heard: list[tuple[int, int]] = []
    view.pair_chosen.connect(lambda x, y: heard.append((x, y)))
    return heard


def place(view: Pairs, cell: tuple[int, int], x: float, y: float) -> QPoint:
    """Where a value of the column's feature and one of the row's are in a cell."""
    return QPointF(view.matrix.across[cell[1]].place(x), view.matrix.up[cell[0]].place(y)).toPoint()


def drag(view: Pairs, start: QPoint, end: QPoint, keys: Qt.KeyboardModifier = NoKeys) -> None:
    QTest.mousePress(view, Left, keys, start)
    QTest.mouseMove(view, (start + end) / 2)
    QTest.mouseMove(view, end)
    QTest.mouseRelease(view, Left, keys, end)


def picture(view: Pairs, size: tuple[int, int] = (640, 520)) -> QImage:
    image = QImage(*size, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    view.render_figure(painter, QRectF(image.rect()))
    painter.end()
    return image


def count(image: QImage, colour: QColor | tuple[int, int, int], where: QRectF | None = None) -> int:
    """How many pixels of an image have a colour."""
    shown = image if where is None else image.copy(where.toAlignedRect())
    shown = shown.convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(shown.constBits(), np.uint8).reshape(shown.height(), shown.width(), 4)[..., 2::-1]
    wanted = QColor(*colour) if isinstance(colour, tuple) else colour
    return int((np.abs(pixels.astype(int) - [wanted.red(), wanted.green(), wanted.blue()]).max(axis=-1) < 6).sum())


def test_a_click_on_a_cell_chooses_its_pair(view: Pairs, chosen: list[object], selected: list[object]) -> None:
    for cell in ((2, 0), (0, 3)):
        QTest.mouseClick(view, Left, NoKeys, view.matrix.rect(cell).center().toPoint())
    assert chosen == [(0, 2), (3, 0)]
    QTest.mouseClick(view, Left, NoKeys, view.matrix.rect((1, 1)).center().toPoint())
    QTest.mouseClick(view, Left, NoKeys, QPoint(2, 515))
    assert len(chosen) == 2
    assert selected == []


def test_a_rectangle_selects_the_rows_within(view: Pairs, chosen: list[object], selected: list[list[int]]) -> None:
    X = view.dataset.X
    drag(view, place(view, (2, 1), 2.55, 6.5), place(view, (2, 1), 3.75, 2.65))
    within = (X[:, 1] > 2.57) & (X[:, 1] < 3.73) & (X[:, 2] > 2.7) & (X[:, 2] < 6.45)
    assert selected[-1] == np.flatnonzero(within).tolist()
    assert 20 < len(selected[-1]) < 100
    assert chosen == []


def test_shift_adds_and_control_removes(view: Pairs, selected: list[list[int]]) -> None:
    species = view.dataset.y
    drag(view, place(view, (2, 3), 0.0, 2.4), place(view, (2, 3), 0.8, 0.8))
    assert selected[-1] == np.flatnonzero(species == 0).tolist()
    drag(view, place(view, (3, 2), 2.2, 2.6), place(view, (3, 2), 6.99, 0.75), Shift)
    assert selected[-1] == list(range(150))
    drag(view, place(view, (3, 2), 2.2, 2.6), place(view, (3, 2), 0.8, -0.02), Ctrl)
    assert selected[-1] == np.flatnonzero(species != 0).tolist()


def test_a_drag_over_a_histogram_selects_an_interval(view: Pairs, selected: list[list[int]]) -> None:
    rect = view.matrix.rect((2, 2))
    start, end = (place(view, (2, 2), value, 3.0) for value in (2.2, 4.55))
    drag(view, start, end)
    petals = view.dataset.X[:, 2]
    assert selected[-1] == np.flatnonzero((petals > 2.2) & (petals < 4.55)).tolist()
    assert rect.contains(QPointF(start))


def test_escape_ends_a_drag_and_then_selects_nothing(view: Pairs, selected: list[list[int]]) -> None:
    view.set_selection(np.arange(3))
    assert selected == []
    view.setFocus()
    QTest.mousePress(view, Left, NoKeys, place(view, (2, 3), 0.0, 2.4))
    QTest.mouseMove(view, place(view, (2, 3), 0.8, 0.8))
    assert len(selected[-1]) == 50
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert selected[-1] == [0, 1, 2]
    QTest.mouseRelease(view, Left, NoKeys, place(view, (2, 3), 0.8, 0.8))
    assert selected[-1] == [0, 1, 2]
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert selected[-1] == []


def test_arrow_keys_go_from_cell_to_cell_and_enter_chooses(view: Pairs, chosen: list[tuple[int, int]]) -> None:
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_Right)  # shows where the focus is: below the first
    QTest.keyClick(view, Qt.Key.Key_Return)
    QTest.keyClick(view, Qt.Key.Key_Down)
    QTest.keyClick(view, Qt.Key.Key_Down)
    QTest.keyClick(view, Qt.Key.Key_Down)
    QTest.keyClick(view, Qt.Key.Key_Right)
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert chosen == [(0, 1), (1, 3)]
    X = table("iris").X.astype(np.float64)
    r = np.corrcoef(X[:, 1], X[:, 3])[0, 1]
    said = view.accessibleDescription()
    assert "sepal width (cm) →" in said
    assert "petal width (cm) ↑" in said
    assert f"r = {r:.2f}".replace("-", "−") in said
    assert count(view.grab().toImage(), QColor(LIGHT.accent), view.matrix.rect((3, 1)).adjusted(-1, -1, 1, 1)) > 200


def test_pointing_at_a_cell_frames_it_and_opens_a_card(view: Pairs) -> None:
    before = view.grab().toImage()
    cell = (1, 2)
    QTest.mouseMove(view, view.matrix.rect(cell).center().toPoint())
    after = view.grab().toImage()
    assert count(after, QColor(LIGHT.tooltip)) > 1000 > count(before, QColor(LIGHT.tooltip))
    frame = view.matrix.rect(cell).adjusted(-1, -1, 1, 1)
    assert count(after, QColor(LIGHT.accent), frame) > count(before, QColor(LIGHT.accent), frame)


def test_the_summary_names_the_most_correlated_pair(view: Pairs) -> None:
    assert view.accessibleName() == (
        "Scatter-plot matrix of 150 rows. 4 of 4 features: sepal length (cm), sepal width (cm), petal length (cm),"
        " petal width (cm). Most correlated: petal length (cm) and petal width (cm), r = 0.96."
    )
    view.set_selection(np.arange(12))
    assert view.accessibleName().endswith("12 selected.")


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_classes_have_their_colours(view: Pairs, theme: Theme) -> None:
    view.set_theme(theme)
    image = picture(view)
    assert [count(image, colour) > 100 for colour in CLASS_COLOURS[:4]] == [True, True, True, False]
    # The flowers of one species have the short petals.
    shown, cell = view.grab().toImage(), view.matrix.rect((2, 3))
    short = QRectF(cell.left(), place(view, (2, 3), 0, 2.4).y(), cell.width(), 0.25 * cell.height())
    assert count(shown, CLASS_COLOURS[0], short) > 10
    assert count(shown, CLASS_COLOURS[1], short) == 0
    assert image.pixelColor(1, 519) == QColor(theme.window)


def test_clusters_colour_the_rows_as_they_change(view: Pairs) -> None:
    data = unlabelled(table("iris"), "clustering")
    view.set_content(data)
    assert [count(picture(view), colour) > 100 for colour in CLASS_COLOURS[:3]] == [False] * 3
    for found in (1, 3):
        labels = np.where(data.X[:, 2] < 2.5, found, 0)
        view.set_content(data, Prediction(np.zeros((150, 1)), labels=labels))
        has = [count(picture(view), colour) > 100 for colour in CLASS_COLOURS[:4]]
        assert has == [index in (0, found) for index in range(4)]


def test_targets_colour_the_rows_on_their_scale(view: Pairs) -> None:
    data = table("diabetes")
    view.set_content(data)
    image = picture(view)
    assert count(image, LOW_VALUE) > 10  # the left end of the scale in the key, and the lowest bars
    assert count(image, HIGH_VALUE) > 0
    assert [count(image, colour) for colour in CLASS_COLOURS[1:4]] == [0, 0, 0]
    key = picture(view).copy(0, 0, 640, 22)
    assert count(key, QColor(LIGHT.text)) > 8


def test_what_is_not_selected_stands_back(view: Pairs, selected: list[object]) -> None:
    body = view.body
    view.set_selection(np.arange(50))
    image = view.grab().toImage()
    assert [count(image, colour, body) > 100 for colour in CLASS_COLOURS[:3]] == [True, False, False]
    view.set_selection(np.array([], int))
    image = view.grab().toImage()
    assert [count(image, colour, body) > 100 for colour in CLASS_COLOURS[:3]] == [True, True, True]
    assert selected == []


def test_the_same_content_again_paints_nothing(view: Pairs) -> None:
    data = unlabelled(table("iris"), "clustering")
    labels = np.zeros(150, int)
    view.set_content(data, Prediction(np.zeros((150, 1)), labels=labels))
    view.grab()
    kept = view._picture
    view.set_content(data, Prediction(np.ones((150, 1)), labels=labels.copy()))
    assert view._picture is kept
    labels[3] = 1
    view.set_content(data, Prediction(np.zeros((150, 1)), labels=labels))
    assert view._picture is None


def test_of_many_features_six_are_shown_and_a_list_says_which(view: Pairs, show: Show) -> None:
    assert view.chooser.isHidden()
    view.set_content(table("wine"))
    assert view.chooser.isVisible()
    assert view.chooser.text() == "6 of 13 features ▾"
    first = view.features[0]
    other = next(index for index in range(13) if index not in view.features)
    view.chooser.list.item(other).setCheckState(Qt.CheckState.Checked)
    assert other in view.features
    assert first not in view.features
    assert len(view.features) == 6
    assert set(view.matrix.features) == set(view.features)
    for index in view.features:
        view.chooser.list.item(index).setCheckState(Qt.CheckState.Unchecked)
    assert len(view.features) == 2
    assert len(view.matrix.features) == 2
    before = view.features
    view.set_content(unlabelled(table("wine"), "clustering"))
    assert view.features == before


def test_pixels_that_are_always_white_are_not_shown_first() -> None:
    X = table("digits").X
    features = most_spread(X, 6)
    assert len(features) == 6
    assert all(len(np.unique(X[:, feature])) == 17 for feature in features)
    assert X[:, 0].std() == 0


def test_bars_count_all_rows_and_never_cut_a_whole_number_apart(view: Pairs) -> None:
    data = table("digits")
    view.set_content(data)
    values = data.X[:, view.features[0]]
    edges = view.matrix.edges(0, values)
    counts = counted(values, np.asarray(data.y, np.intp), 10, edges)
    assert counts.sum() == 1797
    assert counts.sum(axis=0).tolist() == np.bincount(data.y.astype(int)).tolist()
    numbers = np.bincount(values.astype(int), minlength=17)
    step = round(edges[1] - edges[0])
    assert counts.sum(axis=1).tolist() == [numbers[at : at + step].sum() for at in range(0, 17, step)]


def test_of_twenty_thousand_rows_a_quarter_is_drawn_and_all_are_selected(show: Show) -> None:
    rng = np.random.default_rng(1)
    X = rng.normal(size=(20_000, 5)).astype(np.float32)
    data = Dataset(Points(X, (X[:, 0] > 0).astype(np.float32)), "classification", np.zeros(20_000, np.int8), ("A", "B"),
                   ("a", "b", "c", "d", "e"))  # fmt: skip
    view = show(Pairs(LIGHT), 500, 400)
    view.set_content(data)
    assert len(view.drawn_rows) == 5_000
    heard: list[np.ndarray] = []
    view.selection_changed.connect(heard.append)
    corner = view.matrix.rect((1, 0)).topLeft().toPoint() + QPoint(1, 1)
    drag(view, corner, QPoint(place(view, (1, 0), 0, 0).x(), 1000))
    middle = view.matrix.across[0].value_at(place(view, (1, 0), 0, 0).x())
    assert heard[-1].tolist() == np.flatnonzero(X[:, 0] <= middle).tolist()
    view.set_selection(np.array([17]))
    assert view.drawn_selection.tolist() == [17]
    assert count(view.grab().toImage().copy(250, 0, 250, 22), QColor(LIGHT.muted)) > 20  # 5,000 of 20,000 drawn


def test_the_selection_follows_rows_that_stay(view: Pairs) -> None:
    view.set_selection(np.array([10, 20, 30]))
    points = view.dataset.points.erasing(np.array([5, 20]))
    data = replace(view.dataset, points=points, parts=np.zeros(148, np.int8))
    view.set_content(data)
    assert view.selection.tolist() == [9, 28]


def test_a_feature_that_does_not_vary_has_no_correlation(view: Pairs) -> None:
    X = np.column_stack([np.full(9, 3.0), np.arange(9.0)]).astype(np.float32)
    view.set_content(Dataset(Points(X, X[:, 1]), "regression", np.zeros(9, np.int8)))
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_Down)
    assert "r = unknown, as one does not vary" in view.accessibleDescription()
    assert not picture(view).isNull()


@pytest.mark.parametrize("inputs", [0, 1])
def test_without_rows_or_a_second_input_it_says_so(view: Pairs, inputs: int, chosen: list[object]) -> None:
    X = np.arange(6.0)[:, None] if inputs else np.empty((0, 2))
    view.set_content(Dataset(Points(X, np.zeros(len(X))), "regression", np.zeros(len(X), np.int8), (), ("x",)))
    assert ("one input only" if inputs else "once there is data") in view.accessibleName()
    assert count(picture(view), QColor(LIGHT.muted)) > 15
    QTest.mouseClick(view, Left, NoKeys, QPoint(300, 300))
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert chosen == []


def test_a_figure_is_drawn_as_shapes_and_text(view: Pairs, tmp_path: Path) -> None:
    generator = QSvgGenerator()
    generator.setFileName(str(tmp_path / "pairs.svg"))
    generator.setViewBox(QRectF(0, 0, 600, 500))
    painter = QPainter(generator)
    view.render_figure(painter, QRectF(0, 0, 600, 500))
    painter.end()
    drawn = (tmp_path / "pairs.svg").read_text(encoding="utf-8")
    assert "<image" not in drawn
    assert "sepal width (cm)" in drawn.replace("\n", "") or "sepal width" in drawn
    assert drawn.count("<path") > 150 * 12


@pytest.mark.parametrize("size", [(240, 180), (360, 360), (900, 500)])
@pytest.mark.parametrize("name", ["iris", "digits"])
def test_cells_do_not_overlap_and_lie_within(show: Show, size: tuple[int, int], name: str) -> None:
    view = show(Pairs(LIGHT), *size)
    view.set_content(table(name))
    rects = [view.matrix.rect(cell) for cell in view.matrix.cells]
    assert all(QRectF(view.rect()).contains(rect) and rect.width() > 25 and rect.height() > 20 for rect in rects)
    assert not any(a.intersects(b) for index, a in enumerate(rects) for b in rects[:index])
