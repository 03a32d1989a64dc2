"""Training of dense networks in torch: for large networks and for GPUs. The same numbers as `engine.dense.kernels`.

Nothing is asked of the device between steps. It is looked at once after many: were all losses and parameters finite,
and did each step move, these steps count. Else they are taken again, one by one, until the one that failed.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from engine.cores import cores_of_one_run
from engine.dataset import FloatArray
from engine.dense.plan import (
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
from engine.dense.torch_graph import recorded
from engine.dense.torch_network import forward, layers_of, mean_loss
from engine.dense.torch_steps import Place, Steps, batches_from, sent
from engine.optimizers import OPTIMIZERS, batch_rows, scheduled_rate
from engine.randomness import fill_normal
from engine.training_settings import Training

Tensor = torch.Tensor

OutOfDeviceMemory = torch.OutOfMemoryError

_MANY_THREADS_WORK = 2_000_000
"""Parameters times rows from which a second thread pays for its start (measured on two cores)."""

_STEPS_A_LOOK = {"cpu": 8}
"""On a CPU a look costs little, and steps that are taken in vain much; elsewhere it is the other way round."""
_MOST_STEPS_A_LOOK = 256
_MOST_ROWS_A_LOOK = 4_000_000
"""Rows of minibatches whose numbers are sent to the device at once (32 MB)."""

_RECORDED_WORK = 1_000_000_000
"""Parameters times rows in a step up to which a CUDA device waits for the step's description rather than the other
way round, so that a recorded step pays. An estimate: 40 operations of 5 us, against 6 sums a parameter and row."""


def available_device(wanted: str) -> str | None:
    """The device that torch finds for "cuda" or "mps", or None."""
    if wanted == "cuda" and torch.cuda.is_available():
        return "cuda:0"
    if wanted == "mps" and torch.backends.mps.is_available():
        return "mps"
    return None


class TorchTrainer:
    """Trains in torch on one device; keeps data and the newest parameters there between calls.

    Parameters
    ----------
    spec, training : the network and how it is trained.
    device : "cpu", "cuda:0", "mps".
    counted : whether steps go by a counter on the device, as recorded ones must; by default where recording pays. The
        numbers are the same.
    """

    def __init__(self, spec: DenseSpec, training: Training, device: str, *, counted: bool | None = None) -> None:
        self.spec = spec
        self.training = training
        self.device = device
        self._counted = counted
        self._data: tuple[FloatArray, FloatArray, Tensor, Tensor] | None = None
        self._newest: tuple[weakref.ref[FloatArray], Place] | None = None
        self._steps: Steps | None = None
        self._recording: tuple[Steps, Place, Callable[[], None] | None] | None = None
        mask = torch.from_numpy(spec.is_weight(training.precision)).to(device)
        price = training.regularization
        self._l1 = price.l1 * mask if price.l1 else None
        self._l2 = price.l2 * mask if price.l2 else None

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
        """As `kernels.train`, but only `counts` is changed in place; returns parameters, previous, slots."""
        on_cpu = self.device == "cpu"
        if on_cpu:
            many = self._work(len(X)) >= _MANY_THREADS_WORK
            torch.set_num_threads(cores_of_one_run() if many else 1)
        device_X, device_t = self._on_device(X, t)
        place = self._resumed(parameters, previous, slots)
        counts[STATUS] = STATUS_RUNNING
        if OPTIMIZERS[self.training.optimizer.kind].uses_gradient:
            self._follow_gradient(place, counts, device_X, device_t, steps)
        else:
            self._search(place, counts, device_X, device_t, steps)
        # On the CPU the tensors' own memory, which is not used again.
        first, second, third = (tensor.to("cpu", copy=not on_cpu).numpy() for tensor in place)
        if not on_cpu:
            self._newest = (weakref.ref(first), place)
        return first, second, third

    def _work(self, n_rows: int) -> int:
        return self.spec.n_parameters * batch_rows(self.training.optimizer, n_rows)

    def _on_device(self, X: FloatArray, t: FloatArray) -> tuple[Tensor, Tensor]:
        if self._data is None or self._data[0] is not X or self._data[1] is not t:
            self._data = (X, t, torch.from_numpy(X).to(self.device), torch.from_numpy(t).to(self.device))
            self._steps = self._recording = None
        return self._data[2], self._data[3]

    def _resumed(self, *arrays: FloatArray) -> Place:
        """The arrays on the device, where they may be changed; the newest are there already."""
        if self._newest is not None and self._newest[0]() is arrays[0]:
            return self._newest[1]
        copies = [torch.from_numpy(array.copy()) for array in arrays]
        if self._newest is None:
            return Place(*(copy.to(self.device) for copy in copies))
        place = self._newest[1]  # The same memory again: a recorded step knows no other.
        for tensor, copy in zip(place, copies, strict=True):
            tensor.copy_(copy)
        return place

    # -- along the gradient

    def _follow_gradient(self, place: Place, counts: NDArray[np.int64], X: Tensor, t: Tensor, steps: int) -> None:
        """Take `steps` steps, or fewer if the gradient vanishes or the numbers overflow; changes its arguments."""
        n, size = len(X), batch_rows(self.training.optimizer, len(X))
        most = min(_STEPS_A_LOOK.get(self.device, _MOST_STEPS_A_LOOK), max(1, _MOST_ROWS_A_LOOK // size))
        counted = self._counted
        if counted is None:
            counted = self.device.startswith("cuda") and self._work(n) <= _RECORDED_WORK
        if self._steps is None:
            makes_masks = counted or self.device != "cpu"
            self._steps = Steps(self.spec, self.training, X, t, most, makes_masks=makes_masks)
        while steps > 0 and counts[STATUS] == STATUS_RUNNING:
            batches = batches_from(counts, n, size, min(steps, most))
            steps -= len(batches)
            self._steps.fill(batches)
            before = [tensor.clone() for tensor in place]
            full_step = self._full_step(self._steps, place, before) if counted else None
            for k, batch in enumerate(batches):
                if full_step is not None and batch.rows == size:
                    full_step()
                else:
                    self._steps.take(place, k)
            if self._steps.went_well(place):
                counts[[STEP, SLOT_STEPS]] += len(batches)
                counts[[EPOCH, POSITION]] = batches[-1].after
                continue
            _put_back(place, before)
            self._take_one_by_one(self._steps, place, counts, len(batches))

    def _full_step(self, steps: Steps, place: Place, before: list[Tensor]) -> Callable[[], None] | None:
        """What takes a step on a full minibatch, recorded where that helps; None where it cannot be."""
        if self._recording is None or self._recording[0] is not steps or self._recording[1] is not place:
            self._recording = (steps, place, recorded(partial(steps.take_counted, place), self.device))
            _put_back(place, before)
            steps.rewind()
        return self._recording[2]

    def _take_one_by_one(self, steps: Steps, place: Place, counts: NDArray[np.int64], count: int) -> None:
        """Take up to `count` steps, looking at each, and say in `counts` where and how they end."""
        for k in range(count):
            batch = steps.batch(k)
            counts[[EPOCH, POSITION]] = batch.epoch, batch.start
            loss, gradient = steps.gradient(place, k)
            finite = bool(loss.isfinite())
            if finite and steps.may_converge and not bool(gradient.any()):
                counts[STATUS] = STATUS_CONVERGED
                return
            counts[STEP] += 1
            if finite:
                steps.move(place, gradient, k)
            if not finite or not bool(place.parameters.isfinite().all()):
                place.parameters.copy_(place.previous)
                counts[STATUS] = STATUS_DIVERGED
                return
            counts[SLOT_STEPS] += 1
            counts[[EPOCH, POSITION]] = batch.after

    # -- by chance

    def _objective(self, parameters: Tensor, X: Tensor, t: Tensor) -> Tensor:
        """The loss of all rows with penalties."""
        chosen = self.training.loss
        scores = forward(self.spec, layers_of(self.spec, parameters), X)
        value = mean_loss(chosen.kind, chosen.delta, scores, t, chosen.formula)
        if self._l1 is not None:
            value = value + (self._l1 * parameters.abs()).sum()
        if self._l2 is not None:
            value = value + 0.5 * (self._l2 * parameters**2).sum()
        return value

    @torch.no_grad()
    def _search(self, place: Place, counts: NDArray[np.int64], X: Tensor, t: Tensor, steps: int) -> None:
        """Random search for `steps` steps: what is tried stays where it is better; changes its arguments."""
        parameters = place.parameters
        best = self._objective(parameters, X, t)
        if not bool(best.isfinite()):  # What replaces it is less, and so finite.
            counts[STEP] += 1
            counts[STATUS] = STATUS_DIVERGED
            return
        noise = np.empty(len(parameters), self.training.precision)
        for _ in range(steps):
            fill_normal(noise, self.training.seed, int(counts[STEP]))
            rate = scheduled_rate(self.training.optimizer, int(counts[EPOCH]))
            candidate = parameters + rate * sent(torch.from_numpy(noise), self.device)
            loss = self._objective(candidate, X, t)
            better = loss < best
            torch.where(better, candidate, parameters, out=parameters)
            best = torch.where(better, loss, best)
            counts[[STEP, SLOT_STEPS, EPOCH]] += 1


def _put_back(place: Place, before: list[Tensor]) -> None:
    for tensor, saved in zip(place, before, strict=True):
        tensor.copy_(saved)
