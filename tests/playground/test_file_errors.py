"""Files that cannot be read or written: the place is named, and nothing that is open is lost."""

from __future__ import annotations

import errno
import json
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from engine.experiment import SCHEMA_VERSION, Experiment
from engine.files import dumps, load_experiment
from tests.playground.conftest import Hands
from tests.playground.controls import complaint, drop
from tests.playground.test_whole_path import type_file_name

# -- opening -----------------------------------------------------------------------------------------------------------

TABLES: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "ragged": (b"x1,x2,label\n1,2,a\n3,4\n5,6,b\n", ("row 3 has 2 cells", "3, 4", "delete it")),
    "text": (b"x1,x2,label\n1,2,a\n3,four,b\n", ("row 3, column x2", "four")),
    "wrong encoding": (b"\xff\xfex\x001\x00,\xd8", ("damaged",)),
    "binary": (bytes(range(256)) * 8, ("not a text file",)),
    "empty": (b"", ("empty",)),
    "header alone": (b"x1,x2,label\n", ("header", "no points")),
    "one column": (b"1\n2\n3\n", ("only one column", "commas")),
    "seven classes": (b"".join(b"%d,0,c%d\n" % (i, i) for i in range(7)), ("7 different labels", "merge")),
    "missing label": (b"x1,x2,label\n1,2,a\n3,4,\n", ("row 3, column label", "missing")),
}


def test_tables_that_cannot_be_read_name_the_place(hands: Hands, tmp_path: Path) -> None:
    before = hands.window.document.experiment
    for what, (content, words) in TABLES.items():
        path = tmp_path / f"{what}.csv"
        path.write_bytes(content)
        drop(hands, path)
        sentence = complaint(hands)
        for word in (path.name, *words):
            assert word in sentence, (what, sentence)
        assert hands.window.document.experiment is before
        assert not hands.window.isWindowModified()


def test_a_table_of_a_gigabyte_is_refused_at_once(hands: Hands, tmp_path: Path) -> None:
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        file.truncate(2**30)  # A hole: it takes no room on the disk.
    before = hands.window.document.experiment
    drop(hands, path)
    assert "huge.csv has 1,024 MB" in complaint(hands)
    assert hands.window.document.experiment is before


def test_what_is_pasted_wrongly_is_explained(hands: Hands) -> None:
    before = hands.window.document.experiment
    QApplication.clipboard().setText("0.1 0.2 A\n0.3 oops B\n")
    hands.do("edit.paste")
    sentence = complaint(hands)
    assert "oops" in sentence
    assert "Row 2" in sentence
    assert hands.window.document.experiment is before


class Bomb:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, (str(self.path),)


def hostile_files(folder: Path, trap: Path) -> dict[str, tuple[bytes, str]]:
    """File contents by name, and what is said of each."""
    good = json.loads(dumps(Experiment()))
    evil = {**good, "__class__": f"__import__('os').mkdir('{trap}')"}
    with zipfile.ZipFile(folder / "archive", "w") as archive:
        archive.writestr("../../evil.py", "import os")
    return {
        "truncated": (dumps(Experiment())[:300], "damaged or cut off"),
        "newer": (json.dumps({**good, "schema_version": SCHEMA_VERSION + 1}).encode(), "made by a newer Playground"),
        "pickle": (pickle.dumps(Bomb(trap)), "is not a Playground experiment"),
        "code": (json.dumps(evil).encode(), "__class__"),
        "archive": ((folder / "archive").read_bytes(), "zip file with other contents"),
        "deep": (b"[" * 100_000, "is not a Playground experiment"),
        "out of range": (
            json.dumps({**good, "data": {**good["data"], "n_points": 10**9}}).encode(),
            "data.n_points",
        ),
        "empty": (b"", "is empty"),
        "picture": (b"\x89PNG\r\n\x1a\n" + b"\0" * 64, "is not a Playground experiment"),
    }


def test_experiments_that_cannot_be_read_leave_everything_untouched(hands: Hands, tmp_path: Path) -> None:
    trap = tmp_path / "executed"
    before = hands.window.document.experiment
    for what, (content, words) in hostile_files(tmp_path, trap).items():
        path = tmp_path / f"{what}.playground"
        path.write_bytes(content)
        drop(hands, path)
        sentence = complaint(hands)
        assert words in sentence, (what, sentence)
        assert path.name in sentence
        assert hands.window.document.experiment is before
        assert hands.window.document.path is None
        assert not hands.window.isWindowModified()
    assert not trap.exists()


# -- saving ------------------------------------------------------------------------------------------------------------


def failing(number: int) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


@pytest.mark.parametrize(
    ("where", "number"), [("os.fsync", errno.ENOSPC), ("os.replace", errno.EACCES), ("pathlib.Path.open", errno.EROFS)]
)
def test_a_file_that_cannot_be_saved_is_said_and_the_old_one_is_intact(
    where: str,
    number: int,
    hands: Hands,
    answer: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = tmp_path / "mine.playground"
    answer(type_file_name(file))
    hands.do("file.save")
    old = file.read_bytes()
    hands.click(0.3, 0.3)
    with monkeypatch.context() as full:
        full.setattr(where, failing(number))
        hands.do("file.save")
        sentence = complaint(hands)
    assert str(file) in sentence
    assert os.strerror(number) in sentence
    assert file.read_bytes() == old
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["mine.playground"]
    assert hands.window.isWindowModified()
    hands.do("file.save")
    assert not hands.window.isWindowModified()
    assert load_experiment(file) == hands.window.document.experiment
