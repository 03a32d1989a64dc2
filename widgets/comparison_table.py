"""The table of a comparison: learners by their score, with differences to the best and their intervals."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from widgets.curve_chart import chart_font
from widgets.picture_view import PictureView
from widgets.theme import LIGHT, Theme
from widgets.validation_values import ComparisonPicture, ComparisonRow
from widgets.xy_chart import write

_EMPTY = "Tick learners, run, and they stand here by their scores on the same folds."
_PADDING, _GAP = 12.0, 10.0
_HEADINGS = ("Learner", "held out", "training", "to best", "95 % paired t", "corrected t")
_LEAST_TITLE = 110.0
"""Pixels of a learner's title that are always seen."""


class ComparisonTable(PictureView):
    """One line a learner, the best first; a click or Enter takes a learner, the arrow keys move between them."""

    learner_chosen = Signal(int)
    """A wish: to take the learner of that line."""

    def __init__(self, theme: Theme = LIGHT) -> None:
        self._content: ComparisonPicture | None = None
        self._line = 0
        super().__init__("Comparison of learners", _EMPTY, theme)

    def set_content(self, content: ComparisonPicture | None) -> None:
        """Show a table; None shows that there is none yet."""
        self._content = content
        if content is not None:
            self._line = min(self._line, max(0, len(content.rows) - 1))
        self.redraw()

    def summary(self) -> str:
        if self._content is None:
            return self.empty
        return f"{self._content.measure}. {' '.join(_spoken(row) for row in self._content.rows)} {self._content.note}"

    def _row_height(self, theme: Theme) -> float:
        return QFontMetricsF(chart_font(theme)).height() + 8

    def least_size(self) -> QSize:
        content = self._content
        if content is None:
            return QSize(0, 0)
        title, *others = self._natural_widths(content, self.theme)
        width = min(title, _LEAST_TITLE) + sum(others) + _GAP * (len(_HEADINGS) - 1) + 2 * _PADDING
        room = QRectF(0, 0, max(width, self.canvas.width()) - 2 * _PADDING, 1000)
        note = QFontMetricsF(chart_font(self.theme)).boundingRect(room, Qt.TextFlag.TextWordWrap, content.note)
        lines = (len(content.rows) + 1) * self._row_height(self.theme)
        return QSize(round(width), round(lines + note.height() + 1.2 * _PADDING))

    def _widths(self, content: ComparisonPicture, theme: Theme, room: float) -> list[float]:
        """Of the columns, where there is so much room for all: the titles give way, as far as they can."""
        title, *others = self._natural_widths(content, theme)
        left = room - sum(others) - _GAP * (len(_HEADINGS) - 1) - 2 * _PADDING
        return [min(title, max(left, _LEAST_TITLE)), *others]

    @staticmethod
    def _natural_widths(content: ComparisonPicture, theme: Theme) -> list[float]:
        """Of the columns, where there is room for everything."""
        font = chart_font(theme)
        usual = QFontMetricsF(font)
        font.setWeight(QFont.Weight.DemiBold)
        bold = QFontMetricsF(font)
        lines = [[usual.horizontalAdvance(text) for text in _HEADINGS]]
        lines += [
            [(bold if row.is_best else usual).horizontalAdvance(cell) for cell in _cells(row)] for row in content.rows
        ]
        return [max(widths) for widths in zip(*lines, strict=True)]

    def line_area(self, line: int) -> QRectF:
        """Where a line is in the picture on the screen."""
        height = self._row_height(self.theme)
        return QRectF(4, 4 + (line + 1) * height, self.canvas.width() - 8, height)

    def _line_at(self, at: QPointF) -> int | None:
        lines = range(len(self._content.rows) if self._content is not None else 0)
        return next((line for line in lines if self.line_area(line).contains(at)), None)

    # -- painting

    def paint_picture(self, painter: QPainter, target: QRectF, theme: Theme) -> None:
        content = self._content
        if content is None:
            self.write_empty(painter, target, theme)
            return
        painter.setFont(chart_font(theme))
        height = self._row_height(theme)
        cells = [_cells(row) for row in content.rows]
        widths = self._widths(content, theme, target.width())
        left = target.left() + _PADDING
        middle = target.top() + 4 + height / 2
        painter.setPen(QColor(theme.muted))
        for column, heading in enumerate(_HEADINGS):
            write(painter, left + sum(widths[:column]) + _GAP * column, middle, heading)
        painter.setPen(QPen(QColor(theme.border), 1))
        painter.drawLine(QPointF(left, middle + height / 2), QPointF(target.right() - _PADDING, middle + height / 2))
        for line, (row, texts) in enumerate(zip(content.rows, cells, strict=True)):
            self._paint_row(painter, row, texts, widths, QPointF(left, middle + (line + 1) * height), theme, target)
        painter.setFont(chart_font(theme))
        painter.setPen(QColor(theme.muted))
        top = middle + (len(cells) + 0.6) * height
        below = QRectF(left, top, target.width() - 2 * _PADDING, max(target.bottom() - top, height))
        painter.drawText(below, Qt.TextFlag.TextWordWrap, content.note)

    @staticmethod
    def _paint_row(
        painter: QPainter, row: ComparisonRow, texts: tuple[str, ...], widths: list[float], at: QPointF,
        theme: Theme, target: QRectF,
    ) -> None:  # fmt: skip
        font = chart_font(theme)
        font.setWeight(QFont.Weight.DemiBold if row.is_best else QFont.Weight.Normal)
        painter.setFont(font)
        painter.setPen(QColor(theme.text))
        title = QFontMetricsF(font).elidedText(row.title, Qt.TextElideMode.ElideRight, widths[0] + 1)
        if row.sentence:
            write(painter, at.x(), at.y(), title)
            painter.setPen(QColor(theme.danger))
            room = target.right() - at.x() - widths[0] - _GAP - _PADDING
            said = QFontMetricsF(font).elidedText(row.sentence, Qt.TextElideMode.ElideRight, room)
            write(painter, at.x() + widths[0] + _GAP, at.y(), said)
            return
        for column, text in enumerate((title, *texts[1:])):
            write(painter, at.x() + sum(widths[:column]) + _GAP * column, at.y(), text)

    def paint_hover(self, painter: QPainter, pointer: QPointF) -> None:
        line = self._line_at(pointer)
        if line is not None:
            colour = QColor(self.theme.accent)
            colour.setAlphaF(0.10)
            painter.fillRect(self.line_area(line), colour)

    def paint_focus(self, painter: QPainter) -> None:
        if self._content is not None:
            painter.setPen(QPen(QColor(self.theme.accent), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.line_area(self._line))

    def tip_at(self, at: QPointF) -> str:
        line = self._line_at(at)
        return "" if line is None or self._content is None else f"{_spoken(self._content.rows[line])} Click: take it."

    # -- hands

    def press(self, at: QPointF) -> None:
        line = self._line_at(at)
        if line is not None:
            self._line = line
            self.redraw()
            self.learner_chosen.emit(line)

    def press_key(self, key: int) -> bool:
        if self._content is None:
            return False
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.learner_chosen.emit(self._line)
            return True
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        if key not in steps:
            return False
        self._line = min(max(self._line + steps[Qt.Key(key)], 0), len(self._content.rows) - 1)
        self.redraw()
        return True


def _cells(row: ComparisonRow) -> tuple[str, ...]:
    return row.title, row.score, row.train, row.difference, row.paired, row.corrected


def _spoken(row: ComparisonRow) -> str:
    if row.sentence:
        return f"{row.title}: {row.sentence}"
    difference = f", {row.difference} from the best" if row.difference else ""
    return f"{row.title}: {row.score or 'not scored yet'}{difference}."
