"""Waiting for what takes seconds, while the window goes on: pictures move, and one may think better of it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtWidgets import QProgressDialog, QWidget

_LOOK_MS = 16

T = TypeVar("T")


class NotWaitedForError(Exception):
    """The person did not wait for it."""


def wait_for(parent: QWidget, sentence: str, work: Callable[[], T]) -> T:
    """The result of `work`, done on a thread of its own; what it raises is raised here.

    Nothing else can be done with the window meanwhile, but to give up: then the thread ends unheard.

    Parameters
    ----------
    parent : the window.
    sentence : what is being done.
    work : touches neither widgets nor the document.

    Raises
    ------
    NotWaitedForError
        If the person gave up.
    """
    dialog = QProgressDialog(sentence, "Cancel", 0, 0, parent)
    dialog.setObjectName("waiting")
    dialog.setAccessibleName(sentence)
    dialog.setWindowTitle("Playground")
    dialog.setWindowModality(Qt.WindowModality.WindowModal)
    loop, timer = QEventLoop(), QTimer()
    executor = ThreadPoolExecutor(1, thread_name_prefix="playground-waiting")
    result: Future[T] = executor.submit(work)
    executor.shutdown(wait=False)

    def look() -> None:
        if result.done() or dialog.wasCanceled():
            loop.quit()

    timer.timeout.connect(look)
    timer.start(_LOOK_MS)
    dialog.show()
    loop.exec()
    timer.stop()
    given_up = dialog.wasCanceled() and not result.done()
    dialog.close()
    dialog.deleteLater()
    if given_up:
        raise NotWaitedForError
    return result.result()
