"""What learners are compared on: three data sets of each task, and a grid over each."""

from __future__ import annotations

import numpy as np

from engine.dataset import Dataset, FloatArray
from engine.experiment import GeneratedData, GeneratorName, Preparation
from engine.generators import dataset_of
from engine.learner import TrainingData

CLASSES: tuple[GeneratorName, ...] = ("circles", "moons", "gaussians3")
VALUES: tuple[GeneratorName, ...] = ("sine", "step", "bumps")


def learned_from(name: GeneratorName, n_points: int = 120, noise: float = 0.3, seed: int = 1) -> TrainingData:
    """All points of a generated set as training data, in double precision."""
    dataset = _dataset(name, n_points, noise, seed)
    classes = dataset.task == "classification"
    y = dataset.y.astype(np.int64 if classes else np.float64)
    return TrainingData(dataset.X.astype(np.float64), y, dataset.task, dataset.n_classes)


def grid(data: TrainingData, side: int = 50) -> FloatArray:
    """Places (side², p) over the points of `data` and somewhat beyond."""
    low, high = data.Z.min(axis=0), data.Z.max(axis=0)
    axes = [np.linspace(a - 0.3 * (b - a), b + 0.3 * (b - a), side) for a, b in zip(low, high, strict=True)]
    if len(axes) == 1:
        return np.linspace(axes[0][0], axes[0][-1], side**2)[:, None]
    return np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, len(axes))


def _dataset(name: GeneratorName, n_points: int, noise: float, seed: int) -> Dataset:
    data = GeneratedData(generator=name, n_points=n_points, noise=noise, seed=seed)
    return dataset_of(data, Preparation(validation_share=0.0, test_share=0.0))
