"""The plane of the stage: ranges that fit, plot units to pixels and back, ticks of round numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.dataset import Dataset, FloatArray

Floats = NDArray[np.float64]
Range = tuple[float, float]
Columns = tuple[NDArray[np.float32], NDArray[np.float32]]

DEFAULT_RANGE: Range = (-1.2, 1.2)
_MARGIN = 0.12
_LEAST_RELATIVE_SPAN = 1e-5
"""Of the distance to zero: float32 coordinates carry seven digits, so closer in there is nothing more to see."""
_LEAST_SPAN, _GREATEST_SPAN = 1e-30, 1e30


def stage_columns(dataset: Dataset) -> Columns:
    """Where each point stands on the stage, across (n,) and up (n,): its two inputs, or its one and its target."""
    second = dataset.y if dataset.n_inputs == 1 else dataset.X[:, 1]
    return np.ascontiguousarray(dataset.X[:, 0], np.float32), np.ascontiguousarray(second, np.float32)


def fitted_range(dataset: Dataset) -> tuple[Range, Range]:
    """The part of the plane that shows every point with a margin of 12 %.

    Without points it is [-1.2, 1.2] both ways. Where all points share a coordinate, that axis keeps the same span
    around it, or more if the number is large.

    Returns
    -------
    (x_range, y_range), each from a smaller to a larger number, in the units of the plot.
    """
    if len(dataset.points) == 0:
        return DEFAULT_RANGE, DEFAULT_RANGE
    x_range, y_range = (_with_margin(float(each.min()), float(each.max())) for each in stage_columns(dataset))
    return x_range, y_range


def _with_margin(low: float, high: float) -> Range:
    if high - low > max(_LEAST_SPAN, _LEAST_RELATIVE_SPAN * max(abs(low), abs(high))):
        margin = _MARGIN * (high - low)
        return low - margin, high + margin
    if DEFAULT_RANGE[0] < low and high < DEFAULT_RANGE[1]:
        return DEFAULT_RANGE
    half = max(DEFAULT_RANGE[1], 0.2 * abs(low))
    return low - half, high + half


def with_aspect(x_range: Range, y_range: Range, aspect: float) -> tuple[Range, Range]:
    """The smallest ranges around both in which a unit is equally long along both axes.

    Parameters
    ----------
    x_range, y_range : what must stay in view.
    aspect : the width of the plot divided by its height, in pixels.
    """
    width, height = x_range[1] - x_range[0], y_range[1] - y_range[0]
    if width < aspect * height:
        return zoomed(x_range, (x_range[0] + x_range[1]) / 2, aspect * height / width), y_range
    return x_range, zoomed(y_range, (y_range[0] + y_range[1]) / 2, width / aspect / height)


def zoomed(span: Range, about: float, factor: float) -> Range:
    """`span` made `factor` times as wide with `about` staying where it is; unchanged where numbers end."""
    low, high = (about + (end - about) * factor for end in span)
    width = high - low
    least = max(_LEAST_SPAN, _LEAST_RELATIVE_SPAN * max(abs(low), abs(high)))
    if not (math.isfinite(width) and least <= width <= _GREATEST_SPAN):
        return span
    return low, high


@dataclass(frozen=True)
class Mapping:
    """From the units of the plot to device-independent pixels of the stage, and back.

    Parameters
    ----------
    x_range, y_range : what is in view, in the units of the plot.
    left, top, width, height : where it is in view, in pixels; y grows upwards in the plot, downwards in pixels.
    """

    x_range: Range
    y_range: Range
    left: float
    top: float
    width: float
    height: float

    @property
    def scale(self) -> Floats:
        """Pixels a unit, (2,); negative for y."""
        x_span, y_span = self.x_range[1] - self.x_range[0], self.y_range[1] - self.y_range[0]
        return np.array([self.width / x_span, -self.height / y_span])

    def to_pixels(self, xy: FloatArray) -> Floats:
        """Plot coordinates (n, 2) or (2,) in pixels."""
        return (np.asarray(xy, np.float64) - self._origin) * self.scale + (self.left, self.top + self.height)

    def to_plot(self, pixels: FloatArray) -> Floats:
        """Pixels (n, 2) or (2,) in plot coordinates."""
        return (np.asarray(pixels, np.float64) - (self.left, self.top + self.height)) / self.scale + self._origin

    def contains(self, pixel: Floats) -> bool:
        """Whether a pixel (2,) lies in the plot."""
        x, y = float(pixel[0]), float(pixel[1])
        return self.left <= x <= self.left + self.width and self.top <= y <= self.top + self.height

    def clamped(self, pixel: Floats) -> Floats:
        """The pixel of the plot that is nearest to `pixel` (2,)."""
        low, high = (self.left, self.top), (self.left + self.width, self.top + self.height)
        return np.clip(np.asarray(pixel, np.float64), low, high)

    @property
    def decimals(self) -> tuple[int, int]:
        """How many decimals tell one pixel from the next, for x and for y."""
        steps = np.abs(1.0 / self.scale)
        return tuple(int(np.clip(math.floor(-math.log10(step)), 0, 9)) for step in steps)  # type: ignore[return-value]

    @property
    def _origin(self) -> Floats:
        return np.array([self.x_range[0], self.y_range[0]])


def number(value: float, decimals: int) -> str:
    """A number as a person writes it: a true minus, no minus before zero, powers of ten where it is long."""
    if value != 0 and not 1e-6 <= abs(value) < 1e7:
        return _power_of_ten(value, 2)
    text = f"{value:.{decimals}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    return text.replace("-", "−")


@dataclass(frozen=True)
class Tick:
    """A round number on an axis."""

    value: float
    text: str


def ticks(span: Range, about: int) -> tuple[Tick, ...]:
    """Round numbers (1, 2 or 5 times a power of ten apart) within `span`, some `about` of them.

    >>> [tick.text for tick in ticks((-1.2, 1.2), 5)]
    ['−1.0', '−0.5', '0.0', '0.5', '1.0']
    """
    step = _round_step((span[1] - span[0]) / max(1, about))
    first, last = math.ceil(span[0] / step - 1e-9), math.floor(span[1] / step + 1e-9)
    if last < first:  # the span lies between two of them
        return ticks(span, about + 1)
    largest = max(abs(span[0]), abs(span[1]))
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    values = [index * step for index in range(first, last + 1)]
    if 1e-4 <= largest < 1e6 and decimals <= 9:
        return tuple(Tick(value, number(value, decimals)) for value in values)
    digits = max(0, math.floor(math.log10(largest) + 1e-9) - math.floor(math.log10(step) + 1e-9))
    return tuple(Tick(value, _power_of_ten(value, digits)) for value in values)


def _round_step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return power * next(round_one for round_one in (1, 2, 5, 10) if round_one * power >= rough * (1 - 1e-9))


def _power_of_ten(value: float, digits: int) -> str:
    if value == 0:
        return "0"
    mantissa, exponent = f"{value:.{digits}e}".split("e")
    return f"{mantissa}e{int(exponent)}".replace("-", "−")


def rows_near(pixels: Floats, path: Floats, reach: float) -> NDArray[np.intp]:
    """Which of `pixels` (n, 2) lie within `reach` of the polyline `path` (m, 2), m at least 1; in order."""
    near = np.zeros(len(pixels), bool)
    for start, end in zip(path[: max(1, len(path) - 1)], path[1:] if len(path) > 1 else path, strict=True):
        along = end - start
        length2 = float(along @ along)
        offset = pixels - start
        t = np.clip(offset @ along / length2, 0.0, 1.0) if length2 > 0 else np.zeros(len(pixels))
        near |= ((offset - t[:, None] * along) ** 2).sum(axis=1) <= reach * reach
    return np.flatnonzero(near)


def nearest_row(pixels: Floats, to: Floats, reach: float) -> int | None:
    """The row of `pixels` (n, 2) nearest to `to` (2,), the later of two; None where none is within `reach`."""
    if len(pixels) == 0:
        return None
    distance2 = ((pixels - to) ** 2).sum(axis=1)
    row = len(distance2) - 1 - int(np.argmin(distance2[::-1]))
    return row if distance2[row] <= reach * reach else None


def rows_inside(pixels: Floats, polygon: Floats) -> NDArray[np.intp]:
    """Which of `pixels` (n, 2) lie within the closed `polygon` (m, 2), by the even-odd rule; in order.

    References
    ----------
    Shimrat (1962). Algorithm 112: position of point relative to polygon. CACM 5(8).
    """
    low, high = polygon.min(axis=0), polygon.max(axis=0)
    candidates = np.flatnonzero(((pixels >= low) & (pixels <= high)).all(axis=1))
    x, y = pixels[candidates].T
    inside = np.zeros(len(candidates), bool)
    for (x1, y1), (x2, y2) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        if y1 == y2:
            continue
        crosses = (y1 > y) != (y2 > y)
        inside ^= crosses & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    return candidates[inside]
