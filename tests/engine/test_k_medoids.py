"""k-medoids against every choice there is, by hand, and by its own rules: half-steps, swaps, restarts, a hand."""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from engine import medoids
from engine.clustering import Touch
from engine.learner import TrainingData
from engine.learners.k_medoids import KMedoids, KMedoidsLearner, KMedoidsState, make
from engine.training_settings import Training


def of(Z: Any) -> TrainingData:
    rows = np.asarray(Z, np.float64)
    return TrainingData(rows, np.zeros(len(rows), np.int64), "clustering")


def points(n: int = 200, p: int = 2, seed: int = 0) -> TrainingData:
    rng = np.random.default_rng(seed)
    middles = rng.uniform(-3, 3, (5, p))
    return of(middles[rng.integers(0, 5, n)] + 0.6 * rng.normal(size=(n, p)))


def learner_of(data: TrainingData, seed: int = 1, **how: Any) -> KMedoidsLearner:
    return make(KMedoids.model_validate(how), Training(seed=seed, precision="float64"), data)


def run(learner: KMedoidsLearner, data: TrainingData, state: KMedoidsState | None = None) -> list[KMedoidsState]:
    """Every state from the first to the last."""
    states = [learner.init(data) if state is None else state]
    while not states[-1].ended:
        states.append(learner.advance(states[-1], data, 1))
        assert len(states) < 2000
    return states


def by_hand(centres: Any) -> dict[str, Any]:
    return {"initialization": "by_hand", "k": len(centres), "centres": tuple(map(tuple, centres))}


def table(Z: np.ndarray, metric: str) -> np.ndarray:
    return np.asarray(cdist(Z, Z, "cityblock" if metric == "manhattan" else "euclidean"))


def cost(D: np.ndarray, rows: Any) -> float:
    """The mean distance to the nearest of the medoids."""
    return float(D[:, list(rows)].min(axis=1).mean())


@settings(max_examples=80, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    k=st.integers(1, 6),
    n=st.integers(1, 40),
    kind=st.sampled_from(["k_means_plus_plus", "random_points", "farthest_first", "build"]),
    method=st.sampled_from(["alternate", "pam"]),
    metric=st.sampled_from(["euclidean", "manhattan"]),
)
def test_no_step_ever_raises_the_mean_distance(seed: int, k: int, n: int, kind: str, method: str, metric: str) -> None:
    Z = np.random.default_rng(seed).integers(0, 6, (n, 2)).astype(float)  # many equal points and equal distances
    data = of(Z)
    states = run(learner_of(data, seed, k=k, initialization=kind, method=method, metric=metric), data)
    assert all(after.objective <= before.objective + 1e-12 for before, after in pairwise(states[1:]))
    D = table(Z, metric)
    for state in states[1:]:
        np.testing.assert_array_equal(Z[state.rows], state.centres)
        assert state.objective == pytest.approx(D[np.arange(n), state.rows[state.labels]].mean(), abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    k=st.integers(1, 4),
    n=st.integers(4, 14),
    metric=st.sampled_from(["euclidean", "manhattan"]),
)
def test_no_swap_improves_what_best_swaps_end_with(seed: int, k: int, n: int, metric: str) -> None:
    Z = np.random.default_rng(seed).normal(size=(n, 2))
    data, D = of(Z), table(Z, metric)
    last = run(learner_of(data, seed, k=k, method="pam", metric=metric), data)[-1]
    found = cost(D, last.rows)
    assert last.objective == pytest.approx(found)
    for index in range(k):
        for other in range(n):
            rows = last.rows.copy()
            rows[index] = other
            assert cost(D, rows) >= found - 1e-12


@pytest.mark.parametrize("metric", ["euclidean", "manhattan"])
def test_the_best_of_many_beginnings_is_the_best_of_all_choices(metric: str) -> None:
    for seed in range(6):
        Z = np.random.default_rng(seed).normal(size=(15, 3))
        data, D = of(Z), table(Z, metric)
        best = min(cost(D, rows) for rows in combinations(range(15), 3))
        last = run(learner_of(data, seed, k=3, method="pam", metric=metric, restarts=40), data)[-1]
        assert last.objective == pytest.approx(best)
        assert cost(D, last.rows) == pytest.approx(best)


@pytest.mark.parametrize("metric", ["euclidean", "manhattan"])
def test_by_turns_every_medoid_ends_as_the_best_of_its_cluster(metric: str) -> None:
    data = points(150, seed=2)
    last = run(learner_of(data, k=5, metric=metric), data)[-1]
    D = table(data.Z, metric)
    np.testing.assert_array_equal(last.labels, D[:, last.rows].argmin(axis=1))
    for cluster, row in enumerate(last.rows):
        members = np.flatnonzero(last.labels == cluster)
        sums = D[np.ix_(members, members)].sum(axis=0)
        assert row == members[sums.argmin()]


