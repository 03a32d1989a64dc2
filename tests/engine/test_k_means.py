"""k-means against scikit-learn and by its own rules: half-steps, empty clusters, restarts, a hand at the centres."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import KMeans as Reference

from engine.clustering import UNASSIGNED, Touch
from engine.learner import TrainingData
from engine.learners.k_means import KMeans, KMeansLearner, KMeansState, make
from engine.lloyd import assign, squared_distances
from engine.training_settings import Training


def points(n: int = 300, p: int = 2, seed: int = 0) -> TrainingData:
    rng = np.random.default_rng(seed)
    centres = rng.uniform(-3, 3, (5, p))
    Z = centres[rng.integers(0, 5, n)] + 0.6 * rng.normal(size=(n, p))
    return TrainingData(Z, np.zeros(n, np.int64), "clustering")


def learner_of(data: TrainingData, seed: int = 1, **how: Any) -> KMeansLearner:
    return make(KMeans.model_validate(how), Training(seed=seed, precision="float64"), data)


def run(learner: KMeansLearner, data: TrainingData, state: KMeansState | None = None) -> list[KMeansState]:
    """Every state from the first to the last."""
    states = [learner.init(data) if state is None else state]
    while not states[-1].ended:
        states.append(learner.advance(states[-1], data, 1))
        assert len(states) < 2000
    return states


def by_hand(centres: np.ndarray) -> dict[str, Any]:
    return {"initialization": "by_hand", "k": len(centres), "centres": tuple(map(tuple, centres.tolist()))}


def inertia(Z: np.ndarray, state: KMeansState) -> float:
    return float(((Z - state.centres[state.labels]) ** 2).sum())


@pytest.mark.parametrize(("k", "p", "seed"), [(2, 2, 0), (5, 2, 1), (8, 3, 2), (20, 10, 3)])
def test_it_ends_where_scikit_learn_does_from_the_same_start(k: int, p: int, seed: int) -> None:
    data = points(p=p, seed=seed)
    start = data.Z[np.random.default_rng(seed).choice(len(data.Z), k, replace=False)]
    last = run(learner_of(data, **by_hand(start)), data)[-1]
    reference = Reference(k, init=start, n_init=1, tol=0, max_iter=2000).fit(data.Z)
    np.testing.assert_array_equal(last.labels, reference.labels_)
    np.testing.assert_allclose(last.centres, reference.cluster_centers_, atol=1e-8)
    assert last.objective * len(data.Z) == pytest.approx(reference.inertia_, rel=1e-8)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    k=st.integers(1, 12),
    n=st.integers(1, 60),
    kind=st.sampled_from(["k_means_plus_plus", "random_points", "random_partition", "farthest_first"]),
    empty=st.sampled_from(["farthest", "keep", "drop"]),
)
def test_no_half_step_ever_raises_the_inertia(seed: int, k: int, n: int, kind: str, empty: str) -> None:
    rng = np.random.default_rng(seed)
    Z = rng.integers(0, 6, (n, 2)).astype(float)  # many equal points, so that clusters run empty
    data = TrainingData(Z, np.zeros(n, np.int64), "clustering")
    states = run(learner_of(data, seed, k=k, initialization=kind, empty=empty), data)
    objectives = [state.objective for state in states[1:]]
    assert all(after <= before + 1e-12 for before, after in pairwise(objectives))
    for state in states[1:]:
        assert inertia(Z, state) == pytest.approx(state.objective * n, abs=1e-9)


def test_an_assignment_and_an_update_take_turns() -> None:
    data = points()
    first, assigned, updated = run(learner_of(data, k=4), data)[:3]
    assert len(first.labels) == 0
    np.testing.assert_array_equal(assigned.centres, first.centres)
    distances = ((data.Z[:, None] - first.centres) ** 2).sum(axis=2)
    np.testing.assert_array_equal(assigned.labels, distances.argmin(axis=1))
    np.testing.assert_array_equal(updated.labels, assigned.labels)
    for cluster in range(4):
        np.testing.assert_allclose(updated.centres[cluster], data.Z[assigned.labels == cluster].mean(axis=0))
    np.testing.assert_array_equal(updated.trail[-1], first.centres)


def test_farthest_first_takes_the_farthest_point_each_time() -> None:
    data = points(60)
    centres = learner_of(data, k=6, initialization="farthest_first").init(data).centres
    for count in range(1, 6):
        nearest = ((data.Z[:, None] - centres[:count]) ** 2).sum(axis=2).min(axis=1)
        assert ((centres[count] - centres[:count]) ** 2).sum(axis=1).min() == pytest.approx(nearest.max())


def test_plus_plus_draws_far_points_more_often() -> None:
    Z = np.concatenate([np.zeros((50, 2)), [[1.0, 0.0]], [[3.0, 0.0]]])
    data = TrainingData(Z, np.zeros(52, np.int64), "clustering")
    second = []
    for seed in range(400):
        centres = learner_of(data, seed, k=2).init(data).centres
        if (centres[0] == 0).all():
            second.append(centres[1, 0])
    assert np.mean(np.array(second) == 3.0) == pytest.approx(0.9, abs=0.05)  # 9 : 1


def test_an_empty_cluster_goes_to_the_farthest_point_stays_or_is_given_up() -> None:
    Z = np.array([[0.0, 0], [1, 0], [0, 1], [8, 8]])
    data = TrainingData(Z, np.zeros(4, np.int64), "clustering")
    start = by_hand(np.array([[0.0, 0], [50, 50]]))
    farthest, kept, dropped = (
        learner_of(data, **start, empty=how).advance(learner_of(data, **start).init(data), data, 2)
        for how in ("farthest", "keep", "drop")
    )
    np.testing.assert_array_equal(farthest.centres[1], [8, 8])
    np.testing.assert_allclose(farthest.centres[0], [1 / 3, 1 / 3])
    np.testing.assert_array_equal(kept.centres[1], [50, 50])
    assert len(dropped.centres) == 1
    assert len(run(learner_of(data, **start, empty="drop"), data)[-1].centres) == 1


def test_of_several_beginnings_the_best_is_kept() -> None:
    data = points(200, seed=5)
    learner = learner_of(data, k=5, restarts=8, initialization="random_points")
    last = run(learner, data)[-1]
    assert len(last.results) == 8
    assert max(last.results) > min(last.results)
    assert last.objective == pytest.approx(min(last.results))
    assert inertia(data.Z, last) / 200 == pytest.approx(min(last.results))
    assert "8 beginnings" in learner.outcome(last).sentence
    apart = TrainingData(np.array([[0.0, 0.0], [0, 1], [9, 0], [9, 1]]), np.zeros(4, np.int64), "clustering")
    learner = learner_of(apart, k=2, restarts=4, initialization="farthest_first")
    assert learner.outcome(run(learner, apart)[-1]).sentence == "All 4 beginnings came to the same inertia."


def test_where_it_begins_once_more_points_belong_to_no_cluster_until_they_are_assigned() -> None:
    data = points()
    learner = learner_of(data, k=3, restarts=3, initialization="random_points")
    states = run(learner, data)
    begun = [index for index, (before, state) in enumerate(pairwise(states), 1) if state.restart > before.restart]
    assert len(begun) == 2
    for index in begun:
        assert (learner.labels(states[index], data) == UNASSIGNED).all()
        assert (learner.labels(states[index + 1], data) != UNASSIGNED).all()


def test_a_hand_moves_adds_and_removes_centres() -> None:
    data = points()
    learner = learner_of(data, k=3)
    last = run(learner, data)[-1]
    moved = learner.touched(last, data, Touch("move", 1, np.array([5.0, 5.0])))
    np.testing.assert_array_equal(moved.centres[1], [5, 5])
    assert not moved.ended
    np.testing.assert_array_equal(last.centres[1], run(learner, data)[-1].centres[1])
    added = learner.touched(last, data, Touch("add", -1, np.array([-2.0, 2.0])))
    assert learner.n_clusters(added) == 4
    # The settings follow the hand, one behind the other: nothing is added twice.
    with_four = learner_of(data, k=4)
    assert with_four.n_clusters(with_four.advance(added, data, 1)) == 4
    removed = learner.touched(last, data, Touch("remove", 0, np.zeros(2)))
    np.testing.assert_array_equal(removed.centres, last.centres[1:])
    with_two = learner_of(data, k=2)
    assert with_two.n_clusters(with_two.advance(removed, data, 1)) == 2


def test_the_inertia_is_that_of_what_is_seen_also_between_a_hand_and_the_next_half_step() -> None:
    data, more = points(100), points(140)
    learner = learner_of(data, k=3)
    last = run(learner, data)[-1]
    moved = learner.touched(last, data, Touch("move", 1, np.array([5.0, 5.0])))
    np.testing.assert_array_equal(moved.labels, last.labels)
    by_hand = ((data.Z - moved.centres[moved.labels]) ** 2).sum()
    assert by_hand > learner.metrics(last, data)["inertia"]
    assert learner.metrics(moved, data)["inertia"] == pytest.approx(by_hand)
    removed = learner.touched(last, data, Touch("remove", 0, np.zeros(2)))
    mine = last.labels != 0
    rest = ((data.Z[mine] - last.centres[last.labels[mine]]) ** 2).sum()
    assert learner.metrics(removed, data)["inertia"] == pytest.approx(rest)
    nearest = ((more.Z[:, None] - last.centres) ** 2).sum(axis=2).min(axis=1).sum()
    assert learner.metrics(last, more)["inertia"] == pytest.approx(nearest)


def test_a_setting_of_k_is_followed_while_it_learns() -> None:
    data = points()
    state = learner_of(data, k=3).advance(learner_of(data, k=3).init(data), data, 4)
    assert len(learner_of(data, k=6).advance(state, data, 1).centres) == 6
    assert len(learner_of(data, k=1).advance(state, data, 1).centres) == 1


def test_more_clusters_than_points_are_as_many_as_points() -> None:
    data = points(3)
    last = run(learner_of(data, k=9), data)[-1]
    assert len(last.centres) == 3
    assert last.objective == pytest.approx(0.0)


def test_points_may_come_and_go_while_it_learns() -> None:
    data, more = points(100), points(140)
    learner = learner_of(data, k=3)
    state = learner.advance(learner.init(data), data, 3)
    assert len(learner.members(state, more).labels) == 140  # type: ignore[arg-type]
    later = learner.advance(state, more, 1)
    assert len(later.labels) == 140
    assert run(learner, more, learner.advance(later, more, 1))[-1].ended


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_compiled_loops_say_what_numpy_says(dtype: type) -> None:
    rng = np.random.default_rng(2)
    Z: np.ndarray = rng.normal(size=(70_000, 3)).astype(dtype)
    centres = rng.normal(size=(7, 3))
    one, other = assign(Z, centres, compiled=True), assign(Z, centres, compiled=False)
    np.testing.assert_array_equal(one.labels, other.labels)
    np.testing.assert_array_equal(one.counts, other.counts)
    assert one.total == pytest.approx(other.total, rel=1e-9)
    assert one.changed == other.changed == 70_000
    again = assign(Z, centres * 1.001, one.labels)
    assert again.changed == np.count_nonzero(again.labels != one.labels) > 0
    exact = ((Z.astype(float) - centres[one.labels]) ** 2).sum()
    assert one.total == pytest.approx(exact, rel=1e-6)
    assert squared_distances(Z, centres, one.labels).sum() == pytest.approx(exact)
    np.testing.assert_allclose(one.sums, other.sums, rtol=1e-9)


def test_a_centre_or_a_point_moved_a_little_is_followed_though_no_point_changes_its_cluster() -> None:
    data = points()
    learner = learner_of(data, k=3)
    last = run(learner, data)[-1]
    nudged = learner.touched(last, data, Touch("move", 0, last.centres[0] + 1e-3))
    back = run(learner, data, nudged)[-1]
    np.testing.assert_array_equal(back.labels, last.labels)
    np.testing.assert_allclose(back.centres, last.centres, atol=1e-9)
    Z = data.Z.copy()
    Z[0] += 1e-3
    moved = TrainingData(Z, data.y, "clustering")
    for state in (learner.again(last, moved), learner.advance(learner.init(data), data, 3)):
        after = run(learner_of(moved, k=3), moved, state)[-1]
        for cluster in range(3):
            np.testing.assert_allclose(after.centres[cluster], Z[after.labels == cluster].mean(axis=0), atol=1e-9)
