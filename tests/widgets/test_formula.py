"""Formulas as they are printed: what a fraction holds stands over and under its bar."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QByteArray, QRectF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from engine.registry import LEARNERS
from widgets.formula import set_formula

SCALE, MARGIN = 3, 12


def ink_of(latex: str) -> NDArray[np.bool_]:
    """Where a formula is dark (height, width), three pixels a point."""
    printed = set_formula(latex, "#000000", 15.0)
    width, height = round(SCALE * printed.width) + 2 * MARGIN, round(SCALE * printed.height) + 2 * MARGIN
    image = QImage(width, height, QImage.Format.Format_Grayscale8)
    image.fill(255)
    painter = QPainter(image)
    area = QRectF(MARGIN, MARGIN, width - 2 * MARGIN, height - 2 * MARGIN)
    QSvgRenderer(QByteArray(printed.svg)).render(painter, area)
    painter.end()
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(height, image.bytesPerLine())
    return pixels[:, :width] < 128


def longest_run(row: NDArray[np.bool_]) -> tuple[int, int]:
    """The first and the last of the most dark pixels side by side."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], row.astype(int), [0]])))
    runs = [(int(end - start), int(start), int(end) - 1) for start, end in edges.reshape(-1, 2)]
    return max(runs, default=(0, 0, 0))[1:]


@pytest.mark.parametrize("kind", [kind for kind, entry in LEARNERS.items() if r"\frac{\sum" in entry.formula])
def test_nothing_of_a_fraction_of_sums_hangs_over_its_bar(qapp: QApplication, kind: str) -> None:
    ink = ink_of(LEARNERS[kind].formula)
    runs = [longest_run(row) for row in ink]
    bar = max(range(len(runs)), key=lambda at: runs[at][1] - runs[at][0])
    left, right = runs[bar]
    away = np.r_[0 : bar - 3 * SCALE, bar + 3 * SCALE : len(ink)]  # where no sign stands at the height of the bar
    assert right - left > 5 * SCALE
    assert not ink[away, left - 2 * SCALE : left - SCALE + 1].any()
    assert not ink[away, right + SCALE : right + 2 * SCALE].any()
