"""A run: slices, epochs, curves, stop conditions, edits while it learns, reproducibility."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.changes import consequence
from engine.dataset import Points
from engine.edits import replaced, set_values
from engine.experiment import DrawnData, Experiment, GeneratedData
from engine.generators import dataset_of
from engine.snapshot import Viewport
from engine.training import DENSE_EPOCHS, Run, snapshots


def small(**values: str) -> Experiment:
    base = Experiment(data=GeneratedData(generator="circles", n_points=80))
    return set_values(base, {name.replace("__", "."): value for name, value in values.items()})


def entries(run: Run) -> np.ndarray:
    """The new entries of the curves (k, 7): epoch, losses, scores."""
    return np.array([(point.epoch, *point.loss, *point.score) for point in run.take_series()])


def test_the_default_experiment_learns_its_boundary() -> None:
    run = Run(Experiment())
    run.advance_epochs(400)
    assert run.metrics()["test"]["accuracy"].value > 0.9


def test_slices_of_any_size_give_the_same_numbers() -> None:
    at_once, in_slices = Run(small()), Run(small())
    at_once.advance_epochs(12)
    while in_slices.epoch < 12:
        in_slices.advance(min(3, in_slices.steps_until(12)))
    X = np.random.default_rng(0).normal(size=(50, 2)).astype(np.float32)
    assert np.array_equal(at_once.predict(X).scores, in_slices.predict(X).scores)
    np.testing.assert_array_equal(entries(at_once), entries(in_slices))


@pytest.mark.parametrize("path", ["compiled", "torch"])
@pytest.mark.parametrize(
    "problem",
    [
        {"data__generator": "circles"},
        {"data__generator": "gaussians3"},
        {"data__generator": "circles", "training__loss__kind": "hinge", "training__precision": "float64"},
        {"data__generator": "sine", "training__loss__kind": "huber"},
    ],
)
def test_the_curves_hold_what_the_metrics_say_at_each_epoch(problem: dict[str, str], path: str) -> None:
    changes = {"preparation__validation_share": "0.2", "training__path": path, **problem}
    run = Run(small(**changes))
    stepwise = Run(small(**changes))
    run.advance_epochs(6)
    for epoch, *found in entries(run):
        assert epoch == stepwise.epoch
        metrics = stepwise.metrics()
        score = "accuracy" if "accuracy" in metrics["train"] else "r2"
        parts = ("train", "validation", "test")
        expected = [metrics[part][name].value for name in ("loss", score) for part in parts]
        np.testing.assert_allclose(found, expected, rtol=1e-12 if path == "torch" else 1e-6)
        stepwise.advance_epochs(1)


def test_a_part_without_points_and_targets_that_do_not_vary_have_no_score() -> None:
    flat = Points(np.linspace(-1, 1, 12)[:, None], np.full(12, 0.5))
    run = Run(set_values(Experiment(data=DrawnData(task="regression", points=flat)), {"training.loss.kind": "squared"}))
    run.advance_epochs(2)
    assert np.isnan(entries(run)[:, 4:]).all()
    whole = Run(small(preparation__test_share="0", training__path="compiled"))
    whole.advance_epochs(2)
    found = entries(whole)
    assert np.isfinite(found[:, [1, 4]]).all()
    assert np.isnan(found[:, [2, 3, 5, 6]]).all()


def test_the_curves_record_every_epoch_and_then_fewer() -> None:
    run = Run(small(training__optimizer__kind="gradient_descent"))
    run.advance_epochs(4 * DENSE_EPOCHS)
    epochs = [point.epoch for point in run.take_series()]
    assert epochs[: DENSE_EPOCHS + 1] == list(range(DENSE_EPOCHS + 1))
    assert epochs[DENSE_EPOCHS:] == [*range(1024, 2048, 4), *range(2048, 4097, 8)]
    assert run.take_series() == []


def test_it_stops_after_the_epochs_asked_for() -> None:
    run = Run(small(training__stop__max_epochs="7"))
    run.advance_epochs(100)
    assert (run.epoch, run.outcome.status) == (7, "stopped")
    assert "7 epochs" in run.outcome.sentence
    assert run.advance(10) == 0


def test_it_stops_at_the_target_loss() -> None:
    run = Run(small(training__stop__target_loss="0.3"))
    run.advance_epochs(1000)
    assert run.outcome.status == "stopped"
    assert run.metrics()["train"]["loss"].value <= 0.3
    losses = [point.loss[0] for point in run.take_series()]
    assert all(loss > 0.3 for loss in losses[:-1])


def test_early_stopping_goes_back_to_the_best_weights() -> None:
    experiment = small(
        data__noise="1.2",
        preparation__validation_share="0.3",
        training__stop__patience="15",
        training__optimizer__learning_rate="0.1",
        learner__layers="[32, 32]",
    )
    run = Run(experiment)
    run.advance_epochs(3000)
    series = run.take_series()
    validation = [point.loss[1] for point in series]
    best = int(np.argmin(validation[1:])) + 1
    assert run.outcome.status == "stopped"
    assert series[-1].epoch == best + 15
    assert run.metrics()["validation"]["loss"].value == pytest.approx(validation[best], rel=1e-6)


def test_a_diverged_run_says_when_and_keeps_the_last_finite_model() -> None:
    run = Run(
        small(
            data__generator="linear",
            learner__kind="linear_regression",
            training__loss__kind="squared",
            training__optimizer__kind="gradient_descent",
            training__optimizer__learning_rate="50",
        )
    )
    run.advance_epochs(5000)
    assert run.outcome.status == "diverged"
    assert "learning rate" in run.outcome.sentence
    assert str(run.step) in run.outcome.sentence.replace(",", "")
    assert np.isfinite(run.predict(np.zeros((3, 1), np.float32)).scores).all()


def test_a_changed_learning_rate_acts_on_the_running_model() -> None:
    run = Run(small())
    run.advance_epochs(5)
    before = run.predict(run.dataset.X).scores
    run.change(replaced(run.experiment, "training.optimizer.learning_rate", 1e-6))
    assert np.array_equal(run.predict(run.dataset.X).scores, before)
    run.advance_epochs(1)
    assert np.abs(run.predict(run.dataset.X).scores - before).max() < 1e-3
    assert run.epoch == 6


def test_points_added_while_it_learns_are_learned() -> None:
    run = Run(small())
    run.advance_epochs(60)
    corner = np.tile(np.array([[3.0, 3.0]], np.float32), (40, 1))
    wrong = 1 - int(run.predict(corner[:1]).labels[0])  # type: ignore[index]
    points = run.dataset.points.adding(corner, np.full(40, wrong, np.float32))
    run.change(run.experiment.model_copy(update={"data": DrawnData(points=points)}))
    assert run.epoch == 60
    run.advance_epochs(100)
    assert int(run.predict(corner[:1]).labels[0]) == wrong  # type: ignore[index]


def test_one_class_only_stops_with_a_sentence_and_another_point_lets_it_go_on() -> None:
    points = Points(np.random.default_rng(0).normal(size=(20, 2)).astype(np.float32), np.zeros(20))
    experiment = Experiment(data=DrawnData(points=points))
    run = Run(experiment)
    assert not run.started
    assert run.outcome.final
    assert "class" in run.outcome.sentence
    more = points.adding(points.X + 4, np.ones(20, np.float32))
    run.change(experiment.model_copy(update={"data": DrawnData(points=more)}))
    assert run.started
    run.advance_epochs(3)
    assert run.epoch == 3


def test_erasing_a_class_while_it_learns_pauses_and_loses_nothing() -> None:
    run = Run(small())
    run.advance_epochs(5)
    one_class = run.dataset.points.erasing(np.flatnonzero(run.dataset.y == 0))
    whole = run.experiment
    run.change(run.experiment.model_copy(update={"data": DrawnData(points=one_class)}))
    assert run.outcome.final
    assert run.snapshot(Viewport((-1, 1), (-1, 1), 8, 8)).model is not None
    run.change(whole)
    assert not run.outcome.final
    run.advance_epochs(1)
    assert run.epoch == 6


def test_least_squares_follows_the_points_at_once() -> None:
    experiment = set_values(
        Experiment(data=GeneratedData(generator="linear", n_points=60)),
        {"learner.kind": "linear_regression", "learner.fit": "least_squares", "training.loss.kind": "squared"},
    )
    run = Run(experiment)
    run.advance_epochs(1)
    assert run.outcome.status == "converged"
    before = run.coefficients()
    points = run.dataset.points
    moved = points.moving(np.arange(len(points)), points.X, points.y + 5)
    run.change(experiment.model_copy(update={"data": DrawnData(task="regression", points=moved)}))
    assert run.outcome.status == "converged"
    after = run.coefficients()
    assert before is not None
    assert after is not None
    train = run.dataset.rows(0)  # type: ignore[arg-type]
    slope, intercept = np.polyfit(run.dataset.X[train, 0].astype(float), run.dataset.y[train].astype(float), 1)
    assert after[0].item() == pytest.approx(slope, abs=1e-6)
    assert after[1].item() == pytest.approx(intercept, abs=1e-6)


def test_a_snapshot_tells_the_whole_moment() -> None:
    *_, last = snapshots(small(), 4, Viewport((-1, 1), (-2, 2), 20, 10))
    assert last.epoch == 4
    assert last.field is not None
    assert last.field.rgba.shape == (10, 20, 4)
    assert last.predictions is not None
    assert last.predictions.probabilities is not None
    assert last.predictions.probabilities.shape == (80, 2)
    assert set(last.metrics) == {"train", "test"}
    assert not math.isnan(last.metrics["test"]["loss"].value)


@pytest.mark.parametrize(
    ("path", "value", "kind"),
    [
        ("training.optimizer.learning_rate", 0.5, "live"),
        ("training.regularization.l2", 0.1, "live"),
        ("training.optimizer.batch_size", 3, "live"),
        ("training.stop.max_epochs", 3, "live"),
        ("data.noise", 0.3, "live"),
        ("data.n_points", 100, "live"),
        ("data.generator", "xor", "restart"),
        ("preparation.test_share", 0.5, "restart"),
        ("preparation.polynomial", 3, "restart"),
        ("training.path", "torch", "live"),
        ("training.device", "cpu", "live"),
        ("training.precision", "float64", "restart"),
        ("training.seed", 9, "restart"),
        ("training.loss.kind", "hinge", "restart"),
        ("learner.skip", True, "restart"),
        ("learner.dropout", 0.5, "live"),
        ("view.contours", True, "none"),
    ],
)
def test_what_restarts_and_what_acts_while_it_runs(path: str, value: object, kind: str) -> None:
    old = Experiment()
    new = replaced(old, path, value)
    result = consequence(old, new, dataset_of(old.data, old.preparation), dataset_of(new.data, new.preparation))
    assert result.kind == kind
    assert result.kind != "restart" or result.sentence.startswith("Started again: ")
