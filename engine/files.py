"""Experiment files, written so that nothing is lost and read so that nothing is trusted."""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import re
import secrets
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from engine.dataset import Points
from engine.experiment import SCHEMA_VERSION, DrawnData, Experiment
from engine.paths import explain
from engine.table_columns import MOST_CELLS, plain_columns
from engine.table_data import TableData

SUFFIX = ".playground"
FORMAT = "playground-experiment"

INLINE_POINTS = 5_000
"""Up to this many points stand in the JSON itself; more go beside it, into a zip container."""

INLINE_CELLS = 20_000
"""The same for the cells of a table."""

_DOCUMENT = "experiment.json"
_MOST_POINTS = 4_000_000
_ARRAYS: Mapping[str, str] = {"X": "<f4", "y": "<f4", "ids": "<i8"}
"""The entries X.npy, y.npy and ids.npy of a container of points, and the only type each may have."""
_TABLE: Mapping[str, str] = {"values": "<f8"}
"""The same of a container of a table."""
_MOST_BYTES: Mapping[str, int] = dict.fromkeys(_ARRAYS, 17 * _MOST_POINTS) | {"values": 8 * MOST_CELLS + 2**10}

_LARGEST_FILE = 128 * 2**20
_LARGEST_DOCUMENT = 64 * 2**20
_ZIP_START = b"PK\x03\x04"
_NPY_HEADER = re.compile(
    rb"\x93NUMPY\x01\x00..\{'descr': '(?P<dtype>[<>|a-z0-9]{1,8})', 'fortran_order': False,"
    rb" 'shape': \((?P<shape>\d{1,9}, ?\d{0,8})\), \} *\n",
    re.DOTALL,
)
"""What `numpy.lib.format` writes before an array; read by this alone, nothing in it is evaluated."""

Migration = Callable[[dict[str, Any]], dict[str, Any]]

MIGRATIONS: dict[int, Migration] = {}
"""By version: what turns a document of that version into one of the next."""


class FileError(ValueError):
    """A file that cannot be read as an experiment; the sentence says why."""


class WriteError(OSError):
    """A file that could not be written; the sentence names it. What stood there before is untouched."""


# -- writing -----------------------------------------------------------------------------------------------------------


