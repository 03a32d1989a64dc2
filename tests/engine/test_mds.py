"""Multidimensional scaling: scikit-learn says the same, distances that can be kept are kept, and stress never rises."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist, squareform
from sklearn.datasets import load_digits, load_wine
from sklearn.decomposition import PCA
from sklearn.manifold import ClassicalMDS, smacof
from sklearn.preprocessing import StandardScaler

from engine.experiment import Experiment, GeneratedData
from engine.learner import TrainingData
from engine.learners.mds import MdsLearner, MdsState, MultidimensionalScaling, make
from engine.training import Run
from engine.training_settings import Training


def tables() -> dict[str, np.ndarray]:
    return {
        "wine": StandardScaler().fit_transform(load_wine().data),
        "digits": load_digits().data[:400].astype(float),
        "plane": np.random.default_rng(3).normal(size=(60, 2)) * [3.0, 1.0] + 7.0,
    }


def learner_of(Z: np.ndarray, seed: int = 4, **how: Any) -> tuple[MdsLearner, TrainingData]:
    data = TrainingData(Z, np.zeros(len(Z), np.int64), "projection")
    return make(MultidimensionalScaling.model_validate(how), Training(seed=seed), data), data


def run(Z: np.ndarray, seed: int = 4, **how: Any) -> tuple[MdsLearner, TrainingData, list[MdsState]]:
    learner, data = learner_of(Z, seed, **how)
    states = [learner.init(data)]
    while not states[-1].ended:
        states.append(learner.advance(states[-1], data, 1))
        assert len(states) < 5_000
    return learner, data, states


def assert_same_up_to_sign(mine: np.ndarray, theirs: np.ndarray, atol: float = 1e-6) -> None:
    signs = np.sign((mine * theirs).sum(axis=0))
    np.testing.assert_allclose(mine, signs * theirs, atol=atol * np.abs(theirs).max())


def stress_of(places: np.ndarray, wanted: np.ndarray) -> float:
    """Kruskal's stress 1, written down from its definition, over pairs."""
    return float(np.sqrt(((pdist(places) - wanted) ** 2).sum() / (wanted**2).sum()))


@pytest.mark.parametrize("name", tables())
def test_classical_scaling_of_euclidean_distances_gives_the_principal_scores(name: str) -> None:
    Z = tables()[name]
    r = min(3, Z.shape[1])
    _, _, states = run(Z, method="classical", components=r)
    assert len(states) == 2
    assert_same_up_to_sign(states[-1].embedding, PCA(r, svd_solver="full").fit_transform(Z))


@pytest.mark.parametrize("name", tables())
@pytest.mark.parametrize(("distance", "metric"), [("euclidean", "euclidean"), ("manhattan", "cityblock")])
def test_classical_scaling_agrees_with_scikit_learn(name: str, distance: str, metric: str) -> None:
    Z = tables()[name]
    mine = run(Z, method="classical", distance=distance)[2][-1].embedding
    theirs = ClassicalMDS(n_components=2, metric="precomputed").fit_transform(squareform(pdist(Z, metric)))
    assert_same_up_to_sign(mine, theirs, 1e-5)


@pytest.mark.parametrize("name", tables())
@pytest.mark.parametrize(("distance", "metric"), [("euclidean", "euclidean"), ("manhattan", "cityblock")])
@pytest.mark.parametrize("start", ["random", "classical"])
def test_smacof_goes_the_way_of_scikit_learn_from_the_same_start(
    name: str, distance: str, metric: str, start: str
) -> None:
    Z = tables()[name]
    learner, data = learner_of(Z, distance=distance, start=start)
    first = learner.init(data)
    state = learner.advance(first, data, 40)
    wanted = pdist(Z, metric)
    places, raw = smacof(squareform(wanted), init=first.embedding.copy(), n_init=1, max_iter=state.step, eps=0.0)
    assert state.objective == pytest.approx(float(np.sqrt(raw / (wanted**2).sum())), abs=1e-5)
    np.testing.assert_allclose(state.embedding, places, atol=1e-5 * np.abs(places).max())


