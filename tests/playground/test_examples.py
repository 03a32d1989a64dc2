"""The experiments that come along: each opens from the menu, can be played, and comes to its end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication, QMenu

from engine import checks
from engine.components_report import components_report
from engine.files import load_experiment
from engine.generators import dataset_for
from engine.training import Run
from playground.examples import EXAMPLES, Example
from tests.playground.conftest import Hands

Open = Callable[..., Hands]


def test_every_file_has_its_entry_and_every_entry_its_file() -> None:
    folder = EXAMPLES[0].path.parent
    assert {path.stem for path in folder.glob("*.playground")} == {example.name for example in EXAMPLES}
    assert len({example.title for example in EXAMPLES}) == len(EXAMPLES)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_each_can_be_learned_to_its_end(example: Example) -> None:
    experiment = load_experiment(example.path)
    assert checks.blocking(experiment, dataset_for(experiment)) is None
    run = Run(experiment)
    run.advance_epochs(5000)
    assert run.outcome.status == "converged"


def test_what_they_are_to_show_is_so() -> None:
    def ended(name: str) -> Run:
        run = Run(load_experiment(next(example.path for example in EXAMPLES if example.name == name)))
        run.advance_epochs(5000)
        return run

    stuck = ended("k-means-local-minimum").metrics()["all"]["inertia"].value
    assert stuck > 2 * ended("k-means").metrics()["all"]["inertia"].value
    for name in ("gaussian-mixture", "hierarchical", "dbscan"):
        assert ended(name).metrics()["all"]["ari"].value > 0.95
    assert ended("pca-svd-digits").metrics()["all"]["explained"].value > 0.7
    assert ended("spectral").metrics()["all"]["ari"].value > 0.95

    def along_the_sheet(name: str) -> float:
        """How far the first score is in the order of the classes, which lie one after the other along the sheet."""
        judged = ended(name).judged()
        assert judged is not None
        return abs(float(np.corrcoef(judged.prediction.scores[:, 0], judged.dataset.y)[0, 1]))

    assert along_the_sheet("isomap-swiss-roll") > 0.98
    # Where the graph takes a short cut from one turn of the roll to the next, a twentieth of the variance is left.
    assert ended("isomap-swiss-roll").metrics()["all"]["residual_variance"].value < 0.005
    assert along_the_sheet("lle-s-curve") > 0.95
    assert along_the_sheet("mds-swiss-roll") < 0.8
    linear, bent = ended("autoencoder-linear"), ended("autoencoder-bent")
    assert linear.metrics()["all"]["explained"].value == pytest.approx(
        ended("pca-turn").metrics()["all"]["explained"].value, abs=0.02
    )
    assert bent.metrics()["all"]["explained"].value > 0.98
    kept = ended("pca-covariance-rank").judged()
    report = components_report(kept)
    assert report is not None
    assert report.rank == 61  # three pixels are white in every picture


def test_an_example_opens_from_the_menu_as_an_experiment_without_a_file(open_window: Open, tmp_path: Path) -> None:
    hands = open_window()
    menu = next(each for each in hands.window.findChildren(QMenu) if each.title() == "&Examples")
    action = next(each for each in menu.actions() if each.text() == "k-means in a local minimum")
    action.trigger()
    QApplication.processEvents()
    hands.wait(lambda: hands.window.stage.figure.centres() is not None)
    assert hands.window.document.path is None
    assert not hands.playing
    assert "drag one" in hands.status
    assert hands.window.top_bar.transport.speed.currentText() == "3 steps/s"


def test_an_example_that_asks_is_said_with_its_question_mark(open_window: Open) -> None:
    hands = open_window()
    menu = next(each for each in hands.window.findChildren(QMenu) if each.title() == "&Examples")
    next(each for each in menu.actions() if each.text() == "k-means: how many clusters?").trigger()
    hands.wait(lambda: hands.status.startswith("k-means: how many clusters? Open"))


def test_the_speed_goes_with_the_model_when_clusters_become_classes_and_back(open_window: Open) -> None:
    hands = open_window()
    speed = hands.window.top_bar.transport.speed
    menu = next(each for each in hands.window.findChildren(QMenu) if each.title() == "&Examples")
    next(each for each in menu.actions() if each.text() == "k-means").trigger()
    hands.wait(lambda: speed.currentText() == "3 steps/s" and hands.window.shown.model is not None)
    hands.press(hands.window.top_bar.transport.step_button)
    hands.wait(lambda: hands.epoch == 1)
    hands.do("data.from_found")
    hands.wait(lambda: hands.window.document.experiment.learner.kind != "k_means")
    hands.wait(lambda: speed.currentText() == "Flat out")
    hands.do("edit.undo")
    hands.wait(lambda: speed.currentText() == "3 steps/s")


def test_a_map_of_a_thousand_steps_flows_and_one_of_three_is_followed_step_by_step(open_window: Open) -> None:
    hands = open_window()
    speed = hands.window.top_bar.transport.speed
    menu = next(each for each in hands.window.findChildren(QMenu) if each.title() == "&Examples")
    by_title = {each.text(): each for each in menu.actions()}
    for title, wanted in (
        ("t-SNE on digits", "60 epochs/s"), ("Isomap on the Swiss roll", "3 steps/s"),
        ("An autoencoder that bends", "60 epochs/s"), ("k-means", "3 steps/s"), ("DBSCAN on rings", "60 epochs/s"),
        ("Hierarchical clustering", "60 epochs/s"),
    ):  # fmt: skip
        by_title[title].trigger()
        QApplication.processEvents()
        assert speed.currentText() == wanted
    hands.window.model_panel.learner_chosen.emit("pca")
    QApplication.processEvents()
    assert speed.currentText() == "3 steps/s"
    speed.activated.emit(0)  # chosen by hand, it stays
    hands.window.model_panel.learner_chosen.emit("tsne")
    QApplication.processEvents()
    assert speed.currentText() == "1 step/s"
