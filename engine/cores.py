"""How many cores one run may use: all of them, unless several runs share them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
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
