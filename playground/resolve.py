"""From the document and the newest snapshot to what is shown: one pure function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from engine import checks
from engine.clustering import UNASSIGNED
from engine.dataset import Dataset, IntArray, rows_in_common
from engine.experiment import ERROR, DrawnData, Experiment
from engine.generators import dataset_for
from engine.learner import RUNNING, Outcome, Prediction
from engine.overlays import Equation, Line, Overlay
from engine.plane import on_stage, plane_of
from engine.registry import LEARNERS
from engine.score_report import coloured_by
from engine.snapshot import Field, Judged, Snapshot, SplitMetrics
from engine.table_data import TableData
from playground.naming import caption
from playground.workspace import Workspace

if TYPE_CHECKING:
    from engine.model import Model


@dataclass(frozen=True, eq=False)
class Shown:
    """Everything that the views are told, resolved; two of them are compared field by field."""

    experiment: Experiment
    dataset: Dataset
    stage_dataset: Dataset
    coloured: Dataset | None
    caption: str
    workspace: Workspace
    complaints: Mapping[str, str]
    blocked: str
    field: Field | None
    overlays: tuple[Overlay, ...]
    equation: Equation | None
    predictions: Prediction | None
    judged: Judged | None
    model: Model | None
    metrics: Mapping[str, SplitMetrics]
    epoch: int
    playing: bool
    outcome: Outcome
    has_model: bool
    preparing: bool
    pace: str
    device: str
    counts: str


def resolve(
    experiment: Experiment,
    snapshot: Snapshot | None,
    workspace: Workspace,
    waiting_to_play: bool,
    fold_lines: tuple[Line, ...] = (),
) -> Shown:
    """What the window shows.

    Parameters
    ----------
    experiment : the document.
    snapshot : the newest of the current run; None before its first.
    workspace : tool, selection, theme.
    waiting_to_play : whether play has been pressed, which the newest snapshot may not know yet.
    fold_lines : the boundaries of the folds of a cross-validation.
    """
    dataset = dataset_for(experiment)
    found = checks.check(experiment, dataset)
    blocked = next((complaint.sentence for complaint in found if complaint.blocking), "")
    selection = workspace.selection
    if len(selection) and selection.max() >= len(dataset.points):
        workspace = replace(workspace, selection=selection[selection < len(dataset.points)])
    usable = snapshot is not None and snapshot.model is not None and len(dataset.points) > 0
    shot = snapshot if snapshot is not None and usable else Snapshot(0)
    # An empty canvas is no mistake: the stage itself says what to do.
    has_data = len(dataset.points) > 0 or isinstance(experiment.data, TableData)
    complaints = {each.path: each.sentence for each in reversed(found)} if has_data else {}
    if shot.device_note:
        complaints.setdefault("training.device", shot.device_note)
    plane = plane_of(dataset, experiment.view.plane)
    outcome = snapshot.outcome if snapshot is not None else RUNNING
    stage_dataset, colour_by = on_stage(dataset, experiment.view.plane), experiment.view.colour_by
    of_scores = shot.judged if colour_by == ERROR else None
    return Shown(
        experiment=experiment,
        dataset=dataset,
        stage_dataset=stage_dataset,
        coloured=coloured_by(colour_by, dataset, stage_dataset, of_scores) if colour_by else None,
        caption=caption(plane, experiment),
        workspace=workspace,
        complaints=complaints,
        blocked=blocked,
        field=shot.field if experiment.view.colours_plane(dataset.task) else None,
        overlays=(*(overlay for overlay in shot.overlays if not isinstance(overlay, Equation)), *fold_lines),
        equation=next((overlay for overlay in shot.overlays if isinstance(overlay, Equation)), None),
        judged=shot.judged,
        predictions=aligned(shot.predictions, shot.point_ids, dataset),
        model=shot.model,
        metrics=shot.metrics,
        epoch=shot.epoch,
        playing=waiting_to_play and not outcome.final and not blocked,
        outcome=outcome,
        has_model=usable,
        preparing=shot.preparing,
        pace=_pace(shot, experiment),
        device=_device(shot) if usable else "",
        counts=_counts(experiment, dataset),
    )


def aligned(prediction: Prediction | None, ids: IntArray | None, dataset: Dataset) -> Prediction | None:
    """`prediction` about the points with `ids`, put in the order of `dataset`.

    A point that was drawn since, or that the snapshot says nothing about, counts as predicted right until the next
    snapshot says otherwise, so that marks do not flicker under a spray.
    """
    if prediction is None or ids is None:
        return None
    now = dataset.points.ids
    if ids is now or np.array_equal(ids, now):
        return prediction
    rows, rows_now = rows_in_common(ids, now)
    if len(rows) == 0:
        return None

    def spread(array: np.ndarray[Any, Any] | None, others: Any) -> Any:
        if array is None:
            return None
        result = np.empty((len(now), *array.shape[1:]), array.dtype)
        result[:] = others
        result[rows_now] = array[rows]
        return result

    return Prediction(
        spread(prediction.scores, np.nan),
        spread(prediction.probabilities, np.nan),
        spread(prediction.labels, UNASSIGNED if dataset.task == "clustering" else dataset.y),
        spread(prediction.values, dataset.y),
    )


def _pace(shot: Snapshot, experiment: Experiment) -> str:
    if shot.epochs_per_second <= 0:
        return ""
    what = f"{LEARNERS[experiment.learner.kind].epoch}s/s"
    if shot.epochs_per_second < 9.95:
        return f"{shot.epochs_per_second:.1f} {what}"
    return f"{shot.epochs_per_second:,.0f} {what}"


def _device(shot: Snapshot) -> str:
    return f"{'CPU' if shot.device == 'cpu' else shot.device.upper()} · {shot.path}"


def _counts(experiment: Experiment, dataset: Dataset) -> str:
    n = len(dataset.points)
    drawn = " (drawn)" if isinstance(experiment.data, DrawnData) and n else ""
    parts = [f"{n:,} point{'s' if n != 1 else ''}{drawn}"]
    parts.append(f"{dataset.n_inputs} input{'s' if dataset.n_inputs != 1 else ''}")
    if dataset.n_classes:
        parts.append(f"{dataset.n_classes} class{'' if dataset.n_classes == 1 else 'es'}")
    return " · ".join(parts)
