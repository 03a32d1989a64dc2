"""Ranges fit, pixels and plot units agree, ticks are round, hits are hit."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.dataset import Dataset, Points
from widgets.stage_geometry import (
    Mapping,
    Range,
    fitted_range,
    nearest_row,
    number,
    rows_inside,
    rows_near,
    ticks,
    zoomed,
)

MAPPING = Mapping((-1.0, 3.0), (0.0, 2.0), left=40, top=10, width=400, height=200)
finite = st.floats(-1e6, 1e6, allow_nan=False, width=32)


def dataset_of(X: list[list[float]], y: list[float] | None = None) -> Dataset:
    array = np.array(X, np.float32).reshape(len(X), -1 if X else 2)
    task = "regression" if array.shape[1] == 1 else "classification"
    targets = np.zeros(len(X), np.float32) if y is None else np.array(y, np.float32)
    return Dataset(Points(array, targets), task, np.zeros(len(X), np.int8), ("A", "B"))  # type: ignore[arg-type]


def test_no_points_are_shown_on_the_default_range() -> None:
    assert fitted_range(dataset_of([])) == ((-1.2, 1.2), (-1.2, 1.2))


def test_a_range_fits_the_points_with_a_margin_of_12_percent() -> None:
    x_range, y_range = fitted_range(dataset_of([[0, -5], [10, 5]]))
    assert x_range == pytest.approx((-1.2, 11.2))
    assert y_range == pytest.approx((-6.2, 6.2))


def test_with_one_input_the_height_is_the_target() -> None:
    x_range, y_range = fitted_range(dataset_of([[0], [1]], [100, 200]))
    assert x_range == pytest.approx((-0.12, 1.12))
    assert y_range == pytest.approx((88, 212))


def test_one_point_is_shown_within_pleasant_ranges() -> None:
    assert fitted_range(dataset_of([[0.5, -0.5]])) == ((-1.2, 1.2), (-1.2, 1.2))
    (low, high), _ = fitted_range(dataset_of([[1000, 0]]))
    assert (low, high) == pytest.approx((800, 1200))


@given(st.lists(st.tuples(finite, finite), min_size=1, max_size=20))
def test_a_fitted_range_holds_every_point_and_is_never_empty(points: list[tuple[float, float]]) -> None:
    dataset = dataset_of([list(point) for point in points])
    for column, (low, high) in enumerate(fitted_range(dataset)):
        assert low < float(dataset.X[:, column].min())
        assert dataset.X[:, column].max() < high
        assert high - low > 1e-6 * max(abs(low), abs(high))


def test_y_grows_upwards_in_the_plot_and_downwards_in_pixels() -> None:
    corners = MAPPING.to_pixels(np.array([[-1.0, 0.0], [3.0, 2.0]]))
    assert corners.tolist() == [[40, 210], [440, 10]]


@given(st.floats(-50, 50), st.floats(-50, 50))
def test_to_pixels_and_back_is_where_one_was(x: float, y: float) -> None:
    there = MAPPING.to_pixels(np.array([x, y]))
    assert MAPPING.to_plot(there) == pytest.approx([x, y], abs=1e-9)


def test_decimals_tell_one_pixel_from_the_next() -> None:
    assert MAPPING.decimals == (2, 2)
    assert Mapping((0, 1e6), (0, 1e-4), 0, 0, 100, 100).decimals == (0, 6)


@given(st.floats(-1e9, 1e9), st.floats(1e-3, 1e9), st.floats(0.0, 1.0), st.floats(0.01, 100))
def test_zooming_keeps_what_is_under_the_pointer(low: float, width: float, share: float, factor: float) -> None:
    span = (low, low + width)
    about = low + share * width
    new_low, new_high = zoomed(span, about, factor)
    if (new_low, new_high) != span:
        assert new_high - new_low == pytest.approx(width * factor, rel=1e-3)
        where = (about - new_low) / (new_high - new_low)
        assert where == pytest.approx(share, abs=1e-3)


def test_zooming_ends_where_coordinates_have_no_more_digits() -> None:
    span: Range = (999.0, 1001.0)
    for _ in range(200):
        span = zoomed(span, 1000.0, 0.5)
    assert 0.005 < span[1] - span[0] < 0.05
    for _ in range(400):
        span = zoomed(span, 1000.0, 2.0)
    assert math.isfinite(span[1] - span[0])


@pytest.mark.parametrize(
    ("span", "texts"),
    [
        ((-1.2, 1.2), ["−1.0", "−0.5", "0.0", "0.5", "1.0"]),
        ((0.0, 50.0), ["0", "10", "20", "30", "40", "50"]),
        ((0.12, 0.19), ["0.12", "0.14", "0.16", "0.18"]),
        ((0.0, 4e6), ["0", "1e6", "2e6", "3e6", "4e6"]),
        ((0.0, 4e-6), ["0", "1e−6", "2e−6", "3e−6", "4e−6"]),
    ],
)
def test_ticks_are_round_numbers(span: Range, texts: list[str]) -> None:
    assert [tick.text for tick in ticks(span, 5)] == texts


@given(st.floats(-1e12, 1e12), st.floats(1e-4, 1e12), st.integers(2, 12))
@example(-400000000902.0, 400000000401.0, 2)
def test_ticks_are_within_their_range_and_told_apart(low: float, width: float, about: int) -> None:
    if width < 1e-5 * abs(low):
        return
    marks = ticks((low, low + width), about)
    assert 1 <= len(marks) <= about + 1
    assert all(low - 1e-6 * width <= mark.value <= low + width * (1 + 1e-6) for mark in marks)
    assert len({mark.text for mark in marks}) == len(marks)


def test_numbers_have_a_true_minus_and_no_negative_zero() -> None:
    assert number(-0.31, 2) == "−0.31"
    assert number(-0.001, 2) == "0.00"
    assert number(1.5e9, 2) == "1.50e9"


def test_the_nearest_of_two_is_taken_and_the_upper_of_equals() -> None:
    pixels = np.array([[0.0, 0.0], [10.0, 0.0], [10.0, 0.0]])
    assert nearest_row(pixels, np.array([2.0, 0.0]), 5) == 0
    assert nearest_row(pixels, np.array([9.0, 0.0]), 5) == 2
    assert nearest_row(pixels, np.array([100.0, 0.0]), 5) is None
    assert nearest_row(np.empty((0, 2)), np.zeros(2), 5) is None


def test_a_brush_reaches_everything_along_its_path() -> None:
    pixels = np.array([[0.0, 4.0], [50.0, 4.0], [100.0, 6.0], [105.0, 0.0], [112.0, 0.0]])
    path = np.array([[0.0, 0.0], [100.0, 0.0]])
    assert rows_near(pixels, path, 5.0).tolist() == [0, 1, 3]
    assert rows_near(pixels, path[:1], 5.0).tolist() == [0]


@given(st.integers(3, 9), st.integers(0, 2**32 - 1))
def test_inside_a_convex_polygon_means_on_the_inner_side_of_every_edge(corners: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    angles = 2 * np.pi * np.arange(corners) / corners + rng.uniform(0, 0.1)
    polygon = 40 * np.column_stack([np.cos(angles), np.sin(angles)])
    pixels = rng.uniform(-60, 60, (200, 2))
    edges = np.roll(polygon, -1, axis=0) - polygon
    offsets = pixels[:, None, :] - polygon
    sides = edges[None, :, 0] * offsets[..., 1] - edges[None, :, 1] * offsets[..., 0]
    assert rows_inside(pixels, polygon).tolist() == np.flatnonzero((sides > 0).all(axis=1)).tolist()


def test_a_notch_of_a_lasso_is_outside() -> None:
    polygon = np.array([[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [5.0, 2.0], [0.0, 10.0]])
    assert rows_inside(np.array([[5.0, 1.0], [5.0, 8.0], [1.0, 5.0]]), polygon).tolist() == [0, 2]
