"""The optimizers: what each remembers, how they are numbered, and how the learning rate changes with the epochs.

The updates themselves are in `engine.dense.updates` (compiled) and `engine.dense.torch_updates`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.training_settings import Optimizer


@dataclass(frozen=True)
class OptimizerRule:
    """One optimizer.

    Parameters
    ----------
    kind : its name in an experiment.
    latex : the update of the weights w with gradient g and learning rate η.
    slots : how many numbers it remembers for each weight.
    full_batch : whether each step looks at every training point.
    uses_gradient : False for random search, which only compares losses.
    """

    kind: str
    latex: str
    slots: int = 0
    full_batch: bool = False
    uses_gradient: bool = True


_ADAM = (
    r"m \leftarrow \beta_1 m + (1-\beta_1) g,\; v \leftarrow \beta_2 v + (1-\beta_2) g^2,\;"
    r" w \leftarrow w - \eta\,\frac{\hat{m}}{\sqrt{\hat{v}} + \epsilon}"
)

_TABLE = (
    OptimizerRule("gradient_descent", r"w \leftarrow w - \eta\, g", full_batch=True),
    OptimizerRule("sgd", r"w \leftarrow w - \eta\, g_{\mathrm{batch}}"),
    OptimizerRule("momentum", r"v \leftarrow \mu v + g,\; w \leftarrow w - \eta\, v", 1),
    OptimizerRule("nesterov", r"v \leftarrow \mu v + g,\; w \leftarrow w - \eta\,(g + \mu v)", 1),
    OptimizerRule("adagrad", r"s \leftarrow s + g^2,\; w \leftarrow w - \eta\,\frac{g}{\sqrt{s} + \epsilon}", 1),
    OptimizerRule(
        "rmsprop", r"s \leftarrow \rho s + (1-\rho) g^2,\; w \leftarrow w - \eta\,\frac{g}{\sqrt{s} + \epsilon}", 1
    ),
    OptimizerRule("adam", _ADAM, 2),
    OptimizerRule("adamw", r"w \leftarrow (1 - \eta\lambda_2)\,w,\; " + _ADAM, 2),
    OptimizerRule(
        "random_search",
        r"w' = w + \eta\,\mathcal{N}(0, 1),\; w \leftarrow w' \;\mathrm{if}\; L(w') < L(w)",
        full_batch=True,
        uses_gradient=False,
    ),
)

OPTIMIZERS: dict[str, OptimizerRule] = {entry.kind: entry for entry in _TABLE}
"""By name, in menu order."""

OPTIMIZER_CODES: dict[str, int] = {kind: code for code, kind in enumerate(OPTIMIZERS)}
SCHEDULE_CODES: dict[str, int] = {"constant": 0, "step": 1, "cosine": 2}

ADAGRAD_EPSILON = 1e-10
RMSPROP_EPSILON = 1e-8
ADAM_EPSILON = 1e-8
CLIP_EPSILON = 1e-6
"""As in torch, so that the numbers agree."""


def scheduled_rate(settings: Optimizer, epoch: int) -> float:
    """The learning rate during `epoch` (0, 1, …).

    Step: multiplied by `schedule_factor` after every `schedule_epochs`. Cosine: half a cosine from the full rate
    to zero over `schedule_epochs`, then zero (Loshchilov and Hutter 2017, without restarts).
    """
    if settings.schedule == "step":
        return settings.learning_rate * settings.schedule_factor ** (epoch // settings.schedule_epochs)
    if settings.schedule == "cosine":
        walked = min(epoch / settings.schedule_epochs, 1.0)
        return settings.learning_rate * 0.5 * (1.0 + math.cos(math.pi * walked))
    return settings.learning_rate


def batch_rows(settings: Optimizer, n_rows: int) -> int:
    """How many rows one step looks at."""
    if OPTIMIZERS[settings.kind].full_batch:
        return n_rows
    return min(settings.batch_size, n_rows)
