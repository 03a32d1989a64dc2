"""What a regression leaves over: residuals against what is predicted, and predictions against what is true."""

from __future__ import annotations

import math
from functools import partial
from typing import Literal

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from engine.dataset import PART_NAMES, FloatArray, IntArray
from engine.snapshot import Judged
from widgets.axes import number_text, padded_range
from widgets.picture_view import PictureView
from widgets.stage_geometry import Floats, nearest_row
from widgets.stage_shapes import Look, Sprites, neutral_look
from widgets.theme import LIGHT, Theme
from widgets.xy_chart import Frame, lay_out, paint_axes, paint_card

Kind = Literal["predicted", "input", "true"]

_EMPTY = "The residuals appear here once there is a model."
_MOST_POINTS = 20_000
"""Painted in 5 ms; of more, every second, third, … is."""
_CROWD = 2_000
"""Above so many points they are painted smaller."""
_NEAR = 12.0


class Residuals(PictureView):
    """Points of a regression: training ones filled, held-out ones outlined, as on the stage."""

    def __init__(self, theme: Theme = LIGHT) -> None:
        self._judged: Judged | None = None
        self._kind: Kind = "predicted"
        self._rows: IntArray = np.empty(0, np.intp)
        self._x: FloatArray = np.empty(0)
        self._y: FloatArray = np.empty(0)
        super().__init__("Residuals", _EMPTY, theme)
        self._kinds, self._hint = self.add_kinds(
            [
                ("predicted", "Residuals", "True minus predicted, against what is predicted."),
                ("input", "Residuals over x", "True minus predicted, against the input."),
                ("true", "Against true", "What is predicted against what is true: the diagonal is perfect."),
            ],
            self._kind,
            self._on_kind_chosen,
        )
        self._arrange()

    def set_content(self, judged: Judged | None) -> None:
        """Show what is left over of these points."""
        self._judged = judged
        self._arrange()
        self.redraw()

    def _on_kind_chosen(self, kind: str) -> None:
        self._kind = "predicted" if kind == "predicted" else "input" if kind == "input" else "true"
        self._arrange()
        self.redraw()

    def _arrange(self) -> None:
        """Place the points: those whose prediction is a finite number, and not more than can be painted."""
        judged = self._judged
        values = None if judged is None else judged.prediction.values
        has_input = judged is not None and judged.dataset.n_inputs == 1
        self._kinds.button("input").setEnabled(has_input or judged is None)
        self._kinds.button("input").setToolTip(
            "True minus predicted, against the input." if has_input else "There is more than one input."
        )
        if self._kind == "input" and judged is not None and not has_input:
            self._kind = "predicted"
            self._kinds.set_chosen(self._kind)
        if judged is None or values is None:
            self._rows = np.empty(0, np.intp)
            self._hint.set_texts(("",))
            return
        finite = np.flatnonzero(np.isfinite(values))
        stride = max(1, math.ceil(len(finite) / _MOST_POINTS))
        rows = finite[::stride]
        true, said = judged.y[rows].astype(np.float64), np.asarray(values[rows], np.float64)
        self._rows = rows
        if self._kind == "true":
            self._x, self._y = true, said
        else:
            inputs = judged.dataset.X[judged.rows[rows], 0].astype(np.float64) if self._kind == "input" else said
            self._x, self._y = inputs, true - said
        hints = [] if stride == 1 else [f"One of {stride} points is drawn."]
        missing = len(values) - len(finite)
        hints += [f"{missing:,} predictions are no finite numbers."] if missing else []
        self._hint.set_texts((" ".join([*hints, "Click a point: it is selected on the stage."]),))

    def summary(self) -> str:
        judged = self._judged
        if judged is None or len(self._rows) == 0:
            return self.empty
        assert judged.prediction.values is not None
        left = judged.y[self._rows].astype(np.float64) - judged.prediction.values[self._rows]
        said = []
        for part, name in enumerate(PART_NAMES):
            of_part = left[judged.parts[self._rows] == part]
            if len(of_part):
                said.append(
                    f"{len(of_part):,} {name} points, residuals from {number_text(of_part.min())}"
                    f" to {number_text(of_part.max())}, mean {number_text(of_part.mean())}"
                )
        return "; ".join(said) + "."

    # -- painting

    def _lay_out(self, target: QRectF, theme: Theme) -> Frame:
        assert self._judged is not None
        target = target.adjusted(12, 0, -8, -2)
        target_name = self._judged.dataset.target_name
        if self._kind == "true":
            both = padded_range(np.concatenate([self._x, self._y]), log=False)
            return lay_out(target, theme, both, both, (f"true {target_name}", f"predicted {target_name}"), widest=2.2)
        low, high = padded_range(np.append(self._y, 0.0), log=False)
        name = self._judged.dataset.input_names[0] if self._kind == "input" else f"predicted {target_name}"
        names = (name, f"residual: true − predicted {target_name}")
        return lay_out(target, theme, padded_range(self._x, log=False), (low, high), names)

    def paint_picture(self, painter: QPainter, target: QRectF, theme: Theme) -> None:
        judged = self._judged
        if judged is None or len(self._rows) == 0:
            sentence = "" if judged is None else "No prediction is a finite number."
            self.write_empty(painter, target, theme, sentence)
            return
        frame = self._lay_out(target, theme)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_axes(painter, frame, theme)
        area = frame.area
        painter.setPen(QPen(QColor(theme.muted), 1.2))
        if self._kind == "true":
            painter.drawLine(QPointF(area.left(), area.bottom()), QPointF(area.right(), area.top()))
        else:
            painter.drawLine(QPointF(area.left(), frame.y.place(0.0)), QPointF(area.right(), frame.y.place(0.0)))
        size = theme.point_size * (0.8 if len(self._rows) <= _CROWD else 0.5)
        train = neutral_look(theme)
        looks = (train, Look("circle", train.fill, QColor(theme.held_out)))
        sprites = Sprites([partial(look.draw, size=size) for look in looks], 0.7 * size)
        held_out = (judged.parts[self._rows] != 0).astype(np.intp)
        sprites.stamp(painter, self._pixels(frame), held_out)

    def place_of(self, x: float, y: float) -> QPointF:
        """Where a pair of numbers is in the picture on the screen."""
        frame = self._on_screen()
        return QPointF(frame.x.place(x), frame.y.place(y))

    def _on_screen(self) -> Frame:
        return self._lay_out(QRectF(self.canvas.rect()), self.theme)

    def _pixels(self, frame: Frame) -> Floats:
        return np.column_stack([frame.x.places(self._x), frame.y.places(self._y)])

    def _found(self, at: QPointF) -> tuple[int, QPointF] | None:
        """The point at a place: which of the painted ones, and where exactly."""
        if self._judged is None or len(self._rows) == 0:
            return None
        pixels = self._pixels(self._on_screen())
        index = nearest_row(pixels, np.array([at.x(), at.y()]), _NEAR)
        return None if index is None else (index, QPointF(*pixels[index]))

    def paint_hover(self, painter: QPainter, pointer: QPointF) -> None:
        found = self._found(pointer)
        if found is None:
            return
        index, place = found
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(self.theme.text), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(place, 6, 6)
        paint_card(painter, QRectF(self.canvas.rect()), place, self._card(index), self.theme)

    def _card(self, index: int) -> list[str]:
        judged, row = self._judged, int(self._rows[index])
        assert judged is not None
        assert judged.prediction.values is not None
        true, said = float(judged.y[row]), float(judged.prediction.values[row])
        return [
            f"row {int(judged.rows[row]) + 1} · {PART_NAMES[int(judged.parts[row])]}",
            f"true {number_text(true)}, predicted {number_text(said)}",
            f"residual {number_text(true - said)}",
        ]

    # -- hands

    def press(self, at: QPointF) -> None:
        found = self._found(at)
        if found is not None and self._judged is not None:
            row = int(self._judged.rows[self._rows[found[0]]])
            sentence = f"Selected: {', '.join(self._card(found[0]))}."
            self.rows_chosen.emit(np.array([row]), sentence)
