"""The cards on the stage: the legend, the equation, and the message of an empty stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontMetricsF, QLinearGradient, QPainter, QPen

from engine.dataset import Dataset, Part
from engine.overlays import Equation
from widgets.stage_geometry import Floats, number
from widgets.stage_items import Frame
from widgets.stage_points import draw_mark
from widgets.stage_shapes import class_look, looks_of, neutral_look, solid, value_colour

CARD_GAP = 10.0
"""From a card to the edge of the plot."""
_PADDING = 10.0
_RADIUS = 6.0
_BAR_WIDTH = 150.0
_GREATEST_SHARE = 0.42
"""Of the plot's width; a wider legend is shortened."""
_LONGEST_NAME = 14
_SERIFS = ("STIX Two Text", "Cambria", "Georgia", "Times New Roman", "Times", "DejaVu Serif", "Liberation Serif")
_PART_TEXTS = ("train", "val.", "test")


Corner = Literal["top right", "top left", "bottom right", "bottom left"]
LEGEND_CORNERS: tuple[Corner, ...] = ("top right", "top left", "bottom right", "bottom left")
"""Where the legend goes, the usual place first."""
EQUATION_CORNERS: tuple[Corner, ...] = ("top left", "bottom left", "bottom right", "top right")
_TOLERATED = 2
"""A card stays in its usual place while it covers no more points than this."""
_LOOKED_AT = 4096
"""Of many points, about so many, evenly chosen, say where they are."""


def card_at(frame: Frame, corner: Corner, size: QSizeF) -> QRectF:
    """The rectangle, in pixels, of a card in a corner of the plot."""
    plot = frame.plot
    left = plot.left() + CARD_GAP if corner.endswith("left") else plot.right() - CARD_GAP - size.width()
    top = plot.top() + CARD_GAP if corner.startswith("top") else plot.bottom() - CARD_GAP - size.height()
    return QRectF(left, top, size.width(), size.height())


