"""A table as data of an experiment: its columns, which is the target, which are features, what each holds."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field, field_validator, model_validator

from engine.dataset import IntArray, Target
from engine.settings import Settings, choice
from engine.table_columns import LONGEST_NAME, MOST_COLUMNS, Columns, Kind

MAX_TABLE_CLASSES = 20
"""More classes than drawn points can have: so many colours and letters can still be told apart."""

MOST_FEATURES = 500
"""So many inputs, categories counted one by one, does a model see at most."""

ColumnName = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]


class TableData(Settings):
    """Rows of a table, with any number of features. The columns are held in the document itself."""

    source: Literal["table"] = "table"
    title: str = choice("", "Title", "Where the table is from.", max_length=LONGEST_NAME)
    columns: Columns = Field(default_factory=Columns, title="Columns", description="The columns of the table.")
    target: str = choice("", "Target", "The column that is predicted.", max_length=LONGEST_NAME)
    target_as: Literal["auto", "classes", "numbers"] = choice(
        "auto",
        "Target as",
        "Whether the target's values are classes or numbers; by its kind where it is not said.",
        labels={"auto": "By its kind", "classes": "Classes", "numbers": "Numbers"},
    )
    features: tuple[ColumnName, ...] = choice(
        (), "Features", "The columns that the model sees; empty are all that it can learn from.",
        max_length=MOST_COLUMNS,
    )  # fmt: skip
    kinds: tuple[tuple[ColumnName, Kind], ...] = choice(
        (), "Kinds", "What columns hold, where it is not what was guessed.", max_length=MOST_COLUMNS
    )
    excluded: tuple[int, ...] = choice((), "Erased rows", "The rows that are left out, counted from 0.")

    @field_validator("excluded")
    @classmethod
    def _in_order(cls, rows: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(sorted(set(rows)))

    @model_validator(mode="after")
    def _speaks_of_columns_that_are_there(self) -> TableData:
        names = self.columns.names
        if not names:
            return self
        if self.target not in self.columns:
            raise ValueError(f"there is no column '{self.target}' to predict; there are {_listed(names)}")
        unknown = [name for name in (*self.features, *(name for name, _ in self.kinds)) if name not in self.columns]
        if unknown:
            raise ValueError(f"there is no column '{unknown[0]}'; there are {_listed(names)}")
        if self.excluded and not (self.excluded[0] >= 0 and self.excluded[-1] < len(self.columns)):
            raise ValueError(f"the rows of the table are 0 to {len(self.columns) - 1}")
        return self

    def kind_of(self, name: str) -> Kind:
        """What the column `name` holds."""
        return dict(self.kinds).get(name) or self.columns.kind_of(name)

    @property
    def task(self) -> Target:
        """What the target asks for."""
        if self.target_as != "auto":
            return "classification" if self.target_as == "classes" else "regression"
        if not self.columns.names:
            return "classification"
        return "regression" if self.kind_of(self.target) in ("numerical", "date") else "classification"

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The columns that the model sees, in the order of the table."""
        chosen, kinds = set(self.features) or set(self.columns.names), dict(self.kinds)
        return tuple(
            name
            for name, guessed in zip(self.columns.names, self.columns.kinds, strict=True)
            if name in chosen and name != self.target and kinds.get(name, guessed) != "text"
        )

    def rows(self) -> IntArray:
        """The rows that are not erased and have a target."""
        values = self.target_values()[0]
        keep = ~np.isnan(values)
        keep[list(self.excluded)] = False
        return np.flatnonzero(keep)

    def target_values(self) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], tuple[str, ...]]:
        """The targets (n,): amounts, or places in the list of classes, which is the second; NaN where missing."""
        if self.task == "regression":
            return np.asarray(self.columns.amounts(self.target)), ()
        values, names = self.columns.levels(self.target)
        return np.asarray(values), names


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
