"""The losses: formula, targets, value, and with what each can be paired."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.dataset import FloatArray, Task
from engine.formulas import read
from engine.optimizers import OPTIMIZERS
from engine.training_settings import LOSS_VARIABLES, Loss, LossKind, OptimizerKind

FORMULAS: dict[LossKind, str] = {
    "squared": r"\ell = (h(x) - y)^2",
    "absolute": r"\ell = |h(x) - y|",
    "huber": r"\ell = \frac{1}{2} r^2 \;\mathrm{if}\; |r| < \delta,\; \mathrm{else}\; \delta(|r| - \frac{\delta}{2}),"
    r"\quad r = h(x) - y",
    "cross_entropy": r"\ell = -\ln p(y \mid x)",
    "binary_cross_entropy": r"\ell = \ln(1 + e^{-y\,h(x)}), \quad y = \pm 1",
    "hinge": r"\ell = \max(0,\; 1 - y\,h(x)), \quad y = \pm 1",
    "zero_one": r"\ell = 1 \;\mathrm{if}\; \hat{y} \neq y,\; \mathrm{else}\; 0",
    "custom": r"\ell = \ell(y,\; h(x))",
}
"""The loss of one point, as LaTeX, in menu order."""

LOSS_CODES: dict[str, int] = {kind: code for code, kind in enumerate(FORMULAS)}
"""The number by which compiled loops know each loss."""

RESIDUAL_LOSSES: tuple[LossKind, ...] = ("squared", "absolute", "huber")
"""The losses of a residual; in classification their targets are ±1."""

REGRESSION_LOSSES: tuple[LossKind, ...] = (*RESIDUAL_LOSSES, "custom")
"""The losses that a regression can have."""

LOGIT_LOSSES: tuple[LossKind, ...] = ("cross_entropy", "binary_cross_entropy")
"""The losses whose scores stand for probabilities: by softmax of one a class, by σ of a single one."""


class LossMismatch(ValueError):  # noqa: N818 - named after what a person did, not after a fault
    """A loss that cannot go with this task, number of classes or optimizer; the sentence says what can."""


def check_pairing(kind: LossKind, task: Task, n_classes: int, optimizer: OptimizerKind | None = None) -> None:
    """Raise `LossMismatch` if the loss has no meaning, or no gradient, where it is to be used."""
    if task == "regression" and kind not in REGRESSION_LOSSES:
        raise LossMismatch(
            f"The loss {_spoken(kind)} compares classes, but this is a regression: choose squared, absolute or Huber."
        )
    if kind == "binary_cross_entropy" and n_classes > 2:
        raise LossMismatch(
            f"Binary cross-entropy tells two classes apart, but there are {n_classes}: choose cross-entropy."
        )
    if kind == "zero_one" and optimizer is not None and OPTIMIZERS[optimizer].uses_gradient:
        raise LossMismatch(
            "The zero-one loss is flat almost everywhere, so it has no gradient to follow:"
            " choose random search, or a loss with a slope."
        )


def _spoken(kind: str) -> str:
    return kind.replace("_", "-")


def output_count(kind: LossKind, task: Task, n_classes: int) -> int:
    """How many outputs a model needs: one for a regression or a margin between two classes, else one a class."""
    if task == "regression" or (n_classes <= 2 and kind != "cross_entropy"):
        return 1
    return n_classes


def targets_of(kind: LossKind, y: NDArray[Any], task: Task, n_classes: int, dtype: Any = np.float64) -> FloatArray:
    """The targets (n, m) that the outputs are compared with.

    Regression: y itself, of one column or several. Cross-entropy: 1 for the class, else 0. Any other loss: +1 for the
    class, else -1; two classes share one output, whose target is +1 for the second class.
    """
    if task == "regression":
        values = np.array(y, dtype)
        return values[:, None] if values.ndim == 1 else values
    labels = np.asarray(y).astype(np.int64)
    if output_count(kind, task, n_classes) == 1:
        return np.where(labels == 1, 1.0, -1.0).astype(dtype).reshape(-1, 1)
    one_hot = labels[:, None] == np.arange(n_classes)
    return np.where(one_hot, 1.0, 0.0 if kind == "cross_entropy" else -1.0).astype(dtype)


def latex_of(loss: Loss) -> str:
    """The loss of one point as LaTeX."""
    if loss.kind != "custom":
        return FORMULAS[loss.kind]
    return r"\ell = " + read(loss.formula, LOSS_VARIABLES).latex({"p": "h(x)"})


def row_losses(kind: LossKind, delta: float, scores: FloatArray, targets: FloatArray, formula: str = "") -> FloatArray:
    """The loss of each row (n,) float64: summed over the outputs, without penalties.

    Parameters
    ----------
    delta : the Huber loss's δ.
    scores, targets : (n, m), as of `targets_of`.
    formula : of a loss of one's own.
    """
    z, t = np.asarray(scores, np.float64), np.asarray(targets, np.float64)
    if kind == "cross_entropy":
        top = z.max(axis=1, keepdims=True)
        return np.asarray(np.log(np.exp(z - top).sum(axis=1)) + top[:, 0] - (z * t).sum(axis=1))
    if kind == "zero_one" and z.shape[1] > 1:
        return np.where(z.argmax(axis=1) != t.argmax(axis=1), 1.0, 0.0)
    return np.asarray(_elementwise(kind, delta, z, t, formula).sum(axis=1))


def _elementwise(kind: LossKind, delta: float, z: NDArray[Any], t: NDArray[Any], formula: str) -> NDArray[Any]:
    if kind == "custom":
        return np.asarray(read(formula, LOSS_VARIABLES).on_arrays({"y": t, "p": z}) + np.zeros_like(z))
    residual, margin = z - t, z * t
    if kind == "squared":
        return np.asarray(residual**2)
    if kind == "absolute":
        return np.asarray(np.abs(residual))
    if kind == "huber":
        size = np.abs(residual)
        return np.asarray(np.where(size < delta, 0.5 * size**2, delta * (size - 0.5 * delta)))
    if kind == "hinge":
        return np.asarray(np.maximum(0.0, 1.0 - margin))
    if kind == "zero_one":
        # A score of 0 is answered by the first class, as in the predicted labels.
        return np.where((z > 0) != (t > 0), 1.0, 0.0)
    return np.asarray(np.logaddexp(0.0, -margin))


def probabilities_of(kind: LossKind, scores: FloatArray) -> FloatArray | None:
    """The class probabilities (n, k) that the scores stand for, or None where the loss gives them no such meaning."""
    z = np.asarray(scores, np.float64)
    if kind == "cross_entropy":
        # Class by class in contiguous rows: 2.5 times faster than along short rows (a field has 65,536 of them).
        by_class = np.ascontiguousarray(z.T)
        shares = np.exp(by_class - by_class.max(axis=0))
        return np.asarray((shares / shares.sum(axis=0)).T)
    if kind == "binary_cross_entropy":
        small = np.exp(-np.abs(z[:, 0]))
        larger, smaller = 1.0 / (1.0 + small), small / (1.0 + small)
        second = np.where(z[:, 0] >= 0, larger, smaller)
        first = np.where(z[:, 0] >= 0, smaller, larger)
        return np.stack([first, second], axis=1)
    return None


ENDLESS_LOSS = (
    "This loss falls without end as p grows or falls: no model is the best, and the weights will run away. Let it rise"
    " where p is far from y."
)


@lru_cache(maxsize=16)
def falls_without_end(formula: str) -> bool:
    """Whether a loss of one's own has no least value: then no model is the best, and training runs away.

    Looked for where what the model says is large, for targets of -1, 0 and 1.

    Examples
    --------
    >>> [falls_without_end(formula) for formula in ("p", "y*p", "-log(abs(p))", "(y-p)**2", "sin(p)", "exp(-y*p)")]
    [True, True, True, False, False, False]
    """
    loss = read(formula, LOSS_VARIABLES)
    usual, far = np.linspace(-1e3, 1e3, 2001), np.array([1e3, 1e6, 1e9])
    for y in (-1.0, 0.0, 1.0):
        near = np.asarray(loss.on_arrays({"y": y, "p": usual}), np.float64)
        floor = near[np.isfinite(near)].min(initial=np.inf)
        for side in (-far, far):
            values = np.asarray(loss.on_arrays({"y": y, "p": side}), np.float64)
            if np.isneginf(values).any():
                return True
            if not np.isfinite(values).all():
                continue
            first, second = (values[:-1] - values[1:]).tolist()
            # A loss that has a floor falls less and less.
            if values[-1] < floor - 1.0 and second >= 0.5 * first > 0:
                return True
    return False


class LossCurve(NamedTuple):
    """Points of a loss to plot: `x` (n,), `y` (n,), and what `x` is."""

    x: FloatArray
    y: FloatArray
    x_label: str


def loss_curve(
    kind: LossKind, delta: float = 1.0, task: Task = "classification", n_points: int = 201, formula: str = ""
) -> LossCurve:
    """The loss of one point against its residual h(x) - y (regression) or its margin (classification).

    A formula of one's own need not be one of either: it is drawn against h(x) for the target 0 or 1.

    The margin is y h(x) with y = ±1. For cross-entropy it is the lead of the right class's score over the other of
    two. The squared, absolute and Huber losses of a class depend on the margin alone, as |h(x) - y| = |1 - y h(x)|.
    """
    check_pairing(kind, task, 2)
    x = np.linspace(-3.0, 3.0, n_points)
    if task == "regression":
        label = "h(x), for y = 0" if kind == "custom" else "residual h(x) − y"
        return LossCurve(x, _elementwise(kind, delta, x, np.zeros_like(x), formula), label)
    if kind == "cross_entropy":
        return LossCurve(x, np.logaddexp(0.0, -x), "margin of the right class's score")
    label = "h(x), for y = 1" if kind == "custom" else "margin y h(x)"
    return LossCurve(x, _elementwise(kind, delta, x, np.ones_like(x), formula), label)
