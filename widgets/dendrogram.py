"""The tree that hierarchical clustering makes of the points, and the line that cuts it, which a hand can move."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from engine.dataset import FloatArray
from engine.dendrogram import INK, Dendrogram, cut_height, numbers, segments
from engine.learners.hierarchical import Hierarchical
from engine.palette import CLASS_COLOURS
from widgets.axes import Axis, number_text
from widgets.curve_chart import chart_font, value_ticks
from widgets.picture_view import PictureView
from widgets.stage_shapes import draw_segments
from widgets.theme import LIGHT, Theme
from widgets.xy_chart import Frame, paint_card, write

_EMPTY = "The tree grows here, a branch with each merge: press play."
_HINT = (
    "Drag the line, or use the arrow keys: what is joined below it is a cluster. A click on a branch selects points.",
    "Drag the line: what is joined below it is a cluster. A click on a branch selects.",
    "Drag the line: what is joined below it is a cluster.",
)
_NEAR_LINE, _NEAR_BRANCH = 5.0, 4.0
"""Pixels within which a hand takes hold of the cut, or points at a branch."""
_HEADROOM = 1.06
"""How far the axis goes beyond the highest merge: there the cut leaves one cluster."""
_LEAST_SHARE = 1e-6
"""Of the highest merge: what is lower stands on a logarithmic axis as if it were nothing."""
_FEW = 150
"""So many branches are drawn with bold, smooth lines."""


class DendrogramView(PictureView):
    """Branches in the colour of their cluster below the cut and in ink above it."""

    edited = Signal(str, object, bool)
    """A wish: the value at a path of the document, and False while it is still being dragged."""

    def __init__(self, theme: Theme = LIGHT) -> None:
        self._content: Dendrogram | None = None
        self._cut: Hierarchical | None = None
        self._dragged: float | None = None
        self._log = False
        super().__init__("Dendrogram", _EMPTY, theme)
        self._kinds, self._hint = self.add_kinds(
            [
                (
                    "linear",
                    "Linear",
                    "Heights as they are: how long a branch is shows how far apart its clusters were.",
                ),
                ("log", "Log", "Equal ratios of heights at equal distances: the lowest merges are seen as well."),
            ],
            "linear",
            self._on_scale_chosen,
        )

    def set_content(self, content: Dendrogram | None) -> None:
        """Show this tree; None where there is none, or none yet."""
        self._content = content
        self._hint.set_texts(_HINT if content is not None else ("",))
        self.redraw()

    def set_cut(self, cut: Hierarchical | None) -> None:
        """Cut it as these settings say, before the run has said what comes of it; None as the run says."""
        if cut != self._cut:
            self._cut = cut
            self.redraw()

    def _on_scale_chosen(self, kind: str) -> None:
        self._log = kind == "log"
        self.redraw()

    # -- where it is cut

    @property
    def cut_at(self) -> float:
        """Where the cut is, as it is being dragged or as it is set, in the units of the features."""
        assert self._content is not None
        if self._dragged is not None:
            return self._dragged
        return cut_height(self._content.tree, self._cut or self._content.cut)

    @property
    def n_clusters(self) -> int:
        """How many clusters the cut leaves."""
        assert self._content is not None
        tree = self._content.tree
        return tree.n - tree.merges_up_to(self.cut_at)

    @staticmethod
    def _joined(content: Dendrogram, height: float) -> int:
        """How many merges the colours are of: of a tree that grows all, as on the stage."""
        if content.merged < len(content.tree.heights):
            return content.merged
        return content.tree.merges_up_to(height)

    # -- what is said

    def summary(self) -> str:
        if self._content is None:
            return self.empty
        n = self._content.tree.n
        grown = "" if self._content.merged == n - 1 else f" {self._content.merged:,} of {n - 1:,} merges are made."
        return f"A tree of {n:,} points, cut at {number_text(self.cut_at)}: {_clusters(self.n_clusters)}.{grown}"

    # -- painting

    def paint_picture(self, painter: QPainter, target: QRectF, theme: Theme) -> None:
        content = self._content
        if content is None:
            self.write_empty(painter, target, theme)
            return
        frame = _lay_out(target, content, theme, log=self._log)
        painter.setFont(chart_font(theme))
        _paint_heights(painter, frame, theme)
        _paint_rows(painter, frame, content, theme)
        few = len(content.branches.merges) <= _FEW
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, few)
        lines, clusters = segments(content.tree, content.branches, self._joined(content, self.cut_at), self.cut_at)
        self._paint_bundles(painter, frame, content, theme)
        pixels = _to_pixels(frame, lines)
        for cluster in np.unique(clusters).tolist():
            pen = QPen(_colour(cluster, theme), 1.75 if few else 1.0)
            pen.setCapStyle(Qt.PenCapStyle.SquareCap)
            draw_segments(painter, pixels[clusters == cluster], pen)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_cut(painter, frame, theme)

    def _paint_bundles(self, painter: QPainter, frame: Frame, content: Dendrogram, theme: Theme) -> None:
        """A wedge for each node whose merges are too low to be told apart, as wide as its points."""
        drawn = content.branches
        clusters = numbers(content.tree, drawn.folded, self._joined(content, self.cut_at))
        feet = frame.x.places(drawn.spans + np.array([-0.4, 0.4]))
        tops = np.stack([frame.x.places(drawn.spans.mean(axis=1)), frame.y.places(drawn.heights)], axis=1)
        ground = frame.y.start
        painter.setPen(Qt.PenStyle.NoPen)
        brush = None
        for index in np.argsort(clusters, kind="stable").tolist():
            if clusters[index] != brush:
                brush = clusters[index]
                painter.setBrush(_colour(int(brush), theme))
            (left, right), (x, y) = feet[index], tops[index]
            if right - left < 1.5 or ground - y < 1.5:
                painter.fillRect(QRectF(left, y, max(1.0, right - left), max(1.0, ground - y)), painter.brush())
            else:
                painter.drawPolygon(QPolygonF([QPointF(left, ground), QPointF(x, y), QPointF(right, ground)]))

    def _paint_cut(self, painter: QPainter, frame: Frame, theme: Theme) -> None:
        place, font = _place_of(frame, self.cut_at), QFontMetricsF(painter.font())
        held = self._dragged is not None or self.canvas.hasFocus()
        pen = QPen(QColor(theme.accent), 2.0 if held else 1.5)
        pen.setDashPattern([5.0, 3.0])
        painter.setPen(pen)
        painter.drawLine(QPointF(frame.area.left(), place), QPointF(frame.area.right(), place))
        text = f"{_clusters(self.n_clusters)} · {number_text(self.cut_at)}"
        width, height = font.horizontalAdvance(text) + 14, font.height() + 4
        top = min(max(place - height / 2, frame.area.top() - 4), frame.area.bottom() - height)
        chip = QRectF(frame.area.right() - width, top, width, height)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.accent))
        painter.drawRoundedRect(chip, 4, 4)
        painter.setPen(QColor(theme.on_accent))
        write(painter, chip.left() + 7, chip.center().y(), text)

    def paint_hover(self, painter: QPainter, pointer: QPointF) -> None:
        content = self._content
        if content is None or self._dragged is not None:
            return
        frame = self._on_screen(content)
        at_line = self._is_at_line(frame, pointer)
        node = None if at_line else self.node_at(pointer)
        self.canvas.setCursor(
            Qt.CursorShape.SizeVerCursor if at_line
            else Qt.CursorShape.ArrowCursor if node is None
            else Qt.CursorShape.PointingHandCursor
        )  # fmt: skip
        if node is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_subtree(painter, frame, content, node)
        paint_card(painter, QRectF(self.canvas.rect()), pointer, (self.node_text(node),), self.theme)

    def _paint_subtree(self, painter: QPainter, frame: Frame, content: Dendrogram, node: int) -> None:
        """Draw the branches of a node once more, bolder."""
        tree, laid = content.tree, content.tree.arrangement
        first, drawn = int(laid.starts[node]), content.branches
        starts = laid.starts[drawn.merges + tree.n]
        within = (starts >= first) & (starts < first + laid.sizes[node]) & (drawn.merges + tree.n <= node)
        x, y = frame.x.places(drawn.x[within]), frame.y.places(drawn.y[within])
        painter.setPen(QPen(QColor(self.theme.text), 3.0 if len(drawn.merges) <= _FEW else 1.5))
        draw_segments(painter, np.concatenate([np.stack([x[:, i], y[:, i], x[:, i + 1], y[:, i + 1]], axis=1)
                                               for i in range(3)]), painter.pen())  # fmt: skip
        if len(x) == 0:
            left, right = frame.x.place(first - 0.4), frame.x.place(first + float(laid.sizes[node]) - 0.6)
            painter.drawLine(QPointF(left, frame.y.start), QPointF(right, frame.y.start))

    def node_text(self, node: int) -> str:
        """What a branch is: how many points, and how high they were joined."""
        assert self._content is not None
        tree = self._content.tree
        if node < tree.n:
            return f"Row {int(self._content.rows[node]) + 1:,}"
        size = int(tree.arrangement.sizes[node])
        return f"{size:,} points joined at {number_text(float(tree.heights[node - tree.n]))}"

    def _on_screen(self, content: Dendrogram) -> Frame:
        return _lay_out(QRectF(self.canvas.rect()), content, self.theme, log=self._log)

    # -- where things are

    def place_of_height(self, height: float) -> QPointF:
        """Where on the screen one drags to for a cut at that height, in the middle of the picture."""
        assert self._content is not None
        frame = self._on_screen(self._content)
        return QPointF(frame.area.center().x(), _place_of(frame, height))

    def place_of_merge(self, merge: int) -> QPointF:
        """Where on the screen the bar of a merge has its left end."""
        assert self._content is not None
        frame, tree = self._on_screen(self._content), self._content.tree
        left = float(tree.arrangement.x[tree.children[merge]].min())
        return QPointF(frame.x.place(left), frame.y.place(float(tree.heights[merge])))

    def node_at(self, at: QPointF) -> int | None:
        """The node whose branch is at that place of the screen: of a leg what it stands on, of a bar what it made."""
        content = self._content
        if content is None:
            return None
        tree, drawn, frame = content.tree, content.branches, self._on_screen(content)
        x, y = frame.x.places(drawn.x), frame.y.places(drawn.y)
        px, py = at.x(), at.y()
        on_bar = (x[:, 1] - _NEAR_BRANCH <= px) & (px <= x[:, 2] + _NEAR_BRANCH)
        from_bar = np.where(on_bar, np.abs(y[:, 1] - py), np.inf)
        # A leg is from its top, which is the smaller number, down to what it stands on.
        from_legs = [
            np.where((y[:, top] <= py) & (py <= y[:, foot]), np.abs(x[:, foot] - px), np.inf)
            for top, foot in ((1, 0), (2, 3))
        ]
        nodes = np.concatenate([drawn.merges + tree.n, *tree.children[drawn.merges].T])
        distances = np.concatenate([from_bar, *from_legs])
        if len(distances) and distances.min() <= _NEAR_BRANCH:
            return int(nodes[distances.argmin()])
        place = frame.x.value_at(px)
        inside = (drawn.spans[:, 0] - 0.5 <= place) & (place <= drawn.spans[:, 1] + 0.5)
        inside &= (frame.y.places(drawn.heights) - _NEAR_BRANCH <= py) & (py <= frame.y.start + _NEAR_BRANCH)
        return int(drawn.folded[inside.argmax()]) if inside.any() else None

    def _is_at_line(self, frame: Frame, at: QPointF) -> bool:
        inside = frame.area.left() <= at.x() <= frame.area.right()
        return inside and abs(_place_of(frame, self.cut_at) - at.y()) <= _NEAR_LINE

    # -- hands

    def press(self, at: QPointF) -> None:
        content = self._content
        if content is None:
            return
        frame = self._on_screen(content)
        node = None if self._is_at_line(frame, at) else self.node_at(at)
        if node is not None:
            verb = "is" if node < content.tree.n else "are"
            rows = np.sort(content.rows[content.tree.rows(node)])
            self.rows_chosen.emit(rows, f"{self.node_text(node)} {verb} selected.")
        elif frame.area.adjusted(0, -6, 0, 6).contains(at):
            self._wish(at.y())

    def drag(self, at: QPointF) -> None:
        if self._dragged is not None:
            self._wish(at.y())

    def release(self) -> None:
        content = self._content
        if self._dragged is not None and content is not None:
            height, self._dragged = self._dragged, None
            self.set_cut((self._cut or content.cut).model_copy(update={"cut_by": "height", "height": height}))
            self.edited.emit("learner.height", height, True)

    def press_key(self, key: int) -> bool:
        """Up for one cluster fewer, down for one more: to the middle of the next gap between two merges."""
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(key))
        content = self._content
        if content is None or step is None:
            return False
        tree, k = content.tree, self.n_clusters + step
        while 1 <= k <= tree.n:
            height = _rounded(tree.height_for(k))
            if tree.merges_up_to(height) == tree.n - k:  # not so between merges of one height
                self.edited.emit("learner.height", height, True)
                break
            k += step
        return True

    def _wish(self, y: float) -> None:
        assert self._content is not None
        axis = self._on_screen(self._content).y
        self._dragged = 0.0 if y >= axis.start else _rounded(axis.value_at(max(y, axis.end)))
        self.redraw()
        self.edited.emit("learner.height", self._dragged, False)


@dataclass(frozen=True)
class _Heights(Axis):
    """An axis on whose lower end stands what is lower: points, and on a logarithmic one merges at no height."""

    def places(self, values: ArrayLike) -> NDArray[np.float64]:
        return np.minimum(super().places(values), self.start)


def _lay_out(target: QRectF, content: Dendrogram, theme: Theme, *, log: bool) -> Frame:
    """Heights along the left edge, points from left to right; below them room for the rows where these are told."""
    font, tree = QFontMetricsF(chart_font(theme)), content.tree
    line, highest = font.height(), float(tree.heights[-1]) if len(tree.heights) else 0.0
    target = target.adjusted(12, 0, -12, 0)
    top, bottom = target.top() + line + 8, target.bottom() - 8
    has_rows = _room_for_rows(font, content, target.width())
    low, high = 0.0, _HEADROOM * highest or 1.0
    lowest = tree.heights[tree.heights > _LEAST_SHARE * highest]
    if log and len(lowest):
        low, high = 0.7 * float(lowest[0]), 1.4 * highest
    y = _Heights(low, high, max(bottom - line * has_rows, top + 8), top, log=low > 0)
    ticks = max((font.horizontalAdvance(tick.text) for tick in value_ticks(y, line)), default=10.0)
    left = target.left() + ticks + 10
    return Frame(Axis(-1.0, float(tree.n), left, max(target.right(), left + 8)), y, "", "merge height")


def _room_for_rows(font: QFontMetricsF, content: Dendrogram, width: float) -> bool:
    widest = font.horizontalAdvance(f"{content.tree.n:,}")
    return (widest + 6) * (content.tree.n + 1) < width - 60


def _paint_heights(painter: QPainter, frame: Frame, theme: Theme) -> None:
    font, area = QFontMetricsF(painter.font()), frame.area
    grid = QColor(theme.grid)
    grid.setAlphaF(0.2)
    dotted = QPen(grid, 1.0)
    dotted.setDashPattern([2.0, 2.0])
    for tick in value_ticks(frame.y, font.height()):
        height = frame.y.place(tick.value)
        painter.setPen(dotted)
        painter.drawLine(QPointF(area.left(), height), QPointF(area.right(), height))
        painter.setPen(QColor(theme.muted))
        write(painter, area.left() - 6 - font.horizontalAdvance(tick.text), height, tick.text)
    write(painter, area.left(), area.top() - font.height() / 2 - 5, frame.y_name)


def _paint_rows(painter: QPainter, frame: Frame, content: Dendrogram, theme: Theme) -> None:
    """The number of each point's row below its place, where there is room for all."""
    font = QFontMetricsF(painter.font())
    if not _room_for_rows(font, content, frame.area.width()):
        return
    painter.setPen(QColor(theme.muted))
    for place, row in enumerate(content.tree.arrangement.order.tolist()):
        text = f"{int(content.rows[row]) + 1:,}"
        middle = frame.y.start + 4 + font.height() / 2
        write(painter, frame.x.place(place) - font.horizontalAdvance(text) / 2, middle, text)


def _to_pixels(frame: Frame, lines: FloatArray) -> FloatArray:
    """Segments (s, 4) in pixels, as places and heights are drawn."""
    x, y = frame.x.places(lines[:, 0::2]), frame.y.places(lines[:, 1::2])
    return np.stack([x[:, 0], y[:, 0], x[:, 1], y[:, 1]], axis=1)


def _place_of(frame: Frame, height: float) -> float:
    """Where a cut is drawn: one above the axis, at its top."""
    return max(frame.y.place(height), frame.y.end)


def _colour(cluster: int, theme: Theme) -> QColor:
    return QColor(theme.text) if cluster == INK else QColor(*CLASS_COLOURS[cluster % len(CLASS_COLOURS)])


def _clusters(count: int) -> str:
    return "1 cluster" if count == 1 else f"{count:,} clusters"


def _rounded(height: float) -> float:
    """To four significant digits."""
    return float(f"{height:.4g}")
