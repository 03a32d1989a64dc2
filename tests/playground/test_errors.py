"""What a person sees when something is wrong: said where it is wrong, nothing lost, and mending it is enough."""

from __future__ import annotations

import errno
import json
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QPlainTextEdit

from engine.edits import set_values
from engine.experiment import SCHEMA_VERSION, DrawnData, Experiment
from engine.files import dumps, load_experiment
from tests.playground.conftest import Hands, found
from tests.playground.controls import button_named, choose, choose_in, complaint, drop, marks, type_into
from tests.playground.test_whole_path import type_file_name

Right = Qt.MouseButton.RightButton
SMALL = {"data.n_points": 60, "training.optimizer.batch_size": 20}


def made(**values: Any) -> Experiment:
    """A small experiment with `values`, in which `__` stands for a dot."""
    changes = {name.replace("__", "."): value for name, value in values.items()}
    network = changes.get("learner.kind", "mlp") == "mlp"
    return set_values(Experiment(), {**SMALL, **({"learner.layers": "4"} if network else {}), **changes})


def assert_it_does_not_start(hands: Hands, words: str) -> None:
    """Play is pressed: nothing trains, and both the control and the status bar say why."""
    hands.press(hands.window.top_bar.transport.play_button)
    QTest.qWait(50)
    assert not hands.playing
    assert hands.epoch == 0
    assert words in hands.status
    assert hands.status in marks(hands)


def assert_it_starts(hands: Hands) -> None:
    assert not hands.window.shown.blocked
    hands.press(hands.window.top_bar.transport.play_button)
    hands.wait(lambda: hands.epoch > 0 or hands.window.shown.outcome.final)
    hands.do("run.reset")
    hands.wait(lambda: hands.epoch == 0)


# -- what is wrong before it runs --------------------------------------------------------------------------------------


def test_without_points_it_does_not_start(open_window: Callable[..., Hands]) -> None:
    hands = open_window(Experiment(data=DrawnData()))
    hands.press(hands.window.top_bar.transport.play_button)
    assert not hands.playing
    assert hands.status == "There are no points yet: draw some on the stage, or choose a data set."
    hands.click(-0.5, 0.0)
    hands.window.shown  # noqa: B018
    assert_it_does_not_start(hands, "All points are of class A")
    for x in (-0.6, -0.4, -0.2):
        hands.click(x, 0.1)
        hands.click(-x, 0.1, Right)
    assert marks(hands) == []
    assert_it_starts(hands)


def test_points_in_one_place_are_marked(open_window: Callable[..., Hands]) -> None:
    hands = open_window(set_values(Experiment(data=DrawnData()), {"preparation.test_share": 0.0}))
    hands.click(0.2, 0.3)
    hands.click(0.2, 0.3, Right)
    assert hands.n_points == 2
    assert_it_does_not_start(hands, "All training points have the same inputs")
    hands.do("edit.undo")
    hands.click(-0.2, 0.3, Right)
    assert_it_starts(hands)


def test_holding_out_one_class_altogether_is_marked(open_window: Callable[..., Hands]) -> None:
    hands = open_window(made(data__n_points=4, preparation__test_share=0.0))
    type_into(hands.window.data_panel.shares.row("test_share"), "0.75")
    assert_it_does_not_start(hands, "held out")
    type_into(hands.window.data_panel.shares.row("test_share"), "0")
    assert_it_starts(hands)


def test_wrong_losses_are_marked_and_mended(open_window: Callable[..., Hands]) -> None:
    hands = open_window(made(data__generator="gaussians3"))
    loss = hands.window.model_panel.loss.row("kind")
    for kind, words in (
        ("binary_cross_entropy", "for two classes, but there are 3: choose cross-entropy"),
        ("zero_one", "flat almost everywhere, so its gradient is zero"),
    ):
        choose_in(loss, kind)
        assert loss.is_wrong
        assert_it_does_not_start(hands, words)
        choose_in(loss, "cross_entropy")
        assert marks(hands) == []
        assert_it_starts(hands)
    choose_in(loss, "zero_one")
    choose_in(hands.window.model_panel.optimizer.row("kind"), "random_search")
    assert_it_starts(hands)


