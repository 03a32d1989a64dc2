"""A figure of the stage is the stage, in an image, an SVG and a PDF: text is text, shapes are shapes."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pypdf
import pytest
from PySide6.QtCore import QBuffer, QMarginsF, QPoint, QRect, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QColor, QImage, QPageSize, QPainter, QPdfWriter
from PySide6.QtSvg import QSvgGenerator, QSvgRenderer
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.dataset import Dataset, Part, Points
from engine.experiment import View
from engine.learner import Prediction
from engine.overlays import Band, Equation, Line, Marks
from engine.palette import CLASS_COLOURS
from engine.snapshot import Field
from widgets.stage import Stage
from widgets.theme import LIGHT

WIDTH, HEIGHT = 600, 440
RED = (255, 0, 0)


@pytest.fixture
def stage(qtbot: QtBot) -> Stage:
    """A stage that was never shown, as an export makes one."""
    stage = Stage(LIGHT)
    qtbot.addWidget(stage)
    stage.resize(WIDTH, HEIGHT)
    stage.set_range((-1.0, 1.0), (-1.0, 1.0))
    X = np.array([[-0.5, 0.0], [0.0, 0.5], [0.5, -0.5]])
    parts = np.array([Part.TRAIN, Part.TRAIN, Part.TEST], np.int8)
    stage.set_dataset(Dataset(Points(X, np.array([0.0, 1.0, 0.0])), "classification", parts, ("Cats", "Dogs")))
    stage.set_predictions(Prediction(np.zeros((3, 1)), None, np.array([0, 1, 1])))
    rgba = np.full((4, 4, 4), (255, 255, 255, 255), np.uint8)
    rgba[:2, :, 1:3] = 0  # red below
    stage.set_field(Field(rgba, (-1.0, 1.0), (-1.0, 1.0)))
    # Wider than the view: what sticks out must not be seen in a reader that does not clip.
    stage.set_overlays((Line(np.array([[-4.0, 0.75], [4.0, 0.75]]), "boundary"),))
    stage.set_equation(Equation("0 = 4 x₂ − 3", "0 = 4 x_2 - 3"))
    return stage


def svg_of(stage: Stage) -> bytes:
    buffer = QBuffer()
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(QSize(WIDTH, HEIGHT))
    generator.setViewBox(QRect(0, 0, WIDTH, HEIGHT))
    painter = QPainter(generator)
    stage.render_figure(painter, QRectF(0, 0, WIDTH, HEIGHT))
    painter.end()
    return bytes(buffer.data().data())


def image_of(stage: Stage, scale: int) -> QImage:
    image = QImage(scale * WIDTH, scale * HEIGHT, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    stage.render_figure(painter, QRectF(image.rect()))
    painter.end()
    return image


def image_of_svg(svg: bytes, scale: int) -> QImage:
    image = QImage(scale * WIDTH, scale * HEIGHT, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.magenta)
    painter = QPainter(image)
    QSvgRenderer(svg).render(painter)
    painter.end()
    return image


def colour(stage: Stage, image: QImage, x: float, y: float) -> tuple[int, int, int]:
    scale = image.width() / WIDTH
    px, py = stage.frame.mapping.to_pixels(np.array([x, y])) * scale
    pixel = image.pixelColor(QPoint(round(px), round(py)))
    return pixel.red(), pixel.green(), pixel.blue()


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_an_image_of_any_size_shows_the_stage(stage: Stage, scale: int) -> None:
    check_picture(stage, image_of(stage, scale))


def test_an_svg_shows_the_stage(stage: Stage) -> None:
    check_picture(stage, image_of_svg(svg_of(stage), 2))


def check_picture(stage: Stage, image: QImage) -> None:
    assert np.abs(np.subtract(colour(stage, image, -0.5, 0.0), CLASS_COLOURS[0])).max() < 8
    assert np.abs(np.subtract(colour(stage, image, 0.0, 0.5), CLASS_COLOURS[1])).max() < 8
    # The × of a misclassified point has no colour, unlike the point.
    mark = colour(stage, image, 0.5, -0.5)
    assert max(mark) - min(mark) < 30
    assert np.abs(np.subtract(colour(stage, image, -0.3, -0.75), RED)).max() < 8
    assert min(colour(stage, image, -0.25, 0.25)) >= 252
    assert sum(colour(stage, image, -0.3, 0.75)) < 200  # the boundary
    assert colour(stage, image, 1.015, 0.75) == (255, 255, 255)  # and nothing of it beside the plot
    assert colour(stage, image, -1.05, 0.765) != RED


def test_in_an_svg_text_stays_text_and_shapes_stay_shapes(stage: Stage) -> None:
    svg = svg_of(stage).decode()
    texts = [text.strip() for text in re.findall(r"<text[^>]*>([^<]*)</text>", svg)]
    for text in ("Cats", "Dogs", "1 train · 1 test", "held-out", "misclassified", "0 = 4 x₂ − 3", "−0.5", "x₁"):
        assert text in texts
    assert svg.count("<image") == 1  # the field alone


def test_the_legend_says_what_the_model_draws(stage: Stage) -> None:
    at = np.array([[0.0, 0.5]])
    drawn = (
        Line(np.array([[-1.0, 0.0], [1.0, 0.0]]), "margin"),
        Line(np.array([[-1.0, 0.2], [1.0, 0.2]]), "margin"),
        Marks(at, "support"),
        Band(np.array([-1.0, 1.0]), np.array([-0.2, -0.2]), np.array([0.1, 0.1]), "95 % of new points"),
    )
    assert "support vectors" not in svg_of(stage).decode()
    stage.set_overlays(drawn)
    svg = svg_of(stage).decode()
    for text in ("margin", "support vectors", "95 % of new points"):
        assert len(re.findall(rf">\s*{text}\s*</text>", svg)) == 1
    stage.set_overlays(())
    assert "support vectors" not in svg_of(stage).decode()


def test_a_fitted_curve_lies_over_the_points(stage: Stage) -> None:
    stage.set_overlays((Line(np.array([[-1.0, 0.5], [1.0, 0.5]]), "curve"),))
    red, green, blue = colour(stage, image_of(stage, 2), 0.0, 0.5)
    accent = QColor(LIGHT.accent)
    assert max(abs(red - accent.red()), abs(green - accent.green()), abs(blue - accent.blue())) < 8


def test_a_pdf_has_fonts_and_the_field_as_its_only_picture(stage: Stage, tmp_path: Path) -> None:
    path = tmp_path / "figure.pdf"
    writer = QPdfWriter(str(path))
    writer.setPageSize(QPageSize(QSizeF(150, 110), QPageSize.Unit.Millimeter))
    writer.setPageMargins(QMarginsF(0, 0, 0, 0))
    painter = QPainter(writer)
    stage.render_figure(painter, QRectF(0, 0, writer.width(), writer.height()))
    painter.end()
    page = pypdf.PdfReader(path).pages[0]
    text = page.extract_text()
    for word in ("Cats", "Dogs", "held-out", "misclassi", "−0.5"):
        assert word in text
    assert len(page.images) == 1


def test_a_figure_has_nothing_of_the_hand(stage: Stage) -> None:
    before = image_of(stage, 1)
    stage.set_selection(np.array([0]))
    stage.set_message("Click to draw a point")
    stage.set_tool("erase")
    QTest.mouseMove(stage, QPoint(300, 200))
    QTest.keyClick(stage, Qt.Key.Key_Right)
    assert image_of(stage, 1) == before


def test_a_figure_fits_the_middle_of_another_shape_of_page(stage: Stage) -> None:
    image = QImage(WIDTH, 2 * HEIGHT, QImage.Format.Format_RGB32)
    image.fill(QColor(255, 0, 255))
    painter = QPainter(image)
    stage.render_figure(painter, QRectF(image.rect()))
    painter.end()
    middle = image.copy(0, HEIGHT // 2, WIDTH, HEIGHT)
    assert image.pixelColor(300, 20) == image.pixelColor(300, 2 * HEIGHT - 20) == QColor(255, 0, 255)
    assert np.abs(np.subtract(colour(stage, middle, -0.5, 0.0), CLASS_COLOURS[0])).max() < 8


def test_what_the_view_hides_is_not_in_the_figure(stage: Stage) -> None:
    stage.set_view(View(probability=False, legend=False, equation=False, held_out=False))
    svg = svg_of(stage).decode()
    assert "<image" not in svg
    assert "Cats" not in svg
    assert "4 x₂" not in svg
