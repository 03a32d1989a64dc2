"""A large network in torch, on a GPU where there is one and on the CPU, beside a bare loop on the same device."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from engine.dataset import Part
from engine.edits import set_values
from engine.experiment import Experiment
from engine.training import Run
from tests.bench.registry import Figure, Measured, Skipped, benchmarks_together

_WIDTHS = (9, 1024, 512, 128, 1)
_ROWS = 43_000
_NAME = f"{'-'.join(map(str, _WIDTHS))}, {_ROWS:,} rows, Adam"
_GPU_EPOCHS = 100
_BATCH, _BATCH_EPOCHS = 200, 5
_CPU_EPOCHS = 2


def _experiment(device: str, batch_size: int = _ROWS) -> Experiment:
    """Two spirals in nine features, those of degree three."""
    return set_values(
        Experiment(),
        {
            "data.n_points": _ROWS, "preparation.test_share": 0, "preparation.polynomial": 3,
            "learner.layers": list(_WIDTHS[1:-1]), "learner.initialization": "he",
            **{f"learner.layers.{layer}.activation": "relu" for layer in range(len(_WIDTHS) - 2)},
            "training.loss.kind": "binary_cross_entropy", "training.optimizer.kind": "adam",
            "training.optimizer.learning_rate": 1e-3, "training.optimizer.batch_size": batch_size,
            "training.device": device, "training.path": "torch",
        },
    )  # fmt: skip


def _begun(experiment: Experiment, *, has_curves: bool) -> Run:
    """A run after its first epoch, which warms up what is to be warmed up."""
    run = Run(experiment, has_curves=has_curves)
    rows = len(run.dataset.rows(Part.TRAIN))
    if (len(run.features.names), rows) != (_WIDTHS[0], _ROWS):
        raise ValueError(f"{len(run.features.names)} features of {rows} rows are not the problem to be measured")
    run.advance_epochs(1)
    return run


def _bare_loop(run: Run, device: str, batch_size: int) -> Callable[[], object]:
    """What a course writes: an epoch of the same training with torch's own layers, loss and optimizer."""
    import torch

    if device == "cpu":
        torch.set_num_threads(os.cpu_count() or 1)
    layers: list[Any] = []
    for inputs, outputs in pairwise(_WIDTHS):
        layers += [torch.nn.Linear(inputs, outputs), torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers[:-1]).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    X = torch.from_numpy(run.features.transform(run.dataset.X).astype(np.float32)).to(device)
    y = torch.from_numpy(run.dataset.y.astype(np.float32)[:, None]).to(device)
    measure_loss = torch.nn.BCEWithLogitsLoss()

    def step(X: Any, y: Any) -> None:
        optimizer.zero_grad()
        measure_loss(model(X), y).backward()
        optimizer.step()

    def epoch() -> None:
        if batch_size >= len(X):
            step(X, y)
            return
        for rows in torch.randperm(len(X), device=device).split(batch_size):
            step(X[rows], y[rows])

    epoch()
    return epoch


def _seconds(epochs: Callable[[], object], device: str) -> float:
    """How long it takes until the device is done with it."""
    import torch

    def wait() -> None:
        if device != "cpu":
            torch.cuda.synchronize()

    wait()
    begun = time.perf_counter()
    epochs()
    wait()
    return time.perf_counter() - begun


def _on_gpu(batch_size: int, epochs: int, *, has_curves: bool) -> Measured:
    run = _begun(_experiment("cuda", batch_size), has_curves=has_curves)
    own = _seconds(lambda: run.advance_epochs(epochs), "cuda")
    epoch = _bare_loop(run, "cuda", batch_size)
    return Measured(own, _seconds(lambda: [epoch() for _ in range(epochs)], "cuda"))


@benchmarks_together(
    Figure(f"GPU: {_NAME}, full batch, {_GPU_EPOCHS} epochs", "s", budget=2.6),
    Figure(f"GPU: the same with curves, {_GPU_EPOCHS} epochs", "s"),
    Figure(f"GPU: the same, batches of {_BATCH}, {_BATCH_EPOCHS} epochs", "s"),
)
def gpu() -> list[Measured | Skipped]:
    import torch

    if not torch.cuda.is_available():
        return [Skipped("there is no CUDA GPU")] * 3
    return [
        _on_gpu(_ROWS, _GPU_EPOCHS, has_curves=False),
        _on_gpu(_ROWS, _GPU_EPOCHS, has_curves=True),
        _on_gpu(_BATCH, _BATCH_EPOCHS, has_curves=False),
    ]


@benchmarks_together(
    Figure(f"CPU: {_NAME}, full batch, an epoch", "s"),
    Figure("CPU: the same with curves, an epoch", "s"),
)
def cpu() -> list[Measured]:
    """By turns, and the least of each: a disturbance hits one epoch, not one of the rivals."""
    plain, watched = (_begun(_experiment("cpu"), has_curves=curves) for curves in (False, True))
    epochs = {
        "bare": _bare_loop(plain, "cpu", _ROWS),
        "plain": lambda: plain.advance_epochs(1),
        "watched": lambda: watched.advance_epochs(1),
    }
    turns = [{name: _seconds(epoch, "cpu") for name, epoch in epochs.items()} for _ in range(_CPU_EPOCHS)]
    least = {name: min(turn[name] for turn in turns) for name in epochs}
    return [Measured(least["plain"], least["bare"]), Measured(least["watched"], least["bare"])]
