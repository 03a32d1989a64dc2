"""What Playground runs on: versions, devices, display, folders; the answer to "it does not work here"."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import platform
import sys
from pathlib import Path
from typing import Any

LIBRARIES = (
    "PySide6_Essentials", "torch", "numpy", "numba", "scikit-learn", "pandas", "pydantic", "contourpy",
    "Pillow", "ziamath",
)  # fmt: skip
MISSING = "missing"


def report() -> dict[str, Any]:
    """Everything that `text` prints, as plain values for ``--json``.

    Nothing here fails: what is missing or broken is said in its place.
    """
    return {
        "playground": _version("playground-ml"),
        "python": platform.python_version(),
        "executable": sys.executable,
        "system": f"{platform.system()} {platform.release()} ({platform.machine()})",
        "libraries": {name: _version(name) for name in LIBRARIES},
        "devices": _devices(),
        "display": _display(),
        "settings": _settings_folder(),
    }


def text() -> str:
    """The report as lines to read."""
    found = report()
    devices, display, settings = found["devices"], found["display"], found["settings"]
    accelerators = devices["accelerators"] or [devices["note"]]
    lines = [
        ("Playground", found["playground"]),
        ("Python", f"{found['python']} ({found['executable']})"),
        ("System", found["system"]),
        *found["libraries"].items(),
        ("CPU cores", str(devices["cpu_cores"])),
        *(("Accelerator", name) for name in accelerators),
        ("Display", display["sentence"]),
        ("Settings", f"{settings['folder']} ({'writable' if settings['writable'] else 'not writable'})"),
    ]
    width = max(len(name) for name, _ in lines)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in lines)


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return MISSING


def _devices() -> dict[str, Any]:
    """The processor's usable cores and the accelerators that torch can reach."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    accelerators: list[str] = []
    note = "none; everything is computed on the CPU"
    try:
        torch = importlib.import_module("torch")
    except (ImportError, OSError) as error:  # OSError: a shared library of its own does not load
        note = f"unknown, because torch does not load: {error}"
    else:
        try:
            accelerators += [
                f"cuda:{index} {torch.cuda.get_device_name(index)}" for index in range(torch.cuda.device_count())
            ]
            if torch.backends.mps.is_available():
                accelerators.append("mps Apple GPU")
        except RuntimeError as error:
            note = f"unusable: {error}"
    return {"cpu_cores": cores, "accelerators": accelerators, "note": note}


def _display() -> dict[str, Any]:
    """Where windows would open, told from the environment and, if there is one, the running application."""
    found: dict[str, Any] = {
        "platform_plugin": os.environ.get("QT_QPA_PLATFORM", ""),
        "DISPLAY": os.environ.get("DISPLAY", ""),
        "WAYLAND_DISPLAY": os.environ.get("WAYLAND_DISPLAY", ""),
        "screens": [],
    }
    try:
        gui = importlib.import_module("PySide6.QtGui")
    except (ImportError, OSError) as error:
        return {**found, "sentence": f"Qt does not load: {error}"}
    application = gui.QGuiApplication.instance()
    if application is not None:
        found["platform_plugin"] = application.platformName()
        found["screens"] = [
            f"{screen.name()} {screen.size().width()}x{screen.size().height()} at {screen.devicePixelRatio():g}x"
            for screen in application.screens()
        ]
    return {**found, "sentence": _display_sentence(found)}


def _display_sentence(found: dict[str, Any]) -> str:
    plugin, screens = found["platform_plugin"], ", ".join(found["screens"])
    if screens:
        return f"{plugin}: {screens}"
    if plugin:
        return f"{plugin} (chosen by QT_QPA_PLATFORM)"
    if found["WAYLAND_DISPLAY"]:
        return f"Wayland {found['WAYLAND_DISPLAY']}"
    if found["DISPLAY"]:
        return f"X11 {found['DISPLAY']}"
    if sys.platform in ("darwin", "win32"):
        return "the desktop"
    return "none: DISPLAY and WAYLAND_DISPLAY are not set, so no window can open; figures are drawn offscreen"


def _settings_folder() -> dict[str, Any]:
    """Where settings are kept, and whether they can be; nothing is created to find out."""
    try:
        settings = importlib.import_module("playground.settings")
    except ImportError as error:
        return {"folder": f"unknown, because {error.name} is missing", "writable": False}
    folder: Path = settings.config_folder()
    existing = next((path for path in (folder, *folder.parents) if path.exists()), folder)
    return {"folder": str(folder), "writable": existing.is_dir() and os.access(existing, os.W_OK)}
