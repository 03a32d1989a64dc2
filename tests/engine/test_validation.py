"""Studies: scores that scikit-learn and calculations by hand agree with."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error
from sklearn.model_selection import KFold
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from engine.comparison import paired_difference, standings
from engine.dataset import Part
from engine.edits import SettingError, set_values
from engine.evaluation import Result, run_all
from engine.experiment import Experiment
from engine.folds import FoldError, Scheme
from engine.generators import dataset_of
from engine.learner import Outcome
from engine.registry import LEARNERS
from engine.search import (
    Axis,
    axis_of,
    axis_of_values,
    capacity_of,
    chosen,
    grid_candidates,
    parameters,
    random_candidates,
)
from engine.snapshot import Estimate
from engine.training import Run
from engine.validation import (
    Scores,
    Study,
    comparison,
    cross_validation,
    ending,
    final_job,
    final_sentence,
    learning_curve,
    spread_of,
    study_of,
)

LINE = set_values(
    Experiment(),
    {
        "data.generator": "sine", "data.n_points": "90", "data.noise": "0.2", "learner.kind": "linear_regression",
        "learner.fit": "least_squares", "training.loss.kind": "squared", "preparation.polynomial": "3",
        "preparation.scaling": "standardize", "training.precision": "float64", "preparation.validation_share": "0.1",
    },
)  # fmt: skip
"""Least squares on a noisy sine: every number has a closed form."""
NET = set_values(
    Experiment(), {"data.generator": "moons", "data.n_points": "60", "learner.layers": "4", "data.noise": "0.3"}
)
DEGREE, RATE, UNITS = "preparation.polynomial", "training.optimizer.learning_rate", "learner.layers.0.units"


def scored(study: Study, epochs: int | None = None) -> Scores:
    scores = Scores(study)
    for result in run_all(study.jobs, epochs):
        scores.add(result)
    assert scores.complete
    return scores


def by_hand(x: Any, y: Any, taught: Any, judged: Any, degree: int) -> tuple[Any, Any]:
    """Predictions of a least-squares polynomial whose features are scaled by the points that it is fitted to."""
    expand = PolynomialFeatures(degree, include_bias=False).fit(x)
    scale = StandardScaler().fit(expand.transform(x[taught]))
    model = LinearRegression().fit(scale.transform(expand.transform(x[taught])), y[taught])
    return model.predict(scale.transform(expand.transform(x[judged]))), y[judged]


@pytest.mark.parametrize(
    ("measure", "theirs"), [("rmse", root_mean_squared_error), ("mae", mean_absolute_error), ("r2", r2_score)]
)
def test_each_fold_has_the_score_of_scikit_learn_with_the_preparation_fitted_in_it(measure: str, theirs: Any) -> None:
    scores = scored(cross_validation(LINE, Scheme(k=5, seed=2), measure))
    data = dataset_of(LINE.data, LINE.preparation)
    rows = np.flatnonzero(data.parts != Part.TEST)
    x, y = data.X[rows].astype(float), data.y[rows].astype(float)
    expected = []
    for taught, judged in KFold(5, shuffle=True, random_state=2).split(x):
        said, truth = by_hand(x, y, taught, judged, 3)
        expected.append(theirs(truth, said))
    np.testing.assert_allclose(scores.held_out[0], expected, atol=1e-6)
    spread = scores.spread(0)
    assert spread is not None
    assert spread.mean == pytest.approx(np.mean(expected), abs=1e-6)
    assert spread.standard_error == pytest.approx(stats.sem(expected), abs=1e-6)
    assert spread.half_width == pytest.approx(1.96 * stats.sem(expected), abs=1e-6)


def test_leave_one_out_has_the_closed_form_of_least_squares() -> None:
    """The residual of a point that is left out is its residual over one minus its leverage."""
    plain = set_values(LINE, {"preparation.scaling": "none"})
    scores = scored(cross_validation(plain, Scheme(kind="loo"), "mae"))
    data = dataset_of(plain.data, plain.preparation)
    rows = np.flatnonzero(data.parts != Part.TEST)
    A = np.vander(data.X[rows, 0].astype(float), 4)
    y = data.y[rows].astype(float)
    H = A @ np.linalg.pinv(A)
    np.testing.assert_allclose(scores.held_out[0], np.abs((y - H @ y) / (1 - np.diag(H))), atol=1e-6)


def test_a_grid_of_degrees_agrees_with_scikit_learn_and_the_best_is_chosen() -> None:
    axis = Axis(DEGREE, "Polynomial degree", tuple(range(1, 10)))
    study = study_of(grid_candidates(LINE, [axis]), Scheme(k=6), "rmse")
    scores = scored(study)
    data = dataset_of(LINE.data, LINE.preparation)
    rows = np.flatnonzero(data.parts != Part.TEST)
    x, y = data.X[rows].astype(float), data.y[rows].astype(float)
    means = []
    for degree in axis.values:
        folds = KFold(6, shuffle=True, random_state=0).split(x)
        found = [by_hand(x, y, taught, judged, degree) for taught, judged in folds]
        means.append(np.mean([root_mean_squared_error(truth, said) for said, truth in found]))
    spreads = [scores.spread(index) for index in range(9)]
    np.testing.assert_allclose([spread.mean for spread in spreads if spread], means, atol=1e-6)
    best = int(np.argmin(means))
    assert chosen(scores, [axis], one_standard_error=False) == best
    top = spreads[best]
    assert top is not None
    assert top.standard_error is not None
    simplest = next(index for index in range(9) if means[index] <= means[best] + top.standard_error)
    assert chosen(scores, [axis], one_standard_error=True) == simplest


def test_the_validation_part_judges_as_in_a_run() -> None:
    wider = set_values(NET, {"preparation.validation_share": "0.3", "training.stop.max_epochs": "30"})
    axis = Axis(UNITS, "Units", (2, 5))
    scores = scored(study_of(grid_candidates(wider, [axis]), Scheme(kind="validation"), "accuracy"))
    for index, units in enumerate(axis.values):
        run = Run(set_values(wider, {UNITS: units}))
        run.advance_epochs(100)
        assert scores.held_out[index, 0] == run.metrics()["validation"]["accuracy"].value
        spread = scores.spread(index)
        assert spread is not None
        assert spread.standard_error is None


def test_the_winner_is_trained_on_all_but_the_test_points_and_judged_by_them() -> None:
    (result,) = run_all([final_job(LINE)])
    data = dataset_of(LINE.data, LINE.preparation)
    taught, judged = np.flatnonzero(data.parts != Part.TEST), data.rows(Part.TEST)
    said, truth = by_hand(data.X.astype(float), data.y.astype(float), taught, judged, 3)
    assert result.metrics["test"]["rmse"].value == pytest.approx(root_mean_squared_error(truth, said), abs=1e-6)
    sentence = final_sentence(result, "rmse")
    assert "looked at once" in sentence
    assert sentence.startswith("Test RMSE 0.")


def test_a_learning_curve_trains_on_more_and_more() -> None:
    study = learning_curve(LINE, Scheme(k=3), "rmse", 5)
    sizes = [candidate.size for candidate in study.candidates]
    assert sizes == sorted(set(sizes))
    assert sizes[0] == 5
    assert sizes[-1] == min(len(division.judged["train"]) for division in study.folds.divisions)
    scores = scored(study)
    for index, size in enumerate(sizes):
        assert {len(division.judged["train"]) for division in study.divisions[index]} == {size}
    first, last = scores.spread(0), scores.spread(len(sizes) - 1)
    assert first is not None
    assert last is not None
    assert last.mean < first.mean


def test_models_of_folds_are_kept_to_be_drawn_and_say_what_was_scored() -> None:
    study = cross_validation(LINE, Scheme(k=4), "rmse")
    for result in run_all(study.jobs):
        assert result.model is not None
        held = study.folds.held_out(study.place_of(result)[1])
        data = result.model.dataset
        said = result.model(data.X[held]).values
        assert said is not None
        error = root_mean_squared_error(data.y[held].astype(float), said)
        assert result.metrics["held out"]["rmse"].value == pytest.approx(error, abs=1e-9)
    assert not cross_validation(LINE, Scheme(kind="loo"), "rmse").keeps_models


# -- comparisons -------------------------------------------------------------------------------------------------------


def test_paired_differences_are_those_of_scipy() -> None:
    random = np.random.default_rng(3)
    one, other = random.random(8), random.random(8) + 0.2
    found = paired_difference(one, other, 1 / 7)
    theirs = stats.ttest_rel(one, other)
    assert found is not None
    low, high = theirs.confidence_interval(0.95)
    assert (found.mean - found.half_width, found.mean + found.half_width) == pytest.approx((low, high))
    assert found.p == pytest.approx(theirs.pvalue)
    widened = math.sqrt((1 / 8 + 1 / 7) / (1 / 8))
    assert found.corrected_half_width == pytest.approx(found.half_width * widened)
    assert found.corrected_p == pytest.approx(2 * stats.t.sf(abs(theirs.statistic) / widened, 7))
    assert paired_difference(one[:1], other[:1], 0.1) is None
    alike = paired_difference(one, one, 0.1)
    assert alike is not None
    assert (alike.mean, alike.half_width, alike.p) == (0, 0, 1)


def test_learners_stand_by_their_means_on_the_same_folds() -> None:
    study = comparison(NET, ["logistic_regression", "mlp"], Scheme(k=5), "accuracy", epochs=60)
    assert study.divisions[0] is study.divisions[1]
    assert study.candidates[1].experiment.learner == NET.learner
    scores = scored(study)
    first, second = standings(scores)
    assert (first.rank, second.rank, first.difference) == (1, 2, None)
    assert second.difference is not None
    by_fold = scores.held_out[second.candidate] - scores.held_out[first.candidate]
    assert second.difference.mean == pytest.approx(by_fold.mean())
    assert second.difference.mean <= 0


def test_a_penalty_is_that_of_the_model_that_is_compared_with_others() -> None:
    ridge = set_values(NET, {"learner.kind": "logistic_regression", "training.regularization.l2": 0.44})
    study = comparison(ridge, ["logistic_regression", "mlp"], Scheme(k=3), "accuracy", epochs=1)
    assert [each.experiment.training.regularization.l2 for each in study.candidates] == [0.44, 0.0]


@pytest.mark.parametrize("kind", LEARNERS)
def test_every_learner_ends_where_the_points_cannot_be_parted(kind: str) -> None:
    data = {"data.generator": "sine" if LEARNERS[kind].tasks == ("regression",) else "xor", "data.noise": 0.5}
    loss = {"training.loss.kind": "squared"} if data["data.generator"] == "sine" else {}
    run = Run(ending(set_values(Experiment(), {**data, **loss, "data.n_points": 60, "learner.kind": kind}), 3))
    assert run.started
    run.advance_epochs(1000)
    assert run.outcome.final


def test_a_perceptron_is_compared_on_classes_that_overlap() -> None:
    scores = scored(comparison(NET, ["perceptron", "knn"], Scheme(k=3), "accuracy", epochs=4))
    assert {scores.outcomes[0, fold].sentence for fold in range(3)} == {"Stopped after 4 epochs, as asked."}
    assert all(scores.outcomes[1, fold].status == "converged" for fold in range(3))


def test_learners_that_cannot_be_compared_are_refused() -> None:
    with pytest.raises(FoldError, match="losses of their own"):
        comparison(NET, ["mlp"], Scheme(), "loss")
    with pytest.raises(ValueError, match="no learner 'oracle'"):
        comparison(NET, ["oracle"], Scheme(), "accuracy")
    with pytest.raises(ValueError, match="Linear regression is not for classification"):
        comparison(NET, ["linear_regression"], Scheme(), "accuracy")


# -- what a search looks through ---------------------------------------------------------------------------------------


def test_the_hyper_parameters_of_a_network_are_found_with_their_ranges() -> None:
    found = {each.path: each for each in parameters(NET)}
    units, rate, kind = found[UNITS], found[RATE], found["training.optimizer.kind"]
    assert (units.title, units.kind, units.value) == ("Layer 1 units", "int", 4)
    assert units.low >= 1
    assert rate.log
    assert 0 < rate.low < 0.03 < rate.high
    assert "adam" in kind.options
    assert not any(path.startswith(("training.seed", "training.stop", "preparation.test_share")) for path in found)
    assert found["training.regularization.l2"].simpler_where_high


@pytest.mark.parametrize(
    ("learner", "generator", "capacity"),
    [
        ("linear_regression", "sine", "preparation.polynomial"), ("knn", "moons", "learner.k"),
        ("decision_tree", "moons", "learner.max_depth"), ("mlp", "moons", "learner.layers.0.units"),
        ("random_features", "sine", "learner.units"), ("svm", "moons", "learner.C"),
    ],
)  # fmt: skip
def test_the_setting_that_bends_a_model_most_is_known(learner: str, generator: Any, capacity: str) -> None:
    offered = parameters(set_values(Experiment(), {"data.generator": generator, "learner.kind": learner}))
    found = capacity_of(offered)
    assert found is not None
    assert found.path == capacity
    assert found in offered


@pytest.mark.parametrize(("fit", "penalties"), [("least_squares", {"l2"}), ("coordinate_descent", {"l1", "l2"})])
def test_a_fit_without_an_optimizer_has_only_its_penalties_to_search(fit: str, penalties: set[str]) -> None:
    values = {"data.generator": "sine", "learner.kind": "linear_regression", "learner.fit": fit}
    offered = {each.path for each in parameters(set_values(Experiment(), values))}
    assert {path for path in offered if path.startswith("training")} == {
        f"training.regularization.{name}" for name in penalties
    }
    assert not offered & {"preparation.missing", "preparation.encoding"}


def test_every_value_of_a_default_range_is_allowed() -> None:
    for base in (NET, LINE):
        for parameter in parameters(base):
            axis = axis_of(parameter, parameter.low, parameter.high, 7)
            assert list(axis.values) == sorted(set(axis.values)) or not parameter.is_number
            for candidate in grid_candidates(base, [axis]):
                assert candidate.values[0][0] == parameter.path


def test_values_are_spread_evenly_or_by_ratios() -> None:
    found = {each.path: each for each in parameters(NET)}
    assert axis_of(found[RATE], 0.001, 1.0, 4).values == (0.001, 0.01, 0.1, 1.0)
    assert axis_of(found[UNITS], 1, 3, 9).values == (1, 2, 3)
    with pytest.raises(SettingError, match="from a smaller to a larger"):
        axis_of(found[UNITS], 3, 3, 2)
    with pytest.raises(SettingError, match="above 0"):
        axis_of(found[RATE], 0.0, 1.0, 2)


def test_a_random_search_draws_each_combination_at_most_once() -> None:
    axes = [Axis(RATE, "Learning rate", (0.01, 0.1, 1.0)), Axis(UNITS, "Units", (1, 2, 3, 4))]
    everything = [candidate.values for candidate in grid_candidates(NET, axes)]
    drawn = [candidate.values for candidate in random_candidates(NET, axes, 5, 1)]
    assert len(set(drawn)) == 5
    assert set(drawn) <= set(everything)
    assert drawn == [candidate.values for candidate in random_candidates(NET, axes, 5, 1)]
    assert drawn != [candidate.values for candidate in random_candidates(NET, axes, 5, 2)]
    assert [candidate.values for candidate in random_candidates(NET, axes, 99, 1)] == everything


def test_more_of_a_penalty_is_simpler() -> None:
    penalty = axis_of_values(NET, "training.regularization.l2", ["0", "0.1"])
    units = axis_of_values(NET, UNITS, ["2", "4"])
    assert (penalty.title, penalty.simpler_where_high, units.simpler_where_high) == ("L2 (λ₂)", True, False)
    scores = Scores(study_of(grid_candidates(NET, [penalty, units]), Scheme(k=2), "accuracy"))
    for index in range(8):
        value = 0.9 + 0.1 * (index % 2)
        scores.add(Result(index, NET, Outcome("stopped"), {"held out": {"accuracy": Estimate(value)}}))
    assert chosen(scores, [penalty, units], one_standard_error=False) == 0
    assert scores.study.candidates[chosen(scores, [penalty, units], one_standard_error=True) or 0].values == (
        ("training.regularization.l2", "0.1"),
        (UNITS, "2"),
    )


def test_without_a_number_there_is_no_mean_and_it_says_why() -> None:
    scores = Scores(cross_validation(NET, Scheme(k=2), "accuracy"))
    assert scores.best() is None
    scores.add(Result(0, NET, Outcome("stopped"), {"held out": {"accuracy": Estimate(0.8)}}))
    assert scores.spread(0) is None
    scores.add(Result(1, NET, Outcome("diverged", "It grew without end.")))
    assert scores.spread(0) is None
    assert scores.complaint(0) == "It grew without end."
    assert spread_of(np.array([0.5])).standard_error is None
    with pytest.raises(FoldError, match="R² needs 2"):
        cross_validation(LINE, Scheme(kind="loo"), "r2")
