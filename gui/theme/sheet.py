"""The style sheet, written from a palette and a scale.

Calm and flat: areas differ by their ground, controls by an edge, and one accent says what is on.
Whatever hears the keyboard has a ring of two pixels; its room is kept free while it has none, so
nothing moves. It refuses widths for controls: texts and layouts decide those.
"""

from pathlib import Path
from string import Template

from gui.theme.palette import Palette

FONT_SIZES: dict[str, tuple[float, int]] = {
    "": (13, 400),
    "display": (22, 500),
    "title": (17, 600),
    "heading": (12, 600),
    "soft": (13, 400),
    "small": (11.5, 400),
    "number": (13, 500),
    "tempo": (20, 500),
    "good": (13, 500),
    "warn": (13, 500),
    "bad": (13, 500),
}
"""Role of a text -> its size in logical pixels and its weight."""
_MARKS = Path(__file__).with_name("marks")


def sheet(palette: Palette, grow: float) -> str:
    """The whole style sheet; `grow` pixels are one logical pixel."""
    words = {name: getattr(palette, name) for name in palette.__slots__}
    words |= {f"px{size}": f"{max(round(size * grow), 1)}px" for size in range(1, 33)}
    words |= {f"half{size}": f"{max(round((size + 0.5) * grow), 1)}px" for size in range(1, 13)}
    words["marks"] = _MARKS.as_posix()
    return Template(_SHEET + _roles(grow)).substitute(words)


def _roles(grow: float) -> str:
    colours = {
        "soft": "$text_soft",
        "small": "$text_soft",
        "heading": "$text_soft",
        "good": "$good",
        "warn": "$warn",
        "bad": "$bad",
    }
    return "".join(
        f'QLabel[role="{role}"] {{ font-size: {max(round(size * grow), 1)}px; '
        f"font-weight: {weight}; color: {colours.get(role, '$text')}; }}\n"
        for role, (size, weight) in FONT_SIZES.items()
        if role
    )


