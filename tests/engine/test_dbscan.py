"""DBSCAN against scikit-learn and by its own rules: how clusters grow, what a place belongs to, what is pointed at."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import cluster

from engine.clustering import UNASSIGNED
from engine.density_growth import grown
from engine.experiment import Experiment, GeneratedData, Preparation
from engine.learner import TrainingData
from engine.learners.dbscan import DBSCAN, DBSCANLearner, DBSCANState, make
from engine.overlays import Line, Marks
from engine.snapshot import Viewport
from engine.training import Run
from engine.training_settings import Training


def of(Z: Any) -> TrainingData:
    rows = np.asarray(Z, np.float64)
    return TrainingData(rows, np.zeros(len(rows), np.int64), "clustering")


def clouds(n: int = 400, p: int = 2, seed: int = 0) -> TrainingData:
    rng = np.random.default_rng(seed)
    middles = rng.uniform(-3, 3, (4, p))
    return of(
        np.concatenate(
            [middles[rng.integers(0, 4, n)] + 0.4 * rng.normal(size=(n, p)), rng.uniform(-4, 4, (n // 8, p))]
        )
    )


def learner_of(data: TrainingData, **how: Any) -> DBSCANLearner:
    return make(DBSCAN.model_validate(how), Training(precision="float64"), data)


def ended(learner: DBSCANLearner, data: TrainingData) -> DBSCANState:
    return learner.advance(learner.init(data), data, len(data.Z))


def reference(data: TrainingData, eps: float, min_samples: int) -> cluster.DBSCAN:
    return cluster.DBSCAN(eps=eps, min_samples=min_samples).fit(data.Z)


@pytest.mark.parametrize("p", [1, 2, 3, 10])
@pytest.mark.parametrize(("eps", "min_samples"), [(0.15, 3), (0.3, 5), (0.3, 12), (0.8, 5), (2.0, 1), (50.0, 5)])
def test_labels_and_core_points_are_scikit_learns(p: int, eps: float, min_samples: int) -> None:
    data = clouds(p=p, seed=p)
    last = ended(learner_of(data, eps=eps, min_samples=min_samples), data)
    theirs = reference(data, eps, min_samples)
    np.testing.assert_array_equal(last.labels, theirs.labels_)
    np.testing.assert_array_equal(last.cores, theirs.core_sample_indices_)


@settings(max_examples=200, deadline=None)
@given(
    places=st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), min_size=1, max_size=60),
    eps=st.sampled_from([0.5, 1.0, 2.0, 3.0, 5.0]),
    min_samples=st.integers(1, 8),
)
def test_neighbours_on_the_edge_and_points_between_clusters_are_scikit_learns(
    places: list[tuple[int, int]], eps: float, min_samples: int
) -> None:
    data = of(places)  # on a lattice: many pairs are exactly as far apart as the radius
    last = ended(learner_of(data, eps=eps, min_samples=min_samples), data)
    np.testing.assert_array_equal(last.labels, reference(data, eps, min_samples).labels_)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 1000), eps=st.floats(0.05, 3.0), min_samples=st.integers(1, 12))
def test_a_cluster_is_grown_from_point_to_point_and_the_objective_never_rises(
    seed: int, eps: float, min_samples: int
) -> None:
    data = clouds(50, seed=seed)
    learner = learner_of(data, eps=eps, min_samples=min_samples)
    states = [learner.init(data)]
    while not states[-1].ended:
        states.append(learner.advance(states[-1], data, 1))
    assert len(states) == len(data.Z) + 1
    assert all(after.objective <= before.objective for before, after in pairwise(states[1:]))
    distances = np.sqrt(((data.Z[:, None] - data.Z) ** 2).sum(axis=2))
    visited: set[int] = set()
    for before, after in pairwise(states):
        assert after.growth is not None
        row = int(after.growth.order[after.visited - 1])
        assert row not in visited
        visited.add(row)
        old = before.labels if len(before.labels) else np.full(len(data.Z), UNASSIGNED)
        near = np.flatnonzero(distances[row] <= eps)
        changed = np.flatnonzero(after.labels != old)
        np.testing.assert_array_equal(changed, after.switched)
        if len(near) < min_samples:
            assert len(changed) == 0
            continue
        # A core point gives its cluster to all its neighbours that have none.
        assert set(changed.tolist()) == {int(other) for other in near if old[other] < 0}
        assert set(after.labels[changed].tolist()) <= {int(after.labels[row])}
        assert after.objective == pytest.approx((after.labels < 0).mean())


def test_a_line_of_points_is_followed_breadth_first_before_the_next_seed() -> None:
    x = [3.0, 2, 4, 1, 5, 20, 21, 22, 90]
    growth = grown(np.array(x)[:, None], 1.0, 2)
    visits = [x[row] for row in growth.order]
    assert visits == [3, 2, 4, 1, 5, 20, 21, 22, 90]
    backwards = grown(np.array([5.0, 90, 20, 1, 2, 3, 4, 21])[:, None], 1.0, 2)
    assert [np.array([5.0, 90, 20, 1, 2, 3, 4, 21])[row] for row in backwards.order] == [5, 4, 3, 2, 1, 90, 20, 21]


def test_a_point_visited_as_noise_is_reached_later() -> None:
    data = of([[0.0], [1.0], [1.5], [2.0]])  # the first has one neighbour, the second three
    learner = learner_of(data, eps=1.0, min_samples=3)
    first = learner.advance(learner.init(data), data, 1)
    assert first.labels.tolist() == [UNASSIGNED] * 4
    second = learner.advance(first, data, 1)
    assert second.labels.tolist() == [0, 0, 0, 0]
    assert learner.advance(second, data, 5).step == 4  # it is not visited again


def test_twenty_thousand_points_take_no_more_than_seconds() -> None:
    data = clouds(20_000)
    for eps, min_samples in ((0.05, 5), (0.3, 50), (20.0, 5)):
        learner = learner_of(data, eps=eps, min_samples=min_samples)
        state = learner.init(data)
        began = time.perf_counter()
        state = learner.advance(state, data, 1)
        assert time.perf_counter() - began < 10.0
        began = time.perf_counter()
        for _ in range(200):
            state = learner.advance(state, data, 50)
        assert time.perf_counter() - began < 2.0


@pytest.mark.parametrize(("eps", "min_samples"), [(0.3, 5), (0.15, 2)])
def test_a_place_belongs_to_the_cluster_of_the_nearest_core_point_within_the_radius(
    eps: float, min_samples: int
) -> None:
    data = clouds()
    learner = learner_of(data, eps=eps, min_samples=min_samples)
    for steps in (60, len(data.Z)):
        state = learner.advance(learner.init(data), data, steps)
        Z = np.random.default_rng(1).uniform(-4, 4, (2000, 2))
        distances = np.sqrt(((Z[:, None] - data.Z[state.cores]) ** 2).sum(axis=2))
        expected = state.labels[state.cores[distances.argmin(axis=1)]]
        expected = np.where(distances.min(axis=1) <= eps, expected, UNASSIGNED)
        said = learner.predict(state, Z)
        np.testing.assert_array_equal(cast(np.ndarray, said.labels), expected)
        shares = cast(np.ndarray, said.probabilities)
        np.testing.assert_array_equal(shares.sum(axis=1), (expected >= 0).astype(float))
        assert (shares[:, -1] == 0).all()
        np.testing.assert_allclose(said.scores.max(axis=1), np.maximum(0.0, eps - distances.min(axis=1)), atol=1e-12)
        assert np.isfinite(said.scores).all()
        np.testing.assert_array_equal(learner.losses_of(said, Z), expected < 0)


def snapshot(run: Run) -> Any:
    return run.snapshot(Viewport((-1.0, 1.0), (-1.0, 1.0), 60, 50))


@pytest.mark.parametrize(("eps", "min_samples"), [(0.001, 5), (0.15, 5), (5.0, 5), (0.03, 1)])
@pytest.mark.parametrize("steps", [0, 1, 30, 1000])
def test_the_plane_is_plain_where_there_is_no_cluster(eps: float, min_samples: int, steps: int) -> None:
    """With no cluster, one, some, and more than there are colours."""
    run = Run(Experiment(data=GeneratedData(generator="blobs"), learner=DBSCAN(eps=eps, min_samples=min_samples)))
    for _ in range(steps):
        run.advance(1)
    shot = snapshot(run)
    assert shot.field is not None
    model, alpha = run.model(), shot.field.rgba[..., 3]
    xs, ys = (-1 + (np.arange(count) + 0.5) * 2 / count for count in (60, 50))
    labels = model.on_stage(np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2).astype(np.float32)).labels
    assert labels is not None
    np.testing.assert_array_equal(alpha.ravel() > 0, labels >= 0)
    lines = [overlay for overlay in shot.overlays if isinstance(overlay, Line)]
    assert bool(lines) == (len(np.unique(labels)) > 1)
    for line in lines:
        assert np.isfinite(line.xy).all()
    metrics = run.metrics()
    if metrics:
        assert metrics["all"]["noise"].value == pytest.approx(
            float((cast(np.ndarray, model.of_points().labels) < 0).mean())
        )


def test_another_radius_acts_at_once_on_what_has_ended() -> None:
    data = clouds()
    first = learner_of(data, eps=0.3)
    done = ended(first, data)
    other = learner_of(data, eps=0.5)
    again = other.advance(other.again(done, data), data, 1)
    np.testing.assert_array_equal(again.labels, reference(data, 0.5, 5).labels_)
    assert again.ended
    run = Run(Experiment(data=GeneratedData(generator="blobs"), learner=DBSCAN(eps=0.1)))
    run.advance_epochs(1000)
    assert run.outcome.status == "converged"
    run.change(run.experiment.model_copy(update={"learner": DBSCAN(eps=5.0)}))
    assert run.outcome.status == "converged"
    assert set(run.model().of_points().labels) == {0}  # type: ignore[arg-type]


def test_points_may_come_and_go_while_it_grows() -> None:
    data, more = clouds(100), clouds(160)
    learner = learner_of(data, eps=0.4)
    state = learner.advance(learner.init(data), data, 40)
    assert len(cast(np.ndarray, learner.members(state, more).labels)) == len(more.Z)
    later = learner.advance(state, more, len(more.Z))
    np.testing.assert_array_equal(later.labels, reference(more, 0.4, 5).labels_)
    fewer = clouds(20)
    assert learner.advance(state, fewer, 1).ended


def test_the_last_sentence_counts() -> None:
    data = clouds()
    learner = learner_of(data, eps=0.3)
    theirs = reference(data, 0.3, 5)
    n, core, noise = len(data.Z), len(theirs.core_sample_indices_), int((theirs.labels_ < 0).sum())
    expected = (
        f"{theirs.labels_.max() + 1} clusters of {core} core and {n - core - noise} border points; {noise} are noise."
    )
    assert learner.outcome(ended(learner, data)).sentence == expected
    sparse = learner_of(data, eps=0.001)
    assert "Raise the radius" in sparse.outcome(ended(sparse, data)).sentence


def test_the_pointer_reads_the_neighbours_and_the_reach_in_units_of_the_stage() -> None:
    run = Run(
        Experiment(
            data=GeneratedData(generator="stretched_blobs"),
            preparation=Preparation(scaling="standardize"),
            learner=DBSCAN(eps=0.3),
        )
    )
    run.advance(5)
    model = run.model()
    place = model.dataset.X[3].astype(np.float64)
    why = model.explain(place)
    assert why is not None
    scale = model.features.scale
    assert why.reach == pytest.approx(tuple(0.3 / scale))
    inside = (((model.dataset.X - place) / why.reach) ** 2).sum(axis=1) <= 1 + 1e-6
    assert f"{inside.sum()} points within ε" in why.lines[0]
    assert {tuple(row) for row in why.xy.tolist()} <= {tuple(row) for row in model.dataset.X[inside].tolist()}


def test_core_points_and_the_point_in_hand_are_marked() -> None:
    run = Run(Experiment(data=GeneratedData(generator="blobs"), learner=DBSCAN(eps=0.1)))
    for _ in range(25):
        run.advance(1)
    state, X = run.model().state, run.model().dataset.X
    marks = {overlay.role: overlay.xy for overlay in snapshot(run).overlays if isinstance(overlay, Marks)}
    np.testing.assert_allclose(marks["core"], X[state.cores])
    np.testing.assert_allclose(marks["focus"], X[state.growth.order[24:25]])
    run.advance_epochs(1000)
    assert "focus" not in {overlay.role for overlay in snapshot(run).overlays if isinstance(overlay, Marks)}
