"""A document for the stage's tests: it grants the stage's wishes and writes down what it heard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QWidget

from engine.dataset import CLASS_NAMES, Dataset, Part, Points, Task
from widgets.stage import Stage

Show = Callable[[QWidget, int, int], QWidget]


class Document:
    """Holds points, grants every wish at once (unless told to wait), and writes down what it heard."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.points = Points.empty(2)
        self.task: Task = "classification"
        self.n_classes = 3
        self.held_out_rows: list[int] = []
        self.waits = False
        self.heard: list[tuple[Any, ...]] = []
        stage.stroke_started.connect(lambda what: self.heard.append(("start", what)))
        stage.stroke_ended.connect(lambda: self.heard.append(("end",)))
        stage.points_drawn.connect(self.on_drawn)
        stage.points_erased.connect(self.on_erased)
        stage.points_moved.connect(self.on_moved)
        stage.points_relabelled.connect(self.on_relabelled)
        stage.selection_changed.connect(lambda rows: self.heard.append(("select", rows.tolist())))
        stage.tool_refused.connect(lambda sentence: self.heard.append(("refuse", sentence)))
        stage.fit_requested.connect(lambda: self.heard.append(("fit",)))
        stage.range_changed.connect(lambda x, y: self.heard.append(("range", x, y)))

    def hold(self, X: list[list[float]], y: list[float], task: Task = "classification") -> None:
        self.task = task
        self.points = Points(np.array(X, np.float32), np.array(y, np.float32))
        self.show()

    def show(self) -> None:
        parts = np.zeros(len(self.points), np.int8)
        parts[self.held_out_rows] = Part.TEST
        names = CLASS_NAMES[: self.n_classes] if self.task == "classification" else ()
        self.stage.set_dataset(Dataset(self.points, self.task, parts, names))

    def grant(self, points: Points) -> None:
        self.points = points
        if not self.waits:
            self.show()

    def on_drawn(self, X: Any, y: Any) -> None:
        assert X.dtype == y.dtype == np.float32
        self.heard.append(("draw", len(y)))
        self.grant(self.points.adding(X, y))

    def on_erased(self, rows: Any) -> None:
        self.heard.append(("erase", rows.tolist()))
        self.grant(self.points.erasing(rows))

    def on_moved(self, rows: Any, X: Any, y: Any) -> None:
        self.heard.append(("move", rows.tolist()))
        self.grant(self.points.moving(rows, X, y))

    def on_relabelled(self, rows: Any, index: int) -> None:
        self.heard.append(("relabel", rows.tolist(), index))
        self.grant(self.points.relabelling(rows, index))

    def names(self) -> list[str]:
        return [entry[0] for entry in self.heard]


def place(stage: Stage, x: float, y: float) -> QPoint:
    px, py = stage.frame.mapping.to_pixels(np.array([x, y]))
    return QPoint(round(px), round(py))
