"""A small picture of a feature: a curve over one input, a heat map over two."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QFrame, QSizePolicy, QWidget

from engine.dataset import FloatArray
from engine.feature_terms import Typed, input_text
from engine.palette import HIGH_VALUE, LOW_VALUE
from widgets.axes import Axis, number_text
from widgets.style import active_theme, tabular

_HEIGHT = 96
_SAMPLES, _CELLS = 201, 48
_MOST_ROWS = 10_000
"""So many points are looked at for the ranges of the inputs."""
_FAR_OUT = 3.0
"""A few values so many times beyond the others (near a pole, say) are cut off."""


@dataclass(frozen=True)
class Span:
    """An input as the points have it: what it is called, and from where to where it goes."""

    name: str
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Graph:
    """The values of a feature.

    Parameters
    ----------
    spans : one or two inputs.
    values : (n,) over equal steps of the first; or (m, n) for two, a row for each value of the second, from the lowest.
    low, high : the range of the values without those that are far out.
    others : what the rest of the inputs are called, which stand at their means.
    """

    spans: tuple[Span, ...]
    values: NDArray[np.float64]
    low: float
    high: float
    others: tuple[str, ...] = ()


def graph_of(term: Typed, X: FloatArray) -> Graph:
    """The values of a feature where the points are.

    Parameters
    ----------
    term : the feature; of more than two inputs, the first two vary and the others stand at their means.
    X : (n, d) inputs; n may be 0, and then each input goes from -1 to 1.
    """
    columns = {place: np.asarray(X[:_MOST_ROWS, place], np.float64) for place in term.inputs}
    d = X.shape[1]
    shown, others = term.inputs[:2], term.inputs[2:]
    spans = tuple(Span(input_text(place, d), *_ends(columns[place])) for place in shown)
    axes = [np.linspace(span.low, span.high, _SAMPLES if len(spans) == 1 else _CELLS) for span in spans]
    grid = np.meshgrid(*axes)
    means = {place: np.full_like(grid[0], columns[place].mean() if len(X) else 0.0) for place in others}
    values = term.values(means | dict(zip(shown, grid, strict=True)))
    return Graph(spans, values, *_range(values), tuple(input_text(place, d) for place in others))


def _ends(values: NDArray[np.float64]) -> tuple[float, float]:
    if len(values) == 0:
        return -1.0, 1.0
    low, high = float(values.min()), float(values.max())
    return (low, high) if low < high else (low - 1.0, high + 1.0)


def _range(values: NDArray[np.float64]) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        return -1.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    inner_low, inner_high = (float(end) for end in np.percentile(finite, (5, 95)))
    if high - low > _FAR_OUT * (inner_high - inner_low) > 0:
        low, high = inner_low, inner_high
    return (low, high) if low < high else (low - 1.0, high + 1.0)


class FormulaPlot(QFrame):
    """The picture of a graph, with the ranges that it covers."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._graph: Graph | None = None
        self.setProperty("look", "card")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(_HEIGHT)

    def sizeHint(self) -> QSize:
        return QSize(200, _HEIGHT)

    def set_graph(self, graph: Graph) -> None:
        """Show `graph`."""
        self._graph = graph
        over = " and ".join(f"{span.name} from {_ends_text(span.low, span.high)}" for span in graph.spans)
        text = f"The feature over {over}: values from {_ends_text(graph.low, graph.high)}.{_means(graph)}"
        if len(graph.spans) == 2:
            text += " Vermilion is above 0, blue below."
        self.setToolTip(text)
        self.setAccessibleName("Plot of the feature")
        self.setAccessibleDescription(text)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._graph is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(tabular(painter.font(), pixel_size=active_theme().font_size - 3))
        (_paint_curve if len(self._graph.spans) == 1 else _paint_map)(painter, QRectF(self.rect()), self._graph)
        painter.end()


def _ends_text(low: float, high: float) -> str:
    return f"{number_text(low)} to {number_text(high)}"


def _means(graph: Graph) -> str:
    if not graph.others:
        return ""
    return f" {', '.join(graph.others)} at {'its mean' if len(graph.others) == 1 else 'their means'}."


