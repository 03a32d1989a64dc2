"""Points, predictions and curves as tables: CSV written, and CSV, TSV or pasted text read."""

from __future__ import annotations

import csv
import io
import math
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from engine.cells import LONGEST_LABEL, Table, TableError, decoded, read_table
from engine.clustering import UNASSIGNED
from engine.dataset import CLASS_NAMES, MAX_CLASSES, PART_NAMES, Dataset, FloatArray, IntArray, Points
from engine.experiment import DrawnData
from engine.files import write_atomically
from engine.learner import Prediction
from engine.snapshot import CurvePoint

if TYPE_CHECKING:
    from engine.table_predicting import NewRows

__all__ = [
    "TableError", "likely_points", "parse_points", "points_text", "predict_table", "read_inputs", "read_points",
    "write_curves", "write_points", "write_predictions",
]  # fmt: skip

_FIRST_BYTES = 65_536
_NAMED_AS_POINTS = re.compile(r"\W*x1?\b")
_FURTHER_INPUT = re.compile(r"x\d+")
"""Titles beside x1 and x2 that say that the file is of more than points."""
_LARGEST_FILE = 512 * 2**20
BULK_CHARACTERS = 2**20
"""A text up to this long is read cell by cell in 0.1 s: less than it takes to load the parser for longer ones."""
_LABEL_NAMES = ("label", "class", "category")
_TARGET_NAMES = ("y", "target", "value")


# -- reading -----------------------------------------------------------------------------------------------------------


def read_points(path: str | os.PathLike[str]) -> DrawnData:
    """The points in a file of comma-, semicolon-, tab- or space-separated text.

    Two columns are x and y of a regression. Of three, the third is a class (text, or whole numbers 0 to 5) or a target;
    a column named "label" or "y" says which. Of more, those named x1, x2 and label, or x1, x2 and y, or x and y count.

    Raises
    ------
    TableError
        With file, row, column and the offending text, and what can be done.
    """
    path = Path(path)
    return parse_points(_text_of(path), path.name)


def parse_points(text: str, name: str = "") -> DrawnData:
    """The points in `text`, as `read_points` reads them; `name` is what error sentences call where it is from.

    Raises
    ------
    TableError
        With row, column and the offending text, and what can be done.

    Examples
    --------
    >>> parse_points("0.5 1.5 cat\\n2 3 dog").class_names
    ('cat', 'dog')
    """
    table: Table | None = None
    if len(text) > BULK_CHARACTERS:
        from engine.bulk_cells import read_bulk

        table = read_bulk(text, name, _point_columns, _holds_classes)
    table = table or read_table(text, name)
    columns = _point_columns(table)
    X = np.stack([table.numbers(column) for column in columns[:-1]], axis=1)
    if len(columns) == 2:
        return DrawnData(task="regression", points=Points(X, table.numbers(columns[1])))
    if not _holds_classes(table, columns[2]):
        return DrawnData(task="regression", points=Points(X, table.numbers(columns[2])))
    y, class_names = _classes(table, columns[2])
    return DrawnData(points=Points(X, y), class_names=class_names)


