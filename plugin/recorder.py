"""Hands what both sides played to the take library, message by message, in the take it belongs to.

One take is open at a time. A sustain pedal that went down before the phrase began is written at its
beginning, so that a take sounds as it did. What the player played while the partner was still
falling silent is in both takes, and a phrase that is answered again is in each take anew. It
refuses to know who plays next and why.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from engine.events import Timebase, Voice
from engine.smf.notes import SUSTAIN_PEDAL

RESET_CONTROLLERS = 121
MOST_KEPT = 4096
"""Messages of one phrase that can be written into another take, too."""

Heard = tuple[int, bytes]
"""A message of the player, and its nanosecond."""


class TakeLog(Protocol):
    """What a recorder needs of `plugin.takes_writer.TakeWriter`; no method blocks or raises."""

    def begin_take(
        self,
        timebase: Timebase,
        *,
        model: str = "",
        seed: int | None = None,
        settings: Mapping[str, object] | None = None,
        start_beat: float = 0.0,
    ) -> str:
        """A new take starts now; its id."""

    def message(self, take_id: str, side: Voice, t_ns: int, message: bytes) -> None:
        """This message sounded `t_ns` after the take's start."""

    def finish(
        self,
        take_id: str,
        *,
        model: str | None = None,
        settings: Mapping[str, object] | None = None,
    ) -> None:
        """The take is complete; what is given replaces what `begin_take` said."""


class Recorder:
    """Thread: one. Real-time: yes."""

    def __init__(self, takes: TakeLog) -> None:
        self._takes = takes
        self._take_id = ""
        self._start_ns = 0
        self._settings: dict[str, object] = {}
        self._pedal: dict[int, bytes] = {}
        """The message that put each channel's pedal down."""
        self._phrase: list[Heard] = []

    @property
    def take_id(self) -> str:
        """The take that is open, "" while there is none."""
        return self._take_id

    def begin(
        self,
        now_ns: int,
        timebase: Timebase,
        *,
        start_beat: float,
        model: str,
        seed: int,
        settings: Mapping[str, object],
        earlier: Sequence[Heard] = (),
    ) -> None:
        """A phrase begins, and its take; `earlier` is what was played of it already."""
        self.finish()
        self._start_ns = earlier[0][0] if earlier else now_ns
        self._settings, self._phrase = dict(settings), []
        self._take_id = self._takes.begin_take(
            timebase, model=model, seed=seed, settings=settings, start_beat=start_beat
        )
        for message in self._pedal.values():
            self._takes.message(self._take_id, Voice.PLAYER, 0, message)
        for at_ns, message in earlier:
            self._phrase.append((at_ns, message))
            self._put(Voice.PLAYER, at_ns, message)

    def phrase_since(self, since_ns: int) -> list[Heard]:
        """What the player played in the open take or the last one, from a moment on."""
        return [(at_ns, message) for at_ns, message in self._phrase if at_ns >= since_ns]

    def heard(self, now_ns: int, message: bytes) -> None:
        """A channel message of the player; between two takes only the pedal is remembered."""
        if message[0] & 0xF0 == 0xB0:
            self._watch_pedal(message)
        if self._take_id and len(self._phrase) < MOST_KEPT:
            self._phrase.append((now_ns, message))
        self._put(Voice.PLAYER, now_ns, message)

    def sent(self, now_ns: int, message: bytes) -> None:
        """A message of the partner."""
        self._put(Voice.PARTNER, now_ns, message)

    def note(self, **settings: object) -> None:
        """More of what is needed to make this answer again."""
        self._settings.update(settings)

    def finish(self, model: str = "") -> None:
        """The take is complete. Without an open one: nothing."""
        take_id, self._take_id = self._take_id, ""
        if take_id:
            self._takes.finish(take_id, model=model or None, settings=self._settings)

    def _put(self, side: Voice, now_ns: int, message: bytes) -> None:
        if self._take_id:
            self._takes.message(self._take_id, side, now_ns - self._start_ns, message)

    def _watch_pedal(self, message: bytes) -> None:
        channel, number, value = message[0] & 0x0F, message[1], message[2]
        if number == SUSTAIN_PEDAL and value >= 64:
            self._pedal[channel] = message
        elif number in (SUSTAIN_PEDAL, RESET_CONTROLLERS):
            self._pedal.pop(channel, None)
