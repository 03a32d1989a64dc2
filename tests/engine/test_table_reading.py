"""Tables as people write them: what is guessed, what can be corrected, and what is refused with a sentence."""

from __future__ import annotations

import math
import random
from pathlib import Path

import numpy as np
import pytest

from engine import table_reading
from engine.cells import TableError
from engine.table_data import TableData
from engine.table_dates import days_of
from engine.table_dialect import Corrections, Dialect, number_in
from engine.table_reading import read_any_table, read_content
from tests.engine.tables import quirky


def test_a_quirky_file_is_read_as_it_was_meant() -> None:
    reading = read_content(quirky(), "quirky.csv")
    assert reading.dialect == Dialect("cp1252", ";", ",", True)
    assert reading.n_rows == 200
    assert reading.kinds == {
        "Größe": "numerical", "Gewicht": "numerical", "Be merkung": "text", "Stadt": "nominal", "Datum": "date",
        "fest": "numerical", "Note": "numerical", "Stufe": "ordinal", "Ziel": "nominal",
    }  # fmt: skip
    columns = {column.name: column for column in reading.columns}
    remarks = {name: column.remark(column.kind, reading.lines) for name, column in columns.items()}
    assert remarks["Gewicht"].startswith("10 without a number (‘ungefähr 70’ in row 17, ")
    assert (columns["Gewicht"].missing, columns["Gewicht"].missing_as("numerical")) == (10, 20)
    assert "left out" in remarks["Be merkung"]
    assert remarks["Datum"] == "days since 1970-01-01 (day first)"
    assert remarks["fest"] == "the same in every row"
    assert reading.target(reading.kinds) == "Ziel"

    data = reading.data()
    assert data.feature_names == ("Größe", "Gewicht", "Stadt", "Datum", "Note", "Stufe")
    assert data.columns.categories_of("Stufe") == ("low", "medium", "high")
    assert data.columns.categories_of("Stadt") == ("Köln", "Münster", "Zürich")
    assert np.isnan(data.columns.numbers("Gewicht")).sum() == 20
    assert data.columns.numbers("Größe")[0] == pytest.approx(180.3)
    assert data.columns.numbers("Datum")[0] == 19_783  # 2024-03-01


@pytest.mark.parametrize(
    ("cell", "decimal", "number"),
    [
        ("1.5", ".", 1.5), ("1,5", ",", 1.5), ("1,234.5", ".", 1234.5), ("1.234,5", ",", 1234.5), ("-3e2", ".", -300.0),
        (" 7 ", ".", 7.0), ("1.5", ",", None), ("1_000", ".", None), ("inf", ".", None), ("1e99", ".", None),
        ("12 kg", ".", None), ("1.2.2024", ".", None),
    ],
)  # fmt: skip
def test_numbers_are_told_from_texts(cell: str, decimal: str, number: float | None) -> None:
    assert number_in(cell, decimal) == number


@pytest.mark.parametrize("marker", ["", "NA", "n/a", "NaN", "null", "?", "-", "None"])
def test_what_is_written_for_a_missing_value(marker: str) -> None:
    found = number_in(marker, ".")
    assert found is not None
    assert math.isnan(found)
    column = read_content(f"a;b\n1;x\n{marker};y\n3;x\n".encode(), "t").columns[0]
    assert (column.kind, column.missing, len(column.odd_rows)) == ("numerical", 1, 0)


@pytest.mark.parametrize(
    ("texts", "first"), [
        (["03/04/2024", "03/31/2024"], "2024-03-04"), (["03/04/2024", "31/03/2024"], "2024-04-03"),
        (["03.04.2024"], "2024-04-03"), (["2024-03-04T12:00:00Z"], "2024-03-04T12"),
    ],
)  # fmt: skip
def test_the_order_of_day_and_month_is_seen_from_all_dates(texts: list[str], first: str) -> None:
    assert days_of(texts)[0][0] == (np.datetime64(first) - np.datetime64("1970-01-01")) / np.timedelta64(1, "D")


def test_no_date_is_made_of_the_31st_of_february() -> None:
    assert np.isnan(days_of(["31.02.2024"])[0]).all()


def test_every_guess_can_be_corrected() -> None:
    content = b"1,5;2\n3,5;4\n"
    assert read_content(content, "t").dialect == Dialect("utf-8", ";", ",", False)
    said = Corrections(separator=",", decimal=".", header=True, encoding="latin-1")
    reading = read_content(content, "t", said)
    assert reading.dialect == Dialect("latin-1", ",", ".", True)
    assert [column.name for column in reading.columns] == ["1", "5;2"]
    numbers = read_content(b"a,b\n1,x\n2,y\n1,x\n2,z\n", "t").data(kinds={"a": "nominal"}, target="a")
    assert numbers.task == "classification"
    assert numbers.target_values()[1] == ("1", "2")


