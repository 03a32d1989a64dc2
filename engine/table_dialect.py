"""How the text of a table is written: encoding, separator, decimal mark, header; guessed from its first rows."""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.cells import TableError
from engine.table_columns import LARGEST_NUMBER

SEPARATORS = {",": "Comma", ";": "Semicolon", "\t": "Tab", "|": "Bar", " ": "Spaces"}
DECIMALS = {".": "Point (0.5)", ",": "Comma (0,5)"}
ENCODINGS = {"utf-8": "UTF-8", "utf-16": "UTF-16", "cp1252": "Windows-1252", "latin-1": "Latin-1"}

MISSING = frozenset(
    ("", "na", "n/a", "#n/a", "n.a.", "nan", "null", "(null)", "none", "nil", "?", "-", "--", "---", "–", ".",
     "missing", "k.a.")
)  # fmt: skip
"""What is written where a value is missing, in small letters."""

_SAMPLE_LINES = 200
_PIECE = 2**20
_CONSISTENT = 0.8
"""So many of the first rows have the same width if a separator is the right one."""
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_COMMA_NUMBER = re.compile(r"[-+]?\d*,\d+")
_POINT_NUMBER = re.compile(r"[-+]?\d*\.\d+")
_THOUSANDS = {
    ".": re.compile(r"[-+]?\d{1,3}(,\d{3})+(\.\d*)?"),
    ",": re.compile(r"[-+]?\d{1,3}(\.\d{3})+(,\d*)?"),
}


@dataclass(frozen=True)
class Dialect:
    """How a table is written.

    Parameters
    ----------
    encoding : one of `ENCODINGS`.
    separator : one of `SEPARATORS`.
    decimal : one of `DECIMALS`.
    header : whether the first row names the columns.
    """

    encoding: str = "utf-8"
    separator: str = ","
    decimal: str = "."
    header: bool = True


@dataclass(frozen=True)
class Corrections:
    """What a person says a table is like; None is guessed. The fields are those of `Dialect`."""

    encoding: str | None = None
    separator: str | None = None
    decimal: str | None = None
    header: bool | None = None


def text_of(content: bytes, name: str, encoding: str | None = None) -> tuple[str, bytes, str]:
    """The text of a file, the bytes of it without a byte-order mark of UTF-8, and the encoding of these.

    By its mark; else UTF-8, else Windows-1252, else Latin-1, which fits any bytes. A mark of UTF-8 over other text, as
    some programs write it, is taken off.

    Raises
    ------
    TableError
        If it is no text, or not of the wanted encoding.
    """
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and encoding in (None, "utf-16"):
        candidates = ["utf-16"]
    else:
        content = content.removeprefix(codecs.BOM_UTF8)
        candidates = ["utf-8", "cp1252", "latin-1"] if encoding is None else [encoding]
    for candidate in candidates:
        try:
            text = content.decode(candidate)
        except UnicodeDecodeError:
            continue
        # Piece by piece: other threads wait while one is looked through.
        if any(_CONTROL.search(text, start, start + _PIECE) for start in range(0, len(text), _PIECE)):
            raise TableError(f"{name} is not a text file: export the table as CSV (UTF-8) and open that.")
        return text, content, candidate
    raise TableError(
        f"{name} is not written in {ENCODINGS.get(candidates[0], candidates[0])}: choose another encoding."
    )


def guessed(text: str, encoding: str, said: Corrections) -> Dialect:
    """How `text` is written, as far as it is not `said`."""
    first = "".join(io.StringIO(text[: 2**20], newline="").readlines()[:_SAMPLE_LINES])
    separator = said.separator or _separator(first)
    rows = first_rows(first, separator)
    decimal = said.decimal or _decimal(rows, separator)
    header = _has_header(rows, decimal) if said.header is None else said.header
    return Dialect(encoding, separator, decimal, header)


def first_rows(text: str, separator: str) -> list[list[str]]:
    """The rows of `text` that hold anything, as far as they can be read."""
    rows: list[list[str]] = []
    with contextlib.suppress(csv.Error):  # The reader of the whole table says where.
        rows.extend(row for row in reader(io.StringIO(text, newline=""), separator) if not is_blank(row))
    return rows


def reader(lines: io.TextIOBase, separator: str) -> Any:
    """A reader of rows; spaces as separators may be many."""
    if separator == " ":
        return csv.reader((" ".join(line.split()) for line in lines), delimiter=" ")
    return csv.reader(lines, delimiter=separator, skipinitialspace=True)


def is_blank(row: Sequence[str]) -> bool:
    """Whether no cell holds anything."""
    return not any(map(str.strip, row))


def number_in(cell: str, decimal: str) -> float | None:
    """The number in a cell, NaN where it says that there is none, or None where it holds something else.

    Examples
    --------
    >>> number_in("1.234,5", ","), number_in("1,234.5", "."), number_in("abc", ".")
    (1234.5, 1234.5, None)
    """
    cell = cell.strip()
    if cell.lower() in MISSING:
        return float("nan")
    if _THOUSANDS[decimal].fullmatch(cell):
        cell = cell.replace("." if decimal == "," else ",", "")
    elif decimal == "," and "." in cell:
        return None
    if decimal == ",":
        cell = cell.replace(",", ".")
    try:
        value = float("x" if "_" in cell else cell)
    except ValueError:
        return None
    return value if abs(value) <= LARGEST_NUMBER else None


def _separator(first: str) -> str:
    """The separator that cuts most rows into the same number of cells, two or more; the rarer ones are asked first."""
    for separator in ("\t", ";", "|", ",", " "):
        widths = Counter(map(len, first_rows(first, separator)))
        if not widths:
            return ","
        width, count = widths.most_common(1)[0]
        if width > 1 and count >= _CONSISTENT * sum(widths.values()):
            return separator
    return max((",", ";", "\t"), key=first.count)


def _decimal(rows: Sequence[Sequence[str]], separator: str) -> str:
    cells = [cell.strip() for row in rows for cell in row]
    commas = [cell for cell in cells if _COMMA_NUMBER.fullmatch(cell)]
    if separator == ",":  # Quoted: 1,234 is one thousand and more.
        commas = [cell for cell in commas if not _THOUSANDS["."].fullmatch(cell)]
    points = sum(1 for cell in cells if _POINT_NUMBER.fullmatch(cell))
    return "," if len(commas) > points else "."


def _has_header(rows: Sequence[Sequence[str]], decimal: str) -> bool:
    """Whether the first row holds names: no number at all, or a text over a column of numbers."""
    if not rows:
        return True
    first = [number_in(cell, decimal) for cell in rows[0]]
    if all(value is None for cell, value in zip(rows[0], first, strict=True) if cell.strip()):
        return True
    for column, value in enumerate(first):
        below = [number_in(row[column], decimal) for row in rows[1:] if column < len(row)]
        numbers = sum(1 for each in below if each is not None)
        if value is None and below and numbers >= _CONSISTENT * len(below):
            return True
    return False
