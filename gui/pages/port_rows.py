"""A list of ports to choose from: our own, or any of those that other programs and devices have.

It shows a `PortChoice` and tells what the player ticks; it refuses to open anything. A port that is
away is grey and says so; it stays chosen and is waited for.
"""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from gui.pages.port_choice import ALL
from gui.theme import looks
from gui.theme.theme import Theme
from gui.widgets import Lamp, explain, why_not
from plugin.served.messages import PortIs

AWAY = "away: plug it in or start its program; it is waited for"
NONE = "No other program or device has one now. Plug one in: it appears here by itself."


class PortRows(QWidget):
    """See the module. `ticked`: a port's name, and whether it is chosen now."""

    own_wanted = Signal()
    """The player wants a port of our own, and none of the others."""
    ticked = Signal(str, bool)
    channels_typed = Signal(str, str)

    def __init__(
        self, theme: Theme, own_name: str, *, out: bool, parent: QWidget | None = None
    ) -> None:
        """own_name: what our own port is called."""
        super().__init__(parent)
        self._theme, self._out = theme, out
        self._listed: tuple[PortIs, ...] | None = None
        self.boxes: dict[str, QCheckBox] = {}
        self.lamps: dict[str, Lamp] = {}
        self.fields: dict[str, QLineEdit] = {}
        what = "Partner plays into" if out else "Partner listens to"
        self.own = QRadioButton(f"A port of our own, “{own_name}”")
        explain(self.own, self.own.text(), "Your DAW lists it by this name.", default="chosen")
        self.others = QRadioButton("These ports")
        explain(self.others, f"{what} these ports", "One or several of those below.")
        group = QButtonGroup(self)
        for button in (self.own, self.others):
            group.addButton(button)
        self.own.clicked.connect(self.own_wanted)
        self.others.clicked.connect(self._first_of_others)
        self.own_lamp = Lamp(theme, "notes", f"{own_name}: notes")
        self.none = QLabel(NONE)
        self.none.setWordWrap(True)
        looks.role(self.none, "soft")
        layout = QVBoxLayout(self)
        theme.spaced(layout, 4, 0)
        first = QGridLayout()
        theme.spaced(first, 8, 0)
        first.addWidget(self.own, 0, 0)
        first.addWidget(self.own_lamp, 0, 1)
        first.setColumnStretch(2, 1)
        layout.addLayout(first)
        layout.addWidget(self.others)
        self._grid_box = QWidget()
        self._grid = QGridLayout(self._grid_box)
        theme.spaced(self._grid, 6, 24, 0, 0, 0)
        layout.addWidget(self._grid_box)
        layout.addWidget(self.none)

    def show_ports(
        self, ports: Sequence[PortIs], chosen: Sequence[str], channels: dict[str, str]
    ) -> None:
        """Show these, ticked as chosen; what somebody types meanwhile stays."""
        if self._listed != tuple(ports):
            self._listed = tuple(ports)
            self._build()
        self.own.setChecked(not chosen)
        self.others.setChecked(bool(chosen))
        for name, box in self.boxes.items():
            box.setChecked(name in chosen)
        for name, field in self.fields.items():
            if not field.hasFocus():
                field.setText(channels.get(name, ALL))
            why_not(field, "" if name in chosen else "Choose the port first.")
        self.none.setVisible(not self.boxes)
        why_not(self.others, "" if self.boxes else NONE)

    def light(self, port: str) -> None:
        """Notes pass through this port."""
        lamp = self.lamps.get(port)
        if lamp is not None:
            lamp.light()
        elif self.own.isChecked():
            self.own_lamp.light()

    def _build(self) -> None:
        focused = next((name for name, box in self.boxes.items() if box.hasFocus()), "")
        while (item := self._grid.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        self.boxes, self.lamps, self.fields = {}, {}, {}
        for row, port in enumerate(self._listed or ()):
            self._row(row, port)
        if focused in self.boxes:
            self.boxes[focused].setFocus()

    def _row(self, row: int, port: PortIs) -> None:
        name = port.name
        box = self.boxes[name] = QCheckBox(name)
        explain(box, name, "" if port.alive else f"It is {AWAY}.")
        box.clicked.connect(lambda on, name=name: self.ticked.emit(name, on))
        lamp = self.lamps[name] = Lamp(self._theme, "notes", f"{name}: notes")
        lamp.set_away(not port.alive)
        self._grid.addWidget(box, row, 0)
        self._grid.addWidget(lamp, row, 1)
        if not self._out:
            field = self.fields[name] = QLineEdit()
            explain(
                field,
                f"Channels of {name}",
                "Hear only these MIDI channels: 1, or 1-4,10, or all.",
                default=ALL,
            )
            field.setMaximumWidth(self._theme.px(110))
            field.editingFinished.connect(
                lambda name=name, field=field: self.channels_typed.emit(name, field.text())
            )
            word = QLabel("Channels")
            word.setBuddy(field)
            self._grid.addWidget(word, row, 2)
            self._grid.addWidget(field, row, 3)
        away = QLabel("" if port.alive else AWAY)
        looks.role(away, "warn")
        away.setWordWrap(True)
        self._grid.addWidget(away, row, 4)
        self._grid.setColumnStretch(4, 1)

    def _first_of_others(self) -> None:
        """“These ports” without one is no choice yet: take the first."""
        if self.boxes and not any(box.isChecked() for box in self.boxes.values()):
            self.ticked.emit(next(iter(self.boxes)), True)
