"""The validation tab in the window: runs, cancels, takes what is clicked, shows folds on the stage."""

from __future__ import annotations

import multiprocessing
import threading
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pypdf import PdfReader
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QDialogButtonBox, QWidget

from engine.edits import set_values
from engine.experiment import Experiment
from playground import choices
from playground.settings import AppSettings
from tests.engine.local_cluster import local_cluster
from tests.playground.conftest import Hands
from tests.playground.test_whole_path import type_file_name
from widgets.validation import ValidationView
from widgets.validation_values import AxisWish

SMALL = set_values(Experiment(), {"data.generator": "moons", "data.n_points": "80", "learner.layers": "4"})


def opened(hands: Hands, mode: str) -> ValidationView:
    hands.window.evaluation.open("validation")
    view: ValidationView = hands.window.evaluation.view("validation")
    hands.press(view.modes.button(mode))
    return view


def run(hands: Hands, view: ValidationView) -> None:
    hands.press(view.run_button)
    hands.wait(lambda: not hands.window.validation.running)


def search_grid(hands: Hands, view: ValidationView, sides: tuple[int, int] = (2, 3), epochs: int = 3) -> None:
    """Choose a search of learning rates by units."""
    wish = hands.window.validation.wish
    rates = AxisWish("training.optimizer.learning_rate", 0.01, 0.1, sides[0])
    units = AxisWish("learner.layers.0.units", 1, sides[1], sides[1])
    settings = wish.settings.model_copy(update={"epochs": epochs})
    view.wish_changed.emit(replace(wish, axes=(rates, units, wish.axes[2]), settings=settings))


def folds_drawn(hands: Hands) -> set[int | None]:
    """Of which folds there are lines on the stage."""
    return {line.index for line in hands.window.validation.lines}


def click(view: QWidget, at: object) -> None:
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=at)  # type: ignore[call-overload]


def test_folds_are_scored_drawn_on_the_stage_and_selected_by_their_chips(open_window: Callable[..., Hands]) -> None:
    hands = open_window(SMALL)
    view = opened(hands, "folds")
    run(hands, view)
    assert "5-fold cross-validation" in hands.status
    hands.wait(lambda: folds_drawn(hands) == set(range(5)))
    assert set(hands.window.validation.lines) <= set(hands.window.shown.overlays)
    hands.press(view.fold_chip(2))
    assert 10 <= len(hands.window.shown.workspace.selection) <= 12
    hands.window.document.edit(set_values(SMALL, {"data.n_points": "50"}), "Points")
    assert hands.window.validation.lines == ()


def test_a_click_on_a_cell_takes_it_as_one_step_to_undo(open_window: Callable[..., Hands]) -> None:
    hands = open_window(SMALL)
    view = opened(hands, "search")
    search_grid(hands, view)
    run(hands, view)
    assert "looked at once" in hands.status
    click(view.heat.canvas, view.heat.cell_area(2, 1).center().toPoint())
    taken = hands.window.document.experiment
    assert (taken.training.optimizer.learning_rate, taken.learner.layers[0].units) == (0.1, 3)  # type: ignore[union-attr]
    assert "taken" in hands.status
    hands.do("edit.undo")
    assert hands.status == "Undone: Take Learning rate 0.1, Layer 1 units 3."
    assert hands.window.document.experiment == SMALL


def test_results_of_an_earlier_experiment_are_marked_until_it_is_back(open_window: Callable[..., Hands]) -> None:
    hands = open_window(SMALL)
    view = opened(hands, "folds")
    run(hands, view)
    hands.wait(lambda: folds_drawn(hands) == set(range(5)))
    said, picture = view.sentence.toolTip(), view.scores.canvas.grab().toImage()
    for values in ({"data.noise": "0.4"}, {"learner.kind": "svm"}, {"training.optimizer.learning_rate": "0.5"}):
        hands.window.document.edit(set_values(SMALL, values), "Something else")
        assert folds_drawn(hands) == set()
        assert view.run_button.text() == "Run again"
        assert view.sentence.toolTip() == f"Of an earlier experiment: run it again. {said}"
        assert view.scores.canvas.grab().toImage() != picture
        hands.do("edit.undo")
        assert folds_drawn(hands) == set(range(5))
        assert (view.run_button.text(), view.sentence.toolTip()) == ("Run", said)
        assert view.scores.canvas.grab().toImage() == picture
    hands.window.document.edit(set_values(SMALL, {"data.noise": "0.4"}), "Noise")
    run(hands, view)
    assert view.run_button.text() == "Run"
    assert "earlier" not in view.sentence.toolTip()


def test_after_a_change_of_the_task_nothing_is_shown_of_the_one_before(open_window: Callable[..., Hands]) -> None:
    hands = open_window(SMALL)
    view = opened(hands, "folds")
    run(hands, view)
    assert view.picture is not None
    hands.press(hands.window.model_panel.tasks.button("regression"))
    assert view.picture is None
    assert (view.sentence.toolTip(), view.run_button.text()) == ("", "Run")
    assert hands.window.validation.lines == ()