def test_class_losses_of_numbers_are_explained(open_window: Callable[..., Hands]) -> None:
    hands = open_window(made(data__generator="sine", training__loss__kind="squared"))
    loss = hands.window.model_panel.loss.row("kind")
    for kind in ("cross_entropy", "binary_cross_entropy", "hinge", "zero_one"):
        choose_in(loss, kind)
        assert_it_does_not_start(hands, "compares classes, but the targets of these data are numbers")
    choose_in(loss, "huber")
    assert_it_starts(hands)


def test_least_squares_takes_no_other_loss(open_window: Callable[..., Hands]) -> None:
    hands = open_window(
        made(data__generator="linear", learner__kind="linear_regression", learner__fit="least_squares",
             training__loss__kind="squared")
    )  # fmt: skip
    panel = hands.window.model_panel
    for kind in ("absolute", "huber"):
        choose_in(panel.loss.row("kind"), kind)
        assert_it_does_not_start(hands, "Least squares makes the squared loss small")
    choose_in(panel.loss.row("kind"), "squared")
    type_into(panel.regularization.row("l1"), "0.1")
    assert_it_does_not_start(hands, "With an L1 penalty least squares has no exact solution")
    type_into(panel.regularization.row("l1"), "0")
    assert_it_starts(hands)


def test_a_degree_too_high_for_the_points_is_marked(open_window: Callable[..., Hands]) -> None:
    hands = open_window(
        made(data__generator="sine", data__n_points=10, learner__kind="linear_regression",
             training__loss__kind="squared")
    )  # fmt: skip
    degree = hands.window.data_panel.maps.row("polynomial")
    type_into(degree, "12")
    assert any("Degree 12 makes 13 weights but only 7 points" in mark for mark in marks(hands))
    type_into(degree, "2")
    assert marks(hands) == []


def test_no_feature_at_all_is_marked(open_window: Callable[..., Hands]) -> None:
    hands = open_window(made(preparation__chips=["x1"]))
    hands.press(hands.window.data_panel._chip_buttons["x1"])
    assert_it_does_not_start(hands, "No feature is chosen")
    hands.press(hands.window.data_panel._chip_buttons["x2"])
    assert_it_starts(hands)


def test_a_layer_that_cannot_learn_is_marked(open_window: Callable[..., Hands]) -> None:
    hands = open_window(made())
    choose(hands.window.model_panel.layers.activation, "threshold")
    assert any("no gradient passes through hidden layer 1" in mark for mark in marks(hands))
    choose(hands.window.model_panel.layers.activation, "tanh")
    assert marks(hands) == []


def test_a_mark_opens_the_fold_that_it_is_in(open_window: Callable[..., Hands]) -> None:
    hands = open_window(made())
    assert marks(hands) == []
    row = hands.window.model_panel.stop.row("patience")
    assert not row.isVisible()
    hands.window.document.edit(set_values(hands.window.document.experiment, {"training.stop.patience": 5}), "Patience")
    assert any("Nothing is held out for validation" in mark for mark in marks(hands))
    assert row.isVisible()


def test_a_number_out_of_range_is_refused_where_it_is_typed(open_window: Callable[..., Hands]) -> None:
    hands = open_window(made())
    row = hands.window.model_panel.optimizer.row("learning_rate")
    before = hands.window.document.experiment
    for wrong in ("1000", "fast", "-1"):
        type_into(row, wrong)
        (mark,) = marks(hands)
        assert "100" in mark
        assert hands.window.document.experiment is before
    type_into(row, "0.1")
    assert marks(hands) == []
    assert hands.window.document.experiment.training.optimizer.learning_rate == 0.1


def test_a_running_model_that_is_made_impossible_says_so_and_goes_on_once_mended(
    open_window: Callable[..., Hands],
) -> None:
    hands = open_window(made(data__generator="gaussians3"))
    loss = hands.window.model_panel.loss.row("kind")
    hands.press(hands.window.top_bar.transport.play_button)
    hands.wait(lambda: hands.epoch > 5)
    choose_in(loss, "binary_cross_entropy")
    hands.wait(lambda: not hands.playing)
    assert "choose cross-entropy" in hands.status
    choose_in(loss, "cross_entropy")
    hands.wait(lambda: hands.playing and hands.epoch > 5)


