"""What a choice brings with it: the pure functions from one experiment to the next."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from engine import checks
from engine.clustering import MOST_CLUSTERS
from engine.dataset import CLASS_NAMES, MAX_CLASSES, UNSUPERVISED, FloatArray, IntArray, Points, Target, Task
from engine.edits import replaced, set_values
from engine.experiment import (
    Data,
    DrawnData,
    Experiment,
    GeneratedData,
    GeneratorName,
    View,
    with_new_learner,
    without_penalties,
)
from engine.generators import GENERATORS, dataset_for, dataset_of, plane_for, task_of
from engine.registry import LEARNERS, learners_for, unsupervised_task
from engine.table_columns import Columns
from engine.table_data import TableData
from engine.typical_reach import with_typical_reach

if TYPE_CHECKING:
    from engine.model import Model

_DEFAULT_GENERATOR: dict[Task, GeneratorName] = {
    "classification": "circles", "regression": "sine", "clustering": "blobs", "projection": "correlated",
}  # fmt: skip


def with_data(experiment: Experiment, data: Data) -> Experiment:
    """`experiment` on other data, in a view that fits them, with a model and a loss that can do their task; without the
    penalties that were chosen for another task.

    A table is standardized, as its columns are of all sizes; what was so for a table is not for points.
    """
    was_table, is_table = isinstance(experiment.data, TableData), isinstance(data, TableData)
    if was_table != is_table:
        before, after = ("none", "standardize") if is_table else ("standardize", "none")
        if experiment.preparation.scaling == before:
            experiment = replaced(experiment, "preparation.scaling", after)
    untouched = experiment.view.plane == plane_for(experiment.data)
    plane = plane_for(data) if untouched else experiment.view.plane
    fitted = {"x_range": None, "y_range": None, "threshold": View().threshold, "plane": plane, "colour_by": ""}
    view = experiment.view.model_copy(update=fitted)
    changed = suited(experiment.model_copy(update={"data": data, "view": view}))
    if task_of(data) != task_of(experiment.data):
        changed = without_penalties(replaced(changed, "training.loss.kind", checks.default_loss(task_of(data))))
    few, many = (dataset_for(each).n_inputs <= 2 for each in (experiment, changed))
    return _with_projection(changed) if few and not many else changed


def with_values(experiment: Experiment, values: Mapping[str, str]) -> Experiment:
    """`experiment` with a value at each path, as a person types them; another target of a table brings a model and a
    loss that can do its task, unless these are set, too.

    Raises
    ------
    engine.edits.SettingError
        If there is no such path or it cannot have the value.
    """
    if isinstance(experiment.data, TableData):
        about_data = {path: value for path, value in values.items() if path.startswith("data.")}
        if about_data:
            target = values.get("data.target", "")
            if "data.features" not in values and target in experiment.data.columns:
                experiment = with_target(experiment, target)
            experiment = with_data(experiment, set_values(experiment, about_data).data)
            values = {path: value for path, value in values.items() if path not in about_data}
    return set_values(experiment, values)


def with_target(experiment: Experiment, name: str) -> Experiment:
    """`experiment` on a table, predicting its column `name`; what was predicted before becomes a feature."""
    data = experiment.data
    if not isinstance(data, TableData):
        return experiment
    features = (*data.features, data.target) if data.features else ()
    changed = {"target": name, "features": features, "target_as": "auto"}
    return with_data(experiment, data.model_copy(update=changed))


def with_generator(experiment: Experiment, name: GeneratorName) -> Experiment:
    """`experiment` on the data set `name`, keeping number of points, noise and seed where it had them."""
    old = experiment.data if isinstance(experiment.data, GeneratedData) else GeneratedData()
    return with_data(experiment, old.model_copy(update={"generator": name, "renamed_classes": ()}))


def with_empty_canvas(experiment: Experiment, task: Target | None = None, n_inputs: int | None = None) -> Experiment:
    """`experiment` without points, ready to be drawn on; the same task unless another is named."""
    dataset = dataset_of(experiment.data, experiment.preparation)
    task = task or task_of(experiment.data)
    width = n_inputs or (min(2, dataset.n_inputs) if task == dataset.task else 1)
    kept = task == "classification" and 2 <= len(dataset.class_names) <= MAX_CLASSES
    names = tuple(name[:40] for name in dataset.class_names) if kept else CLASS_NAMES[:2]
    data = DrawnData(task=task, points=Points.empty(2 if task == "classification" else width), class_names=names)
    return with_data(experiment, data)


def with_task(experiment: Experiment, task: Task) -> Experiment:
    """`experiment` on data of `task`: on those that it has if they can serve, else on the first set of the task."""
    if learned_task(experiment) == task:
        return experiment
    data = experiment.data
    changed = with_new_learner(experiment, learners_for(task)[0].kind)
    if isinstance(data, GeneratedData):
        serves = task in GENERATORS[data.generator].offered_for
    else:
        serves = task_of(data) == task or (task in UNSUPERVISED and dataset_for(experiment).n_inputs >= 2)
    if serves:
        return _with_projection(changed)
    if isinstance(data, DrawnData) and len(data.points) == 0:
        return with_empty_canvas(changed, "regression" if task == "regression" else "classification")
    return with_generator(changed, _DEFAULT_GENERATOR[task])


def learned_task(experiment: Experiment) -> Task:
    """What the model of `experiment` does with the data."""
    return unsupervised_task(experiment.learner) or task_of(experiment.data)


def with_learner(experiment: Experiment, kind: str) -> Experiment:
    """`experiment` with the learner `kind` and its penalties at their defaults, and a loss that goes with it."""
    if experiment.learner.kind == kind:
        return experiment
    if LEARNERS[kind].has_band and not experiment.view.band:
        experiment = replaced(experiment, "view.band", True)
    changed = _with_projection(suited(with_new_learner(experiment, kind)))
    return with_typical_reach(changed, dataset_for(changed)) if isinstance(experiment.data, TableData) else changed


def _with_projection(experiment: Experiment) -> Experiment:
    """`experiment` with what there is to see of a projection: scores over the plane or beside it, and of many features
    two of them.
    """
    entry = LEARNERS[experiment.learner.kind]
    if entry.tasks != ("projection",):
        return experiment
    many = dataset_for(experiment).n_inputs > 2
    beside = many or not (entry.colours_plane or experiment.learner.kind == "pca")
    experiment = replaced(experiment, "view.scores", entry.colours_plane and not many)
    experiment = replaced(experiment, "view.projection", beside)
    if many and getattr(experiment.learner, "components", 2) < 2:
        experiment = replaced(experiment, "learner.components", 2)
    return experiment


def suited(experiment: Experiment) -> Experiment:
    """`experiment` with the learner and the loss replaced if they cannot do anything with the data."""
    task = learned_task(experiment)
    if isinstance(experiment.data, GeneratedData):
        offered = GENERATORS[experiment.data.generator].offered_for
        serves = task in offered or (task in UNSUPERVISED and "regression" not in offered)
        task = task if serves else offered[0]
    elif task in UNSUPERVISED and dataset_of(experiment.data, experiment.preparation).n_inputs == 1:
        task = task_of(experiment.data)
    if task not in LEARNERS[experiment.learner.kind].tasks:
        experiment = with_new_learner(experiment, learners_for(task)[0].kind)
    if task not in UNSUPERVISED and experiment.training.loss.kind not in checks.losses_for(task):
        experiment = replaced(experiment, "training.loss.kind", checks.default_loss(task))
    return experiment


def with_pair(experiment: Experiment, horizontal: str, vertical: str) -> Experiment:
    """`experiment` looked at by two of its features."""
    if dataset_for(experiment).n_inputs <= 2:
        return experiment
    changed = {"kind": "pair", "horizontal": horizontal, "vertical": vertical}
    plane = experiment.view.plane.model_copy(update=changed)
    view = experiment.view.model_copy(update={"x_range": None, "y_range": None, "plane": plane})
    return experiment.model_copy(update={"view": view})


def with_plane(experiment: Experiment, path: str, value: object) -> Experiment:
    """`experiment` looked at on another plane, in a view that fits it."""
    view = experiment.view.model_copy(update={"x_range": None, "y_range": None})
    return replaced(experiment.model_copy(update={"view": view}), path, value)


def with_new_seed(experiment: Experiment) -> Experiment:
    """`experiment` with other first weights and minibatches."""
    return replaced(experiment, "training.seed", secrets.randbelow(10_000))


def with_new_sample(experiment: Experiment) -> Experiment:
    """`experiment` on other points of the same data set."""
    return replaced(experiment, "data.seed", secrets.randbelow(10_000))


def with_new_split(experiment: Experiment) -> Experiment:
    """`experiment` on the same points, with others of them held out."""
    return replaced(experiment, "preparation.split_seed", secrets.randbelow(10_000))


# -- points ------------------------------------------------------------------------------------------------------------


def refusal(experiment: Experiment) -> str:
    """Why points cannot be drawn, moved or given other classes; empty where they can."""
    if isinstance(experiment.data, GeneratedData) and GENERATORS[experiment.data.generator].n_inputs > 2:
        return (
            "These points have three inputs, and a hand on the stage reaches two: choose a data set of two inputs or"
            " clear the stage to draw points."
        )
    if not isinstance(experiment.data, TableData) or _fits_the_plane(experiment):
        return ""
    return "These are rows of a table, which can only be erased: choose a data set or clear the stage to draw points."


def refusal_to_erase(experiment: Experiment) -> str:
    """Why points cannot be erased one by one; empty where they can, as the rows of any table."""
    return "" if isinstance(experiment.data, TableData) else refusal(experiment)


def _fits_the_plane(experiment: Experiment) -> bool:
    """Whether the rows of a table can become drawn points."""
    dataset = dataset_of(experiment.data, experiment.preparation)
    if dataset.task == "regression":
        return dataset.n_inputs <= 2
    names_fit = len(dataset.class_names) <= MAX_CLASSES and max(map(len, dataset.class_names)) <= 40
    return dataset.n_inputs == 2 and names_fit


def drawn(experiment: Experiment) -> DrawnData:
    """The data of `experiment` as points that can be edited one by one; none where there is a `refusal`."""
    if isinstance(experiment.data, DrawnData):
        return experiment.data
    if refusal(experiment):
        return DrawnData()
    dataset = dataset_of(experiment.data, experiment.preparation)
    names = dataset.class_names or CLASS_NAMES[:2]
    return DrawnData(task=dataset.task, points=dataset.points, class_names=names)


def with_points(experiment: Experiment, points: Points) -> Experiment:
    return experiment.model_copy(update={"data": drawn(experiment).model_copy(update={"points": points})})


def adding_points(experiment: Experiment, X: FloatArray, y: FloatArray) -> Experiment:
    return with_points(experiment, drawn(experiment).points.adding(X, y))


def erasing_points(experiment: Experiment, rows: IntArray) -> Experiment:
    """`experiment` without the points at `rows`; of a table these rows are left out."""
    if isinstance(experiment.data, TableData):
        ids = dataset_of(experiment.data, experiment.preparation).points.ids[rows]
        return replaced(experiment, "data.excluded", (*experiment.data.excluded, *ids.tolist()))
    return with_points(experiment, drawn(experiment).points.erasing(rows))


def moving_points(experiment: Experiment, rows: IntArray, X: FloatArray, y: FloatArray | None) -> Experiment:
    return with_points(experiment, drawn(experiment).points.moving(rows, X, y))


def relabelling_points(experiment: Experiment, rows: IntArray, y: float) -> Experiment:
    return with_points(experiment, drawn(experiment).points.relabelling(rows, y))


# -- centres -----------------------------------------------------------------------------------------------------------


def with_centre(
    experiment: Experiment, model: Model, kind: Literal["move", "add", "remove"], index: int, place: FloatArray
) -> Experiment:
    """`experiment` with first centres by hand: those of `model`, one of them moved to, added at, or gone from `place`.

    Parameters
    ----------
    place : (2,), in the units of the stage.
    """
    Z = np.concatenate([model.state.centres, model.features_on_stage(np.asarray(place, np.float64)[None])])
    offset, scale = model.features.offset, model.features.scale
    rows = (Z if offset is None or scale is None else Z / scale + offset).tolist()
    placed = rows.pop()
    known = getattr(experiment.learner, "centres", ())
    if getattr(experiment.learner, "initialization", "") == "by_hand" and known:
        rows = [list(centre) for centre in known]  # the model may be a moment behind a quick hand
    if kind == "remove":
        del rows[index]
    elif kind == "move":
        rows[index] = placed
    else:
        rows.append(placed)
    if not 1 <= len(rows) <= MOST_CLUSTERS:
        return experiment
    changed = {"initialization": "by_hand", "k": len(rows), "centres": tuple(map(tuple, rows))}
    return experiment.model_copy(update={"learner": experiment.learner.model_copy(update=changed)})


def with_cut(experiment: Experiment, path: str, value: object) -> Experiment:
    """`experiment` with the tree of its hierarchical clustering cut where `path` says.

    Parameters
    ----------
    path : "learner.height", in the units of the features, or "learner.k".
    """
    cut_by = "height" if path == "learner.height" else "clusters"
    return replaced(replaced(experiment, "learner.cut_by", cut_by), path, value)


# -- classes -----------------------------------------------------------------------------------------------------------


def adding_class(experiment: Experiment) -> Experiment:
    """`experiment` with one more class, named by the next free letter; the same if there are six."""
    data = drawn(experiment)
    if len(data.class_names) >= MAX_CLASSES:
        return experiment
    name = next(name for name in CLASS_NAMES if name not in data.class_names)
    return _with_classes(experiment, data, (*data.class_names, name), data.points)


def removing_class(experiment: Experiment, index: int) -> Experiment:
    """`experiment` without a class and its points; the same if only two classes are left."""
    data = drawn(experiment)
    if len(data.class_names) <= 2:
        return experiment
    points = data.points.erasing((data.points.y == index).nonzero()[0])
    higher = (points.y > index).nonzero()[0]
    shifted = Points(points.X, points.y - (points.y > index), points.ids) if len(higher) else points
    names = tuple(name for row, name in enumerate(data.class_names) if row != index)
    return _with_classes(experiment, data, names, shifted)


def renaming_class(experiment: Experiment, index: int, name: str) -> Experiment:
    """`experiment` with a class called `name`.

    Raises
    ------
    ValueError
        If another class has the name, or it is empty or too long.
    """
    name = name.strip()
    if not 1 <= len(name) <= 40:
        raise ValueError("A class's name has 1 to 40 characters.")
    names = class_names(experiment)
    if name in names[:index] + names[index + 1 :]:
        raise ValueError(f"Another class is called '{name}' already.")
    if isinstance(experiment.data, TableData):
        columns = _with_category(experiment.data, index, name)
        return experiment.model_copy(update={"data": experiment.data.model_copy(update={"columns": columns})})
    field = "class_names" if isinstance(experiment.data, DrawnData) else "renamed_classes"
    return replaced(experiment, f"data.{field}", (*names[:index], name, *names[index + 1 :]))


def _with_category(data: TableData, index: int, name: str) -> Columns:
    """The columns of a table whose target has another name for one of its classes."""
    values, names = data.columns.levels(data.target)
    at = data.columns.names.index(data.target)
    table = data.columns.values.copy()
    table[at] = values
    categories = list(data.columns.categories)
    categories[at] = (*names[:index], name, *names[index + 1 :])
    return replace(data.columns, values=table, categories=tuple(categories))


def _with_classes(experiment: Experiment, data: DrawnData, names: tuple[str, ...], points: Points) -> Experiment:
    changed = DrawnData(task=data.task, points=points, class_names=names)
    return experiment.model_copy(update={"data": changed})


def class_names(experiment: Experiment) -> tuple[str, ...]:
    """The classes of `experiment`; empty in regression."""
    return dataset_of(experiment.data, experiment.preparation).class_names


def pasting(experiment: Experiment, pasted: DrawnData) -> tuple[Experiment, int]:
    """`experiment` with `pasted` points added where they are of the same kind, on a canvas of their own otherwise.

    Returns
    -------
    The experiment, and how many points were pasted.
    """
    data = drawn(experiment)
    count = len(pasted.points)
    alike = data.task == pasted.task and data.points.X.shape[1] == pasted.points.X.shape[1]
    if not alike or len(data.points) == 0:
        return with_data(experiment, pasted), count
    if data.task == "regression":
        return adding_points(experiment, pasted.points.X, pasted.points.y), count
    names = (*data.class_names, *(name for name in pasted.class_names if name not in data.class_names))
    if len(names) > MAX_CLASSES:
        raise ValueError(
            f"Together that would be {len(names)} classes; there can be {MAX_CLASSES}: {', '.join(names)}."
        )
    index = [names.index(name) for name in pasted.class_names]
    y = pasted.points.y.copy()
    for old, new in enumerate(index):
        y[pasted.points.y == old] = new
    return _with_classes(experiment, data, names, data.points.adding(pasted.points.X, y)), count
