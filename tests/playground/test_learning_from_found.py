"""Clusters become classes, scores become inputs: at a press of a button, undone in one step, and the same numbers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtWidgets import QPushButton
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from engine.edits import set_values
from engine.experiment import DrawnData, Experiment, GeneratedData
from engine.found_data import NO_CLUSTER, NothingFound, with_clusters_as_classes, with_scores_as_inputs
from engine.generators import dataset_for, dataset_of
from engine.table_data import TableData
from engine.table_sets import bundled_table
from engine.training import Run
from playground import choices
from playground.handing_on import learning_from_found
from tests.playground.conftest import Hands

Open = Callable[..., Hands]


def clustered(experiment: Experiment, kind: str = "k_means", **values: str) -> Experiment:
    changed = choices.with_learner(choices.with_task(experiment, "clustering"), kind)
    return set_values(changed, values)


def press_next(hands: Hands, title: str) -> None:
    button = next(each for each in hands.window.model_panel.findChildren(QPushButton) if each.text() == title)
    assert button.isVisible()
    hands.press(button)


def converged(hands: Hands) -> None:
    hands.press(hands.window.top_bar.transport.play_button)
    hands.wait(lambda: hands.window.shown.outcome.status == "converged")


def test_clusters_of_drawn_points_become_classes_that_a_classifier_learns(open_window: Open) -> None:
    before = clustered(Experiment(data=GeneratedData(generator="blobs", n_points=120)), **{"learner.k": "3"})
    hands = open_window(before)
    converged(hands)
    judged = hands.window.shown.judged
    assert judged is not None
    labels = judged.prediction.labels
    assert labels is not None
    press_next(hands, "Learn from these clusters")
    after = hands.window.document.experiment
    assert isinstance(after.data, DrawnData)
    assert after.data.class_names == ("Cluster 1", "Cluster 2", "Cluster 3")
    np.testing.assert_array_equal(after.data.points.y, labels)
    np.testing.assert_array_equal(after.data.points.X, dataset_for(before).X)
    assert "The clusters are classes now" in hands.status
    hands.press(hands.window.top_bar.transport.play_button)
    hands.wait(
        lambda: "test" in hands.window.shown.metrics and hands.window.shown.metrics["test"]["accuracy"].value > 0.9
    )
    hands.do("edit.undo")
    hands.wait(lambda: hands.window.document.experiment == before)


def test_scores_of_a_table_become_inputs_unscaled_and_agree_with_scikit_learn(open_window: Open) -> None:
    experiment = choices.with_task(choices.with_data(Experiment(), bundled_table("wine")), "projection")
    hands = open_window(set_values(experiment, {"learner.found": "svd", "learner.components": "3"}))
    converged(hands)
    hands.do("data.from_found")
    after = hands.window.document.experiment
    assert isinstance(after.data, TableData)
    assert after.preparation.scaling == "none"
    dataset = dataset_of(after.data, after.preparation)
    assert dataset.input_names == ("PC 1", "PC 2", "PC 3")
    assert dataset.class_names == dataset_of(experiment.data, experiment.preparation).class_names
    Z = StandardScaler().fit_transform(dataset_of(experiment.data, experiment.preparation).X)
    scores = PCA(3, svd_solver="full").fit_transform(Z)
    signs = np.sign((scores * dataset.X).sum(axis=0))
    np.testing.assert_allclose(dataset.X * signs, scores, atol=1e-3)
    assert choices.learned_task(after) == "classification"
    hands.do("edit.undo")
    hands.wait(lambda: hands.window.document.experiment.learner.kind == "pca")


def test_a_table_keeps_its_columns_and_predicts_the_new_one() -> None:
    experiment = clustered(choices.with_data(Experiment(), bundled_table("iris")), **{"learner.k": "3"})
    dataset = dataset_for(experiment)
    labels = np.arange(len(dataset.points)) % 3
    data = with_clusters_as_classes(experiment.data, dataset, labels)
    assert isinstance(data, TableData)
    assert isinstance(experiment.data, TableData)
    assert data.target == "cluster"
    assert data.features == experiment.data.feature_names
    assert experiment.data.target in data.columns
    found = dataset_of(choices.with_data(experiment, data).data, experiment.preparation)
    np.testing.assert_array_equal(found.y, labels)
    np.testing.assert_array_equal(found.X, dataset.X)
    again = with_clusters_as_classes(data, dataset, labels)
    assert isinstance(again, TableData)
    assert again.target == "cluster 2"


def test_erased_rows_of_a_table_stay_erased() -> None:
    experiment = clustered(choices.with_data(Experiment(), bundled_table("iris")))
    experiment = choices.erasing_points(experiment, np.array([0, 5, 149]))
    dataset = dataset_for(experiment)
    data = with_clusters_as_classes(experiment.data, dataset, np.arange(len(dataset.points)) % 2)
    found = dataset_of(data, experiment.preparation)
    np.testing.assert_array_equal(found.points.ids, dataset.points.ids)
    np.testing.assert_array_equal(found.y, np.arange(len(dataset.points)) % 2)


def test_noise_is_a_class_of_its_own() -> None:
    experiment = clustered(Experiment(data=GeneratedData(generator="rings", n_points=60)), "dbscan")
    dataset = dataset_for(experiment)
    labels = np.where(np.arange(60) < 10, -1, np.arange(60) % 2)
    data = with_clusters_as_classes(experiment.data, dataset, labels)
    assert isinstance(data, DrawnData)
    assert data.class_names == ("Cluster 1", "Cluster 2", NO_CLUSTER)
    assert (data.points.y[:10] == 2).all()


def test_more_clusters_than_can_be_drawn_make_a_table_and_too_many_are_refused() -> None:
    experiment = clustered(Experiment(data=GeneratedData(generator="blobs", n_points=100)))
    dataset = dataset_for(experiment)
    data = with_clusters_as_classes(experiment.data, dataset, np.arange(100) % 9)
    assert isinstance(data, TableData)
    assert data.feature_names == ("x1", "x2")
    np.testing.assert_array_equal(dataset_of(data, experiment.preparation).y, np.arange(100) % 9)
    with pytest.raises(NothingFound, match="at most 20 classes"):
        with_clusters_as_classes(experiment.data, dataset, np.arange(100) % 25)
    with pytest.raises(NothingFound, match="one group only"):
        with_clusters_as_classes(experiment.data, dataset, np.zeros(100, np.int64))


def test_scores_that_are_not_there_yet_are_refused() -> None:
    dataset = dataset_for(clustered(Experiment()))
    with pytest.raises(NothingFound, match="press play"):
        with_scores_as_inputs(dataset, np.full((len(dataset.points), 2), np.nan), ("a", "b"), "")


def test_scores_of_points_without_classes_are_clustered_next() -> None:
    experiment = choices.with_task(Experiment(data=GeneratedData(generator="correlated")), "projection")
    run = Run(set_values(experiment, {"learner.found": "svd", "learner.components": "2"}))
    run.advance(1)
    judged = run.judged()
    assert judged is not None
    following = learning_from_found(experiment, judged)
    assert following.learner.kind == "k_means"
    assert dataset_for(following).n_inputs == 2


def test_targets_of_a_regression_stay_targets() -> None:
    experiment = choices.with_task(choices.with_data(Experiment(), bundled_table("diabetes")), "projection")
    run = Run(set_values(experiment, {"learner.found": "svd", "learner.components": "2"}))
    run.advance(1)
    judged = run.judged()
    assert judged is not None
    following = learning_from_found(experiment, judged)
    assert choices.learned_task(following) == "regression"
    before = dataset_of(experiment.data, experiment.preparation)
    after = dataset_of(following.data, following.preparation)
    np.testing.assert_allclose(after.y, before.y)
    assert after.target_name == before.target_name


def test_scores_as_inputs_are_looked_at_by_the_first_two_as_they_were_before(open_window: Open) -> None:
    experiment = choices.with_task(choices.with_data(Experiment(), bundled_table("wine")), "projection")
    hands = open_window(set_values(experiment, {"learner.found": "svd", "learner.components": "3"}))
    converged(hands)
    judged = hands.window.shown.judged
    assert judged is not None
    scores = judged.prediction.scores
    hands.do("data.from_found")
    stage = hands.window.shown.stage_dataset
    assert stage.input_names == ("PC 1", "PC 2")
    np.testing.assert_allclose(stage.X, scores[:, :2], rtol=1e-5)


def test_what_cannot_be_handed_on_is_said_and_nothing_is_lost(open_window: Open) -> None:
    before = clustered(Experiment(data=GeneratedData(generator="blobs", n_points=60)), **{"learner.k": "1"})
    hands = open_window(before)
    converged(hands)
    press_next(hands, "Learn from these clusters")
    assert "one group only" in hands.status
    assert hands.window.document.experiment == before
