"""Runs the benchmarks, each in a process of its own, prints a table and writes bench.json."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tests.bench.registry import Benchmark, Figure, Row, benchmarks

ROOT = Path(__file__).parents[2]
_LONGEST = 300
"""Seconds that one benchmark may take."""
_NOTICEABLE_LOAD = 0.2
"""Cores; with more than that kept busy by other programs, figures are worse than they should be."""


def main() -> int:
    """Measure what was asked for.

    Returns
    -------
    0 when everything could be measured, whether or not it keeps its budget; else 1.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="measure only those whose names contain this")
    parser.add_argument("--out", type=Path, default=ROOT / "bench.json", help="where the rows go (bench.json)")
    parser.add_argument("--list", action="store_true", help="only print the names")
    parser.add_argument("--one", metavar="NAME", help="measure one in this process and print its rows")
    options = parser.parse_args()
    known = benchmarks()
    if options.one is not None:
        print(json.dumps([row.plain() for row in known[options.one].run()]))
        return 0
    names = [figure.name for one in known.values() for figure in one.figures]
    chosen = [one for one in known.values() if not options.names or _is_wanted(one, options.names)]
    if options.list or not chosen:
        print("\n".join(names) if options.list else f"no benchmark is called so; there are:\n{chr(10).join(names)}")
        return 0 if options.list else 1
    rows = _table(chosen)
    options.out.write_text(json.dumps([row.plain() for row in rows], indent=1, ensure_ascii=False) + "\n", "utf-8")
    missed = [row.name for row in rows if row.met is False]
    measured = sum(row.value is not None for row in rows)
    print(f"\n{measured} measured, {len(missed)} over budget{': ' if missed else ''}{'; '.join(missed)}")
    most = max(row.other_load or 0.0 for row in rows)
    if most > _NOTICEABLE_LOAD:
        print(
            f"Other programs kept up to {most:.1f} of {os.cpu_count()} cores busy: measure again when they are quiet."
        )
    return 1 if any(row.error for row in rows) else 0


def _is_wanted(one: Benchmark, parts: list[str]) -> bool:
    return any(part in figure.name for part in parts for figure in one.figures)


def _table(chosen: list[Benchmark]) -> list[Row]:
    """Measure, printing each line as soon as it is known."""
    width = max(len(figure.name) for one in chosen for figure in one.figures)
    print(f"{'':{width}}  {'value':>9}  {'unit':<8}  {'baseline':>8}  {'ratio':>5}  {'budget':>8}  {'met':<3}  others")
    rows = []
    for one in chosen:
        for figure, row in zip(one.figures, _measured(one), strict=True):
            rows.append(row)
            print(_line(row, figure, width), flush=True)
    return rows


def _measured(one: Benchmark) -> list[Row]:
    """The rows of a benchmark that runs in a fresh interpreter: nothing that another imported or left counts."""
    environment = {"QT_QPA_PLATFORM": "offscreen", **os.environ}
    load_of_others = _load_meter()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench", "--one", one.name],
            capture_output=True, text=True, cwd=ROOT, env=environment, timeout=_LONGEST, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return [figure.failed(f"took more than {_LONGEST} s") for figure in one.figures]
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        return [figure.failed(last) for figure in one.figures]
    load = load_of_others()
    return [replace(Row(**plain), other_load=load) for plain in json.loads(done.stdout.splitlines()[-1])]


def _load_meter() -> Callable[[], float | None]:
    """From now until it is called: how many cores were busy with anything but the children of this process."""
    if not Path("/proc/stat").exists():
        return lambda: None

    def busy() -> tuple[float, float]:
        # user, nice, system, idle, iowait, irq, softirq, steal; in ticks, of all cores together
        ticks = [int(part) for part in Path("/proc/stat").read_text().split(maxsplit=9)[1:9]]
        return (sum(ticks) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK"), time.perf_counter()

    def own() -> float:
        times = os.times()
        return times.user + times.system + times.children_user + times.children_system

    (busy_before, begun), own_before = busy(), own()

    def read() -> float:
        busy_now, now = busy()
        return round(max(0.0, busy_now - busy_before - (own() - own_before)) / (now - begun), 2)

    return read


def _line(row: Row, figure: Figure, width: int) -> str:
    if row.skipped:
        return f"{row.name:{width}}  skipped: {row.skipped}"
    if row.value is None:
        return f"{row.name:{width}}  failed: {row.error}"
    sign = "≤" if figure.better == "lower" else "≥"
    budget = "" if row.budget is None else f"{sign} {_number(row.budget)}"
    met = {True: "yes", False: "NO", None: ""}[row.met]
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
    return (
        f"{row.name:{width}}  {_number(row.value):>9}  {row.unit:<8}  {_number(row.baseline):>8}"
        f"  {ratio:>5}  {budget:>8}  {met:<3}  {_number(row.other_load):>6}"
    )


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


if __name__ == "__main__":
    sys.exit(main())
