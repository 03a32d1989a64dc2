"""The document: everything a person chose, as one small immutable value."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from engine.dataset import CLASS_NAMES, MAX_CLASSES, Points, Target, Task
from engine.formulas import read
from engine.learners.mlp import Layer, MultilayerPerceptron
from engine.registry import LEARNERS, LearnerSettings
from engine.settings import Settings, choice
from engine.table_data import TableData
from engine.training_settings import Regularization, Training

SCHEMA_VERSION = 1

GeneratorName = Literal[
    "circles", "xor", "moons", "gaussians2", "gaussians3", "spirals", "checkerboard", "separable",
    "linear", "sine", "step", "polynomial", "heteroscedastic", "outliers", "plane", "bumps",
    "blobs", "unequal_blobs", "stretched_blobs", "rings", "nested", "uniform", "correlated",
    "swiss_roll", "s_curve", "mixed_sources",
]  # fmt: skip


ClassName = Annotated[str, Field(min_length=1, max_length=40)]


class GeneratedData(Settings):
    """A seeded synthetic data set."""

    source: Literal["generated"] = "generated"
    generator: GeneratorName = choice("spirals", "Data set", "The rule that the points are drawn from.")
    n_points: int = choice(400, "Points", "How many points are drawn.", ge=1, le=1_000_000, log=True, step=10)
    noise: float = choice(0.1, "Noise", "How far the points stray from the rule: 0 is none.", ge=0.0, le=2.0, step=0.01)
    balance: float = choice(
        0.5,
        "Class balance",
        "The size of the first class against each other one: at 0.5 all are equally large, at 0.9 it is nine times as"
        " large.",
        ge=0.05,
        le=0.95,
        step=0.05,
        advanced=True,
    )
    arms: int = choice(
        2, "Arms", "How many arms the spiral has, one a class.", ge=2, le=4,
        only_for={"generator": ("spirals",)},
    )  # fmt: skip
    seed: int = choice(7, "Seed", "The same seed draws the same points.", ge=0, le=2**31 - 1)
    renamed_classes: tuple[ClassName, ...] = choice(
        (), "Classes", "What the classes are called, from the first on; the others have letters.",
        max_length=MAX_CLASSES,
    )  # fmt: skip

    def names(self, n_classes: int) -> tuple[str, ...]:
        """What so many classes are called, each otherwise."""
        letters = (letter for letter in CLASS_NAMES if letter not in self.renamed_classes)
        return (*self.renamed_classes, *letters)[:n_classes]

    @field_validator("renamed_classes")
    @classmethod
    def _are_different(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(names)) != len(names):
            raise ValueError("classes need different names")
        return names


class DrawnData(Settings):
    """Points drawn by hand, pasted, or read from a file of points."""

    source: Literal["drawn"] = "drawn"
    task: Target = choice("classification", "Task", "Whether the targets are classes or numbers.")
    points: Points = Field(default_factory=lambda: Points.empty(2), title="Points", description="The points.")
    class_names: tuple[ClassName, ...] = choice(
        CLASS_NAMES[:2], "Classes", "What the classes are called.", max_length=MAX_CLASSES
    )

    @model_validator(mode="after")
    def _points_fit_the_task(self) -> DrawnData:
        points = self.points
        if not 1 <= points.X.shape[1] <= 2:
            raise ValueError(f"drawn points have 1 or 2 inputs, not {points.X.shape[1]}")
        if self.task == "regression":
            return self
        if points.X.shape[1] != 2:
            raise ValueError("points with classes have 2 inputs")
        if len(self.class_names) < 2 or len(set(self.class_names)) != len(self.class_names):
            raise ValueError(f"classes need 2 to {MAX_CLASSES} different names")
        y = points.y
        if len(y) and ((y != y.astype(int)).any() or y.min() < 0 or y.max() >= len(self.class_names)):
            raise ValueError(f"class indices must be whole numbers from 0 to {len(self.class_names) - 1}")
        return self


Data = Annotated[GeneratedData | DrawnData | TableData, Field(discriminator="source")]

Chip = Literal["x1", "x2", "x1^2", "x2^2", "x1*x2", "sin(x1)", "sin(x2)", "cos(x1)", "cos(x2)"]
CHIPS: tuple[Chip, ...] = Chip.__args__  # type: ignore[attr-defined]


MOST_FORMULAS = 20
"""So many features can be typed."""


def feature_variables(text: str) -> tuple[str, ...]:
    """The inputs that a formula may name: x, x1 and x2, and others that it does name."""
    return tuple(dict.fromkeys(("x1", "x2", *re.findall(r"\bx\d{0,3}\b", text))))


class Preparation(Settings):
    """What happens to the data before a learner sees them."""

    validation_share: float = choice(
        0.0, "Validation", "The share held out to choose settings and to stop early.",
        ge=0.0, le=0.8, step=0.05, advanced=True,
    )  # fmt: skip
    test_share: float = choice(
        0.3, "Test", "The share held out to measure the final model; never trained on.",
        ge=0.0, le=0.8, step=0.05,
    )  # fmt: skip
    split_seed: int = choice(
        0, "Split seed", "The same seed puts the same points into each part.", ge=0, le=2**31 - 1, advanced=True
    )
    chips: tuple[Chip, ...] = choice(("x1", "x2"), "Features", "The functions of the inputs that the model sees.")
    polynomial: int = choice(
        1,
        "Polynomial degree",
        "Adds every product of powers of the inputs up to this degree; 1 adds none.",
        ge=1,
        le=15,
    )
    formulas: tuple[str, ...] = choice(
        (), "Formulas", "Features typed as formulas of the inputs, such as x1*x2 or exp(-x1**2).",
        max_length=MOST_FORMULAS, advanced=True,
    )  # fmt: skip
    fourier: int = choice(
        0,
        "Fourier order",
        "Adds sin(k π x) and cos(k π x) of each input for k up to this order; 0 adds none.",
        ge=0,
        le=15,
        advanced=True,
    )
    scaling: Literal["none", "standardize", "minmax", "robust"] = choice(
        "none",
        "Scaling",
        "Scales each feature by what the training part says, so that none outweighs another.",
        labels={
            "none": "None",
            "standardize": "Standardize (mean 0, SD 1)",
            "minmax": "Min-max (0 to 1)",
            "robust": "Robust (median 0, IQR 1)",
        },
        advanced=True,
    )
    missing: Literal["drop_rows", "drop_columns", "mean", "median", "most_frequent", "nearest"] = choice(
        "median",
        "Missing values",
        "What becomes of gaps in a table. What is filled in comes from the training part; categories get their most"
        " frequent one.",
        labels={
            "drop_rows": "Drop the row",
            "drop_columns": "Drop the column",
            "mean": "Mean",
            "median": "Median",
            "most_frequent": "Most frequent",
            "nearest": "5 nearest neighbours",
        },
    )
    encoding: Literal["one_hot", "ordinal"] = choice(
        "one_hot",
        "Encoding",
        "How the categories of a table become numbers: an input each, or one input that counts them.",
        labels={"one_hot": "One-hot", "ordinal": "Ordinal"},
    )

    @field_validator("formulas")
    @classmethod
    def _can_be_read(cls, formulas: tuple[str, ...]) -> tuple[str, ...]:
        for text in formulas:
            if not read(text, feature_variables(text)).used:
                raise ValueError(f"“{text}” is the same for every point: a feature must depend on an input, such as x1")
        return tuple(dict.fromkeys(formulas))

    @field_validator("chips")
    @classmethod
    def _in_menu_order(cls, chips: tuple[Chip, ...]) -> tuple[Chip, ...]:
        return tuple(chip for chip in CHIPS if chip in chips)

    @model_validator(mode="after")
    def _leaves_something_to_train_on(self) -> Preparation:
        if self.validation_share + self.test_share > 0.9 + 1e-9:
            raise ValueError(
                "validation and test shares together must leave at least 10 % to train on,"
                f" not {self.validation_share:g} + {self.test_share:g}"
            )
        return self


class PlaneSettings(Settings):
    """On which plane data of more than two inputs are looked at. It changes the picture, not the model."""

    kind: Literal["components", "pair"] = choice(
        "components",
        "Plane",
        "The plane nearest to the points (principal components), or two features with the others held still.",
        labels={"components": "PCA", "pair": "Two features"},
    )
    standardize: bool = choice(
        True,
        "Standardize",
        "Measures each feature in its standard deviations before the components are found.",
        only_for={"kind": ("components",)},
    )
    horizontal: str = choice(
        "",
        "Horizontal",
        "The feature along the horizontal axis; empty is the first.",
        max_length=200,
        only_for={"kind": ("pair",)},
    )
    vertical: str = choice(
        "",
        "Vertical",
        "The feature along the vertical axis; empty is the second.",
        max_length=200,
        only_for={"kind": ("pair",)},
    )
    rest: Literal["mean", "median", "row"] = choice(
        "mean",
        "Others at",
        "Where the features that are not on an axis are held while the plane is coloured.",
        labels={"mean": "Mean", "median": "Median", "row": "Row"},
        only_for={"kind": ("pair",)},
    )
    row: int = choice(
        1,
        "Row",
        "The row whose other features are held, counted from 1.",
        ge=1,
        le=2**31 - 1,
        only_for={"rest": ("row",)},
    )


ERROR = "(error)"
"""Colours points by how far they are from what a projection says of them."""


class View(Settings):
    """What is shown."""

    plane: PlaneSettings = Field(default_factory=PlaneSettings)
    x_range: tuple[float, float] | None = Field(
        default=None, title="Horizontal range", description="The part of the plane in view; none fits the data."
    )
    y_range: tuple[float, float] | None = Field(
        default=None, title="Vertical range", description="The part of the plane in view; none fits the data."
    )
    probability: bool = choice(True, "Probability", "Colours the plane by what the model says there.")
    boundary: bool = choice(True, "Boundary", "Draws the line where the model changes its mind.")
    contours: bool = choice(False, "Contours", "Draws lines of equal probability or value.")
    errors: bool = choice(True, "Errors", "Marks the points that the model gets wrong.")
    threshold: float = choice(
        0.5,
        "Threshold",
        "The second of two classes is predicted where its probability is at least this.",
        ge=0.0,
        le=1.0,
        step=0.01,
    )
    held_out: bool = choice(True, "Held-out points", "Shows the validation and test points, with dark outlines.")
    residuals: bool = choice(True, "Residuals", "Draws each point's distance to the model's value.")
    band: bool = choice(
        False,
        "Band",
        "Colours where 95 % of new points are expected: by the model's own reckoning where it has one, else within"
        " 1.96 RMSE of what was held out.",
    )
    scores: bool = choice(False, "Scores", "Colours the plane by one of the scores of a projection.")
    component: int = choice(1, "Score shown", "Which score colours the plane, and has the contours.", ge=1, le=64)
    projection: bool = choice(False, "Projection", "Shows the scores of the points beside the stage.")
    reconstruction: bool = choice(
        False,
        "Reconstruction",
        "Shows beside the stage where the points would lie if their scores were all that is known.",
    )
    pairs: bool = choice(False, "Pairs", "Shows every pair of features beside the stage, in a matrix.")
    parallel: bool = choice(False, "Parallel", "Shows every point beside the stage as a line across an axis a feature.")
    loadings: bool = choice(True, "Loadings", "Draws how much each feature counts in the scores, as arrows (a biplot).")
    horizontal_score: int = choice(1, "Horizontal score", "Which score is along the horizontal axis.", ge=1, le=64)
    vertical_score: int = choice(2, "Vertical score", "Which score is along the vertical axis.", ge=1, le=64)
    colour_by: str = choice(
        "", "Colour by", "What colours the points: empty for their class or target, a feature, or (error).",
        max_length=200,
    )  # fmt: skip
    members: bool = choice(True, "Members", "Draws a line from each point to the centre of its cluster.")
    trails: bool = choice(True, "Trails", "Draws where the centres have come from.")
    equation: bool = choice(True, "Equation", "Writes the model's equation on the stage, in the units of the plot.")
    grid: bool = choice(True, "Grid", "Draws faint lines at the ticks of the axes.")
    legend: bool = choice(True, "Legend", "Names the classes and counts their points.")
    log_loss: bool = choice(True, "Logarithmic loss", "Draws the loss curves on a logarithmic axis.")
    log_epochs: bool = choice(False, "Logarithmic epochs", "Draws the curves over a logarithmic epoch axis.")

    def colours_plane(self, task: Task) -> bool:
        """Whether the plane is coloured by what a model of `task` says there."""
        return self.scores if task == "projection" else self.probability

    @field_validator("x_range", "y_range")
    @classmethod
    def _is_a_range(cls, value: tuple[float, float] | None) -> tuple[float, float] | None:
        if value is not None and not (value[0] < value[1] and value[1] - value[0] > 1e-9 * abs(value[1])):
            raise ValueError(f"a range runs from a smaller to a larger number, not {value[0]:g} to {value[1]:g}")
        return value


class Experiment(Settings):
    """Everything a person chose. Equal experiments learn the same numbers."""

    schema_version: int = Field(default=SCHEMA_VERSION, ge=1, le=SCHEMA_VERSION)
    data: Data = Field(default_factory=GeneratedData)
    preparation: Preparation = Field(default_factory=Preparation)
    learner: LearnerSettings = Field(
        default_factory=lambda: MultilayerPerceptron(layers=(Layer(units=16), Layer(units=16)))
    )
    training: Training = Field(default_factory=Training)
    view: View = Field(default_factory=View)


def with_new_learner(experiment: Experiment, kind: str) -> Experiment:
    """`experiment` with the learner `kind` at its defaults, without the penalties that were chosen for the last one."""
    return without_penalties(experiment.model_copy(update={"learner": LEARNERS[kind].settings()}))


def without_penalties(experiment: Experiment) -> Experiment:
    """`experiment` with the penalties of a new one."""
    training = experiment.training.model_copy(update={"regularization": Regularization()})
    return experiment.model_copy(update={"training": training})
