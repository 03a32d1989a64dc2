"""CSV and TSV as tables: every column read as numbers, dates or categories, with what is odd about it said."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from engine.cells import MAX_ROWS, TableError
from engine.table_columns import LONGEST_NAME, MOST_CELLS, MOST_COLUMNS, Columns, Kind
from engine.table_data import MAX_TABLE_CLASSES, MOST_FEATURES, TableData
from engine.table_dialect import Corrections, Dialect, guessed, is_blank, reader, text_of
from engine.table_read_column import GrowingColumn, ReadColumn

LARGEST_FILE = 512 * 2**20
SHOWN_ROWS = 100
_CELLS_AT_ONCE = 200_000
_TARGETS = ("target", "label", "class", "y", "outcome", "species", "diagnosis", "category")


@dataclass(frozen=True, eq=False)
class Reading:
    """A table as it was read, and what was guessed about it.

    Parameters
    ----------
    name : of the file.
    dialect : how it is written.
    columns : what stands in it.
    lines : of each row the line in the file that it begins on, counted from 1.
    sample : the first rows as they are written.
    remarks : sentences about the table as a whole.
    """

    name: str
    dialect: Dialect
    columns: tuple[ReadColumn, ...]
    lines: Sequence[int]
    sample: tuple[tuple[str, ...], ...]
    remarks: tuple[str, ...]

    @property
    def n_rows(self) -> int:
        return len(self.lines)

    @cached_property
    def kinds(self) -> dict[str, Kind]:
        """By name, what each column seems to hold."""
        return {column.name: column.kind for column in self.columns}

    def target(self, kinds: Mapping[str, Kind]) -> str:
        """The column that is most likely to be predicted; empty where none can be."""
        able = [column.name for column in self.columns if _can_be_target(column, kinds[column.name])]
        named = [name for name in able if name.lower() in _TARGETS]
        return named[0] if named else able[-1] if able else ""

    def features(self, kinds: Mapping[str, Kind], target: str) -> tuple[str, ...]:
        """The columns that say something, as many of the first as a model can see."""
        chosen: list[str] = []
        width = 0
        for column in self.columns:
            kind = kinds[column.name]
            if column.name == target or kind == "text" or column.is_constant or column.missing == self.n_rows:
                continue
            width += len(column.texts) if kind == "nominal" and column.texts else 1
            if width > MOST_FEATURES:
                break
            chosen.append(column.name)
        return tuple(chosen)

    def remarks_on(self, kinds: Mapping[str, Kind], features: Sequence[str], target: str) -> tuple[str, ...]:
        """Sentences about the table with these choices."""
        able = sum(1 for each in self.columns if kinds[each.name] != "text" and not each.is_constant) - 1
        said = list(self.remarks)
        if able > MOST_FEATURES >= len(features) > 0.8 * MOST_FEATURES:
            said.append(f"A model sees at most {MOST_FEATURES} inputs: the first {len(features):,} columns are chosen.")
        for number, column in enumerate(self.columns, 1):
            likely = column.name.lower() in _TARGETS or number == len(self.columns)
            if likely and target and kinds[column.name] == "text" and column.texts and column.name != target:
                said.append(
                    f"{column.name} has {len(column.texts):,} different texts, but a model tells at most"
                    f" {MAX_TABLE_CLASSES} classes apart: the target is {target}."
                )
        if not target:
            said.append("No column can be predicted: there is neither a number nor a category in it.")
        return tuple(said)

    def data(
        self,
        kinds: Mapping[str, Kind] | None = None,
        target: str | None = None,
        features: Sequence[str] | None = None,
        target_as: str = "auto",
    ) -> TableData:
        """The table as data of an experiment; what is not said is guessed.

        Raises
        ------
        TableError
            If no column can be the target.
        """
        kinds = {**self.kinds, **(kinds or {})}
        target = self.target(kinds) if target is None else target
        kept = [each for each in self.columns if each.name == target or kinds[each.name] != "text"]
        kept = [each for each in kept if each.missing < self.n_rows]
        if target not in {each.name for each in kept}:
            raise TableError(
                f"{self.name}: no column can be predicted: there is neither a number nor a category in it."
            )
        features = self.features(kinds, target) if features is None else features
        filled = [each.as_kind(kinds[each.name]) for each in kept]
        columns = Columns(
            tuple(each.name for each in kept),
            tuple(kinds[each.name] for each in kept),
            np.stack([values for values, _ in filled]),
            tuple(categories for _, categories in filled),
        )
        everything = TableData(columns=columns, target=target).feature_names
        chosen = () if tuple(features) == everything else tuple(features)
        return TableData(
            title=Path(self.name).stem[:LONGEST_NAME], columns=columns, target=target, features=chosen,
            target_as=target_as,
        )  # fmt: skip


def read_any_table(path: str | os.PathLike[str], said: Corrections | None = None) -> Reading:
    """The table in a file of separated text.

    Raises
    ------
    TableError
        With a sentence that says what is wrong, and where.
    """
    path = Path(path)
    try:
        if not path.is_file():
            what = "it is a folder, not a file" if path.is_dir() else "there is no such file"
            raise TableError(f"{path}: {what}.")
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise TableError(
                f"{path.name} has {size / 2**20:,.0f} MB; a table may have {LARGEST_FILE // 2**20} MB:"
                " keep a sample of its rows."
            )
        return read_content(path.read_bytes(), path.name, said)
    except OSError as error:
        raise TableError(f"{path} could not be read: {error.strerror or error}.") from error


def read_content(content: bytes, name: str, said: Corrections | None = None) -> Reading:
    """The table in the bytes of a file called `name`; what is not `said` about it is guessed.

    Raises
    ------
    TableError
        With a sentence that says what is wrong, and where.
    """
    said = said or Corrections()
    text, body, encoding = text_of(content, name, said.encoding)
    dialect = guessed(text, encoding, said)
    lines = io.TextIOWrapper(io.BytesIO(body), encoding, newline="")  # A StringIO takes four bytes a letter.
    del text
    rows = reader(lines, dialect.separator)
    try:
        return _read(rows, name, dialect)
    except csv.Error as error:
        raise TableError(
            f"{name}: row {rows.line_num} cannot be read ({error}): look for a quotation mark that never ends."
        ) from error


def cells_of(path: str | os.PathLike[str], reading: Reading) -> list[list[str]]:
    """The cells of each row of `reading` as they are written in its file.

    Raises
    ------
    TableError
        If the file cannot be read any more.
    """
    try:
        _, body, encoding = text_of(Path(path).read_bytes(), reading.name, reading.dialect.encoding)
        lines = io.TextIOWrapper(io.BytesIO(body), encoding, newline="")
        rows = [row for row in reader(lines, reading.dialect.separator) if not is_blank(row)]
    except (OSError, csv.Error) as error:
        raise TableError(f"{path} could not be read again: {error}.") from error
    begins = 1 if reading.dialect.header else 0
    return rows[begins : begins + reading.n_rows]


def _read(rows: Any, name: str, dialect: Dialect) -> Reading:
    columns: list[GrowingColumn] = []
    names: tuple[str, ...] = ()
    line_of_row: list[int] = []
    sample: list[tuple[str, ...]] = []
    waiting: list[list[str]] = []
    begins, at_once, most_rows = 1, 1, MAX_ROWS
    remarks: list[str] = []
    for row in rows:
        line, begins = begins, rows.line_num + 1
        if is_blank(row):
            continue
        if not columns:
            if len(row) > MOST_COLUMNS:
                raise TableError(f"{name} has {len(row):,} columns; a table may have {MOST_COLUMNS:,}.")
            names = _names(row if dialect.header else [""] * len(row))
            columns = [GrowingColumn(dialect.decimal) for _ in row]
            at_once, most_rows = max(1, _CELLS_AT_ONCE // len(row)), min(MAX_ROWS, MOST_CELLS // len(row))
            first_line = line
            if dialect.header:
                continue
        if len(row) != len(columns):
            shown = ", ".join(row)[:30]
            raise TableError(
                f"{name}: row {line} has {len(row)} {'cell' if len(row) == 1 else 'cells'} but row {first_line} has"
                f" {len(columns)} (‘{shown}…’): correct it or delete it, or choose another separator."
            )
        if len(line_of_row) == most_rows:
            remarks.append(
                f"Only the first {most_rows:,} rows are read: a table may have {MAX_ROWS:,} rows and"
                f" {MOST_CELLS:,} cells."
            )
            break
        line_of_row.append(line)
        if len(sample) < SHOWN_ROWS:
            sample.append(tuple(row))
        waiting.append(row)
        if len(waiting) == at_once:
            _add(columns, waiting)
            waiting = []
    _add(columns, waiting)
    if not columns:
        raise TableError(f"{name} is empty: there is no table in it.")
    if not line_of_row:
        raise TableError(f"{name}: there is a header ({', '.join(names)[:60]}) but no row under it.")
    read = tuple(column.read(title) for column, title in zip(columns, names, strict=True))
    return Reading(name, dialect, read, line_of_row, tuple(sample), tuple(remarks))


def _add(columns: Sequence[GrowingColumn], rows: Sequence[Sequence[str]]) -> None:
    if rows:
        for column, cells in zip(columns, zip(*rows, strict=True), strict=True):
            column.add(cells)


def _names(cells: Sequence[str]) -> tuple[str, ...]:
    """Titles that are there, short and different."""
    names: dict[str, None] = {}
    for number, cell in enumerate(cells, 1):
        base = " ".join(cell.split())[: LONGEST_NAME - 10] or f"column {number}"
        name, again = base, 2
        while name in names:
            name, again = f"{base} ({again})", again + 1
        names[name] = None
    return tuple(names)


def _can_be_target(column: ReadColumn, kind: Kind) -> bool:
    if kind == "text" or column.is_constant:
        return False
    return kind in ("numerical", "date") or 2 <= len(column.texts) <= MAX_TABLE_CLASSES
