"""Immutable data: inputs, targets, names; and who trains, validates and tests."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import IntEnum
from functools import cached_property, lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import GetCoreSchemaHandler
from pydantic_core import core_schema

Target = Literal["classification", "regression"]
"""What the targets of data are."""
Task = Literal["classification", "regression", "clustering", "projection"]
"""What a model does with data; one that groups or projects them is told no targets."""
UNSUPERVISED: tuple[Task, ...] = ("clustering", "projection")
FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.integer[Any]]

CLASS_NAMES = ("A", "B", "C", "D", "E", "F")
MAX_CLASSES = len(CLASS_NAMES)
_BLOCK = 20
_FIRST_TO_TRAIN = 4
_RUN_OF_IDS = _BLOCK * 2048
"""The split of so many successive ids is computed at once, in 2 ms, and kept."""
_MOST_RUNS = 128
"""So many runs are kept; ids beyond them, and few ids far apart, are dealt one by one."""


def frozen_array(values: Any, dtype: Any) -> NDArray[Any]:
    """A read-only, contiguous copy of `values` (the same array where it is one already)."""
    if (
        isinstance(values, np.ndarray)
        and values.dtype == np.dtype(dtype)
        and values.flags.c_contiguous
        and not values.flags.writeable
        and values.base is None
    ):
        return values
    array = np.array(values, dtype=dtype, order="C", copy=True)
    array.setflags(write=False)
    return array


@dataclass(frozen=True, eq=False)
class Points:
    """Points on the stage, each with a target and an identity that outlives its neighbours.

    Parameters
    ----------
    X : (n, d) float32, the inputs, in the units of the plot.
    y : (n,) float32; the class index in classification, the target in regression.
    ids : (n,) int64, unique and increasing; decides the part (train, validation, test) a point belongs to, so that
        adding and erasing points never moves another point from one part to another.
    """

    X: FloatArray
    y: FloatArray
    ids: IntArray = field(default_factory=lambda: np.empty(0, np.int64))

    def __post_init__(self) -> None:
        X = frozen_array(self.X, np.float32)
        y = frozen_array(self.y, np.float32)
        if X.ndim != 2 or y.ndim != 1 or len(X) != len(y):
            raise ValueError(f"points need X of shape (n, d) and y of shape (n,), not {X.shape} and {y.shape}")
        self._check_finite(X, y)
        ids = np.arange(len(X)) if len(self.ids) != len(X) else self.ids
        ids = frozen_array(ids, np.int64)
        if ids.ndim != 1 or (len(ids) > 1 and (np.diff(ids) <= 0).any()):
            raise ValueError("the ids of points must be increasing whole numbers")
        object.__setattr__(self, "X", X)
        object.__setattr__(self, "y", y)
        object.__setattr__(self, "ids", ids)

    @classmethod
    def empty(cls, n_inputs: int) -> Points:
        return cls(np.empty((0, n_inputs), np.float32), np.empty(0, np.float32))

    def __len__(self) -> int:
        return len(self.y)

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Points):
            return NotImplemented
        return all(
            mine is theirs or np.array_equal(mine, theirs)
            for mine, theirs in ((self.X, other.X), (self.y, other.y), (self.ids, other.ids))
        )

    def __hash__(self) -> int:
        return hash((self.X.shape, self.X[:4].tobytes(), self.y[-4:].tobytes()))

    @classmethod
    def _known_good(cls, X: FloatArray, y: FloatArray, ids: IntArray) -> Points:
        """Points of arrays that are right already and belong to nobody else: neither looked through nor copied."""
        points = object.__new__(cls)
        for name, array in (("X", X), ("y", y), ("ids", ids)):
            array.setflags(write=False)
            object.__setattr__(points, name, array)
        return points

    def adding(self, X: FloatArray, y: FloatArray) -> Points:
        """These points and, after them, `X` (m, d) with targets `y` (m,)."""
        first = int(self.ids[-1]) + 1 if len(self) else 0
        added = Points(X, y, np.arange(first, first + len(y)))
        if added.X.shape[1] != self.X.shape[1]:
            raise ValueError(f"points of {self.X.shape[1]} inputs cannot take points of {added.X.shape[1]}")
        return self._known_good(
            np.concatenate([self.X, added.X]),
            np.concatenate([self.y, added.y]),
            np.concatenate([self.ids, added.ids]),
        )

    def erasing(self, rows: IntArray) -> Points:
        """These points without those at `rows`."""
        keep = np.ones(len(self), bool)
        keep[rows] = False
        kept = np.flatnonzero(keep)  # taking rows is twice as fast as choosing them by a mask
        return self._known_good(self.X.take(kept, axis=0), self.y.take(kept), self.ids.take(kept))

    def moving(self, rows: IntArray, X: FloatArray, y: FloatArray | None = None) -> Points:
        """These points with those at `rows` moved to `X` (m, d), their targets set to `y` if given."""
        new_X, new_y = self.X.copy(), self.y
        new_X[rows] = X
        if y is not None:
            new_y = self.y.copy()
            new_y[rows] = y
        self._check_finite(new_X[rows], new_y[rows])
        return self._known_good(new_X, new_y, self.ids)

    def relabelling(self, rows: IntArray, y: float) -> Points:
        """These points with the target of those at `rows` set to `y`."""
        new_y = self.y.copy()
        new_y[rows] = y
        self._check_finite(self.X[:0], new_y[rows])
        return self._known_good(self.X, new_y, self.ids)

    @staticmethod
    def _check_finite(X: FloatArray, y: FloatArray) -> None:
        if not (np.isfinite(X).all() and np.isfinite(y).all()):
            raise ValueError("every coordinate and target of a point must be a finite number")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        def to_points(value: Any) -> Points:
            if isinstance(value, Points):
                return value
            if not isinstance(value, dict) or not {"X", "y"} <= set(value) <= {"X", "y", "ids", "inputs"}:
                raise ValueError("points are an object with X (rows of coordinates), y (targets) and, if wished, ids")
            try:
                with np.errstate(over="ignore", invalid="ignore"):  # What overflows is refused as not finite.
                    X = np.asarray(value["X"], np.float32)
                    y = np.asarray(value["y"], np.float32)
                    ids = np.asarray(value.get("ids", ()), np.int64)
            except (TypeError, ValueError, OverflowError) as error:
                raise ValueError(f"points must be numbers in rows of one length ({error})") from error
            if X.size == 0:  # No rows say how many inputs there are.
                X = np.empty((0, 1 if value.get("inputs") == 1 else 2), np.float32)
            return cls(X, y, ids)

        def to_plain(points: Points) -> dict[str, Any]:
            plain: dict[str, Any] = {"X": _rounded(points.X), "y": _rounded(points.y)}
            if not np.array_equal(points.ids, np.arange(len(points))):
                plain["ids"] = points.ids.tolist()
            if len(points) == 0:
                plain["inputs"] = int(points.X.shape[1])
            return plain

        plain_schema = core_schema.typed_dict_schema(
            {
                "X": core_schema.typed_dict_field(
                    core_schema.list_schema(core_schema.list_schema(core_schema.float_schema()))
                ),
                "y": core_schema.typed_dict_field(core_schema.list_schema(core_schema.float_schema())),
                "ids": core_schema.typed_dict_field(core_schema.list_schema(core_schema.int_schema()), required=False),
                "inputs": core_schema.typed_dict_field(core_schema.int_schema(ge=1, le=2), required=False),
            }
        )
        return core_schema.json_or_python_schema(
            json_schema=core_schema.no_info_before_validator_function(
                to_points,
                core_schema.any_schema(
                    metadata={"pydantic_js_functions": [lambda _schema, handler: handler(plain_schema)]}
                ),
            ),
            python_schema=core_schema.no_info_plain_validator_function(to_points),
            serialization=core_schema.plain_serializer_function_ser_schema(to_plain),
        )


def _rounded(array: FloatArray) -> Any:
    """The shortest decimals that read back as the same float32 numbers."""
    flat = [float(str(value)) for value in array.ravel()]
    if array.ndim == 1:
        return flat
    width = array.shape[1]
    return [flat[row * width : (row + 1) * width] for row in range(len(array))]


class Part(IntEnum):
    """What a point is used for."""

    TRAIN = 0
    VALIDATION = 1
    TEST = 2


PART_NAMES = ("train", "validation", "test")


@dataclass(frozen=True, eq=False)
class Dataset:
    """What a learner is given, in the units of the plot.

    Parameters
    ----------
    points : the inputs (n, d) and targets (n,).
    task : what the targets are.
    parts : (n,) int8 of `Part`.
    class_names : one name a class in classification, empty in regression.
    input_names : one name an input.
    target_name : what the target is called.
    """

    points: Points
    task: Task
    parts: IntArray
    class_names: tuple[str, ...] = ()
    input_names: tuple[str, ...] = ("x1", "x2")
    target_name: str = "y"

    @property
    def X(self) -> FloatArray:
        return self.points.X

    @property
    def y(self) -> FloatArray:
        return self.points.y

    @property
    def n_inputs(self) -> int:
        return int(self.points.X.shape[1])

    @property
    def n_classes(self) -> int:
        return len(self.class_names)

    def rows(self, part: Part) -> IntArray:
        """The row numbers of one part, in order."""
        return self._rows[part]

    @cached_property
    def _rows(self) -> tuple[IntArray, ...]:
        rows = tuple(np.flatnonzero(self.parts == part) for part in Part)
        for array in rows:
            array.setflags(write=False)
        return rows

    @cached_property
    def counts(self) -> IntArray:
        """How many points each part has of each class, (3, n_classes); without classes of all, (3, 1)."""
        if not self.class_names:
            return np.bincount(self.parts, minlength=len(Part))[:, None]
        cells = self.y.astype(np.intp)
        cells *= len(Part)
        cells += self.parts
        counts = np.bincount(cells, minlength=len(Part) * self.n_classes)
        return np.ascontiguousarray(counts.reshape(-1, len(Part)).T)


@lru_cache(maxsize=4)
def unlabelled(dataset: Dataset, task: Task) -> Dataset:
    """`dataset` for a `task` that is told no targets: it learns from every point; classes are kept to compare with."""
    return replace(dataset, task=task, parts=frozen_array(np.zeros(len(dataset.points)), np.int8))


def rows_in_common(old_ids: IntArray, new_ids: IntArray) -> tuple[IntArray, IntArray]:
    """The rows of `old_ids` (n,) and of `new_ids` (m,), both increasing, that hold the same ids; in order.

    Points added at the end and points erased are what hands do: both are found without a search, in 0.4 ms or less
    for 100,000 ids.
    """
    both = min(len(old_ids), len(new_ids))
    if both == 0:
        return np.empty(0, np.intp), np.empty(0, np.intp)
    if old_ids[both - 1] == new_ids[both - 1] and np.array_equal(old_ids[:both], new_ids[:both]):
        return np.arange(both), np.arange(both)
    last = max(int(old_ids[-1]), int(new_ids[-1]))
    if last <= 8 * (len(old_ids) + len(new_ids)) and min(int(old_ids[0]), int(new_ids[0])) >= 0:
        row_of = np.full(last + 1, -1, np.intp)
        row_of[old_ids] = np.arange(len(old_ids))
        at = row_of[new_ids]
        new_rows = np.flatnonzero(at >= 0)
        return at[new_rows], new_rows
    at = np.minimum(np.searchsorted(old_ids, new_ids), len(old_ids) - 1)
    new_rows = np.flatnonzero(old_ids[at] == new_ids)
    return at[new_rows], new_rows


def split(ids: IntArray, validation_share: float, test_share: float, seed: int) -> IntArray:
    """Assign each point to training, validation or test, by its identity alone.

    Ids are dealt in blocks of 20: within a block a random permutation, drawn from the seed and the block's
    number, spreads the points over the shares. So the shares hold within a point or two everywhere, and a point
    keeps its part however many others come and go. The first four ids are dealt to training where the shares let them.

    Parameters
    ----------
    ids : (n,) int64, identities.
    validation_share, test_share : in [0, 1), their sum below 1.
    seed : any integer of 0 or more.

    Returns
    -------
    (n,) int8 of `Part`.
    """
    if len(ids) == 0:
        return np.empty(0, np.int8)
    runs = int(ids[-1]) // _RUN_OF_IDS + 1
    if ids[0] < 0 or runs > min(_MOST_RUNS, 2 + len(ids) // _BLOCK):
        return _dealt(ids, validation_share, test_share, seed)
    dealt = [_dealt_run(run, validation_share, test_share, seed) for run in range(int(ids[0]) // _RUN_OF_IDS, runs)]
    return np.concatenate(dealt)[ids - int(ids[0]) // _RUN_OF_IDS * _RUN_OF_IDS]


@lru_cache(maxsize=2 * _MOST_RUNS)
def _dealt_run(run: int, validation_share: float, test_share: float, seed: int) -> IntArray:
    ids = np.arange(run * _RUN_OF_IDS, (run + 1) * _RUN_OF_IDS)
    return _dealt(ids, validation_share, test_share, seed)


def _dealt(ids: IntArray, validation_share: float, test_share: float, seed: int) -> IntArray:
    blocks, index_of_block = np.unique(ids // _BLOCK, return_inverse=True)
    keys = mixed(np.arange(_BLOCK, dtype=np.uint64)[None, :] + blocks.astype(np.uint64)[:, None] * _BLOCK, seed)
    # The very first points train: with a handful drawn by hand, none of them should be held out.
    keys[blocks == 0, :_FIRST_TO_TRAIN] = np.iinfo(np.uint64).max
    rank = np.argsort(np.argsort(keys, axis=1, kind="stable"), axis=1)
    jitter = mixed(blocks.astype(np.uint64), seed + 1) / 2.0**64
    position = (rank[index_of_block, ids % _BLOCK] + jitter[index_of_block]) / _BLOCK
    parts = np.zeros(len(ids), np.int8)
    parts[position < validation_share + test_share] = Part.VALIDATION
    parts[position < test_share] = Part.TEST
    return parts


def mixed(counters: NDArray[np.uint64], seed: int) -> NDArray[np.uint64]:
    """Random bits that depend on a counter and a seed alone (SplitMix64).

    References
    ----------
    Steele, Lea, Flood (2014). Fast splittable pseudorandom number generators. OOPSLA.
    """
    with np.errstate(over="ignore"):
        z = counters + np.uint64((seed * 0x9E3779B97F4A7C15 + 0x632BE59BD9B4E019) & 0xFFFFFFFFFFFFFFFF)
        z = z * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return np.asarray(z ^ (z >> np.uint64(31)))
