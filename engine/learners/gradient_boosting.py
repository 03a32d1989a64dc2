"""Gradient boosting: small trees, each grown from what all before it have left over."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.dataset import FloatArray, IntArray, frozen_array
from engine.growing import GrowingLearner, GrowingState, single
from engine.learner import Path, Prediction, TrainingData
from engine.overlays import Reasons
from engine.settings import Settings, choice
from engine.stepwise import log_losses

if TYPE_CHECKING:
    from engine.training_settings import Training

_SEEDS = 2**31 - 1
"""Below this scikit-learn draws the seed that decides between equal splits of one tree."""

_FLATTEST = 1e-150
"""Where the curvature of the loss in a leaf is less, the leaf says nothing; as in scikit-learn."""

_EPS = float(np.finfo(np.float64).eps)
_ALL_BUT_CERTAIN = -37.0
"""Below this log-odds e⁻ˢ is not worth adding to, as in scikit-learn."""


class GradientBoosting(Settings):
    """Each small tree corrects the sum of those before it."""

    kind: Literal["gradient_boosting"] = "gradient_boosting"
    trees: int = choice(
        100, "Stages", "How many times what is left over is corrected; each is one step.", ge=1, le=1000
    )
    learning_rate: float = choice(
        0.1,
        "Learning rate",
        "How much of each correction counts: small steps need more trees and overfit later.",
        ge=1e-3,
        le=1.0,
        log=True,
    )
    max_depth: int = choice(
        2, "Depth", "Questions asked about one point in each tree: as many features can act together.", ge=1, le=10
    )
    min_samples_leaf: int = choice(
        1, "Points per leaf", "A question must leave at least so many training points on either side.", ge=1, le=1000
    )


def make(settings: GradientBoosting, training: Training, data: TrainingData) -> BoostingLearner:
    """The learner, whose steps are stages."""
    return BoostingLearner(settings, training, data)


@dataclass(frozen=True, eq=False)
class Grown:
    """One tree.

    Parameters
    ----------
    tree : `sklearn.tree._tree.Tree`, which says in which leaf a row ends.
    values : what is added to the score there, one a node.
    """

    tree: Any
    values: FloatArray


@dataclass(frozen=True, eq=False)
class BoostingState(GrowingState):
    """The stages so far.

    Parameters
    ----------
    stages : the trees of each: k of them.
    start : (k,) the scores before the first stage: the mean, the log-odds, or a log-probability a class.
    scores : (n, k) the scores of the training rows after the last.
    present : the classes among the training rows; None in regression.
    """

    stages: tuple[tuple[Grown, ...], ...] = ()
    start: FloatArray | None = None
    scores: FloatArray | None = None
    present: IntArray | None = None


class BoostingLearner(GrowingLearner[BoostingState]):
    """Gradient boosting of the squared loss or the log loss; one step is one stage.

    The score is the target in regression, the log-odds of the second of two classes, and a logit a class of more.
    A stage grows a regression tree for each score from the negative gradient of the loss, and sets its leaves by one
    Newton step. The stages are those of scikit-learn: sums are taken in the same order, since what is left over in
    two places often differs by rounding alone, which then decides between splits.

    References
    ----------
    Friedman (2001). Greedy function approximation: a gradient boosting machine. Annals of Statistics 29.
    """

    def __init__(self, settings: GradientBoosting, training: Training, data: TrainingData) -> None:
        super().__init__(training, data)
        self.settings = settings

    def init(self, data: TrainingData) -> BoostingState:
        """Nothing yet."""
        return BoostingState()

    def begun(self, state: BoostingState, data: TrainingData) -> BoostingState:
        """The best score that is the same everywhere."""
        from scipy.special import logit

        present = frozen_array(np.unique(data.y), np.int64) if self.task == "classification" else None
        if present is None:
            start = np.asarray(data.y, np.float64)[:, None].mean(axis=0)
        else:
            shares = np.clip(np.bincount(data.y)[present] / len(data.y), _EPS, 1.0 - _EPS)
            start = logit(shares[1:]) if len(present) == 2 else np.log(shares / np.exp(np.log(shares).mean()))
        return replace(
            state,
            present=present,
            start=frozen_array(start, np.float64),
            scores=frozen_array(np.tile(start, (len(data.y), 1)), np.float64),
        )

    def grown(self, state: BoostingState, data: TrainingData) -> BoostingState:
        """One more stage."""
        from sklearn.tree import DecisionTreeRegressor

        assert state.rows is not None
        assert state.scores is not None
        X, gradients = single(state.rows), _left_over(state)
        scores, k = state.scores.copy(), state.scores.shape[1]
        numbers = np.random.RandomState(self.training.seed)
        # One number a tree: those of all trees before are drawn again, so that the state need not hold a generator.
        numbers.randint(0, _SEEDS, size=len(state.stages) * k)
        stage = []
        for column in range(k):
            model = DecisionTreeRegressor(
                max_depth=self.settings.max_depth,
                min_samples_leaf=self.settings.min_samples_leaf,
                random_state=numbers,
            )
            left_over = np.ascontiguousarray(gradients[:, column])
            tree = model.fit(X, left_over, sample_weight=np.ones(len(X)), check_input=False).tree_
            leaves = tree.apply(X)
            values = tree.value[:, 0, 0].copy()
            if state.present is not None:
                share = 1.0 if len(state.present) == 2 else (k - 1) / k
                values = _newton(leaves, left_over, _members(state)[:, column], share, values)
            values *= self.settings.learning_rate
            stage.append(Grown(tree, frozen_array(values, np.float64)))
            scores[:, column] += values[leaves]
        stages = (*state.stages, tuple(stage))
        ended = len(stages) >= self.settings.trees
        return replace(state, stages=stages, scores=frozen_array(scores, np.float64), ended=ended)

    def ending(self, state: BoostingState) -> str:
        """How many stages there are."""
        n = len(state.stages)
        return "The one stage is done." if n == 1 else f"All {n:,} stages are done."

    # -- what it says

    def predict(self, state: BoostingState, Z: FloatArray) -> Prediction:
        """Values, or probabilities by σ or softmax of the scores; every class alike, or zero, before the first step."""
        if state.start is None:
            return self.say_nothing(len(Z))
        scores = self._scores(state, Z)
        if state.present is None:
            return self.say_of_values(scores[:, 0])
        probabilities = np.zeros((len(Z), self.n_classes))
        probabilities[:, state.present] = _probabilities(scores, state.present)
        return self.say_of_classes(probabilities)

    def _scores(self, state: BoostingState, Z: FloatArray) -> FloatArray:
        assert state.start is not None
        X = single(Z)
        scores = np.tile(state.start, (len(X), 1))
        for stage in state.stages:
            for column, grown in enumerate(stage):
                scores[:, column] += grown.values[grown.tree.apply(X)]
        return scores

    def losses_of(self, said: Prediction, y: NDArray[Any]) -> FloatArray:
        """The log loss, or the squared residual, of each row."""
        return super().losses_of(said, y) if self.task == "regression" else log_losses(said, y)

    def reasons(self, state: BoostingState, data: TrainingData, z: FloatArray) -> Reasons | None:
        """Where the score began, and what the trees have added to it."""
        if state.start is None:
            return None
        scores = self._scores(state, np.asarray(z)[None])[0]
        column, name = 0, "Value"
        if state.present is not None and len(state.present) == 2:
            name = f"Log-odds of {data.class_name(int(state.present[-1]))}"
        elif state.present is not None:
            column = int(scores.argmax())
            name = f"Score of {data.class_name(int(state.present[column]))}"
        start, n = float(state.start[column]), len(state.stages)
        added = float(scores[column]) - start
        trees = "1 tree" if n == 1 else f"{n:,} trees"
        return Reasons(
            np.empty(0, np.int64),
            np.empty(0),
            (f"{name}: {scores[column]:.3g}", f"{start:.3g} to start with, {added:+.3g} by {trees}"),
        )

    def path(self, state: BoostingState) -> Path:
        """Always the library."""
        return "scikit-learn"


def _probabilities(scores: FloatArray, present: IntArray) -> FloatArray:
    """The probabilities (n, K) of the classes present, from scores (n, 1) for two of them, else (n, K)."""
    from scipy.special import expit, softmax

    if len(present) == 2:
        second = expit(scores)
        return np.concatenate([1.0 - second, second], axis=1)
    return np.asarray(softmax(scores, axis=1))


def _members(state: BoostingState) -> FloatArray:
    """1 where a training row is of the class that a score speaks for (n, k), else 0."""
    assert state.present is not None
    assert state.scores is not None
    assert state.targets is not None
    return np.asarray(state.targets[:, None] == state.present[-state.scores.shape[1] :], np.float64)


def _left_over(state: BoostingState) -> FloatArray:
    """The negative gradient of the loss in each score of each training row (n, k)."""
    assert state.scores is not None
    assert state.targets is not None
    if state.present is None:
        return np.asarray(np.asarray(state.targets, np.float64)[:, None] - state.scores)
    members = _members(state)
    if len(state.present) == 2:
        certain = state.scores <= _ALL_BUT_CERTAIN
        small = _exp(np.where(certain, state.scores, -state.scores))
        return np.asarray(np.where(certain, members - small, -((1.0 - members) - members * small) / (1.0 + small)))
    powers = _exp(state.scores - state.scores.max(axis=1, keepdims=True))
    total = np.zeros(len(powers))
    for column in powers.T:
        total += column
    return np.asarray(members - powers / total[:, None])


def _exp(values: FloatArray) -> FloatArray:
    """The exponential of the C library, which scikit-learn uses; numpy's own may differ in the last bit."""
    return np.array([math.exp(value) for value in values.ravel().tolist()]).reshape(values.shape)


def _newton(
    leaves: NDArray[np.intp], gradients: FloatArray, members: FloatArray, share: float, values: FloatArray
) -> FloatArray:
    """The values (m,) of the nodes, with a `share` of the step to the minimum of each leaf's parabola at the leaves.

    The share is (K - 1) / K for K > 2 classes, as in Friedman's algorithm 6. Where the parabola is flat, no step.
    """
    for leaf in np.unique(leaves):
        inside = np.flatnonzero(leaves == leaf)
        slopes = gradients[inside]
        probabilities = members[inside] - slopes
        slope = slopes.sum() / len(inside) * share
        bend = (probabilities * (1.0 - probabilities)).sum() / len(inside)
        values[leaf] = slope / bend if abs(bend) >= _FLATTEST else 0.0
    return values
