"""Directions by mouse alone: turn the arrow, read the variance, let it find the best, keep components, export."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialogButtonBox, QTabBar, QWidget

from engine.edits import set_values
from engine.experiment import DrawnData, Experiment, GeneratedData
from engine.learners.pca import PrincipalComponents
from engine.table_sets import bundled_table
from playground import choices
from tests.playground.conftest import Hands
from tests.playground.test_whole_path import type_file_name

Open = Callable[..., Hands]


def tip(hands: Hands) -> np.ndarray:
    """Where the first direction's arrow ends."""
    handles = hands.window.stage.figure.handles()
    return np.asarray(handles[0]) if len(handles) else np.full(2, np.nan)


def shown_number(hands: Hands, name: str) -> float:
    """A number under the stage, as it is written."""
    text = hands.window.metrics_bar.number("all", name).value.text()
    return float(text.replace(" %", "").replace("–", "nan"))


def is_up_to_date(hands: Hands) -> bool:
    """Whether the model has heard of every point."""
    snapshot = hands.window.training.snapshot
    return snapshot is not None and snapshot.model is not None and len(snapshot.model.data.Z) == hands.n_points


def angle_of(direction: np.ndarray) -> float:
    return float(np.degrees(np.arctan2(direction[1], direction[0])))


def project(hands: Hands) -> None:
    hands.press(hands.window.model_panel.tasks.button("projection"))
    hands.wait(lambda: hands.window.document.experiment.learner.kind == "pca")
    hands.wait(lambda: np.isfinite(tip(hands)).all())


def test_an_axis_is_turned_by_hand_then_finds_the_best_by_itself_and_is_exported(
    open_window: Open, tmp_path: Path, answer: Callable[[Callable[[QWidget], None]], None]
) -> None:
    hands = open_window(Experiment(data=DrawnData()))
    hands.press(hands.window.model_panel.tasks.button("projection"))
    rng = np.random.default_rng(2)
    for along in np.linspace(-0.8, 0.8, 12):
        hands.click(along, 0.5 * along + 0.05 * float(rng.normal()))
    hands.wait(lambda: hands.n_points == 12 and is_up_to_date(hands))
    X = np.asarray(hands.window.shown.dataset.X, np.float64)
    mean = X.mean(axis=0)

    def variance(degrees: float) -> float:
        direction = np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])
        return float(np.var(X @ direction))

    # By hand, to three places; the number under the stage is the variance there.
    for degrees in (60.0, -20.0, 140.0):
        place = mean + 0.6 * np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])
        hands.drag(tuple(tip(hands)), tuple(place))
        hands.wait(lambda degrees=degrees: abs(angle_of(tip(hands) - mean) - degrees) < 2)  # type: ignore[misc]
        settings = hands.window.document.experiment.learner
        assert isinstance(settings, PrincipalComponents)
        assert settings.angle == pytest.approx(degrees, abs=1.5)
        hands.wait(
            lambda settings=settings: (
                abs(shown_number(hands, "variance") - variance(settings.angle))  # type: ignore[misc]
                < 0.01 * variance(settings.angle) + 5e-4
            )
        )
    assert hands.n_points == 12
    hands.do("edit.undo")
    hands.wait(lambda: abs(angle_of(tip(hands) - mean) + 20) < 2)

    # By itself, to the largest of all.
    hands.press(hands.window.top_bar.transport.play_button)
    hands.wait(lambda: hands.window.shown.outcome.status == "converged")
    best = max(variance(degrees) for degrees in np.linspace(0, 180, 721))
    assert hands.window.shown.metrics["all"]["variance"].value == pytest.approx(best, rel=1e-3)
    hands.wait(lambda: shown_number(hands, "explained") > 95)

    # A turned arrow begins again from there.
    hands.drag(tuple(tip(hands)), tuple(mean + np.array([0.0, 0.5])))
    hands.wait(lambda: abs(angle_of(tip(hands) - mean) - 90) < 2)
    assert hands.epoch == 0

    def save(dialog: QWidget) -> None:
        answer(type_file_name(tmp_path / "axis.svg"))
        buttons = dialog.findChild(QDialogButtonBox)
        assert isinstance(buttons, QDialogButtonBox)
        QTest.mouseClick(buttons.button(QDialogButtonBox.StandardButton.Save), Qt.MouseButton.LeftButton)

    answer(save)
    hands.do("file.export")
    hands.wait((tmp_path / "axis.svg").exists)
    assert "direction" in (tmp_path / "axis.svg").read_text(encoding="utf-8")