def likely_points(path: str | os.PathLike[str]) -> Literal["yes", "perhaps", "no"]:
    """Whether a file speaks of points rather than being a table of anything, by its first lines.

    "yes" for what cannot be a table either: then `read_points` says what is wrong with it.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            first = file.read(_FIRST_BYTES)
        text = decoded(first, path.name)
        lines = text.splitlines(keepends=True)
        table = read_table("".join(lines[:-1] if len(first) == _FIRST_BYTES and len(lines) > 1 else lines), path.name)
    except OSError:
        return "yes"
    except TableError:
        return "yes" if _NAMED_AS_POINTS.match(_first_line(first)) or first.count(b"\0") or not first.strip() else "no"
    if table.width == 1:
        return "yes"
    titles = {title.lower() for title in table.header or ()}
    others = titles - {"x1", "x2"}
    if {"x1", "x2"} <= titles and not any(map(_FURTHER_INPUT.fullmatch, others)):
        return "yes"
    if "x" in titles and (table.width <= 3 or {"part", "predicted"} & titles):
        return "yes"
    if table.width > 3:
        return "no"
    return "perhaps" if table.header else "yes"


def _first_line(content: bytes) -> str:
    return content.split(b"\n", 1)[0].decode("latin-1").lower()


def read_inputs(path: str | os.PathLike[str], input_names: Sequence[str]) -> FloatArray:
    """Inputs (n, d) float32 without targets: the columns called `input_names`, or the first d.

    Raises
    ------
    TableError
        As `read_points`.
    """
    path = Path(path)
    table = read_table(_text_of(path), path.name)
    columns = table.columns_named(input_names) or list(range(len(input_names)))
    if table.width < len(input_names):
        raise TableError(
            f"{path.name} has {table.width} column, but the model has the inputs {' and '.join(input_names)}."
        )
    return np.stack([table.numbers(column) for column in columns], axis=1).astype(np.float32)


def _text_of(path: Path) -> str:
    try:
        if not path.is_file():
            what = "it is a folder, not a file" if path.is_dir() else "there is no such file"
            raise TableError(f"{path}: {what}.")
        size = path.stat().st_size
        if size > _LARGEST_FILE:
            raise TableError(
                f"{path.name} has {size / 2**20:,.0f} MB; a table of points may have {_LARGEST_FILE // 2**20} MB:"
                " keep a sample of its rows."
            )
        return decoded(path.read_bytes(), path.name)
    except OSError as error:
        raise TableError(f"{path} could not be read: {error.strerror or error}.") from error


def _point_columns(table: Table) -> list[int]:
    """The numbers of the columns that hold inputs and target."""
    if table.width in (2, 3):
        return list(range(table.width))
    for inputs, targets in ((("x1", "x2"), (*_LABEL_NAMES, *_TARGET_NAMES)), (("x",), _TARGET_NAMES)):
        for target in targets:
            found = table.columns_named((*inputs, target))
            if found:
                return found
    if table.width == 1:
        raise table.error(
            "there is only one column; points need two or three: separate them by commas, semicolons, tabs or spaces."
        )
    raise table.error(
        f"there are {table.width} columns; points need x and y, or x1, x2 and a label or target:"
        " name the columns so in the first row, or remove the others."
    )


def _holds_classes(table: Table, column: int) -> bool:
    """Whether the third column is a class rather than a target."""
    title = table.title(column).lower()
    if title in _LABEL_NAMES:
        return True
    distinct = table.distinct(column)
    numeric = [value for value in (table.number(cell) for cell in distinct) if value is not None]
    if title in _TARGET_NAMES and numeric:
        return False
    if len(numeric) == len(distinct):
        return len(distinct) <= MAX_CLASSES and all(value in range(MAX_CLASSES) for value in numeric)
    # A column of many numbers with a text among them is a target with a slip, which `numbers` then points at.
    return len(distinct) <= MAX_CLASSES or 2 * len(numeric) < len(distinct)


def _classes(table: Table, column: int) -> tuple[FloatArray, tuple[str, ...]]:
    """Class indices (n,) and the classes' names."""
    codes, labels = table.factorized(column)
    if "" in labels:
        row = int(np.argmax(codes == labels.index("")))
        raise table.error_at(row, column, "the label is missing: fill it in or delete the row.")
    too_long = [code for code, label in enumerate(labels) if len(label) > LONGEST_LABEL]
    if too_long:
        row = int(np.argmax(np.isin(codes, too_long)))
        start = labels[codes[row]][:20]
        raise table.error_at(row, column, f"'{start}…' is longer than the {LONGEST_LABEL} characters of a label.")
    names = _in_order(set(labels))
    if len(names) > MAX_CLASSES:
        shown = ", ".join(name[:12] for name in names[:MAX_CLASSES])
        raise table.error(
            f"column {table.title(column)} has {len(names)} different labels ({shown}, …), but there can be at most"
            f" {MAX_CLASSES} classes: merge or remove some, or call the column y if it is a number to predict."
        )
    names = _completed(names)
    index = np.array([names.index(label) for label in labels], np.float32)
    return index[codes], names


def _in_order(labels: set[str]) -> tuple[str, ...]:
    """Labels by number where all are numbers, else by alphabet."""
    try:
        numbers = {label: float(label) for label in labels}
    except ValueError:
        return tuple(sorted(labels))
    finite = all(map(math.isfinite, numbers.values()))
    return tuple(sorted(labels, key=lambda label: (numbers[label] if finite else 0.0, label)))


def _completed(names: tuple[str, ...]) -> tuple[str, ...]:
    """At least two names; the letters of the default classes keep their places and so their colours."""
    if set(names) <= set(CLASS_NAMES):
        return CLASS_NAMES[: max(2, CLASS_NAMES.index(names[-1]) + 1)]
    if len(names) >= 2:
        return names
    return (*names, next(name for name in CLASS_NAMES if name not in names))


# -- writing -----------------------------------------------------------------------------------------------------------


def write_points(path: str | os.PathLike[str], dataset: Dataset) -> None:
    """Write points as CSV that `read_points` reads back exactly: x1, x2, label, or x1, x2, y, or x, y.

    Raises
    ------
    engine.files.WriteError
        If it cannot be written.
    """
    write_atomically(path, points_text(dataset).encode())


def points_text(dataset: Dataset, rows: IntArray | None = None) -> str:
    """The points of `dataset`, or those at `rows`, as CSV."""
    target = _target_title(dataset)
    rows = np.arange(len(dataset.points)) if rows is None else rows
    return _csv((*dataset.input_names, target), (*_inputs(dataset.X[rows]), _targets(dataset, rows)))


def _target_title(dataset: Dataset) -> str:
    """What the target's column is called: a class of drawn points is a label."""
    unnamed = bool(dataset.class_names) and dataset.target_name == "y"
    return "label" if unnamed else dataset.target_name


