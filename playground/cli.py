"""The command line: the same engine, without a window."""

from __future__ import annotations

import argparse
import difflib
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from playground import reports

if TYPE_CHECKING:
    from engine.experiment import Experiment
    from engine.training import Run

DEFAULT_EPOCHS = 200
"""How long `run` and `render` train an experiment that has no stop condition of its own."""


class UsageError(Exception):
    """Wrong arguments or a file that cannot be used: one sentence, exit code 2."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} (see '{self.prog} --help')")


def run(arguments: Sequence[str]) -> int:
    """Do what the command line says.

    Returns
    -------
    The exit code: 0 done (a diverged run is done, too), 1 failed, 2 wrong arguments.
    """
    try:
        options = _parser().parse_args(_with_command(list(arguments)))
        handler: Callable[[argparse.Namespace], int] = options.handler
        code = handler(options)
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


_COMMANDS = ("open", "run", "sweep", "evaluate", "render", "schema", "learners", "doctor")


def _with_command(arguments: list[str]) -> list[str]:
    """``playground FILE`` is short for ``playground open FILE``."""
    if not arguments:
        return ["open"]
    first = arguments[0]
    if first in (*_COMMANDS, "-h", "--help", "--version"):
        return arguments
    if not first.startswith("-") and "." not in first and not Path(first).exists():
        near = difflib.get_close_matches(first, _COMMANDS, 1)
        hint = f"did you mean '{near[0]}'?" if near else f"the commands are {', '.join(_COMMANDS)}."
        raise UsageError(f"there is no command and no file '{first}': {hint}")
    return ["open", *arguments]


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="playground",
        description="Draw points, choose a model, press play and watch it learn.",
        epilog="'playground FILE' opens the window with an experiment or a table of points.",
    )
    parser.add_argument("--version", action="version", version=f"playground {_version()}")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser, metavar="COMMAND")

    opening = commands.add_parser("open", help="open the window (the default)")
    opening.add_argument("file", nargs="?", type=Path, help="an experiment (.playground), points or a table (.csv)")
    _add_cluster(opening)
    opening.set_defaults(handler=_open)

    running = commands.add_parser("run", help="train an experiment and print its metrics")
    _add_experiment_arguments(running)
    running.add_argument("--json", action="store_true", help="print one JSON object")
    running.add_argument("--predict", type=Path, metavar="POINTS.csv", help="predict these points afterwards")
    running.add_argument("--out", type=Path, metavar="PRED.csv", help="where the predictions go")
    running.set_defaults(handler=_run)

    sweeping = commands.add_parser("sweep", help="train every combination of some values, on all cores")
    _add_experiment_arguments(sweeping)
    sweeping.add_argument(
        "--grid", action="append", required=True, metavar="PATH=A,B,C",
        help="the values to try, e.g. training.optimizer.learning_rate=0.01,0.1; every combination where repeated",
    )  # fmt: skip
    sweeping.add_argument("--workers", type=_at_least(1), metavar="N", help="how many at once (all cores)")
    sweeping.add_argument("--json", action="store_true", help="print one JSON object a line")
    sweeping.set_defaults(handler=_sweep)

    _add_evaluate(commands)

    rendering = commands.add_parser("render", help="train an experiment and write its figure")
    _add_experiment_arguments(rendering)
    rendering.add_argument("-o", "--output", type=Path, required=True, metavar="FIGURE", help=".png, .svg or .pdf")
    rendering.add_argument("--theme", choices=("light", "dark"), default="light")
    rendering.add_argument("--what", choices=("stage", "curves", "both"), default="stage")
    rendering.add_argument("--scale", type=int, choices=(1, 2, 3, 4), default=2, help="pixels a unit of a PNG")
    rendering.set_defaults(handler=_render)

    schema = commands.add_parser("schema", help="print the JSON schema of an experiment")
    schema.set_defaults(handler=_schema)

    learners = commands.add_parser("learners", help="list the models")
    learners.add_argument("--json", action="store_true", help="print one JSON object")
    learners.set_defaults(handler=_learners)

    doctor = commands.add_parser("doctor", help="print versions, devices and display")
    doctor.add_argument("--json", action="store_true", help="print one JSON object")
    doctor.set_defaults(handler=_doctor)
    return parser


def _add_experiment_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="a .playground or .csv file, or a table: iris, …")
    parser.add_argument(
        "--set", action="append", default=[], metavar="PATH=VALUE", dest="assignments",
        help="change a value, e.g. training.optimizer.learning_rate=0.1; may be repeated",
    )  # fmt: skip
    parser.add_argument("--epochs", type=_at_least(0), metavar="N", help="train for N epochs")
    parser.add_argument("--seed", type=_at_least(0), metavar="N", help="the seed of weights and minibatches")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"))


def _add_evaluate(commands: argparse._SubParsersAction[_Parser]) -> None:
    parser = commands.add_parser(
        "evaluate", help="cross-validate, search, compare: how good a model is on points that it has not seen"
    )
    _add_experiment_arguments(parser)
    scheme = parser.add_mutually_exclusive_group()
    scheme.add_argument("--folds", type=_at_least(2), metavar="K", help="k-fold cross-validation (5)")
    scheme.add_argument("--loo", action="store_true", help="leave-one-out cross-validation")
    scheme.add_argument("--validation", action="store_true", help="judge by the validation part")
    parser.add_argument("--stratified", action="store_true", help="folds with the same mix of classes")
    parser.add_argument("--repeats", type=_at_least(1), default=1, metavar="N", help="divide the points anew N times")
    parser.add_argument("--fold-seed", type=_at_least(0), default=0, metavar="N", help="the seed of the folds")
    parser.add_argument("--in-order", action="store_true", help="folds of neighbours, not shuffled")
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--grid", action="append", metavar="PATH=A,B,C",
        help="search these values, every combination where repeated; the winner is judged by the test part, once",
    )  # fmt: skip
    what.add_argument("--curve", metavar="PATH=A,B,C", help="validation curve: the score against one setting")
    what.add_argument(
        "--learning-curve", type=_at_least(2), nargs="?", const=10, metavar="N",
        help="the score against the number of training points, N sizes (10)",
    )  # fmt: skip
    what.add_argument("--compare", metavar="KIND,KIND", help="learners on the same folds, e.g. mlp,svm")
    parser.add_argument("--random", type=_at_least(1), metavar="N", help="search N combinations of the grid")
    parser.add_argument(
        "--one-standard-error", action="store_true", help="take the simplest within one standard error of the best"
    )
    parser.add_argument("--measure", metavar="NAME", help="accuracy, loss, rmse, mae or r2")
    parser.add_argument("--workers", type=_at_least(1), metavar="N", help="how many runs at once (all cores)")
    _add_cluster(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(handler=_evaluate)


def _add_cluster(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--cluster", metavar="ADDRESS", default="",
        help="have validation computed by the Dask scheduler there, e.g. tcp://10.0.0.5:8786",
    )  # fmt: skip


def _at_least(least: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"'{text}' is not a whole number") from None
        if value < least:
            raise argparse.ArgumentTypeError(f"{value} is less than {least}")
        return value

    return parse


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("playground-ml")
    except PackageNotFoundError:
        return "(not installed)"


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

    return sweep(_experiment(options), options.grid, workers=options.workers, as_json=options.json)


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


def _predict(trained: Run, source: Path, target: Path) -> None:
    from engine.table_predicting import reader_for
    from engine.tables import predict_table

    try:
        predict_table(source, target, trained.dataset, trained.predict, reader_for(trained.experiment))
    except (ValueError, OSError) as error:
        raise UsageError(str(error)) from error


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
