"""How the learning curves are laid out and painted: the same on the screen and in a figure."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import shiboken6
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen, QPolygonF

from engine.dataset import PART_NAMES
from widgets.axes import Axis, Tick, padded_range
from widgets.curve_series import PARTS, CurveSeries, Measure
from widgets.theme import Theme

ScoreName = Literal[
    "accuracy", "R²", "adjusted Rand index", "share that stays", "explained variance", "separation", "trustworthiness"
]

_FEWEST_EPOCHS = 10
"""An axis shows at least so many, so that the first points do not jump."""
_LOWEST_SCORE = -1.0
"""R² has no lower bound; an early −400 would flatten everything that comes later."""
_COLUMN = 1.5
"""Pixels for which a curve is thinned to its smallest and largest value: finer costs time and shows nothing."""
_BEYOND = 20.0
"""How many lengths of the area a curve may run out of it; far coordinates overflow in the rasterizer."""
_TICK_ROOM = (6.5, 1.8)
"""Between two ticks of the horizontal and of the vertical axis, in lines of text."""
_memory_at: Any = shiboken6.VoidPtr
"""Typed as if it took less than an address, a length and whether it may be written."""
_DASHES: tuple[tuple[float, ...], ...] = ((), (7.0, 3.0), (4.0, 3.0))
"""Training solid, validation long dashes, test short ones: told apart without colour."""


@dataclass(frozen=True)
class ChartView:
    """Which of the series is shown, and how; a range of None fits all that there is."""

    measure: Measure = "loss"
    log_loss: bool = True
    log_epochs: bool = False
    epochs: tuple[float, float] | None = None
    values: tuple[float, float] | None = None
    loss_name: str = "cross-entropy"
    score_name: ScoreName = "accuracy"
    epoch_name: str = "epoch"
    part_names: tuple[str, ...] = PART_NAMES

    @property
    def log_values(self) -> bool:
        """Scores have no logarithmic axis: they may be 0 or less."""
        return self.log_loss and self.measure == "loss"

    @property
    def captions(self) -> tuple[str, ...]:
        """What the values are, in full and, where there is no room for that, in short."""
        if self.measure == "score":
            return (self.score_name,)
        return (f"loss ({self.loss_name})", "loss") if self.loss_name else ("loss",)


@dataclass(frozen=True, eq=False)
class Curve:
    """One part's curve in device-independent pixels, its right end and where its name is written."""

    part: int
    path: QPainterPath
    end: QPointF
    label_y: float


@dataclass(frozen=True, eq=False)
class Chart:
    """Everything placed and nothing painted.

    Parameters
    ----------
    x, y : the axes.
    area : where the curves are.
    right : how far the grid's lines run, under the curves' names.
    caption : what the values are, and which of them lie outside the picture.
    epoch_name, part_names : what the horizontal axis counts, and what each curve is of.
    """

    x: Axis
    y: Axis
    area: QRectF
    right: float
    curves: tuple[Curve, ...]
    caption: str
    epoch_name: str
    part_names: tuple[str, ...]


def chart_font(theme: Theme) -> QFont:
    font = QFont()
    font.setPixelSize(max(8, theme.font_size - 2))
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


