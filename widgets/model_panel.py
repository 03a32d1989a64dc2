"""The right panel: what the model is and how it learns."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QPushButton, QToolButton, QVBoxLayout, QWidget

from engine.dataset import UNSUPERVISED, Task
from engine.experiment import Experiment, View
from engine.formulas import FormulaError, read
from engine.learner_entry import LearnerEntry
from engine.learners.linear_regression import LinearRegression
from engine.learners.mlp import MultilayerPerceptron
from engine.losses import ENDLESS_LOSS, LossMismatch, falls_without_end, latex_of, loss_curve
from engine.registry import LEARNERS, learners_for
from engine.training_settings import LOSS_VARIABLES, Loss, Optimizer, Regularization, StopConditions, Training
from widgets.colour_chooser import ColourChooser
from widgets.flow import FlowLayout
from widgets.form import Form, tooltip_html
from widgets.formula import FormulaCard
from widgets.formula_field import FormulaField
from widgets.layer_editor import LayerEditor
from widgets.loss_plot import LossPlot
from widgets.plane_chooser import PlaneChooser
from widgets.sections import Fold, Panel, QuietComboBox, Section, Segmented, Sentence, chip
from widgets.style import set_look

WIDTH = 300
_LABEL_WIDTH = 90
_TASKS = (
    ("classification", "Classify", "The targets are classes."),
    ("regression", "Regress", "The targets are numbers."),
    ("clustering", "Cluster", "There are no targets: points are put into groups."),
    ("projection", "Project", "There are no targets: directions are looked for that say most about the points."),
)
_SHOWN: dict[tuple[Task, int], tuple[str, ...]] = {
    ("classification", 2): (
        "probability", "boundary", "contours", "errors", "held_out", "equation", "grid", "legend",
    ),
    ("regression", 1): ("residuals", "band", "held_out", "equation", "grid", "legend"),
    ("regression", 2): ("probability", "contours", "held_out", "equation", "grid", "legend"),
    ("projection", 2): ("scores", "contours", "members", "residuals", "projection", "reconstruction", "grid", "legend"),
    ("clustering", 2): ("probability", "boundary", "members", "trails", "grid", "legend"),
}  # fmt: skip
"""What can be shown, by task and number of inputs."""
_OF_CENTRES = ("members", "trails")
_OF_POINTS = ("members", "residuals")
_OF_MAPS = ("scores", "contours")
_OF_INPUTS = ("pairs", "parallel")
"""What is shown beside the stage of data of two inputs or more; of two inputs it is folded away."""
_FOLDED_SHOWN = ("equation", "grid", "legend")
_SHORT = {"held_out": "Held-out"}
_RETITLED: dict[Task, dict[str, tuple[str, str]]] = {
    "regression": {"probability": ("Values", "Colours the plane by the model's value there.")},
    "clustering": {
        "probability": ("Regions", "Colours the plane by the cluster that a point there would belong to."),
        "boundary": ("Borders", "Draws the lines between the clusters."),
    },
}
"""What a chip is called where its task makes another thing of it."""
_NEXT: dict[Task, tuple[str, str]] = {
    "clustering": (
        "Learn from these clusters", "Makes a class of each cluster, and gives them to a classifier to learn."
    ),
    "projection": (
        "Learn from these scores", "Makes the scores the inputs of the next model; the targets stay what they are."
    ),
}  # fmt: skip
"""What can be made of what was found."""


class ModelPanel(Panel):
    """Task, model, loss, optimizer, penalties, what is shown. It raises wishes and decides nothing."""

    edited = Signal(str, object, bool)
    """A path in the document, the value, and False while a slider is held."""
    task_chosen = Signal(str)
    learner_chosen = Signal(str)
    """The kind of a learner in engine.registry."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Model", WIDTH, parent)
        self._task: Task = "classification"
        self._learner_forms: dict[str, Form] = {}
        self._shown_loss: tuple[Loss, Task] | None = None
        self.tasks = Segmented(_TASKS)
        self.tasks.chosen.connect(self._on_task_chosen)
        self.column.addWidget(self.tasks)
        self._build_model(self.add_section("Model"))
        self._build_loss(self.add_section("Loss"))
        self._build_optimizer(self.add_section("Optimizer"))
        self._build_show(self.add_section("Show"))
        self._build_next(self.add_section("Next"))
        self._build_rest()
        self.finish()

    # Building

    def _build_model(self, section: Section) -> None:
        self.learner = QuietComboBox()
        tooltip = "The family of functions that the model is chosen from."
        self.learner.setToolTip(tooltip)
        self.learner.setAccessibleName("Model")
        self.learner.setAccessibleDescription(tooltip)
        self.learner.activated.connect(self._on_learner_activated)
        section.heading.setBuddy(self.learner)
        section.add(self.learner)
        self._learner_sentence = Sentence()
        section.add(self._learner_sentence)
        self.formula = FormulaCard()
        section.add(self.formula)
        self.layers = LayerEditor(_LABEL_WIDTH)
        self.layers.edited.connect(self.edited)
        section.add(self.layers)
        self._model_section = section

    def _learner_form(self, kind: str) -> Form:
        """The form of one learner's settings, made when it is first needed."""
        if kind not in self._learner_forms:
            fold = Fold(f"model.{kind}")
            fold.set_open(self._remembered.get(f"model.{kind}", False))
            form = Form(LEARNERS[kind].settings, "learner", fold=fold, label_width=_LABEL_WIDTH)
            form.edited.connect(self.edited)
            form.column.addWidget(fold)
            if LEARNERS[kind].settings is MultilayerPerceptron:
                fold.body.insertWidget(0, self.layers.each)
            fold.toggled.connect(self._on_fold_toggled)
            self._model_section.add(form)
            self._learner_forms[kind] = form
        return self._learner_forms[kind]

    def _build_loss(self, section: Section) -> None:
        self.loss = Form(Loss, "training.loss", label_width=_LABEL_WIDTH)
        self.loss.edited.connect(self.edited)
        _head(section, self.loss)
        self.loss_formula = FormulaCard()
        self.loss_plot = LossPlot()
        self.own_loss = FormulaField(self._complaint_about_loss, "y and p, as in 0.5*(y - p)**2")
        self.own_loss.setAccessibleName("Formula of the loss")
        self.own_loss.previewed.connect(self._preview_loss)
        self.own_loss.entered.connect(self._on_loss_entered)
        for widget in (self.loss, self.own_loss, self.loss_formula, self.loss_plot):
            section.add(widget)
        self._loss_section = section

    def _build_optimizer(self, section: Section) -> None:
        fold = Fold("optimizer")
        self.optimizer = Form(Optimizer, "training.optimizer", fold=fold, label_width=_LABEL_WIDTH)
        self.optimizer.edited.connect(self.edited)
        _head(section, self.optimizer)
        section.add(self.optimizer)
        section.add(fold)
        self._optimizer_section = section

    def _build_show(self, section: Section) -> None:
        self.plane = PlaneChooser(_LABEL_WIDTH)
        self.plane.edited.connect(self.edited)
        self.plane.hide()
        section.add(self.plane)
        fold = self._show_fold = Fold("show", tooltip="Shows what else the stage can show.")
        grid, folded_grid = QWidget(), QWidget()
        flow, folded_flow = FlowLayout(grid, spacing=5), FlowLayout(folded_grid, spacing=5)
        self._show_chips: dict[str, QToolButton] = {}
        for name in dict.fromkeys((*(name for names in _SHOWN.values() for name in names), *_OF_INPUTS)):
            info = View.model_fields[name]
            button = chip(_SHORT.get(name, info.title or name), tooltip_html(info.description or ""))
            button.setProperty("key", name)
            button.clicked.connect(self._on_show_clicked)
            self._show_chips[name] = button
            (folded_flow if name in _FOLDED_SHOWN else flow).addWidget(button)
        fold.body.addWidget(folded_grid)
        self.colour = ColourChooser(_LABEL_WIDTH)
        self.colour.edited.connect(self.edited)
        section.add(grid)
        section.add(self.colour)
        self.component = Form(View, "view", ("component",), label_width=_LABEL_WIDTH)
        self.component.edited.connect(self.edited)
        section.add(self.component)
        section.add(fold)

    def _build_next(self, section: Section) -> None:
        self.learn_from_found = QPushButton()
        section.add(self.learn_from_found)
        self._next_section = section
        self._say_next("clustering")

    def _say_next(self, task: Task) -> None:
        title, tooltip = _NEXT[task]
        self.learn_from_found.setText(title)
        self.learn_from_found.setAccessibleName(title)
        self.learn_from_found.setToolTip(tooltip_html(tooltip))

    def _build_rest(self) -> None:
        penalties = Fold("regularization", "Regularization", "Prices on large weights, against overfitting.")
        self._penalties = penalties
        self.regularization = Form(Regularization, "training.regularization", fold=penalties, label_width=_LABEL_WIDTH)
        stop = Fold("stop", "Stop conditions", "When training ends by itself.")
        self.stop = Form(StopConditions, "training.stop", fold=stop, label_width=_LABEL_WIDTH)
        computation = Fold("computation", "Computation", "The seed, and where and how exactly it is computed.")
        self.computation = Form(
            Training, "training", ("seed", "device", "path", "precision"), fold=computation, label_width=_LABEL_WIDTH
        )
        computation.body.insertWidget(0, self.computation)
        for form in (self.regularization, self.stop, self.computation):
            form.edited.connect(self.edited)
        self._folds_sentence = Sentence()
        folds = QVBoxLayout()
        folds.setSpacing(2)
        for form, fold in ((self.regularization, penalties), (self.stop, stop)):
            form.hide()  # all of its rows are in the fold
            folds.addWidget(form)
            folds.addWidget(fold)
        folds.addWidget(computation)
        folds.addWidget(self._folds_sentence)
        self.column.addLayout(folds)

    # Setters

    def set_experiment(
        self, experiment: Experiment, task: Task, input_names: tuple[str, ...], axes: tuple[int, int] = (0, 1)
    ) -> None:
        """Show the document; nothing is emitted.

        Parameters
        ----------
        task, input_names : of the data as they are.
        axes : of more than two inputs the two that a plane of two features shows.
        """
        if task != self._task or self.learner.count() == 0:
            self._task = task
            self._offer_learners()
        self.tasks.set_chosen(task)
        self._set_learner(experiment)
        training = experiment.training
        self.loss.set_value(training.loss)
        self._set_loss(training.loss)
        self.optimizer.set_value(training.optimizer)
        self.regularization.set_value(training.regularization)
        self.stop.set_value(training.stop)
        learner = experiment.learner
        solved = isinstance(learner, LinearRegression) and not learner.by_gradient
        self._optimizer_section.setEnabled(not solved)
        by_gradient = LEARNERS[learner.kind].own_losses is None
        for section in (self._loss_section, self._optimizer_section):
            section.setVisible(by_gradient)
        self._penalties.setVisible(by_gradient)
        self.computation.set_value(training)
        many = len(input_names) > 2
        self.plane.setVisible(many)
        if many:
            self.plane.set_plane(experiment.view.plane, input_names, axes)
        is_projection = task == "projection"
        self._next_section.setVisible(task in _NEXT)
        if task in _NEXT:
            self._say_next(task)
        self.colour.setVisible(many or is_projection)
        self.colour.set_colours(experiment.view.colour_by, task, input_names)
        self._set_view(experiment.view, len(input_names), LEARNERS[learner.kind])

    def _offer_learners(self) -> None:
        with QSignalBlocker(self.learner):
            self.learner.clear()
            family = ""
            for entry in learners_for(self._task):
                if family and entry.family != family:
                    self.learner.insertSeparator(self.learner.count())
                family = entry.family
                self.learner.addItem(entry.title, entry.kind)

    def _set_learner(self, experiment: Experiment) -> None:
        settings = experiment.learner
        entry = LEARNERS[settings.kind]
        with QSignalBlocker(self.learner):
            self.learner.set_key(settings.kind)
        self.formula.set_latex(entry.formula, entry.sentence)
        current = self._learner_form(settings.kind)
        for form in self._learner_forms.values():
            form.setVisible(form is current and bool(form.rows()))
        current.set_value(settings, self._task)
        self.layers.setVisible(isinstance(settings, MultilayerPerceptron))
        if isinstance(settings, MultilayerPerceptron):
            self.layers.set_layers(settings.layers)

    def _set_loss(self, loss: Loss) -> None:
        if self._shown_loss == (loss, self._task):
            return
        self._shown_loss = loss, self._task
        self.own_loss.setVisible(loss.kind == "custom")
        self.own_loss.set_text(loss.formula)
        self._draw_loss(loss)

    def _draw_loss(self, loss: Loss) -> None:
        title = self.loss.row("kind").spec.value_text(loss.kind)
        spoken = f"The {title} loss of one point; training makes its mean small."
        self.loss_formula.set_latex(latex_of(loss), spoken)
        try:
            curve = loss_curve(loss.kind, loss.delta, self._task, formula=loss.formula)
        except LossMismatch:
            # A pairing that is not allowed is explained by a mark; the plot shows what the loss is elsewhere.
            curve = loss_curve(loss.kind, loss.delta, "classification")
        self.loss_plot.set_curve(curve, title)

    def _set_view(self, view: View, n_inputs: int, entry: LearnerEntry) -> None:
        shown = _SHOWN[self._task, min(2, n_inputs) if self._task == "regression" else 2]
        if self._task in UNSUPERVISED:
            hidden = {*_OF_POINTS, *_OF_CENTRES} - (set(_OF_CENTRES) if entry.has_centres else set()) - set(entry.lines)
            hidden |= set() if entry.has_map else set(_OF_MAPS)
            hidden |= set() if entry.has_way_back else {"reconstruction"}
            shown = tuple(name for name in shown if name not in hidden)
        self.component.setVisible(self._task == "projection" and entry.has_map and (view.scores or view.contours))
        self.component.set_value(view)
        if n_inputs > 1:
            shown = (*shown, *_OF_INPUTS)
        folded = [name for name in _FOLDED_SHOWN if name in shown]
        default = View()
        self._show_fold.set_contents(
            self, len(folded), sum(getattr(view, name) != getattr(default, name) for name in folded)
        )
        for name, button in self._show_chips.items():
            button.setVisible(name in shown)
            button.setChecked(getattr(view, name))
            info = View.model_fields[name]
            title, tooltip = _SHORT.get(name, info.title or name), info.description or ""
            title, tooltip = _RETITLED.get(self._task, {}).get(name, (title, tooltip))
            title, tooltip = entry.lines.get(name, (title, tooltip))
            if button.text() != title:
                button.setText(title)
                button.setAccessibleName(title)
                button.setToolTip(tooltip_html(tooltip))

    def mark(self, path: str, sentence: str | None) -> bool:
        """Show the control at `path` as wrong with `sentence` beneath; None takes the mark away.

        Returns
        -------
        Whether the panel has a place for that path.
        """
        forms = (*self._learner_forms.values(), self.loss, self.optimizer, self.regularization, self.stop,
                 self.computation)  # fmt: skip
        marked = [form.mark(path, sentence) for form in forms]
        if any(marked):
            return True
        places = {
            "learner.layers": self.layers.mark,
            "learner": self._mark_learner,
            "learner.kind": self._mark_learner,
            "training": self._folds_sentence.say,
            "training.loss": self._loss_section.say,
            "training.loss.formula": self.own_loss.note,
            "training.optimizer": self._optimizer_section.say,
            "training.regularization": self._folds_sentence.say,
            "training.stop": self._folds_sentence.say,
        }
        place = "learner.layers" if path.startswith("learner.layers.") else path
        if place not in places:
            return False
        places[place](sentence)
        return True

    def _mark_learner(self, sentence: str | None) -> None:
        self._learner_sentence.say(sentence)
        set_look(self.learner, "wrong", bool(sentence))

    # Wishes

    def _on_task_chosen(self, task: str) -> None:
        self.tasks.set_chosen(self._task)
        self.task_chosen.emit(task)

    @staticmethod
    def _complaint_about_loss(text: str) -> FormulaError | None:
        try:
            read(text, LOSS_VARIABLES)
        except FormulaError as error:
            return error
        try:
            Loss(formula=text)
        except ValueError:
            return FormulaError("The loss must depend on p, what the model says.", 0, len(text))
        return None

    def _preview_loss(self, text: str) -> None:
        self._draw_loss(Loss(kind="custom", formula=text))
        self.own_loss.note(ENDLESS_LOSS if falls_without_end(text) else None)

    def _on_loss_entered(self, text: str) -> None:
        self.edited.emit("training.loss.formula", text, True)

    def _on_learner_activated(self, index: int) -> None:
        self.learner_chosen.emit(self.learner.itemData(index))

    def _on_show_clicked(self, checked: bool) -> None:
        button = self.sender()
        if isinstance(button, QToolButton):
            self.edited.emit(f"view.{button.property('key')}", checked, True)


def _head(section: Section, form: Form) -> None:
    """Let the section's heading be the label of the form's first choice, its kind."""
    row = form.row("kind")
    row.label.hide()
    section.heading.setBuddy(row.control)
