"""Silhouettes and the choice of k: painted as they are, clicked as a person does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.cluster_report import ChoiceOfK, SilhouetteReport
from engine.palette import CLASS_COLOURS
from widgets.k_chart import KChart
from widgets.picture_view import PictureView
from widgets.silhouettes import Silhouettes
from widgets.theme import DARK, LIGHT

VALUES = np.array([0.9, 0.7, 0.5, -0.2, 0.8, 0.6])
SITTING = SilhouetteReport(VALUES, np.array([0, 0, 0, 0, 1, 1]), np.array([5, 3, 1, 7, 2, 0]), 6)
NONE = np.full(5, np.nan)
CHOICE = ChoiceOfK(
    ks=np.arange(1, 6),
    objective=np.array([5.0, 3.0, 1.0, 0.9, 0.8]),
    silhouette=np.array([np.nan, 0.4, 0.7, 0.5, 0.3]),
    criteria={},
    gap=np.array([0.1, 0.3, 0.9, 0.8, 0.7]),
    gap_error=np.full(5, 0.05),
    present=2,
    sampled=False,
    complete=True,
)


def shown(qtbot: QtBot, view: PictureView) -> None:
    qtbot.addWidget(view)
    view.resize(700, 260)
    view.show()
    qtbot.waitExposed(view)


def picture(view: PictureView) -> QImage:
    image = QImage(view.canvas.size(), QImage.Format.Format_RGB32)
    image.fill(QColor(view.theme.window))
    painter = QPainter(image)
    view.paint_picture(painter, QRectF(view.canvas.rect()), view.theme)
    painter.end()
    return image


def has(image: QImage, colour: QColor | str) -> bool:
    wanted = QColor(colour).rgb()
    return any(image.pixel(x, y) == wanted for x in range(image.width()) for y in range(image.height()))


def click(view: PictureView, at: QPointF) -> None:
    QTest.mouseClick(view.canvas, Qt.MouseButton.LeftButton, pos=at.toPoint())


# -- silhouettes


def test_bars_have_the_colours_of_their_clusters_and_a_click_selects_those_that_sit_no_better(qtbot: QtBot) -> None:
    view = Silhouettes(LIGHT)
    shown(qtbot, view)
    assert "two clusters" in view.summary()
    view.set_content(SITTING)
    image = picture(view)
    assert has(image, QColor(*CLASS_COLOURS[0]))
    assert has(image, QColor(*CLASS_COLOURS[1]))
    assert not has(image, QColor(*CLASS_COLOURS[2]))
    assert view.summary() == "Mean silhouette 0.550: cluster 1 0.48, cluster 2 0.70."
    heard: list[Any] = []
    view.rows_chosen.connect(lambda rows, sentence: heard.append((rows.tolist(), sentence)))
    frame = view._frame
    assert frame is not None
    click(view, QPointF(frame.x.place(2.4), frame.y.place(0.1)))
    assert heard[0][0] == [1, 7]
    assert "cluster 1" in heard[0][1]
    click(view, QPointF(frame.x.place(3.4), frame.y.place(-0.1)))
    assert heard[1][0] == [7]


# -- the choice of k


@pytest.fixture
def chart(qtbot: QtBot) -> KChart:
    view = KChart(LIGHT)
    shown(qtbot, view)
    view.set_content(CHOICE)
    return view


def choose(view: KChart, kind: str) -> None:
    QTest.mouseClick(view._kinds.button(kind), Qt.MouseButton.LeftButton)


def test_each_picture_says_what_it_speaks_for(chart: KChart) -> None:
    assert "bend" in chart._hint.accessibleName()
    choose(chart, "silhouette")
    assert chart._hint.accessibleName() == "Speaks for k = 3."
    choose(chart, "gap")
    assert chart._hint.accessibleName() == "Speaks for k = 3."
    assert "k = 3: 0.900" in chart.summary()
    chart.set_content(replace(CHOICE, gap=np.array([0.9, 0.3, 0.2, 0.1, 0.0])))
    assert "no clusters" in chart._hint.accessibleName()
    assert chart._kinds.button("bic").isHidden()
    chart.set_content(replace(CHOICE, criteria={"bic": np.array([9.0, 8.0, 7.0, 6.0, 6.5])}))
    choose(chart, "bic")
    assert chart._hint.accessibleName() == "Speaks for k = 4."
    chart.set_content(CHOICE)  # of another model, that has none
    assert "bend" in chart._hint.accessibleName()


def test_where_the_objective_says_nothing_of_another_k_eigenvalues_are_shown(chart: KChart) -> None:
    eigenvalues = {"eigenvalue": np.array([0.0, 0.01, 0.02, 0.3, 0.35])}
    chart.set_content(replace(CHOICE, objective=NONE, criteria=eigenvalues, gap=NONE, gap_error=NONE))
    assert chart._kinds.button("elbow").isHidden()
    assert chart._kinds.button("gap").isHidden()
    assert "jump" in chart._hint.accessibleName()
    assert "k = 3: 0.02" in chart.summary()
    picture(chart)
    chart.set_content(CHOICE)
    assert not chart._kinds.button("elbow").isHidden()
    assert chart._kinds.button("eigenvalue").isHidden()
    assert "bend" in chart._hint.accessibleName()


def test_it_fills_and_waits_for_the_gap(chart: KChart) -> None:
    growing = replace(
        CHOICE, objective=CHOICE.objective[:2], silhouette=CHOICE.silhouette[:2], gap=NONE[:2], gap_error=NONE[:2],
        complete=False,
    )  # fmt: skip
    chart.set_content(growing)
    assert chart.summary().startswith("Objective per point: k = 1: 5.00, k = 2: 3.00")
    choose(chart, "gap")
    assert chart._hint.accessibleName() == "Being computed…"
    picture(chart)


def test_a_click_and_the_arrow_keys_make_a_k_the_models(chart: KChart) -> None:
    picture(chart)
    heard: list[tuple[str, object, bool]] = []
    chart.edited.connect(lambda path, value, final: heard.append((path, value, final)))
    frame = chart._frame
    assert frame is not None
    click(chart, QPointF(frame.x.place(4.1), frame.y.place(2.0)))
    QTest.keyClick(chart.canvas, Qt.Key.Key_Right)
    QTest.keyClick(chart.canvas, Qt.Key.Key_Left)
    assert heard == [("learner.k", 4, True), ("learner.k", 3, True), ("learner.k", 1, True)]
    chart.set_content(replace(CHOICE, present=1))
    QTest.keyClick(chart.canvas, Qt.Key.Key_Left)
    assert len(heard) == 3


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_the_best_is_in_the_accent_of_the_theme(chart: KChart, theme: Any) -> None:
    chart.set_theme(theme)
    choose(chart, "silhouette")
    image = picture(chart)
    frame = chart._frame
    assert frame is not None
    at = QPointF(frame.x.place(3), frame.y.place(0.7)).toPoint()
    assert image.pixelColor(at) == QColor(theme.accent)
