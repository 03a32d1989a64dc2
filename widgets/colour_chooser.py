"""What colours the points: what is known of them, a feature, or how badly a projection keeps them."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from engine.dataset import Task
from engine.experiment import ERROR, View
from widgets.form import tooltip_html
from widgets.sections import QuietComboBox
from widgets.style import scaled

_KNOWN: dict[Task, str] = {
    "classification": "Class", "regression": "Target", "clustering": "Cluster", "projection": "Class or target",
}  # fmt: skip


class ColourChooser(QWidget):
    """A box of what points can be coloured by. It raises wishes and decides nothing.

    Parameters
    ----------
    label_width : the width of the label's column in pixels at the usual font size.
    """

    edited = Signal(str, object, bool)
    """The path "view.colour_by", the name, True."""

    def __init__(self, label_width: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._offered: tuple[tuple[str, str], ...] = ()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 4, 0, 0)
        row.setSpacing(4)
        label = QLabel("Colour by")
        label.setFixedWidth(scaled(label_width))
        self.box = QuietComboBox()
        self.box.setAccessibleName("Colour by")
        self.box.setToolTip(tooltip_html("What colours the points, on the stage and beside it."))
        self.box.activated.connect(self._on_activated)
        label.setBuddy(self.box)
        row.addWidget(label)
        row.addWidget(self.box, 1)

    def set_colours(self, chosen: str, task: Task, names: tuple[str, ...]) -> None:
        """Offer what there is in `task` and the features `names`; nothing is emitted."""
        error = (("Reconstruction error", ERROR),) if task == "projection" else ()
        offered = ((_KNOWN[task], View().colour_by), *error, *((name, name) for name in names))
        with QSignalBlocker(self.box):
            if offered != self._offered:
                self._offered = offered
                self.box.clear()
                for title, key in offered:
                    self.box.addItem(title, key)
            self.box.set_key(chosen)
            if self.box.currentIndex() < 0:
                self.box.setCurrentIndex(0)

    def _on_activated(self, index: int) -> None:
        self.edited.emit("view.colour_by", self.box.itemData(index), True)
