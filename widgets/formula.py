"""A formula, set like in print, in the theme's colours."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QByteArray, QEvent, QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QFrame, QSizePolicy, QWidget

from widgets.first_picture import after_first_picture
from widgets.style import active_theme

_PADDING_X, _PADDING_Y, _LEADING = 10, 9, 6
_BREAK = r"\quad"
"""Where a formula that is too wide may be broken."""


@dataclass(frozen=True)
class SetFormula:
    """A formula as SVG, with its size in device-independent pixels."""

    svg: bytes
    width: float
    height: float


@lru_cache(maxsize=256)
def set_formula(latex: str, colour: str, size: float) -> SetFormula:
    """Set `latex` in `colour` (#rrggbb) at a font size in pixels.

    The library is imported here (0.2 s) and each formula takes 6-26 ms, so this is not for the start of the program.
    """
    with warnings.catch_warnings():
        # It opens its fonts by a function that importlib.resources deprecates in Python 3.11 and revives in 3.13.
        warnings.simplefilter("ignore", DeprecationWarning)
        from ziafont.config import config
        from ziamath.zmath import Latex

        config.svg2 = False  # Qt draws SVG 1.2 Tiny
        formula = Latex(latex, size=size, color=colour)
        width, height = formula.getsize()
        return SetFormula(formula.svg().encode(), float(width), float(height))


class FormulaCard(QFrame):
    """A card with one formula, broken and then made smaller where the panel is narrow.

    It is set when it is first shown, after the window has appeared.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._latex = ""
        self._lines: tuple[SetFormula, ...] = ()
        self._is_due = False
        self.setProperty("look", "card")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._set_height()

    def set_latex(self, latex: str, spoken: str) -> None:
        """Show `latex`; `spoken` says in words what it is, for tooltip and screen reader."""
        self.setToolTip(spoken)
        self.setAccessibleName(f"Formula: {latex}")
        self.setAccessibleDescription(spoken)
        if latex != self._latex:
            self._latex = latex
            self._request()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._is_due = False  # what was due when it was hidden has been dropped
        self._request()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._request()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._request()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        y = float(_PADDING_Y)
        for line in self._lines:
            scale = min(1.0, self._room() / line.width)
            box = QRectF(_PADDING_X, y, line.width * scale, line.height * scale)
            QSvgRenderer(QByteArray(line.svg)).render(painter, box)
            y += box.height() + _LEADING
        painter.end()

    def sizeHint(self) -> QSize:
        return QSize(200, self.minimumHeight())

    def _request(self) -> None:
        if self.isVisible() and not self._is_due:
            self._is_due = True
            after_first_picture(self, self._set)

    def _set(self) -> None:
        self._is_due = False
        if not self._latex:
            return
        theme = active_theme()
        size = theme.font_size + 2.0
        whole = set_formula(self._latex, theme.text, size)
        parts = [part for part in self._latex.split(_BREAK) if part.strip()]
        if whole.width > self._room() and len(parts) > 1:
            self._lines = tuple(set_formula(part, theme.text, size) for part in parts)
        else:
            self._lines = (whole,)
        self._set_height()
        self.update()

    def _set_height(self) -> None:
        heights = [line.height * min(1.0, self._room() / line.width) for line in self._lines] or [20.0]
        self.setFixedHeight(round(sum(heights) + _LEADING * (len(heights) - 1) + 2 * _PADDING_Y))

    def _room(self) -> float:
        return max(self.width() - 2.0 * _PADDING_X, 40.0)
