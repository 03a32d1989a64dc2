"""Figures are right when opened: sizes, places, ticks, text and colours."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image
from pypdf import PdfReader
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from engine.dataset import Dataset, Points
from engine.experiment import View
from engine.overlays import Equation, Line
from engine.palette import CLASS_COLOURS
from engine.snapshot import CurvePoint, Field
from playground.export import FigureContent, FigureError, figure_image, figure_size, write_figure
from widgets.style import apply_theme
from widgets.theme import DARK, LIGHT

SVG = "{http://www.w3.org/2000/svg}"
PLACES = np.array([[-0.5, -0.5], [0.5, 0.25], [0.0, 0.75], [0.75, -0.75]], np.float32)
pytestmark = pytest.mark.usefixtures("qapp")


def content(**changes: object) -> FigureContent:
    """Four points of the first class in [-1, 1] x [-1, 1], a boundary along the diagonal, and 200 epochs."""
    dataset = Dataset(Points(PLACES, np.zeros(4, np.float32)), "classification", np.zeros(4, np.int8), ("A", "B"))
    curves = [CurvePoint(k, (0.98**k, float("nan"), 1.2 * 0.98**k), (1 - 0.98**k, 0.5, 0.5)) for k in range(200)]
    values: dict[str, object] = {
        "dataset": dataset,
        "view": View(legend=False),
        "overlays": (Line(np.array([[-1.0, -1.0], [1.0, 1.0]]), "boundary"),),
        "equation": Equation("x₂ = x₁", "x_2 = x_1"),
        "x_range": (-1.0, 1.0),
        "y_range": (-1.0, 1.0),
        "curve_points": curves,
        "loss_name": "cross-entropy",
    }
    return FigureContent(**{**values, **changes})  # type: ignore[arg-type]


def shift_of(transform: str) -> np.ndarray:
    numbers = [float(number) for number in re.findall(r"-?[\d.]+(?:e-?\d+)?", transform)]
    return np.array([[numbers[0], numbers[2], numbers[4]], [numbers[1], numbers[3], numbers[5]], [0, 0, 1]])


def straight(known: np.ndarray, seen: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Where `asked` should be seen on an axis on which `known` is `seen`."""
    slope, start = np.polyfit(known.astype(float), seen.astype(float), 1)
    return np.asarray(slope * asked + start)


class Drawing:
    """An SVG as its reader sees it: texts, and the middles of filled shapes, with their groups' transforms applied."""

    def __init__(self, path: Path) -> None:
        self.root = ET.parse(path).getroot()
        self.texts: list[tuple[str, np.ndarray, float]] = []
        self.shapes: list[tuple[str, np.ndarray]] = []
        self._walk(self.root, np.eye(3), "none")

    def _walk(self, element: ET.Element, outer: np.ndarray, fill: str) -> None:
        fill = element.get("fill", fill)
        matrix = outer @ shift_of(element.get("transform", "matrix(1,0,0,1,0,0)"))
        if element.tag == f"{SVG}text":
            size = float(element.get("font-size", "0"))
            place = matrix @ [float(element.get("x", "0")), float(element.get("y", "0")), 1]
            self.texts.append(("".join(element.itertext()).strip(), place[:2], size * matrix[0, 0]))
        if element.tag == f"{SVG}path":
            corners = np.array(re.findall(r"(-?[\d.]+),(-?[\d.]+)", element.get("d", "")), float)
            middle = (corners.min(axis=0) + corners.max(axis=0)) / 2
            self.shapes.append((fill, (matrix @ [*middle, 1])[:2]))
        for child in element:
            self._walk(child, matrix, fill)

    def words(self) -> set[str]:
        return {text for text, _, _ in self.texts}

    def middle_of(self, text: str, size: float, place: np.ndarray) -> np.ndarray:
        font = QFont()
        font.setPixelSize(round(size))
        metrics = QFontMetricsF(font)
        return place + np.array([metrics.horizontalAdvance(text) / 2, -(metrics.ascent() - metrics.descent()) / 2])


# -- pixels ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("what", "width", "height"), [("stage", 960, 720), ("curves", 960, 320), ("both", 960, 1040)])
@pytest.mark.parametrize("scale", [1, 2, 3, 4])
def test_a_png_has_so_many_pixels_and_the_same_size_on_paper(
    tmp_path: Path, what: str, width: int, height: int, scale: int
) -> None:
    write_figure(tmp_path / "figure.png", content(), what=what, scale=scale)
    with Image.open(tmp_path / "figure.png") as image:
        assert image.size == (width * scale, height * scale)
        assert image.info["dpi"] == pytest.approx((96 * scale, 96 * scale), rel=1e-3)