def test_what_is_taken_of_a_search_or_a_comparison_does_not_make_it_old(open_window: Callable[..., Hands]) -> None:
    hands = open_window(SMALL)
    view = opened(hands, "search")
    search_grid(hands, view)
    run(hands, view)
    click(view.heat.canvas, view.heat.cell_area(2, 1).center().toPoint())
    assert "earlier" not in view.sentence.toolTip()
    hands.do("edit.undo")
    view = opened(hands, "compare")
    view.wish_changed.emit(replace(hands.window.validation.wish, learners=("mlp", "knn")))
    run(hands, view)
    hands.window.document.edit(choices.with_learner(SMALL, "knn"), "Take")
    assert "earlier" not in view.sentence.toolTip()
    hands.window.document.edit(choices.with_learner(SMALL, "decision_tree"), "Model")
    assert "earlier" in view.sentence.toolTip()


def test_what_cannot_be_done_is_a_sentence(open_window: Callable[..., Hands]) -> None:
    hands = open_window(set_values(SMALL, {"data.n_points": "4"}))
    view = opened(hands, "folds")
    run(hands, view)
    assert "fewer folds" in hands.status


def test_a_long_validation_is_cancelled_and_closing_ends_everything(open_window: Callable[..., Hands]) -> None:
    hands = open_window(set_values(SMALL, {"training.stop.max_epochs": str(10**9)}))
    view = opened(hands, "folds")
    hands.press(view.run_button)
    assert hands.window.validation.running
    hands.press(view.run_button)
    assert not hands.window.validation.running
    assert "cancelled" in hands.status
    hands.press(view.run_button)
    assert hands.window.validation.close()
    assert not [each for each in threading.enumerate() if each.name.startswith(("playground-runs", "playground-val"))]


def done_cells(view: ValidationView) -> int:
    """How many cells the heat map says that it has."""
    return int(view.heat.summary().partition(": ")[2].partition(" of ")[0])


def test_what_was_found_before_a_search_is_cancelled_stays_and_can_be_taken(open_window: Callable[..., Hands]) -> None:
    hands = open_window(SMALL)
    view = opened(hands, "search")
    search_grid(hands, view, (9, 9), epochs=500)
    hands.press(view.run_button)
    hands.wait(lambda: view.heat.summary() != view.heat.empty and done_cells(view) >= 2)
    assert view.run_button.text() == "Cancel"
    hands.press(view.run_button)
    assert view.run_button.text() == "Run"
    found = done_cells(view)
    assert 2 <= found < 81
    assert "stays" in view.sentence.toolTip()
    hands.wait(lambda: not multiprocessing.active_children())
    QTest.qWait(300)
    assert done_cells(view) == found
    click(view.heat.canvas, view.heat.cell_area(0, 0).center().toPoint())
    assert hands.window.document.experiment.learner.layers[0].units == 1  # type: ignore[union-attr]
    hands.press(view.run_button)
    hands.wait(lambda: view.heat.summary() != view.heat.empty and done_cells(view) >= 1)
    assert hands.window.validation.close()


# -- a cluster


def test_a_search_on_a_cluster_finds_what_one_here_finds(open_window: Callable[..., Hands]) -> None:
    hands = open_window(SMALL)
    view = opened(hands, "search")
    search_grid(hands, view, epochs=20)
    run(hands, view)
    here = [view.heat.tip_at(view.heat.cell_area(row, column).center()) for row in range(3) for column in range(2)]
    with local_cluster() as address:
        hands.window.validation.set_cluster(address)
        hands.press(view.run_button)
        assert view.sentence.toolTip().startswith(f"On the cluster at {address}.")
        hands.wait(lambda: not hands.window.validation.running, 60)
        assert "looked at once" in hands.status
    assert here == [
        view.heat.tip_at(view.heat.cell_area(row, column).center()) for row in range(3) for column in range(2)
    ]


