"""ROC, precision and recall, AUC and calibration agree with scikit-learn; DeLong's interval with a sum over pairs."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from sklearn import metrics as reference
from sklearn.calibration import calibration_curve

from engine.learner import Prediction
from engine.metrics import Z95
from engine.ranking import auc, calibration, class_scores, mean_auc, rank_curve, rankings, threshold_between
from engine.snapshot import Judged
from tests.engine.sayings import said_of_classes
from tests.engine.test_report import _judged


@pytest.mark.parametrize(("n", "n_classes", "index"), [(50, 2, 1), (300, 2, 1), (200, 3, 0), (400, 10, 7)])
def test_every_vertex_of_the_curves_is_sklearns(n: int, n_classes: int, index: int) -> None:
    said, y = said_of_classes(n, n_classes)
    scores, is_class = class_scores(said)[:, index], y == index
    curve = rank_curve(scores, is_class)
    assert curve is not None
    fpr, tpr, thresholds = reference.roc_curve(is_class, scores, drop_intermediate=False)
    np.testing.assert_allclose(curve.fpr, fpr, atol=1e-12)
    np.testing.assert_allclose(curve.tpr, tpr, atol=1e-12)
    np.testing.assert_allclose(curve.thresholds, thresholds)
    precision, recall, _ = reference.precision_recall_curve(is_class, scores)
    np.testing.assert_allclose(curve.precision, precision[::-1], atol=1e-12)
    np.testing.assert_allclose(curve.tpr, recall[::-1], atol=1e-12)
    assert curve.auc.value == pytest.approx(reference.roc_auc_score(is_class, scores), abs=1e-12)
    assert curve.average_precision == pytest.approx(reference.average_precision_score(is_class, scores), abs=1e-12)


def test_delongs_variance_is_that_of_all_pairs() -> None:
    """Summed over every pair by hand, as in the paper's equations 4 and 5."""
    said, y = said_of_classes(40, 2)
    scores, is_class = class_scores(said)[:, 1], y == 1
    above, below = scores[is_class], scores[~is_class]
    wins = np.array([[0.5 * (a == b) + (a > b) for b in below] for a in above])
    of_positives, of_negatives = wins.mean(axis=1), wins.mean(axis=0)
    variance = of_positives.var(ddof=1) / len(above) + of_negatives.var(ddof=1) / len(below)
    found = auc(scores, is_class)
    assert found.value == pytest.approx(np.mean([wins[i, j] for i, j in product(*map(range, wins.shape))]))
    assert found.half_width == pytest.approx(Z95 * math.sqrt(variance))


def test_the_mean_area_of_two_classes_is_that_of_one() -> None:
    said, y = said_of_classes(80, 2)
    lead = said.scores[:, 1:] - said.scores[:, :1]
    scores = np.concatenate([-lead, lead], axis=1)
    one, both = auc(scores[:, 1], y == 1), mean_auc(scores, y)
    assert both.value == pytest.approx(one.value)
    assert both.half_width == pytest.approx(one.half_width)


def test_a_class_without_points_is_left_out_of_the_mean_area() -> None:
    said, y = said_of_classes(100, 3)
    kept = y != 2
    scores = class_scores(said)[kept]
    areas = [reference.roc_auc_score(y[kept] == index, scores[:, index]) for index in (0, 1)]
    assert mean_auc(scores, y[kept]).value == pytest.approx(np.mean(areas))


def test_one_kind_alone_or_numbers_that_are_none_have_no_curve() -> None:
    assert rank_curve(np.array([0.1, 0.4]), np.array([True, True])) is None
    assert rank_curve(np.array([0.1, np.nan]), np.array([True, False])) is None
    assert math.isnan(auc(np.array([0.1, np.nan]), np.array([True, False])).value)
    assert math.isnan(mean_auc(np.ones((3, 3)), np.zeros(3)).value)


@pytest.mark.parametrize("bins", [5, 10])
def test_calibration_agrees_with_sklearn(bins: int) -> None:
    rng = np.random.default_rng(5)
    p = np.round(rng.uniform(size=500), 2)
    hits = rng.uniform(size=500) < p**1.5
    found = calibration(p, hits, bins)
    happened, said = calibration_curve(hits, p, n_bins=bins)
    np.testing.assert_allclose(found.happened, happened)
    np.testing.assert_allclose(found.said, said)
    assert found.counts.sum() == 500


def test_a_thinned_curve_keeps_its_ends_and_lies_on_the_whole_one() -> None:
    said, y = said_of_classes(20_000, 2)
    rng = np.random.default_rng(1)
    whole = rank_curve(class_scores(said)[:, 1] + 1e-6 * rng.normal(size=20_000), y == 1)
    assert whole is not None
    thin = whole.thinned(300)
    assert len(thin.thresholds) <= 400
    assert (thin.fpr[0], thin.tpr[0], thin.fpr[-1], thin.tpr[-1]) == (0, 0, 1, 1)
    assert set(zip(thin.fpr, thin.tpr, strict=True)) <= set(zip(whole.fpr, whole.tpr, strict=True))
    gaps = np.abs(np.diff(thin.fpr)) + np.abs(np.diff(thin.tpr))
    assert gaps.max() < 0.01


def test_the_operating_point_is_where_the_labels_are() -> None:
    said, y = said_of_classes(300, 2)
    found = rankings(_judged(said, y))
    for part, name in enumerate(("train", "validation", "test")):
        rows = np.arange(part, 300, 3)
        assert said.labels is not None
        (ranking,) = found[name]
        matrix = reference.confusion_matrix(y[rows], said.labels[rows])
        assert ranking.operating == (matrix[1, 1], matrix[0, 1])
        assert ranking.calibration is not None


def test_more_classes_are_ranked_one_against_the_rest() -> None:
    said, y = said_of_classes(300, 4)
    found = rankings(_judged(said, y))
    assert [len(each) for each in found.values()] == [4, 4, 4]
    assert all(ranking.operating is None for each in found.values() for ranking in each)


def test_margins_rank_as_scores_do() -> None:
    rng = np.random.default_rng(2)
    y = rng.integers(2, size=60)
    margin = rng.normal(size=(60, 1)) + y[:, None]
    labels = (margin[:, 0] > 0).astype(int)
    pairs = np.concatenate([np.zeros((60, 1)), margin], axis=1)
    for scores in (margin, pairs):
        said = Prediction(scores, None, labels)
        judged = Judged(_judged(said, y).dataset, np.arange(60), said)
        (ranking,) = rankings(judged)["train"]
        assert ranking.curve is not None
        assert ranking.calibration is None
        rows = np.arange(0, 60, 3)
        assert ranking.curve.auc.value == pytest.approx(reference.roc_auc_score(y[rows], margin[rows, 0]))


@pytest.mark.parametrize(("higher", "lower"), [(0.7, 0.3), (0.123456, 0.123455), (math.inf, 0.98), (0.2, -1.0)])
def test_a_threshold_between_two_scores_tells_them_apart(higher: float, lower: float) -> None:
    assert max(lower, 0.0) < threshold_between(higher, lower) <= min(higher, 1.0)