@pytest.mark.parametrize("scale", [1, 3])
def test_points_and_boundary_are_where_the_axes_say(scale: int) -> None:
    image = figure_image(content(view=View(legend=False, grid=False, equation=False)), scale=scale)
    colour = QColor(*CLASS_COLOURS[0])
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)[:, :, 2::-1]
    wanted = [colour.red(), colour.green(), colour.blue()]
    near = np.abs(pixels.astype(int) - wanted).max(axis=2) < 12
    y, x = np.nonzero(near)
    spots = np.stack([x, y], axis=1).astype(float) / scale
    # Four separate discs; each pixel belongs to the disc it is within 14 units of.
    centres = []
    while len(spots):
        close = np.hypot(*(spots - spots[0]).T) < 14
        centres.append(spots[close].mean(axis=0))
        spots = spots[~close]
    assert len(centres) == 4
    found = np.array(sorted(map(tuple, centres)))
    known = np.array(sorted(map(tuple, PLACES.tolist())))
    for axis in (0, 1):
        assert np.abs(straight(known[:, axis], found[:, axis], known[:, axis]) - found[:, axis]).max() < 0.6
    # The boundary runs through (-0.75, -0.75), which is left of the middle and below it.
    place = [float(straight(known[:, axis], found[:, axis], np.array([-0.75]))[0]) for axis in (0, 1)]
    assert place[0] < 300
    assert place[1] > 500
    column, row = round(place[0] * scale), round(place[1] * scale)
    assert pixels[row - 1 : row + 2, column - 1 : column + 2].mean(axis=2).min() < 80


def test_the_field_is_behind_the_points() -> None:
    rgba = np.zeros((2, 2, 4), np.uint8)
    rgba[:] = (200, 40, 40, 255)
    field = Field(rgba, (-1.0, 1.0), (-1.0, 1.0))
    with_field, without = figure_image(content(field=field), scale=1), figure_image(content(), scale=1)
    assert with_field.pixelColor(700, 500).red() > with_field.pixelColor(700, 500).blue() + 60
    assert without.pixelColor(700, 500) == QColor(LIGHT.stage)


def test_a_figure_is_light_whatever_the_window_is(qapp: QApplication) -> None:
    apply_theme(qapp, LIGHT)
    before = figure_image(content(), "both", 1)
    apply_theme(qapp, DARK)
    after = figure_image(content(), "both", 1)
    assert before == after
    assert before.pixelColor(1, 1) == QColor(LIGHT.window)


def test_a_dark_figure_is_dark_when_asked_for() -> None:
    image = figure_image(content(), "both", 1, DARK)
    assert image.pixelColor(1, 1) == QColor(DARK.window)
    assert image.pixelColor(1, 1038) == QColor(DARK.window)


def test_the_same_content_gives_the_same_pixels() -> None:
    assert figure_image(content(), "both", 2) == figure_image(content(), "both", 2)


def test_a_figure_without_model_points_and_curves_is_drawn() -> None:
    nothing = Dataset(Points.empty(2), "classification", np.empty(0, np.int8), ("A", "B"))
    image = figure_image(FigureContent(nothing, View()), "both", 1)
    assert image.size() == QSize(960, 1040)


# -- vectors ---------------------------------------------------------------------------------------------------------


def test_an_svg_has_its_points_at_their_ticks_and_its_text_as_text(tmp_path: Path) -> None:
    write_figure(tmp_path / "figure.svg", content())
    drawing = Drawing(tmp_path / "figure.svg")
    assert {"−0.5", "0.0", "0.5", "x₁", "x₂", "x₂ = x₁"} <= drawing.words()
    middles = [
        (float(text.replace("−", "-")), drawing.middle_of(text, size, place))
        for text, place, size in drawing.texts
        if re.fullmatch(r"−?\d\.\d", text)
    ]
    bottom = max(middle[1] for _, middle in middles)
    along_x = np.array([(value, middle[0]) for value, middle in middles if middle[1] > bottom - 2])
    along_y = np.array([(value, middle[1]) for value, middle in middles if middle[1] <= bottom - 2])
    assert len(along_x) >= 3
    assert len(along_y) >= 3
    expected = np.stack(
        [straight(ticks[:, 0], ticks[:, 1], PLACES[:, k]) for k, ticks in enumerate((along_x, along_y))], axis=1
    )
    discs = np.array([middle for fill, middle in drawing.shapes if fill == QColor(*CLASS_COLOURS[0]).name()])
    assert len(discs) == len(PLACES)
    for place in expected:
        assert np.hypot(*(discs - place).T).min() < 1.5, place


