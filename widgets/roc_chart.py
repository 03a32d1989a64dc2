"""How ROC, precision-recall and reliability curves are laid out, painted and read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from engine.dataset import PART_NAMES, FloatArray
from engine.metric_names import estimate_text, number_of_digits
from engine.ranking import BINS, Calibration, RankCurve, Ranking
from widgets.curve_chart import chart_font, curve_colour, part_pen, polyline
from widgets.stage_geometry import Floats
from widgets.theme import Theme
from widgets.xy_chart import Frame, lay_out, paint_axes, write

Kind = Literal["roc", "pr", "calibration"]

_UNIT = (0.0, 1.0)
_WIDEST = 3.0
"""How many times as wide as high the curves are drawn at most."""
_LEGEND = 18.0
"""The least width of what is written beside the curves, in lines of text."""
_NEAR = 28.0
"""Pixels from a curve at which it can be taken hold of."""
_CLOSEST = 0.7
"""Pixels between two vertices that are drawn both."""
_BARS = 0.22
"""The share of the height that the highest bar of a calibration's counts takes."""
_NAMES: dict[Kind, tuple[str, str]] = {
    "roc": ("false positive rate", "true positive rate"),
    "pr": ("recall", "precision"),
    "calibration": ("predicted probability (mean in bin)", "observed share"),
}


@dataclass(frozen=True, eq=False)
class Vertex:
    """A vertex of a curve: of which part, its number, and where it is in the picture."""

    part: str
    index: int
    place: QPointF