def test_titles_are_there_and_different() -> None:
    reading = read_content(b"a,,a\n1,2,3\n", "t")
    assert [column.name for column in reading.columns] == ["a", "column 2", "a (2)"]


def test_numbers_among_categories_are_categories_too() -> None:
    values, names = read_content(b"a,b\nx,1\n2,1\n10,0\nx,0\n", "t").columns[0].as_kind("nominal")
    assert names == ("2", "10", "x")
    assert values.tolist() == [2, 0, 1, 2]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ("empty",)),
        (b"\n \n\n", ("empty",)),
        (b"a,b,c\n", ("header (a, b, c)", "no row")),
        (b"a,b,c\n1,2,3\n\n4,5\n6,7,8\n", ("row 4 has 2 cells", "row 1 has 3")),
        (b'a,b,c\n1,"x\ny",3\n4,5,6,7\n', ("row 4 has 4 cells",)),
        (b'a,b\n1,"' + b"x" * 200_000, ("row 2", "quotation mark")),
        (bytes(range(256)) * 8, ("not a text file",)),
        (b"a" + b",b" * 10_000 + b"\n", ("10,001 columns", "10,000")),
    ],
)
def test_what_cannot_be_read_is_said_with_its_place(content: bytes, words: tuple[str, ...]) -> None:
    with pytest.raises(TableError) as error:
        read_content(content, "t.csv")
    for word in ("t.csv", *words):
        assert word in str(error.value), str(error.value)


def test_a_table_of_missing_values_has_no_target() -> None:
    with pytest.raises(TableError, match="no column can be predicted"):
        read_content(b"a,b\n,NA\n?,\n-,\n1,\n", "t").data(kinds={"a": "text"})


def test_columns_without_any_value_are_left_out_and_said() -> None:
    reading = read_content(b"a,b,c,y\n1,,5,u\n2,NA,7,v\n3,?,6,u\n", "t")
    assert reading.columns[1].remark("text", reading.lines) == "empty: left out"
    assert reading.data().columns.names == ("a", "c", "y")


@pytest.mark.parametrize("title", ["target", "kind"])
def test_a_target_of_too_many_classes_is_not_taken_and_it_is_said_why(title: str) -> None:
    rows = "".join(f"{i % 7},{i / 3:.2f},name{i % 500}\n" for i in range(1500))
    reading = read_content(f"a,b,{title}\n{rows}".encode(), "many.csv")
    assert reading.target(reading.kinds) == "b"
    assert reading.remarks_on(reading.kinds, ("a",), "b") == (
        f"{title} has 500 different texts, but a model tells at most 20 classes apart: the target is b.",
    )


def test_ten_thousand_columns_give_as_many_features_as_a_model_can_see() -> None:
    names = ",".join(f"c{i}" for i in range(10_000))
    rows = "\n".join(",".join(str((i * 7 + row) % 11) for i in range(10_000)) for row in range(4))
    reading = read_content(f"{names}\n{rows}\n".encode(), "wide.csv")
    data = reading.data()
    assert len(data.feature_names) == 500
    said = reading.remarks_on(reading.kinds, data.feature_names, data.target)
    assert said == ("A model sees at most 500 inputs: the first 500 columns are chosen.",)


def test_rows_beyond_the_limit_are_left_out_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_reading, "MAX_ROWS", 3)
    reading = read_content(b"a,b\n" + b"1,2\n" * 10, "long.csv")
    assert reading.n_rows == 3
    assert reading.remarks[0].startswith("Only the first 3 rows are read")


def test_a_file_of_a_gigabyte_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        file.truncate(2**30)
    with pytest.raises(TableError, match=r"1,024 MB.*sample"):
        read_any_table(path)


def test_values_read_in_pieces_are_those_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = read_content(quirky(), "q")
    monkeypatch.setattr(table_reading, "_CELLS_AT_ONCE", 50)
    pieces = read_content(quirky(), "q")
    for one, other in zip(whole.columns, pieces.columns, strict=True):
        np.testing.assert_array_equal(one.numbers, other.numbers)
        np.testing.assert_array_equal(one.odd_rows, other.odd_rows)
        assert [one.texts[code] for code in one.odd_codes] == [other.texts[code] for code in other.odd_codes]


def test_what_pandas_reads_is_read_alike() -> None:
    import io

    import pandas as pd

    rng = random.Random(4)
    rows = [
        f'{rng.gauss(0, 1):.4f},{rng.choice(["NA", "", "3", "4.5"])},"{rng.choice(["a, b", "c"])}",{rng.randint(0, 9)}'
        for _ in range(300)
    ]
    text = "w,x,y,z\n" + "\n".join(rows)
    frame = pd.read_csv(io.StringIO(text))
    data: TableData = read_content(text.encode(), "t").data()
    for name in ("w", "x", "z"):
        np.testing.assert_array_equal(data.columns.numbers(name), frame[name].to_numpy())
    assert data.columns.texts("y") == frame["y"].tolist()
