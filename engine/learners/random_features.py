"""Random features: a layer of neurons that is drawn once and never trained, and least squares upon it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from engine.dataset import FloatArray
from engine.learner import Path, Prediction, TrainingData
from engine.settings import Settings, choice
from engine.stepwise import StepState, StepwiseLearner

if TYPE_CHECKING:
    from engine.training_settings import Training


class RandomFeatures(Settings):
    """As many random features as you like, weighed by least squares; of many best weights, the shortest."""

    kind: Literal["random_features"] = "random_features"
    units: int = choice(
        50,
        "Features",
        "How many random features. Without ridge the test error peaks where there are as many as training points, and"
        " falls again beyond: double descent.",
        ge=1,
        le=2000,
        log=True,
    )
    activation: Literal["relu", "cosine"] = choice(
        "relu",
        "Feature",
        "What each random weighted sum of the inputs is sent through.",
        labels={"relu": "ReLU", "cosine": "Cosine"},
    )
    ridge: float = choice(
        0.0,
        "Ridge (λ)",
        "Adds λ times the squared weights to the sum of squared residuals, which flattens the peak.",
        ge=0.0,
        le=1e4,
        step=0.1,
    )


def make(settings: RandomFeatures, training: Training, data: TrainingData) -> RandomFeaturesLearner:
    """The learner, which has learned all it can after one step."""
    return RandomFeaturesLearner(settings, training, data)


@dataclass(frozen=True, eq=False)
class RandomFeaturesState(StepState):
    """Where each feature looks, and what it weighs.

    Parameters
    ----------
    directions : (p + 1, units) from inputs and a constant to what is bent; None before the first step.
    weights : (units, m), one column a class, or one.
    means : (m,) of the targets, which the weighted features are added to.
    rank : how many directions the features of the training points span.
    """

    directions: FloatArray | None = None
    weights: FloatArray | None = None
    means: FloatArray | None = None
    rank: int = 0


class RandomFeaturesLearner(StepwiseLearner[RandomFeaturesState]):
    """Least squares on random features: the model in which double descent is seen most plainly.

    Minimises Σ(Φ w + ȳ - y)² + λ|w|²; at λ = 0 the shortest of the best weights. Classes are regressed as one-hot
    targets, and the largest value wins.

    References
    ----------
    Rahimi and Recht (2007). Random features for large-scale kernel machines. NIPS.
    Belkin, Hsu, Ma, Mandal (2019). Reconciling modern machine-learning practice and the classical bias-variance
    trade-off. PNAS 116(32).
    """

    refits = True

    def __init__(self, settings: RandomFeatures, training: Training, data: TrainingData) -> None:
        super().__init__(training, data)
        self.settings = settings

    def init(self, data: TrainingData) -> RandomFeaturesState:
        return RandomFeaturesState()

    def next(self, state: RandomFeaturesState, data: TrainingData) -> RandomFeaturesState:
        directions = self._directions()
        targets = np.asarray(data.y, np.float64)[:, None]
        if self.task == "classification":
            targets = np.eye(self.n_classes)[data.y]
        means = targets.mean(axis=0)
        features = self._features(np.ascontiguousarray(data.Z, np.float64), directions)
        left, sizes, right = np.linalg.svd(features, full_matrices=False)
        # What is smaller than rounding counts as zero, as in numpy's lstsq: its direction gets no weight.
        spanned = sizes > np.finfo(np.float64).eps * max(features.shape) * sizes[0]
        factors = np.zeros_like(sizes)
        factors[spanned] = sizes[spanned] / (sizes[spanned] ** 2 + self.settings.ridge)
        weights = right.T @ (factors[:, None] * (left.T @ (targets - means)))
        for array in (directions, weights, means):
            array.setflags(write=False)
        rank = int(np.count_nonzero(spanned))
        return RandomFeaturesState(ended=True, directions=directions, weights=weights, means=means, rank=rank)

    def _directions(self) -> FloatArray:
        """(p + 1, units), standard normal; the first m columns are the same for any larger number of units."""
        random = np.random.default_rng(self.training.seed)
        drawn = random.standard_normal((self.settings.units, self.n_features + 1))
        drawn[:, :-1] /= np.sqrt(self.n_features)
        if self.settings.activation == "cosine":
            # cos(w·z + b) is a feature of a Gaussian kernel where b is a uniform angle.
            from scipy.special import ndtr

            drawn[:, :-1] *= 3.0
            drawn[:, -1] = 2.0 * np.pi * ndtr(drawn[:, -1])
        return np.ascontiguousarray(drawn.T)

    def _features(self, rows: FloatArray, directions: FloatArray) -> FloatArray:
        """Features (n, units), scaled so that more of them do not mean larger sums."""
        sums = rows @ directions[:-1]
        sums += directions[-1]
        bent = np.maximum(sums, 0.0, out=sums) if self.settings.activation == "relu" else np.cos(sums, out=sums)
        bent *= np.sqrt(2.0 / self.settings.units)
        return np.asarray(bent)

    def ending(self, state: RandomFeaturesState) -> str:
        """How many features there are, and what they span."""
        return f"Least squares on {self.settings.units:,} random features of rank {state.rank:,}, solved in one step."

    def predict(self, state: RandomFeaturesState, Z: FloatArray) -> Prediction:
        """The weighted features; of classes without probabilities."""
        if state.directions is None or state.weights is None or state.means is None:
            return self.say_nothing(len(Z))
        from engine.kernel_functions import weighted_sums

        directions = state.directions
        values = weighted_sums(lambda rows: self._features(rows, directions), Z, state.weights) + state.means
        if self.task == "regression":
            return self.say_of_values(values[:, 0])
        return Prediction(values, labels=values.argmax(axis=1))

    def path(self, state: RandomFeaturesState) -> Path:
        """Always the closed form."""
        return "closed form"
