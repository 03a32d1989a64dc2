"""The activation functions: formula, value and derivative."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

LEAK = 0.01
"""The slope of the leaky ReLU below zero."""


@dataclass(frozen=True)
class ActivationFunction:
    """One activation.

    Parameters
    ----------
    kind : its name in an experiment.
    latex : its formula.
    function, derivative : value and slope at pre-activations of any shape, in their floating type.
    """

    kind: str
    latex: str
    function: Callable[[Array], Array]
    derivative: Callable[[Array], Array]


def _sigmoid(z: Array) -> Array:
    # exp of a number that is never positive cannot overflow.
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1 / (1 + small), small / (1 + small))


def _sigmoid_slope(z: Array) -> Array:
    small = np.exp(-np.abs(z))
    return np.asarray(small / (1 + small) ** 2)


def _elu(z: Array) -> Array:
    return np.where(z > 0, z, np.expm1(np.minimum(z, 0)))


def _normal_cdf(z: Array) -> Array:
    from scipy.special import ndtr

    return np.asarray(ndtr(z))


def _gelu_slope(z: Array) -> Array:
    density = np.exp(-z * z / 2) / z.dtype.type(np.sqrt(2 * np.pi))
    return np.asarray(_normal_cdf(z) + z * density)


def _silu_slope(z: Array) -> Array:
    share = _sigmoid(z)
    return np.asarray(share * (1 + z * (1 - share)))


def _step(condition: Array, z: Array) -> Array:
    return condition.astype(z.dtype)


_TABLE = (
    ActivationFunction("linear", r"\varphi(z) = z", lambda z: z.copy(), np.ones_like),
    ActivationFunction(
        "threshold",
        r"\varphi(z) = 1 \;\mathrm{if}\; z \geq 0,\; \mathrm{else}\; 0",
        lambda z: _step(z >= 0, z),
        np.zeros_like,
    ),
    ActivationFunction("sigmoid", r"\varphi(z) = \frac{1}{1 + e^{-z}}", _sigmoid, _sigmoid_slope),
    ActivationFunction("tanh", r"\varphi(z) = \tanh z", np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    ActivationFunction("relu", r"\varphi(z) = \max(0, z)", lambda z: np.maximum(z, 0), lambda z: _step(z > 0, z)),
    ActivationFunction(
        "leaky_relu",
        r"\varphi(z) = \max(0.01\,z,\; z)",
        lambda z: np.where(z > 0, z, z * z.dtype.type(LEAK)),
        lambda z: np.where(z > 0, z.dtype.type(1), z.dtype.type(LEAK)),
    ),
    ActivationFunction(
        "elu",
        r"\varphi(z) = z \;\mathrm{if}\; z > 0,\; \mathrm{else}\; e^z - 1",
        _elu,
        lambda z: np.exp(np.minimum(z, 0)),
    ),
    ActivationFunction("gelu", r"\varphi(z) = z\,\Phi(z)", lambda z: z * _normal_cdf(z), _gelu_slope),
    ActivationFunction("silu", r"\varphi(z) = \frac{z}{1 + e^{-z}}", lambda z: z * _sigmoid(z), _silu_slope),
    ActivationFunction("sine", r"\varphi(z) = \sin z", np.sin, np.cos),
)

ACTIVATIONS: dict[str, ActivationFunction] = {entry.kind: entry for entry in _TABLE}
"""By name, in menu order."""

ACTIVATION_CODES: dict[str, int] = {kind: code for code, kind in enumerate(ACTIVATIONS)}
"""The number by which compiled loops know each activation."""