def write_atomically(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file so that at every moment either the old or the new one is there, whole.

    Raises
    ------
    WriteError
        If the folder is missing or read-only, the disk full, …; the old file is as it was.
    """
    path = Path(path)
    target = path.resolve()  # A link stays a link: the file that it points to is replaced.
    temporary = target.with_name(f".{target.name[:40]}-{secrets.token_hex(4)}.part")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            temporary.chmod(target.stat().st_mode & 0o777)
        temporary.replace(target)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        reason = error.strerror or str(error)
        before = " What was there before is untouched." if target.exists() else ""
        raise WriteError(f"{path} could not be written: {reason}.{before}") from error


def save_experiment(path: str | os.PathLike[str], experiment: Experiment) -> None:
    """Write `experiment` to a file.

    Raises
    ------
    WriteError
        If it cannot be written; an old file is as it was.
    """
    write_atomically(path, dumps(experiment))


def dumps(experiment: Experiment) -> bytes:
    """The file of an experiment: JSON text, or a zip container for more than `INLINE_POINTS` drawn points, or more
    than `INLINE_CELLS` cells of a table.

    Equal experiments give equal bytes.
    """
    data = experiment.data
    beside = {"drawn": "points", "table": "columns"}.get(data.source)
    plain = experiment.model_dump(mode="json", exclude={"data": {beside}} if beside else None)
    plain = {"format": FORMAT, **plain}
    if isinstance(data, DrawnData):
        if len(data.points) > INLINE_POINTS:
            return _container(_text(plain), {name: getattr(data.points, name) for name in _ARRAYS}, _ARRAYS)
        return _with_lines(plain, "points", data.model_dump(mode="json", include={"points"})["points"])
    if isinstance(data, TableData):
        columns = data.columns
        if columns.values.size > INLINE_CELLS:
            names = {"names": columns.names, "kinds": columns.kinds, "categories": columns.categories}
            plain["data"]["columns"] = names
            return _container(_text(plain), {"values": columns.values}, _TABLE)
        return _with_lines(plain, "columns", plain_columns(columns))
    return _text(plain)


def _with_lines(plain: dict[str, Any], name: str, inline: dict[str, Any]) -> bytes:
    """`plain` as text with `inline` in its data, a line a list: a number a line would be thousands of lines."""
    plain["data"][name] = {key: f"@{key}@" for key in inline}
    text = _text(plain).decode()
    before, rest = text.split(f'"{name}": {{', 1)
    for key, values in inline.items():
        rest = rest.replace(f'"{key}": "@{key}@"', f'"{key}": {json.dumps(values, ensure_ascii=False)}', 1)
    return f'{before}"{name}": {{{rest}'.encode()


def _text(plain: dict[str, Any]) -> bytes:
    return (json.dumps(plain, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _container(document: bytes, arrays: Mapping[str, NDArray[Any]], types: Mapping[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as container:
        container.writestr(_entry(_DOCUMENT), document)
        for name, dtype in types.items():
            array = io.BytesIO()
            np.lib.format.write_array(array, arrays[name].astype(dtype), (1, 0), allow_pickle=False)
            container.writestr(_entry(f"{name}.npy"), array.getvalue())
    return buffer.getvalue()


def _entry(name: str) -> zipfile.ZipInfo:
    """An entry without a time, so that equal experiments give equal files."""
    entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry


# -- reading -----------------------------------------------------------------------------------------------------------


def load_experiment(path: str | os.PathLike[str]) -> Experiment:
    """Read an experiment from a file; nothing in the file is executed.

    Raises
    ------
    FileError
        If the file cannot be opened, is truncated, is no experiment, is from a newer version, or holds a value that
        is not allowed.
    """
    path = Path(path)
    try:
        if not path.is_file():
            what = "it is a folder, not a file" if path.is_dir() else "there is no such file"
            raise FileError(f"{path}: {what}.")
        size = path.stat().st_size
        if size > _LARGEST_FILE:
            raise FileError(f"{path.name} is too large for an experiment: {size / 2**20:,.0f} MB.")
        content = path.read_bytes()
    except OSError as error:
        raise FileError(f"{path} could not be read: {error.strerror or error}.") from error
    return loads(content, path.name)


def loads(content: bytes, name: str = "The file") -> Experiment:
    """The experiment in the bytes of a file; `name` is what error sentences call the file.

    Raises
    ------
    FileError
        With a sentence that says what is wrong.
    """
    arrays: Mapping[str, NDArray[Any]] = {}
    if content.startswith(_ZIP_START):
        document, arrays = _opened_container(content, name)
    else:
        document = content
    plain = _migrated(_parsed(document, name), name)
    if "values" in arrays:
        _put_values(plain, arrays["values"], name)
    elif arrays:
        data = plain.get("data")
        if not isinstance(data, dict) or data.get("source") != "drawn" or "points" in data:
            raise FileError(f"{name} holds points that its experiment does not speak of.")
        plain["data"] = {**data, "points": _points(arrays, name)}
    try:
        with np.errstate(all="ignore"):
            return Experiment.model_validate(plain)
    except ValidationError as error:
        raise FileError(f"{name} holds a value that is not allowed. {explain(error)}") from error
    except RecursionError as error:
        raise FileError(f"{name} is nested too deeply for an experiment.") from error


def _put_values(plain: dict[str, Any], values: NDArray[Any], name: str) -> None:
    """Put the cells of a table into its columns."""
    data = plain.get("data")
    columns = data.get("columns") if isinstance(data, dict) and data.get("source") == "table" else None
    if not isinstance(data, dict) or not isinstance(columns, dict) or "values" in columns:
        raise FileError(f"{name} holds a table that its experiment does not speak of.")
    plain["data"] = {**data, "columns": {**columns, "values": values}}


def _parsed(document: bytes, name: str) -> dict[str, Any]:
    if not document.strip():
        raise FileError(f"{name} is empty.")
    try:
        plain = json.loads(document.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise FileError(f"{name} is not a Playground experiment: it is not a text.") from error
    except json.JSONDecodeError as error:
        if f'"{FORMAT}"' in document[:200].decode("utf-8", "ignore"):
            raise FileError(
                f"{name} is damaged or cut off at line {error.lineno}, column {error.colno}: {error.msg}."
            ) from error
        raise FileError(f"{name} is not a Playground experiment: it is not JSON.") from error
    except (ValueError, RecursionError) as error:
        raise FileError(f"{name} is not a Playground experiment: {error}.") from error
    if not isinstance(plain, dict) or plain.get("format") != FORMAT:
        raise FileError(f'{name} is not a Playground experiment: it does not say "format": "{FORMAT}".')
    return {key: value for key, value in plain.items() if key != "format"}


def _refuse_constant(constant: str) -> Any:
    raise ValueError(f"{constant} is not a number that an experiment can hold")


def _migrated(plain: dict[str, Any], name: str) -> dict[str, Any]:
    """`plain` as the current version writes it."""
    version = plain.get("schema_version")
    if type(version) is not int or version < 1:
        raise FileError(f"{name} does not say which version of the file format it has.")
    if version > SCHEMA_VERSION:
        raise FileError(
            f"{name} was made by a newer Playground (file version {version}, this one reads {SCHEMA_VERSION}):"
            " update Playground to open it."
        )
    while version < SCHEMA_VERSION:
        plain = MIGRATIONS[version](plain)
        version += 1
    return {**plain, "schema_version": SCHEMA_VERSION}


def _opened_container(content: bytes, name: str) -> tuple[bytes, Mapping[str, NDArray[Any]]]:
    """The document and the arrays of a zip container, if it is exactly what `dumps` makes."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as container:
            entries = {entry.filename: entry for entry in container.infolist()}
            types = _TABLE if "values.npy" in entries else _ARRAYS
            expected = {_DOCUMENT, *(f"{each}.npy" for each in types)}
            if set(entries) != expected or len(container.infolist()) != len(expected):
                raise FileError(f"{name} is not a Playground experiment: it is a zip file with other contents.")
            document = _entry_bytes(container, entries[_DOCUMENT], _LARGEST_DOCUMENT, name)
            arrays = {
                each: _array(_entry_bytes(container, entries[f"{each}.npy"], _MOST_BYTES[each], name), dtype, name)
                for each, dtype in types.items()
            }
    except FileError:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError, struct.error) as error:
        # RuntimeError, which NotImplementedError is too: encrypted entries and unknown compressions.
        raise FileError(f"{name} is damaged or cut off: {error}.") from error
    return document, arrays


