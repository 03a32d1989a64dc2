"""Errors are the variances left out, pictures are made of the scores kept, and the slider is a wish."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

from engine.dataset import Dataset
from engine.edits import set_values
from engine.experiment import Experiment
from engine.reconstruction_report import ReconstructionStudy, reconstruction_study
from engine.snapshot import Judged
from engine.table_sets import bundled_table
from engine.training import Run
from playground import choices
from widgets.reconstruction import Reconstruction
from widgets.theme import DARK, LIGHT


@lru_cache
def judged(table: str, **values: str) -> Judged:
    experiment = choices.with_task(choices.with_data(Experiment(), bundled_table(table)), "projection")
    experiment = set_values(experiment, {"learner.found": "svd", "preparation.scaling": "none", **values})
    run = Run(experiment)
    run.advance(1)
    found = run.judged()
    assert found is not None
    return found


def study(table: str = "digits", **values: str) -> ReconstructionStudy:
    found = reconstruction_study(judged(table, **values))
    assert found is not None
    return found


def test_errors_and_pictures_agree_with_scikit_learn() -> None:
    found = study(**{"learner.components": "12"})
    X = load_digits().data
    assert found.shape == (8, 8)
    assert found.kept == 12
    for r in (1, 5, 12, 40):
        reference = PCA(r, svd_solver="full").fit(X)
        back = reference.inverse_transform(reference.transform(X))
        assert found.errors[r] == pytest.approx(float(((X - back) ** 2).sum(axis=1).mean()), rel=1e-5)
        if r == 12:
            rows = np.array([3, 700])
            originals, rebuilt = found.looked_at(rows)
            np.testing.assert_allclose(originals, X[rows], atol=1e-4)
            np.testing.assert_allclose(rebuilt, back[rows], atol=1e-3)
    assert found.errors[0] == pytest.approx(float(X.var(axis=0).sum()), rel=1e-5)
    assert (np.diff(found.errors) <= 1e-9).all()


def test_there_is_one_example_a_class_and_a_table_is_no_picture() -> None:
    assert [study().title(int(row)).split(" ")[0] for row in study().examples] == [str(digit) for digit in range(10)]
    assert study("wine").shape is None


def test_there_is_nothing_to_say_of_another_model() -> None:
    assert reconstruction_study(None) is None
    experiment = choices.with_task(choices.with_data(Experiment(), bundled_table("iris")), "clustering")
    run = Run(experiment)
    run.advance(1)
    assert reconstruction_study(run.judged()) is None


@pytest.fixture
def view(qtbot: QtBot) -> Reconstruction:
    made = Reconstruction(LIGHT)
    qtbot.addWidget(made)
    made.resize(900, 300)
    made.show()
    return made


def test_the_slider_and_a_click_in_the_chart_wish_for_other_numbers_of_scores(
    view: Reconstruction, qtbot: QtBot
) -> None:
    view.set_content(study(**{"learner.components": "12"}))
    qtbot.waitUntil(lambda: view._frame is not None)
    wishes: list[tuple[str, object, bool]] = []
    view.edited.connect(lambda *wish: wishes.append(wish))
    view.slider.setFocus()
    QTest.keyClick(view.slider, Qt.Key.Key_Right)
    assert wishes == [("learner.components", 13, True)]
    wishes.clear()
    frame = view._frame
    assert frame is not None
    at = QPointF(frame.x.place(40), frame.area.center().y()).toPoint()
    QTest.mouseClick(view.canvas, Qt.MouseButton.LeftButton, pos=at)
    assert wishes == [("learner.components", 40, True)]
    wishes.clear()
    view.canvas.setFocus()
    QTest.keyClick(view.canvas, Qt.Key.Key_Left)
    assert wishes == [("learner.components", 11, True)]
    wishes.clear()
    view.set_content(study(**{"learner.components": "30"}))  # what the document says is no wish
    assert view.slider.value() == 30
    assert wishes == []


def painted(view: Reconstruction) -> QImage:
    return view.canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)


def test_selected_points_are_looked_at_and_painted_pixel_by_pixel(view: Reconstruction, qtbot: QtBot) -> None:
    content = study(**{"learner.components": "64"})
    view.set_content(content)
    view.set_selected(np.array([17]))
    qtbot.waitUntil(lambda: len(view._cells) == 3)
    picture, digit = painted(view), load_digits().data[17].reshape(8, 8)
    for cell, _ in view._cells[:2]:  # with all scores the second is the first
        for row, column in ((0, 0), (2, 3), (4, 4), (6, 2)):
            x, y = cell.left() + (column + 0.5) * cell.width() / 8, cell.top() + (row + 0.5) * cell.height() / 8
            grey = QColor(picture.pixel(round(x), round(y))).red()
            assert grey == pytest.approx(255 * (1 - digit[row, column] / digit.max()), abs=2)
    chosen: list[object] = []
    view.rows_chosen.connect(lambda rows, sentence: chosen.append((rows.tolist(), sentence)))
    QTest.mouseClick(view.canvas, Qt.MouseButton.LeftButton, pos=view._cells[0][0].center().toPoint())
    assert chosen == [([17], f"{content.title(17)} is selected.")]


def test_points_that_are_no_pictures_are_drawn_as_profiles(view: Reconstruction, qtbot: QtBot) -> None:
    view.set_content(study("wine", **{"learner.components": "2", "preparation.scaling": "standardize"}))
    qtbot.waitUntil(lambda: len(view._cells) == 3)
    plain = painted(view)
    view.set_content(study("wine", **{"learner.components": "13", "preparation.scaling": "standardize"}))
    qtbot.waitUntil(lambda: painted(view) != plain)


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_it_is_a_figure_in_both_themes(view: Reconstruction, theme: object) -> None:
    view.set_content(study())
    image = QImage(800, 400, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    view.render_figure(painter, QRectF(0, 0, 800, 400), theme)  # type: ignore[arg-type]
    painter.end()
    assert QColor(image.pixel(2, 2)) == QColor(theme.window)  # type: ignore[attr-defined]


def test_without_content_it_says_what_will_come(view: Reconstruction) -> None:
    view.set_content(None)
    assert view.summary() == view.empty
    assert not view.slider.isVisible()
    assert isinstance(study().model.dataset, Dataset)
