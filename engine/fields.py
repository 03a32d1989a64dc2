"""What a model says on a grid: the coloured plane, the decision boundary, the contours and the fitted curve."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from engine.dataset import Dataset, FloatArray, Task
from engine.deciding import HALF
from engine.experiment import View
from engine.learner import GridScores, Prediction
from engine.overlays import Line, LineRole
from engine.palette import CLASS_COLOURS, HIGH_VALUE, LOW_VALUE
from engine.snapshot import Field, Viewport

Predict = Callable[[FloatArray], Prediction]

MAX_OPACITY = 0.65
"""Of a certain region; an uncertain one fades to the ground of the stage."""

REGION_OPACITY = 0.35
"""Of the region of a cluster, beneath points of the same colour and lines between them."""

_STEPS = 2048
"""Entries of a colour table: finer than the 166 opacities that 8 bits leave between 0 and `MAX_OPACITY`."""

_SCORE_GAIN = 2.0
"""How a score without probabilities is squashed: σ(2 s), so that the target score of 1 counts as 88 %."""

_PROBABILITY_LEVELS = (0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9)
"""Half and half is the boundary itself."""

_CONTOUR_COUNT = 8


@runtime_checkable
class GridModel(Protocol):
    """A model of two inputs that has a quicker way to a picture than one prediction a cell."""

    def on_grid(self, xs: FloatArray, ys: FloatArray) -> GridScores | None:
        """The scores of the cells at columns `xs` (width,) and rows `ys` (height,); None if there is no such way."""
        ...


@dataclass(frozen=True, eq=False)
class Grid:
    """What a model says at the centres of a viewport's cells, asked once for colours and lines alike.

    Parameters
    ----------
    viewport : the grid of n = width x height cells, row by row from the bottom.
    scores : (m, n), score by score; in regression (1, n), the values.
    gain : what σ or softmax is taken of to make probabilities: so many times the scores.
    probabilities : (K, n), class by class, where the model has them otherwise than by its scores.
    """

    viewport: Viewport
    scores: NDArray[Any]
    gain: float = _SCORE_GAIN
    probabilities: NDArray[Any] | None = None

    @classmethod
    def evaluated(cls, predict: Predict, viewport: Viewport) -> Grid:
        """Ask `predict` at the centre of each cell."""
        model: object = predict
        if isinstance(model, GridModel):
            xs, ys = _centres(viewport.x_range, viewport.width), _centres(viewport.y_range, viewport.height)
            quick = model.on_grid(xs, ys)
            if quick is not None:
                return cls(viewport, quick.scores, 1.0 if quick.are_logits else _SCORE_GAIN)
        found = predict(cell_centres(viewport))
        if found.values is not None:
            return cls(viewport, np.asarray(found.values)[None])
        probabilities = None if found.probabilities is None else np.ascontiguousarray(found.probabilities.T)
        return cls(viewport, np.ascontiguousarray(np.asarray(found.scores).T), _SCORE_GAIN, probabilities)

    @property
    def in_single_precision(self) -> bool:
        """Whether the scores are from compiled loops, so that others of them can go on with it."""
        return self.scores.dtype == np.float32

    @cached_property
    def shares(self) -> NDArray[Any]:
        """The probabilities (K, n) that a picture shows: the model's own, or its squashed scores."""
        if self.probabilities is not None:
            return self.probabilities
        with np.errstate(over="ignore", invalid="ignore"):
            if len(self.scores) == 1:
                second = 1.0 / (1.0 + np.exp(-self.gain * self.scores[0]))
                return np.stack([1.0 - second, second])
            powers = np.exp(self.gain * (self.scores - self.scores.max(axis=0)))
            return np.asarray(powers / powers.sum(axis=0))

    @property
    def has_probabilities(self) -> bool:
        """Whether the shares are the model's own probabilities, rather than squashed scores."""
        return self.probabilities is not None or self.gain == 1.0

    @property
    def lead(self) -> NDArray[Any]:
        """By how much the second of two classes is ahead, in scores (n,)."""
        return np.asarray(self.scores[0] if len(self.scores) == 1 else self.scores[1] - self.scores[0])

    def on_cells(self, values: NDArray[Any]) -> NDArray[Any]:
        """`values` (n,) as (height, width), row 0 at the bottom."""
        return values.reshape(self.viewport.height, self.viewport.width)


@lru_cache(maxsize=4)
def cell_centres(viewport: Viewport) -> FloatArray:
    """The inputs (width x height, 2) float32 at the cells' centres, row by row from the bottom; read-only."""
    xs, ys = _centres(viewport.x_range, viewport.width), _centres(viewport.y_range, viewport.height)
    centres = np.empty((viewport.height, viewport.width, 2), np.float32)
    centres[..., 0] = xs
    centres[..., 1] = ys[:, None]
    flat = centres.reshape(-1, 2)
    flat.setflags(write=False)
    return flat