# -- while it runs -----------------------------------------------------------------------------------------------------


def test_a_run_that_diverges_keeps_its_last_finite_state(open_window: Callable[..., Hands]) -> None:
    hands = open_window(
        made(data__generator="moons", training__loss__kind="squared", training__optimizer__kind="gradient_descent",
             learner__layers='[{"units": 8, "activation": "relu"}, {"units": 8, "activation": "relu"}]')
    )  # fmt: skip
    rate = hands.window.model_panel.optimizer.row("learning_rate")
    type_into(rate, "100")
    hands.press(hands.window.top_bar.transport.play_button)
    hands.wait(lambda: hands.window.shown.outcome.status == "diverged")
    QTest.qWait(50)
    shown, snapshot = hands.window.shown, hands.window.training.snapshot
    assert snapshot is not None
    assert hands.status.startswith(f"Diverged at step {snapshot.step:,}")
    assert "Lower the learning rate (now 100)." in hands.status
    assert not hands.playing
    assert hands.window.metrics_bar.note.text() == "diverged"
    assert shown.field is not None
    assert shown.predictor is not None
    assert np.isfinite(shown.predictor(shown.dataset.X).scores).all()
    assert all(np.isfinite(estimate.value) for values in shown.metrics.values() for estimate in values.values())
    type_into(rate, "0.01")
    hands.press(hands.window.top_bar.transport.play_button)
    hands.wait(lambda: hands.epoch > 20)
    assert hands.playing


def test_a_missing_gpu_is_said_and_the_cpu_used(
    open_window: Callable[..., Hands], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    hands = open_window(made())
    panel = hands.window.model_panel
    panel.set_folds({"computation": True})
    choose_in(panel.computation.row("device"), "cuda")
    sentence = "No CUDA GPU was found, so the CPU is used."
    hands.wait(lambda: hands.status == sentence)
    assert marks(hands) == [sentence]
    assert any(label.text().startswith("CPU · ") for label in hands.window.statusBar().findChildren(QLabel))
    assert_it_starts(hands)
    choose_in(panel.computation.row("device"), "cpu")
    hands.wait(lambda: marks(hands) == [])


def test_an_error_in_a_learner_is_reported_and_the_next_run_works(
    open_window: Callable[..., Hands], monkeypatch: pytest.MonkeyPatch
) -> None:
    hands = open_window(made())
    with monkeypatch.context() as broken:

        def fail(*_: object) -> None:
            raise ZeroDivisionError("the weights are on strike")

        broken.setattr("engine.dense.DenseLearner.advance", fail)
        hands.press(hands.window.top_bar.transport.play_button)
        hands.wait(lambda: hands.window.findChild(QDialog, "report") is not None)
    dialog = hands.find(QDialog, "report")
    assert any("The model failed: the weights are on strike" in label.text() for label in dialog.findChildren(QLabel))
    report = found(dialog, QPlainTextEdit).toPlainText()
    assert "ZeroDivisionError: the weights are on strike" in report
    assert "Python" in report
    QTest.mouseClick(button_named(dialog, "Copy report"), Qt.MouseButton.LeftButton)
    assert QApplication.clipboard().text() == report
    dialog.close()
    hands.wait(lambda: not hands.playing)
    hands.press(hands.window.top_bar.transport.play_button)
    hands.wait(lambda: hands.epoch > 5)


# -- opening -----------------------------------------------------------------------------------------------------------

TABLES: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "ragged": (b"x1,x2,label\n1,2,a\n3,4\n5,6,b\n", ("row 3 has 2 cells", "3, 4", "delete it")),
    "text": (b"x1,x2,label\n1,2,a\n3,four,b\n", ("row 3, column x2", "four")),
    "wrong encoding": (b"\xff\xfex\x001\x00,\xd8", ("damaged",)),
    "binary": (bytes(range(256)) * 8, ("not a text file",)),
    "empty": (b"", ("empty",)),
    "header alone": (b"x1,x2,label\n", ("header", "no points")),
    "one column": (b"1\n2\n3\n", ("only one column", "commas")),
    "seven classes": (b"".join(b"%d,0,c%d\n" % (i, i) for i in range(7)), ("7 different labels", "merge")),
    "missing label": (b"x1,x2,label\n1,2,a\n3,4,\n", ("row 3, column label", "missing")),
}


