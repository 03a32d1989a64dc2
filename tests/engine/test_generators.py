"""The synthetic data sets: their rules, counts, seeds and noise."""

from collections.abc import Callable
from itertools import pairwise
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.dataset import Part, Points
from engine.experiment import DrawnData, GeneratedData, GeneratorName, Preparation
from engine.generators import GENERATORS, class_names_of, dataset_of, generate, interleaved_classes, task_of
from tests.engine.sheets import SHEETS, SheetName, angle_of, way_along

NAMES = tuple(GENERATORS)


def _quiet(name: GeneratorName, n: int = 2000) -> Points:
    return generate(GeneratedData(generator=name, n_points=n, noise=0.0))


def test_the_table_holds_every_generator_of_the_document() -> None:
    assert set(GENERATORS) == set(get_args(GeneratorName))
    assert all(entry.name == name and entry.title and entry.sentence for name, entry in GENERATORS.items())


@pytest.mark.parametrize("name", NAMES)
def test_the_default_points_fill_the_plot_and_stay_near_it(name: GeneratorName) -> None:
    points = generate(GeneratedData(generator=name))
    entry = GENERATORS[name]
    assert points.X.shape == (400, entry.n_inputs)
    inside = np.abs(points.X) <= 1.0
    assert inside.mean() > 0.95
    assert np.ptp(points.X, axis=0).min() > 1.0
    if entry.task == "regression":
        assert (np.abs(points.y) <= 1.3).mean() > 0.95


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_draws_the_same_points_and_another_seed_others(name: GeneratorName) -> None:
    first = generate(GeneratedData(generator=name, seed=3))
    generate.cache_clear()
    assert generate(GeneratedData(generator=name, seed=3)) == first
    assert not np.array_equal(generate(GeneratedData(generator=name, seed=4)).X, first.X)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("noise", [0.0, 2.0])
@pytest.mark.parametrize("n", [1, 2, 7])
def test_extreme_settings_give_finite_points(name: GeneratorName, noise: float, n: int) -> None:
    points = generate(GeneratedData(generator=name, n_points=n, noise=noise))
    assert len(points) == n
    assert np.abs(points.X).max() < 20


@pytest.mark.parametrize("name", NAMES)
def test_asking_for_more_points_keeps_those_that_are_there(name: GeneratorName) -> None:
    few = generate(GeneratedData(generator=name, n_points=120))
    many = generate(GeneratedData(generator=name, n_points=240))
    np.testing.assert_array_equal(many.X[:120], few.X)
    np.testing.assert_array_equal(many.y[:120], few.y)


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("gaussians")])
def test_noise_moves_each_point_along_its_own_direction(name: GeneratorName) -> None:
    clean, some, more = (generate(GeneratedData(generator=name, noise=noise)) for noise in (0.0, 0.2, 0.4))
    np.testing.assert_allclose(more.X - clean.X, 2 * (some.X - clean.X), atol=1e-6)
    if GENERATORS[name].task == "regression":
        np.testing.assert_allclose(more.y - clean.y, 2 * (some.y - clean.y), atol=1e-6)


@given(st.integers(1, 400), st.integers(2, 6), st.floats(0.05, 0.95))
def test_classes_have_their_shares_to_rounding_and_are_interleaved(n: int, n_classes: int, balance: float) -> None:
    classes = interleaved_classes(n, n_classes, balance)
    weights = np.array([balance] + [1 - balance] * (n_classes - 1))
    shares = weights / weights.sum()
    counts = np.bincount(classes, minlength=n_classes)
    assert counts.sum() == n
    assert (np.abs(counts - n * shares) <= 1).all()
    for k in range(n_classes):  # Every stretch from the start has its share too.
        running = np.cumsum(classes == k)
        assert np.abs(running - shares[k] * np.arange(1, n + 1)).max() <= n_classes + 1


def test_two_equal_classes_take_turns() -> None:
    assert interleaved_classes(6, 2, 0.5).tolist() == [0, 1, 0, 1, 0, 1]


@pytest.mark.parametrize("balance", [0.05, 0.3, 0.5, 0.95])
def test_the_first_class_has_the_balance_it_was_given(balance: float) -> None:
    points = generate(GeneratedData(generator="moons", n_points=1000, balance=balance))
    assert (points.y == 0).sum() == round(1000 * balance)