def test_each_swap_is_the_best_of_all() -> None:
    data = points(60, seed=3)
    D = table(data.Z, "euclidean")
    states = run(learner_of(data, k=4, method="pam", initialization="random_points"), data)
    assert len(states) > 4
    for before, after in pairwise(states[1:-1]):
        everything = [
            cost(D, [*np.delete(before.rows, index), other]) for index in range(4) for other in range(len(data.Z))
        ]
        assert after.objective == pytest.approx(min(everything))
        assert np.count_nonzero(before.rows != after.rows) == 1


def test_six_points_by_hand() -> None:
    """On a line: from 0 and 1 the points part at 1 | the rest; then 10 stands best for 1, 9, 10, 12."""
    data = of([[0.0], [1], [9], [10], [12], [50]])
    learner = learner_of(data, **by_hand([[0.2], [1.1]]))
    first, assigned, updated, again, *_, last = run(learner, data)
    assert first.rows.tolist() == [0, 1]
    assert assigned.labels.tolist() == [0, 1, 1, 1, 1, 1]
    assert assigned.objective == pytest.approx((0 + 0 + 8 + 9 + 11 + 49) / 6)
    assert updated.rows.tolist() == [0, 3]  # 9 + 1 + 0 + 2 + 40
    assert updated.objective == pytest.approx(52 / 6)
    np.testing.assert_array_equal(updated.trail[-1], [[0], [1]])
    assert again.labels.tolist() == [0, 0, 1, 1, 1, 1]
    assert again.objective == pytest.approx((1 + 1 + 0 + 2 + 40) / 6)
    assert last.rows.tolist() == [0, 3]  # 0 and 1 stand equally well for each other: the present one stays
    swapped = run(learner_of(data, method="pam", **by_hand([[0.2], [1.1]])), data)[-1]
    assert swapped.objective == pytest.approx(min(cost(table(data.Z, "euclidean"), rows) for rows in
                                                  combinations(range(6), 2)))  # fmt: skip
    assert swapped.rows.tolist()[1] == 5 or swapped.rows.tolist()[0] == 5  # 50 for itself


def test_the_metric_decides() -> None:
    """Of a cross without its middle: the point on the diagonal is nearer by a straight line, and farther in a city."""
    data = of([[0.0, 0], [3, 3], [5, 0]])
    start = by_hand([[3.0, 3], [5, 0]])
    straight, city = (learner_of(data, metric=metric, **start) for metric in ("euclidean", "manhattan"))
    assert run(straight, data)[1].labels.tolist()[0] == 0  # 4.24 < 5
    assert run(city, data)[1].labels.tolist()[0] == 1  # 6 > 5
    assert straight.predict(straight.init(data), np.zeros((1, 2))).labels.tolist() == [0]  # type: ignore[union-attr]
    assert city.predict(city.init(data), np.zeros((1, 2))).labels.tolist() == [1]  # type: ignore[union-attr]


def test_a_greedy_beginning_takes_what_lowers_the_sum_most() -> None:
    data = points(50, seed=4)
    D = table(data.Z, "euclidean")
    rows = learner_of(data, k=4, initialization="build").init(data).rows.tolist()
    for count in range(4):
        best = min(cost(D, [*rows[:count], other]) for other in range(50) if other not in rows[:count])
        assert cost(D, rows[: count + 1]) == pytest.approx(best)


def test_distances_in_blocks_are_those_in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    Z = points(90).Z
    now = medoids.nearest(Z, Z[[3, 40, 41]], "euclidean")
    whole = medoids.medoid(Z, 0, "euclidean"), medoids.best_swap(Z, 3, now, "euclidean")
    monkeypatch.setattr(medoids, "_BLOCK", 700)
    assert (medoids.medoid(Z, 0, "euclidean"), medoids.best_swap(Z, 3, now, "euclidean")) == whole


def test_an_outlier_draws_no_medoid_to_itself() -> None:
    data = of([[0.0, 0], [1, 0], [0, 1], [1, 1], [0.4, 0.6], [300, 0]])
    last = run(learner_of(data, k=1), data)[-1]
    assert last.centres.tolist() == [[0.4, 0.6]]