def _paint_curve(painter: QPainter, card: QRectF, graph: Graph) -> None:
    theme, letters = active_theme(), painter.fontMetrics()
    span, line = graph.spans[0], letters.height()
    numbers = number_text(graph.high), number_text(graph.low)
    room = card.adjusted(16 + max(map(letters.horizontalAdvance, numbers)), 9, -12, -line - 9)
    margin = 0.04 * (graph.high - graph.low)
    x = Axis(span.low, span.high, room.left(), room.right())
    y = Axis(graph.low - margin, graph.high + margin, room.bottom(), room.top())
    painter.setPen(QPen(QColor(theme.border), 1))
    painter.drawLine(room.bottomLeft(), room.bottomRight())
    painter.drawLine(room.bottomLeft(), room.topLeft())
    if graph.low < 0 < graph.high:
        painter.drawLine(QLineF(room.left(), y.place(0), room.right(), y.place(0)))
    painter.setPen(QColor(theme.muted))
    right, middle = Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignVCenter
    for text, top in zip(numbers, (room.top() - 2, room.bottom() - line + 2), strict=True):
        painter.drawText(QRectF(0, top, room.left() - 5, line), right | middle, text)
    below = QRectF(room.left(), room.bottom() + 3, room.width(), line)
    painter.drawText(below, Qt.AlignmentFlag.AlignLeft | middle, number_text(span.low))
    painter.drawText(below, Qt.AlignmentFlag.AlignCenter, span.name)
    painter.drawText(below, right | middle, number_text(span.high))
    painter.setClipRect(room.adjusted(-2, -2, 2, 2))
    painter.setPen(QPen(QColor(theme.accent), 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    across, up = x.places(np.linspace(span.low, span.high, len(graph.values))), y.places(graph.values)
    for piece in _pieces(graph):
        painter.drawPolyline(QPolygonF([QPointF(across[i], up[i]) for i in piece]))


def _pieces(graph: Graph) -> list[NDArray[np.intp]]:
    """The indices of the curve's stretches: without what is not finite, and between poles."""
    values = graph.values
    finite = np.isfinite(values)
    beyond = np.where(values > graph.high, 1, np.where(values < graph.low, -1, 0))
    torn = ~finite[1:] | ~finite[:-1] | (beyond[1:] * beyond[:-1] < 0)
    pieces = np.split(np.arange(len(values)), np.flatnonzero(torn) + 1)
    return [piece for piece in pieces if finite[piece[0]]]


def _paint_map(painter: QPainter, card: QRectF, graph: Graph) -> None:
    theme, letters = active_theme(), painter.fontMetrics()
    side = card.height() - 16
    area = QRectF(8, 8, side, side)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    reach = max(abs(graph.low), abs(graph.high))
    painter.drawImage(area, _coloured(graph.values, reach))
    painter.setPen(QPen(QColor(theme.border), 1))
    painter.drawRect(area)
    painter.setPen(QColor(theme.muted))
    across, up = graph.spans
    notes = [
        f"→ {across.name}  {_ends_text(across.low, across.high)}",
        f"↑ {up.name}  {_ends_text(up.low, up.high)}",
        *([_means(graph).strip()] if graph.others else []),
    ]
    line = QRectF(area.right() + 8, area.top(), card.right() - area.right() - 12, letters.height())
    leading = min(line.height() + 5.0, side / (len(notes) + 1))
    line.translate(0, (side - leading * (len(notes) + 1)) / 2)
    for note in notes:
        _write(painter, line, note)
        line.translate(0, leading)
    key = QRectF(line.left(), line.center().y() - 4, 12, 8)
    painter.drawImage(key, _coloured(np.linspace(graph.low, graph.high, 12)[None], reach))
    _write(painter, line.adjusted(key.width() + 5, 0, 0, 0), _ends_text(graph.low, graph.high))


def _write(painter: QPainter, room: QRectF, text: str) -> None:
    fitting = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(room.width()))
    painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, fitting)


def _coloured(values: NDArray[np.float64], reach: float) -> QImage:
    """Vermilion above 0, blue below, the ground at 0 and where there is no value; the top row is the highest."""
    stage = QColor(active_theme().stage)
    ground = np.array((stage.red(), stage.green(), stage.blue()), np.float64)
    share = np.clip(np.nan_to_num(values / reach, nan=0.0), -1.0, 1.0)[::-1, :, None]
    ends = np.where(share < 0, np.array(LOW_VALUE, np.float64), np.array(HIGH_VALUE, np.float64))
    pixels = np.ascontiguousarray(np.rint(ground + np.abs(share) * (ends - ground)).astype(np.uint8))
    height, width = values.shape
    return QImage(pixels.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888).copy()
