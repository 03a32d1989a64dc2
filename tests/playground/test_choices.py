"""What a choice brings with it: data sets, tasks, models, classes, pasted points."""

from __future__ import annotations

import numpy as np
import pytest

from engine import checks
from engine.dataset import Points
from engine.edits import replaced, set_values
from engine.experiment import DrawnData, Experiment, GeneratedData, GeneratorName
from engine.generators import GENERATORS, dataset_for, dataset_of
from engine.registry import LEARNERS
from engine.table_sets import bundled_table
from engine.training import Run
from playground import choices


@pytest.mark.parametrize("name", list(GENERATORS))
@pytest.mark.parametrize("kind", list(LEARNERS))
def test_every_data_set_can_be_learned_after_every_model(name: GeneratorName, kind: str) -> None:
    experiment = choices.with_generator(choices.with_learner(Experiment(), kind), name)
    assert checks.blocking(experiment, dataset_for(experiment)) is None


def test_changing_the_task_and_back_keeps_a_working_pair_of_model_and_loss() -> None:
    experiment = choices.with_task(Experiment(), "regression")
    assert dataset_of(experiment.data, experiment.preparation).task == "regression"
    assert experiment.training.loss.kind == "squared"
    back = choices.with_task(experiment, "classification")
    assert checks.blocking(back, dataset_of(back.data, back.preparation)) is None


def test_penalties_are_for_one_model_and_one_task() -> None:
    ridge = set_values(
        choices.with_learner(choices.with_task(Experiment(), "regression"), "linear_regression"),
        {"training.regularization.l2": "0.44", "training.optimizer.learning_rate": "0.03"},
    )
    assert choices.with_generator(ridge, "plane").training == ridge.training
    for changed in (
        choices.with_task(ridge, "classification"),
        choices.with_task(ridge, "clustering"),
        choices.with_generator(ridge, "moons"),
        choices.with_learner(ridge, "mlp"),
        choices.with_generator(set_values(ridge, {"learner.kind": "mlp"}), "moons"),
    ):
        assert changed.training.regularization == Experiment().training.regularization
        assert changed.training.optimizer == ridge.training.optimizer


def test_drawing_on_a_data_set_keeps_its_points_and_their_parts() -> None:
    experiment = Experiment()
    before = dataset_of(experiment.data, experiment.preparation)
    more = choices.adding_points(experiment, np.array([[0.1, 0.2]], np.float32), np.array([1.0], np.float32))
    after = dataset_of(more.data, more.preparation)
    assert np.array_equal(after.X[:-1], before.X)
    assert np.array_equal(after.parts[:-1], before.parts)
    assert after.X[-1].tolist() == pytest.approx([0.1, 0.2])


def test_erasing_points_moves_no_other_point_to_another_part() -> None:
    experiment = Experiment()
    before = dataset_of(experiment.data, experiment.preparation)
    fewer = choices.erasing_points(experiment, np.arange(0, 400, 3))
    after = dataset_of(fewer.data, fewer.preparation)
    assert np.array_equal(after.parts, np.delete(before.parts, np.arange(0, 400, 3)))


def test_classes_are_added_up_to_six_removed_down_to_two_and_renamed() -> None:
    experiment = Experiment(data=DrawnData())
    for _ in range(6):
        experiment = choices.adding_class(experiment)
    assert choices.class_names(experiment) == ("A", "B", "C", "D", "E", "F")
    points = Points(np.zeros((6, 2), np.float32), np.arange(6, dtype=np.float32))
    experiment = choices.removing_class(choices.with_points(experiment, points), 2)
    assert choices.class_names(experiment) == ("A", "B", "D", "E", "F")
    assert choices.drawn(experiment).points.y.tolist() == [0, 1, 2, 3, 4]
    renamed = choices.renaming_class(experiment, 0, "setosa")
    assert choices.class_names(renamed)[0] == "setosa"
    with pytest.raises(ValueError, match="called 'B'"):
        choices.renaming_class(experiment, 0, "B")


