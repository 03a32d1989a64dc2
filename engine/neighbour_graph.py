"""The graph of nearest neighbours: who is next to whom, in how many pieces, and how far it is along its edges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.dataset import FloatArray, IntArray, frozen_array

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


@dataclass(frozen=True, eq=False)
class NeighbourGraph:
    """An edge between two points where one is among the nearest of the other.

    Parameters
    ----------
    n : how many points.
    edges : (m, 2) their rows, the lower first, each pair once.
    lengths : (m,) how far apart they are.
    pieces : how many parts did not hang together before edges were added to join them; 1 for none.
    """

    n: int
    edges: IntArray
    lengths: FloatArray
    pieces: int

    def matrix(self) -> csr_matrix:
        """The lengths, (n, n), symmetric. No edge is shorter than the least number, as none at all would be 0."""
        from scipy.sparse import coo_matrix

        lengths = np.maximum(self.lengths, np.finfo(np.float64).tiny)
        rows, columns = np.concatenate([self.edges, self.edges[:, ::-1]]).T
        return coo_matrix((np.tile(lengths, 2), (rows, columns)), shape=(self.n, self.n)).tocsr()


def nearest(Z: FloatArray, k: int) -> tuple[IntArray, FloatArray]:
    """The rows of the k nearest others of each point (n, p), and how far they are: (n, k) each, the nearest first.

    Of fewer than k + 1 points all others.
    """
    from scipy.spatial import KDTree

    n = len(Z)
    k = min(k, n - 1)
    distances, rows = (found.reshape(n, k + 1) for found in KDTree(Z).query(Z, k + 1))
    # Of points in one place any may come first: it is itself that is left out, wherever it is.
    is_self = rows == np.arange(n)[:, None]
    is_self[~is_self.any(axis=1), -1] = True
    return rows[~is_self].reshape(n, k), distances[~is_self].reshape(n, k)


def neighbour_graph(Z: FloatArray, k: int) -> NeighbourGraph:
    """The graph of the k nearest neighbours of points (n, p), whose pieces are joined where they come nearest.

    An edge is added between every two pieces, as in scikit-learn: the shortest that there could be.
    """
    from scipy.sparse.csgraph import connected_components

    rows, distances = nearest(Z, k)
    pairs = np.stack([np.repeat(np.arange(len(Z)), rows.shape[1]), rows.ravel()], axis=1)
    edges, first = np.unique(np.sort(pairs, axis=1), axis=0, return_index=True)
    graph = NeighbourGraph(len(Z), edges, distances.ravel()[first], 1)
    pieces, labels = connected_components(graph.matrix(), directed=False)
    if pieces > 1:
        bridges, lengths = _bridges(Z, labels, pieces)
        graph = NeighbourGraph(
            len(Z), np.concatenate([edges, bridges]), np.concatenate([graph.lengths, lengths]), int(pieces)
        )
    return NeighbourGraph(
        graph.n, frozen_array(graph.edges, np.int64), frozen_array(graph.lengths, np.float64), graph.pieces
    )


def _bridges(Z: FloatArray, labels: IntArray, pieces: int) -> tuple[IntArray, FloatArray]:
    """The shortest edge between every two pieces: rows (m, 2) and lengths (m,)."""
    from scipy.spatial import KDTree

    members = [np.flatnonzero(labels == piece) for piece in range(pieces)]
    edges, lengths = [], []
    for one in range(pieces):
        tree = KDTree(Z[members[one]])
        for other in range(one):
            distances, nearest_rows = tree.query(Z[members[other]])
            best = int(distances.argmin())
            edges.append(sorted((int(members[other][best]), int(members[one][nearest_rows[best]]))))
            lengths.append(float(distances[best]))
    return np.array(edges, np.int64), np.array(lengths)


def geodesics(graph: NeighbourGraph) -> FloatArray:
    """How long the shortest way is along the edges, between all points (n, n).

    References
    ----------
    Dijkstra (1959). A note on two problems in connexion with graphs. Numerische Mathematik 1.
    """
    from scipy.sparse.csgraph import dijkstra

    return np.asarray(dijkstra(graph.matrix(), directed=False))


def shortest_way(graph: NeighbourGraph, start: int, end: int) -> IntArray:
    """The rows that the shortest way along the edges goes through, from `start` to `end`."""
    from scipy.sparse.csgraph import dijkstra

    _, before = dijkstra(graph.matrix(), directed=False, indices=start, return_predecessors=True)
    way = [end]
    while way[-1] != start:
        way.append(int(before[way[-1]]))
    return np.array(way[::-1], np.int64)
