"""The wheel alone is enough: unpacked in a folder of its own, it runs from anywhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The contents of a freshly built wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)],
        capture_output=True, check=True, timeout=300,
    )  # fmt: skip
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def said(unpacked: Path, cwd: Path, *command: str) -> str:
    """What a command says with nothing of the repository in reach."""
    done = subprocess.run(
        [sys.executable, *command], cwd=cwd, capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "PYTHONPATH": str(unpacked), "QT_QPA_PLATFORM": "offscreen", "PLAYGROUND_HOME": str(cwd)},
    )  # fmt: skip
    # The offscreen platform has no window manager and says so.
    assert set(done.stderr.splitlines()) <= {"This plugin does not support propagateSizeHints()"}
    assert done.returncode == 0
    return done.stdout


WINDOW = """
import assets, engine, playground, widgets
from PySide6.QtWidgets import QApplication
from playground.settings import AppSettings
from playground.window import MainWindow
from engine.experiment import Experiment
from widgets.icons import icon
from widgets.theme import LIGHT

application = QApplication(["playground"])
window = MainWindow(Experiment(), AppSettings())
window.show()
print(window.grab().width() > 100, icon("play", LIGHT).isNull(), playground.__file__)
window.close()
"""


def test_the_wheel_has_a_window_with_its_icons(unpacked: Path, tmp_path: Path) -> None:
    painted, without_icons, where = said(unpacked, tmp_path, "-c", WINDOW).split()
    assert (painted, without_icons) == ("True", "False")
    assert where.startswith(str(unpacked))


def test_the_wheel_trains_from_another_folder(unpacked: Path, tmp_path: Path) -> None:
    rows = [f"{turn},{turn % 3},{turn % 2}" for turn in range(12)]
    (tmp_path / "points.csv").write_text("\n".join(["x1,x2,label", *rows]), "utf-8")
    # A large network is computed by torch alone: compiling loops for another folder would take long.
    large = ("--set", "learner.layers=200,200", "--set", "training.path=torch")
    command = ("-m", "playground", "run", "points.csv", "--epochs", "2", "--json", *large)
    result = json.loads(said(unpacked, tmp_path, *command))
    assert (result["outcome"], result["epoch"]) == ("stopped", 2)


def test_the_wheel_has_the_command(unpacked: Path) -> None:
    (entry_points,) = unpacked.glob("*.dist-info/entry_points.txt")
    assert "playground = playground.__main__:main" in entry_points.read_text("utf-8")
    (metadata,) = unpacked.glob("*.dist-info/METADATA")
    assert "Requires-Dist: numba" in metadata.read_text("utf-8")
