"""Opening whatever a person hands over: an experiment or a table of points."""

from __future__ import annotations

from pathlib import Path

from engine.experiment import Experiment
from engine.files import load_experiment
from playground.choices import with_data

TABLE_SUFFIXES = (".csv", ".tsv", ".txt")


def open_any(path: Path, current: Experiment | None = None) -> Experiment:
    """The experiment in the file at `path`, or `current` with the points in it.

    Raises
    ------
    engine.files.FileError, engine.tables.TableError, OSError
        With a sentence that says what is wrong with the file.
    """
    if path.suffix.lower() not in TABLE_SUFFIXES:
        return load_experiment(path)
    from engine.tables import read_points

    return with_data(current or Experiment(), read_points(path))
