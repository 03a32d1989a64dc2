"""Principal components: a bar for the variance that each explains, and bars for the features that it is made of."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from engine.components_report import ComponentsReport
from engine.palette import HIGH_VALUE, LOW_VALUE
from widgets.axes import NamedAxis, number_text
from widgets.covariance import Matrix, paint_matrices
from widgets.curve_chart import chart_font
from widgets.picture_view import PictureView
from widgets.stage_shapes import solid
from widgets.theme import LIGHT, Theme
from widgets.xy_chart import Frame, lay_out, paint_axes, paint_card

_EMPTY = "The components appear here once there are points."
_MOST_BARS = 64
"""Of more components or features the first are shown."""
_BAR = 0.7
"""Of the room of each."""
_KINDS = (
    (
        "scree",
        "Scree",
        "The share of the variance that each component explains, and of all up to it. A click keeps so many.",
    ),
    ("loadings", "Loadings", "The weight that a component has for each feature; the arrow keys go through them."),
    ("covariance", "Covariance", "The covariance of the features, and what deflation leaves of it; its rank."),
)


class Components(PictureView):
    """The scree plot, whose bars are clicked to keep so many components, and the loadings of one of them."""

    edited = Signal(str, object, bool)
    """A wish: the path "learner.components", how many to keep, True."""

    def __init__(self, theme: Theme = LIGHT) -> None:
        self._content: ComponentsReport | None = None
        self._kind = "scree"
        self._component = 0
        self._frame: Frame | None = None
        self._matrices: list[Matrix] = []
        super().__init__("Components", _EMPTY, theme)
        self._kinds, self._hint = self.add_kinds(_KINDS, self._kind, self._on_kind)

    def set_content(self, content: ComponentsReport | None) -> None:
        """Show these components; None shows that there are none."""
        self._content = content if content is not None and len(content.variances) else None
        if self._content is not None:
            self._component = min(self._component, len(self._content.variances) - 1)
        self._say()
        self.redraw()

    def _on_kind(self, kind: str) -> None:
        self._kind = kind
        self._kinds.set_chosen(kind)
        self._say()
        self.redraw()

    def _say(self) -> None:
        content = self._content
        if content is None:
            self._hint.set_texts(("",))
            return
        kept = min(content.wanted, len(content.variances))
        share = 100 * float(content.shares[:kept].sum())
        first = "The first" if kept == 1 else f"The first {kept}"
        said = f"{first} of {len(content.variances)} explain{'s' if kept == 1 else ''} {share:.1f} % of the variance."
        if self._kind == "loadings":
            share = 100 * float(content.shares[self._component])
            said = f"Component {self._component + 1}: {share:.1f} % of the variance."
        elif self._kind == "covariance":
            many = len(content.variances)
            rank = f"rank {content.rank}" + ("" if content.rank < many else ", which is full")
            said = (
                f"{many} feature{'s' if many > 1 else ''}, {rank}; total variance"
                f" {number_text(float(content.variances.sum()))}."
            )
        self._hint.set_texts((said,))

    def summary(self) -> str:
        """The picture in words."""
        content = self._content
        if content is None:
            return self.empty
        if self._kind == "scree":
            shares = ", ".join(f"{100 * share:.1f} %" for share in content.shares[:_MOST_BARS].tolist())
            return f"Explained by each component: {shares}. {self._hint.accessibleName()}"
        if self._kind == "covariance":
            return f"Covariance: {self._hint.accessibleName()}"
        weights = zip(content.features, content.loadings[self._component].tolist(), strict=False)
        return f"Loadings of component {self._component + 1}: " + ", ".join(
            f"{name} {number_text(weight)}" for name, weight in list(weights)[:_MOST_BARS]
        )

    def paint_picture(self, painter: QPainter, target: QRectF, theme: Theme) -> None:
        """Bars, and over the scree the line of all components up to each."""
        content = self._content
        self._frame, self._matrices = None, []
        if content is None:
            self.write_empty(painter, target, theme)
        elif self._kind == "scree":
            self._paint_scree(painter, target, theme, content)
        elif self._kind == "loadings":
            self._paint_loadings(painter, target, theme, content)
        else:
            self._matrices = paint_matrices(painter, target, theme, content)

    def _paint_scree(self, painter: QPainter, target: QRectF, theme: Theme, content: ComponentsReport) -> None:
        shares = content.shares[:_MOST_BARS]
        names = tuple(str(index + 1) for index in range(len(shares)))
        frame = self._lay_out(target, theme, (0.0, 1.02), names, ("component", "share of the variance"))
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_axes(painter, frame, theme)
        painter.setPen(Qt.PenStyle.NoPen)
        for index, share in enumerate(shares.tolist()):
            painter.setBrush(QColor(theme.accent) if index < content.wanted else solid(theme.muted, 0.45))
            self._bar(painter, frame, index, share)
        upto = np.cumsum(shares).tolist()
        places = [QPointF(frame.x.place(index), frame.y.place(share)) for index, share in enumerate(upto)]
        painter.setPen(QPen(QColor(theme.text), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF(places))
        painter.setBrush(QColor(theme.text))
        for place in places:
            painter.drawEllipse(place, 2.5, 2.5)
        painter.restore()

    def _paint_loadings(self, painter: QPainter, target: QRectF, theme: Theme, content: ComponentsReport) -> None:
        weights = content.loadings[self._component][:_MOST_BARS]
        frame = self._lay_out(target, theme, (-1.02, 1.02), content.features[:_MOST_BARS], ("feature", "loading"))
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_axes(painter, frame, theme)
        painter.setPen(Qt.PenStyle.NoPen)
        for index, weight in enumerate(weights.tolist()):
            painter.setBrush(QColor(*(HIGH_VALUE if weight >= 0 else LOW_VALUE)))
            self._bar(painter, frame, index, weight)
        painter.restore()

    def _lay_out(
        self,
        target: QRectF,
        theme: Theme,
        heights: tuple[float, float],
        names: tuple[str, ...],
        titles: tuple[str, str],
    ) -> Frame:
        laid = lay_out(target, theme, (-0.6, len(names) - 0.4), heights, titles)
        room = max(QFontMetricsF(chart_font(theme)).horizontalAdvance(name) for name in names) + 10
        length = abs(laid.x.end - laid.x.start)
        x = NamedAxis(laid.x.low, laid.x.high, laid.x.start, laid.x.end, names=names, most=int(length / room))
        self._frame = Frame(x, laid.y, laid.x_name, laid.y_name)
        return self._frame

    @staticmethod
    def _bar(painter: QPainter, frame: Frame, index: int, value: float) -> None:
        left, right = frame.x.place(index - _BAR / 2), frame.x.place(index + _BAR / 2)
        zero, height = frame.y.place(0.0), frame.y.place(value)
        painter.drawRect(QRectF(left, min(zero, height), right - left, abs(zero - height)))

    def _at(self, at: QPointF) -> int | None:
        """The bar that is meant."""
        content, frame = self._content, self._frame
        if content is None or frame is None or not frame.area.adjusted(0, -4, 0, 24).contains(at):
            return None
        index = round(frame.x.value_at(at.x()))
        count = len(content.variances) if self._kind == "scree" else len(content.features)
        return index if 0 <= index < min(count, _MOST_BARS) else None

    def paint_hover(self, painter: QPainter, pointer: QPointF) -> None:
        """The numbers of a bar."""
        for matrix in self._matrices:
            lines = matrix.reading(pointer)
            if lines:
                paint_card(painter, QRectF(self.canvas.rect()), pointer, lines, self.theme)
        index, content, frame = self._at(pointer), self._content, self._frame
        if index is None or content is None or frame is None:
            return
        if self._kind == "scree":
            shares = content.shares
            lines = [
                f"component {index + 1}: {100 * float(shares[index]):.2f} %",
                f"up to it: {100 * float(shares[: index + 1].sum()):.2f} %",
                f"variance {number_text(float(content.variances[index]))}",
            ]
        else:
            lines = [content.features[index], f"loading {number_text(float(content.loadings[self._component, index]))}"]
        paint_card(painter, frame.area, pointer, lines, self.theme)

    def press(self, at: QPointF) -> None:
        """Keep the components up to the one that is clicked."""
        index = self._at(at)
        if index is not None and self._kind == "scree":
            self.edited.emit("learner.components", index + 1, True)

    def press_key(self, key: int) -> bool:
        """The arrow keys keep one more or fewer, or go to the next component's loadings."""
        content = self._content
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(key), 0)
        if content is None or step == 0:
            return False
        if self._kind == "scree":
            wanted = content.wanted + step
            if 1 <= wanted <= min(len(content.variances), _MOST_BARS):
                self.edited.emit("learner.components", wanted, True)
        else:
            self._component = min(max(self._component + step, 0), len(content.variances) - 1)
            self._say()
            self.redraw()
        return True
