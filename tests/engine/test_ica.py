"""Independent components: what scikit-learn finds from the same start, sources that were mixed, and what has none."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm
from sklearn.datasets import load_wine
from sklearn.decomposition import FastICA
from sklearn.preprocessing import StandardScaler

from engine.experiment import Experiment, GeneratedData
from engine.learner import TrainingData
from engine.learners.ica import (
    Contrast,
    IcaLearner,
    IcaState,
    IndependentComponents,
    fixed_point,
    make,
    negentropies,
    orthogonal,
)
from engine.learners.pca import PrincipalComponents
from engine.learners.pca import make as make_pca
from engine.overlays import Arrows
from engine.snapshot import Viewport
from engine.training import Run
from engine.training_settings import Training

CONTRASTS: tuple[Contrast, ...] = ("logcosh", "exp", "cube")
SKLEARN = {"deflation": "deflation", "symmetric": "parallel"}
SEED = 4


def mixed(n: int = 1500, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Independent sources (n, 3), how they are mixed (3, 3), and the mixtures (n, 3) away from the origin."""
    rng = np.random.default_rng(seed)
    sources = np.stack([rng.uniform(-1, 1, n), rng.laplace(size=n), rng.uniform(0, 3, n)], axis=1)
    how = np.array([[1.0, 0.8, 0.3], [0.5, 1.0, 0.8], [0.2, 0.4, 1.0]])
    return sources, how, sources @ how.T + np.array([3.0, -1.0, 0.5])


def learner_of(Z: np.ndarray, **how: Any) -> tuple[IcaLearner, TrainingData]:
    seed = how.pop("seed", SEED)
    data = TrainingData(Z, np.zeros(len(Z), np.int64), "projection")
    return make(IndependentComponents.model_validate(how), Training(seed=seed, precision="float64"), data), data


def run(Z: np.ndarray, **how: Any) -> tuple[IcaLearner, TrainingData, list[IcaState]]:
    learner, data = learner_of(Z, **how)
    states = [learner.init(data)]
    while not states[-1].ended:
        states.append(learner.advance(states[-1], data, 1))
        assert len(states) < 5_000
    return learner, data, states


