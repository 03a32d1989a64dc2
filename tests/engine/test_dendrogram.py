"""What is drawn of a tree: scipy's lines, the colours of the clusters below a cut, and bundles of the lowest merges."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.cluster.hierarchy import dendrogram, fcluster, linkage

from engine.dendrogram import INK, branches, cut_height, dendrogram_of, numbers, segments
from engine.edits import set_values
from engine.experiment import Experiment
from engine.learners.hierarchical import Hierarchical
from engine.merge_tree import MergeTree
from engine.training import Run

POINTS = np.random.default_rng(8).normal(size=(60, 2))


def tree_of(method: str = "average", points: np.ndarray = POINTS) -> MergeTree:
    found = linkage(points, method)
    return MergeTree(found[:, :2].astype(np.int64), found[:, 2].copy())


@pytest.mark.parametrize("method", ["single", "complete", "average", "ward"])
def test_branches_are_where_scipy_draws_them(method: str) -> None:
    drawn, theirs = branches(tree_of(method), 59), dendrogram(linkage(POINTS, method), no_plot=True)
    ours = np.hstack([10 * drawn.x + 5, drawn.y])  # scipy's leaves are 10 apart and begin at 5
    wanted = np.hstack([theirs["icoord"], theirs["dcoord"]])
    np.testing.assert_allclose(ours[np.lexsort(ours.T)], wanted[np.lexsort(wanted.T)])
    assert len(drawn.folded) == 0


@pytest.mark.parametrize("method", ["single", "complete", "average", "ward"])
@pytest.mark.parametrize("most", [1, 12, 58])
def test_the_lowest_merges_are_folded_as_scipy_truncates(method: str, most: int) -> None:
    drawn = branches(tree_of(method), 59, most)
    theirs = dendrogram(linkage(POINTS, method), no_plot=True, truncate_mode="lastp", p=most + 1)
    assert drawn.merges.tolist() == list(range(59 - most, 59))
    np.testing.assert_allclose(np.sort(drawn.y[:, 1]), np.sort(np.array(theirs["dcoord"])[:, 1]))
    sizes = sorted((drawn.spans[:, 1] - drawn.spans[:, 0] + 1).astype(int).tolist())
    assert sizes == sorted(int(text[1:-1]) for text in theirs["ivl"] if text.startswith("("))


def test_bundles_and_branches_hold_every_point_once_at_every_moment() -> None:
    tree = tree_of()
    for merged in range(60):
        drawn = branches(tree, merged, 10)
        assert len(drawn.merges) == min(10, merged)
        places = np.concatenate([np.arange(first, last + 1) for first, last in drawn.spans] or [np.empty(0)])
        assert len(places) == len(set(places.tolist()))
        assert (drawn.heights <= (drawn.y[:, 1].min() if merged else 0.0)).all()


def test_lines_have_the_number_of_their_cluster_below_the_cut_and_none_above() -> None:
    tree = tree_of()
    height = tree.height_for(5)
    lines, clusters = segments(tree, branches(tree, 59), tree.merges_up_to(height), height)
    above = lines[:, [1, 3]].min(axis=1) >= height
    np.testing.assert_array_equal(clusters == INK, above)
    assert (above | (lines[:, [1, 3]].max(axis=1) <= height)).all()
    assert set(clusters[~above].tolist()) == set(range(5))
    labels = tree.labels(55)[tree.arrangement.order]
    legs = lines[(lines[:, 0] == lines[:, 2]) & (lines[:, 1] == 0)]
    feet = clusters[(lines[:, 0] == lines[:, 2]) & (lines[:, 1] == 0)]
    assert len(legs) == 60
    np.testing.assert_array_equal(feet, labels[legs[:, 0].astype(int)])
    # Nothing is lost or doubled where a leg is parted.
    whole, _ = segments(tree, branches(tree, 59), 59, 99.0)
    assert np.abs(lines[:, [0, 1]] - lines[:, [2, 3]]).sum() == pytest.approx(
        np.abs(whole[:, [0, 1]] - whole[:, [2, 3]]).sum()
    )


def test_nodes_are_numbered_as_scipy_groups_their_points() -> None:
    tree, nodes = tree_of("ward"), np.arange(119)
    found = numbers(tree, nodes, 52)
    groups = fcluster(linkage(POINTS, "ward"), 8, "maxclust")
    for node in nodes.tolist():
        together = set(groups[tree.rows(node)].tolist())
        assert (found[node] == INK) == (node >= 60 + 52)
        assert found[node] == INK or len(together) == 1
    assert len(set(found[:60].tolist())) == 8


def test_the_settings_say_where_it_is_cut() -> None:
    tree = tree_of()
    assert cut_height(tree, Hierarchical(cut_by="height", height=0.25)) == 0.25
    for k in (1, 4, 20):
        assert tree.merges_up_to(cut_height(tree, Hierarchical(k=k))) == 60 - k
    assert tree_of(points=POINTS[:3]).merges_up_to(cut_height(tree_of(points=POINTS[:3]), Hierarchical(k=9))) == 0


def test_a_run_has_a_tree_from_its_first_merge_on() -> None:
    def model(**values: Any) -> Any:
        run = Run(set_values(Experiment(), {"data.generator": "blobs", "data.n_points": 60} | values))
        run.advance_epochs(5)
        return run.model()

    found = dendrogram_of(model(**{"learner.kind": "hierarchical"}))
    assert found is not None
    assert found.merged == 5
    assert found.rows.tolist() == list(range(60))
    assert len(found.branches.merges) == 5
    assert dendrogram_of(model(**{"learner.kind": "k_means"})) is None
    assert dendrogram_of(None) is None
    assert dendrogram_of(Run(set_values(Experiment(), {"learner.kind": "hierarchical"})).model()) is None
