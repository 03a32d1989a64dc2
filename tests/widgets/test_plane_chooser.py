"""The chooser of the plane on which data of many inputs are looked at."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from engine.experiment import PlaneSettings
from widgets.plane_chooser import PlaneChooser

NAMES = ("sepal length", "sepal width", "petal length", "petal width")


@pytest.fixture
def chooser(show: Callable[[QWidget, int, int], QWidget]) -> PlaneChooser:
    chooser = PlaneChooser(90)
    show(chooser, 280, 200)
    return chooser


def test_principal_components_need_no_axes(chooser: PlaneChooser) -> None:
    chooser.set_plane(PlaneSettings(), NAMES, (0, 1))
    assert not chooser.axis("horizontal").isVisible()
    assert chooser.kind.row("standardize").isVisible()
    assert not chooser.rest.isVisible()


def test_a_pair_of_features_shows_its_axes_and_where_the_others_are(chooser: PlaneChooser) -> None:
    chooser.set_plane(PlaneSettings(kind="pair", rest="row", row=7), NAMES, (2, 3))
    assert chooser.axis("horizontal").currentText() == "petal length"
    assert chooser.axis("vertical").currentText() == "petal width"
    assert chooser.rest.row("row").isVisible()
    chooser.set_plane(PlaneSettings(kind="pair"), NAMES, (2, 3))
    assert not chooser.rest.row("row").isVisible()


def test_another_feature_is_wished_for_by_name(chooser: PlaneChooser) -> None:
    chooser.set_plane(PlaneSettings(kind="pair"), NAMES, (0, 1))
    wishes: list[tuple[str, object, bool]] = []
    chooser.edited.connect(lambda *wish: wishes.append(wish))
    box = chooser.axis("vertical")
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Down)
    assert wishes == [("view.plane.vertical", "petal length", True)]
