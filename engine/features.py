"""Feature maps: chips, polynomials and Fourier terms of the inputs, and their scaling."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import combinations_with_replacement
from math import comb
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.dataset import FloatArray, frozen_array
from engine.experiment import Chip, Preparation, feature_variables
from engine.formulas import Formula, read

Precision = Literal["float32", "float64"]

_BLOCK = 4096
"""Rows worked on at a time: a block of seven features stays in the cache."""

MOST_TERMS = 1_000
"""So many features may the products of the inputs of a table become."""

_INPUT = re.compile(r"\bx\d+\b")
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def superscript(number: int) -> str:
    """`number` in raised digits: 12 gives ¹²."""
    return str(number).translate(_SUPERSCRIPTS)


Names = tuple[str, ...]
"""What the inputs are called; empty where they are x, or x₁ and x₂."""


def _input_text(index: int, n_inputs: int, names: Names) -> str:
    if names:
        return names[index]
    return "x" if n_inputs == 1 else "x" + str(index + 1).translate(_SUBSCRIPTS)


def _input_latex(index: int, n_inputs: int, names: Names) -> str:
    if names:
        return text_latex(names[index])
    return "x" if n_inputs == 1 else f"x_{{{index + 1}}}"


def text_latex(name: str) -> str:
    """A name in upright letters, without what LaTeX would take for a command."""
    kept = "".join(character if character.isalnum() or character in " -.,:()=" else " " for character in name)
    return rf"\text{{{kept}}}"


@dataclass(frozen=True)
class Monomial:
    """A product of powers of the inputs; `powers` holds one exponent an input, `names` what they are called."""

    powers: tuple[int, ...]
    names: Names = ()

    @cached_property
    def factors(self) -> tuple[tuple[int, int], ...]:
        """The inputs that occur and their exponents."""
        return tuple((index, power) for index, power in enumerate(self.powers) if power)

    def text(self) -> str:
        """Plain Unicode: x₁²x₂; columns of a table with a dot between them."""
        n = len(self.powers)
        return ("·" if self.names else "").join(
            _input_text(i, n, self.names) + (superscript(power) if power > 1 else "") for i, power in self.factors
        )

    def latex(self) -> str:
        n = len(self.powers)
        return (r" \cdot " if self.names else " ").join(
            _input_latex(i, n, self.names) + (f"^{{{power}}}" if power > 1 else "") for i, power in self.factors
        )


@dataclass(frozen=True)
class Wave:
    """sin or cos of one input: of the input itself (`harmonic` 0), or of k π times the input (`harmonic` k)."""

    function: Literal["sin", "cos"]
    index: int
    n_inputs: int
    harmonic: int = 0
    names: Names = ()

    @property
    def frequency(self) -> float:
        """What the input is multiplied by."""
        return self.harmonic * np.pi if self.harmonic else 1.0

    def text(self) -> str:
        """Plain Unicode: sin(2πx₁)."""
        factor = "" if not self.harmonic else "π" if self.harmonic == 1 else f"{self.harmonic}π"
        return f"{self.function}({factor}{_input_text(self.index, self.n_inputs, self.names)})"

    def latex(self) -> str:
        factor = "" if not self.harmonic else r"\pi " if self.harmonic == 1 else rf"{self.harmonic}\pi "
        return rf"\{self.function}({factor}{_input_latex(self.index, self.n_inputs, self.names)})"


@dataclass(frozen=True)
class Typed:
    """A formula of the inputs, as a person typed it."""

    formula: Formula
    names: Names = ()

    def text(self) -> str:
        """Plain Unicode: exp(-x₁**2)."""
        return _INPUT.sub(lambda found: found[0].translate(_SUBSCRIPTS), self.formula.text)

    def latex(self) -> str:
        symbols = {name: "x" if name == "x" else f"x_{{{name[1:]}}}" for name in self.formula.names}
        return rf"\left({self.formula.latex(symbols)}\right)"

    def values(self, inputs: NDArray[Any]) -> NDArray[Any]:
        """Its values (n,) for inputs (d, n)."""
        by_name = {name: inputs[max(0, int(name[1:] or 1) - 1)] for name in self.formula.used}
        return np.asarray(self.formula.on_arrays(by_name))


Term = Monomial | Wave | Typed

_CHIP_TERMS: dict[Chip, Monomial | Wave] = {
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


def _term_of(chip: Chip, n_inputs: int, names: Names) -> Term:
    term = _CHIP_TERMS[chip]
    if isinstance(term, Monomial):
        return Monomial(term.powers[:n_inputs], names)
    return Wave(term.function, term.index, n_inputs, names=names)


def active_chips(preparation: Preparation, n_inputs: int) -> tuple[Chip, ...]:
    """The chosen chips that mean something: with one input, those of x2 do not; with more than two, none does."""
    if n_inputs > 2:
        return ()
    return tuple(chip for chip in preparation.chips if n_inputs == 2 or "x2" not in chip)


def terms_of(preparation: Preparation, n_inputs: int, names: Names = ()) -> tuple[Term, ...]:
    """The features, each once: chips in menu order, monomials by degree, then waves by order.

    More than two inputs are all features themselves, and chips mean nothing. Products that would be more than
    `MOST_TERMS` are left out.

    Parameters
    ----------
    preparation : which features are chosen.
    n_inputs : 1 or more.
    names : what the inputs are called, where not x1 and x2.
    """
    terms = _terms(preparation.chips, preparation.polynomial, preparation.fourier, n_inputs, names)
    return (*terms, *typed_terms(preparation, n_inputs)) if preparation.formulas else terms


def typed_terms(preparation: Preparation, n_inputs: int) -> tuple[Typed, ...]:
    """The formulas that mean something with `n_inputs` inputs, x1 to x9 and so on; a single one may be called x."""
    known = ("x", "x1") if n_inputs == 1 else tuple(f"x{index + 1}" for index in range(n_inputs))
    found = (read(text, feature_variables(text)) for text in preparation.formulas)
    return tuple(Typed(formula) for formula in found if set(formula.used) <= set(known))


def n_products(degree: int, n_inputs: int) -> int:
    """How many monomials of degree 1 to `degree` there are."""
    return comb(n_inputs + degree, degree) - 1


@lru_cache(maxsize=8)  # Asked again with every picture.
def _terms(chips: tuple[Chip, ...], polynomial: int, fourier: int, n_inputs: int, names: Names) -> tuple[Term, ...]:
    terms: list[Term] = []
    if n_inputs > 2:
        terms.extend(_product((index,), n_inputs, names) for index in range(n_inputs))
    else:
        chosen = (chip for chip in chips if n_inputs == 2 or "x2" not in chip)
        terms.extend(_term_of(chip, n_inputs, names) for chip in chosen)
    if polynomial > 1 and n_products(polynomial, n_inputs) <= MOST_TERMS:
        for degree in range(1, polynomial + 1):
            products = combinations_with_replacement(range(n_inputs), degree)
            terms.extend(_product(factors, n_inputs, names) for factors in products)
    for harmonic in range(1, fourier + 1):
        for index in range(n_inputs):
            terms.append(Wave("sin", index, n_inputs, harmonic, names))
            terms.append(Wave("cos", index, n_inputs, harmonic, names))
    return tuple(dict.fromkeys(terms))


def _product(factors: tuple[int, ...], n_inputs: int, names: Names) -> Monomial:
    """The product of these inputs, one that occurs twice squared."""
    powers = [0] * n_inputs
    for index in factors:
        powers[index] += 1
    return Monomial(tuple(powers), names)


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
