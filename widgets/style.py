"""The look of the application: Fusion, a palette, and one style sheet made from a `Theme`."""

from __future__ import annotations

from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from widgets.icons import sheet_image
from widgets.theme import LIGHT, Theme

_active = LIGHT


def active_theme() -> Theme:
    """The theme that was applied last. A widget that paints itself asks for it, and again on a style change."""
    return _active


def apply_theme(app: QApplication, theme: Theme) -> None:
    """Give every widget of `app` the colours and sizes of `theme`; what is open changes at once.

    Widgets that paint themselves hear of it as ``QEvent.StyleChange`` and read `active_theme`.
    """
    global _active
    if theme == _active and app.styleSheet():
        return
    _active = theme
    if app.style().objectName().lower() != "fusion":
        app.setStyle("Fusion")
    app.setPalette(palette(theme))
    font = QFont(app.font())
    font.setPixelSize(theme.font_size)
    app.setFont(font)
    app.setStyleSheet(style_sheet(theme))


def tabular(font: QFont, *, pixel_size: int | None = None, bold: bool = False) -> QFont:
    """A copy of `font` whose digits are all of one width, so that running numbers stand still."""
    copy = QFont(font)
    copy.setFeature(QFont.Tag("tnum"), 1)
    if pixel_size is not None:
        copy.setPixelSize(pixel_size)
    copy.setBold(bold)
    return copy


def scaled(pixels: int) -> int:
    """A width that is made for letters of the usual size, for those of the active theme."""
    return round(pixels * _active.font_size / LIGHT.font_size)


def set_look(widget: QWidget, name: str, value: object) -> None:
    """Set a property that the style sheet selects by, and have the widget drawn anew if it changed."""
    if widget.property(name) == value:
        return
    widget.setProperty(name, value)
    widget.style().unpolish(widget)
    widget.style().polish(widget)
    widget.update()


def palette(theme: Theme) -> QPalette:
    """The colours of `theme` in Qt's roles."""
    result = QPalette()
    roles = QPalette.ColorRole
    for role, colour in (
        (roles.Window, theme.window),
        (roles.WindowText, theme.text),
        (roles.Base, theme.raised),
        (roles.AlternateBase, theme.window),
        (roles.Text, theme.text),
        (roles.PlaceholderText, theme.muted),
        (roles.Button, theme.raised),
        (roles.ButtonText, theme.text),
        (roles.BrightText, theme.danger),
        (roles.Highlight, theme.accent),
        (roles.HighlightedText, theme.on_accent),
        (roles.Link, theme.accent),
        (roles.LinkVisited, theme.accent),
        (roles.ToolTipBase, theme.tooltip),
        (roles.ToolTipText, theme.on_tooltip),
        (roles.Light, theme.raised),
        (roles.Midlight, theme.border),
        (roles.Mid, theme.border),
        (roles.Dark, theme.border),
        (roles.Accent, theme.accent),
    ):
        result.setColor(role, QColor(colour))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, role, blend(theme.muted, theme.window, 0.35))
    return result


def blend(colour: str, other: str, share: float) -> QColor:
    """`colour` with `share` (0 to 1) of `other` mixed in."""
    a, b = QColor(colour), QColor(other)
    pairs = ((a.redF(), b.redF()), (a.greenF(), b.greenF()), (a.blueF(), b.blueF()))
    return QColor.fromRgbF(*(x * (1 - share) + y * share for x, y in pairs))


def style_sheet(theme: Theme) -> str:
    """The style sheet of the whole application.

    Widgets choose their look by properties: ``look`` = "heading", "title", "hint", "sentence", "card", "chip",
    "chip-text", "chip-remove", "tool", "ghost", "round", "bar", "panel", "epoch", "metric"; ``segment`` = "first",
    "middle", "last"; ``wrong``, ``inHand`` = true.
    """
    size = theme.font_size
    return _SHEET % {
        **{name: value for name, value in vars(theme).items() if isinstance(value, str)},
        "hover": blend(theme.raised, theme.text, 0.06).name(),
        "pressed": blend(theme.raised, theme.text, 0.12).name(),
        "faint": blend(theme.muted, theme.window, 0.45).name(),
        "strong_border": blend(theme.border, theme.text, 0.3).name(),
        "groove": blend(theme.border, theme.window, 0.2).name(),
        "card": blend(theme.window, theme.text, 0.03).name(),
        "accent_hover": blend(theme.accent, theme.text, 0.12).name(),
        "size": size,
        "small": size - 1,
        "tiny": size - 2,
        "title": size + 2,
        "large": size + 7,
        "down": sheet_image("chevron-down"),
        "up": sheet_image("chevron-up"),
        "left": sheet_image("chevron-left"),
        "right": sheet_image("chevron-right"),
        "close": sheet_image("close"),
        "float": sheet_image("float"),
        "check": sheet_image("check-dark" if QColor(theme.on_accent).lightness() < 128 else "check-light"),
    }


