"""Search: which hyper-parameters there are, which values to try, and which of the tried ones to take.

References
----------
Bergstra, Bengio (2012). Random search for hyper-parameter optimization. JMLR 13.
Breiman, Friedman, Olshen, Stone (1984). Classification and Regression Trees, section 3.4.3: the rule of one standard
error.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

import numpy as np
from pydantic.fields import FieldInfo

from engine.dataset import Task
from engine.edits import SettingError, set_values
from engine.experiment import Experiment
from engine.generators import task_of
from engine.learners.linear_regression import LinearRegression
from engine.paths import title_of
from engine.registry import own_loss
from engine.settings import Settings
from engine.table_data import TableData
from engine.validation import Candidate, Scores, higher_is_better

_NO_MODEL = (
    "preparation.validation_share", "preparation.test_share", "preparation.split_seed",
    "training.seed", "training.device", "training.path", "training.precision", "training.stop",
)  # fmt: skip
"""What says who is judged, by how much chance and where; no search should choose among these."""
_SIMPLER_WHERE_HIGH = (
    "l1", "l2", "dropout", "k", "sigma", "min_samples_leaf", "min_samples_split", "epsilon", "shrinkage",
    "var_smoothing", "ridge", "noise", "length_scale",
)  # fmt: skip
"""Settings of which more makes a simpler model."""
_CAPACITY = ("k", "max_depth", "max_leaf_nodes", "units", "trees", "C", "length_scale", "shrinkage", "var_smoothing")
"""Settings that say how much a model can bend, the plainest first."""
_UNBOUNDED = 1e4
"""A range that ends beyond this, or does not end, is looked at about the present value."""
_DECADES = 4
"""How far a logarithmic range reaches down from its upper end where it begins at zero."""

ParameterKind = Literal["int", "float", "choice", "flag"]


@dataclass(frozen=True)
class Parameter:
    """A setting that a search can choose.

    Parameters
    ----------
    path : dotted.
    title : e.g. "Layer 1 units".
    kind : what its values are.
    low, high : the range to look at first, within what is allowed; 0 where it has no numbers.
    log : whether that range is walked by ratios.
    options : its values where they are names.
    value : what it is now.
    simpler_where_high : whether a larger value makes a simpler model.
    """

    path: str
    title: str
    kind: ParameterKind
    low: float = 0.0
    high: float = 0.0
    log: bool = False
    options: tuple[str, ...] = ()
    value: Any = None
    simpler_where_high: bool = False

    @property
    def is_number(self) -> bool:
        return self.kind in ("int", "float")


def parameters(experiment: Experiment) -> tuple[Parameter, ...]:
    """The hyper-parameters of `experiment` that mean something now, those of the learner first.

    Examples
    --------
    >>> [each.title for each in parameters(Experiment()) if "layer" in each.path][:2]
    ['Layer 1 units', 'Layer 1 activation']
    """
    learner, task = experiment.learner, task_of(experiment.data)
    groups: list[tuple[str, Settings]] = [("learner", learner)]
    if isinstance(learner, LinearRegression) and not learner.by_gradient:
        groups.append(("training.regularization", experiment.training.regularization))
    elif own_loss(learner, task) is None:
        groups.append(("training", experiment.training))
    groups.append(("preparation", experiment.preparation))
    found = (each for prefix, group in groups for each in _walk(group, prefix, "", task))
    idle = set() if isinstance(experiment.data, TableData) else {"preparation.missing", "preparation.encoding"}
    if getattr(learner, "fit", "") == "least_squares":
        idle.add("training.regularization.l1")
    return tuple(each for each in found if each.path not in idle)


def capacity_of(among: Sequence[Parameter]) -> Parameter | None:
    """The setting that says most about how much a model can bend: what a validation curve is drawn over first."""
    for name in _CAPACITY:
        for each in among:
            prefix, _, last = each.path.rpartition(".")
            if last == name and prefix.startswith("learner"):
                return each
    return next((each for each in among if each.path == "preparation.polynomial"), None)


def _walk(group: Settings, prefix: str, within: str, task: Task) -> Iterator[Parameter]:
    for name, field in type(group).model_fields.items():
        path, value = f"{prefix}.{name}", getattr(group, name)
        if path.startswith(_NO_MODEL) or not _means_something(field, group, task):
            continue
        if isinstance(value, Settings):
            yield from _walk(value, path, within, task)
        elif isinstance(value, tuple) and any(isinstance(item, Settings) for item in value):
            for index, item in enumerate(value):
                nth = f"{(field.title or name).removesuffix('s')} {index + 1}"
                yield from _walk(item, f"{path}.{index}", nth, task)
        else:
            found = _parameter(path, name, field, value, within)
            if found is not None:
                yield found


def _means_something(field: FieldInfo, siblings: Settings, task: Task) -> bool:
    extra: Any = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    only_for: Any = extra.get("only_for")
    return extra.get("only_in", task) == task and all(
        getattr(siblings, name) in allowed for name, allowed in (only_for or {}).items()
    )


def _parameter(path: str, name: str, field: FieldInfo, value: Any, within: str) -> Parameter | None:
    extra = field.json_schema_extra
    if not isinstance(extra, dict):
        return None
    title = field.title or name
    title = f"{within} {title[0].lower()}{title[1:]}" if within else title
    if get_origin(field.annotation) is Literal:
        return Parameter(path, title, "choice", options=tuple(get_args(field.annotation)), value=value)
    if field.annotation is bool:
        return Parameter(path, title, "flag", options=("false", "true"), value=value)
    if field.annotation not in (int, float):
        return None
    kind: ParameterKind = "int" if field.annotation is int else "float"
    log = bool(extra.get("log"))
    low, high = _range(field, float(value), log=log, is_int=kind == "int")
    return Parameter(path, title, kind, low, high, log, (), value, simpler_where_high=name in _SIMPLER_WHERE_HIGH)


def _range(field: FieldInfo, value: float, *, log: bool, is_int: bool) -> tuple[float, float]:
    """A range worth looking at: the declared one, or, where that is endless, its part about the present value."""
    bounds = {
        key: float(getattr(entry, key))
        for entry in field.metadata for key in ("ge", "gt", "le", "lt") if hasattr(entry, key)
    }  # fmt: skip
    low, high = bounds.get("ge", bounds.get("gt", -math.inf)), bounds.get("le", bounds.get("lt", math.inf))
    if log:
        high = min(high, max(100 * value, 1.0) if high > _UNBOUNDED else high)
        low = max(low, high * 10.0**-_DECADES)
        return (max(1.0, math.ceil(low)), math.floor(high)) if is_int else (low, high)
    if is_int:
        low = low if math.isfinite(low) else value - 12
        return low, min(high, max(low + 24, 2 * value))
    if not math.isfinite(high) or high > _UNBOUNDED:
        high = max(2 * value, 1.0)
    if not math.isfinite(low) or low < -_UNBOUNDED:
        low = min(2 * value, 0.0)
    step = (high - low) / 100
    return (low + step if "gt" in bounds else low), (high - step if "lt" in bounds else high)


@dataclass(frozen=True)
class Axis:
    """The values of one hyper-parameter that are tried.

    Parameters
    ----------
    path, title : which.
    values : numbers in increasing order, or names.
    log : whether they are spread by ratios.
    simpler_where_high : whether the last values make simpler models than the first.
    """

    path: str
    title: str
    values: tuple[Any, ...]
    log: bool = False
    simpler_where_high: bool = False


def axis_of(parameter: Parameter, low: float, high: float, count: int) -> Axis:
    """`count` values from `low` to `high`, or all of them where they are names; fewer where whole numbers coincide.

    Raises
    ------
    SettingError
        If the range is not one.
    """
    if not parameter.is_number:
        values: tuple[Any, ...] = tuple(each == "true" for each in parameter.options) if parameter.kind == "flag" else (
            parameter.options
        )  # fmt: skip
        return Axis(parameter.path, parameter.title, values)
    if not low < high or (parameter.log and low <= 0):
        raise SettingError(
            f"{parameter.title}: a range runs from a smaller to a larger number"
            f"{' above 0' if parameter.log else ''}, not from {low:g} to {high:g}."
        )
    spaced = np.geomspace(low, high, count) if parameter.log else np.linspace(low, high, count)
    if parameter.kind == "int":
        values = tuple(int(value) for value in np.unique(np.round(spaced).astype(np.int64)))
    else:
        # Numbers that a person could have typed: what is loaded into the document is what was tried.
        values = tuple(min(max(float(f"{value:.3g}"), low), high) for value in spaced)
        if len(set(values)) < count:
            values = tuple(min(max(float(value), low), high) for value in spaced)
    return Axis(parameter.path, parameter.title, values, parameter.log, parameter.simpler_where_high)


def axis_of_values(experiment: Experiment, path: str, values: Sequence[Any]) -> Axis:
    """The axis of values that were given one by one, e.g. on a command line."""
    known = next((each for each in parameters(experiment) if each.path == path), None)
    try:
        title = known.title if known is not None else title_of(experiment, path)
    except (KeyError, ValueError, IndexError):
        title = path
    return Axis(path, title, tuple(values), simpler_where_high=known is not None and known.simpler_where_high)


def grid_candidates(experiment: Experiment, axes: Sequence[Axis]) -> list[Candidate]:
    """Every combination of the values of `axes`; those of the last axis change first.

    Raises
    ------
    SettingError
        If there is no such path or it cannot have one of the values.
    """
    return [_candidate(experiment, axes, values) for values in itertools.product(*(axis.values for axis in axes))]


def random_candidates(experiment: Experiment, axes: Sequence[Axis], count: int, seed: int) -> list[Candidate]:
    """`count` combinations drawn from those of the grid, each at most once; with the same seed the same ones.

    Raises
    ------
    SettingError
        If there is no such path or it cannot have one of the values.
    """
    total = math.prod(len(axis.values) for axis in axes)
    random = np.random.Generator(np.random.PCG64(seed))
    chosen = np.sort(random.choice(total, min(count, total), replace=False))
    shape = tuple(len(axis.values) for axis in axes)
    places = np.stack(np.unravel_index(chosen, shape), axis=1).tolist()
    return [
        _candidate(experiment, axes, [axis.values[index] for axis, index in zip(axes, place, strict=True)])
        for place in places
    ]


def _candidate(experiment: Experiment, axes: Sequence[Axis], values: Sequence[Any]) -> Candidate:
    chosen = {axis.path: value for axis, value in zip(axes, values, strict=True)}
    title = ", ".join(f"{axis.title} {value_text(value)}" for axis, value in zip(axes, values, strict=True))
    return Candidate(title, set_values(experiment, chosen), tuple(chosen.items()))


def value_text(value: Any) -> str:
    """A tried value as it is written in a sentence.

    >>> value_text(0.1), value_text(8), value_text(True), value_text([4, 2])
    ('0.1', '8', 'on', '[4, 2]')
    """
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def chosen(scores: Scores, axes: Sequence[Axis], *, one_standard_error: bool) -> int | None:
    """The candidate to take: the best, or the simplest whose mean is within one standard error of the best.

    Of two candidates the simpler is the one nearer the simple ends of the axes, in steps; None before any has a score.
    """
    best = scores.best()
    if best is None or not one_standard_error:
        return best
    top = scores.spread(best)
    assert top is not None
    if top.standard_error is None:
        return best
    sign = 1.0 if higher_is_better(scores.study.measure) else -1.0
    with np.errstate(invalid="ignore"):
        near = sign * (top.mean - scores.means) <= top.standard_error + 1e-12 * abs(top.mean)
    within = [int(index) for index in np.flatnonzero(near)]
    candidates = scores.study.candidates
    return min(within, key=lambda index: (_complexity(dict(candidates[index].values), axes), index != best, index))


def _complexity(values: Mapping[str, object], axes: Sequence[Axis]) -> int:
    """How many steps away from the simple end of each axis."""
    steps = 0
    for axis in axes:
        place = axis.values.index(values[axis.path])
        steps += len(axis.values) - 1 - place if axis.simpler_where_high else place
    return steps
