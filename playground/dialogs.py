"""The dialogs: sentences, questions, reports."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMessageBox,
    QPlainTextEdit,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from engine.mailbox import Failure
from playground import doctor
from widgets.tools import TOOLS

Range = tuple[float, float]


def complain(parent: QWidget, title: str, sentence: str) -> None:
    """Say what could not be done and what to change."""
    box = QMessageBox(QMessageBox.Icon.Warning, "Playground", title, QMessageBox.StandardButton.Ok, parent)
    box.setObjectName("complaint")
    box.setInformativeText(sentence)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.open()


def show_failure(parent: QWidget, failure: object) -> None:
    """The sentence of an error in a learner, and a report to copy."""
    if isinstance(failure, Failure):
        show_report(parent, failure.sentence, f"{failure.report}\n{doctor.text()}")


def show_report(parent: QWidget | None, sentence: str, report: str) -> None:
    """An error that is ours: a sentence, and a report that can be copied. The window lives on."""
    _text_dialog(parent, "Something went wrong", f"{sentence}\n\nNothing is lost: the next run starts afresh.", report)


def show_doctor(parent: QWidget) -> None:
    _text_dialog(parent, "System report", "What Playground runs on:", doctor.text())


def _text_dialog(parent: QWidget | None, title: str, sentence: str, text: str) -> None:
    dialog = QDialog(parent)
    dialog.setObjectName("report")
    dialog.setWindowTitle(title)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.resize(620, 420)
    label = QLabel(sentence)
    label.setWordWrap(True)
    box = QPlainTextEdit(text)
    box.setReadOnly(True)
    box.setAccessibleName("Report")
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    copy = buttons.addButton("Copy report", QDialogButtonBox.ButtonRole.ActionRole)
    copy.clicked.connect(box.selectAll)
    copy.clicked.connect(box.copy)
    buttons.rejected.connect(dialog.reject)
    layout = QVBoxLayout(dialog)
    layout.addWidget(label)
    layout.addWidget(box, 1)
    layout.addWidget(buttons)
    dialog.open()


def ask_to_save(parent: QWidget, name: str) -> Literal["save", "discard", "cancel"]:
    """Whether to save before the document is closed."""
    box = QMessageBox(parent)
    box.setObjectName("ask_to_save")
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle("Playground")
    box.setText(f"Save “{name}” before closing?")
    box.setInformativeText("Otherwise what has changed since it was last saved is lost.")
    buttons = QMessageBox.StandardButton
    box.setStandardButtons(buttons.Save | buttons.Discard | buttons.Cancel)
    box.setDefaultButton(buttons.Save)
    answer = box.exec()
    box.deleteLater()
    if answer == buttons.Save:
        return "save"
    return "discard" if answer == buttons.Discard else "cancel"


def ask_for_file_to_open(parent: QWidget, folder: str) -> Path | None:
    dialog = _file_dialog(parent, "Open", folder)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.setNameFilters(["Experiments and points (*.playground *.csv *.tsv *.txt)", "All files (*)"])
    return _chosen(dialog)


def ask_for_file_to_save(parent: QWidget, title: str, proposal: Path, kinds: Sequence[tuple[str, str]]) -> Path | None:
    """Ask where to save; `kinds` are (description, suffix with its dot), the first one the default."""
    dialog = _file_dialog(parent, title, str(proposal.parent))
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setFileMode(QFileDialog.FileMode.AnyFile)
    dialog.setNameFilters([f"{description} (*{suffix})" for description, suffix in kinds])
    dialog.setDefaultSuffix(kinds[0][1].lstrip("."))
    dialog.selectFile(proposal.name)
    return _chosen(dialog)


def _file_dialog(parent: QWidget, title: str, folder: str) -> QFileDialog:
    dialog = QFileDialog(parent, title, folder)
    dialog.setObjectName("file_dialog")
    if QGuiApplication.platformName() in ("offscreen", "minimal"):
        dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
    return dialog


def _chosen(dialog: QFileDialog) -> Path | None:
    accepted = dialog.exec() == QDialog.DialogCode.Accepted
    names = dialog.selectedFiles()
    dialog.deleteLater()
    return Path(names[0]) if accepted and names else None


def ask_for_ranges(parent: QWidget, x_range: Range, y_range: Range) -> tuple[Range, Range] | None:
    """The part of the plane in view, as numbers; None if it is to stay."""
    dialog = QDialog(parent)
    dialog.setObjectName("axis_ranges")
    dialog.setWindowTitle("Axis ranges")
    form = QFormLayout()
    titles = ("Left", "Right", "Bottom", "Top")
    boxes = [QLineEdit(f"{value:.6g}") for value in (*x_range, *y_range)]
    for title, box in zip(titles, boxes, strict=True):
        box.setAccessibleName(title)
        form.addRow(title, box)
    problem = QLabel()
    problem.setObjectName("problem")
    problem.setWordWrap(True)
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
    layout = QVBoxLayout(dialog)
    layout.addLayout(form)
    layout.addWidget(problem)
    layout.addWidget(buttons)
    answer: list[tuple[Range, Range]] = []

    def accept() -> None:
        try:
            left, right, bottom, top = (float(box.text().replace(",", ".")) for box in boxes)
        except ValueError:
            problem.setText("Each of the four is a number, such as -1.5.")
            return
        if not (-1e9 < left < right < 1e9 and -1e9 < bottom < top < 1e9):
            problem.setText("Left must be smaller than right, and bottom smaller than top.")
            return
        answer.append(((left, right), (bottom, top)))
        dialog.accept()

    buttons.accepted.connect(accept)
    buttons.rejected.connect(dialog.reject)
    dialog.exec()
    dialog.deleteLater()
    return answer[0] if answer else None


def ask_for_figure(parent: QWidget, views: Sequence[str] = ()) -> dict[str, str] | None:
    """What to export: the answers by name (what, format, scale, theme), or None.

    `views` are what the panes beside the stage and the view in front under it are called: they are offered, too.
    """
    dialog = QDialog(parent)
    dialog.setObjectName("export_figure")
    dialog.setWindowTitle("Export figure")
    form = QFormLayout()
    figures = (("stage", "Stage"), ("curves", "Curves"), ("both", "Stage and curves"))
    fields: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
        "what": ("Figure", (*figures, *((view, view) for view in views))),
        "format": ("Format", ((".png", "PNG (pixels)"), (".svg", "SVG (drawing)"), (".pdf", "PDF (document)"))),
        "scale": ("Resolution", (("1", "1×"), ("2", "2×"), ("3", "3×"), ("4", "4×"))),
        "theme": ("Theme", (("light", "Light"), ("dark", "Dark"))),
    }
    boxes: dict[str, QComboBox] = {}
    for name, (title, entries) in fields.items():
        box = QComboBox()
        box.setObjectName(name)
        box.setAccessibleName(title)
        for value, text in entries:
            box.addItem(text, value)
        form.addRow(title, box)
        boxes[name] = box
    boxes["scale"].setCurrentIndex(1)
    boxes["scale"].setToolTip("Pixels for each unit of length; SVG and PDF are sharp at every size.")
    boxes["format"].currentIndexChanged.connect(lambda index: boxes["scale"].setEnabled(index == 0))
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel)
    buttons.accepted.connect(dialog.accept)
    buttons.rejected.connect(dialog.reject)
    layout = QVBoxLayout(dialog)
    layout.addLayout(form)
    layout.addWidget(buttons)
    accepted = dialog.exec() == QDialog.DialogCode.Accepted
    answers = {name: str(box.currentData()) for name, box in boxes.items()}
    dialog.deleteLater()
    return answers if accepted else None


def show_shortcuts(parent: QWidget, shortcuts: Sequence[tuple[str, str]]) -> None:
    """Every key, in a table: those of actions (what, key), and those of the stage."""
    rows = [
        *shortcuts,
        *((f"{tool.title} tool", tool.shortcut) for tool in TOOLS.values()),
        ("Draw with the keyboard", "Arrows move the cross, Space or Enter draws"),
        ("Class, or relabel the selected points", "1 to 6"),
    ]
    dialog = QDialog(parent)
    dialog.setObjectName("shortcuts")
    dialog.setWindowTitle("Keyboard shortcuts")
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.resize(560, 560)
    table = QTableWidget(len(rows), 2)
    table.setAccessibleName("Keyboard shortcuts")
    table.setHorizontalHeaderLabels(["What", "Keys"])
    table.verticalHeader().hide()
    table.setShowGrid(False)
    table.setAlternatingRowColors(True)
    table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
    table.horizontalHeader().setHighlightSections(False)
    table.setSelectionMode(QTableWidget.SelectionMode.NoSelection)
    table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
    for row, (text, keys) in enumerate(rows):
        table.setItem(row, 0, QTableWidgetItem(text))
        table.setItem(row, 1, QTableWidgetItem(keys))
    table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
    table.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
    layout = QVBoxLayout(dialog)
    layout.addWidget(table)
    dialog.open()


def show_about(parent: QWidget) -> None:
    box = QMessageBox(QMessageBox.Icon.NoIcon, "About Playground", "Playground", QMessageBox.StandardButton.Ok, parent)
    box.setObjectName("about")
    box.setInformativeText("Draw points, choose a model and a loss, press play, and watch it learn.")
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.open()