def test_an_svg_is_as_large_as_the_png_and_names_a_font_that_others_know(tmp_path: Path) -> None:
    write_figure(tmp_path / "figure.svg", content(), what="both")
    root = ET.parse(tmp_path / "figure.svg").getroot()
    assert root.get("viewBox") == "0 0 960 1040"
    assert root.get("width") == "254mm"
    families = {element.get("font-family", "") for element in root.iter() if element.get("font-family")}
    assert families
    assert all(family.endswith("serif") for family in families)
    assert "Sans Serif" not in {family.split(",")[0] for family in families}


def test_an_svg_of_the_curves_has_their_names_ticks_and_dashes(tmp_path: Path) -> None:
    write_figure(tmp_path / "figure.svg", content(), what="curves")
    assert {"train", "test", "epoch", "loss (cross-entropy)", "0.1", "100"} <= Drawing(tmp_path / "figure.svg").words()
    source = (tmp_path / "figure.svg").read_text("utf-8")
    assert "validation" not in source
    assert f'stroke="{LIGHT.train_curve}"' in source
    assert re.search(rf'stroke="{LIGHT.test_curve}"[^>]*stroke-dasharray="[\d.]+', source)


def test_an_svg_looks_like_the_png(tmp_path: Path) -> None:
    write_figure(tmp_path / "figure.svg", content(view=View(legend=False, equation=False)), what="both")
    drawn = QImage(960, 1040, QImage.Format.Format_RGB32)
    drawn.fill(QColor("white"))
    painter = QPainter(drawn)
    QSvgRenderer(str(tmp_path / "figure.svg")).render(painter)
    painter.end()
    painted = figure_image(content(view=View(legend=False, equation=False)), "both", 1)
    difference = np.abs(_grey(drawn) - _grey(painted))
    # Smoothing differs along edges; a curve or a letter out of place would show in far more pixels.
    assert (difference > 100).mean() < 0.002


def _grey(image: QImage) -> np.ndarray:
    grey = image.convertToFormat(QImage.Format.Format_Grayscale8)
    rows = np.frombuffer(grey.constBits(), np.uint8).reshape(grey.height(), grey.bytesPerLine())
    return rows[:, : grey.width()].astype(int)


def test_a_pdf_has_its_size_its_text_and_its_fonts(tmp_path: Path) -> None:
    write_figure(tmp_path / "figure.pdf", content(), what="both")
    reader = PdfReader(io.BytesIO((tmp_path / "figure.pdf").read_bytes()))
    assert len(reader.pages) == 1
    page = reader.pages[0]
    assert float(page.mediabox.width) == pytest.approx(720, abs=1)
    assert float(page.mediabox.height) == pytest.approx(780, abs=1)
    words = " ".join(page.extract_text().split())
    for word in ("−0.5", "0.5", "train", "test", "epoch", "loss (cross-entropy)", "100"):
        assert word in words, word
    fonts = cast("Any", page["/Resources"]).get_object()["/Font"]
    assert fonts
    for font in fonts.values():
        descriptor = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"]
        assert any(key.startswith("/FontFile") for key in descriptor), "the font is in the file"


def test_a_pdf_is_drawn_with_lines_and_not_with_pixels(tmp_path: Path) -> None:
    write_figure(tmp_path / "figure.pdf", content(), what="both")
    page = PdfReader(tmp_path / "figure.pdf").pages[0]
    assert not page.images
    contents = page.get_contents()
    assert contents is not None
    assert contents.get_data().count(b" l\n") > 100


# -- what can go wrong -----------------------------------------------------------------------------------------------


def test_an_unknown_format_figure_or_scale_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(FigureError, match=r"not 'figure\.gif'"):
        write_figure(tmp_path / "figure.gif", content())
    with pytest.raises(FigureError, match="not 'network'"):
        figure_size("network")
    with pytest.raises(FigureError, match="1 to 4, not 9"):
        figure_image(content(), scale=9)
    assert list(tmp_path.iterdir()) == []


def test_a_figure_replaces_an_older_one(tmp_path: Path) -> None:
    path = tmp_path / "figure.PNG"
    path.write_bytes(b"an older figure")
    write_figure(path, content(), scale=1)
    with Image.open(path) as image:
        assert image.size == (960, 720)
    assert [found.name for found in tmp_path.iterdir()] == ["figure.PNG"]


def test_a_folder_that_is_not_there_is_said_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="missing"):
        write_figure(tmp_path / "missing" / "figure.svg", content())