def write_predictions(path: str | os.PathLike[str], dataset: Dataset, prediction: Prediction) -> None:
    """Write points, each with its part and what the model says: class and probabilities or scores, or value.

    Parameters
    ----------
    path : where to.
    dataset, prediction : about the same n points.

    Raises
    ------
    engine.files.WriteError
        If it cannot be written.
    """
    target = _target_title(dataset)
    header, columns = _said(prediction, dataset)
    parts = [PART_NAMES[part] for part in dataset.parts.tolist()]
    text = _csv(
        (*dataset.input_names, target, "part", *header),
        (*_inputs(dataset.X), _targets(dataset, np.arange(len(dataset.points))), parts, *columns),
    )
    write_atomically(path, text.encode())


def predict_table(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    dataset: Dataset,
    predict: Callable[[FloatArray], Prediction],
    read: Callable[[str | os.PathLike[str]], NewRows] | None = None,
) -> tuple[str, ...]:
    """Read rows from `source` and write them to `target` with what the model says of them.

    Parameters
    ----------
    read : from a file to the rows in it, where its columns are not the inputs themselves.

    Returns
    -------
    Sentences about what the model does not know.

    Raises
    ------
    TableError
        If the inputs cannot be read.
    engine.files.WriteError
        If the predictions cannot be written.
    """
    rows = None if read is None else read(source)
    X = read_inputs(source, dataset.input_names) if rows is None else rows.X
    names = dataset.input_names if rows is None else rows.names
    inputs: Iterable[Sequence[str]] = _inputs(X) if rows is None else zip(*rows.cells, strict=True)
    said = predict(X)
    header, columns = _said(said, dataset)
    write_atomically(target, _csv((*names, *header), (*inputs, *columns)).encode())
    return () if rows is None else rows.remarks


def write_curves(path: str | os.PathLike[str], curve: Iterable[CurvePoint]) -> None:
    """Write the losses and scores of each recorded epoch as CSV; empty cells where a part has no points.

    Raises
    ------
    engine.files.WriteError
        If it cannot be written.
    """
    header = ("epoch", *(f"{name}_{what}" for what in ("loss", "score") for name in PART_NAMES))
    rows = [(point.epoch, *point.loss, *point.score) for point in curve]
    columns = [["" if math.isnan(number) else number for number in column] for column in zip(*rows, strict=True)]
    write_atomically(path, _csv(header, columns).encode())


def _csv(header: Sequence[str], columns: Sequence[Sequence[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(zip(*columns, strict=True))
    return text.getvalue()


def _inputs(X: FloatArray) -> Iterator[list[str]]:
    return (_shortest(column) for column in X.T)


def _targets(dataset: Dataset, rows: IntArray) -> list[str]:
    y = dataset.y[rows]
    if not dataset.class_names:
        return _shortest(y)
    return [dataset.class_names[index] for index in y.astype(np.int64).tolist()]


def _shortest(values: FloatArray) -> list[str]:
    """The shortest decimals that read back as the same float32 numbers."""
    return [str(value) for value in values.astype(np.float32)]


def _said_of_groups(prediction: Prediction) -> tuple[tuple[str, ...], list[Sequence[Any]]]:
    """The columns of a grouping: the cluster of each row and, where rows belong by degrees, how much to each."""
    assert prediction.labels is not None
    said: list[Sequence[Any]] = [
        ["no cluster" if label == UNASSIGNED else f"Cluster {label + 1}" for label in prediction.labels.tolist()]
    ]
    shares = prediction.probabilities
    if shares is None or np.isin(shares, (0.0, 1.0)).all():
        return ("predicted",), said
    of_each = (f"p(Cluster {number})" for number in range(1, shares.shape[1] + 1))
    return ("predicted", *of_each), [*said, *shares.T.tolist()]


def _said(prediction: Prediction, dataset: Dataset) -> tuple[tuple[str, ...], list[Sequence[Any]]]:
    """The columns of a prediction: their names and contents, to full precision."""
    if dataset.task == "clustering":
        return _said_of_groups(prediction)
    class_names = dataset.class_names
    if prediction.labels is None and prediction.values is None:
        return tuple(f"t{number}" for number in range(1, prediction.scores.shape[1] + 1)), prediction.scores.T.tolist()
    if prediction.labels is None:
        values = prediction.values if prediction.values is not None else prediction.scores[:, 0]
        return ("predicted",), [values.tolist()]
    header, columns = ["predicted"], [[class_names[index] for index in prediction.labels.tolist()]]
    if prediction.probabilities is not None:
        header += [f"p({name})" for name in class_names[: prediction.probabilities.shape[1]]]
        columns += prediction.probabilities.T.tolist()
    elif prediction.scores.shape[1] == 1:
        header.append("score")
        columns.append(prediction.scores[:, 0].tolist())
    else:
        header += [f"score({name})" for name in class_names]
        columns += prediction.scores.T.tolist()
    return tuple(header), list(columns)
