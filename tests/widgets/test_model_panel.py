"""The right panel: model, layers, loss, optimizer, penalties, what is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from engine.dataset import Task
from engine.experiment import Experiment, GeneratedData, View
from engine.learners.decision_tree import DecisionTree
from engine.learners.linear_regression import LinearRegression
from engine.learners.logistic_regression import LogisticRegression
from engine.learners.mlp import Layer, MultilayerPerceptron
from engine.losses import FORMULAS, latex_of, loss_curve
from engine.registry import LEARNERS, learners_for
from engine.training_settings import Loss, LossKind, Optimizer, Training
from tests.widgets.clipping import cut_off
from widgets.formula import FormulaCard, set_formula
from widgets.layer_editor import MAX_LAYERS
from widgets.loss_plot import LossPlot
from widgets.model_panel import WIDTH, ModelPanel
from widgets.style import apply_theme
from widgets.theme import DARK, LIGHT

ONE, TWO = ("x",), ("x1", "x2")
"""What the inputs are called."""

Show = Callable[..., Any]
Picture = Callable[[QWidget], QImage]
Wishes = list[tuple[Any, ...]]


@pytest.fixture(autouse=True)
def _light(qapp: QApplication) -> None:
    apply_theme(qapp, LIGHT)


@pytest.fixture
def panel(show: Show) -> ModelPanel:
    made = ModelPanel()
    made.set_experiment(Experiment(), "classification", TWO)
    shown: ModelPanel = show(made, WIDTH, 900)
    return shown


@pytest.fixture
def wishes(panel: ModelPanel) -> Wishes:
    heard: Wishes = []
    for name in ("edited", "task_chosen", "learner_chosen"):
        getattr(panel, name).connect(lambda *values, name=name: heard.append((name, *values)))
    return heard


def network(*units: int) -> MultilayerPerceptron:
    return MultilayerPerceptron(layers=tuple(Layer(units=count) for count in units))


def texts(panel: QWidget) -> list[str]:
    return [label.text() for label in panel.findChildren(QLabel) if label.isVisible()]


def colours(image: QImage) -> set[str]:
    return {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}


def test_a_task_is_chosen_and_shown_only_once_the_document_has_it(
    qtbot: QtBot, panel: ModelPanel, wishes: Wishes
) -> None:
    qtbot.mouseClick(panel.tasks.button("regression"), Qt.MouseButton.LeftButton)
    assert wishes == [("task_chosen", "regression")]
    assert panel.tasks.button("classification").isChecked()
    panel.set_experiment(Experiment(learner=LinearRegression()), "regression", TWO)
    assert panel.tasks.button("regression").isChecked()


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_the_models_offered_are_those_that_can_do_the_task(panel: ModelPanel, task: Task) -> None:
    panel.set_experiment(Experiment(), task, TWO)
    rows = [panel.learner.itemData(row) for row in range(panel.learner.count())]
    assert [kind for kind in rows if kind is not None] == [entry.kind for entry in learners_for(task)]
    # A line stands between families, and nowhere else.
    families = "".join(" " if kind is None else LEARNERS[kind].family[0] for kind in rows).split(" ")
    assert all(len(set(family)) == 1 for family in families)
    assert len(families) == len({entry.family for entry in learners_for(task)})


def test_a_model_is_chosen_by_keyboard(qtbot: QtBot, panel: ModelPanel, wishes: Wishes) -> None:
    panel.learner.setFocus()
    qtbot.keyClick(panel.learner, Qt.Key.Key_Home)
    assert wishes == [("learner_chosen", "logistic_regression")]


@pytest.mark.parametrize("kind", list(LEARNERS))
def test_every_model_has_its_form_and_formula(panel: ModelPanel, kind: str) -> None:
    entry = LEARNERS[kind]
    panel.set_experiment(Experiment(learner=entry.settings()), entry.tasks[0], TWO)
    assert panel.learner.currentData() == kind
    assert entry.formula in panel.formula.accessibleName()
    assert panel.formula.toolTip() == entry.sentence
    assert panel.layers.isVisible() == (kind == "mlp")


def test_a_layer_is_added_like_the_last_and_taken_away(qtbot: QtBot, panel: ModelPanel, wishes: Wishes) -> None:
    panel.set_experiment(Experiment(learner=network(4, 6)), "classification", TWO)
    qtbot.mouseClick(panel.layers.add_button, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(panel.layers.remove_button, Qt.MouseButton.LeftButton)
    assert wishes == [
        ("edited", "learner.layers", network(4, 6, 6).layers, True),
        ("edited", "learner.layers", network(4).layers, True),
    ]


@pytest.mark.parametrize(("count", "can_add", "can_remove"), [(0, True, False), (1, True, True), (8, False, True)])
def test_there_are_none_to_eight_layers(panel: ModelPanel, count: int, can_add: bool, can_remove: bool) -> None:
    panel.set_experiment(Experiment(learner=network(*[3] * count)), "classification", TWO)
    assert MAX_LAYERS == 8
    assert len(panel.layers.boxes) == count
    assert all(box.isVisibleTo(panel.layers) for box in panel.layers.boxes)
    assert panel.layers.add_button.isEnabled() == can_add
    assert panel.layers.remove_button.isEnabled() == can_remove
    assert panel.layers.activation.isEnabled() == (count > 0)


def test_units_are_typed_and_stepped(qtbot: QtBot, panel: ModelPanel, wishes: Wishes) -> None:
    panel.set_experiment(Experiment(learner=network(4, 6)), "classification", TWO)
    box = panel.layers.boxes[1]
    box.setFocus()
    box.selectAll()
    qtbot.keyClicks(box, "128")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    panel.set_experiment(Experiment(learner=network(4, 128)), "classification", TWO)
    qtbot.keyClick(box, Qt.Key.Key_Up)
    assert [wish[2] for wish in wishes] == [network(4, 128).layers, network(4, 129).layers]


def test_too_many_units_are_refused_beneath_the_boxes(qtbot: QtBot, panel: ModelPanel, wishes: Wishes) -> None:
    box = panel.layers.boxes[0]
    box.setFocus()
    box.selectAll()
    qtbot.keyClicks(box, "2000")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert any("Units must be a whole number from 1 to 1024" in text for text in texts(panel))
    assert box.property("wrong") is True
    assert wishes == []


def test_one_activation_is_set_for_all_layers_and_one_for_each(qtbot: QtBot, panel: ModelPanel, wishes: Wishes) -> None:
    panel.set_experiment(Experiment(learner=network(4, 6)), "classification", TWO)
    panel.layers.activation.setFocus()
    qtbot.keyClick(panel.layers.activation, Qt.Key.Key_End)
    sine = tuple(layer.model_copy(update={"activation": "sine"}) for layer in network(4, 6).layers)
    assert wishes == [("edited", "learner.layers", sine, True)]
    panel.set_folds({"model.mlp": True})
    panel.layers.combos[1].setFocus()
    qtbot.keyClick(panel.layers.combos[1], Qt.Key.Key_Home)
    assert [layer.activation for layer in wishes[1][2]] == ["tanh", "linear"]
    panel.set_experiment(Experiment(learner=MultilayerPerceptron(layers=wishes[1][2])), "classification", TWO)
    assert panel.layers.activation.currentIndex() == -1
    assert panel.layers.activation.placeholderText() == "Mixed"


@pytest.mark.parametrize("kind", list(FORMULAS))
def test_every_loss_has_a_formula_and_a_plot(panel: ModelPanel, picture: Picture, kind: LossKind) -> None:
    blank = colours(picture(LossPlot()))
    panel.set_experiment(Experiment(training=Training(loss=Loss(kind=kind))), "classification", TWO)
    assert latex_of(Loss(kind=kind)) in panel.loss_formula.accessibleName()
    seen = colours(picture(panel.loss_plot))
    assert QColor(LIGHT.accent).name() in seen
    assert QColor(LIGHT.accent).name() not in blank


def test_the_plot_of_a_loss_is_the_loss(show: Show, picture: Picture) -> None:
    plot = show(LossPlot(), 300, 88)
    plot.set_curve(loss_curve("hinge"), "Hinge")
    image = picture(plot)
    accent = QColor(LIGHT.accent)

    def height_at(x: int) -> float:
        rows = [y for y in range(image.height()) if image.pixelColor(x, y) == accent]
        return sum(rows) / len(rows)

    # The hinge falls as a straight line to zero at margin 1 (x = 12 + 276 * 4 / 6 = 196), flat from there on.
    left, middle, right, end = (height_at(x) for x in (20, 108, 200, 280))
    assert right == pytest.approx(end, abs=1)
    assert middle == pytest.approx((left + height_at(196)) / 2, abs=1.5)
    assert left < middle < right


def test_a_wrong_pairing_is_explained_in_place(panel: ModelPanel) -> None:
    panel.set_experiment(Experiment(training=Training(loss=Loss(kind="hinge"))), "regression", ONE)
    assert panel.mark("training.loss.kind", "The hinge loss compares classes: choose squared.")
    assert "The hinge loss compares classes: choose squared." in texts(panel)
    assert panel.mark("training.loss.kind", None)
    assert "The hinge loss compares classes: choose squared." not in texts(panel)


@pytest.mark.parametrize(
    "path",
    ["learner", "learner.kind", "learner.layers", "learner.dropout", "training", "training.loss", "training.loss.kind",
     "training.optimizer", "training.optimizer.learning_rate", "training.optimizer.clip",
     "training.regularization.l1", "training.stop.patience", "training.device", "training.seed"],
)  # fmt: skip
def test_a_mark_is_seen_at_its_control(panel: ModelPanel, path: str) -> None:
    if path == "training.seed":
        panel.set_folds({"computation": True})
    assert panel.mark(path, "Choose less.")
    assert "Choose less." in texts(panel)
    assert panel.mark(path, None)
    assert "Choose less." not in texts(panel)


def test_a_mark_for_elsewhere_is_handed_back(panel: ModelPanel) -> None:
    assert not panel.mark("data.noise", "Not here.")


@pytest.mark.parametrize(
    ("task", "n_inputs", "shown", "hidden"),
    [
        ("classification", 2, {"Probability", "Boundary", "Errors"}, {"Residuals"}),
        ("regression", 1, {"Residuals", "Equation", "Grid"}, {"Probability", "Values", "Boundary", "Errors"}),
        ("regression", 2, {"Values", "Contours"}, {"Probability", "Boundary", "Errors", "Residuals"}),
    ],
)
def test_what_can_be_shown_goes_with_the_task(
    panel: ModelPanel, task: Task, n_inputs: int, shown: set[str], hidden: set[str]
) -> None:
    panel.set_experiment(Experiment(), task, ("x1", "x2")[:n_inputs])
    panel.set_folds({"show": True})
    names = {button.text() for button in panel.findChildren(QAbstractButton) if button.isVisible()}
    assert shown <= names
    assert not hidden & names


def test_a_chip_switches_what_is_shown(qtbot: QtBot, panel: ModelPanel, wishes: Wishes) -> None:
    for name, field in (("Contours", "contours"), ("Grid", "grid")):
        chip = next(b for b in panel.findChildren(QAbstractButton) if b.accessibleName() == name)
        qtbot.mouseClick(chip, Qt.MouseButton.LeftButton)
        assert wishes[-1] == ("edited", f"view.{field}", not getattr(View(), field), True)


def test_a_newcomer_sees_the_essentials_and_the_rest_is_folded(panel: ModelPanel) -> None:
    for name in ("momentum", "schedule", "clip", "beta1"):
        assert not panel.optimizer.row(name).isVisible()
    for name in ("kind", "learning_rate", "batch_size"):
        assert panel.optimizer.row(name).isVisible()
    assert not any(row.isVisible() for row in (*panel.stop.rows(), *panel.computation.rows()))
    assert not any(panel.folds().values())
    panel.set_folds(dict.fromkeys(panel.folds(), True))
    assert all(row.isVisible() for row in (*panel.stop.rows(), *panel.computation.rows()))


def test_setting_says_nothing(panel: ModelPanel, wishes: Wishes) -> None:
    for learner, task, optimizer in (
        (network(1, 2, 3), "classification", Optimizer(kind="momentum")),
        (LinearRegression(), "regression", Optimizer(kind="random_search", learning_rate=1.0)),
        (LogisticRegression(), "classification", Optimizer(schedule="cosine")),
    ):
        panel.set_experiment(Experiment(learner=learner, training=Training(optimizer=optimizer)), task, TWO)  # type: ignore[arg-type]
    assert wishes == []


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("optimizer", ["adam", "nesterov", "rmsprop"])
def test_nothing_is_clipped_at_the_least_width(
    qapp: QApplication, panel: ModelPanel, theme: Any, optimizer: Any
) -> None:
    apply_theme(qapp, theme)
    training = Training(loss=Loss(kind="huber"), optimizer=Optimizer(kind=optimizer, schedule="step"))
    panel.set_experiment(Experiment(learner=network(*[1024] * 8), training=training), "regression", ONE)
    panel.set_folds(dict.fromkeys(panel.folds(), True))
    panel.resize(panel.minimumSizeHint().width(), 600)
    for _ in range(3):
        qapp.processEvents()
    content = panel.widget()
    assert content is not None
    assert content.width() <= panel.viewport().width()
    assert panel.width() <= WIDTH
    assert cut_off(content) == []


def test_every_control_has_a_name_and_a_tooltip(panel: ModelPanel) -> None:
    for part in panel.findChildren(QWidget):
        own = part.window() is panel.window() and not isinstance(part, QLabel)  # not the lists of combo boxes
        if own and part.focusPolicy() & Qt.FocusPolicy.TabFocus:
            assert part.accessibleName(), part
            assert part.toolTip(), part


def test_a_formula_is_set_after_the_window_has_appeared_in_the_themes_colour(
    qtbot: QtBot, qapp: QApplication, show: Show, picture: Picture
) -> None:
    card = FormulaCard()
    card.set_latex(r"\ell = |h(x) - y|", "The absolute loss.")
    show(card, 260, 60)
    text = QColor(LIGHT.text).name()
    qtbot.waitUntil(lambda: text in colours(picture(card)))
    apply_theme(qapp, DARK)
    qtbot.waitUntil(lambda: QColor(DARK.text).name() in colours(picture(card)))


def test_a_formula_too_wide_is_broken_and_made_to_fit(qtbot: QtBot, show: Show) -> None:
    latex = r"\ell = \max(0,\; 1 - y\,h(x)), \quad y = \pm 1"
    card = FormulaCard()
    card.set_latex(latex, "The hinge loss.")
    show(card, 400, 60)
    qtbot.waitUntil(lambda: card.height() > 20)
    wide = card.height()
    card.resize(180, card.height())
    qtbot.waitUntil(lambda: card.height() > wide)


@pytest.mark.parametrize("latex", [*FORMULAS.values(), *(entry.formula for entry in LEARNERS.values())])
def test_every_formula_can_be_set(latex: str) -> None:
    formula = set_formula(latex, "#123456", 15.0)
    assert formula.width > 30
    assert formula.height > 8
    assert b"#123456" in formula.svg


def test_settings_of_another_task_are_hidden(panel: ModelPanel) -> None:
    experiment = Experiment(learner=DecisionTree())
    cases: tuple[tuple[Task, str, str], ...] = (
        ("classification", "criterion", "error"),
        ("regression", "error", "criterion"),
    )
    for task, shown, hidden in cases:
        panel.set_experiment(experiment, task, TWO)
        form = panel._learner_form("decision_tree")
        assert not form.row(shown).isHidden()
        assert form.row(hidden).isHidden()


@pytest.mark.parametrize(
    ("kind", "offered"), [("k_means", True), ("k_medoids", True), ("gaussian_mixture", True), ("dbscan", False)]
)
def test_what_is_about_centres_is_offered_where_there_are_any(panel: ModelPanel, kind: str, offered: bool) -> None:
    experiment = Experiment(data=GeneratedData(generator="blobs"), learner=LEARNERS[kind].settings())
    panel.set_experiment(experiment, "clustering", ("x1", "x2"))
    chips = {name: chip for name, chip in panel._show_chips.items() if name in ("members", "trails")}
    assert [not chip.isHidden() for chip in chips.values()] == [offered, offered]
    assert not panel._show_chips["probability"].isHidden()
    assert panel._show_chips["probability"].text() == "Regions"


@pytest.mark.parametrize(("kind", "title"), [("k_means", "Members"), ("mean_shift", "Ways"), ("spectral", "Graph")])
def test_the_chip_that_hides_lines_between_points_says_what_they_are(panel: ModelPanel, kind: str, title: str) -> None:
    for each in ("k_means", kind):
        experiment = Experiment(data=GeneratedData(generator="blobs"), learner=LEARNERS[each].settings())
        panel.set_experiment(experiment, "clustering", ("x1", "x2"))
    chip = panel._show_chips["members"]
    assert not chip.isHidden()
    assert chip.text() == title
    own = LEARNERS[kind].lines
    assert (own["members"][1] if own else str(View.model_fields["members"].description)) in chip.toolTip()
    assert panel._show_chips["trails"].isHidden() == (kind != "k_means")


@pytest.mark.parametrize(
    ("kind", "titles"),
    [
        ("pca", {"residuals": "Feet", "scores": "Scores", "contours": "Contours"}),
        ("ica", {"scores": "Scores", "contours": "Contours"}),
        ("isomap", {"members": "Graph"}),
        ("lle", {"members": "Graph", "residuals": "Weights"}),
        ("tsne", {}),
    ],
)
def test_of_a_projection_only_what_it_draws_is_offered(panel: ModelPanel, kind: str, titles: dict[str, str]) -> None:
    experiment = Experiment(data=GeneratedData(generator="correlated"), learner=LEARNERS[kind].settings())
    panel.set_experiment(experiment, "projection", ("x1", "x2"))
    shown = {name: chip.text() for name, chip in panel._show_chips.items() if not chip.isHidden()}
    for always in ("projection", "pairs", "parallel", "grid", "legend"):
        assert shown.pop(always)
    assert (shown.pop("reconstruction", "") == "Reconstruction") == LEARNERS[kind].has_way_back
    assert shown == titles
