"""The views behind the tabs under the stage, as one table: a new view is one row here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtWidgets import QWidget

from engine.confusion import confusion_by_part
from engine.deciding import has_threshold
from engine.ranking import rankings
from engine.report import reports
from engine.snapshot import Judged
from engine.weights import Weights, weights_of, why_no_weights
from playground.resolve import Shown
from widgets.confusion import Confusion
from widgets.curves import Curves
from widgets.metrics_table import MetricsTable
from widgets.residuals import Residuals
from widgets.roc import Roc
from widgets.theme import Theme
from widgets.validation import ValidationView
from widgets.weights import WeightsView


def _always(shown: Shown) -> str:  # noqa: ARG001 - what other views ask of it
    return ""


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
    """

    id: str
    title: str
    tooltip: str
    make: Callable[[Theme], QWidget]
    why_not: Callable[[Shown], str] = _always
    compute: Callable[[Judged | None], Any] | None = None
    show: Callable[[Any, Any, Judged | None], None] | None = None
    figure: str = ""


_GROUPS = "This is about targets; a clustering is told none."


def _targets_only(shown: Shown) -> str:
    return _GROUPS if shown.dataset.task == "clustering" else ""


def _classes_only(shown: Shown) -> str:
    task = shown.dataset.task
    return _targets_only(shown) or (
        "" if task == "classification" else "This is about classes; the task is a regression."
    )


def _values_only(shown: Shown) -> str:
    task, sentence = shown.dataset.task, "This is about predicted numbers; the task is a classification."
    return _targets_only(shown) or ("" if task == "regression" else sentence)


def _names(judged: Judged | None) -> tuple[str, ...]:
    return () if judged is None else judged.dataset.class_names


def _show_table(view: MetricsTable, found: Any, judged: Judged | None) -> None:
    view.set_content(found, _names(judged))


def _show_confusion(view: Confusion, found: Any, judged: Judged | None) -> None:
    view.set_content(found, _names(judged))


def _show_roc(view: Roc, found: Any, judged: Judged | None) -> None:
    threshold = 0.5 if judged is None else judged.threshold
    view.set_content(found, _names(judged), threshold, "" if judged is None else why_no_threshold(judged))


def _show_residuals(view: Residuals, _: Any, judged: Judged | None) -> None:
    view.set_content(judged)


def _show_weights(view: WeightsView, found: Any, _: Judged | None) -> None:
    view.set_content(*found)


def _weights(judged: Judged | None) -> tuple[Weights | None, str]:
    model = None if judged is None else judged.model
    return weights_of(model), why_no_weights(model)


def why_no_threshold(judged: Judged) -> str:
    """Why the threshold cannot be moved; empty where it can, and where nobody would look for it."""
    if judged.dataset.n_classes != 2 or has_threshold(judged.prediction):
        return ""
    return "This model gives scores, not probabilities: what is above 0 is the second class."


BOTTOM_VIEWS: tuple[BottomView, ...] = (
    BottomView(
        "curves", "Curves", "The loss and the score of each part over the epochs.", lambda theme: Curves(theme=theme)
    ),
    BottomView(
        "metrics",
        "Metrics",
        "Every metric of each part, with its standard error.",
        MetricsTable,
        _targets_only,
        compute=lambda judged: {} if judged is None else reports(judged),
        show=_show_table,
        figure="Metrics",
    ),
    BottomView(
        "confusion",
        "Confusion",
        "How often each class is predicted as each.",
        Confusion,
        _classes_only,
        lambda judged: {} if judged is None else confusion_by_part(judged),
        _show_confusion,
        "Confusion matrix",
    ),
    BottomView(
        "roc",
        "ROC",
        "ROC, precision and recall, calibration, and the threshold.",
        Roc,
        _classes_only,
        lambda judged: {} if judged is None else rankings(judged),
        _show_roc,
        "ROC, precision–recall or calibration",
    ),
    BottomView(
        "residuals",
        "Residuals",
        "What the model leaves over, and predicted against true.",
        Residuals,
        _values_only,
        lambda judged: judged,
        _show_residuals,
        "Residuals",
    ),
    BottomView(
        "weights",
        "Weights",
        "The weights of a linear model, and their paths under ridge and lasso.",
        WeightsView,
        _targets_only,
        compute=_weights,
        show=_show_weights,
        figure="Weights",
    ),
    BottomView(
        "validation",
        "Validation",
        "Cross-validation, search, learning and validation curves, and comparison of learners.",
        ValidationView,
        _targets_only,
        figure="Validation",
    ),
)
