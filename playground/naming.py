"""What the parts of an experiment are called on curves and in sentences."""

from __future__ import annotations

from engine.dataset import Task
from engine.deciding import HALF
from engine.experiment import Experiment
from engine.generators import task_of
from engine.registry import own_loss
from engine.training_settings import Loss
from widgets.curve_chart import ScoreName


def loss_name(experiment: Experiment) -> str:
    """The loss as a person reads it, e.g. "cross-entropy"."""
    own = own_loss(experiment.learner, task_of(experiment.data))
    if own is not None:
        return own
    extra = Loss.model_fields["kind"].json_schema_extra
    assert isinstance(extra, dict)
    labels = extra["labels"]
    assert isinstance(labels, dict)
    name = str(labels[experiment.training.loss.kind]).split(" (")[0]
    return name[:1].lower() + name[1:]


def score_name(task: Task) -> ScoreName:
    """What the score of `CurvePoint` is."""
    return "accuracy" if task == "classification" else "R²"


def score_note(experiment: Experiment) -> str:
    """What is to be known of the curves' accuracy: they are recorded at a threshold of one half, whatever it is now."""
    threshold = experiment.view.threshold
    if threshold == HALF:
        return ""
    return f" The curves are at a threshold of {HALF:g}; the numbers under the stage are at {threshold:g}."