def _centres(limits: tuple[float, float], count: int) -> FloatArray:
    low, high = limits
    return low + (np.arange(count) + 0.5) * ((high - low) / count)


def value_range_of(dataset: Dataset) -> tuple[float, float]:
    """The targets that the two ends of the colour scale stand for: the smallest and the largest of the data."""
    if len(dataset.y) == 0:
        return -1.0, 1.0
    low, high = float(dataset.y.min()), float(dataset.y.max())
    return (low, high) if high > low else (low - 1.0, high + 1.0)


def picture(
    predict: Predict, viewport: Viewport, dataset: Dataset, view: View, margin_levels: tuple[float, ...] = ()
) -> tuple[Field | None, tuple[Line, ...]]:
    """All of the model that `view` shows on the stage, from one evaluation of the grid.

    With one input, the fitted curve over the viewport's width and no field. With two classes, lines beside the boundary
    where the second is ahead by one of the `margin_levels`.
    """
    if dataset.n_inputs == 1:
        return None, (curve_line(predict, viewport.x_range),)
    wants_boundary = view.boundary and dataset.task != "regression"
    if not (view.probability or wants_boundary or view.contours):
        return None, ()
    grid = Grid.evaluated(predict, viewport)
    values = value_range_of(dataset)
    n_classes = len(grid.scores) if dataset.task == "clustering" else dataset.n_classes
    field = field_of(grid, dataset.task, n_classes, values) if view.probability else None
    threshold = HALF if dataset.task == "clustering" else view.threshold
    lines = boundary_lines(grid, n_classes, threshold) if wants_boundary else ()
    if wants_boundary and margin_levels and n_classes == 2:
        lines = (*_lines(grid, grid.lead, margin_levels, "margin"), *lines)
    if view.contours:
        lines = (*contour_lines(grid, dataset.task, n_classes, values), *lines)
    return field, lines


# -- colours -----------------------------------------------------------------------------------------------------------


def field_of(grid: Grid, task: Task, n_classes: int, value_range: tuple[float, float] = (-1.0, 1.0)) -> Field:
    """The coloured plane.

    Classification mixes the classes' colours by their probabilities; opacity grows with the confidence
    ``(p_max - 1/K) / (1 - 1/K)``, so that the boundary fades to the ground. Where the loss gives scores no
    probabilities, σ(2 s) or softmax(2 s) stands for them in the picture alone. Regression runs from `LOW_VALUE` to
    `HIGH_VALUE` over `value_range`, transparent in the middle. What is not a finite number is transparent.

    Parameters
    ----------
    grid : what the model says.
    task, n_classes : how to read it; 2 to 6 classes, 0 in regression.
    value_range : the values at the ends of the scale, in regression.
    """
    colours: NDArray[Any]
    if task == "regression":
        colours = _ramp(LOW_VALUE, HIGH_VALUE, mixed=False)[_table_rows(grid.scores[0], *value_range)]
    elif task == "clustering" or n_classes > 2:
        colours = _mixed_colours(grid.shares, MAX_OPACITY if task == "classification" else REGION_OPACITY)
    else:
        table = _ramp(CLASS_COLOURS[0], CLASS_COLOURS[1], mixed=True)
        if grid.in_single_precision:
            from engine.dense.grid import colours_of_two

            colours = colours_of_two(grid.scores, grid.gain, table)
        else:
            colours = table[_table_rows(grid.shares[1], 0.0, 1.0)]
    rgba = colours.view(np.uint8).reshape(grid.viewport.height, grid.viewport.width, 4)
    return Field(rgba, grid.viewport.x_range, grid.viewport.y_range)


def _table_rows(values: FloatArray, low: float, high: float) -> NDArray[np.intp]:
    """Where in a colour table each value is; the middle for what is not a number."""
    half = 0.5 * (_STEPS - 1)
    with np.errstate(over="ignore", invalid="ignore"):
        position = (values - 0.5 * (low + high)) * (2.0 * half / (high - low))
        position = np.nan_to_num(position, nan=0.0)
        rows: NDArray[np.intp] = np.clip(position + (half + 0.5), 0, _STEPS - 1).astype(np.intp)
    return rows


