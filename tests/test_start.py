"""The window is on screen before anything heavy is imported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
HEAVY = ("torch", "numba", "sklearn", "pandas", "scipy", "ziamath", "matplotlib", "contourpy", "PIL")

START = """
import json, sys
from playground import __main__, app
from playground.window import MainWindow
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

heavy = json.loads(sys.argv[1])
seen = {}
paint = MainWindow.paintEvent

def first_paint(window, event):
    seen.setdefault("painted", [name for name in heavy if name in sys.modules])
    paint(window, event)

MainWindow.paintEvent = first_paint
application = QApplication(["playground"])

def look():
    window = next(each for each in QApplication.topLevelWidgets() if each.objectName() == "main_window")
    if window.training.snapshot is None:
        QTimer.singleShot(20, look)
        return
    seen["trained"] = [name for name in heavy if name in sys.modules]
    window.close()

QTimer.singleShot(0, look)
code = app.run_application(None)
print(json.dumps(seen))
sys.exit(code)
"""


def test_the_window_is_painted_before_heavy_libraries_are_imported(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", START, json.dumps(HEAVY)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PLAYGROUND_HOME": str(tmp_path), "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["painted"] == []
    assert "numba" in seen["trained"]  # what is not there before is there once the model exists
    assert "torch" not in seen["trained"]
    assert "pandas" not in seen["trained"]


def test_the_command_line_answers_without_qt_or_heavy_libraries() -> None:
    script = (
        "import sys; from playground.cli import run; code = run(['learners']);"
        f"print([name for name in {(*HEAVY, 'PySide6')!r} if name in sys.modules], file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr.strip()) == (0, "[]")
