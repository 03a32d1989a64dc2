"""What the pointer reads on the stage: the input, what the model says there, the point under it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QFontMetricsF, QPainter

from engine.dataset import PART_NAMES, Dataset, FloatArray
from engine.learner import Prediction
from engine.overlays import Explanation
from widgets.stage_geometry import Floats, number
from widgets.stage_items import Frame
from widgets.stage_legend import shortened

if TYPE_CHECKING:
    from widgets.stage_surface import StageSurface

_OFFSET = QPointF(16.0, 18.0)
_PADDING = 9.0
_A_LINE = 3
"""How many classes are listed beside each other."""
_MOST_CLASSES = 6
"""Of more classes the three likeliest are said."""

_INTERVAL = 16
"""Milliseconds: no more than one reading a frame."""
_REST = 4
"""A reading waits this many times as long as the last one took, so that a slow model never holds up the pointer."""


class HoverReader(QObject):
    """Reads the model and the points under the pointer, at most once a frame, and keeps the reading up to date."""

    def __init__(self, stage: StageSurface) -> None:
        super().__init__(stage)
        self._stage = stage
        self._predictor: Callable[[FloatArray], Prediction] | None = None
        self._explain: Callable[[FloatArray], Explanation | None] | None = None
        self._pointer: Floats | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._read)
        self._rests_until = 0.0

    def set_predictor(
        self,
        predictor: Callable[[FloatArray], Prediction] | None,
        explain: Callable[[FloatArray], Explanation | None] | None = None,
    ) -> None:
        """Ask another model."""
        self._predictor, self._explain = predictor, explain
        self.ask()

    def point_at(self, pixel: Floats | None) -> None:
        """Read at a pixel (2,), or nowhere."""
        self._pointer = pixel
        if pixel is None:
            self._timer.stop()
            self._show((), np.zeros(2))
        else:
            self.ask()

    def ask(self) -> None:
        """Read soon, if there is a pointer."""
        if self._pointer is not None and not self._timer.isActive():
            rest = max(0.0, self._rests_until - time.monotonic())
            self._timer.start(max(_INTERVAL, math.ceil(1000 * rest)))

    def _read(self) -> None:
        pixel, figure, frame = self._pointer, self._stage.figure, self._stage.frame
        if pixel is None:
            return
        dataset = figure.dataset
        at = frame.mapping.to_plot(pixel)
        started = time.monotonic()
        prediction = None
        if self._predictor is not None:
            prediction = self._predictor(at[None, : dataset.n_inputs].astype(np.float32))
        explanation = None if self._explain is None else self._explain(at[: dataset.n_inputs].astype(np.float32))
        reach = 0.5 * figure.points.size(frame.theme, frame.mapping) + 2.0
        row = figure.points.nearest(frame.mapping, pixel, reach)
        self._rests_until = time.monotonic() + _REST * (time.monotonic() - started)
        lines = hover_lines(dataset, at, frame.mapping.decimals, prediction, row)
        coloured = figure.points.coloured
        if row is not None and coloured is not dataset:
            lines = (*lines, f"{coloured.target_name} = {_significant(float(coloured.y[row]))}")
        if explanation is not None:
            lines = (*lines, *explanation.lines)
        self._show(lines, pixel, explanation)

    def _show(self, lines: tuple[str, ...], at: Floats, explanation: Explanation | None = None) -> None:
        hand = self._stage.hand
        if explanation is not hand.explanation:
            hand.explanation = explanation
            self._stage.update()
        if lines != hand.reading or (lines and not np.array_equal(at, hand.reading_at)):
            hand.reading, hand.reading_at = lines, at
            self._stage.update()


def hover_lines(
    dataset: Dataset, at: Floats, decimals: tuple[int, int], prediction: Prediction | None, row: int | None
) -> tuple[str, ...]:
    """What the card beside the pointer says, line by line.

    Parameters
    ----------
    at : (2,) where the pointer is, in the units of the plot.
    decimals : how many of each coordinate are worth reading.
    prediction : what the model says of the one input there, or None.
    row : the row of the point under the pointer, or None. Rows are counted from 1 on the card.
    """
    if dataset.n_inputs == 1:
        lines = [f"x = {number(float(at[0]), decimals[0])}"]
        if prediction is None or prediction.values is None:
            lines[0] += f"   y = {number(float(at[1]), decimals[1])}"
    else:
        first, second = (number(float(value), places) for value, places in zip(at, decimals, strict=True))
        names = tuple(map(shortened, dataset.input_names[:2]))
        plain = names == ("x1", "x2")
        lines = [f"x = ({first}, {second})" if plain else f"{names[0]} = {first}   {names[1]} = {second}"]
    if prediction is not None:
        lines += _said(dataset, prediction)
    if row is not None:
        lines.append(_point(dataset, row))
    return tuple(lines)


def _said(dataset: Dataset, prediction: Prediction) -> list[str]:
    if prediction.values is not None:
        return [f"h(x) = {_significant(float(prediction.values[0]))}"]
    if dataset.task == "clustering":
        return [] if prediction.labels is None else [_cluster(int(prediction.labels[0]))]
    if dataset.task == "projection":
        scores = prediction.scores[0][:_MOST_CLASSES].tolist()  # NaN where a map knows nothing of the place
        return _in_lines([f"t{_lowered(k)} = {_significant(t)}" for k, t in enumerate(scores, 1) if math.isfinite(t)])
    names = [shortened(name) for name in dataset.class_names]
    # A model that has not heard of the newest class speaks of the others.
    if prediction.probabilities is not None:
        shares = prediction.probabilities[0][: len(names)]
        likeliest = range(len(shares)) if len(shares) <= _MOST_CLASSES else np.argsort(-shares, kind="stable")[:_A_LINE]
        return _in_lines([f"p({names[k]}) {_probability(float(shares[k]))}" for k in likeliest])
    scores = prediction.scores[0]
    if len(scores) == 1:
        return [f"score = {_significant(float(scores[0]))}"]
    return _in_lines([f"s({name}) = {_significant(float(s))}" for name, s in zip(names, scores, strict=False)])


def _lowered(number: int) -> str:
    """A number as an index below the line."""
    return str(number).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))


def _cluster(label: int) -> str:
    return f"cluster {label + 1}" if label >= 0 else "no cluster"


def _in_lines(parts: list[str]) -> list[str]:
    return ["   ".join(parts[start : start + _A_LINE]) for start in range(0, len(parts), _A_LINE)]


def _probability(p: float) -> str:
    """Two decimals, and three where two would claim certainty.

    >>> [_probability(p) for p in (0.92, 0.997, 0.99996, 0.0)]
    ['= 0.92', '= 0.997', '> 0.999', '< 0.001']
    """
    if not math.isfinite(p):
        return "= undefined"
    if p > 0.9995:
        return "> 0.999"
    if p < 0.0005:
        return "< 0.001"
    return f"= {p:.2f}" if 0.005 <= p <= 0.995 else f"= {p:.3f}"


def _significant(value: float) -> str:
    """About four digits that mean something."""
    if not math.isfinite(value):
        return "undefined"
    size = math.floor(math.log10(abs(value))) if value else 0
    return number(value, int(np.clip(3 - size, 0, 6)))


def _point(dataset: Dataset, row: int) -> str:
    y = float(dataset.y[row])
    part = PART_NAMES[int(dataset.parts[row])]
    if dataset.task == "clustering":
        known = [f"class {shortened(dataset.class_names[int(y)])}"] if dataset.n_classes > 1 else []
        return " · ".join([*known, f"row {row + 1}"])
    if dataset.class_names:
        what = shortened(dataset.class_names[int(y)])
    else:
        what = f"{dataset.target_name} = {_significant(y)}"
    return f"{what} · {part} · row {row + 1}"


def card_area(width: float, height: float, at: Floats, plot: QRectF, shown: Floats) -> QRectF:
    """Where a card is: on the side of the pixel `at` (2,) where it covers fewest of what is `shown` there.

    Below and to the right where that is all the same; a side without room for the card is none.

    Parameters
    ----------
    plot : what the card has to be within.
    shown : (m, 2) pixels that should be seen.
    """
    x, y = float(at[0]), float(at[1])
    right, below = x + _OFFSET.x(), y + _OFFSET.y()
    left, above = x - _OFFSET.x() - width, y - _OFFSET.y() - height
    sides = [QRectF(across, down, width, height) for down in (below, above) for across in (right, left)]
    inside = plot.adjusted(4, 4, -4, -4)
    fitting = [side for side in sides if inside.contains(side)]
    if not fitting:  # as much of it as can be
        left = right if right + width <= inside.right() else max(inside.left(), left)
        top = below if below + height <= inside.bottom() else max(inside.top(), above)
        return QRectF(left, top, width, height)
    return min(fitting, key=lambda side: _covered(side, shown))


def _covered(area: QRectF, shown: Floats) -> int:
    """How many pixels (m, 2) are in an area, or at its edge."""
    reach = area.adjusted(-_PADDING, -_PADDING, _PADDING, _PADDING)
    within = (shown >= (reach.left(), reach.top())) & (shown <= (reach.right(), reach.bottom()))
    return int(within.all(axis=1).sum())


def paint_hover(painter: QPainter, frame: Frame, lines: tuple[str, ...], at: Floats, shown: Floats) -> None:
    """Write `lines` on a card beside the pixel `at` (2,), where it covers few of the pixels `shown` (m, 2)."""
    font = frame.font(-1)
    metrics = QFontMetricsF(font)
    line_height = metrics.height() + 3
    width = max(metrics.horizontalAdvance(line) for line in lines) + 2 * _PADDING
    height = line_height * len(lines) + 2 * _PADDING - 4
    card = card_area(width, height, at, frame.plot, shown)
    left, top = card.left(), card.top()
    ground = QColor(frame.theme.tooltip)
    ground.setAlphaF(0.94)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ground)
    painter.drawRoundedRect(card, 5.0, 5.0)
    painter.setFont(font)
    painter.setPen(QColor(frame.theme.on_tooltip))
    for index, line in enumerate(lines):
        baseline = top + _PADDING - 2 + index * line_height + metrics.ascent() + 1.5
        painter.drawText(QPointF(left + _PADDING, baseline), line)
