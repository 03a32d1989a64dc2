"""Starting, stopping and quitting, again and again: no thread stays, no picture of an older run is shown."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.edits import set_values
from engine.experiment import Experiment
from engine.snapshot import Snapshot, Viewport
from playground.bridge import Bridge
from tests.playground.conftest import Hands

ROOT = Path(__file__).parents[2]
SMALL = set_values(Experiment(), {"data.n_points": 40, "learner.layers": "4"})


def training_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("playground-run")]


def test_two_hundred_restarts_leave_no_thread_and_no_stale_frame(qtbot: QtBot) -> None:
    bridge = Bridge()
    stale, seen = [], set()

    def look(snapshot: Snapshot) -> None:
        seen.add(snapshot.run_id)
        if snapshot.run_id != bridge.run_id:
            stale.append((snapshot.run_id, bridge.run_id))

    bridge.snapshot_arrived.connect(look)
    bridge.set_viewport(Viewport((-1.0, 1.0), (-1.0, 1.0), 64, 64))
    for cycle in range(200):
        bridge.start(SMALL, playing=cycle % 3 != 0)
        assert bridge.run_id == cycle + 1
        if cycle % 3 == 0:
            bridge.play()
        if cycle % 10 == 0:
            qtbot.waitUntil(lambda: bridge.run_id in seen, timeout=10_000)
        else:
            QTest.qWait(cycle % 7)
        if cycle % 5 == 0:
            bridge.pause()
    assert stale == []
    assert len(training_threads()) < 20
    assert bridge.close()
    assert training_threads() == []
    QTest.qWait(50)
    assert max(seen) <= 200
    bridge.deleteLater()


def test_after_a_reset_the_window_shows_the_new_run_alone(open_window: Callable[..., Hands]) -> None:
    hands = open_window(SMALL)
    shown: list[int] = []
    window = hands.window

    def look() -> None:
        if window.training.snapshot is not None:
            shown.append(window.training.snapshot.run_id)

    window.training.snapshot_changed.connect(look)
    for _ in range(25):
        hands.press(window.top_bar.transport.play_button)
        hands.wait(lambda: hands.epoch > 0)
        hands.do("run.reset")
        assert hands.epoch == 0
        assert not hands.playing
    assert shown == sorted(shown)
    QTest.qWait(100)
    assert hands.epoch == 0
    assert len(training_threads()) == 1


QUITS = """
import sys, threading
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from engine.edits import set_values
from engine.experiment import Experiment
from playground.settings import AppSettings
from playground.window import MainWindow

application = QApplication(["playground"])
experiment = set_values(Experiment(), {"data.n_points": 40, "learner.layers": "4"})
trained = 0
for turn in range(int(sys.argv[1])):
    window = MainWindow(experiment, AppSettings())
    window.show()
    application.processEvents()
    window.top_bar.transport.play_button.click()
    for _ in range(2000 if turn % 10 == 0 else turn % 5):
        if turn % 10 == 0 and window.shown.epoch > 0:
            break
        QTest.qWait(5)
    trained += window.shown.epoch > 0
    assert window.training.waiting_to_play
    assert window.close()
    left = [thread.name for thread in threading.enumerate() if thread.name.startswith("playground")]
    assert left == [], left
    window.deleteLater()
    application.sendPostedEvents(None, 52)
assert trained >= int(sys.argv[1]) // 10, trained
"""

ONE_QUIT = """
import sys
import PySide6.QtCore as core
from PySide6.QtWidgets import QApplication
from playground.app import run_application

application = QApplication(["playground"])

def window():
    return next(each for each in QApplication.topLevelWidgets() if each.objectName() == "main_window")

core.QTimer.singleShot(600, lambda: window().top_bar.transport.play_button.click())
core.QTimer.singleShot(int(sys.argv[1]), lambda: window().actions_.actions["file.quit"].trigger())
sys.exit(run_application(None))
"""


QUITS_IN_A_SEARCH = """
import multiprocessing, sys, threading
from dataclasses import replace
from pathlib import Path
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from engine.edits import set_values
from playground.app import run_application
from playground.choices import with_learner
from widgets.validation_values import AxisWish

