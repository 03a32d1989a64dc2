"""Features typed as formulas: the line, its preview, and the chips of those in use."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from engine.experiment import CHIPS, MOST_FORMULAS, Experiment, Preparation
from engine.feature_terms import Typed, input_variables
from engine.formulas import read
from tests.widgets.clipping import cut_off
from widgets.data_panel import WIDTH, DataPanel
from widgets.formula_plot import FormulaPlot, graph_of
from widgets.style import active_theme, apply_theme
from widgets.theme import DARK, LIGHT
from widgets.tools import TOOLS
from widgets.typed_features import FeatureChip, TypedFeatures

Key = Qt.Key
POINTS = np.array([[-2.0, 0.0], [2.0, 10.0]])


@pytest.fixture
def panel(qapp: QApplication, show: Callable[[QWidget, int, int], QWidget]) -> DataPanel:
    """A data panel that shows at once what it wishes for."""
    apply_theme(qapp, LIGHT)
    made = DataPanel(TOOLS.values())
    made.set_experiment(Experiment(), 2, (150, 150))

    def obey(path: str, value: object, final: bool) -> None:
        if path == "preparation.formulas":
            made.set_experiment(Experiment(preparation=Preparation.model_validate({"formulas": value})), 2, (150, 150))

    made.edited.connect(obey)
    made.typed.set_inputs(("x1", "x2"), POINTS)
    show(made, WIDTH, 900)
    return made


@pytest.fixture
def typed(panel: DataPanel) -> TypedFeatures:
    return panel.typed


@pytest.fixture
def wishes(panel: DataPanel) -> list[tuple[str, object, bool]]:
    heard: list[tuple[str, object, bool]] = []
    panel.edited.connect(lambda *wish: heard.append(wish))
    return heard


def write(typed: TypedFeatures, text: str) -> None:
    """Type over what stands in the line."""
    typed.field.line.setFocus()
    typed.field.line.selectAll()
    QTest.keyClicks(typed.field.line, text)


def add(typed: TypedFeatures, *texts: str) -> None:
    for text in texts:
        write(typed, text)
        press(Key.Key_Return)


def press(key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """Press a key where the focus is."""
    widget = QApplication.focusWidget()
    assert widget is not None
    QTest.keyClick(widget, key, modifiers)


def in_use(typed: TypedFeatures) -> list[str]:
    return [chip.formula for chip in typed.chips]


def said(typed: TypedFeatures) -> list[str]:
    return [label.text() for label in typed.findChildren(QLabel) if label.isVisible() and label.text()]


def term_of(text: str, n_inputs: int) -> Typed:
    return Typed(read(text, input_variables(n_inputs)))


def test_return_adds_the_feature_and_empties_the_line(
    typed: TypedFeatures, wishes: list[tuple[str, object, bool]]
) -> None:
    assert "Add a feature" in typed.field.line.placeholderText()
    write(typed, "x1*x2")
    assert wishes == []
    press(Key.Key_Return)
    assert wishes == [("preparation.formulas", ("x1*x2",), True)]
    assert in_use(typed) == ["x1*x2"]
    assert typed.chips[0].isVisible()
    assert typed.chips[0].edit_button.text() == "x₁*x₂"
    assert typed.field.line.text() == ""
    assert not typed.plot.isVisible()
    add(typed, "exp(-x1**2)")
    assert wishes[1:] == [("preparation.formulas", ("x1*x2", "exp(-x1**2)"), True)]


def test_the_button_in_the_line_adds_the_feature_as_well(typed: TypedFeatures) -> None:
    (button,) = typed.field.line.actions()
    assert not button.isEnabled()
    write(typed, "x1*q")
    assert not button.isEnabled()
    write(typed, "x1*x2")
    button.trigger()
    assert in_use(typed) == ["x1*x2"]


def test_what_is_typed_is_previewed_before_it_is_used(typed: TypedFeatures, wishes: list[object]) -> None:
    assert not typed.card.isVisible()
    write(typed, "exp(-x1**2)")
    assert typed.card.isVisible()
    assert "x_{1}^{2}" in typed.card.accessibleName()
    assert "x₁ from −2.00 to 2.00" in typed.plot.accessibleDescription()
    assert "Return adds it." in said(typed)
    assert wishes == []
    press(Key.Key_Escape)
    assert typed.field.line.text() == ""
    assert not typed.card.isVisible()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x1*x3", "“x3” is not known: use x1 and x2."),
        ("x1*(x2", "A bracket is opened but not closed: add a )."),
        ("2*pi", "This is the same for every point: let it depend on an input, such as x1."),
        ("x1**2", "This feature is in use already."),
    ],
)
def test_a_mistake_is_underlined_explained_and_not_used(
    typed: TypedFeatures,
    wishes: list[object],
    picture: Callable[[QWidget], QImage],
    text: str,
    sentence: str,
) -> None:
    add(typed, "x1**2")
    write(typed, text)
    assert sentence in said(typed)
    image = picture(typed.field.line)
    bottom = range(image.height() // 2, image.height() - 4)
    reds = [(x, y) for x in range(8, image.width() - 30) for y in bottom if image.pixelColor(x, y).name() == "#d64545"]
    assert reds, "nothing is underlined"
    press(Key.Key_Return)
    assert in_use(typed) == ["x1**2"]
    assert typed.field.line.text() == text
    assert len(wishes) == 1


def test_an_empty_line_is_no_mistake(typed: TypedFeatures, wishes: list[object]) -> None:
    write(typed, "x1*")
    QTest.keyClicks(typed.field.line, "\b\b\b")
    press(Key.Key_Return)
    assert said(typed) == []
    assert wishes == []


def test_a_feature_is_removed_by_a_click(typed: TypedFeatures) -> None:
    add(typed, "x1*x2", "x1**2", "sin(x1)")
    QTest.mouseClick(typed.chips[1].remove_button, Qt.MouseButton.LeftButton)
    assert in_use(typed) == ["x1*x2", "sin(x1)"]


def test_features_are_reached_and_removed_by_the_keyboard(typed: TypedFeatures) -> None:
    add(typed, "x1*x2", "x1**2", "sin(x1)")
    assert typed.field.line.hasFocus()
    press(Key.Key_Backtab, Qt.KeyboardModifier.ShiftModifier)
    assert typed.chips[2].remove_button.hasFocus()
    press(Key.Key_Backtab, Qt.KeyboardModifier.ShiftModifier)
    assert typed.chips[2].edit_button.hasFocus()
    press(Key.Key_Delete)
    assert in_use(typed) == ["x1*x2", "x1**2"]
    assert typed.chips[1].edit_button.hasFocus()
    press(Key.Key_Tab)
    assert typed.chips[1].remove_button.hasFocus()
    press(Key.Key_Space)
    press(Key.Key_Backspace)
    assert in_use(typed) == []
    assert typed.field.line.hasFocus()


def test_tab_goes_from_the_chips_of_the_panel_over_the_features_to_the_line(
    panel: DataPanel, typed: TypedFeatures
) -> None:
    add(typed, "x1*x2", "x1**2")
    last = next(each for each in panel.findChildren(QWidget) if each.accessibleName() == f"Feature {CHIPS[4]}")
    last.setFocus()
    visited = []
    for _ in range(5):
        press(Key.Key_Tab)
        visited.append(QApplication.focusWidget())
    buttons = [button for chip in typed.chips for button in (chip.edit_button, chip.remove_button)]
    assert visited == [*buttons, typed.field.line]


def test_the_focus_is_seen(typed: TypedFeatures, picture: Callable[[QWidget], QImage]) -> None:
    add(typed, "x1*x2")
    chip = typed.chips[0]
    for button in (chip.edit_button, chip.remove_button):
        typed.field.line.setFocus()
        without = picture(chip)
        button.setFocus(Qt.FocusReason.TabFocusReason)
        assert picture(chip) != without


@pytest.mark.parametrize("by_key", [False, True])
def test_a_feature_is_changed_in_its_place(typed: TypedFeatures, by_key: bool) -> None:
    add(typed, "x1*x2", "x1**2")
    if by_key:
        typed.chips[0].edit_button.setFocus()
        press(Key.Key_Return)
    else:
        QTest.mouseClick(typed.chips[0].edit_button, Qt.MouseButton.LeftButton)
    assert typed.field.line.text() == "x1*x2"
    assert any("Return changes it" in text for text in said(typed))
    press(Key.Key_End)
    QTest.keyClicks(typed.field.line, "**3")
    press(Key.Key_Return)
    assert in_use(typed) == ["x1*x2**3", "x1**2"]
    assert typed.field.line.text() == ""


def test_escape_leaves_a_feature_as_it_was(typed: TypedFeatures) -> None:
    add(typed, "x1*x2")
    QTest.mouseClick(typed.chips[0].edit_button, Qt.MouseButton.LeftButton)
    QTest.keyClicks(typed.field.line, "x1")
    press(Key.Key_Escape)
    assert in_use(typed) == ["x1*x2"]
    add(typed, "x1")
    assert in_use(typed) == ["x1*x2", "x1"]


def test_a_feature_whose_line_is_emptied_is_still_the_one_that_is_changed(typed: TypedFeatures) -> None:
    add(typed, "x1*x2", "x1**2")
    QTest.mouseClick(typed.chips[0].edit_button, Qt.MouseButton.LeftButton)
    press(Key.Key_Delete)
    assert typed.field.line.text() == ""
    press(Key.Key_Return)
    assert in_use(typed) == ["x1*x2", "x1**2"]
    QTest.keyClicks(typed.field.line, "sin(x2)")
    press(Key.Key_Return)
    assert in_use(typed) == ["sin(x2)", "x1**2"]


def test_a_feature_that_is_gone_while_it_is_changed_can_be_added_again(typed: TypedFeatures) -> None:
    add(typed, "x1*x2")
    QTest.mouseClick(typed.chips[0].edit_button, Qt.MouseButton.LeftButton)
    typed.set_formulas(())
    assert typed.field.line.text() == "x1*x2"
    assert "Return adds it." in said(typed)
    press(Key.Key_Return)
    assert in_use(typed) == ["x1*x2"]


def test_no_more_than_can_be_kept_are_added(typed: TypedFeatures) -> None:
    typed.set_formulas(tuple(f"x1**{power}" for power in range(2, 2 + MOST_FORMULAS)))
    add(typed, "x1*x2")
    assert len(typed.chips) == MOST_FORMULAS
    assert f"There are {MOST_FORMULAS} typed features, and there can be no more: take one away first." in said(typed)
    assert typed.field.line.text() == "x1*x2"


def test_with_one_input_it_is_called_x(typed: TypedFeatures) -> None:
    typed.set_inputs(("x",), POINTS[:, :1])
    write(typed, "x + q")
    assert "“q” is not known: use x." in said(typed)
    add(typed, "sin(3*x)", "x1**2")
    assert in_use(typed) == ["sin(3*x)", "x1**2"]


def test_other_data_are_told_to_the_line_that_is_being_typed(typed: TypedFeatures) -> None:
    write(typed, "x1*x2")
    typed.set_inputs(("x",), POINTS[:, :1])
    assert "“x2” is not known: use x and x1." in said(typed)
    assert typed.field.line.text() == "x1*x2"


def test_of_a_table_it_is_said_what_the_inputs_are_called(typed: TypedFeatures) -> None:
    names = ("alcohol", "malic acid", *(f"column {place}" for place in range(3, 10)))
    typed.set_inputs(names, np.ones((3, 9)))
    assert any(text.startswith("x1 is alcohol") for text in said(typed))
    write(typed, "Alcohol*2")
    assert "Write x1 for alcohol." in said(typed)
    write(typed, "x10")
    assert "“x10” is not known: use x1, x2 and so on to x9." in said(typed)


def test_a_table_of_hundreds_of_columns_is_no_trouble(typed: TypedFeatures) -> None:
    typed.set_inputs(tuple(f"gene {place}" for place in range(1, 501)), np.ones((50, 500), np.float32))
    write(typed, "x1*x499*x500")
    assert typed.plot.isVisible()
    assert "x₅₀₀ at its mean" in typed.plot.accessibleDescription()
    assert any(text.startswith("x1 is gene 1 …") for text in said(typed))
    press(Key.Key_Return)
    assert in_use(typed) == ["x1*x499*x500"]


def test_the_picture_of_one_input_holds_the_values_of_the_formula() -> None:
    graph = graph_of(term_of("exp(-x2**2)", 2), POINTS)
    (span,) = graph.spans
    assert (span.name, span.low, span.high) == ("x₂", 0.0, 10.0)
    np.testing.assert_allclose(graph.values, np.exp(-(np.linspace(0, 10, len(graph.values)) ** 2)))


def test_the_picture_of_more_inputs_holds_the_others_at_their_means() -> None:
    X = np.array([[0.0, 0.0, 1.0], [1.0, 2.0, 5.0]])
    graph = graph_of(term_of("x1 + 10*x2 + 100*x3", 3), X)
    n = len(graph.values)
    expected = np.linspace(0, 1, n)[None, :] + 10 * np.linspace(0, 2, n)[:, None] + 300
    np.testing.assert_allclose(graph.values, expected)
    assert graph.others == ("x₃",)


def test_a_pole_does_not_flatten_the_picture() -> None:
    graph = graph_of(term_of("1/x1", 2), np.array([[-1.0, 0.0], [1.001, 0.0]]))
    assert np.abs(graph.values).max() > 200
    assert -30 < graph.low < graph.high < 30


def test_without_points_the_inputs_go_from_minus_one_to_one() -> None:
    graph = graph_of(term_of("log(x1)", 2), np.zeros((0, 2)))
    assert (graph.spans[0].low, graph.spans[0].high) == (-1.0, 1.0)
    assert np.isnan(graph.values[0])


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_a_product_is_painted_in_two_colours(
    qapp: QApplication,
    show: Callable[[QWidget, int, int], QWidget],
    picture: Callable[[QWidget], QImage],
    theme: object,
) -> None:
    apply_theme(qapp, DARK if theme is DARK else LIGHT)
    plot = FormulaPlot()
    plot.set_graph(graph_of(term_of("x1*x2", 2), np.array([[-1.0, -1.0], [1.0, 1.0]])))
    show(plot, 220, plot.height())
    image = picture(plot)
    low, high = 12, plot.height() - 13
    upper_right, upper_left = image.pixelColor(high, low), image.pixelColor(low, low)
    assert upper_right.red() > upper_right.blue() + 80
    assert upper_left.blue() > upper_left.red() + 80
    assert image.pixelColor((low + high) // 2, low).name() != upper_left.name()
    assert active_theme() is theme


def test_nothing_is_cut_off_with_long_formulas(panel: DataPanel, typed: TypedFeatures) -> None:
    add(typed, "exp(-(x1-0.5)**2-(x2+0.25)**2)*sin(3*x1)*cos(3*x2)", "x1**2")
    assert all(isinstance(chip, FeatureChip) and chip.width() < WIDTH for chip in typed.chips)
    assert "…" in typed.chips[0].edit_button.text()
    assert "sin(3*x₁)*cos(3*x₂)" in typed.chips[0].edit_button.toolTip()
    write(typed, "x1*x2")
    QApplication.processEvents()
    assert cut_off(typed) == []


def test_where_a_feature_has_no_value_is_said_while_it_is_typed(typed: TypedFeatures) -> None:
    typed.set_inputs(("x1", "x2"), np.array([[-1.0, 2.0], [0.5, 1.0], [0.0, 3.0], [2.0, 2.0]]))
    write(typed, "log(x1)")
    assert "Not a finite number at 2 of 4 points, such as (-1, 2)." in [
        label.text() for label in typed.field.findChildren(QLabel)
    ]
    write(typed, "log(x2)")
    assert not any("finite" in label.text() for label in typed.field.findChildren(QLabel))
