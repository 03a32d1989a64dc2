"""Spectral clustering against scikit-learn and numpy, and by its own rules: graph, eigenvectors, k-means on them."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import laplacian
from sklearn.cluster import SpectralClustering
from sklearn.metrics import adjusted_rand_score
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.neighbors import kneighbors_graph

from engine import affinity_graph
from engine.affinity_graph import graph_of, spectrum_of
from engine.choosing_k import ChoosingK
from engine.clustering import UNASSIGNED
from engine.experiment import Experiment, GeneratedData, GeneratorName
from engine.learner import TrainingData
from engine.learners.spectral import Spectral, SpectralLearner, SpectralState, make
from engine.overlays import Segments
from engine.snapshot import Viewport
from engine.training import Run
from engine.training_settings import Training


def of(Z: Any) -> TrainingData:
    rows = np.asarray(Z, np.float64)
    return TrainingData(rows, np.zeros(len(rows), np.int64), "clustering")


def on(name: GeneratorName, n: int = 300, **how: Any) -> Run:
    return Run(Experiment(data=GeneratedData(generator=name, n_points=n), learner=Spectral.model_validate(how)))


def learner_of(data: TrainingData, seed: int = 1, **how: Any) -> SpectralLearner:
    return make(Spectral.model_validate(how), Training(seed=seed, precision="float64"), data)


def run(learner: SpectralLearner, data: TrainingData, state: SpectralState | None = None) -> list[SpectralState]:
    """Every state from the first to the last."""
    states = [learner.init(data) if state is None else state]
    while not states[-1].ended:
        states.append(learner.advance(states[-1], data, 1))
        assert len(states) < 500
    return states


def clouds(n: int = 120, seed: int = 0) -> TrainingData:
    rng = np.random.default_rng(seed)
    middles = rng.uniform(-3, 3, (3, 2))
    return of(middles[rng.integers(0, 3, n)] + 0.5 * rng.normal(size=(n, 2)))


SHAPES: list[tuple[GeneratorName, int, float]] = [
    ("rings", 3, 200.0), ("moons", 2, 100.0), ("blobs", 4, 20.0), ("unequal_blobs", 3, 20.0),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore:Graph is not fully connected")
@pytest.mark.parametrize("rows", ["unit", "random_walk"])
@pytest.mark.parametrize(("name", "k", "gamma"), SHAPES)
def test_neighbours_give_scikit_learns_clusters(name: GeneratorName, k: int, gamma: float, rows: str) -> None:
    made = on(name, k=k, rows=rows)
    made.advance_epochs(300)
    graph = kneighbors_graph(made.model().data.Z, 10, include_self=False)
    theirs = SpectralClustering(k, affinity="precomputed", random_state=0, n_init=20).fit_predict(
        0.5 * (graph + graph.T)
    )
    assert adjusted_rand_score(made.state.labels, theirs) >= (0.97 if rows == "unit" else 0.999)


@pytest.mark.parametrize("rows", ["unit", "random_walk"])
@pytest.mark.parametrize(("name", "k", "gamma"), SHAPES)
def test_all_pairs_give_scikit_learns_clusters(name: GeneratorName, k: int, gamma: float, rows: str) -> None:
    made = on(name, k=k, affinity="rbf", gamma=gamma, rows=rows)
    made.advance_epochs(300)
    theirs = SpectralClustering(k, gamma=gamma, random_state=0, n_init=20).fit_predict(made.model().data.Z)
    assert adjusted_rand_score(made.state.labels, theirs) >= (0.97 if rows == "unit" else 0.999)


@pytest.mark.parametrize("affinity", ["nearest_neighbours", "rbf"])
def test_weights_are_scikit_learns(affinity: Any) -> None:
    Z = clouds().Z
    mine = graph_of(Z, affinity, 0.7, 6)
    if affinity == "rbf":
        theirs = rbf_kernel(Z, gamma=0.7)
        np.fill_diagonal(theirs, 0.0)
    else:
        directed = kneighbors_graph(Z, 6, include_self=False).toarray()
        theirs = 0.5 * (directed + directed.T)
    np.testing.assert_allclose(mine.weights.toarray(), theirs, atol=1e-10)
    np.testing.assert_allclose(mine.degrees, theirs.sum(axis=1), atol=1e-7)
    assert (theirs[tuple(mine.edges.T)] >= 0.5).all()
    assert len(mine.edges) == np.count_nonzero(np.triu(theirs) >= 0.5)


@pytest.mark.parametrize(("affinity", "gamma"), [("nearest_neighbours", 1.0), ("rbf", 0.5), ("rbf", 300.0)])
@pytest.mark.parametrize("is_small", [True, False])
def test_the_spectrum_is_that_of_the_whole_matrix(
    affinity: Any, gamma: float, is_small: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Part by part, by Lanczos or in full; with gamma 300 the graph falls into dozens of parts."""
    if not is_small:
        monkeypatch.setattr(affinity_graph, "_SMALL", 12)
    graph = graph_of(clouds().Z, affinity, gamma, 5)
    assert (graph.n_parts > 12) == (gamma == 300.0)
    matrix = laplacian(graph.weights.toarray(), normed=True)
    for count in (1, 4, 12):
        found = spectrum_of(graph, count)
        np.testing.assert_allclose(found.values, np.linalg.eigvalsh(matrix)[:count], atol=1e-8)
        np.testing.assert_allclose(matrix @ found.vectors, found.vectors * found.values, atol=1e-7)
        np.testing.assert_allclose(found.vectors.T @ found.vectors, np.eye(count), atol=1e-7)


