"""The application: displays, the event loop, and the errors that nobody caught."""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playground.window import MainWindow

_log = logging.getLogger(__name__)
_HEADLESS_PLATFORMS = ("offscreen", "minimal", "vnc")
_LOADED_MS = 5000
"""By then the first model has learned, and everything that it needs is loaded."""


def without_display() -> bool:
    """Whether no window can be shown here."""
    if os.environ.get("QT_QPA_PLATFORM", "").split(":")[0] in _HEADLESS_PLATFORMS:
        return True
    if sys.platform in ("win32", "darwin"):
        return False
    return not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


@contextmanager
def offscreen_application() -> Iterator[None]:
    """An application object for drawing figures, without a display."""
    from PySide6.QtWidgets import QApplication

    if QApplication.instance() is not None:
        yield
        return
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    application = QApplication(["playground"])
    try:
        yield
    finally:
        application.shutdown()


def run_application(file: Path | None, cluster: str = "") -> int:
    """Open the window and stay until it is closed; the exit code.

    Parameters
    ----------
    file : what is opened in it.
    cluster : the address of the Dask scheduler that computes its validation; empty for this machine.
    """
    from PySide6.QtWidgets import QApplication

    from engine.experiment import Experiment
    from playground.settings import load_settings
    from playground.window import MainWindow

    # Ctrl+C in the terminal ends the window as a kill would: what is unsaved is recovered at the next start.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    application = QApplication.instance() or QApplication(["playground"])
    assert isinstance(application, QApplication)
    application.setApplicationName("playground")
    application.setApplicationDisplayName("Playground")
    _log_to_file()
    window = MainWindow(Experiment(), load_settings())
    window.validation.set_cluster(cluster)
    _show_uncaught(window)
    let_the_window_go_first(window)
    window.show()
    offer_recovery(window)
    if file is not None:
        window.files.open_path_later(str(file))
    code = application.exec()
    window.bridge.close()
    sys.excepthook = sys.__excepthook__
    return int(code)


def let_the_window_go_first(window: MainWindow) -> None:
    """Keep the interpreter from holding the window up."""
    from PySide6.QtCore import QTimer

    # The GUI thread gets the interpreter back within a millisecond, also beside a thread of pure Python.
    sys.setswitchinterval(0.001)
    # What the libraries have loaded stays for good: to look through all of it for garbage took 80 ms each time.
    QTimer.singleShot(_LOADED_MS, window, gc.freeze)


def offer_recovery(window: MainWindow) -> None:
    """Put back what a session that was killed has left unsaved."""
    from playground.recovery import find_recovered, forget

    recovered = find_recovered()
    if recovered is None:
        return
    window.document.replace(recovered.experiment, recovered.path, saved=False)
    window.look.fit_at_once()
    window.recovery.write()
    forget(recovered)
    is_of_today = recovered.time.date() == datetime.now(recovered.time.tzinfo).date()
    day = "" if is_of_today else f" on {recovered.time.day} {recovered.time:%B %Y}"
    window.say(f"Recovered your work from {recovered.time:%H:%M}{day}.")


def _show_uncaught(window: object) -> None:
    """An error in a slot is shown and logged; the window lives on."""
    from PySide6.QtWidgets import QWidget

    from playground import dialogs

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        report = "".join(traceback.format_exception(kind, error, trace))
        _log.error("uncaught: %s", report)
        sys.stderr.write(report)
        if isinstance(error, Exception) and isinstance(window, QWidget):
            dialogs.show_report(window, f"An error in Playground itself: {error}", report)

    sys.excepthook = hook


def _log_to_file() -> None:
    from playground.settings import state_folder

    try:
        folder = state_folder()
        folder.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(folder / "playground.log", maxBytes=1_000_000, backupCount=1, encoding="utf-8")
    except OSError as error:
        _log.warning("no log file: %s", error)
        return
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger().addHandler(handler)
