"""Everything that can be asked of the window, as one table: menus, toolbar, shortcuts and palette are made from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from widgets.icons import icon
from widgets.theme import Theme

StandardKey = QKeySequence.StandardKey


@dataclass(frozen=True)
class ActionEntry:
    """One action.

    Parameters
    ----------
    id : dotted; the part before the dot is the menu.
    text : as in the menu, with its mnemonic.
    shortcut : a key sequence, or the platform's own for a standard key.
    tooltip : one sentence.
    icon : a name of ours, or empty.
    enabled_when : the name of a fact that must hold; empty for always.
    checked_when : the name of a fact that makes it checked; empty for an action that is not checkable.
    separated : whether a line stands above it in the menu.
    """

    id: str
    text: str
    shortcut: str | QKeySequence.StandardKey = ""
    tooltip: str = ""
    icon: str = ""
    enabled_when: str = ""
    checked_when: str = ""
    separated: bool = False


MENUS = {
    "file": "&File", "edit": "&Edit", "data": "&Data", "run": "&Run", "view": "&View", "help": "&Help",
}  # fmt: skip

ACTIONS: tuple[ActionEntry, ...] = (
    ActionEntry("file.new", "&New", StandardKey.New, "Begin again with the default experiment."),
    ActionEntry("file.open", "&Open…", StandardKey.Open, "Open an experiment or a table of points."),
    ActionEntry("file.save", "&Save", StandardKey.Save, "Save the experiment."),
    ActionEntry("file.save_as", "Save &As…", StandardKey.SaveAs, "Save the experiment under another name."),
    ActionEntry("file.export", "&Export Figure…", "Ctrl+E", "Write the stage or the curves as PNG, SVG or PDF.",
                separated=True),
    ActionEntry("file.copy_figure", "&Copy Figure", "Ctrl+Shift+C", "Put the stage on the clipboard as a picture."),
    ActionEntry("file.copy_view", "Copy &View", "Ctrl+Shift+V",
                "Put what is under the stage on the clipboard as a picture: curves, a metric, a heat map."),
    ActionEntry("file.export_points", "Export &Points as CSV…", "", "Write the points as x1, x2, label."),
    ActionEntry("file.export_predictions", "Export P&redictions as CSV…", "",
                "Write every point with its part and what the model says of it.", enabled_when="has_model"),
    ActionEntry("file.export_curves", "Export C&urves as CSV…", "", "Write the losses of every recorded epoch.",
                enabled_when="has_model"),
    ActionEntry("file.quit", "&Quit", StandardKey.Quit, "Close Playground.", separated=True),
    ActionEntry("edit.undo", "&Undo", StandardKey.Undo, "Take the last step back.", enabled_when="can_undo"),
    ActionEntry("edit.redo", "&Redo", StandardKey.Redo, "Do the step again.", enabled_when="can_redo"),
    ActionEntry("edit.copy", "&Copy Points", StandardKey.Copy,
                "Put the selected points, or all, on the clipboard: x1, x2, label, one point a line.",
                enabled_when="has_points", separated=True),
    ActionEntry("edit.paste", "&Paste Points", StandardKey.Paste,
                "Add the points on the clipboard: x1, x2, label, one point a line."),
    ActionEntry("edit.select_all", "Select &All", StandardKey.SelectAll, "Select every point.",
                enabled_when="has_points"),
    ActionEntry("edit.delete", "&Delete Selected", StandardKey.Delete, "Delete the selected points.",
                enabled_when="has_selection"),
    ActionEntry("data.clear", "&Clear All Points", "Ctrl+Shift+Backspace", "Empty the canvas; the task stays.",
                enabled_when="has_points"),
    ActionEntry("data.empty_classes", "Empty Canvas: C&lasses", "", "Draw points of several classes.",
                separated=True),
    ActionEntry("data.empty_curve", "Empty Canvas: C&urve (x → y)", "", "Draw points whose height is the target."),
    ActionEntry("data.empty_surface", "Empty Canvas: &Surface (x₁, x₂ → y)", "",
                "Draw points whose colour is the target."),
    ActionEntry("data.resample", "&New Sample", "Ctrl+Shift+N", "Draw the same data set with another seed.",
                enabled_when="is_generated", separated=True),
    ActionEntry("data.resplit", "New S&plit", "", "Hold other points out: another test, another number."),
    ActionEntry("data.from_found", "Learn from What Was &Found", "Ctrl+Shift+L",
                "Make classes of the clusters, or inputs of the scores, and give them to the next model.",
                enabled_when="has_found", separated=True),
    ActionEntry("data.open_points", "&Open Points…", "", "Open a CSV table of points."),
    ActionEntry("run.toggle", "&Play / Pause", "F5", "Start or pause the training.", icon="play"),
    ActionEntry("run.step", "&Step One Epoch", "Ctrl+Right", "Go on by one epoch.", icon="step"),
    ActionEntry("run.minibatch", "Step One &Minibatch", "Ctrl+Shift+Right", "Go on by one step of the optimizer."),
    ActionEntry("run.reset", "&Reset", "Ctrl+R", "Go back to the first weights.", icon="reset"),
    ActionEntry("run.new_seed", "Reset with a New See&d", "Ctrl+Shift+R", "Draw other first weights."),
    ActionEntry("run.faster", "&Faster", "Ctrl+Up", "Show the training faster.", separated=True),
    ActionEntry("run.slower", "S&lower", "Ctrl+Down", "Show the training slower."),
    ActionEntry("view.fit", "&Fit the Data", "Ctrl+0", "Show all points."),
    ActionEntry("view.zoom_in", "Zoom &In", StandardKey.ZoomIn, "Look closer."),
    ActionEntry("view.zoom_out", "Zoom &Out", StandardKey.ZoomOut, "See more of the plane."),
    ActionEntry("view.range", "Axis &Ranges…", "", "Type the part of the plane in view."),
    ActionEntry("view.theme", "&Dark Theme", "Ctrl+Shift+D", "Light on dark.", checked_when="is_dark",
                separated=True),
    ActionEntry("view.full_screen", "Full S&creen", StandardKey.FullScreen, "Fill the screen.",
                checked_when="is_full_screen"),
    ActionEntry("view.reset_docks", "Reset &Layout", "", "Put every panel back where it belongs."),
    ActionEntry("help.palette", "&Command Palette…", "Ctrl+K", "Find any command by its name."),
    ActionEntry("help.shortcuts", "&Keyboard Shortcuts", "F1", "List all keys."),
    ActionEntry("help.doctor", "&System Report", "", "Versions, devices and display, to copy into a question."),
    ActionEntry("help.about", "&About Playground", "", "What this is."),
)  # fmt: skip


class ActionSet(QObject):
    """The actions of one window, made from the table.

    Parameters
    ----------
    window : their owner.
    callbacks : what each id does; every action of the table has one.
    """

    def __init__(self, window: QWidget, callbacks: Mapping[str, Callable[[], object]]) -> None:
        super().__init__(window)
        missing = {entry.id for entry in ACTIONS} ^ set(callbacks)
        if missing:
            raise ValueError(f"actions without a callback, or callbacks without an action: {sorted(missing)}")
        self._window = window
        self._callbacks = dict(callbacks)
        self.actions = {entry.id: self._action(entry) for entry in ACTIONS}
        window.addActions(list(self.actions.values()))

    def _action(self, entry: ActionEntry) -> QAction:
        action = QAction(entry.text, self._window)
        action.setObjectName(entry.id)
        if isinstance(entry.shortcut, QKeySequence.StandardKey):
            keys = QKeySequence.keyBindings(entry.shortcut)
            if entry.shortcut == StandardKey.Redo:
                keys = list(dict.fromkeys([*keys, QKeySequence("Ctrl+Y")]))  # on Linux, too, where Qt has it not
            action.setShortcuts(keys)
        elif entry.shortcut:
            action.setShortcut(QKeySequence(entry.shortcut))
        shown = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        action.setToolTip(f"{entry.tooltip} ({shown})" if shown else entry.tooltip)
        action.setStatusTip(entry.tooltip)
        action.setCheckable(bool(entry.checked_when))
        action.triggered.connect(self._on_triggered)
        return action

    def _on_triggered(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self._callbacks[action.objectName()]()

    def trigger(self, action_id: str) -> None:
        """Do what the palette has chosen."""
        self.actions[action_id].trigger()

    def shortcuts(self) -> list[tuple[str, str]]:
        """What has a key, and which, in the order of the menus."""
        native = QKeySequence.SequenceFormat.NativeText
        keys = [(entry, self.actions[entry.id].shortcut()) for entry in ACTIONS]
        return [
            (entry.text.replace("&", "").rstrip("…"), key.toString(native)) for entry, key in keys if not key.isEmpty()
        ]

    def fill(self, bar: QMenuBar) -> dict[str, QMenu]:
        """Make the menus; returned by name, so that a window can add what is its own."""
        menus = {}
        for key, title in MENUS.items():
            menu = bar.addMenu(title)
            menu.setToolTipsVisible(True)
            for entry in ACTIONS:
                if entry.id.split(".")[0] != key:
                    continue
                if entry.separated:
                    menu.addSeparator()
                menu.addAction(self.actions[entry.id])
            menus[key] = menu
        return menus

    def set_facts(self, facts: Mapping[str, bool]) -> None:
        """Enable and check what the facts say."""
        for entry in ACTIONS:
            action = self.actions[entry.id]
            if entry.enabled_when:
                action.setEnabled(facts[entry.enabled_when])
            if entry.checked_when:
                action.setChecked(facts[entry.checked_when])

    def set_theme(self, theme: Theme) -> None:
        """Recolour the icons."""
        for entry in ACTIONS:
            if entry.icon:
                self.actions[entry.id].setIcon(icon(entry.icon, theme))
