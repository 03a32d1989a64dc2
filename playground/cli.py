"""The command line: the same engine, without a window."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from playground import reports
from playground.arguments import UsageError, command_line, with_command

if TYPE_CHECKING:
    from engine.experiment import Experiment
    from engine.training import Run

DEFAULT_EPOCHS = 200
"""How long `run` and `render` train an experiment that has no stop condition of its own."""


def run(arguments: Sequence[str]) -> int:
    """Do what the command line says.

    Returns
    -------
    The exit code: 0 done (a diverged run is done, too), 1 failed, 2 wrong arguments.
    """
    try:
        options = command_line().parse_args(with_command(list(arguments)))
        code = _HANDLERS[options.command](options)
        sys.stdout.flush()
    except UsageError as error:
        print(f"playground: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("playground: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Whoever read has gone, as `head` does. What is still to be flushed at exit goes nowhere, silently.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code


# -- the commands ------------------------------------------------------------------------------------------------------


def _open(options: argparse.Namespace) -> int:
    if options.file is not None and not options.file.is_file():
        raise UsageError(f"there is no file '{options.file}'")
    from playground.app import run_application, without_display

    if without_display():
        return _demonstrate(options.file)
    return run_application(options.file, options.cluster)


def _demonstrate(file: Path | None) -> int:
    """Without a display: train and write the figure that the window would have shown."""
    from engine.experiment import Experiment

    print("There is no display, so no window can open. Training the experiment and writing its figure instead.")
    experiment = _load(file) if file is not None else Experiment()
    trained = _started(_with_epochs(experiment, None))
    _train(trained)
    target = Path("playground-figure.png").resolve()
    _write_figure(trained, target, what="both", theme="light", scale=2)
    print(reports.summary(trained))
    print(f"Wrote {target}")
    return 0


def _run(options: argparse.Namespace) -> int:
    if (options.predict is None) != (options.out is None):
        raise UsageError("--predict POINTS.csv and --out PRED.csv go together")
    if options.predict is not None:
        if not options.predict.is_file():
            raise UsageError(f"there is no file '{options.predict}'")
        _check_target(options.out)
    trained = _started(_experiment(options))
    if options.predict is not None:
        _check_map(trained)
    started = time.perf_counter()
    if options.epochs != 0:
        _train(trained)
    seconds = time.perf_counter() - started
    if options.predict is not None:
        _predict(trained, options.predict, options.out)
    if options.json:
        print(json.dumps(reports.result_of(trained, seconds), indent=1, allow_nan=False))
    else:
        print(reports.summary(trained))
    return 1 if trained.outcome.status == "failed" else 0


def _sweep(options: argparse.Namespace) -> int:
    from playground.sweep import sweep

    return sweep(_changed(options), options.grid, options.epochs, workers=options.workers, as_json=options.json)


def _evaluate(options: argparse.Namespace) -> int:
    from engine.evaluation import ending_after
    from playground.evaluate import evaluate

    experiment = _changed(options)
    return evaluate(ending_after(experiment, options.epochs) if options.epochs else experiment, options)


def _render(options: argparse.Namespace) -> int:
    if options.output.suffix.lower() not in (".png", ".svg", ".pdf"):
        raise UsageError(f"a figure is a .png, .svg or .pdf file, not '{options.output}'")
    _check_target(options.output)
    trained = _started(_experiment(options))
    if options.epochs != 0:
        _train(trained)
    _write_figure(trained, options.output, what=options.what, theme=options.theme, scale=options.scale)
    print(reports.summary(trained))
    print(f"Wrote {options.output}")
    return 0


def _schema(_options: argparse.Namespace) -> int:
    from engine.experiment import Experiment

    print(json.dumps(Experiment.model_json_schema(), indent=1))
    return 0


def _learners(options: argparse.Namespace) -> int:
    from engine.registry import LEARNERS

    if options.json:
        rows = [
            {
                "kind": entry.kind,
                "title": entry.title,
                "tasks": list(entry.tasks),
                "sentence": entry.sentence,
                "settings": entry.settings.model_json_schema(),
            }
            for entry in LEARNERS.values()
        ]
        print(json.dumps({"learners": rows}, indent=1))
        return 0
    for entry in LEARNERS.values():
        print(f"{entry.kind:22} {', '.join(entry.tasks):30} {entry.sentence}")
    return 0


def _doctor(options: argparse.Namespace) -> int:
    from playground import doctor

    print(json.dumps(doctor.report(), indent=1) if options.json else doctor.text())
    return 0


# -- pieces of them ----------------------------------------------------------------------------------------------------


def _load(path: Path) -> Experiment:
    from playground.opening import open_any_or_bundled

    try:
        return open_any_or_bundled(path)
    except (ValueError, OSError) as error:
        raise UsageError(str(error)) from error


def _changed(options: argparse.Namespace) -> Experiment:
    """The experiment of the file, with what the command line sets in it."""
    from playground.choices import with_values

    assignments: dict[str, str] = {}
    for text in options.assignments:
        path, equals, value = text.partition("=")
        if not equals or not path.strip():
            raise UsageError(f"--set takes path=value, not '{text}'")
        assignments[path.strip()] = value.strip()
    if options.seed is not None:
        assignments["training.seed"] = str(options.seed)
    if options.device is not None:
        assignments["training.device"] = options.device
    try:
        return with_values(_load(options.file), assignments)
    except ValueError as error:
        raise UsageError(str(error)) from error


def _experiment(options: argparse.Namespace) -> Experiment:
    """The experiment of the file, with what the command line changes in it, sure to end."""
    return _with_epochs(_changed(options), options.epochs)


def _with_epochs(experiment: Experiment, epochs: int | None) -> Experiment:
    """`experiment`, sure to end: after `epochs`, by its own stop conditions, or after `DEFAULT_EPOCHS`."""
    from engine.evaluation import ending_after
    from engine.validation import ending

    return ending(experiment, DEFAULT_EPOCHS) if epochs is None else ending_after(experiment, epochs)


def _started(experiment: Experiment) -> Run:
    """The run of `experiment` before its first step, with its loops compiled."""
    from engine import checks
    from engine.training import Run

    begun = Run(experiment)
    complaint = checks.blocking(experiment, begun.dataset)
    if complaint is not None:
        raise UsageError(f"{complaint.path}: {complaint.sentence}")
    if begun.needs_preparation:
        begun.prepare()
    return begun


def _train(begun: Run) -> None:
    """Train until the run ends, which `_with_epochs` has made sure of."""
    while not begun.outcome.final:
        begun.advance_epochs(1000)


def _check_target(path: Path) -> None:
    """Say before the training, rather than after it, that there is nowhere to write to."""
    if path.is_dir():
        raise UsageError(f"'{path}' is a folder, not the name of a file")
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder '{path.parent}'")


def _check_map(trained: Run) -> None:
    from engine.projecting import ProjectionLearner
    from engine.registry import LEARNERS

    if isinstance(trained.learner, ProjectionLearner) and not trained.learner.has_map:
        title = LEARNERS[trained.experiment.learner.kind].title
        raise UsageError(
            f"{title} finds places for the points that it is given and knows no rule for others:"
            " leave out --predict, or choose a projection with a map, such as learner.kind=pca"
        )


def _predict(trained: Run, source: Path, target: Path) -> None:
    from engine.table_predicting import reader_for
    from engine.tables import predict_table

    try:
        remarks = predict_table(source, target, trained.dataset, trained.predict, reader_for(trained.experiment))
    except (ValueError, OSError) as error:
        raise UsageError(str(error)) from error
    for remark in remarks:
        print(f"playground: {remark}", file=sys.stderr)


def _write_figure(trained: Run, target: Path, *, what: str, theme: str, scale: int) -> None:
    from playground.app import offscreen_application
    from playground.figures import content_of_run

    with offscreen_application():
        from playground.export import write_figure
        from widgets.theme import THEMES

        try:
            write_figure(target, content_of_run(trained), what=what, scale=scale, theme=THEMES[theme])
        except (OSError, ValueError) as error:
            raise UsageError(str(error)) from error


_HANDLERS: dict[str, Callable[[argparse.Namespace], int]] = {
    "open": _open,
    "run": _run,
    "sweep": _sweep,
    "evaluate": _evaluate,
    "render": _render,
    "schema": _schema,
    "learners": _learners,
    "doctor": _doctor,
}
