"""``playground evaluate``: what it prints for folds, searches, curves and comparisons, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.metrics import root_mean_squared_error
from sklearn.model_selection import KFold

from engine.dataset import Part
from engine.edits import set_values
from engine.experiment import Experiment
from engine.files import load_experiment, save_experiment
from engine.generators import dataset_of
from tests.playground.command_line import Say, printed, refused

RATES = "training.optimizer.learning_rate=0.01,0.1"


@pytest.fixture
def line(tmp_path: Path) -> Path:
    """A file with a least-squares line in it."""
    path = tmp_path / "line.playground"
    values = {
        "data.generator": "linear", "data.n_points": 50, "learner.kind": "linear_regression",
        "learner.fit": "least_squares", "training.loss.kind": "squared", "training.precision": "float64",
    }  # fmt: skip
    save_experiment(path, set_values(Experiment(), values))
    return path


def points(path: Path) -> tuple[Any, Any, Any]:
    """The inputs and targets of the file's data, and the rows that are not for the test."""
    experiment = load_experiment(path)
    data = dataset_of(experiment.data, experiment.preparation)
    return data.X.astype(float), data.y.astype(float), np.flatnonzero(data.parts != Part.TEST)


def error_of_a_line(x: Any, y: Any, taught: Any, judged: Any) -> float:
    model = LinearRegression().fit(x[taught], y[taught])
    return float(root_mean_squared_error(y[judged], model.predict(x[judged])))


def test_folds_and_scores_are_those_of_scikit_learn(say: Say, line: Path) -> None:
    found = printed(say("evaluate", line, "--folds", 4, "--fold-seed", 3, "--json"))
    x, y, rows = points(line)
    theirs = [(rows[a], rows[b]) for a, b in KFold(4, shuffle=True, random_state=3).split(rows)]
    assert found["folds"] == [held.tolist() for _, held in theirs]
    expected = [error_of_a_line(x, y, taught, held) for taught, held in theirs]
    (candidate,) = found["candidates"]
    np.testing.assert_allclose(candidate["scores"], expected, atol=1e-6)
    assert candidate["mean"] == pytest.approx(np.mean(expected), abs=1e-6)
    assert candidate["half_width_95"] == pytest.approx(1.96 * np.std(expected, ddof=1) / 2, abs=1e-6)


def test_a_grid_is_searched_and_the_winner_is_judged_by_the_test_part_once(say: Say, line: Path) -> None:
    found = printed(say("evaluate", line, "--grid", "preparation.polynomial=1,2,9", "--folds", 5, "--json"))
    means = [candidate["mean"] for candidate in found["candidates"]]
    assert found["chosen"] == int(np.argmin(means))
    assert [candidate["values"]["preparation.polynomial"] for candidate in found["candidates"]] == [1, 2, 9]
    x, y, rows = points(line)
    if found["chosen"] == 0:
        held = np.setdiff1d(np.arange(len(x)), rows)
        assert found["test"]["rmse"]["value"] == pytest.approx(error_of_a_line(x, y, rows, held), abs=1e-6)
    simple = printed(say("evaluate", line, "--grid", "preparation.polynomial=1,2,9", "--one-standard-error", "--json"))
    assert simple["chosen"] <= found["chosen"]


def test_each_combination_is_printed_as_it_comes_and_the_choice_at_the_end(say: Say, moons: Path) -> None:
    code, out, err = say("evaluate", moons, "--grid", RATES, "--grid", "learner.layers=[3],[2,2]", "--epochs", 5)
    assert (code, err) == (0, "")
    first, *lines = out.splitlines()
    assert first == "accuracy by 5-fold cross-validation; test points take no part."
    assert sum("1.96 SE of 5 folds" in line for line in lines) == 4
    assert any(line.startswith("Learning rate 0.01, Layers [2, 2] | ") for line in lines)
    assert lines[-2].startswith("Chosen: Learning rate")
    assert "looked at once" in lines[-1]


