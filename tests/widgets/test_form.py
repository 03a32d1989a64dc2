"""Forms: every declared field has a described control, and controls say exactly what a person did."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QLabel, QMenu, QWidget
from pytestqt.qtbot import QtBot

from engine.experiment import GeneratedData, Preparation
from engine.learners.linear_regression import LinearRegression
from engine.learners.mlp import MultilayerPerceptron
from engine.settings import Settings, choice
from engine.training_settings import Loss, Optimizer, Regularization, StopConditions, Training
from widgets.fields import FieldSpec, field_specs, number_text, slider_stops
from widgets.form import ChoiceControl, FieldRow, FlagControl, Form
from widgets.sections import Fold
from widgets.sliders import JumpSlider, NumberBox, NumberControl
from widgets.style import apply_theme
from widgets.theme import LIGHT

SETTINGS: tuple[type[Settings], ...] = (
    GeneratedData, Preparation, Loss, Optimizer, Regularization, StopConditions, Training, LinearRegression,
    MultilayerPerceptron,
)  # fmt: skip
FIELDS = [pytest.param(owner, spec, id=f"{owner.__name__}.{spec.name}")
          for owner in SETTINGS for spec in field_specs(owner, "a.b")]  # fmt: skip
NUMBERS = [param for param in FIELDS if param.values[1].kind in ("int", "float")]  # type: ignore[union-attr]

Heard = list[tuple[str, Any, bool]]


class Bent(Settings):
    """Fields with what the experiment's own do not have: open bounds, a unit, a signed range."""

    angle: float = choice(0.0, "Angle", "How far it turns.", ge=-90.0, le=90.0, step=0.5, unit="°")
    share: float = choice(0.5, "Share", "A part of the whole.", gt=0.0, lt=1.0)


@pytest.fixture(autouse=True)
def _light(qapp: QApplication) -> None:
    apply_theme(qapp, LIGHT)


@pytest.fixture
def heard() -> Heard:
    return []


def shown(qtbot: QtBot, settings: Settings, heard: Heard, prefix: str = "a.b", **options: Any) -> Form:
    form = Form(type(settings), prefix, **options)
    qtbot.addWidget(form)
    if form.fold is not None:
        form.column.addWidget(form.fold)
    form.edited.connect(lambda path, value, final: heard.append((path, value, final)))
    form.set_value(settings)
    form.resize(300, form.sizeHint().height())
    form.show()
    qtbot.waitExposed(form)
    return form


def number_of(form: Form, name: str) -> tuple[JumpSlider | None, NumberBox]:
    control = form.row(name).control
    assert isinstance(control, NumberControl)
    return control.slider, control.box


def type_into(qtbot: QtBot, box: NumberBox, text: str, key: Qt.Key = Qt.Key.Key_Return) -> None:
    box.setFocus()
    box.selectAll()
    qtbot.keyClicks(box, text)
    qtbot.keyClick(box, key)


def sentence_of(row: FieldRow) -> str:
    return " ".join(
        label.text() for label in row.findChildren(QLabel) if label.property("look") == "sentence" and label.isVisible()
    )


def menu_entry(text: str) -> Any:
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    return menu, next(action for action in menu.actions() if action.text().startswith(text))


@pytest.mark.parametrize(("owner", "spec"), FIELDS)
def test_every_field_has_label_tooltip_and_accessible_name(
    qtbot: QtBot, owner: type[Settings], spec: FieldSpec
) -> None:
    form = Form(owner, "a.b")
    qtbot.addWidget(form)
    row = form.row(spec.name)
    focusable = [part for part in row.findChildren(QWidget) if part.focusPolicy() & Qt.FocusPolicy.TabFocus]
    assert focusable, "the keyboard reaches it"
    for part in focusable:
        assert part.accessibleName()
        assert spec.help in part.toolTip()
        assert f"Default: {spec.value_text(spec.default)}." in part.toolTip()
    if isinstance(row.control, FlagControl):
        assert row.control.text() == spec.title
    else:
        assert row.label.text() == spec.title
        assert row.label.buddy() is row.control


