"""The steps of a network in torch: which rows each looks at, the numbers it needs, and the step itself."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from engine.dense.plan import EPOCH, POSITION, SLOT_STEPS, STEP, DenseSpec
from engine.dense.torch_network import dropout_keys, kept_by_key, loss_and_gradient
from engine.dense.torch_updates import UPDATE_NUMBERS, update, update_numbers
from engine.optimizers import CLIP_EPSILON, batch_rows, scheduled_rate
from engine.randomness import kept_units, shuffle
from engine.training_settings import Training

Tensor = torch.Tensor


class Place(NamedTuple):
    """Where training stands, on the device: (n_parameters,), the same before the last step, (k, n_parameters)."""

    parameters: Tensor
    previous: Tensor
    slots: Tensor


class Batch(NamedTuple):
    """What one step looks at: rows `start` … of an epoch's order, and (epoch, position) once it is done."""

    step: int
    slot_step: int
    epoch: int
    start: int
    rows: int
    after: tuple[int, int]


def batches_from(counts: NDArray[np.int64], n: int, size: int, steps: int) -> list[Batch]:
    """The next `steps` minibatches of at most `size` of `n` rows, from where `counts` stands."""
    step, slot_step, epoch, position = (int(counts[at]) for at in (STEP, SLOT_STEPS, EPOCH, POSITION))
    batches = []
    for number in range(steps):
        if position >= n:  # The epoch began with more points than there are now.
            epoch, position = epoch + 1, 0
        start = position if size < n else 0
        rows = min(size, n - start)
        after = (epoch, start + rows) if start + rows < n else (epoch + 1, 0)
        batches.append(Batch(step + number, slot_step + number, epoch, start, rows, after))
        epoch, position = after
    return batches


def sent(source: Tensor, device: str | torch.device) -> Tensor:
    """`source`, which is on the CPU, on `device`, without waiting for what is still to be done there."""
    if torch.device(device).type == "cuda":  # From pageable memory a copy waits for its turn, and so would we.
        source = source.pin_memory()
    return source.to(device, non_blocking=True)


def _write(target: Tensor, values: Any) -> None:
    target.copy_(sent(torch.as_tensor(values, dtype=target.dtype), target.device))