_SHEET = """
QToolTip { background: $card; color: $text; border: 1px solid $outline; padding: $px4 $px6; }
QMainWindow, QDialog { background: $window; }
QMainWindow::separator { background: $window; width: $px4; height: $px4; }
QLabel { background: transparent; }
QLabel:disabled { color: $text_off; }

QFrame[kind="bar"] { background: $panel; border: none; border-bottom: 1px solid $line; }
QFrame[kind="panel"] { background: $panel; border: none; border-radius: $px8; }
QFrame[kind="card"] { background: $card; border: 1px solid $line; border-radius: $px8; }

QPushButton, QToolButton {
    background: $raised; color: $text; border: 1px solid $line; margin: 1px;
    border-radius: $px5; padding: $px5 $px12;
}
QToolButton { padding: $px5 $px8; }
QPushButton:hover, QToolButton:hover { background: $hover; }
QPushButton:pressed, QToolButton:pressed { background: $hover; border-color: $outline; }
QPushButton:checked, QToolButton:checked {
    background: $accent; color: $on_accent; border-color: $accent;
}
QPushButton:disabled, QToolButton:disabled {
    background: transparent; color: $text_off; border: 1px solid $line;
}
QPushButton:focus, QToolButton:focus { border: 2px solid $focus; margin: 0px; }
QPushButton:checked:focus, QToolButton:checked:focus { border: 2px solid $text; }
QPushButton::menu-indicator, QToolButton::menu-indicator { image: none; width: 0px; }

QPushButton[kind="primary"], QToolButton[kind="primary"] { background: $accent;
    color: $on_accent; border-color: $accent; font-weight: 600; }
QPushButton[kind="primary"]:hover, QToolButton[kind="primary"]:hover { border-color: $text; }
QPushButton[kind="primary"]:focus, QToolButton[kind="primary"]:focus { border: 2px solid $text; }
QPushButton[kind="primary"]:disabled, QToolButton[kind="primary"]:disabled {
    background: transparent; color: $text_off; border-color: $line; }
QPushButton[kind="quiet"], QToolButton[kind="quiet"] { background: transparent;
    border-color: transparent; color: $text_soft; }
QPushButton[kind="quiet"]:checked, QToolButton[kind="quiet"]:checked { background: $raised;
    border-color: $outline; color: $text; }
QPushButton[kind="quiet"]:hover, QToolButton[kind="quiet"]:hover { background: $hover;
    color: $text; }
QPushButton[kind="quiet"]:focus, QToolButton[kind="quiet"]:focus { border-color: $focus; }
QPushButton[kind="quiet"]:disabled, QToolButton[kind="quiet"]:disabled { color: $text_off; }
QToolButton[kind="chip"] { background: transparent; color: $text_soft; font-size: $half11;
    padding: $px1 $px8; border-radius: $px8; }
QToolButton[kind="chip"]:hover { background: $hover; color: $text; }
QPushButton[kind="danger"], QToolButton[kind="danger"] { background: $panic;
    color: $on_panic; border-color: $panic; font-weight: 700;
    padding: $px8 $px20; min-height: $px20; }
QPushButton[kind="danger"]:hover, QToolButton[kind="danger"]:hover { border-color: $on_panic; }
QPushButton[kind="danger"]:focus, QToolButton[kind="danger"]:focus { border: 2px solid $focus; }
QPushButton[kind="danger"]:disabled, QToolButton[kind="danger"]:disabled {
    background: transparent; color: $text_off; border-color: $line; }
QPushButton[kind="choice"] { padding: $px5 $px10; }
QPushButton[kind="tool"] { padding: $px5; min-width: $px18; }

QLineEdit, QPlainTextEdit, QTextEdit, QAbstractSpinBox, QComboBox {
    background: $sunken; color: $text; border: 1px solid $outline; margin: 1px;
    border-radius: $px5; padding: $px4 $px8;
    selection-background-color: $chosen; selection-color: $text;
}
QLineEdit { placeholder-text-color: $text_soft; }
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QAbstractSpinBox:focus, QComboBox:focus {
    border: 2px solid $focus; margin: 0px;
}
QLineEdit:disabled, QPlainTextEdit:disabled, QAbstractSpinBox:disabled, QComboBox:disabled {
    color: $text_off; border-color: $line; background: $panel;
}
QLineEdit[kind="tempo"] { font-size: $px20; font-weight: 500; padding: 0px $px4;
    background: transparent; border-color: transparent; }
QLineEdit[kind="tempo"]:hover { border-color: $outline; }
QLineEdit[kind="tempo"]:focus { border-color: $focus; background: $sunken; }
QComboBox { background: $raised; border-color: $line; padding-right: $px24; }
QComboBox:hover { background: $hover; }
QComboBox::drop-down { border: none; width: $px22; }
QComboBox::down-arrow { image: url("$marks/down-$name.svg"); width: $px14; height: $px14; }
QComboBox QAbstractItemView {
    background: $card; color: $text; border: 1px solid $outline; outline: none;
    selection-background-color: $chosen; selection-color: $text; padding: $px4;
}
QAbstractSpinBox { padding-right: $px20; }
QAbstractSpinBox > QLineEdit { background: transparent; border: none; margin: 0px;
    padding: 0px $px2; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {
    subcontrol-origin: border; border: none; width: $px18; background: transparent;
}
QAbstractSpinBox::up-button { subcontrol-position: top right; }
QAbstractSpinBox::down-button { subcontrol-position: bottom right; }
QAbstractSpinBox::up-arrow { image: url("$marks/up-$name.svg"); width: $px10; height: $px10; }
QAbstractSpinBox::down-arrow { image: url("$marks/down-$name.svg"); width: $px10; height: $px10; }

QCheckBox, QRadioButton { color: $text; background: transparent; spacing: $px8; padding: $px3;
    border: 2px solid transparent; border-radius: $px5; }
QCheckBox:focus, QRadioButton:focus { border-color: $focus; }
QCheckBox:disabled, QRadioButton:disabled { color: $text_off; }
QCheckBox::indicator, QRadioButton::indicator, QListView::indicator { width: $px16; height: $px16;
    background: $sunken; border: 1px solid $outline; border-radius: $px4; }
QRadioButton::indicator { border-radius: $px8; }
QCheckBox::indicator:hover, QRadioButton::indicator:hover,
QListView::indicator:hover { border-color: $text; }
QCheckBox::indicator:checked, QListView::indicator:checked { background: $accent;
    border-color: $accent; image: url("$marks/check-$name.svg"); }
QRadioButton::indicator:checked { background: $accent; border-color: $accent;
    image: url("$marks/dot-$name.svg"); }
QCheckBox::indicator:disabled, QRadioButton::indicator:disabled { background: transparent;
    border-color: $text_off; }

QSlider { min-height: $px22; background: transparent; }
QSlider::groove:horizontal { height: $px4; border-radius: $px2; background: $sunken;
    border: 1px solid $outline; }
QSlider::sub-page:horizontal { background: $accent; border-radius: $px2; height: $px4;
    border: 1px solid $accent; }
QSlider::handle:horizontal { width: $px12; height: $px12; margin: -$px5 0px; border-radius: $px6;
    background: $text; border: 1px solid $window; }
QSlider::handle:horizontal:hover { background: $accent; }
QSlider:focus { border: 2px solid $focus; border-radius: $px5; }
QSlider::groove:horizontal:disabled, QSlider::sub-page:horizontal:disabled {
    background: transparent; border-color: $line; }
QSlider::handle:horizontal:disabled { background: $text_off; }

QProgressBar { background: $sunken; color: $text; border: 1px solid $outline; text-align: center;
    border-radius: $px5; min-height: $px18; }
QProgressBar::chunk { background: $chosen; border-radius: $px4; }

QMenuBar { background: $panel; color: $text; padding: $px2; }
QMenuBar::item { background: transparent; padding: $px4 $px9; border-radius: $px4; }
QMenuBar::item:selected, QMenuBar::item:pressed { background: $chosen; color: $text; }
QMenu { background: $card; color: $text; border: 1px solid $outline; padding: $px4; }
QMenu::item { padding: $px5 $px24 $px5 $px24; border-radius: $px4; }
QMenu::item:selected { background: $chosen; color: $text; }
QMenu::item:disabled { color: $text_off; }
QMenu::separator { height: 1px; background: $line; margin: $px4 $px8; }

QListView, QTreeView, QTableView, QListWidget, QTableWidget, QTreeWidget {
    background: $sunken; color: $text; border: 1px solid $line; margin: 1px;
    border-radius: $px5; outline: none; gridline-color: $line;
    alternate-background-color: $panel;
    selection-background-color: $chosen; selection-color: $text;
}
QListView:focus, QTreeView:focus, QTableView:focus { border: 2px solid $focus; margin: 0px; }
QListView::item, QTreeView::item, QTableView::item { padding: $px4 $px6; }
QListView::item:selected, QTreeView::item:selected, QTableView::item:selected {
    background: $chosen; color: $text; }
QHeaderView::section { background: $panel; color: $text_soft; border: none;
    border-bottom: 1px solid $line; padding: $px4 $px6; font-weight: 600; }
QTableCornerButton::section { background: $panel; border: none; }

QTabWidget::pane { border: none; border-top: 1px solid $line; }
QTabBar { background: transparent; }
QTabBar::tab { background: transparent; color: $text_soft; padding: $px6 $px12;
    border: 2px solid transparent; }
QTabBar::tab:hover { color: $text; }
QTabBar::tab:selected { color: $text; border-bottom: 2px solid $accent; }
QTabBar::tab:selected:focus { border: 2px solid $focus; border-radius: $px4; }
QGroupBox { border: 1px solid $line; border-radius: $px8; margin-top: $px16; padding: $px8; }
QGroupBox::title { subcontrol-origin: margin; left: $px8; padding: 0px $px4; color: $text_soft; }

QDockWidget { color: $text; titlebar-close-icon: none; }
QDockWidget::title { background: $panel; color: $text; padding: $px6 $px10;
    border-bottom: 1px solid $line; }
QStatusBar { background: $panel; color: $text_soft; border-top: 1px solid $line; }
QStatusBar::item { border: none; }
QSplitter::handle { background: $window; }
QSplitter::handle:hover { background: $accent; }

QScrollArea { background: transparent; border: none; }
QScrollArea > QWidget > QWidget { background: transparent; }
QScrollArea:focus { border: 2px solid $focus; }
QScrollBar { background: transparent; border: none; margin: 0px; }
QScrollBar:vertical { width: $px12; }
QScrollBar:horizontal { height: $px12; }
QScrollBar::handle { background: $outline; border-radius: $px3; margin: $px3; }
QScrollBar::handle:vertical { min-height: $px24; }
QScrollBar::handle:horizontal { min-width: $px24; }
QScrollBar::handle:hover { background: $text_soft; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0px; height: 0px; border: none; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
"""