@pytest.mark.parametrize(("owner", "spec"), FIELDS)
def test_a_form_shows_what_it_is_given_and_says_nothing(
    qtbot: QtBot, owner: type[Settings], spec: FieldSpec, heard: Heard
) -> None:
    form = Form(owner, "a.b")
    qtbot.addWidget(form)
    form.edited.connect(lambda *edit: heard.append(edit))
    value = {
        "flag": not spec.default,
        "choice": spec.options[-1][0] if spec.options else None,
        "int": 3,
        "float": 0.375,
    }[spec.kind]
    form.set_value(owner().model_copy(update={spec.name: value}))
    control = form.row(spec.name).control
    if isinstance(control, NumberControl):
        assert control.box.text() == number_text(control.value, spec.step)
        assert control.value == value
    elif isinstance(control, FlagControl):
        assert control.isChecked() is value
    else:
        part = control.combo or control.segments
        assert part is not None
        shown_key = (
            control.combo.currentData()
            if control.combo
            else control.segments and next(key for key, _ in spec.options if control.segments.button(key).isChecked())
        )
        assert shown_key == value
    assert heard == []


@pytest.mark.parametrize(("owner", "spec"), NUMBERS)
def test_any_number_in_range_can_be_typed_exactly(
    qtbot: QtBot, owner: type[Settings], spec: FieldSpec, heard: Heard
) -> None:
    row = FieldRow(spec)
    qtbot.addWidget(row)
    row.edited.connect(lambda *edit: heard.append(edit))
    row.show()
    assert isinstance(row.control, NumberControl)
    low, high = spec.minimum, min(spec.maximum, 1e9)
    wishes: list[float] = [high, low, low + (high - low) * 0.1234567890123]
    for wish in wishes:
        value = round(wish) if spec.kind == "int" else wish
        heard.clear()
        row.set_value(spec.default)
        type_into(qtbot, row.control.box, repr(value))
        assert heard == ([] if value == spec.default else [("a.b." + spec.name, value, True)])


@pytest.mark.parametrize(("owner", "spec"), NUMBERS)
def test_a_number_out_of_range_is_refused_in_place_and_the_old_one_stays(
    qtbot: QtBot, owner: type[Settings], spec: FieldSpec, heard: Heard
) -> None:
    row = FieldRow(spec)
    qtbot.addWidget(row)
    row.edited.connect(lambda *edit: heard.append(edit))
    row.show()
    control = row.control
    assert isinstance(control, NumberControl)
    for text in (repr(spec.minimum - 1), "abc", "nan", "inf", ""):
        type_into(qtbot, control.box, text) if text else type_into(qtbot, control.box, " ")
        assert spec.title in sentence_of(row)
        assert spec.range_text() in sentence_of(row)
        assert control.box.text().strip() == text, "what was typed is not lost"
        assert control.box.property("wrong") is True
        assert control.value == spec.default
    qtbot.keyClick(control.box, Qt.Key.Key_Escape)
    assert sentence_of(row) == ""
    assert float(control.box.text()) == spec.default
    assert heard == []


def test_a_refused_number_survives_a_refresh_and_yields_to_a_new_value(qtbot: QtBot, heard: Heard) -> None:
    form = shown(qtbot, GeneratedData(), heard)
    _, box = number_of(form, "noise")
    type_into(qtbot, box, "7")
    form.set_value(GeneratedData(n_points=50))
    assert box.text() == "7"
    assert "from 0 to 2" in sentence_of(form.row("noise"))
    form.set_value(GeneratedData(n_points=50, noise=0.3))
    assert sentence_of(form.row("noise")) == ""


def test_a_whole_number_is_asked_for_where_one_is_meant(qtbot: QtBot, heard: Heard) -> None:
    form = shown(qtbot, GeneratedData(), heard)
    _, box = number_of(form, "seed")
    type_into(qtbot, box, "2.5")
    assert "whole number" in sentence_of(form.row("seed"))
    type_into(qtbot, box, "2147483647")
    assert heard == [("a.b.seed", 2147483647, True)]


