"""The benchmark runner keeps its books right; what it measures is not tested."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.registry import Figure, Measured, Skipped, benchmark, benchmarks, percentile, seconds_of

ROOT = Path(__file__).parent.parent


def row(measured: float | Measured | Skipped = 50.0, **changes: object) -> dict[str, object]:
    return Figure("speed", "1/s", **changes).row(measured).plain()  # type: ignore[arg-type]


def test_a_budget_is_a_limit_above_or_below() -> None:
    assert row(budget=40.0)["met"] is False
    assert row(budget=40.0, better="higher")["met"] is True
    assert row()["met"] is None


def test_a_ratio_is_the_value_by_its_baseline() -> None:
    assert row(baseline=20.0)["ratio"] == 2.5
    assert row(Measured(50.0, baseline=100.0))["ratio"] == 0.5
    assert row()["ratio"] is None


def test_what_cannot_be_measured_here_is_skipped_and_says_why() -> None:
    skipped = row(Skipped("there is no GPU"), budget=40.0)
    assert (skipped["value"], skipped["met"], skipped["skipped"]) == (None, None, "there is no GPU")
    assert "skipped" not in row()


def test_every_benchmark_has_a_name_of_its_own() -> None:
    known = {figure.name for one in benchmarks().values() for figure in one.figures}
    assert {"decision field 256x256, network [8, 8, 8]", "curves, 100,000 epochs: one more"} <= known
    with pytest.raises(ValueError, match="two benchmarks"):
        benchmark(next(iter(known)), "ms")(lambda: 0.0)


def test_percentiles_go_by_the_nearest_rank() -> None:
    assert percentile([5.0, 1.0, 3.0, 2.0, 4.0], 99) == 5.0
    assert percentile([5.0, 1.0, 3.0, 2.0, 4.0], 50) == 3.0
    assert percentile([7.0], 1) == 7.0


def test_only_the_calls_after_the_warm_up_are_timed() -> None:
    calls: list[int] = []
    assert len(seconds_of(lambda: calls.append(1), repeats=4, warm_up=2)) == 4
    assert len(calls) == 6


def test_the_command_writes_the_rows_that_it_prints(tmp_path: Path) -> None:
    out = tmp_path / "bench.json"
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench", "curves, 1,000 epochs", "--out", str(out)],
        capture_output=True, text=True, cwd=ROOT, timeout=300, check=False, env={**os.environ},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    written, *others = json.loads(out.read_text("utf-8"))
    assert len(others) == 3  # those that the same run measures
    assert set(written) == {"name", "value", "unit", "baseline", "ratio", "budget", "met", "other_load"}
    assert written["value"] > 0
    assert written["name"] in done.stdout
