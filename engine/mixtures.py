"""Mixtures of Gaussians: how likely they make points, and the mixture that fits weighted points best."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from engine.dataset import FloatArray, frozen_array

CovarianceKind = Literal["full", "tied", "diagonal", "spherical"]

_LOST = 1e-200
"""A component whose responsibilities add up to less has no point left: its mean would be rounding."""
_LEAST_WEIGHT = 1e-300
"""So that the logarithm of a weight is finite."""
_FLATTEST = 1e-12
"""Of the largest variance of a feature: the floor is no lower, or a covariance could not be told from a singular."""


def _none() -> FloatArray:
    return frozen_array(np.empty(0), np.float64)


@dataclass(frozen=True, eq=False)
class Mixture:
    """k Gaussians, and how much of the whole each is.

    Parameters
    ----------
    weights : (k,), summing to 1.
    means : (k, p).
    covariances : (k, p, p), or (k, p), the variances, where features are independent within a component.
    held : the components some variance of which is the least that is allowed.
    lost : the components that no point belongs to any more; they stay as they were.
    """

    weights: FloatArray = field(default_factory=_none)
    means: FloatArray = field(default_factory=lambda: np.empty((0, 0)))
    covariances: FloatArray = field(default_factory=_none)
    held: tuple[int, ...] = ()
    lost: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for array in (self.weights, self.means, self.covariances):
            array.setflags(write=False)

    def __len__(self) -> int:
        return len(self.weights)

    def log_joint(self, Z: FloatArray) -> FloatArray:
        """Ln of weight times density of each component at the rows of `Z` (n, p): (n, k)."""
        n, p = Z.shape
        found = np.empty((n, len(self)))
        for index, (mean, covariance) in enumerate(zip(self.means, self.covariances, strict=True)):
            away = Z - mean
            if covariance.ndim == 1:
                sizes, away = covariance, away / np.sqrt(covariance)
            else:
                sizes, axes = np.linalg.eigh(covariance)
                away = away @ (axes / np.sqrt(sizes))
            found[:, index] = -0.5 * (np.einsum("ij,ij->i", away, away) + np.log(sizes).sum())
        return np.asarray(found + (np.log(self.weights) - 0.5 * p * np.log(2.0 * np.pi)))


def log_sums(log_joint: FloatArray) -> FloatArray:
    """Ln of the sum of e to the power of each row of (n, k): the log-likelihood of each point, (n,)."""
    highest = log_joint.max(axis=1)
    return np.asarray(highest + np.log(np.exp(log_joint - highest[:, None]).sum(axis=1)))


def pooled(Z: FloatArray, means: FloatArray, kind: CovarianceKind, floor: float) -> Mixture:
    """Gaussians of equal weight at `means` (k, p), each as wide as all of the points `Z` (n, p) together."""
    p = Z.shape[1]
    shape = (1, p) if kind in ("diagonal", "spherical") else (1, p, p)
    everything = Mixture(np.ones(1), np.zeros((1, p)), np.zeros(shape))
    whole = fitted(Z, np.ones((len(Z), 1)), kind, floor, everything)
    k = len(means)
    return Mixture(np.full(k, 1.0 / k), np.array(means, np.float64), np.repeat(whole.covariances, k, axis=0))


def fitted(Z: FloatArray, shares: FloatArray, kind: CovarianceKind, floor: float, before: Mixture) -> Mixture:
    """The mixture that makes the expected log-likelihood largest, among those with no variance below a floor.

    That is the maximization step of EM. With eigenvalues of the weighted covariance below the floor raised to it, the
    maximum under that condition is exact, so that the likelihood never falls, whatever the floor; adding a number to
    the diagonal, as is often done, does not promise that.

    Parameters
    ----------
    Z : (n, p).
    shares : (n, k), the responsibilities, rows summing to 1.
    floor : the least variance in any direction.
    before : where components stay that have no points.

    References
    ----------
    Dempster, Laird and Rubin (1977). Maximum likelihood from incomplete data via the EM algorithm. JRSS B 39.
    Ingrassia and Rocci (2007). Constrained monotone EM algorithms for finite mixture of multivariate Gaussians.
    Computational Statistics and Data Analysis 51.
    """
    n, p = Z.shape
    k = shares.shape[1]
    floor = max(floor, _FLATTEST * float(Z.var(axis=0).max()))
    counts = shares.sum(axis=0)
    there = counts > _LOST
    means = np.array(before.means, np.float64)
    means[there] = (shares.T @ Z)[there] / counts[there, None]
    independent = kind in ("diagonal", "spherical")
    scatter = np.zeros((k, p) if independent else (k, p, p))
    for index in np.flatnonzero(there):
        away, share = Z - means[index], shares[:, index]
        scatter[index] = share @ away**2 if independent else (share[:, None] * away).T @ away
    if kind == "tied":
        one, is_held = _raised(scatter.sum(axis=0) / counts.sum(), floor)
        covariances, held = np.repeat(one[None], k, axis=0), np.full(k, is_held)
    else:
        covariances, held = np.array(before.covariances, np.float64), np.zeros(k, bool)
        for index in np.flatnonzero(there):
            mine = scatter[index] / counts[index]
            mine = np.full(p, mine.mean()) if kind == "spherical" else mine
            covariances[index], held[index] = _raised(mine, floor)
    return Mixture(
        np.maximum(counts / n, _LEAST_WEIGHT), means, covariances,
        tuple(np.flatnonzero(held).tolist()), tuple(np.flatnonzero(~there).tolist()),
    )  # fmt: skip


def _raised(covariance: FloatArray, floor: float) -> tuple[FloatArray, bool]:
    """A covariance (p, p), or variances (p,), none below `floor`, and whether one had to be raised."""
    if covariance.ndim == 1:
        return np.maximum(covariance, floor), bool((covariance < floor).any())
    sizes, axes = np.linalg.eigh(covariance)
    if sizes[0] >= floor:
        return covariance, False
    raised = (axes * np.maximum(sizes, floor)) @ axes.T
    return 0.5 * (raised + raised.T), True


def n_parameters(k: int, p: int, kind: CovarianceKind) -> int:
    """How many numbers say what a mixture of k Gaussians in p features is."""
    shapes = {"full": k * p * (p + 1) // 2, "tied": p * (p + 1) // 2, "diagonal": k * p, "spherical": k}
    return k - 1 + k * p + shapes[kind]
