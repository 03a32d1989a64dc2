"""The top bar's centre: reset, play and pause, step, the epoch, the speed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QEvent, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSizePolicy,
    QSpinBox,
    QToolButton,
    QWidget,
    QWidgetAction,
)

from widgets.icons import icon
from widgets.sections import QuietComboBox
from widgets.style import active_theme, tabular

StepUnit = Literal["step", "epoch"]
MOST_EPOCHS_AT_ONCE = 1_000_000
_SPACING, _GAP_AT_ICON = 10, 6


@dataclass(frozen=True)
class Speed:
    """One entry of the speed menu.

    Parameters
    ----------
    per_second : how many units a second; infinity is flat out.
    unit : a step is one minibatch.
    """

    id: str
    label: str
    per_second: float
    unit: StepUnit


SPEEDS = (
    Speed("step-1", "1 step/s", 1.0, "step"),
    Speed("step-3", "3 steps/s", 3.0, "step"),
    Speed("step-10", "10 steps/s", 10.0, "step"),
    Speed("epoch-1", "1 epoch/s", 1.0, "epoch"),
    Speed("epoch-10", "10 epochs/s", 10.0, "epoch"),
    Speed("epoch-60", "60 epochs/s", 60.0, "epoch"),
    Speed("flat-out", "Flat out", float("inf"), "epoch"),
)


class Transport(QWidget):
    """The buttons that move the training. It raises wishes; what is shown is set from outside."""

    play_requested = Signal()
    pause_requested = Signal()
    step_requested = Signal(str, int)
    """"step" (one minibatch) or "epoch", and how many."""
    reset_requested = Signal(bool)
    """Whether with a new seed."""
    speed_chosen = Signal(object)
    """One of `SPEEDS`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._is_playing = False
        self._epoch = -1
        self.setAccessibleName("Training")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._build_reset()
        self.play_button = QToolButton()
        self.play_button.setProperty("look", "round")
        self.play_button.setIconSize(QSize(20, 20))
        self.play_button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.play_button.clicked.connect(self._on_play_clicked)
        self._build_step()
        self.epoch_caption = QLabel("Epoch")
        self.epoch_caption.setProperty("look", "muted")
        self.epoch_label = QLabel()
        self.epoch_label.setToolTip("How many times every training point has been seen.")
        self.epoch_label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.epoch_caption.setBuddy(self.epoch_label)
        self.speed = QuietComboBox()
        self.speed.setToolTip("How fast the training is shown.")
        self.speed.setAccessibleName("Speed")
        self.speed.setAccessibleDescription(self.speed.toolTip())
        self.speed.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.speed.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        for speed in SPEEDS:
            self.speed.addItem(speed.label, speed.id)
        self.speed.activated.connect(self._on_speed_activated)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(_SPACING)
        layout.setSizeConstraint(QHBoxLayout.SizeConstraint.SetNoConstraint)  # the words give way first
        for widget in (
            self.reset_button, self.play_button, self.step_button, self.epoch_caption, self.epoch_label, self.speed,
        ):  # fmt: skip
            layout.addWidget(widget)
        self._restyle()
        self.set_playing(False)
        self.set_epoch(0)
        self.set_speed(SPEEDS[-1].id)

    # Building

    def _build_reset(self) -> None:
        self.reset_button = _menu_button("Reset", "Starts again from the first weights.")
        self.reset_button.clicked.connect(self._on_reset_clicked)
        self.reset_menu = QMenu(self.reset_button)
        self.reset_menu.addAction("With the same seed").triggered.connect(self._on_reset_clicked)
        self.reset_menu.addAction("With a new seed").triggered.connect(self._on_new_seed)
        self.reset_button.setMenu(self.reset_menu)

    def _build_step(self) -> None:
        self.step_button = _menu_button("Step", "Learns from one minibatch and pauses.")
        self.step_button.clicked.connect(self._on_one_step)
        self.step_menu = QMenu(self.step_button)
        self.step_menu.addAction("One minibatch").triggered.connect(self._on_one_step)
        self.step_menu.addAction("One epoch").triggered.connect(self._on_one_epoch)
        self.many_action = self.step_menu.addAction("")
        self.many_action.triggered.connect(self._on_many_epochs)
        self.many_epochs = QSpinBox()
        self.many_epochs.setRange(1, MOST_EPOCHS_AT_ONCE)
        self.many_epochs.setValue(100)
        self.many_epochs.setGroupSeparatorShown(True)
        self.many_epochs.setAccessibleName("How many epochs")
        self.many_epochs.setToolTip("How many epochs the entry above takes.")
        self.many_epochs.valueChanged.connect(self._name_many)
        self.many_epochs.lineEdit().returnPressed.connect(self._on_many_entered)
        holder = QWidget()
        line = QHBoxLayout(holder)
        line.setContentsMargins(12, 2, 12, 6)
        caption = QLabel("Epochs")
        caption.setBuddy(self.many_epochs)
        line.addWidget(caption)
        line.addWidget(self.many_epochs, 1)
        entry = QWidgetAction(self.step_menu)
        entry.setDefaultWidget(holder)
        self.step_menu.addAction(entry)
        self.step_button.setMenu(self.step_menu)
        self._name_many(self.many_epochs.value())

    # Setters

    def set_playing(self, playing: bool) -> None:
        """Show the button that can be pressed now: pause while it learns, play otherwise."""
        self._is_playing = playing
        name, tooltip = ("Pause", "Pauses the training.") if playing else ("Play", "Trains the model.")
        self.play_button.setAccessibleName(name)
        self.play_button.setAccessibleDescription(tooltip)
        self.play_button.setToolTip(f"{name} (F5)\n{tooltip}")
        self._draw_play()

    def set_epoch(self, epoch: int) -> None:
        """Show the epoch (0 or more), with at least six digits so that it stands still."""
        if epoch == self._epoch:
            return
        before = len(self.epoch_label.text())
        self._epoch = epoch
        self.epoch_label.setText(epoch_text(epoch))
        self.epoch_label.setAccessibleName(f"Epoch {epoch}")
        if len(self.epoch_label.text()) != before:
            self.updateGeometry()
            self._fit()

    def set_epoch_name(self, name: str) -> None:
        """Say what is counted: epochs, or what stands for them."""
        text = name.capitalize()
        if text != self.epoch_caption.text():
            self.epoch_caption.setText(text)
            of_epochs = "How many times every training point has been seen."
            self.epoch_label.setToolTip(of_epochs if name == "epoch" else f"How many {name}s have been done.")
            self._fit()

    def set_speed(self, speed_id: str) -> None:
        """Show the speed of that id."""
        with QSignalBlocker(self.speed):
            self.speed.set_key(speed_id)

    def set_enabled_steps(self, enabled: bool) -> None:
        """Whether there is a model that can be played and stepped."""
        for widget in (self.play_button, self.step_button):
            widget.setEnabled(enabled)

    # Wishes

    def _on_play_clicked(self) -> None:
        (self.pause_requested if self._is_playing else self.play_requested).emit()

    def _on_reset_clicked(self) -> None:
        self.reset_requested.emit(False)

    def _on_new_seed(self) -> None:
        self.reset_requested.emit(True)

    def _on_one_step(self) -> None:
        self.step_requested.emit("step", 1)

    def _on_one_epoch(self) -> None:
        self.step_requested.emit("epoch", 1)

    def _on_many_epochs(self) -> None:
        self.step_requested.emit("epoch", self.many_epochs.value())

    def _on_many_entered(self) -> None:
        self.step_menu.close()
        self._on_many_epochs()

    def _name_many(self, epochs: int) -> None:
        self.many_action.setText("1 epoch" if epochs == 1 else f"{epochs:,} epochs")

    def _on_speed_activated(self, index: int) -> None:
        self.speed_chosen.emit(SPEEDS[index])

    # Look

    def sizeHint(self) -> QSize:
        return QSize(self._width(words=True, caption=True), super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(self._width(words=False, caption=False), super().sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Leave out the word "Epoch", then those of the buttons, where there is no room for them."""
        self.epoch_caption.setVisible(self._width(words=True, caption=True) <= self.width())
        has_words = self._width(words=True, caption=False) <= self.width()
        styles = Qt.ToolButtonStyle
        for button in (self.reset_button, self.step_button):
            button.setToolButtonStyle(styles.ToolButtonTextBesideIcon if has_words else styles.ToolButtonIconOnly)

    def _width(self, *, words: bool, caption: bool) -> int:
        """The width, in pixels, that all takes with or without the buttons' words and the word "Epoch"."""
        parts = [widget.sizeHint().width() for widget in (self.play_button, self.epoch_label, self.speed)]
        for button in (self.reset_button, self.step_button):
            word = button.fontMetrics().horizontalAdvance(button.text()) + _GAP_AT_ICON
            is_wide = button.toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonTextBesideIcon
            parts.append(button.sizeHint().width() + word * (words - is_wide))
        if caption:
            parts.append(self.epoch_caption.sizeHint().width())
        return sum(parts) + _SPACING * (len(parts) - 1)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "speed"):
            self._restyle()

    def _restyle(self) -> None:
        theme = active_theme()
        self.reset_button.setIcon(icon("reset", theme, 16))
        self.step_button.setIcon(icon("step", theme, 16))
        self.epoch_label.setFont(tabular(self.font(), pixel_size=theme.font_size + 7, bold=True))
        self._draw_play()

    def _draw_play(self) -> None:
        theme = active_theme()
        self.play_button.setIcon(icon("pause" if self._is_playing else "play", theme, 20, theme.on_accent))


def epoch_text(epoch: int) -> str:
    """At least six digits, in groups of three.

    >>> epoch_text(1284), epoch_text(12_345_678)
    ('001,284', '12,345,678')
    """
    return f"{epoch:07,}"


def _menu_button(text: str, tooltip: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setToolTip(tooltip)
    button.setAccessibleName(text)
    button.setAccessibleDescription(tooltip)
    button.setIconSize(QSize(16, 16))
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return button
