"""A graph whose edges say how alike points are, and the eigenvectors of its Laplacian."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from engine.dataset import FloatArray, IntArray
from engine.neighbour_graph import nearest
from engine.stepwise import CannotLearn

Affinity = Literal["nearest_neighbours", "rbf"]

_NOTHING = 1e-10
"""A weight below counts as no edge."""
_STRONG = 0.5
"""Of a graph of all pairs the edges that are drawn weigh so much at least."""
_MOST_EDGES = 20_000
"""More are not drawn: they would be one grey."""
_SMALL = 500
"""Points; the whole spectrum of so few takes 30 ms."""
_DENSE = 0.1
"""The share of all pairs from which on a matrix is no longer treated as sparse."""
_SHIFT = -1e-3
"""Eigenvalues are looked for near it: below 0, so that the shifted Laplacian can be inverted."""


@dataclass(frozen=True, eq=False)
class Graph:
    """Points and how alike they are.

    Parameters
    ----------
    points : (n, p).
    affinity, gamma, neighbours : what it was made with.
    weights : (n, n) `scipy.sparse.csr_array`, symmetric, with an empty diagonal.
    degrees : (n,) the sums of weights.
    parts : (n,) which connected part each point is in, numbered from the largest.
    edges : (e, 2) the rows that are joined, as far as it is drawn.
    """

    points: FloatArray
    affinity: Affinity
    gamma: float
    neighbours: int
    weights: Any
    degrees: FloatArray
    parts: IntArray
    edges: IntArray

    @property
    def n_parts(self) -> int:
        """How many connected parts there are; a point without edges is one."""
        return int(self.parts.max()) + 1

    def is_of(self, points: FloatArray, affinity: Affinity, gamma: float, neighbours: int) -> bool:
        """Whether it is the graph of these points with these settings."""
        same = (self.affinity, self.gamma, self.neighbours) == (affinity, gamma, neighbours)
        return same and np.array_equal(self.points, points)

    def normalized_cut(self, labels: IntArray) -> float:
        """The sum over the clusters of the share of their weight that leads out of them; NaN without any.

        References
        ----------
        Shi and Malik (2000). Normalized cuts and image segmentation. IEEE TPAMI 22.
        """
        inside = np.flatnonzero(labels >= 0)
        if len(inside) == 0:
            return float("nan")
        members = np.zeros((len(labels), int(labels.max()) + 1))
        members[inside, labels[inside]] = 1.0
        within = (members * (self.weights @ members)).sum(axis=0)
        whole = self.degrees @ members
        return float((1.0 - within[whole > 0] / whole[whole > 0]).sum())


@dataclass(frozen=True, eq=False)
class Spectrum:
    """The least eigenvalues of a normalized Laplacian, ascending (q,), and their eigenvectors (n, q)."""

    values: FloatArray
    vectors: FloatArray

    def gap(self, k: int) -> float:
        """How much larger the next eigenvalue is than the one number k, counted from 1; NaN where it is not known."""
        return float(self.values[k] - self.values[k - 1]) if 1 <= k < len(self.values) else float("nan")


def graph_of(points: FloatArray, affinity: Affinity, gamma: float, neighbours: int) -> Graph:
    """The graph of `points` (n, p).

    Either of all pairs, with weights exp(-gamma d²); or each point joined to so many of its nearest neighbours, with
    weight 1 where both are among the other's, and 1/2 where one is.
    """
    from scipy.sparse import triu
    from scipy.sparse.csgraph import connected_components

    points = np.array(points, np.float64)
    is_rbf = affinity == "rbf"
    weights = _all_pairs(points, gamma) if is_rbf else _nearest(points, neighbours)
    count, found = connected_components(weights, directed=False)
    sizes = np.bincount(found, minlength=count)
    rank = np.empty(count, np.int64)
    rank[np.argsort(-sizes, kind="stable")] = np.arange(count)
    upper = triu(weights, format="coo")
    edges = np.column_stack([upper.row, upper.col]).astype(np.int64)
    if is_rbf:
        edges = edges[upper.data >= _STRONG]
    if len(edges) > _MOST_EDGES:
        edges = edges[:0]
    degrees = np.asarray(weights.sum(axis=1), np.float64)
    return Graph(points, affinity, gamma, neighbours, weights, degrees, rank[found], edges)


def _all_pairs(points: FloatArray, gamma: float) -> Any:
    from scipy.sparse import csr_array
    from scipy.spatial.distance import pdist, squareform

    with np.errstate(under="ignore"):
        weights = squareform(np.exp(-gamma * pdist(points, "sqeuclidean")))
    weights[weights < _NOTHING] = 0.0
    return csr_array(weights)


def _nearest(points: FloatArray, neighbours: int) -> Any:
    from scipy.sparse import csr_array

    n = len(points)
    near, _ = nearest(points, neighbours)
    k = near.shape[1]
    directed = csr_array((np.ones(n * k), (np.repeat(np.arange(n), k), near.ravel())), shape=(n, n))
    return csr_array(0.5 * (directed + directed.T))


def spectrum_of(graph: Graph, count: int) -> Spectrum:
    """The `count` least eigenvalues of I - D^(-1/2) W D^(-1/2) and their eigenvectors, or as many as there are points.

    Connected parts are looked at one by one: the spectrum of the whole is theirs together, and each has one eigenvalue
    0, whose eigenvector is the root of the degrees there and 0 elsewhere. Of equal eigenvalues that of the larger part
    is first.

    References
    ----------
    von Luxburg (2007). A tutorial on spectral clustering. Statistics and Computing 17, proposition 4.
    """
    n = len(graph.points)
    count = min(count, n)
    values: list[float] = []
    columns: list[FloatArray] = []
    only_zeros = graph.n_parts >= count
    for part in range(min(graph.n_parts, count)):
        rows = np.flatnonzero(graph.parts == part)
        own = np.sqrt(graph.degrees[rows]) if len(rows) > 1 else np.ones(1)
        of_part, vectors = np.zeros(1), (own / np.linalg.norm(own))[:, None]
        if not only_zeros and len(rows) > 1:
            found, others = _least(graph.weights[rows][:, rows], own, min(len(rows), count))
            of_part, vectors = np.append(of_part, found[1:]), np.hstack([vectors, others[:, 1:]])
        for value, vector in zip(of_part.tolist(), vectors.T, strict=True):
            column = np.zeros(n)
            column[rows] = vector
            values.append(value)
            columns.append(column)
    order = np.argsort(values, kind="stable")[:count]
    found_values, found_vectors = np.array(values)[order], np.column_stack([columns[index] for index in order])
    for array in (found_values, found_vectors):
        array.setflags(write=False)
    return Spectrum(found_values, found_vectors)


def _least(weights: Any, roots: FloatArray, count: int) -> tuple[FloatArray, FloatArray]:
    """The least eigenvalues of the normalized Laplacian of one connected part, and its eigenvectors.

    Parameters
    ----------
    weights : (m, m) sparse.
    roots : (m,) of the degrees.
    """
    from scipy.linalg import eigh
    from scipy.sparse import csc_array, diags_array, eye_array
    from scipy.sparse.linalg import ArpackError, eigsh

    m = len(roots)
    scaled = diags_array(1.0 / roots)
    laplacian = csc_array(eye_array(m) - scaled @ weights @ scaled)
    is_dense = weights.nnz > _DENSE * m * m
    if m <= _SMALL or count >= m - 1:
        values, vectors = eigh(laplacian.toarray(), subset_by_index=[0, count - 1])
    else:
        start = np.random.default_rng(0).standard_normal(m)  # the same for the same points
        matrix = laplacian.toarray() if is_dense else laplacian
        try:
            values, vectors = eigsh(matrix, count, sigma=_SHIFT, which="LM", v0=start)
        except ArpackError as error:
            raise CannotLearn(
                "The eigenvectors of this graph could not be found: take more neighbours, or another width."
            ) from error
        order = np.argsort(values, kind="stable")
        values, vectors = values[order], vectors[:, order]
    largest = np.abs(vectors).argmax(axis=0)
    signs = np.sign(vectors[largest, np.arange(vectors.shape[1])])
    return np.clip(values, 0.0, 2.0), np.asarray(vectors * signs)
