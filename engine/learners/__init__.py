"""The learners: one algorithm, one file."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.learner import Learner, TrainingData
    from engine.settings import Settings
    from engine.training_settings import Training


def make_learner(settings: Settings, training: Training, data: TrainingData) -> Learner[Any]:
    """The learner that `settings` describe, ready for `init`. Each kind is made by the file of its name.

    Raises
    ------
    LossMismatch : if the loss cannot go with the task, the number of classes, the optimizer or the way of fitting.
    """
    kind: str = getattr(settings, "kind")  # noqa: B009 - every learner's settings declare it
    learner: Learner[Any] = import_module(f"engine.learners.{kind}").make(settings, training, data)
    return learner
