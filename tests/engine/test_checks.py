"""What is wrong with an experiment: every mistake marks its control and says what to change."""

from collections.abc import Mapping
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings

from engine.checks import allowed_losses, check, default_loss, losses_for
from engine.dataset import Part, Points
from engine.experiment import DrawnData, Experiment, GeneratedData
from engine.generators import GENERATORS, dataset_for, dataset_of
from engine.learners.k_means import KMeans
from engine.learners.linear_regression import LinearRegression
from engine.learners.logistic_regression import LogisticRegression
from engine.learners.mlp import MultilayerPerceptron
from engine.losses import LossMismatch, check_pairing
from engine.training_settings import LossKind
from tests.engine.strategies import experiments

SINE = {"source": "generated", "generator": "sine", "n_points": 100}
SQUARED = {"loss": {"kind": "squared"}}


def _drawn(X: list[list[float]], y: list[float], **fields: Any) -> DrawnData:
    points = Points(np.array(X, float).reshape(len(y), -1) if y else np.empty((0, 2)), np.array(y))
    return DrawnData(points=points, **fields)


def _complaints(experiment: Experiment) -> dict[str, tuple[str, bool]]:
    found = check(experiment, dataset_of(experiment.data, experiment.preparation))
    return {complaint.path: (complaint.sentence, complaint.blocking) for complaint in found}


def _made(**parts: Any) -> Experiment:
    return Experiment.model_validate(parts)


def test_one_point_to_group_is_not_for_a_want_of_training_points() -> None:
    one = Experiment(data=_drawn([[0, 0]], [0]), learner=KMeans(k=1))
    sentences = {complaint.path: complaint.sentence for complaint in check(one, dataset_for(one))}
    assert sentences["data.points"] == "Only one point is there: add points."


@pytest.mark.parametrize("name", GENERATORS)
def test_every_data_set_with_the_loss_of_its_task_is_fine(name: str) -> None:
    entry = GENERATORS[name]  # type: ignore[index]
    data, loss = {"source": "generated", "generator": name}, {"kind": default_loss(entry.task)}
    made: dict[str, Any] = {"data": data, "training": {"loss": loss}}
    if entry.task not in entry.offered_for:
        made["learner"] = {"kind": "k_means"}
    experiment = _made(**made)
    assert check(experiment, dataset_for(experiment)) == ()


