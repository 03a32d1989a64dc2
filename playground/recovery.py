"""Work that outlives a crash: unsaved edits are written aside within two seconds."""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

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
        # A name of its own for every session: process numbers come again after a restart of the machine.
        self._file = _folder() / f"{os.getpid()}-{secrets.token_hex(4)}.playground"
        self._lock: BinaryIO | None = None
        self._closed = False
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="playground-recovery")
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DELAY_MS)
        self._timer.timeout.connect(self.write)
        document.status_changed.connect(self._on_status_changed)

    def write(self) -> None:
        """Write the document aside now."""
        if self._document.dirty and not self._closed:
            self._executor.submit(self._write, self._document.experiment, self._document.path)

    def close(self) -> None:
        """The session ends well: there is nothing to recover."""
        self._closed = True
        self._timer.stop()
        self._executor.shutdown(wait=True, cancel_futures=True)
        _remove(self._file)
        if self._lock is not None:
            self._lock.close()
            _unlink(_lock_file(self._file))

    def _write(self, experiment: Experiment, path: Path | None) -> None:
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            if self._lock is None:
                self._lock = _locked(_lock_file(self._file))
            save_experiment(self._file, experiment)
            self._file.with_suffix(".path").write_text("" if path is None else str(path), "utf-8")
        except OSError as error:
            _log.warning("the recovery file could not be written: %s", error)

    def _on_status_changed(self) -> None:
        if self._closed:
            return
        if self._document.dirty:
            if not self._timer.isActive():
                self._timer.start()
            return
        self._timer.stop()
        self._executor.submit(_remove, self._file)


def find_recovered() -> Recovered | None:
    """The newest experiment left by a session that is no longer alive.

    Older ones wait for the next start; one that cannot be read is put aside under another name.
    """
    found: list[Recovered] = []
    for file in _folder().glob("*.playground"):
        if _is_in_use(file):
            continue
        try:
            experiment = load_experiment(file)
            path_file = file.with_suffix(".path")
            name = path_file.read_text("utf-8") if path_file.exists() else ""
            time = datetime.fromtimestamp(file.stat().st_mtime, UTC).astimezone()
        except (OSError, ValueError) as error:
            _log.warning("a recovery file could not be read: %s", error)
            with contextlib.suppress(OSError):
                file.rename(file.with_suffix(".unreadable"))
            _unlink(_lock_file(file))
            continue
        found.append(Recovered(experiment, Path(name) if name else None, time, file))
    found.sort(key=lambda each: each.time)
    return found[-1] if found else None


def forget(recovered: Recovered) -> None:
    """Remove the file of what has been recovered."""
    _remove(recovered.file)
    _unlink(_lock_file(recovered.file))


def _remove(file: Path) -> None:
    _unlink(file)
    _unlink(file.with_suffix(".path"))


def _unlink(file: Path) -> None:
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        _log.warning("a recovery file could not be removed: %s", error)


# -- whose file it is --------------------------------------------------------------------------------------------------


def _lock_file(file: Path) -> Path:
    return file.with_suffix(".lock")


def _is_in_use(file: Path) -> bool:
    """Whether the session that writes `file` is alive: the system lets go of its lock however it ends."""
    try:
        _locked(_lock_file(file)).close()
    except OSError:
        return True
    return False


def _locked(file: Path) -> BinaryIO:
    """`file`, open and locked until it is closed or the process ends.

    Raises
    ------
    OSError : if someone else holds it.
    """
    stream = file.open("ab")
    try:
        if sys.platform == "win32":
            import msvcrt

            stream.seek(0)
            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        stream.close()
        raise
    return stream
