"""What a model has found, as data for the next one: clusters become classes, scores become inputs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.clustering import UNASSIGNED
from engine.dataset import MAX_CLASSES, Dataset, FloatArray, IntArray, Points
from engine.experiment import Data, DrawnData
from engine.table_columns import Columns, Kind
from engine.table_data import MAX_TABLE_CLASSES, TableData

CLUSTER = "cluster"
NO_CLUSTER = "No cluster"


class NothingFound(ValueError):  # noqa: N818 - named after what is the case
    """There is nothing that a next model could learn from; the sentence says what to change."""


@dataclass(frozen=True)
class _Column:
    name: str
    kind: Kind
    values: FloatArray
    categories: tuple[str, ...] = ()


def with_clusters_as_classes(data: Data, dataset: Dataset, labels: IntArray) -> Data:
    """`data` with the cluster of each point as its class.

    A table keeps its columns, and gets one more, which is the target; its old target is no feature of it. Drawn and
    generated points stay points that can be drawn on, up to six classes.

    Parameters
    ----------
    dataset : the points of `data`.
    labels : (n,) the cluster of each, from 0; below 0 for none, which is a class of its own.

    Raises
    ------
    NothingFound : where there are fewer than two groups, or too many.
    """
    found = sorted({int(label) for label in labels if label != UNASSIGNED})
    names = tuple(f"Cluster {label + 1}" for label in found)
    places = np.searchsorted(np.array(found), labels).astype(np.float64) if found else np.zeros(len(labels))
    apart = np.asarray(labels) == UNASSIGNED
    if apart.any():
        places[apart], names = len(names), (*names, NO_CLUSTER)
    if len(names) < 2:
        raise NothingFound("There is one group only, and a classifier needs two classes: find more clusters first.")
    if len(names) > MAX_TABLE_CLASSES:
        raise NothingFound(
            f"There are {len(names)} groups, and a table has at most {MAX_TABLE_CLASSES} classes: find fewer clusters."
        )
    if isinstance(data, TableData):
        return _with_target(data, dataset, places, names)
    if dataset.n_inputs == 2 and len(names) <= MAX_CLASSES:
        points = Points(dataset.X, np.asarray(places, np.float32), dataset.points.ids)
        return DrawnData(task="classification", points=points, class_names=names)
    inputs = [_Column(name, "numerical", column) for name, column in zip(dataset.input_names, dataset.X.T, strict=True)]
    return _table("Clusters", [*inputs, _Column(CLUSTER, "nominal", places, names)])


def with_scores_as_inputs(dataset: Dataset, scores: FloatArray, names: tuple[str, ...], title: str) -> TableData:
    """A table of scores, with the targets of the points that they are of.

    Parameters
    ----------
    dataset : the points.
    scores : (n, r).
    names : what the scores are called (r,).
    title : of the table.

    Raises
    ------
    NothingFound : where the scores are not all numbers.
    """
    if len(scores) == 0 or not np.isfinite(scores).all():
        raise NothingFound("There are no scores yet: press play first.")
    columns = [_Column(name, "numerical", column) for name, column in zip(names, scores.T, strict=True)]
    target = _free(dataset.target_name or "y", names)
    y = np.asarray(dataset.y, np.float64)
    known = dataset.class_names
    kind: Kind = "nominal" if known else "numerical"
    return _table(title, [*columns, _Column(target, kind, y, known)])


def _with_target(data: TableData, dataset: Dataset, places: FloatArray, names: tuple[str, ...]) -> TableData:
    columns = data.columns
    name = _free(CLUSTER, columns.names)
    values = np.full(len(columns), np.nan)
    values[dataset.points.ids] = places
    wider = Columns(
        (*columns.names, name), (*columns.kinds, "nominal"), np.vstack([columns.values, values]),
        (*columns.categories, names),
    )  # fmt: skip
    changed = {"columns": wider, "target": name, "target_as": "auto", "features": data.feature_names}
    return TableData.model_validate({**dict(data), **changed})


def _table(title: str, columns: list[_Column]) -> TableData:
    held = Columns(
        tuple(column.name for column in columns),
        tuple(column.kind for column in columns),
        np.stack([np.asarray(column.values, np.float64) for column in columns]),
        tuple(column.categories for column in columns),
    )
    features = tuple(column.name for column in columns[:-1])
    return TableData(title=title, columns=held, target=columns[-1].name, features=features)


def _free(name: str, taken: tuple[str, ...]) -> str:
    """`name`, with a number where it is taken."""
    number = 2
    free = name
    while free in taken:
        free, number = f"{name} {number}", number + 1
    return free
