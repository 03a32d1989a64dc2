"""The points on the stage: what is known of each, and how they, their marks and residuals are painted."""

from __future__ import annotations

from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from engine.dataset import Dataset, Part, rows_in_common
from engine.learner import Prediction
from widgets.stage_density import ClassDensity, Density, density_of_values
from widgets.stage_geometry import Columns, Floats, Mapping, nearest_row, rows_inside, rows_near, stage_columns
from widgets.stage_items import Frame
from widgets.stage_shapes import Sprites, draw_segments, look_numbers, looks_of, mixed_looks, solid
from widgets.theme import Theme

Rows = NDArray[np.intp]

SPRITE_LIMIT = 20_000
"""With more points than that in view a density picture takes over. Measured: 20,000 stamps take 4 ms."""
_CROWD = 2_000
"""Above so many points they get smaller, down to 60 % at the limit."""
_RINGS_IN_A_CROWD = 500
_GREATEST_CHANGE = 0.25
"""After strokes on more than this share of the points a density is made anew: a full cell holds more or fewer now."""


class ShownPoints:
    """The points of a dataset as they stand on the stage, and what the model said about each.

    Parameters
    ----------
    dataset : the points, shown by their first two inputs, or by one input and the target.
    held_out : whether validation and test points are shown.
    coloured : the same points with the targets that colour them; None for their own.
    """

    def __init__(self, dataset: Dataset, held_out: bool, coloured: Dataset | None = None) -> None:
        self.dataset = dataset
        self.coloured = coloured if coloured is not None and len(coloured.points) == len(dataset.points) else dataset
        self.held_out = held_out
        self.columns: Columns = stage_columns(dataset)
        """The coordinates of every row, (n,) and (n,)."""
        self.said: Floats | None = None
        """What the model says of each point, (n,): a class index or a value; NaN, or no array, where unknown."""
        self.shares: Floats | None = None
        """How much each point belongs to each cluster, (n, k); None where it is all or nothing, or not known."""
        self._view: tuple[Mapping, Rows, int] | None = None
        self._misclassified: Rows | None = None

    @cached_property
    def rows(self) -> Rows:
        """Which rows of the dataset are on the stage, in order."""
        return np.arange(len(self.dataset.points)) if self.held_out else self.dataset.rows(Part.TRAIN).astype(np.intp)

    @cached_property
    def value_range(self) -> tuple[float, float]:
        """What the scale of colours runs over: the smallest and the largest target, as in the field of a model."""
        return _value_range(self.coloured)

    @cached_property
    def kinds(self) -> NDArray[np.uint8]:
        """The class of every row (n,); 0 in regression."""
        return self.dataset.y.astype(np.uint8) if self._has_classes else np.zeros(len(self.dataset.points), np.uint8)

    def difference(self, before: ShownPoints) -> tuple[Rows, Rows] | None:
        """The rows of `before` that are gone or elsewhere, and the rows here that are new or elsewhere.

        None where the two do not show the same kind of points.
        """
        old, new = before.dataset, self.dataset
        alike = (old.task, old.n_inputs, old.class_names) == (new.task, new.n_inputs, new.class_names)
        alike = alike and before.coloured is old and self.coloured is new
        if not (alike and before.held_out and self.held_out):
            return None
        old_rows, rows = rows_in_common(old.points.ids, new.points.ids)
        if len(old_rows) == min(len(old.points), len(new.points)) and old_rows[-1:] == rows[-1:]:
            common: tuple[Any, Any] = (slice(len(rows)), slice(len(rows)))  # points were added, or the last ones taken
        else:
            common = (old_rows, rows)
        changed = before.columns[0][common[0]] != self.columns[0][common[1]]
        changed |= before.columns[1][common[0]] != self.columns[1][common[1]]
        changed |= before.kinds[common[0]] != self.kinds[common[1]]
        gone, fresh = np.ones(len(old.points), bool), np.ones(len(new.points), bool)
        gone[common[0]] = fresh[common[1]] = changed
        return np.flatnonzero(gone), np.flatnonzero(fresh)

    @property
    def are_many(self) -> bool:
        """Whether there are too many to paint each, if all are in view."""
        return len(self.rows) > SPRITE_LIMIT

    def pixels(self, mapping: Mapping, rows: Rows) -> Floats:
        """Where `rows` (m,) stand, (m, 2) in pixels."""
        x, y = self.columns
        return mapping.to_pixels(np.column_stack([x[rows], y[rows]]))

    @property
    def cluster_sizes(self) -> dict[int, int]:
        """How many points each cluster has, in order; below 0 those that belong to none."""
        if self.said is None:
            return {-1: len(self.dataset.points)} if len(self.dataset.points) else {}
        clusters, counts = np.unique(np.nan_to_num(self.said, nan=-1.0).astype(np.intp), return_counts=True)
        return dict(zip(clusters.tolist(), counts.tolist(), strict=True))

    # Which of them are where.

    def in_view(self, mapping: Mapping) -> Rows | None:
        """The rows in the plot, in order; None where there are more than can be painted one by one."""
        if self._view is None or self._view[0] != mapping:
            low, high = (mapping.left, mapping.top), (mapping.left + mapping.width, mapping.top + mapping.height)
            inside = self._inside(mapping, np.array(low), np.array(high))
            count = int(np.count_nonzero(inside))
            self._view = (mapping, np.flatnonzero(inside) if count <= SPRITE_LIMIT else np.empty(0, np.intp), count)
        _, rows, count = self._view
        return rows if count <= SPRITE_LIMIT else None

    def size(self, theme: Theme, mapping: Mapping) -> float:
        """How many pixels across a point is: the more are painted, the smaller."""
        if not self.are_many:
            return point_size(theme, len(self.rows))
        rows = self.in_view(mapping)
        return point_size(theme, SPRITE_LIMIT if rows is None else len(rows))

    def near(self, mapping: Mapping, path: Floats, reach: float) -> Rows:
        """The rows within `reach` pixels of the polyline `path` (m, 2) in pixels, in order."""
        rows = self._rows_in(mapping, path.min(axis=0) - reach, path.max(axis=0) + reach)
        return rows[rows_near(self.pixels(mapping, rows), path, reach)]

    def nearest(self, mapping: Mapping, pixel: Floats, reach: float) -> int | None:
        """The row nearest to a pixel (2,), the later of two; None where none is within `reach` pixels."""
        rows = self._rows_in(mapping, pixel - reach, pixel + reach)
        found = nearest_row(self.pixels(mapping, rows), pixel, reach)
        return None if found is None else int(rows[found])

    def within(self, mapping: Mapping, polygon: Floats) -> Rows:
        """The rows within the closed `polygon` (m, 2) in pixels, in order."""
        rows = self._rows_in(mapping, polygon.min(axis=0), polygon.max(axis=0))
        return rows[rows_inside(self.pixels(mapping, rows), polygon)]

    def _rows_in(self, mapping: Mapping, low: Floats, high: Floats) -> Rows:
        return np.flatnonzero(self._inside(mapping, low, high))

    def _inside(self, mapping: Mapping, low: Floats, high: Floats) -> NDArray[np.bool_]:
        """Whether each row is on the stage and in the box between two pixels (2,), or less than a rounding outside.

        A million points take 0.5 ms: an index of places would have to be made anew with each stroke.
        """
        corners = mapping.to_plot(np.array([low, high])).astype(np.float32)
        (x_low, y_low), (x_high, y_high) = corners.min(axis=0), corners.max(axis=0)
        x, y = self.columns
        inside = x >= np.nextafter(x_low, np.float32(-np.inf))
        inside &= x <= np.nextafter(x_high, np.float32(np.inf))
        inside &= y >= np.nextafter(y_low, np.float32(-np.inf))
        inside &= y <= np.nextafter(y_high, np.float32(np.inf))
        if not self.held_out:
            inside &= np.asarray(self.dataset.parts) == Part.TRAIN
        return inside

    # What the model said of them.

    @property
    def misclassified(self) -> Rows:
        """The rows on stage whose class the model gets wrong."""
        if self._misclassified is None:
            self._misclassified = np.empty(0, np.intp)
            if self._has_classes and self.said is not None:
                said, y = self.said[self.rows], self.dataset.y[self.rows]
                self._misclassified = self.rows[np.isfinite(said) & (said != y)]
        return self._misclassified

    def hear(self, prediction: Prediction | None) -> None:
        """Take what a model says of all rows; anything about another number of rows is not about these points."""
        grouped = self.dataset.task in ("classification", "clustering")
        said = None if prediction is None else prediction.labels if grouped else prediction.values
        self._misclassified = None
        self.said = np.asarray(said, np.float64) if said is not None and len(said) == len(self.dataset.points) else None
        shares = None if prediction is None or self.dataset.task != "clustering" else prediction.probabilities
        self.shares = None if shares is None or self.said is None else np.asarray(shares, np.float64)

    def recall(self, old: ShownPoints) -> None:
        """Keep what the model said of those points of `old` that are still where they were."""
        alike = old.dataset.task == self.dataset.task and old.dataset.n_inputs == self.dataset.n_inputs
        if old.said is None or not alike:
            return
        old_rows, rows = rows_in_common(old.dataset.points.ids, self.dataset.points.ids)
        in_place = (old.dataset.X[old_rows] == self.dataset.X[rows]).all(axis=1)
        said = np.full(len(self.dataset.points), np.nan)
        said[rows[in_place]] = old.said[old_rows[in_place]]
        self.said, self._misclassified = said, None
        if old.shares is not None:
            self.shares = np.full((len(said), old.shares.shape[1]), np.nan)
            self.shares[rows[in_place]] = old.shares[old_rows[in_place]]

    @property
    def _has_classes(self) -> bool:
        return bool(self.dataset.class_names) and self.dataset.task != "clustering"