class Steps:
    """Takes steps of one network on one device, on rows that are there.

    What differs from step to step lies in tables on the device, filled for many steps at once.

    Parameters
    ----------
    spec, training : the network and how it is trained.
    X : (n, p) features.  t : (n, m) targets. Both on the device.
    most : for how many steps there is room.
    makes_masks : whether dropout factors are made on the device; else the CPU's compiled loop makes them. They agree.
    """

    def __init__(
        self, spec: DenseSpec, training: Training, X: Tensor, t: Tensor, most: int, *, makes_masks: bool
    ) -> None:
        self._spec, self._training = spec, training
        self._X, self._t = X, t
        self._makes_masks = makes_masks
        self.size = batch_rows(training.optimizer, len(X))
        self._by_minibatch = self.size < len(X)
        self.may_converge = training.optimizer.kind == "gradient_descent"
        self._order: tuple[int, NDArray[np.int64]] | None = None
        self._batches: list[Batch] = []
        device, whole = X.device, torch.int64
        self._numbers = torch.zeros((most, UPDATE_NUMBERS), dtype=X.dtype, device=device)
        self._keys = torch.zeros((most, len(spec.layers)), dtype=whole, device=device)
        self._rows = torch.zeros(most * self.size if self._by_minibatch else 0, dtype=whole, device=device)
        self._firsts = torch.zeros(most, dtype=whole, device=device)
        self._places = torch.arange(self.size if self._by_minibatch else 0, device=device)
        self._counter = torch.zeros(1, dtype=whole, device=device)
        self._losses = torch.zeros(most, dtype=X.dtype, device=device)
        self._moves = torch.ones(most, dtype=torch.bool, device=device)
        self._first_of: list[int] = []
        mask = torch.from_numpy(spec.is_weight(training.precision)).to(device)
        price, decoupled = training.regularization, training.optimizer.kind == "adamw"
        self._l1 = price.l1 * mask if price.l1 else None
        self._l2 = price.l2 * mask if price.l2 and not decoupled else None
        self._decay = price.l2 * mask if price.l2 and decoupled else None

    # -- the tables

    def fill(self, batches: list[Batch]) -> None:
        """Send to the device, all at once, what the steps on `batches` need."""
        optimizer, count = self._training.optimizer, len(batches)
        self._batches = batches
        _write(
            self._numbers[:count],
            [update_numbers(optimizer, scheduled_rate(optimizer, b.epoch), b.slot_step + 1) for b in batches],
        )
        if self._spec.dropout and self._makes_masks:
            _write(self._keys[:count], [dropout_keys(self._spec, self._training.seed, b.step) for b in batches])
        if self._by_minibatch:
            self._first_of = np.concatenate([[0], np.cumsum([b.rows for b in batches])]).tolist()
            rows = np.concatenate([self._order_of(b.epoch)[b.start : b.start + b.rows] for b in batches])
            _write(self._rows[: len(rows)], rows)
            _write(self._firsts[:count], self._first_of[:-1])
        self.rewind()

    def rewind(self) -> None:
        """Begin the counted steps anew at the first."""
        self._counter.zero_()

    def batch(self, k: int) -> Batch:
        """What step `k` looks at."""
        return self._batches[k]

    def _order_of(self, epoch: int) -> NDArray[np.int64]:
        if self._order is None or self._order[0] != epoch:
            order = np.empty(len(self._X), np.int64)
            shuffle(order, self._training.seed, epoch)
            self._order = (epoch, order)
        return self._order[1]

    def went_well(self, place: Place) -> bool:
        """Whether all the steps taken since `fill` count: each loss finite, the parameters too, and each did move.

        Parameters that are not finite stay so: the last ones speak for those before.
        """
        count = len(self._batches)
        fine = self._losses[:count].isfinite().all() & place.parameters.isfinite().all()
        if self.may_converge:
            fine = fine & self._moves[:count].all()
        return bool(fine)

    # -- a step

    def take(self, place: Place, k: int) -> None:
        """Step `k` since `fill`."""
        loss, gradient = self.gradient(place, k)
        self._losses[k] = loss
        if self.may_converge:
            self._moves[k] = gradient.any()
        self.move(place, gradient, k)
        self._counter.add_(1)

    def gradient(self, place: Place, k: int) -> tuple[Tensor, Tensor]:
        """The loss of step `k` and, penalties included, its gradient."""
        batch = self._batches[k]
        rows = None
        if self._by_minibatch:
            rows = self._rows[self._first_of[k] : self._first_of[k] + batch.rows]
        if self._makes_masks:
            kept = self._masks(batch.rows, self._keys[k])
        else:
            kept = self._masks_of_the_cpu(batch)
        return self._gradient(place.parameters, rows, kept)

    def move(self, place: Place, gradient: Tensor, k: int) -> None:
        """Follow the gradient of step `k`."""
        self._move(place, gradient, self._numbers[k])

    def take_counted(self, place: Place) -> None:
        """The next step, by the counter on the device: always the same operations on the same memory."""
        at, rows = self._counter, None
        if self._by_minibatch:
            rows = self._rows.index_select(0, self._firsts.index_select(0, at) + self._places)
        kept = self._masks(self.size, self._keys.index_select(0, at)[0])
        loss, gradient = self._gradient(place.parameters, rows, kept)
        self._losses.index_copy_(0, at, loss.view(1))
        if self.may_converge:
            self._moves.index_copy_(0, at, gradient.any().view(1))
        self._move(place, gradient, self._numbers.index_select(0, at)[0])
        at.add_(1)

    def _gradient(self, parameters: Tensor, rows: Tensor | None, kept: list[Tensor] | None) -> tuple[Tensor, Tensor]:
        chosen = self._training.loss
        X, t = self._X, self._t
        if rows is not None:
            X, t = X.index_select(0, rows), t.index_select(0, rows)
        loss, gradient = loss_and_gradient(
            self._spec, chosen.kind, chosen.delta, parameters, X, t, kept, chosen.formula
        )
        if self._l1 is not None:
            gradient = gradient + self._l1 * parameters.sign()
        if self._l2 is not None:
            gradient = gradient + self._l2 * parameters
        return loss, gradient

    def _move(self, place: Place, gradient: Tensor, numbers: Tensor) -> None:
        optimizer = self._training.optimizer
        if optimizer.clip:
            gradient = gradient * torch.clamp(optimizer.clip / (gradient.norm() + CLIP_EPSILON), max=1.0)
        place.previous.copy_(place.parameters)
        update(optimizer, self._decay, place.parameters, gradient, place.slots, numbers)

    def _masks(self, rows: int, keys: Tensor) -> list[Tensor] | None:
        share = self._spec.dropout
        if not share:
            return None
        sizes = [units for units, _ in self._spec.layers]
        return [
            kept_by_key(key, rows, units, share, self._X.dtype) for key, units in zip(keys.unbind(), sizes, strict=True)
        ]

    def _masks_of_the_cpu(self, batch: Batch) -> list[Tensor] | None:
        share, how = self._spec.dropout, self._training
        if not share:
            return None
        return [
            torch.from_numpy(kept_units(batch.rows, units, share, how.seed, batch.step, layer, how.precision))
            for layer, (units, _) in enumerate(self._spec.layers)
        ]
