"""The left panel: what the data are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget

from engine.dataset import MAX_CLASSES, UNSUPERVISED, Task
from engine.experiment import CHIPS, DrawnData, Experiment, GeneratedData, Preparation
from widgets.class_chips import ClassChips
from widgets.fields import FieldSpec
from widgets.flow import FlowLayout
from widgets.form import FieldRow, Form, tooltip_html
from widgets.gallery import Gallery, GalleryEntry
from widgets.icons import icon
from widgets.sections import Dice, Fold, Panel, Section, Sentence, chip
from widgets.style import active_theme
from widgets.table_card import TableCard, TableChips
from widgets.typed_features import TypedFeatures

WIDTH = 250
_LABEL_WIDTH = 82
_CHIP_LABELS = {
    "x1": "x₁", "x2": "x₂", "x1^2": "x₁²", "x2^2": "x₂²", "x1*x2": "x₁x₂",
    "sin(x1)": "sin x₁", "sin(x2)": "sin x₂", "cos(x1)": "cos x₁", "cos(x2)": "cos x₂",
}  # fmt: skip
_FOLDED_CHIPS = ("sin(x1)", "sin(x2)", "cos(x1)", "cos(x2)")
BRUSH_TOOLS = ("spray", "relabel", "erase")
"""The tools that have a radius; the first of them has a density as well."""

RADIUS = FieldSpec(
    "radius", "brush.radius", "Radius", "How far the brush reaches, in pixels.", "int", 28,
    minimum=5, maximum=150, unit="px",
)  # fmt: skip
DENSITY = FieldSpec(
    "density", "brush.density", "Density", "How many points the spray drops in a second.", "int", 60,
    minimum=1, maximum=400, log=True, unit="/s",
)  # fmt: skip
TARGET = FieldSpec(
    "target", "brush.target", "Target", "The value of the points that are drawn.", "float", 1.0,
    minimum=-1.0, maximum=1.0, step=0.05,
)  # fmt: skip


class ToolButton(Protocol):
    """What the panel shows of one drawing tool; the entries of `widgets.tools.TOOLS` have it."""

    @property
    def id(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def icon(self) -> str:
        """A name in assets/icons."""
        ...

    @property
    def shortcut(self) -> str:
        """The key, for the tooltip; "" where there is none."""
        ...

    @property
    def tooltip(self) -> str: ...


class DataPanel(Panel):
    """Drawing, data sets, sample, features. It raises wishes and decides nothing."""

    tool_chosen = Signal(str)
    clear_requested = Signal()
    class_chosen = Signal(int)
    class_renamed = Signal(int, str)
    class_added = Signal()
    class_removed = Signal(int)
    data_set_chosen = Signal(str)
    edited = Signal(str, object, bool)
    """A path in the document, the value, and False while a slider is held."""
    brush_changed = Signal(float, float)
    """Radius in pixels, density in points a second."""
    target_chosen = Signal(float)
    reseed_requested = Signal()
    resplit_requested = Signal()
    open_points_requested = Signal()
    paste_points_requested = Signal()
    table_set_chosen = Signal(str)
    """The id of a bundled table."""
    table_target_chosen = Signal(str)
    columns_requested = Signal()

    def __init__(self, tools: Iterable[ToolButton], parent: QWidget | None = None) -> None:
        super().__init__("Data", WIDTH, parent)
        self._tools = {tool.id: tool for tool in tools}
        self._chips = CHIPS[:2]
        self._brush = float(RADIUS.default), float(DENSITY.default)
        self._build_draw(self.add_section("Draw"))
        self._build_data_sets(self.add_section("Data sets"))
        self._build_sample(self.add_section("Sample"))
        self._build_features(self.add_section("Features"))
        self.finish()
        self._restyle()

    # Building

    def _build_draw(self, section: Section) -> None:
        grid = QWidget()
        flow = FlowLayout(grid, spacing=5)
        self._tool_buttons: dict[str, QToolButton] = {}
        group = QButtonGroup(self)
        for tool in self._tools.values():
            button = QToolButton()
            button.setProperty("look", "tool")
            button.setCheckable(True)
            button.setIconSize(QSize(18, 18))
            keys = f" ({tool.shortcut})" if tool.shortcut else ""
            button.setToolTip(tooltip_html(f"{tool.title}{keys}\n{tool.tooltip}"))
            button.setAccessibleName(tool.title)
            button.setAccessibleDescription(tool.tooltip)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            button.setProperty("key", tool.id)
            group.addButton(button)
            self._tool_buttons[tool.id] = button
            flow.addWidget(button)
        group.buttonClicked.connect(self._on_tool_clicked)
        self.clear_button = QToolButton()
        self.clear_button.setProperty("look", "tool")
        self.clear_button.setIconSize(QSize(18, 18))
        self.clear_button.setToolTip("Clear: erases every point.")
        self.clear_button.setAccessibleName("Clear")
        self.clear_button.setAccessibleDescription("Erases every point.")
        self.clear_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # no tool in hand: clicked, it keeps no frame
        self.clear_button.clicked.connect(self.clear_requested)
        flow.addWidget(self.clear_button)
        section.add(grid)
        self.radius = self._brush_row(RADIUS)
        self.density = self._brush_row(DENSITY)
        self.target = FieldRow(TARGET)
        self.target.label.setMinimumWidth(_LABEL_WIDTH)
        self.target.edited.connect(self._on_target_edited)
        self.classes = ClassChips()
        self.classes.chosen.connect(self.class_chosen)
        self.classes.renamed.connect(self.class_renamed)
        self.classes.added.connect(self.class_added)
        self.classes.removed.connect(self.class_removed)
        self._height_hint = QLabel("A point's height is its target.")
        self._height_hint.setProperty("look", "hint")
        for widget in (self.radius, self.density, self.classes, self.target, self._height_hint):
            section.add(widget)
        self._draw_section = section

    def _brush_row(self, spec: FieldSpec) -> FieldRow:
        row = FieldRow(spec)
        row.label.setMinimumWidth(_LABEL_WIDTH)
        row.edited.connect(self._on_brush_edited)
        row.hide()
        return row

    def _build_data_sets(self, section: Section) -> None:
        self.gallery = Gallery()
        self.gallery.chosen.connect(self.data_set_chosen)
        section.add(self.gallery)
        self.tables = TableChips()
        self.tables.chosen.connect(self.table_set_chosen)
        section.add(self.tables)
        line = QHBoxLayout()
        line.setSpacing(6)
        self.open_button = QPushButton("Open table…")
        self.open_button.setToolTip(
            "Reads points or a table from a CSV file: with the columns x1, x2 and label, or any others."
        )
        self.open_button.clicked.connect(self.open_points_requested)
        self.paste_button = QPushButton("Paste")
        self.paste_button.setToolTip("Pastes points from the clipboard: rows of x1, x2 and label.")
        self.paste_button.clicked.connect(self.paste_points_requested)
        for button in (self.open_button, self.paste_button):
            button.setAccessibleName(button.text())
            button.setAccessibleDescription(button.toolTip())
        line.addWidget(self.open_button, 3)
        line.addWidget(self.paste_button, 2)
        section.body.addLayout(line)

    def _build_sample(self, section: Section) -> None:
        fold = Fold("sample")
        self.sample = Form(
            GeneratedData, "data", ("n_points", "noise", "arms", "balance", "seed"),
            fold=fold, titles={"balance": "Balance"}, label_width=_LABEL_WIDTH,
        )  # fmt: skip
        self.shares = Form(
            Preparation, "preparation", ("test_share", "validation_share", "split_seed"),
            fold=fold, titles={"test_share": "Test share", "validation_share": "Validation"}, label_width=_LABEL_WIDTH,
        )  # fmt: skip
        self.dice = Dice("New seed", "Draws the points anew with another seed.")
        self.dice.clicked.connect(self.reseed_requested)
        self.sample.row("seed").line.addWidget(self.dice)
        self.split_dice = Dice("New split", "Divides the points anew into training, validation and test.")
        self.split_dice.clicked.connect(self.resplit_requested)
        self.shares.row("split_seed").line.addWidget(self.split_dice)
        self.sample.set_value(GeneratedData())
        self._drawn_hint = QLabel("These points were drawn or opened. Choose a data set to sample new ones.")
        self._drawn_hint.setProperty("look", "hint")
        self._drawn_hint.setWordWrap(True)
        self._drawn_hint.hide()
        self.table = TableCard(_LABEL_WIDTH)
        self.table.target_chosen.connect(self.table_target_chosen)
        self.table.columns_requested.connect(self.columns_requested)
        self.filling = Form(
            Preparation, "preparation", ("missing", "encoding", "scaling"),
            titles={"missing": "Missing"}, label_width=_LABEL_WIDTH,
        )  # fmt: skip
        self.filling.hide()
        self.table.hide()
        for form in (self.sample, self.shares, self.filling):
            form.edited.connect(self.edited)
        for widget in (self._drawn_hint, self.table, self.sample, self.filling, self.shares, fold):
            section.add(widget)
        self._sample_section = section

    def _build_features(self, section: Section) -> None:
        fold = self._features_fold = Fold("features")
        grid, folded_grid = QWidget(), QWidget()
        flow, folded_flow = FlowLayout(grid, spacing=5), FlowLayout(folded_grid, spacing=5)
        tooltip = Preparation.model_fields["chips"].description or ""
        self._chip_buttons: dict[str, QToolButton] = {}
        for name in CHIPS:
            button = chip(_CHIP_LABELS[name], tooltip_html(f"{_CHIP_LABELS[name]}\n{tooltip}"), f"Feature {name}")
            button.setProperty("key", name)
            button.clicked.connect(self._on_chip_clicked)
            self._chip_buttons[name] = button
            (folded_flow if name in _FOLDED_CHIPS else flow).addWidget(button)
        fold.body.addWidget(folded_grid)
        self._folded_chips = folded_grid
        section.add(grid)
        self._chips_grid = grid
        self._inputs_hint = QLabel()
        self._inputs_hint.setProperty("look", "hint")
        self._inputs_hint.setWordWrap(True)
        self._inputs_hint.hide()
        section.add(self._inputs_hint)
        self._chips_sentence = Sentence()
        section.add(self._chips_sentence)
        self.typed = TypedFeatures()
        self.typed.edited.connect(self.edited)
        self.maps = Form(
            Preparation, "preparation", ("polynomial", "fourier", "scaling"), fold=fold,
            titles={"polynomial": "Polynomial", "fourier": "Fourier"}, label_width=_LABEL_WIDTH,
        )  # fmt: skip
        self.maps.edited.connect(self.edited)
        for widget in (self.typed, self.maps, fold):
            section.add(widget)
        self._features_section = section

    # Setters

    def set_gallery(self, entries: Sequence[GalleryEntry]) -> None:
        """Show these data sets."""
        self.gallery.set_entries(entries)

    def set_experiment(
        self, experiment: Experiment, n_inputs: int, class_counts: Sequence[int], task: Task | None = None
    ) -> None:
        """Show the document; nothing is emitted.

        Parameters
        ----------
        n_inputs : how many inputs the points have.
        class_counts : the points of each class; empty in regression.
        task : what the model does with them, where it is not what their targets are for.
        """
        groups = task in UNSUPERVISED
        self._tool_buttons["centre"].setVisible(task == "clustering")
        data = experiment.data
        is_classification = len(class_counts) > 0
        is_table = data.source == "table"
        self.classes.setVisible(is_classification and n_inputs == 2 and len(class_counts) <= MAX_CLASSES)
        if not self.classes.isHidden():
            if data.source == "table":
                names = data.target_values()[1]
            else:
                names = data.class_names if isinstance(data, DrawnData) else data.names(len(class_counts))
            self.classes.set_classes(names, class_counts)
        if data.source == "table":
            chosen = len(data.feature_names)
            self.table.set_table(data.title, len(data.columns), chosen, data.columns.names, data.target)
        self.table.setVisible(is_table)
        self.filling.setVisible(is_table)
        self.filling.set_value(experiment.preparation)
        self.tables.set_chosen(data.title if data.source == "table" else "")
        self._chips_grid.setVisible(n_inputs <= 2)
        self._inputs_hint.setVisible(n_inputs > 2)
        self._inputs_hint.setText(f"Every {'column that is chosen' if is_table else 'input'} is a feature.")
        self.target.setVisible(not is_classification and n_inputs == 2 and not groups)
        self.shares.setVisible(not groups)
        self._height_hint.setVisible(not is_classification and n_inputs == 1)
        self.gallery.set_task(task or ("classification" if is_classification else "regression"))
        self.gallery.set_chosen(data.generator if isinstance(data, GeneratedData) else "")
        is_generated = isinstance(data, GeneratedData)
        if not is_generated:
            self.sample.withdraw()
        self._drawn_hint.setVisible(isinstance(data, DrawnData) and len(data.points) > 0)
        if is_generated:
            self.sample.set_value(data)
            self.sample.show()
        self.shares.set_value(experiment.preparation)
        # Of a table the scaling stands among the other steps of the preparation, in sight.
        elsewhere = {"scaling": Preparation().scaling} if is_table else {}
        self.maps.set_value(experiment.preparation.model_copy(update=elsewhere))
        self.maps.row("scaling").setVisible(not is_table)
        self.typed.set_formulas(experiment.preparation.formulas)
        self._chips = experiment.preparation.chips
        for name, button in self._chip_buttons.items():
            button.setChecked(name in self._chips)
            button.setVisible(n_inputs > 1 or "x2" not in name)
            button.setText(_CHIP_LABELS[name] if n_inputs > 1 else _CHIP_LABELS[name].replace("₁", ""))
        folded = [name for name in _FOLDED_CHIPS if n_inputs == 2 or (n_inputs == 1 and "x2" not in name)]
        self._folded_chips.setVisible(bool(folded))
        self._features_fold.set_contents(self, len(folded), sum(name in self._chips for name in folded))

    def set_tool(self, tool: str) -> None:
        """Show `tool` as the one in hand, with its brush."""
        self._tool_buttons[tool].setChecked(True)
        self.radius.setVisible(tool in BRUSH_TOOLS)
        self.density.setVisible(tool == BRUSH_TOOLS[0])

    def set_brush(self, radius: float, density: float) -> None:
        """Show the brush: radius in pixels, density in points a second."""
        self._brush = float(radius), float(density)
        self.radius.set_value(round(radius))
        self.density.set_value(round(density))

    def set_active_class(self, index: int) -> None:
        """Show which class is being drawn."""
        self.classes.set_active(index)

    def set_target(self, value: float) -> None:
        """Show the target of the points that are drawn."""
        self.target.set_value(value)

    def mark(self, path: str, sentence: str | None) -> bool:
        """Show the control at `path` as wrong with `sentence` beneath; None takes the mark away.

        Returns
        -------
        Whether the panel has a place for that path.
        """
        marked = [form.mark(path, sentence) for form in (self.sample, self.shares, self.filling, self.maps)]
        if any(marked):  # the scaling has a place in two of them
            return True
        places = {
            "data": self._draw_section.say,
            "data.target": self.table.say,
            "data.features": self.table.say,
            "data.columns": self.table.say,
            "data.points": self._draw_section.say,
            "data.class_names": self._draw_section.say,
            "preparation": self._sample_section.say,
            "preparation.chips": self._chips_sentence.say,
            "preparation.formulas": self.typed.say,
        }
        if path not in places:
            return False
        places[path](sentence)
        return True

    # Wishes

    def _on_tool_clicked(self, button: QToolButton) -> None:
        self.tool_chosen.emit(button.property("key"))

    def _on_brush_edited(self, path: str, value: int, final: bool) -> None:
        radius, density = self._brush
        self.set_brush(*((value, density) if path == RADIUS.path else (radius, value)))
        self.brush_changed.emit(*self._brush)

    def _on_target_edited(self, path: str, value: float, final: bool) -> None:
        self.target.set_value(value)
        self.target_chosen.emit(value)

    def _on_chip_clicked(self) -> None:
        button = self.sender()
        if isinstance(button, QToolButton):
            name = button.property("key")
            button.setChecked(name in self._chips)
            chips = tuple(chip for chip in CHIPS if (chip in self._chips) != (chip == name))
            self.edited.emit("preparation.chips", chips, True)

    # Look

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "classes"):
            self._restyle()

    def _restyle(self) -> None:
        theme = active_theme()
        for name, button in self._tool_buttons.items():
            button.setIcon(icon(self._tools[name].icon, theme))
        self.clear_button.setIcon(icon("clear", theme))
        self.classes.restyle()
