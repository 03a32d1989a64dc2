"""Axes: which part of the numbers is shown, where a number falls, and ticks at round values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_FAR = 1e6
"""How many axis lengths beyond its end a number is drawn at most; Qt's painters overflow at about 1e9."""


@dataclass(frozen=True)
class Tick:
    """A round value and how it is written."""

    value: float
    text: str


@dataclass(frozen=True)
class Axis:
    """A range of numbers laid along a line on the screen.

    Parameters
    ----------
    low, high : the ends of the range, `low` the smaller; both above 0 on a logarithmic axis.
    start, end : where `low` and `high` are drawn; `end` is the smaller for a vertical axis.
    log : whether equal distances are equal ratios.
    """

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __post_init__(self) -> None:
        if not self.low < self.high or (self.log and self.low <= 0):
            raise ValueError(f"an axis cannot run from {self.low:g} to {self.high:g}")

    def places(self, values: ArrayLike) -> NDArray[np.float64]:
        """Where numbers are drawn; not a number stays so, and what no logarithm exists of is far below the axis."""
        numbers = np.asarray(values, np.float64)
        low, high = self._scaled(self.low), self._scaled(self.high)
        with np.errstate(divide="ignore", invalid="ignore"):
            scaled = np.log10(np.where(numbers < 0, 0, numbers)) if self.log else numbers
            share = np.clip((scaled - low) / (high - low), -_FAR, _FAR)
        return np.asarray(self.start + share * (self.end - self.start))

    def place(self, value: float) -> float:
        """Where one number is drawn."""
        return float(self.places(value))

    def value_at(self, place: float) -> float:
        """The number that is drawn at `place`."""
        low, high = self._scaled(self.low), self._scaled(self.high)
        scaled = low + (place - self.start) / (self.end - self.start) * (high - low)
        return float(10.0 ** min(max(scaled, -300), 300)) if self.log else float(scaled)

    def zoomed(self, factor: float, place: float) -> tuple[float, float]:
        """The range that is `factor` as long and keeps the number at `place` where it is."""
        return (
            self.value_at(place + (self.start - place) * factor),
            self.value_at(place + (self.end - place) * factor),
        )

    def panned(self, distance: float) -> tuple[float, float]:
        """The range after the picture is dragged by `distance`."""
        return self.value_at(self.start - distance), self.value_at(self.end - distance)

    def ticks(self, count: int, *, whole: bool = False) -> tuple[Tick, ...]:
        """About `count` round values, at least two if there are, only whole numbers if `whole`."""
        values = log_ticks(self.low, self.high, count) if self.log else ()
        if len(values) >= 2:
            powers = any(_needs_power(value) for value in values)  # one way to write them on one axis
            return tuple(Tick(value, tick_text(value, powers=powers and value != 1)) for value in values)
        # Here, too, where a logarithmic axis shows less than a decade.
        for wished in (count, count + 1, count + 2):
            values = linear_ticks(self.low, self.high, wished)
            if whole:
                values = tuple(value for value in values if value == round(value))
            if len(values) >= 2:
                break
        step = values[1] - values[0] if len(values) > 1 else None
        return tuple(Tick(value, tick_text(value, step)) for value in values)

    def _scaled(self, value: float) -> float:
        return math.log10(value) if self.log else value


