"""What of a view is cut off."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QAbstractButton, QLabel, QToolButton, QWidget


def cut_off(container: QWidget) -> list[str]:
    """The visible texts within `container` that have less room than they need, or stick out at the right."""
    found = []
    for part in container.findChildren(QWidget):
        if not part.isVisible():
            continue
        where = f"{type(part).__name__} {part.accessibleName() or getattr(part, 'text', str)()!r}"
        if part.mapTo(container, QPoint(part.width(), 0)).x() > container.width():
            found.append(f"{where} sticks out")
        if _width_needed(part) > part.width():
            found.append(f"{where} has {part.width()} of {_width_needed(part)} pixels")
    return found


def _width_needed(part: QWidget) -> int:
    if isinstance(part, QLabel):
        return 0 if part.wordWrap() else part.minimumSizeHint().width()
    icon_only = isinstance(part, QToolButton) and (
        not part.text()
        or (part.toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonIconOnly and not part.icon().isNull())
    )
    if isinstance(part, QAbstractButton) and not icon_only:
        return part.minimumSizeHint().width()
    return 0
