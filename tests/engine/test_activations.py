"""Every activation against torch's own, in value and slope, written in numpy and compiled."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pytest
import torch

from engine.activations import ACTIVATION_CODES, ACTIVATIONS
from engine.dense.activations import activate
from engine.dense.torch_network import TORCH_ACTIVATIONS
from engine.learners.mlp import Activation
from tests.engine.dense_problems import ACTIVATION_MODULES

POINTS = np.concatenate([np.linspace(-8, 8, 401), [0.0, 1e-9, -1e-9, 1e-300, 30.0, -30.0, 300.0, -300.0, 1e4, -1e4]])
KINDS = list(ACTIVATIONS)


def value_and_slope(
    kind: str, points: np.ndarray[Any, Any] = POINTS
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """By torch's modules and automatic differentiation."""
    z = torch.tensor(points, requires_grad=True)
    out = ACTIVATION_MODULES[kind](z)
    if kind == "threshold":
        return out.numpy(), np.zeros_like(points)
    (slope,) = torch.autograd.grad(out.sum(), z)
    return out.detach().numpy(), slope.numpy()


def test_every_activation_that_can_be_chosen_is_defined_everywhere() -> None:
    assert set(get_args(Activation)) == set(ACTIVATIONS) == set(TORCH_ACTIVATIONS)
    assert all(entry.latex for entry in ACTIVATIONS.values())


@pytest.mark.parametrize("kind", KINDS)
def test_values_and_slopes_in_numpy_agree_with_torch(kind: str) -> None:
    value, slope = value_and_slope(kind)
    np.testing.assert_allclose(ACTIVATIONS[kind].function(POINTS), value, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(ACTIVATIONS[kind].derivative(POINTS), slope, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-13), ("float32", 2e-6)])
def test_compiled_values_and_slopes_agree_with_torch(kind: str, dtype: str, tolerance: float) -> None:
    z = POINTS.astype(dtype)
    value, slope = value_and_slope(kind, z.astype(np.float64))
    a = np.empty_like(z)
    activate(ACTIVATION_CODES[kind], a, z)
    np.testing.assert_allclose(a, value, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(z, slope, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("kind", ["tanh", "sigmoid", "silu", "elu"])
def test_the_compiled_exponential_keeps_small_numbers_exact(kind: str) -> None:
    z = np.array([1e-12, -1e-12, 1e-5, -1e-5])
    expected = ACTIVATION_MODULES[kind](torch.tensor(z)).numpy()
    a = np.empty_like(z)
    activate(ACTIVATION_CODES[kind], a, z)
    np.testing.assert_allclose(a, expected, rtol=4e-16)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "threshold"])
def test_not_a_number_is_never_hidden(kind: str) -> None:
    z = np.array([np.nan, 1.0])
    assert np.isnan(ACTIVATIONS[kind].function(z)[0])
    a = np.empty_like(z)
    activate(ACTIVATION_CODES[kind], a, z)
    assert np.isnan(a[0])
    assert np.isfinite(a[1])
