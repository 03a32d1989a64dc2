"""The columns of a table as one immutable value: numbers, categories, and what is missing."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import GetCoreSchemaHandler
from pydantic_core import core_schema

from engine.dataset import FloatArray, frozen_array

Kind = Literal["numerical", "ordinal", "nominal", "date", "text"]
"""What a column holds: amounts, levels in an order, names, days since 1970-01-01, or texts (left out)."""

KINDS: tuple[Kind, ...] = Kind.__args__  # type: ignore[attr-defined]

LONGEST_NAME = 200
MOST_COLUMNS = 10_000
MOST_CELLS = 15_000_000
"""As many numbers as 120 MB hold, so that a file of them stays below its limit."""

LARGEST_NUMBER = float(np.finfo(np.float32).max)


@dataclass(frozen=True, eq=False)
class Columns:
    """The columns of a table, c of them with n rows.

    Parameters
    ----------
    names : what the columns are called; unique, not empty.
    kinds : what each holds, as it was guessed.
    values : (c, n) float64; numbers, or the places of `categories`; NaN where a cell is missing.
    categories : of each column the names that its values stand for; empty where they are numbers.

    Raises
    ------
    ValueError
        If these do not fit together.

    Examples
    --------
    >>> Columns(("colour",), ("nominal",), np.array([[0.0, 1.0, np.nan]]), (("blue", "red"),)).texts("colour")
    ['blue', 'red', '']
    """

    names: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    values: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 0)))
    categories: tuple[tuple[str, ...], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", frozen_array(self.values, np.float64))
        count = len(self.names)
        if self.values.ndim != 2 or not len(self.values) == len(self.kinds) == len(self.categories) == count:
            raise ValueError(f"a table of {count} columns needs as many kinds, categories and rows of values")
        if count > MOST_COLUMNS or self.values.size > MOST_CELLS:
            raise ValueError(f"a table has at most {MOST_COLUMNS:,} columns and {MOST_CELLS:,} cells")
        if len(set(self.names)) != count or not all(1 <= len(name) <= LONGEST_NAME for name in self.names):
            raise ValueError(f"columns need different names of 1 to {LONGEST_NAME} characters")
        if not set(self.kinds) <= set(KINDS):
            raise ValueError(f"the kind of a column is one of {', '.join(KINDS)}")
        for name, values, categories in zip(self.names, self.values, self.categories, strict=True):
            _check(name, values, categories)

    def __len__(self) -> int:
        """The number of rows."""
        return int(self.values.shape[1])

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Columns):
            return NotImplemented
        if (self.names, self.kinds, self.categories) != (other.names, other.kinds, other.categories):
            return False
        return self.values is other.values or np.array_equal(self.values, other.values, equal_nan=True)

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((self.names, self.kinds, self.values.shape, np.nan_to_num(self.values[:, :4] + 0.0).tobytes()))

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: index for index, name in enumerate(self.names)}

    def __contains__(self, name: str) -> bool:
        return name in self._places

    def numbers(self, name: str) -> FloatArray:
        """The values of one column (n,)."""
        return np.asarray(self.values[self._places[name]])

    def categories_of(self, name: str) -> tuple[str, ...]:
        return self.categories[self._places[name]]

    def kind_of(self, name: str) -> Kind:
        return self.kinds[self._places[name]]

    def amounts(self, name: str) -> FloatArray:
        """A column as amounts (n,): categories that are written as numbers count as these, others as missing."""
        categories = self.categories_of(name)
        if not categories:
            return self.numbers(name)
        return taken(np.array([_amount(category) for category in categories]), self.numbers(name))

    def levels(self, name: str) -> tuple[FloatArray, tuple[str, ...]]:
        """A column as places (n,) in a list of categories; numbers are categories in their order."""
        categories, values = self.categories_of(name), self.numbers(name)
        if categories:
            return values, categories
        present = np.isfinite(values)
        distinct, inverse = np.unique(values[present], return_inverse=True)
        places = np.full(len(values), np.nan)
        places[present] = inverse
        return places, tuple(number_name(value) for value in distinct.tolist())

    def texts(self, name: str, rows: int | None = None) -> list[str]:
        """The first cells of a column as a person reads them; empty where one is missing."""
        values, categories = self.numbers(name)[:rows].tolist(), self.categories_of(name)
        if self.kind_of(name) == "date" and not categories:
            return ["" if value != value else date_name(value) for value in values]
        return ["" if value != value else categories[int(value)] if categories else number_name(value)
                for value in values]  # fmt: skip

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        def to_columns(value: Any) -> Columns:
            if isinstance(value, Columns):
                return value
            if not isinstance(value, dict) or set(value) != {"names", "kinds", "values", "categories"}:
                raise ValueError("columns are an object with names, kinds, values (a list a column) and categories")
            try:
                names = _texts(value["names"])
                kinds = _texts(value["kinds"])
                categories = tuple(_texts(listed) for listed in value["categories"])
                values = value["values"]
                array = np.asarray(values, np.float64) if len(values) else np.empty((0, 0))  # None becomes NaN
            except (TypeError, ValueError, OverflowError) as error:
                raise ValueError(f"the values of columns are lists of numbers, all of one length ({error})") from error
            return cls(names, kinds, array, categories)  # type: ignore[arg-type]  # what is no kind is refused there

        listed = core_schema.list_schema(core_schema.str_schema())
        numbers = core_schema.list_schema(core_schema.nullable_schema(core_schema.float_schema()))
        plain_schema = core_schema.typed_dict_schema(
            {
                "names": core_schema.typed_dict_field(listed),
                "kinds": core_schema.typed_dict_field(core_schema.list_schema(core_schema.literal_schema([*KINDS]))),
                "values": core_schema.typed_dict_field(core_schema.list_schema(numbers)),
                "categories": core_schema.typed_dict_field(core_schema.list_schema(listed)),
            }
        )
        return core_schema.json_or_python_schema(
            json_schema=core_schema.no_info_before_validator_function(
                to_columns,
                core_schema.any_schema(
                    metadata={"pydantic_js_functions": [lambda _schema, handler: handler(plain_schema)]}
                ),
            ),
            python_schema=core_schema.no_info_plain_validator_function(to_columns),
            serialization=core_schema.plain_serializer_function_ser_schema(plain_columns),
        )


def plain_columns(columns: Columns) -> dict[str, Any]:
    """`columns` as lists: what JSON can hold, null for a missing cell."""
    values = [[None if value != value else value for value in column] for column in columns.values.tolist()]
    return {
        "names": list(columns.names),
        "kinds": list(columns.kinds),
        "values": values,
        "categories": [list(categories) for categories in columns.categories],
    }


def taken(table: FloatArray, places: FloatArray) -> FloatArray:
    """`table` (k,) at `places` (n,), NaN where a place is NaN."""
    found = np.full(len(places), np.nan)
    present = np.isfinite(places)
    found[present] = table[places[present].astype(np.intp)]
    return found


def number_name(value: float) -> str:
    """A number as a category is called: 3 rather than 3.0."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def date_name(days: float) -> str:
    """The date so many days after 1970-01-01; with the time of day where it is not midnight."""
    moment = np.datetime64(round(days * 86_400), "s")
    return str(moment.astype("datetime64[D]")) if days == int(days) else str(moment).replace("T", " ")


def _amount(text: str) -> float:
    try:
        value = float("nan" if "_" in text else text)
    except ValueError:
        return float("nan")
    return value if abs(value) <= LARGEST_NUMBER else float("nan")


def _texts(values: Any) -> tuple[str, ...]:
    if not isinstance(values, list | tuple) or not all(isinstance(value, str) for value in values):
        raise TypeError("names are a list of texts")
    return tuple(values)


def _check(name: str, values: FloatArray, categories: tuple[str, ...]) -> None:
    present = values[~np.isnan(values)]
    if len(present) and not np.abs(present).max() <= LARGEST_NUMBER:
        raise ValueError(f"column {name} holds a number that is too large")
    if not categories:
        return
    if len(set(categories)) != len(categories):
        raise ValueError(f"the categories of column {name} need different names")
    if len(present) and (present.min() < 0 or present.max() >= len(categories) or (present % 1).any()):
        raise ValueError(f"column {name} holds places from 0 to {len(categories) - 1}")
