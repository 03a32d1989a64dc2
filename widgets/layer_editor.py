"""The hidden layers of a network: how many, how wide, and with which activation."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from engine.learners.mlp import ACTIVATION_LABELS, Layer, MultilayerPerceptron
from widgets.fields import field_specs
from widgets.flow import FlowLayout
from widgets.form import tooltip_html
from widgets.icons import icon
from widgets.sections import QuietComboBox, Sentence
from widgets.sliders import NumberBox
from widgets.style import active_theme, scaled, set_look

MAX_LAYERS = 8
PATH = "learner.layers"
_UNITS, _ACTIVATION = field_specs(Layer, "", ("units", "activation"))
_BOX_WIDTH = 44


class LayerEditor(QWidget):
    """A box for each layer's units between − and +; one activation for all, or one for each."""

    edited = Signal(str, object, bool)
    """``"learner.layers"``, the layers (tuple of `Layer`), and True."""

    def __init__(self, label_width: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layers: tuple[Layer, ...] = ()
        self._refusals: dict[int, str] = {}
        self._mark = ""
        self._boxes: list[NumberBox] = []
        self._combos: list[QuietComboBox] = []
        self._rows: list[QWidget] = []
        self._label_width = label_width
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(5)
        outer.addWidget(self._build_widths())
        self._sentence = Sentence()
        outer.addWidget(self._sentence)
        self.activation = _activation_combo("Activation of every layer")
        self.activation.setPlaceholderText("Mixed")
        self.activation.activated.connect(self._on_activation_of_all)
        outer.addWidget(self._labelled("Activation", self.activation))
        self.each = QWidget()
        """A choice of activation for each layer by itself; it may be moved into a fold."""
        self._each_column = QVBoxLayout(self.each)
        self._each_column.setContentsMargins(0, 0, 0, 0)
        self._each_column.setSpacing(4)
        outer.addWidget(self.each)
        self._restyle()

    def _build_widths(self) -> QWidget:
        line = QWidget()
        layout = QHBoxLayout(line)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        tooltip = tooltip_html(MultilayerPerceptron.model_fields["layers"].description or "")
        label = QLabel("Layers")
        label.setToolTip(tooltip)
        self.remove_button = _small_button("Remove the last layer")
        self.remove_button.clicked.connect(self._on_removed)
        self.add_button = _small_button(f"Add a layer, up to {MAX_LAYERS}")
        self.add_button.clicked.connect(self._on_added)
        label.setBuddy(self.add_button)
        boxes = QWidget()
        self._flow = FlowLayout(boxes, spacing=5)
        self._flow.addWidget(self.remove_button)
        self._flow.addWidget(self.add_button)
        label.setMinimumWidth(52)
        layout.addWidget(label, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(boxes, 1)
        label.setContentsMargins(0, 5, 0, 0)
        return line

    def _labelled(self, text: str, control: QWidget) -> QWidget:
        line = QWidget()
        layout = QHBoxLayout(line)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        label = QLabel(text)
        label.setMinimumWidth(scaled(self._label_width))
        label.setBuddy(control)
        label.setToolTip(control.toolTip())
        layout.addWidget(label)
        layout.addWidget(control, 1)
        return line

    @property
    def boxes(self) -> tuple[NumberBox, ...]:
        """The boxes of the layers' units, from the input to the output."""
        return tuple(self._boxes)

    @property
    def combos(self) -> tuple[QuietComboBox, ...]:
        """The choices of each layer's activation, from the input to the output."""
        return tuple(self._combos)

    def set_layers(self, layers: tuple[Layer, ...]) -> None:
        """Show `layers`; nothing is emitted."""
        while len(self._boxes) > len(layers):
            self._drop_last()
        while len(self._boxes) < len(layers):
            self._append()
        self._layers = layers
        for box, combo, layer in zip(self._boxes, self._combos, layers, strict=True):
            box.set_value(layer.units)
            with QSignalBlocker(combo):
                combo.set_key(layer.activation)
        kinds = {layer.activation for layer in layers}
        with QSignalBlocker(self.activation):
            self.activation.set_key(kinds.pop() if len(kinds) == 1 else "")
        self.activation.setPlaceholderText("Mixed" if layers else "No hidden layers")
        self.activation.setEnabled(bool(layers))
        self.remove_button.setEnabled(bool(layers))
        self.add_button.setEnabled(len(layers) < MAX_LAYERS)
        self.each.setVisible(len(layers) > 1)

    def mark(self, sentence: str | None) -> None:
        """Show the layers as wrong with `sentence` beneath; None takes the mark away."""
        self._mark = sentence or ""
        self._say()

    def _append(self) -> None:
        number = len(self._boxes) + 1
        box = NumberBox(_UNITS, "cell")
        box.setFixedWidth(scaled(_BOX_WIDTH))
        box.setToolTip(tooltip_html(f"Layer {number}: {_UNITS.tooltip()}\nUp and Down change it by one."))
        box.setAccessibleName(f"Units of layer {number}")
        box.setAccessibleDescription(_UNITS.help)
        box.submitted.connect(self._on_units)
        box.stepped.connect(self._on_units_stepped)
        box.refused.connect(self._on_units_refused)
        self._boxes.append(box)
        self._flow.insert_widget(number, box)
        combo = _activation_combo(f"Activation of layer {number}")
        combo.activated.connect(self._on_activation_of_one)
        self._combos.append(combo)
        row = self._labelled(f"Layer {number}", combo)
        self._rows.append(row)
        self._each_column.addWidget(row)

    def _drop_last(self) -> None:
        self._refusals.pop(len(self._boxes) - 1, None)
        box, row = self._boxes.pop(), self._rows.pop()
        self._combos.pop()
        self._flow.removeWidget(box)
        for widget in (box, row):
            widget.hide()
            widget.deleteLater()
        self._say()

    def _emit(self, layers: tuple[Layer, ...]) -> None:
        self.edited.emit(PATH, layers, True)

    def _with(self, index: int, layer: Layer) -> tuple[Layer, ...]:
        return (*self._layers[:index], layer, *self._layers[index + 1 :])

    def _index_of_box(self) -> int:
        sender = self.sender()
        return next(index for index, box in enumerate(self._boxes) if box is sender)

    def _on_added(self) -> None:
        self._emit((*self._layers, self._layers[-1] if self._layers else Layer()))

    def _on_removed(self) -> None:
        self._emit(self._layers[:-1])

    def _on_units(self, units: int) -> None:
        index = self._index_of_box()
        self._emit(self._with(index, self._layers[index].model_copy(update={"units": units})))

    def _on_units_stepped(self, steps: int) -> None:
        index = self._index_of_box()
        units = min(max(self._layers[index].units + steps, int(_UNITS.minimum)), int(_UNITS.maximum))
        if units != self._layers[index].units:
            self._emit(self._with(index, self._layers[index].model_copy(update={"units": units})))

    def _on_units_refused(self, sentence: str) -> None:
        self._refusals[self._index_of_box()] = sentence
        self._say()

    def _on_activation_of_all(self, index: int) -> None:
        kind = self.activation.itemData(index)
        self._emit(tuple(layer.model_copy(update={"activation": kind}) for layer in self._layers))

    def _on_activation_of_one(self, item: int) -> None:
        sender = self.sender()
        index = next(index for index, combo in enumerate(self._combos) if combo is sender)
        kind = self._combos[index].itemData(item)
        self._emit(self._with(index, self._layers[index].model_copy(update={"activation": kind})))

    def _say(self) -> None:
        refusal = next((sentence for sentence in self._refusals.values() if sentence), "")
        self._sentence.say(refusal or self._mark)
        for index, box in enumerate(self._boxes):
            set_look(box, "wrong", bool(self._refusals.get(index) or self._mark))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "each"):
            self._restyle()

    def _restyle(self) -> None:
        for box in self._boxes:
            box.setFixedWidth(scaled(_BOX_WIDTH))
        self.remove_button.setIcon(icon("minus", active_theme(), 14))
        self.add_button.setIcon(icon("plus", active_theme(), 14))


def _small_button(name: str) -> QToolButton:
    button = QToolButton()
    button.setProperty("look", "small")
    button.setAccessibleName(name)
    button.setToolTip(f"{name}.")
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return button


def _activation_combo(name: str) -> QuietComboBox:
    combo = QuietComboBox()
    for key, label in ACTIVATION_LABELS.items():
        combo.addItem(label, key)
    combo.setAccessibleName(name)
    combo.setAccessibleDescription(_ACTIVATION.help)
    combo.setToolTip(tooltip_html(_ACTIVATION.tooltip()))
    return combo
