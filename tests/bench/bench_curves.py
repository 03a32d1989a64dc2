"""What a new epoch costs the learning curves, however many there are."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QApplication

from engine.snapshot import CurvePoint
from tests.bench.registry import Figure, benchmarks_together, median_ms
from widgets.curves import Curves

_WIDTH, _HEIGHT = 830, 180
"""Of the dock in a window of 1440x900."""


def _redraw_ms(epochs: int) -> float:
    """The median time to take one epoch more and paint three noisy curves again."""
    application = QApplication.instance() or QApplication([])
    random = np.random.default_rng(0)
    noise = np.exp(0.2 * random.normal(size=(epochs + 200, 6)))
    points = [
        CurvePoint(k, (float(n[0]), float(n[1]), float(n[2])), (float(n[3]), float(n[4]), float(n[5])))
        for k, n in enumerate(noise / (1 + np.arange(len(noise))[:, None] / epochs * 20))
    ]
    curves = Curves()
    curves.resize(_WIDTH, _HEIGHT)
    curves.append(points[:epochs])
    rest = iter(points[epochs:])

    def one_more() -> None:
        curves.append([next(rest)])
        curves.grab()
        application.processEvents()

    return median_ms(one_more, repeats=60)


@benchmarks_together(
    Figure("curves, 1,000 epochs: one more", "ms"),
    Figure("curves, 10,000 epochs: one more", "ms"),
    Figure("curves, 100,000 epochs: one more", "ms"),
    Figure("curves, 100,000 epochs against 1,000", "times", budget=1.5),
)
def curves() -> list[float]:
    few, more, many = (_redraw_ms(epochs) for epochs in (1_000, 10_000, 100_000))
    return [few, more, many, many / few]
