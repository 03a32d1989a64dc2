"""What a view may see of a run: frozen values that own their arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.dataset import Dataset, FloatArray, IntArray, Part
from engine.learner import RUNNING, Outcome, Path, Prediction
from engine.overlays import Overlay

if TYPE_CHECKING:
    from engine.model import Model


@dataclass(frozen=True)
class Estimate:
    """A number and, where it is an estimate from a sample, the half-width of its 95 % interval (1.96 SE)."""

    value: float
    half_width: float | None = None


SplitMetrics = Mapping[str, Estimate]
"""By metric name, e.g. {"loss": …, "accuracy": …} or {"loss": …, "rmse": …, "mae": …, "r2": …}."""


@dataclass(frozen=True)
class Viewport:
    """The part of the plane in view and how many cells a field of it should have."""

    x_range: tuple[float, float]
    y_range: tuple[float, float]
    width: int = 128
    height: int = 128


@dataclass(frozen=True, eq=False)
class Field:
    """What the model says on a grid, coloured.

    Parameters
    ----------
    rgba : (height, width, 4) uint8, not premultiplied, row 0 at the *bottom* (smallest y).
    x_range, y_range : the outer edges of the grid, in the units of the plot.
    """

    rgba: np.ndarray[Any, np.dtype[np.uint8]]
    x_range: tuple[float, float]
    y_range: tuple[float, float]


@dataclass(frozen=True, eq=False)
class Judged:
    """What a model says of the points that it is judged by: of all, or of a part with very many of a fixed sample.

    Parameters
    ----------
    dataset : all of the points, as they were.
    rows : (m,) which of them are looked at.
    prediction : what is said of these.
    threshold : at which its labels were decided.
    model : that says it.
    """

    dataset: Dataset
    rows: IntArray
    prediction: Prediction
    threshold: float = 0.5
    model: Model | None = None

    @cached_property
    def y(self) -> FloatArray:
        """The targets (m,)."""
        return self.dataset.y[self.rows]

    @cached_property
    def parts(self) -> IntArray:
        """What each is used for (m,)."""
        return np.asarray(self.dataset.parts)[self.rows]

    @cached_property
    def rows_by_part(self) -> tuple[IntArray, ...]:
        """For each part where its points are among the m."""
        return tuple(np.flatnonzero(self.parts == part) for part in Part)

    def said_of(self, rows: IntArray) -> Prediction:
        """What is said of some of the m."""

        def taken(array: np.ndarray[Any, Any] | None) -> Any:
            return None if array is None else array[rows]

        said = self.prediction
        return Prediction(taken(said.scores), taken(said.probabilities), taken(said.labels), taken(said.values))


@dataclass(frozen=True, eq=False)
class Snapshot:
    """One moment of one run.

    Parameters
    ----------
    run_id : which run; a retired run is never drawn.
    step, epoch : how far it is.
    outcome : how it stands.
    playing : whether it is advancing by itself.
    preparing : whether loops are being compiled, once a machine (torch stands in meanwhile), or read from disk.
    metrics : by part name ("train", "validation", "test"), for the parts that have points; of a part with very many
        points those of a fixed sample, until there is time for all (see `engine.judging`).
    predictions : what the model says of every point of the data, in order, or of very many of those in view; None
        before the first, and where those are too many as well.
    point_ids : the identities of those points: the data may have changed since.
    judged : what the model says of the points that metrics are made of; None before there is a model.
    field : the coloured plane, or None (regression in one input).
    overlays : lines, bands, marks and equations.
    model : what is learned so far, to be asked on any thread; None before there is any.
    steps_per_second, epochs_per_second : the pace of the last second, 0 when paused.
    path, device : how and where the steps are computed.
    device_note : a sentence when the wanted device could not be had, else empty.
    """

    run_id: int
    step: int = 0
    epoch: int = 0
    outcome: Outcome = RUNNING
    playing: bool = False
    preparing: bool = False
    metrics: Mapping[str, SplitMetrics] = field(default_factory=dict)
    predictions: Prediction | None = None
    point_ids: IntArray | None = None
    judged: Judged | None = None
    field: Field | None = None
    overlays: tuple[Overlay, ...] = ()
    model: Model | None = None
    steps_per_second: float = 0.0
    epochs_per_second: float = 0.0
    path: Path = "torch"
    device: str = "cpu"
    device_note: str = ""


@dataclass(frozen=True)
class CurvePoint:
    """One entry of the append-only series: the losses of the parts at the end of an epoch (NaN where none).

    `score` is the accuracy in classification and R² in regression, by part likewise.
    """

    epoch: int
    loss: tuple[float, float, float]
    score: tuple[float, float, float]
