"""The confusion matrix: true classes in rows, predicted ones or clusters in columns; a cell picks its points out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from engine.dataset import IntArray
from widgets.curve_chart import chart_font
from widgets.picture_view import PictureView
from widgets.sections import ElidedLabel, QuietComboBox, Segmented
from widgets.style import blend
from widgets.theme import LIGHT, Theme
from widgets.xy_chart import write

_EMPTY = "The confusion matrix appears here once there is a model."
_LEAST_ROW = 16
_MOST_ROW = 64.0
_LEAST_COLUMN, _MOST_COLUMN = 34.0, 110.0
_MOST_NAME = 130.0
_DARKEST = 0.85
"""How much of the full colour a share of 1 has."""
_STRENGTHS = 40
"""How many grounds of cells can be told apart."""
_GAP = 6.0
"""Before the totals."""
_SPOKEN = {"train": "training", "validation": "validation", "test": "test", "all": "all"}
_PARTS = (("test", "Test"), ("validation", "Validation"), ("train", "Training"), ("all", "All points"))


@dataclass(frozen=True)
class Clusters:
    """What stands in the columns where points have been grouped and not classified.

    Parameters
    ----------
    names : of the columns, short.
    spoken : what a sentence calls them.
    classes : the row of the class that each stands for; -1 where it stands for none.
    """

    names: tuple[str, ...]
    spoken: tuple[str, ...]
    classes: tuple[int, ...]


class Confusion(PictureView):
    """Counts or shares; hover reads a cell, a click or Enter picks its points out, arrows move between cells."""

    cell_chosen = Signal(str, int, int)
    """A wish: the points of a part ("train", …, "all") of a true class, and of a predicted one or a cluster."""

    def __init__(self, theme: Theme = LIGHT) -> None:
        self._matrices: Mapping[str, IntArray] = {}
        self._class_names: tuple[str, ...] = ()
        self._clusters: Clusters | None = None
        self._wanted_part = ""
        self._norm = "counts"
        self._cell = (0, 0)
        super().__init__("Confusion matrix", _EMPTY, theme)
        self._part_box = QuietComboBox()
        self._part_box.setAccessibleName("Points that are counted")
        self._part_box.setToolTip("Which points are counted.")
        self._part_box.setMaximumWidth(130)
        self._part_box.activated.connect(self._on_part_chosen)
        self._norms = Segmented(
            [
                ("counts", "Counts", "How many points there are in each cell."),
                ("rows", "By row", "Shares of the true class: the diagonal is the recall."),
                ("columns", "By column", "Shares of the predicted class: the diagonal is the precision."),
            ]
        )
        self._norms.set_chosen(self._norm)
        self._norms.chosen.connect(self._on_norm_chosen)
        self._hint = ElidedLabel()
        self._hint.set_texts(
            ("Click a cell: its points are selected on the stage.", "Click a cell to select its points.", "")
        )
        self._hint.setProperty("look", "hint")
        self.controls.addWidget(self._part_box)
        self.controls.addWidget(self._norms)
        self.controls.addWidget(self._hint, 1)
        self.set_theme(theme)

    def set_content(
        self, content: Mapping[str, IntArray], class_names: Sequence[str], clusters: Clusters | None = None
    ) -> None:
        """Show the matrices of the parts that have points, and of "all" points: (K, K), or with a column a cluster."""
        if set(content) != set(self._matrices):
            self._part_box.clear()
            for part, title in _PARTS:
                if part in content:
                    self._part_box.addItem(title, part)
        self._matrices, self._class_names, self._clusters = content, tuple(class_names), clusters
        last_row, last_column = max(0, len(self._class_names) - 1), max(0, len(self._columns) - 1)
        self._cell = min(self._cell[0], last_row), min(self._cell[1], last_column)
        if self._matrices:
            self._part_box.set_key(self.part)
        self.redraw()

    @property
    def _columns(self) -> tuple[str, ...]:
        return self._class_names if self._clusters is None else self._clusters.names

    def _stands_for(self, column: int) -> int:
        """The row of the class that a column stands for; -1 for a cluster that stands for none."""
        return column if self._clusters is None else self._clusters.classes[column]

    @property
    def part(self) -> str:
        """Whose points are counted: what was chosen, else the first of test, validation and training that there is."""
        if self._wanted_part in self._matrices:
            return self._wanted_part
        return next((part for part, _ in _PARTS if part in self._matrices), "")

    def _on_part_chosen(self, index: int) -> None:
        self._wanted_part = str(self._part_box.itemData(index))
        self.redraw()

    def _on_norm_chosen(self, norm: str) -> None:
        self._norm = norm
        self.redraw()

    # -- what is said

    def summary(self) -> str:
        if not self._matrices:
            return self.empty
        matrix = self._matrices[self.part]
        if self._clusters is not None:
            found = sum(int(matrix[row, column]) for column, row in enumerate(self._clusters.classes) if row >= 0)
            alike = f"{found:,} of {matrix.sum():,} points are in the cluster that stands for their class"
            return f"{alike}. In hand: {self.cell_text(*self._cell)}"
        wrong = np.where(np.eye(len(matrix), dtype=bool), 0, matrix)
        said = f"{_SPOKEN[self.part]} points: {np.trace(matrix):,} of {matrix.sum():,} are right"
        if wrong.sum() == 0:
            return f"{said}."
        true, predicted = np.unravel_index(int(wrong.argmax()), wrong.shape)
        often = f"{wrong.max():,} of {self._class_names[true]} predicted as {self._class_names[predicted]}"
        return f"{said}; most often wrong: {often}. In hand: {self.cell_text(*self._cell)}"

    def cell_text(self, true: int, predicted: int) -> str:
        """One cell in words."""
        matrix = self._matrices[self.part]
        count, of_true, of_said = matrix[true, predicted], matrix[true].sum(), matrix[:, predicted].sum()
        true_name, said_name = self._class_names[true], self._columns[predicted]
        verb, whole = f"predicted as {said_name}", f"what is predicted as {said_name}"
        if self._clusters is not None:
            whole = self._clusters.spoken[predicted]
            verb = f"in {whole}"
        text = f"{count:,} of the {of_true:,} points of {true_name} are {verb}"
        shares = [f"{_percent(count / of_true)} of {true_name}"] if of_true else []
        shares += [f"{_percent(count / of_said)} of {whole}"] if of_said else []
        return f"{text} ({', '.join(shares)})." if shares else f"{text}."

    # -- layout

    def least_size(self) -> QSize:
        if not self._matrices:
            return QSize(0, 0)
        rows, columns = len(self._class_names) + 1, len(self._columns) + 1
        return QSize(round(60 + _LEAST_COLUMN * columns), rows * _LEAST_ROW + 44)

    def _grid(self, target: QRectF, theme: Theme) -> tuple[QRectF, float, float]:
        """The area of the cells, and the width and height of each."""
        font = QFontMetricsF(chart_font(theme))
        rows, columns = len(self._class_names), len(self._columns)
        names = min(_MOST_NAME, max(font.horizontalAdvance(name) for name in self._class_names))
        left = target.left() + 14 + font.height() + names + 10
        top = target.top() + 2 * font.height() + 4
        height = min(_MOST_ROW, max(_LEAST_ROW, (target.bottom() - 6 - _GAP - top) / (rows + 1)))
        width = min(_MOST_COLUMN, max(_LEAST_COLUMN, (target.right() - 12 - _GAP - left) / (columns + 1)), height * 3)
        return QRectF(left, top, width * columns, height * rows), width, height

    def _cell_area(self, grid: QRectF, width: float, height: float, row: int, column: int) -> QRectF:
        """A cell, or with the number of rows or columns as row or column a total."""
        left = grid.left() + column * width + (_GAP if column == len(self._columns) else 0.0)
        top = grid.top() + row * height + (_GAP if row == len(self._class_names) else 0.0)
        return QRectF(left, top, width, height)

    def cell_at(self, at: QPointF) -> tuple[int, int] | None:
        """The row and the column of the cell at a place of the picture."""
        if not self._matrices:
            return None
        grid, width, height = self._grid(QRectF(self.canvas.rect()), self.theme)
        if not grid.contains(at):
            return None
        row, column = int((at.y() - grid.top()) / height), int((at.x() - grid.left()) / width)
        return min(row, len(self._class_names) - 1), min(column, len(self._columns) - 1)

    def cell_area(self, true: int, predicted: int) -> QRectF:
        """Where a cell is in the picture on the screen."""
        return self._cell_area(*self._grid(QRectF(self.canvas.rect()), self.theme), true, predicted)

    # -- painting

    def paint_picture(self, painter: QPainter, target: QRectF, theme: Theme) -> None:
        if not self._matrices:
            self.write_empty(painter, target, theme)
            return
        matrix = self._matrices[self.part]
        rows, columns = matrix.shape
        shares = _shares(matrix, self._norm)
        grid, width, height = self._grid(target, theme)
        font = chart_font(theme)
        font.setPixelSize(min(font.pixelSize() + 1, max(9, round(height * 0.62))))
        self._paint_names(painter, target, theme, grid, width, height)
        painter.setFont(font)
        for row in range(rows):
            for column in range(columns):
                own = self._stands_for(column)
                full = theme.accent if row == own else theme.muted if own < 0 else theme.danger
                ground, ink = cell_colours(theme.window, full, round(_STRENGTHS * float(shares[row, column]) ** 0.7))
                area = self._cell_area(grid, width, height, row, column)
                painter.fillRect(area.adjusted(0.5, 0.5, -0.5, -0.5), ground)
                painter.setPen(ink if matrix[row, column] else QColor(theme.muted))
                painter.drawText(area, Qt.AlignmentFlag.AlignCenter, self._cell_label(matrix, row, column))
        painter.setPen(QPen(QColor(theme.border), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(grid)
        painter.setPen(QColor(theme.muted))
        for row in range(rows):
            right = self._cell_area(grid, width, height, row, columns)
            painter.drawText(right, Qt.AlignmentFlag.AlignCenter, f"{matrix[row].sum():,}")
        for column in range(columns):
            below = self._cell_area(grid, width, height, rows, column)
            painter.drawText(below, Qt.AlignmentFlag.AlignCenter, f"{matrix[:, column].sum():,}")
        corner = self._cell_area(grid, width, height, rows, columns)
        painter.drawText(corner, Qt.AlignmentFlag.AlignCenter, f"{matrix.sum():,}")

    def _paint_names(
        self, painter: QPainter, target: QRectF, theme: Theme, grid: QRectF, width: float, height: float
    ) -> None:
        painter.setFont(chart_font(theme))
        font = QFontMetricsF(painter.font())
        right, elide = Qt.TextElideMode.ElideRight, font.elidedText
        painter.setPen(QColor(theme.muted))
        title = elide("predicted" if self._clusters is None else "cluster", right, grid.width())
        write(painter, grid.center().x() - font.horizontalAdvance(title) / 2, grid.top() - 1.5 * font.height(), title)
        total = self._cell_area(grid, width, height, 0, len(self._columns))
        write(
            painter, total.center().x() - font.horizontalAdvance("total") / 2, grid.top() - font.height() / 2, "total"
        )
        painter.save()
        painter.translate(target.left() + 8 + font.height() / 2, grid.center().y())
        painter.rotate(-90)
        write(painter, -font.horizontalAdvance("true") / 2, 0, "true")
        painter.restore()
        below = self._cell_area(grid, width, height, len(self._class_names), 0)
        write(painter, grid.left() - 8 - font.horizontalAdvance("total"), below.center().y(), "total")
        painter.setPen(QColor(theme.text))
        room = grid.left() - target.left() - 24 - font.height()
        for index, name in enumerate(self._class_names):
            area = self._cell_area(grid, width, height, index, 0)
            text = elide(name, right, room)
            write(painter, grid.left() - 8 - font.horizontalAdvance(text), area.center().y(), text)
        for index, name in enumerate(self._columns):
            above = self._cell_area(grid, width, height, 0, index)
            text = elide(name, right, width - 4)
            left = above.center().x() - font.horizontalAdvance(text) / 2
            write(painter, left, grid.top() - font.height() / 2, text)

    def _cell_label(self, matrix: IntArray, row: int, column: int) -> str:
        if self._norm == "counts":
            return f"{matrix[row, column]:,}"
        whole = matrix[row].sum() if self._norm == "rows" else matrix[:, column].sum()
        return _percent(matrix[row, column] / whole) if whole else "–"

    def paint_focus(self, painter: QPainter) -> None:
        if self._matrices:
            painter.setPen(QPen(QColor(self.theme.text), 2))
            painter.drawRect(self.cell_area(*self._cell).adjusted(1, 1, -1, -1))

    def paint_hover(self, painter: QPainter, pointer: QPointF) -> None:
        cell = self.cell_at(pointer)
        if cell is not None:
            painter.setPen(QPen(QColor(self.theme.text), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.cell_area(*cell).adjusted(1, 1, -1, -1))

    def tip_at(self, at: QPointF) -> str:
        cell = self.cell_at(at)
        return "" if cell is None else self.cell_text(*cell)

    # -- hands

    def press(self, at: QPointF) -> None:
        cell = self.cell_at(at)
        if cell is not None:
            self._cell = cell
            self.redraw()
            self.cell_chosen.emit(self.part, *cell)

    def press_key(self, key: int) -> bool:
        steps = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}
        if not self._matrices:
            return False
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.cell_chosen.emit(self.part, *self._cell)
            return True
        if key not in steps:
            return False
        down, across = steps[Qt.Key(key)]
        last_row, last_column = len(self._class_names) - 1, len(self._columns) - 1
        self._cell = min(max(self._cell[0] + down, 0), last_row), min(max(self._cell[1] + across, 0), last_column)
        self.redraw()
        return True


def _shares(matrix: IntArray, norm: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """How strongly each cell is coloured, 0 to 1: its share of its row, of its column, or of the fullest cell."""
    if norm == "rows":
        whole = matrix.sum(axis=1, keepdims=True)
    elif norm == "columns":
        whole = matrix.sum(axis=0, keepdims=True)
    else:
        whole = np.full((1, 1), matrix.max())
    return np.asarray(matrix / np.maximum(whole, 1), np.float64)


def _percent(share: float) -> str:
    """Without decimals, and with one where a rounded 0 or 100 would not be true.

    >>> _percent(0.5), _percent(0.997), _percent(1.0)
    ('50 %', '99.7 %', '100 %')
    """
    rounded = f"{100 * share:.0f}"
    exact = share in (0.0, 1.0) or rounded not in ("0", "100")
    return f"{rounded} %" if exact else f"{100 * share:.1f} %"


@cache
def cell_colours(window: str, full: str, strength: int) -> tuple[QColor, QColor]:
    """The ground of a cell, from that of the `window` at 0 to nearly the `full` colour, and what is readable on it."""
    ground = blend(window, full, _DARKEST * strength / _STRENGTHS)
    return ground, readable_on(ground)


def readable_on(ground: QColor) -> QColor:
    """Black or white, whichever stands out more from `ground`: by 4.5 or more, whatever that is."""
    return max((QColor("#000000"), QColor("#ffffff")), key=lambda colour: contrast(colour, ground))


def contrast(first: QColor, second: QColor) -> float:
    """The contrast of two colours, from 1 to 21, as WCAG 2 defines it."""
    bright, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(colour: QColor) -> float:
    channels = (colour.redF(), colour.greenF(), colour.blueF())
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
