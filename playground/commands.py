"""What each action of the window does: the other half of the table in `playground.actions`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playground.window import MainWindow


def commands_of(window: MainWindow) -> dict[str, Callable[[], object]]:
    """What to call, by the id of the action."""
    files, data, training, look = window.files, window.data, window.training, window.look
    return {
        "file.new": files.new,
        "file.open": files.open,
        "file.save": files.save,
        "file.save_as": files.save_as,
        "file.export": files.export_figure,
        "file.copy_figure": files.copy_figure,
        "file.copy_view": files.copy_view,
        "file.export_points": files.export_points,
        "file.export_predictions": files.export_predictions,
        "file.export_curves": files.export_curves,
        "file.quit": window.close,
        "edit.undo": lambda: _undo(window),
        "edit.redo": lambda: _redo(window),
        "edit.copy": data.copy,
        "edit.paste": data.paste,
        "edit.select_all": data.select_all,
        "edit.delete": data.delete_selected,
        "data.clear": data.clear,
        "data.empty_classes": data.empty_classes,
        "data.empty_curve": data.empty_curve,
        "data.empty_surface": data.empty_surface,
        "data.resample": data.resample,
        "data.resplit": data.resplit,
        "data.from_found": window.model.learn_from_found,
        "data.open_points": files.open,
        "run.toggle": training.toggle,
        "run.step": lambda: training.step("epoch", 1),
        "run.minibatch": lambda: training.step("step", 1),
        "run.reset": training.reset,
        "run.new_seed": lambda: training.reset(True),
        "run.faster": look.faster,
        "run.slower": look.slower,
        "view.fit": look.fit,
        "view.zoom_in": look.zoom_in,
        "view.zoom_out": look.zoom_out,
        "view.range": look.ask_for_ranges,
        "view.theme": look.toggle_theme,
        "view.full_screen": look.toggle_full_screen,
        "view.reset_docks": look.reset_docks,
        "help.palette": look.show_palette,
        "help.shortcuts": look.show_shortcuts,
        "help.doctor": look.show_doctor,
        "help.about": look.show_about,
    }


def _undo(window: MainWindow) -> None:
    sentence = f"Undone: {window.document.undo_text}."
    window.document.undo()
    _say_unless_blocked(window, sentence)


def _redo(window: MainWindow) -> None:
    sentence = f"Done again: {window.document.redo_text}."
    window.document.redo()
    _say_unless_blocked(window, sentence)


def _say_unless_blocked(window: MainWindow, sentence: str) -> None:
    """Say so, that nothing stays that was said of the step; but why nothing can be learned is said by others."""
    if not window.shown.blocked:
        window.say(sentence)