def test_a_decimal_comma_and_a_unit_are_understood(qtbot: QtBot, heard: Heard) -> None:
    form = shown(qtbot, Bent(), heard, "")
    _, box = number_of(form, "angle")
    assert box.text() == "0.0 °"
    for text in ("12,5 °", "−45"):
        QApplication.clipboard().setText(text)
        box.setFocus()
        box.selectAll()
        qtbot.keyClick(box, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
        qtbot.keyClick(box, Qt.Key.Key_Return)
    assert heard == [("angle", 12.5, True), ("angle", -45.0, True)]


def test_open_bounds_are_not_in_the_range(qtbot: QtBot, heard: Heard) -> None:
    form = shown(qtbot, Bent(), heard, "")
    slider, box = number_of(form, "share")
    type_into(qtbot, box, "0")
    assert "above 0 to below 1" in sentence_of(form.row("share"))
    assert slider is not None
    slider.setValue(slider.minimum())
    assert 0 < heard[-1][1] < 1


def test_dragging_a_slider_says_each_value_and_the_last_one_for_good(qtbot: QtBot, heard: Heard) -> None:
    form = shown(qtbot, GeneratedData(noise=0.0), heard)
    slider, box = number_of(form, "noise")
    assert slider is not None
    y = slider.height() // 2
    qtbot.mousePress(slider, Qt.MouseButton.LeftButton, pos=QPoint(10, y))
    qtbot.mouseMove(slider, QPoint(slider.width() // 2, y))
    qtbot.mouseMove(slider, QPoint(slider.width() + 40, y))
    assert heard
    assert not any(final for _, _, final in heard)
    qtbot.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() + 40, y))
    assert heard[-1] == ("a.b.noise", 2.0, True)
    assert sum(final for _, _, final in heard) == 1
    assert box.text() == "2.00"


def test_a_slider_follows_the_hand_even_if_the_document_answers_late(qtbot: QtBot, heard: Heard) -> None:
    form = shown(qtbot, GeneratedData(noise=0.0), heard)
    slider, _ = number_of(form, "noise")
    assert slider is not None
    qtbot.mousePress(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() // 2, 10))
    place = slider.value()
    form.set_value(GeneratedData(noise=0.0))
    assert slider.value() == place
    qtbot.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() // 2, 10))


def test_a_key_on_a_slider_is_one_final_edit(qtbot: QtBot, heard: Heard) -> None:
    form = shown(qtbot, Optimizer(learning_rate=0.03), heard)
    slider, _ = number_of(form, "learning_rate")
    assert slider is not None
    slider.setFocus()
    qtbot.keyClick(slider, Qt.Key.Key_Right)
    assert heard == [("a.b.learning_rate", 0.04, True)]


def test_arrow_keys_in_a_number_box_walk_the_sliders_stops(qtbot: QtBot, heard: Heard) -> None:
    form = shown(qtbot, Optimizer(learning_rate=0.03), heard)
    _, box = number_of(form, "learning_rate")
    qtbot.keyClick(box, Qt.Key.Key_Down)
    qtbot.keyClick(box, Qt.Key.Key_PageUp)
    assert [value for _, value, _ in heard] == [0.025, 0.25]


@pytest.mark.parametrize("name", ["l1", "l2"])
def test_a_ratio_slider_begins_at_zero_where_zero_is_allowed(qtbot: QtBot, name: str, heard: Heard) -> None:
    form = shown(qtbot, Regularization(l1=0.5, l2=0.5), heard)
    slider, _ = number_of(form, name)
    assert slider is not None
    slider.setFocus()
    qtbot.keyClick(slider, Qt.Key.Key_Home)
    assert heard[-1] == (f"a.b.{name}", 0.0, True)
    qtbot.keyClick(slider, Qt.Key.Key_End)
    assert heard[-1] == (f"a.b.{name}", 100.0, True)


@pytest.mark.parametrize(("owner", "spec"), NUMBERS)
def test_stops_increase_within_the_range_and_reach_its_ends(owner: type[Settings], spec: FieldSpec) -> None:
    stops = slider_stops(spec)
    if not stops:
        assert spec.maximum - spec.minimum > 100, "a slider is missing only where it could not be aimed"
        return
    assert (stops[0], stops[-1]) == (spec.minimum, spec.maximum)
    assert list(stops) == sorted(set(stops))
    assert all(owner.model_fields[spec.name].annotation is type(stop) for stop in stops)
    if spec.log:
        ratios = [b / a for a, b in pairwise(stops) if a >= 10]
        assert all(ratio < 1.5 for ratio in ratios)


def test_a_combo_box_says_the_name_in_the_document(qtbot: QtBot, heard: Heard) -> None:
    form = shown(qtbot, Loss(), heard)
    control = form.row("kind").control
    assert isinstance(control, ChoiceControl)
    assert control.combo is not None
    control.combo.setFocus()
    qtbot.keyClick(control.combo, Qt.Key.Key_Home)
    assert heard == [("a.b.kind", "squared", True)]
    assert control.combo.currentText() == "Squared"


def test_few_short_names_stand_side_by_side(qtbot: QtBot, heard: Heard) -> None:
    form = shown(qtbot, Optimizer(), heard)
    control = form.row("schedule").control
    assert isinstance(control, ChoiceControl)
    assert control.segments is not None
    qtbot.mouseClick(control.segments.button("cosine"), Qt.MouseButton.LeftButton)
    assert heard == [("a.b.schedule", "cosine", True)]


def test_a_flag_is_clicked(qtbot: QtBot, heard: Heard) -> None:
    form = shown(qtbot, MultilayerPerceptron(), heard)
    control = form.row("skip").control
    qtbot.mouseClick(control, Qt.MouseButton.LeftButton, pos=QPoint(8, control.height() // 2))
    assert heard == [("a.b.skip", True, True)]


def test_a_field_that_means_nothing_now_is_hidden(qtbot: QtBot, heard: Heard) -> None:
    form = shown(qtbot, Loss(kind="huber"), heard)
    assert form.row("delta").isVisible()
    form.set_value(Loss(kind="hinge"))
    assert not form.row("delta").isVisible()


def test_advanced_fields_are_one_click_away_and_counted_when_changed(qtbot: QtBot, heard: Heard) -> None:
    fold = Fold("more")
    form = shown(qtbot, Optimizer(kind="adam"), heard, fold=fold)
    assert not form.row("beta1").isVisible()
    qtbot.mouseClick(fold.button, Qt.MouseButton.LeftButton)
    assert form.row("beta1").isVisible()
    assert not form.row("momentum").isVisible()
    form.set_value(Optimizer(kind="adam", beta1=0.5, momentum=0.5))
    assert fold.button.text() == "More (1 changed)"


def test_a_mark_shows_its_sentence_beneath_and_opens_the_fold(qtbot: QtBot, heard: Heard) -> None:
    fold = Fold("more")
    form = shown(qtbot, Optimizer(), heard, "training.optimizer", fold=fold)
    assert form.mark("training.optimizer.clip", "The gradient is clipped to nothing.")
    assert sentence_of(form.row("clip")) == "The gradient is clipped to nothing."
    assert form.row("clip").isVisible()
    assert form.mark("training.optimizer.clip", None)
    assert sentence_of(form.row("clip")) == ""
    assert not form.mark("training.loss.kind", "Elsewhere.")


@pytest.mark.parametrize("target", ["label", "slider", "box"])
def test_the_context_menu_resets_to_the_default(qtbot: QtBot, target: str, heard: Heard) -> None:
    form = shown(qtbot, GeneratedData(noise=0.7), heard)
    slider, box = number_of(form, "noise")
    widget: Any = {"label": form.row("noise").label, "slider": slider, "box": box}[target]
    place = widget.rect().center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, widget.mapToGlobal(place))
    QApplication.sendEvent(widget, event)
    menu, action = menu_entry("Reset to default (0.10)")
    action.trigger()
    menu.close()
    assert heard == [("a.b.noise", 0.1, True)]


def test_numbers_are_written_with_the_digits_they_deserve() -> None:
    cases = [(0.1, 0.01, "0.10"), (0.123, 0.01, "0.123"), (300, None, "300"), (1e-5, None, "1e-5"),
             (0.0123456, None, "0.01235"), (100.0, None, "100"), (0.0, None, "0")]  # fmt: skip
    for value, step, text in cases:
        assert number_text(value, step) == text
        assert math.isclose(float(text), value, rel_tol=1e-3)


def test_a_number_shows_all_its_digits_while_it_is_edited(qtbot: QtBot, heard: Heard) -> None:
    form = shown(qtbot, Optimizer(learning_rate=0.0123456789), heard)
    _, box = number_of(form, "learning_rate")
    form.row("kind").control.setFocus()
    assert box.text() == "0.01235"
    with qtbot.waitActive(form):
        form.activateWindow()
    box.setFocus()
    assert box.text() == "0.0123456789"
    form.row("kind").control.setFocus()
    assert heard == [], "looking is not editing"


def test_a_theme_of_larger_letters_gives_labels_and_numbers_more_room(
    qapp: QApplication, qtbot: QtBot, heard: Heard
) -> None:
    form = shown(qtbot, GeneratedData(n_points=1_000_000), heard, label_width=90)
    _, box = number_of(form, "n_points")
    before = box.width()
    apply_theme(qapp, replace(LIGHT, name="presentation", font_size=20))
    qapp.processEvents()
    assert form.row("noise").label.minimumWidth() == round(90 * 20 / 13)
    assert box.width() > before
    assert box.fontMetrics().horizontalAdvance(box.text()) <= box.width() - 8
    apply_theme(qapp, LIGHT)
    assert box.fontMetrics().horizontalAdvance(box.text()) <= box.width() - 8
    assert form.row("noise").label.minimumWidth() == 90
