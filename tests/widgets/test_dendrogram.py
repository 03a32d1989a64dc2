"""The dendrogram: a line that is dragged or moved by keys, branches to be pointed at and clicked, and their colours."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from scipy.cluster.hierarchy import linkage

from engine.dendrogram import MOST_BRANCHES, Dendrogram
from engine.learners.hierarchical import Hierarchical
from engine.merge_tree import MergeTree
from engine.palette import CLASS_COLOURS
from widgets.dendrogram import DendrogramView
from widgets.theme import DARK, LIGHT, Theme

Left, NoKeys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def content(n: int = 40, method: str = "average", **cut: Any) -> Dendrogram:
    rng = np.random.default_rng(5)
    Z = rng.normal(size=(n, 2)) + 8.0 * rng.integers(0, 3, n)[:, None]
    found = linkage(Z, method)
    tree = MergeTree(found[:, :2].astype(np.int64), found[:, 2].copy())
    return Dendrogram(tree, n - 1, np.arange(n) + 100, Hierarchical(**cut))


@pytest.fixture
def view(qtbot: QtBot) -> DendrogramView:
    view = DendrogramView(LIGHT)
    qtbot.addWidget(view)
    view.resize(900, 320)
    view.set_content(content())
    view.show()
    qtbot.waitExposed(view)
    return view


@pytest.fixture
def wishes(view: DendrogramView) -> list[tuple[str, float, bool]]:
    heard: list[tuple[str, float, bool]] = []
    view.edited.connect(lambda path, value, final: heard.append((path, value, final)))
    return heard


@pytest.fixture
def chosen(view: DendrogramView) -> list[tuple[list[int], str]]:
    heard: list[tuple[list[int], str]] = []
    view.rows_chosen.connect(lambda rows, sentence: heard.append((rows.tolist(), sentence)))
    return heard


def picture(view: DendrogramView, theme: Theme | None = None) -> QImage:
    image = QImage(view.canvas.size(), QImage.Format.Format_RGB32)
    painter = QPainter(image)
    view.render_figure(painter, QRectF(image.rect()), theme or view.theme)
    painter.end()
    return image


def count(image: QImage, colour: QColor) -> int:
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)[..., 2::-1]
    return int((np.abs(pixels.astype(int) - [colour.red(), colour.green(), colour.blue()]).max(axis=-1) < 8).sum())


def drag(view: DendrogramView, *heights: float) -> None:
    places = [view.place_of_height(height).toPoint() for height in heights]
    QTest.mousePress(view.canvas, Left, NoKeys, places[0])
    for place in places[1:]:
        QTest.mouseMove(view.canvas, place)
    QTest.mouseRelease(view.canvas, Left, NoKeys, places[-1])


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_dragging_the_line_sets_the_height(
    view: DendrogramView, wishes: list[tuple[str, float, bool]], scale: str
) -> None:
    QTest.mouseClick(view._kinds.button(scale), Left)
    start, end = view.cut_at, 0.5 * view.cut_at
    assert view.n_clusters == 3
    drag(view, start, end)
    assert [(path, final) for path, _, final in wishes] == [("learner.height", False)] * 2 + [("learner.height", True)]
    assert wishes[0][1] == pytest.approx(start, rel=0.02)
    assert wishes[-1][1] == pytest.approx(end, rel=0.02)
    assert view.cut_at == wishes[-1][1]
    tree = content().tree
    assert view.n_clusters == 40 - tree.merges_up_to(wishes[-1][1])


def test_it_goes_from_every_point_alone_to_all_in_one(
    view: DendrogramView, wishes: list[tuple[str, float, bool]]
) -> None:
    at = view.place_of_height(view.cut_at).toPoint()
    QTest.mousePress(view.canvas, Left, NoKeys, at)
    QTest.mouseMove(view.canvas, QPoint(at.x(), view.canvas.height() + 50))
    assert wishes[-1][1] == 0.0
    assert view.n_clusters == 40
    QTest.mouseMove(view.canvas, QPoint(at.x(), -50))
    assert view.n_clusters == 1
    QTest.mouseRelease(view.canvas, Left, NoKeys, QPoint(at.x(), -50))
    assert view.n_clusters == 1


def test_the_arrow_keys_make_one_cluster_more_or_fewer(
    view: DendrogramView, wishes: list[tuple[str, float, bool]]
) -> None:
    tree = content().tree
    for key, k in ((Qt.Key.Key_Down, 4), (Qt.Key.Key_Up, 2)):
        QTest.keyClick(view.canvas, key)
        path, height, final = wishes[-1]
        assert (path, final) == ("learner.height", True)
        assert tree.merges_up_to(height) == 40 - k
    view.set_cut(Hierarchical(k=1))
    QTest.keyClick(view.canvas, Qt.Key.Key_Up)
    assert len(wishes) == 2


def test_keys_step_over_merges_of_one_height(view: DendrogramView, wishes: list[tuple[str, float, bool]]) -> None:
    tree = MergeTree(np.array([[0, 1], [2, 3], [4, 5]]), np.array([1.0, 1.0, 5.0]))
    view.set_content(Dendrogram(tree, 3, np.arange(4), Hierarchical(k=2)))
    QTest.keyClick(view.canvas, Qt.Key.Key_Down)
    assert wishes == [("learner.height", 0.5, True)]


def test_a_click_on_a_branch_selects_its_points(
    view: DendrogramView, wishes: list[tuple[str, float, bool]], chosen: list[tuple[list[int], str]]
) -> None:
    tree = content().tree
    merge = 37
    at = view.place_of_merge(merge) + QPointF(12, 0)
    QTest.mouseClick(view.canvas, Left, NoKeys, at.toPoint())
    ((rows, sentence),) = chosen
    assert rows == sorted((tree.rows(40 + merge) + 100).tolist())
    assert sentence == f"{len(rows)} points joined at {tree.heights[merge]:.1f} are selected."
    assert wishes == []


def test_a_click_on_a_leg_selects_what_stands_below_it(
    view: DendrogramView, chosen: list[tuple[list[int], str]]
) -> None:
    tree = content().tree
    child = int(tree.children[38][tree.arrangement.x[tree.children[38]].argmin()])
    QTest.mouseClick(view.canvas, Left, NoKeys, (view.place_of_merge(38) + QPointF(0, 12)).toPoint())
    assert chosen[0][0] == sorted((tree.rows(child) + 100).tolist())


def test_a_click_on_a_single_leg_selects_its_row(view: DendrogramView, chosen: list[tuple[list[int], str]]) -> None:
    tree = MergeTree(np.array([[0, 1], [2, 3]]), np.array([1.0, 5.0]))
    view.set_content(Dendrogram(tree, 2, np.array([7, 8, 9]), Hierarchical(k=1)))
    QTest.mouseClick(view.canvas, Left, NoKeys, (view.place_of_merge(1) + QPointF(0, 40)).toPoint())
    assert chosen == [([9], "Row 10 is selected.")]


def test_pointing_at_a_branch_says_how_many_and_how_high(view: DendrogramView) -> None:
    tree = content().tree
    at = view.place_of_merge(37) + QPointF(12, 0)
    node = view.node_at(at)
    assert node == 77
    assert view.node_text(77) == f"{tree.arrangement.sizes[77]} points joined at {tree.heights[37]:.1f}"
    before = view.canvas.grab().toImage()
    QTest.mouseMove(view.canvas, at.toPoint())
    after = view.canvas.grab().toImage()
    assert count(after.convertToFormat(QImage.Format.Format_RGB32), QColor(LIGHT.tooltip)) > 500
    assert count(before.convertToFormat(QImage.Format.Format_RGB32), QColor(LIGHT.tooltip)) < 100
    assert view.canvas.cursor().shape() == Qt.CursorShape.PointingHandCursor
    QTest.mouseMove(view.canvas, view.place_of_height(view.cut_at).toPoint())
    view.canvas.grab()
    assert view.canvas.cursor().shape() == Qt.CursorShape.SizeVerCursor


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_clusters_have_their_colours_and_what_is_above_the_cut_is_in_ink(view: DendrogramView, theme: Theme) -> None:
    view.set_theme(theme)
    for k in (1, 3, 5):
        view.set_cut(Hierarchical(k=k))
        image = picture(view)
        found = [count(image, QColor(*colour)) > 20 for colour in CLASS_COLOURS[:6]]
        assert found == [index < k for index in range(6)]
    assert count(image, QColor(theme.text)) > 200


def test_a_tree_that_grows_is_coloured_as_the_forest_is(view: DendrogramView) -> None:
    view.set_content(replace(content(), merged=37))
    view.set_cut(Hierarchical(k=1))
    image = picture(view)
    assert [count(image, QColor(*colour)) > 20 for colour in CLASS_COLOURS[:4]] == [True, True, True, False]
    assert "37 of 39 merges are made" in view.summary()


def test_what_is_set_elsewhere_is_followed_before_the_run_has_answered(view: DendrogramView) -> None:
    view.set_cut(Hierarchical(k=6))
    assert view.n_clusters == 6
    view.set_content(content(k=3))  # an older answer
    assert view.n_clusters == 6
    view.set_cut(Hierarchical(cut_by="height", height=1e9))
    assert view.summary().endswith("1 cluster.")


def test_without_a_tree_it_says_so_and_takes_no_wishes(
    view: DendrogramView, wishes: list[Any], chosen: list[Any]
) -> None:
    view.set_content(None)
    assert "press play" in view.summary()
    assert not picture(view).isNull()
    QTest.mouseClick(view.canvas, Left, NoKeys, QPoint(300, 100))
    QTest.keyClick(view.canvas, Qt.Key.Key_Up)
    assert wishes == chosen == []


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_points_stand_on_the_ground(view: DendrogramView, scale: str) -> None:
    QTest.mouseClick(view._kinds.button(scale), Left)
    ground = view.place_of_height(0.0).y()
    assert ground < view.canvas.height() - 4
    shown = view.canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    below = shown.copy(60, round(ground) + 4, shown.width() - 60, 4)
    assert all(count(below, QColor(*colour)) == 0 for colour in CLASS_COLOURS[:3])


@pytest.mark.parametrize(("n", "are_told"), [(8, True), (300, False)])
def test_rows_are_told_where_there_is_room(view: DendrogramView, n: int, are_told: bool) -> None:
    view.set_content(content(n, k=1))
    shown = view.canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    ground = round(view.place_of_height(0.0).y()) + 3
    below = shown.copy(60, ground, shown.width() - 60, shown.height() - ground)
    assert (count(below, QColor(LIGHT.muted)) > 5) == are_told


@pytest.mark.parametrize("method", ["single", "ward"])
def test_of_five_thousand_points_the_lowest_branches_are_folded_into_bundles(method: str) -> None:
    drawn = content(5000, method, k=4).branches
    assert len(drawn.merges) == MOST_BRANCHES
    assert drawn.merges[-1] == 5000 - 2  # the highest are drawn
    inside = np.concatenate([np.arange(first, last + 1) for first, last in drawn.spans.astype(int)])
    assert len(inside) == len(np.unique(inside))
    assert len(inside) > 5000 - 2 * MOST_BRANCHES
