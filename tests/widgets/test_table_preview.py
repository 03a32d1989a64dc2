"""The dialog about a table: it shows what was found, and every correction is a wish."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QPushButton, QStyle, QStyledItemDelegate, QStyleOptionViewItem
from pytestqt.qtbot import QtBot

from tests.widgets.clipping import cut_off
from widgets.sections import ElidedLabel, Sentence
from widgets.style import apply_theme
from widgets.table_card import TableCard, TableChips
from widgets.table_models import PreviewChoice, PreviewColumn, PreviewContent
from widgets.table_preview import TablePreview
from widgets.theme import DARK, LIGHT

Show = Callable[..., Any]
KINDS = (("numerical", "Number"), ("nominal", "Category"), ("text", "Left out"))
CONTENT = PreviewContent(
    title="cars.csv: 3 rows, 4 columns",
    rows=(("1,5", "red", "a\nb", "x"), ("2", "blue", "c", "y"), ("?", "red", "d", "x")),
    columns=(
        PreviewColumn("power", "numerical", True, 1, ""),
        PreviewColumn("colour", "nominal", False, 0, "blue, red"),
        PreviewColumn("note", "text", None, 0, "3 different texts: left out"),
        PreviewColumn("sold", "nominal", None, 0, "x, y"),
    ),
    kinds=KINDS,
    choices=(
        PreviewChoice("separator", "Separator", "Between two cells.", ((",", "Comma"), (";", "Semicolon ✓")), ";"),
        PreviewChoice("header", "Header", "Names in the first row.", (("yes", "Yes ✓"), ("no", "No")), "yes"),
    ),
    targets=("power", "colour", "sold"),
    target="sold",
    target_as=PreviewChoice("target_as", "as", "Classes or numbers.", (("auto", "By its kind"), ("classes", "Classes")),
                            "auto"),
    remarks=("A remark about the table.",),
    problem="",
)  # fmt: skip


@pytest.fixture
def dialog(show: Show, qapp: QApplication) -> TablePreview:
    apply_theme(qapp, LIGHT)
    return show(TablePreview(CONTENT, "Open table"), 860, 640)


def box_at(dialog: TablePreview, row: int) -> QPoint:
    """Where the check box of a column is."""
    view = dialog.columns_view
    index = view.model().index(row, 0)
    option = QStyleOptionViewItem()
    delegate = view.itemDelegate()
    assert isinstance(delegate, QStyledItemDelegate)
    delegate.initStyleOption(option, index)
    option.rect = view.visualRect(index)
    option.features |= QStyleOptionViewItem.ViewItemFeature.HasCheckIndicator
    rect: QRect = view.style().subElementRect(QStyle.SubElement.SE_ItemViewItemCheckIndicator, option, view)
    return rect.center()


def pick(box: QComboBox, key: str) -> None:
    box.setFocus()
    while box.currentData() != key:
        QTest.keyClick(box, Qt.Key.Key_Down if box.findData(key) > box.currentIndex() else Qt.Key.Key_Up)


def texts(dialog: TablePreview) -> list[list[str]]:
    model = dialog.columns_view.model()
    return [
        [str(model.index(row, column).data() or "") for column in range(model.columnCount())]
        for row in range(model.rowCount())
    ]


def test_it_shows_rows_and_what_was_found(dialog: TablePreview) -> None:
    rows = dialog.rows_view.model()
    assert [rows.index(0, column).data() for column in range(4)] == ["1,5", "red", "a b", "x"]
    assert [rows.headerData(column, Qt.Orientation.Horizontal) for column in range(4)] == [
        "power", "colour", "note", "sold",
    ]  # fmt: skip
    assert texts(dialog) == [
        ["power", "Number ▾", "1", ""],
        ["colour", "Category ▾", "", "blue, red"],
        ["note", "Left out ▾", "", "3 different texts: left out"],
        ["sold  (target)", "Category ▾", "", "x, y"],
    ]
    assert dialog.choice("separator").currentText() == "Semicolon ✓"
    assert dialog.target.currentText() == "sold"


def test_a_check_is_a_wish_for_a_feature(dialog: TablePreview, qtbot: QtBot) -> None:
    with qtbot.waitSignal(dialog.feature_toggled) as heard:
        QTest.mouseClick(dialog.columns_view.viewport(), Qt.MouseButton.LeftButton, pos=box_at(dialog, 1))
    assert heard.args == ["colour", True]
    dialog.columns_view.setFocus()
    dialog.columns_view.setCurrentIndex(dialog.columns_view.model().index(0, 0))
    with qtbot.waitSignal(dialog.feature_toggled) as heard:
        QTest.keyClick(dialog.columns_view, Qt.Key.Key_Space)
    assert heard.args == ["power", False]


def test_texts_and_the_target_have_nothing_to_check(dialog: TablePreview) -> None:
    model = dialog.columns_view.model()
    for row in (2, 3):
        assert model.index(row, 0).data(Qt.ItemDataRole.CheckStateRole) is None
        assert not model.flags(model.index(row, 0)) & Qt.ItemFlag.ItemIsUserCheckable


def test_the_kind_is_chosen_by_keyboard(dialog: TablePreview, qtbot: QtBot) -> None:
    view = dialog.columns_view
    view.setFocus()
    view.setCurrentIndex(view.model().index(0, 1))
    QTest.keyClick(view, Qt.Key.Key_F2)
    editor = view.findChild(QComboBox)
    assert editor is not None
    with qtbot.waitSignal(dialog.kind_changed) as heard:
        QTest.keyClick(editor, Qt.Key.Key_Down)
    assert heard.args == ["power", "nominal"]
    qtbot.waitUntil(lambda: view.findChild(QComboBox) is None)


def test_choices_about_the_file_and_the_target_are_wishes(dialog: TablePreview, qtbot: QtBot) -> None:
    for box, key in (("separator", ","), ("header", "no"), ("target_as", "classes")):
        with qtbot.waitSignal(dialog.choice_changed) as heard:
            pick(dialog.choice(box), key)
        assert heard.args == [box, key]
    with qtbot.waitSignal(dialog.target_chosen) as heard:
        pick(dialog.target, "colour")
    assert heard.args == ["colour"]
    for name, chosen in (("All features", True), ("No features", False)):
        button = next(each for each in dialog.findChildren(QPushButton) if each.accessibleName() == name)
        with qtbot.waitSignal(dialog.all_features_requested) as heard:
            button.click()
        assert heard.args == [chosen]


def test_another_content_is_shown_without_a_wish(dialog: TablePreview) -> None:
    heard: list[object] = []
    for signal in (dialog.choice_changed, dialog.kind_changed, dialog.feature_toggled, dialog.target_chosen):
        signal.connect(lambda *_: heard.append(1))
    columns = (replace(CONTENT.columns[0], kind="nominal", chosen=None), *CONTENT.columns[1:])
    dialog.set_content(replace(CONTENT, columns=columns, target="power", problem="Choose another target."))
    assert texts(dialog)[0][:2] == ["power  (target)", "Category ▾"]
    assert dialog.target.currentText() == "power"
    assert [each.text() for each in dialog.findChildren(Sentence) if each.isVisible()] == ["Choose another target."]
    assert not dialog.open_button.isEnabled()
    assert heard == []


def test_enter_opens_and_escape_does_not(dialog: TablePreview) -> None:
    QTest.keyClick(dialog.target, Qt.Key.Key_Return)
    assert dialog.result() == TablePreview.DialogCode.Accepted
    dialog.show()
    QTest.keyClick(dialog.columns_view, Qt.Key.Key_Escape)
    assert dialog.result() == TablePreview.DialogCode.Rejected


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_nothing_is_cut_off(show: Show, qapp: QApplication, theme: Any) -> None:
    apply_theme(qapp, theme)
    dialog = show(TablePreview(CONTENT, "Open table"), 640, 480)
    assert cut_off(dialog) == []


def test_ten_thousand_columns_are_listed(show: Show) -> None:
    columns = tuple(PreviewColumn(f"c{index}", "numerical", True, 0, "") for index in range(10_000))
    rows = tuple(tuple("1" for _ in columns) for _ in range(3))
    content = replace(CONTENT, rows=rows, columns=columns, targets=("c0",), target="c0")
    dialog = show(TablePreview(content, "Open table"), 860, 640)
    assert dialog.columns_view.model().rowCount() == dialog.rows_view.model().columnCount() == 10_000


def test_a_card_shows_the_table_and_asks_for_another_target(show: Show, qtbot: QtBot) -> None:
    card = show(TableCard(82), 240, 120)
    card.set_table("cars", 1234, 3, ("power", "sold"), "sold")
    assert "1,234 rows × 3 features" in [each.toolTip() for each in card.findChildren(ElidedLabel)]
    with qtbot.waitSignal(card.target_chosen) as heard:
        pick(card.target, "power")
    assert heard.args == ["power"]
    with qtbot.waitSignal(card.columns_requested):
        card.columns_button.click()


def test_the_tables_that_come_along_have_a_button_each(show: Show, qtbot: QtBot) -> None:
    chips = show(TableChips(), 240, 200)
    chips.set_entries([("iris", "Iris", "Flowers."), ("wine", "Wine", "Wines.")])
    chips.set_open(True)
    chips.set_chosen("Wine")
    with qtbot.waitSignal(chips.chosen) as heard:
        QTest.mouseClick(chips.chip("iris"), Qt.MouseButton.LeftButton)
    assert heard.args == ["iris"]
    assert [chips.chip(key).isChecked() for key in ("iris", "wine")] == [False, True]
