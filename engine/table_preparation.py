"""From the columns of a table to inputs: missing values filled and categories encoded, by the training rows alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from engine.dataset import Dataset, FloatArray, IntArray, Part, Points, frozen_array, split
from engine.experiment import Preparation
from engine.table_columns import Columns, Kind
from engine.table_data import MAX_TABLE_CLASSES, MOST_FEATURES, TableData

NEIGHBOURS = 5
MOST_PAIRS = 20_000_000
"""Rows with gaps times rows: so many are compared within a second."""
_MOST_DISTANCES = 4_000_000
"""So many distances are held at once: 32 MB."""


@dataclass(frozen=True)
class Problem:
    """Why nothing can be learned from a table: the control, and a sentence that says what to change."""

    path: str
    sentence: str


@dataclass(frozen=True, eq=False)
class Feature:
    """One column as the training rows left it.

    Parameters
    ----------
    name, kind : of the column.
    levels : names of categories by place; empty for amounts.
    fill : what a missing cell becomes.
    known : the places that get a column of their own (one-hot), or None.
    ranks : (k,) the number that each category becomes, or None.
    """

    name: str
    kind: Kind
    levels: tuple[str, ...]
    fill: float
    known: IntArray | None = None
    ranks: FloatArray | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """What its inputs are called."""
        if self.known is None:
            return (self.name,)
        return tuple(f"{self.name}={self.levels[place]}" for place in self.known.tolist())

    def encoded(self, values: FloatArray) -> FloatArray:
        """Its inputs (n, m) for `values` (n,): amounts, or places of categories, -1 for one that is in no list."""
        if self.known is not None:
            return np.asarray(values[:, None] == self.known[None, :], np.float64)
        if self.ranks is not None:
            ranks = np.full(len(values), -1.0)
            present = values >= 0
            ranks[present] = self.ranks[values[present].astype(np.intp)]
            return ranks[:, None]
        return values[:, None]


@dataclass(frozen=True, eq=False)
class FittedTable:
    """What the training rows say about how to fill and to encode.

    Parameters
    ----------
    features : the columns that became inputs.
    donors : (m, a) the amounts of the training rows, where gaps are filled by neighbours.
    """

    features: tuple[Feature, ...]
    donors: FloatArray | None

    @property
    def input_names(self) -> tuple[str, ...]:
        return tuple(name for feature in self.features for name in feature.names)

    def transform(self, columns: Sequence[FloatArray]) -> FloatArray:
        """Inputs (n, d) float32 of one array (n,) a feature: amounts, or places in its levels, NaN where missing."""
        if self.donors is not None:
            amounts = [place for place, feature in enumerate(self.features) if not feature.levels]
            filled = list(columns)
            table = np.stack([columns[place] for place in amounts], axis=1)
            for place, values in zip(amounts, filled_by_neighbours(table, self.donors).T, strict=True):
                filled[place] = values
            columns = filled
        blocks = []
        for feature, values in zip(self.features, columns, strict=True):
            blocks.append(feature.encoded(np.where(np.isnan(values), feature.fill, values)))
        n = len(columns[0]) if columns else 0
        return np.concatenate(blocks, axis=1).astype(np.float32) if blocks else np.empty((n, 0), np.float32)


def prepared(data: TableData, preparation: Preparation, parts: IntArray | None = None) -> Dataset:
    """The data set of a table, fitted on its training part and nothing else; empty where there is a `problem`.

    Parameters
    ----------
    parts : (n,) of `Part`, where not the shares say who trains; of the rows that the table gives to any division.
    """
    if problem(data, preparation) is not None:
        nobody = np.empty(0, np.int8)
        return Dataset(Points.empty(2), data.task, nobody, ("A", "B") if data.task == "classification" else ())
    rows = _usable_rows(data, preparation)
    if parts is None:
        parts = _parts(data, preparation, rows)
    fitted = _fitted(data, preparation, rows[np.asarray(parts) == Part.TRAIN])
    raw = [_raw(data.columns, feature.name, bool(feature.levels))[0][rows] for feature in fitted.features]
    values, classes = data.target_values()
    X = fitted.transform(raw)
    if X.shape[1] == 0:  # Nothing is left of columns that the training part does not know: one input that says nothing.
        X = np.zeros((len(rows), 2), np.float32)
    return Dataset(
        points=Points(X, values[rows], rows),
        task=data.task,
        parts=frozen_array(parts, np.int8),
        class_names=classes,
        input_names=fitted.input_names or ("x1", "x2"),
        target_name=data.target,
    )


def fitted_table(data: TableData, preparation: Preparation) -> FittedTable:
    """How the training rows of `data` have rows of the table filled and encoded."""
    rows = _usable_rows(data, preparation)
    parts = _parts(data, preparation, rows)
    return _fitted(data, preparation, rows[parts == Part.TRAIN])


def _parts(data: TableData, preparation: Preparation, rows: IntArray) -> IntArray:
    """What each of the usable rows is used for: of each class the same shares, within a few points."""
    shares = preparation.validation_share, preparation.test_share, preparation.split_seed
    if data.task == "regression":
        return split(rows, *shares)
    # Class after class, so that the blocks in which the shares are dealt are of one class each.
    parts = np.empty(len(rows), np.int8)
    parts[np.argsort(data.target_values()[0][rows], kind="stable")] = split(np.arange(len(rows)), *shares)
    return parts


@lru_cache(maxsize=8)  # Asked again with every picture.
def problem(data: TableData, preparation: Preparation) -> Problem | None:
    """What keeps the table from being learned from, or None."""
    if len(data.columns) == 0:
        return Problem("data.columns", "The table has no rows: open a table or choose a data set.")
    names = data.feature_names
    if not names:
        return Problem("data.features", "No feature is chosen, so the model sees nothing: choose a column in Columns….")
    if data.kind_of(data.target) == "text" and data.target_as == "auto":
        return Problem("data.target", f"{data.target} holds texts: choose another target, or call it nominal.")
    values, classes = data.target_values()
    if len(classes) > MAX_TABLE_CLASSES:
        as_numbers = not np.isnan(data.columns.amounts(data.target)).all()
        remedy = "choose another target" + (", or treat it as a number" if as_numbers else "")
        return Problem(
            "data.target",
            f"{data.target} has {len(classes):,} different values, but there can be at most {MAX_TABLE_CLASSES}"
            f" classes: {remedy}.",
        )
    if np.isnan(values).all():
        return Problem("data.target", f"{data.target} holds no number in any row: choose another target.")
    if data.task == "classification" and len(classes) < 2:
        return Problem("data.target", f"{data.target} is the same in every row: choose another target.")
    if len(data.rows()) == 0:
        return Problem("data.target", "Every row is erased or has no target: take a step back, or open it again.")
    width = sum(_width(data, preparation, name) for name in names)
    if width > MOST_FEATURES:
        return Problem(
            "data.features",
            f"The features become {width:,} inputs, but a model sees at most {MOST_FEATURES}: choose fewer of them in"
            " Columns…, or encode categories as ordinal.",
        )
    if data.task == "classification" and width < 2:
        return Problem("data.features", "Classes are told apart by two inputs or more: choose another feature.")
    if preparation.missing == "nearest" and (pairs := _pairs(data)) > MOST_PAIRS:
        return Problem(
            "preparation.missing",
            f"To find neighbours, {pairs:,} pairs of rows would be compared, but at most {MOST_PAIRS:,} are: choose"
            " median, or drop the rows.",
        )
    if len(_usable_rows(data, preparation)) == 0:
        return Problem("preparation.missing", "Every row misses something, so none is left: fill missing values.")
    return None


def _pairs(data: TableData) -> int:
    """How many rows with a gap among their amounts are compared with how many rows."""
    incomplete = np.zeros(len(data.columns), bool)
    for name in data.feature_names:
        if not _is_categorical(data, name):
            incomplete |= np.isnan(data.columns.amounts(name))
    return int(incomplete.sum()) * len(data.columns)


def _width(data: TableData, preparation: Preparation, name: str) -> int:
    if data.kind_of(name) == "nominal" and preparation.encoding == "one_hot":
        return len(data.columns.levels(name)[1])
    return 1


def _usable_rows(data: TableData, preparation: Preparation) -> IntArray:
    """The rows that take part: with a target, and, where incomplete rows are dropped, without a gap."""
    rows = data.rows()
    if preparation.missing != "drop_rows":
        return rows
    complete = np.ones(len(data.columns), bool)
    for name in data.feature_names:
        complete &= ~np.isnan(_raw(data.columns, name, _is_categorical(data, name))[0])
    return rows[complete[rows]]


def _is_categorical(data: TableData, name: str) -> bool:
    kind = data.kind_of(name)
    return kind == "nominal" or (kind == "ordinal" and bool(data.columns.categories_of(name)))


def _raw(columns: Columns, name: str, as_levels: bool) -> tuple[FloatArray, tuple[str, ...]]:
    return columns.levels(name) if as_levels else (columns.amounts(name), ())


def _fitted(data: TableData, preparation: Preparation, train: IntArray) -> FittedTable:
    """What the rows `train` say."""
    features: list[Feature] = []
    donors: list[FloatArray] = []
    for name in data.feature_names:
        values, levels = _raw(data.columns, name, _is_categorical(data, name))
        known = values[train]
        present = known[~np.isnan(known)]
        if len(present) == 0 or (preparation.missing == "drop_columns" and len(present) < len(known)):
            continue
        kind = data.kind_of(name)
        features.append(_feature(name, kind, levels, present, preparation))
        if not levels:
            donors.append(known)
    by_neighbours = preparation.missing == "nearest" and donors
    return FittedTable(tuple(features), np.stack(donors, axis=1) if by_neighbours else None)


def _feature(name: str, kind: Kind, levels: tuple[str, ...], present: FloatArray, preparation: Preparation) -> Feature:
    if not levels:
        return Feature(name, kind, levels, _middle(present, preparation.missing))
    fill = _most_frequent(present)
    seen = np.unique(present).astype(np.intp)
    if kind == "ordinal":  # its order is declared, not learned
        return Feature(name, kind, levels, fill, ranks=np.arange(len(levels), dtype=np.float64))
    if preparation.encoding == "one_hot":
        return Feature(name, kind, levels, fill, known=frozen_array(seen, np.int64))
    ranks = np.full(len(levels), -1.0)  # unknown to the training part
    ranks[seen] = np.arange(len(seen))
    return Feature(name, kind, levels, fill, ranks=frozen_array(ranks, np.float64))


def _middle(values: FloatArray, missing: str) -> float:
    """What a missing amount becomes, where it is not neighbours that say so."""
    if missing == "most_frequent":
        return _most_frequent(values)
    return float(np.median(values) if missing == "median" else values.mean())


def _most_frequent(values: FloatArray) -> float:
    """The value that occurs most often, the smallest of several."""
    distinct, counts = np.unique(values, return_counts=True)
    return float(distinct[counts.argmax()])


def _smallest(distances: FloatArray) -> IntArray:
    """The places of the nearest few of `distances` (m,)."""
    if len(distances) <= NEIGHBOURS:
        return np.arange(len(distances))
    return np.asarray(np.argpartition(distances, NEIGHBOURS - 1)[:NEIGHBOURS])


def filled_by_neighbours(table: FloatArray, donors: FloatArray) -> FloatArray:
    """`table` (n, a) with each gap filled by the mean of the nearest donors that know the value.

    Distances are Euclidean over the amounts that both rows know, stretched by the share that is known.

    Parameters
    ----------
    table : (n, a), NaN where a value is missing.
    donors : (m, a), the training rows.

    References
    ----------
    Troyanskaya et al. (2001). Missing value estimation methods for DNA microarrays. Bioinformatics 17(6).
    """
    filled = np.array(table, np.float64)
    gaps = np.isnan(filled)
    rows = np.flatnonzero(gaps.any(axis=1))
    known = ~np.isnan(donors)
    amounts = np.where(known, donors, 0.0)
    means = np.array(
        [column[there].mean() if there.any() else np.nan for column, there in zip(amounts.T, known.T, strict=True)]
    )
    step = max(1, _MOST_DISTANCES // max(1, len(donors)))
    for start in range(0, len(rows), step):
        piece = rows[start : start + step]
        here = ~gaps[piece]
        values = np.where(here, table[piece], 0.0)
        both = here.astype(np.float64) @ known.T.astype(np.float64)
        squares = (values**2) @ known.T.astype(np.float64) - 2 * values @ amounts.T
        squares += here.astype(np.float64) @ (amounts**2).T
        with np.errstate(divide="ignore", invalid="ignore"):
            distances = np.where(both > 0, np.maximum(squares, 0.0) * (table.shape[1] / both), np.nan)
        for row, near in zip(piece.tolist(), distances, strict=True):
            for column in np.flatnonzero(gaps[row]).tolist():
                usable = np.flatnonzero(known[:, column] & ~np.isnan(near))
                nearest = usable[_smallest(near[usable])]
                filled[row, column] = donors[nearest, column].mean() if len(nearest) else means[column]
    return filled
