"""A long run on a virtual screen: flat out, sprayed, erased and given other data, minute after minute."""

from __future__ import annotations

import argparse
import itertools
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from engine.experiment import Experiment
from tests.bench.bench_live import resident_mib
from tests.bench.registry import percentile
from tests.bench.windows import open_window, run_for, sprayed, virtual_screen

if TYPE_CHECKING:
    from playground.window import MainWindow

_DATA_SETS = ("circles", "moons", "spirals", "xor", "gaussians3", "checkerboard", "sine", "bumps")
_WARM_UP = 20.0
"""Seconds in which caches fill and pages are read; every data set is shown once."""
_STROKE = 3.0
"""Seconds of spraying, and of erasing, on each data set."""
_EVENTS_PER_SECOND = 120
_LONGEST_FRAME_MS = 100.0
_MOST_GAINED_MIB = 20.0


@dataclass(frozen=True)
class Minute:
    """What was seen in a minute: frame intervals in milliseconds, memory in MiB."""

    minute: int
    frames: int
    p99: float
    longest: float
    resident: float


@contextmanager
def _watched(window: MainWindow) -> Iterator[list[float]]:
    """The moments at which the stage has been painted."""
    stage, moments = window.stage, list[float]()
    paint = stage.paintEvent

    def painted(event: object) -> None:
        paint(event)  # type: ignore[arg-type]
        moments.append(time.perf_counter())

    stage.paintEvent = painted  # type: ignore[method-assign]
    yield moments
    del stage.paintEvent


def _lesson(window: MainWindow, name: str, stroke: float) -> None:
    """Another data set, points for its model, and some of them gone again."""
    task = "regression" if name in ("sine", "bumps") else "classification"
    QTest.mouseClick(window.model_panel.tasks.button(task), Qt.MouseButton.LeftButton)
    run_for(0.05)
    QTest.mouseClick(window.data_panel.gallery.thumbnail(name), Qt.MouseButton.LeftButton)
    for tool in ("spray", "erase"):
        sprayed(window, stroke, _EVENTS_PER_SECOND, tool)


def soak(minutes: float) -> list[Minute]:
    """One row for each minute after the warm-up."""
    rows: list[Minute] = []
    names = itertools.cycle(_DATA_SETS)
    with open_window(Experiment()) as window, _watched(window) as moments:
        window.training.play()
        begun = time.perf_counter()
        for name in _DATA_SETS:
            _lesson(window, name, 0.25)
        run_for(max(0.0, _WARM_UP - (time.perf_counter() - begun)))
        while len(rows) < minutes:
            moments.clear()
            end = time.perf_counter() + 60.0 * min(1.0, minutes - len(rows))
            while time.perf_counter() < end:
                _lesson(window, next(names), _STROKE)
            frames = [1e3 * float(gap) for gap in np.diff(moments)]
            row = Minute(len(rows) + 1, len(frames), percentile(frames, 99), max(frames), resident_mib())
            rows.append(row)
            print(
                f"minute {row.minute:3d}: {row.frames:5d} frames, p99 {row.p99:5.1f} ms, longest {row.longest:6.1f} ms,"
                f" {row.resident:6.1f} MiB",
                flush=True,
            )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--out", type=Path, default=Path("soak.json"))
    options = parser.parse_args()
    with virtual_screen():
        rows = soak(options.minutes)
    longest, gained = max(row.longest for row in rows), rows[-1].resident - rows[0].resident
    print(
        f"longest frame {longest:.1f} ms (at most {_LONGEST_FRAME_MS:g}),"
        f" gained {gained:.1f} MiB from the first minute to the last (at most {_MOST_GAINED_MIB:g})"
    )
    options.out.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")


if __name__ == "__main__":
    main()
