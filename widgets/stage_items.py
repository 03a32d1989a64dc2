"""What lies under and around the points: field, grid, lines, axes and the rounded frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPainterPath, QPen

from engine.snapshot import Field
from widgets.stage_geometry import Mapping, Range, Tick, ticks
from widgets.stage_shapes import is_vector, solid
from widgets.theme import Theme

RADIUS = 8.0
"""Of the corners of the frame, in pixels."""
_TOP, _RIGHT = 10.0, 12.0
_LEFT_STEP, _LEAST_LEFT = 8.0, 36.0
_PIXELS_A_TICK = (110.0, 70.0)
_LONGEST_NAME = 0.6
"""Of the width of the plot: a longer name of an axis is cut short."""
_VECTOR_FIELD = 1024
"""Least width of a field in a vector figure: readers of PDF do not smooth between cells."""
_WIDEST_IMAGE = 16_000.0
"""Pixels; Qt's rasterizer counts them in 16 bits, and far into a coarse field there are more."""


@dataclass(frozen=True)
class Frame:
    """Where and in which colours one picture of the stage is painted.

    Parameters
    ----------
    mapping : plot to pixels.
    width, height : of the whole stage, in device-independent pixels.
    x_ticks, y_ticks : the round numbers on the axes.
    """

    theme: Theme
    mapping: Mapping
    width: float
    height: float
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    family: str

    @property
    def plot(self) -> QRectF:
        """The rectangle of the plot in pixels."""
        m = self.mapping
        return QRectF(m.left, m.top, m.width, m.height)

    def font(self, offset: int = 0, bold: bool = False) -> QFont:
        """The stage's font, `offset` pixels larger than the theme's; in pixels, so that it scales with a figure."""
        return sized_font(self.family, self.theme, offset, bold)


def sized_font(family: str, theme: Theme, offset: int = 0, bold: bool = False) -> QFont:
    """A font of the theme's size and `offset` pixels more."""
    font = QFont(family)
    font.setPixelSize(theme.font_size + offset)
    font.setBold(bold)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


def laid_out(width: float, height: float, x_range: Range, y_range: Range, theme: Theme, family: str) -> Frame:
    """Divide a stage of `width` x `height` pixels into the plot and the gutters of its axes."""
    metrics = QFontMetricsF(sized_font(family, theme, -2))
    bottom = metrics.height() + 8.0
    y_ticks = ticks(y_range, max(2, round((height - bottom - _TOP) / _PIXELS_A_TICK[1])))
    widest = max((metrics.horizontalAdvance(tick.text) for tick in y_ticks), default=0.0)
    # In steps, so that the plot does not shift while the numbers run during a pan.
    left = max(_LEAST_LEFT, _LEFT_STEP * np.ceil((widest + 14.0) / _LEFT_STEP))
    plot_width = max(1.0, width - left - _RIGHT)
    x_ticks = ticks(x_range, max(2, round(plot_width / _PIXELS_A_TICK[0])))
    mapping = Mapping(x_range, y_range, float(left), _TOP, plot_width, max(1.0, height - _TOP - bottom))
    return Frame(theme, mapping, width, height, x_ticks, y_ticks, family)


def field_image(field: Field) -> QImage:
    """The field as an image of its own, the largest y at the top."""
    rgba = np.ascontiguousarray(field.rgba[::-1])
    height, width = rgba.shape[:2]
    image = QImage(rgba.data, width, height, 4 * width, QImage.Format.Format_RGBA8888)
    # Converting copies the pixels, so the array may go.
    return image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)


def paint_field(painter: QPainter, frame: Frame, image: QImage, x_range: Range, y_range: Range) -> None:
    """Paint a field where it belongs, smoothly between its cells."""
    (left, bottom), (right, top) = frame.mapping.to_pixels(np.array([x_range, y_range]).T)
    target = QRectF(QPointF(left, top), QPointF(right, bottom))
    painter.save()
    painter.setClipRect(frame.plot)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    if is_vector(painter):
        painter.setRenderHint(QPainter.RenderHint.LosslessImageRendering)
        image = _flattened(image, QColor(frame.theme.stage), frame.theme.field_opacity)
    else:
        painter.setOpacity(frame.theme.field_opacity)
    if is_vector(painter) or max(target.width(), target.height()) > _WIDEST_IMAGE:
        target, image = _cropped(target, image, frame.plot)
    painter.drawImage(target, image)
    painter.restore()


