"""Sheets in space: chosen by their thumbnail, seen from the edge, out of reach of a hand, known to the command line."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from engine.edits import set_values
from engine.experiment import Experiment, GeneratedData
from engine.files import save_experiment
from playground import choices
from tests.playground.command_line import Say, printed
from tests.playground.conftest import Hands


def test_a_roll_is_chosen_by_its_thumbnail_and_seen_from_its_edge(hands: Hands) -> None:
    hands.press(hands.window.model_panel.tasks.button("projection"))
    hands.press(hands.window.data_panel.gallery.thumbnail("swiss_roll"))
    hands.wait(lambda: hands.window.shown.dataset.n_inputs == 3)
    shown, dataset = hands.window.shown.stage_dataset, hands.window.shown.dataset
    assert shown.input_names == ("x1", "x3")
    assert hands.window.stage.figure.axis_names() == ("x₁", "x₃")
    np.testing.assert_allclose(shown.X, dataset.X[:, [0, 2]], atol=1e-6)
    # The thumbnail is the same picture, smaller: its first class lies inside its last one.
    entry = hands.window.data_panel.gallery.thumbnail("swiss_roll").entry
    radius = np.hypot(*entry.X.T)
    assert entry.X.shape[1] == 2
    assert radius[entry.y == 0].max() < radius[entry.y == 5].min()
    hands.do("edit.undo")
    hands.wait(lambda: hands.window.shown.dataset.n_inputs == 2)
    assert hands.window.shown.experiment.view.plane == Experiment().view.plane


@pytest.mark.parametrize("tool", ["point", "spray", "move", "relabel", "erase"])
def test_a_hand_leaves_points_of_three_inputs_and_is_told_why(hands: Hands, tool: str) -> None:
    hands.window.document.edit(choices.with_generator(hands.window.document.experiment, "swiss_roll"), "Data set")
    hands.wait(lambda: "Started again" in hands.status)
    hands.window.data.on_tool_chosen(tool)
    before = hands.window.document.experiment
    at = tuple(hands.window.shown.stage_dataset.X[0].tolist())
    hands.drag(at, (at[0] + 0.2, at[1]))
    hands.click(*at)
    assert hands.window.document.experiment == before
    assert "three inputs" in hands.status
    assert hands.n_points == 400


def test_selected_points_are_not_deleted_and_pasted_ones_get_a_canvas_of_their_own(hands: Hands) -> None:
    hands.window.document.edit(choices.with_generator(hands.window.document.experiment, "s_curve"), "Data set")
    hands.settle()
    hands.window.data.select_all()
    hands.key(Qt.Key.Key_Delete)
    assert hands.n_points == 400
    QApplication.clipboard().setText("0.1, 0.2, A\n0.3, 0.4, B\n")
    hands.do("edit.paste")
    hands.wait(lambda: hands.n_points == 2)
    assert hands.window.shown.dataset.n_inputs == 2


@pytest.fixture
def roll(tmp_path: Path) -> Path:
    path = tmp_path / "roll.playground"
    data = GeneratedData(generator="swiss_roll", n_points=90)
    save_experiment(path, set_values(Experiment(data=data), {"learner.kind": "k_means", "learner.k": "6"}))
    return path


def test_the_command_line_groups_projects_and_classifies_points_of_three_inputs(say: Say, roll: Path) -> None:
    assert "silhouette" in printed(say("run", roll, "--json"))["metrics"]["all"]
    projected = printed(say("run", roll, "--set", "learner.kind=pca", "--set", "learner.components=3", "--json"))
    assert projected["metrics"]["all"]["explained"]["value"] == pytest.approx(1.0, abs=1e-6)
    told = printed(say("run", roll, "--set", "learner.kind=knn", "--json"))
    assert told["metrics"]["test"]["accuracy"]["value"] > 0.8


def test_new_rows_of_three_columns_get_a_group_and_a_picture_is_drawn(say: Say, roll: Path, tmp_path: Path) -> None:
    rows = tmp_path / "new.csv"
    rows.write_text("x1,x2,x3\n0.4,0.1,0.0\n0.0,-0.2,1.0\n", encoding="utf-8")
    out, picture = tmp_path / "out.csv", tmp_path / "roll.png"
    assert say("run", roll, "--predict", rows, "--out", out)[0] == 0
    with out.open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == 2
    assert say("render", roll, "-o", picture)[0] == 0
    assert not QImage(str(picture)).isNull()
