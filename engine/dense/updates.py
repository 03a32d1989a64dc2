"""Compiled updates: penalties, clipping, learning-rate schedules and the optimizers, element by element.

Defined as `torch.optim` defines them, so that both paths give the same numbers.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.compiling import compiled, compiled_sum
from engine.dense.plan import Rule, Target
from engine.optimizers import (
    ADAGRAD_EPSILON,
    ADAM_EPSILON,
    CLIP_EPSILON,
    OPTIMIZER_CODES,
    RMSPROP_EPSILON,
    SCHEDULE_CODES,
)

Array = NDArray[Any]

_MOMENTUM = OPTIMIZER_CODES["momentum"]
_NESTEROV = OPTIMIZER_CODES["nesterov"]
_ADAGRAD = OPTIMIZER_CODES["adagrad"]
_RMSPROP = OPTIMIZER_CODES["rmsprop"]
_ADAM = OPTIMIZER_CODES["adam"]
_ADAMW = OPTIMIZER_CODES["adamw"]
_STEP = SCHEDULE_CODES["step"]
_COSINE = SCHEDULE_CODES["cosine"]


@compiled
def rate_at(rule: Rule, epoch: int) -> float:
    """The learning rate during `epoch`; see `engine.optimizers.scheduled_rate`."""
    if rule.schedule == _STEP:
        return rule.rate * math.pow(rule.schedule_factor, epoch // rule.schedule_epochs)
    if rule.schedule == _COSINE:
        walked = min(epoch / rule.schedule_epochs, 1.0)
        return rule.rate * 0.5 * (1.0 + math.cos(math.pi * walked))
    return rule.rate


@compiled
def penalty(target: Target, parameters: Array, is_weight: Array) -> float:
    """L1 Σ|w| + L2/2 Σw², over the weights."""
    if target.l1 == 0.0 and target.l2 == 0.0:
        return 0.0
    total = 0.0
    for k in range(len(parameters)):
        w = np.float64(parameters[k] * is_weight[k])
        total += target.l1 * abs(w) + 0.5 * target.l2 * w * w
    return total


@compiled
def add_penalty_gradient(target: Target, rule: Rule, parameters: Array, is_weight: Array, gradient: Array) -> None:
    """Add L1 sign(w) + L2 w to the gradient of each weight; AdamW shrinks by L2 on its own instead."""
    real = parameters.dtype.type
    l1, l2 = real(target.l1), real(0.0 if rule.optimizer == _ADAMW else target.l2)
    if l1 == real(0.0) and l2 == real(0.0):
        return
    zero, one = real(0.0), real(1.0)
    for k in range(len(parameters)):
        w = parameters[k]
        sign = one if w > zero else (-one if w < zero else zero)
        gradient[k] += is_weight[k] * (l2 * w + l1 * sign)


@compiled_sum
def _square_sum(values: Array) -> float:
    total = 0.0
    for k in range(len(values)):
        total += np.float64(values[k]) * np.float64(values[k])
    return total


@compiled
def clip_gradient(gradient: Array, longest: float) -> None:
    """Shorten the gradient to length `longest` if it is longer; 0 leaves it."""
    if longest == 0.0:
        return
    factor = longest / (math.sqrt(_square_sum(gradient)) + CLIP_EPSILON)
    if factor < 1.0:
        share = gradient.dtype.type(factor)
        for k in range(len(gradient)):
            gradient[k] *= share


@compiled
def _adam(rule: Rule, parameters: Array, gradient: Array, slots: Array, rate: float, count: int) -> None:
    real = parameters.dtype.type
    beta1, beta2, rest1, rest2 = real(rule.beta1), real(rule.beta2), real(1.0 - rule.beta1), real(1.0 - rule.beta2)
    length = real(rate / (1.0 - rule.beta1 ** float(count)))
    root = real(math.sqrt(1.0 - rule.beta2 ** float(count)))
    epsilon = real(ADAM_EPSILON)
    for k in range(len(parameters)):
        g = gradient[k]
        m = beta1 * slots[0, k] + rest1 * g
        v = beta2 * slots[1, k] + rest2 * g * g
        slots[0, k] = m
        slots[1, k] = v
        parameters[k] -= length * m / (np.sqrt(v) / root + epsilon)


@compiled
def update(
    rule: Rule,
    target: Target,
    parameters: Array,
    gradient: Array,
    slots: Array,
    is_weight: Array,
    rate: float,
    count: int,
) -> None:
    """Move the parameters once.

    Parameters
    ----------
    slots : (k, n_parameters) what the optimizer remembers, changed in place.
    count : the number of this step since the slots began, from 1.
    """
    real = parameters.dtype.type
    eta, n = real(rate), len(parameters)
    if rule.optimizer == _ADAMW and target.l2 != 0.0:
        for k in range(n):
            parameters[k] -= real(rate * target.l2) * is_weight[k] * parameters[k]
    if rule.optimizer == _ADAM or rule.optimizer == _ADAMW:
        _adam(rule, parameters, gradient, slots, rate, count)
    elif rule.optimizer == _MOMENTUM or rule.optimizer == _NESTEROV:
        kept = real(rule.momentum)
        for k in range(n):
            v = kept * slots[0, k] + gradient[k]
            slots[0, k] = v
            parameters[k] -= eta * (gradient[k] + kept * v if rule.optimizer == _NESTEROV else v)
    elif rule.optimizer == _ADAGRAD:
        for k in range(n):
            slots[0, k] += gradient[k] * gradient[k]
            parameters[k] -= eta * gradient[k] / (np.sqrt(slots[0, k]) + real(ADAGRAD_EPSILON))
    elif rule.optimizer == _RMSPROP:
        kept, rest = real(rule.decay), real(1.0 - rule.decay)
        for k in range(n):
            s = kept * slots[0, k] + rest * gradient[k] * gradient[k]
            slots[0, k] = s
            parameters[k] -= eta * gradient[k] / (np.sqrt(s) + real(RMSPROP_EPSILON))
    else:
        for k in range(n):
            parameters[k] -= eta * gradient[k]


@compiled
def all_finite(values: Array) -> bool:
    """Whether no value is infinite or NaN (x - x is 0 for finite x alone)."""
    bad = 0
    for k in range(len(values)):
        bad += int(values[k] - values[k] != 0)
    return bad == 0


@compiled
def all_zero(values: Array) -> bool:
    """Whether every value is zero."""
    some = 0
    for k in range(len(values)):
        some += int(values[k] != 0)
    return some == 0
