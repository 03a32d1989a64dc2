"""How many clusters: what speaks for each number of them, filling as it is computed."""

from __future__ import annotations

from typing import Literal

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from engine.cluster_report import MOST_POINTS, ChoiceOfK
from engine.dataset import FloatArray
from widgets.axes import number_text, padded_range
from widgets.curve_chart import curve_colour
from widgets.picture_view import PictureView
from widgets.theme import LIGHT, Theme
from widgets.xy_chart import Frame, lay_out, paint_axes, paint_card

Kind = Literal["elbow", "silhouette", "gap", "bic", "aic", "eigenvalue"]

_EMPTY = "What speaks for each number of clusters appears here."
_NEAR = 30.0
_KINDS = (
    ("elbow", "Elbow", "What the model makes small: it always falls with k; where it bends, more clusters win little."),
    ("silhouette", "Silhouette", "The mean silhouette: the largest says which k parts the points best."),
    ("gap", "Gap", "How much tighter the clusters are than in uniform points: it can say that there are none."),
    ("bic", "BIC", "The Bayesian information criterion: the least is best."),
    ("aic", "AIC", "Akaike's information criterion: the least is best."),
    (
        "eigenvalue",
        "Eigenvalues",
        "Those of the graph's Laplacian: as many are near 0 as there are clusters, then they jump.",
    ),
)
_FOR_THE_EYE: tuple[Kind, ...] = ("elbow", "eigenvalue")
_NAMES: dict[Kind, str] = {
    "elbow": "objective per point", "silhouette": "mean silhouette", "gap": "gap statistic", "bic": "BIC", "aic": "AIC",
    "eigenvalue": "eigenvalue number k",
}  # fmt: skip


