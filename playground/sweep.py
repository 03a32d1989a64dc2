"""The command ``playground sweep``: every combination of some values, on all cores, results as they come."""

from __future__ import annotations

import itertools
import json
import re
import time
from collections.abc import Sequence
from typing import Any

from engine.edits import SettingError
from engine.evaluation import Result, ending_after, grid, run_all
from engine.experiment import Experiment
from engine.validation import EPOCHS, ending
from playground import reports
from playground.arguments import UsageError

_MOST_RUNS = 1_000_000

_VALUE = re.compile(r'(?:\[[^\]]*\]|"[^"]*"|[^,])+')
"""Up to the next comma that is in neither brackets nor quotes."""


def sweep(
    experiment: Experiment, grids: Sequence[str], epochs: int | None, *, workers: int | None, as_json: bool
) -> int:
    """Train `experiment` with every combination, and print each result once it is there.

    Parameters
    ----------
    grids : each "path=a,b,c"; lists in brackets: "learner.layers=[4],[8,8]".
    epochs : how long each is trained; None leaves it to their stop conditions, and the default where they have none.
    workers : how many runs at once; None for all cores.
    as_json : whether to print one JSON object a line.

    Returns
    -------
    The exit code: 1 if one of the runs failed.
    """
    if epochs == 0:
        raise UsageError("a sweep trains for 1 epoch or more")
    values = values_of(grids)
    combinations = [dict(zip(values, chosen, strict=True)) for chosen in itertools.product(*values.values())]
    if epochs is not None:
        experiment = ending_after(experiment, epochs)
    try:
        # One by one: some of the learners that are tried may end by themselves, others not.
        experiments = [ending(each, EPOCHS) for each in grid(experiment, values)]
    except SettingError as error:
        raise UsageError(str(error)) from error
    started, failed = time.perf_counter(), 0
    with run_all(experiments, workers=workers) as results:
        for result in results:
            failed += result.outcome.status == "failed"
            chosen = combinations[result.index]
            print(json.dumps(_plain(result, chosen), allow_nan=False) if as_json else _line(result, chosen), flush=True)
    if not as_json:
        print(f"{len(experiments):,} runs in {time.perf_counter() - started:.1f} s.")
    return 1 if failed else 0


def values_of(grids: Sequence[str]) -> dict[str, list[str]]:
    """The texts to try at each path."""
    values: dict[str, list[str]] = {}
    for text in grids:
        path, equals, listed = (part.strip() for part in text.partition("="))
        found = [value.strip() for value in _VALUE.findall(listed)]
        if not path or not equals or not found:
            raise UsageError(f"--grid takes path=a,b,c, not '{text}'")
        if path in values:
            raise UsageError(f"--grid {path} is given twice")
        values[path] = found
    count = 1
    for listed_values in values.values():
        count *= len(listed_values)
    if count > _MOST_RUNS:
        raise UsageError(f"these are {count:,} runs; at most {_MOST_RUNS:,} are possible")
    return values


def _plain(result: Result, chosen: dict[str, str]) -> dict[str, Any]:
    return {
        "index": result.index,
        "values": {path: read_value(text) for path, text in chosen.items()},
        "outcome": result.outcome.status,
        "sentence": result.outcome.sentence,
        "epoch": result.epochs,
        "metrics": reports.plain_metrics(result.metrics),
        "seconds": result.seconds,
    }


def read_value(text: str) -> Any:
    """A number or a list as such; anything else is text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _line(result: Result, chosen: dict[str, str]) -> str:
    cells = [" ".join(f"{path}={text}" for path, text in chosen.items())]
    if result.outcome.status in ("failed", "diverged"):
        cells.append(result.outcome.sentence)
    cells += [f"{part}: {reports.metrics_text(metrics)}" for part, metrics in result.metrics.items()]
    return " | ".join(cells)
