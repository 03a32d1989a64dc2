"""A layout that sets its items in lines, like words."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget


class FlowLayout(QLayout):
    """Items side by side, on a new line where the width is used up.

    Parameters
    ----------
    spacing : the gap between items and between lines, in pixels.
    columns : the items are stretched to this many a line; None leaves each its own width.
    """

    def __init__(self, parent: QWidget | None = None, *, spacing: int = 6, columns: int | None = None) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self._columns = columns
        self.setSpacing(spacing)
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def insert_widget(self, index: int, widget: QWidget) -> None:
        """Put `widget` before the item at `index`."""
        self.addWidget(widget)
        self._items.insert(index, self._items.pop())
        self.invalidate()
        if self.parentWidget() is not None:
            widget.show()  # Qt would do so only in a later turn of the event loop

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._arrange(QRect(0, 0, width, 0), place=False)

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._arrange(rect, place=True)

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        shown = [item.minimumSize() for item in self._items if not item.isEmpty()]
        width = max((size.width() for size in shown), default=0)
        if self._columns:
            width = width * self._columns + self.spacing() * (self._columns - 1)
        return QSize(width, max((size.height() for size in shown), default=0))

    def _arrange(self, rect: QRect, *, place: bool) -> int:
        """Walk the lines; returns the height that they need."""
        x, y, line = rect.x(), rect.y(), 0
        right = rect.x() + rect.width()
        gap = self.spacing()
        cell = (rect.width() - gap * (self._columns - 1)) // self._columns if self._columns else 0
        for item in self._items:
            if item.isEmpty():
                continue
            size = item.sizeHint()
            width = cell or min(size.width(), rect.width())
            if x > rect.x() and x + width > right:
                x, y, line = rect.x(), y + line + gap, 0
            height = item.heightForWidth(width) if self._columns and item.hasHeightForWidth() else size.height()
            if place:
                item.setGeometry(QRect(QPoint(x, y), QSize(width, height)))
            x += width + gap
            line = max(line, height)
        return y + line - rect.y()
