"""Folds: those of scikit-learn, and no point where it does not belong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.model_selection import KFold, LeaveOneOut, StratifiedKFold

from engine.dataset import Dataset, Part, Points
from engine.edits import set_values
from engine.experiment import Experiment
from engine.folds import FoldError, Folds, Scheme, final_division, folds_of, subsets
from engine.generators import dataset_of


def dataset(n: int = 61, n_classes: int = 3, validation: float = 0.2, test: float = 0.25) -> Dataset:
    random = np.random.default_rng(n)
    y = random.choice(n_classes, n, p=np.arange(1, n_classes + 1) / np.arange(1, n_classes + 1).sum())
    parts = random.choice(3, n, p=[1 - validation - test, validation, test]).astype(np.int8)
    points = Points(random.random((n, 2)), y.astype(np.float32))
    return Dataset(points, "classification", parts, tuple("ABCDEF"[:n_classes]), ("x1", "x2"))


def held_out_sets(folds: Folds) -> list[list[int]]:
    return [folds.held_out(index).tolist() for index in range(len(folds))]


def sets_of_sklearn(splitter: Any, data: Dataset) -> list[list[int]]:
    """What scikit-learn holds out of the points that are not for the test, as rows of the whole."""
    rows = np.flatnonzero(data.parts != Part.TEST)
    return [rows[test].tolist() for _, test in splitter.split(data.X[rows], data.y[rows])]


@pytest.mark.parametrize("k", [2, 3, 5, 7])
@pytest.mark.parametrize("seed", [None, 0, 3])
def test_folds_are_those_of_scikit_learn(k: int, seed: int | None) -> None:
    data = dataset()
    shuffles = seed is not None
    for kind, splitter in (("kfold", KFold), ("stratified", StratifiedKFold)):
        scheme = Scheme(kind=kind, k=k, shuffle=shuffles, seed=seed or 0)
        theirs = sets_of_sklearn(splitter(k, shuffle=shuffles, random_state=seed), data)
        assert held_out_sets(folds_of(data, scheme)) == theirs


def test_leave_one_out_is_that_of_scikit_learn() -> None:
    data = dataset()
    assert held_out_sets(folds_of(data, Scheme(kind="loo"))) == sets_of_sklearn(LeaveOneOut(), data)


def test_repeats_take_the_seeds_that_follow() -> None:
    data = dataset()
    found = held_out_sets(folds_of(data, Scheme(k=4, repeats=3, seed=5)))
    assert found == [
        fold for seed in (5, 6, 7) for fold in sets_of_sklearn(KFold(4, shuffle=True, random_state=seed), data)
    ]
    in_order = Scheme(k=4, repeats=3, shuffle=False)
    assert len(folds_of(data, in_order)) == 4
    assert "repeated" not in in_order.title


@pytest.mark.parametrize("kind", ["kfold", "stratified", "loo", "validation"])
@pytest.mark.parametrize("stops_early", [False, True])
def test_test_points_never_take_part_and_nobody_judges_what_taught_it(kind: Any, stops_early: bool) -> None:
    data = dataset()
    folds = folds_of(data, Scheme(kind=kind, k=3), stops_early=stops_early)
    kept = data.rows(Part.TEST)
    for division in folds.divisions:
        taught, judging = division.judged["train"], division.judged["held out"]
        assert (division.parts[kept] == Part.TEST).all()
        assert not set(judging) & set(kept)
        assert not set(judging) & set(np.flatnonzero(division.parts != Part.TEST))
        assert taught.tolist() == np.flatnonzero(division.parts == Part.TRAIN).tolist()
        watching = np.flatnonzero(division.parts == Part.VALIDATION)
        if stops_early:
            assert set(watching) == set(data.rows(Part.VALIDATION)) - set(judging)
        else:
            assert len(watching) == 0
    judged = np.concatenate([division.judged["held out"] for division in folds.divisions])
    everyone = data.rows(Part.VALIDATION) if kind == "validation" else np.flatnonzero(data.parts != Part.TEST)
    assert sorted(judged) == everyone.tolist()


def test_subsets_grow_and_are_judged_by_the_same_points() -> None:
    division = folds_of(dataset(), Scheme(k=3)).divisions[1]
    sizes = (3, 10, len(division.judged["train"]))
    made = subsets(division, sizes, 4)
    before: set[int] = set()
    for size, one in zip(sizes, made, strict=True):
        taught = set(one.judged["train"].tolist())
        assert len(taught) == size
        assert before <= taught
        assert taught == set(np.flatnonzero(one.parts == Part.TRAIN).tolist())
        assert one.judged["held out"] is division.judged["held out"]
        before = taught
    assert before == set(division.judged["train"].tolist())


def test_the_last_training_takes_all_but_the_test_points() -> None:
    data = dataset()
    last = final_division(data)
    assert last.judged["test"].tolist() == data.rows(Part.TEST).tolist()
    assert last.judged["train"].tolist() == np.flatnonzero(data.parts != Part.TEST).tolist()
    watched = final_division(data, stops_early=True)
    assert watched.judged["train"].tolist() == data.rows(Part.TRAIN).tolist()


def test_what_cannot_be_divided_says_what_to_change() -> None:
    tiny = dataset(8)
    with pytest.raises(FoldError, match="take fewer folds, or add points"):
        folds_of(tiny, Scheme(k=20))
    with pytest.raises(FoldError, match="largest has"):
        folds_of(dataset(20, 6, 0.0, 0.0), Scheme(kind="stratified", k=12))
    with pytest.raises(FoldError, match="validation a share"):
        folds_of(dataset(validation=0.0), Scheme(kind="validation"))
    with pytest.raises(FoldError, match="test a share"):
        final_division(dataset(test=0.0))
    with pytest.raises(FoldError, match="take k-fold"):
        folds_of(dataset(5_000), Scheme(kind="loo"))
    sine = set_values(Experiment(), {"data.generator": "sine", "learner.kind": "linear_regression"})
    with pytest.raises(FoldError, match="take k-fold"):
        folds_of(dataset_of(sine.data, sine.preparation), Scheme(kind="stratified"))
