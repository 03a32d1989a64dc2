"""Feature maps: which terms there are, their values, their scaling and its undoing."""

from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import MinMaxScaler, PolynomialFeatures, StandardScaler

from engine.experiment import CHIPS, Preparation
from engine.feature_terms import active_chips, input_variables, terms_of, typed_terms
from engine.features import fit_features

Scaling = Literal["none", "standardize", "minmax"]

RNG = np.random.default_rng(0)
X2 = RNG.uniform(-1, 1, (5000, 2)).astype(np.float32)
X1 = X2[:, :1]


def test_chips_give_the_functions_on_their_labels() -> None:
    features = fit_features(Preparation(chips=CHIPS), X2, "float64")
    a, b = X2.astype(float).T
    expected = np.stack([a, b, a**2, b**2, a * b, np.sin(a), np.sin(b), np.cos(a), np.cos(b)], axis=1)
    np.testing.assert_allclose(features.transform(X2), expected, rtol=1e-14)
    assert features.names == ("x₁", "x₂", "x₁²", "x₂²", "x₁x₂", "sin(x₁)", "sin(x₂)", "cos(x₁)", "cos(x₂)")
    assert features.chips == CHIPS


def test_with_one_input_the_chips_of_the_second_are_dropped() -> None:
    features = fit_features(Preparation(chips=CHIPS), X1, "float64")
    assert features.names == ("x", "x²", "sin(x)", "cos(x)")
    assert features.chips == active_chips(Preparation(chips=CHIPS), 1) == ("x1", "x1^2", "sin(x1)", "cos(x1)")
    x = X1[:, 0].astype(float)
    np.testing.assert_allclose(features.transform(X1), np.stack([x, x**2, np.sin(x), np.cos(x)], axis=1))


@pytest.mark.parametrize("degree", [2, 5, 15])
@pytest.mark.parametrize("X", [X1, X2], ids=["one input", "two inputs"])
def test_polynomials_are_those_of_scikit_learn(degree: int, X: np.ndarray) -> None:
    features = fit_features(Preparation(chips=(), polynomial=degree), X, "float64")
    expected = PolynomialFeatures(degree, include_bias=False).fit_transform(X.astype(float))
    np.testing.assert_allclose(features.transform(X), expected, rtol=1e-12)


def test_degree_fifteen_of_two_inputs_has_135_features_and_chips_add_no_second_copy() -> None:
    assert fit_features(Preparation(chips=(), polynomial=15), X2).n_features == 135
    with_chips = fit_features(Preparation(chips=("x1", "x2", "x1^2", "x2^2", "x1*x2"), polynomial=15), X2)
    assert with_chips.n_features == 135
    assert "x₁¹²x₂³" in with_chips.names


def test_fourier_terms_are_waves_of_whole_multiples_of_pi() -> None:
    features = fit_features(Preparation(chips=(), fourier=2), X2, "float64")
    a, b = X2.astype(float).T
    waves = [f(k * np.pi * x) for k in (1, 2) for x in (a, b) for f in (np.sin, np.cos)]
    np.testing.assert_allclose(features.transform(X2), np.stack(waves, axis=1), atol=1e-12)
    assert features.names[:2] == ("sin(πx₁)", "cos(πx₁)")
    assert features.names[-1] == "cos(2πx₂)"


def test_no_features_are_no_columns() -> None:
    assert fit_features(Preparation(chips=()), X2).transform(X2).shape == (5000, 0)
    assert fit_features(Preparation(chips=("x2",)), X1).n_features == 0


@given(
    st.lists(st.sampled_from(CHIPS)),
    st.integers(1, 15),
    st.integers(0, 15),
    st.integers(1, 2),
)
def test_names_are_unique(chips: list, polynomial: int, fourier: int, n_inputs: int) -> None:
    terms = terms_of(Preparation(chips=tuple(chips), polynomial=polynomial, fourier=fourier), n_inputs)
    assert len({term.text() for term in terms}) == len(terms) == len({term.latex() for term in terms})