def test_tables_that_cannot_be_read_name_the_place(hands: Hands, tmp_path: Path) -> None:
    before = hands.window.document.experiment
    for what, (content, words) in TABLES.items():
        path = tmp_path / f"{what}.csv"
        path.write_bytes(content)
        drop(hands, path)
        sentence = complaint(hands)
        for word in (path.name, *words):
            assert word in sentence, (what, sentence)
        assert hands.window.document.experiment is before
        assert not hands.window.isWindowModified()


def test_a_table_of_a_gigabyte_is_refused_at_once(hands: Hands, tmp_path: Path) -> None:
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        file.truncate(2**30)  # A hole: it takes no room on the disk.
    before = hands.window.document.experiment
    drop(hands, path)
    assert "huge.csv has 1,024 MB" in complaint(hands)
    assert hands.window.document.experiment is before


def test_what_is_pasted_wrongly_is_explained(hands: Hands) -> None:
    before = hands.window.document.experiment
    QApplication.clipboard().setText("0.1 0.2 A\n0.3 oops B\n")
    hands.do("edit.paste")
    sentence = complaint(hands)
    assert "oops" in sentence
    assert "Row 2" in sentence
    assert hands.window.document.experiment is before


class Bomb:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, (str(self.path),)


def hostile_files(folder: Path, trap: Path) -> dict[str, tuple[bytes, str]]:
    """File contents by name, and what is said of each."""
    good = json.loads(dumps(Experiment()))
    evil = {**good, "__class__": f"__import__('os').mkdir('{trap}')"}
    with zipfile.ZipFile(folder / "archive", "w") as archive:
        archive.writestr("../../evil.py", "import os")
    return {
        "truncated": (dumps(Experiment())[:300], "damaged or cut off"),
        "newer": (json.dumps({**good, "schema_version": SCHEMA_VERSION + 1}).encode(), "made by a newer Playground"),
        "pickle": (pickle.dumps(Bomb(trap)), "is not a Playground experiment"),
        "code": (json.dumps(evil).encode(), "__class__"),
        "archive": ((folder / "archive").read_bytes(), "zip file with other contents"),
        "deep": (b"[" * 100_000, "is not a Playground experiment"),
        "out of range": (
            json.dumps({**good, "data": {**good["data"], "n_points": 10**9}}).encode(),
            "data.n_points",
        ),
        "empty": (b"", "is empty"),
        "picture": (b"\x89PNG\r\n\x1a\n" + b"\0" * 64, "is not a Playground experiment"),
    }


def test_experiments_that_cannot_be_read_leave_everything_untouched(hands: Hands, tmp_path: Path) -> None:
    trap = tmp_path / "executed"
    before = hands.window.document.experiment
    for what, (content, words) in hostile_files(tmp_path, trap).items():
        path = tmp_path / f"{what}.playground"
        path.write_bytes(content)
        drop(hands, path)
        sentence = complaint(hands)
        assert words in sentence, (what, sentence)
        assert path.name in sentence
        assert hands.window.document.experiment is before
        assert hands.window.document.path is None
        assert not hands.window.isWindowModified()
    assert not trap.exists()


# -- saving ------------------------------------------------------------------------------------------------------------


def failing(number: int) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


@pytest.mark.parametrize(
    ("where", "number"), [("os.fsync", errno.ENOSPC), ("os.replace", errno.EACCES), ("pathlib.Path.open", errno.EROFS)]
)
def test_a_file_that_cannot_be_saved_is_said_and_the_old_one_is_intact(
    where: str,
    number: int,
    hands: Hands,
    answer: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = tmp_path / "mine.playground"
    answer(type_file_name(file))
    hands.do("file.save")
    old = file.read_bytes()
    hands.click(0.3, 0.3)
    with monkeypatch.context() as full:
        full.setattr(where, failing(number))
        hands.do("file.save")
        sentence = complaint(hands)
    assert str(file) in sentence
    assert os.strerror(number) in sentence
    assert file.read_bytes() == old
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["mine.playground"]
    assert hands.window.isWindowModified()
    hands.do("file.save")
    assert not hands.window.isWindowModified()
    assert load_experiment(file) == hands.window.document.experiment
