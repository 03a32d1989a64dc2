"""The autoencoder: a network that is to give back what it was given, through a layer that is too narrow for it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from engine.dataset import FloatArray
from engine.dense.plan import DenseSpec
from engine.learner import Outcome, Path, TrainingData
from engine.overlays import Frame, Line, Overlay, Segments
from engine.projecting import ProjectionLearner, ProjectionState
from engine.settings import Settings, choice

if TYPE_CHECKING:
    from engine.dense.state import DenseState
    from engine.training_settings import Training

_BETTER = 1e-3
"""An error that is less by so large a share is better."""
_MOST_SEGMENTS = 2_000
_PIECES = 240
"""Of the curve that the decoder draws."""
_BEYOND = 0.05
"""How far it is drawn beyond the first and the last point, as a share of what lies between them."""


class Autoencoder(Settings):
    """An encoder that makes a few numbers of the features, and a decoder that is to make the features of these."""

    kind: Literal["autoencoder"] = "autoencoder"
    shape: Literal["linear", "nonlinear"] = choice(
        "nonlinear",
        "Network",
        "Linear, it finds the plane of the principal components, though not their axes; with hidden layers on both"
        " sides of the bottleneck what it finds can bend.",
        labels={"linear": "Linear", "nonlinear": "Nonlinear"},
    )
    components: int = choice(1, "Components", "How many numbers pass the bottleneck.", ge=1, le=64)
    units: int = choice(
        16, "Units", "How many neurons each hidden layer has.", ge=1, le=512, log=True,
        only_for={"shape": ("nonlinear",)},
    )  # fmt: skip
    depth: int = choice(
        2, "Hidden layers", "How many there are before the bottleneck, and as many after it.", ge=1, le=4,
        only_for={"shape": ("nonlinear",)},
    )  # fmt: skip
    activation: Literal["tanh", "relu"] = choice(
        "tanh", "Activation", "What bends each neuron's weighted sum: smoothly, or with a kink.",
        labels={"tanh": "Tanh", "relu": "ReLU"}, only_for={"shape": ("nonlinear",)},
    )  # fmt: skip
    optimizer: Literal["adam", "gradient_descent"] = choice(
        "adam", "Optimizer", "Adam on minibatches, or plain gradient descent on all points at once.",
        labels={"adam": "Adam", "gradient_descent": "Gradient descent"},
    )  # fmt: skip
    learning_rate: float = choice(
        0.005, "Learning rate", "The length of a step: too small is slow, too large overshoots.", ge=1e-6, le=100.0,
        log=True,
    )  # fmt: skip
    batch_size: int = choice(
        32, "Batch size", "How many points each step of the weights looks at; all of them if there are no more.",
        ge=1, le=1_000_000, log=True, only_for={"optimizer": ("adam",)},
    )  # fmt: skip
    patience: int = choice(
        300, "Patience",
        "It ends after so many epochs in which the error did not fall by a thousandth, with the best weights back; 0"
        " goes on for ever.",
        ge=0, le=1_000_000, advanced=True,
    )  # fmt: skip


def make(settings: Autoencoder, training: Training, data: TrainingData) -> AutoencoderLearner:
    """The learner, whose step is an epoch."""
    return AutoencoderLearner(settings, training, data)


@dataclass(frozen=True, eq=False, kw_only=True)
class AutoencoderState(ProjectionState):
    """The network as it is, and as it was best.

    Parameters
    ----------
    network : encoder and decoder in one.
    middle : (r,) the mean score of the points.
    best, best_error : the network of the least error so far, and this error.
    marked_error, marked_epoch : the last error that was less than the one before it by much, and when that was.
    """

    network: DenseState
    middle: FloatArray
    best: DenseState
    best_error: float = math.inf
    marked_error: float = math.inf
    marked_epoch: int = 0

    def __post_init__(self) -> None:
        self.middle.setflags(write=False)


class AutoencoderLearner(ProjectionLearner[AutoencoderState]):
    """A dense network whose targets are its inputs; its layers and its steps are those of `engine.dense`.

    The objective is the mean squared distance of the points to what the decoder makes of their codes. At its least the
    linear one spans the principal components, by whatever axes: only the plane is settled. The first weights are
    Glorot's, each code with that sign by which it grows with the feature that it depends on most.

    References
    ----------
    Baldi and Hornik (1989). Neural networks and principal component analysis: learning from examples without local
    minima. Neural Networks 2.
    Hinton and Salakhutdinov (2006). Reducing the dimensionality of data with neural networks. Science 313.
    Kramer (1991). Nonlinear principal component analysis using autoassociative neural networks. AIChE Journal 37.
    """

    def __init__(self, settings: Autoencoder, training: Training, data: TrainingData) -> None:
        from engine.dense.learner import DenseLearner

        super().__init__(training, data)
        self.settings = settings
        p, r = self.n_features, settings.components
        hidden: tuple[tuple[int, str], ...] = ()
        if settings.shape == "nonlinear":
            hidden = ((settings.units, settings.activation),) * settings.depth
        self.encoder, self.decoder = DenseSpec(p, hidden, r), DenseSpec(r, hidden[::-1], p)
        self._pairs = TrainingData(data.Z, data.Z, "regression")
        self._dense = DenseLearner(
            (*hidden, (r, "linear"), *hidden[::-1]), self._trained_by(training), self._pairs, initialization="xavier"
        )
        self._variance: tuple[FloatArray, float] | None = None

    def _trained_by(self, training: Training) -> Training:
        """`training` by the optimizer of these settings, for the squared loss."""
        from engine.training_settings import Loss, Optimizer, Regularization

        chosen = self.settings
        optimizer = Optimizer(
            kind=chosen.optimizer, learning_rate=chosen.learning_rate, batch_size=chosen.batch_size
        )  # fmt: skip
        groups = {"loss": Loss(kind="squared"), "optimizer": optimizer, "regularization": Regularization()}
        return training.model_copy(update=groups)

    def init(self, data: TrainingData) -> AutoencoderState:
        """The first weights, and what they leave over."""
        network = self._dense.init(self._pairs)
        if len(data.Z):
            network = replace(network, parameters=self._oriented(network.parameters, data.Z))
        state = AutoencoderState(network=network, middle=np.zeros(self.encoder.n_outputs), best=network)
        return self._measured(state, data) if len(data.Z) else state

    def _oriented(self, parameters: FloatArray, Z: FloatArray) -> FloatArray:
        """The same network, each code with that sign by which it grows with the feature it varies with most."""
        codes = self._encoded(parameters, Z)
        together = (codes - codes.mean(axis=0)).T @ (Z - Z.mean(axis=0))
        signs = np.where(together[np.arange(len(together)), np.abs(together).argmax(axis=1)] < 0, -1.0, 1.0)
        turned = parameters.copy()
        out, into = self.encoder.split(turned[: self.encoder.n_parameters])[-1], self._decoding(turned)[0]
        for weights in (*out, into[0].T):
            weights *= signs.astype(turned.dtype)
        turned.setflags(write=False)
        return turned

    def _decoding(self, parameters: FloatArray) -> list[tuple[FloatArray, FloatArray]]:
        """The layers of the decoder: weights and biases, as views of all parameters."""
        return self.decoder.split(parameters[self.encoder.n_parameters :])

    # -- the steps

    @property
    def uses_loops(self) -> bool:
        return self._dense.uses_loops

    def next(self, state: AutoencoderState, data: TrainingData) -> AutoencoderState:
        """One epoch, and what is left over after it."""
        if self._pairs.Z is not data.Z:
            self._pairs = TrainingData(data.Z, data.Z, "regression")
        dense = self._dense
        dense.standing_in = self.standing_in
        network = dense.advance(state.network, self._pairs, dense.steps_left(state.network, self._pairs))
        self.device_note = dense.device_note
        state = replace(state, network=network)
        if network.status == "diverged":
            return replace(state, ended=True)
        state = self._measured(state, data)
        epoch, patience = state.step + 1, self.settings.patience
        if state.objective < (1 - _BETTER) * state.marked_error:
            state = replace(state, marked_error=state.objective, marked_epoch=epoch)
        if state.objective < state.best_error:
            state = replace(state, best=network, best_error=state.objective)
        if network.status != "converged" and not (patience and epoch - state.marked_epoch >= patience):
            return state
        return replace(self._measured(replace(state, network=state.best), data), ended=True)

    def _measured(self, state: AutoencoderState, data: TrainingData) -> AutoencoderState:
        """`state` with what its network leaves over of the points."""
        codes = self._encoded(state.network.parameters, data.Z)
        with np.errstate(over="ignore", invalid="ignore"):
            back = self._decoded(state.network.parameters, codes)
            error = float(((np.asarray(data.Z, np.float64) - back) ** 2).sum(axis=1).mean())
        return replace(state, middle=codes.mean(axis=0), objective=error)

    def again(self, state: AutoencoderState, data: TrainingData) -> AutoencoderState:
        """Go on with the weights that there are."""
        return replace(state, ended=False, best_error=math.inf, marked_error=math.inf, marked_epoch=state.step)

    def outcome(self, state: AutoencoderState) -> Outcome:
        if state.network.status != "diverged":
            return super().outcome(state)
        return Outcome(
            "diverged",
            f"Diverged in epoch {state.step:,}: the error is no longer finite. Lower the learning rate (now"
            f" {self.settings.learning_rate:g}).",
        )

    def ending(self, state: AutoencoderState) -> str:
        """Why it ended."""
        if state.network.status == "converged":
            return "The gradient is zero: no further step would change the weights."
        return (
            f"No less error for {self.settings.patience:,} epochs, so it ended after {state.step:,}; the best weights"
            " are back."
        )

    # -- what it says

    def _encoded(self, parameters: FloatArray, Z: FloatArray) -> FloatArray:
        from engine.dense.learner import forward_rows

        return forward_rows(self.encoder, parameters[: self.encoder.n_parameters], Z)

    def _decoded(self, parameters: FloatArray, codes: FloatArray) -> FloatArray:
        from engine.dense.learner import forward_rows

        return forward_rows(self.decoder, parameters[self.encoder.n_parameters :], codes)

    def scores(self, state: AutoencoderState, Z: FloatArray) -> FloatArray:
        """The codes (n, r): what passes the bottleneck."""
        return self._encoded(state.network.parameters, Z)

    def reconstructed(self, state: AutoencoderState, Z: FloatArray, components: int) -> FloatArray:
        """What the decoder makes of the first `components` codes, the others at their mean (n, p)."""
        codes = self.scores(state, Z)
        codes[:, components:] = state.middle[components:]
        return self._decoded(state.network.parameters, codes)

    def loadings(self, state: AutoencoderState) -> FloatArray | None:
        """The weights of the encoder (r, p), if it is linear."""
        if self.settings.shape != "linear":
            return None
        ((weights, _),) = self.encoder.split(state.network.parameters[: self.encoder.n_parameters])
        return np.asarray(weights.T, np.float64)

    def quality(self, state: AutoencoderState, data: TrainingData) -> float:
        """The share of the variance that the codes account for; below 0 where the mean alone would do better."""
        if self._variance is None or self._variance[0] is not data.Z:
            self._variance = data.Z, float(np.var(data.Z, axis=0, dtype=np.float64).sum())
        total = self._variance[1]
        return 1.0 - state.objective / total if total > 0 else math.nan

    def metrics(self, state: AutoencoderState, data: TrainingData) -> dict[str, float]:
        """What the codes account for and what they leave over."""
        return {"explained": self.quality(state, data), "reconstruction": state.objective}

    def path(self, state: AutoencoderState) -> Path:
        return "torch" if self.standing_in else self._dense.path(state.network)

    def device(self, state: AutoencoderState) -> str:
        return self._dense.device(state.network)

    def overlays(self, state: AutoencoderState, data: TrainingData, frame: Frame) -> tuple[Overlay, ...]:
        """What the decoder makes of one code that grows; of two inputs a line from each point to what it becomes."""
        if frame.places is None or len(data.Z) != len(frame.points):
            return ()
        codes = self.scores(state, data.Z)
        drawn: list[Overlay] = []
        if codes.shape[1] == 1:
            low, high = float(codes.min()), float(codes.max())
            beyond = _BEYOND * (high - low)
            along = np.linspace(low - beyond, high + beyond, _PIECES)[:, None]
            curve = frame.places(self._decoded(state.network.parameters, along))
            drawn.append(Line(np.asarray(curve, np.float64), "curve"))
        if frame.inputs is not None and self.n_features == 2 and len(data.Z) <= _MOST_SEGMENTS:
            back = frame.inputs(self._decoded(state.network.parameters, codes))
            drawn.append(Segments(np.hstack([np.asarray(frame.points, np.float64), np.asarray(back, np.float64)])))
        return tuple(drawn)
