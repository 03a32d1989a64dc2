"""t-SNE: affinities and divergence as scikit-learn's, the gradient as torch's, and places that are kept."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import squareform
from sklearn import manifold
from sklearn.datasets import load_digits, load_iris
from sklearn.manifold import trustworthiness
from sklearn.manifold._t_sne import _joint_probabilities
from sklearn.metrics import pairwise_distances
from sklearn.preprocessing import StandardScaler

from engine import affinities as affinities_module
from engine.affinities import affinities
from engine.checks import check
from engine.experiment import Experiment, GeneratedData
from engine.generators import dataset_for
from engine.learner import TrainingData
from engine.learners.tsne import TSNE, TsneLearner, TsneState, make
from engine.training_settings import Training
from engine.tsne_forces import forces_between


def iris() -> np.ndarray:
    return np.asarray(StandardScaler().fit_transform(load_iris().data))


def data_of(Z: np.ndarray) -> TrainingData:
    return TrainingData(Z, np.zeros(len(Z), np.int64), "projection")


def learner_of(data: TrainingData, **how: Any) -> TsneLearner:
    return make(TSNE.model_validate(how), Training(seed=4), data)


def run(Z: np.ndarray, steps: int = 100_000, **how: Any) -> tuple[TsneLearner, TrainingData, TsneState]:
    data = data_of(Z)
    learner = learner_of(data, **how)
    return learner, data, learner.advance(learner.init(data), data, steps)


def separation(places: np.ndarray, groups: np.ndarray) -> float:
    """How many times nearer rows are to the middle of their own group than the middles are to each other, at least."""
    middles = np.array([places[groups == group].mean(axis=0) for group in np.unique(groups)])
    spread = max(
        float(np.linalg.norm(places[groups == group] - middle, axis=1).mean())
        for group, middle in zip(np.unique(groups), middles, strict=True)
    )
    apart = min(float(np.linalg.norm(a - b)) for i, a in enumerate(middles) for b in middles[:i])
    return apart / spread


@pytest.mark.parametrize("perplexity", [3.0, 30.0, 49.0])
@pytest.mark.parametrize("unit", [0.01, 1.0, 1000.0])
def test_affinities_are_those_of_scikit_learn(perplexity: float, unit: float) -> None:
    Z = unit * load_iris().data
    found = affinities(Z.astype(np.float32), perplexity)
    squared = pairwise_distances(Z, metric="sqeuclidean").astype(np.float32)
    reference = squareform(_joint_probabilities(squared, perplexity, 0))
    np.testing.assert_allclose(found.P, reference, atol=1e-4 / len(Z))
    assert float(np.abs(found.P - reference).sum()) < 1e-4
    logs = np.where(reference > 0, reference * np.log(np.maximum(reference, 1e-300)), 0.0)
    assert found.entropy == pytest.approx(-float(logs.sum()), rel=1e-4)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(2, 40), share=st.floats(0.05, 0.95), twins=st.booleans())
def test_every_point_has_as_many_neighbours_as_the_perplexity_says(
    seed: int, n: int, share: float, twins: bool
) -> None:
    Z = np.random.default_rng(seed).normal(size=(n, 3)).astype(np.float32)
    if twins:
        Z[: n // 2] = Z[0]
    wanted = 1 + share * (n - 2)
    squared = pairwise_distances(Z, metric="sqeuclidean").astype(np.float32)
    p = affinities_module.conditional(squared, 0, wanted).astype(np.float64)
    np.testing.assert_allclose(p.sum(axis=1), 1.0, atol=1e-5)
    assert (np.diag(p) == 0).all()
    reached = np.exp(-(p * np.log(np.where(p > 0, p, 1.0))).sum(axis=1))
    if not twins:
        np.testing.assert_allclose(reached, wanted, rtol=2e-3)
    assert (reached >= wanted * (1 - 2e-3)).all()  # of twins all are alike near


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("components", [1, 2, 3])
@pytest.mark.parametrize("width", [1e-3, 1.0, 30.0])
def test_the_gradient_is_that_of_the_divergence(compiled: bool, components: int, width: float) -> None:
    rng = np.random.default_rng(2)
    known = affinities(rng.normal(size=(600, 5)), 12.0)
    places = rng.normal(0.0, width, (600, components)).astype(np.float32).astype(np.float64)
    found = forces_between(known.P, known.entropy, places, compiled=compiled)
    for exaggeration in (1.0, 12.0):
        P = exaggeration * torch.tensor(known.P, dtype=torch.float64)
        Y = torch.tensor(places, requires_grad=True)
        weights = 1 / (1 + ((Y[:, None] - Y[None]) ** 2).sum(dim=2))
        weights = weights * (1 - torch.eye(len(Y), dtype=torch.float64))
        off = ~torch.eye(len(Y), dtype=torch.bool)
        # p ln p, which is constant, and of exaggerated p the sum that is not 1
        loss = -(P[off] * torch.log(weights[off])).sum() + torch.log(weights.sum())
        loss.backward()
        assert Y.grad is not None
        expected = Y.grad.numpy()
        np.testing.assert_allclose(found.gradient(exaggeration), expected, atol=1e-5 * float(np.abs(expected).max()))
        if exaggeration == 1:
            assert found.divergence == pytest.approx(float(loss.detach()) - known.entropy, abs=1e-5)


def test_iris_ends_at_the_divergence_of_scikit_learn() -> None:
    Z = iris()
    learner, data, state = run(Z)
    start = learner.init(data).embedding
    reference = manifold.TSNE(method="exact", init=start.astype(np.float32), perplexity=30).fit(Z)
    assert state.step == 1000
    assert learner.outcome(state).status == "converged"
    assert state.objective == pytest.approx(reference.kl_divergence_, rel=0.03)
    assert trustworthiness(Z, state.embedding) > trustworthiness(Z, reference.embedding_) - 0.005
    # What is called the objective is the divergence of the places that are shown.
    squared = pairwise_distances(state.embedding, metric="sqeuclidean")
    Q = 1 / (1 + squared)
    np.fill_diagonal(Q, 0)
    P = affinities(Z, 30.0).P
    apart = P > 0
    shown = float((P[apart] * np.log(P[apart] / (Q / Q.sum())[apart])).sum())
    assert learner.metrics(state, data)["kl"] == pytest.approx(shown, abs=1e-4)


def test_digits_that_were_neighbours_are_neighbours() -> None:
    Z = load_digits().data[:500]
    _, _, state = run(Z)
    reference = manifold.TSNE(method="exact", init="pca", random_state=0).fit(Z)
    found = trustworthiness(Z, state.embedding)
    assert found > 0.97
    assert found > trustworthiness(Z, reference.embedding_) - 0.01


@pytest.mark.parametrize("start", ["pca", "random"])
@pytest.mark.parametrize("components", [1, 2, 3])
def test_groups_come_apart_from_any_start_in_any_number_of_dimensions(start: str, components: int) -> None:
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(3), 30)
    Z = rng.normal(0.0, 0.3, (90, 6)) + 6.0 * np.eye(3, 6)[groups]
    _, _, state = run(Z, components=components, start=start, perplexity=10)
    assert state.embedding.shape == (90, components)
    assert separation(state.embedding, groups) > 2


def test_it_begins_along_the_principal_components() -> None:
    Z = iris()
    data = data_of(Z)
    start = learner_of(data).init(data).embedding
    scores = np.linalg.svd(Z - Z.mean(axis=0), full_matrices=False)[0][:, :2]
    assert np.abs(np.corrcoef(start.T, scores.T)[:2, 2:]) == pytest.approx(np.eye(2), abs=1e-6)
    assert start[:, 0].std() == pytest.approx(1e-4)
    # Fewer features than components: the rest is drawn.
    thin = learner_of(data_of(Z[:, :1]), components=3).init(data_of(Z[:, :1])).embedding
    assert (thin.std(axis=0) > 5e-5).all()


def test_numpy_that_stands_in_for_the_loops_comes_to_the_same() -> None:
    data = data_of(iris())
    compiled, standing = learner_of(data), learner_of(data)
    standing.standing_in = True
    one, other = (learner.advance(learner.init(data), data, 700) for learner in (compiled, standing))
    assert (compiled.path(one), standing.path(other)) == ("compiled", "numpy")
    assert one.objective == pytest.approx(other.objective, rel=0.15)  # steps by other roundings part soon


def test_the_forces_are_the_same_bits_on_one_core_and_on_many(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    P = rng.random((1100, 1100)).astype(np.float32)
    found = []
    for cores in (1, 3):
        monkeypatch.setattr("engine.tsne_forces.cores_of_one_run", lambda cores=cores: cores)
        found.append(forces_between(P, 0.0, np.linspace(-9, 9, 2200).reshape(1100, 2)))
    np.testing.assert_array_equal(found[0].pull, found[1].pull)
    np.testing.assert_array_equal(found[0].push, found[1].push)
    assert found[0].divergence == found[1].divergence


def test_affinities_are_computed_once_for_a_data_set_and_perplexity(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []

    def counted(Z: np.ndarray, perplexity: float) -> affinities_module.Affinities:
        asked.append(perplexity)
        return affinities(Z, perplexity)

    monkeypatch.setattr(affinities_module, "affinities", counted)
    data = data_of(iris())
    state = learner_of(data).advance(learner_of(data).init(data), data, 3)
    state = learner_of(data, rate="fixed", learning_rate=20).advance(state, data, 3)
    state = learner_of(data, perplexity=7).advance(state, data, 3)
    assert asked == [30.0, 7.0]


def test_rows_that_stay_keep_their_places_when_points_come_and_go() -> None:
    rng = np.random.default_rng(1)
    Z = np.concatenate([rng.normal(0.0, 0.3, (30, 4)), rng.normal(4.0, 0.3, (30, 4))])
    _, data, state = run(Z, steps=600, perplexity=8)
    near = Z[3] + 1e-3
    changed = data_of(np.concatenate([Z[1:], near[None]]))
    learner = learner_of(changed, perplexity=8)
    assert np.isnan(learner.embedded(learner.init(data), data_of(Z[1:]))).all()
    after = learner.advance(state, changed, 1)
    assert after.step == 601
    size = float(np.abs(state.embedding).max())
    moved = after.embedding[:-1] - state.embedding[1:]
    assert np.abs(moved - moved.mean(axis=0)).max() < 0.05 * size
    assert np.linalg.norm(after.embedding[-1] - after.embedding[2]) < 0.05 * size
    # Other points altogether begin anew.
    others = data_of(rng.normal(size=(50, 4)))
    anew = learner_of(others).advance(after, others, 1)
    assert anew.begun == 601
    assert np.abs(anew.embedding).max() < 0.1
    ended = learner_of(others).advance(anew, others, 100_000)
    assert ended.step == 1601


def test_an_embedding_that_had_ended_settles_anew_after_a_change() -> None:
    _, data, state = run(iris())
    other = learner_of(data, perplexity=5)
    again = other.again(state, data)
    assert not again.ended
    settled = other.advance(again, data, 10_000)
    assert settled.step == 1250
    P = affinities(iris(), 5.0)
    assert settled.objective < forces_between(P.P, P.entropy, state.embedding).divergence


def test_more_steps_may_be_asked_for() -> None:
    _, data, state = run(iris(), steps=300)
    longer = learner_of(data, steps=1500)
    assert longer.advance(longer.again(state, data), data, 10_000).step == 1500


def test_too_large_a_learning_rate_scatters_the_places_but_stays_finite() -> None:
    _, _, state = run(iris(), rate="fixed", learning_rate=1e5)
    assert np.isfinite(state.embedding).all()
    assert state.objective > 2 * run(iris())[2].objective


@pytest.mark.parametrize("n", [2, 3, 5, 12])
def test_few_points_have_few_neighbours_and_it_is_said(n: int) -> None:
    Z = np.random.default_rng(3).normal(size=(n, 2))
    learner, _, state = run(Z)
    assert np.isfinite(state.embedding).all()
    assert f"{n} points allow no more" in learner.outcome(state).sentence
    experiment = Experiment(data=GeneratedData(generator="correlated", n_points=20), learner=TSNE())
    (complaint,) = check(experiment, dataset_for(experiment))
    assert (complaint.path, complaint.blocking) == ("learner.perplexity", False)
    assert "6.33" in complaint.sentence


def test_points_in_one_place_are_no_neighbours() -> None:
    learner, _, state = run(np.ones((9, 3)))
    assert learner.outcome(state).status == "stopped"
    assert "one place" in learner.outcome(state).sentence
