"""Experiment files: lossless, the same bytes for the same document, and nothing in them is trusted."""

import io
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from engine import files
from engine.dataset import Points
from engine.experiment import SCHEMA_VERSION, DrawnData, Experiment
from engine.files import (
    FORMAT,
    INLINE_POINTS,
    MIGRATIONS,
    FileError,
    WriteError,
    dumps,
    load_experiment,
    loads,
    save_experiment,
    write_atomically,
)
from tests.engine.strategies import experiments

often = hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def _many(n: int = INLINE_POINTS + 1000) -> Experiment:
    rng = np.random.default_rng(0)
    points = Points(rng.normal(size=(n, 2)), rng.integers(0, 2, n).astype(float), np.arange(n) * 2)
    return Experiment(data=DrawnData(points=points, class_names=("cat", "dog")))


def _plain(**changes: Any) -> bytes:
    return json.dumps({"format": FORMAT, "schema_version": 1, **changes}).encode()


@often
@given(experiments())
def test_any_experiment_is_read_as_it_was_written(experiment: Experiment) -> None:
    content = dumps(experiment)
    again = loads(content)
    assert again == experiment
    assert dumps(again) == content


@pytest.mark.parametrize("n", [INLINE_POINTS, INLINE_POINTS + 1, 50_000])
def test_many_points_are_kept_exactly(n: int, tmp_path: Path) -> None:
    experiment = _many(n)
    save_experiment(tmp_path / "many.playground", experiment)
    again = load_experiment(tmp_path / "many.playground")
    assert isinstance(again.data, DrawnData)
    assert again == experiment
    assert again.data.points.X.dtype == np.float32
    assert zipfile.is_zipfile(tmp_path / "many.playground") == (n > INLINE_POINTS)


def test_many_points_of_one_input_are_kept_too() -> None:
    points = Points(np.linspace(0, 1, 6000)[:, None], np.linspace(0, 1, 6000))
    experiment = Experiment(data=DrawnData(task="regression", points=points))
    assert loads(dumps(experiment)) == experiment


def test_equal_experiments_give_equal_bytes() -> None:
    assert dumps(_many()) == dumps(_many())


def test_a_file_can_be_read_by_a_person() -> None:
    text = dumps(Experiment(data=DrawnData(points=Points(np.array([[0.1, 0.2]]), np.array([1]))))).decode()
    assert json.loads(text)["data"]["points"] == {"X": [[0.1, 0.2]], "y": [1.0]}
    assert text.splitlines()[1] == f' "format": "{FORMAT}",'
    assert max(map(len, text.splitlines())) < 120


def test_names_that_look_like_the_file_s_own_words_are_only_names() -> None:
    names = ('"X": "@X"', "@X", '"y"')
    experiment = Experiment(data=DrawnData(points=Points(np.zeros((1, 2)), np.zeros(1)), class_names=names))
    assert loads(dumps(experiment)) == experiment


@often
@given(st.binary(max_size=300))
@example(b"PK\x03\x04")
@example(b"\xff\xfe{}")
@example(b"[" * 100_000)
@example(b'{"a": ' * 100_000)
@example(b"1" * 10_000)
@example(b"\x80\x04\x95pickle")
def test_arbitrary_bytes_are_refused_with_a_sentence(content: bytes) -> None:
    with pytest.raises(FileError):
        loads(content)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
KEYS = ("data", "preparation", "learner", "training", "view", "extra")


@often
@given(st.dictionaries(st.sampled_from(KEYS), JSON, min_size=1), st.sampled_from(["drawn", "generated", "mlp", None]))
def test_arbitrary_values_are_refused_or_valid(changes: dict[str, Any], tag: str | None) -> None:
    for key in ("data", "learner"):
        if isinstance(changes.get(key), dict) and tag:
            changes[key]["source" if key == "data" else "kind"] = tag
    sentence = ""
    try:
        loads(_plain(**changes))
    except FileError as error:
        sentence = str(error)
    assert len(sentence.encode()) < 3000


