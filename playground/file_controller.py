"""What is opened, saved and exported, and what is said when that fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QMenu

from engine.experiment import DrawnData, Experiment
from engine.files import load_experiment, save_experiment
from engine.generators import dataset_of
from playground import dialogs
from playground.choices import with_data
from playground.examples import EXAMPLES, PROJECTIONS, Example
from playground.export import FigureContent
from playground.figures import figure_content
from playground.opening import TABLE_SUFFIXES, read_points_or_table
from playground.settings import save_settings
from playground.table_controller import TableController
from playground.table_draft import TableDraft
from playground.waiting import NotWaitedForError, wait_for
from widgets.theme import THEMES

if TYPE_CHECKING:
    from engine.table_reading import Reading
    from playground.window import MainWindow

SUFFIX = ".playground"
_QUICKLY_READ = 2**20
"""Bytes; files up to this size are read within 0.2 s, without a thread and a dialog."""


class FileController(QObject):
    """Opens, saves and exports for one window."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._recent_menu: QMenu | None = None
        self._to_open = ""
        self._tables = TableController(window, window.document)

    # -- opening ---------------------------------------------------------------------------------------------------

    def new(self) -> None:
        if self.may_discard():
            self._window.document.replace(Experiment(), None)
            self._window.look.fit_at_once()
            self._window.say("A new experiment.")

    def open(self) -> None:
        path = dialogs.ask_for_file_to_open(self._window, self._folder())
        if path is not None:
            self.open_path(path)

    def open_path_later(self, name: str) -> None:
        """Open once the drag that brought the file is over: a dialog inside a drop would hold up the sender."""
        self._to_open = name
        QTimer.singleShot(0, self, self._open_waiting)

    def _open_waiting(self) -> None:
        self.open_path(Path(self._to_open))

    def open_path(self, path: Path) -> bool:
        """Open an experiment, or put a table of points on stage; what is open stays untouched if that fails."""
        document = self._window.document
        is_table = path.suffix.lower() in TABLE_SUFFIXES
        try:
            read = self._read(path)
            experiment = self._made_of(read, path)
        except NotWaitedForError:
            self._window.say(f"{path.name} was not opened.")
            return False
        except (OSError, ValueError) as error:
            self._window.complain(f"“{path.name}” could not be opened", _sentence(error))
            return False
        if is_table:
            document.edit(experiment, f"Open {path.name}")
        elif self.may_discard():
            document.replace(experiment, path)
        else:
            return False
        self._window.look.fit_at_once()
        self._remember(path)
        self._window.say(f"Opened {path.name}.")
        return True

    def _read(self, path: Path) -> Experiment | DrawnData | Reading:
        """What is in the file; a large one is read while the window stays alive."""
        read = _read_table if path.suffix.lower() in TABLE_SUFFIXES else load_experiment
        if not path.is_file() or path.stat().st_size <= _QUICKLY_READ:
            return read(path)
        return wait_for(self._window, f"Reading {path.name}…", lambda: read(path))

    def _made_of(self, read: Experiment | DrawnData | Reading, path: Path) -> Experiment:
        """The experiment that is to be shown; a person says what a table is to be.

        Raises
        ------
        NotWaitedForError
            If it is not to be opened after all.
        """
        current = self._window.document.experiment
        if isinstance(read, Experiment):
            experiment = read
        elif isinstance(read, DrawnData):
            experiment = with_data(current, read)
        else:
            table = self._tables.ask_about(read, path)
            if table is None:
                raise NotWaitedForError
            experiment = with_data(current, table)
        if path.stat().st_size > _QUICKLY_READ:
            # Is kept, for whoever asks next.
            wait_for(self._window, f"Reading {path.name}…", lambda: dataset_of(experiment.data, experiment.preparation))
        return experiment

    # -- saving ----------------------------------------------------------------------------------------------------

    def save(self) -> bool:
        path = self._window.document.path
        return self.save_as() if path is None else self._save_to(path)

    def save_as(self) -> bool:
        document = self._window.document
        proposal = document.path or Path(self._folder()) / f"experiment{SUFFIX}"
        path = dialogs.ask_for_file_to_save(
            self._window, "Save experiment", proposal, [("Playground experiments", SUFFIX)]
        )
        return path is not None and self._save_to(path)

    def _save_to(self, path: Path) -> bool:
        document = self._window.document
        experiment = document.experiment
        try:
            save_experiment(path, experiment)
        except OSError as error:
            self._window.complain(
                "The experiment could not be saved", f"{_sentence(error)} Choose another folder with Save As."
            )
            return False
        document.mark_saved(path, experiment)
        self._remember(path)
        self._window.say(f"Saved {path.name}.")
        return True

    def may_discard(self) -> bool:
        """Whether the document may go: it is saved, gets saved now, or need not be."""
        document = self._window.document
        if not document.dirty:
            return True
        answer = dialogs.ask_to_save(self._window, document.title)
        return self.save() if answer == "save" else answer == "discard"

    # -- exporting -------------------------------------------------------------------------------------------------

    def export_figure(self) -> None:
        views = dict(self._window.panes.figures())
        view = self._window.evaluation.figure()
        if view is not None:
            views[view[0]] = view[1]
        answers = dialogs.ask_for_figure(self._window, tuple(views))
        if answers is None:
            return
        path = self._ask("Export figure", f"{self._window.document.title}{answers['format']}", answers["format"])
        if path is None:
            return
        from playground.export import write_figure

        what = answers["what"]
        content = replace(self._figure(), paint_view=views.get(what))
        self._write(
            path,
            lambda: write_figure(
                path,
                content,
                what="view" if what in views else what,
                scale=int(answers["scale"]),
                theme=THEMES[answers["theme"]],
            ),
        )

    def _figure(self) -> FigureContent:
        """What a figure of the window as it is now shows; round circles stay round."""
        window, shown = self._window, self._window.shown
        scale = np.abs(window.stage.frame.mapping.scale)
        return figure_content(
            shown.experiment,
            shown.dataset,
            shown.model,
            window.curves.points(),
            equal_units=bool(abs(scale[0] - scale[1]) < 0.02 * scale[0]),
        )

    def copy_figure(self) -> None:
        from playground.export import figure_image

        QGuiApplication.clipboard().setImage(figure_image(self._figure(), what="stage", scale=2))
        self._window.say("The stage is on the clipboard as a picture.")

    def copy_view(self) -> None:
        """Put the view under the stage on the clipboard: that of the evaluation which is in front, or the curves."""
        from playground.export import figure_image

        name, paint = self._window.evaluation.figure() or ("Curves", None)
        content = replace(self._figure(), paint_view=paint)
        image = figure_image(content, what="curves" if paint is None else "view", scale=2)
        QGuiApplication.clipboard().setImage(image)
        self._window.say(f"On the clipboard as a picture: {name}.")

    def export_points(self) -> None:
        from engine.tables import write_points

        path = self._ask("Export points", f"{self._window.document.title} points.csv", ".csv")
        if path is not None:
            self._write(path, lambda: write_points(path, self._window.shown.dataset))

    def export_predictions(self) -> None:
        from engine.tables import write_predictions

        shown = self._window.shown
        path = self._ask("Export predictions", f"{self._window.document.title} predictions.csv", ".csv")
        if path is not None and shown.model is not None:
            prediction = shown.model.of_points()
            self._write(path, lambda: write_predictions(path, shown.dataset, prediction))

    def export_curves(self) -> None:
        from engine.tables import write_curves

        path = self._ask("Export curves", f"{self._window.document.title} curves.csv", ".csv")
        if path is not None:
            self._write(path, lambda: write_curves(path, self._window.curves.points()))

    def _ask(self, title: str, name: str, suffix: str) -> Path | None:
        return dialogs.ask_for_file_to_save(
            self._window, title, Path(self._folder()) / name, [(suffix[1:].upper(), suffix)]
        )

    def _write(self, path: Path, write: Callable[[], None]) -> None:
        try:
            write()
        except (OSError, ValueError) as error:
            self._window.complain(f"“{path.name}” could not be written", _sentence(error))
            return
        self._window.settings = self._window.settings.model_copy(update={"folder": str(path.parent)})
        self._window.say(f"Wrote {path.name}.")

    # -- what is remembered ----------------------------------------------------------------------------------------

    def add_recent_menu(self, menu: QMenu, before: QAction) -> None:
        """Add the recent files to the File menu."""
        self._recent_menu = QMenu("Open &Recent", menu)
        menu.insertMenu(before, self._recent_menu)
        self._fill_recent()

    def add_example_menu(self, menu: QMenu, before: QAction) -> None:
        """Add the experiments that come along to the File menu."""
        examples = QMenu("&Examples", menu)
        examples.setToolTipsVisible(True)
        menu.insertMenu(before, examples)
        for example in EXAMPLES:
            if example is PROJECTIONS[0]:
                examples.addSeparator()
            action = examples.addAction(example.title)
            action.setData(example)
            action.setToolTip(example.sentence)
            action.triggered.connect(self._open_example)

    def _open_example(self) -> None:
        action = self.sender()
        if isinstance(action, QAction) and self.may_discard():
            example: Example = action.data()
            self._window.document.replace(load_experiment(example.path), None)
            self._window.look.fit_at_once()
            mark = "" if example.title.endswith("?") else "."
            self._window.say(f"{example.title}{mark} {example.sentence}")

    def _fill_recent(self) -> None:
        if self._recent_menu is None:
            return
        self._recent_menu.clear()
        recent = self._window.settings.recent
        self._recent_menu.setEnabled(bool(recent))
        for name in recent:
            action = self._recent_menu.addAction(Path(name).name)
            action.setData(name)
            action.setToolTip(name)
            action.triggered.connect(self._open_recent)

    def _open_recent(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self.open_path(Path(action.data()))

    def _remember(self, path: Path) -> None:
        settings = self._window.settings.with_recent(path)
        self._window.settings = settings.model_copy(update={"folder": str(path.parent)})
        self._fill_recent()

    def save_settings(self) -> None:
        save_settings(self._window.settings)

    def _folder(self) -> str:
        folder = self._window.settings.folder
        return folder if folder and Path(folder).is_dir() else str(Path.home())


def _read_table(path: Path) -> DrawnData | Reading:
    """The points or the table in a file, looked through for what the preview shows."""
    found = read_points_or_table(path)
    if not isinstance(found, DrawnData):
        TableDraft.of_reading(found).content()
    return found


def _sentence(error: Exception) -> str:
    text = str(error)
    return text if text.endswith((".", "!", "?")) else f"{text}."
