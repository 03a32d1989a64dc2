"""Locally linear embedding: scikit-learn finds the same places, weights make points up, and a sheet is unrolled."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import subspace_angles
from sklearn.datasets import load_digits, load_wine
from sklearn.manifold import LocallyLinearEmbedding as Reference
from sklearn.preprocessing import StandardScaler

from engine.checks import check
from engine.experiment import Experiment, GeneratedData
from engine.generators import dataset_for, generate
from engine.learner import TrainingData
from engine.learners.lle import LleLearner, LleState, LocallyLinearEmbedding, closed_groups, make, weights_of
from engine.neighbour_graph import nearest
from engine.overlays import Segments
from engine.snapshot import Viewport
from engine.training import Run
from engine.training_settings import Training
from tests.engine.sheets import SHEETS, SheetName, way_along


def sheet(name: SheetName, n: int = 400) -> np.ndarray:
    return generate(GeneratedData(generator=name, n_points=n, noise=0.0)).X.astype(float)


def tables() -> dict[str, np.ndarray]:
    return {
        "roll": sheet("swiss_roll", 350),
        "wine": StandardScaler().fit_transform(load_wine().data),
        "digits": load_digits().data[:500].astype(float) + 1e-6 * np.random.default_rng(0).normal(size=(500, 64)),
    }


def learner_of(Z: np.ndarray, **how: Any) -> tuple[LleLearner, TrainingData]:
    data = TrainingData(Z, np.zeros(len(Z), np.int64), "projection")
    return make(LocallyLinearEmbedding.model_validate(how), Training(), data), data


def run(Z: np.ndarray, **how: Any) -> tuple[LleLearner, TrainingData, LleState]:
    learner, data = learner_of(Z, **how)
    return learner, data, learner.advance(learner.init(data), data, 10)


@pytest.mark.parametrize("name", tables())
@pytest.mark.parametrize(("neighbours", "regularization"), [(10, 1e-3), (16, 1e-2)])
def test_it_agrees_with_scikit_learn(name: str, neighbours: int, regularization: float) -> None:
    Z = tables()[name]
    reference = Reference(n_neighbors=neighbours, n_components=2, reg=regularization, eigen_solver="dense").fit(Z)
    learner, data, state = run(Z, neighbours=neighbours, regularization=regularization)
    theirs = reference.embedding_ * np.sqrt(len(Z))
    # The plane is the same, whichever way two near eigenvalues turn it.
    assert subspace_angles(state.embedding, theirs).max() < 1e-4
    signs = np.sign((state.embedding * theirs).sum(axis=0))
    np.testing.assert_allclose(state.embedding, signs * theirs, atol=1e-4 * np.abs(theirs).max())
    error = learner.metrics(state, data)["embedding_error"]
    assert error == pytest.approx(reference.reconstruction_error_, rel=1e-4, abs=1e-12)


@pytest.mark.parametrize("name", SHEETS)
def test_a_sheet_is_unrolled(name: SheetName) -> None:
    X = sheet(name, 800)
    learner, data, state = run(X, neighbours=10)
    along = max(abs(np.corrcoef(score, way_along(X, name))[0, 1]) for score in state.embedding.T)
    assert along > 0.9
    assert learner.trustworthiness(state, data) > 0.95


def test_scores_have_mean_0_and_variance_1_and_the_error_is_that_of_its_definition() -> None:
    Z = tables()["wine"]
    learner, data, state = run(Z, components=3)
    Y = state.embedding
    np.testing.assert_allclose(Y.T @ Y / len(Y), np.eye(3), atol=1e-8)
    np.testing.assert_allclose(Y.mean(axis=0), 0.0, atol=1e-8)
    for rows, name in ((Y, "embedding_error"), (Z, "neighbour_error")):
        error = 0.0
        for row, neighbours, weights in zip(rows, state.neighbours, state.weights, strict=True):
            error += float(np.square(row - weights @ rows[neighbours]).sum()) / len(rows)
        assert learner.metrics(state, data)[name] == pytest.approx(error, rel=1e-6, abs=1e-12)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10_000), p=st.integers(2, 6), k=st.integers(2, 8))
def test_no_other_weights_that_sum_to_one_make_a_point_up_better(seed: int, p: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    Z = rng.normal(size=(20, p))
    rows, _ = nearest(Z, k)
    weights = weights_of(Z, rows, 1e-3)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0)
    differences = Z[rows] - Z[:, None]
    traces = np.square(differences).sum(axis=(1, 2))

    def price(w: np.ndarray) -> np.ndarray:
        left = np.square(np.einsum("nk,nkp->np", w, differences)).sum(axis=1)
        return np.asarray(left + 1e-3 * traces * np.square(w).sum(axis=1))

    aside = rng.normal(size=weights.shape)
    aside -= aside.mean(axis=1, keepdims=True)
    assert (price(weights + 0.1 * aside) >= price(weights) * (1 - 1e-9)).all()


def test_a_point_in_the_middle_of_two_is_half_of_each() -> None:
    line = np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]])
    np.testing.assert_allclose(weights_of(line, np.array([[1, 2], [0, 2], [1, 0]]), 1e-9)[1], [0.5, 0.5])


def test_more_neighbours_than_there_are_points_are_spoken_of_before() -> None:
    for kind in ("lle", "isomap"):
        data = {"source": "generated", "generator": "blobs", "n_points": 9}
        for k, words in ((8, []), (9, ["There are no 9 neighbours: each of 9 points has 8"])):
            experiment = Experiment.model_validate({"data": data, "learner": {"kind": kind, "neighbours": k}})
            found = [each for each in check(experiment, dataset_for(experiment)) if each.path == "learner.neighbours"]
            assert [each.sentence[: len(words[0])] for each in found] == words
            assert not any(each.blocking for each in found)


def test_the_generated_roll_is_unrolled_with_the_default_settings() -> None:
    made = Run(Experiment(data=GeneratedData(generator="swiss_roll"), learner=LocallyLinearEmbedding()))
    made.advance_epochs(10)
    clean = generate(GeneratedData(generator="swiss_roll", noise=0.0)).X
    scores = made.model().of_points().scores
    assert max(abs(np.corrcoef(score, way_along(clean, "swiss_roll"))[0, 1]) for score in scores.T) > 0.95


def test_a_step_each_for_the_neighbours_the_weights_and_the_places() -> None:
    learner, data = learner_of(tables()["wine"])
    states = [learner.init(data)]
    for _ in range(3):
        states.append(learner.advance(states[-1], data, 1))
    assert [state.neighbours.size > 0 for state in states] == [False, True, True, True]
    assert [state.weights.size > 0 for state in states] == [False, False, True, True]
    assert [state.embedding.size > 0 for state in states] == [False, False, False, True]
    assert [state.ended for state in states] == [False, False, False, True]
    assert [sorted(learner.metrics(state, data)) for state in states[1:3]] == [[], ["neighbour_error"]]


def test_groups_that_know_nothing_of_each_other_are_refused() -> None:
    clouds = np.random.default_rng(1).normal(size=(60, 3)) + np.repeat([[0.0], [50.0]], 30, axis=0)
    learner, _, state = run(clouds, neighbours=8)
    assert learner.outcome(state).status == "stopped"
    assert "2 groups" in learner.outcome(state).sentence
    assert "more neighbours" in learner.outcome(state).sentence
    # A point that others do not ask, but that asks both groups, joins nothing; one that is asked by both does.
    assert closed_groups(np.array([[1], [0], [3], [2], [0]])) == 2
    assert closed_groups(np.array([[1], [0], [1], [2]])) == 1


def test_points_in_one_place_and_huge_ones_are_refused() -> None:
    for Z, word in ((np.ones((5, 3)), "one place"), (np.array([[1e200, 0.0], [-1e200, 1.0], [0.0, 3.0]]), "overflow")):
        learner, _, state = run(Z)
        assert learner.outcome(state).status == "stopped"
        assert word in learner.outcome(state).sentence


def test_other_neighbours_and_other_points_are_followed_after_the_end() -> None:
    Z = tables()["wine"]
    state = run(Z[:90])[2]
    learner, data = learner_of(Z, neighbours=14)
    assert np.isnan(learner.embedded(state, data)).all()
    following = learner.advance(learner.again(state, data), data, 1)
    assert following.step == state.step
    np.testing.assert_array_equal(following.embedding, run(Z, neighbours=14)[2].embedding)


def test_neighbours_and_their_means_are_drawn_on_the_stage() -> None:
    made = Run(Experiment(data=GeneratedData(generator="blobs", n_points=90), learner=LocallyLinearEmbedding()))
    viewport = Viewport((-1, 1), (-1, 1))
    made.advance_epochs(1)
    assert [each.role for each in made.snapshot(viewport).overlays if isinstance(each, Segments)] == ["edge"]
    made.advance_epochs(1)
    edges, feet = (each for each in made.snapshot(viewport).overlays if isinstance(each, Segments))
    assert (edges.role, feet.role) == ("edge", "foot")
    np.testing.assert_allclose(feet.ends[:, :2], made.dataset.X, atol=1e-6)
    lengths = np.square(feet.ends[:, 2:] - feet.ends[:, :2]).sum(axis=1)
    assert lengths.mean() == pytest.approx(made.metrics()["all"]["neighbour_error"].value, rel=1e-4)