@often
@given(st.data())
def test_points_of_any_shape_are_refused_or_valid(data: st.DataObject) -> None:
    numbers = st.floats() | st.integers() | st.none() | st.text(max_size=3) | st.just(10**400)
    rows = st.lists(numbers | st.lists(numbers, max_size=3), max_size=4)
    points = data.draw(st.fixed_dictionaries({"X": rows, "y": rows}, optional={"ids": rows}))
    task = data.draw(st.sampled_from(["classification", "regression"]))
    try:
        loads(_plain(data={"source": "drawn", "task": task, "points": points}))
    except FileError:
        return


@often
@given(st.integers(0, 10**6), st.binary(min_size=1, max_size=6), st.booleans())
def test_damaged_files_are_refused_or_hold_another_experiment(place: int, noise: bytes, container: bool) -> None:
    content = dumps(_many(INLINE_POINTS + 1)) if container else dumps(Experiment())
    place %= len(content)
    try:
        loads(content[:place] + noise + content[place + len(noise) :])
    except FileError:
        return


@often
@given(st.integers(0, 10**6), st.booleans())
def test_cut_off_files_are_refused(length: int, container: bool) -> None:
    content = dumps(_many(INLINE_POINTS + 1)) if container else dumps(Experiment()).rstrip()
    with pytest.raises(FileError, match=r"cut off|damaged|not a Playground|empty"):
        loads(content[: length % len(content)])


def test_a_truncated_file_says_where_it_ends() -> None:
    with pytest.raises(FileError, match=r"spirals.playground is damaged or cut off at line \d+"):
        loads(dumps(Experiment())[:600], "spirals.playground")


def test_a_newer_version_is_refused_by_name() -> None:
    with pytest.raises(FileError, match=rf"newer Playground \(file version 7, this one reads {SCHEMA_VERSION}\)"):
        loads(_plain(schema_version=7, something_new=1))


@pytest.mark.parametrize("version", [0, -1, "1", None, True, 1.0])
def test_a_file_without_a_version_is_refused(version: Any) -> None:
    with pytest.raises(FileError, match="which version"):
        loads(_plain(schema_version=version))


