"""How scores rank the classes: ROC, precision against recall, and calibration, with a threshold that can be moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QPointF, QRectF, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QLabel

from engine.experiment import View
from engine.metric_names import estimate_text, number_of_digits
from engine.ranking import Ranking, threshold_between
from widgets.fields import field_specs
from widgets.picture_view import PictureView
from widgets.roc_chart import Kind, RocPicture
from widgets.sections import ElidedLabel, QuietComboBox, Segmented
from widgets.sliders import NumberControl
from widgets.style import scaled
from widgets.theme import LIGHT, Theme
from widgets.xy_chart import Frame, paint_card

_EMPTY = "The curves appear here once there is a model."


class Roc(PictureView):
    """The curves of each part for one class; with two classes the threshold can be dragged along them."""

    threshold_changed = Signal(float, bool)
    """A wish: another threshold, and False while it is still being dragged."""

    def __init__(self, theme: Theme = LIGHT) -> None:
        self._rankings: Mapping[str, tuple[Ranking, ...]] = {}
        self._class_names: tuple[str, ...] = ()
        self._threshold = self._decided_at = 0.5
        self._why_fixed = ""
        self._kind: Kind = "roc"
        self._class = 0
        self._dragged = ""
        self._dragged_to = 0.5
        super().__init__("ROC, precision and recall, and calibration", _EMPTY, theme)
        self._kinds = Segmented(
            [
                ("roc", "ROC", "How many of the class are found for how many false alarms."),
                ("pr", "Precision–recall", "How pure the found ones are, for how many of the class are found."),
                ("calibration", "Calibration", "Whether what is said with 80 % happens in 80 % of the cases."),
            ]
        )
        self._kinds.set_chosen(self._kind)
        self._kinds.chosen.connect(self._on_kind_chosen)
        self._classes = QuietComboBox()
        self._classes.setAccessibleName("Class against the rest")
        self._classes.setToolTip("The class whose points are to be found among all others.")
        self._classes.setMinimumWidth(scaled(150))
        self._classes.setMaximumWidth(scaled(200))
        self._classes.activated.connect(self._on_class_chosen)
        (spec,) = field_specs(View, "view", ["threshold"])
        self._said = QLabel()
        self._slider = NumberControl(spec)
        self._slider.setMaximumWidth(scaled(230))
        self._slider.setToolTip(spec.tooltip())
        self._slider.setAccessibleName(spec.title)
        for part in (self._slider.slider, self._slider.box):
            if part is not None:
                part.setAccessibleName(spec.title)
                part.setToolTip(spec.tooltip())
        self._slider.edited.connect(self._on_slid)
        self._why = ElidedLabel()
        self._why.setProperty("look", "hint")
        for widget in (self._kinds, self._classes, self._said, self._slider):
            self.controls.addWidget(widget)
        self.controls.addWidget(self._why, 1)
        self.set_theme(theme)
        self._show_controls()

    def set_content(
        self,
        content: Mapping[str, tuple[Ranking, ...]],
        class_names: Sequence[str],
        threshold: float,
        why_fixed: str = "",
    ) -> None:
        """Show curves.

        Parameters
        ----------
        content : by part, one ranking a class or, of two classes, that of the second.
        threshold : the probability from which on the second of two classes was predicted.
        why_fixed : the sentence that says why it cannot be moved; empty where it can.
        """
        if tuple(class_names) != self._class_names:
            self._classes.clear()
            for index, name in enumerate(class_names):
                self._classes.addItem(f"{name} against the rest", index)
            self._class = 0
        self._rankings, self._class_names = content, tuple(class_names)
        self._decided_at, self._why_fixed = threshold, why_fixed
        self._show_controls()
        self.redraw()

    def set_threshold(self, threshold: float) -> None:
        """Show the threshold that is wanted, which the curves follow."""
        if threshold != self._threshold:
            self._threshold = threshold
            self._show_controls()

    def _show_controls(self) -> None:
        self._classes.setVisible(len(self._class_names) > 2)
        self._classes.setCurrentIndex(self._class)
        self._said.setVisible(self._is_movable)
        self._slider.setVisible(self._is_movable)
        self._why.set_texts((self._why_fixed,))
        if self._is_movable:
            name = self._class_names[1]
            self._said.setText(f"p({name if len(name) <= 12 else name[:11] + '…'}) ≥")
            with QSignalBlocker(self._slider):
                self._slider.set_value(self._threshold)

    def _on_kind_chosen(self, kind: str) -> None:
        self._kind = "roc" if kind == "roc" else "pr" if kind == "pr" else "calibration"
        self.redraw()

    def _on_class_chosen(self, index: int) -> None:
        self._class = index
        self.redraw()

    def _on_slid(self, value: float, final: bool) -> None:
        self.threshold_changed.emit(float(value), final)

    # -- what is shown

    @property
    def _picture(self) -> RocPicture:
        """The curves of the class that was chosen."""
        shown = {part: found[min(self._class, len(found) - 1)] for part, found in self._rankings.items() if found}
        positive = self._class_names[1 if len(self._class_names) == 2 else self._class] if shown else ""
        return RocPicture(self._kind, shown, positive, None if self._why_fixed else self._decided_at)

    def summary(self) -> str:
        picture = self._picture
        said = []
        for part, ranking in picture.rankings.items():
            if ranking.curve is not None:
                area, mean = estimate_text("auc", ranking.curve.auc), number_of_digits(ranking.curve.average_precision)
                said.append(f"{part}: AUC {area}, average precision {mean}")
        if not said:
            return picture.why_none() if self._rankings else self.empty
        at = f" Threshold {self._decided_at:g}." if self._is_movable else ""
        return f"{picture.positive} against the rest. {'; '.join(said)}.{at}"

    def place_of(self, x: float, y: float) -> QPointF:
        """Where a pair of numbers is in the picture on the screen."""
        frame = self._on_screen()
        return QPointF(frame.x.place(x), frame.y.place(y))

    def _on_screen(self) -> Frame:
        return self._picture.lay_out(QRectF(self.canvas.rect()), self.theme)[0]

    def paint_picture(self, painter: QPainter, target: QRectF, theme: Theme) -> None:
        picture = self._picture
        if picture.has_curves:
            picture.paint(painter, target, theme)
        else:
            self.write_empty(painter, target, theme, picture.why_none() if self._rankings else "")

    def paint_hover(self, painter: QPainter, pointer: QPointF) -> None:
        reading = self._picture.reading(self._on_screen(), pointer)
        if reading is not None:
            place, lines = reading
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(self.theme.text), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(place, 6, 6)
            paint_card(painter, QRectF(self.canvas.rect()), place, lines, self.theme)

    # -- hands

    @property
    def _is_movable(self) -> bool:
        """Whether there is a threshold: two classes, and probabilities."""
        return bool(self._rankings) and len(self._class_names) == 2 and not self._why_fixed

    @property
    def _can_drag(self) -> bool:
        return self._is_movable and self._kind != "calibration"

    def press(self, at: QPointF) -> None:
        vertex = self._picture.nearest(self._on_screen(), at) if self._can_drag else None
        if vertex is not None:
            self._dragged = vertex.part
            self.drag(at)

    def drag(self, at: QPointF) -> None:
        if not self._dragged or not self._can_drag:
            return
        picture = self._picture
        vertex = picture.nearest(self._on_screen(), at, self._dragged)
        curve = None if vertex is None else picture.rankings[vertex.part].curve
        if vertex is None or curve is None:
            return
        higher = float(curve.thresholds[vertex.index])
        lower = float(curve.thresholds[vertex.index + 1]) if vertex.index + 1 < len(curve.thresholds) else 0.0
        self._dragged_to = threshold_between(higher, lower)
        self.threshold_changed.emit(self._dragged_to, False)

    def release(self) -> None:
        if self._dragged:
            self._dragged = ""
            self.threshold_changed.emit(self._dragged_to, True)

    def press_key(self, key: int) -> bool:
        steps = {Qt.Key.Key_Left: 0.01, Qt.Key.Key_Down: 0.01, Qt.Key.Key_Right: -0.01, Qt.Key.Key_Up: -0.01}
        if not self._can_drag or key not in steps:
            return False
        # To the right along the curve is towards lower thresholds.
        value = round(self._threshold + steps[Qt.Key(key)], 6)
        self.threshold_changed.emit(min(max(value, 0.0), 1.0), True)
        return True
