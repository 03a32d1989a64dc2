"""The doctor tells the truth about this machine and never fails."""

from __future__ import annotations

import importlib
import json
import platform
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from playground import doctor


def test_the_report_names_the_versions_that_are_running() -> None:
    found = doctor.report()
    assert found["python"] == platform.python_version()
    assert found["libraries"]["numpy"] == np.__version__
    assert found["devices"]["cpu_cores"] >= 1


def test_the_report_is_one_json_object() -> None:
    assert json.loads(json.dumps(doctor.report()))["executable"] == sys.executable


def test_the_text_has_a_line_for_every_library() -> None:
    lines = doctor.text().splitlines()
    for name in doctor.LIBRARIES:
        assert any(line.startswith(name) for line in lines), name


def test_a_running_application_tells_its_platform_and_screens(qapp: QApplication) -> None:
    display = doctor.report()["display"]
    assert display["platform_plugin"] == qapp.platformName()
    assert display["screens"]
    assert display["sentence"].startswith(qapp.platformName())


@pytest.mark.parametrize(
    ("module", "sentence"),
    [("torch", "torch does not load: broken"), ("PySide6.QtGui", "Qt does not load: broken")],
)
def test_a_broken_library_is_said_and_does_not_fail(
    module: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importlib.import_module

    def broken(name: str, package: str | None = None) -> Any:
        if name == module:
            raise OSError("broken")
        return real(name, package)

    monkeypatch.setattr(importlib, "import_module", broken)
    assert sentence in doctor.text()


def test_a_missing_distribution_is_called_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", absent)
    assert set(doctor.report()["libraries"].values()) == {doctor.MISSING}


def test_a_settings_folder_that_cannot_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file stands where the folder would be made; permissions alone do not stop the administrator."""
    blocked = tmp_path / "blocked"
    blocked.write_text("a file", "utf-8")
    monkeypatch.setenv("PLAYGROUND_HOME", str(blocked / "settings"))
    settings = doctor.report()["settings"]
    assert not settings["writable"]
    assert "not writable" in doctor.text()


def test_without_a_display_it_says_that_no_window_can_open(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    gui = importlib.import_module("PySide6.QtGui")
    monkeypatch.setattr(gui.QGuiApplication, "instance", staticmethod(lambda: None))
    monkeypatch.setattr(sys, "platform", "linux")
    assert "no window can open" in doctor.text()
    assert doctor.report()["display"]["screens"] == []
