"""The legend on the stage: who is who, how many there are, and what the signs mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QLinearGradient, QPainter, QPen

from engine.dataset import Dataset, Part
from engine.overlays import Band, Line, LineRole, Marks, MarksRole, Overlay
from widgets.stage_cards import paint_card
from widgets.stage_geometry import number
from widgets.stage_items import Frame
from widgets.stage_points import draw_mark
from widgets.stage_shapes import class_look, cluster_look, looks_of, neutral_look, solid, value_colour

_PADDING = 10.0
_BAR_WIDTH = 150.0
_GREATEST_SHARE = 0.42
"""Of the plot's width; a wider legend is shortened."""
_LONGEST_NAME = 14
_MOST_CLUSTERS = 10
_PART_TEXTS = ("train", "val.", "test")


@dataclass(frozen=True)
class LegendRow:
    """One line of the legend: a class, its name and how many points of each part it has."""

    kind: int | None
    name: str
    counts: str


def shortened(name: str) -> str:
    """A name that fits on a card."""
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"


Sign = Literal["held_out", "error", "band", "ring", "cross", "dashes", "line", "outline", "shape", "dot"]


@dataclass(frozen=True)
class KeyItem:
    """A sign on the stage, and what it means."""

    sign: Sign
    text: str


_LINE_KEYS: dict[LineRole, KeyItem] = {
    "ellipse": KeyItem("outline", "1 and 2 SD"),
    "margin": KeyItem("dashes", "margin"),
    "axis": KeyItem("dashes", "direction"),
    "merge": KeyItem("line", "last merge"),
    "way": KeyItem("line", "shortest way"),
}
_MARK_KEYS: dict[MarksRole, KeyItem] = {
    "support": KeyItem("ring", "support vectors"),
    "centre": KeyItem("cross", "mean"),
    "switched": KeyItem("ring", "switched"),
    "mode": KeyItem("cross", "mode"),
    "core": KeyItem("dot", "core points"),
}


def key_of(overlays: Sequence[Overlay]) -> tuple[KeyItem, ...]:
    """What the signs mean that a model draws, each once."""
    found: dict[KeyItem, None] = {}
    for overlay in overlays:
        item = None
        if isinstance(overlay, Band):
            item = KeyItem("band", overlay.title)
        elif isinstance(overlay, Line):
            item = _LINE_KEYS.get(overlay.role)
        elif isinstance(overlay, Marks):
            item = _MARK_KEYS.get(overlay.role)
        if item is not None:
            found[item] = None
    return tuple(found)


def legend_rows(dataset: Dataset, held_out: bool) -> tuple[LegendRow, ...]:
    """What the legend says, a line a class, or one line of all points in regression."""
    if not dataset.class_names:
        return (LegendRow(None, dataset.target_name, _counts(dataset.counts.sum(axis=1), held_out)),)
    return tuple(
        LegendRow(index, shortened(name), _counts(dataset.counts[:, index], held_out))
        for index, name in enumerate(dataset.class_names)
    )


def cluster_rows(sizes: dict[int, int]) -> tuple[LegendRow, ...]:
    """A line a cluster with the number of its points, those of none last."""
    rows = [LegendRow(index, f"Cluster {index + 1}", f"{count:,}") for index, count in sizes.items() if index >= 0]
    if len(rows) > _MOST_CLUSTERS:
        rest = sum([count for index, count in sizes.items() if index >= 0][_MOST_CLUSTERS:])
        rows = [*rows[:_MOST_CLUSTERS], LegendRow(None, "others", f"{rest:,}")]
    if -1 in sizes:
        rows.append(LegendRow(-1, "no cluster", f"{sizes[-1]:,}"))
    return tuple(rows)


def _counts(counts: np.ndarray, held_out: bool) -> str:
    shown = [
        f"{counts[part]:,} {_PART_TEXTS[part]}"
        for part in Part
        if part == Part.TRAIN or (held_out and counts[part] > 0)
    ]
    return " · ".join(shown)


