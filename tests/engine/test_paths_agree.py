"""Compiled loops and torch give the same numbers: over a sample of all options, and when one takes over from the other.

The sample is balanced: of each option every value comes equally often, in company that is drawn at random. Rates are
small: a long step on a kinked loss turns the last bit into another trajectory, on either path. And where slopes of ±1
cancel, what is left in single precision is a rounding error, which optimizers that divide by the gradient's size turn
into a whole step: that company is computed in double precision, where it is far below their ε.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.activations import ACTIVATIONS
from engine.dense.learner import DenseLearner
from engine.edits import set_values
from engine.experiment import Experiment
from engine.learner import TrainingData
from engine.losses import LossMismatch, check_pairing
from engine.optimizers import OPTIMIZERS
from engine.training import Run
from tests.engine.dense_problems import classes, training, values

CASES = 72
EPOCHS = 100
PROBLEMS = {"two classes": classes(24), "four classes": classes(24, 4), "values": values(24)}
KINKED = ("absolute", "hinge")
ADAPTIVE = ("adagrad", "rmsprop", "adam", "adamw")
OPTIONS: dict[str, list[Any]] = {
    "problem": list(PROBLEMS),
    "loss": ["squared", "absolute", "huber", "cross_entropy", "binary_cross_entropy", "hinge", "zero_one"],
    "optimizer": list(OPTIMIZERS),
    "precision": ["float32", "float64"],
    "activation": list(ACTIVATIONS),
    "second": list(ACTIVATIONS),
    "layers": [0, 1, 2, 3],
    "units": [1, 3, 8],
    "batch_size": [1, 4, 9, 200],
    "schedule": ["constant", "step", "cosine"],
    "clip": [0.0, 0.3],
    "l1": [0.0, 1e-3],
    "l2": [0.0, 1e-2],
    "dropout": [0.0, 0.3],
    "skip": [False, True],
    "initialization": ["uniform", "xavier", "he"],
}


def _fits(case: dict[str, Any]) -> bool:
    data = PROBLEMS[case["problem"]]
    try:
        check_pairing(case["loss"], data.task, data.n_classes, case["optimizer"])
    except LossMismatch:
        return False
    return True


def sampled() -> list[Any]:
    """Cases in which every value of every option comes equally often, but for what cannot go together."""
    random = np.random.default_rng(20)
    columns = {name: random.permutation(np.resize(np.arange(len(of)), CASES)) for name, of in OPTIONS.items()}
    cases = []
    for number in range(CASES):
        case = {name: OPTIONS[name][column[number]] for name, column in columns.items()}
        while not _fits(case):
            case["loss"] = OPTIONS["loss"][random.integers(len(OPTIONS["loss"]))]
        if case["optimizer"] in ADAPTIVE and case["loss"] in KINKED:
            case["precision"] = "float64"
        name = "-".join(str(case[key]) for key in ("optimizer", "precision", "loss", "problem"))
        cases.append(pytest.param(case, id=f"{number}-{name}"))
    return cases


def learner_of(case: dict[str, Any], path: str, data: TrainingData) -> DenseLearner:
    how = training(
        case["loss"], case["optimizer"], precision=case["precision"], path=path, l1=case["l1"], l2=case["l2"],
        learning_rate=0.001 if case["optimizer"] in ADAPTIVE else 0.005, batch_size=case["batch_size"],
        schedule=case["schedule"], schedule_epochs=30, clip=case["clip"], delta=0.7,
    )  # fmt: skip
    shape = [(case["units"], case[name]) for name in ("activation", "second", "activation")]
    return DenseLearner(
        tuple(shape[: case["layers"]]), how, data,
        initialization=case["initialization"], dropout=case["dropout"], skip=case["skip"],
    )  # fmt: skip


@pytest.mark.parametrize("case", sampled())
def test_both_paths_give_the_same_numbers_after_a_hundred_epochs(case: dict[str, Any]) -> None:
    data = PROBLEMS[case["problem"]]
    learners = [learner_of(case, path, data) for path in ("compiled", "torch")]
    start = learners[0].init(data)
    steps = EPOCHS * learners[0].steps_per_epoch(data)
    compiled, by_torch = (learner.advance(start, data, steps) for learner in learners)
    assert (compiled.step, compiled.epoch, compiled.position, compiled.status) == (
        by_torch.step, by_torch.epoch, by_torch.position, by_torch.status,
    )  # fmt: skip
    assert not np.array_equal(compiled.parameters, start.parameters)
    tolerance = 1e-9 if case["precision"] == "float64" else 1e-4
    np.testing.assert_allclose(compiled.parameters, by_torch.parameters, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(compiled.slots, by_torch.slots, rtol=10 * tolerance, atol=tolerance)
    losses = [
        learner.loss(state, data.Z, data.y) for learner, state in zip(learners, (compiled, by_torch), strict=True)
    ]
    np.testing.assert_allclose(losses[0].mean(), losses[1].mean(), rtol=tolerance)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_changing_the_path_in_mid_training_leaves_no_kink(optimizer: str) -> None:
    values = {
        "data.generator": "moons",
        "data.n_points": 60,
        "training.optimizer.kind": optimizer,
        "learner.dropout": 0.1,
    }
    experiment = set_values(Experiment(), values)
    changing, steady = Run(experiment), Run(experiment)
    for turn, path in enumerate(("torch", "compiled", "torch", "auto"), start=1):
        # In the middle of an epoch, too.
        while changing.step < 37 * turn:
            changing.advance(37 * turn - changing.step)
        changing.change(set_values(experiment, {"training.path": path}))
        assert changing.snapshot().path == ("torch" if path == "torch" else "compiled")
        assert changing.step == 37 * turn
    for run in (changing, steady):
        run.advance_epochs(EPOCHS - run.epoch)
    curves = [np.array([(point.epoch, *point.loss[::2]) for point in run.take_series()]) for run in (changing, steady)]
    np.testing.assert_allclose(curves[0], curves[1], rtol=1e-4)
    assert len(curves[0]) == EPOCHS + 1
