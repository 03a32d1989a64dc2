"""Figures for slides and hand-ins: stage, curves, or a view of the evaluation, as PNG, SVG, PDF and as pixels."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from xml.sax.saxutils import escape

import shiboken6
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QRectF, QSize, QSizeF
from PySide6.QtGui import QColor, QFont, QFontInfo, QImage, QImageWriter, QPageSize, QPainter, QPdfWriter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QWidget

from engine.dataset import PART_NAMES, Dataset
from engine.experiment import View
from engine.files import write_atomically
from engine.learner import Prediction
from engine.overlays import Equation, Overlay
from engine.snapshot import CurvePoint, Field
from playground.pane_contents import PANES, PaneFacts, fill_pane, make_pane, why_no_figure
from widgets.curve_chart import ScoreName
from widgets.curves import Curves
from widgets.stage import Stage, fitted_range
from widgets.theme import LIGHT, Theme

STAGE_SIZE = (960, 720)
CURVES_SIZE = (960, 320)
VIEW_SIZE = (960, 480)
"""Device-independent pixels. A figure has its own size, whatever the window's is."""
FIGURES = {
    "stage": (STAGE_SIZE,),
    "curves": (CURVES_SIZE,),
    "both": (STAGE_SIZE, CURVES_SIZE),
    "view": (VIEW_SIZE,),
    **dict.fromkeys(PANES, (VIEW_SIZE,)),
}
"""What a figure can show, and the sizes of what stands in it one below the other."""
SUFFIXES = (".png", ".svg", ".pdf")
MAX_SCALE = 4

_DPI = 96
"""Device-independent pixels an inch. With another resolution than the layout's, Qt misplaces text in vector files."""
_INCH = 0.0254
_PLAIN_FAMILY = re.compile(rb'font-family="([^",]*)"')
"""Of the fonts in an SVG, those without a list of others to fall back on."""

W = TypeVar("W", bound=QWidget)
Range = tuple[float, float]


class FigureError(ValueError):
    """A figure was asked for that there is not; the sentence says which there are."""


@dataclass(frozen=True, eq=False)
class FigureContent:
    """Everything that a figure shows, detached from the window and the run.

    Parameters
    ----------
    dataset : the points.
    view : which layers are shown, and whether the curves' axes are logarithmic.
    field, overlays, predictions, equation : what the model says; None and empty without a model.
    caption : which plane of many inputs it is.
    x_range, y_range : the part of the plane; None fits the points.
    curve_points : the learning curves, oldest first.
    loss_name, score_name, epoch_name, part_names : what the curves and their axes are called.
    panes : what stands in the panes beside the stage; None where there are none.
    paint_view : paints the view of the evaluation that is a figure of its own; None where there is none.
    """

    dataset: Dataset
    view: View
    field: Field | None = None
    overlays: tuple[Overlay, ...] = ()
    caption: str = ""
    predictions: Prediction | None = None
    equation: Equation | None = None
    x_range: tuple[float, float] | None = None
    y_range: tuple[float, float] | None = None
    curve_points: Sequence[CurvePoint] = ()
    loss_name: str = ""
    score_name: ScoreName = "accuracy"
    epoch_name: str = "epoch"
    part_names: tuple[str, ...] = PART_NAMES
    paint_view: Callable[[QPainter, QRectF, Theme], None] | None = None
    panes: PaneFacts | None = None


def write_figure(path: Path, content: FigureContent, what: str = "stage", scale: int = 2, theme: Theme = LIGHT) -> None:
    """Write a figure; an older file of the name is replaced only when the new one is complete.

    Parameters
    ----------
    path : its suffix says the format: .png, .svg or .pdf.
    what : "stage", "curves", "both", the stage above the curves, or "view" for that of the evaluation.
    scale : pixels of a PNG per device-independent pixel, 1 to 4; its size in inches stays the same.
    theme : light unless told otherwise, whatever the window has.

    Raises
    ------
    FigureError : for another suffix, figure or scale, and for a pane that has nothing to show.
    OSError : when the file cannot be written.
    """
    check_path(path)
    why_not = why_no_figure(what, content.panes) if content.panes is not None else ""
    if why_not:
        raise FigureError(why_not)
    writers: dict[str, Callable[[], bytes]] = {
        ".png": lambda: _png(figure_image(content, what, scale, theme)),
        ".svg": lambda: _svg(content, what, theme, path.stem),
        ".pdf": lambda: _pdf(content, what, theme, path.stem),
    }
    write_atomically(path, writers[path.suffix.lower()]())


def check_path(path: Path) -> None:
    """Refuse a suffix that no figure has, before any work is done.

    Raises
    ------
    FigureError
    """
    if path.suffix.lower() not in SUFFIXES:
        raise FigureError(f"a figure is a .png, .svg or .pdf file, not '{path.name}'")


def figure_image(content: FigureContent, what: str = "stage", scale: int = 2, theme: Theme = LIGHT) -> QImage:
    """A figure as pixels, for a PNG or the clipboard (parameters as in `write_figure`)."""
    if not 1 <= scale <= MAX_SCALE:
        raise FigureError(f"the scale of a figure is 1 to {MAX_SCALE}, not {scale}")
    size = figure_size(what)
    image = QImage(size * scale, QImage.Format.Format_RGB32)
    image.setDotsPerMeterX(round(_DPI * scale / _INCH))
    image.setDotsPerMeterY(round(_DPI * scale / _INCH))
    painter = QPainter(image)
    painter.scale(scale, scale)
    _paint(painter, content, what, theme)
    painter.end()
    return image


