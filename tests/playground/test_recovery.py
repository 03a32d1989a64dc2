"""Work that outlives a kill: what was drawn is there again at the next start."""

from __future__ import annotations

import logging
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.experiment import Experiment, GeneratedData
from engine.files import load_experiment, save_experiment
from playground.app import offer_recovery
from playground.recovery import find_recovered
from tests.playground.conftest import Hands

ROOT = Path(__file__).parents[2]
TWO_SECONDS = 2.0

# A window offscreen, driven by its own timers: it draws a point every 50 ms and says how many are on stage.
SESSION = """
import sys, time
from pathlib import Path
import PySide6.QtCore as core
from playground import app

def work():
    from PySide6.QtCore import QPointF, Qt, QTimer
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication
    import numpy as np
    window = next(each for each in QApplication.topLevelWidgets() if each.objectName() == "main_window")
    window.training.play()
    def draw():
        turn = len(window.shown.dataset.points)
        at = window.stage.frame.mapping.to_pixels(np.array([[0.9 * np.cos(turn), 0.9 * np.sin(turn)]]))[0]
        QTest.mouseClick(window.stage, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier,
                         QPointF(*at).toPoint())
        print(time.time(), len(window.document.experiment.data.points), flush=True)
    timer = QTimer(window)
    timer.timeout.connect(draw)
    timer.start(50)

from PySide6.QtWidgets import QApplication
application = QApplication(["playground"])
core.QTimer.singleShot(1000, work)
sys.exit(app.run_application(None))
"""


def test_a_killed_session_is_recovered(open_window: Callable[..., Hands], home: Path) -> None:
    environment = {**os.environ, "PLAYGROUND_HOME": str(home), "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", SESSION], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as session:
        assert session.stdout is not None
        drawn: list[tuple[float, int]] = []
        begun = time.time()
        while not drawn or drawn[-1][0] - drawn[0][0] < 4:
            line = session.stdout.readline()
            assert line, session.communicate()[1]
            moment, points = line.split()
            drawn.append((float(moment), int(points)))
            assert time.time() - begun < 60
        session.send_signal(signal.SIGKILL)
        killed = time.time()
        _, errors = session.communicate()
    # The offscreen platform has no window manager and says so.
    assert set(errors.splitlines()) <= {"This plugin does not support propagateSizeHints()"}

    (file,) = (home / "recovery").glob("*.playground")
    saved_at = time.strftime("%H:%M", time.localtime(file.stat().st_mtime))
    hands = open_window()
    offer_recovery(hands.window)
    hands.wait(lambda: hands.n_points != 400 or hands.window.document.dirty)
    least = max(points for moment, points in drawn if moment < killed - TWO_SECONDS)
    assert hands.n_points >= least > 400
    assert hands.window.isWindowModified()
    hands.settle()
    assert hands.status == f"Recovered your work from {saved_at}."
    # It is safe from now on under this session's name, until it is saved or discarded.
    hands.wait(lambda: not file.exists() and len(list((home / "recovery").glob("*.playground"))) == 1)


def wait_for_the_file(hands: Hands, home: Path) -> Path:
    hands.wait(lambda: len(list((home / "recovery").glob("*.playground"))) == 1, 5)
    (file,) = (home / "recovery").glob("*.playground")
    return file


def test_unsaved_work_is_written_aside_and_removed_once_it_is_saved(hands: Hands, home: Path, tmp_path: Path) -> None:
    assert not list((home / "recovery").glob("*")) if (home / "recovery").exists() else True
    hands.click(0.5, 0.5)
    file = wait_for_the_file(hands, home)
    hands.wait(lambda: load_experiment(file) == hands.window.document.experiment)
    assert hands.window.files._save_to(tmp_path / "saved.playground")
    hands.wait(lambda: not file.exists(), 5)


def test_undoing_everything_leaves_nothing_to_recover(hands: Hands, home: Path) -> None:
    hands.click(0.5, 0.5)
    file = wait_for_the_file(hands, home)
    hands.do("edit.undo")
    hands.wait(lambda: not file.exists(), 5)


def test_another_living_session_keeps_its_work(open_window: Callable[..., Hands], home: Path) -> None:
    hands = open_window()
    hands.click(0.5, 0.5)
    wait_for_the_file(hands, home)
    assert find_recovered() is None


def leave_behind(home: Path, name: str, experiment: Experiment, moment: float, path: str = "") -> Path:
    """What a killed session leaves."""
    folder = home / "recovery"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.playground"
    save_experiment(file, experiment)
    file.with_suffix(".path").write_text(path, "utf-8")
    os.utime(file, (moment, moment))
    return file


def few_points() -> Experiment:
    return Experiment(data=GeneratedData(n_points=12))


def test_the_newest_comes_first_under_the_name_that_it_had(
    open_window: Callable[..., Hands], home: Path, tmp_path: Path
) -> None:
    older = leave_behind(home, "1-a", Experiment(), 1_700_000_000)
    named = str(tmp_path / "lesson.playground")
    newer = leave_behind(home, f"{os.getpid()}-b", few_points(), 1_700_003_600, named)
    hands = open_window()
    offer_recovery(hands.window)
    assert hands.n_points == 12
    assert hands.window.document.path == Path(named)
    assert hands.window.isWindowModified()
    assert not newer.exists()
    assert older.exists()  # until the next start
    assert re.fullmatch(r"Recovered your work from \d\d:\d\d on \d+ \w+ 2023\.", hands.status)


def test_a_recovery_file_that_cannot_be_read_does_not_block_the_start(
    open_window: Callable[..., Hands], home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = leave_behind(home, "1-a", Experiment(), 1_700_000_000)
    file.write_bytes(b"{half a file")
    hands = open_window()
    with caplog.at_level(logging.WARNING):
        offer_recovery(hands.window)
    assert "could not be read" in caplog.text
    assert hands.n_points == 400
    assert not hands.window.isWindowModified()
    assert file.with_suffix(".unreadable").exists()
    assert find_recovered() is None


def test_a_session_that_ends_well_leaves_nothing(open_window: Callable[..., Hands], home: Path) -> None:
    hands = open_window()
    hands.click(0.5, 0.5)
    wait_for_the_file(hands, home)
    hands.window.recovery.close()
    assert list((home / "recovery").iterdir()) == []
    hands.click(0.4, 0.4)  # what comes later is nothing to a recovery that is over
    hands.window.recovery.write()
    assert list((home / "recovery").iterdir()) == []
