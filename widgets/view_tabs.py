"""Views behind tabs: a bar that stands in a dock's title, and the view in front."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QIcon
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QStackedWidget, QTabBar, QToolButton, QVBoxLayout, QWidget

from widgets.icons import sheet_image

_ICON = 14
"""Pixels, as in the titles that docks have of their own."""


class _Bar(QTabBar):
    """Tabs that keep their width when one comes to the front, where its title is bolder."""

    def tabSizeHint(self, index: int) -> QSize:
        size = super().tabSizeHint(index)
        plain, bold = QFont(self.font()), QFont(self.font())
        plain.setWeight(QFont.Weight.Normal)
        bold.setWeight(QFont.Weight.DemiBold)
        widths = [QFontMetrics(font).horizontalAdvance(self.tabText(index)) for font in (plain, bold)]
        bolder = 0 if index == self.currentIndex() else max(0, widths[1] - widths[0])
        return QSize(size.width() + bolder, size.height())


class ViewTabs(QWidget):
    """The views, of which the one in front is seen. Views are handed in when they are first needed.

    Parameters
    ----------
    entries : (id, title, tooltip) of each tab.
    """

    chosen = Signal(str)
    """The id of the tab that a person chose."""

    def __init__(self, entries: Sequence[tuple[str, str, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ids = [key for key, _, _ in entries]
        self._tips = {key: tip for key, _, tip in entries}
        self._views: dict[str, QWidget] = {}
        self.bar = _Bar()
        self.bar.setAccessibleName("Views")
        self.bar.setUsesScrollButtons(True)
        self.bar.setElideMode(Qt.TextElideMode.ElideNone)
        self.bar.setExpanding(False)
        self.bar.setDrawBase(False)
        for key, title, tip in entries:
            self.bar.setTabToolTip(self.bar.addTab(title), tip)
            self.bar.setTabData(self.bar.count() - 1, key)
        self.bar.currentChanged.connect(self._on_current)
        self._stack = QStackedWidget()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._stack)

    def add_view(self, key: str, view: QWidget) -> None:
        """Put a view behind the tab `key`."""
        self._views[key] = view
        self._stack.addWidget(view)

    def set_front(self, key: str) -> None:
        """Show a view, which must have been added."""
        with QSignalBlocker(self.bar):
            self.bar.setCurrentIndex(self._ids.index(key))
        self._stack.setCurrentWidget(self._views[key])

    def set_offered(self, key: str, offered: bool) -> None:
        """Whether there is a tab at all."""
        index = self._ids.index(key)
        if self.bar.isTabVisible(index) != offered:
            with QSignalBlocker(self.bar):
                self.bar.setTabVisible(index, offered)

    def set_reason(self, key: str, why_not: str) -> None:
        """Disable a tab, and say why in its tool tip; enable it where the reason is empty."""
        index = self._ids.index(key)
        if self.bar.isTabEnabled(index) == bool(why_not):
            with QSignalBlocker(self.bar):  # a disabled tab hands the front to its neighbour
                self.bar.setTabEnabled(index, not why_not)
        self.bar.setTabToolTip(index, why_not or self._tips[key])

    def _on_current(self, index: int) -> None:
        if index >= 0:
            self.chosen.emit(self._ids[index])


class TabTitle(QWidget):
    """The title of a dock: the tabs, and the buttons that let it float or close it."""

    def __init__(self, bar: QTabBar, dock: QDockWidget) -> None:
        super().__init__(dock)
        self._dock = dock
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 0, 6, 0)
        row.setSpacing(2)
        row.addWidget(bar)
        row.addStretch(1)
        float_button = _button("float", "Float", "Let these views float, or put them back.")
        float_button.clicked.connect(self._on_float)
        close_button = _button("close", "Close", "Close these views; the View menu brings them back.")
        close_button.clicked.connect(dock.close)
        row.addWidget(float_button)
        row.addWidget(close_button)

    def _on_float(self) -> None:
        self._dock.setFloating(not self._dock.isFloating())


def _button(image: str, name: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setProperty("look", "ghost")
    button.setIcon(QIcon(sheet_image(image)))
    button.setIconSize(QSize(_ICON, _ICON))
    button.setAccessibleName(name)
    button.setToolTip(tip)
    return button
