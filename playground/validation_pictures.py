"""From the scores of a study to what the validation view shows: pure functions."""

from __future__ import annotations

import math

import numpy as np

from engine.comparison import standings
from engine.dataset import FloatArray
from engine.metric_names import METRICS, estimate_text
from engine.search import Axis, chosen, value_text
from engine.snapshot import Estimate
from engine.validation import Scores, Spread, higher_is_better
from playground.validation_task import ValidationTask
from widgets.validation_values import (
    ComparisonPicture,
    ComparisonRow,
    HeatPicture,
    Picture,
    ScorePicture,
    ScoreSeries,
)

_PARTS = (("training", "train", 0), ("held out", "held out", 1))
METRICS_END = {
    "accuracy": (0.0, 1.0), "r2": (-math.inf, 1.0), "rmse": (0.0, math.inf), "mae": (0.0, math.inf),
    "loss": (-math.inf, math.inf),
}  # fmt: skip
"""How small and how large each measure can be: a band that goes further says nothing."""
_BANDS = "Bands and bars: ± 1.96 standard errors over the folds."


def picture_of(task: ValidationTask, scores: Scores) -> Picture:
    """What is known so far."""
    mode = task.wish.mode
    if mode == "folds":
        return _folds_picture(scores)
    if mode == "learning":
        sizes = np.array([candidate.size for candidate in scores.study.candidates], float)
        return _curve(scores, sizes, "training points", log=True)
    if mode == "compare":
        return _comparison(scores)
    if mode == "search" and len(task.axes) == 2:
        return _heat_map(task, scores)
    return _along(task, scores, task.axes[0])


def taken(task: ValidationTask, scores: Scores) -> int | None:
    """The candidate that would be taken now."""
    return chosen(scores, task.axes, one_standard_error=task.wish.settings.rule == "one_standard_error")


def result_sentence(task: ValidationTask, scores: Scores) -> str:
    """What came of it, once it has ended."""
    study = scores.study
    title = METRICS[study.measure].title
    if task.wish.mode == "folds":
        spread = scores.spread(0)
        if spread is None:
            return scores.complaint(0)
        return f"{title} {_spread_text(study.measure, spread)} (1.96 SE) by {study.scheme.title}."
    if task.wish.mode == "compare":
        first = standings(scores)[0]
        return f"Best: {study.candidates[first.candidate].title}." if first.rank else scores.complaint(first.candidate)
    if task.winner is None:
        failed = [
            f"{candidate.title}: {text}"
            for index, candidate in enumerate(study.candidates)
            if (text := scores.complaint(index))
        ]
        return failed[0] if failed else f"{title} by {study.scheme.title}; test points take no part."
    return f"Take {study.candidates[task.winner].title}: {_candidate_text(scores, task.winner)}."


def short_sentences(task: ValidationTask, scores: Scores) -> tuple[str, ...]:
    """What came of it in ever fewer words, for where there is little room."""
    if task.wish.mode == "folds":
        spread = scores.spread(0)
        return () if spread is None else (_spread_text(scores.study.measure, spread),)
    if task.wish.mode == "compare":
        return (scores.study.candidates[standings(scores)[0].candidate].title,)
    spread = None if task.winner is None else scores.spread(task.winner)
    if task.winner is None or spread is None:
        return ()
    measure = scores.study.measure
    score = held_out = _spread_text(measure, spread)
    test = None if task.final is None else task.final.metrics.get("test", {}).get(measure)
    if test is not None:
        score = f"{score}, test {estimate_text(measure, test)}"
    winner = scores.study.candidates[task.winner]
    values = ", ".join(value_text(value) for _, value in winner.values)
    taken_is = f"Take {winner.title}"
    return f"{taken_is}: {score}", f"{taken_is}: {held_out}", f"Take {values}: {held_out}", score, held_out


def _candidate_text(scores: Scores, candidate: int) -> str:
    """The score of one candidate, or why it has none."""
    spread = scores.spread(candidate)
    if spread is None:
        return scores.complaint(candidate) or "not scored yet"
    measure = scores.study.measure
    said = f"{METRICS[measure].title} {_spread_text(measure, spread)}"
    train = scores.spread(candidate, "train")
    return said if train is None else f"{said}, training {_text(measure, train.mean)}"


def _spread_text(measure: str, spread: Spread) -> str:
    return estimate_text(measure, Estimate(spread.mean, spread.half_width))


def _folds_picture(scores: Scores) -> ScorePicture:
    study = scores.study
    n_folds, title = study.n_folds, METRICS[study.measure].title
    nothing = np.full(n_folds, np.nan)
    series = tuple(
        ScoreSeries(name, part, array[0], nothing, nothing)
        for (name, _, part), array in zip(_PARTS, (scores.train, scores.held_out), strict=True)
    )
    spread = scores.spread(0)
    tips = []
    for fold in range(n_folds):
        held = len(study.divisions[0][fold].judged["held out"])
        outcome = scores.outcomes.get((0, fold))
        failure = outcome.sentence if outcome is not None and outcome.status in ("failed", "diverged") else ""
        tips.append(
            f"Fold {fold + 1}: {held:,} held out\n"
            + (
                failure
                or f"held out {_text(study.measure, scores.held_out[0, fold])}\n"
                f"training {_text(study.measure, scores.train[0, fold])}"
            )
        )
    note = "" if spread is None else "Line and band: the mean ± 1.96 standard errors."
    return ScorePicture(
        np.arange(n_folds, dtype=float), "fold", title, series, tuple(tips),
        tuple(str(fold + 1) for fold in range(n_folds)), joined=False,
        average=None if spread is None else (spread.mean, spread.half_width), note=note,
        limits=METRICS_END[study.measure],
    )  # fmt: skip


