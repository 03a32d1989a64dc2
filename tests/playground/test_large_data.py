"""More points than can be told apart: opened, shown, drawn on, trained on and taken back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QProgressDialog, QPushButton, QWidget

from engine.dataset import Dataset
from engine.experiment import DrawnData, Experiment, GeneratedData
from engine.files import load_experiment, save_experiment
from engine.generators import dataset_of
from engine.metrics import LOOKED_AT
from engine.tables import BULK_CHARACTERS, write_points
from playground.waiting import NotWaitedForError, wait_for
from tests.playground.conftest import Hands, found
from tests.playground.controls import complaint, drop
from widgets.stage_points import SPRITE_LIMIT

LARGE = Experiment(data=GeneratedData(generator="gaussians2", n_points=60_000))
"""42,000 points to train on; all in view, more than can be painted one by one."""


@pytest.fixture
def large(open_window: Callable[[Experiment], Hands]) -> Hands:
    return open_window(LARGE)


def dataset() -> Dataset:
    return dataset_of(LARGE.data, LARGE.preparation)


def test_what_can_be_marked_is_predicted() -> None:
    assert SPRITE_LIMIT <= LOOKED_AT


def test_a_large_table_is_read_while_the_window_lives(hands: Hands, tmp_path: Path) -> None:
    path = tmp_path / "many.csv"
    write_points(path, dataset())
    assert path.stat().st_size > BULK_CHARACTERS
    seen: list[str] = []
    watch = QTimer()
    watch.timeout.connect(
        lambda: seen.extend(dialog.labelText() for dialog in hands.window.findChildren(QProgressDialog, "waiting"))
    )
    watch.start(1)
    drop(hands, path)
    hands.wait(lambda: len(hands.window.shown.dataset.points) == 60_000)
    watch.stop()
    assert "Reading many.csv…" in seen
    assert hands.window.shown.dataset.points.X.tolist() == dataset().X.tolist()
    assert hands.window.shown.dataset.class_names == ("A", "B")


def test_a_mistake_far_down_a_large_table_is_found(hands: Hands, tmp_path: Path) -> None:
    path = tmp_path / "many.csv"
    write_points(path, dataset())
    lines = path.read_text().splitlines()
    lines[54_321] = "0.5,ten,A"
    path.write_text("\n".join(lines))
    before = hands.window.document.experiment
    drop(hands, path)
    sentence = complaint(hands)
    assert "row 54322, column x2" in sentence
    assert "'ten'" in sentence
    assert hands.window.document.experiment is before


def test_one_may_think_better_of_waiting(hands: Hands, answer: Callable[[Callable[[QWidget], None]], None]) -> None:
    go_on = threading.Event()
    answer(lambda dialog: QTest.mouseClick(found(dialog, QPushButton), Qt.MouseButton.LeftButton))
    with pytest.raises(NotWaitedForError):
        wait_for(hands.window, "Reading for ever…", go_on.wait)
    go_on.set()


def test_what_goes_wrong_while_waiting_is_heard(hands: Hands) -> None:
    def work() -> None:
        raise ValueError("the file is torn")

    with pytest.raises(ValueError, match="torn"):
        wait_for(hands.window, "Reading…", work)
    assert wait_for(hands.window, "Reading…", lambda: 7) == 7


def test_a_model_learns_from_many_points_and_is_measured_on_all_at_rest(large: Hands) -> None:
    window = large.window
    window.training.play()
    large.wait(lambda: window.shown.epoch >= 1)
    window.training.pause()
    large.wait(lambda: not window.shown.playing and _is_exact(large))
    assert window.shown.metrics["train"]["accuracy"].value > 0.9


def _is_exact(hands: Hands) -> bool:
    """Whether the accuracy on screen is that of every training point, computed here."""
    shown = hands.window.shown
    if shown.model is None or not shown.metrics:
        return False
    train = np.flatnonzero(shown.dataset.parts == 0)
    labels = shown.model(shown.dataset.X[train]).labels
    assert labels is not None
    return bool(shown.metrics["train"]["accuracy"].value == (labels == shown.dataset.y[train]).mean())


def test_a_stroke_over_many_points_erases_and_is_taken_back(large: Hands) -> None:
    window = large.window
    window.data_panel.tool_chosen.emit("erase")
    large.wait(lambda: window.workspace.tool == "erase")
    before = window.shown.dataset
    large.drag((-0.5, -0.45), (-0.4, -0.45), (-0.4, -0.3))
    after = window.shown.dataset
    assert 0 < len(after.points) < len(before.points)
    pixels = window.stage.frame.mapping.to_pixels(after.X)
    path = window.stage.frame.mapping.to_pixels(np.array([(-0.5, -0.45), (-0.4, -0.45), (-0.4, -0.3)]))
    distance = np.min([np.hypot(*(pixels - place).T) for place in path], axis=0)
    assert distance.min() > window.workspace.brush_radius - 2
    kept = np.isin(before.points.ids, after.points.ids)
    assert (before.parts[kept] == after.parts).all()
    window.document.undo()
    assert window.shown.dataset.points == before.points


def test_zooming_in_shows_single_points_and_marks_those_that_are_wrong(large: Hands) -> None:
    window = large.window
    assert window.stage.figure.points.in_view(window.stage.frame.mapping) is None
    window.stage.set_range((-0.1, 0.1), (-0.1, 0.1))
    window.stage.range_changed.emit((-0.1, 0.1), (-0.1, 0.1))
    rows = window.stage.figure.points.in_view(window.stage.frame.mapping)
    assert rows is not None
    assert 0 < len(rows) < SPRITE_LIMIT

    def marks_agree() -> bool:
        shown = window.shown
        if shown.model is None or shown.predictions is None:
            return False
        labels = shown.model(shown.dataset.X[rows]).labels
        assert labels is not None
        wrong = rows[labels != shown.dataset.y[rows]]
        marked = window.stage.figure.points.misclassified
        return len(wrong) > 0 and np.intersect1d(marked, rows).tolist() == wrong.tolist()

    large.wait(marks_agree)


def test_drawn_points_of_many_are_saved_and_opened(large: Hands, tmp_path: Path) -> None:
    window = large.window
    large.click(0.9, -0.9)
    data = window.document.experiment.data
    assert isinstance(data, DrawnData)
    assert len(data.points) == 60_001
    save_experiment(tmp_path / "many.playground", window.document.experiment)
    assert load_experiment(tmp_path / "many.playground").data == data
