"""A scatter-plot matrix: every feature against every other, and each alone as a histogram."""

from __future__ import annotations

from functools import partial

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QFont, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from engine.dataset import FloatArray
from widgets.axes import number_text
from widgets.curve_chart import chart_font
from widgets.linked_picture import CLICK, LinkedPicture, Selecting, selecting_by, wrapped
from widgets.pairs_layout import Cell, Matrix, counted, lay_out
from widgets.row_colours import Rows
from widgets.stage_shapes import Look, Sprites, is_vector, solid
from widgets.theme import LIGHT, Theme
from widgets.xy_chart import paint_card, write

_MOST_FEATURES = 6
_MOST_ROWS = 5_000
"""Of six features that is 150,000 points. Measured: they take 25 ms."""
_MOST_SHAPES = 30_000
"""In a figure of shapes each of them is written down, and read again whenever it is looked at."""
_SHAPE_FROM = 4.5
"""Pixels across; smaller points are dots of a colour."""
_BARS_HEIGHT = 14.0
"""Pixels that bars want below a feature's name; if there are fewer, they stand behind it."""
_NARROW = 64.0
"""Pixels; names in a narrower cell are written smaller."""
_FEW = 3
"""Of fewer rows nothing is said of a correlation."""
_LONGEST_NAME = 34

