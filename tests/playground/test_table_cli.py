"""Tables on the command line, and which files are tables at all."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from engine.experiment import DrawnData, Experiment, Preparation
from engine.files import save_experiment
from engine.table_predicting import read_rows
from engine.table_reading import Reading
from playground.choices import with_data
from playground.opening import open_any, read_points_or_table
from tests.engine.tables import quirky, with_gaps
from tests.playground.command_line import Say


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("x1,x2,label\n1,2,a\n3,4,b\n", True),
        ("1,2\n3,4\n5,6\n", True),
        ("time,height\n1,2\n3,4\n", True),
        ("x1,x2,label,note\n1,2,a,hm\n3,4,b,\n", True),
        ("height,weight,sex\n1,2,m\n3,,f\n2,4,m\n", False),
        ("a,b,c,d\n1,2,3,4\n5,6,7,8\n", False),
        ("a;b;c;d\n1,5;2;3;x\n5;6,5;7;y\n", False),
        ("x0,x1,x2,y\n1,2,3,4\n5,6,7,8\n", False),
        ("x1,x2,x3,x4\n1,2,3,4\n5,6,7,8\n", False),
        ("x,y,z,kind\n1,2,3,a\n5,6,7,b\n", False),
        ("x,y,part,predicted\n1,2,train,3\n5,6,test,7\n", True),
    ],
)
def test_a_file_is_points_or_a_table(text: str, points: bool, tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text(text)
    assert isinstance(read_points_or_table(path), DrawnData if points else Reading)


def test_a_bundled_table_is_run_by_its_name(say: Say) -> None:
    code, out, err = say("run", "iris", "--set", "learner.kind=logistic_regression", "--epochs", 150, "--json")
    assert (code, err) == (0, "")
    result = json.loads(out)
    assert result["coefficients"]["features"] == [
        "sepal length (cm)",
        "sepal width (cm)",
        "petal length (cm)",
        "petal width (cm)",
    ]
    assert result["metrics"]["test"]["accuracy"]["value"] >= 0.93


def test_another_target_brings_a_model_that_can_predict_it(say: Say, tmp_path: Path) -> None:
    path = tmp_path / "quirky.csv"
    path.write_bytes(quirky())
    code, out, err = say(
        "run", path, "--set", "data.target=Größe", "--set", "learner.kind=linear_regression", "--epochs", 2, "--json"
    )
    assert (code, err) == (0, "")
    result = json.loads(out)
    assert "rmse" in result["metrics"]["train"]
    assert "Ziel=ja" in result["coefficients"]["features"]
    code, _, err = say("run", path, "--set", "data.target=nothing", "--epochs", 2)
    assert code == 2
    assert "there is no column 'nothing'" in err
    assert "Größe" in err


def test_a_target_of_too_many_classes_is_refused(say: Say, tmp_path: Path) -> None:
    path = tmp_path / "many.csv"
    path.write_text("a,b,c,name\n" + "".join(f"{i},{i % 7},{i % 3},n{i % 40}\n" for i in range(200)))
    code, _, err = say("run", path, "--set", "data.target=name")
    assert code == 2
    assert "data.target: name has 40 different values, but there can be at most 20 classes" in err


def test_new_rows_are_predicted_as_the_training_rows_were_prepared(say: Say, tmp_path: Path) -> None:
    data = with_gaps()
    experiment = with_data(Experiment(), data)
    save_experiment(tmp_path / "gaps.playground", experiment)
    new = tmp_path / "new.csv"
    new.write_text("colour;b;level;a;c\nred;1,5;high;0,5;2\nviolet;;low;;1\n")
    X = read_rows(new, data, Preparation()).X
    assert X[0].tolist() == [0.5, 1.5, 2.0, 0, 0, 1, 0, 2]
    assert X[1, 3:].tolist() == [0, 0, 0, 0, 0]  # violet is in no list
    assert np.isfinite(X).all()
    out = tmp_path / "out.csv"
    code, _, err = say("run", tmp_path / "gaps.playground", "--epochs", 5, "--predict", new, "--out", out)
    assert code == 0
    assert err == (
        "playground: colour has “violet” (row 2), which the training rows do not have: the model can only go by the"
        " other columns there.\n"
    )
    header, *written = csv.reader(out.read_text("utf-8").splitlines())
    assert header == ["colour", "b", "level", "a", "c", "predicted", "p(no)", "p(yes)"]
    assert [row[:5] for row in written] == [["red", "1,5", "high", "0,5", "2"], ["violet", "", "low", "", "1"]]
    assert {row[5] for row in written} <= {"no", "yes"}
    new.write_text("colour;b;level\nred;1;high\n")
    code, _, err = say("run", tmp_path / "gaps.playground", "--epochs", 1, "--predict", new, "--out", out)
    assert code == 2
    assert "has no column a, c" in err


def test_opening_a_table_standardizes_it() -> None:
    experiment = with_data(Experiment(), with_gaps())
    assert experiment.preparation.scaling == "standardize"
    assert with_data(experiment, Experiment().data).preparation.scaling == "none"


def test_a_table_opens_without_a_window_as_it_is_guessed(tmp_path: Path) -> None:
    path = tmp_path / "quirky.csv"
    path.write_bytes(quirky())
    data = open_any(path).data
    assert data.source == "table"
    assert (data.title, data.target) == ("quirky", "Ziel")
