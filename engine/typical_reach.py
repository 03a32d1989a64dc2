"""How far the neighbours of points usually are: where the radius of a clustering may begin."""

from __future__ import annotations

import numpy as np

from engine.dataset import Dataset, FloatArray, Part
from engine.edits import replaced
from engine.experiment import Experiment
from engine.features import fit_features
from engine.learners.dbscan import DBSCAN
from engine.learners.mean_shift import MeanShift
from engine.projection_metrics import squared_distances

_LOOKED_AT = 1_000
_SEED = 20_003
_FEWEST = 3
_CORES = 0.75
"""The share of the points that shall have the neighbours which make them core points."""
_SEEN = 0.2
"""The share of all points that a walker shall see."""


def typical_radius(Z: FloatArray, min_samples: int) -> float:
    """The radius within which three quarters of rows (n, p) have `min_samples` rows, themselves counted.

    References
    ----------
    Ester, Kriegel, Sander and Xu (1996). A density-based algorithm for discovering clusters, section 4.2 (the sorted
    distances to the k-th neighbour).
    """
    nearest = _sorted_distances(Z)
    kept = min(max(0, min_samples - 2), len(nearest) - 2)
    return float(np.quantile(nearest[:, kept], _CORES))


def typical_bandwidth(Z: FloatArray) -> float:
    """How far it is from a row (n, p) to the farthest of the nearest fifth of all rows, in the mean."""
    nearest = _sorted_distances(Z)
    return float(nearest[:, min(int(_SEEN * len(nearest)), len(nearest) - 2)].mean())


def _sorted_distances(Z: FloatArray) -> FloatArray:
    """From each row to the others, the nearest first, of many rows in a fixed sample: (m, m), the last infinite."""
    Z = np.asarray(Z, np.float64)
    if len(Z) > _LOOKED_AT:
        Z = Z[np.sort(np.random.default_rng(_SEED).choice(len(Z), _LOOKED_AT, replace=False))]
    return np.sort(np.sqrt(squared_distances(Z)), axis=1)


def with_typical_reach(experiment: Experiment, dataset: Dataset) -> Experiment:
    """`experiment` with a radius or a bandwidth that fits its points, if its model has one; to two digits.

    Parameters
    ----------
    dataset : what its model learns from.
    """
    settings, rows = experiment.learner, dataset.rows(Part.TRAIN)
    if not isinstance(settings, DBSCAN | MeanShift) or len(rows) < _FEWEST:
        return experiment
    X = dataset.X[rows]
    Z = fit_features(experiment.preparation, X, names=dataset.input_names).transform(X)
    if isinstance(settings, DBSCAN):
        path, reach = "learner.eps", typical_radius(Z, settings.min_samples)
    else:
        path, reach = "learner.bandwidth", typical_bandwidth(Z)
    return replaced(experiment, path, float(f"{min(max(reach, 0.001), 100.0):.2g}"))
