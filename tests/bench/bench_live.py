"""How fast it learns in the window, beside the same loop alone; and what it holds on to."""

from __future__ import annotations

import os
import time
from functools import partial
from pathlib import Path

import numpy as np

from tests.bench import problems
from tests.bench.registry import Figure, Measured, benchmarks_together
from tests.bench.windows import open_window, run_for, wait_until

_SECONDS = 5.0


def _live(shape: dict[str, str]) -> float:
    """Epochs a second in the window, flat out."""
    with open_window(problems.experiment_of(shape)) as window:
        window.training.play()
        wait_until(lambda: window.shown.epoch > problems.SETTLED)
        begun, first = time.perf_counter(), window.shown.epoch
        run_for(_SECONDS)
        return (window.shown.epoch - first) / (time.perf_counter() - begun)


def _live_and_alone(shape: dict[str, str]) -> list[float | Measured]:
    """The loop alone is measured before and after, so that a machine that slows down slows both."""
    before = problems.alone(shape)
    live = _live(shape)
    alone = (before + problems.alone(shape)) / 2
    return [Measured(live, alone), 100 * live / alone]


for _name, _shape, _budget in (
    (problems.SMALL_NAME, problems.SMALL, 10_000),
    (problems.SEVEN_NAME, problems.SEVEN, 2_000),
):
    benchmarks_together(
        Figure(f"epochs/s shown live, {_name}", "epochs/s", budget=_budget, better="higher"),
        Figure(f"speed kept with the window drawing, {_name}", "%", budget=85, better="higher"),
    )(partial(_live_and_alone, _shape))


def resident_mib() -> float:
    """What the process holds in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


_WARM_UP, _WATCHED, _HOUR = 15.0, 45.0, 3600.0

if Path("/proc/self/statm").exists():

    @benchmarks_together(
        Figure("memory with the window shown, before play", "MiB"),
        Figure(f"memory gained in {_WATCHED:.0f} s flat out", "MiB"),
        Figure(f"memory gained in an hour, extrapolated from these {_WATCHED:.0f} s", "MiB", budget=20),
    )
    def memory() -> list[float]:
        """The slope is a least-squares line through four looks a second, after the caches have filled."""
        with open_window(problems.experiment_of(problems.SMALL)) as window:
            run_for(1.0)
            shown = resident_mib()
            window.training.play()
            run_for(_WARM_UP)
            times, sizes = [], []
            begun = time.perf_counter()
            while time.perf_counter() < begun + _WATCHED:
                times.append(time.perf_counter() - begun)
                sizes.append(resident_mib())
                run_for(0.25)
        slope = float(np.polyfit(times, sizes, 1)[0])
        return [shown, sizes[-1] - sizes[0], slope * _HOUR]