@dataclass(frozen=True)
class NamedAxis(Axis):
    """An axis on which names stand, at 0, 1, 2, …"""

    names: tuple[str, ...] = ()
    most: int = 0
    """How many there is room for; 0 leaves that to whoever asks."""

    def ticks(self, count: int, *, whole: bool = False) -> tuple[Tick, ...]:
        """Every name, or every second, third, … where they are many."""
        every = max(1, -(-len(self.names) // max(1, self.most or count)))
        return tuple(Tick(index, name) for index, name in enumerate(self.names) if index % every == 0)


def linear_ticks(low: float, high: float, count: int) -> tuple[float, ...]:
    """Multiples of 1, 2 or 5 times a power of ten from `low` to `high`, at most `count` of them.

    >>> linear_ticks(0, 1, 6)
    (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    """
    rough = (high - low) / max(1, count - 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    return tuple(round(index * step, decimals) + 0.0 for index in range(first, last + 1))


def log_ticks(low: float, high: float, count: int) -> tuple[float, ...]:
    """Round values from `low` to `high`, evenly spread over the decades.

    >>> log_ticks(0.01, 1, 6)
    (0.01, 0.03, 0.1, 0.3, 1.0)
    """
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    room = math.log10(high / low) / max(1, count)
    for factors, closest in (((1, 2, 3, 5), 1.5), ((1, 2, 5), 2), ((1, 3), 3), ((1,), 10)):
        # The steps are not all alike: it is the smallest that must have room.
        if math.log10(closest) >= room:
            return _within(low, high, [f * _power(k) if k >= 0 else f / _power(-k)
                                       for k in range(first, last + 1) for f in factors])  # fmt: skip
    decades = _within(low, high, [_power(k) for k in range(first, last + 1)])
    every = math.ceil(len(decades) / max(1, count))
    return tuple(value for value in decades if round(math.log10(value)) % every == 0)


def _power(exponent: int) -> float:
    return 10.0**exponent


def _within(low: float, high: float, values: list[float]) -> tuple[float, ...]:
    return tuple(value for value in values if low * (1 - 1e-9) <= value <= high * (1 + 1e-9))


def tick_text(value: float, step: float | None = None, *, powers: bool = False) -> str:
    """A tick's number: plain up to a million, else, or for `powers`, with a power of ten; the decimals `step` needs.

    >>> tick_text(0.03), tick_text(20000), tick_text(3e-7), tick_text(0.5, 0.25)
    ('0.03', '20,000', '3·10⁻⁷', '0.50')
    """
    if value == 0:
        return "0"
    if powers or _needs_power(value):
        exponent = math.floor(math.log10(abs(value)) + 1e-9)
        mantissa = f"{value / 10.0**exponent:.3g}".replace("-", "−")
        power = "10" + str(exponent).translate(_SUPERSCRIPTS)
        return power if mantissa == "1" else "−" + power if mantissa == "−1" else f"{mantissa}·{power}"
    if step is None:
        text = f"{value:,.10f}".rstrip("0").rstrip(".")
    else:
        decimals = next((d for d in range(10) if math.isclose(round(step, d), step, rel_tol=1e-6)), 10)
        text = f"{value:,.{decimals}f}"
    return text.replace("-", "−")


def _needs_power(value: float) -> bool:
    return value != 0 and not 1e-4 <= abs(value) < 1e7


def number_text(value: float) -> str:
    """A measured number with three significant digits or, between 100 and a million, as a whole number.

    >>> number_text(0.031249), number_text(1.5e-7), number_text(2048.3), number_text(float("inf"))
    ('0.0312', '1.50·10⁻⁷', '2,048', '∞')
    """
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    size = abs(value)
    if size == 0:
        return "0"
    if 1e-4 <= size < 1e6:
        digits = max(0, 2 - math.floor(math.log10(size)))
        return f"{value:,.{digits}f}".replace("-", "−")
    mantissa, exponent = f"{value:.2e}".split("e")
    return f"{mantissa}·10{str(int(exponent)).translate(_SUPERSCRIPTS)}".replace("-", "−")


def padded_range(values: NDArray[Any], *, log: bool, share: float = 0.06) -> tuple[float, float]:
    """The range of the finite numbers (above 0 if `log`) and a little more, never empty.

    Without such numbers it is a range that suits an empty axis.
    """
    shown = values[np.isfinite(values)]
    shown = shown[shown > 0] if log else shown
    if shown.size == 0:
        return (0.01, 1.0) if log else (0.0, 1.0)
    low, high = float(shown.min()), float(shown.max())
    if log:
        margin = max(share * math.log10(high / low), 0.1)
        return max(low * 10**-margin, 1e-300), min(high * 10**margin, 1e300)
    margin = share * (high - low)
    if margin <= 1e-9 * max(abs(low), abs(high)):
        margin = 0.1 * max(abs(low), abs(high)) or 0.5
    return low - margin, high + margin


def within(span: tuple[float, float], everything: tuple[float, float], *, log: bool) -> tuple[float, float]:
    """`span` moved, not shortened, to where there is something to see."""
    low, high = span
    if high - low >= everything[1] - everything[0] or log:
        return max(low, everything[0]), min(high, everything[1])
    shift = max(0.0, everything[0] - low) - max(0.0, high - everything[1])
    return low + shift, high + shift
