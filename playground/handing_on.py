"""What one model has found, handed on to the next."""

from __future__ import annotations

from dataclasses import replace

from engine.dataset import Task
from engine.edits import replaced
from engine.experiment import Experiment, with_new_learner
from engine.found_data import NothingFound, with_clusters_as_classes, with_scores_as_inputs
from engine.generators import dataset_of
from engine.registry import LEARNERS, learners_for
from engine.snapshot import Judged
from playground import choices


def learning_from_found(experiment: Experiment, judged: Judged) -> Experiment:
    """`experiment` with what its model has found as the data of a next one: clusters as classes, or scores as inputs.

    Raises
    ------
    engine.found_data.NothingFound
        If there is nothing to learn from yet; the sentence says what to do.
    """
    task, dataset, said = choices.learned_task(experiment), judged.dataset, judged.prediction
    if task == "clustering" and said.labels is not None:
        data = with_clusters_as_classes(experiment.data, dataset, said.labels)
        return choices.with_data(with_new_learner(experiment, learners_for("classification")[0].kind), data)
    if task != "projection":
        raise NothingFound("The model has no targets of its own to hand on: cluster or project first.")
    entry = LEARNERS[experiment.learner.kind]
    names = tuple(f"{entry.axis} {index + 1}" for index in range(said.scores.shape[1]))
    source = dataset_of(experiment.data, experiment.preparation)
    known = replace(dataset, target_name=source.target_name)
    scored = with_scores_as_inputs(known, said.scores, names, f"Scores: {entry.title}")
    following: Task = scored.task if scored.task == "regression" or dataset.n_classes > 1 else "clustering"
    changed = choices.with_data(with_new_learner(experiment, learners_for(following)[0].kind), scored)
    # A scaling would give all scores one variance, which is to say, whiten them; so would the plane of their own
    # components, where the first two of them are what was looked at before.
    unscaled = replaced(changed, "preparation.scaling", "none")
    return choices.with_pair(unscaled, *names[:2]) if len(names) > 2 else unscaled
