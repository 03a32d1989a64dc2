"""Logistic and softmax regression: a linear score a class, turned into probabilities."""

from __future__ import annotations

from typing import Literal

from engine.settings import Settings


class LogisticRegression(Settings):
    """A linear score for each class, turned into probabilities by the sigmoid or the softmax."""

    kind: Literal["logistic_regression"] = "logistic_regression"