@pytest.mark.parametrize("arms", [2, 3, 4])
def test_a_spiral_has_one_class_an_arm_and_arms_are_turned_copies(arms: int) -> None:
    data = GeneratedData(generator="spirals", arms=arms, noise=0.0, n_points=600)
    points = generate(data)
    assert np.bincount(points.y.astype(int)).tolist() == [600 // arms] * arms
    assert class_names_of(data) == tuple("ABCD"[:arms])
    radius, angle = np.hypot(*points.X.T), np.arctan2(points.X[:, 1], points.X[:, 0])
    turns = {2: 1.75, 3: 1.25, 4: 1.0}[arms]
    # Unwinding each arm by its own angle leaves a single curve: the angle follows from the radius alone.
    unwound = angle - 2 * np.pi * (turns * (radius - 0.05) / 0.9 + points.y / arms)
    np.testing.assert_allclose(np.cos(unwound), 1.0, atol=1e-4)


def test_without_noise_the_rules_hold_exactly() -> None:
    circles, xor = _quiet("circles"), _quiet("xor")
    radius = np.hypot(*circles.X.T)
    assert radius[circles.y == 0].max() < 0.36
    assert radius[circles.y == 1].min() > 0.74
    assert ((xor.X.prod(axis=1) < 0) == (xor.y == 1)).all()
    board = _quiet("checkerboard")
    cells = np.floor((board.X + 1) * 2).astype(int)
    assert (cells.sum(axis=1) % 2 == board.y).all()
    assert len(np.unique(cells, axis=0)) == 16


@pytest.mark.parametrize("name", SHEETS)
def test_a_sheet_in_space_has_its_classes_in_order_and_its_points_evenly_on_it(name: SheetName) -> None:
    points = _quiet(name, 6000)
    X, angle = points.X.astype(float), angle_of(points.X, name)
    curve = angle / (4.5 * np.pi) * np.array([np.cos(angle), np.sin(angle)])
    if name == "s_curve":
        curve = 0.5 * np.array([np.sin(angle), np.sign(angle) * (np.cos(angle) - 1)])
    np.testing.assert_allclose(X[:, [0, 2]].T, curve, atol=1e-5)
    way = way_along(points.X, name)
    assert way.min() >= -1e-5
    assert way.max() <= 1 + 1e-5
    bounds = [(way[points.y == k].min(), way[points.y == k].max()) for k in range(6)]
    assert all(before[1] <= after[0] + 1e-4 for before, after in pairwise(bounds))
    # As many points on each twentieth of the length, and of the width, within what chance would do.
    for position in (way, (X[:, 1] - X[:, 1].min()) / np.ptp(X[:, 1])):
        counts = np.histogram(position, 20, (0, 1))[0]
        assert np.abs(counts - 300).max() < 75
    assert class_names_of(GeneratedData(generator=name)) == tuple("ABCDEF")
    assert dataset_of(GeneratedData(generator=name), Preparation()).input_names == ("x1", "x2", "x3")


def test_mixed_sources_are_even_and_independent_once_they_are_unmixed() -> None:
    from scipy.stats import kstest, pearsonr

    points = _quiet("mixed_sources", 4000)
    sources = points.X.astype(np.float64) @ np.linalg.inv(np.array([[0.62, 0.2], [0.3, 0.62]]))
    for source in sources.T:
        assert kstest(source, "uniform", (-1, 2)).pvalue > 1e-3
    assert abs(pearsonr(*sources.T).statistic) < 0.05
    assert abs(pearsonr(*(sources**2).T).statistic) < 0.05
    assert pearsonr(*points.X.T).statistic > 0.5


def test_the_separable_set_has_a_real_margin() -> None:
    from sklearn.svm import SVC

    points = _quiet("separable", 400)
    machine = SVC(kernel="linear", C=1e6).fit(points.X, points.y)
    assert machine.score(points.X, points.y) == 1.0
    assert 1 / np.linalg.norm(machine.coef_) > 0.1


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("linear", lambda x: 0.7 * x + 0.1),
        ("sine", lambda x: 0.8 * np.sin(np.pi * x)),
        ("step", lambda x: 0.6 * np.sign(x)),
        ("polynomial", lambda x: np.polyval([1.5, -0.6, -0.9, 0.3], x)),
        ("heteroscedastic", lambda x: 0.7 * x + 0.1),
    ],
)
def test_without_noise_a_curve_is_exact(name: GeneratorName, rule: Callable[[np.ndarray], np.ndarray]) -> None:
    points = _quiet(name)
    np.testing.assert_allclose(points.y, rule(points.X[:, 0].astype(float)), atol=1e-6)


