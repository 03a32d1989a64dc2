"""What is wrong with an experiment before it runs: the control, and a sentence that says what to change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from engine.dataset import UNSUPERVISED, Dataset, Part, Task
from engine.experiment import Experiment, GeneratedData
from engine.feature_terms import MOST_TERMS, Typed, active_chips, n_products, terms_of, typed_terms
from engine.learners.isomap import Isomap
from engine.learners.knn import KNearestNeighbours
from engine.learners.linear_regression import LinearRegression
from engine.learners.lle import LocallyLinearEmbedding
from engine.learners.logistic_regression import LogisticRegression
from engine.learners.mlp import MultilayerPerceptron
from engine.learners.tsne import TSNE, most_perplexity
from engine.losses import ENDLESS_LOSS, falls_without_end
from engine.registry import LEARNERS, LearnerSettings, learners_for, own_loss
from engine.table_data import TableData
from engine.table_preparation import problem
from engine.training_settings import LossKind

_REGRESSION_LOSSES: tuple[LossKind, ...] = ("squared", "absolute", "huber", "custom")
_CLASSIFICATION_LOSSES: tuple[LossKind, ...] = (
    "cross_entropy", "binary_cross_entropy", "hinge", "squared", "absolute", "huber", "zero_one", "custom",
)  # fmt: skip
_LOSS_NAMES: dict[LossKind, str] = {
    "squared": "squared loss",
    "absolute": "absolute loss",
    "huber": "Huber loss",
    "cross_entropy": "cross-entropy",
    "binary_cross_entropy": "binary cross-entropy",
    "hinge": "hinge loss",
    "zero_one": "zero-one loss",
    "custom": "a loss of your own",
}

_COUNTED_ROWS = 20_000
"""Distinct points are counted among this many: more than any feature map needs, and quick."""

_LARGEST_POWER = 1e9
"""Features beyond this size leave no learning rate that moves all weights."""


@dataclass(frozen=True)
class Complaint:
    """One thing that is wrong.

    Parameters
    ----------
    path : the dotted path of the control to mark, e.g. "training.loss.kind".
    sentence : what is wrong and what to change.
    blocking : whether training cannot start; else it is a warning.
    """

    path: str
    sentence: str
    blocking: bool = True


def losses_for(task: Task) -> tuple[LossKind, ...]:
    """The losses that mean something for `task`, in menu order."""
    return _REGRESSION_LOSSES if task == "regression" else _CLASSIFICATION_LOSSES


def default_loss(task: Task) -> LossKind:
    """The loss that a new model of `task` starts with."""
    return "squared" if task == "regression" else "cross_entropy"


def allowed_losses(task: Task, n_classes: int, learner: LearnerSettings) -> tuple[LossKind, ...]:
    """The losses that `learner` can be trained with on `n_classes` classes (0 in regression), in menu order."""
    if isinstance(learner, LinearRegression) and not learner.by_gradient:
        return ("squared",)
    return tuple(kind for kind in losses_for(task) if kind != "binary_cross_entropy" or n_classes <= 2)


def check(experiment: Experiment, dataset: Dataset) -> tuple[Complaint, ...]:
    """Everything that is wrong with `experiment` on its data set `dataset`, the blocking complaints first."""
    found = [
        *_about_points(experiment, dataset),
        *_about_features(experiment, dataset),
        *_about_learner(experiment, dataset),
        *_about_neighbours(experiment, dataset),
        *_about_loss(experiment, dataset),
        *_about_optimizer(experiment, dataset),
        *_about_layers(experiment),
        *_about_stopping(experiment),
    ]
    return tuple(sorted(found, key=lambda complaint: not complaint.blocking))


def blocking(experiment: Experiment, dataset: Dataset) -> Complaint | None:
    """The first complaint that keeps training from starting, or None."""
    return next((complaint for complaint in check(experiment, dataset) if complaint.blocking), None)


def _about_points(experiment: Experiment, dataset: Dataset) -> Iterator[Complaint]:
    points_path = _points_path(experiment)
    found = problem(experiment.data, experiment.preparation) if isinstance(experiment.data, TableData) else None
    if found is not None:
        yield Complaint(found.path, found.sentence)
        return
    if len(dataset.points) == 0:
        yield Complaint(points_path, "There are no points yet: draw some on the stage, or choose a data set.")
        return
    rows = dataset.rows(Part.TRAIN)
    classes = dataset.task == "classification"
    if dataset.task in UNSUPERVISED and dataset.n_inputs == 1:
        yield Complaint(
            "learner.kind",
            "These points have one input and a target; without a target they need two inputs or more: choose another"
            " data set, or draw points.",
        )
        return
    if classes and np.count_nonzero(dataset.counts.sum(axis=0)) == 1:
        yield _only_one_class(experiment, dataset, int(dataset.y[0]), points_path)
        return
    if len(rows) == 0:
        yield Complaint(
            _larger_share(experiment),
            "Every point is held out, so none is left to train on: lower the test or validation share, or add points.",
        )
        return
    if classes:
        present = np.flatnonzero(dataset.counts[Part.TRAIN])
        if len(present) == 1:
            yield _only_one_class(experiment, dataset, int(present[0]), points_path)
            return
    elif len(rows) == 1:
        held_out = dataset.task not in UNSUPERVISED
        what_to_do = "add points, or lower the test share." if held_out else "add points."
        yield Complaint(points_path, f"Only one point is {'left to train on' if held_out else 'there'}: {what_to_do}")
        return
    # Nearly always the second point says it; only equal ones are worth looking through.
    if (dataset.X[rows[:2]] == dataset.X[rows[0]]).all() and (dataset.X[rows] == dataset.X[rows[0]]).all():
        yield Complaint(
            points_path, "All training points have the same inputs, so nothing can be learned from them: move some."
        )


def _points_path(experiment: Experiment) -> str:
    """Where it is said how many points there are."""
    if isinstance(experiment.data, TableData):
        return "data.target"
    return "data.n_points" if isinstance(experiment.data, GeneratedData) else "data.points"


def _only_one_class(experiment: Experiment, dataset: Dataset, index: int, points_path: str) -> Complaint:
    name = dataset.class_names[index]
    if (dataset.y == index).all():
        remedies = {"data.points": "draw some of another class", "data.target": "choose another target"}
        what_to_do = remedies.get(points_path, "ask for more points")
        return Complaint(
            points_path, f"All points are of class {name}, so there is nothing to tell apart: {what_to_do}."
        )
    return Complaint(
        _larger_share(experiment),
        f"All training points are of class {name} and the other classes are held out:"
        " lower the test or validation share, or add points.",
    )


def _larger_share(experiment: Experiment) -> str:
    shares = experiment.preparation
    return "preparation." + ("test_share" if shares.test_share >= shares.validation_share else "validation_share")


def _points(n: int) -> str:
    return "1 point" if n == 1 else f"{n:,} points"


def _about_features(experiment: Experiment, dataset: Dataset) -> Iterator[Complaint]:
    preparation = experiment.preparation
    n_features = len(terms_of(preparation, dataset.n_inputs))
    products = n_products(preparation.polynomial, dataset.n_inputs)
    if dataset.n_inputs > 2 and preparation.polynomial > 1 and products > MOST_TERMS:
        yield Complaint(
            "preparation.polynomial",
            f"Degree {preparation.polynomial} of {dataset.n_inputs} inputs makes {products:,} features, but there can"
            f" be at most {MOST_TERMS:,}: choose a lower degree, or fewer columns.",
        )
        return
    if n_features == 0:
        dropped = preparation.chips and not active_chips(preparation, dataset.n_inputs)
        reason = "Every chosen feature is of x₂, but these data have one input" if dropped else "No feature is chosen"
        yield Complaint("preparation.chips", f"{reason}, so the model sees nothing: choose at least one feature.")
        return
    if len(dataset.rows(Part.TRAIN)) == 0:
        return
    yield from _about_formulas(experiment, dataset)
    yield from _about_degree(experiment, dataset, n_features)
    if preparation.scaling != "none" or preparation.polynomial == 1:
        return
    largest, degree = _largest_input(dataset), preparation.polynomial
    if degree * np.log(max(largest, 1.0)) > np.log(_LARGEST_POWER):
        yield Complaint(
            "preparation.scaling",
            f"Inputs of up to {largest:.3g} to the power {degree} become so large that training diverges:"
            " choose standardize, or a lower degree.",
            blocking=False,
        )


def _about_formulas(experiment: Experiment, dataset: Dataset) -> Iterator[Complaint]:
    terms = typed_terms(experiment.preparation, dataset.n_inputs)
    typed = {term.formula.text for term in terms}
    for text in experiment.preparation.formulas:
        if text not in typed:
            have = "one input, x" if dataset.n_inputs == 1 else f"the inputs x1 to x{dataset.n_inputs}"
            yield Complaint("preparation.formulas", f"“{text}” is left out: these data have {have}.", blocking=False)
    for term in terms:
        count, first = _undefined(dataset, term)
        if count:
            at = ", ".join(f"{value:.3g}" for value in dataset.X[first])
            yield Complaint(
                "preparation.formulas",
                f"“{term.formula.text}” is not a finite number at {_points(count)} that train, such as ({at}):"
                " write it so that it is defined at all of them, or take it out.",
            )


@lru_cache(maxsize=16)
def _undefined(dataset: Dataset, term: Typed) -> tuple[int, int]:
    """At how many training points, as far as they are looked at, a formula has no value, and the row of the first."""
    rows = dataset.rows(Part.TRAIN)[:_COUNTED_ROWS]
    with np.errstate(over="ignore"):
        values = term.values(dataset.X[rows].astype(np.float64).T).astype(np.float32)
    wrong = rows[~np.isfinite(values)]
    return len(wrong), int(wrong[0]) if len(wrong) else 0


@lru_cache(maxsize=2)  # Asked again with every picture.
def _largest_input(dataset: Dataset) -> float:
    """The greatest absolute value among the inputs of the training points."""
    return float(np.abs(dataset.X[dataset.rows(Part.TRAIN)]).max())


@lru_cache(maxsize=2)
def _distinct_inputs(dataset: Dataset) -> int:
    """At how many places the training points lie, as far as they are counted."""
    return len(np.unique(dataset.X[dataset.rows(Part.TRAIN)[:_COUNTED_ROWS]], axis=0))


def _about_degree(experiment: Experiment, dataset: Dataset, n_features: int) -> Iterator[Complaint]:
    preparation = experiment.preparation
    expanded = preparation.polynomial > 1 or preparation.fourier > 0
    if not expanded or not isinstance(experiment.learner, LinearRegression | LogisticRegression):
        return
    distinct = _distinct_inputs(dataset)
    if distinct > n_features:
        return
    path, name = (
        ("preparation.polynomial", f"Degree {preparation.polynomial}")
        if preparation.polynomial > 1
        else ("preparation.fourier", f"Fourier order {preparation.fourier}")
    )
    yield Complaint(
        path,
        f"{name} makes {n_features + 1} weights but only {_points(distinct)} at different places train them,"
        " so many models fit equally well: lower it, add points, or add an L2 penalty.",
        blocking=False,
    )


def _about_learner(experiment: Experiment, dataset: Dataset) -> Iterator[Complaint]:
    entry = LEARNERS[experiment.learner.kind]
    if dataset.task in entry.tasks:
        yield from _about_number_of_clusters(experiment, dataset)
        yield from _about_number_of_points(experiment, dataset)
        return
    able = " or ".join(other.title for other in (learners_for(dataset.task)[0], LEARNERS["mlp"]))
    what, data_have = ("classes", "numbers") if dataset.task == "regression" else ("numbers", "classes")
    yield Complaint(
        "learner.kind", f"{entry.title} predicts {what}, but the targets of these data are {data_have}: choose {able}."
    )


def _about_number_of_clusters(experiment: Experiment, dataset: Dataset) -> Iterator[Complaint]:
    k, n = getattr(experiment.learner, "k", 0), len(dataset.points)
    if dataset.task == "clustering" and 0 < n < k:
        yield Complaint(
            "learner.k", f"There are only {_points(n)} for {k} clusters: lower k, or add points.", blocking=False
        )


def _about_number_of_points(experiment: Experiment, dataset: Dataset) -> Iterator[Complaint]:
    entry, n = LEARNERS[experiment.learner.kind], len(dataset.rows(Part.TRAIN))
    if entry.most_points and n > entry.most_points:
        yield Complaint(
            "learner.kind",
            f"{entry.title} learns from at most {entry.most_points:,} points: {entry.why_not_more}."
            f" {n:,} train: hold more of them out, take fewer, or choose another model.",
        )


def _about_neighbours(experiment: Experiment, dataset: Dataset) -> Iterator[Complaint]:
    learner, n = experiment.learner, len(dataset.rows(Part.TRAIN))
    if isinstance(learner, KNearestNeighbours) and 0 < n < learner.k:
        yield Complaint(
            "learner.k",
            f"There are no {learner.k} neighbours: {_points(n)} train, so all of them are asked everywhere."
            " Lower k, or add points.",
            blocking=False,
        )
    if isinstance(learner, Isomap | LocallyLinearEmbedding) and 1 < n <= learner.neighbours:
        yield Complaint(
            "learner.neighbours",
            f"There are no {learner.neighbours} neighbours: each of {_points(n)} has {n - 1:,}, so all of them are"
            " taken. Lower it, or add points.",
            blocking=False,
        )
    if isinstance(learner, TSNE) and n > 1 and learner.perplexity > most_perplexity(n):
        yield Complaint(
            "learner.perplexity",
            f"{_points(n)} allow a perplexity of {most_perplexity(n):.3g} at most, a third of the others, so that is"
            " taken. Lower it, or add points.",
            blocking=False,
        )


def _about_loss(experiment: Experiment, dataset: Dataset) -> Iterator[Complaint]:
    kind, learner = experiment.training.loss.kind, experiment.learner
    if own_loss(learner, dataset.task) is not None:
        return
    name = _LOSS_NAMES[kind]
    if kind not in losses_for(dataset.task):
        yield Complaint(
            "training.loss.kind",
            f"{name.capitalize()} compares classes, but the targets of these data are numbers:"
            " choose squared, absolute or Huber loss.",
        )
    elif kind == "binary_cross_entropy" and dataset.n_classes > 2:
        yield Complaint(
            "training.loss.kind",
            f"Binary cross-entropy is for two classes, but there are {dataset.n_classes}: choose cross-entropy.",
        )
    elif kind == "custom" and falls_without_end(experiment.training.loss.formula):
        yield Complaint("training.loss.formula", ENDLESS_LOSS, blocking=False)
    if not isinstance(learner, LinearRegression) or learner.by_gradient:
        return
    solved = learner.fit == "least_squares"
    if kind in ("absolute", "huber", "custom"):
        yield Complaint(
            "training.loss.kind",
            f"{'Least squares' if solved else 'Coordinate descent'} makes the squared loss small, not the {name}:"
            " choose squared loss, or fit by gradient descent.",
        )
    if solved and experiment.training.regularization.l1 > 0:
        yield Complaint(
            "training.regularization.l1",
            "With an L1 penalty least squares has no exact solution: set L1 to 0, or fit by coordinate descent.",
        )


def _about_optimizer(experiment: Experiment, dataset: Dataset) -> Iterator[Complaint]:
    flat = experiment.training.loss.kind == "zero_one" and dataset.task == "classification"
    flat &= own_loss(experiment.learner, dataset.task) is None
    if flat and experiment.training.optimizer.kind != "random_search":
        yield Complaint(
            "training.loss.kind",
            "Zero-one loss is flat almost everywhere, so its gradient is zero and gradient descent cannot move."
            " Choose random search, or a smooth loss such as cross-entropy.",
        )


def _about_layers(experiment: Experiment) -> Iterator[Complaint]:
    learner = experiment.learner
    if not isinstance(learner, MultilayerPerceptron) or experiment.training.optimizer.kind == "random_search":
        return
    flat = [number for number, layer in enumerate(learner.layers, 1) if layer.activation == "threshold"]
    if flat:
        yield Complaint(
            f"learner.layers.{flat[-1] - 1}.activation",
            f"The threshold activation is flat, so no gradient passes through hidden layer {flat[-1]}: only the"
            " weights after it learn. Choose sigmoid for a smooth step, or random search.",
            blocking=False,
        )
    if learner.layers and learner.initialization == "zero":
        yield Complaint(
            "learner.initialization",
            "With all weights zero, the neurons of a layer get the same gradients and stay the same:"
            " choose Xavier or He.",
            blocking=False,
        )


def _about_stopping(experiment: Experiment) -> Iterator[Complaint]:
    if experiment.training.stop.patience and experiment.preparation.validation_share == 0:
        yield Complaint(
            "training.stop.patience",
            "Nothing is held out for validation, so early stopping watches the training loss, which says little about"
            " new points: give validation a share.",
            blocking=False,
        )