def with_equal_units(dataset: Dataset, x_range: Range, y_range: Range) -> tuple[Range, Range]:
    """The smallest ranges around both in which a unit is equally long along both axes of a figure's stage."""
    with _deleted(Stage()) as stage:
        stage.resize(*STAGE_SIZE)
        stage.set_dataset(dataset)
        return stage.set_range_with_equal_units(x_range, y_range)


def figure_size(what: str) -> QSize:
    """The size of a figure in device-independent pixels."""
    if what not in FIGURES:
        raise FigureError(f"a figure shows {', '.join(FIGURES)}, not '{what}'")
    sizes = FIGURES[what]
    return QSize(max(width for width, _ in sizes), sum(height for _, height in sizes))


def _png(image: QImage) -> bytes:
    data = QByteArray()
    with _buffer(data) as buffer:
        QImageWriter(buffer, b"png").write(image)
    return bytes(data.data())


def _svg(content: FigureContent, what: str, theme: Theme, title: str) -> bytes:
    data = QByteArray()
    with _buffer(data) as buffer:
        generator = QSvgGenerator()
        generator.setOutputDevice(buffer)
        generator.setResolution(_DPI)
        generator.setSize(figure_size(what))
        generator.setViewBox(QRectF(0, 0, figure_size(what).width(), figure_size(what).height()))
        generator.setTitle(title)
        generator.setDescription("Made with Playground")
        painter = QPainter(generator)
        _paint(painter, content, what, theme)
        painter.end()
    return _PLAIN_FAMILY.sub(_with_fallback, data.data())


def _with_fallback(family: re.Match[bytes]) -> bytes:
    """Qt names the font that was asked for, "Sans Serif", which no other reader knows: name the one that was used."""
    used = QFontInfo(QFont(family[1].decode())).family()
    return f'font-family="{escape(used)},sans-serif"'.encode()


def _pdf(content: FigureContent, what: str, theme: Theme, title: str) -> bytes:
    data = QByteArray()
    with _buffer(data) as buffer:
        writer = QPdfWriter(buffer)
        writer.setResolution(_DPI)
        points = QSizeF(figure_size(what)) * (72 / _DPI)
        writer.setPageSize(QPageSize(points, QPageSize.Unit.Point, "figure", QPageSize.SizeMatchPolicy.ExactMatch))
        writer.setPageMargins(QMarginsF(0, 0, 0, 0))
        writer.setTitle(title)
        writer.setCreator("Playground")
        painter = QPainter(writer)
        _paint(painter, content, what, theme)
        painter.end()
    return bytes(data.data())


@contextmanager
def _buffer(data: QByteArray) -> Iterator[QBuffer]:
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    yield buffer
    buffer.close()


def _paint(painter: QPainter, content: FigureContent, what: str, theme: Theme) -> None:
    size = figure_size(what)
    painter.fillRect(QRectF(0, 0, size.width(), size.height()), QColor(theme.window))
    top = 0.0
    if what in ("stage", "both"):
        with _deleted(_stage(content, theme)) as stage:
            stage.render_figure(painter, QRectF(0, top, *STAGE_SIZE))
        top += STAGE_SIZE[1]
    if what in ("curves", "both"):
        with _deleted(_curves(content, theme)) as curves:
            curves.render_figure(painter, QRectF(0, top, *CURVES_SIZE))
    if what in PANES:
        if content.panes is None:
            raise FigureError(f"there is nothing to draw as {PANES[what].lower()}")
        with _deleted(make_pane(what, theme)) as pane:
            pane.body.resize(*VIEW_SIZE)
            fill_pane(pane, content.panes)
            pane.render_figure(painter, QRectF(0, 0, *VIEW_SIZE), theme)
    if what == "view":
        if content.paint_view is None:
            raise FigureError("there is no view that could be a figure of its own")
        content.paint_view(painter, QRectF(0, 0, *VIEW_SIZE), theme)


@contextmanager
def _deleted(widget: W) -> Iterator[W]:
    yield widget
    shiboken6.delete(widget)


def _stage(content: FigureContent, theme: Theme) -> Stage:
    """A stage of its own: what the window's looks like, is zoomed to or has selected plays no part."""
    stage = Stage(theme)
    stage.resize(*STAGE_SIZE)
    stage.set_view(content.view)
    stage.set_dataset(content.dataset, content.panes.coloured if content.panes is not None else None)
    fitted = fitted_range(content.dataset)
    stage.set_range(content.x_range or fitted[0], content.y_range or fitted[1])
    stage.set_field(content.field)
    stage.set_overlays(content.overlays)
    stage.set_caption(content.caption)
    stage.set_predictions(content.predictions)
    stage.set_equation(content.equation)
    return stage


def _curves(content: FigureContent, theme: Theme) -> Curves:
    curves = Curves(theme=theme)
    curves.set_log(content.view.log_loss, content.view.log_epochs)
    curves.set_loss_name(content.loss_name)
    curves.set_score_name(content.score_name)
    curves.set_epoch_name(content.epoch_name, content.part_names)
    curves.append(content.curve_points)
    return curves
