"""How a learner is trained: loss, optimizer, penalties, stop conditions, seed and device."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from engine.formulas import read
from engine.settings import Settings, choice

LossKind = Literal[
    "squared", "absolute", "huber", "cross_entropy", "binary_cross_entropy", "hinge", "zero_one", "custom"
]  # fmt: skip
LOSS_VARIABLES = ("y", "p")
"""What a loss of one's own is a formula of: the target and the model's output."""


class Loss(Settings):
    """What the model is punished for."""

    kind: LossKind = choice(
        "cross_entropy",
        "Loss",
        "What a wrong prediction costs; training makes its mean small.",
        labels={
            "squared": "Squared",
            "absolute": "Absolute",
            "huber": "Huber",
            "cross_entropy": "Cross-entropy (NLL)",
            "binary_cross_entropy": "Binary cross-entropy",
            "hinge": "Hinge",
            "zero_one": "Zero-one",
            "custom": "Custom formula",
        },
    )
    delta: float = choice(
        1.0,
        "δ",
        "The residual at which the Huber loss turns from squared to linear.",
        ge=0.01,
        le=100.0,
        log=True,
        only_for={"kind": ("huber",)},
    )
    formula: str = choice(
        "0.5*(y - p)**2 + abs(y - p)",
        "Formula",
        "The loss of one point: y is the target (of a class 1 or -1), p what the model says, h(x).",
        max_length=200,
        only_for={"kind": ("custom",)},
    )

    @field_validator("formula")
    @classmethod
    def _can_be_read(cls, text: str) -> str:
        if "p" not in read(text, LOSS_VARIABLES).used:
            raise ValueError("a loss must depend on p, what the model says: else nothing can be learned from it")
        return text


OptimizerKind = Literal[
    "gradient_descent", "sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw", "random_search"
]


class Optimizer(Settings):
    """How the weights are moved."""

    kind: OptimizerKind = choice(
        "adam",
        "Optimizer",
        "The rule that turns the gradient into a step of the weights.",
        labels={
            "gradient_descent": "Gradient descent",
            "sgd": "SGD",
            "momentum": "SGD with momentum",
            "nesterov": "Nesterov momentum",
            "adagrad": "Adagrad",
            "rmsprop": "RMSprop",
            "adam": "Adam",
            "adamw": "AdamW",
            "random_search": "Random search",
        },
    )
    learning_rate: float = choice(
        0.01,
        "Learning rate",
        "The length of a step: too small is slow, too large overshoots.",
        ge=1e-6,
        le=100.0,
        log=True,
    )
    batch_size: int = choice(
        10,
        "Batch size",
        "How many points each step looks at; gradient descent and random search look at all of them.",
        ge=1,
        le=1_000_000,
        log=True,
        only_for={"kind": ("sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw")},
    )
    momentum: float = choice(
        0.9, "Momentum", "The share of the last step that is kept.", ge=0.0, le=0.999, step=0.01,
        only_for={"kind": ("momentum", "nesterov")}, advanced=True,
    )  # fmt: skip
    beta1: float = choice(
        0.9, "β₁", "How slowly the running mean of the gradient forgets.", ge=0.0, le=0.9999, step=0.01,
        only_for={"kind": ("adam", "adamw")}, advanced=True,
    )  # fmt: skip
    beta2: float = choice(
        0.999, "β₂", "How slowly the running mean of the squared gradient forgets.", ge=0.0, le=0.99999,
        step=0.001, only_for={"kind": ("adam", "adamw")}, advanced=True,
    )  # fmt: skip
    decay: float = choice(
        0.99, "Decay", "How slowly the running mean of the squared gradient forgets.", ge=0.0, le=0.9999,
        step=0.01, only_for={"kind": ("rmsprop",)}, advanced=True,
    )  # fmt: skip
    schedule: Literal["constant", "step", "cosine"] = choice(
        "constant",
        "Schedule",
        "How the learning rate changes with the epochs.",
        labels={"constant": "Constant", "step": "Step", "cosine": "Cosine"},
        advanced=True,
    )
    schedule_epochs: int = choice(
        100,
        "Schedule epochs",
        "Step: the epochs between two drops. Cosine: the epochs until the rate reaches zero.",
        ge=1,
        le=10_000_000,
        log=True,
        only_for={"schedule": ("step", "cosine")},
        advanced=True,
    )
    schedule_factor: float = choice(
        0.5, "Drop factor", "What each drop multiplies the learning rate by.", ge=0.01, le=1.0, step=0.05,
        only_for={"schedule": ("step",)}, advanced=True,
    )  # fmt: skip
    clip: float = choice(
        0.0, "Clip gradient", "The largest length a gradient may have; 0 does not clip.", ge=0.0, le=1000.0,
        step=0.1, advanced=True,
    )  # fmt: skip


class Regularization(Settings):
    """A price on large weights; intercepts are free."""

    l1: float = choice(
        0.0, "L1 (λ₁)", "Adds λ₁ Σ|w|: drives weights to exactly zero.",
        ge=0.0, le=100.0, log=True, advanced=True,
    )  # fmt: skip
    l2: float = choice(
        0.0, "L2 (λ₂)", "Adds λ₂/2 Σw²: keeps weights small (decoupled in AdamW).",
        ge=0.0, le=100.0, log=True, advanced=True,
    )  # fmt: skip


class StopConditions(Settings):
    """When training ends by itself; 0 means never."""

    max_epochs: int = choice(
        0, "Epochs", "Stop after this many epochs; 0 goes on for ever.", ge=0, le=2**53, advanced=True
    )
    target_loss: float = choice(
        0.0, "Target loss", "Stop once the training loss is this small; 0 does not look.", ge=0.0, le=1e12,
        step=0.01, advanced=True,
    )  # fmt: skip
    patience: int = choice(
        0,
        "Patience",
        "Early stopping: stop after this many epochs without a better validation loss (training loss if nothing"
        " is held out for validation), and go back to the best weights; 0 does not stop early.",
        ge=0,
        le=10_000_000,
        advanced=True,
    )


class Training(Settings):
    """How the learner is trained."""

    loss: Loss = Field(default_factory=Loss)
    optimizer: Optimizer = Field(default_factory=Optimizer)
    regularization: Regularization = Field(default_factory=Regularization)
    stop: StopConditions = Field(default_factory=StopConditions)
    seed: int = choice(
        1, "Seed", "The same seed gives the same first weights and the same minibatches.", ge=0, le=2**31 - 1
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = choice(
        "auto",
        "Device",
        "Where the training is computed; automatic takes a GPU for large networks.",
        labels={"auto": "Automatic", "cpu": "CPU", "cuda": "GPU (CUDA)", "mps": "GPU (Apple)"},
        advanced=True,
    )
    path: Literal["auto", "compiled", "torch"] = choice(
        "auto",
        "Computed by",
        "Compiled loops are fastest for small networks, torch for large ones and on a GPU; the numbers agree.",
        labels={"auto": "Automatic", "compiled": "Compiled loops", "torch": "torch"},
        advanced=True,
    )
    precision: Literal["float32", "float64"] = choice(
        "float32",
        "Precision",
        "How many digits the weights carry: about 7 (float32) or 16 (float64).",
        labels={"float32": "Single (float32)", "float64": "Double (float64)"},
        advanced=True,
    )
