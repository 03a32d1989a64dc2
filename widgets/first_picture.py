"""What waits until its window is on screen, so that nothing holds up the first picture."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget

_FRAME_MS = 5


def after_first_picture(widget: QWidget, then: Callable[[], None]) -> None:
    """Call `then` from the event loop once the window of `widget` has been painted; never if it is hidden before."""

    def look() -> None:
        handle = widget.window().windowHandle()
        if not widget.isVisible():
            return
        # A window is exposed and painted in one event: whoever sees it exposed comes after the picture.
        if handle is None or handle.isExposed():
            then()
        else:
            QTimer.singleShot(_FRAME_MS, widget, look)

    QTimer.singleShot(0, widget, look)