class Legend:
    """The card that says who is who, and how many."""

    def __init__(
        self,
        dataset: Dataset,
        held_out: bool,
        errors: bool,
        value_range: tuple[float, float],
        drawn: tuple[KeyItem, ...] = (),
        sizes: dict[int, int] | None = None,
    ) -> None:
        self._dataset = dataset
        self.drawn = drawn
        self._rows = legend_rows(dataset, held_out) if sizes is None else cluster_rows(sizes)
        self._has_shapes = sizes is not None and int(np.count_nonzero(dataset.counts.sum(axis=0))) > 1
        self._has_held_out = held_out and bool(dataset.counts[Part.TRAIN + 1 :].any())
        self._errors = errors
        has_scale = sizes is None and not dataset.class_names and dataset.n_inputs == 2 and len(dataset.y) > 0
        self._bar = value_range if has_scale else None

    def size(self, frame: Frame) -> QSizeF:
        """How large the card is, in pixels."""
        compact = self._is_compact(frame)
        width = self._compact_width(frame) if compact else self._full_width(frame)
        lines = len(self._rows) + (0 if compact else len(self._key())) + (1.9 if self._bar else 0)
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
        for items in () if compact else self._key():
            self._paint_key(painter, frame, items, left, top + line / 2)
            top += line

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

    @staticmethod
    def _line(frame: Frame) -> float:
        return QFontMetricsF(frame.font(-1)).height() + 4.0

    def _columns(self, frame: Frame) -> tuple[float, float]:
        bold, plain = QFontMetricsF(frame.font(-1, bold=True)), QFontMetricsF(frame.font(-1))
        return (
            max((bold.horizontalAdvance(row.name) for row in self._rows), default=0.0),
            max((plain.horizontalAdvance(row.counts) for row in self._rows), default=0.0),
        )

    def _key(self) -> list[tuple[KeyItem, ...]]:
        """What signs mean, line by line: those of the points, then what the model draws."""
        of_points: tuple[tuple[Sign, str, bool], ...] = (
            ("held_out", "held-out", self._has_held_out),
            ("error", "misclassified", self._errors),
            ("shape", "shape: known class", self._has_shapes),
        )
        lines = tuple(KeyItem(sign, text) for sign, text, is_on in of_points if is_on), self.drawn[:2], self.drawn[2:]
        return [line for line in lines if line]

    def _key_width(self, frame: Frame) -> float:
        metrics, room = QFontMetricsF(frame.font(-1)), _swatch_size(frame) + 8
        widths = [[room + metrics.horizontalAdvance(item.text) for item in items] for items in self._key()]
        return max((sum(line) + 12 * (len(line) - 1) for line in widths), default=0.0)

    def _swatch(self, painter: QPainter, frame: Frame, row: LegendRow, at: QPointF) -> None:
        if self._bar is not None:
            return
        if self._dataset.task == "clustering":
            look = cluster_look(-1 if row.kind is None else row.kind, frame.theme)
        elif row.kind is None:
            look = looks_of(self._dataset, frame.theme)[0]
        else:
            look = class_look(row.kind, False, frame.theme)
        painter.save()
        painter.translate(at)
        look.draw(painter, _swatch_size(frame))
        painter.restore()

    def _paint_key(
        self, painter: QPainter, frame: Frame, items: tuple[KeyItem, ...], left: float, middle: float
    ) -> None:
        metrics, swatch = QFontMetricsF(frame.font(-1)), _swatch_size(frame)
        for item in items:
            painter.save()
            painter.translate(left + swatch / 2, middle)
            _draw_sign(painter, frame, item.sign)
            painter.restore()
            painter.setPen(QColor(frame.theme.muted))
            painter.setFont(frame.font(-1))
            painter.drawText(QPointF(left + swatch + 8, middle + metrics.capHeight() / 2), item.text)
            left += swatch + 8 + metrics.horizontalAdvance(item.text) + 12

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


def _draw_sign(painter: QPainter, frame: Frame, sign: Sign) -> None:
    """Draw a sign about the origin."""
    theme, radius = frame.theme, 0.5 * _swatch_size(frame)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(theme.boundary), 1.5))
    if sign == "held_out":
        painter.setPen(QPen(QColor(theme.held_out), 1.4))
        painter.drawEllipse(QPointF(0, 0), radius - 0.5, radius - 0.5)
    elif sign == "error":
        neutral_look(theme).draw(painter, 2 * radius)
        draw_mark(painter, 2 * radius)
    elif sign == "shape":
        replace(neutral_look(theme), shape="triangle").draw(painter, 1.7 * radius)
    elif sign == "band":
        painter.setPen(QPen(solid(theme.accent, 0.4), 1.0))
        painter.setBrush(solid(theme.accent, 0.25))
        painter.drawRect(QRectF(-radius, -radius, 2 * radius, 2 * radius))
    elif sign == "ring":
        neutral_look(theme).draw(painter, 1.1 * radius)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(theme.boundary), 1.5))
        painter.drawEllipse(QPointF(0, 0), radius, radius)
    elif sign == "dot":
        neutral_look(theme).draw(painter, 1.7 * radius)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor("#11151c"))
        painter.drawEllipse(QPointF(0, 0), 0.3 * radius, 0.3 * radius)
    elif sign == "cross":
        painter.drawLine(QPointF(-radius, 0), QPointF(radius, 0))
        painter.drawLine(QPointF(0, -radius), QPointF(0, radius))
    elif sign == "line":
        painter.setPen(QPen(QColor(theme.boundary), 2.5))
        painter.drawLine(QPointF(-radius, 0), QPointF(radius, 0))
    elif sign == "dashes":
        painter.drawLine(QPointF(-radius, 0), QPointF(-0.2 * radius, 0))
        painter.drawLine(QPointF(0.2 * radius, 0), QPointF(radius, 0))
    else:
        painter.drawEllipse(QPointF(0, 0), radius, 0.6 * radius)


def _swatch_size(frame: Frame) -> float:
    return 0.77 * frame.theme.font_size
