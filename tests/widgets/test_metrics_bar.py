"""The numbers under the stage."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QLabel

from engine.snapshot import Estimate
from tests.widgets.clipping import cut_off
from widgets.metrics_bar import MetricsBar
from widgets.style import apply_theme
from widgets.theme import LIGHT

CLASSES = {
    "train": {"loss": Estimate(0.03124), "accuracy": Estimate(0.9931, 0.011)},
    "validation": {"loss": Estimate(0.05), "accuracy": Estimate(0.98, 0.02)},
    "test": {"loss": Estimate(0.0871), "accuracy": Estimate(0.975, 0.0281)},
}
VALUES = {
    part: {"loss": Estimate(1.5), "rmse": Estimate(1.2247), "mae": Estimate(0.9), "r2": Estimate(0.71234)}
    for part in ("train", "validation", "test")
}


@pytest.fixture
def bar(qapp: QApplication, show: Callable[..., Any]) -> MetricsBar:
    apply_theme(qapp, LIGHT)
    made: MetricsBar = show(MetricsBar(), 1000, 44)
    return made


def test_the_parts_that_have_points_are_shown(bar: MetricsBar) -> None:
    assert bar.hint.isVisible()
    bar.set_metrics({"train": CLASSES["train"], "test": CLASSES["test"]})
    assert not bar.hint.isVisible()
    assert bar.number("train", "loss").isVisible()
    assert bar.number("test", "accuracy").value.text() == "97.5 ± 2.8 %"
    assert not bar.number("validation", "loss").isVisible()
    assert not bar.number("train", "rmse").isVisible()


def test_a_half_width_is_explained(bar: MetricsBar) -> None:
    bar.set_metrics(CLASSES)
    assert "95 %" in bar.number("test", "accuracy").toolTip()
    assert "95 %" not in bar.number("train", "loss").toolTip()
    assert bar.number("test", "accuracy").accessibleName() == "test acc. 97.5 ± 2.8 %"


@pytest.mark.parametrize("metrics", [CLASSES, VALUES], ids=["classification", "regression"])
@pytest.mark.parametrize("width", [200, 474, 600, 1000, 1900])
def test_the_least_important_gives_way(qapp: QApplication, bar: MetricsBar, metrics: Any, width: int) -> None:
    bar.set_metrics(metrics)
    bar.set_note("still improving after 1,284 epochs")
    bar.resize(width, 44)
    qapp.processEvents()
    assert cut_off(bar) == []
    shown = [(p, n) for p in metrics for n in metrics[p] if bar.number(p, n).isVisible()]
    best = ("test", "accuracy") if metrics is CLASSES else ("train", "loss")
    assert best in shown or not shown
    if width == 1900:
        assert len(shown) == sum(len(names) for names in metrics.values())
        assert bar.note.text() == "still improving after 1,284 epochs"


def test_a_wider_bar_brings_the_numbers_back(qapp: QApplication, bar: MetricsBar) -> None:
    bar.set_metrics(CLASSES)
    bar.resize(300, 44)
    qapp.processEvents()
    assert not bar.number("validation", "loss").isVisible()
    bar.resize(1400, 44)
    qapp.processEvents()
    assert bar.number("validation", "loss").isVisible()


def test_the_digits_stand_still(bar: MetricsBar) -> None:
    widths = set()
    for digit in range(1, 10):
        bar.set_metrics({"train": {"loss": Estimate(0.1 * digit + 0.01 * digit + 0.001 * digit)}})
        widths.add(bar.number("train", "loss").value.sizeHint().width())
    assert len(widths) == 1


def test_a_new_run_starts_without_numbers(bar: MetricsBar) -> None:
    bar.set_metrics(CLASSES)
    bar.set_metrics({})
    assert bar.hint.isVisible()
    assert not any(bar.number(part, name).isVisible() for part in CLASSES for name in CLASSES[part])
    assert all(isinstance(label, QLabel) for label in bar.findChildren(QLabel))
