"""Principal components: deflation, the decomposition at once and scikit-learn say the same; a hand begins anywhere."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits, load_wine
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from engine.edits import set_values
from engine.experiment import Experiment, GeneratedData
from engine.learner import TrainingData
from engine.learners.pca import PcaLearner, PcaState, PrincipalComponents, make
from engine.overlays import Arrows, Segments
from engine.snapshot import Viewport
from engine.training import Run
from engine.training_settings import Training
from tests.engine.dense_problems import directions


def tables() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    return {
        "plane": rng.normal(size=(200, 2)) @ np.array([[1.0, 0.4], [0.0, 0.3]]) + 5.0,
        "wine": StandardScaler().fit_transform(load_wine().data),
        "digits": load_digits().data[:300].astype(float),
    }


def learner_of(Z: np.ndarray, **how: Any) -> tuple[PcaLearner, TrainingData]:
    data = TrainingData(Z, np.zeros(len(Z), np.int64), "projection")
    return make(PrincipalComponents.model_validate(how), Training(seed=4, precision="float64"), data), data


def run(Z: np.ndarray, **how: Any) -> tuple[PcaLearner, TrainingData, list[PcaState]]:
    learner, data = learner_of(Z, **how)
    states = [learner.init(data)]
    while not states[-1].ended:
        states.append(learner.advance(states[-1], data, 1))
        assert len(states) < 20_000
    return learner, data, states


def assert_same_up_to_sign(mine: np.ndarray, theirs: np.ndarray) -> None:
    signs = np.sign((mine * theirs).sum(axis=1, keepdims=True))
    np.testing.assert_allclose(mine, signs * theirs, atol=1e-5)


@pytest.mark.parametrize("name", tables())
@pytest.mark.parametrize("found", ["power_iteration", "svd"])
def test_it_agrees_with_scikit_learn(name: str, found: str) -> None:
    Z = tables()[name]
    r = min(4, Z.shape[1])
    learner, data, states = run(Z, components=r, found=found)
    reference = PCA(r, svd_solver="full").fit(Z)
    last = states[-1]
    assert_same_up_to_sign(last.directions, reference.components_)
    np.testing.assert_allclose(
        learner.variances(last, data), reference.explained_variance_ * (1 - 1 / len(Z)), rtol=1e-5
    )
    scores = reference.transform(Z)
    signs = np.sign((scores * learner.scores(last, Z)).sum(axis=0))
    np.testing.assert_allclose(learner.scores(last, Z) * signs, scores, atol=1e-4)
    for r_kept in range(1, r + 1):
        kept = PCA(r_kept, svd_solver="full").fit(Z)
        np.testing.assert_allclose(
            learner.reconstructed(last, Z, r_kept), kept.inverse_transform(kept.transform(Z)), atol=1e-4
        )
    assert learner.metrics(last, data)["explained"] == pytest.approx(
        reference.explained_variance_ratio_.sum(), abs=1e-6
    )
    error = float(((Z - learner.reconstructed(last, Z, r)) ** 2).sum(axis=1).mean())
    assert last.objective == pytest.approx(error, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("name", tables())
def test_deflation_one_by_one_finds_what_the_decomposition_finds_at_once(name: str) -> None:
    Z = tables()[name]
    one_by_one, at_once = (run(Z, components=5, found=found)[2][-1] for found in ("power_iteration", "svd"))
    assert_same_up_to_sign(one_by_one.directions, at_once.directions)
    # Signs are settled alike, so that the pictures are the same.
    np.testing.assert_allclose(one_by_one.directions, at_once.directions, atol=1e-5)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), p=st.integers(2, 6), angle=st.floats(-180, 180))
def test_no_step_ever_lowers_the_variance_along_the_direction(seed: int, p: int, angle: float) -> None:
    Z = np.random.default_rng(seed).normal(size=(12, p)) * np.geomspace(1, 5, p)
    learner, data, states = run(Z, components=1, angle=angle)
    along = [float(learner.variances(state, data)[0]) for state in states if len(state.directions)]
    assert all(after >= before * (1 - 1e-9) for before, after in pairwise(along))
    left = [state.objective for state in states]
    assert all(after <= before * (1 + 1e-9) + 1e-12 for before, after in pairwise(left))


def test_the_directions_stand_at_right_angles_and_the_variances_fall() -> None:
    learner, data, states = run(tables()["wine"], components=13)
    found = states[-1].directions
    np.testing.assert_allclose(found @ found.T, np.eye(13), atol=1e-5)
    assert (np.diff(learner.variances(states[-1], data)) <= 1e-6).all()
    assert learner.metrics(states[-1], data)["explained"] == pytest.approx(1.0)


def test_a_hand_may_begin_anywhere_and_reads_the_variance_there() -> None:
    Z = tables()["plane"]
    for angle in (-170.0, 0.0, 30.0, 90.0, 135.0):
        learner, data = learner_of(Z, angle=angle)
        state = learner.init(data)
        direction = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
        np.testing.assert_allclose(state.directions[0], direction)
        assert learner.metrics(state, data)["variance"] == pytest.approx(np.var(Z @ direction))
        best = run(Z, angle=angle)[2][-1]
        assert_same_up_to_sign(best.directions, PCA(1).fit(Z).components_)


def test_fewer_directions_than_wanted_where_the_points_vary_in_fewer() -> None:
    flat = np.outer(np.linspace(-1, 1, 20), [1.0, 2.0, -1.0])
    learner, _, states = run(flat, components=3)
    assert states[-1].found == 1
    assert "do not vary in any other" in learner.outcome(states[-1]).sentence


def test_points_in_one_place_have_no_direction() -> None:
    learner, data = learner_of(np.ones((5, 2)))
    state = learner.advance(learner.init(data), data, 1)
    assert learner.outcome(state).status == "stopped"
    assert "one place" in learner.outcome(state).sentence


def test_more_components_can_be_looked_for_afterwards_and_some_given_up() -> None:
    Z = tables()["wine"]
    _, data, states = run(Z, components=2)
    more, _ = learner_of(Z, components=4)
    state = more.again(states[-1], data)
    assert not state.ended
    while not state.ended:
        state = more.advance(state, data, 1)
    np.testing.assert_allclose(state.directions, run(Z, components=4, found="svd")[2][-1].directions, atol=1e-5)
    fewer, _ = learner_of(Z, components=1)
    np.testing.assert_array_equal(fewer.again(state, data).directions, state.directions[:1])


def test_what_is_drawn_are_the_feet_of_perpendiculars() -> None:
    made = Run(Experiment(data=GeneratedData(generator="correlated", n_points=60), learner=PrincipalComponents()))
    made.advance_epochs(500)
    overlays = made.snapshot(Viewport((-1, 1), (-1, 1))).overlays
    ends = next(overlay.ends for overlay in overlays if isinstance(overlay, Segments))
    arrows = next(overlay for overlay in overlays if isinstance(overlay, Arrows))
    direction = arrows.tips[0] - arrows.origin
    points, feet = ends[:, :2], ends[:, 2:]
    np.testing.assert_allclose(points, made.dataset.X, atol=1e-6)
    np.testing.assert_allclose((points - feet) @ direction, 0.0, atol=1e-5)
    across = feet - arrows.origin
    np.testing.assert_allclose(across[:, 0] * direction[1] - across[:, 1] * direction[0], 0.0, atol=1e-5)
    assert np.linalg.norm(direction) == pytest.approx(
        2 * np.std(points @ direction / np.linalg.norm(direction)), rel=1e-5
    )


def test_it_learns_from_every_point_whatever_is_held_out() -> None:
    data = directions()
    assert len(data.Z) == 60
    made = Run(Experiment(data=GeneratedData(generator="correlated", n_points=60), learner=PrincipalComponents()))
    assert len(made.model().data.Z) == 60


@pytest.mark.parametrize("found", ["power_iteration", "svd"])
@pytest.mark.parametrize("steps", [3, 10_000])
def test_points_that_change_turn_the_directions_that_were_found(found: str, steps: int) -> None:
    before, after = tables()["wine"], tables()["wine"][:90]
    states = run(before, components=3, found=found)[2]
    state = states[min(steps, len(states) - 1)]
    later, others = learner_of(after, components=3, found=found)
    state = later.again(state, others) if state.ended else state
    while not state.ended:
        state = later.advance(state, others, 1)
    assert_same_up_to_sign(state.directions, PCA(3).fit(after).components_)
    np.testing.assert_allclose(state.mean, after.mean(axis=0), atol=1e-12)


@pytest.mark.parametrize("name", tables())
def test_whitened_scores_are_those_of_scikit_learn_and_all_vary_alike(name: str) -> None:
    Z = tables()[name]
    n, r = len(Z), min(4, Z.shape[1])
    learner, data, states = run(Z, components=r, found="svd", whiten=True)
    reference = PCA(r, svd_solver="full", whiten=True).fit(Z)
    scores, theirs = learner.scores(states[-1], Z), reference.transform(Z) * np.sqrt(n / (n - 1))
    signs = np.sign((scores * theirs).sum(axis=0))
    np.testing.assert_allclose(scores * signs, theirs, atol=1e-5)
    np.testing.assert_allclose(np.cov(scores.T, bias=True), np.eye(r), atol=1e-9)
    plain = learner_of(Z, components=r, found="svd")[0]
    np.testing.assert_array_equal(learner.reconstructed(states[-1], Z, r), plain.reconstructed(states[-1], Z, r))
    loadings = learner.loadings(states[-1])
    assert loadings is not None
    np.testing.assert_allclose(np.linalg.norm(loadings, axis=1), 1.0)
    assert learner.metrics(states[-1], data) == plain.metrics(states[-1], data)


@pytest.mark.parametrize("found", ["power_iteration", "svd"])
def test_whitening_is_switched_on_while_directions_stay_as_they_were_found(found: str) -> None:
    Z = tables()["plane"]
    _, data, states = run(Z, components=2, found=found)
    whitening = learner_of(Z, components=2, found=found, whiten=True)[0]
    state = whitening.again(states[-1], data)
    assert state.ended
    np.testing.assert_array_equal(state.directions, states[-1].directions)
    np.testing.assert_allclose(whitening.scores(state, Z).std(axis=0), 1.0)


def test_whitening_a_direction_without_variance_leaves_its_scores_finite() -> None:
    for seed in range(4):  # of some of these rounding leaves a variance
        flat = np.outer(np.random.default_rng(seed).normal(size=40), [1.3, 2.7]) + np.array([0.1, 0.7])
        learner, _, states = run(flat, components=2, found="svd", whiten=True)
        scores = learner.scores(states[-1], flat)
        assert scores[:, 0].std() == pytest.approx(1.0)
        np.testing.assert_allclose(scores[:, 1], 0.0, atol=1e-12)


@pytest.mark.parametrize(("precision", "close"), [(np.float64, 1e-9), (np.float32, 1e-4)])
def test_covariances_of_ordered_rows_far_from_the_origin_are_as_exact_as_their_numbers(
    precision: type, close: float
) -> None:
    rng = np.random.default_rng(5)
    turn = rng.normal(size=(3, 3))
    spread = rng.normal(size=(20_000, 3)) @ turn
    Z = (spread[spread[:, 0].argsort()] + np.array([40.0, -70.0, 10.0])).astype(precision)
    learner, data = learner_of(Z, found="svd", components=3)
    reference = np.cov(np.asarray(Z, np.float64).T, bias=True)
    np.testing.assert_allclose(
        learner.covariance(data), reference, rtol=close, atol=close * float(np.abs(reference).max())
    )
    state = learner.advance(learner.init(data), data, 1)
    np.testing.assert_allclose(state.mean, np.asarray(Z, np.float64).mean(axis=0), atol=close)


def test_the_curve_begins_at_the_direction_that_a_hand_has_turned_to() -> None:
    experiment = set_values(
        Experiment(data=GeneratedData(generator="correlated")), {"learner.kind": "pca", "learner.angle": "100"}
    )
    run = Run(experiment)
    first = run.take_series()
    run.change(set_values(experiment, {"learner.angle": "36"}))
    turned = run.take_series()
    run.advance_epochs(1)
    assert [point.epoch for point in first + turned] == [0, 0]
    assert turned[0].loss[0] == pytest.approx(run.metrics()["all"]["reconstruction"].value, rel=0.1)
    assert turned[0].loss[0] < first[0].loss[0] / 5


@pytest.mark.parametrize("steps", [1, 2])
def test_how_many_steps_it_took_is_said_in_good_english(steps: int) -> None:
    learner, data, _ = run(tables()["plane"])
    state = replace(learner.init(data), step=steps, ended=True, found=1)
    assert learner.outcome(state).sentence.endswith(f"in {steps} step{'s' * (steps > 1)}.")