def quietest_card(frame: Frame, size: QSizeF, corners: Sequence[Corner], points: Floats) -> QRectF:
    """Where a card covers the fewest points: the first of `corners` if it is quiet there, else the quietest.

    Parameters
    ----------
    points : (n, 2) in pixels.
    """
    some = points[:: 1 + len(points) // _LOOKED_AT]
    cards = [card_at(frame, corner, size) for corner in corners]
    covered = [_points_under(card, some) for card in cards]
    return cards[0] if covered[0] <= _TOLERATED else cards[int(np.argmin(covered))]


def _points_under(card: QRectF, points: Floats) -> int:
    x, y = points[:, 0], points[:, 1]
    return int(((x > card.left()) & (x < card.right()) & (y > card.top()) & (y < card.bottom())).sum())


def paint_card(painter: QPainter, frame: Frame, card: QRectF) -> None:
    """Paint the ground of a card: rounded, nearly opaque, with a hairline around it."""
    painter.setPen(QPen(solid(frame.theme.border, 0.9), 1.0))
    painter.setBrush(solid(frame.theme.raised, 0.9))
    painter.drawRoundedRect(card, _RADIUS, _RADIUS)


@dataclass(frozen=True)
class LegendRow:
    """One line of the legend: a class, its name and how many points of each part it has."""

    kind: int | None
    name: str
    counts: str


def shortened(name: str) -> str:
    """A name that fits on a card."""
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"


def legend_rows(dataset: Dataset, held_out: bool) -> tuple[LegendRow, ...]:
    """What the legend says, a line a class, or one line of all points in regression."""
    if dataset.task == "regression":
        return (LegendRow(None, dataset.target_name, _counts(dataset.counts.sum(axis=1), held_out)),)
    return tuple(
        LegendRow(index, shortened(name), _counts(dataset.counts[:, index], held_out))
        for index, name in enumerate(dataset.class_names)
    )


def _counts(counts: np.ndarray, held_out: bool) -> str:
    shown = [
        f"{counts[part]:,} {_PART_TEXTS[part]}"
        for part in Part
        if part == Part.TRAIN or (held_out and counts[part] > 0)
    ]
    return " · ".join(shown)


class Legend:
    """The card that says who is who, and how many."""

    def __init__(self, dataset: Dataset, held_out: bool, errors: bool, value_range: tuple[float, float]) -> None:
        self._dataset = dataset
        self._rows = legend_rows(dataset, held_out)
        self._has_held_out = held_out and bool(dataset.counts[Part.TRAIN + 1 :].any())
        self._errors = errors
        self._bar = value_range if dataset.task == "regression" and dataset.n_inputs == 2 and len(dataset.y) else None

    def size(self, frame: Frame) -> QSizeF:
        """How large the card is, in pixels."""
        compact = self._is_compact(frame)
        width = self._compact_width(frame) if compact else self._full_width(frame)
        lines = len(self._rows) + (1 if self._has_key and not compact else 0) + (1.9 if self._bar else 0)
        return QSizeF(width + 2 * _PADDING, lines * self._line(frame) + _PADDING + 4)

    def paint(self, painter: QPainter, frame: Frame, card: QRectF) -> None:
        """Paint the card; its size is that of `size`."""
        theme, line = frame.theme, self._line(frame)
        paint_card(painter, frame, card)
        font = frame.font(-1)
        metrics = QFontMetricsF(font)
        name_width, _ = self._columns(frame)
        compact, swatch = self._is_compact(frame), _swatch_size(frame)
        left, top = card.left() + _PADDING, card.top() + 0.5 * _PADDING + 2
        for row in self._rows:
            middle = top + line / 2
            self._swatch(painter, frame, row, QPointF(left + swatch / 2, middle))
            baseline = middle + metrics.capHeight() / 2
            painter.setFont(frame.font(-1, bold=True))
            painter.setPen(QColor(theme.text))
            painter.drawText(QPointF(left + self._indent(frame), baseline), row.name)
            if not compact:
                painter.setFont(font)
                painter.drawText(QPointF(left + self._indent(frame) + name_width + 12, baseline), row.counts)
            top += line
        if self._bar is not None:
            self._paint_bar(painter, frame, QRectF(left, top + 2, card.width() - 2 * _PADDING, 8.0), self._bar)
            top += 1.9 * line
        if self._has_key and not compact:
            self._paint_key(painter, frame, left, top + line / 2)

    def _is_compact(self, frame: Frame) -> bool:
        """On a small stage it names the classes and leaves the rest to the numbers elsewhere."""
        return self._full_width(frame) > _GREATEST_SHARE * frame.plot.width()

    def _compact_width(self, frame: Frame) -> float:
        return max(self._indent(frame) + self._columns(frame)[0], _BAR_WIDTH if self._bar else 0.0)

    def _full_width(self, frame: Frame) -> float:
        name, counts = self._columns(frame)
        return max(self._indent(frame) + name + 12 + counts, self._key_width(frame), _BAR_WIDTH if self._bar else 0.0)

    def _indent(self, frame: Frame) -> float:
        """Where the names begin: after a swatch, but the points of a colour scale have none."""
        return 0.0 if self._bar is not None else _swatch_size(frame) + 8

    @property
    def _has_key(self) -> bool:
        return self._has_held_out or self._errors

    @staticmethod
    def _line(frame: Frame) -> float:
        return QFontMetricsF(frame.font(-1)).height() + 4.0

    def _columns(self, frame: Frame) -> tuple[float, float]:
        bold, plain = QFontMetricsF(frame.font(-1, bold=True)), QFontMetricsF(frame.font(-1))
        return (
            max((bold.horizontalAdvance(row.name) for row in self._rows), default=0.0),
            max((plain.horizontalAdvance(row.counts) for row in self._rows), default=0.0),
        )

    def _key(self) -> list[str]:
        return [text for text, is_on in (("held-out", self._has_held_out), ("misclassified", self._errors)) if is_on]

    def _key_width(self, frame: Frame) -> float:
        metrics = QFontMetricsF(frame.font(-1))
        widths = [_swatch_size(frame) + 8 + metrics.horizontalAdvance(text) for text in self._key()]
        return sum(widths) + 12 * (len(widths) - 1)

    def _swatch(self, painter: QPainter, frame: Frame, row: LegendRow, at: QPointF) -> None:
        if self._bar is not None:
            return
        look = looks_of(self._dataset, frame.theme)[0] if row.kind is None else class_look(row.kind, False, frame.theme)
        painter.save()
        painter.translate(at)
        look.draw(painter, _swatch_size(frame))
        painter.restore()

    def _paint_key(self, painter: QPainter, frame: Frame, left: float, middle: float) -> None:
        metrics, swatch = QFontMetricsF(frame.font(-1)), _swatch_size(frame)
        for text in self._key():
            painter.save()
            painter.translate(left + swatch / 2, middle)
            if text == "held-out":
                _draw_held_out(painter, frame)
            else:
                neutral_look(frame.theme).draw(painter, swatch)
                draw_mark(painter, swatch)
            painter.restore()
            painter.setPen(QColor(frame.theme.muted))
            painter.setFont(frame.font(-1))
            painter.drawText(QPointF(left + swatch + 8, middle + metrics.capHeight() / 2), text)
            left += swatch + 8 + metrics.horizontalAdvance(text) + 12

    def _paint_bar(self, painter: QPainter, frame: Frame, bar: QRectF, value_range: tuple[float, float]) -> None:
        gradient = QLinearGradient(bar.topLeft(), bar.topRight())
        for stop in (0.0, 0.25, 0.5, 0.75, 1.0):
            gradient.setColorAt(stop, value_colour(stop))
        painter.setPen(QPen(QColor(frame.theme.border), 1.0))
        painter.setBrush(gradient)
        painter.drawRoundedRect(bar, 2.0, 2.0)
        low, high = value_range
        decimals = max(0, 2 - int(np.floor(np.log10(max(abs(low), abs(high), 1e-9)))))
        painter.setPen(QColor(frame.theme.muted))
        font = frame.font(-2)
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        baseline = bar.bottom() + 3 + metrics.ascent()
        for value, share in ((low, 0.0), ((low + high) / 2, 0.5), (high, 1.0)):
            text = number(value, min(3, decimals))
            painter.drawText(
                QPointF(bar.left() + share * (bar.width() - metrics.horizontalAdvance(text)), baseline), text
            )


def _draw_held_out(painter: QPainter, frame: Frame) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(frame.theme.held_out), 1.4))
    radius = 0.5 * _swatch_size(frame) - 0.5
    painter.drawEllipse(QPointF(0, 0), radius, radius)


