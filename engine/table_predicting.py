"""New rows of a table, made into inputs as the training rows had them made."""

from __future__ import annotations

import os
from collections.abc import Callable
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
from engine.table_reading import read_any_table


def read_rows(path: str | os.PathLike[str], data: TableData, preparation: Preparation) -> FloatArray:
    """Inputs (n, d) float32 of the rows in a file: its columns by name, gaps filled and categories encoded as learned.

    A category that the training rows do not know becomes zeros, or -1 where categories are counted. Every row gets a
    prediction: gaps are filled also where incomplete rows were dropped from training.

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
    return fitted.transform([_values(by_name[feature.name.lower()], feature) for feature in fitted.features])


def reader_for(experiment: Experiment) -> Callable[[str | os.PathLike[str]], FloatArray] | None:
    """What makes inputs of a file of new rows for a model of `experiment`; None where its columns are the inputs."""
    if not isinstance(experiment.data, TableData):
        return None
    return partial(read_rows, data=experiment.data, preparation=experiment.preparation)


def _values(column: ReadColumn, feature: Feature) -> FloatArray:
    """The amounts of a column, or the places of its categories in the list of the feature."""
    if not feature.levels:
        return column.as_kind("date" if feature.kind == "date" and column.kind == "date" else "numerical")[0]
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
    return found
