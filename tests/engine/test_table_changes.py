"""What an edit of a table means for the model that runs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.changes import consequence
from engine.edits import replaced
from engine.experiment import Experiment
from engine.generators import dataset_of
from engine.table_sets import bundled_table
from engine.training import Run
from playground.choices import erasing_points, renaming_class, with_data, with_target
from tests.engine.tables import with_gaps


def kind_of_change(old: Experiment, new: Experiment) -> str:
    datasets = [dataset_of(each.data, each.preparation) for each in (old, new)]
    return consequence(old, new, *datasets).kind


def test_erased_rows_act_on_the_running_model() -> None:
    old = with_data(Experiment(), bundled_table("iris"))
    new = erasing_points(old, np.array([1, 2]))
    assert kind_of_change(old, new) == "live"
    run = Run(old)
    run.advance_epochs(3)
    run.change(new)
    run.advance_epochs(1)
    assert run.epoch == 4
    assert len(run.dataset.points) == 148


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("preparation.missing", "mean"),
        ("preparation.encoding", "ordinal"),
        ("preparation.scaling", "robust"),
        ("data.features", ("a", "b")),
        ("data.kinds", (("level", "nominal"),)),
        ("data.target", "colour"),
    ],
)
def test_other_inputs_or_targets_start_the_model_again(path: str, value: Any) -> None:
    old = with_data(Experiment(), with_gaps())
    assert kind_of_change(old, replaced(old, path, value)) == "restart"


def test_a_new_title_or_another_name_of_a_class_starts_nothing_again() -> None:
    old = with_data(Experiment(), bundled_table("iris"))
    assert kind_of_change(old, replaced(old, "data.title", "Flowers")) == "live"
    renamed = renaming_class(old, 1, "second")
    assert dataset_of(renamed.data, renamed.preparation).class_names == ("setosa", "second", "virginica")


def test_what_was_predicted_becomes_a_feature() -> None:
    old = with_data(Experiment(), bundled_table("iris"))
    new = with_target(old, "petal width (cm)")
    dataset = dataset_of(new.data, new.preparation)
    assert dataset.task == "regression"
    assert dataset.input_names[-3:] == ("species=setosa", "species=versicolor", "species=virginica")
    assert with_target(new, "species").data == old.data