def _value_range(dataset: Dataset) -> tuple[float, float]:
    """What the scale of colours runs over: the smallest and the largest target, as in the field of a model."""
    y = dataset.y
    if len(y) == 0:
        return -1.0, 1.0
    low, high = float(y.min()), float(y.max())
    return (low, high) if low < high else (low - 1.0, high + 1.0)


class PointPainter:
    """Stamps points, marks and rings; the stamps are drawn anew only when their look changes."""

    def __init__(self) -> None:
        self._stamps: dict[tuple[str, object], Sprites] = {}
        self._theme: Theme | None = None
        self._crowd = Crowd()

    def paint_points(self, painter: QPainter, frame: Frame, shown: ShownPoints) -> None:
        """Paint every point in view, or of more than 20,000 how dense they lie."""
        rows = shown.in_view(frame.mapping)
        if rows is None:
            self._crowd.density(frame, shown).paint(painter, frame)
            return
        self._crowd = Crowd()
        if shown.shares is None or shown.coloured is not shown.dataset:
            looks = looks_of(shown.coloured, frame.theme)
            kinds = look_numbers(shown.coloured, shown.value_range, rows, shown.said)
        else:
            looks, kinds = mixed_looks(shown.dataset, frame.theme, rows, shown.shares)
        size = shown.size(frame.theme, frame.mapping)
        fills = () if shown.shares is None else tuple((look.shape, look.fill.rgb()) for look in looks)
        kind = (shown.coloured.task, shown.coloured.n_inputs, len(looks), size, fills)
        stamps = self._sprites(
            frame.theme, "points", kind, [partial(look.draw, size=size) for look in looks], 0.8 * size + 2
        )
        stamps.stamp(painter, shown.pixels(frame.mapping, rows), kinds)

    def paint_marks(self, painter: QPainter, frame: Frame, shown: ShownPoints) -> None:
        """Cross out the points that the model gets wrong, where they are painted one by one."""
        rows = shown.in_view(frame.mapping)
        if rows is None or len(shown.misclassified) == 0:
            return
        rows = np.intersect1d(rows, shown.misclassified, assume_unique=True)
        size = shown.size(frame.theme, frame.mapping)
        stamps = self._sprites(frame.theme, "marks", size, [partial(draw_mark, size=size)], size + 2)
        stamps.stamp(painter, shown.pixels(frame.mapping, rows), np.zeros(len(rows), np.intp))

    def paint_rings(self, painter: QPainter, frame: Frame, shown: ShownPoints, rows: Rows) -> None:
        """Ring the selected points; many of them in a crowd are coloured instead, as rings would hide it."""
        in_view = shown.in_view(frame.mapping)
        if in_view is None and len(rows) > _RINGS_IN_A_CROWD:
            chosen = _counted(frame, shown, rows, QColor(frame.theme.accent))
            assert chosen is not None  # in one colour everything can be counted
            chosen.density().paint(painter, frame)
            return
        if in_view is not None:
            rows = np.intersect1d(in_view, rows, assume_unique=True)
        size = shown.size(frame.theme, frame.mapping)
        draw = partial(_draw_ring, size=size, theme=frame.theme)
        stamps = self._sprites(frame.theme, "rings", size, [draw], size + 5)
        pixels = shown.pixels(frame.mapping, rows)
        pixels = pixels[[frame.mapping.contains(pixel) for pixel in pixels]] if in_view is None else pixels
        stamps.stamp(painter, pixels, np.zeros(len(pixels), np.intp))

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


