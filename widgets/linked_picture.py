"""What the pictures of many inputs share: features, colours, a key, and a selection that is the stage's too."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.dataset import Dataset, IntArray, rows_in_common
from engine.learner import Prediction
from widgets.curve_chart import chart_font
from widgets.feature_chooser import FeatureChooser
from widgets.row_colours import RowColours, Rows
from widgets.row_key import paint_header
from widgets.theme import Theme

CLICK = 4.0
"""A drag shorter than so many pixels is a click."""
_FADED = 0.2
"""The opacity of what is not selected, where something is."""
_MARGIN = 8.0
_WIDE = 420
"""Pixels; a narrower picture wants its room for the key."""
_LIVE_LIMIT = 20_000
"""Up to so many rows a selection is shown while it is dragged."""

Selecting = Literal["replace", "add", "remove"]


class LinkedPicture(QWidget):
    """Rows of two inputs or more, coloured as on the stage. A subclass paints them and says what the pointer does.

    All rows are painted on a layer that is kept; those selected are painted over it, and it stands back. So selecting
    paints what is selected and no more.

    Parameters
    ----------
    title : what kind of picture it is; its accessible name begins with it.
    most_features : how many are shown at once.
    most_rows : how many are drawn; of more a sample. All can be selected.
    """

    selection_changed = Signal(object)
    """Rows (m,) of the data set that is shown, in order; by hand."""

    keys: Collection[Qt.Key] = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Escape)
    """What it takes before a shortcut of the window does."""

    def __init__(self, title: str, most_features: int, most_rows: int, theme: Theme, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.theme = theme
        self.title = title
        self.selection: Rows = np.empty(0, np.intp)
        self._colours: RowColours | None = None
        self.pointer: QPointF | None = None
        self._predictions: Prediction | None = None
        self._most_rows = most_rows
        self._order: Rows = np.empty(0, np.intp)
        self._crowd: QPixmap | None = None
        self._picture: QPixmap | None = None
        self._before: Rows = self.selection
        self.chooser = FeatureChooser(most_features, self)
        self.chooser.chosen.connect(self._on_features_chosen)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(120, 90)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.chooser.set_theme(theme)
        self._say()

    def sizeHint(self) -> QSize:
        return QSize(480, 400)

    # -- what is shown

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing but a sentence; then nothing else may be asked."""
        return bool(self._empty_sentence())

    @property
    def colours(self) -> RowColours:
        """How the rows look that are shown."""
        assert self._colours is not None
        return self._colours

    @property
    def dataset(self) -> Dataset:
        """The rows that are shown."""
        return self.colours.dataset

    @property
    def features(self) -> tuple[int, ...]:
        """The inputs that were chosen, in the order of the table."""
        return self.chooser.features

    @property
    def drawn_rows(self) -> Rows:
        """The rows that are drawn, mixed, so that no class lies on top of the others."""
        return self._order[: self._most_rows]

    def n_drawn_by(self, painter: QPainter) -> int:
        """How many rows a painter draws: fewer where each point stays a shape."""
        return len(self.drawn_rows)

    @property
    def drawn_selection(self) -> Rows:
        """The selected rows that are drawn: first those that are drawn anyway."""
        selected = np.zeros(len(self._order), bool)
        selected[self.selection] = True
        return self._order[selected[self._order]][: self._most_rows]

    def set_theme(self, theme: Theme) -> None:
        """Paint with other colours and sizes."""
        if theme == self.theme:
            return
        self.theme = theme
        self.chooser.set_theme(theme)
        if self._colours is not None:
            self._colours = RowColours(self.dataset, self._predictions, theme)
        self.data_changed()
        self._repaint()

    def set_content(self, dataset: Dataset, predictions: Prediction | None = None) -> None:
        """Show these rows; what a model says of them colours them where it groups them.

        A row that is selected stays so while its identity is in the data.
        """
        before = self._colours
        self._predictions = predictions
        colours = RowColours(dataset, predictions, self.theme)
        same_rows = before is not None and (before.dataset.X is dataset.X or _are_equal(before.dataset, dataset))
        self._colours = colours
        if before is not None and same_rows and before.shows_the_same_as(colours):
            return
        if before is None or before.dataset.points is not dataset.points:
            self._keep_selection(before, dataset)
        chosen_anew = self.chooser.set_data(dataset.input_names, dataset.X)
        if len(self._order) != len(dataset.points):
            self._order = np.random.default_rng(0).permutation(len(dataset.points))
        if chosen_anew:
            self.forget_arrangement()
        if chosen_anew or not same_rows:
            self.data_changed()
        self._repaint()

    def _keep_selection(self, before: RowColours | None, dataset: Dataset) -> None:
        if before is None or len(self.selection) == 0:
            self.selection = self.selection[:0]
            return
        old_rows, rows = rows_in_common(before.dataset.points.ids, dataset.points.ids)
        self.selection = rows[np.isin(old_rows, self.selection)].astype(np.intp)

    def set_selection(self, rows: IntArray) -> None:
        """Select these rows; nothing is emitted."""
        count = 0 if self._colours is None else len(self.dataset.points)
        wanted = np.unique(np.asarray(rows, np.intp))
        self._show_selection(wanted[(wanted >= 0) & (wanted < count)])

    def render_figure(self, painter: QPainter, target: QRectF) -> None:
        """Paint the picture with its selection, without what follows the hand, laid out in `target`.

        On SVG, PDF and printers text stays text and shapes stay shapes.
        """
        painter.save()
        painter.fillRect(target, QColor(self.theme.window))
        self._paint(painter, target, on_screen=False)
        painter.restore()

    # -- selecting

    def select(self, rows: Rows, how: Selecting = "replace") -> None:
        """Select rows by hand, add them to what was selected when `begin_selecting` was called, or take them out."""
        if how == "add":
            rows = np.union1d(self._before, rows)
        elif how == "remove":
            rows = np.setdiff1d(self._before, rows)
        if not np.array_equal(rows, self.selection):
            self._show_selection(np.asarray(rows, np.intp))
            self.selection_changed.emit(self.selection)

    def begin_selecting(self) -> None:
        """Remember what is selected: what is dragged over from now on replaces it, adds to it or is taken out."""
        self._before = self.selection

    def cancel_selecting(self) -> None:
        """Select again what was when the drag began."""
        self.select(self._before)

    @property
    def selects_live(self) -> bool:
        """Whether there are few enough rows to select while dragging."""
        return len(self._order) <= _LIVE_LIMIT

    def _show_selection(self, rows: Rows) -> None:
        if not np.array_equal(rows, self.selection):
            self.selection = rows
            self._picture = None
            self._say()
            self.update()

    # -- what a subclass says

    def data_changed(self) -> None:
        """Other rows, features, sizes or colours: whatever was laid out is so no longer."""
        raise NotImplementedError

    def forget_arrangement(self) -> None:
        """The features are others: what a hand arranged was about those before."""

    @property
    def is_dragging(self) -> bool:
        """Whether Escape would end something."""
        return False

    def paint_ground(self, painter: QPainter, body: QRectF) -> None:
        """Paint what lies under the rows."""

    def paint_rows(self, painter: QPainter, body: QRectF, rows: Rows, chosen: bool) -> None:
        """Paint `rows`, which are all that are drawn or, if `chosen`, those of the selection."""
        raise NotImplementedError

    def paint_labels(self, painter: QPainter, body: QRectF) -> None:
        """Paint what lies over the rows."""

    def paint_hand(self, painter: QPainter, body: QRectF) -> None:
        """Paint what follows pointer and keys; no part of a figure."""

    def press_key(self, event: QKeyEvent) -> bool:
        """Whether the key meant something."""
        raise NotImplementedError

    @property
    def n_shown(self) -> int:
        """How many features there is room for of those that were chosen."""
        return len(self.features)

    def described(self) -> str:
        """What is to be seen, in a sentence or two."""
        raise NotImplementedError

    # -- painting

    def summary(self) -> str:
        """The picture in words."""
        if self.is_empty:
            return f"{self.title}. {self._empty_sentence()}"
        count = len(self.dataset.points)
        selected = f" {len(self.selection):,} selected." if len(self.selection) else ""
        return f"{self.title} of {count:,} row{'' if count == 1 else 's'}. {self.described()}{selected}"

    def _empty_sentence(self) -> str:
        if self._colours is None or len(self.dataset.points) == 0:
            return "The rows appear here once there is data."
        if self.dataset.n_inputs < 2:
            return "There is one input only, and nothing to compare it with."
        return ""

    @property
    def body(self) -> QRectF:
        """Where the picture is, below the key."""
        return self._body_in(QRectF(self.rect()))

    def _body_in(self, target: QRectF) -> QRectF:
        header = QFontMetricsF(chart_font(self.theme)).height() + 10
        return target.adjusted(_MARGIN, header, -_MARGIN, -_MARGIN / 2)

    def _say(self) -> None:
        summary = self.summary()
        if summary != self.accessibleName():
            self.setAccessibleName(summary)

    def _repaint(self) -> None:
        self._crowd = self._picture = None
        self._place_chooser()
        self._say()
        self.update()

    def _on_features_chosen(self) -> None:
        self.data_changed()
        self._repaint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.data_changed()
        self._crowd = self._picture = None
        self._place_chooser()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the picture, made anew only if what it shows has changed, and over it what follows the hand."""
        size = self.size() * self.devicePixelRatioF()
        if self._picture is None or self._picture.size() != size:
            picture = self._layer(QColor(self.theme.window))
            painter = QPainter(picture)
            self._paint(painter, QRectF(self.rect()), on_screen=True)
            painter.end()
            self._picture = picture
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._picture)
        if not self.is_empty:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self.paint_hand(painter, self.body)
        painter.end()

    def _layer(self, ground: QColor | Qt.GlobalColor) -> QPixmap:
        layer = QPixmap(self.size() * self.devicePixelRatioF())
        layer.setDevicePixelRatio(self.devicePixelRatioF())
        layer.fill(ground)
        return layer

    def _paint(self, painter: QPainter, target: QRectF, *, on_screen: bool) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(chart_font(self.theme))
        sentence = self._empty_sentence()
        if sentence:
            painter.setPen(QColor(self.theme.muted))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(target.adjusted(20, 4, -20, -4), flags, sentence)
            return
        body = self._body_in(target)
        left = self.chooser.geometry().right() + 10 if on_screen and self._chooser_is_shown else target.left() + _MARGIN
        line = QRectF(QPointF(left, target.top()), QPointF(body.right(), body.top() - 2))
        paint_header(painter, line, self.colours, self.theme, self.n_drawn_by(painter))
        self.paint_ground(painter, body)
        painter.save()
        if len(self.selection):
            painter.setOpacity(_FADED)
        if on_screen:
            painter.drawPixmap(0, 0, self._crowd_of(body))
        else:
            self.paint_rows(painter, body, self.drawn_rows, False)
        painter.restore()
        if len(self.selection):
            self.paint_rows(painter, body, self.drawn_selection, True)
        self.paint_labels(painter, body)

    @property
    def _chooser_is_shown(self) -> bool:
        return not self.chooser.isHidden()

    def _crowd_of(self, body: QRectF) -> QPixmap:
        """All rows that are drawn, on a layer of their own."""
        size = self.size() * self.devicePixelRatioF()
        if self._crowd is None or self._crowd.size() != size:
            self._crowd = self._layer(Qt.GlobalColor.transparent)
            painter = QPainter(self._crowd)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setFont(chart_font(self.theme))
            self.paint_rows(painter, body, self.drawn_rows, False)
            painter.end()
        return self._crowd

    # -- events

    def showEvent(self, event: QEvent) -> None:
        self._place_chooser()

    def _place_chooser(self) -> None:
        header = self.body.top()
        self.chooser.say(self.n_shown, in_full=self.width() >= _WIDE)
        self.chooser.move(4, max(0, round((header - 2 - self.chooser.height()) / 2)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.is_empty or not self.press_key(event):
            super().keyPressEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self.pointer = None
        self.update()

    def focusInEvent(self, event: QEvent) -> None:
        self.update()

    def focusOutEvent(self, event: QEvent) -> None:
        self.update()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._wants(event):
            event.accept()
            return True
        return super().event(event)

    def _wants(self, event: QKeyEvent) -> bool:
        escapes = len(self.selection) > 0 or self.is_dragging
        return Qt.Key(event.key()) in self.keys and (event.key() != Qt.Key.Key_Escape or escapes)


def selecting_by(event: QMouseEvent | QKeyEvent) -> Selecting:
    """What the modifiers mean: Shift adds, Ctrl removes."""
    if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
        return "add"
    return "remove" if event.modifiers() & Qt.KeyboardModifier.ControlModifier else "replace"


def wrapped(name: str, font: QFontMetricsF, width: float, most: int = 2) -> tuple[str, ...]:
    """`name` in at most so many lines of a width, broken at blanks and underscores, and elided if need be."""
    lines: list[str] = []
    rest = name.strip()
    while rest and len(lines) < most - 1 and font.horizontalAdvance(rest) > width:
        cuts = [at + 1 for at, letter in enumerate(rest) if letter in " _/-"]
        fitting = [cut for cut in cuts if font.horizontalAdvance(rest[:cut].rstrip()) <= width]
        if not fitting:
            break
        lines.append(rest[: fitting[-1]].rstrip())
        rest = rest[fitting[-1] :].lstrip()
    return (*lines, font.elidedText(rest, Qt.TextElideMode.ElideRight, width))


def _are_equal(old: Dataset, new: Dataset) -> bool:
    return old.X.shape == new.X.shape and old.input_names == new.input_names and np.array_equal(old.X, new.X)
