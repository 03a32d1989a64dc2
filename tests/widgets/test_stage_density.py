"""The picture of very many points: counted right, fixed to the plane, and telling of the few among the many."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPoint, QRectF, QSize
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgGenerator, QSvgRenderer
from PySide6.QtWidgets import QWidget

from engine.dataset import Dataset, Part, Points
from engine.experiment import View
from engine.overlays import Line
from engine.palette import CLASS_COLOURS
from tests.widgets.test_stage import at, colour, near, rgb
from widgets.stage import Stage
from widgets.stage_density import CELL, ClassDensity, Density, Grid, density_of_values
from widgets.stage_geometry import Mapping
from widgets.stage_points import SPRITE_LIMIT
from widgets.theme import DARK, LIGHT

MAPPING = Mapping((-1.0, 1.0), (-1.0, 1.0), 40.0, 10.0, 500.0, 301.0)
BLUE, RED = (0.0, 0.0, 255.0), (255.0, 0.0, 0.0)
MANY = SPRITE_LIMIT + 5000
BARE = View(grid=False, legend=False)


def columns(xy: list[tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:
    array = np.array(xy, np.float32).reshape(-1, 2)
    return np.ascontiguousarray(array[:, 0]), np.ascontiguousarray(array[:, 1])


def rgba(density: Density, mapping: Mapping, x: float, y: float) -> tuple[int, ...]:
    """The cell of the picture in which a place of the plane is, not premultiplied."""
    px, py = mapping.to_pixels(np.array([x, y]))
    pixel = density.image.pixelColor(int((px - density.corner.x()) // CELL), int((py - density.corner.y()) // CELL))
    return pixel.red(), pixel.green(), pixel.blue(), pixel.alpha()


coordinates = st.floats(-3, 3, width=32)
spans = st.tuples(st.floats(-2, 2), st.floats(0.01, 4)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@given(st.lists(st.tuples(coordinates, coordinates), max_size=50), spans, spans)
def test_every_point_in_the_plot_is_counted_where_it_is(
    xy: list[tuple[float, float]], x_range: tuple[float, float], y_range: tuple[float, float]
) -> None:
    mapping = Mapping(x_range, y_range, 40.0, 10.0, 120.0, 81.0)
    grid = Grid.over(mapping)
    assert grid.left <= mapping.left < grid.left + CELL
    assert grid.left + CELL * grid.columns >= mapping.left + mapping.width
    assert grid.top + CELL * grid.rows >= mapping.top + mapping.height
    found = grid.cells(mapping, columns(xy))
    pixels = mapping.to_pixels(np.array(xy, np.float32).reshape(-1, 2))
    for cell, (px, py) in zip(found.tolist(), pixels.tolist(), strict=True):
        column, row = (px - grid.left) / CELL, (py - grid.top) / CELL
        if cell == grid.columns * grid.rows:
            assert not (0.01 < column < grid.columns - 0.01 and 0.01 < row < grid.rows - 0.01)
        else:  # to a rounding at the edge of a cell
            assert -0.01 < column - cell % grid.columns < 1.01
            assert -0.01 < row - cell // grid.columns < 1.01


@given(st.integers(-40, 40), st.integers(-40, 40))
def test_cells_move_with_the_plane(dx: int, dy: int) -> None:
    """So that a pan does not make the picture shimmer."""
    rng = np.random.default_rng(0)
    points = columns(rng.uniform(-0.5, 0.5, (300, 2)).tolist())
    shift = np.array([dx, dy]) / MAPPING.scale
    panned = Mapping(
        (-1.0 - shift[0], 1.0 - shift[0]), (-1.0 - shift[1], 1.0 - shift[1]),
        MAPPING.left, MAPPING.top, MAPPING.width, MAPPING.height,
    )  # fmt: skip
    kinds = np.zeros(300, np.uint8)
    before, after = (ClassDensity(mapping, points, kinds, np.array([BLUE])).density() for mapping in (MAPPING, panned))
    moved = np.array([after.corner.x() - before.corner.x() - dx, after.corner.y() - before.corner.y() - dy]) / CELL
    assert moved == pytest.approx(np.rint(moved), abs=1e-6)


def test_the_denser_the_fuller_and_one_point_alone_is_seen() -> None:
    heap = [(-0.5, 0.0)] * 1000 + [(0.0, 0.0)] * 30 + [(0.5, 0.0)]
    density = ClassDensity(MAPPING, columns(heap), np.zeros(len(heap), np.uint8), np.array([BLUE])).density()
    alphas = [rgba(density, MAPPING, x, 0.0)[3] for x in (-0.5, 0.0, 0.5)]
    assert alphas[0] > alphas[1] > alphas[2] >= 127
    assert rgba(density, MAPPING, 0.25, 0.5)[3] == 0
    assert max(alphas) < 255  # what lies beneath shines through


def test_colours_mix_by_share_and_the_few_are_not_lost() -> None:
    xy = [(0.0, 0.0)] * 100 + [(0.5, 0.5)] * 100
    kinds = np.array([0] * 50 + [1] * 50 + [0] * 90 + [1] * 10, np.uint8)
    density = ClassDensity(MAPPING, columns(xy), kinds, np.array([BLUE, RED])).density()
    even, uneven = rgba(density, MAPPING, 0.0, 0.0), rgba(density, MAPPING, 0.5, 0.5)
    assert abs(even[0] - even[2]) <= 2
    assert uneven[2] > uneven[0] > 255 / 10


def test_targets_are_averaged() -> None:
    xy = [(0.0, 0.0)] * 2 + [(0.5, 0.5)]
    levels = np.array([0.0, 1.0, 1.0], np.float32)
    density = density_of_values(MAPPING, columns(xy), levels, np.array([BLUE, (0, 255, 0), RED]))
    assert rgba(density, MAPPING, 0.0, 0.0)[1] > 250
    assert rgba(density, MAPPING, 0.5, 0.5)[0] > 250


def test_points_that_come_and_go_change_the_picture_as_if_it_were_made_anew() -> None:
    rng = np.random.default_rng(3)
    xy, kinds = rng.uniform(-0.9, 0.9, (4000, 2)), rng.integers(0, 2, 4000).astype(np.uint8)
    more, more_kinds = np.array([[0.95, 0.95], [0.0, 0.0], [7.0, 7.0]]), np.array([1, 0, 1], np.uint8)
    colours = np.array([BLUE, RED])
    changed = ClassDensity(MAPPING, columns(xy.tolist()), kinds, colours)
    changed.change(columns(xy[:40].tolist()), kinds[:40], columns(more.tolist()), more_kinds)
    anew = ClassDensity(
        MAPPING, columns(np.vstack([xy[40:], more]).tolist()), np.append(kinds[40:], more_kinds), colours
    )
    assert changed.density().image == anew.density().image
    assert rgba(changed.density(), MAPPING, 0.95, 0.95)[0] > 200


def test_nothing_in_view_paints_nothing() -> None:
    density = ClassDensity(MAPPING, columns([(9.0, 9.0)]), np.zeros(1, np.uint8), np.array([BLUE])).density()
    image = density.image
    assert all(image.pixelColor(x, y).alpha() == 0 for x in range(image.width()) for y in range(image.height()))


# -- on the stage ------------------------------------------------------------------------------------------------------


def crowd(parts: np.ndarray | None = None) -> Dataset:
    """Class A on the left, B on the right; between them nothing."""
    rng = np.random.default_rng(0)
    y = np.arange(MANY) % 2
    X = rng.normal(0, 0.08, (MANY, 2)) + np.where(y[:, None] == 1, (0.5, 0), (-0.5, 0))
    parts = np.zeros(MANY, np.int8) if parts is None else parts
    return Dataset(Points(X, y.astype(np.float64)), "classification", parts, ("A", "B"))


@pytest.fixture
def stage(show: Callable[[QWidget, int, int], QWidget]) -> Stage:
    stage = Stage()
    show(stage, 600, 440)
    stage.set_range((-1.0, 1.0), (-1.0, 1.0))
    stage.set_view(BARE)
    stage.set_dataset(crowd())
    return stage


def test_in_the_dark_as_in_the_light(stage: Stage, picture: Callable[[QWidget], QImage]) -> None:
    stage.set_theme(DARK)
    image = picture(stage)
    assert near(colour(image, at(stage, 0.5, 0)), CLASS_COLOURS[1], 50)
    assert colour(image, at(stage, 0, 0.9)) == rgb(DARK.stage)


def test_the_boundary_is_above_the_density(stage: Stage, picture: Callable[[QWidget], QImage]) -> None:
    stage.set_overlays((Line(np.array([[-0.5, -1.0], [-0.5, 1.0]]), "boundary"),))
    assert near(colour(picture(stage), at(stage, -0.5, 0)), rgb(LIGHT.boundary), 60)


def test_zoomed_in_there_are_points_again(stage: Stage, picture: Callable[[QWidget], QImage]) -> None:
    stage.set_range((-0.52, -0.48), (-0.02, 0.02))
    rows = stage.figure.points.in_view(stage.frame.mapping)
    assert rows is not None
    X = stage.figure.dataset.X
    inside = (X[:, 0] >= -0.52) & (X[:, 0] <= -0.48) & (np.abs(X[:, 1]) <= 0.02)
    assert len(rows) == pytest.approx(int(inside.sum()), abs=1)
    alone = rows[0]
    image = picture(stage)
    assert near(colour(image, at(stage, *X[alone].tolist())), CLASS_COLOURS[int(stage.figure.dataset.y[alone])], 60)


def test_a_few_selected_points_are_ringed_and_many_are_coloured(
    stage: Stage, picture: Callable[[QWidget], QImage]
) -> None:
    lone = int(np.argmax(stage.figure.dataset.X[:, 1]))
    place = at(stage, *stage.figure.dataset.X[lone].tolist())
    before = picture(stage)
    stage.set_selection(np.array([lone]))
    ringed = picture(stage)
    around = [QPoint(place.x() + step, place.y()) for step in range(3, 9)]
    assert sum(colour(ringed, each) != colour(before, each) for each in around) > 1
    stage.set_selection(np.flatnonzero(stage.figure.dataset.y == 1))
    assert near(colour(picture(stage), at(stage, 0.5, 0)), rgb(LIGHT.accent), 60)
    assert near(colour(picture(stage), at(stage, -0.5, 0)), CLASS_COLOURS[0], 50)


def test_held_out_points_can_be_hidden(stage: Stage, picture: Callable[[QWidget], QImage]) -> None:
    parts = np.where(np.arange(MANY) % 2, Part.TEST, Part.TRAIN).astype(np.int8)
    extra = np.full(MANY, Part.TRAIN, np.int8)
    stage.set_dataset(crowd(parts))
    assert near(colour(picture(stage), at(stage, 0.5, 0)), CLASS_COLOURS[1], 50)
    stage.set_view(BARE.model_copy(update={"held_out": False}))
    assert colour(picture(stage), at(stage, 0.5, 0)) == rgb(LIGHT.stage)
    stage.set_dataset(crowd(extra))
    assert near(colour(picture(stage), at(stage, 0.5, 0)), CLASS_COLOURS[1], 50)


def test_what_is_near_the_pointer_is_found_among_many(stage: Stage) -> None:
    points, mapping = stage.figure.points, stage.frame.mapping
    pixels = mapping.to_pixels(stage.figure.dataset.X)
    pixel = mapping.to_pixels(np.array([0.41, 0.03]))
    distance = np.hypot(*(pixels - pixel).T)
    assert points.nearest(mapping, pixel, 12.0) == int(np.argmin(distance))
    assert points.nearest(mapping, mapping.to_pixels(np.array([0.0, 0.9])), 12.0) is None
    assert points.near(mapping, pixel[None], 20.0).tolist() == np.flatnonzero(distance <= 20).tolist()
    low, high = pixel - 30, pixel + 30
    box = np.array([low, [high[0], low[1]], high, [low[0], high[1]]])
    assert points.within(mapping, box).tolist() == np.flatnonzero((np.abs(pixels - pixel) < 30).all(axis=1)).tolist()


def test_a_stroke_is_seen_at_once_in_a_crowd(stage: Stage, picture: Callable[[QWidget], QImage]) -> None:
    picture(stage)
    steps = np.linspace(-0.012, 0.012, 6)
    square = np.array([(x, y) for x in steps for y in steps] * 10)
    rows = np.arange(MANY, MANY + len(square))
    added = stage.figure.dataset.points.adding(square + np.array((0.0, 0.6)), np.ones(len(square)))
    stage.set_dataset(Dataset(added, "classification", np.zeros(len(added), np.int8), ("A", "B")))
    assert near(colour(picture(stage), at(stage, 0.0, 0.6)), CLASS_COLOURS[1], 70)
    relabelled = added.relabelling(rows, 0)
    stage.set_dataset(Dataset(relabelled, "classification", np.zeros(len(added), np.int8), ("A", "B")))
    assert near(colour(picture(stage), at(stage, 0.0, 0.6)), CLASS_COLOURS[0], 70)
    moved = relabelled.moving(rows, square + np.array((0.0, -0.6)))
    stage.set_dataset(Dataset(moved, "classification", np.zeros(len(added), np.int8), ("A", "B")))
    image = picture(stage)
    assert colour(image, at(stage, 0.0, 0.6)) == rgb(LIGHT.stage)
    assert near(colour(image, at(stage, 0.0, -0.6)), CLASS_COLOURS[0], 70)
    gone = moved.erasing(rows)
    stage.set_dataset(Dataset(gone, "classification", np.zeros(MANY, np.int8), ("A", "B")))
    assert colour(picture(stage), at(stage, 0.0, -0.6)) == rgb(LIGHT.stage)


def test_figures_carry_the_density(stage: Stage) -> None:
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    svg = QSvgGenerator()
    svg.setOutputDevice(buffer)
    svg.setSize(QSize(600, 440))
    svg.setViewBox(QRectF(0, 0, 600, 440))
    painter = QPainter(svg)
    stage.render_figure(painter, QRectF(0, 0, 600, 440))
    painter.end()
    image = QImage(600, 440, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    QSvgRenderer(content).render(painter)
    painter.end()
    assert near(colour(image, at(stage, -0.5, 0)), CLASS_COLOURS[0], 60)
    assert near(colour(image, at(stage, 0.5, 0)), CLASS_COLOURS[1], 60)
    assert len(content.data()) < 2_000_000  # one picture, not 25,000 shapes