class Crowd:
    """The density of the points on stage, kept while they stay, and changed where a stroke changes them."""

    def __init__(self) -> None:
        self._shown: ShownPoints | None = None
        self._look: tuple[Mapping, Theme] | None = None
        self._counted: ClassDensity | None = None
        self._picture: Density | None = None
        self._changed = 0

    def density(self, frame: Frame, shown: ShownPoints) -> Density:
        """The picture of all points of `shown` that are in view."""
        before, look = self._shown, (frame.mapping, frame.theme)
        if self._picture is not None and before is shown and look == self._look:
            return self._picture
        same = before is not None and look == self._look and self._counted is not None
        if not (same and self._take_over(before, shown)):
            self._changed = 0
            self._counted = _counted(frame, shown, shown.rows)
        self._shown, self._look = shown, look
        self._picture = _values(frame, shown) if self._counted is None else self._counted.density()
        return self._picture

    def _take_over(self, before: ShownPoints | None, shown: ShownPoints) -> bool:
        """Count the difference between two showings, if it is small."""
        difference = None if before is None else shown.difference(before)
        if before is None or difference is None or self._counted is None:
            return False
        gone, new = difference
        self._changed += len(gone) + len(new)
        if self._changed > _GREATEST_CHANGE * len(shown.rows):
            return False
        self._counted.change(*_picked(before, gone), *_picked(shown, new))
        return True


