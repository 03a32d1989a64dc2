"""Tables become inputs as scikit-learn would make them, and nothing of it is learned from rows held out."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.preprocessing import (
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    RobustScaler,
    StandardScaler,
)

from engine.checks import check
from engine.dataset import Part
from engine.edits import replaced
from engine.experiment import Experiment, Preparation
from engine.feature_terms import terms_of
from engine.features import fit_features
from engine.files import FileError, dumps, loads
from engine.generators import dataset_of
from engine.table_columns import Columns
from engine.table_data import TableData
from engine.table_preparation import fitted_table, problem
from engine.table_sets import TABLE_SETS, bundled_table
from engine.training import Run
from playground.choices import with_data
from tests.engine.tables import with_gaps

AMOUNTS = ("a", "b", "c")


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "digits"])
def test_every_class_is_divided_alike(name: str, seed: int) -> None:
    dataset = dataset_of(bundled_table(name), Preparation(test_share=0.3, validation_share=0.1, split_seed=seed))
    wanted = np.outer([0.6, 0.1, 0.3], dataset.counts.sum(axis=0))
    assert np.abs(dataset.counts - wanted).max() <= 4


def amounts(data: TableData) -> np.ndarray[Any, Any]:
    return np.stack([data.columns.numbers(name) for name in AMOUNTS], axis=1)


@pytest.mark.parametrize(
    ("missing", "imputer"),
    [
        ("mean", SimpleImputer(strategy="mean")),
        ("median", SimpleImputer(strategy="median")),
        ("most_frequent", SimpleImputer(strategy="most_frequent")),
        ("nearest", KNNImputer(n_neighbors=5)),
    ],
)
def test_gaps_are_filled_as_scikit_learn_fills_them(missing: Any, imputer: Any) -> None:
    data = with_gaps()
    dataset = dataset_of(data, Preparation(missing=missing, validation_share=0.2))
    X, train = amounts(data), dataset.rows(Part.TRAIN)
    imputer.fit(X[train])
    np.testing.assert_allclose(dataset.X[:, :3], imputer.transform(X), rtol=1e-6)
    names = SimpleImputer(strategy="most_frequent").fit(data.columns.numbers("colour")[train, None])
    colours = names.transform(data.columns.numbers("colour")[:, None])
    encoder = OneHotEncoder(sparse_output=False, handle_unknown="ignore").fit(colours[train])
    np.testing.assert_array_equal(dataset.X[:, 3:7], encoder.transform(colours))
    assert dataset.input_names == ("a", "b", "c", "colour=blue", "colour=green", "colour=red", "colour=white", "level")
    np.testing.assert_array_equal(dataset.X[:, 7], data.columns.numbers("level"))


def test_incomplete_rows_or_columns_are_dropped() -> None:
    data = with_gaps()
    complete = ~np.isnan(data.columns.values).any(axis=0)
    rows = dataset_of(data, Preparation(missing="drop_rows"))
    np.testing.assert_array_equal(rows.points.ids, np.flatnonzero(complete))
    np.testing.assert_allclose(rows.X[:, :3], amounts(data)[complete], rtol=1e-6)
    columns = dataset_of(data, Preparation(missing="drop_columns"))
    assert columns.input_names == ("c", "level")
    assert len(columns.points) == 120


def test_categories_are_counted_as_scikit_learn_counts_them() -> None:
    data = with_gaps()
    dataset = dataset_of(data, Preparation(missing="drop_rows", encoding="ordinal"))
    codes = data.columns.numbers("colour")[dataset.points.ids, None]
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1).fit(codes[dataset.rows(Part.TRAIN)])
    np.testing.assert_array_equal(dataset.X[:, 3:4], encoder.transform(codes))


def held_out_colour(encoding: Any) -> tuple[Any, Any]:
    """A data set in which one row that is held out has a colour that no training row has."""
    data = with_gaps()
    preparation = Preparation(encoding=encoding)
    test = dataset_of(data, preparation).rows(Part.TEST)
    values = data.columns.values.copy()
    values[3, values[3] == 3] = 0
    values[3, test[0]] = 3
    changed = Columns(data.columns.names, data.columns.kinds, values, data.columns.categories)
    return dataset_of(data.model_copy(update={"columns": changed}), preparation), test[0]


def test_a_category_that_was_never_trained_on_is_all_zeros_or_minus_one() -> None:
    dataset, row = held_out_colour("one_hot")
    assert dataset.input_names[3:6] == ("colour=blue", "colour=green", "colour=red")
    assert dataset.X[row, 3:6].tolist() == [0, 0, 0]
    dataset, row = held_out_colour("ordinal")
    assert dataset.X[row, 3] == -1


@pytest.mark.parametrize("missing", ["mean", "median", "most_frequent", "nearest", "drop_columns"])
@pytest.mark.parametrize("encoding", ["one_hot", "ordinal"])
@pytest.mark.parametrize("scaling", ["standardize", "minmax", "robust"])
def test_nothing_leaks_from_test_to_training(missing: Any, encoding: Any, scaling: Any) -> None:
    """Whatever stands in the rows that are held out: the training inputs and all that is fitted stay the same."""
    data, preparation = with_gaps(), Preparation(missing=missing, encoding=encoding, scaling=scaling)
    before = dataset_of(data, preparation)
    train, test = before.rows(Part.TRAIN), before.rows(Part.TEST)
    values = data.columns.values.copy()
    values[:3, test] = 1e6
    values[3, test] = np.nan
    changed = Columns(data.columns.names, data.columns.kinds, values, data.columns.categories)
    after = dataset_of(data.model_copy(update={"columns": changed}), preparation)
    assert (after.X[test] != before.X[test]).any()
    np.testing.assert_array_equal(after.X[train], before.X[train])
    assert after.input_names == before.input_names
    fitted = [fit_features(preparation, dataset.X[train]) for dataset in (before, after)]
    np.testing.assert_array_equal(fitted[0].offset, fitted[1].offset)
    np.testing.assert_array_equal(fitted[0].scale, fitted[1].scale)


def test_each_fold_is_fitted_anew_on_its_own_training_rows() -> None:
    data, preparation = with_gaps(), Preparation(missing="mean")
    parts = np.where(np.arange(120) < 30, Part.TEST, Part.TRAIN).astype(np.int8)
    fold = dataset_of(data, preparation, parts)
    gaps = np.isnan(data.columns.numbers("b"))
    np.testing.assert_allclose(fold.X[gaps, 1], np.nanmean(data.columns.numbers("b")[30:]), rtol=1e-6)
    np.testing.assert_array_equal(fold.parts, parts)


@pytest.mark.parametrize(
    ("scaling", "scaler"),
    [("standardize", StandardScaler()), ("minmax", MinMaxScaler()), ("robust", RobustScaler())],
)
@pytest.mark.parametrize("polynomial", [1, 2])
def test_features_of_a_table_are_scaled_as_scikit_learn_scales_them(scaling: Any, scaler: Any, polynomial: int) -> None:
    preparation = Preparation(scaling=scaling, polynomial=polynomial)
    dataset = dataset_of(bundled_table("wine"), preparation)
    train = dataset.rows(Part.TRAIN)
    features = fit_features(preparation, dataset.X[train], "float64", dataset.input_names)
    raw = PolynomialFeatures(polynomial, include_bias=False).fit_transform(dataset.X.astype(np.float64))
    expected = scaler.fit(raw[train]).transform(raw)
    np.testing.assert_allclose(features.transform(dataset.X), expected, rtol=1e-5, atol=1e-8)
    assert features.names[:2] == ("alcohol", "malic_acid")


def test_names_of_columns_stand_in_products() -> None:
    names = ("width (cm)", "height", "a_b")
    terms = terms_of(Preparation(polynomial=2), 3, names)
    assert [term.text() for term in terms[:5]] == ["width (cm)", "height", "a_b", "width (cm)²", "width (cm)·height"]
    assert terms[4].latex() == r"\text{width (cm)} \cdot \text{height}"
    assert terms[2].latex() == r"\text{a b}"


@pytest.mark.parametrize("name", TABLE_SETS)
def test_bundled_tables_are_those_of_scikit_learn(name: str) -> None:
    from sklearn import datasets

    data = bundled_table(name)
    dataset = dataset_of(data, Preparation())
    bunch = getattr(datasets, TABLE_SETS[name].loader)(**({"scaled": False} if name == "diabetes" else {}))
    np.testing.assert_array_equal(dataset.X, np.asarray(bunch.data, np.float32))
    np.testing.assert_array_equal(dataset.y, np.asarray(bunch.target, np.float32).reshape(len(dataset.X), -1)[:, 0])
    assert problem(data, Preparation()) is None


def table(**changes: Any) -> Experiment:
    return with_data(Experiment(), with_gaps().model_copy(update=changes))


def complaints(experiment: Experiment) -> dict[str, str]:
    dataset = dataset_of(experiment.data, experiment.preparation)
    return {each.path: each.sentence for each in check(experiment, dataset) if each.blocking}


def of_classes(count: int) -> TableData:
    values = np.stack([np.arange(count * 2.0), np.arange(count * 2.0) ** 2, np.repeat(np.arange(count * 1.0), 2)])
    names = tuple(f"k{index}" for index in range(count))
    return TableData(columns=Columns(("a", "b", "y"), ("numerical", "numerical", "nominal"), values, ((), (), names)),
                     target="y")  # fmt: skip


def test_a_target_of_500_classes_is_refused_with_a_way_out() -> None:
    experiment = with_data(Experiment(), of_classes(500))
    assert complaints(experiment) == {
        "data.target": "y has 500 different values, but there can be at most 20 classes: choose another target."
    }
    as_classes = replaced(with_data(Experiment(), bundled_table("diabetes")), "data.target_as", "classes")
    assert "or treat it as a number" in complaints(as_classes)["data.target"]
    twenty = dataset_of(of_classes(20), Preparation(test_share=0))
    assert twenty.n_classes == 20


def test_more_inputs_than_a_model_can_see_are_refused() -> None:
    wide = of_classes(600)
    experiment = with_data(Experiment(), wide.model_copy(update={"target": "a", "features": ("b", "y")}))
    assert "601 inputs, but a model sees at most 500" in complaints(experiment)["data.features"]
    assert not complaints(replaced(experiment, "preparation.encoding", "ordinal"))


def test_too_many_products_are_refused_and_none_is_made() -> None:
    experiment = replaced(with_data(Experiment(), bundled_table("breast_cancer")), "preparation.polynomial", 3)
    assert "5,455 features" in complaints(experiment)["preparation.polynomial"]
    assert len(terms_of(experiment.preparation, 30)) == 30


def test_neighbours_are_not_looked_for_among_too_many_rows() -> None:
    data = with_gaps(40_000)
    experiment = replaced(with_data(Experiment(), data), "preparation.missing", "nearest")
    assert "pairs of rows" in complaints(experiment)["preparation.missing"]
    assert not complaints(replaced(experiment, "preparation.missing", "mean"))


def test_tables_that_nothing_can_be_learned_from_say_so() -> None:
    assert "data.columns" in complaints(with_data(Experiment(), TableData()))
    data = with_gaps()
    assert complaints(table(excluded=tuple(range(120))))["data.target"].startswith("Every row is erased")
    values = data.columns.values.copy()
    values[0] = np.nan
    empty = Columns(data.columns.names, data.columns.kinds, values, data.columns.categories)
    gone = replaced(table(columns=empty), "preparation.missing", "drop_rows")
    assert complaints(gone)["preparation.missing"].startswith("Every row misses something")
    # A column that is empty in the training part is no input.
    assert dataset_of(table(columns=empty).data, Preparation()).input_names[0] == "b"


def test_a_network_learns_iris() -> None:
    run = Run(with_data(Experiment(), bundled_table("iris")))
    run.advance_epochs(150)
    assert run.metrics()["test"]["accuracy"].value >= 0.93


@pytest.mark.parametrize("name", ["iris", "digits"])
def test_a_table_is_saved_whole(name: str) -> None:
    experiment = with_data(Experiment(), bundled_table(name).model_copy(update={"excluded": (3, 5)}))
    content = dumps(experiment)
    assert content.startswith(b"PK") == (name == "digits")
    again = loads(content)
    assert again == experiment
    assert dumps(again) == content


def test_gaps_and_names_are_saved_too() -> None:
    experiment = table(kinds=(("c", "nominal"),), title="Ä\n{}")
    assert loads(dumps(experiment)) == experiment


@pytest.mark.parametrize(
    "wrong",
    [
        {"kinds": [["a"]]}, {"kinds": ["a picture"]}, {"names": ["a", "a"]}, {"names": ["", "b"]}, {"names": "ab"},
        {"values": [[1, 2], [3]]}, {"values": [["x", 2], [3, 4]]}, {"values": 3}, {"values": [[1e300, 2], [3, 4]]},
        {"values": {"a": 1}}, {"categories": [[], ["p"]]}, {"categories": [[], [1, 2]]}, {"categories": [None, None]},
        {"more": 1},
    ],
)  # fmt: skip
def test_columns_that_do_not_fit_together_are_refused(wrong: dict[str, Any]) -> None:
    plain = json.loads(dumps(Experiment(data=bundled_table("iris"))))
    columns = {"names": ["a", "b"], "kinds": ["numerical"] * 2, "values": [[1, 2], [3, None]], "categories": [[], []]}
    plain["data"] = {"source": "table", "columns": columns, "target": "b"}
    assert len(loads(json.dumps(plain).encode()).data.columns) == 2  # type: ignore[union-attr]
    plain["data"]["columns"] = {**columns, **wrong}
    with pytest.raises(FileError, match="not allowed"):
        loads(json.dumps(plain).encode())


@pytest.mark.parametrize("wrong", [{"target": "z"}, {"features": ["z"]}, {"kinds": [["z", "text"]]}, {"excluded": [9]}])
def test_choices_about_columns_that_are_not_there_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        TableData(**{"columns": Columns(("a",), ("numerical",), np.zeros((1, 3)), ((),)), "target": "a", **wrong})


def test_what_is_fitted_is_applied_to_new_rows() -> None:
    data = with_gaps()
    fitted = fitted_table(data, Preparation())
    gap = [np.array([np.nan]) for _ in fitted.features]
    train = dataset_of(data, Preparation()).rows(Part.TRAIN)
    np.testing.assert_allclose(fitted.transform(gap)[0, :3], np.nanmedian(amounts(data)[train], axis=0), rtol=1e-6)
