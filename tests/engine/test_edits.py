"""Edits by path: what can be set, how text is read, and what mistakes are told."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings

from engine.edits import SettingError, replaced, set_values
from engine.experiment import DrawnData, Experiment, GeneratedData
from engine.learners.linear_regression import LinearRegression
from engine.learners.mlp import Layer, MultilayerPerceptron
from engine.paths import known_paths
from tests.engine.strategies import experiments

BASE = Experiment()


def _value(experiment: Experiment, path: str) -> Any:
    value: Any = experiment
    for name in path.split("."):
        value = value[int(name)] if name.isdecimal() else getattr(value, name)
    return value


@pytest.mark.parametrize(
    ("path", "text", "value"),
    [
        ("training.optimizer.learning_rate", "0.1", 0.1),
        ("training.optimizer.learning_rate", "1e-3", 1e-3),
        ("training.optimizer.kind", "sgd", "sgd"),
        ("training.optimizer.kind", '"sgd"', "sgd"),
        ("training.seed", "3", 3),
        ("training.stop.max_epochs", "1000", 1000),
        ("training.precision", "float64", "float64"),
        ("data.generator", "spirals", "spirals"),
        ("data.noise", "0", 0.0),
        ("preparation.chips", "x1,x2, x1^2", ("x1", "x2", "x1^2")),
        ("preparation.chips", '["x1"]', ("x1",)),
        ("preparation.chips", "", ()),
        ("preparation.polynomial", "5", 5),
        ("learner.skip", "true", True),
        ("learner.dropout", "0.25", 0.25),
        ("learner.layers.1.units", "32", 32),
        ("learner.layers.0.activation", "relu", "relu"),
        ("view.x_range", "[-1, 2.5]", (-1.0, 2.5)),
        ("view.x_range", "-1,2.5", (-1.0, 2.5)),
        ("view.x_range", "null", None),
        ("view.log_loss", "false", False),
    ],
)
def test_text_becomes_the_value_that_was_meant(path: str, text: str, value: Any) -> None:
    assert _value(set_values(BASE, {path: text}), path) == value


@pytest.mark.parametrize("text", ["[8, 16, 4]", "8,16,4", '[{"units": 8}, 16, {"units": 4}]'])
def test_layers_are_given_by_their_units(text: str) -> None:
    learner = set_values(BASE, {"learner.layers": text}).learner
    assert isinstance(learner, MultilayerPerceptron)
    assert [layer.units for layer in learner.layers] == [8, 16, 4]


def test_layers_keep_their_activations() -> None:
    base = replaced(BASE, "learner.layers", (Layer(units=2, activation="relu"), Layer(units=3, activation="sine")))
    learner = set_values(base, {"learner.layers": "5,5,5"}).learner
    assert isinstance(learner, MultilayerPerceptron)
    assert [layer.activation for layer in learner.layers] == ["relu", "sine", "sine"]
    one = set_values(base, {"learner.layers": "7"}).learner
    assert one == MultilayerPerceptron(layers=(Layer(units=7, activation="relu"),))
    assert set_values(base, {"learner.layers": "[]"}).learner == MultilayerPerceptron(layers=())


def test_names_of_classes_stay_text() -> None:
    changed = set_values(Experiment(data=DrawnData()), {"data.class_names": "1,2, three"})
    assert isinstance(changed.data, DrawnData)
    assert changed.data.class_names == ("1", "2", "three")


def test_another_kind_of_learner_can_be_set_with_its_own_settings_in_any_order() -> None:
    changed = set_values(BASE, {"learner.fit": "least_squares", "learner.kind": "linear_regression"})
    assert changed.learner == LinearRegression(fit="least_squares")
    assert set_values(changed, {"learner.kind": "mlp"}).learner == MultilayerPerceptron()


def test_choosing_the_kind_that_it_is_keeps_everything() -> None:
    assert set_values(BASE, {"learner.kind": "mlp"}) == BASE
    assert set_values(BASE, {"data.source": "drawn"}).data == DrawnData()
    assert set_values(Experiment(data=DrawnData()), {"data.source": "generated"}).data == GeneratedData()


def test_values_are_checked_together() -> None:
    tight = replaced(BASE, "preparation.test_share", 0.8)
    changed = set_values(tight, {"preparation.validation_share": "0.6", "preparation.test_share": "0.2"})
    assert changed.preparation.validation_share == 0.6


@pytest.mark.parametrize(
    ("path", "text", "words"),
    [
        ("training.optimiser.kind", "sgd", "no such setting; did you mean training.optimizer.kind"),
        ("learning_rate", "1", "did you mean training.optimizer.learning_rate"),
        ("learner.fit", "gradient", "learner.fit: there is no such setting"),
        ("learner.layers.5.units", "3", "learner.layers.5.units: there is no such setting"),
        ("learner.layers.0", "3", "no such setting"),
        ("training.seed.x", "3", "no such setting"),
        ("", "3", "no such setting"),
        ("schema_version", "3", "cannot be set"),
        ("training.optimizer.learning_rate", "fast", 'learning_rate: "fast" is not a number from 1e-06 to 100'),
        ("training.optimizer.learning_rate", "-1", "-1 is out of range; it must be from 1e-06 to 100"),
        ("training.optimizer.kind", "addam", "did you mean adam"),
        ("learner.kind", "forest", 'learner.kind: "forest" is not one of linear_regression'),
        ("learner.layers", "0", "learner.layers.0.units: 0 is out of range"),
        ("learner.layers", "a,b", "learner.layers.0"),
        ("preparation.chips", "x1,x3", 'preparation.chips.1: "x3" is not one of'),
        ("view.x_range", "1,2,3", "view.x_range"),
        ("training.seed", "NaN", "training.seed"),
        ("training.seed", "[" * 100_000, "training.seed"),
    ],
)
def test_mistakes_name_the_path_and_what_is_allowed(path: str, text: str, words: str) -> None:
    with pytest.raises(SettingError) as caught:
        set_values(BASE, {path: text})
    assert words in str(caught.value)
    assert len(str(caught.value)) < 600


def test_the_original_stays_as_it_was() -> None:
    before = BASE.model_dump_json()
    replaced(BASE, "learner.layers.0.units", 3)
    set_values(BASE, {"training.seed": "9"})
    assert BASE.model_dump_json() == before


def test_untouched_parts_are_the_very_same() -> None:
    changed = replaced(BASE, "training.seed", 9)
    assert changed.data is BASE.data
    assert changed.view is BASE.view
    assert changed.training.optimizer is BASE.training.optimizer


def test_typed_values_are_taken_as_they_are_but_checked() -> None:
    assert replaced(BASE, "data", GeneratedData(generator="moons")).data == GeneratedData(generator="moons")
    with pytest.raises(SettingError, match=r"data\.noise: 5 is out of range"):
        replaced(BASE, "data.noise", 5)
    with pytest.raises(SettingError, match="no such setting"):
        replaced(BASE, "data.noice", 5)


@hypothesis_settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(experiments())
def test_every_known_path_can_be_set_to_what_it_is(experiment: Experiment) -> None:
    for path in known_paths(experiment):
        assert replaced(experiment, path, _value(experiment, path)) == experiment


def test_another_kind_keeps_only_what_it_can_have() -> None:
    boosting = set_values(Experiment(), {"learner.kind": "gradient_boosting", "learner.max_depth": "2"})
    forest = set_values(boosting, {"learner.kind": "random_forest"})
    assert forest.learner.max_depth == 2  # type: ignore[union-attr]
    # The initialization of a network, which k-means has too, is not one of its own.
    assert set_values(forest, {"learner.kind": "mlp", "learner.initialization": "he"}).learner.kind == "mlp"
    grouped = set_values(Experiment(), {"learner.initialization": "he"})
    assert set_values(grouped, {"learner.kind": "k_means"}).learner.initialization == "k_means_plus_plus"  # type: ignore[union-attr]


def test_layers_and_a_value_inside_them_can_be_set_together() -> None:
    inside_layers = {"learner.layers.2.activation": "relu", "learner.layers": "3,4,5"}
    layers = set_values(Experiment(), inside_layers).learner.layers  # type: ignore[union-attr]
    assert [(layer.units, layer.activation) for layer in layers] == [(3, "tanh"), (4, "tanh"), (5, "relu")]
