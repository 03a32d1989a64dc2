"""Gaussian mixtures against scikit-learn and by their own rules: half-steps, the variance floor, a hand at means."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal
from sklearn.mixture import GaussianMixture as Reference

from engine.clustering import Touch
from engine.experiment import Experiment, GeneratedData
from engine.learner import TrainingData
from engine.learners.gaussian_mixture import GaussianMixture, GaussianMixtureLearner, MixtureState, make
from engine.mixtures import CovarianceKind, log_sums
from engine.overlays import Centres, Line
from engine.snapshot import Viewport
from engine.training import Run
from engine.training_settings import Training

KINDS = ("full", "tied", "diagonal", "spherical")
NAMES: dict[str, Any] = {"full": "full", "tied": "tied", "diagonal": "diag", "spherical": "spherical"}
every_kind = pytest.mark.parametrize("kind", KINDS)


def points(n: int = 400, p: int = 2, seed: int = 0) -> TrainingData:
    """Three clouds, each of its own shape."""
    rng = np.random.default_rng(seed)
    middles, turns = 2.5 * rng.normal(size=(3, p)), rng.normal(size=(3, p, p)) * 0.6
    which = rng.integers(0, 3, n)
    Z = middles[which] + np.einsum("ni,nij->nj", rng.normal(size=(n, p)), turns[which]) + 0.2 * rng.normal(size=(n, p))
    return TrainingData(Z, np.zeros(n, np.int64), "clustering")


def learner_of(data: TrainingData, seed: int = 1, **how: Any) -> GaussianMixtureLearner:
    return make(GaussianMixture.model_validate(how), Training(seed=seed, precision="float64"), data)


def run(
    learner: GaussianMixtureLearner, data: TrainingData, state: MixtureState | None = None, most: int = 5000
) -> list[MixtureState]:
    """Every state from the first to the last."""
    states = [learner.init(data) if state is None else state]
    while not states[-1].ended and len(states) <= most:
        states.append(learner.advance(states[-1], data, 1))
        assert not states[-1].fault
    return states


def reference_from(data: TrainingData, start: MixtureState, kind: str, **how: Any) -> Reference:
    """scikit-learn's mixture that begins where ours does."""
    mixture, covariances = start.mixture, start.mixture.covariances
    precisions: Any
    if kind in ("full", "tied"):
        precisions = np.linalg.inv(covariances)
        precisions = precisions[0] if kind == "tied" else precisions
    else:
        precisions = 1.0 / covariances
        precisions = precisions[:, 0] if kind == "spherical" else precisions
    return Reference(
        len(mixture), covariance_type=NAMES[kind], init_params="random_from_data", random_state=0,
        weights_init=mixture.weights, means_init=mixture.means, precisions_init=precisions,
        **{"reg_covar": 0.0, **how},
    )  # fmt: skip


def covariances_as_there(state: MixtureState, kind: str) -> np.ndarray:
    found = state.mixture.covariances
    return {"full": found, "tied": found[0], "diagonal": found, "spherical": found[:, 0]}[kind]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@every_kind
@pytest.mark.parametrize("rounds", [1, 2, 5])
@pytest.mark.parametrize(("p", "k", "start"), [(2, 3, "k_means"), (2, 5, "random_points"), (4, 3, "random_points")])
def test_every_round_is_scikit_learns_from_the_same_start(kind: str, rounds: int, p: int, k: int, start: str) -> None:
    data = points(p=p, seed=p + k)
    learner = learner_of(data, k=k, covariance=kind, initialization=start, tolerance=1e-12)
    first = learner.init(data)
    state = learner.advance(first, data, 2 * rounds)
    reference = reference_from(data, first, kind, tol=0.0, max_iter=rounds).fit(data.Z)
    np.testing.assert_allclose(state.mixture.means, reference.means_, atol=1e-7)
    np.testing.assert_allclose(covariances_as_there(state, kind), reference.covariances_, atol=1e-7)
    np.testing.assert_allclose(state.mixture.weights, reference.weights_, atol=1e-7)
    # Its bound is that of its last expectation.
    before = learner.advance(first, data, 2 * rounds - 1)
    assert -before.objective == pytest.approx(reference.lower_bound_, abs=1e-7)
    assert -state.objective == pytest.approx(reference.score(data.Z), abs=1e-7)


