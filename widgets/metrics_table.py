"""All metrics, part beside part, overall and class by class, with what their ± means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QGuiApplication, QKeySequence, QPainter, QPen, QShortcut

from engine.metric_names import METRICS, estimate_text
from engine.metrics import Z95
from engine.report import PartReport
from engine.snapshot import Estimate
from widgets.curve_chart import chart_font
from widgets.picture_view import PictureView
from widgets.sections import ElidedLabel, Segmented
from widgets.style import tabular
from widgets.theme import LIGHT, Theme
from widgets.xy_chart import write

_SPOKEN_PARTS = {"train": "training", "validation": "validation", "test": "test"}
_GAP = 34.0
"""Between two blocks of the table."""
_COLUMN_GAP = 18.0
_EMPTY = "The metrics appear here once there is a model."
_AVERAGED = ("auc", "precision", "recall", "f1")
_NOTES = {
    "interval": "± is 1.96 standard errors: 95 % of such intervals hold the true value, for a random sample of points"
    " that was not trained on",
    "error": "± is one standard error: 68 % of such intervals hold the true value, for a random sample of points"
    " that was not trained on",
}


@dataclass(frozen=True)
class Line:
    """One line of the table: a heading, or a metric with its estimates by part (None where there is none)."""

    title: str
    name: str = ""
    class_index: int | None = None
    estimates: tuple[Estimate | None, ...] = ()


@dataclass(frozen=True, eq=False)
class Cell:
    """Where a text stands, and what a tool tip says of it."""

    area: QRectF
    text: str
    tip: str = ""
    is_number: bool = False
    is_muted: bool = False


class MetricsTable(PictureView):
    """The metrics of each part in columns; the lines flow into as many blocks as the width has room for."""

    def __init__(self, theme: Theme = LIGHT) -> None:
        self._reports: Mapping[str, PartReport] = {}
        self._class_names: tuple[str, ...] = ()
        self._half = "interval"
        super().__init__("Metrics of training, validation and test points", _EMPTY, theme)
        self._choice = Segmented(
            [("interval", "± 1.96 SE", "Intervals of 95 %."), ("error", "± SE", "One standard error, about 68 %.")]
        )
        self._choice.set_chosen(self._half)
        self._choice.chosen.connect(self._on_half_chosen)
        self._note = ElidedLabel()
        self._note.setProperty("look", "hint")
        self.controls.addWidget(self._choice)
        self.controls.addWidget(self._note, 1)
        copy = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), self.canvas)
        copy.setContext(Qt.ShortcutContext.WidgetShortcut)
        copy.activated.connect(self.copy)
        self._show_note()
        self.set_theme(theme)

    def set_content(self, content: Mapping[str, PartReport], class_names: Sequence[str]) -> None:
        """Show the reports of the parts that have points; `class_names` is empty in regression."""
        self._reports, self._class_names = content, tuple(class_names)
        self._show_note()
        self.redraw()

    def copy(self) -> None:
        """Put the table on the clipboard as text, one metric a line with tabs between."""
        QGuiApplication.clipboard().setText(self.text())

    def text(self) -> str:
        """The table as text."""
        rows = ["\t".join(["", *self._reports])]
        heading = ""
        for line in self._lines():
            if not line.name:
                heading = f"{line.title} "
                continue
            rows.append("\t".join([heading + line.title, *(self._written(line.name, each) for each in line.estimates)]))
        return "\n".join(rows)

    def summary(self) -> str:
        if not self._reports:
            return self.empty
        overall = [line for line in self._lines() if line.name and line.class_index is None]
        said = []
        for index, part in enumerate(self._reports):
            numbers = (f"{line.title} {self._written(line.name, line.estimates[index])}" for line in overall)
            said.append(f"{part}: {', '.join(numbers)}")
        return "; ".join(said) + "."

    def _on_half_chosen(self, which: str) -> None:
        self._half = which
        self._show_note()
        self.redraw()

    def _show_note(self) -> None:
        note = _NOTES[self._half]
        sampled = [
            f"{part}: a fixed sample of {each.looked_at:,} of {each.total:,} points"
            for part, each in self._reports.items()
            if each.looked_at < each.total
        ]
        short = _NOTES[self._half].split(":")[0]
        self._note.set_texts((". ".join([*sampled, note]) + ".", ". ".join([*sampled, short]) + "."))

    def _written(self, name: str, estimate: Estimate | None) -> str:
        if estimate is None:
            return "–"
        if self._half == "error" and estimate.half_width is not None:
            estimate = replace(estimate, half_width=estimate.half_width / Z95)
        return estimate_text(name, estimate)

    def _lines(self) -> list[Line]:
        """Overall, then class by class, each under its heading."""
        keys: dict[tuple[int | None, str], None] = {}
        for each in self._reports.values():
            keys |= {(row.class_index, row.name): None for row in each.rows}
        order = {name: index for index, name in enumerate(METRICS)}
        found: list[Line] = []
        groups: list[int | None] = [None, *sorted({index for index, _ in keys if index is not None})]
        for group in groups:
            names = sorted((name for index, name in keys if index == group), key=lambda name: order[name])
            if group is not None:
                found.append(Line(self._class_names[group]))
            for name in names:
                title = METRICS[name].title[:1].upper() + METRICS[name].title[1:]
                mean = group is None and name in _AVERAGED and (name != "auc" or len(self._class_names) > 2)
                estimates = tuple(report.estimate(name, group) for report in self._reports.values())
                found.append(Line(title + (", mean" if mean else ""), name, group, estimates))
        return found

    # -- layout

    def _fonts(self, theme: Theme) -> tuple[QFont, QFont]:
        plain = chart_font(theme)
        plain.setPixelSize(theme.font_size - 1)
        return tabular(plain), tabular(plain, bold=True)

    def _laid_out(self, width: float, theme: Theme) -> tuple[list[Cell], QSizeF]:
        """The cells from the upper left corner on, and the size of all of them."""
        lines = self._lines()
        plain = QFontMetricsF(self._fonts(theme)[0])
        height = round(plain.height() * 1.25)
        titles = max((plain.horizontalAdvance(line.title) for line in lines), default=0.0) + _COLUMN_GAP
        heads = [f"{part} · {report.looked_at:,}" for part, report in self._reports.items()]
        columns = []
        for index, head in enumerate(heads):
            texts = [self._written(line.name, line.estimates[index]) for line in lines if line.name]
            columns.append(max(plain.horizontalAdvance(head), *(plain.horizontalAdvance(text) for text in texts)))
        block = titles + sum(columns) + _COLUMN_GAP * (len(columns) - 1)
        groups = _groups(lines)
        blocks = max(1, min(len(groups), int((width + _GAP) // (block + _GAP))))
        cells: list[Cell] = []
        tallest = 0.0
        for number, stack in enumerate(_stacked(groups, blocks)):
            left, top = number * (block + _GAP), 0.0
            right = left + titles
            for part, head, column in zip(self._reports, heads, columns, strict=True):
                tip = f"{self._reports[part].looked_at:,} {_SPOKEN_PARTS[part]} points."
                cells.append(Cell(QRectF(right, top, column, height), head, tip, is_number=True, is_muted=True))
                right += column + _COLUMN_GAP
            for line in stack:
                top += height
                area = QRectF(left, top, titles if line.name else block, height)
                cells.append(Cell(area, line.title, _explained(line, "looked-at", self._half), is_muted=not line.name))
                right = left + titles
                for part, estimate, column in zip(self._reports, line.estimates, columns, strict=False):
                    tip = _explained(line, _SPOKEN_PARTS[part], self._half)
                    text = self._written(line.name, estimate)
                    cells.append(Cell(QRectF(right, top, column, height), text, tip, is_number=True))
                    right += column + _COLUMN_GAP
            tallest = max(tallest, top + height)
        return cells, QSizeF(block, tallest)

    def least_size(self) -> QSize:
        if not self._reports:
            return QSize(0, 0)
        _, size = self._laid_out(self.canvas.width() - 24, self.theme)
        return QSize(round(size.width()) + 24, round(size.height()) + 8)

    def paint_picture(self, painter: QPainter, target: QRectF, theme: Theme) -> None:
        if not self._reports:
            self.write_empty(painter, target, theme)
            return
        plain, bold = self._fonts(theme)
        inner = target.adjusted(12, 4, -12, -4)
        cells, _ = self._laid_out(inner.width(), theme)
        for cell in cells:
            area = cell.area.translated(inner.topLeft())
            is_heading = cell.is_muted and not cell.is_number
            painter.setFont(bold if is_heading else plain)
            metrics = QFontMetricsF(painter.font())
            if is_heading:
                painter.setPen(QPen(QColor(theme.border), 1))
                painter.drawLine(area.topLeft() + QPointF(0, 0.5), area.topRight() + QPointF(0, 0.5))
            painter.setPen(QColor(theme.muted if cell.is_muted and not is_heading else theme.text))
            left = area.right() - metrics.horizontalAdvance(cell.text) if cell.is_number else area.left()
            write(painter, left, area.center().y(), cell.text)

    def tip_at(self, at: QPointF) -> str:
        if not self._reports:
            return ""
        cells, _ = self._laid_out(self.canvas.width() - 24, self.theme)
        place = at - QPointF(12, 4)
        return next((cell.tip for cell in cells if cell.area.contains(place)), "")


def _explained(line: Line, part: str, half: str) -> str:
    if not line.name:
        return ""
    metric = METRICS[line.name]
    interval = metric.interval
    if half == "error":
        interval = interval.replace("The ± is", "The ± is one standard error, a half-width over 1.96; that is")
    return f"{metric.explanation.format(part=part)} {interval}"


def _groups(lines: Sequence[Line]) -> list[list[Line]]:
    """The lines that stay together: a heading with what follows it."""
    groups: list[list[Line]] = [[]]
    for line in lines:
        if not line.name:
            groups.append([])
        groups[-1].append(line)
    return [group for group in groups if group]


def _stacked(groups: Sequence[list[Line]], blocks: int) -> list[list[Line]]:
    """The groups in order, in so many stacks at most, the tallest of them as low as can be."""
    limit = max(len(group) for group in groups)
    while True:
        stacks: list[list[Line]] = [[]]
        for group in groups:
            if stacks[-1] and len(stacks[-1]) + len(group) > limit:
                stacks.append([])
            stacks[-1] += group
        if len(stacks) <= blocks:
            return stacks
        limit += 1