def lay_out(
    series: CurveSeries,
    view: ChartView,
    target: QRectF,
    theme: Theme,
    *,
    controls: tuple[float, float] = (0.0, 0.0),
    clipped: bool,
) -> Chart:
    """Place the curves of `series` in `target`.

    Parameters
    ----------
    controls : the width and the height of what stands in the upper right corner, beside the caption.
    clipped : whether the painter will cut off what runs out of the area; otherwise it is bent along the edges.
    """
    font = QFontMetricsF(chart_font(theme))
    line = font.height()
    shown = [part for part in range(PARTS) if np.isfinite(series.values(view.measure, part)).any()]
    # As minus a log-likelihood may be; a single 0 is told at the lower edge instead.
    too_low = view.log_values and any((series.values(view.measure, part) < 0).any() for part in shown)
    if too_low:
        view = replace(view, log_loss=False)
    name_width = max((font.horizontalAdvance(view.part_names[part]) for part in shown), default=0.0)
    bottom = target.bottom() - line - 7
    above = target.top() + max(line + 8, controls[1]) + line / 2
    low_epoch, high_epoch = view.epochs or _all_epochs(series, log=view.log_epochs)
    right = target.right() - 8
    # The ticks' width depends on the range, and the range on the width only by thinning: a first guess will do.
    columns = max(8, int((target.width() - 60 - name_width) / _COLUMN))
    space = np.geomspace if view.log_epochs else np.linspace
    edges = np.asarray(space(low_epoch, high_epoch, columns + 1), np.float64)
    thinned = {part: series.thinned(view.measure, part, edges) for part in shown}
    low, high = view.values or _fitted_values(view, (values for _, values in thinned.values()))
    y = Axis(low, high, bottom, min(above, bottom - 8), view.log_values)
    tick_width = max((font.horizontalAdvance(tick.text) for tick in value_ticks(y, line)), default=10.0)
    left = target.left() + tick_width + 16
    x = Axis(low_epoch, high_epoch, left, max(right - name_width - 12, left + 8), view.log_epochs)
    area = QRectF(QPointF(x.start, y.end), QPointF(x.end, y.start))
    beyond = _BEYOND if clipped else 0.0
    paths = {part: _path(*thinned[part], x, y, area, beyond) for part in shown}
    ends = {part: _end(series, view, part, x, y, area) for part in shown}
    labels = _spread({part: end.y() for part, end in ends.items() if end is not None}, line * 0.95, area)
    curves = tuple(Curve(part, paths[part], end, labels[part]) for part, end in ends.items() if end is not None)
    room = target.right() - controls[0] - 12 - left
    notes = ["linear, as losses below 0 have no logarithm"] if too_low else []
    notes += _notes(view, thinned.values())
    said = [" · ".join([caption, *notes]) for caption in view.captions]
    fitting = next((each for each in said if font.horizontalAdvance(each) <= room), said[-1])
    caption = font.elidedText(fitting, Qt.TextElideMode.ElideRight, room) if room > 2 * line else ""
    return Chart(x, y, area, right, curves, caption, view.epoch_name, view.part_names)


def value_ticks(y: Axis, line: float) -> tuple[Tick, ...]:
    """The ticks that a vertical axis has room for; `line` is the height of a line of text."""
    return y.ticks(max(2, int((y.start - y.end) / (_TICK_ROOM[1] * line)) + 1))