@every_kind
@pytest.mark.parametrize(("p", "regularization"), [(2, 0.0), (2, 1e-6), (3, 0.0)])
def test_it_ends_where_scikit_learn_does(kind: str, p: int, regularization: float) -> None:
    data = points(p=p, seed=p)
    learner = learner_of(data, k=3, covariance=kind, initialization="k_means", tolerance=1e-12)
    states = run(learner, data)
    last = states[-1]
    reference = reference_from(data, states[0], kind, tol=1e-13, max_iter=5000, reg_covar=regularization).fit(data.Z)
    assert reference.converged_
    np.testing.assert_allclose(last.mixture.means, reference.means_, atol=1e-5)
    np.testing.assert_allclose(covariances_as_there(last, kind), reference.covariances_, atol=1e-5)
    np.testing.assert_allclose(last.mixture.weights, reference.weights_, atol=1e-5)
    np.testing.assert_allclose(last.shares, reference.predict_proba(data.Z), atol=1e-5)
    np.testing.assert_array_equal(last.labels, reference.predict(data.Z))
    assert -last.objective == pytest.approx(reference.lower_bound_, abs=1e-5)
    found = learner.metrics(last, data)
    assert found["bic"] == pytest.approx(reference.bic(data.Z), abs=1e-5 * len(data.Z))
    assert found["aic"] == pytest.approx(reference.aic(data.Z), abs=1e-5 * len(data.Z))
    assert found["log_likelihood"] == pytest.approx(reference.score(data.Z) * len(data.Z), abs=1e-5 * len(data.Z))
    if p == 2 and regularization == 0:
        grid = np.stack(np.meshgrid(np.linspace(-6, 6, 50), np.linspace(-6, 6, 50)), axis=-1).reshape(-1, 2)
        said = learner.predict(last, grid)
        theirs = reference.predict_proba(grid)
        np.testing.assert_allclose(cast(np.ndarray, said.probabilities), theirs, atol=1e-5)
        sure = np.sort(theirs, axis=1)
        plain = sure[:, -1] - sure[:, -2] > 1e-3
        np.testing.assert_array_equal(cast(np.ndarray, said.labels)[plain], reference.predict(grid)[plain])


@settings(max_examples=80, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    k=st.integers(1, 6),
    n=st.integers(2, 50),
    kind=st.sampled_from(KINDS),
    start=st.sampled_from(["k_means", "random_points"]),
    floor=st.sampled_from([1e-9, 1e-6, 1e-3, 0.3]),
)
def test_no_half_step_ever_lowers_the_likelihood_whatever_the_floor(
    seed: int, k: int, n: int, kind: str, start: str, floor: float
) -> None:
    rng = np.random.default_rng(seed)
    Z = rng.integers(0, 5, (n, 2)) + 0.01 * rng.integers(0, 2, (n, 1))  # many equal points: components collapse
    data = TrainingData(Z, np.zeros(n, np.int64), "clustering")
    learner = learner_of(data, seed, k=k, covariance=kind, initialization=start, variance_floor=floor, tolerance=1e-9)
    states = run(learner, data, most=200)
    objectives = [state.objective for state in states[1:]]
    assert all(after <= before + 1e-7 * max(1.0, abs(before)) for before, after in pairwise(objectives))
    for state in states:
        assert np.isfinite(state.mixture.covariances).all()
        shapes = state.mixture.covariances
        least = np.linalg.eigvalsh(shapes).min() if shapes.ndim == 3 else shapes.min()
        assert least >= floor * (1 - 1e-6)
        assert state.mixture.weights.sum() == pytest.approx(1.0)


def test_with_a_number_added_to_the_diagonal_the_likelihood_can_fall_and_with_a_floor_it_does_not() -> None:
    """Why small variances are raised to the floor, rather than all of them by it."""
    Z = np.random.default_rng(0).normal(size=(60, 2))
    data = TrainingData(Z, np.zeros(60, np.int64), "clustering")
    first = learner_of(data, k=3, covariance="full").init(data)
    bounds = []
    for rounds in range(1, 30):
        reference = reference_from(data, first, "full", tol=0.0, max_iter=rounds, reg_covar=0.05)
        with pytest.warns(match="converge"):
            bounds.append(reference.fit(Z).lower_bound_)
    assert min(after - before for before, after in pairwise(bounds)) < -1e-6
    ours = [state.objective for state in run(learner_of(data, k=3, variance_floor=0.05, tolerance=1e-12), data)[1:]]
    assert all(after <= before + 1e-12 for before, after in pairwise(ours))


