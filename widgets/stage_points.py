"""The points on the stage: what is known of each, and how they, their marks and residuals are painted."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from engine.dataset import Dataset, Part
from engine.learner import Prediction
from widgets.stage_geometry import Floats, Mapping, plotted
from widgets.stage_items import Frame
from widgets.stage_shapes import Sprites, density_picture, draw_segments, look_numbers, looks_of, solid
from widgets.theme import Theme

Rows = NDArray[np.intp]

SPRITE_LIMIT = 20_000
"""Above so many points a density picture takes over."""
_DENSITY_CELL = 2.0
_CROWD = 2_000
"""Above so many points they get smaller, down to 60 % at the limit."""


class ShownPoints:
    """The points of a dataset as they stand on the stage, and what the model said about each.

    Parameters
    ----------
    dataset : the points, shown by their first two inputs, or by one input and the target.
    held_out : whether validation and test points are shown.
    """

    def __init__(self, dataset: Dataset, held_out: bool) -> None:
        self.dataset = dataset
        self.xy = plotted(dataset)
        shown = np.ones(len(self.xy), bool) if held_out else np.asarray(dataset.parts) == Part.TRAIN
        self.rows: Rows = np.flatnonzero(shown)
        """Which rows of the dataset are on the stage, in order."""
        self.value_range = _value_range(dataset)
        self.kinds = look_numbers(dataset, self.value_range)
        self.said = np.full(len(self.xy), np.nan)
        """What the model says of each point, (n,): a class index or a value; NaN where unknown."""
        self._mapping: Mapping | None = None
        self._pixels: Floats = np.empty((0, 2))

    def pixels(self, mapping: Mapping) -> Floats:
        """Where every row stands, (n, 2) in pixels; kept until the mapping changes."""
        if mapping != self._mapping:
            self._mapping, self._pixels = mapping, mapping.to_pixels(self.xy)
        return self._pixels

    @property
    def misclassified(self) -> Rows:
        """The rows on stage whose class the model gets wrong."""
        if self.dataset.task != "classification":
            return np.empty(0, np.intp)
        said, y = self.said[self.rows], self.dataset.y[self.rows]
        return self.rows[np.isfinite(said) & (said != y)]

    def hear(self, prediction: Prediction | None) -> None:
        """Take what a model says of all rows; anything about another number of rows is not about these points."""
        said = None if prediction is None else prediction.labels if self._has_classes else prediction.values
        if said is None or len(said) != len(self.xy):
            self.said = np.full(len(self.xy), np.nan)
        else:
            self.said = np.asarray(said, np.float64)

    @property
    def _has_classes(self) -> bool:
        return self.dataset.task == "classification"


def _value_range(dataset: Dataset) -> tuple[float, float]:
    """What the scale of colours runs over: the smallest and the largest target, as in the field of a model."""
    y = dataset.y
    if len(y) == 0:
        return -1.0, 1.0
    low, high = float(y.min()), float(y.max())
    return (low, high) if low < high else (low - 1.0, high + 1.0)


def same_points(old: Dataset, new: Dataset) -> tuple[Rows, Rows]:
    """The rows of `old` and of `new` that hold the same points: of one identity, wherever they stand."""
    old_ids, new_ids = old.points.ids, new.points.ids
    if np.array_equal(old_ids, new_ids):
        return np.arange(len(old_ids)), np.arange(len(new_ids))
    # Ids increase, so no sorting.
    at = np.searchsorted(old_ids, new_ids)
    known = at < len(old_ids)
    known[known] = old_ids[at[known]] == new_ids[known]
    return at[known], np.flatnonzero(known)


class PointPainter:
    """Stamps points, marks and rings; the stamps are drawn anew only when their look changes."""

    def __init__(self) -> None:
        self._stamps: dict[tuple[str, object], Sprites] = {}
        self._theme: Theme | None = None
        self._density: QImage | None = None
        self._density_of: tuple[ShownPoints, Mapping, Theme] | None = None

    def paint_points(self, painter: QPainter, frame: Frame, shown: ShownPoints) -> None:
        """Paint every point, or above 20,000 how dense they lie."""
        looks = looks_of(shown.dataset, frame.theme)
        if len(shown.rows) > SPRITE_LIMIT:
            of = (shown, frame.mapping, frame.theme)
            if self._density is None or of != self._density_of:
                fills = [(look.fill.red(), look.fill.green(), look.fill.blue()) for look in looks]
                self._density = _density(frame, shown, shown.rows, np.array(fills, np.float64), shown.kinds)
                self._density_of = of
            _paint_density(painter, frame, self._density)
            return
        self._density = self._density_of = None
        rows, pixels = _within(shown, shown.rows, frame)
        size = point_size(frame.theme, len(shown.rows))
        kind = (shown.dataset.task, shown.dataset.n_inputs, len(looks), size)
        stamps = self._sprites(
            frame.theme, "points", kind, [partial(look.draw, size=size) for look in looks], 0.8 * size + 2
        )
        stamps.stamp(painter, pixels, shown.kinds[rows])

    def paint_marks(self, painter: QPainter, frame: Frame, shown: ShownPoints) -> None:
        """Cross out the points that the model gets wrong."""
        rows = shown.misclassified
        if len(rows) > SPRITE_LIMIT:
            return
        size = point_size(frame.theme, len(shown.rows))
        stamps = self._sprites(frame.theme, "marks", size, [partial(draw_mark, size=size)], size + 2)
        rows, pixels = _within(shown, rows, frame)
        stamps.stamp(painter, pixels, np.zeros(len(rows), np.intp))

    def paint_rings(self, painter: QPainter, frame: Frame, shown: ShownPoints, rows: Rows) -> None:
        """Ring the selected points."""
        if len(rows) > SPRITE_LIMIT:
            accent = QColor(frame.theme.accent)
            colours = np.array([[accent.red(), accent.green(), accent.blue()]], np.float64)
            _paint_density(painter, frame, _density(frame, shown, rows, colours, np.zeros(len(shown.xy), np.intp)))
            return
        rows, pixels = _within(shown, rows, frame)
        size = point_size(frame.theme, len(shown.rows))
        draw = partial(_draw_ring, size=size, theme=frame.theme)
        stamps = self._sprites(frame.theme, "rings", size, [draw], size + 5)
        stamps.stamp(painter, pixels, np.zeros(len(rows), np.intp))

    def _sprites(self, theme: Theme, what: str, kind: object, draw: list, extent: float) -> Sprites:
        if theme != self._theme:
            self._stamps.clear()
            self._theme = theme
        key = (what, kind)
        if key not in self._stamps:
            for other in [other for other in self._stamps if other[0] == what]:
                del self._stamps[other]
            self._stamps[key] = Sprites(draw, extent)
        return self._stamps[key]


def point_size(theme: Theme, count: int) -> float:
    """How many pixels across a point is among `count` points, in halves, so that few sizes are ever drawn."""
    if count <= _CROWD:
        return theme.point_size
    crowding = np.log(count / _CROWD) / np.log(SPRITE_LIMIT / _CROWD)
    return float(np.round(2 * theme.point_size * (1.0 - 0.4 * min(1.0, float(crowding)))) / 2)


def _within(shown: ShownPoints, rows: Rows, frame: Frame) -> tuple[Rows, Floats]:
    """Those of `rows` whose centres are in the plot, and their pixels."""
    pixels = shown.pixels(frame.mapping)[rows]
    plot = frame.plot
    inside = (pixels[:, 0] >= plot.left()) & (pixels[:, 0] <= plot.right())
    inside &= (pixels[:, 1] >= plot.top()) & (pixels[:, 1] <= plot.bottom())
    return rows[inside], pixels[inside]


def _density(frame: Frame, shown: ShownPoints, rows: Rows, colours: Floats, kinds: NDArray[np.intp]) -> QImage:
    rows, pixels = _within(shown, rows, frame)
    plot = frame.plot
    picture = density_picture(
        pixels - (plot.left(), plot.top()), colours, kinds[rows], plot.width(), plot.height(), _DENSITY_CELL
    )
    height, width = picture.shape[:2]
    image = QImage(picture.data, width, height, 4 * width, QImage.Format.Format_RGBA8888)
    # Converting copies the pixels, so the array may go.
    return image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)


def _paint_density(painter: QPainter, frame: Frame, image: QImage) -> None:
    plot = frame.plot
    painter.save()
    painter.setClipRect(plot)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.setRenderHint(QPainter.RenderHint.LosslessImageRendering)
    painter.drawImage(QRectF(plot.topLeft(), QSizeF(image.size()) * _DENSITY_CELL), image)
    painter.restore()


def paint_residuals(painter: QPainter, frame: Frame, shown: ShownPoints) -> None:
    """In regression in one input, draw from each point straight up or down to the model's value there."""
    if shown.dataset.task != "regression" or shown.dataset.n_inputs != 1 or len(shown.rows) > SPRITE_LIMIT:
        return
    rows = shown.rows[np.isfinite(shown.said[shown.rows])]
    if len(rows) == 0:
        return
    ends = frame.mapping.to_pixels(np.column_stack([shown.xy[rows, 0], shown.said[rows]]))
    segments = np.hstack([shown.pixels(frame.mapping)[rows], ends])
    plot = frame.plot
    inside = (segments[:, 0] >= plot.left()) & (segments[:, 0] <= plot.right())
    segments = segments[inside]
    segments[:, 1::2] = np.clip(segments[:, 1::2], plot.top(), plot.bottom())
    draw_segments(painter, segments, QPen(solid(frame.theme.text, 0.5), 1.0))


def draw_mark(painter: QPainter, size: float) -> None:
    """Draw the × of a misclassified point around the origin.

    It stays within the point, whose colour and shape still tell the class; dark has 3.4:1 or more on all of them.
    """
    reach = 0.31 * size
    pen = QPen(QColor("#11151c"), 0.18 * size)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    painter.drawLine(QLineF(-reach, -reach, reach, reach))
    painter.drawLine(QLineF(-reach, reach, reach, -reach))


def _draw_ring(painter: QPainter, size: float, theme: Theme) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    radius = 0.5 * size + 3.5
    for colour, width in ((theme.stage, 4.5), (theme.accent, 2.0)):
        painter.setPen(QPen(QColor(colour), width))
        painter.drawEllipse(QPointF(0, 0), radius, radius)
