"""Grouping points by mouse alone: draw, put centres down, step by halves, take one in hand, choose k, export."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QTabBar, QToolButton, QWidget

from engine.edits import set_values
from engine.experiment import DrawnData, Experiment, GeneratedData
from engine.learners.k_means import KMeans
from engine.learners.k_medoids import KMedoids
from engine.palette import CLASS_COLOURS
from tests.playground.conftest import Hands
from tests.playground.test_whole_path import type_file_name

Open = Callable[..., Hands]
EMPTY = Experiment(data=DrawnData())
BAD = ((-0.62, -0.4), (-0.58, -0.6), (0.3, 0.05))
"""Two of the three within one blob, the third between the others."""
CORNERS = ((-0.6, -0.5), (0.6, -0.5), (0.0, 0.6))


def centres(hands: Hands) -> np.ndarray:
    """Where the centres are drawn."""
    found = hands.window.stage.figure.centres()
    return np.empty((0, 2)) if found is None else np.asarray(found.xy)


def is_at(hands: Hands, index: int, place: tuple[float, float], within: float = 0.02) -> bool:
    """Whether a centre is drawn there; between two runs there are none."""
    found = centres(hands)
    return len(found) > index and bool(np.allclose(found[index], place, atol=within))


def learner(hands: Hands) -> KMeans:
    settings = hands.window.document.experiment.learner
    assert isinstance(settings, KMeans)
    return settings


def step(hands: Hands) -> None:
    """Press the Step button, and wait for its picture."""
    before = hands.epoch
    hands.press(hands.window.top_bar.transport.step_button)
    hands.wait(lambda: hands.epoch == before + 1)


def take(hands: Hands, name: str) -> None:
    """Take a tool by its button."""
    hands.press(
        next(each for each in hands.window.data_panel.findChildren(QToolButton) if each.accessibleName() == name)
    )
    hands.wait(lambda: hands.window.workspace.tool == {"Centre": "centre", "Point": "point"}[name])
    hands.window.shown  # noqa: B018  so that the stage has the tool


def group(hands: Hands) -> None:
    hands.press(hands.window.model_panel.tasks.button("clustering"))
    hands.wait(lambda: hands.window.document.experiment.learner.kind == "k_means")
    hands.settle()


def drawn_blobs(hands: Hands) -> None:
    rng = np.random.default_rng(4)
    for corner in CORNERS:
        for _ in range(7):
            hands.click(*(np.array(corner) + 0.09 * rng.normal(size=2)))


def test_three_blobs_by_mouse_alone(
    open_window: Open, tmp_path: Path, answer: Callable[[Callable[[QWidget], None]], None]
) -> None:
    hands = open_window(EMPTY)
    group(hands)
    drawn_blobs(hands)
    assert hands.n_points == 21
    hands.wait(lambda: len(centres(hands)) == 3)

    # Three centres, all in the wrong place.
    for index, place in enumerate(BAD):
        hands.drag(tuple(centres(hands)[index]), place)
        while not is_at(hands, index, place):
            hands.qtbot.wait(10)
    for index, place in enumerate(BAD):
        hands.wait(lambda index=index, place=place: is_at(hands, index, place))  # type: ignore[misc]
    assert learner(hands).initialization == "by_hand"
    assert len(learner(hands).centres) == 3
    assert hands.epoch == 0

    start = centres(hands)
    step(hands)  # the points choose
    np.testing.assert_allclose(centres(hands), start, atol=1e-6)
    said = hands.window.shown.predictions
    assert said is not None
    assert said.labels is not None
    assert set(said.labels.tolist()) == {0, 1, 2}
    hands.wait(lambda: hands.window.metrics_bar.number("all", "inertia").value.text() != "–")
    first = float(hands.window.shown.metrics["all"]["inertia"].value)
    step(hands)  # the centres go to their middle
    assert float(hands.window.shown.metrics["all"]["inertia"].value) < first
    while not hands.window.shown.outcome.final:
        step(hands)
    stuck = float(hands.window.shown.metrics["all"]["inertia"].value)
    assert np.min(np.linalg.norm(centres(hands) - np.array(CORNERS[0]), axis=1)) > 0.05  # two share a blob

    # One of the two that share a blob is taken in hand, and put where it is needed.
    lonely = max(CORNERS, key=lambda corner: np.linalg.norm(centres(hands) - np.array(corner), axis=1).min())
    index = int(np.argmin(np.linalg.norm(centres(hands) - np.array(CORNERS[0]), axis=1)))
    hands.drag(tuple(centres(hands)[index]), lonely)
    hands.wait(lambda: is_at(hands, index, lonely))
    hands.wait(lambda: not hands.window.shown.outcome.final)
    assert hands.status == "Play or step goes on from here.", "it has not ended any more"
    hands.press(hands.window.top_bar.transport.play_button)
    hands.wait(lambda: hands.window.shown.outcome.final)
    best = float(hands.window.shown.metrics["all"]["inertia"].value)
    assert best < 0.5 * stuck
    for corner in CORNERS:
        assert np.linalg.norm(centres(hands) - np.array(corner), axis=1).min() < 0.1

    # The elbow, and the figure.
    tabs = next(each for each in hands.window.findChildren(QTabBar) if each.accessibleName() == "Views")
    index = next(row for row in range(tabs.count()) if tabs.tabText(row) == "Choosing k")
    QTest.mouseClick(tabs, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, tabs.tabRect(index).center())
    chart = hands.window.evaluation.view("k")
    hands.wait(lambda: "k = 3: " in chart.summary() and "k = 10: " in chart.summary())
    target = tmp_path / "clusters.svg"

    def export(dialog: QWidget) -> None:
        answer(type_file_name(target))
        QTest.mouseClick(
            next(each for each in dialog.findChildren(QPushButton) if "xport" in each.text() or "Save" in each.text()),
            Qt.MouseButton.LeftButton,
        )

    answer(export)
    hands.do("file.export")
    hands.wait(target.exists)
    text = target.read_text(encoding="utf-8")
    assert "Cluster 3" in text


def test_reset_puts_groups_back_at_the_beginning_and_a_network_at_its_first_weights(open_window: Open) -> None:
    hands = open_window(Experiment(data=GeneratedData(generator="blobs", n_points=80), learner=KMeans(k=3)))
    hands.wait(lambda: len(centres(hands)) == 3)
    step(hands)
    assert hands.status == "Half-step 1."
    hands.do("run.reset")
    assert hands.status == "Back at the beginning."
    hands.window.document.edit(Experiment(), "Another")
    hands.do("run.reset")
    assert hands.status == "Back at the first weights."


def test_a_medoid_in_hand_goes_from_point_to_point(open_window: Open) -> None:
    hands = open_window(Experiment(data=GeneratedData(generator="blobs", n_points=80), learner=KMedoids(k=3)))
    hands.wait(lambda: len(centres(hands)) == 3)
    points = hands.window.shown.dataset.X
    for has_begun, place in ((False, (0.0, 0.05)), (True, (0.05, -0.5))):  # between the blobs
        start = tuple(centres(hands)[0])
        hands.drag(start, place)
        hands.wait(lambda: len(centres(hands)) == 3)
        hands.wait(lambda start=start: not is_at(hands, 0, start))  # type: ignore[misc]
        hands.settle()
        assert np.abs(points - centres(hands)[0]).max(axis=1).min() < 1e-6
        if not has_begun:
            step(hands)


def test_centres_are_added_and_taken_away_while_it_stands_and_while_it_runs(open_window: Open) -> None:
    hands = open_window(Experiment(data=GeneratedData(generator="blobs", n_points=80), learner=KMeans(k=2)))
    take(hands, "Centre")
    hands.click(0.9, 0.9)
    hands.wait(lambda: len(centres(hands)) == 3)
    assert learner(hands).k == 3
    assert learner(hands).initialization == "by_hand"
    step(hands)
    hands.click(0.0, 0.0)
    hands.wait(lambda: len(centres(hands)) == 4)
    hands.wait(lambda: learner(hands).k == 4)
    step(hands)
    assert len(centres(hands)) == 4
    x, y = centres(hands)[0]
    hands.click(x, y, Qt.MouseButton.RightButton)
    hands.wait(lambda: len(centres(hands)) == 3)
    hands.wait(lambda: learner(hands).k == 3)
    step(hands)
    assert len(centres(hands)) == 3
    assert hands.n_points == 80  # no point was drawn by all that
    hands.do("edit.undo")
    hands.wait(lambda: learner(hands).k == 4)


def test_points_are_drawn_beside_centres_and_centres_are_dragged_by_any_tool(open_window: Open) -> None:
    hands = open_window(Experiment(data=GeneratedData(generator="blobs", n_points=80), learner=KMeans(k=2)))
    take(hands, "Point")
    hands.drag(tuple(centres(hands)[0]), (1.0, 1.0))
    hands.wait(lambda: is_at(hands, 0, (1.0, 1.0)))
    assert hands.n_points == 80
    hands.click(0.0, 0.1)
    assert hands.n_points == 81


def test_the_colour_of_a_point_is_its_cluster_and_the_plane_is_cut_at_the_borders(open_window: Open) -> None:
    values = {"view.members": False, "view.trails": False, "view.legend": False}
    hands = open_window(
        set_values(
            Experiment(data=GeneratedData(generator="blobs", n_points=200), learner=KMeans(k=4, restarts=8)), values
        )
    )
    hands.press(hands.window.top_bar.transport.play_button)
    hands.wait(lambda: hands.window.shown.outcome.final)
    places = centres(hands)
    hands.wait(lambda: hands.window.stage.figure.moved_centres is None)
    seen = {hands.colour(*(1.45 * place)) for place in places}
    assert len(seen) == 4  # four regions


def test_what_is_about_targets_is_not_offered_and_comes_back(open_window: Open) -> None:
    hands = open_window(Experiment())
    tabs = next(each for each in hands.window.findChildren(QTabBar) if each.accessibleName() == "Views")

    def offered() -> set[str]:
        hands.window.shown  # noqa: B018
        return {tabs.tabText(row) for row in range(tabs.count()) if tabs.isTabVisible(row)}

    before = offered()
    assert {"Metrics", "ROC", "Validation"} <= before
    group(hands)
    hands.wait(lambda: "Silhouettes" in offered())
    assert not {"Metrics", "ROC", "Validation", "Weights"} & offered()
    hands.press(hands.window.model_panel.tasks.button("classification"))
    hands.wait(lambda: offered() == before)


def test_the_legend_of_groups_has_their_colours_also_where_the_table_has_a_number_for_a_target(
    open_window: Open,
) -> None:
    from engine.table_sets import bundled_table
    from playground import choices

    experiment = choices.with_task(choices.with_data(Experiment(), bundled_table("linnerud")), "clustering")
    hands = open_window(set_values(experiment, {"learner.k": 3}))
    step(hands)
    hands.wait(lambda: hands.window.shown.predictions is not None)
    figure = hands.window.stage.figure
    frame, legend = figure.frame(600, 400), figure.legend()
    assert legend is not None
    image = QImage(600, 400, QImage.Format.Format_RGB32)
    image.fill(0xFFFFFF)
    painter = QPainter(image)
    legend.paint(painter, frame, QRectF(QPointF(0, 0), legend.size(frame)))
    painter.end()
    found = {image.pixel(x, y) for x in range(200) for y in range(150)}
    assert {QColor(*colour).rgb() for colour in CLASS_COLOURS[:3]} <= found


@pytest.mark.parametrize("name", ["iris", "wine"])
def test_a_table_is_grouped_on_its_principal_plane(open_window: Open, name: str) -> None:
    from engine.table_sets import bundled_table
    from playground import choices

    experiment = choices.with_task(choices.with_data(Experiment(), bundled_table(name)), "clustering")
    hands = open_window(set_values(experiment, {"learner.k": 3, "learner.restarts": 5}))
    hands.press(hands.window.top_bar.transport.play_button)
    hands.wait(lambda: hands.window.shown.outcome.final)
    assert len(centres(hands)) == 3
    assert hands.window.shown.metrics["all"]["ari"].value > 0.5
    hands.drag(tuple(centres(hands)[0]), (0.0, 2.0))
    hands.wait(lambda: is_at(hands, 0, (0.0, 2.0), 0.1))
