"""What the stage shows is what is painted."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from engine.dataset import Dataset, Part, Points, Task
from engine.experiment import View
from engine.learner import Prediction
from engine.overlays import Equation, Line
from engine.palette import CLASS_COLOURS
from engine.snapshot import Field
from widgets.stage import Stage, fitted_range
from widgets.stage_points import SPRITE_LIMIT
from widgets.theme import DARK, LIGHT

Show = Callable[[QWidget, int, int], QWidget]
Picture = Callable[[QWidget], QImage]
BARE = View(grid=False, legend=False)
UNIT = (-1.0, 1.0)


def dataset_of(
    X: list[list[float]],
    y: list[float],
    task: Task = "classification",
    n_classes: int = 6,
    held_out: tuple[int, ...] = (),
) -> Dataset:
    parts = np.zeros(len(X), np.int8)
    parts[list(held_out)] = Part.TEST
    points = Points(np.array(X, np.float32), np.array(y, np.float32))
    return Dataset(points, task, parts, tuple("ABCDEF"[:n_classes]) if task == "classification" else ())


@pytest.fixture
def stage(show: Show) -> Stage:
    stage = Stage()
    show(stage, 600, 440)
    stage.set_range(UNIT, UNIT)
    stage.set_view(BARE)
    return stage


def at(stage: Stage, x: float, y: float) -> QPoint:
    px, py = stage.frame.mapping.to_pixels(np.array([x, y]))
    return QPoint(round(px), round(py))


def colour(image: QImage, where: QPoint) -> tuple[int, int, int]:
    pixel = image.pixelColor(where)
    return pixel.red(), pixel.green(), pixel.blue()


def rgb(text: str) -> tuple[int, int, int]:
    c = QColor(text)
    return c.red(), c.green(), c.blue()


def near(a: tuple[int, int, int], b: tuple[int, int, int], by: int = 12) -> bool:
    return all(abs(x - y) <= by for x, y in zip(a, b, strict=True))


def darkest_around(image: QImage, where: QPoint, reach: int) -> int:
    return min(
        sum(colour(image, where + QPoint(dx, dy))) for dx in range(-reach, reach + 1) for dy in range(-reach, reach + 1)
    )


def test_each_class_is_painted_in_its_colour_where_its_point_is(stage: Stage, picture: Picture) -> None:
    places = [(-0.75 + 0.3 * index, 0.5 - 0.2 * index) for index in range(6)]
    stage.set_dataset(dataset_of([list(place) for place in places], [0, 1, 2, 3, 4, 5]))
    image = picture(stage)
    for index, place in enumerate(places):
        assert near(colour(image, at(stage, *place)), CLASS_COLOURS[index], 25)


def test_held_out_points_have_a_dark_outline_and_can_be_hidden(stage: Stage, picture: Picture) -> None:
    stage.set_dataset(dataset_of([[-0.5, 0], [0.5, 0]], [0, 0], held_out=(1,)))
    image = picture(stage)
    assert darkest_around(image, at(stage, 0.5, 0), 7) < 170 < darkest_around(image, at(stage, -0.5, 0), 7)
    stage.set_view(BARE.model_copy(update={"held_out": False}))
    image = picture(stage)
    assert colour(image, at(stage, 0.5, 0)) == rgb(LIGHT.stage)
    assert near(colour(image, at(stage, -0.5, 0)), CLASS_COLOURS[0])


def test_the_first_row_of_a_field_is_at_the_bottom(stage: Stage, picture: Picture) -> None:
    rgba = np.zeros((2, 2, 4), np.uint8)
    rgba[..., 3] = 255
    rgba[0, 0, 0] = rgba[0, 1, 1] = rgba[1, 0, 2] = 255  # red, green below; blue, black above
    stage.set_field(Field(rgba, UNIT, UNIT))
    image = picture(stage)
    assert colour(image, at(stage, -0.9, -0.9)) == (255, 0, 0)
    assert colour(image, at(stage, 0.9, -0.9)) == (0, 255, 0)
    assert colour(image, at(stage, -0.9, 0.9)) == (0, 0, 255)
    assert colour(image, at(stage, 0.9, 0.9)) == (0, 0, 0)
    assert near(colour(image, at(stage, -0.9, 0)), (128, 0, 128), 8)  # smooth in between
    stage.set_view(BARE.model_copy(update={"probability": False}))
    assert colour(picture(stage), at(stage, -0.9, -0.9)) == rgb(LIGHT.stage)


def test_a_field_stays_where_it_belongs_when_the_view_moves_on(stage: Stage, picture: Picture) -> None:
    rgba = np.full((4, 4, 4), 255, np.uint8)
    rgba[..., 1:3] = 0
    stage.set_field(Field(rgba, UNIT, UNIT))
    stage.set_range((0.0, 2.0), (-1.0, 1.0))
    image = picture(stage)
    assert colour(image, at(stage, 0.5, 0)) == (255, 0, 0)
    assert colour(image, at(stage, 1.5, 0)) == rgb(LIGHT.stage)
    stage.set_range((0.2, 0.2001), (0.2, 0.2001))  # so far in that the field would be millions of pixels wide
    assert colour(picture(stage), at(stage, 0.20005, 0.20005)) == (255, 0, 0)


@pytest.mark.parametrize("vertices", [2, 3000])
def test_the_boundary_is_painted_where_it_runs(stage: Stage, picture: Picture, vertices: int) -> None:
    x = np.linspace(-1, 1, vertices)
    contour = Line(np.array([[0.5, -1.0], [0.5, 1.0]]), "contour", 0.9)
    stage.set_overlays((Line(np.column_stack([x, 0.5 * x]), "boundary"), contour))
    image = picture(stage)
    for place in (-0.6, 0.0, 0.6):
        assert darkest_around(image, at(stage, place, 0.5 * place), 1) < 250
    assert colour(image, at(stage, 0.5, -0.5)) == rgb(LIGHT.stage)
    stage.set_view(BARE.model_copy(update={"boundary": False, "contours": True}))
    image = picture(stage)
    assert colour(image, at(stage, 0.0, 0.0)) == rgb(LIGHT.stage)
    assert darkest_around(image, at(stage, 0.5, -0.5), 1) < 680


def test_a_wavy_boundary_of_many_vertices_has_no_gaps(stage: Stage, picture: Picture) -> None:
    x = np.linspace(-1, 1, 5000)
    stage.set_overlays((Line(np.column_stack([x, 0.6 * np.sin(12 * x)]), "boundary"),))
    image = picture(stage)
    for place in np.linspace(-0.95, 0.95, 200):
        assert darkest_around(image, at(stage, place, 0.6 * np.sin(12 * place)), 1) < 330


def test_the_fitted_curve_has_the_accent_colour(stage: Stage, picture: Picture) -> None:
    stage.set_overlays((Line(np.array([[-1.0, 0.25], [1.0, 0.25]]), "curve"),))
    assert near(colour(picture(stage), at(stage, 0, 0.25)), rgb(LIGHT.accent), 20)


def test_misclassified_points_are_crossed_out(stage: Stage, picture: Picture) -> None:
    stage.set_dataset(dataset_of([[-0.5, 0], [0.5, 0]], [0, 0]))
    stage.set_predictions(Prediction(np.zeros((2, 6)), None, np.array([0, 3])))
    image = picture(stage)
    assert near(colour(image, at(stage, -0.5, 0)), CLASS_COLOURS[0])
    mark = colour(image, at(stage, 0.5, 0))
    assert max(mark) - min(mark) < 30  # white in black on a coloured point
    stage.set_view(BARE.model_copy(update={"errors": False}))
    assert near(colour(picture(stage), at(stage, 0.5, 0)), CLASS_COLOURS[0])


def test_predictions_about_another_number_of_points_are_ignored(stage: Stage, picture: Picture) -> None:
    stage.set_dataset(dataset_of([[-0.5, 0], [0.5, 0]], [0, 0]))
    stage.set_predictions(Prediction(np.zeros((3, 6)), None, np.array([3, 3, 3])))
    assert near(colour(picture(stage), at(stage, 0.5, 0)), CLASS_COLOURS[0])


def test_marks_stay_with_their_points_until_the_model_speaks_again(stage: Stage) -> None:
    dataset = dataset_of([[-0.5, 0], [0, 0], [0.5, 0]], [0, 0, 0])
    stage.set_dataset(dataset)
    stage.set_predictions(Prediction(np.zeros((3, 6)), None, np.array([0, 3, 3])))
    points = dataset.points.erasing(np.array([0])).adding(np.array([[0.8, 0.8]]), np.array([1.0]))
    points = points.moving(np.array([1]), np.array([[0.6, 0.0]]))
    stage.set_dataset(Dataset(points, "classification", np.zeros(3, np.int8), dataset.class_names))
    assert stage.figure.points.misclassified.tolist() == [0]


def test_residuals_run_from_the_point_to_the_model(stage: Stage, picture: Picture) -> None:
    stage.set_dataset(dataset_of([[0.0]], [0.5], "regression"))
    stage.set_predictions(Prediction(np.array([[-0.5]]), None, None, np.array([-0.5])))
    image = picture(stage)
    assert darkest_around(image, at(stage, 0, 0), 1) < 680
    assert colour(image, at(stage, 0, 0.8)) == rgb(LIGHT.stage)
    assert colour(image, at(stage, 0, -0.7)) == rgb(LIGHT.stage)
    stage.set_view(BARE.model_copy(update={"residuals": False}))
    assert colour(picture(stage), at(stage, 0, 0)) == rgb(LIGHT.stage)


def test_targets_run_from_blue_to_vermilion(stage: Stage, picture: Picture) -> None:
    stage.set_dataset(dataset_of([[-0.5, 0], [0, 0], [0.5, 0]], [-2, 0, 2], "regression"))
    image = picture(stage)
    low, middle, high = (colour(image, at(stage, x, 0)) for x in (-0.5, 0, 0.5))
    assert low[2] > low[0] + 100
    assert max(middle) - min(middle) < 10
    assert high[0] > high[2] + 100


def test_above_20000_points_their_density_is_painted_in_the_colour_of_the_class(stage: Stage, picture: Picture) -> None:
    rng = np.random.default_rng(0)
    count = SPRITE_LIMIT + 1
    X = rng.normal(0, 0.1, (count, 2)) + np.where(np.arange(count)[:, None] % 2, (0.5, 0), (-0.5, 0))
    points = Points(X, np.arange(count, dtype=np.float64) % 2)
    stage.set_dataset(Dataset(points, "classification", np.zeros(count, np.int8), ("A", "B")))
    image = picture(stage)
    assert near(colour(image, at(stage, -0.5, 0)), CLASS_COLOURS[0], 50)
    assert near(colour(image, at(stage, 0.5, 0)), CLASS_COLOURS[1], 50)
    assert colour(image, at(stage, 0, 0.9)) == rgb(LIGHT.stage)


def test_the_selection_is_ringed_in_the_accent_colour(stage: Stage, picture: Picture) -> None:
    stage.set_dataset(dataset_of([[0, 0]], [1]))
    where = at(stage, 0, 0)
    before = picture(stage)
    stage.set_selection(np.array([0]))
    after = picture(stage)
    ring = [where + QPoint(dx, 0) for dx in (7, 8, 9)]
    assert all(colour(before, place) == rgb(LIGHT.stage) for place in ring)
    assert any(near(colour(after, place), rgb(LIGHT.accent), 40) for place in ring)


def test_the_legend_is_at_the_top_right_and_gives_way_to_a_pointer(stage: Stage, picture: Picture) -> None:
    stage.set_dataset(dataset_of([[0.93, 0.93]], [0], n_classes=2))
    hidden = colour(picture(stage), at(stage, 0.93, 0.93))
    stage.set_view(View(grid=False))
    assert sum(colour(picture(stage), at(stage, 0.93, 0.93))) > sum(hidden) + 100
    QTest.mouseMove(stage, at(stage, 0.9, 0.9))
    assert near(colour(picture(stage), at(stage, 0.93, 0.93)), hidden, 45)


def test_the_equation_is_written_at_the_top_left(stage: Stage, picture: Picture) -> None:
    box = QRectF(stage.frame.plot.left() + 12, stage.frame.plot.top() + 12, 120, 22).toRect()

    def ink(image: QImage) -> int:
        return sum(
            sum(colour(image, QPoint(x, y))) < 300
            for x in range(box.left(), box.right())
            for y in range(box.top(), box.bottom())
        )

    assert ink(picture(stage)) == 0
    stage.set_equation(Equation("h(x) = 2 x + 1", "h(x) = 2x + 1"))
    assert ink(picture(stage)) > 50
    stage.set_view(BARE.model_copy(update={"equation": False}))
    assert ink(picture(stage)) == 0


def test_a_message_is_written_in_the_middle_and_taken_away(stage: Stage, picture: Picture) -> None:
    empty = picture(stage)
    stage.set_message("Click to draw a point\nThe right button draws the next class.")
    written = picture(stage)
    assert written != empty
    stage.set_message("")
    assert picture(stage) == empty


def test_a_theme_changes_every_ground(stage: Stage, picture: Picture) -> None:
    stage.set_dataset(dataset_of([[0, 0]], [0]))
    stage.set_theme(DARK)
    image = picture(stage)
    assert colour(image, at(stage, 0.5, 0.5)) == rgb(DARK.stage)
    assert colour(image, QPoint(2, 2)) == rgb(DARK.window)
    assert near(colour(image, at(stage, 0, 0)), CLASS_COLOURS[0])


def test_the_corners_of_the_plot_are_round(stage: Stage, picture: Picture) -> None:
    rgba = np.full((2, 2, 4), (255, 0, 0, 255), np.uint8)
    stage.set_field(Field(rgba, UNIT, UNIT))
    image = picture(stage)
    corner = stage.frame.plot.topLeft().toPoint()
    assert colour(image, corner + QPoint(1, 1)) == rgb(LIGHT.window)
    assert colour(image, corner + QPoint(10, 10)) == (255, 0, 0)


def test_the_wheel_zooms_about_the_pointer_and_tells_the_range(stage: Stage) -> None:
    heard: list[tuple[object, object]] = []
    stage.range_changed.connect(lambda x, y: heard.append((x, y)))
    where = stage.frame.mapping.to_pixels(np.array([0.5, -0.5]))
    turn_wheel(stage, QPointF(*where), 120)
    assert stage.figure.x_range[1] - stage.figure.x_range[0] == pytest.approx(2 / 1.2)
    assert stage.frame.mapping.to_pixels(np.array([0.5, -0.5])) == pytest.approx(where, abs=1e-6)
    assert heard == [(stage.figure.x_range, stage.figure.y_range)]


def test_the_wheel_over_the_numbers_of_an_axis_zooms_that_axis(stage: Stage) -> None:
    turn_wheel(stage, QPointF(stage.frame.plot.center().x(), stage.frame.plot.bottom() + 6), 120)
    assert stage.figure.y_range == UNIT
    assert stage.figure.x_range[1] < 1


def turn_wheel(stage: Stage, where: QPointF, turn: int) -> None:
    event = QWheelEvent(
        where, stage.mapToGlobal(where), QPoint(), QPoint(0, turn), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(stage, event)


def test_setting_a_range_is_no_wish_but_another_size_is_told(stage: Stage) -> None:
    heard: list[object] = []
    stage.range_changed.connect(lambda x, y: heard.append((x, y)))
    stage.set_range((0.0, 2.0), (0.0, 3.0))
    assert heard == []
    stage.resize(700, 500)
    assert heard == [((0.0, 2.0), (0.0, 3.0))]


@pytest.mark.parametrize("bad", [(1.0, 1.0), (2.0, 1.0), (0.0, float("inf")), (float("nan"), 1.0)])
def test_a_range_that_is_none_is_an_error(stage: Stage, bad: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="smaller to a larger"):
        stage.set_range(bad, UNIT)


@pytest.mark.parametrize("max_cells", [100, 4096, 10_000_000])
def test_a_viewport_has_the_shape_of_the_plot_and_no_more_cells_than_asked(stage: Stage, max_cells: int) -> None:
    viewport = stage.viewport(max_cells)
    plot = stage.frame.plot
    assert viewport.width * viewport.height <= max_cells
    assert viewport.width <= plot.width()
    assert viewport.width / viewport.height == pytest.approx(plot.width() / plot.height(), rel=0.15)
    assert (viewport.x_range, viewport.y_range) == (UNIT, UNIT)


def test_the_accessible_name_says_what_is_on_the_stage(stage: Stage) -> None:
    assert stage.accessibleName() == "Stage: no points, 2 classes"
    stage.set_dataset(dataset_of([[0, 0], [0.5, 0.5]], [0, 1], n_classes=2))
    stage.set_overlays((Line(np.array([[0.0, 0.0], [1.0, 1.0]]), "boundary"),))
    stage.set_predictions(Prediction(np.zeros((2, 1)), None, np.array([1, 1])))
    stage.set_title("Run 2")
    assert stage.accessibleName() == "Run 2: 2 points, 2 classes, boundary shown, 1 misclassified"


def test_points_may_lie_anywhere_and_nothing_breaks(stage: Stage, picture: Picture) -> None:
    stage.set_dataset(dataset_of([[1e30, -1e30], [0, 0], [1e-30, 0]], [0, 1, 2]))
    stage.set_range(*fitted_range(stage.figure.dataset))
    assert picture(stage).size() == QSize(600, 440)
    stage.set_range((1e-9, 1.1e-9), UNIT)
    assert picture(stage).size() == QSize(600, 440)


def test_on_a_small_stage_the_legend_only_names_the_classes(stage: Stage) -> None:
    stage.set_view(View())
    stage.set_dataset(dataset_of([[0, 0], [0.5, 0.5]], [0, 1], n_classes=2, held_out=(1,)))
    legend = stage.figure.legend()
    assert legend is not None
    large = legend.size(stage.frame)
    stage.resize(300, 240)
    small = legend.size(stage.frame)
    assert small.width() < 0.5 * large.width()
    assert stage.frame.plot.contains(stage.figure.legend_card(stage.frame))


@pytest.mark.parametrize(
    ("crowd", "legend_is_right", "legend_is_high"),
    [((0.0, 0.0), True, True), ((0.9, 0.9), False, True)],
    ids=["in the middle", "under the legend"],
)
def test_cards_go_where_they_hide_the_fewest_points(
    stage: Stage, crowd: tuple[float, float], legend_is_right: bool, legend_is_high: bool
) -> None:
    X = np.array(crowd) + np.random.default_rng(0).uniform(-0.05, 0.05, (20, 2))
    stage.set_view(View())
    stage.set_dataset(dataset_of(X.tolist(), [0] * 20, n_classes=2))
    stage.set_equation(Equation("h(x) = 2 x + 1", "h(x) = 2x + 1"))
    frame, figure = stage.frame, stage.figure
    legend = figure.legend_card(frame)
    equation = figure.equation_card(frame, legend)
    middle = frame.plot.center()
    assert (legend.center().x() > middle.x(), legend.center().y() < middle.y()) == (legend_is_right, legend_is_high)
    assert not equation.isEmpty()
    assert not equation.intersects(legend)
    for card in (legend, equation):
        assert frame.plot.contains(card)
        assert not any(card.contains(*pixel) for pixel in frame.mapping.to_pixels(X))
