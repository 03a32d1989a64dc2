"""What every test runs under: no screen, no one's settings touched, and nothing left behind."""

from __future__ import annotations

import gc
import os
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

# Read by Qt when it is first imported, so set before any test module is.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("PYTEST_QT_API", "pyside6")

_PATIENCE = 2.0
"""How many seconds a thread has to end by itself after its test."""

_POOLS = (
    "ThreadPoolExecutor", "QueueManagerThread", "QueueFeederThread", "pydevd", "Dummy-", "tqdm", "asyncio",
    "Dask-Offload",
)  # fmt: skip
"""How the names of threads begin that libraries keep for the whole process."""

_running_timers: weakref.WeakSet[Any] = weakref.WeakSet()


@pytest.fixture(autouse=True, scope="session")
def _settings_of_its_own() -> Iterator[Path]:
    """Give the session empty settings folders, so that no test reads or writes those of the person who runs it."""
    names = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
    before = {name: os.environ.get(name) for name in names}
    with tempfile.TemporaryDirectory(prefix="playground-tests-") as folder:
        for name in names:
            os.environ[name] = str(Path(folder) / name.lower())
        yield Path(folder)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@pytest.fixture(scope="session")
def compiled_loops() -> None:
    """Have the loops compiled, so that torch does not stand in for them where numbers are compared bit for bit."""
    from engine.dense import kernels

    kernels.warm_up("float32")


@pytest.fixture(autouse=True)
def _nothing_left_behind() -> Iterator[None]:
    """Fail a test that leaves threads, running timers or top-level widgets behind."""
    _watch_timers()
    threads = set(threading.enumerate())
    timers = set(_active_timers())
    widgets = set(_top_level_widgets())
    yield
    _delete_what_is_due()
    left = [
        *_named("thread", _threads_since(threads), lambda thread: f"{thread.name} ({type(thread).__name__})"),
        *_named("running timer", _gone_after_collecting(_active_timers, timers), _timer_text),
        *_named("top-level widget", _gone_after_collecting(_top_level_widgets, widgets), _widget_text),
    ]
    # The next test is not to answer for this one's.
    for timer in set(_active_timers()) - timers:
        timer.stop()
    if left:
        pytest.fail("the test left behind:\n  " + "\n  ".join(left), pytrace=False)


@pytest.fixture(autouse=True)
def _plain_application() -> Iterator[None]:
    """Take off a theme that a test gave the whole application, so that the order of tests does not matter."""
    yield
    application = _application()
    if application is not None and application.styleSheet():
        gui = sys.modules["PySide6.QtGui"]
        application.setStyleSheet("")
        application.setPalette(gui.QPalette())
        application.setFont(gui.QFontDatabase.systemFont(gui.QFontDatabase.SystemFont.GeneralFont))


def _named(what: str, things: list[Any], text: Callable[[Any], str]) -> list[str]:
    return [f"a {what}: {text(thing)}" for thing in things]


def _threads_since(before: set[threading.Thread]) -> list[threading.Thread]:
    deadline = time.monotonic() + _PATIENCE
    for thread in set(threading.enumerate()) - before:
        if not thread.name.startswith(_POOLS):
            thread.join(max(0.0, deadline - time.monotonic()))
    return [
        thread
        for thread in threading.enumerate()
        if thread not in before and thread.is_alive() and not thread.name.startswith(_POOLS)
    ]


def _gone_after_collecting(things: Callable[[], list[Any]], before: set[Any]) -> list[Any]:
    """What is there and was not before, once cycles are collected; collecting is slow, so only on suspicion."""
    if not set(things()) - before:
        return []
    gc.collect()
    _delete_what_is_due()
    return [thing for thing in things() if thing not in before]


def _application() -> Any:
    widgets = sys.modules.get("PySide6.QtWidgets")
    return widgets.QApplication.instance() if widgets else None


def _delete_what_is_due() -> None:
    """Let Qt delete what `deleteLater` was called on, which waits for an event loop that a test does not have."""
    if _application() is not None:
        core = sys.modules["PySide6.QtCore"]
        core.QCoreApplication.sendPostedEvents(None, core.QEvent.Type.DeferredDelete)


def _top_level_widgets() -> list[Any]:
    application = _application()
    if application is None:
        return []
    # Qt keeps one tool tip label for itself.
    return [widget for widget in application.topLevelWidgets() if widget.metaObject().className() != "QTipLabel"]


def _watch_timers() -> None:
    """Remember every timer that Python starts: Qt has no list of those without a parent."""
    core = sys.modules.get("PySide6.QtCore")
    if core is None or hasattr(core.QTimer.start, "watched"):
        return
    start = core.QTimer.start

    def watched_start(self: Any, *interval: Any) -> None:
        _running_timers.add(self)
        start(self, *interval)

    watched_start.watched = True  # type: ignore[attr-defined]
    core.QTimer.start = watched_start


def _active_timers() -> list[Any]:
    if not _running_timers:
        return []
    is_valid = sys.modules["shiboken6"].isValid
    return [timer for timer in list(_running_timers) if is_valid(timer) and timer.isActive()]


def _timer_text(timer: Any) -> str:
    return f"every {timer.interval()} ms, child of {type(timer.parent()).__name__} (stop it when its owner closes)"


def _widget_text(widget: Any) -> str:
    title = widget.windowTitle() or widget.objectName() or "untitled"
    return f"{type(widget).__name__} “{title}” (give it to qtbot.addWidget, or delete it)"