def test_an_expectation_and_a_maximization_take_turns() -> None:
    data = points()
    first, expected, maximized = run(learner_of(data, k=3, initialization="random_points"), data)[:3]
    assert expected.mixture is first.mixture
    np.testing.assert_allclose(expected.shares.sum(axis=1), 1.0)
    np.testing.assert_array_equal(expected.labels, expected.shares.argmax(axis=1))
    assert maximized.shares is expected.shares
    for index in range(3):
        share = expected.shares[:, index]
        np.testing.assert_allclose(maximized.mixture.means[index], np.average(data.Z, axis=0, weights=share))
        np.testing.assert_allclose(
            maximized.mixture.covariances[index], np.cov(data.Z.T, aweights=share, bias=True), atol=1e-12
        )
        assert maximized.mixture.weights[index] == pytest.approx(share.mean())


def test_at_random_points_every_component_is_as_wide_as_all_data() -> None:
    data = points()
    first = learner_of(data, k=3, initialization="random_points").init(data)
    np.testing.assert_allclose(first.mixture.covariances[2], np.cov(data.Z.T, bias=True), atol=1e-12)
    for mean in first.mixture.means:
        assert (mean == data.Z).all(axis=1).any()


def test_a_component_that_collapses_is_held_by_the_floor_and_that_is_said() -> None:
    rng = np.random.default_rng(3)
    Z = np.concatenate([rng.normal(size=(40, 2)), np.full((6, 2), 9.0)])  # six points at one place
    data = TrainingData(Z, np.zeros(46, np.int64), "clustering")
    learner = learner_of(data, k=2, variance_floor=1e-4)
    last = run(learner, data)[-1]
    (held,) = last.mixture.held
    np.testing.assert_allclose(last.mixture.means[held], [9, 9])
    np.testing.assert_allclose(last.mixture.covariances[held], 1e-4 * np.eye(2))
    sentence = learner.outcome(last).sentence
    assert "less than 0.00001 a step" in sentence
    assert f"Component {held + 1} has shrunk to the variance floor" in sentence
    assert "Raise the floor" in sentence
    assert "shrunk" not in learner.outcome(run(learner_of(data, k=1), data)[-1]).sentence


def test_a_component_that_no_point_belongs_to_stays_and_that_is_said() -> None:
    data = points(100)
    far: dict[str, Any] = {"initialization": "by_hand", "k": 2, "centres": ((0.0, 0.0), (1e4, 1e4))}
    learner = learner_of(data, **far)
    last = run(learner, data)[-1]
    np.testing.assert_array_equal(last.mixture.means[1], [1e4, 1e4])
    np.testing.assert_allclose(last.mixture.means[0], data.Z.mean(axis=0))
    assert "Component 2 has lost all points" in learner.outcome(last).sentence
    assert np.isfinite(learner.predict(last, data.Z).scores).all()


def test_it_ends_once_a_maximization_gains_less_than_the_tolerance() -> None:
    data = points()
    states = run(learner_of(data, k=3, tolerance=1e-3, initialization="random_points"), data)
    gains = [before.objective - after.objective for before, after in pairwise(states[1:])][::2]
    assert gains[-1] < 1e-3
    assert min(gains[:-1]) >= 1e-3
    assert states[-1].objective == pytest.approx(states[-2].objective)


def test_a_hand_moves_adds_and_removes_components() -> None:
    data = points()
    learner = learner_of(data, k=3)
    last = run(learner, data)[-1]
    moved = learner.touched(last, data, Touch("move", 1, np.array([5.0, 5.0])))
    np.testing.assert_array_equal(moved.centres[1], [5, 5])
    np.testing.assert_array_equal(moved.mixture.covariances, last.mixture.covariances)
    assert not moved.ended
    assert run(learner, data, moved)[-1].ended
    added = learner.touched(last, data, Touch("add", -1, np.array([-2.0, 2.0])))
    assert learner.n_clusters(added) == 4
    assert added.mixture.weights.sum() == pytest.approx(1.0)
    with_four = learner_of(data, k=4)  # the settings follow the hand: nothing is added twice
    assert with_four.n_clusters(with_four.advance(added, data, 1)) == 4
    removed = learner.touched(last, data, Touch("remove", 0, np.zeros(2)))
    np.testing.assert_array_equal(removed.centres, last.centres[1:])
    assert removed.mixture.weights.sum() == pytest.approx(1.0)
    with_two = learner_of(data, k=2)
    assert with_two.n_clusters(with_two.advance(removed, data, 1)) == 2


