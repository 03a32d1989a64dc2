"""The terms that features are made of: products and waves of the inputs, and formulas that a person typed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import combinations_with_replacement
from math import comb
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.experiment import Chip, Preparation, feature_variables
from engine.formulas import Formula, read

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


def input_variables(n_inputs: int) -> tuple[str, ...]:
    """What a formula may call the inputs: x1 to x9 and so on; a single one may be called x as well."""
    return ("x", "x1") if n_inputs == 1 else tuple(f"x{index + 1}" for index in range(n_inputs))


def input_text(index: int, n_inputs: int, names: Names = ()) -> str:
    """What an input is called, in plain Unicode."""
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
            input_text(i, n, self.names) + (superscript(power) if power > 1 else "") for i, power in self.factors
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
        return f"{self.function}({factor}{input_text(self.index, self.n_inputs, self.names)})"

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

    @property
    def inputs(self) -> tuple[int, ...]:
        """The places of the inputs that occur, in ascending order."""
        return tuple(sorted({_place_of(name) for name in self.formula.used}))

    def latex(self) -> str:
        return rf"\left({self.formula_latex()}\right)"

    def formula_latex(self) -> str:
        """LaTeX without the brackets that a factor before it needs."""
        symbols = {name: "x" if name == "x" else f"x_{{{name[1:]}}}" for name in self.formula.names}
        return self.formula.latex(symbols)

    def values(self, inputs: NDArray[Any] | Mapping[int, NDArray[Any]]) -> NDArray[Any]:
        """Its values (n,) for inputs (d, n), or for those that occur, by their places."""
        by_name = {name: inputs[_place_of(name)] for name in self.formula.used}
        return np.asarray(self.formula.on_arrays(by_name))


def _place_of(variable: str) -> int:
    return max(0, int(variable[1:] or 1) - 1)


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
    """The formulas that mean something with `n_inputs` inputs: those of `input_variables`."""
    known = input_variables(n_inputs)
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