def test_a_dropped_medoid_stands_on_the_nearest_free_point() -> None:
    data = points()
    learner = learner_of(data, k=3)
    last = run(learner, data)[-1]
    place = np.array([2.5, -2.0])
    moved = learner.touched(last, data, Touch("move", 1, place))
    nearest = ((data.Z - place) ** 2).sum(axis=1).argmin()
    np.testing.assert_array_equal(moved.centres[1], data.Z[nearest])
    np.testing.assert_array_equal(moved.centres[[0, 2]], last.centres[[0, 2]])
    assert not moved.ended
    onto_another = learner.touched(last, data, Touch("move", 1, last.centres[0]))
    assert len(np.unique(onto_another.rows)) == 3
    gaps = np.sort(np.sqrt(((data.Z - last.centres[0]) ** 2).sum(axis=1)))
    assert np.sqrt(((onto_another.centres[1] - last.centres[0]) ** 2).sum()) <= gaps[2]

    added = learner.touched(last, data, Touch("add", -1, np.array([-2.0, 2.0])))
    assert learner.n_clusters(added) == 4
    with_four = learner_of(data, k=4)  # the settings follow the hand, one behind the other
    assert with_four.n_clusters(with_four.advance(added, data, 1)) == 4
    removed = learner.touched(last, data, Touch("remove", 0, np.zeros(2)))
    np.testing.assert_array_equal(removed.centres, last.centres[1:])
    with_two = learner_of(data, k=2)
    assert with_two.n_clusters(with_two.advance(removed, data, 1)) == 2
    assert run(learner, data, moved)[-1].objective <= learner.advance(moved, data, 1).objective


def test_medoids_are_points_also_when_points_come_go_or_move() -> None:
    data = points(100)
    learner = learner_of(data, k=3)
    state = learner.advance(learner.init(data), data, 2)
    rng = np.random.default_rng(0)
    for Z in (points(140).Z, points(100).Z[5:], data.Z + 0.05 * rng.normal(size=data.Z.shape), data.Z[:2]):
        other = of(Z)
        after = learner.advance(learner.again(state, other), other, 1)
        assert len(after.labels) == len(Z)
        np.testing.assert_array_equal(other.Z[after.rows], after.centres)
        last = run(learner, other, after)[-1]
        np.testing.assert_array_equal(other.Z[last.rows], last.centres)
        assert last.objective == pytest.approx(cost(table(Z, "euclidean"), last.rows))


def test_a_setting_of_k_is_followed_while_it_learns() -> None:
    data = points()
    state = learner_of(data, k=3).advance(learner_of(data, k=3).init(data), data, 4)
    assert len(learner_of(data, k=6).advance(state, data, 1).centres) == 6
    assert len(learner_of(data, k=1).advance(state, data, 1).centres) == 1


@pytest.mark.parametrize("kind", ["k_means_plus_plus", "random_points", "farthest_first", "build", "by_hand"])
def test_more_clusters_than_points_are_as_many_as_points(kind: str) -> None:
    data = points(3)
    how = by_hand([[float(x), 0.0] for x in range(9)]) if kind == "by_hand" else {"k": 9, "initialization": kind}
    last = run(learner_of(data, **how), data)[-1]
    assert sorted(last.rows.tolist()) == [0, 1, 2]
    assert last.objective == 0.0


def test_of_several_beginnings_the_best_is_kept() -> None:
    data = points(200, seed=5)
    learner = learner_of(data, k=5, restarts=8, initialization="random_points")
    last = run(learner, data)[-1]
    assert len(last.results) == 8
    assert max(last.results) > min(last.results)
    assert last.objective == pytest.approx(min(last.results))
    assert cost(table(data.Z, "euclidean"), last.rows) == pytest.approx(min(last.results))
    assert "8 beginnings" in learner.outcome(last).sentence


def test_the_distance_is_that_of_the_medoids_as_a_hand_leaves_them() -> None:
    data = of([[0.0], [1], [9], [10], [12], [50]])
    learner = learner_of(data, **by_hand([[0.2], [1.1]]))
    *_, last = run(learner, data)
    assert last.rows.tolist() == [0, 3]
    moved = learner.touched(last, data, Touch("move", 1, np.array([49.0])))
    assert learner.metrics(moved, data)["total_distance"] == pytest.approx(1 + 41 + 40 + 38)
    more = of([[0.0], [1], [9], [10], [12], [50], [2]])
    assert learner.metrics(last, more)["total_distance"] == pytest.approx(1 + 1 + 2 + 40 + 2)
    removed = learner.touched(last, data, Touch("remove", 0, np.zeros(1)))
    assert learner.metrics(removed, data)["total_distance"] == pytest.approx(1 + 2 + 40)
