"""The bar at the top: lamps, listening, tempo, place, meter, clock, metronome, timing, panic.

Each group has its name above it. Where there is no room for all of them in one line, count-in,
meter and clock go behind a button, then names and words go; timing and panic always stay at the
right. It refuses to decide: what a button does is its action's.
"""

from PySide6.QtCore import QEvent, Qt, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gui.actions import Actions
from gui.bridge import Bridge
from gui.state import JamState
from gui.theme import looks
from gui.theme.theme import Theme
from gui.transport.port_lamps import PortLamps
from gui.transport.song_place import SongPlace
from gui.transport.tempo import TempoField
from gui.widgets import ActionButton, DialControl, FlowLayout, OnTime, explain
from plugin.control.table import DIALS
from plugin.served.messages import Active, Pulse
from plugin.settings import ClockSource, Settings

WAITS, FOLLOWS, OWN, RESTS = "waiting for clock", "the DAW leads", "own clock", "clock rests"
"""Who leads now, in words."""
GIVES_WAY = ("count in", "meter", "clock")
"""Dials that go behind the button where there is no room, the first one first."""


class TransportBar(QFrame):
    """See the module."""

    def __init__(
        self,
        state: JamState,
        bridge: Bridge,
        theme: Theme,
        actions: Actions,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._state, self._theme = state, theme
        self.setAccessibleName("Transport")
        looks.kind(self, "bar")
        self.ins = PortLamps(False, state, theme)
        self.outs = PortLamps(True, state, theme)
        self.tempo = TempoField(state, theme)
        self.place = SongPlace(state, theme)
        self.meter = DialControl(DIALS["meter"], state, bridge, theme)
        self.clock = DialControl(DIALS["clock"], state, bridge, theme)
        self.leads = QLabel()
        looks.role(self.leads, "small")
        self.count_in = DialControl(DIALS["count in"], state, bridge, theme)
        self.on_time = OnTime(state, theme)
        self.panic = ActionButton(theme, actions["panic"], "panic", "danger", colour="on_panic")

        self._given = {"count in": self.count_in, "meter": self.meter, "clock": self.clock}
        self._opens = (state, bridge, theme)
        self.popup: QFrame | None = None
        self._fitting = False
        self.more = QToolButton()
        self.more.setText("…")
        self.more.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        explain(self.more, "More of the transport", "what there is no room for in this window")
        self.more.clicked.connect(self._open)
        self._flow = flow = FlowLayout(level=True)
        theme.spaced(flow, 13, 0)
        self.listens = ActionButton(theme, actions["listen"], "play")
        self.tap = ActionButton(theme, actions["tap"], short="Tap")
        flow.addWidget(self._group("", self.listens))
        flow.addWidget(self.ins)
        flow.addWidget(self.outs)
        flow.addWidget(self._group("Tempo", self.tempo, self.tap))
        flow.addWidget(self._group("Bar and beat", self.place))
        flow.addWidget(self.meter)
        flow.addWidget(self.clock)
        flow.addWidget(
            self._group(
                "Click", ActionButton(theme, actions["metronome"], "metronome", words=False)
            )
        )
        flow.addWidget(self.count_in)
        self._more_box = self._group("", self.more)
        found = (flow.itemAt(number) for number in range(flow.count()))
        parts = [item.widget() for item in found if item is not None]
        self._parts = [part for part in parts if part is not None]
        flow.addWidget(self._more_box)
        row = QHBoxLayout(self)
        theme.spaced(row, 14, 12, 8, 12, 8)
        row.addLayout(flow, 1)
        row.addWidget(self.on_time)
        row.addWidget(self.panic)
        self._more_box.hide()

        title = self.clock.layout()
        assert isinstance(title, QGridLayout)
        title.addWidget(self.leads, 0, 1)
        bridge.told.connect(self._told)
        state.settings_changed.connect(self._settings)
        state.pulse_changed.connect(self._pulse)
        self._lead()

    def event(self, event: QEvent) -> bool:
        """Other ports, or a larger text, need other room."""
        if event.type() is QEvent.Type.LayoutRequest:
            self._fit()
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width has room for more, or for less."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit()

    @Slot()
    def _fit(self) -> None:
        """Give way step by step until all of it stands in one line."""
        if self._fitting or self.layout() is None:
            return
        self._fitting = True  # what is shown or hidden here asks for another layout
        steps, over = 0, self._needs_px() - self.width()
        savings = self._savings()
        while over > 0 and steps < len(savings):
            if not steps:
                over += self._more_box.sizeHint().width() + self._flow.spacing()
            over -= savings[steps]
            steps += 1
        for number, name in enumerate(GIVES_WAY):
            _show(self._given[name], number >= steps)
        dials = len(GIVES_WAY)
        _show(self._more_box, steps > 0)
        for lamps in (self.ins, self.outs):
            lamps.brief(steps > dials)
        self.on_time.brief(steps > dials + 1)
        _show(self.tap, steps <= dials + 2)
        styles = Qt.ToolButtonStyle
        alone = steps > dials + 3
        self.listens.setToolButtonStyle(
            styles.ToolButtonIconOnly if alone else styles.ToolButtonTextBesideIcon
        )
        self._fitting = False

    def _needs_px(self) -> int:
        """The width that all of it needs in one line."""
        row = self.layout()
        assert row is not None
        margins = row.contentsMargins()
        lamps = (self.ins, self.outs)
        rest = [part for part in self._parts if part not in lamps]
        wide = sum(part.sizeHint().width() for part in rest)
        wide += sum(one.wide_px(False) for one in lamps)
        wide += self._flow.spacing() * (len(self._parts) - 1)
        wide += 0 if self.tap.isVisibleTo(self) else self._tap_px()
        wide += self._words_px - self.listens.sizeHint().width()
        wide += self.on_time.wide_px(False) + self.panic.sizeHint().width() + 2 * row.spacing()
        return wide + margins.left() + margins.right()

    def _tap_px(self) -> int:
        return self.tap.sizeHint().width() + self._theme.px(4)

    @property
    def _words_px(self) -> int:
        """Width of the button that listens, with its word."""
        metrics = self.listens.fontMetrics()
        return metrics.horizontalAdvance(self.listens.text()) + self._theme.px(48)

    def _savings(self) -> list[int]:
        """What each step of giving way saves, in pixels."""
        gap = self._flow.spacing()
        return [
            *(self._given[name].sizeHint().width() + gap for name in GIVES_WAY),
            sum(one.wide_px(False) - one.wide_px(True) for one in (self.ins, self.outs)),
            self.on_time.wide_px(False) - self.on_time.wide_px(True),
            self._tap_px(),
            self._words_px - self._theme.px(38),
        ]

    @property
    def given_way(self) -> tuple[str, ...]:
        """Dials that stand behind the button now."""
        return tuple(name for name in GIVES_WAY if self._given[name].isHidden())

    @Slot()
    def _open(self) -> None:
        """Show them beside the button; a press anywhere else closes that."""
        state, bridge, theme = self._opens
        popup = QFrame(self, Qt.WindowType.Popup)
        popup.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        popup.setAccessibleName("More of the transport")
        looks.kind(popup, "card")
        body = QVBoxLayout(popup)
        theme.spaced(body, 8, 14)
        for name in self.given_way:
            body.addWidget(DialControl(DIALS[name], state, bridge, theme))
        popup.adjustSize()
        corner = self.more.mapToGlobal(self.more.rect().bottomLeft())
        popup.move(corner.x(), corner.y() + theme.px(4))
        popup.show()
        self.popup = popup
        self.popup.focusNextChild()

    def _group(self, name: str, *widgets: QWidget) -> QWidget:
        """Widgets in a row, with their name above them."""
        box = QWidget()
        column = QVBoxLayout(box)
        self._theme.spaced(column, 2, 0)
        label = QLabel(name)
        looks.role(label, "small")
        column.addWidget(label, 0, Qt.AlignmentFlag.AlignTop)
        row = QHBoxLayout()
        self._theme.spaced(row, 4, 0)
        for widget in widgets:
            row.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addStretch(1)
        column.addLayout(row, 1)
        return box

    @Slot(object)
    def _told(self, message: object) -> None:
        if isinstance(message, Active):
            (self.outs if message.out else self.ins).active(message)

    @Slot(object)
    def _pulse(self, _pulse: Pulse) -> None:
        self._lead()

    @Slot(object)
    def _settings(self, _settings: Settings) -> None:
        self._lead()

    def _lead(self) -> None:
        word = who_leads(self._state.settings.clock, self._state.pulse)
        if word != self.leads.text():
            self.leads.setText(word)
            self.leads.setAccessibleName(f"Beat: {word}")
        # As in Live: whoever follows a clock cannot count in before it.
        counts = word in (OWN, RESTS)
        self.count_in.set_reason(
            "" if counts else "A DAW's clock begins when it likes; set Clock to internal."
        )


def _show(part: QWidget, shown: bool) -> None:
    if part.isHidden() is shown:
        part.setVisible(shown)


def who_leads(clock: ClockSource, pulse: Pulse | None) -> str:
    """Who says where the beat is, in words."""
    running = pulse is not None and pulse.running
    if pulse is not None and pulse.external and running:
        return FOLLOWS
    if clock is ClockSource.EXTERNAL:
        return WAITS
    return OWN if running else RESTS
