"""The look: contrasts, icons, and a theme that changes everything at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QByteArray
from PySide6.QtGui import QColor, QImage
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QVBoxLayout, QWidget

from engine.dataset import MAX_CLASSES
from engine.palette import CLASS_COLOURS, CLASS_SHAPES, MOST_CLASSES
from widgets.class_chips import contrast, shape_path, text_on
from widgets.icons import icon, icon_names, icon_pixmap, sheet_image
from widgets.style import active_theme, apply_theme, blend, style_sheet
from widgets.theme import DARK, LIGHT, THEMES, Theme
from widgets.tools import TOOLS

PAIRS = (
    ("text", "window"), ("text", "raised"), ("text", "stage"), ("muted", "window"), ("muted", "stage"),
    ("on_accent", "accent"), ("accent", "accent_soft"), ("accent", "window"), ("text", "accent_soft"),
    ("danger", "danger_soft"), ("danger", "window"), ("on_tooltip", "tooltip"), ("train_curve", "stage"),
    ("validation_curve", "stage"), ("test_curve", "stage"),
)  # fmt: skip


@pytest.mark.parametrize(("text", "ground"), PAIRS)
@pytest.mark.parametrize("theme", THEMES.values(), ids=list(THEMES))
def test_text_is_read_on_its_ground(theme: Theme, text: str, ground: str) -> None:
    assert contrast(QColor(getattr(theme, text)), QColor(getattr(theme, ground))) >= 4.5


@pytest.mark.parametrize("colour", CLASS_COLOURS)
def test_a_class_name_is_read_on_its_colour(colour: tuple[int, int, int]) -> None:
    ground = QColor(*colour)
    assert contrast(text_on(ground), ground) >= 4.5


def test_contrast_agrees_with_the_standards_examples() -> None:
    assert contrast(QColor("#000000"), QColor("#ffffff")) == pytest.approx(21.0)
    assert contrast(QColor("#777777"), QColor("#ffffff")) == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("theme", THEMES.values(), ids=list(THEMES))
def test_the_style_sheet_is_filled_in(theme: Theme) -> None:
    sheet = style_sheet(theme)
    assert not re.search(r"%\(|%s", sheet)
    assert sheet.count("{") == sheet.count("}")
    for path in re.findall(r'url\("([^"]+)"\)', sheet):
        assert QImage(path).width() > 0


@pytest.mark.parametrize("name", icon_names())
def test_every_icon_is_drawn_in_the_colour_asked_for(qapp: QApplication, name: str) -> None:
    image = icon_pixmap(name, "#d55e00", 24, 2.0).toImage()
    assert image.width() == 48
    pixels = {QColor(image.pixelColor(x, y)).rgba() for x in range(48) for y in range(48)}
    solid = {QColor.fromRgba(rgba).name() for rgba in pixels if QColor.fromRgba(rgba).alpha() == 255}
    assert "#d55e00" in solid


@pytest.mark.parametrize("name", ["chevron-down", "chevron-up", "check-light", "check-dark"])
def test_the_images_of_the_style_sheet_are_drawings(name: str) -> None:
    assert QSvgRenderer(sheet_image(name)).isValid()


def test_there_is_an_icon_for_every_tool() -> None:
    assert {entry.icon for entry in TOOLS.values()} <= set(icon_names())


def test_an_icon_of_an_unknown_name_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        icon("no-such-icon", LIGHT)


def test_every_class_has_a_shape_of_its_own(qapp: QApplication) -> None:
    looks = list(zip(CLASS_COLOURS, CLASS_SHAPES, strict=True))
    assert len(set(looks)) == MOST_CLASSES
    assert len(set(CLASS_SHAPES[:MAX_CLASSES])) == MAX_CLASSES
    paths = [shape_path(shape, 10) for shape in CLASS_SHAPES[:MAX_CLASSES]]
    for number, path in enumerate(paths):
        assert 7 < path.boundingRect().width() < 13
        assert all(path != other for other in paths[:number])
    with pytest.raises(ValueError, match="blob"):
        shape_path("blob", 10)


def test_a_theme_changes_what_is_open(
    qapp: QApplication, show: Callable[..., Any], picture: Callable[[QWidget], QImage]
) -> None:
    window = QWidget()
    layout = QVBoxLayout(window)
    layout.addWidget(QLabel("Noise"))
    layout.addWidget(QPushButton("Open points…"))
    apply_theme(qapp, LIGHT)
    show(window, 200, 100)
    assert picture(window).pixelColor(2, 2) == QColor(LIGHT.window)
    apply_theme(qapp, DARK)
    assert active_theme() is DARK
    assert picture(window).pixelColor(2, 2) == QColor(DARK.window)
    apply_theme(qapp, LIGHT)


def test_blending_goes_from_one_colour_to_the_other() -> None:
    assert blend("#000000", "#ffffff", 0.0).name() == "#000000"
    assert blend("#000000", "#ffffff", 1.0).name() == "#ffffff"
    assert blend("#000000", "#ffffff", 0.5).name() in ("#7f7f7f", "#808080")


def test_the_icon_files_carry_no_colour_of_their_own() -> None:
    from importlib import resources

    for name in icon_names():
        text = (resources.files("assets") / "icons" / f"{name}.svg").read_text(encoding="utf-8")
        assert "currentColor" in text
        assert not re.search(r"#[0-9a-fA-F]{3,6}", text)
        assert QSvgRenderer(QByteArray(text.encode())).isValid()