WRONG: Mapping[str, tuple[Experiment, str, bool, str]] = {
    "no points": (_made(data=_drawn([], [])), "data.points", True, "no points"),
    "one class": (_made(data=_drawn([[0, 0], [1, 1]], [1, 1])), "data.points", True, "class B"),
    "one generated point": (_made(data=GeneratedData(n_points=1), preparation={"test_share": 0.0}),
                            "data.n_points", True, "ask for more points"),
    "identical": (_made(data=_drawn([[0.5, 0.5]] * 40, [0, 1] * 20)), "data.points", True, "same inputs"),
    "one regression point": (
        _made(data=_drawn([[1]], [2], task="regression"), training=SQUARED, preparation={"test_share": 0.0}),
        "data.points", True, "Only one point"),
    "no features": (_made(preparation={"chips": []}), "preparation.chips", True, "at least one"),
    "features of the other input": (_made(data=SINE, training=SQUARED, preparation={"chips": ["x2"]}),
                                    "preparation.chips", True, "one input"),
    "linear regression of classes": (_made(learner={"kind": "linear_regression"}), "learner.kind", True,
                                     "Logistic / softmax regression or Neural network"),
    "logistic regression of numbers": (_made(data=SINE, learner={"kind": "logistic_regression"}, training=SQUARED),
                                       "learner.kind", True, "Linear regression or Neural network"),
    "binary cross-entropy of three": (
        _made(data={"source": "generated", "generator": "gaussians3"},
              training={"loss": {"kind": "binary_cross_entropy"}}),
        "training.loss.kind", True, "choose cross-entropy"),
    "zero-one by gradient": (_made(training={"loss": {"kind": "zero_one"}}), "training.loss.kind", True,
                             "flat almost everywhere"),
    "least squares of another loss": (
        _made(data=SINE, learner={"kind": "linear_regression", "fit": "least_squares"},
              training={"loss": {"kind": "absolute"}}),
        "training.loss.kind", True, "squared loss, or fit by gradient"),
    "least squares with L1": (
        _made(data=SINE, learner={"kind": "linear_regression", "fit": "least_squares"},
              training={**SQUARED, "regularization": {"l1": 0.1}}),
        "training.regularization.l1", True, "no exact solution"),
    "too high a degree": (
        _made(data={**SINE, "n_points": 10}, preparation={"polynomial": 15}, training=SQUARED,
              learner={"kind": "linear_regression"}),
        "preparation.polynomial", False, "16 weights but only 8 points"),
    "too high an order": (
        _made(data={**SINE, "n_points": 10}, preparation={"fourier": 15}, training=SQUARED,
              learner={"kind": "linear_regression"}),
        "preparation.fourier", False, "Fourier order 15"),
    "huge powers": (
        _made(data=_drawn([[50 * k / 40] for k in range(40)], list(range(40)), task="regression"),
              preparation={"polynomial": 8}, training=SQUARED, learner={"kind": "linear_regression"}),
        "preparation.scaling", False, "standardize"),
    "threshold": (_made(learner={"kind": "mlp", "layers": [{"activation": "threshold"}, {}]}),
                  "learner.layers.0.activation", False, "hidden layer 1"),
    "zero weights": (_made(learner={"kind": "mlp", "initialization": "zero"}), "learner.initialization", False,
                     "Xavier or He"),
    "patience without validation": (_made(training={"stop": {"patience": 5}}), "training.stop.patience", False,
                                    "validation"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_marks_its_control_and_says_what_to_change(name: str) -> None:
    experiment, path, blocks, words = WRONG[name]
    complaints = _complaints(experiment)
    assert path in complaints
    sentence, is_blocking = complaints[path]
    assert words in sentence
    assert is_blocking is blocks
    assert sentence.endswith(".")


@pytest.mark.parametrize("kind", ["cross_entropy", "binary_cross_entropy", "hinge", "zero_one"])
def test_losses_of_classes_are_refused_for_numbers(kind: str) -> None:
    complaints = _complaints(_made(data=SINE, training={"loss": {"kind": kind}}))
    assert "squared, absolute or Huber" in complaints["training.loss.kind"][0]


def test_points_that_are_all_held_out_name_the_larger_share() -> None:
    base = _drawn([[k / 9, 0] for k in range(60)], [k % 2 for k in range(60)])
    parts = dataset_of(base, _made(preparation={"test_share": 0.5}).preparation).parts
    held_out = np.flatnonzero(parts == Part.TEST)
    two = [held_out[held_out % 2 == 0][0], held_out[held_out % 2 == 1][0]]
    lonely = base.model_copy(update={"points": base.points.erasing(np.delete(np.arange(60), two))})
    complaints = _complaints(_made(data=lonely, preparation={"test_share": 0.5}))
    assert "Every point is held out" in complaints["preparation.test_share"][0]


def test_a_class_that_is_only_held_out_names_the_share() -> None:
    everyone = _drawn([[k / 9, 0] for k in range(60)], [0] * 60)
    parts = dataset_of(everyone, _made(preparation={"test_share": 0.5}).preparation).parts
    mixed = everyone.model_copy(update={"points": Points(everyone.points.X, (parts == Part.TEST).astype(float))})
    complaints = _complaints(_made(data=mixed, preparation={"test_share": 0.5}))
    assert "lower the test" in complaints["preparation.test_share"][0]


def test_random_search_needs_no_gradient() -> None:
    search = {"optimizer": {"kind": "random_search"}, "loss": {"kind": "zero_one"}}
    threshold = {"kind": "mlp", "layers": [{"activation": "threshold"}], "initialization": "zero"}
    assert _complaints(_made(training=search, learner=threshold)) == {}


def test_a_network_may_have_more_weights_than_points() -> None:
    assert _complaints(_made(data={**SINE, "n_points": 10}, preparation={"polynomial": 15}, training=SQUARED)) == {}


def test_the_default_loss_is_among_those_allowed() -> None:
    for task in ("classification", "regression"):
        assert default_loss(task) in losses_for(task)


@pytest.mark.parametrize(("generator", "n_classes"), [("circles", 2), ("gaussians3", 3), ("sine", 0)])
@pytest.mark.parametrize("kind", get_args(LossKind))
def test_menus_complaints_and_learners_agree_on_what_goes_together(
    generator: str, n_classes: int, kind: LossKind
) -> None:
    task = "regression" if n_classes == 0 else "classification"
    learner = MultilayerPerceptron()
    experiment = _made(
        data={"source": "generated", "generator": generator},
        training={"loss": {"kind": kind}, "optimizer": {"kind": "random_search"}},
    )
    allowed = kind in allowed_losses(task, n_classes, learner)  # type: ignore[arg-type]
    assert allowed == ("training.loss.kind" not in _complaints(experiment))
    try:
        check_pairing(kind, task, n_classes, "random_search")  # type: ignore[arg-type]
        assert allowed
    except LossMismatch:
        assert not allowed


def test_least_squares_allows_its_own_loss_alone() -> None:
    assert allowed_losses("regression", 0, LinearRegression(fit="least_squares")) == ("squared",)
    assert allowed_losses("regression", 0, LinearRegression()) == ("squared", "absolute", "huber", "custom")
    assert "zero_one" in allowed_losses("classification", 2, LogisticRegression())


@hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(experiments())
def test_any_valid_experiment_can_be_checked(experiment: Experiment) -> None:
    if isinstance(experiment.data, GeneratedData):
        smaller = experiment.data.model_copy(update={"n_points": min(experiment.data.n_points, 500)})
        experiment = experiment.model_copy(update={"data": smaller})
    complaints = check(experiment, dataset_of(experiment.data, experiment.preparation))
    assert [complaint.blocking for complaint in complaints] == sorted((c.blocking for c in complaints), reverse=True)
    for complaint in complaints:
        value: Any = experiment
        for name in complaint.path.split("."):
            value = value[int(name)] if name.isdigit() else getattr(value, name)
