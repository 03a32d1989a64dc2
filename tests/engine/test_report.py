"""Every metric agrees with scikit-learn, and its standard error with a calculation of another kind."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as reference

from engine.confusion import confusion_by_part, confusion_matrix, rows_of_cell
from engine.dataset import Dataset, Points
from engine.deciding import decided, has_threshold
from engine.learner import Prediction
from engine.metrics import Z95
from engine.report import report, reports
from engine.snapshot import Estimate, Judged
from tests.engine.sayings import said_of_classes


def number(rows: Any, name: str, index: int | None = None) -> Estimate:
    (found,) = [row.estimate for row in rows if (row.name, row.class_index) == (name, index)]
    return found


@pytest.mark.parametrize(("n", "n_classes"), [(60, 2), (200, 3), (500, 10)])
def test_metrics_of_classes_agree_with_sklearn(n: int, n_classes: int) -> None:
    said, y = said_of_classes(n, n_classes)
    rows = report("classification", said, y, n_classes)
    assert said.labels is not None
    assert said.probabilities is not None
    expected = {
        "accuracy": reference.accuracy_score(y, said.labels),
        "balanced_accuracy": reference.balanced_accuracy_score(y, said.labels),
        "log_loss": reference.log_loss(y, said.probabilities, labels=range(n_classes)),
        "precision": reference.precision_score(y, said.labels, average="macro", zero_division=0),
        "recall": reference.recall_score(y, said.labels, average="macro", zero_division=0),
        "f1": reference.f1_score(y, said.labels, average="macro", zero_division=0),
        "auc": reference.roc_auc_score(y, said.probabilities[:, 1])
        if n_classes == 2
        else reference.roc_auc_score(y, said.probabilities, multi_class="ovr", average="macro"),
    }
    for name, value in expected.items():
        assert number(rows, name).value == pytest.approx(value, abs=1e-9), name
    per_class = reference.precision_recall_fscore_support(y, said.labels, labels=range(n_classes), zero_division=0)
    for index in range(n_classes):
        for name, values in zip(("precision", "recall", "f1"), per_class, strict=False):
            assert number(rows, name, index).value == pytest.approx(values[index], abs=1e-9)
        if n_classes > 2:
            one = reference.roc_auc_score(y == index, said.probabilities[:, index])
            assert number(rows, "auc", index).value == pytest.approx(one, abs=1e-9)


def test_metrics_of_values_agree_with_sklearn() -> None:
    rng = np.random.default_rng(3)
    y = rng.normal(size=300)
    values = y + rng.normal(scale=0.4, size=300)
    rows = report("regression", Prediction(values[:, None], values=values), y)
    assert number(rows, "mse").value == pytest.approx(reference.mean_squared_error(y, values))
    assert number(rows, "rmse").value == pytest.approx(reference.root_mean_squared_error(y, values))
    assert number(rows, "mae").value == pytest.approx(reference.mean_absolute_error(y, values))
    assert number(rows, "r2").value == pytest.approx(reference.r2_score(y, values))


@pytest.mark.parametrize("n_classes", [2, 4])
def test_standard_errors_are_those_of_the_bootstrap(n_classes: int) -> None:
    """The spread over samples drawn anew from the points, which needs no formula of ours."""
    said, y = said_of_classes(800, n_classes)
    rows = report("classification", said, y, n_classes)
    rng = np.random.default_rng(11)
    of_classes = ["precision", "recall", "f1"]
    overall = ["accuracy", "balanced_accuracy", "log_loss", "auc", *of_classes]
    keys: list[tuple[str, int | None]] = [*((name, None) for name in overall), *((name, 1) for name in of_classes)]
    drawn: dict[tuple[str, int | None], list[float]] = {key: [] for key in keys}
    for _ in range(400):
        chosen = rng.integers(len(y), size=len(y))
        again = report("classification", _some(said, chosen), y[chosen], n_classes)
        for key in keys:
            drawn[key].append(number(again, *key).value)
    for key in keys:
        half_width = number(rows, *key).half_width
        assert half_width is not None
        assert half_width == pytest.approx(Z95 * np.std(drawn[key]), rel=0.2), key


def test_a_precision_has_the_normal_interval_of_the_points_that_were_predicted() -> None:
    said, y = said_of_classes(200, 3)
    assert said.labels is not None
    found = number(report("classification", said, y, 3), "precision", 2)
    m = int((said.labels == 2).sum())
    p = found.value
    assert found.half_width == pytest.approx(Z95 * math.sqrt(p * (1 - p) / m))


def test_what_is_all_right_has_no_interval_and_what_is_undefined_no_value() -> None:
    y = np.array([0, 0, 1, 1])
    P = np.eye(2)[y] * 0.8 + 0.1
    perfect = report("classification", Prediction(P, P, y), y, 3 - 1)
    assert number(perfect, "accuracy") == Estimate(1.0)
    assert number(perfect, "auc") == Estimate(1.0)
    assert number(perfect, "f1", 0) == Estimate(1.0)
    never = report("classification", Prediction(P, P, np.zeros(4, int)), y, 2)
    assert math.isnan(number(never, "precision", 1).value)
    assert number(never, "f1", 1).value == 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = reference.precision_score(y, np.zeros(4, int), average="macro")
    assert number(never, "precision").value == expected


def test_one_class_alone_has_no_area_and_scores_have_no_log_loss() -> None:
    scores = np.array([[0.3], [-1.0], [2.0]])
    rows = report("classification", Prediction(scores, None, np.array([1, 0, 1])), np.array([1, 1, 1]), 2)
    assert math.isnan(number(rows, "auc").value)
    assert "log_loss" not in {row.name for row in rows}
    assert number(rows, "balanced_accuracy").value == pytest.approx(2 / 3)


def test_no_points_have_no_metrics() -> None:
    assert report("regression", Prediction(np.empty((0, 1)), values=np.empty(0)), np.empty(0)) == ()


def test_reports_are_made_of_the_points_of_each_part() -> None:
    said, y = said_of_classes(90, 3)
    judged = _judged(said, y)
    found = reports(judged)
    assert set(found) == {"train", "validation", "test"}
    assert said.labels is not None
    for index, (name, part) in enumerate(found.items()):
        rows = np.arange(index, 90, 3)
        assert part.looked_at == part.total == 30
        got = part.estimate("accuracy")
        assert got is not None
        assert got.value == pytest.approx(np.mean(said.labels[rows] == y[rows])), name


def test_the_confusion_matrix_is_sklearns_and_its_cells_say_which_points() -> None:
    said, y = said_of_classes(300, 4)
    assert said.labels is not None
    assert np.array_equal(confusion_matrix(said.labels, y, 4), reference.confusion_matrix(y, said.labels))
    judged = _judged(said, y)
    by_part = confusion_by_part(judged)
    assert sum(by_part[name].sum() for name in ("train", "validation", "test")) == by_part["all"].sum() == 300
    rows = rows_of_cell(judged, "test", 2, 1)
    assert len(rows) == by_part["test"][2, 1]
    assert all(y[row] == 2 and said.labels[row] == 1 and row % 3 == 2 for row in rows)


def test_a_threshold_decides_for_the_second_class_from_that_probability_on() -> None:
    said, _ = said_of_classes(100, 2)
    assert said.probabilities is not None
    assert decided(said, 0.5) is said
    for threshold in (0.0, 0.2, 0.9, 1.0):
        labels = decided(said, threshold).labels
        assert labels is not None
        assert np.array_equal(labels == 1, said.probabilities[:, 1] >= threshold)


def test_scores_and_three_classes_have_no_threshold() -> None:
    three, _ = said_of_classes(10, 3)
    scores = Prediction(np.ones((3, 1)), None, np.ones(3, int))
    for said in (three, scores):
        assert not has_threshold(said)
        assert decided(said, 0.9) is said


def _some(said: Prediction, rows: Any) -> Prediction:
    assert said.probabilities is not None
    assert said.labels is not None
    return Prediction(said.scores[rows], said.probabilities[rows], said.labels[rows])


def _judged(said: Prediction, y: Any) -> Judged:
    n = len(y)
    points = Points(np.zeros((n, 2)), y)
    names = tuple("ABCDEFGHIJ"[: int(y.max()) + 1])
    dataset = Dataset(points, "classification", np.arange(n) % 3, names)
    return Judged(dataset, np.arange(n), said)