@lru_cache(maxsize=8)
def _ramp(low: tuple[int, int, int], high: tuple[int, int, int], *, mixed: bool) -> NDArray[np.uint32]:
    """A table of RGBA colours from `low` over transparent to `high`: the two mixed, or each pure on its side."""
    t = np.linspace(0.0, 1.0, _STEPS)[:, None]
    share = t if mixed else np.round(t)
    table = np.empty((_STEPS, 4), np.uint8)
    table[:, :3] = np.round((1 - share) * np.array(low) + share * np.array(high))
    table[:, 3] = np.round(255 * MAX_OPACITY * np.abs(2 * t[:, 0] - 1))
    return table.view(np.uint32)[:, 0]


def _mixed_colours(shares: NDArray[Any], opacity: float) -> NDArray[np.uint8]:
    """RGBA (n, 4) of three or more classes by their shares (K, n), the surest of them of `opacity`."""
    n_classes, n = shares.shape
    by_class = shares.astype(np.float32)
    if not np.isfinite(by_class).all():
        by_class = np.where(np.isfinite(by_class).all(axis=0), by_class, np.float32(1.0 / n_classes))
    best = by_class[0]
    for row in by_class[1:]:
        best = np.maximum(best, row)
    guess = 1.0 / n_classes if n_classes > 1 else 0.0
    confidence = (best - guess) * (255 * opacity / (1.0 - guess))
    rgba = np.empty((n, 4), np.uint8)
    for channel in range(3):  # Not a product of matrices: its threads wait for cores that the learner keeps busy.
        mixture = np.full(n, 0.5, np.float32)
        for index, row in enumerate(by_class):
            mixture += row * np.float32(CLASS_COLOURS[index % len(CLASS_COLOURS)][channel])
        rgba[:, channel] = mixture
    rgba[:, 3] = np.maximum(confidence, 0) + np.float32(0.5)
    return rgba


# -- lines -------------------------------------------------------------------------------------------------------------