_ARROWS = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}
_PRESSING = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class Pairs(LinkedPicture):
    """Scatter plots of all pairs of up to six features. A click on one chooses the pair, a drag selects rows.

    Parameters
    ----------
    theme : colours and sizes.
    parent : the widget that it is in.
    """

    pair_chosen = Signal(int, int)
    """A wish: show these two inputs, the first horizontally, the second vertically."""

    keys = (*LinkedPicture.keys, *_PRESSING)

    def __init__(self, theme: Theme = LIGHT, parent: QWidget | None = None) -> None:
        self._laid: tuple[QRectF, Matrix] | None = None
        self._focus: Cell = (1, 0)
        self._by_key = False
        self._pressed: tuple[Cell, QPointF, Selecting] | None = None
        self._rubber: QRectF | None = None
        self._stamps: tuple[object, Sprites] | None = None
        self._correlations: FloatArray | None = None
        super().__init__("Scatter-plot matrix", _MOST_FEATURES, _MOST_ROWS, theme, parent)

    # -- what is where

    def matrix_in(self, body: QRectF) -> Matrix:
        """The cells laid out in `body`."""
        if self._laid is None or self._laid[0] != body:
            font = QFontMetricsF(chart_font(self.theme))
            self._laid = body, lay_out(body, font, self.dataset, self.features, len(self.drawn_rows))
        return self._laid[1]

    @property
    def matrix(self) -> Matrix:
        """The cells on the screen."""
        return self.matrix_in(self.body)

    @property
    def is_dragging(self) -> bool:
        return self._pressed is not None

    def data_changed(self) -> None:
        self._laid = self._correlations = self._pressed = self._rubber = None

    def correlation(self, cell: Cell) -> float:
        """Pearson's correlation of the two features of a cell; not a number where one of them does not vary."""
        if self._correlations is None:
            self._correlations = _correlations(self.dataset.X[:, list(self.features)])
        return float(self._correlations[cell])

    @property
    def n_shown(self) -> int:
        return 0 if self.is_empty else len(self.matrix.features)

    def described(self) -> str:
        """Which features are shown, and which two of them are the most correlated."""
        names, shown = self.dataset.input_names, self.matrix.features
        said = f"{len(shown)} of {len(names)} features: {', '.join(names[feature] for feature in shown)}."
        pairs = [cell for cell in self.matrix.cells if cell[0] > cell[1] and np.isfinite(self.correlation(cell))]
        if pairs and len(self.dataset.points) >= _FEW:
            most = max(pairs, key=lambda cell: abs(self.correlation(cell)))
            first, second = (names[shown[index]] for index in sorted(most))
            said += f" Most correlated: {first} and {second}, r = {_r_text(self.correlation(most))}."
        return said

    # -- painting

    def n_drawn_by(self, painter: QPainter) -> int:
        count, k = len(self.drawn_rows), len(self.features)
        return min(count, _MOST_SHAPES // (k * (k - 1))) if is_vector(painter) else count

    def paint_ground(self, painter: QPainter, body: QRectF) -> None:
        matrix = self.matrix_in(body)
        painter.setPen(QPen(QColor(self.theme.border), 1.0))
        painter.setBrush(QColor(self.theme.stage))
        for cell in matrix.cells:
            painter.drawRect(matrix.rect(cell))

    def paint_rows(self, painter: QPainter, body: QRectF, rows: Rows, chosen: bool) -> None:
        matrix = self.matrix_in(body)
        n_cells = len(matrix.features) * (len(matrix.features) - 1)
        rows = rows[: self.n_drawn_by(painter)]
        kinds = np.tile(self.colours.kinds[rows], n_cells)
        self._sprites(matrix.point_size).stamp(painter, matrix.pixels(self.dataset.X[rows]), kinds)
        # Bars count all rows, not those that are drawn.
        counted = self.selection if chosen else np.arange(len(self.dataset.points))
        for index in range(len(matrix.features)):
            self._paint_bars(painter, matrix, index, counted)

    def _sprites(self, size: float) -> Sprites:
        looks = self.colours.looks
        key = size, tuple((look.shape, look.fill.rgb(), look.outline.rgb()) for look in looks)
        if self._stamps is None or self._stamps[0] != key:
            draw = _draw_dot if size < _SHAPE_FROM else Look.draw
            self._stamps = key, Sprites([partial(_drawn, draw, look, size) for look in looks], 0.8 * size + 2)
        return self._stamps[1]

    def _paint_bars(self, painter: QPainter, matrix: Matrix, index: int, rows: Rows) -> None:
        """Paint how many of `rows` lie in each bin, group upon group; the highest bar of all rows fills its room."""
        values, groups = self.dataset.X[:, matrix.features[index]], self.colours.groups
        colours = self.colours.group_colours
        edges = matrix.edges(index, values)
        highest = counted(values, groups, len(colours), edges).sum(axis=1).max(initial=1)
        counts = counted(values[rows], groups[rows], len(colours), edges)
        rect = matrix.rect((index, index)).adjusted(0.5, 0.5, -0.5, -0.5)
        top = rect.top() + (self._name_height(matrix, index) if self._bars_are_below(matrix, index) else 2)
        lefts = np.clip(matrix.across[index].places(edges), rect.left(), rect.right()).tolist()
        unit = (rect.bottom() - top - 2) / highest
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, is_vector(painter))
        painter.setPen(Qt.PenStyle.NoPen)
        below = np.cumsum(counts, axis=1) - counts
        for at, group in np.argwhere(counts).tolist():
            painter.setBrush(colours[group])
            height, foot = counts[at, group] * unit, rect.bottom() - below[at, group] * unit
            painter.drawRect(QRectF(lefts[at], foot - height, lefts[at + 1] - lefts[at] - 1, height))
        painter.restore()

    def _name_font(self, matrix: Matrix) -> QFont:
        """A smaller one where a cell is narrow."""
        font = chart_font(self.theme)
        if matrix.rect((0, 0)).width() < _NARROW:
            font.setPixelSize(font.pixelSize() - 2)
        return font

    def _name_height(self, matrix: Matrix, index: int) -> float:
        return len(self._name(matrix, index)) * QFontMetricsF(self._name_font(matrix)).height() + 4

    def _bars_are_below(self, matrix: Matrix, index: int) -> bool:
        """Whether there is room for them below the name; else they stand behind it."""
        return matrix.rect((index, index)).height() >= self._name_height(matrix, index) + _BARS_HEIGHT

    def _name(self, matrix: Matrix, index: int) -> tuple[str, ...]:
        """A feature's name in as many lines as its cell has room for."""
        rect, font = matrix.rect((index, index)), QFontMetricsF(self._name_font(matrix))
        lines = 2 if rect.height() >= 2 * font.height() + _BARS_HEIGHT + 4 else 1
        return wrapped(self.dataset.input_names[matrix.features[index]], font, rect.width() - 6, lines)

    def paint_labels(self, painter: QPainter, body: QRectF) -> None:
        matrix = self.matrix_in(body)
        painter.setFont(self._name_font(matrix))
        font = QFontMetricsF(painter.font())
        for index in range(len(matrix.features)):
            rect, name = matrix.rect((index, index)), self._name(matrix, index)
            if not self._bars_are_below(matrix, index):
                ground = QRectF(rect.left() + 1, rect.top() + 1, font.horizontalAdvance(name[0]) + 5, font.height() + 2)
                painter.fillRect(ground, solid(self.theme.stage, 0.8))
            painter.setPen(QColor(self.theme.text))
            for line, text in enumerate(name):
                write(painter, rect.left() + 3, rect.top() + 2 + (line + 0.5) * font.height(), text)
        painter.setFont(chart_font(self.theme))
        font = QFontMetricsF(painter.font())
        if matrix.has_numbers:
            painter.setPen(QColor(self.theme.muted))
            self._paint_numbers(painter, matrix, font)

    @staticmethod
    def _paint_numbers(painter: QPainter, matrix: Matrix, font: QFontMetricsF) -> None:
        """Write numbers below and at the left of the matrix, those that do not touch the one before."""
        middle = matrix.up[-1].start + 3 + font.height() / 2
        free = matrix.across[0].start - 8
        for column, axis in enumerate(matrix.across):
            for tick in matrix.ticks_across(column):
                width = font.horizontalAdvance(tick.text)
                left = min(max(axis.place(tick.value) - width / 2, axis.start - 4), axis.end + 2 - width)
                if left >= free:
                    write(painter, left, middle, tick.text)
                    free = left + width + 8
        free = matrix.up[0].end - 2
        for row, axis in enumerate(matrix.up):
            for tick in reversed(matrix.ticks_up(row)):
                height = font.ascent()
                top = min(max(axis.place(tick.value) - height / 2, axis.end - 2), axis.start + 2 - height)
                if top >= free:
                    left = matrix.across[0].start - 5 - font.horizontalAdvance(tick.text)
                    write(painter, left, top + height / 2, tick.text)
                    free = top + height + 2

    def paint_hand(self, painter: QPainter, body: QRectF) -> None:
        """Frame the cell that is pointed at or has the focus, draw the rectangle of a drag, say what the cell shows."""
        matrix = self.matrix_in(body)
        pointed = None if self.pointer is None else matrix.cell_at(self.pointer)
        focused = self._clipped(self._focus) if self.hasFocus() and self._by_key else None
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for cell, width in ((pointed, 1.0), (focused, 2.0)):
            if cell is not None:
                painter.setPen(QPen(QColor(self.theme.accent), width))
                painter.drawRect(matrix.rect(cell))
        if self._rubber is not None:
            painter.setPen(QPen(QColor(self.theme.accent), 1.0))
            painter.setBrush(solid(self.theme.accent, 0.15))
            painter.drawRect(self._rubber)
        elif pointed is not None and self.pointer is not None:
            paint_card(painter, QRectF(self.rect()), self.pointer, self._said_of(pointed), self.theme)
        elif focused is not None:
            at = matrix.rect(focused).center()
            paint_card(painter, QRectF(self.rect()), at, self._said_of(focused), self.theme)

    def _said_of(self, cell: Cell) -> list[str]:
        """What a card says of a cell: two features and their correlation, or one and its numbers."""
        row, column = cell
        X, names, features = self.dataset.X, self.dataset.input_names, self.matrix.features
        across, up = (_shortened(names[features[index]]) for index in (column, row))
        values = X[:, features[column]].astype(np.float64)
        if row == column:
            ends = f"{number_text(float(values.min()))} to {number_text(float(values.max()))}"
            mean = f"mean {number_text(float(values.mean()))}, SD {number_text(float(values.std()))}"
            return [across, ends, mean]
        lines = [f"{across} →", f"{up} ↑", f"r = {_r_text(self.correlation(cell))}"]
        if len(self.selection) >= _FEW:
            of_selected = _correlations(X[self.selection][:, (features[column], features[row])])[0, 1]
            lines.append(f"selected: r = {_r_text(float(of_selected))}")
        return lines

    # -- the hand

    def _clipped(self, cell: Cell) -> Cell:
        last = len(self.matrix.features) - 1
        return min(max(cell[0], 0), last), min(max(cell[1], 0), last)

    def _choose(self, cell: Cell) -> None:
        if cell[0] != cell[1]:
            self.pair_chosen.emit(self.matrix.features[cell[1]], self.matrix.features[cell[0]])

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a click or a drag within a cell."""
        cell = None if self.is_empty else self.matrix.cell_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and cell is not None:
            self._focus, self._by_key = cell, False
            self._pressed = cell, event.position(), selecting_by(event)
            self.begin_selecting()
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Select what the rectangle holds, at once where there are not too many rows."""
        self.pointer = event.position()
        if self._pressed is not None and event.buttons() & Qt.MouseButton.LeftButton:
            self._stretch(event.position())
            if self._rubber is not None and self.selects_live:
                self._select_inside()
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Select what the rectangle holds, or choose the pair that was clicked."""
        if event.button() != Qt.MouseButton.LeftButton or self._pressed is None:
            return
        self._stretch(event.position())
        if self._rubber is not None:
            self._select_inside()
        else:
            self._choose(self._pressed[0])
        self._pressed = self._rubber = None
        self.update()

    def _stretch(self, to: QPointF) -> None:
        """Draw the rectangle from where the button went down; on the diagonal it is as high as the cell."""
        assert self._pressed is not None
        cell, start, _ = self._pressed
        if self._rubber is None and max(abs(to.x() - start.x()), abs(to.y() - start.y())) < CLICK:
            return
        rect = self.matrix.rect(cell)
        box = QRectF(start, to).normalized()
        if cell[0] == cell[1]:
            box.setTop(rect.top())
            box.setBottom(rect.bottom())
        self._rubber = box.intersected(rect)

    def _select_inside(self) -> None:
        assert self._pressed is not None
        assert self._rubber is not None
        cell, _, how = self._pressed
        self.select(self.matrix.inside(cell, self._rubber, self.dataset.X), how)

    def focusInEvent(self, event: QFocusEvent | QEvent) -> None:
        if isinstance(event, QFocusEvent) and event.reason() in (
            Qt.FocusReason.TabFocusReason,
            Qt.FocusReason.BacktabFocusReason,
        ):
            self._by_key = True
        super().focusInEvent(event)

    def press_key(self, event: QKeyEvent) -> bool:
        """Arrows go from cell to cell, Enter chooses the pair, Escape ends a drag or selects nothing."""
        key = Qt.Key(event.key())
        if key in _ARROWS:
            step = _ARROWS[key] if self._by_key else (0, 0)  # the first one shows where the focus is
            self._focus, self._by_key = self._clipped((self._focus[0] + step[0], self._focus[1] + step[1])), True
            self.pointer = None
            self.setAccessibleDescription(", ".join(self._said_of(self._focus)))
        elif key in _PRESSING:
            self._choose(self._clipped(self._focus))
        elif key == Qt.Key.Key_Escape and self._pressed is not None:
            self._pressed = self._rubber = None
            self.cancel_selecting()
        elif key == Qt.Key.Key_Escape and len(self.selection):
            self.select(np.empty(0, np.intp))
        else:
            return False
        self.update()
        return True


def _correlations(X: FloatArray) -> FloatArray:
    """Pearson's correlations of the columns of `X` (n, d), (d, d)."""
    if len(X) < 2:
        return np.full((X.shape[1], X.shape[1]), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.atleast_2d(np.corrcoef(X.astype(np.float64), rowvar=False))


def _r_text(r: float) -> str:
    return "unknown, as one does not vary" if np.isnan(r) else f"{r:.2f}".replace("-", "−")


def _shortened(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"


def _drawn(draw: object, look: Look, size: float, painter: QPainter) -> None:
    assert callable(draw)
    draw(look, painter, size)


def _draw_dot(look: Look, painter: QPainter, size: float) -> None:
    """A point that is too small for a shape and an outline."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(look.fill)
    painter.drawEllipse(QPointF(0, 0), 0.5 * size, 0.5 * size)
