"""Hierarchical clustering against scikit-learn and scipy, and by its own rules: merges, cuts, points that change."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import linkage
from sklearn.cluster import AgglomerativeClustering
from sklearn.metrics import adjusted_rand_score
from sklearn.neighbors import KNeighborsClassifier

from engine.clustering import UNASSIGNED
from engine.edits import set_values
from engine.experiment import Experiment
from engine.learner import TrainingData
from engine.learners.hierarchical import Hierarchical, HierarchicalLearner, HierarchicalState, make
from engine.overlays import Frame, Line
from engine.snapshot import Viewport
from engine.training import Run
from engine.training_settings import Training

LINKAGES = ("single", "complete", "average", "ward")


def clustering(Z: np.ndarray) -> TrainingData:
    return TrainingData(np.asarray(Z, np.float64), np.zeros(len(Z), np.int64), "clustering")


def clouds(n: int = 120, p: int = 2, seed: int = 0) -> TrainingData:
    rng = np.random.default_rng(seed)
    centres = rng.uniform(-4, 4, (5, p))
    return clustering(centres[rng.integers(0, 5, n)] + 0.7 * rng.normal(size=(n, p)))


def rings() -> TrainingData:
    rng = np.random.default_rng(3)
    angle, radius = rng.uniform(0, 2 * np.pi, 150), np.where(np.arange(150) < 60, 1.0, 3.0)
    return clustering(radius[:, None] * np.c_[np.cos(angle), np.sin(angle)] + 0.1 * rng.normal(size=(150, 2)))


SETS = {"clouds": clouds(), "rings": rings(), "four features": clouds(90, 4, 7)}


def learner_of(data: TrainingData, **how: Any) -> HierarchicalLearner:
    return make(Hierarchical.model_validate(how), Training(precision="float64"), data)


def finished(data: TrainingData, **how: Any) -> HierarchicalState:
    learner = learner_of(data, **how)
    return learner.advance(learner.init(data), data, len(data.Z))


@pytest.mark.parametrize("data", SETS.values(), ids=SETS)
@pytest.mark.parametrize("kind", LINKAGES)
@pytest.mark.parametrize("k", range(2, 9))
def test_its_clusters_are_those_of_scikit_learn(data: TrainingData, kind: str, k: int) -> None:
    labels = finished(data, linkage=kind, k=k).labels
    reference = AgglomerativeClustering(k, linkage=kind).fit_predict(data.Z)
    assert set(labels.tolist()) == set(range(k))
    assert adjusted_rand_score(labels, reference) == 1.0


@pytest.mark.parametrize("kind", LINKAGES)
@pytest.mark.parametrize("height", [0.4, 1.5, 6.0])
def test_a_cut_at_a_height_is_scikit_learns_distance_threshold(kind: str, height: float) -> None:
    data = clouds(80, seed=2)
    state = finished(data, linkage=kind, cut_by="height", height=height)
    # scikit-learn parts what was joined at the threshold itself; no merge lies there.
    reference = AgglomerativeClustering(None, linkage=kind, distance_threshold=height).fit(data.Z)
    assert state.clusters == reference.n_clusters_
    together = state.labels != UNASSIGNED
    assert adjusted_rand_score(state.labels[together], reference.labels_[together]) == 1.0


@pytest.mark.parametrize("data", SETS.values(), ids=SETS)
@pytest.mark.parametrize("kind", LINKAGES)
def test_a_step_is_a_merge_at_scipys_height(data: TrainingData, kind: str) -> None:
    reference = linkage(data.Z, kind)
    learner = learner_of(data, linkage=kind)
    states = [learner.init(data)]
    while not states[-1].ended:
        states.append(learner.advance(states[-1], data, 1))
    assert len(states) == len(data.Z)
    np.testing.assert_allclose([state.objective for state in states[1:]], reference[:, 2])
    assert [learner.n_clusters(state) for state in states[1:-1]] == list(range(len(data.Z) - 1, 1, -1))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(2, 45), kind=st.sampled_from(LINKAGES))
def test_merge_heights_never_fall_and_clusters_only_grow(seed: int, n: int, kind: str) -> None:
    Z = np.random.default_rng(seed).integers(0, 7, (n, 2)).astype(float)  # many ties
    if (Z[0] == Z).all():
        return
    data = clustering(Z)
    learner = learner_of(data, linkage=kind)
    states = [learner.init(data)]
    while not states[-1].ended:
        states.append(learner.advance(states[-1], data, 1))
    assert all(before.objective <= after.objective + 1e-12 for before, after in pairwise(states[1:]))
    for before, after in pairwise(states[1:-1]):
        for label in set(before.labels.tolist()) - {UNASSIGNED}:
            assert len(set(after.labels[before.labels == label].tolist())) == 1


def test_two_points_that_look_like_distances_are_points() -> None:
    data = clustering(np.array([[0.0, 3.0], [3.0, 0.0]]))
    assert finished(data, linkage="single").objective == pytest.approx(3 * np.sqrt(2))


def test_points_that_are_alone_have_no_label_while_the_forest_is_thick() -> None:
    data = clouds(60)
    learner = learner_of(data)
    first = learner.advance(learner.init(data), data, 1)
    assert (first.labels == UNASSIGNED).sum() == 58
    closest = linkage(data.Z, "ward")[0, :2].astype(int)
    np.testing.assert_array_equal(np.flatnonzero(first.labels != UNASSIGNED), np.sort(closest))
    np.testing.assert_array_equal(first.switched, np.sort(closest))
    thin = learner.advance(first, data, 39)
    assert thin.clusters == 20
    assert (thin.labels != UNASSIGNED).all()


def test_another_cut_acts_at_once_when_it_has_ended() -> None:
    run = Run(grouped("blobs", k=3))
    run.advance_epochs(1000)
    assert run.outcome.status == "converged"
    steps = run.step
    for k in (5, 2, 7):
        run.change(set_values(run.experiment, {"learner.k": k}))
        assert set(run.state.labels.tolist()) == set(range(k))
        assert run.outcome.status == "converged"
        assert run.step == steps
    run.change(set_values(run.experiment, {"learner.cut_by": "height", "learner.height": 1e6}))
    assert (run.state.labels == 0).all()


def test_another_cut_is_kept_for_the_end_while_it_grows() -> None:
    run = Run(grouped("blobs", k=3))
    run.advance_epochs(30)
    before = run.state
    run.change(set_values(run.experiment, {"learner.k": 6}))
    assert run.state is before
    run.advance_epochs(1000)
    assert run.state.clusters == 6


def test_points_may_come_and_go() -> None:
    few, many = clouds(60), clouds(100)
    learner = learner_of(few, k=4)
    state = learner.advance(learner.init(few), few, 20)
    later = learner.advance(state, many, 1)
    assert later.merged == 21
    assert len(later.labels) == 100
    ended = finished(few, k=4)
    at_once = learner.advance(learner.again(ended, many), many, 1)
    assert at_once.ended
    assert at_once.step == ended.step
    np.testing.assert_array_equal(at_once.labels, finished(many, k=4).labels)
    one = clustering(few.Z[:1])
    assert learner.advance(state, one, 1).labels.tolist() == [0]


def test_it_predicts_the_label_of_the_nearest_point() -> None:
    data = rings()
    learner = learner_of(data, linkage="single", k=2)
    state = learner.advance(learner.init(data), data, 200)
    places = np.random.default_rng(1).uniform(-4, 4, (2000, 2))
    said = learner.predict(state, places)
    reference = KNeighborsClassifier(1).fit(data.Z, state.labels)
    np.testing.assert_array_equal(said.labels, reference.predict(places))
    np.testing.assert_array_equal(said.scores.argmax(axis=1), said.labels)
    nearest = ((places[:, None] - data.Z) ** 2).sum(axis=2).min(axis=1)
    np.testing.assert_allclose(-said.scores.max(axis=1), np.sqrt(nearest))
    np.testing.assert_array_equal(learner.predict(state, data.Z).labels, state.labels)


def test_regions_appear_when_they_can_be_told_apart() -> None:
    run = Run(grouped("blobs", k=3))
    view = Viewport((-1, 1), (-1, 1), 40, 40)
    n = len(run.dataset.points)
    for merged, is_coloured in ((0, False), (5, False), (n - 21, False), (n - 20, True), (n - 1, True)):
        run.advance_epochs(merged - run.epoch)
        field = run.snapshot(view).field
        assert field is not None
        assert (field.rgba[..., 3].max() > 20) == is_coloured
        lines = [each for each in run.snapshot(view).overlays if isinstance(each, Line) and each.role == "boundary"]
        assert bool(lines) == is_coloured


@pytest.mark.parametrize("kind", LINKAGES)
def test_a_line_joins_what_the_last_merge_joined(kind: str) -> None:
    data = clouds(40, seed=5)
    learner = learner_of(data, linkage=kind)
    frame = Frame(2, (-9, 9), (-9, 9), data.Z, lambda places: places)
    merges = linkage(data.Z, kind)
    members: list[list[int]] = [[row] for row in range(40)]
    state = learner.init(data)
    for left, right in merges[:-1, :2].astype(int):
        state = learner.advance(state, data, 1)
        (line,) = [each for each in learner.overlays(state, data, frame) if isinstance(each, Line)]
        length = float(np.linalg.norm(line.xy[1] - line.xy[0]))
        if kind in ("single", "complete"):
            assert length == pytest.approx(state.objective)
        else:
            means = [data.Z[members[node]].mean(axis=0) for node in (left, right)]
            np.testing.assert_allclose(line.xy, means)
        members.append(members[left] + members[right])
    assert not [each for each in learner.overlays(finished(data), data, frame) if isinstance(each, Line)]


def test_its_inertia_is_the_sum_of_squares_about_the_means() -> None:
    data = clouds()
    state = finished(data, k=4)
    by_hand = sum(float(((Z - Z.mean(axis=0)) ** 2).sum()) for Z in (data.Z[state.labels == k] for k in range(4)))
    assert learner_of(data, k=4).metrics(state, data)["inertia"] == pytest.approx(by_hand)


def test_numbers_that_have_no_squares_are_complained_about() -> None:
    data = clouds(20)
    learner = learner_of(data)
    huge = clustering(data.Z * 1e160)
    assert "too large" in learner.outcome(learner.advance(learner.init(huge), huge, 1)).sentence
    ended = finished(data)
    assert "too large" in learner.outcome(learner.advance(learner.again(ended, huge), huge, 1)).sentence


def grouped(generator: str, **how: Any) -> Experiment:
    values = {"data.generator": generator, "data.n_points": 120, "learner.kind": "hierarchical"}
    return set_values(Experiment(), values | {f"learner.{name}": value for name, value in how.items()})


def test_a_cut_into_more_clusters_than_can_be_told_apart_says_why_the_plane_has_no_colours() -> None:
    data = clouds()
    many = learner_of(data, cut_by="height", height=0.05)
    last = many.advance(many.init(data), data, len(data.Z))
    assert last.clusters > 20
    assert f"{last.clusters} clusters, more than can be told apart" in many.outcome(last).sentence
    few = learner_of(data, k=3)
    assert "joined in one tree" in few.outcome(few.advance(few.init(data), data, len(data.Z))).sentence
