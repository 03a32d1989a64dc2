"""The views behind the tabs under the stage, as one table: a new view is one row here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from PySide6.QtWidgets import QWidget

from engine.choosing_k import ChoosingK, has_k
from engine.cluster_report import ChoiceOfK, ClassesByCluster, classes_by_cluster, silhouette_report
from engine.clustering import UNASSIGNED
from engine.components_report import components_report
from engine.confusion import ALL_PARTS, confusion_by_part
from engine.dataset import IntArray, Task
from engine.deciding import has_threshold
from engine.dendrogram import Dendrogram, dendrogram_of
from engine.learners.hierarchical import Hierarchical
from engine.projecting import ProjectionLearner
from engine.ranking import rankings
from engine.reconstruction_report import reconstruction_study
from engine.report import reports
from engine.snapshot import Judged
from engine.weights import Weights, has_paths, weights_of, why_no_weights
from playground.resolve import Shown
from widgets.curves import Curves
from widgets.theme import Theme
from widgets.validation import ValidationView

if TYPE_CHECKING:
    from widgets.components import Components
    from widgets.confusion import Confusion
    from widgets.dendrogram import DendrogramView
    from widgets.k_chart import KChart
    from widgets.metrics_table import MetricsTable
    from widgets.reconstruction import Reconstruction
    from widgets.residuals import Residuals
    from widgets.roc import Roc
    from widgets.silhouettes import Silhouettes
    from widgets.weights import WeightsView

_SLICE = 0.05
"""Seconds of work between two looks at what is known by then."""


def _always(shown: Shown) -> str:  # noqa: ARG001 - what other views ask of it
    return ""


def _never(found: Any) -> bool:  # noqa: ARG001
    return False


@dataclass(frozen=True)
class BottomView:
    """One view.

    Parameters
    ----------
    id, title, tooltip : of its tab.
    make : makes the view in a theme, when its tab is first in front. It can `set_theme` and `render_figure`.
    why_not : the sentence that says why it means nothing now; empty where it does.
    compute : from what the model says of the points to what is shown, on another thread; None for a view that is told
        by others what to show.
    show : hands the view what was computed, with the `Judged` that it was computed from.
    figure : what it is called where figures are exported; empty where it has no figure of its own there.
    goes_on : whether what was computed is only a part of it, and more of it is to be computed.
    tasks : the tasks in which there is a tab at all.
    """

    id: str
    title: str
    tooltip: str
    make: Callable[[Theme], QWidget]
    why_not: Callable[[Shown], str] = _always
    compute: Callable[[Judged | None], Any] | None = None
    show: Callable[[Any, Any, Judged | None], None] | None = None
    figure: str = ""
    goes_on: Callable[[Any], bool] = _never
    tasks: tuple[Task, ...] = ("classification", "regression")


def _classes_only(shown: Shown) -> str:
    return "" if shown.dataset.task == "classification" else "This is about classes; the task is a regression."


def _known_classes_only(shown: Shown) -> str:
    if shown.dataset.task != "clustering":
        return _classes_only(shown)
    known = int((shown.dataset.counts.sum(axis=0) > 0).sum()) if shown.dataset.n_classes else 0
    return "" if known > 1 else "There are no known classes that the clusters could be compared with."


def _values_only(shown: Shown) -> str:
    return (
        "" if shown.dataset.task == "regression" else "This is about predicted numbers; the task is a classification."
    )


def _k_only(shown: Shown) -> str:
    return "" if has_k(shown.experiment.learner) else "This model finds the number of clusters by itself."


def _hierarchical_only(shown: Shown) -> str:
    is_one = isinstance(shown.experiment.learner, Hierarchical)
    return "" if is_one else "This is the tree of hierarchical clustering: choose that model to see it."


def _names(judged: Judged | None) -> tuple[str, ...]:
    return () if judged is None else judged.dataset.class_names


def _show_table(view: MetricsTable, found: Any, judged: Judged | None) -> None:
    view.set_content(found, _names(judged))


def _show_confusion(view: Confusion, found: Any, judged: Judged | None) -> None:
    if not isinstance(found, ClassesByCluster):
        view.set_content(found, _names(judged))
        return
    from widgets.confusion import Clusters

    numbers = [None if cluster == UNASSIGNED else cluster + 1 for cluster in found.clusters.tolist()]
    clusters = Clusters(
        tuple("none" if number is None else str(number) for number in numbers),
        tuple("no cluster" if number is None else f"cluster {number}" for number in numbers),
        tuple(found.classes.tolist()),
    )
    view.set_content({ALL_PARTS: found.counts}, _names(judged), clusters)


def _confusion(judged: Judged | None) -> dict[str, IntArray] | ClassesByCluster:
    if judged is not None and judged.dataset.task == "clustering":
        return classes_by_cluster(judged) or {}
    return {} if judged is None else confusion_by_part(judged)


def _pca_only(shown: Shown) -> str:
    return "" if shown.experiment.learner.kind == "pca" else "This is about principal components."


def _show_components(view: Components, found: Any, _: Judged | None) -> None:
    view.set_content(found)


def _show_reconstruction(view: Reconstruction, found: Any, _: Judged | None) -> None:
    view.set_content(found)


def _with_a_way_back_only(shown: Shown) -> str:
    model = shown.model
    if model is None or not isinstance(model.learner, ProjectionLearner) or model.learner.has_way_back:
        return ""
    return "This projection knows no way back from scores to points."


def _show_silhouettes(view: Silhouettes, found: Any, _: Judged | None) -> None:
    view.set_content(found)


def _show_k(view: KChart, found: Any, _: Judged | None) -> None:
    view.set_content(found)


class _StudyOfK:
    """What speaks for each k of the present clustering, a slice of time at each asking."""

    def __init__(self) -> None:
        self._of: tuple[Any, ...] = ()
        self._study: ChoosingK | None = None

    def __call__(self, judged: Judged | None) -> ChoiceOfK | None:
        model = None if judged is None else judged.model
        if model is None or not has_k(model.experiment.learner) or len(model.data.Z) == 0:
            return None
        settings, training = model.experiment.learner, model.experiment.training
        others = settings.model_copy(update={"k": 1})  # another k is no other study
        of = (model.data.Z, others, training.seed)
        if self._study is None or self._of[0] is not of[0] or self._of[1:] != of[1:]:
            self._of, self._study = of, ChoosingK(settings, training, model.data)
        self._study.go_on(_SLICE)
        return self._study.result(getattr(settings, "k", 0))


def _show_roc(view: Roc, found: Any, judged: Judged | None) -> None:
    threshold = 0.5 if judged is None else judged.threshold
    view.set_content(found, _names(judged), threshold, "" if judged is None else why_no_threshold(judged))


def _show_residuals(view: Residuals, _: Any, judged: Judged | None) -> None:
    view.set_content(judged)


def _show_dendrogram(view: DendrogramView, found: Dendrogram | None, _: Judged | None) -> None:
    view.set_content(found)


def _show_weights(view: WeightsView, found: Any, _: Judged | None) -> None:
    view.set_content(found.weights, found.why_not)


@dataclass(frozen=True)
class _FoundWeights:
    """The weights, or why there are none; and whether their paths are yet to come."""

    weights: Weights | None
    why_not: str
    awaits_paths: bool = False


class _WeightsBeforePaths:
    """The weights at once, and then with their paths; at once together where paths have been shown before."""

    def __init__(self) -> None:
        self._had_paths = False

    def __call__(self, judged: Judged | None) -> _FoundWeights:
        model = None if judged is None else judged.model
        awaits = has_paths(model) and not self._had_paths
        self._had_paths = has_paths(model)
        return _FoundWeights(weights_of(model, with_paths=not awaits), why_no_weights(model), awaits)


def why_no_threshold(judged: Judged) -> str:
    """Why the threshold cannot be moved; empty where it can, and where nobody would look for it."""
    if judged.dataset.n_classes != 2 or has_threshold(judged.prediction):
        return ""
    return "This model gives scores, not probabilities: what is above 0 is the second class."


def _later(module: str, name: str) -> Callable[[Theme], QWidget]:
    """A view of `widgets`, whose file is read when the view is made: the window appears before."""

    def made(theme: Theme) -> QWidget:
        return cast(QWidget, getattr(import_module(f"widgets.{module}"), name)(theme))

    return made


BOTTOM_VIEWS: tuple[BottomView, ...] = (
    BottomView(
        "curves",
        "Curves",
        "The loss and the score of each part over the epochs.",
        lambda theme: Curves(theme=theme),
        tasks=("classification", "regression", "clustering", "projection"),
    ),
    BottomView(
        "metrics",
        "Metrics",
        "Every metric of each part, with its standard error.",
        _later("metrics_table", "MetricsTable"),
        compute=lambda judged: {} if judged is None else reports(judged),
        show=_show_table,
        figure="Metrics",
    ),
    BottomView(
        "confusion",
        "Confusion",
        "How often each class is predicted as each.",
        _later("confusion", "Confusion"),
        _known_classes_only,
        _confusion,
        _show_confusion,
        "Confusion matrix",
        tasks=("classification", "regression", "clustering"),
    ),
    BottomView(
        "dendrogram",
        "Dendrogram",
        "The tree of merges, and the line that cuts it into clusters.",
        _later("dendrogram", "DendrogramView"),
        _hierarchical_only,
        lambda judged: dendrogram_of(None if judged is None else judged.model),
        _show_dendrogram,
        "Dendrogram",
        tasks=("clustering",),
    ),
    BottomView(
        "components",
        "Components",
        "How much each component explains, and of which features it is made.",
        _later("components", "Components"),
        _pca_only,
        components_report,
        _show_components,
        "Components",
        tasks=("projection",),
    ),
    BottomView(
        "reconstruction",
        "Reconstruction",
        "What the scores of a point say of it, and the error against the number of scores.",
        _later("reconstruction", "Reconstruction"),
        _with_a_way_back_only,
        reconstruction_study,
        _show_reconstruction,
        "Rebuilt points",
        tasks=("projection",),
    ),
    BottomView(
        "silhouettes",
        "Silhouettes",
        "How much nearer each point is to its own cluster than to the next.",
        _later("silhouettes", "Silhouettes"),
        compute=silhouette_report,
        show=_show_silhouettes,
        figure="Silhouettes",
        tasks=("clustering",),
    ),
    BottomView(
        "k",
        "Choosing k",
        "What speaks for each number of clusters: elbow, silhouette, gap statistic, BIC and AIC.",
        _later("k_chart", "KChart"),
        _k_only,
        _StudyOfK(),
        _show_k,
        "Choosing k",
        goes_on=lambda found: found is not None and not found.complete,
        tasks=("clustering",),
    ),
    BottomView(
        "roc",
        "ROC",
        "ROC, precision and recall, calibration, and the threshold.",
        _later("roc", "Roc"),
        _classes_only,
        lambda judged: {} if judged is None else rankings(judged),
        _show_roc,
        "ROC, precision–recall or calibration",
    ),
    BottomView(
        "residuals",
        "Residuals",
        "What the model leaves over, and predicted against true.",
        _later("residuals", "Residuals"),
        _values_only,
        lambda judged: judged,
        _show_residuals,
        "Residuals",
    ),
    BottomView(
        "weights",
        "Weights",
        "The weights of a linear model, and their paths under ridge and lasso.",
        _later("weights", "WeightsView"),
        compute=_WeightsBeforePaths(),
        show=_show_weights,
        figure="Weights",
        goes_on=lambda found: found.awaits_paths,
    ),
    BottomView(
        "validation",
        "Validation",
        "Cross-validation, search, learning and validation curves, and comparison of learners.",
        ValidationView,
        figure="Validation",
    ),
)
