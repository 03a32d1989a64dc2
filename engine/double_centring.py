"""Places from distances: the double centring of squared distances, and coordinates from what it gives."""

from __future__ import annotations

import numpy as np

from engine.dataset import FloatArray
from engine.eigenvectors import largest
from engine.power_iteration import signed


def double_centred(squared: FloatArray) -> FloatArray:
    """−½ J D J with J = I − 1/n, of squared distances D (n, n): of Euclidean ones the inner products of the centred
    points.

    References
    ----------
    Torgerson (1952). Multidimensional scaling: I. Theory and method. Psychometrika 17.
    """
    means = squared.mean(axis=0)
    centred = squared - means
    centred -= (means - means.mean())[:, None]
    centred *= -0.5
    return np.asarray(centred)


def coordinates(squared: FloatArray, r: int) -> FloatArray:
    """Places (n, r) whose inner products are nearest to those of squared distances (n, n), the widest first.

    Each is an eigenvector of the double-centred matrix times the root of its eigenvalue; where that is not positive the
    coordinate is 0. Of each the score that is farthest from 0 is positive.
    """
    values, vectors = largest(double_centred(squared), min(r, len(squared)))
    return np.asarray(signed((vectors * np.sqrt(np.maximum(0.0, values))).T).T)
