"""Formulas that a person types: read by a whitelist, never executed, computed by numpy or by torch.

Python's own parser makes a tree of the text; only the kinds of nodes, names and functions that are listed here may be
in it, and it is this file that walks the tree. Nothing of the text is ever evaluated as a program.
"""

from __future__ import annotations

import ast
import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

LONGEST = 200
"""Characters."""
_MOST_NODES = 120
_DEEPEST = 24
_MOST_LISTED = 6

_TYPED = {"^": "**", "−": "-", "–": "-", "·": "*", "×": "*", "÷": "/", "²": "**2", "³": "**3", "π": "pi"}
"""What people type, and what it means."""
_CONSTANTS = {"pi": math.pi, "e": math.e}
_LATEX_CONSTANTS = {"pi": r"\pi", "e": "e"}


class FormulaError(ValueError):
    """A formula that cannot be read; the sentence says what to change.

    Parameters
    ----------
    sentence : what is wrong.
    start, end : which characters of the text are meant, end exclusive.
    """

    def __init__(self, sentence: str, start: int, end: int) -> None:
        super().__init__(sentence)
        self.sentence, self.start, self.end = sentence, start, end


@dataclass(frozen=True)
class Function:
    """One function that a formula may use."""

    arguments: int
    latex: str
    on_arrays: Callable[..., Any]
    in_torch: str
    """The name of the same in torch."""


def _sigmoid(z: Any) -> Any:
    return 1.0 / (1.0 + np.exp(-z))


FUNCTIONS: dict[str, Function] = {
    "abs": Function(1, r"\left|{}\right|", np.abs, "abs"),
    "sqrt": Function(1, r"\sqrt{{{}}}", np.sqrt, "sqrt"),
    "exp": Function(1, r"\exp\left({}\right)", np.exp, "exp"),
    "log": Function(1, r"\ln\left({}\right)", np.log, "log"),
    "sin": Function(1, r"\sin\left({}\right)", np.sin, "sin"),
    "cos": Function(1, r"\cos\left({}\right)", np.cos, "cos"),
    "tan": Function(1, r"\tan\left({}\right)", np.tan, "tan"),
    "tanh": Function(1, r"\tanh\left({}\right)", np.tanh, "tanh"),
    "sigmoid": Function(1, r"\sigma\left({}\right)", _sigmoid, "sigmoid"),
    "relu": Function(1, r"\max\left(0, {}\right)", lambda z: np.maximum(z, 0.0), "relu"),
    "sign": Function(1, r"\mathrm{{sgn}}\left({}\right)", np.sign, "sign"),
    "min": Function(2, r"\min\left({}, {}\right)", np.minimum, "minimum"),
    "max": Function(2, r"\max\left({}, {}\right)", np.maximum, "maximum"),
}

_OPERATORS: dict[type[ast.operator], tuple[str, int]] = {
    ast.Add: ("+", 1), ast.Sub: ("-", 1), ast.Mult: ("*", 2), ast.Div: ("/", 2), ast.Pow: ("**", 4),
}  # fmt: skip
"""The operators, and how strongly each binds."""
_SIGN = 3


@dataclass(frozen=True)
class Formula:
    """A formula that has been read.

    Parameters
    ----------
    text : as it was typed.
    names : the variables that it may use.
    """

    text: str
    names: tuple[str, ...]

    @property
    def used(self) -> tuple[str, ...]:
        """The variables that occur in it, in the order of `names`."""
        found = {node.id for node in ast.walk(_tree(self.text, self.names)) if isinstance(node, ast.Name)}
        return tuple(name for name in self.names if name in found)

    def on_arrays(self, values: Mapping[str, Any]) -> Any:
        """Its value where each variable is an array (or a number); infinities and NaN pass without a warning."""
        with np.errstate(all="ignore"):
            return _value(_tree(self.text, self.names).body, values, _on_arrays)

    def in_torch(self, values: Mapping[str, Any]) -> Any:
        """Its value where each variable is a tensor: differentiable."""
        return _value(_tree(self.text, self.names).body, values, _in_torch)

    def latex(self, symbols: Mapping[str, str] | None = None) -> str:
        """As LaTeX; `symbols` says how variables are written."""
        return _latex(_tree(self.text, self.names).body, symbols or {})