def test_a_random_search_tries_so_many(say: Say, moons: Path) -> None:
    arguments = ("evaluate", moons, "--grid", "training.seed=1,2,3,4,5,6", "--epochs", 2, "--json")
    assert len(printed(say(*arguments, "--random", 3))["candidates"]) == 3
    assert len(printed(say(*arguments, "--validation", "--set", "preparation.validation_share=0.2"))["folds"]) == 1


def test_curves_have_a_line_for_each_value(say: Say, line: Path) -> None:
    learning = printed(say("evaluate", line, "--learning-curve", 4, "--json"))
    sizes = [candidate["size"] for candidate in learning["candidates"]]
    assert sizes == sorted(sizes)
    assert sizes[0] == 5
    assert sizes[-1] == 28
    curve = printed(say("evaluate", line, "--curve", "preparation.polynomial=1,5,12", "--loo", "--json"))
    train = [np.mean(candidate["train_scores"]) for candidate in curve["candidates"]]
    assert train == sorted(train, reverse=True)
    assert "test" not in curve


def test_learners_are_compared_on_the_same_folds(say: Say, moons: Path) -> None:
    arguments = ("evaluate", moons, "--compare", "mlp,logistic_regression", "--stratified", "--epochs", 20)
    found = printed(say(*arguments, "--json"))
    best, other = found["standings"]
    assert (best["rank"], best["difference"], other["rank"]) == (1, None, 2)
    scores = [np.array(found["candidates"][each["candidate"]]["scores"]) for each in (other, best)]
    assert other["difference"]["mean"] == pytest.approx(np.mean(scores[0] - scores[1]))
    _, out, _ = say(*arguments)
    assert "corrected" in out
    assert "Nadeau" in out


def test_a_cluster_prints_what_this_machine_prints(say: Say, moons: Path) -> None:
    distributed = pytest.importorskip("distributed")
    arguments = ("evaluate", moons, "--folds", 3, "--epochs", 10, "--json")
    here = say(*arguments)
    with distributed.LocalCluster(n_workers=1, threads_per_worker=2, dashboard_address=None) as cluster:
        assert say(*arguments, "--cluster", cluster.scheduler_address) == here


def test_what_cannot_be_trained_is_said_and_the_others_are_judged(say: Say, moons: Path) -> None:
    code, out, _ = say("evaluate", moons, "--grid", "training.loss.kind=zero_one,hinge", "--epochs", 2, "--json")
    assert code == 1
    refused_one, fine = json.loads(out)["candidates"]
    assert refused_one["mean"] is None
    assert "zero-one" in refused_one["sentence"].lower()
    assert fine["mean"] > 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--folds", "1"), ("--folds",)),
        (("--folds", "90"), ("fewer folds",)),
        (("--folds", "101"), ("2 to 100",)),
        (("--folds", "3", "--loo"), ("--loo", "not allowed with")),
        (("--loo", "--stratified"), ("--stratified",)),
        (("--validation",), ("validation a share",)),
        (("--random", "3"), ("--grid",)),
        (("--one-standard-error",), ("--grid",)),
        (("--grid", "training.sead=1"), ("training.sead", "training.seed")),
        (("--measure", "r2"), ("accuracy, loss", "r2")),
        (("--compare", "oracle"), ("oracle", "mlp")),
        (("--compare", "mlp", "--measure", "loss"), ("losses of their own",)),
        (("--compare", ","), ("Choose a learner",)),
        (("--set", "learner.kind=k_means"), ("k-means is told no targets",)),
    ],
)
def test_what_cannot_be_evaluated_is_refused(
    arguments: tuple[str, ...], words: tuple[str, ...], say: Say, moons: Path
) -> None:
    sentence = refused(say("evaluate", moons, *arguments))
    for word in words:
        assert word in sentence


def test_a_cluster_that_is_not_there_is_said(say: Say, moons: Path) -> None:
    pytest.importorskip("distributed")
    code, _, err = say("evaluate", moons, "--cluster", "tcp://127.0.0.1:9", "--json")
    assert code == 1
    assert "No Dask scheduler answers at 'tcp://127.0.0.1:9'" in err
