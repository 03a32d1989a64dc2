"""Large tables of plain text, read at once by a compiled parser; what it may misread is left to the careful one."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from engine import cells
from engine.cells import LARGEST_NUMBER, Table, TableError, read_table, separator_of
from engine.dataset import FloatArray, IntArray

_FIRST_LINES = 64
_TRUTHS = ("True", "TRUE", "true", "False", "FALSE", "false")
"""Words of which the parser makes 1 and 0 where a column holds nothing else."""
_SUSPICIOUS = ('"', "#", "\0")
"""Quotation, comments and what is no text: the careful reader knows what to do with them."""


@dataclass(frozen=True, eq=False)
class Labels:
    """A column of labels: which of the names each cell (n,) holds, and the names."""

    codes: IntArray
    names: list[str]


@dataclass(frozen=True, eq=False)
class BulkTable(Table):
    """A table of which only the first rows are held cell by cell.

    Parameters
    ----------
    columns : those that were asked for, by number: finite numbers (n,), or labels.
    """

    columns: Mapping[int, FloatArray | Labels]

    def numbers(self, column: int) -> FloatArray:
        """A column as finite float64 numbers (n,)."""
        values = self.columns[column]
        assert not isinstance(values, Labels)  # by the same test that chose how to read them
        return values

    def distinct(self, column: int) -> set[str]:
        """The different labels of a column; of numbers those of the first rows."""
        values = self.columns[column]
        return set(values.names) if isinstance(values, Labels) else super().distinct(column)

    def factorized(self, column: int) -> tuple[IntArray, list[str]]:
        """Which of the labels each cell holds (n,), and the labels."""
        values = self.columns[column]
        assert isinstance(values, Labels)
        return values.codes, values.names


def read_bulk(
    text: str, name: str, columns_of: Callable[[Table], list[int]], holds_labels: Callable[[Table, int], bool]
) -> BulkTable | None:
    """The table in `text`, or None where it has to be read cell by cell.

    Every line must plainly be a row: no quotation marks, comments or decimal commas; columns between commas, semicolons
    or tabs; all rows of one width; numbers where numbers are wanted. A million rows take 0.2 s and 20 MB, where the
    careful reader takes 1.5 s and 250 MB.

    Parameters
    ----------
    text, name : as for `read_table`.
    columns_of : which columns are wanted, by the first rows: numbers, but for the third.
    holds_labels : whether the third of them holds labels.
    """
    separator, first = separator_of(text), _first_rows(text, name)
    if first is None or separator == " " or first.decimal_comma or any(mark in text for mark in _SUSPICIOUS):
        return None
    import pandas as pd

    try:
        wanted = columns_of(first)
        labelled = wanted[2:] if len(wanted) == 3 and holds_labels(first, wanted[2]) else []
        frame = pd.read_csv(
            io.BytesIO(text.encode()), sep=separator, header=None, skiprows=int(first.header is not None),
            names=range(first.width), usecols=wanted, index_col=False, na_filter=False, quoting=3,
            dtype={column: object if column in labelled else np.float64 for column in wanted},
        )  # fmt: skip
    except (TableError, ValueError, OverflowError):
        return None
    rows = len(frame)
    # Rows of another width were cut or filled up: then the separators do not add up, or there are cells without text.
    if rows > cells.MAX_ROWS or text.count(separator) != (rows + (first.header is not None)) * (first.width - 1):
        return None
    columns: dict[int, FloatArray | Labels] = {column: frame[column].to_numpy() for column in wanted}
    for column in labelled:
        codes, names = pd.factorize(frame[column].to_numpy())
        columns[column] = Labels(codes, list(names))
    if not all(map(_is_plain, columns.values())):
        return None
    if any(_may_be_truths(values) for values in columns.values()) and any(word in text for word in _TRUTHS):
        return None
    table = BulkTable(first.name, first.header, first.rows, first.lines, False, columns)
    still_labelled = [column for column in wanted[2:] if holds_labels(table, column)]
    return table if still_labelled == labelled else None


def _first_rows(text: str, name: str) -> Table | None:
    """The first rows of `text`, if they begin with its first line."""
    try:
        first = read_table("".join(itertools.islice(io.StringIO(text), _FIRST_LINES)), name)
    except TableError:
        return None
    return first if first.lines[0] == 1 + (first.header is not None) else None


def _may_be_truths(values: FloatArray | Labels) -> bool:
    return not isinstance(values, Labels) and bool(((values == 0) | (values == 1)).all())


def _is_plain(values: FloatArray | Labels) -> bool:
    """Whether a column holds finite numbers only, or only labels as they are to be."""
    if isinstance(values, Labels):
        return all(name and name == name.strip() and len(name) <= cells.LONGEST_LABEL for name in values.names)
    return bool((np.abs(values) <= LARGEST_NUMBER).all())
