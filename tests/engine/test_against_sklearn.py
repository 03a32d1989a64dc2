"""Any number on screen agrees with a calculation by others on the exported tables: scikit-learn, or closed forms."""

from __future__ import annotations

import csv
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn import metrics as theirs
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier, MLPRegressor

from engine.edits import set_values
from engine.experiment import Experiment
from engine.tables import write_predictions
from engine.training import Run

Array = NDArray[np.float64]


def assert_close(found: Any, wanted: Any) -> None:
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)


@dataclass
class Table:
    """What `write_predictions` has written, as numbers.

    Parameters
    ----------
    X, y : inputs (n, d) and targets (n,): numbers, or names of classes.
    part : (n,) names of parts.
    predicted : (n,) as `y`.
    probabilities : (n, k), or None.
    """

    X: Array
    y: NDArray[Any]
    part: NDArray[Any]
    predicted: NDArray[Any]
    probabilities: Array | None

    def of(self, part: str) -> NDArray[np.bool_]:
        return np.asarray(self.part == part)


def trained(epochs: int, **values: Any) -> Run:
    changes = {name.replace("__", "."): value for name, value in values.items()}
    run = Run(set_values(Experiment(), {"data.n_points": 90, "training.precision": "float64", **changes}))
    run.advance_epochs(epochs)
    return run


def exported(run: Run, folder: Path) -> Table:
    """The table of a run's predictions, read back by nothing of ours."""
    write_predictions(folder / "table.csv", run.dataset, run.predict(run.dataset.X))
    rows = list(csv.reader((folder / "table.csv").read_text("utf-8").splitlines()))
    cells = {name: np.array(column) for name, column in zip(rows[0], zip(*rows[1:], strict=True), strict=True)}
    d = rows[0].index("part") - 1
    target, predicted = cells[rows[0][d]], cells["predicted"]
    if run.dataset.task == "regression":
        target, predicted = target.astype(float), predicted.astype(float)
    columns = [values.astype(float) for name, values in cells.items() if name.startswith("p(")]
    return Table(
        np.stack([cells[name].astype(float) for name in rows[0][:d]], axis=1), target, cells["part"], predicted,
        np.stack(columns, axis=1) if columns else None,
    )  # fmt: skip


def half_width(values: Array) -> float:
    """Of the 95 % interval of a mean."""
    return float(1.96 * np.std(values, ddof=1) / np.sqrt(len(values)))


def assert_metrics_of_values(run: Run, table: Table) -> None:
    for part, said in run.metrics().items():
        y, values = table.y[table.of(part)], table.predicted[table.of(part)]
        mse = theirs.mean_squared_error(y, values)
        wanted = {
            "loss": (mse, half_width((y - values) ** 2)),
            "rmse": (np.sqrt(mse), half_width((y - values) ** 2) / (2 * np.sqrt(mse))),
            "mae": (theirs.mean_absolute_error(y, values), half_width(np.abs(y - values))),
            "r2": (theirs.r2_score(y, values), None),
        }
        for name, (value, half) in wanted.items():
            assert_close(said[name].value, value)
            if half is not None:
                assert_close(said[name].half_width or 0.0, half)


def assert_metrics_of_classes(run: Run, table: Table) -> None:
    assert table.probabilities is not None
    names = list(run.dataset.class_names)
    for part, said in run.metrics().items():
        y, labels = table.y[table.of(part)], table.predicted[table.of(part)]
        probabilities = table.probabilities[table.of(part)]
        accuracy = theirs.accuracy_score(y, labels)
        assert_close(said["accuracy"].value, accuracy)
        assert_close(said["accuracy"].half_width or 0.0, 1.96 * np.sqrt(accuracy * (1 - accuracy) / len(y)))
        assert_close(said["loss"].value, theirs.log_loss(y, probabilities, labels=names))
        of_truth = probabilities[np.arange(len(y)), [names.index(name) for name in y]]
        assert_close(said["loss"].half_width or 0.0, half_width(-np.log(of_truth)))


LEAST_SQUARES = {
    "learner__kind": "linear_regression",
    "learner__fit": "least_squares",
    "training__loss__kind": "squared",
}


@pytest.mark.parametrize("generator", ["linear", "plane", "outliers", "heteroscedastic"])
def test_least_squares_is_linear_regression(generator: str, tmp_path: Path) -> None:
    run = trained(1, data__generator=generator, data__noise=0.3, preparation__validation_share=0.2, **LEAST_SQUARES)
    table = exported(run, tmp_path)
    train = table.of("train")
    reference = LinearRegression().fit(table.X[train], table.y[train])
    found = run.coefficients()
    assert found is not None
    weights, intercepts = found
    assert_close(weights[:, 0][: table.X.shape[1]], reference.coef_)
    assert_close(intercepts, [reference.intercept_])
    assert_close(table.predicted, reference.predict(table.X))
    assert_metrics_of_values(run, table)


