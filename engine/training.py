"""A run: an experiment being learned, advanced by whoever owns it, one slice at a time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine import checks
from engine.clustering import ClusterLearner, Touch
from engine.dataset import UNSUPERVISED, Dataset, FloatArray, IntArray, Part
from engine.dense import compilation
from engine.examination import steps_until
from engine.experiment import Experiment
from engine.features import FittedFeatures, Precision, fit_features
from engine.generators import dataset_for
from engine.judging import Judging
from engine.learner import RUNNING, Learner, Outcome, Prediction, TrainingData
from engine.learners import make_learner
from engine.model import Model
from engine.plane import on_stage
from engine.snapshot import CurvePoint, Judged, Snapshot, SplitMetrics, Viewport
from engine.table_data import TableData
from engine.unlabelled_judging import ClusterJudging, ProjectionJudging, UnlabelledJudging

DENSE_EPOCHS = 1024
"""Every epoch up to this one is entered in the curves; beyond it, one in 4, 8, 16, … as the epochs double.

So there are 256 entries or more in every doubling, and a long run is not slowed down by its curves.
"""

_MOST_RECORDS = 1024
"""Entries of the curves made at once, at most."""
_NEVER = 2**62
"""An epoch that no run reaches."""


class Run:
    """One experiment being learned.

    Not safe for threads: it belongs to a worker, a command line or a notebook.

    Parameters
    ----------
    experiment : what to learn.
    run_id : carried by every snapshot.
    waits : whether to wait for the compiler where compiled loops have never been used on this machine. Else torch
        stands in until `prepare`: its numbers agree to rounding, not bit for bit.
    has_curves : whether the curves are entered; a run that nobody watches learns faster without. Its numbers are the
        same, and stop conditions act as ever.
    parts : (n,) who trains, validates and tests, where not the shares say so; then the points must stay as they are.

    Examples
    --------
    >>> from engine.experiment import Experiment
    >>> run = Run(Experiment())
    >>> run.advance_epochs(400)
    >>> run.metrics()["train"]["accuracy"].value > 0.9
    True
    """

    def __init__(
        self,
        experiment: Experiment,
        run_id: int = 0,
        *,
        waits: bool = True,
        has_curves: bool = True,
        parts: IntArray | None = None,
    ) -> None:
        self.run_id = run_id
        self._waits = waits
        self._has_curves = has_curves
        self.experiment = experiment
        self._parts = parts
        self.dataset: Dataset = dataset_for(experiment, parts)
        self._outcome = RUNNING
        self._series: list[CurvePoint] = []
        self._learner: Learner[Any] | None = None
        self._state: Any = None
        self._best: tuple[float, int, Any] | None = None
        self._last_evaluated = -1
        self._begin()

    # -- how it stands ---------------------------------------------------------------------------------------------

    @property
    def outcome(self) -> Outcome:
        return self._outcome

    @property
    def started(self) -> bool:
        """Whether there is a model: not when a mistake in the experiment keeps it from starting."""
        return self._learner is not None

    @property
    def step(self) -> int:
        return 0 if self._learner is None else self._learner.steps_done(self._state)

    @property
    def epoch(self) -> int:
        return 0 if self._learner is None else self._learner.epochs_done(self._state)

    @property
    def steps_per_epoch(self) -> int:
        return 1 if self._learner is None else self._learner.steps_per_epoch(self._data)

    @property
    def learner(self) -> Learner[Any] | None:
        return self._learner

    @property
    def state(self) -> Any:
        return self._state

    @property
    def features(self) -> FittedFeatures:
        return self._features

    def take_series(self) -> list[CurvePoint]:
        """The curve points since the last call, none lost, none twice."""
        taken, self._series = self._series, []
        return taken

    @property
    def needs_preparation(self) -> bool:
        """Whether loops that the model uses are yet to be compiled or read from disk."""
        if self._learner is None or not self._learner.uses_loops:
            return False
        from engine.dense import kernels

        return self._learner.standing_in or not kernels.ready(self._precision)

    @property
    def can_prepare(self) -> bool:
        """Whether to `prepare` would not mean to wait for the compiler in another process."""
        return not compilation.is_under_way(self._precision)

    def prepare(self) -> None:
        """Compile the loops now, or read them from disk, and go on with them from where the training is."""
        from engine.dense import kernels

        kernels.warm_up(self._precision)
        if self._learner is not None:
            self._learner.standing_in = False

    @property
    def _precision(self) -> Precision:
        return self.experiment.training.precision

    def _made_learner(self) -> Learner[Any]:
        """The learner; if the loops it uses are yet to be compiled, have that done and let torch stand in."""
        learner = make_learner(self.experiment.learner, self.experiment.training, self._data)
        if not self._waits and learner.uses_loops and compilation.takes_long(self._precision):
            compilation.begin(self._precision)
            learner.standing_in = True
        return learner

    # -- moving on -------------------------------------------------------------------------------------------------

    def advance(self, steps: int) -> int:
        """Learn for up to `steps` steps; a pause after some of the epochs that the curves record is possible.

        Returns
        -------
        The number of steps done; 0 if the run has ended.
        """
        if self._learner is None or self._outcome.final:
            return 0
        before = self.step
        self._state, records = self._learner.trace(
            self._state, self._data, max(1, steps), self._evaluations_ahead(steps), self._judging.examined
        )
        self._outcome = self._learner.outcome(self._state)
        for record in records.tolist():
            self._enter(record)
        return self.step - before

    def advance_epochs(self, epochs: int) -> None:
        """Learn until `epochs` more epochs have ended, or the run has."""
        target = self.epoch + epochs
        while not self._outcome.final and self.started and self.epoch < target:
            self.advance(self.steps_until(target))

    def change(self, experiment: Experiment) -> None:
        """Go on with other values of what may change while a model runs (see `engine.changes.consequence`)."""
        before, self.experiment = self.experiment, experiment
        data_changed = experiment.data != before.data
        if not data_changed and (experiment.learner, experiment.training) == (before.learner, before.training):
            return
        if data_changed:
            self.dataset = dataset_for(experiment, self._parts)
        if self._learner is None:
            self._begin()
            return
        complaint = checks.blocking(experiment, self.dataset)
        if complaint is not None:
            self._outcome = Outcome("stopped", complaint.sentence)
            if data_changed:
                self._set_data()
            return
        ended_by_itself = self._outcome.status in ("stopped", "converged")
        was_fitted = self._outcome.status == "converged"
        if data_changed:
            self._set_data()
            self._best = None
        self._learner = self._made_learner()
        if self.dataset.task in UNSUPERVISED and self.step == 0:
            self._state = self._learner.init(self._data)
            self._last_evaluated = -1  # the curve begins where the model does now
            self._evaluate()
        elif was_fitted:
            self._state = self._learner.again(self._state, self._data)
        if ended_by_itself:
            self._outcome = RUNNING
            self._last_evaluated = min(self._last_evaluated, self.epoch)
            self._stop_if_wanted(float("inf"))
        if was_fitted and self._learner.refits:
            self.advance(1)

    def touch(self, kind: Literal["move", "add", "remove"], index: int, place: FloatArray) -> None:
        """A hand has moved, added or removed a centre (see `engine.clustering.Touch`), at a place (2,) of the stage."""
        if not isinstance(self._learner, ClusterLearner):
            return
        z = self.model().features_on_stage(np.asarray(place, np.float64)[None])[0]
        self._state = self._learner.touched(self._state, self._data, Touch(kind, index, np.asarray(z, np.float64)))
        if self._outcome.status in ("stopped", "converged"):
            self._outcome = self._learner.outcome(self._state)

    # -- what it says ----------------------------------------------------------------------------------------------

    def predict(self, X: FloatArray) -> Prediction:
        """What the model says at inputs `X` (n, d), in the units of the plot."""
        return self.model()(X)

    def model(self) -> Model:
        """The model as it is now, as a value that stays so."""
        if self._learner is None:
            raise RuntimeError("there is no model yet: the experiment has a mistake that keeps it from starting")
        return Model(self._learner, self._state, self._features, self._data, self.dataset, self.experiment)

    def metrics(self) -> dict[str, SplitMetrics]:
        """The metrics of the parts that have points, of every point, with 95 % intervals."""
        if self._learner is None:
            return {}
        while not self.measured:
            self.measure()
        return self._judging.metrics(self._learner, self._state, self._threshold)

    def judged(self) -> Judged | None:
        """What the model says of the points that metrics are made of; None without a model."""
        if self._learner is None:
            return None
        return self._judging.judged(self.model(), self._threshold)

    @property
    def _threshold(self) -> float:
        return self.experiment.view.threshold

    @property
    def measured(self) -> bool:
        """Whether the metrics of a snapshot look at every point, which of very many takes a while."""
        return self._learner is None or self._judging.complete(self._learner, self._state, self._threshold)

    def measure(self) -> None:
        """Look at some more of the points that the metrics of a snapshot do not look at yet."""
        if self._learner is not None:
            self._judging.measure(self._learner, self._state, self._threshold)

    def coefficients(self) -> tuple[FloatArray, FloatArray] | None:
        """Weights (p, m) and intercepts (m,) in the units of the plot, if the model is linear in its features."""
        return None if self._learner is None else self.model().coefficients()

    def snapshot(self, viewport: Viewport | None = None) -> Snapshot:
        """This moment, with what `viewport` shows of it."""
        if self._learner is None:
            return Snapshot(self.run_id, outcome=self._outcome, point_ids=self.dataset.points.ids)
        predictions, point_ids = self._judging.predictions(
            self._learner,
            self._state,
            viewport,
            on_stage(self.dataset, self.experiment.view.plane).X,
            self._threshold,
        )
        model = self.model()
        field, overlays = model.picture(viewport)
        return Snapshot(
            run_id=self.run_id,
            step=self.step,
            epoch=self.epoch,
            outcome=self._outcome,
            metrics=self._judging.metrics(self._learner, self._state, self._threshold),
            predictions=predictions,
            point_ids=point_ids,
            judged=self._judging.judged(model, self._threshold),
            field=field,
            overlays=overlays,
            model=model,
            path=self._learner.path(self._state),
            device=self._learner.device(self._state),
            device_note=self._learner.device_note,
        )

    # -- inside ----------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        """Make the model and its first state, or say what keeps it from starting."""
        complaint = checks.blocking(self.experiment, self.dataset)
        if complaint is not None:
            self._outcome = Outcome("stopped", complaint.sentence)
            return
        self._outcome = RUNNING
        training_rows = self.dataset.rows(Part.TRAIN)
        self._features = fit_features(
            self.experiment.preparation,
            self.dataset.X[training_rows],
            self.experiment.training.precision,
            self.dataset.input_names if isinstance(self.experiment.data, TableData) else (),
        )
        self._set_data()
        self._learner = self._made_learner()
        self._state = self._learner.init(self._data)
        self._evaluate()

    def _set_data(self) -> None:
        dataset = self.dataset
        dtype = np.dtype(self.experiment.training.precision)
        classes = bool(dataset.class_names) or dataset.task in UNSUPERVISED
        self._rows = {part: dataset.rows(part) for part in Part}
        self._Z = self._features.transform(dataset.X)
        self._targets = dataset.y.astype(np.int64 if classes else dtype)
        train = self._rows[Part.TRAIN]
        self._data = TrainingData(
            np.ascontiguousarray(self._Z[train]), self._targets[train], dataset.task, dataset.n_classes,
            self._features.names, dataset.class_names, self._features.offset, self._features.scale,
        )  # fmt: skip
        self._judging: UnlabelledJudging | Judging
        if dataset.task in UNSUPERVISED:
            made = ClusterJudging if dataset.task == "clustering" else ProjectionJudging
            self._judging = made(dataset, self._data)
        else:
            self._judging = Judging(dataset, self._Z, self._targets)

    def _evaluations_ahead(self, steps: int) -> NDArray[np.int64]:
        """The next epochs whose ends are entered in the curves, as far as `steps` may lead; at least one.

        Only the next one where a stop condition looks at what was entered.
        """
        stop, epoch = self.experiment.training.stop, self.epoch
        watches = stop.target_loss > 0 or stop.patience > 0
        if not self._has_curves and not watches:
            return np.array([stop.max_epochs if stop.max_epochs > epoch else _NEVER], np.int64)
        last = epoch + 1 + steps // self.steps_per_epoch
        due: list[int] = []
        while not due or (epoch < last and len(due) < _MOST_RECORDS and not watches):
            stride = 1 if watches or epoch < DENSE_EPOCHS else 4 * 2 ** int(math.log2(epoch / DENSE_EPOCHS))
            following = (epoch // stride + 1) * stride
            if epoch < stop.max_epochs <= following:
                due.append(stop.max_epochs)
                break
            due.append(following)
            epoch = following
        return np.array(due, np.int64)

    def steps_until(self, epoch: int) -> int:
        """How many steps are left until the end of `epoch` (counted from 1)."""
        assert self._learner is not None
        return steps_until(self._learner, self._state, self._data, epoch)

    def _evaluate(self) -> None:
        """Enter the curves where it stands now."""
        assert self._learner is not None
        self._enter([self.epoch, *self._learner.examine(self._state, self._data, self._judging.examined).tolist()])

    def _enter(self, record: list[float]) -> None:
        """Enter the curves and see whether a stop condition holds."""
        epoch = int(record[0])
        loss, score = (record[1], record[2], record[3]), (record[4], record[5], record[6])
        if epoch > self._last_evaluated or self._outcome.final:
            self._series.append(CurvePoint(epoch, loss, score))
            self._last_evaluated = epoch
        if not self._outcome.final and epoch > 0:
            self._watch_for_the_best(loss[Part.VALIDATION] if len(self._rows[Part.VALIDATION]) else loss[Part.TRAIN])
            self._stop_if_wanted(loss[Part.TRAIN])

    def _watch_for_the_best(self, loss: float) -> None:
        if self.experiment.training.stop.patience and (self._best is None or loss < self._best[0]):
            self._best = (loss, self.epoch, self._state)

    def _stop_if_wanted(self, train_loss: float) -> None:
        stop, epoch = self.experiment.training.stop, self.epoch
        if stop.max_epochs and epoch >= stop.max_epochs:
            self._outcome = Outcome("stopped", f"Stopped after {epoch:,} epochs, as asked.")
        elif stop.target_loss and train_loss <= stop.target_loss:
            self._outcome = Outcome(
                "stopped", f"Stopped at epoch {epoch:,}: the training loss reached {stop.target_loss:g}."
            )
        elif stop.patience and self._best is not None and epoch - self._best[1] >= stop.patience:
            _, best_epoch, self._state = self._best
            self._outcome = Outcome(
                "stopped",
                f"Stopped early at epoch {epoch:,}: no better loss for {stop.patience:,} epochs;"
                f" the weights of epoch {best_epoch:,} are back.",
            )


def snapshots(experiment: Experiment, epochs: int, viewport: Viewport | None = None) -> Iterator[Snapshot]:
    """The run of `experiment` as a stream: the start, then one after each of `epochs` epochs or until it ends."""
    run = Run(experiment)
    yield run.snapshot(viewport)
    for _ in range(epochs):
        if run.outcome.final:
            return
        run.advance_epochs(1)
        yield run.snapshot(viewport)
