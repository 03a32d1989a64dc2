"""The colours of the rows of a data set, as they are on the stage: by class, by target or by cluster."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor

from engine.dataset import Dataset
from engine.learner import Prediction
from engine.palette import CLASS_COLOURS
from widgets.stage_legend import cluster_rows, legend_rows
from widgets.stage_points import ShownPoints
from widgets.stage_shapes import (
    VALUE_LEVELS,
    Look,
    class_look,
    cluster_look,
    look_numbers,
    looks_of,
    mixed_looks,
    value_colour,
)
from widgets.theme import Theme

_BANDS = 5
"""Of a scale of targets, in a histogram: finer ones are not told apart."""

Rows = NDArray[np.intp]


@dataclass(frozen=True)
class KeyEntry:
    """A class or a cluster: how its points look, and its name."""

    look: Look
    name: str


class RowColours:
    """How each row of a data set looks, and what the looks mean.

    Parameters
    ----------
    dataset : n rows of two inputs or more.
    predictions : what a model says of them; where they are grouped their clusters are its labels.
    theme : of the outlines.
    """

    def __init__(self, dataset: Dataset, predictions: Prediction | None, theme: Theme) -> None:
        self._shown = ShownPoints(dataset, held_out=True)
        self._shown.hear(predictions)
        self._theme = theme
        rows = np.arange(len(dataset.points))
        self.looks: tuple[Look, ...]
        self.kinds: Rows
        """Which of `looks` each row has (n,)."""
        if self._shown.shares is None:
            self.looks = looks_of(dataset, theme)
            self.kinds = look_numbers(dataset, self._shown.value_range, rows, self._shown.said)
        else:
            self.looks, self.kinds = mixed_looks(dataset, theme, rows, self._shown.shares)

    @property
    def dataset(self) -> Dataset:
        return self._shown.dataset

    def shows_the_same_as(self, other: RowColours) -> bool:
        """Whether no row looks otherwise, and the key says the same."""
        mine, theirs = self.dataset, other.dataset
        return (
            (self._theme, mine.task, mine.class_names, mine.target_name, self.value_range)
            == (other._theme, theirs.task, theirs.class_names, theirs.target_name, other.value_range)
            and np.array_equal(self.kinds, other.kinds)
            and [look.fill.rgb() for look in self.looks] == [look.fill.rgb() for look in other.looks]
        )

    @property
    def value_range(self) -> tuple[float, float] | None:
        """What the scale of colours runs over; None where colours are of classes or clusters."""
        grouped = bool(self.dataset.class_names) or self.dataset.task == "clustering"
        return None if grouped else self._shown.value_range

    @cached_property
    def fills(self) -> NDArray[np.float64]:
        """The colours that occur, (m, 3) from 0 to 255."""
        return self._fills[0]

    @cached_property
    def fill_of(self) -> Rows:
        """Which of `fills` each row has (n,)."""
        return self._fills[1]

    @cached_property
    def _fills(self) -> tuple[NDArray[np.float64], Rows]:
        fills = [(look.fill.red(), look.fill.green(), look.fill.blue()) for look in self.looks]
        rgb = np.array(fills, np.int64).reshape(-1, 3)
        codes = (rgb[:, 0] * 256 + rgb[:, 1]) * 256 + rgb[:, 2]
        used, fill_of = np.unique(codes[self.kinds], return_inverse=True)
        occurring = np.column_stack([used // 65536, used // 256 % 256, used % 256]).astype(np.float64)
        return occurring, fill_of.astype(np.intp)

    @cached_property
    def groups(self) -> Rows:
        """The group of each row (n,) that a histogram tells apart: its class, its cluster or its fifth of the scale."""
        if self.dataset.task == "clustering":
            said = self._shown.said
            clusters = np.full(len(self.kinds), -1.0) if said is None else np.nan_to_num(said, nan=-1.0)
            return np.where(clusters < 0, 0, 1 + clusters % len(CLASS_COLOURS)).astype(np.intp)
        if self.dataset.class_names:
            return np.clip(self.dataset.y.astype(np.intp), 0, len(CLASS_COLOURS) - 1)
        return np.minimum(self.kinds // 2 * _BANDS // VALUE_LEVELS, _BANDS - 1)

    @cached_property
    def group_colours(self) -> tuple[QColor, ...]:
        """The colour of each of the groups that there may be."""
        if self.dataset.task == "clustering":
            return tuple(cluster_look(index, self._theme).fill for index in range(-1, len(CLASS_COLOURS)))
        if self.dataset.class_names:
            return tuple(QColor(*colour) for colour in CLASS_COLOURS)
        return tuple(value_colour((band + 0.5) / _BANDS) for band in range(_BANDS))

    @cached_property
    def key(self) -> tuple[KeyEntry, ...]:
        """What the colours mean, an entry a class or a cluster; nothing of a scale of targets."""
        if self.dataset.task == "clustering":
            rows = cluster_rows(self._shown.cluster_sizes)
            return tuple(
                KeyEntry(cluster_look(-1 if row.kind is None else row.kind, self._theme), row.name) for row in rows
            )
        if not self.dataset.class_names:
            return ()
        return tuple(
            KeyEntry(class_look(row.kind, False, self._theme), row.name)
            for row in legend_rows(self.dataset, True)
            if row.kind is not None and row.kind < len(CLASS_COLOURS)
        )

    def name_of(self, row: int) -> str:
        """What a row is: its class, its cluster or its target."""
        if self.dataset.task == "clustering":
            cluster = -1.0 if self._shown.said is None else float(np.nan_to_num(self._shown.said[row], nan=-1.0))
            return "no cluster" if cluster < 0 else f"cluster {int(cluster) + 1}"
        if self.dataset.class_names:
            index = min(max(int(self.dataset.y[row]), 0), self.dataset.n_classes - 1)
            return self.dataset.class_names[index]
        return f"{self.dataset.target_name} {float(self.dataset.y[row]):.4g}".replace("-", "−")
