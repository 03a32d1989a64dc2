"""Opening whatever a person hands over: an experiment, a file of points or a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from engine.experiment import DrawnData, Experiment
from engine.files import load_experiment
from playground.choices import with_data

if TYPE_CHECKING:
    from engine.table_reading import Reading

TABLE_SUFFIXES = (".csv", ".tsv", ".txt")


def open_any(path: Path, current: Experiment | None = None) -> Experiment:
    """The experiment in the file at `path`, or `current` with the points or the table in it, as it is guessed to be.

    Raises
    ------
    engine.files.FileError, engine.cells.TableError, OSError
        With a sentence that says what is wrong with the file.
    """
    if path.suffix.lower() not in TABLE_SUFFIXES:
        return load_experiment(path)
    found = read_points_or_table(path)
    return with_data(current or Experiment(), found if isinstance(found, DrawnData) else found.data())


def read_points_or_table(path: Path) -> DrawnData | Reading:
    """The points in a file, where it speaks of points, else the table in it.

    Up to three columns without titles, or columns called as those of points are, are points. Other columns are points
    where they can be read as such without a word, else a table.

    Raises
    ------
    engine.cells.TableError
        With a sentence that says what is wrong with the file.
    """
    from engine.cells import TableError
    from engine.table_reading import read_any_table
    from engine.tables import likely_points, read_points

    likely = likely_points(path)
    if likely == "yes":
        return read_points(path)
    if likely == "perhaps":
        try:
            return read_points(path)
        except TableError:
            pass  # It is a table, then.
    return read_any_table(path)


def open_any_or_bundled(path: Path) -> Experiment:
    """The experiment in the file at `path`, or, where there is no such file, on the bundled table of that name.

    Raises
    ------
    engine.files.FileError, engine.cells.TableError, OSError
        As `open_any`.
    """
    from engine.table_sets import TABLE_SETS, bundled_table

    if str(path) in TABLE_SETS and not path.exists():
        return with_data(Experiment(), bundled_table(str(path)))
    return open_any(path)
