"""What is measured: benchmarks register themselves with names, units and budgets."""

from __future__ import annotations

import importlib
import math
import pkgutil
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import tests.bench

Better = Literal["lower", "higher"]


@dataclass(frozen=True)
class Measured:
    """A figure and what it is compared with, measured in the same run."""

    value: float
    baseline: float


@dataclass(frozen=True)
class Skipped:
    """Why there is nothing to measure here, e.g. "there is no CUDA GPU"."""

    reason: str


Value = float | Measured | Skipped
"""What a benchmark may return for a figure."""


@dataclass(frozen=True)
class Figure:
    """One figure to measure.

    Parameters
    ----------
    name, unit : as they are printed; the name is unique.
    budget : what the figure should keep; None where it is only watched.
    better : whether a lower or a higher figure is the better one.
    baseline : a figure to compare with, where it is not measured in the same run.
    """

    name: str
    unit: str
    budget: float | None = None
    better: Better = "lower"
    baseline: float | None = None

    def row(self, measured: Value) -> Row:
        """Its line of bench.json."""
        if isinstance(measured, Skipped):
            return Row(self.name, None, self.unit, budget=self.budget, skipped=measured.reason)
        value, baseline = measured, self.baseline
        if isinstance(measured, Measured):
            value, baseline = measured.value, measured.baseline
        assert isinstance(value, (int, float))
        return Row(
            name=self.name,
            value=value,
            unit=self.unit,
            baseline=baseline,
            ratio=value / baseline if baseline else None,
            budget=self.budget,
            met=self._met(value),
        )

    def failed(self, error: str) -> Row:
        """Its line where measuring failed."""
        return Row(self.name, None, self.unit, budget=self.budget, error=error)

    def _met(self, value: float) -> bool | None:
        if self.budget is None:
            return None
        return value <= self.budget if self.better == "lower" else value >= self.budget


@dataclass(frozen=True)
class Benchmark:
    """Figures that one run measures together; `measure` returns one each, in their order."""

    figures: tuple[Figure, ...]
    measure: Callable[[], Sequence[Value]]

    @property
    def name(self) -> str:
        """That of the first figure."""
        return self.figures[0].name

    def run(self) -> list[Row]:
        return [figure.row(measured) for figure, measured in zip(self.figures, self.measure(), strict=True)]


@dataclass(frozen=True)
class Row:
    """One line of bench.json; `value` is None where `error` or `skipped` says why there is none."""

    name: str
    value: float | None
    unit: str
    baseline: float | None = None
    ratio: float | None = None
    budget: float | None = None
    met: bool | None = None
    other_load: float | None = None
    """Cores that other programs kept busy meanwhile; None where the system does not tell."""
    error: str = ""
    skipped: str = ""

    def plain(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if name not in ("error", "skipped") or value}


_registered: dict[str, Benchmark] = {}

Together = Callable[[], Sequence[Value]]
Alone = Callable[[], Value]


def benchmarks_together(*figures: Figure) -> Callable[[Together], Together]:
    """Register the decorated function as what measures these figures in one run."""

    def register(measure: Together) -> Together:
        taken = {figure.name for known in _registered.values() for figure in known.figures}
        for figure in figures:
            if figure.name in taken:
                raise ValueError(f"two benchmarks are called '{figure.name}'")
            taken.add(figure.name)
        _registered[figures[0].name] = Benchmark(figures, measure)
        return measure

    return register


def benchmark(
    name: str,
    unit: str,
    *,
    budget: float | None = None,
    better: Better = "lower",
    baseline: float | None = None,
) -> Callable[[Alone], Alone]:
    """Register the decorated function as what measures one figure (parameters as in `Figure`)."""

    def register(measure: Alone) -> Alone:
        benchmarks_together(Figure(name, unit, budget, better, baseline))(lambda: [measure()])
        return measure

    return register


def benchmarks() -> dict[str, Benchmark]:
    """Every benchmark in the ``bench_*.py`` files of this folder, by its first figure, in the files' order."""
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
