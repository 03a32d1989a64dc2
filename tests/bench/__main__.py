"""Runs the benchmarks, each in a process of its own, prints a table and writes bench.json."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from tests.bench.registry import Benchmark, Row, benchmarks

ROOT = Path(__file__).parents[2]
_LONGEST = 900
"""Seconds that one benchmark may take."""


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
    parser.add_argument("--one", metavar="NAME", help="measure one in this process and print its row")
    options = parser.parse_args()
    known = benchmarks()
    if options.one is not None:
        print(json.dumps(known[options.one].run().plain()))
        return 0
    chosen = [one for one in known.values() if not options.names or any(part in one.name for part in options.names)]
    if options.list or not chosen:
        print("\n".join(known) if options.list else f"no benchmark is called so; there are:\n{chr(10).join(known)}")
        return 0 if options.list else 1
    width = max(len(one.name) for one in chosen)
    print(f"{'':{width}}  {'value':>12}  {'unit':<10}  {'baseline':>10}  {'ratio':>6}  {'budget':>10}  met")
    rows = []
    for one in chosen:
        rows.append(_measured(one))
        print(_line(rows[-1], one, width), flush=True)
    options.out.write_text(json.dumps([row.plain() for row in rows], indent=1, ensure_ascii=False) + "\n", "utf-8")
    missed = [row.name for row in rows if row.met is False]
    print(f"\n{len(rows)} measured, {len(missed)} over budget{': ' if missed else ''}{', '.join(missed)}")
    return 1 if any(row.error for row in rows) else 0


def _measured(one: Benchmark) -> Row:
    """The row of a benchmark that runs in a fresh interpreter: nothing that another imported or left counts."""
    environment = {"QT_QPA_PLATFORM": "offscreen", **os.environ}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench", "--one", one.name],
            capture_output=True, text=True, cwd=ROOT, env=environment, timeout=_LONGEST, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return Row(one.name, None, one.unit, budget=one.budget, error=f"took more than {_LONGEST} s")
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        return Row(one.name, None, one.unit, budget=one.budget, error=last)
    return Row(**json.loads(done.stdout.splitlines()[-1]))


def _line(row: Row, one: Benchmark, width: int) -> str:
    if row.value is None:
        return f"{row.name:{width}}  failed: {row.error}"
    sign = "≤" if one.better == "lower" else "≥"
    budget = "" if row.budget is None else f"{sign} {_number(row.budget)}"
    met = {True: "yes", False: "NO", None: ""}[row.met]
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
    return (
        f"{row.name:{width}}  {_number(row.value):>12}  {row.unit:<10}  {_number(row.baseline):>10}"
        f"  {ratio:>6}  {budget:>10}  {met}"
    )


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


if __name__ == "__main__":
    sys.exit(main())
