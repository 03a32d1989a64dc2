"""From document, snapshot and hands to what is shown: a pure function."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.edits import set_values
from engine.experiment import DrawnData, Experiment
from engine.learner import Outcome, Prediction
from engine.snapshot import Snapshot, Viewport
from engine.table_sets import bundled_table
from engine.training import Run
from playground import choices
from playground.choices import adding_points, erasing_points
from playground.resolve import aligned, resolve
from playground.workspace import Workspace

SMALL = set_values(Experiment(), {"data.n_points": 40, "learner.layers": "4", "training.path": "torch"})
VIEW = Viewport((-1.0, 1.0), (-1.0, 1.0), 8, 8)


def snapshot_of(experiment: Experiment) -> Snapshot:
    run = Run(experiment, run_id=3)
    run.advance_epochs(2)
    return run.snapshot(VIEW)


def test_before_the_first_snapshot_the_data_are_shown_alone() -> None:
    shown = resolve(SMALL, None, Workspace(), waiting_to_play=False)
    assert len(shown.dataset.points) == 40
    assert not shown.has_model
    assert (shown.field, shown.model, shown.equation, shown.predictions) == (None, None, None, None)
    assert (shown.epoch, shown.device, shown.pace) == (0, "", "")
    assert shown.counts == "40 points · 2 inputs · 2 classes"


def test_what_the_view_says_not_to_show_is_not_shown() -> None:
    snapshot = snapshot_of(SMALL)
    assert resolve(SMALL, snapshot, Workspace(), True).field is snapshot.field is not None
    plain = set_values(SMALL, {"view.probability": "false"})
    assert resolve(plain, snapshot, Workspace(), True).field is None


def test_play_is_shown_only_where_it_has_an_effect() -> None:
    snapshot = snapshot_of(SMALL)
    assert resolve(SMALL, snapshot, Workspace(), True).playing
    assert not resolve(SMALL, snapshot, Workspace(), False).playing
    ended = replace(snapshot, outcome=Outcome("diverged", "It is over."))
    assert not resolve(SMALL, ended, Workspace(), True).playing
    wrong = set_values(SMALL, {"training.loss.kind": "zero_one"})
    shown = resolve(wrong, snapshot, Workspace(), True)
    assert not shown.playing
    assert shown.blocked == shown.complaints["training.loss.kind"]


def test_a_failed_run_shows_the_data_and_says_how_it_ended() -> None:
    shown = resolve(SMALL, Snapshot(3, outcome=Outcome("failed", "No.")), Workspace(), True)
    assert shown.outcome.status == "failed"
    assert not shown.has_model
    assert len(shown.dataset.points) == 40


def test_an_empty_canvas_is_no_mistake_to_mark() -> None:
    shown = resolve(Experiment(data=DrawnData()), None, Workspace(), False)
    assert shown.complaints == {}
    assert "no points" in shown.blocked


def test_a_device_that_could_not_be_had_is_marked() -> None:
    snapshot = replace(snapshot_of(SMALL), device_note="No GPU.")
    assert resolve(SMALL, snapshot, Workspace(), True).complaints == {"training.device": "No GPU."}


def test_a_selection_loses_the_points_that_are_gone() -> None:
    hands = Workspace(selection=np.array([1, 39]))
    fewer = erasing_points(SMALL, np.array([5]))
    assert resolve(fewer, None, hands, False).workspace.selection.tolist() == [1]
    assert resolve(SMALL, None, hands, False).workspace is hands


def test_predictions_follow_their_points_when_others_come_and_go() -> None:
    snapshot = snapshot_of(SMALL)
    assert snapshot.predictions is not None
    assert snapshot.predictions.labels is not None
    labels = snapshot.predictions.labels
    changed = erasing_points(SMALL, np.array([0, 7]))
    changed = adding_points(changed, np.array([[0.1, 0.2]], np.float32), np.array([1], np.float32))
    shown = resolve(changed, snapshot, Workspace(), True)
    assert shown.predictions is not None
    assert shown.predictions.labels is not None
    kept = [row for row in range(40) if row not in (0, 7)]
    assert shown.predictions.labels[:38].tolist() == labels[kept].tolist()
    # A new point counts as predicted right until the next snapshot says otherwise.
    assert shown.predictions.labels[38] == 1


def test_without_predictions_there_is_nothing_to_align() -> None:
    dataset = resolve(SMALL, None, Workspace(), False).dataset
    assert aligned(None, None, dataset) is None
    nothing = Prediction(np.zeros((0, 1)), labels=np.zeros(0, np.int64))
    assert aligned(nothing, np.zeros(0, np.int64), dataset) is None


def test_the_pace_has_the_digits_that_it_deserves() -> None:
    snapshot = snapshot_of(SMALL)
    for pace, text in ((0.0, ""), (1.25, "1.2 epochs/s"), (12345.6, "12,346 epochs/s")):
        assert resolve(SMALL, replace(snapshot, epochs_per_second=pace), Workspace(), True).pace == text
    assert resolve(SMALL, snapshot, Workspace(), True).device == "CPU · torch"


@pytest.mark.parametrize(("kind", "colours", "is_said"), [
    ("pca", "false", False), ("pca", "true", True), ("tsne", "true", False), ("mlp", "true", True),
])  # fmt: skip
def test_of_a_field_over_a_plane_of_many_features_is_spoken_only_where_there_can_be_one(
    kind: str, colours: str, is_said: bool
) -> None:
    table = choices.with_data(Experiment(), bundled_table("wine"))
    experiment = table if kind == "mlp" else choices.with_learner(choices.with_task(table, "projection"), kind)
    experiment = set_values(experiment, {"view.scores": colours, "view.contours": "false"})
    said = resolve(experiment, None, Workspace(), False).caption
    assert said.startswith("First two principal components of the standardized features: 55 % of their variance.")
    assert ("field" in said) == is_said