def _picked(shown: ShownPoints, rows: Rows) -> tuple[Columns, NDArray[np.uint8]]:
    x, y = shown.columns
    return (x[rows], y[rows]), shown.kinds[rows]


def _counted(frame: Frame, shown: ShownPoints, rows: Rows, colour: QColor | None = None) -> ClassDensity | None:
    """How dense `rows` lie, in the colours of their classes or all in one; None where they have targets instead."""
    dataset, (columns, kinds) = shown.coloured, (shown.columns, shown.kinds)
    if colour is None and not dataset.class_names and dataset.task != "clustering" and dataset.n_inputs == 2:
        return None
    if len(rows) < len(kinds):
        columns, kinds = _picked(shown, rows)
    if colour is not None:
        return ClassDensity(frame.mapping, columns, np.zeros(len(kinds), np.uint8), _rgb([colour]))
    return ClassDensity(
        frame.mapping, columns, kinds, _rgb([look.fill for look in looks_of(dataset, frame.theme)[::2]])
    )


def _values(frame: Frame, shown: ShownPoints) -> Density:
    """How dense the points lie, in the colours of their targets."""
    dataset, rows, (x, y) = shown.coloured, shown.rows, shown.columns
    if len(rows) < len(x):
        x, y = x[rows], y[rows]
    low, high = shown.value_range
    levels = (dataset.y[rows] - np.float32(low)) / np.float32(high - low)
    scale = [look.fill for look in looks_of(dataset, frame.theme)[::2]]
    return density_of_values(frame.mapping, (x, y), np.clip(levels, 0, 1), _rgb(scale))


def _rgb(colours: list[QColor]) -> Floats:
    return np.array([(colour.red(), colour.green(), colour.blue()) for colour in colours], np.float64)


def paint_residuals(painter: QPainter, frame: Frame, shown: ShownPoints) -> None:
    """In regression in one input, draw from each point straight up or down to the model's value there."""
    if shown.dataset.task != "regression" or shown.dataset.n_inputs != 1 or shown.said is None:
        return
    # Of few points also those above and below the plot, whose lines may reach into it.
    rows = shown.in_view(frame.mapping) if shown.are_many else shown.rows
    if rows is None:
        return
    rows = rows[np.isfinite(shown.said[rows])]
    if len(rows) == 0:
        return
    ends = frame.mapping.to_pixels(np.column_stack([shown.columns[0][rows], shown.said[rows]]))
    segments = np.hstack([shown.pixels(frame.mapping, rows), ends])
    plot = frame.plot
    inside = (segments[:, 0] >= plot.left()) & (segments[:, 0] <= plot.right())
    segments = segments[inside]
    segments[:, 1::2] = np.clip(segments[:, 1::2], plot.top(), plot.bottom())
    draw_segments(painter, segments, QPen(solid(frame.theme.text, 0.5), 1.0))


def draw_mark(painter: QPainter, size: float) -> None:
    """Draw the × of a misclassified point around the origin.

    It stays within the point, whose colour and shape still tell the class. It is white in black, so that it is seen on
    light colours and on dark ones, on a white stage and on a black one.
    """
    reach = 0.29 * size
    for colour, width in (("#11151c", 0.25 * size), ("#ffffff", 0.11 * size)):
        pen = QPen(QColor(colour), width)
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
