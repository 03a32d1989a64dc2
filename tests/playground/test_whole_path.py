"""The whole path by events: draw, play, edit while it learns, step, undo, save, reopen, export."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QDialog, QDialogButtonBox, QFileDialog, QLineEdit, QWidget

from engine.dataset import Part
from engine.experiment import DrawnData, Experiment
from engine.files import load_experiment
from tests.playground.conftest import Hands, found

Answer = Callable[[Callable[[QWidget], None]], None]
BLUE, ORANGE = (0, 114, 178), (230, 159, 0)


def type_file_name(path: Path) -> Callable[[QWidget], None]:
    """Answer a file dialog by typing a name and pressing Enter."""

    def reply(dialog: QWidget) -> None:
        assert isinstance(dialog, QFileDialog)
        box = found(dialog, QLineEdit, "fileNameEdit")
        box.clear()
        QTest.keyClicks(box, str(path))
        QTest.keyClick(box, Qt.Key.Key_Return)

    return reply


def nearer(colour: tuple[int, int, int]) -> str:
    """Which of the two class colours a colour of the field leans to."""
    return "blue" if colour[2] > colour[0] else "orange"


def share_learned(hands: Hands, since: int) -> float:
    """Of the training points from row `since` on, the share whose class the model on stage says."""
    shown = hands.window.shown
    if shown.predictions is None or shown.predictions.labels is None:
        return 0.0
    rows = shown.dataset.rows(Part.TRAIN)
    rows = rows[rows >= since]
    return float((shown.predictions.labels[rows] == shown.dataset.y[rows]).mean())


def draw_two_classes(hands: Hands) -> None:
    for x in np.linspace(-0.9, -0.3, 5):
        for y in (-0.5, 0.0, 0.5):
            hands.click(float(x), y)
            hands.click(-float(x), y, Qt.MouseButton.RightButton)


def test_from_the_first_point_to_the_exported_figure(
    open_window: Callable[..., Hands], answer: Answer, tmp_path: Path
) -> None:
    hands = open_window(Experiment(data=DrawnData()))
    window, transport = hands.window, hands.window.top_bar.transport

    # Draw two classes: left button the chosen class, right button the next.
    assert hands.n_points == 0
    draw_two_classes(hands)
    assert hands.n_points == 30
    assert np.bincount(window.shown.dataset.y.astype(int)).tolist() == [15, 15]
    assert hands.colour(-0.9, 0.5) == BLUE
    assert hands.colour(0.9, 0.5) == ORANGE

    # Play: the boundary comes between them.
    hands.press(transport.play_button)
    hands.wait(lambda: hands.epoch >= 60)
    assert hands.playing
    hands.wait(lambda: nearer(hands.colour(-0.6, 0.25)) == "blue" and nearer(hands.colour(0.6, 0.25)) == "orange")

    # Add points while it learns: the boundary follows, the epochs go on.
    run = window.bridge.run_id
    before = hands.epoch
    hands.key(Qt.Key.Key_2)
    hands.key(Qt.Key.Key_S)
    for _ in range(4):
        hands.drag(*[(-0.6 + 0.05 * step, 0.85) for step in range(8)])
        QTest.qWait(150)
    assert hands.n_points > 34
    hands.wait(lambda: share_learned(hands, since=30) > 0.8, 60)
    assert window.bridge.run_id == run
    assert hands.epoch > before

    # Erase them again while it learns: the boundary goes back.
    hands.key(Qt.Key.Key_E)
    with_spray = hands.n_points
    for y in (0.98, 0.85, 0.72):
        hands.drag(*[(-0.9 + 0.05 * step, y) for step in range(22)])
    assert hands.n_points < with_spray
    assert window.bridge.run_id == run
    hands.wait(lambda: nearer(hands.colour(-0.6, 0.25)) == "blue", 60)

    # Pause holds; a step is one minibatch.
    hands.press(transport.play_button)
    hands.wait(lambda: not hands.playing)
    hands.wait(lambda: window.training.snapshot is not None and not window.training.snapshot.playing)
    held = window.training.snapshot
    assert held is not None
    QTest.qWait(100)
    assert window.training.snapshot is held
    transport.step_menu.actions()[0].trigger()
    hands.wait(lambda: window.training.snapshot is not None and window.training.snapshot.step == held.step + 1)

    # Save, change, reopen.
    drawn = hands.n_points
    file = tmp_path / "drawn.playground"
    answer(type_file_name(file))
    hands.do("file.save")
    assert file.exists()
    assert not window.isWindowModified()
    saved = window.document.experiment

    # Undo everything, to the empty canvas; redo everything.
    while window.actions_.actions["edit.undo"].isEnabled():
        hands.do("edit.undo")
        window.shown  # noqa: B018
    assert hands.n_points == 0
    assert "no points" in hands.status
    while window.actions_.actions["edit.redo"].isEnabled():
        hands.do("edit.redo")
        window.shown  # noqa: B018
    assert hands.n_points == drawn
    assert window.document.experiment == saved

    hands.do("file.new")
    assert hands.n_points == 400
    answer(type_file_name(file))
    hands.do("file.open")
    assert hands.n_points == drawn
    assert window.document.experiment == saved == load_experiment(file)

    # Export what is learned.
    hands.press(transport.play_button)
    hands.wait(lambda: hands.epoch >= 40)
    hands.press(transport.play_button)
    for suffix in (".png", ".svg", ".pdf"):
        export(hands, answer, tmp_path / f"figure{suffix}")
    picture = QImage(str(tmp_path / "figure.png"))
    assert (picture.width(), picture.height()) == (1920, 1440)
    assert count_of(picture, BLUE) > 200
    assert count_of(picture, ORANGE) > 200
    drawing = ET.parse(tmp_path / "figure.svg").getroot()
    texts = ["".join(text.itertext()) for text in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert any("train" in text for text in texts)
    assert (tmp_path / "figure.pdf").read_bytes().startswith(b"%PDF-")


def export(hands: Hands, answer: Answer, path: Path) -> None:
    def choose_format(dialog: QWidget) -> None:
        assert isinstance(dialog, QDialog)
        box = found(dialog, QComboBox, "format")
        box.setCurrentIndex(box.findData(path.suffix))
        answer(type_file_name(path))
        buttons = found(dialog, QDialogButtonBox)
        QTest.mouseClick(buttons.button(QDialogButtonBox.StandardButton.Save), Qt.MouseButton.LeftButton)

    answer(choose_format)
    hands.do("file.export")
    assert path.exists()


def count_of(picture: QImage, colour: tuple[int, int, int]) -> int:
    """How many pixels have exactly that colour."""
    rgb = picture.convertToFormat(QImage.Format.Format_RGB888)
    lines = np.frombuffer(rgb.constBits(), np.uint8).reshape(rgb.height(), rgb.bytesPerLine())
    pixels = lines[:, : rgb.width() * 3].reshape(rgb.height(), rgb.width(), 3)
    return int((pixels == np.array(colour)).all(axis=2).sum())


def test_the_default_start_is_alive(hands: Hands) -> None:
    assert hands.n_points == 400
    hands.press(hands.window.top_bar.transport.play_button)
    hands.wait(lambda: hands.window.shown.metrics.get("test", {}).get("accuracy") is not None)
    hands.wait(lambda: hands.window.shown.metrics["test"]["accuracy"].value > 0.9)


@pytest.mark.parametrize("suffix", [".csv", ".playground"])
def test_a_file_dragged_onto_the_window_is_opened(hands: Hands, tmp_path: Path, suffix: str) -> None:
    from PySide6.QtCore import QMimeData, QPointF, QUrl
    from PySide6.QtGui import QDragEnterEvent, QDropEvent

    from engine.files import save_experiment

    path = tmp_path / f"three{suffix}"
    if suffix == ".csv":
        path.write_text("x1,x2,label\n0.1,0.2,cat\n0.3,0.4,dog\n0.5,0.6,cat\n")
    else:
        points = {"X": [[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]], "y": [0, 1, 0]}
        save_experiment(path, Experiment.model_validate({"data": {"source": "drawn", "points": points}}))
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    no = Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(hands.window.rect().center(), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, no)
    QApplication.sendEvent(hands.window, enter)
    assert enter.isAccepted()
    drop = QDropEvent(
        QPointF(hands.window.rect().center()), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, no
    )
    QApplication.sendEvent(hands.window, drop)
    hands.wait(lambda: hands.n_points == 3)
    if suffix == ".csv":
        assert hands.window.shown.dataset.class_names == ("cat", "dog")
