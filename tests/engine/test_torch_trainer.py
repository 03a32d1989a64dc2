"""The torch path: it looks at the device rarely, and gives the numbers of one that looks after each step."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from engine.dense import torch_trainer
from engine.dense.learner import DenseLearner, forward_rows
from engine.dense.plan import DenseSpec, initial_parameters
from engine.dense.state import DenseState
from engine.dense.torch_network import dropout_keys, kept_by_key, scores_on
from engine.dense.torch_steps import Place, Steps, batches_from
from engine.learner import TrainingData
from engine.optimizers import OPTIMIZERS
from engine.randomness import kept_units
from engine.training_settings import Training
from tests.engine.dense_problems import classes, training, values

LAYERS = ((7, "tanh"), (7, "relu"))
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")


def learner_of(how: Training, data: TrainingData, *, dropout: float = 0.3) -> DenseLearner:
    return DenseLearner(LAYERS, how, data, initialization="xavier", dropout=dropout, skip=True)


def assert_same_bits(one: DenseState, other: DenseState) -> None:
    for field in dataclasses.fields(DenseState):
        assert np.array_equal(getattr(one, field.name), getattr(other, field.name)), field.name


@pytest.fixture
def always_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps go by a counter on the device, wherever that is."""
    real = torch_trainer.TorchTrainer

    def trainer(spec: DenseSpec, how: Training, device: str) -> torch_trainer.TorchTrainer:
        return real(spec, how, device, counted=True)

    monkeypatch.setattr(torch_trainer, "TorchTrainer", trainer)


# -- dropout factors ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize(("seed", "step", "share"), [(0, 0, 0.5), (1, 7, 0.3), (2**31 - 1, 10**6, 0.1), (5, 3, 0.9)])
def test_dropout_factors_made_on_a_device_are_those_of_the_compiled_loop(
    seed: int, step: int, share: float, precision: str
) -> None:
    spec = DenseSpec(2, ((11, "tanh"), (300, "tanh")), 1, share)
    for layer, key in enumerate(dropout_keys(spec, seed, step)):
        units = spec.layers[layer][0]
        expected = kept_units(50, units, share, seed, step, layer, precision)
        found = kept_by_key(torch.tensor(key), 50, units, share, getattr(torch, precision)).numpy()
        assert found.dtype == expected.dtype
        assert np.array_equal(found, expected)
        assert 0 < (found == 0).mean() < 1


# -- steps by a counter on the device ----------------------------------------------------------------------------------

