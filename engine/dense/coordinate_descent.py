"""Linear regression by coordinate descent: one weight at a time, solved exactly; lasso, ridge and elastic net."""

from __future__ import annotations

import weakref
from dataclasses import replace

import numpy as np

from engine.dataset import FloatArray
from engine.dense.least_squares import SquaredLossLearner
from engine.dense.state import DenseState, sealed
from engine.learner import RUNNING, Outcome, Path, TrainingData
from engine.training_settings import Training

_TOLERANCE = 1e-8
"""Converged once no weight times its feature's SD moves in a sweep by more than this share of the target's SD."""

_Moments = tuple[FloatArray, FloatArray, FloatArray, float]
"""Covariances of the features (p, p), with the target (p,), the means of the features (p,) and of the target."""


class CoordinateDescentLearner(SquaredLossLearner):
    """A linear model of which each step sets one weight to its best value while the others rest; an epoch is a sweep.

    Minimises mean((Z w + b - y)²) + λ₁ Σ|w| + λ₂/2 Σw². The intercept is at its best after every step. Weights that the
    L1 penalty sets to zero are exactly zero.

    References
    ----------
    Friedman, Hastie, Tibshirani (2010). Regularization paths for generalized linear models via coordinate descent.
    Journal of Statistical Software 33(1), section 2.
    """

    name = "Coordinate descent"

    def __init__(self, training: Training, data: TrainingData) -> None:
        super().__init__(training, data)
        self._moments: weakref.WeakKeyDictionary[TrainingData, _Moments] = weakref.WeakKeyDictionary()

    def steps_per_epoch(self, data: TrainingData) -> int:
        """One step a weight."""
        return self.spec.n_features

    def steps_left(self, state: DenseState, data: TrainingData) -> int:
        """`position` is the weight that is next."""
        return self.spec.n_features - state.position

    def advance(self, state: DenseState, data: TrainingData, steps: int) -> DenseState:
        """The state `steps` weights later, or earlier if a sweep moved none; `previous` is from before the sweep."""
        if steps <= 0 or len(data.Z) == 0 or state.status == "converged":
            return state
        self._check_features(data.Z)
        if data not in self._moments:
            self._moments[data] = moments(data)
        G, c, centre, mean = self._moments[data]
        penalties = self.training.regularization
        p, position, epoch, taken = self.spec.n_features, state.position, state.epoch, 0
        w, before = np.array(state.parameters[:-1]), np.array(state.previous[:-1])
        spreads = np.sqrt(np.diag(G))
        least = _TOLERANCE * float(np.std(np.asarray(data.y, np.float64)))
        converged = False
        while taken < steps and not converged:
            if position == 0:
                before = w.copy()
            w[position] = _best(G, c, w, position, penalties.l1, penalties.l2)
            taken, position = taken + 1, position + 1
            if position == p:
                position, epoch = 0, epoch + 1
                converged = bool((np.abs(w - before) * spreads <= least).all())
        return replace(
            state,
            parameters=sealed(np.append(w, mean - centre @ w)),
            previous=sealed(np.append(before, mean - centre @ before)),
            step=state.step + taken,
            epoch=epoch,
            position=position,
            status="converged" if converged else "running",
        )

    def outcome(self, state: DenseState) -> Outcome:
        """Converged once a sweep has moved no weight."""
        if state.status != "converged":
            return RUNNING
        zeros = int(np.count_nonzero(state.parameters[:-1] == 0))
        said = f"No weight moves any more after {state.epoch:,} sweeps"
        return Outcome("converged", f"{said}; {zeros:,} of {self.spec.n_features:,} weights are zero.")

    def path(self, state: DenseState) -> Path:
        """Always numpy: a step costs less than a call of a compiled loop."""
        return "numpy"


def moments(data: TrainingData) -> _Moments:
    """All that the squared loss of a linear model knows of the training rows."""
    # One order in memory, so that equal numbers are added in the same order and give the same bits.
    X, y = np.ascontiguousarray(data.Z, np.float64), np.asarray(data.y, np.float64)
    centre, mean = X.mean(axis=0), float(y.mean())
    rows = X - centre
    # What rounding leaves of a constant column is not a spread.
    rows[:, (X[:1] == X).all(axis=0)] = 0.0
    return rows.T @ rows / len(X), rows.T @ (y - mean) / len(X), centre, mean


def _best(G: FloatArray, c: FloatArray, w: FloatArray, at: int, l1: float, l2: float) -> float:
    """The weight number `at` that minimises the objective while the others rest: a soft threshold.

    Parameters
    ----------
    G, c : the covariances of the features (p, p) and with the target (p,).
    w : (p,) the weights as they are.
    """
    curvature = 2.0 * G[at, at] + l2
    if curvature == 0.0:
        return 0.0
    slope = 2.0 * (c[at] - G[at] @ w + G[at, at] * w[at])
    return float(np.sign(slope) * max(abs(slope) - l1, 0.0) / curvature)
