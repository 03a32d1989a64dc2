"""Dense networks in torch: scores, loss and gradient, and dropout factors made where the network is."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch
from torch.nn import functional

from engine.dataset import FloatArray
from engine.dense.plan import DenseSpec
from engine.formulas import read
from engine.randomness import DROPOUT, FIRST_MIX, GOLDEN_GAMMA, SECOND_MIX, stream
from engine.training_settings import LOSS_VARIABLES, LossKind

Tensor = torch.Tensor

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


def mean_loss(kind: LossKind, delta: float, scores: Tensor, targets: Tensor, formula: str = "") -> Tensor:
    """The loss of scores (n, m) against targets (n, m): summed over outputs, averaged over rows."""
    n = len(scores)
    if kind == "custom":
        value: Tensor = read(formula, LOSS_VARIABLES).in_torch({"y": targets, "p": scores})
        return value.sum() / n
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
        return (scores.argmax(dim=1) != targets.argmax(dim=1)).to(scores.dtype).sum() / n
    return ((scores > 0) != (targets > 0)).to(scores.dtype).sum() / n


def layers_of(spec: DenseSpec, parameters: Tensor) -> list[Tensor]:
    """Views of the parameters: weights (inputs, outputs) and biases (outputs,) of each layer in turn."""
    views = []
    for at, (inputs, outputs) in zip(spec.weight_offsets, pairwise(spec.widths), strict=True):
        middle = at + inputs * outputs
        views += [parameters[at:middle].view(inputs, outputs), parameters[middle : middle + outputs]]
    return views


def forward(spec: DenseSpec, layers: list[Tensor], X: Tensor, kept: list[Tensor] | None = None) -> Tensor:
    """The scores (n, m) of a network.

    Parameters
    ----------
    layers : as of `layers_of`.
    X : (n, p) features.
    kept : the dropout factors (n, units) of each hidden layer, if there are any.
    """
    values = X
    for layer, (weights, biases) in enumerate(zip(layers[::2], layers[1::2], strict=True)):
        result = TORCH_ACTIVATIONS[spec.activations[layer]](torch.addmm(biases, values, weights))
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
    formula: str = "",
) -> tuple[Tensor, Tensor]:
    """The mean loss of the rows, without penalties, and its gradient (n_parameters,)."""
    # One leaf a layer: the gradient of a part of one long leaf would be as long as the whole, and mostly zeros.
    leaves = [view.detach().requires_grad_() for view in layers_of(spec, parameters)]
    loss = mean_loss(kind, delta, forward(spec, leaves, X, kept), t, formula)
    # A threshold lets no gradient through to the layers before it; those get zeros.
    gradients = torch.autograd.grad(loss, leaves, materialize_grads=True)
    return loss.detach(), torch.cat([gradient.reshape(-1) for gradient in gradients])


# -- random numbers ----------------------------------------------------------------------------------------------------


def _signed(bits: int) -> int:
    """64 bits as the int64 that has the same: torch calculates with those, and lets them wrap around."""
    return bits - 2**64 if bits >= 2**63 else bits


_GAMMA, _FIRST, _SECOND = (_signed(int(constant)) for constant in (GOLDEN_GAMMA, FIRST_MIX, SECOND_MIX))


def dropout_keys(spec: DenseSpec, seed: int, step: int) -> list[int]:
    """The key of each hidden layer's dropout in one step, as int64."""
    return [_signed(int(stream(seed, DROPOUT, step, layer))) for layer in range(len(spec.layers))]


def _shifted(bits: Tensor, by: int) -> Tensor:
    """`bits` shifted to the right, filled with zeros."""
    return (bits >> by) & ((1 << (64 - by)) - 1)


def kept_by_key(key: Tensor, rows: int, units: int, share: float, dtype: torch.dtype) -> Tensor:
    """The dropout factors (rows, units) of `engine.randomness.kept_units`, bit by bit, made on the device of `key`.

    Parameters
    ----------
    key : () int64, as of `dropout_keys`.
    share : the probability of being dropped, in [0, 1).
    """
    counter = torch.arange(1, rows * units + 1, device=key.device)
    z = key + counter * _GAMMA
    z = (z ^ _shifted(z, 30)) * _FIRST
    z = (z ^ _shifted(z, 27)) * _SECOND
    z = z ^ _shifted(z, 31)
    # A uniform number is a multiple of 2^-53: whether it is `share` or more can be asked of whole numbers.
    on = _shifted(z, 11) >= math.ceil(share * 2.0**53)
    return (on.to(dtype) * (1.0 / (1.0 - share))).view(rows, units)


# -- what a finished model says ----------------------------------------------------------------------------------------


def scores_on(device: str, spec: DenseSpec, parameters: FloatArray, Z: FloatArray, block: int = 65_536) -> FloatArray:
    """The scores (n, m) float64 for features Z (n, p), computed on `device`, at most `block` rows at a time."""
    scores = np.empty((len(Z), spec.n_outputs))
    layers = layers_of(spec, torch.from_numpy(np.array(parameters)).to(device))
    with torch.no_grad():
        for first in range(0, len(Z), block):
            X = torch.from_numpy(np.array(Z[first : first + block], parameters.dtype, order="C")).to(device)
            scores[first : first + len(X)] = forward(spec, layers, X).cpu().numpy()
    return scores
