"""Trustworthiness agrees with scikit-learn, and says when neighbours were torn apart."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.manifold import trustworthiness as reference

from engine.experiment import Experiment, GeneratedData, View
from engine.learners.pca import PrincipalComponents
from engine.projecting import ProjectionLearner
from engine.projection_metrics import NEIGHBOURS, Trust, ranks_of, trustworthiness
from engine.registry import learners_for
from engine.snapshot import Viewport
from engine.training import Run


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


def test_the_registry_knows_who_has_a_map_and_the_plane_is_coloured_by_the_score_that_is_chosen() -> None:
    for entry in learners_for("projection"):
        experiment = Experiment(data=GeneratedData(generator="gaussians3", n_points=40), learner=entry.settings())
        run = Run(experiment)
        assert isinstance(run.learner, ProjectionLearner)
        assert run.learner.has_map == entry.has_map, entry.kind
        assert run.learner.has_way_back == entry.has_way_back, entry.kind
    viewport = Viewport((-2.0, 2.0), (-2.0, 2.0), 16, 16)
    for component in (1, 2):
        view = View(scores=True, component=component)
        data = GeneratedData(generator="correlated")
        experiment = Experiment(data=data, learner=PrincipalComponents(found="svd", components=2), view=view)
        run = Run(experiment)
        run.advance(1)
        field, _ = run.model().picture(viewport)
        assert field is not None
        warm = field.rgba[..., 0].astype(int) - field.rgba[..., 2]  # from blue to orange along the score
        xs = np.linspace(-1.875, 1.875, 16)
        places = np.stack(np.meshgrid(xs, xs), axis=-1).reshape(-1, 2)
        scores = run.model()(places).scores[:, component - 1]
        assert np.corrcoef(warm.ravel(), scores)[0, 1] > 0.7