@dataclass(frozen=True, eq=False)
class RocPicture:
    """The curves of each part for one class.

    Parameters
    ----------
    kind : which curves.
    rankings : by part.
    positive : the class that is to be found.
    threshold : at which the labels were decided; None where a score of 0 decides them.
    """

    kind: Kind = "roc"
    rankings: Mapping[str, Ranking] = field(default_factory=dict)
    positive: str = ""
    threshold: float | None = 0.5

    @property
    def has_curves(self) -> bool:
        """Whether there is something to be drawn."""
        found = self.rankings.values()
        return any((each.calibration if self.kind == "calibration" else each.curve) is not None for each in found)

    def why_none(self) -> str:
        """Why there is nothing to be drawn."""
        if self.kind == "calibration":
            return "Scores that are no probabilities cannot be calibrated. A model trained by cross-entropy has some."
        return "Each part needs points of the class and others, and scores that are finite numbers."

    def places(self, curve: RankCurve) -> tuple[FloatArray, FloatArray]:
        """The vertices of a curve: the rates, or recall and precision."""
        return (curve.fpr, curve.tpr) if self.kind == "roc" else (curve.tpr, curve.precision)

    def operating(self, ranking: Ranking) -> tuple[float, float] | None:
        """Where the labels are, as `places` are."""
        if ranking.operating is None or ranking.curve is None:
            return None
        hits, alarms = ranking.operating
        recall = hits / ranking.curve.positives
        if self.kind == "roc":
            return alarms / ranking.curve.negatives, recall
        return recall, hits / (hits + alarms) if hits + alarms else 1.0

    def number(self, ranking: Ranking) -> str | None:
        """What is written beside the name of a part; None where there is nothing to say."""
        if self.kind == "calibration":
            return None if ranking.calibration is None else f"{ranking.calibration.counts.sum():,} points"
        if ranking.curve is None:
            return None
        if self.kind == "roc":
            return f"AUC {estimate_text('auc', ranking.curve.auc)}"
        return f"average precision {number_of_digits(ranking.curve.average_precision)}"

    def notes(self) -> list[str]:
        """What is written below that: how it stands at the threshold."""
        if self.kind == "calibration":
            return ["above the diagonal: too modest", "below: too sure", "bars: points a bin"]
        found = [(part, self.operating(ranking)) for part, ranking in self.rankings.items()]
        names = ("FPR", "TPR") if self.kind == "roc" else ("recall", "precision")
        lines = [f"{part}: {names[0]} {at[0]:.3f}, {names[1]} {at[1]:.3f}" for part, at in found if at is not None]
        where = "at a score of 0" if self.threshold is None else f"at p({self.positive}) ≥ {self.threshold:.4g}"
        return [where, *lines] if lines else []

    # -- what the pointer reads

    def nearest(self, frame: Frame, at: QPointF, part: str = "") -> Vertex | None:
        """The vertex that is nearest to a place, if it is near: of any part, or, however far, of one."""
        best, least = None, np.inf if part else _NEAR
        for name, ranking in self.rankings.items():
            if ranking.curve is None or part not in ("", name):
                continue
            found = _closest(frame, *self.places(ranking.curve), at)
            if found[0] < least:
                best, least = Vertex(name, found[1], found[2]), found[0]
        return best

    def reading(self, frame: Frame, at: QPointF) -> tuple[QPointF, list[str]] | None:
        """What is said of the vertex or the bin near a place, and where that is."""
        if self.kind == "calibration":
            return self._reading_of_bin(frame, at)
        vertex = self.nearest(frame, at)
        curve = None if vertex is None else self.rankings[vertex.part].curve
        if vertex is None or curve is None:
            return None
        index, score = vertex.index, float(curve.thresholds[vertex.index])
        what = "p" if self.rankings[vertex.part].calibration is not None else "score"
        return vertex.place, [
            f"{vertex.part}, {what} ≥ {score:.4g}" if np.isfinite(score) else f"{vertex.part}, nothing predicted",
            f"true positives {int(curve.true_positives[index]):,} of {curve.positives:,} ({curve.tpr[index]:.3f})",
            f"false positives {int(curve.false_positives[index]):,} of {curve.negatives:,} ({curve.fpr[index]:.3f})",
            f"precision {curve.precision[index]:.3f}",
        ]

    def _reading_of_bin(self, frame: Frame, at: QPointF) -> tuple[QPointF, list[str]] | None:
        best, least = None, _NEAR
        for part, each in self._calibrations():
            distance, index, place = _closest(frame, each.said, each.happened, at)
            if distance < least:
                least = distance
                best = (
                    place,
                    [
                        f"{part}: {each.counts[index]:,} points",
                        f"predicted {each.said[index]:.3f} on average",
                        f"observed {each.happened[index]:.3f}",
                    ],
                )
        return best

    def _calibrations(self) -> list[tuple[str, Calibration]]:
        found = ((part, ranking.calibration) for part, ranking in self.rankings.items())
        return [(part, each) for part, each in found if each is not None and len(each.said)]

    # -- painting

    def lay_out(self, target: QRectF, theme: Theme) -> tuple[Frame, QRectF]:
        """The axes, and the area beside them for what is written."""
        line = QFontMetricsF(chart_font(theme)).height()
        legend = min(_LEGEND * line, target.width() * 0.45)
        left = target.adjusted(12, 0, -legend, -2)
        frame = lay_out(left, theme, _UNIT, _UNIT, _NAMES[self.kind], widest=_WIDEST)
        corner = QPointF(frame.area.right() + 20, frame.area.top())
        return frame, QRectF(corner, QPointF(target.right() - 8, target.bottom()))

    def paint(self, painter: QPainter, target: QRectF, theme: Theme) -> None:
        """Paint everything but what follows the pointer."""
        frame, beside = self.lay_out(target, theme)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_axes(painter, frame, theme)
        self._paint_reference(painter, frame, theme)
        if self.kind == "calibration":
            self._paint_calibrations(painter, frame, theme)
        else:
            self._paint_curves(painter, frame, theme)
        self._paint_legend(painter, beside, theme)

    def _paint_reference(self, painter: QPainter, frame: Frame, theme: Theme) -> None:
        """The diagonal: a guess, or perfect calibration. For precision it is the class's share of the points."""
        pen = QPen(QColor(theme.muted), 1)
        pen.setDashPattern((4.0, 4.0))
        painter.setPen(pen)
        first, last = 0.0, 1.0
        if self.kind == "pr":
            curves = [ranking.curve for ranking in self.rankings.values() if ranking.curve is not None]
            first = last = curves[-1].positives / (curves[-1].positives + curves[-1].negatives)
        painter.drawLine(QPointF(frame.x.start, frame.y.place(first)), QPointF(frame.x.end, frame.y.place(last)))

    def _paint_curves(self, painter: QPainter, frame: Frame, theme: Theme) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for part, ranking in self.rankings.items():
            if ranking.curve is not None:
                x, y = self.places(ranking.curve)
                painter.setPen(part_pen(PART_NAMES.index(part), theme))
                painter.drawPath(polyline(*_spaced(frame.x.places(x), frame.y.places(y))))
        for part, ranking in self.rankings.items():
            at = self.operating(ranking)
            if at is not None:
                _paint_dot(painter, QPointF(frame.x.place(at[0]), frame.y.place(at[1])), part, theme, 5.5)

    def _paint_calibrations(self, painter: QPainter, frame: Frame, theme: Theme) -> None:
        found = self._calibrations()
        slot = frame.area.width() / BINS / (len(found) + 1)
        for index, (part, each) in enumerate(found):
            ground = curve_colour(PART_NAMES.index(part), theme)
            ground.setAlphaF(0.3)
            for place, count in zip(each.said, each.counts, strict=True):
                left = frame.x.place(min(int(place * BINS), BINS - 1) / BINS) + slot / 2 + index * slot
                height = _BARS * frame.area.height() * count / each.counts.max()
                painter.fillRect(QRectF(left, frame.area.bottom() - height, slot, height), ground)
        for part, each in found:
            x, y = frame.x.places(each.said), frame.y.places(each.happened)
            painter.setPen(part_pen(PART_NAMES.index(part), theme))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPath(polyline(x, y))
            for at in zip(x.tolist(), y.tolist(), strict=True):
                _paint_dot(painter, QPointF(*at), part, theme, 4.0)

    def _paint_legend(self, painter: QPainter, beside: QRectF, theme: Theme) -> None:
        """The parts with their numbers; the notes beside them where there is room, else below."""
        painter.setFont(chart_font(theme))
        font = QFontMetricsF(painter.font())
        line, first = font.height() * 1.25, beside.top() + font.height() / 2 - 2
        top, widest = first, 0.0
        right = Qt.TextElideMode.ElideRight
        for part, ranking in self.rankings.items():
            number = self.number(ranking)
            if number is None:
                continue
            painter.setPen(part_pen(PART_NAMES.index(part), theme))
            painter.drawLine(QPointF(beside.left(), top), QPointF(beside.left() + 22, top))
            painter.setPen(QColor(theme.text))
            text = font.elidedText(f"{part}  {number}", right, beside.width() - 30)
            widest = max(widest, 30 + font.horizontalAdvance(text))
            write(painter, beside.left() + 30, top, text)
            top += line
        notes = self.notes()
        if widest + 32 + max((font.horizontalAdvance(text) for text in notes), default=0.0) <= beside.width():
            beside, top = beside.adjusted(widest + 32, 0, 0, 0), first
        else:
            top += line * 0.3
        painter.setPen(QColor(theme.muted))
        for text in notes:
            if top + font.height() / 2 > beside.bottom():
                return
            write(painter, beside.left(), top, font.elidedText(text, right, beside.width()))
            top += line


def _paint_dot(painter: QPainter, at: QPointF, part: str, theme: Theme, radius: float) -> None:
    painter.setPen(QPen(QColor(theme.window), 1.5))
    painter.setBrush(curve_colour(PART_NAMES.index(part), theme))
    painter.drawEllipse(at, radius, radius)


def _closest(frame: Frame, x: FloatArray, y: FloatArray, at: QPointF) -> tuple[float, int, QPointF]:
    """Of points (n,) the one nearest to a place: how far, which, and where it is."""
    across, down = frame.x.places(x), frame.y.places(y)
    distance = np.hypot(across - at.x(), down - at.y())
    index = int(distance.argmin())
    return float(distance[index]), index, QPointF(across[index], down[index])


def _spaced(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Of places (n,) in pixels those that can be told apart: the more there are, the longer a stroke takes."""
    along = np.cumsum(np.abs(np.diff(x, prepend=x[0])) + np.abs(np.diff(y, prepend=y[0])))
    kept = np.flatnonzero(np.diff(np.floor(along / _CLOSEST), prepend=-1.0))
    kept = np.append(kept, len(x) - 1) if kept[-1] != len(x) - 1 else kept
    return x[kept], y[kept]
