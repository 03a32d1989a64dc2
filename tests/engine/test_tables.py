"""Tables: points read back as they were written, whatever the separator, and mistakes told by row and column."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from engine import cells, tables
from engine.dataset import Dataset, Points
from engine.experiment import DrawnData, Experiment, GeneratedData, Preparation
from engine.files import WriteError
from engine.generators import dataset_of
from engine.learner import Prediction
from engine.learners.dbscan import DBSCAN
from engine.learners.gaussian_mixture import GaussianMixture
from engine.learners.k_means import KMeans
from engine.learners.mean_shift import MeanShift
from engine.snapshot import CurvePoint
from engine.table_sets import bundled_table
from engine.tables import (
    TableError,
    parse_points,
    points_text,
    predict_table,
    read_inputs,
    read_points,
    write_curves,
    write_points,
    write_predictions,
)
from engine.training import Run
from tests.engine.strategies import drawn_points

often = hypothesis_settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))


def _dataset(data: DrawnData) -> Dataset:
    return dataset_of(data, Preparation(validation_share=0.2, test_share=0.3))


NAMES = st.lists(
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp", "Zs")), min_size=1, max_size=40),
    min_size=2, max_size=6, unique=True,
)  # fmt: skip


@often
@given(st.data())
def test_points_with_classes_are_read_back_exactly(data: st.DataObject) -> None:
    names = tuple(data.draw(NAMES))
    points = data.draw(drawn_points(2, len(names)).filter(len))
    again = parse_points(points_text(_dataset(DrawnData(points=points, class_names=names))))
    np.testing.assert_array_equal(again.points.X, points.X)
    assert again.task == "classification"
    labels = [names[int(index)] for index in points.y]
    assert [again.class_names[int(index)] for index in again.points.y] == labels


@often
@pytest.mark.parametrize("n_inputs", [1, 2])
@given(data=st.data())
def test_points_with_numbers_are_read_back_exactly(data: st.DataObject, n_inputs: int) -> None:
    points = data.draw(drawn_points(n_inputs).filter(len))
    again = parse_points(points_text(_dataset(DrawnData(task="regression", points=points))))
    assert again.task == "regression"
    np.testing.assert_array_equal(again.points.X, points.X)
    np.testing.assert_array_equal(again.points.y, points.y)


def test_what_is_written_is_what_another_program_reads(tmp_path: Path) -> None:
    import pandas as pd

    points = Points(np.array([[0.1, -2.5e-8], [1 / 3, 4]]), np.array([1, 0]))
    write_points(tmp_path / "points.csv", _dataset(DrawnData(points=points, class_names=("cat, black", "dog"))))
    frame = pd.read_csv(tmp_path / "points.csv")
    assert list(frame.columns) == ["x1", "x2", "label"]
    assert frame["label"].tolist() == ["dog", "cat, black"]
    np.testing.assert_array_equal(frame[["x1", "x2"]].to_numpy().astype(np.float32), points.X)


def test_only_chosen_rows_are_copied() -> None:
    dataset = _dataset(DrawnData(points=Points(np.array([[0, 0], [1, 2]]), np.array([0, 1]))))
    assert points_text(dataset, np.array([1])) == "x1,x2,label\n1.0,2.0,B\n"


EXPECTED = [[0.5, -1.0], [2.0, 3.5]]


@pytest.mark.parametrize(
    "text",
    [
        "x1,x2,label\n0.5,-1,A\n2,3.5,B\n",
        "0.5,-1,A\n2,3.5,B",
        "0.5, -1, A\n 2, 3.5, B\n",
        "0.5\t-1\tA\r\n2\t3.5\tB\r\n",
        "0.5;-1;A\n2;3.5;B",
        "0,5;-1;A\n2;3,5;B",
        "0,5\t-1,0\tA\n2\t3,5\tB",
        "x y class\n0.5 -1 A\n2   3.5 B",
        "  0.5   -1 A\n 2\t 3.5 B".replace("\t", " "),
        "0,5 -1,0 A\n2,0 3,5 B",
        "\n\n# a remark\n0.5,-1,A\n\n2,3.5,B\n\n",
        '"x1","x2","label"\n"0.5","-1","A"\n"2","3.5","B"',
        "id,x2,weight,x1,label\n7,-1,3,0.5,A\n8,3.5,3,2,B",
        "X1,X2,Label\n5e-1,-1E0,A\n+2,3.50,B",
    ],
)
def test_all_common_ways_of_writing_points_are_read(text: str) -> None:
    data = parse_points(text)
    assert data.points.X.tolist() == EXPECTED
    assert data.points.y.tolist() == [0, 1]
    assert data.class_names == ("A", "B")


@pytest.mark.parametrize(
    ("text", "task", "names", "y"),
    [
        ("1,2\n3,4", "regression", None, [2, 4]),
        ("x,y\n1,2\n3,4", "regression", None, [2, 4]),
        ("1,2,0.5\n3,4,0.7", "regression", None, [0.5, 0.7]),
        ("1,2,0\n3,4,1\n5,6,1", "classification", ("0", "1"), [0, 1, 1]),
        ("1,2,2\n3,4,5", "classification", ("2", "5"), [0, 1]),
        ("1,2,7\n3,4,8", "regression", None, [7, 8]),
        ("x1,x2,y\n1,2,0\n3,4,1", "regression", None, [0, 1]),
        ("x1,x2,label\n1,2,7\n3,4,10", "classification", ("7", "10"), [0, 1]),
        ("x1,x2,label\n1,2,0.5\n3,4,0.25", "classification", ("0.25", "0.5"), [1, 0]),
        ("1,2,dog\n3,4,cat", "classification", ("cat", "dog"), [1, 0]),
        ("1,2,C\n3,4,A", "classification", ("A", "B", "C"), [2, 0]),
        ("1,2,A\n3,4,A", "classification", ("A", "B"), [0, 0]),
        ("1,2,cat\n3,4,cat", "classification", ("cat", "A"), [0, 0]),
        ("x1,x2,label\n1,2,nan\n3,4,inf", "classification", ("inf", "nan"), [1, 0]),
    ],
)
def test_the_columns_tell_the_task(text: str, task: str, names: tuple[str, ...] | None, y: list[float]) -> None:
    data = parse_points(text)
    assert data.task == task
    assert names is None or data.class_names == names
    np.testing.assert_allclose(data.points.y, y)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x1,x2,label\n1,2,A\n3,abc,B", "row 3, column x2: 'abc' is not a number: correct it or delete the row."),
        ("1,2,A\nabc,4,B", "row 2, column 1: 'abc' is not a number"),
        ("x1,x2,y\n1,2,0.5\n\n3,4,high", "row 4, column y: 'high' is not a number"),
        ("\n".join(f"{k},{k},{k / 7}" for k in range(20)) + "\n1,2,x", "row 21, column 3: 'x' is not a number"),
        ("1,2,A\n3,,B", "row 2, column 2: the value is missing: fill it in or delete the row."),
        ("1,2,A\n3,4,", "row 2, column 3: the label is missing"),
        ("x1,x2,y\n1,2,3\n3,4,", "row 3, column y: the value is missing"),
        ("1,2,A\n3,nan,B", "row 2, column 2: 'nan' is not a number that a point can have"),
        ("1,2\n3,inf", "'inf' is not a number that a point can have"),
        ("1,2\n3,1e300", "'1e300' is not a number that a point can have"),
        ("1,2\n3,1_000", "'1_000' is not a number"),
        ("1,2,A\n3,4\n", "row 2 has 2 cells but row 1 has 3 ('3, 4'): correct it or delete it."),
        ("1,2\n3,4,5,6", "row 2 has 4 cells but row 1 has 2"),
        ("", "There are no points in it"),
        ("\n \n\t\n", "There are no points in it"),
        ("x1,x2,label\n", "There is a header (x1, x2, label) but no points under it."),
        ("1\n2\n3", "There is only one column"),
        ("1,2,3,4\n5,6,7,8", "There are 4 columns; points need x and y"),
        ("a,b,c,d\n5,6,7,8", "There are 4 columns"),
        ("\n".join(f"1,2,name{k}" for k in range(9)), "9 different labels (name0, name1"),
        ("1,2," + "a" * 50 + "\n1,3,b", "longer than the 40 characters of a label"),
        ('1,2,"A\n' + "1,2,B\n" * 40_000, "quotation mark"),
    ],
)
def test_mistakes_name_row_column_text_and_what_to_do(text: str, words: str) -> None:
    with pytest.raises(TableError) as caught:
        parse_points(text)
    assert words.casefold() in str(caught.value).casefold()
    assert str(caught.value)[0].isupper()
    assert len(str(caught.value)) < 400


def test_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("1,2\n3,x")
    with pytest.raises(TableError, match=r"^mine\.csv: row 2, column 2: 'x' is not a number"):
        read_points(tmp_path / "mine.csv")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1", "utf-32"])
def test_encodings_are_recognized(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x1,x2,label\n1,2,Käse\n3,4,Ähre", encoding=encoding)
    assert read_points(tmp_path / "a.csv").class_names == ("Käse", "Ähre")


@pytest.mark.parametrize(
    "content",
    [b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", b"PK\x03\x04\x14\x00\x06\x00", "1,2\n".encode("utf-16-le"), b"\xff\xfe1"],
)
def test_what_is_no_text_is_said_to_be_none(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(TableError, match=r"a\.csv is (not a text file|damaged)"):
        read_points(tmp_path / "a.csv")


def test_a_missing_file_a_folder_and_a_huge_file_are_said(tmp_path: Path) -> None:
    for path, sentence in ((tmp_path / "none.csv", "there is no such file"), (tmp_path, "it is a folder, not a file")):
        with pytest.raises(TableError, match=sentence):
            read_points(path)
    with (tmp_path / "huge.csv").open("wb") as file:
        file.truncate(2**30)
    with pytest.raises(TableError, match=r"huge\.csv has 1,024 MB; .*512 MB: keep a sample"):
        read_points(tmp_path / "huge.csv")


def test_too_many_rows_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "MAX_ROWS", 100)
    assert len(parse_points("1,2\n" * 100).points) == 100
    assert len(parse_points("x,y\n" + "1,2\n" * 100).points) == 100
    with pytest.raises(TableError, match="more than 100 rows"):
        parse_points("1,2\n" * 101)


@often
@given(st.text(max_size=200) | st.text(alphabet='0123456789.,;\t \n"#-eAB', max_size=200))
def test_any_text_is_points_or_a_sentence(text: str) -> None:
    try:
        data = parse_points(text)
    except TableError:
        return
    assert len(data.points) > 0


@often
@given(content=st.binary(max_size=200))
def test_any_file_is_points_or_a_sentence(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes(content)
    try:
        data = read_points(path)
    except TableError:
        return
    assert len(data.points) > 0


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_predictions_of_classes_stand_beside_their_points(tmp_path: Path) -> None:
    points = Points(np.linspace(0, 1, 40).reshape(20, 2), np.arange(20) % 2.0)
    dataset = _dataset(DrawnData(points=points, class_names=("cat", "dog")))
    p = np.linspace(0, 1, 20)
    prediction = Prediction(p[:, None], np.stack([1 - p, p], axis=1), (p > 0.5).astype(int))
    write_predictions(tmp_path / "p.csv", dataset, prediction)
    rows = _rows(tmp_path / "p.csv")
    assert list(rows[0]) == ["x1", "x2", "label", "part", "predicted", "p(cat)", "p(dog)"]
    assert [float(row["p(dog)"]) for row in rows] == p.tolist()
    assert [row["predicted"] for row in rows] == ["dog" if value > 0.5 else "cat" for value in p]
    assert [row["part"] for row in rows] == [("train", "validation", "test")[part] for part in dataset.parts]
    assert parse_points((tmp_path / "p.csv").read_text()).points == points  # The other columns do no harm.


@pytest.mark.parametrize(
    ("data", "learner", "title", "first"),
    [
        (GeneratedData(generator="blobs", n_points=60), KMeans(k=7), "label", "A"),  # more clusters than classes
        (GeneratedData(generator="uniform", n_points=60), DBSCAN(eps=0.01), "label", "A"),  # noise
        (GeneratedData(generator="blobs", n_points=60), MeanShift(bandwidth=0.01), "label", "A"),  # more than colours
        (bundled_table("diabetes"), KMeans(k=3), "progression", "151.0"),
    ],
)
def test_clusters_are_written_by_their_numbers_beside_the_known_targets(
    data: Any, learner: Any, title: str, first: str, tmp_path: Path
) -> None:
    run = Run(Experiment(data=data, learner=learner))
    run.advance_epochs(500)
    said = run.model().of_points()
    assert said is not None
    write_predictions(tmp_path / "p.csv", run.dataset, said)
    rows = _rows(tmp_path / "p.csv")
    assert list(rows[0])[-3:] == [title, "part", "predicted"]
    assert rows[0][title] == first
    assert said.labels is not None
    assert [row["predicted"] for row in rows] == [
        "no cluster" if label < 0 else f"Cluster {label + 1}" for label in said.labels
    ]


def test_belonging_by_degrees_is_written_for_each_cluster(tmp_path: Path) -> None:
    run = Run(Experiment(data=GeneratedData(generator="blobs", n_points=60), learner=GaussianMixture(k=3)))
    run.advance_epochs(3)
    said = run.model().of_points()
    assert said is not None
    write_predictions(tmp_path / "p.csv", run.dataset, said)
    rows = _rows(tmp_path / "p.csv")
    assert list(rows[0])[-3:] == ["p(Cluster 1)", "p(Cluster 2)", "p(Cluster 3)"]
    for row in rows:
        shares = [float(row[f"p(Cluster {number})"]) for number in (1, 2, 3)]
        assert sum(shares) == pytest.approx(1)
        assert row["predicted"] == f"Cluster {int(np.argmax(shares)) + 1}"


@pytest.mark.parametrize(("n_scores", "columns"), [(1, ["score"]), (3, ["score(a)", "score(b)", "score(c)"])])
def test_scores_are_written_where_there_are_no_probabilities(n_scores: int, columns: list[str], tmp_path: Path) -> None:
    names = ("a", "b", "c")
    dataset = _dataset(DrawnData(points=Points(np.zeros((2, 2)), np.zeros(2)), class_names=names))
    scores = np.arange(2.0 * n_scores).reshape(2, n_scores)
    write_predictions(tmp_path / "p.csv", dataset, Prediction(scores, labels=np.array([0, 2])))
    rows = _rows(tmp_path / "p.csv")
    assert list(rows[0])[5:] == columns
    assert [[float(row[name]) for name in columns] for row in rows] == scores.tolist()


def test_predicted_values_of_a_regression_keep_all_their_digits(tmp_path: Path) -> None:
    dataset = _dataset(DrawnData(task="regression", points=Points(np.zeros((2, 1)), np.array([0.1, 7]))))
    values = np.array([1 / 3, 1e-17])
    write_predictions(tmp_path / "p.csv", dataset, Prediction(values[:, None], values=values))
    rows = _rows(tmp_path / "p.csv")
    assert list(rows[0]) == ["x", "y", "part", "predicted"]
    assert [float(row["predicted"]) for row in rows] == values.tolist()
    assert rows[0]["y"] == "0.1"


def _line(X: Any) -> Prediction:
    values = 2.0 * X[:, 0].astype(float)
    return Prediction(values[:, None], values=values)


@pytest.mark.parametrize("text", ["x\n1\n2.5\n", "1\n2.5", "y,x\n9,1\n9,2.5", "1,9\n2.5,9"])
def test_a_table_of_inputs_gets_predictions(text: str, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(text)
    dataset = _dataset(DrawnData(task="regression", points=Points(np.zeros((1, 1)), np.zeros(1))))
    predict_table(tmp_path / "in.csv", tmp_path / "out.csv", dataset, _line)
    assert (tmp_path / "out.csv").read_text() == "x,predicted\n1.0,2.0\n2.5,5.0\n"


def test_inputs_that_are_not_there_are_said(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("1\n2")
    with pytest.raises(TableError, match="has 1 column, but the model has the inputs x1 and x2"):
        read_inputs(tmp_path / "in.csv", ("x1", "x2"))
    (tmp_path / "in.csv").write_text("1,2\n2,b")
    with pytest.raises(TableError, match="row 2, column 2: 'b' is not a number"):
        read_inputs(tmp_path / "in.csv", ("x1", "x2"))


def test_curves_are_a_table_with_empty_cells_where_there_is_nothing(tmp_path: Path) -> None:
    nan = float("nan")
    curve = [CurvePoint(0, (0.7, nan, 0.75), (0.5, nan, 0.25)), CurvePoint(10, (1 / 3, nan, 1e-20), (1.0, nan, -2.0))]
    write_curves(tmp_path / "curves.csv", curve)
    lines = (tmp_path / "curves.csv").read_text().splitlines()
    assert lines[0] == "epoch,train_loss,validation_loss,test_loss,train_score,validation_score,test_score"
    assert lines[1] == "0,0.7,,0.75,0.5,,0.25"
    assert float(lines[2].split(",")[1]) == 1 / 3
    write_curves(tmp_path / "curves.csv", [])
    assert len((tmp_path / "curves.csv").read_text().splitlines()) == 1


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    dataset = _dataset(DrawnData(points=Points(np.zeros((1, 2)), np.zeros(1))))
    with pytest.raises(WriteError, match="nowhere"):
        write_points(tmp_path / "nowhere" / "a.csv", dataset)


# -- large tables, read at once ----------------------------------------------------------------------------------------


def _outcome(text: str) -> tuple[Any, ...]:
    """What reading `text` gives: the points, or the sentence that says why not."""
    try:
        data = parse_points(text, "table")
    except TableError as error:
        return (str(error),)
    return data.task, data.class_names, data.points.X.tolist(), data.points.y.tolist()


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], tuple[Any, ...]]:
    """Reads a text as a long one is read."""

    def outcome(text: str) -> tuple[Any, ...]:
        with monkeypatch.context() as patch:
            patch.setattr(tables, "BULK_CHARACTERS", -1)
            return _outcome(text)

    return outcome


_CELLS = st.sampled_from(
    ["0", "1", "2.5", "-0.1", "1e3", " 4", "5 ", "", " ", "A", "b c", "NA", "nan", "inf", "1e39", "1_0", "٣", "0,5",
     '"x"', "#", "x" * 41, "True", "0x1", "1d2", "+7", ".5", "00012345678901234567890", "0.1234567890123456789"]
)  # fmt: skip
_TEXTS = st.builds(
    lambda head, rows, separator, end: end.join([*head, *(separator.join(row) for row in rows)]),
    st.sampled_from([[], ["x1,x2,label"], ["x1;x2;y"], ["x\ty"], ["a,b,x1,x2,class"], [""], ["# said"]]),
    st.lists(st.lists(_CELLS, min_size=1, max_size=5), max_size=6)
    | st.lists(st.tuples(_CELLS, _CELLS, _CELLS), max_size=12)
    | st.lists(st.tuples(st.floats(width=32).map(str), st.floats(-9, 9).map(repr), st.sampled_from("ABC")), max_size=9),
    st.sampled_from([",", ";", "\t", " ", ", "]),
    st.sampled_from(["\n", "\r\n", "\r", "\n\n"]),
)


@hypothesis_settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=_TEXTS)
def test_a_table_read_at_once_is_the_one_read_cell_by_cell(
    text: str, at_once: Callable[[str], tuple[Any, ...]]
) -> None:
    assert at_once(text) == _outcome(text)


def _long(rows: int, sort: Callable[[int], str], title: str = "label") -> str:
    return f"x1,x2,{title}\n" + "".join(f"{row / 7!r},{-row / 3!r},{sort(row)}\n" for row in range(rows))


@pytest.mark.parametrize(
    "text",
    [
        _long(300, lambda row: "ABCDEF"[row % 3]),
        _long(300, lambda row: str(row % 2)),
        _long(300, lambda row: str(row / 9), "y"),
        _long(300, lambda row: str(row % 4), "z"),
        _long(300, lambda row: "0" if row < 200 else f"{row}.5", "z"),
        _long(300, lambda row: str(row)),
        _long(300, lambda row: "A" if row != 250 else "x" * 60),
        _long(300, lambda row: "A" if row != 250 else ""),
        _long(300, lambda row: "A" if row != 250 else "A,9"),
        _long(300, lambda row: "A,9" if row == 250 else "A" if row != 251 else "A\n5,6"),
        _long(300, lambda row: "A" if row != 250 else "A\nten,2,B"),
        _long(300, lambda row: "A").replace("label", "class") + "1.5,nan,B\n",
        "a,b,x1,x2,class\n0,0,0,True,0",
        "x1,x2,y\n" + "true,1,0.5\nfalse,2,0.25\n" * 200,
    ],
)
def test_what_is_wrong_far_down_is_said_as_in_a_small_table(
    text: str, at_once: Callable[[str], tuple[Any, ...]]
) -> None:
    assert at_once(text) == _outcome(text)


def test_a_plain_large_table_is_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    text = _long(40_000, lambda row: "AB"[row % 2])
    assert len(text) > tables.BULK_CHARACTERS
    by_hand = parse_points(text)
    monkeypatch.setattr(tables, "read_table", None)  # nobody asks the careful reader for all of it
    assert parse_points(text).points == by_hand.points
    assert by_hand.points.X[-1].tolist() == np.array([39_999 / 7, -39_999 / 3], np.float32).tolist()
