"""Dense models as learners: linear models and multilayer perceptrons, one state, two ways to advance it."""

from __future__ import annotations

import weakref
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine import examination
from engine.activations import ACTIVATIONS
from engine.dataset import FloatArray, Task
from engine.dense.plan import DenseSpec, initial_parameters, network_of, rule_of, target_of
from engine.dense.state import DenseState, counts_of, sealed, state_after
from engine.examination import Examined
from engine.learner import RUNNING, GridScores, Outcome, Path, Prediction, TrainingData
from engine.losses import LOGIT_LOSSES, check_pairing, output_count, probabilities_of, row_losses, targets_of
from engine.optimizers import OPTIMIZERS, batch_rows
from engine.overlays import Frame, Overlay, Reasons
from engine.training_settings import Training

if TYPE_CHECKING:
    from engine.dense.torch_trainer import TorchTrainer

TORCH_WORK = 4_000_000
"""Parameters times rows in a step from which torch overtakes the compiled loops on a CPU.

Measured on two cores, two hidden layers of 64 to 512 units, batches of 10 to 1024, Adam: the two meet at 2 to 5
million for most shapes (0.6 for very wide layers and few rows), and up to 9 million neither is twice as fast as the
other. Of these the upper end, because a window that draws slows torch down, not the compiled loops.
"""

GPU_WORK = 20_000_000
"""Parameters times rows in a step from which a GPU is worth its transfers and launches."""

MATRIX_PARAMETERS = 20_000
"""Parameters from which predictions are computed by matrix products rather than by compiled loops."""

_BLOCK_ROWS = 4096


