"""Equations: the digits, the signs, and that what is written is what the model computes."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.dataset import Dataset, Points, Task
from engine.equations import equation_of, number_text
from engine.experiment import Preparation
from engine.features import FittedFeatures, fit_features

LOWERED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def _dataset(task: Task = "regression", class_names: tuple[str, ...] = (), n_inputs: int = 1) -> Dataset:
    return Dataset(Points.empty(n_inputs), task, np.empty(0, np.int8), class_names)


def _features(n_inputs: int = 1, **preparation: int) -> FittedFeatures:
    return fit_features(Preparation.model_validate(preparation), np.zeros((1, n_inputs)))


def _text(weights: list[list[float]], intercepts: list[float], features: FittedFeatures, dataset: Dataset) -> str:
    equation = equation_of(np.array(weights), np.array(intercepts), features, dataset)
    assert equation is not None
    return equation.text


def test_a_parabola_reads_as_in_a_book() -> None:
    features = _features(polynomial=2)
    assert _text([[1.3], [-0.4]], [0.52], features, _dataset()) == "y = 0.52 + 1.3x − 0.4x²"
    equation = equation_of(np.array([[1.3], [-0.4]]), np.array([0.52]), features, _dataset())
    assert equation is not None
    assert equation.latex == "y = 0.52 + 1.3x - 0.4x^{2}"


@pytest.mark.parametrize(
    ("weights", "intercept", "text"),
    [
        ([0.0, 0.0], 0.0, "y = 0"),
        ([1.0, -1.0], 0.0, "y = x − x²"),
        ([-1.0, 0.0], 0.0, "y = −x"),
        ([0.0, 2.0], -3.0, "y = −3 + 2x²"),
        ([1e-7, 12345.6], 1.0, "y = 1 + 1·10⁻⁷x + 12346x²"),
        ([2.5e9, 0.0], 0.0, "y = 2.5·10⁹x"),
        ([0.9999, -0.05], 0.0, "y = x − 0.05x²"),
    ],
)
def test_signs_ones_zeros_and_extremes(weights: list[float], intercept: float, text: str) -> None:
    assert _text([[w] for w in weights], [intercept], _features(polynomial=2), _dataset()) == text


def test_two_inputs_have_subscripts() -> None:
    weights = [[1.0], [2.0], [3.0], [4.0], [5.0]]
    text = _text(weights, [0.5], _features(2, polynomial=2), _dataset(n_inputs=2))
    assert text == "y = 0.5 + x₁ + 2x₂ + 3x₁² + 4x₁x₂ + 5x₂²"


def test_long_equations_are_cut_and_say_how_long_they_are() -> None:
    features = _features(2, polynomial=15)
    text = _text([[0.1]] * 135, [1.0], features, _dataset(n_inputs=2))
    assert text.endswith(" + … (135 terms)")
    assert text.count("x₁") <= 6


def test_two_classes_give_the_log_odds() -> None:
    dataset = _dataset("classification", ("A", "B"), 2)
    assert _text([[1.0], [-2.0]], [0.5], _features(2), dataset) == "ln p(B)/p(A) = 0.5 + x₁ − 2x₂"
    # Two scores, as of a softmax, say the same by their difference.
    assert _text([[3.0, 4.0], [1.0, -1.0]], [0.5, 1.0], _features(2), dataset) == "ln p(B)/p(A) = 0.5 + x₁ − 2x₂"


def test_a_score_that_is_no_log_odds_is_not_called_so() -> None:
    dataset = _dataset("classification", ("cat", "dog"), 2)
    equation = equation_of(np.array([[1.0], [-2.0]]), np.array([0.5]), _features(2), dataset, loss="hinge")
    assert equation is not None
    assert equation.text == "s(dog) = 0.5 + x₁ − 2x₂"


def test_three_classes_have_a_line_each_as_long_as_they_are_short() -> None:
    dataset = _dataset("classification", ("A", "B", "C"), 2)
    text = _text([[1.0, 2.0, 3.0], [-1.0, 0.0, 1.0]], [0.0, 0.5, -0.5], _features(2), dataset)
    assert text.splitlines() == ["s(A) = x₁ − x₂", "s(B) = 0.5 + 2x₁", "s(C) = −0.5 + 3x₁ + x₂"]
    features = _features(2, polynomial=3)
    assert equation_of(np.ones((9, 3)), np.ones(3), features, dataset) is None


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_diverged_model_has_no_equation(bad: float) -> None:
    assert equation_of(np.array([[bad]]), np.array([0.0]), _features(), _dataset()) is None


def test_names_of_classes_cannot_break_the_formula() -> None:
    dataset = _dataset("classification", ("a_b", "}\\x"), 2)
    equation = equation_of(np.ones((2, 1)), np.ones(1), _features(2), dataset)
    assert equation is not None
    assert equation.latex.startswith(r"\ln \frac{p(\text{  x})}{p(\text{a b})}")


@given(st.floats(1e-12, 1e12))
def test_numbers_are_right_to_three_digits(value: float) -> None:
    text = number_text(value)
    match = re.fullmatch(r"([\d.]+)(?:·10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))?", text)
    assert match is not None
    exponent = int((match[2] or "⁰").translate(LOWERED))
    assert float(f"{match[1]}e{exponent}") == pytest.approx(value, rel=5.1e-3)


@given(st.lists(st.floats(-1e4, 1e4), min_size=3, max_size=3), st.floats(-1, 1))
def test_what_is_written_is_what_the_model_computes(weights: list[float], x: float) -> None:
    features = _features(polynomial=2)
    text = _text([[weights[0]], [weights[1]]], [weights[2]], features, _dataset())
    python = text.removeprefix("y = ").replace("−", "-").replace("x²", "x**2")
    python = re.sub(r"·10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", lambda match: "e" + match[1].translate(LOWERED), python)
    value = sum(
        float(match[1].replace(" ", "") + (match[2] or "1")) * (x ** {"": 0, "x": 1, "x**2": 2}[match[3] or ""])
        for match in re.finditer(r"([-+]? ?)(\d[\d.]*(?:e-?\d+)?)?(x(?:\*\*2)?)?", python)
        if match[0].strip()
    )
    expected = weights[0] * x + weights[1] * x**2 + weights[2]
    assert value == pytest.approx(expected, abs=0.0051 * (abs(weights[0]) + abs(weights[1]) + abs(weights[2])) + 1e-30)
