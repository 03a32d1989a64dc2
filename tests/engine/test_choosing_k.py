"""How many clusters: the gap statistic by hand, the right answer where there is one, and "none" where there is none."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.cluster import AgglomerativeClustering
from sklearn.cluster import KMeans as Reference

from engine.choosing_k import ChoosingK, has_k
from engine.cluster_metrics import silhouettes
from engine.cluster_report import ChoiceOfK, classes_by_cluster, silhouette_report
from engine.experiment import Experiment, GeneratedData, GeneratorName
from engine.generators import GENERATORS
from engine.learner import TrainingData
from engine.learners.hierarchical import Hierarchical
from engine.learners.k_means import KMeans
from engine.learners.mlp import MultilayerPerceptron
from engine.snapshot import Judged
from engine.training import Run
from engine.training_settings import Training


def run_on(name: GeneratorName, **how: Any) -> Run:
    made = Run(Experiment(data=GeneratedData(generator=name, n_points=400), learner=KMeans.model_validate(how)))
    made.advance_epochs(500)
    return made


def said(run: Run) -> Judged:
    judged = run.judged()
    assert judged is not None
    return judged


def chosen(Z: np.ndarray, **how: Any) -> ChoiceOfK:
    data = TrainingData(Z, np.zeros(len(Z), np.int64), "clustering")
    study = ChoosingK(KMeans.model_validate(how), Training(seed=3, precision="float64"), data)
    while not study.complete:
        study.go_on(0.01)
    return study.result(int(how.get("k", 3)))


@pytest.mark.parametrize(("name", "k"), [("blobs", 4), ("unequal_blobs", 3), ("uniform", 1), ("correlated", 1)])
def test_the_gap_statistic_finds_the_clusters_that_there_are_and_none_where_there_are_none(
    name: GeneratorName, k: int
) -> None:
    found = chosen(run_on(name).model().data.Z)
    assert found.complete
    assert found.by_gap == k
    assert GENERATORS[name].classes == k


def test_where_every_point_is_a_cluster_there_is_no_gap() -> None:
    Z = np.random.default_rng(1).normal(size=(6, 2))
    found = chosen(Z)
    assert found.ks[-1] == 6
    assert np.isnan(found.gap[-1])
    assert np.isfinite(found.gap[:-1]).all()


def test_a_tree_is_cut_into_each_k_however_it_is_cut_on_the_stage() -> None:
    rng = np.random.default_rng(4)
    Z = np.concatenate([centre + 0.15 * rng.normal(size=(220, 2)) for centre in ([0, 0], [2, 0], [1, 2])])
    data = TrainingData(Z, np.zeros(len(Z), np.int64), "clustering")
    study = ChoosingK(Hierarchical(cut_by="height", height=0.01), Training(seed=3, precision="float64"), data)
    while len(study.result(3).silhouette) < len(study.ks):
        study.go_on(0.01)
    found = study.result(3)
    for k in (2, 3, 5):
        reference = AgglomerativeClustering(k).fit_predict(Z)
        assert found.silhouette[k - 1] == pytest.approx(silhouettes(Z[:1000], reference[:1000]).mean(), abs=1e-9)
    assert found.by_silhouette == 3


def test_every_number_of_a_study_is_what_scikit_learn_says() -> None:
    rng = np.random.default_rng(1)
    Z = np.concatenate([centre + 0.15 * rng.normal(size=(60, 2)) for centre in ([0, 0], [2, 0], [1, 2])])
    found = chosen(Z)
    for k, objective, silhouette in zip(found.ks[:3], found.objective, found.silhouette, strict=False):
        reference = Reference(k, n_init=20, random_state=0).fit(Z)
        assert objective * len(Z) == pytest.approx(reference.inertia_, rel=1e-6)
        if k > 1:
            assert silhouette == pytest.approx(silhouettes(Z, reference.labels_).mean(), abs=1e-9)
    assert found.by_silhouette == 3
    assert math.isnan(found.silhouette[0])


def test_the_gap_is_the_mean_log_of_references_less_the_log_of_the_points() -> None:
    """For k = 1 the inertia of a uniform box is known: n (a² + b²) / 12."""
    rng = np.random.default_rng(5)
    Z = rng.uniform([0, 0], [3, 1], (1500, 2))
    found = chosen(Z)
    box = math.log(1500 * (3**2 + 1**2) / 12)
    own = math.log(((Z - Z.mean(axis=0)) ** 2).sum())
    assert found.gap[0] == pytest.approx(box - own, abs=0.05)
    assert 0 < found.gap_error[0] < 0.1


def test_the_rule_of_the_gap_takes_the_first_k_that_the_next_does_not_beat() -> None:
    def said(gap: list[float], error: float) -> int | None:
        ks = np.arange(1, len(gap) + 1)
        none = np.zeros(len(gap))
        return ChoiceOfK(ks, none, none, {}, np.array(gap), np.full(len(gap), error), 1, False, True).by_gap

    assert said([0.1, 0.5, 0.52, 0.1], 0.0) == 3
    assert said([0.1, 0.5, 0.52, 0.1], 0.05) == 2
    assert said([0.1, 0.2, 0.3], 0.0) is None


def test_it_fills_as_time_is_given_to_it() -> None:
    data = TrainingData(np.random.default_rng(0).normal(size=(300, 2)), np.zeros(300, np.int64), "clustering")
    study, lengths = ChoosingK(KMeans(), Training(), data), []
    while not study.complete:
        study.go_on(1e-9)
        lengths.append(len(study.result(3).objective))
    assert lengths[:10] == list(range(1, 11))
    assert len(lengths) > 50  # then the references, one by one
    assert not np.isnan(study.result(3).gap).any()


def test_few_points_have_few_ks_and_only_a_clustering_has_any() -> None:
    assert chosen(np.array([[0.0, 0], [1, 1], [1, 1]])).ks.tolist() == [1, 2]
    assert has_k(KMeans())
    assert not has_k(MultilayerPerceptron())


def test_silhouettes_are_sorted_within_their_clusters() -> None:
    run = run_on("blobs", k=4, restarts=10)
    report = silhouette_report(run.judged())
    assert report is not None
    values = silhouettes(run.model().data.Z, run.state.labels)
    np.testing.assert_allclose(report.values, values[report.rows])
    np.testing.assert_array_equal(report.clusters, run.state.labels[report.rows])
    for cluster in range(4):
        assert (np.diff(report.values[report.clusters == cluster]) <= 0).all()
    assert (np.diff(report.clusters) >= 0).all()
    assert silhouette_report(run_on("blobs", k=1).judged()) is None


def test_clusters_stand_beside_the_classes_that_they_match() -> None:
    judged = said(run_on("blobs", k=4, restarts=10))
    found = classes_by_cluster(judged)
    assert found is not None
    assert found.classes.tolist() == [0, 1, 2, 3]
    assert np.trace(found.counts) / found.counts.sum() > 0.95
    for known, column in np.ndindex(found.counts.shape):
        rows = found.rows(judged, known, column)
        assert len(rows) == found.counts[known, column]
        assert (judged.dataset.y[rows] == known).all()
        assert judged.prediction.labels is not None
        assert (judged.prediction.labels[rows] == found.clusters[column]).all()
    assert classes_by_cluster(run_on("uniform").judged()) is None


def test_clusters_beyond_the_number_of_classes_have_columns_of_their_own() -> None:
    judged = said(run_on("blobs", k=7, restarts=10))
    found = classes_by_cluster(judged)
    assert found is not None
    assert found.counts.shape == (4, 7)
    assert found.classes.tolist() == [0, 1, 2, 3, -1, -1, -1]
    assert sorted(found.clusters.tolist()) == list(range(7))
    assert found.counts.sum() == len(judged.rows)
    assert found.counts[:, 4:].sum() > 0, "seven clusters of four classes agree less than four do"


def test_points_of_no_cluster_have_the_last_column() -> None:
    judged = said(run_on("blobs", k=4))
    assert judged.prediction.labels is not None
    labels = np.where(np.arange(len(judged.rows)) < 10, -1, judged.prediction.labels)
    found = classes_by_cluster(replace(judged, prediction=replace(judged.prediction, labels=labels)))
    assert found is not None
    assert found.clusters[-1] == found.classes[-1] == -1
    assert found.counts[:, -1].sum() == 10
    none = replace(judged, prediction=replace(judged.prediction, labels=np.full(len(labels), -1)))
    assert classes_by_cluster(none) is None
