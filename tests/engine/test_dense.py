"""Dense models: gradients against automatic differentiation, path against path, optima against scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from engine.activations import ACTIVATIONS
from engine.dense import kernels, torch_network, torch_trainer
from engine.dense.learner import MATRIX_PARAMETERS, DenseLearner, forward_rows
from engine.dense.least_squares import LeastSquaresLearner
from engine.dense.plan import DenseSpec, initial_parameters, network_of, target_of
from engine.learner import TrainingData
from engine.learners import make_learner
from engine.learners.linear_regression import LinearRegression
from engine.learners.logistic_regression import LogisticRegression
from engine.learners.mlp import Layer, MultilayerPerceptron
from engine.losses import LossMismatch, output_count, targets_of
from engine.training_settings import Training
from tests.engine.dense_problems import (
    CLASSIFICATION_LOSSES,
    REGRESSION_LOSSES,
    ReferenceNetwork,
    classes,
    reference_loss,
    training,
    values,
)

PROBLEMS = [
    *((kind, values()) for kind in REGRESSION_LOSSES),
    *((kind, classes()) for kind in CLASSIFICATION_LOSSES),
    *((kind, classes(n_classes=4)) for kind in CLASSIFICATION_LOSSES if kind != "binary_cross_entropy"),
]
PROBLEM_NAMES = [f"{kind}-{data.task}{data.n_classes}" for kind, data in PROBLEMS]


@pytest.mark.parametrize("activation", list(ACTIVATIONS))
@pytest.mark.parametrize(
    ("loss", "data"), PROBLEMS, ids=[f"{kind}-{data.task}{data.n_classes}" for kind, data in PROBLEMS]
)
def test_gradients_agree_with_automatic_differentiation_on_both_paths(
    loss: str, data: TrainingData, activation: str
) -> None:
    settings = training(loss, delta=0.6)
    outputs = output_count(settings.loss.kind, data.task, data.n_classes)
    spec = DenseSpec(2, ((5, activation), (5, activation), (3, activation)), outputs, skip=True)
    parameters = initial_parameters(spec, "uniform", 5, np.float64)
    t = targets_of(settings.loss.kind, data.y, data.task, data.n_classes)
    network = ReferenceNetwork(spec, parameters)
    expected_loss = reference_loss(loss, 0.6, network(torch.tensor(data.Z)), data)
    wanted = list(network.parameters())
    found = torch.autograd.grad(expected_loss, wanted, allow_unused=True)
    # A threshold lets no gradient through to the layers before it: torch leaves those out.
    expected = network.flat([torch.zeros_like(w) if g is None else g for w, g in zip(wanted, found, strict=True)])

    compiled_loss, compiled = kernels.loss_and_gradient(network_of(spec), target_of(settings), parameters, data.Z, t)
    leaf, X, targets = (torch.tensor(array) for array in (parameters, data.Z, t))
    torch_loss, by_torch = torch_network.loss_and_gradient(spec, settings.loss.kind, 0.6, leaf, X, targets)
    assert compiled_loss == pytest.approx(expected_loss.item(), rel=1e-12)
    assert torch_loss.item() == pytest.approx(expected_loss.item(), rel=1e-12)
    np.testing.assert_allclose(compiled, expected, rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(by_torch, expected, rtol=1e-8, atol=1e-12)


def trained(settings: Any, how: Training, data: TrainingData, steps: int) -> tuple[Any, Any]:
    learner: Any = make_learner(settings, how, data)
    return learner, learner.advance(learner.init(data), data, steps)


@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("l2", [0.1, 0.01])
def test_softmax_regression_reaches_the_optimum_of_scikit_learn(n_classes: int, l2: float) -> None:
    from sklearn.linear_model import LogisticRegression as Reference

    data = classes(n=120, n_classes=n_classes)
    learner, state = trained(
        LogisticRegression(), training("cross_entropy", "gradient_descent", learning_rate=0.5, l2=l2), data, 20_000
    )
    # Two columns of half the difference each cost half of what one column costs: scikit-learn has one for two classes.
    price = l2 / 2 if n_classes == 2 else l2
    reference = Reference(C=1 / (len(data.y) * price), tol=1e-12, max_iter=10_000).fit(data.Z, data.y)
    found = learner.predict(state, data.Z)
    np.testing.assert_allclose(found.probabilities, reference.predict_proba(data.Z), atol=1e-6)
    np.testing.assert_array_equal(found.labels, reference.predict(data.Z))
    weights, intercepts = learner.coefficients(state)
    if n_classes == 2:
        np.testing.assert_allclose(weights[:, 1] - weights[:, 0], reference.coef_[0], atol=1e-6)
        assert intercepts[1] - intercepts[0] == pytest.approx(reference.intercept_[0], abs=1e-6)
    else:
        np.testing.assert_allclose(weights.T, reference.coef_, atol=1e-6)


def test_logistic_regression_with_one_score_reaches_the_optimum_of_scikit_learn() -> None:
    from sklearn.linear_model import LogisticRegression as Reference

    data = classes(n=120)
    learner, state = trained(
        LogisticRegression(),
        training("binary_cross_entropy", "gradient_descent", learning_rate=1.0, l2=0.05),
        data,
        9000,
    )
    reference = Reference(C=1 / (len(data.y) * 0.05), tol=1e-12, max_iter=10_000).fit(data.Z, data.y)
    weights, intercepts = learner.coefficients(state)
    np.testing.assert_allclose(weights[:, 0], reference.coef_[0], atol=1e-7)
    assert intercepts[0] == pytest.approx(reference.intercept_[0], abs=1e-7)
    np.testing.assert_allclose(learner.predict(state, data.Z).probabilities, reference.predict_proba(data.Z), atol=1e-7)


@pytest.mark.parametrize("l2", [0.0, 0.3])
def test_least_squares_agrees_with_scikit_learn_and_with_gradient_descent(l2: float) -> None:
    from sklearn.linear_model import Ridge

    data = values(n_features=3)
    learner, state = trained(LinearRegression(fit="least_squares"), training("squared", l2=l2), data, 1)
    weights, intercepts = learner.coefficients(state)
    # scikit-learn minimises the sum of squares + alpha Σw², we the mean + l2/2 Σw².
    reference = Ridge(alpha=len(data.y) * l2 / 2, solver="svd").fit(data.Z, data.y)
    np.testing.assert_allclose(weights[:, 0], reference.coef_, rtol=1e-10)
    assert intercepts[0] == pytest.approx(reference.intercept_, rel=1e-10)
    np.testing.assert_allclose(learner.predict(state, data.Z).values, reference.predict(data.Z), rtol=1e-9)
    assert learner.outcome(state).status == "converged"
    assert learner.path(state) == "closed form"

    walker, walked = trained(
        LinearRegression(fit="gradient"), training("squared", "gradient_descent", learning_rate=0.1, l2=l2), data, 5000
    )
    np.testing.assert_allclose(walker.coefficients(walked)[0], weights, rtol=1e-9)


def test_least_squares_stays_exact_for_a_polynomial_of_degree_fifteen() -> None:
    x = np.linspace(-1, 1, 60)
    true = np.random.default_rng(0).normal(0, 1, 16)
    Z = np.stack([x**power for power in range(1, 16)], axis=1)
    data = TrainingData(Z, Z @ true[1:] + true[0], "regression")
    learner, state = trained(LinearRegression(fit="least_squares"), training(), data, 1)
    np.testing.assert_allclose(learner.predict(state, Z).values, data.y, atol=1e-11)


def test_least_squares_takes_constant_columns_and_fewer_points_than_features() -> None:
    Z = np.array([[1.0, 2.0, 5.0], [2.0, 0.0, 5.0]])
    data = TrainingData(Z, np.array([1.0, -1.0]), "regression")
    learner, state = trained(LinearRegression(fit="least_squares"), training(), data, 3)
    np.testing.assert_allclose(learner.predict(state, Z).values, data.y, atol=1e-12)
    assert learner.steps_done(state) == 1
    assert learner.coefficients(state)[0][2] == 0


def test_least_squares_follows_the_data() -> None:
    data = values()
    learner, state = trained(LinearRegression(fit="least_squares"), training(), data, 1)
    moved = TrainingData(data.Z, data.y + 2.0, "regression")
    after = learner.advance(state, moved, 1)
    assert learner.coefficients(after)[1] == pytest.approx(learner.coefficients(state)[1] + 2.0)
    assert after.step == 2


@pytest.mark.parametrize(("loss", "l1", "hint"), [("absolute", 0.0, "squared loss"), ("squared", 0.1, "L1")])
def test_least_squares_says_when_there_is_no_closed_form(loss: str, l1: float, hint: str) -> None:
    with pytest.raises(LossMismatch, match=hint):
        LeastSquaresLearner(training(loss, l1=l1), values())


def test_a_wrong_loss_is_refused_when_the_learner_is_made() -> None:
    with pytest.raises(LossMismatch, match="random search"):
        make_learner(MultilayerPerceptron(), training("zero_one", "adam"), classes())


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_predictions_are_those_of_the_same_network_in_torch(precision: str) -> None:
    data = classes(n=150, n_classes=3)
    settings = MultilayerPerceptron(layers=(Layer(units=7), Layer(units=7, activation="gelu")), skip=True, dropout=0.5)
    learner, state = trained(settings, training("cross_entropy", precision=precision), data, 50)
    scores = ReferenceNetwork(learner.spec, state.parameters.astype(float))(torch.tensor(data.Z))
    found = learner.predict(state, data.Z)
    tolerance = 1e-12 if precision == "float64" else 1e-5
    np.testing.assert_allclose(found.scores, scores.detach(), rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(found.probabilities, torch.softmax(scores, 1).detach(), rtol=tolerance, atol=tolerance)
    np.testing.assert_array_equal(found.labels, scores.argmax(1))
    expected = reference_loss("cross_entropy", 1.0, scores, data).item()
    assert learner.loss(state, data.Z, data.y).mean() == pytest.approx(expected, rel=10 * tolerance)
    assert learner.coefficients(state) is None


def test_two_ways_to_predict_agree_for_every_activation() -> None:
    data = classes(n=5000)
    for activation in ACTIVATIONS:
        spec = DenseSpec(2, ((6, activation), (6, activation)), 2, skip=True)
        parameters = initial_parameters(spec, "he", 0, np.float64)
        scores = kernels.scores_of(network_of(spec), parameters, data.Z)
        np.testing.assert_allclose(forward_rows(spec, parameters, data.Z), scores, rtol=1e-11, atol=1e-12)


def test_a_wide_network_trains_in_torch_and_predicts_by_matrix_products() -> None:
    data = classes(n=600)
    settings = MultilayerPerceptron(layers=(Layer(units=200), Layer(units=200)))
    learner, state = trained(settings, training("hinge", "sgd", precision="float32", batch_size=300), data, 2)
    assert learner.spec.n_parameters > MATRIX_PARAMETERS
    assert learner.path(state) == "torch"
    scores = ReferenceNetwork(learner.spec, state.parameters.astype(float))(torch.tensor(data.Z)).detach()
    np.testing.assert_allclose(learner.predict(state, data.Z).scores, scores, rtol=1e-4, atol=1e-5)


def test_a_margin_loss_labels_by_the_sign_of_its_one_score() -> None:
    data = classes()
    learner, state = trained(LogisticRegression(), training("hinge", "sgd", learning_rate=0.1), data, 200)
    found = learner.predict(state, data.Z)
    assert found.scores.shape == (60, 1)
    assert found.probabilities is None
    np.testing.assert_array_equal(found.labels, found.scores[:, 0] > 0)
    assert (found.labels == data.y).mean() > 0.75


def test_features_of_another_width_are_refused() -> None:
    data = classes()
    learner, state = trained(LogisticRegression(), training("hinge"), data, 1)
    with pytest.raises(ValueError, match="2 features"):
        learner.predict(state, np.zeros((4, 3)))
    with pytest.raises(ValueError, match="init anew"):
        DenseLearner(((3, "tanh"),), training("hinge"), data).advance(state, data, 1)


@pytest.mark.parametrize(
    ("initialization", "spread"), [("uniform", 1 / np.sqrt(12)), ("xavier", np.sqrt(2 / 700)), ("he", np.sqrt(2 / 300))]
)
def test_initial_weights_have_the_spread_that_is_promised(initialization: str, spread: float) -> None:
    spec = DenseSpec(300, ((400, "relu"),), 1)
    (weights, biases), _ = spec.split(initial_parameters(spec, initialization, 0, np.float32))
    assert weights.std() == pytest.approx(spread, rel=0.01)
    assert weights.mean() == pytest.approx(0, abs=0.01 * spread * 4)
    assert (biases == 0).all() == (initialization != "uniform")


def test_a_missing_gpu_is_said_and_the_cpu_used() -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has one")
    learner = DenseLearner((), training("hinge").model_copy(update={"device": "cuda"}), classes())
    data = classes()
    assert "No CUDA GPU was found" in learner.device_note
    state = learner.advance(learner.init(data), data, 1)
    assert learner.device(state) == "cpu"
    assert state.step == 1


def test_a_network_too_large_for_the_gpu_goes_on_on_the_cpu_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.edits import set_values
    from engine.experiment import Experiment
    from engine.training import Run

    real = torch_trainer.TorchTrainer

    class FullDevice:
        def train(self, *arguments: object) -> None:
            raise torch_trainer.OutOfDeviceMemory("CUDA out of memory")

    def trainer(spec: DenseSpec, training: Training, device: str) -> object:
        """A GPU without memory; the CPU as it is."""
        return real(spec, training, device) if device == "cpu" else FullDevice()

    monkeypatch.setattr(torch_trainer, "available_device", lambda wanted: "cuda:0")
    monkeypatch.setattr(torch_trainer, "TorchTrainer", trainer)
    run = Run(set_values(Experiment(), {"training.device": "cuda"}))
    run.advance_epochs(2)
    snapshot = run.snapshot()
    assert (snapshot.epoch, snapshot.device, snapshot.outcome.status) == (2, "cpu", "running")
    assert "memory" in snapshot.device_note
    assert "CPU" in snapshot.device_note

    monkeypatch.undo()
    on_cpu = Run(set_values(Experiment(), {"training.device": "cpu", "training.path": "torch"}))
    on_cpu.advance_epochs(2)
    assert np.array_equal(run.predict(run.dataset.X).scores, on_cpu.predict(run.dataset.X).scores)
