"""The weights of a linear model as bars, and the paths that ridge and lasso send them along."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, qGray

from engine.palette import CLASS_COLOURS
from engine.weights import Penalty, WeightPath, Weights
from widgets.axes import Axis, number_text, padded_range
from widgets.curve_chart import chart_font, polyline
from widgets.picture_view import PictureView
from widgets.theme import LIGHT, Theme
from widgets.xy_chart import Frame, lay_out, paint_axes, paint_card, write

Kind = Literal["bars", "l2", "l1"]

_AWAITED = "The weights are being looked up."
_ONLY = "For a linear regression by squared loss, of up to 200 features."
_TITLES: dict[Penalty, str] = {"l2": "L2 penalty λ₂", "l1": "L1 penalty λ₁"}
_ROW, _THINNEST = 20, 5
"""Pixels: a feature's row, and a bar where a feature has one for each class."""
_NAME_SHARE = 0.24
_STEPS_A_DECADE = 20
_RING = 4.5
_YELLOW, _DARK = 6, 75


class WeightsView(PictureView):
    """Bars, or curves over the strength of a penalty, which is set by dragging along them or by the arrow keys."""

    edited = Signal(str, object, bool)
    """A wish: the value at a path of the document, and False while it is still being dragged."""

    def __init__(self, theme: Theme = LIGHT) -> None:
        self._content: Weights | None = None
        self._kind: Kind = "bars"
        self._dragged: float | None = None
        super().__init__("Weights", _AWAITED, theme)
        self._kinds, self._hint = self.add_kinds(
            [
                ("bars", "Weights", "What each feature counts."),
                ("l2", "Ridge path", f"How an L2 penalty shrinks the weights of least squares. {_ONLY}"),
                ("l1", "Lasso path", f"How an L1 penalty sets one weight after the other to zero. {_ONLY}"),
            ],
            self._kind,
            self._on_kind_chosen,
        )
        self._arrange()

    def set_content(self, content: Weights | None, why_not: str = "") -> None:
        """Show these weights; None for a model that has none, and the sentence that says why."""
        self._content, self.empty = content, why_not
        self._arrange()
        self.redraw()

    def _on_kind_chosen(self, kind: str) -> None:
        self._kind = "l2" if kind == "l2" else "l1" if kind == "l1" else "bars"
        self._arrange()
        self.redraw()

    def _arrange(self) -> None:
        content = self._content
        has_paths = content is not None and bool(content.paths)
        for kind in ("l2", "l1"):
            self._kinds.button(kind).setEnabled(has_paths)
        # What was chosen comes back with the next model that has a path.
        self._kinds.set_chosen(self._kind if has_paths else "bars")
        if content is None:
            hint = ""
        elif self._path is not None:
            penalty = self._path.penalty
            other: Penalty = "l1" if penalty == "l2" else "l2"
            hint = f"Drag, or use the arrow keys: the {_TITLES[penalty]} follows. Rings: the weights now."
            if content.strengths[other] > 0:
                hint = f"The path is without the {_TITLES[other]}, which is set, so the weights (rings) are off it."
        else:
            hint = self._units(content)
        self._hint.set_texts((hint,))

    @staticmethod
    def _units(content: Weights) -> str:
        if content.scaled:
            return "Weights of the scaled features, which can be compared."
        return "Weights of the features as they are: scale them, and their weights can be compared."

    @property
    def _path(self) -> WeightPath | None:
        """The path in view; None where there are bars."""
        content = self._content
        return None if content is None or self._kind == "bars" else content.paths.get(self._kind)

    # -- what is said

    def summary(self) -> str:
        content = self._content
        if content is None:
            return self.empty
        largest = np.argsort(-np.abs(content.values).max(axis=1), kind="stable")[:5]
        said = ", ".join(
            f"{content.features[row]} {' / '.join(number_text(value) for value in content.values[row])}"
            for row in largest
        )
        path = self._path
        where = f" {_TITLES[path.penalty]} is {number_text(self._strength(path))}." if path is not None else ""
        return f"The largest weights: {said}.{where}"

    def least_size(self) -> QSize:
        content = self._content
        if content is None or self._path is not None:
            return QSize(0, 60)
        return QSize(0, len(content.features) * self._row_height(content) + 30)

    @staticmethod
    def _row_height(content: Weights) -> int:
        return max(_ROW, _THINNEST * len(content.outputs) + 6)

    # -- painting

    def paint_picture(self, painter: QPainter, target: QRectF, theme: Theme) -> None:
        content = self._content
        if content is None:
            self.write_empty(painter, target, theme)
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        path = self._path
        if path is None:
            self._paint_bars(painter, target, content, theme)
        else:
            self._paint_path(painter, target, content, path, theme)

    def _paint_bars(self, painter: QPainter, target: QRectF, content: Weights, theme: Theme) -> None:
        metrics = QFontMetricsF(chart_font(theme))
        painter.setFont(chart_font(theme))
        target = target.adjusted(12, 6, -12, -4)
        widest = max(metrics.horizontalAdvance(name) for name in content.features)
        room = min(widest, _NAME_SHARE * target.width())
        numbers = metrics.horizontalAdvance("−0.0000") + 8
        reach = float(np.abs(content.values[np.isfinite(content.values)]).max(initial=0.0)) or 1.0
        axis = Axis(-reach, reach, target.left() + room + 12 + numbers, target.right() - numbers)
        height, zero = self._row_height(content), axis.place(0.0)
        many = len(content.outputs) > 1
        top = target.top()
        if many:
            self._paint_outputs(painter, QRectF(target.left(), top, target.width(), metrics.height()), content, theme)
            top += metrics.height() + 6
        painter.setPen(QPen(QColor(theme.muted), 1.0))
        painter.drawLine(QPointF(zero, top), QPointF(zero, top + height * len(content.features)))
        for row, name in enumerate(content.features):
            middle = top + (row + 0.5) * height
            painter.setPen(QColor(theme.text))
            shown = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, room)
            write(painter, target.left() + room - metrics.horizontalAdvance(shown), middle, shown)
            values = content.values[row]
            thick = (height - 6) / len(values)
            for index, value in enumerate(values.tolist()):
                if not math.isfinite(value):
                    continue
                end, first = axis.place(value), middle - (height - 6) / 2 + index * thick
                colour = QColor(*CLASS_COLOURS[index % len(CLASS_COLOURS)]) if many else QColor(theme.accent)
                painter.fillRect(QRectF(min(zero, end), first, abs(end - zero), max(1.0, thick - 0.5)), colour)
            if not many:
                text = number_text(float(values[0]))
                painter.setPen(QColor(theme.muted if values[0] == 0 else theme.text))
                end = axis.place(float(values[0])) if math.isfinite(float(values[0])) else zero
                left = end + 6 if values[0] >= 0 else end - 6 - metrics.horizontalAdvance(text)
                write(painter, left, middle, text)

    @staticmethod
    def _paint_outputs(painter: QPainter, line: QRectF, content: Weights, theme: Theme) -> None:
        """Which colour is which class."""
        metrics = QFontMetricsF(painter.font())
        left, middle = line.left(), line.center().y()
        for index, name in enumerate(content.outputs):
            painter.fillRect(QRectF(left, middle - 4, 8, 8), QColor(*CLASS_COLOURS[index % len(CLASS_COLOURS)]))
            painter.setPen(QColor(theme.text))
            write(painter, left + 12, middle, name)
            left += 12 + metrics.horizontalAdvance(name) + 14

    def _paint_path(self, painter: QPainter, target: QRectF, content: Weights, path: WeightPath, theme: Theme) -> None:
        frame = self._frame(target, content, path, theme)
        paint_axes(painter, frame, theme)
        area = frame.area
        painter.setPen(QPen(QColor(theme.muted), 1.0))
        painter.drawLine(QPointF(area.left(), frame.y.place(0.0)), QPointF(area.right(), frame.y.place(0.0)))
        x = frame.x.places(path.strengths)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for index in range(len(content.features)):
            painter.setPen(QPen(_colour(index, theme), theme.line_width * 0.75))
            painter.drawPath(polyline(x, frame.y.places(path.weights[:, index])))
        self._paint_names(painter, frame, content, path, theme)
        now = self._place_of(frame, self._strength(path))
        painter.setPen(QPen(QColor(theme.text), 1.5 if self.canvas.hasFocus() else 1.0, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(now, area.top()), QPointF(now, area.bottom()))
        painter.setBrush(QColor(theme.window))
        for index, value in enumerate(content.values[:, 0].tolist()):
            if math.isfinite(value):
                painter.setPen(QPen(_colour(index, theme), 2.0))
                height = min(max(frame.y.place(value), area.top()), area.bottom())
                painter.drawEllipse(QPointF(now, height), _RING, _RING)

    def _paint_names(self, painter: QPainter, frame: Frame, content: Weights, path: WeightPath, theme: Theme) -> None:
        """Name the lines where they begin, none on top of another: those of the largest weights, as many as fit."""
        painter.setFont(chart_font(theme))
        metrics = QFontMetricsF(painter.font())
        line, area = metrics.height(), frame.area
        heights = frame.y.places(path.weights[0])
        fitting = np.argsort(-np.abs(path.weights[0]), kind="stable")[: max(1, int(area.height() / line))]
        order = fitting[np.argsort(heights[fitting], kind="stable")]
        places = spread(heights[order], line, area.top() + line / 2, area.bottom() - line / 2)
        for index, middle in zip(order.tolist(), places.tolist(), strict=True):
            name = metrics.elidedText(content.features[index], Qt.TextElideMode.ElideMiddle, _NAME_SHARE * area.width())
            ground = QColor(theme.window)
            ground.setAlphaF(0.75)
            room = QRectF(area.left() + 6, middle - line / 2, metrics.horizontalAdvance(name) + 4, line)
            painter.fillRect(room, ground)
            painter.setPen(_colour(index, theme) if theme.name == "light" else QColor(theme.text))
            write(painter, area.left() + 8, middle, name)

    def _frame(self, target: QRectF, content: Weights, path: WeightPath, theme: Theme) -> Frame:
        numbers = np.concatenate([path.weights.ravel(), [0.0]])
        strengths = float(path.strengths[0]), float(path.strengths[-1])
        return lay_out(
            target.adjusted(12, 0, -8, -2), theme, strengths, padded_range(numbers, log=False),
            (_TITLES[path.penalty], "weight"), log=(True, False),
        )  # fmt: skip

    def _strength(self, path: WeightPath) -> float:
        """Where λ is, as it is being dragged or as it is set."""
        assert self._content is not None
        return self._content.strengths[path.penalty] if self._dragged is None else self._dragged

    @staticmethod
    def _place_of(frame: Frame, strength: float) -> float:
        """Where a strength is drawn: none, or less than the axis shows, at its beginning."""
        return min(max(frame.x.place(max(strength, frame.x.low)), frame.x.start), frame.x.end)

    def place_of_strength(self, strength: float) -> QPointF:
        """Where on the screen one drags to for that strength, at half the height of the path."""
        assert self._content is not None
        assert self._path is not None
        frame = self._on_screen(self._content, self._path)
        return QPointF(self._place_of(frame, strength), frame.area.center().y())

    def _on_screen(self, content: Weights, path: WeightPath) -> Frame:
        return self._frame(QRectF(self.canvas.rect()), content, path, self.theme)

    def paint_hover(self, painter: QPainter, pointer: QPointF) -> None:
        content, path = self._content, self._path
        if content is None or path is None or self._dragged is not None:
            return
        frame = self._on_screen(content, path)
        if not frame.area.contains(pointer):
            return
        nearest = int(np.abs(frame.x.places(path.strengths) - pointer.x()).argmin())
        weights = path.weights[nearest]
        place = frame.x.place(float(path.strengths[nearest]))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for index, value in enumerate(weights.tolist()):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(_colour(index, self.theme))
            painter.drawEllipse(QPointF(place, frame.y.place(value)), 3, 3)
        largest = np.argsort(-np.abs(weights), kind="stable")[:4]
        lines = [f"λ = {number_text(float(path.strengths[nearest]))}"]
        lines += [f"{content.features[row]}: {number_text(float(weights[row]))}" for row in largest if weights[row]]
        zeros = int(np.count_nonzero(weights == 0))
        lines += [f"{zeros} of {len(weights)} are zero"] if zeros else []
        paint_card(painter, QRectF(self.canvas.rect()), pointer, lines, self.theme)

    # -- hands

    def press(self, at: QPointF) -> None:
        content, path = self._content, self._path
        if content is not None and path is not None and self._on_screen(content, path).area.contains(at):
            self._wish(at.x(), final=False)

    def drag(self, at: QPointF) -> None:
        if self._dragged is not None:
            self._wish(at.x(), final=False)

    def release(self) -> None:
        path = self._path
        if self._dragged is not None and path is not None:
            strength, self._dragged = self._dragged, None
            self.edited.emit(f"training.regularization.{path.penalty}", strength, True)

    def press_key(self, key: int) -> bool:
        path = self._path
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(key))
        if path is None or step is None:
            return False
        low, high = float(path.strengths[0]), float(path.strengths[-1])
        now = self._strength(path)
        wanted = 0.0 if now <= low and step < 0 else max(now, low) * 10 ** (step / _STEPS_A_DECADE)
        self.edited.emit(f"training.regularization.{path.penalty}", _rounded(min(wanted, high)), True)
        return True

    def _wish(self, x: float, *, final: bool) -> None:
        content, path = self._content, self._path
        assert content is not None
        assert path is not None
        frame = self._on_screen(content, path)
        inside = min(max(x, frame.x.start), frame.x.end)
        self._dragged = 0.0 if inside <= frame.x.start else _rounded(frame.x.value_at(inside))
        self.redraw()
        self.edited.emit(f"training.regularization.{path.penalty}", self._dragged, final)


def spread(places: NDArray[np.float64], gap: float, low: float, high: float) -> NDArray[np.float64]:
    """Places (n,), ascending, moved apart to be `gap` from one another, and kept between `low` and `high`.

    >>> spread(np.array([0.0, 1.0, 9.0]), 4.0, 0.0, 10.0).tolist()
    [0.0, 4.0, 9.0]
    """
    found = np.clip(places, low, high)
    for index in range(1, len(found)):
        found[index] = max(found[index], found[index - 1] + gap)
    if len(found) and found[-1] > high:
        found[-1] = high
        for index in range(len(found) - 2, -1, -1):
            found[index] = min(found[index], found[index + 1] - gap)
    return found


def _colour(index: int, theme: Theme) -> QColor:
    """The colour of a feature's line: of the class colours all but the yellow, which is too faint for a line."""
    index %= len(CLASS_COLOURS) - 1
    colour = QColor(*CLASS_COLOURS[index if index < _YELLOW else index + 1])
    return colour.lighter(180) if theme is not LIGHT and qGray(colour.rgb()) < _DARK else colour


def _rounded(strength: float) -> float:
    """To three significant digits."""
    return float(f"{strength:.3g}")
