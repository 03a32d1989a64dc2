"""The dendrogram in a whole window: a hand at its cut moves the clusters on the stage, and the two stay in step."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QTabBar

from engine.edits import set_values
from engine.experiment import Experiment
from engine.learners.hierarchical import Hierarchical
from engine.worker import FLAT_OUT
from playground.settings import AppSettings
from tests.playground.conftest import Hands
from widgets.dendrogram import DendrogramView

BLOBS = set_values(
    Experiment(), {"data.generator": "blobs", "data.n_points": 120, "learner.kind": "hierarchical", "learner.k": 3}
)
Left, NoKeys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
Open = Callable[..., Hands]


def tab(hands: Hands) -> tuple[QTabBar, int]:
    bar = next(each for each in hands.window.findChildren(QTabBar) if each.accessibleName() == "Views")
    return bar, next(row for row in range(bar.count()) if bar.tabText(row) == "Dendrogram")


def clusters(hands: Hands) -> int:
    """How many clusters the points on the stage are in."""
    said = hands.window.shown.predictions
    assert said is not None
    assert said.labels is not None
    return len(np.unique(said.labels))


def learner(hands: Hands) -> Hierarchical:
    settings = hands.window.document.experiment.learner
    assert isinstance(settings, Hierarchical)
    return settings


@pytest.fixture
def finished(open_window: Open) -> Hands:
    """A window in which the tree is whole, with the dendrogram in front."""
    hands = open_window(BLOBS)
    bar, index = tab(hands)
    QTest.mouseClick(bar, Left, NoKeys, bar.tabRect(index).center())
    hands.window.training.set_speed(FLAT_OUT)
    hands.window.training.play()
    hands.wait(lambda: hands.window.shown.outcome.status == "converged")
    hands.wait(lambda: "120 points" in hands.find(DendrogramView).summary())
    hands.wait(lambda: "merges are made" not in hands.find(DendrogramView).summary())
    return hands


def test_dragging_the_cut_parts_and_joins_the_clusters_on_the_stage(finished: Hands) -> None:
    hands, view = finished, finished.find(DendrogramView)
    assert clusters(hands) == view.n_clusters == 3
    stage = hands.window.stage.grab().toImage()
    at = view.place_of_height(view.cut_at).toPoint()
    QTest.mousePress(view.canvas, Left, NoKeys, at)
    for k in (4, 6, 2):
        # Still held: the stage follows the hand.
        content = view._content
        assert content is not None
        QTest.mouseMove(view.canvas, view.place_of_height(content.tree.height_for(k)).toPoint())
        hands.wait(lambda k=k: clusters(hands) == k)  # type: ignore[misc]
        assert view.n_clusters == k
        assert hands.window.stage.grab().toImage() != stage
    QTest.mouseRelease(view.canvas, Left, NoKeys, view.place_of_height(view.cut_at).toPoint())
    assert learner(hands).cut_by == "height"
    assert learner(hands).height == view.cut_at
    assert hands.window.shown.outcome.status == "converged"
    hands.do("edit.undo")
    assert learner(hands) == BLOBS.learner
    assert view.n_clusters == 3
    hands.wait(lambda: clusters(hands) == 3)


def test_the_arrow_keys_move_the_cut(finished: Hands) -> None:
    hands, view = finished, finished.find(DendrogramView)
    for key, k in ((Qt.Key.Key_Down, 4), (Qt.Key.Key_Down, 5), (Qt.Key.Key_Up, 4)):
        QTest.keyClick(view.canvas, key)
        QApplication.processEvents()
        assert view.n_clusters == k
        hands.wait(lambda k=k: clusters(hands) == k)  # type: ignore[misc]


def test_the_line_follows_the_settings(finished: Hands) -> None:
    hands, view = finished, finished.find(DendrogramView)
    hands.window.document.edit(set_values(hands.window.document.experiment, {"learner.k": 7}), "k")
    hands.wait(lambda: view.n_clusters == 7)
    hands.wait(lambda: clusters(hands) == 7)


def test_a_number_of_clusters_is_cut_for_again_where_a_height_was(finished: Hands) -> None:
    hands, view = finished, finished.find(DendrogramView)
    QTest.keyClick(view.canvas, Qt.Key.Key_Down)
    assert learner(hands).cut_by == "height"
    hands.window.evaluation.edited.emit("learner.k", 6, True)
    assert (learner(hands).cut_by, learner(hands).k) == ("clusters", 6)
    hands.wait(lambda: clusters(hands) == 6)
    hands.do("edit.undo")
    assert learner(hands).cut_by == "height"


def test_a_click_on_a_branch_selects_its_points_on_the_stage(finished: Hands) -> None:
    hands, view = finished, finished.find(DendrogramView)
    content = view._content
    assert content is not None
    at = view.place_of_merge(117)
    at.setX(at.x() + 10)
    QTest.mouseClick(view.canvas, Left, NoKeys, at.toPoint())
    wanted = sorted(content.rows[content.tree.rows(120 + 117)].tolist())
    assert hands.window.shown.workspace.selection.tolist() == wanted
    assert hands.status.startswith(f"{len(wanted)} points joined at")


def test_the_tree_grows_with_the_forest(open_window: Open) -> None:
    hands = open_window(BLOBS, AppSettings(bottom_view="dendrogram"))
    view = hands.find(DendrogramView)
    assert "press play" in view.summary()
    hands.window.training.step("step", 30)
    hands.wait(lambda: "30 of 119 merges are made" in view.summary())


def test_other_models_are_told_why_there_is_no_tree(open_window: Open) -> None:
    hands = open_window(set_values(BLOBS, {"learner.kind": "k_means"}))
    bar, index = tab(hands)
    assert not bar.isTabEnabled(index)
    assert "hierarchical" in bar.tabToolTip(index)
    hands.window.document.edit(BLOBS, "Model")
    hands.wait(lambda: bar.isTabEnabled(index))
    assert "hierarchical" not in bar.tabToolTip(index)


def test_it_is_a_figure_that_can_be_exported(finished: Hands) -> None:
    found = finished.window.evaluation.figure()
    assert found is not None
    name, render = found
    assert name == "Dendrogram"
    image = QImage(500, 300, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    render(painter, QRectF(image.rect()), finished.window.workspace.theme)
    painter.end()
    assert len({image.pixel(x, y) for x in range(0, 500, 3) for y in range(0, 300, 3)}) > 4
