"""Axes put numbers where they belong and mark round ones."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from widgets.axes import Axis, linear_ticks, log_ticks, number_text, padded_range, tick_text


def texts(axis: Axis, count: int) -> list[str]:
    return [tick.text for tick in axis.ticks(count)]


def test_a_linear_axis_is_a_straight_line() -> None:
    axis = Axis(-1, 3, 100, 500)
    assert axis.places([-1, 0, 1, 3]).tolist() == [100, 200, 300, 500]
    assert axis.value_at(300) == 1


def test_a_logarithmic_axis_gives_every_decade_the_same_length() -> None:
    axis = Axis(0.01, 100, 400, 0, log=True)
    assert axis.places([0.01, 0.1, 1, 10, 100]).tolist() == pytest.approx([400, 300, 200, 100, 0])
    assert axis.value_at(200) == pytest.approx(1)


def test_what_has_no_logarithm_is_far_below_the_axis_and_unknown_numbers_stay_unknown() -> None:
    axis = Axis(0.01, 1, 200, 0, log=True)
    places = axis.places([0, -3, math.inf, math.nan])
    assert places[0] > 10_000
    assert places[1] > 10_000
    assert places[2] < -10_000
    assert math.isnan(places[3])


@pytest.mark.parametrize(
    ("low", "high", "count", "expected"),
    [
        (0.008, 1.3, 6, ["0.01", "0.03", "0.1", "0.3", "1"]),
        (1e-9, 3, 4, ["10⁻⁹", "10⁻⁶", "10⁻³", "1"]),
        (0.61, 0.64, 5, ["0.61", "0.62", "0.63", "0.64"]),
        (0.019, 0.21, 4, ["0.02", "0.05", "0.1", "0.2"]),
        (1, 2e6, 8, ["1", "10", "100", "1,000", "10,000", "100,000", "1,000,000"]),
    ],
)
def test_logarithmic_ticks(low: float, high: float, count: int, expected: list[str]) -> None:
    assert texts(Axis(low, high, 0, 1, log=True), count) == expected


@pytest.mark.parametrize(
    ("low", "high", "count", "expected"),
    [
        (0, 1, 6, ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (-3, 2.2, 5, ["−2", "0", "2"]),
        (99_990, 100_000, 6, ["99,990", "99,992", "99,994", "99,996", "99,998", "100,000"]),
        (0, 2e-8, 5, ["0", "5·10⁻⁹", "10⁻⁸", "1.5·10⁻⁸", "2·10⁻⁸"]),
    ],
)
def test_linear_ticks(low: float, high: float, count: int, expected: list[str]) -> None:
    assert texts(Axis(low, high, 0, 1), count) == expected


def test_an_axis_has_two_ticks_even_where_it_has_room_for_few() -> None:
    assert texts(Axis(0, 499, 0, 1), 2) == ["0", "200", "400"]


def test_an_axis_of_counts_has_ticks_at_whole_numbers_only() -> None:
    assert [tick.text for tick in Axis(0, 3, 0, 1).ticks(8, whole=True)] == ["0", "1", "2", "3"]


finite = st.floats(-1e9, 1e9)


@given(finite, st.floats(1e-6, 1e9), st.integers(2, 12))
def test_ticks_lie_on_the_axis_and_are_not_too_many(low: float, length: float, count: int) -> None:
    high = low + max(length, abs(low) * 1e-6)
    values = linear_ticks(low, high, count)
    slack = (high - low) * 1e-6
    assert len(values) <= count
    assert all(low - slack <= value <= high + slack for value in values)
    assert len(set(values)) == len(values)


@given(st.floats(1e-12, 1e9), st.floats(1.5, 1e12), st.integers(3, 12))
def test_logarithmic_ticks_lie_on_the_axis_and_are_not_too_many(low: float, ratio: float, count: int) -> None:
    values = log_ticks(low, low * ratio, count)
    assert len(values) <= count + 1
    assert all(low * (1 - 1e-6) <= value <= low * ratio * (1 + 1e-6) for value in values)


@given(finite, st.floats(0.01, 1e6), st.floats(0.1, 10), st.floats(0, 400))
def test_zooming_leaves_the_number_under_the_pointer_where_it_is(
    low: float, length: float, factor: float, place: float
) -> None:
    axis = Axis(low, low + length + abs(low) * 1e-3, 0, 400)
    zoomed = Axis(*axis.zoomed(factor, place), 0, 400)
    assert zoomed.place(axis.value_at(place)) == pytest.approx(place, abs=1e-3)


def test_panning_moves_the_numbers_with_the_pointer() -> None:
    axis = Axis(1, 1000, 0, 300, log=True)
    moved = Axis(*axis.panned(50), 0, 300, log=True)
    assert moved.place(10) == pytest.approx(axis.place(10) + 50)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.031249, "0.0312"), (0.9996, "1.000"), (12.345, "12.3"), (2048.4, "2,048"), (1.5e-7, "1.50·10⁻⁷"),
     (-0.5, "−0.500"), (0.0, "0"), (math.inf, "∞"), (math.nan, "–"), (3.2e8, "3.20·10⁸")],
)  # fmt: skip
def test_measured_numbers_have_three_significant_digits(value: float, expected: str) -> None:
    assert number_text(value) == expected


def test_ticks_share_the_decimals_that_their_step_needs() -> None:
    assert [tick_text(value, 0.25) for value in (0.25, 0.5, 1)] == ["0.25", "0.50", "1.00"]


def test_a_padded_range_holds_all_numbers_and_never_is_empty() -> None:
    assert padded_range(np.array([2.0, 2.0]), log=False) == (1.8, 2.2)
    low, high = padded_range(np.array([0.0, -1.0, 0.5, math.inf, math.nan]), log=True)
    assert 0 < low < 0.5 < high
    assert padded_range(np.array([math.nan]), log=False) == (0.0, 1.0)


def test_an_axis_that_runs_backwards_or_holds_no_logarithm_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot run from 1 to 1"):
        Axis(1, 1, 0, 10)
    with pytest.raises(ValueError, match="cannot run from 0 to 1"):
        Axis(0, 1, 0, 10, log=True)
