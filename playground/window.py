"""The main window: puts the views together, and pushes into them what has changed."""

from __future__ import annotations

from base64 import b64decode, b64encode

from PySide6.QtCore import QByteArray, QEvent, QSize, Qt, QTimer
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QShowEvent,
)
from PySide6.QtWidgets import QDockWidget, QLabel, QMainWindow, QVBoxLayout, QWidget

from engine.experiment import DrawnData, Experiment, GeneratedData
from playground import dialogs
from playground.actions import ActionSet
from playground.bridge import Bridge
from playground.commands import commands_of
from playground.data_controller import DataController
from playground.document import Document
from playground.evaluation_views import EvaluationViews
from playground.file_controller import FileController
from playground.model_controller import ModelController
from playground.panes import Panes
from playground.presenter import Presenter, StatusLabels, Views
from playground.recovery import Recovery
from playground.resolve import Shown, resolve
from playground.settings import AppSettings
from playground.top_bar import TopBar
from playground.training_controller import TrainingController
from playground.validation_controller import FOLD_CELLS, ValidationController
from playground.view_controller import DOCK_VERSION, ViewController, application, first_theme
from playground.workspace import Workspace
from widgets.data_panel import DataPanel
from widgets.first_picture import after_first_picture
from widgets.metrics_bar import MetricsBar
from widgets.model_panel import ModelPanel
from widgets.stage import Stage
from widgets.style import apply_theme
from widgets.theme import DARK
from widgets.tiles import Tiles
from widgets.tools import TOOLS

_LEAST_CURVES = 150
"""Pixels; the stage has the rest of the height."""
_WIDTH, _HEIGHT = 1440, 900
_FRAME = 60
"""Around a window there are borders and a title bar: on a screen without room for them it is maximized."""


