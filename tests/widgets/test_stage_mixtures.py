"""Points that belong to several clusters at once: their colours lie between those of the clusters."""

from __future__ import annotations

import numpy as np
import pytest

from engine.dataset import Dataset, Points
from engine.learner import Prediction
from engine.palette import CLASS_COLOURS
from widgets.stage_points import ShownPoints
from widgets.stage_shapes import _A_ROW, mixed_looks
from widgets.theme import LIGHT


def dataset(n: int, classes: tuple[str, ...] = ()) -> Dataset:
    X = np.stack([np.linspace(-1, 1, n), np.zeros(n)], axis=1).astype(np.float32)
    points = Points(X, np.arange(n, dtype=np.float32) % max(1, len(classes)))
    return Dataset(points, "clustering", np.zeros(n, np.int8), classes)


def colours(shares: list[list[float]], classes: tuple[str, ...] = ()) -> list[tuple[str, tuple[int, int, int]]]:
    data = dataset(len(shares), classes)
    looks, kinds = mixed_looks(data, LIGHT, np.arange(len(shares)), np.array(shares))
    return [
        (looks[kind].shape, (looks[kind].fill.red(), looks[kind].fill.green(), looks[kind].fill.blue()))
        for kind in kinds
    ]


def test_a_sure_point_has_the_colour_of_its_cluster_and_others_lie_between_two() -> None:
    (_, pure), (_, half), (_, mostly), (_, other) = colours([[1, 0, 0], [0, 0.5, 0.5], [0.7, 0.3, 0], [0, 0, 1]])
    one, two, three = (np.array(colour) for colour in CLASS_COLOURS[:3])
    assert pure == tuple(one)
    assert other == tuple(three)
    np.testing.assert_allclose(half, (two + three) / 2, atol=1)
    np.testing.assert_allclose(mostly, 0.7 * one + 0.3 * two, atol=1)


def test_a_share_too_small_to_be_seen_changes_nothing() -> None:
    (_, pure), (_, nearly) = colours([[1, 0], [0.97, 0.03]])
    assert pure == nearly


def test_shapes_are_those_of_the_known_classes_and_what_is_not_known_is_grey() -> None:
    (first, _), (second, _), (third, grey) = colours([[0.6, 0.4], [0.6, 0.4], [np.nan, np.nan]], ("A", "B"))
    assert (first, second, third) == ("circle", "square", "circle")
    assert max(grey) - min(grey) < 40


def test_few_looks_do_for_many_points() -> None:
    share = np.random.default_rng(0).dirichlet(np.ones(4), 5000)
    looks, kinds = mixed_looks(dataset(5000), LIGHT, np.arange(5000), share)
    assert len(looks) <= 4 + 4 * 3 * 5
    assert kinds.max() == len(looks) - 1


def test_twenty_clusters_fit_on_a_sheet_of_several_rows() -> None:
    share = np.random.default_rng(0).dirichlet(0.3 * np.ones(20), 4000)
    looks, _ = mixed_looks(dataset(4000), LIGHT, np.arange(4000), share)
    assert len(looks) > 2 * _A_ROW


@pytest.mark.parametrize("soft", [False, True])
def test_shares_are_kept_for_points_that_stay_where_they_are(soft: bool) -> None:
    data = dataset(4)
    shown = ShownPoints(data, True)
    shares = np.array([[0.9, 0.1], [0.5, 0.5], [0.2, 0.8], [0.0, 1.0]])
    shown.hear(Prediction(shares, shares if soft else None, shares.argmax(axis=1)))
    assert (shown.shares is not None) == soft
    fewer = Dataset(data.points.erasing(np.array([1])), "clustering", np.zeros(3, np.int8), ())
    after = ShownPoints(fewer, True)
    after.recall(shown)
    if soft:
        assert after.shares is not None
        np.testing.assert_array_equal(after.shares, shares[[0, 2, 3]])
    else:
        assert after.shares is None