def paint(painter: QPainter, chart: Chart, theme: Theme) -> None:
    """Paint a chart, its lines as true strokes that scale, on a ground that is already there."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setFont(chart_font(theme))
    _paint_axes(painter, chart, theme)
    for curve in reversed(chart.curves):
        painter.setPen(part_pen(curve.part, theme))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(curve.path)
    _paint_ends(painter, chart, theme)
    painter.restore()


def paint_fast(painter: QPainter, chart: Chart, theme: Theme) -> None:
    """Paint a chart that looks the same on the screen, and cut the curves off where they leave the area.

    A stroke one pixel wide costs 0.4 ms for 1,000 points that go up and down, any wider one 40 ms. So a wider one is
    painted as several thin ones around a circle.
    """
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setFont(chart_font(theme))
    _paint_axes(painter, chart, theme)
    painter.save()
    painter.setClipRect(chart.area.adjusted(-1, -2, 3, 2))
    ratio = painter.device().devicePixelRatio()
    pixels = _stroke_width(theme) * ratio
    radius = max(0.0, (pixels - 1) / 2) / ratio
    count = max(3, math.ceil(2 * math.pi * radius * ratio / 0.8)) if radius else 1
    turns = [2 * math.pi * (k + 0.25) / count for k in range(count)]
    for curve in reversed(chart.curves):
        pen = _pen(curve.part, theme, 1.0, _dashes(curve.part, pixels))
        pen.setCosmetic(True)
        painter.setPen(pen)
        for turn in turns:
            shift = QPointF(radius * math.cos(turn), radius * math.sin(turn))
            painter.translate(shift)
            painter.drawPath(curve.path)
            painter.translate(-shift)
    painter.restore()
    _paint_ends(painter, chart, theme)
    painter.restore()


def _paint_ends(painter: QPainter, chart: Chart, theme: Theme) -> None:
    # One column of names: one beside the end of a shorter curve would stand on a longer one.
    names_at = max((curve.end.x() for curve in chart.curves), default=0.0) + 8
    for curve in reversed(chart.curves):
        colour = curve_colour(curve.part, theme)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawEllipse(curve.end, theme.line_width * 1.2, theme.line_width * 1.2)
        painter.setPen(colour)
        _write(painter, names_at, curve.label_y, chart.part_names[curve.part])


def curve_colour(part: int, theme: Theme) -> QColor:
    return QColor((theme.train_curve, theme.validation_curve, theme.test_curve)[part])


def part_pen(part: int, theme: Theme) -> QPen:
    """What a part's curve is drawn with, wherever there is one: its colour and its dashes."""
    return _pen(part, theme, _stroke_width(theme), _dashes(part, 1.0))


def _stroke_width(theme: Theme) -> float:
    return theme.line_width * 0.75


def _dashes(part: int, scale: float) -> list[float]:
    """The pattern in units of the pen's width, for a pen that stands for one `scale` times as wide."""
    return [length * scale for length in _DASHES[part]]


def _pen(part: int, theme: Theme, width: float, dashes: list[float]) -> QPen:
    pen = QPen(curve_colour(part, theme), width)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    pen.setJoinStyle(Qt.PenJoinStyle.BevelJoin)
    if dashes:
        pen.setDashPattern(dashes)
    return pen


def _paint_axes(painter: QPainter, chart: Chart, theme: Theme) -> None:
    grid = QColor(theme.grid)
    grid.setAlphaF(0.22)
    dotted = QPen(grid, 1.0)
    dotted.setDashPattern((2.0, 2.0))
    dotted.setCapStyle(Qt.PenCapStyle.FlatCap)
    area = chart.area
    font = painter.fontMetrics()
    for tick in value_ticks(chart.y, font.height()):
        height = chart.y.place(tick.value)
        painter.setPen(dotted)
        painter.drawLine(QPointF(area.left(), height), QPointF(chart.right, height))
        painter.setPen(QColor(theme.muted))
        _write(painter, area.left() - 8 - font.horizontalAdvance(tick.text), height, tick.text)
    row = area.bottom() + 6 + font.height() / 2
    name = chart.epoch_name
    name_left = chart.right - font.horizontalAdvance(name)
    for tick in chart.x.ticks(max(2, int(area.width() / (_TICK_ROOM[0] * font.height())) + 1), whole=True):
        place, width = chart.x.place(tick.value), font.horizontalAdvance(tick.text)
        if place + width / 2 < name_left - 6:
            painter.drawLine(QPointF(place, area.bottom() + 1), QPointF(place, area.bottom() + 4))
            _write(painter, place - width / 2, row, tick.text)
    _write(painter, name_left, row, name)
    _write(painter, area.left(), area.top() - font.height(), chart.caption)


def _write(painter: QPainter, left: float, middle: float, text: str) -> None:
    font = painter.fontMetrics()
    painter.drawText(QPointF(left, middle + (font.ascent() - font.descent()) / 2), text)


def _all_epochs(series: CurveSeries, *, log: bool) -> tuple[float, float]:
    epochs = series.epochs
    if len(epochs) == 0:
        return (1.0, 10.0) if log else (0.0, float(_FEWEST_EPOCHS))
    first, last = float(epochs[0]), float(epochs[-1])
    if log:
        low = max(1.0, first)
        return low, max(last, low * 10)
    return first, max(last, first + _FEWEST_EPOCHS)


