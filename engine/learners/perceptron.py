"""The perceptron: a line that moves only when it is wrong about a point."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.dataset import FloatArray, IntArray, frozen_array
from engine.learner import Prediction, TrainingData
from engine.overlays import Frame, Marks, Overlay
from engine.settings import Settings, choice
from engine.stepwise import CannotLearn, StepState, StepwiseLearner

if TYPE_CHECKING:
    from engine.training_settings import Training

_FEWEST = 64
"""Points looked at together right after a mistake: early in a run the next one is near."""


class Perceptron(Settings):
    """Wrong about a point: move towards it. Right: stay."""

    kind: Literal["perceptron"] = "perceptron"
    learning_rate: float = choice(
        1.0,
        "Learning rate",
        "By how much of a point the weights move when it is mistaken; starting from zero it only scales them.",
        ge=1e-4,
        le=1e3,
        log=True,
    )


def make(settings: Perceptron, training: Training, data: TrainingData) -> PerceptronLearner:
    """The learner, whose steps look at one point each."""
    return PerceptronLearner(settings, training, data)


@dataclass(frozen=True, eq=False)
class PerceptronState(StepState):
    """A line, and where in its pass over the points it is.

    Parameters
    ----------
    weights : (p, m), one column for two classes, else one a class; None before the first step.
    intercepts : (m,).
    position : how many points of the pass have been looked at.
    mistakes, mistakes_in_pass : how many of them were mistaken, in all and in this pass.
    focus : the training row that was looked at last.
    was_wrong : whether it was mistaken.
    """

    weights: FloatArray | None = None
    intercepts: FloatArray | None = None
    position: int = 0
    mistakes: int = 0
    mistakes_in_pass: int = 0
    focus: int = -1
    was_wrong: bool = False


class PerceptronLearner(StepwiseLearner[PerceptronState]):
    """The mistake-driven rule: one step looks at one training point, in an order drawn anew for each pass.

    A point is mistaken if its margin m is not above 0: for two classes the score towards its class, for more by how
    much its class is ahead of the best other. Then the learning rate times the point is added to the weights of its
    class and taken from those of the other. It ends after a pass without a mistake, which comes if and only if the
    classes can be parted by lines. The loss is max(0, -m).

    References
    ----------
    Rosenblatt (1958). The perceptron: a probabilistic model for information storage. Psychological Review 65.
    Novikoff (1962). On convergence proofs on perceptrons.
    Crammer and Singer (2003). Ultraconservative online algorithms for multiclass problems. JMLR 3.
    """

    def __init__(self, settings: Perceptron, training: Training, data: TrainingData) -> None:
        super().__init__(training, data)
        self.settings = settings

    def init(self, data: TrainingData) -> PerceptronState:
        """No line yet."""
        return PerceptronState()

    # -- the steps

    def steps_per_epoch(self, data: TrainingData) -> int:
        """One step a point."""
        return max(1, len(data.Z))

    def steps_left(self, state: PerceptronState, data: TrainingData) -> int:
        """How many points of the pass are left; at least 1, where points have been erased."""
        return max(1, len(data.Z) - state.position)

    def next(self, state: PerceptronState, data: TrainingData) -> PerceptronState:
        """One point looked at."""
        return self._looked(state, data, 1)

    def _advanced(self, state: PerceptronState, data: TrainingData, steps: int) -> PerceptronState:
        return self._looked(super()._advanced(state, data, 0), data, steps)

    def _looked(self, state: PerceptronState, data: TrainingData, steps: int) -> PerceptronState:
        """`steps` points looked at, or fewer if it ends before."""
        if state.ended or steps <= 0:
            return state
        Z, n = np.ascontiguousarray(data.Z, np.float64), len(data.Z)
        columns = 1 if self.n_classes == 2 else self.n_classes
        W = np.zeros((Z.shape[1], columns)) if state.weights is None else state.weights.copy()
        b = np.zeros(columns) if state.intercepts is None else state.intercepts.copy()
        order, size, target = self.order(n, state.epoch), _FEWEST, state.step + steps
        while not state.ended and state.step < target:
            # Points may have been erased since: the last of the pass is looked at again.
            position = min(state.position, n - 1)
            rows = order[position : position + min(size, target - state.step)]
            wrong = np.flatnonzero(~(_margins(_scores(Z[rows], W, b), data.y[rows]) > 0))
            looked = int(wrong[0]) + 1 if len(wrong) else len(rows)
            if len(wrong):
                self._correct(W, b, Z[rows[wrong[0]]], int(data.y[rows[wrong[0]]]))
            size = _FEWEST if len(wrong) else 2 * size
            state = replace(
                state,
                step=state.step + looked,
                position=position + looked,
                mistakes=state.mistakes + min(len(wrong), 1),
                mistakes_in_pass=state.mistakes_in_pass + min(len(wrong), 1),
                focus=int(rows[looked - 1]),
                was_wrong=len(wrong) > 0,
            )
            if state.position >= n:
                # Some points of the pass may have been moved since they were looked at.
                clean = state.mistakes_in_pass == 0 and bool((_margins(_scores(Z, W, b), data.y) > 0).all())
                state = replace(state, epoch=state.epoch + 1, position=0, mistakes_in_pass=0, ended=clean)
                order = self.order(n, state.epoch)
        return replace(state, weights=frozen_array(W, np.float64), intercepts=frozen_array(b, np.float64))

    def _correct(self, W: FloatArray, b: FloatArray, z: FloatArray, right: int) -> None:
        """Move the weights towards the right class and away from the other, in place."""
        rate = self.settings.learning_rate
        with np.errstate(over="ignore", invalid="ignore"):
            if W.shape[1] == 1:
                W[:, 0] += (rate if right == 1 else -rate) * z
                b += rate if right == 1 else -rate
            else:
                others = _scores(z[None], W, b)[0]
                others[right] = -np.inf
                for column, sign in ((right, rate), (int(others.argmax()), -rate)):
                    W[:, column] += sign * z
                    b[column] += sign
        if not np.isfinite(W).all():
            raise CannotLearn("The weights have become too large to compute with: scale the inputs.")

    def order(self, n: int, epoch: int) -> IntArray:
        """The rows (n,) in the order in which pass number `epoch`, counted from 0, looks at them."""
        numbers = np.random.Generator(np.random.Philox(key=np.array([self.training.seed, epoch], np.uint64)))
        return numbers.permutation(n)

    def ending(self, state: PerceptronState) -> str:
        """How many mistakes it took."""
        mistakes = "1 mistake" if state.mistakes == 1 else f"{state.mistakes:,} mistakes"
        return f"A pass without a mistake, after {mistakes} in all."

    # -- what it says

    def predict(self, state: PerceptronState, Z: FloatArray) -> Prediction:
        """Scores and the side they are on; every class alike before the first step."""
        if state.weights is None or state.intercepts is None:
            return self.say_nothing(len(Z))
        scores = _scores(np.asarray(Z, np.float64), state.weights, state.intercepts)
        labels = (scores[:, 0] > 0).astype(np.int64) if scores.shape[1] == 1 else scores.argmax(axis=1)
        return Prediction(scores, labels=labels)

    def losses_of(self, said: Prediction, y: NDArray[Any]) -> FloatArray:
        """By how much each row is on the wrong side, in units of the score."""
        return np.asarray(np.maximum(0.0, -_margins(said.scores, y)))

    @property
    def weighs_features(self) -> bool:
        """Always."""
        return True

    def coefficients(self, state: PerceptronState) -> tuple[FloatArray, FloatArray] | None:
        """The weights, once there are some."""
        return None if state.weights is None or state.intercepts is None else (state.weights, state.intercepts)

    def overlays(self, state: PerceptronState, data: TrainingData, frame: Frame) -> tuple[Overlay, ...]:
        """The point in hand, until it ends."""
        if state.ended or not 0 <= state.focus < len(frame.points):
            return ()
        at = np.asarray(frame.points[[state.focus]], np.float64)
        return (Marks(at, "mistake" if state.was_wrong else "focus"),)


def _scores(Z: FloatArray, W: FloatArray, b: FloatArray) -> FloatArray:
    """Scores (n, m). Each row is summed by itself, so that it says the same in whatever company."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.stack([(Z * weights).sum(axis=1) for weights in W.T], axis=1) + b


def _margins(scores: FloatArray, y: NDArray[Any]) -> FloatArray:
    """By how much each row (n,) is on the right side."""
    right = np.asarray(y, np.intp)
    if scores.shape[1] == 1:
        return np.where(right == 1, scores[:, 0], -scores[:, 0])
    each, others = np.arange(len(right)), scores.copy()
    others[each, right] = -np.inf
    with np.errstate(invalid="ignore"):
        return np.asarray(scores[each, right] - others.max(axis=1))
