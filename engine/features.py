"""Feature maps: the terms of the inputs, fitted to the training part and scaled by it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.dataset import FloatArray, frozen_array
from engine.experiment import Chip, Preparation
from engine.feature_terms import Monomial, Names, Term, Typed, Wave, active_chips, terms_of

Precision = Literal["float32", "float64"]

_BLOCK = 4096
"""Rows worked on at a time: a block of seven features stays in the cache."""


@dataclass(frozen=True, eq=False)
class FittedFeatures:
    """A feature map whose scaling is known: ``z = (f(x) - offset) * scale``, feature by feature.

    Parameters
    ----------
    terms : the features, p of them.
    n_inputs : how many inputs a row has.
    chips : the chips that are active.
    offset, scale : (p,) float64, the scaling; 0 and 1 where there is none.
    precision : the type that features are computed in.
    """

    terms: tuple[Term, ...]
    n_inputs: int
    chips: tuple[Chip, ...]
    offset: FloatArray
    scale: FloatArray
    precision: Precision = "float32"

    @property
    def names(self) -> tuple[str, ...]:
        """One name a feature, in plain Unicode."""
        return tuple(term.text() for term in self.terms)

    @property
    def n_features(self) -> int:
        return len(self.terms)

    def transform(self, X: FloatArray) -> FloatArray:
        """Features (n, p) of inputs `X` (n, d) in the units of the plot; C-contiguous, of the map's precision.

        Inputs so large that a power overflows give infinities, without a warning.
        """
        dtype = np.dtype(self.precision)
        Z = np.empty((len(X), self.n_features), dtype)
        if self.n_features == 0:
            return Z
        scaled = bool((self.offset != 0).any() or (self.scale != 1).any())
        with np.errstate(over="ignore", invalid="ignore"):
            offset, scale = self.offset.astype(dtype)[:, None], self.scale.astype(dtype)[:, None]
            for start, block in _feature_blocks(self.terms, X, dtype):
                if scaled:
                    block -= offset
                    block *= scale
                Z[start : start + block.shape[1]] = block.T
        return Z

    @property
    def has_products(self) -> bool:
        """Whether `on_grid` can say what the features are: a formula need not be a product."""
        return self.n_inputs == 2 and not any(isinstance(term, Typed) for term in self.terms)

    @property
    def inverse(self) -> Callable[[FloatArray], FloatArray] | None:
        """From features (n, p) back to inputs (n, p), where the features are the inputs themselves; else None."""
        if not _are_the_inputs(self.terms, self.n_inputs):
            return None
        return lambda Z: np.asarray(Z, np.float64) / self.scale + self.offset

    def on_grid(self, xs: FloatArray, ys: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The unscaled features of exactly two inputs on a grid, as products: ``columns[i, c] * rows[i, r]``.

        Parameters
        ----------
        xs, ys : (width,) and (height,) float64, the inputs of the columns and of the rows.

        Returns
        -------
        Columns (p, width) and rows (p, height), of the map's precision.
        """
        dtype = np.dtype(self.precision)
        columns, rows = np.ones((self.n_features, len(xs)), dtype), np.ones((self.n_features, len(ys)), dtype)
        with np.errstate(over="ignore", invalid="ignore"):
            for i, term in enumerate(self.terms):
                if isinstance(term, Wave):
                    axis, values = ((columns, xs), (rows, ys))[term.index]
                    axis[i] = (np.sin if term.function == "sin" else np.cos)(term.frequency * values)
                elif isinstance(term, Monomial):
                    columns[i], rows[i] = xs ** term.powers[0], ys ** term.powers[1]
        return columns, rows

    def unscaled(self, weights: FloatArray, intercepts: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The same linear model in the units of the plot.

        Parameters
        ----------
        weights : (p, m), of the scaled features.
        intercepts : (m,).

        Returns
        -------
        Weights (p, m) of the unscaled features and intercepts (m,), float64.
        """
        in_plot_units = np.asarray(weights, np.float64) * self.scale[:, None]
        return in_plot_units, np.asarray(intercepts, np.float64) - self.offset @ in_plot_units


def _are_the_inputs(terms: tuple[Term, ...], n_inputs: int) -> bool:
    """Whether the features are the inputs themselves, in their order."""
    return len(terms) == n_inputs and all(
        isinstance(term, Monomial) and term.factors == ((index, 1),) for index, term in enumerate(terms)
    )


def fit_features(
    preparation: Preparation, X_train: FloatArray, precision: Precision = "float32", names: Names = ()
) -> FittedFeatures:
    """The feature map of `preparation`, scaled by what the training inputs say and nothing else.

    Parameters
    ----------
    preparation : which features, and how they are scaled.
    X_train : (n, d) inputs of the training part, in the units of the plot; n may be 0.
    precision : the type of the features.
    names : what the inputs are called, where not x1 and x2.

    Notes
    -----
    A feature that is constant over the training part is centred (or moved to its minimum) but not stretched.
    """
    n_inputs = X_train.shape[1]
    terms = terms_of(preparation, n_inputs, names)
    offset: FloatArray = np.zeros(len(terms))
    scale: FloatArray = np.ones(len(terms))
    if preparation.scaling != "none" and len(X_train) and terms:
        offset, scale = _scaling(preparation.scaling, terms, X_train)
    return FittedFeatures(
        terms=terms,
        n_inputs=n_inputs,
        chips=active_chips(preparation, n_inputs),
        offset=frozen_array(offset, np.float64),
        scale=frozen_array(scale, np.float64),
        precision=precision,
    )


def _scaling(
    method: Literal["standardize", "minmax", "robust"], terms: tuple[Term, ...], X: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Offset and scale (p,) from the rows of `X`, block by block so that a million rows need little memory."""
    if method == "robust":
        return _robust_scaling(terms, X)
    count = 0
    mean, squares = np.zeros(len(terms)), np.zeros(len(terms))
    low, high = np.full(len(terms), np.inf), np.full(len(terms), -np.inf)
    with np.errstate(over="ignore", invalid="ignore"):
        for _, block in _feature_blocks(terms, X, np.dtype(np.float64)):
            n = block.shape[1]
            block_mean = block.mean(axis=1)
            shift = block_mean - mean
            # Merging means and sums of squares: Chan, Golub, LeVeque (1983), The American Statistician 37(3).
            squares += ((block - block_mean[:, None]) ** 2).sum(axis=1) + shift**2 * (count * n / (count + n))
            mean += shift * (n / (count + n))
            count += n
            low, high = np.minimum(low, block.min(axis=1)), np.maximum(high, block.max(axis=1))
        constant = low == high
        offset, spread = (low, high - low) if method == "minmax" else (mean, np.sqrt(squares / count))
    offset = np.where(constant, low, offset)
    usable = ~constant & np.isfinite(spread) & np.isfinite(offset) & (spread > 0)
    scale = np.divide(1.0, spread, out=np.ones(len(terms)), where=usable)
    return np.where(np.isfinite(offset), offset, 0.0), scale


def _robust_scaling(terms: tuple[Term, ...], X: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Median and 1 / interquartile range of each feature (p,), a feature at a time: quartiles need all of its rows."""
    offset, scale = np.zeros(len(terms)), np.ones(len(terms))
    with np.errstate(over="ignore", invalid="ignore"):
        for place, term in enumerate(terms):
            values = np.concatenate([block[0].copy() for _, block in _feature_blocks((term,), X, np.dtype(np.float64))])
            low, middle, high = np.percentile(values, (25, 50, 75))
            if np.isfinite(middle):
                offset[place] = middle
            if np.isfinite(high - low) and high > low:
                scale[place] = 1.0 / (high - low)
    return offset, scale


def _feature_blocks(terms: tuple[Term, ...], X: FloatArray, dtype: np.dtype[Any]) -> Iterator[tuple[int, NDArray[Any]]]:
    """Blocks of unscaled features: the first row's number, and (p, rows) in a buffer that the next block reuses."""
    buffer = np.empty((len(terms), min(_BLOCK, len(X))), dtype)
    highest = max((power for term in terms if isinstance(term, Monomial) for _, power in term.factors), default=0)
    are_inputs = len(X) > 0 and _are_the_inputs(terms, X.shape[1])
    for start in range(0, len(X), _BLOCK):
        inputs = np.ascontiguousarray(X[start : start + _BLOCK].T, dtype)
        block = buffer[:, : inputs.shape[1]]
        if are_inputs:
            block[:] = inputs
            yield start, block
            continue
        powers = [inputs]  # powers[k - 1][i] is input i to the power k
        for _ in range(highest - 1):
            powers.append(powers[-1] * inputs)
        for row, term in zip(block, terms, strict=True):
            if isinstance(term, Wave):
                np.multiply(inputs[term.index], dtype.type(term.frequency), out=row)
                (np.sin if term.function == "sin" else np.cos)(row, out=row)
                continue
            if isinstance(term, Typed):
                row[:] = term.values(inputs)
                continue
            factors = [powers[power - 1][i] for i, power in term.factors]
            if len(factors) == 1:
                row[:] = factors[0]
                continue
            np.multiply(factors[0], factors[1], out=row)
            for factor in factors[2:]:
                row *= factor
        yield start, block
