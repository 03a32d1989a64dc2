"""What an edit of the experiment means for the model that is running."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.dataset import Dataset, rows_in_common
from engine.experiment import DrawnData, Experiment
from engine.registry import LEARNERS, own_loss, refits
from engine.settings import Settings
from engine.table_data import TableData
from engine.training_settings import Training


@dataclass(frozen=True)
class Consequence:
    """Nothing to do, go on with the new values, or start again; and what the status bar says about it.

    Parameters
    ----------
    is_another : whether it starts again with another model, data set or task, rather than with other settings.
    """

    kind: Literal["none", "live", "restart"]
    sentence: str = ""
    is_another: bool = False


NOTHING = Consequence("none")

_OTHERS = ("the task", "the data set", "the model")
"""What is chosen rather than set."""

_RESTARTING_TRAINING_FIELDS = {
    "seed": "the seed",
    "precision": "the precision",
}
_RESTARTING_PREPARATION_FIELDS = {
    "chips": "the features",
    "polynomial": "the polynomial degree",
    "formulas": "the features",
    "fourier": "the Fourier order",
    "scaling": "the scaling",
    "missing": "how gaps are filled",
    "encoding": "the encoding",
    "validation_share": "who is held out",
    "test_share": "who is held out",
    "split_seed": "who is held out",
}


def consequence(old: Experiment, new: Experiment, old_data: Dataset, new_data: Dataset) -> Consequence:
    """What going from `old` to `new` means for a model trained on `old`.

    The learning rate, penalties, batch size, schedules, stop conditions and points act on the running model, and so
    do path and device: where and how it is computed, the state is the same. What changes the shape of the model or of
    its inputs starts it again.
    """
    if len(old_data.points) and not len(new_data.points):
        return Consequence("restart", "All points are gone, and what was learned from them.")
    reason = _restart_reason(old, new, old_data, new_data)
    if reason:
        return Consequence("restart", f"Started again: {reason} changed.", is_another=reason in _OTHERS)
    if (old.data, old.learner, old.training) == (new.data, new.learner, new.training):
        return NOTHING
    if old.data != new.data:
        return Consequence("live")
    changed = [title for title, before, after in _training_groups(old.training, new.training) if before != after]
    return Consequence("live", f"{', '.join(changed)} changed while it runs." if changed else "")


def _restart_reason(old: Experiment, new: Experiment, old_data: Dataset, new_data: Dataset) -> str:
    if old_data.task != new_data.task or old_data.n_inputs != new_data.n_inputs:
        return "the task"
    if old_data.n_classes != new_data.n_classes:
        return "the number of classes"
    if _is_another_data_set(old, new, old_data, new_data):
        return "the data set"
    if type(old.learner) is not type(new.learner):
        return "the model"
    both_refit = refits(old.learner) and refits(new.learner)
    if not both_refit and _differing(old.learner, new.learner) - set(LEARNERS[new.learner.kind].live):
        return "the model's shape"
    for field, name in _RESTARTING_PREPARATION_FIELDS.items():
        if getattr(old.preparation, field) != getattr(new.preparation, field):
            return name
    for field, name in _RESTARTING_TRAINING_FIELDS.items():
        if getattr(old.training, field) != getattr(new.training, field):
            return name
    losses = {old.training.loss.kind, new.training.loss.kind}
    if (
        new_data.task == "classification"
        and own_loss(new.learner, new_data.task) is None
        and len(losses) == 2
        and "cross_entropy" in losses
    ):
        return "what the outputs mean"
    return ""


_ALL_ROWS = {"excluded": (), "title": ""}


def _is_another_data_set(old: Experiment, new: Experiment, old_data: Dataset, new_data: Dataset) -> bool:
    """Whether the points come from elsewhere, rather than being the old ones with some added or gone."""
    before, after = old.data, new.data
    if isinstance(before, TableData) or isinstance(after, TableData):
        # Rows taken out of a table, or put back; all else makes other inputs or other targets of it.
        return type(before) is not type(after) or before.model_copy(update=_ALL_ROWS) != after.model_copy(
            update=_ALL_ROWS
        )
    if isinstance(before, DrawnData) and not isinstance(after, DrawnData):
        # The first stroke on a data set taken back: most points are where they were.
        return not _mostly_the_same(old_data, new_data)
    if isinstance(before, DrawnData) or isinstance(after, DrawnData):
        return False
    return before.generator != after.generator


def _mostly_the_same(old: Dataset, new: Dataset) -> bool:
    rows, new_rows = rows_in_common(old.points.ids, new.points.ids)
    same = (old.X[rows] == new.X[new_rows]).all(axis=1)
    return 2 * int(same.sum()) > len(new.points)


def _differing(old: Settings, new: Settings) -> set[str]:
    return {name for name in type(old).model_fields if getattr(old, name) != getattr(new, name)}


def _training_groups(old: Training, new: Training) -> list[tuple[str, object, object]]:
    """The parts of `Training` that act while it runs, finest first, as (title, before, after)."""
    groups: list[tuple[str, object, object]] = []
    for group in ("loss", "optimizer", "regularization", "stop"):
        before, after = getattr(old, group), getattr(new, group)
        for name, field in type(before).model_fields.items():
            groups.append((field.title or name, getattr(before, name), getattr(after, name)))
    groups.append(("How it is computed", (old.path, old.device), (new.path, new.device)))
    return groups
