"""From probabilities to labels: how likely the second of two classes must be to be predicted."""

from __future__ import annotations

from dataclasses import replace

from engine.learner import Prediction

HALF = 0.5
"""The threshold at which the likelier class is predicted: then the labels are the model's own."""


def has_threshold(prediction: Prediction) -> bool:
    """Whether a threshold means something: two classes, and probabilities rather than scores."""
    return prediction.probabilities is not None and prediction.probabilities.shape[1] == 2


def decided(prediction: Prediction, threshold: float) -> Prediction:
    """`prediction` with the second class as the label where it has a probability of `threshold` or more.

    Everything that shows labels or counts errors gets them from here: the stage, the metrics, the confusion matrix, the
    exported table. As it was at a threshold of one half, for more than two classes, and for scores that are no
    probabilities.

    >>> import numpy as np
    >>> said = Prediction(np.zeros((2, 2)), np.array([[0.8, 0.2], [0.6, 0.4]]), np.array([0, 0]))
    >>> decided(said, 0.3).labels.tolist()
    [0, 1]
    """
    if threshold == HALF or not has_threshold(prediction) or prediction.labels is None:
        return prediction
    assert prediction.probabilities is not None
    labels = (prediction.probabilities[:, 1] >= threshold).astype(prediction.labels.dtype)
    return replace(prediction, labels=labels)
