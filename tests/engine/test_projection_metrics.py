"""Trustworthiness agrees with scikit-learn, and says when neighbours were torn apart."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.manifold import trustworthiness as reference

from engine.projection_metrics import NEIGHBOURS, Trust, ranks_of, trustworthiness


@pytest.mark.parametrize(("n", "p", "r"), [(40, 3, 1), (150, 10, 2), (60, 2, 2)])
def test_it_agrees_with_scikit_learn(n: int, p: int, r: int) -> None:
    rng = np.random.default_rng(n)
    Z = rng.normal(size=(n, p))
    T = Z[:, :r] + 0.3 * rng.normal(size=(n, r))
    assert trustworthiness(ranks_of(Z), T) == pytest.approx(reference(Z, T, n_neighbors=NEIGHBOURS), abs=1e-12)
    assert Trust(Z)(T) == pytest.approx(reference(Z, T, n_neighbors=NEIGHBOURS), abs=1e-12)


def test_the_points_themselves_are_fully_trustworthy_and_chance_is_not() -> None:
    Z = np.random.default_rng(0).normal(size=(300, 4))
    assert Trust(Z)(Z) == 1.0
    assert Trust(Z)(Z[::-1]) == pytest.approx(0.5, abs=0.05)


def test_of_many_points_a_sample_is_looked_at() -> None:
    Z = np.random.default_rng(1).normal(size=(5_000, 6))
    T = Z[:, :2]
    said = Trust(Z)(T)
    assert said == Trust(Z.copy())(T)
    assert said == pytest.approx(reference(Z[:1500], T[:1500]), abs=0.05)


def test_it_says_nothing_of_few_points_and_of_points_without_scores() -> None:
    Z = np.random.default_rng(2).normal(size=(11, 3))
    assert np.isnan(Trust(Z)(Z))
    Z = np.random.default_rng(2).normal(size=(30, 3))
    assert np.isnan(Trust(Z)(np.full((30, 2), np.nan)))
