"""Scores with their intervals: fold by fold, or along the size of the training set or a hyper-parameter."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from widgets.axes import NamedAxis, number_text, padded_range
from widgets.curve_chart import chart_font, curve_colour, part_pen, polyline
from widgets.picture_view import PictureView
from widgets.sections import chip
from widgets.theme import LIGHT, Theme
from widgets.validation_values import ScorePicture, ScoreSeries
from widgets.xy_chart import Frame, lay_out, paint_axes, paint_card, write

Numbers = NDArray[np.float64]

_EMPTY = "Run, and the scores appear here as they come."
_NEAR = 24.0
"""Pixels to the side of a place within which it is meant."""
_BAND = 0.16
_LOG_OFFERED, _LOG_CHOSEN = 5.0, 50.0
"""How many times the least mean the greatest is where a logarithmic axis is offered, and where it is taken."""
_BEYOND = 30.0
"""A logarithmic axis shows so many times the best held-out score, and so small a part of it."""
_HEIGHT, _LEGEND_GAP = 96, 14.0


class ScoreChart(PictureView):
    """Dots or curves with bands. Hover reads a place; a click or Enter chooses it, the arrow keys move between them."""

    place_chosen = Signal(int)
    """A wish: to take what stands at that place."""

    def __init__(self, theme: Theme = LIGHT) -> None:
        self._content: ScorePicture | None = None
        self._place = 0
        self._wants_log: bool | None = None  # None: where the scores differ by so much that nothing else could be read
        super().__init__("Scores", _EMPTY, theme)
        self._log_button = chip("log y", "Equal distances are equal ratios: small errors stay visible.")
        self._log_button.clicked.connect(self._on_log_clicked)
        self.controls.addStretch(1)
        self.controls.addWidget(self._log_button)
        self.set_theme(theme)

    def set_content(self, content: ScorePicture | None) -> None:
        """Show scores; None shows that there are none yet."""
        self._content = content
        if content is not None:
            self._place = min(self._place, max(0, len(content.x) - 1))
        ratio = self._ratio()
        self._log_button.setVisible(ratio > _LOG_OFFERED)
        self._log_button.setChecked(self._is_log)
        self.redraw()

    def _ratio(self) -> float:
        """The greatest mean over the least; 0 where one of them has no logarithm."""
        means = self._means()
        return float(means.max() / means.min()) if len(means) and float(means.min()) > 0 else 0.0

    @property
    def _is_log(self) -> bool:
        ratio = self._ratio()
        return ratio > _LOG_CHOSEN if self._wants_log is None else self._wants_log and ratio > _LOG_OFFERED

    def _means(self) -> Numbers:
        content = self._content
        if content is None:
            return np.empty(0)
        means = np.concatenate([np.empty(0), *(each.mean for each in content.series)])
        return means[np.isfinite(means)]

    def _range(self) -> tuple[float, float]:
        """The vertical range: all means, and of the bands what does not flatten them."""
        content, means, log = self._content, self._means(), self._is_log
        assert content is not None
        bands = [array for each in content.series for array in (each.low, each.high)]
        if content.average is not None:
            mean, half = content.average
            bands.append(np.array([mean - (half or 0.0), mean + (half or 0.0)]))
        edges = np.concatenate([np.empty(0), *bands])
        edges = edges[np.isfinite(edges)]
        if len(means) and len(edges):
            low, high = float(means.min()), float(means.max())
            span = max(high - low, 1e-12)
            # As far again as the means reach, and at least as far as a band at the typical place does.
            reach = max(span, 1.2 * float(np.median(np.abs(edges - np.median(means)))))
            edges = np.clip(edges, low / 3, 3 * high) if log else np.clip(edges, low - reach, high + reach)
            best = min((value for each in content.series if each.part for value in each.mean if value > 0), default=0.0)
            if log and best > 0:  # What is out of all proportion leaves the picture, or nothing else could be read.
                means, edges = (np.clip(array, best / _BEYOND, best * _BEYOND) for array in (means, edges))
        low, high = padded_range(np.concatenate([means, edges]), log=log)
        least, most = content.limits
        return (max(low, least) if not log else low), min(high, most)

    def _on_log_clicked(self, checked: bool) -> None:
        self._wants_log = checked
        self.redraw()

    # -- what is said

    def summary(self) -> str:
        content = self._content
        if content is None or len(content.x) == 0:
            return self.empty
        return f"{content.y_title}. {content.tips[self._place]} {content.note}".strip()

    def tip_text(self, place: int) -> str:
        """What is said of a place."""
        return "" if self._content is None else self._content.tips[place]

    # -- layout

    def least_size(self) -> QSize:
        return QSize(0, _HEIGHT if self._content is not None else 0)

    def _frame(self, target: QRectF, theme: Theme) -> Frame:
        content = self._content
        assert content is not None
        low, high = float(content.x[0]), float(content.x[-1])
        log = content.log and low > 0
        if low == high or not content.joined or content.x_names:
            low, high, log = low - 0.5, high + 0.5, False
        line = QFontMetricsF(chart_font(theme)).height()
        # The last tick may be as far right as the picture goes, and half of its number further.
        beyond = QFontMetricsF(chart_font(theme)).horizontalAdvance(number_text(float(content.x[-1]))) / 2
        inner = target.adjusted(8, line + 2, -max(6.0, beyond), 0)
        names = content.x_title, content.y_title
        frame = lay_out(inner, theme, (low, high), self._range(), names, log=(log, self._is_log))
        if not content.x_names:
            return frame
        x = frame.x
        return replace(frame, x=NamedAxis(x.low, x.high, x.start, x.end, names=content.x_names))

    def place_at(self, at: QPointF) -> int | None:
        """The place nearest to a pixel of the picture, within a finger's width."""
        content = self._content
        if content is None or len(content.x) == 0:
            return None
        frame = self._frame(QRectF(self.canvas.rect()), self.theme)
        places = frame.x.places(content.x)
        nearest = int(np.abs(places - at.x()).argmin())
        inside = frame.area.adjusted(-_NEAR, -_NEAR, _NEAR, _NEAR).contains(at)
        return nearest if inside and abs(float(places[nearest]) - at.x()) <= _NEAR else None

    def pixel_of(self, place: int) -> QPointF:
        """Where a place is in the picture on the screen, at half its height."""
        assert self._content is not None
        frame = self._frame(QRectF(self.canvas.rect()), self.theme)
        return QPointF(frame.x.place(float(self._content.x[place])), frame.area.center().y())

    # -- painting

    def paint_picture(self, painter: QPainter, target: QRectF, theme: Theme) -> None:
        content = self._content
        if content is None or len(content.x) == 0:
            self.write_empty(painter, target, theme)
            return
        frame = self._frame(target, theme)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_axes(painter, frame, theme)
        if content.average is not None:
            self._paint_average(painter, frame, content.average, theme)
        for series in content.series:
            self._paint_series(painter, frame, content, series, theme)
        self._paint_legend(painter, target, frame, content, theme)
        if content.marked is not None:
            self._paint_mark(painter, frame, content.marked, theme.text)

    def _paint_average(
        self, painter: QPainter, frame: Frame, average: tuple[float, float | None], theme: Theme
    ) -> None:
        mean, half = average
        area, colour = frame.area, curve_colour(1, theme)
        height = frame.y.place(mean)
        if half is not None:
            band = QRectF(
                QPointF(area.left(), max(area.top(), frame.y.place(mean + half))),
                QPointF(area.right(), min(area.bottom(), frame.y.place(mean - half))),
            )
            soft = QColor(colour)
            soft.setAlphaF(_BAND)
            painter.fillRect(band, soft)
        painter.setPen(part_pen(1, theme))
        painter.drawLine(QPointF(area.left(), height), QPointF(area.right(), height))

    def _paint_series(
        self, painter: QPainter, frame: Frame, content: ScorePicture, series: ScoreSeries, theme: Theme
    ) -> None:
        colour = curve_colour(series.part, theme)
        x, means = frame.x.places(content.x), frame.y.places(series.mean)
        highs, lows = frame.y.places(series.high), frame.y.places(series.low)
        area = frame.area
        known = np.flatnonzero(np.isfinite(series.mean))
        painter.save()
        painter.setClipRect(area.adjusted(-6, -6, 6, 6))
        banded = known[np.isfinite(series.low[known]) & np.isfinite(series.high[known])]
        if content.joined and not content.x_names:
            soft = QColor(colour)
            soft.setAlphaF(_BAND)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(soft)
            for run in np.split(banded, np.flatnonzero(np.diff(banded) > 1) + 1):
                edge = [QPointF(x[i], highs[i]) for i in run] + [QPointF(x[i], lows[i]) for i in run[::-1]]
                painter.drawPolygon(QPolygonF(edge))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(part_pen(series.part, theme))
            painter.drawPath(polyline(x, means))
        else:
            painter.setPen(QPen(colour, 1.5))
            for i in banded:
                painter.drawLine(QPointF(x[i], lows[i]), QPointF(x[i], highs[i]))
        self._paint_dots(painter, x[known], means[known], series.part, theme)
        painter.restore()

    def _paint_dots(
        self,
        painter: QPainter,
        x: Numbers,
        y: Numbers,
        part: int,
        theme: Theme,
    ) -> None:
        """Held-out scores are full dots and training scores rings: told apart without colour."""
        colour = curve_colour(part, theme)
        radius = theme.line_width * (1.7 if len(x) <= 60 else 1.0)
        painter.setPen(QPen(colour, 1.5))
        painter.setBrush(QColor(theme.window) if part == 0 else colour)
        for left, height in zip(x, y, strict=True):
            painter.drawEllipse(QPointF(float(left), float(height)), radius, radius)

    def _paint_legend(
        self, painter: QPainter, target: QRectF, frame: Frame, content: ScorePicture, theme: Theme
    ) -> None:
        """The names and what the bands are, in one line above the picture."""
        painter.setFont(chart_font(theme))
        font = QFontMetricsF(painter.font())
        left, middle = frame.area.left(), target.top() + font.height() / 2 + 2
        for series in content.series:
            self._paint_dots(painter, np.array([left + 5]), np.array([middle]), series.part, theme)
            painter.setPen(curve_colour(series.part, theme))
            write(painter, left + 14, middle, series.name)
            left += 14 + font.horizontalAdvance(series.name) + _LEGEND_GAP
        painter.setPen(QColor(theme.muted))
        note = font.elidedText(content.note, Qt.TextElideMode.ElideRight, max(0.0, target.right() - left - 8))
        write(painter, left, middle, note)

    def _paint_mark(self, painter: QPainter, frame: Frame, place: int, colour: str) -> None:
        assert self._content is not None
        x = round(frame.x.place(float(self._content.x[place]))) + 0.5  # sharp
        pen = QPen(QColor(colour), 1.5)
        pen.setDashPattern((3.0, 2.0))
        painter.setPen(pen)
        painter.drawLine(QPointF(x, frame.area.top()), QPointF(x, frame.area.bottom()))

    def paint_hover(self, painter: QPainter, pointer: QPointF) -> None:
        place = self.place_at(pointer)
        if place is None or self._content is None:
            return
        target = QRectF(self.canvas.rect())
        self._paint_mark(painter, self._frame(target, self.theme), place, self.theme.muted)
        lines = [line for line in self._content.tips[place].split("\n") if line]
        paint_card(painter, target, QPointF(self.pixel_of(place).x(), pointer.y()), lines, self.theme)

    def paint_focus(self, painter: QPainter) -> None:
        if self._content is not None and len(self._content.x):
            frame = self._frame(QRectF(self.canvas.rect()), self.theme)
            self._paint_mark(painter, frame, self._place, self.theme.accent)

    # -- hands

    def press(self, at: QPointF) -> None:
        place = self.place_at(at)
        if place is not None:
            self._place = place
            self.redraw()
            self.place_chosen.emit(place)

    def press_key(self, key: int) -> bool:
        if self._content is None or len(self._content.x) == 0:
            return False
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.place_chosen.emit(self._place)
            return True
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        if key not in steps:
            return False
        self._place = min(max(self._place + steps[Qt.Key(key)], 0), len(self._content.x) - 1)
        self.redraw()
        return True
