"""Which learners there are and what each is for: the one table a new learner is added to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from engine.dataset import Task
from engine.learners.linear_regression import LinearRegression
from engine.learners.logistic_regression import LogisticRegression
from engine.learners.mlp import MultilayerPerceptron
from engine.settings import Settings

LearnerSettings = Annotated[LinearRegression | LogisticRegression | MultilayerPerceptron, Field(discriminator="kind")]


@dataclass(frozen=True)
class LearnerEntry:
    """One learner as a menu shows it."""

    kind: str
    title: str
    tasks: tuple[Task, ...]
    settings: type[Settings]
    formula: str
    sentence: str


LEARNERS: dict[str, LearnerEntry] = {
    entry.kind: entry
    for entry in (
        LearnerEntry(
            "linear_regression",
            "Linear regression",
            ("regression",),
            LinearRegression,
            r"h(x) = w^\top \phi(x) + b",
            "A weighted sum of the features.",
        ),
        LearnerEntry(
            "logistic_regression",
            "Logistic / softmax regression",
            ("classification",),
            LogisticRegression,
            r"p(y \mid x) = \mathrm{softmax}(W \phi(x) + b)_y",
            "A linear score for each class, turned into probabilities.",
        ),
        LearnerEntry(
            "mlp",
            "Neural network",
            ("classification", "regression"),
            MultilayerPerceptron,
            r"h(x) = W_L\,\varphi(\cdots \varphi(W_1 x + b_1) \cdots) + b_L",
            "Layers of neurons that bend the plane until it can be cut by a line.",
        ),
    )
}


def learners_for(task: Task) -> tuple[LearnerEntry, ...]:
    """The learners that can do `task`, in menu order."""
    return tuple(entry for entry in LEARNERS.values() if task in entry.tasks)
