"""Typed formulas: what they mean, what is refused and where, and that torch, numpy and Python agree."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine import checks
from engine.dataset import Points
from engine.edits import SettingError, set_values
from engine.experiment import DrawnData, Experiment, GeneratedData
from engine.formulas import FUNCTIONS, FormulaError, read
from engine.generators import dataset_of
from engine.training import Run

NAMES = ("y", "p")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.5*(y-p)**2 + abs(y-p)", 0.5 * 1.5**2 + 1.5),
        ("y^2", 4.0),
        ("-p^2", -0.25),
        ("2^3^2", 512.0),
        ("y²·p − 1", 1.0),
        ("max(0, 1 - y*p)", 0.0),
        ("pi + e", math.pi + math.e),
        ("log(exp(p))", 0.5),
    ],
)
def test_a_formula_means_what_a_person_means(text: str, expected: float) -> None:
    assert read(text, NAMES).on_arrays({"y": 2.0, "p": np.array([0.5])}) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "marked", "sentence"),
    [
        ("", "", "empty"),
        ("2p", "2", "operator"),
        ("y*(p", "(", "not closed"),
        ("y)", ")", "never opened"),
        ("|y-p|", "|", "abs"),
        ("y=p", "=", "right of the ="),
        ("y + ", "+ ", "missing at the end"),
        ("y + q", "q", "“q” is not known: use y and p."),
        ("é+y", "é", "not known"),
        ("cosh(y)", "cosh", "no function “cosh”"),
        ("y(p)", "y", "operator"),
        ("sin", "sin", "sin(y)"),
        ("min(y)", "min(y)", "two values"),
        ("True", "True", "Only numbers"),
        ("'a'", "'a'", "Only numbers"),
        ("1e999", "1e999", "too large"),
        ("y if p else 1", "y if p else 1", "no meaning"),
        ("y % p", "y % p", "+ - * /"),
        ("~y", "~y", "Only + and -"),
        ("y.real", "y.real", "no meaning"),
        ("[y][0]", "[y][0]", "no meaning"),
        ("__import__('os').system('true')", "__import__('os').system", "Only these functions can be used: abs,"),
        ("y + log(-1)", "log(-1)", "no finite value"),
        ("y/0", "y/0", "divides by zero"),
        ("y + 9**9**9**9", "9**9**9", "no finite value"),
        ("p*sqrt(2-3)", "sqrt(2-3)", "no finite value"),
        ("(lambda: 1)()", "lambda: 1", "before the bracket"),
        ("(y:=1)", "y:=1", "no meaning"),
        ("abs(*[y])", "*[y]", "no meaning"),
        ("1" * 201, "1", "characters"),
    ],
)
def test_a_mistake_is_marked_and_explained(text: str, marked: str, sentence: str) -> None:
    with pytest.raises(FormulaError) as caught:
        read(text, NAMES)
    assert sentence in caught.value.sentence
    assert text[caught.value.start : caught.value.end] == marked


def refusal(text: str) -> FormulaError | None:
    """What is said against a formula, or nothing where it has a value."""
    try:
        read(text, NAMES).on_arrays({"y": np.ones(3), "p": np.zeros(3)})
    except FormulaError as error:
        return error
    return None


@pytest.mark.parametrize(
    "text", ["(" * 99 + "y" + ")" * 99, "-" * 150 + "y", "y+" * 90 + "y", "\x00", "y\n\n", "\ud800"]
)
def test_hostile_text_is_read_or_refused_but_never_runs(text: str) -> None:
    error = refusal(text)
    assert error is None or error.sentence.endswith((".", "?"))
    assert error is None or 0 <= error.start <= error.end <= max(1, len(text))


@given(st.text("yp0123456789.+-*/^() ,abcexin\x00é²|=", max_size=40))
def test_any_text_is_a_formula_or_a_sentence(text: str) -> None:
    error = refusal(text)
    assert error is None or error.sentence


@pytest.mark.parametrize("name", FUNCTIONS)
def test_numpy_and_torch_agree_and_torch_differentiates(name: str) -> None:
    formula = read(f"{name}(p, 0.7)" if FUNCTIONS[name].arguments == 2 else f"{name}(p) * y", NAMES)
    p = torch.tensor([0.3, 0.9, 1.7], dtype=torch.float64, requires_grad=True)
    y = torch.full((3,), 2.0, dtype=torch.float64)
    value = formula.in_torch({"y": y, "p": p})
    expected = formula.on_arrays({"y": 2.0, "p": p.detach().numpy()})
    np.testing.assert_allclose(value.detach().numpy(), expected, rtol=1e-12)
    (gradient,) = torch.autograd.grad(value.sum(), p)
    width = 1e-6
    ahead, behind = (
        formula.on_arrays({"y": 2.0, "p": p.detach().numpy() + step}) for step in (width, -width)
    )  # fmt: skip
    np.testing.assert_allclose(gradient.numpy(), (ahead - behind) / (2 * width), atol=1e-6)


def test_latex_needs_no_more_brackets_than_there_are() -> None:
    assert read("0.5*(y-p)**2 + abs(y-p)/2", NAMES).latex({"p": "h(x)"}) == (
        r"0.5\,\left(y - h(x)\right)^{2} + \frac{\left|y - h(x)\right|}{2}"
    )
    assert read("y-(p-1)", NAMES).latex() == r"y - \left(p - 1\right)"


# -- losses ------------------------------------------------------------------------------------------------------------


def sine(**values: object) -> Experiment:
    start = Experiment(data=GeneratedData(generator="sine", n_points=60))
    return set_values(start, {"training.loss.kind": "squared", "learner.layers": "6", **values})


def test_the_squared_loss_typed_by_hand_learns_what_the_squared_loss_learns() -> None:
    built_in = Run(sine(**{"training.path": "torch"}))
    typed = Run(sine(**{"training.loss.kind": "custom", "training.loss.formula": "(y - p)^2"}))
    for run in (built_in, typed):
        run.advance_epochs(20)
    assert typed.snapshot().path == "torch"
    a, b = (run.metrics()["train"]["loss"].value for run in (built_in, typed))
    assert a == pytest.approx(b, rel=1e-4)
    np.testing.assert_allclose(
        built_in.predict(built_in.dataset.X).scores, typed.predict(typed.dataset.X).scores, rtol=1e-3
    )


def test_the_hinge_loss_typed_by_hand_learns_what_the_hinge_loss_learns() -> None:
    start = Experiment(data=GeneratedData(generator="gaussians3", n_points=90))
    settings = {"learner.kind": "logistic_regression", "training.precision": "float64"}
    built_in = Run(set_values(start, {**settings, "training.loss.kind": "hinge", "training.path": "torch"}))
    typed = Run(
        set_values(start, {**settings, "training.loss.kind": "custom", "training.loss.formula": "relu(1 - y*p)"})
    )
    for run in (built_in, typed):
        run.advance_epochs(10)
    X = built_in.dataset.X
    np.testing.assert_allclose(built_in.predict(X).scores, typed.predict(X).scores, rtol=1e-6, atol=1e-9)


def test_a_loss_that_does_not_look_at_the_prediction_is_refused() -> None:
    with pytest.raises(SettingError, match="must depend on p"):
        sine(**{"training.loss.kind": "custom", "training.loss.formula": "y**2"})
    with pytest.raises(SettingError, match="“q” is not known"):
        sine(**{"training.loss.formula": "q - p"})


@pytest.mark.parametrize(
    ("formula", "is_endless"), [("p", True), ("-abs(y-p)", True), ("abs(y-p)", False), ("sigmoid(-y*p)", False)]
)
def test_a_loss_that_falls_without_end_is_said_and_can_be_watched(formula: str, is_endless: bool) -> None:
    experiment = sine(**{"training.loss.kind": "custom", "training.loss.formula": formula})
    dataset = dataset_of(experiment.data, experiment.preparation)
    said = [each for each in checks.check(experiment, dataset) if each.path == "training.loss.formula"]
    assert [each.blocking for each in said] == ([False] if is_endless else [])


@pytest.mark.parametrize("formula", ["log(-1)", "y/0", "1/0"])
def test_of_a_loss_without_value_it_is_said_that_it_has_none(formula: str) -> None:
    with pytest.raises(SettingError, match=r"no finite value|divides by zero"):
        sine(**{"training.loss.formula": formula})


def test_a_loss_that_is_not_defined_everywhere_diverges_and_says_why() -> None:
    run = Run(sine(**{"training.loss.kind": "custom", "training.loss.formula": "log(p - 100)"}))
    run.advance_epochs(2)
    assert run.outcome.status == "diverged"
    assert "defined everywhere" in run.outcome.sentence


# -- features ----------------------------------------------------------------------------------------------------------


def test_a_typed_feature_is_computed_as_it_says_and_named_as_it_was_typed() -> None:
    run = Run(
        set_values(
            Experiment(data=GeneratedData(generator="circles", n_points=80)),
            {"preparation.formulas": '["x1**2 + x2**2", "exp(-x1**2)"]', "learner.kind": "logistic_regression"},
        )
    )
    assert run.features.names[-2:] == ("x₁**2 + x₂**2", "exp(-x₁**2)")
    X = run.dataset.X.astype(np.float64)
    Z = run.features.transform(run.dataset.X)
    np.testing.assert_allclose(Z[:, -2], X[:, 0] ** 2 + X[:, 1] ** 2, rtol=1e-5)
    np.testing.assert_allclose(Z[:, -1], np.exp(-(X[:, 0] ** 2)), rtol=1e-5)
    run.advance_epochs(300)
    assert run.metrics()["train"]["accuracy"].value > 0.95


def test_a_feature_of_an_input_that_is_not_there_is_left_out_and_said() -> None:
    experiment = sine(**{"preparation.formulas": '["x1*x2", "sin(3*x)"]'})
    run = Run(experiment)
    assert run.features.names == ("x", "sin(3*x)")
    found = checks.check(experiment, run.dataset)
    assert [each.path for each in found] == ["preparation.formulas"]
    assert "x1*x2" in found[0].sentence
    assert not found[0].blocking


def test_a_feature_without_a_value_at_a_point_keeps_training_from_starting_and_names_the_point() -> None:
    points = Points(np.array([[1.0, 0], [-2, 0.5], [3, 1], [2, 1]]), np.array([0.0, 1, 0, 1]))
    experiment = set_values(
        Experiment(data=DrawnData(points=points)), {"preparation.formulas": '["log(x1)"]', "preparation.test_share": 0}
    )
    complaint = checks.blocking(experiment, dataset_of(experiment.data, experiment.preparation))
    assert complaint is not None
    assert "1 point" in complaint.sentence
    assert "(-2, 0.5)" in complaint.sentence


def test_a_feature_that_is_the_same_everywhere_is_refused() -> None:
    with pytest.raises(SettingError, match="same for every point"):
        sine(**{"preparation.formulas": '["2*pi"]'})