def test_a_renamed_class_of_a_generated_set_leaves_it_a_generated_one() -> None:
    renamed = choices.renaming_class(Experiment(), 0, "B2")
    assert isinstance(renamed.data, GeneratedData)
    assert choices.class_names(renamed) == ("B2", "B")
    assert choices.drawn(renamed).points == choices.drawn(Experiment()).points
    named_c = choices.renaming_class(Experiment(), 0, "C")
    with_three = replaced(named_c, "data.arms", 3)
    assert choices.class_names(with_three) == ("C", "B", "A")
    assert choices.class_names(choices.with_generator(renamed, "moons")) == ("A", "B")


def test_pasted_points_find_their_classes_by_name() -> None:
    here = Experiment(data=DrawnData(points=Points(np.zeros((1, 2), np.float32), np.array([1.0]))))
    pasted = DrawnData(points=Points(np.ones((2, 2), np.float32), np.array([0.0, 1.0])), class_names=("B", "C"))
    experiment, count = choices.pasting(here, pasted)
    assert count == 2
    assert choices.class_names(experiment) == ("A", "B", "C")
    assert choices.drawn(experiment).points.y.tolist() == [1, 1, 2]


def test_points_of_three_inputs_stay_as_they_are_under_a_hand_and_it_is_said_why() -> None:
    experiment = choices.with_generator(Experiment(), "swiss_roll")
    assert "three inputs" in choices.refusal(experiment)
    assert "three inputs" in choices.refusal_to_erase(experiment)
    assert choices.refusal_to_erase(Experiment()) == choices.refusal(Experiment()) == ""
    table = choices.with_data(Experiment(), bundled_table("iris"))
    assert "only be erased" in choices.refusal(table)
    assert choices.refusal_to_erase(table) == ""
    emptied = choices.with_empty_canvas(experiment)
    assert dataset_for(emptied).n_inputs == 2
    assert choices.refusal(emptied) == ""


def test_a_sheet_is_seen_from_its_edge_unless_another_plane_was_chosen() -> None:
    usual = Experiment().view.plane
    rolled = choices.with_generator(Experiment(), "swiss_roll")
    assert (rolled.view.plane.horizontal, rolled.view.plane.vertical) == ("x1", "x3")
    assert choices.with_generator(rolled, "s_curve").view.plane == rolled.view.plane
    assert choices.with_generator(rolled, "moons").view.plane == usual
    assert choices.with_data(rolled, bundled_table("iris")).view.plane == usual
    chosen = choices.with_plane(rolled, "view.plane.vertical", "x2")
    assert choices.with_generator(chosen, "s_curve").view.plane == chosen.view.plane


def test_pasting_onto_another_kind_of_canvas_replaces_it() -> None:
    line = DrawnData(task="regression", points=Points(np.ones((3, 1), np.float32), np.arange(3.0)))
    experiment, _ = choices.pasting(Experiment(), line)
    assert experiment.data == line
    assert experiment.training.loss.kind == "squared"


def test_other_data_begin_at_a_threshold_of_one_half() -> None:
    moved = replaced(Experiment(), "view.threshold", 0.8)
    assert choices.with_generator(moved, "moons").view.threshold == 0.5


@pytest.mark.parametrize(("kind", "most"), [("dbscan", 4), ("mean_shift", 6)])
def test_the_radius_of_a_clustering_fits_the_table_that_it_is_chosen_for(kind: str, most: int) -> None:
    experiment = choices.with_task(choices.with_data(Experiment(), bundled_table("iris")), "clustering")
    run = Run(choices.with_learner(experiment, kind))
    run.advance_epochs(1_000)
    judged = run.judged()
    assert judged is not None
    labels = judged.prediction.labels
    assert labels is not None
    assert 2 <= labels.max() + 1 <= most
    assert np.mean(labels < 0) < 0.3
    assert run.metrics()["all"]["ari"].value > 0.4