AXES = {
    "mlp": (AxisWish("training.optimizer.learning_rate", 0.01, 1.0, 25), AxisWish("learner.layers.0.units", 1, 9, 9)),
    "svm": (AxisWish("learner.C", 0.01, 1000.0, 25), AxisWish("learner.gamma", 0.01, 100.0, 25)),
}

def window():
    return next(each for each in QApplication.topLevelWidgets() if each.objectName() == "main_window")

def search():
    found = window()
    data = {"data.n_points": "3000", "data.noise": "0.4", "training.stop.max_epochs": "1000000000"}
    if sys.argv[1] == "svm":
        data["learner.gamma_from"] = "by_hand"
    found.document.edit(set_values(with_learner(found.document.experiment, sys.argv[1]), data), "Search")
    found.document.mark_saved(Path("unused.playground"), found.document.experiment)
    found.evaluation.open("validation")
    view = found.evaluation.view("validation")
    QTest.mouseClick(view.modes.button("search"), Qt.MouseButton.LeftButton)
    view.wish_changed.emit(replace(found.validation.wish, axes=(*AXES[sys.argv[1]], AxisWish())))
    QTest.mouseClick(view.run_button, Qt.MouseButton.LeftButton)
    quit_when_processes_compute()

def quit_when_processes_compute():
    assert window().validation.running
    if not multiprocessing.active_children():
        QTimer.singleShot(20, quit_when_processes_compute)
        return
    QTimer.singleShot(int(sys.argv[2]), window().actions_.actions["file.quit"].trigger)

if __name__ == "__main__":
    application = QApplication(["playground"])
    QTimer.singleShot(600, search)
    code = run_application(None)
    left = [thread.name for thread in threading.enumerate() if thread.name.startswith("playground")]
    assert (left, multiprocessing.active_children()) == ([], []), (left, multiprocessing.active_children())
    sys.exit(code)
"""


def in_a_process(script: str, argument: int, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", script, str(argument)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PLAYGROUND_HOME": str(home), "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )


def assert_it_ended_well(done: subprocess.CompletedProcess[str]) -> None:
    # The offscreen platform has no window manager and says so.
    said = set(done.stderr.splitlines()) - {"This plugin does not support propagateSizeHints()"}
    assert (done.returncode, said, done.stdout) == (0, set(), "")


def test_play_pressed_before_there_is_a_run_is_heard(qtbot: QtBot, home: Path) -> None:
    from playground.settings import AppSettings
    from playground.window import MainWindow

    window = MainWindow(SMALL, AppSettings())
    qtbot.addWidget(window)
    window.show()
    assert window.bridge.run_id == 0
    window.top_bar.transport.play_button.click()
    qtbot.waitUntil(lambda: window.shown.epoch > 3, timeout=20_000)
    assert window.shown.playing
    window.close()


def test_forty_quits_in_mid_training(home: Path) -> None:
    assert_it_ended_well(in_a_process(QUITS, 40, home))


@pytest.mark.parametrize("after", [620, 900, 2000])
def test_a_process_that_quits_in_mid_training_ends_well(after: int, home: Path) -> None:
    assert_it_ended_well(in_a_process(ONE_QUIT, after, home))
    assert not list(home.glob("recovery/*"))


@pytest.mark.parametrize("after", [0, 300, 2500], ids=["at once", "as processes begin", "later"])
@pytest.mark.parametrize("learner", ["mlp", "svm"])
def test_a_process_that_quits_in_mid_search_takes_its_processes_along(
    learner: str, after: int, home: Path, tmp_path: Path
) -> None:
    program = tmp_path / "quits_in_a_search.py"  # what is begun anew in other processes has to have a file
    program.write_text(QUITS_IN_A_SEARCH, "utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", str(program), learner, str(after)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PLAYGROUND_HOME": str(home), "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert_it_ended_well(done)


def test_quitting_while_loops_are_compiled_for_the_first_time_is_not_held_up(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "nothing compiled yet"))
    assert_it_ended_well(in_a_process(ONE_QUIT, 3000, home))
    assert not list(tmp_path.glob("**/*.complete"))
