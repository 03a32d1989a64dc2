"""Where a radius may begin: as far as the neighbours are, whatever the units."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from engine.typical_reach import typical_bandwidth, typical_radius


@pytest.mark.parametrize("min_samples", [2, 5, 9])
def test_three_quarters_of_the_points_are_core_points(min_samples: int) -> None:
    Z = np.random.default_rng(1).normal(size=(400, 3))
    radius = typical_radius(Z, min_samples)
    counts = [len(rows) for rows in NearestNeighbors(radius=radius).fit(Z).radius_neighbors(Z, return_distance=False)]
    assert np.mean(np.array(counts) >= min_samples) == pytest.approx(0.75, abs=0.01)


def test_a_walker_sees_a_fifth_of_the_points_and_units_do_not_matter() -> None:
    Z = np.random.default_rng(2).normal(size=(300, 4))
    bandwidth = typical_bandwidth(Z)
    distances = np.linalg.norm(Z[:, None] - Z, axis=-1)
    assert np.mean(distances < bandwidth) == pytest.approx(0.2, abs=0.05)
    assert typical_bandwidth(1000 * Z) == pytest.approx(1000 * bandwidth)
    assert typical_radius(1000 * Z, 5) == pytest.approx(1000 * typical_radius(Z, 5))


def test_of_many_points_a_sample_is_looked_at_and_few_points_are_enough() -> None:
    Z = np.random.default_rng(3).normal(size=(30_000, 2))
    assert typical_radius(Z, 5) == typical_radius(Z.copy(), 5)
    assert typical_radius(Z[:3], 5) > 0
    assert typical_bandwidth(Z[:3]) > 0
