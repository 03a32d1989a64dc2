"""A heat map of two hyper-parameters that fills as results come; a cell can be taken into the document."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPen, QStaticText

from engine.dataset import FloatArray
from widgets.axes import number_text
from widgets.confusion import readable_on
from widgets.curve_chart import chart_font
from widgets.picture_view import PictureView
from widgets.style import blend
from widgets.theme import LIGHT, Theme
from widgets.validation_values import HeatPicture
from widgets.xy_chart import write

_EMPTY = "Run, and each cell is filled once its folds have been scored."
_VIRIDIS = np.array(
    [
        (68, 1, 84), (72, 40, 120), (62, 74, 137), (49, 104, 142), (38, 130, 142), (31, 158, 137), (53, 183, 121),
        (109, 205, 89), (180, 222, 44), (253, 231, 37),
    ],
    np.float64,
)  # fmt: skip
"""From bad to good: lightness grows evenly, so it can be read without seeing colours (Smith and van der Walt 2015)."""
_LEAST_CELL = QSizeF(4.0, 3.0)
"""As large as 25 values need to be seen as a whole in the dock as it is at first; the pointer and the keys read a cell.
"""
_BAR, _BAR_GAP, _TEXT_GAP = 10.0, 14.0, 5.0
_LEAST_SPREAD = 0.02
"""The best quarter of the cells has at least this share of the colours; a diverged corner would flatten the rest."""

_SHADES = 256
_MOST_TEXTS = 10_000
"""Kept at once: those of the largest grid, which has 100 values a side."""

Cell = tuple[int, int]


class HeatMap(PictureView):
    """Means as colours. Hover reads a cell, a click or Enter takes it, the arrow keys move between cells."""

    cell_chosen = Signal(int, int)
    """A wish: to take the values of that row and column."""

    def __init__(self, theme: Theme = LIGHT) -> None:
        self._content: HeatPicture | None = None
        self._cell: Cell = (0, 0)
        self._texts: dict[tuple[float, int], QStaticText] = {}
        super().__init__("Heat map", _EMPTY, theme)

    def set_content(self, content: HeatPicture | None) -> None:
        """Show means; None shows that there are none yet."""
        self._content = content
        if content is not None:
            self._cell = min(self._cell[0], len(content.rows) - 1), min(self._cell[1], len(content.columns) - 1)
        self.redraw()

    # -- what is said

    def summary(self) -> str:
        content = self._content
        if content is None:
            return self.empty
        done = int((np.isfinite(content.means) | content.failed).sum())
        best = "" if content.marked is None else f" Taken would be: {content.tip(*content.marked)}"
        here = content.tip(*self._cell)
        return f"{content.title}: {done:,} of {content.means.size:,} cells.{best} In hand: {here}"

    # -- layout

    def least_size(self) -> QSize:
        content = self._content
        if content is None:
            return QSize(0, 0)
        around = QRectF(0, 0, 1000, 1000)
        inside = self._grid(around, self.theme)
        width = around.width() - inside.width() + _LEAST_CELL.width() * len(content.columns)
        height = around.height() - inside.height() + _LEAST_CELL.height() * len(content.rows)
        return QSize(round(width), round(height))

    def _grid(self, target: QRectF, theme: Theme) -> QRectF:
        """The area of all cells."""
        content = self._content
        assert content is not None
        font = QFontMetricsF(chart_font(theme))
        names = max(font.horizontalAdvance(name) for name in content.rows)
        left = target.left() + font.height() + names + 22
        texts = ("0.000", *_ends(content))
        legend = _BAR_GAP + _BAR + _TEXT_GAP + max(font.horizontalAdvance(text) for text in texts) + 6
        right = max(target.right() - legend, left + 8)
        top = target.top() + 6
        bottom = max(target.bottom() - 2 * font.height() - 8, top + 8)
        return QRectF(QPointF(left, top), QPointF(right, bottom))

    def _area(self, grid: QRectF, row: int, column: int) -> QRectF:
        content = self._content
        assert content is not None
        width, height = grid.width() / len(content.columns), grid.height() / len(content.rows)
        return QRectF(grid.left() + column * width, grid.bottom() - (row + 1) * height, width, height)

    def cell_area(self, row: int, column: int) -> QRectF:
        """Where a cell is in the picture on the screen; the first row is the lowest."""
        return self._area(self._grid(QRectF(self.canvas.rect()), self.theme), row, column)

    def cell_at(self, at: QPointF) -> Cell | None:
        """The row and the column at a place of the picture."""
        content = self._content
        if content is None:
            return None
        grid = self._grid(QRectF(self.canvas.rect()), self.theme)
        if not grid.contains(at):
            return None
        row = int((grid.bottom() - at.y()) / grid.height() * len(content.rows))
        column = int((at.x() - grid.left()) / grid.width() * len(content.columns))
        return min(row, len(content.rows) - 1), min(column, len(content.columns) - 1)

    # -- painting

    def paint_picture(self, painter: QPainter, target: QRectF, theme: Theme) -> None:
        content = self._content
        if content is None:
            self.write_empty(painter, target, theme)
            return
        grid = self._grid(target, theme)
        low, high = colour_range(content.means, higher_is_better=content.higher_is_better)
        shares = shares_of(content.means, low, high, higher_is_better=content.higher_is_better)
        ground = blend(theme.window, theme.text, 0.06)
        painter.drawImage(grid, _image(shares, ground))
        self._paint_failures(painter, grid, content, theme)
        self._paint_numbers(painter, grid, content, shares, theme)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.border), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(grid)
        self._paint_axes(painter, target, grid, content, theme)
        self._paint_legend(painter, grid, content, theme)
        if content.marked is not None:
            self._outline(painter, self._area(grid, *content.marked), "#ffffff", "#000000")

    @staticmethod
    def _outline(painter: QPainter, area: QRectF, inner: str, outer: str) -> None:
        """Two lines, of which one stands out from any colour."""
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(outer), 4.5))
        painter.drawRect(area)
        painter.setPen(QPen(QColor(inner), 2))
        painter.drawRect(area)

    def _paint_failures(self, painter: QPainter, grid: QRectF, content: HeatPicture, theme: Theme) -> None:
        painter.setPen(QPen(QColor(theme.danger), 1.2))
        for row, column in np.argwhere(content.failed).tolist():
            area = self._area(grid, row, column)
            reach = min(area.width(), area.height(), 16.0) * 0.28
            middle = area.center()
            for side in (1, -1):
                painter.drawLine(middle - QPointF(reach, side * reach), middle + QPointF(reach, side * reach))

    def _paint_numbers(
        self, painter: QPainter, grid: QRectF, content: HeatPicture, shares: FloatArray, theme: Theme
    ) -> None:
        """The means, where the cells have room for all of them."""
        painter.setFont(chart_font(theme))
        font = QFontMetricsF(painter.font())
        cell = self._area(grid, 0, 0)
        known = np.isfinite(content.means)
        if cell.height() < font.height() + 2 or cell.width() < font.horizontalAdvance("0.0") + 6 or not known.any():
            return
        texts = [self._laid_out(value, painter.font()) for value in content.means[known].tolist()]
        sizes = [text.size() for text in texts]
        if cell.width() < max(size.width() for size in sizes) + 6:
            return
        left, top, width, height = cell.left(), cell.top(), cell.width(), cell.height()
        inks = np.round(shares[known] * (_SHADES - 1)).astype(int).tolist()
        ink_before = None
        for (row, column), number, text, size in zip(np.argwhere(known).tolist(), inks, texts, sizes, strict=True):
            ink = _inks()[number]
            if ink is not ink_before:
                painter.setPen(ink)
                ink_before = ink
            x = left + column * width + (width - size.width()) / 2
            painter.drawStaticText(QPointF(x, top - row * height + (height - size.height()) / 2), text)

    def _laid_out(self, value: float, font: QFont) -> QStaticText:
        """A mean as text; kept, for to lay out 625 of them anew takes 20 ms."""
        key = value, font.pixelSize()
        if key not in self._texts:
            if len(self._texts) >= _MOST_TEXTS:
                self._texts.clear()
            self._texts[key] = QStaticText(number_text(value))
            self._texts[key].prepare(font=font)
        return self._texts[key]

    def _paint_axes(self, painter: QPainter, target: QRectF, grid: QRectF, content: HeatPicture, theme: Theme) -> None:
        painter.setFont(chart_font(theme))
        font = QFontMetricsF(painter.font())
        painter.setPen(QColor(theme.muted))
        wide = max(font.horizontalAdvance(name) for name in content.columns) + 10
        every = max(1, -(-round(wide * len(content.columns)) // max(1, round(grid.width()))))
        for column in range(0, len(content.columns), every):
            middle = self._area(grid, 0, column).center().x()
            painter.drawLine(QPointF(middle, grid.bottom() + 1), QPointF(middle, grid.bottom() + 4))
            name = content.columns[column]
            write(painter, middle - font.horizontalAdvance(name) / 2, grid.bottom() + 5 + font.height() / 2, name)
        every = max(1, -(-round(font.height() * len(content.rows)) // max(1, round(grid.height()))))
        for row in range(0, len(content.rows), every):
            middle = self._area(grid, row, 0).center().y()
            painter.drawLine(QPointF(grid.left() - 4, middle), QPointF(grid.left() - 1, middle))
            name = content.rows[row]
            write(painter, grid.left() - 7 - font.horizontalAdvance(name), middle, name)
        title = font.elidedText(content.column_title, Qt.TextElideMode.ElideRight, grid.width())
        left = grid.center().x() - font.horizontalAdvance(title) / 2
        write(painter, left, grid.bottom() + 6 + 1.5 * font.height(), title)
        title = font.elidedText(content.row_title, Qt.TextElideMode.ElideRight, grid.height())
        painter.save()
        painter.translate(target.left() + 4 + font.height() / 2, grid.center().y())
        painter.rotate(-90)
        write(painter, -font.horizontalAdvance(title) / 2, 0, title)
        painter.restore()

    def _paint_legend(self, painter: QPainter, grid: QRectF, content: HeatPicture, theme: Theme) -> None:
        """The colours and the numbers at their ends, the best above."""
        font = QFontMetricsF(chart_font(theme))
        bar = QRectF(grid.right() + _BAR_GAP, grid.top(), _BAR, grid.height())
        ramp = _image(np.linspace(0.0, 1.0, 64)[:, None], QColor(theme.window))
        painter.drawImage(bar, ramp)
        painter.setPen(QPen(QColor(theme.border), 1))
        painter.drawRect(bar)
        painter.setPen(QColor(theme.muted))
        heights = bar.top() + font.height() / 2, bar.bottom() - font.height() / 2
        for text, height in zip(_ends(content), heights, strict=False):
            write(painter, bar.right() + _TEXT_GAP, height, text)

    def paint_hover(self, painter: QPainter, pointer: QPointF) -> None:
        cell = self.cell_at(pointer)
        if cell is not None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._outline(painter, self.cell_area(*cell), self.theme.window, self.theme.text)

    def paint_focus(self, painter: QPainter) -> None:
        if self._content is not None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._outline(painter, self.cell_area(*self._cell), self.theme.accent, self.theme.window)

    def tip_at(self, at: QPointF) -> str:
        cell = self.cell_at(at)
        return "" if cell is None or self._content is None else self._content.tip(*cell)

    # -- hands

    def press(self, at: QPointF) -> None:
        cell = self.cell_at(at)
        if cell is not None:
            self._cell = cell
            self.redraw()
            self.cell_chosen.emit(*cell)

    def press_key(self, key: int) -> bool:
        content = self._content
        if content is None:
            return False
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.cell_chosen.emit(*self._cell)
            return True
        steps = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (1, 0), Qt.Key.Key_Down: (-1, 0)}
        if key not in steps:
            return False
        up, across = steps[Qt.Key(key)]
        row = min(max(self._cell[0] + up, 0), len(content.rows) - 1)
        self._cell = row, min(max(self._cell[1] + across, 0), len(content.columns) - 1)
        self.redraw()
        return True


def _ends(content: HeatPicture) -> tuple[str, ...]:
    """What the ends of the colours stand for, the best first; nothing before there is a mean."""
    low, high = colour_range(content.means, higher_is_better=content.higher_is_better)
    if not (np.isfinite(low) and np.isfinite(high)):
        return ()
    return (number_text(high), number_text(low)) if content.higher_is_better else (number_text(low), number_text(high))


def colour_range(means: FloatArray, *, higher_is_better: bool) -> tuple[float, float]:
    """The means that the ends of the colours stand for: all of them, unless a few bad ones would take most colours."""
    known = means[np.isfinite(means)]
    if len(known) == 0:
        return float("nan"), float("nan")
    low, high = float(known.min()), float(known.max())
    good, middle = np.percentile(known, (75, 50) if higher_is_better else (25, 50))
    best = high if higher_is_better else low
    typical = max(abs(best - float(middle)), 2 * abs(best - float(good)))
    if typical > 0 and high - low > typical / _LEAST_SPREAD:
        low, high = (best - 4 * typical, high) if higher_is_better else (low, best + 4 * typical)
    return low, high


def shares_of(means: FloatArray, low: float, high: float, *, higher_is_better: bool) -> FloatArray:
    """How good each mean is, from 0 to 1 between the ends; NaN where there is none."""
    if not high > low:
        return np.where(np.isfinite(means), 1.0, np.nan)
    shares = np.clip((means - low) / (high - low), 0.0, 1.0)
    return shares if higher_is_better else 1.0 - shares


def _rgb(shares: FloatArray) -> FloatArray:
    """(…, 3) colours of shares (…)."""
    places = np.linspace(0.0, 1.0, len(_VIRIDIS))
    return np.stack([np.interp(shares, places, channel) for channel in _VIRIDIS.T], axis=-1)


def _colour(share: float) -> QColor:
    return QColor(*(round(value) for value in _rgb(np.array(share)).tolist()))


@lru_cache(1)
def _inks() -> tuple[QColor, ...]:
    """What can be read on each of the shades from bad to good."""
    black, white = QColor("#000000"), QColor("#ffffff")
    shades = (_colour(share) for share in np.linspace(0.0, 1.0, _SHADES).tolist())
    return tuple(black if readable_on(shade) == black else white for shade in shades)


def _image(shares: FloatArray, ground: QColor) -> QImage:
    """One pixel a cell, the first row at the bottom; `ground` where there is no number."""
    rgb = _rgb(np.nan_to_num(shares))
    rgb[~np.isfinite(shares)] = (ground.red(), ground.green(), ground.blue())
    pixels = np.ascontiguousarray(np.round(rgb[::-1]).astype(np.uint8))
    height, width = pixels.shape[:2]
    return QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