def _points(arrays: Mapping[str, NDArray[Any]], name: str) -> Points:
    if len(arrays["ids"]) != len(arrays["X"]):
        raise FileError(f"{name} is damaged: it holds {len(arrays['X'])} points but {len(arrays['ids'])} identities.")
    try:
        return Points(arrays["X"], arrays["y"], arrays["ids"])
    except ValueError as error:
        raise FileError(f"{name} holds points that are not allowed: {error}.") from error


def _entry_bytes(container: zipfile.ZipFile, entry: zipfile.ZipInfo, limit: int, name: str) -> bytes:
    """An entry's content, never more than `limit` bytes of it."""
    if entry.file_size > limit or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise FileError(f"{name} is refused: its entry {entry.filename} is larger than any experiment needs.")
    with container.open(entry) as stream:
        return stream.read(limit + 1)


def _array(content: bytes, dtype: str, name: str) -> NDArray[Any]:
    """An array of the given type from the bytes of an .npy file; its header is checked before anything is made."""
    header = _NPY_HEADER.match(content)
    if header is None or header["dtype"].decode() != dtype:
        raise FileError(f"{name} is damaged: an array in it is not of the type it should be.")
    shape = tuple(int(length) for length in header["shape"].decode().split(",") if length.strip())
    if math.prod(shape) * np.dtype(dtype).itemsize != len(content) - header.end():
        raise FileError(f"{name} is damaged: an array in it has not the size it should have.")
    return np.frombuffer(content, dtype, offset=header.end()).reshape(shape)
