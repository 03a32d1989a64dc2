"""Panes beside the stage: a frame with a name and a way to close it, and the pane that shows scores."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QPainter, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from engine.dataset import Dataset
from engine.experiment import View
from engine.learner import Prediction
from engine.overlays import Overlay
from widgets.form import tooltip_html
from widgets.icons import icon
from widgets.sections import ElidedLabel, QuietComboBox, chip
from widgets.stage import Stage
from widgets.stage_geometry import Range, fitted_range
from widgets.stage_points import Rows
from widgets.style import scaled
from widgets.theme import Theme

_SELECTING = ("select", "lasso")
_LEAST_STACK = 6.0
"""Points; stacks that are lower are not drawn out to the height of the plot."""
_GROUND = 0.06
"""Below stacked points, as a share of the highest stack; above them there is twice as much."""
_LEAST_BOX = 44
"""Pixels; a box of scores shrinks no further."""
_ROOMY = 0.55
"""Points that fill less than this share of what is in view are fitted anew."""


class Pane(QWidget):
    """One view beside the stage, under its name.

    Parameters
    ----------
    key, title : what it is.
    body : the view.
    """

    closed = Signal(str)
    """Its key: a person wants it gone."""

    def __init__(self, key: str, title: str, body: QWidget) -> None:
        super().__init__()
        self.key, self.title, self.body = key, title, body
        self.setObjectName(f"pane_{key}")
        self.heading = ElidedLabel()
        self.heading.set_texts((title,))
        self.heading.setProperty("look", "heading")
        self.controls = QHBoxLayout()
        self.controls.setSpacing(4)
        self.close_button = QToolButton()
        self.close_button.setProperty("look", "small")
        self.close_button.setToolTip(tooltip_html(f"Takes {title.lower()} away; the chips under “Show” bring it back."))
        self.close_button.setAccessibleName(f"Close {title.lower()}")
        self.close_button.clicked.connect(lambda: self.closed.emit(self.key))
        self.buttons = QHBoxLayout()
        self.buttons.setSpacing(4)
        self.buttons.addWidget(self.close_button)
        self._head = QHBoxLayout()
        self._head.setContentsMargins(2, 0, 0, 0)
        self._head.setSpacing(6)
        self._head.addWidget(self.heading, 1)
        self._head.addLayout(self.controls)
        self._head.addLayout(self.buttons)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(3)
        self._column.addLayout(self._head)
        self._column.addWidget(body, 1)

    def lay_out_controls(self) -> None:
        """Give the controls a line of their own where the name would have no room beside them."""
        name = self.heading.fontMetrics().horizontalAdvance(self.title)
        controls, buttons = self.controls.sizeHint().width(), self.buttons.sizeHint().width()
        is_narrow = controls > 0 and name + controls + buttons + 3 * self._head.spacing() > self.width()
        if is_narrow == (self._column.indexOf(self.controls) >= 0):
            return
        if is_narrow:
            self._head.removeItem(self.controls)
            self._column.insertLayout(1, self.controls)
        else:
            self._column.removeItem(self.controls)
            self._head.insertLayout(1, self.controls)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay out the controls for the new width."""
        super().resizeEvent(event)
        self.lay_out_controls()

    def render_figure(self, painter: QPainter, target: QRectF, theme: Theme) -> None:
        """Paint a figure of it into `target`, in the colours of a theme."""
        body = self.body
        if isinstance(body, LinkedStage):
            body.render_in(painter, target, theme)
        else:
            mine: Theme = body.theme  # type: ignore[attr-defined]
            body.set_theme(theme)  # type: ignore[attr-defined]
            body.render_figure(painter, target)  # type: ignore[attr-defined]
            body.set_theme(mine)  # type: ignore[attr-defined]

    def set_theme(self, theme: Theme) -> None:
        """Paint in other colours and sizes."""
        self.close_button.setIcon(icon("close", theme, 14))
        self.body.set_theme(theme)  # type: ignore[attr-defined]


