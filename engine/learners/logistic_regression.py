"""Logistic and softmax regression: a linear score a class, turned into probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from engine.settings import Settings

if TYPE_CHECKING:
    from engine.dense.learner import DenseLearner
    from engine.learner import TrainingData
    from engine.training_settings import Training


class LogisticRegression(Settings):
    """A linear score for each class, turned into probabilities by the sigmoid or the softmax."""

    kind: Literal["logistic_regression"] = "logistic_regression"


def make(settings: LogisticRegression, training: Training, data: TrainingData) -> DenseLearner:  # noqa: ARG001
    """The learner, which starts from weights of zero: every class equally likely everywhere."""
    # Imported here because the window reads this file's settings before anything is learned.
    from engine.dense.learner import DenseLearner

    return DenseLearner((), training, data)
