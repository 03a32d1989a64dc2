"""The losses against torch's, their targets, and what a wrong pairing is told."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
import torch

from engine.losses import (
    FORMULAS,
    LossMismatch,
    check_pairing,
    loss_curve,
    output_count,
    probabilities_of,
    row_losses,
    targets_of,
)
from engine.training_settings import LossKind
from tests.engine.dense_problems import CLASSIFICATION_LOSSES, REGRESSION_LOSSES, classes, reference_loss, values


def test_every_loss_that_can_be_chosen_has_a_formula() -> None:
    assert set(FORMULAS) == set(get_args(LossKind))


@pytest.mark.parametrize("kind", CLASSIFICATION_LOSSES)
@pytest.mark.parametrize("n_classes", [2, 3, 5])
def test_losses_of_classes_agree_with_torch(kind: LossKind, n_classes: int) -> None:
    if kind == "binary_cross_entropy" and n_classes > 2:
        pytest.skip("told apart in another test")
    data = classes(n_classes=n_classes)
    scores = np.random.default_rng(3).normal(0, 3, (len(data.y), output_count(kind, "classification", n_classes)))
    targets = targets_of(kind, data.y, "classification", n_classes)
    expected = reference_loss(kind, 0.7, torch.tensor(scores), data)
    assert row_losses(kind, 0.7, scores, targets).mean() == pytest.approx(expected.item(), rel=1e-12)


@pytest.mark.parametrize("kind", REGRESSION_LOSSES)
def test_losses_of_values_agree_with_torch(kind: LossKind) -> None:
    data = values()
    scores = np.random.default_rng(3).normal(0, 2, (len(data.y), 1))
    expected = reference_loss(kind, 0.7, torch.tensor(scores), data)
    losses = row_losses(kind, 0.7, scores, targets_of(kind, data.y, "regression", 0))
    assert losses.mean() == pytest.approx(expected.item(), rel=1e-12)


def test_zero_one_counts_wrong_answers() -> None:
    two = targets_of("zero_one", np.array([0, 1, 1, 0]), "classification", 2)
    assert row_losses("zero_one", 1.0, np.array([[-2.0], [3.0], [-1.0], [0.0]]), two).tolist() == [0, 0, 1, 0]
    three = targets_of("zero_one", np.array([0, 2]), "classification", 3)
    assert row_losses("zero_one", 1.0, np.array([[3.0, 1, 2], [3.0, 1, 2]]), three).tolist() == [0, 1]


def test_two_classes_share_one_output_except_for_cross_entropy() -> None:
    assert output_count("cross_entropy", "classification", 2) == 2
    assert output_count("hinge", "classification", 2) == 1
    assert output_count("hinge", "classification", 4) == 4
    assert output_count("squared", "regression", 0) == 1
    assert targets_of("hinge", np.array([0, 1]), "classification", 2).tolist() == [[-1.0], [1.0]]
    assert targets_of("hinge", np.array([2]), "classification", 3).tolist() == [[-1.0, -1.0, 1.0]]


@pytest.mark.parametrize("kind", ["cross_entropy", "binary_cross_entropy"])
def test_huge_scores_give_finite_losses_and_probabilities_that_sum_to_one(kind: LossKind) -> None:
    scores = np.array([[1e4], [-1e4], [0.0]])
    if kind == "cross_entropy":
        scores = np.hstack([-scores, scores])
    losses = row_losses(kind, 1.0, scores, targets_of(kind, np.array([0, 0, 1]), "classification", 2))
    assert np.isfinite(losses).all()
    assert losses[2] == pytest.approx(np.log(2))
    shares = probabilities_of(kind, scores)
    assert shares is not None
    np.testing.assert_allclose(shares, np.array([[0, 1], [1, 0], [0.5, 0.5]]), atol=1e-12)


def test_scores_of_a_margin_loss_are_no_probabilities() -> None:
    assert probabilities_of("hinge", np.array([[0.3]])) is None


@pytest.mark.parametrize(
    ("kind", "task", "n_classes", "optimizer", "hint"),
    [
        ("cross_entropy", "regression", 0, "adam", "squared, absolute or Huber"),
        ("hinge", "regression", 0, "adam", "squared, absolute or Huber"),
        ("zero_one", "regression", 0, "random_search", "squared, absolute or Huber"),
        ("binary_cross_entropy", "classification", 3, "adam", "choose cross-entropy"),
        ("zero_one", "classification", 2, "adam", "random search"),
    ],
)
def test_a_wrong_pairing_is_told_what_to_choose(kind, task, n_classes, optimizer, hint) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(LossMismatch, match=hint):
        check_pairing(kind, task, n_classes, optimizer)


def test_random_search_can_follow_the_zero_one_loss() -> None:
    check_pairing("zero_one", "classification", 2, "random_search")


@pytest.mark.parametrize("kind", [kind for kind in FORMULAS if kind not in ("cross_entropy", "custom")])
def test_the_plotted_curve_of_a_margin_is_the_loss_of_the_second_class(kind: LossKind) -> None:
    curve = loss_curve(kind, 0.7)
    targets = targets_of(kind, np.ones(len(curve.x)), "classification", 2)
    np.testing.assert_allclose(curve.y, row_losses(kind, 0.7, curve.x[:, None], targets), atol=1e-12)
    assert "margin" in curve.x_label


def test_the_plotted_curve_of_cross_entropy_is_that_of_two_scores() -> None:
    curve = loss_curve("cross_entropy")
    scores = np.stack([np.zeros_like(curve.x), curve.x], axis=1)
    targets = targets_of("cross_entropy", np.ones(len(curve.x)), "classification", 2)
    np.testing.assert_allclose(curve.y, row_losses("cross_entropy", 1.0, scores, targets), atol=1e-12)


@pytest.mark.parametrize("kind", REGRESSION_LOSSES)
def test_the_plotted_curve_of_a_residual_is_symmetric_with_its_minimum_at_zero(kind: LossKind) -> None:
    curve = loss_curve(kind, 0.7, "regression")
    assert "residual" in curve.x_label
    np.testing.assert_allclose(curve.y, curve.y[::-1], atol=1e-12)
    assert curve.y.min() == curve.y[np.abs(curve.x).argmin()] == 0
