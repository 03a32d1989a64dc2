"""The data sets as thumbnails, drawn from their own points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolButton, QVBoxLayout, QWidget

from engine.dataset import FloatArray, Task
from engine.palette import CLASS_COLOURS, HIGH_VALUE, LOW_VALUE
from widgets.flow import FlowLayout
from widgets.sections import Fold
from widgets.style import active_theme, blend

COLUMNS = 4
FIRST_SHOWN = 8
_MOST_POINTS = 220
_VALUE_STEPS = 6
"""Into how many colours the targets of a regression in two inputs are put."""


@dataclass(frozen=True, eq=False)
class GalleryEntry:
    """One data set as the gallery shows it.

    Parameters
    ----------
    id : the generator's name.
    X : (n, 1) or (n, 2), a sample of its inputs.
    y : (n,) class indices, or targets in regression.
    offered_for : the tasks in which it stands first.
    """

    id: str
    title: str
    tooltip: str
    task: Task
    offered_for: tuple[Task, ...]
    X: FloatArray
    y: FloatArray


class Thumbnail(QToolButton):
    """A square button with a data set's points on it."""

    def __init__(self, entry: GalleryEntry, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.entry = entry
        self._picture: QPixmap | None = None
        self.setProperty("look", "thumbnail")
        self.setCheckable(True)
        self.setToolTip(f"<p><b>{entry.title}</b><br>{entry.tooltip}</p>")
        self.setAccessibleName(entry.title)
        self.setAccessibleDescription(entry.tooltip)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def sizeHint(self) -> QSize:
        return QSize(52, 52)

    def minimumSizeHint(self) -> QSize:
        return QSize(38, 38)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return width

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._picture = None

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        ratio = self.devicePixelRatioF()
        size = QSize(round(self.width() * ratio), round(self.height() * ratio))
        if self._picture is None or self._picture.size() != size:
            self._picture = thumbnail(self.entry, size, ratio)
        QPainter(self).drawPixmap(0, 0, self._picture)


def thumbnail(entry: GalleryEntry, size: QSize, ratio: float) -> QPixmap:
    """The points of `entry` on a transparent ground, `size` physical pixels, drawn for a screen of pixel `ratio`."""
    picture = QPixmap(size)
    picture.fill(Qt.GlobalColor.transparent)
    picture.setDevicePixelRatio(ratio)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    width, height = size.width() / ratio, size.height() / ratio
    for colour, xy in _groups(entry):
        painter.setPen(QPen(colour, max(2.2, width / 20), Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        frame = QRectF(6, 6, width - 12, height - 12)
        painter.drawPoints(
            QPolygonF([QPointF(frame.left() + x * frame.width(), frame.bottom() - y * frame.height()) for x, y in xy])
        )
    painter.end()
    return picture


def _groups(entry: GalleryEntry) -> list[tuple[QColor, FloatArray]]:
    """Colours, each with the points (m, 2) of that colour, scaled to the unit square."""
    rows = np.linspace(0, len(entry.y) - 1, min(len(entry.y), _MOST_POINTS)).astype(int)
    X, y = np.asarray(entry.X, float)[rows], np.asarray(entry.y, float)[rows]
    xy = X if X.shape[1] == 2 else np.column_stack([X[:, 0], y])
    low, high = (xy.min(axis=0), xy.max(axis=0)) if len(xy) else (np.zeros(2), np.ones(2))
    xy = (xy - low) / np.where(high > low, high - low, 1.0)
    if entry.task == "classification":
        return [(QColor(*CLASS_COLOURS[k]), xy[y == k]) for k in range(len(CLASS_COLOURS)) if (y == k).any()]
    if X.shape[1] == 1:
        return [(QColor(*CLASS_COLOURS[0]), xy)]
    span = float(np.ptp(y)) or 1.0
    step = np.minimum(((y - y.min()) / span * _VALUE_STEPS).astype(int), _VALUE_STEPS - 1)
    blue, red = QColor(*LOW_VALUE).name(), QColor(*HIGH_VALUE).name()
    return [(_between(blue, red, k / (_VALUE_STEPS - 1)), xy[step == k]) for k in range(_VALUE_STEPS)]


def _between(low: str, high: str, share: float) -> QColor:
    """A colour of the scale of a target: pale in the middle."""
    middle = blend(active_theme().muted, active_theme().stage, 0.6).name()
    return blend(low, middle, 2 * share) if share < 0.5 else blend(middle, high, 2 * share - 1)


class Gallery(QWidget):
    """Thumbnails, four a line: those of the present task first, the rest below "More"."""

    chosen = Signal(str)
    """The id of a data set."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entries: tuple[GalleryEntry, ...] = ()
        self._task: Task = "classification"
        self._chosen = ""
        self._thumbnails: dict[str, Thumbnail] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        self._first = FlowLayout(spacing=6, columns=COLUMNS)
        layout.addLayout(self._first)
        self.fold = Fold("data_sets", "More data sets", "Shows the other data sets.")
        self._rest = FlowLayout(spacing=6, columns=COLUMNS)
        self.fold.body.addLayout(self._rest)
        self.fold.hide()
        layout.addWidget(self.fold)

    def thumbnail(self, entry_id: str) -> Thumbnail:
        return self._thumbnails[entry_id]

    def set_entries(self, entries: Sequence[GalleryEntry]) -> None:
        """Show these data sets; the points may be others than before."""
        for old in self._thumbnails.values():
            self._first.removeWidget(old)
            self._rest.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._entries = tuple(entries)
        self._thumbnails = {}
        for entry in self._entries:
            button = Thumbnail(entry)
            button.clicked.connect(self._on_clicked)
            self._thumbnails[entry.id] = button
        self._lay_out()
        self.set_chosen(self._chosen)

    def set_task(self, task: Task) -> None:
        """Put the data sets of `task` first."""
        if task != self._task:
            self._task = task
            self._lay_out()

    def set_chosen(self, entry_id: str) -> None:
        """Outline the data set in use; "" outlines none."""
        self._chosen = entry_id
        for key, button in self._thumbnails.items():
            button.setChecked(key == entry_id)

    def _lay_out(self) -> None:
        ordered = sorted(self._entries, key=lambda entry: self._task not in entry.offered_for)
        for button in self._thumbnails.values():
            self._first.removeWidget(button)
            self._rest.removeWidget(button)
        for index, entry in enumerate(ordered):
            button = self._thumbnails[entry.id]
            (self._first if index < FIRST_SHOWN else self._rest).addWidget(button)
            button.show()  # Qt would do so only in a later turn of the event loop
        self.fold.setVisible(len(ordered) > FIRST_SHOWN)

    def _on_clicked(self) -> None:
        button = self.sender()
        if isinstance(button, Thumbnail):
            self.set_chosen(self._chosen)
            self.chosen.emit(button.entry.id)
