"""The series that the curves are drawn from: it grows, stays bounded, and thins itself to the pixels there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.snapshot import CurvePoint

Measure = Literal["loss", "score"]
PARTS = 3

CAPACITY = 65_536
"""Entries kept at most: 3.5 MiB. A run records far fewer unless a stop condition has it look at every epoch."""
_DENSE = 4096
"""The first entries are never thinned, so that a logarithmic epoch axis shows how learning began."""


class CurveSeries:
    """Epochs and, for each of three parts, a loss and a score.

    Every entry is kept until there are `CAPACITY`; then every second one after the first 4,096 goes.
    """

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self._length = 0
        self._epochs = np.empty(256, np.int64)
        self._values = np.empty((2 * PARTS, 256), np.float64)

    def __len__(self) -> int:
        return self._length

    @property
    def epochs(self) -> NDArray[np.int64]:
        """(n,) increasing."""
        return self._epochs[: self._length]

    def values(self, measure: Measure, part: int) -> NDArray[np.float64]:
        """(n,) the losses or scores of one part, NaN where it has no points."""
        return self._values[(0 if measure == "loss" else PARTS) + part, : self._length]

    def points(self) -> list[CurvePoint]:
        """Everything that is kept."""
        rows = self._values[:, : self._length].T.tolist()
        return [
            CurvePoint(epoch, (row[0], row[1], row[2]), (row[3], row[4], row[5]))
            for epoch, row in zip(self.epochs.tolist(), rows, strict=True)
        ]

    def extend(self, points: Sequence[CurvePoint]) -> None:
        """Add entries; one at an epoch that is already there or past replaces what was recorded from there on."""
        if not points:
            return
        epochs = np.array([point.epoch for point in points], np.int64)
        values = np.array([(*point.loss, *point.score) for point in points], np.float64).T
        fresh = np.minimum.accumulate(epochs[::-1])[::-1]
        keep = epochs < np.append(fresh[1:], np.iinfo(np.int64).max)
        epochs, values = epochs[keep], values[:, keep]
        self._length = int(np.searchsorted(self.epochs, epochs[0]))
        for start in range(0, len(epochs), _DENSE):
            self._append(epochs[start : start + _DENSE], values[:, start : start + _DENSE])

    def _append(self, epochs: NDArray[np.int64], values: NDArray[np.float64]) -> None:
        if self._length + len(epochs) > CAPACITY:
            self._thin()
        end = self._length + len(epochs)
        if end > len(self._epochs):
            room = min(CAPACITY, max(end, 2 * len(self._epochs)))
            self._epochs = np.concatenate([self.epochs, np.empty(room - self._length, np.int64)])
            spare = np.empty((2 * PARTS, room - self._length), np.float64)
            self._values = np.concatenate([self._values[:, : self._length], spare], axis=1)
        self._epochs[self._length : end] = epochs
        self._values[:, self._length : end] = values
        self._length = end

    def _thin(self) -> None:
        kept = np.arange(_DENSE + 1, self._length, 2)
        end = _DENSE + len(kept)
        self._epochs[_DENSE:end] = self._epochs[kept]
        self._values[:, _DENSE:end] = self._values[:, kept]
        self._length = end

    def thinned(
        self, measure: Measure, part: int, edges: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """What a curve looks like when drawn over columns of pixels.

        Parameters
        ----------
        edges : (columns + 1,) increasing epochs at the columns' borders.

        Returns
        -------
        epochs, values : up to two points a column, the smallest and the largest value in the order they came in, so
            that a spike of a single epoch is seen; every entry itself where there are fewer. One entry more on
            either side lets the curve run out of the picture.
        """
        epochs, values = self.epochs, self.values(measure, part)
        first = max(0, int(np.searchsorted(epochs, edges[0], "left")) - 1)
        last = min(len(epochs), int(np.searchsorted(epochs, edges[-1], "right")) + 1)
        if last - first <= 2 * len(edges):
            return epochs[first:last].astype(np.float64), values[first:last]
        starts = np.unique(np.clip(np.searchsorted(epochs, edges, "left"), first, last - 1))
        starts = starts if starts[0] == first else np.append(first, starts)
        lengths = np.diff(np.append(starts, last))
        return _extremes(epochs[first:last], values[first:last], starts - first, lengths)


def _extremes(
    epochs: NDArray[np.int64], values: NDArray[np.float64], starts: NDArray[np.intp], lengths: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The smallest and the largest value of each run, at its first and last epoch; rising runs have the smallest first.

    A run is a column of pixels or less, so where in it the two stand cannot be seen.
    """
    low, high = np.fmin.reduceat(values, starts), np.fmax.reduceat(values, starts)
    ends = starts + lengths - 1
    rising = values[starts] <= values[ends]
    x = np.stack([epochs[starts], epochs[ends]], axis=1).astype(np.float64).ravel()
    y = np.stack([np.where(rising, low, high), np.where(rising, high, low)], axis=1).ravel()
    # The very ends are drawn as they were recorded: the labels and dots stand there.
    y[0], y[-1] = values[0], values[-1]
    alone = np.repeat(lengths == 1, 2)
    alone[::2] = False
    return x[~alone], y[~alone]