class LinkedStage(Stage):
    """A stage on which points can be looked at, selected and erased, and are not drawn.

    It fits its points when there are others of them, or they have moved out of sight or close together, unless a
    person has zoomed; a double click fits them again.
    """

    def __init__(self, title: str, theme: Theme) -> None:
        super().__init__(theme)
        self._zoomed_by_hand = False
        self._told: tuple[Range, Range] | None = None
        self._wanted: tuple[Range, Range] | None = None
        self._equal_units = True
        self._axes: tuple[object, ...] = ()
        self.set_title(title)
        self.set_tool("select")
        self.setMinimumSize(120, 90)
        self.tool_chosen.connect(self._on_tool_chosen)
        self.range_changed.connect(self._on_range_changed)
        self.fit_requested.connect(self.fit)

    def render_in(self, painter: QPainter, target: QRectF, theme: Theme) -> None:
        """Paint a figure of it, in the colours of a theme."""
        mine = self.figure.theme
        self.figure.theme = theme
        self.render_figure(painter, target)
        self.figure.theme = mine

    def fit(self) -> None:
        """Fit the points now and from now on."""
        self._zoomed_by_hand = False
        self.show_range(*self._fitted(self._equal_units), equal_units=self._equal_units)

    def _fitted(self, equal_units: bool) -> tuple[Range, Range]:
        """The part of the plane that shows every point; of points that are stacked with the ground they stand on."""
        x_range, y_range = fitted_range(self.figure.dataset)
        if equal_units or len(self.figure.dataset.points) == 0:
            return x_range, y_range
        top = max(_LEAST_STACK, float(self.figure.dataset.X[:, 1].max()))
        return x_range, (-_GROUND * top, (1 + 2 * _GROUND) * top)

    def follow(self, equal_units: bool) -> None:
        """Fit the points if they are out of sight, or close together in it."""
        axes = (equal_units, *self.figure.axis_names())
        if axes != self._axes:  # what was zoomed into is not there any more
            self._axes, self._equal_units, self._zoomed_by_hand, self._told = axes, equal_units, False, None
        if self._zoomed_by_hand or len(self.figure.dataset.points) == 0:
            return
        wanted = self._fitted(equal_units)
        shown = self.figure.x_range, self.figure.y_range
        inside = all(s[0] <= w[0] and w[1] <= s[1] for s, w in zip(shown, wanted, strict=True))
        filled = max((w[1] - w[0]) / (s[1] - s[0]) for s, w in zip(shown, wanted, strict=True))
        if self._told is None or not inside or filled < _ROOMY:
            self.show_range(*wanted, equal_units=equal_units)

    def show_range(self, x_range: Range, y_range: Range, equal_units: bool = True) -> None:
        """Show a part of the plane that no hand has chosen."""
        self._told, self._wanted = None, (x_range, y_range)
        if equal_units:
            self._told = self.set_range_with_equal_units(x_range, y_range)
        else:
            self.set_range(x_range, y_range)
            self._told = x_range, y_range

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit what was fitted into the new shape."""
        self._told = None
        super().resizeEvent(event)
        if self._wanted is not None and not self._zoomed_by_hand:
            self.show_range(*self._wanted, equal_units=self._equal_units)

    def _on_range_changed(self, x_range: Range, y_range: Range) -> None:
        if self._told is not None and (x_range, y_range) != self._told:
            self._zoomed_by_hand = True

    def _on_tool_chosen(self, tool: str) -> None:
        if tool in _SELECTING:
            self.set_tool(tool)  # type: ignore[arg-type]


class ScorePane(Pane):
    """The points where their scores put them, with a choice of the two scores, and the loadings.

    Parameters
    ----------
    theme : colours and sizes.
    """

    edited = Signal(str, object, bool)
    """A path in the document, the value, True."""

    def __init__(self, theme: Theme) -> None:
        self.stage = LinkedStage("Projection", theme)
        super().__init__("projection", "Projection", self.stage)
        self.horizontal, self.vertical = QuietComboBox(), QuietComboBox()
        for box, name, path in (
            (self.horizontal, "Horizontal score", "view.horizontal_score"),
            (self.vertical, "Vertical score", "view.vertical_score"),
        ):
            box.setAccessibleName(name)
            box.setToolTip(tooltip_html(f"{View.model_fields[path.removeprefix('view.')].description}"))
            box.setProperty("path", path)
            box.setMinimumWidth(scaled(_LEAST_BOX))
            box.activated.connect(self._on_activated)
        self._times = QLabel("×")
        self.loadings = chip("Loadings", tooltip_html(str(View.model_fields["loadings"].description)), "Loadings")
        self.loadings.clicked.connect(lambda checked: self.edited.emit("view.loadings", checked, True))
        for widget in (self.horizontal, self._times, self.vertical):
            self.controls.addWidget(widget)
        self.controls.addStretch(1)
        self.buttons.insertWidget(0, self.loadings)
        self.set_theme(theme)

    def set_scores(self, names: tuple[str, ...], horizontal: int, vertical: int, loadings: bool | None) -> None:
        """Offer scores called `names`, of which two (from 0) are along the axes; `loadings` None: there are none."""
        for box, index in ((self.horizontal, horizontal), (self.vertical, vertical)):
            with QSignalBlocker(box):
                if [box.itemText(row) for row in range(box.count())] != list(names):
                    box.clear()
                    box.addItems(list(names))
                    box.setMinimumContentsLength(max(map(len, names), default=0))
                box.setCurrentIndex(min(index, len(names) - 1))
        for widget in (self.horizontal, self._times, self.vertical):
            widget.setVisible(len(names) > 2)
        self.loadings.setVisible(loadings is not None)
        self.loadings.setChecked(bool(loadings))
        self.lay_out_controls()

    def set_content(
        self,
        dataset: Dataset,
        coloured: Dataset | None,
        predictions: Prediction | None,
        overlays: tuple[Overlay, ...],
        *,
        equal_units: bool,
        message: str = "",
    ) -> None:
        """Show points, fitted anew where they have left what is in view."""
        show_points(self.stage, dataset, coloured, predictions, overlays, message)
        self.stage.follow(equal_units)

    def _on_activated(self, index: int) -> None:
        box = self.sender()
        if isinstance(box, QuietComboBox):
            self.edited.emit(box.property("path"), index + 1, True)


class ReconstructionPane(Pane):
    """The points where they would lie if their scores were all that is known, in the same part of the plane as they.

    Parameters
    ----------
    theme : colours and sizes.
    """

    def __init__(self, theme: Theme) -> None:
        self.stage = LinkedStage("Reconstruction", theme)
        super().__init__("reconstruction", "Reconstruction", self.stage)
        self.set_theme(theme)

    def set_content(
        self,
        dataset: Dataset,
        coloured: Dataset | None,
        predictions: Prediction | None,
        overlays: tuple[Overlay, ...],
        ranges: tuple[Range, Range],
        message: str = "",
    ) -> None:
        """Show points in a part of the plane."""
        show_points(self.stage, dataset, coloured, predictions, overlays, message)
        self.stage.show_range(*ranges)


def show_points(
    stage: Stage,
    dataset: Dataset,
    coloured: Dataset | None,
    predictions: Prediction | None,
    overlays: tuple[Overlay, ...],
    message: str,
) -> None:
    """Show these points, or the message where there are none."""
    selection: Rows = stage.figure.selection
    with QSignalBlocker(stage):  # that a selected point is elsewhere is no wish
        stage.set_dataset(dataset, coloured)
        stage.set_selection(np.asarray(selection[selection < len(dataset.points)], np.intp))
    stage.set_predictions(predictions)
    stage.set_overlays(overlays)
    stage.set_message(message)
    stage.setCursor(Qt.CursorShape.CrossCursor)