@settings(max_examples=50, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(3, 25),
    p=st.integers(2, 6),
    r=st.integers(1, 4),
    distance=st.sampled_from(["euclidean", "manhattan"]),
)
def test_no_step_of_smacof_ever_raises_the_stress(seed: int, n: int, p: int, r: int, distance: str) -> None:
    Z = np.random.default_rng(seed).normal(size=(n, p)) * np.geomspace(1, 5, p)
    learner, data = learner_of(Z, seed, components=r, distance=distance, tolerance=1e-12)
    states = [learner.init(data)]
    for _ in range(30):
        states.append(learner.advance(states[-1], data, 1))
    assert all(after.objective <= before.objective * (1 + 1e-9) + 1e-9 for before, after in pairwise(states))


def test_the_stress_is_that_of_its_definition_and_what_is_shown() -> None:
    Z = tables()["wine"]
    learner, data, states = run(Z, distance="manhattan")
    for state in (states[0], states[len(states) // 2], states[-1]):
        expected = stress_of(state.embedding, pdist(Z, "cityblock"))
        assert state.objective == pytest.approx(expected, abs=1e-9)
        assert learner.metrics(state, data)["stress"] == state.objective
    assert states[-1].objective < 0.5 * states[0].objective


def test_distances_that_places_can_keep_are_kept() -> None:
    flat = np.random.default_rng(1).normal(size=(40, 2)) @ np.random.default_rng(2).normal(size=(2, 5))
    ways: tuple[dict[str, Any], ...] = ({"method": "classical"}, {"start": "classical"})
    for how in ways:
        _, _, states = run(flat, **how)
        np.testing.assert_allclose(pdist(states[-1].embedding), pdist(flat), rtol=1e-5)
        assert states[-1].objective < 1e-6


def test_a_triangle_of_three_four_five_lies_on_paper() -> None:
    triangle = np.array([[0.0, 0.0, 0.0], [3.0, 0.0, 0.0], [0.0, 0.0, 4.0]])
    places = run(triangle, method="classical")[2][-1].embedding
    np.testing.assert_allclose(pdist(places), [3.0, 4.0, 5.0])


def test_smacof_improves_on_the_stress_of_classical_scaling() -> None:
    Z = tables()["wine"]
    at_once = run(Z, method="classical")[2][-1].objective
    assert run(Z, start="classical")[2][-1].objective < 0.9 * at_once


def test_points_in_one_place_have_no_distances() -> None:
    for method in ("classical", "smacof"):
        learner, data = learner_of(np.ones((5, 3)), method=method)
        state = learner.advance(learner.init(data), data, 1)
        assert learner.outcome(state).status == "stopped"
        assert "one place" in learner.outcome(state).sentence


def test_features_whose_squares_overflow_are_refused() -> None:
    learner, data = learner_of(np.array([[1e200, 0.0], [-1e200, 1.0], [0.0, 3.0]]))
    assert "overflow" in learner.outcome(learner.advance(learner.init(data), data, 1)).sentence


@pytest.mark.parametrize("method", ["classical", "smacof"])
def test_it_begins_anew_where_points_came_or_went_and_follows_those_that_move(method: str) -> None:
    Z = tables()["wine"]
    state = run(Z[:90], method=method)[2][-1]
    learner, data = learner_of(Z[:100], method=method)
    assert np.isnan(learner.embedded(state, data)).all()
    following = learner.advance(learner.again(state, data), data, 2)
    assert following.embedding.shape == (100, 2)
    unfinished = learner.advance(run(Z[:90], method=method)[2][0], data, 3)
    assert unfinished.embedding.shape == (100, 2)
    moved, there = learner_of(Z[:90] * 2.0, method=method)
    state = moved.again(state, there)
    while not state.ended:
        state = moved.advance(state, there, 1)
    assert state.objective == pytest.approx(run(Z[:90], method=method)[2][-1].objective, abs=2e-3)


def test_few_points_have_few_components() -> None:
    for method in ("classical", "smacof"):
        assert run(np.array([[0.0, 1.0], [2.0, 5.0]]), method=method, components=3)[2][-1].embedding.shape == (2, 1)


def test_a_run_says_how_much_stress_is_left_and_what_places_it_has() -> None:
    made = Run(Experiment(data=GeneratedData(generator="swiss_roll", n_points=120), learner=MultidimensionalScaling()))
    made.advance_epochs(3_000)
    assert made.outcome.status == "converged"
    assert "stress of" in made.outcome.sentence
    metrics = made.metrics()["all"]
    assert 0.05 < metrics["stress"].value < 0.4
    assert metrics["trustworthiness"].value > 0.7
    assert made.model().of_points().scores.shape == (120, 2)