def test_an_l2_penalty_is_ridge_regression(tmp_path: Path) -> None:
    l2 = 0.7
    run = trained(1, data__generator="plane", training__regularization__l2=l2, **LEAST_SQUARES)
    table = exported(run, tmp_path)
    train = table.of("train")
    # Theirs is the sum of squares plus alpha Σw², ours the mean plus l2/2 Σw².
    reference = Ridge(alpha=l2 / 2 * train.sum()).fit(table.X[train], table.y[train])
    found = run.coefficients()
    assert found is not None
    assert_close(found[0][:, 0], reference.coef_)
    assert_close(table.predicted, reference.predict(table.X))
    assert_metrics_of_values(run, table)


@pytest.mark.parametrize(
    ("scaling", "fit"),
    [(scaling, "least_squares") for scaling in ("none", "standardize", "minmax")] + [("standardize", "gradient")],
)
def test_a_cubic_has_the_coefficients_of_the_plot(scaling: str, fit: str, tmp_path: Path) -> None:
    values = {**LEAST_SQUARES, "learner__fit": fit, "training__optimizer__kind": "gradient_descent",
              "training__optimizer__learning_rate": 0.3}  # fmt: skip
    run = trained(8000, data__generator="sine", data__noise=0.2, preparation__polynomial=3,
                  preparation__scaling=scaling, **values)  # fmt: skip
    table = exported(run, tmp_path)
    train = table.of("train")
    cubic = np.polyfit(table.X[train, 0], table.y[train], 3)
    found = run.coefficients()
    assert found is not None
    assert run.features.names == ("x", "x²", "x³")
    assert_close(found[0][:, 0], cubic[2::-1])
    assert_close(found[1], cubic[3:])
    assert_close(table.predicted, np.polyval(cubic, table.X[:, 0]))
    assert_metrics_of_values(run, table)


DESCENT = {"learner__kind": "logistic_regression", "training__optimizer__kind": "gradient_descent",
           "training__optimizer__learning_rate": 1.0}  # fmt: skip


def test_two_classes_learn_logistic_regression(tmp_path: Path) -> None:
    l2 = 0.05
    run = trained(4000, data__generator="moons", training__loss__kind="binary_cross_entropy",
                  training__regularization__l2=l2, **DESCENT)  # fmt: skip
    table = exported(run, tmp_path)
    train = table.of("train")
    reference = LogisticRegression(C=1 / (l2 * train.sum()), tol=1e-12, max_iter=5000).fit(
        table.X[train], table.y[train]
    )
    found = run.coefficients()
    assert found is not None
    assert_close(found[0].T, reference.coef_)
    assert_close(found[1], reference.intercept_)
    assert_close(table.probabilities, reference.predict_proba(table.X))
    assert (table.predicted == reference.predict(table.X)).all()
    assert_metrics_of_classes(run, table)


def test_three_classes_learn_softmax_regression(tmp_path: Path) -> None:
    l2 = 0.05
    run = trained(4000, data__generator="gaussians3", data__noise=0.4, training__regularization__l2=l2, **DESCENT)
    table = exported(run, tmp_path)
    train = table.of("train")
    reference = LogisticRegression(C=1 / (l2 * train.sum()), tol=1e-12, max_iter=5000).fit(
        table.X[train], table.y[train]
    )
    found = run.coefficients()
    assert found is not None
    assert_close(found[0].T, reference.coef_)
    assert_close(table.probabilities, reference.predict_proba(table.X))
    assert_metrics_of_classes(run, table)


def given_weights(network: MLPClassifier | MLPRegressor, run: Run, X: Array, y: NDArray[Any]) -> None:
    """Give `network` the weights of a run; one epoch of its own only makes its shapes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        network.fit(X, y)
    assert run.learner is not None
    layers = run.learner.spec.split(run.state.parameters)  # type: ignore[attr-defined]
    assert [weights.shape for weights in network.coefs_] == [weights.shape for weights, _ in layers]
    network.coefs_ = [np.array(weights) for weights, _ in layers]
    network.intercepts_ = [np.array(biases) for _, biases in layers]


@pytest.mark.parametrize("path", ["compiled", "torch"])
@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid", "linear"])
def test_a_network_says_what_theirs_says_with_its_weights(activation: str, path: str, tmp_path: Path) -> None:
    network = {"learner__layers": [{"units": 5, "activation": activation}, {"units": 4, "activation": activation}],
               "training__path": path}  # fmt: skip
    name = {"sigmoid": "logistic", "linear": "identity"}.get(activation, activation)
    run = trained(10, data__generator="gaussians3", **network)
    table = exported(run, tmp_path)
    classifier = MLPClassifier(hidden_layer_sizes=(5, 4), activation=name, max_iter=1)
    given_weights(classifier, run, table.X, table.y)
    assert_close(table.probabilities, classifier.predict_proba(table.X))
    assert (table.predicted == classifier.predict(table.X)).all()
    assert_metrics_of_classes(run, table)

    run = trained(10, data__generator="bumps", training__loss__kind="squared", **network)
    table = exported(run, tmp_path)
    regressor = MLPRegressor(hidden_layer_sizes=(5, 4), activation=name, max_iter=1)
    given_weights(regressor, run, table.X, table.y)
    assert_close(table.predicted, regressor.predict(table.X))
    assert_metrics_of_values(run, table)
