"""The layout and the cuts of a tree of merges, against scipy's dendrograms and flat clusters."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import dendrogram, fcluster, linkage
from sklearn.metrics import adjusted_rand_score

from engine.merge_tree import MergeTree


def merges(n: int, method: str, seed: int = 0) -> np.ndarray:
    return np.asarray(linkage(np.random.default_rng(seed).normal(size=(n, 2)), method))


def tree_of(found: np.ndarray) -> MergeTree:
    return MergeTree(found[:, :2].astype(np.int64), found[:, 2].copy())


@pytest.mark.parametrize("method", ["single", "complete", "average", "ward"])
@pytest.mark.parametrize("n", [2, 3, 17, 120])
def test_it_is_laid_out_as_scipy_draws_it(method: str, n: int) -> None:
    found = merges(n, method, n)
    drawn = dendrogram(found, no_plot=True)
    tree = tree_of(found)
    laid = tree.arrangement
    assert laid.order.tolist() == drawn["leaves"]
    left, right = tree.children.T
    below = np.concatenate([np.zeros(n), tree.heights])
    # scipy's leaves are 10 apart and begin at 5.
    x = 10.0 * np.stack([laid.x[left], laid.x[left], laid.x[right], laid.x[right]], axis=1) + 5.0
    y = np.stack([below[left], tree.heights, tree.heights, below[right]], axis=1)
    ours, theirs = np.hstack([x, y]), np.hstack([drawn["icoord"], drawn["dcoord"]])
    np.testing.assert_allclose(ours[np.lexsort(ours.T)], theirs[np.lexsort(theirs.T)])


def test_a_chain_of_thousands_is_laid_out_without_recursion() -> None:
    n = 6000
    tree = MergeTree(np.stack([np.r_[0, n : 2 * n - 2], np.arange(1, n)], axis=1), np.arange(1.0, n))
    assert tree.arrangement.order.tolist() == list(range(n))
    assert tree.arrangement.sizes[-1] == n


@pytest.mark.parametrize("method", ["single", "complete", "average", "ward"])
def test_a_cut_makes_the_clusters_that_scipy_makes(method: str) -> None:
    found = merges(90, method, 4)
    tree = tree_of(found)
    for k in range(1, 91):
        labels = tree.labels(90 - k)
        assert set(labels.tolist()) == set(range(k))
        assert adjusted_rand_score(labels, fcluster(found, k, "maxclust")) == 1.0
        assert tree.merges_up_to(tree.height_for(k)) == 90 - k
    for height in (0.01, 0.3, 1.0, 50.0):
        assert adjusted_rand_score(tree.labels(tree.merges_up_to(height)), fcluster(found, height, "distance")) == 1.0


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(2, 40), method=st.sampled_from(["single", "complete", "ward"]))
def test_one_more_cluster_changes_the_labels_of_the_smaller_half_alone(seed: int, n: int, method: str) -> None:
    tree = tree_of(merges(n, method, seed))
    for (k, before), (_, after) in pairwise((k, tree.labels(n - k)) for k in range(1, n + 1)):
        changed = before != after
        assert (after[changed] == k).all()
        (parted,) = set(before[changed].tolist())
        assert 2 * changed.sum() <= (before == parted).sum()


def test_rows_of_a_node_lie_side_by_side() -> None:
    tree = tree_of(merges(25, "average"))
    members: list[list[int]] = [[row] for row in range(25)]
    for node, (left, right) in enumerate(tree.children.tolist(), 25):
        members.append(members[left] + members[right])
        assert tree.rows(node).tolist() == members[node]
        middle = 0.5 * (tree.arrangement.x[left] + tree.arrangement.x[right])
        assert tree.arrangement.x[node] == pytest.approx(middle)


def test_equal_heights_are_cut_together() -> None:
    tree = MergeTree(np.array([[0, 1], [2, 3], [4, 5]]), np.array([1.0, 1.0, 5.0]))
    assert tree.merges_up_to(0.99) == 0
    assert tree.merges_up_to(1.0) == 2
    assert tree.labels(2).tolist() == [0, 0, 1, 1]
    assert tree.height_for(2) == pytest.approx(3.0)
    assert tree.height_for(1) == pytest.approx(5.25)
    assert tree.height_for(4) == pytest.approx(0.5)
