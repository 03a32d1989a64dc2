"""The optimizers' updates in torch, as `torch.optim` defines them; the compiled ones are in `engine.dense.updates`."""

from __future__ import annotations

import torch

from engine.optimizers import ADAGRAD_EPSILON, ADAM_EPSILON, RMSPROP_EPSILON
from engine.training_settings import Optimizer

Tensor = torch.Tensor

UPDATE_NUMBERS = 3
"""How many numbers change from step to step: see `update_numbers`."""


def update_numbers(settings: Optimizer, rate: float, count: int) -> tuple[float, float, float]:
    """What an update needs to know of its step: the rate, the length of the step, and the scale of Adam's root.

    Parameters
    ----------
    rate : the learning rate by its schedule.
    count : the number of the step since the optimizer's slots began, from 1.
    """
    if settings.kind in ("adam", "adamw"):
        return rate, rate / (1 - settings.beta1**count), (1 - settings.beta2**count) ** 0.5
    return rate, rate, 1.0


def update(
    settings: Optimizer,
    decoupled_decay: Tensor | None,
    parameters: Tensor,
    gradient: Tensor,
    slots: Tensor,
    numbers: Tensor,
) -> None:
    """Take one step; changes parameters and slots in place.

    Parameters
    ----------
    decoupled_decay : AdamW's price of each weight, None elsewhere.
    slots : (k, n_parameters) what the optimizer remembers.
    numbers : (3,) those of `update_numbers`, on the device, so that a recorded step can be taken again with others.
    """
    kind = settings.kind
    rate, length, root = numbers.unbind()
    if decoupled_decay is not None:
        parameters.sub_(rate * decoupled_decay * parameters)
    direction = gradient
    if kind in ("momentum", "nesterov"):
        velocity = slots[0].mul_(settings.momentum).add_(gradient)
        direction = gradient.add(velocity, alpha=settings.momentum) if kind == "nesterov" else velocity
    elif kind == "adagrad":
        squares = slots[0].addcmul_(gradient, gradient)
        direction = gradient / squares.sqrt().add_(ADAGRAD_EPSILON)
    elif kind == "rmsprop":
        squares = slots[0].mul_(settings.decay).addcmul_(gradient, gradient, value=1 - settings.decay)
        direction = gradient / squares.sqrt().add_(RMSPROP_EPSILON)
    elif kind in ("adam", "adamw"):
        mean = slots[0].mul_(settings.beta1).add_(gradient, alpha=1 - settings.beta1)
        squares = slots[1].mul_(settings.beta2).addcmul_(gradient, gradient, value=1 - settings.beta2)
        direction = mean / squares.sqrt().div_(root).add_(ADAM_EPSILON)
    parameters.addcmul_(direction, length, value=-1)
