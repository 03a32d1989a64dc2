"""Isomap: scikit-learn lays the points out alike, a rolled sheet is unrolled, and a graph in pieces is spoken of."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_wine
from sklearn.manifold import Isomap as Reference
from sklearn.preprocessing import StandardScaler

from engine.experiment import Experiment, GeneratedData
from engine.generators import generate
from engine.learner import TrainingData
from engine.learners.isomap import Isomap, IsomapLearner, IsomapState, make
from engine.neighbour_graph import geodesics, nearest, neighbour_graph
from engine.overlays import Line, Segments
from engine.snapshot import Viewport
from engine.training import Run
from engine.training_settings import Training
from tests.engine.sheets import SHEETS, SheetName, way_along


def sheet(name: SheetName, n: int = 400, noise: float = 0.0) -> np.ndarray:
    return generate(GeneratedData(generator=name, n_points=n, noise=noise)).X.astype(float)


def tables() -> dict[str, np.ndarray]:
    return {
        "roll": sheet("swiss_roll", 350, 0.05),
        "wine": StandardScaler().fit_transform(load_wine().data),
        "digits": load_digits().data[:250].astype(float) + 1e-6 * np.random.default_rng(0).normal(size=(250, 64)),
        "two clouds": np.random.default_rng(1).normal(size=(80, 3)) + np.repeat([[0.0], [9.0]], 40, axis=0),
    }


def learner_of(Z: np.ndarray, **how: Any) -> tuple[IsomapLearner, TrainingData]:
    data = TrainingData(Z, np.zeros(len(Z), np.int64), "projection")
    return make(Isomap.model_validate(how), Training(), data), data


def run(Z: np.ndarray, **how: Any) -> tuple[IsomapLearner, TrainingData, IsomapState]:
    learner, data = learner_of(Z, **how)
    return learner, data, learner.advance(learner.init(data), data, 10)


@pytest.mark.filterwarnings("ignore:The number of connected components")
@pytest.mark.filterwarnings("ignore::scipy.sparse.SparseEfficiencyWarning")
@pytest.mark.parametrize("name", tables())
@pytest.mark.parametrize("neighbours", [5, 12])
def test_it_agrees_with_scikit_learn(name: str, neighbours: int) -> None:
    Z = tables()[name]
    reference = Reference(n_neighbors=neighbours, n_components=3).fit(Z)
    state = run(Z, neighbours=neighbours, components=3)[2]
    theirs = reference.embedding_
    signs = np.sign((state.embedding * theirs).sum(axis=0))
    np.testing.assert_allclose(state.embedding, signs * theirs, atol=1e-5 * np.abs(theirs).max())
    np.testing.assert_allclose(geodesics(neighbour_graph(Z, neighbours)), reference.dist_matrix_, rtol=1e-9)


@pytest.mark.parametrize("name", SHEETS)
def test_a_sheet_is_unrolled(name: SheetName) -> None:
    X = sheet(name)
    learner, data, state = run(X, neighbours=5)
    way, across = way_along(X, name), X[:, 1]
    along = [abs(np.corrcoef(score, way)[0, 1]) for score in state.embedding.T]
    assert along[0] > 0.99
    assert abs(np.corrcoef(state.embedding[:, 1], across)[0, 1]) > 0.9
    assert learner.trustworthiness(state, data) > 0.97
    assert state.objective < 0.02
    # A straight look does not: no principal score goes along the roll.
    axes = np.linalg.svd(X - X.mean(axis=0), full_matrices=False)[2]
    straight = max(abs(np.corrcoef(score, way)[0, 1]) for score in (X @ axes.T).T)
    assert straight < (0.5 if name == "swiss_roll" else 0.95)
    # Neither does the graph of too many neighbours, whose ways go from layer to layer.
    cut_short = run(sheet("swiss_roll"), neighbours=12)[2]
    assert abs(np.corrcoef(cut_short.embedding[:, 0], way_along(sheet("swiss_roll"), "swiss_roll"))[0, 1]) < 0.9


def test_the_generated_roll_is_unrolled_with_the_default_settings() -> None:
    made = Run(Experiment(data=GeneratedData(generator="swiss_roll"), learner=Isomap()))
    made.advance_epochs(10)
    clean = generate(GeneratedData(generator="swiss_roll", noise=0.0)).X
    scores = made.model().of_points().scores
    assert abs(np.corrcoef(scores[:, 0], way_along(clean, "swiss_roll"))[0, 1]) > 0.95
    assert made.metrics()["all"]["trustworthiness"].value > 0.95
    assert "edges between neighbours" in made.outcome.sentence


def test_a_flat_sheet_with_every_edge_keeps_its_distances() -> None:
    flat = np.random.default_rng(1).normal(size=(30, 2))
    state = run(flat, neighbours=100)[2]
    centred = flat - flat.mean(axis=0)
    np.testing.assert_allclose(state.embedding @ state.embedding.T, centred @ centred.T, atol=1e-9)
    assert state.objective < 1e-9


def test_a_step_each_for_the_graph_the_ways_and_the_places() -> None:
    learner, data = learner_of(np.array([[0.0, 0], [1, 0], [2, 0], [2, 1], [2, 2.1]]), neighbours=1, components=1)
    states = [learner.init(data)]
    for _ in range(3):
        states.append(learner.advance(states[-1], data, 1))
    assert [state.graph is not None for state in states] == [False, True, True, True]
    assert [state.way.tolist() for state in states] == [[], [], [0, 1, 2, 3, 4], [0, 1, 2, 3, 4]]
    assert [state.ended for state in states] == [False, False, False, True]
    # Unbent, the points lie on a line as long as the way: 0, 1, 2, 3, 4.1.
    last = states[-1].embedding[:, 0]
    np.testing.assert_allclose(np.abs(last - last[0]), [0, 1, 2, 3, 4.1], atol=1e-9)


def test_a_graph_in_pieces_is_joined_and_it_is_said_so() -> None:
    Z = tables()["two clouds"]
    learner, _, state = run(Z, neighbours=5)
    assert state.graph is not None
    assert state.graph.pieces == 2
    assert "2 pieces" in learner.outcome(state).sentence
    between = (state.graph.edges < 40).sum(axis=1) == 1
    assert between.sum() == 1
    gaps = np.linalg.norm(Z[:40, None] - Z[None, 40:], axis=2)
    assert state.graph.lengths[between][0] == pytest.approx(gaps.min())
    assert "pieces" not in learner.outcome(run(tables()["wine"], neighbours=12)[2]).sentence


def test_points_in_one_place_are_neighbours_of_each_other_but_not_of_themselves() -> None:
    Z = np.repeat([[0.0, 0.0], [1.0, 0.0]], 6, axis=0)
    rows, distances = nearest(Z, 3)
    assert (rows != np.arange(12)[:, None]).all()
    np.testing.assert_array_equal(distances, 0.0)
    assert np.isfinite(geodesics(neighbour_graph(Z, 3))).all()
    assert np.isfinite(run(Z, neighbours=3)[2].embedding).all()


def test_points_in_one_place_have_no_distances_and_huge_ones_no_squares() -> None:
    for Z, word in ((np.ones((5, 3)), "one place"), (np.array([[1e200, 0.0], [-1e200, 1.0], [0.0, 3.0]]), "overflow")):
        learner, _, state = run(Z)
        assert learner.outcome(state).status == "stopped"
        assert word in learner.outcome(state).sentence


def test_other_neighbours_and_other_points_are_followed_after_the_end() -> None:
    Z = tables()["wine"]
    _, _, state = run(Z[:90], neighbours=5)
    learner, data = learner_of(Z, neighbours=12)
    assert np.isnan(learner.embedded(state, data)).all()
    following = learner.advance(learner.again(state, data), data, 1)
    assert following.step == state.step
    np.testing.assert_array_equal(following.embedding, run(Z, neighbours=12)[2].embedding)
    begun, first = learner_of(Z[:90], neighbours=5)
    halfway = begun.advance(begun.init(first), first, 2)
    np.testing.assert_array_equal(learner.advance(halfway, data, 1).embedding, following.embedding)


def test_the_graph_and_the_longest_of_the_shortest_ways_are_drawn_on_the_stage() -> None:
    made = Run(Experiment(data=GeneratedData(generator="s_curve", n_points=90), learner=Isomap()))
    viewport = Viewport((-1, 1), (-1, 1))
    made.advance_epochs(1)
    (edges,) = [overlay for overlay in made.snapshot(viewport).overlays if isinstance(overlay, Segments)]
    assert edges.role == "edge"
    made.advance_epochs(1)
    overlays = made.snapshot(viewport).overlays
    way = next(overlay for overlay in overlays if isinstance(overlay, Line) and overlay.role == "way")
    shown = {tuple(end) for end in edges.ends.tolist()}
    for start, end in zip(way.xy[:-1].tolist(), way.xy[1:].tolist(), strict=True):
        assert (*start, *end) in shown or (*end, *start) in shown
