"""The validation view: on the left what is to be done, on the right what comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QFont, QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from engine.folds import Scheme
from engine.validation_settings import ValidationSettings
from widgets.axis_editor import AxisEditor
from widgets.comparison_table import ComparisonTable
from widgets.flow import FlowLayout
from widgets.form import Form
from widgets.heat_map import HeatMap
from widgets.picture_view import PictureView
from widgets.score_chart import ScoreChart
from widgets.sections import ElidedLabel, Fold, QuietComboBox, Segmented, chip
from widgets.style import scaled, set_look
from widgets.theme import LIGHT, Theme
from widgets.validation_values import (
    ComparisonPicture,
    HeatPicture,
    Mode,
    ParameterEntry,
    Picture,
    ScorePicture,
    ValidationWish,
)

_MODES: tuple[tuple[Mode, str, str], ...] = (
    ("folds", "Cross-validate", "Score the model on points that it was not trained on, each part of them in turn."),
    ("search", "Search", "Try values of one or two hyper-parameters, and take the best."),
    ("learning", "Learning curve", "The score against the number of training points."),
    ("curve", "Validation curve", "The score against one hyper-parameter: from underfitting to overfitting."),
    ("compare", "Compare", "Several learners on the same folds."),
)
_SHOWN_SETTINGS: dict[Mode, tuple[str, ...]] = {
    "folds": ("epochs",),
    "search": ("epochs", "method", "tries", "rule"),
    "learning": ("epochs", "sizes"),
    "curve": ("epochs", "rule"),
    "compare": ("epochs",),
}
_LEFT_WIDTH, _LABEL_WIDTH = 300, 74
_MOST_CHIPS = 20
_STALE = "Of an earlier experiment: run it again."
_NARROW, _LEAST_PICTURE = 760, 190
_SHORT: dict[Mode, str] = {
    "folds": "Folds", "search": "Search", "learning": "Sizes", "curve": "Curve", "compare": "Compare"
}  # fmt: skip


class ValidationView(QWidget):
    """Cross-validation, search, curves and comparison behind one tab."""

    wish_changed = Signal(object)
    """A `ValidationWish`: something else was chosen on the left."""
    run_requested = Signal()
    cancel_requested = Signal()
    item_chosen = Signal(int, int)
    """A wish: to take what was clicked into the document; row and column of a cell, else 0 and the place."""
    fold_chosen = Signal(int)
    """A wish: to select the points that a fold holds out; -1 for none."""

    def __init__(self, theme: Theme = LIGHT) -> None:
        super().__init__()
        self.setAccessibleName("Validation")
        self.setMinimumSize(420, 110)
        self._wish = ValidationWish()
        self._theme = theme
        self._fold_chips: list[Any] = []
        self.modes = Segmented(_MODES)
        self.modes.chosen.connect(self._on_mode_chosen)
        self.run_button = QPushButton("Run")
        self.run_button.setAccessibleName("Run the validation")
        self.run_button.clicked.connect(self._on_run_clicked)
        self.progress = QProgressBar()
        self.progress.setRange(0, 1000)
        self.progress.setFixedWidth(90)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName("How much of the validation is done")
        self.sentence = ElidedLabel()
        self.scores, self.heat, self.table = ScoreChart(theme), HeatMap(theme), ComparisonTable(theme)
        self.scores.place_chosen.connect(self._on_place_chosen)
        self.heat.cell_chosen.connect(self.item_chosen)
        self.table.learner_chosen.connect(self._on_place_chosen)
        self._is_running = self._has_picture = self._is_stale = False
        self._said: tuple[str, ...] = ("",)
        self._make_settings()
        self._lay_out()
        self.set_wish(self._wish)
        self.set_running(False)
        self.set_theme(theme)

    def sizeHint(self) -> QSize:
        return QSize(900, 230)

    # -- building --------------------------------------------------------------------------------------------------

    def _make_settings(self) -> None:
        fold = Fold("validation_fold")
        self.scheme_form = Form(Scheme, "scheme", fold=fold, label_width=_LABEL_WIDTH)
        self.scheme_form.edited.connect(self._on_scheme_edited)
        self.settings_form = Form(ValidationSettings, "settings", label_width=_LABEL_WIDTH)
        self.settings_form.edited.connect(self._on_settings_edited)
        self.measure_box = QuietComboBox()
        self.measure_box.setAccessibleName("Measure")
        self.measure_box.setToolTip("What the models are judged by.")
        self.measure_box.activated.connect(self._on_measure_chosen)
        self._measure_label = QLabel("Measure")
        self._measure_label.setBuddy(self.measure_box)
        self.axes = (AxisEditor("Across"), AxisEditor("Up", optional=True), AxisEditor("Setting"))
        for axis in self.axes:
            axis.edited.connect(self._on_axis_edited)
        self._learners = QWidget()
        self._learners_column = QVBoxLayout(self._learners)
        self._learners_column.setContentsMargins(0, 0, 0, 0)
        self._learners_column.setSpacing(2)
        self.learner_boxes: dict[str, QCheckBox] = {}
        measure = QHBoxLayout()
        measure.setSpacing(8)
        measure.addWidget(self._measure_label)
        measure.addWidget(self.measure_box, 1)
        content = QWidget()
        content.setProperty("look", "panel")
        column = QVBoxLayout(content)
        column.setContentsMargins(12, 6, 8, 8)
        column.setSpacing(5)
        for axis in self.axes:
            column.addWidget(axis)
        column.addWidget(self._learners)
        column.addWidget(self.scheme_form)
        column.addLayout(measure)
        column.addWidget(self.settings_form)
        column.addWidget(fold)
        column.addStretch(1)
        self._left = QScrollArea()
        self._left.setAccessibleName("Settings of the validation")
        self._left.setFrameShape(QFrame.Shape.NoFrame)
        self._left.setWidgetResizable(True)
        self._left.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._left.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._left.setWidget(content)
        self._settings = content

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setContentsMargins(12, 4, 8, 0)
        top.setSpacing(10)
        top.addWidget(self.modes)
        top.addWidget(self.run_button)
        top.addWidget(self.progress)
        top.addWidget(self.sentence, 1)
        self._chips = QWidget()
        self._chips_row = FlowLayout(self._chips, spacing=4)
        self._chips.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self._pictures = QStackedWidget()
        for picture in (self.scores, self.heat, self.table):
            picture.setMinimumWidth(_LEAST_PICTURE)
            self._pictures.addWidget(picture)
        right = QVBoxLayout()
        right.setSpacing(0)
        right.addWidget(self._chips)
        right.addWidget(self._pictures, 1)
        body = QHBoxLayout()
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(0)
        body.addWidget(self._left)
        body.addLayout(right, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(top)
        column.addLayout(body, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Shorter words and a narrower left where there is little room."""
        is_narrow = self.width() < scaled(_NARROW)
        for key, title, _ in _MODES:
            button = self.modes.button(key)
            button.setText(_SHORT[key] if is_narrow else title)
            button.setMinimumWidth(button.fontMetrics().horizontalAdvance(button.text()) + 16)
        for axis in self.axes:
            axis.set_narrow(is_narrow)
        for number, fold_chip in enumerate(self._fold_chips, 1):
            fold_chip.setText(str(number) if is_narrow else f"Fold {number}")
        bar = self._left.verticalScrollBar().sizeHint().width()
        needed = min(self._settings.minimumSizeHint().width() + bar, self.width() - _LEAST_PICTURE)
        self._left.setFixedWidth(needed if is_narrow else scaled(_LEFT_WIDTH))

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        font = QFont(self.font())
        font.setPixelSize(theme.font_size - 1)
        for button in self.modes.findChildren(QPushButton):
            button.setFont(font)
        self._fit()
        self.modes.setFixedHeight(theme.font_size + 15)
        self.run_button.setFixedHeight(theme.font_size + 15)
        self.run_button.setMinimumWidth(scaled(64))
        width = scaled(_LABEL_WIDTH)
        self._measure_label.setMinimumWidth(width)
        for axis in self.axes:
            axis.set_label_width(width)
        for picture in (self.scores, self.heat, self.table):
            picture.set_theme(theme)

    # -- what is chosen --------------------------------------------------------------------------------------------

    def set_wish(self, wish: ValidationWish) -> None:
        """Show what is chosen; nothing is emitted."""
        self._wish = wish
        mode = wish.mode
        self.modes.set_chosen(mode)
        self.scheme_form.set_value(wish.scheme)
        self.settings_form.set_value(wish.settings)
        for row in self.settings_form.rows():
            means_something = row.spec.means_something(wish.settings)
            row.setVisible(row.spec.name in _SHOWN_SETTINGS[mode] and means_something)
        self.measure_box.set_key(wish.measure)
        for axis, chosen in zip(self.axes, wish.axes, strict=True):
            axis.set_wish(chosen)
        for axis, shown in zip(self.axes, (mode == "search", mode == "search", mode == "curve"), strict=True):
            axis.setVisible(shown)
        self._learners.setVisible(mode == "compare")
        for kind, box in self.learner_boxes.items():
            box.setChecked(kind in wish.learners)

    def set_choices(
        self,
        parameters: Sequence[ParameterEntry],
        measures: Sequence[tuple[str, str]],
        learners: Sequence[tuple[str, str]],
    ) -> None:
        """Offer hyper-parameters, measures (name, title) and learners (kind, title)."""
        for axis in self.axes:
            axis.set_parameters(parameters)
        if [self.measure_box.itemData(index) for index in range(self.measure_box.count())] != [
            name for name, _ in measures
        ]:
            with QSignalBlocker(self.measure_box):
                self.measure_box.clear()
                for name, title in measures:
                    self.measure_box.addItem(title, name)
        if list(self.learner_boxes) != [kind for kind, _ in learners]:
            for box in self.learner_boxes.values():
                self._learners_column.removeWidget(box)
                box.deleteLater()
            self.learner_boxes = {kind: self._learner_box(title) for kind, title in learners}
        self.set_wish(self._wish)

    def _learner_box(self, title: str) -> QCheckBox:
        box = QCheckBox(title)
        box.setToolTip("Takes part in the comparison.")
        box.clicked.connect(self._on_learner_clicked)
        self._learners_column.addWidget(box)
        return box

    def _on_mode_chosen(self, mode: Mode) -> None:
        self.wish_changed.emit(replace(self._wish, mode=mode))

    def _on_scheme_edited(self, path: str, value: object, final: bool) -> None:
        changed = self._wish.scheme.model_copy(update={path.rpartition(".")[2]: value})
        self.wish_changed.emit(replace(self._wish, scheme=changed))

    def _on_settings_edited(self, path: str, value: object, final: bool) -> None:
        changed = self._wish.settings.model_copy(update={path.rpartition(".")[2]: value})
        self.wish_changed.emit(replace(self._wish, settings=changed))

    def _on_measure_chosen(self, index: int) -> None:
        self.wish_changed.emit(replace(self._wish, measure=str(self.measure_box.itemData(index))))

    def _on_axis_edited(self, chosen: Any) -> None:
        first, second, third = (
            chosen if axis is self.sender() else wish for axis, wish in zip(self.axes, self._wish.axes, strict=True)
        )
        self.wish_changed.emit(replace(self._wish, axes=(first, second, third)))

    def _on_learner_clicked(self) -> None:
        ticked = tuple(kind for kind, box in self.learner_boxes.items() if box.isChecked())
        self.wish_changed.emit(replace(self._wish, learners=ticked))

    # -- how it goes -----------------------------------------------------------------------------------------------

    def set_running(self, running: bool, progress: float = 0.0) -> None:
        """Whether something is being computed, and which share of it is done."""
        self._is_running = running
        self._word_button()
        self.run_button.setToolTip("End it; what is there stays." if running else "Train and score the candidates.")
        self.progress.setVisible(running)
        self.progress.setValue(round(1000 * progress))

    def set_sentence(self, sentence: str, shorter: Sequence[str] = (), *, is_bad: bool = False) -> None:
        """What came of it, or what has to be changed; and shorter wordings, where there is no room for it."""
        self._said = (sentence, *shorter)
        self._say()
        set_look(self.sentence, "look", "danger" if is_bad else "muted")

    def set_stale(self, stale: bool) -> None:
        """Whether the experiment is another one by now than that of which the results are."""
        if stale == self._is_stale:
            return
        self._is_stale = stale
        for picture in (self.scores, self.heat, self.table):
            picture.set_faded(stale)
        self._word_button()
        self._say()

    def _say(self) -> None:
        if self._is_stale:
            self.sentence.set_texts((*(f"{_STALE} {each}" for each in self._said if each), _STALE))
        else:
            self.sentence.set_texts(self._said)

    def _word_button(self) -> None:
        self.run_button.setText("Cancel" if self._is_running else "Run again" if self._is_stale else "Run")

    def set_picture(self, picture: Picture | None) -> None:
        """Show what is known; None shows what will appear."""
        self._has_picture = picture is not None
        if isinstance(picture, HeatPicture):
            self.heat.set_content(picture)
            self._pictures.setCurrentWidget(self.heat)
        elif isinstance(picture, ComparisonPicture):
            self.table.set_content(picture)
            self._pictures.setCurrentWidget(self.table)
        elif isinstance(picture, ScorePicture):
            self.scores.set_content(picture)
            self._pictures.setCurrentWidget(self.scores)
        else:
            for view in (self.scores, self.heat, self.table):
                view.set_content(None)
            empty = {"search": self.heat, "compare": self.table}.get(self._wish.mode, self.scores)
            self._pictures.setCurrentWidget(empty)

    @property
    def picture(self) -> PictureView | None:
        """What is shown, to be made a figure of; None while there is nothing."""
        shown = self._pictures.currentWidget()
        return shown if self._has_picture and isinstance(shown, PictureView) else None

    def set_folds(self, count: int, chosen: int) -> None:
        """Offer a chip for each of `count` folds, with `chosen` pressed (-1 for none); none of too many."""
        count = count if count <= _MOST_CHIPS else 0
        while len(self._fold_chips) > count:
            gone = self._fold_chips.pop()
            self._chips_row.removeWidget(gone)
            gone.deleteLater()
        while len(self._fold_chips) < count:
            number = len(self._fold_chips) + 1
            button = chip(f"Fold {number}", "Selects the points that this fold holds out, on the stage.")
            button.clicked.connect(self._on_fold_clicked)
            self._fold_chips.append(button)
            self._chips_row.addWidget(button)
        for index, button in enumerate(self._fold_chips):
            button.setChecked(index == chosen)
        self._chips.setVisible(count > 0)
        self._fit()

    def fold_chip(self, index: int) -> QWidget:
        """The chip of one fold."""
        found: QWidget = self._fold_chips[index]
        return found

    def _on_fold_clicked(self, checked: bool) -> None:
        self.fold_chosen.emit(self._fold_chips.index(self.sender()) if checked else -1)

    def _on_run_clicked(self) -> None:
        if self._is_running:
            self.cancel_requested.emit()
        else:
            self.run_requested.emit()

    def _on_place_chosen(self, place: int) -> None:
        self.item_chosen.emit(0, place)