def test_a_cluster_that_does_not_answer_is_said(
    open_window: Callable[..., Hands], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("engine.farms._ANSWER_SECONDS", 1)
    hands = open_window(SMALL)
    hands.window.validation.set_cluster("tcp://127.0.0.1:9")
    view = opened(hands, "learning")
    run(hands, view)
    assert "No Dask scheduler answers at 'tcp://127.0.0.1:9'" in hands.status
    hands.press(view.modes.button("folds"))
    run(hands, view)
    assert "5-fold cross-validation" in hands.status


# -- figures


def shown_colours(image: QImage) -> set[str]:
    step = max(1, image.width() // 96)
    return {
        image.pixelColor(x, y).name() for x in range(0, image.width(), step) for y in range(0, image.height(), step)
    }


def words(path: Path) -> str:
    """The text in an SVG that is text."""
    return " ".join("".join(each.itertext()) for each in ET.parse(path).getroot().iter() if each.tag.endswith("text"))


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("folds", ("training", "held out", "fold", "accuracy")),
        ("search", ("Learning rate", "Layer 1 units", "0.01", "0.1")),
        ("compare", ("Learner", "held out", "Gaussian naive Bayes", "95 % paired t")),
    ],
)
def test_what_validation_shows_is_a_figure_in_every_format(
    open_window: Callable[..., Hands], tmp_path: Path, mode: str, said: tuple[str, ...]
) -> None:
    from playground.export import write_figure

    hands = open_window(SMALL)
    view = opened(hands, mode)
    assert hands.window.evaluation.figure() is None
    if mode == "search":
        search_grid(hands, view)
    if mode == "compare":
        view.wish_changed.emit(replace(hands.window.validation.wish, learners=("naive_bayes", "knn")))
    run(hands, view)
    found = hands.window.evaluation.figure()
    assert found is not None
    content = replace(hands.window.files._figure(), paint_view=found[1])
    for suffix in (".png", ".svg", ".pdf"):
        write_figure(tmp_path / f"figure{suffix}", content, "view", scale=1)
    image = QImage(str(tmp_path / "figure.png"))
    assert (image.width(), image.height()) == (960, 480)
    assert len(shown_colours(image)) > 4
    text = words(tmp_path / "figure.svg")
    assert [word for word in said if word not in text] == []
    (page,) = PdfReader(tmp_path / "figure.pdf").pages
    assert (float(page.mediabox.width), float(page.mediabox.height)) == (720, 360)
    on_paper = "".join(page.extract_text().split())  # spaces are places there
    assert [word for word in said if word.replace(" ", "") not in on_paper] == []


def test_a_figure_does_not_show_where_the_keys_are(open_window: Callable[..., Hands]) -> None:
    hands = open_window(SMALL)
    view = opened(hands, "search")
    search_grid(hands, view)
    run(hands, view)
    pictures = []
    for focused in (view.run_button, view.heat.canvas):
        focused.setFocus()
        hands.do("file.copy_view")
        pictures.append(QApplication.clipboard().image())
    assert pictures[0] == pictures[1]


def test_a_heat_map_is_exported_by_the_menu_and_copied_as_a_picture(
    open_window: Callable[..., Hands], tmp_path: Path, answer: Callable[[Callable[[QWidget], None]], None]
) -> None:
    hands = open_window(SMALL, AppSettings(folder=str(tmp_path)))
    view = opened(hands, "search")
    search_grid(hands, view)
    run(hands, view)

    def choose_view(dialog: QWidget) -> None:
        box, buttons = dialog.findChild(QComboBox, "what"), dialog.findChild(QDialogButtonBox)
        assert isinstance(box, QComboBox)
        assert isinstance(buttons, QDialogButtonBox)
        box.setCurrentIndex(box.findText("Validation"))
        answer(type_file_name(tmp_path / "map.png"))
        QTest.mouseClick(buttons.button(QDialogButtonBox.StandardButton.Save), Qt.MouseButton.LeftButton)

    answer(choose_view)
    hands.do("file.export")
    hands.do("file.copy_view")
    copied = QApplication.clipboard().image()
    written = QImage(str(tmp_path / "map.png"))
    assert copied.size() == written.size()
    assert copied.convertToFormat(QImage.Format.Format_RGB32) == written.convertToFormat(QImage.Format.Format_RGB32)
    assert len(shown_colours(written)) > 4


def test_a_narrow_dock_shows_every_control_and_the_result_in_short(open_window: Callable[..., Hands]) -> None:
    hands = open_window(SMALL)
    view = opened(hands, "search")
    search_grid(hands, view)
    run(hands, view)
    dock = hands.window.evaluation.dock
    dock.setFloating(True)
    said = []
    for width in (1600, 1000, 640):
        dock.resize(width, 260)
        QApplication.processEvents()
        said.append(view.sentence.text())
        for box in (view.axes[0].combo, view.axes[0].count, view.measure_box):
            assert box.visibleRegion().boundingRect().width() == box.width()
    assert "Learning rate" in said[0]
    assert said[0].startswith(f"Take Learning rate {hands.status.split()[3]}")
    assert len(said[2]) < len(said[1]) <= len(said[0])
    assert said[1].startswith("Take Learning rate")
    assert "%" in said[2]
    assert view.sentence.toolTip() == hands.status


def test_a_validation_curve_follows_the_model_until_somebody_chooses(open_window: Callable[..., Hands]) -> None:
    hands = open_window(SMALL)
    view = opened(hands, "curve")

    def over() -> str:
        return hands.window.validation.wish.axes[2].path

    assert over() == "learner.layers.0.units"
    for kind, path in (("knn", "learner.k"), ("decision_tree", "learner.max_depth")):
        hands.window.document.edit(set_values(hands.window.document.experiment, {"learner.kind": kind}), "Model")
        hands.wait(lambda path=path: over() == path)  # type: ignore[misc]
    chosen = AxisWish("learner.min_samples_leaf", 1, 9, 3)
    wish = hands.window.validation.wish
    view.wish_changed.emit(replace(wish, axes=(*wish.axes[:2], chosen)))
    values = {"learner.kind": "random_forest"}
    hands.window.document.edit(set_values(hands.window.document.experiment, values), "Model")
    assert over() == "learner.min_samples_leaf"
