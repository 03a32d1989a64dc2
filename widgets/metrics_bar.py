"""The numbers under the stage: losses, accuracies, errors, each with the digits it deserves."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from engine.metric_names import METRICS, estimate_text
from engine.metrics import OF_MANY
from engine.snapshot import Estimate, SplitMetrics
from widgets.style import active_theme, set_look, tabular

_PARTS = {"all": "", "train": "train", "validation": "val.", "test": "test"}
_SPOKEN_PARTS = {"all": "", "train": "training", "validation": "validation", "test": "test"}
_ORDER = (
    ("all", "inertia"), ("all", "total_distance"), ("all", "eigenvalue"), ("all", "eigengap"),
    ("all", "normalized_cut"),
    ("all", "variance"), ("all", "explained"), ("all", "reconstruction"), ("all", "noise"),
    ("all", "fisher_ratio"), ("all", "separation"), ("all", "negentropy"), ("all", "kurtosis"),
    ("all", "log_likelihood"), ("all", "bic"), ("all", "aic"),
    ("all", "silhouette"), ("all", "ari"), ("all", "nmi"), ("all", "kl"),
    ("all", "stress"), ("all", "residual_variance"),
    ("all", "neighbour_error"), ("all", "embedding_error"), ("all", "trustworthiness"),
    ("train", "loss"), ("validation", "loss"), ("test", "loss"),
    ("train", "accuracy"), ("validation", "accuracy"), ("test", "accuracy"),
    ("train", "rmse"), ("validation", "rmse"), ("test", "rmse"),
    ("train", "r2"), ("validation", "r2"), ("test", "r2"),
    ("train", "mae"), ("validation", "mae"), ("test", "mae"),
)  # fmt: skip
"""From left to right."""
_LEAVING = (
    ("all", "trustworthiness"), ("all", "nmi"), ("all", "aic"), ("all", "silhouette"), ("all", "ari"), ("all", "bic"),
    ("train", "mae"), ("validation", "mae"), ("test", "mae"), ("train", "r2"), ("validation", "r2"),
    ("validation", "rmse"), ("validation", "accuracy"), ("validation", "loss"), ("train", "rmse"),
    ("train", "accuracy"), ("test", "r2"), ("train", "loss"), ("test", "loss"), ("test", "rmse"),
    ("test", "accuracy"),
)  # fmt: skip
"""The least important first: what is hidden where the bar is narrow."""
_GAP = 18
_LEAST_NOTE = 64
"""The width, in pixels, that the word at the right is left at least."""


class Metric(QWidget):
    """One number with its name."""

    def __init__(self, part: str, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._explanation = f"{METRICS[name].explanation.format(part=_SPOKEN_PARTS[part])} {OF_MANY}"
        self._name = name
        self._title = f"{_PARTS[part]} {METRICS[name].short}".strip()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        caption = QLabel(self._title)
        caption.setProperty("look", "metric")
        self.value = QLabel("–")
        for label in (caption, self.value):
            label.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
            layout.addWidget(label)
        self.restyle()

    def restyle(self) -> None:
        self.value.setFont(tabular(self.font(), pixel_size=active_theme().font_size + 2, bold=True))

    def set_estimate(self, estimate: Estimate) -> None:
        """Show the number."""
        text = estimate_text(self._name, estimate)
        if text == self.value.text():
            return
        self.value.setText(text)
        explanation = self._explanation
        if estimate.half_width is not None:
            explanation += f" {METRICS[self._name].interval}"
        self.setToolTip(f"<p>{explanation}</p>")
        self.setAccessibleName(f"{self._title} {text}")
        self.setAccessibleDescription(explanation)


class MetricsBar(QWidget):
    """The numbers from left to right, and a word on how the run stands at the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Metrics")
        self.setProperty("look", "bar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._shown: tuple[tuple[str, str], ...] = ()
        self._note = ""
        self._line = layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 10, 16, 10)
        layout.setSpacing(_GAP)
        layout.setSizeConstraint(QHBoxLayout.SizeConstraint.SetNoConstraint)  # numbers give way first
        self._metrics = {key: Metric(*key) for key in _ORDER}
        for metric in self._metrics.values():
            metric.hide()
            layout.addWidget(metric)
        self.hint = QLabel("No model yet.")
        self.hint.setProperty("look", "muted")
        layout.addWidget(self.hint)
        layout.addStretch(1)
        self.note = QLabel()
        self.note.setProperty("look", "muted")
        self.note.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        layout.addWidget(self.note)

    def number(self, part: str, name: str) -> Metric:
        """One number, e.g. ``number("test", "accuracy")``."""
        return self._metrics[part, name]

    def sizeHint(self) -> QSize:
        return QSize(600, self._line.sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(160, self.sizeHint().height())

    def set_metrics(self, metrics: Mapping[str, SplitMetrics]) -> None:
        """Show the numbers: by part ("train", "validation", "test"), then by name."""
        shown = tuple((part, name) for part, name in _ORDER if name in metrics.get(part, {}))
        for part, name in shown:
            self._metrics[part, name].set_estimate(metrics[part][name])
        self._shown = shown
        self.hint.setVisible(not shown)
        self._fit()

    def set_note(self, text: str, *, is_bad: bool = False) -> None:
        """Show a word on how the run stands, e.g. "still improving"; in the colour of danger if that `is_bad`."""
        set_look(self.note, "look", "danger" if is_bad else "muted")
        if text != self._note:
            self._note = text
            self.note.setToolTip(text)
            self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "note"):
            for metric in self._metrics.values():
                metric.restyle()
            self._fit()

    def _fit(self) -> None:
        """Hide the least important numbers until the rest has room."""
        widths = {key: self._metrics[key].sizeHint().width() + _GAP for key in self._shown}
        note = self.note.fontMetrics().horizontalAdvance(self._note)
        room = self.width() - 32 - min(note, _LEAST_NOTE)
        leaving = [key for key in _LEAVING if key in widths]
        gone = []
        while leaving and sum(widths.values()) > room:
            gone.append(leaving.pop(0))
            del widths[gone[-1]]
        for key in reversed(gone):  # the most important of those that a shorter one leaves room for after all
            width = self._metrics[key].sizeHint().width() + _GAP
            if sum(widths.values()) + width <= room:
                widths[key] = width
        for key, metric in self._metrics.items():
            if metric.isHidden() == (key in widths):
                metric.setVisible(key in widths)
        hint = self.hint.sizeHint().width() + _GAP if not self._shown else 0
        left = self.width() - 32 - sum(widths.values()) - hint
        elided = self.note.fontMetrics().elidedText(self._note, Qt.TextElideMode.ElideRight, max(left, 0))
        if elided != self.note.text():
            self.note.setText(elided)
