"""Text as a table of cells: encodings, separators, headers, and numbers that say where they are wrong."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from engine.dataset import FloatArray, IntArray

MAX_ROWS = 1_000_000
LONGEST_LABEL = 40

LARGEST_NUMBER = float(np.finfo(np.float32).max)
_SHOWN = 30
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_DECIMAL_COMMAS = re.compile(r"\s*[-+]?\d+,\d+\s+[-+]?\d+,\d")
"""Numbers such as 0,5 with spaces between them: the comma is no separator."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class TableError(ValueError):
    """A table that cannot be read; the sentence names the place and says what can be done."""


def decoded(content: bytes, name: str) -> str:
    """The text in `content`: UTF-8, UTF-16 or UTF-32 by its mark, else UTF-8, else Latin-1.

    Raises
    ------
    TableError
        If it is no text.
    """
    encoding = next((encoding for mark, encoding in _BOMS if content.startswith(mark)), None)
    try:
        text = content.decode(encoding or "utf-8")
    except UnicodeDecodeError as error:
        if encoding is not None:
            raise TableError(f"{name} is damaged: it begins as {encoding} text but does not go on so.") from error
        text = content.decode("latin-1")
    if _CONTROL.search(text):
        raise TableError(f"{name} is not a text file: export the table as CSV (UTF-8) and open that.")
    return text


@dataclass(frozen=True, eq=False)
class Table:
    """Rows of cells, all as wide as the first.

    Parameters
    ----------
    name : what error sentences call where the table is from; may be empty.
    header : the titles of the columns, or None.
    rows : the cells, n rows of `width`.
    lines : the number of each row in the text, counted from 1.
    decimal_comma : whether numbers are written 0,5.
    """

    name: str
    header: tuple[str, ...] | None
    rows: list[tuple[str, ...]]
    lines: list[int]
    decimal_comma: bool

    @property
    def width(self) -> int:
        return len(self.rows[0])

    def title(self, column: int) -> str:
        """What a column is called in the header, else its number from 1."""
        return self.header[column] if self.header and self.header[column] else str(column + 1)

    def columns_named(self, names: Sequence[str]) -> list[int] | None:
        """The columns with these titles, in this order, whatever their case; None if one is missing."""
        titles = [title.lower() for title in self.header or ()]
        if not all(name.lower() in titles for name in names):
            return None
        return [titles.index(name.lower()) for name in names]

    def cells(self, column: int) -> list[str]:
        return [row[column] for row in self.rows]

    def number(self, cell: str) -> float | None:
        """The number in a cell, or None."""
        if self.decimal_comma:
            cell = cell.replace(",", ".")
        try:
            return None if "_" in cell else float(cell)
        except ValueError:
            return None

    def distinct(self, column: int) -> set[str]:
        """The different texts in a column."""
        return {cell.strip() for cell in self.cells(column)}

    def factorized(self, column: int) -> tuple[IntArray, list[str]]:
        """Which of the different texts each cell of a column holds (n,), and these texts."""
        number_of: dict[str, int] = {}
        codes = [number_of.setdefault(cell.strip(), len(number_of)) for cell in self.cells(column)]
        return np.array(codes), list(number_of)

    def numbers(self, column: int) -> FloatArray:
        """A column as finite float64 numbers (n,).

        Raises
        ------
        TableError
            At the first cell that holds none.
        """
        array = self._numbers(column)
        wrong = np.flatnonzero(~(np.abs(array) <= LARGEST_NUMBER))
        if not len(wrong):
            return array
        row = int(wrong[0])
        cell = self.rows[row][column].strip()
        if not cell:
            raise self.error_at(row, column, "the value is missing: fill it in or delete the row.")
        reason = "is not a number" if self.number(cell) is None else "is not a number that a point can have"
        raise self.error_at(row, column, f"{_quoted(cell)} {reason}: correct it or delete the row.")

    def _numbers(self, column: int) -> FloatArray:
        """A column as numbers (n,), NaN where there are none."""
        cells = self.cells(column)
        if self.decimal_comma:
            cells = [cell.replace(",", ".") for cell in cells]
        try:  # A third of the time of asking cell by cell, which tells the wrong ones.
            if not any("_" in cell for cell in cells):
                return np.array(list(map(float, cells)))
        except ValueError:
            pass
        values = (self.number(cell) for cell in cells)
        return np.array([np.nan if value is None else value for value in values])

    def error(self, sentence: str) -> TableError:
        """An error about the table as a whole."""
        return TableError(_sentence(self.name, sentence))

    def error_at(self, row: int, column: int, sentence: str) -> TableError:
        """An error about one cell."""
        return TableError(_sentence(self.name, f"row {self.lines[row]}, column {self.title(column)}: {sentence}"))


