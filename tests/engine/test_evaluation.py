"""Many runs at once: the same numbers as one alone, as they come, and ended at any moment."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from engine import cores
from engine.edits import SettingError, set_values
from engine.evaluation import Result, ending_after, grid, run_all
from engine.experiment import Experiment
from engine.training import Run

BASE = set_values(
    Experiment(),
    {"data.generator": "moons", "data.n_points": "60", "learner.layers": "4", "preparation.chips": "x1,x2"},
)
RATE, UNITS = "training.optimizer.learning_rate", "learner.layers.0.units"
ENDLESS = 10**9


def running() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("playground-runs")]


@pytest.fixture(autouse=True)
def nothing_is_left_running() -> Iterator[None]:
    yield
    for thread in running():
        thread.join(10)
    assert not running()


def by_index(results: Iterator[Result]) -> list[Result]:
    return sorted(results, key=lambda result: result.index)


# -- grids -------------------------------------------------------------------------------------------------------------


def test_a_grid_has_every_combination_and_the_last_value_changes_first() -> None:
    made = grid(BASE, {RATE: [0.1, "0.2"], UNITS: [1, 2, 3]})
    found: list[Any] = [(one.training.optimizer.learning_rate, one.learner.layers[0].units) for one in made]  # type: ignore[union-attr]
    assert found == [(0.1, 1), (0.1, 2), (0.1, 3), (0.2, 1), (0.2, 2), (0.2, 3)]
    assert grid(BASE, {}) == [BASE]
    assert grid(BASE, {RATE: []}) == []


def test_a_grid_refuses_what_cannot_be_set() -> None:
    with pytest.raises(SettingError, match="learning_rate"):
        grid(BASE, {RATE: [0.1, -1]})


# -- results -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [1, 3])
def test_each_run_ends_with_the_numbers_that_it_has_alone(workers: int) -> None:
    experiments = grid(BASE, {"training.optimizer.kind": ["adam", "sgd", "random_search"], UNITS: [2, 5]})
    results = by_index(run_all(experiments, epochs=15, workers=workers))
    assert [result.index for result in results] == list(range(6))
    for experiment, result in zip(experiments, results, strict=True):
        alone = Run(ending_after(experiment, 15))
        alone.advance_epochs(100)
        assert result.experiment == alone.experiment
        assert result.metrics == alone.metrics()
        assert (result.outcome, result.epochs) == (alone.outcome, 15)
        assert result.seconds > 0


def test_stop_conditions_act_as_in_a_run_that_is_watched() -> None:
    wishes = {
        "training.stop.patience": "3", "training.optimizer.learning_rate": "0.2", "preparation.validation_share": "0.3"
    }  # fmt: skip
    stopping = set_values(BASE, wishes)
    (result,) = run_all([stopping], epochs=500)
    alone = Run(ending_after(stopping, 500))
    alone.advance_epochs(500)
    assert "Stopped early" in result.outcome.sentence
    assert (result.outcome, result.metrics) == (alone.outcome, alone.metrics())


def test_a_run_without_curves_is_the_same_run_without_them() -> None:
    one, other = Run(BASE), Run(BASE, has_curves=False)
    one.advance_epochs(50)
    other.advance_epochs(50)
    assert one.metrics() == other.metrics()
    assert (len(one.take_series()), len(other.take_series())) == (51, 1)


def test_large_networks_in_torch_agree_however_many_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    wide = set_values(BASE, {"training.path": "torch", "learner.layers": "200,200", "data.n_points": "500"})
    asked: list[int] = []
    monkeypatch.setattr(torch, "set_num_threads", asked.append)
    experiments = grid(wide, {"training.seed": [1, 2, 3]})
    alone = by_index(run_all(experiments, epochs=2, workers=1))
    together = by_index(run_all(experiments, epochs=2, workers=3))
    assert [result.metrics for result in alone] == [result.metrics for result in together]
    assert set(asked) == {1}
    with cores.limited_to(3):
        assert cores.cores_of_one_run() == 3
    assert cores.cores_of_one_run() >= 1


def test_what_cannot_be_trained_says_why_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Run.advance

    def broken(run: Run, steps: int) -> int:
        if run.experiment.training.seed == 7:
            raise MemoryError("too large")
        return real(run, steps)

    monkeypatch.setattr(Run, "advance", broken)
    impossible = set_values(BASE, {"training.loss.kind": "zero_one"})
    wild = set_values(
        BASE,
        {"training.loss.kind": "squared", "training.optimizer.kind": "sgd", "training.optimizer.learning_rate": 100},
    )
    faulty = set_values(BASE, {"training.seed": 7})
    refused, diverged, failed, fine = by_index(run_all([impossible, wild, faulty, BASE], epochs=300))
    assert refused.outcome.status == "failed"
    assert "zero-one" in refused.outcome.sentence.lower()
    assert refused.metrics == {}
    assert diverged.outcome.status == "diverged"
    assert failed.outcome.status == "failed"
    assert "too large" in failed.outcome.sentence
    assert "MemoryError" in failed.report
    assert (fine.outcome.status, fine.epochs, fine.report) == ("stopped", 300, "")


def test_results_come_while_others_are_still_learning() -> None:
    quick = ending_after(BASE, 3)
    with run_all([ending_after(BASE, ENDLESS), quick, quick], workers=2) as runs:
        assert {next(runs).index, next(runs).index} == {1, 2}
        assert 2 / 3 <= runs.progress < 1


def test_progress_ends_at_one() -> None:
    runs = run_all([BASE] * 5, epochs=4)
    list(runs)
    assert runs.progress == 1
    assert list(run_all([])) == []
    assert run_all([]).progress == 1


# -- endings -----------------------------------------------------------------------------------------------------------


def test_cancelled_runs_end_and_say_nothing() -> None:
    runs = run_all([BASE] * 8, epochs=ENDLESS, workers=2)
    assert len(running()) == 2
    threading.Timer(0.05, runs.cancel).start()
    assert list(runs) == []


def test_leaving_the_context_ends_what_runs() -> None:
    with run_all([BASE] * 3, epochs=ENDLESS):
        assert running()
    assert not running()


def test_forgotten_runs_end() -> None:
    runs = run_all([BASE] * 3, epochs=ENDLESS)
    assert running()
    del runs
    gc.collect()


def test_no_epochs_are_refused() -> None:
    with pytest.raises(ValueError, match="0 epochs"):
        run_all([BASE], epochs=0)