def test_an_older_version_is_brought_up_to_date_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(MIGRATIONS) == set(range(1, SCHEMA_VERSION))
    monkeypatch.setattr(files, "SCHEMA_VERSION", 3)
    monkeypatch.setattr(files, "MIGRATIONS", {1: lambda old: {**old, "b": old["a"]}, 2: lambda old: {"c": old["b"]}})
    assert files._migrated({"schema_version": 1, "a": 5}, "x") == {"schema_version": 3, "c": 5}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"training": {"optimizer": {"learning_rate": 1000}}},
         r"training.optimizer.learning_rate: 1000 is out of range; it must be from 1e-06 to 100"),
        ({"training": {"optimizer": {"kind": "adamm"}}}, "training.optimizer.kind: .*did you mean adam"),
        ({"data": {"source": "generated", "n_points": 0}}, "data.n_points: 0 is out of range; .* 1 to 1,000,000"),
        ({"data": {"source": "web"}}, 'data.source: "web" is not one of generated, drawn'),
        ({"learner": {}}, "learner.kind: the value is missing; it must be one of linear_regression"),
        ({"learner": {"kind": "mlp", "layers": [{"units": 0}]}}, "learner.layers.0.units: 0 is out of range"),
        ({"learner": {"kind": "mlp", "layers": [{}] * 9}}, "learner.layers: there are 9 entries; at most 8"),
        ({"learner": {"kind": "mlp", "skip": "perhaps"}}, 'learner.skip: "perhaps" is not true or false'),
        ({"training": {"seed": 1.5}}, "training.seed: 1.5 is not a whole number from 0"),
        ({"training": {"seed": "abc"}}, 'training.seed: "abc" is not a whole number'),
        ({"data": {"source": "generated", "noise": "much"}}, 'data.noise: "much" is not a number from 0 to 2'),
        ({"training": {"rate": 1}}, "training.rate: there is no such setting"),
        ({"training": {"learning_rate": 1}}, "did you mean training.optimizer.learning_rate"),
        ({"preparation": {"test_share": 0.8, "validation_share": 0.8}}, "preparation: .*at least 10 %"),
        ({"view": {"x_range": [2, 1]}}, "view.x_range: a range runs from a smaller"),
        ({"data": {"source": "drawn", "points": {"X": [[0, 0]], "y": [4]}}}, "data: class indices must be"),
        ({"data": {"source": "drawn", "points": {"X": [[0, "a"]], "y": [0]}}}, "data.points: .*numbers"),
        ({"data": {"source": "drawn", "class_names": ["", "B"]}}, "data.class_names.0: .*at least 1"),
        ({"training": 5}, "training: 5 is not a group of settings"),
        ({"training": {"optimizer": {"momentum": 1e999}}}, "training.optimizer.momentum"),
    ],
)  # fmt: skip
def test_a_value_that_is_not_allowed_is_named_with_what_is(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(FileError, match=words):
        loads(_plain(**changes).replace(b"Infinity", b"1e999"), "mine.playground")


def test_many_mistakes_are_counted() -> None:
    with pytest.raises(FileError, match=r"And 2 more\."):
        loads(_plain(a=1, b=1, c=1, d=1, e=1))


def _zip(entries: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as container:
        for name, content in entries.items():
            container.writestr(name, content)
    return buffer.getvalue()


def _entries(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as container:
        return {name: container.read(name) for name in container.namelist()}


def _npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


def test_a_container_may_hold_nothing_else() -> None:
    entries = _entries(dumps(_many()))
    assert loads(_zip(entries)) == _many()
    for other in ({**entries, "../evil": b""}, {"experiment.json": entries["experiment.json"]}, {"a": b"b"}):
        with pytest.raises(FileError, match="other contents"):
            loads(_zip(other))


def test_an_entry_that_unpacks_to_gigabytes_is_refused() -> None:
    entries = _entries(dumps(_many()))
    with pytest.raises(FileError, match="larger than any experiment needs"):
        loads(_zip({**entries, "X.npy": bytes(100 * 2**20)}))


def test_pickled_arrays_and_other_types_are_refused() -> None:
    entries = _entries(dumps(_many()))
    bad = [
        _npy(np.array([{"a": 1}], dtype=object)),
        _npy(np.zeros((6000, 2))),
        _npy(np.zeros((6000, 2), ">f4")),
        _npy(np.asfortranarray(np.zeros((6000, 2), np.float32))),
        _npy(np.zeros((6000, 2), np.float32))[:-4],
        b"",
    ]
    for array in bad:
        with pytest.raises(FileError, match="damaged"):
            loads(_zip({**entries, "X.npy": array}))
    with pytest.raises(FileError, match="finite"):
        loads(_zip({**entries, "X.npy": _npy(np.full((6000, 2), np.nan, np.float32))}))
    with pytest.raises(FileError, match="shape"):
        loads(_zip({**entries, "y.npy": _npy(np.zeros(5999, np.float32))}))
    with pytest.raises(FileError, match="identities"):
        loads(_zip({**entries, "ids.npy": _npy(np.zeros(5999, np.int64))}))


def test_points_need_an_experiment_that_speaks_of_them() -> None:
    entries = _entries(dumps(_many()))
    with pytest.raises(FileError, match="does not speak of"):
        loads(_zip({**entries, "experiment.json": dumps(Experiment())}))


def test_a_missing_file_and_a_folder_are_said(tmp_path: Path) -> None:
    for path, sentence in (
        (tmp_path / "none.playground", "there is no such file"),
        (tmp_path, "it is a folder, not a file"),
    ):
        with pytest.raises(FileError, match=sentence):
            load_experiment(path)


def test_a_file_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large.playground"
    with path.open("wb") as file:
        file.truncate(200 * 2**20)
    with pytest.raises(FileError, match="too large"):
        load_experiment(path)


def test_saving_replaces_the_old_file_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.playground"
    path.write_bytes(b"old")
    path.chmod(0o640)
    save_experiment(path, Experiment())
    assert load_experiment(path) == Experiment()
    assert path.stat().st_mode & 0o777 == 0o640
    assert [each.name for each in tmp_path.iterdir()] == ["a.playground"]


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    path = tmp_path / "a.playground"
    save_experiment(path, Experiment())

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os if failing == "fsync" else Path, failing, full)
    with pytest.raises(WriteError, match=r"a\.playground could not be written: No space left on device.*untouched"):
        save_experiment(path, _many())
    assert load_experiment(path) == Experiment()
    assert [each.name for each in tmp_path.iterdir()] == ["a.playground"]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match=r"nowhere.*could not be written"):
        write_atomically(tmp_path / "nowhere" / "a", b"")


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_atomically(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"
