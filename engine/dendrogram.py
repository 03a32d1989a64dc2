"""What is drawn of a tree of merges: its branches, coloured by the clusters that a cut makes, the lowest folded."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from engine.dataset import FloatArray, IntArray, Part
from engine.learners.hierarchical import Hierarchical, HierarchicalState
from engine.merge_tree import MergeTree

if TYPE_CHECKING:
    from engine.model import Model

MOST_BRANCHES = 400
"""So many merges are drawn one by one, the highest; in a picture 1,000 pixels wide nobody could tell more apart."""

INK = -1
"""The number of what lies above the cut, where clusters have not parted."""


@dataclass(frozen=True, eq=False)
class Dendrogram:
    """A tree as far as it has grown, and where it is cut.

    Parameters
    ----------
    tree : all merges.
    merged : how many of them have been made.
    rows : (n,) the row of the data set of each point of the tree.
    cut : the settings that say where it is cut.
    """

    tree: MergeTree
    merged: int
    rows: IntArray
    cut: Hierarchical

    @cached_property
    def branches(self) -> Branches:
        """What is drawn of it."""
        return branches(self.tree, self.merged)


@dataclass(frozen=True, eq=False)
class Branches:
    """The branches of a tree, as far as they are drawn one by one, and the bundles that the rest is folded into.

    A branch is a bar that joins two legs. Places are those of the points from left to right, counted from 0.

    Parameters
    ----------
    merges : (m,) the merges drawn, ascending.
    x : (m, 4) along a branch: the foot of its left leg, its top, the top of the right leg, its foot.
    y : (m, 4) the same, as heights: what was joined, the height of the merge twice, what was joined.
    folded : (f,) the nodes that are drawn as one bundle each.
    spans : (f, 2) the first and the last place of each.
    heights : (f,) how high each reaches.
    """

    merges: IntArray
    x: FloatArray
    y: FloatArray
    folded: IntArray
    spans: FloatArray
    heights: FloatArray


def dendrogram_of(model: Model | None) -> Dendrogram | None:
    """The tree of `model`; None where it has none, or none yet."""
    if model is None or not isinstance(model.state, HierarchicalState) or model.state.tree is None:
        return None
    tree, cut = model.state.tree, model.experiment.learner
    rows = model.dataset.rows(Part.TRAIN)
    if len(rows) != tree.n or not isinstance(cut, Hierarchical):
        return None
    return Dendrogram(tree, model.state.merged, rows, cut)


def cut_height(tree: MergeTree, cut: Hierarchical) -> float:
    """At which height `tree` is cut."""
    return cut.height if cut.cut_by == "height" else tree.height_for(min(cut.k, tree.n))


def branches(tree: MergeTree, merged: int, most: int = MOST_BRANCHES) -> Branches:
    """The layout of the first `merged` merges of `tree`: the highest `most` of them one by one."""
    laid, n = tree.arrangement, tree.n
    first = max(0, merged - most)
    left, right = tree.children[first:merged].T
    reached = np.concatenate([np.zeros(n), tree.heights])
    tops = tree.heights[first:merged]
    roots = tree.roots(first)
    folded = roots[roots >= n]
    starts = laid.starts[folded]
    return Branches(
        np.arange(first, merged),
        np.stack([laid.x[left], laid.x[left], laid.x[right], laid.x[right]], axis=1),
        np.stack([reached[left], tops, tops, reached[right]], axis=1),
        folded,
        np.stack([starts, starts + laid.sizes[folded] - 1], axis=1).astype(np.float64),
        reached[folded],
    )


def numbers(tree: MergeTree, nodes: IntArray, joined: int) -> IntArray:
    """The cluster that each node is part of if so many merges count, or `INK` for one that came later."""
    laid, roots = tree.arrangement, tree.roots(joined)
    of_place = np.repeat(laid.numbers[roots], laid.sizes[roots])
    return np.where(nodes < tree.n + joined, of_place[laid.starts[nodes]], INK)


def segments(tree: MergeTree, drawn: Branches, joined: int, height: float) -> tuple[FloatArray, IntArray]:
    """The straight lines of branches, coloured by the clusters that the first `joined` merges make.

    Parameters
    ----------
    height : of the cut; legs that reach through it are parted there.

    Returns
    -------
    lines : (s, 4) from x, y to x, y; places and heights.
    clusters : (s,) the number of the cluster below the cut, `INK` above it.
    """
    x, y = drawn.x, drawn.y
    own = numbers(tree, drawn.merges + tree.n, joined)
    bars = np.stack([x[:, 1], y[:, 1], x[:, 2], y[:, 2]], axis=1)
    feet = numbers(tree, tree.children[drawn.merges].T.ravel(), joined)
    legs, low, high = (np.concatenate(pair) for pair in ((x[:, 0], x[:, 3]), (y[:, 0], y[:, 3]), (y[:, 1], y[:, 2])))
    crosses = (feet != INK) & np.concatenate([own == INK, own == INK])
    middle = np.where(crosses, np.clip(height, low, high), high)
    lower = np.stack([legs, low, legs, middle], axis=1)
    upper = np.stack([legs, middle, legs, high], axis=1)[crosses]
    return np.concatenate([bars, lower, upper]), np.concatenate([own, feet, np.full(len(upper), INK)])