def matched(mine: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """The correlations (r,) of each column with the one that it goes with most."""
    together = np.abs(np.corrcoef(mine.T, theirs.T)[: mine.shape[1], mine.shape[1] :])
    assert sorted(together.argmax(axis=1)) == list(range(mine.shape[1]))
    return np.asarray(together.max(axis=1))


@pytest.mark.parametrize("contrast", CONTRASTS)
@pytest.mark.parametrize("found", SKLEARN)
@pytest.mark.parametrize("name", ["mixed", "wine"])
def test_it_agrees_with_scikit_learn_from_the_same_start(contrast: Contrast, found: str, name: str) -> None:
    Z = mixed()[2] if name == "mixed" else StandardScaler().fit_transform(load_wine().data)
    learner, data, states = run(Z, components=3, contrast=contrast, found=found)
    assert learner.outcome(states[-1]).status == "converged"
    # The whitened axes are the same but for their signs, with which the start is turned.
    start = np.random.default_rng(SEED).normal(size=(3, 3))
    centred = Z - Z.mean(axis=0)
    u = np.linalg.svd(centred.T, full_matrices=False)[0]
    u *= np.sign(u[0])
    pca = make_pca(PrincipalComponents(components=3, found="svd"), Training(), data)
    signs = np.sign((pca.advance(pca.init(data), data, 1).directions * u.T[:3]).sum(axis=1))
    reference = FastICA(
        3, algorithm=SKLEARN[found], fun=contrast, whiten="unit-variance", w_init=start * signs, tol=1e-14,
        max_iter=5000,
    )  # fmt: skip
    theirs, mine = reference.fit_transform(Z), learner.scores(states[-1], Z)
    turned = np.sign((theirs * mine).sum(axis=0))
    np.testing.assert_allclose(mine * turned, theirs, atol=1e-4)
    np.testing.assert_allclose(states[-1].directions * turned[:, None], reference.components_, atol=1e-5)
    np.testing.assert_allclose(states[-1].mixing.T * turned, reference.mixing_, atol=1e-4)
    np.testing.assert_allclose(learner.reconstructed(states[-1], Z, 3), reference.inverse_transform(theirs), atol=1e-6)


@pytest.mark.parametrize("contrast", CONTRASTS)
@pytest.mark.parametrize("found", SKLEARN)
@pytest.mark.parametrize("seed", range(3))
def test_sources_that_were_mixed_are_found_again(contrast: Contrast, found: str, seed: int) -> None:
    sources, how, Z = mixed(4000, seed)
    learner, _, states = run(Z, components=3, contrast=contrast, found=found, seed=seed)
    mine = learner.scores(states[-1], Z)
    assert matched(mine, sources).min() > 0.99
    # An arrow is what one standard deviation of its source adds to the features.
    order = np.abs(np.corrcoef(mine.T, sources.T)[:3, 3:]).argmax(axis=1)
    true = (how * sources.std(axis=0)).T[order]
    cosines = (true * states[-1].mixing).sum(axis=1) / np.linalg.norm(true, axis=1) ** 2
    np.testing.assert_allclose(np.abs(cosines), 1.0, atol=0.1)
    principal = np.linalg.svd(Z - Z.mean(axis=0), full_matrices=False)[0]
    assert np.abs(np.corrcoef(principal.T, sources.T)[:3, 3:]).max(axis=1).min() < 0.95


@pytest.mark.parametrize("found", SKLEARN)
def test_scores_have_a_variance_of_one_and_do_not_go_together_at_any_step(found: str) -> None:
    Z = mixed()[2]
    learner, _, states = run(Z, components=3, found=found)
    for state in states if found == "symmetric" else states[-1:]:
        np.testing.assert_allclose(np.cov(learner.scores(state, Z).T, bias=True), np.eye(3), atol=1e-9)
    for state in states:
        np.testing.assert_allclose(learner.scores(state, Z).std(axis=0), 1.0)
        np.testing.assert_allclose(learner.scores(state, Z).mean(axis=0), 0.0, atol=1e-9)


def test_deflation_keeps_what_it_has_found_and_the_others_at_right_angles() -> None:
    states = run(mixed()[2], components=3)[2]
    rotation = states[-1].rotation
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-9)
    first = next(state for state in states if state.found == 1)
    np.testing.assert_array_equal(first.rotation[0], rotation[0])
    assert {len(state.rotation) for state in states} == {1, 2, 3}


def test_each_arrow_points_to_where_its_largest_part_is_positive() -> None:
    for seed in range(6):
        mixing = run(mixed()[2], components=3, seed=seed)[2][-1].mixing
        assert (np.abs(mixing).max(axis=1) == mixing.max(axis=1)).all()


@pytest.mark.parametrize("found", SKLEARN)
def test_a_direction_keeps_its_sense_while_it_is_turned(found: str) -> None:
    compared = 0
    for seed in range(3):
        for before, after in pairwise(run(mixed()[2], components=3, seed=seed, found=found)[2]):
            if len(before.rotation) == len(after.rotation) and before.found == after.found:  # found, a sign is settled
                assert (np.einsum("ri,ri->r", before.rotation, after.rotation) > 0).all()
                compared += 1
    assert compared > 10


@pytest.mark.parametrize("contrast", CONTRASTS)
def test_an_iteration_is_the_formula_and_negentropy_is_zero_for_a_normal_distribution(contrast: Contrast) -> None:
    G = {"logcosh": lambda u: np.log(np.cosh(u)), "exp": lambda u: -np.exp(-(u**2) / 2), "cube": lambda u: u**4 / 4}
    expected = quad(lambda u: G[contrast](u) * norm.pdf(u), -30, 30)[0]
    X, w = np.random.default_rng(0).normal(size=(50, 2)), np.array([[0.6, 0.8]])
    scores = X @ w.T
    assert negentropies(scores, contrast)[0] == pytest.approx((G[contrast](scores).mean() - expected) ** 2, rel=1e-6)
    step = 1e-5
    g = (G[contrast](scores + step) - G[contrast](scores - step)) / (2 * step)
    slope = (G[contrast](scores + step) - 2 * G[contrast](scores) + G[contrast](scores - step)) / step**2
    wanted = (X * g).mean(axis=0) - slope.mean() * w[0]
    np.testing.assert_allclose(fixed_point(X, w, contrast)[0], wanted, rtol=1e-4, atol=1e-5)


