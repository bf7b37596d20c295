"""Lamps for the ports in use: three a port, for notes, control and clock, beside the port's name.

A port that is away has grey lamps and says so. It refuses to choose ports: the ports page does.
"""

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from gui.state import JamState
from gui.theme import looks
from gui.theme.theme import Theme
from gui.widgets import Lamp
from plugin.served.messages import Active, Kind, PortIs, Ports

KINDS: tuple[Kind, ...] = ("notes", "control", "clock")
MOST_PORTS = 3
"""So many have lamps of their own; what goes through others lights the last one's."""
_LONGEST_NAME = 16
LAMPS_WIDE = 54
"""Three lamps in a row, at 100 %."""


class PortLamps(QFrame):
    """One direction: `out` false is what we hear."""

    def __init__(
        self, out: bool, state: JamState, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._out, self._theme = out, theme
        self._ports: tuple[PortIs, ...] = ()
        self.lamps: dict[tuple[str, Kind], Lamp] = {}
        self._word = "Out" if out else "In"
        self._brief = False
        self.setAccessibleName("Where the partner plays" if out else "Where the partner hears you")
        self._row = QHBoxLayout(self)
        theme.spaced(self._row, 12, 0)
        state.ports_changed.connect(self.show_ports)
        self.show_ports(state.ports)

    @Slot(object)
    def show_ports(self, ports: Ports | None) -> None:
        """Show those that are in use."""
        every = () if ports is None else ports.outs if self._out else ports.ins
        chosen = tuple(port for port in every if port.chosen)
        if chosen == self._ports and self._row.count():
            return
        self._ports = chosen
        self._fill()

    def brief(self, on: bool) -> None:
        """Show the lamps without the names of their ports, where there is no room for them."""
        if on != self._brief:
            self._brief = on
            self._fill()

    def wide_px(self, brief: bool) -> int:
        """How wide it is with the names, or without."""
        metrics = QFontMetrics(self._theme.font("small"))
        least = self._theme.px(LAMPS_WIDE)
        ports = self._ports[:MOST_PORTS]
        words = [self._words(port, brief) for port in ports] or [f"{self._word}: no port"]
        wide = sum(max(metrics.horizontalAdvance(each) + 4, least) for each in words)
        return wide + self._row.spacing() * (len(words) - 1)

    def _fill(self) -> None:
        chosen = self._ports
        while (item := self._row.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self.lamps.clear()
        for port in chosen[:MOST_PORTS]:
            self._row.addWidget(self._port(port))
        if not chosen:
            self._row.addWidget(self._none())

    def active(self, message: Active) -> None:
        """Something went through."""
        lamp = self.lamps.get((message.port, message.kind))
        if lamp is None and self._ports:
            lamp = self.lamps.get((self._ports[:MOST_PORTS][-1].name, message.kind))
        if lamp is not None:
            lamp.light()

    def _port(self, port: PortIs) -> QWidget:
        lamps = []
        for kind in KINDS:
            lamp = Lamp(self._theme, kind, f"{kind.capitalize()} {self._word.lower()}, {port.name}")
            lamp.set_away(not port.alive)
            self.lamps[port.name, kind] = lamp
            lamps.append(lamp)
        name = QLabel(self._words(port, self._brief))
        looks.role(name, "small" if port.alive else "warn")
        box = self._column(name, lamps)
        away = f"{port.name} is away: plug it in again, it is found by itself."
        box.setToolTip(port.name if port.alive else away)
        return box

    def _words(self, port: PortIs, brief: bool) -> str:
        if brief:
            return self._word if port.alive else f"{self._word}, away"
        return f"{self._word}: {_short(port.name)}{'' if port.alive else ', away'}"

    def _none(self) -> QWidget:
        name = QLabel(f"{self._word}: no port")
        looks.role(name, "small")
        name.setToolTip("No port is in use: choose one on the page “Ports”.")
        return self._column(name, [])

    def _column(self, name: QLabel, lamps: list[Lamp]) -> QWidget:
        """The name, and the lamps under it."""
        box = QWidget()
        column = QVBoxLayout(box)
        self._theme.spaced(column, 2, 0)
        column.addWidget(name, 0, Qt.AlignmentFlag.AlignTop)
        row = QHBoxLayout()
        self._theme.spaced(row, 3, 0)
        for lamp in lamps:
            row.addWidget(lamp, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addStretch(1)
        column.addLayout(row, 1)
        return box


def _short(name: str) -> str:
    """A name that fits; the whole one is in the tip."""
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1].rstrip()}…"
