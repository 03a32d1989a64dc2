"""How a person uses the controls of the panels, and reads what stands under them."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLineEdit, QMessageBox, QWidget

from tests.playground.conftest import Hands, found
from widgets.form import FieldRow
from widgets.sections import Sentence


def choose(box: QComboBox, key: str) -> None:
    """Open a combo box and click on the entry `key`."""
    box.showPopup()
    view = box.view()
    index = box.model().index(box.findData(key), 0)
    assert index.isValid(), f"there is no entry {key}"
    view.scrollTo(index)
    QTest.mouseClick(
        view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, view.visualRect(index).center()
    )
    QApplication.processEvents()


def choose_in(row: FieldRow, key: str) -> None:
    """Choose among the names of a row."""
    choose(found(row, QComboBox), key)


def type_into(row: FieldRow, text: str) -> None:
    """Type a number into a row and press Enter."""
    box = found(row, QLineEdit)
    box.setFocus()
    box.selectAll()
    QTest.keyClicks(box, text)
    QTest.keyClick(box, Qt.Key.Key_Return)
    QApplication.processEvents()


def marks(hands: Hands) -> list[str]:
    """The sentences that are seen under the controls."""
    hands.window.shown  # noqa: B018  everything is shown before it is read
    return [mark.text() for mark in hands.window.findChildren(Sentence) if mark.isVisible() and mark.text()]


def complaint(hands: Hands) -> str:
    """The sentence of the dialog that says what could not be done; the dialog is closed."""
    hands.wait(lambda: hands.window.findChild(QMessageBox, "complaint") is not None, 10)
    box = hands.find(QMessageBox, "complaint")
    text = f"{box.text()}\n{box.informativeText()}"
    QTest.mouseClick(box.button(QMessageBox.StandardButton.Ok), Qt.MouseButton.LeftButton)
    hands.wait(lambda: hands.window.findChild(QMessageBox, "complaint") is None, 10)
    return text


def drop(hands: Hands, path: Path) -> None:
    """Drag a file onto the window and let it go."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    at, no = hands.window.rect().center(), Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(at, Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, no)
    QApplication.sendEvent(hands.window, enter)
    assert enter.isAccepted()
    let_go = QDropEvent(QPointF(at), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, no)
    QApplication.sendEvent(hands.window, let_go)


def button_named(parent: QWidget, text: str) -> QAbstractButton:
    """The button of `parent` on which `text` stands."""
    return next(button for button in parent.findChildren(QAbstractButton) if button.text() == text)
