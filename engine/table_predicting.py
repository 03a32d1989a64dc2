"""New rows of a table, made into inputs as the training rows had them made."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from engine.cells import TableError
from engine.dataset import FloatArray
from engine.experiment import Experiment, Preparation
from engine.table_columns import number_name
from engine.table_data import TableData
from engine.table_preparation import Feature, fitted_table
from engine.table_read_column import ReadColumn
from engine.table_reading import cells_of, read_any_table

_MOST_NAMED = 3
"""Values that are named in a sentence."""


@dataclass(frozen=True, eq=False)
class NewRows:
    """Rows to be predicted.

    Parameters
    ----------
    X : (n, d) float32, what the model sees of them.
    names, cells : the columns of the file, and of each row what is written in them.
    remarks : sentences about what the model does not know.
    """

    X: FloatArray
    names: tuple[str, ...]
    cells: Sequence[Sequence[str]]
    remarks: tuple[str, ...] = ()


def read_rows(path: str | os.PathLike[str], data: TableData, preparation: Preparation) -> NewRows:
    """The rows in a file: its columns by name, gaps filled and categories encoded as learned.

    A category that the training rows do not know becomes zeros, or -1 where categories are counted, which is remarked.
    Every row gets a prediction: gaps are filled also where incomplete rows were dropped from training.

    Raises
    ------
    TableError
        If the file cannot be read, or a column that the model needs is not in it.
    """
    reading = read_any_table(path)
    by_name = {column.name.lower(): column for column in reading.columns}
    fitted = fitted_table(data, preparation)
    lacking = [feature.name for feature in fitted.features if feature.name.lower() not in by_name]
    if lacking:
        raise TableError(
            f"{Path(path).name} has no column {', '.join(lacking[:5])}, which the model needs; it has"
            f" {', '.join(column.name for column in reading.columns[:8])}."
        )
    found = [(feature, *_values(by_name[feature.name.lower()], feature)) for feature in fitted.features]
    remarks = (_unknown(feature, values, texts) for feature, values, texts in found if feature.levels)
    return NewRows(
        fitted.transform([values for _, values, _ in found]),
        tuple(column.name for column in reading.columns),
        cells_of(path, reading),
        tuple(filter(None, remarks)),
    )


def reader_for(experiment: Experiment) -> Callable[[str | os.PathLike[str]], NewRows] | None:
    """What reads a file of new rows for a model of `experiment`; None where its columns are the inputs."""
    if not isinstance(experiment.data, TableData):
        return None
    return partial(read_rows, data=experiment.data, preparation=experiment.preparation)


def _values(column: ReadColumn, feature: Feature) -> tuple[FloatArray, list[str]]:
    """The amounts of a column; or the places of its categories in the list of the feature, and what they are called."""
    if not feature.levels:
        return column.as_kind("date" if feature.kind == "date" and column.kind == "date" else "numerical")[0], []
    values, names = column.as_kind("nominal")
    if not names:  # Numbers that are called categories.
        present = np.unique(values[~np.isnan(values)])
        names = tuple(number_name(value) for value in present.tolist())
        values = np.where(np.isnan(values), np.nan, np.searchsorted(present, values))
    place_of = {name: float(place) for place, name in enumerate(feature.levels)}
    places = np.array([place_of.get(name, -1.0) for name in names])
    found = np.full(len(values), np.nan)
    known = ~np.isnan(values)
    found[known] = places[values[known].astype(np.intp)] if len(places) else np.nan
    return found, ["" if np.isnan(value) else names[int(value)] for value in values.tolist()]


def _unknown(feature: Feature, places: FloatArray, texts: Sequence[str]) -> str:
    """Which categories of a column the training rows do not have; empty where they have them all."""
    if feature.known is not None:
        is_known = np.isin(places, feature.known)
    else:
        is_known = feature.encoded(places)[:, 0] >= 0
    rows = np.flatnonzero(~np.isnan(places) & ~is_known)
    if len(rows) == 0:
        return ""
    values = list(dict.fromkeys(texts[row] for row in rows.tolist()))
    named = ", ".join(f"“{value}”" for value in values[:_MOST_NAMED])
    more = f" and {len(values) - _MOST_NAMED:,} more" if len(values) > _MOST_NAMED else ""
    where = f"row {rows[0] + 1}" if len(rows) == 1 else f"{len(rows):,} rows, first in row {rows[0] + 1}"
    return (
        f"{feature.name} has {named}{more} ({where}), which the training rows do not have: the model can only go by the"
        " other columns there."
    )
