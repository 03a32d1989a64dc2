"""Mean shift against scikit-learn and by its own rules: nobody ever walks downhill, and summits are summits."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from sklearn.cluster import MeanShift as Reference

from engine import density_ascent
from engine.clustering import UNASSIGNED
from engine.experiment import Experiment, GeneratedData
from engine.learner import TrainingData
from engine.learners import mean_shift
from engine.learners.mean_shift import MeanShift, MeanShiftLearner, MeanShiftState, make
from engine.overlays import Marks, Segments
from engine.snapshot import Viewport
from engine.training import Run
from engine.training_settings import Training


def of(Z: Any) -> TrainingData:
    rows = np.asarray(Z, np.float64)
    return TrainingData(rows, np.zeros(len(rows), np.int64), "clustering")


def clouds(n: int = 200, p: int = 2, seed: int = 0) -> TrainingData:
    rng = np.random.default_rng(seed)
    middles = rng.uniform(-3, 3, (4, p))
    return of(middles[rng.integers(0, 4, n)] + 0.5 * rng.normal(size=(n, p)))


def learner_of(data: TrainingData, **how: Any) -> MeanShiftLearner:
    return make(MeanShift.model_validate(how), Training(seed=1, precision="float64"), data)


def run(learner: MeanShiftLearner, data: TrainingData, state: MeanShiftState | None = None) -> list[MeanShiftState]:
    """Every state from the first to the last."""
    states = [learner.init(data) if state is None else state]
    while not states[-1].ended:
        states.append(learner.advance(states[-1], data, 1))
        assert len(states) < 400
    return states


@pytest.mark.parametrize(("p", "seed"), [(1, 0), (2, 1), (2, 2), (3, 3), (8, 4)])
@pytest.mark.parametrize("bandwidth", [0.4, 0.9, 2.0, 50.0])
def test_modes_and_labels_are_scikit_learns(p: int, seed: int, bandwidth: float) -> None:
    data = clouds(p=p, seed=seed)
    last = run(learner_of(data, bandwidth=bandwidth, members="nearest_mode"), data)[-1]
    theirs = Reference(bandwidth=bandwidth).fit(data.Z)
    np.testing.assert_allclose(last.modes, theirs.cluster_centers_, atol=1e-9)
    np.testing.assert_array_equal(last.labels, theirs.labels_)
    learner = learner_of(data, bandwidth=bandwidth)
    elsewhere = np.random.default_rng(9).uniform(-4, 4, (500, p))
    np.testing.assert_array_equal(
        np.asarray(learner.predict(last, elsewhere).labels) % 20, theirs.predict(elsewhere) % 20
    )


@settings(max_examples=80, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(1, 60),
    bandwidth=st.floats(0.05, 8.0),
    kernel=st.sampled_from(["flat", "gaussian"]),
    is_lattice=st.booleans(),
)
def test_nobody_ever_walks_downhill(seed: int, n: int, bandwidth: float, kernel: str, is_lattice: bool) -> None:
    rng = np.random.default_rng(seed)
    data = of(rng.integers(0, 5, (n, 2)) if is_lattice else rng.normal(size=(n, 2)))
    states = run(learner_of(data, bandwidth=bandwidth, kernel=kernel), data)
    assert all(after.objective <= before.objective + 1e-12 for before, after in pairwise(states[1:]))
    for before, after in pairwise(states[1:]):
        assert (after.density >= before.density - 1e-12).all()
        np.testing.assert_array_equal(after.places[~before.walking], before.places[~before.walking])
    assert set(states[-1].labels.tolist()) <= set(range(len(states[-1].modes)))
    for state in states[1:-1]:
        distances = np.sqrt(((state.places[:, None] - data.Z) ** 2).sum(axis=2)) / bandwidth
        profile = np.maximum(0, 1 - distances**2) if kernel == "flat" else np.exp(-0.5 * distances**2)
        assert state.objective == pytest.approx(-np.log(profile.mean(axis=1)).mean(), abs=1e-9)


def test_a_move_is_to_the_mean_of_what_is_seen() -> None:
    data = of([[0.0, 0], [1, 0], [0, 1], [5, 5], [6, 5]])
    learner = learner_of(data, bandwidth=1.1)
    first = learner.advance(learner.init(data), data, 1)
    np.testing.assert_allclose(first.places, [[1 / 3, 1 / 3], [0.5, 0], [0, 0.5], [5.5, 5], [5.5, 5]])
    assert (first.labels == UNASSIGNED).all()
    bell = learner_of(of([[0.0], [2.0]]), bandwidth=2.0, kernel="gaussian")
    moved = bell.advance(bell.init(of([[0.0], [2.0]])), of([[0.0], [2.0]]), 1)
    weight = np.exp(-0.5)
    np.testing.assert_allclose(moved.places[:, 0], [2 * weight / (1 + weight), 2 / (1 + weight)])


@pytest.mark.parametrize("bandwidth", [0.25, 0.5, 1.0])
def test_the_modes_of_a_gaussian_kernel_are_summits_of_the_density(bandwidth: float) -> None:
    data = clouds(150, seed=6)

    def height(place: np.ndarray) -> float:
        return -float(np.exp(-0.5 * ((place - data.Z) ** 2).sum(axis=1) / bandwidth**2).sum())

    modes = run(learner_of(data, bandwidth=bandwidth, kernel="gaussian"), data)[-1].modes
    assert len(modes) >= 1
    for mode in modes:
        summit = minimize(height, mode, method="BFGS", options={"gtol": 1e-9})
        np.testing.assert_allclose(summit.x, mode, atol=0.02 * bandwidth)
    gaps = np.sqrt(((modes[:, None] - modes) ** 2).sum(axis=2))
    assert (gaps[~np.eye(len(modes), dtype=bool)] > bandwidth).all()


def test_the_farther_one_sees_the_fewer_clusters_there_are() -> None:
    data = clouds()
    counts = [len(run(learner_of(data, bandwidth=h), data)[-1].modes) for h in (1e-3, 0.3, 1.0, 50.0)]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] == 200
    assert counts[-1] == 1


def test_blobs_have_as_many_modes_as_they_are() -> None:
    for kernel, bandwidth in (("flat", 0.4), ("gaussian", 0.15)):
        settings = MeanShift.model_validate({"kernel": kernel, "bandwidth": bandwidth})
        made = Run(Experiment(data=GeneratedData(generator="blobs", n_points=300), learner=settings))
        made.advance_epochs(500)
        assert made.outcome.final
        assert len(made.state.modes) == 4
        assert made.metrics()["all"]["ari"].value > 0.95


def test_one_move_is_one_move_and_before_the_modes_nothing_is_compared_with_classes() -> None:
    made = Run(Experiment(data=GeneratedData(generator="blobs", n_points=60), learner=MeanShift(bandwidth=0.001)))
    made.advance(1)
    assert not made.outcome.final
    assert "ari" not in made.metrics().get("all", {})
    made.advance(50)
    assert made.outcome.sentence == "60 modes for 60 points, after 1 move."
    assert "ari" in made.metrics()["all"]


def test_of_very_many_points_a_sample_walks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mean_shift, "MOST_SEEDS", 50)
    data = clouds(400)
    learner = learner_of(data, bandwidth=1.2, members="nearest_mode")
    last = run(learner, data)[-1]
    assert len(last.seeds) == len(np.unique(last.seeds)) == 50
    distances = ((data.Z[:, None] - last.modes) ** 2).sum(axis=2)
    np.testing.assert_array_equal(last.labels, distances.argmin(axis=1))
    assert "a sample of 50 points" in learner.outcome(last).sentence
    theirs = Reference(bandwidth=1.2, seeds=data.Z[last.seeds]).fit(data.Z)
    np.testing.assert_allclose(last.modes, theirs.cluster_centers_, atol=1e-9)


def test_places_in_blocks_see_what_they_see_in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    Z = clouds().Z
    whole = density_ascent.surroundings(Z, Z, 0.7, "gaussian")
    monkeypatch.setattr(density_ascent, "_BLOCK", 900)
    parts = density_ascent.surroundings(Z, Z, 0.7, "gaussian")
    np.testing.assert_allclose(parts.means, whole.means)
    np.testing.assert_allclose(parts.density, whole.density)


def test_another_bandwidth_and_other_points_are_followed() -> None:
    data, more = clouds(100), clouds(140, seed=3)
    learner, other = learner_of(data, bandwidth=0.5), learner_of(data, bandwidth=2.0)
    last = run(learner, data)[-1]
    followed = other.advance(other.again(last, data), data, 1)  # at once, when it had ended
    assert followed.ended
    np.testing.assert_array_equal(followed.modes, run(other, data)[-1].modes)
    moved = other.advance(other.again(last, more), more, 1)
    np.testing.assert_array_equal(moved.labels, run(other, more)[-1].labels)
    under_way = learner.advance(learner.init(data), data, 3)
    np.testing.assert_array_equal(run(other, data, under_way)[-1].modes, run(other, data)[-1].modes)
    assert len(learner.members(under_way, more).labels) == 140  # type: ignore[arg-type]


def test_ways_and_modes_are_drawn_and_a_place_says_what_it_sees() -> None:
    made = Run(Experiment(data=GeneratedData(generator="blobs", n_points=80), learner=MeanShift(bandwidth=0.4)))
    view = Viewport((-1.0, 1.0), (-1.0, 1.0), 40, 40)
    made.advance(2)
    (ways,) = [each for each in made.snapshot(view).overlays if isinstance(each, Segments)]
    assert ways.role == "way"
    np.testing.assert_allclose(ways.ends[:, :2], made.dataset.X, atol=1e-6)
    np.testing.assert_allclose(ways.ends[:, 2:], made.state.places, atol=1e-5)
    assert not any(isinstance(each, Marks) for each in made.snapshot(view).overlays)
    made.advance_epochs(500)
    (modes,) = [each for each in made.snapshot(view).overlays if isinstance(each, Marks)]
    assert modes.role == "mode"
    assert len(modes.xy) == len(made.state.modes)
    z = made.state.modes[0]
    reasons = made.model().learner.reasons(made.state, made.model().data, z)
    assert reasons is not None
    assert reasons.radius == 0.4
    distances = np.sqrt(((made.model().data.Z - z) ** 2).sum(axis=1))
    assert set(reasons.rows.tolist()) == set(np.flatnonzero(distances <= 0.4).tolist())
    assert f"{len(reasons.rows)} points" in reasons.lines[0]


@pytest.mark.parametrize("kernel", ["flat", "gaussian"])
def test_a_point_belongs_to_the_mode_that_it_walked_to(kernel: str) -> None:
    made = Run(
        Experiment(
            data=GeneratedData(generator="rings", n_points=300),
            learner=MeanShift.model_validate({"bandwidth": 0.15, "kernel": kernel}),
        )
    )
    made.advance_epochs(500)
    state, Z = made.state, made.model().data.Z
    ends = np.sqrt(((state.places[:, None] - state.modes) ** 2).sum(axis=2))
    assert (ends[np.arange(300), state.labels] <= 0.15 + 1e-12).all()  # merged within the bandwidth
    nearest = ((Z[:, None] - state.modes) ** 2).sum(axis=2).argmin(axis=1)
    assert (state.labels != nearest).any()
    np.testing.assert_array_equal(made.model().learner.predict(state, Z).labels, state.labels)


def test_who_does_not_walk_goes_with_the_nearest_who_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mean_shift, "MOST_SEEDS", 60)
    data = clouds(400)
    last = run(learner_of(data, bandwidth=0.8), data)[-1]
    nearest = ((data.Z[:, None] - last.origins) ** 2).sum(axis=2).argmin(axis=1)
    np.testing.assert_array_equal(last.labels, last.labels[last.seeds][nearest])