class DenseLearner:
    """A dense network, trained step by step; implements `engine.learner.Learner`.

    Parameters
    ----------
    layers : (units, activation) of each hidden layer; none for a linear model.
    training : loss, optimizer, seed, device and the rest.
    data : what it will learn from. The number of features, the task and the classes are taken from it, and by the
        number of its rows it is decided, once, whether steps run compiled or in torch. Targets of a regression may be
        (n, m), for as many outputs.
    initialization : "uniform", "xavier", "he" or "zero"; see `initial_parameters`.
    dropout, skip : as in `DenseSpec`.

    Raises
    ------
    LossMismatch : if the loss cannot go with the task, the number of classes or the optimizer.
    """

    refits = False
    margin_levels: tuple[float, ...] = ()

    def __init__(
        self,
        layers: tuple[tuple[int, str], ...],
        training: Training,
        data: TrainingData,
        *,
        initialization: str = "zero",
        dropout: float = 0.0,
        skip: bool = False,
    ) -> None:
        check_pairing(training.loss.kind, data.task, data.n_classes, training.optimizer.kind)
        self.training = training
        self.task: Task = data.task
        self.n_classes = data.n_classes
        self.initialization = initialization
        outputs = output_count(training.loss.kind, data.task, data.n_classes) if data.y.ndim == 1 else data.y.shape[1]
        self.spec = DenseSpec(int(data.Z.shape[1]), layers, outputs, dropout, skip)
        self.dtype = np.dtype(training.precision)
        self.device_note = ""
        """A sentence when the wanted device could not be had, else empty."""
        self.standing_in = False
        """While set, torch takes the steps that compiled loops would take, and numpy predicts."""
        self._network = network_of(self.spec)
        self._target = target_of(training)
        self._rule = rule_of(training)
        self._is_weight = self.spec.is_weight(self.dtype)
        self._path, self._device = self._chosen(len(data.Z))
        self._torch: TorchTrainer | None = None
        self._prepared: weakref.WeakKeyDictionary[TrainingData | Examined, tuple[FloatArray, FloatArray]]
        self._prepared = weakref.WeakKeyDictionary()

    def _chosen(self, n_rows: int) -> tuple[Path, str]:
        """Which way and where to compute; a sentence in `device_note` if not as wished."""
        wanted = self.training.device
        work = self.spec.n_parameters * batch_rows(self.training.optimizer, n_rows)
        own_loss = self.training.loss.kind == "custom"
        if own_loss and self.training.path == "compiled":
            self.device_note = "A loss of your own is differentiated by torch, so torch computes the steps."
        if self.training.path == "compiled" and not own_loss:
            if wanted in ("cuda", "mps"):
                self.device_note = "Compiled loops run on the CPU only, so the CPU is used."
            return "compiled", "cpu"
        if wanted in ("cuda", "mps") or (wanted == "auto" and work >= GPU_WORK):
            device = self._found_device("cuda" if wanted == "auto" else wanted)
            if device is not None:
                return "torch", device
        if own_loss or self.training.path == "torch" or work >= TORCH_WORK:
            return "torch", "cpu"
        return "compiled", "cpu"

    def _found_device(self, wanted: str) -> str | None:
        from engine.dense.torch_trainer import available_device

        if wanted == "mps" and self.training.precision == "float64":
            self.device_note = "The Apple GPU cannot compute in double precision, so the CPU is used."
            return None
        device = available_device(wanted)
        if device is None and self.training.device == wanted:
            name = {"cuda": "CUDA", "mps": "Apple"}[wanted]
            self.device_note = f"No {name} GPU was found, so the CPU is used."
        return device

    # -- the state and its steps

    def again(self, state: DenseState, data: TrainingData) -> DenseState:
        """The first state."""
        return self.init(data)

    def init(self, data: TrainingData) -> DenseState:
        """The state before the first step."""
        self._check_features(data.Z)
        parameters = sealed(initial_parameters(self.spec, self.initialization, self.training.seed, self.dtype))
        return self._with_fresh_slots(DenseState(parameters, parameters, parameters, self.training.optimizer.kind))

    def _with_fresh_slots(self, state: DenseState) -> DenseState:
        kind = self.training.optimizer.kind
        slots = np.zeros((OPTIMIZERS[kind].slots, self.spec.n_parameters), self.dtype)
        return replace(state, slots=sealed(slots), slots_of=kind, slot_steps=0)

    def steps_per_epoch(self, data: TrainingData) -> int:
        """How many minibatches see every training row once."""
        rows = batch_rows(self.training.optimizer, len(data.Z))
        return max(1, -(-len(data.Z) // max(1, rows)))

    def advance(self, state: DenseState, data: TrainingData, steps: int) -> DenseState:
        """The state `steps` steps later, or earlier if it converges or diverges before.

        Without training rows, and once diverged, the state stays as it is. An optimizer other than the state's begins
        with empty slots.
        """
        if self._rests(state, data, steps):
            return state
        state, counts = self._begun(state)
        X, t = self._rows_of(data)
        if self.path(state) == "compiled":
            from engine.dense import kernels

            arrays = self._writable(state)
            kernels.train(self._network, self._target, self._rule, *arrays, self._is_weight, counts, X, t, steps)
        else:
            arrays = self._advanced_torch(state, counts, X, t, steps)
        return state_after(state, counts, arrays)

    def trace(
        self, state: DenseState, data: TrainingData, steps: int, due: NDArray[np.int64], examined: Examined
    ) -> tuple[DenseState, FloatArray]:
        """As `advance`, and what `examine` finds at the end of each epoch in `due`; see `Learner.trace`."""
        if self.path(state) != "compiled" or self._rests(state, data, steps):
            return examination.trace(self, state, data, steps, due, examined)
        from engine.dense import kernels

        state, counts = self._begun(state)
        arrays, records = self._writable(state), np.empty((len(due), 1 + 2 * examination.PARTS))
        made: int = kernels.train_and_examine(
            self._network, self._target, self._rule, *arrays, self._is_weight, counts, *self._rows_of(data), steps,
            due, *self._rows_of(examined), examined.order, examined.starts, self.task == "classification", records,
        )  # fmt: skip
        return state_after(state, counts, arrays), records[:made]

    def examine(self, state: DenseState, data: TrainingData, examined: Examined) -> FloatArray:
        """The mean losses of the parts, then their scores (6,); see `engine.examination.examine`."""
        if self.path(state) != "compiled":
            return examination.examine(self, state, data, examined)
        from engine.dense.examination import examine

        found = np.empty(2 * examination.PARTS)
        examine(
            self._network, self._target, state.parameters.copy(), *self._rows_of(examined),
            examined.order, examined.starts, self.task == "classification", found,
        )  # fmt: skip
        return found

    @staticmethod
    def _rests(state: DenseState, data: TrainingData, steps: int) -> bool:
        return steps <= 0 or state.status == "diverged" or len(data.Z) == 0

    def _begun(self, state: DenseState) -> tuple[DenseState, NDArray[np.int64]]:
        """The state with slots of this optimizer, and what it counts, to be counted on."""
        if len(state.parameters) != self.spec.n_parameters:
            raise ValueError(
                f"the state has {len(state.parameters)} parameters, this network {self.spec.n_parameters}: init anew"
            )
        if state.slots_of != self.training.optimizer.kind:
            state = self._with_fresh_slots(state)
        return state, counts_of(state)

    def _writable(self, state: DenseState) -> tuple[FloatArray, FloatArray, FloatArray]:
        parameters, previous, slots = (
            np.array(array, self.dtype) for array in (state.parameters, state.previous, state.slots)
        )
        return parameters, previous, slots

    def _advanced_torch(
        self, state: DenseState, counts: NDArray[np.int64], X: FloatArray, t: FloatArray, steps: int
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        from engine.dense.torch_trainer import OutOfDeviceMemory, TorchTrainer

        dtype = self.dtype
        arrays = (
            np.asarray(state.parameters, dtype), np.asarray(state.previous, dtype), np.asarray(state.slots, dtype)
        )  # fmt: skip
        if self._torch is None:
            self._torch = TorchTrainer(self.spec, self.training, self._device)
        begun = counts.copy()
        try:
            return self._torch.train(*arrays, counts, X, t, steps)
        except OutOfDeviceMemory:
            if self._device == "cpu":
                raise
            self.device_note = f"The memory of {self._device} is too small for this network, so the CPU is used."
            self._device = "cpu"
            self._torch = TorchTrainer(self.spec, self.training, self._device)
            counts[:] = begun
            return self._torch.train(*arrays, counts, X, t, steps)

    def _rows_of(self, data: TrainingData | Examined) -> tuple[FloatArray, FloatArray]:
        """Features and targets in this learner's precision, kept as long as the data are."""
        if data not in self._prepared:
            self._check_features(data.Z)
            # Writable: compiled loops have one form for such arrays and another for others.
            X = np.require(data.Z, self.dtype, ["C", "W"])
            t = targets_of(self.training.loss.kind, data.y, self.task, self.n_classes, self.dtype)
            self._prepared[data] = X, np.ascontiguousarray(t)
        return self._prepared[data]

    def _check_features(self, Z: FloatArray) -> None:
        if Z.ndim != 2 or Z.shape[1] != self.spec.n_features:
            raise ValueError(f"the model has {self.spec.n_features} features, the rows have shape {Z.shape}")

    # -- what a state says

    def outcome(self, state: DenseState) -> Outcome:
        """Whether it still runs, and if not the sentence that says why."""
        if state.status == "diverged":
            rate = f"Lower the learning rate (now {self.training.optimizer.learning_rate:g})"
            formula = ", or write a formula that is defined everywhere" if self.training.loss.kind == "custom" else ""
            return Outcome(
                "diverged", f"Diverged at step {state.step:,}: the loss is no longer finite. {rate}{formula}."
            )
        if state.status == "converged":
            return Outcome("converged", "The gradient is zero: no further step would change the weights.")
        return RUNNING

    def steps_done(self, state: DenseState) -> int:
        """How many steps the state has behind it."""
        return state.step

    def epochs_done(self, state: DenseState) -> int:
        """How many whole epochs the state has behind it."""
        return state.epoch

    def steps_left(self, state: DenseState, data: TrainingData) -> int:
        """How many steps are left until the epoch that the state is in ends; at least 1."""
        left = len(data.Z) - state.position
        if left <= 0:
            left = len(data.Z)
        return max(1, -(-left // max(1, batch_rows(self.training.optimizer, len(data.Z)))))

    def scores(self, state: DenseState, Z: FloatArray) -> FloatArray:
        """The raw outputs (n, m) float64 for features Z (n, p), computed in the state's precision.

        Small networks by compiled loops, large ones by matrix products, on a GPU where they train there: decided by
        size and device alone, so that equal states always say the same (but while torch stands in for loops that are
        being compiled).
        """
        self._check_features(Z)
        if self._device != "cpu" and not self._predicts_in_loops:
            from engine.dense.torch_network import scores_on

            return scores_on(self._device, self.spec, state.parameters, Z)
        if not self._predicts_in_loops or self.standing_in:
            return forward_rows(self.spec, state.parameters, Z)
        from engine.dense import kernels

        X = np.require(Z, state.parameters.dtype, ["C", "W"])
        return np.asarray(kernels.scores_of(self._network, state.parameters.copy(), X))

    def scores_on_grid(
        self, state: DenseState, columns: FloatArray, rows: FloatArray, offset: FloatArray, scale: FloatArray
    ) -> GridScores | None:
        """Scores (m, width x height) of small networks in single precision; see `Learner.scores_on_grid`."""
        if self.dtype != np.float32 or not self._predicts_in_loops or self.standing_in:
            return None
        from engine.dense import grid

        inputs = (np.require(array, np.float32, ["C", "W"]) for array in (columns, rows, offset, scale))
        scores = grid.scores_on_grid(self._network, state.parameters.astype(np.float32), *inputs)
        return GridScores(scores, self.training.loss.kind in LOGIT_LOSSES)

    def predict(self, state: DenseState, Z: FloatArray) -> Prediction:
        """Scores, and what they mean: probabilities and labels, or values."""
        return self._meaning(self.scores(state, Z))

    def loss(self, state: DenseState, Z: FloatArray, y: NDArray[Any]) -> FloatArray:
        """The loss of each row (n,) float64, without penalties."""
        return self._row_losses(self.scores(state, Z), y)

    def judge(self, state: DenseState, Z: FloatArray, y: NDArray[Any]) -> tuple[FloatArray, Prediction]:
        """Both `loss` and `predict`, from one forward pass."""
        scores = self.scores(state, Z)
        return self._row_losses(scores, y), self._meaning(scores)

    def _meaning(self, scores: FloatArray) -> Prediction:
        if self.task == "regression":
            return Prediction(scores, values=scores[:, 0])
        labels = (scores[:, 0] > 0).astype(np.int64) if scores.shape[1] == 1 else scores.argmax(axis=1)
        return Prediction(scores, probabilities_of(self.training.loss.kind, scores), labels)

    def _row_losses(self, scores: FloatArray, y: NDArray[Any]) -> FloatArray:
        chosen = self.training.loss
        targets = targets_of(chosen.kind, y, self.task, self.n_classes)
        return row_losses(chosen.kind, chosen.delta, scores, targets, chosen.formula)

    def coefficients(self, state: DenseState) -> tuple[FloatArray, FloatArray] | None:
        """Weights (p, m) and intercepts (m,) float64 of a model without hidden layers, else None."""
        if self.spec.layers:
            return None
        ((weights, biases),) = self.spec.split(state.parameters.astype(np.float64))
        return weights, biases

    def overlays(self, state: DenseState, data: TrainingData, frame: Frame) -> tuple[Overlay, ...]:
        """Nothing: field, boundary, curve and equation say it all."""
        return ()

    def reasons(self, state: DenseState, data: TrainingData, z: FloatArray) -> Reasons | None:
        """Nothing: every training row had its share in the weights."""
        return None

    @property
    def uses_loops(self) -> bool:
        """Whether steps or predictions are computed by compiled loops."""
        return self._path == "compiled" or self._predicts_in_loops

    @property
    def _predicts_in_loops(self) -> bool:
        return self.spec.n_parameters < MATRIX_PARAMETERS

    def path(self, state: DenseState) -> Path:
        """Which way the steps are computed."""
        return "torch" if self.standing_in else self._path

    def device(self, state: DenseState) -> str:
        """Where they are computed."""
        return self._device


def forward_rows(spec: DenseSpec, parameters: FloatArray, Z: FloatArray) -> FloatArray:
    """The outputs (n, m) float64 by matrix products in the precision of `parameters`, block by block of rows."""
    scores = np.empty((len(Z), spec.n_outputs))
    layers = spec.split(parameters)
    for first in range(0, len(Z), _BLOCK_ROWS):
        values = np.asarray(Z[first : first + _BLOCK_ROWS], parameters.dtype)
        for number, (weights, biases) in enumerate(layers):
            result = ACTIVATIONS[spec.activations[number]].function(values @ weights + biases)
            values = result + values if spec.has_skip(number) else result
        scores[first : first + len(values)] = values
    return scores