def _swatch_size(frame: Frame) -> float:
    return 0.77 * frame.theme.font_size


@cache
def _serif() -> str:
    """A family for formulas that is there: an SVG names one family only."""
    there = set(QFontDatabase.families())
    return next((family for family in _SERIFS if family in there), "serif")


def equation_size(frame: Frame, equation: Equation, widest: float) -> QSizeF | None:
    """How large a card the equation needs, at most `widest` pixels wide; None if that is too narrow for any."""
    room = widest - 2 * _PADDING - 2
    if room < 80:
        return None
    metrics = QFontMetricsF(_equation_font(frame))
    text = metrics.boundingRect(QRectF(0, 0, room, frame.plot.height() / 2), _EQUATION_FLAGS, equation.text)
    height = min(text.height(), 6 * metrics.lineSpacing())
    return QSizeF(text.width() + 2 * _PADDING + 2, height + _PADDING)


def paint_equation(painter: QPainter, frame: Frame, equation: Equation, card: QRectF) -> None:
    """Write the model's equation on a card; its size is that of `equation_size`."""
    paint_card(painter, frame, card)
    painter.setPen(QColor(frame.theme.text))
    painter.setFont(_equation_font(frame))
    inner = card.adjusted(_PADDING, _PADDING / 2, -_PADDING, -_PADDING / 2)
    painter.drawText(inner, _EQUATION_FLAGS, equation.text)