def read_table(text: str, name: str = "") -> Table:
    """The table in `text`.

    Parameters
    ----------
    text : lines of cells separated by tabs, semicolons, commas or spaces; the first line tells which. Blank lines and
        lines that begin with # are skipped. A first row without any number is a header.
    name : what error sentences call where the text is from.

    Raises
    ------
    TableError
        If there are no rows, too many, or rows of different widths.
    """
    rows: list[tuple[str, ...]] = []
    lines: list[int] = []
    for line, row in _split_rows(text, name):
        if rows and len(row) != len(rows[0]):
            raise TableError(
                _sentence(
                    name,
                    f"row {line} has {_count(len(row), 'cell')} but row {lines[0]} has {len(rows[0])}"
                    f" ({_quoted(', '.join(row))}): correct it or delete it.",
                )
            )
        if len(rows) > MAX_ROWS:
            break
        rows.append(tuple(row))  # The garbage collector lets tuples of text be: 0.5 s in a million rows.
        lines.append(line)
    if not rows:
        raise TableError(_sentence(name, "there are no points in it: it is empty."))
    header = None
    decimal_comma = _has_decimal_commas(rows)
    plain = Table(name, None, rows, lines, decimal_comma)
    if all(plain.number(cell) is None for cell in rows[0]) and any(cell.strip() for cell in rows[0]):
        header = tuple(cell.strip() for cell in rows[0])
        rows, lines = rows[1:], lines[1:]
        if not rows:
            raise TableError(_sentence(name, f"there is a header ({', '.join(header)[:60]}) but no points under it."))
    if len(rows) > MAX_ROWS:
        raise TableError(_sentence(name, f"there are more than {MAX_ROWS:,} rows: keep a sample of them."))
    return Table(name, header, rows, lines, decimal_comma)


def _split_rows(text: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """The number and the cells of each line that holds any."""
    separator = separator_of(text)
    source: Iterator[str] = io.StringIO(text, newline="")
    if separator == " ":
        source = (" ".join(line.split()) for line in source)
    reader = csv.reader(source, delimiter=separator, skipinitialspace=True)
    try:
        for row in reader:
            if row and row[0][:1] != "#" and (row[0] or any(row)) and (len(row) > 1 or row[0].strip()):
                yield reader.line_num, row
    except csv.Error as error:
        sentence = f"row {reader.line_num} cannot be read ({error}): look for a quotation mark that never ends."
        raise TableError(_sentence(name, sentence)) from error


def separator_of(text: str) -> str:
    """What stands between the cells of the first line that holds any."""
    line = next((line for line in io.StringIO(text) if line.strip() and not line.startswith("#")), "")
    if "\t" in line.strip():
        return "\t"
    if ";" in line:
        return ";"
    return "," if "," in line and not _DECIMAL_COMMAS.match(line) else " "


def _has_decimal_commas(rows: list[tuple[str, ...]]) -> bool:
    """Whether the first cells with digits are written with a comma and none with a point."""
    sample = [cell for row in rows[:20] for cell in row[:2] if any(character.isdigit() for character in cell)]
    return any("," in cell for cell in sample) and not any("." in cell for cell in sample)


def _sentence(name: str, sentence: str) -> str:
    return f"{name}: {sentence}" if name else sentence[0].upper() + sentence[1:]


def _quoted(text: str) -> str:
    return f"'{text if len(text) <= _SHOWN else text[:_SHOWN] + '…'}'"


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
