"""The left panel: what a person does becomes a wish; what is set is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QContextMenuEvent, QImage
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QLineEdit, QMenu, QWidget
from pytestqt.qtbot import QtBot

from engine.dataset import Points, Task
from engine.experiment import CHIPS, DrawnData, Experiment, GeneratedData, Preparation
from engine.palette import CLASS_COLOURS
from tests.widgets.clipping import cut_off
from widgets.data_panel import WIDTH, DataPanel
from widgets.gallery import GalleryEntry
from widgets.style import apply_theme
from widgets.theme import DARK, LIGHT
from widgets.tools import TOOLS

Show = Callable[..., Any]
WISHES = (
    "tool_chosen", "class_chosen", "class_renamed", "class_added", "class_removed", "data_set_chosen", "edited",
    "brush_changed", "target_chosen", "reseed_requested", "open_points_requested", "paste_points_requested",
    "clear_requested",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _light(qapp: QApplication) -> None:
    apply_theme(qapp, LIGHT)


@pytest.fixture
def panel(show: Show) -> DataPanel:
    made = DataPanel(TOOLS.values())
    made.set_gallery(entries())
    made.set_experiment(Experiment(), 2, (150, 150))
    made.set_tool("point")
    made.set_active_class(0)
    shown: DataPanel = show(made, 250, 900)
    return shown


@pytest.fixture
def wishes(panel: DataPanel) -> list[tuple[Any, ...]]:
    heard: list[tuple[Any, ...]] = []
    for name in WISHES:
        getattr(panel, name).connect(lambda *values, name=name: heard.append((name, *values)))
    return heard


def entries() -> list[GalleryEntry]:
    rng = np.random.default_rng(0)
    made = []
    for number in range(12):
        task: Task = "classification" if number < 6 else "regression"
        X = rng.uniform(-1, 1, (60, 2 if number < 9 else 1))
        y = (X[:, 0] > 0).astype(float) if number < 6 else X.sum(axis=1)
        made.append(GalleryEntry(f"set{number}", f"Set {number}", "Points.", task, (task,), X, y))
    return made


def button(panel: QWidget, name: str) -> QAbstractButton:
    return next(b for b in panel.findChildren(QAbstractButton) if b.accessibleName() == name)


def click(qtbot: QtBot, panel: QWidget, name: str) -> None:
    qtbot.mouseClick(button(panel, name), Qt.MouseButton.LeftButton)


@pytest.mark.parametrize("tool", list(TOOLS))
def test_a_click_on_a_tool_wishes_for_it(
    qtbot: QtBot, panel: DataPanel, wishes: list[tuple[Any, ...]], tool: str
) -> None:
    click(qtbot, panel, TOOLS[tool].title)  # type: ignore[index]
    assert wishes == [("tool_chosen", tool)]


@pytest.mark.parametrize(
    ("tool", "radius", "density"),
    [("point", False, False), ("spray", True, True), ("erase", True, False), ("lasso", False, False)],
)
def test_the_brush_is_shown_for_the_tools_that_have_one(
    panel: DataPanel, tool: str, radius: bool, density: bool
) -> None:
    panel.set_tool(tool)
    assert (panel.radius.isVisible(), panel.density.isVisible()) == (radius, density)


def test_the_brush_is_changed(qtbot: QtBot, panel: DataPanel, wishes: list[tuple[Any, ...]]) -> None:
    panel.set_tool("spray")
    panel.set_brush(28, 60)
    for row in (panel.radius, panel.density):
        row.control.setFocus()
        qtbot.keyClick(row.control.focusProxy(), Qt.Key.Key_Right)
    assert wishes == [("brush_changed", 29.0, 60.0), ("brush_changed", 29.0, 80.0)]


def test_classes_are_chosen_added_and_removed(qtbot: QtBot, panel: DataPanel, wishes: list[tuple[Any, ...]]) -> None:
    click(qtbot, panel, "Class B")
    click(qtbot, panel, "Add a class")
    panel.set_experiment(Experiment(data=DrawnData(class_names=("A", "B", "C"))), 2, (1, 2, 3))
    chip = panel.classes.chip(2)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, QPoint(5, 5), chip.mapToGlobal(QPoint(5, 5)))
    QApplication.sendEvent(chip, event)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    menu.actions()[1].trigger()
    menu.close()
    assert wishes == [("class_chosen", 1), ("class_added",), ("class_removed", 2)]


def test_two_classes_are_the_fewest_and_six_the_most(panel: DataPanel) -> None:
    chip = panel.classes.chip(0)
    QApplication.sendEvent(chip, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, QPoint(5, 5), QPoint(5, 5)))
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    assert not menu.actions()[1].isEnabled()
    menu.close()
    assert panel.classes.add_button.isVisible()
    panel.set_experiment(Experiment(data=DrawnData(class_names=tuple("ABCDEF"))), 2, (0,) * 6)
    assert len(panel.classes) == 6
    assert not panel.classes.add_button.isVisible()


@pytest.mark.parametrize("way", ["double-click", "F2"])
def test_a_class_is_renamed_in_place(qtbot: QtBot, panel: DataPanel, wishes: list[tuple[Any, ...]], way: str) -> None:
    chip = panel.classes.chip(0)
    if way == "F2":
        qtbot.keyClick(chip, Qt.Key.Key_F2)
    else:
        qtbot.mouseDClick(chip, Qt.MouseButton.LeftButton)
    editor = next(e for e in panel.findChildren(QLineEdit) if e.accessibleName() == "New name of class A")
    qtbot.keyClicks(editor, "Cats")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    assert wishes[-1] == ("class_renamed", 0, "Cats")


@pytest.mark.parametrize(("text", "key"), [("Cats", Qt.Key.Key_Escape), (" ", Qt.Key.Key_Return)])
def test_a_renaming_is_given_up(
    qtbot: QtBot, panel: DataPanel, wishes: list[tuple[Any, ...]], text: str, key: Qt.Key
) -> None:
    chip = panel.classes.chip(0)
    qtbot.keyClick(chip, Qt.Key.Key_F2)
    editor = next(e for e in panel.findChildren(QLineEdit) if e.accessibleName() == "New name of class A")
    qtbot.keyClicks(editor, text)
    qtbot.keyClick(editor, key)
    assert not editor.isVisible()
    assert wishes == []
    assert chip.text() == "A"


def test_a_chosen_class_is_painted_in_its_colour(panel: DataPanel, picture: Callable[[QWidget], QImage]) -> None:
    panel.set_active_class(1)
    chosen, other = (picture(panel.classes.chip(k)).pixelColor(24, 6) for k in (1, 0))
    assert chosen == QColor(*CLASS_COLOURS[1])
    assert other == QColor(LIGHT.raised)


def test_the_gallery_shows_the_tasks_own_data_sets_first(
    qtbot: QtBot, panel: DataPanel, wishes: list[tuple[Any, ...]]
) -> None:
    assert panel.gallery.thumbnail("set0").isVisible()
    assert not panel.gallery.thumbnail("set11").isVisible()
    click(qtbot, panel, "More data sets")
    assert panel.gallery.thumbnail("set11").isVisible()
    panel.gallery.fold.set_open(False)
    panel.set_experiment(Experiment(data=GeneratedData(generator="sine")), 1, ())
    assert panel.gallery.thumbnail("set11").isVisible()
    assert not panel.gallery.thumbnail("set5").isVisible()
    click(qtbot, panel, "Set 7")
    assert wishes == [("data_set_chosen", "set7")]
    assert not panel.gallery.thumbnail("set7").isChecked(), "the document decides which is in use"


def test_thumbnails_show_their_points_in_the_classes_colours(
    panel: DataPanel, picture: Callable[[QWidget], QImage]
) -> None:
    image = picture(panel.gallery.thumbnail("set0"))
    seen = {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}
    assert {QColor(*CLASS_COLOURS[0]).name(), QColor(*CLASS_COLOURS[1]).name()} <= seen
    assert QColor(*CLASS_COLOURS[2]).name() not in seen


def test_points_are_opened_pasted_cleared_and_drawn_anew(
    qtbot: QtBot, panel: DataPanel, wishes: list[tuple[Any, ...]]
) -> None:
    for name in ("Open table…", "Paste", "Clear", "New seed"):
        click(qtbot, panel, name)
    assert [name for name, *_ in wishes] == [
        "open_points_requested", "paste_points_requested", "clear_requested", "reseed_requested",
    ]  # fmt: skip


@pytest.mark.parametrize("name", CHIPS)
def test_a_feature_chip_adds_or_removes_its_feature(
    qtbot: QtBot, panel: DataPanel, wishes: list[tuple[Any, ...]], name: str
) -> None:
    click(qtbot, panel, f"Feature {name}")
    chips = {"x1", "x2"} ^ {name}
    assert wishes == [("edited", "preparation.chips", tuple(chip for chip in CHIPS if chip in chips), True)]


def test_with_one_input_only_its_features_are_offered(panel: DataPanel) -> None:
    panel.set_experiment(Experiment(data=GeneratedData(generator="sine")), 1, ())
    panel.set_folds({"features": True})
    shown = {name for name in CHIPS if button(panel, f"Feature {name}").isVisible()}
    assert shown == {"x1", "x1^2", "sin(x1)", "cos(x1)"}


@pytest.mark.parametrize(
    ("n_inputs", "counts", "classes", "target"), [(2, (1, 1), True, False), (1, (), False, False), (2, (), False, True)]
)
def test_classes_give_way_to_a_target_in_regression(
    panel: DataPanel, n_inputs: int, counts: tuple[int, ...], classes: bool, target: bool
) -> None:
    panel.set_experiment(Experiment(), n_inputs, counts)
    assert (panel.classes.isVisible(), panel.target.isVisible()) == (classes, target)


def test_the_target_is_chosen(qtbot: QtBot, panel: DataPanel, wishes: list[tuple[Any, ...]]) -> None:
    panel.set_experiment(Experiment(), 2, ())
    panel.set_target(0.0)
    qtbot.keyClick(panel.target.control.focusProxy(), Qt.Key.Key_Left)
    assert wishes == [("target_chosen", -0.05)]


def test_the_sample_is_of_no_use_for_drawn_points_and_says_so(panel: DataPanel) -> None:
    points = Points.empty(2).adding(np.zeros((1, 2), np.float32), np.zeros(1, np.float32))
    panel.set_experiment(Experiment(data=DrawnData(points=points)), 2, (1, 0))
    assert not panel.sample.isVisible()
    assert panel.shares.isEnabled()
    hints = [label.text() for label in panel.findChildren(QLabel) if label.isVisible()]
    assert any("drawn" in hint for hint in hints)


@pytest.mark.parametrize(
    "path",
    ["data", "data.points", "data.noise", "data.balance", "preparation", "preparation.test_share", "preparation.chips",
     "preparation.polynomial"],
)  # fmt: skip
def test_a_mark_is_seen_at_its_control(panel: DataPanel, path: str) -> None:
    assert panel.mark(path, "This is wrong: choose less.")
    assert "This is wrong: choose less." in [label.text() for label in panel.findChildren(QLabel) if label.isVisible()]
    assert panel.mark(path, None)
    assert "This is wrong: choose less." not in [
        label.text() for label in panel.findChildren(QLabel) if label.isVisible()
    ]


def test_a_mark_for_elsewhere_is_handed_back(panel: DataPanel) -> None:
    assert not panel.mark("training.loss.kind", "Not here.")


def test_setting_says_nothing(panel: DataPanel, wishes: list[tuple[Any, ...]]) -> None:
    panel.set_experiment(
        Experiment(data=GeneratedData(noise=0.5, seed=3), preparation=Preparation(chips=("x1",), polynomial=3)),
        2,
        (1, 2),
    )
    panel.set_tool("erase")
    panel.set_active_class(1)
    panel.set_brush(50, 100)
    panel.set_target(0.3)
    panel.set_gallery(entries())
    assert wishes == []


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("case", ["classes", "target", "drawn"])
def test_nothing_is_clipped_at_the_least_width(qapp: QApplication, panel: DataPanel, theme: Any, case: str) -> None:
    apply_theme(qapp, theme)
    experiment = Experiment(data=DrawnData(class_names=tuple("ABCDEF"))) if case == "drawn" else Experiment()
    panel.set_experiment(experiment, 2, {"classes": (5, 5), "target": (), "drawn": (1,) * 6}[case])
    panel.set_folds(dict.fromkeys(panel.folds(), True))
    panel.set_tool("spray")
    panel.resize(panel.minimumSizeHint().width(), 600)
    qapp.processEvents()
    content = panel.widget()
    assert content is not None
    assert content.width() <= panel.viewport().width()
    assert panel.width() <= WIDTH
    assert cut_off(content) == []


def test_folds_are_remembered(panel: DataPanel, show: Show) -> None:
    opened = dict.fromkeys(panel.folds(), True)
    assert set(opened) == {"data_sets", "tables", "sample", "features"}
    heard: list[tuple[str, bool]] = []
    panel.fold_toggled.connect(lambda name, is_open: heard.append((name, is_open)))
    panel.set_folds({**opened, "unknown": True})
    assert panel.folds() == opened
    assert sorted(heard) == [("data_sets", True), ("features", True), ("sample", True), ("tables", True)]


def test_every_control_has_a_name_and_a_tooltip(panel: DataPanel) -> None:
    for part in panel.findChildren(QWidget):
        own = part.window() is panel.window() and not isinstance(part, QLabel)  # not the lists of combo boxes
        if own and part.focusPolicy() & Qt.FocusPolicy.TabFocus:
            assert part.accessibleName(), part
            assert part.toolTip(), part
