"""What the command line understands: the commands and their arguments."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

FIGURES = ("stage", "curves", "both", "projection", "reconstruction", "pairs", "parallel")
"""What `render` can draw."""

COMMANDS = ("open", "run", "sweep", "evaluate", "render", "schema", "learners", "doctor")


class UsageError(Exception):
    """Wrong arguments or a file that cannot be used: one sentence, exit code 2."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} (see '{self.prog} --help')")


def with_command(arguments: list[str]) -> list[str]:
    """``playground FILE`` is short for ``playground open FILE``."""
    if not arguments:
        return ["open"]
    first = arguments[0]
    if first in (*COMMANDS, "-h", "--help", "--version"):
        return arguments
    if not first.startswith("-") and "." not in first and not Path(first).exists():
        near = difflib.get_close_matches(first, COMMANDS, 1)
        hint = f"did you mean '{near[0]}'?" if near else f"the commands are {', '.join(COMMANDS)}."
        raise UsageError(f"there is no command and no file '{first}': {hint}")
    return ["open", *arguments]


def command_line() -> argparse.ArgumentParser:
    """The parser of all commands; `command` says which was given."""
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

    running = commands.add_parser("run", help="train an experiment and print its metrics")
    _add_experiment_arguments(running)
    running.add_argument("--json", action="store_true", help="print one JSON object")
    running.add_argument("--predict", type=Path, metavar="POINTS.csv", help="predict these points afterwards")
    running.add_argument("--out", type=Path, metavar="PRED.csv", help="where the predictions go")

    sweeping = commands.add_parser("sweep", help="train every combination of some values, on all cores")
    _add_experiment_arguments(sweeping)
    sweeping.add_argument(
        "--grid", action="append", required=True, metavar="PATH=A,B,C",
        help="the values to try, e.g. training.optimizer.learning_rate=0.01,0.1; every combination where repeated",
    )  # fmt: skip
    sweeping.add_argument("--workers", type=_at_least(1), metavar="N", help="how many at once (all cores)")
    sweeping.add_argument("--json", action="store_true", help="print one JSON object a line")

    _add_evaluate(commands)

    rendering = commands.add_parser("render", help="train an experiment and write its figure")
    _add_experiment_arguments(rendering)
    rendering.add_argument("-o", "--output", type=Path, required=True, metavar="FIGURE", help=".png, .svg or .pdf")
    rendering.add_argument("--theme", choices=("light", "dark"), default="light")
    rendering.add_argument("--what", choices=FIGURES, default="stage", help="what the figure shows")
    rendering.add_argument("--scale", type=int, choices=(1, 2, 3, 4), default=2, help="pixels a unit of a PNG")

    commands.add_parser("schema", help="print the JSON schema of an experiment")

    learners = commands.add_parser("learners", help="list the models")
    learners.add_argument("--json", action="store_true", help="print one JSON object")

    doctor = commands.add_parser("doctor", help="print versions, devices and display")
    doctor.add_argument("--json", action="store_true", help="print one JSON object")
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