def boundary_lines(grid: Grid, n_classes: int, threshold: float = HALF) -> tuple[Line, ...]:
    """Where the predicted class changes, to the edges of the viewport.

    That is the zero of the score differences or, for two classes with probabilities, where the second's is `threshold`.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        if n_classes > 2:
            return tuple(_boundaries_of_many(grid))
        if len(grid.scores) == 1 and n_classes == 1:  # a single cluster
            return ()
        if threshold == HALF or not grid.has_probabilities:
            return _lines(grid, grid.lead, (0.0,), "boundary")
        if not 0.0 < threshold < 1.0:
            return ()
        if grid.probabilities is not None:
            return _lines(grid, grid.probabilities[1], (threshold,), "boundary")
        return _lines(grid, grid.lead, (math.log(threshold / (1.0 - threshold)),), "boundary")


def _boundaries_of_many(grid: Grid) -> Iterator[Line]:
    """The rim of each class but the last, without what the rim of an earlier class has drawn already."""
    by_class = grid.scores
    best, second, highest, second_highest = _two_best(by_class)
    lower_of_two = grid.on_cells(np.minimum(best, second))
    for index in range(len(by_class) - 1):
        mine = best == index
        if not mine.any():
            continue
        others = np.where(mine, second_highest, highest)
        for line in _lines(grid, by_class[index] - others, (0.0,), "boundary"):
            for piece in _pieces(line.xy, _at(grid, lower_of_two, line.xy) >= index):
                yield Line(piece, "boundary")


def _two_best(by_class: FloatArray) -> tuple[NDArray[np.int8], NDArray[np.int8], FloatArray, FloatArray]:
    """The best and the second best row of each column of (K, n), and their values; five times faster than argmax."""
    highest = by_class[0]
    second_highest: FloatArray = np.full_like(highest, -np.inf)
    best, second = np.zeros(len(highest), np.int8), np.zeros(len(highest), np.int8)
    for index, row in enumerate(by_class[1:], 1):
        first, runner_up = row > highest, row > second_highest
        second = np.where(first, best, np.where(runner_up, np.int8(index), second))
        second_highest = np.where(first, highest, np.where(runner_up, row, second_highest))
        best, highest = np.where(first, np.int8(index), best), np.where(first, row, highest)
    return best, second, highest, second_highest


def _at(grid: Grid, cells: NDArray[Any], xy: FloatArray) -> NDArray[Any]:
    """The entries of `cells` (height, width) in which the points `xy` (n, 2) lie."""
    (left, right), (bottom, top) = grid.viewport.x_range, grid.viewport.y_range
    height, width = cells.shape
    column = np.clip((xy[:, 0] - left) / (right - left) * width, 0, width - 1).astype(np.intp)
    row = np.clip((xy[:, 1] - bottom) / (top - bottom) * height, 0, height - 1).astype(np.intp)
    return np.asarray(cells[row, column])


def _pieces(xy: FloatArray, wanted: NDArray[np.bool_]) -> Iterator[FloatArray]:
    """The stretches of a line whose points are wanted, each one point longer at both ends so that they join.

    A single wanted point is a rounded cell on a rim that is drawn already.
    """
    edges = np.flatnonzero(np.diff(wanted.astype(np.int8), prepend=0, append=0))
    for start, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if stop - start > 1:
            yield xy[max(0, start - 1) : stop + 1]


def contour_lines(
    grid: Grid, task: Task, n_classes: int, value_range: tuple[float, float] = (-1.0, 1.0)
) -> tuple[Line, ...]:
    """Lines of equal probability (of the second of two classes, or of the best of more) or of equal value.

    Values are drawn at round numbers within `value_range`; scores without probabilities are squashed as in `field_of`.
    """
    if task == "regression":
        return _lines(grid, grid.scores[0], round_levels(*value_range), "contour")
    if n_classes == 1:
        return ()
    if n_classes == 2:
        return _lines(grid, grid.shares[1], _PROBABILITY_LEVELS, "contour")
    best = grid.shares.max(axis=0)
    levels = tuple(level for level in (0.4, *_PROBABILITY_LEVELS[4:]) if level > 1.0 / n_classes)
    return _lines(grid, best, levels, "contour")


def round_levels(low: float, high: float) -> tuple[float, ...]:
    """About eight multiples of 1, 2 or 5 times a power of ten, strictly between `low` and `high`."""
    rough = (high - low) / _CONTOUR_COUNT
    if not (math.isfinite(rough) and rough > 0):
        return ()
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= 0.75 * rough)
    first, last = math.ceil(low / step), math.floor(high / step)
    levels = (float(f"{k * step:.12g}") for k in range(first, last + 1))
    return tuple(level for level in levels if low < level < high)


def _lines(grid: Grid, values: FloatArray, levels: tuple[float, ...], role: LineRole) -> tuple[Line, ...]:
    """The lines along which `values` (n,) of the cells are at one of the levels, to the edges of the viewport."""
    viewport = grid.viewport
    if min(viewport.width, viewport.height) < 2:
        return ()
    padded = _to_the_edges(grid.on_cells(values))
    finite = bool(np.isfinite(padded).all())
    if finite and (padded.min() > max(levels, default=0.0) or padded.max() < min(levels, default=0.0)):
        return ()
    from contourpy import LineType, contour_generator

    x, y = _places_to_the_edges(viewport)
    generator = contour_generator(
        x=x,
        y=y,
        z=padded if finite else np.ma.masked_invalid(padded),
        name="serial",
        line_type=LineType.Separate,
    )
    return tuple(
        Line(np.asarray(xy), role, level if role == "contour" else None)
        for level in levels
        for xy in generator.lines(level)
        if len(xy) > 1
    )


def _to_the_edges(z: NDArray[Any]) -> FloatArray:
    """Values (h, w) at cell centres, carried on in a straight line for half a cell on each side: (h + 2, w + 2)."""
    height, width = z.shape
    wide: FloatArray = np.empty((height + 2, width + 2))  # Filled in place: fresh memory costs more than the numbers.
    wide[1:-1, 1:-1] = z
    with np.errstate(over="ignore", invalid="ignore"):
        wide[0], wide[-1] = 1.5 * wide[1] - 0.5 * wide[2], 1.5 * wide[-2] - 0.5 * wide[-3]
        wide[:, 0], wide[:, -1] = 1.5 * wide[:, 1] - 0.5 * wide[:, 2], 1.5 * wide[:, -2] - 0.5 * wide[:, -3]
    return wide


@lru_cache(maxsize=4)
def _places_to_the_edges(viewport: Viewport) -> tuple[FloatArray, FloatArray]:
    """The inputs (h + 2, w + 2) each of what `_to_the_edges` gives; read-only."""
    x, y = (
        np.concatenate([limits[:1], _centres(limits, count), limits[1:]])
        for limits, count in ((viewport.x_range, viewport.width), (viewport.y_range, viewport.height))
    )
    places = np.meshgrid(x, y)
    for place in places:
        place.setflags(write=False)
    return places[0], places[1]


def curve_line(predict: Predict, x_range: tuple[float, float], n: int = 512) -> Line:
    """The fitted line of a regression in one input: n points from edge to edge, without those not finite."""
    x = np.linspace(*x_range, n)
    values = predict(x[:, None].astype(np.float32)).values
    assert values is not None
    xy = np.stack([x, np.asarray(values, np.float64)], axis=1)
    return Line(xy[np.isfinite(xy[:, 1])], "curve")
