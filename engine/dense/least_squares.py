"""Linear models of the squared loss that need no optimizer, and least squares: solved exactly in one step."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from engine.dataset import FloatArray
from engine.dense.learner import DenseLearner
from engine.dense.state import DenseState, sealed
from engine.learner import RUNNING, Outcome, Path, TrainingData
from engine.losses import LossMismatch
from engine.overlays import Band, Frame, Overlay
from engine.training_settings import Training


def ridge_solution(Z: FloatArray, y: np.ndarray[Any, Any], l2: float) -> tuple[FloatArray, float]:
    """The weights (p,) and the intercept that minimise mean((Z w + b - y)²) + l2/2 Σw².

    Solved by singular values of the standardized columns, not by normal equations, which would square the condition
    number. Where the data leave weights undetermined (fewer points than features, equal columns), the shortest
    weights of the standardized columns.

    References
    ----------
    Golub and Van Loan (2013). Matrix Computations, 4th ed., sections 5.5 and 6.1.
    """
    # One order in memory, so that equal numbers are added in the same order and give the same bits.
    X = np.ascontiguousarray(Z, np.float64)
    target = np.asarray(y, np.float64)
    centre, spread = X.mean(axis=0), X.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    rows = (X - centre) / spread
    right = target - target.mean()
    if l2 > 0:
        # A penalty on w = v / spread is as many more rows, each asking for one v to be 0.
        rows = np.vstack([rows, np.diag(np.sqrt(0.5 * l2 * len(X)) / spread)])
        right = np.concatenate([right, np.zeros(X.shape[1])])
    weights = np.linalg.lstsq(rows, right, rcond=None)[0] / spread
    return weights, float(target.mean() - centre @ weights)


class SquaredLossLearner(DenseLearner):
    """A linear model of the squared loss, always computed in double precision on the CPU.

    Raises
    ------
    LossMismatch : if the loss is not squared.
    """

    name: str
    """What the way of fitting is called at the start of a sentence."""

    def __init__(self, training: Training, data: TrainingData) -> None:
        if training.loss.kind != "squared":
            raise LossMismatch(
                f"{self.name} minimises the squared loss: choose it, or fit by gradient descent instead."
            )
        exact = training.model_copy(update={"precision": "float64", "path": "compiled", "device": "cpu"})
        super().__init__((), exact, data)
        if training.device in ("cuda", "mps"):
            self.device_note = f"{self.name} runs on the CPU, so no GPU is used."


class LeastSquaresLearner(SquaredLossLearner):
    """A linear model whose first step is the solution.

    Raises
    ------
    LossMismatch : if the loss is not squared, or L1 is not zero: then there is no closed form.
    """

    refits = True
    name = "Least squares"

    def __init__(self, training: Training, data: TrainingData) -> None:
        super().__init__(training, data)
        if training.regularization.l1 > 0:
            raise LossMismatch(
                "Least squares has no closed form with an L1 penalty: set L1 to 0, or fit by coordinate descent."
            )

    def steps_per_epoch(self, data: TrainingData) -> int:
        """One step looks at everything."""
        return 1

    def advance(self, state: DenseState, data: TrainingData, steps: int) -> DenseState:
        """The solution. A state that is already the solution for these data stays as it is."""
        if steps <= 0 or len(data.Z) == 0:
            return state
        self._check_features(data.Z)
        weights, intercept = ridge_solution(data.Z, data.y, self.training.regularization.l2)
        parameters = sealed(np.append(weights, intercept))
        if state.status == "converged" and np.array_equal(parameters, state.parameters):
            return state
        return replace(
            state,
            parameters=parameters,
            previous=parameters,
            step=state.step + 1,
            epoch=state.epoch + 1,
            status="converged",
        )

    def overlays(self, state: DenseState, data: TrainingData, frame: Frame) -> tuple[Overlay, ...]:
        """About a curve, the band in which 95 % of new points are expected."""
        if frame.n_inputs != 1 or state.status != "converged":
            return ()
        from engine.bands import least_squares_reach

        weights, intercept = state.parameters[:-1], float(state.parameters[-1])
        residuals = np.asarray(data.y, np.float64) - (np.asarray(data.Z, np.float64) @ weights + intercept)
        x = frame.columns()
        Z = frame.features(x)
        reach = least_squares_reach(data, residuals, self.training.regularization.l2, Z)
        if reach is None:
            return ()
        values = np.asarray(Z, np.float64) @ weights + intercept
        return (Band(x[:, 0], values - reach, values + reach, "95 % of new points"),)

    def outcome(self, state: DenseState) -> Outcome:
        """Converged after the first step."""
        if state.status == "converged":
            return Outcome("converged", "Solved exactly by least squares in one step.")
        return RUNNING

    def path(self, state: DenseState) -> Path:
        """Always the closed form."""
        return "closed form"
