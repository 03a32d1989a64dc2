"""A whole window, and hands to use it with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from engine.edits import set_values
from engine.experiment import Experiment
from engine.files import save_experiment
from playground.cli import run
from playground.settings import AppSettings
from playground.window import MainWindow
from tests.playground.command_line import Said, Say

Left, Right = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton


@pytest.fixture(autouse=True)
def _loops_are_compiled(compiled_loops: None) -> None:
    """Windows under test begin as they do on a machine where this program has run before."""


W = TypeVar("W", bound=QWidget)


def found(parent: QWidget, kind: type[W], name: str = "") -> W:
    """The child of `parent` of that kind, and of that name if one is given."""
    child = parent.findChild(kind, name) if name else parent.findChild(kind)
    assert isinstance(child, kind)
    return child


class Hands:
    """Uses a window as a person does: by mouse and keyboard, and by looking at what is painted."""

    def __init__(self, window: MainWindow, qtbot: QtBot) -> None:
        self.window, self.qtbot = window, qtbot

    # -- the stage

    def pixel(self, x: float, y: float) -> QPoint:
        """Where a point of the plane is on the stage."""
        at = self.window.stage.frame.mapping.to_pixels(np.array([[x, y]]))[0]
        return QPointF(at[0], at[1]).toPoint()

    def click(self, x: float, y: float, button: Qt.MouseButton = Left) -> None:
        QTest.mouseClick(self.window.stage, button, Qt.KeyboardModifier.NoModifier, self.pixel(x, y))
        QApplication.processEvents()

    def drag(self, *path: tuple[float, float], button: Qt.MouseButton = Left) -> None:
        """Press at the first place, move over the others, release at the last."""
        stage, no = self.window.stage, Qt.KeyboardModifier.NoModifier
        QTest.mousePress(stage, button, no, self.pixel(*path[0]))
        for place in path[1:]:
            self._move(self.pixel(*place), button)
            QApplication.processEvents()
        QTest.mouseRelease(stage, button, no, self.pixel(*path[-1]))
        QApplication.processEvents()

    def _move(self, at: QPoint, button: Qt.MouseButton) -> None:
        from PySide6.QtCore import QEvent
        from PySide6.QtGui import QMouseEvent

        stage = self.window.stage
        event = QMouseEvent(
            QEvent.Type.MouseMove, QPointF(at), QPointF(stage.mapToGlobal(at)), button, button,
            Qt.KeyboardModifier.NoModifier,
        )  # fmt: skip
        QApplication.sendEvent(stage, event)

    def colour(self, x: float, y: float) -> tuple[int, int, int]:
        """The colour painted at a point of the plane."""
        picture = self.window.stage.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
        ratio = picture.devicePixelRatio()
        at = self.pixel(x, y)
        colour = picture.pixelColor(round(at.x() * ratio), round(at.y() * ratio))
        return colour.red(), colour.green(), colour.blue()

    # -- keys, menus, buttons

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick(self.window.stage, key, modifiers)
        QApplication.processEvents()

    def press(self, widget: QWidget) -> None:
        QTest.mouseClick(widget, Left)
        QApplication.processEvents()

    def do(self, action: str) -> None:
        """Choose an action, as its menu entry or its shortcut would; a disabled one cannot be chosen."""
        entry = self.window.actions_.actions[action]
        self.window.shown  # noqa: B018  what is enabled is up to date once everything is shown
        assert entry.isEnabled(), f"{action} is disabled"
        entry.trigger()
        QApplication.processEvents()

    # -- what is seen

    def wait(self, holds: Callable[[], bool], seconds: float = 30) -> None:
        self.qtbot.waitUntil(holds, timeout=int(seconds * 1000))

    @property
    def n_points(self) -> int:
        return len(self.window.shown.dataset.points)

    @property
    def epoch(self) -> int:
        return int(self.window.top_bar.transport.epoch_label.text().replace(",", ""))

    @property
    def status(self) -> str:
        return self.find(QLabel, "status_sentence").text()

    def find(self, kind: type[W], name: str = "") -> W:
        """The child of the window of that kind, and of that name if one is given."""
        return found(self.window, kind, name)

    @property
    def playing(self) -> bool:
        return self.window.top_bar.transport.play_button.accessibleName() == "Pause"

    def settle(self) -> None:
        """Wait until the run has said what it makes of the experiment as it is now."""
        self.wait(lambda: self.window.training.snapshot is not None)
        QApplication.processEvents()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home for settings and recovery files of its own."""
    monkeypatch.setenv("PLAYGROUND_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def open_window(qtbot: QtBot, home: Path) -> Iterator[Callable[..., Hands]]:
    """Open windows; each is closed afterwards, without being asked to save."""
    windows: list[MainWindow] = []

    def opened(experiment: Experiment | None = None, settings: AppSettings | None = None) -> Hands:
        window = MainWindow(experiment or Experiment(), settings or AppSettings())
        windows.append(window)
        window.resize(1440, 900)
        with qtbot.waitExposed(window):
            window.show()
        hands = Hands(window, qtbot)
        hands.settle()
        return hands

    yield opened
    for window in windows:
        window.document.end_stroke()
        window.document.mark_saved(Path("unused.playground"), window.document.experiment)
        window.close()
        window.deleteLater()


@pytest.fixture
def hands(open_window: Callable[..., Hands]) -> Hands:
    """The hands at a window with the default experiment."""
    return open_window()


@pytest.fixture
def answer(qtbot: QtBot) -> Callable[[Callable[[QWidget], None]], None]:
    """Have the next modal dialog answered: by a function that is given it once it is open."""
    from PySide6.QtCore import QTimer

    def later(reply: Callable[[QWidget], None]) -> None:
        def attempt() -> None:
            dialog = QApplication.activeModalWidget()
            if dialog is None:
                QTimer.singleShot(10, attempt)
            else:
                # Its own event loop has to come round first; a person is not faster.
                QTimer.singleShot(100, lambda: reply(dialog))

        QTimer.singleShot(0, attempt)

    return later


def press_button(dialog: QWidget, button: QMessageBox.StandardButton) -> None:
    """Press one of the standard buttons of a message box."""
    assert isinstance(dialog, QMessageBox)
    QTest.mouseClick(dialog.button(button), Left)


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], qapp: object, home: Path) -> Say:
    """Type a command line."""

    def typed(*arguments: object) -> Said:
        code = run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return typed


@pytest.fixture
def moons(tmp_path: Path) -> Path:
    """A file with a small experiment in it."""
    path = tmp_path / "moons.playground"
    values = {
        "data.generator": "moons",
        "data.n_points": 60,
        "learner.layers": "6",
        "training.optimizer.batch_size": 20,
    }
    save_experiment(path, set_values(Experiment(), values))
    return path
