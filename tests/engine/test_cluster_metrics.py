"""Scores of clusterings agree with scikit-learn's, and a matching is the best one."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from sklearn import metrics

from engine.cluster_metrics import (
    adjusted_rand_index,
    contingency,
    matched,
    normalized_mutual_information,
    silhouettes,
)


def _labellings(seed: int, n: int = 200) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    first = rng.integers(0, 4, n)
    second = np.where(rng.random(n) < 0.6, first * 3, rng.integers(-1, 9, n))
    return first, second


@pytest.mark.parametrize("seed", range(5))
def test_agreement_is_scikit_learns(seed: int) -> None:
    first, second = _labellings(seed)
    assert adjusted_rand_index(first, second) == pytest.approx(metrics.adjusted_rand_score(first, second), abs=1e-12)
    expected = metrics.normalized_mutual_info_score(first, second)
    assert normalized_mutual_information(first, second) == pytest.approx(expected, abs=1e-12)
    expected_table = metrics.cluster.contingency_matrix(first, second)
    np.testing.assert_array_equal(contingency(first, second), expected_table)
    far = second.astype(np.int64) * 1_000_000  # labels too far apart to be counted by their size
    np.testing.assert_array_equal(contingency(first, far), expected_table)


def test_the_same_grouping_under_other_names_is_a_full_agreement() -> None:
    labels = np.array([0, 0, 1, 1, 2, 2])
    assert adjusted_rand_index(labels, 7 - labels) == 1.0
    assert normalized_mutual_information(labels, 7 - labels) == pytest.approx(1.0)


def test_one_group_says_nothing_and_no_points_are_not_a_number() -> None:
    alike, two = np.zeros(6, int), np.array([0, 0, 0, 1, 1, 1])
    assert adjusted_rand_index(alike, alike) == 1.0
    assert adjusted_rand_index(alike, two) == 0.0
    assert normalized_mutual_information(alike, two) == 0.0
    assert np.isnan(adjusted_rand_index(alike[:0], two[:0]))
    assert np.isnan(normalized_mutual_information(alike[:0], two[:0]))


@pytest.mark.parametrize("seed", range(3))
def test_silhouettes_are_scikit_learns(seed: int) -> None:
    rng = np.random.default_rng(seed)
    Z = rng.normal(size=(700, 3)) + 1000.0  # far from the origin, where squares lose digits
    labels = rng.integers(0, 4, 700)
    labels[0] = 9  # alone in its cluster
    np.testing.assert_allclose(silhouettes(Z, labels), metrics.silhouette_samples(Z, labels), atol=1e-7)


def test_one_cluster_has_no_silhouette() -> None:
    assert np.isnan(silhouettes(np.zeros((4, 2)), np.zeros(4, int))).all()


def test_matched_clusters_agree_with_the_most_points() -> None:
    classes, clusters = np.random.default_rng(3).integers(0, 4, (2, 300))
    found = matched(classes, clusters)
    agreeing = np.mean([found[cluster] == label for label, cluster in zip(classes, clusters, strict=True)])
    best = max(np.mean(classes == np.array(order)[clusters]) for order in permutations(range(4)))
    assert agreeing == pytest.approx(best)
