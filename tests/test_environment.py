"""The installed libraries do what the application relies on."""

from __future__ import annotations

import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

ROOT = Path(__file__).parent.parent


class Emitter(QObject):
    fired = Signal(bool)


def test_void_qt_calls_keep_their_references_to_none(qtbot: QtBot) -> None:
    """PySide6 6.12.0 on Python 3.11 drops one a call and aborts when none are left."""
    widget = QWidget()
    qtbot.addWidget(widget)
    before = sys.getrefcount(None)
    for width in range(1000):
        widget.resize(width + 1, 10)
    # Elsewhere references come and go, a few at a time; on Python 3.12 and later None is immortal.
    assert sys.getrefcount(None) > before - 500


def test_emitting_keeps_its_references_to_true(qtbot: QtBot) -> None:
    emitter = Emitter()
    before = sys.getrefcount(True)
    for _ in range(1000):
        emitter.fired.emit(True)
    assert sys.getrefcount(True) > before - 500


LEAKS = {
    "a thread: lingerer": """
        def test_leaks():
            import threading, time
            threading.Thread(target=time.sleep, args=(30,), name="lingerer", daemon=True).start()
        """,
    "a running timer: every 50000 ms": """
        def test_leaks(qapp):
            from PySide6.QtCore import QTimer
            global timer
            timer = QTimer()
            timer.start(50000)
        """,
    "a top-level widget: QLabel “forgotten”": """
        def test_leaks(qapp):
            from PySide6.QtWidgets import QLabel
            global label
            label = QLabel()
            label.setWindowTitle("forgotten")
        """,
}


@pytest.mark.parametrize("sentence", LEAKS)
def test_a_test_that_leaves_something_behind_fails(sentence: str, tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text((ROOT / "tests/conftest.py").read_text("utf-8"), "utf-8")
    source = "\n".join(line[8:] for line in LEAKS[sentence].splitlines())
    (tmp_path / "test_leaks.py").write_text(source, "utf-8")
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "/dev/null", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=tmp_path,
        check=False,
    )
    assert result.returncode == 1, result.stdout + result.stderr
    assert sentence in result.stdout


def test_what_ends_with_its_test_is_no_leak(qtbot: QtBot) -> None:
    widget = QWidget()
    qtbot.addWidget(widget)
    timer = QTimer(widget)
    timer.start(10_000)
    assert timer.isActive()
    timer.stop()
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()
    assert not thread.is_alive()


def test_the_wheel_carries_every_module_and_asset(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)],
        capture_output=True,
        check=True,
        timeout=300,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        inside = set(archive.namelist())
    wanted = {
        path.relative_to(ROOT).as_posix()
        for package in ("engine", "widgets", "playground", "assets")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert wanted
    assert wanted <= inside
    assert not {name for name in inside if name.startswith("tests/")}
