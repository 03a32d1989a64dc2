"""What a validation of an experiment can choose from, and which of the choices made are still possible."""

from __future__ import annotations

from dataclasses import replace

from engine.experiment import Experiment
from engine.generators import task_of
from engine.registry import learners_for
from engine.search import Parameter, capacity_of, parameters
from engine.validation import measures_for
from widgets.validation_values import AxisWish, ParameterEntry, ValidationWish


def entries_of(offered: tuple[Parameter, ...]) -> list[ParameterEntry]:
    """The hyper-parameters as a menu shows them."""
    return [
        ParameterEntry(each.path, each.title, each.is_number, each.kind == "int", each.low, each.high, each.log)
        for each in offered
    ]


def still_possible(wish: ValidationWish, experiment: Experiment, suggested: str) -> ValidationWish:
    """`wish`, with other choices where `experiment` no longer allows them.

    Parameters
    ----------
    suggested : the path of the third axis, if nobody has chosen it: then it follows the model.
    """
    task, offered = task_of(experiment.data), parameters(experiment)
    measures = measures_for(task)
    if wish.measure not in measures:
        wish = replace(wish, measure=measures[0])
    kinds = tuple(entry.kind for entry in learners_for(task))
    ticked = tuple(kind for kind in wish.learners if kind in kinds)
    if task == "regression" and wish.scheme.kind == "stratified":
        wish = replace(wish, scheme=wish.scheme.model_copy(update={"kind": "kfold"}))
    axes = _axes_among(wish, entries_of(offered), capacity_of(offered), suggested)
    return replace(wish, learners=ticked or kinds, axes=axes)


def _axes_among(
    wish: ValidationWish, entries: list[ParameterEntry], capacity: Parameter | None, suggested: str
) -> tuple[AxisWish, AxisWish, AxisWish]:
    """What is chosen for the axes, with another choice where it is no longer possible.

    Parameters
    ----------
    capacity : what a validation curve is drawn over where nobody has chosen anything else.
    suggested : the path that was chosen for that reason.
    """
    known = {entry.path: entry for entry in entries}
    numbers = [entry for entry in entries if entry.is_number]

    def fitting(axis: AxisWish, nth: int, *, optional: bool = False) -> AxisWish:
        if axis.path in known:
            return axis
        if optional or not numbers:
            return AxisWish(count=axis.count)
        entry = numbers[min(nth, len(numbers) - 1)]
        return AxisWish(entry.path, entry.low, entry.high, axis.count)

    first, second, third = wish.axes
    if capacity is not None and (third.path not in known or third.path == suggested != capacity.path):
        third = AxisWish(capacity.path, capacity.low, capacity.high, third.count)
    return fitting(first, 0), fitting(second, 1, optional=True), fitting(third, 0)
