"""What the views of an evaluation share: controls, and below them a picture that is painted once and kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QScrollArea, QSizePolicy, QToolTip, QVBoxLayout, QWidget

from widgets.curve_chart import chart_font
from widgets.sections import ElidedLabel, Segmented
from widgets.theme import LIGHT, Theme

_CONTROLS_PADDING = (15, 16)
"""Pixels around the text of a button among the controls: above and below, left and right together."""
FIGURE_MARGIN = 12.0
_FADED = 0.4
"""The opacity of a picture of what is past: that it is one is seen, and it can still be read."""


class Painted(Protocol):
    """Paints a picture of a size of its own choosing into what it is given."""

    def least_size(self) -> QSize: ...

    def paint_picture(self, painter: QPainter, target: QRectF, theme: Theme) -> None: ...

    def paint_hover(self, painter: QPainter, pointer: QPointF) -> None: ...

    def paint_focus(self, painter: QPainter) -> None: ...

    def press(self, at: QPointF) -> None: ...

    def drag(self, at: QPointF) -> None: ...

    def release(self) -> None: ...

    def tip_at(self, at: QPointF) -> str: ...

    def press_key(self, key: int) -> bool: ...


class Canvas(QWidget):
    """The picture of a view: its paint is kept until something changes, for the pointer moves far more often."""

    def __init__(self, view: Painted) -> None:
        super().__init__()
        self._view = view
        self.theme = LIGHT
        self._picture: QPixmap | None = None
        self.is_faded = False
        """Whether the picture stands back, as what it shows is past."""
        self.pointer: QPointF | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def redraw(self) -> None:
        """Paint the picture anew."""
        self._picture = None
        least = self._view.least_size()
        if least != self.minimumSize():
            self.setMinimumSize(least)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        ratio = self.devicePixelRatioF()
        kept = self._picture
        if kept is None or kept.devicePixelRatio() != ratio or kept.deviceIndependentSize().toSize() != self.size():
            kept = QPixmap(self.size() * ratio)
            kept.setDevicePixelRatio(ratio)
            kept.fill(QColor(self.theme.window))
            painter = QPainter(kept)
            self._view.paint_picture(painter, QRectF(self.rect()), self.theme)
            painter.end()
            self._picture = kept
        painter = QPainter(self)
        if self.is_faded:
            painter.fillRect(self.rect(), QColor(self.theme.window))
            painter.setOpacity(_FADED)
        painter.drawPixmap(0, 0, kept)
        painter.setOpacity(1.0)
        if self.hasFocus():
            self._view.paint_focus(painter)
        if self.pointer is not None:
            self._view.paint_hover(painter, self.pointer)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._view.press(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.pointer = event.position()
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._view.drag(event.position())
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._view.release()

    def leaveEvent(self, event: QEvent) -> None:
        self.pointer = None
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._view.press_key(event.key()):
            event.accept()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QEvent) -> None:
        self.redraw()

    def focusOutEvent(self, event: QEvent) -> None:
        self.redraw()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            tip = self._view.tip_at(QPointF(event.pos()))
            if tip:
                QToolTip.showText(event.globalPos(), f"<p>{tip}</p>", self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)


class PictureView(QWidget):
    """A view with controls above a picture. A subclass paints, and says what pointer and keys do.

    Parameters
    ----------
    name : its accessible name.
    empty : the sentence that stands there while there is nothing to show.
    """

    rows_chosen = Signal(object, str)
    """A wish: points, by their rows (m,) in the data set that was shown, and a sentence that says which these are."""

    def __init__(self, name: str, empty: str, theme: Theme = LIGHT, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.empty = empty
        self.setAccessibleName(name)
        self.setMinimumSize(300, 110)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.controls = QHBoxLayout()
        self.controls.setContentsMargins(12, 4, 8, 0)
        self.controls.setSpacing(10)
        self.canvas = Canvas(self)
        self.canvas.setAccessibleName(name)
        self._scroll = QScrollArea()
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidget(self.canvas)
        self.setFocusProxy(self.canvas)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(self.controls)
        column.addWidget(self._scroll, 1)
        self.set_theme(theme)

    def add_kinds(
        self, entries: Sequence[tuple[str, str, str]], chosen: str, hear: Callable[[str], None]
    ) -> tuple[Segmented, ElidedLabel]:
        """Offer several pictures, by (id, title, tooltip), of which one is seen; and beside them a line for a hint."""
        kinds, hint = Segmented(entries), ElidedLabel()
        kinds.set_chosen(chosen)
        kinds.chosen.connect(hear)
        hint.setProperty("look", "hint")
        self.controls.addWidget(kinds)
        self.controls.addWidget(hint, 1)
        self.set_theme(self.theme)
        return kinds, hint

    def sizeHint(self) -> QSize:
        return QSize(720, 190)

    @property
    def theme(self) -> Theme:
        return self.canvas.theme

    def set_theme(self, theme: Theme) -> None:
        """Paint with other colours and sizes."""
        self.canvas.theme = theme
        font = QFont(self.font())
        font.setPixelSize(theme.font_size - 1)
        for child in self.findChildren(QWidget):
            if child is not self.canvas and child is not self._scroll:
                child.setFont(font)
        for segmented in self.findChildren(Segmented):
            segmented.setFixedHeight(theme.font_size + _CONTROLS_PADDING[0])
            for button in segmented.findChildren(QPushButton):
                text = button.fontMetrics().horizontalAdvance(button.text())
                button.setMinimumWidth(text + _CONTROLS_PADDING[1])
        self.redraw()

    def set_faded(self, faded: bool) -> None:
        """Whether what is shown is past."""
        if faded != self.canvas.is_faded:
            self.canvas.is_faded = faded
            self.canvas.update()

    def redraw(self) -> None:
        """Something of what is painted has changed."""
        self.canvas.redraw()
        self.canvas.setAccessibleDescription(self.summary())

    def render_figure(self, painter: QPainter, target: QRectF, theme: Theme) -> None:
        """Paint the picture, without controls, into `target` in device-independent pixels."""
        painter.fillRect(target, QColor(theme.window))
        inner = target.adjusted(FIGURE_MARGIN, FIGURE_MARGIN, -FIGURE_MARGIN, -FIGURE_MARGIN)
        self.paint_picture(painter, inner, theme)

    def write_empty(self, painter: QPainter, target: QRectF, theme: Theme, sentence: str = "") -> None:
        """Say why there is no picture."""
        painter.setFont(chart_font(theme))
        painter.setPen(QColor(theme.muted))
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(target.adjusted(20, 4, -20, -4), flags, sentence or self.empty)

    # -- what a subclass says

    def summary(self) -> str:
        """What is to be seen, in a sentence, for those who hear it."""
        return self.empty

    def least_size(self) -> QSize:
        """The least size, in pixels, at which the picture can be read; below it scroll bars appear."""
        return QSize(0, 0)

    def paint_picture(self, painter: QPainter, target: QRectF, theme: Theme) -> None:
        """Paint everything but what follows the pointer; on the screen and in a figure alike."""
        raise NotImplementedError

    def paint_hover(self, painter: QPainter, pointer: QPointF) -> None:
        """Paint what the pointer reads."""

    def paint_focus(self, painter: QPainter) -> None:
        """Paint what the keys would take, while the picture has the focus; it is no part of a figure."""

    def press(self, at: QPointF) -> None:
        """The left button went down."""

    def drag(self, at: QPointF) -> None:
        """The pointer moved with the left button down."""

    def release(self) -> None:
        """The left button went up."""

    def tip_at(self, at: QPointF) -> str:
        """What a tool tip says there."""
        return ""

    def press_key(self, key: int) -> bool:
        """Whether the key meant something."""
        return False
