"""What a dense network is made of, in the form that compiled loops take: codes, widths and offsets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.activations import ACTIVATION_CODES
from engine.dataset import FloatArray
from engine.losses import LOSS_CODES
from engine.optimizers import OPTIMIZER_CODES, OPTIMIZERS, SCHEDULE_CODES
from engine.training_settings import Training


@dataclass(frozen=True)
class DenseSpec:
    """The shape of a dense network; without hidden layers it is a linear model.

    All parameters lie in one vector: layer by layer the weights (inputs, outputs) row by row, then the biases.

    Parameters
    ----------
    n_features : inputs.
    layers : (units, activation) of each hidden layer.
    n_outputs : outputs, which are linear.
    dropout : the probability of a hidden unit being switched off in a training step, in [0, 1).
    skip : whether a hidden layer's input is added to its output where both have the same width.
    """

    n_features: int
    layers: tuple[tuple[int, str], ...]
    n_outputs: int
    dropout: float = 0.0
    skip: bool = False

    @property
    def widths(self) -> tuple[int, ...]:
        """The number of values before the first layer and after each."""
        return (self.n_features, *(units for units, _ in self.layers), self.n_outputs)

    @property
    def activations(self) -> tuple[str, ...]:
        return (*(activation for _, activation in self.layers), "linear")

    @property
    def weight_offsets(self) -> tuple[int, ...]:
        """Where each layer's weights begin in the vector of parameters."""
        offsets = [0]
        for inputs, outputs in zip(self.widths, self.widths[1:], strict=False):
            offsets.append(offsets[-1] + (inputs + 1) * outputs)
        return tuple(offsets[:-1])

    @property
    def n_parameters(self) -> int:
        return sum((inputs + 1) * outputs for inputs, outputs in zip(self.widths, self.widths[1:], strict=False))

    def has_skip(self, layer: int) -> bool:
        """Whether layer `layer` (0, 1, …) adds its input to its output."""
        return self.skip and layer < len(self.layers) and self.widths[layer] == self.widths[layer + 1]

    def split(self, parameters: NDArray[Any]) -> list[tuple[NDArray[Any], NDArray[Any]]]:
        """Views of `parameters`: each layer's weights (inputs, outputs) and biases (outputs,)."""
        parts = []
        widths = self.widths
        for layer, start in enumerate(self.weight_offsets):
            inputs, outputs = widths[layer], widths[layer + 1]
            middle = start + inputs * outputs
            parts.append((parameters[start:middle].reshape(inputs, outputs), parameters[middle : middle + outputs]))
        return parts

    def is_weight(self, dtype: Any) -> FloatArray:
        """1 for each weight and 0 for each bias, (n_parameters,): biases are never penalised."""
        mask = np.zeros(self.n_parameters, dtype)
        for weights, _ in self.split(mask):
            weights[:] = 1
        return mask


def initial_parameters(spec: DenseSpec, initialization: str, seed: int, dtype: Any) -> FloatArray:
    """The first parameters (n_parameters,), drawn in float64 and then rounded to `dtype`.

    uniform: weights and biases from U(-0.5, 0.5). xavier: weights from U(-a, a), a² = 6 / (inputs + outputs)
    (Glorot and Bengio 2010). he: weights from N(0, 2 / inputs) (He et al. 2015). zero: all zero. Biases start at
    zero but for uniform.
    """
    random = np.random.Generator(np.random.PCG64(seed))
    parameters = np.zeros(spec.n_parameters)
    for weights, biases in spec.split(parameters):
        inputs, outputs = weights.shape
        if initialization == "uniform":
            weights[:] = random.uniform(-0.5, 0.5, weights.shape)
            biases[:] = random.uniform(-0.5, 0.5, biases.shape)
        elif initialization == "xavier":
            bound = np.sqrt(6.0 / (inputs + outputs))
            weights[:] = random.uniform(-bound, bound, weights.shape)
        elif initialization == "he":
            weights[:] = random.normal(0.0, np.sqrt(2.0 / max(inputs, 1)), weights.shape)
    return parameters.astype(dtype)


class Network(NamedTuple):
    """A `DenseSpec` for compiled loops. Values of a tile of rows lie unit by unit, `lanes` rows side by side."""

    widths: NDArray[np.int64]
    activations: NDArray[np.int64]
    weights_at: NDArray[np.int64]
    outputs_at: NDArray[np.int64]  # the first unit of each layer among all layers' outputs
    skips: NDArray[np.int64]
    n_outputs_all: int
    dropout: float


class Target(NamedTuple):
    """What is made small: loss code, Huber's δ, L1 and L2."""

    loss: int
    delta: float
    l1: float
    l2: float


class Rule(NamedTuple):
    """How the parameters move; see `engine.experiment.Optimizer`."""

    optimizer: int
    full_batch: bool
    batch_size: int
    rate: float
    momentum: float
    beta1: float
    beta2: float
    decay: float
    clip: float
    schedule: int
    schedule_epochs: int
    schedule_factor: float
    seed: int


# What a state counts, by position in one array.
STEP, EPOCH, POSITION, SLOT_STEPS, STATUS = range(5)
STATUS_RUNNING, STATUS_CONVERGED, STATUS_DIVERGED = range(3)


def network_of(spec: DenseSpec) -> Network:
    """`spec` for compiled loops."""
    outputs = spec.widths[1:]
    starts = np.concatenate([[0], np.cumsum(outputs)[:-1]])
    return Network(
        np.array(spec.widths, np.int64),
        np.array([ACTIVATION_CODES[name] for name in spec.activations], np.int64),
        np.array(spec.weight_offsets, np.int64),
        starts.astype(np.int64),
        np.array([spec.has_skip(layer) for layer in range(len(outputs))], np.int64),
        int(sum(outputs)),
        float(spec.dropout),
    )


def target_of(training: Training) -> Target:
    """The loss and the penalties of `training` for compiled loops."""
    price = training.regularization
    return Target(LOSS_CODES[training.loss.kind], float(training.loss.delta), float(price.l1), float(price.l2))


def rule_of(training: Training) -> Rule:
    """The optimizer of `training` for compiled loops."""
    chosen = training.optimizer
    return Rule(
        OPTIMIZER_CODES[chosen.kind],
        OPTIMIZERS[chosen.kind].full_batch,
        int(chosen.batch_size),
        float(chosen.learning_rate),
        float(chosen.momentum),
        float(chosen.beta1),
        float(chosen.beta2),
        float(chosen.decay),
        float(chosen.clip),
        SCHEDULE_CODES[chosen.schedule],
        int(chosen.schedule_epochs),
        float(chosen.schedule_factor),
        int(training.seed),
    )
