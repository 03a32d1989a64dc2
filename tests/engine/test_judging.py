"""What is looked at of very many points: a fixed sample while a model learns, all of them at rest."""

from __future__ import annotations

import numpy as np
import pytest

from engine import checks
from engine.dataset import Dataset, Part, Points
from engine.edits import set_values
from engine.experiment import Experiment, GeneratedData
from engine.judging import Judging
from engine.learner import Prediction
from engine.metrics import LOOKED_AT
from engine.snapshot import Viewport
from engine.training import Run

MANY = Experiment(data=GeneratedData(generator="gaussians2", n_points=40_000, noise=0.6))
"""28,000 points to train on, of which a sample is looked at, and 12,000 to test on, all of which are."""


def with_points(points: Points, looked_at: int) -> Judging:
    dataset = Dataset(points, "classification", np.zeros(len(points), np.int8), ("A", "B"))
    return Judging(dataset, points.X, points.y.astype(np.int64), looked_at)


def some_points(count: int) -> Points:
    rng = np.random.default_rng(1)
    return Points(rng.normal(size=(count, 2)), rng.integers(0, 2, count).astype(np.float64))


def inputs_looked_at(judging: Judging) -> set[tuple[float, ...]]:
    return {tuple(row) for row in judging.examined.Z.tolist()}


def test_a_large_part_is_sampled_and_a_small_one_is_not() -> None:
    run = Run(MANY)
    first = run.snapshot().metrics
    p = first["train"]["accuracy"]
    assert p.half_width is not None
    size = p.value * (1 - p.value) * (1.96 / p.half_width) ** 2
    assert 0.45 * LOOKED_AT < size <= LOOKED_AT
    said, test = run.predict(run.dataset.X).labels, run.dataset.rows(Part.TEST)
    assert said is not None
    assert first["test"]["accuracy"].value == pytest.approx((said[test] == run.dataset.y[test]).mean())


def test_the_sample_is_no_better_and_no_worse_than_the_rest() -> None:
    run = Run(MANY)
    run.advance_epochs(1)
    sampled, whole = run.snapshot().metrics["train"]["loss"], run.metrics()["train"]["loss"]
    assert sampled.half_width is not None
    assert 0 < abs(sampled.value - whole.value) < 2 * sampled.half_width


def test_the_metrics_of_a_run_are_those_of_every_point() -> None:
    run = Run(MANY)
    run.advance_epochs(1)
    assert not run.measured
    exact = run.metrics()
    assert run.measured
    train = run.dataset.rows(Part.TRAIN)
    said = run.predict(run.dataset.X[train])
    assert said.labels is not None
    assert said.probabilities is not None
    y = run.dataset.y[train].astype(int)
    assert exact["train"]["accuracy"].value == (said.labels == y).mean()
    assert exact["train"]["loss"].value == pytest.approx(-np.log(said.probabilities[np.arange(len(y)), y]).mean())
    assert run.snapshot().metrics == exact
    run.advance(1)
    assert not run.measured


def test_looking_at_every_point_changes_nothing_of_what_is_learned() -> None:
    alone, looked_at = Run(MANY), Run(MANY)
    for _ in range(2):
        alone.advance_epochs(1)
        looked_at.advance_epochs(1)
        looked_at.metrics()
        looked_at.snapshot(Viewport((-1, 1), (-1, 1), 16, 16))
    assert repr(alone.take_series()) == repr(looked_at.take_series())  # as text, in which NaN is NaN
    assert (alone.predict(alone.dataset.X).scores == looked_at.predict(alone.dataset.X).scores).all()


def test_small_data_are_looked_at_whole() -> None:
    run = Run(Experiment())
    assert run.measured
    predictions = run.snapshot().predictions
    assert predictions is not None
    assert len(predictions.scores) == len(run.dataset.points)


def test_a_stroke_leaves_the_sample_as_it_was() -> None:
    points = some_points(500)
    before = inputs_looked_at(with_points(points, 100))
    assert 30 < len(before) <= 100
    more = points.adding(np.full((5, 2), 9.0), np.zeros(5))
    assert before <= inputs_looked_at(with_points(more, 100))
    fewer = points.erasing(np.arange(50, 60))
    gone = {tuple(row) for row in points.X[50:60].tolist()}
    assert before - gone == inputs_looked_at(with_points(fewer, 100))


def test_few_points_in_view_of_many_are_predicted_each() -> None:
    run = Run(MANY)
    near = run.snapshot(Viewport((-0.1, 0.1), (-0.1, 0.1), 16, 16))
    assert near.predictions is not None
    assert near.point_ids is not None
    X = run.dataset.X
    inside = np.flatnonzero((np.abs(X) <= np.float32(0.1)).all(axis=1))
    assert 0 < len(inside) < LOOKED_AT
    assert near.point_ids.tolist() == inside.tolist()
    wanted: Prediction = run.predict(X[inside])
    assert near.predictions.labels is not None
    assert wanted.labels is not None
    assert near.predictions.labels.tolist() == wanted.labels.tolist()
    assert run.snapshot(Viewport((-9, 9), (-9, 9), 16, 16)).predictions is None
    assert run.snapshot().predictions is None


@pytest.mark.parametrize("generator", ["sine", "bumps"])
def test_regressions_of_many_points_are_measured_whole(generator: str) -> None:
    run = Run(
        set_values(Experiment(), {"data.generator": generator, "training.loss.kind": "squared"}).model_copy(
            update={"data": GeneratedData(generator=generator, n_points=35_000)}
        )
    )
    assert checks.blocking(run.experiment, run.dataset) is None
    train = run.dataset.rows(Part.TRAIN)
    said = run.predict(run.dataset.X[train]).values
    assert said is not None
    residuals = said - run.dataset.y[train].astype(float)
    assert run.metrics()["train"]["rmse"].value == pytest.approx(np.sqrt((residuals**2).mean()))


def test_a_threshold_acts_on_the_sample_and_on_every_point() -> None:
    run = Run(set_values(MANY, {"view.threshold": 0.9}))
    run.advance_epochs(1)
    said = run.learner.predict(run.state, run.features.transform(run.dataset.X)) if run.learner is not None else None
    assert said is not None
    assert said.probabilities is not None
    labels, train = said.probabilities[:, 1] >= 0.9, run.dataset.rows(Part.TRAIN)
    judged = run.judged()
    assert judged is not None
    assert judged.prediction.labels is not None
    assert (judged.prediction.labels == labels[judged.rows]).mean() > 0.9999  # but for the last digit of a probability
    assert run.metrics()["train"]["accuracy"].value == pytest.approx(
        (labels[train] == run.dataset.y[train]).mean(), abs=1e-4
    )
    again = run.predict(run.dataset.X).labels
    assert again is not None
    assert np.array_equal(again, labels)


@pytest.mark.parametrize("n_points", [300, 60_000])
def test_a_loss_that_counts_mistakes_counts_them_at_the_threshold(n_points: int) -> None:
    values = {"data.generator": "moons", "data.noise": 0.4, "data.n_points": n_points, "learner.kind": "decision_tree"}
    run = Run(set_values(Experiment(), {**values, "view.threshold": 0.85}))
    run.advance(3)
    for metrics in run.metrics().values():
        assert metrics["loss"].value == pytest.approx(1.0 - metrics["accuracy"].value)
    at_half = Run(set_values(Experiment(), values))
    at_half.advance(3)
    assert at_half.metrics()["train"]["loss"].value < run.metrics()["train"]["loss"].value
