"""``playground sweep``: what it prints for a grid, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.playground.command_line import Said, Say, printed, refused

RATES = "training.optimizer.learning_rate=0.01,0.1"


def lines_of(said: Said) -> list[dict[str, Any]]:
    code, out, err = said
    assert (code, err) == (0, "")
    return sorted((json.loads(line) for line in out.splitlines()), key=lambda line: int(line["index"]))


def test_a_sweep_prints_a_line_for_every_combination(say: Say, moons: Path) -> None:
    lines = lines_of(
        say("sweep", moons, "--grid", RATES, "--grid", "learner.layers=[3],[4,2]", "--epochs", 5, "--json")
    )
    assert [line["values"] for line in lines] == [
        {"training.optimizer.learning_rate": rate, "learner.layers": layers}
        for rate in (0.01, 0.1)
        for layers in ([3], [4, 2])
    ]
    assert {line["epoch"] for line in lines} == {5}
    assert len({line["metrics"]["train"]["loss"]["value"] for line in lines}) == 4


def test_a_line_says_what_a_run_alone_would_say(say: Say, moons: Path) -> None:
    for line in lines_of(say("sweep", moons, "--grid", RATES, "--epochs", 7, "--seed", 3, "--json")):
        rate = line["values"]["training.optimizer.learning_rate"]
        setting = f"training.optimizer.learning_rate={rate}"
        alone = printed(say("run", moons, "--set", setting, "--epochs", 7, "--seed", 3, "--json"))
        assert line["metrics"] == alone["metrics"]
        assert line["outcome"] == alone["outcome"]


def test_each_learner_of_a_sweep_ends(say: Say, moons: Path) -> None:
    noise = ("--set", "data.noise=0.4", "--set", "learner.kind=knn")
    lines = lines_of(say("sweep", moons, *noise, "--grid", "learner.kind=knn,perceptron", "--json"))
    assert [(line["outcome"], line["epoch"]) for line in lines] == [("converged", 1), ("stopped", 200)]


def test_without_json_it_prints_sentences(say: Say, moons: Path) -> None:
    code, out, err = say("sweep", moons, "--grid", "training.seed=4,5,6", "--epochs", 2, "--workers", 1)
    assert (code, err) == (0, "")
    *lines, last = out.splitlines()
    assert [line.split(" | ")[0] for line in lines] == ["training.seed=4", "training.seed=5", "training.seed=6"]
    assert all(" | test: " in line for line in lines)
    assert last.startswith("3 runs in ")


def test_a_combination_that_cannot_be_trained_is_named_and_the_others_go_on(say: Say, moons: Path) -> None:
    code, out, _ = say("sweep", moons, "--grid", "training.loss.kind=zero_one,hinge", "--epochs", 2)
    assert code == 1
    assert "training.loss.kind=zero_one | " in out
    assert "training.loss.kind=hinge | train: " in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), ("--grid",)),
        (("--grid", "training.seed"), ("path=a,b,c", "training.seed")),
        (("--grid", "training.seed="), ("path=a,b,c",)),
        (("--grid", "training.sead=1,2"), ("training.sead", "training.seed")),
        (("--grid", "training.seed=1,two"), ("training.seed", "two")),
        (("--grid", "training.seed=1", "--grid", "training.seed=2"), ("training.seed", "twice")),
        (("--grid", "training.seed=1", "--epochs", "0"), ("1 epoch or more",)),
        (("--grid", "training.seed=1", "--workers", "0"), ("--workers",)),
    ],
)
def test_a_grid_that_is_none_is_refused(
    arguments: tuple[str, ...], words: tuple[str, ...], say: Say, moons: Path
) -> None:
    sentence = refused(say("sweep", moons, *arguments))
    for word in words:
        assert word in sentence