KINDS = [kind for kind, rule in OPTIMIZERS.items() if rule.uses_gradient]


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("kind", KINDS)
def test_counted_steps_give_the_same_bits(
    kind: str, precision: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    data = classes(n=61, n_classes=3)
    how = training(
        "cross_entropy", kind, precision=precision, path="torch", batch_size=9, learning_rate=0.01, schedule="cosine",
        schedule_epochs=5, clip=1.0, l1=1e-3, l2=1e-2,
    )  # fmt: skip
    learner = learner_of(how, data)
    plain = learner.advance(learner.init(data), data, 50)
    request.getfixturevalue("always_counted")
    learner = learner_of(how, data)
    counted = learner.advance(learner.init(data), data, 33)
    assert_same_bits(learner.advance(counted, data, 17), plain)
    assert plain.step == 50


@pytest.mark.usefixtures("always_counted")
@pytest.mark.parametrize("comes_back", [True, False], ids=["recorded", "refused"])
def test_what_a_recording_has_changed_is_put_back(comes_back: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    data = values(n=40)
    how = training("squared", "adam", path="torch", batch_size=16)
    plain = learner_of(how, data)
    expected = plain.advance(plain.init(data), data, 20)
    rehearsed = []

    def rehearsing(step: Callable[[], None], device: str) -> Callable[[], None] | None:
        for _ in range(3):
            step()
        rehearsed.append(device)
        return step if comes_back else None

    monkeypatch.setattr(torch_trainer, "recorded", rehearsing)
    learner = learner_of(how, data)
    assert_same_bits(learner.advance(learner.init(data), data, 20), expected)
    assert rehearsed == ["cpu"]


# -- how it ends -------------------------------------------------------------------------------------------------------


def one_at_a_time(learner: DenseLearner, data: TrainingData, steps: int) -> DenseState:
    state = learner.init(data)
    for _ in range(steps):
        state = learner.advance(state, data, 1)
    return state


@pytest.mark.parametrize(
    ("kind", "rate", "activation"),
    [("sgd", 9.0, "linear"), ("gradient_descent", 3.0, "relu"), ("momentum", 20.0, "linear"), ("sgd", 1e38, "tanh")],
)
def test_divergence_is_found_at_its_step_with_the_last_finite_parameters(
    kind: str, rate: float, activation: str
) -> None:
    data = values(n=40)
    ends = []
    for path in ("torch", "compiled"):
        how = training("squared", kind, path=path, batch_size=16, precision="float32")
        # More than a form would take, so that numbers overflow after steps rather than hundreds of them.
        optimizer = how.optimizer.model_copy(update={"learning_rate": rate})
        how = how.model_copy(update={"optimizer": optimizer})
        learner = DenseLearner(((5, activation),), how, data, initialization="he")
        end = learner.advance(learner.init(data), data, 300)
        assert end.status == "diverged"
        assert np.isfinite(end.parameters).all()
        ends.append(end)
        again = one_at_a_time(learner, data, end.step)
        assert (again.status, again.step, again.epoch, again.position) == (
            end.status, end.step, end.epoch, end.position,
        )  # fmt: skip
        assert np.array_equal(again.parameters, end.parameters)
    by_torch, compiled = ends
    assert (by_torch.step, by_torch.epoch, by_torch.position) == (compiled.step, compiled.epoch, compiled.position)
    assert 1 < by_torch.step < 300


def test_it_stops_at_the_step_where_the_gradient_vanishes() -> None:
    random = np.random.default_rng(0)
    y = np.arange(40) % 2
    data = TrainingData((2.0 * y - 1.0)[:, None] * 3 + random.normal(0, 0.1, (40, 2)), y, "classification", 2)
    ends = []
    for path in ("torch", "compiled"):
        learner = DenseLearner((), training("hinge", "gradient_descent", path=path, learning_rate=0.0021), data)
        end = learner.advance(learner.init(data), data, 1000)
        assert learner.outcome(end).status == "converged"
        assert_same_bits(learner.advance(end, data, 5), end)
        ends.append(end)
    assert ends[0].step == ends[1].step > 10
    assert ends[0].step % 8 != 0  # in the middle of what is looked at together
    np.testing.assert_allclose(ends[0].parameters, ends[1].parameters, rtol=1e-12)


def test_points_that_go_in_the_middle_of_an_epoch_end_it() -> None:
    data = values(n=40)
    fewer = TrainingData(data.Z[:10], data.y[:10], "regression")
    ends = []
    for path in ("torch", "compiled"):
        learner = learner_of(training("squared", "sgd", path=path, batch_size=8), data, dropout=0.0)
        state = learner.advance(learner.init(data), data, 3)
        state = learner.advance(state, fewer, 3)
        ends.append(state)
    assert (ends[0].epoch, ends[0].position) == (ends[1].epoch, ends[1].position) == (2, 8)
    np.testing.assert_allclose(ends[0].parameters, ends[1].parameters, rtol=1e-10)


# -- how often it looks ------------------------------------------------------------------------------------------------


class Questions(TorchDispatchMode):
    """Counts how often the program waits for a number of the device."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, operation: Any, types: Any, arguments: Any = (), named: Any = None) -> Any:
        self.count += operation is torch.ops.aten._local_scalar_dense.default
        return operation(*arguments, **(named or {}))


@pytest.mark.parametrize("kind", ["gradient_descent", "adam", "random_search"])
@pytest.mark.parametrize("counted", [False, True])
def test_many_steps_are_looked_at_together(kind: str, counted: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_trainer, "_STEPS_A_LOOK", {})  # as on a GPU
    data = classes(n=61)
    how = training("hinge", kind, path="torch", batch_size=9, clip=1.0, l1=1e-3)
    learner = learner_of(how, data)
    state = learner.init(data)
    trainer = torch_trainer.TorchTrainer(learner.spec, how, "cpu", counted=counted)
    X, t = np.array(data.Z), np.where(data.y == 1, 1.0, -1.0)[:, None]
    counts = np.zeros(5, np.int64)
    with Questions() as questions:
        found = trainer.train(state.parameters, state.previous, state.slots, counts, X, t, 200)
    assert questions.count == 1
    learner.advance(state, data, 200)
    assert np.array_equal(found[0], learner.advance(state, data, 200).parameters)


@pytest.mark.parametrize("kind", KINDS)
def test_steps_ask_nothing_of_the_device_and_use_nothing_that_is_elsewhere(kind: str) -> None:
    # On this device there are shapes but no numbers: whoever asks for one fails, as who mixes it with another does.
    spec = DenseSpec(2, ((7, "tanh"), (7, "threshold")), 1, dropout=0.3, skip=True)
    how = training("hinge", kind, precision="float32", batch_size=9, clip=1.0, l1=0.1, l2=0.1)
    X, t, parameters = (torch.empty(shape, device="meta") for shape in ((61, 2), (61, 1), (spec.n_parameters,)))
    steps = Steps(spec, how, X, t, 16, makes_masks=True)
    slots = torch.empty((OPTIMIZERS[kind].slots, spec.n_parameters), device="meta")
    place = Place(parameters, parameters.clone(), slots)
    steps.fill(batches_from(np.zeros(5, np.int64), 61, steps.size, 16))
    for k in range(8):
        steps.take(place, k)
        steps.take_counted(place)
    with pytest.raises(RuntimeError, match="meta"):
        steps.went_well(place)


# -- a device that is not the CPU --------------------------------------------------------------------------------------


@pytest.fixture
def another_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """The CPU by another name, so that everything goes the way of a GPU."""
    monkeypatch.setattr(torch_trainer, "available_device", lambda wanted: "cpu:0")


def wide_learner(device: str, kind: str, data: TrainingData) -> DenseLearner:
    how = training("cross_entropy", kind, precision="float32", path="torch", batch_size=30)
    how = how.model_copy(update={"device": device})
    return DenseLearner(((150, "relu"), (150, "relu")), how, data, initialization="he", dropout=0.2)


@pytest.mark.usefixtures("another_device")
@pytest.mark.parametrize("kind", ["gradient_descent", "adam", "random_search"])
def test_another_device_gives_the_numbers_of_the_cpu(kind: str) -> None:
    data = classes(n=100, n_classes=3)
    there, here = wide_learner("cuda", kind, data), wide_learner("cpu", kind, data)
    begun = there.init(data)
    early = there.advance(begun, data, 7)
    kept = early.parameters.copy()
    late = there.advance(early, data, 13)
    assert there.device(late) == "cpu:0"
    assert np.array_equal(early.parameters, kept)
    assert_same_bits(there.advance(early, data, 13), late)  # from a state that is no longer the newest
    on_cpu = here.advance(here.init(data), data, 20)
    assert (late.step, late.epoch, late.position) == (on_cpu.step, on_cpu.epoch, on_cpu.position)
    # With another number of threads sums are added up in another order.
    np.testing.assert_allclose(late.parameters, on_cpu.parameters, rtol=1e-4, atol=1e-6)
    expected = here.predict(late, data.Z)
    found = there.predict(late, data.Z)
    np.testing.assert_allclose(found.scores, expected.scores, rtol=1e-5, atol=1e-5)
    assert found.scores.dtype == np.float64


# -- on a GPU ----------------------------------------------------------------------------------------------------------


def test_scores_by_torch_are_those_by_numpy() -> None:
    data = classes(n=500)
    spec = DenseSpec(2, ((6, "gelu"), (6, "elu")), 3, skip=True)
    parameters = initial_parameters(spec, "he", 0, np.float64)
    found = scores_on("cpu", spec, parameters, data.Z, block=64)
    np.testing.assert_allclose(found, forward_rows(spec, parameters, data.Z), rtol=1e-12, atol=1e-14)


@needs_gpu
@pytest.mark.parametrize("kind", KINDS)
def test_a_recorded_step_gives_the_bits_of_one_that_is_not(kind: str) -> None:
    data = classes(n=61, n_classes=3)
    how = training("cross_entropy", kind, precision="float32", batch_size=9, learning_rate=0.01, l2=1e-2)
    how = how.model_copy(update={"device": "cuda"})
    learner = learner_of(how, data)
    state = learner.init(data)
    arrays = (state.parameters, state.previous, state.slots)
    X = np.array(data.Z, np.float32)
    t = np.eye(3, dtype=np.float32)[data.y]
    found = []
    for counted in (True, False):
        trainer = torch_trainer.TorchTrainer(learner.spec, how, "cuda:0", counted=counted)
        found.append(trainer.train(*arrays, np.zeros(5, np.int64), X, t, 300))
    for one, other in zip(*found, strict=True):
        assert np.array_equal(one, other)


@needs_gpu
def test_a_gpu_gives_the_numbers_of_the_cpu() -> None:
    data = classes(n=200, n_classes=3)
    ends = []
    for device in ("cuda", "cpu"):
        how = training("cross_entropy", "adam", path="torch", batch_size=30).model_copy(update={"device": device})
        learner = learner_of(how, data)
        ends.append(learner.advance(learner.init(data), data, 300))
    np.testing.assert_allclose(ends[0].parameters, ends[1].parameters, rtol=1e-7, atol=1e-9)
