"""What stands in the panes beside the stage: the same for the window and for a figure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from engine.dataset import Dataset, IntArray, Points, rows_in_common
from engine.experiment import View
from engine.learner import Prediction
from engine.score_report import reconstruction_report, score_report
from engine.snapshot import Judged
from widgets.pane import Pane, ReconstructionPane, ScorePane
from widgets.stage_geometry import Range
from widgets.theme import Theme

Ranges = tuple[Range, Range]

PANES = {
    "projection": "Projection", "reconstruction": "Reconstruction", "pairs": "Pairs",
    "parallel": "Parallel coordinates",
}  # fmt: skip
"""What each is called, by the field of the view that shows it."""
_BEFORE = "The scores appear here"
_BEFORE_REBUILT = "The reconstructed points appear here"
_HOW = "Press play, or take a step."
_NO_WAY_BACK = "There is no reconstruction\nThis projection knows no way back from scores to points."
_OTHER_FEATURES = "There is no reconstruction\nThe model's features are not the inputs themselves."


@dataclass(frozen=True, eq=False)
class PaneFacts:
    """What the panes show.

    Parameters
    ----------
    view : what is wanted.
    dataset : the points with all of their inputs.
    coloured : the points of the stage with what colours them; None for their own targets.
    predictions : what the model says of every point, as on the stage.
    judged : what a projection says of its points; None before there is a model.
    ranges : the part of the plane that the stage shows.
    blocked : why nothing can be learned now; empty where it can.
    is_figure : whether it is for a page, where there is room for a legend.
    """

    view: View
    dataset: Dataset
    coloured: Dataset | None
    predictions: Prediction | None
    judged: Judged | None
    ranges: Ranges
    blocked: str = ""
    is_figure: bool = False

    @property
    def pane_view(self) -> View:
        """The view of a pane: without cards, for which there is no room beside the stage."""
        hidden = {"equation": False, "errors": False, "legend": self.view.legend and self.is_figure}
        return self.view.model_copy(update=hidden)


def make_pane(key: str, theme: Theme) -> Pane:
    """An empty pane: a key of `PANES`."""
    if key == "projection":
        return ScorePane(theme)
    if key == "reconstruction":
        return ReconstructionPane(theme)
    from widgets.pairs import Pairs  # a window without them appears sooner
    from widgets.parallel import ParallelCoordinates

    pane = Pane(key, PANES[key], Pairs(theme) if key == "pairs" else ParallelCoordinates(theme))
    pane.set_theme(theme)
    return pane


def fill_pane(pane: Pane, facts: PaneFacts) -> IntArray:
    """Show the facts in a pane.

    Returns
    -------
    The identities of the points that it shows (m,).
    """
    if isinstance(pane, ScorePane):
        return _fill_scores(pane, facts)
    if isinstance(pane, ReconstructionPane):
        return _fill_reconstruction(pane, facts)
    body: Any = pane.body
    coloured = _coloured_alike(facts.coloured, facts.dataset)
    body.set_content(*((facts.dataset, facts.predictions) if coloured is None else (coloured, None)))
    return facts.dataset.points.ids


def why_no_figure(key: str, facts: PaneFacts) -> str:
    """Why a pane has nothing that a figure could show; empty where it has."""
    if key == "projection" and score_report(facts.judged) is None:
        return "there are no scores to draw: choose a projection, such as learner.kind=pca"
    if key == "reconstruction" and reconstruction_report(facts.judged) is None:
        return "there is no reconstruction to draw: choose a projection with a way back, such as learner.kind=pca"
    if key in ("pairs", "parallel") and facts.dataset.n_inputs < 2:
        return f"there is one input only, and so no {PANES[key].lower()} to draw"
    return ""


def _fill_scores(pane: ScorePane, facts: PaneFacts) -> IntArray:
    view = facts.view
    report = score_report(facts.judged, view.horizontal_score, view.vertical_score)
    pane.stage.set_view(facts.pane_view)
    if report is None:
        pane.set_scores((), 0, 0, None)
        empty = _emptied(facts.dataset)
        message = f"{_BEFORE}\n{facts.blocked or _HOW}" if len(facts.dataset.y) else ""
        pane.set_content(empty, None, None, (), equal_units=False, message=message)
        return empty.points.ids
    pane.set_scores(report.names, *report.axes, None if report.loadings is None else view.loadings)
    overlays = (report.loadings,) if report.loadings is not None and view.loadings else ()
    coloured = _coloured_alike(facts.coloured, report.dataset)
    pane.set_content(report.dataset, coloured, None, overlays, equal_units=report.is_plane)
    return report.dataset.points.ids


def _fill_reconstruction(pane: ReconstructionPane, facts: PaneFacts) -> IntArray:
    report = reconstruction_report(facts.judged)
    pane.stage.set_view(facts.pane_view)
    if report is None:
        empty = _emptied(facts.dataset)
        pane.set_content(empty, None, None, (), facts.ranges, _why_no_reconstruction(facts))
        return empty.points.ids
    coloured = _coloured_alike(facts.coloured, report.dataset)
    pane.set_content(report.dataset, coloured, None, (), facts.ranges)
    return report.dataset.points.ids


def _emptied(dataset: Dataset) -> Dataset:
    return replace(dataset, points=Points.empty(2), parts=np.empty(0, np.int8), input_names=("x1", "x2"))


def _coloured_alike(coloured: Dataset | None, shown: Dataset) -> Dataset | None:
    """The points of a pane with the targets that colour those of the stage."""
    if coloured is None:
        return None
    here, there = rows_in_common(shown.points.ids, coloured.points.ids)
    if len(here) < len(shown.points):
        return None
    y = np.zeros(len(shown.points), np.float32)
    y[here] = coloured.y[there]
    points = Points(shown.X, y, shown.points.ids)
    return replace(coloured, points=points, parts=shown.parts, input_names=shown.input_names)


def _why_no_reconstruction(facts: PaneFacts) -> str:
    model = None if facts.judged is None else facts.judged.model
    if model is None or not np.isfinite(model.state.objective):
        return f"{_BEFORE_REBUILT}\n{facts.blocked or _HOW}" if len(facts.dataset.y) else ""
    return _OTHER_FEATURES if model.features.inverse is None else _NO_WAY_BACK
