"""What the parts of an experiment are called on curves and in sentences."""

from __future__ import annotations

from engine.dataset import PART_NAMES, UNSUPERVISED, Dataset
from engine.deciding import HALF
from engine.experiment import Experiment
from engine.generators import dataset_for
from engine.plane import Plane
from engine.registry import LEARNERS, own_loss
from engine.training_settings import Loss
from widgets.curve_chart import ScoreName


def loss_name(experiment: Experiment) -> str:
    """The loss as a person reads it, e.g. "cross-entropy"."""
    own = own_loss(experiment.learner, dataset_for(experiment).task)
    if own is not None:
        return own
    extra = Loss.model_fields["kind"].json_schema_extra
    assert isinstance(extra, dict)
    labels = extra["labels"]
    assert isinstance(labels, dict)
    name = str(labels[experiment.training.loss.kind]).split(" (")[0]
    return name[:1].lower() + name[1:]


def score_name(experiment: Experiment, dataset: Dataset) -> ScoreName:
    """What the score of `CurvePoint` is."""
    if dataset.task == "projection":
        return LEARNERS[experiment.learner.kind].score
    if dataset.task == "clustering":
        return "adjusted Rand index" if dataset.n_classes > 1 else "share that stays"
    return "accuracy" if dataset.task == "classification" else "R²"


def epoch_name(experiment: Experiment) -> str:
    """What is counted by the epochs of the learner."""
    return LEARNERS[experiment.learner.kind].epoch


def part_names(dataset: Dataset) -> tuple[str, ...]:
    """What the curves of the three parts are called: nothing where there is one of all points."""
    return ("", "", "") if dataset.task in UNSUPERVISED else PART_NAMES


def score_note(experiment: Experiment) -> str:
    """What is to be known of the curves' accuracy: they are recorded at a threshold of one half, whatever it is now."""
    threshold = experiment.view.threshold
    if threshold == HALF or dataset_for(experiment).task != "classification":
        return ""
    return f" The curves are at a threshold of {HALF:g}; the numbers under the stage are at {threshold:g}."


def caption(plane: Plane | None, experiment: Experiment) -> str:
    """What is said of the plane that is looked at: of a field only where there can be one."""
    if plane is None:
        return ""
    entry, view = LEARNERS[experiment.learner.kind], experiment.view
    has_field = entry.tasks != ("projection",) or (entry.has_map and (view.scores or view.contours))
    return plane.sentence if has_field else plane.title
