"""The document: edits, strokes, merging, history, the dirty mark."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.experiment import DrawnData, Experiment
from playground import choices
from playground import document as documents
from playground.document import HISTORY_DEPTH, Document


@pytest.fixture
def document(qapp: object) -> Document:
    return Document(Experiment(data=DrawnData()))


def with_points(experiment: Experiment, n: int) -> Experiment:
    return choices.adding_points(experiment, np.full((n, 2), 0.5, np.float32), np.zeros(n, np.float32))


def test_a_stroke_is_one_step(document: Document) -> None:
    empty = document.experiment
    document.begin_stroke("Spray")
    for _ in range(5):
        document.edit(with_points(document.experiment, 3), "Draw")
    document.end_stroke()
    assert len(choices.drawn(document.experiment).points) == 15
    assert document.undo_text == "Spray"
    document.undo()
    assert document.experiment == empty
    assert document.undo_text == ""
    document.redo()
    assert len(choices.drawn(document.experiment).points) == 15


def test_a_stroke_that_changes_nothing_leaves_no_step(document: Document) -> None:
    document.begin_stroke("Spray")
    document.end_stroke()
    assert document.undo_text == ""


def test_a_dragged_slider_is_one_step_and_the_next_drag_another(document: Document) -> None:
    for rate in (0.1, 0.2, 0.3):
        document.edit(set_rate(document.experiment, rate), "Learning rate", "rate")
    document.end_merge()
    document.edit(set_rate(document.experiment, 0.4), "Learning rate", "rate")
    document.undo()
    assert document.experiment.training.optimizer.learning_rate == 0.3
    document.undo()
    assert document.experiment == Experiment(data=DrawnData())


def set_rate(experiment: Experiment, rate: float) -> Experiment:
    optimizer = experiment.training.optimizer.model_copy(update={"learning_rate": rate})
    training = experiment.training.model_copy(update={"optimizer": optimizer})
    return experiment.model_copy(update={"training": training})


def test_an_edit_after_undo_drops_what_could_be_redone(document: Document) -> None:
    document.edit(set_rate(document.experiment, 0.1), "a")
    document.undo()
    document.edit(set_rate(document.experiment, 0.2), "b")
    assert document.redo_text == ""


def test_the_history_is_at_least_200_deep(document: Document) -> None:
    first = document.experiment
    for step in range(250):
        document.edit(set_rate(document.experiment, 0.001 * (step + 1)), "step")
    for _ in range(250):
        document.undo()
    assert document.experiment == first
    assert HISTORY_DEPTH >= 200


def test_dirty_until_saved_and_clean_again_after_undo(document: Document) -> None:
    assert not document.dirty
    document.edit(set_rate(document.experiment, 0.1), "rate")
    assert document.dirty
    document.mark_saved(Path("a.playground"), document.experiment)
    assert not document.dirty
    assert document.title == "a"
    document.edit(set_rate(document.experiment, 0.2), "rate")
    assert document.dirty
    document.undo()
    assert not document.dirty


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["draw", "erase", "rate", "undo", "redo", "stroke", "class"]), max_size=40))
def test_undoing_everything_returns_to_the_start_and_redoing_to_the_end(steps: list[str]) -> None:
    document = Document(Experiment(data=DrawnData()))
    start = document.experiment
    for number, step in enumerate(steps):
        experiment = document.experiment
        points = choices.drawn(experiment).points
        if step == "draw":
            document.edit(with_points(experiment, 2), "draw")
        elif step == "erase" and len(points):
            document.edit(choices.erasing_points(experiment, np.array([0])), "erase")
        elif step == "rate":
            document.edit(set_rate(experiment, 0.01 * (number + 1)), "rate")
        elif step == "class":
            document.edit(choices.adding_class(experiment), "class")
        elif step == "stroke":
            document.begin_stroke("stroke")
            document.edit(with_points(document.experiment, 1), "draw")
            document.edit(with_points(document.experiment, 1), "draw")
            document.end_stroke()
        elif step == "undo":
            document.undo()
        elif step == "redo":
            document.redo()
    while document.redo_text:
        document.redo()
    end = document.experiment
    while document.undo_text:
        document.undo()
    assert document.experiment == start
    while document.redo_text:
        document.redo()
    assert document.experiment == end


def test_steps_on_very_many_points_are_forgotten_before_they_fill_the_memory(
    document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    document.replace(with_points(document.experiment, 1000), None)
    one = sum(each.nbytes for each in (lambda p: (p.X, p.y, p.ids))(choices.drawn(document.experiment).points))
    monkeypatch.setattr(documents, "HISTORY_BYTES", 5 * one)
    for _ in range(12):
        document.edit(with_points(document.experiment, 1), "Draw")
    undone = 0
    while document.undo_text:
        document.undo()
        undone += 1
    assert undone == 4  # four and a little more than a thousand points each
    assert len(choices.drawn(document.experiment).points) == 1008
    # Steps that change no points share them.
    for label in range(30):
        document.edit(set_rate(document.experiment, 0.1 + label / 100), "Learning rate")
    for _ in range(30):
        assert document.undo_text.startswith("Learning rate")
        document.undo()
