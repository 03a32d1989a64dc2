"""Chips of classes: the chosen one is bold, and its name still has room."""

from __future__ import annotations

from PySide6.QtGui import QFont, QFontMetrics
from pytestqt.qtbot import QtBot

from widgets.class_chips import ClassChip


def test_the_name_of_the_chosen_class_has_room_though_it_is_bold(qtbot: QtBot) -> None:
    chip, other = ClassChip(0), ClassChip(1)
    qtbot.addWidget(chip)
    qtbot.addWidget(other)
    bold = QFont(chip.font())
    bold.setBold(True)
    for each, name in ((chip, "Cluster 1"), (other, "")):
        each.set_class(name, 3, removable=True)
    room = chip.sizeHint().width() - other.sizeHint().width()
    assert room >= QFontMetrics(bold).horizontalAdvance("Cluster 1")
    chip.setChecked(True)
    assert chip.sizeHint().width() - other.sizeHint().width() == room, "nothing moves when another is chosen"
