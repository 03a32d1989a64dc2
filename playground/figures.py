"""What a figure shows, gathered from a run or from the window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from engine.dataset import Dataset
from engine.experiment import Experiment
from engine.learner import Prediction
from engine.model import Model
from engine.overlays import Equation, Overlay
from engine.plane import on_stage, plane_of
from engine.score_report import coloured_by
from engine.snapshot import CurvePoint, Field, Judged, Viewport
from engine.training import Run
from playground.export import FigureContent, with_equal_units
from playground.naming import caption, epoch_name, loss_name, part_names, score_name
from playground.pane_contents import PaneFacts
from widgets.stage import fitted_range

_CELLS = (480, 360)
"""Of the field in a figure: finer than on the screen, as nothing moves."""

Range = tuple[float, float]


def figure_content(
    experiment: Experiment,
    dataset: Dataset,
    model: Model | None,
    curve_points: Sequence[CurvePoint],
    ranges: tuple[Range, Range] | None = None,
    equal_units: bool = True,
) -> FigureContent:
    """All of a figure, its field computed for the page rather than taken from the screen.

    Parameters
    ----------
    experiment, dataset : what is shown.
    model : None shows the points alone.
    ranges : the part of the plane; None is what the view says, or what fits the points.
    equal_units : whether a unit must be equally long along both axes, so that circles stay round.
    """
    view = experiment.view
    shown, plane = on_stage(dataset, view.plane), plane_of(dataset, view.plane)
    fitted = fitted_range(shown)
    x_range, y_range = ranges or (view.x_range or fitted[0], view.y_range or fitted[1])
    if equal_units and shown.n_inputs == 2:
        x_range, y_range = with_equal_units(shown, x_range, y_range)
    field: Field | None = None
    overlays: tuple[Overlay, ...] = ()
    predictions: Prediction | None = None
    if model is not None:
        field, overlays = replace(model, experiment=experiment).picture(Viewport(x_range, y_range, *_CELLS))
        predictions = model.of_points()
    judged = None if model is None else Judged(dataset, np.arange(len(dataset.points)), model.of_points(), model=model)
    coloured = coloured_by(view.colour_by, dataset, shown, judged) if view.colour_by else None
    return FigureContent(
        panes=PaneFacts(view, dataset, coloured, predictions, judged, (x_range, y_range), is_figure=True),
        dataset=shown,
        view=view,
        field=field,
        caption=caption(plane, experiment),
        overlays=tuple(overlay for overlay in overlays if not isinstance(overlay, Equation)),
        predictions=predictions,
        equation=next((overlay for overlay in overlays if isinstance(overlay, Equation)), None),
        x_range=x_range,
        y_range=y_range,
        curve_points=curve_points,
        loss_name=loss_name(experiment),
        score_name=score_name(experiment, dataset),
        epoch_name=epoch_name(experiment),
        part_names=part_names(dataset),
    )


def content_of_run(run: Run) -> FigureContent:
    """The figure of a run as it stands."""
    model = run.model() if run.started else None
    return figure_content(run.experiment, run.dataset, model, run.take_series())
