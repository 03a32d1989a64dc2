"""Where a thread that trains leaves its pictures: one slot for the newest, so that nobody is ever flooded."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from engine.snapshot import CurvePoint, Snapshot


@dataclass(frozen=True)
class Failure:
    """An error in a learner: the sentence for a person, the report for us."""

    sentence: str
    report: str


class Mailbox:
    """The newest snapshot, every curve point since the last look, and how it failed; safe for threads.

    Once it is closed nothing can be put into it, and nothing is found in it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_closed = False
        self._newest: Snapshot | None = None
        self._series: list[CurvePoint] = []
        self._failure: Failure | None = None

    def put(self, snapshot: Snapshot | None, series: Sequence[CurvePoint] = ()) -> None:
        """Put the newest snapshot, if there is one, in the place of the one before, and add to the curves."""
        with self._lock:
            if self._is_closed:
                return
            self._series.extend(series)
            if snapshot is not None:
                self._newest = snapshot

    def put_failure(self, failure: Failure, snapshot: Snapshot) -> None:
        """Say how the run ended by an error."""
        with self._lock:
            if not self._is_closed:
                self._failure, self._newest = failure, snapshot

    def close(self) -> None:
        """Empty it for good."""
        with self._lock:
            self._is_closed = True
            self._newest, self._series, self._failure = None, [], None

    @property
    def is_waiting(self) -> bool:
        """Whether there is a snapshot that nobody has taken."""
        with self._lock:
            return self._newest is not None

    def take(self) -> Snapshot | None:
        """The newest snapshot, once; None if there is no newer one."""
        with self._lock:
            newest, self._newest = self._newest, None
        return newest

    def take_series(self) -> list[CurvePoint]:
        """Every curve point since the last call."""
        with self._lock:
            series, self._series = self._series, []
        return series

    def take_failure(self) -> Failure | None:
        """The error that ended the run, once."""
        with self._lock:
            failure, self._failure = self._failure, None
        return failure
