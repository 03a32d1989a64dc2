"""A run is reproduced bit for bit by its file: with the window, without it, and in another process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt

from engine.edits import set_values
from engine.experiment import DrawnData, Experiment
from engine.files import load_experiment, save_experiment
from engine.tables import write_curves, write_predictions
from engine.training import Run
from playground.cli import run
from tests.playground.conftest import Hands
from tests.playground.controls import type_into

ROOT = Path(__file__).parents[2]
EPOCHS = 25
SMALL: dict[str, Any] = {"data.n_points": 80, "preparation.validation_share": 0.2}
MODELS: dict[str, dict[str, Any]] = {
    "network": {"data.generator": "moons", "learner.layers": "8,8", "learner.dropout": 0.1},
    "network in torch": {"data.generator": "moons", "learner.layers": "8,8", "training.path": "torch"},
    "logistic": {"data.generator": "gaussians3", "learner.kind": "logistic_regression"},
    "linear": {"data.generator": "sine", "learner.kind": "linear_regression", "training.loss.kind": "squared",
               "preparation.polynomial": 3},
    "least squares": {"data.generator": "plane", "learner.kind": "linear_regression",
                      "learner.fit": "least_squares", "training.loss.kind": "squared"},
}  # fmt: skip


def made(name: str, **more: Any) -> Experiment:
    return set_values(Experiment(), {**SMALL, **MODELS[name], **more})


def of_the_window(hands: Hands, folder: Path) -> tuple[str, bytes]:
    """What the window says at the end of a run: its numbers, and its predictions of every point."""
    shown = hands.window.shown
    metrics = {part: {name: each.value for name, each in values.items()} for part, values in shown.metrics.items()}
    assert shown.model is not None
    write_predictions(folder / "window.csv", shown.dataset, shown.model(shown.dataset.X))
    return json.dumps(metrics), (folder / "window.csv").read_bytes()


def of_the_command_line(file: Path, folder: Path, *more: str) -> tuple[str, bytes, list[list[str]]]:
    """The same from a process of its own, and its predictions of the same points as cells."""
    experiment = load_experiment(file)
    trained = Run(experiment)
    inputs = folder / "inputs.csv"
    rows = [",".join(str(value) for value in row) for row in trained.dataset.X]
    inputs.write_text("\n".join([",".join(trained.dataset.input_names), *rows]), "utf-8")
    out = folder / "cli.csv"
    done = subprocess.run(
        [sys.executable, "-m", "playground", "run", str(file), "--json", "--predict", str(inputs), "--out", str(out),
         *more],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    result = json.loads(done.stdout)
    metrics = {
        part: {name: each["value"] for name, each in values.items()} for part, values in result["metrics"].items()
    }
    cells = [line.split(",") for line in out.read_text("utf-8").splitlines()[1:]]
    return json.dumps(metrics), out.read_bytes(), cells


@pytest.mark.parametrize("name", MODELS)
def test_the_window_and_the_command_line_say_the_same_to_the_last_digit(
    name: str, open_window: Callable[..., Hands], tmp_path: Path
) -> None:
    hands = open_window(made(name))
    panel = hands.window.model_panel
    panel.set_folds({"stop": True})
    type_into(panel.stop.row("max_epochs"), str(EPOCHS))
    file = tmp_path / "run.playground"
    assert hands.window.files._save_to(file)
    hands.press(hands.window.top_bar.transport.play_button)
    hands.wait(lambda: hands.window.shown.outcome.final)
    metrics, table = of_the_window(hands, tmp_path)
    assert hands.epoch == (1 if name == "least squares" else EPOCHS)

    same_metrics, _, cells = of_the_command_line(file, tmp_path)
    assert same_metrics == metrics
    d = hands.window.shown.dataset.n_inputs
    seen = [line.split(",") for line in table.decode().splitlines()[1:]]
    # The window's table has the target and the part between the inputs and what the model says.
    assert [row[:d] + row[d + 2 :] for row in seen] == cells


@pytest.mark.parametrize("name", MODELS)
def test_the_pace_does_not_change_the_numbers(name: str) -> None:
    whole, stepwise = Run(made(name)), Run(made(name))
    whole.advance_epochs(9)
    while stepwise.epoch < 9 and not stepwise.outcome.final:
        stepwise.advance(1)
    assert np.array_equal(whole.predict(whole.dataset.X).scores, stepwise.predict(whole.dataset.X).scores)


def losses(say: Callable[[], str], file: Path, *more: str) -> dict[str, float]:
    assert run(["run", str(file), "--epochs", "5", "--json", *more]) == 0
    found = json.loads(say())["losses"]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("name", ["network", "logistic"])
def test_the_same_seed_gives_the_same_numbers_and_another_one_others(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "run.playground"
    save_experiment(file, made(name))

    def say() -> str:
        return capsys.readouterr().out

    assert losses(say, file, "--seed", "3") == losses(say, file, "--seed", "3")
    assert losses(say, file, "--seed", "3")["train"] != losses(say, file, "--seed", "4")["train"]
    assert losses(say, file, "--set", "data.seed=3") != losses(say, file, "--set", "data.seed=4")


def test_what_is_drawn_by_hand_is_reproduced_by_its_file(open_window: Callable[..., Hands], tmp_path: Path) -> None:
    hands = open_window(set_values(Experiment(data=DrawnData()), {"training.stop.max_epochs": EPOCHS}))
    for turn in range(24):
        angle = 0.7 * turn
        hands.click(0.3 * np.cos(angle), 0.3 * np.sin(angle))
        hands.click(0.8 * np.cos(angle), 0.8 * np.sin(angle), Qt.MouseButton.RightButton)
    assert hands.n_points == 48
    hands.do("run.reset")
    file = tmp_path / "drawn.playground"
    assert hands.window.files._save_to(file)
    assert load_experiment(file) == hands.window.document.experiment
    hands.press(hands.window.top_bar.transport.play_button)
    hands.wait(lambda: hands.window.shown.outcome.final and hands.epoch == EPOCHS)
    metrics, _ = of_the_window(hands, tmp_path)
    assert of_the_command_line(file, tmp_path)[0] == metrics

    # The curves of the window are those of the run, too.
    again = Run(load_experiment(file))
    again.advance_epochs(EPOCHS)
    write_curves(tmp_path / "window-curves.csv", hands.window.curves.points())
    write_curves(tmp_path / "run-curves.csv", again.take_series())
    assert (tmp_path / "window-curves.csv").read_bytes() == (tmp_path / "run-curves.csv").read_bytes()
