"""Small problems for dense models, and a network built from torch's own modules to compare with."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch

from engine.dense.plan import DenseSpec
from engine.learner import TrainingData
from engine.training_settings import Loss, Optimizer, Regularization, Training

CLASSIFICATION_LOSSES = ("squared", "absolute", "huber", "cross_entropy", "binary_cross_entropy", "hinge")
REGRESSION_LOSSES = ("squared", "absolute", "huber")


def classes(n: int = 60, n_classes: int = 2, n_features: int = 2, seed: int = 0) -> TrainingData:
    """Points around as many centres as classes, overlapping a little."""
    random = np.random.default_rng(seed)
    y = random.integers(0, n_classes, n)
    y[:n_classes] = np.arange(n_classes)
    centres = random.normal(0, 1.5, (n_classes, n_features))
    return TrainingData(centres[y] + random.normal(0, 1, (n, n_features)), y, "classification", n_classes)


def values(n: int = 60, n_features: int = 2, seed: int = 0) -> TrainingData:
    """A bent surface with noise."""
    random = np.random.default_rng(seed)
    Z = random.normal(0, 1, (n, n_features))
    y = np.sin(Z[:, 0]) + 0.5 * Z[:, -1] + 0.3 + random.normal(0, 0.1, n)
    return TrainingData(Z, y, "regression")


def groups(n: int = 60, n_features: int = 2, seed: int = 0) -> TrainingData:
    """The points of `classes`, without classes."""
    return TrainingData(classes(n, 3, n_features, seed).Z, np.zeros(n, np.int64), "clustering")


def directions(n: int = 60, n_features: int = 4, seed: int = 0) -> TrainingData:
    """Points that vary most along some directions, and have no targets."""
    random = np.random.default_rng(seed)
    Z = random.normal(size=(n, n_features)) * np.geomspace(3.0, 0.3, n_features)
    turn = np.linalg.qr(random.normal(size=(n_features, n_features)))[0]
    return TrainingData(Z @ turn + random.normal(size=n_features), np.zeros(n, np.int64), "projection")


def parted(n: int = 60, n_features: int = 4, n_classes: int = 3, seed: int = 0) -> TrainingData:
    """The points of `classes` with their classes, for a projection."""
    found = classes(n, n_classes, n_features, seed)
    return TrainingData(found.Z, found.y, "projection", n_classes)


def training(
    loss: str = "squared",
    optimizer: str = "adam",
    *,
    precision: str = "float64",
    path: str = "auto",
    l1: float = 0.0,
    l2: float = 0.0,
    delta: float = 1.0,
    seed: int = 1,
    **optimizer_settings: Any,
) -> Training:
    """How a learner is trained, in one line."""
    return Training.model_validate(
        {
            "loss": Loss.model_validate({"kind": loss, "delta": delta}),
            "optimizer": Optimizer.model_validate({"kind": optimizer, **optimizer_settings}),
            "regularization": Regularization(l1=l1, l2=l2),
            "precision": precision,
            "path": path,
            "seed": seed,
        }
    )


ACTIVATION_MODULES: dict[str, Any] = {
    "linear": torch.nn.Identity(),
    "sigmoid": torch.nn.Sigmoid(),
    "tanh": torch.nn.Tanh(),
    "relu": torch.nn.ReLU(),
    "leaky_relu": torch.nn.LeakyReLU(0.01),
    "elu": torch.nn.ELU(),
    "gelu": torch.nn.GELU(),
    "silu": torch.nn.SiLU(),
    "sine": torch.sin,
    "threshold": lambda z: torch.heaviside(z.detach(), torch.ones((), dtype=z.dtype)),
}


class ReferenceNetwork(torch.nn.Module):
    """The network of `spec` from `torch.nn.Linear`, holding the numbers of a vector of parameters."""

    def __init__(self, spec: DenseSpec, parameters: np.ndarray[Any, Any]) -> None:
        super().__init__()
        self.spec = spec
        widths = spec.widths
        self.linears = [torch.nn.Linear(inputs, outputs, dtype=torch.float64) for inputs, outputs in pairwise(widths)]
        self.layers = torch.nn.ModuleList(self.linears)
        start = 0
        with torch.no_grad():
            for module in self.linears:
                rows, columns = module.out_features, module.in_features
                weights = parameters[start : start + rows * columns].reshape(columns, rows)
                start += rows * columns
                module.weight.copy_(torch.tensor(weights.T))
                module.bias.copy_(torch.tensor(parameters[start : start + rows]))
                start += rows

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        for number, module in enumerate(self.linears):
            out = module(X)
            if number < len(self.spec.layers):
                out = ACTIVATION_MODULES[self.spec.layers[number][1]](out)
                if self.spec.skip and out.shape == X.shape:
                    out = out + X
            X = out
        return X

    def flat(self, tensors: Sequence[torch.Tensor] | None = None) -> np.ndarray[Any, Any]:
        """The parameters, or tensors shaped like them, in the engine's order."""
        given = list(self.parameters()) if tensors is None else tensors
        return np.concatenate([tensor.detach().numpy().T.ravel() for tensor in given])

    def groups(self, l2: float) -> list[dict[str, Any]]:
        """Parameter groups for torch.optim: weights decay, biases do not."""
        weights = [module.weight for module in self.linears]
        biases = [module.bias for module in self.linears]
        return [{"params": weights, "weight_decay": l2}, {"params": biases, "weight_decay": 0.0}]


def reference_loss(kind: str, delta: float, scores: torch.Tensor, data: TrainingData) -> torch.Tensor:
    """The mean loss written down from its definition, with torch's own functions where it has them."""
    if data.task == "regression":
        y = torch.tensor(data.y, dtype=torch.float64)[:, None]
        modules: dict[str, Any] = {
            "squared": torch.nn.MSELoss(),
            "absolute": torch.nn.L1Loss(),
            "huber": torch.nn.HuberLoss(delta=delta),
        }
        loss: torch.Tensor = modules[kind](scores, y)
        return loss
    labels = torch.tensor(data.y)
    if kind == "cross_entropy":
        return torch.nn.functional.cross_entropy(scores, labels)
    if scores.shape[1] == 1:
        signs = torch.where(labels == 1, 1.0, -1.0).double()[:, None]
    else:
        signs = torch.nn.functional.one_hot(labels, data.n_classes).double() * 2 - 1
    if kind == "binary_cross_entropy":
        return torch.nn.functional.binary_cross_entropy_with_logits(scores, (signs + 1) / 2)
    each = {
        "squared": (scores - signs) ** 2,
        "absolute": (scores - signs).abs(),
        "huber": torch.nn.functional.huber_loss(scores, signs, reduction="none", delta=delta),
        "hinge": torch.nn.functional.relu(1 - signs * scores),
    }[kind]
    return each.sum(dim=1).mean()
