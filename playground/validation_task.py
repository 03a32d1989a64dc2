"""A validation under way: planned, computed and finished on a thread of its own; knows no widget."""

from __future__ import annotations

import threading
import traceback
from collections import deque
from collections.abc import Sequence

from engine.edits import SettingError, set_values
from engine.evaluation import Result, Runs, farm_beside_a_window, run_all
from engine.experiment import Experiment, with_new_learner
from engine.farms import Cluster, Farm, FarmError, Threads
from engine.folds import FoldError
from engine.registry import LEARNERS
from engine.search import Axis, axis_of, chosen, grid_candidates, parameters, random_candidates
from engine.validation import (
    Candidate,
    Scores,
    Study,
    comparison,
    cross_validation,
    final_job,
    learning_curve,
    study_of,
)
from widgets.validation_values import AxisWish, ValidationWish


class ValidationTask:
    """Does what a wish says of an experiment.

    Its attributes are written by its thread and read by the window's; `study` is there before the first result, and
    `winner` and `final` before it has ended. Of a search of two axes, `places` says which candidate each row and column
    of the grid is.

    Parameters
    ----------
    experiment : as it was when Run was pressed; later edits do not reach it.
    wish : what to do.
    cluster : the address of the Dask scheduler that computes it; empty for this machine. Models that are to be drawn
        are trained here nevertheless.
    """

    def __init__(self, experiment: Experiment, wish: ValidationWish, cluster: str = "") -> None:
        self.experiment, self.wish, self._cluster = experiment, wish, cluster
        self.axes: tuple[Axis, ...] = ()
        self.places: dict[tuple[int, int], int] = {}
        self.study: Study | None = None
        self.winner: int | None = None
        self.final: Result | None = None
        self.complaint = ""
        self.report = ""
        self._results: deque[Result] = deque()
        self._runs: Runs | None = None
        self._cancelled = threading.Event()
        self._thread = threading.Thread(target=self._work, name="playground-validation", daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def is_far(self) -> bool:
        """Whether it is computed on a cluster."""
        return bool(self._cluster) and self.wish.mode != "folds"  # whose models are drawn

    @property
    def ended(self) -> bool:
        return not self._thread.is_alive()

    @property
    def cancelled(self) -> bool:
        return self._cancelled.is_set()

    @property
    def progress(self) -> float:
        """The share of the work that is done, from 0 to 1."""
        return 0.0 if self._runs is None else self._runs.progress

    def take(self, most: int) -> list[Result]:
        """Up to so many results that have come since the last call."""
        taken: list[Result] = []
        while self._results and len(taken) < most:
            taken.append(self._results.popleft())
        return taken

    def cancel(self) -> None:
        """End it; returns at once. What has been taken stays."""
        self._cancelled.set()
        self._results.clear()
        if self._runs is not None:
            self._runs.cancel()

    def join(self, seconds: float) -> bool:
        """Wait until nothing is computed any more; whether that is so."""
        self._thread.join(seconds)
        return self.ended

    def is_about(self, now: Experiment) -> bool:
        """Whether the results are those of `now`: what is varied, and so may be taken, can be anything."""
        then = self.experiment
        try:
            tried = {axis.path: axis.values[0] for axis in self.axes}
            now, then = set_values(now, tried), set_values(then, tried)
        except SettingError:  # what is varied is no setting of the model any more
            return False
        if (now.data, now.preparation) != (then.data, then.preparation):
            return False
        compared = self.wish.learners if self.wish.mode == "compare" else ()
        models = (then, *(with_new_learner(then, kind) for kind in compared if kind in LEARNERS))
        return any((now.learner, now.training) == (each.learner, each.training) for each in models)

    def _work(self) -> None:
        try:
            study = self._planned()
            if self._cancelled.is_set():
                return
            self.study = study
            scores = Scores(study)
            with run_all(study.jobs, where=self._farm(study)) as runs:
                self._runs = runs
                if self._cancelled.is_set():
                    return
                for result in runs:
                    scores.add(result)
                    self._results.append(result)
            if self.axes and not self._cancelled.is_set():
                self._finish(study, scores)
        except (FoldError, SettingError, FarmError, ValueError) as error:
            self.complaint = str(error)
        except Exception as error:
            self.complaint, self.report = f"The validation failed: {error}", traceback.format_exc()

    def _farm(self, study: Study) -> Farm:
        """Where its runs are computed."""
        return Cluster(self._cluster) if self.is_far else farm_beside_a_window(study.jobs)

    def _planned(self) -> Study:
        """The study that is wished for."""
        wish, experiment = self.wish, self.experiment
        scheme, measure, epochs = wish.scheme, wish.measure, wish.settings.epochs
        if wish.mode == "folds":
            return cross_validation(experiment, scheme, measure, epochs)
        if wish.mode == "learning":
            return learning_curve(experiment, scheme, measure, wish.settings.sizes, epochs)
        if wish.mode == "compare":
            return comparison(experiment, wish.learners, scheme, measure, epochs)
        self.axes = self._chosen_axes(wish.axes[:2] if wish.mode == "search" else wish.axes[2:])
        candidates = self._candidates(self.axes)
        if len(self.axes) == 2:
            across, up = ({value: place for place, value in enumerate(axis.values)} for axis in self.axes)
            for index, candidate in enumerate(candidates):
                (_, first), (_, second) = candidate.values
                self.places[up[second], across[first]] = index
        return study_of(candidates, scheme, measure, epochs)

    def _chosen_axes(self, wishes: Sequence[AxisWish]) -> tuple[Axis, ...]:
        known = {parameter.path: parameter for parameter in parameters(self.experiment)}
        found = [axis_of(known[wish.path], wish.low, wish.high, wish.count) for wish in wishes if wish.path in known]
        if not found:
            raise SettingError("Choose a hyper-parameter whose values are to be tried.")
        if len({axis.path for axis in found}) < len(found):
            raise SettingError("Choose two different hyper-parameters.")
        return tuple(found)

    def _candidates(self, axes: Sequence[Axis]) -> list[Candidate]:
        settings = self.wish.settings
        if self.wish.mode == "search" and settings.method == "random":
            return random_candidates(self.experiment, axes, settings.tries, self.wish.scheme.seed)
        return grid_candidates(self.experiment, axes)

    def _finish(self, study: Study, scores: Scores) -> None:
        """Choose, and, after a search, look at the test part once."""
        winner = chosen(scores, self.axes, one_standard_error=self.wish.settings.rule == "one_standard_error")
        if winner is not None and self.wish.mode == "search":
            try:
                job = final_job(study.candidates[winner].experiment)
            except FoldError:  # there is no test part, and nothing was asked of it
                job = None
            if job is not None:
                with run_all([job], where=Threads(1)) as runs:
                    self._runs = runs
                    self.final = next(iter(list(runs)), None)
        self.winner = winner