def test_rows_are_made_orthogonal_without_preferring_any() -> None:
    W = np.random.default_rng(1).normal(size=(4, 4))
    values, vectors = np.linalg.eigh(W @ W.T)
    np.testing.assert_allclose(orthogonal(W), vectors @ np.diag(values**-0.5) @ vectors.T @ W, atol=1e-9)


def test_what_stands_under_the_stage_is_about_the_score_in_hand() -> None:
    sources, _, Z = mixed(20_000)
    learner, data, states = run(Z, components=3)
    kurtosis = learner.metrics(states[-1], data)["kurtosis"]
    last = learner.scores(states[-1], Z)[:, -1]
    source = np.abs([np.corrcoef(last, each)[0, 1] for each in sources.T]).argmax()
    assert kurtosis == pytest.approx((-1.2, 3.0, -1.2)[source], abs=0.3)
    assert learner.metrics(states[-1], data)["reconstruction"] == pytest.approx(0.0, abs=1e-9)
    fewer, _, few = run(Z, components=2)
    variances = np.linalg.eigvalsh(np.cov(Z.T, bias=True))
    assert fewer.metrics(few[-1], data)["reconstruction"] == pytest.approx(variances[0])


def test_fewer_directions_than_wanted_where_the_points_vary_in_fewer() -> None:
    flat = mixed()[2]
    flat[:, 2] = flat[:, 0] - flat[:, 1]
    learner, _, states = run(flat, components=3)
    assert states[-1].found == 2
    assert "do not vary in any other" in learner.outcome(states[-1]).sentence
    single, data = learner_of(np.ones((5, 2)))
    stopped = single.outcome(single.advance(single.init(data), data, 1))
    assert stopped.status == "stopped"
    assert "one place" in stopped.sentence


def test_what_does_not_come_to_rest_stops_with_a_sentence_and_keeps_its_directions() -> None:
    normal = np.random.default_rng(2).normal(size=(400, 2))
    for found in SKLEARN:
        learner, _, states = run(normal, found=found)
        end = learner.outcome(states[-1])
        assert end.status == "stopped"
        assert "all but Gaussian" in end.sentence
        assert len(states) == 501
        np.testing.assert_allclose(learner.scores(states[-1], normal).std(axis=0), 1.0)


@pytest.mark.parametrize("found", SKLEARN)
@pytest.mark.parametrize("steps", [3, 10_000])
def test_points_that_change_turn_the_directions(found: str, steps: int) -> None:
    sources, _, before = mixed()
    after = before[:1000]
    states = run(before, components=3, found=found)[2]
    state = states[min(steps, len(states) - 1)]
    later, others = learner_of(after, components=3, found=found)
    state = later.again(state, others) if state.ended else state
    while not state.ended:
        state = later.advance(state, others, 1)
    assert matched(later.scores(state, after), sources[:1000]).min() > 0.98
    np.testing.assert_allclose(later.scores(state, after).std(axis=0), 1.0)


def test_points_that_stay_leave_what_was_found() -> None:
    Z = mixed()[2]
    learner, data, states = run(Z, components=3)
    assert learner.again(states[-1], data) is states[-1]


def test_arrows_of_the_mixed_sources_lie_along_the_sides_of_the_parallelogram() -> None:
    experiment = Experiment(data=GeneratedData(generator="mixed_sources", noise=0.0), learner=IndependentComponents())
    made = Run(experiment)
    made.advance_epochs(500)
    assert made.outcome.status == "converged"
    overlays = made.snapshot(Viewport((-1, 1), (-1, 1))).overlays
    arrows = next(overlay for overlay in overlays if isinstance(overlay, Arrows))
    assert not arrows.turns_by_hand
    sides = np.array([[0.62, 0.2], [0.3, 0.62]])
    along = (arrows.tips - arrows.origin) / np.linalg.norm(arrows.tips - arrows.origin, axis=1, keepdims=True)
    cosines = np.abs(along @ (sides / np.linalg.norm(sides, axis=1, keepdims=True)).T)
    assert cosines.max(axis=1).min() > 0.99
    assert sorted(cosines.argmax(axis=1)) == [0, 1]
