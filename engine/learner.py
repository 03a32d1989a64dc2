"""What a learner is: frozen settings, an explicit state, and a step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.dataset import FloatArray, Task

if TYPE_CHECKING:
    from engine.examination import Examined
    from engine.overlays import Frame, Overlay, Reasons

Status = Literal["running", "converged", "stopped", "diverged", "failed"]
Path = Literal["compiled", "torch", "closed form", "numpy", "scikit-learn"]


@dataclass(frozen=True)
class Outcome:
    """How a run stands, and the sentence that the status bar prints."""

    status: Status
    sentence: str = ""

    @property
    def final(self) -> bool:
        return self.status != "running"


RUNNING = Outcome("running")


@dataclass(frozen=True, eq=False)
class TrainingData:
    """What a learner learns from: the training part, after features and scaling.

    Parameters
    ----------
    Z : (n, p) features, float32 or float64.
    y : (n,) targets: class indices (int64) in classification, numbers in regression.
    task : what `y` is.
    n_classes : the number of classes, 0 in regression.
    feature_names : one a column of `Z`.
    class_names : one a class; may be empty where nobody reads them.
    offset, scale : (p,) the scaling that made ``Z = (feature - offset) * scale``; None where there is none.
    """

    Z: FloatArray
    y: np.ndarray[Any, Any]
    task: Task
    n_classes: int = 0
    feature_names: tuple[str, ...] = ()
    class_names: tuple[str, ...] = ()
    offset: FloatArray | None = None
    scale: FloatArray | None = None

    def class_name(self, index: int) -> str:
        """What a class is called; its number, counted from 1, where it has no name."""
        return self.class_names[index] if self.class_names else f"class {index + 1}"


@dataclass(frozen=True, eq=False)
class Prediction:
    """What a model says about n inputs.

    Parameters
    ----------
    scores : (n, m) float64, the raw outputs: one column for a regression or the margin between two classes, else (for
        cross-entropy always) one a class.
    probabilities : (n, n_classes), rows summing to 1; None where the loss gives the scores no such meaning.
    labels : (n,) the predicted class indices; None in regression.
    values : (n,) the predicted targets; None in classification.
    """

    scores: FloatArray
    probabilities: FloatArray | None = None
    labels: np.ndarray[Any, Any] | None = None
    values: FloatArray | None = None


class GridScores(NamedTuple):
    """What a model says of the cells of a grid, in single precision, to be looked at.

    Parameters
    ----------
    scores : (m, n) float32, score by score, the cells row by row from the bottom.
    are_logits : whether σ (of one score) or softmax (of several) makes probabilities of them.
    """

    scores: NDArray[np.float32]
    are_logits: bool


S = TypeVar("S")


class Learner(Protocol[S]):
    """One algorithm with its settings fixed; all that changes lives in the state.

    A state is a value: `advance` returns a new one and leaves the old one as it was, so that pausing, stepping
    back and copying are free. ``advance(s, data, a + b)`` equals ``advance(advance(s, data, a), data, b)``.
    """

    device_note: str
    """A sentence when the wanted device could not be had and another is used, else empty."""
    standing_in: bool
    """Set while loops that it uses are still being compiled: then another way to the same numbers is taken."""
    refits: bool
    """Whether one step does it all, so that a changed setting or point is fitted again at once."""
    margin_levels: tuple[float, ...]
    """Scores at which lines beside the boundary are drawn; none for most."""

    @property
    def uses_loops(self) -> bool:
        """Whether it would use loops that have to be compiled once a machine."""
        ...

    def init(self, data: TrainingData) -> S:
        """The state before the first step."""
        ...

    def again(self, state: S, data: TrainingData) -> S:
        """The state to go on from when points or settings have changed after `state` had ended."""
        ...

    def steps_per_epoch(self, data: TrainingData) -> int:
        """How many steps see every training row once; 1 for a learner without minibatches."""
        ...

    def advance(self, state: S, data: TrainingData, steps: int) -> S:
        """The state `steps` steps later, or earlier if it ends before."""
        ...

    def trace(
        self, state: S, data: TrainingData, steps: int, due: NDArray[np.int64], examined: Examined
    ) -> tuple[S, FloatArray]:
        """As `advance`, and a record of how it stands at the end of each epoch in `due`; see `engine.examination`.

        It may return before all of `steps` are done, but not before the first of the epochs has ended.

        Parameters
        ----------
        due : (k,) the epochs (counted from 1) to record, ascending; it advances no further than the last of them.
        examined : the points that are looked at.

        Returns
        -------
        The state, and records (at most k, 7): the epoch, then what `examine` finds. A training that ends by itself
        makes a last record.
        """
        ...

    def examine(self, state: S, data: TrainingData, examined: Examined) -> FloatArray:
        """The mean losses of the three parts and then their scores (6,), NaN for a part without points."""
        ...

    def outcome(self, state: S) -> Outcome:
        """Whether it still runs."""
        ...

    def steps_done(self, state: S) -> int:
        """How many steps the state has behind it."""
        ...

    def epochs_done(self, state: S) -> int:
        """How many whole epochs the state has behind it."""
        ...

    def steps_left(self, state: S, data: TrainingData) -> int:
        """How many steps are left until the epoch that the state is in ends; at least 1."""
        ...

    def predict(self, state: S, Z: FloatArray) -> Prediction:
        """What the state says about rows of features `Z` (n, p)."""
        ...

    def judge(self, state: S, Z: FloatArray, y: np.ndarray[Any, Any]) -> tuple[FloatArray, Prediction]:
        """Both `loss` and `predict`, for the price of one."""
        ...

    def loss(self, state: S, Z: FloatArray, y: np.ndarray[Any, Any]) -> FloatArray:
        """The loss of each row (n,) float64, without penalties."""
        ...

    def scores_on_grid(
        self, state: S, columns: FloatArray, rows: FloatArray, offset: FloatArray, scale: FloatArray
    ) -> GridScores | None:
        """`predict` for a picture, where there is a quicker way to it, else None.

        Parameters
        ----------
        columns, rows : (p, width) and (p, height); the features of a cell are
            ``(columns[i, c] * rows[i, r] - offset[i]) * scale[i]``.
        offset, scale : (p,).
        """
        ...

    def coefficients(self, state: S) -> tuple[FloatArray, FloatArray] | None:
        """Weights (p, m) and intercepts (m,) in feature space if the model is linear in its features."""
        ...

    def overlays(self, state: S, data: TrainingData, frame: Frame) -> tuple[Overlay, ...]:
        """What the state draws on the stage, beside field, boundary, fitted curve and equation."""
        ...

    def reasons(self, state: S, data: TrainingData, z: FloatArray) -> Reasons | None:
        """Why it says what it says of the features `z` (p,); None where there is nothing to be pointed at."""
        ...

    def path(self, state: S) -> Path:
        """Which way the steps are computed."""
        ...

    def device(self, state: S) -> str:
        """Where they are computed: "cpu", "cuda:0", …"""
        ...