def _text(measure: str, value: float) -> str:
    return estimate_text(measure, Estimate(float(value)))


def _along(task: ValidationTask, scores: Scores, axis: Axis) -> ScorePicture:
    """Scores along one hyper-parameter."""
    values = [dict(candidate.values)[axis.path] for candidate in scores.study.candidates]
    are_numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    if are_numbers:
        return _curve(scores, np.array(values, float), axis.title, log=axis.log, marked=taken(task, scores))
    names = tuple(value_text(value) for value in values)
    places = np.arange(len(values), dtype=float)
    return _curve(scores, places, axis.title, log=False, names=names, marked=taken(task, scores))


def _curve(
    scores: Scores, x: FloatArray, title: str, *, log: bool, names: tuple[str, ...] = (), marked: int | None = None
) -> ScorePicture:
    series = []
    for name, part_name, part in _PARTS:
        spreads = [scores.spread(index, part_name) for index in range(len(x))]
        mean = np.array([np.nan if spread is None else spread.mean for spread in spreads])
        half = np.array(
            [np.nan if spread is None or spread.half_width is None else spread.half_width for spread in spreads]
        )
        low, high = np.clip((mean - half, mean + half), *METRICS_END[scores.study.measure])
        series.append(ScoreSeries(name, part, mean, low, high))
    tips = tuple(
        f"{candidate.title}\n{_candidate_text(scores, index)}"
        for index, candidate in enumerate(scores.study.candidates)
    )
    y_title = METRICS[scores.study.measure].title
    note = _BANDS if scores.study.n_folds > 1 else ""
    return ScorePicture(
        x, title, y_title, tuple(series), tips, names, log=log, marked=marked, note=note,
        limits=METRICS_END[scores.study.measure],
    )  # fmt: skip


def _heat_map(task: ValidationTask, scores: Scores) -> HeatPicture:
    across, up = task.axes
    shape = (len(up.values), len(across.values))
    means, failed = np.full(shape, np.nan), np.zeros(shape, bool)
    rows, columns = np.array(list(task.places)).T
    candidates = np.array(list(task.places.values()))
    means[rows, columns], failed[rows, columns] = scores.means[candidates], scores.failed[candidates]
    winner = taken(task, scores)
    marked = None if winner is None else next(place for place, index in task.places.items() if index == winner)

    def tip(row: int, column: int) -> str:
        index = task.places.get((row, column))
        if index is None:
            values = f"{across.title} {value_text(across.values[column])}, {up.title} {value_text(up.values[row])}"
            return f"{values}: not drawn."
        return f"{scores.study.candidates[index].title}: {_candidate_text(scores, index)}"

    return HeatPicture(
        tuple(value_text(value) for value in across.values),
        tuple(value_text(value) for value in up.values),
        across.title, up.title, means, failed, tip, marked,
        higher_is_better(scores.study.measure), METRICS[scores.study.measure].title,
    )  # fmt: skip


def _comparison(scores: Scores) -> ComparisonPicture:
    study = scores.study
    rows = []
    for standing in standings(scores):
        title = study.candidates[standing.candidate].title
        spread, train = scores.spread(standing.candidate), scores.spread(standing.candidate, "train")
        if spread is None:
            rows.append(ComparisonRow(title, sentence=scores.complaint(standing.candidate)))
            continue
        found = standing.difference
        intervals = ("", "", "")
        if found is not None:
            intervals = (
                _difference_text(study.measure, found.mean, "+"),
                f"± {_difference_text(study.measure, found.half_width)}, p {_p_text(found.p)}",
                f"± {_difference_text(study.measure, found.corrected_half_width)}, p {_p_text(found.corrected_p)}",
            )
        rows.append(
            ComparisonRow(
                title, _spread_text(study.measure, spread), "" if train is None else _text(study.measure, train.mean),
                *intervals, is_best=standing.rank == 1,
            )
        )  # fmt: skip
    note = (
        f"± of the {METRICS[study.measure].title}: 1.96 standard errors over {study.n_folds:,} folds. Paired t takes"
        " the folds for independent, which makes it too narrow; corrected (Nadeau and Bengio 2003) it reckons with the"
        " points that they share."
    )
    return ComparisonPicture(tuple(rows), METRICS[study.measure].title, note)


def _p_text(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"{p:.3f}" if p < 0.01 else f"{p:.2f}"


def _difference_text(measure: str, value: float, sign: str = "-") -> str:
    """A difference in the unit of the scores: percent for an accuracy."""
    text = f"{100 * value:{sign}.1f} %" if measure == "accuracy" else f"{value:{sign}.3g}"
    return text.replace("-", "−")
