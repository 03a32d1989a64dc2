"""Every optimizer, schedule and penalty against torch.optim, step by step, on both paths."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pytest
import torch

from engine.dense.learner import DenseLearner
from engine.dense.state import DenseState
from engine.learner import TrainingData
from engine.optimizers import OPTIMIZERS, scheduled_rate
from engine.training_settings import Optimizer, OptimizerKind
from tests.engine.dense_problems import ReferenceNetwork, classes, reference_loss, training

LAYERS = ((5, "tanh"), (4, "sigmoid"))
RATES = {"adagrad": 0.05, "rmsprop": 0.002, "adam": 0.02, "adamw": 0.02}


def torch_optimizer(settings: Optimizer, groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
    rate = settings.learning_rate
    made: dict[str, Any] = {
        "gradient_descent": lambda: torch.optim.SGD(groups, lr=rate),
        "sgd": lambda: torch.optim.SGD(groups, lr=rate),
        "momentum": lambda: torch.optim.SGD(groups, lr=rate, momentum=settings.momentum),
        "nesterov": lambda: torch.optim.SGD(groups, lr=rate, momentum=settings.momentum, nesterov=True),
        "adagrad": lambda: torch.optim.Adagrad(groups, lr=rate),
        "rmsprop": lambda: torch.optim.RMSprop(groups, lr=rate, alpha=settings.decay),
        "adam": lambda: torch.optim.Adam(groups, lr=rate, betas=(settings.beta1, settings.beta2)),
        "adamw": lambda: torch.optim.AdamW(groups, lr=rate, betas=(settings.beta1, settings.beta2)),
    }
    optimizer: torch.optim.Optimizer = made[settings.kind]()
    return optimizer


def assert_same_hundred_steps(settings: Any, data: TrainingData, clip: float = 0.0, l1: float = 0.0) -> None:
    """Whole batches, so that one step is one epoch, and no point is left to chance."""
    learner = DenseLearner(LAYERS, settings, data, initialization="xavier")
    state: DenseState = learner.init(data)
    network = ReferenceNetwork(learner.spec, state.parameters)
    optimizer = torch_optimizer(settings.optimizer, network.groups(settings.regularization.l2))
    X = torch.tensor(data.Z)
    for step in range(1, 101):
        optimizer.zero_grad()
        loss = reference_loss(settings.loss.kind, 1.0, network(X), data)
        loss = loss + l1 * sum((module.weight.abs().sum() for module in network.linears), torch.zeros(()))
        loss.backward()
        if clip:
            torch.nn.utils.clip_grad_norm_(list(network.parameters()), clip)
        optimizer.step()
        state = learner.advance(state, data, 1)
        assert learner.steps_done(state) == step
        np.testing.assert_allclose(state.parameters, network.flat(), rtol=1e-9, atol=1e-9, err_msg=f"step {step}")


@pytest.mark.parametrize("path", ["compiled", "torch"])
@pytest.mark.parametrize("l2", [0.0, 0.05])
@pytest.mark.parametrize("kind", [kind for kind in OPTIMIZERS if kind != "random_search"])
def test_the_first_hundred_steps_agree_with_torch_optim(kind: str, l2: float, path: str) -> None:
    data = classes(n=70, n_classes=3)
    settings = training(
        "cross_entropy", kind, path=path, l2=l2, learning_rate=RATES.get(kind, 0.1), batch_size=1000, momentum=0.8,
        beta1=0.85, beta2=0.99, decay=0.95,
    )  # fmt: skip
    assert_same_hundred_steps(settings, data)


@pytest.mark.parametrize("path", ["compiled", "torch"])
def test_an_l1_penalty_agrees_with_automatic_differentiation(path: str) -> None:
    settings = training("hinge", "momentum", path=path, l1=0.01, learning_rate=0.05, batch_size=1000)
    assert_same_hundred_steps(settings, classes(), l1=0.01)


@pytest.mark.parametrize("path", ["compiled", "torch"])
def test_a_clipped_gradient_agrees_with_torch(path: str) -> None:
    settings = training("squared", "gradient_descent", path=path, clip=0.1, learning_rate=0.5)
    assert_same_hundred_steps(settings, classes(), clip=0.1)


def test_every_optimizer_that_can_be_chosen_is_in_the_table() -> None:
    assert set(get_args(OptimizerKind)) == set(OPTIMIZERS)


def test_schedules_agree_with_torch() -> None:
    parameter = torch.nn.Parameter(torch.zeros(1))
    for schedule in ("step", "cosine"):
        settings = Optimizer.model_validate(
            {"schedule": schedule, "schedule_epochs": 7, "schedule_factor": 0.3, "learning_rate": 0.2}
        )
        optimizer = torch.optim.SGD([parameter], lr=0.2)
        reference: Any = (
            torch.optim.lr_scheduler.StepLR(optimizer, 7, 0.3)
            if schedule == "step"
            else torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 7)
        )
        for epoch in range(8):
            assert scheduled_rate(settings, epoch) == pytest.approx(reference.get_last_lr()[0], abs=1e-12)
            optimizer.step()
            reference.step()
    assert scheduled_rate(Optimizer(schedule="cosine", schedule_epochs=7), 50) == 0.0
    assert scheduled_rate(Optimizer(schedule="constant", learning_rate=0.4), 50) == 0.4


@pytest.mark.parametrize("path", ["compiled", "torch"])
@pytest.mark.parametrize("schedule", ["step", "cosine"])
def test_the_rate_changes_with_the_epochs(schedule: str, path: str) -> None:
    data = classes(n=40)
    learner = DenseLearner(
        (), training("hinge", "sgd", path=path, schedule=schedule, schedule_epochs=3, batch_size=10, l2=1.0), data
    )
    by_hand = training("hinge", "sgd", path=path, batch_size=10, l2=1.0).optimizer
    state = learner.init(data)
    other = state
    for epoch in range(5):
        rate = scheduled_rate(learner.training.optimizer, epoch)
        state = learner.advance(state, data, 4)
        if rate == 0.0:
            assert np.array_equal(state.parameters, other.parameters)
            continue
        constant = learner.training.model_copy(update={"optimizer": by_hand.model_copy(update={"learning_rate": rate})})
        other = DenseLearner((), constant, data).advance(other, data, 4)
        np.testing.assert_allclose(state.parameters, other.parameters, rtol=1e-12)
        assert learner.epochs_done(state) == epoch + 1


@pytest.mark.parametrize("path", ["compiled", "torch"])
def test_random_search_never_makes_the_loss_larger_and_finds_a_rule(path: str) -> None:
    data = classes(n=80, seed=2)
    learner = DenseLearner((), training("zero_one", "random_search", path=path, learning_rate=0.3), data)
    state = learner.init(data)
    losses = [learner.loss(state, data.Z, data.y).mean()]
    for _ in range(40):
        state = learner.advance(state, data, 5)
        losses.append(learner.loss(state, data.Z, data.y).mean())
    assert learner.steps_done(state) == learner.epochs_done(state) == 200
    assert (np.diff(losses) <= 0).all()
    assert losses[-1] < 0.2 < losses[0]


def test_a_proposal_of_random_search_has_the_length_of_the_learning_rate() -> None:
    data = values_far_away()
    learner = DenseLearner(
        ((50, "linear"), (50, "linear")), training("squared", "random_search", learning_rate=0.25), data
    )
    moves = []
    state = learner.init(data)
    for _ in range(20):
        after = learner.advance(state, data, 1)
        if not np.array_equal(after.parameters, state.parameters):
            moves.append(after.parameters - state.parameters)
        state = after
    assert np.std(np.concatenate(moves)) == pytest.approx(0.25, rel=0.03)
    assert np.mean(np.concatenate(moves)) == pytest.approx(0.0, abs=0.01)


def values_far_away() -> TrainingData:
    """Targets so far from zero that about every other proposal is better."""
    return TrainingData(np.ones((4, 1)), np.full(4, 1e6), "regression")


def test_another_optimizer_begins_with_empty_slots_and_the_same_weights() -> None:
    data = classes()
    first = DenseLearner(LAYERS, training("hinge", "adam"), data, initialization="he")
    state = first.advance(first.init(data), data, 10)
    second = DenseLearner(LAYERS, training("hinge", "momentum", learning_rate=0.1), data, initialization="he")
    fresh = second.init(data)
    moved = second.advance(state, data, 1)
    assert moved.slots_of == "momentum"
    assert moved.slots.shape == fresh.slots.shape
    # The first step of momentum is a step of plain SGD: its memory is the gradient.
    np.testing.assert_allclose(state.parameters - moved.parameters, 0.1 * moved.slots[0], rtol=1e-12, atol=1e-15)
    assert moved.step == 11
