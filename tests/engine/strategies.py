"""Hypothesis strategies: any valid experiment, drawn from the document's own declarations."""

from __future__ import annotations

import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types as at
import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from engine.dataset import Points
from engine.experiment import DrawnData, Experiment, GeneratedData, Preparation, View
from engine.settings import Settings
from engine.table_columns import KINDS, Columns
from engine.table_data import TableData
from engine.training_settings import Loss

_FORMULAS = ("x1*x2", "sin(3*x)", "exp(-x1**2)", "x3", "log(x1)")
_LOSSES = ("(y - p)**2", "abs(y - p)", "max(0, 1 - y*p)", "log(p)")
COORDINATES = st.floats(-1e6, 1e6, width=32)


@st.composite
def drawn_points(draw: Any, n_inputs: int = 2, n_classes: int | None = None, max_size: int = 40) -> Points:
    n = draw(st.integers(0, max_size))
    X = draw(hnp.arrays(np.float32, (n, n_inputs), elements=COORDINATES))
    targets = st.integers(0, n_classes - 1) if n_classes else COORDINATES
    y = np.array(draw(st.lists(targets, min_size=n, max_size=n)), np.float32)
    ids = np.sort(np.array(draw(st.lists(st.integers(0, 10**6), min_size=n, max_size=n, unique=True)), np.int64))
    return Points(X, y, ids)


@st.composite
def drawn_data(draw: Any) -> DrawnData:
    if draw(st.booleans()):
        names = draw(_class_names(2))
        return DrawnData(points=draw(drawn_points(2, len(names))), class_names=names)
    return DrawnData(task="regression", points=draw(drawn_points(draw(st.integers(1, 2)))))


@st.composite
def table_data(draw: Any) -> TableData:
    names = draw(st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=5, unique=True))
    rows, kinds = draw(st.integers(1, 12)), draw(st.lists(st.sampled_from(KINDS), min_size=5, max_size=5))
    amounts = hnp.arrays(np.float64, rows, elements=COORDINATES | st.just(np.nan))
    places = hnp.arrays(np.float64, rows, elements=st.sampled_from([0.0, 1.0, 2.0, np.nan]))
    named = [draw(st.booleans()) for _ in names]
    values = np.stack([draw(places if each else amounts) for each in named])
    categories = tuple(("a", "b", "c") if each else () for each in named)
    return TableData(
        title=draw(st.text(max_size=10)),
        columns=Columns(tuple(names), tuple(kinds[: len(names)]), values, categories),
        target=draw(st.sampled_from(names)),
        target_as=draw(st.sampled_from(["auto", "classes", "numbers"])),
        features=tuple(draw(st.lists(st.sampled_from(names), max_size=3, unique=True))),
        kinds=tuple((name, draw(st.sampled_from(KINDS))) for name in names[:1]),
        excluded=tuple(draw(st.lists(st.integers(0, rows - 1), max_size=3))),
    )


def _class_names(fewest: int) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.text(min_size=1, max_size=40), min_size=fewest, max_size=6, unique=True).map(tuple)


@st.composite
def _ranges(draw: Any) -> tuple[float, float] | None:
    low, length = draw(st.floats(-1e3, 1e3)), draw(st.floats(1e-3, 1e3))
    return draw(st.sampled_from([None, (low, low + length)]))


def _preparations() -> st.SearchStrategy[Preparation]:
    shares = st.tuples(st.floats(0, 0.8), st.floats(0, 0.8)).filter(lambda pair: sum(pair) <= 0.9)
    rest = _fields(Preparation, without={"validation_share", "test_share", "formulas"})
    formulas = st.lists(st.sampled_from(_FORMULAS), max_size=3, unique=True).map(tuple)
    return st.builds(
        lambda pair, typed, fields: Preparation(validation_share=pair[0], test_share=pair[1], formulas=typed, **fields),
        shares,
        formulas,
        rest,
    )


def _fields(model: type[Settings], without: set[str]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            name: _values(info.annotation, tuple(info.metadata))
            for name, info in model.model_fields.items()
            if name not in without
        }
    )


def _values(annotation: Any, metadata: tuple[Any, ...] = ()) -> st.SearchStrategy[Any]:
    """Values of one declared type within its declared bounds."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _values(arguments[0], (*metadata, *arguments[1:]))
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin in (Union, types.UnionType):
        return st.one_of([_values(argument) for argument in arguments])
    if isinstance(annotation, type) and issubclass(annotation, Settings):
        return settings(annotation)
    if origin is tuple:
        longest = next((item.max_length for item in metadata if isinstance(item, at.MaxLen)), 10)
        return st.lists(_values(arguments[0]), max_size=longest).map(tuple)
    low: Any = next((item.ge for item in metadata if isinstance(item, at.Ge)), None)
    high: Any = next((item.le for item in metadata if isinstance(item, at.Le)), None)
    if annotation is str:
        longest = next((item.max_length for item in metadata if isinstance(item, at.MaxLen)), 20)
        return st.text(st.characters(exclude_categories=["C"]), max_size=min(longest, 20))
    if annotation is bool:
        return st.booleans()
    if annotation is int:
        return st.integers(low, high)
    if annotation is float:
        return st.floats(low, high, allow_nan=False, allow_infinity=False)
    raise TypeError(f"no strategy for {annotation}")


def settings(model: type[Settings]) -> st.SearchStrategy[Any]:
    """Any valid value of a settings model."""
    if model is DrawnData:
        return drawn_data()
    if model is TableData:
        return table_data()
    if model is GeneratedData:
        fields = _fields(GeneratedData, {"renamed_classes"})
        return st.builds(lambda rest, names: GeneratedData(renamed_classes=names, **rest), fields, _class_names(0))
    if model is Preparation:
        return _preparations()
    if model is Loss:
        return st.builds(
            lambda rest, formula: Loss(formula=formula, **rest), _fields(Loss, {"formula"}), st.sampled_from(_LOSSES)
        )
    if model is View:
        fields = _fields(View, {"x_range", "y_range"})
        return st.builds(lambda rest, x, y: View(x_range=x, y_range=y, **rest), fields, _ranges(), _ranges())
    return _fields(model, set()).map(lambda values: model(**values))


def experiments() -> st.SearchStrategy[Experiment]:
    """Any valid experiment."""
    return settings(Experiment)
