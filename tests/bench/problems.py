"""The problems that training is measured on, and other programs' loops on the same ones."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from engine.dataset import Part
from engine.edits import set_values
from engine.experiment import Experiment
from engine.learner import TrainingData
from engine.training import Run

SMALL = {"learner.layers": "[4, 2]", "preparation.chips": "x1,x2"}
SEVEN = {"learner.layers": "[8, 8, 8]", "preparation.chips": "x1,x2,x1^2,x2^2,x1*x2,sin(x1),sin(x2)"}
SMALL_NAME = "[4, 2] tanh, batch 10, 250 points"
SEVEN_NAME = "7 features, [8, 8, 8]"


SETTLED = 5000
"""Epochs after which speed is measured: the curves are thinned by then, as they are in a long run."""
_LONG = 20_000
"""Steps that are asked for at once."""


def experiment_of(shape: dict[str, str]) -> Experiment:
    """Circles, 250 points to train on and as many to test on, plain SGD in batches of 10."""
    return set_values(
        Experiment(),
        {
            "data.generator": "circles", "data.n_points": "500", "preparation.test_share": "0.5",
            "training.optimizer.kind": "sgd", "training.optimizer.learning_rate": "0.03",
            "training.optimizer.batch_size": "10", **shape,
        },
    )  # fmt: skip


def rate_of(epoch: Callable[[], object], seconds: float = 1.5) -> float:
    """How many calls of `epoch` there are in a second."""
    for _ in range(3):
        epoch()
    begun, count = time.perf_counter(), 0
    while time.perf_counter() < begun + seconds:
        epoch()
        count += 1
    return count / (time.perf_counter() - begun)


def alone(shape: dict[str, str], seconds: float = 2.0) -> float:
    """Epochs a second of a run without a window, curves included."""
    run = Run(experiment_of(shape))
    run.prepare()
    run.advance_epochs(SETTLED)
    begun, first = time.perf_counter(), run.epoch
    while time.perf_counter() < begun + seconds:
        run.advance(_LONG)
    return (run.epoch - first) / (time.perf_counter() - begun)


def kernel_epochs(shape: dict[str, str], seconds: float = 2.0) -> float:
    """Epochs a second of the learner's own loop: no curves, nothing looked at."""
    run = Run(experiment_of(shape))
    run.prepare()
    learner, state = run.learner, run.state
    assert learner is not None
    rows = run.dataset.rows(Part.TRAIN)
    data = TrainingData(
        run.features.transform(run.dataset.X[rows]), run.dataset.y[rows].astype(np.int64), run.dataset.task,
        run.dataset.n_classes, run.features.names,
    )  # fmt: skip
    begun = time.perf_counter()
    while time.perf_counter() < begun + seconds:
        state = learner.advance(state, data, _LONG)
    return learner.epochs_done(state) / (time.perf_counter() - begun)


def _data(shape: dict[str, str]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], list[int]]:
    run = Run(experiment_of(shape))
    rows = run.dataset.rows(Part.TRAIN)
    features = run.features.transform(run.dataset.X[rows])
    widths = [layer.units for layer in run.experiment.learner.layers]  # type: ignore[union-attr]
    return features, run.dataset.y[rows].astype(np.int64), [features.shape[1], *widths]


def numpy_epochs(shape: dict[str, str]) -> float:
    """The same minibatch SGD in numpy, one output, written out."""
    X, y, widths = _data(shape)
    rng = np.random.default_rng(0)
    sizes = list(zip(widths, [*widths[1:], 1], strict=True))
    weights = [rng.normal(0, n**-0.5, (n, m)).astype(np.float32) for n, m in sizes]
    biases = [np.zeros(m, np.float32) for _, m in sizes]
    targets = y.astype(np.float32)[:, None]

    def epoch() -> None:
        order = rng.permutation(len(X))
        for start in range(0, len(X), 10):
            rows = order[start : start + 10]
            values = [X[rows]]
            for w, b in zip(weights[:-1], biases[:-1], strict=True):
                values.append(np.tanh(values[-1] @ w + b))
            p = 1 / (1 + np.exp(-(values[-1] @ weights[-1] + biases[-1])))
            delta = (p - targets[rows]) / len(rows)
            for layer in range(len(weights) - 1, -1, -1):
                gradient = values[layer].T @ delta
                back = delta @ weights[layer].T * (1 - values[layer] ** 2) if layer else None
                weights[layer] -= 0.03 * gradient
                biases[layer] -= 0.03 * delta.sum(0)
                delta = back

    return rate_of(epoch)


def torch_epochs(shape: dict[str, str]) -> float:
    """The usual loop of eager torch with autograd."""
    import torch

    torch.set_num_threads(1)
    X, y, widths = _data(shape)
    layers: list[torch.nn.Module] = []
    for n, m in pairwise(widths):
        layers += [torch.nn.Linear(n, m), torch.nn.Tanh()]
    model = torch.nn.Sequential(*layers, torch.nn.Linear(widths[-1], 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.03)
    inputs, targets = torch.from_numpy(X.copy()), torch.from_numpy(y)

    def epoch() -> None:
        order = torch.randperm(len(inputs))
        for start in range(0, len(inputs), 10):
            rows = order[start : start + 10]
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(inputs[rows]), targets[rows]).backward()
            optimizer.step()

    return rate_of(epoch)


def sklearn_epochs(shape: dict[str, str]) -> float:
    """scikit-learn's MLPClassifier, an epoch a call."""
    from sklearn.neural_network import MLPClassifier

    X, y, widths = _data(shape)
    model = MLPClassifier(tuple(widths[1:]), activation="tanh", solver="sgd", batch_size=10, learning_rate_init=0.03)
    return rate_of(lambda: model.partial_fit(X, y, classes=[0, 1]))
