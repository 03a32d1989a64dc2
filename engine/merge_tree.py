"""The tree that merging clusters two by two makes of points: who was joined with whom, how high, and in what order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from engine.dataset import FloatArray, IntArray, frozen_array


@dataclass(frozen=True, eq=False)
class Arrangement:
    """The nodes of a tree laid out from left to right, so that no two branches cross.

    A node is a point (0 to n-1, its row) or what a merge made (n for the first of them).

    Parameters
    ----------
    sizes : (2n-1,) how many points a node holds.
    starts : (2n-1,) the place of its leftmost point; its points are at this place and the ones that follow.
    x : (2n-1,) where it stands: a point at its place, a merge midway between the two that it joined.
    numbers : (2n-1,) its cluster's number wherever the tree is cut, see `MergeTree.labels`.
    order : (n,) the rows of the points, from left to right.
    """

    sizes: IntArray
    starts: IntArray
    x: FloatArray
    numbers: IntArray
    order: IntArray


@dataclass(frozen=True, eq=False)
class MergeTree:
    """Merges of n points, lowest first.

    Parameters
    ----------
    children : (n-1, 2) the nodes that each merge joined.
    heights : (n-1,) how far apart they were, ascending, in the units of the features.

    Examples
    --------
    >>> tree = MergeTree(np.array([[0, 1], [2, 3]]), np.array([1.0, 4.0]))
    >>> tree.labels(1).tolist(), tree.merges_up_to(4.0)
    ([0, 0, 1], 2)
    """

    children: IntArray
    heights: FloatArray

    def __post_init__(self) -> None:
        for array in (self.children, self.heights):
            array.setflags(write=False)

    @property
    def n(self) -> int:
        """The number of points."""
        return len(self.heights) + 1

    # -- cuts

    def merges_up_to(self, height: float) -> int:
        """How many merges lie at `height` or below."""
        return int(np.searchsorted(self.heights, height, "right"))

    def height_for(self, k: int) -> float:
        """A height at which a cut leaves `k` clusters (1 to n): midway between two merges, or above the highest."""
        merged = self.n - k
        below = float(self.heights[merged - 1]) if merged > 0 else 0.0
        above = float(self.heights[merged]) if merged < len(self.heights) else 1.1 * below
        return 0.5 * (below + above)

    def roots(self, merged: int) -> IntArray:
        """The nodes that stand alone after so many merges, one a cluster, from left to right (n - `merged`,)."""
        there = np.ones(self.n + merged, bool)
        there[self.children[:merged].ravel()] = False
        nodes = np.flatnonzero(there)
        return np.asarray(nodes[np.argsort(self.arrangement.starts[nodes])], np.int64)

    def labels(self, merged: int) -> IntArray:
        """The cluster of each point (n,) after so many merges.

        Clusters are numbered from 0 in the order in which they part from the rest as the tree is cut lower and lower:
        of two that were joined the larger keeps the number, the other takes the next one. So k clusters are numbered 0
        to k-1, and a cluster that a higher or lower cut leaves whole keeps its number.
        """
        laid, roots = self.arrangement, self.roots(merged)
        found = np.empty(self.n, np.int64)
        found[laid.order] = np.repeat(laid.numbers[roots], laid.sizes[roots])
        return found

    def rows(self, node: int) -> IntArray:
        """The points of a node, from left to right."""
        start = int(self.arrangement.starts[node])
        return self.arrangement.order[start : start + int(self.arrangement.sizes[node])]

    # -- the layout

    @cached_property
    def arrangement(self) -> Arrangement:
        """The nodes from left to right: of two that were joined the first is on the left, as scipy draws them."""
        n, pairs = self.n, self.children.tolist()
        sizes = [1] * n
        for left, right in pairs:
            sizes.append(sizes[left] + sizes[right])
        starts, numbers = [0] * (2 * n - 1), [0] * (2 * n - 1)
        for index in range(n - 2, -1, -1):
            left, right = pairs[index]
            node = n + index
            starts[left], starts[right] = starts[node], starts[node] + sizes[left]
            keeps, parts = (left, right) if sizes[left] >= sizes[right] else (right, left)
            numbers[keeps], numbers[parts] = numbers[node], n - 1 - index
        x = [float(start) for start in starts[:n]]
        for left, right in pairs:
            x.append(0.5 * (x[left] + x[right]))
        return Arrangement(
            frozen_array(sizes, np.int64), frozen_array(starts, np.int64), frozen_array(x, np.float64),
            frozen_array(numbers, np.int64), frozen_array(np.argsort(starts[:n]), np.int64),
        )  # fmt: skip
