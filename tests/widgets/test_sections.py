"""The parts that panels are built from."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QHelpEvent, QImage
from PySide6.QtWidgets import QApplication, QToolTip, QWidget

from widgets.sections import QuietComboBox
from widgets.style import apply_theme
from widgets.theme import LIGHT

LONG = "Standardize (mean 0, SD 1) <every> feature"


@pytest.fixture
def box(qapp: QApplication, show: Callable[[QWidget, int, int], QWidget]) -> QuietComboBox:
    apply_theme(qapp, LIGHT)
    made = QuietComboBox()
    made.addItem("None", "none")
    made.addItem(LONG, "long")
    made.setToolTip("Scales each feature.")
    show(made, 110, 30)
    return made


def tooltip_of(box: QWidget) -> str:
    at = QPoint(5, 5)
    QApplication.sendEvent(box, QHelpEvent(QHelpEvent.Type.ToolTip, at, box.mapToGlobal(at)))
    text = QToolTip.text()
    QToolTip.hideText()
    return text


def test_a_name_too_long_for_its_box_ends_in_an_ellipsis(
    box: QuietComboBox, picture: Callable[[QWidget], QImage]
) -> None:
    box.set_key("long")
    assert box.currentText() == LONG
    assert box.fitting_text.startswith("Stand")
    assert box.fitting_text.endswith("…")
    cut = picture(box)
    # What is painted is the shortened name, not the first letters of the whole.
    box.addItem(box.fitting_text, "short")
    box.set_key("short")
    assert box.currentText().endswith("…")
    assert picture(box) == cut


def test_a_wider_box_shows_the_whole_name(box: QuietComboBox) -> None:
    box.set_key("long")
    box.resize(500, 30)
    assert box.fitting_text == LONG


def test_the_tooltip_has_the_whole_name_where_it_is_cut(box: QuietComboBox) -> None:
    assert tooltip_of(box) == "Scales each feature."
    box.set_key("long")
    told = tooltip_of(box)
    assert "Standardize (mean 0, SD 1) &lt;every&gt; feature" in told
    assert told.endswith("Scales each feature.")
