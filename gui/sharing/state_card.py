"""Whether sharing is off, looked at or on, what forbids it, and the ways to pause and to end it.

It shows a `Seen` and is clicked. Ending for good is asked once more, in the card and not in a
window of its own. It refuses to end anything by itself.
"""

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QWidget

from gui.sharing.labels import button, even, line, show
from gui.sharing.seen import Seen
from gui.sharing.words import in_window, moment
from gui.theme.paint import Shape
from gui.theme.theme import Theme
from gui.widgets import Card, Chip, explain, why_not

if TYPE_CHECKING:
    from federation.client.course import Sent

FOR_GOOD = (
    "Stop for good? Everything of sharing on this computer is deleted, and the server is asked to "
    "forget this computer. What was already added to a sum cannot be taken out. From now on "
    "nothing more is sent."
)
NOTHING = "Nothing of sharing is kept on this computer: there is nothing to forget."
_STANDS: dict[str, tuple[str, Shape, str]] = {
    "off": ("Off", "ring", "text_soft"),
    "look": ("Off, you may look", "ring", "text_soft"),
    "send": ("On", "circle", "good"),
    "paused": ("Paused", "bars", "warn"),
    "forbidden": ("Switched off", "cross", "warn"),
}
"""Words, shape and colour of each way it can stand."""
_STATES = {
    "pending": "it waits at the server for those of others",
    "used": "it was used",
    "withdrawn": "it was taken back",
    "expired": "it was too old to be used, and was deleted",
    "quarantined": "it was left out",
}
_SAYS = {
    "off": "Sharing is off. Nothing is worked out, kept or sent.",
    "look": "You may look at what would be sent. Nothing is sent.",
    "send": "Sharing is on since {agreed}.",
    "paused": "Paused: nothing is worked out or sent until you go on.",
    "forbidden": "Nothing is worked out, kept or sent.",
}


class StateCard(Card):
    """See the module."""

    pause = Signal(bool)
    turn_off = Signal()
    forget = Signal(bool)
    """True: what others taught the model goes on playing."""
    never = Signal(bool)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Sharing", parent)
        self._theme = theme
        self.chip = Chip(theme, "Off", shape="ring")
        self.says, self.more = line(), line(role="small")
        self.trouble = line(role="warn")
        self.pausing = button("Pause", "at once; your yes stays", self._pause)
        self.off = button(
            "Turn off",
            "at once; what waited to be sent is thrown away, your choice of takes stays",
            self.turn_off.emit,
        )
        self.stop = button(
            "Stop and forget…", "ends it for good and deletes everything of it", self._ask
        )
        self.sure = line(FOR_GOOD, "warn")
        self.keep = QCheckBox("Keep what others taught")
        explain(
            self.keep,
            self.keep.text(),
            "better versions that you received stay; receiving needs no giving",
        )
        self.keep.setChecked(True)
        self.yes = button("Stop and forget", "ends it for good", self._sure)
        self.no = button("Leave it as it is", "changes nothing", self.calm)
        self.never_box = QCheckBox("Never share from this computer")
        explain(
            self.never_box,
            self.never_box.text(),
            "whatever was agreed to, sharing is switched off",
            default="off",
        )
        self.never_box.clicked.connect(self.never)
        self._paused = self._plays = False
        self.body.addWidget(self.chip)
        for text in (self.says, self.trouble, self.more):
            self.body.addWidget(text)
        self._ways = QWidget()
        self._ways.setLayout(even(theme, [self.pausing, self.off], 2))
        self._asking = QWidget()
        self._asking.setLayout(even(theme, [self.yes, self.no], 1))
        for way in (self._ways, self._asking):
            if (layout := way.layout()) is not None:
                theme.spaced(layout, 8, 0)
        for part in (self._ways, self.stop, self.sure, self.keep, self._asking, self.never_box):
            self.body.addWidget(part)
        self.calm()

    def show_seen(self, seen: Seen) -> None:
        """How it stands."""
        status = seen.status
        self._paused, self._plays = status.paused, status.version is not None
        stands = _stands(seen)
        words, shape, colour = _STANDS[stands]
        chip = Chip(self._theme, words, _tip(stands), shape=shape, colour=colour)
        self.body.replaceWidget(self.chip, chip)
        self.chip.deleteLater()
        self.chip = chip
        self.says.setText(_SAYS[stands].format(agreed=status.agreed))
        reasons = [status.forbidden, status.asks_again]
        if status.forgetting:
            reasons.append(
                "The server has not heard yet that it should forget this computer: press “Stop and "
                "forget” again when you are online."
            )
        show(self.trouble, "\n".join(in_window(one) for one in reasons if one))
        show(self.more, _more(seen))
        asked = status.stage != "off"
        self._ways.setVisible(asked)
        self.pausing.setText("Go on" if status.paused else "Pause")
        explain(
            self.pausing,
            self.pausing.text(),
            "takes up sharing again" if status.paused else "at once; your yes stays",
        )
        why_not(self.pausing, in_window(status.forbidden))
        self.stop.setVisible(seen.anything)
        self.never_box.setChecked(seen.never)
        if not seen.anything:
            self.calm()

    def calm(self) -> None:
        """Nothing is being asked."""
        self._ask_again(False)

    def ask(self) -> None:
        """Ask whether to end it for good."""
        self._ask()

    def _ask(self) -> None:
        self._ask_again(True)
        self.no.setFocus()

    def _ask_again(self, asking: bool) -> None:
        for part in (self.sure, self._asking):
            part.setVisible(asking)
        self.keep.setVisible(asking and self._plays)
        why_not(self.stop, "Decide below." if asking else "")

    def _sure(self) -> None:
        self.calm()
        self.forget.emit(self._plays and self.keep.isChecked())

    def _pause(self) -> None:
        self.pause.emit(not self._paused)


def _tip(stands: str) -> str:
    return _SAYS[stands].partition(" since")[0].rstrip(".")


def _stands(seen: Seen) -> str:
    status = seen.status
    if status.forbidden:
        return "forbidden"
    if status.stage != "off" and status.paused:
        return "paused"
    return status.stage


def _more(seen: Seen) -> str:
    """What is on its way, a sentence each."""
    status, found = seen.status, []
    if status.stage != "off" and status.items:
        found.append(f"{_many(status.items, 'piece')} may teach, {status.notes:,} notes.")
    if status.waiting:
        found.append(f"{_many(status.waiting, 'change')} approved and not yet sent.")
    if status.sent:
        last = moment(status.last_sent, seen.now)
        found.append(f"Sent so far: {_many(status.sent, 'change')}, the last one {last}.")
        found += [_became(one, seen) for one in seen.course.sent[-3:]]
    if status.stage == "send" and status.next_time and not status.paused:
        found.append(f"Not again before {moment(status.next_time, seen.now)}.")
    return "\n".join(found)


def _became(one: "Sent", seen: Seen) -> str:
    """What the server said of a change that it has."""
    says = f"The one of {moment(one.when, seen.now)}: {_STATES.get(one.state, one.state)}"
    if one.used_in is not None:
        says += f" in version {one.used_in}"
    if one.others:
        says += f", together with {one.others:,} others"
    return f"{says}."


def _many(number: int, one: str) -> str:
    return f"1 {one}" if number == 1 else f"{number:,} {one}s"
