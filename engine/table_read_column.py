"""One column of a table while it is read, and what it seems to hold."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from engine.dataset import FloatArray, IntArray
from engine.table_columns import LARGEST_NUMBER, Kind, number_name
from engine.table_dates import days_of
from engine.table_dialect import number_in

_MOST_TEXTS = 200_000
"""So many different texts of a column are told apart."""
_SLIPS = 0.1
"""Up to this share of texts among numbers are slips."""
_MOST_CATEGORIES = 50
_SCALES = (
    ("very low", "low", "medium", "high", "very high"),
    ("xs", "s", "m", "l", "xl", "xxl"),
    ("tiny", "small", "medium", "large", "huge"),
    ("never", "rarely", "sometimes", "often", "always"),
    ("strongly disagree", "disagree", "neutral", "agree", "strongly agree"),
    ("very poor", "poor", "fair", "good", "very good", "excellent"),
    ("mild", "moderate", "severe"),
    ("beginner", "intermediate", "advanced", "expert"),
)
"""Words that have an order."""


@dataclass(frozen=True, eq=False)
class ReadColumn:
    """One column as it stands in the file.

    Parameters
    ----------
    name : its title.
    numbers : (n,) float64, NaN where a cell is missing or holds no number.
    odd_rows, odd_codes : (m,) the rows whose cells hold something else, and which of `texts` it is.
    texts : the different such things; empty where they are too many to be told apart.
    """

    name: str
    numbers: FloatArray
    odd_rows: IntArray
    odd_codes: IntArray
    texts: tuple[str, ...]

    @cached_property
    def missing(self) -> int:
        """How many cells are missing."""
        return int(np.isnan(self.numbers).sum()) - len(self.odd_rows)

    @cached_property
    def dates(self) -> tuple[FloatArray, str]:
        """Days since 1970-01-01 of each text, and how they are written."""
        return days_of(self.texts)

    @cached_property
    def kind(self) -> Kind:
        """What it holds, as far as can be told."""
        present, odd = len(self.numbers) - self.missing, len(self.odd_rows)
        if present == 0 or (odd and not self.texts):
            return "text"
        if odd <= _SLIPS * present:
            return "numerical"
        if np.isfinite(self.dates[0][self.odd_codes]).sum() >= (1 - _SLIPS) * present:
            return "date"
        if _scale_of(self.texts) is not None and odd == present:
            return "ordinal"
        names = len(self.texts) > 0.9 * present > 9
        return "text" if names or len(self.texts) > _MOST_CATEGORIES else "nominal"

    @cached_property
    def is_constant(self) -> bool:
        if len(self.odd_rows):
            return len(self.texts) == 1 and len(self.odd_rows) == len(self.numbers) - self.missing
        known = self.numbers[~np.isnan(self.numbers)]
        return len(known) > 0 and bool((known == known[0]).all())

    @cached_property
    def _known(self) -> FloatArray:
        """The different numbers in it."""
        return np.unique(self.numbers[~np.isnan(self.numbers)])

    @cached_property
    def categories(self) -> tuple[str, ...]:
        """What it holds as a column of categories, in order; nothing for a column of numbers."""
        if not self.texts:
            return ()
        numbers = dict.fromkeys(number_name(value) for value in self._known.tolist())
        texts = set(self.texts)
        return _in_order((*self.texts, *(name for name in numbers if name not in texts)))

    def as_kind(self, kind: Kind) -> tuple[FloatArray, tuple[str, ...]]:
        """The values (n,) and categories that it has as a column of that kind."""
        if kind == "date":
            values = self.numbers.copy()
            values[self.odd_rows] = self.dates[0][self.odd_codes] if self.texts else np.nan
            return values, ()
        if kind == "numerical" or not len(self.odd_rows) or not self.texts:
            return self.numbers, ()
        known, names = self._known, self.categories
        place = {name: index for index, name in enumerate(names)}
        values = np.full(len(self.numbers), np.nan)
        if len(known):
            of_known = np.array([place[number_name(value)] for value in known.tolist()], np.float64)
            there = ~np.isnan(self.numbers)
            values[there] = of_known[np.searchsorted(known, self.numbers[there])]
        values[self.odd_rows] = np.array([place[text] for text in self.texts], np.float64)[self.odd_codes]
        return values, names

    def missing_as(self, kind: Kind) -> int:
        """How many cells have no value as a column of that kind: also those that hold no number, or no date."""
        return int(np.isnan(self.as_kind(kind)[0]).sum()) if kind in ("numerical", "date") else self.missing

    def remark(self, kind: Kind, lines: Sequence[int]) -> str:
        """What is odd about it as a column of that kind; empty where nothing is."""
        if self.missing == len(self.numbers):
            return "empty: left out"
        if kind == "text":
            return f"{len(self.texts):,} different texts: left out" if self.texts else "free text: left out"
        said = []
        if kind in ("numerical", "date") and len(self.odd_rows):
            wrong = np.arange(len(self.odd_rows))
            if kind == "date":
                wrong = np.flatnonzero(np.isnan(self.dates[0][self.odd_codes]))
            if len(wrong):
                first = [
                    (f"‘{self.texts[self.odd_codes[place]][:20]}’ in " if self.texts else "")
                    + f"row {lines[self.odd_rows[place]]}"
                    for place in wrong[:2].tolist()
                ]
                more = ", …" if len(wrong) > 2 else ""
                what = "number" if kind == "numerical" else "date"
                said.append(f"{len(wrong):,} without a {what} ({', '.join(first)}{more}): missing")
        if kind == "date":
            said.append(f"days since 1970-01-01 ({self.dates[1]})")
        if self.is_constant:
            said.append("the same in every row")
        return "; ".join(said)


class GrowingColumn:
    """A column while its rows come in."""

    def __init__(self, decimal: str) -> None:
        self._decimal = decimal
        self._numbers: list[FloatArray] = []
        self._odd_rows: list[IntArray] = []
        self._odd_codes: list[int] = []
        self._codes: dict[str, int] = {}
        self._known: dict[str, tuple[float, int]] = {}
        self._count = 0
        self._too_many = False

    def add(self, cells: Sequence[str]) -> None:
        numbers = self._plain(cells)
        if numbers is None:
            numbers = self._one_by_one(cells)
        self._numbers.append(numbers)
        self._count += len(cells)

    def _plain(self, cells: Sequence[str]) -> FloatArray | None:
        """The numbers, where every cell plainly is one: a fifth of the time."""
        if self._decimal == ",":
            if any("." in cell for cell in cells):
                return None
            cells = [cell.replace(",", ".") for cell in cells]
        try:
            numbers = np.array(list(map(float, cells)))
        except ValueError:
            return None
        plain = not any("_" in cell for cell in cells) and bool((np.abs(numbers) <= LARGEST_NUMBER).all())
        return numbers if plain else None

    def _one_by_one(self, cells: Sequence[str]) -> FloatArray:
        numbers = np.empty(len(cells))
        odd_rows = []
        for row, cell in enumerate(cells):
            number, code = self._known.get(cell) or self._parsed(cell)
            numbers[row] = number
            if code >= 0:
                odd_rows.append(self._count + row)
                self._odd_codes.append(code)
        self._odd_rows.append(np.array(odd_rows, np.int64))
        return numbers

    def _parsed(self, cell: str) -> tuple[float, int]:
        """The number in a cell, or NaN and which text it holds (-1 where it is missing)."""
        number = number_in(cell, self._decimal)
        if number is not None:
            found = number, -1
        elif len(self._codes) < _MOST_TEXTS or cell.strip() in self._codes:
            found = float("nan"), self._codes.setdefault(" ".join(cell.split()), len(self._codes))
        else:
            self._too_many = True
            return float("nan"), 0
        if len(self._known) < _MOST_TEXTS:
            self._known[cell] = found
        return found

    def read(self, name: str) -> ReadColumn:
        return ReadColumn(
            name,
            np.concatenate(self._numbers),
            np.concatenate(self._odd_rows or [np.empty(0, np.int64)]),
            np.array(self._odd_codes, np.int64),
            () if self._too_many else tuple(self._codes),
        )


def _scale_of(texts: Sequence[str]) -> tuple[str, ...] | None:
    """The scale that all of these words are on, if there is one."""
    words = {text.lower() for text in texts}
    return next((scale for scale in _SCALES if len(words) > 1 and words <= set(scale)), None)


def _in_order(texts: Sequence[str]) -> tuple[str, ...]:
    """Words of a scale in its order; others by the number that they begin with, then by alphabet."""
    scale = _scale_of(texts)
    if scale is not None:
        return tuple(sorted(texts, key=lambda text: scale.index(text.lower())))
    return tuple(sorted(texts, key=_rank))


def _rank(text: str) -> tuple[float, str]:
    number = re.match(r"\d+", text)
    return (float(number[0][:300]) if number else float("inf"), text)
