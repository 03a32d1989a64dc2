"""What the validation view is told, and what it wishes: plain values."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from engine.dataset import FloatArray
from engine.folds import Scheme
from engine.validation_settings import ValidationSettings

Mode = Literal["folds", "search", "learning", "curve", "compare"]


@dataclass(frozen=True)
class ParameterEntry:
    """A hyper-parameter that can be chosen for an axis.

    Parameters
    ----------
    path, title : which.
    is_number, is_whole : what its values are; names have no range.
    low, high : the range that is offered first.
    log : whether the range is walked by ratios.
    """

    path: str
    title: str
    is_number: bool
    is_whole: bool = False
    low: float = 0.0
    high: float = 1.0
    log: bool = False


@dataclass(frozen=True)
class AxisWish:
    """A hyper-parameter and the values of it to try; the empty path is none."""

    path: str = ""
    low: float = 0.0
    high: float = 1.0
    count: int = 12


@dataclass(frozen=True)
class ValidationWish:
    """All that is chosen on the left of the view.

    Parameters
    ----------
    mode : what is done.
    scheme : how the points are divided.
    settings : epochs, sizes and the like.
    measure : what is looked at.
    axes : the first two hyper-parameters of a search, and the one of a validation curve.
    learners : the kinds to compare.
    """

    mode: Mode = "folds"
    scheme: Scheme = field(default_factory=Scheme)
    settings: ValidationSettings = field(default_factory=ValidationSettings)
    measure: str = "accuracy"
    axes: tuple[AxisWish, AxisWish, AxisWish] = (AxisWish(), AxisWish(), AxisWish())
    learners: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class ScoreSeries:
    """Scores along an axis.

    Parameters
    ----------
    name : e.g. "held out".
    part : whose colour and dashes it has: 0 training, 1 validation, 2 test.
    mean, low, high : (n,) float64, NaN where there is no number; the band runs from `low` to `high`.
    """

    name: str
    part: int
    mean: FloatArray
    low: FloatArray
    high: FloatArray


@dataclass(frozen=True, eq=False)
class ScorePicture:
    """Scores of folds, of sizes or of values.

    Parameters
    ----------
    x : (n,) increasing places.
    x_names : what stands at the places where they are no numbers; empty where they are.
    x_title, y_title : of the axes.
    series : what is drawn.
    log : whether the places are spread by ratios.
    joined : whether the means are joined by lines.
    average : the mean of the folds and its half-width, drawn across; None for curves.
    marked : the place to be outlined, or None.
    tips : what is said of each place.
    note : what the bands and bars mean.
    limits : how small and how large a score can be.
    """

    x: FloatArray
    x_title: str
    y_title: str
    series: tuple[ScoreSeries, ...]
    tips: tuple[str, ...]
    x_names: tuple[str, ...] = ()
    log: bool = False
    joined: bool = True
    average: tuple[float, float | None] | None = None
    marked: int | None = None
    note: str = ""
    limits: tuple[float, float] = (-math.inf, math.inf)


@dataclass(frozen=True, eq=False)
class HeatPicture:
    """Means over a grid of two hyper-parameters.

    Parameters
    ----------
    columns, rows : the values along the horizontal and the vertical axis, as text; the first row is the lowest.
    column_title, row_title : of the axes.
    means : (rows, columns) float64, NaN where there is none yet.
    failed : (rows, columns) bool, where there will be none.
    tip : what is said of a cell, by row and column.
    marked : row and column of the cell that would be taken, or None.
    higher_is_better : else the lowest mean is the best.
    title : of what is shown.
    """

    columns: tuple[str, ...]
    rows: tuple[str, ...]
    column_title: str
    row_title: str
    means: FloatArray
    failed: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
    tip: Callable[[int, int], str]
    marked: tuple[int, int] | None
    higher_is_better: bool
    title: str


@dataclass(frozen=True)
class ComparisonRow:
    """One learner in the table; empty text where there is nothing to say."""

    title: str
    score: str = ""
    train: str = ""
    difference: str = ""
    paired: str = ""
    corrected: str = ""
    is_best: bool = False
    sentence: str = ""


@dataclass(frozen=True, eq=False)
class ComparisonPicture:
    """The table of a comparison, the best first."""

    rows: tuple[ComparisonRow, ...]
    measure: str
    note: str


Picture = ScorePicture | HeatPicture | ComparisonPicture
