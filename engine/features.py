"""Feature maps: chips, polynomials and Fourier terms of the inputs, and their scaling."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.dataset import FloatArray, frozen_array
from engine.experiment import Chip, Preparation

Precision = Literal["float32", "float64"]

_BLOCK = 4096
"""Rows worked on at a time: a block of seven features stays in the cache."""

_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def superscript(number: int) -> str:
    """`number` in raised digits: 12 gives ¹²."""
    return str(number).translate(_SUPERSCRIPTS)


def _input_text(index: int, n_inputs: int) -> str:
    return "x" if n_inputs == 1 else "x" + str(index + 1).translate(_SUBSCRIPTS)


def _input_latex(index: int, n_inputs: int) -> str:
    return "x" if n_inputs == 1 else f"x_{{{index + 1}}}"


@dataclass(frozen=True)
class Monomial:
    """A product of powers of the inputs; `powers` holds one exponent an input."""

    powers: tuple[int, ...]

    def text(self) -> str:
        """Plain Unicode: x₁²x₂."""
        n = len(self.powers)
        return "".join(
            _input_text(i, n) + (superscript(power) if power > 1 else "")
            for i, power in enumerate(self.powers)
            if power
        )

    def latex(self) -> str:
        n = len(self.powers)
        return " ".join(
            _input_latex(i, n) + (f"^{{{power}}}" if power > 1 else "") for i, power in enumerate(self.powers) if power
        )


@dataclass(frozen=True)
class Wave:
    """sin or cos of one input: of the input itself (`harmonic` 0), or of k π times the input (`harmonic` k)."""

    function: Literal["sin", "cos"]
    index: int
    n_inputs: int
    harmonic: int = 0

    @property
    def frequency(self) -> float:
        """What the input is multiplied by."""
        return self.harmonic * np.pi if self.harmonic else 1.0

    def text(self) -> str:
        """Plain Unicode: sin(2πx₁)."""
        factor = "" if not self.harmonic else "π" if self.harmonic == 1 else f"{self.harmonic}π"
        return f"{self.function}({factor}{_input_text(self.index, self.n_inputs)})"

    def latex(self) -> str:
        factor = "" if not self.harmonic else r"\pi " if self.harmonic == 1 else rf"{self.harmonic}\pi "
        return rf"\{self.function}({factor}{_input_latex(self.index, self.n_inputs)})"


Term = Monomial | Wave

_CHIP_TERMS: dict[Chip, Term] = {
    "x1": Monomial((1, 0)),
    "x2": Monomial((0, 1)),
    "x1^2": Monomial((2, 0)),
    "x2^2": Monomial((0, 2)),
    "x1*x2": Monomial((1, 1)),
    "sin(x1)": Wave("sin", 0, 2),
    "sin(x2)": Wave("sin", 1, 2),
    "cos(x1)": Wave("cos", 0, 2),
    "cos(x2)": Wave("cos", 1, 2),
}


def _term_of(chip: Chip, n_inputs: int) -> Term:
    term = _CHIP_TERMS[chip]
    if isinstance(term, Monomial):
        return Monomial(term.powers[:n_inputs])
    return Wave(term.function, term.index, n_inputs)


def active_chips(preparation: Preparation, n_inputs: int) -> tuple[Chip, ...]:
    """The chosen chips that mean something with `n_inputs` inputs: with one, those of x2 do not."""
    return tuple(chip for chip in preparation.chips if n_inputs == 2 or "x2" not in chip)


def terms_of(preparation: Preparation, n_inputs: int) -> tuple[Term, ...]:
    """The features, each once: chips in menu order, monomials by degree, then waves by order.

    Parameters
    ----------
    preparation : which features are chosen.
    n_inputs : 1 or 2.
    """
    terms: list[Term] = [_term_of(chip, n_inputs) for chip in active_chips(preparation, n_inputs)]
    if preparation.polynomial > 1:
        for degree in range(1, preparation.polynomial + 1):
            exponents = [(degree,)] if n_inputs == 1 else [(degree - j, j) for j in range(degree + 1)]
            terms.extend(Monomial(powers) for powers in exponents)
    for harmonic in range(1, preparation.fourier + 1):
        for index in range(n_inputs):
            terms.append(Wave("sin", index, n_inputs, harmonic))
            terms.append(Wave("cos", index, n_inputs, harmonic))
    return tuple(dict.fromkeys(terms))


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
    def inverse(self) -> Callable[[FloatArray], FloatArray] | None:
        """From features (n, p) back to inputs (n, p), where the features are the inputs themselves; else None."""
        n = self.n_inputs
        if self.terms != tuple(Monomial(tuple(int(i == j) for i in range(n))) for j in range(n)):
            return None
        return lambda Z: np.asarray(Z, np.float64) / self.scale + self.offset

    def on_grid(self, xs: FloatArray, ys: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The unscaled features of two inputs on a grid, as products: ``columns[i, c] * rows[i, r]``.

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
                else:
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


def fit_features(preparation: Preparation, X_train: FloatArray, precision: Precision = "float32") -> FittedFeatures:
    """The feature map of `preparation`, scaled by what the training inputs say and nothing else.

    Parameters
    ----------
    preparation : which features, and how they are scaled.
    X_train : (n, d) inputs of the training part, in the units of the plot; d is 1 or 2, n may be 0.
    precision : the type of the features.

    Notes
    -----
    A feature that is constant over the training part is centred (or moved to its minimum) but not stretched.
    """
    n_inputs = X_train.shape[1]
    terms = terms_of(preparation, n_inputs)
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
    method: Literal["standardize", "minmax"], terms: tuple[Term, ...], X: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Offset and scale (p,) from the rows of `X`, block by block so that a million rows need little memory."""
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


def _feature_blocks(terms: tuple[Term, ...], X: FloatArray, dtype: np.dtype[Any]) -> Iterator[tuple[int, NDArray[Any]]]:
    """Blocks of unscaled features: the first row's number, and (p, rows) in a buffer that the next block reuses."""
    buffer = np.empty((len(terms), min(_BLOCK, len(X))), dtype)
    highest = max((max(term.powers) for term in terms if isinstance(term, Monomial)), default=0)
    for start in range(0, len(X), _BLOCK):
        inputs = np.ascontiguousarray(X[start : start + _BLOCK].T, dtype)
        block = buffer[:, : inputs.shape[1]]
        powers = [inputs]  # powers[k - 1][i] is input i to the power k
        for _ in range(highest - 1):
            powers.append(powers[-1] * inputs)
        for row, term in zip(block, terms, strict=True):
            if isinstance(term, Wave):
                np.multiply(inputs[term.index], dtype.type(term.frequency), out=row)
                (np.sin if term.function == "sin" else np.cos)(row, out=row)
                continue
            factors = [powers[power - 1][i] for i, power in enumerate(term.powers) if power]
            if len(factors) == 1:
                row[:] = factors[0]
            else:
                np.multiply(factors[0], factors[1], out=row)
        yield start, block
