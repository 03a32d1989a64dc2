"""A model at one moment: what it says, why, and what it looks like on the stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from engine import fields
from engine.bands import NORMAL_95, held_out_rows
from engine.clustering import ClusterLearner
from engine.dataset import Dataset, FloatArray, Part
from engine.deciding import decided
from engine.equations import equation_of
from engine.experiment import Experiment
from engine.features import FittedFeatures
from engine.learner import GridScores, Learner, Prediction, TrainingData
from engine.overlays import Band, Explanation, Frame, Line, Overlay
from engine.plane import Plane, on_stage, plane_of
from engine.projecting import ProjectionLearner
from engine.registry import own_loss
from engine.score_fields import score_picture
from engine.snapshot import Field, Viewport
from engine.training_settings import LossKind


@dataclass(frozen=True, eq=False)
class Model:
    """Features, then learner, in a state that stays as it is. Safe on any thread.

    Parameters
    ----------
    learner, state : what has been learned.
    features : from inputs to what the learner sees.
    data : what it was learned from.
    dataset : the same in the units of the plot, and the points that were held out.
    experiment : what was chosen.
    """

    learner: Learner[Any]
    state: Any
    features: FittedFeatures
    data: TrainingData
    dataset: Dataset
    experiment: Experiment

    def __call__(self, X: FloatArray) -> Prediction:
        """What it says at inputs `X` (n, d), in the units of the plot; the labels at the threshold of the view."""
        said = self.learner.predict(self.state, self.features.transform(np.asarray(X)))
        if isinstance(self.learner, ClusterLearner | ProjectionLearner):
            return said
        return decided(said, self.experiment.view.threshold)

    def of_points(self) -> Prediction:
        """What it says of the points of its data set; of groups who is in which."""
        if isinstance(self.learner, ClusterLearner):
            return self.learner.members(self.state, self.data)
        if isinstance(self.learner, ProjectionLearner):
            return self.learner.of_points(self.state, self.data)
        return self(self.dataset.X)

    def on_stage(self, places: FloatArray) -> Prediction:
        """What it says at `places` (n, 2) of the stage, or (n, 1) where the stage has one input."""
        return self(places if self.plane is None else self.plane.lift(places))

    def on_grid(self, xs: FloatArray, ys: FloatArray) -> GridScores | None:
        """See `engine.fields.GridModel`."""
        features = self.features
        if not features.has_products:
            return None
        return self.learner.scores_on_grid(self.state, *features.on_grid(xs, ys), features.offset, features.scale)

    def coefficients(self) -> tuple[FloatArray, FloatArray] | None:
        """Weights (p, m) and intercepts (m,) in the units of the plot, if it is linear in its features."""
        found = self.learner.coefficients(self.state)
        return None if found is None else self.features.unscaled(*found)

    def explain(self, place: FloatArray) -> Explanation | None:
        """Why it says what it says at a place (2,) or (1,) of the stage, where it can point at that."""
        found = self.learner.reasons(self.state, self.data, self.features_on_stage(np.asarray(place)[None])[0])
        if found is None:
            return None
        return Explanation(self._places[found.rows], found.weights, found.lines, self._reach(found.radius))

    def _reach(self, radius: float | None) -> tuple[float, float] | None:
        """How far a radius in features goes on the stage, to the right and up."""
        inverse = self.features.inverse
        if radius is None or inverse is None or self.dataset.n_inputs != 2:
            return None
        middle, right, up = inverse(radius * np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))
        return float(right[0] - middle[0]), float(up[1] - middle[1])

    def picture(self, viewport: Viewport | None) -> tuple[Field | None, tuple[Overlay, ...]]:
        """The coloured plane, and all that is drawn on it; of these only the equation where nothing is in view."""
        overlays: list[Overlay] = []
        found = self.coefficients()
        if found is not None:
            equation = equation_of(*found, self.features, self.dataset, self._loss_of_scores)
            if equation is not None:
                overlays.append(equation)
        if viewport is None:
            return None, tuple(overlays)
        asked, view, shown = _OnStage(self), self.experiment.view, on_stage(self.dataset, self.experiment.view.plane)
        if isinstance(self.learner, ProjectionLearner):
            field, lines = score_picture(asked, viewport, shown, view)
        else:
            field, lines = fields.picture(asked, viewport, shown, view, self.learner.margin_levels)
        drawn = self.learner.overlays(self.state, self.data, self._frame(viewport))
        bands: tuple[Overlay, ...] = tuple(overlay for overlay in drawn if isinstance(overlay, Band))
        others = [overlay for overlay in drawn if not isinstance(overlay, Band)]
        if not self.experiment.view.band:
            bands = ()
        elif not bands:
            bands = tuple(band for line in lines if line.role == "curve" for band in self._empirical_band(line))
        return field, (*bands, *lines, *others, *overlays)

    def _empirical_band(self, curve: Line) -> tuple[Band, ...]:
        """As far about the curve as 1.96 times the RMSE of points that were held out; of classes there is none."""
        rows, part = held_out_rows(self.dataset)
        values = self(self.dataset.X[rows]).values if len(rows) else None
        if values is None:
            return ()
        reach = NORMAL_95 * float(np.sqrt(np.mean((values - self.dataset.y[rows]) ** 2)))
        if not np.isfinite(reach):
            return ()
        x, y = curve.xy.T
        return (Band(x, y - reach, y + reach, f"± 1.96 {part} RMSE"),)

    @property
    def _loss_of_scores(self) -> LossKind:
        """The loss that says what the scores mean: log-odds, or just scores."""
        own = own_loss(self.experiment.learner, self.dataset.task)
        if own is None:
            return self.experiment.training.loss.kind
        return "cross_entropy" if own == "log loss" else "hinge"

    @property
    def plane(self) -> Plane | None:
        """The plane of the stage, where there are more than two inputs."""
        return plane_of(self.dataset, self.experiment.view.plane)

    def _frame(self, viewport: Viewport) -> Frame:
        inverse, plane = self.features.inverse, self.plane
        n_inputs = min(2, self.dataset.n_inputs)

        def on_plane(Z: FloatArray) -> FloatArray:
            assert inverse is not None
            return inverse(Z) if plane is None else plane.project(inverse(Z))

        return Frame(
            n_inputs, viewport.x_range, viewport.y_range, self._places, self.features_on_stage,
            inverse if plane is None else None, None if inverse is None else on_plane,
        )  # fmt: skip

    def features_on_stage(self, places: FloatArray) -> FloatArray:
        """The features (n, p) of `places` (n, 2) of the stage, or (n, 1) where it has one input."""
        return self.features.transform(places if self.plane is None else self.plane.lift(places))

    @property
    def _places(self) -> FloatArray:
        """Where the training points lie on the stage (n, 2)."""
        dataset, rows = on_stage(self.dataset, self.experiment.view.plane), self.dataset.rows(Part.TRAIN)
        return dataset.X[rows] if dataset.n_inputs > 1 else np.stack([dataset.X[rows, 0], dataset.y[rows]], axis=1)


class _OnStage:
    """A model asked at places of the stage: see `engine.fields.GridModel`."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self.on_grid = model.on_grid

    def __call__(self, places: FloatArray) -> Prediction:
        return self._model.on_stage(places)