class MainWindow(QMainWindow):
    """One experiment, one run, and the views of both.

    Parameters
    ----------
    experiment : what is open at first.
    settings : what the application remembers.
    """

    def __init__(self, experiment: Experiment, settings: AppSettings) -> None:
        super().__init__()
        self.settings = settings
        self.setObjectName("main_window")
        self.setAcceptDrops(True)
        self.setMinimumSize(QSize(900, 600))
        self.document = Document(experiment, self)
        self.workspace = Workspace(
            theme=first_theme(settings),
            brush_radius=settings.brush_radius,
            brush_density=settings.brush_density,
        )
        self._shown: Shown | None = None
        self._refresh_wanted = False
        self._begun = False

        self.bridge = Bridge(self)
        # Before any view: a font that comes later reaches a widget only when its style is next applied.
        apply_theme(application(), self.workspace.theme)
        self._build_views()
        self.training = TrainingController(self.document, self.bridge, self)
        self.data = DataController(self.document, lambda: self.workspace, self.stage, self.data_panel, self)
        self.validation = ValidationController(self.document, self)
        self.model = ModelController(self.document, self.model_panel, self.training, self)
        self.look = ViewController(self, self._docks)
        self.files = FileController(self)
        self.recovery = Recovery(self.document, self)
        self.actions_ = ActionSet(self, commands_of(self))
        menus = self.actions_.fill(self.menuBar())
        self.files.add_recent_menu(menus["file"], self.actions_.actions["file.save"])
        self.files.add_example_menu(menus["file"], self.actions_.actions["file.save"])
        menus["view"].addSeparator()
        for dock in self._docks:
            menus["view"].addAction(dock.toggleViewAction())
        self.top_bar.set_export_menu(
            [self.actions_.actions[name] for name in
             ("file.export", "file.copy_figure", "file.copy_view", "file.export_points", "file.export_predictions",
              "file.export_curves")]
        )  # fmt: skip
        self._connect()
        self._restore_layout()
        self.look.apply_theme()
        self.refresh()

    # -- building --------------------------------------------------------------------------------------------------

    def _build_views(self) -> None:
        self.stage = Stage(theme=self.workspace.theme)
        self.metrics_bar = MetricsBar()
        self.data_panel = DataPanel(list(TOOLS.values()))
        self.model_panel = ModelPanel()
        self.top_bar = TopBar()
        self.top_bar.setObjectName("top_bar")
        self.addToolBar(Qt.ToolBarArea.TopToolBarArea, self.top_bar)

        centre = QWidget()
        centre.setObjectName("centre")
        layout = QVBoxLayout(centre)
        layout.setContentsMargins(10, 10, 10, 0)
        layout.setSpacing(0)
        self.tiles = Tiles()
        self.tiles.add(self.stage)
        layout.addWidget(self.tiles, 1)
        layout.addWidget(self.metrics_bar)
        self.setCentralWidget(centre)

        self.setCorner(Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea)
        self.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea)
        areas = Qt.DockWidgetArea
        left = self._dock("Data", "data_dock", self.data_panel, areas.LeftDockWidgetArea)
        right = self._dock("Model", "model_dock", self.model_panel, areas.RightDockWidgetArea)
        self.panes = Panes(self.tiles, self.workspace.theme)
        self.evaluation = EvaluationViews(self, self.workspace.theme, self.settings.bottom_view)
        self.curves = self.evaluation.curves
        self._docks = [left, right, self.evaluation.dock]

        bar = self.statusBar()
        bar.setSizeGripEnabled(False)
        self._status, self._counts = QLabel(), QLabel()
        self._device, self._pace, self._frame_rate = QLabel(), QLabel(), QLabel()
        self._status.setObjectName("status_sentence")
        for label in (self._status, self._counts):
            bar.addWidget(label)
        for label in (self._device, self._pace, self._frame_rate):
            bar.addPermanentWidget(label)

        self.presenter = Presenter(
            Views(
                self.stage, self.curves, self.data_panel, self.model_panel, self.metrics_bar, self.top_bar,
                StatusLabels(self._counts, self._device, self._pace, self._frame_rate),
            )
        )  # fmt: skip

    def _dock(self, title: str, name: str, view: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
        dock = QDockWidget(title, self)
        dock.setObjectName(name)
        dock.setWidget(view)
        self.addDockWidget(area, dock)
        return dock

    def _connect(self) -> None:
        self.document.changed.connect(self._on_document_changed)
        self.document.status_changed.connect(self.refresh)
        self.training.snapshot_changed.connect(self.refresh)
        self.training.cleared.connect(self.curves.clear)
        self.training.series_arrived.connect(self.curves.append)
        self.training.said.connect(self.say)
        self.training.failed.connect(self._on_run_failed)
        self.data.said.connect(self.say)
        self.data.complained.connect(self.complain)
        self.data.workspace_changed.connect(self.set_workspace)
        self.data_panel.open_points_requested.connect(self.files.open)
        self.stage.range_changed.connect(self.look.on_range_changed)
        self.stage.tool_chosen.connect(self.data.on_tool_chosen)
        self.stage.fit_requested.connect(self.look.fit)
        self.stage.centre_touched.connect(self.model.on_centre_touched)
        self.stage.centre_dropped.connect(self.document.end_merge)
        self.model.said.connect(self.say)
        self.evaluation.edited.connect(self.model.on_edited)
        self.panes.edited.connect(self.model.on_edited)
        self.panes.pair_chosen.connect(self.model.on_pair_chosen)
        self.data.hear_panes(self.panes)
        self.evaluation.selection_requested.connect(self.data.on_selection_requested)
        self.validation.selection_requested.connect(self.data.on_selection_requested)
        self.validation.lines_changed.connect(self.refresh)
        self.validation.said.connect(self.say)
        self.evaluation.when_made("validation", self.validation.attach)
        transport = self.top_bar.transport
        transport.play_requested.connect(self.training.play)
        transport.pause_requested.connect(self.training.pause)
        transport.step_requested.connect(self.training.step)
        transport.reset_requested.connect(self.training.reset)
        transport.speed_chosen.connect(self.look.on_speed_chosen)
        self.top_bar.palette_requested.connect(self.look.show_palette)
        self.top_bar.theme_toggled.connect(self.look.toggle_theme)

    # -- showing ---------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show what is new, once, when the event loop comes round."""
        if not self._refresh_wanted:
            self._refresh_wanted = True
            QTimer.singleShot(0, self, self._apply)

    def set_workspace(self, workspace: Workspace) -> None:
        """Take another tool, class, selection or theme in hand."""
        self.workspace = workspace
        self.refresh()

    def say(self, sentence: str) -> None:
        """A sentence in the status bar; it stays until the next one."""
        self._status.setText(sentence)
        self._status.setToolTip(sentence)

    def complain(self, title: str, sentence: str) -> None:
        """A dialog for what could not be done."""
        dialogs.complain(self, title, sentence)

    def _apply(self) -> None:
        self._refresh_wanted = False
        old = self._shown
        new = resolve(
            self.document.experiment, self.training.snapshot, self.workspace, self.training.waiting_to_play,
            self.validation.lines,
        )  # fmt: skip
        self.workspace = new.workspace
        self._shown = new
        ranges = self.presenter.ranges
        self.presenter.show(new)
        assert self.presenter.ranges is not None
        self.panes.show(new, self.presenter.ranges)
        self.evaluation.show(new)
        self.validation.show(self.stage.viewport(FOLD_CELLS))
        if self.presenter.ranges != ranges:
            self.look.show_viewport()
        if new.blocked and (old is None or old.blocked != new.blocked):
            self.say(new.blocked)
        elif old is not None and old.blocked and not new.blocked:
            self.say("Ready.")
        self.top_bar.set_title(self.document.title, self.document.dirty)
        self.setWindowTitle(f"{self.document.title}[*] — Playground")
        self.setWindowModified(self.document.dirty)
        self.actions_.set_facts(self._facts(new))
        self._name_history()

    def _facts(self, new: Shown) -> dict[str, bool]:
        return {
            "can_undo": bool(self.document.undo_text),
            "can_redo": bool(self.document.redo_text),
            "has_points": len(new.dataset.points) > 0,
            "has_selection": len(new.workspace.selection) > 0,
            "has_model": new.has_model,
            "has_found": self.model.has_found,
            "is_generated": isinstance(new.experiment.data, GeneratedData),
            "is_dark": new.workspace.theme is DARK,
            "is_full_screen": self.isFullScreen(),
        }

    def _name_history(self) -> None:
        for name, verb, text in (
            ("edit.undo", "&Undo", self.document.undo_text),
            ("edit.redo", "&Redo", self.document.redo_text),
        ):
            self.actions_.actions[name].setText(f"{verb} {text}" if text else verb)

    # -- what the views wish ---------------------------------------------------------------------------------------

    def _on_document_changed(self, old: Experiment, new: Experiment) -> None:
        emptied = isinstance(new.data, DrawnData) and len(new.data.points) == 0
        if (old.view.x_range is not None and new.view.x_range is None) or (emptied and old.data != new.data):
            self.presenter.fit()
        if old.learner.kind != new.learner.kind:  # by a menu, by undo, or by learning from what was found
            self.look.pace()
        self.refresh()

    def _on_run_failed(self, failure: object) -> None:
        dialogs.show_failure(self, failure)

    def _restore_layout(self) -> None:
        screen = QGuiApplication.primaryScreen().availableGeometry()
        self.resize(min(_WIDTH, screen.width()), min(_HEIGHT, screen.height()))
        if screen.width() <= _WIDTH + _FRAME or screen.height() <= _HEIGHT + _FRAME:
            self.setWindowState(Qt.WindowState.WindowMaximized)
        curves = max(_LEAST_CURVES, self.height() // 4 - 20)
        self.resizeDocks([self._docks[-1]], [curves], Qt.Orientation.Vertical)
        for panel in (self.data_panel, self.model_panel):
            panel.set_folds(dict.fromkeys(self.settings.unfolded, True))
        if self.settings.geometry:
            self.restoreGeometry(QByteArray(b64decode(self.settings.geometry)))
        if self.settings.docks:
            self.restoreState(QByteArray(b64decode(self.settings.docks)), DOCK_VERSION)

    # -- events ----------------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._begun:
            self._begun = True
            self.stage.setFocus()
            self._apply()
            after_first_picture(self, self._begin)

    def _begin(self) -> None:
        """After the first picture of the window: thumbnails, formulas and the run, which load libraries."""
        for dock in self._docks:
            if dock.isFloating():
                dock.raise_()
        self.look.show_viewport()
        self.training.begin()
        self.data.fill_gallery()
        self.refresh()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.WindowStateChange:
            self.refresh()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if len(event.mimeData().urls()) == 1 and event.mimeData().urls()[0].isLocalFile():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.files.open_path_later(event.mimeData().urls()[0].toLocalFile())

    def closeEvent(self, event: QCloseEvent) -> None:
        self.document.end_stroke()
        if not self.files.may_discard():
            event.ignore()
            return
        self.remember_layout()
        self.bridge.close()
        self.evaluation.close()
        self.validation.close()
        self.recovery.close()
        self.files.save_settings()
        super().closeEvent(event)

    def remember_layout(self) -> None:
        """Put the window's size and docks into the settings."""
        folds = dict.fromkeys(self.settings.unfolded, True) | self.data_panel.folds() | self.model_panel.folds()
        self.settings = self.settings.model_copy(
            update={
                "geometry": b64encode(self.saveGeometry().data()).decode(),
                "docks": b64encode(self.saveState(DOCK_VERSION).data()).decode(),
                "unfolded": tuple(name for name, is_open in folds.items() if is_open),
                "bottom_view": self.evaluation.wanted,
                "brush_radius": self.workspace.brush_radius,
                "brush_density": self.workspace.brush_density,
            }
        )

    @property
    def shown(self) -> Shown:
        """What the views show now."""
        if self._refresh_wanted or self._shown is None:
            self._apply()
        assert self._shown is not None
        return self._shown