def test_graph_eigenvectors_and_half_steps_come_one_after_the_other() -> None:
    data = clouds()
    learner = learner_of(data, k=3)
    first, with_graph, embedded, assigned, *rest = run(learner, data)
    assert first.graph is None
    assert with_graph.graph is not None
    assert with_graph.spectrum is None
    assert embedded.spectrum is not None
    assert (embedded.labels == UNASSIGNED).all()
    np.testing.assert_allclose((embedded.embedding**2).sum(axis=1), 1.0)
    assert set(assigned.labels.tolist()) == {0, 1, 2}
    assert rest[-1].ended
    gap = embedded.spectrum.values[3] - embedded.spectrum.values[2]
    assert learner.metrics(embedded, data)["eigengap"] == pytest.approx(gap)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 1000), k=st.integers(1, 6), n=st.integers(1, 40), neighbours=st.integers(1, 8))
def test_no_half_step_raises_the_inertia_whatever_the_graph(seed: int, k: int, n: int, neighbours: int) -> None:
    data = of(np.random.default_rng(seed).integers(0, 6, (n, 2)))  # many equal points, and many parts
    states = run(learner_of(data, seed, k=k, neighbours=neighbours), data)[3:]
    assert all(after.objective <= before.objective + 1e-12 for before, after in pairwise(states))
    last = states[-1]
    assert (last.labels >= 0).sum() == len(last.placed)
    assert last.labels.max() < k


def test_parts_are_clusters_and_what_is_left_over_belongs_to_none() -> None:
    rng = np.random.default_rng(0)
    sizes = (30, 20, 8, 1)
    Z = np.concatenate([100.0 * part + rng.normal(size=(size, 2)) for part, size in enumerate(sizes)])
    truth = np.repeat(np.arange(4), sizes)
    order = rng.permutation(len(Z))
    data, truth = of(Z[order]), truth[order]
    learner = learner_of(data, k=3, affinity="rbf", gamma=0.3)
    last = run(learner, data)[-1]
    assert last.graph is not None
    assert last.graph.n_parts == 4
    np.testing.assert_array_equal(last.graph.parts, truth)
    alone = truth == 3
    assert (last.labels[alone] == UNASSIGNED).all()
    assert adjusted_rand_score(truth[~alone], last.labels[~alone]) == 1.0
    assert "4 parts" in learner.outcome(last).sentence
    assert learner.metrics(last, data)["normalized_cut"] == pytest.approx(0.0, abs=1e-12)
    four = learner_of(data, k=4, affinity="rbf", gamma=0.3)
    assert adjusted_rand_score(truth, run(four, data)[-1].labels) == 1.0


def test_the_normalized_cut_by_hand() -> None:
    """Four points in a row, cut in the middle: each half has weight 3 - its inner edge twice, and one edge out."""
    data = of([[0.0], [1.0], [2.0], [3.0]])
    graph = graph_of(data.Z, "rbf", np.log(2.0), 1)  # weights 1/2, 1/16, 1/512
    inner, out = 2 * 0.5, 0.5 + 2 / 16 + 1 / 512
    assert graph.normalized_cut(np.array([0, 0, 1, 1])) == pytest.approx(2 * out / (inner + out))
    assert graph.normalized_cut(np.zeros(4, np.int64)) == pytest.approx(0.0)


def test_a_place_belongs_to_the_cluster_of_the_nearest_point() -> None:
    data = clouds()
    learner = learner_of(data, k=3)
    last = run(learner, data)[-1]
    places = np.random.default_rng(5).uniform(-4, 4, (300, 2))
    nearest = ((places[:, None] - data.Z) ** 2).sum(axis=2).argmin(axis=1)
    said = learner.predict(last, places)
    np.testing.assert_array_equal(said.labels, last.labels[nearest])
    np.testing.assert_array_equal(said.scores.argmax(axis=1), said.labels)


def test_other_settings_and_points_are_followed() -> None:
    data, more = clouds(), clouds(150, seed=2)
    learner = learner_of(data, k=3)
    last = run(learner, data)[-1]
    for how in ({"k": 5}, {"k": 3, "neighbours": 4}, {"k": 3, "affinity": "rbf", "gamma": 2.0}):
        other = learner_of(data, **how)
        followed = other.advance(other.again(last, data), data, 1)
        assert followed.ended
        np.testing.assert_array_equal(followed.labels, run(other, data)[-1].labels)
    np.testing.assert_array_equal(
        learner.advance(learner.again(last, more), more, 1).labels, run(learner, more)[-1].labels
    )


def test_the_graph_is_drawn_as_far_as_it_is_sparse() -> None:
    made = on("moons", 100, k=2)
    made.advance(1)
    view = Viewport((-1.0, 1.0), (-1.0, 1.0), 40, 40)
    (edges,) = [each for each in made.snapshot(view).overlays if isinstance(each, Segments)]
    assert edges.role == "edge"
    graph = made.state.graph
    np.testing.assert_allclose(edges.ends[:, :2], made.dataset.X[graph.edges[:, 0]], atol=1e-6)
    np.testing.assert_allclose(edges.ends[:, 2:], made.dataset.X[graph.edges[:, 1]], atol=1e-6)


def test_what_speaks_for_a_k_are_the_eigenvalues_not_the_inertia_of_other_spaces() -> None:
    data = on("blobs", 200).model().data
    study = ChoosingK(Spectral(), Training(seed=3, precision="float64"), data)
    while not study.complete:
        study.go_on(0.01)
    found = study.result(4)
    assert np.isnan(found.objective).all()
    expected = spectrum_of(graph_of(data.Z, "nearest_neighbours", 50.0, 10), 10).values
    np.testing.assert_allclose(found.criteria["eigenvalue"], expected, atol=1e-9)
    assert found.by_silhouette == 4