_CAPTION_FLAGS = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_EQUATION_FLAGS = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop


def _equation_font(frame: Frame) -> QFont:
    font = QFont(frame.font(1))
    font.setFamily(_serif())
    font.setItalic(True)
    return font


def paint_message(painter: QPainter, frame: Frame, message: str) -> None:
    """Write a message in the middle of the plot: its first line large, the others small."""
    lines = message.split("\n")
    plot = frame.plot
    fonts = [frame.font(5, bold=True)] + [frame.font(1)] * (len(lines) - 1)
    flags = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
    width = min(plot.width() - 48, 520.0)
    rooms = [
        QFontMetricsF(font).boundingRect(QRectF(0, 0, width, plot.height()), flags, line)
        for font, line in zip(fonts, lines, strict=True)
    ]
    top = plot.center().y() - (sum(room.height() for room in rooms) + 8 * (len(rooms) - 1)) / 2
    widest = max(room.width() for room in rooms)
    whole = QRectF(plot.center().x() - widest / 2 - 24, top - 16, widest + 48, 2 * (plot.center().y() - top) + 32)
    paint_card(painter, frame, whole)
    for index, (font, room, line) in enumerate(zip(fonts, rooms, lines, strict=True)):
        painter.setFont(font)
        painter.setPen(QColor(frame.theme.text if index == 0 else frame.theme.muted))
        painter.drawText(QRectF(plot.center().x() - width / 2, top, width, room.height()), flags, line)
        top += room.height() + 8


def paint_caption(painter: QPainter, frame: Frame, caption: str) -> None:
    """Write a sentence in small letters along the lower edge of the plot."""
    plot, font = frame.plot, frame.font(-2)
    room = QRectF(0, 0, plot.width() - 2 * CARD_GAP - _PADDING, plot.height())
    text = QFontMetricsF(font).boundingRect(room, _EQUATION_FLAGS, caption)
    size = QSizeF(text.width() + _PADDING + 2, text.height() + 0.5 * _PADDING)
    card = QRectF(plot.left() + 6, plot.bottom() - 6 - size.height(), *size.toTuple())
    paint_card(painter, frame, card)
    painter.setPen(QColor(frame.theme.muted))
    painter.setFont(font)
    painter.drawText(card.adjusted(_PADDING / 2, 0, -_PADDING / 2, 0), _CAPTION_FLAGS, caption)


def paint_notice(painter: QPainter, frame: Frame, notice: str) -> None:
    """Write a sentence on a card along the lower edge of the plot, in the colour of what has gone wrong."""
    plot, font = frame.plot, frame.font(0, bold=True)
    flags = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
    room = QRectF(0, 0, min(plot.width() - 2 * CARD_GAP - 2 * _PADDING, 620.0), plot.height())
    text = QFontMetricsF(font).boundingRect(room, flags, notice)
    size = QSizeF(text.width() + 2 * _PADDING + 2, text.height() + 1.4 * _PADDING)
    card = QRectF(plot.center().x() - size.width() / 2, plot.bottom() - CARD_GAP - size.height(), *size.toTuple())
    painter.setPen(QPen(QColor(frame.theme.danger), 1.0))
    painter.setBrush(QColor(frame.theme.danger_soft))
    painter.drawRoundedRect(card, _RADIUS, _RADIUS)
    painter.setPen(QColor(frame.theme.danger))
    painter.setFont(font)
    painter.drawText(card.adjusted(_PADDING, 0, -_PADDING, 0), flags, notice)