_SHEET = """
QDialogButtonBox { dialogbuttonbox-buttons-have-icons: 0; }
QMainWindow, QDialog, QScrollArea, QWidget[look="panel"], QWidget[look="bar"] { background: %(window)s; }
QScrollArea { border: none; }
QMainWindow::separator { background: %(border)s; width: 1px; height: 1px; }
QMainWindow::separator:hover { background: %(accent)s; }
QToolTip { background: %(tooltip)s; color: %(on_tooltip)s; border: 1px solid %(tooltip)s; padding: 4px 6px; }

QLabel[look="heading"] { color: %(muted)s; font-size: %(tiny)spx; font-weight: 600; }
QLabel[look="title"] { font-size: %(title)spx; font-weight: 700; }
QLabel[look="hint"] { color: %(muted)s; font-size: %(small)spx; }
QLabel[look="muted"] { color: %(muted)s; }
QLabel[look="danger"] { color: %(danger)s; font-weight: 600; }
QLabel[look="metric"] { color: %(muted)s; font-size: %(tiny)spx; }
QLabel[look="sentence"] { color: %(danger)s; background: %(danger_soft)s; border-radius: 5px; padding: 4px 7px;
  font-size: %(small)spx; }
QFrame[look="card"] { background: %(card)s; border: 1px solid %(border)s; border-radius: 6px; }
QFrame[look="palette"] { background: %(raised)s; border: 1px solid %(strong_border)s; border-radius: 8px; }
QFrame[look="palette"] QListView { border: none; padding: 0px; }
QTableView { background: %(window)s; alternate-background-color: %(card)s; border: 1px solid %(border)s;
  border-radius: 6px; }
QTableView::item { padding: 2px 8px; }
QTableView::item:focus { background: transparent; border: none; }
QHeaderView, QHeaderView::section { background: %(window)s; color: %(muted)s; border: none; padding: 2px 8px;
  min-height: 24px; }
QFrame[look="rule"] { background: %(border)s; border: none; }

QPushButton, QToolButton { background: %(raised)s; border: 1px solid %(border)s; border-radius: 6px;
  padding: 5px 10px; min-height: 17px; }
QPushButton:hover, QToolButton:hover { background: %(hover)s; border-color: %(strong_border)s; }
QPushButton:pressed, QToolButton:pressed { background: %(pressed)s; }
QPushButton:focus, QToolButton:focus { border: 1px solid %(accent)s; }
QPushButton:checked, QToolButton:checked { background: %(accent_soft)s; border-color: %(accent)s; color: %(accent)s; }
QPushButton:default { border-color: %(accent)s; }
QPushButton:disabled, QToolButton:disabled { background: transparent; color: %(faint)s; border-color: %(groove)s; }
QPushButton::menu-indicator, QToolButton::menu-indicator { image: none; width: 0px; }
QToolButton[popupMode="1"] { padding-right: 24px; }
QToolButton::menu-button { border: none; border-left: 1px solid %(border)s; width: 19px;
  border-top-right-radius: 5px; border-bottom-right-radius: 5px; background: transparent; }
QToolButton::menu-button:hover { background: %(hover)s; }
QToolButton::menu-arrow { image: url("%(down)s"); width: 12px; height: 12px; }
QToolButton[look="tool"] { padding: 0px; min-width: 30px; max-width: 30px; min-height: 30px; max-height: 30px; }
QToolButton[look="small"] { padding: 0px; min-width: 24px; max-width: 24px; min-height: 24px; max-height: 24px; }
QToolButton[look="thumbnail"] { padding: 0px; border-radius: 6px; background: %(stage)s; }
QToolButton[look="thumbnail"]:hover { border-color: %(strong_border)s; }
QToolButton[look="thumbnail"]:checked { border: 2px solid %(accent)s; }
QToolButton[look="thumbnail"]:focus { border: 2px solid %(accent)s; }
QToolButton[look="chip"] { padding: 3px 8px; }
QToolButton[look="chip"]:focus { border: 1px solid %(accent)s; background: %(hover)s; }
QToolButton[look="chip"]:checked:focus { background: %(accent_soft)s; border: 2px solid %(accent)s; padding: 2px 7px; }
QFrame[look="chip"] { background: %(accent_soft)s; border: 1px solid %(accent)s; border-radius: 6px; }
QFrame[look="chip"][inHand="true"] { background: transparent; border-style: dashed; }
QToolButton[look="chip-text"], QToolButton[look="chip-remove"] { background: transparent; color: %(accent)s;
  border: 1px solid transparent; border-radius: 5px; padding: 2px 4px 2px 7px; }
QToolButton[look="chip-remove"] { padding: 0px; min-width: 18px; max-width: 18px; }
QToolButton[look="chip-text"]:hover, QToolButton[look="chip-remove"]:hover { background: %(hover)s; }
QToolButton[look="chip-text"]:focus, QToolButton[look="chip-remove"]:focus { border-color: %(accent)s; }
QToolButton[look="ghost"] { background: transparent; border: 1px solid transparent; color: %(muted)s;
  padding: 1px 6px 1px 0px; min-height: 15px; text-align: left; }
QToolButton[look="ghost"]:hover { color: %(text)s; background: %(hover)s; }
QToolButton[look="ghost"]:focus { border-color: %(accent)s; }
QToolButton[look="ghost"]:checked { background: transparent; color: %(muted)s; border-color: transparent; }
QToolButton[look="ghost"]:checked:focus { border-color: %(accent)s; }
QToolButton[look="round"] { background: %(accent)s; border: 2px solid %(accent)s; border-radius: 17px; padding: 0px;
  min-width: 42px; max-width: 42px; min-height: 30px; max-height: 30px; }
QToolButton[look="round"]:hover { background: %(accent_hover)s; border-color: %(accent_hover)s; }
QToolButton[look="round"]:focus { border: 2px solid %(text)s; }
QToolButton[look="round"]:disabled { background: %(groove)s; border-color: %(groove)s; }

QPushButton[segment] { border-radius: 0px; border: 1px solid %(border)s; border-left: none; padding: 4px 4px; }
QPushButton[segment="first"] { border-left: 1px solid %(border)s; border-top-left-radius: 6px;
  border-bottom-left-radius: 6px; }
QPushButton[segment="last"] { border-top-right-radius: 6px; border-bottom-right-radius: 6px; }
QPushButton[segment]:checked { background: %(accent)s; color: %(on_accent)s; border-color: %(accent)s; }
QPushButton[segment]:focus { border: 2px solid %(strong_border)s; padding: 3px 2px; }
QPushButton[segment]:checked:focus { border: 2px solid %(text)s; }
QPushButton[segment]:checked:disabled { background: %(groove)s; color: %(muted)s; border-color: %(groove)s; }

QLineEdit, QComboBox, QAbstractSpinBox, QPlainTextEdit, QTextEdit { background: %(raised)s;
  border: 1px solid %(border)s; border-radius: 6px; padding: 4px 8px; min-height: 17px;
  selection-background-color: %(accent)s; selection-color: %(on_accent)s; }
QLineEdit:hover, QComboBox:hover, QAbstractSpinBox:hover { border-color: %(strong_border)s; }
QLineEdit:focus, QComboBox:focus, QAbstractSpinBox:focus, QPlainTextEdit:focus, QTextEdit:focus {
  border-color: %(accent)s; }
QLineEdit > QToolButton { background: transparent; border: none; padding: 0px; min-height: 0px; }
QLineEdit[look="number"] { padding: 1px 1px; min-height: 16px; background: transparent; border-color: transparent;
  border-radius: 4px; }
QLineEdit[look="number"]:hover { border-color: %(border)s; background: %(raised)s; }
QLineEdit[look="number"]:focus { border-color: %(accent)s; background: %(raised)s; }
QLineEdit[look="cell"] { padding: 3px 1px; min-height: 16px; }
QLineEdit[look="boxed"] { padding: 3px 6px; min-height: 16px; }
QLineEdit[wrong="true"], QComboBox[wrong="true"], QToolButton[wrong="true"], QFrame[look="card"][wrong="true"],
QLineEdit[look="number"][wrong="true"] { border: 1px solid %(danger)s; background: %(danger_soft)s; }
QWidget[wrong="true"] > QPushButton[segment] { border-color: %(danger)s; }
QLabel[wrong="true"], QCheckBox[wrong="true"] { color: %(danger)s; }
QComboBox { padding-right: 22px; }
QComboBox::drop-down { border: none; width: 22px; }
QComboBox::down-arrow, QSpinBox::down-arrow, QDoubleSpinBox::down-arrow {
  image: url("%(down)s"); width: 14px; height: 14px; }
QSpinBox::up-arrow, QDoubleSpinBox::up-arrow { image: url("%(up)s"); width: 12px; height: 12px; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { border: none; width: 18px; background: transparent; }
QComboBox QAbstractItemView, QListView { background: %(raised)s; border: 1px solid %(border)s; padding: 3px;
  outline: none; }
QComboBox QAbstractItemView::item, QListView::item { padding: 5px 7px; min-height: 18px; border-radius: 4px; }
QComboBox QAbstractItemView::item:selected, QListView::item:selected { background: %(accent_soft)s;
  color: %(text)s; }
QListView::item:disabled { color: %(faint)s; }

QSlider:horizontal { min-height: 20px; }
QSlider::groove:horizontal { height: 4px; border-radius: 2px; background: %(groove)s; }
QSlider::sub-page:horizontal { height: 4px; border-radius: 2px; background: %(accent)s; }
QSlider::handle:horizontal { width: 12px; height: 12px; margin: -6px 0px; border-radius: 8px;
  border: 2px solid %(accent)s; background: %(window)s; }
QSlider::handle:horizontal:hover { background: %(accent_soft)s; }
QSlider::handle:horizontal:focus { background: %(accent)s; }
QSlider::sub-page:horizontal:disabled { background: %(faint)s; }
QSlider::handle:horizontal:disabled { border-color: %(faint)s; }

QCheckBox { spacing: 7px; }
QCheckBox::indicator, QTableView::indicator { width: 15px;
  height: 15px; border: 1px solid %(strong_border)s; border-radius: 4px;
  background: %(raised)s; }
QCheckBox::indicator:hover, QCheckBox::indicator:focus, QTableView::indicator:hover { border-color: %(accent)s; }
QCheckBox::indicator:checked, QTableView::indicator:checked { background: %(accent)s;
  border-color: %(accent)s; image: url("%(check)s"); }
QCheckBox:focus { color: %(accent)s; }

QMenuBar { background: %(window)s; }
QMenuBar::item { padding: 4px 9px; border-radius: 5px; background: transparent; }
QMenuBar::item:selected { background: %(hover)s; }
QMenu { background: %(raised)s; border: 1px solid %(border)s; padding: 5px; }
QMenu::item { padding: 6px 26px 6px 12px; border-radius: 5px; }
QMenu::item:selected { background: %(accent_soft)s; color: %(text)s; }
QMenu::item:disabled { color: %(faint)s; }
QMenu::separator { height: 1px; background: %(border)s; margin: 5px 8px; }

QToolBar, QStatusBar { background: %(window)s; border: none; spacing: 8px; }
QToolBar { border-bottom: 1px solid %(border)s; padding: 6px 10px; }
QStatusBar { border-top: 1px solid %(border)s; font-size: %(small)spx; }
QStatusBar::item { border: none; }
QStatusBar QLabel { font-size: %(small)spx; color: %(muted)s; padding: 2px 6px; }
QDockWidget { titlebar-close-icon: url(%(close)s); titlebar-normal-icon: url(%(float)s); font-size: %(small)spx; }
QDockWidget::title { background: %(window)s; padding: 6px 10px; }
QTabWidget::pane { border: none; border-top: 1px solid %(border)s; }
QTabBar { background: %(window)s; qproperty-drawBase: 0; }
QTabBar::tab { background: transparent; border: none; border-bottom: 2px solid transparent; padding: 7px 12px;
  color: %(muted)s; }
QTabBar::tab:hover { color: %(text)s; }
QTabBar::tab:selected { color: %(accent)s; border-bottom: 2px solid %(accent)s; font-weight: 600; }
QTabBar::tab:focus { background: %(hover)s; }
QTabBar::tab:disabled { color: %(faint)s; }
QTabBar::scroller { width: 44px; }
QTabBar QToolButton { background: %(window)s; border: 1px solid transparent; border-radius: 5px; padding: 0px; }
QTabBar QToolButton:hover { background: %(hover)s; }
QTabBar QToolButton::left-arrow { image: url("%(left)s"); width: 14px; height: 14px; }
QTabBar QToolButton::right-arrow { image: url("%(right)s"); width: 14px; height: 14px; }
QSplitter::handle { background: %(border)s; }

QScrollBar:vertical { background: transparent; width: 9px; margin: 0px; }
QScrollBar:horizontal { background: transparent; height: 9px; margin: 0px; }
QScrollBar::handle { background: %(border)s; border-radius: 3px; margin: 1px; min-height: 28px; min-width: 28px; }
QScrollBar::handle:hover { background: %(faint)s; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0px; height: 0px; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QProgressBar { border: none; background: %(groove)s; border-radius: 3px; max-height: 6px; color: transparent; }
QProgressBar::chunk { background: %(accent)s; border-radius: 3px; }
"""
