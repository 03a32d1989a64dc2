"""The multilayer perceptron: layers of weighted sums, each followed by an activation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from engine.settings import Settings, choice

if TYPE_CHECKING:
    from engine.dense.learner import DenseLearner
    from engine.learner import TrainingData
    from engine.training_settings import Training

Activation = Literal["linear", "threshold", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu", "silu", "sine"]
ACTIVATION_LABELS = {
    "linear": "Linear",
    "threshold": "Threshold",
    "sigmoid": "Sigmoid",
    "tanh": "Tanh",
    "relu": "ReLU",
    "leaky_relu": "Leaky ReLU",
    "elu": "ELU",
    "gelu": "GELU",
    "silu": "SiLU",
    "sine": "Sine",
}


class Layer(Settings):
    """One hidden layer."""

    units: int = choice(8, "Units", "How many neurons the layer has.", ge=1, le=1024)
    activation: Activation = choice(
        "tanh",
        "Activation",
        "The function that bends each neuron's weighted sum; without one, layers collapse into a single line.",
        labels=ACTIVATION_LABELS,
    )


class MultilayerPerceptron(Settings):
    """Hidden layers of neurons, then one linear score a class, or one value."""

    kind: Literal["mlp"] = "mlp"
    layers: tuple[Layer, ...] = choice(
        (Layer(), Layer()), "Layers", "The hidden layers, from the input to the output.", max_length=8
    )
    initialization: Literal["uniform", "xavier", "he", "zero"] = choice(
        "he",
        "Initialization",
        "How the first weights are drawn; all zero leaves every neuron of a layer the same for ever.",
        labels={"uniform": "Uniform", "xavier": "Xavier", "he": "He", "zero": "Zero"},
        advanced=True,
    )
    dropout: float = choice(
        0.0,
        "Dropout",
        "The share of hidden neurons switched off at random in each training step.",
        ge=0.0,
        le=0.9,
        step=0.05,
        advanced=True,
    )
    skip: bool = choice(
        False,
        "Skip connections",
        "Adds a layer's input to its output where both have the same width.",
        advanced=True,
    )


def make(settings: MultilayerPerceptron, training: Training, data: TrainingData) -> DenseLearner:
    """The learner, with weights drawn as `settings.initialization` says."""
    # Imported here because the window reads this file's settings before anything is learned.
    from engine.dense.learner import DenseLearner

    return DenseLearner(
        tuple((layer.units, layer.activation) for layer in settings.layers),
        training,
        data,
        initialization=settings.initialization,
        dropout=settings.dropout,
        skip=settings.skip,
    )