def test_components_of_a_table_are_kept_by_a_click_in_the_scree_plot(open_window: Open) -> None:
    experiment = choices.with_task(choices.with_data(Experiment(), bundled_table("wine")), "projection")
    hands = open_window(set_values(experiment, {"learner.found": "svd"}))
    tabs = next(each for each in hands.window.findChildren(QTabBar) if each.accessibleName() == "Views")
    index = next(row for row in range(tabs.count()) if tabs.tabText(row) == "Components")
    QTest.mouseClick(tabs, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, tabs.tabRect(index).center())
    view = hands.window.evaluation.view("components")
    hands.wait(lambda: "The first 2 of 13 explain 55.4 %" in view.summary())
    hands.wait(lambda: view._frame is not None)
    frame = view._frame
    QTest.mouseClick(
        view.canvas, Qt.MouseButton.LeftButton, pos=QPointF(frame.x.place(4), frame.y.place(0.5)).toPoint()
    )
    hands.wait(lambda: "The first 5 of 13 explain 80.2 %" in view.summary())
    hands.press(hands.window.top_bar.transport.play_button)
    hands.wait(lambda: hands.window.shown.outcome.status == "converged")
    assert hands.window.shown.metrics["all"]["explained"].value == pytest.approx(0.802, abs=1e-3)


def test_known_classes_keep_their_colours_and_only_what_means_something_is_offered(open_window: Open) -> None:
    hands = open_window(Experiment())
    project(hands)
    assert hands.window.document.experiment.data == GeneratedData(generator="correlated")
    hands.press(hands.window.data_panel.gallery.thumbnail("moons"))
    hands.wait(lambda: hands.window.shown.dataset.n_classes == 2)
    tabs = next(each for each in hands.window.findChildren(QTabBar) if each.accessibleName() == "Views")
    hands.window.shown  # noqa: B018
    offered = {tabs.tabText(row) for row in range(tabs.count()) if tabs.isTabVisible(row)}
    assert offered == {"Curves", "Components", "Reconstruction"}
    assert hands.window.shown.dataset.class_names == ("A", "B")
    assert hands.window.shown.predictions is None


@pytest.mark.parametrize("kind", ["pca", "lda_projection"])
def test_the_direction_of_a_table_is_turned_on_the_plane_that_it_is_looked_at(open_window: Open, kind: str) -> None:
    experiment = choices.with_task(choices.with_data(Experiment(), bundled_table("iris")), "projection")
    experiment = choices.with_pair(choices.with_learner(experiment, kind), "sepal length (cm)", "petal width (cm)")
    hands = open_window(experiment)
    hands.wait(lambda: np.isfinite(tip(hands)).all())
    model = hands.window.shown.model
    assert model is not None
    middle = model.dataset.X.mean(axis=0)[[0, 3]]
    spread = model.dataset.X.std(axis=0)[[0, 3]]
    hands.drag(tuple(tip(hands)), tuple(middle + spread * np.array([1.0, 2.0])))
    hands.wait(lambda: len(hands.window.document.experiment.learner.direction) == 4)  # type: ignore[union-attr]
    # Along both features, as the standardized ones have them, and not along the two that are out of sight.
    direction = np.asarray(hands.window.document.experiment.learner.direction)  # type: ignore[union-attr]
    np.testing.assert_allclose(direction, np.array([1.0, 0.0, 0.0, 2.0]) / np.sqrt(5), atol=0.05)

    def begins_there() -> bool:
        model = hands.window.shown.model
        first = np.zeros(4) if model is None else np.asarray(model.state.directions[0], np.float64)
        return bool(np.allclose(first / max(1e-9, float(np.linalg.norm(first))), direction, atol=1e-3))

    hands.wait(begins_there)
    if kind == "pca":
        Z = np.asarray(hands.window.shown.model.data.Z, np.float64)  # type: ignore[union-attr]
        hands.wait(lambda: shown_number(hands, "variance") == pytest.approx(float((Z @ direction).var()), rel=0.01))
    hands.do("edit.undo")
    hands.wait(lambda: hands.window.document.experiment.learner.direction == ())  # type: ignore[union-attr]
