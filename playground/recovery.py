"""Work that outlives a crash: unsaved edits are written aside within two seconds."""

from __future__ import annotations

import logging
import os
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtCore import QObject, QTimer

from engine.experiment import Experiment
from engine.files import load_experiment, save_experiment
from playground.document import Document
from playground.settings import state_folder

_log = logging.getLogger(__name__)
_DELAY_MS = 1500


@dataclass(frozen=True)
class Recovered:
    """An experiment that a session which did not end well has left."""

    experiment: Experiment
    path: Path | None
    """The file that it had been opened from or saved to."""
    time: datetime
    file: Path


def _folder() -> Path:
    return state_folder() / "recovery"


class Recovery(QObject):
    """Writes the unsaved document aside, off the GUI thread, and removes it once it is safe elsewhere."""

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._file = _folder() / f"{os.getpid()}.playground"
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="playground-recovery")
        self._writing: Future[None] | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DELAY_MS)
        self._timer.timeout.connect(self.write)
        document.status_changed.connect(self._on_status_changed)

    def write(self) -> None:
        """Write the document aside now."""
        if self._document.dirty:
            self._writing = self._executor.submit(_write, self._file, self._document.experiment, self._document.path)

    def close(self) -> None:
        """The session ends well: there is nothing to recover."""
        self._timer.stop()
        self._executor.shutdown(wait=True, cancel_futures=True)
        _remove(self._file)

    def _on_status_changed(self) -> None:
        if self._document.dirty:
            if not self._timer.isActive():
                self._timer.start()
            return
        self._timer.stop()
        self._executor.submit(_remove, self._file)


def _write(file: Path, experiment: Experiment, path: Path | None) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        save_experiment(file, experiment)
        file.with_suffix(".path").write_text("" if path is None else str(path), "utf-8")
    except OSError as error:
        _log.warning("the recovery file could not be written: %s", error)


def _remove(file: Path) -> None:
    for each in (file, file.with_suffix(".path")):
        try:
            each.unlink(missing_ok=True)
        except OSError as error:
            _log.warning("a recovery file could not be removed: %s", error)


def find_recovered() -> Recovered | None:
    """The newest experiment left by a session that is no longer alive; older and unreadable ones are set aside."""
    found: list[Recovered] = []
    for file in _folder().glob("*.playground"):
        if _is_alive(file.stem):
            continue
        try:
            experiment = load_experiment(file)
            path_file = file.with_suffix(".path")
            name = path_file.read_text("utf-8") if path_file.exists() else ""
            time = datetime.fromtimestamp(file.stat().st_mtime, UTC).astimezone()
        except (OSError, ValueError) as error:
            _log.warning("a recovery file could not be read: %s", error)
            file.rename(file.with_suffix(".unreadable"))
            continue
        found.append(Recovered(experiment, Path(name) if name else None, time, file))
    found.sort(key=lambda each: each.time)
    return found[-1] if found else None


def forget(recovered: Recovered) -> None:
    """Remove the file of what has been recovered."""
    _remove(recovered.file)


def _is_alive(pid: str) -> bool:
    if not pid.isdigit():
        return False
    if int(pid) == os.getpid():
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
