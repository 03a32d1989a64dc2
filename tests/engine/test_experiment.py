"""The document: defaults that work, values that are refused, and a lossless plain form."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from pydantic import BaseModel, ValidationError

from engine.dataset import Points
from engine.experiment import DrawnData, Experiment, GeneratedData, Preparation, View
from engine.learners.mlp import Layer, MultilayerPerceptron
from engine.registry import LEARNERS, learners_for
from tests.engine.strategies import experiments

slow = hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


@slow
@given(experiments())
def test_the_plain_form_reads_back_as_the_same_document(experiment: Experiment) -> None:
    again = Experiment.model_validate_json(experiment.model_dump_json())
    assert again == experiment
    assert hash(again) == hash(experiment)


def test_the_document_cannot_be_changed_in_place() -> None:
    with pytest.raises(ValidationError):
        Experiment().training.seed = 5  # type: ignore[misc]


@pytest.mark.parametrize(
    "wrong",
    [
        {"data": {"source": "generated", "n_points": 0}},
        {"data": {"source": "generated", "noise": float("nan")}},
        {"data": {"source": "drawn", "points": {"X": [[1, 2]], "y": [5]}}},
        {"data": {"source": "drawn", "points": {"X": [[1, 2]], "y": [0.5]}}},
        {"data": {"source": "drawn", "points": {"X": [[1], [2]], "y": [0, 1]}}},
        {"data": {"source": "drawn", "task": "regression", "points": {"X": [[1, 2, 3]], "y": [0]}}},
        {"data": {"source": "drawn", "class_names": ["A", "A"]}},
        {"data": {"source": "drawn", "class_names": ["A"]}},
        {"data": {"source": "drawn", "points": {"X": [["a", 2]], "y": [0]}}},
        {"data": {"source": "drawn", "points": {"X": [[1, 2]], "y": [0], "color": 1}}},
        {"preparation": {"test_share": 0.6, "validation_share": 0.6}},
        {"learner": {"kind": "mlp", "layers": [{}] * 9}},
        {"learner": {"kind": "tree"}},
        {"training": {"optimizer": {"learning_rate": 0}}},
        {"view": {"x_range": [1, 1]}},
        {"misspelt": 1},
        {"schema_version": 2},
    ],
)
def test_values_outside_their_range_are_refused(wrong: dict) -> None:
    with pytest.raises(ValidationError):
        Experiment.model_validate(wrong)


def test_chips_are_kept_in_menu_order_and_once() -> None:
    assert Preparation(chips=("x1*x2", "x1", "x1")).chips == ("x1", "x1*x2")


def test_experiments_with_equal_points_are_equal() -> None:
    def make() -> Experiment:
        return Experiment(data=DrawnData(points=Points(np.array([[0.1, 0.2]]), np.array([1]))))

    assert make() == make()
    assert make() != Experiment()


def test_ids_survive_the_plain_form_only_where_they_say_something() -> None:
    points = Points(np.zeros((3, 2)), np.zeros(3))
    assert "ids" not in DrawnData(points=points).model_dump(mode="json")["points"]
    erased = DrawnData(points=points.erasing(np.array([0])))
    assert DrawnData.model_validate_json(erased.model_dump_json()).points.ids.tolist() == [1, 2]


@pytest.mark.parametrize("n_inputs", [1, 2])
def test_an_empty_canvas_remembers_its_number_of_inputs(n_inputs: int) -> None:
    data = DrawnData(task="regression", points=Points.empty(n_inputs))
    assert DrawnData.model_validate_json(data.model_dump_json()) == data


@pytest.mark.parametrize("number", [1e300, -1e300])
def test_a_coordinate_too_large_for_single_precision_is_refused_without_a_warning(number: float) -> None:
    with pytest.raises(ValidationError, match="finite"):
        DrawnData.model_validate({"points": {"X": [[number, 0]], "y": [0]}})


def test_every_control_has_a_title_and_a_sentence() -> None:
    def walk(model: type[BaseModel]) -> None:
        for name, info in model.model_fields.items():
            if name in {"source", "kind", "schema_version"} and info.title is None:
                continue
            kinds = [k for k in getattr(info.annotation, "__args__", (info.annotation,)) if isinstance(k, type)]
            groups = [k for k in kinds if issubclass(k, BaseModel)]
            if not groups:
                assert info.title, f"{model.__name__}.{name}"
                assert info.description, f"{model.__name__}.{name}"

    for model in (GeneratedData, DrawnData, Preparation, View, Layer, MultilayerPerceptron):
        walk(model)
    for name in ("loss", "optimizer", "regularization", "stop"):
        walk(type(getattr(Experiment().training, name)))


def test_the_schema_can_be_written() -> None:
    schema = Experiment.model_json_schema()
    assert set(schema["properties"]) == {"schema_version", "data", "preparation", "learner", "training", "view"}


def test_each_task_has_its_learners() -> None:
    assert learners_for("regression")[0].kind == "linear_regression"
    assert learners_for("classification")[0].kind == "logistic_regression"
    assert all(entry.settings().model_dump()["kind"] == kind for kind, entry in LEARNERS.items())
