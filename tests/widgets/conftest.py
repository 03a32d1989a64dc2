"""Showing a view and looking at what it painted."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

W = TypeVar("W", bound=QWidget)


@pytest.fixture
def show(qtbot: QtBot) -> Callable[[W, int, int], W]:
    """Show a view at a size in device-independent pixels and wait until it is on the screen."""

    def shown(widget: W, width: int, height: int) -> W:
        qtbot.addWidget(widget)
        widget.resize(width, height)
        with qtbot.waitExposed(widget):
            widget.show()
        return widget

    return shown


@pytest.fixture
def picture(qtbot: QtBot) -> Callable[[QWidget], QImage]:
    """What a view paints, as an image of one pixel per device-independent pixel."""

    def painted(widget: QWidget) -> QImage:
        return widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)

    return painted
