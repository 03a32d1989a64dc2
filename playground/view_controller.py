"""How the experiment is looked at: ranges, speed, theme, docks, palette and help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QDockWidget

from engine.dataset import MAX_CLASSES, UNSUPERVISED
from engine.registry import LEARNERS
from engine.worker import Speed
from playground import dialogs
from playground.settings import AppSettings
from widgets.command_palette import Command, CommandPalette
from widgets.style import apply_theme
from widgets.theme import DARK, LIGHT, THEMES, Theme
from widgets.tools import TOOLS
from widgets.transport import SPEEDS
from widgets.transport import Speed as SpeedEntry

if TYPE_CHECKING:
    from playground.window import MainWindow

Range = tuple[float, float]
DOCK_VERSION = 1
_FIELD_CELLS = 256 * 256
_ZOOM = 1.25
_STEP_BY_STEP, _FLOWING, _FLAT_OUT = (
    next(index for index, speed in enumerate(SPEEDS) if speed.id == name) for name in ("step-3", "epoch-60", "flat-out")
)


def _pace_of(kind: str) -> int:
    """The speed at which a learner can be watched: groups are found in a dozen steps, which flat out nobody would see,
    while a map takes a thousand.
    """
    entry = LEARNERS[kind]
    if not set(entry.tasks) <= set(UNSUPERVISED):
        return _FLAT_OUT
    return _FLOWING if entry.many_steps else _STEP_BY_STEP


def application() -> QApplication:
    """The application that every window belongs to."""
    running = QApplication.instance()
    assert isinstance(running, QApplication)
    return running


def first_theme(settings: AppSettings) -> Theme:
    """The theme to begin with: that of the system, unless another was chosen."""
    if settings.theme == "system":
        return DARK if QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark else LIGHT
    return THEMES[settings.theme]


class ViewController(QObject):
    """Hears the stage's zoom, the view and help actions; edits the document's view and the workspace."""

    def __init__(self, window: MainWindow, docks: Sequence[QDockWidget]) -> None:
        super().__init__(window)
        self._window = window
        self._docks = docks
        self._paced = window.workspace.speed
        self._default_docks = window.saveState(DOCK_VERSION)
        for key in (*(tool.shortcut for tool in TOOLS.values()), "F", *map(str, range(1, MAX_CLASSES + 1))):
            QShortcut(QKeySequence(key), window).activated.connect(self._on_stage_key)
        self._palette = CommandPalette(window)
        self._palette.chosen.connect(self._on_command_chosen)

    def _on_stage_key(self) -> None:
        """A key of the stage was pressed elsewhere: it must never change a menu that happens to have the focus."""
        shortcut = self.sender()
        if isinstance(shortcut, QShortcut):
            text, stage = shortcut.key().toString(), self._window.stage
            stage.setFocus(Qt.FocusReason.ShortcutFocusReason)
            press = QKeyEvent(QEvent.Type.KeyPress, Qt.Key[f"Key_{text}"], Qt.KeyboardModifier.NoModifier, text)
            stage.keyPressEvent(press)  # sent as an event, it would be this shortcut again

    # -- the part of the plane in view -----------------------------------------------------------------------------

    def on_range_changed(self, x_range: Range, y_range: Range) -> None:
        """The hand has zoomed or panned, or the stage has another size."""
        ranges = self._window.presenter.ranges
        if ranges is None or ranges == (x_range, y_range):
            self._window.presenter.fit_again()
            self._window.refresh()
        else:
            self._window.document.look_at(x_range, y_range)
        self.show_viewport()

    def show_viewport(self) -> None:
        """Have the field computed for what is in view."""
        self._window.bridge.set_viewport(self._window.stage.viewport(_FIELD_CELLS))

    def fit(self) -> None:
        """Show all points."""
        self._window.document.look_at(None, None)
        self.fit_at_once()

    def fit_at_once(self) -> None:
        """Show all points of a document that has just been opened, if its view says nothing else."""
        self._window.presenter.fit()
        self._window.refresh()

    def zoom_in(self) -> None:
        self._window.stage.zoom_by(1 / _ZOOM, None)

    def zoom_out(self) -> None:
        self._window.stage.zoom_by(_ZOOM, None)

    def ask_for_ranges(self) -> None:
        """Let the ranges be typed."""
        ranges = self._window.presenter.ranges
        answer = dialogs.ask_for_ranges(self._window, *ranges) if ranges is not None else None
        if answer is not None:
            self._window.document.look_at(*answer)

    # -- speed -----------------------------------------------------------------------------------------------------

    def on_speed_chosen(self, entry: SpeedEntry) -> None:
        self._set_speed(SPEEDS.index(entry))

    def pace(self) -> None:
        """Go as fast as the model can be watched that was just chosen, unless a person had chosen another speed."""
        wanted = _pace_of(self._window.document.experiment.learner.kind)
        if self._window.workspace.speed == self._paced:
            self._set_speed(wanted)
        self._paced = wanted

    def faster(self) -> None:
        self._set_speed(self._window.workspace.speed + 1)

    def slower(self) -> None:
        self._set_speed(self._window.workspace.speed - 1)

    def _set_speed(self, index: int) -> None:
        index = min(max(index, 0), len(SPEEDS) - 1)
        self._window.set_workspace(replace(self._window.workspace, speed=index))
        self._window.training.set_speed(Speed(SPEEDS[index].per_second, SPEEDS[index].unit))

    # -- themes and docks ------------------------------------------------------------------------------------------

    def toggle_theme(self) -> None:
        """From light to dark, or back."""
        window = self._window
        theme = LIGHT if window.workspace.theme is DARK else DARK
        window.settings = window.settings.model_copy(update={"theme": theme.name})
        window.set_workspace(replace(window.workspace, theme=theme))
        self.apply_theme()
        window.files.save_settings()

    def apply_theme(self) -> None:
        """Draw everything in the workspace's theme."""
        window, theme = self._window, self._window.workspace.theme
        apply_theme(application(), theme)
        for view in (window.stage, window.panes, window.evaluation, window.top_bar, window.actions_):
            view.set_theme(theme)

    def toggle_full_screen(self) -> None:
        self._window.setWindowState(self._window.windowState() ^ Qt.WindowState.WindowFullScreen)
        self._window.refresh()

    def reset_docks(self) -> None:
        """Put every panel back where it belongs."""
        self._window.restoreState(self._default_docks, DOCK_VERSION)
        for dock in self._docks:
            dock.show()

    # -- finding one's way -----------------------------------------------------------------------------------------

    def show_palette(self) -> None:
        """List every command; the most fitting first while a name is typed."""
        commands = [
            Command(name, action.text().replace("&", ""), action.shortcut().toString(), action.isEnabled())
            for name, action in self._window.actions_.actions.items()
            if name != "help.palette"
        ]
        self._palette.set_commands(commands)
        self._palette.open_over(self._window)

    def _on_command_chosen(self, command: str) -> None:
        self._window.actions_.trigger(command)

    def show_shortcuts(self) -> None:
        dialogs.show_shortcuts(self._window, self._window.actions_.shortcuts())

    def show_doctor(self) -> None:
        dialogs.show_doctor(self._window)

    def show_about(self) -> None:
        dialogs.show_about(self._window)
