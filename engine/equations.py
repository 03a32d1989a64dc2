"""The equation of a model that is linear in its features, in the units of the plot."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from engine.dataset import Dataset, FloatArray
from engine.feature_terms import Term, Typed, superscript, text_latex
from engine.features import FittedFeatures
from engine.overlays import Equation
from engine.training_settings import LossKind

_SHOWN_TERMS = 6
_MOST_CLASS_TERMS = 3
"""With more features than this, one line a class is no longer read."""

_ODDS_LOSSES: tuple[LossKind, ...] = ("cross_entropy", "binary_cross_entropy")


def equation_of(
    weights: FloatArray,
    intercepts: FloatArray,
    features: FittedFeatures,
    dataset: Dataset,
    loss: LossKind = "binary_cross_entropy",
) -> Equation | None:
    """What the model computes, as a person would write it down.

    Parameters
    ----------
    weights : (p, m), in the units of the plot (see `FittedFeatures.unscaled`).
    intercepts : (m,).
    features : what each row of `weights` belongs to.
    dataset : the task, and what classes and target are called.
    loss : what the model is trained with: only the cross-entropies make the score of two classes a log-odds.

    Returns
    -------
    A regression gives its value, two classes the score of the second against the first, more classes one score a line
    if there are at most three features. None where that would not be readable, or where a weight is not finite.
    """
    weights, intercepts = np.asarray(weights, np.float64), np.asarray(intercepts, np.float64)
    if not (np.isfinite(weights).all() and np.isfinite(intercepts).all()):
        return None
    if dataset.task == "regression":
        return _equation([(dataset.target_name, _latex_name(dataset.target_name))], weights, intercepts, features)
    names = dataset.class_names
    if len(names) == 2:
        if weights.shape[1] == 2:
            weights, intercepts = weights[:, 1:] - weights[:, :1], intercepts[1:] - intercepts[:1]
        left = _odds(names[0], names[1]) if loss in _ODDS_LOSSES else _score(names[1])
        return _equation([left], weights, intercepts, features)
    if features.n_features > _MOST_CLASS_TERMS:
        return None
    return _equation([_score(name) for name in names], weights, intercepts, features)


def _odds(first: str, second: str) -> tuple[str, str]:
    latex = rf"\ln \frac{{p({_latex_name(second)})}}{{p({_latex_name(first)})}}"
    return f"ln p({second})/p({first})", latex


def _score(name: str) -> tuple[str, str]:
    return f"s({name})", f"s({_latex_name(name)})"


def _equation(
    lefts: Sequence[tuple[str, str]], weights: FloatArray, intercepts: FloatArray, features: FittedFeatures
) -> Equation:
    texts, latexes = [], []
    for column, (left, latex_left) in enumerate(lefts):
        numbers = [float(intercepts[column]), *weights[:, column].tolist()]
        # A column's name is a word of its own: 0.3 sepal width, but 0.3x₁.
        names = [_after_a_number(term) for term in features.terms]
        latex_names = [(r" \, " if term.names else "") + term.latex() for term in features.terms]
        texts.append(f"{left} = " + _sum(numbers, names, number_text, "−", "…", "terms"))
        latexes.append(f"{latex_left} = " + _sum(numbers, latex_names, number_latex, "-", r"\dots", r"\text{ terms}"))
    latex = latexes[0] if len(latexes) == 1 else r"\begin{aligned}" + r" \\ ".join(latexes) + r"\end{aligned}"
    return Equation("\n".join(texts), latex)


def _after_a_number(term: Term) -> str:
    """A feature as it stands behind its weight."""
    if isinstance(term, Typed):
        return f"({term.text()})"
    return (" " if term.names else "") + term.text()


def _sum(
    numbers: Sequence[float], names: Sequence[str], number: Callable[[float], str], minus: str, dots: str, word: str
) -> str:
    """The intercept and the terms whose weight is not zero, cut after `_SHOWN_TERMS` terms."""
    present = [(value, name) for value, name in zip(numbers, ["", *names], strict=True) if value != 0]
    shown = present[: _SHOWN_TERMS + 1]
    pieces: list[str] = []
    for value, name in shown:
        digits = number(abs(value))
        factor = "" if name and digits == "1" else digits
        sign = minus if value < 0 else "+"
        if pieces:
            pieces.append(f" {sign} {(factor + name).strip()}")
        else:
            pieces.append(f"{sign if value < 0 else ''}{(factor + name).strip()}")
    if len(shown) < len(present):
        terms = sum(1 for _, name in present if name)
        pieces.append(f" + {dots} ({terms}{'' if word.startswith(chr(92)) else ' '}{word})")
    return "".join(pieces) or "0"


def number_text(value: float) -> str:
    """`value`, 0 or more, to three significant digits: 1.3, 0.0125, 1.2·10⁻⁵."""
    mantissa, exponent = _three_digits(value)
    return mantissa if exponent is None else f"{mantissa}·10{superscript(exponent)}"


def number_latex(value: float) -> str:
    """`value`, 0 or more, to three significant digits as LaTeX."""
    mantissa, exponent = _three_digits(value)
    return mantissa if exponent is None else rf"{mantissa} \cdot 10^{{{exponent}}}"


def _three_digits(value: float) -> tuple[str, int | None]:
    """The digits, and the power of ten beside them where the number is very small or large."""
    mantissa, power = f"{value:.2e}".split("e")
    exponent = int(power)
    if value == 0 or -4 <= exponent < 5:
        decimals = max(0, 2 - exponent) if value else 0
        text = f"{value:.{decimals}f}"
        return (text.rstrip("0").rstrip(".") if "." in text else text), None
    return mantissa.rstrip("0").rstrip("."), exponent


def _latex_name(name: str) -> str:
    if len(name) == 1 and name.isascii() and name.isalpha():
        return name
    return text_latex(name)
