"""Principal components: bars as high as what they explain, a click keeps so many, arrow keys go through loadings."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from sklearn.datasets import load_wine
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from engine.components_report import ComponentsReport, components_report
from engine.experiment import Experiment, Preparation
from engine.learners.k_means import KMeans
from engine.learners.pca import PrincipalComponents
from engine.table_sets import bundled_table
from engine.training import Run
from widgets.components import Components
from widgets.theme import LIGHT

CONTENT = ComponentsReport(
    variances=np.array([6.0, 3.0, 1.0]),
    loadings=np.array([[0.8, 0.6, 0.0], [-0.6, 0.8, 0.0], [0.0, 0.0, 1.0]]),
    features=("length", "width", "height"),
    wanted=2,
    found=1,
    covariance=np.array([[4.92, 1.44, 0.0], [1.44, 4.08, 0.0], [0.0, 0.0, 1.0]]),
)


@pytest.fixture
def view(qtbot: QtBot) -> Components:
    view = Components(LIGHT)
    qtbot.addWidget(view)
    view.resize(700, 260)
    view.set_content(CONTENT)
    view.show()
    qtbot.waitExposed(view)
    return view


@pytest.fixture
def wishes(view: Components) -> list[tuple[str, object, bool]]:
    heard: list[tuple[str, object, bool]] = []
    view.edited.connect(lambda path, value, final: heard.append((path, value, final)))
    return heard


def colour(view: Components, x: float, y: float) -> QColor:
    """What is painted at a place of the chart."""
    image = QImage(view.canvas.size(), QImage.Format.Format_RGB32)
    image.fill(QColor(view.theme.window))
    painter = QPainter(image)
    view.paint_picture(painter, QRectF(view.canvas.rect()), view.theme)
    painter.end()
    frame = view._frame
    assert frame is not None
    return image.pixelColor(QPointF(frame.x.place(x), frame.y.place(y)).toPoint())


def test_bars_are_as_high_as_what_they_explain_and_those_that_are_kept_stand_out(view: Components) -> None:
    assert colour(view, 0.2, 0.55) == QColor(LIGHT.accent)
    assert colour(view, 0.2, 0.65) != QColor(LIGHT.accent)
    assert colour(view, 1.2, 0.25) == QColor(LIGHT.accent)
    assert colour(view, 2.2, 0.05) != QColor(LIGHT.accent)
    assert "The first 2 of 3 explain 90.0 % of the variance." in view.summary()


def test_a_click_and_the_arrow_keys_keep_so_many(view: Components, wishes: list[tuple[str, object, bool]]) -> None:
    colour(view, 0.0, 0.0)
    frame = view._frame
    assert frame is not None
    at = QPointF(frame.x.place(2.1), frame.y.place(0.5)).toPoint()
    QTest.mouseClick(view.canvas, Qt.MouseButton.LeftButton, pos=at)
    QTest.keyClick(view.canvas, Qt.Key.Key_Left)
    QTest.keyClick(view.canvas, Qt.Key.Key_Right)
    kept = [("learner.components", count, True) for count in (3, 1, 3)]
    assert wishes == kept


def test_the_loadings_of_each_component_are_gone_through(view: Components, wishes: list[object]) -> None:
    QTest.mouseClick(view._kinds.button("loadings"), Qt.MouseButton.LeftButton)
    assert view.summary() == "Loadings of component 1: length 0.800, width 0.600, height 0"
    high, low = colour(view, 0.0, 0.3), colour(view, 2.0, 0.3)
    assert high != low
    QTest.keyClick(view.canvas, Qt.Key.Key_Right)
    assert view.summary().startswith("Loadings of component 2: length −0.600")
    assert colour(view, 0.0, 0.3) == low
    assert colour(view, 0.0, -0.3) != low
    assert wishes == []
    view.set_content(None)
    assert "appear here" in view.summary()


def test_the_report_is_what_scikit_learn_says_whatever_has_been_found() -> None:
    experiment = Experiment(
        data=bundled_table("wine"),
        preparation=Preparation(scaling="standardize"),
        learner=PrincipalComponents(components=2),
    )
    run = Run(experiment)
    report = components_report(run.judged())
    reference = PCA().fit(StandardScaler().fit_transform(load_wine().data))
    assert report is not None
    np.testing.assert_allclose(report.shares, reference.explained_variance_ratio_, atol=1e-6)
    np.testing.assert_allclose(np.abs(report.loadings), np.abs(reference.components_), atol=1e-4)
    assert (report.wanted, report.found) == (2, 0)
    assert components_report(Run(Experiment(learner=KMeans())).judged()) is None


def test_the_covariance_is_painted_with_what_deflation_leaves_and_its_rank_is_said(
    view: Components, qtbot: QtBot
) -> None:
    QTest.mouseClick(view._kinds.button("covariance"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(view._matrices) == 2)
    np.testing.assert_allclose(
        view._matrices[1].values, CONTENT.covariance - 6.0 * np.outer([0.8, 0.6, 0], [0.8, 0.6, 0])
    )
    assert "3 features, rank 3, which is full; total variance 10" in view.summary()
    area = view._matrices[0].area
    off = QPointF(area.left() + area.width() / 2, area.top() + area.height() / 6)
    assert list(view._matrices[0].reading(off)) == ["length and width", "covariance 1.44", "correlation 0.321"]
    picture = view.canvas.grab().toImage()
    strong, none = (
        picture.pixelColor(round(area.left() + area.width() * x), round(area.top() + area.height() * y))
        for x, y in ((0.04, 0.04), (0.72, 0.04))
    )
    assert strong.saturation() > 100
    assert none.saturation() < 20


def test_the_rank_counts_the_directions_in_which_points_vary() -> None:
    rng = np.random.default_rng(0)
    flat = rng.normal(size=(50, 3)) @ rng.normal(size=(3, 6))
    covariance = np.cov(flat.T, bias=True)
    variances, axes = np.linalg.eigh(covariance)
    variances = np.maximum(0.0, variances[::-1])
    report = ComponentsReport(variances, axes.T[::-1], tuple("abcdef"), 2, 2, covariance)
    assert report.rank == np.linalg.matrix_rank(flat - flat.mean(axis=0)) == 3
    assert np.abs(report.left_by(3)).max() < 1e-12