class KChart(PictureView):
    """A dot a k; a click, or the arrow keys, makes it the model's."""

    edited = Signal(str, object, bool)
    """A wish: the path "learner.k", the value, True."""

    def __init__(self, theme: Theme = LIGHT) -> None:
        self._content: ChoiceOfK | None = None
        self._kind: Kind = "elbow"
        self._frame: Frame | None = None
        super().__init__("Choosing k", _EMPTY, theme)
        self._kinds, self._hint = self.add_kinds(_KINDS, self._kind, self._on_kind)

    def set_content(self, content: ChoiceOfK | None) -> None:
        """Show what is known; None shows that the model has no k."""
        self._content = content
        for kind in ("bic", "aic", "eigenvalue"):
            self._kinds.button(kind).setVisible(content is not None and kind in content.criteria)
        has_gap = content is None or not content.complete or bool(np.isfinite(content.gap).any())
        self._kinds.button("gap").setVisible(has_gap)
        has_elbow = content is None or len(content.objective) == 0 or bool(np.isfinite(content.objective).any())
        self._kinds.button("elbow").setVisible(has_elbow)
        if self._kinds.button(self._kind).isHidden():
            self._on_kind("elbow" if has_elbow else "eigenvalue")
        self._hint.set_texts((self._advice(),))
        self.redraw()

    def _on_kind(self, kind: str) -> None:
        self._kind = next(key for key in _NAMES if key == kind)
        self._kinds.set_chosen(kind)
        self._hint.set_texts((self._advice(),))
        self.redraw()

    @property
    def _values(self) -> FloatArray:
        content = self._content
        if content is None:
            return np.empty(0)
        known = {"elbow": content.objective, "silhouette": content.silhouette, "gap": content.gap}
        return np.asarray(known.get(self._kind, content.criteria.get(self._kind, np.empty(0))))

    @property
    def _best(self) -> int | None:
        """The k that the picture speaks for, if it is not for the eye alone."""
        content = self._content
        if content is None or (self._kind == "gap" and not content.complete):
            return None
        if self._kind == "silhouette":
            return content.by_silhouette
        if self._kind in _FOR_THE_EYE:
            return None
        return content.by_gap if self._kind == "gap" else content.least(self._kind)

    def _advice(self) -> str:
        content, best = self._content, self._best
        if content is None:
            return ""
        sampled = f" (of {MOST_POINTS:,} points)" if content.sampled else ""
        if self._kind == "eigenvalue":
            return f"Look for the jump: the eigenvalues before it are those of the clusters{sampled}."
        if self._kind == "elbow":
            return f"Look for the bend: from there on more clusters win little{sampled}."
        if best is None:
            return "" if content.complete else f"Being computed{sampled}…"
        if self._kind == "gap" and best == 1:
            return f"There seem to be no clusters: uniform points would look much the same{sampled}."
        return f"Speaks for k = {best}{sampled}."

    def summary(self) -> str:
        """The values in words."""
        content = self._content
        if content is None or len(self._values) == 0:
            return self.empty
        pairs = zip(content.ks.tolist(), self._values.tolist(), strict=False)
        said = ", ".join(f"k = {k}: {number_text(value)}" for k, value in pairs if np.isfinite(value))
        return f"{_NAMES[self._kind].capitalize()}: {said}. {self._advice()}"

    def paint_picture(self, painter: QPainter, target: QRectF, theme: Theme) -> None:
        """Axes, the values with their errors, the model's k ringed and the best one filled."""
        content, values = self._content, self._values
        finite = np.isfinite(values)
        self._frame = None
        if content is None or not finite.any():
            sentence = "" if content is None or content.complete else "Being computed…"
            self.write_empty(painter, target, theme, sentence)
            return
        errors = content.gap_error if self._kind == "gap" else np.zeros(len(values))
        low, high = padded_range(np.concatenate([(values - errors)[finite], (values + errors)[finite]]), log=False)
        low = max(low, 0.0) if float(values[finite].min()) >= 0 else low
        ks = content.ks
        name = _NAMES[self._kind]
        frame = self._frame = lay_out(
            target, theme, (float(ks[0]) - 0.5, float(ks[-1]) + 0.5), (low, high), ("k", name)
        )
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_axes(painter, frame, theme)
        colour = curve_colour(0, theme)
        places = [
            QPointF(frame.x.place(float(k)), frame.y.place(float(value)))
            for k, value in zip(ks[: len(values)][finite].tolist(), values[finite].tolist(), strict=True)
        ]
        painter.setPen(QPen(colour, theme.line_width))
        painter.drawPolyline(QPolygonF(places))
        if self._kind == "gap":
            painter.setPen(QPen(colour, 1.2))
            for place, value, error in zip(places, values[finite].tolist(), errors[finite].tolist(), strict=True):
                ends = [frame.y.place(value + sign * error) for sign in (-1, 1)]
                painter.drawLine(QPointF(place.x(), ends[0]), QPointF(place.x(), ends[1]))
        for k, place in zip(ks[: len(values)][finite].tolist(), places, strict=True):
            is_best = k == self._best
            painter.setPen(QPen(QColor(theme.window), 1.5))
            painter.setBrush(QColor(theme.accent) if is_best else colour)
            painter.drawEllipse(place, 6.0 if is_best else 4.0, 6.0 if is_best else 4.0)
            if k == content.present:
                painter.setPen(QPen(QColor(theme.text), 1.8))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawEllipse(place, 9.0, 9.0)
        painter.restore()

    def _at(self, at: QPointF) -> int | None:
        """The place in `ks` that is meant."""
        content, frame = self._content, self._frame
        if content is None or frame is None or not frame.area.adjusted(-_NEAR, -_NEAR, _NEAR, _NEAR).contains(at):
            return None
        index = round(frame.x.value_at(at.x())) - int(content.ks[0])
        return index if 0 <= index < len(self._values) else None

    def paint_hover(self, painter: QPainter, pointer: QPointF) -> None:
        """The value, and what a click does."""
        index, content, frame = self._at(pointer), self._content, self._frame
        if index is None or content is None or frame is None:
            return
        value = float(self._values[index])
        said = f"{_NAMES[self._kind]} {number_text(value)}" if np.isfinite(value) else "undefined"
        if self._kind == "gap" and np.isfinite(value):
            said += f" ± {number_text(float(content.gap_error[index]))}"
        k = int(content.ks[index])
        lines = [f"k = {k}", said, "the model's" if k == content.present else "Click to take it."]
        paint_card(painter, frame.area, pointer, lines, self.theme)

    def press(self, at: QPointF) -> None:
        """Make that k the model's."""
        index = self._at(at)
        if index is not None and self._content is not None:
            self.edited.emit("learner.k", int(self._content.ks[index]), True)

    def press_key(self, key: int) -> bool:
        """The arrow keys make it more or fewer."""
        content = self._content
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(key), 0)
        if content is None or step == 0:
            return False
        k = content.present + step
        if int(content.ks[0]) <= k <= int(content.ks[-1]):
            self.edited.emit("learner.k", k, True)
        return True