def read(text: str, names: Sequence[str]) -> Formula:
    """The formula in `text`.

    Parameters
    ----------
    text : numbers, the `names`, pi and e, + - * / ** (or ^), brackets, and the functions of `FUNCTIONS`.
    names : the variables.

    Raises
    ------
    FormulaError
        With what is wrong, where, and what to change.

    Examples
    --------
    >>> float(read("0.5*(y-p)**2 + abs(y-p)", ("y", "p")).on_arrays({"y": 1.0, "p": 3.0}))
    4.0
    """
    formula = Formula(text, tuple(names))
    _tree(*vars(formula).values())
    return formula


@lru_cache(maxsize=64)
def _tree(text: str, names: tuple[str, ...]) -> ast.Expression:
    """The tree of a formula, looked through."""
    if not text.strip():
        raise FormulaError(f"The formula is empty: write one with {_listed(names)}.", 0, len(text))
    if len(text) > LONGEST:
        raise FormulaError(f"The formula has {len(text)} characters; it may have {LONGEST}.", LONGEST, len(text))
    plain, places = _plain(text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of numbers that run into words; `_Checker` says what is wrong with those
            tree = ast.parse(plain, mode="eval")
    except SyntaxError as error:
        raise _syntax_error(text, plain, places, error) from None
    except (ValueError, RecursionError, MemoryError):
        raise FormulaError("The formula is nested too deeply: write it more simply.", 0, len(text)) from None
    checker = _Checker(plain, places, names)
    checker.check(tree.body, 0)
    return tree


def _plain(text: str) -> tuple[str, list[int]]:
    """The text as Python writes it, and of each of its characters, and of its end, where it stands in the typed one."""
    plain, places = "", []
    for at, character in enumerate(text):
        written = _TYPED.get(character, " " if character.isspace() else character)
        plain += written
        places += [at] * len(written)
    lead = len(plain) - len(plain.lstrip())
    return plain[lead:], [*places[lead:], len(text)]


def _syntax_error(text: str, plain: str, places: list[int], error: SyntaxError) -> FormulaError:
    at = min(max(0, (error.offset or 1) - 1), len(plain))
    start = min(places[at], len(text))
    opened, closed = plain.count("("), plain.count(")")
    if "|" in plain:
        bar = text.index("|")
        return FormulaError("Write the absolute value |x| as abs(x).", bar, bar + 1)
    if opened > closed:
        place = text.rindex("(")
        return FormulaError("A bracket is opened but not closed: add a ).", place, place + 1)
    if closed > opened:
        place = text.rindex(")")
        return FormulaError(
            "A bracket is closed that was never opened: take it away, or open one before.", place, place + 1
        )
    if plain.rstrip() and plain.rstrip()[-1] in "+-*/,(":
        return FormulaError("Something is missing at the end.", max(0, len(text.rstrip()) - 1), len(text))
    if "=" in plain:
        place = text.index("=")
        return FormulaError("Write only what stands to the right of the =.", place, place + 1)
    end = min(len(text), start + 1)
    what = text[start:end].strip()
    sentence = (
        f"The formula cannot be read at “{what}”: is an operator missing, such as *?"
        if what
        else "Something is missing."
    )
    return FormulaError(sentence, min(start, max(0, len(text) - 1)), max(end, start + 1))


class _Checker:
    """Refuses whatever is not on the list, with the place of it."""

    def __init__(self, plain: str, places: list[int], names: tuple[str, ...]) -> None:
        self._bytes, self._places, self._names = plain.encode(), places, names
        self._count = 0

    def check(self, node: ast.expr, depth: int) -> None:
        """Look through a node and what is below it."""
        self._count += 1
        if self._count > _MOST_NODES or depth > _DEEPEST:
            raise self._error("The formula is too long: write it more simply.", node)
        if isinstance(node, ast.Constant):
            self._check_number(node)
        elif isinstance(node, ast.Name):
            self._check_name(node)
        elif isinstance(node, ast.UnaryOp):
            if not isinstance(node.op, ast.USub | ast.UAdd):
                raise self._error("Only + and - can stand before a value.", node)
            self.check(node.operand, depth + 1)
        elif isinstance(node, ast.BinOp):
            if type(node.op) not in _OPERATORS:
                raise self._error("A formula knows + - * / and ** (power).", node)
            self.check(node.left, depth + 1)
            self.check(node.right, depth + 1)
            if isinstance(node.op, ast.Div) and _number(node.right) == 0:
                raise self._error("This divides by zero.", node)
            self._check_value(node)
        elif isinstance(node, ast.Call):
            self._check_call(node, depth)
        else:
            raise self._error(
                f"This has no meaning here: use numbers, {_listed(self._names)} and functions such as exp.", node
            )

    def _check_number(self, node: ast.Constant) -> None:
        if isinstance(node.value, bool) or not isinstance(node.value, int | float):
            raise self._error("Only numbers can stand here.", node)
        try:
            finite = math.isfinite(float(node.value))
        except OverflowError:
            finite = False
        if not finite:
            raise self._error("This number is too large.", node)

    def _check_name(self, node: ast.Name) -> None:
        if node.id in self._names or node.id in _CONSTANTS:
            return
        if node.id in FUNCTIONS:
            raise self._error(f"{node.id} is a function: give it something, as in {node.id}({self._names[0]}).", node)
        raise self._error(f"“{node.id}” is not known: use {_listed(self._names)}.", node)

    def _check_call(self, node: ast.Call, depth: int) -> None:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        function = FUNCTIONS.get(name)
        if function is None:
            if isinstance(node.func, ast.Attribute):
                raise self._error(f"Only these functions can be used: {', '.join(FUNCTIONS)}.", node.func)
            if name in self._names or not name:
                raise self._error("An operator is missing before the bracket: write * for times.", node.func)
            raise self._error(f"There is no function “{name}”: there are {', '.join(FUNCTIONS)}.", node.func)
        if node.keywords or len(node.args) != function.arguments:
            wanted = "one value" if function.arguments == 1 else "two values with a comma between them"
            raise self._error(f"{name} takes {wanted}.", node)
        for argument in node.args:
            self.check(argument, depth + 1)
        self._check_value(node)

    def _check_value(self, node: ast.expr) -> None:
        """Refuse a part without variables that has no value, as the logarithm of a negative number."""
        value = _number(node)
        if value is not None and not math.isfinite(value):
            raise self._error("This has no finite value.", node)

    def _error(self, sentence: str, node: ast.expr) -> FormulaError:
        places = self._places
        # The parser counts bytes.
        start, end = (
            len(self._bytes[:at].decode(errors="ignore")) for at in (node.col_offset, node.end_col_offset or 0)
        )
        return FormulaError(sentence, places[start], max(places[end], places[start] + 1))


def _listed(names: Sequence[str]) -> str:
    if len(names) > _MOST_LISTED:
        return f"{names[0]}, {names[1]} and so on to {names[-1]}"
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


# -- values ------------------------------------------------------------------------------------------------------------


def _on_arrays(name: str, arguments: list[Any]) -> Any:
    return FUNCTIONS[name].on_arrays(*arguments)


def _in_torch(name: str, arguments: list[Any]) -> Any:
    import torch

    like = next((argument for argument in arguments if isinstance(argument, torch.Tensor)), None)
    tensors = [
        argument if isinstance(argument, torch.Tensor) else torch.as_tensor(
            argument, dtype=None if like is None else like.dtype, device=None if like is None else like.device
        )
        for argument in arguments
    ]  # fmt: skip
    return getattr(torch, FUNCTIONS[name].in_torch)(*tensors)


def _number(node: ast.expr) -> float | None:
    """The value of a part that is the same everywhere; None where there is a variable in it."""
    names = (each.id for each in ast.walk(node) if isinstance(each, ast.Name))
    if any(name not in _CONSTANTS and name not in FUNCTIONS for name in names):
        return None
    with np.errstate(all="ignore"):
        return float(_value(node, {}, _on_arrays))


def _value(node: ast.expr, values: Mapping[str, Any], call: Callable[[str, list[Any]], Any]) -> Any:
    if isinstance(node, ast.Constant):
        return np.float64(node.value)  # type: ignore[arg-type]  # `_Checker` has seen that it is a number
    if isinstance(node, ast.Name):
        return np.float64(_CONSTANTS[node.id]) if node.id not in values else values[node.id]
    if isinstance(node, ast.UnaryOp):
        operand = _value(node.operand, values, call)
        return -operand if isinstance(node.op, ast.USub) else operand
    if isinstance(node, ast.Call):
        assert isinstance(node.func, ast.Name)
        return call(node.func.id, [_value(argument, values, call) for argument in node.args])
    assert isinstance(node, ast.BinOp)
    left, right = _value(node.left, values, call), _value(node.right, values, call)
    # A number of numpy's before a tensor would make an array of it.
    if isinstance(left, np.float64) and not isinstance(right, np.generic | np.ndarray | float):
        left = float(left)
    if isinstance(node.op, ast.Add):
        return left + right
    if isinstance(node.op, ast.Sub):
        return left - right
    if isinstance(node.op, ast.Mult):
        return left * right
    if isinstance(node.op, ast.Div):
        return left / right
    return left**right


# -- as it is printed --------------------------------------------------------------------------------------------------


def _strength(node: ast.expr) -> int:
    if isinstance(node, ast.BinOp):
        return _OPERATORS[type(node.op)][1]
    return _SIGN if isinstance(node, ast.UnaryOp) else 5


def _latex(node: ast.expr, symbols: Mapping[str, str]) -> str:
    if isinstance(node, ast.Constant):
        return f"{node.value:g}" if isinstance(node.value, int | float) else ""
    if isinstance(node, ast.Name):
        return symbols.get(node.id) or _LATEX_CONSTANTS.get(node.id, node.id)
    if isinstance(node, ast.UnaryOp):
        sign = "-" if isinstance(node.op, ast.USub) else ""
        return sign + _bracketed(node.operand, _SIGN, symbols)
    if isinstance(node, ast.Call):
        assert isinstance(node.func, ast.Name)
        return FUNCTIONS[node.func.id].latex.format(*(_latex(argument, symbols) for argument in node.args))
    assert isinstance(node, ast.BinOp)
    if isinstance(node.op, ast.Div):
        return rf"\frac{{{_latex(node.left, symbols)}}}{{{_latex(node.right, symbols)}}}"
    if isinstance(node.op, ast.Pow):
        return f"{_bracketed(node.left, 5, symbols)}^{{{_latex(node.right, symbols)}}}"
    sign, strength = _OPERATORS[type(node.op)]
    left, right = _bracketed(node.left, strength, symbols), _bracketed(node.right, strength + (sign == "-"), symbols)
    if sign == "*":
        # Two numbers, or what begins with one, would run together.
        return rf"{left} \cdot {right}" if right[:1].isdigit() else rf"{left}\,{right}"
    return f"{left} {sign} {right}"


def _bracketed(node: ast.expr, strength: int, symbols: Mapping[str, str]) -> str:
    text = _latex(node, symbols)
    return rf"\left({text}\right)" if _strength(node) < strength else text
