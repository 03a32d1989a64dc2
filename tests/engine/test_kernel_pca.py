"""Kernel PCA: turns, the eigenvectors at once and scikit-learn say the same; curves, the way back, changing points."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_wine
from sklearn.decomposition import KernelPCA
from sklearn.preprocessing import StandardScaler

from engine.experiment import Experiment, GeneratedData
from engine.generators import generate
from engine.learner import TrainingData
from engine.learners.kernel_pca import KernelPcaLearner, KernelPcaState, KernelPrincipalComponents, make
from engine.learners.pca import PrincipalComponents
from engine.learners.pca import make as make_pca
from engine.training import Run
from engine.training_settings import Training

KERNELS: dict[str, dict[str, Any]] = {
    "rbf": {"kernel": "rbf", "gamma_from": "by_hand", "gamma": 2.0},
    "polynomial": {"kernel": "polynomial", "gamma_from": "by_hand", "gamma": 0.5, "degree": 3, "coef0": 1.0},
    "even": {"kernel": "polynomial", "gamma_from": "by_hand", "gamma": 1.0, "degree": 2, "coef0": 0.0},
    "linear": {"kernel": "linear"},
    "cosine": {"kernel": "cosine"},
}


def moons(n: int = 150) -> np.ndarray:
    return generate(GeneratedData(generator="moons", n_points=n)).X.astype(np.float64) + np.array([0.3, -0.2])


def reference_of(how: dict[str, Any], gamma: float, **others: Any) -> KernelPCA:
    kernel = "poly" if how["kernel"] == "polynomial" else how["kernel"]
    return KernelPCA(
        kernel=kernel, gamma=gamma, degree=how.get("degree", 3), coef0=how.get("coef0", 1.0), eigen_solver="dense",
        **others,
    )  # fmt: skip


def learner_of(Z: np.ndarray, **how: Any) -> tuple[KernelPcaLearner, TrainingData]:
    data = TrainingData(Z, np.zeros(len(Z), np.int64), "projection")
    return make(KernelPrincipalComponents.model_validate(how), Training(seed=4, precision="float64"), data), data


def run(Z: np.ndarray, **how: Any) -> tuple[KernelPcaLearner, TrainingData, list[KernelPcaState]]:
    learner, data = learner_of(Z, **how)
    states = [learner.init(data)]
    while not states[-1].ended:
        states.append(learner.advance(states[-1], data, 1))
        assert len(states) < 20_000
    return learner, data, states


def gamma_used(state: KernelPcaState) -> float:
    assert state.kernel is not None
    return state.kernel.gamma


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("found", ["power_iteration", "eigen"])
@pytest.mark.parametrize("n", [150, 400])  # a few of many are found otherwise
def test_it_agrees_with_scikit_learn(name: str, found: str, n: int) -> None:
    Z, new, r = moons(n), np.random.default_rng(1).uniform(-1, 1, (30, 2)), 2 if name in ("linear", "cosine") else 3
    learner, data, states = run(Z, components=r, found=found, **KERNELS[name])
    last = states[-1]
    reference = reference_of(KERNELS[name], gamma_used(last), n_components=r).fit(Z)
    np.testing.assert_allclose(last.variances * n, reference.eigenvalues_, rtol=1e-5)
    theirs, mine = reference.transform(Z), learner.scores(last, Z)
    signs = np.sign((theirs * mine).sum(axis=0))
    np.testing.assert_allclose(mine * signs, theirs, atol=1e-5)
    np.testing.assert_allclose(learner.predict(last, new).scores * signs, reference.transform(new), atol=1e-5)
    every = reference_of(KERNELS[name], gamma_used(last)).fit(Z).eigenvalues_
    share = reference.eigenvalues_.sum() / every.sum()
    assert learner.quality(last, data) == pytest.approx(share, abs=1e-6)
    assert last.objective == pytest.approx((1 - share) * every.sum() / n, rel=1e-5, abs=1e-9)


@pytest.mark.parametrize("name", ["rbf", "polynomial"])
def test_turns_one_by_one_find_what_the_eigenvectors_are_at_once(name: str) -> None:
    one_by_one, at_once = (run(moons(), components=4, found=found, **KERNELS[name])[2] for found in
                           ("power_iteration", "eigen"))  # fmt: skip
    assert len(at_once) == 2
    assert len(one_by_one) > 10
    np.testing.assert_allclose(one_by_one[-1].directions, at_once[-1].directions, atol=1e-5)
    assert (one_by_one[-1].directions.max(axis=1) >= -one_by_one[-1].directions.min(axis=1)).all()


def test_with_a_linear_kernel_it_is_principal_component_analysis() -> None:
    Z = StandardScaler().fit_transform(load_wine().data) + 2.0
    learner, data, states = run(Z, components=5, kernel="linear", found="eigen")
    pca = make_pca(PrincipalComponents(components=5, found="svd"), Training(), data)
    plain = pca.advance(pca.init(data), data, 1)
    mine, theirs = learner.scores(states[-1], Z), pca.scores(plain, Z)
    np.testing.assert_allclose(np.abs(mine), np.abs(theirs), atol=1e-6)
    assert learner.quality(states[-1], data) == pytest.approx(pca.quality(plain, data))
    assert states[-1].objective == pytest.approx(plain.objective)


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("ridge", [0.01, 1.0])
def test_the_way_back_is_that_of_scikit_learn(name: str, ridge: float) -> None:
    Z = moons()
    Z -= Z.mean(axis=0)
    learner, _, states = run(Z, components=2, ridge=ridge, found="eigen", **KERNELS[name])
    reference = reference_of(
        KERNELS[name], gamma_used(states[-1]), n_components=2, fit_inverse_transform=True, alpha=ridge
    ).fit(Z)
    new = np.random.default_rng(1).uniform(-1, 1, (30, 2))
    theirs = reference.inverse_transform(reference.transform(new))
    np.testing.assert_allclose(learner.reconstructed(states[-1], new, 2), theirs, atol=1e-5)


def test_the_way_back_goes_with_points_that_are_moved_together() -> None:
    near, _, there = run(moons(), components=2, found="eigen", **KERNELS["rbf"])
    far, _, away = run(moons() + 7.0, components=2, found="eigen", **KERNELS["rbf"])
    back = near.reconstructed(there[-1], moons(), 2)
    np.testing.assert_allclose(far.reconstructed(away[-1], moons() + 7.0, 2), back + 7.0, atol=1e-6)


def test_more_components_lead_back_nearer_to_the_points() -> None:
    Z = moons()
    learner, _, states = run(Z, components=6, found="eigen")
    errors = []
    for kept in range(1, 7):
        back = learner.reconstructed(states[-1], Z, kept)
        errors.append(float(((Z - back) ** 2).sum(axis=1).mean()))
    assert all(after < before for before, after in pairwise(errors))
    assert errors[-1] < 1e-3 * Z.var(axis=0).sum()
    assert learner.left_over(states[-1], Z).mean() == pytest.approx(errors[-1])


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), kernel=st.sampled_from(list(KERNELS)))
def test_no_turn_ever_lowers_the_variance_along_the_direction(seed: int, kernel: str) -> None:
    Z = np.random.default_rng(seed).normal(size=(14, 2))
    learner, data = learner_of(Z, components=1, **KERNELS[kernel])
    states = [learner.init(data)]
    while not states[-1].ended and len(states) < 300:
        states.append(learner.advance(states[-1], data, 1))
    along = [float(state.variances[0]) for state in states]
    assert all(after >= before * (1 - 1e-9) for before, after in pairwise(along))
    assert all(after.objective <= before.objective + 1e-12 for before, after in pairwise(states))
    for state in (states[0], states[len(states) // 2], states[-1]):  # what is said of it is so, also on its way
        scores = learner.scores(state, Z)[:, 0]
        assert scores.mean() == pytest.approx(0.0, abs=1e-8)
        assert float(np.mean(scores**2)) == pytest.approx(float(state.variances[0]), rel=1e-6)


def test_the_first_score_tells_the_disc_from_the_ring_and_no_plain_component_does() -> None:
    points = generate(GeneratedData(generator="circles"))
    Z = points.X.astype(np.float64)

    def best_accuracy(scores: np.ndarray) -> float:
        right = [float(((scores > cut) == points.y).mean()) for cut in scores]
        return max(max(right), 1 - min(right))

    curved, _, states = run(Z, components=1, found="eigen")
    straight, _, plain = run(Z, components=1, found="eigen", kernel="linear")
    assert best_accuracy(curved.scores(states[-1], Z)[:, 0]) > 0.98
    assert best_accuracy(straight.scores(plain[-1], Z)[:, 0]) < 0.8


@pytest.mark.parametrize("found", ["power_iteration", "eigen"])
@pytest.mark.parametrize("steps", [3, 10_000])
def test_points_that_come_or_go_turn_the_directions(found: str, steps: int) -> None:
    before, after = moons(150), np.concatenate([moons(150)[:90], np.array([[0.9, 0.9], [0.8, 0.9]])])
    states = run(before, components=2, found=found)[2]
    state = states[min(steps, len(states) - 1)]
    later, others = learner_of(after, components=2, found=found)
    state = later.again(state, others) if state.ended else state
    while not state.ended:
        state = later.advance(state, others, 1)
    np.testing.assert_allclose(state.directions, run(after, components=2, found="eigen")[2][-1].directions, atol=1e-5)


def test_a_direction_in_hand_goes_on_among_other_points_from_where_it_was() -> None:
    states = run(moons(), components=1)[2]
    later, others = learner_of(moons()[:-1], components=1)
    carried = later.advance(later.again(states[-1], others), others, 1)
    afresh = run(moons()[:-1], components=1)[2]
    best = float(afresh[-1].variances[0])
    assert float(afresh[0].variances[0]) < 0.9 * best
    assert float(carried.variances[0]) == pytest.approx(best, rel=1e-3)


def test_more_components_can_be_looked_for_afterwards_and_some_given_up() -> None:
    Z = moons()
    _, data, states = run(Z, components=2)
    more, _ = learner_of(Z, components=4)
    state = more.again(states[-1], data)
    assert not state.ended
    while not state.ended:
        state = more.advance(state, data, 1)
    np.testing.assert_allclose(state.directions, run(Z, components=4, found="eigen")[2][-1].directions, atol=1e-5)
    fewer, _ = learner_of(Z, components=1)
    again = fewer.again(state, data)
    assert again.ended
    np.testing.assert_array_equal(again.directions, state.directions[:1])


@pytest.mark.parametrize("found", ["power_iteration", "eigen"])
def test_fewer_directions_than_wanted_where_the_kernel_knows_of_fewer(found: str) -> None:
    learner, _, states = run(moons(), components=5, kernel="linear", found=found)
    assert states[-1].found == 2
    assert "do not vary in any other" in learner.outcome(states[-1]).sentence


def test_points_that_are_all_alike_and_numbers_too_large_are_refused_with_a_sentence() -> None:
    for Z, said in ((np.ones((5, 2)), "alike"), (1e160 * np.eye(2), "scale them")):
        learner, data = learner_of(Z, kernel="polynomial")
        state = learner.advance(learner.init(data), data, 1)
        assert learner.outcome(state).status == "stopped"
        assert said in learner.outcome(state).sentence
    single, data = learner_of(np.ones((1, 2)))
    assert "alike" in single.outcome(single.advance(single.init(data), data, 1)).sentence


def test_a_changed_gamma_is_fitted_at_once_where_all_are_found_at_once() -> None:
    chosen = KernelPrincipalComponents(found="eigen", gamma_from="by_hand", gamma=3.0)
    experiment = Experiment(data=GeneratedData(generator="circles", n_points=60), learner=chosen)
    made = Run(experiment)
    made.advance_epochs(1)
    assert made.outcome.status == "converged"
    other = chosen.model_copy(update={"gamma": 9.0})
    made.change(experiment.model_copy(update={"learner": other}))
    assert made.outcome.status == "converged"
    afresh = Run(experiment.model_copy(update={"learner": other}))
    afresh.advance_epochs(1)
    np.testing.assert_array_equal(made.state.weights, afresh.state.weights)
