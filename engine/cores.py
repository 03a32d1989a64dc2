"""Cores: how many one run may use, and who goes first on them."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar

_limit: ContextVar[int] = ContextVar("cores of one run", default=os.cpu_count() or 1)


def cores_of_one_run() -> int:
    """The number of cores for a run on this thread."""
    return _limit.get()


@contextmanager
def limited_to(cores: int) -> Iterator[None]:
    """Runs on this thread use at most `cores` (1 or more) meanwhile."""
    token = _limit.set(max(1, cores))
    try:
        yield
    finally:
        _limit.reset(token)


def let_others_go_first(niceness: int) -> None:
    """Lower the priority of this thread, by what `nice` counts in (0 to 19): the window and the screen come first.

    Only where a thread has a priority of its own, on Linux; elsewhere it would be that of the whole process.
    """
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)
