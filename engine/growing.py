"""What learners share that grow trees: they know what they grew from, and begin anew where it has changed."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.dataset import FloatArray, frozen_array
from engine.learner import TrainingData
from engine.stepwise import StepState, StepwiseLearner

_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True, eq=False)
class GrowingState(StepState):
    """A state that remembers its training rows.

    Parameters
    ----------
    rows : (n, p) float64 the features that it grew from; None before the first step.
    targets : (n,) their targets.
    """

    rows: FloatArray | None = None
    targets: NDArray[Any] | None = None

    def grew_from(self, data: TrainingData) -> bool:
        """Whether `data` are the very rows that it grew from."""
        return (
            self.rows is not None
            and self.targets is not None
            and np.array_equal(self.rows, data.Z)
            and np.array_equal(self.targets, data.y)
        )


S = TypeVar("S", bound=GrowingState)


class GrowingLearner(StepwiseLearner[S]):
    """A learner whose steps add to what stands.

    Where points have come, gone or moved, nothing that stands is right any more: the next step is the first again.
    """

    @abstractmethod
    def begun(self, state: S, data: TrainingData) -> S:
        """What is there before the first addition; `rows` and `targets` are set already."""

    @abstractmethod
    def grown(self, state: S, data: TrainingData) -> S:
        """The state with one addition."""

    def next(self, state: S, data: TrainingData) -> S:
        """One addition, the first one if the rows are not those that it grew from."""
        if not state.grew_from(data):
            fresh = replace(
                self.init(data),
                step=state.step,
                rows=frozen_array(data.Z, np.float64),
                targets=frozen_array(data.y, data.y.dtype),
            )
            state = self.begun(fresh, data)
        return self.grown(state, data)


def single(Z: FloatArray) -> NDArray[np.float32]:
    """Features in single precision and row by row, as scikit-learn's trees want them."""
    return np.ascontiguousarray(np.clip(Z, -_LARGEST, _LARGEST), np.float32)
