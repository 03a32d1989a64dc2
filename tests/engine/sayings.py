"""Made-up predictions: better than a guess, and far from right."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.learner import Prediction


def said_of_classes(n: int, n_classes: int, seed: int = 0) -> tuple[Prediction, NDArray[Any]]:
    """Probabilities of `n` points, some of them equal, and the true classes; each class has points."""
    rng = np.random.default_rng(seed)
    y = np.concatenate([np.arange(n_classes), rng.integers(n_classes, size=n - n_classes)])
    logits = rng.normal(size=(n, n_classes)) + 1.2 * np.eye(n_classes)[y]
    powers = np.exp(np.round(logits, 1))
    P = powers / powers.sum(axis=1, keepdims=True)
    return Prediction(logits, P, P.argmax(axis=1)), y
