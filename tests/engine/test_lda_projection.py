"""Linear discriminants: turns, all at once and scikit-learn say the same; hands, shrinkage, and data they refuse."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits, load_iris, load_wine
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from engine.dataset import Points
from engine.experiment import DrawnData, Experiment, GeneratedData
from engine.learner import TrainingData
from engine.learners.lda_projection import LdaLearner, LdaState, LinearDiscriminants, make
from engine.overlays import Arrows, Line, Marks, Segments
from engine.snapshot import Viewport
from engine.training import Run
from engine.training_settings import Training
from tests.engine.dense_problems import parted

TABLES = {"iris": load_iris, "wine": load_wine, "digits": load_digits}


def table(name: str) -> TrainingData:
    found = TABLES[name]()
    return TrainingData(found.data.astype(float), found.target, "projection", len(found.target_names))


def learner_of(data: TrainingData, **how: Any) -> LdaLearner:
    return make(LinearDiscriminants.model_validate(how), Training(seed=4, precision="float64"), data)


def run(data: TrainingData, **how: Any) -> tuple[LdaLearner, list[LdaState]]:
    learner = learner_of(data, **how)
    states = [learner.init(data)]
    while not states[-1].ended:
        states.append(learner.advance(states[-1], data, 1))
        assert len(states) < 20_000
    return learner, states


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("found", ["power_iteration", "eigen"])
def test_it_agrees_with_scikit_learn(name: str, found: str) -> None:
    data = table(name)
    learner, states = run(data, components=4, found=found)
    last = states[-1]
    r = len(last.directions)
    assert r == min(4, data.n_classes - 1)
    reference = LinearDiscriminantAnalysis(solver="svd").fit(data.Z, data.y)
    theirs, mine = reference.transform(data.Z)[:, :r], learner.scores(last, data.Z)
    signs = np.sign((theirs * mine).sum(axis=0))
    np.testing.assert_allclose(mine * signs, theirs, atol=1e-5)
    shares = last.ratios / (last.ratios.sum() + last.objective)
    np.testing.assert_allclose(shares, reference.explained_variance_ratio_[:r], atol=1e-6)
    assert learner.quality(last, data) == pytest.approx(reference.explained_variance_ratio_[:r].sum(), abs=1e-6)
    assert (np.abs(last.directions).max(axis=1) == last.directions.max(axis=1)).all()


def test_turns_one_by_one_find_what_is_found_at_once() -> None:
    data = table("digits")
    one_by_one, at_once = (run(data, components=5, found=found)[1] for found in ("power_iteration", "eigen"))
    assert len(at_once) == 2
    assert len(one_by_one) > 20
    np.testing.assert_allclose(one_by_one[-1].directions, at_once[-1].directions, atol=1e-5)


@pytest.mark.parametrize("shrinkage", [0.1, 0.6, 1.0])
def test_shrinkage_draws_the_covariance_within_to_a_sphere(shrinkage: float) -> None:
    data = table("wine")
    learner, states = run(data, components=2, shrinkage=shrinkage, found="eigen")
    Z, y = data.Z, data.y
    within = sum(np.cov(Z[y == k].T, bias=True) * (y == k).mean() for k in range(3))
    between = np.cov(Z.T, bias=True) - within
    shrunk = (1 - shrinkage) * within + shrinkage * np.trace(within) / 13 * np.eye(13)
    values, vectors = scipy.linalg.eigh(between, shrunk)
    np.testing.assert_allclose(states[-1].ratios, values[::-1][:2], rtol=1e-6)
    wanted = vectors.T[::-1][:2]
    signs = np.sign((wanted * states[-1].directions).sum(axis=1, keepdims=True))
    np.testing.assert_allclose(states[-1].directions * signs, wanted, atol=1e-6)
    # What is shown of the direction is about the points themselves.
    scores = learner.scores(states[-1], Z)[:, 1]
    means = np.array([scores[y == k].mean() for k in range(3)])
    inside = np.mean((scores - means[y]) ** 2)
    assert learner.metrics(states[-1], data)["fisher_ratio"] == pytest.approx(np.var(means[y]) / inside)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), p=st.integers(2, 5), angle=st.floats(-180, 180), shrinkage=st.floats(0, 1))
def test_no_turn_ever_lowers_the_ratio_along_the_direction(seed: int, p: int, angle: float, shrinkage: float) -> None:
    data = parted(n=30, n_features=p, seed=seed)
    learner = learner_of(data, components=1, angle=angle, shrinkage=shrinkage)
    states = [learner.init(data)]
    while not states[-1].ended and len(states) < 300:
        states.append(learner.advance(states[-1], data, 1))
    assert all(after.ratios[0] >= before.ratios[0] * (1 - 1e-9) for before, after in pairwise(states))
    assert all(after.objective <= before.objective + 1e-9 for before, after in pairwise(states))


def test_a_hand_may_begin_anywhere_and_reads_the_ratio_there() -> None:
    data = parted(n_features=2, n_classes=2)
    best = run(data, components=1)[1][-1].ratios[0]
    for angle in (-170.0, 0.0, 30.0, 90.0, 135.0):
        learner = learner_of(data, angle=angle)
        state = learner.init(data)
        direction = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
        along = data.Z @ direction
        means = np.array([along[data.y == k].mean() for k in range(2)])
        ratio = np.var(means[data.y]) / np.mean((along - means[data.y]) ** 2)
        assert learner.metrics(state, data)["fisher_ratio"] == pytest.approx(ratio)
        assert ratio <= best
        np.testing.assert_allclose(state.directions[0] / np.linalg.norm(state.directions[0]), direction, atol=1e-12)


def test_scores_are_counted_in_standard_deviations_within_and_do_not_go_together_there() -> None:
    data = table("wine")
    learner, states = run(data, components=2)
    scores = learner.scores(states[-1], data.Z)
    within = sum(np.cov(scores[data.y == k].T, bias=True) * (data.y == k).mean() for k in range(3))
    np.testing.assert_allclose(within, np.eye(2), atol=1e-6)
    np.testing.assert_allclose(scores.mean(axis=0), 0.0, atol=1e-9)


def test_as_many_directions_as_features_lead_back_to_the_points_and_class_means_are_always_kept() -> None:
    few = parted(n_features=2, n_classes=4)
    learner, states = run(few, components=3)
    np.testing.assert_allclose(learner.reconstructed(states[-1], few.Z, 2), few.Z, atol=1e-6)
    data = table("wine")
    learner, states = run(data, components=2)
    means = np.array([data.Z[data.y == k].mean(axis=0) for k in range(3)])
    np.testing.assert_allclose(learner.reconstructed(states[-1], means, 2), means, rtol=1e-5)


def refusal(data: TrainingData, **how: Any) -> str:
    learner = learner_of(data, **how)
    state = learner.advance(learner.init(data), data, 1)
    assert learner.outcome(state).status == "stopped"
    assert np.isfinite(learner.predict(state, data.Z).scores).all()
    return learner.outcome(state).sentence


@pytest.mark.parametrize("found", ["power_iteration", "eigen"])
def test_data_that_it_cannot_learn_from_are_refused_with_a_sentence(found: str) -> None:
    Z = np.random.default_rng(0).normal(size=(20, 3))
    one, two = np.zeros(20, np.int64), np.arange(20) % 2
    assert "numbers" in refusal(TrainingData(Z, two, "projection", 0), found=found)
    assert "all of one" in refusal(TrainingData(Z, one, "projection", 1), found=found)
    assert "all of one" in refusal(TrainingData(Z, one, "projection", 2), found=found)
    flat = Z.copy()
    flat[:, 2] = two  # the class itself: there is no variance of it within
    assert "raise the shrinkage" in refusal(TrainingData(flat, two, "projection", 2), found=found)
    assert "raise the shrinkage" in refusal(TrainingData(np.repeat(Z[:2], 10, axis=0), np.repeat([0, 1], 10),
                                                         "projection", 2), found=found)  # fmt: skip
    mirrored = np.concatenate([Z, -Z])
    balanced = TrainingData(np.concatenate([mirrored, mirrored]), np.repeat([0, 1], 40), "projection", 2)
    assert "lie in one place" in refusal(balanced, found=found)


def test_shrinkage_makes_a_singular_covariance_do() -> None:
    rng = np.random.default_rng(0)
    wide = TrainingData(rng.normal(size=(12, 30)), np.arange(12) % 3, "projection", 3)
    assert "raise the shrinkage" in refusal(wide)
    _, states = run(wide, shrinkage=0.2)
    assert states[-1].found == 2


def test_a_feature_without_variance_changes_nothing() -> None:
    data = table("iris")
    with_constant = TrainingData(np.insert(data.Z, 1, 3.0, axis=1), data.y, "projection", 3)
    plain, other = run(data, components=2), run(with_constant, components=2)
    np.testing.assert_allclose(
        other[0].scores(other[1][-1], with_constant.Z), plain[0].scores(plain[1][-1], data.Z), atol=1e-6
    )


@pytest.mark.parametrize("found", ["power_iteration", "eigen"])
@pytest.mark.parametrize("steps", [3, 10_000])
def test_points_that_change_their_place_or_class_turn_the_directions(found: str, steps: int) -> None:
    data = table("wine")
    states = run(data, components=2, found=found)[1]
    for other in (
        TrainingData(data.Z[:150], data.y[:150], "projection", 3),
        TrainingData(data.Z, np.where(np.arange(len(data.y)) % 10 == 0, 1, data.y), "projection", 3),
    ):
        state = states[min(steps, len(states) - 1)]
        later = learner_of(other, components=2, found=found)
        state = later.again(state, other) if state.ended else state
        while not state.ended:
            state = later.advance(state, other, 1)
        expected = run(other, components=2, found="eigen")[1][-1].directions
        np.testing.assert_allclose(state.directions, expected, atol=1e-5)


def test_more_directions_can_be_looked_for_afterwards_and_some_given_up() -> None:
    data = table("digits")
    states = run(data, components=2)[1]
    more = learner_of(data, components=4)
    state = more.again(states[-1], data)
    assert not state.ended
    while not state.ended:
        state = more.advance(state, data, 1)
    np.testing.assert_allclose(state.directions, run(data, components=4, found="eigen")[1][-1].directions, atol=1e-5)
    fewer = learner_of(data, components=1).again(state, data)
    assert fewer.ended
    np.testing.assert_allclose(fewer.directions, state.directions[:1])


def test_what_is_drawn_are_class_means_one_shape_for_all_and_feet_across_the_direction() -> None:
    made = Run(Experiment(data=GeneratedData(generator="gaussians3", n_points=60), learner=LinearDiscriminants()))
    made.advance_epochs(500)
    assert made.outcome.status == "converged"
    overlays = made.snapshot(Viewport((-1, 1), (-1, 1))).overlays
    X, y = made.dataset.X, made.dataset.y
    marked = np.concatenate([overlay.xy for overlay in overlays if isinstance(overlay, Marks)])
    for k in range(3):
        assert np.linalg.norm(marked - X[y == k].mean(axis=0), axis=1).min() < 1e-5
    arrows = next(overlay for overlay in overlays if isinstance(overlay, Arrows))
    assert len(arrows.tips) == arrows.settled == 2
    ends = next(overlay.ends for overlay in overlays if isinstance(overlay, Segments))
    np.testing.assert_allclose((ends[:, :2] - ends[:, 2:]) @ (arrows.tips[0] - arrows.origin), 0.0, atol=1e-5)
    sizes = {tuple(np.round(np.ptp(overlay.xy, axis=0), 6)) for overlay in overlays
             if isinstance(overlay, Line) and overlay.role == "ellipse"}  # fmt: skip
    assert len(sizes) == 2


def test_a_run_without_classes_stops_with_a_sentence_and_goes_on_when_there_are_some() -> None:
    made = Run(Experiment(data=GeneratedData(generator="correlated", n_points=40), learner=LinearDiscriminants()))
    made.advance_epochs(1)
    refused = made.snapshot(Viewport((-1, 1), (-1, 1))).outcome
    assert refused.status == "stopped"
    assert "all of one" in refused.sentence
    X = np.concatenate([made.dataset.X, made.dataset.X + np.array([1.0, 0.0], np.float32)])
    with_classes = DrawnData(points=Points(X, np.repeat([0.0, 1.0], 40)))
    made.change(made.experiment.model_copy(update={"data": with_classes}))
    made.advance_epochs(500)
    assert made.outcome.status == "converged"