def _flattened(image: QImage, ground: QColor, opacity: float) -> QImage:
    """A finer image without transparency, which some readers of vector files draw badly."""
    if image.width() < _VECTOR_FIELD:
        height = max(1, round(image.height() * _VECTOR_FIELD / image.width()))
        image = image.scaled(
            _VECTOR_FIELD,
            height,
            Qt.AspectRatioMode.IgnoreAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
    flat = QImage(image.size(), QImage.Format.Format_RGB32)
    flat.fill(ground)
    painter = QPainter(flat)
    painter.setOpacity(opacity)
    painter.drawImage(0, 0, image)
    painter.end()
    return flat


def _cropped(target: QRectF, image: QImage, plot: QRectF) -> tuple[QRectF, QImage]:
    """The part of the image within the plot: a vector file need not carry, nor its reader clip, the rest."""
    across, down = image.width() / target.width(), image.height() / target.height()
    left = max(0, int((plot.left() - target.left()) * across))
    top = max(0, int((plot.top() - target.top()) * down))
    right = min(image.width(), int(np.ceil((plot.right() - target.left()) * across)))
    bottom = min(image.height(), int(np.ceil((plot.bottom() - target.top()) * down)))
    if (left, top, right, bottom) == (0, 0, image.width(), image.height()) or right <= left or bottom <= top:
        return target, image
    part = QRectF(
        target.left() + left / across, target.top() + top / down, (right - left) / across, (bottom - top) / down
    )
    return part, image.copy(left, top, right - left, bottom - top)


def paint_grid(painter: QPainter, frame: Frame) -> None:
    """Paint faint lines at the ticks, the axes through zero a little stronger."""
    plot = frame.plot
    lines = []
    for tick in frame.x_ticks:
        x = frame.mapping.to_pixels(np.array([tick.value, 0.0]))[0]
        lines.append((QRectF(round(x), plot.top(), 1.0, plot.height()), tick.value == 0))
    for tick in frame.y_ticks:
        y = frame.mapping.to_pixels(np.array([0.0, tick.value]))[1]
        lines.append((QRectF(plot.left(), round(y), plot.width(), 1.0), tick.value == 0))
    # On whole pixels, so that hairlines are crisp.
    for line, is_zero in lines:
        painter.fillRect(line, solid(frame.theme.grid, 0.22 if is_zero else 0.10))


def paint_frame(painter: QPainter, frame: Frame, focused: bool) -> None:
    """Paint over the corners of the plot so that it looks rounded, and draw its border."""
    plot = frame.plot
    rounded = QPainterPath()
    rounded.addRoundedRect(plot, RADIUS, RADIUS)
    around = QPainterPath()
    around.addRect(QRectF(0, 0, frame.width, frame.height))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.fillPath(around.subtracted(rounded), QColor(frame.theme.window))
    colour, width = (frame.theme.accent, 2.0) if focused else (frame.theme.border, 1.0)
    painter.setPen(QPen(QColor(colour), width))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(rounded)


def paint_axes(painter: QPainter, frame: Frame, x_name: str, y_name: str) -> None:
    """Write the numbers at the ticks and, at the far end of each axis, its name."""
    plot = frame.plot
    metrics = QFontMetricsF(frame.font(-2))
    height = metrics.height()
    painter.setPen(QColor(frame.theme.muted))
    painter.setFont(frame.font(-2, bold=True))
    bold = QFontMetricsF(frame.font(-2, bold=True))
    x_name, y_name = (
        bold.elidedText(name, Qt.TextElideMode.ElideRight, _LONGEST_NAME * plot.width()) for name in (x_name, y_name)
    )
    name_width = bold.horizontalAdvance(x_name)
    baseline = plot.bottom() + 4 + metrics.ascent()
    painter.drawText(QPointF(plot.right() - name_width, baseline), x_name)
    above = bold.horizontalAdvance(y_name)
    if above <= plot.left() - 9:
        painter.drawText(QPointF(plot.left() - 7 - above, plot.top() + metrics.ascent()), y_name)
    else:  # the gutter is too narrow: within the plot, on a ground of its own
        card = QRectF(plot.left() + 1, plot.top() + 1, above + 10, metrics.height() + 2)
        painter.fillRect(card, solid(frame.theme.stage, 0.8))
        painter.drawText(card, Qt.AlignmentFlag.AlignCenter, y_name)
    painter.setFont(frame.font(-2))
    for tick in frame.x_ticks:
        x = frame.mapping.to_pixels(np.array([tick.value, 0.0]))[0]
        width = metrics.horizontalAdvance(tick.text)
        if x + width / 2 < plot.right() - name_width - 8:
            painter.drawText(QPointF(x - width / 2, baseline), tick.text)
    for tick in frame.y_ticks:
        y = frame.mapping.to_pixels(np.array([0.0, tick.value]))[1]
        if y - height / 2 > plot.top() + height and y + height / 2 < frame.height:
            width = metrics.horizontalAdvance(tick.text)
            painter.drawText(QPointF(plot.left() - 7 - width, y + metrics.capHeight() / 2), tick.text)