def _fitted_values(view: ChartView, curves: Iterable[NDArray[np.float64]]) -> tuple[float, float]:
    values = np.concatenate([np.empty(0), *curves])
    if view.measure == "score":
        values = np.clip(values, _LOWEST_SCORE, None)
    low, high = padded_range(values, log=view.log_values)
    if view.measure == "loss" and not view.log_loss and low < 0 <= np.nanmin(values, initial=math.inf):
        low = 0.0  # nothing is there, and a loss reads best against its smallest value
    return low, high


def _path(
    epochs: NDArray[np.float64], values: NDArray[np.float64], x: Axis, y: Axis, area: QRectF, beyond: float
) -> QPainterPath:
    wide, high = area.width() * beyond, area.height() * beyond
    places = np.clip(x.places(epochs), area.left() - wide, area.right() + wide)
    heights = np.clip(y.places(values), area.top() - high, area.bottom() + high)
    if y.log:
        heights = np.where(values <= 0, area.bottom(), heights)
    return polyline(places, heights)


def polyline(x: NDArray[np.float64], y: NDArray[np.float64]) -> QPainterPath:
    """A line through the points (n,), interrupted where one of them is not a number."""
    path = QPainterPath()
    known = np.flatnonzero(~np.isnan(y))
    if known.size == 0:
        return path
    for run in np.split(known, np.flatnonzero(np.diff(known) > 1) + 1):
        points = QPolygonF()
        points.resize(len(run))
        # Written where Qt keeps them: 0.03 ms for 1,000 points, 1.3 ms one by one.
        memory: Any = _memory_at(points.data(), 16 * len(run), True)
        coordinates = np.frombuffer(memory, np.float64).reshape(-1, 2)
        coordinates[:, 0], coordinates[:, 1] = x[run], y[run]
        path.addPolygon(points)
    return path


def _end(series: CurveSeries, view: ChartView, part: int, x: Axis, y: Axis, area: QRectF) -> QPointF | None:
    """The last point of a curve that is in view, held inside the area."""
    stop = int(np.searchsorted(series.epochs, x.high * (1 + 1e-12), "right"))
    values = series.values(view.measure, part)[:stop]
    known = np.flatnonzero(~np.isnan(values[-256:])) if stop else np.empty(0, np.intp)
    if not known.size:
        return None
    row = max(0, stop - 256) + int(known[-1])
    place = x.place(float(series.epochs[row]))
    if place < area.left() - 1:
        return None
    height = y.place(float(values[row]))
    return QPointF(min(place, area.right()), min(max(height, area.top()), area.bottom()))


def _spread(heights: dict[int, float], gap: float, area: QRectF) -> dict[int, float]:
    """Move names apart that would overlap, as little as needed and inside the area."""
    order = sorted(heights, key=lambda part: heights[part])
    placed = dict(heights)
    for above, below in itertools.pairwise(order):
        placed[below] = max(placed[below], placed[above] + gap)
    if order:
        placed[order[-1]] = min(placed[order[-1]], area.bottom() - 2)
    for above, below in reversed(list(itertools.pairwise(order))):
        placed[above] = min(placed[above], placed[below] - gap)
    return placed


def _notes(view: ChartView, curves: Iterable[tuple[NDArray[np.float64], NDArray[np.float64]]]) -> list[str]:
    """What is not where the axis would have it."""
    values = np.concatenate([np.empty(0), *(values for _, values in curves)])
    notes = []
    if view.log_values and (values <= 0).any():
        notes.append("0, which has no logarithm, is at the lower edge")
    if np.isinf(values).any():
        notes.append("∞ is at the upper edge")
    if view.measure == "score" and (values < _LOWEST_SCORE).any() and view.values is None:
        notes.append(f"less than {_LOWEST_SCORE:g} is at the lower edge".replace("-", "−"))
    return notes