def test_k_is_followed_while_it_learns() -> None:
    data = points()
    state = learner_of(data, k=3).advance(learner_of(data, k=3).init(data), data, 4)
    more = learner_of(data, k=4).advance(state, data, 1)
    worst = data.Z[log_sums(state.mixture.log_joint(data.Z)).argmin()]
    np.testing.assert_array_equal(more.centres[3], worst)
    assert len(learner_of(data, k=1).advance(state, data, 1).centres) == 1


def test_more_components_than_points_are_as_many_as_points() -> None:
    data = points(3)
    assert len(run(learner_of(data, k=9), data)[-1].centres) == 3


def test_points_may_come_and_go_while_it_learns() -> None:
    data, more = points(100), points(140)
    learner = learner_of(data, k=3)
    state = learner.advance(learner.init(data), data, 3)
    said = learner.members(state, more)
    assert said.probabilities is not None
    assert said.probabilities.shape == (140, 3)
    assert learner.advance(state, more, 1).shares.shape == (140, 3)
    assert run(learner, more, learner.advance(state, more, 1))[-1].ended


def test_the_loss_of_a_place_is_minus_its_log_likelihood_and_the_pointer_reads_the_shares() -> None:
    data = points()
    learner = learner_of(data, k=3)
    last = run(learner, data)[-1]
    assert learner.loss(last, data.Z, data.y).mean() == pytest.approx(last.objective)
    z = data.Z[7]
    why = learner.reasons(last, data, z)
    assert why is not None
    best = int(last.shares[7].argmax())
    assert why.lines[0].startswith(f"p({best + 1}) = {last.shares[7, best]:.2f}")


@every_kind
def test_ellipses_lie_at_one_and_two_deviations_of_their_component(kind: CovarianceKind) -> None:
    run_ = Run(Experiment(data=GeneratedData(generator="blobs"), learner=GaussianMixture(k=4, covariance=kind)))
    run_.advance(12)
    overlays = run_.snapshot(Viewport((-1.0, 1.0), (-1.0, 1.0), 20, 20)).overlays
    model = run_.model()
    (centres,) = (overlay for overlay in overlays if isinstance(overlay, Centres))
    np.testing.assert_allclose(model.features_on_stage(centres.xy), model.state.centres, atol=1e-6)
    lines = [overlay for overlay in overlays if isinstance(overlay, Line) and overlay.role == "ellipse"]
    assert len(lines) == 8
    for number, line in enumerate(lines):
        assert line.index == number // 2
        shape = model.state.mixture.covariances[number // 2]
        inverse = np.linalg.inv(np.diag(shape) if shape.ndim == 1 else shape)
        away = model.features_on_stage(line.xy) - model.state.centres[number // 2]
        distances = np.sqrt(np.einsum("ni,ij,nj->n", away, inverse, away))
        np.testing.assert_allclose(distances, 1.0 + number % 2, rtol=1e-4)
    assert math.isfinite(run_.metrics()["all"]["bic"].value)


def test_the_likelihood_is_that_of_the_components_as_a_hand_leaves_them() -> None:
    data, more = points(), points(90)
    learner = learner_of(data, k=3)
    last = run(learner, data)[-1]

    def by_scipy(state: MixtureState, Z: np.ndarray) -> float:
        densities = [
            weight * multivariate_normal(mean, covariance).pdf(Z)
            for weight, mean, covariance in zip(
                state.mixture.weights, state.mixture.means, state.mixture.covariances, strict=True
            )
        ]
        return float(np.log(np.sum(densities, axis=0)).sum())

    for touch in (
        Touch("move", 1, np.array([1.0, 1.0])), Touch("add", -1, np.array([-2.0, 2.0])), Touch("remove", 0, np.zeros(2))
    ):  # fmt: skip
        state = learner.touched(last, data, touch)
        assert learner.metrics(state, data)["log_likelihood"] == pytest.approx(by_scipy(state, data.Z))
    assert len(more.Z) != len(data.Z)
    assert learner.metrics(last, more)["log_likelihood"] == pytest.approx(by_scipy(last, more.Z))
