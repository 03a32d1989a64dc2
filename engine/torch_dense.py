"""Training of dense networks in torch: for large networks and for GPUs. The same numbers as `engine.kernels`."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from engine.dataset import FloatArray
from engine.dense_plan import (
    EPOCH,
    POSITION,
    SLOT_STEPS,
    STATUS,
    STATUS_CONVERGED,
    STATUS_DIVERGED,
    STATUS_RUNNING,
    STEP,
    DenseSpec,
)
from engine.optimizers import (
    ADAGRAD_EPSILON,
    ADAM_EPSILON,
    CLIP_EPSILON,
    OPTIMIZERS,
    RMSPROP_EPSILON,
    batch_rows,
    scheduled_rate,
)
from engine.randomness import fill_normal, kept_units, shuffle
from engine.training_settings import LossKind, Optimizer, Training

Tensor = torch.Tensor

OutOfDeviceMemory = torch.OutOfMemoryError

_MANY_THREADS_WORK = 2_000_000
"""Parameters times rows from which a second thread pays for its start (measured on two cores)."""

TORCH_ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "linear": lambda z: z,
    "threshold": lambda z: (z >= 0).to(z.dtype),
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "leaky_relu": functional.leaky_relu,
    "elu": functional.elu,
    "gelu": functional.gelu,
    "silu": functional.silu,
    "sine": torch.sin,
}


def available_device(wanted: str) -> str | None:
    """The device that torch finds for "cuda" or "mps", or None."""
    if wanted == "cuda" and torch.cuda.is_available():
        return "cuda:0"
    if wanted == "mps" and torch.backends.mps.is_available():
        return "mps"
    return None


def mean_loss(kind: LossKind, delta: float, scores: Tensor, targets: Tensor) -> Tensor:
    """The loss of scores (n, m) against targets (n, m): summed over outputs, averaged over rows."""
    n = len(scores)
    if kind == "squared":
        return functional.mse_loss(scores, targets, reduction="sum") / n
    if kind == "absolute":
        return functional.l1_loss(scores, targets, reduction="sum") / n
    if kind == "huber":
        return functional.huber_loss(scores, targets, reduction="sum", delta=delta) / n
    if kind == "cross_entropy":
        return -(targets * functional.log_softmax(scores, dim=1)).sum() / n
    if kind == "hinge":
        return torch.relu(1 - targets * scores).sum() / n
    if kind == "binary_cross_entropy":
        return -functional.logsigmoid(targets * scores).sum() / n
    if scores.shape[1] > 1:
        return (scores.argmax(dim=1) != targets.argmax(dim=1)).to(torch.float64).sum() / n
    return ((scores > 0) != (targets > 0)).to(torch.float64).sum() / n


def forward(spec: DenseSpec, parameters: Tensor, X: Tensor, kept: list[Tensor] | None = None) -> Tensor:
    """The scores (n, m); `kept` holds the dropout factors (n, units) of each hidden layer."""
    values = X
    widths = spec.widths
    for layer, at in enumerate(spec.weight_offsets):
        inputs, outputs = widths[layer], widths[layer + 1]
        middle = at + inputs * outputs
        weights = parameters[at:middle].view(inputs, outputs)
        result = torch.addmm(parameters[middle : middle + outputs], values, weights)
        result = TORCH_ACTIVATIONS[spec.activations[layer]](result)
        if kept is not None and layer < len(spec.layers):
            result = result * kept[layer]
        values = result + values if spec.has_skip(layer) else result
    return values


def loss_and_gradient(
    spec: DenseSpec,
    kind: LossKind,
    delta: float,
    parameters: Tensor,
    X: Tensor,
    t: Tensor,
    kept: list[Tensor] | None = None,
) -> tuple[Tensor, Tensor]:
    """The mean loss of the rows, without penalties, and its gradient by the parameters."""
    leaf = parameters.detach().requires_grad_()
    loss = mean_loss(kind, delta, forward(spec, leaf, X, kept), t)
    (gradient,) = torch.autograd.grad(loss, leaf)
    return loss.detach(), gradient


def updated(
    settings: Optimizer,
    decoupled_decay: Tensor | None,
    parameters: Tensor,
    gradient: Tensor,
    slots: Tensor,
    rate: float,
    count: int,
) -> Tensor:
    """The parameters after one step, as `torch.optim` defines it; changes the slots in place.

    Parameters
    ----------
    decoupled_decay : AdamW's price of each weight, None elsewhere.
    slots : (k, n_parameters) what the optimizer remembers.
    count : the number of this step since the slots began, from 1.
    """
    kind = settings.kind
    if decoupled_decay is not None:
        parameters = parameters - rate * decoupled_decay * parameters
    if kind in ("momentum", "nesterov"):
        velocity = slots[0].mul_(settings.momentum).add_(gradient)
        direction = gradient + settings.momentum * velocity if kind == "nesterov" else velocity
        return parameters.sub(direction, alpha=rate)
    if kind == "adagrad":
        squares = slots[0].addcmul_(gradient, gradient)
        return parameters.addcdiv(gradient, squares.sqrt().add_(ADAGRAD_EPSILON), value=-rate)
    if kind == "rmsprop":
        squares = slots[0].mul_(settings.decay).addcmul_(gradient, gradient, value=1 - settings.decay)
        return parameters.addcdiv(gradient, squares.sqrt().add_(RMSPROP_EPSILON), value=-rate)
    if kind in ("adam", "adamw"):
        mean = slots[0].mul_(settings.beta1).add_(gradient, alpha=1 - settings.beta1)
        squares = slots[1].mul_(settings.beta2).addcmul_(gradient, gradient, value=1 - settings.beta2)
        length = rate / (1 - settings.beta1**count)
        root = (1 - settings.beta2**count) ** 0.5
        return parameters.addcdiv(mean, squares.sqrt().div_(root).add_(ADAM_EPSILON), value=-length)
    return parameters.sub(gradient, alpha=rate)


class TorchTrainer:
    """Trains in torch on one device; keeps data and the newest parameters there between calls.

    Parameters
    ----------
    spec, training : the network and how it is trained.
    device : "cpu", "cuda:0", "mps".
    """

    def __init__(self, spec: DenseSpec, training: Training, device: str) -> None:
        self.spec = spec
        self.training = training
        self.device = device
        self._data: tuple[FloatArray, FloatArray, Tensor, Tensor] | None = None
        self._newest: tuple[weakref.ref[FloatArray], tuple[Tensor, Tensor, Tensor]] | None = None
        mask = torch.from_numpy(spec.is_weight(training.precision)).to(device)
        price = training.regularization
        decoupled = training.optimizer.kind == "adamw"
        self._l1 = price.l1 * mask if price.l1 else None
        self._l2 = price.l2 * mask if price.l2 and not decoupled else None
        self._decay = price.l2 * mask if price.l2 and decoupled else None
        self._penalty_l2 = price.l2 * mask if price.l2 else None

    def train(
        self,
        parameters: FloatArray,
        previous: FloatArray,
        slots: FloatArray,
        counts: NDArray[np.int64],
        X: FloatArray,
        t: FloatArray,
        steps: int,
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """As `engine.kernels.train`, but only `counts` is changed in place; returns parameters, previous, slots."""
        n = len(X)
        on_cpu = self.device == "cpu"
        work = self.spec.n_parameters * batch_rows(self.training.optimizer, n)
        torch.set_num_threads((os.cpu_count() or 1) if on_cpu and work >= _MANY_THREADS_WORK else 1)
        device_X, device_t = self._on_device(X, t)
        place = self._resumed(parameters, previous, slots)
        counts[STATUS] = STATUS_RUNNING
        if OPTIMIZERS[self.training.optimizer.kind].uses_gradient:
            place = self._follow_gradient(place, counts, device_X, device_t, steps)
        else:
            place = self._search(place, counts, device_X, device_t, steps)
        first, second, third = (tensor.cpu().numpy().copy() for tensor in place)
        if not on_cpu:
            self._newest = (weakref.ref(first), place)
        return first, second, third

    def _on_device(self, X: FloatArray, t: FloatArray) -> tuple[Tensor, Tensor]:
        if self._data is None or self._data[0] is not X or self._data[1] is not t:
            self._data = (X, t, torch.from_numpy(X).to(self.device), torch.from_numpy(t).to(self.device))
        return self._data[2], self._data[3]

    def _resumed(self, *arrays: FloatArray) -> tuple[Tensor, Tensor, Tensor]:
        if self._newest is not None and self._newest[0]() is arrays[0]:
            return self._newest[1]
        first, second, third = (torch.from_numpy(array.copy()).to(self.device) for array in arrays)
        return first, second, third

    def _kept(self, rows: int, step: int) -> list[Tensor] | None:
        spec = self.spec
        if not spec.dropout:
            return None
        return [
            torch.from_numpy(
                kept_units(rows, units, spec.dropout, self.training.seed, step, layer, self.training.precision)
            ).to(self.device)
            for layer, (units, _) in enumerate(spec.layers)
        ]

    def _gradient(self, parameters: Tensor, X: Tensor, t: Tensor, step: int) -> tuple[Tensor, Tensor]:
        """The loss and, penalties included, its gradient."""
        chosen = self.training.loss
        kept = self._kept(len(X), step)
        loss, gradient = loss_and_gradient(self.spec, chosen.kind, chosen.delta, parameters, X, t, kept)
        if self._l1 is not None:
            gradient = gradient + self._l1 * parameters.sign()
        if self._l2 is not None:
            gradient = gradient + self._l2 * parameters
        return loss, gradient

    def _clipped(self, gradient: Tensor) -> Tensor:
        longest = self.training.optimizer.clip
        if not longest:
            return gradient
        return gradient * torch.clamp(longest / (gradient.norm() + CLIP_EPSILON), max=1.0)

    def _order(self, n: int, epoch: int) -> Tensor:
        order = np.empty(n, np.int64)
        shuffle(order, self.training.seed, epoch)
        return torch.from_numpy(order).to(self.device)

    def _follow_gradient(
        self, place: tuple[Tensor, Tensor, Tensor], counts: NDArray[np.int64], X: Tensor, t: Tensor, steps: int
    ) -> tuple[Tensor, Tensor, Tensor]:
        parameters, previous, slots = place
        settings = self.training.optimizer
        n = len(X)
        size = batch_rows(settings, n)
        order = self._order(n, int(counts[EPOCH])) if size < n else None
        for _ in range(steps):
            if counts[POSITION] >= n:
                order = self._next_epoch(counts, n, size)
            start = int(counts[POSITION]) if size < n else 0
            taken = min(size, n - start)
            rows = None if order is None else order[start : start + taken]
            batch_X, batch_t = (X, t) if rows is None else (X[rows], t[rows])
            loss, gradient = self._gradient(parameters, batch_X, batch_t, int(counts[STEP]))
            if settings.kind == "gradient_descent" and bool(torch.isfinite(loss)) and not bool(gradient.any()):
                counts[STATUS] = STATUS_CONVERGED
                break
            counts[STEP] += 1
            rate = scheduled_rate(settings, int(counts[EPOCH]))
            moved = updated(
                settings, self._decay, parameters, self._clipped(gradient), slots, rate, int(counts[SLOT_STEPS]) + 1
            )
            # One question to the device a step: a GPU would wait for each.
            finite = torch.stack([torch.isfinite(loss), torch.isfinite(moved).all()]).tolist()
            if not finite[0]:
                counts[STATUS] = STATUS_DIVERGED
                return previous, previous, slots
            if not finite[1]:
                counts[STATUS] = STATUS_DIVERGED
                return parameters, parameters, slots
            previous, parameters = parameters, moved
            counts[SLOT_STEPS] += 1
            counts[POSITION] = start + taken
            if counts[POSITION] >= n:
                order = self._next_epoch(counts, n, size)
        return parameters, previous, slots

    def _next_epoch(self, counts: NDArray[np.int64], n: int, size: int) -> Tensor | None:
        counts[EPOCH] += 1
        counts[POSITION] = 0
        return self._order(n, int(counts[EPOCH])) if size < n else None

    def _objective(self, parameters: Tensor, X: Tensor, t: Tensor) -> float:
        """The loss of all rows with penalties."""
        chosen = self.training.loss
        with torch.no_grad():
            value = mean_loss(chosen.kind, chosen.delta, forward(self.spec, parameters, X), t)
            if self._l1 is not None:
                value = value + (self._l1 * parameters.abs()).sum()
            if self._penalty_l2 is not None:
                value = value + 0.5 * (self._penalty_l2 * parameters**2).sum()
        return float(value)

    def _search(
        self, place: tuple[Tensor, Tensor, Tensor], counts: NDArray[np.int64], X: Tensor, t: Tensor, steps: int
    ) -> tuple[Tensor, Tensor, Tensor]:
        parameters, previous, slots = place
        best = self._objective(parameters, X, t)
        noise: NDArray[Any] = np.empty(len(parameters), self.training.precision)
        for _ in range(steps):
            counts[STEP] += 1
            if not np.isfinite(best):
                counts[STATUS] = STATUS_DIVERGED
                break
            fill_normal(noise, self.training.seed, int(counts[STEP]) - 1)
            rate = scheduled_rate(self.training.optimizer, int(counts[EPOCH]))
            candidate = parameters + rate * torch.from_numpy(noise).to(self.device)
            loss = self._objective(candidate, X, t)
            if loss < best:
                best, parameters = loss, candidate
            counts[SLOT_STEPS] += 1
            counts[EPOCH] += 1
        return parameters, previous, slots
