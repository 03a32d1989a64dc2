"""What is measured: benchmarks register themselves with a name, a unit and a budget."""

from __future__ import annotations

import importlib
import math
import pkgutil
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal

import tests.bench

Better = Literal["lower", "higher"]


@dataclass(frozen=True)
class Benchmark:
    """One figure to measure.

    Parameters
    ----------
    name, unit : as they are printed; the name is unique.
    measure : does the work and returns the figure.
    budget : what the figure should keep; None where it is only watched.
    better : whether a lower or a higher figure is the better one.
    baseline : a figure to compare with, or how to measure it in the same process.
    """

    name: str
    unit: str
    measure: Callable[[], float]
    budget: float | None = None
    better: Better = "lower"
    baseline: float | Callable[[], float] | None = None

    def run(self) -> Row:
        """Measure, the baseline first where it is measured too."""
        baseline = self.baseline() if callable(self.baseline) else self.baseline
        value = self.measure()
        return Row(
            name=self.name,
            value=value,
            unit=self.unit,
            baseline=baseline,
            ratio=value / baseline if baseline else None,
            budget=self.budget,
            met=self._met(value),
        )

    def _met(self, value: float) -> bool | None:
        if self.budget is None:
            return None
        return value <= self.budget if self.better == "lower" else value >= self.budget


@dataclass(frozen=True)
class Row:
    """One line of bench.json; `value` is None where measuring failed, and `error` says how."""

    name: str
    value: float | None
    unit: str
    baseline: float | None = None
    ratio: float | None = None
    budget: float | None = None
    met: bool | None = None
    error: str = ""

    def plain(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if name != "error" or value}


_registered: dict[str, Benchmark] = {}


def benchmark(
    name: str,
    unit: str,
    *,
    budget: float | None = None,
    better: Better = "lower",
    baseline: float | Callable[[], float] | None = None,
) -> Callable[[Callable[[], float]], Callable[[], float]]:
    """Register the decorated function as a benchmark (parameters as in `Benchmark`)."""

    def register(measure: Callable[[], float]) -> Callable[[], float]:
        if name in _registered:
            raise ValueError(f"two benchmarks are called '{name}'")
        _registered[name] = Benchmark(name, unit, measure, budget, better, baseline)
        return measure

    return register


def benchmarks() -> dict[str, Benchmark]:
    """Every benchmark in the ``bench_*.py`` files of this folder, in the files' order."""
    for module in sorted(module.name for module in pkgutil.iter_modules(tests.bench.__path__)):
        if module.startswith("bench_"):
            importlib.import_module(f"tests.bench.{module}")
    return dict(_registered)


def seconds_of(action: Callable[[], object], *, repeats: int = 30, warm_up: int = 3) -> list[float]:
    """How long each of `repeats` calls takes, after `warm_up` that do not count."""
    for _ in range(warm_up):
        action()
    found = []
    for _ in range(repeats):
        started = time.perf_counter()
        action()
        found.append(time.perf_counter() - started)
    return found


def median_ms(action: Callable[[], object], *, repeats: int = 30, warm_up: int = 3) -> float:
    """The median duration of a call in milliseconds."""
    return 1e3 * statistics.median(seconds_of(action, repeats=repeats, warm_up=warm_up))


def percentile(values: list[float], percent: float) -> float:
    """The value that `percent` of the values do not exceed, by the nearest rank.

    >>> percentile([1.0, 2.0, 3.0, 4.0], 75)
    3.0
    """
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]
