"""The base of learners whose steps are their own: neighbours, trees, kernels, Gaussians.

What they share: a step is counted, a last step ends the run, and what is said of points is judged by a loss that
belongs to the learner rather than to the training settings.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine import examination
from engine.dataset import FloatArray, Task
from engine.examination import Examined
from engine.learner import RUNNING, GridScores, Outcome, Path, Prediction, TrainingData
from engine.overlays import Frame, Overlay, Reasons
from engine.training_settings import Training

_SMALLEST = float(np.finfo(np.float64).eps)
"""The least probability that a log loss reckons with, as in scikit-learn."""


@dataclass(frozen=True, eq=False)
class StepState:
    """What every state of a stepwise learner says; each learner adds what it knows.

    Parameters
    ----------
    step : how many steps lie behind it.
    epoch : how many times the training rows have been gone through.
    ended : whether no further step changes anything.
    fault : the sentence that says why nothing can be learned, and what to change; else empty.
    """

    step: int = 0
    epoch: int = 0
    ended: bool = False
    fault: str = ""


S = TypeVar("S", bound=StepState)


class CannotLearn(ArithmeticError):  # noqa: N818 - named after what is the case
    """Numbers from which nothing can be learned; the sentence says what to change."""


class StepwiseLearner(ABC, Generic[S]):
    """A learner that takes one meaningful step at a time; implements `engine.learner.Learner`.

    A subclass says what its first state is, what a step does, and what a state predicts; for one step that looks at
    all points the rest is here.

    Parameters
    ----------
    training : the seed is taken from it.
    data : what it will learn from; the number of features, the task and the classes are taken from it.
    """

    refits = False
    """Whether one step does it all, so that a changed setting or point is worth fitting again at once."""
    margin_levels: tuple[float, ...] = ()
    """Scores at which lines beside the boundary are drawn: -1 and 1 for the margin of a support vector machine."""

    def __init__(self, training: Training, data: TrainingData) -> None:
        self.training = training
        self.task: Task = data.task
        self.n_classes = data.n_classes
        self.n_features = int(data.Z.shape[1])
        self.device_note = ""
        self.standing_in = False
        self._finite: FloatArray | None = None
        """The features that have been looked through."""

    # -- what a subclass says

    @property
    def weighs_features(self) -> bool:
        """Whether it is a weighted sum of its features once it is fitted, so that `coefficients` says something."""
        return False

    @abstractmethod
    def init(self, data: TrainingData) -> S:
        """The state before the first step."""

    @abstractmethod
    def next(self, state: S, data: TrainingData) -> S:
        """The state one step later; it sets `ended` with the last step, or raises `CannotLearn`.

        `step` is counted by `advance`, and `epoch` where an epoch is one step.
        """

    @abstractmethod
    def predict(self, state: S, Z: FloatArray) -> Prediction:
        """What the state says about rows of features `Z` (n, p), also before the first step."""

    def ending(self, state: S) -> str:
        """The sentence that is said when `state` has ended."""
        return "Fitted in one step." if state.step == 1 else f"Done after {state.step:,} steps."

    def again(self, state: S, data: TrainingData) -> S:
        """The state to go on from when points or settings have changed after it had ended: the first."""
        return self.init(data)

    # -- the steps

    @property
    def uses_loops(self) -> bool:
        return False

    def steps_per_epoch(self, data: TrainingData) -> int:
        """One step looks at everything, unless a subclass says otherwise."""
        return 1

    def advance(self, state: S, data: TrainingData, steps: int) -> S:
        """The state `steps` steps later, or earlier if it ends before."""
        if len(data.Z) == 0:
            return state
        try:
            return self._advanced(state, data, steps)
        except CannotLearn as fault:
            return replace(state, ended=True, fault=str(fault))

    def _advanced(self, state: S, data: TrainingData, steps: int) -> S:
        if state.fault:  # The data may be others now.
            state = replace(state, ended=False, fault="")
        if self._finite is not data.Z and not np.isfinite(data.Z).all():
            raise CannotLearn("A feature of a point is too large to compute with: scale it, or lower the degree.")
        self._finite = data.Z
        for _ in range(steps):
            if state.ended:
                break
            following = self.next(state, data)
            step = state.step + 1
            state = replace(following, step=step, epoch=step if self.steps_per_epoch(data) == 1 else following.epoch)
        return state

    def trace(
        self, state: S, data: TrainingData, steps: int, due: NDArray[np.int64], examined: Examined
    ) -> tuple[S, FloatArray]:
        return examination.trace(self, state, data, steps, due, examined)

    def examine(self, state: S, data: TrainingData, examined: Examined) -> FloatArray:
        return examination.examine(self, state, data, examined)

    def outcome(self, state: S) -> Outcome:
        if state.fault:
            return Outcome("stopped", state.fault)
        return Outcome("converged", self.ending(state)) if state.ended else RUNNING

    def steps_done(self, state: S) -> int:
        return state.step

    def epochs_done(self, state: S) -> int:
        return state.epoch

    def steps_left(self, state: S, data: TrainingData) -> int:
        per_epoch = self.steps_per_epoch(data)
        return per_epoch - state.step % per_epoch

    # -- what a state says

    def loss(self, state: S, Z: FloatArray, y: NDArray[Any]) -> FloatArray:
        """The loss of each row (n,) float64: of the learner's own kind, see `engine.registry.LearnerEntry`."""
        return self.judge(state, Z, y)[0]

    def judge(self, state: S, Z: FloatArray, y: NDArray[Any]) -> tuple[FloatArray, Prediction]:
        """Both `loss` and `predict`, for the price of one."""
        said = self.predict(state, Z)
        return self.losses_of(said, y), said

    def losses_of(self, said: Prediction, y: NDArray[Any]) -> FloatArray:
        """The loss of each row: squared in regression, zero-one in classification; a subclass may have another."""
        return squared_losses(said, y) if self.task == "regression" else zero_one_losses(said, y)

    def scores_on_grid(
        self, state: S, columns: FloatArray, rows: FloatArray, offset: FloatArray, scale: FloatArray
    ) -> GridScores | None:
        return None

    def coefficients(self, state: S) -> tuple[FloatArray, FloatArray] | None:
        return None

    def overlays(self, state: S, data: TrainingData, frame: Frame) -> tuple[Overlay, ...]:
        """What the state draws on the stage, beside field, boundary and curve."""
        return ()

    def reasons(self, state: S, data: TrainingData, z: FloatArray) -> Reasons | None:
        """Why it says what it says of the features `z` (p,); None where there is nothing to be pointed at."""
        return None

    def path(self, state: S) -> Path:
        return "numpy"

    def device(self, state: S) -> str:
        return "cpu"

    # -- pieces for subclasses

    def say_of_classes(self, probabilities: FloatArray) -> Prediction:
        """A prediction from probabilities (n, K), which are its scores as well; the first of equals wins."""
        P = np.asarray(probabilities, np.float64)
        return Prediction(P, P, P.argmax(axis=1))

    def say_of_values(self, values: FloatArray) -> Prediction:
        """A prediction from values (n,)."""
        v = np.asarray(values, np.float64)
        return Prediction(v[:, None], values=v)

    def say_nothing(self, n: int) -> Prediction:
        """What is said of n rows before the first step: every class alike, or zero."""
        if self.task == "regression":
            return self.say_of_values(np.zeros(n))
        return self.say_of_classes(np.full((n, self.n_classes), 1.0 / self.n_classes))


def zero_one_losses(said: Prediction, y: NDArray[Any]) -> FloatArray:
    """1 for each wrong label, else 0: (n,)."""
    assert said.labels is not None
    return np.asarray(said.labels != y, np.float64)


def log_losses(said: Prediction, y: NDArray[Any]) -> FloatArray:
    """-ln of the probability of the right class, which counts as 2·10⁻¹⁶ at least: (n,)."""
    assert said.probabilities is not None
    right = said.probabilities[np.arange(len(y)), np.asarray(y, np.intp)]
    return np.asarray(-np.log(np.clip(right, _SMALLEST, 1.0)))


def squared_losses(said: Prediction, y: NDArray[Any]) -> FloatArray:
    """Squared residuals (n,)."""
    assert said.values is not None
    return np.asarray((said.values - np.asarray(y, np.float64)) ** 2)
