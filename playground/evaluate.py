"""The command ``playground evaluate``: cross-validation, searches, curves and comparisons, printed."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Sequence
from typing import Any

from engine.comparison import EXPLANATION, Difference, standings
from engine.edits import SettingError
from engine.evaluation import Result, run_all
from engine.experiment import Experiment
from engine.farms import Cluster, FarmError
from engine.folds import FoldError, Scheme
from engine.generators import task_of
from engine.metric_names import METRICS
from engine.registry import LEARNERS, unsupervised_task
from engine.search import Axis, axis_of_values, chosen, grid_candidates, random_candidates
from engine.validation import (
    EPOCHS,
    Scores,
    Spread,
    Study,
    comparison,
    cross_validation,
    final_job,
    final_sentence,
    learning_curve,
    measures_for,
    study_of,
)
from playground import reports
from playground.arguments import UsageError
from playground.sweep import read_value, values_of


def evaluate(experiment: Experiment, options: argparse.Namespace) -> int:
    """Do what the command line asks, and print it.

    Returns
    -------
    The exit code: 1 if a candidate has no score.
    """
    try:
        axes = _axes(experiment, options)
        study = _study(experiment, axes, options)
    except (FoldError, SettingError, ValueError) as error:
        raise UsageError(str(error)) from error
    if not options.json:
        print(f"{METRICS[study.measure].title} by {study.scheme.title}; test points take no part.", flush=True)
    scores = Scores(study)
    final: Result | None = None
    winner: int | None = None
    try:
        with run_all(study.jobs, workers=options.workers, where=_cluster(options)) as results:
            for result in results:
                candidate = scores.add(result)
                if not options.json and scores.is_done(candidate):
                    print(_line(scores, candidate), flush=True)
        if axes:
            winner = chosen(scores, axes, one_standard_error=options.one_standard_error)
        if options.grid and winner is not None:
            final = _final(study, winner)
    except FarmError as error:
        print(f"playground: {error}", file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps(plain(scores, axes, winner, final), indent=1, allow_nan=False))
    else:
        _print_end(scores, winner, final, is_comparison=bool(options.compare))
    return 1 if any(scores.complaint(index) for index in range(len(study.candidates))) else 0


def _axes(experiment: Experiment, options: argparse.Namespace) -> list[Axis]:
    if options.random is not None and not options.grid:
        raise UsageError("--random N goes with --grid, whose combinations it draws from")
    if options.one_standard_error and not (options.grid or options.curve):
        raise UsageError("--one-standard-error goes with --grid or --curve")
    values = values_of(options.grid or ([options.curve] if options.curve else []))
    return [axis_of_values(experiment, path, [read_value(text) for text in found]) for path, found in values.items()]


def _study(experiment: Experiment, axes: Sequence[Axis], options: argparse.Namespace) -> Study:
    if unsupervised_task(experiment.learner) is not None and not options.compare:
        title = LEARNERS[experiment.learner.kind].title
        raise UsageError(f"{title} is told no targets, so nothing can be held out to judge it by: use run --json")
    scheme, task = _scheme(options), task_of(experiment.data)
    allowed = measures_for(task)
    measure = options.measure or allowed[0]
    if measure not in allowed:
        raise UsageError(f"--measure is one of {', '.join(allowed)} in {task}, not '{measure}'")
    epochs = options.epochs or EPOCHS
    if options.random is not None:
        candidates = random_candidates(experiment, axes, options.random, options.fold_seed)
        return study_of(candidates, scheme, measure, epochs)
    if axes:
        return study_of(grid_candidates(experiment, axes), scheme, measure, epochs)
    if options.learning_curve is not None:
        return learning_curve(experiment, scheme, measure, options.learning_curve, epochs, options.fold_seed)
    if options.compare:
        kinds = [kind.strip() for kind in options.compare.split(",") if kind.strip()]
        return comparison(experiment, kinds, scheme, measure, epochs)
    # Models are kept to be drawn; nothing is drawn here.
    return cross_validation(experiment, scheme, measure, epochs).without_models()


def _scheme(options: argparse.Namespace) -> Scheme:
    if options.stratified and (options.loo or options.validation):
        raise UsageError("--stratified goes with --folds")
    kind = "loo" if options.loo else "validation" if options.validation else "kfold"
    try:
        return Scheme(
            kind="stratified" if options.stratified else kind,
            k=options.folds or 5,
            repeats=options.repeats,
            shuffle=not options.in_order,
            seed=options.fold_seed,
        )
    except ValueError as error:
        raise UsageError("--folds is 2 to 100, --repeats 1 to 50 and --fold-seed below 2³¹") from error


def _cluster(options: argparse.Namespace) -> Cluster | None:
    return Cluster(options.cluster) if options.cluster else None


def _final(study: Study, winner: int) -> Result | None:
    """The winner, judged by the test part; None where there is none."""
    try:
        job = final_job(study.candidates[winner].experiment)
    except FoldError:
        return None
    return next(run_all([job]))


# -- in words ----------------------------------------------------------------------------------------------------------


def _line(scores: Scores, candidate: int) -> str:
    spread, title = scores.spread(candidate), scores.study.candidates[candidate].title
    if spread is None:
        return f"{title} | {scores.complaint(candidate)}"
    train = scores.spread(candidate, "train")
    trained = f" | train {_number(train.mean)}" if train is not None else ""
    return f"{title} | {_spread_text(spread)}{trained}"


def _spread_text(spread: Spread) -> str:
    if spread.half_width is None:
        return _number(spread.mean)
    return f"{_number(spread.mean)} ± {_number(spread.half_width)} (1.96 SE of {spread.count:,} folds)"


def _number(value: float) -> str:
    return f"{value:.4g}"


def _print_end(scores: Scores, winner: int | None, final: Result | None, *, is_comparison: bool) -> None:
    study = scores.study
    if is_comparison:
        for standing in standings(scores):
            if standing.difference is not None:
                print(_difference_line(study.candidates[standing.candidate].title, standing.difference))
        print(EXPLANATION)
    if winner is not None:
        print(f"Chosen: {study.candidates[winner].title}.")
    if final is not None:
        print(final_sentence(final, study.measure))


def _difference_line(title: str, difference: Difference) -> str:
    return (
        f"{title}: {difference.mean:+.4g} from the best, 95 % intervals ± {_number(difference.half_width)} (paired t,"
        f" p = {difference.p:.3g}) and ± {_number(difference.corrected_half_width)} (corrected,"
        f" p = {difference.corrected_p:.3g})"
    )


# -- as JSON -----------------------------------------------------------------------------------------------------------


def plain(scores: Scores, axes: Sequence[Axis], winner: int | None, final: Result | None) -> dict[str, Any]:
    """Everything that is known of a study, ready for JSON."""
    study = scores.study
    found: dict[str, Any] = {
        "scheme": study.scheme.model_dump(),
        "measure": study.measure,
        "folds": [study.folds.held_out(index).tolist() for index in range(len(study.folds))],
        "candidates": [_plain_candidate(scores, index) for index in range(len(study.candidates))],
    }
    if axes:
        found["chosen"] = winner
    if final is not None:
        found["test"] = reports.plain_metrics({"test": final.metrics.get("test", {})})["test"]
    if study.candidates[0].values[:1] and study.candidates[0].values[0][0] == "learner.kind" and not axes:
        found["standings"] = [
            {
                "candidate": standing.candidate,
                "rank": standing.rank,
                "difference": None if standing.difference is None else vars(standing.difference),
            }
            for standing in standings(scores)
        ]
    return found


def _plain_candidate(scores: Scores, index: int) -> dict[str, Any]:
    candidate, spread = scores.study.candidates[index], scores.spread(index)
    return {
        "title": candidate.title,
        "values": dict(candidate.values),
        **({"size": candidate.size} if candidate.size else {}),
        "mean": None if spread is None else spread.mean,
        "standard_error": None if spread is None else spread.standard_error,
        "half_width_95": None if spread is None else spread.half_width,
        "scores": [_finite(value) for value in scores.held_out[index]],
        "train_scores": [_finite(value) for value in scores.train[index]],
        "sentence": scores.complaint(index),
    }


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
