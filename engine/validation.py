"""Studies: some candidates, each trained on several divisions of the data, and what their scores say together.

Cross-validation is a study of one candidate; a search, a validation curve and a comparison are studies of several on
the same folds; a learning curve is one of candidates that differ in how many points they train on.

References
----------
Hastie, Tibshirani, Friedman (2009). The Elements of Statistical Learning, sections 7.10 and 7.12.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from engine.dataset import Dataset, FloatArray, Task
from engine.evaluation import Job, Result, ending_after
from engine.experiment import Experiment, with_new_learner
from engine.folds import Division, FoldError, Folds, Scheme, final_division, folds_of, subsets
from engine.generators import dataset_of, task_of
from engine.learner import Outcome
from engine.metric_names import METRICS
from engine.metrics import Z95
from engine.registry import LEARNERS, ends_by_itself

MOST_RUNS = 1_000_000
MOST_KEPT = 20
"""Of so many folds the models are kept, to be drawn over one another; of more nothing could be seen."""
EPOCHS = 200
"""How long a model is trained that has no last epoch of its own."""
_LONGEST = 100_000
"""Epochs where early stopping ends it, or a learner by itself, in case they do not."""
_FEWEST_TO_LEARN_FROM = 5
_HIGHER_IS_BETTER = ("accuracy", "r2")


@dataclass(frozen=True)
class Spread:
    """The mean of the scores of several folds, and how far it may be off.

    Parameters
    ----------
    mean : of the folds' scores.
    standard_error : their standard deviation over the root of their number; None of a single fold.
    count : how many folds.

    Folds train on points that they share, so their scores are not independent and the interval is too narrow rather
    than too wide.
    """

    mean: float
    standard_error: float | None
    count: int

    @property
    def half_width(self) -> float | None:
        """1.96 standard errors."""
        return None if self.standard_error is None else Z95 * self.standard_error


def spread_of(scores: FloatArray) -> Spread:
    """The mean of `scores` (k,), k at least 1, and its standard error."""
    values = np.asarray(scores, np.float64)
    error = float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else None
    return Spread(float(values.mean()), error, len(values))


def measures_for(task: Task) -> tuple[str, ...]:
    """What models of `task` can be judged by, the usual first; see `engine.metric_names.METRICS`."""
    return ("accuracy", "loss") if task == "classification" else ("rmse", "mae", "r2", "loss")


def higher_is_better(measure: str) -> bool:
    return measure in _HIGHER_IS_BETTER


@dataclass(frozen=True, eq=False)
class Candidate:
    """One of those that are compared.

    Parameters
    ----------
    title : what tells it from the others, e.g. "Learning rate 0.1, Units 8".
    experiment : what is trained.
    values : what was set for it, by dotted path.
    size : how many points it trains on, where it is that in which they differ.
    """

    title: str
    experiment: Experiment
    values: tuple[tuple[str, object], ...] = ()
    size: int = 0


@dataclass(frozen=True, eq=False)
class Study:
    """What is to be trained, and what it is to be judged by.

    Parameters
    ----------
    candidates : who takes part.
    divisions : of each candidate, who trains and who judges in each of its runs; all have equally many.
    measure : what is looked at, a name of `engine.metric_names.METRICS`.
    scheme : how the points were divided.
    folds : the folds, where they are the same for all.
    keeps_models : whether results carry their models.
    """

    candidates: tuple[Candidate, ...]
    divisions: tuple[tuple[Division, ...], ...]
    measure: str
    scheme: Scheme
    folds: Folds
    keeps_models: bool = False

    @property
    def n_folds(self) -> int:
        return len(self.divisions[0])

    @cached_property
    def jobs(self) -> tuple[Job, ...]:
        """Every run: candidate by candidate, fold by fold."""
        return tuple(
            Job(candidate.experiment, division, self.keeps_models)
            for candidate, divisions in zip(self.candidates, self.divisions, strict=True)
            for division in divisions
        )

    def without_models(self) -> Study:
        """The same, for who will only look at the numbers."""
        return replace(self, keeps_models=False)

    def place_of(self, result: Result) -> tuple[int, int]:
        """Candidate and fold of a result."""
        return divmod(result.index, self.n_folds)


class Scores:
    """What is known of a study so far. Not safe for threads.

    Parameters
    ----------
    study : what the results are of.

    Attributes
    ----------
    train, held_out : (candidates, folds) float64, NaN where there is no result yet or no number.
    means : (candidates,) float64, of the held-out scores, NaN where one of the folds has none.
    failed : (candidates,) bool, who will have no mean.
    outcomes : by candidate and fold, how the runs ended that have ended.
    """

    def __init__(self, study: Study) -> None:
        self.study = study
        shape = (len(study.candidates), study.n_folds)
        self.train, self.held_out = np.full(shape, np.nan), np.full(shape, np.nan)
        self.means, self.failed = np.full(shape[0], np.nan), np.zeros(shape[0], bool)
        self.outcomes: dict[tuple[int, int], Outcome] = {}
        self._left = np.full(shape[0], shape[1])
        self._spreads: dict[tuple[int, str], Spread] = {}

    def add(self, result: Result) -> int:
        """Enter a result; returns the candidate that it is of."""
        candidate, _ = place = self.study.place_of(result)
        self.outcomes[place] = result.outcome
        self._left[candidate] -= 1
        for name, into in (("train", self.train), ("held out", self.held_out)):
            estimate = result.metrics.get(name, {}).get(self.study.measure)
            into[place] = math.nan if estimate is None or not math.isfinite(estimate.value) else estimate.value
            # Reckoned once, as the last fold comes: pictures are drawn again and again.
            if self.is_done(candidate) and np.isfinite(into[candidate]).all():
                self._spreads[candidate, name] = spread_of(into[candidate])
        self.failed[candidate] |= not math.isfinite(self.held_out[place])
        if (candidate, "held out") in self._spreads:
            self.means[candidate] = self._spreads[candidate, "held out"].mean
        return candidate

    def is_done(self, candidate: int) -> bool:
        """Whether all folds of a candidate have ended."""
        return bool(self._left[candidate] == 0)

    @property
    def complete(self) -> bool:
        return not self._left.any()

    def spread(self, candidate: int, part: str = "held out") -> Spread | None:
        """The mean over the folds of a candidate; None before all have ended, or where one of them has no number."""
        return self._spreads.get((candidate, part))

    def complaint(self, candidate: int) -> str:
        """Why a candidate has no score, in the words of the first run that failed; else empty."""
        if not self.failed[candidate]:
            return ""
        ended = (self.outcomes.get((candidate, fold)) for fold in range(self.study.n_folds))
        failures = (each.sentence for each in ended if each is not None and each.status in ("failed", "diverged"))
        title = METRICS[self.study.measure].title
        return next(failures, f"A fold has no {title}: its held-out points do not define one.")

    def best(self) -> int | None:
        """The candidate with the best mean, the first of equals; None before any has one."""
        if not np.isfinite(self.means).any():
            return None
        return int(np.nanargmax(self.means) if higher_is_better(self.study.measure) else np.nanargmin(self.means))


# -- the studies -------------------------------------------------------------------------------------------------------


def ending(experiment: Experiment, epochs: int) -> Experiment:
    """`experiment`, sure to end: after `epochs` where its steps might go on for ever and it has no stop condition.

    Early stopping ends by itself, as do the learners of `engine.registry.ends_by_itself`.
    """
    stop = experiment.training.stop
    if stop.max_epochs:
        return experiment
    is_endless = not ends_by_itself(experiment.learner) and not stop.patience
    return ending_after(experiment, epochs if is_endless else _LONGEST)


def study_of(candidates: Sequence[Candidate], scheme: Scheme, measure: str, epochs: int = EPOCHS) -> Study:
    """A study of `candidates` on the same folds of the same data.

    Parameters
    ----------
    candidates : one or more; each is made sure to end, see `ending`.
    epochs : how long those are trained that would not end.

    Raises
    ------
    FoldError
        If there cannot be such folds, or they do not define the measure.
    """
    first = candidates[0].experiment
    folds = folds_of(_dataset_of(first), scheme, stops_early=first.training.stop.patience > 0)
    _check(folds, measure)
    if len(candidates) * len(folds) > MOST_RUNS:
        raise FoldError(f"These are {len(candidates) * len(folds):,} runs; at most {MOST_RUNS:,} are possible.")
    ends = tuple(replace(candidate, experiment=ending(candidate.experiment, epochs)) for candidate in candidates)
    return Study(ends, (folds.divisions,) * len(ends), measure, scheme, folds)


def cross_validation(experiment: Experiment, scheme: Scheme, measure: str, epochs: int = EPOCHS) -> Study:
    """One candidate on the folds of `scheme`; the models of up to 20 folds are kept.

    Raises
    ------
    FoldError
        As of `study_of`.
    """
    made = study_of([Candidate(LEARNERS[experiment.learner.kind].title, experiment)], scheme, measure, epochs)
    return Study(made.candidates, made.divisions, measure, scheme, made.folds, keeps_models=made.n_folds <= MOST_KEPT)


def comparison(
    experiment: Experiment, kinds: Sequence[str], scheme: Scheme, measure: str, epochs: int = EPOCHS
) -> Study:
    """Learners on the same folds: that of `experiment` as it is, the others with their defaults and without penalties.

    Raises
    ------
    FoldError
        As of `study_of`, or if the measure is the loss, which is another one for each learner.
    ValueError
        If a learner is unknown, or cannot do the task.
    """
    if measure == "loss":
        others = ", ".join(METRICS[name].title for name in measures_for(task_of(experiment.data)) if name != "loss")
        raise FoldError(f"Learners have losses of their own, which cannot be compared: choose {others}.")
    task = task_of(experiment.data)
    candidates = []
    for kind in dict.fromkeys(kinds):
        entry = LEARNERS.get(kind)
        if entry is None:
            raise ValueError(f"There is no learner '{kind}': choose among {', '.join(LEARNERS)}.")
        if task not in entry.tasks:
            raise ValueError(f"{entry.title} is not for {task}.")
        is_own = kind == experiment.learner.kind
        changed = experiment if is_own else with_new_learner(experiment, kind)
        candidates.append(Candidate(entry.title, changed, (("learner.kind", kind),)))
    if not candidates:
        raise FoldError("Choose a learner or more to compare.")
    return study_of(candidates, scheme, measure, epochs)


def learning_curve(
    experiment: Experiment, scheme: Scheme, measure: str, count: int, epochs: int = EPOCHS, seed: int = 0
) -> Study:
    """The same learner on more and more of the training points of each fold, `count` sizes from few to all.

    Raises
    ------
    FoldError
        As of `study_of`, or if there are too few points for sizes to differ.
    """
    base = study_of([Candidate("", experiment)], scheme, measure, epochs)
    most = min(len(division.judged["train"]) for division in base.folds.divisions)
    least = min(_FEWEST_TO_LEARN_FROM, most)
    sizes = tuple(int(size) for size in np.unique(np.round(np.geomspace(least, most, count)).astype(int)))
    if len(sizes) < 2:
        raise FoldError(f"A learning curve needs folds of {_FEWEST_TO_LEARN_FROM + 1} training points or more.")
    by_fold = [subsets(division, sizes, seed + fold) for fold, division in enumerate(base.folds.divisions)]
    trained = base.candidates[0].experiment
    candidates = tuple(Candidate(f"{size:,} points", trained, size=size) for size in sizes)
    divisions = tuple(tuple(fold[index] for fold in by_fold) for index in range(len(sizes)))
    return Study(candidates, divisions, measure, scheme, base.folds)


def final_job(experiment: Experiment) -> Job:
    """The winner trained on training and validation points together, to be judged by the test part, once.

    Raises
    ------
    FoldError
        If there is no test part.
    """
    division = final_division(_dataset_of(experiment), stops_early=experiment.training.stop.patience > 0)
    return Job(experiment, division)


def final_sentence(result: Result, measure: str) -> str:
    """What the test part says of the winner, in words."""
    from engine.metric_names import estimate_text

    estimate = result.metrics.get("test", {}).get(measure)
    if estimate is None:
        return result.outcome.sentence or "The test points do not define a score."
    return (
        f"Test {METRICS[measure].title} {estimate_text(measure, estimate)}: trained again on all training and"
        " validation points; the test part was looked at once, after the choice was made."
    )


def _dataset_of(experiment: Experiment) -> Dataset:
    return dataset_of(experiment.data, experiment.preparation)


def _check(folds: Folds, measure: str) -> None:
    if measure == "r2" and min(len(folds.held_out(index)) for index in range(len(folds))) < 2:
        raise FoldError("R² needs 2 held-out points or more in each fold: judge by RMSE or MAE, or take fewer folds.")
