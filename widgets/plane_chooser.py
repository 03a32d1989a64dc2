"""Which plane of data of many inputs the stage shows: two features, or two principal components."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from engine.experiment import PlaneSettings
from widgets.form import Form, tooltip_html
from widgets.sections import QuietComboBox
from widgets.style import scaled

_PATH = "view.plane"
_AXES = (("horizontal", "Horizontal"), ("vertical", "Vertical"))


class PlaneChooser(QWidget):
    """The kind of plane, and its axes where it is a pair of features. It raises wishes and decides nothing.

    Parameters
    ----------
    label_width : the width of the labels' column in pixels at the usual font size.
    """

    edited = Signal(str, object, bool)
    """A path in the document, the value, and whether it is final."""

    def __init__(self, label_width: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: tuple[str, ...] = ()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self.kind = Form(PlaneSettings, _PATH, ("kind", "standardize"), label_width=label_width)
        self.rest = Form(PlaneSettings, _PATH, ("rest", "row"), label_width=label_width)
        self._axes = QWidget()
        grid = QGridLayout(self._axes)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(4)
        grid.setColumnMinimumWidth(0, scaled(label_width) + 4)
        self._boxes: dict[str, QuietComboBox] = {}
        for row, (name, title) in enumerate(_AXES):
            info = PlaneSettings.model_fields[name]
            box, label = QuietComboBox(), QLabel(title)
            box.setAccessibleName(title)
            box.setToolTip(tooltip_html(info.description or ""))
            box.setProperty("axis", name)
            box.activated.connect(self._on_axis_activated)
            label.setBuddy(box)
            grid.addWidget(label, row, 0)
            grid.addWidget(box, row, 1)
            self._boxes[name] = box
        grid.setColumnStretch(1, 1)
        for part in (self.kind, self._axes, self.rest):
            column.addWidget(part)
        self.kind.edited.connect(self.edited)
        self.rest.edited.connect(self.edited)

    def axis(self, name: str) -> QuietComboBox:
        """The box of the "horizontal" or the "vertical" axis."""
        return self._boxes[name]

    def set_plane(self, settings: PlaneSettings, names: tuple[str, ...], axes: tuple[int, int]) -> None:
        """Show `settings` for inputs called `names`, of which `axes` are on the axes; nothing is emitted."""
        self.kind.set_value(settings)
        self.rest.set_value(settings)
        is_pair = settings.kind == "pair"
        self._axes.setVisible(is_pair)
        self.rest.setVisible(is_pair)
        self.rest.row("row").setVisible(is_pair and settings.rest == "row")
        if names != self._names:
            self._names = names
            for box in self._boxes.values():
                with QSignalBlocker(box):
                    box.clear()
                    box.addItems(list(names))
        for box, index in zip(self._boxes.values(), axes, strict=True):
            with QSignalBlocker(box):
                box.setCurrentIndex(index)

    def _on_axis_activated(self, index: int) -> None:
        box = self.sender()
        if isinstance(box, QuietComboBox):
            self.edited.emit(f"{_PATH}.{box.property('axis')}", self._names[index], True)
