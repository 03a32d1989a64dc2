"""Seeded synthetic data sets: one table of rules, and the data set that a document's data stand for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np

from engine.dataset import Dataset, FloatArray, IntArray, Points, Target, Task, frozen_array, split, unlabelled
from engine.experiment import Data, DrawnData, Experiment, GeneratedData, GeneratorName, PlaneSettings, Preparation
from engine.registry import unsupervised_task
from engine.table_data import TableData
from engine.table_preparation import prepared

_UNIFORMS = 4

Clean = tuple[FloatArray, FloatArray | IntArray, float | FloatArray]
"""The points without noise: X (n, d), y (n,); and the SD of the noise, one number or one a point (n,)."""

Rule = Callable[[FloatArray, IntArray, GeneratedData], Clean]
"""From uniforms (n, 4) in [0, 1) and classes (n,) to clean points. Row i depends on row i alone, so that asking for
more points keeps those that are there and more noise moves each point along its own direction."""


@dataclass(frozen=True)
class Generator:
    """One synthetic data set as a gallery shows it.

    Parameters
    ----------
    name, title, sentence : the key, the label on screen, and what there is to learn from it.
    task, n_inputs : what the targets are, and how many inputs there are.
    rule : where the points come from.
    classes : how many classes there are, 0 in regression.
    has_arms : whether the number of arms is the number of classes.
    galleries : the tasks that it is offered for; that of its targets where nothing is said.
    plane : on which plane it is looked at first, where it has more than two inputs.
    """

    name: GeneratorName
    title: str
    task: Target
    n_inputs: int
    rule: Rule
    sentence: str
    classes: int = 0
    has_arms: bool = False
    galleries: tuple[Task, ...] = ()
    plane: PlaneSettings = field(default_factory=PlaneSettings)

    @property
    def offered_for(self) -> tuple[Task, ...]:
        """The tasks in whose gallery it stands."""
        return self.galleries or (self.task,)

    @property
    def has_balance(self) -> bool:
        """Whether the class balance means something."""
        return self.task == "classification"

    def n_classes(self, data: GeneratedData) -> int:
        """How many classes the data set has with the settings `data`."""
        return data.arms if self.has_arms else self.classes


def _circles(u: FloatArray, y: IntArray, data: GeneratedData) -> Clean:
    angle = 2 * np.pi * u[:, 0]
    radius = np.where(y == 0, 0.35 * np.sqrt(u[:, 1]), 0.75 + 0.15 * u[:, 1])
    return _polar(radius, angle), y, 0.6 * data.noise


def _xor(u: FloatArray, y: IntArray, data: GeneratedData) -> Clean:
    side = np.where(u[:, 0] < 0.5, -1.0, 1.0)
    other = np.where(y == 0, side, -side)
    X = np.stack([side * (0.08 + 0.85 * u[:, 1]), other * (0.08 + 0.85 * u[:, 2])], axis=1)
    return X, y, 0.6 * data.noise


def _moons(u: FloatArray, y: IntArray, data: GeneratedData) -> Clean:
    angle = np.pi * u[:, 0]
    upper = np.stack([np.cos(angle) - 0.5, np.sin(angle) - 0.25], axis=1)
    X = 0.6 * np.where((y == 0)[:, None], upper, -upper)
    return X, y, 0.6 * data.noise


def _gaussians(_u: FloatArray, y: IntArray, data: GeneratedData) -> Clean:
    two = np.array([[-0.45, -0.45], [0.45, 0.45]])
    angles = np.radians([90.0, 210.0, 330.0])
    three = 0.55 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    centres = two if data.generator == "gaussians2" else three
    return centres[y], y, 0.1 + 0.8 * data.noise


_CORNERS = np.array([[-0.55, -0.5], [0.6, -0.35], [-0.35, 0.6], [0.5, 0.55]])


def _blobs(_u: FloatArray, y: IntArray, data: GeneratedData) -> Clean:
    return _CORNERS[y], y, 0.05 + 0.8 * data.noise


def _unequal_blobs(u: FloatArray, y: IntArray, data: GeneratedData) -> Clean:
    centres, widths = np.array([[-0.55, 0.0], [0.25, 0.5], [0.55, -0.45]]), np.array([0.28, 0.05, 0.05])
    return centres[y] + widths[y, None] * _standard_normal(u), y, 0.4 * data.noise


def _stretched_blobs(u: FloatArray, y: IntArray, data: GeneratedData) -> Clean:
    lying = _standard_normal(u) * np.array([0.3, 0.045]) + np.stack([np.zeros(len(y)), 0.45 * (y - 1.0)], axis=1)
    angle = np.radians(35.0)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return lying @ turn, y, 0.3 * data.noise


def _rings(u: FloatArray, y: IntArray, data: GeneratedData) -> Clean:
    return _polar(np.array([0.18, 0.52, 0.9])[y], 2 * np.pi * u[:, 0]), y, 0.3 * data.noise


def _nested(u: FloatArray, y: IntArray, data: GeneratedData) -> Clean:
    around = _polar(np.full(len(y), 0.85), np.pi * (0.1 + 1.8 * u[:, 0]))
    inside = np.array([0.15, 0.0]) + 0.13 * _standard_normal(u)
    return np.where((y == 0)[:, None], around, inside), y, 0.4 * data.noise


def _uniform(u: FloatArray, y: IntArray, _data: GeneratedData) -> Clean:
    return 1.8 * u[:, :2] - 0.9, y, 0.0


def _correlated(u: FloatArray, y: IntArray, data: GeneratedData) -> Clean:
    normal = _standard_normal(u)
    return np.stack([0.42 * normal[:, 0], 0.3 * normal[:, 0] + 0.16 * normal[:, 1]], axis=1), y, 0.3 * data.noise


def _mixed_sources(u: FloatArray, y: IntArray, data: GeneratedData) -> Clean:
    return (2 * u[:, :2] - 1) @ np.array([[0.62, 0.2], [0.3, 0.62]]), y, 0.3 * data.noise


def _swiss_roll(u: FloatArray, y: IntArray, data: GeneratedData) -> Clean:
    first, last = 1.5 * np.pi, 4.5 * np.pi
    along = (y + u[:, 0]) / _SHEET_CLASSES
    # The length of the spiral grows nearly with the square of its angle: the points lie evenly on the sheet.
    angle = np.sqrt(first**2 + along * (last**2 - first**2))
    rolled = _polar(angle / last, angle)
    return np.stack([rolled[:, 0], 1.5 * u[:, 1] - 0.75, rolled[:, 1]], axis=1), y, 0.25 * data.noise


def _s_curve(u: FloatArray, y: IntArray, data: GeneratedData) -> Clean:
    angle = 3 * np.pi * ((y + u[:, 0]) / _SHEET_CLASSES - 0.5)
    height = np.sign(angle) * (np.cos(angle) - 1)
    return 0.5 * np.stack([np.sin(angle), 2.4 * u[:, 1] - 1.2, height], axis=1), y, 0.25 * data.noise


def _standard_normal(u: FloatArray) -> FloatArray:
    """Standard normal numbers (n, 2) from the third and fourth uniform (Box and Muller 1958)."""
    radius = np.sqrt(-2 * np.log1p(-u[:, 2]))
    return _polar(radius, 2 * np.pi * u[:, 3])


def _spirals(u: FloatArray, y: IntArray, data: GeneratedData) -> Clean:
    turns = {2: 1.75, 3: 1.25, 4: 1.0}[data.arms]
    along = np.sqrt(u[:, 0])  # The length of a spiral grows with the square of its radius: the points lie evenly.
    angle = 2 * np.pi * (turns * along + y / data.arms)
    return _polar(0.05 + 0.9 * along, angle), y, 0.25 * data.noise


def _checkerboard(u: FloatArray, y: IntArray, data: GeneratedData) -> Clean:
    row = np.floor(4 * u[:, 0])
    column = 2 * np.floor(2 * u[:, 1]) + (row + y) % 2
    corners = np.stack([column, row], axis=1)
    inside = 0.08 + 0.84 * u[:, 2:4]
    return (corners + inside) / 2 - 1, y, 0.25 * data.noise


def _separable(u: FloatArray, y: IntArray, data: GeneratedData) -> Clean:
    normal = np.array([np.cos(np.pi / 3), np.sin(np.pi / 3)])
    along = np.array([-normal[1], normal[0]])
    distance = np.where(y == 0, -1.0, 1.0) * (0.12 + 0.6 * u[:, 0])
    return distance[:, None] * normal + (1.5 * u[:, 1:2] - 0.75) * along, y, 0.6 * data.noise


def _on_a_line(u: FloatArray) -> tuple[FloatArray, FloatArray]:
    x = 2 * u[:, 0] - 1
    return x, 0.7 * x + 0.1


def _linear(u: FloatArray, _y: IntArray, data: GeneratedData) -> Clean:
    x, on_line = _on_a_line(u)
    return x[:, None], on_line, data.noise


def _sine(u: FloatArray, _y: IntArray, data: GeneratedData) -> Clean:
    x = 2 * u[:, 0] - 1
    return x[:, None], 0.8 * np.sin(np.pi * x), data.noise


def _step(u: FloatArray, _y: IntArray, data: GeneratedData) -> Clean:
    x = 2 * u[:, 0] - 1
    return x[:, None], np.where(x < 0, -0.6, 0.6), data.noise


def _polynomial(u: FloatArray, _y: IntArray, data: GeneratedData) -> Clean:
    x = 2 * u[:, 0] - 1
    return x[:, None], 0.3 - 0.9 * x - 0.6 * x**2 + 1.5 * x**3, data.noise


def _heteroscedastic(u: FloatArray, _y: IntArray, data: GeneratedData) -> Clean:
    x, on_line = _on_a_line(u)
    return x[:, None], on_line, data.noise * (0.2 + 1.3 * (x + 1))


def _outliers(u: FloatArray, _y: IntArray, data: GeneratedData) -> Clean:
    x, on_line = _on_a_line(u)
    strays = np.arange(len(u)) % 10 == 9
    x = np.where(strays, 0.3 + 0.7 * u[:, 0], x)
    return x[:, None], np.where(strays, -0.9 + 0.4 * u[:, 1], on_line), 0.5 * data.noise


def _plane(u: FloatArray, _y: IntArray, data: GeneratedData) -> Clean:
    X = 2 * u[:, :2] - 1
    return X, 0.6 * X[:, 0] - 0.4 * X[:, 1], data.noise


def _bumps(u: FloatArray, _y: IntArray, data: GeneratedData) -> Clean:
    X = 2 * u[:, :2] - 1
    target = np.zeros(len(X))
    for centre, height in (((-0.5, -0.4), 1.0), ((0.5, 0.4), -1.0), ((-0.4, 0.6), -0.7), ((0.6, -0.5), 0.6)):
        target += height * np.exp(-((X - np.array(centre)) ** 2).sum(axis=1) / (2 * 0.28**2))
    return X, target, data.noise


_SHEET_CLASSES = 6
"""A sheet that is bent in space has a class for each sixth of its length, so that the way along it is seen."""
_EDGE_ON = PlaneSettings(kind="pair", horizontal="x1", vertical="x3")


def _polar(radius: FloatArray, angle: FloatArray) -> FloatArray:
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


GENERATORS: dict[GeneratorName, Generator] = {
    entry.name: entry
    for entry in (
        Generator("circles", "Circles", "classification", 2, _circles,
                  "A disc inside a ring: no line parts them, a circle does.", 2),
        Generator("xor", "XOR", "classification", 2, _xor,
                  "Opposite quadrants share a class: the product of the inputs tells them apart.", 2),
        Generator("moons", "Moons", "classification", 2, _moons,
                  "Two half circles that hook into each other.", 2, galleries=("classification", "clustering")),
        Generator("gaussians2", "Two Gaussians", "classification", 2, _gaussians,
                  "Two round clouds: a line is the best boundary there is.", 2),
        Generator("gaussians3", "Three Gaussians", "classification", 2, _gaussians,
                  "Three round clouds, for more than two classes.", 3),
        Generator("spirals", "Spirals", "classification", 2, _spirals,
                  "Arms wound around each other: easy to see, hard to learn.", has_arms=True),
        Generator("checkerboard", "Checkerboard", "classification", 2, _checkerboard,
                  "Four by four fields in two classes: needs a model that bends often.", 2),
        Generator("separable", "Linearly separable", "classification", 2, _separable,
                  "A line parts the classes with room to spare.", 2),
        Generator("linear", "Linear", "regression", 1, _linear,
                  "A straight line with noise around it."),
        Generator("sine", "Sine", "regression", 1, _sine,
                  "One wave: too bent for a line, easy for a polynomial."),
        Generator("step", "Step", "regression", 1, _step,
                  "A jump: smooth models overshoot on both sides of it."),
        Generator("polynomial", "Polynomial", "regression", 1, _polynomial,
                  "A cubic: too low a degree underfits, too high a degree follows the noise."),
        Generator("heteroscedastic", "Heteroscedastic", "regression", 1, _heteroscedastic,
                  "A line whose noise grows to the right."),
        Generator("outliers", "Outliers", "regression", 1, _outliers,
                  "A line and one point in ten far below it: squared loss follows the strays, absolute loss does not."),
        Generator("plane", "Plane", "regression", 2, _plane,
                  "The target, shown as a colour, rises evenly in one direction."),
        Generator("bumps", "Gaussian bumps", "regression", 2, _bumps,
                  "The target, shown as a colour, has hills and valleys."),
        Generator("blobs", "Blobs", "classification", 2, _blobs,
                  "Four round clouds of one size: what k-means is made for.", 4, galleries=("clustering",)),
        Generator("unequal_blobs", "Unequal blobs", "classification", 2, _unequal_blobs,
                  "A wide cloud beside two narrow ones: k-means gives some of it to the others.", 3,
                  galleries=("clustering",)),
        Generator("stretched_blobs", "Stretched blobs", "classification", 2, _stretched_blobs,
                  "Three long clouds side by side: k-means cuts across them, a Gaussian mixture does not.", 3,
                  galleries=("clustering",)),
        Generator("rings", "Rings", "classification", 2, _rings,
                  "Rings about one centre: no centres can tell them apart, neighbourhoods can.", 3,
                  galleries=("clustering",)),
        Generator("nested", "Nested", "classification", 2, _nested,
                  "A cloud within an open ring.", 2, galleries=("clustering",)),
        Generator("uniform", "Uniform", "classification", 2, _uniform,
                  "No clusters at all: what an algorithm finds here says something about the algorithm.", 1,
                  galleries=("clustering",)),
        Generator("correlated", "Correlated Gaussian", "classification", 2, _correlated,
                  "One long cloud: a direction of most variance, and no groups.", 1,
                  galleries=("projection", "clustering")),
        Generator("mixed_sources", "Mixed sources", "classification", 2, _mixed_sources,
                  "Two even sources that know nothing of each other, mixed: the sides of the parallelogram are what"
                  " independent components find, and principal components do not.", 1, galleries=("projection",)),
        Generator("swiss_roll", "Swiss roll", "classification", 3, _swiss_roll,
                  "A sheet rolled up in space, seen from its edge; each class is a sixth of its length. A straight look"
                  " sees through the layers, a way along the sheet unrolls it.", _SHEET_CLASSES,
                  galleries=("projection", "clustering"), plane=_EDGE_ON),
        Generator("s_curve", "S curve", "classification", 3, _s_curve,
                  "A sheet bent in space like an S, seen from its edge; each class is a sixth of its length.",
                  _SHEET_CLASSES, galleries=("projection", "clustering"), plane=_EDGE_ON),
    )
}  # fmt: skip
"""Every data set, in menu order."""


def interleaved_classes(n: int, n_classes: int, balance: float) -> IntArray:
    """Classes for n points, spread evenly and in order (A B C A B C …).

    Parameters
    ----------
    n : how many points.
    n_classes : 2 or more.
    balance : in (0, 1); the first class gets `balance` for each `1 - balance` of every other class, so that 0.5 makes
        all classes equally large.

    Returns
    -------
    (n,) int64; each class has its share of the points, to rounding.
    """
    weights = np.full(n_classes, 1.0 - balance)
    weights[0] = balance
    edges = np.round(np.cumsum(weights) / weights.sum() * n).astype(np.int64)
    counts = np.diff(edges, prepend=0)
    classes = np.repeat(np.arange(n_classes), counts)
    place = np.concatenate([(np.arange(count) + 0.5) / count for count in counts if count] or [np.empty(0)])
    return np.asarray(classes[np.argsort(place, kind="stable")])


@lru_cache(maxsize=4)
def generate(data: GeneratedData) -> Points:
    """The points that `data` describes; the same settings give the same points.

    Coordinates and targets lie roughly within [-1, 1]. Noise is Gaussian, on the inputs in classification and on the
    target in regression.
    """
    entry = GENERATORS[data.generator]
    placing, straying = (np.random.Generator(np.random.PCG64(s)) for s in np.random.SeedSequence(data.seed).spawn(2))
    uniforms = placing.random((data.n_points, _UNIFORMS))
    n_classes = entry.n_classes(data)
    classes = (
        interleaved_classes(data.n_points, n_classes, data.balance) if n_classes else np.zeros(data.n_points, np.int64)
    )
    X, y, spread = entry.rule(uniforms, classes, data)
    if entry.task == "classification":
        X = X + spread * straying.standard_normal(X.shape)
    else:
        y = y + spread * straying.standard_normal(data.n_points)
    return Points(X, np.asarray(y, np.float32))


def task_of(data: Data) -> Target:
    """Whether the targets of `data` are classes or numbers."""
    return GENERATORS[data.generator].task if isinstance(data, GeneratedData) else data.task


def class_names_of(data: Data) -> tuple[str, ...]:
    """What the classes of `data` are called; nothing in regression."""
    if task_of(data) == "regression":
        return ()
    if isinstance(data, GeneratedData):
        return data.names(GENERATORS[data.generator].n_classes(data))
    return data.class_names if isinstance(data, DrawnData) else data.target_values()[1]


def plane_for(data: Data) -> PlaneSettings:
    """The plane on which `data` are looked at first."""
    return GENERATORS[data.generator].plane if isinstance(data, GeneratedData) else PlaneSettings()


def dataset_of(data: Data, preparation: Preparation, parts: IntArray | None = None) -> Dataset:
    """The data set that a learner is given: the points of `data`, each with its part.

    Equal data and equal preparation give the very same object, as long as it is among the last four asked for.

    Parameters
    ----------
    parts : (n,) of `Part`, who trains, validates and tests, where it is not the shares that say so: for folds. What is
        learned from the training part of a table is then learned anew.
    """
    if isinstance(data, TableData):
        if parts is not None:
            return prepared(data, preparation, parts)
        return _prepared(data, Preparation(**preparation.model_dump(include=_ABOUT_ROWS)))
    dataset = _dataset(data, preparation.validation_share, preparation.test_share, preparation.split_seed)
    return dataset if parts is None else replace(dataset, parts=frozen_array(parts, np.int8))


def dataset_for(experiment: Experiment, parts: IntArray | None = None) -> Dataset:
    """The data set that the learner of `experiment` is given: without targets and with every point, if it clusters."""
    dataset = dataset_of(experiment.data, experiment.preparation, parts)
    task = unsupervised_task(experiment.learner)
    return dataset if task is None else unlabelled(dataset, task)


_ABOUT_ROWS = {"validation_share", "test_share", "split_seed", "missing", "encoding"}
"""What the inputs of a table depend on; what comes after them leaves them the same object."""


@lru_cache(maxsize=4)
def _prepared(data: TableData, preparation: Preparation) -> Dataset:
    return prepared(data, preparation)


@lru_cache(maxsize=4)
def _dataset(data: GeneratedData | DrawnData, validation_share: float, test_share: float, split_seed: int) -> Dataset:
    points = data.points if isinstance(data, DrawnData) else generate(data)
    parts = split(points.ids, validation_share, test_share, split_seed)
    parts.setflags(write=False)
    return Dataset(
        points=points,
        task=task_of(data),
        parts=parts,
        class_names=class_names_of(data),
        input_names=("x1", "x2", "x3")[: points.X.shape[1]] if points.X.shape[1] > 1 else ("x",),
    )
