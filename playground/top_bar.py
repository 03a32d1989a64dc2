"""The bar along the top: what is open, the transport, and what leaves the window."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QToolBar, QToolButton, QWidget

from widgets.icons import icon
from widgets.sections import ElidedLabel
from widgets.theme import Theme
from widgets.transport import Transport


class TopBar(QToolBar):
    """Title, transport, palette, theme and export."""

    palette_requested = Signal()
    theme_toggled = Signal()

    def __init__(self) -> None:
        super().__init__("Transport")
        self.setMovable(False)
        self.setFloatable(False)
        self.toggleViewAction().setEnabled(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.transport = Transport()
        self._name = QLabel("Playground")
        self._name.setProperty("look", "title")
        self._title = ElidedLabel()
        self._title.setObjectName("document_title")
        self._title.setProperty("look", "muted")
        self._palette = _button("search", "Commands", "Find any command by its name (Ctrl+K)")
        self._palette.clicked.connect(self.palette_requested)
        self._theme = _button("theme", "Theme", "Light or dark (Ctrl+Shift+D)")
        self._theme.clicked.connect(self.theme_toggled)
        self._export = _button("export", "Export", "Figures and tables, for slides and hand-ins")
        self._export.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._export.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)

        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(12, 4, 10, 4)
        layout.setSpacing(8)
        layout.addWidget(self._name)
        layout.addWidget(self._title, 1)
        layout.addWidget(self.transport)
        right = QHBoxLayout()
        right.setSpacing(6)
        right.addStretch(1)
        for button in (self._palette, self._theme, self._export):
            right.addWidget(button)
        layout.addLayout(right, 1)
        self.addWidget(row)

    def set_export_menu(self, actions: Sequence[QAction]) -> None:
        menu = QMenu(self._export)
        menu.addActions(list(actions))
        self._export.setMenu(menu)

    def set_title(self, name: str, dirty: bool) -> None:
        self._title.set_texts((f"{name} — edited", f"{name} •") if dirty else (name,))

    def set_theme(self, theme: Theme) -> None:
        other_theme = "moon" if theme.name == "light" else "sun"
        for button, name in ((self._palette, "search"), (self._theme, other_theme), (self._export, "export")):
            button.setIcon(icon(name, theme))


def _button(name: str, text: str, tooltip: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setToolTip(tooltip)
    button.setAccessibleName(text)
    button.setObjectName(f"{name}_button")
    return button
