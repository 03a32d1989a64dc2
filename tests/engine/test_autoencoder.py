"""The autoencoder: torch's gradient, the plane of the principal components, and curves that bend through the points."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy.linalg import subspace_angles
from sklearn.datasets import load_iris, load_wine
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from engine.dense.kernels import loss_and_gradient
from engine.dense.plan import DenseSpec, network_of, target_of
from engine.experiment import Experiment, GeneratedData
from engine.learner import TrainingData
from engine.learners.autoencoder import Autoencoder, AutoencoderLearner, AutoencoderState, make
from engine.overlays import Line, Segments
from engine.snapshot import Viewport
from engine.training import Run
from engine.training_settings import Training
from tests.engine.dense_problems import ReferenceNetwork, training

LINEAR: dict[str, Any] = {"shape": "linear", "patience": 0}


def tables() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    return {
        "plane": rng.normal(size=(200, 2)) @ np.array([[1.0, 0.4], [0.0, 0.3]]) + 0.5,
        "iris": StandardScaler().fit_transform(load_iris().data),
        "wine": StandardScaler().fit_transform(load_wine().data),
    }


def half_circle(n: int = 200) -> np.ndarray:
    rng = np.random.default_rng(5)
    angle = np.pi * rng.random(n)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1) + rng.normal(0.0, 0.03, (n, 2))


def data_of(Z: np.ndarray) -> TrainingData:
    return TrainingData(Z, np.zeros(len(Z), np.int64), "projection")


def run(
    Z: np.ndarray, epochs: int, precision: str = "float64", **how: Any
) -> tuple[AutoencoderLearner, TrainingData, AutoencoderState]:
    data = data_of(Z)
    chosen = Training.model_validate({"seed": 2, "precision": precision})
    learner = make(Autoencoder.model_validate(how), chosen, data)
    return learner, data, learner.advance(learner.init(data), data, epochs)


def plane_of(learner: AutoencoderLearner, state: AutoencoderState) -> np.ndarray:
    """The directions (r, p) that codes move the reconstruction along, from the outside: by differences."""
    zero, ones = np.zeros((1, learner.encoder.n_outputs)), np.eye(learner.encoder.n_outputs)
    at = [learner._decoded(state.network.parameters, codes) for codes in (zero, ones)]
    return np.asarray(at[1] - at[0])


@pytest.mark.parametrize(
    "layers", [((2, "linear"),), ((7, "tanh"), (2, "linear"), (7, "tanh")), ((5, "relu"), (1, "linear"), (5, "relu"))]
)
def test_the_gradient_of_giving_back_the_input_is_that_of_torch(layers: tuple[tuple[int, str], ...]) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(37, 4))
    spec = DenseSpec(4, layers, 4)
    parameters = rng.normal(size=spec.n_parameters)
    loss, gradient = loss_and_gradient(network_of(spec), target_of(training()), parameters, X, X)
    reference = ReferenceNetwork(spec, parameters)
    tensor = torch.tensor(X)
    expected = ((reference(tensor) - tensor) ** 2).sum(dim=1).mean()
    expected.backward()
    assert loss == pytest.approx(float(expected.detach()), rel=1e-12)
    slopes = reference.flat([each.grad for each in reference.parameters() if each.grad is not None])
    np.testing.assert_allclose(gradient, slopes, atol=1e-6 * float(np.abs(slopes).max()))


@pytest.mark.parametrize("name", tables())
@pytest.mark.parametrize("optimizer", ["adam", "gradient_descent"])
def test_the_linear_one_finds_the_plane_of_the_principal_components(name: str, optimizer: str) -> None:
    Z = tables()[name]
    r = 1 if Z.shape[1] == 2 else 2
    rate = 0.1 if optimizer == "gradient_descent" else 0.005
    learner, data, state = run(
        Z, 4000, components=r, optimizer=optimizer, learning_rate=rate, batch_size=1_000_000, **LINEAR
    )
    reference = PCA(r, svd_solver="full").fit(Z)
    assert np.max(subspace_angles(plane_of(learner, state).T, reference.components_.T)) < 1e-3
    encoded = learner.loadings(state)
    assert encoded is not None
    assert encoded.shape == (r, Z.shape[1])
    np.testing.assert_allclose(
        learner.reconstructed(state, Z, r), reference.inverse_transform(reference.transform(Z)), atol=1e-3
    )
    error = float(((Z - reference.inverse_transform(reference.transform(Z))) ** 2).sum(axis=1).mean())
    found = learner.metrics(state, data)
    assert found["reconstruction"] == pytest.approx(error, abs=1e-4)
    assert found["explained"] == pytest.approx(float(reference.explained_variance_ratio_.sum()), abs=1e-4)


def test_no_linear_one_does_better_than_the_principal_components_but_a_bent_one_does() -> None:
    Z = half_circle()
    reference = PCA(1).fit(Z)
    least = float(((Z - reference.inverse_transform(reference.transform(Z))) ** 2).sum(axis=1).mean())
    data = data_of(Z)
    learner = make(Autoencoder(shape="linear"), Training(seed=1), data)
    state = learner.init(data)
    for _ in range(60):
        state = learner.advance(state, data, 5)
        assert state.objective >= least * (1 - 1e-6)
    assert run(Z, 600, "float32")[2].objective < 0.2 * least


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_the_curve_bends_through_the_points(activation: str) -> None:
    Z = half_circle()
    learner, data, state = run(Z, 1500, "float32", activation=activation)
    assert learner.metrics(state, data)["explained"] > 0.97
    codes = learner.scores(state, Z)[:, 0]
    angle = np.arctan2(Z[:, 1], Z[:, 0])
    order = np.argsort(np.argsort(angle)), np.argsort(np.argsort(codes))
    assert abs(float(np.corrcoef(*order)[0, 1])) > 0.95  # the code runs along the arc


def test_what_is_drawn_is_what_the_decoder_makes_of_codes() -> None:
    made = Run(Experiment(data=GeneratedData(generator="moons", n_points=80), learner=Autoencoder()))
    made.advance_epochs(60)
    overlays = made.snapshot(Viewport((-1, 1), (-1, 1))).overlays
    (curve,) = (overlay.xy for overlay in overlays if isinstance(overlay, Line) and overlay.role == "curve")
    (ends,) = (overlay.ends for overlay in overlays if isinstance(overlay, Segments))
    np.testing.assert_allclose(ends[:, :2], made.dataset.X, atol=1e-6)
    learner, state, data = made.learner, made.state, made.model().data
    assert isinstance(learner, AutoencoderLearner)
    inverse = made.features.inverse
    assert inverse is not None
    np.testing.assert_allclose(ends[:, 2:], inverse(learner.reconstructed(state, data.Z, 1)), atol=1e-5)
    # Every reconstruction lies on the curve.
    away = np.linalg.norm(ends[:, None, 2:] - curve[None], axis=2).min(axis=1)
    assert away.max() < 2 * np.linalg.norm(np.diff(curve, axis=0), axis=1).max()
    assert float(((ends[:, 2:] - ends[:, :2]) ** 2).sum(axis=1).mean()) > 0


def test_of_two_codes_no_curve_is_drawn() -> None:
    made = Run(Experiment(data=GeneratedData(generator="moons", n_points=40), learner=Autoencoder(components=2)))
    made.advance_epochs(2)
    overlays = made.snapshot(Viewport((-1, 1), (-1, 1))).overlays
    assert not [overlay for overlay in overlays if isinstance(overlay, Line) and overlay.role == "curve"]
    assert [overlay for overlay in overlays if isinstance(overlay, Segments)]


def test_fewer_codes_say_less_and_those_left_out_are_at_their_mean() -> None:
    learner, data, state = run(tables()["wine"], 300, components=3)
    errors = [float(((data.Z - learner.reconstructed(state, data.Z, r)) ** 2).sum(axis=1).mean()) for r in range(4)]
    assert errors[0] > errors[3]
    assert errors[3] == pytest.approx(state.objective)
    np.testing.assert_allclose(learner.reconstructed(state, data.Z, 0).std(axis=0), 0.0, atol=1e-12)
    np.testing.assert_allclose(learner.left_over(state, data.Z).mean(), state.objective)


def test_codes_begin_growing_with_the_feature_they_vary_with_most() -> None:
    Z = tables()["wine"]
    for seed in range(8):
        learner = make(Autoencoder(components=3), Training(seed=seed), data_of(Z))
        state = learner.init(data_of(Z))
        codes = learner.scores(state, Z)
        together = (codes - codes.mean(axis=0)).T @ (Z - Z.mean(axis=0))
        assert (together[np.arange(3), np.abs(together).argmax(axis=1)] > 0).all()
        # Turned codes are decoded as they were.
        plain = learner._dense.init(learner._pairs)
        assert float(((Z - learner._dense.scores(plain, Z)) ** 2).sum(axis=1).mean()) == pytest.approx(
            state.objective, rel=1e-4
        )


def test_it_ends_when_nothing_gets_better_and_has_its_best_weights_back() -> None:
    Z = tables()["iris"]
    data = data_of(Z)
    learner = make(Autoencoder(shape="linear", components=2, learning_rate=0.05, patience=40), Training(), data)
    state, least = learner.init(data), np.inf
    while not state.ended:
        state = learner.advance(state, data, 1)
        if not state.ended:
            least = min(least, state.objective)
    assert state.step >= 40
    assert state.objective <= least
    assert "for 40 epochs" in learner.outcome(state).sentence
    more = learner.advance(learner.again(state, data), data, 5)
    assert not more.ended
    assert more.step == state.step + 5


def test_slow_progress_is_progress() -> None:
    learner, _, state = run(tables()["wine"], 400, optimizer="gradient_descent", learning_rate=1e-4, patience=100)
    assert not state.ended
    assert learner.outcome(state).status == "running"


def test_too_large_a_learning_rate_diverges_and_is_named() -> None:
    learner, _, state = run(tables()["wine"], 2000, optimizer="gradient_descent", learning_rate=50.0)
    outcome = learner.outcome(state)
    assert outcome.status == "diverged"
    assert "now 50" in outcome.sentence
    assert np.isfinite(state.network.parameters).all()


def test_the_learning_rate_the_optimizer_and_points_may_change_meanwhile() -> None:
    Z = tables()["wine"]
    _, data, state = run(Z, 20)
    for how in ({"learning_rate": 0.02}, {"batch_size": 7}, {"optimizer": "gradient_descent"}):
        other = make(Autoencoder.model_validate(how), Training(seed=2, precision="float64"), data)
        before, state = state, other.advance(state, data, 10)
        assert state.objective < before.objective
    fewer = data_of(Z[:100])
    learner = make(Autoencoder(), Training(seed=2, precision="float64"), fewer)
    state = learner.advance(state, fewer, 3)
    assert state.objective == pytest.approx(float(learner.left_over(state, Z[:100]).mean()))


def test_torch_that_stands_in_for_the_loops_goes_the_same_way(monkeypatch: pytest.MonkeyPatch) -> None:
    data = data_of(tables()["wine"])
    found = []
    for standing in (False, True):
        if standing:
            monkeypatch.delattr("engine.dense.kernels.train")  # not compiled yet
        learner = make(Autoencoder(components=2), Training(seed=2, precision="float64"), data)
        learner.standing_in = standing
        state = learner.advance(learner.init(data), data, 8)
        found.append((learner.path(state), learner.scores(state, data.Z)))
    assert [path for path, _ in found] == ["compiled", "torch"]
    np.testing.assert_allclose(found[0][1], found[1][1], atol=1e-6)
