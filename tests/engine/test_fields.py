"""Fields and lines: the right value at the right pixel, the right colour, lines where the model says."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.activations import ACTIVATIONS
from engine.dataset import Dataset, Points, Task
from engine.edits import set_values
from engine.experiment import Experiment, View
from engine.fields import (
    MAX_OPACITY,
    Grid,
    boundary_lines,
    cell_centres,
    contour_lines,
    curve_line,
    field_of,
    picture,
    round_levels,
    value_range_of,
)
from engine.learner import GridScores, Prediction
from engine.palette import CLASS_COLOURS, HIGH_VALUE, LOW_VALUE
from engine.snapshot import Viewport
from engine.training import Run

VIEW = Viewport((-2.0, 3.0), (-1.0, 1.0), 40, 30)
CENTRES = np.array([[0.0, 1.0], [0.9, -0.6], [-0.9, -0.6]])


def _two_classes(score: Callable[[NDArray], NDArray]) -> Callable[[NDArray], Prediction]:
    def predict(X: NDArray) -> Prediction:
        s = score(X.astype(float))
        p = 1 / (1 + np.exp(-s))
        return Prediction(s[:, None], np.stack([1 - p, p], axis=1), (s > 0).astype(int))

    return predict


def _many_classes(n_classes: int = 3) -> Callable[[NDArray], Prediction]:
    centres = np.random.default_rng(4).normal(size=(n_classes, 2)) if n_classes != 3 else CENTRES

    def predict(X: NDArray) -> Prediction:
        s = -3 * ((X[:, None].astype(float) - centres) ** 2).sum(axis=2)
        p = np.exp(s - s.max(axis=1, keepdims=True))
        return Prediction(s, p / p.sum(axis=1, keepdims=True), s.argmax(axis=1))

    return predict


def _surface(f: Callable[[NDArray], NDArray]) -> Callable[[NDArray], Prediction]:
    def predict(X: NDArray) -> Prediction:
        values = f(X.astype(float))
        return Prediction(values[:, None], values=values)

    return predict


def test_cells_are_asked_about_at_their_centres_from_the_bottom_left() -> None:
    centres = cell_centres(Viewport((0.0, 4.0), (10.0, 12.0), 4, 2))
    assert centres.tolist()[:5] == [[0.5, 10.5], [1.5, 10.5], [2.5, 10.5], [3.5, 10.5], [0.5, 11.5]]


def test_each_pixel_has_the_colour_of_the_value_at_its_centre() -> None:
    predict = _two_classes(lambda X: 3 * X[:, 0] - 2 * X[:, 1] ** 2)
    field = field_of(Grid.evaluated(predict, VIEW), "classification", 2)
    assert field.rgba.shape == (30, 40, 4)
    assert (field.x_range, field.y_range) == (VIEW.x_range, VIEW.y_range)
    for row, column in ((0, 0), (29, 39), (7, 21), (18, 3)):
        x = -2 + (column + 0.5) * 5 / 40
        y = -1 + (row + 0.5) * 2 / 30
        p = 1 / (1 + np.exp(-(3 * x - 2 * y**2)))
        mixed = (1 - p) * np.array(CLASS_COLOURS[0]) + p * np.array(CLASS_COLOURS[1])
        np.testing.assert_allclose(field.rgba[row, column, :3], mixed, atol=1)
        assert abs(int(field.rgba[row, column, 3]) - 255 * MAX_OPACITY * abs(2 * p - 1)) <= 1


@pytest.mark.parametrize("n_classes", [3, 4, 6])
def test_many_classes_are_mixed_by_their_probabilities(n_classes: int) -> None:
    grid = Grid.evaluated(_many_classes(n_classes), VIEW)
    P = _many_classes(n_classes)(cell_centres(VIEW)).probabilities
    assert P is not None
    rgba = field_of(grid, "classification", n_classes).rgba.reshape(-1, 4)
    np.testing.assert_allclose(rgba[:, :3], P @ np.array(CLASS_COLOURS[:n_classes]), atol=1)
    confidence = (P.max(axis=1) - 1 / n_classes) / (1 - 1 / n_classes)
    np.testing.assert_allclose(rgba[:, 3], 255 * MAX_OPACITY * confidence, atol=1)


def test_certain_regions_are_strong_and_the_boundary_fades() -> None:
    predict = _two_classes(lambda X: 1000 * X[:, 0])
    rgba = field_of(Grid.evaluated(predict, Viewport((-1, 1), (-1, 1), 3, 3)), "classification", 2).rgba
    assert tuple(rgba[1, 0]) == (*CLASS_COLOURS[0], round(255 * MAX_OPACITY))
    assert tuple(rgba[1, 2]) == (*CLASS_COLOURS[1], round(255 * MAX_OPACITY))
    assert rgba[1, 1, 3] == 0


@pytest.mark.parametrize("n_classes", [2, 3])
def test_scores_without_probabilities_are_squashed_for_the_picture(n_classes: int) -> None:
    predict = _two_classes(lambda X: X[:, 0]) if n_classes == 2 else _many_classes()

    def bare(X: NDArray) -> Prediction:
        return Prediction(predict(X).scores)

    grid = Grid.evaluated(bare, VIEW)
    rgba = field_of(grid, "classification", n_classes).rgba.reshape(-1, 4)
    scores = bare(cell_centres(VIEW)).scores
    best = (scores[:, 0] > 0).astype(int) if n_classes == 2 else scores.argmax(axis=1)
    strong = rgba[:, 3] > 120
    assert strong.any()
    nearest = ((rgba[:, None, :3].astype(int) - np.array(CLASS_COLOURS[:n_classes])) ** 2).sum(axis=2).argmin(axis=1)
    np.testing.assert_array_equal(nearest[strong], best[strong])


def test_values_run_from_blue_over_nothing_to_vermilion() -> None:
    grid = Grid.evaluated(_surface(lambda X: X[:, 0]), Viewport((0.0, 10.0), (0.0, 1.0), 5, 1))
    row = field_of(grid, "regression", 0, (1.0, 9.0)).rgba[0]
    assert tuple(row[0]) == (*LOW_VALUE, round(255 * MAX_OPACITY))
    assert tuple(row[4]) == (*HIGH_VALUE, round(255 * MAX_OPACITY))
    assert row[2, 3] <= 1
    assert tuple(row[1, :3]) == LOW_VALUE
    assert row[1, 3] == pytest.approx(255 * MAX_OPACITY / 2, abs=1)
    beyond = field_of(grid, "regression", 0, (4.0, 6.0)).rgba[0]
    assert tuple(beyond[0]) == tuple(row[0])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_a_number_breaks_nothing(bad: float) -> None:
    def two(X: NDArray) -> Prediction:
        scores = np.where(X[:, :1] < 0, bad, X[:, 1:].astype(float))
        return Prediction(scores)

    def three(X: NDArray) -> Prediction:
        return Prediction(np.hstack([two(X).scores, X.astype(float)]))

    for predict, n_classes in ((two, 2), (three, 3)):
        grid = Grid.evaluated(predict, VIEW)
        rgba = field_of(grid, "classification", n_classes).rgba
        if np.isnan(bad):
            assert (rgba[:, :16, 3] == 0).all()
        for line in (*boundary_lines(grid, n_classes), *contour_lines(grid, "classification", n_classes)):
            assert np.isfinite(line.xy).all()
    surface = Grid.evaluated(_surface(lambda X: np.where(X[:, 0] < 0, bad, X[:, 1])), VIEW)
    assert field_of(surface, "regression", 0).rgba[:, 30:, 3].max() > 0
    contour_lines(surface, "regression", 0)


def test_a_model_of_nothing_but_nan_gives_an_empty_picture() -> None:
    grid = Grid.evaluated(lambda X: Prediction(np.full((len(X), 1), np.nan)), VIEW)
    assert not field_of(grid, "classification", 2).rgba[..., 3].any()
    assert boundary_lines(grid, 2) == ()


def test_the_boundary_of_a_line_is_that_line_from_edge_to_edge() -> None:
    grid = Grid.evaluated(_two_classes(lambda X: 4 * X[:, 0] + 2 * X[:, 1] - 1), VIEW)
    (line,) = boundary_lines(grid, 2)
    np.testing.assert_allclose(4 * line.xy[:, 0] + 2 * line.xy[:, 1], 1.0, atol=1e-6)
    assert line.role == "boundary"
    assert sorted(line.xy[[0, -1], 1].tolist()) == [-1.0, 1.0]


def test_a_boundary_through_saturated_probabilities_stays_exact() -> None:
    grid = Grid.evaluated(_two_classes(lambda X: 300 * (X[:, 0] - 0.123)), VIEW)
    (line,) = boundary_lines(grid, 2)
    np.testing.assert_allclose(line.xy[:, 0], 0.123, atol=1e-5)


def test_two_scores_give_the_boundary_of_their_difference() -> None:
    def predict(X: NDArray) -> Prediction:
        return Prediction(np.stack([X[:, 0] + 5.0, 2.0 * X[:, 0] + 4.0], axis=1).astype(float))

    (line,) = boundary_lines(Grid.evaluated(predict, VIEW), 2)
    np.testing.assert_allclose(line.xy[:, 0], 1.0, atol=1e-5)


@pytest.mark.parametrize("threshold", [0.1, 0.5, 0.8])
def test_the_boundary_is_where_the_second_class_has_the_threshold(threshold: float) -> None:
    """For a margin whose σ is the probability, and for probabilities themselves."""
    where = float(np.log(threshold / (1 - threshold))) / 5

    def with_probabilities(X: NDArray) -> Prediction:
        second = 1 / (1 + np.exp(-5.0 * X[:, 0].astype(float)))
        P = np.stack([1 - second, second], axis=1)
        return Prediction(P, P)

    class Margin:
        def on_grid(self, xs: NDArray, ys: NDArray) -> GridScores:
            return GridScores(np.tile(5 * xs, len(ys))[None].astype(np.float32), True)

        def __call__(self, X: NDArray) -> Prediction:
            raise AssertionError("the quick way was not taken")

    for predict in (with_probabilities, Margin()):
        (line,) = boundary_lines(Grid.evaluated(predict, VIEW), 2, threshold)
        np.testing.assert_allclose(line.xy[:, 0], where, atol=5e-3)


def test_scores_that_are_no_probabilities_keep_their_boundary_at_every_threshold() -> None:
    grid = Grid.evaluated(_two_classes(lambda X: X[:, 0] - 0.25), VIEW)
    without = Grid(VIEW, grid.scores)
    (line,) = boundary_lines(without, 2, 0.9)
    np.testing.assert_allclose(line.xy[:, 0], 0.25, atol=1e-5)


def test_a_circle_is_traced_to_a_fraction_of_a_cell() -> None:
    grid = Grid.evaluated(_two_classes(lambda X: X[:, 0] ** 2 + X[:, 1] ** 2 - 0.5), Viewport((-1, 1), (-1, 1), 64, 64))
    (line,) = boundary_lines(grid, 2)
    np.testing.assert_allclose(np.hypot(*line.xy.T), 0.5**0.5, atol=1e-3)
    np.testing.assert_array_equal(line.xy[0], line.xy[-1])


@pytest.mark.parametrize("n_classes", [3, 4, 6])
def test_boundaries_of_many_classes_are_where_the_two_best_tie_and_each_is_drawn_once(n_classes: int) -> None:
    viewport = Viewport((-2.0, 2.0), (-2.0, 2.0), 160, 160)
    predict = _many_classes(n_classes)
    lines = boundary_lines(Grid.evaluated(predict, viewport), n_classes)
    cell = 4 / 160
    points = np.concatenate([line.xy for line in lines])
    scores = np.sort(predict(points).scores, axis=1)
    gradient = 2 * 3 * 4 * 2  # An upper bound of how fast the difference of two scores grows along the plane.
    assert (scores[:, -1] - scores[:, -2]).max() < gradient * cell
    labels = predict(cell_centres(viewport)).labels
    assert labels is not None
    grid_labels = labels.reshape(160, 160)
    changes = np.argwhere(grid_labels[:, 1:] != grid_labels[:, :-1])
    where = np.stack([-2 + (changes[:, 1] + 1) * cell, -2 + (changes[:, 0] + 0.5) * cell], axis=1)
    distance = np.sqrt(((where[:, None] - points) ** 2).sum(axis=2)).min(axis=1)
    assert distance.max() < 1.5 * cell  # Every change of class has a line beside it.
    middles = np.concatenate([(line.xy[1:] + line.xy[:-1]) / 2 for line in lines])
    order = np.unique(np.round(middles / (cell * 1e-3)), axis=0)
    assert len(order) >= 0.97 * len(middles)  # No stretch is drawn twice but a step at the junctions.


def test_no_boundary_is_in_view_where_one_class_rules() -> None:
    assert boundary_lines(Grid.evaluated(_two_classes(lambda X: X[:, 0] + 10), VIEW), 2) == ()


def test_contours_of_probability_are_at_their_levels() -> None:
    grid = Grid.evaluated(_two_classes(lambda X: 2 * X[:, 0]), Viewport((-3, 3), (-1, 1), 400, 10))
    lines = contour_lines(grid, "classification", 2)
    assert [line.level for line in lines] == [0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9]
    for line in lines:
        assert line.level is not None
        np.testing.assert_allclose(line.xy[:, 0], np.log(line.level / (1 - line.level)) / 2, atol=1e-3)


def test_contours_of_many_classes_are_those_of_the_best_probability() -> None:
    predict = _many_classes()
    for line in contour_lines(Grid.evaluated(predict, Viewport((-2, 2), (-2, 2), 300, 300)), "classification", 3):
        P = predict(line.xy).probabilities
        assert P is not None
        assert np.median(np.abs(P.max(axis=1) - (line.level or 0))) < 1e-3


def test_contours_of_values_are_at_round_numbers() -> None:
    grid = Grid.evaluated(_surface(lambda X: X @ [1.0, 0.5]), VIEW)
    lines = contour_lines(grid, "regression", 0, (-2.0, 3.0))
    assert {line.level for line in lines} == {-1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 2.5}
    for line in lines:
        assert line.level is not None
        np.testing.assert_allclose(line.xy @ [1.0, 0.5], line.level, atol=1e-6)


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_round_levels_are_few_and_inside(low: float, length: float) -> None:
    levels = round_levels(low, low + length)
    assert 3 <= len(levels) <= 12
    assert all(low < level < low + length for level in levels)


def test_round_levels_of_nothing_are_none() -> None:
    assert round_levels(1.0, 1.0) == round_levels(0.0, float("inf")) == ()


def test_the_fitted_curve_runs_from_edge_to_edge() -> None:
    line = curve_line(_surface(lambda X: np.sin(X[:, 0])), (-1.0, 2.0), 100)
    assert line.role == "curve"
    assert (line.xy[0, 0], line.xy[-1, 0], len(line.xy)) == (-1.0, 2.0, 100)
    np.testing.assert_allclose(line.xy[:, 1], np.sin(line.xy[:, 0]), atol=1e-6)
    broken = curve_line(_surface(lambda X: np.where(X[:, 0] > 0, np.inf, 1.0)), (-1.0, 1.0), 100)
    assert len(broken.xy) == 50


def _dataset(n_inputs: int, y: list[float], classes: bool) -> Dataset:
    X = np.zeros((len(y), n_inputs))
    task: Task = "classification" if classes else "regression"
    return Dataset(Points(X, np.array(y)), task, np.zeros(len(y), np.int8), ("A", "B") if classes else ())


def test_a_picture_is_one_evaluation_and_holds_what_is_shown() -> None:
    calls = []

    def predict(X: NDArray) -> Prediction:
        calls.append(len(X))
        return _two_classes(lambda X: X[:, 0])(X)

    dataset = _dataset(2, [0, 1], classes=True)
    field, lines = picture(predict, VIEW, dataset, View(contours=True))
    assert calls == [1200]
    assert field is not None
    assert {line.role for line in lines} == {"boundary", "contour"}
    assert picture(predict, VIEW, dataset, View(probability=False, boundary=False)) == (None, ())
    assert calls == [1200]
    hidden, boundary = picture(predict, VIEW, dataset, View(probability=False))
    assert hidden is None
    assert [line.role for line in boundary] == ["boundary"]


def test_a_picture_of_a_regression() -> None:
    field, lines = picture(_surface(lambda X: X[:, 0]), VIEW, _dataset(1, [0.0, 2.0], classes=False), View())
    assert field is None
    assert [line.role for line in lines] == ["curve"]
    field, lines = picture(_surface(lambda X: X[:, 0]), VIEW, _dataset(2, [0.0, 2.0], classes=False), View())
    assert field is not None
    assert lines == ()


def _learned(**changes: str) -> Run:
    run = Run(
        set_values(Experiment(), {"data.n_points": "120", **{k.replace("__", "."): v for k, v in changes.items()}})
    )
    run.advance_epochs(15)
    return run


@pytest.mark.parametrize(
    "changes",
    [
        *(
            {
                "learner__layers": "6,6",
                "learner__skip": "true",
                **{f"learner__layers__{k}__activation": name for k in (0, 1)},
            }
            for name in ACTIVATIONS
        ),
        {"preparation__polynomial": "4", "preparation__fourier": "2", "preparation__scaling": "standardize"},
        {"preparation__chips": "x1,x2,x1^2,x1*x2,sin(x1),cos(x2)", "preparation__scaling": "minmax"},
        {"learner__kind": "logistic_regression", "training__loss__kind": "binary_cross_entropy"},
        {"training__loss__kind": "hinge"},
        {"data__generator": "gaussians3"},
        {"data__generator": "gaussians3", "training__loss__kind": "squared"},
        {"data__generator": "plane", "training__loss__kind": "squared"},
        {"training__precision": "float64"},
    ],
    ids=lambda changes: "-".join(f"{name.split('__')[-1]}={value}" for name, value in changes.items()),
)
def test_the_quick_picture_is_that_of_the_predictions(changes: dict[str, str]) -> None:
    run = _learned(**changes)
    viewport = Viewport((-1.3, 1.7), (-1.1, 0.9), 75, 41)
    quick, exact = Grid.evaluated(run.model(), viewport), Grid.evaluated(lambda X: run.predict(X), viewport)
    assert quick.in_single_precision == (run.experiment.training.precision == "float32")
    np.testing.assert_allclose(quick.scores, exact.scores, rtol=1e-5, atol=1e-5)
    task, n_classes = run.dataset.task, run.dataset.n_classes
    values = value_range_of(run.dataset)
    colours = [field_of(grid, task, n_classes, values).rgba.astype(int) for grid in (quick, exact)]
    assert np.abs(colours[0][..., 3] - colours[1][..., 3]).max() <= 1
    seen = np.minimum(colours[0][..., 3], colours[1][..., 3]) > 1
    assert np.abs(colours[0] - colours[1])[seen].max() <= 1
    if task == "classification":
        np.testing.assert_allclose(quick.shares, exact.shares, atol=1e-5)


@pytest.mark.parametrize("far", [1e3, 1e12, 1e30])
def test_a_picture_of_somewhere_far_away_breaks_nothing(far: float) -> None:
    run = _learned(preparation__polynomial="15")
    field, lines = picture(run.model(), Viewport((-far, far), (0, far), 33, 17), run.dataset, View(contours=True))
    assert field is not None
    assert field.rgba.shape == (17, 33, 4)
    assert all(np.isfinite(line.xy).all() for line in lines)


def test_the_colour_scale_spans_the_targets() -> None:
    assert value_range_of(_dataset(2, [3.0, -1.0, 2.0], classes=False)) == (-1.0, 3.0)
    assert value_range_of(_dataset(2, [3.0, 3.0], classes=False)) == (2.0, 4.0)
    assert value_range_of(_dataset(2, [], classes=False)) == (-1.0, 1.0)
