"""Metrics against scikit-learn and their intervals against the bootstrap."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, mean_absolute_error, mean_squared_error, r2_score

from engine.learner import Prediction
from engine.metric_names import METRICS, estimate_text, number_of_digits
from engine.metrics import accuracy, mae, mean_with_interval, mse, r2, rmse, score_of, split_metrics
from engine.snapshot import Estimate

RNG = np.random.default_rng(1)
Y = RNG.normal(size=400)
VALUES = Y + RNG.normal(scale=0.5, size=400) + 0.1


def _regression(values: np.ndarray) -> Prediction:
    return Prediction(scores=values[:, None], values=values)


def _bootstrap_half_width(
    metric: Callable[[np.ndarray, np.ndarray], float], values: np.ndarray, y: np.ndarray
) -> float:
    rows = np.random.default_rng(2).integers(0, len(y), (4000, len(y)))
    return 1.96 * float(np.std([metric(y[r], values[r]) for r in rows]))


def test_values_agree_with_scikit_learn() -> None:
    assert mse(VALUES, Y).value == pytest.approx(mean_squared_error(Y, VALUES), rel=1e-12)
    assert rmse(VALUES, Y).value == pytest.approx(mean_squared_error(Y, VALUES) ** 0.5, rel=1e-12)
    assert mae(VALUES, Y).value == pytest.approx(mean_absolute_error(Y, VALUES), rel=1e-12)
    explained = r2(VALUES, Y)
    assert explained is not None
    assert explained.value == pytest.approx(r2_score(Y, VALUES), rel=1e-12)
    labels, y = RNG.integers(0, 3, 100), RNG.integers(0, 3, 100)
    assert accuracy(labels, y).value == accuracy_score(y, labels)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (mse, mean_squared_error),
        (rmse, lambda y, v: mean_squared_error(y, v) ** 0.5),
        (mae, mean_absolute_error),
        (r2, r2_score),
    ],
    ids=["mse", "rmse", "mae", "r2"],
)
def test_half_widths_agree_with_the_bootstrap(
    ours: Callable[[np.ndarray, np.ndarray], Estimate], theirs: Callable[[np.ndarray, np.ndarray], float]
) -> None:
    assert ours(VALUES, Y).half_width == pytest.approx(_bootstrap_half_width(theirs, VALUES, Y), rel=0.06)


def test_the_interval_of_a_mean_is_1_96_standard_errors() -> None:
    estimate = mean_with_interval(np.array([1.0, 2.0, 3.0, 6.0]))
    assert estimate.value == 3.0
    assert estimate.half_width == pytest.approx(1.96 * np.sqrt(14 / 3) / 2)


def test_the_interval_of_an_accuracy_has_its_closed_form() -> None:
    labels = np.array([0] * 90 + [1] * 10)
    estimate = accuracy(labels, np.zeros(100))
    assert estimate.value == 0.9
    assert estimate.half_width == pytest.approx(1.96 * 0.03)


def test_the_95_percent_interval_covers_the_truth_about_that_often() -> None:
    rng = np.random.default_rng(3)
    covered = 0
    for _ in range(1000):
        estimate = accuracy((rng.random(200) < 0.8).astype(int), np.ones(200))
        covered += abs(estimate.value - 0.8) <= (estimate.half_width or 0.0)
    assert 0.92 < covered / 1000 < 0.98


def test_one_point_has_no_interval() -> None:
    assert mean_with_interval(np.array([2.0])) == Estimate(2.0)
    metrics = split_metrics("regression", np.array([4.0]), _regression(np.array([3.0])), np.array([1.0]))
    assert metrics == {"loss": Estimate(4.0), "rmse": Estimate(2.0), "mae": Estimate(2.0)}


def test_r2_is_left_out_where_the_targets_do_not_vary() -> None:
    metrics = split_metrics("regression", np.zeros(3), _regression(np.zeros(3)), np.full(3, 7.0))
    assert "r2" not in metrics
    assert metrics["rmse"].value == 7.0


def test_a_perfect_fit_has_no_spread() -> None:
    assert rmse(Y, Y) == Estimate(0.0, 0.0)
    assert r2(Y, Y) == Estimate(1.0, 0.0)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_diverged_values_give_numbers_that_say_so_without_warnings(bad: float) -> None:
    values = np.array([1.0, bad, 2.0])
    metrics = split_metrics("regression", values, _regression(values), np.array([0.0, 1.0, 2.0]))
    assert not any(np.isfinite(estimate.value) for estimate in metrics.values())
    assert all(estimate.half_width is None for estimate in metrics.values())
    assert all(estimate_text(name, estimate) for name, estimate in metrics.items())


def test_metrics_of_a_classification() -> None:
    prediction = Prediction(scores=np.array([[1.0], [-1.0]]), labels=np.array([1, 0]))
    metrics = split_metrics("classification", np.array([0.2, 0.4]), prediction, np.array([1, 1]))
    assert set(metrics) == {"loss", "accuracy"} <= set(METRICS)
    assert metrics["loss"].value == pytest.approx(0.3)
    assert metrics["accuracy"].value == 0.5


def test_a_part_without_points_has_no_metrics() -> None:
    assert split_metrics("classification", np.empty(0), Prediction(scores=np.empty((0, 1))), np.empty(0)) == {}


def test_the_score_is_the_accuracy_or_r2_and_nan_where_it_means_nothing() -> None:
    labels = Prediction(scores=np.zeros((4, 1)), labels=np.array([0, 0, 1, 1]))
    assert score_of("classification", labels, np.array([0, 1, 1, 1])) == 0.75
    assert score_of("regression", _regression(VALUES), Y) == pytest.approx(r2_score(Y, VALUES))
    assert np.isnan(score_of("regression", _regression(np.zeros(2)), np.ones(2)))
    assert np.isnan(score_of("classification", labels, np.empty(0)))


@pytest.mark.parametrize(
    ("name", "estimate", "text"),
    [
        ("accuracy", Estimate(0.975, 0.0281), "97.5 ± 2.8 %"),
        ("accuracy", Estimate(1.0), "100.0 %"),
        ("loss", Estimate(0.03124), "0.0312"),
        ("loss", Estimate(0.08713, 0.0204), "0.087 ± 0.020"),
        ("loss", Estimate(12.3456, 1.234), "12.3 ± 1.2"),
        ("loss", Estimate(0.0), "0"),
        ("loss", Estimate(3.14159e-7), "3.14e-7".replace("-", "−")),
        ("loss", Estimate(2.5e9), "2.50e9"),
        ("loss", Estimate(math.inf), "∞"),
        ("loss", Estimate(math.nan), "–"),
        ("rmse", Estimate(1234.5), "1234"),
        ("r2", Estimate(0.71234), "0.712"),
        ("r2", Estimate(-3.25), "−3.250"),
    ],
)
def test_a_number_has_the_digits_it_deserves(name: str, estimate: Estimate, text: str) -> None:
    assert estimate_text(name, estimate) == text


@pytest.mark.parametrize("value", [1.0, 0.5, 99999.0, 0.0001, 123456.0, 1.7e-9, -42.0])
def test_three_digits_are_within_half_a_percent(value: float) -> None:
    assert float(number_of_digits(value)) == pytest.approx(value, rel=5e-3)