@pytest.mark.parametrize("scaling", ["standardize", "minmax"])
@pytest.mark.parametrize("n", [1, 2, 4096, 4097, 5000])
def test_scaling_is_that_of_scikit_learn_fitted_on_the_training_part_alone(scaling: Scaling, n: int) -> None:
    preparation = Preparation(chips=CHIPS, polynomial=4, fourier=2)
    raw = fit_features(preparation, X2, "float64").transform(X2)
    reference = (StandardScaler() if scaling == "standardize" else MinMaxScaler()).fit(raw[:n])
    features = fit_features(preparation.model_copy(update={"scaling": scaling}), X2[:n], "float64")
    np.testing.assert_allclose(features.transform(X2), reference.transform(raw), atol=1e-9)


@pytest.mark.parametrize("scaling", ["standardize", "minmax"])
def test_a_constant_feature_becomes_zero(scaling: Scaling) -> None:
    X = np.stack([np.full(50, 0.1), np.linspace(0, 1, 50)], axis=1).astype(np.float32)
    Z = fit_features(Preparation(scaling=scaling), X).transform(X)
    assert np.abs(Z[:, 0]).max() < 1e-6
    assert np.isfinite(Z).all()


def test_single_precision_agrees_with_double() -> None:
    preparation = Preparation(chips=CHIPS, polynomial=6, fourier=3, scaling="standardize")
    single, double = fit_features(preparation, X2, "float32"), fit_features(preparation, X2, "float64")
    Z = single.transform(X2)
    assert Z.dtype == np.float32
    assert Z.flags.c_contiguous
    np.testing.assert_allclose(Z, double.transform(X2), atol=2e-5)


def test_no_training_rows_scale_nothing() -> None:
    features = fit_features(Preparation(scaling="standardize"), X2[:0])
    np.testing.assert_array_equal(features.transform(X2), X2)
    assert features.transform(X2[:0]).shape == (0, 2)


def test_huge_inputs_overflow_without_a_warning() -> None:
    X = np.array([[1e30, -1e30], [1.0, 2.0]], np.float32)
    assert not np.isfinite(fit_features(Preparation(polynomial=3, scaling="standardize"), X).transform(X)).all()


@pytest.mark.parametrize("scaling", ["none", "standardize", "minmax"])
def test_unscaled_coefficients_are_those_of_the_unscaled_features(scaling: str) -> None:
    y = np.sin(3 * X2[:, 0]) + X2[:, 1] ** 3
    preparation = Preparation(chips=("x1", "x2", "cos(x1)"), polynomial=3)
    raw = fit_features(preparation, X2, "float64").transform(X2)
    expected = LinearRegression().fit(raw, y)
    features = fit_features(preparation.model_copy(update={"scaling": scaling}), X2[:4000], "float64")
    scaled = LinearRegression().fit(features.transform(X2), y)
    weights, intercepts = features.unscaled(scaled.coef_[:, None], np.array([scaled.intercept_]))
    np.testing.assert_allclose(weights[:, 0], expected.coef_, atol=1e-7)
    np.testing.assert_allclose(intercepts[0], expected.intercept_, atol=1e-7)


def test_inputs_are_left_as_they_were() -> None:
    before = X2.copy()
    fit_features(Preparation(scaling="standardize", chips=CHIPS), X2, "float32").transform(X2)
    np.testing.assert_array_equal(X2, before)


@pytest.mark.parametrize("n_inputs", [1, 2, 5])
def test_a_formula_may_name_the_inputs_and_no_others(n_inputs: int) -> None:
    for name in input_variables(n_inputs):
        assert len(typed_terms(Preparation(formulas=(name,)), n_inputs)) == 1
    assert typed_terms(Preparation(formulas=(f"x{n_inputs + 1}",)), n_inputs) == ()


def test_a_typed_term_tells_its_inputs() -> None:
    (term,) = typed_terms(Preparation(formulas=("x3 - sin(x1)*x3",)), 3)
    assert term.inputs == (0, 2)
    assert term.latex() == rf"\left({term.formula_latex()}\right)"