def test_noise_has_the_standard_deviation_it_was_given() -> None:
    data = GeneratedData(generator="linear", n_points=20_000, noise=0.3)
    residuals = generate(data).y - (0.7 * generate(data).X[:, 0] + 0.1)
    assert residuals.std() == pytest.approx(0.3, rel=0.02)


def test_the_spread_of_the_heteroscedastic_set_grows_to_the_right() -> None:
    points = generate(GeneratedData(generator="heteroscedastic", n_points=5000))
    x = points.X[:, 0]
    residuals = points.y - (0.7 * x + 0.1)
    assert residuals[x > 0.5].std() > 4 * residuals[x < -0.5].std()


def test_one_point_in_ten_is_an_outlier() -> None:
    points = _quiet("outliers", 1000)
    far = np.abs(points.y - (0.7 * points.X[:, 0] + 0.1)) > 0.3
    assert far.sum() == 100


def test_targets_of_two_inputs_are_a_plane_and_hills() -> None:
    plane, bumps = _quiet("plane"), _quiet("bumps")
    np.testing.assert_allclose(plane.y, plane.X @ [0.6, -0.4], atol=1e-6)
    at_hill = np.hypot(bumps.X[:, 0] + 0.5, bumps.X[:, 1] + 0.4) < 0.1
    at_valley = np.hypot(bumps.X[:, 0] - 0.5, bumps.X[:, 1] - 0.4) < 0.1
    assert bumps.y[at_hill].mean() > 0.7
    assert bumps.y[at_valley].mean() < -0.7


def test_a_million_points_can_be_drawn() -> None:
    points = generate.__wrapped__(GeneratedData(generator="spirals", n_points=1_000_000, arms=3))
    assert np.bincount(points.y.astype(int)).tolist() == [333333, 333334, 333333]


def test_the_data_set_of_generated_data_is_split_and_named() -> None:
    data = GeneratedData(generator="gaussians3", n_points=200)
    dataset = dataset_of(data, Preparation(test_share=0.3, validation_share=0.2))
    assert dataset.task == task_of(data) == "classification"
    assert dataset.class_names == ("A", "B", "C")
    assert [len(dataset.rows(part)) for part in Part] == [100, 40, 60]
    assert dataset_of(GeneratedData(generator="sine"), Preparation()).input_names == ("x",)
    assert dataset_of(GeneratedData(generator="sine"), Preparation()).class_names == ()


def test_equal_documents_share_one_data_set_and_scaling_does_not_matter() -> None:
    one = dataset_of(GeneratedData(seed=5), Preparation())
    assert dataset_of(GeneratedData(seed=5), Preparation(scaling="minmax")) is one
    assert dataset_of(GeneratedData(seed=5), Preparation(split_seed=1)) is not one


def test_drawn_data_keep_their_points_and_names() -> None:
    points = Points(np.array([[0, 0], [1, 1], [2, 0.5]]), np.array([0, 1, 1]))
    drawn = DrawnData(points=points, class_names=("cat", "dog"))
    dataset = dataset_of(drawn, Preparation(test_share=0.0))
    assert dataset.points is points
    assert dataset.class_names == ("cat", "dog")
    line = DrawnData(task="regression", points=Points(np.array([[0.0], [1.0]]), np.array([1.0, 2.0])))
    assert dataset_of(line, Preparation()).input_names == ("x",)


def test_drawn_data_that_differ_in_one_point_are_told_apart() -> None:
    X = np.random.default_rng(0).normal(size=(50, 2))
    y = np.arange(50) % 2.0
    one = DrawnData(points=Points(X, y))
    X[20, 0] += 1  # Outside what the hash looks at, so that only equality can tell.
    other = DrawnData(points=Points(X, y))
    assert dataset_of(one, Preparation()).X[20, 0] != dataset_of(other, Preparation()).X[20, 0]
